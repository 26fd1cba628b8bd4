//! Clients, and who is paired with them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::check::Invalid;
use crate::id::{ClientId, CompanyId, MemberId};
use crate::listing::Columns;
use crate::person::{Email, Notifications};

/// Where a client's portal stands (P-5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Portal {
    /// An internal record; the client has heard of nothing.
    #[default]
    NotInvited,
    /// The invitation is out.
    Pending,
    /// The client accepted.
    Active,
    /// Switched off after acceptance.
    Disabled,
}

/// The person who is coached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Client {
    /// Id.
    pub id: ClientId,
    /// First name.
    pub first_name: String,
    /// Last name; may be empty.
    pub last_name: String,
    /// Address, unique among the clients of the account (P-7); without one no mail goes to the client.
    #[serde(default)]
    pub email: Option<Email>,
    /// Phone number, as typed.
    #[serde(default)]
    pub phone: Option<String>,
    /// Words to find the client by.
    pub tags: BTreeSet<String>,
    /// Web site.
    #[serde(default)]
    pub website: Option<String>,
    /// Addresses of profiles elsewhere.
    pub social_links: Vec<String>,
    /// The client's company, if any.
    #[serde(default)]
    pub company_id: Option<CompanyId>,
    /// The zone their dates are shown in.
    #[schema(value_type = String, example = "America/New_York")]
    pub time_zone: Tz,
    /// Where the portal stands.
    pub portal: Portal,
    /// Archived: readable, not editable, in no report (P-4).
    pub archived: bool,
    /// Which mail they want.
    pub notifications: Notifications,
    /// Which columns they see, where they chose other ones than everybody begins with.
    #[serde(default, skip_serializing_if = "Columns::is_default")]
    #[schema(required = false)]
    pub columns: Columns,
    /// When the record was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Counts changes, from 1.
    pub version: u64,
}

impl Client {
    /// First and last name.
    pub fn name(&self) -> String {
        if self.last_name.is_empty() { self.first_name.clone() } else { format!("{} {}", self.first_name, self.last_name) }
    }
}

/// What a member is to a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing.
    #[default]
    None,
    /// Reads, never writes.
    ViewOnly,
    /// Coaches beside the primary coach.
    Coaching,
    /// "My coach" to the client; exactly one per client.
    Primary,
}

/// One member's level with one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Pairing {
    /// The client.
    pub client_id: ClientId,
    /// The member.
    pub member_id: MemberId,
    /// Their level.
    pub level: Level,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// Decides what the pairings of one client are after some of them are set: the levels given replace those of the
/// members named, all others stay, and exactly one primary must come out.
///
/// # Errors
/// Where no or more than one primary would be left.
pub fn pair(before: &BTreeMap<MemberId, Level>, set: &BTreeMap<MemberId, Level>) -> Result<BTreeMap<MemberId, Level>, Invalid> {
    let mut after = before.clone();
    after.extend(set.iter().map(|(member, level)| (*member, *level)));
    after.retain(|_, level| *level != Level::None);
    match after.values().filter(|level| **level == Level::Primary).count() {
        1 => Ok(after),
        0 => Err(Invalid::field("pairings", "would leave the client without a primary coach; name another primary in the same set")),
        n => Err(Invalid::field("pairings", format!("would give the client {n} primary coaches; exactly one is allowed"))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ulid::Ulid;

    use super::*;

    fn member(n: u8) -> MemberId {
        MemberId(Ulid(u128::from(n)))
    }

    fn levels() -> impl Strategy<Value = BTreeMap<MemberId, Level>> {
        let level = prop_oneof![Just(Level::None), Just(Level::ViewOnly), Just(Level::Coaching), Just(Level::Primary)];
        proptest::collection::btree_map((0_u8..4).prop_map(member), level, 0..4)
    }

    proptest! {
        #[test]
        fn pairing_leaves_exactly_one_primary_or_changes_nothing(before in levels(), set in levels()) {
            if let Ok(after) = pair(&before, &set) {
                prop_assert_eq!(after.values().filter(|l| **l == Level::Primary).count(), 1);
                for (member, level) in &set {
                    prop_assert_eq!(after.get(member).copied().unwrap_or_default(), *level);
                }
                for (member, level) in before.iter().filter(|(m, _)| !set.contains_key(m)) {
                    prop_assert_eq!(after.get(member).copied().unwrap_or_default(), *level);
                }
            }
        }
    }

    #[test]
    fn a_primary_is_replaced_in_one_set() {
        let before = BTreeMap::from([(member(1), Level::Primary), (member(2), Level::ViewOnly)]);
        assert!(pair(&before, &BTreeMap::from([(member(1), Level::None)])).is_err());
        assert!(pair(&before, &BTreeMap::from([(member(2), Level::Primary)])).is_err());
        let after = pair(&before, &BTreeMap::from([(member(1), Level::None), (member(2), Level::Primary)])).unwrap();
        assert_eq!(after, BTreeMap::from([(member(2), Level::Primary)]));
    }
}
