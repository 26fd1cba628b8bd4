//! What tells a client that their portal was switched on or off (P-5).

use crate::sheet::{Sheet, Sign};
use crate::style::{accent, grey};
use crate::{Message, view, words};

/// The most characters of a name in a subject.
const NAME_MOST: usize = 60;

/// A mail on a portal that was switched on or off (P-5).
#[derive(Clone, Copy, Debug)]
pub struct PortalChanged<'a> {
    /// Name of the account.
    pub account: &'a str,
    /// The client's first name.
    pub first_name: &'a str,
    /// Where one signs in, as an absolute URL, if it was switched on.
    pub sign_in: Option<&'a str>,
    /// The delivery; keeps mail programs from stacking mails into one conversation.
    pub delivery_id: &'a str,
}

/// Composes a mail on a portal that was switched on or off (P-5).
pub fn portal_changed(letter: &PortalChanged<'_>) -> Message {
    let account = view::name(letter.account);
    let named = words::isolate(&account);
    let hello = match words::line(letter.first_name, NAME_MOST) {
        name if name.is_empty() => "Hello,".to_owned(),
        name => format!("Hi {},", words::isolate(&name)),
    };
    let whose = words::clip(&account, NAME_MOST);
    let (subject, title, sign, what, next) = match letter.sign_in {
        Some(_) => (
            format!("Your portal at {whose} is on again"),
            "Your portal is on again",
            accent("→"),
            format!("{hello} {named} has switched your coaching portal on again. Everything in it is where it was."),
            "You sign in with your mail address: there is no password to remember.",
        ),
        None => (
            format!("Your portal at {whose} is switched off"),
            "Your portal is switched off",
            grey("II"),
            format!("{hello} {named} has switched your coaching portal off. Until it is on again you can’t sign in."),
            "What is in your record stays there. If you did not expect this, please ask your coach.",
        ),
    };
    let sheet = Sheet {
        subject,
        preheader: next.to_owned(),
        sign: Sign::Mark(sign),
        over: Some("Your coaching portal".to_owned()),
        title: title.to_owned(),
        paragraphs: vec![what, next.to_owned()],
        button: letter.sign_in.map(|page| ("Sign in", page)),
        why: vec![format!("You get this because you have a coaching portal at {named}.")],
        ..Sheet::default()
    };
    sheet.write(&account, letter.delivery_id)
}
