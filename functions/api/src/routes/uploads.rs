//! Files that people upload to items of the kind file.

use app::comments::Link;
use app::uploads::{self, UploadLink};
use domain::id::ItemId;
use domain::item::Item;
use domain::upload::UploadDraft;

use crate::answer::{Answered, entity, plain};
use crate::ask::{Ask, IdempotencyKey, Json, NoBody, Path};
use crate::described::{Routes, routes};
use crate::documentation::{ChangeRefusals, KeptRefusals};

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(announce)).routes(routes!(uploaded)).routes(routes!(content))
}

/// Announces a file, and gives a link to upload it by, for ten minutes. Whoever uploads it must send the headers as they are; its
/// type and size are part of what is signed. Then say so by `/uploaded`.
#[utoipa::path(
    post, path = "/v1/items/{id}/upload", operation_id = "items_upload", tag = "items", params(("id" = ItemId, Path), IdempotencyKey),
    request_body(content = UploadDraft, example = json!({"file_name": "plan.pdf", "size_bytes": 48210, "content_type": "application/pdf"})),
    responses((status = 200, body = UploadLink), ChangeRefusals)
)]
async fn announce(ask: Ask, Path(id): Path<ItemId>, Json(draft): Json<UploadDraft>) -> Answered<UploadLink> {
    Ok(plain(uploads::announce(&ask.ctx, id, &draft).await?))
}

/// Has what was uploaded looked at, and shown if it is what was announced.
#[utoipa::path(
    post, path = "/v1/items/{id}/uploaded", operation_id = "items_uploaded", tag = "items", params(("id" = ItemId, Path), IdempotencyKey),
    responses((status = 200, body = Item, headers(("etag" = String))), ChangeRefusals)
)]
async fn uploaded(ask: Ask, Path(id): Path<ItemId>, _: NoBody) -> Answered<Item> {
    let item = uploads::uploaded(&ask.ctx, id).await?;
    Ok(entity(item.version, item))
}

/// A link by which the file can be saved, for five minutes. That it was given is on the audit trail.
#[utoipa::path(
    get, path = "/v1/items/{id}/content", operation_id = "items_content", tag = "items", params(("id" = ItemId, Path)),
    responses((status = 200, body = Link), KeptRefusals)
)]
async fn content(ask: Ask, Path(id): Path<ItemId>) -> Answered<Link> {
    Ok(plain(uploads::content(&ask.ctx, id).await?))
}
