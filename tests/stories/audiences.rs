//! Who is sent what about whom: scopes, audiences, privacy, and the rights of whoever set the report up.

use serde_json::{Value, json};
use stories::{Person, World, text};

const ADA: &str = "ada@onward.example";
const MONDAY: &str = "2026-03-02T12:00:00Z";
/// A minute after the first run of a report that goes daily at nine.
const TUESDAY: &str = "2026-03-03T09:01:00Z";
const WEDNESDAY: &str = "2026-03-04T09:01:00Z";

fn third_parties(emails: &[&str]) -> Value {
    json!({ "kind": "third_parties", "emails": emails })
}

fn selected(ids: &[&String]) -> Value {
    json!({ "kind": "selected", "ids": ids })
}

#[tokio::test]
async fn clients_who_join_later_are_in_every_report_but_those_on_chosen_ones() {
    let world = World::at(MONDAY).await;
    let ada = world.house().await;
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    let acme = ada.company("Acme").await;
    let circle = ada.add("/v1/groups", json!({ "name": "Circle" })).await;
    ada.employ(&amber, &acme).await;
    ada.put(&format!("/v1/groups/{circle}/clients"), json!({ "client_ids": [amber] })).await.expect(200);
    for (name, scope) in [
        ("all", json!({ "kind": "all" })),
        ("selected", selected(&[&amber])),
        ("groups", json!({ "kind": "groups", "ids": [circle] })),
        ("companies", json!({ "kind": "companies", "ids": [acme] })),
    ] {
        ada.report(json!({ "subject": name, "scope": scope })).await;
    }
    ada.item(&amber, "action", "Hold 1:1s", json!({})).await;
    let ben = ada.client("Ben", "Alder", "ben@alder.example").await;
    ada.employ(&ben, &acme).await;
    ada.put(&format!("/v1/groups/{circle}/clients"), json!({ "client_ids": [amber, ben] })).await.expect(200);
    ada.item(&ben, "action", "Call three customers", json!({})).await;
    world.advance_to(TUESDAY).await;
    let mails = world.mails_to(ADA);
    assert_eq!(mails.len(), 4);
    for mail in mails {
        assert!(mail.text.contains("Hold 1:1s"), "{}", mail.subject);
        assert_eq!(mail.text.contains("Call three customers"), mail.subject != "selected", "{}", mail.subject);
    }
}

#[tokio::test]
async fn personnel_get_only_clients_of_their_company_and_only_the_kinds_they_were_granted() {
    let world = World::at(MONDAY).await;
    let ada = world.house().await;
    let (acme, nova) = (ada.company("Acme").await, ada.company("Nova").await);
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    let ben = ada.client("Ben", "Alder", "ben@alder.example").await;
    let cleo = ada.client("Cleo", "Park", "cleo@park.example").await;
    ada.employ(&amber, &acme).await;
    ada.employ(&ben, &nova).await;
    for (client, name) in [(&amber, "of Amber"), (&ben, "of Ben"), (&cleo, "of Cleo")] {
        ada.item(client, "action", &format!("Action {name}"), json!({ "body": format!("Body {name}") })).await;
        ada.item(client, "note", &format!("Secret {name}"), json!({})).await;
        ada.item(client, "note", &format!("Note {name}"), json!({ "visibility": "shared" })).await;
        let metric = ada.item(client, "metric", &format!("Metric {name}"), json!({})).await;
        ada.record(&metric, 3.0).await;
    }
    let hana = ada.personnel(&acme, "Hana Ito", "hana@acme.example", &["action", "note"]).await;
    let nils = ada.personnel(&nova, "Nils Berg", "nils@nova.example", &["metric"]).await;
    let order = ada
        .report(json!({
            "scope": { "kind": "companies", "ids": [acme, nova] }, "kinds": ["action", "metric", "note"],
            "audience": { "kind": "personnel", "ids": [hana, nils] }
        }))
        .await;
    let reads = async |address: &str, nth: usize| -> Vec<String> {
        let mail = &world.mails_to(address)[nth];
        let all = format!("{}{}{}", mail.subject, mail.text, mail.html);
        let mut found = Vec::new();
        for of in ["Amber", "Ben", "Cleo"] {
            for what in ["Action", "Body", "Secret", "Note", "Metric"] {
                if all.contains(&format!("{what} of {of}")) {
                    found.push(format!("{what} of {of}"));
                }
            }
        }
        found
    };
    world.advance_to(TUESDAY).await;
    assert_eq!(reads("hana@acme.example", 0).await, ["Action of Amber", "Note of Amber"]);
    assert_eq!(reads("nils@nova.example", 0).await, ["Metric of Ben"]);
    assert_eq!(world.mails().len(), 2);

    // what was granted is looked at anew each time, and bodies come only where that was asked for
    let path = format!("/v1/companies/{acme}/personnel/{hana}");
    ada.patch(&path, json!({ "grants": ["metric"] })).await.expect(200);
    ada.patch(&format!("/v1/reports/{order}"), json!({ "detail": "full" })).await.expect(200);
    ada.patch(&format!("/v1/companies/{nova}/personnel/{nils}"), json!({ "grants": ["action"] })).await.expect(200);
    world.advance_to(WEDNESDAY).await;
    assert_eq!(reads("hana@acme.example", 1).await, ["Metric of Amber"]);
    assert_eq!(reads("nils@nova.example", 1).await, ["Action of Ben", "Body of Ben"]);

    // who left the company's people gets nothing any more, and who moved takes nothing along
    ada.patch(&path, json!({ "active": false })).await.expect(200);
    ada.patch(&format!("/v1/clients/{ben}"), json!({ "company_id": "" })).await.expect(200);
    world.advance_to("2026-03-05T09:01:00Z").await;
    assert_eq!(world.mails().len(), 4);
}

