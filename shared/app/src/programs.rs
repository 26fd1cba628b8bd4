//! Programs: the templates that engagements are made from.

use domain::access::{Action, Resource};
use domain::id::ProgramId;
use domain::program::{Program, ProgramDraft};
use platform::store::Changes;

use crate::page::{List, Page, Paged};
use crate::{AppError, Ctx};

/// The programs.
///
/// # Errors
/// [`AppError`].
pub async fn list(ctx: &Ctx, page: &Page) -> Result<Paged<Program>, AppError> {
    ctx.ask(Action::Read, &Resource::Programs)?;
    List::new(ctx, "programs", &()).cut(ctx.store().programs(ctx.scope).await?, page, |program| program.id)
}

/// A program.
///
/// # Errors
/// [`AppError`].
pub async fn read(ctx: &Ctx, id: ProgramId) -> Result<Program, AppError> {
    ctx.ask(Action::Read, &Resource::Programs)?;
    ctx.store().program(ctx.scope, id).await?.ok_or(AppError::NotFound)
}

/// Adds a program.
///
/// # Errors
/// [`AppError`].
pub async fn create(ctx: &Ctx, draft: &ProgramDraft) -> Result<Program, AppError> {
    ctx.ask(Action::Write, &Resource::Programs)?;
    let program = draft.create(ProgramId(ctx.new_id()), ctx.now)?;
    let mut changes = Changes::new();
    ctx.store().add_program(&mut changes, ctx.scope, &program)?;
    ctx.commit(changes, "program.create", program.id, 201, &program).await?;
    Ok(program)
}

/// Changes a program; engagements that were launched keep what they took over (T-1).
///
/// # Errors
/// [`AppError`].
pub async fn update(ctx: &Ctx, id: ProgramId, draft: &ProgramDraft, expected: Option<u64>) -> Result<Program, AppError> {
    let before = read(ctx, id).await?;
    ctx.ask(Action::Write, &Resource::Programs)?;
    Ctx::matches(expected, before.version)?;
    let Some(program) = draft.change(&before, ctx.now)? else { return Ok(before) };
    let mut changes = Changes::new();
    ctx.store().replace_program(&mut changes, ctx.scope, &program)?;
    ctx.commit(changes, "program.update", id, 200, &program).await?;
    Ok(program)
}
