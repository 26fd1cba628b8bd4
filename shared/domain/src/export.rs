//! Exports: a client's record, or a whole account, as one file, on demand.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use ulid::Ulid;
use utoipa::ToSchema;

use crate::access::{Action, ClientFacts, ItemFacts, Resource, Viewer, decide};
use crate::check::{Check, Invalid};
use crate::id::{ClientId, ExportId, HappeningId, ItemId};
use crate::item::{ItemKind, Visibility};
use crate::person::PersonId;

/// For how long a file can be fetched.
pub const KEPT_FOR: Duration = Duration::days(7);
/// For how long it stays on record that there was an export.
pub const ON_RECORD_FOR: Duration = Duration::days(400);
/// For how long nobody else takes an export on: longer than the function that writes it may run, so that who took it on is
/// dead by then.
pub const LEASE: Duration = Duration::seconds(960);
/// How long an export may wait in the queue before it is put there again.
pub const QUEUED_FOR: Duration = Duration::minutes(10);
/// How long an export rests that failed more than once.
const REST: Duration = Duration::minutes(1);
/// How often an export is tried before it has failed.
pub const ATTEMPTS_MOST: u32 = 5;
/// The most happenings of one export: what is remembered of each while it is written then fits into little memory.
pub const HAPPENINGS_MOST: usize = 250_000;

/// In which order an export tells things.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// As they happened.
    #[default]
    OldestFirst,
    /// The exact reverse.
    NewestFirst,
}

/// What kind of file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// A page that needs nothing else: to be read, printed and handed on.
    #[default]
    Html,
    /// One JSON document; of an account, one JSON object a line.
    Json,
    /// A table with a row per happening, for spreadsheets.
    Csv,
}

impl Format {
    /// How the file's name ends.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Json => "json",
            Self::Csv => "csv",
        }
    }
}

/// What is asked for: everything in order, but for what this says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ExportDraft {
    /// The first day, on the calendar of who asks; from the beginning if left out.
    pub from: Option<NaiveDate>,
    /// The last day, included; to the present if left out.
    pub to: Option<NaiveDate>,
    /// Of these kinds; of all if left out.
    #[schema(min_items = 1)]
    pub kinds: Option<Vec<ItemKind>>,
    /// In which order; default `oldest_first`.
    pub order: Option<Order>,
    /// Whether one's own private notes are in it; default no. Never in a client's own export.
    pub include_private: Option<bool>,
    /// What kind of file; default `html`.
    pub format: Option<Format>,
}

/// What is asked for, checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Request {
    /// The first day.
    #[serde(default)]
    pub from: Option<NaiveDate>,
    /// The last day, included.
    #[serde(default)]
    pub to: Option<NaiveDate>,
    /// Of these kinds.
    pub kinds: BTreeSet<ItemKind>,
    /// In which order.
    pub order: Order,
    /// Whether private notes of who asked are in it.
    pub include_private: bool,
    /// What kind of file.
    pub format: Format,
}

impl ExportDraft {
    /// What somebody asks for, if it makes sense.
    ///
    /// # Errors
    /// Every bad field.
    pub fn check(&self, viewer: &Viewer) -> Result<Request, Invalid> {
        let mut check = Check::default();
        for (date, name) in [(self.from, "from"), (self.to, "to")] {
            check.that(date.is_none_or(|date| (1900..=2199).contains(&date.year())), name, "must be from 1900 to 2199");
        }
        check.that(self.from.zip(self.to).is_none_or(|(from, to)| from <= to), "to", "must not be before `from`");
        check.that(
            self.kinds.as_ref().is_none_or(|kinds| !kinds.is_empty()),
            "kinds",
            "must name at least one kind; leave it out for all of them",
        );
        let include_private = self.include_private.unwrap_or_default();
        check.that(
            !include_private || viewer.member().is_some(),
            "include_private",
            "private notes can be in a coach's export only, never in a client's own; leave it out",
        );
        check.done(Request {
            from: self.from,
            to: self.to,
            kinds: self.kinds.clone().map_or_else(|| ItemKind::ALL.into_iter().collect(), |kinds| kinds.into_iter().collect()),
            order: self.order.unwrap_or_default(),
            include_private,
            format: self.format.unwrap_or_default(),
        })
    }
}

