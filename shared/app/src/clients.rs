//! Clients: who they are, who may see them, what happened with them.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{Action, ClientFacts, Resource, Viewer, decide, may_move_client};
use domain::account::Feature;
use domain::check::{self, Check};
use domain::client::{Client, Level, Portal};
use domain::id::{ClientId, CompanyId, MemberId};
use domain::listing::Columns;
use domain::person::{Email, Notifications, Permission};
use platform::store::{Changes, Commit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::page::{List, Page, Paged};
use crate::{AppError, Ctx, engagements};

/// How often a new address is tried while the client's engagements are being written to.
const REFILE_ATTEMPTS: usize = 6;
/// The most tags or social links of a client.
const WORDS_MOST: usize = 30;

/// A client as people send it: all of it for a new one (`first_name` needed), some of it for a change. In a change,
/// what is left out stays; an empty text takes the field away.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ClientDraft {
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Address, unique among the clients of the account.
    pub email: Option<String>,
    /// Phone number.
    pub phone: Option<String>,
    /// Words to find the client by.
    pub tags: Option<Vec<String>>,
    /// Web site.
    pub website: Option<String>,
    /// Addresses of profiles elsewhere.
    pub social_links: Option<Vec<String>>,
    /// The client's company; empty takes it away.
    pub company_id: Option<String>,
    /// An IANA zone; default the account's.
    pub time_zone: Option<String>,
    /// New clients only: their primary coach; the one who adds them if left out.
    pub primary_id: Option<MemberId>,
}

impl ClientDraft {
    fn fill(&self, client: &mut Client, companies: &BTreeSet<CompanyId>, check: &mut Check) {
        if let Some(name) = &self.first_name
            && let Some(name) = check.take("first_name", check::line(name, 100))
        {
            client.first_name = name;
        }
        let optional =
            |field: &str, given: &Option<String>, into: &mut Option<String>, check: &mut Check| match given.as_deref().map(str::trim) {
                None => {}
                Some("") => *into = None,
                Some(text) => *into = check.take(field, check::line(text, 300)),
            };
        optional("phone", &self.phone, &mut client.phone, check);
        optional("website", &self.website, &mut client.website, check);
        let mut last_name = Some(client.last_name.clone());
        optional("last_name", &self.last_name, &mut last_name, check);
        client.last_name = last_name.unwrap_or_default();
        match self.email.as_deref().map(str::trim) {
            None => {}
            Some("") => client.email = None,
            Some(email) => client.email = check.take("email", Email::parse(email)),
        }
        if let Some(zone) = &self.time_zone
            && let Some(zone) = check.take("time_zone", check::zone(zone))
        {
            client.time_zone = zone;
        }
        let mut words = |field: &str, given: &[String], most: usize| {
            check.that(given.len() <= WORDS_MOST, field, "has too many entries; at most 30 fit");
            let read = |(n, text): (usize, &String)| check.take(&format!("{field}[{n}]"), check::line(text, most));
            given.iter().take(WORDS_MOST).enumerate().filter_map(read).collect::<Vec<_>>()
        };
        if let Some(tags) = &self.tags {
            client.tags = words("tags", tags, 60).into_iter().collect();
        }
        if let Some(links) = &self.social_links {
            client.social_links = words("social_links", links, 300);
        }
        match self.company_id.as_deref() {
            None => {}
            Some("") => client.company_id = None,
            Some(id) => match id.parse().ok().filter(|id| companies.contains(id)) {
                Some(id) => client.company_id = Some(id),
                None => check.fault("company_id", "there is no such company"),
            },
        }
    }
}

/// Which clients a list shows.
#[derive(Clone, Debug, Default)]
pub struct ClientFilter {
    /// Part of the name, address, phone number, web site or a tag, however it is written.
    pub q: Option<String>,
    /// With this tag.
    pub tag: Option<String>,
    /// Of this company.
    pub company_id: Option<CompanyId>,
    /// Archived ones instead of the others.
    pub archived: bool,
}

impl ClientFilter {
    fn shows(&self, client: &Client) -> bool {
        let found = self.q.as_ref().is_none_or(|q| client.is_found_by(q));
        found
            && self.tag.as_ref().is_none_or(|tag| client.tags.iter().any(|t| check::fold(t) == check::fold(tag)))
            && self.company_id.is_none_or(|company| client.company_id == Some(company))
            && client.archived == self.archived
    }
}

