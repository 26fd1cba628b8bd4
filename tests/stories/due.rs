//! What falls due by itself: late once for each day it was due, and scheduled invoices out on theirs; however often, however
//! late one looks, and whatever fails.

use app::due::Fallen;
use cairn::faults::{Fault, Kind, When};
use serde_json::{Value, json};
use stories::{Person, World, text};

async fn happened(person: &Person, client: &str, what: &str) -> Vec<Value> {
    let stream = person.get(&format!("/v1/clients/{client}/stream?limit=200")).await.expect(200);
    stream["items"].as_array().unwrap().iter().filter(|happening| happening["what"] == what).cloned().collect()
}

async fn read(person: &Person, item: &str) -> Value {
    person.get(&format!("/v1/items/{item}")).await.expect(200)
}

#[tokio::test]
async fn what_is_due_becomes_late_once_when_the_clients_day_is_over() {
    let world = World::at("2026-11-02T09:00:00Z").await;
    let ada = world.account("Onward", "ada@onward.example", "Europe/Berlin").await;
    let mut late = Vec::new();
    for (zone, over) in [("Pacific/Kiritimati", "2026-11-04T10:00:00Z"), ("America/New_York", "2026-11-05T05:00:00Z")] {
        let client = ada.client("Amber", zone, &format!("{}@x.example", zone.len())).await;
        ada.patch(&format!("/v1/clients/{client}"), json!({ "time_zone": zone })).await.expect(200);
        let mut items = Vec::new();
        for kind in ["action", "worksheet", "course_step", "agreement", "contract"] {
            items.push(ada.item(&client, kind, kind, json!({ "due_on": "2026-11-04" })).await);
        }
        let money = json!({ "due_on": "2026-11-04", "amount": { "amount_minor": 100, "currency": "EUR" } });
        let invoice = ada.item(&client, "invoice", "November", money.clone()).await;
        ada.advance(&invoice, "submit").await;
        items.push(invoice);
        // neither of these will be late: one is done, one never went out, one has no day
        let done = ada.item(&client, "action", "Done", json!({ "due_on": "2026-11-04" })).await;
        ada.advance(&done, "complete").await;
        ada.item(&client, "invoice", "Draft", money).await;
        ada.item(&client, "action", "Some day", json!({})).await;
        late.push((client, items, over));
    }
    for (client, items, over) in &late {
        let before = stories::time(over) - chrono::Duration::minutes(1);
        world.advance_to(&before.to_rfc3339()).await;
        assert_eq!(happened(&ada, client, "late").await.len(), 0, "{over}");
        world.advance_to(over).await;
        let told = happened(&ada, client, "late").await;
        assert_eq!(told.len(), items.len());
        for happening in &told {
            // but for the milliseconds that pass
            assert!(text(&happening["at"]).starts_with(&over[..19]) && happening["on"] == "2026-11-05", "{happening}");
            assert_eq!(happening["by"], json!({ "kind": "system" }), "{happening}");
        }
        for item in items {
            let item = read(&ada, item).await;
            assert_eq!((&item["late_since"], &item["wake_at"]), (&json!("2026-11-05"), &Value::Null));
            let state = if item["kind"] == "invoice" { "overdue" } else { item["state"].as_str().unwrap() };
            assert_eq!(item["state"], state);
        }
    }
    world.advance_to("2026-11-20T00:00:00Z").await;
    for (client, items, _) in &late {
        assert_eq!(happened(&ada, client, "late").await.len(), items.len());
    }
    let trail = ada.get("/v1/audit?day=2026-11-05&limit=200").await.expect(200);
    let marked = trail["items"].as_array().unwrap().iter().filter(|entry| entry["action"] == "item.late").count();
    assert_eq!(marked, late[1].1.len());
}

#[tokio::test]
async fn looked_at_twice_at_once_and_after_days_of_outage_it_is_late_once() {
    let world = World::at("2026-11-02T09:00:00Z").await;
    let ada = world.account("Onward", "ada@onward.example", "UTC").await;
    let amber = ada.client("Amber", "Stone", "amber@x.example").await;
    for n in 0..12 {
        ada.item(&amber, "action", &format!("Call {n}"), json!({ "due_on": "2026-11-04" })).await;
    }
    world.stack.sleep_until(stories::time("2026-11-19T06:30:00Z")).unwrap();
    let (one, other) = futures::future::join(world.stack.fall_due(), world.stack.fall_due()).await;
    assert_eq!((one.late + other.late, one.failed + other.failed), (12, 0));
    assert_eq!(world.stack.fall_due().await, Fallen::default());
    let told = happened(&ada, &amber, "late").await;
    assert_eq!(told.len(), 12);
    // noticed late, and since the day it is so
    assert!(told.iter().all(|happening| happening["on"] == "2026-11-05" && text(&happening["at"]).starts_with("2026-11-19")));
}

