//! Workers that die in the middle of what they do, at any place where they wait; and what holds all the same.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use aws_lambda_events::sqs::SqsEvent;
use cairn::faults::{Fault, Kind, When};
use domain::delivery::{Delivery, DeliveryState};
use domain::run::Stage;
use serde_json::json;
use stories::say;

use crate::flow::{Complaints, Flow, RECIPIENTS, Trial, in_parallel};

/// Work that dies when it is about to go on for the n-th time.
pub(crate) struct Dying<F> {
    work: Pin<Box<F>>,
    left: usize,
}

pub(crate) fn dying<F: Future>(after: usize, work: F) -> Dying<F> {
    Dying { work: Box::pin(work), left: after }
}

impl<F: Future> Future for Dying<F> {
    /// What came of it; none if it died.
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                self.work.as_mut().poll(context).map(Some)
            }
            None => Poll::Ready(None),
        }
    }
}

fn trial(flow: &Flow, plan: String, report: domain::report::Report) -> Trial {
    Trial { plan, struck: Vec::new(), calls: 0, run: flow.run_of(&report), report }
}

async fn settle_all(flow: &Flow, trials: &[Trial], may_miss: usize) -> usize {
    for trial in trials {
        flow.redrive(&trial.report).await;
    }
    flow.recover().await;
    let mails = flow.mails();
    let mut without = 0;
    for trial in trials {
        let missing = flow.verdict(trial, &mails).await.unwrap_or_else(|complaint| panic!("{}: {complaint}", trial.plan));
        assert!(missing <= may_miss, "{}: {missing} have no mail", trial.plan);
        without += missing;
    }
    for trial in trials {
        flow.redrive(&trial.report).await;
    }
    flow.recover().await;
    assert_eq!(flow.mails(), mails, "doing everything once more sent more mail");
    without
}

#[tokio::test]
async fn planning_that_dies_anywhere_goes_on_and_adds_what_is_missing() {
    let mut flow = Flow::over_the_wire().await;
    let mut trials = Vec::new();
    for steps in 0.. {
        let report = flow.report().await;
        let fate = dying(steps, app::runs::fire(&flow.world.stack.app, &flow.message(&report))).await;
        trials.push(trial(&flow, format!("died after {steps} steps of planning"), report));
        if let Some(fate) = fate {
            assert_eq!(fate.unwrap(), app::runs::Fate::Planned);
            break;
        }
    }
    say(&format!("{} deaths injected in planning", trials.len() - 1));
    // what was written goes out before planning goes on
    flow.world.settle().await;
    // it waits at least once for each of its calls that follow one another
    assert!(trials.len() > 10);
    assert_eq!(settle_all(&flow, &trials, 0).await, 0);
}

#[tokio::test]
async fn sending_that_dies_anywhere_sends_once_or_says_that_nobody_knows() {
    let mut flow = Flow::over_the_wire().await;
    let mut trials = Vec::new();
    for steps in 0.. {
        let report = flow.report().await;
        app::runs::fire(&flow.world.stack.app, &flow.message(&report)).await.unwrap();
        let (_, deliveries) = flow.run(flow.run_of(&report)).await;
        let worked = dying(steps, app::deliveries::send(&flow.world.stack.app, flow.scope, &deliveries[0].id)).await;
        trials.push(trial(&flow, format!("died after {steps} steps of sending"), report));
        if worked.is_some() {
            break;
        }
    }
    let deaths = trials.len() - 1;
    assert!(deaths > 6);
    let without = settle_all(&flow, &trials, 1).await;
    say(&format!("{deaths} deaths injected in sending; {without} mails in doubt"));
    // between "about to be sent" and the answer of SES there are few places to die at
    assert!(without <= deaths / 2, "{without} of {deaths}");
}

