//! What goes off track is noticed once and told once: however many cross, whatever fails, however late.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use app::sweep::Swept;
use cairn::faults::{Fault, Kind, When};
use cairn::stack::{Settings, Stack};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use chrono_tz::Tz;
use domain::account::{Account, Features};
use domain::client::{Client, Portal};
use domain::engagement::{Activity, Engagement, Session, SessionKind, SessionState, State};
use domain::id::{AccountId, ClientId, EngagementId, MemberId, OrganisationId, ProgramId, SessionId};
use domain::listing::Columns;
use domain::person::{Administrator, Email, Member, Notifications};
use domain::program::{ProgramKind, Settings as Watched};
use domain::progress::{Tracking, file, progress, swept_at};
use platform::store::keys::{DUE_SHARDS, due_shard};
use platform::store::{Changes, Scope, Store};
use stories::{Mail, World, say, time};
use ulid::Ulid;

use crate::flow::{Complaints, in_parallel};

/// The day on which things cross: three weeks after [`BEGUN`].
const DAY: &str = "2026-11-02";
const BEGUN: &str = "2026-10-12T09:00:00Z";

/// An account in a world, with people and engagements that were put into the table as they are.
struct House<'a> {
    world: &'a World,
    scope: Scope,
    zone: Tz,
    name: String,
}

impl<'a> House<'a> {
    async fn open(world: &'a World, name: &str, zone: Tz) -> Self {
        let id = AccountId(Ulid::generate());
        world.watch(id);
        Self::open_as(world, id, name, zone).await
    }

    /// One whose part of the due index is the first.
    async fn open_first(world: &'a World, name: &str) -> Self {
        let id = loop {
            let id = AccountId(Ulid::generate());
            if due_shard(Scope::of_own_message(id)) == 0 {
                break id;
            }
        };
        world.watch(id);
        Self::open_as(world, id, name, chrono_tz::UTC).await
    }

    async fn open_as(world: &'a World, id: AccountId, name: &str, zone: Tz) -> Self {
        let at = time(BEGUN);
        let account = Account {
            id,
            name: name.into(),
            time_zone: zone,
            features: Features::default(),
            require_dmarc: false,
            created_at: at,
            updated_at: at,
            version: 1,
        };
        let scope = Scope::of_own_message(id);
        let house = Self { world, scope, zone, name: name.into() };
        house.write(|store, changes| _ = store.add_account(changes, &account).unwrap()).await;
        house
    }

