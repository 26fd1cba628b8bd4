//! Imports: files of rows that become clients, programs, engagements, sessions and items (P-8).

use chrono::{DateTime, Utc};
use domain::id::ImportId;
use domain::person::PersonId;
use serde::{Deserialize, Serialize};
use ulid::Ulid;
use utoipa::ToSchema;

use super::keys::{self, Scope};
use super::{Changes, Index, Query, Range, Store, StoreError, text, to_row};

/// What the rows of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportKind {
    /// Clients.
    Clients,
    /// Programs.
    Programs,
    /// Engagements of clients in programs.
    Engagements,
    /// Sessions and discovery calls of engagements.
    Sessions,
    /// Items of clients' records.
    Items,
}

impl ImportKind {
    /// All of them, in the order in which they can be imported: later ones name earlier ones.
    pub const ALL: [Self; 5] = [Self::Clients, Self::Programs, Self::Engagements, Self::Sessions, Self::Items];

    /// The kind as it stands in JSON and keys.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clients => "clients",
            Self::Programs => "programs",
            Self::Engagements => "engagements",
            Self::Sessions => "sessions",
            Self::Items => "items",
        }
    }
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// Waits for somebody to go on with it.
    Queued,
    /// Somebody goes through its rows.
    Running,
    /// Every row was looked at.
    Done,
    /// It can't be gone through; `reason` says why.
    Failed,
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BadRow {
    /// The line of the file that the row begins on, from 1 (the first row names the columns).
    pub line: u64,
    /// The column, where it is one's fault.
    #[serde(default)]
    pub column: Option<String>,
    /// What is wrong, and what to do.
    pub message: String,
}

/// An import.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Import {
    /// Id.
    pub id: ImportId,
    /// What its rows are.
    pub kind: ImportKind,
    /// Whether it only says what it would do.
    pub dry_run: bool,
    /// How far it is.
    pub state: ImportState,
    /// Why it failed.
    #[serde(default)]
    pub reason: Option<String>,
    /// How many rows the file has.
    pub rows: u64,
    /// How many of them were looked at.
    pub rows_done: u64,
    /// How many were added, or would be.
    pub added: u64,
    /// How many were there already, from an import before.
    pub already_there: u64,
    /// How many are bad.
    pub bad: u64,
    /// How often it was gone on with since it last got further.
    #[serde(default)]
    pub attempts: u32,
    /// Whose rights it has.
    pub person: PersonId,
    /// When somebody must look after it: while it is gone on with, nobody else does before that; none once it is over.
    #[serde(default)]
    pub wake_at: Option<DateTime<Utc>>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it was last gone on with.
    pub updated_at: DateTime<Utc>,
    /// Counts changes, from 1.
    pub version: u64,
    /// When the row may go (epoch seconds).
    pub expires: i64,
}

/// The bad rows among some rows of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadRows {
    /// They.
    pub rows: Vec<BadRow>,
    /// When the row of the table may go (epoch seconds).
    pub expires: i64,
}

/// What a row of a file became.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Became {
    /// The id of what was added.
    pub became: Ulid,
    /// The import that added it.
    #[serde(default)]
    pub import: Option<ImportId>,
}

impl Store {
    /// An import.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn import(&self, scope: Scope, id: ImportId) -> Result<Option<Import>, StoreError> {
        self.read("import", &keys::import_key(scope, id)).await
    }

    /// Adds an import; unmet `import` if there is one of its id.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_import(&self, changes: &mut Changes, scope: Scope, import: &Import) -> Result<(), StoreError> {
        changes.add("import", &self.table, to_row("import", &keys::import(scope, import), import)?)
    }

    /// Writes an import over the version before; unmet `version`.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn replace_import(&self, changes: &mut Changes, scope: Scope, import: &Import) -> Result<(), StoreError> {
        changes.replace("version", &self.table, to_row("import", &keys::import(scope, import), import)?, import.version - 1)
    }

    /// The imports that somebody must look after by `until`, whatever the account; at most `most` of each part of the wheel.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn imports_to_wake(&self, until: DateTime<Utc>, most: usize) -> Result<Vec<(Scope, ImportId)>, StoreError> {
        let parts = (0..keys::SHARDS).map(async |shard| {
            let range = Range::Between("0".into(), format!("{}#~", keys::time(until)));
            self.query_rows(&Query::index(Index::Two, keys::importing_wheel(shard), range), Some(most)).await
        });
        let rows = futures::future::try_join_all(parts).await?;
        Ok(rows.iter().flatten().filter_map(|row| keys::read_importing(&text(row, Index::Two.sk()))).collect())
    }

    /// Writes down the bad rows among those from the `first`, however often.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn put_bad_rows(&self, changes: &mut Changes, scope: Scope, import: ImportId, first: u64, bad: &BadRows) -> Result<(), StoreError> {
        changes.put("bad rows", &self.table, to_row("bad rows", &keys::bad_rows(scope, import, first).into(), bad)?)
    }

    /// Every bad row of an import, in the order of the file.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn bad_rows(&self, scope: Scope, import: ImportId) -> Result<Vec<BadRow>, StoreError> {
        let query = Query::table(keys::import_key(scope, import).pk, Range::Prefix(keys::BAD_ROWS.into()));
        let found: Vec<BadRows> = self.query("bad rows", &query).await?;
        Ok(found.into_iter().flat_map(|bad| bad.rows).collect())
    }

    /// What a row of a file of this kind became when it was imported, by its key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn imported(&self, scope: Scope, kind: ImportKind, key: &str) -> Result<Option<Became>, StoreError> {
        self.read("imported", &keys::imported(scope, kind, key)).await
    }

    /// Writes down what a row became; unmet `imported` if it became something already.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_imported(&self, changes: &mut Changes, scope: Scope, kind: ImportKind, key: &str, became: Became) -> Result<(), StoreError> {
        let row = to_row("imported", &keys::imported(scope, kind, key).into(), &became)?;
        changes.add("imported", &self.table, row)
    }
}
