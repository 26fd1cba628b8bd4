//! Comments on items. One operation, however the comment came: over the API, by mail or on a page (C-2).

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::access::{Action, ItemFacts, Viewer, decide};
use domain::account::Account;
use domain::comment::{self, Comment, File, NotKept, Via};
use domain::delivery::{Delivery, Mail, NotAnyMore, Recipient};
use domain::happening::{Happening, What};
use domain::id::{CommentId, FileId, HappeningId, ItemId};
use domain::inbound::ORIGINAL_KEPT_FOR;
use domain::item::Item;
use domain::person::{Actor, Email};
use domain::record::RecordOf;
use platform::files;
use platform::store::comments::Original;
use platform::store::{Changes, Commit, Scope, WRITES_MOST};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::page::{List, Page, Paged};
use crate::records::{self, Holder, Record};
use crate::token::{CommentAddress, Stop, Stopped};
use crate::{App, AppError, Ctx, items};

/// For how long a link to a file is good.
const LINK_GOOD_FOR: Duration = Duration::from_secs(300);

// the comment, its happening and its mail, the answer and what counts it, the audit entry, the answered request
const _: () = assert!(2 * comment::TOLD_MOST + comment::FILES_MOST + 8 <= WRITES_MOST);

/// A comment to be made.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CommentDraft {
    /// What one has to say: plain text, at most 10,000 characters; needed.
    #[schema(required = true)]
    pub text: Option<String>,
}

/// A link to what can be saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Link {
    /// Where it is, for whoever has the link.
    pub url: String,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// What was said, and how it came.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) text: String,
    pub(crate) via: Via,
    pub(crate) files: Vec<File>,
    pub(crate) not_kept: Vec<NotKept>,
    pub(crate) cut: bool,
    /// The mail it came in.
    pub(crate) original: Option<String>,
}

/// An item that the viewer may comment on.
///
/// # Errors
/// [`AppError`]; a conflict where the record is archived.
pub(crate) async fn commentable(ctx: &Ctx, id: ItemId) -> Result<Item, AppError> {
    let (item, record) = items::load(ctx, id).await?;
    items::may(ctx, &record, Action::Comment, Some(&ItemFacts::of(&item)))?;
    Ok(item)
}

/// Comments on an item.
///
/// # Errors
/// [`AppError`].
pub async fn add(ctx: &Ctx, id: ItemId, draft: &CommentDraft) -> Result<Comment, AppError> {
    let item = commentable(ctx, id).await?;
    let text = comment::text(draft.text.as_deref())?;
    let said = Said { text, via: Via::Api, files: Vec::new(), not_kept: Vec::new(), cut: false, original: None };
    let (comment, committed) = say(ctx, &item, said, |_, _| Ok(())).await?;
    Ctx::done(&committed)?;
    Ok(comment)
}

/// Puts a comment on record: itself, its files, its happening and the mails to the other party, with `more`, together.
pub(crate) async fn say(
    ctx: &Ctx,
    item: &Item,
    said: Said,
    more: impl FnOnce(&mut Changes, &Comment) -> Result<(), AppError>,
) -> Result<(Comment, Commit), AppError> {
    let store = ctx.store();
    let comment = Comment {
        id: CommentId(ctx.new_id()),
        item_id: item.id,
        record: item.record,
        author: ctx.actor(),
        text: said.text,
        via: said.via,
        files: said.files,
        not_kept: said.not_kept,
        cut: said.cut,
        has_original: said.original.is_some(),
        created_at: ctx.now,
        updated_at: ctx.now,
        version: 1,
    };
    let happening = Happening {
        id: HappeningId(ctx.new_id()),
        record: item.record,
        item_id: item.id,
        kind: item.kind,
        what: What::Commented,
        at: ctx.now,
        by: ctx.actor(),
        title: item.title.clone(),
        note: None,
        value: None,
        text: Some(comment.text.clone()),
        comment_id: Some(comment.id),
        on: None,
    };
    let mut changes = Changes::new();
    store.add_comment(&mut changes, ctx.scope, &comment)?;
    store.add_happening(&mut changes, ctx.scope, &happening)?;
    if let Some(message) = said.original {
        store.add_original(&mut changes, ctx.scope, item.id, comment.id, &Original { message, at: ctx.now })?;
    }
    for recipient in told(ctx, item).await? {
        let mail = Mail::Comment { record: item.record, item_id: item.id, comment_id: comment.id };
        let delivery = Delivery::owed(&comment.id.to_string(), mail, recipient, ctx.now);
        store.add_answerable(&mut changes, ctx.scope, &delivery.id, ctx.now)?;
        store.add_delivery(&mut changes, ctx.scope, &delivery)?;
    }
    more(&mut changes, &comment)?;
    let committed = ctx.try_commit(changes, "comment.create", item.id, 201, &comment).await?;
    Ok((comment, committed))
}

