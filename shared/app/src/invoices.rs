//! Invoices: payments, the list of them as a file, and those that go out by themselves.

use chrono::NaiveDate;
use domain::access::{Action, ClientFacts, ItemFacts, Resource, decide};
use domain::check::{Invalid, cell};
use domain::client::Client;
use domain::id::{ClientId, HappeningId, ItemId};
use domain::invoice::{self, NotPaid, PaymentDraft, decimal};
use domain::item::{self, Doing, Item, ItemKind, Move, State};
use platform::store::{Changes, Commit};

use crate::engagements::export::{BYTES_MOST, File, ROWS_MOST, too_many};
use crate::items::{load_to, replace, wrong_state};
use crate::{AppError, Ctx};

/// How many scheduled invoices are called off in one transaction, each with its happening and its entry on the audit trail.
const CALLED_OFF_AT_ONCE: usize = 25;
/// How many clients' invoices are read at once.
const AT_ONCE: usize = 8;

/// Records a payment on an invoice.
///
/// # Errors
/// [`AppError`]; a conflict where it is not to be paid.
pub async fn pay(ctx: &Ctx, id: ItemId, payment: &PaymentDraft) -> Result<Item, AppError> {
    let (before, record) = load_to(ctx, id, Action::Do(Doing::Pay), None).await?;
    let paid = invoice::pay(&before, payment, ctx.actor(), record.today(ctx), ctx.now, HappeningId(ctx.new_id()));
    let (item, happening) = paid.map_err(|not| match not {
        NotPaid::Refused(refused) => wrong_state(&refused),
        NotPaid::Invalid(invalid) => invalid.into(),
    })?;
    replace(ctx, Changes::new(), &record, &before, item, &happening, "item.pay").await
}

/// Every invoice of a client.
async fn invoices(ctx: &Ctx, client: ClientId) -> Result<Vec<Item>, AppError> {
    let mut invoices = Vec::new();
    let mut after = None;
    loop {
        let (found, next) = ctx.store().items_of(ctx.scope, client, Some(ItemKind::Invoice), 200, after).await?;
        invoices.extend(found);
        match next {
            Some(next) => after = Some(next),
            None => return Ok(invoices),
        }
    }
}

/// Calls off, for good, every invoice of a client that was to go out by itself (P-4): as many as fit with the changes, the
/// others at once. Unmet `scheduled` where one was changed meanwhile.
pub(crate) async fn call_off(ctx: &Ctx, client: &Client, changes: &mut Changes) -> Result<(), AppError> {
    let scheduled: Vec<Item> = invoices(ctx, client.id).await?.into_iter().filter(invoice::is_scheduled).collect();
    let (before, with) = scheduled.split_at(scheduled.len().saturating_sub(CALLED_OFF_AT_ONCE));
    for part in before.chunks(CALLED_OFF_AT_ONCE) {
        let mut first = Changes::new();
        cancel(ctx, client, part, &mut first)?;
        match ctx.store().commit(first).await? {
            Commit::Done => {}
            Commit::Unmet(_) => return Err(AppError::conflict("changed_meanwhile", "the client's invoices keep changing; try again")),
        }
    }
    cancel(ctx, client, with, changes)
}

fn cancel(ctx: &Ctx, client: &Client, scheduled: &[Item], changes: &mut Changes) -> Result<(), AppError> {
    let today = ctx.now.with_timezone(&client.time_zone).date_naive();
    for draft in scheduled {
        let cancelled = item::advance(draft, Move::Cancel, ctx.actor(), today, ctx.now, HappeningId(ctx.new_id()));
        let (mut item, happening) = cancelled.map_err(|refused| wrong_state(&refused))?;
        item.wake_at = None;
        ctx.store().replace_scheduled(changes, ctx.scope, &item)?;
        ctx.store().add_happening(changes, ctx.scope, &happening)?;
        ctx.enter(changes, "item.cancel", &item.id)?;
    }
    Ok(())
}

/// Which invoices a file lists.
#[derive(Clone, Copy, Debug, Default)]
pub struct InvoiceFilter {
    /// In this state.
    pub state: Option<State>,
    /// Of this day or later.
    pub from: Option<NaiveDate>,
    /// Of this day or earlier.
    pub to: Option<NaiveDate>,
}

