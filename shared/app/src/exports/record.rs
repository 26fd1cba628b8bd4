//! A client's record as a file: its outline in one pass over the log, then the document, a few happenings at a time.

use std::collections::{BTreeMap, BTreeSet};

use document::{Cover, Document, Thing, Told, Whole};
use domain::access::{ClientFacts, ItemFacts, Viewer};
use domain::client::{Client, Level};
use domain::comment::Comment;
use domain::export::{Arranged, Outline, Request, Step, shows};
use domain::happening::Happening;
use domain::id::{CommentId, HappeningId, ItemId};
use domain::item::{Item, Point};
use domain::person::{Actor, PersonId};
use domain::show::{Names, actor_key};
use platform::files::PART_LEAST;

use super::{Stop, Writing};
use crate::AppError;

/// How many rows of the log one page has, of which little is kept.
const PAGE: usize = 500;
/// How many happenings are read at once with all they say: a few megabytes at the most.
const BATCH: usize = 50;

/// What is read of a few happenings.
#[derive(Default)]
struct Batch {
    steps: Vec<Step>,
    items: BTreeMap<ItemId, Item>,
    happenings: BTreeMap<HappeningId, Happening>,
    comments: BTreeMap<CommentId, Comment>,
}

/// Who reads which record.
struct Reading<'a> {
    viewer: &'a Viewer,
    facts: ClientFacts,
    request: Request,
    names: Names,
}

impl Reading<'_> {
    fn shows(&self, item: &Item) -> bool {
        shows(self.viewer, &self.facts, &self.request, &ItemFacts::of(item))
    }

    fn name(&self, actor: Actor) -> &str {
        match actor {
            Actor::System => "Cairn",
            actor => self.names.get(&actor_key(actor)).map(String::as_str).unwrap_or_default(),
        }
    }
}

pub(super) async fn write(writing: &mut Writing<'_>, viewer: &Viewer, client: &Client, level: Level) -> Result<(String, Whole), Stop> {
    let (app, scope) = (writing.app, writing.scope);
    let mut names = crate::members::names(app, scope).await?;
    names.insert(actor_key(PersonId::Client(client.id).into()), client.name());
    let reading = Reading { viewer, facts: ClientFacts::of(client, level), request: writing.export.request.clone(), names };
    let arranged = outline(writing, &reading).await?;
    let counts = arranged.counts(writing.export.time_zone);
    let pairings = writing.store().client_pairings(scope, client.id).await?;
    let coach = pairings.iter().find(|pairing| pairing.level == Level::Primary);
    let account = writing.store().account(scope).await?.ok_or_else(|| AppError::Fault("an export of no account".into()))?;
    let cover = Cover {
        account: account.name,
        client: client.name(),
        coach: coach.map(|pairing| reading.name(Actor::Member(pairing.member_id)).to_owned()),
        made_by: reading.name(writing.export.by.into()).to_owned(),
        made_at: writing.export.created_at,
        zone: writing.export.time_zone,
        request: reading.request.clone(),
        counts,
    };
    let made_on = cover.made_at.with_timezone(&cover.zone).date_naive();
    let name = format!("{} {made_on}.{}", cover.client, reading.request.format.extension());
    writing.begin(arranged.len() as u64, cover.counts.items).await?;
    let mut document = Document::begin(cover).map_err(AppError::from)?;
    let mut batch = load(writing, arranged.few(0, BATCH)).await?;
    let mut done = 0;
    // the title of the item that is told of; one that is not shown any more is left out with all of its happenings
    let mut open = None;
    while !batch.steps.is_empty() {
        for step in &batch.steps {
            tell(&mut document, &reading, &batch, *step, &mut open)?;
        }
        done += batch.steps.len();
        if document.waiting() >= PART_LEAST {
            writing.put(document.take()).await?;
        }
        writing.progress(done as u64).await?;
        batch = load(writing, arranged.few(done, BATCH)).await?;
    }
    Ok((name, document.finish()))
}

