//! The header of a mail or of one of its parts: unfolded, decoded, forgiving.

use super::charset;

/// One header line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    name: String,
    /// Unfolded, encoded words as they came.
    raw: String,
    /// Unfolded and decoded.
    value: String,
}

/// All headers of a mail in their order: names as sent, values unfolded and decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    fields: Vec<Field>,
}

/// A person in an address header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// The display name, decoded, if there is one.
    pub name: Option<String>,
    /// The address as written, without angle brackets.
    pub address: String,
}

impl Headers {
    /// The decoded values of every header of this name, whatever its case, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value.as_str())
    }

    /// The decoded value of the first header of this name.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value.as_str())
    }

    /// Every header: its name as sent, its decoded value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|field| (field.name.as_str(), field.value.as_str()))
    }

    /// The people in each `From` header, one list per header; the list of a header that can't be read is empty.
    #[must_use]
    pub fn from(&self) -> Vec<Vec<Mailbox>> {
        self.mailboxes("from")
    }

    /// The people in each header of this name, one list per header.
    #[must_use]
    pub fn mailboxes(&self, name: &str) -> Vec<Vec<Mailbox>> {
        self.fields.iter().filter(|field| field.name.eq_ignore_ascii_case(name)).map(|field| mailboxes(&field.raw)).collect()
    }

    /// The decoded subject, empty if there is none.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.first("subject").unwrap_or_default().trim()
    }

    /// What stands between the angle brackets of `Message-ID`, or its whole value if there are none.
    #[must_use]
    pub fn message_id(&self) -> Option<&str> {
        let value = self.first("message-id")?.trim();
        let inner = value.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(value, |(inner, _)| inner);
        Some(inner.trim()).filter(|inner| !inner.is_empty())
    }

    /// The unfolded value of the first header of this name, its encoded words as they came.
    pub(super) fn raw(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name)).map(|field| field.raw.as_str())
    }
}

/// Reads headers from the start of these bytes; gives them and where the body begins. Blank lines before the first header and the
/// line that a mailbox file puts before a mail are passed over; a line that can't be a header begins the body.
pub(super) fn parse(bytes: &[u8]) -> (Headers, usize) {
    let at = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(bytes.len());
    parse_from(bytes, at)
}

/// Reads the headers of a part, which may have none.
pub(super) fn parse_part(bytes: &[u8]) -> (Headers, usize) {
    parse_from(bytes, 0)
}

fn parse_from(bytes: &[u8], mut at: usize) -> (Headers, usize) {
    if bytes[at..].starts_with(b"\xEF\xBB\xBF") {
        at += 3;
    }
    let mut headers = Headers::default();
    let mut first = true;
    while at < bytes.len() {
        let end = line_end(bytes, at);
        let line = trim_newline(&bytes[at..end]);
        if line.is_empty() {
            return (headers, end);
        }
        let postmark = first && (line.starts_with(b"From ") || line.starts_with(b">From "));
        let name = line.iter().position(|byte| *byte == b':').map(|colon| line[..colon].trim_ascii_end());
        first = false;
        let Some(name) = name.filter(|name| !name.is_empty() && name.len() <= 200 && name.iter().all(|byte| (33..127).contains(byte)))
        else {
            if postmark {
                at = end;
                continue;
            }
            // a line of white space, or the body without a blank line before it
            return (headers, if line.trim_ascii().is_empty() { end } else { at });
        };
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(0);
        let mut value = line[colon + 1..].trim_ascii().to_vec();
        at = end;
        while matches!(bytes.get(at), Some(b' ' | b'\t')) {
            let end = line_end(bytes, at);
            let more = bytes[at..end].trim_ascii();
            if more.is_empty() {
                break;
            }
            value.push(b' ');
            value.extend_from_slice(more);
            at = end;
        }
        let raw = text_of(&value);
        let value = if raw.contains("=?") { decode_words(&raw) } else { raw.clone() };
        headers.fields.push(Field { name: String::from_utf8_lossy(name).into_owned(), raw, value });
    }
    (headers, bytes.len())
}

/// Where the line that begins here ends, its line break included.
pub(super) fn line_end(bytes: &[u8], from: usize) -> usize {
    bytes[from..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| from + at + 1)
}

