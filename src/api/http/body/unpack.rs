//! Unpacking of gzip, piece by piece and within a limit.

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;
use reqwest::header::{CONTENT_ENCODING, HeaderMap};

/// The first two bytes of every gzip member (RFC 1952).
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// At most this many bytes are unpacked before other work gets its turn. Deflate makes at most a thousand bytes of one,
/// so this is at most 2 MiB of text.
const PIECE: usize = 2 << 10;

/// The packing of a body: gzip, in none, one or several layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packing {
    pub(super) gzip_layers: usize,
}

impl Packing {
    /// Reads `Content-Encoding`: a list, in any case, in which `x-gzip` is gzip (RFC 9110, section 8.4).
    ///
    /// # Errors
    ///
    /// The first encoding that is not known, if it is one that a person can read.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, String> {
        let mut gzip_layers = 0;
        for value in headers.get_all(CONTENT_ENCODING) {
            let value = String::from_utf8_lossy(value.as_bytes());
            for coding in value.split(',').map(str::trim) {
                match coding.to_ascii_lowercase().as_str() {
                    "gzip" | "x-gzip" => gzip_layers += 1,
                    "" | "identity" => {}
                    _ => return Err(coding.to_owned()),
                }
            }
        }
        Ok(Self { gzip_layers })
    }
}

/// A failure to unpack a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum UnpackError {
    /// The text is longer than the limit.
    TooLong,
    /// It does not begin like gzip at all.
    NotGzip,
    /// It ends early or was damaged on the way.
    Broken,
}

/// Unpacks one layer of gzip, of one member or several.
pub(super) struct Unpacker {
    decoder: MultiGzDecoder<Limited>,
    /// The first bytes, until there are enough to tell gzip from something else.
    beginning: Vec<u8>,
}

/// A text that refuses to grow beyond its limit.
struct Limited {
    text: Vec<u8>,
    limit: usize,
    is_exceeded: bool,
}

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.text.len() + bytes.len() > self.limit {
            self.is_exceeded = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Unpacker {
    /// Unpacks into at most `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            decoder: MultiGzDecoder::new(Limited {
                text: Vec::new(),
                limit,
                is_exceeded: false,
            }),
            beginning: Vec::new(),
        }
    }

    /// Takes the next packed bytes; those of a large body in [`pieces`].
    pub(super) fn feed(&mut self, packed: &[u8]) -> Result<(), UnpackError> {
        if self.beginning.len() < MAGIC.len() {
            let missing = MAGIC.len() - self.beginning.len();
            self.beginning.extend(packed.iter().take(missing));
            if !MAGIC.starts_with(&self.beginning) {
                return Err(UnpackError::NotGzip);
            }
        }
        let fed = self.decoder.write_all(packed);
        fed.map_err(|_| self.failure())
    }

    /// The length of the text so far.
    pub(super) fn len(&self) -> usize {
        self.decoder.get_ref().text.len()
    }

    /// The text so far, whether or not the packed bytes are complete.
    pub(super) fn text_so_far(mut self) -> Vec<u8> {
        // What the decoder holds back is delivered even if the end is missing.
        let _ = self.decoder.flush();
        std::mem::take(&mut self.decoder.get_mut().text)
    }

    /// The text, if the packed bytes were complete and undamaged. No bytes at all are an empty text.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, UnpackError> {
        if self.beginning.is_empty() {
            return Ok(Vec::new());
        }
        match self.decoder.try_finish() {
            Ok(()) => Ok(std::mem::take(&mut self.decoder.get_mut().text)),
            Err(_) => Err(self.failure()),
        }
    }

    fn failure(&self) -> UnpackError {
        if self.decoder.get_ref().is_exceeded {
            UnpackError::TooLong
        } else {
            UnpackError::Broken
        }
    }
}

/// Cuts packed bytes into pieces that take little time each.
pub(super) fn pieces(packed: &[u8]) -> impl Iterator<Item = &[u8]> {
    packed.chunks(PIECE)
}

