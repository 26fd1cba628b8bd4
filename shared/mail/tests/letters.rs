//! Whole mails: their texts as snapshots, and what must hold for a mail of any content.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use chrono::{DateTime, NaiveDate, Utc};
use domain::happening::What;
use domain::id::{ClientId, ItemId};
use domain::item::{ItemKind, Point, State};
use domain::report::AudienceKind;
use domain::schedule::Window;
use domain::show::{Content, Event, Line, Mark, Metric, Section, Trend};
use mail::{HTML_MOST, Letter, Links, Message};
use proptest::prelude::*;
use ulid::Ulid;

#[path = "../examples/gallery/cases.rs"]
#[allow(dead_code, unreachable_pub, missing_docs)]
mod cases;
#[path = "letters/comments.rs"]
mod comments;
#[path = "letters/progress.rs"]
mod progress;

const VOID: [&str; 3] = ["meta", "br", "img"];

/// What a page is made of, once every tag in it has been found to be closed in order.
#[derive(Default)]
struct Page {
    classes: Vec<String>,
    links: Vec<String>,
    tags: Vec<String>,
    /// Images without words for them.
    mute: usize,
}

impl Page {
    fn things(&self) -> usize {
        self.classes.iter().filter(|class| *class == "i").count()
    }
}

/// Reads the tags of a page; says what is not closed, not opened or not quoted.
fn page(html: &str) -> Result<Page, String> {
    let mut page = Page::default();
    let mut open: Vec<String> = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        rest = &rest[start..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = &comment[comment.find("-->").ok_or("an open comment")? + 3..];
            continue;
        }
        let end = rest.find('>').ok_or("an open tag")?;
        let (tag, after) = (&rest[1..end], &rest[end + 1..]);
        rest = after;
        if tag.starts_with("!DOCTYPE") {
            continue;
        }
        if let Some(name) = tag.strip_prefix('/') {
            let last = open.pop().ok_or_else(|| format!("</{name}> closes nothing"))?;
            if last != name {
                return Err(format!("</{name}> closes <{last}>"));
            }
            continue;
        }
        if tag.matches('"').count() % 2 == 1 || tag.contains('<') {
            return Err(format!("a broken tag: {tag}"));
        }
        let name = tag.split_whitespace().next().ok_or("a nameless tag")?.to_owned();
        for (attribute, into) in [(" class=\"", &mut page.classes), (" href=\"", &mut page.links)] {
            if let Some((_, value)) = tag.split_once(attribute) {
                let value = value.split('"').next().unwrap_or_default();
                into.extend(value.split(' ').map(ToOwned::to_owned));
            }
        }
        page.mute += usize::from(name == "img" && !tag.contains(" alt=\""));
        page.tags.push(name.clone());
        if !VOID.contains(&name.as_str()) {
            open.push(name.clone());
        }
        if name == "style" {
            rest = &rest[rest.find("</style>").ok_or("an open style")?..];
        }
    }
    if open.is_empty() { Ok(page) } else { Err(format!("not closed: {open:?}")) }
}

/// Things that the text shows.
fn things_in(text: &str) -> usize {
    let marks = ["  [done] ", "  [LATE] ", "  [new] ", "  [changed] ", "  [cancelled] ", "  [open] "];
    text.lines().filter(|line| marks.iter().any(|mark| line.starts_with(mark))).count()
}

/// How many things a mail says that it leaves out.
fn left_out(text: &str) -> usize {
    let number = |line: &str| line.split(' ').next().and_then(|word| word.replace(',', "").parse().ok());
    text.lines().filter(|line| line.contains(" left out, because this mail")).find_map(number).unwrap_or_default()
}

fn assert_sound(message: &Message) {
    let page = page(&message.html).unwrap_or_else(|fault| panic!("{fault}\n{}", message.html));
    assert!(message.html.len() <= HTML_MOST, "{} bytes", message.html.len());
    assert!(!page.tags.iter().any(|tag| ["script", "iframe", "form", "link", "object"].contains(&tag.as_str())));
    assert_eq!(page.mute, 0);
    for (name, value) in &message.headers {
        assert!(name.len() <= 126 && value.len() <= 995);
        assert!(value.bytes().chain(name.bytes()).all(|byte| (b' '..=b'~').contains(&byte)), "{name}: {value}");
    }
    assert!(!message.subject.chars().any(|c| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c)), "{:?}", message.subject);
    assert!(!message.subject.is_empty() && message.subject.chars().count() <= 300);
    for image in &message.images {
        assert!(message.html.contains(&format!("\"cid:{}\"", image.content_id)));
        assert!(image.content_id.len() <= 78 && image.content_id.is_ascii() && !image.alt.is_empty());
        assert!(image.png.len() < 10_000, "{} bytes", image.png.len());
    }
    assert_eq!(message.html.matches("\"cid:").count(), message.images.len());
}

