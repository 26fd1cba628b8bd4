//! Engagements: one client in one program with, usually, one coach; their sessions, pauses and allowed moves.
//!
//! How an engagement stands against its threshold is judged in [`crate::progress`] from what is here.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::check::{self, Check, Invalid};
use crate::id::{ClientId, EngagementId, HappeningId, LocationId, MemberId, OrganisationId, OwnerId, ProgramId, SessionId};
use crate::item::{self, Item, ItemKind};
use crate::person::Actor;
use crate::program::{Program, ProgramKind, Settings, given, read_sessions, read_settings};

/// For how long a deleted engagement can be brought back (P-6).
pub const UNDO: Duration = Duration::days(30);
/// The most pauses of an engagement.
const PAUSES_MOST: usize = 50;
/// The longest pause, in days.
const PAUSE_MOST: i64 = 366;
/// The most characters of what somebody notes on a session or pause.
const NOTE_MOST: usize = 500;

/// Where an engagement is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EngagementState)]
pub enum State {
    /// Being set up.
    Draft,
    /// The client chooses a coach.
    Matching,
    /// Under way.
    Active,
    /// Interrupted; can be activated again.
    Inactive,
    /// Over; can be activated again.
    Completed,
}

impl State {
    /// The state as it stands in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Matching => "matching",
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Completed => "completed",
        }
    }
}

/// A planned break: its days do not count towards the threshold (T-13).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Pause {
    /// Its first day, on the owning organisation's calendar.
    pub starts_on: NaiveDate,
    /// Its last day.
    pub ends_on: NaiveDate,
    /// Why, if somebody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Who set it.
    pub by: Actor,
}

/// What of an engagement's sessions its progress depends on. Each is a fact of its own time: none changes because time
/// passes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Activity {
    /// The latest session: when it begins, or began; for a cancelled one the earlier of that and its cancellation (T-4).
    pub session_at: Option<DateTime<Utc>>,
    /// The latest discovery call, by the same rule.
    pub call_at: Option<DateTime<Utc>>,
    /// The latest session that is marked scheduled, past or future.
    pub scheduled_session_at: Option<DateTime<Utc>>,
    /// The latest discovery call that is marked scheduled, past or future.
    pub scheduled_call_at: Option<DateTime<Utc>>,
    /// How many sessions were completed.
    pub sessions_done: u32,
}

impl Activity {
    /// What a set of sessions and discovery calls comes to.
    pub fn of<'a>(sessions: impl IntoIterator<Item = &'a Session>) -> Self {
        let mut activity = Self::default();
        for session in sessions {
            let (latest, scheduled) = match session.kind {
                SessionKind::Session => (&mut activity.session_at, &mut activity.scheduled_session_at),
                SessionKind::DiscoveryCall => (&mut activity.call_at, &mut activity.scheduled_call_at),
            };
            *latest = (*latest).max(Some(session.counts_at()));
            if session.state == SessionState::Scheduled {
                *scheduled = (*scheduled).max(Some(session.starts_at));
            }
            activity.sessions_done += u32::from(session.kind == SessionKind::Session && session.state == SessionState::Completed);
        }
        activity
    }
}

/// One client in one program with, usually, one coach.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Engagement {
    /// Id.
    pub id: EngagementId,
    /// The client.
    pub client_id: ClientId,
    /// The program it was made from.
    pub program_id: ProgramId,
    /// The program's name at that time.
    pub program: String,
    /// What it is like.
    pub kind: ProgramKind,
    /// Its coach.
    #[serde(default)]
    pub coach_id: Option<MemberId>,
    /// The organisation that owns it: the account's own, or a client company (T-8).
    pub owner_organisation_id: OrganisationId,
    /// The administrator of that organisation who answers for it.
    #[serde(default)]
    pub owner_id: Option<OwnerId>,
    /// The location of that organisation it belongs to.
    #[serde(default)]
    pub location_id: Option<LocationId>,
    /// Where it is in its life.
    pub state: State,
    /// Its first day.
    #[serde(default)]
    pub starts_on: Option<NaiveDate>,
    /// Its last day; open if there is none.
    #[serde(default)]
    pub ends_on: Option<NaiveDate>,
    /// How many sessions are planned; open if there is no number.
    #[serde(default)]
    pub sessions_total: Option<u32>,
    /// How progress is watched.
    #[serde(flatten)]
    pub settings: Settings,
    /// Whether the threshold was set for this engagement, so that launching it does not take it over from the program.
    #[serde(default)]
    pub own_threshold: bool,
    /// Whether notifications were, likewise.
    #[serde(default)]
    pub own_notifications: bool,
    /// When it was last activated, or matching last started: the clock's start (T-3).
    #[serde(default)]
    pub launched_at: Option<DateTime<Utc>>,
    /// When the client chose the coach, in coach matching (T-5).
    #[serde(default)]
    pub coach_selected_at: Option<DateTime<Utc>>,
    /// Planned breaks, in the order of their first days.
    #[serde(default)]
    pub pauses: Vec<Pause>,
    /// What its sessions come to.
    #[serde(default)]
    pub activity: Activity,
    /// When it was deleted; it can be brought back for 30 days.
    #[serde(default)]
    pub deleted_at: Option<DateTime<Utc>>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Counts changes, from 1.
    pub version: u64,
}

