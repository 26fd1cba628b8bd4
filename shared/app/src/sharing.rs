//! Sharing a client's record with members, and who sees it: the sharing ledger (P-3, A-5, P-9).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use domain::access::{Action, ClientFacts, EngagementFacts, Resource, Viewer, decide};
use domain::account::Feature;
use domain::check::Check;
use domain::client::{Client, Level, Pairing};
use domain::delivery::{Delivery, Mail, Recipient};
use domain::engagement::Engagement;
use domain::explain::{Act, EngagementAct, Ground, Together, explain_one, explain_one_of_engagement, kinds};
use domain::export::{Export, Format, State};
use domain::id::{ClientId, ExportId, GroupId, MemberId, ReportId, RunId};
use domain::item::ItemKind;
use domain::person::{Email, Member, PersonId, Personnel};
use domain::report::{AudienceKind, Detail, Report, ScopeKind};
use domain::run::{Cause, Outcome, Run, Stage, outcome};
use domain::schedule::Schedule;
use platform::store::{Changes, Commit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{AppError, Ctx};

/// How often sharing is tried while others change the client.
const ATTEMPTS: usize = 6;
/// How many reports the ledger shows, the newest.
const REPORTS: usize = 25;
/// How many of each report's past runs.
const RUNS: usize = 3;
/// How many runs are read to find those on the client, where runs can be on others.
const RUNS_READ: usize = 100;
/// How many of each run's mails are looked at.
const MAILS: usize = 50;
/// How many exports the ledger shows, the newest.
const EXPORTS: usize = 100;
/// How many reports are read at the same time.
const AT_ONCE: usize = 8;

/// With whom to share a client's record.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ShareDraft {
    /// An active member; needed.
    #[schema(required = true)]
    pub member_id: Option<MemberId>,
    /// What they are to be to the client: `view_only` (the default) or `coaching`.
    pub level: Option<Level>,
}

/// Shares a client's record with a member (P-3): to view, unless they are to coach too. Who has that already keeps it.
///
/// # Errors
/// [`AppError`]; a conflict while team edition is off, in the archive, and where they are more to the client already.
pub async fn share(ctx: &Ctx, id: ClientId, draft: &ShareDraft) -> Result<Client, AppError> {
    for _ in 0..ATTEMPTS {
        let (before, own) = crate::clients::load(ctx, id).await?;
        ctx.ask(Action::Write, &Resource::Sharing(&ClientFacts::of(&before, own)))?;
        ctx.needs(Feature::TeamEdition)?;
        let (member, level) = read(ctx, draft).await?;
        if before.archived {
            return Err(crate::clients::archived());
        }
        let pairings = ctx.store().client_pairings(ctx.scope, id).await?;
        let mut levels: BTreeMap<MemberId, Level> = pairings.iter().map(|pairing| (pairing.member_id, pairing.level)).collect();
        match levels.get(&member.id).copied().unwrap_or_default() {
            known if known == level => {
                ctx.leave(200, &before).await?;
                return Ok(before);
            }
            known if known > level => {
                let detail =
                    format!("{} coaches this client already; sharing takes nothing away, set the client's pairings instead", member.name);
                return Err(AppError::conflict("paired_already", detail));
            }
            _ => {}
        }
        levels.insert(member.id, level);
        // the client's row is the lock of its pairings
        let client = Client { version: before.version + 1, updated_at: ctx.now, ..before.clone() };
        let mut changes = Changes::new();
        ctx.store().set_pairings(&mut changes, ctx.scope, id, &pairings, &levels, ctx.now)?;
        ctx.store().replace_client(&mut changes, ctx.scope, &before, &client)?;
        match ctx.try_commit(changes, "client.share", id, 200, &client).await? {
            // the client was changed meanwhile
            Commit::Unmet("version") => {}
            committed => {
                Ctx::done(&committed)?;
                return Ok(client);
            }
        }
    }
    Err(AppError::conflict("changed_meanwhile", "others keep changing this client; try again"))
}

