//! Runs: from a schedule that fired to the deliveries of its mails.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use domain::access::{Action, ClientFacts, Resource, Viewer, decide};
use domain::account::Account;
use domain::client::{Client, Level};
use domain::delivery::{Delivery, Mail, Recipient, to_member};
use domain::id::{ClientId, CompanyId, GroupId, ItemId, MemberId, ReportId, RunId};
use domain::item::{Item, State};
use domain::person::{Administrator, Email, Member, PersonId};
use domain::report::{AudienceKind, Definition, Paused, Report, ScopeKind, WhenEmpty, window};
use domain::run::{Cause, Judgement, Run, Skip, Stage, judge};
use domain::schedule::{Schedule, Window};
use domain::show::{Content, Names, Reader, Record, Shared, Subject, actor_key, content};
use futures::{StreamExt, TryStreamExt, stream};
use platform::schedules::{Entry, RunMessage, SCHEDULED_TIME};
use platform::store::{Changes, Commit, Scope, WRITES_MOST, Wheel};
use serde::Serialize;

use crate::identity::viewer;
use crate::{App, AppError, Ctx};

/// How many clients' records are read at the same time.
const AT_ONCE: usize = 16;
/// How many deliveries are written together.
const TOGETHER: usize = 50;
/// How many clients are planned together where each gets a mail of their own.
const FAN_OUT: usize = 50;
/// How long before its time a one-time schedule is made at the latest: longer than it takes to reconcile.
pub(crate) const AHEAD: Duration = Duration::hours(26);

/// What became of a firing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Fate {
    /// It was stale, or not a run at all.
    Ignored,
    /// It is on record as skipped.
    Skipped,
    /// Its deliveries are written.
    Planned,
    /// It had been planned before.
    Repeat,
}

/// Carries out a firing of a report's schedule. Firing the same occurrence again, at any time, changes nothing.
///
/// # Errors
/// [`AppError`]: try again.
pub async fn fire(app: &App, message: &RunMessage) -> Result<Fate, AppError> {
    let scope = Scope::of_own_message(message.account_id);
    let Ok(scheduled_at) = message.scheduled_at.parse::<DateTime<Utc>>() else {
        return Err(AppError::Fault(format!("not an instant: {}", message.scheduled_at)));
    };
    let store = &app.platform.store;
    for _ in 0..5 {
        let Some(report) = store.report(scope, message.report_id).await? else { return Ok(Fate::Ignored) };
        let Some(cause) = cause(app, scope, &report, message, scheduled_at).await? else { return Ok(Fate::Ignored) };
        let id = RunId::of(report.id, scheduled_at, &cause.occasion());
        if let Some(run) = store.run(scope, id).await? {
            return match run.stage {
                Stage::Planning => plan(app, scope, &report, run).await,
                Stage::Planned | Stage::Skipped => Ok(Fate::Repeat),
            };
        }
        let client = match &cause {
            Cause::Appointment { client_id, .. } => Some(*client_id),
            Cause::Schedule | Cause::Manual { .. } => None,
        };
        let covered = store.progress(scope, report.id, client).await?.covered_until;
        let now = app.clock.now();
        let missed = match judgement(&report, &cause, scheduled_at, message.revision, covered, now) {
            Judgement::Ignore => return Ok(Fate::Ignored),
            Judgement::Skip(skip) => return record_skip(app, scope, &report, id, cause, scheduled_at, skip).await,
            Judgement::Run { missed } => missed,
        };
        if !store.member(scope, report.creator_id).await?.is_some_and(|creator| creator.active) {
            return pause_for_creator(app, scope, &report, id, cause, scheduled_at).await;
        }
        let run = Run {
            id,
            report_id: report.id,
            scheduled_at,
            window: window(&report.definition, covered, scheduled_at),
            cause,
            stage: Stage::Planning,
            skip: None,
            started_at: now,
            missed,
            recipients: 0,
            without_address: Vec::new(),
        };
        let mut changes = Changes::new();
        store.add_run(&mut changes, scope, &run)?;
        store.require_report(&mut changes, scope, &report)?;
        let wheel = wheel(&report, scheduled_at.max(now));
        store.cover(&mut changes, scope, &run, client, covered, wheel)?;
        match store.commit(changes).await? {
            Commit::Done => return plan(app, scope, &report, run).await,
            // another worker began the same run, or another run of the report, or the report was changed: look again
            Commit::Unmet(_) => {}
        }
    }
    Err(AppError::Fault("others kept starting runs of the same report".into()))
}

