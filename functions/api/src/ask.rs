//! What a request says, read strictly: who asks, the query, ids in the path, the body, `If-Match`. Every rejection is
//! a [`Problem`] that names what is wrong.

use app::page::Page;
use app::{AppError, Ctx};
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use domain::check::FieldError;
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_path_to_error::Segment;
use utoipa::IntoParams;

use crate::answer::content_tag;
use crate::problem::Problem;
use crate::strict::Strict;

/// How many bad fields one answer names.
const ERRORS_MOST: usize = 20;

/// A request of somebody who is known, with its query. Query fields that the route does not know are refused, so a
/// route without any takes none.
pub(crate) struct Ask<Q = NoQuery> {
    /// Who asks, where, when.
    pub(crate) ctx: Ctx,
    /// The query.
    pub(crate) query: Q,
    /// The version that the caller knows (`If-Match`).
    pub(crate) expected: Option<u64>,
    /// `If-Match` as it was sent.
    tag: Option<String>,
}

impl<Q> Ask<Q> {
    /// Refuses a change of a set that is not any more what the caller knows (`If-Match`); `current` is read only if
    /// the caller asks for that.
    pub(crate) async fn unless_changed<T: Serialize>(&self, current: impl Future<Output = Result<T, AppError>>) -> Result<(), Problem> {
        let Some(tag) = &self.tag else { return Ok(()) };
        if content_tag(&current.await?)? == *tag { Ok(()) } else { Err(AppError::Stale.into()) }
    }
}

/// The query of a route that has none.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoQuery {}

/// The query of a list without filters.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Listing {
    /// At most so many, 1 to 200; default 50.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Where the page before ended: its `next_cursor`.
    cursor: Option<String>,
}

impl Listing {
    /// The page that is asked for.
    pub(crate) fn page(self) -> Result<Page, Problem> {
        page(self.limit, self.cursor)
    }
}

/// The page that a limit and a cursor ask for.
pub(crate) fn page(limit: Option<u32>, cursor: Option<String>) -> Result<Page, Problem> {
    match limit.unwrap_or(50) {
        limit @ 1..=200 => Ok(Page { limit: limit as usize, cursor }),
        _ => Err(Problem::bad_request("bad_query", "limit: must be from 1 to 200")),
    }
}

/// `If-Match`, for the document.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it is read from the headers; this says so in the document")]
pub(crate) struct IfMatch {
    /// The `ETag` that the caller knows: if the thing has changed since, nothing is done and the answer is 412.
    #[param(rename = "If-Match", nullable = false, example = "\"3\"", pattern = r#"^(\*|(W/)?"[!#-~]*")$"#)]
    if_match: Option<String>,
}

/// `Idempotency-Key`, for the document.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it is read from the headers; this says so in the document")]
pub(crate) struct IdempotencyKey {
    /// Names this request: the same key and body within 24 hours gives the same answer (with the header
    /// `Idempotency-Replayed: true`) and does nothing twice; the same key with another body is 422.
    #[param(rename = "Idempotency-Key", nullable = false, min_length = 1, max_length = 255, pattern = "^[!-~]([ -~]*[!-~])?$")]
    idempotency_key: Option<String>,
}

impl<S: Sync, Q: DeserializeOwned> FromRequestParts<S> for Ask<Q> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let ctx = parts.extensions.get::<Ctx>().cloned().ok_or_else(|| Problem::fault("a route that needs a key was reached without"))?;
        let query = read_query(parts)?;
        let changes = matches!(parts.method, Method::PATCH | Method::PUT | Method::DELETE);
        let tag = if changes { if_match(&parts.headers)? } else { None };
        // versions count from 1, so a tag that is none of ours is the version of nothing
        let expected = tag.as_ref().map(|tag| tag.parse().unwrap_or(0));
        Ok(Self { ctx, query, expected, tag })
    }
}

/// Reads the query: unknown, repeated and wrong fields are refused.
pub(crate) fn read_query<Q: DeserializeOwned>(parts: &Parts) -> Result<Q, Problem> {
    let read = Query::<Q>::try_from_uri(&parts.uri).map_err(|rejection| {
        let text = rejection.body_text();
        let detail = text.rsplit_once("query string: ").map_or(text.as_str(), |(_, detail)| detail);
        let (field, detail) = detail.split_once(": ").filter(|(field, _)| !field.contains(' ')).unwrap_or(("query", detail));
        Problem::bad_request("bad_query", format!("{field}: {}", in_words(detail)))
    })?;
    Ok(read.0)
}

