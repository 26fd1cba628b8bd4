//! The pages that people use with a browser: signing in and out, and their own page. Nothing here looks at API keys, and no
//! other route looks at what a browser holds.

use app::identity::{self, KeyDraft, NewKey};
use app::sign_in::{self, Asked, LinkPage, Redeemed};
use app::{App, AppError, Ctx};
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use domain::sign_in::{LINK_GOOD_FOR, SIGNED_IN_FOR};
use http::{HeaderValue, StatusCode, header};
use platform::store::people::KeyScope;
use platform::store::sign_in::Browser;
use utoipa::ToSchema;

use crate::described::{Routes, routes};
use crate::documentation::OpenRefusals;
use crate::own::{ASKED, Caller, HELD, hold};
use crate::page;
use crate::routes::public::{failed, field, html};

pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(show_sign_in, ask))
        .routes(routes!(show_link))
        .routes(routes!(confirm))
        .routes(routes!(home))
        .routes(routes!(make_key))
        .routes(routes!(revoke_key))
        .routes(routes!(sign_out))
        .routes(routes!(sign_out_everywhere))
}

/// The page that asks for an address to sign in with.
#[utoipa::path(
    get, path = "/sign-in", operation_id = "sign_in_show", tag = "pages", security(()),
    responses((status = 200, description = "A page with a form", content_type = "text/html", body = String), OpenRefusals)
)]
async fn show_sign_in() -> Response {
    shown(StatusCode::OK, page::sign_in::ask("", None))
}

/// The form of the page that asks for an address.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form; it is read field by field")]
struct Asking {
    /// Whose.
    #[schema(format = "email", example = "maya@onward.example")]
    email: String,
}

/// Asks for a link to sign in with. The answer is the same for every address; mail goes to whoever is known and may sign in.
#[utoipa::path(
    post, path = "/sign-in", operation_id = "sign_in_ask", tag = "pages", security(()),
    request_body(content = Asking, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A page: look into your mailbox", content_type = "text/html", body = String),
        (status = 403, description = "A page: another site sent this", content_type = "text/html", body = String),
        (status = 422, description = "The page with the form: this is no address", content_type = "text/html", body = String),
        (status = 429, description = "A page: too many links were asked for from there; `Retry-After` says when to try again", content_type = "text/html", body = String),
        OpenRefusals,
    )
)]
async fn ask(State(app): State<App>, caller: Caller, body: Bytes) -> Response {
    let email = form(&body, "email");
    match sign_in::ask(&app, &email, caller.visitor(), &caller.place).await {
        Ok(Asked::Taken { nonce }) => {
            let mut response = shown(StatusCode::OK, page::sign_in::asked());
            hold(&mut response, ASKED, &nonce, LINK_GOOD_FOR.num_seconds());
            response
        }
        Ok(Asked::TooOften { wait }) => {
            let mut response = shown(StatusCode::TOO_MANY_REQUESTS, page::sign_in::too_often(wait.num_minutes() + 1));
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.num_seconds().max(1)));
            response
        }
        Err(AppError::Invalid(_)) => {
            let fault = "This is not a mail address. Use one like name@example.com.";
            shown(StatusCode::UNPROCESSABLE_ENTITY, page::sign_in::ask(&email, Some(fault)))
        }
        Err(error) => failed(error.into()),
    }
}

/// The page of a link to sign in with: one button, in the browser that asked for it. Changes nothing.
#[utoipa::path(
    get, path = "/sign-in/link", operation_id = "sign_in_link", tag = "pages", params(("t" = String, Query, description = "The link's token")),
    security(()),
    responses(
        (status = 200, description = "A page with one button", content_type = "text/html", body = String),
        (status = 403, description = "A page: another browser asked for it", content_type = "text/html", body = String),
        (status = 404, description = "A page: the link works no more", content_type = "text/html", body = String),
        OpenRefusals,
    )
)]
async fn show_link(State(app): State<App>, caller: Caller, RawQuery(query): RawQuery) -> Response {
    let token = field(&query.unwrap_or_default(), "t");
    match sign_in::link(&app, &token, caller.visitor()).await {
        Ok(found) => link_page(&found, &token),
        Err(error) => failed(error.into()),
    }
}

