//! A client's record as a file: what is in it, for whom, and that nobody is ever offered half of one.

use std::collections::BTreeSet;

use cairn::faults::{Fault, Kind, When};
use domain::export::{Export, LEASE, State};
use domain::id::ExportId;
use lol_html::{RewriteStrSettings, element, rewrite_str, text};
use platform::store::Scope;
use serde_json::{Value, json};
use stories::{Person, World, fetch, say, text as string, time, with};

use crate::crash::dying;

const START: &str = "2026-03-02T12:00:00Z";

/// Asks for an export, has it written, and gives it as it stands then.
async fn exported(world: &World, by: &Person, client: &str, draft: Value) -> Value {
    let asked = by.post(&format!("/v1/clients/{client}/exports"), draft).await;
    assert_eq!(asked.status, 202, "{}", asked.text);
    let id = string(&asked.json["id"]);
    assert_eq!(asked.headers["location"].to_str().unwrap(), format!("/v1/exports/{id}"));
    assert_eq!((asked.json["state"].as_str(), asked.json["url"].as_str()), (Some("queued"), None));
    world.settle().await;
    by.get(&format!("/v1/exports/{id}")).await.expect(200)
}

/// The file of an export that is ready.
async fn file(export: &Value) -> Vec<u8> {
    assert_eq!((export["state"].as_str(), export["progress"].as_f64()), (Some("ready"), Some(1.0)), "{export}");
    let (status, bytes) = fetch(&string(&export["url"])).await;
    assert_eq!(status, 200);
    assert_eq!(export["bytes"].as_u64().unwrap(), bytes.len() as u64);
    assert_eq!(string(&export["sha256"]), platform_digest(&bytes));
    bytes
}

