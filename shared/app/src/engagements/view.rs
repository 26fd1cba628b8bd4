//! An engagement as a viewer sees it: the one shape that is answered, filtered, sorted, counted and exported.

use chrono::{DateTime, NaiveDate, Utc};
use domain::access::{Action, EngagementFacts, Resource, Viewer, decide};
use domain::account::Account;
use domain::client::Client;
use domain::engagement::{Engagement, Pause, State};
use domain::id::{ClientId, CompanyId, EngagementId, LocationId, MemberId, OrganisationId, OwnerId, ProgramId};
use domain::program::ProgramKind;
use domain::progress::{Anchor, Episode, Progress, Status, Step, Tracking, Untracked, progress};
use serde::Serialize;
use utoipa::ToSchema;

/// An engagement as a viewer sees it. Who is not entitled to its progress sees `not_tracking`, and nothing of what the
/// progress could be told from (T-8); it can't be made without that.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EngagementView {
    /// Id.
    pub id: EngagementId,
    /// The client.
    pub client_id: ClientId,
    /// The client's name.
    pub client: String,
    /// The client's company, if any.
    pub company_id: Option<CompanyId>,
    /// The program it was made from.
    pub program_id: ProgramId,
    /// The program's name when it was made.
    pub program: String,
    /// What it is like.
    pub kind: ProgramKind,
    /// Its coach.
    pub coach_id: Option<MemberId>,
    /// The coach's name.
    pub coach: Option<String>,
    /// The organisation that owns it: the account's own, or a company.
    pub owner_organisation_id: OrganisationId,
    /// The administrator who answers for it.
    pub owner_id: Option<OwnerId>,
    /// The location of the owning organisation it belongs to.
    pub location_id: Option<LocationId>,
    /// Where it is in its life.
    pub state: State,
    /// Its first day.
    pub starts_on: Option<NaiveDate>,
    /// Its last day; open if there is none.
    pub ends_on: Option<NaiveDate>,
    /// How many sessions were completed.
    pub sessions_done: u32,
    /// How many sessions are planned; open if there is no number.
    pub sessions_total: Option<u32>,
    /// Where it stands against its threshold, as far as the viewer may know.
    pub progress: Status,
    /// The day it went off track, if it is.
    pub off_track_since: Option<NaiveDate>,
    /// The day it goes off track, or went, unless something is done.
    pub due_on: Option<NaiveDate>,
    /// Whether it is due soon and nothing is scheduled.
    pub at_risk: bool,
    /// What would keep it on track, or bring it back.
    pub missing: Option<Step>,
    /// What the clock counts from.
    pub counted_from: Option<Anchor>,
    /// That day.
    pub counted_from_on: Option<NaiveDate>,
    /// Why it is not tracked, for those who may know that.
    pub reason: Option<Untracked>,
    /// After so many weeks without a session it is off track.
    pub threshold_weeks: Option<u16>,
    /// Whether anybody is mailed when it goes off track.
    pub off_track_notifications: Option<bool>,
    /// The last day of the break it is in.
    pub paused_until: Option<NaiveDate>,
    /// Planned breaks, in the order of their first days.
    pub pauses: Vec<Pause>,
    /// Stretches off track, oldest first: of a single engagement, for those who may know its progress.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub episodes: Option<Vec<Episode>>,
    /// When it was deleted.
    pub deleted_at: Option<DateTime<Utc>>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Counts changes, from 1.
    pub version: u64,
    #[serde(skip)]
    is_entitled: bool,
}

