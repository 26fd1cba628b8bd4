//! The single table: rows in, rows out. What may be written together is written together, under conditions that hold
//! the rules when two writers race.

pub mod audit;
pub mod clients;
pub mod comments;
pub mod deliveries;
pub mod engagements;
pub mod exports;
pub mod imports;
pub mod items;
pub mod keys;
pub mod people;
pub mod reports;
pub mod requests;
pub mod schema;
pub mod sign_in;

use std::collections::HashMap;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::config::retry::{RetryPartition, TokenBucket};
use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Delete, KeysAndAttributes, Put, TransactWriteItem, Update};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use keys::{Index, Key, Part, Place, Scope, Wheel};

/// A row as DynamoDB has it.
pub type Row = HashMap<String, AttributeValue>;

/// The most writes one transaction takes (DynamoDB's limit).
pub const WRITES_MOST: usize = 100;
/// How often a throttled or contended call is tried.
const ATTEMPTS: u32 = 8;

/// A call to the table failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Others wrote to the same rows, or the table was too busy, for as long as it was tried. Nothing was written.
    #[error("{call} met too much contention")]
    Busy {
        /// Which call.
        call: &'static str,
    },
    /// The call failed; a write may have been made or not.
    #[error("{call} failed: {detail}")]
    Call {
        /// Which call.
        call: &'static str,
        /// What the SDK says.
        detail: String,
    },
    /// A row does not read as what it should be.
    #[error("a row of type {what} does not read: {detail}")]
    Row {
        /// What was expected.
        what: &'static str,
        /// What is wrong.
        detail: String,
    },
}

/// What became of a set of writes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Commit {
    /// All of them were made.
    Done,
    /// None was made: the condition of the write so named did not hold.
    Unmet(&'static str),
}

impl Commit {
    /// Whether the writes were made.
    pub fn is_done(&self) -> bool {
        *self == Self::Done
    }
}

/// Writes that are made together or not at all.
#[derive(Debug, Default)]
pub struct Changes {
    writes: Vec<(&'static str, TransactWriteItem)>,
}

impl Changes {
    /// No writes yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many writes there are.
    pub fn len(&self) -> usize {
        self.writes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// Takes over the writes of others.
    pub fn append(&mut self, mut other: Self) {
        self.writes.append(&mut other.writes);
    }

    fn push(&mut self, name: &'static str, put: Put) {
        self.writes.push((name, TransactWriteItem::builder().put(put).build()));
    }

    /// Writes a row that must not exist yet; `name` says which condition failed if it does.
    fn add(&mut self, name: &'static str, table: &str, row: Row) -> Result<(), StoreError> {
        let put = Put::builder().table_name(table).set_item(Some(row)).condition_expression("attribute_not_exists(pk)");
        self.push(name, put.build().map_err(|e| built(&e))?);
        Ok(())
    }

    /// Writes a row over the one of the version before.
    fn replace(&mut self, name: &'static str, table: &str, row: Row, version_before: u64) -> Result<(), StoreError> {
        let put = Put::builder()
            .table_name(table)
            .set_item(Some(row))
            .condition_expression("version = :before")
            .expression_attribute_values(":before", AttributeValue::N(version_before.to_string()));
        self.push(name, put.build().map_err(|e| built(&e))?);
        Ok(())
    }

    /// Writes a row, whatever was there.
    fn put(&mut self, name: &'static str, table: &str, row: Row) -> Result<(), StoreError> {
        self.push(name, Put::builder().table_name(table).set_item(Some(row)).build().map_err(|e| built(&e))?);
        Ok(())
    }

    /// Removes a row; one of this version, if it is given.
    fn remove(&mut self, name: &'static str, table: &str, key: &Key, version: Option<u64>) -> Result<(), StoreError> {
        let mut delete = Delete::builder().table_name(table).set_key(Some(key.row()));
        if let Some(version) = version {
            delete = delete
                .condition_expression("version = :before")
                .expression_attribute_values(":before", AttributeValue::N(version.to_string()));
        }
        self.writes.push((name, TransactWriteItem::builder().delete(delete.build().map_err(|e| built(&e))?).build()));
        Ok(())
    }

    fn update(&mut self, name: &'static str, update: Update) {
        self.writes.push((name, TransactWriteItem::builder().update(update).build()));
    }

    /// That a row is of this version still.
    fn require(&mut self, name: &'static str, table: &str, key: &Key, version: u64) -> Result<(), StoreError> {
        let check = ConditionCheck::builder()
            .table_name(table)
            .set_key(Some(key.row()))
            .condition_expression("version = :version")
            .expression_attribute_values(":version", AttributeValue::N(version.to_string()));
        self.check(name, check.build().map_err(|e| built(&e))?);
        Ok(())
    }

    fn check(&mut self, name: &'static str, check: ConditionCheck) {
        self.writes.push((name, TransactWriteItem::builder().condition_check(check).build()));
    }
}

impl Key {
    fn row(&self) -> Row {
        HashMap::from([("pk".to_owned(), AttributeValue::S(self.pk.clone())), ("sk".to_owned(), AttributeValue::S(self.sk.clone()))])
    }
}

/// Which part of a partition a query reads.
#[derive(Clone, Debug)]
pub(crate) enum Range {
    /// All of it.
    All,
    /// The sort keys that begin so.
    Prefix(String),
    /// The sort keys from the first to the second, both included.
    Between(String, String),
}

/// A place in a list to go on from: what the sort keys of the last row were. Opaque to callers of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct After {
    /// The row's key.
    pub key: Key,
    /// Its sort key in the index, for a list of an index.
    pub index_sk: Option<String>,
}

/// The table.
#[derive(Clone, Debug)]
pub struct Store {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

impl Store {
    /// The table of this name.
    pub fn new(sdk: &SdkConfig, table: &str) -> Self {
        // a budget of retries of its own: what fails elsewhere in the same process does not spend it
        let budget = RetryPartition::custom("table").token_bucket(TokenBucket::default()).build();
        let config = aws_sdk_dynamodb::config::Builder::from(sdk).retry_partition(budget).build();
        Self { client: aws_sdk_dynamodb::Client::from_conf(config), table: table.to_owned() }
    }

