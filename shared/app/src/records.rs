//! Records: a client's own, and those that a group shares (P-10). What is in them is read and written the same way.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use chrono_tz::Tz;
use domain::access::{Action, ClientFacts, ItemFacts, Viewer, decide};
use domain::client::{Client, Level, Pairing};
use domain::comment::Around;
use domain::group::Group;
use domain::happening::{Happening, What};
use domain::id::{ItemId, MemberId};
use domain::item::Item;
use domain::person::Member;
use domain::record::{RecordFacts, RecordOf};
use platform::store::{Scope, Store};

use crate::page::{List, Page, Paged};
use crate::{AppError, Ctx};

/// How many clients' pairings are read at the same time.
const AT_ONCE: usize = 16;

/// Whose record it is, as it is now.
pub(crate) enum Holder {
    Client(Box<Client>),
    Group(Group),
}

/// A record that the viewer may know of.
pub(crate) struct Record {
    pub(crate) facts: RecordFacts,
    /// The zone of its calendar: the client's, for a group the account's.
    pub(crate) zone: Tz,
}

impl Record {
    /// The day on its calendar.
    pub(crate) fn today(&self, ctx: &Ctx) -> NaiveDate {
        ctx.now.with_timezone(&self.zone).date_naive()
    }
}

/// A record of which the viewer may know whose it is; whether they may see what is in it is asked next.
pub(crate) async fn load(ctx: &Ctx, record: RecordOf) -> Result<Record, AppError> {
    let (holder, facts) = seen_by(ctx.store(), ctx.scope, record, &ctx.viewer).await?.ok_or(AppError::NotFound)?;
    let zone = match &holder {
        Holder::Client(client) => client.time_zone,
        Holder::Group(_) => ctx.account.time_zone,
    };
    ctx.ask(Action::Read, &facts.known())?;
    Ok(Record { facts, zone })
}

/// A record as it is to a viewer, whatever they may see of it; `None` where there is no such client or group.
pub(crate) async fn seen_by(
    store: &Store,
    scope: Scope,
    record: RecordOf,
    viewer: &Viewer,
) -> Result<Option<(Holder, RecordFacts)>, AppError> {
    match record {
        RecordOf::Client(id) => {
            let level = async {
                match viewer.member() {
                    Some(member) => store.level(scope, member.id, id).await,
                    None => Ok(Level::None),
                }
            };
            let (client, level) = futures::future::try_join(store.client(scope, id), level).await?;
            Ok(client.map(|client| {
                let facts = ClientFacts::of(&client, level);
                (Holder::Client(Box::new(client)), RecordFacts::Client(facts))
            }))
        }
        RecordOf::Group(id) => {
            let (group, facts) =
                futures::future::try_join(async { Ok(store.group(scope, id).await?) }, crate::groups::facts(store, scope, id, viewer))
                    .await?;
            Ok(group.map(|group| (Holder::Group(group), RecordFacts::Group(facts))))
        }
    }
}

/// Those of the items that the viewer may see.
async fn visible(ctx: &Ctx, record: &RecordFacts, ids: BTreeSet<ItemId>) -> Result<BTreeMap<ItemId, Item>, AppError> {
    let items = ctx.store().items_by_id(ctx.scope, ids).await?;
    let sees = |item: &Item| decide(&ctx.viewer, Action::Read, &record.item(&ItemFacts::of(item))).is_allowed();
    Ok(items.into_iter().filter(sees).map(|item| (item.id, item)).collect())
}

/// What happened in a record, newest first, as far as the viewer may see it.
///
/// # Errors
/// [`AppError`].
pub async fn stream(ctx: &Ctx, record: RecordOf, page: &Page) -> Result<Paged<Happening>, AppError> {
    let Record { facts, .. } = load(ctx, record).await?;
    ctx.ask(Action::Read, &facts.record())?;
    let list = List::new(ctx, "stream", &record);
    let mut after = list.last_at(page)?.map(|(at, id)| ctx.store().stream_after(ctx.scope, record, at, id));
    let mut items: Vec<Happening> = Vec::new();
    loop {
        let (happenings, next) = ctx.store().stream(ctx.scope, record, page.limit.max(50), after).await?;
        let concerned: BTreeSet<ItemId> = happenings.iter().map(|happening| happening.item_id).collect();
        let concerned = visible(ctx, &facts, concerned).await?;
        let shown = |happening: &Happening| {
            concerned.get(&happening.item_id).is_some_and(|item| {
                let item = ItemFacts::of(item);
                happening.what != What::Commented || decide(&ctx.viewer, Action::Read, &facts.comments(&item)).is_allowed()
            })
        };
        for mut happening in happenings.into_iter().filter(shown) {
            // what an item was called before it was shared is its author's
            if let Some(item) = concerned.get(&happening.item_id) {
                happening.title.clone_from(&item.title);
            }
            if items.len() == page.limit {
                let next_cursor = items.last().map(|last| list.cursor_at(last.at, last.id));
                return Ok(Paged { items, next_cursor });
            }
            items.push(happening);
        }
        match next {
            Some(next) => after = Some(next),
            None => return Ok(Paged { items, next_cursor: None }),
        }
    }
}

/// The clients of a group whose record it is; the client alone otherwise.
async fn clients(store: &Store, scope: Scope, record: RecordOf) -> Result<Vec<Client>, AppError> {
    let ids = match record {
        RecordOf::Client(id) => vec![id],
        RecordOf::Group(id) => store.group_clients(scope, id).await?,
    };
    Ok(store.clients_by_id(scope, ids).await?)
}

/// The people around a record, for who is to hear of what: with its members where `with_members` says so.
pub(crate) async fn around(store: &Store, scope: Scope, record: RecordOf, with_members: bool) -> Result<Around, AppError> {
    let clients = clients(store, scope, record).await?;
    if !with_members {
        return Ok(Around { clients, ..Around::default() });
    }
    let mut pairings: Vec<Pairing> = Vec::new();
    for part in clients.chunks(AT_ONCE) {
        let found = futures::future::try_join_all(part.iter().map(|client| store.client_pairings(scope, client.id))).await?;
        pairings.extend(found.into_iter().flatten());
    }
    let coaching: BTreeSet<MemberId> = pairings.iter().filter(|pairing| pairing.level.coaches()).map(|pairing| pairing.member_id).collect();
    let members: Vec<Option<Member>> =
        futures::future::try_join_all(coaching.into_iter().map(|member| store.member(scope, member))).await?;
    Ok(Around { clients, pairings, members: members.into_iter().flatten().collect() })
}
