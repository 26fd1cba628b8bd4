//! The things in a client's record, the moves each kind allows, and the happenings every move leaves.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::check::{self, Check, Invalid};
use crate::happening::{Happening, What};
use crate::id::{EngagementId, FileId, HappeningId, ItemId};
use crate::invoice::{Repeat, Series};
use crate::person::{Actor, PersonId};
use crate::record::RecordOf;
use crate::signature::Signature;
use crate::upload::{self, Upload};

/// The most characters of a title.
pub const TITLE_MOST: usize = 300;
/// The most characters of a body: keeps every row far below what a table row may weigh.
pub const BODY_MOST: usize = 20_000;
/// The most data points an item carries along; older ones stay in the log.
pub const POINTS_MOST: usize = 60;

/// A kind of item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// Something to do.
    Action,
    /// A number followed over time.
    Metric,
    /// A form or exercise to hand in.
    Worksheet,
    /// What was said in a session.
    SessionNote,
    /// A note.
    Note,
    /// The client's own writing.
    JournalEntry,
    /// A file.
    File,
    /// A date to meet.
    Appointment,
    /// An agreement to sign.
    Agreement,
    /// A contract to sign.
    Contract,
    /// A bill.
    Invoice,
    /// A step of a course.
    CourseStep,
    /// A message.
    Message,
}

impl ItemKind {
    /// Every kind, in the order reports list them.
    pub const ALL: [Self; 13] = [
        Self::Action,
        Self::Metric,
        Self::Worksheet,
        Self::Appointment,
        Self::SessionNote,
        Self::JournalEntry,
        Self::Note,
        Self::CourseStep,
        Self::Message,
        Self::File,
        Self::Agreement,
        Self::Contract,
        Self::Invoice,
    ];

    /// The kind as it stands in JSON and keys.
    pub fn name(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::Metric => "metric",
            Self::Worksheet => "worksheet",
            Self::SessionNote => "session_note",
            Self::Note => "note",
            Self::JournalEntry => "journal_entry",
            Self::File => "file",
            Self::Appointment => "appointment",
            Self::Agreement => "agreement",
            Self::Contract => "contract",
            Self::Invoice => "invoice",
            Self::CourseStep => "course_step",
            Self::Message => "message",
        }
    }

    /// The state an item of this kind begins in.
    fn first_state(self) -> State {
        match self {
            Self::Action | Self::Metric | Self::CourseStep => State::Open,
            Self::Worksheet => State::Assigned,
            Self::Appointment => State::Scheduled,
            Self::Agreement | Self::Contract => State::AwaitingSignature,
            Self::Invoice => State::Draft,
            Self::SessionNote | Self::Note | Self::JournalEntry | Self::File | Self::Message => State::Recorded,
        }
    }

    /// Who sees a new item unless its maker says otherwise: notes are for their author, everything else for both.
    fn first_visibility(self) -> Visibility {
        match self {
            Self::Note => Visibility::Private,
            _ => Visibility::Shared,
        }
    }

    /// Whether the kind has the field.
    fn has(self, field: Field) -> bool {
        match field {
            Field::DueOn => {
                matches!(self, Self::Action | Self::Worksheet | Self::Invoice | Self::CourseStep | Self::Agreement | Self::Contract)
            }
            Field::Target | Field::Unit => self == Self::Metric,
            Field::StartsAt | Field::Minutes | Field::Place => self == Self::Appointment,
            Field::On => matches!(self, Self::SessionNote | Self::JournalEntry | Self::Invoice),
            Field::FileName | Field::SizeBytes | Field::ContentType => self == Self::File,
            Field::Amount | Field::Number | Field::SendOn | Field::Repeat => self == Self::Invoice,
            Field::Course => self == Self::CourseStep,
            Field::Engagement => matches!(self, Self::Agreement | Self::Contract | Self::Invoice),
        }
    }
}

/// The fields that only some kinds have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    DueOn,
    Target,
    Unit,
    StartsAt,
    Minutes,
    Place,
    On,
    FileName,
    SizeBytes,
    ContentType,
    Amount,
    Number,
    SendOn,
    Repeat,
    Course,
    Engagement,
}

