//! The demo account: a small coaching business with a year behind it, put in through the same operations as anything
//! else, only at the times at which it would have happened.

mod engagements;
mod people;
mod story;
mod themes;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::{Context, anyhow};
use app::account::{AccountChange, FeaturesChange};
use app::clients::ClientDraft;
use app::comments::CommentDraft;
use app::companies::{Named, PersonnelDraft};
use app::due::Fallen;
use app::groups::GroupClients;
use app::identity::AccountDraft;
use app::items::DataDraft;
use app::members::{MemberDraft, PairingDraft, PairingsDraft};
use app::sharing::ShareDraft;
use app::{App, Ctx};
use chrono::{DateTime, Days, Duration, Utc};
use chrono_tz::Tz;
use domain::access::Viewer;
use domain::account::Account;
use domain::client::{Client, Level};
use domain::id::{CompanyId, GroupId, ItemId, MemberId, PersonnelId, ReportId};
use domain::item::{ItemDraft, ItemKind};
use domain::person::{Administrator, Member, Permission};
use domain::report::ReportDraft;
use platform::store::Scope;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use self::people::{
    ACCOUNT, ADMINISTRATOR, ARCHIVED, CLIENTS, COACHES, COMPANIES, FEATURED, GROUPS, GUEST, LOCAL, MEASURED, SHARED, Shared, Sketch, ZONE,
};
use self::story::{By, Deed, Event};
use crate::files;
use crate::stack::{self, Settings, Stack};

/// Where the keys of the demo account's people are kept in the data folder.
pub(crate) const FILE: &str = "demo.json";
/// How long ago the account was opened.
const OPENED: Duration = Duration::days(380);

/// The demo account, as far as somebody needs it to look around.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Demo {
    /// The account's name.
    pub account: String,
    /// Its calendar.
    pub time_zone: Tz,
    /// Some of its people.
    pub people: Vec<Person>,
    /// How many clients it has.
    pub clients: usize,
    /// How many reports it has.
    pub reports: usize,
}

/// Somebody of the demo account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Person {
    /// Name.
    pub name: String,
    /// What they are to the account.
    pub role: String,
    /// Address.
    pub email: String,
    /// A key with their rights.
    pub api_key: String,
}

/// Makes a data folder that nothing has run on yet one that has the demo account. Done whole or, if it is cut off, anew
/// the next time.
///
/// # Errors
/// The folder is in use, or can't be written.
pub async fn begin(data: &Path, settings: &Settings) -> anyhow::Result<()> {
    let _lock = stack::lock(data)?;
    if stack::is_begun(data) {
        return Ok(());
    }
    stack::forget(data)?;
    let stack = Stack::start(Settings { data: None, aws_port: 0, ..settings.clone() }).await?;
    let demo = Box::pin(seed(&stack)).await?;
    keep(&data.join(FILE), &demo)?;
    stack.copy_to(data)?;
    stack.shut_down()
}

/// The demo account of a data folder, if it has one.
///
/// # Errors
/// The file can't be read.
pub fn of(data: &Path) -> anyhow::Result<Option<Demo>> {
    let file = data.join(FILE);
    let bytes = files::read(&file)?;
    bytes.map(|bytes| serde_json::from_slice(&bytes).with_context(|| format!("{} is not a demo account", file.display()))).transpose()
}

fn keep(file: &Path, demo: &Demo) -> anyhow::Result<()> {
    files::replace_secret(file, &serde_json::to_vec_pretty(demo)?).with_context(|| format!("writing {}", file.display()))
}

