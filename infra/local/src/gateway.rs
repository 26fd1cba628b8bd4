//! What the local stack serves: the API, in events as API Gateway makes them, and routes of its own under `/local` that
//! no deployed function has.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use axum::body::{Body, Bytes};
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, Utc};
use domain::inbound::Verdict;
use http_body_util::{BodyExt, Limited};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::written;
use crate::faults::{Fault, Kind, When};
use crate::ses;
use crate::ses::receiving::{self, LARGEST, TurnedAway, Verdicts};
use crate::stack::Stack;

/// The most bytes of a request that API Gateway takes.
const BODY_MOST: usize = 10 * 1024 * 1024;

/// Everything the local stack serves on its main port.
pub fn router(stack: Arc<Stack>) -> Router {
    Router::new()
        .route("/", get(async || Redirect::temporary("/local/mailbox")))
        .route("/local/accounts", post(open_account))
        .route("/local/api-keys", post(issue_key))
        .route("/local/clock", get(clock).post(move_clock))
        .route("/local/mail", get(messages).delete(empty))
        .route("/local/mail/{id}", get(message))
        .route("/local/inbound", post(inbound).layer(DefaultBodyLimit::max(LARGEST + 1)))
        .route("/local/environment", get(environment))
        .route("/local/settle", post(settle))
        .route("/local/faults", post(plan_faults))
        .merge(crate::mailbox::routes())
        .fallback(gateway)
        .with_state(stack)
}

/// A request that a local route can't carry out.
pub(crate) struct Refused(StatusCode, String);

impl Refused {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self(status, detail.into())
    }
}

impl<E: Into<anyhow::Error>> From<E> for Refused {
    fn from(error: E) -> Self {
        let error = error.into();
        let status = match error.downcast_ref::<app::AppError>() {
            Some(app::AppError::Invalid(_)) => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self(status, format!("{error:#}"))
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let body = json!({ "type": "about:blank", "title": self.0.canonical_reason(), "status": self.0.as_u16(), "detail": self.1 });
        (self.0, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
    }
}

/// A body that must be JSON of this shape.
fn body<T>(body: Result<Json<T>, JsonRejection>) -> Result<T, Refused> {
    body.map(|Json(body)| body).map_err(|rejection| Refused(rejection.status(), rejection.body_text()))
}

/// Turns a request into the event that API Gateway would make of it, and the function's answer into a response.
async fn gateway(State(stack): State<Arc<Stack>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, BODY_MOST).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return Refused::new(StatusCode::PAYLOAD_TOO_LARGE, "a request may have at most 10 MB").into_response(),
    };
    let answered = match event(&parts, &body, stack.clock.now()) {
        Ok(event) => stack.request(event).await,
        Err(error) => Err(error.into()),
    };
    match answered {
        Ok(answer) => response(answer),
        Err(error) => Refused(StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}")).into_response(),
    }
}

/// The response that API Gateway would make of a function's answer.
fn response(answer: ApiGatewayV2httpResponse) -> Response {
    let bytes = match answer.body {
        Some(lambda_http::Body::Text(text)) if answer.is_base64_encoded => BASE64.decode(text).unwrap_or_default(),
        Some(lambda_http::Body::Text(text)) => text.into_bytes(),
        Some(lambda_http::Body::Binary(bytes)) => bytes,
        Some(_) | None => Vec::new(),
    };
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = u16::try_from(answer.status_code).ok().and_then(|s| StatusCode::from_u16(s).ok()).unwrap_or_default();
    let cookies = answer.cookies.iter().filter_map(|cookie| cookie.parse().ok()).map(|cookie| (header::SET_COOKIE, cookie));
    let listed = answer.multi_value_headers.iter().filter(|(name, _)| !answer.headers.contains_key(*name));
    let headers: Vec<_> = listed.map(|(name, value)| (name.clone(), value.clone())).chain(cookies).collect();
    *response.headers_mut() = answer.headers;
    response.headers_mut().extend(headers);
    response
}

/// The event (payload format 2.0): https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
fn event(parts: &http::request::Parts, body: &Bytes, now: DateTime<Utc>) -> Result<ApiGatewayV2httpRequest, serde_json::Error> {
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in &parts.headers {
        // several of a name are joined by commas
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        headers.entry(name.as_str().to_owned()).and_modify(|before| *before = format!("{before},{value}")).or_insert(value);
    }
    // cookies come apart from the other headers
    let cookies = headers.remove("cookie").map(|all| all.split("; ").map(str::to_owned).collect::<Vec<_>>());
    let path = parts.uri.path();
    let text = std::str::from_utf8(body).ok();
    let is_text = text.is_some_and(|_| !parts.headers.contains_key(header::CONTENT_ENCODING));
    serde_json::from_value(json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": parts.uri.query().unwrap_or_default(),
        "headers": headers,
        "cookies": cookies,
        "requestContext": {
            "accountId": crate::ACCOUNT,
            "apiId": "local",
            "domainName": "localhost",
            "http": { "method": parts.method.as_str(), "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": headers.get("user-agent") },
            "requestId": ulid::Ulid::generate().to_string(),
            "routeKey": "$default",
            "stage": "$default",
            "time": now.format("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": now.timestamp_millis(),
        },
        "body": if is_text { text.map(str::to_owned) } else { Some(BASE64.encode(body)) }.filter(|body| !body.is_empty()),
        "isBase64Encoded": !is_text,
    }))
}

