//! Exports: asked for over the API, written by a function of their own, fetched by a link that is good for a while.

mod account;
mod record;

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use domain::access::{Action, ClientFacts, Decision, Resource, Viewer, decide};
use domain::client::{Client, Level};
use domain::export::{Claim, Export, ExportDraft, File, Format, Order, Request, State, Upload};
use domain::id::{ClientId, ExportId};
use domain::item::ItemKind;
use domain::person::PersonId;
use platform::files;
use platform::store::{Changes, Scope};
use serde::Serialize;
use utoipa::ToSchema;

use crate::page::{List, Page, Paged};
use crate::{App, AppError, Ctx};

/// For how long a link to a file is good.
const LINK_GOOD_FOR: Duration = Duration::from_secs(300);
/// How often a running export notes how far it is.
const NOTES: u64 = 10;

/// An export, as who asked for it sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExportView {
    /// Id.
    pub id: ExportId,
    /// The client it is of; none for the whole account.
    #[schema(required = true)]
    pub client_id: Option<ClientId>,
    /// How far it is.
    pub state: State,
    /// How much of it is written, from 0 to 1.
    pub progress: f64,
    /// How many items are in it, once that is known.
    pub items: u64,
    /// How many happenings are in it, once that is known; of an account, how many clients.
    pub total: u64,
    /// The first day; none for from the beginning.
    #[schema(required = true)]
    pub from: Option<NaiveDate>,
    /// The last day, included; none for to the time it was asked for.
    #[schema(required = true)]
    pub to: Option<NaiveDate>,
    /// Of these kinds.
    pub kinds: Vec<ItemKind>,
    /// In which order.
    pub order: Order,
    /// Whether one's own private notes are in it.
    pub include_private: bool,
    /// What kind of file.
    pub format: Format,
    /// The calendar that the days are on.
    #[schema(value_type = String, example = "America/New_York")]
    pub time_zone: Tz,
    /// Who asked for it.
    pub requested_by: PersonId,
    /// What the file is called, once it is ready.
    #[schema(required = true)]
    pub file_name: Option<String>,
    /// Its size.
    #[schema(required = true)]
    pub bytes: Option<u64>,
    /// Its SHA-256, in hex.
    #[schema(required = true)]
    pub sha256: Option<String>,
    /// Where it can be fetched, for whoever has the link, for five minutes; only for who reads this one export.
    #[schema(required = true)]
    pub url: Option<String>,
    /// Until when the link is good.
    #[schema(required = true)]
    pub url_expires_at: Option<DateTime<Utc>>,
    /// Why there is no file.
    #[schema(required = true)]
    pub reason: Option<String>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// When the file goes.
    #[schema(required = true)]
    pub expires_at: Option<DateTime<Utc>>,
    /// Counts changes, from 1.
    pub version: u64,
}

impl ExportView {
    fn of(export: &Export, now: DateTime<Utc>) -> Self {
        let state = export.state_at(now);
        let file = export.file.as_ref();
        let Request { from, to, kinds, order, include_private, format } = &export.request;
        Self {
            id: export.id,
            client_id: export.client_id,
            state,
            progress: export.progress(),
            items: export.items,
            total: export.total,
            from: *from,
            to: *to,
            kinds: kinds.iter().copied().collect(),
            order: *order,
            include_private: *include_private,
            format: *format,
            time_zone: export.time_zone,
            requested_by: export.by,
            file_name: file.map(|file| file.name.clone()),
            bytes: file.map(|file| file.bytes),
            sha256: file.map(|file| file.sha256.clone()),
            url: None,
            url_expires_at: None,
            reason: export.reason.clone(),
            created_at: export.created_at,
            updated_at: export.updated_at,
            expires_at: export.expires_at,
            version: export.version,
        }
    }
}

fn zone_of(viewer: &Viewer) -> Tz {
    match viewer {
        Viewer::Member(member) => member.time_zone,
        Viewer::Client(client) => client.time_zone,
        Viewer::Personnel(person) => person.time_zone,
    }
}

