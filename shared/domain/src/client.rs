//! Clients, and who is paired with them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::check::{Invalid, fold};
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

impl Portal {
    /// Whether the client has accepted an invitation, so that their address is what they sign in with.
    pub fn is_accepted(self) -> bool {
        match self {
            Self::Active | Self::Disabled => true,
            Self::NotInvited | Self::Pending => false,
        }
    }
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
    /// When the invitation to the portal was last sent to the address the client has.
    #[serde(default)]
    pub invited_at: Option<DateTime<Utc>>,
    /// When the portal was last switched off, or the record archived: browsers that were signed in by then are so no more.
    #[serde(default)]
    pub shut_at: Option<DateTime<Utc>>,
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

    /// Whether words are part of the name, address, phone number, web site or a tag, without regard to case and accents,
    /// nor in phone numbers to how the digits are set apart (P-1).
    pub fn is_found_by(&self, words: &str) -> bool {
        let words = fold(words.trim());
        let texts = [self.email.as_ref().map(Email::as_str), self.phone.as_deref(), self.website.as_deref()];
        let texts = texts.into_iter().flatten().chain(self.tags.iter().map(String::as_str));
        fold(&self.name()).contains(&words) || texts.map(fold).any(|text| text.contains(&words)) || self.has_phone(&words)
    }

    fn has_phone(&self, words: &str) -> bool {
        let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
        let is_number = words.chars().all(|c| c.is_ascii_digit() || " +-./()".contains(c));
        let wanted = digits(words);
        is_number && wanted.len() >= 3 && self.phone.as_deref().is_some_and(|phone| digits(phone).contains(&wanted))
    }
}

/// For how long an invitation can be accepted.
pub const INVITATION: Duration = Duration::days(7);
/// How long an invitation is not repeated, to a client and to an address.
pub const INVITED_AGAIN: Duration = Duration::days(1);

/// What can be done with a client's portal (P-5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortalMove {
    /// Invites the client, or invites once more.
    Invite,
    /// Takes the invitation back.
    Cancel,
    /// The client accepts the invitation that was made at this time.
    Accept(DateTime<Utc>),
    /// Switches the portal on or off.
    Switch(bool),
}

/// Why a move of a portal is not possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PortalRefused {
    /// Invitations go out once a day at most.
    #[error("the client was invited less than a day ago; an invitation is sent once a day at most")]
    InvitedRecently,
    /// The client has accepted already.
    #[error("the client has accepted an invitation already")]
    Accepted,
    /// The client has not accepted yet.
    #[error("the client has not accepted an invitation yet; only then the portal can be switched on and off")]
    NotAccepted,
    /// The invitation was taken back, or replaced by a later one.
    #[error("the invitation was taken back, or replaced by a later one")]
    NotInvited,
    /// The invitation is older than 7 days.
    #[error("the invitation is older than 7 days")]
    Expired,
}

