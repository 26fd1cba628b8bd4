//! Invoices: paid in parts, sent by themselves on their day, coming again, called off with the archive, listed as a file.

use serde_json::{Value, json};
use stories::{Person, World, text, with};

fn invoice(more: Value) -> Value {
    with(json!({ "amount": { "amount_minor": 25_000, "currency": "EUR" } }), more)
}

async fn all(person: &Person, client: &str) -> Vec<(String, String, String)> {
    let listed = person.get(&format!("/v1/clients/{client}/items?kind=invoice&limit=200")).await.expect(200);
    let listed = listed["items"].as_array().unwrap().clone();
    let mut all: Vec<_> = listed.iter().map(|i| (text(&i["send_on"]), text(&i["state"]), text(&i["due_on"]))).collect();
    all.sort();
    all
}

async fn pay(person: &Person, invoice: &str, amount: i64) -> stories::Answer {
    person.post(&format!("/v1/items/{invoice}/payments"), json!({ "amount_minor": amount })).await
}

#[tokio::test]
async fn an_invoice_is_paid_in_parts_and_never_more_than_is_owed() {
    let world = World::at("2026-11-02T09:00:00Z").await;
    let ada = world.account("Onward", "ada@onward.example", "UTC").await;
    let amber = ada.client("Amber", "Stone", "amber@x.example").await;
    let id = ada.item(&amber, "invoice", "November", invoice(json!({ "due_on": "2026-11-10" }))).await;
    assert_eq!(pay(&ada, &id, 1).await.expect(409)["code"], "wrong_state");
    ada.advance(&id, "submit").await;
    let part = pay(&ada, &id, 10_000).await.expect(200);
    assert_eq!((text(&part["state"]), &part["paid_minor"], &part["on"]), ("partial".into(), &json!(10_000), &json!("2026-11-02")));
    for bad in [json!({ "amount_minor": 15_001 }), json!({ "amount_minor": 0 }), json!({ "amount_minor": -5 }), json!({})] {
        assert_eq!(ada.post(&format!("/v1/items/{id}/payments"), bad).await.bad_fields(), ["amount_minor"]);
    }
    let tomorrow = json!({ "amount_minor": 1, "on": "2026-11-03" });
    assert_eq!(ada.post(&format!("/v1/items/{id}/payments"), tomorrow).await.bad_fields(), ["on"]);
    // what is sent stays what it was
    let other = json!({ "amount": { "amount_minor": 1, "currency": "EUR" }, "send_on": "2026-12-01" });
    assert_eq!(ada.patch(&format!("/v1/items/{id}"), other).await.bad_fields(), ["amount", "send_on"]);
    world.advance_to("2026-11-11T00:00:00Z").await;
    assert_eq!(pay(&ada, &id, 10_000).await.expect(200)["state"], "overdue");
    // asked twice with one key, paid once
    let key = [("idempotency-key", "last")];
    for _ in 0..2 {
        let paid = ada.ask("POST", &format!("/v1/items/{id}/payments"), &key, Some(&json!({ "amount_minor": 5_000 }))).await.expect(200);
        assert_eq!((text(&paid["state"]), &paid["paid_minor"]), ("paid".into(), &json!(25_000)));
    }
    assert_eq!(pay(&ada, &id, 1).await.expect(409)["code"], "wrong_state");
    let stream = ada.get(&format!("/v1/clients/{amber}/stream")).await.expect(200);
    let paid = stream["items"].as_array().unwrap().iter().filter(|h| h["what"] == "paid");
    assert_eq!(
        paid.map(|h| text(&h["note"])).collect::<Vec<_>>(),
        ["the last 50.00 EUR", "100.00 EUR, 50.00 EUR left", "100.00 EUR, 150.00 EUR left"]
    );
    // completing pays the rest
    let whole = ada.item(&amber, "invoice", "December", invoice(json!({}))).await;
    ada.advance(&whole, "submit").await;
    ada.advance(&whole, "complete").await;
    assert_eq!(ada.get(&format!("/v1/items/{whole}")).await.expect(200)["paid_minor"], 25_000);
}