/// What `If-Match` names: `3` for `"3"` and `W/"3"`; `*` is anything.
fn if_match(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(header::IF_MATCH).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let malformed = || Problem::bad_request("bad_if_match", "If-Match must be one ETag as it was answered, for example \"3\", or *");
    let text = value.to_str().map_err(|_| malformed())?.trim();
    if values.next().is_some() {
        return Err(malformed());
    }
    if text == "*" {
        return Ok(None);
    }
    let tag = text.strip_prefix("W/").unwrap_or(text).strip_prefix('"').and_then(|t| t.strip_suffix('"')).ok_or_else(malformed)?;
    if tag.contains(['"', ' ']) {
        return Err(malformed());
    }
    Ok(Some(tag.to_owned()))
}

/// Ids in the path. What does not read as an id is the id of nothing: 404.
pub(crate) struct Path<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        read.map(|path| Self(path.0)).map_err(|_| Problem::not_found())
    }
}

/// A JSON body. Malformed JSON is 400, another media type 415, anything that does not fit the fields 422.
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            let detail = "the body must be JSON: Content-Type: application/json";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", detail));
        }
        read_json(&bytes(request, state).await?).map(Self)
    }
}

/// A body that says nothing: empty, or an empty JSON object.
pub(crate) struct NoBody;

impl<S: Send + Sync> FromRequest<S> for NoBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let body = bytes(request, state).await?;
        if !body.trim_ascii().is_empty() {
            read_json::<NoQuery>(&body)?;
        }
        Ok(Self)
    }
}

async fn bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|_| Problem::bad_request("bad_body", "the body could not be read"))
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(value)) = headers.get(header::CONTENT_TYPE).map(|value| value.to_str()) else { return false };
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// Reads JSON into `T`, or names every field that does not fit.
pub(crate) fn read_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let malformed = |e: serde_json::Error| Problem::bad_request("bad_json", format!("the body is not JSON: {e}"));
    let value: Value = serde_json::from_slice(body).map_err(malformed)?;
    let faults = faults::<T>(value);
    if !faults.is_empty() {
        return Err(Problem::invalid(faults.into_iter().map(Fault::told).collect()));
    }
    // of the text itself, since only there a field can be seen that is given twice
    let mut text = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(&mut text).map_err(|error| Problem::invalid(vec![Fault::of(&error).told()]))
}

/// Every field that does not fit `T`.
pub(crate) fn faults<T: DeserializeOwned>(mut rest: Value) -> Vec<Fault> {
    let mut faults: Vec<Fault> = Vec::new();
    let mut removed: Vec<Vec<Step>> = Vec::new();
    while faults.len() < ERRORS_MOST
        && let Err(error) = serde_path_to_error::deserialize::<_, T>(Strict(&rest))
    {
        let next = Fault::of(&error);
        let mut cut = next.path.clone();
        if removed.contains(&next.path) {
            // missed only because it was taken away: go on without what it was in
            cut.pop();
        } else {
            faults.push(next);
        }
        // reading stops at the first fault: take away what does not fit and read again, to name the others too
        if !remove(&mut rest, &mut cut) {
            break;
        }
        removed.push(cut);
    }
    faults
}

/// One field that does not fit.
pub(crate) struct Fault {
    path: Vec<Step>,
    message: String,
}

#[derive(Clone, PartialEq)]
enum Step {
    Field(String),
    Index(usize),
}

/// Takes away the innermost field on the way to `path` that is there, and leaves the way to it in `path`; `false` when
/// there is none.
fn remove(value: &mut Value, path: &mut Vec<Step>) -> bool {
    while let Some((last, way)) = path.split_last() {
        let parent = way.iter().try_fold(&mut *value, |at, step| match step {
            Step::Field(name) => at.get_mut(name),
            Step::Index(index) => at.get_mut(index),
        });
        if let (Step::Field(name), Some(Value::Object(object))) = (last, parent)
            && object.remove(name).is_some()
        {
            return true;
        }
        path.pop();
    }
    false
}

