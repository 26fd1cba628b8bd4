//! The page of one client, in one go (P-2 to P-6).

use chrono::{DateTime, Utc};
use domain::access::{Action, ClientFacts, EngagementFacts, ItemFacts, Resource, Viewer, decide};
use domain::account::Feature;
use domain::client::{Client, Level, Pairing, Portal};
use domain::client_page::{Area, Control, EngagementOffer, Offered, Team, engagement_offers, is_view_only, offers, portal_control};
use domain::engagement::{Engagement, State};
use domain::id::{ClientId, CompanyId, MemberId};
use domain::item::{ItemKind, is_draft};
use domain::person::{Email, Member};
use platform::store::items::Outline;
use serde::Serialize;
use utoipa::ToSchema;

use crate::engagements::{EngagementView, view};
use crate::{AppError, Ctx};

/// How many engagements the page shows.
const SHOWN: usize = 50;

/// Everything the page of a client shows at first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClientPage {
    /// The client.
    pub client_id: ClientId,
    /// Who they are.
    pub header: Header,
    /// Whether the record is archived.
    pub archived: bool,
    /// Whether the page says that one may only look.
    pub view_only: bool,
    /// The areas one sees, in the order of the menu; the first is the one that the page opens with.
    pub areas: Vec<AreaView>,
    /// Whether there are more items than were counted, so that the numbers are the least there are.
    pub more_items: bool,
    /// The engagements one sees, those that are not completed first, the newest of each first; at most 50.
    pub engagements: Vec<EngagementRow>,
    /// What one may do now.
    pub actions: Vec<Offered>,
}

/// Who the client is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Header {
    /// First and last name.
    pub name: String,
    /// First name.
    pub first_name: String,
    /// Last name; may be empty.
    pub last_name: String,
    /// Address.
    pub email: Option<Email>,
    /// Phone number, as typed.
    pub phone: Option<String>,
    /// Words to find the client by.
    pub tags: Vec<String>,
    /// Web site.
    pub website: Option<String>,
    /// Addresses of profiles elsewhere.
    pub social_links: Vec<String>,
    /// The client's company.
    pub company: Option<CompanyName>,
    /// The primary coach.
    pub coach: Option<MemberName>,
    /// The portal.
    pub portal: PortalView,
}

/// A company by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CompanyName {
    /// Id.
    pub id: CompanyId,
    /// Name.
    pub name: String,
}

/// A member by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MemberName {
    /// Id.
    pub id: MemberId,
    /// Name.
    pub name: String,
}

/// Where the portal stands, as the page shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PortalView {
    /// Where it stands.
    pub state: Portal,
    /// What shows it.
    pub control: Control,
    /// What it says: `Portal Invite`, `Pending Acceptance`, `Portal Active`, `Portal Disabled`.
    pub label: &'static str,
    /// When the invitation was last sent.
    pub invited_at: Option<DateTime<Utc>>,
}

/// An area of the page.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AreaView {
    /// Which.
    pub area: Area,
    /// What the menu calls it.
    pub title: &'static str,
    /// The way to it, from the list of clients on.
    pub breadcrumb: Vec<String>,
    /// How many things are in it, as far as one sees them.
    pub count: Option<usize>,
    /// How many of them something remains to be done about.
    pub open: Option<usize>,
    /// The kinds of item in it that one may see.
    pub kinds: Vec<ItemKind>,
    /// The kinds of item that one may add to it.
    pub add: Vec<ItemKind>,
}

/// An engagement of the client.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EngagementRow {
    /// The engagement as one sees it; without `ends_on` its end is to be decided.
    #[serde(flatten)]
    pub engagement: EngagementView,
    /// What one may do with it now.
    pub actions: Vec<EngagementOffer>,
}

