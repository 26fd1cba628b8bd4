//! Direct access: who sees a client, why, and what they are offered to do; who sees what of whom is told to the client.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use stories::{Person, World, report, text};

use crate::access::{House, ROUTES};

/// Where the matrix of rights has the coach who may only view.
const VIEW_ONLY: usize = 6;

fn list(value: &Value, field: &str) -> Vec<String> {
    value.as_array().unwrap().iter().map(|one| text(&one[field])).collect()
}

/// What a page offers.
fn acts(page: &Value) -> Vec<String> {
    list(&page["actions"], "act")
}

async fn page(person: &Person, client: &str) -> Value {
    person.get(&format!("/v1/clients/{client}/page")).await.expect(200)
}

fn code(answer: &stories::Answer) -> (u16, String) {
    (answer.status.as_u16(), text(&answer.json["code"]))
}

#[tokio::test]
async fn bob_views_amber_and_anthony_and_nobody_else() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let ada = world.house().await;
    let bob = ada.coach(&world, "Bob Kern", "bob@onward.example").await;
    let amber = ada.client("Amber", "Stone", "amber@x.example").await;
    let anthony = ada.client("Anthony", "Reed", "anthony@x.example").await;
    let cleo = ada.client("Cleo", "Park", "cleo@x.example").await;
    ada.item(&amber, "action", "Call the new team lead", json!({})).await;
    ada.item(&amber, "note", "For myself", json!({})).await;
    // from either side
    ada.post(&format!("/v1/clients/{amber}/share"), json!({ "member_id": bob.id })).await.expect(200);
    let set = json!({ "pairings": [{ "client_id": anthony, "level": "view_only" }, { "client_id": cleo, "level": "none" }] });
    ada.put(&format!("/v1/members/{}/pairings", bob.id), set).await.expect(200);

    assert_eq!(list(&bob.get("/v1/clients").await.expect(200)["items"], "first_name"), ["Amber", "Anthony"]);
    for client in [&amber, &anthony] {
        let page = page(&bob, client).await;
        assert_eq!((&page["view_only"], acts(&page)), (&json!(true), vec![]), "{page}");
        for area in page["areas"].as_array().unwrap() {
            assert_eq!(area["add"], json!([]), "{area}");
        }
    }
    let of_bob = page(&bob, &amber).await;
    let count = |page: &Value, area: &str| page["areas"].as_array().unwrap().iter().find(|a| a["area"] == area).unwrap()["count"].clone();
    assert_eq!((count(&of_bob, "actions"), count(&of_bob, "notes")), (json!(1), json!(0)));
    let of_ada = page(&ada, &amber).await;
    assert_eq!((count(&of_ada, "actions"), count(&of_ada, "notes"), &of_ada["view_only"]), (json!(1), json!(1), &json!(false)));
    assert_eq!(of_ada["areas"][0]["breadcrumb"], json!(["Contacts", "Amber Stone", "Coaching", "Engagement"]));
    for path in ["", "/page", "/items", "/stream", "/sharing", "/pairings", "/pairings/history"] {
        bob.get(&format!("/v1/clients/{cleo}{path}")).await.expect(404);
    }

    let explain = |client: &str| format!("/v1/access/explain?viewer=bob@onward.example&client_id={client}");
    for asking in [&ada, &bob] {
        let why = asking.get(&explain(&amber)).await.expect(200);
        assert_eq!((text(&why["viewer"]["name"]), text(&why["pairing"]["level"])), ("Bob Kern".into(), "view_only".into()));
        let right = |act: &str| why["rights"].as_array().unwrap().iter().find(|right| right["act"] == act).unwrap().clone();
        assert_eq!(right("read_record")["because"], json!([{ "all_of": [{ "kind": "pairing", "level": "view_only" }] }]));
        assert_eq!((text(&right("comment")["answer"]), text(&right("write_record")["answer"])), ("forbidden".into(), "forbidden".into()));
        assert_eq!(text(&right("comment")["says"]), "no: paired with the client to view only");
        assert_eq!((why["kinds"]["read"].as_array().unwrap().len(), &why["kinds"]["write"]), (13, &json!([])));
    }
    bob.get(&explain(&cleo)).await.expect(404);
    let why = ada.get(&explain(&cleo)).await.expect(200);
    assert_eq!((&why["pairing"], text(&why["rights"][0]["answer"])), (&json!(null), "hidden".into()));
    bob.get(&format!("/v1/access/explain?viewer=ada@onward.example&client_id={amber}")).await.expect(403);
    bob.get(&format!("/v1/access/explain?viewer=nobody@onward.example&client_id={amber}")).await.expect(403);
    ada.get(&format!("/v1/access/explain?viewer=nobody@onward.example&client_id={amber}")).await.expect(404);
    assert_eq!(ada.get(&format!("/v1/access/explain?viewer=nobody&client_id={amber}")).await.bad_fields(), ["viewer"]);
    // the same address as a client's and a member's is of two people
    ada.client("Bob", "Kern", "BOB@onward.example").await;
    assert_eq!(code(&ada.get(&explain(&amber)).await), (409, "several_people".into()));
    bob.get(&explain(&amber)).await.expect(200);
    ada.get(&format!("/v1/access/explain?viewer={}&client_id={amber}", bob.id)).await.expect(200);
}

