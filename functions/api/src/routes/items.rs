//! What is in a client's record.

use app::items::{self, DataDraft, ItemFilter};
use app::page::Paged;
use domain::id::{ClientId, GroupId, ItemId};
use domain::item::{Item, ItemDraft, ItemKind, Move, State};
use domain::record::RecordOf;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::answer::{Answered, created, entity, plain};
use crate::ask::{Ask, IdempotencyKey, IfMatch, Json, NoBody, Path, page};
use crate::described::{Routes, routes};
use crate::documentation::{ChangeRefusals, ReadRefusals};

pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list, create))
        .routes(routes!(group_list, group_create))
        .routes(routes!(read, update))
        .routes(routes!(complete))
        .routes(routes!(reopen))
        .routes(routes!(cancel))
        .routes(routes!(submit))
        .routes(routes!(sign))
        .routes(routes!(record))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Items of this kind.
    kind: Option<ItemKind>,
    /// Items in this state.
    state: Option<State>,
    /// At most so many, 1 to 200; default 50.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Where the page before ended: its `next_cursor`.
    cursor: Option<String>,
}

/// The items of a client that one may see, by kind.
#[utoipa::path(
    get, path = "/v1/clients/{id}/items", operation_id = "items_list", tag = "items", params(("id" = ClientId, Path), Filter),
    responses((status = 200, body = Paged<Item>), ReadRefusals)
)]
async fn list(ask: Ask<Filter>, Path(client): Path<ClientId>) -> Answered<Paged<Item>> {
    listed(ask, client.into()).await
}

async fn listed(ask: Ask<Filter>, record: RecordOf) -> Answered<Paged<Item>> {
    let Filter { kind, state, limit, cursor } = ask.query;
    Ok(plain(items::list(&ask.ctx, record, &ItemFilter { kind, state }, &page(limit, cursor)?).await?))
}

/// The items that a group shares, by kind: for its clients, whoever is paired with one of them, and administrators with the
/// permission for groups.
#[utoipa::path(
    get, path = "/v1/groups/{id}/items", operation_id = "group_items_list", tag = "groups", params(("id" = GroupId, Path), Filter),
    responses((status = 200, body = Paged<Item>), ReadRefusals)
)]
async fn group_list(ask: Ask<Filter>, Path(group): Path<GroupId>) -> Answered<Paged<Item>> {
    listed(ask, group.into()).await
}

/// Adds an item to a client's record. Which fields it may have depends on its kind.
#[utoipa::path(
    post, path = "/v1/clients/{id}/items", operation_id = "items_create", tag = "items", params(("id" = ClientId, Path), IdempotencyKey),
    request_body(content = ItemDraft, examples(
        ("action" = (value = json!({"kind": "action", "title": "Call the new team lead", "due_on": "2026-11-27"}))),
        ("metric" = (value = json!({"kind": "metric", "title": "Hours of sleep", "unit": "hours", "target": 7.5}))),
        ("invoice" = (value = json!({"kind": "invoice", "title": "Coaching in November", "amount": {"amount_minor": 25000, "currency": "EUR"}, "due_on": "2026-12-15", "send_on": "2026-12-01", "repeat": {"every": "month", "interval": 1, "until": "2027-06-30"}}))),
        ("appointment" = (value = json!({"kind": "appointment", "title": "Session 4", "starts_at": "2026-11-24T15:00:00Z", "minutes": 60}))),
    )),
    responses((status = 201, body = Item, headers(("etag" = String), ("location" = String))), ChangeRefusals)
)]
async fn create(ask: Ask, Path(client): Path<ClientId>, Json(draft): Json<ItemDraft>) -> Answered<Item> {
    added(&ask, client.into(), &draft).await
}

async fn added(ask: &Ask, record: RecordOf, draft: &ItemDraft) -> Answered<Item> {
    let item = items::create(&ask.ctx, record, draft).await?;
    Ok(created(item.version, format!("/v1/items/{}", item.id), item))
}

/// Adds an item that a group shares, as whoever coaches a client of it. Agreements, contracts and invoices are for a client's own
/// record, and nothing that a group shares is private.
#[utoipa::path(
    post, path = "/v1/groups/{id}/items", operation_id = "group_items_create", tag = "groups", params(("id" = GroupId, Path), IdempotencyKey),
    request_body(content = ItemDraft, example = json!({"kind": "action", "title": "Read chapter three before we meet", "due_on": "2026-12-04"})),
    responses((status = 201, body = Item, headers(("etag" = String), ("location" = String))), ChangeRefusals)
)]
async fn group_create(ask: Ask, Path(group): Path<GroupId>, Json(draft): Json<ItemDraft>) -> Answered<Item> {
    added(&ask, group.into(), &draft).await
}