impl Engagement {
    /// The engagement after a change made now.
    #[must_use]
    pub fn changed(self, now: DateTime<Utc>) -> Self {
        Self { updated_at: now, version: self.version + 1, ..self }
    }

    /// Whether it is deleted.
    pub fn is_deleted(&self) -> bool {
        self.deleted_at.is_some()
    }
}

/// An engagement as people send it: all of it for a new one, some of it for a change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EngagementDraft {
    /// The client; needed, and never changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// The program; needed, and never changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program_id: Option<ProgramId>,
    /// Its coach; a change goes through `assign-coach` or `select-coach`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coach_id: Option<MemberId>,
    /// The organisation that owns it; default the account's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_organisation_id: Option<OrganisationId>,
    /// The administrator who answers for it: a member, or a person of the company that owns it.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<OwnerId>)]
    pub owner_id: Option<Option<OwnerId>>,
    /// A location of the organisation that owns it.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<LocationId>)]
    pub location_id: Option<Option<LocationId>>,
    /// Its first day.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<NaiveDate>)]
    pub starts_on: Option<Option<NaiveDate>>,
    /// Its last day.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<NaiveDate>)]
    pub ends_on: Option<Option<NaiveDate>>,
    /// How many sessions are planned; default the program's.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>)]
    pub sessions_total: Option<Option<u32>>,
    /// 1 to 52 weeks, `null` for no tracking; default the program's at the launch (T-1).
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u16>)]
    pub threshold_weeks: Option<Option<u16>>,
    /// Whether anybody is mailed when it goes off track; default the program's at the launch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub off_track_notifications: Option<bool>,
}

