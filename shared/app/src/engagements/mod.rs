//! Engagements: one client in one program with, usually, one coach; their sessions, discovery calls, breaks and log.

pub mod dry_run;
pub mod export;
pub mod list;
pub mod nudge;
mod refile;
pub mod view;
mod write;

use domain::access::{Action, ClientFacts, EngagementFacts, Resource, decide};
use domain::account::Feature;
use domain::check::Check;
use domain::client::Client;
use domain::engagement::{
    Engagement, EngagementDraft, EngagementHappening, Move, PauseDraft, Session, SessionDraft, SessionKind, SessionState, What,
};
use domain::id::{CompanyId, EngagementId, HappeningId, MemberId, SessionId};
use domain::person::{Administrator, Member};
use domain::program::Program;
use platform::store::engagements::Whole;
use platform::store::{Changes, Commit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::page::{List, Page, Paged};
use crate::{AppError, Ctx};

pub use refile::refile_all;
pub(crate) use refile::refile_client;
pub use view::{EngagementView, view};
use write::{Asked, Written};

/// The coach to give an engagement.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CoachDraft {
    /// An active member who coaches; needed.
    #[schema(required = true)]
    pub coach_id: Option<MemberId>,
}

/// An engagement that the viewer may see, with all that a decision on it needs.
struct Loaded {
    whole: Whole,
    client: Client,
    client_facts: ClientFacts,
    facts: EngagementFacts,
}

/// An engagement, deleted or not; not found where the viewer may not know of it.
async fn load_any(ctx: &Ctx, id: EngagementId) -> Result<Loaded, AppError> {
    let whole = ctx.store().whole_engagement(ctx.scope, id).await?.ok_or(AppError::NotFound)?;
    let client_id = whole.engagement.client_id;
    let (client, level) = futures::future::join(ctx.store().client(ctx.scope, client_id), ctx.level(client_id)).await;
    let client = client?.ok_or(AppError::NotFound)?;
    let client_facts = ClientFacts::of(&client, level?);
    let facts = EngagementFacts::of(&whole.engagement, ctx.account.id);
    ctx.ask(Action::Read, &Resource::Engagement(&client_facts, &facts))?;
    Ok(Loaded { whole, client, client_facts, facts })
}

async fn load(ctx: &Ctx, id: EngagementId) -> Result<Loaded, AppError> {
    let loaded = load_any(ctx, id).await?;
    if loaded.whole.engagement.is_deleted() { Err(AppError::NotFound) } else { Ok(loaded) }
}

/// Refuses writers by right, and everybody while the client's record is archived.
fn may_write(ctx: &Ctx, client: &ClientFacts, engagement: &EngagementFacts) -> Result<(), AppError> {
    if client.archived {
        // who might write if it were not archived is told why
        let open = ClientFacts { archived: false, ..client.clone() };
        if decide(&ctx.viewer, Action::Write, &Resource::Engagement(&open, engagement)).is_allowed() {
            return Err(crate::clients::archived());
        }
    }
    ctx.ask(Action::Write, &Resource::Engagement(client, engagement))
}

/// The engagement as the viewer sees it, with its coach's name.
async fn show(ctx: &Ctx, engagement: &Engagement, client: &Client) -> Result<EngagementView, AppError> {
    let coach = match engagement.coach_id {
        Some(id) => ctx.store().member(ctx.scope, id).await?,
        None => None,
    };
    Ok(view(&ctx.viewer, &ctx.account, engagement, client, coach.as_ref().map(|coach| coach.name.as_str()), ctx.now))
}

/// An engagement.
///
/// # Errors
/// [`AppError`].
pub async fn read(ctx: &Ctx, id: EngagementId) -> Result<EngagementView, AppError> {
    let loaded = load(ctx, id).await?;
    Ok(show(ctx, &loaded.whole.engagement, &loaded.client).await?.with_episodes(&loaded.whole.tracking))
}

/// Adds an engagement, as a draft.
///
/// # Errors
/// [`AppError`].
pub async fn create(ctx: &Ctx, draft: &EngagementDraft) -> Result<EngagementView, AppError> {
    create_at(ctx, draft, &[]).await
}

