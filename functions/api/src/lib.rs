//! The HTTP API: one router, behind API Gateway on AWS and behind the local stack's gateway alike.

mod answer;
mod ask;
mod described;
mod documentation;
mod edge;
mod gate;
mod own;
mod page;
mod problem;
mod routes;
mod strict;

use std::sync::LazyLock;

use app::App;
use axum::extract::DefaultBodyLimit;
use axum::{Router, middleware};
use http::StatusCode;
use lambda_http::aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Context, LambdaEvent};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use tower::Service;
use utoipa::OpenApi;

use described::Routes;
use documentation::Outline;
use problem::Problem;

/// The whole API over an app.
pub fn router(app: App) -> Router {
    routes_with_key()
        .into_router()
        .route_layer(middleware::from_fn_with_state(app.clone(), gate::gate))
        .merge(open_routes().into_router())
        .merge(routes::sign_in::routes().into_router().route_layer(middleware::from_fn_with_state(app.clone(), own::own_pages_only)))
        .method_not_allowed_fallback(async || {
            Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "this route does not do that; the header Allow says what it does",
            )
        })
        .fallback(async || Problem::new(StatusCode::NOT_FOUND, "no_route", "there is no such route; /openapi.json lists them"))
        // the edge says how much may be sent
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(app.clone(), edge::edge))
        .with_state(app)
}

/// The OpenAPI document of all routes.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = Outline::openapi();
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    routes_with_key().describe(&mut document);
    open_routes().describe(&mut document);
    routes::sign_in::routes().describe(&mut document);
    documentation::describe(&mut document);
    document
}

/// The document as `GET /openapi.json` answers it.
fn document() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| openapi().to_json().unwrap_or_default());
    &TEXT
}

fn routes_with_key() -> Routes {
    Routes::new()
        .merge(routes::identity::routes())
        .merge(routes::account::routes())
        .merge(routes::members::routes())
        .merge(routes::companies::routes())
        .merge(routes::groups::routes())
        .merge(routes::clients::routes())
        .merge(routes::items::routes())
        .merge(routes::invoices::routes())
        .merge(routes::uploads::routes())
        .merge(routes::comments::routes())
        .merge(routes::exports::routes())
        .merge(routes::programs::routes())
        .merge(routes::engagements::routes())
        .merge(routes::engagement_lists::routes())
        .merge(routes::reports::routes())
        .merge(routes::runs::routes())
        .merge(routes::mail::routes())
        .merge(routes::imports::routes())
}

fn open_routes() -> Routes {
    Routes::new().merge(routes::identity::open_routes()).merge(routes::public::routes())
}

/// What a request line may have: more than API Gateway lets through, less than the parser of addresses takes.
const TARGET_MOST: usize = 16 * 1024;
/// What must not stand in a query as it is.
const NOT_IN_QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'#');

/// Answers an event of API Gateway (HTTP API, payload format 2.0): on AWS and in the local stack.
///
/// # Errors
/// None that a request can cause.
pub async fn handle(router: Router, event: ApiGatewayV2httpRequest) -> Result<ApiGatewayV2httpResponse, lambda_http::Error> {
    let event = LambdaEvent::new(LambdaRequest::ApiGatewayV2(tamed(event)), Context::default());
    // called without waiting for readiness, which a router always is: the adapter itself can't be held by another thread
    let answering = Adapter::from(router).call(event);
    let Ok(response) = answering.await;
    Ok(serde_json::from_value(serde_json::to_value(response)?)?)
}

/// Takes out of an event what would stop the conversion into a request: nothing that a caller writes may do that.
fn tamed(mut event: ApiGatewayV2httpRequest) -> ApiGatewayV2httpRequest {
    let path = event.raw_path.take().unwrap_or_default();
    let query = event.raw_query_string.take().unwrap_or_default();
    // an address without a host is all the router needs
    event.headers.remove(http::header::HOST);
    event.request_context.domain_name = None;
    if path.len() + query.len() <= TARGET_MOST {
        event.raw_path = Some(format!("/{}", path.trim_start_matches('/')));
        event.raw_query_string = Some(utf8_percent_encode(&query, NOT_IN_QUERY).to_string());
    } else {
        event.raw_path = Some("/too-long".to_owned());
        event.raw_query_string = Some(String::new());
    }
    event
}
