//! How long the steps from text to answer take, in memory: `cargo bench --bench explain [-- NAME]`.
//!
//! What is promised: a paste of 1 KB with its diagnosis and answer in 50 µs. A chat message without an error is measured by
//! `chatter`, which also counts allocations; counting would slow the others down. Whole processes are measured by
//! `benches/compare.sh`.

#![allow(clippy::expect_used, reason = "a bench may fail by panicking")]

use std::{
    hint::black_box,
    sync::{LazyLock, OnceLock},
};

use divan::{Bencher, counter::BytesCount};
use npmfix::{
    answer::{answer, markdown::markdown},
    knowledge::{Knowledge, load_embedded},
    redact::Tally,
};

#[expect(dead_code, reason = "what was planted is reported by the bench target `ci_log`, which shares these modules")]
mod ci_log {
    pub mod decoys;
    pub mod errors;
    pub mod log;
    pub mod noise;
    pub mod rng;
    pub mod words;
}

fn main() {
    divan::main();
}

/// A failing publish of 1 KB, from the command to the last line.
const PASTE: &str = "\
$ npm publish
npm notice
npm notice 📦  @northwind/decorators@1.4.2
npm notice Tarball Contents
npm notice 20B index.js
npm notice 282B package.json
npm notice Tarball Details
npm notice name: @northwind/decorators
npm notice version: 1.4.2
npm notice package size: 315 B
npm notice total files: 2
npm notice
npm notice Publishing to https://npm.pkg.github.com/ with tag latest and default access
npm error code E403
npm error 403 403 Forbidden - PUT https://npm.pkg.github.com/@northwind%2fdecorators - Permission permission_denied: The token provided does not match expected scopes.
npm error 403 In most cases, you or one of your dependencies are requesting a package version that is forbidden by your security policy, or on a server you do not have access to.
npm error A complete log of this run can be found in: /home/runner/.npm/_logs/2026-11-22T16_35_58_006Z-debug-0.log
Error: Process completed with exit code 1. See https://github.com/northwind/decorators/actions/runs/4031/job/1
";

/// 64 MB of the log that `ci_log` writes.
fn log() -> &'static [u8] {
    static LOG: OnceLock<Vec<u8>> = OnceLock::new();
    LOG.get_or_init(|| {
        let mut bytes = Vec::new();
        // A Vec takes whatever is written to it.
        let _ = ci_log::log::write(&mut bytes, 64_000_000);
        bytes
    })
}

/// Windows that the scan cuts.
fn scan(bytes: &[u8]) -> usize {
    let mut windows = 0;
    npmfix::classifier::scan::windows(bytes, |_| windows += 1);
    windows
}

/// Diagnoses of a text and their answers, as `npmfix explain` makes them.
fn explain(text: &str) -> usize {
    static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(|| load_embedded().expect("the embedded knowledge loads"));
    let findings = npmfix::classifier::explain(text.as_bytes(), &KNOWLEDGE);
    findings.diagnoses.iter().map(|d| markdown(&answer(d, &KNOWLEDGE)).len()).sum()
}

/// Redacted text.
fn redact(text: &str) -> usize {
    npmfix::redact::redact(text, &mut Tally::default()).as_str().len()
}

#[divan::bench]
fn paste_to_answer(bencher: Bencher<'_, '_>) {
    explain(PASTE);
    bencher.counter(BytesCount::of_str(PASTE)).bench(|| explain(black_box(PASTE)));
}

#[divan::bench]
fn redact_a_paste(bencher: Bencher<'_, '_>) {
    redact(PASTE);
    bencher.counter(BytesCount::of_str(PASTE)).bench(|| redact(black_box(PASTE)));
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn scan_a_log(bencher: Bencher<'_, '_>) {
    let log = log();
    scan(log);
    bencher.counter(BytesCount::of_slice(log)).bench(|| scan(black_box(log)));
}

#[divan::bench]
fn load_knowledge() -> bool {
    load_embedded().is_ok()
}
