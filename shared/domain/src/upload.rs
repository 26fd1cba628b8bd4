//! Files that people upload: what may come in, and whether what came is what was announced.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::check::{self, Check, Invalid};
use crate::comment;
use crate::happening::{Happening, What};
use crate::id::{FileId, HappeningId};
use crate::item::{Item, TITLE_MOST, Visibility};
use crate::person::Actor;

/// The most bytes of a file.
pub const FILE_MOST: u64 = 25 * 1024 * 1024;
/// How many of the first bytes of a file say what it is.
pub const BEGINNING: usize = 512;
/// Why a name is refused.
pub(crate) const DANGEROUS: &str = "programs, and files that can carry one, are not kept";

/// What was announced and is not there yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Upload {
    /// Which upload.
    pub id: FileId,
    /// The file's name.
    pub file_name: String,
    /// Its size.
    pub size_bytes: u64,
    /// Its media type.
    pub content_type: String,
    /// When it was announced.
    pub at: DateTime<Utc>,
}

/// A file that is to be uploaded, as people send it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UploadDraft {
    /// Its name; needed.
    #[schema(max_length = 300)]
    pub file_name: Option<String>,
    /// Its size; needed.
    #[schema(minimum = 1, maximum = 26_214_400)]
    pub size_bytes: Option<u64>,
    /// Its media type; needed.
    #[schema(example = "application/pdf")]
    pub content_type: Option<String>,
}

/// Whether a name is that of a program, or of something that can carry one.
pub(crate) fn is_dangerous(name: &str) -> bool {
    comment::keep(name, 1, 0).is_err()
}

impl UploadDraft {
    /// What is announced.
    ///
    /// # Errors
    /// Every bad field.
    pub fn announce(&self, id: FileId, now: DateTime<Utc>) -> Result<Upload, Invalid> {
        let mut check = Check::default();
        let file_name = check.take("file_name", check::line(self.file_name.as_deref().unwrap_or_default(), TITLE_MOST));
        if let Some(name) = &file_name {
            check.that(!is_dangerous(name), "file_name", DANGEROUS);
        }
        let size_bytes = self.size_bytes.unwrap_or_default();
        check.that((1..=FILE_MOST).contains(&size_bytes), "size_bytes", "must be from 1 to 26214400: at most 25 MB");
        let given = self.content_type.as_deref().unwrap_or_default().trim();
        let content_type = media_type(given);
        match &content_type {
            None => check.fault("content_type", "must be a media type like application/pdf"),
            Some(essence) => check.that(!is_dangerous_type(essence), "content_type", DANGEROUS),
        }
        let named = file_name.zip(content_type);
        let upload = named.map(|(file_name, content_type)| Upload { id, file_name, size_bytes, content_type, at: now });
        check.done_with(upload)
    }
}

/// A media type without parameters, in small letters.
fn media_type(text: &str) -> Option<String> {
    let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_token =
        |part: &str| !part.is_empty() && part.len() <= 127 && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b));
    essence.split_once('/').is_some_and(|(of, kind)| is_token(of) && is_token(kind)).then_some(essence)
}

fn is_dangerous_type(essence: &str) -> bool {
    const TYPES: [&str; 16] = [
        "text/html",
        "text/javascript",
        "text/xml",
        "application/xml",
        "application/xhtml+xml",
        "application/javascript",
        "application/x-javascript",
        "application/ecmascript",
        "application/x-msdownload",
        "application/x-msdos-program",
        "application/vnd.microsoft.portable-executable",
        "application/x-sh",
        "application/java-archive",
        "application/hta",
        "application/x-shockwave-flash",
        "image/svg+xml",
    ];
    TYPES.contains(&essence)
}

/// What the first bytes of a file say that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Looks {
    Pdf,
    Png,
    Jpeg,
    Gif,
    Webp,
    Bmp,
    Tiff,
    /// Also the documents that are made of one.
    Zip,
    /// The documents of before 2007.
    Compound,
    /// Films and pictures of phones.
    Iso,
    Wav,
    Ogg,
    Mp3,
    Gzip,
    Rtf,
    Program,
    Markup,
    /// Characters and line ends alone.
    Text,
    Other,
}

/// What pages and drawings with programs in them begin with.
const MARKUP: [&str; 8] = ["<!doctype", "<html", "<svg", "<?xml", "<script", "<body", "<head", "<iframe"];

