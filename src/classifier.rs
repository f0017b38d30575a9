//! Any text → diagnoses.
//!
//! The stages: [`scan`] finds anchors on the raw bytes and cuts windows, [`clean`] undoes what chats and CI systems did to
//! the text, [`crate::redact`] removes secrets, [`parse`] reads package-manager failures into the fields of a [`report`], [`registry`] names
//! who answered, [`rules`] holds the knowledge against the fields, [`fingerprint`] makes the key of "the same error again".

pub mod anchors;
pub mod clean;
mod collect;
pub mod fingerprint;
pub mod parse;
pub mod registry;
pub mod report;
pub mod rules;
pub mod scan;
mod search;
mod traces;
pub mod url;

pub use collect::{Explainer, Findings, explain};
pub(crate) use scan::CHUNK;

pub use report::{Client, Line, Method, Operation, Place, Registry, Report, Sent, Target};

use crate::knowledge::CauseId;

/// One failure with what probably caused it.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnosis {
    /// What the text says, in fields.
    pub report: Report,
    /// How often the input shows this failure, all fields but the lines alike.
    pub count: u32,
    /// Best first; never empty.
    pub causes: Vec<RankedCause>,
    /// What a reader would need and the text does not tell.
    pub unknown: Vec<Unknown>,
    /// The key of "the same error again".
    pub fingerprint: String,
}

/// A cause and how strongly the text speaks for it.
#[derive(Debug, Clone, PartialEq)]
pub struct RankedCause {
    /// Which entry of the knowledge base.
    pub id: CauseId,
    /// How sure the text makes it.
    pub confidence: Confidence,
    /// The weight behind it, 0 to 100; 0 for a cause named only as a neighbour.
    pub weight: u8,
    /// The lines that show it; empty for a neighbour.
    pub evidence: Vec<Line>,
}

/// How sure the text makes a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// One of several readings (weight below 60).
    Possible,
    /// The best reading (weight 60 to 89).
    Likely,
    /// The text names it (weight 90 and above).
    Certain,
}

impl Confidence {
    /// From a weight, 0 to 100.
    #[must_use]
    pub fn from_weight(weight: u8) -> Self {
        match weight {
            90.. => Self::Certain,
            60..=89 => Self::Likely,
            _ => Self::Possible,
        }
    }

    /// `certain`, `likely` or `possible`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

/// Something that the text does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unknown {
    /// Which registry answered.
    Registry,
    /// Which package it was about.
    Package,
    /// Whether a credential was sent at all.
    Credential,
    /// Whether it ran in CI or on a laptop.
    Place,
}
