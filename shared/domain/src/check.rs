//! Checking what people send: every bad field is named at once, in words that say what to do (G-4).

use serde::Serialize;

/// One thing wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// Where, as a path into the body: `schedule.at`, `audience.emails[3]`.
    pub field: String,
    /// What is wrong and what to do, for a person to read.
    pub message: String,
}

/// The input breaks rules; nothing was changed. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .errors.iter().map(|e| format!("{}: {}", e.field, e.message)).collect::<Vec<_>>().join("; "))]
pub struct Invalid {
    /// Every bad field, in the order of the body.
    pub errors: Vec<FieldError>,
}

impl Invalid {
    /// One field with one fault.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { errors: vec![FieldError { field: field.into(), message: message.into() }] }
    }
}

/// Collects the faults of an input while it is read.
#[derive(Debug, Default)]
pub struct Check {
    errors: Vec<FieldError>,
}

impl Check {
    /// Notes a fault.
    pub fn fault(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.errors.push(FieldError { field: field.into(), message: message.into() });
    }

    /// Notes a fault unless `holds`.
    pub fn that(&mut self, holds: bool, field: &str, message: &str) {
        if !holds {
            self.fault(field, message);
        }
    }

    /// Takes the value, or notes why there is none.
    pub fn take<T, E: std::fmt::Display>(&mut self, field: &str, value: Result<T, E>) -> Option<T> {
        value.map_err(|e| self.fault(field, e.to_string())).ok()
    }

    /// Whether nothing has been wrong so far.
    pub fn is_clean(&self) -> bool {
        self.errors.is_empty()
    }

    /// `value` if nothing was wrong.
    ///
    /// # Errors
    /// Every fault noted.
    pub fn done<T>(self, value: T) -> Result<T, Invalid> {
        if self.errors.is_empty() { Ok(value) } else { Err(Invalid { errors: self.errors }) }
    }

    /// Ends a check whose values may be missing: `None` only where a fault was noted.
    ///
    /// # Errors
    /// Every fault noted.
    pub fn done_with<T>(self, value: Option<T>) -> Result<T, Invalid> {
        match value {
            Some(value) if self.errors.is_empty() => Ok(value),
            _ => Err(Invalid { errors: self.errors }),
        }
    }
}

/// A line of text: trimmed, 1 to `most` characters, nothing that breaks a line or turns the reading direction of what
/// follows. Emoji, right-to-left letters and angle brackets are text like any other.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn line(text: &str, most: usize) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("must not be empty".into());
    }
    if text.chars().any(|c| c.is_control() || is_direction_override(c) || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Err("must be one line of text, without line breaks or control characters".into());
    }
    at_most(text, most)
}

/// Text of several lines: trimmed at the end, at most `most` characters, line ends as `\n`, no control characters but
/// line ends and tabs.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn text(text: &str, most: usize) -> Result<String, String> {
    let text = text.replace("\r\n", "\n");
    if text.chars().any(|c| (c.is_control() && c != '\n' && c != '\t') || is_direction_override(c)) {
        return Err("must not contain control characters".into());
    }
    at_most(text.trim_end(), most)
}

fn at_most(text: &str, most: usize) -> Result<String, String> {
    let count = text.chars().count();
    if count > most { Err(format!("has {count} characters; at most {most} fit")) } else { Ok(text.to_owned()) }
}

fn is_direction_override(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// An IANA time zone by its name.
///
/// # Errors
/// A sentence that names an example.
pub fn zone(name: &str) -> Result<chrono_tz::Tz, String> {
    name.parse().map_err(|_| "is not a time zone; use an IANA name like Europe/Berlin or America/New_York".to_owned())
}

/// A text as it may stand in a cell of a CSV file: what a spreadsheet would take for a formula is text there too.
pub fn cell(text: &str) -> std::borrow::Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{text}").into() } else { text.into() }
}

/// Lower-cases and drops accents, for searching names the way people type them.
pub fn fold(text: &str) -> String {
    use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
    text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line() {
        assert_eq!(line("  Zoë 🎯 <script>  ", 200).unwrap(), "Zoë 🎯 <script>");
        assert_eq!(line("שָׁלוֹם", 200).unwrap(), "שָׁלוֹם");
        for bad in ["", "  ", "a\nb", "a\u{202E}b", "a\u{0}", "a\u{2028}b"] {
            assert!(line(bad, 200).is_err(), "{bad:?}");
        }
        assert_eq!(line("abc", 2).unwrap_err(), "has 3 characters; at most 2 fit");
    }

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"] {
            assert_eq!(cell(formula), format!("'{formula}"));
        }
        for plain in ["", "a=b", "1-1", "'=1"] {
            assert_eq!(cell(plain), plain);
        }
    }

    #[test]
    fn folding_forgets_case_and_accents() {
        assert_eq!(fold("Ångström ÉMILIE"), "angstrom emilie");
    }
}