/// Who hears of a comment of the viewer's.
async fn told(ctx: &Ctx, item: &Item) -> Result<Vec<Recipient>, AppError> {
    let with_members = matches!(ctx.actor(), Actor::Client(_));
    let around = records::around(ctx.store(), ctx.scope, item.record, with_members).await?;
    Ok(comment::told(ctx.actor(), item, &around))
}

/// The comments on an item, oldest first.
///
/// # Errors
/// [`AppError`].
pub async fn list(ctx: &Ctx, id: ItemId, page: &Page) -> Result<Paged<Comment>, AppError> {
    let (item, _) = readable(ctx, id).await?;
    let list = List::new(ctx, "comments", &id);
    let after = list.last(page)?.map(|last| last.parse().map_err(|_| AppError::BadCursor)).transpose()?;
    let (mut items, more) = ctx.store().comments(ctx.scope, item.id, page.limit, after).await?;
    for comment in &mut items {
        comment.has_original &= ctx.now - comment.created_at < ORIGINAL_KEPT_FOR;
    }
    let next_cursor = items.last().filter(|_| more).map(|last| list.cursor(&last.id));
    Ok(Paged { items, next_cursor })
}

/// An item whose comments the viewer may read.
async fn readable(ctx: &Ctx, id: ItemId) -> Result<(Item, Record), AppError> {
    let (item, record) = items::load(ctx, id).await?;
    ctx.ask(Action::Read, &record.facts.comments(&ItemFacts::of(&item)))?;
    Ok((item, record))
}

/// The files that came with comments on an item.
///
/// # Errors
/// [`AppError`].
pub async fn files(ctx: &Ctx, id: ItemId) -> Result<Paged<File>, AppError> {
    readable(ctx, id).await?;
    Ok(Paged { items: ctx.store().files(ctx.scope, id).await?, next_cursor: None })
}

/// A link by which a file of an item can be saved.
///
/// # Errors
/// [`AppError`].
pub async fn file(ctx: &Ctx, id: ItemId, file: FileId) -> Result<Link, AppError> {
    readable(ctx, id).await?;
    let file = ctx.store().file(ctx.scope, id, file).await?.ok_or(AppError::NotFound)?;
    ctx.witness("file.download", file.id).await?;
    link(ctx, &files::file_key(ctx.scope.account(), id, file.id), &file.name).await
}

/// A link to the mail that a comment came in, for its author and for whoever coaches the client (C-4).
///
/// # Errors
/// [`AppError`]; a conflict where the mail is not kept any more.
pub async fn original(ctx: &Ctx, id: ItemId, comment: CommentId) -> Result<Link, AppError> {
    let (item, record) = readable(ctx, id).await?;
    let comment = ctx.store().comment(ctx.scope, id, comment).await?.ok_or(AppError::NotFound)?;
    let coaches = match (comment.author, ctx.viewer.member()) {
        // in a group, a client's mail is for their own coaches
        (Actor::Client(author), Some(member)) if item.record.group().is_some() => {
            ctx.store().level(ctx.scope, member.id, author).await?.coaches()
        }
        (_, viewer) => viewer.is_some() && record.facts.level().coaches(),
    };
    if comment.author != ctx.actor() && !coaches {
        return Err(AppError::Forbidden("the mail that a comment came in is for its author and the client's coaches".into()));
    }
    match ctx.store().original(ctx.scope, id, comment.id, ctx.now).await? {
        Some(original) => link(ctx, &files::inbound_key(&original.message), "comment.eml").await,
        None => {
            Err(AppError::conflict("no_original", "it came by no mail, or in one that is not kept any more: mails are kept for 30 days"))
        }
    }
}

/// A link by which an object of the bucket can be saved under a name, for a while.
pub(crate) async fn link(ctx: &Ctx, key: &str, name: &str) -> Result<Link, AppError> {
    let url = ctx.app.platform.files.link(key, name, LINK_GOOD_FOR).await?;
    // by the clock of this machine, as the signature is: the app's may be moved
    let expires_at = Utc::now() + LINK_GOOD_FOR;
    Ok(Link { url, expires_at })
}

