//! Comment links, forwards of comments and refusals.

use std::collections::BTreeSet;

use domain::id::ItemId;
use domain::inbound::Refusal;
use domain::report::AudienceKind;
use mail::incoming::{self, Body};
use mail::{ABOVE_THIS_LINE, CommentLetter, HTML_MOST, LOOP_HEADER, Links, Message, RefusedLetter};
use proptest::prelude::*;

use super::{Content, any_content, assert_sound, cases, page, words};

fn header<'a>(message: &'a Message, name: &str) -> Vec<&'a str> {
    message.headers.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str()).collect()
}

/// The links of a mail that start one.
fn mailtos(message: &Message) -> Vec<String> {
    page(&message.html).unwrap().links.into_iter().filter(|link| link.starts_with("mailto:")).collect()
}

/// The addresses that the text names beside items.
fn addresses(message: &Message) -> Vec<&str> {
    message.text.lines().filter_map(|line| line.strip_prefix("      Comment: ")).collect()
}

/// What stands between the tags of a mail, as far as it is to be seen.
fn seen(html: &str) -> String {
    let body = html.split_once("<body").unwrap().1.split_once("</div>").unwrap().1;
    let mut text = String::new();
    for piece in body.split('<').skip(1) {
        text.push_str(piece.split_once('>').unwrap().1);
        text.push('\n');
    }
    text
}

fn report(content: &Content, audience: AudienceKind, comment: Option<&dyn Fn(ItemId) -> Option<String>>) -> Message {
    let links = Links { comment, ..cases::LINKS };
    mail::report(&cases::letter(audience, content, &links))
}

#[test]
fn every_item_in_mail_to_coaches_and_clients_can_be_commented_on() {
    let content = cases::content(vec![cases::amber(true), cases::anthony(), cases::cleo()]);
    for audience in [AudienceKind::Coach, AudienceKind::Clients] {
        let message = report(&content, audience, Some(&cases::address));
        let shown = page(&message.html).unwrap().things();
        assert_eq!(shown, content.sections.iter().map(|s| s.happened.len() + s.open.len() + s.metrics.len()).sum::<usize>());
        assert_eq!((mailtos(&message).len(), addresses(&message).len()), (shown, shown));
        assert_eq!(message.html.matches(" aria-label=\"Comment on: ").count(), shown);
        for (link, address) in mailtos(&message).iter().zip(addresses(&message)) {
            assert!(link.starts_with(&format!("mailto:{address}?subject=Re%3A%20")), "{link} {address}");
        }
        assert_eq!(addresses(&message).iter().collect::<BTreeSet<_>>().len(), shown, "each item has its own");
        assert!(message.html.contains("choose Comment beside it") && message.text.contains("To comment on something, write to"));
    }
}

#[test]
fn third_parties_and_personnel_get_no_address_whatever_is_given() {
    let content = cases::content(vec![cases::amber(false), cases::anthony()]);
    for audience in [AudienceKind::ThirdParties, AudienceKind::Personnel] {
        let message = report(&content, audience, Some(&cases::address));
        assert_eq!(message, report(&content, audience, None));
        let all = format!("{}{}", message.html, message.text);
        for sign in ["mailto:", "reply+", "Comment", ABOVE_THIS_LINE] {
            assert!(!all.contains(sign), "{sign}");
        }
    }
}

#[test]
fn what_cannot_be_commented_on_has_no_link() {
    let content = cases::content(vec![cases::amber(true)]);
    let first = content.sections[0].happened[0].item_id;
    let message = report(&content, AudienceKind::Coach, Some(&|id| cases::address(id).filter(|_| id != first)));
    assert_eq!(mailtos(&message).len() + 1, page(&message.html).unwrap().things());
    let none = report(&content, AudienceKind::Coach, Some(&|_| None));
    assert_eq!(none, report(&content, AudienceKind::Coach, None));
}

#[test]
fn a_mail_says_first_where_to_write_an_answer_if_it_has_one() {
    for (name, message) in cases::all() {
        let answers = !mailtos(&message).is_empty();
        assert_eq!(message.text.starts_with(&format!("{ABOVE_THIS_LINE}\n")), answers, "{name}");
        assert_eq!(seen(&message.html).trim_start().starts_with(ABOVE_THIS_LINE), answers, "{name}");
        assert_eq!(message.html.matches(ABOVE_THIS_LINE).count(), usize::from(answers), "{name}");
    }
}

#[test]
fn comments_are_quoted_under_their_item_the_last_three_of_it() {
    let message = cases::coach();
    for (who, said) in [
        ("Amber Stone", "Is two pages enough"),
        ("Maya Feldman", "What made the difference"),
        ("Cleo Park", "I asked first"),
        ("Cleo Park", "And slept"),
    ] {
        let who = if who == "Maya Feldman" { "You" } else { who };
        assert!(message.text.lines().any(|line| line.starts_with(&format!("      | {who}, ")) && line.contains(said)), "{said}");
        assert!(message.html.contains(said), "{said}");
    }
    assert!(!format!("{}{}", message.html, message.text).contains("Only the last three are shown."));
}

