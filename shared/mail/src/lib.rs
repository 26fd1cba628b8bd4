//! Mail as plain values: what goes out is composed here, and what comes in is read by [`incoming`]. Nothing is sent or stored.
//!
//! [`report()`] makes one report mail for one recipient, [`notice()`] the short mails that tell an owner or an
//! administrator what happened to a report, [`off_track`] the mails on engagements that went off track (T-9,
//! T-10, T-13), [`invitation()`] the one to a client's portal and [`portal_changed()`] what became of it (P-5), [`sign_in()`]
//! the link to sign in with, [`comment()`] a comment to the other party (C-2), and [`refused()`] why a mail did not become
//! one (C-3). All give a [`Message`]: HTML, the same in plain text, charts, headers.

mod answer;
mod chart;
mod comment;
mod digest;
mod headers;
mod html;
pub mod incoming;
mod invitation;
pub mod judge;
mod notice;
pub mod off_track;
mod plan;
mod portal;
mod refused;
mod report;
mod sheet;
mod sign_in;
mod style;
mod text;
mod view;
mod words;

pub use comment::{CommentLetter, comment};
pub use headers::LOOP_HEADER;
pub use incoming::ABOVE_THIS_LINE;
pub use invitation::{Invitation, invitation};
pub use notice::{Bounced, Notice, NoticeLetter, Why, notice};
pub use portal::{PortalChanged, portal_changed};
pub use refused::{RefusedLetter, refused};
pub use report::{HTML_MOST, Letter, Links, report, whole};
pub use sign_in::{SignIn, sign_in};

/// A mail to one recipient, but for the addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Subject: one line of Unicode without control characters, to be encoded by whoever sends it.
    pub subject: String,
    /// What a list of mails shows after the subject; it is in the HTML, hidden.
    pub preheader: String,
    /// The HTML part.
    pub html: String,
    /// The plain text part: the same items, lines of at most 78 columns where words allow.
    pub text: String,
    /// The images that the HTML refers to by `cid:`.
    pub images: Vec<Image>,
    /// Headers besides those every mail has: printable ASCII, each value at most 995 characters.
    pub headers: Vec<(String, String)>,
}

/// An image inside a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// What the HTML calls it: `<img src="cid:…">`; ASCII, at most 78 characters, unique in the mail.
    pub content_id: String,
    /// The name a mail program shows.
    pub file_name: String,
    /// The picture.
    pub png: Vec<u8>,
    /// What it shows, in words and numbers.
    pub alt: String,
}
