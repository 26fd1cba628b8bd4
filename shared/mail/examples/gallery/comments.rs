//! Comments on their way, and why a mail did not become one, as tests compare and people look at them.

use domain::inbound::Refusal;
use domain::item::ItemKind;
use mail::{CommentLetter, Message, RefusedLetter};

use super::at;

const PAGE: &str = "https://coach.example/clients/00000000000000000000000001/items/01J9Z3K5T0QW8R2M4N6P7S9V1X";
/// Where an answer goes.
pub const ADDRESS: &str = "reply+7hq2mx0bt9k3vqp4r6u2d7n5xw8yabcdefghj4m6n8p2s5t7@reply.cairn.example";
/// What Amber wrote.
pub const SAID: &str = "Talked to Noor this morning, it went better than I feared!\n\nTwo things I'd like to bring to our next session:\n  1. \
how to say no to the offsite without a long story\n  2. whether \"Thursday\" is a promise or a plan <- not sure & a bit nervous\n\nHere is \
what she sent: https://northwind.example/offsite?a=1&b=2\n\nAmber";

/// Every case by name.
pub fn all() -> Vec<(&'static str, Message)> {
    let mut all = vec![
        ("comment-to-coach", mail::comment(&to_coach())),
        ("comment-to-client", mail::comment(&to_client())),
        ("comment-files", files()),
        ("comment-hostile", hostile()),
        ("comment-long", mail::comment(&CommentLetter { text: &"A long \"comment\" & more <of it>.\n".repeat(300), ..to_coach() })),
    ];
    all.extend(Refusal::ALL.into_iter().filter(|why| why.is_told()).map(|why| (name(why), refused(why))));
    all.push(("refused-in-general", refused(Refusal::Forged)));
    all.push((
        "refused-hostile",
        mail::refused(&RefusedLetter {
            account: "<b>Maple</b>\r\nBcc: x", item: Some("\u{202e}<script>\r\n🎯"), ..why(Refusal::Expired)
        }),
    ));
    all.push(("refused-unknown-item", mail::refused(&RefusedLetter { item: None, page: None, ..why(Refusal::NoItem) })));
    all
}

fn name(why: Refusal) -> &'static str {
    format!("refused-{}", why.name().replace('_', "-")).leak()
}

/// A client's comment to her coach.
pub fn to_coach() -> CommentLetter<'static> {
    CommentLetter {
        account: "Maple & Rowe Coaching",
        author: "Amber Stone",
        to_client: false,
        client: "Amber Stone",
        group: None,
        kind: ItemKind::Action,
        title: "Ask Noor for feedback on the offsite",
        text: SAID,
        files: &[],
        not_kept: &[],
        address: ADDRESS,
        page: Some(PAGE),
        stop: "https://coach.example/s/2mB7xQ9cT4",
        said_at: at("2026-11-18T15:04:00Z"),
        zone: chrono_tz::America::New_York,
        thread: "item.01j9z3k5t0qw8r2m4n6p7s9v1x@reply.cairn.example",
    }
}

/// A coach's comment to her client.
pub fn to_client() -> CommentLetter<'static> {
    CommentLetter {
        author: "Maya Feldman",
        to_client: true,
        text: "Well done. Thursday is a promise: you said it to her face.",
        page: None,
        ..to_coach()
    }
}

fn files() -> Message {
    let files = [("offsite-v3.pdf".to_owned(), 1_482_113), ("ملاحظات.docx".to_owned(), 20_480)];
    let not_kept = [("setup.exe".to_owned(), "programs are not kept"), ("film.mov".to_owned(), "larger than 10 MB")];
    mail::comment(&CommentLetter { files: &files, not_kept: &not_kept, text: "Here they are.", kind: ItemKind::File, ..to_coach() })
}

fn hostile() -> Message {
    mail::comment(&CommentLetter {
        account: "<b>Maple</b> & שלום",
        author: "Amber\r\nBcc: everyone@victim.example <script>",
        client: "محمد علي الأحمد",
        title: "</td>\r\nBcc: x@y.example \u{202e}🎯 <script>alert(1)</script> & a title that goes on for longer than any subject should",
        text: "<img src=x onerror=alert(1)>\nملاحظة قصيرة\n\n\n\u{202e}evil\u{0}\t{{template}}\n-- \nAmber 👩\u{200d}🚀",
        files: &[("\"><script>\r\n.pdf".to_owned(), 3)],
        not_kept: &[(String::new(), "empty")],
        address: "reply+abc@reply.cairn.example\"><script>\r\n",
        page: Some("https://coach.example/?a=1&b=\"><script>"),
        thread: "item.1@reply.cairn.example>\r\nBcc: <x@y.example",
        ..to_coach()
    })
}

/// Why a mail on an action was refused.
pub fn why(why: Refusal) -> RefusedLetter<'static> {
    RefusedLetter {
        account: "Maple & Rowe Coaching",
        why,
        item: Some("Ask Noor for feedback on the offsite"),
        page: Some(PAGE),
        confirm: (why == Refusal::Unconfirmed).then_some("https://coach.example/confirm/7hQ2mX0bT9"),
        delivery_id: "k3vqp4r6u2d7n5xw8yabcdefgh",
    }
}

fn refused(refusal: Refusal) -> Message {
    mail::refused(&why(refusal))
}
