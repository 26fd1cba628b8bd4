//! The parts of a mail: which of them is the body, which are files.

use std::collections::HashSet;

use super::{
    Attached, Unreadable, charset,
    headers::{self, Headers, line_end, trim_newline},
    transfer,
};

/// How deep parts may stand inside each other (IN-41).
const DEEPEST: usize = 10;
/// How many parts a mail may have (IN-41).
const MOST: usize = 200;
/// The most bytes of headers of a mail (IN-41).
pub(super) const HEADERS: usize = 256 * 1024;
/// The most bytes of decoded text and of decoded HTML that are read (IN-41).
const TEXT: usize = 256 * 1024;
const HTML: usize = 512 * 1024;

/// What the parts of a mail come to.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) plain: Option<String>,
    pub(super) html: Option<String>,
    pub(super) attached: Vec<Found>,
}

/// A file, and what HTML calls it.
pub(super) struct Found {
    pub(super) file: Attached,
    pub(super) content_id: Option<String>,
    pub(super) inline: bool,
}

/// Reads the whole mail.
pub(super) fn read(raw: &[u8]) -> Result<(Headers, Parts), Unreadable> {
    let (headers, body) = headers::parse(raw);
    if body > HEADERS {
        return Err(Unreadable::HeadersTooLong);
    }
    let mut walk = Walk { parts: Parts::default(), count: 0 };
    walk.part(&headers, &raw[body..], 0, Place::Top)?;
    Ok((headers, walk.parts))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Top,
    Alternative,
    Other,
}

struct Walk {
    parts: Parts,
    count: usize,
}

impl Walk {
    fn part(&mut self, headers: &Headers, body: &[u8], depth: usize, place: Place) -> Result<(), Unreadable> {
        if depth > DEEPEST {
            return Err(Unreadable::TooDeep);
        }
        self.count += 1;
        if self.count > MOST {
            return Err(Unreadable::TooManyParts);
        }
        let declared = headers.raw("content-type").unwrap_or_default();
        let kind = mailparse::parse_content_type(if declared.len() > 4096 { "" } else { declared });
        let parameter = |name: &str| kind.params.get(name).map(String::as_str);
        let media = if declared.is_empty() { "text/plain".to_owned() } else { kind.mimetype.trim().to_ascii_lowercase() };
        match media.as_str() {
            "multipart/encrypted" | "application/pgp-encrypted" => return Err(Unreadable::Encrypted),
            "application/pkcs7-mime" | "application/x-pkcs7-mime"
                if place == Place::Top && parameter("smime-type").is_none_or(|kind| !kind.eq_ignore_ascii_case("signed-data")) =>
            {
                return Err(Unreadable::Encrypted);
            }
            _ => {}
        }
        if media.starts_with("multipart/") {
            // a boundary that the header forgot is read off the body
            let boundary = parameter("boundary").map(|boundary| boundary.trim_end().to_owned()).or_else(|| guess_boundary(body));
            if let Some(boundary) = boundary.filter(|boundary| !boundary.is_empty() && boundary.len() <= 250) {
                let inner = if media == "multipart/alternative" { Place::Alternative } else { Place::Other };
                let mut any = false;
                for (index, piece) in pieces(body, boundary.as_bytes()).enumerate() {
                    any = true;
                    let (headers, start) = headers::parse_part(piece);
                    // the signature of a signed mail is nobody's file
                    if media == "multipart/signed" && index > 0 {
                        break;
                    }
                    self.part(&headers, &piece[start..], depth + 1, inner)?;
                }
                if any {
                    return Ok(());
                }
            }
            return self.text(body, headers, None, false, &media, "plain", true);
        }
        let disposition = mailparse::parse_content_disposition(
            headers.raw("content-disposition").filter(|value| value.len() <= 4096).unwrap_or_default(),
        );
        let attachment = matches!(disposition.disposition, mailparse::DispositionType::Attachment);
        let inline = matches!(disposition.disposition, mailparse::DispositionType::Inline) && headers.raw("content-disposition").is_some();
        let name = disposition.params.get("filename").or_else(|| kind.params.get("name")).map(|name| headers::decode_words(name));
        let is_text = matches!(media.as_str(), "text/plain" | "text/html" | "text" | "text/enriched" | "") || !media.contains('/');
        if is_text && !attachment {
            let html = media == "text/html";
            let taken = if html { self.parts.html.is_some() } else { self.parts.plain.is_some() };
            if !taken || name.is_none() {
                let flowed = parameter("format").is_some_and(|format| format.eq_ignore_ascii_case("flowed"));
                let delete_space = parameter("delsp").is_some_and(|value| value.eq_ignore_ascii_case("yes"));
                return self.text(
                    body,
                    headers,
                    parameter("charset"),
                    flowed,
                    if delete_space { "delsp" } else { "" },
                    if html { "html" } else { "plain" },
                    place != Place::Alternative,
                );
            }
        }
        let media = if media.contains('/') { media } else { "application/octet-stream".to_owned() };
        if media == "application/pkcs7-signature" || media == "application/x-pkcs7-signature" || media == "application/pgp-signature" {
            return Ok(());
        }
        let bytes = decode(body, headers);
        let name = sanitise(name.as_deref().unwrap_or_default(), &media, self.parts.attached.len() + 1);
        let content_id = headers.raw("content-id").map(|id| id.trim().trim_matches(['<', '>']).to_owned()).filter(|id| !id.is_empty());
        self.parts.attached.push(Found { file: Attached { name, media_type: media, bytes }, content_id, inline: inline || !attachment });
        Ok(())
    }

