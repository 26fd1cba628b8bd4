//! Addresses that get no mail because they bounced or complained.

use app::deliveries;
use app::page::Paged;
use domain::person::Email;
use http::StatusCode;
use platform::store::deliveries::Suppressed;

use crate::answer::{Answered, plain};
use crate::ask::{Ask, Listing, Path};
use crate::described::{Routes, routes};
use crate::documentation::{ChangeRefusals, ReadRefusals};
use crate::problem::Problem;

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(list)).routes(routes!(lift))
}

/// The addresses that get no mail, and why.
#[utoipa::path(
    get, path = "/v1/suppressions", operation_id = "suppressions_list", tag = "mail", params(Listing),
    responses((status = 200, body = Paged<Suppressed>), ReadRefusals)
)]
async fn list(ask: Ask<Listing>) -> Answered<Paged<Suppressed>> {
    Ok(plain(deliveries::suppressions(&ask.ctx, &ask.query.page()?).await?))
}

/// Lets an address get mail again.
#[utoipa::path(
    delete, path = "/v1/suppressions/{email}", operation_id = "suppressions_lift", tag = "mail", params(("email" = Email, Path)),
    responses((status = 204, description = "It gets mail again"), ChangeRefusals)
)]
async fn lift(ask: Ask, Path(email): Path<String>) -> Result<StatusCode, Problem> {
    let email = Email::parse(&email).map_err(|_| Problem::not_found())?;
    deliveries::lift_suppression(&ask.ctx, &email).await?;
    Ok(StatusCode::NO_CONTENT)
}
