//! A message as SES puts it on the wire, and the encodings that takes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::SecondsFormat;

use super::{Attachment, Message};
use crate::REGION;

const LINE: usize = 76;

/// The message in the form of RFC 5322. SES sets Date and Message-ID itself.
pub(super) fn render(message: &Message) -> String {
    let mut out = String::new();
    let mut header = |name: &str, value: &str| {
        out.push_str(&fold(&format!("{name}: {value}")));
        out.push_str("\r\n");
    };
    header("Date", &message.sent_at.to_rfc2822());
    header("Message-ID", &format!("<{}@{}>", message.id, host()));
    header("From", &message.from);
    for (name, addresses) in [("To", &message.to), ("Cc", &message.cc), ("Reply-To", &message.reply_to)] {
        if !addresses.is_empty() {
            header(name, &addresses.join(", "));
        }
    }
    header("Subject", &encode_words(&message.subject));
    for (name, value) in &message.headers {
        header(name, value);
    }
    header("MIME-Version", "1.0");
    out + &body(message) + "\r\n"
}

/// The host SES writes in the Message-ID of this region.
pub(crate) fn host() -> String {
    match REGION {
        "us-east-1" => "email.amazonses.com".to_owned(),
        region => format!("{region}.amazonses.com"),
    }
}

fn body(message: &Message) -> String {
    let text = message.text.as_ref().map(|text| leaf("text/plain", text));
    let html = message.html.as_ref().map(|html| leaf("text/html", html));
    let spoken = match (text, html) {
        (Some(text), Some(html)) => nest("alternative", &message.id, &[text, html]),
        (text, html) => text.or(html).unwrap_or_else(|| leaf("text/plain", "")),
    };
    let (inline, apart): (Vec<_>, Vec<_>) = message.attachments.iter().partition(|attachment| attachment.inline);
    let with = |kind, first: String, rest: Vec<&Attachment>| match rest.is_empty() {
        true => first,
        false => nest(kind, &message.id, &[vec![first], rest.into_iter().map(part).collect()].concat()),
    };
    with("mixed", with("related", spoken, inline), apart)
}

fn nest(kind: &str, id: &str, parts: &[String]) -> String {
    let boundary = format!("=_{kind}_{}", id.split('-').nth(5).unwrap_or_default());
    let mut out = format!("Content-Type: multipart/{kind};\r\n boundary=\"{boundary}\"\r\n\r\n");
    for part in parts {
        out.push_str(&format!("--{boundary}\r\n{part}\r\n"));
    }
    out.push_str(&format!("--{boundary}--"));
    out
}

fn leaf(kind: &str, content: &str) -> String {
    format!("Content-Type: {kind}; charset=UTF-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{}", quote(content))
}

fn part(attachment: &Attachment) -> String {
    let encoded = BASE64.encode(&attachment.bytes);
    // Base64 is ASCII, so any byte is a boundary.
    let lines: Vec<&str> = (0..encoded.len()).step_by(LINE).map(|start| &encoded[start..encoded.len().min(start + LINE)]).collect();
    let disposition = if attachment.inline { "inline" } else { "attachment" };
    let name = &attachment.file_name;
    let id = attachment.content_id.as_ref().map(|id| format!("Content-ID: <{id}>\r\n")).unwrap_or_default();
    let kind = &attachment.content_type;
    format!(
        "Content-Type: {kind}; name=\"{name}\"\r\n{id}Content-Disposition: {disposition}; filename=\"{name}\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{}",
        lines.join("\r\n")
    )
}

/// Breaks a header before words, so that its lines stay short where its words allow.
fn fold(header: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for (index, word) in header.split(' ').enumerate() {
        if index > 0 {
            let fits = column + 1 + word.len() <= LINE || index == 1;
            out.push_str(if fits { " " } else { "\r\n " });
            column = if fits { column + 1 } else { 1 };
        }
        out.push_str(word);
        column += word.len();
    }
    out
}