pub(super) fn trim_newline(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn text_of(bytes: &[u8]) -> String {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => charset::decode(bytes, None),
    };
    if text.bytes().any(|byte| byte < 32 || byte == 127) { text.chars().filter(|c| !c.is_control()).collect() } else { text }
}

/// Decodes the encoded words of RFC 2047 anywhere in a value; adjacent ones of one charset are joined before they become text, since
/// some senders break a character in two.
pub(super) fn decode_words(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut pending: Vec<u8> = Vec::new();
    let mut pending_charset = String::new();
    let mut rest = raw;
    let flush = |out: &mut String, pending: &mut Vec<u8>, charset: &str| {
        if !pending.is_empty() {
            out.extend(charset::decode(pending, Some(charset)).chars().filter(|c| !c.is_control()));
            pending.clear();
        }
    };
    while let Some(start) = rest.find("=?") {
        let Some(word) = encoded_word(&rest[start..]) else {
            flush(&mut out, &mut pending, &pending_charset);
            out.push_str(&rest[..start + 2]);
            rest = &rest[start + 2..];
            continue;
        };
        let between = &rest[..start];
        if pending.is_empty() || !between.trim().is_empty() || !word.charset.eq_ignore_ascii_case(&pending_charset) {
            let joined = !pending.is_empty() && between.trim().is_empty();
            flush(&mut out, &mut pending, &pending_charset);
            if !joined {
                out.push_str(between);
            }
            word.charset.clone_into(&mut pending_charset);
        }
        pending.extend_from_slice(&word.bytes);
        rest = &rest[start + word.length..];
        if pending.is_empty() {
            // an empty word
            pending_charset.clear();
        }
    }
    flush(&mut out, &mut pending, &pending_charset);
    out.push_str(rest);
    out
}

struct EncodedWord<'a> {
    charset: &'a str,
    bytes: Vec<u8>,
    length: usize,
}

fn encoded_word(text: &str) -> Option<EncodedWord<'_>> {
    /// Longer than any program writes, so that a value full of beginnings takes no time.
    const LONGEST: usize = 1000;
    let end = (0..=text.len().min(LONGEST)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let inner = text[..end].strip_prefix("=?")?;
    let (charset, after) = inner.split_once('?')?;
    let (encoding, after) = after.split_once('?')?;
    let (body, _) = after.split_once("?=")?;
    if charset.is_empty() || charset.len() > 60 || charset.contains(' ') {
        return None;
    }
    let charset_name = charset.split_once('*').map_or(charset, |(name, _)| name);
    let bytes = match encoding {
        "b" | "B" => super::transfer::base64(body.as_bytes()),
        "q" | "Q" => super::transfer::quoted_printable(body.replace('_', " ").as_bytes()),
        _ => return None,
    };
    Some(EncodedWord { charset: charset_name, bytes, length: 2 + charset.len() + 1 + encoding.len() + 1 + body.len() + 2 })
}

/// The people in an address header, as far as it can be read.
fn mailboxes(raw: &str) -> Vec<Mailbox> {
    /// A longer address header is not read: no person writes one.
    const LONGEST: usize = 65_536;
    if raw.len() > LONGEST {
        return Vec::new();
    }
    let Ok(list) = mailparse::addrparse(raw) else { return bare(raw).into_iter().collect() };
    let mut found = Vec::new();
    for address in list.into_inner() {
        match address {
            mailparse::MailAddr::Single(single) => found.push(single),
            mailparse::MailAddr::Group(group) => found.extend(group.addrs),
        }
    }
    found
        .into_iter()
        .map(|single| Mailbox {
            name: single.display_name.map(|name| decode_words(&name).trim().to_owned()).filter(|name| !name.is_empty()),
            address: single.addr.trim().to_owned(),
        })
        .collect()
}

/// The one address in a header that is not well formed, if there is exactly one.
fn bare(raw: &str) -> Option<Mailbox> {
    let address = match raw.split_once('<') {
        Some((_, rest)) => rest.split_once('>')?.0,
        None => raw,
    };
    let address = address.trim();
    let sound = address.matches('@').count() == 1 && !address.contains([' ', '<', '>', ',', ';', '"']) && raw.matches('<').count() <= 1;
    sound.then(|| Mailbox { name: None, address: address.to_owned() })
}
