//! Reading a body within limits.

use std::time::Duration;

use reqwest::Response;
use reqwest::header::HeaderMap;

use super::budget::{MAX_BODY_BYTES, OutOfRoom, Room};
use super::unpack::{Packing, UnpackError, Unpacker, pieces};

/// Going through a body of this length takes so long that other work must get its turn.
pub(in crate::api::http) const LONG_WORK_BYTES: usize = 4 << 20;

/// At most this many bytes of an error body are read. Verkada's error envelope has about a hundred.
const LONGEST_REFUSAL: usize = 64 << 10;

/// Time limit for reading an error body.
const REFUSAL_PATIENCE: Duration = Duration::from_secs(2);

/// A failure to read a body whole.
pub(in crate::api::http) enum BodyError {
    /// It is longer than [`MAX_BODY_BYTES`].
    TooLong,
    /// Other bodies have taken the memory that it needs.
    OutOfRoom,
    /// It broke off.
    Network(reqwest::Error),
    /// It is packed, and the packed bytes are damaged or end early.
    Broken,
    /// It is packed in this way, which was not asked for.
    UnknownPacking(String),
    /// It is said to be gzip, and is not.
    NotGzip,
}

impl From<OutOfRoom> for BodyError {
    fn from(OutOfRoom: OutOfRoom) -> Self {
        Self::OutOfRoom
    }
}

impl From<UnpackError> for BodyError {
    fn from(error: UnpackError) -> Self {
        match error {
            UnpackError::TooLong => Self::TooLong,
            UnpackError::NotGzip => Self::NotGzip,
            UnpackError::Broken => Self::Broken,
        }
    }
}

/// Reports whether the body is packed, so that its end shows.
pub(in crate::api::http) fn is_packed(headers: &HeaderMap) -> bool {
    Packing::of(headers).is_ok_and(|packing| packing.gzip_layers > 0)
}

/// Reads and unpacks a body of at most [`MAX_BODY_BYTES`], as far as there is `room` for it.
pub(in crate::api::http) async fn read(
    response: &mut Response,
    room: &mut Room,
) -> Result<Vec<u8>, BodyError> {
    let packing = Packing::of(response.headers()).map_err(BodyError::UnknownPacking)?;
    if packing.gzip_layers == 0 {
        return read_plain(response, room).await;
    }
    let mut text = read_packed(response, room).await?;
    for _ in 1..packing.gzip_layers {
        text = unpack(&text, room).await?;
    }
    Ok(text)
}

async fn read_plain(response: &mut Response, room: &mut Room) -> Result<Vec<u8>, BodyError> {
    let announced = response.content_length().unwrap_or_default();
    let announced = usize::try_from(announced).unwrap_or(usize::MAX);
    if announced > MAX_BODY_BYTES {
        return Err(BodyError::TooLong);
    }
    room.grow_to(announced)?;
    let mut body = Vec::with_capacity(announced);
    while let Some(chunk) = response.chunk().await.map_err(BodyError::Network)? {
        let length = body.len() + chunk.len();
        if length > MAX_BODY_BYTES {
            return Err(BodyError::TooLong);
        }
        room.grow_to(length)?;
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

async fn read_packed(response: &mut Response, room: &mut Room) -> Result<Vec<u8>, BodyError> {
    let mut unpacker = Unpacker::new(MAX_BODY_BYTES);
    let mut packed = 0;
    while let Some(chunk) = response.chunk().await.map_err(BodyError::Network)? {
        packed += chunk.len();
        // A gzip member may hold no text at all, and there may be any number of them.
        if packed > MAX_BODY_BYTES {
            return Err(BodyError::TooLong);
        }
        feed(&mut unpacker, &chunk, room).await?;
    }
    Ok(unpacker.finish()?)
}

/// Unpacks another layer.
async fn unpack(packed: &[u8], room: &mut Room) -> Result<Vec<u8>, BodyError> {
    let mut unpacker = Unpacker::new(MAX_BODY_BYTES);
    feed(&mut unpacker, packed, room).await?;
    Ok(unpacker.finish()?)
}

async fn feed(unpacker: &mut Unpacker, packed: &[u8], room: &mut Room) -> Result<(), BodyError> {
    for piece in pieces(packed) {
        let before = unpacker.len();
        unpacker.feed(piece)?;
        room.grow_to(unpacker.len())?;
        if unpacker.len() - before > LONG_WORK_BYTES / 4 {
            // A small packed body can be a long text; signals and other answers are looked after in between.
            tokio::task::yield_now().await;
        }
    }
    Ok(())
}

/// Reads what comes of an error body within limits. The status alone decides what happens next, so a body that breaks
/// off does as well as a whole one.
pub(in crate::api::http) async fn read_refusal(response: &mut Response) -> Vec<u8> {
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
    match Packing::of(response.headers()) {
        Ok(packing) => (0..packing.gzip_layers).fold(body, |body, _| unpack_what_there_is(&body)),
        // Packed text is not fit to be shown.
        Err(_) => Vec::new(),
    }
}

fn unpack_what_there_is(packed: &[u8]) -> Vec<u8> {
    let mut unpacker = Unpacker::new(LONGEST_REFUSAL);
    // Damage and length do not matter: what came before them is shown.
    let _ = unpacker.feed(packed);
    unpacker.text_so_far()
}
