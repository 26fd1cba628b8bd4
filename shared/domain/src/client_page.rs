//! The page of one client: which areas a viewer sees, and what they are offered to do (P-2 to P-6).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::{Action, ClientFacts, EngagementFacts, ItemFacts, Owner, Resource, Viewer, decide, may_invite};
use crate::client::{Client, Level, Portal, PortalMove, move_portal};
use crate::explain::may_add;
use crate::item::{ItemKind, Visibility};

/// An area of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// Engagements; what the page opens with.
    Engagements,
    /// Things to do.
    Actions,
    /// Numbers followed over time.
    Metrics,
    /// Forms and steps of courses.
    Worksheets,
    /// Appointments and what was said in them.
    Sessions,
    /// Notes.
    Notes,
    /// The client's own writing.
    Journal,
    /// Files.
    SharedFiles,
    /// Agreements and contracts.
    Contracts,
    /// Bills.
    Invoices,
    /// What happened, and messages.
    Stream,
    /// Who sees the record, and which reports are on the client.
    Sharing,
    /// Who the client is.
    Profile,
}

impl Area {
    /// All of them, in the order of the menu.
    pub const ALL: [Self; 13] = [
        Self::Engagements,
        Self::Actions,
        Self::Metrics,
        Self::Worksheets,
        Self::Sessions,
        Self::Notes,
        Self::Journal,
        Self::SharedFiles,
        Self::Contracts,
        Self::Invoices,
        Self::Stream,
        Self::Sharing,
        Self::Profile,
    ];

    /// What the menu calls it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Engagements => "Engagements",
            Self::Actions => "Actions",
            Self::Metrics => "Metrics",
            Self::Worksheets => "Worksheets",
            Self::Sessions => "Sessions",
            Self::Notes => "Notes",
            Self::Journal => "Journal",
            Self::SharedFiles => "Shared Files",
            Self::Contracts => "Contracts",
            Self::Invoices => "Invoices",
            Self::Stream => "Stream",
            Self::Sharing => "Sharing",
            Self::Profile => "Profile",
        }
    }

    /// The way to it, from the list of clients on (P-1).
    pub fn breadcrumb(self, client: &str) -> Vec<String> {
        let below: &[&str] = match self {
            Self::Engagements => &["Coaching", "Engagement"],
            Self::Actions | Self::Metrics | Self::Worksheets | Self::Sessions | Self::Notes | Self::Journal => &["Coaching", self.title()],
            Self::SharedFiles | Self::Contracts | Self::Invoices | Self::Stream | Self::Sharing | Self::Profile => &[self.title()],
        };
        ["Contacts", client].into_iter().chain(below.iter().copied()).map(str::to_owned).collect()
    }

    /// The kinds of item in it.
    pub fn kinds(self) -> &'static [ItemKind] {
        match self {
            Self::Actions => &[ItemKind::Action],
            Self::Metrics => &[ItemKind::Metric],
            Self::Worksheets => &[ItemKind::Worksheet, ItemKind::CourseStep],
            Self::Sessions => &[ItemKind::Appointment, ItemKind::SessionNote],
            Self::Notes => &[ItemKind::Note],
            Self::Journal => &[ItemKind::JournalEntry],
            Self::SharedFiles => &[ItemKind::File],
            Self::Contracts => &[ItemKind::Agreement, ItemKind::Contract],
            Self::Invoices => &[ItemKind::Invoice],
            Self::Stream => &[ItemKind::Message],
            Self::Engagements | Self::Sharing | Self::Profile => &[],
        }
    }

    /// Whether the area shows a number of items beside its title.
    pub fn counts_items(self) -> bool {
        match self {
            Self::Actions
            | Self::Metrics
            | Self::Worksheets
            | Self::Sessions
            | Self::Notes
            | Self::Journal
            | Self::SharedFiles
            | Self::Contracts
            | Self::Invoices => true,
            Self::Engagements | Self::Stream | Self::Sharing | Self::Profile => false,
        }
    }

    /// Whether the viewer sees the area: of items, where they may see one of its kinds.
    pub fn is_seen(self, viewer: &Viewer, client: &ClientFacts) -> bool {
        let may = |resource: &Resource<'_>| decide(viewer, Action::Read, resource).is_allowed();
        match self {
            // which of them are seen is decided one by one
            Self::Engagements | Self::Profile => may(&Resource::Client(client)),
            Self::Stream => may(&Resource::Record(client)),
            Self::Sharing => may(&Resource::Sharing(client)),
            Self::Actions
            | Self::Metrics
            | Self::Worksheets
            | Self::Sessions
            | Self::Notes
            | Self::Journal
            | Self::SharedFiles
            | Self::Contracts
            | Self::Invoices => self.kinds().iter().any(|kind| may(&Resource::Item(client, &of_kind(viewer, *kind)))),
        }
    }
}