#[test]
fn texts_read_well() {
    for (name, message) in cases::all() {
        let headers: Vec<String> = message.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let images: Vec<String> =
            message.images.iter().map(|image| format!("{} {}: {}", image.file_name, image.content_id, image.alt)).collect();
        let about =
            format!("Subject: {}\nPreheader: {}\n{}\n{}\n", message.subject, message.preheader, headers.join("\n"), images.join("\n"));
        insta::assert_snapshot!(name, format!("{}\n\n{}", about.trim_end(), message.text));
    }
}

#[test]
fn every_sample_is_sound() {
    for (_, message) in cases::all() {
        assert_sound(&message);
        assert!(message.text.lines().all(|line| line.chars().count() <= 78 || line.trim().split(' ').count() <= 2), "{}", message.text);
    }
}

#[test]
fn done_late_and_new_are_told_by_sign_word_and_colour() {
    let html = cases::coach().html;
    for (sign, word, colour) in
        [("✓", "Completed", "#14733c"), ("!", "3 days late", "#bf2330"), ("+", "New", "#4a45c9"), ("×", "Cancelled", "#5f5f6e")]
    {
        assert!(html.contains(&format!(">{sign}</span>")), "{sign}");
        assert!(html.contains(&format!("color:{colour}\">{word}</b>")), "{word}");
    }
}

#[test]
fn members_get_links_to_client_pages_and_nobody_else_does() {
    for (name, message) in cases::all() {
        let links = page(&message.html).unwrap().links;
        let leads = links.iter().filter(|link| link.contains("/clients/")).count();
        match name {
            "coach" => assert_eq!(leads, 3),
            "coach-one-client" => assert_eq!(leads, 1),
            "client" | "third-party" | "personnel" | "metrics" => assert_eq!(leads, 0, "{name}"),
            _ => {}
        }
        // what people write never becomes a link
        let is_ours = |link: &String| link.starts_with("https://coach.example/") || link.starts_with("mailto:reply+");
        assert!(links.iter().all(is_ours), "{links:?}");
    }
}

#[test]
fn what_a_lock_screen_shows_names_no_client_to_third_parties() {
    for (name, message) in cases::all() {
        if ["third-party", "personnel", "metrics"].contains(&name) {
            assert!(!format!("{} {}", message.subject, message.preheader).contains("Amber"), "{name}");
        }
    }
}

#[test]
fn a_long_report_is_cut_and_says_by_how_much() {
    for (clients, happenings, body) in
        [(1, 1_000, None), (1, 1_000, Some("text ".repeat(300))), (10, 100, None), (100, 10, None), (1_000, 1, None)]
    {
        let content = cases::many(clients, happenings, body.as_deref());
        let message = cases::coach_of(&content);
        assert_sound(&message);
        let shown = page(&message.html).unwrap().things();
        assert!(shown >= 20, "{shown} of {clients} x {happenings}");
        assert_eq!(shown + left_out(&message.text), 1_000);
        assert_eq!(shown, things_in(&message.text));
        assert!(message.html.contains("https://coach.example/runs/") && message.text.contains("https://coach.example/runs/"));
        assert!(message.html.len() > HTML_MOST * 8 / 10 || clients == 1_000, "{} bytes for {clients}", message.html.len());
    }
}

#[test]
fn long_texts_go_before_things_do() {
    let body = "A sentence of a session note that is as long as they are. ".repeat(30);
    let message = cases::coach_of(&cases::many(1, 50, Some(&body)));
    assert_sound(&message);
    assert_eq!(page(&message.html).unwrap().things(), 50);
    assert_eq!(left_out(&message.text), 0);
    assert!(message.text.contains("      | A sentence"));
}

#[test]
fn the_text_of_a_subject_is_safe_for_any_name() {
    for name in [
        "a\r\nBcc: x@y.example",
        "<script>",
        "🎯👩\u{200d}🚀",
        "محمد",
        &"x".repeat(500),
        &"👩\u{200d}🚀".repeat(100),
        "\u{202e}evil",
        "",
        " \n ",
    ] {
        let message = cases::coach_of_one(name);
        assert_sound(&message);
        assert!(message.subject.chars().count() <= 150 && message.subject.ends_with(", 13 to 20 November 2026"), "{}", message.subject);
    }
}

#[test]
fn the_same_letter_gives_the_same_message() {
    assert_eq!(cases::coach(), cases::coach());
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => "[a-zA-Z ]{0,40}",
        4 => "[a-z<>&\"'\\n\\r\\t/! -]{0,60}",
        4 => ".{0,60}",
        1 => Just("<script>alert(1)</script>".repeat(40)),
        1 => Just("\"".repeat(3_000)),
        1 => Just("𝕏 &".repeat(1_500)),
    ]
}

fn instant() -> impl Strategy<Value = DateTime<Utc>> {
    (1_700_000_000_i64..1_900_000_000).prop_map(|seconds| DateTime::from_timestamp(seconds, 0).unwrap())
}

fn date() -> impl Strategy<Value = NaiveDate> {
    (-20_000_i64..20_000).prop_map(|days| NaiveDate::from_ymd_opt(2026, 11, 20).unwrap() + chrono::Duration::days(days))
}

