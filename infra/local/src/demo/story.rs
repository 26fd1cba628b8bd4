//! A client's time with their coach, as the events that would have been put in: deterministic but for the day it ends on.

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveTime, TimeZone, Utc, Weekday};
use chrono_tz::Tz;
use domain::item::{ItemDraft, ItemKind, Money, Move, Visibility};

use super::people::{ARCHIVED, CLOSE, FEATURED, Sketch};
use super::themes::{Gauge, THEMES, Text, Theme};

/// What is done at some time.
pub(super) struct Event {
    pub(super) at: DateTime<Utc>,
    pub(super) by: By,
    pub(super) deed: Deed,
}

/// Who does it.
#[derive(Clone, Copy)]
pub(super) enum By {
    Coach,
    Client,
}

/// What is done to the item of a number.
pub(super) enum Deed {
    Add(usize, Box<ItemDraft>),
    Change(usize, Box<ItemDraft>),
    Move(usize, Move),
    Record(usize, f64),
    Sign(usize),
}

/// Chance that is the same every time (splitmix64).
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5EED_CA12)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from `from` up to and including `to`.
    fn within(&mut self, from: i64, to: i64) -> i64 {
        let span = u64::try_from(to - from + 1).unwrap_or(1);
        from + i64::try_from(self.next() % span).unwrap_or_default()
    }

    fn percent(&mut self, share: i64) -> bool {
        self.within(1, 100) <= share
    }

    /// A number from -1 to 1.
    fn stray(&mut self) -> f64 {
        self.within(-1000, 1000) as f64 / 1000.0
    }
}

/// Actions for whoever runs out of those of their theme.
const MORE_ACTIONS: [Text; 8] = [
    ("Send the article on attention to the team", ""),
    ("Book the room for the offsite", "Not the one without windows."),
    ("Write three things that went well, every evening this week", ""),
    ("Reply to the mail you have been avoiding", "Two sentences are enough."),
    ("Plan the holiday cover", ""),
    ("Ask “what would make this easy?” once a day", ""),
    ("Go back over the last session’s notes before the next one", ""),
    ("Decide what not to do this quarter", "Write it where the team can see it."),
];

struct Story<'a> {
    theme: &'a Theme,
    zone: Tz,
    now: DateTime<Utc>,
    today: NaiveDate,
    chance: Chance,
    events: Vec<Event>,
    /// When each item was added.
    added: Vec<DateTime<Utc>>,
    actions: usize,
}

/// Everything that happened with client number `n` until `now`, in order of time, and since when.
pub(super) fn tell(n: usize, sketch: &Sketch, zone: Tz, now: DateTime<Utc>) -> (DateTime<Utc>, Vec<Event>) {
    let today = now.with_timezone(&zone).date_naive();
    let theme = &THEMES[sketch.theme % THEMES.len()];
    let mut story =
        Story { theme, zone, now, today, chance: Chance::new(n as u64 + 1), events: Vec::new(), added: Vec::new(), actions: n % 5 };
    let (featured, close) = (n == FEATURED, n == FEATURED || CLOSE.contains(&n));
    let begun = sketch.months * 30 - story.chance.within(0, 9);
    let first = story.at(begun, 9, 12);
    story.paperwork(n, sketch, begun);
    let rhythm = match (featured, close) {
        (true, _) => 14,
        (_, true) => 21,
        _ => 42,
    };
    story.sessions(n, begun, rhythm);
    story.gauges(n, begun, featured, close);
    story.worksheets(begun, close);
    story.writing(n, begun, close);
    if n.is_multiple_of(6) {
        story.course(begun);
    }
    if featured {
        story.last_week();
    }
    let mut events = story.events;
    let until = if n == ARCHIVED { now - Duration::days(62) } else { now };
    events.retain(|event| event.at < until);
    events.sort_by_key(|event| event.at);
    (first, events)
}

