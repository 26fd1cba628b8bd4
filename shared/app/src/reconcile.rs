//! Reconciling: what is stuck goes on, what was missed is caught up, and the scheduler shows what the table says. Running
//! it twice, or never for days, loses nothing and repeats nothing.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Timelike, Utc};
use domain::id::{DeliveryId, ReportId};
use domain::report::Report;
use domain::schedule::Schedule;
use platform::store::{Changes, Commit, Scope};
use serde::Serialize;

use crate::{App, AppError, exports, imports, runs};

/// How often reconciling runs: what is compared as a whole is compared at the first time in each hour.
const EVERY_MINUTES: u32 = 10;
/// How long the queue has to bring a run before it counts as missed: much longer than it takes, so that both don't work
/// on the same run.
const MISSED_AFTER: Duration = Duration::minutes(5);
/// How long planning may take before it counts as cut off.
const CUT_OFF_AFTER: Duration = Duration::minutes(5);
/// How far back missed reports before appointments are looked for.
const LOOK_BACK: Duration = Duration::days(3);
/// At most so many missed occurrences of a report go on record one by one.
const RECORDED_MOST: usize = 100;
/// At most so many deliveries of each part of the wheel at a time; the rest follows at the next time.
const WAKE_MOST: usize = 500;

/// What reconciling did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reconciled {
    /// Deliveries that were put back into the queue or settled.
    pub woken: usize,
    /// Runs whose planning went on.
    pub resumed: usize,
    /// Missed runs that were caught up.
    pub caught_up: usize,
    /// Schedules that were made or removed.
    pub schedules: usize,
    /// Exports that were put back into the queue or given up.
    pub exports: usize,
    /// Imports that were put back into the queue.
    pub imports: usize,
    /// What failed and will be tried at the next time.
    pub failed: usize,
}

/// Reconciles everything. One failure does not keep the rest from being done.
///
/// # Errors
/// [`AppError`] where the lists of what is to be done can't be read.
pub async fn reconcile(app: &App) -> Result<Reconciled, AppError> {
    let now = app.clock.now();
    let store = &app.platform.store;
    let mut done = Reconciled::default();
    for (scope, run) in store.unplanned_runs(now - CUT_OFF_AFTER).await? {
        done.resumed += count(&mut done.failed, runs::resume(app, scope, run).await.map(|()| true));
    }
    for (at, scope, report) in store.reports_due(DateTime::UNIX_EPOCH, now - MISSED_AFTER).await? {
        done.caught_up += count(&mut done.failed, catch_up(app, scope, report, at, now).await);
    }
    for (scope, report) in store.following_reports().await? {
        match follow(app, scope, report, now).await {
            Ok((caught_up, schedules)) => {
                done.caught_up += caught_up;
                done.schedules += schedules;
            }
            Err(error) => _ = count(&mut done.failed, Err(error)),
        }
    }
    for (scope, delivery) in store.deliveries_to_wake(now, WAKE_MOST).await? {
        done.woken += count(&mut done.failed, wake(app, scope, &delivery, now).await);
    }
    for (scope, export) in store.exports_to_wake(now, WAKE_MOST).await? {
        done.exports += count(&mut done.failed, exports::wake(app, scope, export, now).await);
    }
    for (scope, import) in store.imports_to_wake(now, WAKE_MOST).await? {
        done.imports += count(&mut done.failed, imports::wake(app, scope, import, now).await);
    }
    if now.minute() < EVERY_MINUTES {
        match schedules(app, now).await {
            Ok(repaired) => done.schedules += repaired,
            Err(error) => _ = count(&mut done.failed, Err(error)),
        }
    }
    Ok(done)
}

/// Counts a success; logs and counts a failure.
fn count(failed: &mut usize, result: Result<bool, AppError>) -> usize {
    match result {
        Ok(did) => usize::from(did),
        Err(error) => {
            *failed += 1;
            tracing::error!(error = %error, "reconciling one thing failed; it will be tried again");
            0
        }
    }
}

