//! Mail that comes in, read as plain values: raw bytes to what the person wrote, what was cut and why, and the files (C-4, C-5).
//!
//! [`read`] takes a whole mail; [`trim_text`] and [`trim_html`] take a body. All are pure, never panic, and take time in proportion to
//! the length of what they read. Nothing here decides who wrote the mail or whether it counts.

mod charset;
mod headers;
mod html;
mod lines;
mod locale;
mod parts;
mod transfer;
mod trim;

use std::{borrow::Cow, collections::HashSet};

use unicode_normalization::{UnicodeNormalization, is_nfc};

pub use headers::{Headers, Mailbox};

/// What our own mail carries above its content; a reply is cut there first, whatever mail program quoted it.
pub const ABOVE_THIS_LINE: &str = "Reply above this line";

/// The most characters of a reply that are kept (IN-41).
pub const REPLY_MOST: usize = 10_000;

/// A mail, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// Its headers.
    pub headers: Headers,
    /// What the person wrote.
    pub reply: Reply,
    /// The files, without pictures that belong to the quoted mail or to a signature.
    pub attached: Vec<Attached>,
}

/// What a person wrote, without what a mail program put around it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The text: lines end with a line feed, composed characters, no control characters. Empty if the person wrote nothing.
    pub text: String,
    /// What was cut, in the order of the mail.
    pub cut: Vec<Cut>,
    /// Which body was read.
    pub of: Body,
    /// Whether the text was longer than [`REPLY_MOST`] characters, and ends there now.
    pub shortened: bool,
}

/// A stretch of the mail that is not the person's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The text as it stood.
    pub text: String,
    /// Why it went.
    pub why: Why,
}

/// Why a stretch was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Why {
    /// It is the mail being answered.
    Quote,
    /// It says who wrote what is quoted, and when.
    Attribution,
    /// It is the block of From, Sent, To, Subject above a quoted mail, or the line that opens one.
    HeaderBlock,
    /// It is a signature.
    Signature,
    /// It is a footer of a phone or an app.
    Footer,
    /// It stands below the line that asks people to write above it.
    Marker,
    /// It is a legal note.
    Disclaimer,
}

/// Which body of a mail was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Body {
    /// The plain text.
    Plain,
    /// The HTML.
    Html,
    /// There is neither.
    #[default]
    Nothing,
}

/// A file that came with a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Its name: no path, no control characters, at most 120 characters, never empty.
    pub name: String,
    /// Its media type as declared, in lower case.
    pub media_type: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Why a mail can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Unreadable {
    /// Its headers take more than 256 KB.
    #[error("the mail's headers are too long")]
    HeadersTooLong,
    /// Its parts stand more than ten deep inside each other.
    #[error("the mail's parts are nested too deep")]
    TooDeep,
    /// It has more than 200 parts.
    #[error("the mail has too many parts")]
    TooManyParts,
    /// It is encrypted.
    #[error("the mail is encrypted")]
    Encrypted,
}

/// Reads a raw mail (IN-41 to IN-44). The plain text is read if there is any, else the HTML.
///
/// # Errors
/// When the mail exceeds a limit or is encrypted.
pub fn read(raw: &[u8]) -> Result<Incoming, Unreadable> {
    let (headers, parts) = parts::read(raw)?;
    let (reply, pictures) = body(parts.plain.as_deref(), parts.html.as_deref());
    let pictures = pictures.unwrap_or_default();
    let attached = parts::files(parts.attached, &pictures.kept, &pictures.cut);
    Ok(Incoming { headers, reply, attached })
}

/// The headers of a mail, or of as much of its beginning as there is: also where the rest can't be read.
#[must_use]
pub fn headers(beginning: &[u8]) -> Headers {
    headers::parse(&beginning[..beginning.len().min(parts::HEADERS)]).0
}

fn body(plain: Option<&str>, html: Option<&str>) -> (Reply, Option<Pictures>) {
    let reply = plain.filter(|plain| !is_blank(plain)).map(trim_text);
    let Some(html) = html.filter(|html| !html.trim().is_empty()) else { return (reply.unwrap_or_default(), None) };
    let page = read_html(html);
    let reply = match reply {
        Some(reply) if !reply.text.is_empty() => agree(reply, &page),
        Some(reply) if page.reply.text.is_empty() => reply,
        Some(_) | None => page.reply,
    };
    (reply, Some(page.pictures))
}