    /// Takes a part of text: into the body if that is still blank, or below it where the parts follow each other.
    #[expect(clippy::too_many_arguments, reason = "the declared form of one part of text")]
    fn text(
        &mut self,
        body: &[u8],
        headers: &Headers,
        charset: Option<&str>,
        flowed: bool,
        delete_space: &str,
        kind: &str,
        follows: bool,
    ) -> Result<(), Unreadable> {
        let html = kind == "html";
        let limit = if html { HTML } else { TEXT };
        let bytes = decode(body, headers);
        let charset = charset.map(str::to_owned).or_else(|| html.then(|| declared_in_html(&bytes)).flatten());
        let mut text = charset::decode(&bytes[..bytes.len().min(limit * 4)], charset.as_deref());
        if text.len() > limit {
            let end = (0..=limit).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            text.truncate(end);
        }
        if flowed && !html {
            text = transfer::unflow(&text, delete_space == "delsp");
        }
        if !html && text.contains("-----BEGIN PGP MESSAGE-----") {
            return Err(Unreadable::Encrypted);
        }
        let slot = if html { &mut self.parts.html } else { &mut self.parts.plain };
        match slot {
            Some(body) if !body.trim().is_empty() => {
                // Apple Mail breaks the text in two around a picture
                if follows && body.len() + text.len() <= limit {
                    if !body.ends_with('\n') {
                        body.push('\n');
                    }
                    body.push_str(&text);
                }
            }
            _ => *slot = Some(text),
        }
        Ok(())
    }
}

/// The charset that HTML declares in its head.
fn declared_in_html(bytes: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(2048)]).to_ascii_lowercase();
    let at = head.find("charset=")?;
    let label: String = head[at + 8..]
        .trim_start_matches(['"', '\'', ' '])
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        .collect();
    // UTF-16 that can be read as ASCII is not UTF-16
    (!label.is_empty() && !label.starts_with("utf-16")).then_some(label)
}

/// The bytes of a part without its transfer encoding.
fn decode(body: &[u8], headers: &Headers) -> Vec<u8> {
    let encoding = headers.raw("content-transfer-encoding").unwrap_or_default();
    let encoding = encoding.split([';', ' ']).next().unwrap_or_default().trim().trim_matches('"');
    if encoding.eq_ignore_ascii_case("base64") {
        transfer::base64(body)
    } else if encoding.eq_ignore_ascii_case("quoted-printable") {
        transfer::quoted_printable(body)
    } else {
        body.to_vec()
    }
}

