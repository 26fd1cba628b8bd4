//! What became of an occurrence of a report.

use app::reports::{self, RunView};
use domain::id::RunId;

use crate::answer::{Answered, plain};
use crate::ask::{Ask, Path};
use crate::described::{Routes, routes};
use crate::documentation::ReadRefusals;

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(read))
}

/// A run, with what became of each delivery.
#[utoipa::path(
    get, path = "/v1/runs/{id}", operation_id = "runs_read", tag = "runs", params(("id" = RunId, Path)),
    responses((status = 200, body = RunView), ReadRefusals)
)]
async fn read(ask: Ask, Path(id): Path<RunId>) -> Answered<RunView> {
    Ok(plain(reports::run(&ask.ctx, id).await?))
}
