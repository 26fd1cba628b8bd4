//! The table over the wire: what its conditions refuse, what its lists bring, what its calls cost.
//!
//! Everything is told of the embedded engine in memory and on disk, and of any table service whose address is in
//! `CAIRN_TEST_ENDPOINT`; a table of its own is made there, and removed.

use std::collections::{BTreeMap, BTreeSet};

use cairn::engine::Engine;
use cairn::faults::{Fault, Faults, Kind, Usage, When};
use chrono::{DateTime, Duration, Utc};
use domain::account::{Account, Features};
use domain::client::{Client, Level, Portal};
use domain::company::{Company, Location};
use domain::delivery::{Delivery, DeliveryState, Mail, Recipient};
use domain::group::Group;
use domain::happening::{Happening, What};
use domain::id::{
    AccountId, ApiKeyId, AuditId, ClientId, CompanyId, DeliveryId, GroupId, HappeningId, ItemId, LocationId, MemberId, PersonnelId,
    ReportId, RunId,
};
use domain::item::{Item, ItemKind, State, Visibility};
use domain::person::{Actor, Administrator, Email, Member, Notifications, PersonId, Personnel};
use domain::report::{Audience, AudienceKind, Definition, Detail, Report, Scope as ReportScope, ScopeKind, WhenEmpty, WindowRule};
use domain::run::{Cause, Run, Stage};
use domain::schedule::{Schedule, Window};
use domain::show::{Content, Section};
use platform::store::deliveries::Suppressed;
use platform::store::people::{ApiKey, KeyScope};
use platform::store::requests::{Answered, KEPT_FOR};
use platform::store::{Changes, Commit, Scope, Store, StoreError, Wheel, audit, keys, schema};
use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};
use stories::{World, say, time};
use ulid::Ulid;

/// A table, and an account of its own in it.
struct Bench {
    store: Store,
    faults: Faults,
    scope: Scope,
    /// What everything is dated.
    now: DateTime<Utc>,
    _engine: Option<Engine>,
}

impl Bench {
    async fn over(endpoint: &str, table: &str, engine: Option<Engine>) -> Self {
        let faults = Faults::default();
        let store = Store::new(&cairn::stack::sdk(endpoint, faults.client()), table);
        schema::create(&store).await.unwrap();
        Self { store, faults, scope: a_scope(), now: time("2026-11-02T09:00:00Z"), _engine: engine }
    }

    async fn in_memory() -> Self {
        let engine = Engine::in_memory().unwrap();
        Self::over(&engine.endpoint(), "cairn", Some(engine)).await
    }

    async fn commit(&self, fill: impl FnOnce(&mut Changes) -> Result<(), StoreError>) -> Commit {
        let mut changes = Changes::new();
        fill(&mut changes).unwrap();
        self.store.commit(changes).await.unwrap()
    }

    /// What some calls cost, metered.
    async fn cost<T>(&self, calls: impl Future<Output = T>) -> Usage {
        self.faults.clear();
        self.faults.meter(true);
        calls.await;
        self.faults.meter(false);
        self.faults.total()
    }

    fn member(&self, email: &str) -> Member {
        Member {
            id: MemberId(Ulid::generate()),
            name: "Bo Lind".into(),
            email: address(email),
            coach: true,
            administrator: Administrator::None,
            location_id: None,
            permissions: BTreeSet::new(),
            active: true,
            shut_at: None,
            time_zone: chrono_tz::UTC,
            notifications: Notifications::default(),
            columns: domain::listing::Columns::default(),
            created_at: self.now,
            updated_at: self.now,
            version: 1,
        }
    }

    fn client(&self, email: Option<&str>) -> Client {
        Client {
            id: ClientId(Ulid::generate()),
            first_name: "Amber".into(),
            last_name: "Stone".into(),
            email: email.map(address),
            phone: None,
            tags: BTreeSet::new(),
            website: None,
            social_links: Vec::new(),
            company_id: None,
            time_zone: chrono_tz::UTC,
            portal: Portal::NotInvited,
            invited_at: None,
            shut_at: None,
            archived: false,
            notifications: Notifications::default(),
            columns: domain::listing::Columns::default(),
            created_at: self.now,
            updated_at: self.now,
            version: 1,
        }
    }

    fn personnel(&self, email: &str) -> Personnel {
        Personnel {
            id: PersonnelId(Ulid::generate()),
            company_id: CompanyId(Ulid::generate()),
            name: "Kim Hale".into(),
            email: address(email),
            administrator: false,
            location_id: None,
            grants: BTreeSet::new(),
            active: true,
            shut_at: None,
            time_zone: chrono_tz::UTC,
            notifications: Notifications::default(),
            columns: domain::listing::Columns::default(),
            created_at: self.now,
            updated_at: self.now,
            version: 1,
        }
    }

    fn item(&self, client_id: ClientId, kind: ItemKind, state: State, body: &str) -> Item {
        Item {
            id: ItemId(Ulid::generate()),
            record: client_id.into(),
            kind,
            title: "Hold 1:1s".into(),
            body: Some(body.into()),
            visibility: Visibility::Shared,
            author: Actor::System,
            state,
            closed_at: None,
            due_on: None,
            late_since: None,
            wake_at: None,
            target: None,
            unit: None,
            points: Vec::new(),
            starts_at: None,
            minutes: None,
            place: None,
            on: None,
            file_name: None,
            size_bytes: None,
            content_type: None,
            file_id: None,
            upload: None,
            amount: None,
            paid_minor: None,
            sent_at: None,
            send_on: None,
            repeat: None,
            series: None,
            number: None,
            course: None,
            signatures: Vec::new(),
            engagement_id: None,
            created_at: self.now,
            updated_at: self.now,
            version: 1,
        }
    }

    fn happening(client_id: ClientId, at: DateTime<Utc>, note: &str) -> Happening {
        Happening {
            id: HappeningId(Ulid::generate()),
            record: client_id.into(),
            item_id: ItemId(Ulid::generate()),
            kind: ItemKind::Action,
            what: What::Changed,
            at,
            by: Actor::System,
            title: "Hold 1:1s".into(),
            note: Some(note.into()),
            value: None,
            text: None,
            comment_id: None,
            on: None,
        }
    }

    fn report(&self) -> Report {
        Report {
            id: ReportId(Ulid::generate()),
            creator_id: MemberId(Ulid::generate()),
            definition: Definition {
                name: "Weekly".into(),
                scope: ReportScope { kind: ScopeKind::All, ids: BTreeSet::new() },
                kinds: BTreeSet::from([ItemKind::Action]),
                detail: Detail::Summary,
                audience: Audience { kind: AudienceKind::Coach, emails: Vec::new(), ids: BTreeSet::new() },
                schedule: Schedule::Day { at: chrono::NaiveTime::MIN },
                time_zone: chrono_tz::UTC,
                window: WindowRule::SinceLastRun,
                when_empty: WhenEmpty::Skip,
                subject: None,
                introduction: None,
            },
            paused_because: None,
            revision: 1,
            scheduled_since: self.now,
            created_at: self.now,
            updated_at: self.now,
            version: 1,
        }
    }

    fn run(&self, report_id: ReportId, scheduled_at: DateTime<Utc>) -> Run {
        Run {
            id: RunId::of(report_id, scheduled_at, "schedule"),
            report_id,
            scheduled_at,
            window: Window { from: scheduled_at - Duration::days(1), to: scheduled_at },
            cause: Cause::Schedule,
            stage: Stage::Planning,
            skip: None,
            started_at: self.now,
            missed: 0,
            recipients: 0,
            without_address: Vec::new(),
        }
    }

    /// A notice, which is in no run, whose cause is new.
    fn delivery(&self) -> Delivery {
        let mail = Mail::Unsubscribed { report_id: ReportId(Ulid::generate()), report: "Weekly".into(), address: address("a@b.example") };
        let recipient = Recipient { email: address("ada@onward.example"), person: None, name: None };
        Delivery::owed(&Ulid::generate().to_string(), mail, recipient, self.now)
    }

    async fn added(&self, delivery: &Delivery) {
        assert_eq!(self.commit(|c| self.store.add_delivery(c, self.scope, delivery)).await, Commit::Done);
    }
}

fn a_scope() -> Scope {
    Scope::of_own_message(AccountId(Ulid::generate()))
}

fn address(email: &str) -> Email {
    Email::parse(email).unwrap()
}

/// The n-th call of an operation, and however many after it.
fn calls(operation: &str, count: u64, kind: Kind) -> Vec<Fault> {
    (1..=count).map(|nth| Fault { when: When::Operation(operation.into(), nth), kind }).collect()
}

fn every(operation: &str, kind: Kind) -> Vec<Fault> {
    vec![Fault { when: When::Every(operation.into()), kind }]
}

