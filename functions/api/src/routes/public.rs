//! What needs no key: health, the document, and the page that a link in a mail opens.

use app::engagements::nudge;
use app::{App, AppError, deliveries, inbound, off_track, portal, reports};
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use domain::sign_in::SIGNED_IN_FOR;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use utoipa::ToSchema;

use crate::ask::Path;
use crate::described::{Routes, routes};
use crate::documentation::OpenRefusals;
use crate::own::{Caller, HELD, hold, is_own};
use crate::page;
use crate::problem::Problem;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(health))
        .routes(routes!(document))
        .routes(routes!(show_unsubscribe, unsubscribe))
        .routes(routes!(show_nudge, act_on_nudge))
        .routes(routes!(show_invitation, accept_invitation))
        .routes(routes!(show_confirmation, confirm))
        .routes(routes!(whole_mail))
}

/// That the function answers.
#[derive(Serialize, ToSchema)]
struct Health {
    /// Always `ok`.
    #[schema(example = "ok")]
    status: &'static str,
    /// The version of the program.
    #[schema(example = "0.1.0")]
    version: &'static str,
}

/// Whether the API answers; reads nothing.
#[utoipa::path(
    get, path = "/health", operation_id = "health", tag = "public", security(()),
    responses((status = 200, body = Health), OpenRefusals)
)]
async fn health() -> axum::Json<Health> {
    axum::Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION") })
}

/// This document.
#[utoipa::path(
    get, path = "/openapi.json", operation_id = "document", tag = "public", security(()),
    responses((status = 200, description = "OpenAPI 3.1", body = Object), OpenRefusals)
)]
async fn document() -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "max-age=300")];
    (headers, crate::document()).into_response()
}

/// The page of an unsubscribe link: says what would end, and changes nothing.
#[utoipa::path(
    get, path = "/u/{token}", operation_id = "unsubscribe_show", tag = "public", params(("token" = String, Path)), security(()),
    responses(
        (status = 200, description = "A page with one button", content_type = "text/html", body = String),
        (status = 404, description = "A page: the link is not one of ours", content_type = "text/html", body = String),
        OpenRefusals,
    )
)]
async fn show_unsubscribe(State(app): State<App>, Path(token): Path<String>) -> Response {
    let found = async {
        Ok(match reports::unsubscribe_page(&app, &token).await? {
            Some(found) => Some(page::unsubscribe(&found)),
            None => off_track::stop_page(&app, &token).await?.map(|found| page::stop(&found)),
        })
    };
    answered(found.await)
}

/// Unsubscribes: by the button of the page, or by the one click of a mail program (RFC 8058). Once or often is the
/// same; the body does not matter.
#[utoipa::path(
    post, path = "/u/{token}", operation_id = "unsubscribe", tag = "public", params(("token" = String, Path)), security(()),
    responses(
        (status = 200, description = "A page: it is done", content_type = "text/html", body = String),
        (status = 404, description = "A page: the link is not one of ours", content_type = "text/html", body = String),
        OpenRefusals,
    )
)]
async fn unsubscribe(State(app): State<App>, Path(token): Path<String>) -> Response {
    let found = async {
        Ok(match reports::unsubscribe(&app, &token).await? {
            Some(found) => Some(page::unsubscribe(&found)),
            None => off_track::stop(&app, &token).await?.map(|found| page::stop(&found)),
        })
    };
    answered(found.await)
}

/// The page of an invitation to the portal: asks for the time zone, and changes nothing (P-5).
#[utoipa::path(
    get, path = "/i/{token}", operation_id = "invitation_show", tag = "public", params(("token" = String, Path)), security(()),
    responses(
        (status = 200, description = "A page with a form, or that says why there is none", content_type = "text/html", body = String),
        (status = 404, description = "A page: the link is not one of ours", content_type = "text/html", body = String),
        OpenRefusals,
    )
)]
async fn show_invitation(State(app): State<App>, Path(token): Path<String>) -> Response {
    invitation(portal::invitation(&app, &token).await.map(|found| found.map(Into::into)))
}

/// The form of an invitation's page.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form; it is read field by field")]
struct Acceptance {
    /// The zone that times are shown in.
    #[schema(example = "Europe/Berlin")]
    time_zone: String,
}

/// Accepts an invitation, by the form of its page: the field `time_zone` is an IANA zone. Once or often is the same, but only
/// the first time signs the browser in, with what the link in the mail has as `k`.
#[utoipa::path(
    post, path = "/i/{token}", operation_id = "invitation_accept", tag = "public", params(("token" = String, Path)), security(()),
    request_body(content = Acceptance, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A page: it is accepted, or why it can't be", content_type = "text/html", body = String),
        (status = 403, description = "A page: another site sent this", content_type = "text/html", body = String),
        (status = 404, description = "A page: the link is not one of ours", content_type = "text/html", body = String),
        OpenRefusals,
    )
)]
async fn accept_invitation(
    State(app): State<App>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
    caller: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !is_own(&headers, &app.config.public_url) {
        return html(StatusCode::FORBIDDEN, page::sign_in::not_ours());
    }
    let zone = field(&String::from_utf8_lossy(&body), "time_zone");
    // the form has no address of its own, so what stood in the link's comes back
    let secret = field(&query.unwrap_or_default(), "k");
    invitation(portal::accept(&app, &token, &zone, (&secret, caller.visitor())).await)
}

fn invitation(found: Result<Option<portal::Accepting>, AppError>) -> Response {
    match found {
        Ok(Some(found)) => {
            let mut response = html(StatusCode::OK, page::invitation(&found.page, found.held.is_some()));
            // its form says where it comes from
            response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
            if let Some(held) = &found.held {
                hold(&mut response, HELD, held, SIGNED_IN_FOR.num_seconds());
            }
            response
        }
        Ok(None) => html(StatusCode::NOT_FOUND, page::unknown_link()),
        Err(error) => failed(error.into()),
    }
}

