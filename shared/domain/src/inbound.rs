//! Mail that comes in: what may become of it (C-3, C-5). The list of refusals is closed, and each says whether its sender
//! hears of it.

use chrono::Duration;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How long an address that a mail named for comments is good for.
pub const ADDRESS_GOOD_FOR: Duration = Duration::days(90);
/// How long what is known of such an address is kept, so that who uses it late is told.
pub const ADDRESS_KEPT_FOR: Duration = Duration::days(400);
/// How long a mail that came in is kept.
pub const ORIGINAL_KEPT_FOR: Duration = Duration::days(30);
/// The most comments by mail on one item by one person in an hour.
pub const HOURLY_MOST: u32 = 20;
/// The most comments by mail of one person in a day.
pub const DAILY_MOST: u32 = 100;
/// The most mails that somebody is asked to confirm in a day.
pub const HELD_MOST: u32 = 5;
/// The most bytes of a mail that is read.
pub const MAIL_MOST: u64 = 10 * 1024 * 1024;
/// The most recipients of a mail that is read.
pub const RECIPIENTS_MOST: usize = 20;

/// What SES found out about one aspect of a mail.
///
/// <https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html>
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// It passed.
    #[serde(rename = "PASS")]
    Pass,
    /// It failed.
    #[serde(rename = "FAIL")]
    Fail,
    /// Nothing can be said: no signature, no policy.
    #[serde(rename = "GRAY")]
    Gray,
    /// SES could not find out, did not say, or said something that nobody knows.
    #[default]
    #[serde(other, rename = "PROCESSING_FAILED")]
    Unknown,
}

/// Why a mail is not stored as a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// No recipient of it is an address of ours for comments.
    NotForUs,
    /// It has more than [`RECIPIENTS_MOST`] recipients.
    TooManyRecipients,
    /// The address is none that we made (IN-07).
    UnknownAddress,
    /// It went to addresses of several items or people (IN-06).
    Ambiguous,
    /// A virus was found in it, or it was not searched for any (IN-11).
    Virus,
    /// It is spam (IN-11).
    Spam,
    /// A program answered (IN-20, IN-23, IN-25, IN-26).
    Automatic,
    /// It is a report on a mail that did not arrive, or has no sender (IN-21, IN-22).
    Bounce,
    /// It went through a list (IN-24).
    List,
    /// It is one of our own mails (IN-27).
    Loop,
    /// It has no sender, or several (IN-10).
    NoSingleSender,
    /// It says to come from somebody whose domain denies that (IN-11).
    Forged,
    /// It is not certain whom it comes from; held until the person confirms it (IN-11 to IN-13).
    Unconfirmed,
    /// The sender is not the person whom the address was made for (IN-10).
    AnotherSender,
    /// The address was made too long ago (IN-05).
    Expired,
    /// The item is gone, or the address is one of a mail as a whole.
    NoItem,
    /// The person may not comment on the item any more (C-3).
    NoRight,
    /// The client's record is archived.
    Archived,
    /// It is larger than [`MAIL_MOST`] (IN-40).
    TooLarge,
    /// It is encrypted (IN-42).
    Encrypted,
    /// It is built in a way that nobody can read (IN-41).
    Unreadable,
    /// The person wrote nothing above what is quoted (IN-45).
    Empty,
    /// The person sent too many (IN-28).
    TooOften,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Self; 23] = [
        Self::NotForUs,
        Self::TooManyRecipients,
        Self::UnknownAddress,
        Self::Ambiguous,
        Self::Virus,
        Self::Spam,
        Self::Automatic,
        Self::Bounce,
        Self::List,
        Self::Loop,
        Self::NoSingleSender,
        Self::Forged,
        Self::Unconfirmed,
        Self::AnotherSender,
        Self::Expired,
        Self::NoItem,
        Self::NoRight,
        Self::Archived,
        Self::TooLarge,
        Self::Encrypted,
        Self::Unreadable,
        Self::Empty,
        Self::TooOften,
    ];

    /// The reason as it stands in answers, counters and the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotForUs => "not_for_us",
            Self::TooManyRecipients => "too_many_recipients",
            Self::UnknownAddress => "unknown_address",
            Self::Ambiguous => "ambiguous",
            Self::Virus => "virus",
            Self::Spam => "spam",
            Self::Automatic => "automatic",
            Self::Bounce => "bounce",
            Self::List => "list",
            Self::Loop => "loop",
            Self::NoSingleSender => "no_single_sender",
            Self::Forged => "forged",
            Self::Unconfirmed => "unconfirmed",
            Self::AnotherSender => "another_sender",
            Self::Expired => "expired",
            Self::NoItem => "no_item",
            Self::NoRight => "no_right",
            Self::Archived => "archived",
            Self::TooLarge => "too_large",
            Self::Encrypted => "encrypted",
            Self::Unreadable => "unreadable",
            Self::Empty => "empty",
            Self::TooOften => "too_often",
        }
    }

    /// Whether the person hears of it, at the address we know, once a day for each reason (C-3, IN-50). Nobody else ever
    /// does, and nobody in answer to a program.
    pub fn is_told(self) -> bool {
        match self {
            Self::NotForUs
            | Self::TooManyRecipients
            | Self::UnknownAddress
            | Self::Virus
            | Self::Spam
            | Self::Automatic
            | Self::Bounce
            | Self::List
            | Self::Loop
            | Self::NoSingleSender
            | Self::Forged => false,
            Self::Ambiguous
            | Self::Unconfirmed
            | Self::AnotherSender
            | Self::Expired
            | Self::NoItem
            | Self::NoRight
            | Self::Archived
            | Self::TooLarge
            | Self::Encrypted
            | Self::Unreadable
            | Self::Empty
            | Self::TooOften => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_that_nobody_knows_is_never_a_pass() {
        for (text, verdict) in [
            ("\"PASS\"", Verdict::Pass),
            ("\"FAIL\"", Verdict::Fail),
            ("\"GRAY\"", Verdict::Gray),
            ("\"PROCESSING_FAILED\"", Verdict::Unknown),
            ("\"pass\"", Verdict::Unknown),
            ("\"SOMETHING\"", Verdict::Unknown),
        ] {
            assert_eq!(serde_json::from_str::<Verdict>(text).unwrap(), verdict, "{text}");
        }
    }

    #[test]
    fn every_refusal_has_a_name_of_its_own_which_it_also_has_in_messages() {
        let names: std::collections::BTreeSet<_> = Refusal::ALL.iter().map(|refusal| refusal.name()).collect();
        assert_eq!(names.len(), Refusal::ALL.len());
        for refusal in Refusal::ALL {
            assert_eq!(serde_json::to_value(refusal).unwrap(), refusal.name());
        }
    }
}