/// Who sees an item besides its author.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// The client and everybody who may see the client's record.
    Shared,
    /// Nobody.
    Private,
}

/// Where an item stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// To be done, or being followed.
    Open,
    /// Done, or no longer followed.
    Done,
    /// To be handed in.
    Assigned,
    /// Handed in.
    Submitted,
    /// To take place.
    Scheduled,
    /// Took place, or signed by everyone.
    Completed,
    /// Not yet sent out for signature.
    AwaitingSignature,
    /// Sent out for signature.
    OutForSignature,
    /// Not yet sent.
    Draft,
    /// Sent, not paid.
    Sent,
    /// Paid in part.
    Partial,
    /// Sent, and not paid when it was due, or in part only.
    Overdue,
    /// Paid.
    Paid,
    /// Called off.
    Cancelled,
    /// Part of the record; has no further state.
    Recorded,
}

impl State {
    /// Whether something remains to be done about an item in this state.
    pub fn is_open(self) -> bool {
        match self {
            Self::Open
            | Self::Assigned
            | Self::Scheduled
            | Self::AwaitingSignature
            | Self::OutForSignature
            | Self::Sent
            | Self::Partial
            | Self::Overdue => true,
            Self::Done | Self::Submitted | Self::Completed | Self::Draft | Self::Paid | Self::Cancelled | Self::Recorded => false,
        }
    }

    /// The state in words, as pages and mails show it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::Assigned => "assigned",
            Self::Submitted => "submitted",
            Self::Scheduled => "scheduled",
            Self::Completed => "completed",
            Self::AwaitingSignature => "awaiting signature",
            Self::OutForSignature => "out for signature",
            Self::Draft => "draft",
            Self::Sent => "sent",
            Self::Partial => "partly paid",
            Self::Overdue => "overdue",
            Self::Paid => "paid",
            Self::Cancelled => "cancelled",
            Self::Recorded => "on record",
        }
    }
}

/// An amount of money in the currency's smallest unit (G-2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// Smallest units: 12550 is 125.50 EUR.
    pub amount_minor: i64,
    /// ISO 4217 code.
    #[schema(example = "EUR", pattern = "^[A-Z]{3}$")]
    pub currency: String,
}

/// One value of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Point {
    /// The day it is of.
    pub on: NaiveDate,
    /// The value, in the metric's unit.
    pub value: f64,
}

/// One thing in a record. The fields after `state` belong to some kinds only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Item {
    /// Id.
    pub id: ItemId,
    /// Whose record it is in.
    #[serde(flatten)]
    pub record: RecordOf,
    /// What kind of thing.
    pub kind: ItemKind,
    /// Title.
    pub title: String,
    /// Text.
    #[serde(default)]
    pub body: Option<String>,
    /// Who sees it.
    pub visibility: Visibility,
    /// Who added it.
    pub author: Actor,
    /// Where it stands.
    pub state: State,
    /// When it reached a state in which nothing remains to be done.
    #[serde(default)]
    pub closed_at: Option<DateTime<Utc>>,
    /// When it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_on: Option<NaiveDate>,
    /// Since when it is late: the day after the one it was due on. None again when that day is moved, or the item is
    /// opened again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_since: Option<NaiveDate>,
    /// When Cairn looks at it next by itself: to notice that it is late, or to send it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wake_at: Option<DateTime<Utc>>,
    /// Metric: the value to reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<f64>,
    /// Metric: what the values count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Metric: the latest values by day, oldest first, at most [`POINTS_MOST`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<Point>,
    /// Appointment: when it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<DateTime<Utc>>,
    /// Appointment: how long it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u16>,
    /// Appointment: where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Session note, journal entry: the day it is of. Invoice: its date, at the latest the day it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<NaiveDate>,
    /// File: its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// File: its size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// File: its media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// File: which upload it is; none while nothing was uploaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_id: Option<FileId>,
    /// File: what was announced and is not there yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<Upload>,
    /// Invoice: how much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// Invoice: how much of it is paid, in the currency's smallest unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_minor: Option<i64>,
    /// Invoice: when it went out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<DateTime<Utc>>,
    /// Invoice: the day on which the draft goes out by itself, on the client's calendar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_on: Option<NaiveDate>,
    /// Invoice: how it comes again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Repeat>,
    /// Invoice: its place among those that come again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<Series>,
    /// Invoice: its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Course step: the course it is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub course: Option<String>,
    /// Agreement, contract: who signed it, in the order they did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<Signature>,
    /// Agreement, contract, invoice: the engagement it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engagement_id: Option<EngagementId>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Counts changes, from 1.
    pub version: u64,
}

