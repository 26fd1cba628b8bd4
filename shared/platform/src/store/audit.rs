//! The audit trail (G-3): who changed what, when, written with the change itself.

use chrono::{DateTime, NaiveDate, Utc};
use domain::id::AuditId;
use domain::person::Actor;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::keys::{self, Scope};
use super::{After, Changes, Key, Query, Range, Store, StoreError, to_row};

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Entry {
    /// Id.
    pub id: AuditId,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub by: Actor,
    /// What was done: `client.create`, `report.pause` …
    pub action: String,
    /// The id of what it was done to.
    pub subject: String,
}

impl Store {
    /// Adds an entry.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_audit(&self, changes: &mut Changes, scope: Scope, entry: &Entry) -> Result<(), StoreError> {
        changes.put("audit", &self.table, to_row("audit", &keys::audit(scope, entry).into(), entry)?)
    }

    /// A page of a day's entries (in UTC), newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit(
        &self,
        scope: Scope,
        day: NaiveDate,
        limit: usize,
        after: Option<AuditId>,
    ) -> Result<(Vec<Entry>, bool), StoreError> {
        let pk = keys::audit_day(scope, day);
        let after = after.map(|id| After { key: Key { pk: pk.clone(), sk: id.to_string() }, index_sk: None });
        let (entries, next) = self.page("audit", &Query::table(pk, Range::All).newest_first().after(after), limit).await?;
        Ok((entries, next.is_some()))
    }
}
