//! What people can say of an engagement that went off track without a login: that they met elsewhere, that it is in hand,
//! that a break is planned (T-13). Each link is for one person, one engagement and one crossing.

use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use domain::access::Viewer;
use domain::check::Invalid;
use domain::client::{Client, Portal};
use domain::engagement::{Engagement, PauseDraft, Session, SessionDraft, SessionKind, SessionState, State};
use domain::id::EngagementId;
use domain::progress::{Progress, progress};
use domain::schedule::instant_of;
use platform::store::Scope;

use super::write::{self, Asked, By};
use crate::identity::viewer;
use crate::token::{Nudge, Nudging};
use crate::{App, AppError, Ctx};

/// For how many days after the crossing a link works.
const WORKS_DAYS: u64 = 30;
/// For how many days one is left in peace.
const SNOOZE_DAYS: u64 = 7;
/// The hour at which a meeting is taken to have begun that only its day is known of.
const NOON: NaiveTime = NaiveTime::from_hms_opt(12, 0, 0).unwrap();

/// What the page behind a link says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NudgePage {
    /// The account's name.
    pub account: String,
    /// The program's name.
    pub program: String,
    /// The client's name, for a coach.
    pub client: Option<String>,
    /// What the link is for.
    pub nudging: Nudging,
    /// Where it stands.
    pub stands: Stands,
}

/// Where a link stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stands {
    /// It asks whether it is to act.
    Asks {
        /// The first day that may be given.
        first: NaiveDate,
        /// The last day that may be given.
        last: NaiveDate,
        /// The day that stands in the form at first.
        day: NaiveDate,
        /// What was wrong with the answer before.
        wrong: Option<String>,
    },
    /// It acted, just now.
    Done {
        /// The day that was given, or on which one is reminded.
        day: NaiveDate,
    },
    /// It does nothing any more.
    Over(Over),
}

/// Why a link does nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// It is too old.
    Expired,
    /// The engagement is on track.
    OnTrack,
    /// It went off track anew, on this day.
    Anew(NaiveDate),
    /// The engagement is over, interrupted or not watched any more.
    NotTracked,
    /// The person has nothing to do with it any more.
    NotYours,
}

impl From<Over> for AppError {
    fn from(over: Over) -> Self {
        AppError::conflict("nudge_over", format!("the link does nothing any more: {over:?}"))
    }
}

/// Whether a link may act at this moment.
pub(super) fn may_act(
    viewer: &Viewer,
    engagement: &Engagement,
    client: &Client,
    since: NaiveDate,
    zone: Tz,
    now: DateTime<Utc>,
) -> Result<(), Over> {
    let is_theirs = match viewer {
        Viewer::Client(own) => own.id == engagement.client_id && matches!(own.portal, Portal::Pending | Portal::Active),
        Viewer::Member(member) => member.active && engagement.coach_id == Some(member.id),
        Viewer::Personnel(_) => false,
    };
    if !is_theirs || client.archived || engagement.is_deleted() {
        return Err(Over::NotYours);
    }
    let today = now.with_timezone(&zone).date_naive();
    if since.checked_add_days(Days::new(WORKS_DAYS)).is_none_or(|last| today > last) {
        return Err(Over::Expired);
    }
    match progress(engagement, zone, now) {
        Progress::OffTrack(watch) if watch.due_on == since => Ok(()),
        Progress::OffTrack(watch) => Err(Over::Anew(watch.due_on)),
        Progress::OnTrack(_) => Err(Over::OnTrack),
        Progress::NotTracking(_) => Err(Over::NotTracked),
    }
}

/// A link that is ours, with what it is about.
struct Opened {
    ctx: Ctx,
    nudge: Nudge,
    engagement: Engagement,
    sessions: Vec<Session>,
    client: Client,
}

impl Opened {
    fn today(&self) -> NaiveDate {
        self.ctx.now.with_timezone(&self.ctx.account.time_zone).date_naive()
    }

    /// The first and last day that may be given, and the one that stands in the form at first.
    fn days(&self) -> (NaiveDate, NaiveDate, NaiveDate) {
        let today = self.today();
        let after = |days: u64| today.checked_add_days(Days::new(days)).unwrap_or(today);
        let date = |at: DateTime<Utc>| at.with_timezone(&self.ctx.account.time_zone).date_naive();
        match self.nudge.nudging {
            Nudging::Met => {
                let launched = self.engagement.launched_at.map(date);
                (launched.max(self.engagement.starts_on).unwrap_or(today).min(today), today, today)
            }
            Nudging::Snooze => (after(SNOOZE_DAYS), after(SNOOZE_DAYS), after(SNOOZE_DAYS)),
            Nudging::Pause => (today, after(300), after(13)),
        }
    }

    fn page(&self, stands: Stands) -> NudgePage {
        let is_client = matches!(self.ctx.viewer, Viewer::Client(_));
        NudgePage {
            account: self.ctx.account.name.clone(),
            program: self.engagement.program.clone(),
            client: (!is_client).then(|| self.client.name()),
            nudging: self.nudge.nudging,
            stands,
        }
    }

