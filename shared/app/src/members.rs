//! Members, and whom they are paired with.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{Action, ClientFacts, Resource, could_have_given, decide};
use domain::account::Feature;
use domain::check::{self, Check, Invalid};
use domain::client::{Client, Level, Pairing, pair};
use domain::id::{ClientId, CompanyId, LocationId, MemberId};
use domain::listing::Columns;
use domain::person::{Administrator, Email, Member, Notifications, Permission, PersonId};
use platform::store::clients::Ended;
use platform::store::{Changes, WRITES_MOST};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::companies::check_location;
use crate::page::{List, Page, Paged};
use crate::{AppError, Ctx, runs};

/// A member as people send it: all of it for a new one (`name` and `email` needed), some of it for a change.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MemberDraft {
    /// First and last name.
    pub name: Option<String>,
    /// Address, unique among the members of the account.
    pub email: Option<String>,
    /// Whether they coach; default yes.
    pub coach: Option<bool>,
    /// Whether they administer; default `none`.
    pub administrator: Option<Administrator>,
    /// Of which location, for a location administrator.
    pub location_id: Option<LocationId>,
    /// What else they may do; default nothing.
    pub permissions: Option<Vec<Permission>>,
    /// An IANA zone; default the account's.
    pub time_zone: Option<String>,
    /// `false` deactivates them: they see nothing and get nothing, and their reports pause.
    pub active: Option<bool>,
}

impl MemberDraft {
    fn fill(&self, member: &mut Member, check: &mut Check) {
        if let Some(name) = &self.name
            && let Some(name) = check.take("name", check::line(name, 200))
        {
            member.name = name;
        }
        if let Some(email) = &self.email
            && let Some(email) = check.take("email", Email::parse(email))
        {
            member.email = email;
        }
        if let Some(zone) = &self.time_zone
            && let Some(zone) = check.take("time_zone", check::zone(zone))
        {
            member.time_zone = zone;
        }
        member.coach = self.coach.unwrap_or(member.coach);
        member.administrator = self.administrator.unwrap_or(member.administrator);
        member.location_id = self.location_id.or(member.location_id);
        member.active = self.active.unwrap_or(member.active);
        if let Some(permissions) = &self.permissions {
            member.permissions = permissions.iter().copied().collect();
        }
        check.that(
            member.administrator != Administrator::Location || member.location_id.is_some(),
            "location_id",
            "is needed for an administrator of a location",
        );
        check.that(member.coach || member.administrator != Administrator::None, "coach", "a member is a coach, an administrator, or both");
    }
}

/// The members of the account.
///
/// # Errors
/// [`AppError`].
pub async fn list(ctx: &Ctx, page: &Page) -> Result<Paged<Member>, AppError> {
    ctx.ask(Action::Read, &Resource::Team)?;
    List::new(ctx, "members", &()).cut(ctx.store().members(ctx.scope).await?, page, |member| member.id)
}

/// A member.
///
/// # Errors
/// [`AppError`].
pub async fn read(ctx: &Ctx, id: MemberId) -> Result<Member, AppError> {
    ctx.ask(Action::Read, &Resource::Team)?;
    ctx.store().member(ctx.scope, id).await?.ok_or(AppError::NotFound)
}

/// Adds a member.
///
/// # Errors
/// [`AppError`]; a conflict while team edition is off.
pub async fn create(ctx: &Ctx, draft: &MemberDraft) -> Result<Member, AppError> {
    ctx.ask(Action::Write, &Resource::Team)?;
    ctx.needs(Feature::TeamEdition)?;
    let mut check = Check::default();
    check.that(draft.name.is_some(), "name", "is needed");
    let email = match &draft.email {
        Some(email) => check.take("email", Email::parse(email)),
        None => check.take("email", Err("is needed")),
    };
    let Some(email) = email else { return check.done_with(None).map_err(AppError::from) };
    let mut member = Member {
        id: MemberId(ctx.new_id()),
        name: String::new(),
        email,
        coach: true,
        administrator: Administrator::None,
        location_id: None,
        permissions: BTreeSet::new(),
        active: true,
        shut_at: None,
        time_zone: ctx.account.time_zone,
        notifications: Notifications::default(),
        columns: Columns::default(),
        created_at: ctx.now,
        updated_at: ctx.now,
        version: 1,
    };
    draft.fill(&mut member, &mut check);
    check_location(ctx, CompanyId(ctx.account.id.0), None, member.location_id, &mut check).await?;
    let member = check.done(member)?;
    may_grant(ctx, &BTreeSet::new(), Administrator::None, &member)?;
    let mut changes = Changes::new();
    ctx.store().add_member(&mut changes, ctx.scope, &member)?;
    ctx.commit(changes, "member.create", member.id, 201, &member).await?;
    Ok(member)
}

