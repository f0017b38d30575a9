//! The `npmfix` binary.

use std::process::ExitCode;

/// Findings are many short strings that one thread makes and another drops, which the C library's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    npmfix::cli::run()
}