    fn store(&self) -> &'a Store {
        &self.world.stack.app.platform.store
    }

    async fn write(&self, fill: impl FnOnce(&Store, &mut Changes)) {
        let mut changes = Changes::new();
        fill(self.store(), &mut changes);
        assert!(self.store().commit(changes).await.unwrap().is_done());
    }

    fn address(&self, name: &str) -> String {
        format!("{}@{}.example", name.to_lowercase(), self.name.to_lowercase())
    }

    async fn member(&self, name: &str, administrator: Administrator, coach: bool) -> MemberId {
        let at = time(BEGUN);
        let member = Member {
            id: MemberId(Ulid::generate()),
            name: name.into(),
            email: Email::parse(&self.address(name)).unwrap(),
            coach,
            administrator,
            location_id: None,
            permissions: BTreeSet::new(),
            active: true,
            shut_at: None,
            time_zone: self.zone,
            notifications: Notifications::default(),
            columns: Columns::default(),
            created_at: at,
            updated_at: at,
            version: 1,
        };
        self.write(|store, changes| store.add_member(changes, self.scope, &member).unwrap()).await;
        member.id
    }

    /// A client with an active portal.
    fn active(&self, name: &str) -> Client {
        let at = time(BEGUN);
        Client {
            id: ClientId(Ulid::generate()),
            first_name: name.into(),
            last_name: String::new(),
            email: Some(Email::parse(&self.address(name)).unwrap()),
            phone: None,
            tags: BTreeSet::new(),
            website: None,
            social_links: Vec::new(),
            company_id: None,
            time_zone: self.zone,
            portal: Portal::Active,
            invited_at: None,
            shut_at: None,
            archived: false,
            notifications: Notifications::default(),
            columns: Columns::default(),
            created_at: at,
            updated_at: at,
            version: 1,
        }
    }

    async fn client(&self, client: &Client) {
        self.write(|store, changes| store.add_client(changes, self.scope, client).unwrap()).await;
    }

    /// An engagement of a client that began at a time and has a threshold of three weeks.
    fn engagement(&self, client: &Client, coach: Option<MemberId>, begun: DateTime<Utc>) -> Engagement {
        Engagement {
            id: EngagementId(Ulid::generate()),
            client_id: client.id,
            program_id: ProgramId(Ulid(1)),
            program: "Leading".into(),
            kind: ProgramKind::OneToOne,
            coach_id: coach,
            owner_organisation_id: OrganisationId(self.scope.account().0),
            owner_id: None,
            location_id: None,
            state: State::Active,
            starts_on: None,
            ends_on: None,
            sessions_total: None,
            settings: Watched { threshold_weeks: Some(3), off_track_notifications: true },
            own_threshold: false,
            own_notifications: false,
            launched_at: Some(begun),
            coach_selected_at: None,
            pauses: Vec::new(),
            activity: Activity::default(),
            deleted_at: None,
            created_at: begun,
            updated_at: begun,
            version: 1,
        }
    }

    async fn begin(&self, engagement: &Engagement, client: &Client) {
        let now = self.world.stack.clock.now();
        let tracking = file(None, engagement, client.email.as_ref(), self.zone, now);
        self.write(|store, changes| store.add_engagement(changes, self.scope, engagement, &tracking).unwrap()).await;
    }

    /// A client with an engagement that crosses on [`DAY`].
    async fn crossing(&self, name: &str, coach: Option<MemberId>) -> Engagement {
        let client = self.active(name);
        self.client(&client).await;
        let engagement = self.engagement(&client, coach, time(BEGUN));
        self.begin(&engagement, &client).await;
        engagement
    }

    /// Changes an engagement, and its sessions, as an operation would.
    async fn change(&self, id: EngagementId, change: impl FnOnce(&mut Engagement), held: Option<DateTime<Utc>>) {
        let now = self.world.stack.clock.now();
        let before = self.store().whole_engagement(self.scope, id).await.unwrap().unwrap();
        let client = self.store().client(self.scope, before.engagement.client_id).await.unwrap().unwrap();
        let mut after = before.engagement.clone().changed(now);
        change(&mut after);
        let session = held.map(|starts_at| Session {
            id: SessionId(Ulid::generate()),
            engagement_id: id,
            client_id: client.id,
            kind: SessionKind::Session,
            coach_id: after.coach_id,
            starts_at,
            minutes: 60,
            state: if starts_at > now { SessionState::Scheduled } else { SessionState::Completed },
            cancelled_at: None,
            created_at: now,
            updated_at: now,
            version: 1,
        });
        after.activity = Activity::of(before.sessions.iter().chain(&session));
        let stood = progress(&before.engagement, self.zone, now);
        let tracking = file(Some((&before.tracking, &stood)), &after, client.email.as_ref(), self.zone, now);
        self.write(|store, changes| {
            store.replace_engagement(changes, self.scope, &after, &tracking).unwrap();
            if let Some(session) = &session {
                store.add_session(changes, self.scope, session).unwrap();
            }
        })
        .await;
    }

    async fn tracking(&self, id: EngagementId) -> Tracking {
        self.store().trackings_by_id(self.scope, [id]).await.unwrap().pop().unwrap()
    }

    fn mails_to(&self, name: &str) -> Vec<Mail> {
        self.world.mails_to(&self.address(name))
    }

    /// Which clients the digests to somebody name, one after the other.
    fn digests(&self, name: &str, clients: &[&str]) -> Vec<Vec<String>> {
        let named = |mail: &Mail| {
            let words: BTreeSet<&str> = mail.text.split(|c: char| !c.is_alphanumeric()).collect();
            clients.iter().filter(|client| words.contains(**client)).map(|client| (*client).to_owned()).collect()
        };
        self.mails_to(name).iter().map(named).collect()
    }

    /// That the fate of every mail that was owed is known.
    async fn all_settled(&self) {
        let until = self.world.stack.clock.now() + Duration::days(2);
        assert!(self.store().deliveries_to_wake(until, 100).await.unwrap().is_empty(), "some mail is not settled");
    }
}

