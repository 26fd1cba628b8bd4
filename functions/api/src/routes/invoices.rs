//! Invoices: payments, and the list of them as a file.

use app::engagements::export::File;
use app::invoices::{self, InvoiceFilter};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use domain::id::{ClientId, ItemId};
use domain::invoice::PaymentDraft;
use domain::item::{Item, State};
use http::header;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::answer::{Answered, entity};
use crate::ask::{Ask, IdempotencyKey, Json, Path};
use crate::described::{Routes, routes};
use crate::documentation::{ChangeRefusals, KeptRefusals, ReportRefusals};
use crate::problem::Problem;

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(pay)).routes(routes!(of_client)).routes(routes!(of_all))
}

/// Records a payment on an invoice that was sent: it is partly paid, or paid. More than is owed is refused.
#[utoipa::path(
    post, path = "/v1/items/{id}/payments", operation_id = "items_pay", tag = "items", params(("id" = ItemId, Path), IdempotencyKey),
    request_body(content = PaymentDraft, example = json!({"amount_minor": 5000, "on": "2026-11-20"})),
    responses((status = 200, body = Item, headers(("etag" = String))), ChangeRefusals)
)]
async fn pay(ask: Ask, Path(id): Path<ItemId>, Json(payment): Json<PaymentDraft>) -> Answered<Item> {
    let item = invoices::pay(&ask.ctx, id, &payment).await?;
    Ok(entity(item.version, item))
}

/// The invoices of a client as CSV (RFC 4180, UTF-8). What a spreadsheet would take for a formula has an apostrophe before it.
#[utoipa::path(
    get, path = "/v1/clients/{id}/invoices.csv", operation_id = "invoices_of_client_csv", tag = "items", params(("id" = ClientId, Path)),
    responses((status = 200, description = "A file", content_type = "text/csv", body = String), KeptRefusals)
)]
async fn of_client(ask: Ask, Path(client): Path<ClientId>) -> Result<Response, Problem> {
    Ok(answer(invoices::file_of(&ask.ctx, client).await?))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Invoices in this state.
    state: Option<State>,
    /// Of this day or later.
    from: Option<NaiveDate>,
    /// Of this day or earlier.
    to: Option<NaiveDate>,
}

/// The invoices of all clients whose records one may read, as CSV like those of one client.
#[utoipa::path(
    get, path = "/v1/invoices.csv", operation_id = "invoices_csv", tag = "items", params(Filter),
    responses((status = 200, description = "A file", content_type = "text/csv", body = String), ReportRefusals)
)]
async fn of_all(ask: Ask<Filter>) -> Result<Response, Problem> {
    let Filter { state, from, to } = ask.query;
    Ok(answer(invoices::file_of_all(&ask.ctx, &InvoiceFilter { state, from, to }).await?))
}

fn answer(file: File) -> Response {
    let disposition = format!("attachment; filename=\"{}\"", file.name);
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    (headers, file.bytes).into_response()
}