/// An item.
#[utoipa::path(
    get, path = "/v1/items/{id}", operation_id = "items_read", tag = "items", params(("id" = ItemId, Path)),
    responses((status = 200, body = Item, headers(("etag" = String))), ReadRefusals)
)]
async fn read(ask: Ask, Path(id): Path<ItemId>) -> Answered<Item> {
    let item = items::read(&ask.ctx, id).await?;
    Ok(entity(item.version, item))
}

/// Changes an item. What is left out stays; the kind can't be changed.
#[utoipa::path(
    patch, path = "/v1/items/{id}", operation_id = "items_update", tag = "items", params(("id" = ItemId, Path), IfMatch),
    request_body = ItemDraft, responses((status = 200, body = Item, headers(("etag" = String))), ChangeRefusals)
)]
async fn update(ask: Ask, Path(id): Path<ItemId>, Json(draft): Json<ItemDraft>) -> Answered<Item> {
    let item = items::update(&ask.ctx, id, &draft, ask.expected).await?;
    Ok(entity(item.version, item))
}

/// Completes an item: it is done, took place, was signed by everyone, was paid.
#[utoipa::path(
    post, path = "/v1/items/{id}/complete", operation_id = "items_complete", tag = "items", params(("id" = ItemId, Path), IdempotencyKey),
    responses((status = 200, body = Item, headers(("etag" = String))), ChangeRefusals)
)]
async fn complete(ask: Ask, Path(id): Path<ItemId>, _: NoBody) -> Answered<Item> {
    advance(&ask, id, Move::Complete).await
}

/// Opens an item again.
#[utoipa::path(
    post, path = "/v1/items/{id}/reopen", operation_id = "items_reopen", tag = "items", params(("id" = ItemId, Path), IdempotencyKey),
    responses((status = 200, body = Item, headers(("etag" = String))), ChangeRefusals)
)]
async fn reopen(ask: Ask, Path(id): Path<ItemId>, _: NoBody) -> Answered<Item> {
    advance(&ask, id, Move::Reopen).await
}

/// Calls an item off.
#[utoipa::path(
    post, path = "/v1/items/{id}/cancel", operation_id = "items_cancel", tag = "items", params(("id" = ItemId, Path), IdempotencyKey),
    responses((status = 200, body = Item, headers(("etag" = String))), ChangeRefusals)
)]
async fn cancel(ask: Ask, Path(id): Path<ItemId>, _: NoBody) -> Answered<Item> {
    advance(&ask, id, Move::Cancel).await
}

/// Hands an item in (worksheet), or sends it out (agreement, contract, invoice).
#[utoipa::path(
    post, path = "/v1/items/{id}/submit", operation_id = "items_submit", tag = "items", params(("id" = ItemId, Path), IdempotencyKey),
    responses((status = 200, body = Item, headers(("etag" = String))), ChangeRefusals)
)]
async fn submit(ask: Ask, Path(id): Path<ItemId>, _: NoBody) -> Answered<Item> {
    advance(&ask, id, Move::Submit).await
}

/// Signs an agreement or contract, as who asks: a member who coaches the client, or the client. A member's signature sends it out;
/// when a member and the client have signed, it is completed. What is signed can't be changed any more.
#[utoipa::path(
    post, path = "/v1/items/{id}/sign", operation_id = "items_sign", tag = "items", params(("id" = ItemId, Path), IdempotencyKey),
    responses((status = 200, body = Item, headers(("etag" = String))), ChangeRefusals)
)]
async fn sign(ask: Ask, Path(id): Path<ItemId>, _: NoBody) -> Answered<Item> {
    let item = items::sign(&ask.ctx, id).await?;
    Ok(entity(item.version, item))
}

async fn advance(ask: &Ask, id: ItemId, asked: Move) -> Answered<Item> {
    let item = items::advance(&ask.ctx, id, asked).await?;
    Ok(entity(item.version, item))
}

/// Records a value on a metric for a day; a second value for the same day replaces the first.
#[utoipa::path(
    post, path = "/v1/items/{id}/data", operation_id = "items_record", tag = "items", params(("id" = ItemId, Path), IdempotencyKey),
    request_body(content = DataDraft, example = json!({"value": 7.5, "on": "2026-11-20"})),
    responses((status = 200, body = Item, headers(("etag" = String))), ChangeRefusals)
)]
async fn record(ask: Ask, Path(id): Path<ItemId>, Json(data): Json<DataDraft>) -> Answered<Item> {
    let item = items::record(&ask.ctx, id, &data).await?;
    Ok(entity(item.version, item))
}
