//! Why nobody was reached, and what to do about it where that can be told.

/// How rustls begins what it says about whoever it does not trust.
const UNTRUSTED: &str = "invalid peer certificate";
const TRUST: &str = "bring this machine's ca-certificates up to date and look at its clock, or, behind a proxy that opens \
                     TLS connections, set SSL_CERT_FILE to a file with the certificate of its authority (PEM)";

/// What went wrong, without the address: it may hold the token of an interaction.
pub fn reason(error: &dyn std::error::Error) -> String {
    let mut reason = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        reason = inner.to_string();
        source = inner.source();
    }
    if reason.starts_with(UNTRUSTED) { format!("{reason}: {TRUST}") } else { reason }
}