/// The date of an invoice: its own, else the day it goes out, else the day it was added.
fn date(item: &Item, client: &Client) -> NaiveDate {
    item.on.or(item.send_on).unwrap_or_else(|| item.created_at.with_timezone(&client.time_zone).date_naive())
}

/// The invoices of a client as CSV.
///
/// # Errors
/// [`AppError`].
pub async fn file_of(ctx: &Ctx, client: ClientId) -> Result<File, AppError> {
    let (client, level) = crate::clients::load(ctx, client).await?;
    let facts = ClientFacts::of(&client, level);
    ctx.ask(Action::Read, &Resource::Record(&facts))?;
    let mut rows = Vec::new();
    read(ctx, &client, &facts, &InvoiceFilter::default(), &mut rows, invoices(ctx, client.id).await?);
    file(ctx, rows)
}

/// The invoices of every client whose record one may read, as CSV.
///
/// # Errors
/// [`AppError`]; a conflict where there are more than a file can have.
pub async fn file_of_all(ctx: &Ctx, filter: &InvoiceFilter) -> Result<File, AppError> {
    if let (Some(from), Some(to)) = (filter.from, filter.to)
        && from > to
    {
        return Err(Invalid::field("from", "must not be after `to`").into());
    }
    let clients = crate::clients::readable(ctx).await?;
    let mut rows = Vec::new();
    for part in clients.chunks(AT_ONCE) {
        let found = futures::future::try_join_all(part.iter().map(|(client, _)| invoices(ctx, client.id))).await?;
        for ((client, facts), items) in part.iter().zip(found) {
            read(ctx, client, facts, filter, &mut rows, items);
        }
        if rows.len() > ROWS_MOST {
            return Err(too_many());
        }
    }
    file(ctx, rows)
}

/// A row of the file, with what it is sorted by.
type Row = (NaiveDate, ItemId, [String; 8]);

fn read(ctx: &Ctx, client: &Client, facts: &ClientFacts, filter: &InvoiceFilter, rows: &mut Vec<Row>, items: Vec<Item>) {
    for item in items {
        let on = date(&item, client);
        let is_shown = filter.state.is_none_or(|state| item.state == state)
            && filter.from.is_none_or(|from| from <= on)
            && filter.to.is_none_or(|to| on <= to)
            && decide(&ctx.viewer, Action::Read, &Resource::Item(facts, &ItemFacts::of(&item))).is_allowed();
        if !is_shown {
            continue;
        }
        let (amount, currency) = item.amount.as_ref().map(|money| (money.decimal(), money.currency.clone())).unwrap_or_default();
        let paid = decimal(item.paid_minor.unwrap_or_default(), &currency);
        let row = [
            cell(item.number.as_deref().unwrap_or_default()).into_owned(),
            cell(&client.name()).into_owned(),
            on.to_string(),
            item.due_on.map(|due| due.to_string()).unwrap_or_default(),
            amount,
            currency,
            paid,
            status(item.state).to_owned(),
        ];
        rows.push((on, item.id, row));
    }
}

/// The states of an invoice as P-7 names them.
fn status(state: State) -> &'static str {
    match state {
        State::Draft => "Draft",
        State::Sent => "Sent",
        State::Partial => "Partial",
        State::Paid => "Paid",
        State::Overdue => "Overdue",
        State::Cancelled => "Cancelled",
        State::Open
        | State::Done
        | State::Assigned
        | State::Submitted
        | State::Scheduled
        | State::Completed
        | State::AwaitingSignature
        | State::OutForSignature
        | State::Recorded => "-",
    }
}

fn file(ctx: &Ctx, mut rows: Vec<Row>) -> Result<File, AppError> {
    if rows.len() > ROWS_MOST {
        return Err(too_many());
    }
    rows.sort();
    let fault = |e: csv::Error| AppError::Fault(format!("invoices as a file: {e}"));
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let names = ["Invoice number", "Client", "Invoice date", "Due date", "Amount", "Currency", "Paid", "Status"];
    writer.write_record(names).map_err(fault)?;
    for (_, _, row) in rows {
        writer.write_record(row).map_err(fault)?;
    }
    let bytes = writer.into_inner().map_err(|e| fault(e.into_error().into()))?;
    if bytes.len() > BYTES_MOST {
        return Err(too_many());
    }
    let today = ctx.now.with_timezone(&ctx.account.time_zone).date_naive();
    Ok(File { name: format!("invoices-{today}.csv"), bytes })
}