/// Tells each story of every engine.
macro_rules! stories {
    ($($name:ident)*) => {
        mod in_memory {
            $(#[tokio::test]
            async fn $name() {
                super::$name(&super::Bench::in_memory().await).await;
            })*
        }

        async fn all(bench: &mut Bench) {
            $(bench.scope = a_scope();
            bench.faults.clear();
            $name(bench).await;)*
        }
    };
}

stories! {
    an_address_is_used_once_by_each_kind_of_person
    giving_up_an_address_lets_another_take_it
    what_is_added_must_be_new
    a_change_of_another_version_is_refused
    a_refused_write_takes_all_others_with_it
    of_two_editors_of_a_clients_pairings_one_wins
    a_run_begins_once_however_many_begin_it
    what_a_report_covers_is_moved_by_one_run_at_a_time
    a_report_that_was_changed_meanwhile_begins_no_run
    a_delivery_moves_only_from_where_it_was_seen
    a_move_whose_answer_was_lost_is_a_yes
    a_transaction_whose_answer_was_lost_is_made_once
    an_answer_is_recorded_once
    the_first_reason_of_a_suppression_stays
    an_address_unsubscribes_once
    a_mail_is_counted_once_and_the_cap_holds
    a_refusal_is_noted_once_an_hour_and_the_cap_holds
    items_are_outlined_as_far_as_a_few_calls_go
    whoever_asks_for_the_signing_keys_gets_the_same
    lists_go_on_beyond_a_megabyte_and_beyond_a_page
    many_rows_are_read_by_key_however_many_and_however_large
    the_log_of_a_window_begins_after_its_start_and_ends_with_its_end
    a_page_goes_on_where_the_last_one_ended
    an_item_is_in_the_wheel_until_what_falls_due_of_it_is_done
    an_item_is_listed_where_it_stands
    wheels_show_what_is_due_and_nothing_that_is_over
    another_account_sees_none_of_it
    throttled_and_failed_calls_are_made_again
    contention_is_waited_out_and_told_from_a_failed_condition
    a_window_costs_what_is_in_it_whatever_the_history
    a_row_by_key_costs_one_read
}

#[tokio::test]
async fn everything_holds_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::on_disk(&folder.path().join("table.sqlite")).unwrap();
    all(&mut Bench::over(&engine.endpoint(), "cairn", Some(engine)).await).await;
}

#[tokio::test]
async fn everything_holds_at_the_endpoint_named() {
    let Ok(endpoint) = std::env::var("CAIRN_TEST_ENDPOINT") else {
        say("skipped: CAIRN_TEST_ENDPOINT names no table service");
        return;
    };
    let table = format!("cairn-test-{}", Ulid::generate());
    let mut bench = Bench::over(&endpoint, &table, None).await;
    all(&mut bench).await;
    schema::remove(&bench.store).await.unwrap();
}

async fn an_address_is_used_once_by_each_kind_of_person(bench: &Bench) {
    let Bench { store, scope, .. } = bench;
    let elsewhere = a_scope();
    let email = format!("{}@x.example", Ulid::generate());
    let shouted = email.to_uppercase();
    let add = async |scope, email: &str| {
        let member = bench.commit(|c| store.add_member(c, scope, &bench.member(email))).await;
        let client = bench.commit(|c| store.add_client(c, scope, &bench.client(Some(email)))).await;
        let personnel = bench.commit(|c| store.add_personnel(c, scope, &bench.personnel(email))).await;
        [member, client, personnel]
    };
    assert_eq!(add(*scope, &email).await, [Commit::Done, Commit::Done, Commit::Done]);
    assert_eq!(add(*scope, &shouted).await, [Commit::Unmet("email"), Commit::Unmet("email"), Commit::Unmet("email")]);
    assert_eq!(add(elsewhere, &email).await, [Commit::Done, Commit::Done, Commit::Done]);
    assert_eq!(store.by_email(&address(&email)).await.unwrap().len(), 6);
    assert_eq!((store.members(*scope).await.unwrap().len(), store.personnel(*scope).await.unwrap().len()), (1, 1));
    assert_eq!(store.clients(*scope).await.unwrap().len(), 1);
}

async fn giving_up_an_address_lets_another_take_it(bench: &Bench) {
    let Bench { store, scope, .. } = bench;
    let (first, second) = (bench.client(Some("one@x.example")), bench.client(Some("two@x.example")));
    for client in [&first, &second] {
        assert_eq!(bench.commit(|c| store.add_client(c, *scope, client)).await, Commit::Done);
    }
    let taken = Client { email: Some(address("two@x.example")), version: 2, ..first.clone() };
    assert_eq!(bench.commit(|c| store.replace_client(c, *scope, &first, &taken)).await, Commit::Unmet("email"));
    assert_eq!(store.client(*scope, first.id).await.unwrap().unwrap(), first);
    let moved = Client { email: Some(address("three@x.example")), version: 2, ..first.clone() };
    assert_eq!(bench.commit(|c| store.replace_client(c, *scope, &first, &moved)).await, Commit::Done);
    let without = Client { email: None, version: 2, ..second.clone() };
    assert_eq!(bench.commit(|c| store.replace_client(c, *scope, &second, &without)).await, Commit::Done);
    for free in ["one@x.example", "two@x.example"] {
        assert_eq!(bench.commit(|c| store.add_client(c, *scope, &bench.client(Some(free)))).await, Commit::Done);
    }
    assert_eq!(bench.commit(|c| store.add_client(c, *scope, &bench.client(Some("three@x.example")))).await, Commit::Unmet("email"));
    let member = bench.member("m@x.example");
    assert_eq!(bench.commit(|c| store.add_member(c, *scope, &member)).await, Commit::Done);
    assert_eq!(bench.commit(|c| store.add_member(c, *scope, &bench.member("n@x.example"))).await, Commit::Done);
    let taken = Member { email: address("n@x.example"), version: 2, ..member.clone() };
    assert_eq!(bench.commit(|c| store.replace_member(c, *scope, &member, &taken)).await, Commit::Unmet("email"));
    let person = bench.personnel("p@x.example");
    assert_eq!(bench.commit(|c| store.add_personnel(c, *scope, &person)).await, Commit::Done);
    assert_eq!(bench.commit(|c| store.add_personnel(c, *scope, &bench.personnel("q@x.example"))).await, Commit::Done);
    let taken = Personnel { email: address("q@x.example"), version: 2, ..person.clone() };
    assert_eq!(bench.commit(|c| store.replace_personnel(c, *scope, &person, &taken)).await, Commit::Unmet("email"));
}

fn an_account(bench: &Bench) -> Account {
    Account {
        id: bench.scope.account(),
        name: "Onward".into(),
        time_zone: chrono_tz::UTC,
        features: Features::default(),
        require_dmarc: false,
        created_at: bench.now,
        updated_at: bench.now,
        version: 1,
    }
}

async fn what_is_added_must_be_new(bench: &Bench) {
    let Bench { store, scope, now, .. } = bench;
    let account = an_account(bench);
    let client = bench.client(None);
    let (member, person) = (bench.member("a@x.example"), bench.personnel("a@x.example"));
    let company = Company { id: person.company_id, name: "Acme".into(), created_at: *now, updated_at: *now, version: 1 };
    let location = Location {
        id: LocationId(Ulid::generate()),
        company_id: company.id,
        name: "North".into(),
        created_at: *now,
        updated_at: *now,
        version: 1,
    };
    let group = Group { id: GroupId(Ulid::generate()), name: "Leads".into(), created_at: *now, updated_at: *now, version: 1 };
    let item = bench.item(client.id, ItemKind::Action, State::Open, "");
    let happening = Bench::happening(client.id, *now, "");
    let report = bench.report();
    let run = bench.run(report.id, *now);
    let delivery = bench.delivery();
    let key = ApiKey {
        id: ApiKeyId(Ulid::generate()),
        account_id: scope.account(),
        person: PersonId::Member(member.id),
        name: "Script".into(),
        scope: KeyScope::Read,
        digest: keys::digest(&scope.account().to_string()),
        expires_on: None,
        created_at: *now,
    };
    for expected in [None, Some(())] {
        let refused = |name| if expected.is_some() { Commit::Unmet(name) } else { Commit::Done };
        assert_eq!(bench.commit(|c| store.add_account(c, &account).map(|_| ())).await, refused("account"));
        assert_eq!(bench.commit(|c| store.add_member(c, *scope, &member)).await, refused("member"));
        assert_eq!(bench.commit(|c| store.add_personnel(c, *scope, &person)).await, refused("personnel"));
        assert_eq!(bench.commit(|c| store.add_company(c, *scope, &company)).await, refused("company"));
        assert_eq!(bench.commit(|c| store.add_location(c, *scope, &location)).await, refused("location"));
        assert_eq!(bench.commit(|c| store.add_group(c, *scope, &group)).await, refused("group"));
        assert_eq!(bench.commit(|c| store.add_client(c, *scope, &client)).await, refused("client"));
        assert_eq!(bench.commit(|c| store.add_item(c, *scope, &item)).await, refused("item"));
        assert_eq!(bench.commit(|c| store.add_happening(c, *scope, &happening)).await, refused("happening"));
        assert_eq!(bench.commit(|c| store.add_report(c, *scope, &report)).await, refused("report"));
        assert_eq!(bench.commit(|c| store.add_run(c, *scope, &run)).await, refused("run"));
        assert_eq!(bench.commit(|c| store.add_delivery(c, *scope, &delivery)).await, refused("delivery"));
        assert_eq!(bench.commit(|c| store.add_api_key(c, *scope, &key)).await, refused("api key"));
    }
}

