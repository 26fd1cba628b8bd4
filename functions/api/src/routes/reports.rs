//! Happenings Reports.

use std::borrow::Cow;

use app::page::Paged;
use app::reports::{self, Options, Preview, PreviewDraft, ReportView, RunView};
use domain::check::FieldError;
use domain::id::ReportId;
use domain::report::ReportDraft;
use http::StatusCode;
use serde_json::{Map, Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::answer::{Answered, begun, created, entity, plain};
use crate::ask::{Ask, IdempotencyKey, IfMatch, Json, Listing, NoBody, Path, read_json};
use crate::described::{Routes, routes};
use crate::documentation::{ChangeRefusals, ReadRefusals};
use crate::problem::Problem;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list, create))
        .routes(routes!(preview))
        .routes(routes!(read, update, delete))
        .routes(routes!(pause))
        .routes(routes!(resume))
        .routes(routes!(send_now))
        .routes(routes!(runs))
        .routes(routes!(options))
}

/// What a report of this account may say: scopes, audiences, kinds.
#[utoipa::path(
    get, path = "/v1/report-options", operation_id = "reports_options", tag = "reports",
    responses((status = 200, body = Options), ReadRefusals)
)]
async fn options(ask: Ask) -> Answered<Options> {
    Ok(plain(reports::options(&ask.ctx).await?))
}

/// The reports one may see, in the order they were set up.
#[utoipa::path(
    get, path = "/v1/reports", operation_id = "reports_list", tag = "reports", params(Listing),
    responses((status = 200, body = Paged<ReportView>), ReadRefusals)
)]
async fn list(ask: Ask<Listing>) -> Answered<Paged<ReportView>> {
    Ok(plain(reports::list(&ask.ctx, &ask.query.page()?).await?))
}

/// Sets up a report.
#[utoipa::path(
    post, path = "/v1/reports", operation_id = "reports_create", tag = "reports", params(IdempotencyKey),
    request_body(content = ReportDraft, examples(
        ("weekly to oneself" = (value = json!({
            "scope": {"kind": "all"}, "kinds": ["action", "metric", "worksheet", "session_note"], "audience": {"kind": "coach"},
            "schedule": {"every": "week", "weekdays": ["fri"], "at": "16:30"}, "time_zone": "America/New_York",
        }))),
        ("monthly to third parties" = (value = json!({
            "name": "Numbers for HR", "scope": {"kind": "selected", "ids": ["01J9Z3K5T0QW8R2M4N6P7S9V1X"]}, "kinds": ["metric"],
            "audience": {"kind": "third_parties", "emails": ["hr@acme.example"]},
            "schedule": {"every": "month", "day": 1, "at": "08:00"}, "when_empty": "send_note",
        }))),
    )),
    responses((status = 201, body = ReportView, headers(("etag" = String), ("location" = String))), ChangeRefusals)
)]
async fn create(ask: Ask, Json(draft): Json<ReportDraft>) -> Answered<ReportView> {
    let view = Box::pin(reports::create(&ask.ctx, &draft)).await?;
    Ok(created(view.report.version, format!("/v1/reports/{}", view.report.id), view))
}

/// A report, with its next five runs and its last one.
#[utoipa::path(
    get, path = "/v1/reports/{id}", operation_id = "reports_read", tag = "reports", params(("id" = ReportId, Path)),
    responses((status = 200, body = ReportView, headers(("etag" = String))), ReadRefusals)
)]
async fn read(ask: Ask, Path(id): Path<ReportId>) -> Answered<ReportView> {
    let view = reports::read(&ask.ctx, id).await?;
    Ok(entity(view.report.version, view))
}

/// Changes a report. What is left out stays.
#[utoipa::path(
    patch, path = "/v1/reports/{id}", operation_id = "reports_update", tag = "reports", params(("id" = ReportId, Path), IfMatch),
    request_body = ReportDraft, responses((status = 200, body = ReportView, headers(("etag" = String))), ChangeRefusals)
)]
async fn update(ask: Ask, Path(id): Path<ReportId>, Json(draft): Json<ReportDraft>) -> Answered<ReportView> {
    let view = Box::pin(reports::update(&ask.ctx, id, &draft, ask.expected)).await?;
    Ok(entity(view.report.version, view))
}

