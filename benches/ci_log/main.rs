//! Writes a CI log of any size that holds 20 real npm auth errors among many look-alikes, the same bytes for the same size.
//!
//! ```text
//! cargo bench --bench ci_log -- write FILE [MEGABYTES]
//! ```
//!
//! One megabyte is 1,000,000 bytes; without a number it is 100. FILE is absolute (cargo runs benches in the package's own
//! folder) or `-` for standard output. What was written goes to standard error: one tab-separated line per planted error
//! (`planted`, line of the `code`, code, npm's version, registry), one per kind of section (`section`, name, how often; the
//! look-alikes' names begin with `decoy`), and the totals. A log of less than a few megabytes has few look-alikes.
//!
//! `benches/compare.sh` uses this to hold npmfix against grep and ripgrep; `benches/explain.rs` makes its logs in memory
//! with the same modules.

mod decoys;
mod errors;
mod log;
mod noise;
mod rng;
mod words;

use std::{
    env,
    fs::File,
    io::{self, BufWriter, Write},
    process::ExitCode,
};

const USAGE: &str = "usage: cargo bench --bench ci_log -- write FILE [MEGABYTES]";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "ci_log: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> io::Result<()> {
    // `cargo bench` adds `--bench` to whatever it was given.
    let args: Vec<String> = env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        // A plain `cargo bench` runs every bench target; this one measures nothing.
        [] => writeln!(io::stderr(), "{USAGE}"),
        ["write", path] => write(path, log::DEFAULT_MEGABYTES),
        ["write", path, megabytes] => match megabytes.parse() {
            Ok(megabytes) => write(path, megabytes),
            Err(_) => Err(io::Error::other(format!("`{megabytes}` is not a whole number of megabytes; {USAGE}"))),
        },
        _ => Err(io::Error::other(USAGE)),
    }
}

fn write(path: &str, megabytes: u64) -> io::Result<()> {
    let bytes = megabytes.saturating_mul(1_000_000);
    let summary = if path == "-" {
        log::write(&mut io::stdout().lock(), bytes)?
    } else {
        let file = File::create(path).map_err(|error| io::Error::other(format!("cannot write {path}: {error}")))?;
        let mut out = BufWriter::with_capacity(1 << 20, file);
        let summary = log::write(&mut out, bytes)?;
        out.flush()?;
        summary
    };
    let mut err = io::stderr().lock();
    for planted in &summary.planted {
        let log::Planted { line, error } = planted;
        writeln!(err, "planted\t{line}\t{}\t{}\t{}", error.code(), error.npm.as_str(), error.registry)?;
    }
    for (name, times) in &summary.sections {
        writeln!(err, "section\t{name}\t{times}")?;
    }
    writeln!(err, "total\t{} bytes\t{} lines\t{} errors", summary.bytes, summary.lines, summary.planted.len())
}