/// Nobody hands out rights they don't have themselves.
fn may_grant(ctx: &Ctx, before: &BTreeSet<Permission>, administrator_before: Administrator, member: &Member) -> Result<(), AppError> {
    let own = ctx.viewer.member();
    let is_global = own.is_some_and(|own| own.administrator == Administrator::Global);
    let beyond = member.permissions.iter().any(|p| !before.contains(p) && !own.is_some_and(|own| own.may(*p)));
    if (beyond || member.administrator != administrator_before) && !is_global {
        return Err(AppError::Forbidden(
            "only an administrator of the whole organisation can give rights that they don't have themselves".into(),
        ));
    }
    Ok(())
}

/// Nobody gets the mail of somebody who has rights that they don't have themselves: the address is what opens them.
fn may_move(ctx: &Ctx, before: &Member, member: &Member) -> Result<(), AppError> {
    let could_have_given = ctx.viewer.member().is_some_and(|own| own.id == before.id || could_have_given(own, before));
    if member.email != before.email && !could_have_given {
        return Err(AppError::Forbidden(
            "they have rights that you could not give them, and sign in with their address: only an administrator of the whole \
             organisation can change it"
                .into(),
        ));
    }
    Ok(())
}

/// Changes a member. Deactivating one pauses the reports they set up, and the administrators are told.
///
/// # Errors
/// [`AppError`].
pub async fn update(ctx: &Ctx, id: MemberId, draft: &MemberDraft, expected: Option<u64>) -> Result<Member, AppError> {
    ctx.ask(Action::Write, &Resource::Team)?;
    let before = ctx.store().member(ctx.scope, id).await?.ok_or(AppError::NotFound)?;
    Ctx::matches(expected, before.version)?;
    let mut check = Check::default();
    let mut member = before.clone();
    draft.fill(&mut member, &mut check);
    check_location(ctx, CompanyId(ctx.account.id.0), before.location_id, member.location_id, &mut check).await?;
    let mut member = check.done(member)?;
    may_grant(ctx, &before.permissions, before.administrator, &member)?;
    may_move(ctx, &before, &member)?;
    if member == before {
        return Ok(member);
    }
    let coaches = |member: &Member| member.active && member.coach;
    if coaches(&member) && !coaches(&before) && !ctx.account.features.has(Feature::TeamEdition) {
        // a first coach is no team
        let members = ctx.store().members(ctx.scope).await?;
        if members.iter().any(|other| other.id != id && coaches(other)) {
            return Err(AppError::feature_off(Feature::TeamEdition));
        }
    }
    let lost = !member.active || member.administrator != Administrator::Global;
    if lost && before.active && before.administrator == Administrator::Global {
        let members = ctx.store().members(ctx.scope).await?;
        if !members.iter().any(|m| m.id != id && m.active && m.administrator == Administrator::Global) {
            return Err(AppError::conflict(
                "last_administrator",
                "this is the last administrator of the whole organisation; make another one first",
            ));
        }
    }
    if !member.active || !member.coach {
        let pairings = ctx.store().member_pairings(ctx.scope, id).await?;
        if before.coach && pairings.iter().any(|pairing| pairing.level == Level::Primary) {
            return Err(AppError::conflict("primary_coach", "they are the primary coach of clients; name another primary for these first"));
        }
    }
    if before.active && !member.active {
        member.shut_at = Some(ctx.now);
    }
    member.updated_at = ctx.now;
    member.version += 1;
    let mut changes = Changes::new();
    ctx.store().replace_member(&mut changes, ctx.scope, &before, &member)?;
    let paused = match before.active && !member.active {
        true => runs::pause_reports_of(ctx, &mut changes, &member).await?,
        false => Vec::new(),
    };
    ctx.commit(changes, "member.update", id, 200, &member).await?;
    for report in paused {
        runs::project(&ctx.app, ctx.scope, &report, ctx.now).await;
    }
    Ok(member)
}

/// Pairings as people send them.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PairingsDraft {
    /// The levels to set; pairings that are not named stay.
    pub pairings: Vec<PairingDraft>,
}

/// One level to set.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PairingDraft {
    /// The client, from the member's side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// The member, from the client's side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_id: Option<MemberId>,
    /// What the member is to be to the client.
    pub level: Level,
}

/// A set of pairings.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PairingSet {
    /// Everybody paired.
    pub pairings: Vec<Pairing>,
}

