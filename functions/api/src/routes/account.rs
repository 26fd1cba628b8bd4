//! The account and its audit trail.

use app::account::{self, AccountChange};
use app::page::Paged;
use chrono::NaiveDate;
use domain::account::Account;
use platform::store::audit::Entry;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::answer::{Answered, entity, plain};
use crate::ask::{Ask, IfMatch, Json, page};
use crate::described::{Routes, routes};
use crate::documentation::{ChangeRefusals, ReadRefusals};

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(read, update)).routes(routes!(audit))
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
struct Day {
    /// The day, in UTC; default today.
    day: Option<NaiveDate>,
    /// At most so many, 1 to 200; default 50.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Where the page before ended: its `next_cursor`.
    cursor: Option<String>,
}

/// What was changed on a day, by whom, newest first.
#[utoipa::path(
    get, path = "/v1/audit", operation_id = "audit_list", tag = "account", params(Day),
    responses((status = 200, body = Paged<Entry>), ReadRefusals)
)]
async fn audit(ask: Ask<Day>) -> Answered<Paged<Entry>> {
    let Day { day, limit, cursor } = ask.query;
    let day = day.unwrap_or_else(|| ask.ctx.now.date_naive());
    Ok(plain(account::audit(&ask.ctx, day, &page(limit, cursor)?).await?))
}
