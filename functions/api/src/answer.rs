//! What is answered when a request was carried out.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::gate::digest;
use crate::problem::Problem;

/// What a handler answers.
pub(crate) type Answered<T> = Result<Answer<T>, Problem>;

/// A JSON answer.
pub(crate) struct Answer<T> {
    status: StatusCode,
    etag: Option<HeaderValue>,
    location: Option<String>,
    body: T,
}

/// An answer that has no version: a list, something computed.
pub(crate) fn plain<T>(body: T) -> Answer<T> {
    Answer { status: StatusCode::OK, etag: None, location: None, body }
}

/// An entity in a version, which becomes its `ETag`.
pub(crate) fn entity<T>(version: u64, body: T) -> Answer<T> {
    Answer { etag: Some(etag(version)), ..plain(body) }
}

/// A set that is changed as a whole; its `ETag` is a digest of what it says.
pub(crate) fn set<T: Serialize>(body: T) -> Answered<T> {
    let etag = HeaderValue::from_str(&format!("\"{}\"", content_tag(&body)?)).map_err(|e| Problem::fault(e.to_string()))?;
    Ok(Answer { etag: Some(etag), ..plain(body) })
}

/// A new entity, and where it can be read.
pub(crate) fn created<T>(version: u64, location: String, body: T) -> Answer<T> {
    Answer { status: StatusCode::CREATED, location: Some(location), ..entity(version, body) }
}

/// A new entity that can't be read under an address of its own.
pub(crate) fn made_in_version<T>(version: u64, body: T) -> Answer<T> {
    Answer { status: StatusCode::CREATED, ..entity(version, body) }
}

/// Something new that has no version.
pub(crate) fn made<T>(body: T) -> Answer<T> {
    Answer { status: StatusCode::CREATED, ..plain(body) }
}

/// Something that has begun and goes on.
pub(crate) fn begun<T>(body: T) -> Answer<T> {
    Answer { status: StatusCode::ACCEPTED, ..plain(body) }
}

/// A new entity that is still being made, and where it can be read.
pub(crate) fn accepted<T>(version: u64, location: String, body: T) -> Answer<T> {
    Answer { status: StatusCode::ACCEPTED, ..created(version, location, body) }
}

/// A short digest of what a body says.
pub(crate) fn content_tag(body: &impl Serialize) -> Result<String, Problem> {
    let text = serde_json::to_vec(body).map_err(|e| Problem::fault(e.to_string()))?;
    Ok(digest(&[&text]).chars().take(16).collect())
}

/// The `ETag` of a version.
pub(crate) fn etag(version: u64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(self.body)).into_response();
        if let Some(etag) = self.etag {
            response.headers_mut().insert(header::ETAG, etag);
        }
        if let Some(location) = self.location.and_then(|l| HeaderValue::try_from(l).ok()) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }
}