/// The page of a link to confirm a mail whose sender was not certain; changes nothing (C-3).
#[utoipa::path(
    get, path = "/c/{token}", operation_id = "confirm_show", tag = "public", params(("token" = String, Path)), security(()),
    responses(
        (status = 200, description = "A page with one button", content_type = "text/html", body = String),
        (status = 404, description = "A page: the link is not one of ours", content_type = "text/html", body = String),
        OpenRefusals,
    )
)]
async fn show_confirmation(State(app): State<App>, Path(token): Path<String>) -> Response {
    answered(inbound::confirm_page(&app, &token).await.map(|found| found.map(|found| page::confirm(&found))))
}

/// Takes the mail as a comment. Once or often is the same; the body does not matter.
#[utoipa::path(
    post, path = "/c/{token}", operation_id = "confirm", tag = "public", params(("token" = String, Path)), security(()),
    responses(
        (status = 200, description = "A page: it is a comment, or why it can't be one any more", content_type = "text/html", body = String),
        (status = 404, description = "A page: the link is not one of ours", content_type = "text/html", body = String),
        OpenRefusals,
    )
)]
async fn confirm(State(app): State<App>, Path(token): Path<String>) -> Response {
    answered(inbound::confirm(&app, &token).await.map(|found| found.map(|found| page::confirm(&found))))
}

/// A field of a form; empty where there is none.
pub(crate) fn field(form: &str, name: &str) -> String {
    let value = form.split('&').filter_map(|field| field.split_once('=')).find(|(field, _)| *field == name);
    let value = value.map_or(String::new(), |(_, value)| value.replace('+', " "));
    percent_decode_str(&value).decode_utf8_lossy().into_owned()
}

/// The page of a link on an engagement that went off track: says what it would do, and changes nothing (T-13).
#[utoipa::path(
    get, path = "/n/{token}", operation_id = "nudge_show", tag = "public", params(("token" = String, Path)), security(()),
    responses(
        (status = 200, description = "A page that asks, or says that there is nothing to do any more", content_type = "text/html", body = String),
        (status = 404, description = "A page: the link is not one of ours", content_type = "text/html", body = String),
        OpenRefusals,
    )
)]
async fn show_nudge(State(app): State<App>, Path(token): Path<String>) -> Response {
    answered(nudge::page(&app, &token).await.map(|found| found.map(|found| page::nudge(&found))))
}

/// Does what the link is for, once, if the engagement is still off track since the same day: records a meeting, waits a
/// week, or plans a break. The body is the page's form: `on`, a date.
#[utoipa::path(
    post, path = "/n/{token}", operation_id = "nudge", tag = "public", params(("token" = String, Path)), security(()),
    responses(
        (status = 200, description = "A page: it is done, or why not", content_type = "text/html", body = String),
        (status = 404, description = "A page: the link is not one of ours", content_type = "text/html", body = String),
        OpenRefusals,
    )
)]
async fn act_on_nudge(State(app): State<App>, Path(token): Path<String>, body: Bytes) -> Response {
    // a date has nothing in it that a form would write otherwise
    let on = std::str::from_utf8(&body).unwrap_or_default().split('&').find_map(|field| field.strip_prefix("on="));
    let on = on.filter(|on| !on.is_empty()).map(str::parse);
    let found = match on.transpose() {
        Ok(on) => nudge::act(&app, &token, on).await,
        Err(_) => nudge::page(&app, &token).await,
    };
    answered(found.map(|found| found.map(|found| page::nudge(&found))))
}

/// The whole of a report mail that was cut, as far as its recipient may still see it.
#[utoipa::path(
    get, path = "/m/{token}", operation_id = "whole_mail", tag = "public", params(("token" = String, Path)), security(()),
    responses(
        (status = 200, description = "The mail as a page", content_type = "text/html", body = String),
        (status = 404, description = "A page: the link is not one of ours, or nothing of the mail may be shown any more", content_type = "text/html", body = String),
        OpenRefusals,
    )
)]
async fn whole_mail(State(app): State<App>, Path(token): Path<String>) -> Response {
    match deliveries::whole(&app, &token).await {
        Ok(Some(page)) => {
            let mut response = axum::response::Html(page).into_response();
            // a mail's styles stand on its elements, since mail programs read no others; everything else stays forbidden
            let policy =
                "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
            response.headers_mut().insert("x-robots-tag", HeaderValue::from_static("noindex"));
            response
        }
        Ok(None) => html(StatusCode::NOT_FOUND, page::unknown_link()),
        Err(error) => failed(error.into()),
    }
}

fn answered(found: Result<Option<maud::Markup>, AppError>) -> Response {
    match found {
        Ok(Some(page)) => html(StatusCode::OK, page),
        Ok(None) => html(StatusCode::NOT_FOUND, page::unknown_link()),
        Err(error) => failed(error.into()),
    }
}

pub(crate) fn html(status: StatusCode, page: maud::Markup) -> Response {
    let mut response = (status, axum::response::Html(page.into_string())).into_response();
    if let Ok(policy) = HeaderValue::from_str(page::policy()) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response.headers_mut().insert("x-robots-tag", HeaderValue::from_static("noindex"));
    response
}

/// A page for people in place of problem details; what failed goes to the log all the same.
pub(crate) fn failed(problem: Problem) -> Response {
    let page = page::failed();
    let mut response = problem.into_response();
    response.extensions_mut().insert(crate::edge::Told);
    let (parts, body) = html(response.status(), page).into_parts();
    response.headers_mut().extend(parts.headers);
    *response.body_mut() = body;
    response
}