fn platform_digest(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn csv(world: &World, by: &Person, client: &str, draft: Value) -> Vec<String> {
    let export = exported(world, by, client, with(draft, json!({ "format": "csv" }))).await;
    let text = String::from_utf8(file(&export).await).unwrap();
    // the lines of a cell end otherwise
    text.split_terminator("\r\n").map(str::to_owned).collect()
}

/// The titles in an export as JSON, in its order.
async fn titles(world: &World, by: &Person, client: &str, draft: Value) -> Vec<String> {
    let export = exported(world, by, client, with(draft, json!({ "format": "json" }))).await;
    let document: Value = serde_json::from_slice(&file(&export).await).unwrap();
    let items = document["items"].as_array().unwrap();
    assert_eq!(export["items"].as_u64().unwrap(), items.len() as u64);
    assert_eq!(document["export"]["counts"]["items"].as_u64().unwrap(), items.len() as u64);
    items.iter().map(|item| string(&item["title"])).collect()
}

/// A record of three days, by a coach in New York.
async fn record(world: &World) -> (Person, String) {
    let ada = world.account("Onward", "ada@onward.example", "America/New_York").await;
    ada.patch("/v1/account", json!({ "features": { "companies": true, "groups": true, "team_edition": true } })).await.expect(200);
    ada.patch("/v1/me", json!({ "time_zone": "America/New_York" })).await.expect(200);
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    let first = ada.item(&amber, "action", "First", json!({ "body": "One.\nTwo." })).await;
    ada.item(&amber, "metric", "Second", json!({ "target": 5, "unit": "hours" })).await;
    world.advance_to("2026-03-03T12:00:00Z").await;
    ada.item(&amber, "session_note", "Third", json!({})).await;
    ada.advance(&first, "complete").await;
    // the 4th in UTC, the evening of the 3rd in New York
    world.advance_to("2026-03-04T03:00:00Z").await;
    ada.item(&amber, "action", "Fourth", json!({})).await;
    (ada, amber)
}

#[tokio::test]
async fn a_blank_range_is_the_whole_history_and_the_other_order_its_exact_reverse() {
    let world = World::at(START).await;
    let (ada, amber) = record(&world).await;
    assert_eq!(titles(&world, &ada, &amber, json!({})).await, ["First", "Second", "Third", "Fourth"]);
    assert_eq!(titles(&world, &ada, &amber, json!({ "order": "newest_first" })).await, ["Fourth", "Third", "Second", "First"]);
    assert_eq!(titles(&world, &ada, &amber, json!({ "kinds": ["action"] })).await, ["First", "Fourth"]);
    // days are those of who asks; an item stands where it was added, also if only what came later is asked for
    assert_eq!(titles(&world, &ada, &amber, json!({ "from": "2026-03-03" })).await, ["First", "Third", "Fourth"]);
    assert_eq!(titles(&world, &ada, &amber, json!({ "from": "2026-03-04" })).await, [""; 0]);
    assert_eq!(titles(&world, &ada, &amber, json!({ "to": "2026-03-02" })).await, ["First", "Second"]);
    assert_eq!(titles(&world, &ada, &amber, json!({ "from": "2026-03-03", "to": "2026-03-03" })).await, ["First", "Third", "Fourth"]);
    let forth = csv(&world, &ada, &amber, json!({})).await;
    let mut back = csv(&world, &ada, &amber, json!({ "order": "newest_first" })).await;
    assert_eq!(forth.len(), 1 + 5, "{forth:?}");
    back[1..].reverse();
    assert_eq!(forth, back);
    for bad in [json!({ "kinds": [] }), json!({ "from": "2026-03-02", "to": "2026-03-01" }), json!({ "format": "pdf" })] {
        ada.post(&format!("/v1/clients/{amber}/exports"), bad).await.expect(422);
    }
    let listed = ada.get(&format!("/v1/clients/{amber}/exports?limit=3")).await.expect(200);
    assert_eq!((listed["items"].as_array().unwrap().len(), listed["items"][0]["url"].as_str()), (3, None));
    assert_eq!(listed["items"][0]["order"], "newest_first");
}

#[tokio::test]
async fn a_page_needs_nothing_else_and_what_people_wrote_is_text() {
    let world = World::at(START).await;
    let (ada, amber) = record(&world).await;
    let evil = "<script src=\"https://evil.example/x.js\">alert(1)</script><img src=//evil.example/p onerror=alert(1)> \
        <style>@import url(https://evil.example)</style> </article> https://evil.example/link";
    let note = ada.item(&amber, "session_note", evil, json!({ "body": evil })).await;
    ada.post(&format!("/v1/items/{note}/comments"), json!({ "text": evil })).await.expect(201);
    ada.item(&amber, "file", "Plan", json!({ "file_name": "\"><svg onload=alert(1)>.pdf", "size_bytes": 123_456 })).await;
    let metric = ada.item(&amber, "metric", "Hours <b>", json!({ "target": 5, "unit": "<i>" })).await;
    for (value, on) in [(1, "2026-03-01"), (3, "2026-03-02")] {
        ada.post(&format!("/v1/items/{metric}/data"), json!({ "value": value, "on": on })).await.expect(200);
    }
    let export = exported(&world, &ada, &amber, json!({})).await;
    assert_eq!(export["file_name"], "Amber Stone 2026-03-03.html");
    let page = String::from_utf8(file(&export).await).unwrap();
    if let Ok(folder) = std::env::var("CAIRN_EXPORTS") {
        std::fs::write(format!("{folder}/story.html"), &page).unwrap();
    }
    let (mut tags, mut policy, mut style, mut headings) = (BTreeSet::new(), None, String::new(), 0);
    let look = RewriteStrSettings::new()
        .append_element_content_handler(element!("*", |element| {
            tags.insert(element.tag_name());
            headings += usize::from(element.tag_name() == "h3");
            for attribute in element.attributes() {
                let (name, value) = (attribute.name(), attribute.value());
                assert!(!name.starts_with("on") && name != "src" && name != "srcset" && name != "style", "{name}={value}");
                assert!(!name.ends_with("href") || value.starts_with('#'), "{name}={value}");
                assert!(!value.contains("evil"), "{name}={value}");
            }
            if element.get_attribute("http-equiv").is_some_and(|name| name.eq_ignore_ascii_case("content-security-policy")) {
                policy = element.get_attribute("content");
            }
            Ok(())
        }))
        .append_element_content_handler(text!("style", |chunk| {
            style.push_str(chunk.as_str());
            Ok(())
        }));
    rewrite_str(&page, look).unwrap();
    let allowed = "a article b blockquote body br circle code dd desc div dl dt figcaption figure footer h1 h2 h3 head header html li line main \
        meta nav p path section span style svg text time title ul";
    let foreign: Vec<&String> = tags.iter().filter(|tag| !allowed.split_whitespace().any(|known| known == **tag)).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    assert_eq!(headings, 7);
    assert!(!style.contains("url(") && !style.contains("@import") && page.matches("<style").count() == 1);
    let digest = data_encoding::BASE64.encode(&sha2_of(style.as_bytes()));
    let policy = policy.unwrap();
    assert!(policy.starts_with("default-src 'none'; ") && policy.contains(&format!("style-src 'sha256-{digest}'")), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    // what was written can be read as it was written
    assert!(page.contains("&lt;script src=&quot;https://evil.example/x.js&quot;&gt;alert(1)&lt;/script&gt;"));
    assert!(page.contains("121 KB") && page.contains("<desc") && page.contains("Completed"));
    // the page says by which digest it can be checked
    let (before, foot) = page.split_at(page.rfind("<footer>").unwrap());
    assert!(foot.contains(&platform_digest(before.as_bytes())) && foot.contains(&format!("head -c {} ", before.len())), "{foot}");
}

fn sha2_of(bytes: &[u8]) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).to_vec()
}

