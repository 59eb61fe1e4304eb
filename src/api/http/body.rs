//! The bytes of an answer, read within limits.

use std::time::Duration;

use reqwest::Response;

/// The longest answer that is read, after decompression.
pub(super) const MAX_BODY_BYTES: usize = 64 << 20;

/// At most this many bytes of an error body are read. Verkada's error envelope has about a hundred.
const LONGEST_REFUSAL: usize = 64 << 10;

/// How long to wait for an error body.
const REFUSAL_PATIENCE: Duration = Duration::from_secs(2);

/// Why a body was not read whole.
pub(super) enum BodyError {
    /// It is longer than [`MAX_BODY_BYTES`].
    TooLong,
    /// It broke off.
    Network(reqwest::Error),
}

/// Reads at most [`MAX_BODY_BYTES`], counted after decompression.
pub(super) async fn read(response: &mut Response) -> Result<Vec<u8>, BodyError> {
    let announced = response.content_length().unwrap_or_default();
    let announced = usize::try_from(announced).unwrap_or(0);
    let mut body = Vec::with_capacity(announced.min(MAX_BODY_BYTES));
    while let Some(chunk) = response.chunk().await.map_err(BodyError::Network)? {
        if body.len() + chunk.len() > MAX_BODY_BYTES {
            return Err(BodyError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Reads what comes of an error body within limits. The status alone decides what happens next, so a body that breaks
/// off is as good as a whole one.
pub(super) async fn read_refusal(response: &mut Response) -> Vec<u8> {
    let mut body = Vec::new();
    let reading = async {
        while let Ok(Some(chunk)) = response.chunk().await {
            body.extend_from_slice(&chunk);
            if body.len() >= LONGEST_REFUSAL {
                break;
            }
        }
    };
    // What came before the time is up is enough.
    let _ = tokio::time::timeout(REFUSAL_PATIENCE, reading).await;
    body.truncate(LONGEST_REFUSAL);
    body
}
