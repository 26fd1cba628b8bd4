//! Files of rows become clients, programs, engagements, sessions and items: once, by the rights of whoever sends them, and
//! with every bad row named.

use std::collections::BTreeSet;
use std::time::Duration;

use app::imports::ImportDraft;
use cairn::faults::{Fault, Kind, When};
use chrono::TimeDelta;
use platform::store::imports::{ImportKind, ImportState};
use serde_json::{Value, json};
use stories::{Person, World, say, text};

const NOON: &str = "2026-03-02T12:00:00Z";

const CLIENTS: &str = "key,first_name,last_name,email,tags,company,time_zone,primary\n\
    17,Amber,Stone,amber@stone.example,leadership; 2026,acme corp,Europe/London,\n\
    18,Anthony,Ruiz,anthony@ruiz.example,,,,bea@onward.example\n";
const PROGRAMS: &str = "key,name,kind,sessions,threshold_weeks,off_track_notifications\nL,Leadership,one to one,6,3,no\n";
const ENGAGEMENTS: &str = "key,client,program,coach,state,starts_on,ends_on\n\
    E1,17,L,ada@onward.example,active,2026-02-20,\n\
    E2,anthony@ruiz.example,leadership,bea@onward.example,completed,2025-01-10,2025-12-19\n";
const SESSIONS: &str = "key,engagement,starts_at,minutes,state\n\
    S1,E1,2026-02-23T10:00:00Z,50,\nS2,E1,2026-03-09T11:00:00+01:00,,\nS3,E1,2026-02-25T10:00:00Z,,cancelled\n";
const ITEMS: &str = "key,client,kind,title,body,due_on,target,unit,amount_minor,currency,starts_at,engagement\n\
    A,17,action,\"Read \"\"Radical Candor\"\"\",\"Two\nlines\",2026-03-20,,,,,,\n\
    M,17,metric,Hours of deep work,,,12,h,,,,\n\
    I,17,invoice,Autumn,,2026-04-01,,,125000,EUR,,E1\n\
    T,17,appointment,Kick-off,,,,,,,2026-03-10T09:00:00Z,\n";

/// Imports a file, and gives what came of it once it is over.
async fn import(person: &Person, kind: &str, dry_run: bool, csv: &str) -> Value {
    person.post("/v1/imports", json!({ "kind": kind, "dry_run": dry_run, "csv": csv })).await.expect(201)
}

fn counts(import: &Value) -> [u64; 4] {
    ["rows", "added", "already_there", "bad"].map(|field| import[field].as_u64().unwrap())
}

/// The one of a list whose field is this. Rows imported within a millisecond come in any order.
fn with<'a>(list: &'a Value, field: &str, value: &str) -> &'a Value {
    let found: Vec<_> = list["items"].as_array().unwrap().iter().filter(|item| item[field] == value).collect();
    assert_eq!(found.len(), 1, "{field} {value}: {list}");
    found[0]
}

/// Line, column and message of every bad row.
fn bad(import: &Value) -> Vec<(u64, String, String)> {
    let rows = import["bad_rows"].as_array().unwrap().iter();
    rows.map(|row| (row["line"].as_u64().unwrap(), text(&row["column"]), text(&row["message"]))).collect()
}

async fn house(world: &World) -> Person {
    let ada = world.house().await;
    ada.company("Acme Corp").await;
    ada.coach(world, "Bea Lindt", "bea@onward.example").await;
    ada
}