/// Cuts from a reply in plain text what the HTML of the same mail has in a mail program's own container: markup says it where text
/// can't. Only where both say the same up to there.
fn agree(mut reply: Reply, page: &Html) -> Reply {
    let Some((why, below)) = page.contained.as_ref().filter(|_| !reply.shortened) else { return reply };
    let mut shown = page.reply.text.chars().filter(|c| c.is_alphanumeric()).peekable();
    if shown.peek().is_none() {
        return reply;
    }
    let mut end = None;
    for (at, c) in reply.text.char_indices().filter(|(_, c)| c.is_alphanumeric()) {
        match shown.next() {
            Some(other) if other == c => end = Some(at + c.len_utf8()),
            Some(_) => return reply,
            None => break,
        }
    }
    let Some(end) = end.filter(|_| shown.next().is_none()) else { return reply };
    let line = reply.text[end..].find('\n').map_or(reply.text.len(), |length| end + length);
    if reply.text[end..line].contains(char::is_alphanumeric) || !reply.text[line..].contains(char::is_alphanumeric) {
        return reply;
    }
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).take(20).collect::<String>();
    let (rest, below) = (letters(&reply.text[line..]), letters(below));
    if !rest.starts_with(&below) && !below.starts_with(&rest) {
        return reply;
    }
    let rest = reply.text.split_off(line);
    reply.text.truncate(reply.text.trim_end().len());
    reply.cut.insert(0, Cut { text: rest.trim().to_owned(), why: *why });
    reply
}

/// What the person wrote in a plain text body.
#[must_use]
pub fn trim_text(text: &str) -> Reply {
    let text = clean(text);
    let trimmed = trim::trim(&lines::split(&text));
    finish(trimmed, if is_blank(&text) { Body::Nothing } else { Body::Plain })
}

/// What the person wrote in an HTML body, as plain text.
#[must_use]
pub fn trim_html(html: &str) -> Reply {
    read_html(html).reply
}

/// The pictures that HTML shows, by what it calls them, in what was kept and in what was cut.
#[derive(Default)]
struct Pictures {
    kept: HashSet<String>,
    cut: HashSet<String>,
}

/// HTML, read.
struct Html {
    reply: Reply,
    pictures: Pictures,
    /// Why what follows the reply was cut, and how it begins, if a mail program's own container says so.
    contained: Option<(Why, String)>,
}

fn read_html(html: &str) -> Html {
    let page = html::read(&clean(html));
    let lines: Vec<_> =
        page.text.split('\n').zip(&page.hints).map(|(line, hint)| lines::Line { text: line.trim_end(), hint: *hint }).collect();
    let trimmed = trim::trim(&lines);
    let mut pictures = Pictures::default();
    for (line, id) in page.pictures {
        let kept = trimmed.why.get(line).is_none_or(Option::is_none);
        if kept { &mut pictures.kept } else { &mut pictures.cut }.insert(id);
    }
    let written = |at: &usize| !lines[*at].text.trim().is_empty() || lines[*at].hint == lines::Hint::Rest;
    let below = (0..lines.len()).rev().filter(written).find(|at| trimmed.why[*at].is_none()).map_or(0, |last| last + 1);
    let contained = (below..lines.len()).find(written).filter(|at| lines[*at].hint != lines::Hint::None).and_then(|at| {
        let text: String = lines[at..].iter().take(8).map(|line| line.text).collect();
        Some((trimmed.why[at]?, text))
    });
    Html { reply: finish(trimmed, Body::Html), pictures, contained }
}

fn finish(trimmed: trim::Trimmed, of: Body) -> Reply {
    let trim::Trimmed { mut text, cut, .. } = trimmed;
    let end = text.char_indices().nth(REPLY_MOST).map(|(at, _)| at);
    if let Some(end) = end {
        text.truncate(end);
        text.truncate(text.trim_end().len());
    }
    Reply { text, cut, of, shortened: end.is_some() }
}

fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || c.is_control() || matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}'))
}

/// Line feeds only, no control characters, none that turn the direction of reading, composed characters (IN-43).
fn clean(text: &str) -> Cow<'_, str> {
    let plain = |byte: u8| matches!(byte, 32..127 | b'\n' | b'\t');
    if text.bytes().all(plain) {
        return Cow::Borrowed(text);
    }
    let odd =
        |c: char| c.is_control() && c != '\n' && c != '\t' || c == '\u{feff}' || is_bidi_control(c) || matches!(c, '\u{2028}' | '\u{2029}');
    let text: Cow<'_, str> = if text.contains(odd) {
        let mut out = String::with_capacity(text.len());
        let mut characters = text.chars().peekable();
        while let Some(c) = characters.next() {
            match c {
                '\r' => {
                    if characters.peek() != Some(&'\n') {
                        out.push('\n');
                    }
                }
                '\u{2028}' | '\u{2029}' | '\u{85}' | '\u{b}' | '\u{c}' => out.push('\n'),
                c if odd(c) => {}
                c => out.push(c),
            }
        }
        Cow::Owned(out)
    } else {
        Cow::Borrowed(text)
    };
    if text.is_ascii() || is_nfc(&text) { text } else { Cow::Owned(text.nfc().collect()) }
}

fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
