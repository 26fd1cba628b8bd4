//! Deliveries, the queue that the table's stream makes of them, and the addresses that no mail goes to.

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use chrono::{DateTime, Utc};
use domain::delivery::Delivery;
use domain::id::DeliveryId;
use domain::person::Email;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::keys::{self, Scope};
use super::{ATTEMPTS, Changes, Index, Query, Range, Store, StoreError, failed, from_row, is_throttled, pause, text, to_row};

/// An address that no mail goes to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Suppressed {
    /// The address.
    pub email: Email,
    /// Why.
    pub reason: String,
    /// Since when.
    pub at: DateTime<Utc>,
}

impl Store {
    /// Adds a mail that is owed, or that is recorded as left out; unmet `delivery` if it is on record.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_delivery(&self, changes: &mut Changes, scope: Scope, delivery: &Delivery) -> Result<(), StoreError> {
        changes.add("delivery", &self.table, to_row("delivery", &keys::delivery(scope, delivery), delivery)?)
    }

    /// A delivery.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delivery(&self, scope: Scope, id: &DeliveryId) -> Result<Option<Delivery>, StoreError> {
        self.read("delivery", &keys::delivery_key(scope, id)).await
    }

    /// Those of the deliveries that are on record.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn deliveries_by_id(&self, scope: Scope, ids: impl IntoIterator<Item = DeliveryId>) -> Result<Vec<Delivery>, StoreError> {
        self.read_many("delivery", ids.into_iter().map(|id| keys::delivery_key(scope, &id))).await
    }

    /// Moves a delivery from one state to another; whether it was still in the first. Asking again after a lost answer
    /// finds the second, and that is a yes too.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn move_delivery(&self, scope: Scope, before: &Delivery, after: &Delivery) -> Result<bool, StoreError> {
        let mut put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(to_row("delivery", &keys::delivery(scope, after), after)?))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":state", AttributeValue::S(before.state.name().into()))
            .expression_attribute_values(":attempt", AttributeValue::N(before.attempt.to_string()));
        put = match &before.holder {
            Some(holder) => put
                .condition_expression("#state = :state AND attempt = :attempt AND holder = :holder")
                .expression_attribute_values(":holder", AttributeValue::S(holder.clone())),
            None => put.condition_expression("#state = :state AND attempt = :attempt AND attribute_not_exists(holder)"),
        };
        for attempt in 0..ATTEMPTS {
            let Err(error) = put.clone().send().await else { return Ok(true) };
            match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(unmet)) => {
                    let now = unmet.item.clone().map(|row| from_row::<Delivery>("delivery", row)).transpose()?;
                    return Ok(now.as_ref() == Some(after));
                }
                // planning that goes on where it was cut off has the row in a transaction of its own
                _ if is_throttled(error.code()) => pause(attempt).await,
                _ => return Err(failed("PutItem", &error)),
            }
        }
        Err(StoreError::Busy { call: "PutItem" })
    }

    /// The deliveries that somebody must look after by `until`, whatever the account, oldest first; at most `most` of
    /// each part of the wheel.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn deliveries_to_wake(&self, until: DateTime<Utc>, most: usize) -> Result<Vec<(Scope, DeliveryId)>, StoreError> {
        let parts = (0..keys::SHARDS).map(async |shard| {
            let range = Range::Between("0".into(), format!("{}#~", keys::time(until)));
            self.query_rows(&Query::index(Index::Two, keys::wake_wheel(shard), range), Some(most)).await
        });
        let rows = futures::future::try_join_all(parts).await?;
        Ok(rows.iter().flatten().filter_map(|row| keys::read_wake(&text(row, Index::Two.sk()))).collect())
    }

    /// Suppresses an address; the first reason stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn suppress(&self, scope: Scope, suppressed: &Suppressed) -> Result<(), StoreError> {
        let mut changes = Changes::new();
        let place = keys::suppressed(scope, &suppressed.email).into();
        changes.add("suppressed", &self.table, to_row("suppressed", &place, suppressed)?)?;
        self.commit(changes).await.map(|_| ())
    }

    /// The addresses that no mail of the account goes to.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn suppressions(&self, scope: Scope) -> Result<Vec<Suppressed>, StoreError> {
        self.of_account("suppressed", scope, keys::SUPPRESSED).await
    }

    /// Why no mail goes to an address, if none does.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn suppressed(&self, scope: Scope, email: &Email) -> Result<Option<Suppressed>, StoreError> {
        self.read("suppressed", &keys::suppressed(scope, email)).await
    }

    /// Lets mail go to an address again.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn lift_suppression(&self, changes: &mut Changes, scope: Scope, email: &Email) -> Result<(), StoreError> {
        changes.remove("suppressed", &self.table, &keys::suppressed(scope, email), None)
    }
}