/// Asks for an export of a client's record.
///
/// # Errors
/// [`AppError`].
pub async fn ask(ctx: &Ctx, client: ClientId, draft: &ExportDraft) -> Result<ExportView, AppError> {
    let (client, level) = crate::clients::load(ctx, client).await?;
    ctx.ask(Action::Export, &Resource::Client(&ClientFacts::of(&client, level)))?;
    let request = draft.check(&ctx.viewer)?;
    begin(ctx, Some(client.id), request, "export.request").await
}

/// Asks for an export of the whole account.
///
/// # Errors
/// [`AppError`].
pub async fn ask_account(ctx: &Ctx) -> Result<ExportView, AppError> {
    if !decide(&ctx.viewer, Action::Export, &Resource::Account).is_allowed() {
        return Err(AppError::Forbidden(
            "an export of the whole account is for administrators of the whole organisation who have the permission to export".into(),
        ));
    }
    begin(ctx, None, Request::of_account(), "export.request_account").await
}

async fn begin(ctx: &Ctx, client: Option<ClientId>, request: Request, action: &str) -> Result<ExportView, AppError> {
    let (id, by) = (ExportId(ctx.new_id()), ctx.viewer.person());
    let export = Export::new(id, client, by, request, zone_of(&ctx.viewer), ctx.now);
    let mut changes = Changes::new();
    ctx.store().add_export(&mut changes, ctx.scope, &export)?;
    let view = ExportView::of(&export, ctx.now);
    let subject = client.map_or_else(|| id.to_string(), |client| format!("{client} {id}"));
    ctx.commit(changes, action, subject, 202, &view).await?;
    Ok(view)
}

/// An export of one's own; once it is ready, with a link to the file. That a link was given goes on the audit trail.
///
/// # Errors
/// [`AppError`].
pub async fn read(ctx: &Ctx, id: ExportId) -> Result<ExportView, AppError> {
    let export = ctx.store().export(ctx.scope, id).await?.ok_or(AppError::NotFound)?;
    let facts = match export.client_id {
        Some(client) => {
            let (client, level) =
                futures::future::try_join(async { Ok(ctx.store().client(ctx.scope, client).await?) }, ctx.level(client)).await?;
            Some(ClientFacts::of(&client.ok_or(AppError::NotFound)?, level))
        }
        None => None,
    };
    ctx.ask(Action::Read, &Resource::Export { by: export.by, of: facts.as_ref() })?;
    let mut view = ExportView::of(&export, ctx.now);
    if let (State::Ready, Some(file)) = (view.state, &export.file) {
        // no link outlives the file
        let left = export.expires_at.and_then(|expires| (expires - ctx.now).to_std().ok()).unwrap_or_default();
        let good_for = LINK_GOOD_FOR.min(left).max(Duration::from_secs(1));
        let url = ctx.app.platform.files.link(&file.key, &file.name, good_for).await?;
        ctx.witness("export.link", id).await?;
        view.url = Some(url);
        // by the clock of this machine, as the signature is: the app's may be moved
        view.url_expires_at = Some(Utc::now() + good_for);
    }
    Ok(view)
}

/// One's own exports of a client's record, newest first.
///
/// # Errors
/// [`AppError`].
pub async fn list(ctx: &Ctx, client: ClientId, page: &Page) -> Result<Paged<ExportView>, AppError> {
    let (client, level) = crate::clients::load(ctx, client).await?;
    ctx.ask(Action::Export, &Resource::Client(&ClientFacts::of(&client, level)))?;
    let list = List::new(ctx, "exports", &client.id);
    let mut after: Option<ExportId> = list.last(page)?.map(|last| last.parse().map_err(|_| AppError::BadCursor)).transpose()?;
    let mut items: Vec<ExportView> = Vec::new();
    loop {
        let (found, more) = ctx.store().exports(ctx.scope, Some(client.id), page.limit.max(50), after).await?;
        after = found.last().map(|last| last.id);
        for export in found.iter().filter(|export| export.by == ctx.viewer.person()) {
            if items.len() == page.limit {
                let next_cursor = items.last().map(|last| list.cursor(&last.id));
                return Ok(Paged { items, next_cursor });
            }
            items.push(ExportView::of(export, ctx.now));
        }
        if !more {
            return Ok(Paged { items, next_cursor: None });
        }
    }
}