impl Item {
    /// Whether something remains to be done about it.
    pub fn is_open(&self) -> bool {
        self.state.is_open()
    }

    /// Whether it is open past its due date, on a calendar whose date is `today`.
    pub fn is_late(&self, today: NaiveDate) -> bool {
        self.is_open() && self.due_on.is_some_and(|due| due < today)
    }

    /// It is not late any more, or not yet again: an invoice is what it was before it became overdue.
    fn is_not_late(&mut self) {
        self.late_since = None;
        if self.state == State::Overdue {
            self.state = if self.paid_minor.unwrap_or_default() > 0 { State::Partial } else { State::Sent };
        }
    }

    /// Whether it is still being set up, or was called off while it was: nobody outside of the house has heard of it.
    pub fn is_draft(&self) -> bool {
        is_draft(self.kind, self.state, self.sent_at.is_some())
    }

    /// Whether the person wrote it.
    pub fn is_by(&self, person: PersonId) -> bool {
        self.author == Actor::from(person)
    }

    /// Something that happened to it, as it is now.
    pub(crate) fn happening(&self, id: HappeningId, what: What, at: DateTime<Utc>, by: Actor) -> Happening {
        Happening {
            id,
            record: self.record,
            item_id: self.id,
            kind: self.kind,
            what,
            at,
            by,
            title: self.title.clone(),
            note: None,
            value: None,
            text: None,
            comment_id: None,
            on: None,
        }
    }
}

/// Whether an item is still being set up, or was called off while it was, and so before it was sent.
pub fn is_draft(kind: ItemKind, state: State, is_sent: bool) -> bool {
    match state {
        State::Draft => true,
        State::Cancelled => kind == ItemKind::Invoice && !is_sent,
        State::Open
        | State::Done
        | State::Assigned
        | State::Submitted
        | State::Scheduled
        | State::Completed
        | State::AwaitingSignature
        | State::OutForSignature
        | State::Sent
        | State::Partial
        | State::Overdue
        | State::Paid
        | State::Recorded => false,
    }
}

/// What may be said of an item: all of it when it is added (`kind` and `title` needed), some of it when it is changed.
/// In a change, a field that is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ItemDraft {
    /// What kind of thing; can't be changed later.
    pub kind: Option<ItemKind>,
    /// Title, one line.
    #[schema(max_length = 300)]
    pub title: Option<String>,
    /// Text.
    #[schema(max_length = 20000)]
    pub body: Option<String>,
    /// Who sees it; default `shared`, for a note `private`.
    pub visibility: Option<Visibility>,
    /// When it is due (action, worksheet, invoice, course step, agreement, contract).
    pub due_on: Option<NaiveDate>,
    /// The value to reach (metric).
    pub target: Option<f64>,
    /// What the values count (metric).
    pub unit: Option<String>,
    /// When it begins (appointment, needed).
    pub starts_at: Option<DateTime<Utc>>,
    /// How long it lasts (appointment, 1 to 1440).
    #[schema(minimum = 1, maximum = 1440)]
    pub minutes: Option<u16>,
    /// Where (appointment).
    pub place: Option<String>,
    /// The day it is of (session note, journal entry, invoice).
    pub on: Option<NaiveDate>,
    /// Name (file, needed).
    pub file_name: Option<String>,
    /// Size (file).
    pub size_bytes: Option<u64>,
    /// Media type (file).
    pub content_type: Option<String>,
    /// How much (invoice, needed).
    pub amount: Option<Money>,
    /// Number (invoice).
    pub number: Option<String>,
    /// The day on which it goes out by itself, at the beginning of that day on the client's calendar (invoice, while a draft).
    pub send_on: Option<NaiveDate>,
    /// How it comes again once it went out (invoice with `send_on`, while a draft).
    pub repeat: Option<Repeat>,
    /// The course it is of (course step).
    pub course: Option<String>,
    /// The client's engagement that it is for (agreement, contract, invoice).
    pub engagement_id: Option<EngagementId>,
}

