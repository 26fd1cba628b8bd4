//! Records as files, to be taken along.

use app::exports::{self, ExportView};
use app::page::Paged;
use domain::export::ExportDraft;
use domain::id::{ClientId, ExportId};

use crate::answer::{Answered, accepted, entity, plain};
use crate::ask::{Ask, IdempotencyKey, Json, Listing, NoBody, Path};
use crate::described::{Routes, routes};
use crate::documentation::{ChangeRefusals, ReadRefusals};

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(list, create)).routes(routes!(read)).routes(routes!(create_of_account))
}

/// Asks for a client's record as a file: all of it in order, or what the body says. It is written in the background; read the
/// export to see how far it is, and for a link once it is ready. Private notes are in it only where that is asked for, and
/// only one's own; never in a client's own export.
#[utoipa::path(
    post, path = "/v1/clients/{id}/exports", operation_id = "exports_create", tag = "exports",
    params(("id" = ClientId, Path), IdempotencyKey),
    request_body(content = ExportDraft, example = json!({"from": "2026-01-01", "order": "newest_first", "format": "html"})),
    responses((status = 202, body = ExportView, headers(("etag" = String), ("location" = String)), description = "It was asked for"), ChangeRefusals)
)]
async fn create(ask: Ask, Path(client): Path<ClientId>, Json(draft): Json<ExportDraft>) -> Answered<ExportView> {
    let export = exports::ask(&ask.ctx, client, &draft).await?;
    Ok(accepted(export.version, format!("/v1/exports/{}", export.id), export))
}

/// One's own exports of a client's record, newest first; without links.
#[utoipa::path(
    get, path = "/v1/clients/{id}/exports", operation_id = "exports_list", tag = "exports", params(("id" = ClientId, Path), Listing),
    responses((status = 200, body = Paged<ExportView>), ReadRefusals)
)]
async fn list(ask: Ask<Listing>, Path(client): Path<ClientId>) -> Answered<Paged<ExportView>> {
    Ok(plain(exports::list(&ask.ctx, client, &ask.query.page()?).await?))
}

/// How far an export of one's own is; once it is ready, with a link by which the file can be saved, for five minutes. The file
/// is kept for seven days.
#[utoipa::path(
    get, path = "/v1/exports/{id}", operation_id = "exports_read", tag = "exports", params(("id" = ExportId, Path)),
    responses((status = 200, body = ExportView, headers(("etag" = String))), ReadRefusals)
)]
async fn read(ask: Ask, Path(id): Path<ExportId>) -> Answered<ExportView> {
    let export = exports::read(&ask.ctx, id).await?;
    Ok(entity(export.version, export))
}

/// Asks for everything the account has as one file, one JSON object a line; without API keys and the like, and without what
/// others keep to themselves. For administrators of the whole organisation who have the permission to export.
#[utoipa::path(
    post, path = "/v1/account/exports", operation_id = "exports_create_of_account", tag = "exports", params(IdempotencyKey),
    responses((status = 202, body = ExportView, headers(("etag" = String), ("location" = String)), description = "It was asked for"), ChangeRefusals)
)]
async fn create_of_account(ask: Ask, _: NoBody) -> Answered<ExportView> {
    let export = exports::ask_account(&ask.ctx).await?;
    Ok(accepted(export.version, format!("/v1/exports/{}", export.id), export))
}