/// What makes this firing a run; `None` for an appointment that is no longer at that time, or whose client the report does
/// not cover.
async fn cause(
    app: &App,
    scope: Scope,
    report: &Report,
    message: &RunMessage,
    scheduled_at: DateTime<Utc>,
) -> Result<Option<Cause>, AppError> {
    match (&report.definition.schedule, message.item_id) {
        (Schedule::Appointment { minutes_before }, Some(item_id)) => {
            let item = app.platform.store.item(scope, item_id).await?;
            let is_due = |item: &Item| {
                item.state == State::Scheduled && item.starts_at.is_some_and(|at| fires_at(at, *minutes_before) == scheduled_at)
            };
            let Some(client_id) = item.filter(is_due).and_then(|item| item.record.client()) else { return Ok(None) };
            let (account, creator) =
                futures::future::try_join(app.platform.store.account(scope), app.platform.store.member(scope, report.creator_id)).await?;
            if let (Some(account), Some(creator)) = (account, creator.filter(|creator| creator.active))
                && resolve(app, scope, &account, &report.definition, &creator, Some(client_id)).await?.clients.is_empty()
            {
                return Ok(None);
            }
            Ok(Some(Cause::Appointment { client_id, item_id }))
        }
        (Schedule::Appointment { .. }, None) | (Schedule::Day { .. } | Schedule::Week { .. } | Schedule::Month { .. }, Some(_)) => Ok(None),
        (Schedule::Day { .. } | Schedule::Week { .. } | Schedule::Month { .. }, None) => Ok(Some(Cause::Schedule)),
    }
}

/// The instant a report goes for an appointment that begins at `starts_at`, to the second.
pub(crate) fn fires_at(starts_at: DateTime<Utc>, minutes_before: u16) -> DateTime<Utc> {
    use chrono::SubsecRound;
    (starts_at - Duration::minutes(i64::from(minutes_before))).trunc_subsecs(0)
}

