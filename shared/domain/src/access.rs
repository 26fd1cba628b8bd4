//! Who may do what: one function, asked by everything. What is not allowed here is not allowed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::client::{Client, Level, Portal};
use crate::engagement::{self, Engagement};
use crate::id::{AccountId, ClientId, CompanyId, GroupId, LocationId, MemberId, OrganisationId};
use crate::item::{Doing, Item, ItemKind, Move, Visibility};
use crate::person::{Actor, Administrator, Member, Permission, PersonId, Personnel};
use crate::report::AudienceKind;

/// Who asks.
#[derive(Clone, Debug, PartialEq)]
pub enum Viewer {
    /// A member of the account's own organisation.
    Member(Member),
    /// A coached person.
    Client(Client),
    /// A person of a client company.
    Personnel(Personnel),
}

impl Viewer {
    /// Who they are.
    pub fn person(&self) -> PersonId {
        match self {
            Self::Member(member) => PersonId::Member(member.id),
            Self::Client(client) => PersonId::Client(client.id),
            Self::Personnel(person) => PersonId::Personnel(person.id),
        }
    }

    /// Who they are, where the log says who did something.
    pub fn actor(&self) -> Actor {
        self.person().into()
    }

    /// The member, if they are one.
    pub fn member(&self) -> Option<&Member> {
        match self {
            Self::Member(member) => Some(member),
            Self::Client(_) | Self::Personnel(_) => None,
        }
    }

    fn may(&self, permission: Permission) -> bool {
        self.member().is_some_and(|member| member.may(permission))
    }
}

/// What is asked for. What it means depends on the [`Resource`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// See it.
    Read,
    /// Add one of it, or change it.
    Write,
    /// Add an item of this kind.
    Add(ItemKind),
    /// Do this with an item.
    Do(Doing),
    /// Comment on it.
    Comment,
    /// Report on it to this audience.
    Report(AudienceKind),
    /// Take a copy of it out of the house as a file.
    Export,
}

/// What an access is about.
#[derive(Clone, Copy, Debug)]
pub enum Resource<'a> {
    /// The account itself: name, zone, features.
    Account,
    /// Members, their permissions and pairings.
    Team,
    /// A client's profile; adding clients is writing to [`Resource::Clients`].
    Client(&'a ClientFacts),
    /// The list of clients: reading it shows those one may read.
    Clients,
    /// A client's pairings.
    Pairings(&'a ClientFacts),
    /// Who sees a client's record, and which reports are on them; writing is sharing the record with a member (P-3).
    Sharing(&'a ClientFacts),
    /// What somebody may do, and why.
    Explanation(PersonId),
    /// The log and list of a client's items. What may be added to it is asked by kind; writing is adding anything at all.
    Record(&'a ClientFacts),
    /// One item of a client.
    Item(&'a ClientFacts, &'a ItemFacts),
    /// What was said on an item: between the client and those who coach. Adding to it is [`Action::Comment`] on the item.
    Comments(&'a ClientFacts, &'a ItemFacts),
    /// Companies, their locations and personnel.
    Companies,
    /// One company.
    Company(CompanyId),
    /// A group: its name and its clients.
    Group(&'a GroupFacts),
    /// Groups as such: adding them.
    Groups,
    /// The log and list of what a group shares; writing is adding to it (P-10).
    GroupRecord(&'a GroupFacts),
    /// One item that a group shares, with what was said on it.
    GroupItem(&'a GroupFacts, &'a ItemFacts),
    /// A Happenings Report, by who set it up.
    Report(MemberId),
    /// Reports as such: adding one's own.
    Reports,
    /// The audit trail.
    Audit,
    /// Addresses that no mail goes to.
    Suppressions,
    /// Templates for engagements.
    Programs,
    /// An engagement; writing is changing it, its sessions and breaks.
    Engagement(&'a ClientFacts, &'a EngagementFacts),
    /// How an engagement stands: reading it, and whatever it could be told from (T-8).
    Progress(&'a EngagementFacts),
    /// An export that somebody asked for.
    Export {
        /// Who asked for it.
        by: PersonId,
        /// The client it is of; of the whole account without.
        of: Option<&'a ClientFacts>,
    },
}

/// What access needs to know of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientFacts {
    /// The client.
    pub id: ClientId,
    /// What the viewer is to the client; `None` for viewers who are not members.
    pub level: Level,
    /// The client's company.
    pub company: Option<CompanyId>,
    /// Whether the record is archived.
    pub archived: bool,
}

impl ClientFacts {
    /// The facts of a client, for a viewer of this level.
    pub fn of(client: &Client, level: Level) -> Self {
        Self { id: client.id, level, company: client.company_id, archived: client.archived }
    }
}

/// What access needs to know of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupFacts {
    /// The group.
    pub id: GroupId,
    /// The most that the viewer is to any client of the group; `None` for viewers who are not members.
    pub level: Level,
    /// Whether the viewer coaches every client of the group, and there are any.
    pub coaches_all: bool,
    /// Whether the viewer is a client of the group, who is not archived.
    pub is_in_it: bool,
}

impl GroupFacts {
    /// The facts of a group of these clients, for a viewer who is this to those of them that `levels` names.
    pub fn new(id: GroupId, levels: &BTreeMap<ClientId, Level>, viewer: Option<&Viewer>, clients: &BTreeSet<ClientId>) -> Self {
        let is_in_it = match viewer {
            Some(Viewer::Client(own)) => !own.archived && clients.contains(&own.id),
            Some(Viewer::Member(_) | Viewer::Personnel(_)) | None => false,
        };
        let of = |client: &ClientId| levels.get(client).copied().unwrap_or_default();
        Self {
            id,
            level: clients.iter().map(of).max().unwrap_or_default(),
            coaches_all: !clients.is_empty() && clients.iter().all(|client| of(client).coaches()),
            is_in_it,
        }
    }
}

/// What access needs to know of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemFacts {
    /// Its kind.
    pub kind: ItemKind,
    /// Who sees it.
    pub visibility: Visibility,
    /// Who wrote it.
    pub author: Actor,
    /// Whether nobody outside of the house has heard of it.
    pub is_draft: bool,
}

impl ItemFacts {
    /// The facts of an item.
    pub fn of(item: &Item) -> Self {
        Self { kind: item.kind, visibility: item.visibility, author: item.author, is_draft: item.is_draft() }
    }
}

/// Which organisation owns an engagement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The account's own.
    Own,
    /// A client company.
    Company(CompanyId),
}

impl Owner {
    /// The organisation of this id, in an account.
    pub fn of(organisation: OrganisationId, account: AccountId) -> Self {
        if organisation.0 == account.0 { Self::Own } else { Self::Company(CompanyId(organisation.0)) }
    }
}

/// What access needs to know of an engagement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngagementFacts {
    /// Which organisation owns it.
    pub owner: Owner,
    /// Which location of it.
    pub location: Option<LocationId>,
    /// Who coaches it.
    pub coach: Option<MemberId>,
    /// Whether it is still being set up.
    pub is_draft: bool,
    /// Whether it is tracked at all.
    pub is_tracked: bool,
}

impl EngagementFacts {
    /// The facts of an engagement of an account.
    pub fn of(engagement: &Engagement, account: AccountId) -> Self {
        Self {
            owner: Owner::of(engagement.owner_organisation_id, account),
            location: engagement.location_id,
            coach: engagement.coach_id,
            is_draft: engagement.state == engagement::State::Draft,
            is_tracked: engagement.settings.threshold_weeks.is_some() && engagement.kind.is_tracked(),
        }
    }
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Yes.
    Allowed,
    /// They may see it, but not do this (403).
    Forbidden,
    /// They may not know of it (404).
    Hidden,
}

impl Decision {
    /// Whether the answer is yes.
    pub fn is_allowed(self) -> bool {
        self == Self::Allowed
    }

    fn when(holds: bool, otherwise: Self) -> Self {
        if holds { Self::Allowed } else { otherwise }
    }
}

/// Why a person's own way in is shut, whatever they might do inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shut {
    /// They were deactivated.
    Deactivated,
    /// Their record is archived (P-4).
    Archived,
    /// Their portal is switched off (P-5).
    PortalDisabled,
}

