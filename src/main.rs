//! The `npmfix` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    npmfix::cli::run()
}