/// A world whose functions reach the table without the network.
async fn quick(start: &str) -> World {
    let settings = Settings { start: Some(time(start)), public_url: stories::PUBLIC_URL.into(), short: true, ..Settings::default() };
    World::over(Stack::start(settings).await.unwrap())
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[tokio::test]
async fn forty_that_cross_on_one_morning_are_one_mail_to_each_who_is_told() {
    let world = quick("2026-11-02T07:30:00Z").await;
    let house = House::open(&world, "Onward", chrono_tz::UTC).await;
    let ada = house.member("Ada", Administrator::Global, true).await;
    house.member("Dee", Administrator::Global, false).await;
    let (bo, cy) = (house.member("Bo", Administrator::None, true).await, house.member("Cy", Administrator::None, true).await);
    house.member("Eve", Administrator::None, true).await;
    let names: Vec<String> = (0..41).map(|n| format!("Client{n:02}")).collect();
    let mut told = BTreeSet::new();
    for (n, name) in names.iter().enumerate() {
        let mut client = house.active(name);
        match n {
            0 => client.portal = Portal::NotInvited,
            1 => client.portal = Portal::Disabled,
            2 => client.notifications.off_track = false,
            3 | 4 => client.portal = Portal::Pending,
            40 => client.archived = true,
            _ => {}
        }
        if matches!(n, 3..40) {
            told.insert(house.address(name));
        }
        house.client(&client).await;
        let coach = if n == 39 { ada } else { [bo, cy][n % 2] };
        house.begin(&house.engagement(&client, Some(coach), time(BEGUN)), &client).await;
    }
    world.advance_to("2026-11-02T07:59:59Z").await;
    assert!(world.mails().is_empty());
    world.advance_to("2026-11-02T08:05:00Z").await;
    let mut by_address: BTreeMap<String, usize> = BTreeMap::new();
    for mail in world.mails() {
        assert_eq!(mail.local(chrono_tz::UTC), "Mon 2026-11-02 08:00");
        *by_address.entry(mail.to).or_default() += 1;
    }
    told.extend(["Ada", "Bo", "Cy", "Dee"].map(|name| house.address(name)));
    assert_eq!(by_address, told.iter().map(|address| (address.clone(), 1)).collect());
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    // the client who is archived stands in none
    assert_eq!(house.digests("Ada", &all), [&names[..40]]);
    assert_eq!(house.digests("Dee", &all), [&names[..40]]);
    let of = |rest: usize| -> Vec<String> { (0..39).filter(|n| n % 2 == rest).map(|n| names[n].clone()).collect() };
    assert_eq!(house.digests("Bo", &all), [of(0)]);
    assert_eq!(house.digests("Cy", &all), [of(1)]);
    let mail = &house.mails_to("Dee")[0];
    assert!(mail.subject.contains("40"), "{}", mail.subject);
    assert!(mail.header("List-Unsubscribe-Post").is_some());

    assert_eq!(world.stack.sweep().await, Swept::default());
    world.settle().await;
    world.advance_to("2026-11-12T08:05:00Z").await;
    assert_eq!(world.mails().len(), by_address.len(), "a later sweep told somebody once more");
    house.all_settled().await;
}

#[tokio::test]
async fn each_account_is_swept_at_eight_of_its_own_morning() {
    let world = quick("2026-11-01T00:30:00Z").await;
    let mut expected = Vec::new();
    for zone in [chrono_tz::Asia::Kolkata, chrono_tz::America::New_York, chrono_tz::Pacific::Kiritimati] {
        let house = House::open(&world, &zone.name().replace(['/', '_'], "-"), zone).await;
        let coach = house.member("Bo", Administrator::Global, true).await;
        house.crossing("Amber", Some(coach)).await;
        // the sweep runs at whole hours
        let at = swept_at(day(DAY), zone);
        let minutes = at.timestamp().rem_euclid(3600);
        let at = if minutes == 0 { at } else { at + Duration::seconds(3600 - minutes) };
        expected.push((house.address("Bo"), at.format("%d %H:%M").to_string()));
    }
    world.advance_to("2026-12-24T00:30:00Z").await;
    for (address, at) in expected {
        let mails: Vec<String> = world.mails_to(&address).iter().map(|mail| mail.at.format("%d %H:%M").to_string()).collect();
        assert_eq!(mails, [at], "{address}");
    }
}

/// What must be true of a house after everything: each client has one mail, and each crossing is in one digest of each who
/// is told, none of whom got two in a day.
fn judge(house: &House<'_>) -> Result<(), String> {
    for client in ["Amber", "Blue", "Coral"] {
        let mails = house.mails_to(client).len();
        if mails != 1 {
            return Err(format!("{client} got {mails} mails"));
        }
    }
    for (name, told) in [("Ada", vec!["Amber", "Blue", "Coral"]), ("Bo", vec!["Amber", "Blue"])] {
        let mut days = BTreeSet::new();
        for mail in house.mails_to(name) {
            if !days.insert(mail.at.date_naive()) {
                return Err(format!("{name} got two mails in a day"));
            }
        }
        let mut rows: Vec<String> = house.digests(name, &["Amber", "Blue", "Coral"]).concat();
        rows.sort();
        if rows != told {
            return Err(format!("{name} was told of {rows:?}"));
        }
    }
    Ok(())
}

/// A house in which three cross: Ada is told of all, and coaches one; Bo of two.
async fn three<'a>(world: &'a World, name: &str) -> House<'a> {
    let house = House::open_first(world, name).await;
    let ada = house.member("Ada", Administrator::Global, true).await;
    let bo = house.member("Bo", Administrator::None, true).await;
    house.crossing("Amber", Some(bo)).await;
    house.crossing("Blue", Some(bo)).await;
    house.crossing("Coral", Some(ada)).await;
    house
}

/// Strikes a call of a sweep: each way that it can go wrong.
fn ways(nth: u64) -> [Vec<Fault>; 6] {
    let at = |kind| Fault { when: When::Nth(nth), kind };
    let from = |nth| Fault { when: When::From(nth), kind: Kind::Reject };
    [
        vec![at(Kind::Reject)],
        vec![at(Kind::LoseAnswer)],
        vec![at(Kind::Throttle)],
        vec![at(Kind::Conflict)],
        // the process is gone before the call, or after it and before the answer
        vec![from(nth)],
        vec![at(Kind::LoseAnswer), from(nth + 1)],
    ]
}

