//! What a report mail says, in words: made once from the content, and written out as HTML and as text.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use domain::happening::What;
use domain::id::{ClientId, ItemId};
use domain::item::{ItemKind, Point, State};
use domain::record::RecordOf;
use domain::report::AudienceKind;
use domain::show::{Event, Line, Mark, Metric, Section, Trend};

use crate::answer::Answer;
use crate::report::Letter;
use crate::{chart, words};

/// The most characters of a title, a name and the like that a mail shows.
const TITLE_MOST: usize = 300;
const NAME_MOST: usize = 120;
const NOTE_MOST: usize = 200;
/// The most characters of a body before anything is cut for length.
pub(crate) const BODY_MOST: usize = 2_000;
/// The most charts in a mail.
const CHARTS_MOST: usize = 10;
/// The most points of a chart.
const POINTS_MOST: usize = 24;
/// The most comments on an item that are quoted: the last ones.
const SAID_MOST: usize = 3;
/// The most characters of a comment.
const SAID_LENGTH_MOST: usize = 500;

/// All that a mail can say of its content.
pub(crate) struct View {
    /// Clients of whom there is something to say.
    pub(crate) clients: Vec<Client>,
    /// Names of clients of whom there is nothing to say.
    pub(crate) quiet: Vec<String>,
    pub(crate) counts: Counts,
    /// Left out before the mail was composed.
    pub(crate) left_out: usize,
}

/// What a mail says of one client, or of what a group shares.
pub(crate) struct Client {
    /// The client; none for a group.
    pub(crate) id: Option<ClientId>,
    pub(crate) name: String,
    pub(crate) counts: Counts,
    /// By kind what happened, then what stands open, then the metrics; none is empty.
    pub(crate) groups: Vec<Group>,
}

/// Things under one heading.
pub(crate) struct Group {
    pub(crate) part: Part,
    /// The heading, where the part's own heading does not say it.
    pub(crate) title: Option<&'static str>,
    pub(crate) rows: Vec<Row>,
}

/// The parts of what is said of a client, in their order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Happened,
    Open,
    Metrics,
}

impl Part {
    pub(crate) fn heading(self) -> &'static str {
        match self {
            Self::Happened => "What happened",
            Self::Open => "Open now",
            Self::Metrics => "Metrics",
        }
    }
}

/// One thing.
pub(crate) enum Row {
    Thing(Thing),
    Metric(Box<Gauge>),
}

impl Row {
    /// Where a comment on it goes.
    pub(crate) fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Thing(thing) => thing.answer.as_ref(),
            Self::Metric(gauge) => gauge.answer.as_ref(),
        }
    }

    /// What was said of it.
    pub(crate) fn said(&self) -> &[Said] {
        match self {
            Self::Thing(thing) => &thing.said,
            Self::Metric(gauge) => &gauge.said,
        }
    }

    /// Which rows stay when a group is cut: the lowest first.
    pub(crate) fn rank(&self) -> usize {
        match self {
            Self::Metric(_) => 0,
            Self::Thing(thing) => match thing.mark {
                Mark::Late => 0,
                Mark::Done => 1,
                Mark::New => 2,
                Mark::Cancelled => 3,
                Mark::Open => 4,
                Mark::Changed => 5,
            },
        }
    }
}

/// One item but a metric.
pub(crate) struct Thing {
    pub(crate) mark: Mark,
    pub(crate) title: String,
    /// The first words of the second line; they say what the mark says.
    pub(crate) lead: String,
    /// The rest of the second line, with whatever separates it from the lead.
    pub(crate) rest: String,
    pub(crate) body: Option<String>,
    pub(crate) said: Vec<Said>,
    pub(crate) answer: Option<Answer>,
}

/// One comment.
pub(crate) struct Said {
    /// "Amber Stone", "You".
    pub(crate) who: String,
    /// "12 Nov".
    pub(crate) when: String,
    pub(crate) text: String,
}

/// One metric.
pub(crate) struct Gauge {
    pub(crate) mark: Mark,
    pub(crate) title: String,
    /// "14"; or that there is no value yet.
    pub(crate) latest: String,
    /// " hours", "%", or nothing: what follows the value.
    pub(crate) unit: String,
    /// "3 more than on 12 Nov".
    pub(crate) change: Option<(Trend, String)>,
    /// "Target 15, 1 to go".
    pub(crate) target: Option<String>,
    /// How far it is to the target in whole percent, where that can be said.
    pub(crate) progress: Option<u8>,
    /// "2 values recorded".
    pub(crate) news: Option<String>,
    pub(crate) chart: Option<Chart>,
    pub(crate) said: Vec<Said>,
    pub(crate) answer: Option<Answer>,
}

