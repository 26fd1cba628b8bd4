//! Imports (P-8): files of rows that become clients, programs, engagements, sessions and items, each by the operation that
//! the API has for one, with the rights of whoever sent the file. A row becomes something once, however often it comes.

pub mod rows;

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use domain::access::{Action, Resource};
use domain::check::{self, Check};
use domain::company::Company;
use domain::engagement::{EngagementDraft, Move, SessionDraft, SessionKind};
use domain::id::{ClientId, EngagementId, ImportId, MemberId, ProgramId};
use domain::item::ItemDraft;
use domain::person::{Email, Member, PersonId};
use domain::program::{Program, ProgramDraft};
use domain::sign_in::may_use_keys;
use futures::{FutureExt, StreamExt, TryStreamExt};
use platform::files::import_key;
use platform::store::imports::{BadRow, BadRows, Import, ImportKind, ImportState};
use platform::store::{Changes, Commit, Scope};
use serde::{Deserialize, Serialize};
use ulid::Ulid;
use utoipa::ToSchema;

use crate::clients::ClientDraft;
use crate::page::{List, Page, Paged};
use crate::{App, AppError, Ctx, ImportedRow, clients, engagements, identity, items, programs};
use rows::{Fields, Line, Sheet, Stage, column_of};

/// The most bytes of a file.
pub const FILE_MOST: usize = 4 * 1024 * 1024;
/// How many rows are gone through before it is written down how far it went.
const CHUNK: usize = 100;
/// How many rows are gone through at once.
const AT_ONCE: usize = 8;
/// For how long nobody else goes on with an import after its progress was last written down.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// For how long an import waits in the queue before it is put there once more.
const IN_QUEUE: TimeDelta = TimeDelta::minutes(15);
/// For how long an import can be looked at.
const KEPT: TimeDelta = TimeDelta::days(90);
/// How often a row is tried while others change what it is about.
const ATTEMPTS: usize = 3;
/// How often an import is gone on with without getting any further.
const ATTEMPTS_MOST: u32 = 20;
/// The most bad rows that are told together with the import.
const BAD_ROWS_TOLD: usize = 5_000;

const NO_CLIENT: &str = "there is no such client";
const NO_ENGAGEMENT: &str = "there is no such engagement";
const NOT_THE_CLIENTS: &str = "there is no such engagement of this client";

/// A file to import.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ImportDraft {
    /// What its rows are; needed.
    #[schema(required = true)]
    pub kind: Option<ImportKind>,
    /// Whether only to say what would be done, and which rows are bad.
    pub dry_run: bool,
    /// The file: UTF-8, its first row names the columns; at most 4 MiB and 20,000 rows.
    pub csv: String,
}

/// An import, and how far it is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImportView {
    /// Id.
    pub id: ImportId,
    /// What its rows are.
    pub kind: ImportKind,
    /// Whether it only says what it would do.
    pub dry_run: bool,
    /// How far it is.
    pub state: ImportState,
    /// Why it failed.
    pub reason: Option<String>,
    /// How many rows the file has.
    pub rows: u64,
    /// How many of them were looked at.
    pub rows_done: u64,
    /// How many were added, or would be.
    pub added: u64,
    /// How many were there already, from an import before.
    pub already_there: u64,
    /// How many are bad.
    pub bad: u64,
    /// What is wrong with them, in the order of the file: the first 5,000 faults. All of them are listed at
    /// `/v1/imports/{id}/bad-rows`.
    pub bad_rows: Vec<BadRow>,
    /// When it was asked for.
    pub created_at: chrono::DateTime<chrono::Utc>,
    /// When it was last gone on with.
    pub updated_at: chrono::DateTime<chrono::Utc>,
    /// Counts changes, from 1.
    pub version: u64,
}

/// How an import stands after somebody went on with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// Every row was looked at, or it failed for good.
    Over,
    /// There is more to do.
    More,
    /// Somebody else goes on with it.
    Taken,
}