impl Request {
    /// Whether it is of every kind.
    pub fn is_of_all_kinds(&self) -> bool {
        self.kinds.len() == ItemKind::ALL.len()
    }

    /// What a whole account is asked for with: one JSON object a line, of everything.
    pub fn of_account() -> Self {
        Self {
            from: None,
            to: None,
            kinds: ItemKind::ALL.into_iter().collect(),
            order: Order::OldestFirst,
            include_private: false,
            format: Format::Json,
        }
    }

    /// The instants that the days mean on a calendar: from the first, before the second; nothing that happens after
    /// `now` is in it, so that every try writes the same.
    pub fn span(&self, zone: Tz, now: DateTime<Utc>) -> Span {
        let from = self.from.map(|day| first_instant(day, zone));
        let end = self.to.and_then(|day| day.succ_opt()).map(|next| first_instant(next, zone));
        let after_now = now + Duration::milliseconds(1);
        Span { from, before: end.map_or(after_now, |end| end.min(after_now)) }
    }
}

/// The first instant of a day on a calendar: midnight, or where clocks jumped over it, the first instant after.
fn first_instant(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    // no zone ever left out more than a day
    let valid = (0..=2 * 24 * 60).find_map(|minutes| zone.from_local_datetime(&(midnight + Duration::minutes(minutes))).earliest());
    valid.map_or_else(|| midnight.and_utc(), |at| at.with_timezone(&Utc))
}

/// From one instant, included, to another, not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// From here; from the beginning without.
    #[serde(default)]
    pub from: Option<DateTime<Utc>>,
    /// To just before this.
    pub before: DateTime<Utc>,
}

/// Whether an item is in an export: of the kinds asked for, and seen by who asks; private ones only where that was asked for too
///
pub fn shows(viewer: &Viewer, client: &ClientFacts, request: &Request, item: &ItemFacts) -> bool {
    let is_asked_for = match item.visibility {
        Visibility::Shared => true,
        Visibility::Private => request.include_private,
    };
    is_asked_for && request.kinds.contains(&item.kind) && decide(viewer, Action::Read, &Resource::Item(client, item)).is_allowed()
}

/// How far an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ExportState)]
pub enum State {
    /// It was asked for.
    Queued,
    /// It is being written.
    Running,
    /// It can be fetched.
    Ready,
    /// It could not be written.
    Failed,
    /// Its time is over; the file is gone.
    Expired,
}

/// Where an attempt writes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// The object.
    pub key: String,
    /// The upload in parts.
    pub id: String,
}

/// A finished file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// The object.
    pub key: String,
    /// What to save it as.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, in hex.
    pub sha256: String,
}

/// An export that was asked for. Changed only under the condition that its version is the one that was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Export {
    /// Id.
    pub id: ExportId,
    /// The client it is of; of the whole account without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// Who asked for it.
    pub by: PersonId,
    /// What was asked for.
    pub request: Request,
    /// The calendar of who asked.
    pub time_zone: Tz,
    /// What it covers; fixed when it was asked for.
    pub span: Span,
    /// How far it is; never `expired`, see [`Export::state_at`].
    pub state: State,
    /// How often it was begun.
    pub attempt: u32,
    /// When somebody must look after it, until it is final.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wake_at: Option<DateTime<Utc>>,
    /// Where the latest attempt writes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<Upload>,
    /// How many things are in it; of an account, how many clients.
    #[serde(default)]
    pub total: u64,
    /// How many of them are written.
    #[serde(default)]
    pub done: u64,
    /// How many items are in it.
    #[serde(default)]
    pub items: u64,
    /// The file, once it is ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<File>,
    /// When the file goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Counts changes, from 1.
    pub version: u64,
    /// When the row may go (epoch seconds).
    pub expires: i64,
}

/// What became of taking an export on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is to be written now, by whoever asked.
    Taken,
    /// Somebody else writes it, or it rests.
    Held,
    /// There is nothing to do any more.
    Over,
}

