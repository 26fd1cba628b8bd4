//! Why somebody may do something, or may not.

use chrono::{DateTime, Utc};
use domain::access::{Action, ClientFacts, EngagementFacts, Resource, Shut, Viewer, decide, shut};
use domain::client::{Level, Pairing};
use domain::engagement::State;
use domain::explain::{EngagementAct, Explanation, Right, explain, explain_engagement};
use domain::id::{ClientId, CompanyId, EngagementId, MemberId};
use domain::person::{Email, PersonId};
use serde::Serialize;
use ulid::Ulid;
use utoipa::ToSchema;

use crate::identity::viewer;
use crate::{AppError, Ctx};

/// What somebody may do with a client, and why.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Explained {
    /// Who.
    pub viewer: Somebody,
    /// With which client.
    pub client_id: ClientId,
    /// What they are to the client, and since when, if they are paired.
    pub pairing: Option<Pairing>,
    /// Their company, and whether it is the client's too, if they are of one.
    pub company: Option<OfCompany>,
    /// Why nothing opens for them at all, if nothing does: what follows is what they might do otherwise.
    pub shut: Option<Shut>,
    /// Each thing that can be done, and why.
    #[serde(flatten)]
    pub explanation: Explanation,
    /// Engagement by engagement: as its coach, as an administrator of the organisation that owns it, or by sight of the
    /// record.
    pub engagements: Vec<ExplainedEngagement>,
}

/// A person by name.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Somebody {
    /// Who.
    #[serde(flatten)]
    pub person: PersonId,
    /// Name.
    pub name: String,
    /// Address, if there is one.
    pub email: Option<Email>,
}

impl Somebody {
    fn of(viewer: &Viewer) -> Self {
        let (name, email) = match viewer {
            Viewer::Member(member) => (member.name.clone(), Some(member.email.clone())),
            Viewer::Client(client) => (client.name(), client.email.clone()),
            Viewer::Personnel(person) => (person.name.clone(), Some(person.email.clone())),
        };
        Self { person: viewer.person(), name, email }
    }
}

/// A company, and whether the client is of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OfCompany {
    /// Which.
    pub id: CompanyId,
    /// Whether it is the client's too.
    pub is_the_clients: bool,
}

/// What somebody may do with an engagement, and why.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExplainedEngagement {
    /// Which.
    pub id: EngagementId,
    /// The program's name when it was made.
    pub program: String,
    /// Where it is in its life.
    pub state: State,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// Each thing that can be done, and why.
    pub rights: Vec<Right<EngagementAct>>,
}

