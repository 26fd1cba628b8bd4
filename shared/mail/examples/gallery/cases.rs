//! The mails that tests compare and people look at.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::America::New_York;
use domain::happening::What;
use domain::id::{ClientId, ItemId};
use domain::item::{ItemKind, Point, State};
use domain::report::{AudienceKind, Paused};
use domain::schedule::Window;
use domain::show::{Content, Event, Line, Mark, Metric, Section, Trend};
use mail::{Bounced, Letter, Links, Message, Notice, NoticeLetter, Why};
use ulid::Ulid;

// with its path, because tests include this file from another place
#[path = "comments.rs"]
pub mod comments;
#[path = "progress.rs"]
pub mod progress;

/// Every case by name.
pub fn all() -> Vec<(&'static str, Message)> {
    let mut all = vec![
        ("coach", coach()),
        ("coach-one-client", coach_one_client()),
        ("client", client()),
        ("third-party", third_party()),
        ("personnel", personnel()),
        ("metrics", metrics()),
        ("empty", empty()),
        ("late", late()),
        ("cut", cut()),
        ("cut-clients", cut_clients()),
        ("hostile", hostile()),
        ("notice-late", notice_late(1)),
        ("notice-missed", notice_late(3)),
        ("notice-unsubscribed", notice_unsubscribed()),
        ("notice-paused", notice_paused(Paused::CreatorDeactivated, Why::Administrator)),
        ("notice-paused-by-person", notice_paused(Paused::ByPerson, Why::Owner)),
        ("notice-bounced", notice_suppressed(Bounced::Permanently)),
        ("notice-complaint", notice_suppressed(Bounced::Complaint)),
    ];
    all.extend(progress::all());
    all.extend(comments::all());
    all
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn on(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn week() -> Window {
    Window { from: at("2026-11-13T21:30:00Z"), to: at("2026-11-20T21:30:00Z") }
}

const BODY: &str = "Amber came in tired after the reorganisation and left with one sentence she can say on Monday: \"I need until \
Thursday to answer that.\"\n\nWhat helped: naming the two decisions that are hers and handing back the three that are not.\n- she \
prepares the 1:1 with Noor\n- I send the worksheet on delegation";

/// A line that begins from the last item id plus one.
struct Items(u128);

impl Items {
    fn line(&mut self, kind: ItemKind, title: &str, mark: Mark, state: State) -> Line {
        self.0 += 1;
        Line {
            item_id: ItemId(Ulid(self.0)),
            kind,
            title: title.to_owned(),
            mark,
            state,
            events: Vec::new(),
            due_on: None,
            on: None,
            starts_at: None,
            extra: None,
            body: None,
        }
    }

    fn metric(&mut self, title: &str, unit: &str, target: Option<f64>, recorded: usize, values: &[(&str, f64)]) -> Metric {
        self.0 += 1;
        let before = values.len().checked_sub(2).map(|n| values[n].1);
        let trend = match (values.last(), before) {
            (Some((_, last)), Some(before)) if *last > before => Trend::Up,
            (Some((_, last)), Some(before)) if *last < before => Trend::Down,
            _ => Trend::Level,
        };
        Metric {
            item_id: ItemId(Ulid(self.0)),
            title: title.to_owned(),
            unit: (!unit.is_empty()).then(|| unit.to_owned()),
            target,
            points: values.iter().map(|(day, value)| Point { on: on(day), value: *value }).collect(),
            before,
            trend,
            recorded,
            mark: if recorded > 0 { Mark::Changed } else { Mark::Open },
            comments: Vec::new(),
        }
    }
}

fn event(what: What, at: &str, by: &str) -> Event {
    Event { what, at: self::at(at), by: by.to_owned(), note: None, said: None }
}

fn section(id: u128, name: &str) -> Section {
    Section { record: ClientId(Ulid(id)).into(), name: name.to_owned(), happened: Vec::new(), open: Vec::new(), metrics: Vec::new() }
}

fn focus(items: &mut Items) -> Metric {
    items.metric(
        "Hours of focused work",
        "hours",
        Some(15.0),
        1,
        &[
            ("2026-09-18", 6.0),
            ("2026-09-25", 8.0),
            ("2026-10-02", 7.0),
            ("2026-10-09", 9.5),
            ("2026-10-16", 9.0),
            ("2026-10-23", 11.0),
            ("2026-10-30", 10.0),
            ("2026-11-06", 12.0),
            ("2026-11-12", 11.0),
            ("2026-11-19", 14.0),
        ],
    )
}

pub fn amber(full: bool) -> Section {
    let mut items = Items(100);
    let mut section = section(1, "Amber Stone");
    let mut line = items.line(ItemKind::Action, "Hold 1:1s with each direct report", Mark::Done, State::Done);
    line.due_on = Some(on("2026-11-20"));
    line.events = vec![event(What::Completed, "2026-11-19T15:00:00Z", "Amber Stone")];
    section.happened.push(line);
    let mut line = items.line(ItemKind::Action, "Draft the 90-day plan", Mark::New, State::Open);
    line.due_on = Some(on("2026-11-24"));
    line.events = vec![event(What::Created, "2026-11-17T15:00:00Z", "Maya Feldman")];
    if full {
        let said = "Is two pages enough, or should it be \"board ready\"?\nI'd rather keep it short & honest.";
        line.events.push(Event { said: Some(said.to_owned()), ..event(What::Commented, "2026-11-18T15:00:00Z", "Amber Stone") });
    }
    section.happened.push(line);
    let mut line = items.line(ItemKind::Action, "Ask Noor for feedback on the offsite", Mark::Late, State::Open);
    line.due_on = Some(on("2026-11-17"));
    line.events = vec![event(What::Late, "2026-11-18T05:00:00Z", "")];
    section.happened.push(line);
    let mut line = items.line(ItemKind::Worksheet, "Values and boundaries", Mark::Done, State::Submitted);
    line.events = vec![event(What::Submitted, "2026-11-16T20:00:00Z", "Amber Stone")];
    section.happened.push(line);
    let mut line = items.line(ItemKind::SessionNote, "Session 6: saying no to good ideas", Mark::New, State::Recorded);
    line.on = Some(on("2026-11-17"));
    line.events = vec![event(What::Created, "2026-11-17T16:00:00Z", "Maya Feldman")];
    line.body = full.then(|| BODY.to_owned());
    section.happened.push(line);
    let mut line = items.line(ItemKind::Worksheet, "Delegation map", Mark::Late, State::Assigned);
    line.due_on = Some(on("2026-11-19"));
    section.open.push(line);
    let mut line = items.line(ItemKind::Action, "Block two mornings a week for deep work", Mark::Open, State::Open);
    line.due_on = Some(on("2026-11-21"));
    section.open.push(line);
    let mut line = items.line(ItemKind::Appointment, "Session 7", Mark::Open, State::Scheduled);
    line.starts_at = Some(at("2026-11-24T15:00:00Z"));
    line.extra = Some("Zoom".to_owned());
    section.open.push(line);
    let mut metric = focus(&mut items);
    if full {
        let said = Some("A quiet week, for once.".to_owned());
        metric.comments.push(Event { said, ..event(What::Commented, "2026-11-19T15:00:00Z", "Amber Stone") });
    }
    section.metrics.push(metric);
    section.metrics.push(items.metric("Nights with 7 hours of sleep", "", Some(5.0), 0, &[("2026-11-08", 3.0)]));
    section
}

pub fn anthony() -> Section {
    let mut items = Items(200);
    let mut section = section(2, "Anthony Okafor");
    let mut line = items.line(ItemKind::Action, "Talk to the board about the hiring freeze", Mark::Cancelled, State::Cancelled);
    line.events = vec![event(What::Cancelled, "2026-11-18T15:00:00Z", "Maya Feldman")];
    section.happened.push(line);
    let mut line = items.line(ItemKind::Appointment, "Session 3", Mark::Changed, State::Scheduled);
    line.starts_at = Some(at("2026-11-26T16:00:00Z"));
    line.events = vec![Event { note: Some("rescheduled".to_owned()), ..event(What::Changed, "2026-11-18T15:00:00Z", "Anthony Okafor") }];
    section.happened.push(line);
    let mut line = items.line(ItemKind::Invoice, "Coaching in October", Mark::Done, State::Paid);
    line.extra = Some("2026-114, 450.00 EUR".to_owned());
    line.due_on = Some(on("2026-11-30"));
    line.events = vec![event(What::Paid, "2026-11-16T15:00:00Z", "Maya Feldman")];
    section.happened.push(line);
    let mut line = items.line(ItemKind::Agreement, "Coaching agreement 2027", Mark::Open, State::OutForSignature);
    line.due_on = Some(on("2026-12-01"));
    section.open.push(line);
    section.metrics.push(items.metric(
        "Resting pulse",
        "bpm",
        Some(58.0),
        2,
        &[("2026-10-01", 66.0), ("2026-10-15", 65.0), ("2026-11-01", 64.0), ("2026-11-10", 61.0), ("2026-11-18", 60.0)],
    ));
    section
}

pub fn cleo() -> Section {
    let mut items = Items(300);
    let mut section = section(3, "Cleo Park");
    let mut line = items.line(ItemKind::JournalEntry, "What went well this week", Mark::Changed, State::Recorded);
    let said = |at: &str, by: &str, text: &str| Event { said: Some(text.to_owned()), ..event(What::Commented, at, by) };
    line.events = vec![
        said("2026-11-17T15:00:00Z", "Cleo Park", "Only the last three are shown."),
        said("2026-11-18T15:00:00Z", "Maya Feldman", "What made the difference on Wednesday?"),
        said("2026-11-19T15:00:00Z", "Cleo Park", "I asked first, and waited."),
        said("2026-11-19T16:00:00Z", "Cleo Park", "And slept on it."),
    ];
    section.happened.push(line);
    let mut line = items.line(ItemKind::File, "Presentation for the offsite", Mark::New, State::Recorded);
    line.extra = Some("offsite-v3.pdf".to_owned());
    line.events = vec![event(What::Created, "2026-11-19T22:00:00Z", "Cleo Park")];
    section.happened.push(line);
    section
}

fn page(id: ClientId) -> String {
    format!("https://coach.example/clients/{id}")
}

/// Where a comment on an item goes: as long as such addresses are.
pub fn address(id: ItemId) -> Option<String> {
    let id = id.to_string().to_ascii_lowercase();
    Some(format!("reply+{id}{id}@reply.cairn.example"))
}

pub const LINKS: Links<'_> = Links {
    client_page: Some(&page),
    more: Some("https://coach.example/runs/01J9Z3K5T0QW8R2M4N6P7S9V1X"),
    unsubscribe: "https://coach.example/u/7hQ2mX0bT9",
    unsubscribe_mailto: Some("mailto:unsubscribe+7hq2mx0bt9@reply.coach.example"),
    comment: Some(&address),
};

pub fn letter<'a>(audience: AudienceKind, content: &'a Content, links: &'a Links<'a>) -> Letter<'a> {
    Letter {
        account: "Maple & Rowe Coaching",
        report: "Week in review",
        creator: "Maya Feldman",
        recipient: Some("Maya Feldman"),
        audience,
        subject: None,
        introduction: None,
        schedule: "every Friday at 16:30",
        window: week(),
        zone: New_York,
        content,
        links,
        late: None,
        delivery_id: "k3vqp4r6u2d7n5xw8yabcdefgh",
    }
}