#[tokio::test]
async fn who_only_views_writes_on_no_route() {
    let mut house = House::build().await;
    let bob = house.viewers[VIEW_ONLY].clone().unwrap();
    let of_a_client = ["/v1/clients/{id}", "/v1/items/{id}", "/v1/engagements", "/v1/sessions/{id}"];
    let mut asked = 0;
    for (method, template, targets) in ROUTES {
        if *method == "GET" || !of_a_client.iter().any(|of| template.starts_with(of)) {
            continue;
        }
        for on in *targets {
            let (path, body) = house.ready(method, template, on).await;
            let answer = bob.ask(method, &path, &[], body.as_ref()).await;
            let expected = match *on {
                _ if on.starts_with("other") && *template == "/v1/engagements" => 422,
                // an export with private items is asked of the client
                _ if template.ends_with("/exports") && !on.starts_with("other") => 403,
                _ if on.starts_with("other") || on.ends_with("private") || on.ends_with("deleted") => 404,
                _ => 403,
            };
            let status = answer.status.as_u16();
            let is_right = status == expected || (on.ends_with("deleted") && status == 403);
            assert!(is_right, "{method} {template} {on}: {status} {}", answer.text);
            asked += 1;
        }
    }
    assert!(asked > 50, "{asked}");
}

#[tokio::test]
async fn who_sees_all_clients_sees_later_ones_and_groups_only_when_they_may() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let ada = world.house().await;
    let viewing = json!({ "coach": false, "administrator": "global", "permissions": ["view_all_client_happenings"] });
    let vera = ada.member(&world, "Vera Lund", "vera@onward.example", viewing).await;
    let later = ada.client("Later", "", "later@x.example").await;
    let group = ada.add("/v1/groups", json!({ "name": "Circle" })).await;
    let seen = page(&vera, &later).await;
    assert_eq!((&seen["view_only"], acts(&seen)), (&json!(true), vec!["create_engagement".to_owned()]), "as an administrator");
    vera.post(&format!("/v1/clients/{later}/items"), json!({ "kind": "action", "title": "x" })).await.expect(403);
    assert_eq!(vera.get("/v1/groups").await.expect(200)["items"], json!([]));
    vera.get(&format!("/v1/groups/{group}")).await.expect(404);
    let both = json!({ "permissions": ["view_all_client_happenings", "view_all_group_happenings"] });
    ada.patch(&format!("/v1/members/{}", vera.id), both).await.expect(200);
    assert_eq!(list(&vera.get("/v1/groups").await.expect(200)["items"], "name"), ["Circle"]);
    vera.get(&format!("/v1/groups/{group}")).await.expect(200);
    // about others she may ask, as an administrator of the whole organisation
    vera.get(&format!("/v1/access/explain?viewer={}&client_id={later}", ada.id)).await.expect(200);
}