/// The member, and what they are to be.
async fn read(ctx: &Ctx, draft: &ShareDraft) -> Result<(Member, Level), AppError> {
    let mut check = Check::default();
    let level = draft.level.unwrap_or(Level::ViewOnly);
    match level {
        Level::ViewOnly | Level::Coaching => {}
        Level::Primary => check.fault("level", "must be view_only or coaching; who is the primary coach is set with the client's pairings"),
        Level::None => check.fault("level", "must be view_only or coaching; who is to see nothing is set with the client's pairings"),
    }
    let member = match draft.member_id {
        None => check.take("member_id", Err("is needed: the member to share with")),
        Some(id) => {
            let member = ctx.store().member(ctx.scope, id).await?.filter(|member| member.active);
            check.take("member_id", member.ok_or("there is no such active member"))
        }
    };
    if let Some(member) = &member {
        check.that(level != Level::Coaching || member.coach, "level", "they are not a coach, so can only be given the record to view");
    }
    Ok((check.done_with(member)?, level))
}

/// Who sees a client's record and why, and which reports are on the client.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Ledger {
    /// The client.
    pub client_id: ClientId,
    /// Everybody besides the client who sees something of the record, who sees most first.
    pub people: Vec<Seer>,
    /// The reports that are on the client as things stand now, the newest first; at most 25.
    pub reports: Vec<ReportOn>,
    /// How many more such reports there are.
    pub more_reports: usize,
    /// The exports that were made with the client in them, the newest first; at most 100.
    pub exports: Vec<ExportMade>,
    /// Whether there were more of them before.
    pub more_exports: bool,
}

/// An export that the client is in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExportMade {
    /// Id.
    pub id: ExportId,
    /// Who asked for it.
    pub by: String,
    /// Whether it is of the whole account.
    pub whole_account: bool,
    /// What became of it.
    pub state: State,
    /// Of which kinds.
    pub kinds: BTreeSet<ItemKind>,
    /// The first day; none for from the beginning.
    pub from: Option<NaiveDate>,
    /// The last day, included; none for to the time it was asked for.
    pub to: Option<NaiveDate>,
    /// What kind of file.
    pub format: Format,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
}

/// What somebody sees of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sees {
    /// The profile.
    Profile,
    /// What the client is up to: items that are shared, of the kinds named.
    Record,
    /// One or more engagements.
    Engagements,
}

/// Somebody who sees something of a client's record.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Seer {
    /// Who.
    #[serde(flatten)]
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// What they are to the client, and since when, if they are paired.
    pub pairing: Option<Pairing>,
    /// What they see.
    pub sees: BTreeSet<Sees>,
    /// Of which kinds they see the items that are shared.
    pub kinds: BTreeSet<ItemKind>,
    /// Whether they work with the client: add items, comment.
    pub interacts: bool,
    /// What gives them sight of the most that they see: each set is enough by itself.
    pub because: Vec<Together<Ground>>,
    /// The same in words.
    pub says: String,
}

/// A report that is on the client.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReportOn {
    /// Id.
    pub id: ReportId,
    /// What it is called; for those who don't manage it its subject, if it has one.
    pub name: String,
    /// Who set it up.
    pub set_up_by: String,
    /// To what kind of recipient it goes.
    pub audience: AudienceKind,
    /// To whom, as far as it is on the client: names, or addresses of those without a login.
    pub recipients: Vec<String>,
    /// Of which kinds; for personnel, those that one of them was granted.
    pub kinds: BTreeSet<ItemKind>,
    /// How much of each item.
    pub detail: Detail,
    /// The schedule in words.
    pub schedule_in_words: String,
    /// Whether it is paused.
    pub paused: bool,
    /// When it runs next; none while paused, and for reports that follow appointments.
    pub next_run: Option<DateTime<Utc>>,
    /// Its last runs, the newest first; at most 3.
    pub last_runs: Vec<PastRun>,
}

/// A run of a report that is on the client.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct PastRun {
    /// The run.
    pub id: RunId,
    /// When it was scheduled.
    pub scheduled_at: DateTime<Utc>,
    /// What became of it; of a report to the clients, of the mail to this client.
    pub outcome: Outcome,
}

