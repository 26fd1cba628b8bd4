//! What a group shares: its clients, coaches and who may see all groups read it, coaches write it, and nobody else knows of it
//! (P-10).

use serde_json::{Value, json};
use stories::{Person, World, text};

const AMBER: &str = "amber@stone.example";
const BEN: &str = "ben@ruiz.example";

/// Ada coaches Amber, and Bea coaches Ben; both clients are in the circle, and Cleo, whom Ada coaches too, is not.
struct Circle {
    world: World,
    ada: Person,
    bea: Person,
    amber: Person,
    ben: Person,
    cleo: Person,
    group: String,
    of_amber: String,
}

impl Circle {
    async fn open() -> Self {
        let world = World::at("2026-03-02T12:00:00Z").await;
        let ada = world.house().await;
        let bea = ada.coach(&world, "Bea Lindt", "bea@onward.example").await;
        let of_amber = ada.client("Amber", "Stone", AMBER).await;
        let of_ben = bea.client("Ben", "Ruiz", BEN).await;
        ada.client("Cleo", "Marsh", "cleo@marsh.example").await;
        let group = ada.add("/v1/groups", json!({ "name": "Circle" })).await;
        ada.put(&format!("/v1/groups/{group}/clients"), json!({ "client_ids": [of_amber, of_ben] })).await.expect(200);
        let (amber, ben) = (world.person(AMBER).await, world.person(BEN).await);
        let cleo = world.person("cleo@marsh.example").await;
        Self { world, ada, bea, amber, ben, cleo, group, of_amber }
    }

    fn path(&self, rest: &str) -> String {
        format!("/v1/groups/{}{rest}", self.group)
    }

    async fn share(&self, by: &Person, title: &str, more: Value) -> String {
        let mut draft = json!({ "kind": "action", "title": title });
        draft.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        by.add(&self.path("/items"), draft).await
    }

    async fn say(&self, by: &Person, item: &str, words: &str) {
        by.post(&format!("/v1/items/{item}/comments"), json!({ "text": words })).await.expect(201);
        self.world.settle().await;
    }
}

async fn titles(by: &Person, path: &str) -> Vec<String> {
    by.get(path).await.expect(200)["items"].as_array().unwrap().iter().map(|item| text(&item["title"])).collect()
}

#[tokio::test]
async fn clients_and_coaches_of_a_group_share_its_items_and_stream_and_nobody_else_sees_them() {
    let circle = Circle::open().await;
    let item = circle.share(&circle.ada, "Read chapter three", json!({ "due_on": "2026-03-04" })).await;
    let shown = circle.bea.get(&format!("/v1/items/{item}")).await.expect(200);
    assert_eq!(
        (text(&shown["group_id"]), shown.get("client_id"), shown["visibility"].as_str()),
        (circle.group.clone(), None, Some("shared"))
    );
    circle.share(&circle.bea, "A note for all", json!({ "kind": "note" })).await;

    for person in [&circle.ada, &circle.bea, &circle.amber, &circle.ben] {
        assert_eq!(titles(person, &circle.path("/items")).await, ["Read chapter three", "A note for all"]);
        assert_eq!(titles(person, "/v1/groups").await.len(), 1);
        assert_eq!(person.get(&format!("/v1/items/{item}")).await.status, 200);
    }
    for path in [circle.path(""), circle.path("/items"), circle.path("/stream"), format!("/v1/items/{item}")] {
        assert_eq!(circle.cleo.get(&path).await.status, 404, "{path}");
    }
    assert_eq!(circle.cleo.get("/v1/groups").await.expect(200)["items"], json!([]));
    // a client sees who else is in the group by what they say, not by their record
    assert_eq!(circle.ben.get(&circle.path("/clients")).await.expect(200)["client_ids"].as_array().unwrap().len(), 1);

    // it is the group's own, and in nobody's record
    let own = format!("/v1/clients/{}", circle.of_amber);
    assert_eq!(titles(&circle.ada, &format!("{own}/items")).await, [""; 0]);
    assert_eq!(titles(&circle.ada, &format!("{own}/stream")).await, [""; 0]);
    circle.ada.item(&circle.of_amber, "action", "Amber's own", json!({})).await;
    assert_eq!(titles(&circle.ben, &circle.path("/stream")).await, ["A note for all", "Read chapter three"]);

    // late by the calendar of the account
    circle.world.advance_to("2026-03-05T06:00:00Z").await;
    let stream = circle.amber.get(&circle.path("/stream")).await.expect(200);
    assert_eq!(stream["items"][0]["what"], "late");
    assert_eq!(stream["items"][0]["group_id"], circle.group.as_str());
    let first = circle.amber.get(&circle.path("/stream?limit=2")).await.expect(200);
    let rest = circle.amber.get(&circle.path(&format!("/stream?limit=2&cursor={}", text(&first["next_cursor"])))).await.expect(200);
    let whats = [first["items"].as_array().unwrap().as_slice(), rest["items"].as_array().unwrap()].concat();
    assert_eq!(whats, *stream["items"].as_array().unwrap());

    // who leaves the group sees it no more
    circle.ada.put(&circle.path("/clients"), json!({ "client_ids": [circle.of_amber] })).await.expect(200);
    assert_eq!(circle.ben.get(&circle.path("/items")).await.status, 404);
    assert_eq!(circle.ben.get(&format!("/v1/items/{item}")).await.status, 404);
    assert_eq!(circle.bea.get(&format!("/v1/items/{item}")).await.status, 404);
}