impl EngagementDraft {
    /// The engagement, still a draft, that this adds; that client, coach, owner and location exist is for the caller to see.
    ///
    /// # Errors
    /// Every bad field.
    pub fn create(
        &self,
        id: EngagementId,
        client_id: ClientId,
        program: &Program,
        own_organisation: OrganisationId,
        now: DateTime<Utc>,
    ) -> Result<Engagement, Invalid> {
        let mut engagement = Engagement {
            id,
            client_id,
            program_id: program.id,
            program: program.name.clone(),
            kind: program.kind,
            coach_id: self.coach_id,
            owner_organisation_id: own_organisation,
            owner_id: None,
            location_id: None,
            state: State::Draft,
            starts_on: None,
            ends_on: None,
            sessions_total: program.sessions,
            settings: program.settings,
            own_threshold: false,
            own_notifications: false,
            launched_at: None,
            coach_selected_at: None,
            pauses: Vec::new(),
            activity: Activity::default(),
            deleted_at: None,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        let mut check = Check::default();
        self.fill(&mut engagement, &mut check);
        check.done(engagement)
    }

    /// The engagement after this change; `None` where nothing changes.
    ///
    /// # Errors
    /// Every bad field.
    pub fn change(&self, before: &Engagement, now: DateTime<Utc>) -> Result<Option<Engagement>, Invalid> {
        let mut check = Check::default();
        check.that(self.client_id.is_none_or(|id| id == before.client_id), "client_id", "can't be changed; add another engagement");
        check.that(self.program_id.is_none_or(|id| id == before.program_id), "program_id", "can't be changed; add another engagement");
        check.that(
            self.coach_id.is_none_or(|id| Some(id) == before.coach_id),
            "coach_id",
            "can't be changed here; use POST /v1/engagements/{id}/assign-coach",
        );
        let mut engagement = before.clone();
        self.fill(&mut engagement, &mut check);
        let engagement = check.done(engagement)?;
        Ok((engagement != *before).then(|| engagement.changed(now)))
    }

    fn fill(&self, engagement: &mut Engagement, check: &mut Check) {
        if let Some(organisation) = self.owner_organisation_id
            && organisation != engagement.owner_organisation_id
        {
            engagement.owner_organisation_id = organisation;
            // they were of the organisation before
            engagement.owner_id = None;
            engagement.location_id = None;
        }
        engagement.owner_id = self.owner_id.unwrap_or(engagement.owner_id);
        engagement.location_id = self.location_id.unwrap_or(engagement.location_id);
        engagement.starts_on = self.starts_on.unwrap_or(engagement.starts_on);
        engagement.ends_on = self.ends_on.unwrap_or(engagement.ends_on);
        engagement.sessions_total = self.sessions_total.unwrap_or(engagement.sessions_total);
        engagement.own_threshold |= self.threshold_weeks.is_some();
        engagement.own_notifications |= self.off_track_notifications.is_some();
        for (date, field) in [(engagement.starts_on, "starts_on"), (engagement.ends_on, "ends_on")] {
            check.that(date.is_none_or(is_sensible), field, "must be from 1900 to 2199");
        }
        check.that(
            engagement.ends_on.is_none_or(|end| engagement.starts_on.is_none_or(|start| start <= end)),
            "ends_on",
            "must not be before starts_on",
        );
        read_sessions("sessions_total", engagement.sessions_total, check);
        read_settings(&mut engagement.settings, engagement.kind, self.threshold_weeks, self.off_track_notifications, check);
    }
}

/// What can be done with an engagement as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// Lets the client choose a coach.
    StartMatching,
    /// The client has chosen this coach (T-5).
    SelectCoach(MemberId),
    /// Gives it this coach.
    AssignCoach(MemberId),
    /// Begins it, or begins it again.
    Activate,
    /// Interrupts it.
    Deactivate,
    /// Ends it.
    Complete,
    /// Deletes it; it can be brought back for 30 days.
    Delete,
    /// Brings it back.
    Restore,
}

impl Move {
    /// The word for it in messages and in the audit trail.
    pub fn verb(self) -> &'static str {
        match self {
            Self::StartMatching => "start_matching",
            Self::SelectCoach(_) => "select_coach",
            Self::AssignCoach(_) => "assign_coach",
            Self::Activate => "activate",
            Self::Deactivate => "deactivate",
            Self::Complete => "complete",
            Self::Delete => "delete",
            Self::Restore => "restore",
        }
    }
}

/// Why a move is not possible (409).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotPossible {
    /// The state does not allow it.
    #[error("an engagement that is {} can't do that: {allowed}", .state.name())]
    WrongState {
        /// The state it is in.
        state: State,
        /// From which states it is possible.
        allowed: &'static str,
    },
    /// Only engagements of the kind `coach_matching` are matched.
    #[error("only an engagement of a coach_matching program has coach matching; activate this one instead")]
    NotMatched,
    /// It has a coach already.
    #[error("it has a coach already; activate it")]
    HasCoach,
    /// Nobody coaches it yet.
    #[error("it has no coach yet; select or assign one first")]
    NoCoach,
    /// It is deleted.
    #[error("it is deleted; restore it first")]
    Deleted,
    /// It is not deleted.
    #[error("it is not deleted")]
    NotDeleted,
    /// It was deleted more than 30 days ago.
    #[error("it was deleted more than 30 days ago and can't be restored any more")]
    TooLate,
}