#[test]
fn whatever_fails_in_a_sweep_each_is_told_once() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let calls = runtime.block_on(async {
        let world = quick("2026-11-02T08:10:00Z").await;
        let house = three(&world, "Clean").await;
        world.stack.faults.clear();
        assert_eq!(world.stack.sweep().await, Swept { crossed: 3, digests: 2, failed: 0 });
        let calls = world.stack.faults.calls().len() as u64;
        world.settle().await;
        judge(&house).unwrap();
        calls
    });
    // of the parts of the due index with nothing in them, a few are enough
    let busy = calls - u64::from(DUE_SHARDS) + 1;
    let plans: Vec<Vec<Fault>> = (1..=busy + 3).flat_map(ways).collect();
    let injected = AtomicUsize::new(0);
    let complaints = Complaints::default();
    in_parallel(&plans, 24, async |batch: &[Vec<Fault>]| {
        let world = quick("2026-11-02T08:10:00Z").await;
        // what is due at this hour is swept by hand
        world.settle().await;
        let mut houses = Vec::new();
        for (n, plan) in batch.iter().enumerate() {
            let house = three(&world, &format!("House{n}")).await;
            world.stack.faults.plan(plan.clone());
            world.stack.sweep().await;
            injected.fetch_add(world.stack.faults.calls().iter().filter(|call| call.fault.is_some()).count(), Ordering::Relaxed);
            world.stack.faults.clear();
            // what it owed goes out before the next one, every other time
            if n % 2 == 0 {
                world.settle().await;
            }
            let again = world.stack.sweep().await;
            if again.failed > 0 {
                complaints.add(format!("{plan:?}: {again:?} without a fault"));
            }
            houses.push((house, plan));
        }
        world.advance_to("2026-11-03T09:10:00Z").await;
        for (house, plan) in &houses {
            if let Err(complaint) = judge(house) {
                complaints.add(format!("{plan:?}: {complaint}"));
            }
        }
        let mails = world.mails().len();
        assert_eq!(world.stack.sweep().await, Swept::default());
        world.advance_to("2026-11-05T09:10:00Z").await;
        if world.mails().len() != mails {
            complaints.add("later sweeps sent more".into());
        }
    });
    say(&format!("{} faults injected into {} sweeps of {calls} calls", injected.into_inner(), plans.len()));
    complaints.none("the sweeps");
}

#[test]
fn a_sweep_that_dies_anywhere_is_made_good_by_the_next() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let world = World::at("2026-11-02T08:10:00Z").await;
        world.settle().await;
        let mut houses = Vec::new();
        for steps in 0.. {
            let house = three(&world, &format!("House{steps}")).await;
            let done = crate::crash::dying(steps, app::sweep::sweep(&world.stack.app)).await;
            if steps % 2 == 0 {
                world.settle().await;
            }
            assert_eq!(world.stack.sweep().await.failed, 0);
            houses.push(house);
            if done.is_some() {
                break;
            }
        }
        say(&format!("{} deaths injected in sweeping", houses.len() - 1));
        assert!(houses.len() > 15);
        world.advance_to("2026-11-03T09:10:00Z").await;
        for (steps, house) in houses.iter().enumerate() {
            judge(house).unwrap_or_else(|complaint| panic!("died after {steps} steps: {complaint}"));
        }
    });
}

#[tokio::test]
async fn sweeps_at_the_same_time_tell_each_once() {
    let world = World::at("2026-11-02T08:10:00Z").await;
    world.settle().await;
    for n in 0..6 {
        let house = three(&world, &format!("House{n}")).await;
        let app = &world.stack.app;
        let late = async {
            tokio::time::sleep(std::time::Duration::from_millis(7 * n)).await;
            app::sweep::sweep(app).await
        };
        let (one, two, three) = tokio::join!(app::sweep::sweep(app), app::sweep::sweep(app), late);
        assert_eq!(one.failed + two.failed + three.failed, 0, "{one:?} {two:?} {three:?}");
        assert_eq!(one.crossed + two.crossed + three.crossed, 3);
        world.settle().await;
        // what one of them closed too early for another is in the next day's
        assert!(house.mails_to("Ada").len() <= 1);
    }
    world.advance_to("2026-11-03T09:10:00Z").await;
    for n in 0..6 {
        let name = format!("House{n}");
        let scope = Scope::of_own_message(AccountId(Ulid(0)));
        judge(&House { world: &world, scope, zone: chrono_tz::UTC, name }).unwrap();
    }
}

