//! Groups of clients.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{Action, GroupFacts, Resource, Viewer, decide};
use domain::account::Feature;
use domain::check::Invalid;
use domain::client::Level;
use domain::group::Group;
use domain::id::{ClientId, GroupId};
use platform::store::{Changes, Scope, Store, WRITES_MOST};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::companies::Named;
use crate::page::{List, Page, Paged};
use crate::{AppError, Ctx};

/// The most clients of a group: who hears of what is said in it is looked up one by one.
const CLIENTS_MOST: usize = 200;
/// How many groups are looked at at once.
const AT_ONCE: usize = 8;

/// The clients of a group.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupClients {
    /// All of them: those not named leave the group.
    pub client_ids: BTreeSet<ClientId>,
}

/// What access needs to know of a group, for a viewer.
pub(crate) async fn facts(store: &Store, scope: Scope, id: GroupId, viewer: &Viewer) -> Result<GroupFacts, AppError> {
    let clients = store.group_clients(scope, id).await?.into_iter().collect();
    facts_with(store, scope, id, &clients, viewer).await
}

/// The same, of a group of these clients. Who coaches none of it but archived clients reads on, and writes no more (P-4).
pub(crate) async fn facts_with(
    store: &Store,
    scope: Scope,
    id: GroupId,
    clients: &BTreeSet<ClientId>,
    viewer: &Viewer,
) -> Result<GroupFacts, AppError> {
    let Some(member) = viewer.member() else { return Ok(GroupFacts::new(id, &BTreeMap::new(), Some(viewer), clients)) };
    let levels = store.levels_with(scope, member.id, clients.iter().copied()).await?;
    let facts = GroupFacts::new(id, &levels, Some(viewer), clients);
    if !facts.level.coaches() {
        return Ok(facts);
    }
    let coached = levels.iter().filter(|(_, level)| level.coaches()).map(|(client, _)| *client);
    let is_alive = store.clients_by_id(scope, coached.collect::<Vec<_>>()).await?.iter().any(|client| !client.archived);
    Ok(if is_alive { facts } else { GroupFacts { level: Level::ViewOnly, coaches_all: false, ..facts } })
}

/// A group that the viewer may know of.
pub(crate) async fn load(ctx: &Ctx, id: GroupId) -> Result<(Group, GroupFacts), AppError> {
    let group = ctx.store().group(ctx.scope, id).await?.ok_or(AppError::NotFound)?;
    let facts = facts(ctx.store(), ctx.scope, id, &ctx.viewer).await?;
    ctx.ask(Action::Read, &Resource::Group(&facts))?;
    Ok((group, facts))
}

/// The groups the viewer may see.
pub(crate) async fn visible(ctx: &Ctx) -> Result<Vec<Group>, AppError> {
    let (store, scope) = (ctx.store(), ctx.scope);
    let mut groups = store.groups(scope).await?;
    if let Viewer::Client(own) = &ctx.viewer {
        let in_them: BTreeSet<GroupId> = store.client_groups(scope, own.id).await?.into_iter().collect();
        groups.retain(|group| in_them.contains(&group.id));
    }
    let sees = |facts: &GroupFacts| decide(&ctx.viewer, Action::Read, &Resource::Group(facts)).is_allowed();
    // who sees every group needs no look at who is in it
    let sees_all = |id| sees(&GroupFacts::new(id, &BTreeMap::new(), None, &BTreeSet::new()));
    let mut visible = Vec::new();
    for part in groups.chunks(AT_ONCE) {
        let seen = part
            .iter()
            .map(async |group| Ok::<bool, AppError>(sees_all(group.id) || sees(&facts(store, scope, group.id, &ctx.viewer).await?)));
        let seen = futures::future::try_join_all(seen).await?;
        visible.extend(part.iter().zip(seen).filter(|(_, seen)| *seen).map(|(group, _)| group.clone()));
    }
    Ok(visible)
}

/// The groups.
///
/// # Errors
/// [`AppError`].
pub async fn list(ctx: &Ctx, page: &Page) -> Result<Paged<Group>, AppError> {
    ctx.ask(Action::Read, &Resource::Groups)?;
    List::new(ctx, "groups", &()).cut(visible(ctx).await?, page, |group| group.id)
}