#[tokio::test]
async fn the_same_address_twice_gets_one_message_and_nobody_sees_the_others() {
    let world = World::at(MONDAY).await;
    let ada = world.account("Onward", ADA, "UTC").await;
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    ada.item(&amber, "action", "Hold 1:1s", json!({})).await;
    let emails = ["hr@acme.example", "HR@Acme.example", "boss@acme.example", "hr@acme.example"];
    ada.report(json!({ "audience": third_parties(&emails) })).await;
    world.advance_to(TUESDAY).await;
    let mut to: Vec<String> = world.mails().into_iter().map(|mail| mail.to).collect();
    to.sort();
    assert_eq!(to, ["boss@acme.example", "hr@acme.example"]);
    for message in world.stack.ses.messages() {
        assert_eq!((message.to.len(), message.cc.len(), message.bcc.len()), (1, 0, 0));
    }
    assert!(!world.mails_to("hr@acme.example")[0].html.contains("boss@"));
}

#[tokio::test]
async fn nothing_private_goes_to_anybody_but_its_author_whatever_is_ticked() {
    let world = World::at(MONDAY).await;
    let ada = world.house().await;
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    let bob = ada.coach(&world, "Bob Kern", "bob@onward.example").await;
    ada.pair(&amber, &bob, "coaching").await;
    let client = world.person("amber@stone.example").await;
    ada.item(&amber, "note", "Note of Ada", json!({ "body": "x" })).await;
    bob.item(&amber, "session_note", "Note of Bob", json!({ "visibility": "private" })).await;
    client.item(&amber, "journal_entry", "Journal of Amber", json!({ "visibility": "private" })).await;
    client.item(&amber, "journal_entry", "Journal for Ada", json!({})).await;
    let was_private = ada.item(&amber, "note", "Shared later", json!({})).await;
    let kinds = json!(["note", "session_note", "journal_entry"]);
    let everywhere = json!({ "kinds": kinds, "detail": "full" });
    for audience in [json!({ "kind": "coach", "ids": [ada.id, bob.id] }), json!({ "kind": "clients" }), third_parties(&["hr@acme.example"])]
    {
        ada.report(stories::with(everywhere.clone(), json!({ "audience": audience }))).await;
    }
    world.advance_to(TUESDAY).await;
    let reads = |address: &str| -> Vec<&str> {
        let text = &world.mails_to(address).last().unwrap().text.clone();
        ["Note of Ada", "Note of Bob", "Journal of Amber", "Journal for Ada", "Shared later"]
            .into_iter()
            .filter(|t| text.contains(t))
            .collect()
    };
    assert_eq!(reads(ADA), ["Note of Ada", "Journal for Ada", "Shared later"]);
    for other in ["bob@onward.example", "amber@stone.example", "hr@acme.example"] {
        assert_eq!(reads(other), ["Journal for Ada"], "{other}");
    }
    ada.patch(&format!("/v1/items/{was_private}"), json!({ "visibility": "shared" })).await.expect(200);
    world.advance_to(WEDNESDAY).await;
    for other in ["bob@onward.example", "amber@stone.example", "hr@acme.example"] {
        assert_eq!(reads(other), ["Shared later"], "{other}");
    }
}