/// Looks after an export when its time has come.
pub(crate) async fn wake(app: &App, scope: Scope, id: ExportId, now: DateTime<Utc>) -> Result<bool, AppError> {
    let store = &app.platform.store;
    let Some(mut export) = store.export(scope, id).await? else { return Ok(false) };
    // an export that is queued again is written, and the table's stream puts it into the queue
    Ok(export.wake(now) && store.move_export(scope, &export).await?)
}

/// What became of a message that says that an export was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrote {
    /// The file is there.
    Ready,
    /// There will be none: why is on record.
    Refused,
    /// It came to nothing, and will be tried again.
    Later,
    /// Somebody else writes it, or it is over.
    Nothing,
}

/// Why an attempt ended without a file.
enum Stop {
    /// It would be so at every attempt.
    Refused(String),
    /// Somebody else has taken the export on.
    Lost,
    /// Something failed.
    Failed(AppError),
}

impl<E: Into<AppError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl From<document::WriteError> for AppError {
    fn from(error: document::WriteError) -> Self {
        Self::Fault(error.to_string())
    }
}

/// Writes an export that was asked for, whatever became of earlier attempts: nobody is offered a file that is not whole.
///
/// # Errors
/// [`AppError`] where what became of it could not even be put on record.
pub async fn write(app: &App, scope: Scope, id: ExportId) -> Result<Wrote, AppError> {
    let store = &app.platform.store;
    let Some(mut export) = store.export(scope, id).await? else { return Ok(Wrote::Nothing) };
    match export.claim(app.clock.now()) {
        Claim::Taken => {}
        Claim::Held | Claim::Over => return Ok(Wrote::Nothing),
    }
    if !store.move_export(scope, &export).await? {
        return Ok(Wrote::Nothing);
    }
    let wrote = match attempt(app, scope, &mut export).await {
        Ok(()) => return Ok(Wrote::Ready),
        Err(Stop::Lost) => return Ok(Wrote::Nothing),
        Err(Stop::Refused(reason)) => {
            export.fail(&reason, app.clock.now());
            Wrote::Refused
        }
        Err(Stop::Failed(error)) => {
            tracing::error!(error = %error, attempt = export.attempt, "an attempt at an export failed");
            export.give_back(app.clock.now());
            Wrote::Later
        }
    };
    // who lost it has nothing to say
    Ok(if store.move_export(scope, &export).await? { wrote } else { Wrote::Nothing })
}

async fn attempt(app: &App, scope: Scope, export: &mut Export) -> Result<(), Stop> {
    let files = &app.platform.files;
    if let Some(left) = export.upload.take() {
        // whoever died over it may have completed it and told nobody; what can't be removed now, the bucket's rules remove
        for removed in [files.abort_upload(&left.key, &left.id).await, files.remove(&left.key).await] {
            if let Err(error) = removed {
                tracing::warn!(%error, "what an earlier attempt left stays for now");
            }
        }
    }
    let denied = || Stop::Refused("whoever asked for it may not export it any more".to_owned());
    let viewer = crate::identity::viewer(app, scope, export.by).await?.ok_or_else(denied)?;
    let subject = match export.client_id {
        Some(id) => Some(subject(app, scope, &viewer, id).await?.ok_or_else(denied)?),
        None => None,
    };
    let allowed = match &subject {
        Some((client, level)) => decide(&viewer, Action::Export, &Resource::Client(&ClientFacts::of(client, *level))),
        None => decide(&viewer, Action::Export, &Resource::Account),
    };
    match allowed {
        Decision::Allowed => {}
        Decision::Forbidden | Decision::Hidden => return Err(denied()),
    }
    let mut writing = Writing { app, scope, export, upload: None, parts: Vec::new() };
    let (name, whole) = match &subject {
        Some((client, level)) => record::write(&mut writing, &viewer, client, *level).await?,
        None => account::write(&mut writing, &viewer).await?,
    };
    writing.finish(name, whole).await
}

