//! Comments, the mails that can be answered with one, and what became of the answers.

use aws_sdk_dynamodb::types::{AttributeValue, Update};
use chrono::{DateTime, NaiveDate, Utc};
use domain::comment::{Comment, File};
use domain::id::{AccountId, CommentId, DeliveryId, FileId, ItemId};
use domain::inbound::{ADDRESS_KEPT_FOR, DAILY_MOST, HELD_MOST, HOURLY_MOST, ORIGINAL_KEPT_FOR, Refusal};
use domain::person::PersonId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::keys::{self, Scope};
use super::{After, Changes, Key, Query, Range, Store, StoreError, built, failed, to_row};

/// The mail that a comment came in, by the id that SES gave it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Original {
    /// The id.
    pub message: String,
    /// When it came.
    pub at: DateTime<Utc>,
}

/// An answer to a mail that is a comment already: the mark that keeps it from becoming one again (C-5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The item.
    pub item_id: ItemId,
    /// The comment.
    pub comment_id: CommentId,
    /// When the row may go (epoch seconds).
    pub expires: i64,
}

/// Which answer to a mail is meant.
#[derive(Clone, Copy, Debug)]
pub struct Answering<'a> {
    /// The mail that is answered.
    pub delivery: &'a DeliveryId,
    /// Which of its items.
    pub place: u16,
    /// What the answer is known by: a digest of its Message-ID.
    pub digest: &'a str,
    /// Who answers.
    pub person: PersonId,
}

/// A mail that did not become a comment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Refused {
    /// The id that the mail system gave it.
    pub id: String,
    /// Why.
    pub reason: Refusal,
    /// Whose address for comments it came to, as they are in the log.
    pub person: domain::person::Actor,
    /// The item, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_id: Option<ItemId>,
    /// When it came.
    pub at: DateTime<Utc>,
    /// When the row may go (epoch seconds).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(ignore)]
    pub expires: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct Answerable {
    account_id: AccountId,
    expires: i64,
}