fn link_page(found: &LinkPage, token: &str) -> Response {
    let status = match found {
        LinkPage::Ready { .. } => StatusCode::OK,
        LinkPage::OtherBrowser => StatusCode::FORBIDDEN,
        LinkPage::Gone => StatusCode::NOT_FOUND,
    };
    shown(status, page::sign_in::link(found, token))
}

/// The form of a link's page.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form; it is read field by field")]
struct Confirming {
    /// The link's token.
    t: String,
    /// As whom, where the address is that of several people: `member`, `client` or `personnel`.
    #[schema(required = false)]
    r#as: String,
}

/// Signs in with a link, once, in the browser that asked for it. Tried in another, the link is spent.
#[utoipa::path(
    post, path = "/sign-in/confirm", operation_id = "sign_in_confirm", tag = "pages", security(()),
    request_body(content = Confirming, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The link's page: it has to be said as whom", content_type = "text/html", body = String),
        (status = 303, description = "Signed in: to one's own page"),
        (status = 403, description = "A page: another browser asked for it, or another site sent this", content_type = "text/html", body = String),
        (status = 404, description = "A page: the link works no more", content_type = "text/html", body = String),
        OpenRefusals,
    )
)]
async fn confirm(State(app): State<App>, caller: Caller, body: Bytes) -> Response {
    let token = form(&body, "t");
    match sign_in::redeem(&app, &token, &form(&body, "as"), caller.visitor()).await {
        Ok(Redeemed::In { held }) => {
            let mut response = Redirect::to("/home").into_response();
            hold(&mut response, HELD, &held, SIGNED_IN_FOR.num_seconds());
            hold(&mut response, ASKED, "", 0);
            response
        }
        Ok(Redeemed::Choose(found)) => link_page(&found, &token),
        Ok(Redeemed::OtherBrowser) => shown(StatusCode::FORBIDDEN, page::sign_in::spent()),
        Ok(Redeemed::Gone) => link_page(&LinkPage::Gone, &token),
        Err(error) => failed(error.into()),
    }
}

/// One's own page: who one is, where one is signed in, one's API keys.
#[utoipa::path(
    get, path = "/home", operation_id = "home", tag = "pages", security(()),
    responses(
        (status = 200, description = "The page", content_type = "text/html", body = String),
        (status = 401, description = "The page to sign in with", content_type = "text/html", body = String),
        OpenRefusals,
    )
)]
async fn home(State(app): State<App>, caller: Caller) -> Response {
    within(&app, &caller, async |ctx, here| own_page(StatusCode::OK, &ctx, &here, None, None).await).await
}

/// The form that makes a key.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form; it is read field by field")]
struct KeyForm {
    /// What to call it.
    name: String,
    /// `read` or `write`.
    scope: String,
    /// The last day it is to work, in UTC; may be empty.
    #[schema(required = false)]
    expires_on: String,
}

/// Makes an API key, which is shown this once.
#[utoipa::path(
    post, path = "/home/keys", operation_id = "home_make_key", tag = "pages", security(()),
    request_body(content = KeyForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "One's page, with the key", content_type = "text/html", body = String),
        (status = 401, description = "The page to sign in with", content_type = "text/html", body = String),
        (status = 403, description = "A page: another site sent this", content_type = "text/html", body = String),
        (status = 422, description = "One's page: something in the form is not right", content_type = "text/html", body = String),
        OpenRefusals,
    )
)]
async fn make_key(State(app): State<App>, caller: Caller, body: Bytes) -> Response {
    within(&app, &caller, async |ctx, here| {
        let expires_on = Some(form(&body, "expires_on")).filter(|day| !day.is_empty()).map(|day| day.parse()).transpose();
        let scope = match form(&body, "scope").as_str() {
            "read" => Some(KeyScope::Read),
            "write" => Some(KeyScope::Write),
            _ => None,
        };
        let (Ok(expires_on), Some(scope)) = (expires_on, scope) else {
            let fault = "The key was not made: choose what it may do, and a day that exists.";
            return own_page(StatusCode::UNPROCESSABLE_ENTITY, &ctx, &here, None, Some(fault)).await;
        };
        let draft = KeyDraft { name: Some(form(&body, "name")), scope: Some(scope), expires_on };
        match identity::create_api_key(&ctx, &draft).await {
            Ok(made) => own_page(StatusCode::OK, &ctx, &here, Some(&made), None).await,
            Err(AppError::Invalid(_)) => {
                let fault = "The key was not made: it needs a name of at most 100 characters, and a last day that is not over.";
                own_page(StatusCode::UNPROCESSABLE_ENTITY, &ctx, &here, None, Some(fault)).await
            }
            Err(error) => Err(error),
        }
    })
    .await
}