/// A chart to be drawn.
pub(crate) struct Chart {
    /// 1 for the first in the mail.
    pub(crate) number: usize,
    pub(crate) item: ItemId,
    pub(crate) points: Vec<Point>,
    pub(crate) target: Option<f64>,
    pub(crate) alt: String,
    pub(crate) first: String,
    pub(crate) last: String,
    pub(crate) range: String,
}

/// How many things of which sort there are; every thing is counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) done: usize,
    pub(crate) late: usize,
    /// Open and not late, whether something happened to them or not.
    pub(crate) open: usize,
    /// Something happened to them, and they are none of the above.
    pub(crate) other: usize,
    pub(crate) metrics: usize,
}

impl Counts {
    pub(crate) fn all(self) -> usize {
        self.done + self.late + self.open + self.other + self.metrics
    }

    pub(crate) fn plus(self, more: Self) -> Self {
        Self {
            done: self.done + more.done,
            late: self.late + more.late,
            open: self.open + more.open,
            other: self.other + more.other,
            metrics: self.metrics + more.metrics,
        }
    }

    fn of(section: &Section) -> Self {
        let mut counts = Self { metrics: section.metrics.len(), ..Self::default() };
        for line in section.happened.iter().chain(&section.open) {
            match line.mark {
                Mark::Done => counts.done += 1,
                Mark::Late => counts.late += 1,
                Mark::Open => counts.open += 1,
                Mark::New | Mark::Changed if line.state.is_open() => counts.open += 1,
                Mark::New | Mark::Changed | Mark::Cancelled => counts.other += 1,
            }
        }
        counts
    }

    /// Those that are not zero, as a number and its word.
    pub(crate) fn cells(self) -> Vec<(Count, usize)> {
        [
            (Count::Done, self.done),
            (Count::Late, self.late),
            (Count::Open, self.open),
            (Count::Other, self.other),
            (Count::Metrics, self.metrics),
        ]
        .into_iter()
        .filter(|(_, n)| *n > 0)
        .collect()
    }

    /// "3 done, 2 late, 5 open".
    pub(crate) fn words(self) -> String {
        self.cells().into_iter().map(|(count, n)| format!("{} {}", words::grouped(n), count.word(n))).collect::<Vec<_>>().join(", ")
    }
}

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Count {
    Done,
    Late,
    Open,
    Other,
    Metrics,
}

impl Count {
    pub(crate) fn word(self, n: usize) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Late => "late",
            Self::Open => "open",
            Self::Other if n == 1 => "update",
            Self::Other => "updates",
            Self::Metrics if n == 1 => "metric",
            Self::Metrics => "metrics",
        }
    }
}

/// Who reads, when and where: what phrases depend on.
struct Setting<'a> {
    zone: Tz,
    now: DateTime<Utc>,
    today: NaiveDate,
    /// Whose doings are "by you".
    you: Option<&'a str>,
    /// The address that comments on an item go to.
    comment: Option<&'a dyn Fn(ItemId) -> Option<String>>,
}

impl View {
    /// Words for what a letter tells, as of the end of its window.
    pub(crate) fn new(letter: &Letter<'_>) -> Self {
        let Letter { content, zone, .. } = *letter;
        let now = letter.window.to;
        let comment = match letter.audience {
            AudienceKind::Coach | AudienceKind::Clients => letter.links.comment,
            AudienceKind::ThirdParties | AudienceKind::Personnel => None,
        };
        let mut charts = 0;
        let mut view = Self { clients: Vec::new(), quiet: Vec::new(), counts: Counts::default(), left_out: content.left_out };
        for section in &content.sections {
            if section.is_empty() {
                view.quiet.push(name_of(section));
                continue;
            }
            let you = match letter.audience {
                AudienceKind::Clients if section.record.client().is_some() => Some(section.name.as_str()),
                AudienceKind::Coach => letter.recipient,
                // in a group, two may have the same name
                AudienceKind::Clients | AudienceKind::ThirdParties | AudienceKind::Personnel => None,
            };
            let setting = Setting { zone, now, today: words::day(now, zone), you, comment };
            let counts = Counts::of(section);
            view.counts = view.counts.plus(counts);
            view.clients.push(Client {
                id: section.record.client(),
                name: match letter.audience {
                    AudienceKind::Clients if section.record.client().is_some() => "Your own coaching".to_owned(),
                    _ => name_of(section),
                },
                counts,
                groups: groups(section, &setting, &mut charts),
            });
        }
        view
    }