#[tokio::test]
async fn a_series_goes_out_by_itself_each_once_until_its_last_day() {
    let world = World::at("2027-01-20T09:00:00Z").await;
    let ada = world.account("Onward", "ada@onward.example", "UTC").await;
    let amber = ada.client("Amber", "Stone", "amber@x.example").await;
    ada.patch(&format!("/v1/clients/{amber}"), json!({ "time_zone": "Europe/Berlin" })).await.expect(200);
    let client = world.person("amber@x.example").await;
    let repeat = json!({ "every": "month", "until": "2027-04-30" });
    let series = invoice(json!({ "send_on": "2027-01-31", "due_on": "2027-02-14", "repeat": repeat }));
    let first = ada.item(&amber, "invoice", "Retainer", series).await;
    // a draft is nobody's business but the house's
    client.get(&format!("/v1/items/{first}")).await.expect(404);
    assert_eq!(all(&client, &amber).await, []);
    world.advance_to("2027-01-30T22:59:00Z").await;
    assert_eq!(all(&ada, &amber).await.len(), 1);
    world.advance_to("2027-01-30T23:00:00Z").await;
    let row = |send: &str, state: &str, due: &str| (send.to_owned(), state.to_owned(), due.to_owned());
    let expected = [row("2027-01-31", "sent", "2027-02-14"), row("2027-02-28", "draft", "2027-03-14")];
    assert_eq!(all(&ada, &amber).await, expected);
    assert_eq!(all(&client, &amber).await, expected[..1]);
    assert_eq!(client.get(&format!("/v1/items/{first}")).await.expect(200)["on"], "2027-01-31");
    // an outage over two of them
    world.stack.sleep_until(stories::time("2027-04-05T10:20:00Z")).unwrap();
    let (one, other) = futures::future::join(world.stack.fall_due(), world.stack.fall_due()).await;
    assert_eq!((one.sent + other.sent, one.failed + other.failed), (2, 0));
    // whoever came second left the rest to the first, or to the next
    world.stack.fall_due().await;
    let expected = [
        row("2027-01-31", "overdue", "2027-02-14"),
        row("2027-02-28", "overdue", "2027-03-14"),
        row("2027-03-31", "sent", "2027-04-14"),
        row("2027-04-30", "draft", "2027-05-14"),
    ];
    assert_eq!(all(&ada, &amber).await, expected);
    world.advance_to("2027-12-01T00:00:00Z").await;
    let after: Vec<_> = all(&ada, &amber).await.into_iter().map(|(send, state, _)| format!("{send} {state}")).collect();
    assert_eq!(after, ["2027-01-31 overdue", "2027-02-28 overdue", "2027-03-31 overdue", "2027-04-30 overdue"]);
    // sent by hand, the next one comes as well
    let again = invoice(json!({ "send_on": "2028-01-01", "repeat": { "every": "year", "interval": 2 } }));
    let again = ada.item(&amber, "invoice", "Fee", again).await;
    ada.advance(&again, "submit").await;
    let listed = all(&ada, &amber).await;
    assert_eq!(listed.last().map(|(send, state, _)| format!("{send} {state}")), Some("2030-01-01 draft".into()));
    for (bad, field) in [
        (json!({ "repeat": { "every": "month" } }), "repeat"),
        (json!({ "send_on": "2027-12-01", "repeat": { "every": "month", "interval": 13 } }), "repeat.interval"),
        (json!({ "send_on": "2027-12-02", "repeat": { "every": "month", "until": "2027-12-01" } }), "repeat.until"),
    ] {
        let body = with(invoice(bad), json!({ "kind": "invoice", "title": "x" }));
        assert_eq!(ada.post(&format!("/v1/clients/{amber}/items"), body).await.bad_fields(), [field]);
    }
}

#[tokio::test]
async fn the_archive_calls_off_what_was_to_go_out_for_good() {
    let world = World::at("2026-11-02T09:00:00Z").await;
    let ada = world.account("Onward", "ada@onward.example", "UTC").await;
    let amber = ada.client("Amber", "Stone", "amber@x.example").await;
    let client = world.person("amber@x.example").await;
    // more than fit into one transaction
    for n in 0..60 {
        ada.item(&amber, "invoice", &format!("No {n}"), invoice(json!({ "send_on": "2026-11-10", "repeat": { "every": "month" } }))).await;
    }
    let plain = ada.item(&amber, "invoice", "By hand", invoice(json!({}))).await;
    ada.post(&format!("/v1/clients/{amber}/archive"), json!({})).await.expect(200);
    let states = |all: Vec<(String, String, String)>, state: &str| all.iter().filter(|(_, s, _)| s == state).count();
    assert_eq!(states(all(&ada, &amber).await, "cancelled"), 60);
    world.advance_to("2026-11-12T00:00:00Z").await;
    ada.post(&format!("/v1/clients/{amber}/unarchive"), json!({})).await.expect(200);
    world.advance_to("2027-02-01T00:00:00Z").await;
    let after = all(&ada, &amber).await;
    assert_eq!((states(after.clone(), "cancelled"), states(after.clone(), "draft"), after.len()), (60, 1, 61));
    assert_eq!(ada.get(&format!("/v1/items/{plain}")).await.expect(200)["state"], "draft");
    // what never went out is nobody else's business
    assert_eq!(all(&client, &amber).await, []);
    let trail = ada.get("/v1/audit?day=2026-11-02&limit=200").await.expect(200);
    assert_eq!(trail["items"].as_array().unwrap().iter().filter(|entry| entry["action"] == "item.cancel").count(), 60);
}

