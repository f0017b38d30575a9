//! The `npmfix` binary.

fn main() {}