#[tokio::test]
async fn sharing_gives_sight_and_takes_nothing() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let ada = world.house().await;
    let bob = ada.coach(&world, "Bob Kern", "bob@onward.example").await;
    let cora = ada.coach(&world, "Cora Beck", "cora@onward.example").await;
    let desk = json!({ "coach": false, "administrator": "global" });
    let desk = ada.member(&world, "Dan Esk", "desk@onward.example", desk).await;
    let amber = ada.client("Amber", "", "amber@x.example").await;
    let own = world.person("amber@x.example").await;
    let path = format!("/v1/clients/{amber}/share");
    let share = |member: &Person, level: &str| json!({ "member_id": member.id, "level": level });
    for (bad, field) in [
        (json!({}), "member_id"),
        (json!({ "member_id": amber }), "member_id"),
        (share(&bob, "primary"), "level"),
        (share(&bob, "none"), "level"),
        (share(&desk, "coaching"), "level"),
    ] {
        assert_eq!(ada.post(&path, bad.clone()).await.bad_fields(), [field], "{bad}");
    }
    bob.post(&path, share(&cora, "view_only")).await.expect(404);
    own.post(&path, share(&cora, "view_only")).await.expect(403);
    let shared = ada.post(&path, json!({ "member_id": bob.id })).await.expect(200);
    let again = ada.post(&path, share(&bob, "view_only")).await.expect(200);
    assert_eq!(shared["version"], again["version"]);
    bob.post(&path, share(&cora, "view_only")).await.expect(403);
    // more can be given later, less is not taken by sharing
    world.advance_to("2026-03-03T12:00:00Z").await;
    ada.post(&path, share(&bob, "coaching")).await.expect(200);
    assert_eq!(code(&ada.post(&path, share(&bob, "view_only")).await), (409, "paired_already".into()));
    assert_eq!(code(&bob.post(&path, share(&ada, "view_only")).await), (409, "paired_already".into()));
    bob.post(&path, share(&cora, "coaching")).await.expect(200);
    bob.post(&path, share(&desk, "view_only")).await.expect(200);
    let history = bob.get(&format!("{}/pairings/history", path.trim_end_matches("/share"))).await.expect(200);
    let ended = &history["items"][0];
    assert_eq!(history["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        (text(&ended["member"]), text(&ended["level"]), text(&ended["member_id"])),
        ("Bob Kern".into(), "view_only".into(), bob.id.clone())
    );
    assert!(text(&ended["since"]).starts_with("2026-03-02") && text(&ended["until"]).starts_with("2026-03-03"), "{ended}");
    let page = page(&bob, &amber).await;
    assert!(!acts(&page).contains(&"share".into()), "everybody has it: {page}");
    ada.ask("POST", &format!("/v1/clients/{amber}/archive"), &[], None).await.expect(200);
    assert_eq!(code(&ada.post(&path, share(&cora, "coaching")).await), (409, "client_archived".into()));
}

#[tokio::test]
async fn pairings_that_ended_are_listed_newest_first_page_by_page() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let ada = world.house().await;
    let bob = ada.coach(&world, "Bob Kern", "bob@onward.example").await;
    let amber = ada.client("Amber", "", "amber@x.example").await;
    for (n, level) in ["view_only", "coaching", "none", "view_only", "none"].into_iter().enumerate() {
        world.advance_to(&format!("2026-03-02T1{}:00:00Z", n + 3)).await;
        ada.pair(&amber, &bob, level).await;
    }
    let path = format!("/v1/clients/{amber}/pairings/history");
    let mut told = Vec::new();
    let mut cursor = String::new();
    loop {
        let paged = ada.get(&format!("{path}?limit=2{cursor}")).await.expect(200);
        told.extend(paged["items"].as_array().unwrap().iter().map(|one| (text(&one["level"]), text(&one["until"])[11..13].to_owned())));
        match paged["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let expected = [("view_only", "17"), ("coaching", "15"), ("view_only", "14")].map(|(level, hour)| (level.to_owned(), hour.to_owned()));
    assert_eq!(told, expected);
    bob.get(&path).await.expect(404);
}

#[tokio::test]
async fn without_team_edition_nothing_of_a_team_is_offered_or_accepted() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let ada = world.house().await;
    let bob = ada.coach(&world, "Bob Kern", "bob@onward.example").await;
    let desk = json!({ "coach": false, "administrator": "global" });
    let desk = ada.member(&world, "Dan Esk", "desk@onward.example", desk).await;
    let amber = ada.client("Amber", "", "amber@x.example").await;
    let program = ada.add("/v1/programs", json!({ "name": "Leadership", "kind": "one_to_one" })).await;
    let engagement = ada.add("/v1/engagements", json!({ "client_id": amber, "program_id": program })).await;
    let offered = page(&ada, &amber).await;
    assert!(acts(&offered).contains(&"share".into()) && acts(&offered).contains(&"set_pairings".into()));
    assert_eq!(offered["engagements"][0]["actions"], json!(["edit", "assign_coach", "delete"]));

    ada.patch("/v1/account", json!({ "features": { "team_edition": false } })).await.expect(200);
    let offered = page(&ada, &amber).await;
    assert_eq!(acts(&offered), ["edit_profile", "archive", "portal_invite", "create_engagement", "add_item", "comment", "export"]);
    assert_eq!(offered["engagements"][0]["actions"], json!(["edit", "delete"]));
    let pairings = json!({ "pairings": [{ "member_id": bob.id, "level": "view_only" }] });
    let from_member = json!({ "pairings": [{ "client_id": amber, "level": "view_only" }] });
    let named = json!({ "client_id": amber, "program_id": program, "coach_id": bob.id });
    let session = json!({ "starts_at": "2026-03-20T10:00:00Z", "coach_id": bob.id });
    for (method, path, body) in [
        ("POST", "/v1/members".to_owned(), json!({ "name": "New", "email": "new@onward.example" })),
        ("PATCH", format!("/v1/members/{}", desk.id), json!({ "coach": true })),
        ("POST", format!("/v1/clients/{amber}/share"), json!({ "member_id": bob.id })),
        ("PUT", format!("/v1/clients/{amber}/pairings"), pairings),
        ("PUT", format!("/v1/members/{}/pairings", bob.id), from_member),
        ("POST", "/v1/clients".to_owned(), json!({ "first_name": "New", "primary_id": bob.id })),
        ("POST", "/v1/engagements".to_owned(), named),
        ("POST", format!("/v1/engagements/{engagement}/assign-coach"), json!({ "coach_id": bob.id })),
        ("POST", format!("/v1/engagements/{engagement}/sessions"), session),
    ] {
        let refused = ada.ask(method, &path, &[], Some(&body)).await;
        assert_eq!(code(&refused), (409, "team_edition_required".into()), "{method} {path}: {}", refused.text);
    }
    // one's own work goes on, and there is always a first coach
    ada.post(&format!("/v1/engagements/{engagement}/assign-coach"), json!({ "coach_id": ada.id })).await.expect(200);
    ada.client("Ben", "", "ben@x.example").await;
    ada.patch(&format!("/v1/members/{}", bob.id), json!({ "active": false })).await.expect(200);
    let refused = ada.patch(&format!("/v1/members/{}", bob.id), json!({ "active": true })).await;
    assert_eq!(code(&refused), (409, "team_edition_required".into()));
    let of_desk = desk.post("/v1/clients", json!({ "first_name": "New" })).await;
    assert_eq!(of_desk.status, 403);
    let managing = json!({ "permissions": ["manage_clients"] });
    ada.patch(&format!("/v1/members/{}", desk.id), managing).await.expect(200);
    desk.add("/v1/clients", json!({ "first_name": "New", "primary_id": ada.id })).await;
}

