//! Engagements, many at once: what lists, reports and files show to whom, and what settings would do.

use std::collections::BTreeSet;
use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use serde_json::{Value, json};
use stories::{Person, World, text, with};

/// Adds a program of three weeks.
async fn program(by: &Person, name: &str) -> String {
    by.add("/v1/programs", json!({ "name": name, "kind": "one_to_one", "threshold_weeks": 3, "sessions": 6 })).await
}

/// Launches an engagement, coached by the speaker, and gives its id.
async fn launch(by: &Person, client: &str, program: &str, more: Value) -> String {
    let id = by.add("/v1/engagements", with(json!({ "client_id": client, "program_id": program, "coach_id": by.id }), more)).await;
    by.ask("POST", &format!("/v1/engagements/{id}/activate"), &[], None).await.expect(200);
    id
}

/// What stands in a field of each row of a list.
fn column(list: &Value, field: &str) -> Vec<String> {
    list["items"].as_array().unwrap().iter().map(|row| row[field].as_str().map_or_else(|| row[field].to_string(), str::to_owned)).collect()
}

/// What stands in a field of each row of all pages of a list.
async fn paged(by: &Person, path: &str, field: &str) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = by.get(&format!("{path}&limit=2{cursor}")).await.expect(200);
        found.extend(column(&page, field));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

/// The rows of a file of the report, by their columns' names.
fn csv_rows(text: &str) -> Vec<Vec<String>> {
    text.split("\r\n").filter(|line| !line.is_empty()).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

#[tokio::test]
async fn who_may_not_know_a_progress_finds_a_dash_in_every_respect() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let ada = world.house().await;
    let acme = ada.company("Acme").await;
    let [amber, ben] = [ada.client("Amber", "Stone", "amber@stone.example").await, ada.client("Ben", "Alder", "ben@alder.example").await];
    ada.employ(&amber, &acme).await;
    ada.employ(&ben, &acme).await;
    let program = program(&ada, "Leadership").await;
    // Acme owns one, the account the other; both have crossed
    let theirs = launch(&ada, &amber, &program, json!({ "owner_organisation_id": acme })).await;
    let ours = launch(&ada, &ben, &program, json!({})).await;
    let viewing = json!({ "coach": false, "administrator": "global", "permissions": ["view_all_client_happenings"] });
    let vera = ada.member(&world, "Vera Lund", "vera@onward.example", viewing).await;
    world.advance_to("2026-03-30T12:00:00Z").await;

    let report = vera.get("/v1/engagement-report?sort=client").await.expect(200);
    assert_eq!(column(&report, "progress"), ["not_tracking", "off_track"]);
    assert_eq!(column(&report, "off_track_since"), ["null", "2026-03-23"]);
    assert_eq!(report["counts"], json!({ "on_track": 0, "off_track": 1, "not_tracking": 1 }));
    for query in ["progress=off_track", "off_track_since_from=2026-03-23", "off_track_since_to=2026-03-23&off_track_since_from=2026-03-23"]
    {
        let found = vera.get(&format!("/v1/engagement-report?{query}")).await.expect(200);
        assert_eq!(column(&found, "id"), std::slice::from_ref(&ours), "{query}");
        assert_eq!(found["counts"], json!({ "on_track": 0, "off_track": 1, "not_tracking": 0 }), "{query}");
    }
    assert_eq!(column(&vera.get("/v1/engagements?progress=not_tracking").await.expect(200), "id"), std::slice::from_ref(&theirs));
    // last in both directions, as if it had nothing to sort by
    for sort in ["off_track_since", "-off_track_since", "progress", "-progress", "due_on", "-due_on"] {
        assert_eq!(paged(&vera, &format!("/v1/engagements?sort={sort}"), "id").await, [ours.clone(), theirs.clone()], "{sort}");
    }
    let rows = csv_rows(&vera.get("/v1/engagement-report.csv?sort=client").await.text);
    assert_eq!([&rows[1][7], &rows[1][8], &rows[1][9]], ["-", "", ""]);
    assert_eq!([&rows[2][7], &rows[2][8], &rows[2][9]], ["Off track", "2026-03-23", "2026-03-23"]);
    // the same administrator, as its coach
    ada.patch(&format!("/v1/members/{}", vera.id), json!({ "coach": true })).await.expect(200);
    ada.post(&format!("/v1/engagements/{theirs}/assign-coach"), json!({ "coach_id": vera.id })).await.expect(200);
    let found = vera.get("/v1/engagements?progress=off_track&sort=client").await.expect(200);
    assert_eq!(column(&found, "id"), [theirs.clone(), ours.clone()]);
    // the client and the people of the company see that there are engagements, and no more
    let hana = ada.personnel(&acme, "Hana Ito", "hana@acme.example", &[]).await;
    for (email, count) in [("hana@acme.example", 2), ("amber@stone.example", 1)] {
        let person = world.person(email).await;
        let report = person.get("/v1/engagement-report").await.expect(200);
        assert_eq!(report["counts"], json!({ "on_track": 0, "off_track": 0, "not_tracking": count }), "{email}");
        assert_eq!(column(&person.get("/v1/engagements?progress=off_track").await.expect(200), "id"), Vec::<String>::new());
        assert_eq!(column(&report, "threshold_weeks"), vec!["null"; count]);
    }
    // their administrator knows of theirs
    let path = format!("/v1/companies/{acme}/personnel/{hana}");
    ada.patch(&path, json!({ "administrator": true })).await.expect(200);
    let hana = world.person("hana@acme.example").await;
    assert_eq!(column(&hana.get("/v1/engagements?progress=off_track").await.expect(200), "id"), [theirs]);
}