/// An engagement as the viewer sees it at `now`; `coach` is its coach's name.
pub fn view(
    viewer: &Viewer,
    account: &Account,
    engagement: &Engagement,
    client: &Client,
    coach: Option<&str>,
    now: DateTime<Utc>,
) -> EngagementView {
    let is_entitled = is_entitled(viewer, account, engagement);
    let known = is_entitled.then(|| progress(engagement, account.time_zone, now));
    let watch = known.as_ref().and_then(Progress::watch);
    let today = now.with_timezone(&account.time_zone).date_naive();
    EngagementView {
        id: engagement.id,
        client_id: client.id,
        client: client.name(),
        company_id: client.company_id,
        program_id: engagement.program_id,
        program: engagement.program.clone(),
        kind: engagement.kind,
        coach_id: engagement.coach_id,
        coach: coach.map(str::to_owned),
        owner_organisation_id: engagement.owner_organisation_id,
        owner_id: engagement.owner_id,
        location_id: engagement.location_id,
        state: engagement.state,
        starts_on: engagement.starts_on,
        ends_on: engagement.ends_on,
        sessions_done: engagement.activity.sessions_done,
        sessions_total: engagement.sessions_total,
        progress: known.as_ref().map_or(Status::NotTracking, Progress::status),
        off_track_since: known.as_ref().and_then(Progress::off_track_since),
        due_on: watch.map(|watch| watch.due_on),
        at_risk: watch.is_some_and(|watch| watch.at_risk),
        missing: watch.and_then(|watch| watch.missing),
        counted_from: watch.map(|watch| watch.anchor),
        counted_from_on: watch.map(|watch| watch.anchored_on),
        reason: known.as_ref().and_then(untracked),
        threshold_weeks: engagement.settings.threshold_weeks.filter(|_| is_entitled),
        off_track_notifications: is_entitled.then_some(engagement.settings.off_track_notifications),
        paused_until: paused_until(&engagement.pauses, today),
        pauses: engagement.pauses.clone(),
        episodes: None,
        deleted_at: engagement.deleted_at,
        created_at: engagement.created_at,
        updated_at: engagement.updated_at,
        version: engagement.version,
        is_entitled,
    }
}

impl EngagementView {
    /// The view with the stretches off track, if the viewer may know of them.
    #[must_use]
    pub fn with_episodes(self, tracking: &Tracking) -> Self {
        Self { episodes: self.is_entitled.then(|| tracking.episodes.clone()), ..self }
    }
}

/// Whether the viewer may know the engagement's progress (T-8).
pub(crate) fn is_entitled(viewer: &Viewer, account: &Account, engagement: &Engagement) -> bool {
    decide(viewer, Action::Read, &Resource::Progress(&EngagementFacts::of(engagement, account.id))).is_allowed()
}

fn untracked(progress: &Progress) -> Option<Untracked> {
    match progress {
        Progress::NotTracking(why) => Some(*why),
        Progress::OnTrack(_) | Progress::OffTrack(_) => None,
    }
}

/// The last day of the break that goes on today, with those that follow it without a day between.
fn paused_until(pauses: &[Pause], today: NaiveDate) -> Option<NaiveDate> {
    let mut until: Option<NaiveDate> = None;
    // pauses stand in the order of their first days
    for pause in pauses.iter().filter(|pause| pause.ends_on >= today) {
        let reached = until.map_or(Some(today), |until| until.succ_opt())?;
        if pause.starts_on <= reached {
            until = until.max(Some(pause.ends_on));
        }
    }
    until
}

#[cfg(test)]
mod tests {
    use domain::person::Actor;

    use super::*;

    fn pause(from: u32, to: u32) -> Pause {
        let day = |day| NaiveDate::from_ymd_opt(2026, 3, day).unwrap();
        Pause { starts_on: day(from), ends_on: day(to), note: None, by: Actor::System }
    }

    #[test]
    fn a_break_goes_on_until_the_last_day_of_all_that_follow_it_at_once() {
        let today = NaiveDate::from_ymd_opt(2026, 3, 10).unwrap();
        let until = |pauses: &[Pause]| paused_until(pauses, today).map(|day| chrono::Datelike::day(&day));
        assert_eq!(until(&[]), None);
        assert_eq!(until(&[pause(1, 9), pause(11, 12)]), None);
        assert_eq!(until(&[pause(1, 10)]), Some(10));
        assert_eq!(until(&[pause(1, 12), pause(2, 11), pause(13, 14), pause(16, 20)]), Some(14));
    }
}