#[tokio::test]
async fn invoices_are_listed_as_a_file_of_those_whose_records_one_reads() {
    let world = World::at("2026-11-02T09:00:00Z").await;
    let ada = world.house().await;
    let bob = ada.coach(&world, "Bob Kern", "bob@onward.example").await;
    let amber = ada.client("=Amber", "Stone", "amber@x.example").await;
    let ben = ada.client("Ben", "Alder", "ben@x.example").await;
    ada.pair(&amber, &bob, "view_only").await;
    let sent = ada.item(&amber, "invoice", "November", invoice(json!({ "number": "+2026-1", "due_on": "2026-11-20" }))).await;
    ada.advance(&sent, "submit").await;
    pay(&ada, &sent, 5_000).await.expect(200);
    ada.item(&amber, "invoice", "December", invoice(json!({ "send_on": "2026-12-01" }))).await;
    let yen = json!({ "amount": { "amount_minor": 12_000, "currency": "JPY" }, "number": "7, a", "on": "2026-10-30" });
    let yen = ada.item(&ben, "invoice", "October", yen).await;
    ada.advance(&yen, "submit").await;
    let header = "Invoice number,Client,Invoice date,Due date,Amount,Currency,Paid,Status\r\n";
    let first = "'+2026-1,'=Amber Stone,2026-11-02,2026-11-20,250.00,EUR,50.00,Partial\r\n";
    let second = ",'=Amber Stone,2026-12-01,,250.00,EUR,0.00,Draft\r\n";
    let other = "\"7, a\",Ben Alder,2026-10-30,,12000,JPY,0,Sent\r\n";
    let whole = ada.get("/v1/invoices.csv").await;
    assert_eq!((whole.status.as_u16(), whole.text.as_str()), (200, format!("{header}{other}{first}{second}").as_str()));
    assert_eq!(whole.headers["content-disposition"], "attachment; filename=\"invoices-2026-11-02.csv\"");
    assert_eq!(ada.get(&format!("/v1/clients/{amber}/invoices.csv")).await.text, format!("{header}{first}{second}"));
    assert_eq!(ada.get("/v1/invoices.csv?state=sent").await.text, format!("{header}{other}"));
    assert_eq!(ada.get("/v1/invoices.csv?from=2026-11-01&to=2026-11-30").await.text, format!("{header}{first}"));
    assert_eq!(ada.get("/v1/invoices.csv?from=2026-11-02&to=2026-11-01").await.bad_fields(), ["from"]);
    assert_eq!(bob.get("/v1/invoices.csv").await.text, format!("{header}{first}{second}"));
    bob.get(&format!("/v1/clients/{ben}/invoices.csv")).await.expect(404);
    let client = world.person("amber@x.example").await;
    assert_eq!(client.get("/v1/invoices.csv").await.text, format!("{header}{first}"));
}

#[tokio::test]
async fn an_overdue_invoice_keeps_its_engagement_from_being_deleted() {
    let world = World::at("2026-11-02T09:00:00Z").await;
    let ada = world.house().await;
    let amber = ada.client("Amber", "Stone", "amber@x.example").await;
    let program = ada.add("/v1/programs", json!({ "name": "Leadership", "kind": "one_to_one" })).await;
    let engagement = ada.add("/v1/engagements", json!({ "client_id": amber, "program_id": program })).await;
    let id = ada.item(&amber, "invoice", "November", invoice(json!({ "due_on": "2026-11-03", "engagement_id": engagement }))).await;
    ada.advance(&id, "submit").await;
    world.advance_to("2026-11-04T00:00:00Z").await;
    assert_eq!(ada.get(&format!("/v1/items/{id}")).await.expect(200)["state"], "overdue");
    assert_eq!(ada.delete(&format!("/v1/engagements/{engagement}")).await.expect(409)["code"], "unpaid_invoice");
    ada.advance(&id, "cancel").await;
    assert_eq!(ada.delete(&format!("/v1/engagements/{engagement}")).await.status, 204);
}