    /// Makes all the writes, or none.
    ///
    /// Throttling and contention are tried again with jitter; a condition that does not hold is an answer.
    ///
    /// # Errors
    /// [`StoreError::Busy`] where contention did not end; [`StoreError::Call`] where nobody knows.
    pub async fn commit(&self, changes: Changes) -> Result<Commit, StoreError> {
        const CALL: &str = "TransactWriteItems";
        if changes.is_empty() {
            return Ok(Commit::Done);
        }
        let (names, writes): (Vec<_>, Vec<_>) = changes.writes.into_iter().unzip();
        // one token for all tries: a try whose answer was lost is not made twice
        let token = random_token()?;
        for attempt in 0..ATTEMPTS {
            let sent =
                self.client.transact_write_items().set_transact_items(Some(writes.clone())).client_request_token(&token).send().await;
            let Err(error) = sent else { return Ok(Commit::Done) };
            match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    let codes = || cancelled.cancellation_reasons().iter().map(|reason| reason.code().unwrap_or("None"));
                    if let Some(n) = codes().position(|code| code == "ConditionalCheckFailed") {
                        return Ok(Commit::Unmet(names.get(n).copied().unwrap_or("unknown")));
                    }
                    let passing =
                        |code: &str| matches!(code, "None" | "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded");
                    if !codes().all(passing) {
                        return Err(failed(CALL, &error));
                    }
                }
                Some(TransactWriteItemsError::TransactionInProgressException(_)) => {}
                _ if is_throttled(error.code()) => {}
                _ => return Err(failed(CALL, &error)),
            }
            pause(attempt).await;
        }
        Err(StoreError::Busy { call: CALL })
    }

    /// Reads one row, as it is now.
    async fn read<T: DeserializeOwned>(&self, what: &'static str, key: &Key) -> Result<Option<T>, StoreError> {
        let answer = self.client.get_item().table_name(&self.table).set_key(Some(key.row())).consistent_read(true).send().await;
        answer.map_err(|e| failed("GetItem", &e))?.item.map(|row| from_row(what, row)).transpose()
    }

