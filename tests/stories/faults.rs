//! Whatever fails between the functions and AWS, every recipient gets their mail once, or a reason is on record.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use aws_lambda_events::sqs::SqsEvent;
use cairn::faults::{Call, Fault, Kind, When};
use domain::delivery::{Delivery, DeliveryState};
use domain::run::{Outcome, Skip, Stage};
use serde_json::{Value, json};
use stories::{Mail, Person, World, say, text};

use crate::flow::{Complaints, Flow, RECIPIENTS, in_parallel};

/// Calls of the report's function in a clean flow; then every mail takes so many; then every SES event takes one.
const PLANNING: usize = 17;
const SENDING: usize = 15;
const HEARING: usize = 2 * RECIPIENTS;
const CALLS: usize = PLANNING + SENDING * RECIPIENTS + HEARING;

fn nth(call: usize, kind: Kind) -> Fault {
    Fault { when: When::Nth(call as u64), kind }
}

fn every(operation: &str, kind: Kind) -> Fault {
    Fault { when: When::Every(operation.into()), kind }
}

fn sqs(bodies: &[String]) -> SqsEvent {
    let records: Vec<Value> = bodies.iter().enumerate().map(|(n, body)| json!({ "messageId": n.to_string(), "body": body })).collect();
    serde_json::from_value(json!({ "Records": records })).unwrap()
}

/// The mails that SES may never have seen although the sender could not know: those whose call it failed on.
fn failed_at_ses(struck: &[Call]) -> usize {
    struck.iter().filter(|call| call.operation == "SendEmail" && call.fault == Some(Kind::Fail)).count()
}

/// Lets every plan strike a report of its own, recovers, and looks at all of them; `may_miss` says how many recipients of
/// a trial may be without mail. Says how many faults struck, and how many recipients are without mail.
fn strike(plans: &[Vec<Fault>], may_miss: impl Fn(&[Call]) -> usize + Sync) -> (usize, usize) {
    let (injected, without) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let complaints = Complaints::default();
    in_parallel(plans, 48, async |batch: &[Vec<Fault>]| {
        let mut flow = Flow::begin().await;
        let mut trials = Vec::new();
        for plan in batch {
            let trial = flow.trial(plan.clone()).await;
            injected.fetch_add(trial.struck.len(), Ordering::Relaxed);
            trials.push(trial);
        }
        flow.recover().await;
        let mails = flow.mails();
        for (trial, plan) in trials.iter().zip(batch) {
            // a mail that SES was kept from taking has no events that a further fault could strike
            let planned = plan.iter().filter(|fault| matches!(fault.when, When::Nth(_))).count();
            let all_struck = trial.struck.len() >= planned || trial.struck.iter().any(|call| call.operation == "SendEmail");
            if !all_struck {
                complaints.add(format!("{}: only {:?} were struck of {} calls", trial.plan, trial.struck, trial.calls));
            }
            match flow.verdict(trial, &mails).await {
                Ok(missing) if missing <= may_miss(&trial.struck) => _ = without.fetch_add(missing, Ordering::Relaxed),
                Ok(missing) => complaints.add(format!("{}: {missing} have no mail, struck {:?}", trial.plan, trial.struck)),
                Err(complaint) => complaints.add(format!("{}: {complaint}, struck {:?}", trial.plan, trial.struck)),
            }
            flow.redrive(&trial.report).await;
        }
        flow.world.settle().await;
        flow.world.stack.reconcile().await.unwrap();
        flow.world.settle().await;
        if flow.mails() != mails {
            complaints.add("doing everything once more sent more mail".into());
        }
    });
    complaints.none("the flows");
    (injected.into_inner(), without.into_inner())
}

#[tokio::test]
async fn a_clean_flow_takes_as_many_calls_as_its_steps() {
    let mut flow = Flow::begin().await;
    // the first run of a client opens the connections
    flow.trial(Vec::new()).await;
    let trial = flow.trial(Vec::new()).await;
    assert_eq!(flow.verdict(&trial, &flow.mails()).await, Ok(0));
    assert_eq!(trial.calls, CALLS, "the pairs of faults below are laid out by these numbers");
}

