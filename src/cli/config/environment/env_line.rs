//! The lines of a `.env` file: where each ends, and what it sets.
//!
//! dotenvy reads the values. It replaces `$name` by a variable or by nothing, drops a backslash at the end of a line,
//! and lets a quote that is never closed swallow all that follows. A key must not be changed like that, so each line is
//! checked first.

/// Advice for a value that may be read in another way than it is meant.
const QUOTE_IT: &str = "put the value in single quotes, which take “$” and “\\” literally, or set it in the environment";

/// One line; several, if a quoted value has line feeds.
pub(super) struct EnvLine<'a> {
    /// The number of the first line, from 1.
    pub(super) number: usize,
    /// The text without a comment.
    pub(super) text: &'a str,
    /// True if it has a “$” that would be replaced.
    has_substitution: bool,
}

/// Splits the text into lines.
pub(super) fn lines(text: &str) -> impl Iterator<Item = EnvLine<'_>> {
    let (mut rest, mut number) = (text, 1);
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let extent = Extent::of_first_line(rest);
        let line = EnvLine {
            number,
            text: &rest[..extent.content],
            has_substitution: extent.has_substitution,
        };
        number += rest[..extent.whole].matches('\n').count() + 1;
        rest = rest.get(extent.whole + 1..).unwrap_or_default();
        Some(line)
    })
}

/// The extent of a line, in bytes.
struct Extent {
    /// Up to a comment.
    content: usize,
    /// Up to the line feed.
    whole: usize,
    has_substitution: bool,
}

impl Extent {
    /// Finds the end of the first line. A quote that is never closed ends with its own line, so that it spoils no other.
    fn of_first_line(text: &str) -> Self {
        let end_of_line =
            |from: usize| text[from..].find('\n').map_or(text.len(), |end| from + end);
        let mut quote = None;
        let mut is_escaped = false;
        // A “#” begins a comment after white space, and at the beginning of a line.
        let mut follows_space = true;
        let mut has_substitution = false;
        for (index, letter) in text.char_indices() {
            let was_escaped = std::mem::take(&mut is_escaped);
            match (quote, letter) {
                (None, '\n') => return Self::new(index, index, has_substitution),
                (None, '#') if follows_space => {
                    return Self::new(index, end_of_line(index), has_substitution);
                }
                (Some('\''), '\'') => quote = None,
                (Some('\''), _) => {}
                _ if was_escaped => {}
                (_, '\\') => is_escaped = true,
                (_, '$') => has_substitution = true,
                (Some('"'), '"') => quote = None,
                (None, '\'' | '"') => quote = Some(letter),
                _ => {}
            }
            follows_space = quote.is_none() && !was_escaped && letter.is_whitespace();
        }
        let end = match quote {
            Some(_) => end_of_line(0),
            None => text.len(),
        };
        Self::new(end, end, has_substitution)
    }

    fn new(content: usize, whole: usize, has_substitution: bool) -> Self {
        Self {
            content,
            whole,
            has_substitution,
        }
    }
}

impl<'a> EnvLine<'a> {
    /// The first name on the line, after words such as `export` and `set`: the variable that the line is about, even if
    /// it is not written as it should be.
    pub(super) fn subject(&self) -> Option<&'a str> {
        let is_name_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let mut names = self
            .text
            .split(move |letter| !is_name_letter(letter))
            .filter(|name| !name.is_empty());
        names.find(|name| !["export", "set", "setenv", "env", "declare", "x"].contains(name))
    }

    /// Reads name and value; `None` for a comment and an empty line. Values of variables that are not `known` are not
    /// checked.
    ///
    /// # Errors
    ///
    /// The reason ends a sentence that begins with the line.
    pub(super) fn parse(
        &self,
        known: impl Fn(&str) -> bool,
    ) -> Result<Option<(String, String)>, String> {
        let line = format!("{}\n", self.text);
        let malformed = format!("is not of the form NAME=value; {QUOTE_IT}");
        let parsed = match dotenvy::from_read_iter(line.as_bytes()).next() {
            None => return Ok(None),
            Some(parsed) => parsed.map_err(|_| malformed)?,
        };
        if !known(&parsed.0) {
            return Ok(Some(parsed));
        }
        if self.has_substitution {
            return Err(format!(
                "has a “$” that would be replaced by a variable; {QUOTE_IT}"
            ));
        }
        if self.ends_with_backslash() {
            return Err(format!(
                "ends with a backslash, which would be dropped; {QUOTE_IT}"
            ));
        }
        if parsed.1.contains('\u{FFFD}') {
            return Err("is not UTF-8".to_owned());
        }
        Ok(Some(parsed))
    }

    fn ends_with_backslash(&self) -> bool {
        let letters = self.text.trim_end().chars().rev();
        letters.take_while(|letter| *letter == '\\').count() % 2 == 1
    }

    /// Returns the name of a setting that is on a later line of the same quoted value: the quote was probably meant to
    /// be an apostrophe.
    pub(super) fn swallowed(&self, known: impl Fn(&str) -> bool) -> Option<&'a str> {
        let names = self.text.lines().skip(1).filter_map(|line| {
            let name = line
                .trim_start()
                .trim_start_matches("export ")
                .split('=')
                .next()?;
            (name.len() < line.len()).then_some(name.trim())
        });
        names.into_iter().find(|name| known(name))
    }
}