    /// Whether anything of it can be commented on.
    pub(crate) fn has_answers(&self) -> bool {
        self.clients.iter().flat_map(|client| &client.groups).flat_map(|group| &group.rows).any(|row| row.answer().is_some())
    }
}

/// The name of whom a section is on, as it is printed.
pub(crate) fn name_of(section: &Section) -> String {
    match section.record {
        RecordOf::Client(_) => name(&section.name),
        RecordOf::Group(_) => format!("{} (group)", words::clip(&name(&section.name), NAME_MOST - 8)),
    }
}

/// A person's name as it is printed.
pub(crate) fn name(name: &str) -> String {
    let name = words::line(name, NAME_MOST);
    if name.is_empty() { "(no name)".to_owned() } else { name }
}

/// A title as it is printed.
pub(crate) fn title(title: &str) -> String {
    let title = words::line(title, TITLE_MOST);
    if title.is_empty() { "(no title)".to_owned() } else { title }
}

fn groups(section: &Section, setting: &Setting<'_>, charts: &mut usize) -> Vec<Group> {
    let mut groups: Vec<Group> = section
        .happened
        .chunk_by(|a, b| a.kind == b.kind)
        .map(|lines| Group {
            part: Part::Happened,
            title: lines.first().map(|line| words::heading(line.kind)),
            rows: lines.iter().map(|line| Row::Thing(thing(line, Part::Happened, setting))).collect(),
        })
        .collect();
    let open = section.open.iter().map(|line| Row::Thing(thing(line, Part::Open, setting))).collect();
    groups.push(Group { part: Part::Open, title: None, rows: open });
    let metrics = section.metrics.iter().map(|metric| Row::Metric(Box::new(gauge(metric, setting, charts)))).collect();
    groups.push(Group { part: Part::Metrics, title: None, rows: metrics });
    groups.retain(|group| !group.rows.is_empty());
    groups
}

fn thing(line: &Line, part: Part, setting: &Setting<'_>) -> Thing {
    let (lead, mut rest) = phrase(line, setting);
    if part == Part::Open && line.kind != ItemKind::Action {
        rest.push_str(" · ");
        rest.push_str(words::kind(line.kind));
    }
    Thing {
        mark: line.mark,
        title: title(&line.title),
        lead,
        rest,
        body: line.body.as_deref().map(|body| words::lines(body, BODY_MOST)).filter(|body| !body.is_empty()),
        said: said(&line.events, setting),
        answer: answer(line.item_id, &line.title, setting),
    }
}

fn answer(item: ItemId, title: &str, setting: &Setting<'_>) -> Option<Answer> {
    Some(Answer::new(&setting.comment?(item)?, title))
}

/// The last comments, oldest first.
fn said(events: &[Event], setting: &Setting<'_>) -> Vec<Said> {
    let one = |event: &Event| {
        let text = words::lines(event.said.as_deref()?, SAID_LENGTH_MOST + 1);
        let who = if setting.you == Some(event.by.as_str()) { "You".to_owned() } else { name(&event.by) };
        let when = words::date(words::day(event.at, setting.zone), setting.today);
        (!text.is_empty()).then_some(Said { who, when, text })
    };
    let mut said: Vec<Said> = events.iter().rev().filter_map(one).take(SAID_MOST).collect();
    said.reverse();
    said
}

fn by(event: &Event, setting: &Setting<'_>) -> Option<String> {
    match setting.you {
        _ if event.by.trim().is_empty() => None,
        Some(you) if you == event.by => Some("by you".to_owned()),
        _ => Some(format!("by {}", name(&event.by))),
    }
}