pub fn content(sections: Vec<Section>) -> Content {
    Content { sections, left_out: 0 }
}

pub fn coach() -> Message {
    let content = content(vec![amber(true), anthony(), section(4, "Ben Alder"), cleo()]);
    mail::report(&letter(AudienceKind::Coach, &content, &LINKS))
}

fn coach_one_client() -> Message {
    let content = content(vec![amber(true)]);
    let letter =
        Letter { report: "Before Amber’s session", schedule: "every Tuesday at 10:45", ..letter(AudienceKind::Coach, &content, &LINKS) };
    mail::report(&letter)
}

fn no_pages(links: Links<'static>) -> Links<'static> {
    Links { client_page: None, ..links }
}

/// What is for people outside: neither pages nor comments.
fn outside(links: Links<'static>) -> Links<'static> {
    Links { comment: None, ..no_pages(links) }
}

fn client() -> Message {
    let content = content(vec![amber(true)]);
    let links = no_pages(LINKS);
    mail::report(&Letter {
        recipient: Some("Amber Stone"),
        introduction: Some("Hi all,\nhave a look at what you got done before the weekend. See you next week!\nMaya"),
        ..letter(AudienceKind::Clients, &content, &links)
    })
}

fn third_party() -> Message {
    let content = content(vec![amber(false)]);
    let links = outside(LINKS);
    let letter = letter(AudienceKind::ThirdParties, &content, &links);
    mail::report(&Letter {
        recipient: None,
        schedule: "Monthly on the 20th at 16:30",
        window: Window { from: at("2026-10-20T20:30:00Z"), ..week() },
        ..letter
    })
}

fn personnel() -> Message {
    let content = content(vec![amber(false), anthony()]);
    let links = outside(LINKS);
    mail::report(&Letter { recipient: Some("Hana Weiss"), ..letter(AudienceKind::Personnel, &content, &links) })
}

fn metrics() -> Message {
    let mut sections = vec![amber(false), anthony()];
    for section in &mut sections {
        section.happened.clear();
        section.open.clear();
    }
    let content = content(sections);
    let links = outside(LINKS);
    mail::report(&Letter {
        recipient: None,
        schedule: "Monthly on the 1st at 08:00",
        ..letter(AudienceKind::ThirdParties, &content, &links)
    })
}

fn empty() -> Message {
    let content = content(vec![section(1, "Amber Stone"), section(4, "Ben Alder")]);
    mail::report(&letter(AudienceKind::Coach, &content, &LINKS))
}

fn late() -> Message {
    let content = content(vec![cleo()]);
    mail::report(&Letter {
        late: Some("This report was due on Friday 20 November at 16:30 and goes out late, because Cairn could not run at that time."),
        recipient: Some("Daniel Moreno"),
        ..letter(AudienceKind::Coach, &content, &LINKS)
    })
}

/// Clients with this many happenings each, in turn of every mark.
pub fn many(clients: u128, happenings: usize, body: Option<&str>) -> Content {
    let sections = (0..clients).map(|n| {
        let mut items = Items(10_000 * (n + 1));
        let mut section = section(1_000 + n, &format!("Client Number {}", n + 1));
        for index in 0..happenings {
            let kind = [ItemKind::Action, ItemKind::Worksheet, ItemKind::SessionNote][index * 3 / happenings.max(1)];
            let (mark, state, what) = [
                (Mark::Done, State::Done, What::Completed),
                (Mark::New, State::Open, What::Created),
                (Mark::Changed, State::Open, What::Changed),
                (Mark::Late, State::Open, What::Late),
            ][index % 4];
            let mut line = items.line(kind, &format!("Thing {} to be told of, with a title of ordinary length", index + 1), mark, state);
            line.due_on = Some(on("2026-11-10") + chrono::Days::new(index as u64 % 20));
            line.events = vec![event(what, "2026-11-18T15:00:00Z", "Maya Feldman")];
            line.body = body.map(ToOwned::to_owned);
            section.happened.push(line);
        }
        section
    });
    content(sections.collect())
}

/// A coach's mail of such a content.
pub fn coach_of(content: &Content) -> Message {
    mail::report(&letter(AudienceKind::Coach, content, &LINKS))
}

fn cut() -> Message {
    coach_of(&Content { left_out: 12, ..many(5, 200, Some(BODY)) })
}

fn cut_clients() -> Message {
    coach_of(&many(90, 11, None))
}

fn hostile() -> Message {
    let mut items = Items(400);
    let mut first = section(1, "<script>alert(\"1\")</script>\r\nBcc: everyone@victim.example");
    let mut line = items.line(ItemKind::Action, "</td></table><img src=x onerror=alert(1)>", Mark::Done, State::Done);
    line.events = vec![event(What::Completed, "2026-11-19T15:00:00Z", "\"><b>Bold</b>")];
    line.body = Some("<!--[if mso]><script>\nsecond line & more\n\n\n\n{{template}} https://not-a-link.example/?a=1&b=2".to_owned());
    first.happened.push(line);
    let mut line = items.line(ItemKind::Note, "", Mark::New, State::Recorded);
    line.events = vec![Event { note: Some("a\u{0}b\u{202e}c".to_owned()), ..event(What::Created, "2026-11-19T15:00:00Z", "   ") }];
    first.happened.push(line);
    let mut second = section(2, "محمد علي الأحمد");
    let mut line = items.line(ItemKind::Action, "كتابة خطة من 90 يوما (draft 2)", Mark::Open, State::Open);
    line.due_on = Some(on("2027-02-03"));
    line.body = Some("ملاحظة قصيرة\nسطر ثان".to_owned());
    second.open.push(line);
    second.metrics.push(items.metric(
        "\" onload=\"alert(1)",
        "<i>",
        Some(-3.5),
        1,
        &[("2026-11-01", -12.25), ("2026-11-11", -8.0), ("2026-11-19", -1.0)],
    ));
    let mut third = section(3, &format!("🎯 Zoë-Émilie {} 👩\u{200d}🚀🇩🇪", "Wolfeschlegelsteinhausenbergerdorff ".repeat(6)));
    let mut line = items.line(ItemKind::Message, &"verylongwordwithoutanyspace".repeat(14), Mark::New, State::Recorded);
    line.events = vec![event(What::Created, "2026-11-19T15:00:00Z", "Zoë 🎯")];
    third.happened.push(line);
    let content = content(vec![first, second, third]);
    mail::report(&Letter {
        account: "<b>Maple</b> & שלום",
        report: "Report\n<script>",
        creator: "Maya \u{202e}Feldman\u{7}",
        recipient: None,
        introduction: Some("Line one\r\nLine <b>two</b>"),
        ..letter(AudienceKind::Coach, &content, &LINKS)
    })
}

/// A coach's mail on one client of this name.
pub fn coach_of_one(name: &str) -> Message {
    let mut section = cleo();
    section.name = name.to_owned();
    coach_of(&content(vec![section]))
}

fn told(notice: Notice<'_>, why: Why) -> Message {
    mail::notice(&NoticeLetter {
        account: "Maple & Rowe Coaching",
        why,
        notice,
        page: Some("https://coach.example/reports/01J9Z3K5T0QW8R2M4N6P7S9V1X"),
        delivery_id: "k3vqp4r6u2d7n5xw8yabcdefgh",
    })
}

fn notice_late(missed: usize) -> Message {
    let (scheduled_at, ran_at) = (at("2026-11-20T21:30:00Z"), at("2026-11-23T13:12:00Z"));
    told(Notice::RunLate { report: "Week in review", scheduled_at, ran_at, zone: New_York, missed }, Why::Owner)
}

fn notice_unsubscribed() -> Message {
    told(Notice::Unsubscribed { report: "Metrics for HR", who: "hr@northwind.example" }, Why::Owner)
}

fn notice_paused(because: Paused, why: Why) -> Message {
    told(Notice::ReportPaused { report: "Metrics for HR", creator: "Daniel Moreno", because }, why)
}

fn notice_suppressed(because: Bounced) -> Message {
    told(Notice::AddressSuppressed { report: "Metrics for HR", address: "hr@northwind.example", because }, Why::Owner)
}