async fn a_change_of_another_version_is_refused(bench: &Bench) {
    let Bench { store, scope, now, .. } = bench;
    let account = an_account(bench);
    let client = bench.client(None);
    let (member, person) = (bench.member("a@x.example"), bench.personnel("a@x.example"));
    let company = Company { id: person.company_id, name: "Acme".into(), created_at: *now, updated_at: *now, version: 1 };
    let group = Group { id: GroupId(Ulid::generate()), name: "Leads".into(), created_at: *now, updated_at: *now, version: 1 };
    let item = bench.item(client.id, ItemKind::Action, State::Open, "");
    let report = bench.report();
    let added = bench
        .commit(|c| {
            store.add_account(c, &account)?;
            store.add_member(c, *scope, &member)?;
            store.add_personnel(c, *scope, &person)?;
            store.add_company(c, *scope, &company)?;
            store.add_group(c, *scope, &group)?;
            store.add_client(c, *scope, &client)?;
            store.add_item(c, *scope, &item)?;
            store.add_report(c, *scope, &report)
        })
        .await;
    assert_eq!(added, Commit::Done);
    // the first change finds version 1, the second thinks it still does
    for expected in [Commit::Done, Commit::Unmet("version")] {
        let change = Account { version: 2, ..account.clone() };
        assert_eq!(bench.commit(|c| store.replace_account(c, *scope, &change)).await, expected);
        let change = Member { version: 2, ..member.clone() };
        assert_eq!(bench.commit(|c| store.replace_member(c, *scope, &member, &change)).await, expected);
        let change = Personnel { version: 2, ..person.clone() };
        assert_eq!(bench.commit(|c| store.replace_personnel(c, *scope, &person, &change)).await, expected);
        let change = Company { version: 2, ..company.clone() };
        assert_eq!(bench.commit(|c| store.replace_company(c, *scope, &change)).await, expected);
        let change = Group { version: 2, ..group.clone() };
        assert_eq!(bench.commit(|c| store.replace_group(c, *scope, &change)).await, expected);
        let change = Client { version: 2, ..client.clone() };
        assert_eq!(bench.commit(|c| store.replace_client(c, *scope, &client, &change)).await, expected);
        let change = Item { version: 2, ..item.clone() };
        assert_eq!(bench.commit(|c| store.replace_item(c, *scope, &change)).await, expected);
        let change = Report { version: 2, ..report.clone() };
        assert_eq!(bench.commit(|c| store.replace_report(c, *scope, &change)).await, expected);
    }
    assert_eq!(bench.commit(|c| store.remove_report(c, *scope, &report)).await, Commit::Unmet("version"));
    let current = Report { version: 2, ..report };
    assert_eq!(bench.commit(|c| store.remove_report(c, *scope, &current)).await, Commit::Done);
    assert_eq!(
        bench.commit(|c| store.replace_report(c, *scope, &Report { version: 3, ..current.clone() })).await,
        Commit::Unmet("version")
    );
}

async fn a_refused_write_takes_all_others_with_it(bench: &Bench) {
    let Bench { store, scope, now, .. } = bench;
    let client = bench.client(Some("one@x.example"));
    assert_eq!(bench.commit(|c| store.add_client(c, *scope, &client)).await, Commit::Done);
    let item = bench.item(client.id, ItemKind::Action, State::Open, "");
    let delivery = bench.delivery();
    let entry = audit::Entry { id: AuditId(Ulid::generate()), at: *now, by: Actor::System, action: "test".into(), subject: "x".into() };
    let refused = bench
        .commit(|c| {
            store.add_item(c, *scope, &item)?;
            store.add_happening(c, *scope, &Bench::happening(client.id, *now, ""))?;
            store.add_delivery(c, *scope, &delivery)?;
            store.add_audit(c, *scope, &entry)?;
            store.add_client(c, *scope, &bench.client(Some("one@x.example")))
        })
        .await;
    assert_eq!(refused, Commit::Unmet("email"));
    assert_eq!(store.item(*scope, item.id).await.unwrap(), None);
    assert_eq!(store.delivery(*scope, &delivery.id).await.unwrap(), None);
    assert_eq!(store.stream(*scope, client.id.into(), 10, None).await.unwrap().0, []);
    assert_eq!(store.audit(*scope, now.date_naive(), 10, None).await.unwrap().0, []);
    assert_eq!(store.clients(*scope).await.unwrap().len(), 1);
}

async fn of_two_editors_of_a_clients_pairings_one_wins(bench: &Bench) {
    let Bench { store, scope, now, .. } = bench;
    let client = bench.client(None);
    let [one, two, three] = [(); 3].map(|()| MemberId(Ulid::generate()));
    let locked = |before: &Client| Client { version: before.version + 1, ..before.clone() };
    let pair = async |before: &Client, known: &[domain::client::Pairing], after: &[(MemberId, Level)]| {
        bench
            .commit(|c| {
                store.set_pairings(c, *scope, before.id, known, &after.iter().copied().collect::<BTreeMap<_, _>>(), *now)?;
                store.replace_client(c, *scope, before, &locked(before))
            })
            .await
    };
    assert_eq!(bench.commit(|c| store.add_client(c, *scope, &client)).await, Commit::Done);
    assert_eq!(pair(&client, &[], &[(one, Level::Primary)]).await, Commit::Done);
    let client = locked(&client);
    let known = store.client_pairings(*scope, client.id).await.unwrap();
    // both have seen that `one` is the primary
    let (to_two, to_three) = ([(two, Level::Primary)], [(one, Level::Coaching), (three, Level::Primary)]);
    let (second, third) = tokio::join!(pair(&client, &known, &to_two), pair(&client, &known, &to_three));
    assert!(matches!((&second, &third), (Commit::Done, Commit::Unmet("version")) | (Commit::Unmet("version"), Commit::Done)));
    let now_paired = store.client_pairings(*scope, client.id).await.unwrap();
    assert_eq!(now_paired.iter().filter(|pairing| pairing.level == Level::Primary).count(), 1, "{now_paired:?}");
    let primary = now_paired.iter().find(|pairing| pairing.level == Level::Primary).unwrap().member_id;
    assert_eq!(primary, if second.is_done() { two } else { three });
    assert_eq!(store.level(*scope, primary, client.id).await.unwrap(), Level::Primary);
    assert_eq!(store.member_pairings(*scope, primary).await.unwrap().len(), 1);
    let levels = store.levels_with(*scope, one, [client.id]).await.unwrap();
    assert_eq!(levels.get(&client.id).copied(), if second.is_done() { None } else { Some(Level::Coaching) });
}

async fn a_run_begins_once_however_many_begin_it(bench: &Bench) {
    let Bench { store, scope, now, .. } = bench;
    let run = bench.run(ReportId(Ulid::generate()), *now);
    let begin = || bench.commit(|c| store.add_run(c, *scope, &run));
    let begun = futures::future::join_all((0..8).map(|_| begin())).await;
    assert_eq!(begun.iter().filter(|commit| commit.is_done()).count(), 1, "{begun:?}");
    assert!(begun.iter().all(|commit| matches!(commit, Commit::Done | Commit::Unmet("run"))));
}

async fn what_a_report_covers_is_moved_by_one_run_at_a_time(bench: &Bench) {
    let Bench { store, scope, now, .. } = bench;
    let report = ReportId(Ulid::generate());
    let client = ClientId(Ulid::generate());
    let run = |hours: i64| bench.run(report, *now + Duration::hours(hours));
    let cover = |hours: i64, of: Option<ClientId>, before: Option<DateTime<Utc>>| {
        let run = run(hours);
        bench.commit(move |c| store.cover(c, *scope, &run, of, before, Wheel::Next(*now)))
    };
    for of in [None, Some(client)] {
        assert_eq!(cover(1, of, Some(*now)).await, Commit::Unmet("covered"));
        let (one, other) = tokio::join!(cover(1, of, None), cover(2, of, None));
        assert!(matches!((&one, &other), (Commit::Done, Commit::Unmet("covered")) | (Commit::Unmet("covered"), Commit::Done)));
        let covered = store.progress(*scope, report, of).await.unwrap().covered_until;
        assert_eq!(covered, Some(*now + Duration::hours(if one.is_done() { 1 } else { 2 })));
        assert_eq!(cover(3, of, None).await, Commit::Unmet("covered"));
        assert_eq!(cover(3, of, Some(*now)).await, Commit::Unmet("covered"));
        assert_eq!(cover(3, of, covered).await, Commit::Done);
        let progress = store.progress(*scope, report, of).await.unwrap();
        assert_eq!((progress.covered_until, progress.last_run), (Some(*now + Duration::hours(3)), Some(run(3).id)));
    }
    // what comes next is set without touching what is covered
    assert_eq!(bench.commit(|c| store.set_next_run(c, *scope, report, Wheel::Off)).await, Commit::Done);
    let progress = store.progress(*scope, report, None).await.unwrap();
    assert_eq!((progress.covered_until, progress.next_run_at), (Some(*now + Duration::hours(3)), None));
}