impl ItemDraft {
    /// Checks every field against the kind and writes it into the item.
    fn fill(&self, item: &mut Item, check: &mut Check) {
        let before = (item.send_on, item.repeat);
        if item.kind == ItemKind::Invoice && item.state != State::Draft {
            let is_same = self.amount.as_ref().is_none_or(|amount| item.amount.as_ref() == Some(amount));
            check.that(is_same, "amount", "can't be changed once the invoice is sent; cancel it and add another one");
            check.that(self.send_on.is_none(), "send_on", "is for drafts; this invoice is not one any more");
            check.that(self.repeat.is_none(), "repeat", "is for drafts; change the next one of the series");
        }
        if item.file_id.is_some() {
            let sizes = self.size_bytes.is_none_or(|size| item.size_bytes == Some(size));
            check.that(sizes, "size_bytes", "is that of the file that was uploaded");
            let types = self.content_type.as_ref().is_none_or(|given| item.content_type.as_ref() == Some(given));
            check.that(types, "content_type", "is that of the file that was uploaded");
            if let Some(name) = &self.file_name {
                check.that(!upload::is_dangerous(name), "file_name", upload::DANGEROUS);
            }
        }
        let mut line = |field: &str, given: &Option<String>, into: &mut Option<String>| {
            if let Some(text) = given {
                *into = check.take(field, check::line(text, TITLE_MOST));
            }
        };
        line("unit", &self.unit, &mut item.unit);
        line("place", &self.place, &mut item.place);
        line("file_name", &self.file_name, &mut item.file_name);
        line("content_type", &self.content_type, &mut item.content_type);
        line("number", &self.number, &mut item.number);
        line("course", &self.course, &mut item.course);
        if let Some(title) = &self.title
            && let Some(title) = check.take("title", check::line(title, TITLE_MOST))
        {
            item.title = title;
        }
        if let Some(body) = &self.body {
            item.body = check.take("body", check::text(body, BODY_MOST)).filter(|text| !text.is_empty());
        }
        if let Some(visibility) = self.visibility {
            item.visibility = visibility;
        }
        item.due_on = self.due_on.or(item.due_on);
        item.send_on = self.send_on.or(item.send_on);
        item.on = self.on.or(item.on);
        item.starts_at = self.starts_at.or(item.starts_at);
        item.size_bytes = self.size_bytes.or(item.size_bytes);
        item.engagement_id = self.engagement_id.or(item.engagement_id);
        if let Some(target) = self.target {
            check.that(target.is_finite() && target.abs() < 1e15, "target", "must be an ordinary number");
            item.target = Some(target);
        }
        if let Some(minutes) = self.minutes {
            check.that((1..=1440).contains(&minutes), "minutes", "must be from 1 to 1440");
            item.minutes = Some(minutes);
        }
        if let Some(amount) = &self.amount {
            let code = &amount.currency;
            check.that(
                code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase()),
                "amount.currency",
                "must be an ISO 4217 code like EUR",
            );
            check.that((0..=1_000_000_000_000).contains(&amount.amount_minor), "amount.amount_minor", "must be from 0 to 1000000000000");
            item.amount = Some(amount.clone());
        }
        for (given, field, name) in [
            (self.due_on.is_some(), Field::DueOn, "due_on"),
            (self.target.is_some(), Field::Target, "target"),
            (self.unit.is_some(), Field::Unit, "unit"),
            (self.starts_at.is_some(), Field::StartsAt, "starts_at"),
            (self.minutes.is_some(), Field::Minutes, "minutes"),
            (self.place.is_some(), Field::Place, "place"),
            (self.on.is_some(), Field::On, "on"),
            (self.file_name.is_some(), Field::FileName, "file_name"),
            (self.size_bytes.is_some(), Field::SizeBytes, "size_bytes"),
            (self.content_type.is_some(), Field::ContentType, "content_type"),
            (self.amount.is_some(), Field::Amount, "amount"),
            (self.number.is_some(), Field::Number, "number"),
            (self.send_on.is_some(), Field::SendOn, "send_on"),
            (self.repeat.is_some(), Field::Repeat, "repeat"),
            (self.course.is_some(), Field::Course, "course"),
            (self.engagement_id.is_some(), Field::Engagement, "engagement_id"),
        ] {
            if given && !item.kind.has(field) {
                check.fault(name, format!("is not a field of the kind {}", item.kind.name()));
            }
        }
        let dates = [
            (item.due_on, "due_on"),
            (item.on, "on"),
            (item.send_on, "send_on"),
            (self.repeat.and_then(|repeat| repeat.until), "repeat.until"),
            (item.starts_at.map(|at| at.date_naive()), "starts_at"),
        ];
        for (date, name) in dates {
            check.that(date.is_none_or(is_sensible), name, "must be from 1900 to 2199");
        }
        if item.kind == ItemKind::Invoice && (self.repeat.is_some() || self.send_on.is_some()) {
            crate::invoice::arrange(item, before, self.repeat, check);
        }
    }

    /// The item that this adds to a record, and the happening of it.
    ///
    /// # Errors
    /// Every bad field.
    pub fn create(
        &self,
        id: ItemId,
        record: RecordOf,
        by: Actor,
        now: DateTime<Utc>,
        happening: HappeningId,
    ) -> Result<(Item, Happening), Invalid> {
        let mut check = Check::default();
        let Some(kind) = self.kind else {
            return Err(Invalid::field("kind", "is needed, for example \"action\""));
        };
        let mut item = Item {
            id,
            record,
            kind,
            title: String::new(),
            body: None,
            visibility: kind.first_visibility(),
            author: by,
            state: kind.first_state(),
            closed_at: None,
            due_on: None,
            late_since: None,
            wake_at: None,
            target: None,
            unit: None,
            points: Vec::new(),
            starts_at: None,
            minutes: None,
            place: None,
            on: None,
            file_name: None,
            size_bytes: None,
            content_type: None,
            file_id: None,
            upload: None,
            amount: None,
            paid_minor: (kind == ItemKind::Invoice).then_some(0),
            sent_at: None,
            send_on: None,
            repeat: None,
            series: None,
            number: None,
            course: None,
            signatures: Vec::new(),
            engagement_id: None,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        self.fill(&mut item, &mut check);
        check.that(self.title.is_some(), "title", "is needed");
        check.that(kind != ItemKind::Appointment || self.starts_at.is_some(), "starts_at", "is needed for an appointment");
        check.that(kind != ItemKind::File || self.file_name.is_some(), "file_name", "is needed for a file");
        check.that(kind != ItemKind::Invoice || self.amount.is_some(), "amount", "is needed for an invoice");
        let happening = item.happening(happening, What::Created, now, by);
        check.done((item, happening))
    }

    /// The item after this change, and the happening of it; `None` where nothing would change.
    ///
    /// # Errors
    /// Every bad field.
    pub fn change(
        &self,
        before: &Item,
        by: Actor,
        now: DateTime<Utc>,
        happening: HappeningId,
    ) -> Result<Option<(Item, Happening)>, Invalid> {
        let mut check = Check::default();
        check.that(self.kind.is_none_or(|kind| kind == before.kind), "kind", "can't be changed; add a new item instead");
        let mut item = before.clone();
        self.fill(&mut item, &mut check);
        if !check.is_clean() || item == *before {
            return check.done(None);
        }
        if item.due_on != before.due_on {
            item.is_not_late();
        }
        item.updated_at = now;
        item.version += 1;
        let what = match (before.visibility, item.visibility) {
            (Visibility::Private, Visibility::Shared) => What::Shared,
            _ => What::Changed,
        };
        let mut happening = item.happening(happening, what, now, by);
        happening.note = changes(before, &item);
        check.done(Some((item, happening)))
    }
}