/// Takes a file, and goes through its rows for as long as `budget` lasts; what is left is gone on with by [`go_on`].
///
/// # Errors
/// [`AppError`]; a file that is none of its kind is refused as a whole.
pub async fn create(ctx: &Ctx, draft: &ImportDraft, budget: Duration) -> Result<ImportView, AppError> {
    let until = Instant::now() + budget;
    ctx.ask(Action::Write, &Resource::Clients)?;
    let mut check = Check::default();
    let kind = check.take("kind", draft.kind.ok_or("is needed: clients, programs, engagements, sessions or items"));
    check.that(draft.csv.len() <= FILE_MOST, "csv", "has more than 4 MiB; cut it into several files");
    let kind = check.done_with(kind)?;
    let rows = u64::try_from(rows::read(kind, &draft.csv)?.rows.len()).unwrap_or(u64::MAX);
    let id = ImportId(ctx.new_id());
    let import = Import {
        id,
        kind,
        dry_run: draft.dry_run,
        state: ImportState::Running,
        reason: None,
        rows,
        rows_done: 0,
        added: 0,
        already_there: 0,
        bad: 0,
        attempts: 0,
        person: ctx.viewer.person(),
        wake_at: Some(ctx.now + LEASE),
        created_at: ctx.now,
        updated_at: ctx.now,
        version: 1,
        expires: (ctx.now + KEPT).timestamp(),
    };
    let key = import_key(ctx.account.id, id);
    ctx.app.platform.files.put(&key, "text/csv; charset=utf-8", draft.csv.clone().into_bytes()).await?;
    let mut changes = Changes::new();
    ctx.store().add_import(&mut changes, ctx.scope, &import)?;
    ctx.commit(changes, "import.create", id, 202, &view(&import, Vec::new())).await?;
    run(&ctx.app, ctx.scope, import, until).await?;
    read(ctx, id).await
}

/// One's own import.
///
/// # Errors
/// [`AppError::NotFound`].
pub async fn read(ctx: &Ctx, id: ImportId) -> Result<ImportView, AppError> {
    let (import, mut bad) = load(ctx, id).await?;
    bad.truncate(BAD_ROWS_TOLD);
    Ok(view(&import, bad))
}

async fn load(ctx: &Ctx, id: ImportId) -> Result<(Import, Vec<BadRow>), AppError> {
    let import = ctx.store().import(ctx.scope, id).await?.ok_or(AppError::NotFound)?;
    if import.person != ctx.viewer.person() {
        return Err(AppError::Hidden);
    }
    let bad = if import.bad == 0 { Vec::new() } else { ctx.store().bad_rows(ctx.scope, id).await? };
    Ok((import, bad))
}

/// Everything that is wrong with the rows of one's own import, in the order of the file.
///
/// # Errors
/// [`AppError::NotFound`].
pub async fn bad_rows(ctx: &Ctx, id: ImportId, page: &Page) -> Result<Paged<BadRow>, AppError> {
    let (_, bad) = load(ctx, id).await?;
    let numbered = bad.into_iter().enumerate();
    let Paged { items, next_cursor } = List::new(ctx, "bad-rows", &id).cut(numbered, page, |(n, _)| format!("{n:06}"))?;
    Ok(Paged { items: items.into_iter().map(|(_, row)| row).collect(), next_cursor })
}

fn view(import: &Import, bad_rows: Vec<BadRow>) -> ImportView {
    ImportView {
        id: import.id,
        kind: import.kind,
        dry_run: import.dry_run,
        state: import.state,
        reason: import.reason.clone(),
        rows: import.rows,
        rows_done: import.rows_done,
        added: import.added,
        already_there: import.already_there,
        bad: import.bad,
        bad_rows,
        created_at: import.created_at,
        updated_at: import.updated_at,
        version: import.version,
    }
}

/// Goes on with an import where it was left, for as long as `budget` lasts.
///
/// # Errors
/// What AWS answers; the import stays as it was last written down, and can be gone on with.
pub async fn go_on(app: &App, scope: Scope, id: ImportId, budget: Duration) -> Result<Stands, AppError> {
    let until = Instant::now() + budget;
    let store = &app.platform.store;
    let Some(before) = store.import(scope, id).await? else { return Ok(Stands::Over) };
    let now = app.clock.now();
    match before.state {
        ImportState::Done | ImportState::Failed => return Ok(Stands::Over),
        ImportState::Running if before.wake_at.is_some_and(|until| until > now) => return Ok(Stands::Taken),
        ImportState::Queued | ImportState::Running => {}
    }
    if before.attempts >= ATTEMPTS_MOST {
        let reason = format!("it did not get past row {}; send the rest as a file of its own", before.rows_done + 1);
        let mut failed = Import { state: ImportState::Failed, reason: Some(reason), wake_at: None, ..before };
        return save(app, scope, &mut failed, None).await;
    }
    let (attempts, version) = (before.attempts + 1, before.version + 1);
    let import = Import { state: ImportState::Running, wake_at: Some(now + LEASE), attempts, version, ..before };
    let mut changes = Changes::new();
    store.replace_import(&mut changes, scope, &import)?;
    match store.commit(changes).await? {
        Commit::Done => run(app, scope, import, until).await,
        Commit::Unmet(_) => Ok(Stands::Taken),
    }
}