#[tokio::test]
async fn the_page_says_where_the_portal_stands_and_what_archiving_does() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let ada = world.house().await;
    let acme = ada.company("Acme").await;
    let amber = ada.client("Amber", "Stone", "amber@x.example").await;
    let profile = json!({ "phone": "+49 30 123456", "tags": ["vip"], "website": "https://amber.example", "social_links": ["https://s.example/amber"] });
    ada.patch(&format!("/v1/clients/{amber}"), profile).await.expect(200);
    ada.employ(&amber, &acme).await;
    let shown = page(&ada, &amber).await;
    let header = &shown["header"];
    assert_eq!(
        (text(&header["name"]), text(&header["phone"]), &header["tags"]),
        ("Amber Stone".into(), "+49 30 123456".into(), &json!(["vip"]))
    );
    assert_eq!((text(&header["company"]["name"]), text(&header["coach"]["name"])), ("Acme".into(), "Ada Brandt".into()));
    let portal = |page: &Value| (text(&page["header"]["portal"]["control"]), text(&page["header"]["portal"]["label"]));
    assert_eq!(portal(&shown), ("button".into(), "Portal Invite".into()));
    ada.ask("POST", &format!("/v1/clients/{amber}/portal/invite"), &[], None).await.expect(200);
    let pending = page(&ada, &amber).await;
    assert_eq!(portal(&pending), ("status".into(), "Pending Acceptance".into()));
    assert!(acts(&pending).contains(&"portal_cancel".into()) && !acts(&pending).contains(&"portal_resend".into()), "{pending}");
    world.advance_to("2026-03-03T12:00:01Z").await;
    let later = page(&ada, &amber).await;
    assert!(acts(&later).contains(&"portal_resend".into()));
    let says = |page: &Value, act: &str| text(&page["actions"].as_array().unwrap().iter().find(|a| a["act"] == act).unwrap()["says"]);
    assert!(says(&later, "archive").contains("invitation to the portal is taken back"), "{later}");
    assert!(says(&later, "archive").contains("invoices are cancelled for good"));
    ada.ask("POST", &format!("/v1/clients/{amber}/archive"), &[], None).await.expect(200);
    let archived = page(&ada, &amber).await;
    assert_eq!(
        (&archived["archived"], &archived["view_only"], acts(&archived)),
        (&json!(true), &json!(false), vec!["set_pairings".into(), "unarchive".into(), "export".into()])
    );
    assert!(says(&archived, "unarchive").contains("portal stays off"));
}