async fn a_report_that_was_changed_meanwhile_begins_no_run(bench: &Bench) {
    let Bench { store, scope, now, .. } = bench;
    let seen = bench.report();
    let begin = |hours: i64| {
        let run = bench.run(seen.id, *now + Duration::hours(hours));
        let seen = &seen;
        bench.commit(move |c| {
            store.add_run(c, *scope, &run)?;
            store.require_report(c, *scope, seen)
        })
    };
    assert_eq!(begin(1).await, Commit::Unmet("report"));
    assert_eq!(bench.commit(|c| store.add_report(c, *scope, &seen)).await, Commit::Done);
    assert_eq!(begin(1).await, Commit::Done);
    let changed = Report { version: 2, ..seen.clone() };
    assert_eq!(bench.commit(|c| store.replace_report(c, *scope, &changed)).await, Commit::Done);
    assert_eq!(begin(2).await, Commit::Unmet("report"));
    assert_eq!(bench.commit(|c| store.remove_report(c, *scope, &changed)).await, Commit::Done);
    assert_eq!(begin(3).await, Commit::Unmet("report"));
}

async fn a_delivery_moves_only_from_where_it_was_seen(bench: &Bench) {
    let Bench { store, scope, now, .. } = bench;
    let due = bench.delivery();
    bench.added(&due).await;
    let claimed = |from: &Delivery, holder: &str| {
        let mut claimed = from.clone();
        claimed.claim(holder, *now);
        claimed
    };
    let claims: Vec<Delivery> = (0..8).map(|n| claimed(&due, &format!("worker {n}"))).collect();
    let moved = futures::future::join_all(claims.iter().map(|claim| store.move_delivery(*scope, &due, claim))).await;
    let won: Vec<usize> = moved.iter().enumerate().filter(|(_, moved)| *moved.as_ref().unwrap()).map(|(n, _)| n).collect();
    assert_eq!(won.len(), 1);
    let winner = claims[won[0]].clone();
    assert_eq!(store.delivery(*scope, &due.id).await.unwrap().unwrap(), winner);
    // another holder, another attempt, another state, no holder: each alone is refused
    let mut sending = winner.clone();
    sending.begin_sending(*now);
    let refused = [
        Delivery { holder: Some("somebody else".into()), ..winner.clone() },
        Delivery { holder: None, ..winner.clone() },
        Delivery { attempt: winner.attempt + 1, ..winner.clone() },
        Delivery { state: DeliveryState::Sending, ..winner.clone() },
    ];
    for seen in &refused {
        assert!(!store.move_delivery(*scope, seen, &sending).await.unwrap(), "{seen:?}");
    }
    assert!(store.move_delivery(*scope, &winner, &sending).await.unwrap());
    // who lost the lease to another worker can't begin to send
    let late = claimed(&due, "late");
    assert!(!store.move_delivery(*scope, &winner, &late).await.unwrap());
    // one that nobody holds is not taken for one that somebody holds
    let free = bench.delivery();
    bench.added(&free).await;
    for seen in [Delivery { state: DeliveryState::Waiting, ..free.clone() }, Delivery { attempt: 1, ..free.clone() }] {
        assert!(!store.move_delivery(*scope, &seen, &claimed(&seen, "first")).await.unwrap(), "{seen:?}");
    }
    let first = claimed(&free, "first");
    assert!(store.move_delivery(*scope, &free, &first).await.unwrap());
    let unseen = Delivery { state: DeliveryState::Claimed, attempt: 1, ..free.clone() };
    assert!(!store.move_delivery(*scope, &unseen, &claimed(&unseen, "second")).await.unwrap());
    // and none appears out of nothing
    let unknown = bench.delivery();
    assert!(!store.move_delivery(*scope, &unknown, &claimed(&unknown, "first")).await.unwrap());
}

async fn a_move_whose_answer_was_lost_is_a_yes(bench: &Bench) {
    let Bench { store, scope, now, faults, .. } = bench;
    let due = bench.delivery();
    bench.added(&due).await;
    let mut claimed = due.clone();
    claimed.claim("me", *now);
    faults.plan(calls("PutItem", 1, Kind::LoseAnswer));
    assert!(store.move_delivery(*scope, &due, &claimed).await.unwrap());
    assert_eq!(faults.calls().len(), 2, "it was asked for once more");
    faults.plan(calls("PutItem", 2, Kind::Conflict));
    let mut sending = claimed.clone();
    sending.begin_sending(*now);
    assert!(store.move_delivery(*scope, &claimed, &sending).await.unwrap(), "planning that goes on meanwhile passes");
    faults.plan(every("PutItem", Kind::LoseAnswer));
    let mut sent = sending.clone();
    sent.settle(DeliveryState::Sent, None, *now);
    assert!(matches!(store.move_delivery(*scope, &sending, &sent).await, Err(StoreError::Call { call: "PutItem", .. })));
    faults.clear();
    assert_eq!(store.delivery(*scope, &due.id).await.unwrap().unwrap(), sent);
}

async fn a_transaction_whose_answer_was_lost_is_made_once(bench: &Bench) {
    let Bench { store, scope, faults, .. } = bench;
    faults.plan(calls("TransactWriteItems", 2, Kind::LoseAnswer));
    let client = bench.client(Some("lost@x.example"));
    assert_eq!(bench.commit(|c| store.add_client(c, *scope, &client)).await, Commit::Done, "not refused by itself");
    assert_eq!(faults.calls().len(), 3);
    // nor where it was tried again because of somebody else
    let conflict = Fault { when: When::Operation("TransactWriteItems".into(), 2), kind: Kind::Conflict };
    faults.plan(calls("TransactWriteItems", 1, Kind::LoseAnswer).into_iter().chain([conflict]));
    let client = bench.client(None);
    assert_eq!(bench.commit(|c| store.add_client(c, *scope, &client)).await, Commit::Done);
    assert_eq!(faults.calls().len(), 3);
    faults.plan(calls("TransactWriteItems", 1, Kind::LoseAnswer));
    let run = bench.run(ReportId(Ulid::generate()), bench.now);
    let commit = bench.commit(|c| store.cover(c, *scope, &run, None, None, Wheel::Off)).await;
    assert_eq!(commit, Commit::Done, "what it covers is not in its own way");
    faults.clear();
}

async fn an_answer_is_recorded_once(bench: &Bench) {
    let Bench { store, scope, now, .. } = bench;
    let answered = |body: &str, at: DateTime<Utc>| Answered {
        request: "what".into(),
        status: 201,
        body: body.into(),
        at,
        expires: (at + KEPT_FOR).timestamp(),
    };
    let (first, second) = (answered("first", *now), answered("second", *now));
    assert_eq!(bench.commit(|c| store.record_answer(c, *scope, "key", &first, false)).await, Commit::Done);
    assert_eq!(bench.commit(|c| store.record_answer(c, *scope, "key", &second, false)).await, Commit::Unmet("request"));
    assert_eq!(store.answered(*scope, "key", *now).await.unwrap().as_ref(), Some(&first));
    assert_eq!(store.answered(*scope, "another key", *now).await.unwrap(), None);
    let tomorrow = *now + KEPT_FOR;
    assert!(!store.has_expired_answer(*scope, "key", tomorrow - Duration::seconds(1)).await.unwrap());
    assert_eq!(store.answered(*scope, "key", tomorrow).await.unwrap(), None, "its time is over, whether the row is gone or not");
    assert!(store.has_expired_answer(*scope, "key", tomorrow).await.unwrap());
    let later = answered("later", tomorrow);
    assert_eq!(bench.commit(|c| store.record_answer(c, *scope, "key", &later, true)).await, Commit::Done);
    assert_eq!(store.answered(*scope, "key", tomorrow).await.unwrap(), Some(later));
}

async fn the_first_reason_of_a_suppression_stays(bench: &Bench) {
    let Bench { store, scope, now, .. } = bench;
    let suppressed = |reason: &str| Suppressed { email: address("gone@x.example"), reason: reason.into(), at: *now };
    store.suppress(*scope, &suppressed("it bounced")).await.unwrap();
    store.suppress(*scope, &suppressed("spam")).await.unwrap();
    assert_eq!(store.suppressed(*scope, &address("GONE@x.example")).await.unwrap(), Some(suppressed("it bounced")));
    assert_eq!(store.suppressions(*scope).await.unwrap(), [suppressed("it bounced")]);
    assert_eq!(bench.commit(|c| store.lift_suppression(c, *scope, &address("gone@x.example"))).await, Commit::Done);
    assert_eq!(store.suppressed(*scope, &address("gone@x.example")).await.unwrap(), None);
}