/// The second line of an item: the words that tell its mark, and the rest.
fn phrase(line: &Line, setting: &Setting<'_>) -> (String, String) {
    let Setting { zone, today, .. } = *setting;
    let on = |event: &Event| words::date(words::day(event.at, zone), today);
    let last = |wanted: &[What]| line.events.iter().rev().find(|event| wanted.contains(&event.what));
    let mut tail = String::new();
    let mut parts: Vec<String> = Vec::new();
    let mut says_due = false;
    let mut says_start = false;
    // said after what was changed
    let mut by_whom = None;
    let lead = match line.mark {
        Mark::Done => match last(&[What::Completed, What::Submitted, What::Signed, What::Paid]) {
            Some(event) if line.kind == ItemKind::Appointment => {
                says_start = true;
                tail = format!(" {}", line.starts_at.map_or_else(|| on(event), |at| words::moment(at, zone, today)));
                "Took place".to_owned()
            }
            Some(event) => {
                says_due = true;
                tail = format!(" {}", on(event));
                if let Some(due) = line.due_on {
                    tail = format!("{tail}, {}", words::against(words::day(event.at, zone), due));
                }
                parts.extend(by(event, setting));
                match event.what {
                    What::Submitted => "Handed in",
                    What::Signed => "Signed",
                    What::Paid => "Paid",
                    _ => "Completed",
                }
                .to_owned()
            }
            None => words::sentence(line.state.words()),
        },
        Mark::Cancelled => {
            if let Some(event) = last(&[What::Cancelled]) {
                tail = format!(" {}", on(event));
                parts.extend(by(event, setting));
            }
            "Cancelled".to_owned()
        }
        Mark::Late => {
            says_due = true;
            match line.due_on {
                Some(due) if due < today => {
                    parts.push(format!("was due {}", words::date(due, today)));
                    format!("{} late", words::count(usize::try_from((today - due).num_days()).unwrap_or_default(), "day", "days"))
                }
                _ => "Late".to_owned(),
            }
        }
        Mark::New => {
            if let Some(event) = last(&[What::Created, What::Shared]) {
                let verb = match (event.what, line.kind) {
                    (What::Shared, ItemKind::Agreement | ItemKind::Contract | ItemKind::Invoice) | (_, ItemKind::Message) => "sent",
                    (What::Shared, _) => "shared",
                    (_, ItemKind::SessionNote | ItemKind::Note | ItemKind::JournalEntry) => "written",
                    (_, ItemKind::Invoice) => "drawn up",
                    _ => "added",
                };
                let by = by(event, setting).map(|by| format!(" {by}")).unwrap_or_default();
                parts.push(format!("{verb} {}{by}", on(event)));
            }
            "New".to_owned()
        }
        Mark::Changed => {
            let comments = line.events.iter().filter(|event| event.what == What::Commented).count();
            if let Some(event) = last(&[What::Commented]).filter(|_| comments == line.events.len()) {
                parts.extend(by(event, setting));
                if comments == 1 {
                    tail = format!(" {}", on(event));
                    "Commented on".to_owned()
                } else {
                    tail = format!(", the latest {}", on(event));
                    words::count(comments, "comment", "comments")
                }
            } else {
                if let Some(event) = line.events.iter().rev().find(|event| event.what != What::Commented) {
                    tail = format!(" {}", on(event));
                    by_whom = by(event, setting);
                }
                "Changed".to_owned()
            }
        }
        Mark::Open => match (line.due_on, line.starts_at) {
            (Some(due), _) => {
                says_due = true;
                words::sentence(&words::due(due, today))
            }
            (None, Some(at)) => {
                says_start = true;
                if at < setting.now {
                    parts.push("not marked as held".to_owned());
                }
                words::moment(at, zone, today)
            }
            (None, None) => words::sentence(line.state.words()),
        },
    };
    let mut notes: Vec<String> = line
        .events
        .iter()
        .filter(|event| event.what == What::Changed)
        .filter_map(|event| event.note.as_deref())
        .map(|note| words::line(note, NOTE_MOST))
        .filter(|note| !note.is_empty())
        .collect();
    notes.dedup();
    // of many edits, the last ones tell where it stands
    let notes = notes.split_off(notes.len().saturating_sub(2));
    says_due |= notes.last().is_some_and(|note| note.contains("now due"));
    parts.extend(notes);
    if let Some(at) = line.starts_at.filter(|_| !says_start) {
        parts.push(words::moment(at, zone, today));
    }
    match (line.on, line.kind) {
        (Some(on), ItemKind::SessionNote) => parts.push(format!("session of {}", words::date(on, today))),
        (Some(on), _) => parts.push(format!("for {}", words::date(on, today))),
        (None, _) => {}
    }
    if let Some(due) = line.due_on.filter(|_| !says_due && line.state.is_open()) {
        parts.push(words::due(due, today));
    }
    parts.extend(by_whom);
    parts.extend(line.extra.as_deref().map(|extra| words::line(extra, NOTE_MOST)).filter(|extra| !extra.is_empty()));
    if matches!(line.state, State::OutForSignature | State::AwaitingSignature | State::Partial | State::Overdue | State::Draft)
        && lead != words::sentence(line.state.words())
    {
        parts.push(line.state.words().to_owned());
    }
    let comments = line.events.iter().filter(|event| event.what == What::Commented).count();
    if comments > 0 && comments < line.events.len() {
        parts.push(words::count(comments, "comment", "comments"));
    }
    for part in parts {
        tail.push_str(" · ");
        tail.push_str(&part);
    }
    (lead, tail)
}