/// Adds an engagement that has been through these moves already, the first of them on its first day.
pub(crate) async fn create_at(ctx: &Ctx, draft: &EngagementDraft, moves: &[Move]) -> Result<EngagementView, AppError> {
    ctx.ask(Action::Read, &Resource::Programs)?;
    let mut check = Check::default();
    let client = match draft.client_id {
        None => check.take("client_id", Err("is needed")),
        Some(id) => match crate::clients::load(ctx, id).await {
            Ok(found) => Some(found),
            Err(error @ (AppError::NotFound | AppError::Hidden)) => {
                // answered the same whether there is such a client or not, so it is put on record here; a row of a file is not
                // asked for by a route
                if matches!(error, AppError::Hidden) && ctx.row.is_none() {
                    crate::account::note_refusal(ctx, &format!("POST /v1/engagements for {id}")).await?;
                }
                check.take("client_id", Err("there is no such client"))
            }
            Err(error) => return Err(error),
        },
    };
    let program: Option<Program> = match draft.program_id {
        None => check.take("program_id", Err("is needed")),
        Some(id) => check.take("program_id", ctx.store().program(ctx.scope, id).await?.ok_or("there is no such program")),
    };
    let ((client, level), program) = check.done_with(client.zip(program))?;
    let own = domain::id::OrganisationId(ctx.account.id.0);
    let engagement = draft.create(EngagementId(ctx.new_id()), client.id, &program, own, ctx.now)?;
    // whoever names themselves the coach has no more rights by that
    let facts = EngagementFacts { coach: None, ..EngagementFacts::of(&engagement, ctx.account.id) };
    may_write(ctx, &ClientFacts::of(&client, level), &facts)?;
    check_places(ctx, draft, None, &engagement).await?;
    let mut log = vec![happening(ctx, &engagement, What::Created)];
    let engagement = moved(ctx, engagement, &program, moves, &mut log)?;
    let tracking = write::filed(None, &engagement, client.email.as_ref(), ctx.account.time_zone, ctx.now);
    let shown = show(ctx, &engagement, &client).await?;
    let mut changes = Changes::new();
    ctx.store().add_engagement(&mut changes, ctx.scope, &engagement, &tracking)?;
    ctx.store().require_client(&mut changes, ctx.scope, &client)?;
    for happening in &log {
        ctx.store().add_engagement_happening(&mut changes, ctx.scope, happening)?;
    }
    match ctx.try_commit(changes, "engagement.create", engagement.id, 201, &shown).await? {
        Commit::Done => Ok(shown),
        // a conflict tells as much as trying again would
        Commit::Unmet(_) => Err(AppError::conflict("changed_meanwhile", "the client was changed meanwhile; try again")),
    }
}

/// A new engagement after these moves, which its log tells one after the other.
fn moved(
    ctx: &Ctx,
    engagement: Engagement,
    program: &Program,
    moves: &[Move],
    log: &mut Vec<EngagementHappening>,
) -> Result<Engagement, AppError> {
    let zone = ctx.account.time_zone;
    let first_day = engagement.starts_on.and_then(|day| day.and_time(chrono::NaiveTime::MIN).and_local_timezone(zone).earliest());
    let began = first_day.map_or(ctx.now, |at| at.to_utc().min(ctx.now));
    let mut after = engagement;
    for (n, asked) in moves.iter().enumerate() {
        let at = if n == 0 { began } else { ctx.now };
        after =
            domain::engagement::advance(&after, *asked, program, at).map_err(|why| AppError::conflict("wrong_state", why.to_string()))?;
        let last = log.last().map_or_else(|| ctx.new_id(), |last| last.id.0);
        // behind the one before in the log, though of the same moment
        log.push(EngagementHappening {
            id: HappeningId(ulid::Ulid(last.0.wrapping_add(1))),
            ..happening(ctx, &after, write::told(*asked))
        });
    }
    Ok(Engagement { created_at: ctx.now, updated_at: ctx.now, version: 1, ..after })
}

fn happening(ctx: &Ctx, engagement: &Engagement, what: What) -> EngagementHappening {
    EngagementHappening {
        id: HappeningId(ctx.new_id()),
        engagement_id: engagement.id,
        what,
        at: ctx.now,
        by: ctx.actor(),
        session_id: None,
        on: None,
    }
}

