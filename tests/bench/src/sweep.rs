//! One sweep at size: so many tracked engagements, of which 1,000 have crossed.

use std::time::Instant;

use app::sweep::Swept;
use cairn::stack::{Settings, Stack};
use chrono::{DateTime, Utc};
use domain::engagement::{Engagement, EngagementDraft, Move, advance};
use domain::id::{AccountId, ClientId, EngagementId, OrganisationId, ProgramId};
use domain::person::Email;
use domain::program::{Program, ProgramDraft, ProgramKind};
use domain::progress::file;
use platform::store::{Changes, Scope};
use stories::{World, time};
use ulid::Ulid;

use crate::table::{ms, print, thousands};

/// How many engagements have crossed when the sweep comes.
const DUE: usize = 1_000;
/// How many engagements are written in one transaction: two rows each, of at most 100.
const AT_ONCE: usize = 50;

/// Sweeps of 10,000 and 100,000 engagements, and of a million if asked.
pub(crate) async fn measure(million: bool) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    for tracked in [10_000, 100_000, 1_000_000].into_iter().take(if million { 3 } else { 2 }) {
        rows.push(Box::pin(one(tracked)).await?);
    }
    let head = ["tracked", "due", "ms", "requests", "items read", "read units", "write units", "mails owed"];
    print(&format!("One sweep: {DUE} engagements cross, one coach who also administers"), &head, &rows)?;
    Ok(())
}

async fn one(tracked: usize) -> anyhow::Result<Vec<String>> {
    let begun = time("2026-10-12T09:00:00Z");
    let settings = Settings { start: Some(begun), public_url: stories::PUBLIC_URL.into(), short: true, ..Settings::default() };
    let world = World::over(Stack::start(settings).await?);
    let ada = world.account("Onward", "ada@onward.example", "UTC").await;
    let client: ClientId = ada.client("Amber", "Stone", "amber@stone.example").await.parse()?;
    let email = Email::parse("amber@stone.example").map_err(anyhow::Error::msg)?;
    let account: AccountId = ada.account_id.parse()?;
    let scope = Scope::of_own_message(account);
    let program = ProgramDraft { name: Some("Leading".into()), kind: Some(ProgramKind::OneToOne), ..ProgramDraft::default() };
    let program = ProgramDraft { threshold_weeks: Some(Some(3)), ..program }.create(ProgramId(Ulid::generate()), begun)?;
    // most begin so late that they are due long after the sweep
    let later = time("2026-10-31T09:00:00Z");
    let store = &world.stack.app.platform.store;
    for first in (0..tracked).step_by(AT_ONCE) {
        let mut changes = Changes::new();
        for n in first..(first + AT_ONCE).min(tracked) {
            let launched = if n < DUE { begun } else { later };
            let engagement = engagement(client, &program, OrganisationId(account.0), launched)?;
            store.add_engagement(&mut changes, scope, &engagement, &file(None, &engagement, Some(&email), chrono_tz::UTC, launched))?;
        }
        anyhow::ensure!(store.commit(changes).await?.is_done(), "an engagement was there already");
    }
    // past the hour at which they are due, and nothing else may happen on the way
    world.stack.clock.set(time("2026-11-02T08:00:00Z"))?;
    let faults = &world.stack.faults;
    faults.meter(true);
    faults.clear();
    let began = Instant::now();
    let swept = app::sweep::sweep(&world.stack.app).await;
    let took = began.elapsed();
    anyhow::ensure!(swept == Swept { crossed: DUE, digests: 1, failed: 0 }, "the sweep did {swept:?}");
    let total = faults.total();
    Ok(vec![
        thousands(tracked),
        thousands(DUE),
        ms(took),
        thousands(usize::try_from(total.calls)?),
        thousands(usize::try_from(total.items)?),
        format!("{:.1}", total.read_units),
        format!("{:.1}", total.write_units),
        // one to the client for each engagement
        thousands(DUE + swept.digests),
    ])
}

/// An engagement that was activated at a time.
fn engagement(client: ClientId, program: &Program, organisation: OrganisationId, at: DateTime<Utc>) -> anyhow::Result<Engagement> {
    let draft = EngagementDraft::default().create(EngagementId(Ulid::generate()), client, program, organisation, at)?;
    Ok(advance(&draft, Move::Activate, program, at)?)
}