#[test]
fn all_mail_can_be_told_to_be_ours_and_written_by_a_program() {
    for (name, message) in cases::all() {
        assert_eq!(header(&message, LOOP_HEADER), ["cairn"], "{name}");
        let submitted = if name.starts_with("refused") { "auto-replied" } else { "auto-generated" };
        assert_eq!(header(&message, "Auto-Submitted"), [submitted], "{name}");
        assert_eq!(header(&message, "X-Auto-Response-Suppress").len(), 1, "{name}");
        assert!(message.headers.len() <= 12, "{name}");
    }
}

#[test]
fn comments_on_an_item_hold_together_in_a_conversation() {
    for letter in [cases::comments::to_coach(), cases::comments::to_client()] {
        let message = mail::comment(&letter);
        let thread = format!("<{}>", letter.thread);
        assert_eq!((header(&message, "References"), header(&message, "In-Reply-To")), (vec![thread.as_str()], vec![thread.as_str()]));
        assert_eq!(message.subject, "Re: Ask Noor for feedback on the offsite");
        assert!(header(&message, "X-Entity-Ref-ID").is_empty(), "which would part them");
        assert_eq!(header(&message, "List-Unsubscribe"), [format!("<{}>", letter.stop)]);
        assert_eq!(header(&message, "List-Unsubscribe-Post"), ["List-Unsubscribe=One-Click"]);
    }
}

#[test]
fn a_comment_keeps_its_lines_and_links_nowhere() {
    let letter = cases::comments::to_coach();
    let message = mail::comment(&letter);
    for line in letter.text.lines().filter(|line| !line.is_empty()) {
        assert!(message.text.lines().any(|l| l == line), "{line}");
    }
    let mut links = page(&message.html).unwrap().links;
    links.retain(|link| !link.starts_with("mailto:reply+"));
    assert_eq!(links, [letter.page.unwrap(), letter.stop]);
    assert!(message.html.contains("plan &lt;- not sure &amp; a bit nervous<br>"));
}

#[test]
fn the_client_is_not_told_of_pages_or_people_that_are_not_for_them() {
    let message = mail::comment(&cases::comments::to_client());
    assert!(!message.text.contains("Amber Stone") && !message.text.contains("/clients/"));
}

#[test]
fn a_comment_too_long_for_a_mail_is_cut_and_says_so() {
    let text = "\"".repeat(10_000);
    let files: Vec<(String, u64)> = (0..40).map(|_| ("\"".repeat(300), 1)).collect();
    let not_kept: Vec<(String, &str)> = (0..200).map(|_| ("\"".repeat(300), "empty")).collect();
    let message = mail::comment(&CommentLetter { text: &text, files: &files, not_kept: &not_kept, ..cases::comments::to_coach() });
    assert_sound(&message);
    assert!(message.text.contains("The comment goes on.") && message.html.contains("The comment goes on."));
    assert!(message.text.contains("and 200 more"));
    let whole = mail::comment(&CommentLetter { text: &"word ".repeat(2_000), ..cases::comments::to_coach() });
    assert!(!whole.text.contains("The comment goes on.") && whole.html.len() <= HTML_MOST);
}

#[test]
fn each_refusal_that_is_told_says_what_happened_and_what_to_do() {
    let letter = |why| RefusedLetter { item: None, ..cases::comments::why(why) };
    let general = mail::refused(&letter(Refusal::Forged));
    let mut texts = BTreeSet::new();
    for why in Refusal::ALL {
        let message = mail::refused(&letter(why));
        assert_sound(&message);
        assert!(message.text.contains("https://coach.example/"), "{why:?}");
        assert_eq!(message == general, !why.is_told(), "{why:?}");
        assert!(texts.insert(message.text) || !why.is_told(), "{why:?} reads like another");
    }
    let unconfirmed = mail::refused(&letter(Refusal::Unconfirmed));
    let links = page(&unconfirmed.html).unwrap().links;
    assert_eq!(links, ["https://coach.example/confirm/7hQ2mX0bT9"], "the one thing to do");
    assert!(unconfirmed.text.contains("kept for 30 days"));
    let nowhere = mail::refused(&RefusedLetter { confirm: None, page: None, ..letter(Refusal::Unconfirmed) });
    assert!(page(&nowhere.html).unwrap().links.is_empty() && !nowhere.text.contains("button"));
}

/// The inside of a page's body: what programs quote.
fn inside(html: &str) -> &str {
    let body = html.split_once("<body").unwrap().1;
    body.split_once('>').unwrap().1.split_once("</body>").unwrap().0
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('\n', "<br>")
}

