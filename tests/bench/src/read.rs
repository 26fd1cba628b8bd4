//! Reading one client.

use std::time::{Duration, Instant};

use anyhow::Context;
use domain::id::{AccountId, ClientId};
use platform::store::Scope;
use stories::World;

use crate::table::{median, ms, print};

const TIMES: usize = 500;

/// `GET /v1/clients/{id}` in the local gateway, next to one GetItem of the same row.
pub(crate) async fn measure() -> anyhow::Result<()> {
    let world = World::at("2026-03-06T15:00:00Z").await;
    let ada = world.account("Onward", "ada@onward.example", "America/New_York").await;
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    let path = format!("/v1/clients/{amber}");
    let scope = Scope::of_own_message(ada.account_id.parse::<AccountId>()?);
    let id: ClientId = amber.parse()?;

    let mut through_api = Vec::new();
    world.stack.faults.clear();
    for _ in 0..TIMES {
        let begun = Instant::now();
        ada.get(&path).await.expect(200);
        through_api.push(begun.elapsed());
    }
    let calls = world.stack.faults.total().calls / TIMES as u64;
    let mut bare = Vec::new();
    for _ in 0..TIMES {
        let begun = Instant::now();
        world.stack.app.platform.store.client(scope, id).await?.context("the client is gone")?;
        bare.push(begun.elapsed());
    }
    let row = |name: &str, calls: u64, mut times: Vec<Duration>| {
        times.sort_unstable();
        let ninety_nine = times[times.len() * 99 / 100];
        vec![name.to_owned(), calls.to_string(), ms(median(times)), ms(ninety_nine)]
    };
    let rows = [row("GET /v1/clients/{id}, authorized", calls, through_api), row("GetItem by the SDK", 1, bare)];
    print("Reading a client from the embedded table", &["", "AWS calls", "median ms", "99 % ms"], &rows)?;
    Ok(())
}