/// A client and what the viewer is to them; not found where the viewer may not know of them.
pub(crate) async fn load(ctx: &Ctx, id: ClientId) -> Result<(Client, Level), AppError> {
    let (client, level) = futures::future::join(ctx.store().client(ctx.scope, id), ctx.level(id)).await;
    let (client, level) = (client?.ok_or(AppError::NotFound)?, level?);
    ctx.ask(Action::Read, &Resource::Client(&ClientFacts::of(&client, level)))?;
    Ok((client, level))
}

/// Those of the clients that the viewer may see.
pub(crate) async fn visible(ctx: &Ctx, ids: Vec<ClientId>) -> Result<BTreeMap<ClientId, Client>, AppError> {
    let clients = ctx.store().clients_by_id(ctx.scope, ids).await?;
    let levels = levels(ctx, &clients).await?;
    let sees = |client: &Client| {
        let facts = ClientFacts::of(client, levels.get(&client.id).copied().unwrap_or_default());
        decide(&ctx.viewer, Action::Read, &Resource::Client(&facts)).is_allowed()
    };
    Ok(clients.into_iter().filter(sees).map(|client| (client.id, client)).collect())
}

async fn levels(ctx: &Ctx, clients: &[Client]) -> Result<BTreeMap<ClientId, Level>, AppError> {
    match ctx.viewer.member() {
        Some(member) => {
            Ok(ctx.store().levels_with(ctx.scope, member.id, clients.iter().map(|client| client.id).collect::<Vec<_>>()).await?)
        }
        None => Ok(BTreeMap::new()),
    }
}

/// The clients the viewer may see, in the order they were added.
///
/// # Errors
/// [`AppError`].
pub async fn list(ctx: &Ctx, filter: &ClientFilter, page: &Page) -> Result<Paged<Client>, AppError> {
    ctx.ask(Action::Read, &Resource::Clients)?;
    let list = List::new(ctx, "clients", filter);
    if sees_all(ctx) {
        return list_all(ctx, filter, page, &list).await;
    }
    let own = own(ctx).await?;
    list.cut(own.into_values().filter(|client| filter.shows(client)), page, |client| client.id)
}

/// Whether the viewer sees every client of the account.
fn sees_all(ctx: &Ctx) -> bool {
    match &ctx.viewer {
        Viewer::Member(member) => member.may(Permission::ViewAllClientHappenings) || member.may(Permission::ManageClients),
        Viewer::Client(_) | Viewer::Personnel(_) => false,
    }
}

