//! Happenings Reports: set up, changed, paused, previewed, sent now, and what became of their runs.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::access::{Action, ClientFacts, Resource, decide};
use domain::account::Feature;
use domain::check::Invalid;
use domain::delivery::{Delivery, Mail, to_member};
use domain::id::{ClientId, DeliveryId, MemberId, ReportId, RunId};
use domain::item::ItemKind;
use domain::person::{Member, Permission};
use domain::report::{AudienceKind, Definition, Paused, Report, ReportDraft, ScopeKind, Surroundings, window};
use domain::run::{Cause, Outcome, Run, Stage, outcome};
use domain::schedule::Schedule;
use platform::store::reports::Progress;
use platform::store::{Changes, Commit, Scope};
use serde::{Deserialize, Serialize};
use ulid::Ulid;
use utoipa::ToSchema;

use crate::page::{List, Page, Paged};
use crate::token::Unsubscribe;
use crate::{App, AppError, Ctx, deliveries, runs};

/// How many coming runs a report shows.
const NEXT_RUNS: usize = 5;
/// How many deliveries a run in a list shows.
const LISTED: usize = 50;
/// How many deliveries a run shows.
const SHOWN: usize = 1_000;

/// A report as its owner sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReportView {
    /// The report.
    #[serde(flatten)]
    pub report: Report,
    /// Whether it is paused.
    pub paused: bool,
    /// The schedule in words.
    pub schedule_in_words: String,
    /// The next five runs.
    pub next_runs: Vec<DateTime<Utc>>,
    /// The last run.
    pub last_run: Option<LastRun>,
}

/// The last run of a report, in short.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LastRun {
    /// Its id: GET /v1/runs/{id}.
    pub id: RunId,
    /// The instant it was scheduled for.
    pub scheduled_at: DateTime<Utc>,
}

/// A run as the report's owner sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RunView {
    /// The run.
    #[serde(flatten)]
    pub run: Run,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, if it sent nothing.
    pub reason: Option<String>,
    /// What became of each of its mails; the first thousand.
    pub deliveries: Vec<DeliveryView>,
}

/// What became of one mail.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeliveryView {
    /// Id.
    pub id: DeliveryId,
    /// The recipient's address.
    pub recipient: String,
    /// Their name, if known.
    pub name: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why.
    pub reason: Option<String>,
    /// Since when.
    pub at: DateTime<Utc>,
}

fn delivery_view(delivery: &Delivery) -> DeliveryView {
    DeliveryView {
        id: delivery.id.clone(),
        recipient: delivery.recipient.email.as_str().to_owned(),
        name: delivery.recipient.name.clone(),
        outcome: delivery.outcome(),
        reason: delivery.reason.clone(),
        at: delivery.at,
    }
}

/// What an account may choose for a report.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Options {
    /// Ways to choose clients.
    pub scopes: Vec<ScopeKind>,
    /// Kinds of recipient.
    pub audiences: Vec<AudienceKind>,
    /// Which kinds of recipient go with which scope.
    #[schema(value_type = std::collections::HashMap<String, Vec<AudienceKind>>)]
    pub audiences_by_scope: BTreeMap<ScopeKind, Vec<AudienceKind>>,
    /// Kinds of item.
    pub kinds: Vec<ItemKind>,
    /// The groups one may choose.
    pub groups: Vec<Choice>,
    /// The companies one may choose.
    pub companies: Vec<Choice>,
    /// The personnel one may choose.
    pub personnel: Vec<Choice>,
}

/// Something to choose.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Choice {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
}

/// A preview that is asked for: a report, and the recipient whose mail to show.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct PreviewDraft {
    /// The report.
    #[serde(flatten)]
    pub report: ReportDraft,
    /// The recipient: an address, or the id of a person. The first recipient if left out.
    #[serde(default, rename = "as")]
    pub recipient: Option<String>,
}

/// A mail as one recipient would get it now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Preview {
    /// Whose mail it is: the address.
    pub recipient: String,
    /// Subject.
    pub subject: String,
    /// HTML, with its pictures inside.
    pub html: String,
    /// Text.
    pub text: String,
}

/// The member who asks; reports belong to members.
fn member(ctx: &Ctx) -> Result<&Member, AppError> {
    ctx.viewer.member().ok_or(AppError::NotFound)
}