/// Puts the demo account into a stack that nothing happens on yet.
///
/// # Errors
/// What could not be put in.
pub async fn seed(stack: &Stack) -> anyhow::Result<Demo> {
    let now = stack.clock.now();
    let opened = now - OPENED;
    let then = stack.clock.offset().load(Ordering::Acquire) - OPENED.num_milliseconds();
    let past = stack.beside(platform::Clock::shifted(Arc::new(AtomicI64::new(then))));

    let office = Office::open(&past, opened).await?;
    let companies = companies(&office, opened).await?;
    let clients = clients(&office, &companies, now).await?;
    arrange(&office, &clients, now).await?;
    Box::pin(engagements::engagements(&office, &companies, &clients, now)).await?;
    Box::pin(engagements::portals(&Office { app: stack.app.clone(), ..office.clone() }, &clients)).await?;

    // a year of changes that concern nobody now
    stack.begin_here().await?;
    let present = Office { app: stack.app.clone(), ..office };
    let reports = Box::pin(reports(&present, &companies, &clients, stack.clock.now())).await?;
    Box::pin(engagements::invitations(&present, &clients)).await?;
    // least interesting first: the mailbox shows the latest
    for (by, report) in [(None, reports.daily), (Some(0), reports.metrics), (Some(0), reports.weekly)] {
        Box::pin(app::reports::send_now(&present.ctx(by, stack.clock.now()), report)).await.context("sending a report")?;
        stack.settle().await?;
    }
    let of_company = &COMPANIES[0].2[0];
    let client = &CLIENTS[FEATURED];
    let wanted = [
        (ADMINISTRATOR.0.to_owned(), "administrator".to_owned(), ADMINISTRATOR.1),
        (LOCAL[0].1.to_owned(), format!("administrator in {}", LOCAL[0].0), LOCAL[0].2),
        (COACHES[0].0.to_owned(), "coach".to_owned(), COACHES[0].1),
        (COACHES[1].0.to_owned(), "coach".to_owned(), COACHES[1].1),
        (GUEST.0.to_owned(), "views two clients".to_owned(), GUEST.1),
        (format!("{} {}", client.first, client.last), "client".to_owned(), client.email),
        (of_company.name.to_owned(), format!("at {}", COMPANIES[0].0), of_company.email),
    ];
    let mut people = Vec::new();
    for (name, role, email) in wanted {
        let api_key = app::identity::issue_key(&stack.app, email).await?.ok_or_else(|| anyhow!("nobody uses {email}"))?;
        people.push(Person { name, role, email: email.to_owned(), api_key });
    }
    Ok(Demo { account: ACCOUNT.to_owned(), time_zone: present.account.time_zone, people, clients: CLIENTS.len(), reports: reports.count })
}

/// The account and the members who do things in it.
#[derive(Clone)]
struct Office {
    app: App,
    scope: Scope,
    account: Arc<Account>,
    administrator: Member,
    coaches: Vec<Member>,
}

impl Office {
    async fn open(past: &App, opened: DateTime<Utc>) -> anyhow::Result<Self> {
        let draft = AccountDraft {
            name: ACCOUNT.into(),
            email: ADMINISTRATOR.1.into(),
            time_zone: Some(ZONE.into()),
            person: Some(ADMINISTRATOR.0.into()),
        };
        let made = app::identity::open_account(past, &draft).await.context("opening the account")?;
        let scope = Scope::of_own_message(made.account_id);
        let store = &past.platform.store;
        let account = store.account(scope).await?.context("no account")?;
        let administrator = store.member(scope, made.member_id).await?.context("no administrator")?;
        let mut office = Self { app: past.clone(), scope, account: Arc::new(account), administrator, coaches: Vec::new() };
        let on = FeaturesChange { companies: Some(true), groups: Some(true), team_edition: Some(true) };
        let change = AccountChange { features: Some(on), ..AccountChange::default() };
        office.account = Arc::new(app::account::update(&office.ctx(None, opened), &change, None).await?);
        for ((name, email), permissions) in COACHES.into_iter().zip([Vec::new(), vec![Permission::ReportToThirdParties]]) {
            let permissions = Some(permissions);
            let draft = MemberDraft { name: Some(name.into()), email: Some(email.into()), permissions, ..MemberDraft::default() };
            office.coaches.push(app::members::create(&office.ctx(None, opened), &draft).await.context("adding a coach")?);
        }
        // sees everything and coaches nobody
        let office_work = MemberDraft { coach: Some(false), administrator: Some(Administrator::Global), ..MemberDraft::default() };
        office.administrator = app::members::update(&office.ctx(None, opened), made.member_id, &office_work, None).await?;
        Ok(office)
    }

    /// A coach, or the administrator, at a time.
    fn ctx(&self, coach: Option<usize>, now: DateTime<Utc>) -> Ctx {
        let member = coach.and_then(|n| self.coaches.get(n)).unwrap_or(&self.administrator);
        self.ctx_of(Viewer::Member(member.clone()), now)
    }