#[tokio::test]
async fn an_administrator_of_a_location_sees_that_location() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let ada = world.house().await;
    let place = format!("/v1/companies/{}/locations", ada.account_id);
    let [north, south] = [ada.add(&place, json!({ "name": "North" })).await, ada.add(&place, json!({ "name": "South" })).await];
    let program = program(&ada, "Leadership").await;
    let [amber, ben] = [ada.client("Amber", "Stone", "amber@stone.example").await, ada.client("Ben", "Alder", "ben@alder.example").await];
    let northern = launch(&ada, &amber, &program, json!({ "location_id": north })).await;
    launch(&ada, &ben, &program, json!({ "location_id": south })).await;
    launch(&ada, &ben, &program, json!({})).await;
    let local = json!({ "coach": false, "administrator": "location", "location_id": north });
    let lena = ada.member(&world, "Lena Holt", "lena@onward.example", local).await;
    world.advance_to("2026-03-30T12:00:00Z").await;
    let report = lena.get("/v1/engagement-report").await.expect(200);
    assert_eq!((column(&report, "id"), column(&report, "progress")), (vec![northern.clone()], vec!["off_track".to_owned()]));
    assert_eq!(column(&lena.get(&format!("/v1/engagements?location_id={south}")).await.expect(200), "id"), Vec::<String>::new());
    assert_eq!(column(&ada.get(&format!("/v1/engagements?location_id={north}")).await.expect(200), "id"), std::slice::from_ref(&northern));
    let rows = csv_rows(&lena.get("/v1/engagement-report.csv").await.text);
    assert_eq!((rows.len(), rows[1][5].as_str(), rows[1][7].as_str()), (2, "North", "Off track"));
    // an engagement that is deleted is in no list
    assert_eq!(ada.delete(&format!("/v1/engagements/{northern}")).await.status, 204);
    assert_eq!(lena.get("/v1/engagement-report").await.expect(200)["counts"], json!({ "on_track": 0, "off_track": 0, "not_tracking": 0 }));
}