#[test]
fn every_single_fault_leaves_every_recipient_with_one_mail_or_a_reason() {
    let begun = Instant::now();
    let plans: Vec<Vec<Fault>> = (1..=CALLS)
        .flat_map(|call| [Kind::Refuse, Kind::LoseAnswer, Kind::Throttle, Kind::Fail].map(|kind| vec![nth(call, kind)]))
        .collect();
    let (struck, without) = strike(&plans, failed_at_ses);
    say(&format!(
        "{struck} faults injected one at a time, at each of {CALLS} calls in 4 ways; {without} mails in doubt; {:?}",
        begun.elapsed()
    ));
    assert_eq!(struck, plans.len());
}

/// The pairs of calls to strike. The five mails take the same steps at the same time, so by default every pair of steps is
/// struck once in one mail and once in two, with the mails taking turns; with `CAIRN_FAULTS=all` every pair of calls is.
fn pairs() -> Vec<(usize, usize)> {
    let all = (1..=CALLS).flat_map(|first| (first + 1..=CALLS).map(move |second| (first, second)));
    if std::env::var("CAIRN_FAULTS").is_ok_and(|which| which == "all") {
        return all.collect();
    }
    let sending = PLANNING + 1..=PLANNING + SENDING * RECIPIENTS;
    let place = |call: usize| ((call - PLANNING - 1) / RECIPIENTS, (call - PLANNING - 1) % RECIPIENTS);
    all.filter(|(first, second)| match (sending.contains(first), sending.contains(second)) {
        (true, true) => {
            let ((step, mail), (other_step, other_mail)) = (place(*first), place(*second));
            let turn = (step + 2 * other_step) % RECIPIENTS;
            mail == turn && (other_mail == mail || other_mail == (mail + 1 + step % (RECIPIENTS - 1)) % RECIPIENTS)
        }
        (false, true) => place(*second).1 == (first + place(*second).0) % RECIPIENTS,
        (true, false) => place(*first).1 == (second + place(*first).0) % RECIPIENTS,
        // the events of the mails are heard one after the other, all in the same way
        (false, false) => *first <= PLANNING || *second == first + 1,
    })
    .filter(|(first, second)| *first > PLANNING || *second <= CALLS - HEARING || (first + second) % 3 == 0)
    .collect()
}

#[test]
fn every_pair_of_faults_leaves_every_recipient_with_one_mail() {
    let begun = Instant::now();
    let kinds = [
        (Kind::Refuse, Kind::LoseAnswer),
        (Kind::LoseAnswer, Kind::Refuse),
        (Kind::LoseAnswer, Kind::LoseAnswer),
        (Kind::Refuse, Kind::Refuse),
    ];
    let plan = |(n, (first, second)): (usize, (usize, usize))| {
        let (one, other) = kinds[(n + first + second) % kinds.len()];
        vec![nth(first, one), nth(second, other)]
    };
    let plans: Vec<Vec<Fault>> = pairs().into_iter().enumerate().map(plan).collect();
    let (struck, without) = strike(&plans, |_| 0);
    say(&format!("{struck} faults injected in {} pairs; {without} mails in doubt; {:?}", plans.len(), begun.elapsed()));
    assert!(struck > plans.len());
}

#[test]
fn a_process_that_dies_at_any_call_leaves_nothing_undone_and_does_nothing_twice() {
    let begun = Instant::now();
    // the call it died at was carried out, or was not
    let plans: Vec<Vec<Fault>> = (1..=CALLS)
        .flat_map(|call| {
            let dead = |from: usize| Fault { when: When::From(from as u64), kind: Kind::Refuse };
            [vec![dead(call)], vec![nth(call, Kind::LoseAnswer), dead(call + 1)]]
        })
        .collect();
    let deaths = plans.len();
    // of those that were about to be sent nobody can tell whether they were
    let (_, without) = strike(&plans, |_| RECIPIENTS);
    say(&format!(
        "{deaths} deaths injected, one before and one after each of {CALLS} calls; {without} mails in doubt; {:?}",
        begun.elapsed()
    ));
}

