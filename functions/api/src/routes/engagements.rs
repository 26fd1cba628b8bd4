//! Engagements, their sessions and discovery calls, breaks and log.

use app::engagements::{self, CoachDraft, EngagementView};
use app::page::Paged;
use domain::engagement::{EngagementDraft, EngagementHappening, Move, PauseDraft, Session, SessionDraft, SessionKind, SessionState};
use domain::id::{EngagementId, SessionId};
use http::StatusCode;

use crate::answer::{Answered, created, entity, made_in_version, plain};
use crate::ask::{Ask, IdempotencyKey, IfMatch, Json, Listing, NoBody, Path};
use crate::described::{Routes, routes};
use crate::documentation::{ChangeRefusals, ReadRefusals};
use crate::problem::Problem;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(create))
        .routes(routes!(read, update, delete))
        .routes(routes!(start_matching))
        .routes(routes!(activate))
        .routes(routes!(deactivate))
        .routes(routes!(complete))
        .routes(routes!(restore))
        .routes(routes!(select_coach))
        .routes(routes!(assign_coach))
        .routes(routes!(pause))
        .routes(routes!(resume))
        .routes(routes!(sessions, add_session))
        .routes(routes!(discovery_calls, add_discovery_call))
        .routes(routes!(update_session))
        .routes(routes!(cancel_session))
        .routes(routes!(complete_session))
        .routes(routes!(happenings))
}

/// Adds an engagement, as a draft: activate it, or start matching.
#[utoipa::path(
    post, path = "/v1/engagements", operation_id = "engagements_create", tag = "engagements", params(IdempotencyKey),
    request_body(content = EngagementDraft, example = json!({
        "client_id": "01J9Z3K5T0QW8R2M4N6P7S9V1X", "program_id": "01J9Z3K5T0QW8R2M4N6P7S9V1Y", "coach_id": "01J9Z3K5T0QW8R2M4N6P7S9V1Z"
    })),
    responses((status = 201, body = EngagementView, headers(("etag" = String), ("location" = String))), ChangeRefusals)
)]
async fn create(ask: Ask, Json(draft): Json<EngagementDraft>) -> Answered<EngagementView> {
    let engagement = engagements::create(&ask.ctx, &draft).await?;
    Ok(created(engagement.version, format!("/v1/engagements/{}", engagement.id), engagement))
}

/// An engagement, and where it stands: for those who may not know that, `progress` is `not_tracking`.
#[utoipa::path(
    get, path = "/v1/engagements/{id}", operation_id = "engagements_read", tag = "engagements", params(("id" = EngagementId, Path)),
    responses((status = 200, body = EngagementView, headers(("etag" = String))), ReadRefusals)
)]
async fn read(ask: Ask, Path(id): Path<EngagementId>) -> Answered<EngagementView> {
    answer(engagements::read(&ask.ctx, id).await?)
}

/// Changes an engagement. What is left out stays, `null` takes a field away; client, program and coach can't be changed
/// here.
#[utoipa::path(
    patch, path = "/v1/engagements/{id}", operation_id = "engagements_update", tag = "engagements",
    params(("id" = EngagementId, Path), IfMatch), request_body = EngagementDraft,
    responses((status = 200, body = EngagementView, headers(("etag" = String))), ChangeRefusals)
)]
async fn update(ask: Ask, Path(id): Path<EngagementId>, Json(draft): Json<EngagementDraft>) -> Answered<EngagementView> {
    answer(engagements::update(&ask.ctx, id, &draft, ask.expected).await?)
}

/// Deletes an engagement. It can be brought back for 30 days.
#[utoipa::path(
    delete, path = "/v1/engagements/{id}", operation_id = "engagements_delete", tag = "engagements",
    params(("id" = EngagementId, Path), IfMatch), responses((status = 204, description = "It is deleted"), ChangeRefusals)
)]
async fn delete(ask: Ask, Path(id): Path<EngagementId>) -> Result<StatusCode, Problem> {
    engagements::delete(&ask.ctx, id, ask.expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets the client choose a coach, in discovery calls: starts the clock of a coach-matching engagement.
#[utoipa::path(
    post, path = "/v1/engagements/{id}/start-matching", operation_id = "engagements_start_matching", tag = "engagements",
    params(("id" = EngagementId, Path), IdempotencyKey),
    responses((status = 200, body = EngagementView, headers(("etag" = String))), ChangeRefusals)
)]
async fn start_matching(ask: Ask, Path(id): Path<EngagementId>, _: NoBody) -> Answered<EngagementView> {
    answer(engagements::advance(&ask.ctx, id, Move::StartMatching).await?)
}