/// Looks after an import when its time has come: whoever went on with it died over it, or the queue lost it.
pub(crate) async fn wake(app: &App, scope: Scope, id: ImportId, now: chrono::DateTime<chrono::Utc>) -> Result<bool, AppError> {
    let store = &app.platform.store;
    let Some(before) = store.import(scope, id).await?.filter(|import| import.wake_at.is_some_and(|at| at <= now)) else {
        return Ok(false);
    };
    // written in this state, the table's stream puts it into the queue
    let import = Import { state: ImportState::Queued, wake_at: Some(now + IN_QUEUE), version: before.version + 1, ..before };
    let mut changes = Changes::new();
    store.replace_import(&mut changes, scope, &import)?;
    Ok(store.commit(changes).await?.is_done())
}

/// Goes through the rows of an import that is ours to go on with.
async fn run(app: &App, scope: Scope, mut import: Import, until: Instant) -> Result<Stands, AppError> {
    let run = match Run::begin(app, scope, &import).await? {
        Ok(run) => run,
        Err(reason) => {
            import = Import { state: ImportState::Failed, reason: Some(reason), wake_at: None, ..import };
            return save(app, scope, &mut import, None).await;
        }
    };
    loop {
        let first = usize::try_from(import.rows_done).unwrap_or(usize::MAX);
        let rows = run.sheet.rows.iter().skip(first).take(CHUNK).collect::<Vec<_>>();
        let mut bad: Vec<BadRow> = Vec::new();
        let mut groups: BTreeMap<String, Vec<&Line>> = BTreeMap::new();
        for row in &rows {
            match row {
                Ok(line) => groups.entry(line.about()).or_default().push(line),
                Err(none) => bad.push(none.clone()),
            }
        }
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        import.bad += count(bad.len());
        let each: Vec<_> = groups.into_values().map(|lines| run.each(lines).boxed()).collect();
        let outcomes: Vec<Vec<(u64, Outcome)>> = futures::stream::iter(each).buffer_unordered(AT_ONCE).try_collect().await?;
        for (line, outcome) in outcomes.into_iter().flatten() {
            match outcome {
                Outcome::Added => import.added += 1,
                Outcome::AlreadyThere => import.already_there += 1,
                Outcome::Bad(faults) => {
                    import.bad += 1;
                    bad.extend(faults.into_iter().map(|(column, message)| BadRow { line, column, message }));
                }
            }
        }
        bad.sort_by_key(|row| row.line);
        import.rows_done += count(rows.len());
        import.attempts = 0;
        let is_over = run.sheet.rows.len() <= first + rows.len();
        let is_late = Instant::now() >= until;
        (import.state, import.wake_at) = match (is_over, is_late) {
            (true, _) => (ImportState::Done, None),
            (false, true) => (ImportState::Queued, Some(app.clock.now() + IN_QUEUE)),
            (false, false) => (ImportState::Running, Some(app.clock.now() + LEASE)),
        };
        let bad = BadRows { rows: bad, expires: import.expires };
        let stands = save(app, scope, &mut import, Some((count(first), bad))).await?;
        if is_over || is_late || stands == Stands::Taken {
            return Ok(stands);
        }
    }
}

/// Writes down how far an import is.
async fn save(app: &App, scope: Scope, import: &mut Import, bad: Option<(u64, BadRows)>) -> Result<Stands, AppError> {
    let store = &app.platform.store;
    import.version += 1;
    import.updated_at = app.clock.now();
    let mut changes = Changes::new();
    store.replace_import(&mut changes, scope, import)?;
    if let Some((first, bad)) = bad.filter(|(_, bad)| !bad.rows.is_empty()) {
        store.put_bad_rows(&mut changes, scope, import.id, first, &bad)?;
    }
    Ok(match (store.commit(changes).await?, import.state) {
        (Commit::Unmet(_), _) => Stands::Taken,
        (Commit::Done, ImportState::Done | ImportState::Failed) => Stands::Over,
        (Commit::Done, ImportState::Queued | ImportState::Running) => Stands::More,
    })
}