/// Every client whose record the viewer may read, and what they are to them.
pub(crate) async fn readable(ctx: &Ctx) -> Result<Vec<(Client, ClientFacts)>, AppError> {
    let mut clients = Vec::new();
    if sees_all(ctx) {
        let mut after = None;
        loop {
            let (found, next) = ctx.store().clients_page(ctx.scope, 200, after).await?;
            clients.extend(found);
            match next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
    } else {
        clients.extend(own(ctx).await?.into_values());
    }
    let levels = levels(ctx, &clients).await?;
    let facts = |client: &Client| ClientFacts::of(client, levels.get(&client.id).copied().unwrap_or_default());
    let reads = |facts: &ClientFacts| decide(&ctx.viewer, Action::Read, &Resource::Record(facts)).is_allowed();
    Ok(clients.into_iter().map(|client| (facts(&client), client)).filter(|(facts, _)| reads(facts)).map(|(f, c)| (c, f)).collect())
}

/// The clients that somebody sees who does not see all.
async fn own(ctx: &Ctx) -> Result<BTreeMap<ClientId, Client>, AppError> {
    match &ctx.viewer {
        Viewer::Member(member) => {
            let pairings = ctx.store().member_pairings(ctx.scope, member.id).await?;
            visible(ctx, pairings.into_iter().map(|pairing| pairing.client_id).collect()).await
        }
        Viewer::Client(own) => visible(ctx, vec![own.id]).await,
        Viewer::Personnel(person) => {
            let clients = ctx.store().company_clients(ctx.scope, person.company_id).await?;
            visible(ctx, clients.into_iter().map(|client| client.id).collect()).await
        }
    }
}

/// For viewers who see all clients: goes through them page by page until enough are found.
async fn list_all(ctx: &Ctx, filter: &ClientFilter, page: &Page, list: &List) -> Result<Paged<Client>, AppError> {
    let last = list.last(page)?.map(|last| last.parse::<ClientId>().map_err(|_| AppError::BadCursor)).transpose()?;
    let mut after = last.map(|last| ctx.store().clients_after(ctx.scope, last));
    let mut items = Vec::new();
    loop {
        let (clients, next) = ctx.store().clients_page(ctx.scope, 200, after).await?;
        for client in clients.into_iter().filter(|client| filter.shows(client)) {
            if items.len() == page.limit {
                let next_cursor = items.last().map(|last: &Client| list.cursor(&last.id));
                return Ok(Paged { items, next_cursor });
            }
            items.push(client);
        }
        match next {
            Some(next) => after = Some(next),
            None => return Ok(Paged { items, next_cursor: None }),
        }
    }
}

/// A client.
///
/// # Errors
/// [`AppError`].
pub async fn read(ctx: &Ctx, id: ClientId) -> Result<Client, AppError> {
    Ok(load(ctx, id).await?.0)
}

async fn companies(ctx: &Ctx, draft: &ClientDraft) -> Result<BTreeSet<CompanyId>, AppError> {
    if draft.company_id.as_deref().is_none_or(str::is_empty) {
        return Ok(BTreeSet::new());
    }
    ctx.needs(Feature::Companies)?;
    Ok(ctx.store().companies(ctx.scope).await?.into_iter().map(|company| company.id).collect())
}

/// Adds a client, with a primary coach.
///
/// # Errors
/// [`AppError`].
pub async fn create(ctx: &Ctx, draft: &ClientDraft) -> Result<Client, AppError> {
    ctx.ask(Action::Write, &Resource::Clients)?;
    let companies = companies(ctx, draft).await?;
    let mut check = Check::default();
    let mut client = Client {
        id: ClientId(ctx.new_id()),
        first_name: String::new(),
        last_name: String::new(),
        email: None,
        phone: None,
        tags: BTreeSet::new(),
        website: None,
        social_links: Vec::new(),
        company_id: None,
        time_zone: ctx.account.time_zone,
        portal: Portal::NotInvited,
        invited_at: None,
        shut_at: None,
        archived: false,
        notifications: Notifications::default(),
        columns: Columns::default(),
        created_at: ctx.now,
        updated_at: ctx.now,
        version: 1,
    };
    check.that(draft.first_name.is_some(), "first_name", "is needed");
    draft.fill(&mut client, &companies, &mut check);
    let primary = primary(ctx, draft, &mut check).await?;
    let (client, primary) = check.done_with(primary.map(|primary| (client, primary)))?;
    let mut changes = Changes::new();
    ctx.store().add_client(&mut changes, ctx.scope, &client)?;
    ctx.store().set_pairings(&mut changes, ctx.scope, client.id, &[], &BTreeMap::from([(primary, Level::Primary)]), ctx.now)?;
    ctx.commit(changes, "client.create", client.id, 201, &client).await?;
    Ok(client)
}

/// Who will be the new client's primary coach.
async fn primary(ctx: &Ctx, draft: &ClientDraft, check: &mut Check) -> Result<Option<MemberId>, AppError> {
    let own = ctx.viewer.member().filter(|member| member.coach).map(|member| member.id);
    match draft.primary_id.or(own) {
        None => {
            check.fault("primary_id", "is needed: you are not a coach, so name the member who is to coach the client");
            Ok(None)
        }
        Some(id) if Some(id) == own => Ok(own),
        Some(id) => match ctx.store().member(ctx.scope, id).await? {
            Some(member) if member.active && member.coach => {
                if !ctx.account.features.has(Feature::TeamEdition) {
                    // the only coach there is can be named by who does not coach; with others it would be pairing
                    let members = ctx.store().members(ctx.scope).await?;
                    if members.iter().any(|other| other.id != id && other.active && other.coach) {
                        return Err(AppError::feature_off(Feature::TeamEdition));
                    }
                }
                Ok(Some(id))
            }
            Some(_) | None => {
                check.fault("primary_id", "there is no such active coach");
                Ok(None)
            }
        },
    }
}

/// Changes a client's profile.
///
/// # Errors
/// [`AppError`].
pub async fn update(ctx: &Ctx, id: ClientId, draft: &ClientDraft, expected: Option<u64>) -> Result<Client, AppError> {
    let (before, level) = load(ctx, id).await?;
    ctx.ask(Action::Write, &Resource::Client(&ClientFacts::of(&before, level)))?;
    Ctx::matches(expected, before.version)?;
    if before.archived {
        return Err(archived());
    }
    let companies = companies(ctx, draft).await?;
    let mut check = Check::default();
    let mut client = before.clone();
    check.that(draft.primary_id.is_none(), "primary_id", "can't be changed here; set the client's pairings");
    draft.fill(&mut client, &companies, &mut check);
    let client = check.done(client)?;
    if client == before {
        return Ok(client);
    }
    if client.email != before.email && !may_move_client(&ctx.viewer, &before) {
        return Err(AppError::conflict(
            "portal_address",
            "the client has accepted an invitation and signs in with this address; ask an administrator of the whole organisation to \
             change it",
        ));
    }
    if client.email == before.email { save(ctx, before, client, "client.update").await } else { move_to(ctx, before, client).await }
}

/// Saves a client under another address: an invitation that went to the one before is none any more, and the client's
/// engagements are filed with the new one.
async fn move_to(ctx: &Ctx, before: Client, mut client: Client) -> Result<Client, AppError> {
    client.invited_at = None;
    if client.portal == Portal::Pending {
        client.portal = Portal::NotInvited;
    }
    (client.updated_at, client.version) = (ctx.now, before.version + 1);
    for _ in 0..REFILE_ATTEMPTS {
        let mut changes = Changes::new();
        ctx.store().replace_client(&mut changes, ctx.scope, &before, &client)?;
        let more = engagements::refile_client(ctx, &mut changes, &client).await?;
        let committed = ctx.try_commit(changes, "client.update", client.id, 200, &client).await?;
        if committed == Commit::Unmet("tracking") {
            // an engagement was written meanwhile
            continue;
        }
        Ctx::done(&committed)?;
        if more && let Err(error) = engagements::refile_all(&ctx.app, ctx.scope).await {
            // the address is changed; reconciling files what is left
            tracing::error!(error = %error, "not all engagements were filed with the client's new address");
        }
        return Ok(client);
    }
    Err(AppError::conflict("changed_meanwhile", "the client's engagements keep changing; try again"))
}

async fn save(ctx: &Ctx, before: Client, mut client: Client, action: &str) -> Result<Client, AppError> {
    client.updated_at = ctx.now;
    client.version = before.version + 1;
    let mut changes = Changes::new();
    ctx.store().replace_client(&mut changes, ctx.scope, &before, &client)?;
    ctx.commit(changes, action, client.id, 200, &client).await?;
    Ok(client)
}

/// The refusal of a change to an archived record.
pub(crate) fn archived() -> AppError {
    AppError::conflict("client_archived", "the client is archived: the record can be read, not changed; unarchive it first")
}

/// Archives a client: the portal is off, reports leave them out, the record can be read but not changed (P-4).
///
/// # Errors
/// [`AppError`].
pub async fn archive(ctx: &Ctx, id: ClientId) -> Result<Client, AppError> {
    let (before, level) = load(ctx, id).await?;
    ctx.ask(Action::Write, &Resource::Client(&ClientFacts::of(&before, level)))?;
    let mut client = before.clone();
    client.archived = true;
    client.portal = match before.portal {
        Portal::Active => Portal::Disabled,
        Portal::Pending => Portal::NotInvited,
        other @ (Portal::NotInvited | Portal::Disabled) => other,
    };
    if client == before {
        ctx.leave(200, &client).await?;
        return Ok(client);
    }
    client.shut_at = Some(ctx.now);
    client.updated_at = ctx.now;
    client.version = before.version + 1;
    with_scheduled_called_off(ctx, before, client, "client.archive").await
}

/// Saves a client with every invoice called off that was to go out by itself (P-4): those that do not fit into the
/// transaction before it. Where an invoice is changed meanwhile, it is tried again.
async fn with_scheduled_called_off(ctx: &Ctx, before: Client, client: Client, action: &str) -> Result<Client, AppError> {
    for _ in 0..REFILE_ATTEMPTS {
        let mut changes = Changes::new();
        ctx.store().replace_client(&mut changes, ctx.scope, &before, &client)?;
        // to the client this is what switching the portal off is
        if before.portal == Portal::Active {
            crate::portal::add_changed(ctx, &mut changes, &client)?;
        }
        crate::invoices::call_off(ctx, &client, &mut changes).await?;
        let committed = ctx.try_commit(changes, action, client.id, 200, &client).await?;
        if committed == Commit::Unmet("scheduled") {
            continue;
        }
        Ctx::done(&committed)?;
        return Ok(client);
    }
    Err(AppError::conflict("changed_meanwhile", "the client's invoices keep changing; try again"))
}

/// Takes a client back from the archive; the portal stays off.
///
/// # Errors
/// [`AppError`].
pub async fn unarchive(ctx: &Ctx, id: ClientId) -> Result<Client, AppError> {
    let (before, level) = load(ctx, id).await?;
    ctx.ask(Action::Write, &Resource::Client(&ClientFacts::of(&before, level)))?;
    if !before.archived {
        ctx.leave(200, &before).await?;
        return Ok(before);
    }
    // none is left, unless one was added while the client was being archived
    let client = Client { archived: false, updated_at: ctx.now, version: before.version + 1, ..before.clone() };
    with_scheduled_called_off(ctx, before, client, "client.unarchive").await
}
