//! The router without anything behind it: what it says of itself, and what it refuses before it asks anybody.
#![expect(clippy::unwrap_used, reason = "these are tests")]

use std::path::Path;
use std::sync::Arc;

use app::App;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, Method, Request, StatusCode};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use platform::store::requests::SigningKeys;
use platform::{Clock, Config, Platform};
use serde_json::{Value, json};
use tower::ServiceExt;

/// The router over a platform that is never reached.
fn router() -> Router {
    let config = Config::read(|name| Some(if name == "CAIRN_ALLOW_SIGN_UP" { "false" } else { "x" }.to_owned())).unwrap();
    let sdk = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).region(Region::from_static("eu-central-1")).build();
    let platform = Platform::new(&config, &sdk);
    api::router(App {
        config: Arc::new(config),
        clock: Clock::system(),
        platform,
        signing_keys: Arc::new(SigningKeys { keys: Vec::new() }),
    })
}

async fn ask(request: Request<Body>) -> (StatusCode, HeaderMap, String) {
    let response = router().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

async fn get(path: &str) -> (StatusCode, HeaderMap, String) {
    ask(Request::get(path).body(Body::empty()).unwrap()).await
}

#[track_caller]
fn is_problem(headers: &HeaderMap, body: &str, status: u16, code: &str) {
    assert_eq!(headers["content-type"], "application/problem+json");
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!((&body["type"], &body["status"], &body["code"]), (&json!("about:blank"), &json!(status), &json!(code)));
    assert_eq!(body["request_id"], headers["x-request-id"].to_str().unwrap());
    assert!(body["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{body}");
}

#[tokio::test]
async fn health_needs_no_key() {
    let (status, headers, body) = get("/health").await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, concat!(r#"{"status":"ok","version":""#, env!("CARGO_PKG_VERSION"), r#""}"#)));
    assert_eq!(headers["content-type"], "application/json");
}

#[tokio::test]
async fn every_answer_says_that_nothing_may_be_guessed_framed_or_kept() {
    for path in ["/health", "/v1/me", "/nothing", "/u/x"] {
        let (_, headers, _) = get(path).await;
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["cache-control"], "no-store", "{path}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert!(!headers["x-request-id"].is_empty(), "{path}");
    }
}

#[tokio::test]
async fn without_a_bearer_key_v1_is_closed() {
    for header in [None, Some(("authorization", "Basic eDp5")), Some(("authorization", "Bearer ")), Some(("cookie", "session=cairn_x"))] {
        let mut request = Request::get("/v1/clients");
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let (status, headers, body) = ask(request.body(Body::empty()).unwrap()).await;
        assert_eq!(status, 401, "{header:?}");
        is_problem(&headers, &body, 401, "unauthorized");
        assert_eq!(headers["www-authenticate"], "Bearer realm=\"cairn\"");
    }
    let wrong = Request::get("/v1/me").header("authorization", "Bearer not-one-of-ours").body(Body::empty()).unwrap();
    let (status, headers, _) = ask(wrong).await;
    assert_eq!(status, 401);
    assert_eq!(headers["www-authenticate"], "Bearer realm=\"cairn\", error=\"invalid_token\"");
}

#[tokio::test]
async fn a_route_that_is_not_there_is_a_404_problem() {
    for path in ["/", "/v1", "/v1/clients/", "/v2/clients", "/local/mail", "/V1/me"] {
        let (status, headers, body) = get(path).await;
        assert_eq!(status, 404, "{path}");
        is_problem(&headers, &body, 404, "no_route");
    }
}

#[tokio::test]
async fn a_method_that_a_route_does_not_have_is_405_with_those_it_has() {
    let (status, headers, body) = ask(Request::delete("/health").body(Body::empty()).unwrap()).await;
    assert_eq!(status, 405);
    is_problem(&headers, &body, 405, "method_not_allowed");
    assert_eq!(headers["allow"], "GET,HEAD");
    let (status, headers, _) = ask(Request::put("/v1/accounts").body(Body::empty()).unwrap()).await;
    assert_eq!((status.as_u16(), headers["allow"].to_str().unwrap()), (405, "POST"));
}

#[tokio::test]
async fn a_body_of_two_megabytes_is_413() {
    for announced in [true, false] {
        let bytes = vec![b' '; 2 * 1024 * 1024];
        let body = if announced { Body::from(bytes) } else { Body::from_stream(Chunks(bytes)) };
        let (status, headers, body) =
            ask(Request::post("/v1/accounts").header("content-type", "application/json").body(body).unwrap()).await;
        assert_eq!(status, 413);
        is_problem(&headers, &body, 413, "body_too_large");
    }
}

/// A body of which the length is not known beforehand.
struct Chunks(Vec<u8>);

impl futures::Stream for Chunks {
    type Item = Result<Vec<u8>, std::convert::Infallible>;
    fn poll_next(mut self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<Option<Self::Item>> {
        let cut = self.0.len().min(100_000);
        let rest = self.0.split_off(cut);
        let chunk = std::mem::replace(&mut self.0, rest);
        std::task::Poll::Ready((!chunk.is_empty()).then_some(Ok(chunk)))
    }
}

#[tokio::test]
async fn bodies_are_json_or_refused() {
    let post = async |kind: &str, body: &'static str| {
        let mut request = Request::post("/v1/accounts");
        if !kind.is_empty() {
            request = request.header("content-type", kind);
        }
        let (status, headers, answer) = ask(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(headers["content-type"], "application/problem+json");
        (status.as_u16(), serde_json::from_str::<Value>(&answer).unwrap())
    };
    assert_eq!(post("", "{}").await.0, 415);
    assert_eq!(post("text/plain", "{}").await.0, 415);
    assert_eq!(post("application/jsonp", "{}").await.0, 415);
    assert_eq!(post("application/json", "{").await.0, 400);
    let (status, body) = post("application/json; charset=utf-8", r#"{"name": 5, "colour": "red"}"#).await;
    assert_eq!(status, 422);
    let fields: Vec<_> = body["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["colour", "name"]);
    assert_eq!(post("application/merge-patch+json", "{}").await.0, 404, "nobody may open accounts here");
}

#[tokio::test]
async fn an_unsubscribe_link_that_is_not_ours_is_a_page_of_its_own() {
    for method in [Method::GET, Method::POST] {
        let request = Request::builder().method(method).uri("/u/forged").body(Body::from("List-Unsubscribe=One-Click")).unwrap();
        let (status, headers, body) = ask(request).await;
        assert_eq!(status, 404);
        assert_eq!(headers["content-type"], "text/html; charset=utf-8");
        assert!(headers["content-security-policy"].to_str().unwrap().contains("style-src 'sha256-"));
        assert!(headers.get("set-cookie").is_none());
        assert!(body.contains("This link doesn’t work") && !body.contains("<script") && !body.contains("http"), "{body}");
    }
}

#[tokio::test]
async fn an_answer_to_head_has_no_body() {
    let (status, headers, body) = ask(Request::head("/health").body(Body::empty()).unwrap()).await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, ""));
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(ask(Request::head("/nothing").body(Body::empty()).unwrap()).await.2, "");
}

#[test]
fn the_committed_document_is_the_one_the_code_makes() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let made = api::openapi().to_pretty_json().unwrap() + "\n";
    assert!(
        std::fs::read_to_string(file).is_ok_and(|committed| committed == made),
        "docs/openapi.json is old: cargo run -q -p api --example openapi > docs/openapi.json"
    );
}

#[test]
fn every_operation_of_the_document_says_what_it_answers_and_how_to_get_in() {
    let document = serde_json::to_value(api::openapi()).unwrap();
    let mut names = std::collections::BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name} stands for two operations");
            assert!(operation["summary"].as_str().is_some_and(|summary| summary.ends_with(['.', ':', ';', ','])), "{method} {path}");
            let open = !path.starts_with("/v1") || path == "/v1/accounts";
            assert_eq!(operation["security"] == json!([{}]), open, "{method} {path}");
            let answers = operation["responses"].as_object().unwrap();
            assert!(answers.keys().any(|status| status.starts_with('2') || status == "303"), "{method} {path}");
            // pages look at a cookie, and answer with a page to whoever has none
            let is_page = operation["tags"] == json!(["pages"]);
            assert!(is_page || answers.contains_key("401") != open, "{method} {path}");
            for answer in answers.values() {
                assert!(answer.get("$ref").is_some() || answer["description"].as_str().is_some_and(|d| !d.is_empty()), "{method} {path}");
            }
        }
    }
    assert_eq!(document["openapi"], "3.1.0");
}