async fn load(ctx: &Ctx, id: ReportId) -> Result<Report, AppError> {
    let report = ctx.store().report(ctx.scope, id).await?.ok_or(AppError::NotFound)?;
    ctx.ask(Action::Read, &Resource::Report(report.creator_id))?;
    Ok(report)
}

/// What the account has that a report may name, seen by the report's creator.
async fn surroundings(ctx: &Ctx, draft: &ReportDraft) -> Result<Surroundings, AppError> {
    let store = ctx.store();
    let ((companies, personnel), members) = futures::future::try_join(
        futures::future::try_join(store.companies(ctx.scope), store.personnel(ctx.scope)),
        store.members(ctx.scope),
    )
    .await?;
    let named: BTreeSet<Ulid> = draft
        .scope
        .iter()
        .filter(|scope| scope.kind == "selected" && scope.ids.len() <= domain::report::NAMED_MOST)
        .flat_map(|scope| scope.ids.iter().filter_map(|id| Ulid::from_string(id).ok()))
        .collect();
    let clients = crate::clients::visible(ctx, named.into_iter().map(ClientId).collect()).await?;
    let groups = match draft.scope.as_ref().is_some_and(|scope| scope.kind == "groups") {
        true => crate::groups::visible(ctx).await?,
        false => Vec::new(),
    };
    Ok(Surroundings {
        features: ctx.account.features,
        companies: companies.into_iter().map(|company| company.id).collect(),
        groups: groups.into_iter().map(|group| group.id.0).collect(),
        personnel: personnel.into_iter().filter(|person| person.active).map(|person| (person.id, person.company_id)).collect(),
        members: members.into_iter().filter(|member| member.active).map(|member| member.id).collect(),
        visible_clients: clients.into_keys().map(|id| id.0).collect(),
    })
}

/// A report that leaves the house needs the right to it on every client it covers today.
async fn may_report(ctx: &Ctx, creator: &Member, definition: &Definition) -> Result<(), AppError> {
    let kind = definition.audience.kind;
    if kind == AudienceKind::Coach || creator.may(Permission::ReportToThirdParties) {
        return Ok(());
    }
    let to_self = Definition {
        audience: domain::report::Audience { kind: AudienceKind::Coach, emails: Vec::new(), ids: BTreeSet::new() },
        ..definition.clone()
    };
    let covered = runs::resolve(&ctx.app, ctx.scope, &ctx.account, &to_self, creator, None).await?;
    let viewer = domain::access::Viewer::Member(creator.clone());
    let may = |resource: &Resource<'_>| decide(&viewer, Action::Report(kind), resource).is_allowed();
    let clients = covered.clients().iter().all(|(client, level)| may(&Resource::Client(&ClientFacts::of(client, *level))));
    let allowed = clients && covered.groups().iter().all(|shared| may(&Resource::GroupRecord(&shared.creator)));
    if allowed { Ok(()) } else { Err(AppError::forbidden(Action::Report(kind))) }
}

async fn view(ctx: &Ctx, report: Report) -> Result<ReportView, AppError> {
    let progress = ctx.store().progress(ctx.scope, report.id, None).await?;
    shown(ctx, report, &progress).await
}

async fn shown(ctx: &Ctx, report: Report, progress: &Progress) -> Result<ReportView, AppError> {
    let definition = &report.definition;
    let next_runs = match (&report.paused_because, &definition.schedule) {
        (Some(_), _) => Vec::new(),
        (None, Schedule::Appointment { minutes_before }) => {
            let until = ctx.now + chrono::Duration::days(400);
            let coming = runs::upcoming(&ctx.app, ctx.scope, &report, ctx.now, until, NEXT_RUNS).await?;
            coming.into_iter().map(|(starts_at, ..)| runs::fires_at(starts_at, *minutes_before)).collect()
        }
        (None, schedule) => schedule.next_runs(definition.time_zone, ctx.now, NEXT_RUNS),
    };
    let last_run = match &definition.schedule {
        // how far it has got is kept for each client
        Schedule::Appointment { .. } => ctx.store().runs_page(ctx.scope, report.id, 1, None).await?.0.first().map(|run| run.id),
        Schedule::Day { .. } | Schedule::Week { .. } | Schedule::Month { .. } => progress.last_run,
    };
    let last_run = last_run.map(|id| LastRun { id, scheduled_at: scheduled_at(id) });
    Ok(ReportView { paused: report.paused_because.is_some(), schedule_in_words: definition.schedule.words(), next_runs, last_run, report })
}

