//! What a report shows to whom: one function from the record to the content of one recipient's mail.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::access::{Action, ClientFacts, GroupFacts, ItemFacts, Viewer, decide};
use crate::client::{Client, Level};
use crate::group::Group;
use crate::happening::{Happening, What};
use crate::id::{ClientId, ItemId};
use crate::item::{Item, ItemKind, Point, State, Visibility};
use crate::person::Actor;
use crate::record::{RecordFacts, RecordOf};
use crate::report::{AudienceKind, Definition, Detail};
use crate::schedule::Window;

/// The most characters of a body in a mail.
const BODY_MOST: usize = 2_000;
/// The most bytes of text that one content holds: what is over is counted and left out, so that a content always fits
/// into one row of the table, and far more than a mail shows.
const WEIGHT_MOST: usize = 200_000;
/// The most points of a chart.
const CHART_MOST: usize = 24;
/// The most characters of a comment in a mail.
const SAID_MOST: usize = 500;
/// The most comments on an item that a mail quotes: the last ones.
const QUOTED_MOST: usize = 3;

/// What one recipient's mail says, fixed when the run is planned: a retry says the same.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// One section per client, by name, then one per group.
    pub sections: Vec<Section>,
    /// How many lines were left out because there were too many.
    #[serde(default)]
    pub left_out: usize,
}

impl Content {
    /// Whether nothing happened and nothing is open.
    pub fn is_empty(&self) -> bool {
        self.sections.iter().all(Section::is_empty) && self.left_out == 0
    }

    /// Every item that it speaks of, once, in the order of the content.
    pub fn items(&self) -> Vec<ItemId> {
        let mut seen = BTreeSet::new();
        let of = |section: &Section| {
            let lines = section.happened.iter().chain(&section.open).map(|line| line.item_id);
            lines.chain(section.metrics.iter().map(|metric| metric.item_id)).collect::<Vec<_>>()
        };
        self.sections.iter().flat_map(of).filter(|item| seen.insert(*item)).collect()
    }

    /// The content without the records that `keep` denies: for a last look just before sending.
    #[must_use]
    pub fn only(mut self, keep: impl Fn(RecordOf) -> bool) -> Self {
        self.sections.retain(|section| keep(section.record));
        self
    }
}

/// What a mail says of one client, or of what a group shares.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// Whose record it is of.
    #[serde(flatten)]
    pub record: RecordOf,
    /// The client's name, or the group's.
    pub name: String,
    /// What happened in the window, one line per item, in the order of [`ItemKind::ALL`] and then of time.
    pub happened: Vec<Line>,
    /// What stands open: late first, then by due date.
    pub open: Vec<Line>,
    /// The current metrics, and those that something happened to.
    pub metrics: Vec<Metric>,
}

impl Section {
    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.happened.is_empty() && self.open.is_empty() && self.metrics.is_empty()
    }
}

/// How a line is marked, to be told apart at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Something else happened to it.
    Changed,
    /// It is new.
    New,
    /// It is open, and not late.
    Open,
    /// It is open past its due date.
    Late,
    /// It was called off.
    Cancelled,
    /// It was done, handed in, signed or paid.
    Done,
}

/// One thing that happened to an item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// What.
    pub what: What,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom: a name.
    pub by: String,
    /// What changed, in a few words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What was said, for the last comments on an item and with full detail only; cut with an ellipsis where it is long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
}

/// One item in a mail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The item.
    pub item_id: ItemId,
    /// Its kind.
    pub kind: ItemKind,
    /// Its title now.
    pub title: String,
    /// How it is marked.
    pub mark: Mark,
    /// Where it stands now.
    pub state: State,
    /// What happened to it in the window, oldest first; nothing for a line that only stands open.
    #[serde(default)]
    pub events: Vec<Event>,
    /// When it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_on: Option<NaiveDate>,
    /// The day it is of, for session notes and journal entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<NaiveDate>,
    /// When it begins, for an appointment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<DateTime<Utc>>,
    /// A number or name that belongs to the kind: an invoice's amount, a file's name, a course.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<String>,
    /// Its text, with full detail only; cut with an ellipsis where it is long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// Where a metric is heading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trend {
    /// The latest value is above the one before.
    Up,
    /// Below.
    Down,
    /// The same, or there is no value before.
    Level,
}