#[tokio::test]
async fn lists_are_filtered_sorted_and_read_in_pages() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let ada = world.house().await;
    let bob = ada.coach(&world, "Bób Kern", "bob@onward.example").await;
    let acme = ada.company("Acme").await;
    let [leading, writing] = [program(&ada, "Leadership").await, program(&ada, "Écriture").await];
    let mut clients = Vec::new();
    for name in ["Zoë", "ángel", "Ben", "Amber", "ben"] {
        clients.push(ada.client(name, "", &format!("c{}@x.example", clients.len())).await);
    }
    ada.employ(&clients[2], &acme).await;
    let starts = [Some("2026-03-05"), None, Some("2026-03-03"), Some("2026-03-09"), None];
    let mut ids = Vec::new();
    for (n, client) in clients.iter().enumerate() {
        ids.push(launch(&ada, client, if n < 3 { &leading } else { &writing }, json!({ "starts_on": starts[n] })).await);
    }
    ada.post(&format!("/v1/engagements/{}/assign-coach", ids[3]), json!({ "coach_id": bob.id })).await.expect(200);
    let draft = ada.add("/v1/engagements", json!({ "client_id": clients[0], "program_id": writing })).await;

    assert_eq!(paged(&ada, "/v1/engagements?sort=client", "client").await, ["Amber", "ángel", "Ben", "ben", "Zoë", "Zoë"]);
    assert_eq!(paged(&ada, "/v1/engagements?sort=-client", "client").await, ["Zoë", "Zoë", "Ben", "ben", "ángel", "Amber"]);
    let order = |of: &[usize]| of.iter().map(|n| ids.get(*n).unwrap_or(&draft).clone()).collect::<Vec<_>>();
    assert_eq!(paged(&ada, "/v1/engagements?sort=starts_on", "id").await, order(&[2, 0, 3, 1, 4, 9]));
    assert_eq!(paged(&ada, "/v1/engagements?sort=-starts_on", "id").await, order(&[3, 0, 2, 1, 4, 9]));
    assert_eq!(paged(&ada, "/v1/engagements?q=ecri", "id").await, order(&[3, 4, 9]));
    for (query, found) in [
        (format!("coach_id={}", bob.id), vec![3]),
        (format!("client_id={}", clients[0]), vec![0, 9]),
        (format!("program_id={leading}&q=BEN"), vec![2]),
        (format!("company_id={acme}"), vec![2]),
        ("q=bob".to_owned(), vec![3]),
        ("q=ANGEL".to_owned(), vec![1]),
        ("state=draft".to_owned(), vec![9]),
        ("progress=on_track".to_owned(), vec![0, 1, 2, 3, 4]),
        ("progress=not_tracking".to_owned(), vec![9]),
        ("progress=off_track".to_owned(), vec![]),
    ] {
        assert_eq!(column(&ada.get(&format!("/v1/engagements?{query}")).await.expect(200), "id"), order(&found), "{query}");
    }
    // one that is added meanwhile neither repeats nor hides another
    let first = ada.get("/v1/engagements?sort=client&limit=2").await.expect(200);
    let cursor = text(&first["next_cursor"]);
    let aaron = ada.client("Aaron", "", "aaron@x.example").await;
    launch(&ada, &aaron, &leading, json!({})).await;
    let rest = ada.get(&format!("/v1/engagements?sort=client&cursor={cursor}")).await.expect(200);
    assert_eq!(column(&rest, "client"), ["Ben", "ben", "Zoë", "Zoë"]);
    // a cursor is good for its list alone
    for path in ["engagements?sort=-client", "engagements?sort=client&state=active", "engagement-report?sort=client"] {
        assert_eq!(ada.get(&format!("/v1/{path}&cursor={cursor}")).await.expect(400)["code"], "bad_cursor", "{path}");
    }
    for query in [
        "engagements?sort=name",
        "engagements?colour=red",
        "engagements?progress=late",
        "engagement-report.csv?limit=5",
        "engagement-report.xlsx?cursor=x",
    ] {
        assert_eq!(ada.get(&format!("/v1/{query}")).await.expect(400)["code"], "bad_query", "{query}");
    }
    let upside_down = ada.get("/v1/engagement-report?off_track_since_from=2026-03-05&off_track_since_to=2026-03-04").await;
    assert_eq!(upside_down.bad_fields(), ["off_track_since_to"]);
    // drafts are for members
    let zoe = world.person("c0@x.example").await;
    assert_eq!(column(&zoe.get("/v1/engagements").await.expect(200), "id"), order(&[0]));
}