#[tokio::test]
async fn a_run_that_is_fired_twice_at_once_is_one_run() {
    let mut flow = Flow::over_the_wire().await;
    for _ in 0..10 {
        let report = flow.report().await;
        let message = serde_json::to_string(&flow.message(&report)).unwrap();
        let app = &flow.world.stack.app;
        let (one, other) = tokio::join!(report::handle(app, sqs(std::slice::from_ref(&message))), report::handle(app, sqs(&[message])));
        assert!(one.batch_item_failures.is_empty() && other.batch_item_failures.is_empty());
        flow.world.settle().await;
        let (run, deliveries) = flow.run(flow.run_of(&report)).await;
        assert_eq!((run.stage, deliveries.len()), (Stage::Planned, RECIPIENTS));
        let mails = flow.mails();
        assert!(deliveries.iter().all(|delivery| mails[delivery.id.as_str()] == 1));
    }
}

#[tokio::test]
async fn a_recipient_whom_ses_refuses_does_not_keep_the_others_waiting() {
    let mut flow = Flow::begin().await;
    let refused = Fault { when: When::Operation("SendEmail".into(), 2), kind: Kind::Reject };
    let trial = flow.trial(vec![refused]).await;
    let (_, deliveries) = flow.run(trial.run).await;
    let failed: Vec<&Delivery> = deliveries.iter().filter(|delivery| delivery.state == DeliveryState::Failed).collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].reason.as_deref(), Some("the mail system refused the mail (MessageRejected)"));
    assert_eq!(deliveries.iter().filter(|delivery| delivery.state == DeliveryState::Sent).count(), RECIPIENTS - 1);
    flow.recover().await;
    assert_eq!(flow.mails().len(), RECIPIENTS - 1);
    assert_eq!(flow.world.stack.dead_letters().await, 0);
}

#[tokio::test]
async fn while_ses_asks_for_less_mails_wait_and_then_all_go_once() {
    for (kind, minutes) in [(Kind::Throttle, 1), (Kind::Throttle, 12), (Kind::Refuse, 7 * 60)] {
        let mut flow = Flow::begin().await;
        let report = flow.report().await;
        flow.redrive(&report).await;
        flow.world.stack.faults.plan([every("SendEmail", kind)]);
        let at = |minutes: i64| flow.world.stack.clock.now() + chrono::Duration::minutes(minutes);
        flow.world.stack.advance(at(minutes)).await.unwrap();
        let (_, deliveries) = flow.run(flow.run_of(&report)).await;
        assert!(deliveries.iter().all(|delivery| delivery.outcome() == Outcome::Due && delivery.reason.is_some()), "{deliveries:?}");
        let tries = flow.world.stack.faults.calls().iter().filter(|call| call.operation == "SendEmail").count();
        let most = RECIPIENTS * (3 + usize::try_from(minutes).unwrap() / 10);
        assert!(tries <= most, "{tries} tries in {minutes} minutes are no waiting");
        flow.world.stack.faults.clear();
        flow.world.stack.advance(at(30)).await.unwrap();
        let (_, deliveries) = flow.run(flow.run_of(&report)).await;
        let mails = flow.mails();
        for delivery in &deliveries {
            assert_eq!((delivery.state, &delivery.reason, mails[delivery.id.as_str()]), (DeliveryState::Sent, &None, 1));
        }
        assert_eq!(flow.world.stack.dead_letters().await, 0, "what waits is in the table, and the queue lets go of it");
    }
}

#[tokio::test]
async fn a_mail_that_waited_says_what_the_run_said() {
    let mut flow = Flow::begin().await;
    let report = flow.report().await;
    flow.redrive(&report).await;
    flow.world.stack.faults.plan([Fault { when: When::Operation("SendEmail".into(), 1), kind: Kind::Throttle }]);
    flow.world.settle().await;
    assert_eq!(flow.world.mails().len(), RECIPIENTS - 1);
    let items = flow.ada.get(&format!("/v1/clients/{}/items", flow.client)).await.expect(200);
    let item = text(&items["items"][0]["id"]);
    flow.ada.patch(&format!("/v1/items/{item}"), json!({ "title": "Something else" })).await.expect(200);
    flow.recover().await;
    let mails = flow.world.mails();
    assert_eq!(mails.len(), RECIPIENTS);
    let body = |mail: &Mail| -> Vec<String> { mail.text.lines().filter(|line| !line.contains("/u/")).map(ToOwned::to_owned).collect() };
    assert!(!mails[RECIPIENTS - 1].text.contains("Something else"));
    assert!(mails.iter().all(|mail| body(mail) == body(&mails[0])), "{:#?}", mails.iter().map(body).collect::<Vec<_>>());
}

