//! What falls due by itself: items become late, scheduled invoices go out. It reads one row for each item that something
//! falls due of, and its client.
//!
//! Each is one transaction, under the condition that the item is as it was read, and a mark keeps an item from being late
//! twice for one day. So it may be cut off anywhere, run twice at once, or not run for days: what is done stays done, and
//! what is not is due still.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use domain::due::{Turn, turn, wakes};
use domain::engagement::Engagement;
use domain::happening::Happening;
use domain::id::{AuditId, HappeningId, ItemId};
use domain::invoice;
use domain::item::Item;
use domain::person::Actor;
use domain::record::RecordOf;
use platform::store::keys::SHARDS;
use platform::store::{Changes, Commit, Scope, audit};
use serde::Serialize;

use crate::{App, AppError};

/// How many items are worked on at once.
const AT_ONCE: usize = 8;
/// How much is done at once of what one item leads to; the rest is due at the next time.
const STEPS_MOST: usize = 100;
/// How often an item is tried anew when somebody else was faster.
const TRIES: usize = 5;

/// What fell due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Fallen {
    /// Items that became late.
    pub late: usize,
    /// Invoices that went out.
    pub sent: usize,
    /// Invoices that were to go out to archived clients or for deleted engagements, and were called off.
    pub called_off: usize,
    /// What failed and is still due.
    pub failed: usize,
}

impl Fallen {
    fn add(&mut self, other: Self) {
        self.late += other.late;
        self.sent += other.sent;
        self.called_off += other.called_off;
        self.failed += other.failed;
    }

    fn failure(&mut self, what: &'static str, error: &AppError) {
        self.failed += 1;
        tracing::error!(what, %error, "something that fell due was not done; it stays due");
    }
}

/// Does everything that is due by now. One failure does not keep the rest from being done: what failed is counted, and due at
/// the next time.
pub async fn fall_due(app: &App) -> Fallen {
    let now = app.clock.now();
    let mut fallen = Fallen::default();
    for shard in 0..SHARDS {
        let due = match app.platform.store.items_to_wake(shard, now).await {
            Ok(due) => due,
            Err(error) => {
                fallen.failure("reading what is due", &error.into());
                continue;
            }
        };
        for part in due.chunks(AT_ONCE) {
            let done = part.iter().map(async |(scope, id)| {
                let mut fallen = Fallen::default();
                if let Err(error) = look(app, *scope, *id, now, &mut fallen).await {
                    fallen.failure("an item", &error);
                }
                fallen
            });
            for done in futures::future::join_all(done).await {
                fallen.add(done);
            }
        }
    }
    fallen
}

/// Does what is due of an item by `now`, and of what that leads to: an invoice that goes out may be late already, and the next
/// of its series due, after an outage.
///
/// # Errors
/// [`AppError`]; what is not done is due still.
pub async fn look(app: &App, scope: Scope, id: ItemId, now: DateTime<Utc>, fallen: &mut Fallen) -> Result<(), AppError> {
    let mut due = vec![id];
    for _ in 0..STEPS_MOST {
        let Some(id) = due.pop() else { break };
        due.extend(take(app, scope, id, now, fallen).await?);
    }
    Ok(())
}

/// Takes an item's turn; the items to look at next.
async fn take(app: &App, scope: Scope, id: ItemId, now: DateTime<Utc>, fallen: &mut Fallen) -> Result<Vec<ItemId>, AppError> {
    let store = &app.platform.store;
    // whether the item was late for this day before
    let mut is_told = false;
    for _ in 0..TRIES {
        let item = store.item(scope, id).await?.filter(|item| item.wake_at.is_some_and(|at| at <= now));
        // the index was behind, or somebody else was faster
        let Some(item) = item else { return Ok(Vec::new()) };
        let Surroundings { zone, is_over, engagement } = surroundings(app, scope, &item).await?;
        let mut changes = Changes::new();
        let mut next = Vec::new();
        let turn = turn(&item, zone, is_over, now, HappeningId(app.new_id()));
        match &turn {
            Turn::Rest => return Ok(Vec::new()),
            Turn::Wait(item) => store.replace_item(&mut changes, scope, item)?,
            Turn::Late(item, happening) => {
                if let Some(due_on) = item.due_on.filter(|_| !is_told) {
                    store.add_late(&mut changes, scope, item.id, due_on, now)?;
                    write(app, &mut changes, scope, item, happening, "item.late")?;
                } else {
                    store.replace_item(&mut changes, scope, item)?;
                }
            }
            Turn::Send(item, happening) => {
                if let Some(engagement) = &engagement {
                    store.require_engagement(&mut changes, scope, engagement)?;
                }
                write(app, &mut changes, scope, item, happening, "item.send")?;
                next.extend(item.wake_at.filter(|at| *at <= now).map(|_| item.id));
                if let Some((mut following, created)) = invoice::next(item, now, HappeningId(app.new_id())) {
                    following.wake_at = wakes(&following, zone);
                    store.add_item(&mut changes, scope, &following)?;
                    store.add_happening(&mut changes, scope, &created)?;
                    next.extend(following.wake_at.filter(|at| *at <= now).map(|_| following.id));
                }
            }
            Turn::CallOff(item, happening) => write(app, &mut changes, scope, item, happening, "item.cancel")?,
        }
        match store.commit(changes).await? {
            Commit::Done => {
                match turn {
                    Turn::Rest | Turn::Wait(_) => {}
                    Turn::Late(..) => fallen.late += usize::from(!is_told),
                    Turn::Send(..) => fallen.sent += 1,
                    Turn::CallOff(..) => fallen.called_off += 1,
                }
                return Ok(next);
            }
            Commit::Unmet("told") => is_told = true,
            Commit::Unmet(_) => is_told = false,
        }
    }
    Err(AppError::Fault("others kept changing an item".into()))
}

/// What an item's turn depends on, besides the item.
struct Surroundings {
    zone: Tz,
    /// Whether nothing is to go out any more.
    is_over: bool,
    /// The engagement that it is for.
    engagement: Option<Engagement>,
}

async fn surroundings(app: &App, scope: Scope, item: &Item) -> Result<Surroundings, AppError> {
    let store = &app.platform.store;
    match item.record {
        RecordOf::Client(id) => {
            let engagement = async {
                match item.engagement_id {
                    Some(id) => store.engagement(scope, id).await,
                    None => Ok(None),
                }
            };
            let (client, engagement) = futures::future::try_join(store.client(scope, id), engagement).await?;
            let client = client.ok_or_else(|| AppError::Fault("an item of no client".into()))?;
            let is_over = client.archived || engagement.as_ref().is_some_and(Engagement::is_deleted);
            Ok(Surroundings { zone: client.time_zone, is_over, engagement })
        }
        RecordOf::Group(_) => {
            let account = store.account(scope).await?.ok_or_else(|| AppError::Fault("an item of no account".into()))?;
            Ok(Surroundings { zone: account.time_zone, is_over: false, engagement: None })
        }
    }
}

fn write(app: &App, changes: &mut Changes, scope: Scope, item: &Item, happening: &Happening, action: &str) -> Result<(), AppError> {
    let store = &app.platform.store;
    store.replace_item(changes, scope, item)?;
    store.add_happening(changes, scope, happening)?;
    let entry = audit::Entry {
        id: AuditId(app.new_id()),
        at: happening.at,
        by: Actor::System,
        action: action.to_owned(),
        subject: item.id.to_string(),
    };
    Ok(store.add_audit(changes, scope, &entry)?)
}
