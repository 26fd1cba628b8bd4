//! The account and its audit trail.

use app::access::{self, Explained};
use app::account::{self, AccountChange, AuditFilter};
use app::page::Paged;
use chrono::NaiveDate;
use domain::account::Account;
use domain::id::ClientId;
use platform::store::audit::Entry;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::answer::{Answered, entity, plain};
use crate::ask::{Ask, IfMatch, Json, page};
use crate::described::{Routes, routes};
use crate::documentation::{ChangeRefusals, ReadRefusals, ReportRefusals};

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(read, update)).routes(routes!(audit)).routes(routes!(explain))
}

/// The account.
#[utoipa::path(
    get, path = "/v1/account", operation_id = "account_read", tag = "account",
    responses((status = 200, body = Account, headers(("etag" = String))), ReadRefusals)
)]
async fn read(ask: Ask) -> Answered<Account> {
    let account = account::read(&ask.ctx).await?;
    Ok(entity(account.version, account))
}

/// Changes the account. What is left out stays.
#[utoipa::path(
    patch, path = "/v1/account", operation_id = "account_update", tag = "account", params(IfMatch), request_body = AccountChange,
    responses((status = 200, body = Account, headers(("etag" = String))), ChangeRefusals)
)]
async fn update(ask: Ask, Json(change): Json<AccountChange>) -> Answered<Account> {
    let account = account::update(&ask.ctx, &change, ask.expected).await?;
    Ok(entity(account.version, account))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Trail {
    /// The day, in UTC; default today.
    day: Option<NaiveDate>,
    /// What this person did: an id.
    by: Option<String>,
    /// This action, or those that begin with it: `client.archive`, `client`, `refused`.
    action: Option<String>,
    /// What was done to this: an id; of what was refused, a part of the path.
    subject: Option<String>,
    /// At most so many, 1 to 200; default 50.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Where the page before ended: its `next_cursor`.
    cursor: Option<String>,
}

/// What was changed on a day, by whom, and what people were refused, newest first. The same refusal is on record once an hour.
#[utoipa::path(
    get, path = "/v1/audit", operation_id = "audit_list", tag = "account", params(Trail),
    responses((status = 200, body = Paged<Entry>), ReadRefusals)
)]
async fn audit(ask: Ask<Trail>) -> Answered<Paged<Entry>> {
    let Trail { day, by, action, subject, limit, cursor } = ask.query;
    let day = day.unwrap_or_else(|| ask.ctx.now.date_naive());
    let filter = AuditFilter { by, action, subject };
    Ok(plain(account::audit(&ask.ctx, day, &filter, &page(limit, cursor)?).await?))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Question {
    /// Who: the id or e-mail address of a member, a client or a person of a company.
    viewer: String,
    /// With which client.
    client_id: ClientId,
}

/// What somebody may do with a client, and why: about oneself, and about anybody for who manages the team and for
/// administrators of the whole organisation.
#[utoipa::path(
    get, path = "/v1/access/explain", operation_id = "access_explain", tag = "account", params(Question),
    responses((status = 200, body = Explained), ReportRefusals)
)]
async fn explain(ask: Ask<Question>) -> Answered<Explained> {
    let Question { viewer, client_id } = &ask.query;
    Ok(plain(access::explanation(&ask.ctx, viewer, *client_id).await?))
}