/// One metric in a mail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// The item.
    pub item_id: ItemId,
    /// Its title.
    pub title: String,
    /// What its values count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The value to reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<f64>,
    /// Its latest values, oldest first; may be empty.
    pub points: Vec<Point>,
    /// The value before the latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<f64>,
    /// Where it is heading.
    pub trend: Trend,
    /// How many values were recorded in the window.
    pub recorded: usize,
    /// How it is marked: new, done, cancelled, changed (values were recorded) or open.
    pub mark: Mark,
    /// The comments on it in the window, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub comments: Vec<Event>,
}

/// Whose record a run reads, with what access needs to know of it.
#[derive(Clone, Debug)]
pub enum Subject {
    /// A client, and what the creator of the report is to them.
    Client(Box<Client>, Level),
    /// A group, and its clients.
    Group(Box<Shared>),
}

/// A group whose record a run reads.
#[derive(Clone, Debug)]
pub struct Shared {
    /// The group.
    pub group: Group,
    /// Its clients.
    pub clients: BTreeSet<ClientId>,
    /// What the creator of the report is to it.
    pub creator: GroupFacts,
}

impl Subject {
    /// Whose record it is.
    pub fn record(&self) -> RecordOf {
        match self {
            Self::Client(client, _) => RecordOf::Client(client.id),
            Self::Group(shared) => RecordOf::Group(shared.group.id),
        }
    }

    /// The client, if it is a client's own record.
    pub fn client(&self) -> Option<&Client> {
        match self {
            Self::Client(client, _) => Some(client),
            Self::Group(_) => None,
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Client(client, _) => client.name(),
            Self::Group(shared) => shared.group.name.clone(),
        }
    }

    fn seen_by_creator(&self) -> RecordFacts {
        match self {
            Self::Client(client, level) => RecordFacts::Client(ClientFacts::of(client, *level)),
            Self::Group(shared) => RecordFacts::Group(shared.creator),
        }
    }

    fn seen_by(&self, reader: &Reader) -> RecordFacts {
        match self {
            Self::Client(client, _) => {
                let level = reader.levels.get(&client.id).copied().unwrap_or_default();
                RecordFacts::Client(ClientFacts::of(client, level))
            }
            Self::Group(shared) => {
                RecordFacts::Group(GroupFacts::new(shared.group.id, &reader.levels, reader.viewer.as_ref(), &shared.clients))
            }
        }
    }
}

/// A record, as far as a run needs it.
#[derive(Clone, Debug)]
pub struct Record {
    /// Whose it is.
    pub subject: Subject,
    /// The happenings in the window.
    pub happenings: Vec<Happening>,
    /// The items that the happenings are about, and all that stand open, as they are now.
    pub items: BTreeMap<ItemId, Item>,
}

/// Who reads the mail.
#[derive(Clone, Debug)]
pub struct Reader {
    /// As whom they get it.
    pub audience: AudienceKind,
    /// Who they are, if they have a login.
    pub viewer: Option<Viewer>,
    /// For a member: what they are to each client.
    pub levels: BTreeMap<ClientId, Level>,
}

/// Names of the people who did things, for "by whom".
pub type Names = BTreeMap<ActorKey, String>;

/// An actor as a key of [`Names`].
pub type ActorKey = String;

/// The key of an actor in [`Names`].
pub fn actor_key(actor: Actor) -> ActorKey {
    match actor {
        Actor::Member(id) => format!("member {id}"),
        Actor::Client(id) => format!("client {id}"),
        Actor::Personnel(id) => format!("personnel {id}"),
        Actor::System => "system".to_owned(),
    }
}

/// What a report shows a reader: of each record only what the creator may see and share, and the reader may see
/// of the kinds chosen, with what happened in the window and what stands open at its end.
pub fn content(definition: &Definition, window: Window, creator: &Viewer, reader: &Reader, records: &[Record], names: &Names) -> Content {
    let today = window.to.with_timezone(&definition.time_zone).date_naive();
    let mut sections: Vec<Section> = records
        .iter()
        .filter(|record| covers(creator, reader, record))
        .map(|record| section(definition, window, today, creator, reader, record, names))
        .collect();
    sections.sort_by_key(|section| (section.record.group().is_some(), crate::check::fold(&section.name), section.record));
    let left_out = fit(&mut sections);
    Content { sections, left_out }
}