/// Whether a person's own way in is shut: then no credential of theirs opens anything.
pub fn shut(viewer: &Viewer) -> Option<Shut> {
    let deactivated = |active: bool| (!active).then_some(Shut::Deactivated);
    match viewer {
        Viewer::Member(member) => deactivated(member.active),
        Viewer::Personnel(person) => deactivated(person.active),
        Viewer::Client(client) if client.archived => Some(Shut::Archived),
        Viewer::Client(client) => (client.portal == Portal::Disabled).then_some(Shut::PortalDisabled),
    }
}

/// Whether a member could have given another everything that they have, and so may change the address that the other signs
/// in with: a global administrator could, and who else manages the team where the other administers nothing and has
/// no permission that they lack.
pub fn could_have_given(own: &Member, other: &Member) -> bool {
    own.administrator == Administrator::Global
        || (other.administrator == Administrator::None && other.permissions.iter().all(|permission| own.may(*permission)))
}

/// Whether somebody who may change a client's profile may change the address in it: once the client has accepted an
/// invitation it is what they sign in with, and theirs to change who are global administrators (P-5).
pub fn may_move_client(viewer: &Viewer, client: &Client) -> bool {
    !client.portal.is_accepted() || viewer.member().is_some_and(|member| member.administrator == Administrator::Global)
}

/// Whether somebody who may change a client's profile may invite them to the portal: it opens the record to whoever gets the
/// mail, so it takes seeing the record oneself, or being a global administrator.
pub fn may_invite(viewer: &Viewer, client: &ClientFacts) -> bool {
    let is_global = viewer.member().is_some_and(|member| member.administrator == Administrator::Global);
    is_global || decide(viewer, Action::Read, &Resource::Record(client)).is_allowed()
}

/// Whether a member who manages clients may have a person of a company be so, after they were as before: managing
/// clients shows no items, so neither may people whose mail is one's own. More rights, and another address for somebody who
/// has any, are for who sees all clients, and for global administrators.
pub fn may_make(own: &Member, before: Option<&Personnel>, after: &Personnel) -> bool {
    let sees_all = own.administrator == Administrator::Global || own.may(Permission::ViewAllClientHappenings);
    let is_granted_more = after.grants.iter().any(|kind| !before.is_some_and(|before| before.grants.contains(kind)));
    let was_limited_otherwise = |before: &Personnel| before.location_id.is_some() && before.location_id != after.location_id;
    let administers_more = after.administrator && before.is_none_or(|before| !before.administrator || was_limited_otherwise(before));
    let had_rights = |before: &Personnel| before.administrator || !before.grants.is_empty();
    let moves = before.is_some_and(|before| before.email != after.email && had_rights(before));
    sees_all || !(is_granted_more || administers_more || moves)
}

