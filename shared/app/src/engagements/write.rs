//! The one way an engagement is written: with its sessions, how it is filed, its log and the audit trail, together.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use domain::check::Check;
use domain::engagement::{
    Activity, Engagement, EngagementDraft, EngagementHappening, Hangs, Move, PauseDraft, Session, SessionDraft, SessionKind, SessionState,
    What, advance, end_pauses, hangs_on, may_come_to_hang_on, settle,
};
use domain::id::{EngagementId, HappeningId, SessionId};
use domain::item::{Item, ItemKind};
use domain::person::Email;
use domain::program::{Program, ProgramKind};
use domain::progress::{Progress, Tracking, file, progress, refile};
use platform::store::engagements::Whole;
use platform::store::{Changes, Commit, WRITES_MOST};
use ulid::Ulid;

use super::nudge::may_act;
use super::view::{EngagementView, is_entitled};
use super::{Loaded, check_coach, check_places, happening, load, load_any, may_write, show};
use crate::{AppError, Ctx};

/// How often a write is tried when others, or the sweep, write to the same engagement at the same time.
const ATTEMPTS: usize = 6;

/// What is asked of an engagement.
pub(super) enum Asked<'a> {
    Change(&'a EngagementDraft),
    Move(Move),
    Pause(&'a PauseDraft),
    Resume,
    AddSession(SessionKind, &'a SessionDraft),
    ChangeSession(SessionId, &'a SessionDraft),
    SettleSession(SessionId, SessionState),
}

impl Asked<'_> {
    /// How it stands in the audit trail.
    fn action(&self) -> String {
        match self {
            Self::Change(_) => "engagement.update".into(),
            Self::Move(asked) => format!("engagement.{}", asked.verb()),
            Self::Pause(_) => "engagement.pause".into(),
            Self::Resume => "engagement.resume".into(),
            Self::AddSession(SessionKind::Session, _) => "session.create".into(),
            Self::AddSession(SessionKind::DiscoveryCall, _) => "discovery_call.create".into(),
            Self::ChangeSession(..) => "session.update".into(),
            Self::SettleSession(_, SessionState::Cancelled) => "session.cancel".into(),
            Self::SettleSession(_, SessionState::Scheduled | SessionState::Completed) => "session.complete".into(),
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::AddSession(..) => 201,
            Self::Move(Move::Delete) => 204,
            Self::Change(_) | Self::Move(_) | Self::Pause(_) | Self::Resume | Self::ChangeSession(..) | Self::SettleSession(..) => 200,
        }
    }
}

/// What comes of it.
struct Decided {
    engagement: Engagement,
    session: Option<Session>,
    what: What,
    /// The day it is about.
    on: Option<NaiveDate>,
    /// Items that stand as they do: none of them comes to keep it from being deleted meanwhile.
    unless: Vec<Item>,
}

/// What was written, or stands as it did.
pub(super) struct Written {
    pub(super) engagement: EngagementView,
    pub(super) session: Option<Session>,
}

/// By what right somebody writes.
#[derive(Clone, Copy, Debug)]
pub(super) enum By {
    /// Their own.
    Right,
    /// That of a link in a mail on the crossing of this day (T-13).
    Link { since: NaiveDate },
}

/// Does what is asked by one's own right, as [`write_by`].
pub(super) async fn write(ctx: &Ctx, id: EngagementId, asked: &Asked<'_>, expected: Option<u64>) -> Result<Written, AppError> {
    write_by(ctx, id, asked, expected, By::Right).await
}

/// Does what is asked, by what the engagement is at the moment it is written. `expected` is the version that the caller
/// knows: the session's where a session is changed, else the engagement's.
pub(super) async fn write_by(ctx: &Ctx, id: EngagementId, asked: &Asked<'_>, expected: Option<u64>, by: By) -> Result<Written, AppError> {
    for _ in 0..ATTEMPTS {
        let before = match asked {
            Asked::Move(Move::Restore) => load_any(ctx, id).await?,
            _ => load(ctx, id).await?,
        };
        match by {
            By::Right => may_write(ctx, &before.client_facts, &before.facts)?,
            By::Link { since } => {
                may_act(&ctx.viewer, &before.whole.engagement, &before.client, since, ctx.account.time_zone, ctx.now)?;
            }
        }
        Ctx::matches(expected, version(&before.whole, asked)?)?;
        let Some(mut decided) = Box::pin(decide(ctx, &before, asked)).await? else {
            return leave(ctx, &before, asked).await;
        };
        let others = before.whole.sessions.iter().filter(|other| decided.session.as_ref().is_none_or(|session| session.id != other.id));
        decided.engagement.activity = Activity::of(others.chain(&decided.session));
        let engagement = show(ctx, &decided.engagement, &before.client).await?;
        let changes = changes(ctx, &before, &decided)?;
        let written = Written { engagement, session: decided.session };
        let (action, status) = (asked.action(), asked.status());
        let committed = match &written.session {
            Some(session) => ctx.try_commit(changes, &action, session.id, status, session).await?,
            None => ctx.try_commit(changes, &action, id, status, &written.engagement).await?,
        };
        match committed {
            Commit::Done => return Ok(written),
            // somebody else, or the sweep, was faster: decide anew by what is there now
            Commit::Unmet("version" | "tracking" | "client" | "item") => {}
            Commit::Unmet(name) => return Err(AppError::Fault(format!("an engagement was not written: {name}"))),
        }
    }
    Err(AppError::conflict("changed_meanwhile", "others keep changing this engagement; try again"))
}

/// Answers a request that changes nothing.
async fn leave(ctx: &Ctx, before: &Loaded, asked: &Asked<'_>) -> Result<Written, AppError> {
    let engagement = show(ctx, &before.whole.engagement, &before.client).await?;
    let session = match asked {
        Asked::ChangeSession(id, _) | Asked::SettleSession(id, _) => Some(find(&before.whole, *id)?.clone()),
        Asked::Change(_) | Asked::Move(_) | Asked::Pause(_) | Asked::Resume | Asked::AddSession(..) => None,
    };
    match &session {
        Some(session) => ctx.leave(asked.status(), session).await?,
        None => ctx.leave(asked.status(), &engagement).await?,
    }
    Ok(Written { engagement, session })
}

/// The version that `If-Match` is about.
fn version(whole: &Whole, asked: &Asked<'_>) -> Result<u64, AppError> {
    match asked {
        Asked::ChangeSession(id, _) | Asked::SettleSession(id, _) => Ok(find(whole, *id)?.version),
        Asked::Change(_) | Asked::Move(_) | Asked::Pause(_) | Asked::Resume | Asked::AddSession(..) => Ok(whole.engagement.version),
    }
}

fn find(whole: &Whole, id: SessionId) -> Result<&Session, AppError> {
    whole.sessions.iter().find(|session| session.id == id).ok_or(AppError::NotFound)
}

/// What comes of what is asked; `None` where nothing changes.
async fn decide(ctx: &Ctx, before: &Loaded, asked: &Asked<'_>) -> Result<Option<Decided>, AppError> {
    let engagement = &before.whole.engagement;
    let alone = |engagement: Engagement, what: What| Some(Decided { engagement, session: None, what, on: None, unless: Vec::new() });
    Ok(match asked {
        Asked::Change(draft) => {
            may_set(ctx, engagement, draft)?;
            let Some(after) = draft.change(engagement, ctx.now)? else { return Ok(None) };
            check_places(ctx, draft, Some(engagement), &after).await?;
            alone(after, What::Changed)
        }
        Asked::Move(asked) => {
            if let Move::SelectCoach(coach) | Move::AssignCoach(coach) = asked {
                let mut check = Check::default();
                check_coach(ctx, *coach, &mut check).await?;
                check.done(())?;
            }
            let unless = if *asked == Move::Delete { may_go(ctx, engagement).await? } else { Vec::new() };
            let program = program(ctx, engagement).await?;
            let refused = |why: domain::engagement::NotPossible| AppError::conflict("wrong_state", why.to_string());
            let after = advance(engagement, *asked, &program, ctx.now).map_err(refused)?;
            Some(Decided { engagement: after, session: None, what: told(*asked), on: None, unless })
        }
        Asked::Pause(draft) => alone(draft.add(engagement, ctx.actor(), today(ctx), ctx.now)?, What::Paused),
        Asked::Resume => match end_pauses(engagement, today(ctx), ctx.now) {
            Some(after) => alone(after, What::Resumed),
            None => None,
        },
        Asked::AddSession(kind, draft) => {
            if *kind == SessionKind::DiscoveryCall && engagement.kind != ProgramKind::CoachMatching {
                return Err(AppError::conflict("not_matched", "only an engagement of a coach_matching program has discovery calls"));
            }
            let session = draft.create(SessionId(ctx.new_id()), engagement, *kind, ctx.now)?;
            check_session_coach(ctx, draft, engagement.coach_id).await?;
            Some(with_session(ctx, engagement, session, SessionState::Scheduled, What::SessionScheduled))
        }
        Asked::ChangeSession(id, draft) => {
            let known = find(&before.whole, *id)?;
            let Some(session) = draft.change(known, ctx.now)? else { return Ok(None) };
            check_session_coach(ctx, draft, known.coach_id).await?;
            Some(with_session(ctx, engagement, session, known.state, What::SessionChanged))
        }
        Asked::SettleSession(id, state) => {
            let known = find(&before.whole, *id)?;
            let session = settle(known, *state, ctx.now).map_err(|why| AppError::conflict("wrong_state", why))?;
            Some(with_session(ctx, engagement, session, known.state, What::SessionChanged))
        }
    })
}

/// Refuses to delete what an unpaid invoice or an active contract hangs on (P-6). Gives the items that may come to.
async fn may_go(ctx: &Ctx, engagement: &Engagement) -> Result<Vec<Item>, AppError> {
    let mut unless: Vec<Item> = Vec::new();
    for kind in [ItemKind::Invoice, ItemKind::Contract] {
        let mut after = None;
        loop {
            let (items, next) = ctx.store().items_of(ctx.scope, engagement.client_id, Some(kind), 100, after).await?;
            if let Some(why) = items.iter().find_map(|item| hangs_on(item, engagement.id)) {
                let code = match why {
                    Hangs::UnpaidInvoice => "unpaid_invoice",
                    Hangs::ActiveContract => "active_contract",
                };
                return Err(AppError::conflict(code, why.to_string()));
            }
            unless.extend(items.into_iter().filter(|item| may_come_to_hang_on(item, engagement.id)));
            match next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
    }
    // what else is written with it fits in
    unless.truncate(WRITES_MOST - 20);
    Ok(unless)
}

/// How progress is watched may be set by those who may see it, and by the coach, who sees it once it is.
fn may_set(ctx: &Ctx, engagement: &Engagement, draft: &EngagementDraft) -> Result<(), AppError> {
    let sets = draft.threshold_weeks.is_some() || draft.off_track_notifications.is_some();
    let is_coach = ctx.viewer.member().is_some_and(|member| engagement.coach_id == Some(member.id));
    if !sets || is_coach || is_entitled(&ctx.viewer, &ctx.account, engagement) {
        return Ok(());
    }
    Err(AppError::Forbidden(
        "how progress is watched is set by the engagement's coach and by administrators of the organisation that owns it".into(),
    ))
}

/// What the log says of a move.
pub(super) fn told(asked: Move) -> What {
    match asked {
        Move::StartMatching => What::MatchingStarted,
        Move::SelectCoach(_) => What::CoachSelected,
        Move::AssignCoach(_) => What::CoachAssigned,
        Move::Activate => What::Activated,
        Move::Deactivate => What::Deactivated,
        Move::Complete => What::Completed,
        Move::Delete => What::Deleted,
        Move::Restore => What::Restored,
    }
}

async fn program(ctx: &Ctx, engagement: &Engagement) -> Result<Program, AppError> {
    let program = ctx.store().program(ctx.scope, engagement.program_id).await?;
    program.ok_or_else(|| AppError::Fault("an engagement's program is gone".into()))
}

async fn check_session_coach(ctx: &Ctx, draft: &SessionDraft, known: Option<domain::id::MemberId>) -> Result<(), AppError> {
    let mut check = Check::default();
    if let Some(coach) = draft.coach_id.filter(|coach| known != Some(*coach)) {
        check_coach(ctx, coach, &mut check).await?;
    }
    Ok(check.done(())?)
}

/// The engagement with a session that is new or changed; `otherwise` is what happened unless its state says it.
fn with_session(ctx: &Ctx, engagement: &Engagement, session: Session, state_before: SessionState, otherwise: What) -> Decided {
    let what = match session.state {
        state if state == state_before => otherwise,
        SessionState::Scheduled => What::SessionScheduled,
        SessionState::Completed => What::SessionCompleted,
        SessionState::Cancelled => What::SessionCancelled,
    };
    let on = session.starts_at.with_timezone(&ctx.account.time_zone).date_naive();
    let on = Some(on).filter(|on| *on != today(ctx));
    Decided { engagement: engagement.clone().changed(ctx.now), what, on, session: Some(session), unless: Vec::new() }
}

fn today(ctx: &Ctx) -> NaiveDate {
    ctx.now.with_timezone(&ctx.account.time_zone).date_naive()
}

/// Everything that is written together.
fn changes(ctx: &Ctx, before: &Loaded, decided: &Decided) -> Result<Changes, AppError> {
    let (store, scope) = (ctx.store(), ctx.scope);
    let zone = ctx.account.time_zone;
    let mut changes = Changes::new();
    let tracking = filed(Some(&before.whole), &decided.engagement, before.client.email.as_ref(), zone, ctx.now);
    store.replace_engagement(&mut changes, scope, &decided.engagement, &tracking)?;
    // the address it is filed with, and that the record is not archived, hold at this moment
    store.require_client(&mut changes, scope, &before.client)?;
    for item in &decided.unless {
        store.require_item(&mut changes, scope, item)?;
    }
    match &decided.session {
        Some(session) if session.version == 1 => store.add_session(&mut changes, scope, session)?,
        Some(session) => store.replace_session(&mut changes, scope, session)?,
        None => {}
    }
    let session_id = decided.session.as_ref().map(|session| session.id);
    let first = EngagementHappening { session_id, on: decided.on, ..happening(ctx, &decided.engagement, decided.what) };
    store.add_engagement_happening(&mut changes, scope, &first)?;
    let was = progress(&before.whole.engagement, zone, ctx.now);
    let is = progress(&decided.engagement, zone, ctx.now);
    if matches!((was, is), (Progress::OffTrack(_), Progress::OnTrack(_))) {
        // behind the first in the log, though of the same moment
        let id = HappeningId(Ulid(first.id.0.0.wrapping_add(1)));
        let back = EngagementHappening { id, ..happening(ctx, &decided.engagement, What::BackOnTrack) };
        store.add_engagement_happening(&mut changes, scope, &back)?;
    }
    Ok(changes)
}

/// How an engagement is filed after a write.
pub(super) fn filed(before: Option<&Whole>, after: &Engagement, email: Option<&Email>, zone: Tz, now: DateTime<Utc>) -> Tracking {
    let Some(Whole { engagement, tracking, .. }) = before else { return file(None, after, email, zone, now) };
    // by the calendar of today, should it be filed by another still: a crossing stays the same crossing
    let known = Tracking { version: tracking.version, ..refile(tracking, engagement, email, zone, now) };
    file(Some((&known, &progress(engagement, zone, now))), after, email, zone, now)
}