/// Who sees a client's record and why, and which reports are on the client: for the client, and for members who see the record.
///
/// # Errors
/// [`AppError`].
pub async fn ledger(ctx: &Ctx, id: ClientId) -> Result<Ledger, AppError> {
    let (client, level) = crate::clients::load(ctx, id).await?;
    ctx.ask(Action::Read, &Resource::Sharing(&ClientFacts::of(&client, level)))?;
    let (store, scope) = (ctx.store(), ctx.scope);
    let ((members, personnel, pairings), (engagements, reports, groups), exports) = futures::future::try_join3(
        futures::future::try_join3(store.members(scope), store.personnel(scope), store.client_pairings(scope, id)),
        futures::future::try_join3(store.client_engagements(scope, id), store.reports(scope), store.client_groups(scope, id)),
        futures::future::try_join(store.exports(scope, Some(id), EXPORTS, None), store.exports(scope, None, EXPORTS, None)),
    )
    .await?;
    let known = Known {
        client: &client,
        members: &members,
        personnel: &personnel,
        levels: pairings.iter().map(|pairing| (pairing.member_id, *pairing)).collect(),
        groups: groups.into_iter().collect(),
    };
    let mut covering: Vec<(&Report, Vec<Reached>)> =
        reports.iter().filter_map(|report| Some((report, known.reached(ctx, report)?))).collect();
    covering.sort_by_key(|(report, _)| std::cmp::Reverse(report.id));
    let more_reports = covering.len().saturating_sub(REPORTS);
    covering.truncate(REPORTS);
    let mut covered = Vec::with_capacity(covering.len());
    let mut rest = covering.into_iter().peekable();
    while rest.peek().is_some() {
        let some = rest.by_ref().take(AT_ONCE).map(|(report, reached)| report_on(ctx, &known, report, reached));
        covered.extend(futures::future::try_join_all(some).await?);
    }
    let ((of_client, before), (of_account, before_too)) = exports;
    // an account's export has whoever was a client by then
    let of_account = of_account.into_iter().filter(|export| export.created_at >= client.created_at);
    let mut exports: Vec<ExportMade> = of_client.into_iter().chain(of_account).map(|export| known.export_made(ctx, export)).collect();
    exports.sort_by_key(|export| std::cmp::Reverse(export.id));
    let more_exports = before || before_too || exports.len() > EXPORTS;
    exports.truncate(EXPORTS);
    Ok(Ledger { client_id: id, people: known.people(ctx, &engagements), reports: covered, more_reports, exports, more_exports })
}

/// What the ledger is made of.
struct Known<'a> {
    client: &'a Client,
    members: &'a [Member],
    personnel: &'a [Personnel],
    levels: BTreeMap<MemberId, Pairing>,
    groups: BTreeSet<GroupId>,
}

/// A recipient whom a report reaches with something on the client.
struct Reached {
    shown: String,
    email: Option<Email>,
    kinds: BTreeSet<ItemKind>,
}

