//! What moves how engagements are filed, besides writes to them: the client's address, and the account's calendar.

use std::collections::BTreeMap;

use domain::account::Account;
use domain::client::Client;
use domain::engagement::Engagement;
use domain::id::{ClientId, EngagementId};
use domain::person::Email;
use domain::progress::{Tracking, refile};
use platform::store::{Changes, Commit, Scope, Store};

use crate::{App, AppError};

/// How many engagements are refiled in one transaction at most, with room for what else is in it.
const TOGETHER: usize = 80;
/// How many engagements are looked at together.
const PAGE: usize = 200;
/// How often refiling is tried when others write to the same engagements.
const ATTEMPTS: usize = 6;

/// How these engagements are to be filed now, where that is not how they are.
async fn misfiled(
    store: &Store,
    scope: Scope,
    account: &Account,
    engagements: &[Engagement],
    email: impl Fn(ClientId) -> Option<Email>,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<Vec<Tracking>, AppError> {
    let trackings = store.trackings_by_id(scope, engagements.iter().map(|engagement| engagement.id)).await?;
    let mut trackings: BTreeMap<EngagementId, Tracking> =
        trackings.into_iter().map(|tracking| (tracking.engagement_id, tracking)).collect();
    let mut misfiled = Vec::new();
    for engagement in engagements {
        let Some(before) = trackings.remove(&engagement.id) else { continue };
        let after = refile(&before, engagement, email(engagement.client_id).as_ref(), account.time_zone, now);
        if (Tracking { version: before.version, ..after.clone() }) != before {
            misfiled.push(after);
        }
    }
    Ok(misfiled)
}

/// Refiles the engagements of a client whose address has changed: as many as fit into `changes`; the rest is given back,
/// to be done by [`refile_all`]. The engagements are read as they are, so a write that comes between is unmet `tracking`.
pub(crate) async fn refile_client(
    store: &Store,
    changes: &mut Changes,
    scope: Scope,
    account: &Account,
    client: &Client,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<bool, AppError> {
    let ids = store.client_engagements(scope, client.id).await?.into_iter().map(|engagement| engagement.id);
    let engagements = store.engagements_by_id(scope, ids).await?;
    let misfiled = misfiled(store, scope, account, &engagements, |_| client.email.clone(), now).await?;
    for tracking in misfiled.iter().take(TOGETHER) {
        store.replace_tracking(changes, scope, tracking)?;
    }
    Ok(misfiled.len() > TOGETHER)
}

/// Refiles every engagement of an account that is not filed by the account's calendar and its client's address, and says
/// how many there were. Stopped half way it goes on where it was when it is run again; run twice it changes nothing.
///
/// # Errors
/// [`AppError`].
pub async fn refile_all(app: &App, scope: Scope) -> Result<usize, AppError> {
    let store = &app.platform.store;
    let Some(account) = store.account(scope).await? else { return Ok(0) };
    let (mut after, mut refiled) = (None, 0);
    loop {
        let (page, next) = store.engagements_page(scope, PAGE, after).await?;
        refiled += refile_page(app, scope, &account, &page.iter().map(|engagement| engagement.id).collect::<Vec<_>>()).await?;
        match next {
            Some(next) => after = Some(next),
            None => return Ok(refiled),
        }
    }
}

async fn refile_page(app: &App, scope: Scope, account: &Account, ids: &[EngagementId]) -> Result<usize, AppError> {
    let store = &app.platform.store;
    let now = app.clock.now();
    let mut refiled = 0;
    for _ in 0..ATTEMPTS {
        // the rows themselves: the index may be behind
        let engagements = store.engagements_by_id(scope, ids.iter().copied()).await?;
        let clients = store.clients_by_id(scope, engagements.iter().map(|engagement| engagement.client_id)).await?;
        let emails: BTreeMap<ClientId, Option<Email>> = clients.into_iter().map(|client| (client.id, client.email)).collect();
        let misfiled = misfiled(store, scope, account, &engagements, |id| emails.get(&id).cloned().flatten(), now).await?;
        let mut all_done = true;
        for together in misfiled.chunks(TOGETHER) {
            let mut changes = Changes::new();
            for tracking in together {
                store.replace_tracking(&mut changes, scope, tracking)?;
            }
            match store.commit(changes).await? {
                Commit::Done => refiled += together.len(),
                Commit::Unmet(_) => all_done = false,
            }
        }
        if all_done {
            return Ok(refiled);
        }
    }
    Err(AppError::Fault("others kept writing to the engagements that were to be refiled".into()))
}
