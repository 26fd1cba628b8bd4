//! Files of rows that become clients, programs, engagements, sessions and items.

use std::time::Duration;

use app::imports::{self, ImportDraft, ImportView};
use app::page::Paged;
use axum::extract::FromRequest;
use domain::id::ImportId;
use http::{StatusCode, header};
use platform::store::imports::{BadRow, ImportKind, ImportState};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::answer::{Answered, accepted, created, entity, plain};
use crate::ask::{Ask, IdempotencyKey, Json, Listing, Path};
use crate::described::{Routes, routes};
use crate::documentation::{ChangeRefusals, ReadRefusals};
use crate::problem::Problem;

/// For how long a request goes through rows itself: well within the function's timeout.
const BUDGET: Duration = Duration::from_secs(5);

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(create)).routes(routes!(read)).routes(routes!(bad_rows))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct OfText {
    /// What the rows are, where the body is the CSV file itself.
    kind: Option<ImportKind>,
    /// Whether only to say what would be done, where the body is the CSV file itself.
    dry_run: Option<bool>,
}

/// Imports a CSV file, or says what that would do: as JSON with the file's text, or as the file itself with `kind` and
/// `dry_run` in the query. Small files are done when this is answered (201), larger ones go on by themselves (202).
#[utoipa::path(
    post, path = "/v1/imports", operation_id = "imports_create", tag = "imports", params(OfText, IdempotencyKey),
    request_body(content(
        (ImportDraft = "application/json", example = json!({"kind": "clients", "dry_run": true, "csv": "key,first_name,last_name,email\n17,Amber,Stone,amber@stone.example\n"})),
        (String = "text/csv"),
    )),
    responses(
        (status = 201, body = ImportView, headers(("etag" = String), ("location" = String))),
        (status = 202, body = ImportView, headers(("etag" = String), ("location" = String))),
        ChangeRefusals,
    )
)]
async fn create(ask: Ask<OfText>, Csv(draft): Csv) -> Answered<ImportView> {
    let OfText { kind, dry_run } = ask.query;
    let draft = match draft {
        File::Told(_) if kind.is_some() || dry_run.is_some() => {
            let detail = "kind and dry_run are fields of the body where it is JSON; leave them out of the query";
            return Err(Problem::bad_request("bad_query", detail));
        }
        File::Told(draft) => draft,
        File::Text(csv) => ImportDraft { kind, dry_run: dry_run.unwrap_or_default(), csv },
    };
    let import = imports::create(&ask.ctx, &draft, BUDGET).await?;
    let location = format!("/v1/imports/{}", import.id);
    Ok(match import.state {
        ImportState::Done | ImportState::Failed => created(import.version, location, import),
        ImportState::Queued | ImportState::Running => accepted(import.version, location, import),
    })
}

/// Everything that is wrong with the rows of one's own import, in the order of the file.
#[utoipa::path(
    get, path = "/v1/imports/{id}/bad-rows", operation_id = "imports_bad_rows", tag = "imports", params(("id" = ImportId, Path), Listing),
    responses((status = 200, body = Paged<BadRow>), ReadRefusals)
)]
async fn bad_rows(ask: Ask<Listing>, Path(id): Path<ImportId>) -> Answered<Paged<BadRow>> {
    Ok(plain(imports::bad_rows(&ask.ctx, id, &ask.query.page()?).await?))
}

/// One's own import: how far it is, and which rows are bad.
#[utoipa::path(
    get, path = "/v1/imports/{id}", operation_id = "imports_read", tag = "imports", params(("id" = ImportId, Path)),
    responses((status = 200, body = ImportView, headers(("etag" = String))), ReadRefusals)
)]
async fn read(ask: Ask, Path(id): Path<ImportId>) -> Answered<ImportView> {
    let import = imports::read(&ask.ctx, id).await?;
    Ok(entity(import.version, import))
}

/// A file as it is sent.
enum File {
    /// In JSON, with what it is.
    Told(ImportDraft),
    /// As it is.
    Text(String),
}

/// A body that is a CSV file, or JSON with one in it.
struct Csv(File);

impl<S: Send + Sync> FromRequest<S> for Csv {
    type Rejection = Problem;

    async fn from_request(request: axum::extract::Request, state: &S) -> Result<Self, Problem> {
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if essence != "text/csv" {
            return Json::<ImportDraft>::from_request(request, state).await.map(|Json(draft)| Self(File::Told(draft))).map_err(|problem| {
                match problem.status {
                    StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                        let detail = "the body must be JSON (Content-Type: application/json) or a CSV file (Content-Type: text/csv)";
                        Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_csv", detail)
                    }
                    _ => problem,
                }
            });
        }
        String::from_request(request, state)
            .await
            .map(|text| Self(File::Text(text)))
            .map_err(|_| Problem::bad_request("bad_body", "the body could not be read as UTF-8; save the file in that encoding"))
    }
}
