//! Where an engagement stands against its threshold (T-3 to T-7), and how that is filed so that the daily sweep finds what
//! has crossed without looking at anything else.
//!
//! Everything here follows from facts that do not change because time passes: the day an engagement is due is known the
//! moment a session is scheduled, and is right until something else is done. That is why one entry in the due index, moved
//! with each write, is enough, and why a read is right before the sweep has run.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::engagement::{Engagement, State};
use crate::id::{ClientId, EngagementId, LocationId, MemberId, OrganisationId, OwnerId};
use crate::person::Email;
use crate::schedule::instant_of;

/// An engagement is at risk so many days before it is due, or for the last third of a shorter threshold.
const AT_RISK_DAYS: u64 = 7;
/// An engagement that has been off track for longer when first seen is not news to its client and coach any more.
pub const NEWS_DAYS: i64 = 7;
/// The most episodes that are kept, and the most days of crossings.
const EPISODES_MOST: usize = 50;

/// The hour at which an organisation's engagements are swept, on its own calendar.
const SWEPT_AT: NaiveTime = NaiveTime::from_hms_opt(8, 0, 0).unwrap();

/// Why an engagement is not tracked (T-7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Untracked {
    /// It is a draft, inactive, completed or deleted.
    NotActive,
    /// It has no threshold, or is of a kind that is never tracked.
    NotEnabled,
}

/// What the clock counts from (T-3 to T-5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// The activation, or the start of matching, or the start date if that is later.
    ClockStart,
    /// The latest session.
    Session,
    /// The latest discovery call.
    DiscoveryCall,
    /// The choice of a coach.
    CoachSelection,
}

/// What would keep an engagement on track, or bring it back (T-13).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Schedule a session, or log one that took place.
    ScheduleSession,
    /// Schedule a discovery call, or select a coach.
    ScheduleDiscoveryCall,
    /// Select a coach: there have been discovery calls.
    SelectCoach,
    /// Activate the engagement: its coach is chosen.
    Activate,
}

/// How a tracked engagement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watch {
    /// What the clock counts from.
    pub anchor: Anchor,
    /// That day, on the owning organisation's calendar.
    pub anchored_on: NaiveDate,
    /// The day on which it goes off track, or went.
    pub due_on: NaiveDate,
    /// Whether it is due soon and nothing is scheduled.
    pub at_risk: bool,
    /// What is missing; nothing while something is scheduled.
    pub missing: Option<Step>,
}

/// Where an engagement stands against its threshold (T-6). Derived on every read, never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It is not tracked.
    NotTracking(Untracked),
    /// It is within its threshold.
    OnTrack(Watch),
    /// It crossed its threshold on the day it was due.
    OffTrack(Watch),
}

impl Progress {
    /// How it stands, if it is tracked.
    pub fn watch(&self) -> Option<&Watch> {
        match self {
            Self::NotTracking(_) => None,
            Self::OnTrack(watch) | Self::OffTrack(watch) => Some(watch),
        }
    }

    /// Since when it is off track, if it is.
    pub fn off_track_since(&self) -> Option<NaiveDate> {
        match self {
            Self::OffTrack(watch) => Some(watch.due_on),
            Self::NotTracking(_) | Self::OnTrack(_) => None,
        }
    }

    /// The word for it.
    pub fn status(&self) -> Status {
        match self {
            Self::NotTracking(_) => Status::NotTracking,
            Self::OnTrack(_) => Status::OnTrack,
            Self::OffTrack(_) => Status::OffTrack,
        }
    }
}

/// The word for where an engagement stands (T-6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Within its threshold.
    OnTrack,
    /// Past it.
    OffTrack,
    /// Not tracked, or not for this viewer to know.
    NotTracking,
}

