//! Items: every write changes the item and adds its happening to the log, together.

use chrono::NaiveDate;
use chrono_tz::Tz;
use domain::access::{Action, ItemFacts, Viewer, decide};
use domain::account::Feature;
use domain::check::Invalid;
use domain::due::wakes;
use domain::engagement::hangs_on;
use domain::happening::Happening;
use domain::id::{HappeningId, ItemId};
use domain::invoice;
use domain::item::{self, Doing, Item, ItemDraft, ItemKind, Move, NotRecorded, Point, Refused, State};
use domain::record::{self, RecordFacts, RecordOf};
use domain::signature::{self, NotSigned};
use platform::store::Changes;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::page::{List, Page, Paged};
use crate::records::{self, Record};
use crate::{AppError, Ctx, runs};

/// Which items a list shows.
#[derive(Clone, Debug, Default)]
pub struct ItemFilter {
    /// Of this kind.
    pub kind: Option<ItemKind>,
    /// In this state.
    pub state: Option<State>,
}

/// A value to record on a metric.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DataDraft {
    /// The value; needed.
    pub value: Option<f64>,
    /// The day it is of; today on the client's calendar if left out.
    pub on: Option<NaiveDate>,
}

pub(crate) async fn load(ctx: &Ctx, id: ItemId) -> Result<(Item, Record), AppError> {
    let item = ctx.store().item(ctx.scope, id).await?.ok_or(AppError::NotFound)?;
    let record = records::load(ctx, item.record).await?;
    ctx.ask(Action::Read, &record.facts.item(&ItemFacts::of(&item)))?;
    Ok((item, record))
}

/// An item that the viewer may do this with.
pub(crate) async fn load_to(ctx: &Ctx, id: ItemId, action: Action, expected: Option<u64>) -> Result<(Item, Record), AppError> {
    let (item, record) = load(ctx, id).await?;
    may(ctx, &record, action, Some(&ItemFacts::of(&item)))?;
    Ctx::matches(expected, item.version)?;
    Ok((item, record))
}

/// Refuses writers by right, and everybody while the record is archived.
pub(crate) fn may(ctx: &Ctx, record: &Record, action: Action, item: Option<&ItemFacts>) -> Result<(), AppError> {
    let about = |facts: &RecordFacts| match item {
        Some(item) => decide(&ctx.viewer, action, &facts.item(item)),
        None => decide(&ctx.viewer, action, &facts.record()),
    };
    // who might do it if it were not archived is told why
    if record.facts.is_archived() && about(&record.facts.as_open()).is_allowed() {
        return Err(crate::clients::archived());
    }
    match item {
        Some(item) => ctx.ask(action, &record.facts.item(item)),
        None => ctx.ask(action, &record.facts.record()),
    }
}

/// The refusal of what an item's kind or state does not allow.
pub(crate) fn wrong_state(refused: &Refused) -> AppError {
    AppError::conflict("wrong_state", refused.to_string())
}

/// The items of a record that the viewer may see, by kind.
///
/// # Errors
/// [`AppError`].
pub async fn list(ctx: &Ctx, record: RecordOf, filter: &ItemFilter, page: &Page) -> Result<Paged<Item>, AppError> {
    let Record { facts, .. } = records::load(ctx, record).await?;
    ctx.ask(Action::Read, &facts.record())?;
    let sees = |item: &Item| decide(&ctx.viewer, Action::Read, &facts.item(&ItemFacts::of(item))).is_allowed();
    let list = List::new(ctx, "items", &(record, filter));
    let mut after = match list.last(page)? {
        None => None,
        Some(last) => {
            let (kind, id) = last.split_once(' ').ok_or(AppError::BadCursor)?;
            let id: ItemId = id.parse().map_err(|_| AppError::BadCursor)?;
            Some(ctx.store().items_after(ctx.scope, kind, id))
        }
    };
    let mut items: Vec<Item> = Vec::new();
    loop {
        let (found, next) = ctx.store().items_of(ctx.scope, record, filter.kind, page.limit.max(50), after).await?;
        let shown = |item: &Item| filter.state.is_none_or(|state| item.state == state) && sees(item);
        for item in found.into_iter().filter(shown) {
            if items.len() == page.limit {
                let next_cursor = items.last().map(|last| list.cursor(&format!("{} {}", last.kind.name(), last.id)));
                return Ok(Paged { items, next_cursor });
            }
            items.push(item);
        }
        match next {
            Some(next) => after = Some(next),
            None => return Ok(Paged { items, next_cursor: None }),
        }
    }
}

