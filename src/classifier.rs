//! Any text → diagnoses.
//!
//! The stages: [`scan`] finds anchors on the raw bytes and cuts windows, [`clean`] undoes what chats and CI systems did to
//! the text, [`crate::redact`] removes secrets, [`parse`] reads package-manager failures into the fields of a [`report`], [`registry`] names
//! who answered, [`rules`] holds the knowledge against the fields, [`fingerprint`] makes the key of "the same error again".
//! Afterwards [`narrow`] takes in what the reader says about it.

pub mod anchors;
pub mod beside;
pub mod clean;
mod collect;
pub mod fingerprint;
pub mod narrow;
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

pub use narrow::Answers;
pub use report::{Client, Line, Method, Operation, Place, Registry, Report, Sent, Target};

use serde::{Deserialize, Serialize};

use crate::knowledge::CauseId;

/// One failure with what probably caused it. It can be stored and said again later: a stored one may lack fields that
/// came later and may have some that went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// What the text says, in fields.
    #[serde(default)]
    pub report: Report,
    /// How often the input shows this failure, all fields but the lines alike.
    #[serde(default = "once")]
    pub count: u32,
    /// Best first; never empty.
    pub causes: Vec<RankedCause>,
    /// What a reader would need and the text does not tell.
    #[serde(default)]
    pub unknown: Vec<Unknown>,
    /// The key of "the same error again".
    pub fingerprint: String,
}

fn once() -> u32 {
    1
}

/// A cause and how strongly the text speaks for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RankedCause {
    /// Which entry of the knowledge base.
    pub id: CauseId,
    /// How sure the text makes it.
    #[serde(default)]
    pub confidence: Confidence,
    /// The weight behind it, 0 to 100; 0 for a cause named only as a neighbour.
    #[serde(default)]
    pub weight: u8,
    /// The lines that show it; empty for a neighbour.
    #[serde(default)]
    pub evidence: Vec<Line>,
    /// Whether it stands last because the reader has spoken against it, see [`narrow`]. No answer names it.
    #[serde(default)]
    pub set_aside: bool,
}

/// How sure the text makes a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// One of several readings (weight below 60).
    #[default]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
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
