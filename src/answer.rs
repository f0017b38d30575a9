//! A diagnosis → what to say.
