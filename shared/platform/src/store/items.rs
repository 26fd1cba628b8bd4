//! Items and the log of their happenings.

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, NaiveDate, Utc};
use domain::export::Span;
use domain::happening::Happening;
use domain::id::{ClientId, HappeningId, ItemId};
use domain::item::{Item, ItemKind, State, Visibility};
use domain::person::Actor;
use domain::record::RecordOf;
use domain::schedule::Window;
use serde::{Deserialize, Serialize};

use super::keys::{self, Scope};
use super::{After, Changes, Index, Query, Range, Store, StoreError, failed, from_row, text, to_row};

/// How many times a client's items are asked for to count them; each time reads up to 1 MB of them.
const OUTLINE_CALLS: usize = 3;

/// As much of an item as it takes to count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Outline {
    /// Its kind.
    pub kind: ItemKind,
    /// Who sees it.
    pub visibility: Visibility,
    /// Who wrote it.
    pub author: Actor,
    /// Where it stands.
    pub state: State,
    /// When it was sent, where it is an invoice.
    #[serde(default)]
    pub sent_at: Option<DateTime<Utc>>,
}

/// A happening, as far as it says which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Glimpse {
    /// Id.
    pub id: HappeningId,
    /// The item it is about.
    pub item_id: ItemId,
    /// The item's kind.
    pub kind: ItemKind,
    /// When it happened.
    pub at: DateTime<Utc>,
}

/// The mark that keeps an item from being late twice for one day.
#[derive(Serialize)]
struct Told {
    at: DateTime<Utc>,
}