/// A shared item of a kind, as the viewer would add it.
fn of_kind(viewer: &Viewer, kind: ItemKind) -> ItemFacts {
    ItemFacts { kind, visibility: Visibility::Shared, author: viewer.actor(), is_draft: false }
}

/// What one can be offered to do on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Offer {
    /// Change the profile: PATCH /v1/clients/{id}.
    EditProfile,
    /// Share the record with a member: POST /v1/clients/{id}/share.
    Share,
    /// Set who is paired with the client: PUT /v1/clients/{id}/pairings.
    SetPairings,
    /// Archive the client: POST /v1/clients/{id}/archive.
    Archive,
    /// Take the client back from the archive: POST /v1/clients/{id}/unarchive.
    Unarchive,
    /// Invite the client to the portal: POST /v1/clients/{id}/portal/invite.
    PortalInvite,
    /// Send the invitation once more: POST /v1/clients/{id}/portal/invite.
    PortalResend,
    /// Take the invitation back: POST /v1/clients/{id}/portal/cancel.
    PortalCancel,
    /// Switch the portal on: PUT /v1/clients/{id}/portal.
    PortalEnable,
    /// Switch the portal off: PUT /v1/clients/{id}/portal.
    PortalDisable,
    /// Add an engagement: POST /v1/engagements.
    CreateEngagement,
    /// Add an item of the kinds named: POST /v1/clients/{id}/items.
    AddItem,
    /// Comment on items: POST /v1/items/{id}/comments.
    Comment,
    /// Take the record along as a file: POST /v1/clients/{id}/exports.
    Export,
}

/// Something that the viewer may do now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Offered {
    /// What.
    pub act: Offer,
    /// What it will do, where one should know that before.
    pub says: Option<String>,
    /// To add an item: of which kinds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub kinds: Vec<ItemKind>,
}

/// Something that the viewer may do now with an engagement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EngagementOffer {
    /// Change it: PATCH /v1/engagements/{id}.
    Edit,
    /// Give it a coach: POST /v1/engagements/{id}/assign-coach.
    AssignCoach,
    /// Delete it: DELETE /v1/engagements/{id}; it can be brought back for 30 days.
    Delete,
}

/// Whom work and sight can be given to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Team {
    /// Whether team edition is on.
    pub edition: bool,
    /// Whether there are active members who are not paired with the client.
    pub unpaired: bool,
    /// Whether there are active coaches besides the viewer.
    pub coaches: bool,
}

/// What the viewer may do on the page now, each decided as the route itself decides it.
pub fn offers(viewer: &Viewer, client: &Client, level: Level, team: Team, now: DateTime<Utc>) -> Vec<Offered> {
    let facts = ClientFacts::of(client, level);
    let may = |action: Action, resource: &Resource<'_>| decide(viewer, action, resource).is_allowed();
    let plain = |act: Offer| Offered { act, says: None, kinds: Vec::new() };
    let telling = |act: Offer, says: &str| Offered { says: Some(says.to_owned()), ..plain(act) };
    let mut offers = Vec::new();
    let edits = may(Action::Write, &Resource::Client(&facts));
    if edits && !client.archived {
        offers.push(plain(Offer::EditProfile));
    }
    if team.edition && team.unpaired && !client.archived && may(Action::Write, &Resource::Sharing(&facts)) {
        offers.push(telling(Offer::Share, "The member will see the record without changing it, unless you let them coach too."));
    }
    if team.edition && may(Action::Write, &Resource::Pairings(&facts)) {
        offers.push(plain(Offer::SetPairings));
    }
    if edits {
        offers.push(match client.archived {
            false => telling(Offer::Archive, &archiving(client.portal)),
            true => telling(Offer::Unarchive, UNARCHIVING),
        });
    }
    if edits && !client.archived {
        let invites = may_invite(viewer, &facts);
        let is_theirs = |offer: &Offer| invites || !matches!(offer, Offer::PortalInvite | Offer::PortalResend);
        offers.extend(portal_offers(client, now).into_iter().filter(is_theirs).map(plain));
    }
    let new = EngagementFacts { owner: Owner::Own, location: None, coach: None, is_draft: true, is_tracked: false };
    if may(Action::Read, &Resource::Programs) && may(Action::Write, &Resource::Engagement(&facts, &new)) {
        offers.push(plain(Offer::CreateEngagement));
    }
    let kinds: Vec<ItemKind> = ItemKind::ALL.into_iter().filter(|kind| may_add(viewer, &facts, *kind)).collect();
    if !kinds.is_empty() {
        offers.push(Offered { kinds, ..plain(Offer::AddItem) });
    }
    if ItemKind::ALL.into_iter().any(|kind| may(Action::Comment, &Resource::Item(&facts, &of_kind(viewer, kind)))) {
        offers.push(plain(Offer::Comment));
    }
    if may(Action::Export, &Resource::Client(&facts)) {
        offers.push(plain(Offer::Export));
    }
    offers
}