#[tokio::test]
async fn off_track_since_takes_in_both_of_its_days() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let ada = world.house().await;
    let program = program(&ada, "Leadership").await;
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    let mut ids = Vec::new();
    for starts_on in ["2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06"] {
        ids.push(launch(&ada, &amber, &program, json!({ "starts_on": starts_on })).await);
    }
    world.advance_to("2026-03-30T12:00:00Z").await;
    let found = async |query: &str| column(&ada.get(&format!("/v1/engagement-report?{query}")).await.expect(200), "id");
    assert_eq!(found("off_track_since_from=2026-03-25&off_track_since_to=2026-03-26").await, ids[1..3]);
    assert_eq!(found("off_track_since_from=2026-03-27").await, ids[3..]);
    assert_eq!(found("off_track_since_to=2026-03-24").await, ids[..1]);
    // one that is back on track is found no more
    ada.add(&format!("/v1/engagements/{}/sessions", ids[1]), json!({ "starts_at": "2026-04-01T10:00:00Z" })).await;
    assert_eq!(found("off_track_since_from=2026-03-25&off_track_since_to=2026-03-26").await, ids[2..3]);
    assert_eq!(found("progress=on_track").await, ids[1..2]);
}

#[tokio::test]
async fn the_report_is_a_file_that_spreadsheets_read_as_it_is_meant() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let ada = world.house().await;
    let leading = program(&ada, "=1+1").await;
    let names = ["=cmd|' /C calc'!A0", "@SUM(A1)", "-1+2", "+44", "Amber, \"the\" Stone", "Zoë 🎯"];
    for (n, name) in names.iter().enumerate() {
        let client = ada.client(name, "", &format!("c{n}@x.example")).await;
        launch(&ada, &client, &leading, json!({ "starts_on": format!("2026-03-0{}", n + 2), "ends_on": "2026-09-01" })).await;
    }
    world.advance_to("2026-03-24T23:30:00Z").await;
    let csv = ada.get("/v1/engagement-report.csv").await;
    assert_eq!(csv.status, 200);
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8; header=present");
    assert_eq!(csv.headers["content-disposition"], "attachment; filename=\"engagements-2026-03-24.csv\"");
    assert!(csv.text.starts_with("Client,Company,Coach,Program,Kind,Location,State,Progress,Off track since,Due on,Starts on,Ends on,"));
    assert!(
        csv.text.contains("\r\n\"Amber, \"\"the\"\" Stone\",,Ada Brandt,'=1+1,One-to-one,,Active,On track,,2026-03-27,"),
        "{}",
        csv.text
    );
    for safe in ["'=cmd|' /C calc'!A0,", "'@SUM(A1),", "'-1+2,", "'+44,", "Zoë 🎯,"] {
        assert!(csv.text.contains(&format!("\r\n{safe}")), "{safe} in {}", csv.text);
    }
    assert!(csv.text.contains(",Off track,2026-03-23,2026-03-23,2026-03-02,2026-09-01,0,6,2026-03-02\r\n"), "{}", csv.text);

    let file = ada.get("/v1/engagement-report.xlsx?sort=-starts_on").await;
    assert_eq!(file.status, 200);
    assert_eq!(file.headers["content-type"], "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
    assert_eq!(file.headers["content-disposition"], "attachment; filename=\"engagements-2026-03-24.xlsx\"");
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file.bytes.clone())).unwrap();
    let sheet = book.worksheet_range("Engagements").unwrap();
    let rows: Vec<&[Data]> = sheet.rows().collect();
    assert_eq!(rows.len(), 1 + names.len());
    assert_eq!(rows[0][7], Data::String("Progress".into()));
    let listed: BTreeSet<String> = rows[1..].iter().map(|row| row[0].to_string()).collect();
    assert_eq!(listed, names.iter().map(|name| (*name).to_owned()).collect(), "text stays as it is");
    let last = rows[names.len()];
    assert_eq!([&last[3], &last[7]], [&Data::String("=1+1".into()), &Data::String("Off track".into())]);
    for (at, day) in [(8, "2026-03-23"), (9, "2026-03-23"), (10, "2026-03-02"), (11, "2026-09-01"), (14, "2026-03-02")] {
        let Data::DateTime(on) = &last[at] else { panic!("{:?} is no date", last[at]) };
        assert_eq!(on.as_datetime().unwrap().to_string(), format!("{day} 00:00:00"));
    }
    assert_eq!(last[13], Data::Float(6.0));
    assert!(book.worksheet_formula("Engagements").unwrap().is_empty());
    let xml = part(&file.bytes, "xl/worksheets/sheet1.xml");
    assert!(xml.contains(r#"<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>"#), "{xml}");
    assert!(xml.contains(&format!(r#"<autoFilter ref="A1:O{}"/>"#, 1 + names.len())), "{xml}");
    // a report without rows is a file, too
    let empty = ada.get("/v1/engagement-report.xlsx?q=nobody").await;
    assert_eq!(Xlsx::new(Cursor::new(empty.bytes)).unwrap().worksheet_range("Engagements").unwrap().height(), 1);
}

/// A part of a workbook, as text.
fn part(bytes: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    std::io::read_to_string(archive.by_name(name).unwrap()).unwrap()
}

#[tokio::test]
async fn columns_are_remembered_for_each_person() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let ada = world.house().await;
    let acme = ada.company("Acme").await;
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    ada.employ(&amber, &acme).await;
    ada.personnel(&acme, "Hana Ito", "hana@acme.example", &[]).await;
    let everybodys = ada.get("/v1/me").await.expect(200)["columns"].clone();
    let chosen = json!({ "engagements": ["progress", "client", "off_track_since"] });
    for person in [ada.clone(), world.person("amber@stone.example").await, world.person("hana@acme.example").await] {
        assert_eq!(person.get("/v1/me").await.expect(200)["columns"], everybodys);
        let before = person.patch("/v1/me", json!({ "columns": chosen })).await.expect(200);
        assert_eq!(before["columns"], chosen);
        person.patch("/v1/me", json!({ "time_zone": "Europe/Berlin" })).await.expect(200);
        assert_eq!(person.get("/v1/me").await.expect(200)["columns"], chosen);
        for (bad, field) in [
            (json!({ "engagements": ["client", "threshold"] }), "columns.engagements[1]"),
            (json!({ "engagements": [] }), "columns.engagements"),
            (json!({ "engagements": ["client", "client"] }), "columns.engagements[1]"),
            (json!({ "clients": ["name"] }), "columns.clients"),
        ] {
            assert_eq!(person.patch("/v1/me", json!({ "columns": bad })).await.bad_fields(), [field]);
        }
        assert_eq!(person.get("/v1/me").await.expect(200)["columns"], chosen);
    }
}

#[tokio::test]
async fn a_dry_run_says_who_would_be_mailed_and_changes_nothing() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let ada = world.house().await;
    let bob = ada.coach(&world, "Bob Kern", "bob@onward.example").await;
    let acme = ada.company("Acme").await;
    let open = ada.add("/v1/programs", json!({ "name": "Open", "kind": "one_to_one" })).await;
    let mut ids = Vec::new();
    for (n, starts_on) in ["2026-03-02", "2026-03-12", "2026-03-14", "2026-03-20"].iter().enumerate() {
        let client = ada.client(&format!("C{n}"), "", &format!("c{n}@x.example")).await;
        ada.ask("POST", &format!("/v1/clients/{client}/portal/invite"), &[], None).await.expect(200);
        let id = launch(&ada, &client, &open, json!({ "starts_on": starts_on })).await;
        ada.post(&format!("/v1/engagements/{id}/assign-coach"), json!({ "coach_id": bob.id })).await.expect(200);
        ids.push(id);
    }
    // one that is not Ada's to answer for, and one that was never launched
    let dora = ada.client("Dora", "", "dora@x.example").await;
    ada.employ(&dora, &acme).await;
    let theirs = launch(&ada, &dora, &open, json!({ "owner_organisation_id": acme })).await;
    ada.add("/v1/engagements", json!({ "client_id": dora, "program_id": open })).await;
    world.advance_to("2026-04-06T12:00:00Z").await;
    let before = ada.get("/v1/engagement-report").await.expect(200);
    let mails = world.mails().len();

    let settings = json!({ "program_id": open, "threshold_weeks": 3, "off_track_notifications": true });
    let tried = ada.post("/v1/tracking/dry-run", settings.clone()).await.expect(200);
    // crossed on 23 March, 2 and 4 April; only what crossed in the last seven days is news to coach and client
    let crossed = [(0, "2026-03-23"), (1, "2026-04-02"), (2, "2026-04-04")].map(|(n, on)| json!({ "id": ids[n], "off_track_since": on }));
    assert_eq!(tried["engagements"], json!(crossed));
    let would_mail = json!([
        { "recipient": "ada@onward.example", "name": "Ada Brandt", "role": "administrator", "engagements": 3 },
        { "recipient": "bob@onward.example", "name": "Bob Kern", "role": "coach", "engagements": 2 },
        { "recipient": "c1@x.example", "name": "C1", "role": "client", "engagements": 1 },
        { "recipient": "c2@x.example", "name": "C2", "role": "client", "engagements": 1 },
    ]);
    assert_eq!((&tried["would_flip"], &tried["would_mail"]), (&json!(3), &would_mail));
    // without mail they would be off track all the same; opted out, nobody is mailed
    let quiet = ada.post("/v1/tracking/dry-run", with(settings.clone(), json!({ "off_track_notifications": false }))).await.expect(200);
    assert_eq!((&quiet["would_flip"], &quiet["would_mail"]), (&json!(3), &json!([])));
    bob.patch("/v1/me", json!({ "notifications": { "off_track": false } })).await.expect(200);
    let tried = ada.post("/v1/tracking/dry-run", settings.clone()).await.expect(200);
    assert_eq!(tried["would_mail"].as_array().unwrap().iter().filter(|mail| mail["role"] == "coach").count(), 0);
    let some = json!({ "engagement_ids": [ids[3], ids[2], theirs], "threshold_weeks": 1, "off_track_notifications": true });
    let tried = ada.post("/v1/tracking/dry-run", some).await.expect(200);
    assert_eq!(column(&json!({ "items": tried["engagements"] }), "id"), [ids[2].clone(), ids[3].clone()]);
    world.settle().await;
    assert_eq!((ada.get("/v1/engagement-report").await.expect(200), world.mails().len()), (before, mails));

    // who answers for none of them learns nothing, their coach included
    for person in [&bob, &world.person("dora@x.example").await] {
        person.post("/v1/tracking/dry-run", json!({ "engagement_ids": ids, "threshold_weeks": 1 })).await.expect(404);
    }
    bob.post("/v1/tracking/dry-run", settings.clone()).await.expect(403);
    ada.post("/v1/tracking/dry-run", json!({ "engagement_ids": [theirs], "threshold_weeks": 1 })).await.expect(404);
    for (bad, field) in [
        (json!({ "threshold_weeks": 3 }), "program_id"),
        (with(settings.clone(), json!({ "engagement_ids": ids })), "engagement_ids"),
        (json!({ "engagement_ids": [], "threshold_weeks": 3 }), "engagement_ids"),
        (with(settings.clone(), json!({ "threshold_weeks": 0 })), "threshold_weeks"),
        (with(settings.clone(), json!({ "threshold_weeks": 53 })), "threshold_weeks"),
    ] {
        assert_eq!(ada.post("/v1/tracking/dry-run", bad).await.bad_fields(), [field]);
    }
}