/// What changed, in a few words; never the text itself.
fn changes(before: &Item, after: &Item) -> Option<String> {
    let mut words = Vec::new();
    if before.due_on != after.due_on
        && let Some(due) = after.due_on
    {
        words.push(format!("now due {}", due.format("%-d %b %Y")));
    }
    if before.starts_at != after.starts_at {
        words.push("rescheduled".to_owned());
    }
    if before.send_on != after.send_on
        && let Some(day) = after.send_on
    {
        words.push(format!("goes out {}", day.format("%-d %b %Y")));
    }
    if before.target != after.target
        && let Some(target) = after.target
    {
        words.push(format!("target now {target}"));
    }
    if before.title != after.title {
        words.push("renamed".to_owned());
    }
    if before.body != after.body {
        words.push("text edited".to_owned());
    }
    (!words.is_empty()).then(|| words.join(", "))
}

/// A move of an item from one state to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// It is done; took place; was signed; was paid.
    Complete,
    /// It is open again.
    Reopen,
    /// It is called off.
    Cancel,
    /// It is handed in; sent out.
    Submit,
}

impl Move {
    /// All moves.
    pub const ALL: [Self; 4] = [Self::Complete, Self::Reopen, Self::Cancel, Self::Submit];

    /// The move as a verb.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Reopen => "reopen",
            Self::Cancel => "cancel",
            Self::Submit => "submit",
        }
    }
}