/// Explains what somebody (an id or an address) may do with a client: to themselves, and about anybody to those who manage the
/// team and to administrators of the whole organisation. Clients whom they don't see are nobody to them, and engagements
/// that they don't see are left out.
///
/// # Errors
/// [`AppError`]; a conflict where an address is of several people.
pub async fn explanation(ctx: &Ctx, somebody: &str, client: ClientId) -> Result<Explained, AppError> {
    let (found, hidden) = find(ctx, somebody).await?;
    // nobody has this id, so who may not ask about others is told the same whether there is somebody or not
    let asked = found.first().map_or(PersonId::Member(MemberId(Ulid::nil())), Viewer::person);
    ctx.ask(Action::Read, &Resource::Explanation(asked))?;
    let viewer = match <[Viewer; 1]>::try_from(found) {
        Ok([viewer]) => viewer,
        Err(several) if several.is_empty() => return Err(if hidden { AppError::Hidden } else { AppError::NotFound }),
        Err(several) => {
            let ids: Vec<String> = several.iter().map(|viewer| id(viewer.person())).collect();
            let detail = format!("the address is of several people here; ask by id: {}", ids.join(", "));
            return Err(AppError::conflict("several_people", detail));
        }
    };
    let (client, pairings, engagements) = futures::future::try_join3(
        ctx.store().client(ctx.scope, client),
        ctx.store().client_pairings(ctx.scope, client),
        ctx.store().client_engagements(ctx.scope, client),
    )
    .await?;
    let client = client.ok_or(AppError::NotFound)?;
    let pairing = |viewer: &Viewer| viewer.member().and_then(|m| pairings.iter().find(|pairing| pairing.member_id == m.id).copied());
    let facts_for = |viewer: &Viewer| ClientFacts::of(&client, pairing(viewer).map_or(Level::None, |pairing| pairing.level));
    let (facts, own_facts) = (facts_for(&viewer), facts_for(&ctx.viewer));
    let anybodys = PersonId::Member(MemberId(Ulid::nil()));
    let about_anybody = decide(&ctx.viewer, Action::Read, &Resource::Explanation(anybodys)).is_allowed();
    if !about_anybody {
        // of what is not theirs to know they are not told why
        ctx.ask(Action::Read, &Resource::Client(&facts))?;
    }
    let engagements = engagements.into_iter().filter(|engagement| !engagement.is_deleted()).filter_map(|engagement| {
        let of = EngagementFacts::of(&engagement, ctx.account.id);
        let seen = decide(&ctx.viewer, Action::Read, &Resource::Engagement(&own_facts, &of)).is_allowed();
        // who may see progress tells whether it is watched, so that is for those who may see it themselves (T-8)
        let knows = viewer == ctx.viewer || EngagementAct::ReadProgress.decide(&ctx.viewer, &own_facts, &of).is_allowed();
        let told = |right: &Right<EngagementAct>| knows || right.act != EngagementAct::ReadProgress;
        seen.then(|| ExplainedEngagement {
            id: engagement.id,
            program: engagement.program,
            state: engagement.state,
            created_at: engagement.created_at,
            rights: explain_engagement(&viewer, &facts, &of).into_iter().filter(told).collect(),
        })
    });
    let company = match &viewer {
        Viewer::Personnel(person) => {
            Some(OfCompany { id: person.company_id, is_the_clients: client.company_id == Some(person.company_id) })
        }
        Viewer::Member(_) | Viewer::Client(_) => None,
    };
    Ok(Explained {
        viewer: Somebody::of(&viewer),
        client_id: client.id,
        pairing: pairing(&viewer),
        company,
        shut: shut(&viewer),
        explanation: explain(&viewer, &facts),
        engagements: engagements.collect(),
    })
}

/// The people of the account who have this id or address, as far as the viewer may know of them: oneself alone, if one is
/// among them; and whether there are others.
async fn find(ctx: &Ctx, somebody: &str) -> Result<(Vec<Viewer>, bool), AppError> {
    let people: Vec<PersonId> = match (Ulid::from_string(somebody), Email::parse(somebody)) {
        (Ok(id), _) => {
            vec![PersonId::Member(MemberId(id)), PersonId::Client(ClientId(id)), PersonId::Personnel(domain::id::PersonnelId(id))]
        }
        (Err(_), Ok(email)) => {
            let uses = ctx.store().by_email(&email).await?;
            uses.into_iter().filter(|found| found.account_id == ctx.scope.account()).map(|found| found.person).collect()
        }
        (Err(_), Err(_)) => return Err(domain::check::Invalid::field("viewer", "is neither an id nor an e-mail address").into()),
    };
    if people.contains(&ctx.viewer.person()) {
        return Ok((vec![ctx.viewer.clone()], false));
    }
    let found = futures::future::try_join_all(people.into_iter().map(|person| viewer(&ctx.app, ctx.scope, person))).await?;
    let client = |viewer: &Viewer| match viewer {
        Viewer::Client(client) => Some(client.id),
        Viewer::Member(_) | Viewer::Personnel(_) => None,
    };
    let found: Vec<Viewer> = found.into_iter().flatten().collect();
    let visible = crate::clients::visible(ctx, found.iter().filter_map(client).collect()).await?;
    let (known, hidden): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|viewer| client(viewer).is_none_or(|client| visible.contains_key(&client)));
    Ok((known, !hidden.is_empty()))
}

fn id(person: PersonId) -> String {
    match person {
        PersonId::Member(id) => id.to_string(),
        PersonId::Client(id) => id.to_string(),
        PersonId::Personnel(id) => id.to_string(),
    }
}