#[tokio::test]
async fn coaches_write_what_a_group_shares_and_clients_comment_on_it() {
    let circle = Circle::open().await;
    let item = circle.share(&circle.ada, "Read chapter three", json!({})).await;
    let one = format!("/v1/items/{item}");
    for (person, status) in [(&circle.amber, 403), (&circle.cleo, 404)] {
        assert_eq!(person.post(&circle.path("/items"), json!({ "kind": "action", "title": "Mine" })).await.status, status);
        assert_eq!(person.patch(&one, json!({ "title": "Mine" })).await.status, status);
        assert_eq!(person.ask("POST", &format!("{one}/complete"), &[], None).await.status, status);
    }
    // any coach of the group, not only who added it
    circle.bea.patch(&one, json!({ "title": "Read chapter four" })).await.expect(200);
    circle.bea.advance(&item, "complete").await;
    circle.bea.advance(&item, "reopen").await;

    // who is paired to view reads; who may see all clients but no groups does not know of it; with the permission they read
    let vic = circle.ada.member(&circle.world, "Vic Roe", "vic@onward.example", json!({})).await;
    circle.ada.pair(&circle.of_amber, &vic, "view_only").await;
    let eve = json!({ "administrator": "global", "permissions": ["view_all_client_happenings"] });
    let eve = circle.ada.member(&circle.world, "Eve Holm", "eve@onward.example", eve).await;
    assert_eq!(eve.get(&one).await.status, 404);
    assert_eq!(eve.get(&circle.path("/stream")).await.status, 404);
    let permissions = json!({ "permissions": ["view_all_client_happenings", "view_all_group_happenings"] });
    circle.ada.patch(&format!("/v1/members/{}", eve.id), permissions).await.expect(200);
    for person in [&vic, &eve] {
        assert_eq!(titles(person, &circle.path("/items")).await, ["Read chapter four"]);
        for (method, path, body) in [
            ("POST", circle.path("/items"), json!({ "kind": "action", "title": "Mine" })),
            ("PATCH", one.clone(), json!({ "title": "Mine" })),
            ("POST", format!("{one}/comments"), json!({ "text": "Hm." })),
        ] {
            assert_eq!(person.ask(method, &path, &[], Some(&body)).await.status, 403, "{method} {path}");
        }
    }

    for (draft, field) in [
        (json!({ "kind": "agreement", "title": "Terms" }), "kind"),
        (json!({ "kind": "invoice", "title": "Fee", "amount": { "amount_minor": 1, "currency": "EUR" } }), "kind"),
        (json!({ "kind": "note", "title": "For me", "visibility": "private" }), "visibility"),
    ] {
        let refused = circle.ada.post(&circle.path("/items"), draft).await.expect(422);
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
    let refused = circle.ada.patch(&one, json!({ "visibility": "private" })).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "visibility", "{refused}");
    circle.ada.patch("/v1/account", json!({ "features": { "groups": false } })).await.expect(200);
    circle.ada.post(&circle.path("/items"), json!({ "kind": "action", "title": "Late" })).await.expect(409);
}