#[tokio::test]
async fn third_parties_get_a_summary_unless_the_whole_was_asked_for() {
    let world = World::at(MONDAY).await;
    let ada = world.account("Onward", ADA, "UTC").await;
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    ada.item(&amber, "action", "Hold 1:1s", json!({ "body": "Ask how they really are." })).await;
    ada.report(json!({ "audience": third_parties(&["hr@acme.example"]) })).await;
    ada.report(json!({ "audience": third_parties(&["boss@acme.example"]), "detail": "full" })).await;
    let order = ada.report(json!({})).await;
    world.advance_to(TUESDAY).await;
    let reads = |address: &str| world.mails_to(address).last().unwrap().text.contains("Ask how they really are.");
    assert_eq!(["hr@acme.example", "boss@acme.example", ADA].map(reads), [false, true, true]);
    // a report that turns to third parties turns to a summary
    let turned = json!({ "audience": third_parties(&["hr@acme.example"]) });
    assert_eq!(ada.patch(&format!("/v1/reports/{order}"), turned).await.expect(200)["detail"], "summary");
}

#[tokio::test]
async fn a_report_never_shows_more_than_its_creator_may_see_when_it_runs() {
    let world = World::at(MONDAY).await;
    let ada = world.house().await;
    let bob = ada.coach(&world, "Bob Kern", "bob@onward.example").await;
    let mut clients = Vec::new();
    for name in ["Amber", "Ben", "Cleo"] {
        let client = ada.client(name, "", &format!("{name}@x.example")).await;
        ada.item(&client, "action", &format!("Action of {name}"), json!({})).await;
        clients.push(client);
    }
    let [amber, ben, _] = &clients[..] else { unreachable!() };
    let acme = ada.company("Acme").await;
    for client in &clients {
        ada.employ(client, &acme).await;
    }
    ada.pair(amber, &bob, "coaching").await;
    ada.pair(ben, &bob, "coaching").await;
    let company = json!({ "kind": "companies", "ids": [acme] });
    bob.report(json!({ "scope": company })).await;
    bob.report(json!({ "scope": company, "audience": third_parties(&["hr@acme.example"]) })).await;
    // Ada sees all three herself, but in Bob's report only what he sees
    bob.report(json!({ "scope": company, "audience": { "kind": "coach", "ids": [ada.id] } })).await;
    let reads = |address: &str| -> Vec<String> {
        let text = &world.mails_to(address).last().unwrap().text.clone();
        ["Amber", "Ben", "Cleo"].into_iter().filter(|name| text.contains(&format!("Action of {name}"))).map(str::to_owned).collect()
    };
    world.advance_to(TUESDAY).await;
    for address in ["bob@onward.example", "hr@acme.example", ADA] {
        assert_eq!(reads(address), ["Amber", "Ben"], "{address}");
    }
    // the creator loses one client altogether, and may only look at the other
    ada.pair(ben, &bob, "none").await;
    ada.pair(amber, &bob, "view_only").await;
    world.advance_to(WEDNESDAY).await;
    assert_eq!(reads("bob@onward.example"), ["Amber"]);
    assert_eq!(reads(ADA), ["Amber"]);
    assert_eq!(world.mails_to("hr@acme.example").len(), 1, "what one may only look at is not passed on");
    // a view of everything brings them all, later ones too
    ada.patch(&format!("/v1/members/{}", bob.id), json!({ "permissions": ["view_all_client_happenings"] })).await.expect(200);
    let dana = ada.client("Dana", "", "dana@x.example").await;
    ada.employ(&dana, &acme).await;
    world.advance_to("2026-03-05T09:01:00Z").await;
    assert_eq!(reads("bob@onward.example"), ["Amber", "Ben", "Cleo"]);
}

#[tokio::test]
async fn archived_clients_are_left_out_and_come_back() {
    let world = World::at(MONDAY).await;
    let ada = world.account("Onward", ADA, "UTC").await;
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    let ben = ada.client("Ben", "Alder", "ben@alder.example").await;
    for client in [&amber, &ben] {
        ada.item(client, "action", "Hold 1:1s", json!({})).await;
    }
    ada.report(json!({ "audience": { "kind": "clients" } })).await;
    ada.report(json!({ "scope": selected(&[&amber, &ben]) })).await;
    ada.post(&format!("/v1/clients/{ben}/archive"), json!({})).await.expect(200);
    world.advance_to(TUESDAY).await;
    assert_eq!((world.mails_to("amber@stone.example").len(), world.mails_to("ben@alder.example").len()), (1, 0));
    assert!(!world.mails_to(ADA)[0].html.contains("Ben"));
    ada.post(&format!("/v1/clients/{ben}/unarchive"), json!({})).await.expect(200);
    world.advance_to(WEDNESDAY).await;
    assert_eq!((world.mails_to("amber@stone.example").len(), world.mails_to("ben@alder.example").len()), (2, 1));
    assert!(world.mails_to(ADA)[1].html.contains("Ben Alder"));
}