#[tokio::test]
async fn after_ten_days_down_nothing_is_missed_and_what_is_old_is_for_administrators_alone() {
    let world = quick("2026-11-01T12:00:00Z").await;
    let house = House::open(&world, "Onward", chrono_tz::UTC).await;
    house.member("Ada", Administrator::Global, false).await;
    let bo = house.member("Bo", Administrator::None, true).await;
    let names = ["Old", "Week", "New"];
    let mut engagements = Vec::new();
    for (name, begun) in names.iter().zip(["2026-10-12T09:00:00Z", "2026-10-15T09:00:00Z", "2026-10-20T09:00:00Z"]) {
        let client = house.active(name);
        house.client(&client).await;
        let engagement = house.engagement(&client, Some(bo), time(begun));
        house.begin(&engagement, &client).await;
        engagements.push(engagement.id);
    }
    world.settle().await;
    world.stack.sleep_until(time("2026-11-12T09:30:00Z")).unwrap();
    world.settle().await;
    for (id, since) in engagements.iter().zip(["2026-11-02", "2026-11-05", "2026-11-10"]) {
        let tracking = house.tracking(*id).await;
        assert_eq!(tracking.crossed_on, BTreeSet::from([day(since)]));
        assert_eq!(tracking.episodes.iter().map(|episode| episode.since).collect::<Vec<_>>(), [day(since)]);
        assert_eq!((tracking.due_at, tracking.due_on), (None, Some(day(since))));
    }
    let of = |names: &[&str]| vec![names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()];
    assert_eq!(house.digests("Ada", &names), of(&names));
    assert_eq!(house.digests("Bo", &names), of(&["Week", "New"]));
    assert_eq!(names.map(|name| house.mails_to(name).len()), [0, 1, 1]);
    world.advance_to("2026-11-14T09:30:00Z").await;
    assert_eq!(world.mails().len(), 4);
}

#[tokio::test]
async fn what_changes_between_the_sweep_and_the_sending_is_looked_at_once_more() {
    let world = quick("2026-11-02T08:10:00Z").await;
    world.settle().await;
    let house = House::open(&world, "Onward", chrono_tz::UTC).await;
    house.member("Ada", Administrator::Global, false).await;
    let (bo, cy) = (house.member("Bo", Administrator::None, true).await, house.member("Cy", Administrator::None, true).await);
    let eve = house.member("Eve", Administrator::Global, false).await;
    let names = ["Back", "Moved", "Muted", "Quiet", "Gone", "Stays"];
    let mut of = BTreeMap::new();
    for name in names {
        of.insert(name, house.crossing(name, Some(bo)).await);
    }
    let silent = {
        let client = house.active("Silent");
        house.client(&client).await;
        let mut engagement = house.engagement(&client, Some(bo), time(BEGUN));
        engagement.settings.off_track_notifications = false;
        house.begin(&engagement, &client).await;
        engagement.id
    };
    assert_eq!(world.stack.sweep().await, Swept { crossed: 7, digests: 3, failed: 0 });
    assert_eq!(house.tracking(silent).await.crossed_on, BTreeSet::from([day(DAY)]), "without notifications it crosses all the same");
    // back on track; with another coach; its mail switched off; its client wants none; its client archived
    house.change(of["Back"].id, |_| {}, Some(time("2026-11-20T10:00:00Z"))).await;
    house.change(of["Moved"].id, |engagement| engagement.coach_id = Some(cy), None).await;
    house.change(of["Muted"].id, |engagement| engagement.settings.off_track_notifications = false, None).await;
    let client = async |name: &str, change: &dyn Fn(&mut Client)| {
        let before = house.store().client(house.scope, of[name].client_id).await.unwrap().unwrap();
        let mut after = Client { version: before.version + 1, ..before.clone() };
        change(&mut after);
        house.write(|store, changes| store.replace_client(changes, house.scope, &before, &after).unwrap()).await;
    };
    client("Quiet", &|client| client.notifications.off_track = false).await;
    client("Gone", &|client| client.archived = true).await;
    let before = house.store().member(house.scope, eve).await.unwrap().unwrap();
    let notifications = Notifications { off_track: false, ..before.notifications };
    let after = Member { notifications, version: before.version + 1, ..before.clone() };
    house.write(|store, changes| store.replace_member(changes, house.scope, &before, &after).unwrap()).await;
    world.settle().await;
    let all = ["Back", "Moved", "Muted", "Quiet", "Gone", "Stays", "Silent"];
    assert_eq!(house.digests("Ada", &all), [["Moved", "Quiet", "Stays"]]);
    assert_eq!(house.digests("Bo", &all), [["Quiet", "Stays"]]);
    assert_eq!((house.mails_to("Cy").len(), house.mails_to("Eve").len()), (0, 0));
    assert_eq!(all.map(|name| house.mails_to(name).len()), [0, 1, 0, 0, 0, 1, 0]);
    world.advance_to("2026-11-03T09:00:00Z").await;
    assert_eq!(world.mails().len(), 4);
}