/// Runs what a report missed, all at once: its latest occurrence that is due.
async fn catch_up(app: &App, scope: Scope, id: ReportId, due: DateTime<Utc>, now: DateTime<Utc>) -> Result<bool, AppError> {
    let store = &app.platform.store;
    let report = store.report(scope, id).await?.filter(|report| report.paused_because.is_none());
    let Some(report) = report else {
        set_next(app, scope, id, platform::store::Wheel::Off).await?;
        return Ok(false);
    };
    let (schedule, zone) = (&report.definition.schedule, report.definition.time_zone);
    let latest = schedule.last_until(zone, now).filter(|latest| *latest >= due);
    let mut fate = None;
    if let Some(latest) = latest {
        // those before the latest go on record as caught up by it
        let mut missed = due;
        for _ in 0..RECORDED_MOST {
            if missed >= latest {
                break;
            }
            runs::fire(app, &runs::firing(scope, &report, missed, None)).await?;
            let Some(next) = schedule.next_after(zone, missed) else { break };
            missed = next;
        }
        fate = Some(runs::fire(app, &runs::firing(scope, &report, latest, None)).await?);
    }
    let progress = store.progress(scope, id, None).await?;
    if progress.next_run_at.is_some_and(|next| next <= now) {
        // the run was on record, or is none: the wheel alone was behind
        set_next(app, scope, id, runs::wheel(&report, now)).await?;
    }
    Ok(matches!(fate, Some(runs::Fate::Planned | runs::Fate::Skipped)))
}

async fn set_next(app: &App, scope: Scope, id: ReportId, wheel: platform::store::Wheel) -> Result<(), AppError> {
    let store = &app.platform.store;
    let mut changes = Changes::new();
    store.set_next_run(&mut changes, scope, id, wheel)?;
    match store.commit(changes).await? {
        Commit::Done | Commit::Unmet(_) => Ok(()),
    }
}

/// Catches up a report that follows appointments, and makes the one-time schedules of those that come soon.
async fn follow(app: &App, scope: Scope, id: ReportId, now: DateTime<Utc>) -> Result<(usize, usize), AppError> {
    let Some(report) = app.platform.store.report(scope, id).await? else { return Ok((0, 0)) };
    let Schedule::Appointment { minutes_before } = report.definition.schedule else { return Ok((0, 0)) };
    let since = (now - LOOK_BACK).max(report.scheduled_since);
    let mut caught_up = 0;
    for (starts_at, _, item) in runs::upcoming(app, scope, &report, since, now - MISSED_AFTER, usize::MAX).await? {
        let at = runs::fires_at(starts_at, minutes_before);
        // one that was made when its report should have gone already was never missed
        let known = app.platform.store.item(scope, item).await?.is_some_and(|item| item.updated_at <= at);
        if known {
            let fate = runs::fire(app, &runs::firing(scope, &report, at, Some(item))).await?;
            caught_up += usize::from(fate == runs::Fate::Planned);
        }
    }
    let coming = runs::upcoming(app, scope, &report, now, now + runs::AHEAD, usize::MAX).await?;
    for (starts_at, _, item) in &coming {
        runs::follow(app, scope, &report, *starts_at, *item, now).await?;
    }
    Ok((caught_up, coming.len()))
}

async fn wake(app: &App, scope: Scope, id: &DeliveryId, now: DateTime<Utc>) -> Result<bool, AppError> {
    let store = &app.platform.store;
    let Some(before) = store.delivery(scope, id).await? else { return Ok(false) };
    let mut delivery = before.clone();
    // a delivery that is due again is written, and the table's stream puts it into the queue
    Ok(delivery.wake(now) && store.move_delivery(scope, &before, &delivery).await?)
}

/// Compares the schedules there are with the reports there are, and repairs the difference; bridges the gaps that clocks
/// will soon jump over.
async fn schedules(app: &App, now: DateTime<Utc>) -> Result<usize, AppError> {
    let store = &app.platform.store;
    let far = now + Duration::days(400 * 366);
    let running = store.reports_due(DateTime::UNIX_EPOCH, far).await?;
    let known: BTreeSet<String> = app.platform.schedules.names("r-").await?.into_iter().collect();
    let wanted: BTreeSet<String> = running.iter().map(|(_, _, report)| runs::schedule_name(*report)).collect();
    let mut repaired = 0;
    for name in known.difference(&wanted) {
        app.platform.schedules.remove(name).await?;
        repaired += 1;
    }
    for (next, scope, id) in running {
        let missing = !known.contains(&runs::schedule_name(id));
        if !missing && next > now + runs::AHEAD {
            continue;
        }
        let Some(report): Option<Report> = store.report(scope, id).await? else { continue };
        if missing {
            runs::try_project(app, scope, &report, now).await?;
            repaired += 1;
        } else if next > now {
            runs::bridge_gap(app, scope, &report, next, now).await?;
        }
    }
    Ok(repaired)
}
