//! DynamoDB: the embedded engine on a thread of its own, its time-to-live sweep, and its stream as a queue.
//!
//! The engine never forgets a stream record and finds the latest by reading them all, so on opening an index is laid
//! over them, and a record that was acknowledged is deleted. What is left in the file is what nobody has dealt with
//! yet: that, and no separate position, is what a restart resumes from.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, anyhow};
use chrono::{DateTime, Utc};
use dynoxide::Database;
use dynoxide::actions::get_records::GetRecordsRequest;
use dynoxide::actions::get_shard_iterator::{decode_shard_iterator, encode_shard_iterator};
use platform::store::keys::Index;
use rusqlite::Connection;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::oneshot;

/// How long a stream with nothing to say waits before it looks again.
const PAUSE: Duration = Duration::from_millis(10);

/// The most changes handed out at once.
const BATCH: usize = 100;

/// A running engine. Dropped, it stops listening; what was acknowledged to a caller is on disk at any moment.
pub struct Engine {
    address: SocketAddr,
    database: Database,
    name: String,
    file: Option<PathBuf>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Engine {
    /// An engine that forgets everything when it goes.
    pub fn in_memory() -> anyhow::Result<Self> {
        // A second connection has to reach the database once, to lay the index.
        let name = format!("file:cairn-{}?mode=memory&cache=shared", ulid::Ulid::generate());
        Self::start(&name, None)
    }

    /// The engine over a file, made on first use.
    pub fn on_disk(file: &Path) -> anyhow::Result<Self> {
        let name = file.to_str().context("the data folder's path is not UTF-8")?;
        Self::start(name, Some(file.to_owned()))
    }

    fn start(name: &str, file: Option<PathBuf>) -> anyhow::Result<Self> {
        let database = Database::new(name).with_context(|| format!("opening the table engine at {name}"))?;
        connect(name)?.execute_batch(
            "CREATE INDEX IF NOT EXISTS stream_by_sequence ON _stream_records (table_name, CAST(sequence_number AS INTEGER))",
        )?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let served = database.clone();
        // The engine blocks the thread that serves it.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new().name("engine".into()).spawn(move || {
            let outcome = runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).map_err(|error| error.to_string())?;
                dynoxide::server::serve_with_shutdown(listener, served, async { drop(stopped.await) }).await
            });
            if let Err(error) = outcome {
                tracing::error!(error, "the table engine stopped");
            }
        })?;
        Ok(Engine { address, database, name: name.to_owned(), file, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address as an endpoint for an SDK.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The engine itself, for callers in this process.
    pub(crate) fn database(&self) -> Database {
        self.database.clone()
    }

    /// Forgets the changes that nobody took from a stream yet.
    pub(crate) fn forget_changes(&self) -> anyhow::Result<()> {
        connect(&self.name)?.execute("DELETE FROM _stream_records", [])?;
        Ok(())
    }

    /// Writes every table to a file that must not be there yet, on the disk before it returns. Changes that nobody took
    /// from a stream are forgotten, here and there.
    pub(crate) fn copy_to(&self, file: &Path) -> anyhow::Result<()> {
        self.forget_changes()?;
        self.database.vacuum_into(file.to_str().context("the data folder's path is not UTF-8")?)?;
        Ok(std::fs::File::open(file)?.sync_all()?)
    }

    /// Deletes every item whose time to live lies before `now`, and says how many. Reads every table that has one
    /// from end to end, on the calling thread.
    pub fn sweep_ttl(&self, now: DateTime<Utc>) -> anyhow::Result<usize> {
        // The engine's own sweep knows real time only.
        let mut deleted = 0;
        for table in self.database.list_tables(request(json!({}))?)?.table_names {
            let description = self.database.describe_time_to_live(request(json!({ "TableName": table }))?)?;
            let ttl = serde_json::to_value(description)?;
            let Some(attribute) = ttl["TimeToLiveDescription"]["AttributeName"].as_str() else { continue };
            deleted += self.sweep_table(&table, attribute, now)?;
        }
        Ok(deleted)
    }

    fn sweep_table(&self, table: &str, attribute: &str, now: DateTime<Utc>) -> anyhow::Result<usize> {
        let description = serde_json::to_value(self.database.describe_table(request(json!({ "TableName": table }))?)?)?;
        let schema = description["Table"]["KeySchema"].as_array().context("a table without keys")?;
        let keys: Vec<&str> = schema.iter().filter_map(|key| key["AttributeName"].as_str()).collect();
        let expired = json!({ "#ttl": attribute });
        let values = json!({ ":now": { "N": now.timestamp().to_string() }, ":epoch": { "N": "0" } });
        let condition = "#ttl < :now AND #ttl >= :epoch";
        let mut deleted = 0;
        let mut from = Value::Null;
        loop {
            let mut scan = json!({ "TableName": table, "FilterExpression": condition, "ExpressionAttributeNames": expired,
                "ExpressionAttributeValues": values });
            if !from.is_null() {
                scan["ExclusiveStartKey"] = from;
            }
            let page = serde_json::to_value(self.database.scan(request(scan)?)?)?;
            for item in page["Items"].as_array().into_iter().flatten() {
                let key: serde_json::Map<_, _> = keys.iter().map(|name| ((*name).to_owned(), item[name].clone())).collect();
                let gone = self.database.delete_item(request(json!({ "TableName": table, "Key": key, "ConditionExpression": condition,
                    "ExpressionAttributeNames": expired, "ExpressionAttributeValues": values }))?);
                match gone {
                    Ok(_) => deleted += 1,
                    Err(dynoxide::DynoxideError::ConditionalCheckFailedException(..)) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            from = page["LastEvaluatedKey"].clone();
            if from.is_null() {
                return Ok(deleted);
            }
        }
    }

    /// Every row of a table, as DynamoDB writes them.
    pub(crate) fn rows(&self, table: &str) -> anyhow::Result<Vec<Value>> {
        let mut rows = Vec::new();
        let mut from = Value::Null;
        loop {
            let mut scan = json!({ "TableName": table });
            if !from.is_null() {
                scan["ExclusiveStartKey"] = from;
            }
            let mut page = serde_json::to_value(self.database.scan(request(scan)?)?)?;
            if let Value::Array(items) = page["Items"].take() {
                rows.extend(items);
            }
            from = page["LastEvaluatedKey"].take();
            if from.is_null() {
                return Ok(rows);
            }
        }
    }

    /// The first sort key of a partition of an index; none where it is empty.
    pub(crate) fn first(&self, table: &str, index: Index, partition: &str) -> anyhow::Result<Option<String>> {
        let query = json!({ "TableName": table, "IndexName": index.name(), "Limit": 1, "KeyConditionExpression": "#pk = :pk",
            "ExpressionAttributeNames": { "#pk": index.pk() }, "ExpressionAttributeValues": { ":pk": { "S": partition } } });
        let page = serde_json::to_value(self.database.query(request(query)?)?)?;
        Ok(page["Items"][0][index.sk()]["S"].as_str().map(str::to_owned))
    }

    /// The stream of a table, from the first change that was never acknowledged. One reader per table.
    pub fn stream(&self, table: &str) -> anyhow::Result<Stream> {
        let file = match &self.file {
            Some(file) => Some(connect(file.to_str().context("the data folder's path is not UTF-8")?)?),
            None => None,
        };
        Ok(Stream { database: self.database.clone(), table: table.to_owned(), file, position: 0, open: BTreeSet::new() })
    }

    /// Stops listening, lets the requests in flight finish, and closes the file.
    pub fn shut_down(mut self) -> anyhow::Result<()> {
        drop(self.stop.take());
        match self.thread.take() {
            Some(thread) => thread.join().map_err(|_| anyhow!("the table engine's thread panicked")),
            None => Ok(()),
        }
    }
}

/// A change of one item.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Its place in the table's order of changes.
    pub sequence: i64,
    /// `INSERT`, `MODIFY` or `REMOVE`.
    pub event: String,
    /// The item before, as DynamoDB JSON.
    pub old: Option<Value>,
    /// The item after, as DynamoDB JSON.
    pub new: Option<Value>,
}

/// A table's changes in order. Each is handed out once, and again by a later process until it is acknowledged.
pub struct Stream {
    database: Database,
    table: String,
    file: Option<Connection>,
    position: i64,
    open: BTreeSet<i64>,
}

impl Stream {
    /// The changes since the last ones handed out, at most a hundred; none when there are none.
    pub fn take(&mut self) -> anyhow::Result<Vec<Change>> {
        if self.file.is_some() && self.open.is_empty() {
            // Whatever is in the file now is new, even if the machine's clock went back and its number is lower.
            self.position = 0;
        }
        loop {
            let shard = dynoxide::streams::shard_id(&self.table);
            let shard_iterator = encode_shard_iterator(&self.table, &shard, self.position);
            let page = match self.database.get_records(GetRecordsRequest { shard_iterator, limit: Some(BATCH) }) {
                Ok(page) => page,
                Err(dynoxide::DynoxideError::ResourceNotFoundException(..)) => return Ok(Vec::new()),
                Err(error) => return Err(error.into()),
            };
            let read = page.records.len();
            let mut changes = Vec::with_capacity(read);
            let mut idle = Vec::new();
            for record in page.records {
                let sequence = sequence(&record.dynamodb.sequence_number)?;
                let images = serde_json::to_value(&record.dynamodb)?;
                let image = |name| images.get(name).cloned();
                let change = Change { sequence, event: record.event_name, old: image("OldImage"), new: image("NewImage") };
                // The engine also records writes that changed nothing; DynamoDB does not.
                if change.old.is_some() && change.old == change.new {
                    idle.push(sequence);
                } else {
                    changes.push(change);
                }
            }
            if let Some((_, _, position)) = page.next_shard_iterator.as_deref().and_then(decode_shard_iterator) {
                self.position = position;
            }
            self.acknowledge(idle)?;
            self.open.extend(changes.iter().map(|change| change.sequence));
            if !changes.is_empty() || read == 0 {
                return Ok(changes);
            }
        }
    }

    /// The next changes, waiting until there are some.
    pub async fn next(&mut self) -> anyhow::Result<Vec<Change>> {
        loop {
            let changes = self.take()?;
            if !changes.is_empty() {
                return Ok(changes);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Says that changes are dealt with for good; they are not handed out again.
    pub fn acknowledge(&mut self, sequences: impl IntoIterator<Item = i64>) -> anyhow::Result<()> {
        let sequences: Vec<i64> = sequences.into_iter().collect();
        if let Some(file) = self.file.as_mut().filter(|_| !sequences.is_empty()) {
            let transaction = file.transaction()?;
            for sequence in &sequences {
                transaction
                    .prepare_cached("DELETE FROM _stream_records WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) = ?2")?
                    .execute((&self.table, sequence))?;
            }
            transaction.commit()?;
        }
        for sequence in sequences {
            self.open.remove(&sequence);
        }
        Ok(())
    }

    /// How many changes were handed out and not yet acknowledged.
    pub fn in_flight(&self) -> usize {
        self.open.len()
    }
}

/// The engine's public sequence numbers are its own, raised to the length of DynamoDB's.
fn sequence(public: &str) -> anyhow::Result<i64> {
    const RAISED_BY: u128 = 100_000_000_000_000_000_000;
    let raised: u128 = public.parse()?;
    Ok(i64::try_from(raised.checked_sub(RAISED_BY).context("a sequence number the engine did not issue")?)?)
}

fn request<T: DeserializeOwned>(body: Value) -> anyhow::Result<T> {
    Ok(serde_json::from_value(body)?)
}

fn connect(name: &str) -> rusqlite::Result<Connection> {
    let connection = Connection::open(name)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    // A deletion that a power cut undoes is only a change handed out twice.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    Ok(connection)
}