async fn an_address_unsubscribes_once(bench: &Bench) {
    let Bench { store, scope, now, .. } = bench;
    let (report, another) = (ReportId(Ulid::generate()), ReportId(Ulid::generate()));
    assert_eq!(bench.commit(|c| store.unsubscribe(c, *scope, report, "a1", *now)).await, Commit::Done);
    assert_eq!(bench.commit(|c| store.unsubscribe(c, *scope, report, "a1", *now)).await, Commit::Unmet("unsubscribed"));
    assert!(store.is_unsubscribed(*scope, report, "a1").await.unwrap());
    assert!(!store.is_unsubscribed(*scope, report, "a2").await.unwrap());
    assert!(!store.is_unsubscribed(*scope, another, "a1").await.unwrap());
}

async fn a_mail_is_counted_once_and_the_cap_holds(bench: &Bench) {
    let Bench { store, scope, now, faults, .. } = bench;
    let report = ReportId(Ulid::generate());
    let email = address("hr@x.example");
    let mails: Vec<DeliveryId> = (0..6).map(|n| DeliveryId::of("report", &n.to_string(), "hr@x.example")).collect();
    let count = |mail: usize, days: i64| {
        let day = (*now + Duration::days(days)).date_naive();
        store.count_mail(*scope, report, day, &mails[mail], &email, 3)
    };
    // the same mail, tried over and over, and once without an answer
    faults.plan(calls("UpdateItem", 1, Kind::LoseAnswer));
    for _ in 0..5 {
        assert!(count(0, 0).await.unwrap());
    }
    faults.clear();
    let counted = futures::future::join_all((1..6).map(|mail| count(mail, 0))).await;
    assert_eq!(counted.iter().filter(|counted| *counted.as_ref().unwrap()).count(), 2);
    assert!(count(0, 0).await.unwrap(), "one that is among the first stays so");
    for mail in 3..6 {
        assert!(count(mail, 1).await.unwrap(), "the next day is another");
    }
    let elsewhere = address("coach@x.example");
    assert!(store.count_mail(*scope, report, now.date_naive(), &mails[5], &elsewhere, 3).await.unwrap());
}

async fn a_refusal_is_noted_once_an_hour_and_the_cap_holds(bench: &Bench) {
    let Bench { store, scope, now, .. } = bench;
    let [bob, eve] = [PersonId::Member(MemberId(Ulid::generate())), PersonId::Member(MemberId(Ulid::generate()))];
    let note = async |who, what: &str, at| bench.commit(|c| store.note_refusal(c, *scope, who, what, at)).await;
    let noted = futures::future::join_all((0..4).map(|_| note(bob, "GET /v1/audit", *now))).await;
    assert_eq!(noted.iter().filter(|noted| noted.is_done()).count(), 1, "{noted:?}");
    assert_eq!(note(eve, "GET /v1/audit", *now).await, Commit::Done);
    assert_eq!(note(bob, "GET /v1/audit", *now + Duration::hours(1)).await, Commit::Done);
    for n in 1..100 {
        assert_eq!(note(bob, &n.to_string(), *now).await, Commit::Done);
    }
    assert_eq!(note(bob, "one more", *now).await, Commit::Unmet("noted"));
    assert_eq!(note(eve, "one more", *now).await, Commit::Done);
}

async fn items_are_outlined_as_far_as_a_few_calls_go(bench: &Bench) {
    let Bench { store, scope, faults, .. } = bench;
    let [few, many] = [bench.client(None).id, bench.client(None).id];
    let large = "x".repeat(30_000);
    let items: Vec<Item> = (0..160).map(|n| bench.item(if n < 40 { few } else { many }, ItemKind::Metric, State::Done, &large)).collect();
    for chunk in items.chunks(80) {
        assert_eq!(bench.commit(|c| chunk.iter().try_for_each(|item| store.add_item(c, *scope, item))).await, Commit::Done);
    }
    let (outlines, more) = store.item_outlines(*scope, few).await.unwrap();
    assert_eq!((outlines.len(), more), (40, false));
    assert!(
        outlines.iter().all(|outline| (outline.kind, outline.state, outline.author) == (ItemKind::Metric, State::Done, items[0].author))
    );
    faults.clear();
    let (outlines, more) = store.item_outlines(*scope, many).await.unwrap();
    assert!(more && (80..120).contains(&outlines.len()), "{}", outlines.len());
    assert_eq!(faults.calls().len(), 3);
}

async fn whoever_asks_for_the_signing_keys_gets_the_same(bench: &Bench) {
    let keys = futures::future::join_all((0..4).map(|_| bench.store.signing_keys())).await;
    let secrets: BTreeSet<String> = keys.into_iter().map(|keys| keys.unwrap().keys[0].secret.clone()).collect();
    assert_eq!(secrets.len(), 1);
}

async fn lists_go_on_beyond_a_megabyte_and_beyond_a_page(bench: &Bench) {
    let Bench { store, scope, now, .. } = bench;
    let client = bench.client(None);
    let large = "x".repeat(30_000);
    let items: Vec<Item> = (0..80).map(|_| bench.item(client.id, ItemKind::Action, State::Open, &large)).collect();
    let happenings: Vec<Happening> = (0..80).map(|n| Bench::happening(client.id, *now + Duration::seconds(n), &large)).collect();
    for (items, happenings) in items.chunks(40).zip(happenings.chunks(40)) {
        let added = bench.commit(|c| {
            items.iter().try_for_each(|item| store.add_item(c, *scope, item))?;
            happenings.iter().try_for_each(|happening| store.add_happening(c, *scope, happening))
        });
        assert_eq!(added.await, Commit::Done);
    }
    let ids = |items: &[Item]| items.iter().map(|item| item.id).collect::<BTreeSet<_>>();
    let open = store.open_items(*scope, client.id).await.unwrap();
    assert_eq!((open.len(), ids(&open)), (80, ids(&items)));
    let window = Window { from: *now - Duration::seconds(1), to: *now + Duration::days(1) };
    let read = store.happenings(*scope, client.id, window).await.unwrap();
    assert_eq!(read.iter().map(|happening| happening.id).collect::<Vec<_>>(), happenings.iter().map(|h| h.id).collect::<Vec<_>>());
    // a page that the service cuts short at a megabyte is not short
    let (page, after) = store.items_of(*scope, client.id, None, 60, None).await.unwrap();
    assert_eq!(page.len(), 60);
    let (rest, end) = store.items_of(*scope, client.id, None, 60, after).await.unwrap();
    assert_eq!((rest.len(), end), (20, None));
    assert_eq!(ids(&page).union(&ids(&rest)).copied().collect::<BTreeSet<_>>(), ids(&items));
    let (whole, end) = store.items_of(*scope, client.id, None, 80, None).await.unwrap();
    assert_eq!((whole.len(), end), (80, None), "a list that ends with its page has no next one");
}

async fn many_rows_are_read_by_key_however_many_and_however_large(bench: &Bench) {
    let Bench { store, scope, faults, .. } = bench;
    let deliveries: Vec<Delivery> = (0..230).map(|_| bench.delivery()).collect();
    for chunk in deliveries.chunks(100) {
        let added = bench.commit(|c| chunk.iter().try_for_each(|delivery| store.add_delivery(c, *scope, delivery)));
        assert_eq!(added.await, Commit::Done);
    }
    let unknown = bench.delivery().id;
    let ids = || deliveries.iter().chain(&deliveries[..50]).map(|delivery| delivery.id.clone()).chain([unknown.clone()]);
    faults.clear();
    let found = store.deliveries_by_id(*scope, ids()).await.unwrap();
    assert_eq!(faults.calls().len(), 3);
    assert_eq!((found.len(), found.iter().map(|d| &d.id).collect::<BTreeSet<_>>().len()), (230, 230));
    assert_eq!(store.deliveries_by_id(*scope, []).await.unwrap(), []);
    // the service answers at most 16 MB at once and leaves the rest to be asked for again
    let large: Vec<Delivery> = (0..48)
        .map(|_| {
            let mut delivery = bench.delivery();
            delivery.reason = Some("x".repeat(380_000));
            delivery
        })
        .collect();
    for chunk in large.chunks(10) {
        let added = bench.commit(|c| chunk.iter().try_for_each(|delivery| store.add_delivery(c, *scope, delivery)));
        assert_eq!(added.await, Commit::Done);
    }
    faults.clear();
    let found = store.deliveries_by_id(*scope, large.iter().map(|delivery| delivery.id.clone())).await.unwrap();
    assert_eq!(found.len(), 48);
    assert!(faults.calls().len() > 1, "the answer was not in parts");
}