#[tokio::test]
async fn mail_goes_to_the_address_that_people_have_when_it_is_sent() {
    let world = quick("2026-11-02T08:10:00Z").await;
    world.settle().await;
    let house = House::open(&world, "Onward", chrono_tz::UTC).await;
    let bo = house.member("Bo", Administrator::Global, true).await;
    let engagement = house.crossing("Amber", Some(bo)).await;
    world.stack.sweep().await;
    let moved = |name: &str| Email::parse(&format!("{name}@elsewhere.example")).unwrap();
    let before = house.store().member(house.scope, bo).await.unwrap().unwrap();
    let after = Member { email: moved("bo"), version: before.version + 1, ..before.clone() };
    house.write(|store, changes| store.replace_member(changes, house.scope, &before, &after).unwrap()).await;
    let before = house.store().client(house.scope, engagement.client_id).await.unwrap().unwrap();
    let after = Client { email: Some(moved("amber")), version: before.version + 1, ..before.clone() };
    let now = world.stack.clock.now();
    let filed = house.tracking(engagement.id).await;
    let tracking = file(Some((&filed, &progress(&engagement, house.zone, now))), &engagement, after.email.as_ref(), house.zone, now);
    house
        .write(|store, changes| {
            store.replace_client(changes, house.scope, &before, &after).unwrap();
            store.replace_tracking(changes, house.scope, &tracking).unwrap();
        })
        .await;
    world.settle().await;
    let mut to: Vec<String> = world.mails().into_iter().map(|mail| mail.to).collect();
    to.sort();
    assert_eq!(to, ["amber@elsewhere.example", "bo@elsewhere.example"]);
}

#[tokio::test]
async fn what_crosses_after_the_days_digest_waits_for_the_next_days() {
    let world = quick("2026-11-02T07:30:00Z").await;
    let house = House::open(&world, "Onward", chrono_tz::UTC).await;
    let bo = house.member("Bo", Administrator::Global, true).await;
    house.crossing("Amber", Some(bo)).await;
    world.advance_to("2026-11-02T10:20:00Z").await;
    // a threshold that was shortened makes some cross in the middle of the day
    house.crossing("Blue", Some(bo)).await;
    world.advance_to("2026-11-02T11:05:00Z").await;
    assert_eq!(house.mails_to("Blue").iter().map(|mail| mail.at.format("%H:%M").to_string()).collect::<Vec<_>>(), ["11:00"]);
    house.crossing("Coral", Some(bo)).await;
    world.advance_to("2026-11-03T07:59:00Z").await;
    assert_eq!(house.digests("Bo", &["Amber", "Blue", "Coral"]), [["Amber"]]);
    world.advance_to("2026-11-05T09:00:00Z").await;
    let digests = house.digests("Bo", &["Amber", "Blue", "Coral"]);
    assert_eq!(digests, [vec!["Amber".to_owned()], vec!["Blue".to_owned(), "Coral".to_owned()]]);
    assert_eq!(house.mails_to("Bo")[1].local(chrono_tz::UTC), "Tue 2026-11-03 08:00");
}

#[tokio::test]
async fn a_new_episode_is_told_anew_and_one_that_goes_on_is_not() {
    let world = quick("2026-11-02T07:30:00Z").await;
    let house = House::open(&world, "Onward", chrono_tz::UTC).await;
    let bo = house.member("Bo", Administrator::Global, true).await;
    let id = house.crossing("Amber", Some(bo)).await.id;
    world.advance_to("2026-11-03T10:00:00Z").await;
    assert_eq!((house.mails_to("Bo").len(), house.mails_to("Amber").len()), (1, 1));
    house.change(id, |_| {}, Some(time("2026-11-03T09:00:00Z"))).await;
    assert_eq!(house.tracking(id).await.due_on, Some(day("2026-11-24")));
    world.advance_to("2026-11-24T09:00:00Z").await;
    assert_eq!((house.mails_to("Bo").len(), house.mails_to("Amber").len()), (2, 2));
    let episodes: Vec<_> = house.tracking(id).await.episodes.iter().map(|episode| (episode.since, episode.until)).collect();
    assert_eq!(episodes, [(day("2026-11-02"), Some(day("2026-11-03"))), (day("2026-11-24"), None)]);
    // a setting that makes it cross on another day, and is taken back: the same two episodes
    house.change(id, |engagement| engagement.settings.threshold_weeks = Some(9), None).await;
    world.advance_to("2026-11-24T12:00:00Z").await;
    house.change(id, |engagement| engagement.settings.threshold_weeks = Some(3), None).await;
    world.advance_to("2026-11-26T12:00:00Z").await;
    assert_eq!((house.mails_to("Bo").len(), house.mails_to("Amber").len()), (2, 2));
    assert_eq!(house.tracking(id).await.crossed_on, BTreeSet::from([day("2026-11-02"), day("2026-11-24")]));
}