impl Store {
    /// Adds a comment.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_comment(&self, changes: &mut Changes, scope: Scope, comment: &Comment) -> Result<(), StoreError> {
        let place = keys::comment(scope, comment.item_id, comment.id).into();
        changes.add("comment", &self.table, to_row("comment", &place, comment)?)?;
        for file in &comment.files {
            changes.add("file", &self.table, to_row("file", &keys::file(scope, comment.item_id, file.id).into(), file)?)?;
        }
        Ok(())
    }

    /// A comment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn comment(&self, scope: Scope, item: ItemId, id: CommentId) -> Result<Option<Comment>, StoreError> {
        self.read("comment", &keys::comment(scope, item, id)).await
    }

    /// These comments, in no order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn comments_by_id(
        &self,
        scope: Scope,
        ids: impl IntoIterator<Item = (ItemId, CommentId)>,
    ) -> Result<Vec<Comment>, StoreError> {
        self.read_many("comment", ids.into_iter().map(|(item, id)| keys::comment(scope, item, id))).await
    }

    /// A page of an item's comments, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn comments(
        &self,
        scope: Scope,
        item: ItemId,
        limit: usize,
        after: Option<CommentId>,
    ) -> Result<(Vec<Comment>, bool), StoreError> {
        let after = after.map(|id| After { key: keys::comment(scope, item, id), index_sk: None });
        let query = Query::table(keys::item_key(scope, item).pk, Range::Prefix(keys::COMMENTS.into())).after(after);
        let (comments, next) = self.page("comment", &query, limit).await?;
        Ok((comments, next.is_some()))
    }

    /// A file of an item.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn file(&self, scope: Scope, item: ItemId, id: FileId) -> Result<Option<File>, StoreError> {
        self.read("file", &keys::file(scope, item, id)).await
    }

    /// The files of an item, in no order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn files(&self, scope: Scope, item: ItemId) -> Result<Vec<File>, StoreError> {
        self.query("file", &Query::table(keys::item_key(scope, item).pk, Range::Prefix(keys::FILES.into()))).await
    }

    /// Notes which mail a comment came in.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_original(
        &self,
        changes: &mut Changes,
        scope: Scope,
        item: ItemId,
        comment: CommentId,
        original: &Original,
    ) -> Result<(), StoreError> {
        changes.add("original", &self.table, to_row("original", &keys::original(scope, item, comment).into(), original)?)
    }

    /// Which mail a comment came in, if it came in one that is still there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn original(
        &self,
        scope: Scope,
        item: ItemId,
        comment: CommentId,
        now: DateTime<Utc>,
    ) -> Result<Option<Original>, StoreError> {
        let original: Option<Original> = self.read("original", &keys::original(scope, item, comment)).await?;
        Ok(original.filter(|original| now - original.at < ORIGINAL_KEPT_FOR))
    }

    /// Notes that a mail can be answered, and whose account it is of.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_answerable(&self, changes: &mut Changes, scope: Scope, delivery: &DeliveryId, now: DateTime<Utc>) -> Result<(), StoreError> {
        let answerable = Answerable { account_id: scope.account(), expires: (now + ADDRESS_KEPT_FOR).timestamp() };
        changes.put("answerable", &self.table, to_row("answerable", &keys::answerable(delivery).into(), &answerable)?)
    }

    /// The same, at once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keep_answerable(&self, scope: Scope, delivery: &DeliveryId, now: DateTime<Utc>) -> Result<(), StoreError> {
        let answerable = Answerable { account_id: scope.account(), expires: (now + ADDRESS_KEPT_FOR).timestamp() };
        let row = to_row("answerable", &keys::answerable(delivery).into(), &answerable)?;
        let put = self.client.put_item().table_name(&self.table).set_item(Some(row)).send().await;
        put.map(|_| ()).map_err(|e| failed("PutItem", &e))
    }

    /// The account that a mail is of which can be answered.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn answerable(&self, delivery: &DeliveryId) -> Result<Option<Scope>, StoreError> {
        let found: Option<Answerable> = self.read("answerable", &keys::answerable(delivery)).await?;
        Ok(found.map(|found| Scope::of_own_message(found.account_id)))
    }

    /// The comment that an answer became, if it did.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn answer(&self, scope: Scope, of: &Answering<'_>) -> Result<Option<Answer>, StoreError> {
        self.read("answer", &keys::answer(scope, of.delivery, of.place, of.digest)).await
    }

    /// Notes which comment an answer became, and counts it; unmet `answer` if it became one before, `often` if the person
    /// sent too many.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_answer(
        &self,
        changes: &mut Changes,
        scope: Scope,
        of: &Answering<'_>,
        answer: &Answer,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let place = keys::answer(scope, of.delivery, of.place, of.digest).into();
        changes.add("answer", &self.table, to_row("answer", &place, answer)?)?;
        for (key, most) in [
            (keys::answers_in_hour(scope, of.person, answer.item_id, now), HOURLY_MOST),
            (keys::answers_in_day(scope, of.person, now.date_naive()), DAILY_MOST),
        ] {
            self.count(changes, &key, most, now)?;
        }
        Ok(())
    }

    /// Counts a mail of a person's that is held, of which they are told; unmet `often` if there were too many on the day.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn count_held(&self, changes: &mut Changes, scope: Scope, person: PersonId, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.count(changes, &keys::held_in_day(scope, person, now.date_naive()), HELD_MOST, now)
    }

    /// Counts one more under a key; unmet `often` from so many on.
    pub(super) fn count(&self, changes: &mut Changes, key: &Key, most: u32, now: DateTime<Utc>) -> Result<(), StoreError> {
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(key.row()))
            .update_expression("SET #type = :type, expires = :expires ADD counted :one")
            .condition_expression("attribute_not_exists(counted) OR counted < :most")
            .expression_attribute_names("#type", "type")
            .expression_attribute_values(":type", AttributeValue::S("count".into()))
            .expression_attribute_values(":expires", AttributeValue::N((now + chrono::Duration::days(3)).timestamp().to_string()))
            .expression_attribute_values(":one", AttributeValue::N("1".into()))
            .expression_attribute_values(":most", AttributeValue::N(most.to_string()));
        changes.update("often", update.build().map_err(|e| built(&e))?);
        Ok(())
    }

    /// Puts a refused mail on record; coming again, it is on record once.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_refused(&self, changes: &mut Changes, scope: Scope, refused: &Refused) -> Result<(), StoreError> {
        let key = Key { pk: keys::refused(scope, refused.at.date_naive()), sk: refused.id.clone() };
        changes.put("refused", &self.table, to_row("refused", &key.into(), refused)?)
    }

    /// A page of the mail that was refused on a day.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn refused(
        &self,
        scope: Scope,
        day: NaiveDate,
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<Refused>, bool), StoreError> {
        let pk = keys::refused(scope, day);
        let after = after.map(|sk| After { key: Key { pk: pk.clone(), sk }, index_sk: None });
        let (refused, next) = self.page("refused", &Query::table(pk, Range::All).after(after), limit).await?;
        Ok((refused, next.is_some()))
    }

    /// Holds what is known of a mail until it is confirmed, as long as the mail itself is kept.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn hold<T: Serialize>(
        &self,
        changes: &mut Changes,
        scope: Scope,
        message: &str,
        held: &T,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut row = to_row("held", &keys::held(scope, message).into(), held)?;
        row.insert("expires".to_owned(), AttributeValue::N((now + ORIGINAL_KEPT_FOR).timestamp().to_string()));
        changes.put("held", &self.table, row)
    }

    /// What is known of a mail that is held.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn held<T: serde::de::DeserializeOwned>(&self, scope: Scope, message: &str) -> Result<Option<T>, StoreError> {
        self.read("held", &keys::held(scope, message)).await
    }
}