impl Fault {
    fn of(error: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        let mut path: Vec<Step> = Vec::new();
        for segment in error.path() {
            match segment {
                Segment::Map { key } => path.push(Step::Field(key.clone())),
                Segment::Seq { index } => path.push(Step::Index(*index)),
                Segment::Enum { .. } | Segment::Unknown => {}
            }
        }
        let whole = error.inner().to_string();
        // where it stands in the text says less than which field it is
        let text = whole.rsplit_once(" at line ").map_or(whole.as_str(), |(text, _)| text);
        let named = |prefix: &str| text.strip_prefix(prefix).and_then(|rest| rest.split('`').next()).map(str::to_owned);
        let missing = named("missing field `");
        let unknown = named("unknown field `");
        let twice = named("duplicate field `");
        if let Some(name) = missing.as_ref().or(unknown.as_ref()).or(twice.as_ref())
            && !matches!(path.last(), Some(Step::Field(last)) if last == name && unknown.is_some())
        {
            path.push(Step::Field(name.clone()));
        }
        let message = match (missing, unknown, twice) {
            (Some(_), ..) => "is needed".to_owned(),
            (.., Some(_)) => "is given twice".to_owned(),
            (None, Some(_), None) | (None, None, None) => in_words(text),
        };
        Self { path, message }
    }

    /// As it is told.
    pub(crate) fn told(self) -> FieldError {
        let mut field = String::new();
        for step in &self.path {
            match step {
                Step::Field(name) if field.is_empty() => field.push_str(name),
                Step::Field(name) => field.push_str(&format!(".{name}")),
                Step::Index(index) => field.push_str(&format!("[{index}]")),
            }
        }
        if field.is_empty() {
            field.push('.');
        }
        FieldError { field, message: self.message }
    }
}