#[tokio::test]
async fn the_link_in_the_mail_switches_such_mail_off_once_it_is_posted_to() {
    let world = quick("2026-11-02T07:30:00Z").await;
    let house = House::open(&world, "Onward", chrono_tz::UTC).await;
    let bo = house.member("Bo", Administrator::Global, true).await;
    let id = house.crossing("Amber", Some(bo)).await.id;
    world.advance_to("2026-11-02T10:00:00Z").await;
    for name in ["Bo", "Amber"] {
        let mail = house.mails_to(name).remove(0);
        let link = mail.header("List-Unsubscribe").unwrap().trim_matches(['<', '>']).to_owned();
        let path = link.strip_prefix(stories::PUBLIC_URL).unwrap().to_owned();
        let shown = world.anybody("GET", &path, &[], None).await;
        assert_eq!(shown.status, 200);
        assert!(shown.text.contains("<form method=\"post\">"), "{}", shown.text);
        for _ in 0..2 {
            let done = world.anybody("POST", &path, &[], None).await;
            assert!(done.status == 200 && !done.text.contains("<form"), "{}", done.text);
        }
        assert_eq!(world.anybody("GET", &path[..path.len() - 2], &[], None).await.status, 404);
    }
    assert!(!house.store().member(house.scope, bo).await.unwrap().unwrap().notifications.off_track);
    house.change(id, |_| {}, Some(time("2026-11-02T09:00:00Z"))).await;
    world.advance_to("2026-12-02T10:00:00Z").await;
    assert_eq!(world.mails().len(), 2);
    let today = world.stack.app.platform.store.audit(house.scope, day("2026-11-02"), 10, None).await.unwrap().0;
    assert_eq!(today.iter().filter(|entry| entry.action == "me.update").count(), 2);
}

/// The links of a mail: met, snooze, pause.
fn nudges(mail: &Mail) -> [String; 3] {
    let mut links = Vec::new();
    for part in mail.html.split(&format!("{}/n/", stories::PUBLIC_URL)).skip(1) {
        let token = part.split('"').next().unwrap();
        let link = format!("/n/{token}");
        if !links.contains(&link) {
            links.push(link);
        }
    }
    links.try_into().unwrap()
}

