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
#[schema(as = EngagementReport)]
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

#[cfg(test)]
mod tests {
    use chrono::{Days, Duration, NaiveDate};
    use domain::id::{AccountId, CompanyId, EngagementId, LocationId, OrganisationId, PersonnelId, ProgramId};
    use domain::progress::Status;
    use proptest::prelude::*;
    use serde_json::json;
    use ulid::Ulid;

    use super::*;

    const ACCOUNT: u128 = 1;
    const ACME: u128 = 2;
    const MAYA: u128 = 3;
    const LOCATION: u128 = 4;
    const SORTS: [&str; 10] =
        ["created_at", "client", "coach", "program", "starts_on", "ends_on", "progress", "off_track_since", "due_on", "sessions_done"];

    fn now() -> DateTime<Utc> {
        "2026-03-02T12:00:00Z".parse().unwrap()
    }

    fn day(n: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + Days::new(n)
    }

    fn account() -> Account {
        let features = json!({ "companies": true, "groups": true, "team_edition": true });
        let account = json!({
            "id": AccountId(Ulid(ACCOUNT)), "name": "Onward", "time_zone": "Europe/Berlin", "features": features,
            "created_at": now(), "updated_at": now(), "version": 1,
        });
        serde_json::from_value(account).unwrap()
    }

    /// Somebody with a login, with other fields in place of these or beside them.
    fn person(id: u128, more: &serde_json::Value) -> serde_json::Value {
        let mut person = json!({
            "id": MemberId(Ulid(id)), "name": format!("Person {id}"), "email": format!("p{id}@x.example"), "active": true,
            "time_zone": "UTC", "notifications": {}, "created_at": now(), "updated_at": now(), "version": 1,
        });
        person.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        person
    }

    fn member(id: u128, administrator: &str, permissions: &[&str]) -> Member {
        let more =
            json!({ "coach": true, "administrator": administrator, "location_id": LocationId(Ulid(LOCATION)), "permissions": permissions });
        serde_json::from_value(person(id, &more)).unwrap()
    }

    fn personnel(id: u128, administrator: bool) -> Viewer {
        let more =
            json!({ "id": PersonnelId(Ulid(id)), "company_id": CompanyId(Ulid(ACME)), "administrator": administrator, "grants": [] });
        Viewer::Personnel(serde_json::from_value(person(id, &more)).unwrap())
    }

    fn client(id: u128) -> Client {
        let client = json!({
            "id": ClientId(Ulid(id)), "first_name": "Amber", "last_name": format!("Stone {id}"), "tags": [], "social_links": [],
            "company_id": CompanyId(Ulid(ACME)), "time_zone": "UTC", "portal": "active", "archived": false, "notifications": {},
            "created_at": now(), "updated_at": now(), "version": 1,
        });
        serde_json::from_value(client).unwrap()
    }

    /// What of an engagement anybody may see who sees it at all.
    #[derive(Clone, Debug)]
    struct Open {
        client: u128,
        by_company: bool,
        state: &'static str,
        sessions_done: u32,
        starts_on: Option<u64>,
    }

    /// What its progress is told from.
    #[derive(Clone, Debug)]
    struct Hidden {
        threshold_weeks: Option<u16>,
        notifies: bool,
        launched: u64,
        session: Option<u64>,
        scheduled: Option<u64>,
    }

    fn engagement(n: usize, open: &Open, hidden: &Hidden) -> Engagement {
        let at = |n: u64| day(n).and_hms_opt(10, 0, 0).unwrap().and_utc();
        let owner = if open.by_company { ACME } else { ACCOUNT };
        let engagement = json!({
            "id": EngagementId(Ulid(100 + n as u128)), "client_id": ClientId(Ulid(open.client)), "program_id": ProgramId(Ulid(9)),
            "program": "Leadership", "kind": "one_to_one", "coach_id": MemberId(Ulid(MAYA)),
            "owner_organisation_id": OrganisationId(Ulid(owner)), "location_id": LocationId(Ulid(LOCATION)), "state": open.state,
            "starts_on": open.starts_on.map(day), "threshold_weeks": hidden.threshold_weeks, "off_track_notifications": hidden.notifies,
            "launched_at": at(hidden.launched),
            "activity": {
                "session_at": hidden.session.max(hidden.scheduled).map(at), "scheduled_session_at": hidden.scheduled.map(at),
                "sessions_done": open.sessions_done,
            },
            "created_at": now() + Duration::seconds(n as i64 % 3), "updated_at": now(), "version": 1,
        });
        serde_json::from_value(engagement).unwrap()
    }