/// The clients a member is paired with, as far as the viewer may know of them.
///
/// # Errors
/// [`AppError`].
pub async fn pairings(ctx: &Ctx, id: MemberId) -> Result<PairingSet, AppError> {
    read(ctx, id).await?;
    let pairings = ctx.store().member_pairings(ctx.scope, id).await?;
    if decide(&ctx.viewer, Action::Write, &Resource::Team).is_allowed() {
        // who sets pairings sees them, also of clients whose records are not theirs to see
        return Ok(PairingSet { pairings });
    }
    let visible = crate::clients::visible(ctx, pairings.iter().map(|pairing| pairing.client_id).collect()).await?;
    Ok(PairingSet { pairings: pairings.into_iter().filter(|pairing| visible.contains_key(&pairing.client_id)).collect() })
}

/// Sets levels of one member with many clients, as one set.
///
/// # Errors
/// [`AppError`]; a set that breaks a rule changes nothing.
pub async fn set_pairings(ctx: &Ctx, id: MemberId, draft: &PairingsDraft) -> Result<PairingSet, AppError> {
    read(ctx, id).await?;
    let mut check = Check::default();
    let mut sets = BTreeMap::new();
    for (n, pairing) in draft.pairings.iter().enumerate() {
        match pairing.client_id {
            Some(client) if pairing.member_id.is_none_or(|member| member == id) => {
                if sets.insert(client, BTreeMap::from([(id, pairing.level)])).is_some() {
                    check.fault(format!("pairings[{n}].client_id"), "is named twice");
                }
            }
            Some(_) => check.fault(format!("pairings[{n}].member_id"), "is another member"),
            None => check.fault(format!("pairings[{n}].client_id"), "is needed"),
        }
    }
    check.done(())?;
    set(ctx, sets, "member.pairings", id).await?;
    // read again by the member's keys: the list's index may lag behind what was just written
    pairings_now(ctx, id, draft.pairings.iter().filter_map(|pairing| pairing.client_id)).await
}

async fn pairings_now(ctx: &Ctx, id: MemberId, changed: impl Iterator<Item = ClientId>) -> Result<PairingSet, AppError> {
    let listed = ctx.store().member_pairings(ctx.scope, id).await?;
    let clients: BTreeSet<ClientId> = listed.iter().map(|pairing| pairing.client_id).chain(changed).collect();
    let levels = ctx.store().levels_with(ctx.scope, id, clients).await?;
    let since = |client| listed.iter().find(|pairing| pairing.client_id == client).map_or(ctx.now, |pairing| pairing.since);
    let pairings = levels.into_iter().map(|(client_id, level)| Pairing { client_id, member_id: id, level, since: since(client_id) });
    Ok(PairingSet { pairings: pairings.collect() })
}

/// The members paired with a client.
///
/// # Errors
/// [`AppError`].
pub async fn client_pairings(ctx: &Ctx, id: ClientId) -> Result<PairingSet, AppError> {
    let (client, level) = futures::future::try_join(async { Ok(ctx.store().client(ctx.scope, id).await?) }, ctx.level(id)).await?;
    let client = client.ok_or(AppError::NotFound)?;
    ctx.ask(Action::Read, &Resource::Pairings(&ClientFacts::of(&client, level)))?;
    Ok(PairingSet { pairings: ctx.store().client_pairings(ctx.scope, id).await? })
}

/// A pairing that ended, or was replaced by one of another level.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PastPairing {
    /// The pairing, and until when it was.
    #[serde(flatten)]
    pub ended: Ended,
    /// The member's name.
    pub member: String,
}

/// What members were to a client before: pairings that ended, newest first.
///
/// # Errors
/// [`AppError`].
pub async fn pairing_history(ctx: &Ctx, id: ClientId, page: &Page) -> Result<Paged<PastPairing>, AppError> {
    let (client, level) = futures::future::try_join(async { Ok(ctx.store().client(ctx.scope, id).await?) }, ctx.level(id)).await?;
    let client = client.ok_or(AppError::NotFound)?;
    ctx.ask(Action::Read, &Resource::Pairings(&ClientFacts::of(&client, level)))?;
    let list = List::new(ctx, "pairing history", &id);
    let after = list.last(page)?.map(|last| {
        let (until, member) = last.split_once(' ').ok_or(AppError::BadCursor)?;
        until.parse().ok().zip(member.parse().ok()).ok_or(AppError::BadCursor)
    });
    let (ended, members) = futures::future::try_join(
        ctx.store().ended_pairings(ctx.scope, id, page.limit, after.transpose()?),
        ctx.store().members(ctx.scope),
    )
    .await?;
    let (ended, more) = ended;
    let place = |ended: &Ended| format!("{} {}", platform::store::keys::time(ended.until), ended.pairing.member_id);
    let next_cursor = ended.last().filter(|_| more).map(|last| list.cursor(&place(last)));
    let names: BTreeMap<MemberId, String> = members.into_iter().map(|member| (member.id, member.name)).collect();
    let named = |ended: Ended| PastPairing { member: names.get(&ended.pairing.member_id).cloned().unwrap_or_default(), ended };
    Ok(Paged { items: ended.into_iter().map(named).collect(), next_cursor })
}