fn judgement(
    report: &Report,
    cause: &Cause,
    scheduled_at: DateTime<Utc>,
    revision: u64,
    covered: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Judgement {
    match cause {
        Cause::Schedule | Cause::Manual { .. } => judge(report, scheduled_at, revision, covered, now),
        Cause::Appointment { .. } => match (report.paused_because, covered) {
            (Some(Paused::ByPerson), _) => Judgement::Skip(Skip::Paused),
            (Some(Paused::CreatorDeactivated), _) => Judgement::Skip(Skip::CreatorDeactivated),
            (None, Some(covered)) if covered >= scheduled_at => Judgement::Skip(Skip::AlreadyCovered),
            (None, _) => Judgement::Run { missed: 0 },
        },
    }
}

/// Where the wheel shows a report that has run at `after`.
pub(crate) fn wheel(report: &Report, after: DateTime<Utc>) -> Wheel {
    if report.paused_because.is_some() {
        return Wheel::Off;
    }
    match &report.definition.schedule {
        Schedule::Appointment { .. } => Wheel::Follow,
        schedule @ (Schedule::Day { .. } | Schedule::Week { .. } | Schedule::Month { .. }) => {
            schedule.next_after(report.definition.time_zone, after).map_or(Wheel::Off, Wheel::Next)
        }
    }
}

async fn record_skip(
    app: &App,
    scope: Scope,
    report: &Report,
    id: RunId,
    cause: Cause,
    scheduled_at: DateTime<Utc>,
    skip: Skip,
) -> Result<Fate, AppError> {
    let run = skipped(report, id, cause, scheduled_at, skip, app.clock.now());
    let mut changes = Changes::new();
    app.platform.store.add_run(&mut changes, scope, &run)?;
    // unmet means that it is on record already
    let _ = app.platform.store.commit(changes).await?;
    Ok(Fate::Skipped)
}

fn skipped(report: &Report, id: RunId, cause: Cause, scheduled_at: DateTime<Utc>, skip: Skip, now: DateTime<Utc>) -> Run {
    Run {
        id,
        report_id: report.id,
        scheduled_at,
        window: Window { from: scheduled_at, to: scheduled_at },
        cause,
        stage: Stage::Skipped,
        skip: Some(skip),
        started_at: now,
        missed: 0,
        recipients: 0,
        without_address: Vec::new(),
    }
}

/// Pauses a report whose creator was deactivated, and tells the administrators.
async fn pause_for_creator(
    app: &App,
    scope: Scope,
    report: &Report,
    id: RunId,
    cause: Cause,
    scheduled_at: DateTime<Utc>,
) -> Result<Fate, AppError> {
    let store = &app.platform.store;
    let now = app.clock.now();
    let members = store.members(scope).await?;
    let creator = members.iter().find(|member| member.id == report.creator_id).map_or("its creator", |member| &member.name);
    let (_, mut changes) = pausing(app, scope, report, creator, &members, now)?;
    store.add_run(&mut changes, scope, &skipped(report, id, cause, scheduled_at, Skip::CreatorDeactivated, now))?;
    match store.commit(changes).await? {
        Commit::Done => {
            if let Err(error) = app.platform.schedules.remove(&schedule_name(report.id)).await {
                tracing::warn!(%error, "a schedule was not removed; reconciling will");
            }
            Ok(Fate::Skipped)
        }
        Commit::Unmet("run") => Ok(Fate::Repeat),
        Commit::Unmet(_) => Err(AppError::Stale),
    }
}

/// What pauses a report whose creator is deactivated: the report, its place on the wheel, and the administrators' notices.
fn pausing(
    app: &App,
    scope: Scope,
    report: &Report,
    creator: &str,
    members: &[Member],
    now: DateTime<Utc>,
) -> Result<(Report, Changes), AppError> {
    let store = &app.platform.store;
    let mut paused = report.clone();
    paused.paused_because = Some(Paused::CreatorDeactivated);
    (paused.updated_at, paused.version) = (now, report.version + 1);
    let mut changes = Changes::new();
    store.replace_report(&mut changes, scope, &paused)?;
    store.set_next_run(&mut changes, scope, report.id, Wheel::Off)?;
    let told = |member: &&Member| member.active && member.administrator == Administrator::Global && member.id != report.creator_id;
    for administrator in members.iter().filter(told).take(50) {
        let mail = Mail::ReportPaused { report_id: report.id, report: report.definition.name.clone(), creator: creator.to_owned() };
        let recipient = to_member(administrator.id, &administrator.name, &administrator.email);
        let cause = format!("{} {}", report.id, paused.version);
        store.add_delivery(&mut changes, scope, &Delivery::owed(&cause, mail, recipient, now))?;
    }
    Ok((paused, changes))
}

/// Pauses the reports of a member who is being deactivated, and tells the administrators, in the changes that deactivate
/// them. What does not fit in is paused at its next run.
pub(crate) async fn pause_reports_of(ctx: &Ctx, changes: &mut Changes, creator: &Member) -> Result<Vec<Report>, AppError> {
    let store = ctx.store();
    let (members, reports) = futures::future::try_join(store.members(ctx.scope), store.reports(ctx.scope)).await?;
    let mut all = Vec::new();
    for report in reports.iter().filter(|report| report.creator_id == creator.id && report.paused_because.is_none()) {
        let (paused, more) = pausing(&ctx.app, ctx.scope, report, &creator.name, &members, ctx.now)?;
        // the audit entry and the answer come with them
        if changes.len() + more.len() + 2 > WRITES_MOST {
            break;
        }
        changes.append(more);
        all.push(paused);
    }
    Ok(all)
}

/// Whom a run is on, and to whom it goes.
pub(crate) struct Plan {
    creator: Viewer,
    clients: Vec<(Client, Level)>,
    /// The groups that are reported on, whose own records are told of (P-10).
    groups: Vec<Shared>,
    recipients: Vec<Planned>,
    without_address: Vec<ClientId>,
}

/// One recipient of a run.
pub(crate) struct Planned {
    pub(crate) recipient: Recipient,
    reader: Reader,
    client_id: Option<ClientId>,
    company_id: Option<CompanyId>,
}

impl Plan {
    pub(crate) fn recipients(&self) -> &[Planned] {
        &self.recipients
    }

    /// The clients that are covered, and what the creator is to each.
    pub(crate) fn clients(&self) -> &[(Client, Level)] {
        &self.clients
    }

    /// The clients that a recipient's mail can be on.
    fn clients_of(&self, planned: &Planned) -> Vec<&(Client, Level)> {
        let on = |client: &Client| {
            planned.client_id.is_none_or(|id| client.id == id)
                && planned.company_id.is_none_or(|company| client.company_id == Some(company))
        };
        self.clients.iter().filter(|(client, _)| on(client)).collect()
    }

    /// The groups that a recipient's mail can be on; whether they may see them is asked when it is composed.
    fn groups_of(&self, planned: &Planned) -> Vec<&Shared> {
        let on = |shared: &Shared| planned.company_id.is_none() && planned.client_id.is_none_or(|id| shared.clients.contains(&id));
        self.groups.iter().filter(|shared| on(shared)).collect()
    }

    /// The groups that are reported on.
    pub(crate) fn groups(&self) -> &[Shared] {
        &self.groups
    }
}

/// Resolves scope and audience as of now.
pub(crate) async fn resolve(
    app: &App,
    scope: Scope,
    account: &Account,
    definition: &Definition,
    creator: &Member,
    only: Option<ClientId>,
) -> Result<Plan, AppError> {
    let store = &app.platform.store;
    let viewer = Viewer::Member(creator.clone());
    let mut groups: Vec<Shared> = Vec::new();
    let mut clients = match definition.scope.kind {
        ScopeKind::All if creator.may(domain::person::Permission::ViewAllClientHappenings) => store.clients(scope).await?,
        ScopeKind::All => {
            let pairings = store.member_pairings(scope, creator.id).await?;
            store.clients_by_id(scope, pairings.into_iter().map(|pairing| pairing.client_id)).await?
        }
        ScopeKind::Selected => store.clients_by_id(scope, definition.scope.ids.iter().copied().map(ClientId)).await?,
        ScopeKind::Groups => {
            let mut ids = BTreeSet::new();
            for id in definition.scope.ids.iter().copied().map(GroupId) {
                let (Some(group), clients) = futures::future::try_join(store.group(scope, id), store.group_clients(scope, id)).await?
                else {
                    continue;
                };
                let clients: BTreeSet<ClientId> = clients.into_iter().collect();
                let creator = crate::groups::facts_with(store, scope, id, &clients, &viewer).await?;
                ids.extend(clients.iter().copied());
                groups.push(Shared { group, clients, creator });
            }
            store.clients_by_id(scope, ids).await?
        }
        ScopeKind::Companies if account.features.companies => {
            let mut clients = Vec::new();
            for company in &definition.scope.ids {
                clients.extend(store.company_clients(scope, CompanyId(*company)).await?);
            }
            clients
        }
        ScopeKind::Companies => Vec::new(),
    };
    clients.retain(|client| !client.archived && only.is_none_or(|only| client.id == only));
    let levels = store.levels_with(scope, creator.id, clients.iter().map(|client| client.id).collect::<Vec<_>>()).await?;
    let mut clients: Vec<(Client, Level)> = clients
        .into_iter()
        .map(|client| (levels.get(&client.id).copied().unwrap_or_default(), client))
        .map(|(level, client)| (client, level))
        .collect();
    clients.retain(|(client, level)| {
        let facts = ClientFacts::of(client, *level);
        decide(&viewer, Action::Report(definition.audience.kind), &Resource::Client(&facts)).is_allowed()
    });
    clients.sort_by_key(|(client, _)| client.id);
    // what is on one client is on no group
    groups.retain(|shared| {
        let report = Action::Report(definition.audience.kind);
        only.is_none() && decide(&viewer, report, &Resource::GroupRecord(&shared.creator)).is_allowed()
    });
    let mut without_address = Vec::new();
    let recipients = match definition.audience.kind {
        AudienceKind::Coach => {
            let ids: BTreeSet<MemberId> = match definition.audience.ids.is_empty() {
                true => BTreeSet::from([creator.id]),
                false => definition.audience.ids.iter().copied().map(MemberId).collect(),
            };
            let mut recipients = Vec::new();
            for member in store.members(scope).await?.into_iter().filter(|m| m.active && ids.contains(&m.id)) {
                let around: BTreeSet<ClientId> = clients
                    .iter()
                    .map(|(client, _)| client.id)
                    .chain(groups.iter().flat_map(|shared| shared.clients.iter().copied()))
                    .collect();
                let levels = store.levels_with(scope, member.id, around).await?;
                let recipient = to_member(member.id, &member.name, &member.email);
                let reader = Reader { audience: AudienceKind::Coach, viewer: Some(Viewer::Member(member)), levels };
                recipients.push(Planned { recipient, reader, client_id: None, company_id: None });
            }
            recipients
        }
        AudienceKind::Clients => {
            let mut recipients = Vec::new();
            for (client, _) in &clients {
                let Some(email) = client.email.clone() else {
                    without_address.push(client.id);
                    continue;
                };
                recipients.push(Planned {
                    recipient: Recipient { email, person: Some(PersonId::Client(client.id)), name: Some(client.name()) },
                    reader: Reader {
                        audience: AudienceKind::Clients,
                        viewer: Some(Viewer::Client(client.clone())),
                        levels: BTreeMap::new(),
                    },
                    client_id: Some(client.id),
                    company_id: None,
                });
            }
            recipients
        }
        AudienceKind::ThirdParties => {
            let planned = |email: &Email| Planned {
                recipient: Recipient { email: email.clone(), person: None, name: None },
                reader: Reader { audience: AudienceKind::ThirdParties, viewer: None, levels: BTreeMap::new() },
                client_id: None,
                company_id: None,
            };
            definition.audience.emails.iter().map(planned).collect()
        }
        AudienceKind::Personnel if account.features.companies && definition.scope.kind == ScopeKind::Companies => {
            let personnel = store.personnel(scope).await?.into_iter();
            let named = personnel
                .filter(|p| p.active && definition.audience.ids.contains(&p.id.0) && definition.scope.ids.contains(&p.company_id.0));
            named
                .map(|person| Planned {
                    recipient: Recipient {
                        email: person.email.clone(),
                        person: Some(PersonId::Personnel(person.id)),
                        name: Some(person.name.clone()),
                    },
                    client_id: None,
                    company_id: Some(person.company_id),
                    reader: Reader { audience: AudienceKind::Personnel, viewer: Some(Viewer::Personnel(person)), levels: BTreeMap::new() },
                })
                .collect()
        }
        AudienceKind::Personnel => Vec::new(),
    };
    without_address.truncate(100);
    Ok(Plan { creator: viewer, clients, groups, recipients: one_each(recipients), without_address })
}

/// The same address twice gets one message.
fn one_each(recipients: Vec<Planned>) -> Vec<Planned> {
    let mut seen = BTreeSet::new();
    recipients.into_iter().filter(|planned| seen.insert(planned.recipient.email.key())).collect()
}

/// Some clients' records and some groups', as far as a window needs them.
async fn records(
    app: &App,
    scope: Scope,
    clients: Vec<(Client, Level)>,
    groups: Vec<&Shared>,
    window: Window,
) -> Result<Vec<Record>, AppError> {
    let store = &app.platform.store;
    let clients = clients.into_iter().map(|(client, level)| Subject::Client(Box::new(client), level));
    let groups = groups.into_iter().map(|shared| Subject::Group(Box::new(shared.clone())));
    stream::iter(clients.chain(groups).collect::<Vec<_>>())
        .map(async |subject| {
            let happenings = store.happenings(scope, subject.record(), window);
            let (happenings, open) = futures::future::try_join(happenings, store.open_items(scope, subject.record())).await?;
            let concerned: BTreeSet<ItemId> = happenings.iter().map(|happening| happening.item_id).collect();
            let mut items: BTreeMap<ItemId, Item> = open.into_iter().map(|item| (item.id, item)).collect();
            // what changed is read from the table itself, so that a lagging index shows nothing that is over
            items.extend(store.items_by_id(scope, concerned).await?.into_iter().map(|item| (item.id, item)));
            Ok(Record { subject, happenings, items })
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await
}

/// What one recipient's mail says.
pub(crate) async fn content_for(
    app: &App,
    scope: Scope,
    definition: &Definition,
    window: Window,
    plan: &Plan,
    planned: &Planned,
) -> Result<Content, AppError> {
    let clients: Vec<(Client, Level)> = plan.clients_of(planned).into_iter().cloned().collect();
    let names = names(app, scope, plan).await?;
    let records = records(app, scope, clients, plan.groups_of(planned), window).await?;
    Ok(content(definition, window, &plan.creator, &planned.reader, &records, &names))
}

async fn names(app: &App, scope: Scope, plan: &Plan) -> Result<Names, AppError> {
    let mut names = crate::members::names(app, scope).await?;
    let named = |client: &Client| (actor_key(PersonId::Client(client.id).into()), client.name());
    names.extend(plan.clients.iter().map(|(client, _)| named(client)));
    // what is said in a group is said by name, to all of it
    let in_groups: BTreeSet<ClientId> = plan.groups.iter().flat_map(|shared| shared.clients.iter().copied()).collect();
    let others: Vec<ClientId> = in_groups.into_iter().filter(|id| !names.contains_key(&actor_key(PersonId::Client(*id).into()))).collect();
    names.extend(app.platform.store.clients_by_id(scope, others).await?.iter().map(named));
    Ok(names)
}

/// Writes the deliveries of a run whose window is fixed. Begun again after a failure, it adds what is missing and leaves
/// what is there.
pub(crate) async fn plan(app: &App, scope: Scope, report: &Report, mut run: Run) -> Result<Fate, AppError> {
    let store = &app.platform.store;
    let account = store.account(scope).await?.ok_or_else(|| AppError::Fault("the account is gone".into()))?;
    let Some(Viewer::Member(creator)) = viewer(app, scope, PersonId::Member(report.creator_id)).await? else {
        return Err(AppError::Fault("the creator is gone".into()));
    };
    let only = match &run.cause {
        Cause::Appointment { client_id, .. } => Some(*client_id),
        Cause::Schedule | Cause::Manual { .. } => None,
    };
    let definition = &report.definition;
    let plan = resolve(app, scope, &account, definition, &creator, only).await?;
    let names = names(app, scope, &plan).await?;
    // each client's mail is on one client: these are read part by part; all others share the same records
    let parts: Vec<&[Planned]> = match definition.audience.kind {
        AudienceKind::Clients => plan.recipients.chunks(FAN_OUT).collect(),
        AudienceKind::Coach | AudienceKind::ThirdParties | AudienceKind::Personnel => vec![&plan.recipients],
    };
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        let wanted: BTreeSet<ClientId> = part.iter().flat_map(|planned| plan.clients_of(planned)).map(|(client, _)| client.id).collect();
        let clients = plan.clients.iter().filter(|(client, _)| wanted.contains(&client.id)).cloned().collect();
        let wanted: BTreeSet<GroupId> = part.iter().flat_map(|planned| plan.groups_of(planned)).map(|shared| shared.group.id).collect();
        let groups = plan.groups.iter().filter(|shared| wanted.contains(&shared.group.id)).collect();
        let records = records(app, scope, clients, groups, run.window).await?;
        let mut deliveries = Vec::with_capacity(part.len());
        let mut shared: Option<String> = None;
        for planned in part {
            let digest = match (&shared, definition.audience.kind) {
                (Some(digest), AudienceKind::ThirdParties) => digest.clone(),
                _ => {
                    let of: Vec<Record> = match planned.client_id {
                        Some(id) => {
                            let on = |record: &&Record| match &record.subject {
                                Subject::Client(client, _) => client.id == id,
                                Subject::Group(shared) => shared.clients.contains(&id),
                            };
                            records.iter().filter(on).cloned().collect()
                        }
                        None => records.clone(),
                    };
                    let content = content(definition, run.window, &plan.creator, &planned.reader, &of, &names);
                    let digest = if content.is_empty() && definition.when_empty == WhenEmpty::Skip {
                        String::new()
                    } else {
                        keep(app, scope, run.id, &content).await?
                    };
                    shared = Some(digest.clone());
                    digest
                }
            };
            deliveries.push(delivery(report, &run, planned, digest));
        }
        add_missing(app, scope, deliveries).await?;
    }
    run.recipients = u32::try_from(plan.recipients.len()).unwrap_or(u32::MAX);
    run.without_address = plan.without_address;
    run.stage = Stage::Planned;
    if plan.recipients.is_empty() {
        (run.stage, run.skip) = (Stage::Skipped, Some(Skip::NoRecipients));
    }
    if let Some(notice) = late_notice(report, &run, &creator) {
        add_missing(app, scope, vec![notice]).await?;
    }
    let mut changes = Changes::new();
    store.end_planning(&mut changes, scope, &run)?;
    let _ = store.commit(changes).await?;
    Ok(if run.stage == Stage::Skipped { Fate::Skipped } else { Fate::Planned })
}

async fn keep(app: &App, scope: Scope, run: RunId, content: &Content) -> Result<String, AppError> {
    let mut changes = Changes::new();
    let digest = app.platform.store.keep_content(&mut changes, scope, run, content)?;
    let _ = app.platform.store.commit(changes).await?;
    Ok(digest)
}

/// The delivery to one recipient; without a content it is recorded as left out.
fn delivery(report: &Report, run: &Run, planned: &Planned, content: String) -> Delivery {
    let is_empty = content.is_empty();
    let mail = Mail::Report { report_id: report.id, run_id: run.id, content, client_id: planned.client_id, company_id: planned.company_id };
    let owed = Delivery::owed(&run.id.to_string(), mail, planned.recipient.clone(), run.started_at);
    if is_empty { owed.skipped(Skip::Empty.words()) } else { owed }
}

/// The owner is told of a run that was late or caught up others.
fn late_notice(report: &Report, run: &Run, creator: &Member) -> Option<Delivery> {
    let is_manual = matches!(run.cause, Cause::Manual { .. });
    ((run.is_late() || run.missed > 0) && !is_manual).then(|| {
        let mail = Mail::RunLate {
            report_id: report.id,
            report: report.definition.name.clone(),
            run_id: run.id,
            scheduled_at: run.scheduled_at,
            missed: run.missed,
        };
        Delivery::owed(&run.id.to_string(), mail, to_member(creator.id, &creator.name, &creator.email), run.started_at)
    })
}

/// Adds those of the deliveries that are not on record, whoever else adds them at the same time.
async fn add_missing(app: &App, scope: Scope, deliveries: Vec<Delivery>) -> Result<(), AppError> {
    let store = &app.platform.store;
    let mut chunks = Vec::new();
    let mut rest = deliveries.into_iter().peekable();
    while rest.peek().is_some() {
        chunks.push(rest.by_ref().take(TOGETHER).collect::<Vec<_>>());
    }
    stream::iter(chunks)
        .map(async |mut chunk: Vec<Delivery>| {
            for _ in 0..5 {
                let mut changes = Changes::new();
                for delivery in &chunk {
                    store.add_delivery(&mut changes, scope, delivery)?;
                }
                if store.commit(changes).await?.is_done() {
                    return Ok(());
                }
                let known = store.deliveries_by_id(scope, chunk.iter().map(|delivery| delivery.id.clone()).collect::<Vec<_>>()).await?;
                let known: BTreeSet<_> = known.into_iter().map(|delivery| delivery.id).collect();
                chunk.retain(|delivery| !known.contains(&delivery.id));
            }
            Err(AppError::Fault("others kept adding the same deliveries".into()))
        })
        .buffer_unordered(4)
        .try_collect()
        .await
}

/// Goes on with a run whose planning was cut off.
///
/// # Errors
/// [`AppError`]: try again.
pub async fn resume(app: &App, scope: Scope, id: RunId) -> Result<(), AppError> {
    let store = &app.platform.store;
    let Some(run) = store.run(scope, id).await?.filter(|run| run.stage == Stage::Planning) else { return Ok(()) };
    match store.report(scope, run.report_id).await? {
        Some(report) => plan(app, scope, &report, run).await.map(|_| ()),
        None => {
            let run = Run { stage: Stage::Skipped, skip: Some(Skip::Paused), ..run };
            let mut changes = Changes::new();
            store.end_planning(&mut changes, scope, &run)?;
            let _ = store.commit(changes).await?;
            Ok(())
        }
    }
}

/// The name of a report's schedule.
pub(crate) fn schedule_name(report: ReportId) -> String {
    format!("r-{report}")
}

fn message(scope: Scope, report: &Report, item_id: Option<ItemId>) -> RunMessage {
    RunMessage {
        account_id: scope.account(),
        report_id: report.id,
        revision: report.revision,
        scheduled_at: SCHEDULED_TIME.to_owned(),
        item_id,
    }
}

/// The firing of a report at an instant, as its schedule would have put it into the queue.
pub(crate) fn firing(scope: Scope, report: &Report, scheduled_at: DateTime<Utc>, item_id: Option<ItemId>) -> RunMessage {
    RunMessage { scheduled_at: scheduled_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true), ..message(scope, report, item_id) }
}

/// Makes the scheduler show what the table says of a report. The table is the truth, so a failure here is not one of the
/// operation: reconciling repairs it.
pub(crate) async fn project(app: &App, scope: Scope, report: &Report, now: DateTime<Utc>) {
    if let Err(error) = try_project(app, scope, report, now).await {
        tracing::warn!(error = %format!("{error:#}"), report = %report.id, "a schedule was not brought up to date; reconciling will");
    }
}

pub(crate) async fn try_project(app: &App, scope: Scope, report: &Report, now: DateTime<Utc>) -> Result<(), AppError> {
    let schedules = &app.platform.schedules;
    let zone = report.definition.time_zone;
    let expression = report.definition.schedule.expression().filter(|_| report.paused_because.is_none());
    match expression {
        Some(expression) => {
            let entry = Entry { name: schedule_name(report.id), expression, zone, message: message(scope, report, None), once: false };
            schedules.put(&entry).await?;
            if let Some(next) = report.definition.schedule.next_after(zone, now) {
                bridge_gap(app, scope, report, next, now).await?;
            }
        }
        None => schedules.remove(&schedule_name(report.id)).await?,
    }
    if report.paused_because.is_none() && matches!(report.definition.schedule, Schedule::Appointment { .. }) {
        for (starts_at, _, item) in upcoming(app, scope, report, now, now + Duration::days(400), 200).await? {
            follow(app, scope, report, starts_at, item, now).await?;
        }
    }
    Ok(())
}

/// EventBridge skips a wall-clock time that the zone skips: such a run gets a one-time schedule.
pub(crate) async fn bridge_gap(app: &App, scope: Scope, report: &Report, next: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), AppError> {
    if next > now + AHEAD || !report.definition.schedule.in_gap(report.definition.time_zone, next) {
        return Ok(());
    }
    let entry = Entry {
        name: format!("g-{}-{}", report.id, next.format("%Y%m%dT%H%M")),
        expression: format!("at({})", next.format("%Y-%m-%dT%H:%M:%S")),
        zone: chrono_tz::UTC,
        message: message(scope, report, None),
        once: true,
    };
    Ok(app.platform.schedules.put(&entry).await?)
}

/// The appointments a report goes before, whose reports go after `from` and until `to`.
pub(crate) async fn upcoming(
    app: &App,
    scope: Scope,
    report: &Report,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    most: usize,
) -> Result<Vec<(DateTime<Utc>, ClientId, ItemId)>, AppError> {
    let Schedule::Appointment { minutes_before } = report.definition.schedule else { return Ok(Vec::new()) };
    if to <= from {
        return Ok(Vec::new());
    }
    let ahead = Duration::minutes(i64::from(minutes_before));
    let store = &app.platform.store;
    let mut appointments = store.appointments(scope, from + ahead, to + ahead, 1_000).await?;
    appointments.retain(|(starts_at, _, _)| fires_at(*starts_at, minutes_before) > from);
    let (Some(account), Some(creator)) = (store.account(scope).await?, store.member(scope, report.creator_id).await?) else {
        return Ok(Vec::new());
    };
    if appointments.is_empty() {
        return Ok(appointments);
    }
    let plan = resolve(app, scope, &account, &report.definition, &creator, None).await?;
    let covered: BTreeSet<ClientId> = plan.clients.iter().map(|(client, _)| client.id).collect();
    appointments.retain(|(_, client, _)| covered.contains(client));
    appointments.truncate(most);
    Ok(appointments)
}

/// Makes the one-time schedule of a report for an appointment.
pub(crate) async fn follow(
    app: &App,
    scope: Scope,
    report: &Report,
    starts_at: DateTime<Utc>,
    item: ItemId,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let Schedule::Appointment { minutes_before } = report.definition.schedule else { return Ok(()) };
    let at = fires_at(starts_at, minutes_before);
    if at <= now {
        return Ok(());
    }
    let entry = Entry {
        name: appointment_schedule(report.id, item),
        expression: format!("at({})", at.format("%Y-%m-%dT%H:%M:%S")),
        zone: chrono_tz::UTC,
        message: message(scope, report, Some(item)),
        once: true,
    };
    Ok(app.platform.schedules.put(&entry).await?)
}

fn appointment_schedule(report: ReportId, item: ItemId) -> String {
    format!("a-{report}-{item}")
}

/// Lets the reports that follow appointments follow this one: it was made, moved or called off.
pub(crate) async fn follow_appointment(app: &App, scope: Scope, item: &Item, now: DateTime<Utc>) {
    let follows = async {
        for report in app.platform.store.reports(scope).await? {
            if report.paused_because.is_some() || !matches!(report.definition.schedule, Schedule::Appointment { .. }) {
                continue;
            }
            match item.starts_at.filter(|_| item.state == State::Scheduled) {
                Some(starts_at) => follow(app, scope, &report, starts_at, item.id, now).await?,
                None => app.platform.schedules.remove(&appointment_schedule(report.id, item.id)).await?,
            }
        }
        Ok::<(), AppError>(())
    };
    if let Err(error) = follows.await {
        tracing::warn!(%error, item = %item.id, "an appointment's schedules were not brought up to date; reconciling will");
    }
}