#[tokio::test]
async fn what_a_client_says_in_a_group_goes_to_its_coaches_and_what_a_coach_says_to_its_clients() {
    let circle = Circle::open().await;
    let item = circle.share(&circle.ada, "Read chapter three", json!({})).await;
    let counts = || {
        let of = |who: &str| circle.world.mails_to(who).into_iter().filter(|mail| mail.subject.starts_with("Re: ")).count();
        [of("ada@onward.example"), of("bea@onward.example"), of(AMBER), of(BEN), of("cleo@marsh.example")]
    };
    circle.say(&circle.amber, &item, "Page 61 is my last one-to-one.").await;
    assert_eq!(counts(), [1, 1, 0, 0, 0], "both coaches, and no other client");
    let mail = circle.world.mails_to("bea@onward.example").pop().unwrap();
    for words in ["Amber Stone", "Action of Circle", "everybody in Circle can read it"] {
        assert!(mail.text.replace(['\u{2068}', '\u{2069}'], "").contains(words), "{words}: {}", mail.text);
    }
    assert!(!mail.text.contains(&circle.of_amber), "{}", mail.text);
    circle.say(&circle.bea, &item, "Then begin there.").await;
    assert_eq!(counts(), [1, 1, 1, 1, 0], "both clients");

    // who gets it answers it by mail, and everybody reads it
    let messages = circle.world.stack.ses.messages();
    let message = messages.iter().rfind(|message| message.to.iter().any(|to| to == BEN)).unwrap();
    let to = message.reply_to.first().unwrap().replace('+', "%2B");
    let raw = format!(
        "Message-ID: <1@mail.example>\r\nFrom: {BEN}\r\nTo: {to}\r\nSubject: Re: x\r\nDate: Mon, 2 Mar 2026 12:30:00 +0000\r\n\r\nMine too.\r\n"
    );
    let became = circle.world.raw("POST", &format!("/local/inbound?to={to}"), &[], raw).await.expect(200);
    assert_eq!(became["decision"], "stored", "{became}");
    circle.world.settle().await;
    assert_eq!(counts(), [2, 2, 1, 1, 0]);
    let said = circle.amber.get(&format!("/v1/items/{item}/comments")).await.expect(200);
    let said: Vec<String> = said["items"].as_array().unwrap().iter().map(|comment| text(&comment["text"])).collect();
    assert_eq!(said, ["Page 61 is my last one-to-one.", "Then begin there.", "Mine too."]);
    let stream = circle.amber.get(&circle.path("/stream")).await.expect(200);
    assert_eq!(stream["items"].as_array().unwrap().iter().filter(|happening| happening["what"] == "commented").count(), 3);
}