/// Sets levels of many members with one client, as one set.
///
/// # Errors
/// [`AppError`]; a set that breaks a rule changes nothing.
pub async fn set_client_pairings(ctx: &Ctx, id: ClientId, draft: &PairingsDraft) -> Result<PairingSet, AppError> {
    let mut check = Check::default();
    let mut levels = BTreeMap::new();
    for (n, pairing) in draft.pairings.iter().enumerate() {
        match pairing.member_id {
            Some(member) if pairing.client_id.is_none_or(|client| client == id) => {
                if levels.insert(member, pairing.level).is_some() {
                    check.fault(format!("pairings[{n}].member_id"), "is named twice");
                }
            }
            Some(_) => check.fault(format!("pairings[{n}].client_id"), "is another client"),
            None => check.fault(format!("pairings[{n}].member_id"), "is needed"),
        }
    }
    check.done(())?;
    set(ctx, BTreeMap::from([(id, levels)]), "client.pairings", id).await?;
    Ok(PairingSet { pairings: ctx.store().client_pairings(ctx.scope, id).await? })
}

async fn set(ctx: &Ctx, sets: BTreeMap<ClientId, BTreeMap<MemberId, Level>>, action: &str, subject: impl ToString) -> Result<(), AppError> {
    let members = ctx.store().members(ctx.scope).await?;
    let active: BTreeMap<MemberId, &Member> = members.iter().filter(|m| m.active).map(|m| (m.id, m)).collect();
    let clients = ctx.store().clients_by_id(ctx.scope, sets.keys().copied()).await?;
    let clients: BTreeMap<ClientId, Client> = clients.into_iter().map(|client| (client.id, client)).collect();
    let mut changes = Changes::new();
    for (id, levels) in &sets {
        let Some(client) = clients.get(id) else { return Err(AppError::NotFound) };
        let facts = ClientFacts::of(client, ctx.level(*id).await?);
        ctx.ask(Action::Write, &Resource::Pairings(&facts))?;
        let before = ctx.store().client_pairings(ctx.scope, *id).await?;
        let known: BTreeMap<MemberId, Level> = before.iter().map(|pairing| (pairing.member_id, pairing.level)).collect();
        let after = pair(&known, levels)?;
        for member in levels.iter().filter(|(_, level)| **level != Level::None).map(|(member, _)| member) {
            let Some(member) = active.get(member) else {
                return Err(Invalid::field("pairings", format!("there is no active member {member}")).into());
            };
            if levels.get(&member.id).is_some_and(|level| *level != Level::ViewOnly) && !member.coach {
                return Err(Invalid::field("pairings", format!("{} is not a coach, so can only be paired to view", member.name)).into());
            }
        }
        if after == known {
            continue;
        }
        ctx.store().set_pairings(&mut changes, ctx.scope, *id, &before, &after, ctx.now)?;
        // the client's row is the lock of its pairings
        let mut locked = client.clone();
        (locked.version, locked.updated_at) = (client.version + 1, ctx.now);
        ctx.store().replace_client(&mut changes, ctx.scope, client, &locked)?;
    }
    if changes.is_empty() {
        return Ok(());
    }
    ctx.needs(Feature::TeamEdition)?;
    if changes.len() + 2 > WRITES_MOST {
        return Err(Invalid::field("pairings", "changes too many pairings at once; send at most 20 clients in one set").into());
    }
    ctx.commit(changes, action, subject, 200, &()).await
}

/// The names of everybody who can have done something, for "by whom".
pub(crate) async fn names(app: &crate::App, scope: platform::store::Scope) -> Result<domain::show::Names, AppError> {
    let store = &app.platform.store;
    let (members, personnel) = futures::future::try_join(store.members(scope), store.personnel(scope)).await?;
    let members = members.into_iter().map(|m| (PersonId::Member(m.id), m.name));
    let personnel = personnel.into_iter().map(|p| (PersonId::Personnel(p.id), p.name));
    Ok(members.chain(personnel).map(|(person, name)| (domain::show::actor_key(person.into()), name)).collect())
}
