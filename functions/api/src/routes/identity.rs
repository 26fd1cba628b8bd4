//! Who one is, one's API keys, and how an account begins.

use app::identity::{self, AccountDraft, KeyDraft, KeyView, Me, MeDraft, NewKey, Opened};
use app::page::Paged;
use app::{App, AppError};
use axum::extract::State;
use domain::id::ApiKeyId;
use http::StatusCode;

use crate::answer::{Answered, entity, made, plain};
use crate::ask::{Ask, IdempotencyKey, IfMatch, Json, Listing, Path};
use crate::described::{Routes, routes};
use crate::documentation::{ChangeRefusals, ReadRefusals, SignUpRefusals};
use crate::problem::Problem;

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(me, update_me)).routes(routes!(api_keys, create_api_key)).routes(routes!(delete_api_key))
}

/// Routes that need no key.
pub(crate) fn open_routes() -> Routes {
    Routes::new().routes(routes!(open_account))
}

/// Who one is, with roles, permissions and settings.
#[utoipa::path(
    get, path = "/v1/me", operation_id = "me_read", tag = "identity",
    responses((status = 200, body = Me, headers(("etag" = String))), ReadRefusals)
)]
async fn me(ask: Ask) -> Answered<Me> {
    let me = identity::me(&ask.ctx).await?;
    Ok(entity(me.version, me))
}

/// Changes one's own settings. What is left out stays.
#[utoipa::path(
    patch, path = "/v1/me", operation_id = "me_update", tag = "identity", params(IfMatch), request_body = MeDraft,
    responses((status = 200, body = Me, headers(("etag" = String))), ChangeRefusals)
)]
async fn update_me(ask: Ask, Json(draft): Json<MeDraft>) -> Answered<Me> {
    let me = identity::update_me(&ask.ctx, &draft, ask.expected).await?;
    Ok(entity(me.version, me))
}

/// One's own API keys, without the keys themselves.
#[utoipa::path(
    get, path = "/v1/api-keys", operation_id = "api_keys_list", tag = "identity", params(Listing),
    responses((status = 200, body = Paged<KeyView>), ReadRefusals)
)]
async fn api_keys(ask: Ask<Listing>) -> Answered<Paged<KeyView>> {
    Ok(plain(identity::api_keys(&ask.ctx, &ask.query.page()?).await?))
}

/// Makes an API key with one's own rights. The key is shown this once.
#[utoipa::path(
    post, path = "/v1/api-keys", operation_id = "api_keys_create", tag = "identity", params(IdempotencyKey), request_body = KeyDraft,
    responses((status = 201, description = "The key; repeated with the same `Idempotency-Key`, the answer is without it", body = NewKey), ChangeRefusals)
)]
async fn create_api_key(ask: Ask, Json(draft): Json<KeyDraft>) -> Answered<NewKey> {
    Ok(made(identity::create_api_key(&ask.ctx, &draft).await?))
}

/// Ends one of one's own API keys: from now on it opens nothing.
#[utoipa::path(
    delete, path = "/v1/api-keys/{id}", operation_id = "api_keys_delete", tag = "identity", params(("id" = ApiKeyId, Path), IfMatch),
    responses((status = 204, description = "It is gone"), ChangeRefusals)
)]
async fn delete_api_key(ask: Ask, Path(id): Path<ApiKeyId>) -> Result<StatusCode, Problem> {
    // a key never changes, so it is in its first version as long as it is there
    if ask.expected.is_some_and(|version| version != 1) {
        return Err(AppError::Stale.into());
    }
    identity::delete_api_key(&ask.ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Opens an account with one administrator who is also a coach, where the stack lets anybody do so.
#[utoipa::path(
    post, path = "/v1/accounts", operation_id = "accounts_open", tag = "public", request_body = AccountDraft, security(()),
    responses((status = 201, description = "The account, and a key that is shown this once", body = Opened), SignUpRefusals)
)]
async fn open_account(State(app): State<App>, Json(draft): Json<AccountDraft>) -> Answered<Opened> {
    if !app.config.allow_sign_up {
        return Err(Problem::not_found());
    }
    Ok(made(identity::open_account(&app, &draft).await?))
}
