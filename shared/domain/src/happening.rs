//! Happenings: the one log that reports, exports and the stream are views of.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::{CommentId, HappeningId, ItemId};
use crate::item::ItemKind;
use crate::person::Actor;
use crate::record::RecordOf;

/// What happened to an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It was added.
    Created,
    /// Something about it was changed.
    Changed,
    /// It was done.
    Completed,
    /// Its due date passed while it was open.
    Late,
    /// It was called off.
    Cancelled,
    /// A value was recorded on it.
    Recorded,
    /// It was handed in.
    Submitted,
    /// It was signed by everyone.
    Signed,
    /// It was paid.
    Paid,
    /// It was shown to, or sent to, the other party.
    Shared,
    /// Somebody commented on it.
    Commented,
}

/// One dated fact about an item. Never changed, never removed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Happening {
    /// Id.
    pub id: HappeningId,
    /// Whose record it is in.
    #[serde(flatten)]
    pub record: RecordOf,
    /// The item it is about.
    pub item_id: ItemId,
    /// The item's kind.
    pub kind: ItemKind,
    /// What happened.
    pub what: What,
    /// When it became part of the record.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub by: Actor,
    /// The item's title: kept as it was at that moment, told as it is now.
    pub title: String,
    /// What changed, in a few words, where `what` does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The value recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// What was said, for a comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment_id: Option<CommentId>,
    /// The day the fact is about, where it is not the day of `at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<NaiveDate>,
}
