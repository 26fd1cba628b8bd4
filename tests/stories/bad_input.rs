//! Bad input, by name: each gets its own clear answer, and nothing is changed by it.

use serde_json::{Value, json};
use stories::{Answer, Person, World, report, text, with};

const NOON: &str = "2026-03-02T12:00:00Z";

/// The message about a field of a refusal.
#[track_caller]
fn message(answer: &Answer, field: &str) -> String {
    assert_eq!(answer.status, 422, "{}", answer.text);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    let errors = answer.json["errors"].as_array().unwrap();
    let error = errors.iter().find(|error| error["field"] == field).unwrap_or_else(|| panic!("{field} is not named in {}", answer.text));
    text(&error["message"])
}

/// Sends a bad report to both doors, creation and preview, and gives what is said of the field.
async fn refused(ada: &Person, more: Value, field: &str) -> String {
    let created = ada.post("/v1/reports", report(more.clone())).await;
    let previewed = ada.post("/v1/reports/preview", report(more)).await;
    let said = message(&created, field);
    assert_eq!(message(&previewed, field), said);
    assert_eq!(ada.get("/v1/reports").await.expect(200)["items"], json!([]), "nothing was set up");
    said
}

#[tokio::test]
async fn reports_that_no_account_can_have_are_refused_with_the_field_and_what_to_do() {
    let world = World::at(NOON).await;
    let ada = world.house().await;
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    let acme = ada.company("Acme").await;
    ada.employ(&amber, &acme).await;
    let hana = ada.personnel(&acme, "Hana Ito", "hana@acme.example", &["metric"]).await;
    let personnel = json!({ "kind": "personnel", "ids": [hana] });
    let companies = json!({ "kind": "companies", "ids": [acme] });

    let said = refused(&ada, json!({ "scope": { "kind": "selected", "ids": [amber] }, "audience": personnel }), "audience.kind").await;
    assert!(said.contains("only when its scope is by company") && said.contains("\"kind\": \"companies\""), "{said}");
    let said = refused(&ada, json!({ "kinds": [] }), "kinds").await;
    assert_eq!(said, "must name at least one kind of item");
    let said = refused(&ada, json!({ "kinds": ["action", "task"] }), "kinds[1]").await;
    assert!(said.contains("use action, metric"), "{said}");
    let third = |emails: Value| json!({ "audience": { "kind": "third_parties", "emails": emails } });
    let said = refused(&ada, third(json!(["hr@acme.example", "hr at acme"])), "audience.emails[1]").await;
    assert!(said.contains("name@example.com"), "{said}");
    let many: Vec<String> = (0..10_001).map(|n| format!("p{n}@acme.example")).collect();
    let said = refused(&ada, third(json!(many)), "audience.emails").await;
    assert!(said.contains("10001") && said.contains("1000"), "{said}");
    let said = refused(&ada, third(json!([])), "audience.emails").await;
    assert_eq!(said, "must name at least one address");
    let said = refused(&ada, json!({ "time_zone": "America/Gotham" }), "time_zone").await;
    assert!(said.contains("America/New_York"), "{said}");
    let said = refused(&ada, json!({ "schedule": { "every": "month", "day": 32, "at": "08:00" } }), "schedule.day").await;
    assert!(said.contains("1 to 31"), "{said}");
    let said = refused(&ada, json!({ "schedule": { "every": "day", "at": "24:00" } }), "schedule.at").await;
    assert!(said.contains("23:59"), "{said}");
    let said = refused(&ada, json!({ "schedule": { "every": "week", "at": "08:00" } }), "schedule.weekdays").await;
    assert!(said.contains("[\"tue\"]"), "{said}");
    let said = refused(&ada, json!({ "subject": "Hello\r\nBcc: eve@evil.example" }), "subject").await;
    assert!(said.contains("one line"), "{said}");
    let said = refused(&ada, json!({ "scope": { "kind": "all", "ids": [amber] } }), "scope.ids").await;
    assert!(said.contains("left out"), "{said}");
    let said = refused(&ada, json!({ "window": { "kind": "last_days", "days": 0 } }), "window.days").await;
    assert!(said.contains("1 to 366"), "{said}");

    let all_at_once = json!({ "kinds": [], "time_zone": "x", "audience": { "kind": "third_parties", "emails": ["x"] }, "name": "" });
    let mut fields = ada.post("/v1/reports", report(all_at_once)).await.bad_fields();
    fields.sort();
    assert_eq!(fields, ["audience.emails[0]", "kinds", "name", "time_zone"]);

    ada.patch("/v1/account", json!({ "features": { "companies": false } })).await.expect(200);
    let said = refused(&ada, json!({ "scope": companies }), "scope.kind").await;
    assert!(said.contains("companies are switched off") && said.contains("PATCH /v1/account"), "{said}");
    let said = refused(&ada, json!({ "scope": companies, "audience": personnel }), "audience.kind").await;
    assert!(said.contains("companies are switched off"), "{said}");
}