/// What the viewer may do now with an engagement of the client.
pub fn engagement_offers(viewer: &Viewer, client: &ClientFacts, engagement: &EngagementFacts, team: Team) -> Vec<EngagementOffer> {
    if !decide(viewer, Action::Write, &Resource::Engagement(client, engagement)).is_allowed() {
        return Vec::new();
    }
    let assigns = (team.edition && team.coaches).then_some(EngagementOffer::AssignCoach);
    [EngagementOffer::Edit].into_iter().chain(assigns).chain([EngagementOffer::Delete]).collect()
}

/// Whether the page says that the viewer may only look: the record is theirs to see, and would not be theirs to work
/// with if it were not archived either.
pub fn is_view_only(viewer: &Viewer, client: &ClientFacts) -> bool {
    let open = ClientFacts { archived: false, ..client.clone() };
    decide(viewer, Action::Read, &Resource::Record(client)).is_allowed()
        && !decide(viewer, Action::Write, &Resource::Record(&open)).is_allowed()
}

/// What archiving does (P-4).
fn archiving(portal: Portal) -> String {
    let portal = match portal {
        Portal::Active => "The client's portal is switched off. ",
        Portal::Pending => "The client's invitation to the portal is taken back. ",
        Portal::NotInvited | Portal::Disabled => "",
    };
    format!(
        "{portal}Scheduled invoices are cancelled for good. Reports and reminders stop. The record can be read, not changed, until the client \
         is taken back."
    )
}

/// What taking back from the archive does (P-4).
const UNARCHIVING: &str = "The record can be changed again, and reports and reminders are on the client again. Invoices that were cancelled stay \
                           cancelled, and the portal stays off until it is switched on.";

fn portal_offers(client: &Client, now: DateTime<Utc>) -> Vec<Offer> {
    let invites = client.email.is_some() && move_portal(client, PortalMove::Invite, now).is_ok();
    match client.portal {
        Portal::NotInvited => invites.then_some(Offer::PortalInvite).into_iter().collect(),
        Portal::Pending => invites.then_some(Offer::PortalResend).into_iter().chain([Offer::PortalCancel]).collect(),
        Portal::Active => vec![Offer::PortalDisable],
        Portal::Disabled => vec![Offer::PortalEnable],
    }
}

/// How the page shows where the portal stands (P-5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// A button that invites.
    Button,
    /// Words alone.
    Status,
    /// A switch.
    Toggle,
}