    /// Reads many rows, as they are now, in no order; those that do not exist are left out.
    async fn read_many<T: DeserializeOwned>(&self, what: &'static str, keys: impl IntoIterator<Item = Key>) -> Result<Vec<T>, StoreError> {
        let mut keys: Vec<Key> = keys.into_iter().collect();
        keys.sort();
        keys.dedup();
        let mut found = Vec::with_capacity(keys.len());
        for chunk in keys.chunks(100) {
            let mut wanted: Vec<Row> = chunk.iter().map(Key::row).collect();
            for attempt in 0.. {
                let request = KeysAndAttributes::builder().set_keys(Some(wanted)).consistent_read(true).build().map_err(|e| built(&e))?;
                let answer = self
                    .client
                    .batch_get_item()
                    .request_items(&self.table, request)
                    .send()
                    .await
                    .map_err(|e| failed("BatchGetItem", &e))?;
                for row in answer.responses.into_iter().flat_map(HashMap::into_values).flatten() {
                    found.push(from_row(what, row)?);
                }
                wanted = answer.unprocessed_keys.into_iter().flat_map(HashMap::into_values).flat_map(|keys| keys.keys).collect();
                if wanted.is_empty() {
                    break;
                }
                if attempt == ATTEMPTS {
                    return Err(StoreError::Busy { call: "BatchGetItem" });
                }
                pause(attempt).await;
            }
        }
        Ok(found)
    }

    /// Reads a part of a partition, or at most `limit` rows of it; never silently short.
    async fn query_rows(&self, query: &Query, limit: Option<usize>) -> Result<Vec<Row>, StoreError> {
        let (pk, sk) = query.index.map_or(("pk", "sk"), |index| (index.pk(), index.sk()));
        let mut rows = Vec::new();
        let mut start = query.after.as_ref().map(|after| query.start_key(after));
        loop {
            let mut request = self
                .client
                .query()
                .table_name(&self.table)
                .set_index_name(query.index.map(|index| index.name().to_owned()))
                .expression_attribute_names("#pk", pk)
                .expression_attribute_values(":pk", AttributeValue::S(query.pk.clone()))
                .scan_index_forward(!query.newest_first)
                .consistent_read(query.index.is_none())
                .set_limit(limit.map(|limit| i32::try_from(limit.saturating_sub(rows.len()).max(1)).unwrap_or(i32::MAX)))
                .set_exclusive_start_key(start.take());
            let condition = match &query.range {
                Range::All => "#pk = :pk",
                Range::Prefix(prefix) => {
                    request =
                        request.expression_attribute_names("#sk", sk).expression_attribute_values(":a", AttributeValue::S(prefix.clone()));
                    "#pk = :pk AND begins_with(#sk, :a)"
                }
                Range::Between(from, to) => {
                    request = request
                        .expression_attribute_names("#sk", sk)
                        .expression_attribute_values(":a", AttributeValue::S(from.clone()))
                        .expression_attribute_values(":b", AttributeValue::S(to.clone()));
                    "#pk = :pk AND #sk BETWEEN :a AND :b"
                }
            };
            if !query.only.is_empty() {
                // by other names, since some of theirs are reserved
                let names: Vec<String> = (0..query.only.len()).map(|n| format!("#f{n}")).collect();
                for (name, field) in names.iter().zip(query.only) {
                    request = request.expression_attribute_names(name, *field);
                }
                request =
                    request.projection_expression(format!("#pk, #key, {}", names.join(", "))).expression_attribute_names("#key", "sk");
            }
            let answer = request.key_condition_expression(condition).send().await.map_err(|e| failed("Query", &e))?;
            rows.extend(answer.items.unwrap_or_default());
            start = answer.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() || limit.is_some_and(|limit| rows.len() >= limit) {
                return Ok(rows);
            }
        }
    }

    async fn query<T: DeserializeOwned>(&self, what: &'static str, query: &Query) -> Result<Vec<T>, StoreError> {
        self.query_rows(query, None).await?.into_iter().map(|row| from_row(what, row)).collect()
    }

