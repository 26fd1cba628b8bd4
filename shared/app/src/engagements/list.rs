//! Many engagements at once: the list, the report and what is made of it. Everything is filtered, sorted, counted and
//! written from [`EngagementView`]s, so what a viewer may not know decides nothing (T-8).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::access::{Action, ClientFacts, EngagementFacts, Resource, Viewer, decide};
use domain::account::Account;
use domain::client::{Client, Level};
use domain::engagement::Engagement;
use domain::id::{ClientId, MemberId};
use domain::listing::{Counts, Filter, Place, Row, Sort, arrange, cut};
use domain::person::Member;
use serde::Serialize;
use utoipa::ToSchema;

use super::{EngagementView, view};
use crate::page::{List, Page, Paged};
use crate::{AppError, Ctx};

/// A page of the report, and how many engagements of all its pages stand how.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Report {
    /// The page.
    pub items: Vec<EngagementView>,
    /// Where the next page begins; none after the last.
    pub next_cursor: Option<String>,
    /// How many of the engagements that the filters show stand how.
    pub counts: Counts,
}

/// The engagements that the viewer may see, as they see them, in the order they were added; deleted ones are left out.
/// One query for each kind of thing, however many engagements there are.
pub(crate) async fn views(ctx: &Ctx) -> Result<Vec<EngagementView>, AppError> {
    let store = ctx.store();
    let (engagements, clients, members, levels) = futures::future::try_join4(
        async { Ok::<_, AppError>(store.engagements(ctx.scope).await?) },
        async { Ok(store.clients(ctx.scope).await?) },
        async { Ok(store.members(ctx.scope).await?) },
        levels(ctx),
    )
    .await?;
    Ok(Sight { viewer: &ctx.viewer, account: &ctx.account, now: ctx.now, levels: &levels }.of(&engagements, &by_id(clients), &members))
}

/// What the viewer is to the clients of the account.
pub(crate) async fn levels(ctx: &Ctx) -> Result<BTreeMap<ClientId, Level>, AppError> {
    let Some(member) = ctx.viewer.member() else { return Ok(BTreeMap::new()) };
    let pairings = ctx.store().member_pairings(ctx.scope, member.id).await?;
    Ok(pairings.into_iter().map(|pairing| (pairing.client_id, pairing.level)).collect())
}

pub(crate) fn by_id(clients: Vec<Client>) -> BTreeMap<ClientId, Client> {
    clients.into_iter().map(|client| (client.id, client)).collect()
}

/// What a viewer sees by.
struct Sight<'a> {
    viewer: &'a Viewer,
    account: &'a Account,
    now: DateTime<Utc>,
    levels: &'a BTreeMap<ClientId, Level>,
}

impl Sight<'_> {
    fn of(&self, engagements: &[Engagement], clients: &BTreeMap<ClientId, Client>, members: &[Member]) -> Vec<EngagementView> {
        let names: BTreeMap<MemberId, &str> = members.iter().map(|member| (member.id, member.name.as_str())).collect();
        let see = |engagement: &Engagement| {
            let client = clients.get(&engagement.client_id).filter(|_| !engagement.is_deleted())?;
            let client_facts = ClientFacts::of(client, self.levels.get(&client.id).copied().unwrap_or_default());
            let facts = EngagementFacts::of(engagement, self.account.id);
            let coach = engagement.coach_id.and_then(|coach| names.get(&coach).copied());
            decide(self.viewer, Action::Read, &Resource::Engagement(&client_facts, &facts))
                .is_allowed()
                .then(|| view(self.viewer, self.account, engagement, client, coach, self.now))
        };
        engagements.iter().filter_map(see).collect()
    }
}

/// What lists look at of what the viewer sees.
fn row(view: &EngagementView) -> Row<'_> {
    Row {
        id: view.id,
        client_id: view.client_id,
        client: &view.client,
        company_id: view.company_id,
        coach_id: view.coach_id,
        coach: view.coach.as_deref(),
        program_id: view.program_id,
        program: &view.program,
        location_id: view.location_id,
        state: view.state,
        starts_on: view.starts_on,
        ends_on: view.ends_on,
        sessions_done: view.sessions_done,
        progress: view.progress,
        off_track_since: view.off_track_since,
        due_on: view.due_on,
        created_at: view.created_at,
    }
}

/// Where a list goes on, by its cursor.
fn after(list: &List, page: &Page) -> Result<Option<Place>, AppError> {
    list.last(page)?.map(|last| serde_json::from_str(&last).map_err(|_| AppError::BadCursor)).transpose()
}

/// One page of what is arranged.
fn paged(list: &List, arranged: Vec<(Place, EngagementView)>, sort: Sort, page: &Page) -> Result<Paged<EngagementView>, AppError> {
    let (items, next) = cut(arranged, sort, after(list, page)?.as_ref(), page.limit);
    let next = next.map(|place| serde_json::to_string(&place)).transpose().map_err(|e| AppError::Fault(e.to_string()))?;
    Ok(Paged { items, next_cursor: next.map(|place| list.cursor(&place)) })
}

/// The engagements that the viewer may see: those a filter shows, in an order.
///
/// # Errors
/// [`AppError`].
pub async fn list(ctx: &Ctx, filter: Filter, sort: Sort, page: &Page) -> Result<Paged<EngagementView>, AppError> {
    let filter = filter.read()?;
    let list = List::new(ctx, "engagements", &(&filter, sort));
    after(&list, page)?;
    paged(&list, arrange(views(ctx).await?, row, &filter, sort), sort, page)
}

/// The report: like the list, with counts of everything that the filter shows (T-12).
///
/// # Errors
/// [`AppError`].
pub async fn report(ctx: &Ctx, filter: Filter, sort: Sort, page: &Page) -> Result<Report, AppError> {
    let filter = filter.read()?;
    let list = List::new(ctx, "engagement report", &(&filter, sort));
    after(&list, page)?;
    let arranged = arrange(views(ctx).await?, row, &filter, sort);
    let counts = Counts::of(arranged.iter().map(|(_, view)| view.progress));
    let Paged { items, next_cursor } = paged(&list, arranged, sort, page)?;
    Ok(Report { items, next_cursor, counts })
}

/// All rows of the report, in order.
pub(crate) async fn whole(ctx: &Ctx, filter: Filter, sort: Sort) -> Result<Vec<EngagementView>, AppError> {
    let filter = filter.read()?;
    Ok(arrange(views(ctx).await?, row, &filter, sort).into_iter().map(|(_, view)| view).collect())
}
