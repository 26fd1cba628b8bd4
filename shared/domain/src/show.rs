//! What a report shows to whom: one function from the record to the content of one recipient's mail.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::access::{Action, ClientFacts, ItemFacts, Resource, Viewer, decide};
use crate::client::{Client, Level};
use crate::happening::{Happening, What};
use crate::id::{ClientId, ItemId};
use crate::item::{Item, ItemKind, Point, State, Visibility};
use crate::person::Actor;
use crate::report::{AudienceKind, Definition, Detail};
use crate::schedule::Window;

/// The most characters of a body in a mail.
const BODY_MOST: usize = 2_000;
/// The most bytes of text that one content holds: what is over is counted and left out, so that a content always fits
/// into one row of the table, and far more than a mail shows.
const WEIGHT_MOST: usize = 200_000;
/// The most points of a chart.
const CHART_MOST: usize = 24;

/// What one recipient's mail says, fixed when the run is planned: a retry says the same.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// One section per client, by name.
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

    /// The content without the clients that `keep` denies: for a last look just before sending.
    #[must_use]
    pub fn only(mut self, keep: impl Fn(ClientId) -> bool) -> Self {
        self.sections.retain(|section| keep(section.client_id));
        self
    }
}

/// What a mail says of one client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// The client.
    pub client_id: ClientId,
    /// Their name.
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
}

/// A client's record, as far as a run needs it.
#[derive(Clone, Debug)]
pub struct Record {
    /// The client.
    pub client: Client,
    /// What the creator of the report is to the client.
    pub creator_level: Level,
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
    sections.sort_by_key(|section| (crate::check::fold(&section.name), section.client_id));
    let left_out = fit(&mut sections);
    Content { sections, left_out }
}

/// Whether the reader gets a section on this client at all: the creator may report on them to this audience,
/// the reader may see them, and they are not archived.
pub fn covers(creator: &Viewer, reader: &Reader, record: &Record) -> bool {
    let client = &record.client;
    let seen_by_creator = ClientFacts::of(client, record.creator_level);
    if client.archived || !decide(creator, Action::Report(reader.audience), &Resource::Client(&seen_by_creator)).is_allowed() {
        return false;
    }
    match &reader.viewer {
        None => reader.audience == AudienceKind::ThirdParties,
        Some(viewer) => {
            let level = reader.levels.get(&client.id).copied().unwrap_or_default();
            decide(viewer, Action::Read, &Resource::Client(&ClientFacts::of(client, level))).is_allowed()
        }
    }
}

/// Whether the reader may be shown the item.
fn shows(definition: &Definition, creator: &Viewer, reader: &Reader, record: &Record, item: &Item) -> bool {
    let facts = ItemFacts::of(item);
    let seen_by_creator = ClientFacts::of(&record.client, record.creator_level);
    if !definition.kinds.contains(&item.kind) || !decide(creator, Action::Read, &Resource::Item(&seen_by_creator, &facts)).is_allowed() {
        return false;
    }
    match &reader.viewer {
        None => item.visibility == Visibility::Shared,
        Some(viewer) => {
            let level = reader.levels.get(&record.client.id).copied().unwrap_or_default();
            decide(viewer, Action::Read, &Resource::Item(&ClientFacts::of(&record.client, level), &facts)).is_allowed()
        }
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
    let mut section =
        Section { client_id: record.client.id, name: record.client.name(), happened: Vec::new(), open: Vec::new(), metrics: Vec::new() };
    for item in record.items.values().filter(|item| shows(definition, creator, reader, record, item)) {
        let happened = events.remove(&item.id).unwrap_or_default();
        // what was added or closed after the window is the next report's news
        let stands_open = item.is_open() && item.created_at <= window.to;
        if item.kind == ItemKind::Metric {
            if stands_open || !happened.is_empty() {
                section.metrics.push(metric(item, &happened, window));
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

fn line(definition: &Definition, item: &Item, happened: &[&Happening], today: NaiveDate, names: &Names) -> Line {
    let mut events: Vec<Event> = happened
        .iter()
        .map(|h| Event { what: h.what, at: h.at, by: names.get(&actor_key(h.by)).cloned().unwrap_or_default(), note: h.note.clone() })
        .collect();
    events.sort_by_key(|event| event.at);
    Line {
        item_id: item.id,
        kind: item.kind,
        title: item.title.clone(),
        mark: mark(item, happened, today),
        state: item.state,
        events,
        due_on: item.due_on,
        on: item.on,
        starts_at: item.starts_at,
        extra: extra(item),
        body: match definition.detail {
            Detail::Full => item.body.as_deref().map(cut),
            Detail::Summary => None,
        },
    }
}

fn extra(item: &Item) -> Option<String> {
    match item.kind {
        ItemKind::Invoice => item.amount.as_ref().map(|money| {
            let (whole, rest) = (money.amount_minor / 100, money.amount_minor % 100);
            let number = item.number.as_deref().map(|n| format!("{n}, ")).unwrap_or_default();
            format!("{number}{whole}.{rest:02} {}", money.currency)
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

fn cut(body: &str) -> String {
    match body.char_indices().nth(BODY_MOST) {
        Some((end, _)) => format!("{}…", body[..end].trim_end()),
        None => body.to_owned(),
    }
}

fn metric(item: &Item, happened: &[&Happening], window: Window) -> Metric {
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
        section.metrics.retain(|m| keep(400 + m.title.len() + 40 * m.points.len()));
        let weigh = |line: &Line| {
            let events: usize = line.events.iter().map(|e| 100 + e.by.len() + e.note.as_ref().map_or(0, String::len)).sum();
            250 + line.title.len() + events + line.extra.as_ref().map_or(0, String::len) + line.body.as_ref().map_or(0, String::len)
        };
        section.happened.retain(|line| keep(weigh(line)));
        section.open.retain(|line| keep(weigh(line)));
    }
    if left_out > 0 {
        sections.retain(|section| !section.is_empty());
    }
    left_out
}