#[tokio::test]
async fn nothing_goes_out_by_itself_for_an_engagement_that_was_deleted() {
    let world = World::at("2026-11-02T09:00:00Z").await;
    let ada = world.house().await;
    let amber = ada.client("Amber", "Stone", "amber@x.example").await;
    let program = ada.add("/v1/programs", json!({ "name": "Leadership", "kind": "one_to_one" })).await;
    let mut scheduled = Vec::new();
    for day in ["2026-11-04", "2026-11-06"] {
        let engagement = ada.add("/v1/engagements", json!({ "client_id": amber, "program_id": program })).await;
        let bill = invoice(json!({ "send_on": day, "repeat": { "every": "month" }, "engagement_id": engagement }));
        let id = ada.item(&amber, "invoice", "November", bill).await;
        assert_eq!(ada.delete(&format!("/v1/engagements/{engagement}")).await.status, 204);
        scheduled.push((engagement, id));
    }
    world.advance_to("2026-11-05T00:00:00Z").await;
    let states = async || {
        let states = scheduled.iter().map(async |(_, id)| text(&ada.get(&format!("/v1/items/{id}")).await.expect(200)["state"]));
        futures::future::join_all(states).await
    };
    assert_eq!(states().await, ["cancelled", "draft"]);
    // nor by hand
    let refused = ada.ask("POST", &format!("/v1/items/{}/submit", scheduled[1].1), &[], None).await.expect(409);
    assert_eq!(refused["code"], "engagement_deleted");
    // one that comes back before its day goes out
    ada.ask("POST", &format!("/v1/engagements/{}/restore", scheduled[1].0), &[], None).await.expect(200);
    world.advance_to("2026-11-07T00:00:00Z").await;
    assert_eq!(states().await, ["cancelled", "sent"]);
    assert_eq!(all(&ada, &amber).await.len(), 3, "and the next of its series is there");
}

#[tokio::test]
async fn what_else_is_changed_of_a_series_leaves_its_days_and_none_begins_in_the_past() {
    let world = World::at("2026-01-20T09:00:00Z").await;
    let ada = world.account("Onward", "ada@onward.example", "UTC").await;
    let amber = ada.client("Amber", "Stone", "amber@x.example").await;
    let monthly = json!({ "every": "month" });
    ada.item(&amber, "invoice", "Coaching", invoice(json!({ "send_on": "2026-01-31", "repeat": monthly }))).await;
    world.advance_to("2026-02-01T00:00:00Z").await;
    let items = ada.get(&format!("/v1/clients/{amber}/items?kind=invoice&state=draft")).await.expect(200);
    let draft = &items["items"][0];
    assert_eq!(draft["send_on"], "2026-02-28");
    let path = format!("/v1/items/{}", text(&draft["id"]));
    ada.patch(&path, json!({ "repeat": { "every": "month", "until": "2026-12-31" } })).await.expect(200);
    let same = ada.patch(&path, json!({ "send_on": "2026-02-28" })).await.expect(200);
    assert_eq!((same["version"].as_u64(), same["series"]["anchor"].as_str()), (Some(2), Some("2026-01-31")));
    world.advance_to("2026-03-01T00:00:00Z").await;
    let items = ada.get(&format!("/v1/clients/{amber}/items?kind=invoice&state=draft")).await.expect(200);
    assert_eq!(items["items"][0]["send_on"], "2026-03-31");
    // moved, it counts from its new day
    let path = format!("/v1/items/{}", text(&items["items"][0]["id"]));
    let moved = ada.patch(&path, json!({ "send_on": "2026-03-15" })).await.expect(200);
    assert_eq!(moved["series"]["anchor"], "2026-03-15");

    let past = json!({ "send_on": "2016-03-31", "repeat": { "every": "week" } });
    let past = with(invoice(past), json!({ "kind": "invoice", "title": "A typing error" }));
    assert_eq!(ada.post(&format!("/v1/clients/{amber}/items"), past).await.bad_fields(), ["send_on"]);
    assert_eq!(ada.patch(&path, json!({ "send_on": "2016-03-31" })).await.bad_fields(), ["send_on"]);
}
