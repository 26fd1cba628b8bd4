//! The audit trail (G-3): who changed what, when, written with the change itself.

use aws_sdk_dynamodb::types::{AttributeValue, Update};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use domain::id::AuditId;
use domain::person::{Actor, PersonId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::keys::{self, Scope};
use super::{After, Changes, Key, Query, Range, Store, StoreError, built, to_row};

/// How many different things that a person was refused are on record in an hour.
const REFUSED_MOST: u32 = 100;

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

    /// Notes what a person is refused; unmet `noted` if the same was noted in this hour, or too much of what they ask for is
    /// refused: nobody can fill the table with what they may not do.
    ///
    /// # Errors
    /// [`StoreError::Call`].
    pub fn note_refusal(
        &self,
        changes: &mut Changes,
        scope: Scope,
        person: PersonId,
        what: &str,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let what = keys::digest(what);
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::refused_in_hour(scope, person, at).row()))
            .update_expression("SET #type = :type, expires = :expires ADD refused :these")
            .condition_expression("attribute_not_exists(refused) OR (NOT contains(refused, :this) AND size(refused) < :most)")
            .expression_attribute_names("#type", "type")
            .expression_attribute_values(":type", AttributeValue::S("refusals".into()))
            .expression_attribute_values(":expires", AttributeValue::N((at + Duration::days(1)).timestamp().to_string()))
            .expression_attribute_values(":these", AttributeValue::Ss(vec![what.clone()]))
            .expression_attribute_values(":this", AttributeValue::S(what))
            .expression_attribute_values(":most", AttributeValue::N(REFUSED_MOST.to_string()));
        changes.update("noted", update.build().map_err(|e| built(&e))?);
        Ok(())
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