/// The bodies between the boundaries, the last one also if it is not closed.
fn pieces<'a>(body: &'a [u8], boundary: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let mut at = 0;
    let mut open: Option<usize> = None;
    let mut done = false;
    std::iter::from_fn(move || {
        while !done {
            if at >= body.len() {
                done = true;
                return open.take().map(|start| &body[start.min(body.len())..]);
            }
            let end = line_end(body, at);
            let line = trim_newline(&body[at..end]);
            let start = at;
            at = end;
            let Some(rest) = line.strip_prefix(b"--").and_then(|line| line.strip_prefix(boundary)) else { continue };
            let closing = rest.starts_with(b"--");
            if !(rest.trim_ascii().is_empty() || closing && rest[2..].trim_ascii().is_empty()) {
                continue;
            }
            done = closing;
            // the line break before a boundary belongs to the boundary
            let piece = open.take().map(|from| trim_newline(&body[from..start.max(from)]));
            if !closing {
                open = Some(end);
            }
            if piece.is_some() {
                return piece;
            }
        }
        None
    })
}

fn guess_boundary(body: &[u8]) -> Option<String> {
    let mut at = 0;
    for _ in 0..50 {
        if at >= body.len() {
            return None;
        }
        let end = line_end(body, at);
        let line = trim_newline(&body[at..end]);
        at = end;
        if let Some(boundary) =
            line.strip_prefix(b"--").filter(|boundary| boundary.len() >= 8 && boundary.len() <= 70 && !boundary.contains(&b' '))
        {
            // what stands below a boundary is a header
            if body.get(end..end + 8).is_some_and(|start| start.eq_ignore_ascii_case(b"content-")) {
                return std::str::from_utf8(boundary).ok().map(str::to_owned);
            }
        }
    }
    None
}

/// A file name that is safe to store and to show: no path, no control characters, none that turn the direction of reading, no name of
/// a device, at most 120 characters, never empty.
fn sanitise(name: &str, media: &str, number: usize) -> String {
    const LONGEST: usize = 120;
    let base = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = base
        .chars()
        .filter(|c| {
            !c.is_control() && !super::is_bidi_control(*c) && !matches!(c, '\u{feff}' | '\u{200b}'..='\u{200d}' | '\u{fff9}'..='\u{fffb}')
        })
        .map(|c| if matches!(c, ':' | '*' | '?' | '"' | '<' | '>' | '|') { '_' } else { c })
        .collect();
    let clean = clean.trim().trim_end_matches(['.', ' ']).trim_start_matches('.').trim();
    if clean.is_empty() {
        return format!("attachment-{number}{}", ending(media));
    }
    if clean.chars().count() <= LONGEST {
        return clean.to_owned();
    }
    let suffix = clean.rsplit_once('.').map(|(_, suffix)| suffix).filter(|suffix| suffix.chars().count() <= 10);
    match suffix {
        Some(suffix) => {
            let stem: String = clean.chars().take(LONGEST - suffix.chars().count() - 1).collect();
            format!("{stem}.{suffix}")
        }
        None => clean.chars().take(LONGEST).collect(),
    }
}

fn ending(media: &str) -> &'static str {
    match media {
        "image/png" => ".png",
        "image/jpeg" => ".jpg",
        "image/gif" => ".gif",
        "application/pdf" => ".pdf",
        "text/plain" => ".txt",
        "text/html" => ".html",
        "text/calendar" => ".ics",
        "message/rfc822" => ".eml",
        _ => "",
    }
}

/// Leaves out the pictures that belong to the quoted mail or to a signature: those that the cut HTML shows and the kept does not.
/// A picture that nobody refers to is a file of the person's.
pub(super) fn files(found: Vec<Found>, kept: &HashSet<String>, cut: &HashSet<String>) -> Vec<Attached> {
    found
        .into_iter()
        .filter(|found| {
            let Some(id) = found.content_id.as_ref().filter(|_| found.inline && found.file.media_type.starts_with("image/")) else {
                return true;
            };
            kept.contains(id) || !cut.contains(id)
        })
        .map(|found| found.file)
        .collect()
}