#[tokio::test]
async fn the_page_takes_as_many_requests_however_long_the_record_is() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let ada = world.house().await;
    let acme = ada.company("Acme").await;
    let [short, long] = [ada.client("Short", "", "short@x.example").await, ada.client("Long", "", "long@x.example").await];
    for client in [&short, &long] {
        ada.employ(client, &acme).await;
    }
    let program = ada.add("/v1/programs", json!({ "name": "Leadership", "kind": "one_to_one" })).await;
    for n in 0..60 {
        ada.item(&long, if n % 2 == 0 { "action" } else { "metric" }, "Something", json!({ "body": "x".repeat(2_000) })).await;
    }
    for _ in 0..5 {
        ada.add("/v1/engagements", json!({ "client_id": long, "program_id": program, "coach_id": ada.id })).await;
    }
    let mut calls = Vec::new();
    for (client, items, engagements) in [(&short, 0, 0), (&long, 30, 5)] {
        world.stack.faults.clear();
        let shown = page(&ada, client).await;
        calls.push(world.stack.faults.total().calls);
        assert_eq!(shown["areas"].as_array().unwrap().iter().find(|area| area["area"] == "actions").unwrap()["count"], items);
        assert_eq!((shown["engagements"].as_array().unwrap().len(), &shown["more_items"]), (engagements, &json!(false)));
    }
    assert_eq!(calls[0], calls[1]);
    // who asks: three; the client and what one is to them: two; engagements, members, pairings, company, items
    assert!(calls[0] <= 10, "{calls:?}");
}

#[tokio::test]
async fn the_client_sees_who_sees_the_record_and_what_is_sent_about_it() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let ada = world.house().await;
    let acme = ada.company("Acme").await;
    let bob = ada.coach(&world, "Bob Kern", "bob@onward.example").await;
    ada.coach(&world, "Una Pair", "una@onward.example").await;
    let viewing = json!({ "coach": false, "administrator": "location", "permissions": ["view_all_client_happenings"] });
    let place = ada.add(&format!("/v1/companies/{}/locations", ada.account_id), json!({ "name": "North" })).await;
    ada.member(&world, "Vera Lund", "vera@onward.example", stories::with(viewing, json!({ "location_id": place }))).await;
    let amber = ada.client("Amber", "Stone", "amber@x.example").await;
    let ben = ada.client("Ben", "", "ben@x.example").await;
    ada.employ(&amber, &acme).await;
    ada.pair(&amber, &bob, "view_only").await;
    ada.personnel(&acme, "Hana Ito", "hana@acme.example", &["metric"]).await;
    let hana = world.person("hana@acme.example").await;
    let own = world.person("amber@x.example").await;
    ada.item(&amber, "metric", "Sleep", json!({})).await;

    let third = json!({
        "name": "The payer wants numbers", "subject": "Numbers for HR", "scope": { "kind": "selected", "ids": [amber] }, "kinds": ["metric"],
        "audience": { "kind": "third_parties", "emails": ["hr@acme.example"] }
    });
    let third = ada.report(third).await;
    let people = json!({
        "scope": { "kind": "companies", "ids": [acme] }, "kinds": ["metric", "action"], "audience": { "kind": "personnel", "ids": [hana.id] }
    });
    ada.report(people).await;
    let own_mail = ada.report(json!({ "audience": { "kind": "clients" }, "when_empty": "send_note", "kinds": ["metric"] })).await;
    ada.report(json!({ "scope": { "kind": "selected", "ids": [ben] } })).await;
    for report in [&third, &own_mail] {
        ada.ask("POST", &format!("/v1/reports/{report}/send-now"), &[], None).await.expect(202);
    }
    ada.post(&format!("/v1/clients/{amber}/exports"), json!({ "kinds": ["metric"], "format": "csv" })).await.expect(202);
    ada.post(&format!("/v1/clients/{ben}/exports"), json!({})).await.expect(202);
    own.post(&format!("/v1/clients/{amber}/exports"), json!({ "from": "2026-01-01" })).await.expect(202);
    ada.post("/v1/account/exports", json!({})).await.expect(202);
    world.settle().await;

    let path = format!("/v1/clients/{amber}/sharing");
    let ledger = own.get(&path).await.expect(200);
    let people: Vec<(String, String, bool, usize)> = ledger["people"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (text(&p["name"]), text(&p["says"]), p["interacts"] == true, p["kinds"].as_array().unwrap().len()))
        .collect();
    let all = "permission to view all client happenings";
    let expected = [
        ("Ada Brandt", "paired with the client as primary coach; or permission to view all client happenings", true, 13),
        ("Bob Kern", "paired with the client as viewer", false, 13),
        ("Hana Ito", "of the company", false, 1),
        ("Vera Lund", all, false, 13),
    ];
    assert_eq!(people, expected.map(|(name, says, interacts, kinds)| (name.to_owned(), says.to_owned(), interacts, kinds)));
    let reports = ledger["reports"].as_array().unwrap();
    assert_eq!(list(&ledger["reports"], "audience"), ["clients", "personnel", "third_parties"]);
    let shown = |n: usize| (text(&reports[n]["name"]), reports[n]["recipients"].clone(), reports[n]["kinds"].clone());
    assert_eq!(shown(2), ("Numbers for HR".into(), json!(["hr@acme.example"]), json!(["metric"])));
    assert_eq!(shown(1), ("coaching report".into(), json!(["Hana Ito"]), json!(["metric"])));
    assert_eq!(
        (text(&reports[2]["set_up_by"]), text(&reports[2]["schedule_in_words"])),
        ("Ada Brandt".into(), "Every day at 09:00".into())
    );
    assert!(text(&reports[2]["next_run"]).starts_with("2026-03-03T09:00"));
    for n in [0, 2] {
        assert_eq!(list(&reports[n]["last_runs"], "outcome"), ["sent"], "{}", reports[n]);
    }
    assert_eq!(reports[1]["last_runs"], json!([]));
    let exports = ledger["exports"].as_array().unwrap().iter().map(|e| (text(&e["by"]), e["whole_account"] == true, text(&e["format"])));
    let expected = [("Ada Brandt", true, "json"), ("Amber Stone", false, "html"), ("Ada Brandt", false, "csv")];
    assert_eq!(exports.collect::<Vec<_>>(), expected.map(|(by, whole, format)| (by.to_owned(), whole, format.to_owned())));
    assert_eq!((list(&ledger["exports"], "state"), &ledger["exports"][2]["kinds"]), (vec!["ready".to_owned(); 3], &json!(["metric"])));
    // who manages a report knows it by its own name; who only sees the record sees what the client sees
    assert_eq!(text(&ada.get(&path).await.expect(200)["reports"][2]["name"]), "The payer wants numbers");
    assert_eq!(bob.get(&path).await.expect(200), ledger);
    hana.get(&path).await.expect(403);
    hana.get(&format!("/v1/clients/{ben}/sharing")).await.expect(404);
    own.get(&format!("/v1/clients/{ben}/sharing")).await.expect(404);
    // archived: no report is on the client
    ada.ask("POST", &format!("/v1/clients/{amber}/archive"), &[], None).await.expect(200);
    assert_eq!(ada.get(&path).await.expect(200)["reports"], json!([]));
}

