//! The mailbox page: every mail that would have left, as its recipient would see it.

use std::sync::Arc;

use axum::Router;

use crate::stack::Stack;

/// The pages.
pub(crate) fn routes() -> Router<Arc<Stack>> {
    Router::new()
}