/// Checks that what an engagement names and did not name before is there: coach, owning organisation, who answers for
/// it, location.
async fn check_places(ctx: &Ctx, draft: &EngagementDraft, before: Option<&Engagement>, after: &Engagement) -> Result<(), AppError> {
    let store = ctx.store();
    let mut check = Check::default();
    if let Some(coach) = draft.coach_id.filter(|coach| before.is_none_or(|before| before.coach_id != Some(*coach))) {
        check_coach(ctx, coach, &mut check).await?;
    }
    let organisation = after.owner_organisation_id;
    let is_own = organisation.0 == ctx.account.id.0;
    let company = CompanyId(organisation.0);
    let moves = before.is_none_or(|before| before.owner_organisation_id != organisation);
    if moves && !is_own {
        ctx.needs(Feature::Companies)?;
        check.that(store.company(ctx.scope, company).await?.is_some(), "owner_organisation_id", "there is no such organisation here");
    }
    if let Some(owner) = after.owner_id.filter(|owner| moves || before.is_none_or(|before| before.owner_id != Some(*owner))) {
        let administers = if is_own {
            let member = store.member(ctx.scope, MemberId(owner.0)).await?;
            member.is_some_and(|member| member.active && member.administrator != Administrator::None)
        } else {
            let person = store.person_of_company(ctx.scope, domain::id::PersonnelId(owner.0)).await?;
            person.is_some_and(|person| person.active && person.administrator && person.company_id == company)
        };
        check.that(administers, "owner_id", "there is no such active administrator of the organisation that owns the engagement");
    }
    if let Some(location) = after.location_id.filter(|location| moves || before.is_none_or(|before| before.location_id != Some(*location)))
    {
        let known = store.location(ctx.scope, company, location).await?.is_some();
        check.that(known, "location_id", "there is no such location of the organisation that owns the engagement");
    }
    Ok(check.done(())?)
}

/// Checks that somebody is there to coach, and that the account may give work to others.
async fn check_coach(ctx: &Ctx, id: MemberId, check: &mut Check) -> Result<(), AppError> {
    let is_coach = |member: &Member| member.active && member.coach;
    if ctx.viewer.member().is_some_and(|own| own.id == id && is_coach(own)) {
        return Ok(());
    }
    let coach = ctx.store().member(ctx.scope, id).await?;
    match coach.is_some_and(|member| is_coach(&member)) {
        true => ctx.needs(Feature::TeamEdition),
        false => {
            check.fault("coach_id", "there is no such active coach");
            Ok(())
        }
    }
}

/// Changes an engagement. How progress is watched is for those who may see it, and for the coach (T-8).
///
/// # Errors
/// [`AppError`].
pub async fn update(ctx: &Ctx, id: EngagementId, draft: &EngagementDraft, expected: Option<u64>) -> Result<EngagementView, AppError> {
    Ok(write::write(ctx, id, &Asked::Change(draft), expected).await?.engagement)
}

/// Deletes an engagement; it can be brought back for 30 days (P-6).
///
/// # Errors
/// [`AppError`].
pub async fn delete(ctx: &Ctx, id: EngagementId, expected: Option<u64>) -> Result<(), AppError> {
    write::write(ctx, id, &Asked::Move(Move::Delete), expected).await.map(|_| ())
}

/// Moves an engagement: activates it, completes it, brings it back.
///
/// # Errors
/// [`AppError`]; a conflict where its state does not allow it.
pub async fn advance(ctx: &Ctx, id: EngagementId, asked: Move) -> Result<EngagementView, AppError> {
    Ok(write::write(ctx, id, &Asked::Move(asked), None).await?.engagement)
}

/// Gives an engagement a coach: one who was assigned, or (`selected`) whom the client chose (T-5).
///
/// # Errors
/// [`AppError`].
pub async fn set_coach(ctx: &Ctx, id: EngagementId, draft: CoachDraft, selected: bool) -> Result<EngagementView, AppError> {
    let mut check = Check::default();
    let coach = check.take("coach_id", draft.coach_id.ok_or("is needed: the member who is to coach"));
    let coach = check.done_with(coach)?;
    advance(ctx, id, if selected { Move::SelectCoach(coach) } else { Move::AssignCoach(coach) }).await
}