#[tokio::test]
async fn a_practice_moves_in_with_five_files_and_a_second_time_nothing_changes() {
    let world = World::at(NOON).await;
    let ada = house(&world).await;
    let files = [
        ("clients", CLIENTS, 2),
        ("programs", PROGRAMS, 1),
        ("engagements", ENGAGEMENTS, 2),
        ("sessions", SESSIONS, 3),
        ("items", ITEMS, 4),
    ];
    for (kind, csv, rows) in files {
        let tried = import(&ada, kind, true, csv).await;
        assert_eq!((counts(&tried), tried["state"].as_str()), ([rows, rows, 0, 0], Some("done")), "{kind}: {tried}");
        let done = import(&ada, kind, false, csv).await;
        assert_eq!(counts(&done), [rows, rows, 0, 0], "{kind}: {done}");
        assert_eq!(ada.get(&format!("/v1/imports/{}", text(&done["id"]))).await.expect(200), done);
    }
    let clients = ada.get("/v1/clients").await.expect(200);
    let amber = with(&clients, "last_name", "Stone");
    assert_eq!(amber["time_zone"], "Europe/London");
    assert_eq!(amber["tags"], json!(["2026", "leadership"]));
    assert!(amber["company_id"].is_string());
    let anthony = text(&with(&clients, "last_name", "Ruiz")["id"]);
    let pairings = ada.get(&format!("/v1/clients/{anthony}/pairings")).await.expect(200);
    assert_eq!(pairings["pairings"][0]["level"], "primary");

    let engagements = ada.get("/v1/engagements").await.expect(200);
    let running = with(&engagements, "state", "active");
    assert_eq!(running["progress"], "on_track");
    assert_eq!((running["sessions_done"].as_u64(), running["sessions_total"].as_u64()), (Some(1), Some(6)));
    let over = with(&engagements, "state", "completed");
    assert_eq!(over["ends_on"], "2025-12-19");
    let log = ada.get(&format!("/v1/engagements/{}/happenings", text(&over["id"]))).await.expect(200);
    let told: Vec<_> = log["items"].as_array().unwrap().iter().map(|happening| text(&happening["what"])).collect();
    assert_eq!(told, ["completed", "activated", "created"], "newest first");

    let amber = text(&amber["id"]);
    let action = ada.get(&format!("/v1/clients/{amber}/items?kind=action")).await.expect(200)["items"][0].clone();
    assert_eq!((action["title"].as_str(), action["body"].as_str()), (Some("Read \"Radical Candor\""), Some("Two\nlines")));
    let invoice = ada.get(&format!("/v1/clients/{amber}/items?kind=invoice")).await.expect(200)["items"][0].clone();
    assert_eq!(invoice["amount"], json!({ "amount_minor": 125_000, "currency": "EUR" }));
    assert_eq!(invoice["engagement_id"], running["id"]);

    for (kind, csv, rows) in files {
        let again = import(&ada, kind, false, csv).await;
        assert_eq!(counts(&again), [rows, 0, rows, 0], "{kind}");
    }
    assert_eq!(ada.get(&format!("/v1/clients/{amber}/items")).await.expect(200)["items"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn a_dry_run_names_every_bad_row_by_line_and_column_and_writes_nothing() {
    let world = World::at(NOON).await;
    let ada = house(&world).await;
    ada.client("Cleo", "Marsh", "cleo@marsh.example").await;
    let csv = "key,first_name,last_name,email,time_zone,company,primary\n\
        1,,Nobody,nobody,Mars,Umbrella,zoe@onward.example\n\
        2,Cleo,Again,CLEO@marsh.example,,,\n\
        3,Dora,Quist,dora@quist.example,,,\n\
        4,Dora,Twice,Dora@Quist.example,,,\n\
        3,Eve,Key,eve@key.example,,,\n\
        5,Fay\n";
    let before = ada.get("/v1/audit").await.expect(200)["items"].as_array().unwrap().len();
    let tried = import(&ada, "clients", true, csv).await;
    assert_eq!(counts(&tried), [6, 1, 0, 5]);
    let named: Vec<_> = bad(&tried).into_iter().map(|(line, column, _)| (line, column)).collect();
    let expected = [
        (2, "company"),
        (2, "email"),
        (2, "first_name"),
        (2, "primary"),
        (2, "time_zone"),
        (3, "email"),
        (5, "email"),
        (6, "key"),
        (7, ""),
    ];
    let mut sorted = named.clone();
    sorted.sort();
    assert_eq!(sorted, expected.map(|(line, column)| (line, column.to_owned())), "{:#?}", bad(&tried));
    assert!(named.is_sorted_by_key(|(line, _)| *line));
    assert!(bad(&tried).iter().any(|(line, _, message)| *line == 5 && message == "is the address of line 4 too"));
    assert_eq!(ada.get("/v1/clients").await.expect(200)["items"].as_array().unwrap().len(), 1);
    let after = ada.get("/v1/audit").await.expect(200)["items"].as_array().unwrap().len();
    assert_eq!(after, before + 1, "that it was tried, and nothing else");

    // the real run adds the good row, and says the same of the others
    let done = import(&ada, "clients", false, csv).await;
    assert_eq!((counts(&done), bad(&done)), (counts(&tried), bad(&tried)));
    assert_eq!(ada.get("/v1/clients").await.expect(200)["items"].as_array().unwrap().len(), 2);

    // corrected, it adds what was bad, and nothing twice
    let corrected = "key,first_name,last_name,email\n1,Nora,Body,nora@body.example\n3,Dora,Quist,dora@quist.example\n";
    assert_eq!(counts(&import(&ada, "clients", false, corrected).await), [2, 1, 1, 0]);
}

#[tokio::test]
async fn rows_have_the_rights_of_whoever_sends_them() {
    let world = World::at(NOON).await;
    let ada = house(&world).await;
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    let bob = ada.coach(&world, "Bob Owen", "bob@onward.example").await;
    let sara = ada.coach(&world, "Sara Vane", "sara@onward.example").await;
    ada.pair(&amber, &bob, "view_only").await;
    let items = "client,kind,title\namber@stone.example,action,Call\n";
    let (mine, hidden) = (import(&bob, "items", false, items).await, import(&sara, "items", false, items).await);
    assert_eq!(bad(&mine), [(2, String::new(), "you may see this, but not change it".to_owned())]);
    assert_eq!(bad(&hidden), [(2, "client".to_owned(), "there is no such client".to_owned())]);
    // exactly what is said where there is nobody
    let nobody = import(&sara, "items", false, "client,kind,title\nx@nobody.example,action,Call\n").await;
    assert_eq!(bad(&nobody), bad(&hidden));
    let programs = import(&bob, "programs", false, PROGRAMS).await;
    assert_eq!((counts(&programs), bad(&programs)[0].0), ([1, 0, 0, 1], 2));
    // what somebody imports is their own
    bob.get(&format!("/v1/imports/{}", text(&hidden["id"]))).await.expect(404);
    ada.get(&format!("/v1/imports/{}", text(&hidden["id"]))).await.expect(404);
    world.person("amber@stone.example").await.post("/v1/imports", json!({ "kind": "items", "csv": items })).await.expect(403);
    // keys are an account's own
    let zoe = world.account("Elsewhere", "zoe@elsewhere.example", "UTC").await;
    let clients = "key,first_name\n17,Amber\n";
    import(&ada, "clients", false, clients).await;
    assert_eq!(counts(&import(&zoe, "clients", false, clients).await), [1, 1, 0, 0]);
    let named = import(&zoe, "items", false, "client,kind,title\namber@stone.example,action,Call\n").await;
    assert_eq!(bad(&named), bad(&hidden));
}

#[tokio::test]
async fn a_file_can_be_sent_as_it_is_and_one_that_is_none_is_refused_as_a_whole() {
    let world = World::at(NOON).await;
    let ada = house(&world).await;
    let csv = [("content-type", "text/csv; charset=utf-8")];
    let sent = ada.send("POST", "/v1/imports?kind=clients&dry_run=false", &csv, "\u{feff}First Name;Tags\r\nÄnne;a;b\r\n".into()).await;
    assert_eq!(bad(&sent.expect(201))[0].2, "has 3 columns, the first row has 2");
    let sent = ada.send("POST", "/v1/imports?kind=clients", &csv, "First Name;Tags\r\nÄnne;\"a;b\"\r\n".into()).await;
    assert!(sent.headers["location"].to_str().unwrap().starts_with("/v1/imports/"));
    assert_eq!(counts(&sent.expect(201)), [1, 1, 0, 0]);
    assert_eq!(ada.get("/v1/clients").await.expect(200)["items"][0]["tags"], json!(["a", "b"]));
    let refused = |body: Value| ada.post("/v1/imports", body);
    assert_eq!(refused(json!({ "csv": "first_name\n" })).await.bad_fields(), ["kind"]);
    assert_eq!(refused(json!({ "kind": "clients", "csv": "name\nA\n" })).await.bad_fields(), ["csv", "csv"]);
    assert_eq!(refused(json!({ "kind": "clients" })).await.bad_fields(), ["csv"]);
    assert_eq!(refused(json!({ "kind": "people", "csv": "" })).await.bad_fields(), ["kind"]);
    assert_eq!(ada.send("POST", "/v1/imports?kind=people", &csv, "a\n".into()).await.status, 400);
    assert_eq!(ada.send("POST", "/v1/imports", &[("content-type", "application/xml")], "a\n".into()).await.status, 415);
    assert_eq!(ada.send("POST", "/v1/imports", &csv, "x".repeat(6 << 20)).await.status, 413);
    let large = format!("first_name\n{}", "A\n".repeat(2_200_000));
    assert_eq!(ada.send("POST", "/v1/imports?kind=clients", &csv, large).await.bad_fields(), ["csv"]);
    // nothing to add is no fault
    assert_eq!(counts(&refused(json!({ "kind": "clients", "csv": "first_name\n" })).await.expect(201)), [0, 0, 0, 0]);
}

#[tokio::test]
async fn sent_twice_under_one_key_it_is_one_import() {
    let world = World::at(NOON).await;
    let ada = house(&world).await;
    let body = json!({ "kind": "clients", "csv": CLIENTS });
    let key = [("idempotency-key", "move-in")];
    let first = ada.ask("POST", "/v1/imports", &key, Some(&body)).await.expect(201);
    let again = ada.ask("POST", "/v1/imports", &key, Some(&body)).await;
    assert_eq!((again.headers["idempotency-replayed"].to_str().unwrap(), &again.json["id"]), ("true", &first["id"]));
}

/// A file of so many clients.
fn many(count: usize) -> String {
    let rows = (0..count).map(|n| format!("k{n},Client {n},client{n}@many.example\n"));
    ["key,first_name,email\n".to_owned()].into_iter().chain(rows).collect()
}

async fn names(person: &Person) -> Vec<String> {
    let mut names = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = person.get(&format!("/v1/clients?limit=200{cursor}")).await.expect(200);
        names.extend(page["items"].as_array().unwrap().iter().map(|client| text(&client["first_name"])));
        let Some(next) = page["next_cursor"].as_str() else { return names };
        cursor = format!("&cursor={next}");
    }
}

#[tokio::test]
async fn what_one_request_does_not_get_done_goes_on_by_itself() {
    let world = World::at(NOON).await;
    let ada = world.house().await;
    let (ctx, _) = app::identity::authenticate(&world.stack.app, ada.key()).await.unwrap().unwrap();
    let draft = ImportDraft { kind: Some(ImportKind::Clients), dry_run: false, csv: many(250) };
    let begun = app::imports::create(&ctx, &draft, Duration::ZERO).await.unwrap();
    assert_eq!((begun.state, begun.rows, begun.rows_done), (ImportState::Queued, 250, 100));
    world.settle().await;
    let done = ada.get(&format!("/v1/imports/{}", begun.id)).await.expect(200);
    assert_eq!((counts(&done), done["state"].as_str(), done["rows_done"].as_u64()), ([250, 250, 0, 0], Some("done"), Some(250)));
    let names = names(&ada).await;
    assert_eq!((names.len(), names.iter().collect::<BTreeSet<_>>().len()), (250, 250));
}

#[tokio::test]
async fn killed_anywhere_it_goes_on_and_every_row_becomes_one_client() {
    let calls = {
        let world = World::at(NOON).await;
        let ada = world.house().await;
        world.stack.faults.clear();
        import(&ada, "clients", false, &many(3)).await;
        world.stack.faults.calls().len()
    };
    let mut taken_up = 0;
    for call in 1..=calls {
        let world = World::at(NOON).await;
        let ada = world.house().await;
        world.stack.faults.plan([Fault { when: When::From(call as u64), kind: Kind::LoseAnswer }]);
        let body = json!({ "kind": "clients", "csv": many(3) });
        let _ = ada.post("/v1/imports", body.clone()).await;
        world.stack.faults.clear();
        world.stack.advance(world.stack.clock.now() + TimeDelta::minutes(20)).await.unwrap();
        let audit = ada.get("/v1/audit").await.expect(200);
        let asked = audit["items"].as_array().unwrap().iter().find(|entry| entry["action"] == "import.create").cloned();
        if let Some(asked) = asked {
            taken_up += 1;
            let done = ada.get(&format!("/v1/imports/{}", text(&asked["subject"]))).await.expect(200);
            let [rows, added, already_there, bad] = counts(&done);
            assert_eq!((rows, added + already_there, bad, done["state"].as_str()), (3, 3, 0, Some("done")), "{call} of {calls}: {done}");
        } else {
            assert!(names(&ada).await.is_empty(), "{call} of {calls}");
        }
        // whoever got no answer sends the file again
        import(&ada, "clients", false, &many(3)).await;
        let mut names = names(&ada).await;
        names.sort();
        assert_eq!(names, ["Client 0", "Client 1", "Client 2"], "{call} of {calls}");
    }
    say(&format!("an import of 3 rows was killed at each of {calls} calls, and gone on with {taken_up} times"));
    assert!(taken_up > 10 && taken_up < calls);
}

#[tokio::test]
async fn a_file_of_nothing_but_bad_rows_is_gone_through_and_every_one_is_listed() {
    let world = World::at(NOON).await;
    let ada = house(&world).await;
    // far more than one row of the table can hold
    let csv = format!("key,first_name\n1,Amber\n{}9,Bob\n", "2,Cleo,and more\n".repeat(8_000));
    let done = import(&ada, "clients", false, &csv).await;
    assert_eq!((counts(&done), done["state"].as_str()), ([8_002, 2, 0, 8_000], Some("done")));
    assert_eq!((bad(&done).len(), bad(&done)[0].0), (5_000, 3));
    let (mut lines, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = ada.get(&format!("/v1/imports/{}/bad-rows?limit=200{cursor}", text(&done["id"]))).await.expect(200);
        lines.extend(page["items"].as_array().unwrap().iter().map(|row| row["line"].as_u64().unwrap()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(lines, (3..8_003).collect::<Vec<u64>>());
}

#[tokio::test]
async fn what_stands_in_a_wrong_column_is_one_bad_row_however_long_it_is() {
    let world = World::at(NOON).await;
    let ada = house(&world).await;
    ada.client("Amber", "Stone", "amber@stone.example").await;
    let csv = format!("client,kind,title\n{},action,Call\namber@stone.example,action,Write\n", "long ".repeat(1_000));
    for dry_run in [true, false] {
        let done = import(&ada, "items", dry_run, &csv).await;
        assert_eq!(counts(&done), [2, 1, 0, 1]);
        assert_eq!(bad(&done), [(2, "client".to_owned(), "there is no such client".to_owned())]);
    }
    // what is meant for a trial is never the real thing by mistake
    let refused = ada.post("/v1/imports?dry_run=true", json!({ "kind": "clients", "csv": CLIENTS })).await;
    assert_eq!((refused.status.as_u16(), text(&refused.json["code"])), (400, "bad_query".into()));
    assert_eq!(ada.get("/v1/clients").await.expect(200)["items"].as_array().unwrap().len(), 1);
}