fn looks(bytes: &[u8]) -> Looks {
    const MAGIC: [(&[u8], Looks); 27] = [
        (b"%PDF-", Looks::Pdf),
        (b"\x89PNG\r\n\x1a\n", Looks::Png),
        (b"\xff\xd8\xff", Looks::Jpeg),
        (b"GIF87a", Looks::Gif),
        (b"GIF89a", Looks::Gif),
        (b"BM", Looks::Bmp),
        (b"II*\0", Looks::Tiff),
        (b"MM\0*", Looks::Tiff),
        (b"PK\x03\x04", Looks::Zip),
        (b"PK\x05\x06", Looks::Zip),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Looks::Compound),
        (b"OggS", Looks::Ogg),
        (b"ID3", Looks::Mp3),
        (b"\xff\xfb", Looks::Mp3),
        (b"\xff\xf3", Looks::Mp3),
        (b"\x1f\x8b", Looks::Gzip),
        (b"{\\rtf", Looks::Rtf),
        (b"MZ", Looks::Program),
        (b"\x7fELF", Looks::Program),
        (b"#!", Looks::Program),
        (b"\xca\xfe\xba\xbe", Looks::Program),
        (b"\xfe\xed\xfa\xce", Looks::Program),
        (b"\xfe\xed\xfa\xcf", Looks::Program),
        (b"\xce\xfa\xed\xfe", Looks::Program),
        (b"\xcf\xfa\xed\xfe", Looks::Program),
        (b"L\0\0\0\x01\x14\x02\0", Looks::Program),
        (b"MSCF", Looks::Program),
    ];
    if let Some((magic, looks)) = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        // text may begin with two letters as well
        let is_chance = matches!(*magic, b"BM" | b"MZ") && is_text(bytes);
        return if is_chance { Looks::Text } else { *looks };
    }
    match (bytes.get(..4), bytes.get(4..8), bytes.get(8..12)) {
        (Some(b"RIFF"), _, Some(b"WEBP")) => return Looks::Webp,
        (Some(b"RIFF"), _, Some(b"WAVE")) => return Looks::Wav,
        (_, Some(b"ftyp"), _) => return Looks::Iso,
        _ => {}
    }
    if !is_text(bytes) {
        return Looks::Other;
    }
    let text = String::from_utf8_lossy(bytes).trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
    if MARKUP.iter().any(|tag| text.starts_with(tag)) || text.contains("<script") { Looks::Markup } else { Looks::Text }
}

fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| !b.is_ascii_control() || matches!(b, b'\n' | b'\r' | b'\t' | 0x0c))
}

/// What files of a media type look like; `None` where they may look like anything.
fn expected(essence: &str) -> Option<&'static [Looks]> {
    Some(match essence {
        "application/pdf" => &[Looks::Pdf],
        "image/png" => &[Looks::Png],
        "image/jpeg" | "image/jpg" => &[Looks::Jpeg],
        "image/gif" => &[Looks::Gif],
        "image/webp" => &[Looks::Webp],
        "image/bmp" => &[Looks::Bmp],
        "image/tiff" => &[Looks::Tiff],
        "image/heic" | "image/heif" | "image/avif" | "video/mp4" | "video/quicktime" | "audio/mp4" | "audio/x-m4a" => &[Looks::Iso],
        "audio/mpeg" | "audio/mp3" => &[Looks::Mp3, Looks::Other],
        "audio/wav" | "audio/x-wav" => &[Looks::Wav],
        "audio/ogg" | "video/ogg" => &[Looks::Ogg],
        "application/zip" => &[Looks::Zip],
        "application/gzip" => &[Looks::Gzip],
        "application/rtf" | "text/rtf" => &[Looks::Rtf],
        "application/msword" | "application/vnd.ms-excel" | "application/vnd.ms-powerpoint" => &[Looks::Compound],
        _ if essence.starts_with("application/vnd.openxmlformats-officedocument.")
            || essence.starts_with("application/vnd.oasis.opendocument.") =>
        {
            &[Looks::Zip]
        }
        _ if essence.starts_with("text/") || essence == "application/json" => &[Looks::Text, Looks::Rtf],
        _ => return None,
    })
}

/// Why what was uploaded is not kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAsAnnounced {
    /// It has another size.
    #[error("{found} bytes were uploaded where {announced} were announced")]
    Size {
        /// How many there are.
        found: u64,
        /// How many there were to be.
        announced: u64,
    },
    /// It is something else.
    #[error("what was uploaded is not of the type {0}")]
    Type(String),
    /// It is a program, or something that can carry one.
    #[error("what was uploaded is a program, or can carry one, and is not kept")]
    Dangerous,
}

/// The item with the file that was announced for it, and the happening of it; `None` where none was announced.
pub fn take(before: &Item, by: Actor, now: DateTime<Utc>, happening: HappeningId) -> Option<(Item, Happening)> {
    let mut item = before.clone();
    let Upload { id, file_name, size_bytes, content_type, .. } = item.upload.take()?;
    item.file_id = Some(id);
    item.file_name = Some(file_name);
    item.size_bytes = Some(size_bytes);
    item.content_type = Some(content_type);
    item.updated_at = now;
    item.version += 1;
    let is_first = before.file_id.is_none();
    let what = if is_first && item.visibility == Visibility::Shared { What::Shared } else { What::Changed };
    let mut happening = item.happening(happening, what, now, by);
    happening.note = Some(if is_first { "file uploaded" } else { "file replaced" }.to_owned());
    Some((item, happening))
}