/// Plans a break: its days do not count towards the threshold (T-13).
///
/// # Errors
/// [`AppError`].
pub async fn pause(ctx: &Ctx, id: EngagementId, draft: &PauseDraft) -> Result<EngagementView, AppError> {
    Ok(write::write(ctx, id, &Asked::Pause(draft), None).await?.engagement)
}

/// Ends the break that goes on, and takes back those that are to come.
///
/// # Errors
/// [`AppError`].
pub async fn resume(ctx: &Ctx, id: EngagementId) -> Result<EngagementView, AppError> {
    Ok(write::write(ctx, id, &Asked::Resume, None).await?.engagement)
}

/// The sessions or discovery calls of an engagement, in the order they were added.
///
/// # Errors
/// [`AppError`].
pub async fn sessions(ctx: &Ctx, id: EngagementId, kind: SessionKind, page: &Page) -> Result<Paged<Session>, AppError> {
    let sessions = load(ctx, id).await?.whole.sessions;
    let list = List::new(ctx, "sessions", &(id, kind));
    list.cut(sessions.into_iter().filter(|session| session.kind == kind), page, |session| session.id)
}

/// Schedules a session or discovery call, or logs one that took place.
///
/// # Errors
/// [`AppError`].
pub async fn add_session(ctx: &Ctx, id: EngagementId, kind: SessionKind, draft: &SessionDraft) -> Result<Session, AppError> {
    session(write::write(ctx, id, &Asked::AddSession(kind, draft), None).await?)
}

/// Changes a session or discovery call.
///
/// # Errors
/// [`AppError`].
pub async fn update_session(ctx: &Ctx, id: SessionId, draft: &SessionDraft, expected: Option<u64>) -> Result<Session, AppError> {
    let engagement = engagement_of(ctx, id).await?;
    session(write::write(ctx, engagement, &Asked::ChangeSession(id, draft), expected).await?)
}

/// Cancels a session or discovery call, or notes that it took place.
///
/// # Errors
/// [`AppError`]; a conflict where it is settled already.
pub async fn settle_session(ctx: &Ctx, id: SessionId, state: SessionState) -> Result<Session, AppError> {
    let engagement = engagement_of(ctx, id).await?;
    session(write::write(ctx, engagement, &Asked::SettleSession(id, state), None).await?)
}

async fn engagement_of(ctx: &Ctx, id: SessionId) -> Result<EngagementId, AppError> {
    ctx.store().engagement_of_session(ctx.scope, id).await?.ok_or(AppError::NotFound)
}

fn session(written: Written) -> Result<Session, AppError> {
    written.session.ok_or_else(|| AppError::Fault("a session was written, and none came out".into()))
}

/// What happened to an engagement, newest first, as far as the viewer may know (T-8).
///
/// # Errors
/// [`AppError`].
pub async fn happenings(ctx: &Ctx, id: EngagementId, page: &Page) -> Result<Paged<EngagementHappening>, AppError> {
    let engagement = load(ctx, id).await?.whole.engagement;
    let is_entitled = view::is_entitled(&ctx.viewer, &ctx.account, &engagement);
    let list = List::new(ctx, "engagement happenings", &id);
    let mut after = list.last_at(page)?.map(|(at, happening)| ctx.store().engagement_log_after(ctx.scope, id, at, happening));
    let mut items: Vec<EngagementHappening> = Vec::new();
    loop {
        let (found, next) = ctx.store().engagement_log(ctx.scope, id, page.limit.max(50), after).await?;
        for happening in found.into_iter().filter(|happening| is_entitled || !happening.what.tells_progress()) {
            if items.len() == page.limit {
                let next_cursor = items.last().map(|last| list.cursor_at(last.at, last.id));
                return Ok(Paged { items, next_cursor });
            }
            items.push(happening);
        }
        match next {
            Some(next) => after = Some(next),
            None => return Ok(Paged { items, next_cursor: None }),
        }
    }
}