/// The form that ends a key.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form; it is read field by field")]
struct Revoking {
    /// Which key.
    id: String,
}

/// Ends one of one's API keys. Ending one that is gone is the same.
#[utoipa::path(
    post, path = "/home/keys/revoke", operation_id = "home_revoke_key", tag = "pages", security(()),
    request_body(content = Revoking, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 303, description = "Done: to one's own page"),
        (status = 401, description = "The page to sign in with", content_type = "text/html", body = String),
        (status = 403, description = "A page: another site sent this", content_type = "text/html", body = String),
        OpenRefusals,
    )
)]
async fn revoke_key(State(app): State<App>, caller: Caller, body: Bytes) -> Response {
    within(&app, &caller, async |ctx, _| {
        if let Ok(id) = form(&body, "id").parse() {
            match identity::delete_api_key(&ctx, id).await {
                Ok(()) | Err(AppError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Redirect::to("/home").into_response())
    })
    .await
}

/// Signs this browser out.
#[utoipa::path(
    post, path = "/sign-out", operation_id = "sign_out", tag = "pages", security(()),
    responses(
        (status = 200, description = "A page: it is done", content_type = "text/html", body = String),
        (status = 403, description = "A page: another site sent this", content_type = "text/html", body = String),
        OpenRefusals,
    )
)]
async fn sign_out(State(app): State<App>, caller: Caller) -> Response {
    let done = async {
        match entered(&app, &caller).await? {
            Some((ctx, here)) => sign_in::sign_out(&ctx, &here).await,
            None => Ok(()),
        }
    };
    given_up(done.await, false)
}

/// Signs out every browser that one is signed in with.
#[utoipa::path(
    post, path = "/sign-out/everywhere", operation_id = "sign_out_everywhere", tag = "pages", security(()),
    responses(
        (status = 200, description = "A page: it is done", content_type = "text/html", body = String),
        (status = 401, description = "The page to sign in with", content_type = "text/html", body = String),
        (status = 403, description = "A page: another site sent this", content_type = "text/html", body = String),
        OpenRefusals,
    )
)]
async fn sign_out_everywhere(State(app): State<App>, caller: Caller) -> Response {
    within(&app, &caller, async |ctx, _| Ok(given_up(sign_in::sign_out_everywhere(&ctx).await, true))).await
}

fn given_up(done: Result<(), AppError>, everywhere: bool) -> Response {
    match done {
        Ok(()) => {
            let mut response = shown(StatusCode::OK, page::sign_in::signed_out(everywhere));
            hold(&mut response, HELD, "", 0);
            response
        }
        Err(error) => failed(error.into()),
    }
}

/// Whoever is signed in, and with which browser.
async fn entered(app: &App, caller: &Caller) -> Result<Option<(Ctx, Browser)>, AppError> {
    match caller.held() {
        Some(held) => sign_in::enter(app, held).await,
        None => Ok(None),
    }
}

/// Answers whoever is signed in; everybody else gets the page to sign in with.
async fn within(app: &App, caller: &Caller, answer: impl AsyncFnOnce(Ctx, Browser) -> Result<Response, AppError>) -> Response {
    let answered = match entered(app, caller).await {
        Ok(Some((ctx, here))) => answer(ctx, here).await,
        Ok(None) => {
            let mut response = shown(StatusCode::UNAUTHORIZED, page::sign_in::ask("", None));
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(r#"Cookie realm="cairn""#));
            return response;
        }
        Err(error) => Err(error),
    };
    answered.unwrap_or_else(|error| failed(error.into()))
}

async fn own_page(status: StatusCode, ctx: &Ctx, here: &Browser, made: Option<&NewKey>, fault: Option<&str>) -> Result<Response, AppError> {
    Ok(shown(status, page::sign_in::home(&sign_in::home(ctx, here).await?, made, fault)))
}

/// A page whose forms say where they come from: browsers that don't say more compare it.
fn shown(status: StatusCode, page: maud::Markup) -> Response {
    let mut response = html(status, page);
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

fn form(body: &Bytes, name: &str) -> String {
    field(&String::from_utf8_lossy(body), name)
}