async fn the_log_of_a_window_begins_after_its_start_and_ends_with_its_end(bench: &Bench) {
    let Bench { store, scope, now, .. } = bench;
    let client = ClientId(Ulid::generate());
    let at = |millis: i64| *now + Duration::milliseconds(millis);
    let times = [-1, 0, 0, 1, 500, 999, 1000, 1000, 1001];
    let added =
        bench.commit(|c| times.iter().try_for_each(|millis| store.add_happening(c, *scope, &Bench::happening(client, at(*millis), ""))));
    assert_eq!(added.await, Commit::Done);
    let read = async |from: i64, to: i64| {
        let happenings = store.happenings(*scope, client, Window { from: at(from), to: at(to) }).await.unwrap();
        happenings.iter().map(|happening| (happening.at - *now).num_milliseconds()).collect::<Vec<_>>()
    };
    assert_eq!(read(0, 1000).await, [1, 500, 999, 1000, 1000]);
    assert_eq!(read(-1, 0).await, [0, 0]);
    assert_eq!(read(1000, 2000).await, [1001]);
    assert_eq!(read(0, 0).await, [] as [i64; 0]);
    // windows that follow one another bring everything once
    let parts = [read(-10, 0).await, read(0, 999).await, read(999, 1000).await, read(1000, 5000).await].concat();
    assert_eq!(parts, times);
}

async fn a_page_goes_on_where_the_last_one_ended(bench: &Bench) {
    let Bench { store, scope, now, .. } = bench;
    let clients: Vec<Client> = (0..23).map(|_| bench.client(None)).collect();
    let report = bench.report();
    let runs: Vec<Run> = (0..12).map(|n| bench.run(report.id, *now + Duration::hours(n))).collect();
    let added = bench.commit(|c| {
        clients.iter().try_for_each(|client| store.add_client(c, *scope, client))?;
        runs.iter().try_for_each(|run| store.add_run(c, *scope, run))?;
        (0..7).try_for_each(|_| store.add_report(c, *scope, &bench.report()))
    });
    assert_eq!(added.await, Commit::Done);
    let (mut seen, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        let (page, next) = store.clients_page(*scope, 5, after).await.unwrap();
        assert_eq!(page.len(), if next.is_some() { 5 } else { 3 });
        // a caller that knows only the last row goes on at the same place
        assert!(next.is_none() || next == page.last().map(|client| store.clients_after(*scope, client.id)));
        seen.extend(page.into_iter().map(|client| client.id));
        (after, pages) = (next, pages + 1);
        if after.is_none() {
            break;
        }
    }
    let mut ids: Vec<ClientId> = clients.iter().map(|client| client.id).collect();
    ids.sort_unstable();
    assert_eq!((seen, pages), (ids, 5));
    let (newest, next) = store.runs_page(*scope, report.id, 7, None).await.unwrap();
    assert_eq!(next, Some(store.runs_after(*scope, newest[6].id)));
    let (oldest, next) = store.runs_page(*scope, report.id, 7, next).await.unwrap();
    assert_eq!(next, None);
    let times: Vec<DateTime<Utc>> = newest.iter().chain(&oldest).map(|run| run.scheduled_at).collect();
    assert_eq!(times, runs.iter().rev().map(|run| run.scheduled_at).collect::<Vec<_>>());
    let (first, next) = store.reports_page(*scope, 4, None).await.unwrap();
    assert_eq!(next, Some(store.reports_after(*scope, first[3].id)));
    assert_eq!(store.reports_page(*scope, 4, next).await.unwrap().0.len(), 3);
}

async fn an_item_is_listed_where_it_stands(bench: &Bench) {
    let Bench { store, scope, now, .. } = bench;
    let client = bench.client(None);
    let open = bench.item(client.id, ItemKind::Action, State::Open, "");
    let note = bench.item(client.id, ItemKind::Note, State::Done, "");
    let appointment = Item { starts_at: Some(*now), ..bench.item(client.id, ItemKind::Appointment, State::Scheduled, "") };
    let added = bench.commit(|c| [&open, &note, &appointment].into_iter().try_for_each(|item| store.add_item(c, *scope, item)));
    assert_eq!(added.await, Commit::Done);
    let listed = async |kind| store.items_of(*scope, client.id, kind, 10, None).await.unwrap().0.iter().map(|i| i.id).collect::<Vec<_>>();
    assert_eq!(listed(Some(ItemKind::Action)).await, [open.id]);
    assert_eq!(listed(None).await.len(), 3);
    let before: BTreeSet<ItemId> = store.open_items(*scope, client.id).await.unwrap().iter().map(|item| item.id).collect();
    assert!(before.contains(&open.id) && !before.contains(&note.id));
    let done = Item { state: State::Done, version: 2, ..open.clone() };
    assert_eq!(bench.commit(|c| store.replace_item(c, *scope, &done)).await, Commit::Done);
    assert!(store.open_items(*scope, client.id).await.unwrap().iter().all(|item| item.id != open.id));
    assert_eq!(listed(Some(ItemKind::Action)).await, [open.id]);
    let due = async |from: i64, to: i64| {
        let (from, to) = (*now + Duration::seconds(from), *now + Duration::seconds(to));
        store.appointments(*scope, from, to, 10).await.unwrap()
    };
    assert_eq!(due(0, 0).await, [(*now, client.id, appointment.id)]);
    assert_eq!((due(1, 9).await, due(-9, -1).await), (vec![], vec![]));
    let cancelled = Item { state: State::Cancelled, version: 2, ..appointment };
    assert_eq!(bench.commit(|c| store.replace_item(c, *scope, &cancelled)).await, Commit::Done);
    assert_eq!(due(-9, 9).await, []);
}

async fn an_item_is_in_the_wheel_until_what_falls_due_of_it_is_done(bench: &Bench) {
    let Bench { store, scope, now, .. } = bench;
    let client = bench.client(None);
    let waiting: Vec<Item> = (0..9)
        .map(|n| Item { wake_at: Some(*now + Duration::seconds(n)), ..bench.item(client.id, ItemKind::Action, State::Open, "") })
        .collect();
    assert_eq!(bench.commit(|c| waiting.iter().try_for_each(|item| store.add_item(c, *scope, item))).await, Commit::Done);
    let due = async |seconds: i64| {
        let mut found = BTreeSet::new();
        for shard in 0..keys::SHARDS {
            let due = store.items_to_wake(shard, *now + Duration::seconds(seconds)).await.unwrap();
            found.extend(due.into_iter().filter(|(of, _)| of.account() == scope.account()).map(|(_, id)| id));
        }
        found
    };
    let until = |n: usize| waiting.iter().take(n).map(|item| item.id).collect::<BTreeSet<_>>();
    assert_eq!((due(-1).await, due(0).await, due(4).await), (until(0), until(1), until(5)));
    let done = Item { wake_at: None, version: 2, ..waiting[0].clone() };
    assert_eq!(bench.commit(|c| store.replace_item(c, *scope, &done)).await, Commit::Done);
    assert_eq!(due(0).await, BTreeSet::new());
    assert_eq!(bench.commit(|c| store.replace_scheduled(c, *scope, &done)).await, Commit::Unmet("scheduled"));
    // late for a day once
    let day = now.date_naive();
    for (day, expected) in [(day, Commit::Done), (day, Commit::Unmet("told")), (day + chrono::Days::new(1), Commit::Done)] {
        assert_eq!(bench.commit(|c| store.add_late(c, *scope, done.id, day, *now)).await, expected);
    }
}