/// The page of a client, as the viewer sees it. The work does not grow with the record: items are counted as far as a few
/// requests go.
///
/// # Errors
/// [`AppError`].
pub async fn page(ctx: &Ctx, id: ClientId) -> Result<ClientPage, AppError> {
    let (client, level) = crate::clients::load(ctx, id).await?;
    let (store, scope) = (ctx.store(), ctx.scope);
    let facts = ClientFacts::of(&client, level);
    let sees_record = decide(&ctx.viewer, Action::Read, &Resource::Record(&facts)).is_allowed();
    let company = async {
        match client.company_id {
            Some(company) => store.company(scope, company).await,
            None => Ok(None),
        }
    };
    let items = async {
        match sees_record {
            true => store.item_outlines(scope, id).await,
            false => Ok((Vec::new(), false)),
        }
    };
    let (engagements, members, pairings, company, (items, more_items)) = futures::future::try_join5(
        store.client_engagements(scope, id),
        store.members(scope),
        store.client_pairings(scope, id),
        company,
        items,
    )
    .await?;
    let team = team(ctx, &members, &pairings);
    let offered = offers(&ctx.viewer, &client, level, team, ctx.now);
    let name = |id: MemberId| members.iter().find(|member| member.id == id).map(|member| member.name.as_str());
    let engagements = rows(ctx, &client, &facts, engagements, name, team);

    let adds: Vec<ItemKind> = offered.iter().flat_map(|offer| offer.kinds.iter().copied()).collect();
    let sees = |item: &&Outline| {
        let is_draft = is_draft(item.kind, item.state, item.sent_at.is_some());
        let item = ItemFacts { kind: item.kind, visibility: item.visibility, author: item.author, is_draft };
        decide(&ctx.viewer, Action::Read, &Resource::Item(&facts, &item)).is_allowed()
    };
    let seen: Vec<&Outline> = items.iter().filter(sees).collect();
    let areas = Area::ALL.into_iter().filter(|area| area.is_seen(&ctx.viewer, &facts)).map(|area| {
        let of_area = || seen.iter().filter(|item| area.kinds().contains(&item.kind));
        let (count, open) = match (area, area.counts_items()) {
            (Area::Engagements, _) => (Some(engagements.len()), None),
            (_, true) => (Some(of_area().count()), Some(of_area().filter(|item| item.state.is_open()).count())),
            (_, false) => (None, None),
        };
        AreaView {
            area,
            title: area.title(),
            breadcrumb: area.breadcrumb(&client.name()),
            count,
            open,
            kinds: area.kinds().iter().copied().filter(|kind| may_see(&ctx.viewer, *kind)).collect(),
            add: area.kinds().iter().copied().filter(|kind| adds.contains(kind)).collect(),
        }
    });
    let areas = areas.collect();
    let primary = pairings.iter().find(|pairing| pairing.level == Level::Primary).map(|pairing| pairing.member_id);
    let (control, label) = portal_control(client.portal);
    Ok(ClientPage {
        client_id: id,
        archived: client.archived,
        view_only: is_view_only(&ctx.viewer, &facts),
        areas,
        more_items,
        engagements: engagements.into_iter().take(SHOWN).collect(),
        actions: offered,
        header: Header {
            name: client.name(),
            coach: primary.and_then(|id| Some(MemberName { id, name: name(id)?.to_owned() })),
            company: company.map(|company| CompanyName { id: company.id, name: company.name }),
            portal: PortalView { state: client.portal, control, label, invited_at: client.invited_at },
            first_name: client.first_name,
            last_name: client.last_name,
            email: client.email,
            phone: client.phone,
            tags: client.tags.into_iter().collect(),
            website: client.website,
            social_links: client.social_links,
        },
    })
}

/// Whether a kind of item is for the viewer at all: personnel see those they were granted.
fn may_see(viewer: &Viewer, kind: ItemKind) -> bool {
    match viewer {
        Viewer::Member(_) | Viewer::Client(_) => true,
        Viewer::Personnel(person) => person.grants.contains(&kind),
    }
}

/// Whom the viewer could share the client with, and give engagements to.
fn team(ctx: &Ctx, members: &[Member], pairings: &[Pairing]) -> Team {
    let own = ctx.viewer.member().map(|member| member.id);
    let is_paired = |member: &Member| pairings.iter().any(|pairing| pairing.member_id == member.id);
    Team {
        edition: ctx.account.features.has(Feature::TeamEdition),
        unpaired: members.iter().any(|member| member.active && Some(member.id) != own && !is_paired(member)),
        coaches: members.iter().any(|member| member.active && member.coach && Some(member.id) != own),
    }
}

/// The engagements that the viewer sees, those that are not completed first, the newest of each first.
fn rows<'a>(
    ctx: &Ctx,
    client: &Client,
    facts: &ClientFacts,
    mut engagements: Vec<Engagement>,
    name: impl Fn(MemberId) -> Option<&'a str>,
    team: Team,
) -> Vec<EngagementRow> {
    engagements.retain(|engagement| !engagement.is_deleted());
    engagements.sort_by_key(|engagement| (engagement.state == State::Completed, std::cmp::Reverse(engagement.id)));
    let row = |engagement: &Engagement| {
        let of = EngagementFacts::of(engagement, ctx.account.id);
        decide(&ctx.viewer, Action::Read, &Resource::Engagement(facts, &of)).is_allowed().then(|| EngagementRow {
            engagement: view(&ctx.viewer, &ctx.account, engagement, client, engagement.coach_id.and_then(&name), ctx.now),
            actions: engagement_offers(&ctx.viewer, facts, &of, team),
        })
    };
    engagements.iter().filter_map(row).collect()
}