#[tokio::test]
async fn what_somebody_is_refused_is_on_the_audit_trail_once_an_hour() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let ada = world.house().await;
    let bob = ada.coach(&world, "Bob Kern", "bob@onward.example").await;
    let [amber, ben] = [ada.client("Amber", "", "amber@x.example").await, ada.client("Ben", "", "ben@x.example").await];
    ada.pair(&amber, &bob, "view_only").await;
    let (items, hidden) = (format!("/v1/clients/{amber}/items"), format!("/v1/clients/{ben}"));
    let refused = async |query: &str| {
        let trail = ada.get(&format!("/v1/audit?action=refused{query}")).await.expect(200);
        list(&trail["items"], "subject")
    };
    for _ in 0..3 {
        bob.post(&items, json!({ "kind": "action", "title": "x" })).await.expect(403);
        bob.get(&format!("{hidden}?")).await.expect(404);
        // there is no such thing, so nothing was refused
        bob.get("/v1/clients/01J9Z3K5T0QW8R2M4N6P7S9V1X").await.expect(404);
        bob.get(&items).await.expect(200);
    }
    let once = [format!("GET {hidden}"), format!("POST {items}")];
    assert_eq!(refused("").await, once);
    world.advance_to("2026-03-02T13:00:01Z").await;
    bob.get(&hidden).await.expect(404);
    assert_eq!(refused("").await, [once[0].clone(), once[0].clone(), once[1].clone()]);
    assert_eq!(refused(&format!("&subject={amber}")).await, [once[1].clone()]);
    assert_eq!(refused(&format!("&by={}", bob.id)).await.len(), 3);
    assert_eq!(refused(&format!("&by={}", ada.id)).await, Vec::<String>::new());
    let created = ada.get("/v1/audit?action=client&limit=2").await.expect(200);
    assert_eq!(list(&created["items"], "action"), ["client.pairings", "client.create"]);
    let rest = ada.get(&format!("/v1/audit?action=client&limit=2&cursor={}", text(&created["next_cursor"]))).await.expect(200);
    assert_eq!((list(&rest["items"], "action"), &rest["next_cursor"]), (vec!["client.create".into()], &json!(null)));
    assert_eq!(ada.get("/v1/audit?action=clien").await.expect(200)["items"], json!([]));
    // reading the trail is for administrators of the whole organisation; being refused it is on it
    bob.get("/v1/audit").await.expect(403);
    assert_eq!(refused("").await[0], "GET /v1/audit");
    // nobody can fill it with what they may not do
    for n in 0..110 {
        bob.patch(&format!("/v1/members/01J9Z3K5T0QW8R2M4N6P7S{n:04}"), json!({})).await.expect(403);
    }
    let all = ada.get("/v1/audit?action=refused&limit=200").await.expect(200);
    assert_eq!(all["items"].as_array().unwrap().len(), 2 + 100);
}

