//! Exports of records of several lengths: how fast, how large, in how much memory, for how many units of capacity.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, ensure};
use cairn::lambda::Function;
use cairn::stack::{Settings, Stack, environment};
use chrono::{DateTime, Duration, Utc};
use domain::comment::{Comment, Via};
use domain::happening::{Happening, What};
use domain::id::{AccountId, ClientId, CommentId, HappeningId, ItemId};
use domain::item::{Item, ItemDraft, ItemKind};
use domain::person::Actor;
use platform::store::{Changes, Scope};
use serde_json::json;
use stories::events::{exporting, queued};
use stories::{Person, World, text, time};
use ulid::Ulid;

use crate::table::{ms, print, thousands};

/// How much memory an export may take over what its function takes when it does nothing.
const BAR: f64 = 64.0;
/// What happens to each item, besides that it is added.
const EACH: [What; 4] = [What::Changed, What::Commented, What::Shared, What::Completed];
/// How many items are written in one transaction: seven rows each, of at most 100.
const AT_ONCE: usize = 14;

/// Exports of so many happenings each, as pages, and the last one as JSON and as a table, too.
pub(crate) async fn measure(binaries: &Path, sizes: &[usize]) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    for size in sizes {
        let formats: &[&str] = if Some(size) == sizes.last() { &["html", "json", "csv"] } else { &["html"] };
        let record = Record::of(*size).await?;
        for format in formats {
            rows.push(Box::pin(record.export(binaries, format)).await?);
        }
    }
    let head = [
        "happenings",
        "file",
        "ms",
        "happenings/s",
        "bytes",
        "MB over idle",
        "bar 64",
        "requests",
        "read units",
        "write units",
        "of which",
    ];
    print("One export of a client's record, by the function's binary", &head, &rows)?;
    Ok(())
}

struct Record {
    world: World,
    ada: Person,
    client: String,
    scope: Scope,
    happenings: usize,
}

impl Record {
    async fn of(happenings: usize) -> anyhow::Result<Self> {
        let begun = time("2024-01-08T09:00:00Z");
        let settings = Settings { start: Some(Utc::now()), public_url: stories::PUBLIC_URL.into(), short: true, ..Settings::default() };
        let world = World::over(Stack::start(settings).await?);
        let ada = world.account("Onward", "ada@onward.example", "UTC").await;
        let client = ada.client("Amber", "Stone", "amber@stone.example").await;
        let scope = Scope::of_own_message(ada.account_id.parse::<AccountId>()?);
        let by = Actor::Member(ada.id.parse()?);
        let items = happenings / (EACH.len() + 1);
        let store = &world.stack.app.platform.store;
        for first in (0..items).step_by(AT_ONCE) {
            let mut changes = Changes::new();
            for n in first..(first + AT_ONCE).min(items) {
                // a day for every hundred items
                let at = begun + Duration::minutes(14) * i32::try_from(n)?;
                let (item, created) = item(n, client.parse()?, by, at)?;
                store.add_item(&mut changes, scope, &item)?;
                store.add_happening(&mut changes, scope, &created)?;
                for (step, what) in (1..).zip(EACH) {
                    let (happening, comment) = later(&item, what, by, at + Duration::days(step));
                    store.add_happening(&mut changes, scope, &happening)?;
                    if let Some(comment) = comment {
                        store.add_comment(&mut changes, scope, &comment)?;
                    }
                }
            }
            ensure!(store.commit(changes).await?.is_done(), "an item was there already");
        }
        world.settle().await;
        Ok(Self { world, ada, client, scope, happenings: items * (EACH.len() + 1) })
    }

    async fn ask(&self, format: &str, more: serde_json::Value) -> anyhow::Result<String> {
        let asked = self.ada.post(&format!("/v1/clients/{}/exports", self.client), stories::with(json!({ "format": format }), more)).await;
        Ok(text(&asked.expect(202)["id"]))
    }