impl Export {
    /// An export that is asked for.
    pub fn new(id: ExportId, client_id: Option<ClientId>, by: PersonId, request: Request, time_zone: Tz, now: DateTime<Utc>) -> Self {
        Self {
            id,
            client_id,
            by,
            span: request.span(time_zone, now),
            request,
            time_zone,
            state: State::Queued,
            attempt: 0,
            wake_at: Some(now + QUEUED_FOR),
            upload: None,
            total: 0,
            done: 0,
            items: 0,
            file: None,
            expires_at: None,
            reason: None,
            created_at: now,
            updated_at: now,
            version: 1,
            expires: (now + ON_RECORD_FOR).timestamp(),
        }
    }

    /// How far it is at a moment.
    pub fn state_at(&self, now: DateTime<Utc>) -> State {
        match self.state {
            State::Ready if self.expires_at.is_some_and(|expires| expires <= now) => State::Expired,
            state => state,
        }
    }

    /// How much of it is written, from 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "a share of a whole")]
    pub fn progress(&self) -> f64 {
        match self.state {
            State::Queued | State::Failed => 0.0,
            State::Ready | State::Expired => 1.0,
            State::Running if self.total == 0 => 0.0,
            State::Running => ((self.done as f64 / self.total as f64) * 100.0).floor() / 100.0,
        }
    }

    fn change(&mut self, state: State, wake_at: Option<DateTime<Utc>>, now: DateTime<Utc>) {
        self.state = state;
        self.wake_at = wake_at;
        self.updated_at = now;
        self.version += 1;
    }

    /// Takes it on. A lease that ran out counts as none.
    pub fn claim(&mut self, now: DateTime<Utc>) -> Claim {
        match self.state {
            State::Ready | State::Failed | State::Expired => Claim::Over,
            State::Running if self.wake_at.is_some_and(|at| now < at) => Claim::Held,
            State::Queued | State::Running => {
                self.attempt += 1;
                (self.done, self.total, self.items) = (0, 0, 0);
                self.change(State::Running, Some(now + LEASE), now);
                Claim::Taken
            }
        }
    }

    /// Notes how far it is; the lease stays as it is.
    pub fn note(&mut self, now: DateTime<Utc>) {
        self.change(State::Running, self.wake_at, now);
    }

    /// Its file is whole.
    pub fn finish(&mut self, file: File, now: DateTime<Utc>) {
        self.file = Some(file);
        self.upload = None;
        self.expires_at = Some(now + KEPT_FOR);
        self.done = self.total;
        self.change(State::Ready, None, now);
    }

    /// It can't be written, whoever tries.
    pub fn fail(&mut self, reason: &str, now: DateTime<Utc>) {
        self.reason = Some(reason.to_owned());
        self.change(State::Failed, None, now);
    }

    /// An attempt came to nothing: it is tried again at once, later after a rest, and not for ever.
    pub fn give_back(&mut self, now: DateTime<Utc>) {
        match self.attempt {
            ATTEMPTS_MOST.. => self.give_up(now),
            2.. => self.change(State::Running, Some(now + REST), now),
            _ => self.change(State::Queued, Some(now + QUEUED_FOR), now),
        }
    }

    /// Looks after it when its time has come; whether that changed it. What nobody works on is put into the queue again.
    pub fn wake(&mut self, now: DateTime<Utc>) -> bool {
        if self.wake_at.is_none_or(|at| now < at) {
            return false;
        }
        match self.state {
            State::Queued | State::Running if self.attempt >= ATTEMPTS_MOST => self.give_up(now),
            State::Queued | State::Running => self.change(State::Queued, Some(now + QUEUED_FOR), now),
            State::Ready | State::Failed | State::Expired => return false,
        }
        true
    }

    fn give_up(&mut self, now: DateTime<Utc>) {
        self.fail(&format!("it could not be written in {ATTEMPTS_MOST} tries; ask for it again later"), now);
    }
}

/// What is remembered of a happening while an export is written: 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Spot {
    item: u32,
    at: i64,
    id: [u8; 16],
}

/// What is remembered of an item: 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    created: i64,
    id: [u8; 16],
    /// What the spots call it.
    item: u32,
    kind: ItemKind,
}

/// There are more happenings than one export takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("these are more than {HAPPENINGS_MOST} happenings, which is more than one file takes; ask for a shorter time, or fewer kinds")]
pub struct TooMany;

