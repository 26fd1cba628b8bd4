//! Records: a client's own, and those that a group shares (P-10).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::{ClientFacts, GroupFacts, ItemFacts, Resource};
use crate::check::Invalid;
use crate::client::Level;
use crate::id::{ClientId, GroupId};
use crate::item::{ItemDraft, ItemKind, Visibility};

/// Whose record something is in: the field says which, and the id is its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub enum RecordOf {
    /// A client's own.
    #[serde(rename = "client_id")]
    Client(ClientId),
    /// A group's: its clients and coaches share it.
    #[serde(rename = "group_id")]
    Group(GroupId),
}

impl RecordOf {
    /// The client, where it is a client's own.
    pub fn client(self) -> Option<ClientId> {
        match self {
            Self::Client(id) => Some(id),
            Self::Group(_) => None,
        }
    }

    /// The group, where it is a group's.
    pub fn group(self) -> Option<GroupId> {
        match self {
            Self::Client(_) => None,
            Self::Group(id) => Some(id),
        }
    }
}

impl From<ClientId> for RecordOf {
    fn from(id: ClientId) -> Self {
        Self::Client(id)
    }
}

impl From<GroupId> for RecordOf {
    fn from(id: GroupId) -> Self {
        Self::Group(id)
    }
}

/// What access needs to know of whose record it is, for one viewer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordFacts {
    /// Of a client's own record.
    Client(ClientFacts),
    /// Of a group's.
    Group(GroupFacts),
}

impl RecordFacts {
    /// The record, as access asks about it.
    pub fn record(&self) -> Resource<'_> {
        match self {
            Self::Client(client) => Resource::Record(client),
            Self::Group(group) => Resource::GroupRecord(group),
        }
    }

    /// Whose record it is: a client's profile, a group's name.
    pub fn known(&self) -> Resource<'_> {
        match self {
            Self::Client(client) => Resource::Client(client),
            Self::Group(group) => Resource::Group(group),
        }
    }

    /// The record, as access asks whether it may be reported on, and to whom.
    pub fn reported(&self) -> Resource<'_> {
        match self {
            Self::Client(client) => Resource::Client(client),
            Self::Group(group) => Resource::GroupRecord(group),
        }
    }

    /// An item in it.
    pub fn item<'a>(&'a self, item: &'a ItemFacts) -> Resource<'a> {
        match self {
            Self::Client(client) => Resource::Item(client, item),
            Self::Group(group) => Resource::GroupItem(group, item),
        }
    }

    /// What was said on an item in it: what a group says, all of it hears.
    pub fn comments<'a>(&'a self, item: &'a ItemFacts) -> Resource<'a> {
        match self {
            Self::Client(client) => Resource::Comments(client, item),
            Self::Group(group) => Resource::GroupItem(group, item),
        }
    }

    /// Whether it is closed to everybody because its client is archived.
    pub fn is_archived(&self) -> bool {
        match self {
            Self::Client(client) => client.archived,
            Self::Group(_) => false,
        }
    }

    /// The same, as if it were not archived.
    #[must_use]
    pub fn as_open(&self) -> Self {
        match self {
            Self::Client(client) => Self::Client(ClientFacts { archived: false, ..client.clone() }),
            Self::Group(group) => Self::Group(*group),
        }
    }

    /// What the viewer is to the client; the most that they are to any client of the group.
    pub fn level(&self) -> Level {
        match self {
            Self::Client(ClientFacts { level, .. }) | Self::Group(GroupFacts { level, .. }) => *level,
        }
    }
}

/// Whether a group's record can hold items of this kind: what binds or bills somebody is in that client's own.
pub fn group_has(kind: ItemKind) -> bool {
    match kind {
        ItemKind::Action
        | ItemKind::Metric
        | ItemKind::Worksheet
        | ItemKind::SessionNote
        | ItemKind::Note
        | ItemKind::JournalEntry
        | ItemKind::File
        | ItemKind::Appointment
        | ItemKind::CourseStep
        | ItemKind::Message => true,
        ItemKind::Agreement | ItemKind::Contract | ItemKind::Invoice => false,
    }
}

/// What a draft says once it is for this record: everything in a group's is shared.
///
/// # Errors
/// Where it asks for what a group's record does not hold.
pub fn fit(draft: &ItemDraft, record: RecordOf) -> Result<ItemDraft, Invalid> {
    match record {
        RecordOf::Client(_) => Ok(draft.clone()),
        RecordOf::Group(_) if draft.kind.is_some_and(|kind| !group_has(kind)) => {
            Err(Invalid::field("kind", "is for a client's own record: what binds or bills somebody is theirs alone"))
        }
        RecordOf::Group(_) if draft.visibility == Some(Visibility::Private) => {
            Err(Invalid::field("visibility", "must be shared: a group's record is shared by all of it"))
        }
        RecordOf::Group(_) => Ok(ItemDraft { visibility: Some(Visibility::Shared), ..draft.clone() }),
    }
}

/// The records that a set of things is in, by whose they are.
pub fn split(records: impl IntoIterator<Item = RecordOf>) -> (BTreeSet<ClientId>, BTreeSet<GroupId>) {
    let mut split = (BTreeSet::new(), BTreeSet::new());
    for record in records {
        match record {
            RecordOf::Client(id) => split.0.insert(id),
            RecordOf::Group(id) => split.1.insert(id),
        };
    }
    split
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use ulid::Ulid;

    use super::*;

    #[test]
    fn the_field_says_whose_it_is() {
        let (client, group) = (RecordOf::Client(ClientId(Ulid(1))), RecordOf::Group(GroupId(Ulid(2))));
        assert_eq!(json!(client), json!({ "client_id": "00000000000000000000000001" }));
        assert_eq!(json!(group), json!({ "group_id": "00000000000000000000000002" }));
        assert_eq!(split([group, client, client]), ([ClientId(Ulid(1))].into(), [GroupId(Ulid(2))].into()));
    }

    #[test]
    fn a_group_shares_everything_and_binds_nobody() {
        let group = RecordOf::Group(GroupId(Ulid(2)));
        let client = RecordOf::Client(ClientId(Ulid(1)));
        for kind in ItemKind::ALL {
            let draft = ItemDraft { kind: Some(kind), ..ItemDraft::default() };
            assert_eq!(fit(&draft, client), Ok(draft.clone()));
            let binds = matches!(kind, ItemKind::Agreement | ItemKind::Contract | ItemKind::Invoice);
            assert_eq!(fit(&draft, group).map(|draft| draft.visibility).ok(), (!binds).then_some(Some(Visibility::Shared)), "{kind:?}");
            assert!(fit(&ItemDraft { visibility: Some(Visibility::Private), ..draft }, group).is_err());
        }
    }
}