/// Moves an engagement (T-1, T-3, P-6). A draft takes over each of its program's settings when it is launched, unless it has
/// its own; activating starts the clock, and starts it again.
///
/// # Errors
/// [`NotPossible`].
pub fn advance(before: &Engagement, asked: Move, program: &Program, now: DateTime<Utc>) -> Result<Engagement, NotPossible> {
    match asked {
        Move::Restore => {}
        _ if before.is_deleted() => return Err(NotPossible::Deleted),
        _ => {}
    }
    let from = |states: &[State], allowed: &'static str| {
        if states.contains(&before.state) { Ok(()) } else { Err(NotPossible::WrongState { state: before.state, allowed }) }
    };
    let mut after = before.clone();
    match asked {
        Move::StartMatching => {
            if before.kind != ProgramKind::CoachMatching {
                return Err(NotPossible::NotMatched);
            }
            from(&[State::Draft, State::Inactive], "matching starts from draft or inactive")?;
            if before.coach_id.is_some() {
                return Err(NotPossible::HasCoach);
            }
            after.launch(State::Matching, program, now);
        }
        Move::SelectCoach(coach) => {
            from(&[State::Matching], "a coach is selected while it is matching")?;
            after.coach_id = Some(coach);
            after.coach_selected_at = Some(now);
        }
        Move::AssignCoach(coach) => {
            from(&[State::Draft, State::Matching, State::Active, State::Inactive], "it is over; activate it first")?;
            if before.state == State::Matching {
                after.coach_selected_at = Some(now);
            }
            after.coach_id = Some(coach);
        }
        Move::Activate => {
            from(
                &[State::Draft, State::Matching, State::Inactive, State::Completed],
                "it can be activated from draft, matching, inactive or completed",
            )?;
            if before.kind == ProgramKind::CoachMatching && before.coach_id.is_none() {
                return Err(NotPossible::NoCoach);
            }
            after.launch(State::Active, program, now);
        }
        Move::Deactivate => {
            from(&[State::Matching, State::Active], "it can be deactivated while matching or active")?;
            after.state = State::Inactive;
        }
        Move::Complete => {
            from(&[State::Active, State::Inactive], "it can be completed while active or inactive")?;
            after.state = State::Completed;
        }
        Move::Delete => after.deleted_at = Some(now),
        Move::Restore => match before.deleted_at {
            None => return Err(NotPossible::NotDeleted),
            Some(at) if now - at > UNDO => return Err(NotPossible::TooLate),
            Some(_) => after.deleted_at = None,
        },
    }
    Ok(after.changed(now))
}

impl Engagement {
    fn launch(&mut self, into: State, program: &Program, now: DateTime<Utc>) {
        if self.state == State::Draft {
            if !self.own_threshold {
                self.settings.threshold_weeks = program.settings.threshold_weeks;
            }
            if !self.own_notifications {
                self.settings.off_track_notifications = program.settings.off_track_notifications;
            }
        }
        self.state = into;
        self.launched_at = Some(now);
    }
}

/// What keeps an engagement from being deleted (P-6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Hangs {
    /// An invoice that was sent and is not paid.
    #[error("an invoice for it was sent and is not paid; it must be paid or cancelled first")]
    UnpaidInvoice,
    /// A contract that is out for signature, or signed.
    #[error("a contract for it is active; it must be cancelled first")]
    ActiveContract,
}

/// Whether an item keeps the engagement that it is for from being deleted (P-6).
pub fn hangs_on(item: &Item, engagement: EngagementId) -> Option<Hangs> {
    if item.engagement_id != Some(engagement) {
        return None;
    }
    match (item.kind, item.state) {
        (ItemKind::Invoice, item::State::Sent | item::State::Partial | item::State::Overdue) => Some(Hangs::UnpaidInvoice),
        (ItemKind::Contract, item::State::OutForSignature | item::State::Completed) => Some(Hangs::ActiveContract),
        _ => None,
    }
}

/// Whether an item that does not keep the engagement from being deleted may come to do so.
pub fn may_come_to_hang_on(item: &Item, engagement: EngagementId) -> bool {
    let is_set_up =
        matches!((item.kind, item.state), (ItemKind::Invoice, item::State::Draft) | (ItemKind::Contract, item::State::AwaitingSignature));
    item.engagement_id == Some(engagement) && is_set_up
}

/// A planned break as people send it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PauseDraft {
    /// Its first day; default today.
    pub starts_on: Option<NaiveDate>,
    /// Its last day; needed.
    pub ends_on: Option<NaiveDate>,
    /// Why.
    pub note: Option<String>,
}

