//! Comments on items, and who hears of them (C-2, C-4, C-5).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::{Action, ClientFacts, GroupFacts, ItemFacts, Viewer, decide};
use crate::check::{self, Invalid};
use crate::client::{Client, Level, Pairing};
use crate::delivery::{Recipient, to_member};
use crate::id::{ClientId, CommentId, FileId, ItemId};
use crate::item::Item;
use crate::person::{Actor, Member, PersonId};
use crate::record::{RecordFacts, RecordOf};

/// The most characters of a comment.
pub const TEXT_MOST: usize = 10_000;
/// The most files of a comment.
pub const FILES_MOST: usize = 20;
/// The most bytes of a file that comes with a comment.
pub const FILE_MOST: usize = 10 * 1024 * 1024;

/// How a comment came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// Over the API.
    Api,
    /// By replying to a mail.
    Mail,
    /// On a page.
    Page,
}

/// A file that came with a comment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct File {
    /// Id.
    pub id: FileId,
    /// Its name, fit to be shown and to be saved under.
    pub name: String,
    /// Its media type, as the sender named it.
    pub content_type: String,
    /// Its size.
    pub size_bytes: u64,
}

/// A file that came with a comment and was not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NotKept {
    /// Its name.
    pub name: String,
    /// Why.
    pub why: WhyNotKept,
}

/// Why a file is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhyNotKept {
    /// It is larger than [`FILE_MOST`].
    TooLarge,
    /// It is a program, or something that can carry one.
    Dangerous,
    /// There are more than [`FILES_MOST`].
    TooMany,
    /// There is nothing in it.
    Empty,
}

impl WhyNotKept {
    /// The reason as people read it.
    pub fn words(self) -> &'static str {
        match self {
            Self::TooLarge => "larger than 10 MB",
            Self::Dangerous => "programs are not kept",
            Self::TooMany => "more files than are kept",
            Self::Empty => "empty",
        }
    }
}

/// What somebody said on an item. Never changed, never removed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Comment {
    /// Id.
    pub id: CommentId,
    /// The item.
    pub item_id: ItemId,
    /// Whose record the item is in.
    #[serde(flatten)]
    pub record: RecordOf,
    /// Who said it.
    pub author: Actor,
    /// What they said: plain text.
    pub text: String,
    /// How it came.
    pub via: Via,
    /// Files that came with it.
    #[serde(default)]
    pub files: Vec<File>,
    /// Files that came with it and were not kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub not_kept: Vec<NotKept>,
    /// Whether something of the mail was cut: quoted history, a signature.
    #[serde(default)]
    pub cut: bool,
    /// Whether the mail it came in can still be read.
    #[serde(default)]
    pub has_original: bool,
    /// When it was said.
    pub created_at: DateTime<Utc>,
    /// The same.
    pub updated_at: DateTime<Utc>,
    /// 1.
    pub version: u64,
}

/// Checks the text of a comment.
///
/// # Errors
/// Where it is empty, or too long.
pub fn text(text: Option<&str>) -> Result<String, Invalid> {
    match check::text(text.unwrap_or_default(), TEXT_MOST) {
        Ok(text) if text.trim().is_empty() => Err(Invalid::field("text", "is needed: what you have to say")),
        Ok(text) => Ok(text),
        Err(fault) => Err(Invalid::field("text", fault)),
    }
}

/// A text without what can't be seen, and without blank lines around it.
pub fn tidy(text: &str) -> String {
    let unseen =
        |c: char| (c.is_control() && c != '\n' && c != '\t') || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}');
    let text: String = text.replace("\r\n", "\n").replace('\r', "\n").chars().filter(|c| !unseen(*c)).collect();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').trim_end().to_owned()
}

/// Endings of files that a machine would run, or that can carry what it would.
const DANGEROUS: &[&str] = &[
    "accde", "ade", "adp", "apk", "app", "appx", "bat", "cab", "chm", "cmd", "com", "cpl", "dll", "docm", "dmg", "dotm", "exe", "hta",
    "htm", "html", "img", "inf", "ins", "iso", "jar", "js", "jse", "lnk", "mde", "mht", "mhtml", "msc", "msi", "msix", "msp", "mst", "one",
    "pif", "pkg", "potm", "ppam", "ppsm", "pptm", "ps1", "ps1xml", "psm1", "reg", "scf", "scr", "sct", "sh", "sldm", "shb", "svg", "svgz",
    "sys", "url", "vb", "vbe", "vbs", "vhd", "vhdx", "wsc", "wsf", "wsh", "xhtml", "xlam", "xll", "xlsb", "xlsm", "xltm", "xml",
];

/// Whether a file may be kept; `before` are kept already.
pub fn keep(name: &str, size: usize, before: usize) -> Result<(), WhyNotKept> {
    // every ending counts: a name may end in more than one, and some systems hide the last
    let mut endings = name.split('.').skip(1).map(|ending| ending.trim().to_ascii_lowercase());
    if endings.any(|ending| DANGEROUS.contains(&ending.as_str())) {
        Err(WhyNotKept::Dangerous)
    } else if size > FILE_MOST {
        Err(WhyNotKept::TooLarge)
    } else if size == 0 {
        Err(WhyNotKept::Empty)
    } else if before >= FILES_MOST {
        Err(WhyNotKept::TooMany)
    } else {
        Ok(())
    }
}