/// An item.
///
/// # Errors
/// [`AppError`].
pub async fn read(ctx: &Ctx, id: ItemId) -> Result<Item, AppError> {
    Ok(load(ctx, id).await?.0)
}

/// Adds an item to a record.
///
/// # Errors
/// [`AppError`]; a conflict where the client is archived, or groups are off.
pub async fn create(ctx: &Ctx, record: RecordOf, draft: &ItemDraft) -> Result<Item, AppError> {
    let holder = records::load(ctx, record).await?;
    let action = draft.kind.map_or(Action::Write, Action::Add);
    may(ctx, &holder, action, None)?;
    if record.group().is_some() {
        ctx.needs(Feature::Groups)?;
    }
    let draft = record::fit(draft, record)?;
    check_engagement(ctx, &draft, record).await?;
    let (mut item, happening) = draft.create(ItemId(ctx.new_id()), record, ctx.actor(), ctx.now, HappeningId(ctx.new_id()))?;
    check_series(&item, &draft, holder.today(ctx))?;
    item.wake_at = wakes(&item, holder.zone);
    let mut changes = Changes::new();
    ctx.store().add_item(&mut changes, ctx.scope, &item)?;
    save(ctx, changes, None, item, &happening, "item.create", 201).await
}

/// Checks that a series does not begin in the past, where it would go out many times at once. A day of grace is for zones.
fn check_series(item: &Item, draft: &ItemDraft, today: NaiveDate) -> Result<(), AppError> {
    let is_past = item.send_on.is_some_and(|day| day.succ_opt().is_some_and(|next| next < today));
    if item.repeat.is_some() && is_past && (draft.send_on.is_some() || draft.repeat.is_some()) {
        return Err(Invalid::field("send_on", "must not be in the past for an invoice that comes again").into());
    }
    Ok(())
}

/// Checks that the engagement that an item is for is one of its client's.
async fn check_engagement(ctx: &Ctx, draft: &ItemDraft, record: RecordOf) -> Result<(), AppError> {
    let Some(id) = draft.engagement_id else { return Ok(()) };
    let engagement = ctx.store().engagement(ctx.scope, id).await?;
    match engagement.is_some_and(|engagement| record == engagement.client_id.into() && !engagement.is_deleted()) {
        true => Ok(()),
        false => Err(Invalid::field("engagement_id", "there is no such engagement of this client").into()),
    }
}

/// Changes an item.
///
/// # Errors
/// [`AppError`].
pub async fn update(ctx: &Ctx, id: ItemId, draft: &ItemDraft, expected: Option<u64>) -> Result<Item, AppError> {
    let (before, record) = load_to(ctx, id, Action::Write, expected).await?;
    if draft.visibility.is_some_and(|v| v != before.visibility) && before.author != ctx.actor() {
        return Err(AppError::Forbidden("only its author decides who sees an item".into()));
    }
    if signature::is_sealed_against(&before, draft) {
        return Err(AppError::conflict("signed", "it is signed: its title, its text, who sees it and what it is for stay as they are"));
    }
    let draft = &record::fit(draft, before.record)?;
    check_engagement(ctx, draft, before.record).await?;
    let Some((item, happening)) = draft.change(&before, ctx.actor(), ctx.now, HappeningId(ctx.new_id()))? else { return Ok(before) };
    check_series(&item, draft, record.today(ctx))?;
    replace(ctx, Changes::new(), &record, &before, item, &happening, "item.update").await
}

/// Completes, reopens, cancels or submits an item.
///
/// # Errors
/// [`AppError`]; a conflict where its kind or state does not allow it.
pub async fn advance(ctx: &Ctx, id: ItemId, asked: Move) -> Result<Item, AppError> {
    let (before, record) = load_to(ctx, id, Action::Do(Doing::Move(asked)), None).await?;
    let moved = item::advance(&before, asked, ctx.actor(), record.today(ctx), ctx.now, HappeningId(ctx.new_id()));
    let (item, happening) = moved.map_err(|refused| wrong_state(&refused))?;
    let mut changes = Changes::new();
    if asked == Move::Submit {
        follow(ctx, &mut changes, record.zone, &item)?;
    }
    replace(ctx, changes, &record, &before, item, &happening, &format!("item.{}", asked.verb())).await
}