/// Begins an engagement, or begins it again: the clock starts anew. A draft takes over its program's settings.
#[utoipa::path(
    post, path = "/v1/engagements/{id}/activate", operation_id = "engagements_activate", tag = "engagements",
    params(("id" = EngagementId, Path), IdempotencyKey),
    responses((status = 200, body = EngagementView, headers(("etag" = String))), ChangeRefusals)
)]
async fn activate(ask: Ask, Path(id): Path<EngagementId>, _: NoBody) -> Answered<EngagementView> {
    answer(engagements::advance(&ask.ctx, id, Move::Activate).await?)
}

/// Interrupts an engagement: it is not tracked until it is activated again.
#[utoipa::path(
    post, path = "/v1/engagements/{id}/deactivate", operation_id = "engagements_deactivate", tag = "engagements",
    params(("id" = EngagementId, Path), IdempotencyKey),
    responses((status = 200, body = EngagementView, headers(("etag" = String))), ChangeRefusals)
)]
async fn deactivate(ask: Ask, Path(id): Path<EngagementId>, _: NoBody) -> Answered<EngagementView> {
    answer(engagements::advance(&ask.ctx, id, Move::Deactivate).await?)
}

/// Ends an engagement.
#[utoipa::path(
    post, path = "/v1/engagements/{id}/complete", operation_id = "engagements_complete", tag = "engagements",
    params(("id" = EngagementId, Path), IdempotencyKey),
    responses((status = 200, body = EngagementView, headers(("etag" = String))), ChangeRefusals)
)]
async fn complete(ask: Ask, Path(id): Path<EngagementId>, _: NoBody) -> Answered<EngagementView> {
    answer(engagements::advance(&ask.ctx, id, Move::Complete).await?)
}

/// Brings a deleted engagement back, within 30 days.
#[utoipa::path(
    post, path = "/v1/engagements/{id}/restore", operation_id = "engagements_restore", tag = "engagements",
    params(("id" = EngagementId, Path), IdempotencyKey),
    responses((status = 200, body = EngagementView, headers(("etag" = String))), ChangeRefusals)
)]
async fn restore(ask: Ask, Path(id): Path<EngagementId>, _: NoBody) -> Answered<EngagementView> {
    answer(engagements::advance(&ask.ctx, id, Move::Restore).await?)
}

/// Notes whom the client chose as coach, while the engagement is matching.
#[utoipa::path(
    post, path = "/v1/engagements/{id}/select-coach", operation_id = "engagements_select_coach", tag = "engagements",
    params(("id" = EngagementId, Path), IdempotencyKey), request_body = CoachDraft,
    responses((status = 200, body = EngagementView, headers(("etag" = String))), ChangeRefusals)
)]
async fn select_coach(ask: Ask, Path(id): Path<EngagementId>, Json(draft): Json<CoachDraft>) -> Answered<EngagementView> {
    answer(engagements::set_coach(&ask.ctx, id, draft, true).await?)
}

/// Gives an engagement a coach.
#[utoipa::path(
    post, path = "/v1/engagements/{id}/assign-coach", operation_id = "engagements_assign_coach", tag = "engagements",
    params(("id" = EngagementId, Path), IdempotencyKey), request_body = CoachDraft,
    responses((status = 200, body = EngagementView, headers(("etag" = String))), ChangeRefusals)
)]
async fn assign_coach(ask: Ask, Path(id): Path<EngagementId>, Json(draft): Json<CoachDraft>) -> Answered<EngagementView> {
    answer(engagements::set_coach(&ask.ctx, id, draft, false).await?)
}

/// Plans a break: its days do not count towards the threshold.
#[utoipa::path(
    post, path = "/v1/engagements/{id}/pauses", operation_id = "engagements_pause", tag = "engagements",
    params(("id" = EngagementId, Path), IdempotencyKey),
    request_body(content = PauseDraft, example = json!({"starts_on": "2026-12-20", "ends_on": "2027-01-06", "note": "Holidays"})),
    responses((status = 200, body = EngagementView, headers(("etag" = String))), ChangeRefusals)
)]
async fn pause(ask: Ask, Path(id): Path<EngagementId>, Json(draft): Json<PauseDraft>) -> Answered<EngagementView> {
    answer(engagements::pause(&ask.ctx, id, &draft).await?)
}

/// Ends the break that goes on with today, and takes back those that are to come.
#[utoipa::path(
    post, path = "/v1/engagements/{id}/resume", operation_id = "engagements_resume", tag = "engagements",
    params(("id" = EngagementId, Path), IdempotencyKey),
    responses((status = 200, body = EngagementView, headers(("etag" = String))), ChangeRefusals)
)]
async fn resume(ask: Ask, Path(id): Path<EngagementId>, _: NoBody) -> Answered<EngagementView> {
    answer(engagements::resume(&ask.ctx, id).await?)
}

/// The sessions of an engagement, in the order they were added.
#[utoipa::path(
    get, path = "/v1/engagements/{id}/sessions", operation_id = "sessions_list", tag = "engagements",
    params(("id" = EngagementId, Path), Listing), responses((status = 200, body = Paged<Session>), ReadRefusals)
)]
async fn sessions(ask: Ask<Listing>, Path(id): Path<EngagementId>) -> Answered<Paged<Session>> {
    Ok(plain(engagements::sessions(&ask.ctx, id, SessionKind::Session, &ask.query.page()?).await?))
}

