//! Files that people upload to items of the kind file: announced, put into the bucket by a link, looked at, and only then
//! shown.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::access::Action;
use domain::id::{FileId, HappeningId, ItemId};
use domain::item::{Item, ItemKind, Refused};
use domain::upload::{BEGINNING, UploadDraft, take, verify};
use platform::files::{file_key, upload_key};
use platform::store::Changes;
use serde::Serialize;
use utoipa::ToSchema;

use crate::comments::{self, Link};
use crate::items::{load, load_to, replace, wrong_state};
use crate::{AppError, Ctx};

/// For how long a link to upload by is good.
const UPLOAD_GOOD_FOR: Duration = Duration::from_secs(10 * 60);

/// Where a file is to be put, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct UploadLink {
    /// The link.
    pub url: String,
    /// The method of the request: `PUT`.
    pub method: String,
    /// The headers that the request must have, as they are.
    pub headers: BTreeMap<String, String>,
    /// Until when the link is good.
    pub expires_at: DateTime<Utc>,
}

/// Announces a file, and gives a link to upload it by. A file that is there stays until the new one is.
///
/// # Errors
/// [`AppError`]; a conflict where the item is no file.
pub async fn announce(ctx: &Ctx, id: ItemId, draft: &UploadDraft) -> Result<UploadLink, AppError> {
    let (before, _) = load_to(ctx, id, Action::Write, None).await?;
    is_file(&before)?;
    let upload = draft.announce(FileId(ctx.new_id()), ctx.now)?;
    let key = upload_key(ctx.scope.account(), id, upload.id);
    let signed = ctx.app.platform.files.upload(&key, &upload.content_type, upload.size_bytes, UPLOAD_GOOD_FOR).await?;
    // by the clock of this machine, as the signature is: the app's may be moved
    let expires_at = Utc::now() + UPLOAD_GOOD_FOR;
    let link = UploadLink { url: signed.url, method: "PUT".into(), headers: signed.headers, expires_at };
    let mut item = before;
    item.upload = Some(upload);
    item.updated_at = ctx.now;
    item.version += 1;
    let mut changes = Changes::new();
    ctx.store().replace_item(&mut changes, ctx.scope, &item)?;
    ctx.commit(changes, "item.upload", id, 200, &link).await?;
    Ok(link)
}

fn is_file(item: &Item) -> Result<(), AppError> {
    match item.kind {
        ItemKind::File => Ok(()),
        kind => Err(wrong_state(&Refused { verb: "upload a file to", kind, state: item.state })),
    }
}

/// Looks at what was uploaded, and shows it if it is what was announced; what is not is removed.
///
/// # Errors
/// [`AppError`]; a conflict where nothing was uploaded, or something else than was announced.
pub async fn uploaded(ctx: &Ctx, id: ItemId) -> Result<Item, AppError> {
    let (before, record) = load_to(ctx, id, Action::Write, None).await?;
    is_file(&before)?;
    let Some(upload) = before.upload.clone() else {
        return Err(AppError::conflict("not_announced", "no file was announced: ask for a link to upload it by first"));
    };
    let files = &ctx.app.platform.files;
    let (from, to) = (upload_key(ctx.scope.account(), id, upload.id), file_key(ctx.scope.account(), id, upload.id));
    let not_there = || AppError::conflict("not_uploaded", "nothing was uploaded yet: put the file where the link says");
    let found = files.get(&from, 0, u64::try_from(BEGINNING).unwrap_or(u64::MAX)).await?.ok_or_else(not_there)?;
    if let Err(why) = verify(&upload, found.size, &found.bytes) {
        files.remove(&from).await?;
        return Err(AppError::conflict("not_as_announced", why.to_string()));
    }
    // where no link leads that could put something else there
    if !files.copy(&from, &found, &to, &upload.content_type).await? {
        return Err(AppError::conflict("changed_meanwhile", "the file was put there anew meanwhile; try again"));
    }
    let Some((item, happening)) = take(&before, ctx.actor(), ctx.now, HappeningId(ctx.new_id())) else { return Err(not_there()) };
    let item = replace(ctx, Changes::new(), &record, &before, item, &happening, "item.uploaded").await?;
    let replaced = before.file_id.map(|old| file_key(ctx.scope.account(), id, old));
    for key in [Some(from), replaced].into_iter().flatten() {
        if let Err(error) = files.remove(&key).await {
            // nothing leads to it
            tracing::warn!(%error, "a file that is not needed any more was not removed");
        }
    }
    Ok(item)
}

/// A link by which the file can be saved; put on the audit trail.
///
/// # Errors
/// [`AppError`]; a conflict where nothing was uploaded.
pub async fn content(ctx: &Ctx, id: ItemId) -> Result<Link, AppError> {
    let (item, ..) = load(ctx, id).await?;
    let (Some(file), Some(name)) = (item.file_id, &item.file_name) else {
        return Err(AppError::conflict("not_uploaded", "there is no file here that could be saved"));
    };
    ctx.witness("file.download", id).await?;
    comments::link(ctx, &file_key(ctx.scope.account(), id, file), name).await
}
