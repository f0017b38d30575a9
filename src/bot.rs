//! The conversation: what is done about a message. Knows the store and the pure rooms, and no platform.

pub mod saved;