    /// One page of a list, and where the next begins.
    async fn page<T: DeserializeOwned>(
        &self,
        what: &'static str,
        query: &Query,
        limit: usize,
    ) -> Result<(Vec<T>, Option<After>), StoreError> {
        // one row more tells whether there is a next page
        let mut rows = self.query_rows(query, Some(limit + 1)).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let after = rows.last().filter(|_| more).map(|row| After {
            key: Key { pk: text(row, "pk"), sk: text(row, "sk") },
            index_sk: query.index.map(|index| text(row, index.sk())),
        });
        Ok((rows.into_iter().map(|row| from_row(what, row)).collect::<Result<_, _>>()?, after))
    }
}

/// One query.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    index: Option<Index>,
    pk: String,
    range: Range,
    newest_first: bool,
    after: Option<After>,
    /// The fields that come back, besides the key; all of them where there are none. For queries of the table.
    only: &'static [&'static str],
}

impl Query {
    fn table(pk: impl Into<String>, range: Range) -> Self {
        Self { index: None, pk: pk.into(), range, newest_first: false, after: None, only: &[] }
    }

    fn index(index: Index, pk: impl Into<String>, range: Range) -> Self {
        Self { index: Some(index), pk: pk.into(), range, newest_first: false, after: None, only: &[] }
    }

    fn newest_first(mut self) -> Self {
        self.newest_first = true;
        self
    }

    fn after(mut self, after: Option<After>) -> Self {
        self.after = after;
        self
    }

    fn only(mut self, fields: &'static [&'static str]) -> Self {
        self.only = fields;
        self
    }

    fn start_key(&self, after: &After) -> Row {
        let mut row = after.key.row();
        if let (Some(index), Some(sk)) = (self.index, &after.index_sk) {
            row.insert(index.pk().to_owned(), AttributeValue::S(self.pk.clone()));
            row.insert(index.sk().to_owned(), AttributeValue::S(sk.clone()));
        }
        row
    }
}

/// The row of a thing: its fields, where it is, and what it is.
fn to_row(what: &'static str, place: &Place, thing: &impl Serialize) -> Result<Row, StoreError> {
    let mut row: Row = serde_dynamo::to_item(thing).map_err(|e| StoreError::Row { what, detail: e.to_string() })?;
    row.retain(|_, value| !matches!(value, AttributeValue::Null(_)));
    row.extend(place.key.row());
    row.insert("type".to_owned(), AttributeValue::S(what.to_owned()));
    for (index, pk, sk) in &place.indexes {
        row.insert(index.pk().to_owned(), AttributeValue::S(pk.clone()));
        row.insert(index.sk().to_owned(), AttributeValue::S(sk.clone()));
    }
    Ok(row)
}

fn from_row<T: DeserializeOwned>(what: &'static str, row: Row) -> Result<T, StoreError> {
    serde_dynamo::from_item(row).map_err(|e| StoreError::Row { what, detail: e.to_string() })
}

fn text(row: &Row, name: &str) -> String {
    row.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default()
}

/// Waits before the next try: up to 25 ms, 50, 100 … by chance, so that those who collided don't collide again.
async fn pause(attempt: u32) {
    let mut byte = [0_u8; 2];
    // without chance the pause is the longest
    let share = getrandom::fill(&mut byte).map_or(u16::MAX, |()| u16::from_be_bytes(byte));
    let most = 25_u64 << attempt.min(6);
    tokio::time::sleep(Duration::from_millis(most * u64::from(share) / u64::from(u16::MAX) + 1)).await;
}

fn random_token() -> Result<String, StoreError> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|e| StoreError::Call { call: "random", detail: e.to_string() })?;
    Ok(data_encoding::HEXLOWER.encode(&bytes))
}

fn is_throttled(code: Option<&str>) -> bool {
    matches!(
        code,
        Some("ThrottlingException" | "ProvisionedThroughputExceededException" | "RequestLimitExceeded" | "TransactionConflictException")
    )
}

fn failed<E>(call: &'static str, error: &aws_sdk_dynamodb::error::SdkError<E>) -> StoreError
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    if is_throttled(error.code()) {
        StoreError::Busy { call }
    } else {
        StoreError::Call { call, detail: DisplayErrorContext(error).to_string() }
    }
}

fn built(error: &aws_sdk_dynamodb::error::BuildError) -> StoreError {
    StoreError::Call { call: "build", detail: error.to_string() }
}
