//! The account, and its audit trail.

use chrono::NaiveDate;
use domain::access::{Action, Resource};
use domain::account::Account;
use domain::check::{self, Check};
use platform::store::{Changes, audit::Entry};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::page::{List, Page, Paged};
use crate::{AppError, Ctx, engagements};

/// A change of an account; what is left out stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AccountChange {
    /// Name.
    pub name: Option<String>,
    /// The organisation's calendar: an IANA zone.
    pub time_zone: Option<String>,
    /// What is switched on; what is left out stays.
    pub features: Option<FeaturesChange>,
    /// Whether comments by mail need a policy (DMARC) of the sender's domain.
    pub require_dmarc: Option<bool>,
}

/// A change of what is switched on; what is left out stays.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FeaturesChange {
    /// Client companies and their personnel.
    pub companies: Option<bool>,
    /// Groups of clients.
    pub groups: Option<bool>,
    /// Several coaches.
    pub team_edition: Option<bool>,
}

/// The account.
///
/// # Errors
/// [`AppError`].
pub async fn read(ctx: &Ctx) -> Result<Account, AppError> {
    ctx.ask(Action::Read, &Resource::Account)?;
    Ok((*ctx.account).clone())
}

/// Changes the account.
///
/// # Errors
/// [`AppError`].
pub async fn update(ctx: &Ctx, change: &AccountChange, expected: Option<u64>) -> Result<Account, AppError> {
    ctx.ask(Action::Write, &Resource::Account)?;
    let before = &*ctx.account;
    Ctx::matches(expected, before.version)?;
    let mut check = Check::default();
    let mut account = before.clone();
    if let Some(name) = &change.name
        && let Some(name) = check.take("name", check::line(name, 200))
    {
        account.name = name;
    }
    if let Some(zone) = &change.time_zone
        && let Some(zone) = check.take("time_zone", check::zone(zone))
    {
        account.time_zone = zone;
    }
    if let Some(features) = change.features {
        account.features.companies = features.companies.unwrap_or(account.features.companies);
        account.features.groups = features.groups.unwrap_or(account.features.groups);
        account.features.team_edition = features.team_edition.unwrap_or(account.features.team_edition);
    }
    account.require_dmarc = change.require_dmarc.unwrap_or(account.require_dmarc);
    check.done(())?;
    if account == *before {
        return Ok(account);
    }
    account.updated_at = ctx.now;
    account.version += 1;
    let mut changes = Changes::new();
    ctx.store().replace_account(&mut changes, ctx.scope, &account)?;
    ctx.commit(changes, "account.update", account.id, 200, &account).await?;
    if account.time_zone != before.time_zone
        && let Err(error) = engagements::refile_all(&ctx.app, ctx.scope).await
    {
        // the account is changed, and reads are right already; reconciling files what is left
        tracing::error!(error = %error, "not all engagements were filed by the new calendar");
    }
    Ok(account)
}

/// What was changed on a day (in UTC), newest first.
///
/// # Errors
/// [`AppError`].
pub async fn audit(ctx: &Ctx, day: NaiveDate, page: &Page) -> Result<Paged<Entry>, AppError> {
    ctx.ask(Action::Read, &Resource::Audit)?;
    let list = List::new(ctx, "audit", &day);
    let last = list.last(page)?.map(|last| last.parse().map_err(|_| AppError::BadCursor)).transpose()?;
    let (items, more) = ctx.store().audit(ctx.scope, day, page.limit, last).await?;
    let next_cursor = items.last().filter(|_| more).map(|entry| list.cursor(&entry.id));
    Ok(Paged { items, next_cursor })
}