impl PauseDraft {
    /// The engagement with this break.
    ///
    /// # Errors
    /// Every bad field.
    pub fn add(&self, before: &Engagement, by: Actor, today: NaiveDate, now: DateTime<Utc>) -> Result<Engagement, Invalid> {
        let mut check = Check::default();
        let starts_on = self.starts_on.unwrap_or(today);
        let ends_on = check.take("ends_on", self.ends_on.ok_or("is needed: the last day of the break"));
        let note = self.note.as_deref().and_then(|note| check.take("note", check::line(note, NOTE_MOST)));
        if let Some(ends_on) = ends_on {
            check.that(ends_on >= starts_on, "ends_on", "must not be before the first day of the break");
            check.that((ends_on - starts_on).num_days() < PAUSE_MOST, "ends_on", "must be within 366 days of the first day");
        }
        check.that(is_sensible(starts_on), "starts_on", "must be from 1900 to 2199");
        check.that(before.pauses.len() < PAUSES_MOST, "starts_on", "an engagement has at most 50 breaks");
        let mut after = before.clone();
        if let Some(ends_on) = ends_on {
            after.pauses.push(Pause { starts_on, ends_on, note, by });
            after.pauses.sort_by_key(|pause| (pause.starts_on, pause.ends_on));
        }
        check.done(after.changed(now))
    }
}

/// The engagement with every break that goes on today or later ended yesterday; `None` where there is none.
pub fn end_pauses(before: &Engagement, today: NaiveDate, now: DateTime<Utc>) -> Option<Engagement> {
    let yesterday = today.pred_opt()?;
    let mut after = before.clone();
    for pause in &mut after.pauses {
        pause.ends_on = pause.ends_on.min(yesterday);
    }
    after.pauses.retain(|pause| pause.starts_on <= pause.ends_on);
    (after.pauses != before.pauses).then(|| after.changed(now))
}

/// What a meeting is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionKind {
    /// A coaching session.
    Session,
    /// A first call with a coach who might be chosen.
    DiscoveryCall,
}

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// It is to take place; or it did, and nobody has said so yet.
    Scheduled,
    /// It took place.
    Completed,
    /// It was called off.
    Cancelled,
}

/// A session of an engagement, or a discovery call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Session {
    /// Id.
    pub id: SessionId,
    /// The engagement.
    pub engagement_id: EngagementId,
    /// The client.
    pub client_id: ClientId,
    /// What it is for.
    pub kind: SessionKind,
    /// With which coach; for a discovery call the one who might be chosen.
    #[serde(default)]
    pub coach_id: Option<MemberId>,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// How long it is.
    pub minutes: u32,
    /// Where it stands.
    pub state: SessionState,
    /// When it was cancelled.
    #[serde(default)]
    pub cancelled_at: Option<DateTime<Utc>>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Counts changes, from 1.
    pub version: u64,
}

impl Session {
    /// When it counts as activity: at its time, or when it was cancelled if that was earlier (T-4).
    pub fn counts_at(&self) -> DateTime<Utc> {
        match (self.state, self.cancelled_at) {
            (SessionState::Cancelled, Some(cancelled)) => self.starts_at.min(cancelled),
            (SessionState::Cancelled | SessionState::Scheduled | SessionState::Completed, _) => self.starts_at,
        }
    }
}

/// A session as people send it: all of it for a new one, some of it for a change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SessionDraft {
    /// When it begins; needed for a new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<DateTime<Utc>>,
    /// How long it is, 1 to 1440; default 60.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
    /// Default `scheduled` for one that is to come, `completed` for one that is logged afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<SessionState>,
    /// With which coach; default the engagement's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coach_id: Option<MemberId>,
}