/// Judges an engagement at `now`, on the owning organisation's calendar (T-3 to T-7).
pub fn progress(engagement: &Engagement, zone: Tz, now: DateTime<Utc>) -> Progress {
    let Some(Filed { anchor, anchored_on, due_on, at_risk_on }) = filed(engagement, zone) else {
        return Progress::NotTracking(if is_running(engagement) { Untracked::NotEnabled } else { Untracked::NotActive });
    };
    let today = now.with_timezone(&zone).date_naive();
    let activity = &engagement.activity;
    let (scheduled, missing) = match engagement.state {
        State::Matching => {
            let missing = match (engagement.coach_id, activity.call_at) {
                (Some(_), _) => Step::Activate,
                (None, Some(_)) => Step::SelectCoach,
                (None, None) => Step::ScheduleDiscoveryCall,
            };
            (activity.scheduled_call_at, missing)
        }
        State::Draft | State::Active | State::Inactive | State::Completed => (activity.scheduled_session_at, Step::ScheduleSession),
    };
    let is_ahead = scheduled.is_some_and(|at| at > now);
    let is_off = today >= due_on;
    let watch = Watch {
        anchor,
        anchored_on,
        due_on,
        at_risk: !is_off && !is_ahead && today >= at_risk_on,
        missing: (!is_ahead).then_some(missing),
    };
    if is_off { Progress::OffTrack(watch) } else { Progress::OnTrack(watch) }
}

/// What of an engagement's standing does not depend on the day it is looked at.
struct Filed {
    anchor: Anchor,
    anchored_on: NaiveDate,
    due_on: NaiveDate,
    at_risk_on: NaiveDate,
}

fn is_running(engagement: &Engagement) -> bool {
    let running = match engagement.state {
        State::Matching | State::Active => true,
        State::Draft | State::Inactive | State::Completed => false,
    };
    running && !engagement.is_deleted()
}

fn filed(engagement: &Engagement, zone: Tz) -> Option<Filed> {
    let weeks = engagement.settings.threshold_weeks.filter(|_| engagement.kind.is_tracked() && is_running(engagement))?;
    let launched_at = engagement.launched_at?;
    let date = |at: DateTime<Utc>| at.with_timezone(&zone).date_naive();
    let clock_start = engagement.starts_on.map_or(date(launched_at), |start| start.max(date(launched_at)));
    let counts = |anchor: Anchor, at: Option<DateTime<Utc>>| at.map(|at| (anchor, date(at))).filter(|(_, on)| *on >= clock_start);
    let activity = &engagement.activity;
    let found = match engagement.state {
        State::Matching => counts(Anchor::CoachSelection, engagement.coach_selected_at).or(counts(Anchor::DiscoveryCall, activity.call_at)),
        State::Draft | State::Active | State::Inactive | State::Completed => counts(Anchor::Session, activity.session_at),
    };
    let (anchor, anchored_on) = found.unwrap_or((Anchor::ClockStart, clock_start));
    let days = u64::from(weeks) * 7;
    let mut due_on = after_days(anchored_on, days, engagement)?;
    if engagement.state == State::Matching
        && let Some(call) = activity.call_at.map(date)
    {
        // a call that is still ahead holds it on track, whatever was chosen before; once it is over or called off, the day
        // on which it crosses is the day after, not one on which it was on track
        due_on = due_on.max(after_days(call.succ_opt()?, 0, engagement)?);
    }
    let at_risk_on = due_on.checked_sub_days(Days::new((days / 3).min(AT_RISK_DAYS)))?;
    Some(Filed { anchor, anchored_on, due_on, at_risk_on })
}

/// The first day outside of every pause by which so many days have passed since `from`, without the days of pauses (T-13).
fn after_days(from: NaiveDate, days: u64, engagement: &Engagement) -> Option<NaiveDate> {
    let mut day = from.checked_add_days(Days::new(days))?;
    // days before `seen` are counted already, so that pauses which overlap count once
    let mut seen = from;
    // pauses stand in the order of their first days
    for pause in &engagement.pauses {
        let first = pause.starts_on.max(seen);
        if first > day || pause.ends_on < first {
            continue;
        }
        let length = u64::try_from((pause.ends_on - first).num_days()).ok()? + 1;
        day = day.checked_add_days(Days::new(length))?;
        seen = pause.ends_on.succ_opt()?;
    }
    Some(day)
}