/// A run's id begins with the instant it was scheduled for.
fn scheduled_at(id: RunId) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(i64::try_from(id.0.timestamp_ms()).unwrap_or_default()).unwrap_or_default()
}

/// The reports the viewer may see, in the order they were set up.
///
/// # Errors
/// [`AppError`].
pub async fn list(ctx: &Ctx, page: &Page) -> Result<Paged<ReportView>, AppError> {
    ctx.ask(Action::Read, &Resource::Reports)?;
    let reports = ctx.store().reports(ctx.scope).await?;
    let seen = reports.into_iter().filter(|report| decide(&ctx.viewer, Action::Read, &Resource::Report(report.creator_id)).is_allowed());
    let Paged { items, next_cursor } = List::new(ctx, "reports", &()).cut(seen, page, |report| report.id)?;
    let ids: Vec<ReportId> = items.iter().map(|report| report.id).collect();
    let progress: BTreeMap<ReportId, Progress> = ctx.store().progress_of(ctx.scope, &ids).await?.into_iter().collect();
    let mut views = Vec::with_capacity(items.len());
    for report in items {
        let progress = progress.get(&report.id).cloned().unwrap_or_default();
        views.push(shown(ctx, report, &progress).await?);
    }
    Ok(Paged { items: views, next_cursor })
}

/// A report.
///
/// # Errors
/// [`AppError`].
pub async fn read(ctx: &Ctx, id: ReportId) -> Result<ReportView, AppError> {
    view(ctx, load(ctx, id).await?).await
}

/// Sets up a report; it belongs to whoever sets it up.
///
/// # Errors
/// [`AppError`].
pub async fn create(ctx: &Ctx, draft: &ReportDraft) -> Result<ReportView, AppError> {
    ctx.ask(Action::Write, &Resource::Reports)?;
    let creator = member(ctx)?;
    let definition = draft.read(None, creator.time_zone, &surroundings(ctx, draft).await?, ctx.now)?;
    may_report(ctx, creator, &definition).await?;
    let report = Report {
        id: ReportId(ctx.new_id()),
        creator_id: creator.id,
        definition,
        paused_because: None,
        revision: 1,
        scheduled_since: ctx.now,
        created_at: ctx.now,
        updated_at: ctx.now,
        version: 1,
    };
    let mut changes = Changes::new();
    ctx.store().add_report(&mut changes, ctx.scope, &report)?;
    ctx.store().set_next_run(&mut changes, ctx.scope, report.id, runs::wheel(&report, ctx.now))?;
    let view = shown(ctx, report, &Progress::default()).await?;
    ctx.commit(changes, "report.create", view.report.id, 201, &view).await?;
    runs::project(&ctx.app, ctx.scope, &view.report, ctx.now).await;
    Ok(view)
}

/// Changes a report. It is checked as if its creator set it up anew.
///
/// # Errors
/// [`AppError`].
pub async fn update(ctx: &Ctx, id: ReportId, draft: &ReportDraft, expected: Option<u64>) -> Result<ReportView, AppError> {
    let before = load(ctx, id).await?;
    Ctx::matches(expected, before.version)?;
    let creator = ctx.store().member(ctx.scope, before.creator_id).await?.ok_or(AppError::NotFound)?;
    let as_creator = Ctx { viewer: domain::access::Viewer::Member(creator.clone()), ..ctx.clone() };
    let definition = draft.read(Some(&before.definition), creator.time_zone, &surroundings(&as_creator, draft).await?, ctx.now)?;
    may_report(ctx, &creator, &definition).await?;
    if definition == before.definition {
        return view(ctx, before).await;
    }
    let moved = definition.schedule != before.definition.schedule || definition.time_zone != before.definition.time_zone;
    let mut report = Report { definition, updated_at: ctx.now, version: before.version + 1, ..before };
    if moved {
        (report.revision, report.scheduled_since) = (before.revision + 1, ctx.now);
    }
    save(ctx, report, "report.update", 200, moved).await
}

async fn save(ctx: &Ctx, report: Report, action: &str, status: u16, moved: bool) -> Result<ReportView, AppError> {
    let mut changes = Changes::new();
    ctx.store().replace_report(&mut changes, ctx.scope, &report)?;
    if moved {
        ctx.store().set_next_run(&mut changes, ctx.scope, report.id, runs::wheel(&report, ctx.now))?;
    }
    let view = view(ctx, report).await?;
    ctx.commit(changes, action, view.report.id, status, &view).await?;
    if moved {
        runs::project(&ctx.app, ctx.scope, &view.report, ctx.now).await;
    }
    Ok(view)
}

