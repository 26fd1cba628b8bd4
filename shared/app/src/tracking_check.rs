//! Compares how engagements are filed with how they should be, over the whole table: what the due index does not show, the
//! sweep never sees.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use domain::engagement::{Activity, Engagement};
use domain::id::{AccountId, EngagementId};
use domain::progress::{Tracking, file, progress};
use platform::store::engagements::Whole;
use platform::store::{Changes, Scope};
use serde::Serialize;

use crate::{App, AppError};

/// At most so many engagements that are filed wrong are named.
const NAMED_MOST: usize = 100;

/// What the comparison found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// How many engagements there are.
    pub engagements: usize,
    /// How many of them are filed wrong.
    pub drifted: usize,
    /// The first hundred of those.
    pub named: Vec<EngagementId>,
    /// How many were filed anew.
    pub repaired: usize,
    /// How many could not be looked at, or not filed anew.
    pub failed: usize,
}

/// Compares all engagements; files those anew that are filed wrong, with `repair`.
///
/// # Errors
/// [`AppError`] where the table can't be read through.
pub async fn check(app: &App, repair: bool) -> Result<Checked, AppError> {
    let store = &app.platform.store;
    let mut checked = Checked::default();
    let mut zones: BTreeMap<AccountId, Tz> = BTreeMap::new();
    let mut after = None;
    loop {
        let (found, next) = store.scan_engagements(after).await?;
        for (scope, id, is_placed) in found {
            one(app, scope, id, is_placed, repair, &mut zones, &mut checked).await;
        }
        after = next;
        if after.is_none() {
            return Ok(checked);
        }
    }
}

/// The same for the engagements of one account.
///
/// # Errors
/// [`AppError`] where they can't be listed.
pub async fn check_account(app: &App, scope: Scope, repair: bool) -> Result<Checked, AppError> {
    let mut checked = Checked::default();
    let mut zones = BTreeMap::new();
    for engagement in app.platform.store.engagements(scope).await? {
        one(app, scope, engagement.id, true, repair, &mut zones, &mut checked).await;
    }
    Ok(checked)
}

async fn one(
    app: &App,
    scope: Scope,
    id: EngagementId,
    is_placed: bool,
    repair: bool,
    zones: &mut BTreeMap<AccountId, Tz>,
    checked: &mut Checked,
) {
    checked.engagements += 1;
    let looked = async {
        // what looks wrong may have been read while it was changed
        for _ in 0..2 {
            let drift = look(app, scope, id, is_placed, zones).await?;
            if drift.is_none() {
                return Ok(None);
            }
            zones.remove(&scope.account());
        }
        look(app, scope, id, is_placed, zones).await
    };
    match looked.await {
        Ok(None) => {}
        Ok(Some(drift)) => {
            checked.drifted += 1;
            tracing::error!(engagement = %id, "an engagement is filed wrong");
            if checked.named.len() < NAMED_MOST {
                checked.named.push(id);
            }
            if repair {
                match file_anew(app, scope, drift).await {
                    Ok(true) => checked.repaired += 1,
                    Ok(false) => checked.failed += 1,
                    Err(error) => failure(checked, &error),
                }
            }
        }
        Err(error) => failure(checked, &error),
    }
}

fn failure(checked: &mut Checked, error: &AppError) {
    checked.failed += 1;
    tracing::error!(%error, "an engagement could not be looked at or filed");
}

/// How an engagement is filed wrong.
struct Drift {
    /// With what its sessions come to, where it said something else.
    engagement: Option<Engagement>,
    /// How it should be filed.
    tracking: Tracking,
    is_filed: bool,
}

async fn look(
    app: &App,
    scope: Scope,
    id: EngagementId,
    is_placed: bool,
    zones: &mut BTreeMap<AccountId, Tz>,
) -> Result<Option<Drift>, AppError> {
    let store = &app.platform.store;
    let now = app.clock.now();
    let zone = match zones.get(&scope.account()) {
        Some(zone) => *zone,
        None => {
            let account = store.account(scope).await?.ok_or_else(|| AppError::Fault("the account is gone".into()))?;
            *zones.entry(scope.account()).or_insert(account.time_zone)
        }
    };
    let (filed, engagement, sessions) = match store.whole_engagement(scope, id).await? {
        Some(Whole { engagement, tracking, sessions }) => (Some(tracking), engagement, Some(sessions)),
        None => match store.engagement(scope, id).await? {
            Some(engagement) => (None, engagement, None),
            None => return Ok(None),
        },
    };
    let client = store.client(scope, engagement.client_id).await?;
    let email = client.as_ref().and_then(|client| client.email.as_ref());
    let activity = sessions.map_or_else(|| engagement.activity.clone(), |sessions| Activity::of(&sessions));
    let right = Engagement { activity, ..engagement.clone() };
    let standing = progress(&engagement, zone, now);
    let tracking = file(filed.as_ref().map(|filed| (filed, &standing)), &right, email, zone, now);
    let is_same = filed.as_ref().is_some_and(|filed| Tracking { version: filed.version, ..tracking.clone() } == *filed);
    let engagement = (right != engagement).then(|| right.changed(now));
    let is_right = is_same && is_placed && engagement.is_none();
    Ok((!is_right).then_some(Drift { engagement, tracking, is_filed: filed.is_some() }))
}

/// Files an engagement as it should be; whether nobody changed it meanwhile.
async fn file_anew(app: &App, scope: Scope, drift: Drift) -> Result<bool, AppError> {
    let store = &app.platform.store;
    let mut changes = Changes::new();
    match (&drift.engagement, drift.is_filed) {
        (Some(engagement), _) => store.replace_engagement(&mut changes, scope, engagement, &drift.tracking)?,
        (None, true) => store.replace_tracking(&mut changes, scope, &drift.tracking)?,
        (None, false) => store.add_tracking(&mut changes, scope, &drift.tracking)?,
    }
    Ok(store.commit(changes).await?.is_done())
}