#[tokio::test]
async fn reports_of_a_deactivated_creator_pause_and_the_administrators_are_told() {
    let world = World::at(MONDAY).await;
    let ada = world.house().await;
    let bob = ada.coach(&world, "Bob Kern", "bob@onward.example").await;
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    ada.item(&amber, "action", "Hold 1:1s", json!({})).await;
    ada.pair(&amber, &bob, "coaching").await;
    let order = bob.report(json!({ "name": "Week of Bob", "audience": third_parties(&["hr@acme.example"]) })).await;
    bob.report(json!({ "name": "For Bob" })).await;
    let own = ada.report(json!({ "name": "For Ada" })).await;
    world.advance_to(TUESDAY).await;
    assert_eq!((world.mails_to("hr@acme.example").len(), world.mails_to("bob@onward.example").len()), (1, 1));

    ada.patch(&format!("/v1/members/{}", bob.id), json!({ "active": false })).await.expect(200);
    world.settle().await;
    let notices: Vec<String> = world.notices_to(ADA).iter().map(|mail| mail.text.clone()).collect();
    assert_eq!(notices.len(), 2);
    assert!(notices.iter().any(|text| text.contains("Week of Bob")) && notices.iter().all(|text| text.contains("Bob Kern")));
    let paused = ada.get(&format!("/v1/reports/{order}")).await.expect(200);
    assert_eq!((&paused["paused"], &paused["paused_because"]), (&json!(true), &json!("creator_deactivated")));
    assert_eq!(paused["next_runs"], json!([]));
    assert_eq!(bob.get("/v1/me").await.status, 401);

    world.advance_to("2026-03-06T09:01:00Z").await;
    assert_eq!((world.mails_to("hr@acme.example").len(), world.mails_to("bob@onward.example").len()), (1, 1));
    assert_eq!((world.reports_to(ADA).len(), world.notices_to(ADA).len()), (4, 2));
    assert_eq!(ada.get(&format!("/v1/reports/{own}")).await.expect(200)["paused"], false);
    let refused = ada.post(&format!("/v1/reports/{order}/resume"), json!({})).await;
    assert_eq!((refused.status.as_u16(), text(&refused.json["code"])), (409, "creator_deactivated".into()));
    let refused = ada.post(&format!("/v1/reports/{order}/send-now"), json!({})).await;
    assert_eq!((refused.status.as_u16(), text(&refused.json["code"])), (409, "creator_deactivated".into()));
    // once the creator is back, somebody must want the report again
    ada.patch(&format!("/v1/members/{}", bob.id), json!({ "active": true })).await.expect(200);
    assert_eq!(ada.get(&format!("/v1/reports/{order}")).await.expect(200)["paused"], true);
    ada.post(&format!("/v1/reports/{order}/resume"), json!({})).await.expect(200);
    world.advance_to("2026-03-07T09:01:00Z").await;
    assert_eq!(world.mails_to("hr@acme.example").len(), 2);
}

#[tokio::test]
async fn where_nothing_happened_and_nothing_is_open_each_report_does_what_it_says() {
    let world = World::at(MONDAY).await;
    let ada = world.account("Onward", ADA, "UTC").await;
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    let quiet = ada.report(json!({ "name": "Quiet", "when_empty": "skip" })).await;
    let hr = ada.report(json!({ "audience": third_parties(&["hr@acme.example"]) })).await;
    ada.report(json!({ "audience": third_parties(&["boss@acme.example"]), "when_empty": "send_note" })).await;
    let clients = ada.report(json!({ "audience": { "kind": "clients" } })).await;
    ada.report(json!({ "name": "By default" })).await;
    world.advance_to(TUESDAY).await;
    let to: Vec<String> = world.mails().into_iter().map(|mail| mail.to).collect();
    assert_eq!((to.len(), to.contains(&ADA.to_owned()), to.contains(&"boss@acme.example".to_owned())), (2, true, true));
    assert!(world.mails_to(ADA)[0].text.contains("By default"));
    for report in [&quiet, &hr, &clients] {
        let run = &ada.runs(report).await[0];
        assert_eq!(run["outcome"], "skipped");
        let (_, outcome, reason) = &Person::deliveries(run)[0];
        assert_eq!((outcome.as_str(), reason.as_str()), ("skipped", "nothing happened and nothing is open"));
    }
    // an open action alone is news enough
    ada.item(&amber, "action", "Hold 1:1s", json!({})).await;
    world.advance_to("2026-03-05T09:01:00Z").await;
    for address in ["hr@acme.example", "amber@stone.example"] {
        assert_eq!(world.mails_to(address).len(), 2, "{address}");
    }
    assert!(world.mails_to("amber@stone.example")[1].text.contains("[open] Hold 1:1s"));
}