/// Decides every access. Deny is the default, and a deactivated viewer may do nothing.
pub fn decide(viewer: &Viewer, action: Action, resource: &Resource<'_>) -> Decision {
    use Decision::{Allowed, Forbidden, Hidden};
    let active = match viewer {
        Viewer::Member(member) => member.active,
        Viewer::Client(_) => true,
        Viewer::Personnel(person) => person.active,
    };
    if !active {
        return Hidden;
    }
    let is_member = viewer.member().is_some();
    match (resource, action) {
        (Resource::Account, Action::Read) => Allowed,
        (Resource::Account, Action::Write) => {
            Decision::when(viewer.member().is_some_and(|m| m.administrator == Administrator::Global), Forbidden)
        }
        (Resource::Team, Action::Read) => Decision::when(is_member, Hidden),
        (Resource::Team, Action::Write) => Decision::when(viewer.may(Permission::ManageTeam), unless(is_member)),

        (Resource::Clients, Action::Read) => Allowed,
        (Resource::Clients, Action::Write) => match viewer {
            Viewer::Member(member) => Decision::when(member.coach || member.may(Permission::ManageClients), Forbidden),
            Viewer::Client(_) | Viewer::Personnel(_) => Forbidden,
        },
        (Resource::Client(client), Action::Read) => Decision::when(sees_client(viewer, client), Hidden),
        (Resource::Client(client), Action::Write) => match viewer {
            Viewer::Member(member) => {
                Decision::when(coaches(client) || member.may(Permission::ManageClients), unless(sees_client(viewer, client)))
            }
            Viewer::Client(_) | Viewer::Personnel(_) => unless(sees_client(viewer, client)),
        },
        (Resource::Client(client), Action::Report(audience)) => match viewer {
            // R-16; a report to oneself needs no more than sight
            Viewer::Member(member) => Decision::when(
                sees_record(viewer, client)
                    && (audience == AudienceKind::Coach || coaches(client) || member.may(Permission::ReportToThirdParties)),
                unless(sees_client(viewer, client)),
            ),
            Viewer::Client(_) | Viewer::Personnel(_) => unless(sees_client(viewer, client)),
        },
        (Resource::Client(client), Action::Export) => match viewer {
            // who only views takes copies by permission
            Viewer::Member(member) => Decision::when(
                sees_record(viewer, client) && (coaches(client) || member.may(Permission::Export)),
                unless(sees_client(viewer, client)),
            ),
            Viewer::Client(own) => Decision::when(own.id == client.id, Hidden),
            Viewer::Personnel(_) => unless(sees_client(viewer, client)),
        },
        (Resource::Account, Action::Export) => match viewer {
            Viewer::Member(member) => {
                Decision::when(member.administrator == Administrator::Global && member.may(Permission::Export), Forbidden)
            }
            Viewer::Client(_) | Viewer::Personnel(_) => Forbidden,
        },
        // it may hold private notes of who asked for it, so it is theirs alone, and while they may still take it
        (Resource::Export { by, .. }, Action::Read) if *by != viewer.person() => Hidden,
        (Resource::Export { of: Some(client), .. }, Action::Read) => decide(viewer, Action::Export, &Resource::Client(client)),
        (Resource::Export { of: None, .. }, Action::Read) => decide(viewer, Action::Export, &Resource::Account),
        (Resource::Pairings(client), Action::Read) => Decision::when(
            is_member && (sees_client(viewer, client) || viewer.may(Permission::ManageTeam)),
            unless(sees_client(viewer, client)),
        ),
        (Resource::Pairings(client), Action::Write) => {
            Decision::when(viewer.may(Permission::ManageTeam), unless(sees_client(viewer, client)))
        }

        (Resource::Sharing(client), Action::Read) => {
            Decision::when(sees_record(viewer, client) && !matches!(viewer, Viewer::Personnel(_)), unless(sees_client(viewer, client)))
        }
        // who works with the client may let others look, and so may who manages the team and sees what is shared
        (Resource::Sharing(client), Action::Write) => Decision::when(
            is_member && (coaches(client) || (viewer.may(Permission::ManageTeam) && sees_record(viewer, client))),
            unless(sees_client(viewer, client)),
        ),
        (Resource::Explanation(person), Action::Read) => {
            let asks_about_others =
                viewer.member().is_some_and(|m| m.administrator == Administrator::Global) || viewer.may(Permission::ManageTeam);
            Decision::when(*person == viewer.person() || asks_about_others, unless(is_member))
        }

        (Resource::Record(client), Action::Read) => Decision::when(sees_record(viewer, client), unless(sees_client(viewer, client))),
        (Resource::Record(client), Action::Write) => Decision::when(writes(viewer, client), unless(sees_client(viewer, client))),
        (Resource::Item(client, item), Action::Read) => Decision::when(sees_item(viewer, client, item), Hidden),
        (Resource::Record(client), Action::Add(kind)) => {
            Decision::when(writes(viewer, client) && adds(viewer, kind), unless(sees_client(viewer, client)))
        }
        (Resource::Item(client, item), Action::Write | Action::Comment | Action::Do(_)) => match sees_item(viewer, client, item) {
            false => Hidden,
            true => Decision::when(writes(viewer, client) && touches(viewer, item, action), Forbidden),
        },
        (Resource::Comments(client, item), Action::Read) => match viewer {
            Viewer::Member(_) | Viewer::Client(_) => Decision::when(sees_item(viewer, client, item), Hidden),
            Viewer::Personnel(_) => Hidden,
        },

        (Resource::Companies, Action::Read) => Decision::when(is_member, Hidden),
        (Resource::Companies, Action::Write) => Decision::when(viewer.may(Permission::ManageClients), unless(is_member)),
        (Resource::Company(company), Action::Read) => match viewer {
            Viewer::Member(_) => Allowed,
            Viewer::Personnel(person) => Decision::when(person.company_id == *company, Hidden),
            Viewer::Client(_) => Hidden,
        },
        (Resource::Company(company), Action::Write) => match viewer {
            Viewer::Member(member) => Decision::when(member.may(Permission::ManageClients), Forbidden),
            Viewer::Personnel(person) => unless(person.company_id == *company),
            Viewer::Client(_) => Hidden,
        },
        (Resource::Groups, Action::Read) => Decision::when(!matches!(viewer, Viewer::Personnel(_)), Hidden),
        (Resource::Groups, Action::Write) => Decision::when(viewer.may(Permission::ManageClients), unless(is_member)),
        (Resource::Group(group), Action::Read) => Decision::when(sees_group(viewer, group), Hidden),
        (Resource::Group(group), Action::Write) => Decision::when(viewer.may(Permission::ManageClients), unless(sees_group(viewer, group))),
        (Resource::GroupRecord(group), Action::Read) => Decision::when(sees_group_record(viewer, group), unless(sees_group(viewer, group))),
        (Resource::GroupRecord(group), Action::Write | Action::Add(_)) => {
            Decision::when(coaches_group(viewer, group), unless(sees_group(viewer, group)))
        }
        (Resource::GroupRecord(group), Action::Report(audience)) => {
            // outside of the group it is shared only by who coaches all of it, or by permission
            let may_share = match audience {
                AudienceKind::Coach => true,
                AudienceKind::Clients => coaches_group(viewer, group),
                AudienceKind::ThirdParties | AudienceKind::Personnel => group.coaches_all,
            };
            Decision::when(
                is_member && sees_group_record(viewer, group) && (may_share || viewer.may(Permission::ReportToThirdParties)),
                unless(sees_group(viewer, group)),
            )
        }
        (Resource::GroupItem(group, item), Action::Read) => Decision::when(sees_group_item(viewer, group, item), Hidden),
        (Resource::GroupItem(group, item), Action::Write | Action::Do(_) | Action::Comment) => {
            let takes_part = coaches_group(viewer, group) || (action == Action::Comment && !is_member);
            Decision::when(sees_group_item(viewer, group, item) && takes_part, unless(sees_group_item(viewer, group, item)))
        }

        (Resource::Reports, Action::Read | Action::Write) => Decision::when(is_member, unless(false)),
        (Resource::Report(creator), Action::Read | Action::Write) => match viewer {
            // every report's set-up is open to global administrators, who answer for what leaves the house
            Viewer::Member(member) => Decision::when(member.id == *creator || member.administrator == Administrator::Global, Hidden),
            Viewer::Client(_) | Viewer::Personnel(_) => Hidden,
        },
        (Resource::Audit, Action::Read) => match viewer {
            Viewer::Member(member) => Decision::when(member.administrator == Administrator::Global, Forbidden),
            Viewer::Client(_) | Viewer::Personnel(_) => Hidden,
        },
        // addresses of clients whom not every member may know of
        (Resource::Suppressions, Action::Read | Action::Write) => Decision::when(viewer.may(Permission::ManageClients), unless(is_member)),

        (Resource::Programs, Action::Read) => Decision::when(is_member, Hidden),
        (Resource::Programs, Action::Write) => Decision::when(viewer.may(Permission::ManagePrograms), unless(is_member)),
        (Resource::Engagement(client, engagement), Action::Read) => Decision::when(sees_engagement(viewer, client, engagement), Hidden),
        (Resource::Engagement(client, engagement), Action::Write) => {
            let may = match viewer {
                Viewer::Member(member) => {
                    coaches(client)
                        || engagement.coach == Some(member.id)
                        || administers(viewer, engagement)
                        || member.may(Permission::ManageClients)
                }
                Viewer::Client(_) | Viewer::Personnel(_) => false,
            };
            Decision::when(may && !client.archived, unless(may || sees_engagement(viewer, client, engagement)))
        }
        (Resource::Progress(engagement), Action::Read) => {
            let is_coach = viewer.member().is_some_and(|member| engagement.coach == Some(member.id)) && engagement.is_tracked;
            Decision::when(is_coach || administers(viewer, engagement), Hidden)
        }

        (
            Resource::Account
            | Resource::Team
            | Resource::Clients
            | Resource::Client(_)
            | Resource::Pairings(_)
            | Resource::Sharing(_)
            | Resource::Explanation(_)
            | Resource::Record(_)
            | Resource::Comments(..)
            | Resource::Companies
            | Resource::Company(_)
            | Resource::Groups
            | Resource::Group(_)
            | Resource::GroupRecord(_)
            | Resource::Reports
            | Resource::Report(_)
            | Resource::Audit
            | Resource::Suppressions
            | Resource::Programs
            | Resource::Engagement(..)
            | Resource::Progress(_)
            | Resource::Export { .. },
            Action::Comment | Action::Do(_),
        )
        | (
            Resource::Account
            | Resource::Team
            | Resource::Clients
            | Resource::Client(_)
            | Resource::Pairings(_)
            | Resource::Sharing(_)
            | Resource::Explanation(_)
            | Resource::Item(..)
            | Resource::Comments(..)
            | Resource::Companies
            | Resource::Company(_)
            | Resource::Groups
            | Resource::Group(_)
            | Resource::GroupItem(..)
            | Resource::Reports
            | Resource::Report(_)
            | Resource::Audit
            | Resource::Suppressions
            | Resource::Programs
            | Resource::Engagement(..)
            | Resource::Progress(_)
            | Resource::Export { .. },
            Action::Add(_),
        )
        | (
            Resource::Account
            | Resource::Team
            | Resource::Clients
            | Resource::Pairings(_)
            | Resource::Sharing(_)
            | Resource::Explanation(_)
            | Resource::Record(_)
            | Resource::Item(..)
            | Resource::Comments(..)
            | Resource::Companies
            | Resource::Company(_)
            | Resource::Groups
            | Resource::Group(_)
            | Resource::GroupItem(..)
            | Resource::Reports
            | Resource::Report(_)
            | Resource::Audit
            | Resource::Suppressions
            | Resource::Programs
            | Resource::Engagement(..)
            | Resource::Progress(_)
            | Resource::Export { .. },
            Action::Report(_),
        )
        | (
            Resource::Team
            | Resource::Clients
            | Resource::Pairings(_)
            | Resource::Sharing(_)
            | Resource::Explanation(_)
            | Resource::Record(_)
            | Resource::Item(..)
            | Resource::Comments(..)
            | Resource::Companies
            | Resource::Company(_)
            | Resource::Groups
            | Resource::Group(_)
            | Resource::GroupRecord(_)
            | Resource::GroupItem(..)
            | Resource::Reports
            | Resource::Report(_)
            | Resource::Audit
            | Resource::Suppressions
            | Resource::Programs
            | Resource::Engagement(..)
            | Resource::Progress(_)
            | Resource::Export { .. },
            Action::Export,
        )
        | (
            Resource::Audit | Resource::Progress(_) | Resource::Comments(..) | Resource::Explanation(_) | Resource::Export { .. },
            Action::Write,
        ) => Hidden,
    }
}

/// Forbidden to those who may know of it, hidden from the rest.
fn unless(known: bool) -> Decision {
    if known { Decision::Forbidden } else { Decision::Hidden }
}

/// Whether the pairing lets a member work with the client.
fn coaches(client: &ClientFacts) -> bool {
    client.level.coaches()
}

/// Whether the viewer sees that the client exists, and the profile.
fn sees_client(viewer: &Viewer, client: &ClientFacts) -> bool {
    sees_record(viewer, client) || viewer.may(Permission::ManageClients)
}