#[tokio::test]
async fn reports_on_a_groups_clients_tell_what_the_group_shares_to_whoever_sees_it() {
    let circle = Circle::open().await;
    circle.ada.item(&circle.of_amber, "action", "Amber's own", json!({})).await;
    let item = circle.share(&circle.ada, "Read chapter three", json!({})).await;
    circle.say(&circle.ben, &item, "Ben has read it.").await;
    let on = json!({ "kind": "groups", "ids": [circle.group] });
    let full = json!({ "scope": on, "detail": "full" });
    let to = |audience: Value| {
        let mut report = full.clone();
        report["audience"] = audience;
        report
    };
    circle.ada.report(to(json!({ "kind": "coach" }))).await;
    let to_clients = circle.ada.report(to(json!({ "kind": "clients" }))).await;
    circle.ada.report(to(json!({ "kind": "third_parties", "emails": ["hr@acme.example"] }))).await;
    circle.world.advance_to("2026-03-03T09:01:00Z").await;
    let text_to = |who: &str| {
        let reports = circle.world.mails_to(who).into_iter().filter(|mail| !mail.subject.starts_with("Re: "));
        reports.map(|mail| mail.text).collect::<Vec<_>>()
    };

    let [of_ada] = &text_to("ada@onward.example")[..] else { panic!("one report to Ada") };
    for words in ["Circle (group)", "Read chapter three", "Ben has read it.", "Amber's own"] {
        assert!(of_ada.contains(words), "{words}: {of_ada}");
    }
    let [of_amber] = &text_to(AMBER)[..] else { panic!("one report to Amber") };
    for words in ["Your own coaching", "Circle (group)", "Read chapter three", "Ben has read it.", "Amber's own"] {
        assert!(of_amber.contains(words), "{words}: {of_amber}");
    }
    assert_eq!(of_amber.matches("reply+").count(), 2, "both can be commented on: {of_amber}");
    let [of_ben] = &text_to(BEN)[..] else { panic!("one report to Ben") };
    assert!(of_ben.contains("Ben Ruiz, 2 Mar: Ben has read it.") && !of_ben.contains("Amber's own"), "{of_ben}");
    let [of_hr] = &text_to("hr@acme.example")[..] else { panic!("one report to third parties") };
    let of_hr = of_hr.replace('\n', " ");
    for (words, shown) in [("Read chapter three", true), ("2 people and 1 group", true), ("has read it", false), ("reply+", false)] {
        assert_eq!(of_hr.contains(words), shown, "{words}: {of_hr}");
    }

    // just before it goes it is looked at once more
    circle.share(&circle.ada, "After the second evening", json!({})).await;
    circle.ada.ask("POST", &format!("/v1/reports/{to_clients}/send-now"), &[], None).await.expect(202);
    circle.ada.put(&circle.path("/clients"), json!({ "client_ids": [circle.of_amber] })).await.expect(200);
    circle.world.settle().await;
    let run = &circle.ada.runs(&to_clients).await[0];
    let outcomes: Vec<_> = Person::deliveries(run).into_iter().map(|(to, outcome, _)| (to, outcome)).collect();
    assert_eq!(outcomes, [(AMBER.to_owned(), "sent".to_owned()), (BEN.to_owned(), "skipped".to_owned())]);
    assert!(text_to(AMBER).pop().unwrap().contains("After the second evening"));
    assert_eq!(text_to(BEN).len(), 1);
}

#[tokio::test]
async fn who_is_archived_is_out_of_the_group_and_so_is_whoever_coaches_nobody_else_in_it() {
    let circle = Circle::open().await;
    let item = circle.share(&circle.ada, "Read chapter three", json!({})).await;
    circle.say(&circle.ada, &item, "Page 61.").await;
    let messages = circle.world.stack.ses.messages();
    let address = messages.iter().rfind(|message| message.to.iter().any(|to| to == BEN)).unwrap().reply_to[0].clone();
    let on = json!({ "kind": "groups", "ids": [circle.group] });
    let report = circle.ada.report(json!({ "scope": on, "audience": { "kind": "clients" } })).await;
    // under way when the client is archived
    circle.ada.post(&format!("/v1/items/{item}/comments"), json!({ "text": "And page 62." })).await.expect(201);
    circle.ada.ask("POST", &format!("/v1/reports/{report}/send-now"), &[], None).await.expect(202);
    let before = circle.world.mails_to(BEN).len();
    circle.bea.ask("POST", &format!("/v1/clients/{}/archive", circle.ben.id), &[], None).await.expect(200);
    circle.world.settle().await;
    assert_eq!(circle.world.mails_to(BEN).len(), before);
    assert!(circle.world.mails_to(AMBER).iter().any(|mail| mail.text.contains("And page 62.")));

    let raw = format!(
        "Message-ID: <1@mail.example>\r\nFrom: {BEN}\r\nTo: {address}\r\nSubject: Re: x\r\nDate: Mon, 2 Mar 2026 12:30:00 +0000\r\n\r\nMine too.\r\n"
    );
    let to = address.replace('+', "%2B");
    let became = circle.world.raw("POST", &format!("/local/inbound?to={to}"), &[], raw).await.expect(200);
    assert_eq!((became["decision"].as_str(), became["reason"].as_str()), (Some("refused"), Some("no_right")), "{became}");

    assert_eq!(titles(&circle.bea, &circle.path("/items")).await, ["Read chapter three"]);
    circle.bea.post(&circle.path("/items"), json!({ "kind": "action", "title": "Mine" })).await.expect(403);
    let of_bea = circle.world.mails_to("bea@onward.example").len();
    circle.say(&circle.amber, &item, "Read them both.").await;
    assert_eq!(circle.world.mails_to("bea@onward.example").len(), of_bea);
}

