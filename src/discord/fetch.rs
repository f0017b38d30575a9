//! Log files that people attach: fetched at once, as their addresses expire, from Discord's own hosts only, and never kept.

use std::{io::Write as _, ops::ControlFlow, time::Duration};

use flate2::write::MultiGzDecoder;
use tokio::{sync::Semaphore, time::timeout};
use url::Url;

use super::{
    rest::{self, Rest},
    wire::Attachment,
};

/// Bytes that are read of a file; Discord's free uploads end at 10 MiB.
const READ: usize = 32 * 1024 * 1024;
/// Bytes that are kept, unpacked: the end of a log, where its failure stands.
const KEPT: usize = 4 * 1024 * 1024;
/// Bytes that are unpacked of a file: a small one can hold endless zeros, and unpacking keeps a core busy.
const UNPACKED: usize = 64 * 1024 * 1024;
/// For one file. A command has been told to wait by then.
const PATIENCE: Duration = Duration::from_secs(20);
/// Files of one message that are read.
pub const FILES: usize = 3;
/// Files that are fetched at the same time: each may take [`KEPT`] bytes of memory twice.
const AT_ONCE: usize = 2;

static HANDS: Semaphore = Semaphore::const_new(AT_ONCE);

/// Fetches a file and returns its end. `None`, with a note in the log, when that fails.
pub async fn fetch(rest: &Rest, file: &Attachment<'_>) -> Option<Vec<u8>> {
    let url = Url::parse(file.url.as_str()).ok().filter(|url| is_discords(url, rest))?;
    let _hand = HANDS.acquire().await.ok()?;
    let packed = file.filename.as_str().to_ascii_lowercase().ends_with(".gz");
    let mut end = MultiGzDecoder::new(End::default());
    let mut plain = End::default();
    let mut read = 0;
    let take = |bytes: &[u8]| {
        read += bytes.len();
        let taken = if packed { end.write_all(bytes).is_ok() } else { plain.write_all(bytes).is_ok() };
        if taken && read < READ { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    match timeout(PATIENCE, rest.file(&url, take)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::info!(%error, "an attachment cannot be fetched");
            return None;
        }
        Err(_) => {
            tracing::info!("an attachment takes too long");
            return None;
        }
    }
    if packed {
        // A broken file has told what it could by now.
        let _ = end.try_finish();
        plain = std::mem::take(end.get_mut());
    }
    Some(plain.0)
}

/// Discord's own hosts for files; in a test, the stand-in's.
fn is_discords(url: &Url, rest: &Rest) -> bool {
    const HOSTS: [&str; 2] = ["cdn.discordapp.com", "media.discordapp.net"];
    if rest.is_loopback() {
        return rest::is_loopback(url);
    }
    let plain = url.username().is_empty() && url.password().is_none() && url.port().is_none();
    url.scheme() == "https" && plain && url.host_str().is_some_and(|host| HOSTS.contains(&host))
}

/// Keeps the last bytes that are written to it, and takes no more than [`UNPACKED`] in all.
#[derive(Default)]
struct End(Vec<u8>, usize);

impl std::io::Write for End {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.1 += bytes.len();
        if self.1 > UNPACKED {
            return Err(std::io::Error::other("too large, unpacked"));
        }
        self.0.extend_from_slice(bytes);
        if self.0.len() > 2 * KEPT {
            self.0.drain(..self.0.len() - KEPT);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_discords_own_hosts_are_asked() {
        let rest = Rest::new("t".to_owned().into(), None).unwrap();
        for (url, good) in [
            ("https://cdn.discordapp.com/attachments/1/2/message.txt?ex=1&is=2&hm=3", true),
            ("https://media.discordapp.net/attachments/1/2/message.txt", true),
            ("http://cdn.discordapp.com/attachments/1/2/message.txt", false),
            ("https://cdn.discordapp.com:8443/attachments/1/2/message.txt", false),
            ("https://me:you@cdn.discordapp.com/attachments/1/2/message.txt", false),
            ("https://cdn.discordapp.com.evil.example/message.txt", false),
            ("https://127.0.0.1/message.txt", false),
            ("file:///etc/passwd", false),
        ] {
            assert_eq!(is_discords(&Url::parse(url).unwrap(), &rest), good, "{url}");
        }
    }

    #[test]
    fn a_small_file_of_endless_zeros_is_not_unpacked_to_its_end() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        for _ in 0..=UNPACKED / (1 << 20) {
            packed.write_all(&vec![0; 1 << 20]).unwrap();
        }
        let packed = packed.finish().unwrap();
        let mut end = MultiGzDecoder::new(End::default());
        assert!(end.write_all(&packed).is_err());
        assert!(end.get_ref().0.len() <= 2 * KEPT);
    }

    #[test]
    fn the_end_of_a_long_log_is_kept() {
        let mut end = End::default();
        for _ in 0..3 * KEPT / 1024 {
            end.write_all(&[b'x'; 1024]).unwrap();
        }
        end.write_all(b"npm ERR!").unwrap();
        assert!(end.0.ends_with(b"npm ERR!") && (KEPT..=2 * KEPT).contains(&end.0.len()), "{}", end.0.len());
    }
}
