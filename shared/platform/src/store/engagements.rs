//! Programs, engagements, their sessions, how they are filed, and what the daily sweep collects.

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use domain::digest::{Crossing, Digests};
use domain::engagement::{Engagement, EngagementHappening, Session};
use domain::id::{ClientId, EngagementId, HappeningId, MemberId, ProgramId, SessionId};
use domain::person::PersonId;
use domain::program::Program;
use domain::progress::Tracking;
use serde::{Deserialize, Serialize};

use super::keys::{self, Scope};
use super::{After, Changes, Index, Key, Query, Range, Row, Store, StoreError, built, failed, from_row, text, to_row};

/// For how long crossings, and who was owed a digest of them, are kept.
const KEPT: Duration = Duration::days(60);

/// An engagement with all that its progress depends on, as they are at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Whole {
    /// The engagement.
    pub engagement: Engagement,
    /// How it is filed.
    pub tracking: Tracking,
    /// Its sessions and discovery calls, in the order they were added.
    pub sessions: Vec<Session>,
}

/// Somebody who is owed a digest of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// Who.
    pub person: PersonId,
    /// When the row goes by itself (epoch seconds).
    pub expires: i64,
}

/// What the due index has for one account.
#[derive(Clone, Debug, PartialEq)]
pub enum Due {
    /// An engagement has crossed.
    Engagement(Scope, Box<Tracking>),
    /// A digest is to be made.
    Digests(Scope),
}

/// Which engagement a session is of.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Pointer {
    engagement_id: EngagementId,
}

#[derive(Serialize)]
struct Kept<'a> {
    #[serde(flatten)]
    crossing: &'a Crossing,
    expires: i64,
}

/// Whether a row of how an engagement is filed stands in the indexes where it should.
fn is_placed(scope: Scope, row: &Row) -> bool {
    let Ok(tracking) = from_row::<Tracking>("tracking", row.clone()) else { return false };
    let place = keys::tracking(scope, &tracking);
    Index::ALL.iter().all(|index| {
        let wanted = place.indexes.iter().find(|(at, _, _)| at == index).map(|(_, pk, sk)| (pk.clone(), sk.clone()));
        let found = row.contains_key(index.pk()).then(|| (text(row, index.pk()), text(row, index.sk())));
        wanted == found
    })
}