fn gauge(metric: &Metric, setting: &Setting<'_>, charts: &mut usize) -> Gauge {
    let today = setting.today;
    let unit = metric.unit.as_deref().map(|unit| words::line(unit, 40)).filter(|unit| !unit.is_empty());
    let unit = unit.as_deref();
    let title = title(&metric.title);
    let points = &metric.points[metric.points.len().saturating_sub(POINTS_MOST)..];
    let latest = points.last().map(|point| point.value);
    let (target, progress) = metric.target.map_or((None, None), |target| toward(target, points));
    let change = latest.zip(metric.before).map(|(latest, before)| {
        let since = points.len().checked_sub(2).map(|n| format!(" {}", words::date(points[n].on, today))).unwrap_or_default();
        let words = match metric.trend {
            Trend::Up => format!("{} more than{}", words::number(latest - before), on(&since)),
            Trend::Down => format!("{} less than{}", words::number(before - latest), on(&since)),
            Trend::Level => format!("the same as{}", on(&since)),
        };
        (metric.trend, words)
    });
    let news = match metric.mark {
        Mark::New => Some("New".to_owned()),
        Mark::Done => Some("Done".to_owned()),
        Mark::Cancelled => Some("Cancelled".to_owned()),
        _ if metric.recorded > 0 => Some(format!("{} recorded", words::count(metric.recorded, "value", "values"))),
        Mark::Changed if metric.comments.is_empty() => Some("Changed".to_owned()),
        Mark::Changed | Mark::Open | Mark::Late => None,
    };
    let comments = (!metric.comments.is_empty()).then(|| words::count(metric.comments.len(), "comment", "comments"));
    let news = match (news, comments) {
        (Some(news), Some(comments)) => Some(format!("{news}, {comments}")),
        (news, comments) => news.or(comments),
    };
    let chart = match points {
        [first, .., last] if *charts < CHARTS_MOST && chart::can_draw(points, metric.target) => {
            *charts += 1;
            let values: Vec<String> = points.iter().map(|point| words::number(point.value)).collect();
            let target = metric.target.filter(|target| target.is_finite());
            let aim = target.map(|target| format!("; target {}", words::number(target))).unwrap_or_default();
            let low = points.iter().map(|point| point.value).fold(f64::INFINITY, f64::min);
            let high = points.iter().map(|point| point.value).fold(f64::NEG_INFINITY, f64::max);
            Some(Chart {
                number: *charts,
                item: metric.item_id,
                alt: format!("{title}: {}{aim}", values.join(", ")),
                first: words::date(first.on, today),
                last: words::date(last.on, today),
                range: format!("lowest {}, highest {}", words::number(low), words::number(high)),
                points: points.to_vec(),
                target,
            })
        }
        _ => None,
    };
    let (latest, unit) = match latest {
        None => ("No value yet".to_owned(), String::new()),
        Some(latest) => (words::number(latest), unit.map(words::unit).unwrap_or_default()),
    };
    Gauge {
        mark: metric.mark,
        title,
        latest,
        unit,
        change,
        target,
        progress,
        news,
        chart,
        said: said(&metric.comments, setting),
        answer: answer(metric.item_id, &metric.title, setting),
    }
}

fn on(since: &str) -> String {
    if since.is_empty() { " before".to_owned() } else { format!(" on{since}") }
}

/// How far the latest value is from the target, and the part of the way in percent. A target below the first value is
/// one to come down to.
fn toward(target: f64, points: &[Point]) -> (Option<String>, Option<u8>) {
    let aim = words::number(target);
    let (Some(first), Some(latest)) = (points.first(), points.last()) else { return (Some(format!("Target {aim}")), None) };
    let upward = target >= first.value || latest.value >= target && first.value == latest.value;
    let reached = if upward { latest.value >= target } else { latest.value <= target };
    if reached {
        return (Some(format!("Target {aim} reached")), (upward && target > 0.0).then_some(100));
    }
    // rounded down, so that only what is reached reads 100
    let percent = (upward && target > 0.0 && latest.value >= 0.0).then(|| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 99")]
        let percent = (latest.value / target * 100.0).clamp(0.0, 99.0) as u8;
        percent
    });
    (Some(format!("Target {aim}, {} to go", words::number((target - latest.value).abs()))), percent)
}