#[tokio::test]
async fn formulas_are_text_in_a_table() {
    let world = World::at(START).await;
    let (ada, amber) = record(&world).await;
    ada.item(&amber, "action", "=HYPERLINK(\"https://evil.example\")", json!({ "body": "+1" })).await;
    let rows = csv(&world, &ada, &amber, json!({ "from": "2026-03-03" })).await;
    assert!(rows.iter().any(|row| row.contains("\"'=HYPERLINK(") && row.contains(",'+1,")), "{rows:?}");
}

#[tokio::test]
async fn private_notes_are_in_a_coachs_export_when_asked_for_and_then_only_their_own() {
    let world = World::at(START).await;
    let (ada, amber) = record(&world).await;
    let bob = ada.coach(&world, "Bob Kern", "bob@onward.example").await;
    ada.pair(&amber, &bob, "coaching").await;
    let client = world.person("amber@stone.example").await;
    ada.item(&amber, "note", "Ada's own", json!({})).await;
    bob.item(&amber, "note", "Bob's own", json!({})).await;
    client.item(&amber, "journal_entry", "Amber's own", json!({ "visibility": "private" })).await;
    let shared = ["First", "Second", "Third", "Fourth"];
    for person in [&ada, &bob, &client] {
        assert_eq!(titles(&world, person, &amber, json!({})).await, shared);
        assert_eq!(titles(&world, person, &amber, json!({ "include_private": false })).await, shared);
    }
    let ticked = json!({ "include_private": true });
    assert_eq!(titles(&world, &ada, &amber, ticked.clone()).await, [&shared[..], &["Ada's own"]].concat());
    assert_eq!(titles(&world, &bob, &amber, ticked.clone()).await, [&shared[..], &["Bob's own"]].concat());
    let refused = client.post(&format!("/v1/clients/{amber}/exports"), ticked).await;
    assert!(refused.text.contains("never in a client's own"), "{}", refused.text);
    assert_eq!(refused.bad_fields(), ["include_private"]);
}

#[tokio::test]
async fn who_may_not_take_a_record_along_gets_none_and_loses_what_they_were_promised() {
    let world = World::at(START).await;
    let (ada, amber) = record(&world).await;
    let path = format!("/v1/clients/{amber}/exports");
    let company = ada.company("Acme").await;
    ada.employ(&amber, &company).await;
    ada.personnel(&company, "Hana Ito", "hana@acme.example", &["action"]).await;
    let hana = world.person("hana@acme.example").await;
    let bob = ada.coach(&world, "Bob Kern", "bob@onward.example").await;
    bob.post(&path, json!({})).await.expect(404);
    ada.pair(&amber, &bob, "view_only").await;
    for viewer in [&bob, &hana] {
        let refused = viewer.post(&path, json!({})).await;
        assert!(refused.text.contains("the permission to export"), "{}", refused.text);
        refused.expect(403);
        viewer.get(&path).await.expect(403);
    }
    ada.patch(&format!("/v1/members/{}", bob.id), json!({ "permissions": ["export"] })).await.expect(200);
    let export = exported(&world, &bob, &amber, json!({})).await;
    file(&export).await;
    let one = format!("/v1/exports/{}", string(&export["id"]));
    // it is theirs alone
    ada.get(&one).await.expect(404);
    assert_eq!(ada.get(&path).await.expect(200)["items"], json!([]));
    // what they may not do any more, they may not do with what they asked for
    let asked = bob.post(&path, json!({})).await.expect(202);
    ada.patch(&format!("/v1/members/{}", bob.id), json!({ "permissions": [] })).await.expect(200);
    bob.get(&one).await.expect(403);
    world.settle().await;
    ada.patch(&format!("/v1/members/{}", bob.id), json!({ "permissions": ["export"] })).await.expect(200);
    let failed = bob.get(&format!("/v1/exports/{}", string(&asked["id"]))).await.expect(200);
    assert_eq!((failed["state"].as_str(), failed["url"].as_str()), (Some("failed"), None));
    assert!(string(&failed["reason"]).contains("may not export it any more"), "{failed}");
    ada.pair(&amber, &bob, "none").await;
    bob.get(&one).await.expect(404);
    // who asked, and who was given a link, is on the audit trail
    let trail = ada.get("/v1/audit?day=2026-03-04&limit=200").await.expect(200);
    let of_bob = |action: &str| {
        trail["items"].as_array().unwrap().iter().filter(|entry| entry["action"] == action && entry["by"]["id"] == bob.id.as_str()).count()
    };
    assert_eq!((of_bob("export.request"), of_bob("export.link")), (2, 1), "{trail}");
}