    fn ctx_of(&self, viewer: Viewer, now: DateTime<Utc>) -> Ctx {
        Ctx { app: self.app.clone(), scope: self.scope, account: Arc::clone(&self.account), viewer, now, once: None, row: None }
    }
}

struct Companies {
    ids: Vec<CompanyId>,
    personnel: Vec<PersonnelId>,
}

async fn companies(office: &Office, opened: DateTime<Utc>) -> anyhow::Result<Companies> {
    let ctx = office.ctx(None, opened + Duration::hours(2));
    let mut companies = Companies { ids: Vec::new(), personnel: Vec::new() };
    for (name, places, contacts) in COMPANIES {
        let named = |name: &str| Named { name: Some(name.to_owned()) };
        let company = app::companies::create(&ctx, &named(name)).await.context(name)?;
        for place in places {
            app::companies::add_location(&ctx, company.id, &named(place)).await.context(*place)?;
        }
        for contact in contacts {
            let kind = |name: &str| ItemKind::ALL.into_iter().find(|kind| kind.name() == name);
            let draft = PersonnelDraft {
                name: Some(contact.name.into()),
                email: Some(contact.email.into()),
                administrator: Some(contact.administrator),
                grants: Some(contact.grants.iter().filter_map(|name| kind(name)).collect()),
                ..PersonnelDraft::default()
            };
            companies.personnel.push(app::companies::add_personnel(&ctx, company.id, &draft).await.context(contact.name)?.id);
        }
        companies.ids.push(company.id);
    }
    Ok(companies)
}

/// Puts in all clients and what happened with them; in the order of [`CLIENTS`].
async fn clients(office: &Office, companies: &Companies, now: DateTime<Utc>) -> anyhow::Result<Vec<Client>> {
    let mut living = JoinSet::new();
    for (n, sketch) in CLIENTS.iter().enumerate() {
        let company = sketch.company.and_then(|company| companies.ids.get(company)).copied();
        living.spawn(live(office.clone(), n, sketch, company, now));
    }
    let mut clients = Vec::new();
    while let Some(lived) = living.join_next().await {
        clients.push(lived??);
    }
    clients.sort_by_key(|(n, _)| *n);
    Ok(clients.into_iter().map(|(_, client)| client).collect())
}

async fn live(
    office: Office,
    n: usize,
    sketch: &'static Sketch,
    company: Option<CompanyId>,
    now: DateTime<Utc>,
) -> anyhow::Result<(usize, Client)> {
    let (first, events) = story::tell(n, sketch, office.account.time_zone, now);
    let draft = ClientDraft {
        first_name: Some(sketch.first.into()),
        last_name: Some(sketch.last.into()),
        email: Some(sketch.email.into()),
        phone: Some(format!("+1 555 01{:02}", n + 10)),
        tags: Some(sketch.tags.iter().map(|tag| (*tag).to_owned()).collect()),
        company_id: company.map(|id| id.to_string()),
        time_zone: Some(sketch.zone.into()),
        ..ClientDraft::default()
    };
    let client = app::clients::create(&office.ctx(Some(sketch.coach), first), &draft).await.with_context(|| sketch.last.to_owned())?;
    let mut items: Vec<Option<ItemId>> = Vec::new();
    for Event { at, by, deed } in events {
        let ctx = match by {
            By::Coach => office.ctx(Some(sketch.coach), at),
            By::Client => office.ctx_of(Viewer::Client(client.clone()), at),
        };
        if let Deed::Move(item, _) = &deed {
            overtake(&office, items.get(*item).copied().flatten(), at).await?;
        }
        carry_out(&ctx, &client, &mut items, deed).await.with_context(|| format!("{} {} at {at}", sketch.first, sketch.last))?;
    }
    for item in &items {
        overtake(&office, *item, now).await?;
    }
    if n == ARCHIVED {
        app::clients::archive(&office.ctx(Some(sketch.coach), now - Duration::days(60)), client.id).await?;
    }
    Ok((n, client))
}