/// Quoted-printable (RFC 2045) with CRLF line ends.
pub(crate) fn quote(content: &str) -> String {
    let mut out = String::new();
    for (index, line) in content.split('\n').enumerate() {
        if index > 0 {
            out.push_str("\r\n");
        }
        let line = line.strip_suffix('\r').unwrap_or(line);
        let mut column = 0;
        for (at, byte) in line.bytes().enumerate() {
            let last = at + 1 == line.len();
            let plain = matches!(byte, b'!'..=b'<' | b'>'..=b'~') || (matches!(byte, b' ' | b'\t') && !last);
            let width = if plain { 1 } else { 3 };
            if column + width > LINE - 1 {
                out.push_str("=\r\n");
                column = 0;
            }
            match plain {
                true => out.push(char::from(byte)),
                false => out.push_str(&format!("={byte:02X}")),
            }
            column += width;
        }
    }
    out
}

/// A header value as encoded words (RFC 2047), if it needs them.
pub(crate) fn encode_words(value: &str) -> String {
    if value.is_ascii() {
        return value.to_owned();
    }
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for character in value.chars() {
        if word.len() + character.len_utf8() > 42 {
            words.push(std::mem::take(&mut word));
        }
        word.push(character);
    }
    words.push(word);
    words.iter().map(|word| format!("=?UTF-8?B?{}?=", BASE64.encode(word))).collect::<Vec<_>>().join(" ")
}

/// A header value with its encoded words read; anything else stays as it is.
pub(super) fn decode_words(value: &str) -> String {
    let mut out = String::new();
    let mut rest = value;
    let mut after_word = false;
    while let Some(start) = rest.find("=?") {
        let (before, candidate) = rest.split_at(start);
        let Some((decoded, length)) = decode_word(candidate) else {
            let (shown, remaining) = rest.split_at(start + 2);
            out.push_str(shown);
            (rest, after_word) = (remaining, false);
            continue;
        };
        // Space between two encoded words only separates them.
        if !(after_word && before.trim().is_empty()) {
            out.push_str(before);
        }
        out.push_str(&decoded);
        (rest, after_word) = (&candidate[length..], true);
    }
    out + rest
}

fn decode_word(text: &str) -> Option<(String, usize)> {
    let mut fields = text.strip_prefix("=?")?.splitn(3, '?');
    let (charset, encoding, rest) = (fields.next()?, fields.next()?, fields.next()?);
    let content = &rest[..rest.find("?=")?];
    let bytes = match encoding {
        "B" | "b" => BASE64.decode(content).ok()?,
        "Q" | "q" => unquote(&content.replace('_', " "))?,
        _ => return None,
    };
    let length = 2 + charset.len() + 1 + encoding.len() + 1 + content.len() + 2;
    let utf8 = charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("us-ascii");
    utf8.then(|| String::from_utf8(bytes).ok()).flatten().map(|decoded| (decoded, length))
}

fn unquote(content: &str) -> Option<Vec<u8>> {
    let mut bytes = content.bytes();
    let mut out = Vec::new();
    while let Some(byte) = bytes.next() {
        match byte {
            b'=' => {
                let digits = [bytes.next()?, bytes.next()?];
                out.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
            }
            other => out.push(other),
        }
    }
    Some(out)
}

/// A time as SES writes it in its events.
pub(super) fn timestamp(time: chrono::DateTime<chrono::Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The header lines of a raw message, unfolded, and where its body starts.
pub(super) fn read_headers(raw: &str) -> (Vec<(String, String)>, &str) {
    let (head, body) = match raw.find("\r\n\r\n") {
        Some(end) => (&raw[..end], &raw[end + 4..]),
        None => raw.split_once("\n\n").unwrap_or((raw, "")),
    };
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in head.lines() {
        match (line.starts_with([' ', '\t']), headers.last_mut()) {
            (true, Some((_, value))) => {
                value.push(' ');
                value.push_str(line.trim());
            }
            _ => {
                if let Some((name, value)) = line.split_once(':') {
                    headers.push((name.to_owned(), value.trim().to_owned()));
                }
            }
        }
    }
    (headers, body)
}