async fn wheels_show_what_is_due_and_nothing_that_is_over(bench: &Bench) {
    let Bench { store, scope, now, .. } = bench;
    let mine = |scope: &Scope| scope.account() == bench.scope.account();
    let reports: Vec<ReportId> = (0..12).map(|_| ReportId(Ulid::generate())).collect();
    for (n, report) in reports.iter().enumerate() {
        let at = *now + Duration::minutes(i64::try_from(n).unwrap());
        assert_eq!(bench.commit(|c| store.set_next_run(c, *scope, *report, Wheel::Next(at))).await, Commit::Done);
    }
    let due = async |from: i64, to: i64| {
        let due = store.reports_due(*now + Duration::minutes(from), *now + Duration::minutes(to)).await.unwrap();
        due.into_iter().filter(|(_, scope, _)| mine(scope)).map(|(_, _, report)| report).collect::<Vec<_>>()
    };
    assert_eq!(due(-5, 3).await, reports[..=3]);
    assert_eq!(due(3, 5).await, reports[3..=5]);
    assert_eq!(bench.commit(|c| store.set_next_run(c, *scope, reports[0], Wheel::Off)).await, Commit::Done);
    assert_eq!(bench.commit(|c| store.set_next_run(c, *scope, reports[1], Wheel::Follow)).await, Commit::Done);
    assert_eq!(due(-5, 3).await, reports[2..=3]);
    let following = async || {
        store.following_reports().await.unwrap().into_iter().filter(|(scope, _)| mine(scope)).map(|(_, report)| report).collect::<Vec<_>>()
    };
    assert_eq!(following().await, [reports[1]]);
    // with one client only the windows are kept
    let run = bench.run(reports[2], *now);
    let client = ClientId(Ulid::generate());
    assert_eq!(bench.commit(|c| store.cover(c, *scope, &run, Some(client), None, Wheel::Follow)).await, Commit::Done);
    assert_eq!(following().await, [reports[1]]);
    assert_eq!(bench.commit(|c| store.add_run(c, *scope, &run)).await, Commit::Done);
    let unplanned = async |until: DateTime<Utc>| {
        store.unplanned_runs(until).await.unwrap().into_iter().filter(|(scope, _)| mine(scope)).map(|(_, run)| run).collect::<Vec<_>>()
    };
    assert_eq!((unplanned(*now - Duration::seconds(1)).await, unplanned(*now).await), (vec![], vec![run.id]));
    let planned = Run { stage: Stage::Planned, ..run.clone() };
    assert_eq!(bench.commit(|c| store.end_planning(c, *scope, &planned)).await, Commit::Done);
    assert_eq!(unplanned(*now).await, []);
    let deliveries: Vec<Delivery> = (0..20).map(|_| bench.delivery()).collect();
    let added = bench.commit(|c| deliveries.iter().try_for_each(|delivery| store.add_delivery(c, *scope, delivery)));
    assert_eq!(added.await, Commit::Done);
    let to_wake = async |minutes: i64, most: usize| {
        let waiting = store.deliveries_to_wake(*now + Duration::minutes(minutes), most).await.unwrap();
        waiting.into_iter().filter(|(scope, _)| mine(scope)).map(|(_, id)| id).collect::<BTreeSet<_>>()
    };
    assert_eq!((to_wake(14, 10_000).await.len(), to_wake(15, 10_000).await.len()), (0, 20));
    assert!(store.deliveries_to_wake(*now + Duration::minutes(15), 2).await.unwrap().len() <= 2 * usize::from(keys::SHARDS));
    let mut sent = deliveries[0].clone();
    sent.settle(DeliveryState::Sent, None, *now);
    assert!(store.move_delivery(*scope, &deliveries[0], &sent).await.unwrap());
    let left = to_wake(15, 10_000).await;
    assert_eq!((left.len(), left.contains(&sent.id)), (19, false));
}

async fn another_account_sees_none_of_it(bench: &Bench) {
    let Bench { store, scope, now, .. } = bench;
    let client = Client { company_id: Some(CompanyId(Ulid::generate())), ..bench.client(Some("tenant@x.example")) };
    let company_id = client.company_id.unwrap();
    let (member, person) = (bench.member("tenant@x.example"), bench.personnel("tenant@x.example"));
    let group = Group { id: GroupId(Ulid::generate()), name: "Leads".into(), created_at: *now, updated_at: *now, version: 1 };
    let item = Item { starts_at: Some(*now), ..bench.item(client.id, ItemKind::Appointment, State::Scheduled, "") };
    let report = bench.report();
    let run = bench.run(report.id, *now);
    let delivery = bench.delivery();
    let content = Content::default();
    let mut digest = String::new();
    let added = bench.commit(|c| {
        store.add_account(c, &an_account(bench))?;
        store.add_member(c, *scope, &member)?;
        store.add_personnel(c, *scope, &person)?;
        store.add_group(c, *scope, &group)?;
        store.add_to_group(c, *scope, group.id, client.id)?;
        store.add_client(c, *scope, &client)?;
        store.set_pairings(c, *scope, client.id, &[], &BTreeMap::from([(member.id, Level::Primary)]), *now)?;
        store.add_item(c, *scope, &item)?;
        store.add_happening(c, *scope, &Bench::happening(client.id, *now, ""))?;
        store.add_report(c, *scope, &report)?;
        store.set_next_run(c, *scope, report.id, Wheel::Next(*now))?;
        store.add_run(c, *scope, &run)?;
        store.add_delivery(c, *scope, &delivery)?;
        store.unsubscribe(c, *scope, report.id, "a1", *now)?;
        digest = store.keep_content(c, *scope, run.id, &content)?;
        store.add_audit(
            c,
            *scope,
            &audit::Entry { id: AuditId(Ulid::generate()), at: *now, by: Actor::System, action: "a".into(), subject: "s".into() },
        )
    });
    assert_eq!(added.await, Commit::Done);
    store.suppress(*scope, &Suppressed { email: address("tenant@x.example"), reason: "spam".into(), at: *now }).await.unwrap();
    let window = Window { from: *now - Duration::days(1), to: *now + Duration::days(1) };
    // how many rows each way to read brings, by ids that are right
    let seen = async |scope: Scope| -> Vec<usize> {
        vec![
            usize::from(store.account(scope).await.unwrap().is_some()),
            usize::from(store.member(scope, member.id).await.unwrap().is_some()),
            store.members(scope).await.unwrap().len(),
            usize::from(store.person_of_company(scope, person.id).await.unwrap().is_some()),
            store.personnel(scope).await.unwrap().len(),
            usize::from(store.group(scope, group.id).await.unwrap().is_some()),
            store.groups(scope).await.unwrap().len(),
            store.group_clients(scope, group.id).await.unwrap().len(),
            store.client_groups(scope, client.id).await.unwrap().len(),
            usize::from(store.client(scope, client.id).await.unwrap().is_some()),
            store.clients_by_id(scope, [client.id]).await.unwrap().len(),
            store.clients(scope).await.unwrap().len(),
            store.clients_page(scope, 10, None).await.unwrap().0.len(),
            store.company_clients(scope, company_id).await.unwrap().len(),
            store.client_pairings(scope, client.id).await.unwrap().len(),
            store.member_pairings(scope, member.id).await.unwrap().len(),
            store.levels_with(scope, member.id, [client.id]).await.unwrap().len(),
            usize::from(store.level(scope, member.id, client.id).await.unwrap() != Level::None),
            usize::from(store.item(scope, item.id).await.unwrap().is_some()),
            store.items_by_id(scope, [item.id]).await.unwrap().len(),
            store.items_of(scope, client.id, None, 10, None).await.unwrap().0.len(),
            store.open_items(scope, client.id).await.unwrap().len(),
            store.happenings(scope, client.id, window).await.unwrap().len(),
            store.stream(scope, client.id.into(), 10, None).await.unwrap().0.len(),
            store.appointments(scope, window.from, window.to, 10).await.unwrap().len(),
            usize::from(store.report(scope, report.id).await.unwrap().is_some()),
            store.reports(scope).await.unwrap().len(),
            store.reports_page(scope, 10, None).await.unwrap().0.len(),
            store.progress_of(scope, &[report.id]).await.unwrap().len(),
            usize::from(store.progress(scope, report.id, None).await.unwrap().next_run_at.is_some()),
            usize::from(store.run(scope, run.id).await.unwrap().is_some()),
            store.runs_page(scope, report.id, 10, None).await.unwrap().0.len(),
            usize::from(store.content(scope, run.id, &digest).await.unwrap().is_some()),
            usize::from(store.delivery(scope, &delivery.id).await.unwrap().is_some()),
            store.deliveries_by_id(scope, [delivery.id.clone()]).await.unwrap().len(),
            usize::from(store.is_unsubscribed(scope, report.id, "a1").await.unwrap()),
            store.suppressions(scope).await.unwrap().len(),
            usize::from(store.suppressed(scope, &address("tenant@x.example")).await.unwrap().is_some()),
            store.audit(scope, now.date_naive(), 10, None).await.unwrap().0.len(),
        ]
    };
    let (own, others) = (seen(*scope).await, seen(a_scope()).await);
    assert_eq!((own, others), (vec![1; 39], vec![0; 39]));
    // a place in a list of one account opens none of another's
    let after = store.clients_after(*scope, ClientId(Ulid::nil()));
    assert!(store.clients_page(a_scope(), 10, Some(after)).await.map_or(true, |(page, _)| page.is_empty()));
}

async fn throttled_and_failed_calls_are_made_again(bench: &Bench) {
    let Bench { store, scope, faults, .. } = bench;
    let client = bench.client(None);
    for kind in [Kind::Throttle, Kind::Fail, Kind::Refuse, Kind::LoseAnswer] {
        let client = bench.client(None);
        faults.plan(["TransactWriteItems", "GetItem", "BatchGetItem", "Query"].iter().flat_map(|operation| calls(operation, 2, kind)));
        assert_eq!(bench.commit(|c| store.add_client(c, *scope, &client)).await, Commit::Done, "{kind:?}");
        assert_eq!(store.client(*scope, client.id).await.unwrap().as_ref(), Some(&client));
        assert_eq!(store.clients_by_id(*scope, [client.id]).await.unwrap(), [client]);
        assert!(!store.clients(*scope).await.unwrap().is_empty());
        assert_eq!(faults.calls().iter().filter(|call| call.fault.is_some()).count(), 8);
    }
    faults.plan(every("GetItem", Kind::Throttle));
    assert!(matches!(store.client(*scope, client.id).await, Err(StoreError::Busy { call: "GetItem" })));
    faults.plan(every("Query", Kind::Fail));
    assert!(matches!(store.clients(*scope).await, Err(StoreError::Call { call: "Query", .. })));
    faults.clear();
}

