//! The mail with which one signs in.

use crate::sheet::{Sheet, Sign};
use crate::style::accent;
use crate::{Message, view, words};

/// The most characters of a name in a subject.
const NAME_MOST: usize = 60;

/// A mail with a link to sign in.
#[derive(Clone, Copy, Debug)]
pub struct SignIn<'a> {
    /// Name of the account.
    pub account: &'a str,
    /// The page that asks once more, as an absolute URL.
    pub link: &'a str,
    /// For how many minutes the link works.
    pub minutes: i64,
    /// The delivery; keeps mail programs from stacking mails into one conversation.
    pub delivery_id: &'a str,
}

/// Composes a mail with a link to sign in.
pub fn sign_in(letter: &SignIn<'_>) -> Message {
    let account = view::name(letter.account);
    let named = words::isolate(&account);
    let sheet = Sheet {
        subject: format!("Sign in to {}", words::clip(&account, NAME_MOST)),
        preheader: format!("Your link works once, for {} minutes, in the browser where you asked for it", letter.minutes),
        sign: Sign::Mark(accent("→")),
        title: format!("Sign in to {named}"),
        paragraphs: vec![
            "Somebody, most likely you, asked to sign in with this mail address.".to_owned(),
            format!("The link works once, for {} minutes, and only in the browser where it was asked for.", letter.minutes),
        ],
        button: Some(("Sign in", letter.link)),
        note: Some("If it was not you, you need not do anything: without this mail nobody gets in. Please don’t pass it on.".to_owned()),
        why: vec![format!("You get this because your address was given on the sign-in page, and {named} knows it.")],
        ..Sheet::default()
    };
    sheet.write(&account, letter.delivery_id)
}