#[tokio::test]
async fn the_thirty_first_and_half_past_two_in_new_york_are_good_input() {
    let world = World::at(NOON).await;
    let ada = world.account("Onward", "ada@onward.example", "America/New_York").await;
    let last = report(json!({ "schedule": { "every": "month", "day": 31, "at": "08:00" } }));
    let made = ada.post("/v1/reports", last).await.expect(201);
    let runs: Vec<String> = made["next_runs"].as_array().unwrap().iter().map(text).collect();
    assert_eq!(
        runs,
        ["2026-03-31T12:00:00Z", "2026-04-30T12:00:00Z", "2026-05-31T12:00:00Z", "2026-06-30T12:00:00Z", "2026-07-31T12:00:00Z"]
    );
    let early = report(json!({ "schedule": { "every": "week", "weekdays": ["sun"], "at": "02:30" } }));
    let made = ada.post("/v1/reports", early).await.expect(201);
    // the clocks of New York skip 02:30 on 8 March: the report goes at 03:00, which is 07:00 UTC
    assert_eq!(made["next_runs"][0], "2026-03-08T07:00:00Z");
    assert_eq!(made["next_runs"][1], "2026-03-15T06:30:00Z");
    world.advance_to("2026-03-08T12:00:00Z").await;
    let times: Vec<String> = world.mails().iter().map(|mail| mail.local(chrono_tz::America::New_York)).collect();
    assert_eq!(times, ["Sun 2026-03-08 03:00"]);
}

#[tokio::test]
async fn names_may_be_anything_that_fits_on_a_line_and_do_no_harm_in_mail() {
    let world = World::at(NOON).await;
    let ada = world.account("Onward & Sons <b>", "ada@onward.example", "UTC").await;
    for bad in ["Amber\nStone", "Amber\r\nBcc: eve@evil.example", "Amber\u{2028}Stone", "Amb\u{202E}er", "\u{0}", "", "   "] {
        let answer = ada.post("/v1/clients", json!({ "first_name": bad })).await;
        let said = message(&answer, "first_name");
        assert!(said.contains("one line") || said.contains("empty"), "{bad:?}: {said}");
    }
    let long = ada.post("/v1/clients", json!({ "first_name": "x".repeat(101) })).await;
    assert!(message(&long, "first_name").contains("at most 100"));

    let hostile = "<script>alert(1)</script> \"'&\u{1F3AF}";
    let hebrew = "\u{5E9}\u{5DC}\u{5D5}\u{5DD}";
    let client = ada.client(hostile, hebrew, "eve@evil.example").await;
    assert_eq!(ada.get(&format!("/v1/clients/{client}")).await.expect(200)["first_name"], hostile);
    ada.item(&client, "action", "<img src=x onerror=alert(2)>", json!({ "body": "</td></table><script>alert(3)</script>" })).await;
    let words =
        json!({ "name": "<b>bold</b>", "subject": "News of <i>you</i>", "introduction": "<a href='javascript:alert(4)'>click</a>" });
    ada.report(words.clone()).await;
    ada.report(with(words, json!({ "audience": { "kind": "clients" } }))).await;
    world.advance_to("2026-03-03T09:01:00Z").await;
    let mails = world.mails();
    assert_eq!(mails.len(), 2);
    for mail in mails {
        let html = mail.html.to_ascii_lowercase();
        for harm in
            ["<script", "<img src=x", "<b>bold", "<i>you", "<a href='javascript", "href=\"javascript", "</td></table>&lt;/", "sons <b>"]
        {
            assert!(!html.contains(harm), "{harm} in the mail to {}", mail.to);
        }
        assert!(mail.html.contains("&lt;img src=x onerror=alert(2)&gt;"));
        assert!(mail.text.contains("<img src=x onerror=alert(2)>"));
        assert_eq!(mail.subject, "News of <i>you</i>");
    }
    assert!(world.mails_to("ada@onward.example")[0].html.contains(hebrew));
}