/// Whether the reader gets a section on this record at all: the creator may report on it to this audience,
/// the reader may see whose it is, and the client is not archived.
pub fn covers(creator: &Viewer, reader: &Reader, record: &Record) -> bool {
    let by_creator = record.subject.seen_by_creator();
    let reported = decide(creator, Action::Report(reader.audience), &by_creator.reported());
    let by_reader = record.subject.seen_by(reader);
    !by_creator.is_archived()
        && reported.is_allowed()
        && match &reader.viewer {
            None => reader.audience == AudienceKind::ThirdParties,
            Some(viewer) => decide(viewer, Action::Read, &by_reader.reported()).is_allowed(),
        }
}

/// Whether the reader may be shown the item.
fn shows(definition: &Definition, creator: &Viewer, reader: &Reader, record: &Record, item: &Item) -> bool {
    let facts = ItemFacts::of(item);
    let sees = |viewer: &Viewer, seen: RecordFacts| decide(viewer, Action::Read, &seen.item(&facts)).is_allowed();
    definition.kinds.contains(&item.kind)
        && sees(creator, record.subject.seen_by_creator())
        && match &reader.viewer {
            None => item.visibility == Visibility::Shared && !item.is_draft(),
            Some(viewer) => sees(viewer, record.subject.seen_by(reader)),
        }
}

/// Comments stay between coach and client.
fn shows_comments(audience: AudienceKind) -> bool {
    match audience {
        AudienceKind::Coach | AudienceKind::Clients => true,
        AudienceKind::ThirdParties | AudienceKind::Personnel => false,
    }
}

fn section(
    definition: &Definition,
    window: Window,
    today: NaiveDate,
    creator: &Viewer,
    reader: &Reader,
    record: &Record,
    names: &Names,
) -> Section {
    let mut events: BTreeMap<ItemId, Vec<&Happening>> = BTreeMap::new();
    for happening in &record.happenings {
        if window.from < happening.at && happening.at <= window.to && (happening.what != What::Commented || shows_comments(reader.audience))
        {
            events.entry(happening.item_id).or_default().push(happening);
        }
    }
    let mut section = Section {
        record: record.subject.record(),
        name: record.subject.name(),
        happened: Vec::new(),
        open: Vec::new(),
        metrics: Vec::new(),
    };
    for item in record.items.values().filter(|item| shows(definition, creator, reader, record, item)) {
        let happened = events.remove(&item.id).unwrap_or_default();
        // what was added or closed after the window is the next report's news
        let stands_open = item.is_open() && item.created_at <= window.to;
        if item.kind == ItemKind::Metric {
            if stands_open || !happened.is_empty() {
                section.metrics.push(metric(definition, item, &happened, window, names));
            }
            continue;
        }
        if !happened.is_empty() {
            section.happened.push(line(definition, item, &happened, today, names));
        } else if stands_open {
            section.open.push(line(definition, item, &[], today, names));
        }
    }
    let order = |kind: ItemKind| ItemKind::ALL.iter().position(|k| *k == kind);
    section.happened.sort_by_key(|line| (order(line.kind), line.events.last().map(|event| event.at), line.item_id));
    section.open.sort_by_key(|line| {
        let due = line.due_on.or(line.starts_at.map(|at| at.with_timezone(&definition.time_zone).date_naive()));
        (line.mark != Mark::Late, due.unwrap_or(NaiveDate::MAX), order(line.kind), line.item_id)
    });
    section.metrics.sort_by(|a, b| (&a.title, a.item_id).cmp(&(&b.title, b.item_id)));
    section
}

/// How a single happening marks its item.
fn mark_of(what: What) -> Mark {
    match what {
        What::Completed | What::Submitted | What::Signed | What::Paid => Mark::Done,
        What::Cancelled => Mark::Cancelled,
        What::Late => Mark::Late,
        What::Created | What::Shared => Mark::New,
        What::Changed | What::Recorded | What::Commented => Mark::Changed,
    }
}

/// How an item is marked that something happened to: by where it stands now if that is telling, else by what happened.
fn mark(item: &Item, happened: &[&Happening], today: NaiveDate) -> Mark {
    if item.is_late(today) {
        return Mark::Late;
    }
    let marks = happened.iter().map(|h| mark_of(h.what));
    match item.state {
        State::Cancelled => Mark::Cancelled,
        State::Done | State::Submitted | State::Completed | State::Paid => marks.max().unwrap_or(Mark::Done),
        // done and reopened is not done
        _ => marks.filter(|mark| !matches!(mark, Mark::Done | Mark::Cancelled | Mark::Late)).max().unwrap_or(if happened.is_empty() {
            Mark::Open
        } else {
            Mark::Changed
        }),
    }
}