/// Sends the only delivery of a report to one address, and holds back what SES reports of it.
async fn lose_the_answer_and_hold_the_events(flow: &mut Flow) -> (Delivery, Vec<cairn::ses::Event>) {
    let report = flow.report().await;
    let app = flow.world.stack.app.clone();
    let message = serde_json::to_string(&flow.message(&report)).unwrap();
    assert!(report::handle(&app, sqs(&[message])).await.batch_item_failures.is_empty());
    let (_, deliveries) = flow.run(flow.run_of(&report)).await;
    flow.world.stack.faults.plan([every("SendEmail", Kind::LoseAnswer)]);
    app::deliveries::send(&app, flow.scope, &deliveries[0].id).await.unwrap();
    flow.world.stack.faults.clear();
    let events = flow.world.stack.ses.take_events();
    assert_eq!(events.len(), 2);
    (deliveries[0].clone(), events)
}

async fn now(flow: &Flow, delivery: &Delivery) -> Delivery {
    flow.store().delivery(flow.scope, &delivery.id).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_report_whose_answer_was_lost_is_shown_as_probably_sent_until_an_event_says_so() {
    let mut flow = Flow::begin().await;
    let (delivery, events) = lose_the_answer_and_hold_the_events(&mut flow).await;
    assert_eq!(now(&flow, &delivery).await.state, DeliveryState::InDoubt);
    flow.recover().await;
    let settled = now(&flow, &delivery).await;
    assert_eq!(settled.state, DeliveryState::Sent);
    assert!(settled.reason.as_deref().is_some_and(|reason| reason.starts_with("probably sent")), "{:?}", settled.reason);
    assert_eq!(flow.mails()[delivery.id.as_str()], 1, "a report is not repeated");
    feedback::handle(&flow.world.stack.app, sqs(&[events[0].body.to_string()])).await;
    assert_eq!(now(&flow, &delivery).await.reason, None);
}

#[tokio::test]
async fn a_notice_whose_answer_was_lost_is_repeated_unless_an_event_comes_first() {
    for event_comes in [true, false] {
        let mut flow = Flow::begin().await;
        let app = flow.world.stack.app.clone();
        let report = flow.report().await;
        let token = app::token::Unsubscribe::of(flow.scope.account(), report.id, &report.definition.audience.emails[0]);
        app::reports::unsubscribe(&app, &token.sign(&app.signing_keys).unwrap()).await.unwrap();
        flow.world.stack.faults.plan([every("SendEmail", Kind::LoseAnswer)]);
        let due = flow.store().deliveries_to_wake(flow.world.stack.clock.now() + chrono::Duration::hours(1), 10).await.unwrap();
        app::deliveries::send(&app, flow.scope, &due[0].1).await.unwrap();
        flow.world.stack.faults.clear();
        let events = flow.world.stack.ses.take_events();
        let repeated = || flow.world.mails_to("ada@onward.example").len();
        assert_eq!(repeated(), 1);
        if event_comes {
            feedback::handle(&app, sqs(&[events[0].body.to_string()])).await;
        }
        flow.recover().await;
        assert_eq!(repeated(), if event_comes { 1 } else { 2 });
        assert_eq!(flow.store().delivery(flow.scope, &due[0].1).await.unwrap().unwrap().state, DeliveryState::Sent);
    }
}

fn unsubscribe_link(mail: &Mail) -> String {
    let link = mail.header("List-Unsubscribe").unwrap();
    link.trim_matches(['<', '>']).trim_start_matches(stories::PUBLIC_URL).to_owned()
}

async fn company(ada: &Person) -> String {
    ada.patch("/v1/account", json!({ "features": { "companies": true, "team_edition": true } })).await.expect(200);
    ada.add("/v1/companies", json!({ "name": "Acme" })).await
}

/// Where the report's last run stands: the outcomes and reasons of its mails.
async fn last_run(ada: &Person, report: &str) -> Vec<(String, String)> {
    let runs = ada.get(&format!("/v1/reports/{report}/runs")).await.expect(200);
    let deliveries = runs["items"][0]["deliveries"].as_array().unwrap().clone();
    deliveries.iter().map(|delivery| (text(&delivery["outcome"]), text(&delivery["reason"]))).collect()
}

#[tokio::test]
async fn who_unsubscribes_between_claim_and_sending_gets_nothing() {
    let world = World::at("2026-11-02T08:00:00Z").await;
    let ada = world.account("Onward", "ada@onward.example", "UTC").await;
    let client = ada.client("Amber", "Stone", "amber@stone.example").await;
    ada.item(&client, "action", "Hold 1:1s", json!({})).await;
    let report = json!({
        "scope": { "kind": "all" }, "kinds": ["action"], "audience": { "kind": "third_parties", "emails": ["hr@acme.example"] },
        "schedule": { "every": "day", "at": "09:00" },
    });
    let report = ada.add("/v1/reports", report).await;
    world.advance_to("2026-11-02T12:00:00Z").await;
    let link = unsubscribe_link(&world.mails_to("hr@acme.example")[0]);
    // the mail is claimed, and what is looked at last before it goes is held
    let looks = AtomicUsize::new(0);
    let looked_at_last = move |call: &Call| match call.operation.as_str() {
        "PutItem" => {
            _ = looks.compare_exchange(0, 1, Ordering::Relaxed, Ordering::Relaxed);
            false
        }
        "GetItem" => looks.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| (1..3).contains(&n).then_some(n + 1)).is_ok(),
        _ => false,
    };
    world.stack.faults.plan([Fault { when: When::Matching(Arc::new(looked_at_last)), kind: Kind::Hold }]);
    world.stack.sleep_until(stories::time("2026-11-03T08:59:30Z")).unwrap();
    let meanwhile = async {
        world.stack.faults.until(2, |call| call.fault == Some(Kind::Hold)).await;
        world.anybody("POST", &link, &[], None).await.expect(200);
        world.stack.faults.let_go();
    };
    tokio::join!(world.advance_to("2026-11-03T09:00:00Z"), meanwhile);
    world.stack.faults.clear();
    world.advance_to("2026-11-03T10:00:00Z").await;
    assert_eq!(world.mails_to("hr@acme.example").len(), 1);
    assert_eq!(last_run(&ada, &report).await, [("skipped".to_owned(), "the recipient unsubscribed".to_owned())]);
    let told = world.mails_to("ada@onward.example");
    assert_eq!(told.len(), 1);
    assert!(told[0].text.contains("hr@acme.example"), "{}", told[0].text);
}