impl Story<'_> {
    /// A time of a day so many days ago (ahead, if negative), on the account's calendar.
    fn at(&self, days_ago: i64, hour: u32, minute: u32) -> DateTime<Utc> {
        self.on(self.today - Duration::days(days_ago), hour, minute)
    }

    fn on(&self, day: NaiveDate, hour: u32, minute: u32) -> DateTime<Utc> {
        let time = NaiveTime::from_hms_opt(hour % 24, minute % 60, 0).unwrap_or_default();
        // none of the hours used is ever skipped by the zone
        self.zone.from_local_datetime(&day.and_time(time)).earliest().map_or(self.now, |at| at.with_timezone(&Utc))
    }

    /// The same day, or the nearest working day.
    fn working(day: NaiveDate) -> NaiveDate {
        match day.weekday() {
            Weekday::Sat => day - Duration::days(1),
            Weekday::Sun => day + Duration::days(1),
            _ => day,
        }
    }

    fn day(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.zone).date_naive()
    }

    fn minute(&mut self) -> u32 {
        u32::try_from(self.chance.within(0, 11) * 5 + self.chance.within(0, 4)).unwrap_or_default()
    }

    fn add(&mut self, at: DateTime<Utc>, by: By, kind: ItemKind, (title, body): (&str, &str), more: ItemDraft) -> usize {
        let item = self.added.len();
        let body = Some(body.to_owned()).filter(|body| !body.is_empty());
        let draft = ItemDraft { kind: Some(kind), title: Some(title.to_owned()), body, ..more };
        self.added.push(at);
        self.events.push(Event { at, by, deed: Deed::Add(item, Box::new(draft)) });
        item
    }

    /// Something happens to an item, after it was added.
    fn then(&mut self, at: DateTime<Utc>, by: By, item: usize, deed: Deed) {
        let earliest = self.added.get(item).map_or(at, |added| *added + Duration::minutes(1));
        self.events.push(Event { at: at.max(earliest), by, deed });
    }

    fn moved(&mut self, at: DateTime<Utc>, by: By, item: usize, asked: Move) {
        self.then(at, by, item, Deed::Move(item, asked));
    }

    /// Agreement, contract, invoices, a file, a message.
    fn paperwork(&mut self, n: usize, sketch: &Sketch, begun: i64) {
        let start = self.at(begun, 9, 40);
        let due = ItemDraft { due_on: Some(self.day(start) + Duration::days(7)), ..ItemDraft::default() };
        let agreement = ("Coaching agreement", "Confidentiality, cancellations, how we work together.");
        let agreement = self.add(start, By::Coach, ItemKind::Agreement, agreement, due);
        self.then(start + Duration::minutes(6), By::Coach, agreement, Deed::Sign(agreement));
        if sketch.months > 1 {
            self.then(self.at(begun - 2, 18, 21), By::Client, agreement, Deed::Sign(agreement));
        }
        match sketch.company {
            Some(_) if n.is_multiple_of(4) => {
                let contract = self.add(
                    self.at(begun, 11, 5),
                    By::Coach,
                    ItemKind::Contract,
                    ("Statement of work: twelve sessions", ""),
                    ItemDraft::default(),
                );
                self.moved(self.at(begun, 11, 20), By::Coach, contract, Move::Submit);
                self.moved(self.at(begun - 6, 15, 2), By::Coach, contract, Move::Complete);
            }
            Some(_) => {}
            None => self.invoices(n, begun),
        }
        if n % 6 == 1 {
            let file = ItemDraft {
                file_name: Some("360-feedback-summary.pdf".into()),
                size_bytes: Some(412_880),
                content_type: Some("application/pdf".into()),
                ..ItemDraft::default()
            };
            self.add(self.at(begun.min(45), 14, 33), By::Coach, ItemKind::File, ("360° feedback, summary", ""), file);
        }
        if n % 5 == 2 {
            let message = ("Running ten minutes late on Thursday", "The train again. I will call from the platform if it gets worse.");
            self.add(self.at(begun.min(12), 8, 47), By::Client, ItemKind::Message, message, ItemDraft::default());
        }
    }

    fn invoices(&mut self, n: usize, begun: i64) {
        for back in (0..2).rev().filter(|back| back * 30 + 4 < begun) {
            let sent = self.at(back * 30 + 4, 10, 0);
            let month = ["one session", "two sessions", "three sessions"][n % 3];
            let title = format!("Coaching in {}, {month}", (self.day(sent) - Duration::days(15)).format("%B"));
            let amount = Money { amount_minor: 18_000 * (1 + n as i64 % 3), currency: "USD".into() };
            let number = Some(format!("{}-{:03}", self.day(sent).year(), self.day(sent).ordinal() as usize % 300 + n));
            let due_on = Some(self.day(sent) + Duration::days(if n.is_multiple_of(8) { 2 } else { 14 }));
            let more = ItemDraft { amount: Some(amount), number, due_on, ..ItemDraft::default() };
            let invoice = self.add(sent, By::Coach, ItemKind::Invoice, (&title, ""), more);
            self.moved(sent + Duration::minutes(3), By::Coach, invoice, Move::Submit);
            let paid = self.chance.within(2, 12);
            if back > 0 {
                self.moved(sent + Duration::days(paid) + Duration::hours(3), By::Coach, invoice, Move::Complete);
            }
        }
    }

    /// Sessions past and to come, what was noted, and what was taken on in them.
    fn sessions(&mut self, n: usize, begun: i64, rhythm: i64) {
        let hour = 9 + u32::try_from(n * 7 % 8).unwrap_or_default();
        let minute = [0, 30, 15][n % 3];
        let mut booked = self.at(begun, 10, 15);
        let mut ago = begun - 3;
        let mut count = n;
        while ago > -(rhythm + 14) {
            let starts_at = self.on(Self::working(self.today - Duration::days(ago)), hour, minute);
            let place = ["Video call", "Video call", "Office, 4th floor", "Phone"][n % 4];
            let more = ItemDraft { starts_at: Some(starts_at), minutes: Some(50), place: Some(place.into()), ..ItemDraft::default() };
            let title = if ago > begun - rhythm { "First session" } else { "Coaching session" };
            let session = self.add(booked, By::Coach, ItemKind::Appointment, (title, ""), more);
            let mut held_at = starts_at;
            match self.chance.within(1, 100) {
                1..=7 => {
                    let evening = starts_at - Duration::hours(16);
                    self.moved(evening, By::Coach, session, Move::Cancel);
                    booked = evening + Duration::minutes(20);
                    (ago, count) = (ago - rhythm, count + 1);
                    continue;
                }
                8..=15 => {
                    held_at += Duration::days(1);
                    let moved = ItemDraft { starts_at: Some(held_at), ..ItemDraft::default() };
                    self.then(starts_at - Duration::hours(22), By::Coach, session, Deed::Change(session, Box::new(moved)));
                }
                _ => {}
            }
            self.moved(held_at + Duration::minutes(54), By::Coach, session, Move::Complete);
            if rhythm < 30 || count.is_multiple_of(2) {
                let (topic, noted) = self.theme.sessions[count % self.theme.sessions.len()];
                let on = ItemDraft { on: Some(self.day(held_at)), ..ItemDraft::default() };
                let later = held_at + Duration::minutes(90 + 11 * self.chance.within(1, 9));
                self.add(later, By::Coach, ItemKind::SessionNote, (topic, noted), on);
            }
            self.action(held_at + Duration::minutes(48));
            if rhythm < 30 && self.chance.percent(45) {
                self.action(held_at + Duration::minutes(51));
            }
            booked = held_at + Duration::minutes(58);
            (ago, count) = (ago - rhythm, count + 1);
        }
    }

    /// Something to do that was agreed at a time, and how it went.
    fn action(&mut self, agreed: DateTime<Utc>) {
        let of_theme = self.theme.actions.len();
        let index = self.actions;
        self.actions += 1;
        let text = match self.theme.actions.get(index) {
            Some(text) => *text,
            None => MORE_ACTIONS[(index - of_theme) % MORE_ACTIONS.len()],
        };
        let due = Self::working(self.day(agreed) + Duration::days([7, 14, 14, 10, 21][index % 5]));
        let more = ItemDraft { due_on: Some(due), ..ItemDraft::default() };
        let action = self.add(agreed, By::Coach, ItemKind::Action, text, more);
        let (hour, minute) = (u32::try_from(self.chance.within(8, 21)).unwrap_or(9), self.minute());
        let age = (self.today - due).num_days();
        match self.chance.within(1, 100) {
            1..=52 => {
                let day = due - Duration::days(self.chance.within(1, 4));
                self.moved(self.on(day, hour, minute), By::Client, action, Move::Complete);
            }
            53..=68 => self.moved(self.on(due, hour, minute), By::Client, action, Move::Complete),
            69..=84 => {
                let day = due + Duration::days(self.chance.within(1, 6));
                self.moved(self.on(day, hour, minute), By::Client, action, Move::Complete);
            }
            85..=91 => self.moved(self.on(due - Duration::days(2), hour, minute), By::Coach, action, Move::Cancel),
            _ if age > 30 => self.moved(self.on(due + Duration::days(12), hour, minute), By::Client, action, Move::Complete),
            _ => {}
        }
    }

    fn gauges(&mut self, n: usize, begun: i64, featured: bool, close: bool) {
        let all = self.theme.gauges;
        let followed: Vec<&Gauge> = match (featured, close) {
            (true, _) => all.iter().collect(),
            (_, true) => all.iter().take(2).collect(),
            _ => vec![&all[n % all.len()]],
        };
        for (nth, gauge) in followed.into_iter().enumerate() {
            let every = match (featured && nth == 0, close) {
                (true, _) => 7,
                (_, true) => 14,
                _ => 45,
            };
            let since = (begun - 6).min(330);
            let target = Some(gauge.to);
            let more = ItemDraft { target, unit: Some(gauge.unit.into()), ..ItemDraft::default() };
            let metric = self.add(self.at(since, 10, 31), By::Coach, ItemKind::Metric, (gauge.title, ""), more);
            let mut ago = since - 1;
            let last = 1 + self.chance.within(0, 4);
            // most get near to their target in a year, some past it
            let reach = 0.75 + 0.35 * self.chance.stray().abs();
            while ago >= last {
                let way = (since - ago) as f64 / since.max(60) as f64;
                let value = gauge.from + (gauge.to - gauge.from) * reach * way.powf(0.8) + gauge.noise * self.chance.stray();
                let places = if gauge.to.abs() > 40.0 { 1.0 } else { 2.0 };
                let value = ((value * places).round() / places).max(0.0);
                let minute = self.minute();
                self.then(self.at(ago, 20, minute), By::Client, metric, Deed::Record(metric, value));
                ago = if ago > last { (ago - every).max(last) } else { last - 1 };
            }
        }
    }

    fn worksheets(&mut self, begun: i64, close: bool) {
        let gap = if close { 60 } else { 100 };
        for (nth, text) in self.theme.worksheets.iter().enumerate().take(if close { 4 } else { 2 }) {
            let ago = begun - 17 - gap * nth as i64;
            if ago < 2 {
                return;
            }
            let assigned = self.at(ago, 16, 8);
            let due = Self::working(self.day(assigned) + Duration::days(11));
            let more = ItemDraft { due_on: Some(due), ..ItemDraft::default() };
            let worksheet = self.add(assigned, By::Coach, ItemKind::Worksheet, *text, more);
            let early = self.chance.within(-2, 5);
            let minute = self.minute();
            self.moved(self.on(due - Duration::days(early), 21, minute), By::Client, worksheet, Move::Submit);
        }
    }

    /// Journal entries, and the coach's notes, most of them private.
    fn writing(&mut self, n: usize, begun: i64, close: bool) {
        for (nth, text) in self.theme.journal.iter().enumerate().take(if close { 5 } else { 2 }) {
            let ago = begun - 20 - (if close { 40 } else { 85 }) * nth as i64 - (n % 7) as i64;
            if ago < 1 {
                break;
            }
            let (at, on) = (self.at(ago, 22, 14), self.today - Duration::days(ago));
            self.add(at, By::Client, ItemKind::JournalEntry, *text, ItemDraft { on: Some(on), ..ItemDraft::default() });
        }
        for (nth, text) in self.theme.notes.iter().enumerate().take(if close { 3 } else { 1 }) {
            let ago = begun - 30 - 70 * nth as i64;
            if ago > 0 {
                self.add(self.at(ago, 17, 55), By::Coach, ItemKind::Note, *text, ItemDraft::default());
            }
        }
        if n % 5 == 3 {
            let list = ("Reading list", "Three short things, in this order. Skip what bores you.");
            let shared = ItemDraft { visibility: Some(Visibility::Shared), ..ItemDraft::default() };
            self.add(self.at((begun - 9).max(1), 12, 40), By::Coach, ItemKind::Note, list, shared);
        }
    }

    fn course(&mut self, begun: i64) {
        for (nth, step) in self.theme.steps.iter().enumerate() {
            let nth = nth as i64;
            let due_on = Some(self.today - Duration::days(begun - 14 - 28 * nth));
            let more = ItemDraft { course: Some(self.theme.course.into()), due_on, ..ItemDraft::default() };
            let step =
                self.add(self.at(begun - 5, 13, u32::try_from(nth).unwrap_or_default()), By::Coach, ItemKind::CourseStep, (step, ""), more);
            let ago = begun - 12 - 28 * nth + self.chance.within(-6, 2);
            let minute = self.minute();
            self.moved(self.at(ago, 19, minute), By::Client, step, Move::Complete);
        }
    }

    /// The days before today, in which a bit of everything happens.
    fn last_week(&mut self) {
        let due = |day: NaiveDate| ItemDraft { due_on: Some(day), ..ItemDraft::default() };
        let today = self.today;
        let ahead = |days: i64| today + Duration::days(days);
        let (in_two, in_three, in_five, in_nine) = (ahead(2), ahead(3), ahead(5), ahead(9));
        let (two_ago, four_ago, six_ago) = (ahead(-2), ahead(-4), ahead(-6));
        let action = ItemKind::Action;

        let early = ("Write the agenda for the offsite", "Two questions for each half day. Everything else is a walk.");
        let early = self.add(self.at(13, 10, 5), By::Coach, action, early, due(in_two));
        self.moved(self.at(5, 17, 20), By::Client, early, Move::Complete);

        let late = ("Tell Leo that the date will move", "Before he hears it from somebody else.");
        let late = self.add(self.at(15, 10, 7), By::Coach, action, late, due(six_ago));
        self.moved(self.at(2, 9, 52), By::Client, late, Move::Complete);

        let dropped = self.add(self.at(20, 11, 2), By::Coach, action, ("Compare three planning tools", ""), due(two_ago));
        self.moved(self.at(4, 16, 31), By::Coach, dropped, Move::Cancel);

        let postponed = ("Pick a deputy for the release", "Ask two people what they would want from it first.");
        let postponed = self.add(self.at(9, 11, 30), By::Coach, action, postponed, due(two_ago));
        self.then(self.at(3, 12, 12), By::Coach, postponed, Deed::Change(postponed, Box::new(due(in_nine))));

        let open = ("Give Dana the numbers for her promotion case", "She asked twice.");
        self.add(self.at(16, 10, 40), By::Coach, action, open, due(four_ago));

        let worksheet = (
            "Map of a difficult conversation",
            "What happened, what you felt, what it says about you, and the same three for the other side.",
        );
        let worksheet = self.add(self.at(8, 15, 15), By::Coach, ItemKind::Worksheet, worksheet, due(in_three));
        self.moved(self.at(4, 21, 48), By::Client, worksheet, Move::Submit);
        let assigned = ("Who needs to hear it first?", "For the announcement: who, when, from whom.");
        self.add(self.at(3, 12, 20), By::Coach, ItemKind::Worksheet, assigned, due(in_five));

        let noted = "Came in with the announcement half written. The fear is not the news, it is Leo’s face. Agreed: Leo first, in person, today. \
                     Then the team, all at once, with the date and the reason in the first two sentences.";
        let on = ItemDraft { on: Some(ahead(-3)), ..ItemDraft::default() };
        self.add(self.at(3, 12, 40), By::Coach, ItemKind::SessionNote, ("Saying it before it is said for you", noted), on);

        let written =
            "Told Leo. It took four minutes and he said thank you. I had been practising for a week what to answer if he shouted.";
        let on = ItemDraft { on: Some(ahead(-2)), ..ItemDraft::default() };
        self.add(self.at(2, 22, 3), By::Client, ItemKind::JournalEntry, ("Four minutes", written), on);

        let fresh = ("Announce the new date to the team", "Date and reason in the first two sentences.");
        self.add(self.at(1, 9, 15), By::Coach, action, fresh, due(in_two));
        let noted = ("Ask about the sister", "Mentioned on the way out. Not this week.");
        self.add(self.at(1, 9, 18), By::Coach, ItemKind::Note, noted, ItemDraft::default());

        let session = ItemDraft {
            starts_at: Some(self.on(Self::working(in_two), 11, 0)),
            minutes: Some(50),
            place: Some("Video call".into()),
            ..ItemDraft::default()
        };
        self.add(self.at(3, 12, 50), By::Coach, ItemKind::Appointment, ("Check-in before the announcement", ""), session);
    }
}