/// How the page shows where the portal stands, and in which words.
pub fn portal_control(portal: Portal) -> (Control, &'static str) {
    match portal {
        Portal::NotInvited => (Control::Button, "Portal Invite"),
        Portal::Pending => (Control::Status, "Pending Acceptance"),
        Portal::Active => (Control::Toggle, "Portal Active"),
        Portal::Disabled => (Control::Toggle, "Portal Disabled"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Write;

    use proptest::prelude::*;

    use super::*;
    use crate::person::{Administrator, Member, Permission};
    use crate::sample;

    const OWN: u128 = 10;
    const COMPANY: u128 = 20;

    fn member(permissions: &[Permission]) -> Viewer {
        Viewer::Member(sample::member(1, permissions))
    }

    #[test]
    fn a_page_offers_what_this_table_says() {
        let client = || sample::client(OWN, Some(COMPANY));
        let with = |portal: Portal, invited: Option<i64>| Client {
            portal,
            invited_at: invited.map(|hours| sample::now() - chrono::Duration::hours(hours)),
            ..client()
        };
        let archived = || Client { archived: true, ..client() };
        let team = Team { edition: true, unpaired: true, coaches: true };
        let alone = Team::default();
        let nobody_else = Team { edition: true, ..Team::default() };
        let administrator = Viewer::Member(Member { administrator: Administrator::Global, coach: false, ..sample::member(1, &[]) });
        let mut table = String::new();
        for (name, viewer, client, level, team) in [
            ("primary coach", member(&[]), client(), Level::Primary, team),
            ("primary coach without team edition", member(&[]), client(), Level::Primary, alone),
            ("primary coach with nobody to share with", member(&[]), client(), Level::Primary, nobody_else),
            ("primary coach, archived", member(&[]), archived(), Level::Primary, team),
            ("primary coach, no address", member(&[]), Client { email: None, ..client() }, Level::Primary, alone),
            ("primary coach, invited an hour ago", member(&[]), with(Portal::Pending, Some(1)), Level::Primary, alone),
            ("primary coach, invited a day ago", member(&[]), with(Portal::Pending, Some(24)), Level::Primary, alone),
            ("primary coach, portal on", member(&[]), with(Portal::Active, Some(48)), Level::Primary, alone),
            ("primary coach, portal off", member(&[]), with(Portal::Disabled, Some(48)), Level::Primary, alone),
            ("viewer", member(&[]), client(), Level::ViewOnly, team),
            ("sees all", member(&[Permission::ViewAllClientHappenings]), client(), Level::None, team),
            ("manages clients", member(&[Permission::ManageClients]), client(), Level::None, team),
            (
                "manages the team and sees all",
                member(&[Permission::ManageTeam, Permission::ViewAllClientHappenings]),
                client(),
                Level::None,
                team,
            ),
            ("administrator who is paired to view", administrator, client(), Level::ViewOnly, team),
            ("client", Viewer::Client(client()), client(), Level::None, team),
            ("client, archived", Viewer::Client(archived()), archived(), Level::None, team),
            ("of the company", Viewer::Personnel(sample::personnel(3, COMPANY, &[ItemKind::Metric])), client(), Level::None, team),
        ] {
            let facts = ClientFacts::of(&client, level);
            let offered: Vec<String> =
                offers(&viewer, &client, level, team, sample::now()).iter().map(|o| format!("{:?}", o.act)).collect();
            let areas: Vec<String> =
                Area::ALL.into_iter().filter(|area| area.is_seen(&viewer, &facts)).map(|area| format!("{area:?}")).collect();
            let engagement = EngagementFacts { owner: Owner::Own, location: None, coach: None, is_draft: false, is_tracked: true };
            let with_engagements = engagement_offers(&viewer, &facts, &engagement, team);
            writeln!(
                table,
                "{name}{}\n  offers {}\n  with engagements {with_engagements:?}\n  areas {}",
                if is_view_only(&viewer, &facts) { " (view only)" } else { "" },
                offered.join(", "),
                areas.join(", ")
            )
            .unwrap();
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn every_kind_of_item_is_in_one_area_and_every_area_has_a_way_to_it() {
        let kinds: Vec<ItemKind> = Area::ALL.into_iter().flat_map(Area::kinds).copied().collect();
        assert_eq!(kinds.len(), ItemKind::ALL.len());
        assert_eq!(BTreeSet::from_iter(kinds), BTreeSet::from(ItemKind::ALL));
        assert_eq!(
            Area::Engagements.breadcrumb("Sigefroy Brockhouse").join(" / "),
            "Contacts / Sigefroy Brockhouse / Coaching / Engagement"
        );
        let ways: BTreeSet<Vec<String>> = Area::ALL.into_iter().map(|area| area.breadcrumb("x")).collect();
        assert_eq!(ways.len(), Area::ALL.len());
    }

    proptest! {
        #[test]
        fn who_only_views_is_offered_nothing_to_add(
            permissions in proptest::sample::subsequence(vec![Permission::ViewAllClientHappenings, Permission::ReportToThirdParties, Permission::Export], 0..=3),
            sees in any::<bool>(), archived in any::<bool>(), edition in any::<bool>(),
        ) {
            let client = Client { archived, ..sample::client(OWN, None) };
            let level = if sees { Level::ViewOnly } else { Level::None };
            let team = Team { edition, unpaired: true, coaches: true };
            let viewer = member(&permissions);
            let offered = offers(&viewer, &client, level, team, sample::now());
            prop_assert!(offered.iter().all(|offered| offered.act == Offer::Export && permissions.contains(&Permission::Export)), "{:?}", offered);
            let is_seen = sees || permissions.contains(&Permission::ViewAllClientHappenings);
            prop_assert_eq!(is_view_only(&viewer, &ClientFacts::of(&client, level)), is_seen);
        }
    }
}