/// The item's kind or state does not allow the move.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("can't {} this {}: it is {}", .verb, .kind.name().replace('_', " "), .state.words())]
pub struct Refused {
    /// What was asked for.
    pub verb: &'static str,
    /// The item's kind.
    pub kind: ItemKind,
    /// The item's state.
    pub state: State,
}

/// The state that a move leads to, and what it is called in the log.
fn target(kind: ItemKind, state: State, asked: Move) -> Option<(State, What)> {
    use ItemKind::{
        Action, Agreement, Appointment, Contract, CourseStep, File, Invoice, JournalEntry, Message, Metric, Note, SessionNote, Worksheet,
    };
    match (asked, kind) {
        (Move::Complete, Action | Metric | CourseStep) => (state == State::Open).then_some((State::Done, What::Completed)),
        (Move::Complete, Appointment) => (state == State::Scheduled).then_some((State::Completed, What::Completed)),
        (Move::Complete, Agreement | Contract) => {
            matches!(state, State::AwaitingSignature | State::OutForSignature).then_some((State::Completed, What::Signed))
        }
        (Move::Complete, Invoice) => matches!(state, State::Sent | State::Partial | State::Overdue).then_some((State::Paid, What::Paid)),
        (Move::Submit, Worksheet) => (state == State::Assigned).then_some((State::Submitted, What::Submitted)),
        (Move::Submit, Agreement | Contract) => (state == State::AwaitingSignature).then_some((State::OutForSignature, What::Shared)),
        (Move::Submit, Invoice) => (state == State::Draft).then_some((State::Sent, What::Shared)),
        (Move::Reopen, Action | Metric | CourseStep) => {
            matches!(state, State::Done | State::Cancelled).then_some((State::Open, What::Changed))
        }
        (Move::Reopen, Worksheet) => matches!(state, State::Submitted | State::Cancelled).then_some((State::Assigned, What::Changed)),
        (Move::Reopen, Appointment) => matches!(state, State::Completed | State::Cancelled).then_some((State::Scheduled, What::Changed)),
        (Move::Reopen, Agreement | Contract | Invoice) => None,
        (Move::Cancel, Action | Metric | Worksheet | Appointment | Agreement | Contract | Invoice | CourseStep) => {
            (state.is_open() || state == State::Draft).then_some((State::Cancelled, What::Cancelled))
        }
        (Move::Complete, Worksheet) | (Move::Submit, Action | Metric | CourseStep | Appointment) => None,
        (_, SessionNote | Note | JournalEntry | File | Message) => None,
    }
}