/// The client, and what the viewer is to them.
async fn subject(app: &App, scope: Scope, viewer: &Viewer, id: ClientId) -> Result<Option<(Client, Level)>, AppError> {
    let store = &app.platform.store;
    let level = match viewer {
        Viewer::Member(member) => store.level(scope, member.id, id).await?,
        Viewer::Client(_) | Viewer::Personnel(_) => Level::None,
    };
    Ok(store.client(scope, id).await?.map(|client| (client, level)))
}

/// An attempt under way: where it writes to, and what it has written.
struct Writing<'a> {
    app: &'a App,
    scope: Scope,
    export: &'a mut Export,
    upload: Option<Upload>,
    parts: Vec<files::Part>,
}

impl Writing<'_> {
    fn store(&self) -> &platform::Store {
        &self.app.platform.store
    }

    /// Begins the upload, and notes where it is, how much there will be, and that the attempt goes on.
    async fn begin(&mut self, total: u64, items: u64) -> Result<(), Stop> {
        let key = files::export_key(self.scope.account(), self.export.id, self.export.attempt);
        let content_type = match self.export.request.format {
            Format::Html => "text/html; charset=utf-8",
            Format::Json => "application/json",
            Format::Csv => "text/csv; charset=utf-8",
        };
        let id = self.app.platform.files.begin_upload(&key, content_type).await?;
        let upload = Upload { key, id };
        self.upload = Some(upload.clone());
        self.export.upload = Some(upload);
        (self.export.total, self.export.items) = (total, items);
        self.note().await
    }

    async fn note(&mut self) -> Result<(), Stop> {
        self.export.note(self.app.clock.now());
        match self.app.platform.store.move_export(self.scope, self.export).await? {
            true => Ok(()),
            false => Err(Stop::Lost),
        }
    }

    /// Notes how much is written, now and then.
    async fn progress(&mut self, done: u64) -> Result<(), Stop> {
        let step = |done: u64| done * NOTES / self.export.total.max(1);
        if step(done) == step(self.export.done) || done >= self.export.total {
            return Ok(());
        }
        self.export.done = done;
        self.note().await
    }

    /// Uploads a part.
    async fn put(&mut self, bytes: Vec<u8>) -> Result<(), Stop> {
        let Some(upload) = &self.upload else { return Err(AppError::Fault("an export without an upload".into()).into()) };
        let number = i32::try_from(self.parts.len() + 1).unwrap_or(i32::MAX);
        self.parts.push(self.app.platform.files.upload_part(&upload.key, &upload.id, number, bytes).await?);
        Ok(())
    }

    /// Makes the object, and only then says that there is one.
    async fn finish(mut self, name: String, whole: document::Whole) -> Result<(), Stop> {
        if !whole.rest.is_empty() || self.parts.is_empty() {
            self.put(whole.rest).await?;
        }
        let Some(Upload { key, id }) = self.upload else { return Err(AppError::Fault("an export without an upload".into()).into()) };
        self.app.platform.files.complete_upload(&key, &id, self.parts).await?;
        self.export.finish(File { key: key.clone(), name, bytes: whole.bytes, sha256: whole.sha256 }, self.app.clock.now());
        match self.app.platform.store.move_export(self.scope, self.export).await? {
            true => Ok(()),
            false => {
                self.app.platform.files.remove(&key).await?;
                Err(Stop::Lost)
            }
        }
    }
}