/// The id of all mail on an item, by which mail programs keep it together (OUT-05).
pub(crate) fn thread(app: &App, item: ItemId) -> String {
    format!("item.{}@{}", item.to_string().to_ascii_lowercase(), app.config.reply_domain)
}

/// The mail address that an answer to a place in a mail goes to.
pub(crate) fn address(app: &App, delivery: &Delivery, place: u16) -> Result<String, AppError> {
    let address = CommentAddress { delivery: delivery.id.clone(), place };
    let local = address.sign(&app.signing_keys).ok_or_else(|| AppError::Fault("there is no key to sign with".into()))?;
    Ok(format!("{local}@{}", app.config.reply_domain))
}

/// A mail, where it goes, and where an answer to it goes.
pub(crate) type Composed = Result<(mail::Message, Email, Option<String>), NotAnyMore>;

/// Composes the mail on a comment, by what is true now.
pub(crate) async fn mail(
    app: &App,
    scope: Scope,
    account: &Account,
    delivery: &Delivery,
    of: (RecordOf, ItemId, CommentId),
) -> Result<Composed, AppError> {
    let store = &app.platform.store;
    let (record, item_id, comment_id) = of;
    let Some(person) = delivery.recipient.person else { return Err(AppError::Fault("a comment to nobody".into())) };
    let (item, comment, reader) = futures::future::try_join3(
        store.item(scope, item_id),
        store.comment(scope, item_id, comment_id),
        crate::identity::viewer(app, scope, person),
    )
    .await?;
    let (Some(item), Some(comment), Some(reader)) = (item, comment, reader) else { return Ok(Err(NotAnyMore::NoRight)) };
    let Some((holder, seen)) = records::seen_by(store, scope, record, &reader).await? else { return Ok(Err(NotAnyMore::NoRight)) };
    if seen.is_archived() {
        return Ok(Err(NotAnyMore::Archived));
    }
    let facts = ItemFacts::of(&item);
    if !comment::hears(&reader, &seen, &facts) {
        let may = decide(&reader, Action::Comment, &seen.item(&facts)).is_allowed();
        return Ok(Err(if may { NotAnyMore::SwitchedOff } else { NotAnyMore::NoRight }));
    }
    let (to, zone, to_client) = match &reader {
        Viewer::Member(member) => (Some(member.email.clone()), member.time_zone, false),
        Viewer::Client(client) => (client.email.clone(), client.time_zone, true),
        Viewer::Personnel(_) => return Ok(Err(NotAnyMore::NoRight)),
    };
    let Some(to) = to else { return Ok(Err(NotAnyMore::NoAddress)) };
    let author = match (comment.author, &holder) {
        (Actor::Member(id), _) => store.member(scope, id).await?.map(|member| member.name),
        (Actor::Client(id), Holder::Client(client)) if client.id == id => Some(client.name()),
        (Actor::Client(id), _) => store.client(scope, id).await?.map(|client| client.name()),
        (Actor::Personnel(_) | Actor::System, _) => None,
    };
    let author = author.as_deref().unwrap_or(&account.name);
    let (client, group, page) = match &holder {
        Holder::Client(client) => (client.name(), None, Some(format!("{}/clients/{}", app.config.public_url, client.id))),
        Holder::Group(group) => (author.to_owned(), Some(group.name.as_str()), None),
    };
    let stop = Stop { what: Stopped::Comments, account: account.id, person }.sign(&app.signing_keys);
    let stop = stop.ok_or_else(|| AppError::Fault("there is no key to sign with".into()))?;
    let address = address(app, delivery, 1)?;
    let message = mail::comment(&mail::CommentLetter {
        account: &account.name,
        author,
        to_client,
        client: &client,
        group,
        kind: item.kind,
        title: &item.title,
        text: if comment.text.is_empty() { "(files, without words)" } else { &comment.text },
        files: &comment.files.iter().map(|file| (file.name.clone(), file.size_bytes)).collect::<Vec<_>>(),
        not_kept: &comment.not_kept.iter().map(|file| (file.name.clone(), file.why.words())).collect::<Vec<_>>(),
        address: &address,
        page: page.as_deref().filter(|_| !to_client),
        stop: &format!("{}/u/{stop}", app.config.public_url),
        said_at: comment.created_at,
        zone,
        thread: &thread(app, item.id),
    });
    Ok(Ok((message, to, Some(address))))
}
