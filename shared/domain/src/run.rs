//! Runs: what becomes of one occurrence of a report.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::delivery::{Delivery, DeliveryState};
use crate::id::{ClientId, ItemId, MemberId, ReportId, RunId};
use crate::report::{Paused, Report};
use crate::schedule::{Schedule, Window};

/// A run that begins this long after its instant is late, and its owner is told.
pub const LATE_AFTER: Duration = Duration::minutes(30);

/// What made a run happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Cause {
    /// The report's schedule.
    Schedule,
    /// An appointment of a client; the run is on that client alone.
    Appointment {
        /// The client.
        client_id: ClientId,
        /// The appointment.
        item_id: ItemId,
    },
    /// Somebody asked for it; it leaves the windows of scheduled runs as they are.
    Manual {
        /// Who.
        by: MemberId,
    },
}

impl Cause {
    /// What the run's identity is made of besides report and instant.
    pub fn occasion(&self) -> String {
        match self {
            Self::Schedule => "schedule".into(),
            Self::Appointment { item_id, .. } => item_id.to_string(),
            Self::Manual { by } => format!("manual {by}"),
        }
    }
}

/// Why a run sent nothing to anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Skip {
    /// Nothing happened and nothing is open, for none of the recipients.
    Empty,
    /// There was nobody to send to.
    NoRecipients,
    /// A later run, already due, covers its window: several missed runs are caught up by one.
    CaughtUpLater,
    /// A later run had already covered its window.
    AlreadyCovered,
    /// The report was paused.
    Paused,
    /// The creator was deactivated; the report is paused.
    CreatorDeactivated,
}

impl Skip {
    /// The reason as people read it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Empty => "nothing happened and nothing is open",
            Self::NoRecipients => "there was nobody to send it to",
            Self::CaughtUpLater => "missed; the next run covers its time too",
            Self::AlreadyCovered => "a later run had already covered its time",
            Self::Paused => "the report was paused",
            Self::CreatorDeactivated => "its creator was deactivated, so the report was paused",
        }
    }
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Its window is fixed; not all of its deliveries are written yet.
    Planning,
    /// All of its deliveries are written.
    Planned,
    /// It sends nothing.
    Skipped,
}

/// One occurrence of a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Run {
    /// Id: [`RunId::of`].
    pub id: RunId,
    /// The report.
    pub report_id: ReportId,
    /// The instant it was scheduled for.
    pub scheduled_at: DateTime<Utc>,
    /// What it covers; fixed before anything is read.
    pub window: Window,
    /// What made it happen.
    pub cause: Cause,
    /// How far it is.
    pub stage: Stage,
    /// Why it sends nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip: Option<Skip>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How many occurrences before it were missed and are caught up by it.
    #[serde(default)]
    pub missed: u32,
    /// How many recipients it has.
    #[serde(default)]
    pub recipients: u32,
    /// Clients who would be recipients if they had an address; at most 100 are named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without_address: Vec<ClientId>,
}

impl Run {
    /// Whether it began so late that its owner is told.
    pub fn is_late(&self) -> bool {
        self.started_at - self.scheduled_at > LATE_AFTER
    }
}

/// What became of a run or delivery, as people read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is to be sent, or being sent.
    Due,
    /// It was handed to the mail system.
    Sent,
    /// It was left out on purpose.
    Skipped,
    /// It waits for something.
    Held,
    /// It could not be sent.
    Failed,
    /// The recipient's side refused it, or complained.
    Bounced,
}

/// What became of a run, from its deliveries: `due` while any is, then `sent` if any was, and so on down to `skipped`.
pub fn outcome(run: &Run, deliveries: &[Delivery]) -> Outcome {
    match run.stage {
        Stage::Planning => Outcome::Due,
        Stage::Skipped => Outcome::Skipped,
        Stage::Planned => {
            let any = |outcome| deliveries.iter().any(|delivery| delivery.outcome() == outcome);
            [Outcome::Due, Outcome::Held, Outcome::Sent, Outcome::Bounced, Outcome::Failed]
                .into_iter()
                .find(|o| any(*o))
                .unwrap_or(Outcome::Skipped)
        }
    }
}

/// What to do about a firing of a report's schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Nothing, and nothing to record: the firing is for an older schedule, or falls between runs.
    Ignore,
    /// Record the occurrence as skipped.
    Skip(Skip),
    /// Run it.
    Run {
        /// How many occurrences before this one were missed and are caught up by it.
        missed: u32,
    },
}

/// Judges a scheduled firing for `scheduled_at` at `now`; `covered_until` is the end of the last run's window.
///
/// Of several occurrences that are due, only the latest runs; those before it are recorded as caught up by it.
pub fn judge(
    report: &Report,
    scheduled_at: DateTime<Utc>,
    revision: u64,
    covered_until: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Judgement {
    let (schedule, zone) = (&report.definition.schedule, report.definition.time_zone);
    if revision != report.revision || !schedule.is_run(zone, scheduled_at) {
        return Judgement::Ignore;
    }
    match report.paused_because {
        Some(Paused::ByPerson) => return Judgement::Skip(Skip::Paused),
        Some(Paused::CreatorDeactivated) => return Judgement::Skip(Skip::CreatorDeactivated),
        None => {}
    }
    if covered_until.is_some_and(|covered| covered >= scheduled_at) {
        return Judgement::Skip(Skip::AlreadyCovered);
    }
    if schedule.next_after(zone, scheduled_at).is_some_and(|next| next <= now) {
        return Judgement::Skip(Skip::CaughtUpLater);
    }
    Judgement::Run { missed: missed_before(schedule, report, scheduled_at, covered_until) }
}

/// How many occurrences lie between the end of the last run's window and this one: at most 1,000 are counted.
fn missed_before(schedule: &Schedule, report: &Report, scheduled_at: DateTime<Utc>, covered_until: Option<DateTime<Utc>>) -> u32 {
    let zone = report.definition.time_zone;
    // what another schedule would have run, or what fell into a pause, was not missed
    let mut at = covered_until.map_or(report.scheduled_since, |covered| covered.max(report.scheduled_since));
    let mut missed = 0;
    while let Some(next) = schedule.next_after(zone, at).filter(|next| *next < scheduled_at && missed < 1_000) {
        missed += 1;
        at = next;
    }
    missed
}

/// The state of one delivery, for the list of a run.
pub fn state_words(state: DeliveryState) -> Outcome {
    match state {
        DeliveryState::Due | DeliveryState::Claimed | DeliveryState::Sending | DeliveryState::Waiting => Outcome::Due,
        DeliveryState::InDoubt | DeliveryState::Held => Outcome::Held,
        DeliveryState::Sent => Outcome::Sent,
        DeliveryState::Skipped => Outcome::Skipped,
        DeliveryState::Failed => Outcome::Failed,
        DeliveryState::Bounced => Outcome::Bounced,
    }
}
