//! The invitation to a client's portal (P-5).

use chrono::NaiveDate;

use crate::sheet::{Sheet, Sign};
use crate::{Message, view, words};

/// The most characters of a name in a subject.
const NAME_MOST: usize = 60;

/// An invitation to a client's portal (P-5).
#[derive(Clone, Copy, Debug)]
pub struct Invitation<'a> {
    /// Name of the account.
    pub account: &'a str,
    /// Name of the coach who invites.
    pub coach: &'a str,
    /// The client's first name.
    pub first_name: &'a str,
    /// The page where it is accepted, as an absolute URL.
    pub accept: &'a str,
    /// The last day the link works, on the client's calendar.
    pub valid_until: NaiveDate,
    /// The delivery; keeps mail programs from stacking mails into one conversation.
    pub delivery_id: &'a str,
}

/// Composes an invitation (P-5).
pub fn invitation(letter: &Invitation<'_>) -> Message {
    let account = view::name(letter.account);
    let coach = view::name(letter.coach);
    let until = words::weekday(letter.valid_until);
    let named = words::isolate(&coach);
    let hello = match words::line(letter.first_name, NAME_MOST) {
        name if name.is_empty() => "Hello,".to_owned(),
        name => format!("Hi {},", words::isolate(&name)),
    };
    let sheet = Sheet {
        subject: format!("{} invites you to {}", words::clip(&coach, NAME_MOST), words::clip(&account, NAME_MOST)),
        preheader: format!("Your coaching in one place. The link works until {until}"),
        title: format!("{named} invites you"),
        sign: Sign::Face(coach),
        over: Some("Your coaching portal".to_owned()),
        paragraphs: vec![
            format!(
                "{hello} {named} has opened a place for your coaching: your sessions, actions, worksheets and notes, to read and to add to whenever you like."
            ),
            "Accepting takes a minute.".to_owned(),
        ],
        button: Some(("Accept the invitation", letter.accept)),
        note: Some(format!("The link is for you alone and works until {until}. If you did not expect it, you need not do anything.")),
        why: vec![format!("You get this because {named} of {} invited you.", words::isolate(&account))],
        ..Sheet::default()
    };
    sheet.write(&account, letter.delivery_id)
}