#[tokio::test]
async fn hearing_and_reconciling_that_die_anywhere_are_made_good() {
    let mut flow = Flow::over_the_wire().await;
    let app = flow.world.stack.app.clone();
    let mut trials = Vec::new();
    for steps in 0.. {
        let report = flow.report().await;
        app::runs::fire(&app, &flow.message(&report)).await.unwrap();
        let (_, deliveries) = flow.run(flow.run_of(&report)).await;
        flow.world.stack.faults.plan([Fault { when: When::Every("SendEmail".into()), kind: Kind::LoseAnswer }]);
        app::deliveries::send(&app, flow.scope, &deliveries[0].id).await.unwrap();
        flow.world.stack.faults.clear();
        let events = flow.world.stack.ses.take_events();
        let heard = dying(steps, feedback::handle(&app, event(&[events[0].body.to_string()]))).await;
        trials.push(trial(&flow, format!("died after {steps} steps of hearing"), report));
        // the queue brings it again
        feedback::handle(&app, event(&[events[0].body.to_string(), events[1].body.to_string()])).await;
        let delivery = flow.store().delivery(flow.scope, &deliveries[0].id).await.unwrap().unwrap();
        assert_eq!((delivery.state, delivery.reason), (DeliveryState::Sent, None));
        if heard.is_some() {
            break;
        }
    }
    // planning is cut off in each of these, and reconciling that goes on with all of them is, over and over
    for steps in [8, 12, 16, 20, 24] {
        let report = flow.report().await;
        dying(steps, app::runs::fire(&app, &flow.message(&report))).await;
        trials.push(trial(&flow, format!("planning died after {steps} steps, and reconciling did"), report));
    }
    flow.world.stack.clock.advance(Duration::from_secs(6 * 60)).unwrap();
    for steps in (0..400).step_by(9) {
        if dying(steps, app::reconcile::reconcile(&app)).await.is_some() {
            break;
        }
    }
    assert_eq!(settle_all(&flow, &trials, 0).await, 0);
}

fn event(bodies: &[String]) -> SqsEvent {
    let records: Vec<_> = bodies.iter().enumerate().map(|(n, body)| json!({ "messageId": n.to_string(), "body": body })).collect();
    serde_json::from_value(json!({ "Records": records })).unwrap()
}

/// Numbers that look like chance and are the same every time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }
}

/// Workers, events, reconciling and the clock in an order of chance, each of them dying at any place; then peace.
#[test]
fn whatever_order_things_happen_in_reports_go_once_and_notices_at_least_once() {
    let seeds: Vec<u64> = (1..=std::env::var("CAIRN_SEEDS").map_or(24, |seeds| seeds.parse().unwrap())).collect();
    let complaints = Complaints::default();
    in_parallel(&seeds, 1, async |batch: &[u64]| {
        for seed in batch {
            if let Err(complaint) = any_order(*seed).await {
                complaints.add(format!("seed {seed}: {complaint}"));
            }
        }
    });
    say(&format!("{} orders of chance, with deaths and faults injected at 60 steps each", seeds.len()));
    complaints.none("the orders");
}