/// Whether the viewer sees what the client is up to: paired, a view-all administrator, the client, or
/// personnel of the client's company.
fn sees_record(viewer: &Viewer, client: &ClientFacts) -> bool {
    match viewer {
        Viewer::Member(member) => client.level != Level::None || member.may(Permission::ViewAllClientHappenings),
        Viewer::Client(own) => own.id == client.id,
        Viewer::Personnel(person) => client.company == Some(person.company_id),
    }
}

/// Whether the viewer sees this item: private ones are for their author alone, personnel see the kinds they were
/// granted, drafts are for members alone.
fn sees_item(viewer: &Viewer, client: &ClientFacts, item: &ItemFacts) -> bool {
    let kind_granted = match viewer {
        Viewer::Personnel(person) => person.grants.contains(&item.kind),
        Viewer::Member(_) | Viewer::Client(_) => true,
    };
    let shared = match item.visibility {
        Visibility::Shared => true,
        Visibility::Private => item.author == viewer.actor(),
    };
    let ready = !item.is_draft || viewer.member().is_some();
    sees_record(viewer, client) && kind_granted && shared && ready
}

/// Whether the viewer sees that there is such a group, and its name.
fn sees_group(viewer: &Viewer, group: &GroupFacts) -> bool {
    sees_group_record(viewer, group) || viewer.may(Permission::ManageClients)
}

/// Whether the viewer sees what a group shares: its clients, whoever is paired with one of them, and who may see what happens
/// in all groups (A-4, P-10).
fn sees_group_record(viewer: &Viewer, group: &GroupFacts) -> bool {
    match viewer {
        Viewer::Member(member) => group.level != Level::None || member.may(Permission::ViewAllGroupHappenings),
        Viewer::Client(_) => group.is_in_it,
        Viewer::Personnel(_) => false,
    }
}

fn sees_group_item(viewer: &Viewer, group: &GroupFacts, item: &ItemFacts) -> bool {
    let shared = item.visibility == Visibility::Shared || item.author == viewer.actor();
    sees_group_record(viewer, group) && shared && (!item.is_draft || viewer.member().is_some())
}

/// Whether the viewer coaches a client of the group.
fn coaches_group(viewer: &Viewer, group: &GroupFacts) -> bool {
    viewer.member().is_some() && group.level.coaches()
}

/// Whether the viewer is an administrator of the organisation that owns the engagement: of all of it, or of the
/// engagement's location (T-8). To a company's administrators there are no drafts.
fn administers(viewer: &Viewer, engagement: &EngagementFacts) -> bool {
    let of_location = |location: Option<LocationId>| location.is_some() && location == engagement.location;
    match (viewer, engagement.owner) {
        (Viewer::Member(member), Owner::Own) => match member.administrator {
            Administrator::Global => true,
            Administrator::Location => of_location(member.location_id),
            Administrator::None => false,
        },
        (Viewer::Personnel(person), Owner::Company(company)) => {
            let whole = person.location_id.is_none();
            person.administrator && person.company_id == company && !engagement.is_draft && (whole || of_location(person.location_id))
        }
        (Viewer::Member(_), Owner::Company(_)) | (Viewer::Personnel(_), Owner::Own) | (Viewer::Client(_), _) => false,
    }
}

/// Whether the viewer sees that there is such an engagement: who sees the client's record, who coaches it, who administers
/// it, and who manages clients. Drafts are for members alone.
fn sees_engagement(viewer: &Viewer, client: &ClientFacts, engagement: &EngagementFacts) -> bool {
    match viewer {
        Viewer::Member(member) => {
            sees_record(viewer, client)
                || engagement.coach == Some(member.id)
                || administers(viewer, engagement)
                || member.may(Permission::ManageClients)
        }
        Viewer::Client(_) | Viewer::Personnel(_) => {
            !engagement.is_draft && (sees_record(viewer, client) || administers(viewer, engagement))
        }
    }
}

/// Whether the viewer may interact with the client: coaching members and the client, while the record is not archived.
fn writes(viewer: &Viewer, client: &ClientFacts) -> bool {
    if client.archived {
        return false;
    }
    match viewer {
        Viewer::Member(_) => coaches(client),
        Viewer::Client(own) => own.id == client.id,
        Viewer::Personnel(_) => false,
    }
}

/// Whether who may interact with a record may add items of this kind to it: clients what they write themselves.
fn adds(viewer: &Viewer, kind: ItemKind) -> bool {
    match viewer {
        Viewer::Member(_) => true,
        Viewer::Client(_) => match kind {
            ItemKind::Action | ItemKind::Note | ItemKind::JournalEntry | ItemKind::Message | ItemKind::File => true,
            ItemKind::Metric
            | ItemKind::Worksheet
            | ItemKind::SessionNote
            | ItemKind::Appointment
            | ItemKind::Agreement
            | ItemKind::Contract
            | ItemKind::Invoice
            | ItemKind::CourseStep => false,
        },
        Viewer::Personnel(_) => false,
    }
}