/// A group.
///
/// # Errors
/// [`AppError`].
pub async fn read(ctx: &Ctx, id: GroupId) -> Result<Group, AppError> {
    Ok(load(ctx, id).await?.0)
}

/// Adds a group.
///
/// # Errors
/// [`AppError`]; a conflict while groups are off.
pub async fn create(ctx: &Ctx, draft: &Named) -> Result<Group, AppError> {
    ctx.ask(Action::Write, &Resource::Groups)?;
    ctx.needs(Feature::Groups)?;
    let group = Group { id: GroupId(ctx.new_id()), name: draft.read()?, created_at: ctx.now, updated_at: ctx.now, version: 1 };
    let mut changes = Changes::new();
    ctx.store().add_group(&mut changes, ctx.scope, &group)?;
    ctx.commit(changes, "group.create", group.id, 201, &group).await?;
    Ok(group)
}

/// Renames a group.
///
/// # Errors
/// [`AppError`].
pub async fn update(ctx: &Ctx, id: GroupId, draft: &Named, expected: Option<u64>) -> Result<Group, AppError> {
    let (before, facts) = load(ctx, id).await?;
    ctx.ask(Action::Write, &Resource::Group(&facts))?;
    Ctx::matches(expected, before.version)?;
    if draft.name.is_none() {
        return Ok(before);
    }
    let group = Group { name: draft.read()?, updated_at: ctx.now, version: before.version + 1, ..before };
    let mut changes = Changes::new();
    ctx.store().replace_group(&mut changes, ctx.scope, &group)?;
    ctx.commit(changes, "group.update", id, 200, &group).await?;
    Ok(group)
}

/// The clients of a group that the viewer may see.
///
/// # Errors
/// [`AppError`].
pub async fn clients(ctx: &Ctx, id: GroupId) -> Result<GroupClients, AppError> {
    read(ctx, id).await?;
    let clients = ctx.store().group_clients(ctx.scope, id).await?;
    let visible = crate::clients::visible(ctx, clients).await?;
    Ok(GroupClients { client_ids: visible.into_keys().collect() })
}

/// Sets the clients of a group.
///
/// # Errors
/// [`AppError`].
pub async fn set_clients(ctx: &Ctx, id: GroupId, wanted: &GroupClients) -> Result<GroupClients, AppError> {
    let (group, facts) = load(ctx, id).await?;
    ctx.ask(Action::Write, &Resource::Group(&facts))?;
    let before: BTreeSet<ClientId> = ctx.store().group_clients(ctx.scope, id).await?.into_iter().collect();
    let joining: Vec<ClientId> = wanted.client_ids.difference(&before).copied().collect();
    let visible = crate::clients::visible(ctx, joining.clone()).await?;
    if let Some(unknown) = joining.iter().find(|client| !visible.contains_key(client)) {
        return Err(Invalid::field("client_ids", format!("there is no client {unknown}")).into());
    }
    let leaving: Vec<ClientId> = before.difference(&wanted.client_ids).copied().collect();
    if wanted.client_ids.len() > CLIENTS_MOST && !joining.is_empty() {
        return Err(Invalid::field("client_ids", format!("must be at most {CLIENTS_MOST} clients")).into());
    }
    if joining.len() + leaving.len() + 3 > WRITES_MOST {
        return Err(Invalid::field("client_ids", "changes too many clients at once; send at most 90 more or fewer").into());
    }
    if !(joining.is_empty() && leaving.is_empty()) {
        let mut changes = Changes::new();
        for client in &joining {
            ctx.store().add_to_group(&mut changes, ctx.scope, id, *client)?;
        }
        for client in &leaving {
            ctx.store().remove_from_group(&mut changes, ctx.scope, id, *client)?;
        }
        let group = Group { updated_at: ctx.now, version: group.version + 1, ..group };
        ctx.store().replace_group(&mut changes, ctx.scope, &group)?;
        ctx.commit(changes, "group.clients", id, 200, wanted).await?;
    }
    clients(ctx, id).await
}