/// Schedules a session, or logs one that took place.
#[utoipa::path(
    post, path = "/v1/engagements/{id}/sessions", operation_id = "sessions_create", tag = "engagements",
    params(("id" = EngagementId, Path), IdempotencyKey),
    request_body(content = SessionDraft, example = json!({"starts_at": "2026-11-24T15:00:00Z", "minutes": 60})),
    responses((status = 201, body = Session, headers(("etag" = String))), ChangeRefusals)
)]
async fn add_session(ask: Ask, Path(id): Path<EngagementId>, Json(draft): Json<SessionDraft>) -> Answered<Session> {
    let session = engagements::add_session(&ask.ctx, id, SessionKind::Session, &draft).await?;
    Ok(made_in_version(session.version, session))
}

/// The discovery calls of an engagement, in the order they were added.
#[utoipa::path(
    get, path = "/v1/engagements/{id}/discovery-calls", operation_id = "discovery_calls_list", tag = "engagements",
    params(("id" = EngagementId, Path), Listing), responses((status = 200, body = Paged<Session>), ReadRefusals)
)]
async fn discovery_calls(ask: Ask<Listing>, Path(id): Path<EngagementId>) -> Answered<Paged<Session>> {
    Ok(plain(engagements::sessions(&ask.ctx, id, SessionKind::DiscoveryCall, &ask.query.page()?).await?))
}

/// Schedules a discovery call, or logs one that took place.
#[utoipa::path(
    post, path = "/v1/engagements/{id}/discovery-calls", operation_id = "discovery_calls_create", tag = "engagements",
    params(("id" = EngagementId, Path), IdempotencyKey),
    request_body(content = SessionDraft, example = json!({"starts_at": "2026-11-24T15:00:00Z", "minutes": 60})),
    responses((status = 201, body = Session, headers(("etag" = String))), ChangeRefusals)
)]
async fn add_discovery_call(ask: Ask, Path(id): Path<EngagementId>, Json(draft): Json<SessionDraft>) -> Answered<Session> {
    let session = engagements::add_session(&ask.ctx, id, SessionKind::DiscoveryCall, &draft).await?;
    Ok(made_in_version(session.version, session))
}

/// Changes a session or discovery call. What is left out stays.
#[utoipa::path(
    patch, path = "/v1/sessions/{id}", operation_id = "sessions_update", tag = "engagements", params(("id" = SessionId, Path), IfMatch),
    request_body = SessionDraft, responses((status = 200, body = Session, headers(("etag" = String))), ChangeRefusals)
)]
async fn update_session(ask: Ask, Path(id): Path<SessionId>, Json(draft): Json<SessionDraft>) -> Answered<Session> {
    let session = engagements::update_session(&ask.ctx, id, &draft, ask.expected).await?;
    Ok(entity(session.version, session))
}

/// Calls a session or discovery call off.
#[utoipa::path(
    post, path = "/v1/sessions/{id}/cancel", operation_id = "sessions_cancel", tag = "engagements",
    params(("id" = SessionId, Path), IdempotencyKey), responses((status = 200, body = Session, headers(("etag" = String))), ChangeRefusals)
)]
async fn cancel_session(ask: Ask, Path(id): Path<SessionId>, _: NoBody) -> Answered<Session> {
    let session = engagements::settle_session(&ask.ctx, id, SessionState::Cancelled).await?;
    Ok(entity(session.version, session))
}

/// Notes that a session or discovery call took place.
#[utoipa::path(
    post, path = "/v1/sessions/{id}/complete", operation_id = "sessions_complete", tag = "engagements",
    params(("id" = SessionId, Path), IdempotencyKey), responses((status = 200, body = Session, headers(("etag" = String))), ChangeRefusals)
)]
async fn complete_session(ask: Ask, Path(id): Path<SessionId>, _: NoBody) -> Answered<Session> {
    let session = engagements::settle_session(&ask.ctx, id, SessionState::Completed).await?;
    Ok(entity(session.version, session))
}

/// What happened to an engagement, newest first. That it went off track, and came back, is told to those who may know.
#[utoipa::path(
    get, path = "/v1/engagements/{id}/happenings", operation_id = "engagements_happenings", tag = "engagements",
    params(("id" = EngagementId, Path), Listing), responses((status = 200, body = Paged<EngagementHappening>), ReadRefusals)
)]
async fn happenings(ask: Ask<Listing>, Path(id): Path<EngagementId>) -> Answered<Paged<EngagementHappening>> {
    Ok(plain(engagements::happenings(&ask.ctx, id, &ask.query.page()?).await?))
}

fn answer(engagement: EngagementView) -> Answered<EngagementView> {
    Ok(entity(engagement.version, engagement))
}
