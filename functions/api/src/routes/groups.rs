//! Groups of clients.

use app::companies::Named;
use app::groups::{self, GroupClients};
use app::page::Paged;
use app::records;
use domain::group::Group;
use domain::happening::Happening;
use domain::id::GroupId;

use crate::answer::{Answered, created, entity, plain, set};
use crate::ask::{Ask, IdempotencyKey, IfMatch, Json, Listing, Path};
use crate::described::{Routes, routes};
use crate::documentation::{ChangeRefusals, ReadRefusals};

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(list, create)).routes(routes!(read, update)).routes(routes!(clients, set_clients)).routes(routes!(stream))
}

/// The groups one may see, in the order they were added.
#[utoipa::path(
    get, path = "/v1/groups", operation_id = "groups_list", tag = "groups", params(Listing),
    responses((status = 200, body = Paged<Group>), ReadRefusals)
)]
async fn list(ask: Ask<Listing>) -> Answered<Paged<Group>> {
    Ok(plain(groups::list(&ask.ctx, &ask.query.page()?).await?))
}

/// Adds a group.
#[utoipa::path(
    post, path = "/v1/groups", operation_id = "groups_create", tag = "groups", params(IdempotencyKey), request_body = Named,
    responses((status = 201, body = Group, headers(("etag" = String), ("location" = String))), ChangeRefusals)
)]
async fn create(ask: Ask, Json(draft): Json<Named>) -> Answered<Group> {
    let group = groups::create(&ask.ctx, &draft).await?;
    Ok(created(group.version, format!("/v1/groups/{}", group.id), group))
}

/// A group.
#[utoipa::path(
    get, path = "/v1/groups/{id}", operation_id = "groups_read", tag = "groups", params(("id" = GroupId, Path)),
    responses((status = 200, body = Group, headers(("etag" = String))), ReadRefusals)
)]
async fn read(ask: Ask, Path(id): Path<GroupId>) -> Answered<Group> {
    let group = groups::read(&ask.ctx, id).await?;
    Ok(entity(group.version, group))
}

/// Renames a group.
#[utoipa::path(
    patch, path = "/v1/groups/{id}", operation_id = "groups_update", tag = "groups", params(("id" = GroupId, Path), IfMatch),
    request_body = Named, responses((status = 200, body = Group, headers(("etag" = String))), ChangeRefusals)
)]
async fn update(ask: Ask, Path(id): Path<GroupId>, Json(draft): Json<Named>) -> Answered<Group> {
    let group = groups::update(&ask.ctx, id, &draft, ask.expected).await?;
    Ok(entity(group.version, group))
}

/// The clients of a group that one may see.
#[utoipa::path(
    get, path = "/v1/groups/{id}/clients", operation_id = "groups_clients", tag = "groups", params(("id" = GroupId, Path)),
    responses((status = 200, body = GroupClients, headers(("etag" = String))), ReadRefusals)
)]
async fn clients(ask: Ask, Path(id): Path<GroupId>) -> Answered<GroupClients> {
    set(groups::clients(&ask.ctx, id).await?)
}

/// What happened in a group, newest first: in what it shares, not in its clients' own records.
#[utoipa::path(
    get, path = "/v1/groups/{id}/stream", operation_id = "groups_stream", tag = "groups", params(("id" = GroupId, Path), Listing),
    responses((status = 200, body = Paged<Happening>), ReadRefusals)
)]
async fn stream(ask: Ask<Listing>, Path(id): Path<GroupId>) -> Answered<Paged<Happening>> {
    Ok(plain(records::stream(&ask.ctx, id.into(), &ask.query.page()?).await?))
}

/// Sets the clients of a group: those not named leave it.
#[utoipa::path(
    put, path = "/v1/groups/{id}/clients", operation_id = "groups_set_clients", tag = "groups", params(("id" = GroupId, Path), IfMatch),
    request_body = GroupClients, responses((status = 200, body = GroupClients, headers(("etag" = String))), ChangeRefusals)
)]
async fn set_clients(ask: Ask, Path(id): Path<GroupId>, Json(wanted): Json<GroupClients>) -> Answered<GroupClients> {
    ask.unless_changed(Box::pin(groups::clients(&ask.ctx, id))).await?;
    set(groups::set_clients(&ask.ctx, id, &wanted).await?)
}