async fn any_order(seed: u64) -> Result<(), String> {
    let mut chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let mut flow = Flow::over_the_wire().await;
    let app = flow.world.stack.app.clone();
    let scope = flow.scope;
    let report = flow.report().await;
    let message = flow.message(&report);
    let run = flow.run_of(&report);
    // the owner is owed a notice too
    let token = app::token::Unsubscribe::of(scope.account(), report.id, &report.definition.audience.emails[4]);
    app::reports::unsubscribe(&app, &token.sign(&app.signing_keys).unwrap()).await.unwrap();
    let notice = flow.store().deliveries_to_wake(flow.world.stack.clock.now() + chrono::Duration::hours(1), 10).await.unwrap()[0].1.clone();
    let mut held: Vec<String> = Vec::new();
    // how often the notice's worker was cut off, or SES's answer was
    let mut excuses = 0;
    for _ in 0..60 {
        let known: Vec<Delivery> = flow.store().run_deliveries(scope, run, 100).await.unwrap();
        let mut ids: Vec<_> = known.iter().map(|delivery| delivery.id.clone()).collect();
        ids.push(notice.clone());
        let id = ids[chance.below(ids.len())].clone();
        let steps = if chance.below(3) == 0 { 1_000_000 } else { chance.below(26) };
        match chance.below(10) {
            0 => _ = dying(steps, app::runs::fire(&app, &message)).await,
            1..=3 => {
                let kind = [None, None, Some(Kind::LoseAnswer), Some(Kind::Throttle), Some(Kind::Fail)][chance.below(5)];
                flow.world.stack.faults.plan(kind.map(|kind| Fault { when: When::Every("SendEmail".into()), kind }));
                let worked = dying(steps, app::deliveries::send(&app, scope, &id)).await;
                flow.world.stack.faults.clear();
                let in_doubt = worked.is_none() || kind == Some(Kind::LoseAnswer);
                excuses += usize::from(id == notice && in_doubt);
            }
            4 | 5 => {
                let (one, other) = (app::deliveries::send(&app, scope, &id), app::deliveries::send(&app, scope, &id));
                let (one, other) = tokio::join!(dying(steps, one), dying(1_000_000, other));
                excuses += usize::from(id == notice && (one.is_none() || other.is_none()));
            }
            6 => {
                held.extend(flow.world.stack.ses.take_events().iter().map(|event| event.body.to_string()));
                let heard: Vec<String> = (0..3).filter_map(|_| held.get(chance.below(held.len().max(1))).cloned()).collect();
                dying(steps, feedback::handle(&app, event(&heard))).await;
            }
            7 => _ = dying(steps * 3, app::reconcile::reconcile(&app)).await,
            _ => flow.world.stack.clock.advance(Duration::from_secs([1, 50, 130, 400, 1100][chance.below(5)])).unwrap(),
        }
    }
    // reports that ses saw were heard of late, or only after all was settled
    let late = chance.below(2) == 0;
    held.extend(flow.world.stack.ses.take_events().iter().map(|event| event.body.to_string()));
    if !late {
        feedback::handle(&app, event(&held)).await;
    }
    flow.redrive(&report).await;
    for _ in 0..3 {
        flow.recover().await;
    }
    if late {
        feedback::handle(&app, event(&held)).await;
    }
    let mails = flow.mails();
    flow.redrive(&report).await;
    flow.recover().await;
    if flow.mails() != mails {
        return Err("a second full run of everything sent more".into());
    }
    judge(&flow, run, &notice, excuses, &mails).await
}

async fn judge(
    flow: &Flow,
    run: domain::id::RunId,
    notice: &domain::id::DeliveryId,
    excuses: usize,
    mails: &BTreeMap<String, usize>,
) -> Result<(), String> {
    let sent = |delivery: &Delivery| mails.get(delivery.id.as_str()).copied().unwrap_or_default();
    let (run, deliveries) = flow.run(run).await;
    if run.stage != Stage::Planned || deliveries.len() != RECIPIENTS {
        return Err(format!("the run is {:?} with {} deliveries", run.stage, deliveries.len()));
    }
    for delivery in &deliveries {
        match (sent(delivery), delivery.state, &delivery.reason) {
            (1, DeliveryState::Sent, None) => {}
            (0, DeliveryState::Sent, Some(reason)) if reason.starts_with("probably sent") => {}
            (0, DeliveryState::Skipped, Some(_)) if delivery.recipient.email.as_str().starts_with("r5.") => {}
            (sent, state, reason) => return Err(format!("a report is {state:?} ({reason:?}) after {sent} mails")),
        }
    }
    let notice = flow.store().delivery(flow.scope, notice).await.unwrap().ok_or("there is no notice")?;
    match (sent(&notice), notice.state) {
        (times, DeliveryState::Sent) if times >= 1 && times <= 1 + excuses => Ok(()),
        (times, state) => Err(format!("the notice is {state:?} after {times} mails, with {excuses} excuses")),
    }
}