/// Deletes a report. What it sent stays on record.
#[utoipa::path(
    delete, path = "/v1/reports/{id}", operation_id = "reports_delete", tag = "reports", params(("id" = ReportId, Path), IfMatch),
    responses((status = 204, description = "It is gone"), ChangeRefusals)
)]
async fn delete(ask: Ask, Path(id): Path<ReportId>) -> Result<StatusCode, Problem> {
    reports::delete(&ask.ctx, id, ask.expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Pauses a report: it does not run until it is resumed.
#[utoipa::path(
    post, path = "/v1/reports/{id}/pause", operation_id = "reports_pause", tag = "reports", params(("id" = ReportId, Path), IdempotencyKey),
    responses((status = 200, body = ReportView, headers(("etag" = String))), ChangeRefusals)
)]
async fn pause(ask: Ask, Path(id): Path<ReportId>, _: NoBody) -> Answered<ReportView> {
    let view = reports::pause(&ask.ctx, id).await?;
    Ok(entity(view.report.version, view))
}

/// Resumes a report.
#[utoipa::path(
    post, path = "/v1/reports/{id}/resume", operation_id = "reports_resume", tag = "reports", params(("id" = ReportId, Path), IdempotencyKey),
    responses((status = 200, body = ReportView, headers(("etag" = String))), ChangeRefusals)
)]
async fn resume(ask: Ask, Path(id): Path<ReportId>, _: NoBody) -> Answered<ReportView> {
    let view = reports::resume(&ask.ctx, id).await?;
    Ok(entity(view.report.version, view))
}

/// Shows the mail that a report would send to a recipient now. Nothing is set up and nothing is sent.
#[utoipa::path(
    post, path = "/v1/reports/preview", operation_id = "reports_preview", tag = "reports", params(IdempotencyKey), request_body = PreviewBody,
    responses((status = 200, body = Preview), ChangeRefusals)
)]
async fn preview(ask: Ask, Json(mut body): Json<Map<String, Value>>) -> Answered<Preview> {
    let recipient = match body.remove("as") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(recipient)) => Ok(Some(recipient)),
        Some(_) => Err(FieldError { field: "as".into(), message: "must be text: the address or id of a recipient".into() }),
    };
    let report = read_json(&serde_json::to_vec(&body).map_err(|e| Problem::fault(e.to_string()))?);
    let draft = match (report, recipient) {
        (Ok(report), Ok(recipient)) => PreviewDraft { report, recipient },
        (Err(problem), Ok(_)) => return Err(problem),
        (Ok(_), Err(error)) => return Err(Problem::invalid(vec![error])),
        (Err(problem), Err(error)) => return Err(Problem::invalid([problem.errors, vec![error]].concat())),
    };
    Ok(plain(Box::pin(reports::preview(&ask.ctx, &draft)).await?))
}

/// The body of a preview: a report, and `as` beside its fields.
struct PreviewBody;

impl PartialSchema for PreviewBody {
    fn schema() -> RefOr<Schema> {
        let mut schema = ReportDraft::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            let recipient = ObjectBuilder::new()
                .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
                .description(Some("Whose mail to show: the address or id of a recipient. The first one if left out."))
                .examples([json!("hr@acme.example")]);
            object.properties.insert("as".to_owned(), recipient.into());
            object.description = Some("A report, and the recipient whose mail to show.".to_owned());
        }
        schema
    }
}

impl ToSchema for PreviewBody {
    fn name() -> Cow<'static, str> {
        "PreviewDraft".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        ReportDraft::schemas(schemas);
    }
}

/// Runs a report now, besides its schedule; the windows of scheduled runs stay as they are.
#[utoipa::path(
    post, path = "/v1/reports/{id}/send-now", operation_id = "reports_send_now", tag = "reports", params(("id" = ReportId, Path), IdempotencyKey),
    responses((status = 202, description = "It is on its way; GET /v1/runs/{id} says how far it is", body = RunView), ChangeRefusals)
)]
async fn send_now(ask: Ask, Path(id): Path<ReportId>, _: NoBody) -> Answered<RunView> {
    Ok(begun(Box::pin(reports::send_now(&ask.ctx, id)).await?))
}

/// The runs of a report, newest first, with what became of each delivery.
#[utoipa::path(
    get, path = "/v1/reports/{id}/runs", operation_id = "reports_runs", tag = "runs", params(("id" = ReportId, Path), Listing),
    responses((status = 200, body = Paged<RunView>), ReadRefusals)
)]
async fn runs(ask: Ask<Listing>, Path(id): Path<ReportId>) -> Answered<Paged<RunView>> {
    Ok(plain(reports::runs(&ask.ctx, id, &ask.query.page()?).await?))
}