/// The instant at which an organisation's engagements that are due on a day are swept.
pub fn swept_at(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    instant_of(zone, day, SWEPT_AT)
}

/// One stretch of time during which an engagement was off track.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Episode {
    /// The day it crossed.
    pub since: NaiveDate,
    /// The day it came back, or stopped being tracked; still off track if there is none.
    #[serde(default)]
    pub until: Option<NaiveDate>,
    /// When the sweep noticed; it came back before the sweep if there is none.
    #[serde(default)]
    pub noticed_at: Option<DateTime<Utc>>,
}

/// Where an engagement is filed in the due index, and what of it the sweep needs: a projection of the engagement and its
/// client, written in the same transaction as they are. Made by [`file`] and [`Tracking::cross`], and nowhere else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tracking {
    /// The engagement.
    pub engagement_id: EngagementId,
    /// Its client.
    pub client_id: ClientId,
    /// The client's address, to name the mail by; where it goes is looked up when it is sent.
    #[serde(default)]
    pub client_email: Option<Email>,
    /// Its coach.
    #[serde(default)]
    pub coach_id: Option<MemberId>,
    /// The organisation that owns it.
    pub owner_organisation_id: OrganisationId,
    /// Who answers for it.
    #[serde(default)]
    pub owner_id: Option<OwnerId>,
    /// The location it belongs to.
    #[serde(default)]
    pub location_id: Option<LocationId>,
    /// Whether anybody is mailed.
    pub notifies: bool,
    /// The day it is due, while it is tracked.
    #[serde(default)]
    pub due_on: Option<NaiveDate>,
    /// When the sweep is to look at it: its entry in the due index. None while it is not tracked, and once the sweep has
    /// noticed that it crossed.
    #[serde(default)]
    pub due_at: Option<DateTime<Utc>>,
    /// The days of the crossings that the sweep noticed, as they were noticed and as they were corrected later: none of
    /// them is noticed again.
    #[serde(default)]
    pub crossed_on: BTreeSet<NaiveDate>,
    /// Stretches off track, oldest first.
    #[serde(default)]
    pub episodes: Vec<Episode>,
    /// Counts changes, from 1.
    pub version: u64,
}

/// Files an engagement after a change (T-6): the one place that decides when it is due. `before` is how it was filed, and
/// stood, until now.
///
/// An engagement that was off track and is, since another day, is in the same episode: the day was corrected, and what has
/// been noticed is not noticed again (T-11).
pub fn file(
    before: Option<(&Tracking, &Progress)>,
    engagement: &Engagement,
    client_email: Option<&Email>,
    zone: Tz,
    now: DateTime<Utc>,
) -> Tracking {
    let today = now.with_timezone(&zone).date_naive();
    let due_on = filed(engagement, zone).map(|filed| filed.due_on);
    let mut after = Tracking {
        engagement_id: engagement.id,
        client_id: engagement.client_id,
        client_email: client_email.cloned(),
        coach_id: engagement.coach_id,
        owner_organisation_id: engagement.owner_organisation_id,
        owner_id: engagement.owner_id,
        location_id: engagement.location_id,
        notifies: engagement.settings.off_track_notifications,
        due_on,
        due_at: None,
        crossed_on: before.map(|(tracking, _)| tracking.crossed_on.clone()).unwrap_or_default(),
        episodes: before.map(|(tracking, _)| tracking.episodes.clone()).unwrap_or_default(),
        version: before.map_or(1, |(tracking, _)| tracking.version + 1),
    };
    if let Some(was) = before.and_then(|(_, progress)| progress.off_track_since()) {
        match due_on.filter(|due| *due <= today) {
            Some(since) => after.correct(was, since),
            None => after.episode(was).until = Some(today),
        }
    }
    for episode in after.episodes.iter_mut().filter(|episode| episode.until.is_none()) {
        episode.until = Some(today.max(episode.since));
    }
    match due_on {
        // off track since a day that was noticed already, for instance because a change was taken back
        Some(due) if after.crossed_on.contains(&due) => {
            let episode = after.episode(due);
            *episode = Episode { since: due, until: None, noticed_at: episode.noticed_at.or(Some(now)) };
        }
        Some(due) => after.due_at = Some(swept_at(due, zone)),
        None => {}
    }
    after.forget();
    after
}

