//! Programs: the templates that engagements are made from.

use app::page::Paged;
use app::programs;
use domain::id::ProgramId;
use domain::program::{Program, ProgramDraft};

use crate::answer::{Answered, created, entity, plain};
use crate::ask::{Ask, IdempotencyKey, IfMatch, Json, Listing, Path};
use crate::described::{Routes, routes};
use crate::documentation::{ChangeRefusals, ReadRefusals};

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(list, create)).routes(routes!(read, update))
}

/// The programs, in the order they were added.
#[utoipa::path(
    get, path = "/v1/programs", operation_id = "programs_list", tag = "programs", params(Listing),
    responses((status = 200, body = Paged<Program>), ReadRefusals)
)]
async fn list(ask: Ask<Listing>) -> Answered<Paged<Program>> {
    Ok(plain(programs::list(&ask.ctx, &ask.query.page()?).await?))
}

/// Adds a program. With `threshold_weeks` its engagements are tracked: after so many weeks without a session they are
/// off track.
#[utoipa::path(
    post, path = "/v1/programs", operation_id = "programs_create", tag = "programs", params(IdempotencyKey),
    request_body(content = ProgramDraft, example = json!({"name": "Leadership", "kind": "one_to_one", "sessions": 12, "threshold_weeks": 3})),
    responses((status = 201, body = Program, headers(("etag" = String), ("location" = String))), ChangeRefusals)
)]
async fn create(ask: Ask, Json(draft): Json<ProgramDraft>) -> Answered<Program> {
    let program = programs::create(&ask.ctx, &draft).await?;
    Ok(created(program.version, format!("/v1/programs/{}", program.id), program))
}

/// A program.
#[utoipa::path(
    get, path = "/v1/programs/{id}", operation_id = "programs_read", tag = "programs", params(("id" = ProgramId, Path)),
    responses((status = 200, body = Program, headers(("etag" = String))), ReadRefusals)
)]
async fn read(ask: Ask, Path(id): Path<ProgramId>) -> Answered<Program> {
    let program = programs::read(&ask.ctx, id).await?;
    Ok(entity(program.version, program))
}

/// Changes a program. What is left out stays, `null` takes a field away; engagements that were launched keep what they
/// took over.
#[utoipa::path(
    patch, path = "/v1/programs/{id}", operation_id = "programs_update", tag = "programs", params(("id" = ProgramId, Path), IfMatch),
    request_body = ProgramDraft, responses((status = 200, body = Program, headers(("etag" = String))), ChangeRefusals)
)]
async fn update(ask: Ask, Path(id): Path<ProgramId>, Json(draft): Json<ProgramDraft>) -> Answered<Program> {
    let program = programs::update(&ask.ctx, id, &draft, ask.expected).await?;
    Ok(entity(program.version, program))
}
