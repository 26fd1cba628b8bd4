//! The people who are coached.

use app::client_page::{self, ClientPage};
use app::clients::{self, ClientDraft, ClientFilter};
use app::members::{self, PairingSet, PairingsDraft, PastPairing};
use app::page::Paged;
use app::portal;
use app::records;
use app::sharing::{self, Ledger, ShareDraft};
use domain::client::Client;
use domain::happening::Happening;
use domain::id::{ClientId, CompanyId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::answer::{Answered, created, entity, plain, set};
use crate::ask::{Ask, IdempotencyKey, IfMatch, Json, Listing, NoBody, Path, page};
use crate::described::{Routes, routes};
use crate::documentation::{ChangeRefusals, ReadRefusals};

pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list, create))
        .routes(routes!(read, update))
        .routes(routes!(archive))
        .routes(routes!(unarchive))
        .routes(routes!(invite))
        .routes(routes!(cancel_invitation))
        .routes(routes!(switch_portal))
        .routes(routes!(pairings, set_pairings))
        .routes(routes!(pairing_history))
        .routes(routes!(page_of))
        .routes(routes!(share))
        .routes(routes!(sharing_of))
        .routes(routes!(stream))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Words of the name, address, phone number, web site or a tag, without regard to case and accents.
    q: Option<String>,
    /// Clients with this tag.
    tag: Option<String>,
    /// Clients of this company.
    company_id: Option<CompanyId>,
    /// `true`: the archived ones, in place of those who are not.
    #[param(default = false)]
    archived: Option<bool>,
    /// At most so many, 1 to 200; default 50.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Where the page before ended: its `next_cursor`.
    cursor: Option<String>,
}

/// The clients one may see, in the order they were added.
#[utoipa::path(
    get, path = "/v1/clients", operation_id = "clients_list", tag = "clients", params(Filter),
    responses((status = 200, body = Paged<Client>), ReadRefusals)
)]
async fn list(ask: Ask<Filter>) -> Answered<Paged<Client>> {
    let Filter { q, tag, company_id, archived, limit, cursor } = ask.query;
    let filter = ClientFilter { q, tag, company_id, archived: archived.unwrap_or(false) };
    Ok(plain(clients::list(&ask.ctx, &filter, &page(limit, cursor)?).await?))
}

/// Adds a client. A coach who adds one becomes the primary coach.
#[utoipa::path(
    post, path = "/v1/clients", operation_id = "clients_create", tag = "clients", params(IdempotencyKey), request_body = ClientDraft,
    responses((status = 201, body = Client, headers(("etag" = String), ("location" = String))), ChangeRefusals)
)]
async fn create(ask: Ask, Json(draft): Json<ClientDraft>) -> Answered<Client> {
    let client = clients::create(&ask.ctx, &draft).await?;
    Ok(created(client.version, format!("/v1/clients/{}", client.id), client))
}

/// A client.
#[utoipa::path(
    get, path = "/v1/clients/{id}", operation_id = "clients_read", tag = "clients", params(("id" = ClientId, Path)),
    responses((status = 200, body = Client, headers(("etag" = String))), ReadRefusals)
)]
async fn read(ask: Ask, Path(id): Path<ClientId>) -> Answered<Client> {
    let client = clients::read(&ask.ctx, id).await?;
    Ok(entity(client.version, client))
}

/// Changes a client's profile. What is left out stays; an empty text takes a field away.
#[utoipa::path(
    patch, path = "/v1/clients/{id}", operation_id = "clients_update", tag = "clients", params(("id" = ClientId, Path), IfMatch),
    request_body = ClientDraft, responses((status = 200, body = Client, headers(("etag" = String))), ChangeRefusals)
)]
async fn update(ask: Ask, Path(id): Path<ClientId>, Json(draft): Json<ClientDraft>) -> Answered<Client> {
    let client = clients::update(&ask.ctx, id, &draft, ask.expected).await?;
    Ok(entity(client.version, client))
}

/// Archives a client: the record can be read but not changed, the portal is off, reports leave the client out.
#[utoipa::path(
    post, path = "/v1/clients/{id}/archive", operation_id = "clients_archive", tag = "clients", params(("id" = ClientId, Path), IdempotencyKey),
    responses((status = 200, body = Client, headers(("etag" = String))), ChangeRefusals)
)]
async fn archive(ask: Ask, Path(id): Path<ClientId>, _: NoBody) -> Answered<Client> {
    let client = clients::archive(&ask.ctx, id).await?;
    Ok(entity(client.version, client))
}

/// Takes a client back from the archive; the portal stays off.
#[utoipa::path(
    post, path = "/v1/clients/{id}/unarchive", operation_id = "clients_unarchive", tag = "clients",
    params(("id" = ClientId, Path), IdempotencyKey), responses((status = 200, body = Client, headers(("etag" = String))), ChangeRefusals)
)]
async fn unarchive(ask: Ask, Path(id): Path<ClientId>, _: NoBody) -> Answered<Client> {
    let client = clients::unarchive(&ask.ctx, id).await?;
    Ok(entity(client.version, client))
}

/// Invites a client to the portal by mail, or invites once more: once a day at most. The link works for 7 days.
#[utoipa::path(
    post, path = "/v1/clients/{id}/portal/invite", operation_id = "portal_invite", tag = "clients",
    params(("id" = ClientId, Path), IdempotencyKey), responses((status = 200, body = Client, headers(("etag" = String))), ChangeRefusals)
)]
async fn invite(ask: Ask, Path(id): Path<ClientId>, _: NoBody) -> Answered<Client> {
    let client = portal::invite(&ask.ctx, id).await?;
    Ok(entity(client.version, client))
}