async fn contention_is_waited_out_and_told_from_a_failed_condition(bench: &Bench) {
    let Bench { store, scope, faults, .. } = bench;
    let client = bench.client(None);
    faults.plan(calls("TransactWriteItems", 4, Kind::Conflict));
    assert_eq!(bench.commit(|c| store.add_client(c, *scope, &client)).await, Commit::Done);
    assert_eq!(faults.calls().len(), 5);
    faults.plan(calls("TransactWriteItems", 2, Kind::Conflict));
    assert_eq!(bench.commit(|c| store.add_client(c, *scope, &client)).await, Commit::Unmet("client"));
    faults.plan(every("TransactWriteItems", Kind::Conflict));
    let never = bench.client(None);
    let mut changes = Changes::new();
    store.add_client(&mut changes, *scope, &never).unwrap();
    assert!(matches!(store.commit(changes).await, Err(StoreError::Busy { call: "TransactWriteItems" })));
    faults.plan(every("TransactWriteItems", Kind::Refuse));
    let mut changes = Changes::new();
    store.add_client(&mut changes, *scope, &never).unwrap();
    assert!(matches!(store.commit(changes).await, Err(StoreError::Call { call: "TransactWriteItems", .. })));
    faults.plan(every("TransactWriteItems", Kind::Reject));
    let mut changes = Changes::new();
    store.add_client(&mut changes, *scope, &never).unwrap();
    assert!(matches!(store.commit(changes).await, Err(StoreError::Call { call: "TransactWriteItems", .. })));
    faults.clear();
    assert_eq!(store.client(*scope, never.id).await.unwrap(), None);
}

async fn a_window_costs_what_is_in_it_whatever_the_history(bench: &Bench) {
    let Bench { store, scope, now, .. } = bench;
    let (young, old) = (ClientId(Ulid::generate()), ClientId(Ulid::generate()));
    for (client, history) in [(young, 0), (old, 600)] {
        let happenings: Vec<Happening> = (0..10)
            .map(|n| Bench::happening(client, *now - Duration::minutes(n), &"x".repeat(400)))
            .chain((0..history).map(|n| Bench::happening(client, *now - Duration::days(30 + n), &"x".repeat(400))))
            .collect();
        for chunk in happenings.chunks(100) {
            let added = bench.commit(|c| chunk.iter().try_for_each(|happening| store.add_happening(c, *scope, happening)));
            assert_eq!(added.await, Commit::Done);
        }
    }
    let window = Window { from: *now - Duration::days(7), to: *now };
    let of_young = bench.cost(store.happenings(*scope, young, window)).await;
    let of_old = bench.cost(store.happenings(*scope, old, window)).await;
    assert_eq!((of_young.calls, of_young.items), (1, 10));
    assert_eq!(of_old, of_young);
    assert!(of_young.read_units > 0.0 && of_young.read_units <= 3.0, "{of_young:?}");
    let all = Window { from: *now - Duration::days(3650), to: *now };
    assert!(bench.cost(store.happenings(*scope, old, all)).await.read_units > 20.0 * of_young.read_units);
    // a page of the newest costs the page
    let newest = bench.cost(store.stream(*scope, old.into(), 10, None)).await;
    assert_eq!((newest.calls, newest.items), (1, 11));
}

async fn a_row_by_key_costs_one_read(bench: &Bench) {
    let Bench { store, scope, now, .. } = bench;
    let client = bench.client(None);
    let report = bench.report();
    let run = bench.run(report.id, *now);
    let delivery = bench.delivery();
    let added = bench.commit(|c| {
        store.add_client(c, *scope, &client)?;
        store.add_report(c, *scope, &report)?;
        store.add_run(c, *scope, &run)?;
        store.add_delivery(c, *scope, &delivery)
    });
    assert_eq!(added.await, Commit::Done);
    let one = |cost: Usage| (cost.calls, cost.items, cost.read_units) == (1, 1, 1.0);
    assert!(one(bench.cost(store.client(*scope, client.id)).await));
    assert!(one(bench.cost(store.report(*scope, report.id)).await));
    assert!(one(bench.cost(store.run(*scope, run.id)).await));
    assert!(one(bench.cost(store.delivery(*scope, &delivery.id)).await));
    // claiming is one conditional write of the row, and of its places in one index: the old and the new
    let mut claimed = delivery.clone();
    claimed.claim("me", *now);
    let claim = bench.cost(store.move_delivery(*scope, &delivery, &claimed)).await;
    assert_eq!((claim.calls, claim.write_units), (1, 3.0));
}

/// Reconciling reads its wheels, and what is due; the reports of the whole table only at the first time in an hour.
#[tokio::test]
async fn reconciling_with_nothing_due_costs_the_same_for_any_number_of_reports() {
    let mut costs = Vec::new();
    for reports in [0, 150] {
        let world = World::at("2026-11-02T09:15:00Z").await;
        let store = &world.stack.app.platform.store;
        let scope = a_scope();
        for report in 0..reports {
            let mut changes = Changes::new();
            let at = time("2026-11-03T09:00:00Z") + Duration::minutes(report);
            store.set_next_run(&mut changes, scope, ReportId(Ulid::generate()), Wheel::Next(at)).unwrap();
            assert!(store.commit(changes).await.unwrap().is_done());
        }
        world.stack.faults.clear();
        world.stack.faults.meter(true);
        let done = world.stack.reconcile().await.unwrap();
        assert_eq!(done, app::reconcile::Reconciled::default());
        costs.push(world.stack.faults.total());
    }
    assert_eq!(costs[0], costs[1]);
    assert_eq!((costs[0].calls, costs[0].items), (6 * u64::from(keys::SHARDS), 0));
}

#[tokio::test]
async fn two_people_who_each_name_another_primary_coach_leave_one() {
    let world = World::at("2026-11-02T09:00:00Z").await;
    let ada = world.account("Onward", "ada@onward.example", "UTC").await;
    ada.patch("/v1/account", serde_json::json!({ "features": { "team_edition": true } })).await.expect(200);
    let mut members = Vec::new();
    for name in ["bo", "cy"] {
        let member = serde_json::json!({ "name": name, "email": format!("{name}@onward.example") });
        members.push(ada.add("/v1/members", member).await);
    }
    let client = ada.client("Amber", "Stone", "amber@stone.example").await;
    let path = format!("/v1/clients/{client}/pairings");
    for round in 0..6 {
        let known = ada.get(&path).await.expect(200);
        let primary = known["pairings"].as_array().unwrap().iter().find(|p| p["level"] == "primary").unwrap()["member_id"].clone();
        let name = async |member: &str| {
            let set = serde_json::json!({ "pairings": [{ "member_id": primary, "level": "coaching" }, { "member_id": member, "level": "primary" }] });
            ada.put(&path, set).await.status.as_u16()
        };
        let others: Vec<&String> = members.iter().chain([&ada.id]).filter(|member| primary != **member).collect();
        let answers = tokio::join!(name(others[0]), name(others[1]));
        assert!(answers.0 == 200 || answers.1 == 200, "round {round}: {answers:?}");
        let now = ada.get(&path).await.expect(200);
        let primaries = now["pairings"].as_array().unwrap().iter().filter(|pairing| pairing["level"] == "primary").count();
        assert_eq!(primaries, 1, "round {round}: {now}");
    }
}

/// The largest content that is made fits into one row.
#[tokio::test]
async fn the_largest_content_fits_into_a_row() {
    let bench = Bench::in_memory().await;
    let section =
        Section { record: ClientId(Ulid::nil()).into(), name: "ü".repeat(170_000), happened: vec![], open: vec![], metrics: vec![] };
    let content = Content { sections: vec![section], left_out: 0 };
    let run = RunId(Ulid::generate());
    let mut changes = Changes::new();
    let digest = bench.store.keep_content(&mut changes, bench.scope, run, &content).unwrap();
    assert_eq!(bench.store.commit(changes).await.unwrap(), Commit::Done);
    assert_eq!(bench.store.content(bench.scope, run, &digest).await.unwrap(), Some(content));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn times_in_keys_sort_as_times(a in 0_i64..253_402_300_799_999, b in 0_i64..253_402_300_799_999, near in -3_i64..3) {
        for b in [b, (a + near).clamp(0, 253_402_300_799_999)] {
            let key = |millis| keys::time(DateTime::from_timestamp_millis(millis).unwrap());
            prop_assert_eq!(key(a).cmp(&key(b)), a.cmp(&b));
            // and what follows the time in a key does not change that
            prop_assert_eq!(format!("{}#~", key(a)) < format!("{}#0", key(b)), a < b);
        }
    }
}