impl Known<'_> {
    fn facts(&self, viewer: &Viewer) -> ClientFacts {
        let pairing = viewer.member().and_then(|member| self.levels.get(&member.id));
        ClientFacts::of(self.client, pairing.map_or(Level::None, |pairing| pairing.level))
    }

    fn export_made(&self, ctx: &Ctx, export: Export) -> ExportMade {
        let by = match export.by {
            PersonId::Member(id) => self.members.iter().find(|member| member.id == id).map(|member| member.name.clone()),
            PersonId::Personnel(id) => self.personnel.iter().find(|person| person.id == id).map(|person| person.name.clone()),
            PersonId::Client(id) => (id == self.client.id).then(|| self.client.name()),
        };
        ExportMade {
            id: export.id,
            by: by.unwrap_or_else(|| "somebody who is not here any more".to_owned()),
            whole_account: export.client_id.is_none(),
            state: export.state_at(ctx.now),
            kinds: export.request.kinds,
            from: export.request.from,
            to: export.request.to,
            format: export.request.format,
            created_at: export.created_at,
        }
    }

    fn people(&self, ctx: &Ctx, engagements: &[Engagement]) -> Vec<Seer> {
        let members = self.members.iter().filter(|member| member.active).cloned().map(Viewer::Member);
        let personnel = self.personnel.iter().filter(|person| person.active).cloned().map(Viewer::Personnel);
        let mut people: Vec<Seer> = members.chain(personnel).filter_map(|viewer| self.seer(ctx, &viewer, engagements)).collect();
        let rank = |seer: &Seer| {
            let level = seer.pairing.map_or(Level::None, |pairing| pairing.level);
            (std::cmp::Reverse(level), !seer.sees.contains(&Sees::Record), seer.name.clone())
        };
        people.sort_by_key(rank);
        people
    }

    /// What somebody sees of the client; `None` where that is nothing.
    fn seer(&self, ctx: &Ctx, viewer: &Viewer, engagements: &[Engagement]) -> Option<Seer> {
        let facts = self.facts(viewer);
        let engagements: Vec<EngagementFacts> = engagements
            .iter()
            .filter(|engagement| !engagement.is_deleted())
            .map(|engagement| EngagementFacts::of(engagement, ctx.account.id))
            .filter(|engagement| !engagement.is_draft && EngagementAct::Read.decide(viewer, &facts, engagement).is_allowed())
            .collect();
        let sees: BTreeSet<Sees> = [
            (Sees::Profile, Act::ReadProfile.decide(viewer, &facts).is_allowed()),
            (Sees::Record, Act::ReadRecord.decide(viewer, &facts).is_allowed()),
            (Sees::Engagements, !engagements.is_empty()),
        ]
        .into_iter()
        .filter_map(|(what, holds)| holds.then_some(what))
        .collect();
        // reasons are found by trying: only for who sees anything, and for the most that they see
        let of_client =
            [(Sees::Record, Act::ReadRecord), (Sees::Profile, Act::ReadProfile)].into_iter().find(|(what, _)| sees.contains(what));
        let (because, says) = match (of_client, engagements.first()) {
            (Some((_, act)), _) => {
                let right = explain_one(viewer, &facts, act);
                (right.because, right.says)
            }
            (None, Some(engagement)) => {
                let right = explain_one_of_engagement(viewer, &facts, engagement, EngagementAct::Read);
                (right.because, right.says)
            }
            (None, None) => return None,
        };
        let name = match viewer {
            Viewer::Member(member) => member.name.clone(),
            Viewer::Client(client) => client.name(),
            Viewer::Personnel(person) => person.name.clone(),
        };
        let kinds = if sees.contains(&Sees::Record) { kinds(viewer, &facts).read } else { BTreeSet::new() };
        Some(Seer {
            person: viewer.person(),
            name,
            pairing: viewer.member().and_then(|member| self.levels.get(&member.id)).copied(),
            sees,
            kinds,
            interacts: decide(viewer, Action::Write, &Resource::Record(&facts)).is_allowed(),
            because,
            says: says.strip_prefix("yes: ").unwrap_or(&says).to_owned(),
        })
    }

    /// Whom a report reaches with something on the client; `None` where it is not on the client.
    fn reached(&self, ctx: &Ctx, report: &Report) -> Option<Vec<Reached>> {
        let definition = &report.definition;
        let features = ctx.account.features;
        let companies = features.has(Feature::Companies);
        let covers = match definition.scope.kind {
            ScopeKind::All => true,
            ScopeKind::Selected => definition.scope.ids.contains(&self.client.id.0),
            ScopeKind::Groups => self.groups.iter().any(|group| definition.scope.ids.contains(&group.0)),
            ScopeKind::Companies => companies && self.client.company_id.is_some_and(|company| definition.scope.ids.contains(&company.0)),
        };
        let creator = Viewer::Member(self.members.iter().find(|member| member.id == report.creator_id && member.active)?.clone());
        let may = decide(&creator, Action::Report(definition.audience.kind), &Resource::Client(&self.facts(&creator))).is_allowed();
        if !covers || !may || self.client.archived {
            return None;
        }
        let kinds = || definition.kinds.clone();
        let reached: Vec<Reached> = match definition.audience.kind {
            AudienceKind::Coach => {
                let named = |member: &&Member| match definition.audience.ids.is_empty() {
                    true => member.id == report.creator_id,
                    false => definition.audience.ids.contains(&member.id.0),
                };
                let sees = |member: &&Member| {
                    let viewer = Viewer::Member((*member).clone());
                    decide(&viewer, Action::Read, &Resource::Record(&self.facts(&viewer))).is_allowed()
                };
                let members = self.members.iter().filter(|member| member.active).filter(named).filter(sees);
                members.map(|member| Reached { shown: member.name.clone(), email: Some(member.email.clone()), kinds: kinds() }).collect()
            }
            AudienceKind::Clients => vec![Reached { shown: self.client.name(), email: self.client.email.clone(), kinds: kinds() }],
            AudienceKind::ThirdParties => {
                let addresses = definition.audience.emails.iter();
                addresses.map(|email| Reached { shown: email.as_str().to_owned(), email: Some(email.clone()), kinds: kinds() }).collect()
            }
            AudienceKind::Personnel if companies && definition.scope.kind == ScopeKind::Companies => {
                let named = |person: &&Personnel| {
                    person.active && definition.audience.ids.contains(&person.id.0) && self.client.company_id == Some(person.company_id)
                };
                let granted = |person: &Personnel| definition.kinds.intersection(&person.grants).copied().collect();
                let people = self.personnel.iter().filter(named);
                people
                    .map(|person| Reached { shown: person.name.clone(), email: Some(person.email.clone()), kinds: granted(person) })
                    .filter(|reached| !reached.kinds.is_empty())
                    .collect()
            }
            AudienceKind::Personnel => Vec::new(),
        };
        (!reached.is_empty()).then_some(reached)
    }
}