    fn asks(&self, wrong: Option<String>) -> NudgePage {
        let zone = self.ctx.account.time_zone;
        match may_act(&self.ctx.viewer, &self.engagement, &self.client, self.nudge.since, zone, self.ctx.now) {
            Ok(()) => {
                let (first, last, day) = self.days();
                self.page(Stands::Asks { first, last, day, wrong })
            }
            Err(over) => self.page(Stands::Over(over)),
        }
    }
}

async fn open(app: &App, token: &str) -> Result<Option<Opened>, AppError> {
    let Some(nudge) = Nudge::read(token, &app.signing_keys) else { return Ok(None) };
    let scope = Scope::of_own_message(nudge.account);
    let store = &app.platform.store;
    let (Some(account), Some(viewer)) = (store.account(scope).await?, viewer(app, scope, nudge.person).await?) else { return Ok(None) };
    let Some(whole) = store.whole_engagement(scope, nudge.engagement).await? else { return Ok(None) };
    let Some(client) = store.client(scope, whole.engagement.client_id).await? else { return Ok(None) };
    let ctx = Ctx { app: app.clone(), scope, account: Arc::new(account), viewer, now: app.clock.now(), once: None, row: None };
    Ok(Some(Opened { ctx, nudge, engagement: whole.engagement, sessions: whole.sessions, client }))
}

/// What the page behind a link says; changes nothing. `None` for a link that is not ours.
///
/// # Errors
/// [`AppError::Store`].
pub async fn page(app: &App, token: &str) -> Result<Option<NudgePage>, AppError> {
    Ok(open(app, token).await?.map(|opened| opened.asks(None)))
}

/// Does what a link is for, with the day that its page asked for. Where the engagement is not as it was when the mail was
/// written, nothing is done and the page says how it is.
///
/// # Errors
/// [`AppError`].
pub async fn act(app: &App, token: &str, day: Option<NaiveDate>) -> Result<Option<NudgePage>, AppError> {
    let Some(opened) = open(app, token).await? else { return Ok(None) };
    let asks = opened.asks(None);
    let Stands::Asks { first, last, day: default, .. } = asks.stands else { return Ok(Some(asks)) };
    let day = match opened.nudge.nudging {
        Nudging::Snooze => default,
        Nudging::Met | Nudging::Pause => day.unwrap_or(default),
    };
    if !(first..=last).contains(&day) {
        return Ok(Some(opened.asks(Some(format!("The day must be from {first} to {last}.")))));
    }
    match carry_out(&opened, day).await {
        Ok(()) => Ok(Some(opened.page(Stands::Done { day }))),
        Err(AppError::Invalid(Invalid { errors })) => {
            let wrong = errors.first().map(|error| format!("That can’t be: {}", error.message));
            Ok(Some(opened.asks(wrong)))
        }
        // it changed meanwhile: the page says how it is now
        Err(AppError::Conflict { .. } | AppError::NotFound | AppError::Hidden | AppError::Forbidden(_) | AppError::Stale) => {
            page(app, token).await
        }
        Err(error) => Err(error),
    }
}

async fn carry_out(opened: &Opened, day: NaiveDate) -> Result<(), AppError> {
    let (ctx, since) = (&opened.ctx, opened.nudge.since);
    let id: EngagementId = opened.nudge.engagement;
    let by = By::Link { since };
    // of two answers at once, one acts
    let expected = Some(opened.engagement.version);
    match opened.nudge.nudging {
        Nudging::Met => {
            let kind = if opened.engagement.state == State::Matching { SessionKind::DiscoveryCall } else { SessionKind::Session };
            let zone = ctx.account.time_zone;
            let is_known = opened.sessions.iter().any(|session| {
                session.kind == kind
                    && session.state == SessionState::Completed
                    && session.starts_at.with_timezone(&zone).date_naive() == day
            });
            if is_known {
                return Err(Invalid::field("on", "a meeting on that day is on record already").into());
            }
            let starts_at = instant_of(zone, day, NOON).min(ctx.now);
            let draft = SessionDraft { starts_at: Some(starts_at), state: Some(SessionState::Completed), ..SessionDraft::default() };
            write::write_by(ctx, id, &Asked::AddSession(kind, &draft), expected, by).await?;
        }
        Nudging::Snooze => pause(ctx, id, by, since, day.pred_opt().unwrap_or(day), expected).await?,
        Nudging::Pause => pause(ctx, id, by, since, day, expected).await?,
    }
    Ok(())
}

/// A break from the day it crossed on, so that the clock goes on after its last day.
async fn pause(ctx: &Ctx, id: EngagementId, by: By, since: NaiveDate, ends_on: NaiveDate, expected: Option<u64>) -> Result<(), AppError> {
    let draft = PauseDraft { starts_on: Some(since), ends_on: Some(ends_on), note: None };
    write::write_by(ctx, id, &Asked::Pause(&draft), expected, by).await.map(|_| ())
}