/// Lets happen what had fallen due of an item by itself until then, at its time.
async fn overtake(office: &Office, item: Option<ItemId>, until: DateTime<Utc>) -> anyhow::Result<()> {
    let Some(id) = item else { return Ok(()) };
    let wake_at = office.app.platform.store.item(office.scope, id).await?.and_then(|item| item.wake_at);
    match wake_at.filter(|at| *at <= until) {
        Some(at) => Ok(app::due::look(&office.app, office.scope, id, at, &mut Fallen::default()).await?),
        None => Ok(()),
    }
}

async fn carry_out(ctx: &Ctx, client: &Client, items: &mut Vec<Option<ItemId>>, deed: Deed) -> anyhow::Result<()> {
    let known = |item: usize| items.get(item).copied().flatten().ok_or_else(|| anyhow!("item {item} is not there yet"));
    match deed {
        Deed::Add(item, draft) => {
            let id = app::items::create(ctx, client.id.into(), &draft).await?.id;
            items.resize(items.len().max(item + 1), None);
            items[item] = Some(id);
        }
        Deed::Change(item, draft) => drop(app::items::update(ctx, known(item)?, &draft, None).await?),
        Deed::Move(item, asked) => drop(app::items::advance(ctx, known(item)?, asked).await?),
        Deed::Sign(item) => drop(app::items::sign(ctx, known(item)?).await?),
        Deed::Record(item, value) => {
            drop(app::items::record(ctx, known(item)?, &DataDraft { value: Some(value), on: None }).await?);
        }
    }
    Ok(())
}

/// Adds something that a group shares, and what was said on it, an hour apart.
async fn share(office: &Office, clients: &[Client], group: GroupId, thing: &Shared, now: DateTime<Utc>) -> anyhow::Result<()> {
    let at = now - Duration::days(thing.days_ago);
    let draft = ItemDraft {
        kind: Some(thing.kind),
        title: Some(thing.title.into()),
        body: Some(thing.body.to_owned()).filter(|body| !body.is_empty()),
        due_on: thing.due_in.map(|days| at.date_naive() + Days::new(days)),
        ..ItemDraft::default()
    };
    let item = app::items::create(&office.ctx(Some(thing.coach), at), group.into(), &draft).await?;
    for (hours, (by, text)) in (1..).zip(thing.said) {
        let at = at + Duration::hours(hours);
        let ctx = match by.and_then(|n| clients.get(n)) {
            Some(client) => office.ctx_of(Viewer::Client(client.clone()), at),
            None => office.ctx(Some(thing.coach), at),
        };
        app::comments::add(&ctx, item.id, &CommentDraft { text: Some((*text).into()) }).await?;
    }
    Ok(())
}

/// Groups, and who else sees whom.
async fn arrange(office: &Office, clients: &[Client], now: DateTime<Utc>) -> anyhow::Result<()> {
    let ctx = office.ctx(None, now - Duration::days(20));
    for ((name, members), shared) in GROUPS.into_iter().zip(SHARED) {
        let group = app::groups::create(&ctx, &Named { name: Some(name.into()) }).await.context(name)?;
        let client_ids: BTreeSet<_> = members.iter().filter_map(|n| clients.get(*n)).map(|client| client.id).collect();
        app::groups::set_clients(&ctx, group.id, &GroupClients { client_ids }).await.context(name)?;
        for thing in shared {
            share(office, clients, group.id, thing, now).await.context(thing.title)?;
        }
    }
    for (n, client) in clients.iter().enumerate().filter(|(n, _)| *n != ARCHIVED) {
        let level = match n {
            _ if n % 9 == 4 => Level::Coaching,
            _ if n % 7 == 3 => Level::ViewOnly,
            _ => continue,
        };
        let other = office.coaches.get(1 - CLIENTS[n].coach).map(|coach| coach.id);
        let draft = PairingsDraft { pairings: vec![PairingDraft { client_id: None, member_id: other, level }] };
        app::members::set_client_pairings(&ctx, client.id, &draft).await.context("pairing")?;
    }
    // as a coach without any permission, who is paired to view and with nobody else
    let (name, email, sees) = GUEST;
    let guest = MemberDraft { name: Some(name.into()), email: Some(email.into()), coach: Some(true), ..MemberDraft::default() };
    let guest = app::members::create(&ctx, &guest).await.context(name)?;
    for client in sees.iter().filter_map(|n| clients.get(*n)) {
        let share = ShareDraft { member_id: Some(guest.id), level: None };
        app::sharing::share(&ctx, client.id, &share).await.context(name)?;
    }
    Ok(())
}

