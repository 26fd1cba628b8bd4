//! One request, one change, however often it comes; lists that give everything once; changes that know what they change.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use stories::{Answer, Person, World, text};

const NOON: &str = "2026-03-02T12:00:00Z";

async fn keyed(person: &Person, key: &str, path: &str, body: Value) -> Answer {
    person.ask("POST", path, &[("idempotency-key", key)], Some(&body)).await
}

async fn count(person: &Person, path: &str) -> usize {
    person.get(path).await.expect(200)["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn the_same_request_twice_is_one_change_and_one_answer() {
    let world = World::at(NOON).await;
    let ada = world.account("Onward", "ada@onward.example", "UTC").await;
    let draft = json!({ "first_name": "Amber", "email": "amber@stone.example" });
    let first = keyed(&ada, "k1", "/v1/clients", draft.clone()).await;
    let again = keyed(&ada, "k1", "/v1/clients", draft.clone()).await;
    assert_eq!((first.status.as_u16(), &first.text), (201, &again.text));
    assert_eq!(again.status, 201);
    assert!(!first.headers.contains_key("idempotency-replayed"));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(first.headers["etag"], again.headers["etag"]);
    assert_eq!(count(&ada, "/v1/clients").await, 1);
    let amber = text(&first.json["id"]);

    // moves, values, mails: once
    let action = ada.item(&amber, "action", "Hold 1:1s", json!({})).await;
    let path = format!("/v1/items/{action}/complete");
    let done = keyed(&ada, "k2", &path, json!({})).await.expect(200);
    assert_eq!(keyed(&ada, "k2", &path, json!({})).await.expect(200), done);
    assert_eq!(keyed(&ada, "k3", &path, json!({})).await.status, 409, "another request is another matter");
    let order = ada.report(json!({})).await;
    let path = format!("/v1/reports/{order}/send-now");
    let sent = keyed(&ada, "k4", &path, json!({})).await;
    world.settle().await;
    let again = keyed(&ada, "k4", &path, json!({})).await;
    world.settle().await;
    assert_eq!((sent.status, &sent.text), (again.status, &again.text));
    assert_eq!((world.mails().len(), ada.runs(&order).await.len()), (1, 1));

    // what changed nothing the first time changes nothing later
    let resume = format!("/v1/reports/{order}/resume");
    keyed(&ada, "k5", &resume, json!({})).await.expect(200);
    ada.post(&format!("/v1/reports/{order}/pause"), json!({})).await.expect(200);
    assert_eq!(keyed(&ada, "k5", &resume, json!({})).await.expect(200)["paused"], false);
    assert_eq!(ada.get(&format!("/v1/reports/{order}")).await.expect(200)["paused"], true);

    // a refused request has not been carried out, so its key is free
    keyed(&ada, "k6", "/v1/clients", json!({ "first_name": "" })).await.expect(422);
    keyed(&ada, "k6", "/v1/clients", json!({ "first_name": "Ben" })).await.expect(201);

    // keys are everybody's own
    let bea = world.account("Elsewhere", "bea@elsewhere.example", "UTC").await;
    assert_ne!(keyed(&bea, "k1", "/v1/clients", draft).await.expect(201)["id"], first.json["id"]);

    // the secret of an API key is shown once
    let made = keyed(&ada, "k7", "/v1/api-keys", json!({})).await.expect(201);
    let again = keyed(&ada, "k7", "/v1/api-keys", json!({})).await.expect(201);
    assert_eq!((again["id"] == made["id"], again["api_key"].is_null()), (true, true));
}

#[tokio::test]
async fn the_same_request_many_times_at_once_is_one_change_and_one_answer() {
    let world = World::at(NOON).await;
    let ada = world.account("Onward", "ada@onward.example", "UTC").await;
    let draft = json!({ "first_name": "Amber", "email": "amber@stone.example" });
    let answers = futures::future::join_all((0..6).map(|_| keyed(&ada, "k1", "/v1/clients", draft.clone()))).await;
    for answer in &answers {
        assert_eq!((answer.status.as_u16(), &answer.text), (201, &answers[0].text));
    }
    assert_eq!(count(&ada, "/v1/clients").await, 1);
    let amber = text(&answers[0].json["id"]);
    let action = ada.item(&amber, "action", "Hold 1:1s", json!({})).await;
    let path = format!("/v1/items/{action}/complete");
    let answers = futures::future::join_all((0..6).map(|_| keyed(&ada, "k2", &path, json!({})))).await;
    for answer in &answers {
        assert_eq!((answer.status.as_u16(), &answer.text), (200, &answers[0].text));
    }
    assert_eq!(count(&ada, &format!("/v1/clients/{amber}/stream")).await, 2);
    // of different requests with one key, one is carried out
    let bodies = (0..4).map(|n| json!({ "first_name": format!("Client {n}") }));
    let answers = futures::future::join_all(bodies.map(|body| keyed(&ada, "k3", "/v1/clients", body))).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 422, 422, 422]);
    assert_eq!(count(&ada, "/v1/clients").await, 2);
}