/// The happenings as a mail tells them, oldest first.
fn events(definition: &Definition, happened: &[&Happening], names: &Names) -> Vec<Event> {
    let mut happened = happened.to_vec();
    happened.sort_by_key(|h| h.at);
    let mut quotable = match definition.detail {
        Detail::Full => QUOTED_MOST,
        Detail::Summary => 0,
    };
    let told = |h: &&Happening| {
        let said = h.text.as_deref().filter(|_| quotable > 0).map(|text| cut(text, SAID_MOST));
        quotable -= usize::from(said.is_some());
        Event { what: h.what, at: h.at, by: names.get(&actor_key(h.by)).cloned().unwrap_or_default(), note: h.note.clone(), said }
    };
    let mut events: Vec<Event> = happened.iter().rev().map(told).collect();
    events.reverse();
    events
}

fn line(definition: &Definition, item: &Item, happened: &[&Happening], today: NaiveDate, names: &Names) -> Line {
    Line {
        item_id: item.id,
        kind: item.kind,
        title: item.title.clone(),
        mark: mark(item, happened, today),
        state: item.state,
        events: events(definition, happened, names),
        due_on: item.due_on,
        on: item.on,
        starts_at: item.starts_at,
        extra: extra(item),
        body: match definition.detail {
            Detail::Full => item.body.as_deref().map(|body| cut(body, BODY_MOST)),
            Detail::Summary => None,
        },
    }
}

