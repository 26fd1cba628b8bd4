//! People with a login, and addresses without one.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::{ClientId, CompanyId, LocationId, MemberId, PersonnelId};
use crate::item::ItemKind;
use crate::listing::Columns;

/// An e-mail address, as given; two are the same address when their lower-cased forms are.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, format = "email", example = "hr@acme.example")]
pub struct Email(String);

impl Email {
    /// Reads an address: `local@domain.tld`, at most 254 characters, printable ASCII (SES sends to no other).
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let options = email_address::Options::default().with_required_tld().without_display_text().without_domain_literal();
        let valid = text.len() <= 254
            && text.bytes().all(|b| b.is_ascii_graphic())
            && email_address::EmailAddress::parse_with_options(text, options).is_ok();
        if valid { Ok(Self(text.to_owned())) } else { Err("is not an e-mail address; use one like name@example.com".into()) }
    }

    /// The address as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form that decides whether two addresses are the same.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// Enough of the address for a person to know it again, for pages that anybody with the link can open.
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.split_once('@').unwrap_or((&self.0, ""));
        format!("{}…@{domain}", &local[..local.len().min(1)])
    }
}

impl PartialEq for Email {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}
impl Eq for Email {}

impl std::fmt::Display for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who somebody is, whatever kind of person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum PersonId {
    /// A member of the account's own organisation.
    Member(MemberId),
    /// A coached person.
    Client(ClientId),
    /// A person of a client company.
    Personnel(PersonnelId),
}

/// Who did something: a person, or the system itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Actor {
    /// A member of the account's own organisation.
    Member(MemberId),
    /// A coached person.
    Client(ClientId),
    /// A person of a client company.
    Personnel(PersonnelId),
    /// Cairn, on a schedule or in answer to an event.
    System,
}

impl From<PersonId> for Actor {
    fn from(person: PersonId) -> Self {
        match person {
            PersonId::Member(id) => Self::Member(id),
            PersonId::Client(id) => Self::Client(id),
            PersonId::Personnel(id) => Self::Personnel(id),
        }
    }
}

/// How far a member administers the organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, Default)]
#[serde(rename_all = "snake_case")]
pub enum Administrator {
    /// Not an administrator.
    #[default]
    None,
    /// Of one location of the organisation.
    Location,
    /// Of the whole organisation.
    Global,
}

/// What a member may do beyond their role. A coach without any is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Add and change members, their permissions and pairings.
    ManageTeam,
    /// Add, change and archive any client, company and group.
    ManageClients,
    /// Add and change programs.
    ManagePrograms,
    /// See the happenings of all clients, later ones too, without interacting.
    ViewAllClientHappenings,
    /// See the happenings of all groups.
    ViewAllGroupHappenings,
    /// Set up reports that leave the house, on any client they may see.
    ReportToThirdParties,
    /// Export client records.
    Export,
    /// See and change what the account pays for.
    Billing,
}

impl Permission {
    /// All of them: what the first administrator of an account has.
    pub const ALL: [Self; 8] = [
        Self::ManageTeam,
        Self::ManageClients,
        Self::ManagePrograms,
        Self::ViewAllClientHappenings,
        Self::ViewAllGroupHappenings,
        Self::ReportToThirdParties,
        Self::Export,
        Self::Billing,
    ];
}

/// Which mail a person wants. Everything is on until switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Notifications {
    /// Engagements that go off track.
    pub off_track: bool,
    /// The other party's comments on items. Without a choice, the client and the primary coach hear of them, and members
    /// who coach beside the primary coach do not (C-2).
    #[schema(required = false)]
    pub comments: Option<bool>,
    /// What concerns one's own reports: a late run, a recipient who unsubscribed.
    pub reports: bool,
}

impl Default for Notifications {
    fn default() -> Self {
        Self { off_track: true, comments: None, reports: true }
    }
}

/// A person of the account's own organisation: coach, administrator, or both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Member {
    /// Id.
    pub id: MemberId,
    /// First and last name.
    pub name: String,
    /// Address, unique among the members of the account.
    pub email: Email,
    /// Whether they coach.
    pub coach: bool,
    /// Whether they administer, and how far.
    pub administrator: Administrator,
    /// Of which location, for a location administrator.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub location_id: Option<LocationId>,
    /// What else they may do.
    pub permissions: BTreeSet<Permission>,
    /// Whether they may still do anything; a deactivated member sees nothing and gets nothing.
    pub active: bool,
    /// When they were last deactivated: browsers that were signed in by then are so no more.
    #[serde(default)]
    pub shut_at: Option<DateTime<Utc>>,
    /// The zone their dates are shown in.
    #[schema(value_type = String, example = "America/New_York")]
    pub time_zone: Tz,
    /// Which mail they want.
    pub notifications: Notifications,
    /// Which columns they see, where they chose other ones than everybody begins with.
    #[serde(default, skip_serializing_if = "Columns::is_default")]
    #[schema(required = false)]
    pub columns: Columns,
    /// When they were added.
    pub created_at: DateTime<Utc>,
    /// When they were last changed.
    pub updated_at: DateTime<Utc>,
    /// Counts changes, from 1.
    pub version: u64,
}

impl Member {
    /// Whether they have the permission.
    pub fn may(&self, permission: Permission) -> bool {
        self.active && self.permissions.contains(&permission)
    }
}

/// A person of a client company, with a login.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Personnel {
    /// Id.
    pub id: PersonnelId,
    /// Their company.
    pub company_id: CompanyId,
    /// First and last name.
    pub name: String,
    /// Address, unique among the personnel of the account.
    pub email: Email,
    /// Whether they administer their company.
    pub administrator: bool,
    /// An administrator of this location of the company alone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub location_id: Option<LocationId>,
    /// The kinds of item they may see of their own company's clients; invoices and agreements count separately.
    pub grants: BTreeSet<ItemKind>,
    /// Whether they may still see anything.
    pub active: bool,
    /// When they were last deactivated: browsers that were signed in by then are so no more.
    #[serde(default)]
    pub shut_at: Option<DateTime<Utc>>,
    /// The zone their dates are shown in.
    #[schema(value_type = String, example = "America/New_York")]
    pub time_zone: Tz,
    /// Which mail they want.
    pub notifications: Notifications,
    /// Which columns they see, where they chose other ones than everybody begins with.
    #[serde(default, skip_serializing_if = "Columns::is_default")]
    #[schema(required = false)]
    pub columns: Columns,
    /// When they were added.
    pub created_at: DateTime<Utc>,
    /// When they were last changed.
    pub updated_at: DateTime<Utc>,
    /// Counts changes, from 1.
    pub version: u64,
}

#[cfg(test)]
mod tests {
    use super::Email;

    #[test]
    fn addresses_are_read_and_compared_without_case() {
        for good in ["a@b.co", "First.Last+tag@Sub.Example.COM", " hr@acme.example "] {
            assert!(Email::parse(good).is_ok(), "{good}");
        }
        for bad in
            ["", "nobody", "a@b", "a b@c.de", "a@b.de\nBcc: x@y.z", "Ann <a@b.de>", "ü@example.com", "a@[127.0.0.1]", "a,b@c.de;d@e.fg"]
        {
            assert!(Email::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(Email::parse("A@B.de").unwrap(), Email::parse("a@b.DE").unwrap());
        assert_eq!(Email::parse("maya@onward.example").unwrap().masked(), "m…@onward.example");
    }
}