/// What became of a row.
enum Outcome {
    Added,
    AlreadyThere,
    /// What is wrong with it, by column.
    Bad(Vec<(Option<String>, String)>),
}

impl Line {
    /// What the row is about: rows about the same are gone through one after the other.
    fn about(&self) -> String {
        let named = ["engagement", "client"].iter().find_map(|column| self.values.get(column));
        named.map_or_else(|| format!("line {}", self.line), |named| format!("of {}", named.to_lowercase()))
    }
}

/// A file that is gone through, and what its rows may name.
struct Run {
    ctx: Ctx,
    import: ImportId,
    kind: ImportKind,
    is_trial: bool,
    sheet: Sheet,
    members: Vec<Member>,
    companies: Vec<Company>,
    programs: Vec<Program>,
    /// The line on which each client's address stands first.
    addresses: HashMap<String, u64>,
}

impl Run {
    /// Reads what is needed; or says why the import can't be gone through.
    async fn begin(app: &App, scope: Scope, import: &Import) -> Result<Result<Self, String>, AppError> {
        let store = &app.platform.store;
        let most = u64::try_from(FILE_MOST).unwrap_or(u64::MAX);
        let Some(file) = app.platform.files.get(&import_key(scope.account(), import.id), most, 0).await? else {
            return Ok(Err("the file is not kept any more; send it again".into()));
        };
        let sheet = match rows::read(import.kind, &String::from_utf8_lossy(&file.bytes)) {
            Ok(sheet) => sheet,
            Err(invalid) => return Ok(Err(invalid.to_string())),
        };
        let (account, viewer) = futures::future::try_join(store.account(scope), identity::viewer(app, scope, import.person)).await?;
        let Some((account, viewer)) = account.zip(viewer) else { return Ok(Err("whoever sent the file is not here any more".into())) };
        if !may_use_keys(&viewer) {
            return Ok(Err("whoever sent the file is deactivated".into()));
        }
        let (members, companies, programs) =
            futures::future::try_join3(store.members(scope), store.companies(scope), store.programs(scope)).await?;
        let mut addresses = HashMap::new();
        for line in sheet.rows.iter().flatten() {
            if let Some(email) = line.values.get("email") {
                addresses.entry(email.to_lowercase()).or_insert(line.line);
            }
        }
        let ctx = Ctx { app: app.clone(), scope, account: account.into(), viewer, now: app.clock.now(), once: None, row: None };
        let (kind, is_trial) = (import.kind, import.dry_run);
        Ok(Ok(Self { ctx, import: import.id, kind, is_trial, sheet, members, companies, programs, addresses }))
    }

    /// Goes through rows, one after the other.
    async fn each(&self, lines: Vec<&Line>) -> Result<Vec<(u64, Outcome)>, AppError> {
        let mut outcomes = Vec::with_capacity(lines.len());
        for line in lines {
            outcomes.push((line.line, self.one(line).await?));
        }
        Ok(outcomes)
    }

    /// What became of a row before: this import added it, when it was cut off before that was written down, or another one.
    async fn known(&self, row: &ImportedRow) -> Result<Option<Outcome>, AppError> {
        let became = self.ctx.store().imported(self.ctx.scope, row.kind, &row.key).await?;
        Ok(became.map(|became| if became.import == Some(self.import) { Outcome::Added } else { Outcome::AlreadyThere }))
    }

