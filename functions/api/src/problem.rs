//! What is answered when a request is not carried out: problem details (RFC 9457).

use std::sync::Arc;

use app::AppError;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use domain::check::FieldError;
use http::{HeaderValue, StatusCode, header};
use platform::store::StoreError;
use serde::Serialize;
use utoipa::ToSchema;

/// The media type of problem details.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request was not carried out. As an answer it has no body yet: [`Problem::render`] writes it once the
/// request's id is known.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    /// For programs: says more than the status where several things lead to it.
    pub(crate) code: &'static str,
    /// For people.
    pub(crate) detail: String,
    pub(crate) errors: Vec<FieldError>,
    /// For the log alone: what failed, with everything behind it.
    pub(crate) cause: Option<String>,
    /// Whether somebody was refused what is there: for the audit trail alone.
    pub(crate) refused: bool,
    retry_after: Option<u32>,
    challenge: Option<&'static str>,
}

/// Why a request was not carried out (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Details<'a> {
    /// Always `about:blank`: the status and `code` say which problem it is.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    kind: &'static str,
    /// The status in words.
    #[schema(example = "Unprocessable Entity")]
    title: &'a str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599, example = 422)]
    status: u16,
    /// What is wrong and what to do, for a person to read.
    #[schema(example = "some fields are not right; nothing was changed")]
    detail: &'a str,
    /// Which problem it is, for programs.
    #[schema(example = "invalid")]
    code: &'a str,
    /// With 422: every field that is not right.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(required = false)]
    errors: &'a [FieldError],
    /// What to name when asking for help; also in the header `X-Request-Id`.
    request_id: &'a str,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), errors: Vec::new(), cause: None, refused: false, retry_after: None, challenge: None }
    }

    pub(crate) fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is no such thing here")
    }

    pub(crate) fn invalid(errors: Vec<FieldError>) -> Self {
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "some fields are not right; nothing was changed") }
    }

    /// No credential, or (`refused`) one that opens nothing.
    pub(crate) fn unauthorized(refused: bool) -> Self {
        let (detail, challenge) = if refused {
            ("the API key is not known, has expired or was deleted", r#"Bearer realm="cairn", error="invalid_token""#)
        } else {
            ("an API key is needed: Authorization: Bearer <key>", r#"Bearer realm="cairn""#)
        };
        Self { challenge: Some(challenge), ..Self::new(StatusCode::UNAUTHORIZED, "unauthorized", detail) }
    }

    /// A fault of our own; `cause` goes to the log and nowhere else.
    pub(crate) fn fault(cause: impl Into<String>) -> Self {
        let detail = "something went wrong here, and we have a record of it; trying again may help";
        Self { cause: Some(cause.into()), ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, "fault", detail) }
    }

    /// Something we need does not answer.
    fn unavailable(cause: String, code: &'static str, detail: &str, retry_after: u32) -> Self {
        Self { cause: Some(cause), retry_after: Some(retry_after), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail) }
    }

    /// The answer with its body, for a request of this id.
    pub(crate) fn render(&self, mut response: Response, request_id: &str) -> Response {
        let details = Details {
            kind: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.code,
            errors: &self.errors,
            request_id,
        };
        *response.body_mut() = Body::from(serde_json::to_vec(&details).unwrap_or_default());
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        response.headers_mut().remove(header::CONTENT_LENGTH);
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(challenge) = self.challenge {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        let detail = error.to_string();
        match error {
            AppError::Invalid(invalid) => Self::invalid(invalid.errors),
            AppError::NotFound => Self::not_found(),
            AppError::Hidden => Self { refused: true, ..Self::not_found() },
            AppError::Forbidden(_) => Self { refused: true, ..Self::new(StatusCode::FORBIDDEN, "forbidden", detail) },
            AppError::Conflict { code, .. } => Self::new(StatusCode::CONFLICT, code, detail),
            AppError::Stale => Self::new(StatusCode::PRECONDITION_FAILED, "stale", detail),
            AppError::Repeated => Self::new(StatusCode::CONFLICT, "repeated", detail),
            AppError::BadCursor => Self::bad_request("bad_cursor", detail),
            AppError::Store(StoreError::Busy { .. }) => {
                Self::unavailable(chain(error), "busy", "too much is going on at once; nothing was changed, try again", 1)
            }
            AppError::Store(StoreError::Call { .. }) | AppError::Schedule(_) | AppError::Files(_) => Self::unavailable(
                chain(error),
                "unavailable",
                "something that is needed for this does not answer; try again, a change with the same Idempotency-Key, since it may have been made",
                5,
            ),
            AppError::Store(StoreError::Row { .. }) | AppError::Fault(_) => Self::fault(chain(error)),
        }
    }
}

/// An error and everything behind it, in one line.
fn chain(error: AppError) -> String {
    format!("{:#}", anyhow::Error::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_inside_stays_inside() {
        let secret = "arn:aws:dynamodb:table/cairn";
        for (error, status) in [
            (AppError::Store(StoreError::Call { call: "GetItem", detail: secret.into() }), 503),
            (AppError::Store(StoreError::Busy { call: "TransactWriteItems" }), 503),
            (AppError::Store(StoreError::Row { what: "client", detail: secret.into() }), 500),
            (AppError::Fault(secret.into()), 500),
        ] {
            let problem = Problem::from(error);
            assert_eq!(problem.status.as_u16(), status);
            assert!(problem.cause.is_some());
            assert!(!problem.detail.contains("arn:") && !problem.detail.contains("Item"), "{}", problem.detail);
        }
    }
}