/// The outline of an export: which items and happenings are in it, gathered in one pass over the log, in little memory.
#[derive(Debug, Default)]
pub struct Outline {
    known: HashMap<[u8; 16], Option<u32>>,
    entries: Vec<Entry>,
    spots: Vec<Spot>,
}

impl Outline {
    /// Whether it was decided already if the item is in it.
    pub fn knows(&self, item: ItemId) -> bool {
        self.known.contains_key(&item.0.to_bytes())
    }

    /// Decides that an item is in it, if anything happened to it.
    pub fn admit(&mut self, item: ItemId, kind: ItemKind, created_at: DateTime<Utc>) {
        let id = item.0.to_bytes();
        if self.known.contains_key(&id) {
            return;
        }
        let n = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        self.entries.push(Entry { created: created_at.timestamp_millis(), id, item: n, kind });
        self.known.insert(id, Some(n));
    }

    /// Decides that an item is not in it.
    pub fn leave_out(&mut self, item: ItemId) {
        self.known.entry(item.0.to_bytes()).or_insert(None);
    }

    /// Notes a happening, if its item is in it.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn note(&mut self, item: ItemId, at: DateTime<Utc>, id: HappeningId) -> Result<(), TooMany> {
        let Some(Some(item)) = self.known.get(&item.0.to_bytes()) else { return Ok(()) };
        if self.spots.len() >= HAPPENINGS_MOST {
            return Err(TooMany);
        }
        self.spots.push(Spot { item: *item, at: at.timestamp_millis(), id: id.0.to_bytes() });
        Ok(())
    }

    /// The outline in order: every item once, at the place of its creation, with what happened to it; equal times by id.
    /// The other order is the exact reverse of all of it.
    pub fn arrange(self, order: Order) -> Arranged {
        let Self { known, mut entries, mut spots } = self;
        drop(known);
        entries.sort_unstable();
        let mut rank = vec![0_u32; entries.len()];
        for (n, entry) in entries.iter().enumerate() {
            rank[entry.item as usize] = u32::try_from(n).unwrap_or(u32::MAX);
        }
        for spot in &mut spots {
            spot.item = rank[spot.item as usize];
        }
        spots.sort_unstable();
        if order == Order::NewestFirst {
            spots.reverse();
        }
        Arranged { entries, spots, order }
    }
}

/// A month of a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Month {
    /// The year.
    pub year: i32,
    /// The month, from 1.
    pub month: u32,
}

impl Month {
    /// The month that an instant is in.
    pub fn of(at: DateTime<Utc>, zone: Tz) -> Self {
        let day = at.with_timezone(&zone).date_naive();
        Self { year: day.year(), month: day.month() }
    }
}

/// How much is in an export.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Items.
    pub items: u64,
    /// Happenings.
    pub happenings: u64,
    /// Items of each kind that there are any of.
    pub kinds: BTreeMap<ItemKind, u64>,
    /// Items added in each month, in the order of the export.
    #[serde(skip)]
    pub months: Vec<(Month, u64)>,
    /// The first and the last happening.
    #[serde(skip)]
    pub between: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

/// An outline in the order of the export.
#[derive(Debug)]
pub struct Arranged {
    entries: Vec<Entry>,
    spots: Vec<Spot>,
    order: Order,
}

/// One happening of an export, by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The item.
    pub item: ItemId,
    /// The happening.
    pub happening: HappeningId,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Whether it is the item's first in the file.
    pub begins: bool,
    /// Whether it is the item's last in the file.
    pub ends: bool,
    /// Whether nothing of the item in the file happened before it.
    pub is_oldest: bool,
}

impl Arranged {
    /// How many happenings there are.
    pub fn len(&self) -> usize {
        self.spots.len()
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.spots.is_empty()
    }

    /// A few happenings from a place on, those of an item together.
    pub fn few(&self, from: usize, most: usize) -> Vec<Step> {
        (from..self.spots.len().min(from.saturating_add(most))).map(|n| self.step(n)).collect()
    }