async fn report_on(ctx: &Ctx, known: &Known<'_>, report: &Report, reached: Vec<Reached>) -> Result<ReportOn, AppError> {
    let definition = &report.definition;
    // a report that goes before appointments has runs on others, too
    let read = if matches!(definition.schedule, Schedule::Appointment { .. }) { RUNS_READ } else { RUNS };
    let (runs, _) = ctx.store().runs_page(ctx.scope, report.id, read, None).await?;
    let mut last_runs = Vec::with_capacity(RUNS);
    for run in runs.into_iter().filter(|run| is_on(run, known.client)).take(RUNS) {
        let outcome = became(ctx, report, &run, &reached, known.client).await?;
        last_runs.push(PastRun { id: run.id, scheduled_at: run.scheduled_at, outcome });
    }
    let manages = decide(&ctx.viewer, Action::Read, &Resource::Report(report.creator_id)).is_allowed();
    // what somebody calls a report is theirs; others know it by its subject
    let name = match manages {
        true => definition.name.clone(),
        false => definition.subject.clone().unwrap_or_else(|| "coaching report".into()),
    };
    let creator = known.members.iter().find(|member| member.id == report.creator_id);
    let next_run = match (&report.paused_because, &definition.schedule) {
        (Some(_), _) | (None, Schedule::Appointment { .. }) => None,
        (None, schedule @ (Schedule::Day { .. } | Schedule::Week { .. } | Schedule::Month { .. })) => {
            schedule.next_runs(definition.time_zone, ctx.now, 1).into_iter().next()
        }
    };
    Ok(ReportOn {
        id: report.id,
        name,
        set_up_by: creator.map(|member| member.name.clone()).unwrap_or_default(),
        audience: definition.audience.kind,
        kinds: reached.iter().flat_map(|reached| reached.kinds.iter().copied()).collect(),
        recipients: reached.into_iter().map(|reached| reached.shown).collect(),
        detail: definition.detail,
        schedule_in_words: definition.schedule.words(),
        paused: report.paused_because.is_some(),
        next_run,
        last_runs,
    })
}

/// Whether a run can have been on the client: one for an appointment is on its client alone, and none is on a client who was
/// added later.
fn is_on(run: &Run, client: &Client) -> bool {
    let of_client = match run.cause {
        Cause::Appointment { client_id, .. } => client_id == client.id,
        Cause::Schedule | Cause::Manual { .. } => true,
    };
    of_client && client.created_at <= run.scheduled_at
}

/// What became of a run, from its mails; of a report to the clients, from the one to this client.
async fn became(ctx: &Ctx, report: &Report, run: &Run, reached: &[Reached], client: &Client) -> Result<Outcome, AppError> {
    if run.stage != Stage::Planned {
        return Ok(outcome(run, &[]));
    }
    let deliveries = match report.definition.audience.kind {
        AudienceKind::Clients => {
            // a mail's id says for whom it is, so it need not be looked for among those to the others
            let ids = reached.iter().filter_map(|reached| {
                let recipient = Recipient { email: reached.email.clone()?, person: Some(PersonId::Client(client.id)), name: None };
                let mail = Mail::Report {
                    report_id: report.id,
                    run_id: run.id,
                    content: String::new(),
                    client_id: Some(client.id),
                    company_id: None,
                };
                Some(Delivery::owed(&run.id.to_string(), mail, recipient, run.started_at).id)
            });
            ctx.store().deliveries_by_id(ctx.scope, ids.collect::<Vec<_>>()).await?
        }
        AudienceKind::Coach | AudienceKind::ThirdParties | AudienceKind::Personnel => {
            ctx.store().run_deliveries(ctx.scope, run.id, MAILS).await?
        }
    };
    Ok(outcome(run, &deliveries))
}