#[tokio::test]
async fn two_clients_with_one_address_are_refused_whichever_way_it_is_written() {
    let world = World::at(NOON).await;
    let ada = world.account("Onward", "ada@onward.example", "UTC").await;
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    let twin = json!({ "first_name": "Amy", "email": "AMBER@Stone.example" });
    let said = message(&ada.post("/v1/clients", twin.clone()).await, "email");
    assert!(said.contains("in use already"), "{said}");
    let ben = ada.client("Ben", "Alder", "ben@alder.example").await;
    let moved = ada.patch(&format!("/v1/clients/{ben}"), json!({ "email": "amber@stone.example" })).await;
    assert!(message(&moved, "email").contains("in use already"));
    assert_eq!(ada.get(&format!("/v1/clients/{ben}")).await.expect(200)["email"], "ben@alder.example");
    // who leaves an address leaves it to others
    ada.patch(&format!("/v1/clients/{amber}"), json!({ "email": "" })).await.expect(200);
    ada.post("/v1/clients", twin).await.expect(201);
    // accounts know nothing of each other
    let bea = world.account("Elsewhere", "bea@elsewhere.example", "UTC").await;
    bea.client("Amber", "Stone", "amber@stone.example").await;
}

#[tokio::test]
async fn what_belongs_to_another_account_does_not_exist() {
    let world = World::at(NOON).await;
    let ada = world.house().await;
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    let action = ada.item(&amber, "action", "Hold 1:1s", json!({})).await;
    let order = ada.report(json!({})).await;
    let acme = ada.company("Acme").await;
    let eve = world.account("Elsewhere", "eve@elsewhere.example", "UTC").await;
    eve.patch("/v1/account", json!({ "features": { "companies": true, "groups": true, "team_edition": true } })).await.expect(200);
    let nothing = "01J9Z3K5T0QW8R2M4N6P7S9V1X";
    for path in
        [format!("/v1/clients/{amber}"), format!("/v1/items/{action}"), format!("/v1/reports/{order}"), format!("/v1/companies/{acme}")]
    {
        let other = eve.get(&path).await;
        let nowhere = eve.get(&format!("{}/{nothing}", path.rsplit_once('/').unwrap().0)).await;
        assert_eq!((other.status.as_u16(), &other.json["detail"]), (404, &nowhere.json["detail"]), "{path}");
        eve.patch(&path, json!({})).await.expect(404);
    }
    eve.get("/v1/clients/not-an-id").await.expect(404);
    let said = refused(&eve, json!({ "scope": { "kind": "selected", "ids": [amber] } }), "scope.ids[0]").await;
    assert_eq!(said, "there is no such client");
    let said = refused(&eve, json!({ "scope": { "kind": "companies", "ids": [acme] } }), "scope.ids[0]").await;
    assert_eq!(said, "there is no such company");
    let said = refused(&eve, json!({ "scope": { "kind": "selected", "ids": ["x"] } }), "scope.ids[0]").await;
    assert!(said.contains("26 characters"), "{said}");
    let placed = eve.post("/v1/clients", json!({ "first_name": "Ann", "company_id": acme })).await;
    assert_eq!(message(&placed, "company_id"), "there is no such company");
}

#[tokio::test]
async fn a_cursor_is_good_for_the_list_it_came_from_and_no_other() {
    let world = World::at(NOON).await;
    let ada = world.house().await;
    for n in 0..3 {
        ada.client(&format!("Client {n}"), "", &format!("c{n}@x.example")).await;
        ada.company(&format!("Company {n}")).await;
    }
    let cursor = text(&ada.get("/v1/clients?limit=1").await.expect(200)["next_cursor"]);
    ada.get(&format!("/v1/clients?limit=1&cursor={cursor}")).await.expect(200);
    let bad = |path: String| {
        let ada = ada.clone();
        async move {
            let answer = ada.get(&path).await;
            assert_eq!(answer.status, 400, "{path}: {}", answer.text);
            assert_eq!(answer.json["code"], "bad_cursor", "{path}");
            assert!(text(&answer.json["detail"]).contains("leave it out to begin at the start"));
        }
    };
    bad(format!("/v1/companies?limit=1&cursor={cursor}")).await;
    bad(format!("/v1/clients?limit=1&archived=true&cursor={cursor}")).await;
    bad("/v1/clients?cursor=nonsense".into()).await;
    bad(format!("/v1/clients?cursor={cursor}A")).await;
    let bea = world.account("Elsewhere", "bea@elsewhere.example", "UTC").await;
    let stolen = bea.get(&format!("/v1/clients?cursor={cursor}")).await;
    assert_eq!((stolen.status.as_u16(), text(&stolen.json["code"])), (400, "bad_cursor".into()));
    for query in ["limit=0", "limit=201", "limit=x", "colour=red"] {
        let answer = ada.get(&format!("/v1/clients?{query}")).await;
        assert_eq!((answer.status.as_u16(), text(&answer.json["code"])), (400, "bad_query".into()), "{query}");
    }
}

