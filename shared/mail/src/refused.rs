//! Why a mail did not become a comment, told to whom it seems to come from (C-3, IN-50).

use domain::inbound::{ADDRESS_GOOD_FOR, DAILY_MOST, HOURLY_MOST, MAIL_MOST, ORIGINAL_KEPT_FOR, Refusal};

use crate::headers::Kind;
use crate::sheet::{Sheet, Sign};
use crate::style::{accent, grey};
use crate::{Message, view, words};

/// The most characters of a title in a subject: what follows it must stay in sight.
const TITLE_MOST: usize = 80;

/// A mail on why a mail did not become a comment. What came in is never quoted.
#[derive(Clone, Copy, Debug)]
pub struct RefusedLetter<'a> {
    /// Name of the account.
    pub account: &'a str,
    /// Why.
    pub why: Refusal,
    /// The title of the item, where one is known and the reader may see it.
    pub item: Option<&'a str>,
    /// Where the item can be seen, as an absolute URL.
    pub page: Option<&'a str>,
    /// For [`Refusal::Unconfirmed`]: a page that asks before it takes the mail as a comment.
    pub confirm: Option<&'a str>,
    /// The delivery; keeps mail programs from stacking mails into one conversation.
    pub delivery_id: &'a str,
}

/// Composes a mail on why a mail did not become a comment. Refusals that nobody is told of ([`Refusal::is_told`]) read in
/// general terms.
pub fn refused(letter: &RefusedLetter<'_>) -> Message {
    let account = view::name(letter.account);
    let item = letter.item.map(view::title);
    let (what, next) = told(letter, &words::isolate(&account));
    let unconfirmed = letter.why == Refusal::Unconfirmed;
    let on = item.as_deref().map(|item| format!(" on “{}”", words::clip(item, TITLE_MOST))).unwrap_or_default();
    let sheet = Sheet {
        subject: if unconfirmed { format!("Please confirm your comment{on}") } else { format!("Your comment{on} was not added") },
        preheader: words::bare(&next),
        sign: Sign::Mark(if unconfirmed { accent("?") } else { grey("!") }),
        title: if unconfirmed { "Is this comment yours?" } else { "Your comment was not added" }.to_owned(),
        paragraphs: vec![what, next],
        facts: item.map(|item| ("Item", item)).into_iter().collect(),
        button: match (letter.confirm.filter(|_| unconfirmed), letter.page) {
            (Some(confirm), _) => Some(("Confirm my comment", confirm)),
            (None, Some(page)) => Some(("Open the item", page)),
            (None, None) => None,
        },
        note: unconfirmed.then(|| {
            format!("Your mail is kept for {} days. If you did not write it, you need not do anything.", ORIGINAL_KEPT_FOR.num_days())
        }),
        why: vec![format!(
            "You get this because a mail that seems to be yours came to an address for comments.{}",
            if unconfirmed { "" } else { " You hear of each reason at most once a day." }
        )],
        ..Sheet::default()
    };
    sheet.write_as(Kind::Answer(letter.delivery_id), &account)
}

/// What happened, and what to do.
fn told(letter: &RefusedLetter<'_>, account: &str) -> (String, String) {
    let page = if letter.page.is_some() { " You can also write your comment on its page." } else { "" };
    let say = |what: &str, next: String| (what.to_owned(), next);
    match letter.why {
        Refusal::Ambiguous => say(
            "Your mail went to comment addresses of several items or people, so we can’t tell which one it is meant for.",
            format!("Send it again, to one of them only.{page}"),
        ),
        Refusal::Unconfirmed if letter.confirm.is_some() => {
            say("We could not be certain that this came from you.", "Confirm it below; until then nobody has seen it.".to_owned())
        }
        Refusal::Unconfirmed => say(
            "We could not be certain that this came from you, so nobody has seen it.",
            format!("Send it from the mailbox that this mail came to, through its own mail service.{page}"),
        ),
        Refusal::AnotherSender => say(
            "The mail came from another address than the one its comment address was made for: each works for one person only, writing from their own mail address.",
            format!("Write from the mailbox that this mail came to, and use a Comment link of a mail that you got there.{page}"),
        ),
        Refusal::Expired => say(
            &format!("The comment address you wrote to is older than {} days, and works no more.", ADDRESS_GOOD_FOR.num_days()),
            format!("Use the Comment link of a newer mail.{page}"),
        ),
        Refusal::NoItem => say(
            "What you wrote to is gone, or your mail answered a report as a whole and not one thing in it.",
            "Use the Comment link beside the thing that you want to comment on.".to_owned(),
        ),
        Refusal::NoRight => say("You can’t comment on this any more.", format!("If you think that you should, please ask at {account}.")),
        Refusal::Archived => say(
            "The record it belongs to is archived: it can be read, but nothing can be added to it.",
            format!("If it should go on, please ask at {account}."),
        ),
        Refusal::TooLarge => say(
            &format!("Your mail is larger than {} MB, which is the most we can take.", MAIL_MOST / (1024 * 1024)),
            format!("Send it again with fewer or smaller files.{page}"),
        ),
        Refusal::Encrypted => say("Your mail is encrypted, so we can’t read it.", format!("Send it again without encryption.{page}")),
        Refusal::Unreadable => {
            say("Your mail is built in a way that we can’t read.", format!("Write it anew, as plain text without attached mails.{page}"))
        }
        Refusal::Empty => say(
            "We found nothing in your mail that you wrote yourself.",
            format!("Send it again with your words above everything that is quoted.{page}"),
        ),
        Refusal::TooOften => say(
            &format!("You sent more comments by mail than we take: {HOURLY_MOST} an hour on one item, and {DAILY_MOST} a day."),
            format!("What you sent before has been added. Send this one again later.{page}"),
        ),
        Refusal::NotForUs
        | Refusal::TooManyRecipients
        | Refusal::UnknownAddress
        | Refusal::Virus
        | Refusal::Spam
        | Refusal::Automatic
        | Refusal::Bounce
        | Refusal::List
        | Refusal::Loop
        | Refusal::NoSingleSender
        | Refusal::Forged => say("Your mail could not be taken as a comment.", format!("Use the Comment link of a newer mail.{page}")),
    }
}
