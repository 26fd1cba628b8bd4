//! Exports, and everything that an account has, to be taken along.

use chrono::{DateTime, Utc};
use domain::export::Export;
use domain::id::{ClientId, ExportId};
use serde_json::{Map, Value};

use super::keys::{self, Part, Scope};
use super::{After, Changes, Commit, Index, Key, Query, Range, Row, Store, StoreError, from_row, text, to_row};

/// What of a partition is an account's own: everything else there is how Cairn does its work, or a secret.
const OWN: [&str; 23] = [
    "account",
    "audit",
    "client",
    "comment",
    "company",
    "engagement",
    "engagement happening",
    "export",
    "file",
    "group",
    "group client",
    "happening",
    "item",
    "location",
    "member",
    "pairing",
    "pairing history",
    "personnel",
    "program",
    "report",
    "run",
    "session",
    "suppressed",
];
/// Where a row is, and when it goes.
const PLACE: [&str; 9] = ["pk", "sk", "gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk", "gsi3pk", "gsi3sk", "expires"];

impl Store {
    /// Adds an export that is asked for.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_export(&self, changes: &mut Changes, scope: Scope, export: &Export) -> Result<(), StoreError> {
        changes.add("export", &self.table, to_row("export", &keys::export(scope, export), export)?)
    }

    /// An export.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn export(&self, scope: Scope, id: ExportId) -> Result<Option<Export>, StoreError> {
        self.read("export", &keys::export_key(scope, id)).await
    }

    /// Writes an export over the version before; whether it was still that.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn move_export(&self, scope: Scope, export: &Export) -> Result<bool, StoreError> {
        let mut changes = Changes::new();
        changes.replace("version", &self.table, to_row("export", &keys::export(scope, export), export)?, export.version - 1)?;
        match self.commit(changes).await? {
            Commit::Done => Ok(true),
            Commit::Unmet(_) => Ok(false),
        }
    }

    /// A page of the exports of a client, or of the account, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn exports(
        &self,
        scope: Scope,
        client: Option<ClientId>,
        limit: usize,
        after: Option<ExportId>,
    ) -> Result<(Vec<Export>, bool), StoreError> {
        let after = after.map(|id| After { key: keys::export_key(scope, id), index_sk: Some(id.to_string()) });
        let query = Query::index(Index::One, keys::exports(scope, client), Range::All).newest_first().after(after);
        let (exports, next) = self.page("export", &query, limit).await?;
        Ok((exports, next.is_some()))
    }

    /// The exports that somebody must look after by `until`, whatever the account, oldest first; at most `most` of each
    /// part of the wheel.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn exports_to_wake(&self, until: DateTime<Utc>, most: usize) -> Result<Vec<(Scope, ExportId)>, StoreError> {
        let parts = (0..keys::SHARDS).map(async |shard| {
            let range = Range::Between("0".into(), format!("{}#~", keys::time(until)));
            self.query_rows(&Query::index(Index::Two, keys::exporting_wheel(shard), range), Some(most)).await
        });
        let rows = futures::future::try_join_all(parts).await?;
        Ok(rows.iter().flatten().filter_map(|row| keys::read_exporting(&text(row, Index::Two.sk()))).collect())
    }

    /// A page of a part of what an account has, as it stands in the table but for its place there; without what is only how
    /// Cairn does its work.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn part(
        &self,
        scope: Scope,
        part: Part,
        limit: usize,
        after: Option<After>,
    ) -> Result<(Vec<Map<String, Value>>, Option<After>), StoreError> {
        let (index, pk) = part.place(scope);
        let query = match index {
            Some(index) => Query::index(index, pk, Range::All),
            None => Query::table(pk, Range::All),
        };
        let mut rows = self.query_rows(&query.after(after), Some(limit + 1)).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let after = rows
            .last()
            .filter(|_| more)
            .map(|row| After { key: Key { pk: text(row, "pk"), sk: text(row, "sk") }, index_sk: index.map(|index| text(row, index.sk())) });
        let own = rows.into_iter().filter(is_own).map(plain).collect::<Result<_, _>>()?;
        Ok((own, after))
    }
}

fn is_own(row: &Row) -> bool {
    OWN.contains(&text(row, "type").as_str())
}

fn plain(row: Row) -> Result<Map<String, Value>, StoreError> {
    let mut fields: Map<String, Value> = from_row("row", row)?;
    fields.retain(|name, _| !PLACE.contains(&name.as_str()));
    Ok(fields)
}