#[tokio::test]
async fn bodies_that_are_too_large_not_json_or_have_other_fields_are_told_so() {
    let world = World::at(NOON).await;
    let ada = world.account("Onward", "ada@onward.example", "UTC").await;
    let large = ada.post("/v1/clients", json!({ "first_name": "x".repeat(2_000_000) })).await;
    assert_eq!(large.status, 413);
    assert_eq!(large.headers["content-type"], "application/problem+json");
    assert!(text(&large.json["detail"]).contains('1'), "{}", large.text);

    let unknown = ada.post("/v1/clients", json!({ "first_name": "Amber", "fist_name": "x", "email": 5 })).await;
    let said = message(&unknown, "fist_name");
    assert!(said.contains("is not a field here") && said.contains("first_name"), "{said}");
    assert!(!message(&unknown, "email").is_empty());
    let nested = ada.post("/v1/reports", report(json!({ "schedule": { "every": "day", "at": "09:00", "hour": 9 } }))).await;
    assert!(message(&nested, "schedule.hour").contains("is not a field here"));

    for (body, status, code) in [("{", 400, "bad_json"), ("", 400, "bad_json"), ("{\"first_name\": \"\\ud800\"}", 400, "bad_json")] {
        let answer = ada.send("POST", "/v1/clients", &[("content-type", "application/json")], body.into()).await;
        assert_eq!((answer.status.as_u16(), text(&answer.json["code"])), (status, code.into()), "{body}");
    }
    let other = ada.send("POST", "/v1/clients", &[("content-type", "text/plain")], "{\"first_name\": \"Amber\"}".into()).await;
    assert_eq!((other.status.as_u16(), text(&other.json["code"])), (415, "not_json".into()));
    assert_eq!(ada.get("/v1/clients").await.expect(200)["items"], json!([]));

    assert_eq!(world.anybody("GET", "/v1/clients", &[], None).await.status, 401);
    let forged = world.anybody("GET", "/v1/clients", &[("authorization", "Bearer cairn_x")], None).await;
    assert_eq!((forged.status.as_u16(), text(&forged.json["code"])), (401, "unauthorized".into()));
    assert_eq!(ada.get("/v1/nowhere").await.status, 404);
    let method = ada.delete("/v1/clients").await;
    assert_eq!((method.status.as_u16(), text(&method.json["code"])), (405, "method_not_allowed".into()));
}

#[tokio::test]
async fn the_same_idempotency_key_with_another_body_is_refused_and_does_nothing() {
    let world = World::at(NOON).await;
    let ada = world.account("Onward", "ada@onward.example", "UTC").await;
    let key = [("idempotency-key", "add-amber")];
    ada.ask("POST", "/v1/clients", &key, Some(&json!({ "first_name": "Amber" }))).await.expect(201);
    let other = ada.ask("POST", "/v1/clients", &key, Some(&json!({ "first_name": "Ben" }))).await;
    assert_eq!((other.status.as_u16(), text(&other.json["code"])), (422, "idempotency_key_reused".into()));
    assert!(text(&other.json["detail"]).contains("use a new key"));
    let elsewhere = ada.ask("POST", "/v1/reports", &key, Some(&report(json!({})))).await;
    assert_eq!(elsewhere.status, 422);
    assert_eq!(ada.get("/v1/clients").await.expect(200)["items"].as_array().unwrap().len(), 1);
    let long = "x".repeat(256);
    for bad in ["", long.as_str()] {
        let answer = ada.ask("POST", "/v1/clients", &[("idempotency-key", bad)], Some(&json!({ "first_name": "Cleo" }))).await;
        assert_eq!((answer.status.as_u16(), text(&answer.json["code"])), (400, "bad_idempotency_key".into()));
    }
}

