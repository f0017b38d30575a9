//! The conversation: what is heard, what is decided, what is to be said. Knows the store and the floor below, no platform.

pub mod outbox;
