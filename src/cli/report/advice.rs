//! The next step after a failure, in Verkada's words.

use verkada_audit_logs::{Endpoint, Error, ErrorKind};

/// Advice for the person on call; empty where there is none.
pub(super) fn advice(error: &Error) -> String {
    let words = match (error.kind(), error.endpoint()) {
        (ErrorKind::Authentication | ErrorKind::TokenExpired, _) => {
            "check that the key of VERKADA_API_KEY or --api-key-file has neither expired nor been revoked, and that --region or --base-url is its own"
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
        (ErrorKind::CircularPages { .. } | ErrorKind::EndlessPages { .. }, _) => {
            "ask again later; if it happens again, contact Verkada's support"
        }
        _ => "",
    };
    words.to_owned()
}