#[tokio::test]
async fn a_file_is_kept_for_seven_days() {
    let world = World::at(START).await;
    let (ada, amber) = record(&world).await;
    let export = exported(&world, &ada, &amber, json!({})).await;
    let one = format!("/v1/exports/{}", string(&export["id"]));
    assert_eq!(time(&string(&export["expires_at"])) - time(&string(&export["updated_at"])), chrono::Duration::days(7));
    world.advance_to("2026-03-11T02:00:00Z").await;
    assert_eq!(ada.get(&one).await.expect(200)["state"], "ready");
    world.advance_to("2026-03-11T03:01:00Z").await;
    let over = ada.get(&one).await.expect(200);
    assert_eq!((over["state"].as_str(), over["url"].as_str()), (Some("expired"), None));
}

#[tokio::test]
async fn an_account_is_taken_along_by_its_owner_whole_and_without_secrets() {
    let world = World::at(START).await;
    let (ada, amber) = record(&world).await;
    let bob = ada.coach(&world, "Bob Kern", "bob@onward.example").await;
    ada.pair(&amber, &bob, "coaching").await;
    let note = bob.item(&amber, "note", "Bob's own", json!({ "body": "Between me and me." })).await;
    // more than are read of an item at once
    for n in 0..205 {
        bob.post(&format!("/v1/items/{note}/comments"), json!({ "text": format!("Said to myself, {n}.") })).await.expect(201);
    }
    let third = ada.item(&amber, "action", "Fifth", json!({})).await;
    ada.post(&format!("/v1/items/{third}/comments"), json!({ "text": "Well done." })).await.expect(201);
    let program = ada.add("/v1/programs", json!({ "name": "Leadership", "kind": "one_to_one" })).await;
    let engagement = ada.add("/v1/engagements", json!({ "client_id": amber, "program_id": program })).await;
    ada.add(&format!("/v1/engagements/{engagement}/sessions"), json!({ "starts_at": "2026-03-20T10:00:00Z" })).await;
    ada.add("/v1/api-keys", json!({ "name": "a secret" })).await;
    ada.report(json!({})).await;
    let circle = ada.add("/v1/groups", json!({ "name": "Circle" })).await;
    ada.put(&format!("/v1/groups/{circle}/clients"), json!({ "client_ids": [amber] })).await.expect(200);
    let shared = ada.add(&format!("/v1/groups/{circle}/items"), json!({ "kind": "action", "title": "Read chapter three" })).await;
    bob.post("/v1/account/exports", json!({})).await.expect(403);
    world.person("amber@stone.example").await.post("/v1/account/exports", json!({})).await.expect(403);
    let asked = ada.ask("POST", "/v1/account/exports", &[], None).await.expect(202);
    world.settle().await;
    let export = ada.get(&format!("/v1/exports/{}", string(&asked["id"]))).await.expect(200);
    assert_eq!((export["client_id"].as_str(), export["file_name"].as_str()), (None, Some("Onward 2026-03-03.jsonl")));
    let text = String::from_utf8(file(&export).await).unwrap();
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let types: BTreeSet<&str> = rows.iter().map(|row| row["type"].as_str().unwrap()).collect();
    for expected in [
        "account",
        "audit",
        "client",
        "comment",
        "engagement",
        "export",
        "happening",
        "item",
        "member",
        "pairing",
        "program",
        "report",
        "session",
    ] {
        assert!(types.contains(expected), "no {expected} in {types:?}");
    }
    for secret in ["api key", "email", "answerable", "signing keys", "request", "delivery"] {
        assert!(!types.contains(secret), "{secret} in {types:?}");
    }
    let is_about_the_note = |row: &&Value| row["type"] != "audit" && (row["id"] == note.as_str() || row["item_id"] == note.as_str());
    assert_eq!(rows.iter().find(is_about_the_note), None);
    assert!(
        !text.contains("Between me and me.")
            && !text.contains("Said to myself")
            && !text.contains("cairn_")
            && !text.contains("gsi1pk")
            && !text.contains("digest")
    );
    assert_eq!(rows.last().unwrap()["private_items_left_to_their_authors"], 1);
    let of_the_group = |row: &&Value| row["group_id"] == circle.as_str() && row["type"] != "group client";
    let mut of_the_group: Vec<_> = rows.iter().filter(of_the_group).map(|row| (string(&row["type"]), row["title"].clone())).collect();
    of_the_group.sort_by(|a, b| a.0.cmp(&b.0));
    let title = json!("Read chapter three");
    assert_eq!(of_the_group, [("happening".to_owned(), title.clone()), ("item".to_owned(), title)], "{shared}");
}

