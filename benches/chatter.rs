//! What a chat message without an error costs: `cargo bench --bench chatter`.
//!
//! What is promised: 300 ns and no allocation; divan then prints no `alloc` row for it.

use std::hint::black_box;

use divan::{AllocProfiler, Bencher, counter::BytesCount};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// 200 bytes of talk that names npm and a 403, as half of a support channel does.
const CHAT: &str = "ok so to summarise: the staging deploy is green again, the npm cache was stale and the 403 came from the \
                    CDN, not from us. I will write it up for the runbook tomorrow, thanks team for your help today!";

/// Windows that the scan cuts.
fn scan(bytes: &[u8]) -> usize {
    let mut windows = 0;
    npmfix::classifier::scan::windows(bytes, |_| windows += 1);
    windows
}

#[divan::bench(sample_size = 1000)]
fn chat_message_without_an_error(bencher: Bencher<'_, '_>) {
    // What is compiled once for a process is no part of a message's price.
    scan(CHAT.as_bytes());
    bencher.counter(BytesCount::of_str(CHAT)).bench(|| scan(black_box(CHAT.as_bytes())));
}
