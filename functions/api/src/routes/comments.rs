//! What people say on items.

use app::comments::{self, CommentDraft, Link};
use app::inbound;
use app::page::Paged;
use chrono::NaiveDate;
use domain::comment::{Comment, File};
use domain::id::{CommentId, FileId, ItemId};
use platform::store::comments::Refused;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::answer::{Answered, created, plain};
use crate::ask::{Ask, IdempotencyKey, Json, Path, page};
use crate::described::{Routes, routes};
use crate::documentation::{ChangeRefusals, KeptRefusals, ReadRefusals};

pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list, create))
        .routes(routes!(original))
        .routes(routes!(files))
        .routes(routes!(file))
        .routes(routes!(refused))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Pages {
    /// At most so many, 1 to 200; default 50.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Where the page before ended: its `next_cursor`.
    cursor: Option<String>,
}

/// The comments on an item, oldest first, however they came.
#[utoipa::path(
    get, path = "/v1/items/{id}/comments", operation_id = "comments_list", tag = "comments", params(("id" = ItemId, Path), Pages),
    responses((status = 200, body = Paged<Comment>), ReadRefusals)
)]
async fn list(ask: Ask<Pages>, Path(item): Path<ItemId>) -> Answered<Paged<Comment>> {
    let Pages { limit, cursor } = ask.query;
    Ok(plain(comments::list(&ask.ctx, item, &page(limit, cursor)?).await?))
}

/// Comments on an item. The other party hears of it by mail: of a client's comment the coach, of a coach's the client.
#[utoipa::path(
    post, path = "/v1/items/{id}/comments", operation_id = "comments_create", tag = "comments", params(("id" = ItemId, Path), IdempotencyKey),
    request_body(content = CommentDraft, example = json!({"text": "Well done. How did the second one go?"})),
    responses((status = 201, body = Comment, headers(("etag" = String), ("location" = String))), ChangeRefusals)
)]
async fn create(ask: Ask, Path(item): Path<ItemId>, Json(draft): Json<CommentDraft>) -> Answered<Comment> {
    let comment = comments::add(&ask.ctx, item, &draft).await?;
    Ok(created(comment.version, format!("/v1/items/{item}/comments"), comment))
}

/// A link to the mail that a comment came in, for five minutes: for the comment's author and the client's coaches, within 30
/// days.
#[utoipa::path(
    get, path = "/v1/items/{id}/comments/{comment_id}/original", operation_id = "comments_original", tag = "comments",
    params(("id" = ItemId, Path), ("comment_id" = CommentId, Path)), responses((status = 200, body = Link), KeptRefusals)
)]
async fn original(ask: Ask, Path((item, comment)): Path<(ItemId, CommentId)>) -> Answered<Link> {
    Ok(plain(comments::original(&ask.ctx, item, comment).await?))
}

/// The files that came with comments on an item.
#[utoipa::path(
    get, path = "/v1/items/{id}/files", operation_id = "item_files", tag = "comments", params(("id" = ItemId, Path)),
    responses((status = 200, body = Paged<File>), ReadRefusals)
)]
async fn files(ask: Ask, Path(item): Path<ItemId>) -> Answered<Paged<File>> {
    Ok(plain(comments::files(&ask.ctx, item).await?))
}

/// A link by which a file of an item can be saved, for five minutes.
#[utoipa::path(
    get, path = "/v1/items/{id}/files/{file_id}", operation_id = "item_file", tag = "comments",
    params(("id" = ItemId, Path), ("file_id" = FileId, Path)), responses((status = 200, body = Link), ReadRefusals)
)]
async fn file(ask: Ask, Path((item, file)): Path<(ItemId, FileId)>) -> Answered<Link> {
    Ok(plain(comments::file(&ask.ctx, item, file).await?))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Day {
    /// The day, in UTC; today if left out.
    day: Option<NaiveDate>,
    /// At most so many, 1 to 200; default 50.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Where the page before ended: its `next_cursor`.
    cursor: Option<String>,
}

/// The mail that was meant for items and did not become comments on a day, with the reasons.
#[utoipa::path(
    get, path = "/v1/refused-mail", operation_id = "refused_mail", tag = "comments", params(Day),
    responses((status = 200, body = Paged<Refused>), ReadRefusals)
)]
async fn refused(ask: Ask<Day>) -> Answered<Paged<Refused>> {
    let Day { day, limit, cursor } = ask.query;
    let day = day.unwrap_or_else(|| ask.ctx.now.date_naive());
    Ok(plain(inbound::refused(&ask.ctx, day, &page(limit, cursor)?).await?))
}
