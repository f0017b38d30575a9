//! What the program logs while the tests run, all of it.

use std::{
    io::{self, Write},
    sync::{Mutex, Once},
};

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Pen;

impl Write for Pen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Begins to keep the log.
pub fn keep() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // The program holds the library for websockets back in the same way; the platform's own end is in this process, too.
        let filter = tracing_subscriber::EnvFilter::new("trace,tungstenite=info,tokio_tungstenite=info");
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(|| Pen).init();
    });
}

/// What was logged so far.
pub fn text() -> String {
    String::from_utf8_lossy(&LOG.lock().unwrap()).into_owned()
}