/// What a reader says is wrong, for people who don't know in what language it is written.
fn in_words(text: &str) -> String {
    if let Some(rest) = text.strip_prefix("unknown field `") {
        return match rest.split_once(", expected ") {
            Some((_, known)) => format!("is not a field here; expected {known}"),
            None => "is not a field here".to_owned(),
        };
    }
    if let Some((_, known)) = text.strip_prefix("unknown variant ").and_then(|rest| rest.split_once(", expected ")) {
        return format!("must be {known}");
    }
    if text.starts_with("invalid type: ") || text.starts_with("invalid value: ") {
        let expected = text.rsplit_once(", expected ").map_or("", |(_, expected)| expected);
        return match expected {
            "a string" | "string or map" => "must be text".to_owned(),
            "a boolean" => "must be true or false".to_owned(),
            "a sequence" => "must be a list".to_owned(),
            "a map" => "must be a JSON object".to_owned(),
            "f64" => "must be a number".to_owned(),
            "u8" => "must be a whole number from 0 to 255".to_owned(),
            "u16" => "must be a whole number from 0 to 65535".to_owned(),
            "u32" => "must be a whole number from 0 to 4294967295".to_owned(),
            "u64" | "usize" => "must be a whole number, not negative".to_owned(),
            "i64" => "must be a whole number".to_owned(),
            _ if expected.contains("enum") => "must be a JSON object".to_owned(),
            _ => text.to_owned(),
        };
    }
    match text {
        "invalid digit found in string" | "cannot parse integer from empty string" | "number too large to fit in target type" => {
            "must be a whole number in range".to_owned()
        }
        "provided string was not `true` or `false`" => "must be true or false".to_owned(),
        "input contains invalid characters"
        | "premature end of input"
        | "input is out of range"
        | "trailing input"
        | "no possible date and time matching input"
        | "input is not enough for unique date and time" => {
            "is not a date like 2026-11-24 or a time like 2026-11-24T15:00:00Z that exists".to_owned()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use app::account::AccountChange;
    use app::groups::GroupClients;
    use domain::item::ItemDraft;
    use domain::report::ReportDraft;
    use http::HeaderValue;

    use super::*;

    fn expected(value: &str) -> Result<Option<String>, u16> {
        let headers = HeaderMap::from_iter([(header::IF_MATCH, HeaderValue::from_str(value).unwrap())]);
        if_match(&headers).map_err(|problem| problem.status.as_u16())
    }

    #[test]
    fn if_match_names_one_version() {
        assert_eq!(if_match(&HeaderMap::new()).unwrap(), None);
        assert_eq!(expected("\"3\""), Ok(Some("3".into())));
        assert_eq!(expected("W/\"3\""), Ok(Some("3".into())));
        assert_eq!(expected("*"), Ok(None));
        for malformed in ["3", "\"3", "", "\"3\", \"4\"", "W/3"] {
            assert_eq!(expected(malformed), Err(400), "{malformed}");
        }
    }

    #[track_caller]
    fn told<T: DeserializeOwned>(body: &str) -> Vec<(String, String)> {
        let problem = read_json::<T>(body.as_bytes()).err().unwrap();
        assert_eq!(problem.status, 422);
        problem.errors.into_iter().map(|e| (e.field, e.message)).collect()
    }

    #[test]
    fn every_field_that_does_not_fit_is_named() {
        let body = r#"{"kind": "task", "title": 5, "colour": "red", "amount": {"amount_minor": "x", "currency": "EUR", "tax": 1}, "due_on": "soon"}"#;
        let fields: BTreeSet<_> = told::<ItemDraft>(body).into_iter().map(|(field, _)| field).collect();
        let expected = ["amount.amount_minor", "amount.tax", "colour", "due_on", "kind", "title"];
        assert_eq!(fields, expected.map(str::to_owned).into());
    }

    #[test]
    fn unknown_and_missing_fields_are_told_in_words() {
        let unknown = told::<ReportDraft>(r#"{"schedule": {"every": "day", "hour": 3}}"#);
        assert_eq!(unknown[0].0, "schedule.hour");
        assert!(unknown[0].1.starts_with("is not a field here; expected one of"), "{}", unknown[0].1);
        let missing = told::<ReportDraft>(r#"{"scope": {"ids": []}, "nme": "x"}"#);
        assert_eq!(missing[0].0, "nme");
        assert_eq!(missing[1], ("scope.kind".to_owned(), "is needed".to_owned()));
        assert_eq!(told::<ReportDraft>(r#"{"kinds": ["action", 7]}"#)[0].0, "kinds[1]");
        for not_an_object in ["[]", "[\"name\"]", "3", "null", "\"{}\""] {
            assert_eq!(told::<ReportDraft>(not_an_object), [(".".to_owned(), "must be a JSON object".to_owned())]);
        }
        assert_eq!(told::<GroupClients>(r#"{"client_ids": ["x", 3]}"#).len(), 1, "what was taken away is not missed");
        assert_eq!(told::<ReportDraft>(r#"{"schedule": ["day"]}"#)[0].0, "schedule");
        assert_eq!(told::<ReportDraft>(r#"{"name": "a", "name": "b"}"#)[0].0, "name");
    }

    #[test]
    fn faults_are_told_without_the_names_of_types() {
        let message = |body: &str| told::<ItemDraft>(body).remove(0).1;
        assert_eq!(message(r#"{"title": 5}"#), "must be text");
        assert_eq!(message(r#"{"kind": 5}"#), "must be text");
        assert!(message(r#"{"kind": "task"}"#).starts_with("must be one of `action`, `metric`"));
        assert_eq!(message(r#"{"target": "5"}"#), "must be a number");
        assert_eq!(message(r#"{"minutes": 70000}"#), "must be a whole number from 0 to 65535");
        assert_eq!(message(r#"{"minutes": -1.5}"#), "must be a whole number from 0 to 65535");
        assert_eq!(message(r#"{"amount": {"amount_minor": 1.5, "currency": "EUR"}}"#), "must be a whole number");
        for date in ["soon", "2026-02-30", "2026-1", "2026-01-01T00:00:00Z", ""] {
            let message = message(&format!(r#"{{"due_on": "{date}"}}"#));
            assert!(message.starts_with("is not a date"), "{date}: {message}");
        }
        assert!(message(r#"{"starts_at": "2026-01-01 10:00"}"#).starts_with("is not a date"));
        assert_eq!(told::<AccountChange>(r#"{"features": {"groups": "yes"}}"#)[0].1, "must be true or false");
        assert_eq!(told::<ReportDraft>(r#"{"kinds": "action"}"#)[0].1, "must be a list");
        assert_eq!(told::<ReportDraft>(r#"{"window": 3}"#)[0].1, "must be a JSON object");
        assert_eq!(told::<GroupClients>(r#"{"client_ids": ["x"]}"#)[0].1, domain::id::NotAnId.to_string());
    }

    #[test]
    fn what_is_not_json_is_400() {
        for body in ["", "{", "{\"name\": }", "nul", "{} {}", "{\"name\": \"\\ud800\"}", "\u{feff}{}"] {
            assert_eq!(read_json::<ItemDraft>(body.as_bytes()).err().unwrap().status, 400, "{body}");
        }
        assert_eq!(read_json::<ItemDraft>(b"{\"title\": \"\xff\"}").err().unwrap().status, 400);
        let deep = format!("{{\"title\": {}1{}}}", "[".repeat(500), "]".repeat(500));
        assert!(read_json::<ItemDraft>(deep.as_bytes()).is_err());
    }
}