/// Whether who may interact with a record may do this with an item that they see: clients change and call off what they
/// added themselves, and do with the rest what it is there for.
fn touches(viewer: &Viewer, item: &ItemFacts, action: Action) -> bool {
    match viewer {
        Viewer::Member(_) => true,
        Viewer::Client(_) => match action {
            Action::Read | Action::Comment => true,
            Action::Write | Action::Do(Doing::Move(Move::Cancel)) => item.author == viewer.actor() && adds(viewer, item.kind),
            Action::Do(Doing::Move(Move::Complete | Move::Reopen)) => matches!(item.kind, ItemKind::Action | ItemKind::CourseStep),
            Action::Do(Doing::Move(Move::Submit)) => item.kind == ItemKind::Worksheet,
            Action::Do(Doing::Record) => item.kind == ItemKind::Metric,
            Action::Do(Doing::Sign) => matches!(item.kind, ItemKind::Agreement | ItemKind::Contract),
            Action::Do(Doing::Pay) | Action::Add(_) | Action::Report(_) | Action::Export => false,
        },
        Viewer::Personnel(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use proptest::prelude::*;
    use ulid::Ulid;

    use super::*;
    use crate::person::Email;
    use crate::sample;

    const OWN: u128 = 10;
    const COMPANY: u128 = 20;
    /// Two locations; ids say nothing of the organisation they belong to.
    const HERE: u128 = 30;
    const ELSEWHERE: u128 = 31;
    const LEVELS: [Level; 4] = [Level::None, Level::ViewOnly, Level::Coaching, Level::Primary];
    const AUDIENCES: [AudienceKind; 4] = [AudienceKind::Coach, AudienceKind::Clients, AudienceKind::ThirdParties, AudienceKind::Personnel];

    fn facts(level: Level, archived: bool) -> ClientFacts {
        let mut client = sample::client(OWN, Some(COMPANY));
        client.archived = archived;
        ClientFacts::of(&client, level)
    }

    fn item(kind: ItemKind, visibility: Visibility, author: Actor) -> ItemFacts {
        ItemFacts { kind, visibility, author, is_draft: false }
    }

    /// Everything that changes an item.
    fn touching() -> impl Iterator<Item = Action> {
        [Action::Write, Action::Comment].into_iter().chain(Doing::ALL.map(Action::Do))
    }

    #[test]
    fn only_who_could_have_given_everything_changes_an_address() {
        use Permission::{Billing, ManageTeam};
        let of = |administrator, permissions: &[Permission]| Member { administrator, ..sample::member(1, permissions) };
        for (own, other, may) in [
            (of(Administrator::None, &[ManageTeam]), of(Administrator::None, &[]), true),
            (of(Administrator::None, &[ManageTeam]), of(Administrator::None, &[ManageTeam]), true),
            (of(Administrator::None, &[ManageTeam]), of(Administrator::None, &[ManageTeam, Billing]), false),
            (of(Administrator::None, &Permission::ALL), of(Administrator::Location, &[]), false),
            (of(Administrator::Location, &Permission::ALL), of(Administrator::Location, &[]), false),
            (of(Administrator::Location, &Permission::ALL), of(Administrator::Global, &[]), false),
            (of(Administrator::Global, &[ManageTeam]), of(Administrator::Global, &Permission::ALL), true),
        ] {
            assert_eq!(could_have_given(&own, &other), may, "{own:?} {other:?}");
        }
    }

    #[test]
    fn the_address_of_a_client_who_has_accepted_is_for_global_administrators() {
        let accepted = |portal| Client { portal, ..sample::client(OWN, None) };
        for (portal, is_free) in [(Portal::NotInvited, true), (Portal::Pending, true), (Portal::Active, false), (Portal::Disabled, false)] {
            for administrator in [Administrator::None, Administrator::Location, Administrator::Global] {
                let may = is_free || administrator == Administrator::Global;
                assert_eq!(
                    may_move_client(&member(administrator, &Permission::ALL), &accepted(portal)),
                    may,
                    "{portal:?} {administrator:?}"
                );
            }
        }
    }

    #[test]
    fn managing_clients_makes_nobody_who_sees_more() {
        let manages = sample::member(1, &[Permission::ManageClients]);
        let sees = sample::member(1, &[Permission::ManageClients, Permission::ViewAllClientHappenings]);
        let administers = Member { administrator: Administrator::Global, ..manages.clone() };
        let plain = sample::personnel(2, COMPANY, &[]);
        let granted = sample::personnel(2, COMPANY, &[ItemKind::Action]);
        let moved = |person: &Personnel| Personnel { email: Email::parse("second@x.example").unwrap(), ..person.clone() };
        let at = |person: &Personnel, location: Option<u128>| Personnel {
            administrator: true,
            location_id: location.map(|id| LocationId(Ulid(id))),
            ..person.clone()
        };
        for (before, after, may) in [
            (None, plain.clone(), true),
            (None, granted.clone(), false),
            (None, at(&plain, Some(HERE)), false),
            (Some(&plain), moved(&plain), true),
            (Some(&plain), granted.clone(), false),
            (Some(&plain), at(&plain, None), false),
            (Some(&granted), plain.clone(), true),
            (Some(&granted), Personnel { name: "Other".into(), active: false, ..granted.clone() }, true),
            (Some(&granted), moved(&granted), false),
            (Some(&granted), moved(&plain), false),
            (Some(&at(&plain, None)), moved(&plain), false),
            (Some(&at(&plain, None)), at(&plain, Some(HERE)), true),
            (Some(&at(&plain, Some(HERE))), at(&plain, None), false),
            (Some(&at(&plain, Some(HERE))), at(&plain, Some(ELSEWHERE)), false),
        ] {
            assert_eq!(may_make(&manages, before, &after), may, "{before:?} {after:?}");
            assert!(may_make(&sees, before, &after) && may_make(&administers, before, &after), "{before:?} {after:?}");
        }
    }

    fn member(administrator: Administrator, permissions: &[Permission]) -> Viewer {
        Viewer::Member(Member { administrator, coach: false, ..sample::member(1, permissions) })
    }

    /// Everything that can be asked about a client, whatever the viewer is to them.
    fn about<'a>(client: &'a ClientFacts, item: &'a ItemFacts, engagement: &'a EngagementFacts) -> Vec<(Action, Resource<'a>)> {
        let mut all = Vec::new();
        for action in [Action::Read, Action::Write, Action::Comment] {
            all.extend([
                (action, Resource::Client(client)),
                (action, Resource::Pairings(client)),
                (action, Resource::Sharing(client)),
                (action, Resource::Record(client)),
                (action, Resource::Item(client, item)),
                (action, Resource::Comments(client, item)),
                (action, Resource::Engagement(client, engagement)),
                (action, Resource::Progress(engagement)),
            ]);
        }
        all.extend(AUDIENCES.map(|audience| (Action::Report(audience), Resource::Client(client))));
        all.push((Action::Export, Resource::Client(client)));
        all.push((Action::Read, Resource::Export { by: PersonId::Member(MemberId(Ulid(1))), of: Some(client) }));
        all.extend(ItemKind::ALL.map(|kind| (Action::Add(kind), Resource::Record(client))));
        all.extend(Doing::ALL.map(|doing| (Action::Do(doing), Resource::Item(client, item))));
        all
    }

    /// Everything that can be asked about the account.
    fn about_the_account() -> Vec<(Action, Resource<'static>)> {
        let resources = [
            Resource::Account,
            Resource::Team,
            Resource::Clients,
            Resource::Companies,
            Resource::Company(CompanyId(Ulid(COMPANY))),
            Resource::Company(CompanyId(Ulid(COMPANY + 1))),
            Resource::Groups,
            Resource::Reports,
            Resource::Report(MemberId(Ulid(1))),
            Resource::Report(MemberId(Ulid(2))),
            Resource::Audit,
            Resource::Suppressions,
            Resource::Programs,
            Resource::Explanation(PersonId::Member(MemberId(Ulid(1)))),
            Resource::Explanation(PersonId::Member(MemberId(Ulid(2)))),
            Resource::Explanation(PersonId::Client(ClientId(Ulid(OWN)))),
        ];
        let each = |resource| [Action::Read, Action::Write, Action::Comment].map(|action| (action, resource));
        let copies = [
            (Action::Export, Resource::Account),
            (Action::Read, Resource::Export { by: PersonId::Member(MemberId(Ulid(1))), of: None }),
            (Action::Read, Resource::Export { by: PersonId::Member(MemberId(Ulid(2))), of: None }),
        ];
        resources.into_iter().flat_map(each).chain(copies).collect()
    }

    fn group(level: Level, is_in_it: bool) -> GroupFacts {
        GroupFacts { id: GroupId(Ulid(40)), level, coaches_all: false, is_in_it }
    }

    /// Everything that can be asked about a group.
    fn about_a_group<'a>(group: &'a GroupFacts, item: &'a ItemFacts) -> Vec<(Action, Resource<'a>)> {
        let mut all = Vec::new();
        for action in [Action::Read, Action::Write, Action::Comment, Action::Export] {
            all.extend([
                (action, Resource::Group(group)),
                (action, Resource::GroupRecord(group)),
                (action, Resource::GroupItem(group, item)),
            ]);
        }
        all.extend(AUDIENCES.map(|audience| (Action::Report(audience), Resource::GroupRecord(group))));
        all.extend(ItemKind::ALL.map(|kind| (Action::Add(kind), Resource::GroupRecord(group))));
        all.extend(Doing::ALL.map(|doing| (Action::Do(doing), Resource::GroupItem(group, item))));
        all
    }

    fn short(decision: Decision) -> &'static str {
        match decision {
            Decision::Allowed => "yes",
            Decision::Forbidden => "403",
            Decision::Hidden => "-",
        }
    }

    #[test]
    fn everybody_may_what_this_table_says() {
        let inactive = |viewer: Viewer| match viewer {
            Viewer::Member(member) => Viewer::Member(Member { active: false, ..member }),
            other @ (Viewer::Client(_) | Viewer::Personnel(_)) => other,
        };
        let own = |permission| member(Administrator::None, &[permission]);
        let viewers: Vec<(&str, Viewer)> = vec![
            ("coach", Viewer::Member(sample::member(1, &[]))),
            ("global", member(Administrator::Global, &[])),
            ("local", member(Administrator::Location, &[])),
            ("+team", own(Permission::ManageTeam)),
            ("+clients", own(Permission::ManageClients)),
            ("+view", own(Permission::ViewAllClientHappenings)),
            ("+groups", own(Permission::ViewAllGroupHappenings)),
            ("+third", own(Permission::ReportToThirdParties)),
            ("+export", own(Permission::Export)),
            ("view+exp", member(Administrator::Global, &[Permission::ViewAllClientHappenings, Permission::Export])),
            ("view+3rd", member(Administrator::None, &[Permission::ViewAllClientHappenings, Permission::ReportToThirdParties])),
            ("inactive", inactive(member(Administrator::Global, &Permission::ALL))),
            ("client", Viewer::Client(sample::client(OWN, Some(COMPANY)))),
            ("other", Viewer::Client(sample::client(OWN + 1, Some(COMPANY)))),
            ("person", Viewer::Personnel(sample::personnel(3, COMPANY, &[ItemKind::Action]))),
            ("elsewhere", Viewer::Personnel(sample::personnel(4, COMPANY + 1, &[ItemKind::Action]))),
        ];
        let mut table = format!("{:44}", "");
        for (name, _) in &viewers {
            write!(table, "{name:>10}").unwrap();
        }
        table.push('\n');
        let mut row = |name: String, action: Action, resource: Resource<'_>| {
            write!(table, "{name:44}").unwrap();
            for (_, viewer) in &viewers {
                write!(table, "{:>10}", short(decide(viewer, action, &resource))).unwrap();
            }
            table.push('\n');
        };
        for (action, resource) in about_the_account().into_iter().filter(|(action, _)| *action != Action::Comment) {
            row(format!("{action:?} {resource:?}").replace("Ulid", ""), action, resource);
        }
        let by_other = Actor::System;
        let shared = item(ItemKind::Action, Visibility::Shared, by_other);
        let all = GroupFacts { coaches_all: true, ..group(Level::Coaching, false) };
        let groups = [(Level::None, false), (Level::None, true), (Level::ViewOnly, false), (Level::Coaching, false)];
        for facts in groups.into_iter().map(|(level, is_in_it)| group(level, is_in_it)).chain([all]) {
            let more = if facts.is_in_it {
                ", in it"
            } else if facts.coaches_all {
                " all"
            } else {
                ""
            };
            let on = format!("Group, {:?}{more}", facts.level);
            let reports = [Action::Report(AudienceKind::Coach), Action::Report(AudienceKind::ThirdParties)];
            for action in [Action::Read, Action::Write] {
                row(format!("{on}: {action:?} group"), action, Resource::Group(&facts));
            }
            for action in [Action::Read, Action::Write].into_iter().chain(reports) {
                row(format!("{on}: {action:?} record"), action, Resource::GroupRecord(&facts));
            }
            for action in [Action::Read, Action::Write, Action::Comment] {
                row(format!("{on}: {action:?} item"), action, Resource::GroupItem(&facts, &shared));
            }
        }
        for level in LEVELS {
            for archived in [false, true] {
                let client = facts(level, archived);
                let on = format!("{level:?}{}", if archived { ", archived" } else { "" });
                let reports = [Action::Report(AudienceKind::Coach), Action::Report(AudienceKind::ThirdParties)];
                for action in [Action::Read, Action::Write, Action::Export].into_iter().chain(reports) {
                    row(format!("{on}: {action:?} client"), action, Resource::Client(&client));
                }
                for action in [Action::Read, Action::Write] {
                    row(format!("{on}: {action:?} pairings"), action, Resource::Pairings(&client));
                    row(format!("{on}: {action:?} sharing"), action, Resource::Sharing(&client));
                    row(format!("{on}: {action:?} record"), action, Resource::Record(&client));
                }
                let action = item(ItemKind::Action, Visibility::Shared, by_other);
                let metric = item(ItemKind::Metric, Visibility::Shared, by_other);
                let private = item(ItemKind::Action, Visibility::Private, by_other);
                for asked in [Action::Read, Action::Write, Action::Comment] {
                    row(format!("{on}: {asked:?} action"), asked, Resource::Item(&client, &action));
                }
                row(format!("{on}: Read comments"), Action::Read, Resource::Comments(&client, &action));
                row(format!("{on}: Read metric"), Action::Read, Resource::Item(&client, &metric));
                row(format!("{on}: Read private of another"), Action::Read, Resource::Item(&client, &private));
            }
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn everybody_may_do_with_items_of_every_kind_what_this_table_says() {
        let coach = Viewer::Member(sample::member(1, &[]));
        let client = Viewer::Client(sample::client(OWN, Some(COMPANY)));
        let person = Viewer::Personnel(sample::personnel(3, COMPANY, &ItemKind::ALL));
        let columns: Vec<(&str, &Viewer, Level)> = vec![
            ("coaching", &coach, Level::Coaching),
            ("view only", &coach, Level::ViewOnly),
            ("client", &client, Level::None),
            ("person", &person, Level::None),
        ];
        let mut table = format!("{:44}", "");
        for (name, ..) in &columns {
            write!(table, "{name:>10}").unwrap();
        }
        table.push('\n');
        for kind in ItemKind::ALL {
            let mut row = |name: String, action: Action, author: Option<Actor>| {
                write!(table, "{name:44}").unwrap();
                for (_, viewer, level) in &columns {
                    let facts = facts(*level, false);
                    let decision = match author {
                        None => decide(viewer, action, &Resource::Record(&facts)),
                        Some(author) => decide(viewer, action, &Resource::Item(&facts, &item(kind, Visibility::Shared, author))),
                    };
                    write!(table, "{:>10}", short(decision)).unwrap();
                }
                table.push('\n');
            };
            row(format!("{}: add", kind.name()), Action::Add(kind), None);
            for (whose, author) in [("the client's", client.actor()), ("the coach's", coach.actor())] {
                row(format!("{} of {whose}: change", kind.name()), Action::Write, Some(author));
                row(format!("{} of {whose}: comment", kind.name()), Action::Comment, Some(author));
                for doing in Doing::ALL {
                    row(format!("{} of {whose}: {}", kind.name(), doing.verb()), Action::Do(doing), Some(author));
                }
            }
        }
        insta::assert_snapshot!(table);
    }

    /// Who looks at engagements, and what they are to the client.
    fn lookers() -> Vec<(&'static str, Viewer, Level)> {
        let of = |administrator, location: Option<u128>| {
            Viewer::Member(Member { administrator, location_id: location.map(|id| LocationId(Ulid(id))), ..sample::member(2, &[]) })
        };
        let may = |permission| Viewer::Member(sample::member(2, &[permission]));
        let person = |company, administrator, location: Option<u128>| {
            let location_id = location.map(|id| LocationId(Ulid(id)));
            Viewer::Personnel(Personnel { administrator, location_id, ..sample::personnel(3, company, &[]) })
        };
        let (paired, views, none) = (Level::Coaching, Level::ViewOnly, Level::None);
        vec![
            ("its coach", Viewer::Member(sample::member(1, &[])), none),
            ("left", Viewer::Member(Member { active: false, ..sample::member(1, &[]) }), none),
            ("paired", Viewer::Member(sample::member(2, &[])), paired),
            ("view only", Viewer::Member(sample::member(2, &[])), views),
            ("neither", Viewer::Member(sample::member(2, &[])), none),
            ("+view", may(Permission::ViewAllClientHappenings), none),
            ("+clients", may(Permission::ManageClients), none),
            ("+programs", may(Permission::ManagePrograms), none),
            ("global", of(Administrator::Global, None), none),
            ("here", of(Administrator::Location, Some(HERE)), none),
            ("there", of(Administrator::Location, Some(ELSEWHERE)), none),
            ("nowhere", of(Administrator::Location, None), none),
            ("client", Viewer::Client(sample::client(OWN, Some(COMPANY))), none),
            ("other", Viewer::Client(sample::client(OWN + 1, Some(COMPANY))), none),
            ("person", person(COMPANY, false, None), none),
            ("p. here", person(COMPANY, false, Some(HERE)), none),
            ("p. global", person(COMPANY, true, None), none),
            ("p. local", person(COMPANY, true, Some(HERE)), none),
            ("p. there", person(COMPANY, true, Some(ELSEWHERE)), none),
            ("q. global", person(COMPANY + 1, true, None), none),
            ("q. here", person(COMPANY + 1, true, Some(HERE)), none),
        ]
    }

    #[test]
    fn everybody_may_with_engagements_what_this_table_says() {
        let lookers = lookers();
        let mut table = format!("{:44}", "");
        for (name, ..) in &lookers {
            write!(table, "{name:>10}").unwrap();
        }
        let mut row = |name: &str, ask: &dyn Fn(&Viewer, Level) -> Decision| {
            write!(table, "\n{name:44}").unwrap();
            for (_, viewer, level) in &lookers {
                write!(table, "{:>10}", short(ask(viewer, *level))).unwrap();
            }
        };
        for action in [Action::Read, Action::Write] {
            row(&format!("{action:?} programs"), &|viewer, _| decide(viewer, action, &Resource::Programs));
        }
        let running = EngagementFacts {
            owner: Owner::Own,
            location: Some(LocationId(Ulid(HERE))),
            coach: Some(MemberId(Ulid(1))),
            is_draft: false,
            is_tracked: true,
        };
        let company = EngagementFacts { owner: Owner::Company(CompanyId(Ulid(COMPANY))), ..running };
        for (owner, tracked) in [("own", running), ("company's", company)] {
            for (which, engagement, archived) in [
                ("", tracked, false),
                (", of no location", EngagementFacts { location: None, ..tracked }, false),
                (", without a coach", EngagementFacts { coach: None, ..tracked }, false),
                (", not tracked", EngagementFacts { is_tracked: false, ..tracked }, false),
                (", draft", EngagementFacts { is_draft: true, ..tracked }, false),
                (", client archived", tracked, true),
            ] {
                for action in [Action::Read, Action::Write] {
                    row(&format!("{owner}{which}: {action:?}"), &|viewer, level| {
                        decide(viewer, action, &Resource::Engagement(&facts(level, archived), &engagement))
                    });
                }
                row(&format!("{owner}{which}: Progress"), &|viewer, _| decide(viewer, Action::Read, &Resource::Progress(&engagement)));
            }
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn what_access_knows_of_an_engagement_is_what_the_engagement_says() {
        use crate::program::{ProgramKind, Settings};
        let program = sample::program(ProgramKind::OneToOne, Some(3));
        let draft = sample::engagement(&program);
        let account = AccountId(draft.owner_organisation_id.0);
        let facts = |engagement: &Engagement| EngagementFacts::of(engagement, account);
        assert_eq!(facts(&draft), EngagementFacts { owner: Owner::Own, location: None, coach: None, is_draft: true, is_tracked: true });
        let coach_id = Some(MemberId(Ulid(1)));
        let location_id = Some(LocationId(Ulid(HERE)));
        let owner_organisation_id = OrganisationId(Ulid(COMPANY));
        let running = Engagement { state: engagement::State::Active, coach_id, location_id, owner_organisation_id, ..draft.clone() };
        let owner = Owner::Company(CompanyId(Ulid(COMPANY)));
        assert_eq!(facts(&running), EngagementFacts { owner, location: location_id, coach: coach_id, is_draft: false, is_tracked: true });
        let settings = Settings { threshold_weeks: None, ..draft.settings };
        assert!(!facts(&Engagement { settings, ..draft.clone() }).is_tracked);
        assert!(!facts(&Engagement { kind: ProgramKind::Group, ..draft }).is_tracked);
    }

    fn permissions() -> impl Strategy<Value = Vec<Permission>> {
        proptest::sample::subsequence(Permission::ALL.to_vec(), 0..=Permission::ALL.len())
    }

    fn kinds() -> impl Strategy<Value = Vec<ItemKind>> {
        proptest::sample::subsequence(ItemKind::ALL.to_vec(), 0..=ItemKind::ALL.len())
    }

    fn members() -> impl Strategy<Value = Viewer> {
        let administrator = prop_oneof![Just(Administrator::None), Just(Administrator::Location), Just(Administrator::Global)];
        (permissions(), administrator, locations(), any::<bool>(), any::<bool>()).prop_map(
            |(permissions, administrator, location_id, coach, active)| {
                Viewer::Member(Member { administrator, location_id, coach, active, ..sample::member(1, &permissions) })
            },
        )
    }

    fn locations() -> impl Strategy<Value = Option<LocationId>> {
        proptest::option::of((HERE..=ELSEWHERE).prop_map(|id| LocationId(Ulid(id))))
    }

    fn viewers() -> impl Strategy<Value = Viewer> {
        let clients = (OWN..OWN + 2).prop_map(|id| Viewer::Client(sample::client(id, Some(COMPANY))));
        let personnel = (COMPANY..COMPANY + 2, kinds(), any::<bool>(), any::<bool>(), locations()).prop_map(
            |(company, grants, active, administrator, location_id)| {
                Viewer::Personnel(Personnel { active, administrator, location_id, ..sample::personnel(3, company, &grants) })
            },
        );
        prop_oneof![members(), clients, personnel]
    }

    fn engagement_facts() -> impl Strategy<Value = EngagementFacts> {
        let owner = proptest::sample::select(vec![
            Owner::Own,
            Owner::Company(CompanyId(Ulid(COMPANY))),
            Owner::Company(CompanyId(Ulid(COMPANY + 1))),
        ]);
        let coach = proptest::option::of((1..3_u128).prop_map(|id| MemberId(Ulid(id))));
        (owner, locations(), coach, any::<bool>(), any::<bool>())
            .prop_map(|(owner, location, coach, is_draft, is_tracked)| EngagementFacts { owner, location, coach, is_draft, is_tracked })
    }

    fn client_facts() -> impl Strategy<Value = ClientFacts> {
        (proptest::sample::select(LEVELS.to_vec()), any::<bool>()).prop_map(|(level, archived)| facts(level, archived))
    }

    fn item_facts() -> impl Strategy<Value = ItemFacts> {
        let author = prop_oneof![
            Just(Actor::Member(MemberId(Ulid(1)))),
            Just(Actor::Member(MemberId(Ulid(2)))),
            Just(Actor::Client(ClientId(Ulid(OWN)))),
            Just(Actor::System)
        ];
        let visibility = prop_oneof![Just(Visibility::Shared), Just(Visibility::Private)];
        (proptest::sample::select(ItemKind::ALL.to_vec()), visibility, author, any::<bool>())
            .prop_map(|(kind, visibility, author, is_draft)| ItemFacts { is_draft, ..item(kind, visibility, author) })
    }

    fn group_facts() -> impl Strategy<Value = GroupFacts> {
        (proptest::sample::select(LEVELS.to_vec()), any::<bool>(), any::<bool>())
            .prop_map(|(level, all, is_in_it)| GroupFacts { coaches_all: all && level.coaches(), ..group(level, is_in_it) })
    }

    proptest! {
        #[test]
        fn what_a_group_shares_is_for_the_group_and_written_by_its_coaches(viewer in viewers(), group in group_facts(), item in item_facts()) {
            for (action, resource) in about_a_group(&group, &item) {
                if !decide(&viewer, action, &resource).is_allowed() {
                    continue;
                }
                prop_assert!(decide(&viewer, Action::Read, &resource).is_allowed(), "{:?} {:?}", action, resource);
                let coaches = matches!(group.level, Level::Primary | Level::Coaching);
                match (&viewer, resource) {
                    (Viewer::Personnel(_), _) => prop_assert!(false, "{:?} {:?}", action, resource),
                    (Viewer::Client(_), _) => prop_assert!(group.is_in_it && matches!(action, Action::Read | Action::Comment)),
                    (Viewer::Member(member), Resource::Group(_)) => {
                        prop_assert!(action == Action::Read || member.may(Permission::ManageClients));
                    }
                    (Viewer::Member(member), _) => {
                        prop_assert!(member.active);
                        let sees = group.level != Level::None || member.may(Permission::ViewAllGroupHappenings);
                        prop_assert!(sees && (coaches || matches!(action, Action::Read | Action::Report(_))));
                    }
                }
            }
        }

        #[test]
        fn who_is_refused_something_of_a_group_openly_may_know_of_it(viewer in viewers(), group in group_facts(), item in item_facts()) {
            for (action, resource) in about_a_group(&group, &item) {
                if decide(&viewer, action, &resource) == Decision::Forbidden {
                    prop_assert!(decide(&viewer, Action::Read, &Resource::Group(&group)).is_allowed());
                }
            }
        }

        #[test]
        fn who_is_deactivated_may_nothing(viewer in viewers(), client in client_facts(), item in item_facts(), engagement in engagement_facts()) {
            let viewer = match viewer {
                Viewer::Member(member) => Viewer::Member(Member { active: false, ..member }),
                Viewer::Personnel(person) => Viewer::Personnel(Personnel { active: false, ..person }),
                Viewer::Client(_) => return Ok(()),
            };
            for (action, resource) in about(&client, &item, &engagement).into_iter().chain(about_the_account()) {
                prop_assert_eq!(decide(&viewer, action, &resource), Decision::Hidden);
            }
        }

        #[test]
        fn who_only_views_writes_nothing(viewer in members(), client in client_facts(), sees in any::<bool>(), item in item_facts()) {
            let client = ClientFacts { level: if sees { Level::ViewOnly } else { Level::None }, ..client };
            prop_assert!(!decide(&viewer, Action::Add(item.kind), &Resource::Record(&client)).is_allowed());
            for action in touching() {
                prop_assert!(!decide(&viewer, action, &Resource::Record(&client)).is_allowed());
                prop_assert!(!decide(&viewer, action, &Resource::Item(&client, &item)).is_allowed());
            }
        }

        #[test]
        fn an_archived_record_is_written_by_nobody(viewer in viewers(), client in client_facts(), item in item_facts()) {
            let client = ClientFacts { archived: true, ..client };
            prop_assert!(!decide(&viewer, Action::Add(item.kind), &Resource::Record(&client)).is_allowed());
            for action in touching() {
                prop_assert!(!decide(&viewer, action, &Resource::Record(&client)).is_allowed());
                prop_assert!(!decide(&viewer, action, &Resource::Item(&client, &item)).is_allowed());
            }
        }

        #[test]
        fn what_is_private_is_its_authors_alone(viewer in viewers(), client in client_facts(), item in item_facts()) {
            let item = ItemFacts { visibility: Visibility::Private, ..item };
            prop_assume!(item.author != viewer.actor());
            for action in touching().chain([Action::Read]) {
                prop_assert_eq!(decide(&viewer, action, &Resource::Item(&client, &item)), Decision::Hidden);
            }
        }

        #[test]
        fn personnel_read_granted_kinds_of_their_company_and_write_nothing(viewer in viewers(), client in client_facts(), item in item_facts(), engagement in engagement_facts()) {
            let Viewer::Personnel(person) = &viewer else { return Ok(()) };
            let read = decide(&viewer, Action::Read, &Resource::Item(&client, &item)).is_allowed();
            let may = person.active
                && client.company == Some(person.company_id)
                && person.grants.contains(&item.kind)
                && item.visibility == Visibility::Shared
                && !item.is_draft;
            prop_assert_eq!(read, may);
            for (action, resource) in about(&client, &item, &engagement).into_iter().chain(about_the_account()).filter(|(action, _)| *action != Action::Read) {
                prop_assert!(!decide(&viewer, action, &resource).is_allowed());
            }
        }

        #[test]
        fn what_one_may_not_read_one_may_not_change(viewer in viewers(), client in client_facts(), item in item_facts(), engagement in engagement_facts()) {
            for (action, resource) in about(&client, &item, &engagement).into_iter().chain(about_the_account()) {
                if decide(&viewer, action, &resource).is_allowed() {
                    prop_assert!(decide(&viewer, Action::Read, &resource).is_allowed(), "{action:?} {resource:?}");
                }
            }
        }

        #[test]
        fn who_is_refused_openly_may_know_of_it(viewer in viewers(), client in client_facts(), item in item_facts(), engagement in engagement_facts()) {
            for (action, resource) in about(&client, &item, &engagement) {
                if decide(&viewer, action, &resource) == Decision::Forbidden {
                    let known = [resource, Resource::Client(&client)].iter().any(|of| decide(&viewer, Action::Read, of).is_allowed());
                    prop_assert!(known, "{action:?} {resource:?}");
                }
            }
        }

        #[test]
        fn progress_is_for_the_owners_administrators_and_the_coach_of_what_is_tracked(viewer in viewers(), engagement in engagement_facts()) {
            let of = |location: Option<LocationId>| location.is_some() && location == engagement.location;
            let entitled = match &viewer {
                Viewer::Member(member) => member.active && {
                    let coaches = engagement.coach == Some(member.id) && engagement.is_tracked;
                    let global = member.administrator == Administrator::Global;
                    let local = member.administrator == Administrator::Location && of(member.location_id);
                    coaches || (engagement.owner == Owner::Own && (global || local))
                },
                Viewer::Personnel(person) => {
                    let everywhere = person.location_id.is_none() || of(person.location_id);
                    let owners = engagement.owner == Owner::Company(person.company_id);
                    person.active && person.administrator && owners && everywhere && !engagement.is_draft
                }
                Viewer::Client(_) => false,
            };
            let expected = if entitled { Decision::Allowed } else { Decision::Hidden };
            prop_assert_eq!(decide(&viewer, Action::Read, &Resource::Progress(&engagement)), expected);
            for action in [Action::Write, Action::Comment] {
                prop_assert_eq!(decide(&viewer, action, &Resource::Progress(&engagement)), Decision::Hidden);
            }
        }

        #[test]
        fn who_may_read_progress_may_read_the_engagement(viewer in viewers(), client in client_facts(), engagement in engagement_facts()) {
            if decide(&viewer, Action::Read, &Resource::Progress(&engagement)).is_allowed() {
                prop_assert!(decide(&viewer, Action::Read, &Resource::Engagement(&client, &engagement)).is_allowed());
            }
        }

        #[test]
        fn who_administers_nothing_and_coaches_nobody_never_reads_progress(viewer in viewers(), engagement in engagement_facts()) {
            let viewer = match viewer {
                Viewer::Personnel(person) => Viewer::Personnel(Personnel { administrator: false, ..person }),
                Viewer::Member(member) => Viewer::Member(Member { administrator: Administrator::None, ..member }),
                client @ Viewer::Client(_) => client,
            };
            prop_assume!(viewer.member().is_none_or(|member| engagement.coach != Some(member.id)));
            prop_assert_eq!(decide(&viewer, Action::Read, &Resource::Progress(&engagement)), Decision::Hidden);
        }

        #[test]
        fn items_that_are_drafts_are_for_members_alone(viewer in viewers(), client in client_facts(), item in item_facts()) {
            prop_assume!(viewer.member().is_none());
            let draft = ItemFacts { is_draft: true, ..item };
            for action in touching().chain([Action::Read]) {
                prop_assert_eq!(decide(&viewer, action, &Resource::Item(&client, &draft)), Decision::Hidden);
            }
        }

        #[test]
        fn a_client_touches_only_what_is_there_for_them(item in item_facts(), doing in proptest::sample::select(Doing::ALL.to_vec())) {
            let viewer = Viewer::Client(sample::client(OWN, Some(COMPANY)));
            let client = facts(Level::None, false);
            let may = |action| decide(&viewer, action, &Resource::Item(&client, &item)).is_allowed();
            if may(Action::Write) {
                prop_assert!(item.author == viewer.actor());
                prop_assert!(decide(&viewer, Action::Add(item.kind), &Resource::Record(&client)).is_allowed());
            }
            if may(Action::Do(doing)) {
                prop_assert!(!matches!(item.kind, ItemKind::Invoice | ItemKind::SessionNote | ItemKind::Appointment));
            }
        }

        #[test]
        fn drafts_are_for_members_alone(viewer in viewers(), client in client_facts(), engagement in engagement_facts()) {
            prop_assume!(viewer.member().is_none());
            let draft = EngagementFacts { is_draft: true, ..engagement };
            for action in [Action::Read, Action::Write] {
                prop_assert_eq!(decide(&viewer, action, &Resource::Engagement(&client, &draft)), Decision::Hidden);
            }
        }

        #[test]
        fn an_engagement_is_changed_by_members_alone_and_not_in_an_archived_record(
            viewer in viewers(), client in client_facts(), engagement in engagement_facts(),
        ) {
            let written = decide(&viewer, Action::Write, &Resource::Engagement(&client, &engagement));
            prop_assert!(!written.is_allowed() || (viewer.member().is_some() && !client.archived));
        }

        #[test]
        fn permissions_only_ever_add(viewer in viewers(), more in permissions(), client in client_facts(), item in item_facts(), engagement in engagement_facts()) {
            let Viewer::Member(member) = &viewer else { return Ok(()) };
            let permissions = member.permissions.iter().copied().chain(more).collect();
            let with_more = Viewer::Member(Member { permissions, ..member.clone() });
            for (action, resource) in about(&client, &item, &engagement).into_iter().chain(about_the_account()) {
                if decide(&viewer, action, &resource).is_allowed() {
                    prop_assert!(decide(&with_more, action, &resource).is_allowed(), "{action:?} {resource:?}");
                }
            }
        }
    }
}
