//! Everything an account has, as one JSON object a line: each with its type, as Cairn keeps it. No keys to anything, no links,
//! no tokens: what is taken along is named in the platform, and what is not named there stays.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Days;
use document::{Sheet, Whole};
use domain::access::Viewer;
use domain::id::{ClientId, EngagementId, GroupId, ItemId, ReportId};
use domain::item::{Item, Visibility};
use domain::record::RecordOf;
use platform::files::PART_LEAST;
use platform::store::{After, Part};
use serde_json::{Map, Value};

use super::{Stop, Writing};
use crate::AppError;

/// How many rows are read at once.
const PAGE: usize = 200;
/// How many items are read at once.
const AT_ONCE: usize = 16;

type Fields = Map<String, Value>;

/// What is being written, and which of it stays with its authors.
struct Lines<'a, 'b> {
    writing: &'a mut Writing<'b>,
    sheet: Sheet,
    left_out: u64,
}

pub(super) async fn write(writing: &mut Writing<'_>, viewer: &Viewer) -> Result<(String, Whole), Stop> {
    let (store, scope) = (writing.app.platform.store.clone(), writing.scope);
    let account = store.account(scope).await?.ok_or_else(|| AppError::Fault("an export of no account".into()))?;
    let made_on = writing.export.created_at.with_timezone(&writing.export.time_zone).date_naive();
    let mut clients: Vec<ClientId> = Vec::new();
    let mut after = None;
    loop {
        let (page, next) = store.clients_page(scope, PAGE, after).await?;
        clients.extend(page.iter().map(|client| client.id));
        match next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    writing.begin(clients.len() as u64, 0).await?;
    let mut lines = Lines { writing, sheet: Sheet::default(), left_out: 0 };
    let (mut groups, mut reports): (Vec<GroupId>, Vec<ReportId>) = (Vec::new(), Vec::new());
    lines
        .part(Part::Account, &mut |row| {
            groups.extend(id::<GroupId>(row, "group"));
            reports.extend(id::<ReportId>(row, "report"));
            true
        })
        .await?;
    for group in groups {
        lines.part(Part::Group(group), &mut |_| true).await?;
        lines.record(viewer, RecordOf::Group(group)).await?;
    }
    for report in reports {
        lines.part(Part::Runs(report), &mut |_| true).await?;
    }
    for (n, client) in clients.into_iter().enumerate() {
        lines.client(viewer, client).await?;
        lines.writing.progress(n as u64 + 1).await?;
    }
    lines.part(Part::Exports(None), &mut |_| true).await?;
    let mut day = account.created_at.date_naive();
    while day <= lines.writing.export.created_at.date_naive() {
        lines.part(Part::Audit(day), &mut |_| true).await?;
        let Some(next) = day.checked_add_days(Days::new(1)) else { break };
        day = next;
    }
    let left_out = lines.left_out;
    lines.put(&serde_json::json!({ "type": "end", "private_items_left_to_their_authors": left_out }))?;
    Ok((format!("{} {made_on}.jsonl", account.name), lines.sheet.finish()))
}

/// The id of a row of this type.
fn id<T: std::str::FromStr>(row: &Fields, what: &str) -> Option<T> {
    (row["type"] == what).then(|| row.get("id")?.as_str()?.parse().ok()).flatten()
}

impl Lines<'_, '_> {
    fn put(&mut self, row: &impl serde::Serialize) -> Result<(), AppError> {
        let line = serde_json::to_string(row).map_err(|e| AppError::Fault(e.to_string()))?;
        self.sheet.put(line);
        self.sheet.put("\n");
        Ok(())
    }

    /// Writes the rows of a part that are to be kept.
    async fn part(&mut self, part: Part, keep: &mut (dyn FnMut(&Fields) -> bool + Send)) -> Result<(), Stop> {
        self.rest(part, None, keep).await
    }

    /// Passes on what was written, once it is enough for a part of the file.
    async fn pass_on(&mut self) -> Result<(), Stop> {
        if self.sheet.waiting() >= PART_LEAST {
            let bytes = self.sheet.take();
            self.writing.put(bytes).await?;
        }
        Ok(())
    }

    /// The same, of what comes after a row.
    async fn rest(&mut self, part: Part, mut after: Option<After>, keep: &mut (dyn FnMut(&Fields) -> bool + Send)) -> Result<(), Stop> {
        loop {
            let (rows, next) = self.writing.app.platform.store.part(self.writing.scope, part, PAGE, after).await?;
            for row in rows.iter().filter(|row| keep(row)) {
                self.put(row)?;
            }
            self.pass_on().await?;
            match next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// Writes a client with everything in the record, but for what others keep to themselves.
    async fn client(&mut self, viewer: &Viewer, client: ClientId) -> Result<(), Stop> {
        let (store, scope) = (self.writing.app.platform.store.clone(), self.writing.scope);
        self.part(Part::Client(client), &mut |_| true).await?;
        self.record(viewer, RecordOf::Client(client)).await?;
        let engagements: Vec<EngagementId> = store.client_engagements(scope, client).await?.into_iter().map(|e| e.id).collect();
        for engagement in engagements {
            self.part(Part::Engagement(engagement), &mut |_| true).await?;
            self.part(Part::EngagementLog(engagement), &mut |_| true).await?;
        }
        self.part(Part::Exports(Some(client)), &mut |_| true).await
    }

    /// Writes the items of a record and what happened in it.
    async fn record(&mut self, viewer: &Viewer, record: RecordOf) -> Result<(), Stop> {
        let (store, scope) = (self.writing.app.platform.store.clone(), self.writing.scope);
        let is_others = |item: &Item| item.visibility == Visibility::Private && item.author != viewer.actor();
        let mut written: BTreeSet<ItemId> = BTreeSet::new();
        let mut after = None;
        loop {
            let (items, next) = store.items_of(scope, record, None, PAGE, after).await?;
            for some in items.chunks(AT_ONCE) {
                // by the table itself: the list may be behind
                let now = store.items_by_id(scope, some.iter().map(|item| item.id).collect::<Vec<_>>()).await?;
                let now: BTreeMap<ItemId, Item> = now.into_iter().map(|item| (item.id, item)).collect();
                let (others, some): (Vec<&Item>, Vec<&Item>) =
                    some.iter().filter_map(|item| now.get(&item.id)).partition(|item| is_others(item));
                self.left_out += others.len() as u64;
                let parts = some.iter().map(|item| store.part(scope, Part::Item(item.id), PAGE, None));
                for (item, (rows, more)) in some.iter().zip(futures::future::try_join_all(parts).await?) {
                    written.insert(item.id);
                    for row in &rows {
                        self.put(row)?;
                    }
                    if more.is_some() {
                        self.rest(Part::Item(item.id), more, &mut |_| true).await?;
                    }
                }
                self.pass_on().await?;
            }
            match next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        // what happened to what is not in the file is not in it either
        let is_in = |row: &Fields| {
            let item: Option<ItemId> = row.get("item_id").and_then(|id| id.as_str()?.parse().ok());
            item.is_some_and(|item| written.contains(&item))
        };
        self.part(Part::Log(record), &mut |row| is_in(row)).await
    }
}
