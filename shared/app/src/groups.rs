//! Groups of clients.

use std::collections::BTreeSet;

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

/// The clients of a group.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupClients {
    /// All of them: those not named leave the group.
    pub client_ids: BTreeSet<ClientId>,
}

/// What access needs to know of a group, for a viewer.
pub(crate) async fn facts(store: &Store, scope: Scope, id: GroupId, viewer: &Viewer) -> Result<GroupFacts, AppError> {
    let clients: BTreeSet<ClientId> = store.group_clients(scope, id).await?.into_iter().collect();
    let levels: Vec<Level> = match viewer.member() {
        Some(member) => store.levels_with(scope, member.id, clients.iter().copied()).await?.into_values().collect(),
        None => Vec::new(),
    };
    Ok(GroupFacts::new(id, &levels, Some(viewer), &clients))
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
    let sees = |facts: &GroupFacts| decide(&ctx.viewer, Action::Read, &Resource::Group(facts)).is_allowed();
    let mut visible = Vec::new();
    for group in ctx.store().groups(ctx.scope).await? {
        // who sees every group needs no look at who is in it
        if sees(&GroupFacts::new(group.id, &[], None, &BTreeSet::new()))
            || sees(&facts(ctx.store(), ctx.scope, group.id, &ctx.viewer).await?)
        {
            visible.push(group);
        }
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