/// Pauses a report: it runs no more until it is resumed.
///
/// # Errors
/// [`AppError`].
pub async fn pause(ctx: &Ctx, id: ReportId) -> Result<ReportView, AppError> {
    set_paused(ctx, id, Some(Paused::ByPerson), "report.pause").await
}

/// Resumes a report. Its next window begins where the last run's ended.
///
/// # Errors
/// [`AppError`]; a conflict while its creator is deactivated.
pub async fn resume(ctx: &Ctx, id: ReportId) -> Result<ReportView, AppError> {
    let report = load(ctx, id).await?;
    let creator = ctx.store().member(ctx.scope, report.creator_id).await?;
    if !creator.is_some_and(|creator| creator.active) {
        return Err(AppError::conflict(
            "creator_deactivated",
            "whoever set the report up is deactivated; set up a new one in your own name",
        ));
    }
    set_paused(ctx, id, None, "report.resume").await
}

async fn set_paused(ctx: &Ctx, id: ReportId, paused: Option<Paused>, action: &str) -> Result<ReportView, AppError> {
    let before = load(ctx, id).await?;
    if before.paused_because.is_some() == paused.is_some() {
        let view = view(ctx, before).await?;
        ctx.leave(200, &view).await?;
        return Ok(view);
    }
    let scheduled_since = if paused.is_none() { ctx.now } else { before.scheduled_since };
    let report = Report {
        paused_because: paused,
        revision: before.revision + 1,
        scheduled_since,
        updated_at: ctx.now,
        version: before.version + 1,
        ..before
    };
    save(ctx, report, action, 200, true).await
}

/// Deletes a report; what its runs did stays on record.
///
/// # Errors
/// [`AppError`].
pub async fn delete(ctx: &Ctx, id: ReportId, expected: Option<u64>) -> Result<(), AppError> {
    let report = load(ctx, id).await?;
    Ctx::matches(expected, report.version)?;
    let mut changes = Changes::new();
    ctx.store().remove_report(&mut changes, ctx.scope, &report)?;
    ctx.commit(changes, "report.delete", id, 204, &()).await?;
    let gone = Report { paused_because: Some(Paused::ByPerson), ..report };
    runs::project(&ctx.app, ctx.scope, &gone, ctx.now).await;
    Ok(())
}

/// What the account may choose.
///
/// # Errors
/// [`AppError`].
pub async fn options(ctx: &Ctx) -> Result<Options, AppError> {
    ctx.ask(Action::Read, &Resource::Reports)?;
    let features = ctx.account.features;
    let always = [AudienceKind::Coach, AudienceKind::Clients, AudienceKind::ThirdParties];
    let mut audiences_by_scope = BTreeMap::from([(ScopeKind::All, always.to_vec()), (ScopeKind::Selected, always.to_vec())]);
    if features.groups {
        audiences_by_scope.insert(ScopeKind::Groups, always.to_vec());
    }
    if features.companies {
        audiences_by_scope.insert(ScopeKind::Companies, always.into_iter().chain([AudienceKind::Personnel]).collect());
    }
    let audiences: BTreeSet<AudienceKind> = audiences_by_scope.values().flatten().copied().collect();
    let groups = if features.groups { crate::groups::visible(ctx).await? } else { Vec::new() };
    let (companies, personnel) = match features.has(Feature::Companies) {
        true => futures::future::try_join(ctx.store().companies(ctx.scope), ctx.store().personnel(ctx.scope)).await?,
        false => (Vec::new(), Vec::new()),
    };
    let choice = |id: String, name: String| Choice { id, name };
    Ok(Options {
        scopes: audiences_by_scope.keys().copied().collect(),
        audiences: audiences.into_iter().collect(),
        audiences_by_scope,
        kinds: ItemKind::ALL.to_vec(),
        groups: groups.into_iter().map(|group| choice(group.id.to_string(), group.name)).collect(),
        companies: companies.into_iter().map(|company| choice(company.id.to_string(), company.name)).collect(),
        personnel: personnel.into_iter().filter(|p| p.active).map(|p| choice(p.id.to_string(), p.name)).collect(),
    })
}