    async fn one(&self, line: &Line) -> Result<Outcome, AppError> {
        let row = ImportedRow { import: self.import, kind: self.kind, key: line.key.clone(), is_trial: self.is_trial };
        if let Some(known) = self.known(&row).await? {
            return Ok(known);
        }
        let mut fields = Fields::new(line);
        let asked = self.read(line, &mut fields).await?;
        let mut faults: Vec<(Option<String>, String)> = match fields.check.done(()) {
            Ok(()) => Vec::new(),
            Err(invalid) => invalid.errors.into_iter().map(|error| (Some(column_of(&error.field)), error.message)).collect(),
        };
        // what can't be added is tried all the same, so that everything is named that is wrong with it
        let row = ImportedRow { is_trial: row.is_trial || !faults.is_empty(), ..row };
        let mut attempt = 1;
        loop {
            let ctx = Ctx { now: self.ctx.app.clock.now(), row: Some(row.clone()), ..self.ctx.clone() };
            let more = match Box::pin(add(&ctx, &asked)).await {
                Ok(()) if faults.is_empty() => return Ok(Outcome::Added),
                Ok(()) => Vec::new(),
                Err(AppError::Repeated) => return Ok(self.known(&row).await?.unwrap_or(Outcome::AlreadyThere)),
                Err(AppError::Conflict { code: "changed_meanwhile", .. } | AppError::Stale) if attempt < ATTEMPTS => {
                    attempt += 1;
                    continue;
                }
                Err(AppError::Invalid(invalid)) => {
                    invalid.errors.into_iter().map(|error| (Some(column_of(&error.field)), error.message)).collect()
                }
                // who may not know of it reads what is said of what is not there
                Err(AppError::NotFound | AppError::Hidden) => vec![match self.kind {
                    ImportKind::Sessions => (Some("engagement".into()), NO_ENGAGEMENT.into()),
                    ImportKind::Clients | ImportKind::Programs | ImportKind::Engagements | ImportKind::Items => {
                        (Some("client".into()), NO_CLIENT.into())
                    }
                }],
                Err(error @ (AppError::Forbidden(_) | AppError::Conflict { .. } | AppError::Stale)) => vec![(None, error.to_string())],
                Err(
                    error @ (AppError::BadCursor | AppError::Store(_) | AppError::Schedule(_) | AppError::Files(_) | AppError::Fault(_)),
                ) => return Err(error),
            };
            for (column, message) in more {
                if !faults.iter().any(|(known, _)| *known == column) {
                    faults.push((column, message));
                }
            }
            return Ok(Outcome::Bad(faults));
        }
    }

    /// What a row asks for; what is wrong with it is noted in its fields.
    async fn read(&self, line: &Line, fields: &mut Fields<'_>) -> Result<Asked, AppError> {
        Ok(match self.kind {
            ImportKind::Clients => Asked::Client(self.client(line, fields).await?),
            ImportKind::Programs => Asked::Program(fields.program_draft()),
            ImportKind::Engagements => {
                let draft = fields.engagement_draft();
                let moves: &[Move] = match fields.stage() {
                    Stage::Draft => &[],
                    Stage::Active => &[Move::Activate],
                    Stage::Completed => &[Move::Activate, Move::Complete],
                };
                let draft = EngagementDraft {
                    client_id: self.client_named(fields).await?,
                    program_id: self.program_named(fields).await?,
                    coach_id: self.member_named("coach", fields),
                    ..draft
                };
                Asked::Engagement(draft, moves)
            }
            ImportKind::Sessions => {
                let (kind, draft) = fields.session_draft();
                let draft = SessionDraft { coach_id: self.member_named("coach", fields), ..draft };
                let engagement = self.engagement_named(fields, NO_ENGAGEMENT).await?;
                if fields.text("engagement").is_none() {
                    fields.check.fault("engagement", "is needed: the key or id of an engagement");
                }
                Asked::Session(engagement, kind, draft)
            }
            ImportKind::Items => {
                let engagement_id = self.engagement_named(fields, NOT_THE_CLIENTS).await?;
                let draft = ItemDraft { engagement_id, ..fields.item_draft() };
                let client = self.client_named(fields).await?;
                if fields.text("client").is_none() {
                    fields.check.fault("client", "is needed: the key, address or id of a client");
                }
                Asked::Item(client, draft)
            }
        })
    }

    async fn client(&self, line: &Line, fields: &mut Fields<'_>) -> Result<ClientDraft, AppError> {
        let mut draft = fields.client_draft();
        draft.primary_id = self.member_named("primary", fields);
        draft.company_id = self.company_named(fields);
        if let Some(email) = &draft.email {
            let first = self.addresses.get(&email.to_lowercase()).copied().unwrap_or(line.line);
            if first < line.line {
                fields.check.fault("email", format!("is the address of line {first} too"));
            } else if self.is_trial && by_email(&self.ctx, email).await?.is_some() {
                fields.check.fault("email", AppError::email_taken().to_string().trim_start_matches("email: "));
            }
        }
        Ok(draft)
    }

    fn member_named(&self, column: &str, fields: &mut Fields<'_>) -> Option<MemberId> {
        let named = fields.text(column)?;
        let known = self.members.iter().find(|member| member.id.to_string() == named || member.email.as_str().eq_ignore_ascii_case(&named));
        fields.check.take(column, known.map(|member| member.id).ok_or("there is no member of this address or id"))
    }