/// Answers to a mail as several programs write them: the name of the program, the plain text if any, the HTML if any.
fn answers(said: &str, to: &Message) -> Vec<(&'static str, Option<String>, Option<String>)> {
    let quoted: String = to.text.lines().map(|line| if line.is_empty() { ">\n".to_owned() } else { format!("> {line}\n") }).collect();
    let on = "On Wed, Nov 18, 2026 at 10:05 AM Maple & Rowe Coaching <mail@coach.example> wrote:";
    let (html, inner, on_html) = (escaped(said), inside(&to.html), escaped(on));
    let from = format!(
        "From: Maple & Rowe Coaching <mail@coach.example>\nSent: Wednesday, November 18, 2026 10:05 AM\nTo: Maya Feldman <maya@maple.example>\nSubject: {}",
        to.subject
    );
    let gmail = format!(
        "<div dir=\"ltr\">{html}</div><br><div class=\"gmail_quote gmail_quote_container\"><div dir=\"ltr\" class=\"gmail_attr\">{on_html}<br></div>\
        <blockquote class=\"gmail_quote\" style=\"margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex\">{inner}</blockquote></div>"
    );
    let apple = format!(
        "<html><body dir=\"auto\">{html}<div><br><blockquote type=\"cite\"><div>{on_html}</div><br></blockquote></div><blockquote type=\"cite\"><div>{inner}</div></blockquote></body></html>"
    );
    let outlook = format!(
        "<html><body><div class=\"elementToProof\">{html}</div><div id=\"appendonsend\"></div><hr style=\"display:inline-block;width:98%\" tabindex=\"-1\">\
        <div id=\"divRplyFwdMsg\" dir=\"ltr\">{}<div> </div></div>{inner}</body></html>",
        escaped(&from)
    );
    vec![
        ("gmail", Some(format!("{said}\n\n{on}\n\n{quoted}")), Some(gmail.clone())),
        ("gmail, HTML alone", None, Some(gmail)),
        (
            "apple",
            Some(format!("{said}\n\n> On 18 Nov 2026, at 10:05, Maple & Rowe Coaching <mail@coach.example> wrote:\n> \n{quoted}")),
            Some(apple.clone()),
        ),
        ("apple, HTML alone", None, Some(apple)),
        ("outlook", Some(format!("{said}\n________________________________\n{from}\n\n{}", to.text)), Some(outlook.clone())),
        ("outlook, HTML alone", None, Some(outlook)),
        ("one that marks no quote", Some(format!("{said}\n\n{}", to.text)), None),
        ("one that marks no quote, HTML alone", None, Some(format!("<p>{html}</p>{inner}"))),
    ]
}

/// A raw mail of these bodies.
fn raw(plain: Option<&str>, html: Option<&str>) -> Vec<u8> {
    let mut mail = "From: Maya <maya@maple.example>\r\nTo: reply+abc@reply.cairn.example\r\nSubject: Re: x\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/alternative; boundary=\"b-7hq2mx0bt9\"\r\n\r\n"
        .to_owned();
    for (kind, body) in [("plain", plain), ("html", html)] {
        if let Some(body) = body {
            mail.push_str(&format!(
                "--b-7hq2mx0bt9\r\nContent-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{body}\r\n"
            ));
        }
    }
    mail.push_str("--b-7hq2mx0bt9--\r\n");
    mail.into_bytes()
}

#[test]
fn an_answer_to_any_of_our_mails_is_read_to_what_was_written() {
    let mut wrong = Vec::new();
    for (name, message) in cases::all().into_iter().filter(|(_, message)| !mailtos(message).is_empty()) {
        for said in ["Yes, Thursday works.", "Good point!\n\nLet's talk about it on Tuesday:\n- who asks Noor\n- and when", "ok"] {
            for (program, plain, html) in answers(said, &message) {
                let read = incoming::read(&raw(plain.as_deref(), html.as_deref())).unwrap();
                assert_eq!(read.reply.of, if plain.is_some() { Body::Plain } else { Body::Html });
                if read.reply.text != said {
                    wrong.push(format!("{name}, {program}: {:?}", read.reply.text.chars().take(300).collect::<String>()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_forward_of_any_words_is_sound(texts in proptest::collection::vec(words(), 10), to_client in any::<bool>(), sizes in proptest::collection::vec(any::<u64>(), 0..4)) {
        let files: Vec<(String, u64)> = sizes.iter().map(|size| (texts[0].clone(), *size)).collect();
        let not_kept = [(texts[1].clone(), texts[2].as_str())];
        let message = mail::comment(&CommentLetter {
            account: &texts[3],
            author: &texts[4],
            to_client,
            client: &texts[5],
            title: &texts[6],
            text: &texts[7],
            files: &files,
            not_kept: &not_kept,
            address: &texts[8],
            stop: &texts[9],
            thread: &texts[0],
            ..cases::comments::to_coach()
        });
        assert_sound(&message);
        let refused = mail::refused(&RefusedLetter { account: &texts[3], item: Some(&texts[6]), ..cases::comments::why(Refusal::Empty) });
        assert_sound(&refused);
    }

    #[test]
    fn what_is_shown_has_its_address_in_html_and_text_alike(content in any_content()) {
        let message = report(&content, AudienceKind::Coach, Some(&cases::address));
        assert_sound(&message);
        let shown = page(&message.html).unwrap().things();
        prop_assert_eq!((mailtos(&message).len(), addresses(&message).len()), (shown, shown));
        prop_assert_eq!(message.text.contains("To comment on something"), shown > 0);
    }
}
