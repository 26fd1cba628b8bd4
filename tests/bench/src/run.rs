//! One run of a report.

use std::time::Instant;

use anyhow::Context;
use app::runs::Fate;
use chrono::{Duration, DurationRound};
use domain::id::{AccountId, DeliveryId};
use futures::{StreamExt, TryStreamExt, stream};
use platform::schedules::RunMessage;
use platform::store::Scope;
use serde_json::{Value, json};
use stories::{Person, World, text};

use crate::table::{ms, print, thousands};

/// How many clients third parties are told about.
const CLIENTS: usize = 25;
/// How many mails the function sends at the same time.
const AT_ONCE: usize = 10;

/// Runs for third parties on the same clients, and for clients on themselves.
pub(crate) async fn measure() -> anyhow::Result<()> {
    let mut rows = Vec::new();
    for recipients in [1, 100, 1_000] {
        let emails: Vec<String> = (0..recipients).map(|n| format!("hr{n}@acme.example")).collect();
        let audience = json!({ "kind": "third_parties", "emails": emails });
        rows.extend(Box::pin(one(&format!("third parties, {CLIENTS} clients"), CLIENTS, recipients, audience)).await?);
    }
    for recipients in [1, 100, 1_000] {
        let audience = json!({ "kind": "clients" });
        rows.extend(Box::pin(one("clients, each on themselves", recipients, recipients, audience)).await?);
    }
    let head = ["", "recipients", "step", "ms", "requests", "read units", "write units", "of which"];
    print("One run: planned, then all its mails sent (two items for each client)", &head, &rows)?;
    Ok(())
}

async fn one(name: &str, clients: usize, recipients: usize, audience: Value) -> anyhow::Result<Vec<Vec<String>>> {
    let world = World::at("2026-03-06T15:00:00Z").await;
    let ada = world.account("Onward", "ada@onward.example", "UTC").await;
    let made = stream::iter(0..clients).map(|n| client(&ada, n)).buffer_unordered(8);
    made.collect::<Vec<()>>().await;
    let report = json!({
        "scope": { "kind": "all" }, "kinds": ["action", "session_note"], "audience": audience,
        "schedule": { "every": "day", "at": "08:00" }, "time_zone": "UTC",
    });
    ada.add("/v1/reports", report).await;
    let stack = &world.stack;
    let day = Duration::days(1);
    stack.clock.set(stack.clock.now().duration_trunc(day)? + day + Duration::hours(8) + Duration::seconds(15))?;
    let firing = stack.scheduler.fire_until(stack.clock.now())?.pop().context("no schedule fired")?;
    let message: RunMessage = serde_json::from_str(&firing.input)?;

    stack.faults.meter(true);
    stack.faults.clear();
    let begun = Instant::now();
    let fate = Box::pin(app::runs::fire(&stack.app, &message)).await?;
    anyhow::ensure!(fate == Fate::Planned, "the run was {fate:?}");
    let mut rows = vec![row(name, recipients, "plan", begun.elapsed(), &world)];

    let runs = ada.get(&format!("/v1/reports/{}/runs", message.report_id)).await.expect(200);
    let run = ada.get(&format!("/v1/runs/{}", text(&runs["items"][0]["id"]))).await.expect(200);
    let deliveries = run["deliveries"].as_array().context("a run without deliveries")?;
    let deliveries: Vec<DeliveryId> = deliveries.iter().map(|of| text(&of["id"]).parse()).collect::<Result<_, _>>()?;
    anyhow::ensure!(deliveries.len() == recipients, "{} deliveries for {recipients} recipients", deliveries.len());
    let scope = Scope::of_own_message(ada.account_id.parse::<AccountId>()?);
    stack.faults.clear();
    let begun = Instant::now();
    let sent = stream::iter(&deliveries).map(|id| app::deliveries::send(&stack.app, scope, id)).buffer_unordered(AT_ONCE);
    sent.try_for_each(async |_| Ok(())).await?;
    rows.push(row("", recipients, "send", begun.elapsed(), &world));
    let mails = stack.ses.messages().len();
    anyhow::ensure!(mails == recipients, "{mails} mails for {recipients} recipients");
    Ok(rows)
}

async fn client(ada: &Person, n: usize) {
    let id = ada.client("Client", &format!("Number {n}"), &format!("client{n}@people.example")).await;
    ada.item(&id, "action", "Hold 1:1s with each direct report", json!({ "due_on": "2026-03-20" })).await;
    ada.item(&id, "session_note", "What we said", json!({ "body": "It had gone better than feared. ".repeat(20) })).await;
}

fn row(name: &str, recipients: usize, step: &str, took: std::time::Duration, world: &World) -> Vec<String> {
    let (usage, total) = (world.stack.faults.usage(), world.stack.faults.total());
    let mut operations: Vec<(u64, &str)> = usage.iter().map(|(name, usage)| (usage.calls, name.as_str())).collect();
    operations.sort_unstable_by(|a, b| b.cmp(a));
    let operations: Vec<String> = operations.iter().map(|(calls, name)| format!("{name} {calls}")).collect();
    vec![
        name.to_owned(),
        thousands(recipients),
        step.to_owned(),
        ms(took),
        thousands(usize::try_from(total.calls).unwrap_or_default()),
        format!("{:.1}", total.read_units),
        format!("{:.1}", total.write_units),
        operations.join(", "),
    ]
}