struct Reports {
    weekly: ReportId,
    metrics: ReportId,
    daily: ReportId,
    count: usize,
}

/// Sets up reports that between them use every audience and every kind of schedule.
async fn reports(office: &Office, companies: &Companies, clients: &[Client], now: DateTime<Utc>) -> anyhow::Result<Reports> {
    let store = &office.app.platform.store;
    let groups: Vec<GroupId> = store.groups(office.scope).await?.into_iter().map(|group| group.id).collect();
    let id = |n: usize| clients.get(n).map(|client| client.id.to_string());
    let group = |n: usize| groups.get(n).map(ToString::to_string);
    let everything: Vec<&str> = ItemKind::ALL.iter().map(|kind| kind.name()).collect();
    let first_name = CLIENTS[FEATURED].first;
    let coach = |n: usize| office.coaches.get(n).map(|member: &Member| -> MemberId { member.id });
    let drafts: [(Option<usize>, Value); 7] = [
        (
            Some(0),
            json!({ "name": format!("Before {first_name}’s session"), "scope": { "kind": "selected", "ids": [id(FEATURED)] }, "kinds": everything,
                "audience": { "kind": "coach" }, "schedule": { "every": "week", "weekdays": ["tue"], "at": "10:45" } }),
        ),
        (
            Some(0),
            json!({ "name": "Metrics for Meridian HR", "scope": { "kind": "selected", "ids": MEASURED.map(id) }, "kinds": ["metric"],
                "audience": { "kind": "third_parties", "emails": ["hr@meridian.example", "people.analytics@meridian.example"] },
                "schedule": { "every": "month", "day": 1, "at": "08:00" },
                "introduction": "The numbers agreed in the programme, and nothing else. Questions are welcome: reply to this mail." }),
        ),
        (
            Some(1),
            json!({ "name": "Your actions this week", "scope": { "kind": "all" }, "kinds": ["action"], "audience": { "kind": "clients" },
                "schedule": { "every": "week", "weekdays": ["fri"], "at": "16:30" },
                "introduction": "What you did since last Friday, and what is still on your list. Enjoy the weekend." }),
        ),
        (
            Some(1),
            json!({ "name": "Half an hour before a founder", "scope": { "kind": "groups", "ids": [group(1)] },
                "kinds": ["action", "metric", "worksheet", "journal_entry", "session_note"], "audience": { "kind": "coach" },
                "schedule": { "every": "appointment", "minutes_before": 30 }, "window": { "kind": "last_days", "days": 28 } }),
        ),
        (
            Some(0),
            json!({ "name": "The cohort, every other Monday", "scope": { "kind": "groups", "ids": [group(0)] },
                "kinds": ["worksheet", "course_step", "metric"], "detail": "summary",
                "audience": { "kind": "coach", "ids": [coach(0), coach(1)] },
                "schedule": { "every": "week", "interval": 2, "weekdays": ["mon"], "at": "09:00" } }),
        ),
        (
            None,
            json!({ "name": "Month’s end for our partners", "scope": { "kind": "companies", "ids": companies.ids },
                "kinds": ["action", "metric", "appointment", "course_step"],
                "audience": { "kind": "personnel", "ids": companies.personnel }, "schedule": { "every": "month", "day": "last", "at": "17:00" },
                "introduction": "How your people are getting on, as far as they agreed to share it." }),
        ),
        (
            None,
            json!({ "name": "Yesterday at Tideway", "scope": { "kind": "all" }, "kinds": everything, "detail": "summary",
                "audience": { "kind": "coach" }, "schedule": { "every": "day", "at": "07:30" } }),
        ),
    ];
    let count = drafts.len();
    let mut made = Vec::new();
    for (by, draft) in drafts {
        let draft: ReportDraft = serde_json::from_value(draft)?;
        let report = Box::pin(app::reports::create(&office.ctx(by, now), &draft)).await.with_context(|| format!("{:?}", draft.name))?;
        made.push(report.report.id);
    }
    Ok(Reports { weekly: made[0], metrics: made[1], daily: made[6], count })
}