/// A world with a record that takes a few batches, and exports of it that were asked for in the same minute.
struct Shelf {
    world: World,
    ada: Person,
    scope: Scope,
    exports: Vec<ExportId>,
}

impl Shelf {
    async fn of(exports: usize, items: usize, body: usize) -> Self {
        let world = World::at(START).await;
        let ada = world.account("Onward", "ada@onward.example", "UTC").await;
        let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
        for n in 0..items {
            let item = ada.item(&amber, "action", &format!("Step {n}"), json!({ "body": "x".repeat(body) })).await;
            ada.advance(&item, "complete").await;
        }
        world.settle().await;
        let mut asked = Vec::new();
        for _ in 0..exports {
            let export = ada.post(&format!("/v1/clients/{amber}/exports"), json!({})).await.expect(202);
            asked.push(string(&export["id"]).parse().unwrap());
        }
        let scope = Scope::of_own_message(ada.account_id.parse().unwrap());
        Self { world, ada, scope, exports: asked }
    }

    async fn export(&self, id: ExportId) -> Export {
        self.world.stack.app.platform.store.export(self.scope, id).await.unwrap().unwrap()
    }

    async fn write(&self, id: ExportId) -> Result<app::exports::Wrote, app::AppError> {
        app::exports::write(&self.world.stack.app, self.scope, id).await
    }

    /// Whatever became of it, nobody is offered a file that is not whole.
    async fn offers_nothing_or_all(&self, id: ExportId) {
        let view = self.ada.get(&format!("/v1/exports/{id}")).await.expect(200);
        match view["url"].as_str() {
            Some(_) => _ = file(&view).await,
            None => assert_ne!(view["state"], "ready"),
        }
    }

    /// Lets the queue, the leases and reconciling do their work; all files, which must be one and the same.
    async fn all_are_the_same(&self) -> Vec<u8> {
        let mut now = self.world.stack.clock.now();
        for _ in 0..3 {
            now += LEASE + chrono::Duration::minutes(11);
            self.world.stack.advance(now).await.unwrap();
        }
        let mut files = BTreeSet::new();
        for id in &self.exports {
            let view = self.ada.get(&format!("/v1/exports/{id}")).await.expect(200);
            files.insert(file(&view).await);
            // of all that was begun, one object is left, in the bucket and on record
            let export = self.export(*id).await;
            assert_eq!(self.world.stack.s3.keys(&format!("exports/{}/{id}/", self.ada.account_id)), [export.file.unwrap().key]);
        }
        assert_eq!(files.len(), 1, "{} different files", files.len());
        files.pop_first().unwrap()
    }
}