#[tokio::test]
async fn a_stale_if_match_changes_nothing() {
    let world = World::at(NOON).await;
    let ada = world.account("Onward", "ada@onward.example", "UTC").await;
    let path = format!("/v1/clients/{}", ada.client("Amber", "Stone", "amber@stone.example").await);
    let read = ada.get(&path).await;
    assert_eq!(read.headers["etag"], "\"1\"");
    ada.patch(&path, json!({ "phone": "1" })).await.expect(200);
    let stale = ada.ask("PATCH", &path, &[("if-match", "\"1\"")], Some(&json!({ "phone": "2" }))).await;
    assert_eq!((stale.status.as_u16(), text(&stale.json["code"])), (412, "stale".into()));
    assert!(text(&stale.json["detail"]).contains("read it again"));
    assert_eq!(ada.get(&path).await.expect(200)["phone"], "1");
    let malformed = ada.ask("PATCH", &path, &[("if-match", "1")], Some(&json!({ "phone": "2" }))).await;
    assert_eq!((malformed.status.as_u16(), text(&malformed.json["code"])), (400, "bad_if_match".into()));
    ada.ask("PATCH", &path, &[("if-match", "\"2\"")], Some(&json!({ "phone": "2" }))).await.expect(200);

    let order = format!("/v1/reports/{}", ada.report(json!({})).await);
    let stale = ada.ask("DELETE", &order, &[("if-match", "\"7\"")], None).await;
    assert_eq!(stale.status, 412);
    ada.get(&order).await.expect(200);
}

#[tokio::test]
async fn bad_items_are_refused_field_by_field() {
    let world = World::at(NOON).await;
    let ada = world.account("Onward", "ada@onward.example", "UTC").await;
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    let items = format!("/v1/clients/{amber}/items");
    let refused = async |body: Value, field: &str| message(&ada.post(&items, body).await, field);
    assert!(refused(json!({ "title": "x" }), "kind").await.contains("is needed"));
    assert!(refused(json!({ "kind": "action" }), "title").await.contains("is needed"));
    assert!(refused(json!({ "kind": "task", "title": "x" }), "kind").await.contains("action"));
    assert!(
        refused(json!({ "kind": "note", "title": "x", "due_on": "2026-04-01" }), "due_on").await.contains("not a field of the kind note")
    );
    assert!(!refused(json!({ "kind": "action", "title": "x", "due_on": "2026-02-30" }), "due_on").await.is_empty());
    assert!(refused(json!({ "kind": "appointment", "title": "x" }), "starts_at").await.contains("is needed"));
    assert!(refused(json!({ "kind": "session_note", "title": "x", "on": "0001-01-01" }), "on").await.contains("1900"));
    assert!(
        refused(json!({ "kind": "appointment", "title": "x", "starts_at": "0001-01-01T00:00:00Z" }), "starts_at").await.contains("1900")
    );
    let money = json!({ "kind": "invoice", "title": "x", "amount": { "amount_minor": -1, "currency": "euro" } });
    assert!(refused(money.clone(), "amount.currency").await.contains("EUR"));
    assert!(refused(money, "amount.amount_minor").await.contains("from 0"));
    assert_eq!(ada.get(&items).await.expect(200)["items"], json!([]));

    let metric = ada.item(&amber, "metric", "Hours of sleep", json!({})).await;
    let data = format!("/v1/items/{metric}/data");
    assert!(message(&ada.post(&data, json!({})).await, "value").contains("is needed"));
    assert!(message(&ada.post(&data, json!({ "value": 1e300 })).await, "value").contains("ordinary number"));
    assert!(message(&ada.post(&data, json!({ "value": 1, "on": "2027-01-01" })).await, "on").contains("future"));
    let note = ada.item(&amber, "note", "Books", json!({})).await;
    let done = ada.ask("POST", &format!("/v1/items/{note}/complete"), &[], None).await;
    assert_eq!((done.status.as_u16(), text(&done.json["code"])), (409, "wrong_state".into()));
    assert_eq!(text(&done.json["detail"]), "can't complete this note: it is on record");
}
