//! How a REST service of AWS says no.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An error answer: the name by which the SDKs know it, the HTTP status, and a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {message}")]
pub struct Refusal {
    /// HTTP status of the answer.
    pub status: u16,
    /// The exception's name in the service's model.
    pub name: &'static str,
    /// What is wrong, for people; never assert on it.
    pub message: String,
}

impl Refusal {
    /// Makes a refusal.
    pub fn new(status: u16, name: &'static str, message: impl Into<String>) -> Self {
        Refusal { status, name, message: message.into() }
    }

    pub(crate) fn internal(error: impl std::fmt::Display) -> Self {
        Refusal::new(500, "InternalServerException", error.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // SES spells the member small, Scheduler large; each ignores the other's.
        (status, [("x-amzn-errortype", self.name)], Json(json!({ "message": self.message, "Message": self.message }))).into_response()
    }
}