#[tokio::test]
async fn an_answer_is_kept_for_a_day_and_the_key_is_free_again_after_it() {
    let world = World::at(NOON).await;
    let ada = world.account("Onward", "ada@onward.example", "UTC").await;
    let first = keyed(&ada, "k1", "/v1/clients", json!({ "first_name": "Amber" })).await.expect(201);
    world.advance_to("2026-03-03T11:59:00Z").await;
    assert_eq!(keyed(&ada, "k1", "/v1/clients", json!({ "first_name": "Amber" })).await.expect(201), first);
    world.advance_to("2026-03-03T12:01:00Z").await;
    let second = keyed(&ada, "k1", "/v1/clients", json!({ "first_name": "Ben" })).await.expect(201);
    assert_ne!(first["id"], second["id"]);
    assert_eq!(keyed(&ada, "k1", "/v1/clients", json!({ "first_name": "Ben" })).await.expect(201), second);
    assert_eq!(keyed(&ada, "k1", "/v1/clients", json!({ "first_name": "Amber" })).await.status, 422);
    assert_eq!(count(&ada, "/v1/clients").await, 2);
}

/// Everything of a list, page by page; no page is longer than asked for, and only the last is shorter.
async fn pages(person: &Person, path: &str, limit: usize) -> Vec<String> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    let joined = if path.contains('?') { '&' } else { '?' };
    loop {
        let page = person.get(&format!("{path}{joined}limit={limit}{cursor}")).await.expect(200);
        let items = page["items"].as_array().unwrap();
        all.extend(items.iter().map(|item| if item["id"].is_string() { text(&item["id"]) } else { text(&item["email"]) }));
        match page["next_cursor"].as_str() {
            Some(next) => {
                assert_eq!(items.len(), limit, "{path}");
                cursor = format!("&cursor={next}");
            }
            None => {
                assert!(items.len() <= limit, "{path}");
                return all;
            }
        }
    }
}