#[tokio::test]
async fn the_mail_that_a_comment_came_in_is_for_the_clients_own_coaches_and_third_parties_for_who_coaches_all() {
    let circle = Circle::open().await;
    let item = circle.share(&circle.ada, "Read chapter three", json!({})).await;
    circle.say(&circle.ada, &item, "Page 61.").await;
    let messages = circle.world.stack.ses.messages();
    let address = messages.iter().rfind(|message| message.to.iter().any(|to| to == BEN)).unwrap().reply_to[0].replace('+', "%2B");
    let raw = format!(
        "Message-ID: <1@mail.example>\r\nFrom: {BEN}\r\nTo: {address}\r\nSubject: Re: x\r\nDate: Mon, 2 Mar 2026 12:30:00 +0000\r\n\r\nMine too.\r\n"
    );
    circle.world.raw("POST", &format!("/local/inbound?to={address}"), &[], raw).await.expect(200);
    let comments = circle.bea.get(&format!("/v1/items/{item}/comments")).await.expect(200);
    let original = format!("/v1/items/{item}/comments/{}/original", text(&comments["items"][1]["id"]));
    circle.bea.get(&original).await.expect(200);
    circle.ben.get(&original).await.expect(200);
    circle.ada.get(&original).await.expect(403);
    circle.amber.get(&original).await.expect(403);

    // Bea coaches one of the two
    let on = json!({ "kind": "groups", "ids": [circle.group] });
    let outside = json!({ "scope": on, "audience": { "kind": "third_parties", "emails": ["hr@acme.example"] } });
    circle.bea.post("/v1/reports", stories::report(outside.clone())).await.expect(403);
    circle.ada.pair(&circle.of_amber, &circle.bea, "coaching").await;
    circle.bea.post("/v1/reports", stories::report(outside)).await.expect(201);
}

#[tokio::test]
async fn in_a_large_group_a_comment_is_read_where_it_stands() {
    let circle = Circle::open().await;
    let item = circle.share(&circle.ada, "Read chapter three", json!({})).await;
    let mut clients = vec![circle.of_amber.clone(), circle.ben.id.clone()];
    for n in 0..33 {
        clients.push(circle.ada.client("N", &n.to_string(), &format!("n{n}@x.example")).await);
    }
    let told = |words: &str| circle.world.mails().into_iter().filter(|mail| mail.text.contains(words)).count();
    circle.ada.put(&circle.path("/clients"), json!({ "client_ids": clients })).await.expect(200);
    circle.say(&circle.ada, &item, "To thirty-five.").await;
    assert_eq!(told("To thirty-five."), 35);
    clients.push(circle.cleo.id.clone());
    circle.ada.put(&circle.path("/clients"), json!({ "client_ids": clients })).await.expect(200);
    circle.say(&circle.ada, &item, "To thirty-six.").await;
    assert_eq!(told("To thirty-six."), 0);
    let stream = circle.cleo.get(&circle.path("/stream")).await.expect(200);
    assert_eq!(stream["items"][0]["text"], "To thirty-six.");
}