/// Checks what was uploaded against what was announced, by its size and its first bytes.
///
/// # Errors
/// [`NotAsAnnounced`].
pub fn verify(announced: &Upload, size: u64, beginning: &[u8]) -> Result<(), NotAsAnnounced> {
    if size != announced.size_bytes {
        return Err(NotAsAnnounced::Size { found: size, announced: announced.size_bytes });
    }
    let looks = looks(beginning.get(..BEGINNING).unwrap_or(beginning));
    if matches!(looks, Looks::Program | Looks::Markup) {
        return Err(NotAsAnnounced::Dangerous);
    }
    match expected(&announced.content_type) {
        Some(expected) if !expected.contains(&looks) => Err(NotAsAnnounced::Type(announced.content_type.clone())),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use ulid::Ulid;

    use super::*;

    fn draft(name: &str, size: u64, content_type: &str) -> UploadDraft {
        UploadDraft { file_name: Some(name.into()), size_bytes: Some(size), content_type: Some(content_type.into()) }
    }

    fn announce(draft: &UploadDraft) -> Result<Upload, Vec<String>> {
        let announced = draft.announce(FileId(Ulid(1)), "2026-11-02T09:00:00Z".parse().unwrap());
        announced.map_err(|invalid| invalid.errors.into_iter().map(|error| error.field).collect())
    }

    #[test]
    fn only_what_would_be_kept_can_be_announced() {
        let good = announce(&draft("plan.pdf", 9, "Application/PDF; charset=x")).unwrap();
        assert_eq!((good.content_type.as_str(), good.size_bytes), ("application/pdf", 9));
        assert!(announce(&draft("plan.pdf", FILE_MOST, "application/pdf")).is_ok());
        for (draft, fields) in [
            (UploadDraft::default(), vec!["file_name", "size_bytes", "content_type"]),
            (draft("a.exe", 1, "application/octet-stream"), vec!["file_name"]),
            (draft("a.pdf.js", 1, "application/pdf"), vec!["file_name"]),
            (draft("a.pdf", 0, "application/pdf"), vec!["size_bytes"]),
            (draft("a.pdf", FILE_MOST + 1, "application/pdf"), vec!["size_bytes"]),
            (draft("a", 1, "image/svg+xml"), vec!["content_type"]),
            (draft("a", 1, "text/html"), vec!["content_type"]),
            (draft("a", 1, "pdf"), vec!["content_type"]),
            (draft("a", 1, "a/b\r\nx: y"), vec!["content_type"]),
        ] {
            assert_eq!(announce(&draft), Err(fields.into_iter().map(str::to_owned).collect()), "{draft:?}");
        }
    }

    #[test]
    fn what_comes_must_look_like_what_was_announced() {
        let is_kept = |content_type: &str, bytes: &[u8]| {
            let announced = announce(&draft("file", bytes.len() as u64, content_type)).unwrap();
            verify(&announced, bytes.len() as u64, bytes)
        };
        for (content_type, bytes) in [
            ("application/pdf", b"%PDF-1.7 ...".as_slice()),
            ("image/png", b"\x89PNG\r\n\x1a\n...."),
            ("image/jpeg", b"\xff\xd8\xff\xe0...."),
            ("image/webp", b"RIFF\x01\x02\x03\x04WEBPVP8 "),
            ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK\x03\x04....."),
            ("application/vnd.oasis.opendocument.text", b"PK\x03\x04....."),
            ("application/msword", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1..."),
            ("video/mp4", b"\0\0\0\x18ftypmp42"),
            ("text/plain", "Grüße\r\n\tund so".as_bytes()),
            ("text/csv", b"BMI,weight\r\n"),
            ("application/octet-stream", b"\x01\x02\x03"),
            ("application/x-something", b"anything"),
        ] {
            assert_eq!(is_kept(content_type, bytes), Ok(()), "{content_type}");
        }
        for (content_type, bytes) in [
            ("application/pdf", b"\x89PNG\r\n\x1a\n....".as_slice()),
            ("application/pdf", b"just text"),
            ("image/png", b"%PDF-1.7"),
            ("text/plain", b"a\0b"),
            ("text/plain", b"%PDF-1.7"),
            ("application/zip", b"%PDF-1.7"),
        ] {
            assert_eq!(is_kept(content_type, bytes), Err(NotAsAnnounced::Type(content_type.into())), "{content_type}");
        }
        for bytes in [
            b"MZ\x90\0\x03".as_slice(),
            b"\x7fELF\x02",
            b"#!/bin/sh\n",
            b"<!DOCTYPE html><p>",
            b"\xef\xbb\xbf  <HTML>",
            b"<?xml version=\"1.0\"?><svg/>",
            b"hello <script>alert(1)</script>",
        ] {
            for content_type in ["application/pdf", "text/plain", "application/octet-stream"] {
                assert_eq!(is_kept(content_type, bytes), Err(NotAsAnnounced::Dangerous), "{bytes:?}");
            }
        }
        let announced = announce(&draft("file", 5, "text/plain")).unwrap();
        assert_eq!(verify(&announced, 4, b"four"), Err(NotAsAnnounced::Size { found: 4, announced: 5 }));
    }
}