/// Plans the runs that are due without sending anything yet.
async fn plan_only(world: &World, messages: &[String]) {
    assert!(report::handle(&world.stack.app, sqs(messages)).await.batch_item_failures.is_empty());
}

fn firing(person: &Person, report: &str, at: &str) -> String {
    json!({ "account_id": person.account_id, "report_id": report, "revision": 1, "scheduled_at": at }).to_string()
}

#[tokio::test]
async fn an_owner_who_loses_a_client_before_sending_shows_nothing_of_them() {
    let world = World::at("2026-11-02T08:00:00Z").await;
    let ada = world.account("Onward", "ada@onward.example", "UTC").await;
    company(&ada).await;
    let bo_id = ada.add("/v1/members", json!({ "name": "Bo Lind", "email": "bo@onward.example" })).await;
    let mut bo = world.person("bo@onward.example").await;
    bo.account_id.clone_from(&ada.account_id);
    let client = async |name: &str| {
        let body = json!({ "first_name": name, "last_name": "Stone", "email": format!("{name}@stone.example"), "primary_id": bo_id });
        let client = ada.add("/v1/clients", body).await;
        bo.item(&client, "action", &format!("{name} acts"), json!({})).await;
        client
    };
    let (amber, blue) = (client("Amber").await, client("Blue").await);
    let report = |emails: Value, ids: Value| {
        json!({ "scope": { "kind": "selected", "ids": ids }, "kinds": ["action"], "audience": { "kind": "third_parties", "emails": emails },
            "schedule": { "every": "day", "at": "09:00" } })
    };
    let both = bo.add("/v1/reports", report(json!(["both@hr.example"]), json!([amber, blue]))).await;
    let one = bo.add("/v1/reports", report(json!(["one@hr.example"]), json!([amber]))).await;
    world.stack.sleep_until(stories::time("2026-11-02T09:00:10Z")).unwrap();
    let at = "2026-11-02T09:00:00Z";
    plan_only(&world, &[firing(&bo, &both, at), firing(&bo, &one, at)]).await;
    let pairings = json!({ "pairings": [{ "member_id": ada.id, "level": "primary" }, { "member_id": bo_id, "level": "none" }] });
    ada.put(&format!("/v1/clients/{amber}/pairings"), pairings).await.expect(200);
    world.settle().await;
    let mails = world.mails();
    assert_eq!(mails.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["both@hr.example"]);
    assert!(mails[0].text.contains("Blue acts") && !mails[0].text.contains("Amber"), "{}", mails[0].text);
    assert!(!mails[0].html.contains("Amber"));
    let reason = "nothing in it may be shown to the recipient any more".to_owned();
    assert_eq!(last_run(&bo, &one).await, [("skipped".to_owned(), reason)]);
}