#[tokio::test]
async fn two_accounts_with_the_same_addresses_never_meet() {
    let mut house = House::build().await;
    let twin = house.world.account("Twin", "ada@onward.example", "UTC").await;
    twin.patch("/v1/account", json!({ "features": { "companies": true, "groups": true, "team_edition": true } })).await.expect(200);
    twin.add("/v1/members", json!({ "name": "Paul Reed", "email": "primary@onward.example" })).await;
    let amber = twin.client("Amber", "Stone", "amber@stone.example").await;
    let acme = twin.company("Acme").await;
    twin.employ(&amber, &acme).await;
    twin.personnel(&acme, "Hana Ito", "hana@acme.example", &["action"]).await;
    twin.report(json!({ "audience": { "kind": "third_parties", "emails": ["hr@acme.example"] } })).await;
    let foreign: BTreeSet<String> = house.viewers.iter().flatten().take(10).map(|person| person.id.clone()).collect();
    let mut asked = 0;
    for (method, template, targets) in ROUTES {
        let is_own = ["/v1/me", "/v1/accounts", "/v1/access/explain"].contains(template);
        if !template.starts_with("/v1/") || is_own {
            continue;
        }
        for on in *targets {
            let (path, body) = house.ready(method, template, on).await;
            let names_theirs = template.contains('{');
            if *method != "GET" && !names_theirs {
                // what is added is added to one's own account: naming theirs is refused
                continue;
            }
            let answer = twin.ask(method, &path, &[], body.as_ref()).await;
            if names_theirs {
                let status = answer.status.as_u16();
                assert_eq!(status, 404, "{method} {template} {on}: {status} {}", answer.text);
            } else {
                assert_eq!(answer.status, 200, "{method} {template}: {}", answer.text);
            }
            for id in foreign.iter().chain([&house.own, &house.other]) {
                assert!(!answer.text.contains(id.as_str()), "{method} {template} {on} tells of {id}");
            }
            asked += 1;
        }
    }
    assert!(asked > 100, "{asked}");
    // an address is looked for in one's own account alone
    let why = twin.get(&format!("/v1/access/explain?viewer=amber@stone.example&client_id={amber}")).await.expect(200);
    assert_eq!(text(&why["viewer"]["id"]), amber);
    twin.get(&format!("/v1/access/explain?viewer=bob@onward.example&client_id={amber}")).await.expect(404);
    twin.get(&format!("/v1/access/explain?viewer=amber@stone.example&client_id={}", house.own)).await.expect(404);
    assert_eq!(
        twin.post(&format!("/v1/clients/{amber}/share"), json!({ "member_id": house.viewers[4].as_ref().unwrap().id })).await.bad_fields(),
        ["member_id"]
    );
    let theirs = report(json!({ "scope": { "kind": "selected", "ids": [house.own] } }));
    assert_eq!(twin.post("/v1/reports", theirs).await.status, 422);
    let theirs = json!({ "first_name": "New", "primary_id": house.viewers[4].as_ref().unwrap().id });
    assert_eq!(twin.post("/v1/clients", theirs).await.bad_fields(), ["primary_id"]);
}

#[tokio::test]
async fn clients_are_found_by_any_word_of_theirs() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let ada = world.house().await;
    let acme = ada.company("Acme").await;
    let zoe = ada.client("Zoë", "Ångström", "zoe@x.example").await;
    let ben = ada.client("Ben", "Alder", "ben@x.example").await;
    let profile = json!({ "phone": "+49 (30) 12-34 56", "tags": ["Führung"], "website": "https://zoe.example" });
    ada.patch(&format!("/v1/clients/{zoe}"), profile).await.expect(200);
    ada.employ(&ben, &acme).await;
    let found = async |query: &str| list(&ada.get(&format!("/v1/clients?{query}")).await.expect(200)["items"], "first_name");
    for query in ["q=ZOE%20ang", "q=30123456", "q=zoe.example", "q=fuhrung", "tag=FUHRUNG"] {
        assert_eq!(found(query).await, ["Zoë"], "{query}");
    }
    assert_eq!(found(&format!("company_id={acme}")).await, ["Ben"]);
    assert_eq!(found("q=x.example").await, ["Zoë", "Ben"]);
    ada.ask("POST", &format!("/v1/clients/{ben}/archive"), &[], None).await.expect(200);
    assert_eq!((found("q=ben").await, found("q=ben&archived=true").await), (vec![], vec!["Ben".to_owned()]));
}