    async fn export(&self, binaries: &Path, format: &str) -> anyhow::Result<Vec<String>> {
        let stack = &self.world.stack;
        // what it costs, in this process, where calls are metered
        let id = self.ask(format, json!({})).await?;
        stack.faults.meter(true);
        stack.faults.clear();
        let wrote = app::exports::write(&stack.app, self.scope, id.parse()?).await?;
        ensure!(wrote == app::exports::Wrote::Ready, "the export was {wrote:?}");
        let (total, usage) = (stack.faults.total(), stack.faults.usage());
        stack.faults.meter(false);
        // how long it takes and in how much memory, by the binary
        let export = Function::start(&binaries.join("export"), environment(&stack.app.config, &stack.endpoint.url())).await?;
        let event = |id: &str| queued("export", [exporting(&self.ada.account_id, id)]);
        let warm = self.ask(format, json!({ "to": "2024-01-08" })).await?;
        export.invoke(&event(&warm)).await?;
        let idle = memory(export.pid(), "VmRSS")?;
        let id = self.ask(format, json!({})).await?;
        let began = Instant::now();
        export.invoke(&event(&id)).await?;
        let took = began.elapsed();
        let over = memory(export.pid(), "VmHWM")? - idle;
        let export = self.ada.get(&format!("/v1/exports/{id}")).await.expect(200);
        ensure!(export["state"] == "ready", "the export is {export}");
        let bytes = usize::try_from(export["bytes"].as_u64().context("a file without a size")?)?;
        let mut operations: Vec<(u64, &str)> = usage.iter().map(|(name, usage)| (usage.calls, name.as_str())).collect();
        operations.sort_unstable_by(|a, b| b.cmp(a));
        let operations: Vec<String> = operations.iter().map(|(calls, name)| format!("{name} {calls}")).collect();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a rate")]
        let rate = (self.happenings as f64 / took.as_secs_f64()) as usize;
        Ok(vec![
            thousands(self.happenings),
            format.to_owned(),
            ms(took),
            thousands(rate),
            thousands(bytes),
            format!("{over:.1}"),
            if over <= BAR { "kept" } else { "missed" }.to_owned(),
            thousands(usize::try_from(total.calls)?),
            format!("{:.1}", total.read_units),
            format!("{:.1}", total.write_units),
            operations.join(", "),
        ])
    }
}

/// Megabytes of a process's memory, by their name in the kernel.
fn memory(pid: u32, name: &str) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).context("the kernel does not say")?;
    let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes / 1_024.0)
}

fn id(n: usize, at: DateTime<Utc>) -> Ulid {
    Ulid::from_parts(u64::try_from(at.timestamp_millis()).unwrap_or_default(), n as u128)
}

fn item(n: usize, client: ClientId, by: Actor, at: DateTime<Utc>) -> anyhow::Result<(Item, Happening)> {
    let draft = ItemDraft {
        kind: Some(ItemKind::Action),
        title: Some(format!("Hold the {n}th 1:1 with each direct report")),
        body: Some("Ask what stands in their way, and listen until they have said it. ".repeat(5)),
        ..ItemDraft::default()
    };
    Ok(draft.create(ItemId(id(n, at)), client.into(), by, at, HappeningId(id(n, at)))?)
}

fn later(item: &Item, what: What, by: Actor, at: DateTime<Utc>) -> (Happening, Option<Comment>) {
    let said = (what == What::Commented).then(|| "It went better than feared; the second one is next week. ".repeat(3));
    let place = Ulid::from_parts(u64::try_from(at.timestamp_millis()).unwrap_or_default(), item.id.0.0 & ((1 << 80) - 1));
    let comment = said.as_ref().map(|text| Comment {
        id: CommentId(place),
        item_id: item.id,
        record: item.record,
        author: by,
        text: text.clone(),
        via: Via::Api,
        files: Vec::new(),
        not_kept: Vec::new(),
        cut: false,
        has_original: false,
        created_at: at,
        updated_at: at,
        version: 1,
    });
    let happening = Happening {
        id: HappeningId(place),
        record: item.record,
        item_id: item.id,
        kind: item.kind,
        what,
        at,
        by,
        title: item.title.clone(),
        note: (what == What::Changed).then(|| "text edited".to_owned()),
        value: None,
        text: said,
        comment_id: comment.as_ref().map(|comment| comment.id),
        on: None,
    };
    (happening, comment)
}
