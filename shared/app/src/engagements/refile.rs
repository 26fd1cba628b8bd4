//! What moves how engagements are filed, besides writes to them: the client's address, and the account's calendar.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::account::Account;
use domain::client::Client;
use domain::engagement::Engagement;
use domain::id::{ClientId, EngagementId};
use domain::person::Email;
use domain::progress::{Tracking, refile};
use platform::store::{Changes, Commit, Scope, Store};

use crate::{App, AppError, Ctx};

/// How many engagements are refiled in one transaction at most, with room for what else is in it.
const TOGETHER: usize = 80;
/// How many engagements are looked at together.
const PAGE: usize = 200;
/// How often refiling is tried when others write to the same engagements.
const ATTEMPTS: usize = 6;

/// How these engagements are to be filed now, where that is not how they are; with the address of `client`, if one is
/// given, in place of what is stored.
async fn misfiled(
    store: &Store,
    scope: Scope,
    account: &Account,
    ids: &[EngagementId],
    client: Option<&Client>,
    now: DateTime<Utc>,
) -> Result<Vec<Tracking>, AppError> {
    // first how they are filed: whatever is written after that makes the filing unmet
    let trackings = store.trackings_by_id(scope, ids.to_vec()).await?;
    let engagements = store.engagements_by_id(scope, ids.to_vec()).await?;
    let engagements: BTreeMap<EngagementId, Engagement> = engagements.into_iter().map(|engagement| (engagement.id, engagement)).collect();
    let clients = match client {
        Some(client) => vec![client.clone()],
        None => store.clients_by_id(scope, trackings.iter().map(|tracking| tracking.client_id).collect::<Vec<_>>()).await?,
    };
    let emails: BTreeMap<ClientId, Email> = clients.into_iter().filter_map(|client| Some((client.id, client.email?))).collect();
    let mut misfiled = Vec::new();
    for before in trackings {
        let Some(engagement) = engagements.get(&before.engagement_id) else { continue };
        let after = refile(&before, engagement, emails.get(&before.client_id), account.time_zone, now);
        if (Tracking { version: before.version, ..after.clone() }) != before {
            misfiled.push(after);
        }
    }
    Ok(misfiled)
}

/// Refiles the engagements of a client whose address changes, in `changes`, and says whether there are more than fit, to
/// be done by [`refile_all`]. They are filed as they are read, so a write that comes between is unmet `tracking`.
pub(crate) async fn refile_client(ctx: &Ctx, changes: &mut Changes, client: &Client) -> Result<bool, AppError> {
    let store = ctx.store();
    let ids: Vec<EngagementId> = store.client_engagements(ctx.scope, client.id).await?.iter().map(|engagement| engagement.id).collect();
    let misfiled = misfiled(store, ctx.scope, &ctx.account, &ids, Some(client), ctx.now).await?;
    for tracking in misfiled.iter().take(TOGETHER) {
        store.replace_tracking(changes, ctx.scope, tracking)?;
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
        let misfiled = misfiled(store, scope, account, ids, None, now).await?;
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