async fn open_account(
    State(stack): State<Arc<Stack>>,
    draft: Result<Json<app::identity::AccountDraft>, JsonRejection>,
) -> Result<Response, Refused> {
    let opened = app::identity::open_account(&stack.app, &body(draft)?).await?;
    Ok((StatusCode::CREATED, Json(opened)).into_response())
}

#[derive(Deserialize)]
struct KeyFor {
    email: String,
}

async fn issue_key(State(stack): State<Arc<Stack>>, wanted: Result<Json<KeyFor>, JsonRejection>) -> Result<Json<Value>, Refused> {
    let wanted = body(wanted)?;
    match app::identity::issue_key(&stack.app, &wanted.email).await? {
        Some(api_key) => Ok(Json(json!({ "api_key": api_key }))),
        None => Err(Refused::new(StatusCode::NOT_FOUND, "nobody uses this address")),
    }
}

async fn clock(State(stack): State<Arc<Stack>>) -> Json<Value> {
    Json(json!({ "now": stack.clock.now() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Moved {
    set: Option<DateTime<Utc>>,
    advance_seconds: Option<u32>,
}

async fn move_clock(State(stack): State<Arc<Stack>>, moved: Result<Json<Moved>, JsonRejection>) -> Result<Json<Value>, Refused> {
    let now = stack.clock.now();
    let to = match body(moved)? {
        Moved { set: Some(to), advance_seconds: None } => to,
        Moved { set: None, advance_seconds: Some(seconds) } => now + chrono::Duration::seconds(i64::from(seconds)),
        Moved { .. } => {
            return Err(Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "give either {\"set\": time} or {\"advance_seconds\": n}"));
        }
    };
    if to < now {
        return Err(Refused::new(StatusCode::CONFLICT, format!("the clock shows {} already, and does not go back", written(now))));
    }
    stack.advance(to).await?;
    Ok(Json(json!({ "now": stack.clock.now() })))
}

/// Takes in a raw mail, and answers with what became of it. The query says who it goes to (several are allowed), who the
/// envelope says it comes from, and what SES finds out about it.
async fn inbound(
    State(stack): State<Arc<Stack>>,
    headers: HeaderMap,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
    raw: Bytes,
) -> Result<Json<Value>, Refused> {
    crate::mailbox::own(&headers)?;
    let Query(query) = query.map_err(|rejection| Refused(rejection.status(), rejection.body_text()))?;
    let (mut to, mut from, mut verdicts, mut single) = (Vec::new(), None, Verdicts::PASS, Vec::new());
    for (name, value) in query {
        match name.as_str() {
            // a plus sign that was not encoded arrives as a space, and no address of ours has one
            "to" => to.extend(value.split(',').map(|address| address.trim().replace(' ', "+")).filter(|address| !address.is_empty())),
            "from" => from = Some(value.trim().replace(' ', "+")),
            "verdicts" => {
                verdicts = match value.as_str() {
                    "pass" => Verdicts::PASS,
                    "fail" => Verdicts::FAIL,
                    "gray" => Verdicts::GRAY,
                    "none" => Verdicts::NONE,
                    _ => return Err(Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "verdicts must be pass, fail, gray or none")),
                };
            }
            "spam" | "virus" | "spf" | "dkim" | "dmarc" => single.push((name, verdict(&value)?)),
            _ => return Err(Refused::new(StatusCode::UNPROCESSABLE_ENTITY, format!("there is no parameter {name}"))),
        }
    }
    for (name, verdict) in single {
        match name.as_str() {
            "spam" => verdicts.spam = verdict,
            "virus" => verdicts.virus = verdict,
            "spf" => verdicts.spf = verdict,
            "dkim" => verdicts.dkim = verdict,
            _ => verdicts.dmarc = verdict,
        }
    }
    if to.is_empty() {
        to = receiving::recipients_of(&raw, &stack.app.config.reply_domain);
    }
    let from = from.unwrap_or_else(|| receiving::from_of(&raw));
    let became = stack.receive(&from, &to, &raw, verdicts).await.map_err(refused_or_failed)?;
    Ok(Json(became))
}

/// One verdict, by the word that SES has for it; none for `none`.
fn verdict(word: &str) -> Result<Option<Verdict>, Refused> {
    match word {
        "pass" => Ok(Some(Verdict::Pass)),
        "fail" => Ok(Some(Verdict::Fail)),
        "gray" => Ok(Some(Verdict::Gray)),
        "processing_failed" => Ok(Some(Verdict::Unknown)),
        "none" => Ok(None),
        _ => Err(Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "a verdict must be pass, fail, gray, processing_failed or none")),
    }
}

/// What to say where a mail was not taken in.
pub(crate) fn refused_or_failed(error: anyhow::Error) -> Refused {
    match error.downcast_ref::<TurnedAway>() {
        Some(TurnedAway::TooLarge(_)) => Refused::new(StatusCode::PAYLOAD_TOO_LARGE, error.to_string()),
        Some(TurnedAway::NotHere(..) | TurnedAway::ForNobody) => Refused::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()),
        None => Refused::from(error),
    }
}