#[tokio::test]
async fn an_explanation_tells_of_nothing_that_who_asks_does_not_see() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let ada = world.house().await;
    let bob = ada.coach(&world, "Bob Kern", "bob@onward.example").await;
    let tim = ada.member(&world, "Tim Rau", "tim@onward.example", json!({ "permissions": ["manage_team"] })).await;
    let amber = ada.client("Amber", "Stone", "amber@x.example").await;
    ada.pair(&amber, &bob, "coaching").await;
    let program = ada.add("/v1/programs", json!({ "name": "Leadership", "kind": "one_to_one" })).await;
    ada.add("/v1/engagements", json!({ "client_id": amber, "program_id": program, "coach_id": bob.id })).await;
    let explain = async |by: &Person, of: &str| by.get(&format!("/v1/access/explain?viewer={of}&client_id={amber}")).await;
    // who manages the team asks about anybody's rights, and learns of no engagement by it
    let why = explain(&tim, &bob.id).await.expect(200);
    assert_eq!((text(&why["pairing"]["level"]), &why["engagements"]), ("coaching".into(), &json!([])));
    assert_eq!(list(&explain(&ada, &bob.id).await.expect(200)["engagements"], "program"), ["Leadership"]);
    assert_eq!(list(&explain(&bob, &bob.id).await.expect(200)["engagements"], "program"), ["Leadership"]);
    assert_eq!(explain(&tim, &tim.id).await.expect(200)["engagements"], json!([]));
    // nor who is a client, by address or id
    for of in ["amber@x.example", &amber] {
        explain(&ada, of).await.expect(200);
        explain(&tim, of).await.expect(404);
    }
    let refused = ada.get("/v1/audit?action=refused").await.expect(200);
    assert_eq!(list(&refused["items"], "subject"), ["GET /v1/access/explain"]);
    // who has the same address as a client they don't see is the only one
    ada.add("/v1/members", json!({ "name": "Amber Stone", "email": "amber@x.example" })).await;
    assert_eq!(text(&explain(&tim, "amber@x.example").await.expect(200)["viewer"]["kind"]), "member");
    assert_eq!(code(&explain(&ada, "amber@x.example").await), (409, "several_people".into()));
}

#[tokio::test]
async fn what_is_there_and_not_theirs_is_on_record_where_it_is_named_in_a_body_too() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let ada = world.house().await;
    let bob = ada.coach(&world, "Bob Kern", "bob@onward.example").await;
    let amber = ada.client("Amber", "Stone", "amber@x.example").await;
    let program = ada.add("/v1/programs", json!({ "name": "Leadership", "kind": "one_to_one" })).await;
    let engagement = ada.add("/v1/engagements", json!({ "client_id": amber, "program_id": program, "coach_id": ada.id })).await;
    let deleted = ada.report(json!({ "when_empty": "send_note" })).await;
    let run = text(&ada.ask("POST", &format!("/v1/reports/{deleted}/send-now"), &[], None).await.expect(202)["id"]);
    world.settle().await;
    assert_eq!(ada.delete(&format!("/v1/reports/{deleted}")).await.status, 204);
    let nobody = "01J9Z3K5T0QW8R2M4N6P7S9V1X";
    for (client, engagement, run) in [(nobody, nobody, nobody), (&amber, &engagement, &run)] {
        let add = json!({ "client_id": client, "program_id": program });
        assert_eq!(bob.post("/v1/engagements", add).await.bad_fields(), ["client_id"]);
        bob.post("/v1/tracking/dry-run", json!({ "engagement_ids": [engagement], "threshold_weeks": 1 })).await.expect(404);
        bob.get(&format!("/v1/runs/{run}")).await.expect(404);
    }
    let mut refused = list(&ada.get("/v1/audit?action=refused").await.expect(200)["items"], "subject");
    refused.sort();
    let expected = [format!("GET /v1/runs/{run}"), format!("POST /v1/engagements for {amber}"), "POST /v1/tracking/dry-run".into()];
    assert_eq!(refused, expected);
}