    fn step(&self, n: usize) -> Step {
        let spot = self.spots[n];
        let same = |other: Option<usize>| other.and_then(|other| self.spots.get(other)).is_some_and(|other| other.item == spot.item);
        let (begins, ends) = (!same(n.checked_sub(1)), !same(n.checked_add(1)));
        Step {
            item: ItemId(Ulid::from_bytes(self.entries[spot.item as usize].id)),
            happening: HappeningId(Ulid::from_bytes(spot.id)),
            at: instant(spot.at),
            begins,
            ends,
            is_oldest: match self.order {
                Order::OldestFirst => begins,
                Order::NewestFirst => ends,
            },
        }
    }

    /// How much there is, with months of a calendar.
    pub fn counts(&self, zone: Tz) -> Counts {
        let mut counts = Counts { happenings: self.spots.len() as u64, ..Counts::default() };
        for spot in &self.spots {
            let at = instant(spot.at);
            let (first, last) = counts.between.unwrap_or((at, at));
            counts.between = Some((first.min(at), last.max(at)));
        }
        let mut last = None;
        for spot in &self.spots {
            if last.replace(spot.item) == Some(spot.item) {
                continue;
            }
            let entry = self.entries[spot.item as usize];
            counts.items += 1;
            *counts.kinds.entry(entry.kind).or_default() += 1;
            let month = Month::of(instant(entry.created), zone);
            match counts.months.last_mut() {
                Some((of, items)) if *of == month => *items += 1,
                _ => counts.months.push((month, 1)),
            }
        }
        counts
    }
}