impl Store {
    /// An item.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn item(&self, scope: Scope, id: ItemId) -> Result<Option<Item>, StoreError> {
        self.read("item", &keys::item_key(scope, id)).await
    }

    /// These items as they are now, in no order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn items_by_id(&self, scope: Scope, ids: impl IntoIterator<Item = ItemId>) -> Result<Vec<Item>, StoreError> {
        self.read_many("item", ids.into_iter().map(|id| keys::item_key(scope, id))).await
    }

    /// A page of a record's items, of one kind or all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn items_of(
        &self,
        scope: Scope,
        record: impl Into<RecordOf>,
        kind: Option<ItemKind>,
        limit: usize,
        after: Option<After>,
    ) -> Result<(Vec<Item>, Option<After>), StoreError> {
        let range = kind.map_or(Range::All, |kind| Range::Prefix(keys::items_of_kind(kind)));
        self.page("item", &Query::index(Index::One, keys::items_of(scope, record.into()), range).after(after), limit).await
    }

    /// Where a list of items goes on after this one.
    pub fn items_after(&self, scope: Scope, kind: &str, id: ItemId) -> After {
        After { key: keys::item_key(scope, id), index_sk: Some(format!("{kind}#{id}")) }
    }

    /// The items of a record that stand open.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_items(&self, scope: Scope, record: impl Into<RecordOf>) -> Result<Vec<Item>, StoreError> {
        self.query("item", &Query::index(Index::Three, keys::open_items(scope, record.into()), Range::All)).await
    }

    /// The outlines of a client's items, and whether there are more of them than were read: however many there are, the work
    /// is bounded.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn item_outlines(&self, scope: Scope, client: ClientId) -> Result<(Vec<Outline>, bool), StoreError> {
        let index = Index::One;
        let mut outlines = Vec::new();
        let mut start = None;
        for _ in 0..OUTLINE_CALLS {
            let answer = self
                .client
                .query()
                .table_name(&self.table)
                .index_name(index.name())
                .key_condition_expression("#pk = :pk")
                .projection_expression("#kind, #visibility, #author, #state, sent_at")
                .expression_attribute_names("#pk", index.pk())
                .expression_attribute_names("#kind", "kind")
                .expression_attribute_names("#visibility", "visibility")
                .expression_attribute_names("#author", "author")
                .expression_attribute_names("#state", "state")
                .expression_attribute_values(":pk", AttributeValue::S(keys::items_of(scope, client.into())))
                .set_exclusive_start_key(start.take())
                .send()
                .await
                .map_err(|e| failed("Query", &e))?;
            for row in answer.items.unwrap_or_default() {
                outlines.push(from_row("item outline", row)?);
            }
            start = answer.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() {
                break;
            }
        }
        Ok((outlines, start.is_some()))
    }

    /// Adds an item.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_item(&self, changes: &mut Changes, scope: Scope, item: &Item) -> Result<(), StoreError> {
        changes.add("item", &self.table, to_row("item", &keys::item(scope, item), item)?)
    }

    /// Changes an item; unmet `version`.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn replace_item(&self, changes: &mut Changes, scope: Scope, item: &Item) -> Result<(), StoreError> {
        changes.replace("version", &self.table, to_row("item", &keys::item(scope, item), item)?, item.version - 1)
    }

    /// The same for an invoice that was to go out by itself; unmet `scheduled`.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn replace_scheduled(&self, changes: &mut Changes, scope: Scope, item: &Item) -> Result<(), StoreError> {
        changes.replace("scheduled", &self.table, to_row("item", &keys::item(scope, item), item)?, item.version - 1)
    }

    /// That an item is of this version still; unmet `item`.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn require_item(&self, changes: &mut Changes, scope: Scope, item: &Item) -> Result<(), StoreError> {
        changes.require("item", &self.table, &keys::item_key(scope, item.id), item.version)
    }

    /// The items that something may have fallen due of by now, of a part of all; by what the index knows.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn items_to_wake(&self, shard: u8, until: DateTime<Utc>) -> Result<Vec<(Scope, ItemId)>, StoreError> {
        let range = Range::Between("0".into(), format!("{}#~", keys::time(until)));
        let rows = self.query_rows(&Query::index(Index::Two, keys::calendar(shard), range), None).await?;
        Ok(rows.iter().filter_map(|row| keys::read_calendar(&text(row, Index::Two.sk()))).collect())
    }

    /// Notes that an item was late for a day; unmet `told` if it was before.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_late(
        &self,
        changes: &mut Changes,
        scope: Scope,
        item: ItemId,
        due_on: NaiveDate,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        changes.add("told", &self.table, to_row("late", &keys::late(scope, item, due_on).into(), &Told { at: now })?)
    }

    /// Adds a happening to the log of its record.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_happening(&self, changes: &mut Changes, scope: Scope, happening: &Happening) -> Result<(), StoreError> {
        changes.add(
            "happening",
            &self.table,
            to_row("happening", &keys::happening(scope, happening.record, happening.at, happening.id).into(), happening)?,
        )
    }

    /// What happened in a record in a window, oldest first (R-10: after `from`, up to and including `to`).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn happenings(&self, scope: Scope, record: impl Into<RecordOf>, window: Window) -> Result<Vec<Happening>, StoreError> {
        // `~` sorts after every id, so nothing of the first instant is in, and everything of the last
        let range = Range::Between(format!("{}#~", keys::time(window.from)), format!("{}#~", keys::time(window.to)));
        self.query("happening", &Query::table(keys::happenings(scope, record.into()), range)).await
    }

    /// A page of what happened with a client in a span, oldest first, without what was said.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn glimpses(
        &self,
        scope: Scope,
        client: ClientId,
        span: Span,
        limit: usize,
        after: Option<After>,
    ) -> Result<(Vec<Glimpse>, Option<After>), StoreError> {
        // the table refuses a range that ends before it begins
        if span.from.is_some_and(|from| from >= span.before) {
            return Ok((Vec::new(), None));
        }
        // an id follows every time, so nothing of the last instant is in, and everything of the first
        let from = span.from.map(keys::time).unwrap_or_default();
        let range = Range::Between(format!("{from}#"), keys::time(span.before));
        let query = Query::table(keys::happenings(scope, client.into()), range).only(&["id", "item_id", "kind", "at"]).after(after);
        self.page("happening", &query, limit).await
    }

    /// These happenings of a client's, in no order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn happenings_by_id(
        &self,
        scope: Scope,
        client: ClientId,
        ids: impl IntoIterator<Item = (DateTime<Utc>, HappeningId)>,
    ) -> Result<Vec<Happening>, StoreError> {
        self.read_many("happening", ids.into_iter().map(|(at, id)| keys::happening(scope, client.into(), at, id))).await
    }

    /// A page of a record's log, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn stream(
        &self,
        scope: Scope,
        record: RecordOf,
        limit: usize,
        after: Option<After>,
    ) -> Result<(Vec<Happening>, Option<After>), StoreError> {
        self.page("happening", &Query::table(keys::happenings(scope, record), Range::All).newest_first().after(after), limit).await
    }

    /// Where a record's log goes on after a happening.
    pub fn stream_after(&self, scope: Scope, record: RecordOf, at: DateTime<Utc>, id: HappeningId) -> After {
        After { key: keys::happening(scope, record, at, id), index_sk: None }
    }

    /// The scheduled appointments of the account that begin between two times, both included: when, with whom, which.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn appointments(
        &self,
        scope: Scope,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        most: usize,
    ) -> Result<Vec<(DateTime<Utc>, ClientId, ItemId)>, StoreError> {
        let range = Range::Between(keys::time(from), format!("{}#~", keys::time(to)));
        let rows = self.query_rows(&Query::index(Index::Two, keys::appointments(scope), range), Some(most)).await?;
        Ok(rows.iter().filter_map(|row| keys::read_appointment(&text(row, Index::Two.sk()))).collect())
    }
}