    fn company_named(&self, fields: &mut Fields<'_>) -> Option<String> {
        let named = fields.text("company")?;
        let mut known = self.companies.iter().filter(|company| company.id.to_string() == named || same(&company.name, &named));
        let found = match (known.next(), known.next()) {
            (Some(company), None) => Ok(company.id.to_string()),
            (Some(_), Some(_)) => Err("is the name of several companies; give the id"),
            (None, _) => Err("there is no company of this name or id"),
        };
        fields.check.take("company", found)
    }

    async fn program_named(&self, fields: &mut Fields<'_>) -> Result<Option<ProgramId>, AppError> {
        let Some(named) = fields.text("program") else { return Ok(None) };
        if let Some(id) = imported(&self.ctx, ImportKind::Programs, &named).await? {
            return Ok(Some(ProgramId(id)));
        }
        let mut known = self.programs.iter().filter(|program| program.id.to_string() == named || same(&program.name, &named));
        let found = match (known.next(), known.next()) {
            (Some(program), None) => Ok(program.id),
            (Some(_), Some(_)) => Err("is the name of several programs; give the key or id"),
            (None, _) => Err("there is no program of this key, name or id"),
        };
        Ok(fields.check.take("program", found))
    }

    async fn client_named(&self, fields: &mut Fields<'_>) -> Result<Option<ClientId>, AppError> {
        let Some(named) = fields.text("client") else { return Ok(None) };
        if let Some(id) = imported(&self.ctx, ImportKind::Clients, &named).await? {
            return Ok(Some(ClientId(id)));
        }
        if let Some(id) = by_email(&self.ctx, &named).await? {
            return Ok(Some(id));
        }
        Ok(fields.check.take("client", named.parse().map_err(|_| NO_CLIENT)))
    }

    async fn engagement_named(&self, fields: &mut Fields<'_>, otherwise: &str) -> Result<Option<EngagementId>, AppError> {
        let Some(named) = fields.text("engagement") else { return Ok(None) };
        if let Some(id) = imported(&self.ctx, ImportKind::Engagements, &named).await? {
            return Ok(Some(EngagementId(id)));
        }
        Ok(fields.check.take("engagement", named.parse().map_err(|_| otherwise)))
    }
}

/// What a row asks for: what the API would be sent.
enum Asked {
    Client(ClientDraft),
    Program(ProgramDraft),
    Engagement(EngagementDraft, &'static [Move]),
    Session(Option<EngagementId>, SessionKind, SessionDraft),
    Item(Option<ClientId>, ItemDraft),
}

/// Adds what is asked for, as the API would.
async fn add(ctx: &Ctx, asked: &Asked) -> Result<(), AppError> {
    match asked {
        Asked::Client(draft) => clients::create(ctx, draft).await.map(|_| ()),
        Asked::Program(draft) => programs::create(ctx, draft).await.map(|_| ()),
        Asked::Engagement(draft, moves) => engagements::create_at(ctx, draft, moves).await.map(|_| ()),
        Asked::Session(Some(engagement), kind, draft) => engagements::add_session(ctx, *engagement, *kind, draft).await.map(|_| ()),
        Asked::Item(Some(client), draft) => items::create(ctx, (*client).into(), draft).await.map(|_| ()),
        // whatever it is of is not there, which is noted already
        Asked::Session(None, ..) | Asked::Item(None, _) => Ok(()),
    }
}

fn same(one: &str, other: &str) -> bool {
    check::fold(one.trim()) == check::fold(other.trim())
}

/// What the row of a key became.
async fn imported(ctx: &Ctx, kind: ImportKind, key: &str) -> Result<Option<Ulid>, AppError> {
    // longer than a key can be, as what stands in a wrong column often is
    if key.chars().count() > rows::KEY_MOST {
        return Ok(None);
    }
    Ok(ctx.store().imported(ctx.scope, kind, &format!("={key}")).await?.map(|became| became.became))
}

/// The client of an address.
async fn by_email(ctx: &Ctx, address: &str) -> Result<Option<ClientId>, AppError> {
    let Ok(email) = Email::parse(address) else { return Ok(None) };
    let uses = ctx.store().by_email(&email).await?;
    Ok(uses.into_iter().filter(|used| used.account_id == ctx.account.id).find_map(|used| match used.person {
        PersonId::Client(id) => Some(id),
        PersonId::Member(_) | PersonId::Personnel(_) => None,
    }))
}