#[tokio::test]
async fn killed_at_any_call_an_export_is_written_whole_by_a_later_attempt() {
    let shelf = Shelf::of(120, 60, 100).await;
    let mut next = shelf.exports.iter().copied();
    let (mut points, mut calls) = ([0; 3], 0);
    for kind in [Kind::Refuse, Kind::LoseAnswer] {
        for call in 1.. {
            let id = next.next().expect("more exports than calls");
            let when = if kind == Kind::Refuse { When::From(call) } else { When::Nth(call) };
            shelf.world.stack.faults.plan([Fault { when, kind }]);
            let wrote = shelf.write(id).await;
            calls = shelf.world.stack.faults.calls().len() as u64;
            shelf.world.stack.faults.clear();
            shelf.offers_nothing_or_all(id).await;
            if calls < call {
                assert_eq!(wrote.unwrap(), app::exports::Wrote::Ready);
                break;
            }
            points[usize::from(kind == Kind::LoseAnswer)] += 1;
        }
    }
    for steps in (0..).step_by(2) {
        let id = next.next().expect("more exports than steps");
        let wrote = dying(steps, shelf.write(id)).await;
        shelf.offers_nothing_or_all(id).await;
        if wrote.is_some() {
            break;
        }
        points[2] += 1;
    }
    // those that are left are written by the queue
    let bytes = shelf.all_are_the_same().await;
    say(&format!(
        "exports: dead from a call on at {} of {calls} calls, an answer lost at {}, dead while waiting at {}: one file each, {} bytes",
        points[0],
        points[1],
        points[2],
        bytes.len()
    ));
    assert!(points[0] > 12 && points[2] > 8, "{points:?}");
}

#[tokio::test]
async fn a_large_file_goes_up_in_parts_and_a_part_that_is_lost_is_no_loss() {
    let shelf = Shelf::of(5, 330, 20_000).await;
    let faults = &shelf.world.stack.faults;
    for (n, (operation, kind)) in [
        ("UploadPart", Kind::Refuse),
        ("UploadPart", Kind::LoseAnswer),
        ("CompleteMultipartUpload", Kind::Fail),
        ("CompleteMultipartUpload", Kind::LoseAnswer),
    ]
    .into_iter()
    .enumerate()
    {
        faults.plan([Fault { when: When::Every(operation.into()), kind }]);
        assert_eq!(shelf.write(shelf.exports[n]).await.unwrap(), app::exports::Wrote::Later, "{operation} {kind:?}");
        faults.clear();
        let export = shelf.export(shelf.exports[n]).await;
        assert_eq!((export.state, export.attempt), (State::Queued, 1));
        shelf.offers_nothing_or_all(shelf.exports[n]).await;
    }
    faults.clear();
    assert_eq!(shelf.write(shelf.exports[4]).await.unwrap(), app::exports::Wrote::Ready);
    let parts = faults.calls().iter().filter(|call| call.operation == "UploadPart").count();
    assert!(parts >= 2, "{parts}");
    assert!(shelf.all_are_the_same().await.len() > 6_000_000);
}

#[tokio::test]
async fn an_export_that_fails_again_and_again_says_so() {
    let shelf = Shelf::of(1, 2, 10).await;
    shelf.world.stack.faults.plan([Fault { when: When::Every("UploadPart".into()), kind: Kind::Reject }]);
    let start = shelf.world.stack.clock.now();
    shelf.world.stack.advance(start + chrono::Duration::hours(2)).await.unwrap();
    shelf.world.stack.faults.clear();
    let view = shelf.ada.get(&format!("/v1/exports/{}", shelf.exports[0])).await.expect(200);
    assert_eq!((view["state"].as_str(), view["url"].as_str()), (Some("failed"), None), "{view}");
    assert!(string(&view["reason"]).contains("5 tries"), "{view}");
    assert_eq!(shelf.export(shelf.exports[0]).await.attempt, 5);
    assert_eq!(shelf.world.stack.dead_letters().await, 0);
}

#[tokio::test]
async fn what_an_item_was_called_before_it_was_shared_is_its_authors() {
    let world = World::at(START).await;
    let ada = world.account("Onward", "ada@onward.example", "UTC").await;
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    let note = ada.item(&amber, "note", "She hides something", json!({})).await;
    ada.patch(&format!("/v1/items/{note}"), json!({ "title": "Plan" })).await.expect(200);
    ada.patch(&format!("/v1/items/{note}"), json!({ "visibility": "shared" })).await.expect(200);
    let client = world.person("amber@stone.example").await;
    let stream = client.get(&format!("/v1/clients/{amber}/stream")).await.expect(200);
    assert_eq!(stream["items"].as_array().unwrap().len(), 3);
    assert!(stream["items"].as_array().unwrap().iter().all(|happening| happening["title"] == "Plan"), "{stream}");
    for format in ["html", "json", "csv"] {
        let asked = client.post(&format!("/v1/clients/{amber}/exports"), json!({ "format": format })).await.expect(202);
        world.settle().await;
        let export = client.get(&format!("/v1/exports/{}", string(&asked["id"]))).await.expect(200);
        let written = String::from_utf8(file(&export).await).unwrap();
        assert!(written.contains("Plan") && !written.contains("hides"), "{format}");
    }
}