fn any_event() -> impl Strategy<Value = Event> {
    use What as W;
    let what = proptest::sample::select(vec![
        W::Created,
        W::Changed,
        W::Completed,
        W::Late,
        W::Cancelled,
        W::Recorded,
        W::Submitted,
        W::Signed,
        W::Paid,
        W::Shared,
        W::Commented,
    ]);
    (what, instant(), words(), proptest::option::of(words()), proptest::option::of(words())).prop_map(|(what, at, by, note, said)| Event {
        what,
        at,
        by,
        note,
        said,
    })
}

fn any_line() -> impl Strategy<Value = Line> {
    use {Mark as M, State as S};
    let kind = proptest::sample::select(ItemKind::ALL.to_vec());
    let mark = proptest::sample::select(vec![M::Changed, M::New, M::Open, M::Late, M::Cancelled, M::Done]);
    let state = proptest::sample::select(vec![
        S::Open,
        S::Done,
        S::Assigned,
        S::Submitted,
        S::Scheduled,
        S::Completed,
        S::OutForSignature,
        S::Sent,
        S::Partial,
        S::Paid,
        S::Cancelled,
        S::Recorded,
    ]);
    let events = proptest::collection::vec(any_event(), 0..4);
    let dates = (proptest::option::of(date()), proptest::option::of(date()), proptest::option::of(instant()));
    let texts = (words(), proptest::option::of(words()), proptest::option::of(words()));
    (kind, mark, state, events, dates, texts).prop_map(|(kind, mark, state, events, (due_on, on, starts_at), (title, extra, body))| Line {
        item_id: ItemId(Ulid(1)),
        kind,
        title,
        mark,
        state,
        events,
        due_on,
        on,
        starts_at,
        extra,
        body,
    })
}

fn any_metric() -> impl Strategy<Value = Metric> {
    let value = prop_oneof![-1e6..1e6, Just(0.0), Just(f64::NAN), Just(f64::MAX), Just(f64::MIN)];
    let point = (date(), value.clone()).prop_map(|(on, value)| Point { on, value });
    let texts = (words(), proptest::option::of(words()));
    let trend = proptest::sample::select(vec![Trend::Up, Trend::Down, Trend::Level]);
    let numbers = (proptest::option::of(value.clone()), proptest::option::of(value), 0_usize..3);
    let comments = proptest::collection::vec(any_event(), 0..3);
    (texts, numbers, trend, proptest::collection::vec(point, 0..30), comments).prop_map(
        |((title, unit), (target, before, recorded), trend, points, comments)| Metric {
            item_id: ItemId(Ulid(2)),
            title,
            unit,
            target,
            points,
            before,
            trend,
            recorded,
            mark: Mark::Changed,
            comments,
        },
    )
}

fn any_content() -> impl Strategy<Value = Content> {
    let lines = |most| proptest::collection::vec(any_line(), 0..most);
    let section = (words(), lines(30), lines(20), proptest::collection::vec(any_metric(), 0..4))
        .prop_map(|(name, happened, open, metrics)| Section { record: ClientId(Ulid(3)).into(), name, happened, open, metrics });
    (proptest::collection::vec(section, 0..12), prop_oneof![Just(0_usize), 1_usize..5_000])
        .prop_map(|(sections, left_out)| Content { sections, left_out })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mail_of_any_content_is_sound_and_counts_everything(
        content in any_content(),
        audience in proptest::sample::select(vec![AudienceKind::Coach, AudienceKind::Clients, AudienceKind::ThirdParties, AudienceKind::Personnel]),
        texts in proptest::collection::vec(words(), 8),
        window in (instant(), instant()),
        commented in any::<bool>(),
    ) {
        let page_of = |id: ClientId| format!("https://coach.example/clients/{id}");
        let links = Links {
            client_page: (audience == AudienceKind::Coach).then_some(&page_of),
            more: Some("https://coach.example/more"),
            unsubscribe: "https://coach.example/u/ü>\r\nX: y",
            unsubscribe_mailto: Some(&texts[7]),
            comment: commented.then_some(&cases::address),
        };
        let message = mail::report(&Letter {
            account: &texts[0],
            report: &texts[1],
            creator: &texts[2],
            recipient: Some(&texts[3]),
            audience,
            subject: texts[4].starts_with('a').then_some(texts[4].as_str()),
            introduction: Some(&texts[4]),
            schedule: &texts[5],
            window: Window { from: window.0.min(window.1), to: window.0.max(window.1) },
            zone: chrono_tz::Australia::Lord_Howe,
            content: &content,
            links: &links,
            late: Some(&texts[6]),
            delivery_id: "k3vqp4r6u2d7n5xw8yabcdefgh",
        });
        assert_sound(&message);
        let all: usize = content.sections.iter().map(|s| s.happened.len() + s.open.len() + s.metrics.len()).sum();
        let shown = page(&message.html).unwrap().things();
        prop_assert_eq!(shown + left_out(&message.text), all + content.left_out);
    }
}