/// What a recipient would get if the report ran now.
///
/// # Errors
/// [`AppError`].
pub async fn preview(ctx: &Ctx, draft: &PreviewDraft) -> Result<Preview, AppError> {
    ctx.ask(Action::Write, &Resource::Reports)?;
    let creator = member(ctx)?;
    let definition = draft.report.read(None, creator.time_zone, &surroundings(ctx, &draft.report).await?, ctx.now)?;
    may_report(ctx, creator, &definition).await?;
    let plan = runs::resolve(&ctx.app, ctx.scope, &ctx.account, &definition, creator, None).await?;
    let wanted = draft.recipient.as_deref().map(str::trim).filter(|wanted| !wanted.is_empty());
    let planned = plan.recipients().iter().find(|planned| {
        wanted.is_none_or(|wanted| {
            let person = planned.recipient.person.map(person_id);
            planned.recipient.email.as_str().eq_ignore_ascii_case(wanted) || person.is_some_and(|id| id == wanted)
        })
    });
    let Some(planned) = planned else {
        let message = match wanted {
            Some(_) => "is not a recipient of this report: use the address or id of one",
            None => "has no recipients at present",
        };
        return Err(Invalid::field(if wanted.is_some() { "as" } else { "audience" }, message).into());
    };
    let window = window(&definition, None, ctx.now);
    let content = runs::content_for(&ctx.app, ctx.scope, &definition, window, &plan, planned).await?;
    let message = deliveries::compose(&deliveries::Composing {
        config: &ctx.app.config,
        account: &ctx.account,
        definition: &definition,
        creator,
        recipient: &planned.recipient,
        window,
        late: None,
        content: &content,
        unsubscribe: "#",
        more: None,
        // there is no mail yet that could be answered
        comment: None,
        delivery_id: "preview",
    });
    Ok(Preview {
        recipient: planned.recipient.email.as_str().to_owned(),
        subject: message.subject.clone(),
        html: deliveries::with_pictures(&message),
        text: message.text,
    })
}

fn person_id(person: domain::person::PersonId) -> String {
    match person {
        domain::person::PersonId::Member(id) => id.to_string(),
        domain::person::PersonId::Client(id) => id.to_string(),
        domain::person::PersonId::Personnel(id) => id.to_string(),
    }
}

/// Sends a report now, besides its schedule: the windows of its scheduled runs stay as they are.
///
/// # Errors
/// [`AppError`].
pub async fn send_now(ctx: &Ctx, id: ReportId) -> Result<RunView, AppError> {
    let report = load(ctx, id).await?;
    let by = member(ctx)?.id;
    let creator = ctx.store().member(ctx.scope, report.creator_id).await?.filter(|creator| creator.active);
    let creator = creator.ok_or_else(|| AppError::conflict("creator_deactivated", "whoever set the report up is deactivated"))?;
    may_report(ctx, &creator, &report.definition).await?;
    let progress = ctx.store().progress(ctx.scope, id, None).await?;
    let cause = Cause::Manual { by };
    let run = Run {
        id: RunId::of(id, ctx.now, &cause.occasion()),
        report_id: id,
        scheduled_at: ctx.now,
        window: window(&report.definition, progress.covered_until, ctx.now),
        cause,
        stage: Stage::Planning,
        skip: None,
        started_at: ctx.now,
        missed: 0,
        recipients: 0,
        without_address: Vec::new(),
    };
    let view = RunView { outcome: outcome(&run, &[]), reason: None, deliveries: Vec::new(), run };
    let mut changes = Changes::new();
    ctx.store().add_run(&mut changes, ctx.scope, &view.run)?;
    ctx.commit(changes, "report.send_now", id, 202, &view).await?;
    // the run is on record: should planning be cut off here, reconciling goes on with it
    if let Err(error) = runs::plan(&ctx.app, ctx.scope, &report, view.run.clone()).await {
        tracing::warn!(%error, run = %view.run.id, "planning was cut off; reconciling goes on with it");
    }
    Ok(view)
}

/// The runs of a report, newest first.
///
/// # Errors
/// [`AppError`].
pub async fn runs(ctx: &Ctx, id: ReportId, page: &Page) -> Result<Paged<RunView>, AppError> {
    load(ctx, id).await?;
    let list = List::new(ctx, "runs", &id);
    let after = list.last(page)?.map(|last| last.parse().map_err(|_| AppError::BadCursor)).transpose()?;
    let after = after.map(|last| ctx.store().runs_after(ctx.scope, last));
    let (runs, next) = ctx.store().runs_page(ctx.scope, id, page.limit, after).await?;
    let next_cursor = runs.last().filter(|_| next.is_some()).map(|run| list.cursor(&run.id));
    let mut items = Vec::with_capacity(runs.len());
    for run in runs {
        items.push(run_view(ctx, run, LISTED).await?);
    }
    Ok(Paged { items, next_cursor })
}

