//! The outermost layer: how much may be sent, the request's id, the headers of every answer, problem bodies, and the
//! one line in the log.

use std::sync::Arc;
use std::time::Instant;

use app::App;
use axum::body::{Body, Bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use lambda_http::request::RequestContext;

use crate::problem::Problem;

/// The most bytes of a body.
pub(crate) const BODY_MOST: usize = 1024 * 1024;
/// The most bytes of a body that is a file to import: what API Gateway hands to a function is little more.
const FILE_MOST: usize = 5 * 1024 * 1024;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What every answer says to browsers unless the route says otherwise: nothing may be loaded, framed, guessed, kept.
const HEADERS: [(HeaderName, &str); 7] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// On an answer that says itself what went wrong, to a person.
#[derive(Clone, Copy)]
pub(crate) struct Told;

/// Carries a request in and its answer out.
pub(crate) async fn edge(State(app): State<App>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = match request.extensions().get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV2(context)) => context.request_id.clone(),
        _ => None,
    };
    let id = id.filter(|id| !id.is_empty()).unwrap_or_else(|| app.new_id().to_string());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or_else(|| "-".to_owned(), |path| path.as_str().to_owned());

    let mut response = match limit(request).await {
        Ok(request) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    let problem = response.extensions_mut().remove::<Arc<Problem>>();
    let status = response.status().as_u16();
    let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    match problem.as_ref().and_then(|problem| problem.cause.as_ref()) {
        Some(cause) => tracing::error!(request_id = id, %method, route, status, ms, cause, "not carried out"),
        None => tracing::info!(request_id = id, %method, route, status, ms, code = problem.as_ref().map(|p| p.code), "answered"),
    }
    if let Some(problem) = &problem
        && response.extensions().get::<Told>().is_none()
    {
        response = problem.render(response, &id);
    }
    if method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    for (name, value) in &HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// Reads the body, as far as it may be long.
async fn limit(request: Request) -> Result<Request, Problem> {
    let most = if request.uri().path() == "/v1/imports" { FILE_MOST } else { BODY_MOST };
    let too_large =
        || Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", format!("the body may have at most {} KiB", most / 1024));
    let (parts, body) = request.into_parts();
    let announced = parts.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > most) {
        return Err(too_large());
    }
    let bytes: Bytes = match Limited::new(body, most).collect().await {
        Ok(body) => body.to_bytes(),
        Err(e) if e.is::<http_body_util::LengthLimitError>() => return Err(too_large()),
        Err(_) => return Err(Problem::bad_request("bad_body", "the body could not be read")),
    };
    Ok(Request::from_parts(parts, Body::from(bytes)))
}