#[tokio::test]
async fn a_moved_day_is_late_for_itself_and_one_day_never_twice() {
    let world = World::at("2026-11-02T09:00:00Z").await;
    let ada = world.account("Onward", "ada@onward.example", "UTC").await;
    let amber = ada.client("Amber", "Stone", "amber@x.example").await;
    let action = ada.item(&amber, "action", "Call", json!({ "due_on": "2026-11-04" })).await;
    let path = format!("/v1/items/{action}");
    // moved before its day is over
    ada.patch(&path, json!({ "due_on": "2026-11-06" })).await.expect(200);
    world.advance_to("2026-11-06T12:00:00Z").await;
    assert_eq!(happened(&ada, &amber, "late").await.len(), 0);
    world.advance_to("2026-11-07T00:00:00Z").await;
    assert_eq!(read(&ada, &action).await["late_since"], "2026-11-07");
    // moved when it was late: it is not, until the new day is over
    let moved = ada.patch(&path, json!({ "due_on": "2026-11-10" })).await.expect(200);
    assert_eq!((&moved["late_since"], &moved["wake_at"]), (&Value::Null, &json!("2026-11-11T00:00:00Z")));
    world.advance_to("2026-11-11T01:00:00Z").await;
    assert_eq!(happened(&ada, &amber, "late").await.len(), 2);
    // back to a day that it was late for: it is late, and that is no news; so it is when it was done and is open again
    ada.patch(&path, json!({ "due_on": "2026-11-06" })).await.expect(200);
    world.advance_to("2026-11-11T03:00:00Z").await;
    assert_eq!(read(&ada, &action).await["late_since"], "2026-11-07");
    ada.advance(&action, "complete").await;
    assert_eq!(read(&ada, &action).await["late_since"], "2026-11-07");
    ada.advance(&action, "reopen").await;
    assert_eq!(read(&ada, &action).await["late_since"], Value::Null);
    world.advance_to("2026-11-11T05:00:00Z").await;
    assert_eq!(read(&ada, &action).await["late_since"], "2026-11-07");
    assert_eq!(happened(&ada, &amber, "late").await.len(), 2);
}

#[tokio::test]
async fn a_client_who_moves_has_a_whole_day_where_they_are() {
    let world = World::at("2026-11-02T09:00:00Z").await;
    let ada = world.account("Onward", "ada@onward.example", "UTC").await;
    let amber = ada.client("Amber", "Stone", "amber@x.example").await;
    let action = ada.item(&amber, "action", "Call", json!({ "due_on": "2026-11-04" })).await;
    ada.patch(&format!("/v1/clients/{amber}"), json!({ "time_zone": "America/Los_Angeles" })).await.expect(200);
    world.advance_to("2026-11-05T07:30:00Z").await;
    let waiting = read(&ada, &action).await;
    assert_eq!((&waiting["late_since"], &waiting["wake_at"]), (&Value::Null, &json!("2026-11-05T08:00:00Z")));
    world.advance_to("2026-11-05T08:00:00Z").await;
    assert_eq!(read(&ada, &action).await["late_since"], "2026-11-05");
}

#[tokio::test]
async fn whatever_fails_each_is_late_once_and_each_invoice_goes_out_once() {
    let world = World::at("2026-11-02T09:00:00Z").await;
    let ada = world.account("Onward", "ada@onward.example", "UTC").await;
    let repeat = json!({ "every": "week", "until": "2026-12-31" });
    for (n, kind) in [Kind::Fail, Kind::LoseAnswer, Kind::Refuse].into_iter().enumerate() {
        for call in 1..=14_u64 {
            let amber = ada.client("Amber", "Stone", &format!("a{n}.{call}@x.example")).await;
            let action = ada.item(&amber, "action", "Call", json!({ "due_on": "2026-11-01" })).await;
            let money = json!({ "amount": { "amount_minor": 100, "currency": "EUR" }, "send_on": "2026-11-02", "repeat": repeat });
            ada.item(&amber, "invoice", "November", money).await;
            world.stack.faults.plan([Fault { when: When::Nth(call), kind }]);
            let first = world.stack.fall_due().await;
            world.stack.faults.clear();
            let second = world.stack.fall_due().await;
            assert_eq!(second.failed, 0, "{kind:?} {call}");
            assert!(first.late + second.late <= 1 && first.sent + second.sent <= 1, "{kind:?} {call}: {first:?} {second:?}");
            assert_eq!(happened(&ada, &amber, "late").await.len(), 1, "{kind:?} {call}");
            assert_eq!(happened(&ada, &amber, "shared").await.len(), 1, "{kind:?} {call}");
            assert_eq!(read(&ada, &action).await["late_since"], "2026-11-02");
            let invoices = ada.get(&format!("/v1/clients/{amber}/items?kind=invoice")).await.expect(200);
            let states: Vec<_> =
                invoices["items"].as_array().unwrap().iter().map(|item| (text(&item["state"]), text(&item["send_on"]))).collect();
            assert_eq!(states.len(), 2, "{kind:?} {call}");
            assert!(states.contains(&("draft".into(), "2026-11-09".into())) && states.contains(&("sent".into(), "2026-11-02".into())));
        }
    }
}

#[tokio::test]
async fn a_report_tells_that_something_became_late() {
    let world = World::at("2026-11-02T09:30:00Z").await;
    let ada = world.account("Onward", "ada@onward.example", "UTC").await;
    let amber = ada.client("Amber", "Stone", "amber@x.example").await;
    ada.item(&amber, "action", "Call the team lead", json!({ "due_on": "2026-11-03" })).await;
    ada.report(json!({})).await;
    world.advance_to("2026-11-04T10:00:00Z").await;
    let mails = world.reports_to("ada@onward.example");
    assert!(!mails[0].text.to_lowercase().contains("late"), "{}", mails[0].text);
    assert!(mails[1].text.to_lowercase().contains("late"), "{}", mails[1].text);
}