/// Reads the log once, for what is in the export.
async fn outline(writing: &Writing<'_>, reading: &Reading<'_>) -> Result<Arranged, Stop> {
    let (store, scope) = (writing.store(), writing.scope);
    let mut outline = Outline::default();
    let mut after = None;
    loop {
        let (page, next) = store.glimpses(scope, reading.facts.id, writing.export.span, PAGE, after).await?;
        let page: Vec<_> = page.into_iter().filter(|glimpse| reading.request.kinds.contains(&glimpse.kind)).collect();
        let unknown: BTreeSet<ItemId> = page.iter().map(|glimpse| glimpse.item_id).filter(|item| !outline.knows(*item)).collect();
        // what bodies the items have is not kept
        let unknown: Vec<ItemId> = unknown.into_iter().collect();
        for few in unknown.chunks(100) {
            for item in store.items_by_id(scope, few.to_vec()).await? {
                match reading.shows(&item) {
                    true => outline.admit(item.id, item.kind, item.created_at),
                    false => outline.leave_out(item.id),
                }
            }
        }
        for glimpse in page {
            outline.note(glimpse.item_id, glimpse.at, glimpse.id).map_err(|too_many| Stop::Refused(too_many.to_string()))?;
        }
        match next {
            Some(next) => after = Some(next),
            None => return Ok(outline.arrange(reading.request.order)),
        }
    }
}

/// Reads what a few happenings say, and the items that begin with them.
async fn load(writing: &Writing<'_>, steps: Vec<Step>) -> Result<Batch, AppError> {
    if steps.is_empty() {
        return Ok(Batch::default());
    }
    let (store, scope) = (writing.store(), writing.scope);
    let Some(client) = writing.export.client_id else { return Ok(Batch::default()) };
    let begun: Vec<ItemId> = steps.iter().filter(|step| step.begins).map(|step| step.item).collect();
    let told: Vec<_> = steps.iter().map(|step| (step.at, step.happening)).collect();
    let (items, happenings) =
        futures::future::try_join(store.items_by_id(scope, begun), store.happenings_by_id(scope, client, told)).await?;
    let said: Vec<_> = happenings.iter().filter_map(|happening| Some((happening.item_id, happening.comment_id?))).collect();
    let comments = store.comments_by_id(scope, said).await?;
    Ok(Batch {
        steps,
        items: items.into_iter().map(|item| (item.id, item)).collect(),
        happenings: happenings.into_iter().map(|happening| (happening.id, happening)).collect(),
        comments: comments.into_iter().map(|comment| (comment.id, comment)).collect(),
    })
}

fn tell(document: &mut Document, reading: &Reading<'_>, batch: &Batch, step: Step, open: &mut Option<String>) -> Result<(), AppError> {
    if step.begins {
        // it may have been made private since the outline
        let item = batch.items.get(&step.item).filter(|item| reading.shows(item));
        *open = item.map(|item| item.title.clone());
        if let Some(item) = item {
            let points = points(item, &reading.request);
            document.thing(&Thing { item, author: reading.name(item.author), points: &points })?;
        }
    }
    let Some(title) = open else { return Ok(()) };
    if let Some(happening) = batch.happenings.get(&step.happening) {
        let comment = happening.comment_id.and_then(|id| batch.comments.get(&id));
        // what it was called before it was shared is its author's
        let happening = &Happening { title: title.clone(), ..happening.clone() };
        document.tell(&Told { happening, by: reading.name(happening.by), comment, is_oldest: step.is_oldest })?;
    }
    if step.ends {
        document.end_thing();
    }
    Ok(())
}

/// The values of a metric that are of the days asked for.
fn points(item: &Item, request: &Request) -> Vec<Point> {
    let is_in = |point: &&Point| request.from.is_none_or(|from| from <= point.on) && request.to.is_none_or(|to| point.on <= to);
    item.points.iter().filter(is_in).copied().collect()
}