#[tokio::test]
async fn personnel_who_lose_a_grant_before_sending_see_nothing_of_that_kind() {
    let world = World::at("2026-11-02T08:00:00Z").await;
    let ada = world.account("Onward", "ada@onward.example", "UTC").await;
    let acme = company(&ada).await;
    let client = json!({ "first_name": "Amber", "last_name": "Stone", "email": "amber@stone.example", "company_id": acme });
    let client = ada.add("/v1/clients", client).await;
    ada.item(&client, "action", "Hold 1:1s", json!({})).await;
    ada.item(&client, "worksheet", "Values", json!({})).await;
    let person = |name: &str| json!({ "name": name, "email": format!("{name}@acme.example"), "grants": ["action", "worksheet"] });
    let path = format!("/v1/companies/{acme}/personnel");
    let (kim, lee) = (ada.add(&path, person("Kim")).await, ada.add(&path, person("Lee")).await);
    let report = json!({
        "scope": { "kind": "companies", "ids": [acme] }, "kinds": ["action", "worksheet"],
        "audience": { "kind": "personnel", "ids": [kim, lee] }, "schedule": { "every": "day", "at": "09:00" },
    });
    let report = ada.add("/v1/reports", report).await;
    world.stack.sleep_until(stories::time("2026-11-02T09:00:10Z")).unwrap();
    plan_only(&world, &[firing(&ada, &report, "2026-11-02T09:00:00Z")]).await;
    ada.patch(&format!("{path}/{kim}"), json!({ "grants": ["action"] })).await.expect(200);
    ada.patch(&format!("{path}/{lee}"), json!({ "grants": [] })).await.expect(200);
    world.settle().await;
    let mails = world.mails();
    assert_eq!(mails.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["Kim@acme.example"]);
    assert!(mails[0].text.contains("Hold 1:1s") && !mails[0].text.contains("Values"), "{}", mails[0].text);
    let mut outcomes: Vec<String> = last_run(&ada, &report).await.into_iter().map(|(outcome, _)| outcome).collect();
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["sent", "skipped"]);
}