#[tokio::test]
async fn every_list_gives_everything_once_however_it_is_cut() {
    let world = World::at(NOON).await;
    let ada = world.house().await;
    let acme = ada.company("Acme").await;
    let mut first = String::new();
    for n in 0..5 {
        let client = ada.client(&format!("Client {n}"), "", &format!("c{n}@x.example")).await;
        ada.company(&format!("Company {n}")).await;
        ada.personnel(&acme, &format!("Person {n}"), &format!("p{n}@acme.example"), &[]).await;
        ada.add(&format!("/v1/companies/{acme}/locations"), json!({ "name": format!("Place {n}") })).await;
        ada.add("/v1/groups", json!({ "name": format!("Group {n}") })).await;
        ada.add("/v1/members", json!({ "name": format!("Coach {n}"), "email": format!("m{n}@onward.example") })).await;
        ada.add("/v1/api-keys", json!({})).await;
        ada.report(
            json!({ "audience": { "kind": "third_parties", "emails": [format!("gone{n}@bounce.example")] }, "when_empty": "send_note" }),
        )
        .await;
        if n == 0 {
            first = client;
        }
    }
    for n in 0..7 {
        let kind = ["action", "note", "metric"][n % 3];
        ada.item(&first, kind, &format!("Item {n}"), json!({})).await;
    }
    world.advance_to("2026-03-03T09:01:00Z").await;
    let lists = [
        ("/v1/clients".to_owned(), 5),
        ("/v1/companies".to_owned(), 6),
        (format!("/v1/companies/{acme}/personnel"), 5),
        (format!("/v1/companies/{acme}/locations"), 5),
        ("/v1/groups".to_owned(), 5),
        ("/v1/members".to_owned(), 6),
        ("/v1/api-keys".to_owned(), 6),
        ("/v1/reports".to_owned(), 5),
        (format!("/v1/clients/{first}/items"), 7),
        (format!("/v1/clients/{first}/items?kind=note"), 2),
        (format!("/v1/clients/{first}/stream"), 7),
        ("/v1/audit?day=2026-03-02".to_owned(), 50),
        ("/v1/suppressions".to_owned(), 5),
    ];
    for (path, expected) in lists {
        let whole = pages(&ada, &path, 200).await;
        assert_eq!(whole.len(), expected, "{path}");
        assert_eq!(whole.iter().collect::<BTreeSet<_>>().len(), expected, "{path}");
        for limit in if expected > 10 { [7, expected] } else { [2, expected] } {
            assert_eq!(pages(&ada, &path, limit).await, whole, "{path} by {limit}");
        }
    }
    // what is added meanwhile neither repeats nor hides anything
    let page = ada.get("/v1/clients?limit=2").await.expect(200);
    ada.client("Later", "", "later@x.example").await;
    let rest = ada.get(&format!("/v1/clients?limit=200&cursor={}", text(&page["next_cursor"]))).await.expect(200);
    assert_eq!(rest["items"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn a_change_can_be_made_on_the_condition_that_nobody_changed_anything_meanwhile() {
    let world = World::at(NOON).await;
    let ada = world.house().await;
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    let action = ada.item(&amber, "action", "Hold 1:1s", json!({})).await;
    let order = ada.report(json!({})).await;
    let acme = ada.company("Acme").await;
    let circle = ada.add("/v1/groups", json!({ "name": "Circle" })).await;
    let changes = [
        ("/v1/me".to_owned(), json!({ "time_zone": "Europe/Berlin" })),
        ("/v1/account".to_owned(), json!({ "name": "Forward" })),
        (format!("/v1/members/{}", ada.id), json!({ "name": "Ada B." })),
        (format!("/v1/clients/{amber}"), json!({ "phone": "1" })),
        (format!("/v1/items/{action}"), json!({ "title": "Hold them" })),
        (format!("/v1/reports/{order}"), json!({ "name": "Other" })),
        (format!("/v1/companies/{acme}"), json!({ "name": "Acme Ltd" })),
        (format!("/v1/groups/{circle}"), json!({ "name": "Square" })),
    ];
    for (path, change) in changes {
        let read = ada.get(&path).await;
        let tag = read.headers["etag"].to_str().unwrap().to_owned();
        assert_eq!(tag, format!("\"{}\"", read.json["version"]), "{path}");
        let with_tag = |tag: String| {
            let (ada, path, change) = (ada.clone(), path.clone(), change.clone());
            async move { ada.ask("PATCH", &path, &[("if-match", &tag)], Some(&change)).await }
        };
        // two who know the same: one is first
        let both = futures::future::join(with_tag(tag.clone()), with_tag(tag.clone())).await;
        let mut statuses = [both.0.status.as_u16(), both.1.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412], "{path}");
        let now = ada.get(&path).await;
        assert_eq!(now.json["version"].as_u64(), read.json["version"].as_u64().map(|v| v + 1), "{path}");
        assert_eq!(with_tag(tag.clone()).await.status, 412, "{path}");
        assert_eq!(with_tag(format!("W/{}", now.headers["etag"].to_str().unwrap())).await.status, 200, "{path}");
        assert_eq!(with_tag("*".into()).await.status, 200, "{path}");
    }
    for (path, set) in [
        (format!("/v1/clients/{amber}/pairings"), json!({ "pairings": [] })),
        (format!("/v1/groups/{circle}/clients"), json!({ "client_ids": [amber] })),
    ] {
        let tag = ada.get(&path).await.headers["etag"].to_str().unwrap().to_owned();
        assert_eq!(ada.ask("PUT", &path, &[("if-match", "\"other\"")], Some(&set)).await.status, 412, "{path}");
        assert_eq!(ada.ask("PUT", &path, &[("if-match", &tag)], Some(&set)).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn every_change_is_on_the_audit_trail_and_refused_ones_are_not() {
    let world = World::at(NOON).await;
    let ada = world.account("Onward", "ada@onward.example", "UTC").await;
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    ada.post("/v1/clients", json!({ "first_name": "" })).await.expect(422);
    ada.patch(&format!("/v1/clients/{amber}"), json!({})).await.expect(200);
    let order = ada.report(json!({})).await;
    ada.delete(&format!("/v1/reports/{order}")).await;
    let entries = ada.get("/v1/audit").await.expect(200)["items"].as_array().unwrap().clone();
    let told: Vec<(String, String)> = entries.iter().map(|entry| (text(&entry["action"]), text(&entry["subject"]))).collect();
    let pair = |action: &str, subject: &str| (action.to_owned(), subject.to_owned());
    assert_eq!(
        told,
        [
            pair("report.delete", &order),
            pair("report.create", &order),
            pair("client.create", &amber),
            pair("account.create", &ada.account_id)
        ]
    );
    assert!(entries[..3].iter().all(|entry| entry["by"] == json!({ "kind": "member", "id": ada.id })));
    assert_eq!(ada.get("/v1/audit?day=2026-03-01").await.expect(200)["items"], json!([]));
}