/// Adds the draft that follows an invoice that goes out, if one does.
fn follow(ctx: &Ctx, changes: &mut Changes, zone: Tz, sent: &Item) -> Result<(), AppError> {
    if let Some((mut next, happening)) = invoice::next(sent, ctx.now, HappeningId(ctx.new_id())) {
        next.wake_at = wakes(&next, zone);
        ctx.store().add_item(changes, ctx.scope, &next)?;
        ctx.store().add_happening(changes, ctx.scope, &happening)?;
    }
    Ok(())
}

/// Signs an agreement or contract.
///
/// # Errors
/// [`AppError`]; a conflict where they have signed it already, or it is not to be signed.
pub async fn sign(ctx: &Ctx, id: ItemId) -> Result<Item, AppError> {
    let (before, record) = load_to(ctx, id, Action::Do(Doing::Sign), None).await?;
    let name = match &ctx.viewer {
        Viewer::Member(member) => member.name.clone(),
        Viewer::Client(own) => own.name(),
        Viewer::Personnel(person) => person.name.clone(),
    };
    let signed = signature::sign(&before, ctx.actor(), &name, ctx.now, HappeningId(ctx.new_id()));
    let (item, happening) = signed.map_err(|not| match not {
        NotSigned::Refused(refused) => wrong_state(&refused),
        NotSigned::Already => AppError::conflict("signed_already", not.to_string()),
    })?;
    replace(ctx, Changes::new(), &record, &before, item, &happening, "item.sign").await
}

/// Records a value on a metric.
///
/// # Errors
/// [`AppError`].
pub async fn record(ctx: &Ctx, id: ItemId, data: &DataDraft) -> Result<Item, AppError> {
    let (before, record) = load_to(ctx, id, Action::Do(Doing::Record), None).await?;
    let value = data.value.ok_or_else(|| Invalid::field("value", "is needed: a number"))?;
    let on = data.on.unwrap_or_else(|| record.today(ctx));
    let recorded = item::record(&before, Point { on, value }, ctx.actor(), ctx.now, HappeningId(ctx.new_id()));
    let (item, happening) = recorded.map_err(|not| match not {
        NotRecorded::Refused(refused) => wrong_state(&refused),
        NotRecorded::Invalid(invalid) => invalid.into(),
    })?;
    replace(ctx, Changes::new(), &record, &before, item, &happening, "item.data").await
}

/// Saves an item that was changed, and what happened to it, with whatever else is to be written.
pub(crate) async fn replace(
    ctx: &Ctx,
    mut changes: Changes,
    record: &Record,
    before: &Item,
    mut item: Item,
    happening: &Happening,
    action: &str,
) -> Result<Item, AppError> {
    item.wake_at = wakes(&item, record.zone);
    ctx.store().replace_item(&mut changes, ctx.scope, &item)?;
    save(ctx, changes, Some(before), item, happening, action, 200).await
}

async fn save(
    ctx: &Ctx,
    mut changes: Changes,
    before: Option<&Item>,
    item: Item,
    happening: &Happening,
    action: &str,
    status: u16,
) -> Result<Item, AppError> {
    ctx.store().add_happening(&mut changes, ctx.scope, happening)?;
    if let Some(id) = item.engagement_id
        && hangs_on(&item, id).is_some()
        && before.is_none_or(|before| hangs_on(before, id).is_none())
    {
        // it keeps its engagement from being deleted from now on: there is one
        let engagement = ctx.store().engagement(ctx.scope, id).await?.filter(|engagement| !engagement.is_deleted());
        let deleted =
            || AppError::conflict("engagement_deleted", "the engagement that it is for was deleted; restore that first, or cancel this");
        ctx.store().require_engagement(&mut changes, ctx.scope, &engagement.ok_or_else(deleted)?)?;
    }
    ctx.commit(changes, action, item.id, status, &item).await?;
    if item.kind == ItemKind::Appointment && item.record.client().is_some() && !ctx.is_trial() {
        let was = before.filter(|before| before.state == State::Scheduled).and_then(|before| before.starts_at);
        let is = Some(&item).filter(|item| item.state == State::Scheduled).and_then(|item| item.starts_at);
        if was != is {
            runs::follow_appointment(&ctx.app, ctx.scope, &item, ctx.now).await;
        }
    }
    Ok(item)
}