/// Moves an item, and says what happened; `today` is the day on the client's calendar.
///
/// # Errors
/// [`Refused`] where its kind or state does not allow the move.
pub fn advance(
    before: &Item,
    asked: Move,
    by: Actor,
    today: NaiveDate,
    now: DateTime<Utc>,
    happening: HappeningId,
) -> Result<(Item, Happening), Refused> {
    let Some((state, what)) = target(before.kind, before.state, asked) else {
        return Err(Refused { verb: asked.verb(), kind: before.kind, state: before.state });
    };
    let mut item = before.clone();
    match asked {
        Move::Reopen => item.is_not_late(),
        Move::Submit if item.kind == ItemKind::Invoice => (item.on, item.sent_at) = (item.on.or(Some(today)), Some(now)),
        Move::Complete if item.kind == ItemKind::Invoice => item.paid_minor = item.amount.as_ref().map(|amount| amount.amount_minor),
        Move::Complete | Move::Cancel | Move::Submit => {}
    }
    item.state = state;
    item.closed_at = (!state.is_open()).then_some(now);
    item.updated_at = now;
    item.version += 1;
    let mut happening = item.happening(happening, what, now, by);
    happening.note = (asked == Move::Reopen).then(|| "reopened".to_owned());
    Ok((item, happening))
}

/// What can be done with an item besides changing its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Moving it from one state to another.
    Move(Move),
    /// Recording a value on it.
    Record,
    /// Signing it.
    Sign,
    /// Recording a payment on it.
    Pay,
}

impl Doing {
    /// Everything that can be done.
    pub const ALL: [Self; 7] = [
        Self::Move(Move::Complete),
        Self::Move(Move::Reopen),
        Self::Move(Move::Cancel),
        Self::Move(Move::Submit),
        Self::Record,
        Self::Sign,
        Self::Pay,
    ];

    /// It as a verb with what stands before the item.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Move(asked) => asked.verb(),
            Self::Record => "record a value on",
            Self::Sign => "sign",
            Self::Pay => "record a payment on",
        }
    }
}

/// Why a value was not recorded.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NotRecorded {
    /// The item is not a metric, or is closed.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The value or the day is not one.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

/// Records a value on a metric for a day; a second value for the same day replaces the first.
///
/// # Errors
/// [`NotRecorded`].
pub fn record(
    before: &Item,
    point: Point,
    by: Actor,
    now: DateTime<Utc>,
    happening: HappeningId,
) -> Result<(Item, Happening), NotRecorded> {
    if before.kind != ItemKind::Metric || before.state != State::Open {
        return Err(Refused { verb: "record a value on", kind: before.kind, state: before.state }.into());
    }
    let mut check = Check::default();
    check.that(point.value.is_finite() && point.value.abs() < 1e15, "value", "must be an ordinary number");
    check.that(is_sensible(point.on), "on", "must be from 1900 to 2199");
    check.that(point.on <= now.date_naive() + chrono::Days::new(1), "on", "must not be in the future");
    check.done(())?;
    let mut item = before.clone();
    item.points.retain(|p| p.on != point.on);
    item.points.push(point);
    item.points.sort_by_key(|p| p.on);
    let excess = item.points.len().saturating_sub(POINTS_MOST);
    item.points.drain(..excess);
    item.updated_at = now;
    item.version += 1;
    let mut happening = item.happening(happening, What::Recorded, now, by);
    happening.value = Some(point.value);
    happening.on = Some(point.on);
    Ok((item, happening))
}