async fn form(world: &World, link: &str, body: &str) -> String {
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let answer = world.raw("POST", link, &headers, body.to_owned()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.text
}

#[tokio::test]
async fn the_buttons_of_the_mail_work_without_a_login_once_and_only_while_it_is_so() {
    let world = quick("2026-11-02T07:30:00Z").await;
    let house = House::open(&world, "Onward", chrono_tz::UTC).await;
    let bo = house.member("Bo", Administrator::None, true).await;
    let mut ids = Vec::new();
    for name in ["Amber", "Blue", "Coral", "Dawn"] {
        ids.push(house.crossing(name, Some(bo)).await.id);
    }
    world.advance_to("2026-11-03T10:00:00Z").await;
    let links = |name: &str| nudges(&house.mails_to(name)[0]);
    let before = house.store().whole_engagement(house.scope, ids[0]).await.unwrap();
    for link in links("Amber") {
        let shown = world.anybody("GET", &link, &[], None).await;
        assert!(shown.status == 200 && shown.text.contains("<form method=\"post\">"), "{}", shown.text);
        assert!(!shown.text.contains("<script"));
        assert_eq!(world.anybody("GET", &link[..link.len() - 2], &[], None).await.status, 404);
    }
    assert_eq!(house.store().whole_engagement(house.scope, ids[0]).await.unwrap(), before, "looking changes nothing");

    // met: not in the future, not before the clock began, once
    let [met, snooze, _] = links("Amber");
    for bad in ["on=2026-11-04", "on=2026-10-11", "on=soon"] {
        assert!(form(&world, &met, bad).await.contains("<form"), "{bad}");
    }
    assert_eq!(house.store().whole_engagement(house.scope, ids[0]).await.unwrap(), before);
    assert!(form(&world, &met, "on=2026-10-30").await.contains("30 October 2026"));
    for again in [&met, &snooze] {
        assert!(form(&world, again, "on=2026-10-30").await.contains("taken care of"));
    }
    let whole = house.store().whole_engagement(house.scope, ids[0]).await.unwrap().unwrap();
    assert_eq!((whole.sessions.len(), whole.engagement.pauses.len()), (1, 0));
    assert_eq!(whole.tracking.due_on, Some(day("2026-11-20")));

    // snooze: due in a week
    let [_, snooze, _] = links("Blue");
    for _ in 0..2 {
        form(&world, &snooze, "").await;
    }
    assert_eq!(house.tracking(ids[1]).await.due_on, Some(day("2026-11-10")));
    // a break
    let [_, _, pause] = links("Coral");
    assert!(form(&world, &pause, "on=2026-11-02").await.contains("<form"));
    form(&world, &pause, "on=2026-11-30").await;
    assert_eq!(house.tracking(ids[2]).await.due_on, Some(day("2026-12-01")));

    // a new crossing has links of its own, and the old ones don't work for it
    world.advance_to("2026-11-10T10:00:00Z").await;
    assert_eq!(house.mails_to("Blue").len(), 2);
    assert!(form(&world, &snooze, "").await.contains("10 November 2026"));
    assert_eq!(house.tracking(ids[1]).await.due_on, Some(day("2026-11-10")));

    // somebody else coaches it now; the client's portal was switched off; too late
    let [met, _, _] = links("Dawn");
    let client = house.store().client(house.scope, before.unwrap().engagement.client_id).await.unwrap().unwrap();
    assert_eq!(client.portal, Portal::Active);
    let coach = app::token::Nudge {
        nudging: app::token::Nudging::Met,
        account: house.scope.account(),
        engagement: ids[3],
        since: day(DAY),
        person: domain::person::PersonId::Member(bo),
    };
    let coach = format!("/n/{}", coach.sign(&world.stack.app.signing_keys).unwrap());
    assert!(world.anybody("GET", &coach, &[], None).await.text.contains("<form"));
    house.change(ids[3], |engagement| engagement.coach_id = None, None).await;
    let gone = world.anybody("GET", &coach, &[], None).await.text;
    assert!(!gone.contains("<form") && !gone.contains("Dawn"), "{gone}");
    assert!(world.anybody("GET", &met, &[], None).await.text.contains("<form"));
    world.advance_to("2026-12-02T23:00:00Z").await;
    assert!(world.anybody("GET", &met, &[], None).await.text.contains("<form"));
    world.advance_to("2026-12-03T00:10:00Z").await;
    assert!(form(&world, &met, "on=2026-12-01").await.contains("expired"));
    assert!(house.store().whole_engagement(house.scope, ids[3]).await.unwrap().unwrap().sessions.is_empty());
}

#[tokio::test]
async fn what_is_filed_wrong_is_found_and_filed_anew() {
    let world = quick("2026-10-20T07:30:00Z").await;
    let house = House::open(&world, "Onward", chrono_tz::UTC).await;
    let bo = house.member("Bo", Administrator::Global, true).await;
    let amber = house.crossing("Amber", Some(bo)).await.id;
    house.crossing("Blue", Some(bo)).await;
    let app = &world.stack.app;
    assert_eq!(app::tracking_check::check(app, false).await.unwrap().drifted, 0);
    let filed = house.tracking(amber).await;
    let wrong = Tracking { due_on: None, due_at: None, version: filed.version + 1, ..filed.clone() };
    house.write(|store, changes| store.replace_tracking(changes, house.scope, &wrong).unwrap()).await;
    let found = app::tracking_check::check(app, false).await.unwrap();
    assert_eq!((found.engagements, found.drifted, found.repaired, found.named.clone()), (2, 1, 0, vec![amber]));
    let asked: reconcile::Asked = serde_json::from_str(r#"{ "check": "due_index", "repair": true }"#).unwrap();
    let reconcile::Done::Checked(done) = reconcile::answer(app, &asked).await.unwrap() else { panic!("it reconciled instead") };
    assert_eq!((done.drifted, done.repaired, done.failed), (1, 1, 0));
    assert_eq!(app::tracking_check::check(app, false).await.unwrap().drifted, 0);
    assert_eq!(house.tracking(amber).await.due_at, filed.due_at);
    world.advance_to("2026-11-02T08:05:00Z").await;
    assert_eq!(house.digests("Bo", &["Amber", "Blue"]), [["Amber", "Blue"]]);
}

/// How much one sweep reads with so many tracked engagements, of which some are due: items, and calls.
async fn reads(tracked: usize, due: usize) -> (u64, u64, Swept) {
    let world = quick("2026-11-02T08:10:00Z").await;
    world.settle().await;
    let house = House::open_as(&world, AccountId(Ulid::generate()), "Onward", chrono_tz::UTC).await;
    let bo = house.member("Bo", Administrator::Global, true).await;
    let client = house.active("Amber");
    house.client(&client).await;
    let rows: Vec<Engagement> = (0..tracked)
        .map(|n| house.engagement(&client, Some(bo), if n < due { time(BEGUN) } else { time("2026-10-25T09:00:00Z") }))
        .collect();
    // of each engagement the sweep knows only how it is filed
    for chunk in rows.chunks(100) {
        house
            .write(|store, changes| {
                for engagement in chunk {
                    let tracking = file(None, engagement, client.email.as_ref(), house.zone, time(BEGUN));
                    store.add_tracking(changes, house.scope, &tracking).unwrap();
                }
            })
            .await;
    }
    world.stack.faults.clear();
    world.stack.faults.meter(true);
    let swept = world.stack.sweep().await;
    let total = world.stack.faults.usage();
    let reads: Vec<_> = total.iter().filter(|(name, _)| matches!(name.as_str(), "Query" | "GetItem" | "BatchGetItem" | "Scan")).collect();
    let (items, calls) = reads.iter().fold((0, 0), |(items, calls), (_, usage)| (items + usage.items, calls + usage.calls));
    world.stack.faults.meter(false);
    world.stack.faults.clear();
    (items, calls, swept)
}

#[tokio::test]
async fn a_sweep_reads_what_is_due_however_many_are_tracked() {
    let due = 200;
    let began = std::time::Instant::now();
    let few = reads(1_000, due).await;
    let many = reads(20_000, due).await;
    say(&format!(
        "with {due} due, a sweep reads {} items in {} calls of 1,000 tracked, {} in {} of 20,000 ({} s)",
        few.0,
        few.1,
        many.0,
        many.1,
        began.elapsed().as_secs()
    ));
    assert_eq!(few, many);
    assert_eq!(few.2, Swept { crossed: due, digests: 1, failed: 0 });
    assert!(few.0 <= due as u64 + u64::from(DUE_SHARDS) + 10, "{} items", few.0);
}
