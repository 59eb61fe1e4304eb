//! The next step after a failure, in Verkada's words.

use std::io;

use verkada_audit_logs::{Endpoint, Error, ErrorKind};

/// Advice on a failed request; empty where there is none.
pub(super) fn advice(error: &Error) -> String {
    let words = match (error.kind(), error.endpoint()) {
        (ErrorKind::Authentication | ErrorKind::TokenExpired, _) => {
            "check that the key of VERKADA_API_KEY or --api-key-file has neither expired nor been revoked, and that it belongs to --region or --base-url"
        }
        (ErrorKind::CredentialsLost, _) => {
            "something on the way has removed the header that carries the key or the token, which a proxy may do: check HTTPS_PROXY and --base-url"
        }
        (ErrorKind::PermissionDenied, Some(Endpoint::Source(source))) => {
            return format!(
                "the key needs the permission “{}”, which is chosen when a key is created, so create a new one; a wrong --region or --base-url gives the same answer",
                source.permission()
            );
        }
        (ErrorKind::PermissionDenied, _) => "check the key's permissions, --region and --base-url",
        (ErrorKind::Connection(_), _) => {
            "check the network, HTTPS_PROXY and --base-url; the next run may succeed"
        }
        (ErrorKind::Certificate(problem), _) if problem.is_about_time() => {
            "check this machine's clock; for a proxy that opens TLS, name its certificate authority in SSL_CERT_FILE or SSL_CERT_DIR"
        }
        (ErrorKind::Certificate(_), _) => {
            "check --base-url and HTTPS_PROXY; for a proxy that opens TLS, name its certificate authority in SSL_CERT_FILE or SSL_CERT_DIR, which then stand in for the system's"
        }
        (ErrorKind::RateLimited, _) => {
            "all programs of the organisation share 300 requests a minute: lower --max-requests-per-minute, or find what else uses them up"
        }
        (ErrorKind::Unavailable, _) => "see status.verkada.com; the next run may succeed",
        (ErrorKind::Rejected, Some(Endpoint::Source(_))) if error.status() == Some(400) => {
            "check --start, --end, --page-size and --notification-type"
        }
        (ErrorKind::Redirected { .. } | ErrorKind::Rejected, _) => "check --region and --base-url",
        (ErrorKind::UnusableAnswer { .. }, _) => {
            "check --base-url: hosts under command.verkada.com are the web interface, and a proxy may answer in Verkada's place"
        }
        (ErrorKind::ShiftedPages { .. }, _) => {
            "even a single second could not be read whole; the next run tries again, and a larger --page-size needs fewer pages"
        }
        (ErrorKind::PageRefused { .. }, _) => {
            "it did so even for a single second, which a larger --page-size may show on one page; the next run tries again, and with --checkpoint, --accept-gap and --start lead past it"
        }
        (
            ErrorKind::RepeatedPages { .. }
            | ErrorKind::CircularPages { .. }
            | ErrorKind::EndlessPages { .. },
            _,
        ) => "ask again later; if it happens again, contact Verkada's support",
        _ => "",
    };
    words.to_owned()
}

/// Advice on an output that failed; empty where the error itself says what to do.
pub(super) fn advice_on_output(error: &io::Error) -> &'static str {
    use io::ErrorKind;
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "make room, or choose another --output"
        }
        ErrorKind::FileTooLarge => {
            "rotate the file, raise the limit on file sizes, or choose another --output"
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "let this user write there, or choose another --output"
        }
        ErrorKind::NotFound | ErrorKind::Other => "",
        _ => "check the device and the folder of the output, or choose another --output",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_asked_for_only_where_it_is_what_lacks() {
        const ENOSPC: i32 = 28;
        const EIO: i32 = 5;
        const EACCES: i32 = 13;
        let advice = |code| advice_on_output(&io::Error::from_raw_os_error(code));
        assert!(advice(ENOSPC).contains("make room"));
        for other in [EIO, EACCES] {
            assert!(!advice(other).contains("room"), "{}", advice(other));
            assert!(advice(other).contains("--output"));
        }
    }
}