#[tokio::test]
async fn after_three_days_down_a_report_catches_up_once_and_its_owner_is_told() {
    let world = World::at("2026-11-02T08:00:00Z").await;
    let ada = world.account("Onward", "ada@onward.example", "UTC").await;
    let client = ada.client("Amber", "Stone", "amber@stone.example").await;
    ada.item(&client, "action", "Before the outage", json!({})).await;
    let report = json!({
        "name": "Daily to HR", "scope": { "kind": "all" }, "kinds": ["action"],
        "audience": { "kind": "third_parties", "emails": ["hr@acme.example"] }, "schedule": { "every": "day", "at": "09:00" },
    });
    let report = ada.add("/v1/reports", report).await;
    world.advance_to("2026-11-02T12:00:00Z").await;
    assert_eq!(world.mails_to("hr@acme.example").len(), 1);
    ada.item(&client, "action", "Just before it", json!({})).await;
    world.stack.sleep_until(stories::time("2026-11-05T12:00:00Z")).unwrap();
    world.settle().await;
    world.advance_to("2026-11-05T13:00:00Z").await;
    let mails = world.mails_to("hr@acme.example");
    assert_eq!(mails.len(), 2);
    assert!(mails[1].text.contains("Just before it"), "{}", mails[1].text);
    assert!(mails[1].text.contains("2 that were missed before it"), "{}", mails[1].text);
    let told = world.mails_to("ada@onward.example");
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].text.contains("Daily to HR"), "{}", told[0].text);
    // what the scheduler had kept for all that time comes after all
    for day in 3..=5 {
        world.stack.redrive(firing(&ada, &report, &format!("2026-11-0{day}T09:00:00Z"))).await;
    }
    world.settle().await;
    assert_eq!(world.mails().len(), 3);
    let runs = ada.get(&format!("/v1/reports/{report}/runs")).await.expect(200);
    let runs: Vec<(String, String)> =
        runs["items"].as_array().unwrap().iter().map(|run| (text(&run["scheduled_at"]), text(&run["outcome"]))).collect();
    let run = |day: u8, outcome: &str| (format!("2026-11-0{day}T09:00:00Z"), outcome.to_owned());
    assert_eq!(runs, [run(5, "sent"), run(4, "skipped"), run(3, "skipped"), run(2, "sent")]);
    world.advance_to("2026-11-06T12:00:00Z").await;
    assert_eq!((world.mails_to("hr@acme.example").len(), world.mails_to("ada@onward.example").len()), (3, 1));
}

#[tokio::test]
async fn of_several_missed_firings_that_come_late_and_together_only_the_latest_runs() {
    let mut flow = Flow::begin().await;
    let report = flow.report().await;
    flow.world.stack.sleep_until(stories::time("2026-11-04T09:00:30Z")).unwrap();
    let messages = [2, 4, 3].map(|day| {
        let message = platform::schedules::RunMessage { scheduled_at: format!("2026-11-0{day}T09:00:00Z"), ..flow.message(&report) };
        serde_json::to_string(&message).unwrap()
    });
    plan_only(&flow.world, &messages).await;
    flow.world.settle().await;
    let (runs, _) = flow.store().runs_page(flow.scope, report.id, 10, None).await.unwrap();
    let skips: Vec<Option<Skip>> = runs.iter().map(|run| run.skip).collect();
    // newest first: the third day's firing comes after the fourth's run
    assert_eq!(skips, [None, Some(Skip::AlreadyCovered), Some(Skip::CaughtUpLater)]);
    assert_eq!(runs[0].missed, 2);
    assert!(report.definition.audience.emails.iter().all(|email| flow.world.mails_to(email.as_str()).len() == 1));
}

#[tokio::test]
async fn nobody_gets_more_mails_of_a_report_in_a_day_than_the_last_fuse_lets_through() {
    let world = World::at("2026-11-02T08:00:00Z").await;
    let ada = world.account("Onward", "ada@onward.example", "UTC").await;
    let client = ada.client("Amber", "Stone", "amber@stone.example").await;
    ada.item(&client, "action", "Hold 1:1s", json!({})).await;
    let report = json!({
        "scope": { "kind": "all" }, "kinds": ["action"], "audience": { "kind": "third_parties", "emails": ["hr@acme.example"] },
        "schedule": { "every": "month", "day": 1, "at": "09:00" },
    });
    let report = ada.add("/v1/reports", report).await;
    for _ in 0..26 {
        ada.ask("POST", &format!("/v1/reports/{report}/send-now"), &[], None).await.expect(202);
        world.advance_to(&(world.stack.clock.now() + chrono::Duration::seconds(1)).to_rfc3339()).await;
    }
    assert_eq!(world.mails_to("hr@acme.example").len(), 24);
    let (outcome, reason) = last_run(&ada, &report).await.remove(0);
    assert_eq!((outcome.as_str(), reason.as_str()), ("skipped", "the recipient got too many mails of this report today"));
    world.advance_to("2026-11-03T08:00:00Z").await;
    ada.ask("POST", &format!("/v1/reports/{report}/send-now"), &[], None).await.expect(202);
    world.settle().await;
    assert_eq!(world.mails_to("hr@acme.example").len(), 25);
}
