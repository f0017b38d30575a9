//! Slack, as a team sees it: the real adapter against a fake Slack on loopback that is as strict as the real one.
//!
//! The conversation's scenarios run over Slack in `tests/conversation`; here is what only Slack has.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod app;
mod asks;
mod blocks;
mod courier;
mod crash;
mod desk;
#[path = "../support/engines.rs"]
mod engines;
#[path = "fake/fake.rs"]
mod fake;
mod incoming;
mod installing;
mod leaving;
mod limits;
#[path = "../conversation/log.rs"]
mod log;
mod mishaps;
mod office;
mod others;
mod pictures;
mod readme;
mod robust;
mod served;
mod sockets;
mod strict;
#[path = "../support/tables.rs"]
mod tables;
mod tokens;