/// Files an engagement anew because the organisation's calendar changed. The day on which it crossed may be another by the
/// new calendar, but it is the same crossing.
pub fn refile(before: &Tracking, engagement: &Engagement, client_email: Option<&Email>, zone: Tz, now: DateTime<Utc>) -> Tracking {
    let mut known = before.clone();
    if let (Some(was), Some(due)) = (before.due_on, filed(engagement, zone).map(|filed| filed.due_on)) {
        known.correct(was, due);
    }
    file(Some((&known, &progress(engagement, zone, now))), engagement, client_email, zone, now)
}

impl Tracking {
    /// How it is filed once the sweep has noticed that it crossed, and whether that is news (T-9); `None` where it is not due.
    pub fn cross(&self, zone: Tz, now: DateTime<Utc>) -> Option<Crossed> {
        let today = now.with_timezone(&zone).date_naive();
        let since = self.due_on.filter(|due| *due <= today && self.due_at.is_some_and(|at| at <= now))?;
        let mut after = self.clone();
        after.due_at = None;
        after.crossed_on.insert(since);
        // there is one if it was over before anybody noticed, and goes on because a change was taken back
        *after.episode(since) = Episode { since, until: None, noticed_at: Some(now) };
        after.version += 1;
        Some(Crossed { tracking: after, since, is_news: (today - since).num_days() <= NEWS_DAYS })
    }

    /// Notes that a crossing that was noticed on one day was on another, by what is known now.
    fn correct(&mut self, was: NaiveDate, since: NaiveDate) {
        if was == since || !self.crossed_on.contains(&was) {
            return;
        }
        self.crossed_on.insert(since);
        let Some(at) = self.episodes.iter().position(|episode| episode.since == was) else { return };
        let known = self.episodes.remove(at);
        let episode = self.episode(since);
        *episode = Episode { since, until: known.until, noticed_at: episode.noticed_at.or(known.noticed_at) };
    }

    /// The episode since that day; a new one in its place among the others, if there is none.
    fn episode(&mut self, since: NaiveDate) -> &mut Episode {
        let at = self.episodes.partition_point(|episode| episode.since < since);
        if self.episodes.get(at).is_none_or(|episode| episode.since != since) {
            self.episodes.insert(at, Episode { since, until: None, noticed_at: None });
        }
        &mut self.episodes[at]
    }

    /// Lets go of what is oldest, so that the row stays small; never of the episode it is in.
    fn forget(&mut self) {
        let mut left = self.episodes.len().saturating_sub(EPISODES_MOST);
        self.episodes.retain(|episode| {
            let goes = left > 0 && episode.until.is_some();
            left -= usize::from(goes);
            !goes
        });
        while self.crossed_on.len() > EPISODES_MOST {
            let Some(oldest) = self.crossed_on.iter().copied().find(|day| Some(*day) != self.due_on) else { return };
            self.crossed_on.remove(&oldest);
        }
    }
}

/// A crossing that the sweep noticed.
#[derive(Clone, Debug, PartialEq)]
pub struct Crossed {
    /// How the engagement is filed now.
    pub tracking: Tracking,
    /// The day it crossed.
    pub since: NaiveDate,
    /// Whether it crossed within the last 7 days, so that client and coach are mailed.
    pub is_news: bool,
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