/// The client after a move of the portal (P-5); `None` where nothing is to be done, because it stands so already.
///
/// # Errors
/// [`PortalRefused`].
pub fn move_portal(before: &Client, asked: PortalMove, now: DateTime<Utc>) -> Result<Option<Client>, PortalRefused> {
    let invited_at = before.invited_at;
    // links carry milliseconds
    let is_latest = |at: DateTime<Utc>| invited_at.is_some_and(|invited| invited.timestamp_millis() == at.timestamp_millis());
    let (portal, invited_at) = match (asked, before.portal) {
        (PortalMove::Invite, Portal::NotInvited | Portal::Pending) => match invited_at {
            Some(at) if now - at < INVITED_AGAIN => return Err(PortalRefused::InvitedRecently),
            Some(_) | None => (Portal::Pending, Some(now)),
        },
        (PortalMove::Invite | PortalMove::Cancel, Portal::Active | Portal::Disabled) => return Err(PortalRefused::Accepted),
        (PortalMove::Cancel, Portal::Pending) => (Portal::NotInvited, invited_at),
        (PortalMove::Accept(at), Portal::Pending) if !is_latest(at) => return Err(PortalRefused::NotInvited),
        (PortalMove::Accept(at), Portal::Pending) if now - at > INVITATION => return Err(PortalRefused::Expired),
        (PortalMove::Accept(_), Portal::Pending) | (PortalMove::Switch(true), Portal::Disabled) => (Portal::Active, invited_at),
        (PortalMove::Accept(at), Portal::Active) if is_latest(at) => return Ok(None),
        (PortalMove::Accept(_), Portal::NotInvited | Portal::Active | Portal::Disabled) => return Err(PortalRefused::NotInvited),
        (PortalMove::Switch(false), Portal::Active) => (Portal::Disabled, invited_at),
        (PortalMove::Switch(_), Portal::NotInvited | Portal::Pending) => return Err(PortalRefused::NotAccepted),
        (PortalMove::Cancel, Portal::NotInvited)
        | (PortalMove::Switch(true), Portal::Active)
        | (PortalMove::Switch(false), Portal::Disabled) => return Ok(None),
    };
    let shut_at = if portal == Portal::Disabled { Some(now) } else { before.shut_at };
    Ok(Some(Client { portal, invited_at, shut_at, updated_at: now, version: before.version + 1, ..before.clone() }))
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

impl Level {
    /// Whether the pairing lets a member work with the client.
    pub fn coaches(self) -> bool {
        match self {
            Self::Primary | Self::Coaching => true,
            Self::ViewOnly | Self::None => false,
        }
    }
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

    #[test]
    fn a_client_is_found_however_the_words_are_written() {
        let client = Client {
            first_name: "Zoë".into(),
            last_name: "Ångström".into(),
            phone: Some("+49 (30) 12-34 56".into()),
            website: Some("https://zoe.example/Über".into()),
            tags: BTreeSet::from(["VIP Führung".into()]),
            ..crate::sample::client(1, None)
        };
        for found in
            ["zoe", "ZOË ang", "c1@X.example", "vip fuhrung", "zoe.example/uber", "(30)", "30123", "+49 30 123", "30.12.34.56", "", "  "]
        {
            assert!(client.is_found_by(found), "{found}");
        }
        for not in ["anna", "zoe  ang", "12345678", "3012x", "99", "vip  "] {
            assert_eq!(client.is_found_by(not), not == "vip  ", "{not}");
        }
    }

    #[test]
    fn a_portal_moves_as_this_table_says() {
        use PortalMove::{Accept, Cancel, Invite, Switch};
        use PortalRefused::{Accepted, Expired, InvitedRecently, NotAccepted, NotInvited};

        let now: DateTime<Utc> = "2026-03-10T12:00:00Z".parse().unwrap();
        let ago = |hours: i64| now - Duration::hours(hours);
        let day = 24;
        for (portal, invited, asked, expected) in [
            (Portal::NotInvited, None, Invite, Ok(Some((Portal::Pending, Some(now))))),
            // taken back: still one mail a day
            (Portal::NotInvited, Some(2), Invite, Err(InvitedRecently)),
            (Portal::Pending, Some(day - 1), Invite, Err(InvitedRecently)),
            (Portal::Pending, Some(day), Invite, Ok(Some((Portal::Pending, Some(now))))),
            (Portal::Active, Some(day), Invite, Err(Accepted)),
            (Portal::Disabled, Some(day), Invite, Err(Accepted)),
            (Portal::NotInvited, None, Cancel, Ok(None)),
            (Portal::Pending, Some(2), Cancel, Ok(Some((Portal::NotInvited, Some(ago(2)))))),
            (Portal::Active, Some(2), Cancel, Err(Accepted)),
            (Portal::Disabled, Some(2), Cancel, Err(Accepted)),
            (Portal::NotInvited, Some(2), Accept(ago(2)), Err(NotInvited)),
            (Portal::Pending, Some(2), Accept(ago(2)), Ok(Some((Portal::Active, Some(ago(2)))))),
            (Portal::Pending, Some(2), Accept(ago(30)), Err(NotInvited)),
            (Portal::Pending, Some(7 * day), Accept(ago(7 * day)), Ok(Some((Portal::Active, Some(ago(7 * day)))))),
            (Portal::Pending, Some(7 * day + 1), Accept(ago(7 * day + 1)), Err(Expired)),
            (Portal::Active, Some(2), Accept(ago(2)), Ok(None)),
            (Portal::Active, Some(2), Accept(ago(30)), Err(NotInvited)),
            (Portal::Disabled, Some(2), Accept(ago(2)), Err(NotInvited)),
            (Portal::NotInvited, None, Switch(true), Err(NotAccepted)),
            (Portal::Pending, Some(2), Switch(false), Err(NotAccepted)),
            (Portal::Active, Some(2), Switch(false), Ok(Some((Portal::Disabled, Some(ago(2)))))),
            (Portal::Active, Some(2), Switch(true), Ok(None)),
            (Portal::Disabled, Some(2), Switch(true), Ok(Some((Portal::Active, Some(ago(2)))))),
            (Portal::Disabled, Some(2), Switch(false), Ok(None)),
        ] {
            let client = Client { portal, invited_at: invited.map(ago), ..crate::sample::client(1, None) };
            let moved = move_portal(&client, asked, now).map(|after| after.map(|after| (after.portal, after.invited_at)));
            assert_eq!(moved, expected, "{portal:?} invited {invited:?} hours ago, {asked:?}");
        }
    }

    #[test]
    fn it_is_known_when_a_portal_was_last_shut() {
        let on: DateTime<Utc> = "2026-03-10T12:00:00Z".parse().unwrap();
        let (off, on_again) = (on + Duration::hours(1), on + Duration::hours(2));
        let client = Client { portal: Portal::Active, ..crate::sample::client(1, None) };
        let client = move_portal(&client, PortalMove::Switch(false), off).unwrap().unwrap();
        assert_eq!(client.shut_at, Some(off));
        let client = move_portal(&client, PortalMove::Switch(true), on_again).unwrap().unwrap();
        assert_eq!((client.portal, client.shut_at), (Portal::Active, Some(off)));
    }
}