/// Dates outside of this are typing errors, and calendars disagree on them.
pub(crate) fn is_sensible(date: NaiveDate) -> bool {
    use chrono::Datelike;
    (1900..=2199).contains(&date.year())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ulid::Ulid;

    use super::*;
    use crate::id::ClientId;

    fn now() -> DateTime<Utc> {
        "2026-11-02T09:00:00Z".parse().unwrap()
    }

    fn make(draft: &ItemDraft) -> Result<Item, Invalid> {
        draft.create(ItemId(Ulid(1)), ClientId(Ulid(2)).into(), Actor::System, now(), HappeningId(Ulid(3))).map(|(item, _)| item)
    }

    fn of(kind: ItemKind) -> Item {
        let draft = ItemDraft {
            kind: Some(kind),
            title: Some("Title".into()),
            starts_at: (kind == ItemKind::Appointment).then(now),
            file_name: (kind == ItemKind::File).then(|| "plan.pdf".into()),
            amount: (kind == ItemKind::Invoice).then(|| Money { amount_minor: 100, currency: "EUR".into() }),
            ..ItemDraft::default()
        };
        make(&draft).unwrap()
    }

    #[test]
    fn every_move_of_every_kind_from_every_state() {
        use std::fmt::Write;
        const STATES: [State; 15] = [
            State::Open,
            State::Done,
            State::Assigned,
            State::Submitted,
            State::Scheduled,
            State::Completed,
            State::AwaitingSignature,
            State::OutForSignature,
            State::Draft,
            State::Sent,
            State::Partial,
            State::Overdue,
            State::Paid,
            State::Cancelled,
            State::Recorded,
        ];
        let mut table = String::new();
        for kind in ItemKind::ALL {
            writeln!(table, "{} begins {}", kind.name(), kind.first_state().words()).unwrap();
            for asked in Move::ALL {
                for state in STATES {
                    if let Some((to, what)) = target(kind, state, asked) {
                        writeln!(table, "  {:9} {} -> {} ({what:?})", asked.verb(), state.words(), to.words()).unwrap();
                    }
                }
            }
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn bad_fields_are_all_named_at_once() {
        let draft = ItemDraft {
            kind: Some(ItemKind::Note),
            title: Some("a\nb".into()),
            target: Some(1.0),
            minutes: Some(0),
            ..ItemDraft::default()
        };
        let fields: Vec<_> = make(&draft).unwrap_err().errors.into_iter().map(|e| e.field).collect();
        assert_eq!(fields, ["title", "minutes", "target", "minutes"]);
        assert_eq!(make(&ItemDraft::default()).unwrap_err().errors[0].field, "kind");
    }

    #[test]
    fn sharing_a_private_item_is_a_happening_of_its_own() {
        let note = of(ItemKind::Note);
        assert_eq!(note.visibility, Visibility::Private);
        let share = ItemDraft { visibility: Some(Visibility::Shared), ..ItemDraft::default() };
        let (_, happening) = share.change(&note, Actor::System, now(), HappeningId(Ulid(4))).unwrap().unwrap();
        assert_eq!(happening.what, What::Shared);
        assert_eq!(ItemDraft::default().change(&note, Actor::System, now(), HappeningId(Ulid(4))).unwrap(), None);
    }

    #[test]
    fn an_item_is_late_the_day_after_it_was_due() {
        let mut item = of(ItemKind::Action);
        item.due_on = Some("2026-11-02".parse().unwrap());
        assert!(!item.is_late("2026-11-02".parse().unwrap()));
        assert!(item.is_late("2026-11-03".parse().unwrap()));
        item.state = State::Done;
        assert!(!item.is_late("2026-11-03".parse().unwrap()));
    }

    proptest! {
        #[test]
        fn recording_keeps_one_value_a_day_in_order(days in proptest::collection::vec((0_i64..200, -1e6..1e6_f64), 1..100)) {
            let mut item = of(ItemKind::Metric);
            let first: NaiveDate = "2026-01-01".parse().unwrap();
            for (day, value) in &days {
                let point = Point { on: first + chrono::Duration::days(*day), value: *value };
                item = record(&item, point, Actor::System, now(), HappeningId(Ulid(4))).unwrap().0;
                prop_assert!(item.points.len() <= POINTS_MOST);
            }
            prop_assert!(item.points.windows(2).all(|w| w[0].on < w[1].on));
        }
    }
}