/// A run.
///
/// # Errors
/// [`AppError`].
pub async fn run(ctx: &Ctx, id: RunId) -> Result<RunView, AppError> {
    let run = ctx.store().run(ctx.scope, id).await?.ok_or(AppError::NotFound)?;
    match ctx.store().report(ctx.scope, run.report_id).await? {
        Some(report) => ctx.ask(Action::Read, &Resource::Report(report.creator_id))?,
        // the runs of a deleted report are for those who answer for the account; nobody else may know of them
        None => ctx.ask(Action::Read, &Resource::Audit).map_err(|_| AppError::Hidden)?,
    }
    run_view(ctx, run, SHOWN).await
}

async fn run_view(ctx: &Ctx, run: Run, most: usize) -> Result<RunView, AppError> {
    let deliveries = ctx.store().run_deliveries(ctx.scope, run.id, most).await?;
    Ok(RunView {
        outcome: outcome(&run, &deliveries),
        reason: run.skip.map(|skip| skip.words().to_owned()),
        deliveries: deliveries.iter().map(delivery_view).collect(),
        run,
    })
}

/// What an unsubscribe page says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsubscribePage {
    /// What the recipient knows the report by.
    pub report: String,
    /// The account's name.
    pub account: String,
    /// Whether the recipient gets the report no more.
    pub done: bool,
}

/// What the page of an unsubscribe link says; changes nothing (RFC 8058). `None` for a link that is not ours, or a report
/// that is no more.
///
/// # Errors
/// [`AppError::Store`].
pub async fn unsubscribe_page(app: &App, token: &str) -> Result<Option<UnsubscribePage>, AppError> {
    let Some((scope, what, report)) = unsubscribing(app, token).await? else { return Ok(None) };
    let done = app.platform.store.is_unsubscribed(scope, report.id, &what.address).await?;
    page(app, scope, report, done).await
}

async fn unsubscribing(app: &App, token: &str) -> Result<Option<(Scope, Unsubscribe, Report)>, AppError> {
    let Some(what) = Unsubscribe::read(token, &app.signing_keys) else { return Ok(None) };
    let scope = Scope::of_own_message(what.account);
    Ok(app.platform.store.report(scope, what.report).await?.map(|report| (scope, what, report)))
}

async fn page(app: &App, scope: Scope, report: Report, done: bool) -> Result<Option<UnsubscribePage>, AppError> {
    let account = app.platform.store.account(scope).await?;
    // a report's name is for those who manage it; others know it by its subject
    let definition = report.definition;
    let name = match definition.audience.kind {
        AudienceKind::Coach => definition.name,
        AudienceKind::Clients | AudienceKind::ThirdParties | AudienceKind::Personnel => {
            definition.subject.unwrap_or_else(|| "coaching reports".into())
        }
    };
    Ok(account.map(|account| UnsubscribePage { report: name, account: account.name, done }))
}

/// Unsubscribes the link's recipient from its report, and tells the owner, once however often it is asked.
///
/// # Errors
/// [`AppError::Store`].
pub async fn unsubscribe(app: &App, token: &str) -> Result<Option<UnsubscribePage>, AppError> {
    let Some((scope, what, report)) = unsubscribing(app, token).await? else { return Ok(None) };
    let now = app.clock.now();
    let store = &app.platform.store;
    let mut changes = Changes::new();
    store.unsubscribe(&mut changes, scope, report.id, &what.address, now)?;
    let owner: Option<Member> = store.member(scope, MemberId(report.creator_id.0)).await?.filter(|owner| owner.active);
    let address = deliveries::address_in(app, scope, &report, &what.address).await?;
    // who unsubscribed from a report of their own knows
    if let (Some(owner), Some(address)) = (owner, address)
        && owner.email != address
    {
        let mail = Mail::Unsubscribed { report_id: report.id, report: report.definition.name.clone(), address };
        let cause = format!("{} {}", report.id, what.address);
        store.add_delivery(&mut changes, scope, &Delivery::owed(&cause, mail, to_member(owner.id, &owner.name, &owner.email), now))?;
    }
    match store.commit(changes).await? {
        // unmet means that it is on record already
        Commit::Done | Commit::Unmet(_) => page(app, scope, report, true).await,
    }
}