async fn settle(State(stack): State<Arc<Stack>>) -> Result<Json<Value>, Refused> {
    stack.settle().await?;
    Ok(Json(json!({ "now": stack.clock.now() })))
}

/// The environment in which a function's binary finds this stack, as a shell reads it.
async fn environment(State(stack): State<Arc<Stack>>) -> String {
    let lines = crate::stack::environment(&stack.app.config, &stack.endpoint.url());
    lines.into_iter().map(|(name, value)| format!("export {name}='{}'\n", value.replace('\'', "'\\''"))).collect()
}

/// A message in the list.
#[derive(Serialize)]
struct Listed<'a> {
    id: &'a str,
    to: String,
    from: &'a str,
    reply_to: Option<String>,
    subject: &'a str,
    headers: BTreeMap<&'a str, &'a str>,
    sent_at: DateTime<Utc>,
    delivery_id: Option<&'a str>,
}

fn listed(message: &ses::Message) -> Listed<'_> {
    Listed {
        id: &message.id,
        to: message.to.join(", "),
        from: &message.from,
        reply_to: (!message.reply_to.is_empty()).then(|| message.reply_to.join(", ")),
        subject: &message.subject,
        headers: message.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
        sent_at: message.sent_at,
        delivery_id: message.delivery_id(),
    }
}

async fn messages(State(stack): State<Arc<Stack>>) -> Json<Value> {
    let messages = stack.ses.messages();
    let items: Vec<Listed<'_>> = messages.iter().rev().map(|message| listed(message)).collect();
    Json(json!({ "items": items, "next_cursor": null }))
}

#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    listed: Listed<'a>,
    text: Option<&'a str>,
    html: Option<&'a str>,
    raw: String,
}

async fn message(State(stack): State<Arc<Stack>>, Path(id): Path<String>) -> Result<Response, Refused> {
    let message = stack.ses.message(&id).ok_or_else(|| Refused::new(StatusCode::NOT_FOUND, "there is no such message"))?;
    let whole = Whole { listed: listed(&message), text: message.text.as_deref(), html: message.html.as_deref(), raw: message.raw() };
    Ok(Json(whole).into_response())
}

async fn empty(State(stack): State<Arc<Stack>>) -> Result<StatusCode, Refused> {
    stack.ses.empty()?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is to go wrong: nothing any more for an empty list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Planned {
    /// The operation that is struck, as `SendEmail`.
    operation: Option<String>,
    /// Which call of it, from 1; every one without. Without an operation, which call of all.
    nth: Option<u64>,
    /// `refuse`, `lose_answer`, `throttle`, `fail`, `reject`, `conflict` or `delay`.
    kind: String,
    /// How long to delay.
    #[serde(default)]
    milliseconds: u64,
}

async fn plan_faults(
    State(stack): State<Arc<Stack>>,
    _: HeaderMap,
    plan: Result<Json<Vec<Planned>>, JsonRejection>,
) -> Result<Json<Value>, Refused> {
    let mut faults = Vec::new();
    for planned in body(plan)? {
        let kind = match planned.kind.as_str() {
            "refuse" => Kind::Refuse,
            "lose_answer" => Kind::LoseAnswer,
            "throttle" => Kind::Throttle,
            "fail" => Kind::Fail,
            "reject" => Kind::Reject,
            "conflict" => Kind::Conflict,
            "delay" => Kind::Delay(std::time::Duration::from_millis(planned.milliseconds)),
            _ => {
                return Err(Refused::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "kind must be refuse, lose_answer, throttle, fail, reject, conflict or delay",
                ));
            }
        };
        let when = match (planned.operation, planned.nth) {
            (Some(operation), Some(nth)) => When::Operation(operation, nth),
            (Some(operation), None) => When::Every(operation),
            (None, Some(nth)) => When::Nth(nth),
            (None, None) => return Err(Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "name an operation, a call's number, or both")),
        };
        faults.push(Fault { when, kind });
    }
    let planned = faults.len();
    stack.faults.plan(faults);
    Ok(Json(json!({ "planned": planned })))
}