/// Takes an invitation to the portal back: its link opens nothing any more.
#[utoipa::path(
    post, path = "/v1/clients/{id}/portal/cancel", operation_id = "portal_cancel", tag = "clients",
    params(("id" = ClientId, Path), IdempotencyKey), responses((status = 200, body = Client, headers(("etag" = String))), ChangeRefusals)
)]
async fn cancel_invitation(ask: Ask, Path(id): Path<ClientId>, _: NoBody) -> Answered<Client> {
    let client = portal::cancel(&ask.ctx, id).await?;
    Ok(entity(client.version, client))
}

/// What a client's portal is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PortalSwitch {
    /// Whether the client can sign in.
    active: bool,
}

/// Switches the portal of a client who has accepted on or off. The client is told by mail of each change; off, their keys
/// and whatever they are signed in with open nothing any more.
#[utoipa::path(
    put, path = "/v1/clients/{id}/portal", operation_id = "portal_switch", tag = "clients", params(("id" = ClientId, Path), IfMatch),
    request_body = PortalSwitch, responses((status = 200, body = Client, headers(("etag" = String))), ChangeRefusals)
)]
async fn switch_portal(ask: Ask, Path(id): Path<ClientId>, Json(to): Json<PortalSwitch>) -> Answered<Client> {
    let client = portal::switch(&ask.ctx, id, to.active, ask.expected).await?;
    Ok(entity(client.version, client))
}

/// The members paired with a client.
#[utoipa::path(
    get, path = "/v1/clients/{id}/pairings", operation_id = "clients_pairings", tag = "clients", params(("id" = ClientId, Path)),
    responses((status = 200, body = PairingSet, headers(("etag" = String))), ReadRefusals)
)]
async fn pairings(ask: Ask, Path(id): Path<ClientId>) -> Answered<PairingSet> {
    set(members::client_pairings(&ask.ctx, id).await?)
}

/// Sets what the members named are to a client, as one set: one that would leave the client without exactly one
/// primary coach changes nothing. Pairings that are not named stay.
#[utoipa::path(
    put, path = "/v1/clients/{id}/pairings", operation_id = "clients_set_pairings", tag = "clients", params(("id" = ClientId, Path), IfMatch),
    request_body = PairingsDraft, responses((status = 200, body = PairingSet, headers(("etag" = String))), ChangeRefusals)
)]
async fn set_pairings(ask: Ask, Path(id): Path<ClientId>, Json(draft): Json<PairingsDraft>) -> Answered<PairingSet> {
    ask.unless_changed(Box::pin(members::client_pairings(&ask.ctx, id))).await?;
    set(members::set_client_pairings(&ask.ctx, id, &draft).await?)
}

/// What members were to a client before: pairings that ended or were replaced, newest first.
#[utoipa::path(
    get, path = "/v1/clients/{id}/pairings/history", operation_id = "clients_pairing_history", tag = "clients",
    params(("id" = ClientId, Path), Listing), responses((status = 200, body = Paged<PastPairing>), ReadRefusals)
)]
async fn pairing_history(ask: Ask<Listing>, Path(id): Path<ClientId>) -> Answered<Paged<PastPairing>> {
    Ok(plain(members::pairing_history(&ask.ctx, id, &ask.query.page()?).await?))
}

/// Everything that the page of a client shows at first: who they are, the areas one sees with how much is in them, the
/// engagements, and exactly what one may do now.
#[utoipa::path(
    get, path = "/v1/clients/{id}/page", operation_id = "clients_page", tag = "clients", params(("id" = ClientId, Path)),
    responses((status = 200, body = ClientPage), ReadRefusals)
)]
async fn page_of(ask: Ask, Path(id): Path<ClientId>) -> Answered<ClientPage> {
    Ok(plain(client_page::page(&ask.ctx, id).await?))
}

/// Shares a client's record with a member: to view, unless they are to coach too. It takes nothing from who has more already.
#[utoipa::path(
    post, path = "/v1/clients/{id}/share", operation_id = "clients_share", tag = "clients", params(("id" = ClientId, Path), IdempotencyKey),
    request_body = ShareDraft, responses((status = 200, body = Client, headers(("etag" = String))), ChangeRefusals)
)]
async fn share(ask: Ask, Path(id): Path<ClientId>, Json(draft): Json<ShareDraft>) -> Answered<Client> {
    let client = sharing::share(&ask.ctx, id, &draft).await?;
    Ok(entity(client.version, client))
}

/// Who sees a client's record and why, and which reports are on the client: for the client, and for members who see the record.
#[utoipa::path(
    get, path = "/v1/clients/{id}/sharing", operation_id = "clients_sharing", tag = "clients", params(("id" = ClientId, Path)),
    responses((status = 200, body = Ledger), ReadRefusals)
)]
async fn sharing_of(ask: Ask, Path(id): Path<ClientId>) -> Answered<Ledger> {
    Ok(plain(Box::pin(sharing::ledger(&ask.ctx, id)).await?))
}

/// What happened with a client, newest first, as far as one may see it.
#[utoipa::path(
    get, path = "/v1/clients/{id}/stream", operation_id = "clients_stream", tag = "clients", params(("id" = ClientId, Path), Listing),
    responses((status = 200, body = Paged<Happening>), ReadRefusals)
)]
async fn stream(ask: Ask<Listing>, Path(id): Path<ClientId>) -> Answered<Paged<Happening>> {
    Ok(plain(records::stream(&ask.ctx, id.into(), &ask.query.page()?).await?))
}
