//! The reason for which a server's certificate was refused.

use std::error::Error as StdError;
use std::io;

use chrono::DateTime;
use rustls::CertificateError as Reason;
use rustls::pki_types::UnixTime;

use super::server_text;
use crate::api::error::CertificateProblem;

/// Finds out whether `error` is about the server's certificate.
pub(super) fn problem(error: &(dyn StdError + 'static)) -> Option<CertificateProblem> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(rustls::Error::InvalidCertificate(reason)) = error.downcast_ref() {
            return Some(meaning(reason));
        }
        // An I/O error that wraps another one leaves it out of the chain of sources.
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}

fn meaning(reason: &Reason) -> CertificateProblem {
    match reason {
        Reason::UnknownIssuer => CertificateProblem::UnknownIssuer,
        Reason::NotValidForName | Reason::NotValidForNameContext { .. } => {
            CertificateProblem::WrongName
        }
        Reason::Expired => CertificateProblem::Expired { since: None },
        Reason::ExpiredContext { not_after, .. } => CertificateProblem::Expired {
            since: time(*not_after),
        },
        Reason::NotValidYet => CertificateProblem::NotYetValid { until: None },
        Reason::NotValidYetContext { not_before, .. } => CertificateProblem::NotYetValid {
            until: time(*not_before),
        },
        other => CertificateProblem::Other(server_text::clean(&other.to_string(), &[])),
    }
}

fn time(time: UnixTime) -> Option<DateTime<chrono::Utc>> {
    DateTime::from_timestamp(i64::try_from(time.as_secs()).ok()?, 0)
}