    fn open() -> impl Strategy<Value = Open> {
        let state = prop_oneof![Just("active"), Just("active"), Just("inactive"), Just("completed"), Just("draft")];
        (10_u128..13, any::<bool>(), state, 0_u32..3, proptest::option::of(0_u64..80))
            .prop_map(|(client, by_company, state, sessions_done, starts_on)| Open { client, by_company, state, sessions_done, starts_on })
    }

    fn hidden() -> impl Strategy<Value = Hidden> {
        (proptest::option::of(1_u16..12), any::<bool>(), 0_u64..60, proptest::option::of(0_u64..60), proptest::option::of(0_u64..90))
            .prop_map(|(threshold_weeks, notifies, launched, session, scheduled)| Hidden {
                threshold_weeks,
                notifies,
                launched,
                session,
                scheduled,
            })
    }

    fn filters() -> impl Strategy<Value = Filter> {
        let status = proptest::option::of(prop_oneof![Just(Status::OnTrack), Just(Status::OffTrack), Just(Status::NotTracking)]);
        let q = proptest::option::of(prop_oneof![Just("amber"), Just("11"), Just("leader"), Just("off")]);
        (status, proptest::option::of(0_u64..60), proptest::option::of(60_u64..90), q).prop_map(|(progress, from, to, q)| Filter {
            progress,
            off_track_since_from: from.map(day),
            off_track_since_to: to.map(day),
            q: q.map(str::to_owned),
            ..Filter::default()
        })
    }

    /// Those who see engagements of the clients, and know the progress of none or not of all: somebody who views everything, a
    /// coach of the clients, a location's administrator elsewhere, the client, and people of the company.
    fn viewers() -> Vec<Viewer> {
        let elsewhere = Member { location_id: Some(LocationId(Ulid(99))), ..member(22, "location", &["view_all_client_happenings"]) };
        vec![
            Viewer::Member(member(20, "none", &["view_all_client_happenings", "manage_clients"])),
            Viewer::Member(member(21, "none", &[])),
            Viewer::Member(elsewhere),
            Viewer::Member(member(23, "global", &["view_all_client_happenings"])),
            Viewer::Member(member(24, "location", &["view_all_client_happenings"])),
            Viewer::Client(client(11)),
            personnel(30, false),
            personnel(31, true),
        ]
    }

    /// Everything that a viewer can be answered: every page, the counts, and the rows of the files.
    fn answers(viewer: &Viewer, engagements: &[Engagement], filter: &Filter, sort: Sort, limit: usize) -> String {
        let clients = by_id((10..13).map(client).collect());
        let levels = (10..13).map(|id| (ClientId(Ulid(id)), Level::Coaching)).collect();
        let levels = if viewer.member().is_some() { levels } else { BTreeMap::new() };
        let views =
            Sight { viewer, account: &account(), now: now(), levels: &levels }.of(engagements, &clients, &[member(MAYA, "none", &[])]);
        let arranged = || arrange(views.clone(), row, filter, sort);
        let mut answers = format!("{:?}", Counts::of(arranged().iter().map(|(_, view)| view.progress)));
        let mut after = None;
        loop {
            let (page, next) = cut(arranged(), sort, after.as_ref(), limit);
            answers.push_str(&serde_json::to_string(&(page, &next)).unwrap());
            match next {
                Some(next) => after = Some(next),
                None => return answers,
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn nothing_that_is_answered_depends_on_a_progress_that_the_viewer_may_not_know(
            rows in proptest::collection::vec((open(), hidden(), hidden()), 1..9),
            (by, descending) in (0..SORTS.len(), any::<bool>()),
            filter in filters(),
            limit in 1_usize..4,
        ) {
            let sort: Sort = format!("{}{}", if descending { "-" } else { "" }, SORTS[by]).parse().unwrap();
            for viewer in viewers() {
                let made = |n: usize, (open, one, other): &(Open, Hidden, Hidden), is_other: bool| {
                    let engagement = engagement(n, open, one);
                    let is_known = super::super::view::is_entitled(&viewer, &account(), &engagement);
                    if is_other && !is_known { super::tests::engagement(n, open, other) } else { engagement }
                };
                let all = |is_other| rows.iter().enumerate().map(|(n, row)| made(n, row, is_other)).collect::<Vec<_>>();
                let [really, otherwise] = [all(false), all(true)].map(|engagements| answers(&viewer, &engagements, &filter, sort, limit));
                prop_assert_eq!(really, otherwise);
            }
        }
    }
}