impl SessionDraft {
    /// The session that this adds to an engagement.
    ///
    /// # Errors
    /// Every bad field.
    pub fn create(&self, id: SessionId, engagement: &Engagement, kind: SessionKind, now: DateTime<Utc>) -> Result<Session, Invalid> {
        let mut check = Check::default();
        let starts_at = check.take("starts_at", self.starts_at.ok_or("is needed: when it begins, like 2026-11-02T15:00:00Z"));
        let begins = starts_at.unwrap_or(now);
        let mut session = Session {
            id,
            engagement_id: engagement.id,
            client_id: engagement.client_id,
            kind,
            coach_id: self.coach_id.or(engagement.coach_id),
            starts_at: begins,
            minutes: 60,
            state: if begins > now { SessionState::Scheduled } else { SessionState::Completed },
            cancelled_at: None,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        self.fill(&mut session, now, &mut check);
        check.done(session)
    }

    /// The session after this change; `None` where nothing changes.
    ///
    /// # Errors
    /// Every bad field.
    pub fn change(&self, before: &Session, now: DateTime<Utc>) -> Result<Option<Session>, Invalid> {
        let mut check = Check::default();
        let mut session = before.clone();
        self.fill(&mut session, now, &mut check);
        let session = check.done(session)?;
        Ok((session != *before).then(|| Session { updated_at: now, version: before.version + 1, ..session }))
    }

    fn fill(&self, session: &mut Session, now: DateTime<Utc>, check: &mut Check) {
        session.starts_at = self.starts_at.unwrap_or(session.starts_at);
        session.minutes = self.minutes.unwrap_or(session.minutes);
        session.coach_id = self.coach_id.or(session.coach_id);
        if let Some(state) = self.state
            && state != session.state
        {
            session.state = state;
            session.cancelled_at = (state == SessionState::Cancelled).then_some(now);
        }
        check.that(is_sensible(session.starts_at.date_naive()), "starts_at", "must be from 1900 to 2199");
        check.that((1..=1440).contains(&session.minutes), "minutes", "must be from 1 to 1440");
        let is_ahead = session.starts_at > now;
        check.that(session.state != SessionState::Completed || !is_ahead, "state", "a session that is yet to come is not completed");
    }
}

/// The session as cancelled, or as completed, now.
///
/// # Errors
/// Why it can't be (409).
pub fn settle(before: &Session, state: SessionState, now: DateTime<Utc>) -> Result<Session, &'static str> {
    match (before.state, state) {
        (SessionState::Completed, _) => return Err("it is completed already"),
        (SessionState::Cancelled, _) => return Err("it is cancelled already"),
        (SessionState::Scheduled, SessionState::Completed) if before.starts_at > now => return Err("it is yet to come"),
        (SessionState::Scheduled, _) => {}
    }
    let cancelled_at = (state == SessionState::Cancelled).then_some(now);
    Ok(Session { state, cancelled_at, updated_at: now, version: before.version + 1, ..before.clone() })
}

/// What happened to an engagement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EngagementWhat)]
pub enum What {
    /// It was added.
    Created,
    /// Something about it was changed.
    Changed,
    /// Coach matching started.
    MatchingStarted,
    /// The client chose a coach.
    CoachSelected,
    /// It was given a coach.
    CoachAssigned,
    /// It began, or began again.
    Activated,
    /// It was interrupted.
    Deactivated,
    /// It ended.
    Completed,
    /// It was deleted.
    Deleted,
    /// It was brought back.
    Restored,
    /// A break was planned.
    Paused,
    /// A break was ended.
    Resumed,
    /// A session or discovery call was scheduled.
    SessionScheduled,
    /// Something about it was changed.
    SessionChanged,
    /// It took place.
    SessionCompleted,
    /// It was called off.
    SessionCancelled,
    /// The engagement went off track (T-4).
    OffTrack,
    /// It came back on track (T-6).
    BackOnTrack,
}

impl What {
    /// Whether only those who may see the engagement's progress see it (T-8).
    pub fn tells_progress(self) -> bool {
        match self {
            Self::OffTrack | Self::BackOnTrack => true,
            Self::Created
            | Self::Changed
            | Self::MatchingStarted
            | Self::CoachSelected
            | Self::CoachAssigned
            | Self::Activated
            | Self::Deactivated
            | Self::Completed
            | Self::Deleted
            | Self::Restored
            | Self::Paused
            | Self::Resumed
            | Self::SessionScheduled
            | Self::SessionChanged
            | Self::SessionCompleted
            | Self::SessionCancelled => false,
        }
    }
}

/// One dated fact about an engagement. Never changed, never removed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EngagementHappening {
    /// Id.
    pub id: HappeningId,
    /// The engagement.
    pub engagement_id: EngagementId,
    /// What happened.
    pub what: What,
    /// When it became part of the record.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub by: Actor,
    /// The session or discovery call it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// The day the fact is about, where it is not the day of `at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<NaiveDate>,
}

fn is_sensible(date: NaiveDate) -> bool {
    (1900..2200).contains(&chrono::Datelike::year(&date))
}

#[cfg(test)]
mod tests;