fn instant(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sample;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn coach() -> Viewer {
        Viewer::Member(sample::member(1, &[]))
    }

    #[test]
    fn a_blank_request_is_for_everything_in_order_but_private_notes() {
        let request = ExportDraft::default().check(&coach()).unwrap();
        assert!(request.is_of_all_kinds() && !request.include_private);
        assert_eq!((request.order, request.format), (Order::OldestFirst, Format::Html));
        let now = at("2026-11-02T09:00:00Z");
        assert_eq!(request.span(chrono_tz::UTC, now), Span { from: None, before: now + Duration::milliseconds(1) });
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let bad = |draft: ExportDraft, viewer: &Viewer| -> Vec<String> {
            draft.check(viewer).map_or_else(|invalid| invalid.errors.into_iter().map(|e| e.field).collect(), |_| Vec::new())
        };
        let range = |from: &str, to: &str| ExportDraft { from: Some(day(from)), to: Some(day(to)), ..ExportDraft::default() };
        let client = Viewer::Client(sample::client(10, None));
        for (draft, viewer, fields) in [
            (range("2026-03-01", "2026-03-01"), coach(), &[][..]),
            (range("2026-03-02", "2026-03-01"), coach(), &["to"]),
            (range("1899-12-31", "2200-01-01"), coach(), &["from", "to"]),
            (ExportDraft { kinds: Some(Vec::new()), ..ExportDraft::default() }, coach(), &["kinds"]),
            (ExportDraft { kinds: Some(vec![ItemKind::Note, ItemKind::Note]), ..ExportDraft::default() }, coach(), &[]),
            (ExportDraft { include_private: Some(true), ..ExportDraft::default() }, coach(), &[]),
            (ExportDraft { include_private: Some(true), ..ExportDraft::default() }, client.clone(), &["include_private"]),
            (ExportDraft { include_private: Some(false), ..ExportDraft::default() }, client, &[]),
        ] {
            assert_eq!(bad(draft.clone(), &viewer), fields, "{draft:?}");
        }
    }

    #[test]
    fn days_begin_and_end_on_the_calendar_of_who_asks() {
        let now = at("2030-01-01T00:00:00Z");
        for (zone, from, to, begins, ends) in [
            (chrono_tz::UTC, "2026-03-01", "2026-03-01", "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"),
            // spring forward and fall back: 23 and 25 hours
            (chrono_tz::America::New_York, "2026-03-08", "2026-03-08", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"),
            (chrono_tz::America::New_York, "2026-11-01", "2026-11-01", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"),
            // midnight is skipped
            (chrono_tz::Asia::Beirut, "2026-03-29", "2026-03-29", "2026-03-28T22:00:00Z", "2026-03-29T21:00:00Z"),
            // midnight comes twice: the day begins with the first
            (chrono_tz::America::Havana, "2026-11-01", "2026-11-01", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"),
            // a day that never was
            (chrono_tz::Pacific::Apia, "2011-12-30", "2011-12-30", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z"),
        ] {
            let draft = ExportDraft { from: Some(day(from)), to: Some(day(to)), ..ExportDraft::default() };
            let span = draft.check(&coach()).unwrap().span(zone, now);
            assert_eq!(span, Span { from: Some(at(begins)), before: at(ends) }, "{zone} {from}");
        }
    }

    #[test]
    fn private_notes_are_in_it_when_asked_for_and_for_their_author_alone() {
        use crate::client::Level;
        use crate::person::Actor;
        let client = ClientFacts::of(&sample::client(10, None), Level::Coaching);
        let by = |author| ItemFacts { kind: ItemKind::Note, visibility: Visibility::Private, author, is_draft: false };
        let own = by(Actor::Member(crate::id::MemberId(Ulid(1))));
        let others = by(Actor::Client(client.id));
        let shared = ItemFacts { visibility: Visibility::Shared, ..others.clone() };
        let ask = |include_private, kinds: Option<Vec<ItemKind>>| {
            ExportDraft { include_private, kinds, ..ExportDraft::default() }.check(&coach()).unwrap()
        };
        for (request, expected) in [
            (ask(None, None), [false, false, true]),
            (ask(Some(false), None), [false, false, true]),
            (ask(Some(true), None), [true, false, true]),
            (ask(Some(true), Some(vec![ItemKind::Action])), [false, false, false]),
        ] {
            assert_eq!([&own, &others, &shared].map(|item| shows(&coach(), &client, &request, item)), expected, "{request:?}");
        }
        let stranger = ClientFacts { level: Level::None, ..client };
        assert!(!shows(&coach(), &stranger, &ask(Some(true), None), &shared));
    }

    fn queued() -> Export {
        let request = ExportDraft::default().check(&coach()).unwrap();
        Export::new(ExportId(Ulid(1)), Some(ClientId(Ulid(10))), coach().person(), request, chrono_tz::UTC, sample::now())
    }

    #[test]
    fn an_export_is_taken_on_by_one_at_a_time_and_given_up_in_the_end() {
        let mut export = queued();
        let mut now = sample::now();
        assert_eq!(export.state_at(now), State::Queued);
        assert!(!export.wake(now));
        let mut tries = 0;
        while export.state != State::Failed {
            assert_eq!(export.claim(now), Claim::Taken);
            tries += 1;
            assert_eq!(export.claim(now), Claim::Held);
            assert!(!export.wake(now));
            // whoever wrote it died
            now += LEASE;
            assert!(export.wake(now));
        }
        assert_eq!((tries, export.claim(now), export.wake(now + LEASE)), (ATTEMPTS_MOST, Claim::Over, false));
        assert!(export.reason.unwrap().contains("5 tries"));
    }

    #[test]
    fn an_attempt_that_fails_is_repeated_at_once_and_then_after_rests() {
        let mut export = queued();
        let now = sample::now();
        let mut states = Vec::new();
        for _ in 0..ATTEMPTS_MOST {
            assert_eq!(export.claim(now + REST), Claim::Taken);
            export.give_back(now);
            states.push(export.state);
        }
        assert_eq!(states, [State::Queued, State::Running, State::Running, State::Running, State::Failed]);
    }

    #[test]
    fn a_file_goes_after_seven_days() {
        let mut export = queued();
        let now = sample::now();
        assert_eq!(export.claim(now), Claim::Taken);
        export.finish(File { key: "k".into(), name: "n".into(), bytes: 1, sha256: "00".into() }, now);
        assert_eq!((export.state_at(now + KEPT_FOR - Duration::seconds(1)), export.progress()), (State::Ready, 1.0));
        assert_eq!((export.state_at(now + KEPT_FOR), export.wake_at), (State::Expired, None));
    }

    #[test]
    fn what_is_more_than_one_file_takes_is_said() {
        let mut outline = outline(&[(0, true), (0, false)], &[]);
        let mut note = |item: u128, n: usize| outline.note(ItemId(Ulid(item)), sample::now(), HappeningId(Ulid(n as u128)));
        for n in 0..HAPPENINGS_MOST {
            note(0, n).unwrap();
        }
        assert_eq!((note(0, HAPPENINGS_MOST), note(1, HAPPENINGS_MOST)), (Err(TooMany), Ok(())));
        assert!(TooMany.to_string().contains("250000"));
    }

    /// Items by when they were added and whether they are in it, and what happened to which of them when.
    type Told = (Vec<(i64, bool)>, Vec<(usize, i64)>);

    fn records() -> impl Strategy<Value = Told> {
        proptest::collection::vec((0_i64..20, any::<bool>()), 1..12).prop_flat_map(|items| {
            let n = items.len();
            (Just(items), proptest::collection::vec((0..n, 0_i64..20), 0..60))
        })
    }

    fn outline(items: &[(i64, bool)], happenings: &[(usize, i64)]) -> Outline {
        let mut outline = Outline::default();
        for (n, (created, shown)) in items.iter().enumerate() {
            let id = ItemId(Ulid(n as u128));
            match shown {
                true => outline.admit(id, ItemKind::Action, instant(*created)),
                false => outline.leave_out(id),
            }
        }
        for (n, (item, at)) in happenings.iter().enumerate() {
            outline.note(ItemId(Ulid(*item as u128)), instant(*at), HappeningId(Ulid(n as u128))).unwrap();
        }
        outline
    }

    proptest! {
        #[test]
        fn the_other_order_is_the_exact_reverse((items, happenings) in records()) {
            let told = |order| outline(&items, &happenings).arrange(order).few(0, usize::MAX).into_iter().map(|s| (s.item, s.happening)).collect::<Vec<_>>();
            let mut reversed = told(Order::NewestFirst);
            reversed.reverse();
            prop_assert_eq!(told(Order::OldestFirst), reversed);
        }

        #[test]
        fn every_item_stands_once_where_it_was_added_with_all_that_happened_to_it((items, happenings) in records()) {
            for order in [Order::OldestFirst, Order::NewestFirst] {
                let arranged = outline(&items, &happenings).arrange(order);
                let steps = arranged.few(0, usize::MAX);
                prop_assert_eq!(steps.len(), happenings.iter().filter(|(item, _)| items[*item].1).count());
                let begun: Vec<ItemId> = steps.iter().filter(|s| s.begins).map(|s| s.item).collect();
                let mut sorted = begun.clone();
                sorted.sort_by_key(|id| (items[usize::try_from(id.0.0).unwrap()].0, *id));
                if order == Order::NewestFirst {
                    sorted.reverse();
                }
                prop_assert_eq!(&begun, &sorted);
                sorted.dedup();
                prop_assert_eq!(&begun, &sorted);
                prop_assert_eq!(steps.iter().filter(|s| s.ends).count(), begun.len());
                prop_assert_eq!(steps.iter().filter(|s| s.is_oldest).count(), begun.len());
                let counts = arranged.counts(chrono_tz::UTC);
                prop_assert_eq!((counts.items, counts.happenings), (begun.len() as u64, steps.len() as u64));
                prop_assert_eq!(counts.months.iter().map(|(_, n)| n).sum::<u64>(), counts.items);
            }
        }

        #[test]
        fn what_happened_on_the_days_asked_for_is_in_and_nothing_else(
            seconds in 0_i64..2_000_000_000, back in 0_u64..3, on in 0_u64..3,
            zone in proptest::sample::select(vec![
                chrono_tz::UTC, chrono_tz::America::New_York, chrono_tz::Asia::Beirut, chrono_tz::America::Sao_Paulo,
                chrono_tz::America::Havana, chrono_tz::Australia::Lord_Howe, chrono_tz::Pacific::Apia,
            ]),
        ) {
            let moment = DateTime::from_timestamp(seconds, 0).unwrap();
            let local = moment.with_timezone(&zone).date_naive();
            let (from, to) = (local - chrono::Days::new(back), local - chrono::Days::new(back) + chrono::Days::new(on));
            let request = ExportDraft { from: Some(from), to: Some(to), ..ExportDraft::default() }.check(&coach()).unwrap();
            let span = request.span(zone, at("2100-01-01T00:00:00Z"));
            let is_in = span.from.is_none_or(|from| from <= moment) && moment < span.before;
            prop_assert_eq!(is_in, from <= local && local <= to);
        }
    }
}