#[tokio::test]
async fn companies_and_personnel_are_offered_only_while_companies_are_on() {
    let world = World::at(MONDAY).await;
    let ada = world.house().await;
    let acme = ada.company("Acme").await;
    let hana = ada.personnel(&acme, "Hana Ito", "hana@acme.example", &["action"]).await;
    let names = |options: &Value, field: &str| -> Vec<String> { options[field].as_array().unwrap().iter().map(text).collect() };
    let on = ada.get("/v1/report-options").await.expect(200);
    assert_eq!(names(&on, "scopes"), ["all", "selected", "groups", "companies"]);
    assert_eq!(names(&on, "audiences"), ["coach", "clients", "third_parties", "personnel"]);
    for scope in ["all", "selected", "groups"] {
        assert_eq!(on["audiences_by_scope"][scope], json!(["coach", "clients", "third_parties"]), "{scope}");
    }
    assert_eq!(on["audiences_by_scope"]["companies"], json!(["coach", "clients", "third_parties", "personnel"]));
    assert_eq!(on["companies"], json!([{ "id": acme, "name": "Acme" }]));
    assert_eq!(on["personnel"][0]["id"], hana);
    assert_eq!(names(&on, "kinds").len(), 13);

    ada.patch("/v1/account", json!({ "features": { "companies": false, "groups": false } })).await.expect(200);
    let off = ada.get("/v1/report-options").await.expect(200);
    assert_eq!(names(&off, "scopes"), ["all", "selected"]);
    assert_eq!(names(&off, "audiences"), ["coach", "clients", "third_parties"]);
    assert_eq!((&off["companies"], &off["personnel"]), (&json!([]), &json!([])));
    let refused = ada.post("/v1/companies", json!({ "name": "Nova" })).await;
    assert_eq!((refused.status.as_u16(), text(&refused.json["code"])), (409, "companies_required".into()));
}

#[tokio::test]
async fn a_report_that_leaves_the_house_needs_coaching_rights_or_the_permission() {
    let world = World::at(MONDAY).await;
    let ada = world.house().await;
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    let ben = ada.client("Ben", "Alder", "ben@alder.example").await;
    ada.item(&amber, "action", "Hold 1:1s", json!({})).await;
    let bob = ada.coach(&world, "Bob Kern", "bob@onward.example").await;
    ada.pair(&amber, &bob, "view_only").await;
    let hr = json!({ "audience": third_parties(&["hr@acme.example"]) });
    for body in [hr.clone(), json!({ "audience": { "kind": "clients" } })] {
        for path in ["/v1/reports", "/v1/reports/preview"] {
            let refused = bob.post(path, stories::report(body.clone())).await;
            assert_eq!((refused.status.as_u16(), text(&refused.json["code"])), (403, "forbidden".into()), "{path}");
            assert!(text(&refused.json["detail"]).contains("coaching rights on every client"));
        }
    }
    let own = bob.report(json!({})).await;
    let refused = bob.patch(&format!("/v1/reports/{own}"), hr.clone()).await;
    assert_eq!(refused.status, 403);
    // one of two is not enough
    ada.pair(&amber, &bob, "coaching").await;
    ada.pair(&ben, &bob, "view_only").await;
    bob.post("/v1/reports", stories::report(hr.clone())).await.expect(403);
    bob.post("/v1/reports", stories::report(stories::with(hr.clone(), json!({ "scope": selected(&[&amber]) })))).await.expect(201);
    ada.patch(&format!("/v1/members/{}", bob.id), json!({ "permissions": ["report_to_third_parties"] })).await.expect(200);
    bob.post("/v1/reports", stories::report(hr)).await.expect(201);
}

#[tokio::test]
async fn a_client_without_an_address_is_named_and_holds_nobody_up() {
    let world = World::at(MONDAY).await;
    let ada = world.account("Onward", ADA, "UTC").await;
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    let silent = ada.add("/v1/clients", json!({ "first_name": "Silas" })).await;
    for client in [&amber, &silent] {
        ada.item(client, "action", "Hold 1:1s", json!({})).await;
    }
    let order = ada.report(json!({ "audience": { "kind": "clients" } })).await;
    world.advance_to(TUESDAY).await;
    assert_eq!(world.mails().len(), 1);
    let run = &ada.runs(&order).await[0];
    assert_eq!((&run["outcome"], &run["recipients"], &run["without_address"]), (&json!("sent"), &json!(1), &json!([silent])));
}