#[cfg(test)]
mod tests {
    use flate2::write::GzEncoder;
    use flate2::{Compression, GzBuilder};
    use reqwest::header::HeaderValue;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn unpack(packed: &[u8], step: usize) -> Result<Vec<u8>, UnpackError> {
        let mut unpacker = Unpacker::new(1_000);
        for piece in packed.chunks(step) {
            unpacker.feed(piece)?;
        }
        unpacker.finish()
    }

    #[test]
    fn content_encoding_is_a_list_in_any_case() {
        let layers = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CONTENT_ENCODING, HeaderValue::from_static(value));
            }
            Packing::of(&headers).map(|packing| packing.gzip_layers)
        };
        assert_eq!(layers(&[]), Ok(0));
        for once in [
            "gzip",
            "x-gzip",
            "GZIP",
            "X-GZip",
            " gzip , identity,",
            ",gzip",
        ] {
            assert_eq!(layers(&[once]), Ok(1), "{once}");
        }
        assert_eq!(layers(&["gzip", "identity"]), Ok(1));
        assert_eq!(layers(&["gzip, x-gzip"]), Ok(2));
        assert_eq!(layers(&["gzip", "gzip"]), Ok(2));
        for unknown in ["br", "gzip, zstd", "deflate", "gzip;q=1", "x-gzip2"] {
            assert!(layers(&[unknown]).is_err(), "{unknown}");
        }
    }

    #[test]
    fn members_are_unpacked_one_after_the_other_however_they_are_cut() {
        let named = GzBuilder::new().filename("a.json").comment("b").extra("c");
        let mut named = named.write(Vec::new(), Compression::best());
        named.write_all(b"two ").unwrap();
        let packed = [
            gzip(b"one "),
            named.finish().unwrap(),
            gzip(b""),
            gzip(b"three"),
        ];
        for step in 1..packed.concat().len() {
            assert_eq!(
                unpack(&packed.concat(), step),
                Ok(b"one two three".to_vec()),
                "{step}"
            );
        }
        assert_eq!(unpack(b"", 1), Ok(Vec::new()));
    }

    #[test]
    fn a_body_that_is_cut_anywhere_but_between_members_is_broken() {
        let (first, second) = (gzip(b"one"), gzip(b"two"));
        let packed = [&first[..], &second].concat();
        for end in 1..packed.len() {
            let expected = if end == first.len() {
                Ok(b"one".to_vec())
            } else {
                Err(UnpackError::Broken)
            };
            assert_eq!(unpack(&packed[..end], 7), expected, "{end}");
        }
    }

    #[test]
    fn a_damaged_byte_is_noticed() {
        let packed = gzip(b"some text, and some more text");
        // The time, the flags of the compressor and the operating system in the header say nothing about the text.
        for at in (0..packed.len()).filter(|at| !(4..10).contains(at)) {
            let mut damaged = packed.clone();
            damaged[at] ^= 0x81;
            assert!(unpack(&damaged, 5).is_err(), "{at}");
        }
    }

    #[test]
    fn the_text_is_limited_and_what_is_not_gzip_is_named() {
        assert_eq!(unpack(&gzip(&[b' '; 1_000]), 9), Ok(vec![b' '; 1_000]));
        assert_eq!(unpack(&gzip(&[b' '; 1_001]), 9), Err(UnpackError::TooLong));
        assert_eq!(unpack(b"{\"a\":1}", 9), Err(UnpackError::NotGzip));
        assert_eq!(unpack(b"\x1f\x9d", 1), Err(UnpackError::NotGzip));
    }

    #[test]
    fn the_beginning_of_a_broken_body_can_be_had() {
        let mut unpacker = Unpacker::new(1_000);
        let packed = gzip(b"Bad Gateway");
        unpacker.feed(&packed[..packed.len() - 8]).unwrap();
        assert_eq!(unpacker.text_so_far(), b"Bad Gateway");
    }
}
