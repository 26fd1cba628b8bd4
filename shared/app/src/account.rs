//! The account, and its audit trail.

use chrono::NaiveDate;
use domain::access::{Action, Resource};
use domain::account::Account;
use domain::check::{self, Check};
use domain::id::AuditId;
use domain::person::Actor;
use platform::store::{Changes, audit::Entry};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::page::{List, Page, Paged};
use crate::{AppError, Ctx, engagements};

/// How much of what was refused is on record: method and path.
const REFUSED_LENGTH: usize = 200;

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

/// Which entries of the audit trail a list shows.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// By the person of this id.
    pub by: Option<String>,
    /// Of this action, or of those that begin with it: `client`, `client.archive`.
    pub action: Option<String>,
    /// Whose subject has this text in it, as an id.
    pub subject: Option<String>,
}

impl AuditFilter {
    fn shows(&self, entry: &Entry) -> bool {
        let by = match entry.by {
            Actor::Member(id) => Some(id.to_string()),
            Actor::Client(id) => Some(id.to_string()),
            Actor::Personnel(id) => Some(id.to_string()),
            Actor::System => None,
        };
        let of = |action: &str| entry.action.strip_prefix(action).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        (self.by.is_none() || self.by == by)
            && self.action.as_deref().is_none_or(of)
            && self.subject.as_ref().is_none_or(|text| entry.subject.contains(text.as_str()))
    }
}

/// What was changed on a day (in UTC), what was refused, and what was looked at that is to be known, newest first.
///
/// # Errors
/// [`AppError`].
pub async fn audit(ctx: &Ctx, day: NaiveDate, filter: &AuditFilter, page: &Page) -> Result<Paged<Entry>, AppError> {
    ctx.ask(Action::Read, &Resource::Audit)?;
    let list = List::new(ctx, "audit", &(day, filter));
    let mut last = list.last(page)?.map(|last| last.parse().map_err(|_| AppError::BadCursor)).transpose()?;
    let mut items: Vec<Entry> = Vec::new();
    loop {
        let (entries, more) = ctx.store().audit(ctx.scope, day, page.limit.max(50), last).await?;
        last = entries.last().map(|entry| entry.id).filter(|_| more);
        for entry in entries.into_iter().filter(|entry| filter.shows(entry)) {
            if items.len() == page.limit {
                let next_cursor = items.last().map(|entry| list.cursor(&entry.id));
                return Ok(Paged { items, next_cursor });
            }
            items.push(entry);
        }
        if last.is_none() {
            return Ok(Paged { items, next_cursor: None });
        }
    }
}

/// Puts on the audit trail that somebody who is known was refused something that is there: once an hour for the same thing,
/// and at most a hundred things in an hour.
///
/// # Errors
/// [`AppError::Store`].
pub async fn note_refusal(ctx: &Ctx, what: &str) -> Result<(), AppError> {
    let entry = Entry {
        id: AuditId(ctx.new_id()),
        at: ctx.now,
        by: ctx.actor(),
        action: "refused".into(),
        subject: what.chars().take(REFUSED_LENGTH).collect(),
    };
    let mut changes = Changes::new();
    ctx.store().note_refusal(&mut changes, ctx.scope, ctx.viewer.person(), &entry.subject, ctx.now)?;
    ctx.store().add_audit(&mut changes, ctx.scope, &entry)?;
    // unmet means that it is on record already, or that there was too much of it
    let _ = ctx.store().commit(changes).await?;
    Ok(())
}
