//! The way into `/v1`: who asks, and whether they asked before.

use app::{App, Ctx, Once, account, identity};
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use platform::store::people::KeyScope;
use platform::store::requests::Answered;
use sha2::{Digest, Sha256};
use std::sync::Arc;

use crate::answer::etag;
use crate::problem::Problem;

/// The header that names a request, so that it is carried out once.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The header that says that an answer was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Lets a request through that carries a key, as the person whose key it is; answers one again that was carried out
/// already. A cookie opens nothing here.
pub(crate) async fn gate(State(app): State<App>, request: Request, next: Next) -> Response {
    enter(&app, request, next).await.unwrap_or_else(IntoResponse::into_response)
}

async fn enter(app: &App, request: Request, next: Next) -> Result<Response, Problem> {
    let secret = bearer(request.headers()).ok_or_else(|| Problem::unauthorized(false))?;
    let (mut ctx, scope) = identity::authenticate(app, secret).await?.ok_or_else(|| Problem::unauthorized(true))?;
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if scope == KeyScope::Read && !reads {
        note(&ctx, request.method(), request.uri()).await;
        return Err(Problem::new(StatusCode::FORBIDDEN, "read_only_key", "this API key may only read"));
    }
    let name = if request.method() == Method::POST { idempotency_key(request.headers())?.map(str::to_owned) } else { None };
    let Some(name) = name else {
        return Ok(pass(ctx, request, next).await);
    };
    let (parts, body) = request.into_parts();
    // the edge has seen to it that it is not too long
    let body = to_bytes(body, usize::MAX).await.map_err(|_| Problem::bad_request("bad_body", "the body could not be read"))?;
    let person = format!("{:?}", ctx.viewer.person());
    let digest = digest(&[person.as_bytes(), name.as_bytes()]);
    let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
    let asked = self::digest(&[parts.method.as_str().as_bytes(), target.as_bytes(), &body]);
    let (answered, replaces_expired) = identity::answered(&ctx, &digest).await?;
    if let Some(answered) = answered {
        return replay(&answered, &asked);
    }
    ctx.once = Some(Once { digest: digest.clone(), request: asked.clone(), replaces_expired });
    let response = pass(ctx.clone(), Request::from_parts(parts, Body::from(body)), next).await;
    // the same request came in at the same time and was faster: whatever this one stumbled over, that is its answer
    if response.extensions().get::<Arc<Problem>>().is_some()
        && let (Some(answered), _) = identity::answered(&ctx, &digest).await?
    {
        return replay(&answered, &asked);
    }
    Ok(response)
}

async fn pass(ctx: Ctx, mut request: Request, next: Next) -> Response {
    let (method, uri) = (request.method().clone(), request.uri().clone());
    request.extensions_mut().insert(ctx.clone());
    let response = next.run(request).await;
    if response.extensions().get::<Arc<Problem>>().is_some_and(|problem| problem.refused) {
        note(&ctx, &method, &uri).await;
    }
    response
}

/// Puts a refusal on the audit trail. The answer is the same if that fails.
async fn note(ctx: &Ctx, method: &Method, uri: &Uri) {
    if let Err(error) = account::note_refusal(ctx, &format!("{method} {}", uri.path())).await {
        tracing::warn!(%error, "a refusal is not on the audit trail");
    }
}

/// The key in `Authorization: Bearer …`, given once.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (scheme, secret) = values.next()?.to_str().ok()?.trim().split_once(' ')?;
    let secret = secret.trim();
    (values.next().is_none() && scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty()).then_some(secret)
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().ok().filter(|text| (1..=255).contains(&text.len()) && text.bytes().all(|b| (b' '..=b'~').contains(&b)));
    match (text, values.next()) {
        (Some(text), None) => Ok(Some(text)),
        _ => Err(Problem::bad_request("bad_idempotency_key", "Idempotency-Key must be 1 to 255 printable ASCII characters, given once")),
    }
}

/// The answer on record, if it is the answer to this request.
fn replay(answered: &Answered, asked: &str) -> Result<Response, Problem> {
    if answered.request != asked {
        let detail = "this Idempotency-Key was used for another request in the last 24 hours; nothing was done, use a new key";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail));
    }
    let status = StatusCode::from_u16(answered.status).map_err(|e| Problem::fault(format!("an answer on record: {e}")))?;
    let mut response = (status, [(REPLAYED, HeaderValue::from_static("true"))]).into_response();
    if !answered.body.is_empty() && status != StatusCode::NO_CONTENT {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let body: Option<serde_json::Value> = serde_json::from_str(&answered.body).ok();
        if let Some(version) = body.and_then(|body| body.get("version")?.as_u64()) {
            response.headers_mut().insert(header::ETAG, etag(version));
        }
        *response.body_mut() = Body::from(answered.body.clone());
    }
    Ok(response)
}

/// SHA-256 of the parts, each with its length before it, in hex.
pub(crate) fn digest(parts: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &HeaderName, values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name.clone(), HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn only_one_bearer_key_opens_anything() {
        let secret = |values: &[&'static str]| bearer(&headers(&header::AUTHORIZATION, values)).map(str::to_owned);
        assert_eq!(secret(&["Bearer cairn_x"]).as_deref(), Some("cairn_x"));
        assert_eq!(secret(&["bearer  cairn_x "]).as_deref(), Some("cairn_x"));
        for nothing in [&[][..], &["cairn_x"], &["Basic cairn_x"], &["Bearer"], &["Bearer "], &["Bearer a", "Bearer b"]] {
            assert_eq!(secret(nothing), None, "{nothing:?}");
        }
        assert_eq!(bearer(&headers(&header::COOKIE, &["session=cairn_x"])), None);
    }

    #[test]
    fn an_idempotency_key_is_a_short_printable_text() {
        let key = |values: &[&'static str]| {
            idempotency_key(&headers(&IDEMPOTENCY_KEY, values)).map_err(|problem| problem.status.as_u16()).map(|key| key.map(str::to_owned))
        };
        assert_eq!(key(&[]), Ok(None));
        assert_eq!(key(&["a key 1"]), Ok(Some("a key 1".into())));
        assert_eq!(key(&[""]), Err(400));
        assert_eq!(key(&["a", "b"]), Err(400));
        assert_eq!(key(&["a\tb"]), Err(400));
        assert_eq!(key(&[Box::leak("x".repeat(256).into_boxed_str())]), Err(400));
    }

    #[tokio::test]
    async fn an_answer_on_record_is_given_again_to_the_same_request_only() {
        let answered = Answered {
            request: digest(&[b"POST", b"/v1/clients", b"{}"]),
            status: 201,
            body: r#"{"id":"x","version":1}"#.into(),
            at: chrono::DateTime::UNIX_EPOCH,
            expires: 0,
        };
        let again = replay(&answered, &digest(&[b"POST", b"/v1/clients", b"{}"])).unwrap();
        assert_eq!(again.status(), 201);
        assert_eq!(again.headers()["idempotency-replayed"], "true");
        assert_eq!(again.headers()["etag"], "\"1\"");
        assert_eq!(axum::body::to_bytes(again.into_body(), 1000).await.unwrap(), r#"{"id":"x","version":1}"#);
        let other = replay(&answered, &digest(&[b"POST", b"/v1/clients", b"{ }"])).unwrap_err();
        assert_eq!((other.status.as_u16(), other.code), (422, "idempotency_key_reused"));
    }
}
