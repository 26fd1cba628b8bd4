//! The people of the account's own organisation.

use app::members::{self, MemberDraft, PairingSet, PairingsDraft};
use app::page::Paged;
use domain::id::MemberId;
use domain::person::Member;

use crate::answer::{Answered, created, entity, plain, set};
use crate::ask::{Ask, IdempotencyKey, IfMatch, Json, Listing, Path};
use crate::described::{Routes, routes};
use crate::documentation::{ChangeRefusals, ReadRefusals};

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(list, create)).routes(routes!(read, update)).routes(routes!(pairings, set_pairings))
}

/// The members, in the order they were added.
#[utoipa::path(
    get, path = "/v1/members", operation_id = "members_list", tag = "members", params(Listing),
    responses((status = 200, body = Paged<Member>), ReadRefusals)
)]
async fn list(ask: Ask<Listing>) -> Answered<Paged<Member>> {
    Ok(plain(members::list(&ask.ctx, &ask.query.page()?).await?))
}

/// Adds a member: a coach, an administrator, or both.
#[utoipa::path(
    post, path = "/v1/members", operation_id = "members_create", tag = "members", params(IdempotencyKey), request_body = MemberDraft,
    responses((status = 201, body = Member, headers(("etag" = String), ("location" = String))), ChangeRefusals)
)]
async fn create(ask: Ask, Json(draft): Json<MemberDraft>) -> Answered<Member> {
    let member = members::create(&ask.ctx, &draft).await?;
    Ok(created(member.version, format!("/v1/members/{}", member.id), member))
}

/// A member.
#[utoipa::path(
    get, path = "/v1/members/{id}", operation_id = "members_read", tag = "members", params(("id" = MemberId, Path)),
    responses((status = 200, body = Member, headers(("etag" = String))), ReadRefusals)
)]
async fn read(ask: Ask, Path(id): Path<MemberId>) -> Answered<Member> {
    let member = members::read(&ask.ctx, id).await?;
    Ok(entity(member.version, member))
}

/// Changes a member. What is left out stays; `"active": false` ends their access.
#[utoipa::path(
    patch, path = "/v1/members/{id}", operation_id = "members_update", tag = "members", params(("id" = MemberId, Path), IfMatch),
    request_body = MemberDraft, responses((status = 200, body = Member, headers(("etag" = String))), ChangeRefusals)
)]
async fn update(ask: Ask, Path(id): Path<MemberId>, Json(draft): Json<MemberDraft>) -> Answered<Member> {
    let member = members::update(&ask.ctx, id, &draft, ask.expected).await?;
    Ok(entity(member.version, member))
}

/// The clients a member is paired with.
#[utoipa::path(
    get, path = "/v1/members/{id}/pairings", operation_id = "members_pairings", tag = "members", params(("id" = MemberId, Path)),
    responses((status = 200, body = PairingSet, headers(("etag" = String))), ReadRefusals)
)]
async fn pairings(ask: Ask, Path(id): Path<MemberId>) -> Answered<PairingSet> {
    set(members::pairings(&ask.ctx, id).await?)
}

/// Sets what a member is to the clients named, as one set: one that would leave a client without exactly one primary
/// coach changes nothing. Pairings that are not named stay.
#[utoipa::path(
    put, path = "/v1/members/{id}/pairings", operation_id = "members_set_pairings", tag = "members", params(("id" = MemberId, Path), IfMatch),
    request_body = PairingsDraft, responses((status = 200, body = PairingSet, headers(("etag" = String))), ChangeRefusals)
)]
async fn set_pairings(ask: Ask, Path(id): Path<MemberId>, Json(draft): Json<PairingsDraft>) -> Answered<PairingSet> {
    ask.unless_changed(Box::pin(members::pairings(&ask.ctx, id))).await?;
    set(members::set_pairings(&ask.ctx, id, &draft).await?)
}