fn extra(item: &Item) -> Option<String> {
    match item.kind {
        ItemKind::Invoice => item.amount.as_ref().map(|money| {
            let number = item.number.as_deref().map(|n| format!("{n}, ")).unwrap_or_default();
            format!("{number}{}", money.words())
        }),
        ItemKind::File => item.file_name.clone(),
        ItemKind::CourseStep => item.course.clone(),
        ItemKind::Appointment => item.place.clone(),
        ItemKind::Action
        | ItemKind::Metric
        | ItemKind::Worksheet
        | ItemKind::SessionNote
        | ItemKind::Note
        | ItemKind::JournalEntry
        | ItemKind::Agreement
        | ItemKind::Contract
        | ItemKind::Message => None,
    }
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

fn metric(definition: &Definition, item: &Item, happened: &[&Happening], window: Window, names: &Names) -> Metric {
    // a value that was recorded after the window is the next report's news
    let points: Vec<Point> = item.points.iter().copied().filter(|p| p.on <= window.to.date_naive() + chrono::Days::new(1)).collect();
    let before = points.len().checked_sub(2).map(|n| points[n].value);
    let trend = match (points.last(), before) {
        (Some(last), Some(before)) if last.value > before => Trend::Up,
        (Some(last), Some(before)) if last.value < before => Trend::Down,
        _ => Trend::Level,
    };
    let mark = match item.state {
        State::Done => Mark::Done,
        State::Cancelled => Mark::Cancelled,
        _ => happened.iter().map(|h| mark_of(h.what)).filter(|m| matches!(m, Mark::New | Mark::Changed)).max().unwrap_or(Mark::Open),
    };
    Metric {
        item_id: item.id,
        title: item.title.clone(),
        unit: item.unit.clone(),
        target: item.target,
        before,
        trend,
        recorded: happened.iter().filter(|h| h.what == What::Recorded).count(),
        points: points[points.len().saturating_sub(CHART_MOST)..].to_vec(),
        mark,
        comments: events(definition, &happened.iter().copied().filter(|h| h.what == What::Commented).collect::<Vec<_>>(), names),
    }
}

/// Leaves out what is too much, from the end, and counts it.
fn fit(sections: &mut Vec<Section>) -> usize {
    let mut weight = 0;
    let mut left_out = 0;
    for section in sections.iter_mut() {
        weight += 100 + section.name.len();
        let mut keep = |bytes: usize| {
            weight += bytes;
            let fits = weight <= WEIGHT_MOST;
            left_out += usize::from(!fits);
            fits
        };
        let told = |events: &[Event]| -> usize {
            let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
            events.iter().map(|e| 100 + e.by.len() + length(&e.note) + length(&e.said)).sum()
        };
        section.metrics.retain(|m| keep(400 + m.title.len() + 40 * m.points.len() + told(&m.comments)));
        let weigh = |line: &Line| {
            250 + line.title.len()
                + told(&line.events)
                + line.extra.as_ref().map_or(0, String::len)
                + line.body.as_ref().map_or(0, String::len)
        };
        section.happened.retain(|line| keep(weigh(line)));
        section.open.retain(|line| keep(weigh(line)));
    }
    if left_out > 0 {
        sections.retain(|section| !section.is_empty());
    }
    left_out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use ulid::Ulid;

    use super::*;
    use crate::id::{HappeningId, MemberId};
    use crate::person::{Administrator, Member, Permission};
    use crate::report::{Audience, Scope, ScopeKind, WhenEmpty, WindowRule};
    use crate::sample::{self, now};
    use crate::schedule::Schedule;

    const CREATOR: u128 = 1;
    const OTHER: u128 = 2;

    fn window() -> Window {
        Window { from: now() - chrono::Duration::days(7), to: now() }
    }

    fn definition(kinds: &[ItemKind], detail: Detail, audience: AudienceKind) -> Definition {
        Definition {
            name: "Report".into(),
            scope: Scope { kind: ScopeKind::All, ids: BTreeSet::new() },
            kinds: kinds.iter().copied().collect(),
            detail,
            audience: Audience { kind: audience, emails: Vec::new(), ids: BTreeSet::new() },
            schedule: Schedule::Day { at: chrono::NaiveTime::MIN },
            time_zone: chrono_tz::UTC,
            window: WindowRule::SinceLastRun,
            when_empty: WhenEmpty::Skip,
            subject: None,
            introduction: None,
        }
    }

    fn happening(item: &Item, what: What, at: DateTime<Utc>, by: Actor) -> Happening {
        Happening {
            id: HappeningId(Ulid(1)),
            record: item.record,
            item_id: item.id,
            kind: item.kind,
            what,
            at,
            by,
            title: item.title.clone(),
            note: None,
            value: None,
            text: None,
            comment_id: None,
            on: None,
        }
    }

    /// A client's record with these items, each added in the window.
    fn record(client: Client, creator_level: Level, items: Vec<Item>) -> Record {
        let happenings = items.iter().map(|item| happening(item, What::Created, item.created_at, item.author)).collect();
        Record {
            subject: Subject::Client(Box::new(client), creator_level),
            happenings,
            items: items.into_iter().map(|item| (item.id, item)).collect(),
        }
    }

    fn reader(audience: AudienceKind, viewer: Option<Viewer>) -> Reader {
        Reader { audience, viewer, levels: BTreeMap::new() }
    }

    fn creator() -> Viewer {
        Viewer::Member(sample::member(CREATOR, &[Permission::ViewAllClientHappenings, Permission::ReportToThirdParties]))
    }

    fn shown(content: &Content) -> BTreeSet<ItemId> {
        let lines = |section: &Section| section.happened.iter().chain(&section.open).map(|line| line.item_id).collect::<Vec<_>>();
        let metrics = |section: &Section| section.metrics.iter().map(|metric| metric.item_id).collect::<Vec<_>>();
        content.sections.iter().flat_map(|section| [lines(section), metrics(section)].concat()).collect()
    }

    /// The readers of a report: who they are, and as what kind of audience.
    fn readers() -> Vec<Reader> {
        let level = |level| BTreeMap::from([(ClientId(Ulid(10)), level), (ClientId(Ulid(11)), level)]);
        let member = |id, permissions: &[Permission]| Some(Viewer::Member(sample::member(id, permissions)));
        vec![
            Reader { levels: level(Level::Primary), ..reader(AudienceKind::Coach, Some(creator())) },
            Reader { levels: level(Level::ViewOnly), ..reader(AudienceKind::Coach, member(OTHER, &[])) },
            reader(AudienceKind::Coach, member(OTHER, &[])),
            reader(AudienceKind::Coach, member(OTHER, &[Permission::ViewAllClientHappenings])),
            reader(AudienceKind::Clients, Some(Viewer::Client(sample::client(10, Some(20))))),
            reader(AudienceKind::Clients, Some(Viewer::Client(sample::client(11, None)))),
            reader(AudienceKind::ThirdParties, None),
            reader(AudienceKind::Personnel, Some(Viewer::Personnel(sample::personnel(3, 20, &[ItemKind::Action, ItemKind::Metric])))),
            reader(AudienceKind::Personnel, Some(Viewer::Personnel(sample::personnel(4, 21, &ItemKind::ALL)))),
            reader(AudienceKind::Personnel, Some(Viewer::Personnel(sample::personnel(5, 20, &[])))),
        ]
    }

    fn items(client: u128) -> impl Strategy<Value = Vec<Item>> {
        let author = prop_oneof![
            Just(Actor::Member(MemberId(Ulid(CREATOR)))),
            Just(Actor::Member(MemberId(Ulid(OTHER)))),
            Just(Actor::Client(ClientId(Ulid(client))))
        ];
        let visibility = prop_oneof![Just(Visibility::Shared), Just(Visibility::Private)];
        let at = (0_i64..20).prop_map(|days| now() - chrono::Duration::days(days) + chrono::Duration::days(2));
        let one = (proptest::sample::select(ItemKind::ALL.to_vec()), visibility, author, at);
        proptest::collection::vec(one, 0..12).prop_map(move |drawn| {
            let make = |(n, (kind, visibility, author, at)): (usize, _)| {
                sample::item(client * 1_000 + n as u128, ClientId(Ulid(client)), kind, visibility, author, at)
            };
            drawn.into_iter().enumerate().map(make).collect()
        })
    }

    fn levels() -> impl Strategy<Value = Level> {
        proptest::sample::select(vec![Level::None, Level::ViewOnly, Level::Coaching, Level::Primary])
    }

    proptest! {
        #[test]
        fn nobody_is_shown_what_they_or_the_creator_may_not_see(
            amber in items(10), ben in items(11), archived in any::<bool>(), level in levels(),
            kinds in proptest::sample::subsequence(ItemKind::ALL.to_vec(), 1..=ItemKind::ALL.len()),
            permissions in proptest::sample::subsequence(Permission::ALL.to_vec(), 0..=Permission::ALL.len()),
            active in any::<bool>(),
        ) {
            let creator = Viewer::Member(Member { active, ..sample::member(CREATOR, &permissions) });
            let ben_client = Client { archived, ..sample::client(11, None) };
            let records = [record(sample::client(10, Some(20)), level, amber), record(ben_client, level, ben)];
            for reader in readers() {
                let definition = definition(&kinds, Detail::Full, reader.audience);
                let content = content(&definition, window(), &creator, &reader, &records, &Names::new());
                for section in &content.sections {
                    let record = records.iter().find(|record| record.subject.record() == section.record).unwrap();
                    prop_assert!(record.subject.client().is_some_and(|client| !client.archived));
                    prop_assert!(covers(&creator, &reader, record));
                }
                for id in shown(&content) {
                    let (record, item) = records.iter().find_map(|r| r.items.get(&id).map(|item| (r, item))).unwrap();
                    prop_assert!(definition.kinds.contains(&item.kind));
                    prop_assert!(active);
                    if item.visibility == Visibility::Private {
                        prop_assert_eq!(item.author, creator.actor());
                        prop_assert_eq!(reader.viewer.as_ref().map(Viewer::actor), Some(item.author));
                    }
                    match &reader.viewer {
                        Some(Viewer::Personnel(person)) => {
                            prop_assert!(person.grants.contains(&item.kind) && record.subject.client().is_some_and(|client| client.company_id == Some(person.company_id)));
                        }
                        Some(Viewer::Client(client)) => prop_assert_eq!(RecordOf::from(client.id), item.record),
                        Some(Viewer::Member(_)) | None => {}
                    }
                }
            }
        }

        #[test]
        fn what_was_added_later_is_not_told_and_what_is_told_happened_in_the_window(amber in items(10)) {
            let record = record(sample::client(10, None), Level::Primary, amber);
            let definition = definition(&ItemKind::ALL, Detail::Full, AudienceKind::Coach);
            let reader = &readers()[0];
            let content = content(&definition, window(), &creator(), reader, std::slice::from_ref(&record), &Names::new());
            for id in shown(&content) {
                prop_assert!(record.items[&id].created_at <= window().to);
            }
            for line in content.sections.iter().flat_map(|section| &section.happened) {
                prop_assert!(!line.events.is_empty());
                prop_assert!(line.events.iter().all(|event| window().from < event.at && event.at <= window().to));
            }
            let told = shown(&content);
            for item in record.items.values().filter(|item| window().from < item.created_at && item.created_at <= window().to) {
                prop_assert_eq!(told.contains(&item.id), item.visibility == Visibility::Shared || item.author == creator().actor());
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn too_much_is_counted_and_left_out(count in 0_usize..1_500, body in 0_usize..3_000) {
            let of = |n: usize| Item {
                body: Some("x".repeat(body)),
                ..sample::item(n as u128, ClientId(Ulid(10)), ItemKind::Action, Visibility::Shared, Actor::System, now())
            };
            let record = record(sample::client(10, None), Level::Primary, (0..count).map(of).collect());
            let definition = definition(&ItemKind::ALL, Detail::Full, AudienceKind::Coach);
            let content = content(&definition, window(), &creator(), &readers()[0], &[record], &Names::new());
            prop_assert_eq!(shown(&content).len() + content.left_out, count);
            prop_assert!(serde_json::to_string(&content).unwrap().len() < 350_000, "fits into one row");
            prop_assert_eq!(content.is_empty(), count == 0);
        }
    }

    #[test]
    fn comments_are_told_to_coach_and_client_alone() {
        let client = sample::client(10, Some(20));
        let note =
            sample::item(1, client.id, ItemKind::Action, Visibility::Shared, Actor::Client(client.id), now() - chrono::Duration::days(30));
        let commented = happening(&note, What::Commented, now(), Actor::Client(client.id));
        let record = Record {
            subject: Subject::Client(Box::new(client), Level::Primary),
            happenings: vec![commented],
            items: BTreeMap::from([(note.id, note)]),
        };
        for reader in readers() {
            let definition = definition(&ItemKind::ALL, Detail::Full, reader.audience);
            let content = content(&definition, window(), &creator(), &reader, std::slice::from_ref(&record), &Names::new());
            let told = content.sections.iter().flat_map(|section| &section.happened).count();
            let sees = covers(&creator(), &reader, &record) && matches!(reader.audience, AudienceKind::Coach | AudienceKind::Clients);
            assert_eq!(told, usize::from(sees), "{reader:?}");
        }
    }

    #[test]
    fn the_last_comments_are_quoted_with_full_detail_and_only_so_far_as_a_mail_has_room() {
        let client = sample::client(10, None);
        let at = now() - chrono::Duration::hours(9);
        let said = |kind: ItemKind, detail: Detail| {
            let item = sample::item(1, client.id, kind, Visibility::Shared, Actor::System, at - chrono::Duration::days(30));
            let comment = |n: i64| Happening {
                text: Some(format!("{n} {}", "é".repeat(600))),
                ..happening(&item, What::Commented, at + chrono::Duration::hours(n), Actor::Client(client.id))
            };
            let happenings = [3, 1, 4, 2].map(comment).to_vec();
            let record = Record {
                subject: Subject::Client(Box::new(client.clone()), Level::Primary),
                happenings,
                items: BTreeMap::from([(item.id, item.clone())]),
            };
            let content = content(
                &definition(&ItemKind::ALL, detail, AudienceKind::Coach),
                window(),
                &creator(),
                &readers()[0],
                &[record],
                &Names::new(),
            );
            let section = content.sections.into_iter().next().unwrap();
            let events =
                section.happened.into_iter().map(|line| line.events).chain(section.metrics.into_iter().map(|metric| metric.comments));
            events.flatten().map(|event| event.said).collect::<Vec<_>>()
        };
        for kind in [ItemKind::Action, ItemKind::Metric] {
            let quoted = said(kind, Detail::Full);
            let first = |text: &Option<String>| text.as_ref().and_then(|text| text.chars().next());
            assert_eq!(quoted.iter().map(first).collect::<Vec<_>>(), [None, Some('2'), Some('3'), Some('4')], "{kind:?}");
            assert!(quoted.iter().flatten().all(|text| text.chars().count() == 501 && text.ends_with('…')));
            assert_eq!(said(kind, Detail::Summary), [None, None, None, None]);
        }
    }

    #[test]
    fn an_instant_belongs_to_one_window_only() {
        let client = sample::client(10, None);
        let (first, second) =
            (Window { from: now() - chrono::Duration::days(1), to: now() }, Window { from: now(), to: now() + chrono::Duration::days(1) });
        let mut item = sample::item(1, client.id, ItemKind::Action, Visibility::Shared, Actor::System, now() - chrono::Duration::days(9));
        item.state = State::Done;
        let done = happening(&item, What::Completed, now(), Actor::System);
        let record = Record {
            subject: Subject::Client(Box::new(client), Level::Primary),
            happenings: vec![done],
            items: BTreeMap::from([(item.id, item)]),
        };
        let told = |window| {
            let definition = definition(&ItemKind::ALL, Detail::Full, AudienceKind::Coach);
            shown(&content(&definition, window, &creator(), &readers()[0], std::slice::from_ref(&record), &Names::new())).len()
        };
        assert_eq!((told(first), told(second)), (1, 0));
    }

    #[test]
    fn lines_are_marked_by_where_they_stand_and_what_happened() {
        let client = sample::client(10, None);
        let at = now() - chrono::Duration::days(1);
        let line = |state: State, due: Option<&str>, whats: &[What]| {
            let mut item = sample::item(1, client.id, ItemKind::Action, Visibility::Shared, Actor::System, at);
            (item.state, item.due_on) = (state, due.map(|due| due.parse().unwrap()));
            let happenings: Vec<Happening> = whats.iter().map(|what| happening(&item, *what, at, Actor::System)).collect();
            let items = BTreeMap::from([(item.id, item)]);
            let record = Record { subject: Subject::Client(Box::new(client.clone()), Level::Primary), happenings, items };
            let definition = definition(&ItemKind::ALL, Detail::Summary, AudienceKind::Coach);
            let content = content(&definition, window(), &creator(), &readers()[0], &[record], &Names::new());
            let section = content.sections.into_iter().next().unwrap();
            section.happened.into_iter().chain(section.open).next().map(|line| (line.mark, line.body))
        };
        let mark = |state, due, whats: &[What]| line(state, due, whats).map(|(mark, _)| mark);
        assert_eq!(mark(State::Open, None, &[]), Some(Mark::Open));
        assert_eq!(mark(State::Open, Some("2026-11-02"), &[]), Some(Mark::Open));
        assert_eq!(mark(State::Open, Some("2026-11-01"), &[]), Some(Mark::Late));
        assert_eq!(mark(State::Open, None, &[What::Created]), Some(Mark::New));
        assert_eq!(mark(State::Open, Some("2026-11-01"), &[What::Created]), Some(Mark::Late));
        assert_eq!(mark(State::Done, Some("2026-11-01"), &[What::Created, What::Completed]), Some(Mark::Done));
        assert_eq!(mark(State::Open, None, &[What::Completed, What::Changed]), Some(Mark::Changed), "reopened is not done");
        assert_eq!(mark(State::Cancelled, None, &[What::Cancelled]), Some(Mark::Cancelled));
        assert_eq!(mark(State::Done, None, &[]), None, "what was over before is no news");
        assert_eq!(line(State::Open, None, &[]).unwrap().1, None, "a summary has no bodies");
    }

    #[test]
    fn a_section_needs_a_creator_who_may_pass_it_on() {
        let record = |level| record(sample::client(10, None), level, Vec::new());
        let with = |permissions: &[Permission]| Viewer::Member(sample::member(CREATOR, permissions));
        let administrator = Viewer::Member(Member { administrator: Administrator::Global, ..sample::member(CREATOR, &[]) });
        let third = reader(AudienceKind::ThirdParties, None);
        assert!(covers(&with(&[]), &third, &record(Level::Primary)));
        assert!(covers(&with(&[]), &third, &record(Level::Coaching)));
        assert!(!covers(&with(&[]), &third, &record(Level::ViewOnly)));
        assert!(covers(&with(&[Permission::ReportToThirdParties]), &third, &record(Level::ViewOnly)));
        assert!(!covers(&with(&[Permission::ReportToThirdParties]), &third, &record(Level::None)));
        assert!(!covers(&administrator, &third, &record(Level::None)));
        assert!(
            !covers(&with(&[]), &reader(AudienceKind::Personnel, None), &record(Level::Primary)),
            "a reader without a person is a third party"
        );
    }
}
