//! Trying settings on engagements that are under way, before anybody switches them on (T-13).

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use domain::access::{Action, ClientFacts, EngagementFacts, Resource, decide};
use domain::check::Invalid;
use domain::client::Client;
use domain::dry_run::{DryRunDraft, House, On, Role, Tried, dry_run};
use domain::engagement::Engagement;
use domain::id::{ClientId, EngagementId};
use domain::person::{Email, Member, PersonId, Personnel};
use domain::progress::Tracking;
use serde::Serialize;
use utoipa::ToSchema;

use super::list::{by_id, levels};
use crate::{AppError, Ctx};

/// What settings would do; nothing of it was done.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DryRun {
    /// How many engagements would be off track that are not now.
    pub would_flip: usize,
    /// Who would be mailed by the next sweep.
    pub would_mail: Vec<WouldMail>,
    /// The engagements that would be off track, the first to cross first.
    pub engagements: Vec<WouldFlip>,
}

/// Somebody who would be mailed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WouldMail {
    /// Their address; the most of it hidden where the caller may not see it elsewhere.
    pub recipient: String,
    /// Their name.
    pub name: String,
    /// As what. Who is administrator and coach gets one mail, as administrator.
    pub role: Role,
    /// Of how many engagements: administrators and coaches in one mail, clients in one for each.
    pub engagements: usize,
}

/// An engagement that would be off track.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct WouldFlip {
    /// The engagement.
    pub id: EngagementId,
    /// The day it would have crossed.
    pub off_track_since: NaiveDate,
}

/// Tries settings on all engagements of a program, or on some, as far as the caller administers these.
///
/// # Errors
/// [`AppError`]; not found where the caller administers none of the engagements that are named.
pub async fn try_settings(ctx: &Ctx, draft: &DryRunDraft) -> Result<DryRun, AppError> {
    if draft.program_id.is_some() {
        ctx.ask(Action::Write, &Resource::Programs)?;
    }
    let on = draft.on()?;
    let store = ctx.store();
    let administered = |engagement: &Engagement| {
        // its coach knows how it stands, but settings are for those who answer for it
        let facts = EngagementFacts { coach: None, ..EngagementFacts::of(engagement, ctx.account.id) };
        !engagement.is_deleted() && decide(&ctx.viewer, Action::Read, &Resource::Progress(&facts)).is_allowed()
    };
    let engagements: Vec<Engagement> = match on {
        On::Program(program) => {
            if store.program(ctx.scope, program).await?.is_none() {
                return Err(Invalid::field("program_id", "there is no such program").into());
            }
            let all = store.engagements(ctx.scope).await?;
            all.into_iter().filter(|engagement| engagement.program_id == program && administered(engagement)).collect()
        }
        On::Engagements(ids) => {
            let mut some = store.engagements_by_id(ctx.scope, ids).await?;
            some.retain(|engagement| !engagement.is_deleted());
            if some.is_empty() {
                return Err(AppError::NotFound);
            }
            some.retain(administered);
            if some.is_empty() {
                return Err(AppError::Hidden);
            }
            some
        }
    };
    let ids: Vec<EngagementId> = engagements.iter().map(|engagement| engagement.id).collect();
    let clients: BTreeSet<ClientId> = engagements.iter().map(|engagement| engagement.client_id).collect();
    let (trackings, clients, members, personnel, levels) = futures::future::try_join5(
        async { Ok::<_, AppError>(store.trackings_by_id(ctx.scope, ids).await?) },
        async { Ok(by_id(store.clients_by_id(ctx.scope, clients).await?)) },
        async { Ok(store.members(ctx.scope).await?) },
        async { Ok(store.personnel(ctx.scope).await?) },
        levels(ctx),
    )
    .await?;
    let trackings: BTreeMap<EngagementId, Tracking> = trackings.into_iter().map(|tracking| (tracking.engagement_id, tracking)).collect();
    let tried: Vec<Tried<'_>> = engagements
        .iter()
        .filter_map(|engagement| {
            let (tracking, client) = (trackings.get(&engagement.id)?, clients.get(&engagement.client_id)?);
            Some(Tried { engagement, tracking, client })
        })
        .collect();
    let house = House { account: ctx.account.id, zone: ctx.account.time_zone, members: &members, personnel: &personnel };
    let outcome = dry_run(&tried, draft, &house, ctx.now);
    let sees_client =
        |client: &Client| sees(ctx, &Resource::Client(&ClientFacts::of(client, levels.get(&client.id).copied().unwrap_or_default())));
    let mut would_mail: Vec<WouldMail> = Vec::new();
    for ((role, person), engagements) in outcome.mails {
        let found: Option<(String, &Email, bool)> = match person {
            PersonId::Member(id) => {
                members.iter().find(|m| m.id == id).map(|m: &Member| (m.name.clone(), &m.email, sees(ctx, &Resource::Team)))
            }
            PersonId::Personnel(id) => personnel
                .iter()
                .find(|p| p.id == id)
                .map(|p: &Personnel| (p.name.clone(), &p.email, sees(ctx, &Resource::Company(p.company_id)))),
            PersonId::Client(id) => clients.get(&id).and_then(|client| Some((client.name(), client.email.as_ref()?, sees_client(client)))),
        };
        let Some((name, email, is_known)) = found else { continue };
        let recipient = if is_known { email.to_string() } else { email.masked() };
        would_mail.push(WouldMail { recipient, name, role, engagements });
    }
    would_mail.sort_by(|a, b| (a.role, &a.name, &a.recipient).cmp(&(b.role, &b.name, &b.recipient)));
    let engagements: Vec<WouldFlip> = outcome.flips.into_iter().map(|(id, off_track_since)| WouldFlip { id, off_track_since }).collect();
    Ok(DryRun { would_flip: engagements.len(), would_mail, engagements })
}

fn sees(ctx: &Ctx, resource: &Resource<'_>) -> bool {
    decide(&ctx.viewer, Action::Read, resource).is_allowed()
}