impl Store {
    /// A program.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn program(&self, scope: Scope, id: ProgramId) -> Result<Option<Program>, StoreError> {
        self.read("program", &keys::program(scope, id)).await
    }

    /// The programs of the account, in the order they were added.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn programs(&self, scope: Scope) -> Result<Vec<Program>, StoreError> {
        self.of_account("program", scope, keys::PROGRAMS).await
    }

    /// Adds a program.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_program(&self, changes: &mut Changes, scope: Scope, program: &Program) -> Result<(), StoreError> {
        changes.add("program", &self.table, to_row("program", &keys::program(scope, program.id).into(), program)?)
    }

    /// Changes a program; unmet `version`.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn replace_program(&self, changes: &mut Changes, scope: Scope, program: &Program) -> Result<(), StoreError> {
        let row = to_row("program", &keys::program(scope, program.id).into(), program)?;
        changes.replace("version", &self.table, row, program.version - 1)
    }

    /// An engagement, deleted or not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn engagement(&self, scope: Scope, id: EngagementId) -> Result<Option<Engagement>, StoreError> {
        self.read("engagement", &keys::engagement_key(scope, id)).await
    }

    /// An engagement with its sessions and how it is filed, deleted or not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn whole_engagement(&self, scope: Scope, id: EngagementId) -> Result<Option<Whole>, StoreError> {
        let rows = self.query_rows(&Query::table(keys::engagement_partition(scope, id), Range::All), None).await?;
        let (mut engagement, mut tracking, mut sessions) = (None, None, Vec::new());
        for row in rows {
            match text(&row, "type").as_str() {
                "engagement" => engagement = Some(from_row("engagement", row)?),
                "tracking" => tracking = Some(from_row("tracking", row)?),
                "session" => sessions.push(from_row("session", row)?),
                _ => {}
            }
        }
        Ok(engagement.zip(tracking).map(|(engagement, tracking)| Whole { engagement, tracking, sessions }))
    }

    /// These engagements, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn engagements_by_id(
        &self,
        scope: Scope,
        ids: impl IntoIterator<Item = EngagementId>,
    ) -> Result<Vec<Engagement>, StoreError> {
        self.read_many("engagement", ids.into_iter().map(|id| keys::engagement_key(scope, id))).await
    }

    /// How these engagements are filed, in no order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn trackings_by_id(&self, scope: Scope, ids: impl IntoIterator<Item = EngagementId>) -> Result<Vec<Tracking>, StoreError> {
        self.read_many("tracking", ids.into_iter().map(|id| keys::tracking_key(scope, id))).await
    }

    /// All engagements of the account, deleted ones too, in the order they were added.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn engagements(&self, scope: Scope) -> Result<Vec<Engagement>, StoreError> {
        self.query("engagement", &Query::index(Index::One, keys::engagements(scope), Range::All)).await
    }

    /// A page of the account's engagements, deleted ones too, in the order they were added.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn engagements_page(
        &self,
        scope: Scope,
        limit: usize,
        after: Option<After>,
    ) -> Result<(Vec<Engagement>, Option<After>), StoreError> {
        self.page("engagement", &Query::index(Index::One, keys::engagements(scope), Range::All).after(after), limit).await
    }

    /// Where a page of the account's engagements goes on after this one.
    pub fn engagements_after(&self, scope: Scope, id: EngagementId) -> After {
        After { key: keys::engagement_key(scope, id), index_sk: Some(id.to_string()) }
    }

    /// The engagements of a client, deleted ones too, in the order they were added.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn client_engagements(&self, scope: Scope, client: ClientId) -> Result<Vec<Engagement>, StoreError> {
        self.query("engagement", &Query::index(Index::Three, keys::client_engagements(scope, client), Range::All)).await
    }

    /// How those engagements of the account are filed that are due in a range of days, both included; by day.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tracked(&self, scope: Scope, from: NaiveDate, to: NaiveDate) -> Result<Vec<Tracking>, StoreError> {
        let range = Range::Between(format!("{from}#"), format!("{to}#~"));
        self.query("tracking", &Query::index(Index::One, keys::tracked(scope), range)).await
    }

    /// Adds an engagement, filed as it stands.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_engagement(
        &self,
        changes: &mut Changes,
        scope: Scope,
        engagement: &Engagement,
        tracking: &Tracking,
    ) -> Result<(), StoreError> {
        let place = keys::engagement(scope, engagement.id, engagement.client_id);
        changes.add("engagement", &self.table, to_row("engagement", &place, engagement)?)?;
        changes.add("tracking", &self.table, to_row("tracking", &keys::tracking(scope, tracking), tracking)?)
    }

    /// Changes an engagement and how it is filed; unmet `version`, or `tracking` where the sweep came between.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn replace_engagement(
        &self,
        changes: &mut Changes,
        scope: Scope,
        engagement: &Engagement,
        tracking: &Tracking,
    ) -> Result<(), StoreError> {
        let place = keys::engagement(scope, engagement.id, engagement.client_id);
        changes.replace("version", &self.table, to_row("engagement", &place, engagement)?, engagement.version - 1)?;
        self.replace_tracking(changes, scope, tracking)
    }

    /// That an engagement is of this version still; unmet `engagement`.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn require_engagement(&self, changes: &mut Changes, scope: Scope, engagement: &Engagement) -> Result<(), StoreError> {
        changes.require("engagement", &self.table, &keys::engagement_key(scope, engagement.id), engagement.version)
    }

    /// Files an engagement that is not filed; unmet `tracking`.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_tracking(&self, changes: &mut Changes, scope: Scope, tracking: &Tracking) -> Result<(), StoreError> {
        changes.add("tracking", &self.table, to_row("tracking", &keys::tracking(scope, tracking), tracking)?)
    }

    /// Some of the engagements of all accounts, in no order, each with whether the indexes show it where they should; and
    /// where to go on. Reads through the whole table.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn scan_engagements(&self, after: Option<Key>) -> Result<(Vec<(Scope, EngagementId, bool)>, Option<Key>), StoreError> {
        let answer = self
            .client
            .scan()
            .table_name(&self.table)
            .filter_expression("#type = :engagement")
            .expression_attribute_names("#type", "type")
            .expression_attribute_values(":engagement", AttributeValue::S("engagement".into()))
            .set_exclusive_start_key(after.map(|key| key.row()))
            .send()
            .await
            .map_err(|e| failed("Scan", &e))?;
        let mut found = Vec::new();
        for row in answer.items.unwrap_or_default() {
            let Some((scope, id)) = keys::read_engagement(&text(&row, "pk")) else { continue };
            let tracking = self.client.get_item().table_name(&self.table).set_key(Some(keys::tracking_key(scope, id).row()));
            let row = tracking.consistent_read(true).send().await.map_err(|e| failed("GetItem", &e))?.item;
            found.push((scope, id, row.is_none_or(|row| is_placed(scope, &row))));
        }
        let after = answer.last_evaluated_key.filter(|key| !key.is_empty());
        Ok((found, after.map(|row| Key { pk: text(&row, "pk"), sk: text(&row, "sk") })))
    }

    /// Changes how an engagement is filed; unmet `tracking`.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn replace_tracking(&self, changes: &mut Changes, scope: Scope, tracking: &Tracking) -> Result<(), StoreError> {
        let row = to_row("tracking", &keys::tracking(scope, tracking), tracking)?;
        changes.replace("tracking", &self.table, row, tracking.version - 1)
    }

    /// The engagement that a session is of.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn engagement_of_session(&self, scope: Scope, id: SessionId) -> Result<Option<EngagementId>, StoreError> {
        let pointer: Option<Pointer> = self.read("session pointer", &keys::session_pointer(scope, id)).await?;
        Ok(pointer.map(|pointer| pointer.engagement_id))
    }

    /// Adds a session; its engagement is changed in the same transaction.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_session(&self, changes: &mut Changes, scope: Scope, session: &Session) -> Result<(), StoreError> {
        let place = keys::session(scope, session.engagement_id, session.id).into();
        changes.add("session", &self.table, to_row("session", &place, session)?)?;
        let pointer = Pointer { engagement_id: session.engagement_id };
        changes.add("session", &self.table, to_row("session pointer", &keys::session_pointer(scope, session.id).into(), &pointer)?)
    }

    /// Changes a session; its engagement is changed in the same transaction. Unmet `version`.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn replace_session(&self, changes: &mut Changes, scope: Scope, session: &Session) -> Result<(), StoreError> {
        let row = to_row("session", &keys::session(scope, session.engagement_id, session.id).into(), session)?;
        changes.replace("version", &self.table, row, session.version - 1)
    }

    /// Adds to an engagement's log.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_engagement_happening(&self, changes: &mut Changes, scope: Scope, happening: &EngagementHappening) -> Result<(), StoreError> {
        let key = keys::engagement_happening(scope, happening.engagement_id, happening.at, happening.id);
        changes.add("happening", &self.table, to_row("engagement happening", &key.into(), happening)?)
    }

    /// A page of an engagement's log, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn engagement_log(
        &self,
        scope: Scope,
        engagement: EngagementId,
        limit: usize,
        after: Option<After>,
    ) -> Result<(Vec<EngagementHappening>, Option<After>), StoreError> {
        let query = Query::table(keys::engagement_log(scope, engagement), Range::All).newest_first().after(after);
        self.page("engagement happening", &query, limit).await
    }

    /// Where an engagement's log goes on after a happening.
    pub fn engagement_log_after(&self, scope: Scope, engagement: EngagementId, at: DateTime<Utc>, id: HappeningId) -> After {
        After { key: keys::engagement_happening(scope, engagement, at, id), index_sk: None }
    }

    /// What one part of the due index has by `now`: engagements that have crossed, and accounts with a digest to be made.
    /// One item is read for each, however many engagements there are.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due(&self, shard: u8, now: DateTime<Utc>) -> Result<Vec<Due>, StoreError> {
        let range = Range::Between("0".to_owned(), format!("{}#~", keys::time(now)));
        let rows = self.query_rows(&Query::index(Index::Three, keys::due(shard), range), None).await?;
        let read = |row: Row| -> Result<Option<Due>, StoreError> {
            let Some(scope) = keys::read_due(&text(&row, Index::Three.sk())) else { return Ok(None) };
            Ok(match text(&row, "type").as_str() {
                "tracking" => Some(Due::Engagement(scope, Box::new(from_row("tracking", row)?))),
                "digests" => Some(Due::Digests(scope)),
                _ => None,
            })
        };
        rows.into_iter().filter_map(|row| read(row).transpose()).collect()
    }

    /// How far an account's digests have got.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn digests(&self, scope: Scope) -> Result<Digests, StoreError> {
        Ok(self.read("digests", &keys::digests_key(scope)).await?.unwrap_or_default())
    }

    /// Changes how far an account's digests have got; `due_at` is when the sweep looks at them next. Unmet `digests`.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn set_digests(
        &self,
        changes: &mut Changes,
        scope: Scope,
        digests: &Digests,
        due_at: Option<DateTime<Utc>>,
    ) -> Result<(), StoreError> {
        let row = to_row("digests", &keys::digests(scope, due_at), digests)?;
        if digests.version == 1 {
            changes.add("digests", &self.table, row)
        } else {
            changes.replace("digests", &self.table, row, digests.version - 1)
        }
    }

    /// Demands that crossings are still collected under this epoch, and that it is known to have some; unmet `digests`.
    ///
    /// # Errors
    /// [`StoreError::Call`].
    pub fn require_epoch(&self, changes: &mut Changes, scope: Scope, epoch: u64) -> Result<(), StoreError> {
        let check = ConditionCheck::builder()
            .table_name(&self.table)
            .set_key(Some(keys::digests_key(scope).row()))
            .condition_expression("epoch = :epoch AND pending = :yes")
            .expression_attribute_values(":epoch", AttributeValue::N(epoch.to_string()))
            .expression_attribute_values(":yes", AttributeValue::Bool(true));
        changes.check("digests", check.build().map_err(|e| built(&e))?);
        Ok(())
    }

    /// Adds a crossing to an epoch.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_crossing(
        &self,
        changes: &mut Changes,
        scope: Scope,
        epoch: u64,
        crossing: &Crossing,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let kept = Kept { crossing, expires: (now + KEPT).timestamp() };
        changes.put("crossing", &self.table, to_row("crossing", &keys::crossing(scope, epoch, crossing).into(), &kept)?)
    }

    /// What crossed in an epoch: all of it, or that of which one coach is told.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn crossings(&self, scope: Scope, epoch: u64, coach: Option<MemberId>) -> Result<Vec<Crossing>, StoreError> {
        let range = coach.map_or(Range::All, |coach| Range::Prefix(keys::crossings_of(Some(coach))));
        self.query("crossing", &Query::table(keys::crossings(scope, epoch), range)).await
    }

    /// Notes that somebody is owed a digest of an epoch; saying so twice changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn owe_digest(
        &self,
        changes: &mut Changes,
        scope: Scope,
        epoch: u64,
        person: PersonId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let owed = Owed { person, expires: (now + KEPT).timestamp() };
        changes.put("owed", &self.table, to_row("owed digest", &keys::owed_digest(scope, epoch, person).into(), &owed)?)
    }

    /// Who is owed a digest of an epoch.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn owed_digests(&self, scope: Scope, epoch: u64) -> Result<Vec<Owed>, StoreError> {
        self.query("owed digest", &Query::table(keys::owed(scope, epoch), Range::All)).await
    }
}
