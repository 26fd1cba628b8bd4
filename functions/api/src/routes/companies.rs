//! Client companies, their locations and their people.

use app::companies::{self, Named, PersonnelDraft};
use app::page::Paged;
use domain::company::{Company, Location};
use domain::id::{CompanyId, PersonnelId};
use domain::person::Personnel;

use crate::answer::{Answered, created, entity, made_in_version, plain};
use crate::ask::{Ask, IdempotencyKey, IfMatch, Json, Listing, Path};
use crate::described::{Routes, routes};
use crate::documentation::{ChangeRefusals, ReadRefusals};

pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list, create))
        .routes(routes!(read, update))
        .routes(routes!(locations, add_location))
        .routes(routes!(personnel, add_personnel))
        .routes(routes!(update_personnel))
}

/// The companies, in the order they were added. A person of a company sees their own.
#[utoipa::path(
    get, path = "/v1/companies", operation_id = "companies_list", tag = "companies", params(Listing),
    responses((status = 200, body = Paged<Company>), ReadRefusals)
)]
async fn list(ask: Ask<Listing>) -> Answered<Paged<Company>> {
    Ok(plain(companies::list(&ask.ctx, &ask.query.page()?).await?))
}

/// Adds a company.
#[utoipa::path(
    post, path = "/v1/companies", operation_id = "companies_create", tag = "companies", params(IdempotencyKey), request_body = Named,
    responses((status = 201, body = Company, headers(("etag" = String), ("location" = String))), ChangeRefusals)
)]
async fn create(ask: Ask, Json(draft): Json<Named>) -> Answered<Company> {
    let company = companies::create(&ask.ctx, &draft).await?;
    Ok(created(company.version, format!("/v1/companies/{}", company.id), company))
}

/// A company.
#[utoipa::path(
    get, path = "/v1/companies/{id}", operation_id = "companies_read", tag = "companies", params(("id" = CompanyId, Path)),
    responses((status = 200, body = Company, headers(("etag" = String))), ReadRefusals)
)]
async fn read(ask: Ask, Path(id): Path<CompanyId>) -> Answered<Company> {
    let company = companies::read(&ask.ctx, id).await?;
    Ok(entity(company.version, company))
}

/// Renames a company.
#[utoipa::path(
    patch, path = "/v1/companies/{id}", operation_id = "companies_update", tag = "companies", params(("id" = CompanyId, Path), IfMatch),
    request_body = Named, responses((status = 200, body = Company, headers(("etag" = String))), ChangeRefusals)
)]
async fn update(ask: Ask, Path(id): Path<CompanyId>, Json(draft): Json<Named>) -> Answered<Company> {
    let company = companies::update(&ask.ctx, id, &draft, ask.expected).await?;
    Ok(entity(company.version, company))
}

/// The locations of a company.
#[utoipa::path(
    get, path = "/v1/companies/{id}/locations", operation_id = "companies_locations", tag = "companies",
    params(("id" = CompanyId, Path), Listing), responses((status = 200, body = Paged<Location>), ReadRefusals)
)]
async fn locations(ask: Ask<Listing>, Path(id): Path<CompanyId>) -> Answered<Paged<Location>> {
    Ok(plain(companies::locations(&ask.ctx, id, &ask.query.page()?).await?))
}

/// Adds a location to a company.
#[utoipa::path(
    post, path = "/v1/companies/{id}/locations", operation_id = "companies_add_location", tag = "companies",
    params(("id" = CompanyId, Path), IdempotencyKey), request_body = Named,
    responses((status = 201, body = Location, headers(("etag" = String))), ChangeRefusals)
)]
async fn add_location(ask: Ask, Path(id): Path<CompanyId>, Json(draft): Json<Named>) -> Answered<Location> {
    let location = companies::add_location(&ask.ctx, id, &draft).await?;
    Ok(made_in_version(location.version, location))
}

/// The people of a company.
#[utoipa::path(
    get, path = "/v1/companies/{id}/personnel", operation_id = "companies_personnel", tag = "companies",
    params(("id" = CompanyId, Path), Listing), responses((status = 200, body = Paged<Personnel>), ReadRefusals)
)]
async fn personnel(ask: Ask<Listing>, Path(id): Path<CompanyId>) -> Answered<Paged<Personnel>> {
    Ok(plain(companies::personnel(&ask.ctx, id, &ask.query.page()?).await?))
}

/// Adds a person to a company, with the kinds of item they may see.
#[utoipa::path(
    post, path = "/v1/companies/{id}/personnel", operation_id = "companies_add_personnel", tag = "companies",
    params(("id" = CompanyId, Path), IdempotencyKey), request_body = PersonnelDraft,
    responses((status = 201, body = Personnel, headers(("etag" = String))), ChangeRefusals)
)]
async fn add_personnel(ask: Ask, Path(id): Path<CompanyId>, Json(draft): Json<PersonnelDraft>) -> Answered<Personnel> {
    let person = companies::add_personnel(&ask.ctx, id, &draft).await?;
    Ok(made_in_version(person.version, person))
}

/// Changes a person of a company. What is left out stays; `"active": false` ends their access.
#[utoipa::path(
    patch, path = "/v1/companies/{id}/personnel/{personnel_id}", operation_id = "companies_update_personnel", tag = "companies",
    params(("id" = CompanyId, Path), ("personnel_id" = PersonnelId, Path), IfMatch), request_body = PersonnelDraft,
    responses((status = 200, body = Personnel, headers(("etag" = String))), ChangeRefusals)
)]
async fn update_personnel(
    ask: Ask,
    Path((company, id)): Path<(CompanyId, PersonnelId)>,
    Json(draft): Json<PersonnelDraft>,
) -> Answered<Personnel> {
    let person = companies::update_personnel(&ask.ctx, company, id, &draft, ask.expected).await?;
    Ok(entity(person.version, person))
}