/// The most people who are told of one comment by mail: as many as fit into one transaction with a comment that has as many
/// files as it may. What is said in a group of more stands in its stream and in reports.
pub const TOLD_MOST: usize = 35;

/// The people around a record who may be told of what is said in it.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// The client whose record it is, or those of the group.
    pub clients: Vec<Client>,
    /// Who is what to them.
    pub pairings: Vec<Pairing>,
    /// The members who are paired with them.
    pub members: Vec<Member>,
}

impl Around {
    /// The record as it is to one of these people. In a group, an archived client is nobody, and so is who is paired with them.
    fn seen_by(&self, record: RecordOf, viewer: &Viewer) -> Option<RecordFacts> {
        let levels: BTreeMap<ClientId, Level> = match viewer {
            Viewer::Member(member) => {
                let own = self.pairings.iter().filter(|pairing| pairing.member_id == member.id);
                own.map(|pairing| (pairing.client_id, pairing.level)).collect()
            }
            Viewer::Client(_) | Viewer::Personnel(_) => BTreeMap::new(),
        };
        match record {
            RecordOf::Client(id) => {
                let client = self.clients.iter().find(|client| client.id == id)?;
                Some(RecordFacts::Client(ClientFacts::of(client, levels.get(&id).copied().unwrap_or_default())))
            }
            RecordOf::Group(id) => {
                let clients = self.clients.iter().filter(|client| !client.archived).map(|client| client.id).collect();
                Some(RecordFacts::Group(GroupFacts::new(id, &levels, Some(viewer), &clients)))
            }
        }
    }
}

/// Who is told of a comment (C-2): of a client's, the primary coach, and members who coach beside and asked for it; of a
/// member's, the client, or the clients of the group. Nobody else, and nobody who may not see the item. Of what a client says
/// in a group the other clients are not told: they read it there.
pub fn told(author: Actor, item: &Item, around: &Around) -> Vec<Recipient> {
    let facts = ItemFacts::of(item);
    let hears = |viewer: &Viewer| around.seen_by(item.record, viewer).is_some_and(|record| hears(viewer, &record, &facts));
    let told: Vec<Recipient> = match author {
        Actor::Client(_) => {
            let members = around.members.iter().filter(|member| hears(&Viewer::Member((*member).clone())));
            members.map(|member| to_member(member.id, &member.name, &member.email)).collect()
        }
        Actor::Member(_) => {
            let hearing = around.clients.iter().filter(|client| hears(&Viewer::Client((*client).clone())));
            let recipient = |client: &Client| {
                let email = client.email.clone()?;
                Some(Recipient { email, person: Some(PersonId::Client(client.id)), name: Some(client.name()) })
            };
            hearing.filter_map(recipient).collect()
        }
        Actor::Personnel(_) | Actor::System => Vec::new(),
    };
    if told.len() > TOLD_MOST { Vec::new() } else { told }
}

/// Whether somebody is to hear of the other party's comments: by what they are to the client or the group, by what they asked
/// for, and by what they may see and answer.
pub fn hears(person: &Viewer, record: &RecordFacts, item: &ItemFacts) -> bool {
    let wants = match person {
        Viewer::Member(member) => match record.level() {
            Level::Primary => member.notifications.comments != Some(false),
            Level::Coaching => member.notifications.comments == Some(true),
            Level::ViewOnly | Level::None => false,
        },
        Viewer::Client(own) => own.notifications.comments != Some(false),
        Viewer::Personnel(_) => false,
    };
    wants && decide(person, Action::Comment, &record.item(item)).is_allowed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_loses_what_cannot_be_seen_and_keeps_its_lines() {
        for (given, kept) in
            [("  two\r\n\r\nlines \r\n", "  two\n\nlines"), ("\n\n", ""), ("a\u{202E}b\u{0}c\td", "abc\td"), ("🎯 ja", "🎯 ja")]
        {
            assert_eq!(tidy(given), kept, "{given:?}");
        }
        assert!(text(Some(" \n ")).is_err() && text(None).is_err());
        assert!(text(Some(&"x".repeat(TEXT_MOST))).is_ok() && text(Some(&"x".repeat(TEXT_MOST + 1))).is_err());
    }

    #[test]
    fn what_a_machine_would_run_is_not_kept_whatever_else_its_name_says() {
        for name in ["plan.docm", "a.exe", "A.EXE", "invoice.pdf.exe", "a.exe.pdf", "x.html", "x.svg", "run.ps1 "] {
            assert_eq!(keep(name, 10, 0), Err(WhyNotKept::Dangerous), "{name}");
        }
        for name in ["a.pdf", "photo.JPG", "notes", "exe", "plan v1.2.docx"] {
            assert_eq!(keep(name, 10, 0), Ok(()), "{name}");
        }
        assert_eq!(keep("a.pdf", FILE_MOST + 1, 0), Err(WhyNotKept::TooLarge));
        assert_eq!(keep("a.pdf", 0, 0), Err(WhyNotKept::Empty));
        assert_eq!(keep("a.pdf", 1, FILES_MOST), Err(WhyNotKept::TooMany));
    }
}