/// An event as API Gateway makes it.
fn event(method: &str, path: &str, query: &str, body: Option<(&str, bool)>) -> ApiGatewayV2httpRequest {
    serde_json::from_value(json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query,
        "headers": {"host": "x.execute-api.eu-central-1.amazonaws.com", "x-forwarded-proto": "https", "content-type": "application/json"},
        "requestContext": {
            "accountId": "123456789012", "apiId": "x", "domainName": "x.execute-api.eu-central-1.amazonaws.com", "domainPrefix": "x",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "test"},
            "requestId": "JKJaXmPLvHcESHA=", "routeKey": "$default", "stage": "$default", "time": "21/Nov/2026:09:00:00 +0000", "timeEpoch": 0,
        },
        "body": body.map(|(text, _)| text), "isBase64Encoded": body.is_some_and(|(_, encoded)| encoded),
    }))
    .unwrap()
}

#[tokio::test]
async fn an_event_of_the_gateway_is_answered() {
    let answer = api::handle(router(), event("GET", "/health", "", None)).await.unwrap();
    assert_eq!((answer.status_code, answer.is_base64_encoded), (200, false));
    assert_eq!(answer.headers["x-request-id"], "JKJaXmPLvHcESHA=", "the id is the gateway's");
    let answer = serde_json::to_value(&answer).unwrap();
    assert_eq!(answer["headers"]["content-type"], "application/json");
    assert!(answer["body"].as_str().unwrap().contains("\"ok\""));

    let encoded = api::handle(router(), event("POST", "/v1/accounts", "", Some(("eyJuYW1lIjogNX0=", true)))).await.unwrap();
    assert_eq!(encoded.status_code, 422);
}

#[tokio::test]
async fn no_event_stops_the_function() {
    for (path, query) in [
        ("", ""),
        ("no slash", ""),
        ("//host:99999/x", ""),
        ("/v1/clients/a b<>\"{}|\\^`[]é", ""),
        ("/v1/clients/%zz", ""),
        ("/v1/clients", "q=<\"a b\">#{}|\\^`[]é\u{1}&q=%zz"),
    ] {
        let answer = api::handle(router(), event("GET", path, query, None)).await.unwrap();
        assert!([401, 404].contains(&answer.status_code), "{path}?{query}: {}", answer.status_code);
    }
    let long = "x".repeat(100_000);
    assert_eq!(api::handle(router(), event("GET", "/health", &long, None)).await.unwrap().status_code, 404);
    for name in ["host", "x-forwarded-proto"] {
        let mut hostile = event("GET", "/health", "", None);
        hostile.headers.insert(name, "a b:/[".parse().unwrap());
        assert_eq!(api::handle(router(), hostile).await.unwrap().status_code, 200);
    }
}
