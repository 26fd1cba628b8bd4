//! Engagements over HTTP: their life, who is told where they stand, and writers who meet.

use serde_json::{Value, json};
use stories::{Answer, Person, World, text, with};

/// Adds a program of three weeks, with whatever more.
async fn program(by: &Person, more: Value) -> String {
    by.add("/v1/programs", with(json!({ "name": "Leadership", "kind": "one_to_one", "threshold_weeks": 3 }), more)).await
}

/// Adds an engagement of the speaker's with a client, and gives its path.
async fn engagement(by: &Person, client: &str, program: &str, more: Value) -> String {
    let draft = with(json!({ "client_id": client, "program_id": program, "coach_id": by.id }), more);
    format!("/v1/engagements/{}", by.add("/v1/engagements", draft).await)
}

/// A move without a body.
async fn go(by: &Person, path: &str, verb: &str) -> Answer {
    by.ask("POST", &format!("{path}/{verb}"), &[], None).await
}

/// What is told of where an engagement stands.
fn standing(engagement: &Value) -> Value {
    json!([engagement["progress"], engagement["off_track_since"], engagement["due_on"], engagement["at_risk"], engagement["missing"]])
}

#[tokio::test]
async fn an_engagement_lives_from_draft_to_completion_and_goes_off_track_and_back() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let ada = world.house().await;
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    let program = program(&ada, json!({ "sessions": 6 })).await;
    let path = engagement(&ada, &amber, &program, json!({})).await;
    let draft = ada.get(&path).await.expect(200);
    assert_eq!((text(&draft["state"]), text(&draft["reason"])), ("draft".into(), "not_active".into()));
    assert_eq!(
        (text(&draft["client"]), text(&draft["coach"]), draft["sessions_total"].as_u64()),
        ("Amber Stone".into(), "Ada Brandt".into(), Some(6))
    );
    // T-1: launching copies, and later edits of the program change nothing
    ada.patch(&format!("/v1/programs/{program}"), json!({ "threshold_weeks": 4 })).await.expect(200);
    let active = go(&ada, &path, "activate").await.expect(200);
    assert_eq!((active["threshold_weeks"].as_u64(), text(&active["due_on"])), (Some(4), "2026-03-30".into()));
    ada.patch(&format!("/v1/programs/{program}"), json!({ "threshold_weeks": 1, "off_track_notifications": false })).await.expect(200);
    assert_eq!(ada.get(&path).await.expect(200)["threshold_weeks"], json!(4));
    // its own settings can be changed at any time
    let own = ada.patch(&path, json!({ "threshold_weeks": 3, "off_track_notifications": false })).await.expect(200);
    assert_eq!((text(&own["due_on"]), own["off_track_notifications"].as_bool()), ("2026-03-23".into(), Some(false)));
    world.advance_to("2026-03-20T12:00:00Z").await;
    assert_eq!(standing(&ada.get(&path).await.expect(200)), json!(["on_track", null, "2026-03-23", true, "schedule_session"]));
    world.advance_to("2026-03-25T12:00:00Z").await;
    let off = ada.get(&path).await.expect(200);
    assert_eq!(standing(&off), json!(["off_track", "2026-03-23", "2026-03-23", false, "schedule_session"]));
    let session = ada.post(&format!("{path}/sessions"), json!({ "starts_at": "2026-04-01T15:00:00Z" })).await.expect(201);
    assert_eq!(
        (text(&session["state"]), session["minutes"].as_u64(), text(&session["coach_id"])),
        ("scheduled".into(), Some(60), ada.id.clone())
    );
    let back = ada.get(&path).await.expect(200);
    assert_eq!(standing(&back), json!(["on_track", null, "2026-04-22", false, null]));
    assert_eq!((text(&back["episodes"][0]["since"]), text(&back["episodes"][0]["until"])), ("2026-03-23".into(), "2026-03-25".into()));
    world.advance_to("2026-04-01T17:00:00Z").await;
    let session = format!("/v1/sessions/{}", text(&session["id"]));
    assert_eq!(go(&ada, &session, "complete").await.expect(200)["state"], "completed");
    assert_eq!(go(&ada, &session, "cancel").await.expect(409)["code"], "wrong_state");
    assert_eq!(ada.get(&path).await.expect(200)["sessions_done"], json!(1));
    // a break stops the clock
    let paused = ada.post(&format!("{path}/pauses"), json!({ "ends_on": "2026-04-10", "note": "Easter" })).await.expect(200);
    assert_eq!((text(&paused["paused_until"]), text(&paused["due_on"])), ("2026-04-10".into(), "2026-05-02".into()));
    let resumed = go(&ada, &path, "resume").await.expect(200);
    assert_eq!((&resumed["paused_until"], text(&resumed["due_on"])), (&Value::Null, "2026-04-22".into()));
    for (verb, state) in [("deactivate", "inactive"), ("activate", "active"), ("complete", "completed")] {
        assert_eq!(go(&ada, &path, verb).await.expect(200)["state"], state);
    }
    let refused = go(&ada, &path, "deactivate").await.expect(409);
    assert!(text(&refused["detail"]).contains("is completed can't do that"), "{refused}");
    let log = ada.get(&format!("{path}/happenings?limit=200")).await.expect(200);
    let told: Vec<String> = log["items"].as_array().unwrap().iter().rev().map(|happening| text(&happening["what"])).collect();
    assert_eq!(
        told.into_iter().filter(|what| what != "off_track").collect::<Vec<_>>(),
        [
            "created",
            "activated",
            "changed",
            "session_scheduled",
            "back_on_track",
            "session_completed",
            "paused",
            "resumed",
            "deactivated",
            "activated",
            "completed"
        ]
    );
}

#[tokio::test]
async fn a_deleted_engagement_is_gone_and_can_be_brought_back_for_thirty_days() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let ada = world.house().await;
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    let path = engagement(&ada, &amber, &program(&ada, json!({})).await, json!({})).await;
    let session = ada.add(&format!("{path}/sessions"), json!({ "starts_at": "2026-03-20T10:00:00Z" })).await;
    assert_eq!(ada.delete(&path).await.status, 204);
    for answer in [
        ada.get(&path).await,
        ada.patch(&path, json!({ "sessions_total": 3 })).await,
        ada.delete(&path).await,
        go(&ada, &path, "activate").await,
        ada.get(&format!("{path}/sessions")).await,
        ada.get(&format!("{path}/happenings")).await,
        go(&ada, &format!("/v1/sessions/{session}"), "cancel").await,
    ] {
        answer.expect(404);
    }
    assert_eq!(go(&ada, &path, "restore").await.expect(200)["deleted_at"], Value::Null);
    assert_eq!(go(&ada, &path, "restore").await.expect(409)["code"], "wrong_state");
    assert_eq!(ada.delete(&path).await.status, 204);
    world.advance_to("2026-04-02T12:00:00Z").await;
    let late = go(&ada, &path, "restore").await.expect(409);
    assert!(text(&late["detail"]).contains("more than 30 days ago"), "{late}");
}

#[tokio::test]
async fn a_client_chooses_a_coach_after_discovery_calls() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let ada = world.house().await;
    let bob = ada.coach(&world, "Bob Kern", "bob@onward.example").await;
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    let choice = program(&ada, json!({ "kind": "coach_matching" })).await;
    let path = format!("/v1/engagements/{}", ada.add("/v1/engagements", json!({ "client_id": amber, "program_id": choice })).await);
    assert_eq!(go(&ada, &path, "activate").await.expect(409)["code"], "wrong_state");
    assert_eq!(text(&go(&ada, &path, "start-matching").await.expect(200)["missing"]), "schedule_discovery_call");
    let call = json!({ "starts_at": "2026-03-05T10:00:00Z", "coach_id": bob.id });
    assert_eq!(ada.post(&format!("{path}/discovery-calls"), call).await.expect(201)["kind"], "discovery_call");
    assert_eq!(ada.get(&format!("{path}/discovery-calls")).await.expect(200)["items"].as_array().unwrap().len(), 1);
    assert_eq!(ada.get(&format!("{path}/sessions")).await.expect(200)["items"], json!([]));
    let chosen = ada.post(&format!("{path}/select-coach"), json!({ "coach_id": bob.id })).await.expect(200);
    assert_eq!((text(&chosen["coach"]), text(&chosen["counted_from"])), ("Bob Kern".into(), "coach_selection".into()));
    assert_eq!(go(&ada, &path, "activate").await.expect(200)["state"], "active");
    let other = engagement(&ada, &amber, &program(&ada, json!({})).await, json!({})).await;
    let refused = ada.post(&format!("{other}/discovery-calls"), json!({ "starts_at": "2026-03-05T10:00:00Z" })).await.expect(409);
    assert_eq!(refused["code"], "not_matched");
    // without team edition, work is given to nobody but oneself
    ada.patch("/v1/account", json!({ "features": { "team_edition": false } })).await.expect(200);
    let refused = ada.post(&format!("{other}/assign-coach"), json!({ "coach_id": bob.id })).await.expect(409);
    assert_eq!(refused["code"], "team_edition_required");
    ada.post(&format!("{path}/assign-coach"), json!({ "coach_id": ada.id })).await.expect(200);
}

#[tokio::test]
async fn what_does_not_fit_is_named_field_by_field() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let ada = world.house().await;
    let stranger = world.account("Elsewhere", "eve@elsewhere.example", "UTC").await;
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    let dora = stranger.client("Dora", "Quill", "dora@quill.example").await;
    let acme = ada.company("Acme").await;
    let [berlin, munich] = [
        ada.add(&format!("/v1/companies/{acme}/locations"), json!({ "name": "Berlin" })).await,
        ada.add(&format!("/v1/companies/{}/locations", ada.account_id), json!({ "name": "Munich" })).await,
    ];
    let hana = ada.personnel(&acme, "Hana Ito", "hana@acme.example", &[]).await;
    let program = program(&ada, json!({})).await;
    let nobody = "01J9Z3K5T0QW8R2M4N6P7S9V1X";
    assert_eq!(ada.post("/v1/programs", json!({})).await.bad_fields(), ["name", "kind"]);
    let bad = json!({ "name": "", "kind": "group", "sessions": 0, "threshold_weeks": 53 });
    assert_eq!(ada.post("/v1/programs", bad).await.bad_fields(), ["name", "sessions", "threshold_weeks", "threshold_weeks"]);
    assert_eq!(ada.post("/v1/engagements", json!({})).await.bad_fields(), ["client_id", "program_id"]);
    let bad = json!({ "client_id": dora, "program_id": nobody });
    assert_eq!(ada.post("/v1/engagements", bad).await.bad_fields(), ["client_id", "program_id"], "another account's client is none");
    let base = json!({ "client_id": amber, "program_id": program });
    for (more, fields) in [
        (json!({ "threshold_weeks": 0, "starts_on": "2026-05-01", "ends_on": "2026-04-01" }), vec!["ends_on", "threshold_weeks"]),
        (json!({ "coach_id": nobody, "owner_id": nobody, "location_id": nobody }), vec!["coach_id", "owner_id", "location_id"]),
        (json!({ "owner_organisation_id": nobody }), vec!["owner_organisation_id"]),
        // of another organisation than the one that owns it, and no administrator
        (json!({ "owner_organisation_id": acme, "owner_id": ada.id, "location_id": munich }), vec!["owner_id", "location_id"]),
        (json!({ "owner_organisation_id": acme, "owner_id": hana, "location_id": berlin }), vec!["owner_id"]),
        (json!({ "location_id": berlin }), vec!["location_id"]),
    ] {
        assert_eq!(ada.post("/v1/engagements", with(base.clone(), more)).await.bad_fields(), fields);
    }
    ada.patch(&format!("/v1/companies/{acme}/personnel/{hana}"), json!({ "administrator": true, "location_id": berlin })).await.expect(200);
    let fits = json!({ "owner_organisation_id": acme, "owner_id": hana, "location_id": berlin });
    let path = format!("/v1/engagements/{}", ada.add("/v1/engagements", with(base.clone(), fits)).await);
    let bad = json!({ "client_id": nobody, "program_id": nobody, "coach_id": nobody });
    assert_eq!(ada.patch(&path, bad).await.bad_fields(), ["client_id", "program_id", "coach_id"]);
    assert_eq!(ada.post(&format!("{path}/assign-coach"), json!({})).await.bad_fields(), ["coach_id"]);
    assert_eq!(ada.post(&format!("{path}/assign-coach"), json!({ "coach_id": nobody })).await.bad_fields(), ["coach_id"]);
    assert_eq!(ada.post(&format!("{path}/pauses"), json!({ "starts_on": "2026-03-05" })).await.bad_fields(), ["ends_on"]);
    assert_eq!(ada.post(&format!("{path}/sessions"), json!({ "minutes": 0 })).await.bad_fields(), ["starts_at", "minutes"]);
    let early = json!({ "starts_at": "2026-03-09T10:00:00Z", "state": "completed", "coach_id": nobody });
    assert_eq!(ada.post(&format!("{path}/sessions"), early).await.bad_fields(), ["state"]);
    // a location administrator, of the organisation and of a company, is one of a location of it
    let member = json!({ "name": "Lo Cal", "email": "lo@onward.example", "administrator": "location", "location_id": berlin });
    assert_eq!(ada.post("/v1/members", member).await.bad_fields(), ["location_id"]);
    let person = json!({ "location_id": munich });
    assert_eq!(ada.patch(&format!("/v1/companies/{acme}/personnel/{hana}"), person).await.bad_fields(), ["location_id"]);
    // and nothing is added for an archived client
    go(&ada, &format!("/v1/clients/{amber}"), "archive").await.expect(200);
    assert_eq!(ada.post("/v1/engagements", base).await.expect(409)["code"], "client_archived");
    assert_eq!(go(&ada, &path, "activate").await.expect(409)["code"], "client_archived");
}

#[tokio::test]
async fn where_an_engagement_stands_is_told_to_those_who_may_know_alone() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let ada = world.house().await;
    let bob = ada.coach(&world, "Bob Kern", "bob@onward.example").await;
    let cora = ada.coach(&world, "Cora Beck", "cora@onward.example").await;
    let acme = ada.company("Acme").await;
    let [berlin, paris] = [
        ada.add(&format!("/v1/companies/{acme}/locations"), json!({ "name": "Berlin" })).await,
        ada.add(&format!("/v1/companies/{acme}/locations"), json!({ "name": "Paris" })).await,
    ];
    let mut personnel = Vec::new();
    for (name, more) in [
        ("whole", json!({ "administrator": true })),
        ("berlin", json!({ "administrator": true, "location_id": berlin })),
        ("paris", json!({ "administrator": true, "location_id": paris })),
        ("none", json!({ "location_id": berlin })),
    ] {
        let email = format!("{name}@acme.example");
        ada.add(&format!("/v1/companies/{acme}/personnel"), with(json!({ "name": name, "email": email }), more)).await;
        personnel.push(world.person(&email).await);
    }
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    ada.employ(&amber, &acme).await;
    ada.pair(&amber, &cora, "coaching").await;
    let client = world.person("amber@stone.example").await;
    let program = program(&ada, json!({})).await;
    // owned by the company: its administrators know, those of the account's own organisation don't
    let draft = json!({ "coach_id": bob.id, "owner_organisation_id": acme, "location_id": berlin });
    let path = engagement(&ada, &amber, &program, draft).await;
    let launched = go(&ada, &path, "activate").await.expect(200);
    assert_eq!(standing(&launched), json!(["not_tracking", null, null, false, null]), "also in the answer to a change");
    world.advance_to("2026-03-25T12:00:00Z").await;
    let off = json!(["off_track", "2026-03-23", "2026-03-23", false, "schedule_session"]);
    let [whole, of_berlin, of_paris, none] = personnel.try_into().ok().unwrap();
    for (who, knows) in [
        (&ada, false),
        (&bob, true),
        (&cora, false),
        (&client, false),
        (&whole, true),
        (&of_berlin, true),
        (&of_paris, false),
        (&none, false),
    ] {
        let seen = who.get(&path).await.expect(200);
        if knows {
            assert_eq!((standing(&seen), seen["threshold_weeks"].as_u64()), (off.clone(), Some(3)));
            assert!(seen["episodes"].is_array() && seen["off_track_notifications"] == true);
        } else {
            assert_eq!(standing(&seen), json!(["not_tracking", null, null, false, null]));
            for hidden in ["threshold_weeks", "off_track_notifications", "reason", "counted_from", "counted_from_on", "episodes"] {
                assert_eq!(seen[hidden], Value::Null, "{hidden}");
            }
        }
    }
    ada.post(&format!("{path}/sessions"), json!({ "starts_at": "2026-04-01T10:00:00Z" })).await.expect(201);
    for (who, knows) in [(&bob, true), (&ada, false), (&client, false), (&whole, true), (&none, false)] {
        let mut told = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = who.get(&format!("{path}/happenings?limit=1{cursor}")).await.expect(200);
            told.extend(page["items"].as_array().unwrap().iter().map(|happening| text(&happening["what"])));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(told.contains(&"back_on_track".to_owned()), knows, "{told:?}");
    }
    // who may not know how it is watched does not set it either: trying values would tell
    ada.patch(&path, json!({ "threshold_weeks": 3 })).await.expect(403);
    bob.patch(&path, json!({ "threshold_weeks": null })).await.expect(200);
    // a coach knows while it is tracked
    assert_eq!(bob.get(&path).await.expect(200)["off_track_notifications"], Value::Null);
    assert_eq!(whole.get(&path).await.expect(200)["reason"], "not_enabled");
    bob.patch(&path, json!({ "threshold_weeks": 2 })).await.expect(200);
    assert_eq!(bob.get(&path).await.expect(200)["threshold_weeks"], json!(2));
    // nobody outside of the company and the client's coaches sees it at all, and no draft leaves the house
    let dan = ada.coach(&world, "Dan Voss", "dan@onward.example").await;
    dan.get(&path).await.expect(404);
    let draft = engagement(&ada, &amber, &program, json!({})).await;
    for who in [&client, &whole] {
        who.get(&draft).await.expect(404);
    }
}

#[tokio::test]
async fn a_request_that_comes_twice_is_done_once_and_an_older_version_overwrites_nothing() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let ada = world.house().await;
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    let program = program(&ada, json!({})).await;
    let draft = json!({ "client_id": amber, "program_id": program, "coach_id": ada.id });
    let keyed = |key: &'static str| [("idempotency-key", key)];
    let first = ada.ask("POST", "/v1/engagements", &keyed("a"), Some(&draft)).await;
    let again = ada.ask("POST", "/v1/engagements", &keyed("a"), Some(&draft)).await;
    assert_eq!((again.headers["idempotency-replayed"].to_str().unwrap(), &again.json), ("true", &first.json));
    let path = format!("/v1/engagements/{}", text(&first.expect(201)["id"]));
    let activated = ada.ask("POST", &format!("{path}/activate"), &keyed("b"), None).await.expect(200);
    assert_eq!(ada.ask("POST", &format!("{path}/activate"), &keyed("b"), None).await.expect(200), activated);
    let body = json!({ "starts_at": "2026-03-20T10:00:00Z" });
    let session = ada.ask("POST", &format!("{path}/sessions"), &keyed("c"), Some(&body)).await.expect(201);
    assert_eq!(ada.ask("POST", &format!("{path}/sessions"), &keyed("c"), Some(&body)).await.expect(201), session);
    assert_eq!(ada.get(&format!("{path}/sessions")).await.expect(200)["items"].as_array().unwrap().len(), 1);
    let cancel = format!("/v1/sessions/{}/cancel", text(&session["id"]));
    let cancelled = ada.ask("POST", &cancel, &keyed("d"), None).await.expect(200);
    assert_eq!(ada.ask("POST", &cancel, &keyed("d"), None).await.expect(200), cancelled);
    // a resume that changes nothing is on record too
    ada.ask("POST", &format!("{path}/resume"), &keyed("e"), None).await.expect(200);
    let again = ada.ask("POST", &format!("{path}/resume"), &keyed("e"), None).await;
    assert_eq!(again.headers["idempotency-replayed"], "true");
    let now = ada.get(&path).await;
    let tag = now.headers["etag"].to_str().unwrap().to_owned();
    let stale = [("if-match", "\"1\"")];
    let change = json!({ "sessions_total": 9 });
    ada.ask("PATCH", &path, &stale, Some(&change)).await.expect(412);
    ada.ask("DELETE", &path, &stale, None).await.expect(412);
    ada.ask("PATCH", &path, &[("if-match", &tag)], Some(&change)).await.expect(200);
    ada.ask("PATCH", &format!("/v1/sessions/{}", text(&session["id"])), &stale, Some(&json!({ "minutes": 30 }))).await.expect(412);
    let now = ada.get(&format!("{path}/sessions")).await.expect(200);
    assert_eq!((now["items"][0]["minutes"].as_u64(), now["items"][0]["version"].as_u64()), (Some(60), Some(2)));
}

#[tokio::test]
async fn sessions_that_are_written_at_the_same_time_all_land_and_the_latest_counts() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let ada = world.house().await;
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    let path = engagement(&ada, &amber, &program(&ada, json!({})).await, json!({})).await;
    go(&ada, &path, "activate").await.expect(200);
    let sessions = format!("{path}/sessions");
    let at = |day: u32| json!({ "starts_at": format!("2026-03-{day:02}T10:00:00Z") });
    let (one, two, three) = tokio::join!(ada.post(&sessions, at(10)), ada.post(&sessions, at(12)), ada.post(&sessions, at(11)));
    for answer in [one, two, three] {
        answer.expect(201);
    }
    let seen = ada.get(&path).await.expect(200);
    assert_eq!((text(&seen["due_on"]), seen["version"].as_u64()), ("2026-04-02".into(), Some(5)));
    assert_eq!(ada.get(&sessions).await.expect(200)["items"].as_array().unwrap().len(), 3);
    assert_eq!(filed(&world, &ada).await, ["2026-04-02 amber@stone.example 2026-04-02T08:00:00Z"]);
}

/// How the account's tracked engagements are filed: the day, the client's address, when the sweep looks.
async fn filed(world: &World, of: &Person) -> Vec<String> {
    let scope = platform::store::Scope::of_own_message(of.account_id.parse().unwrap());
    let day = |year| chrono::NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
    let tracked = world.stack.app.platform.store.tracked(scope, day(2000), day(2100)).await.unwrap();
    let line = |tracking: &domain::progress::Tracking| {
        let email = tracking.client_email.as_ref().map_or("-", domain::person::Email::as_str);
        let at = tracking.due_at.map_or("-".into(), |at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
        format!("{} {email} {at}", tracking.due_on.unwrap())
    };
    tracked.iter().map(line).collect()
}

#[tokio::test]
async fn another_address_and_another_calendar_move_how_engagements_are_filed() {
    let world = World::at("2026-03-02T23:30:00Z").await;
    let ada = world.house().await;
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    let path = engagement(&ada, &amber, &program(&ada, json!({})).await, json!({})).await;
    let launched = go(&ada, &path, "activate").await.expect(200);
    assert_eq!(filed(&world, &ada).await, ["2026-03-23 amber@stone.example 2026-03-23T08:00:00Z"]);
    ada.patch(&format!("/v1/clients/{amber}"), json!({ "email": "a@stone.example" })).await.expect(200);
    assert_eq!(filed(&world, &ada).await, ["2026-03-23 a@stone.example 2026-03-23T08:00:00Z"]);
    // in Berlin it was the next day already
    ada.patch("/v1/account", json!({ "time_zone": "Europe/Berlin" })).await.expect(200);
    assert_eq!(filed(&world, &ada).await, ["2026-03-24 a@stone.example 2026-03-24T07:00:00Z"]);
    let seen = ada.get(&path).await.expect(200);
    assert_eq!((text(&seen["due_on"]), &seen["version"]), ("2026-03-24".into(), &launched["version"]));
    let scope = platform::store::Scope::of_own_message(ada.account_id.parse().unwrap());
    assert_eq!(app::engagements::refile_all(&world.stack.app, scope).await.unwrap(), 0, "nothing is left to be refiled");
}

#[tokio::test]
async fn a_client_is_invited_once_a_day_and_accepts_once() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let ada = world.house().await;
    let ben = ada.client("Ben", "", "").await;
    assert_eq!(go(&ada, &format!("/v1/clients/{ben}"), "portal/invite").await.expect(409)["code"], "no_email");
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    let path = format!("/v1/clients/{amber}");
    assert_eq!(go(&ada, &path, "portal/invite").await.expect(200)["portal"], "pending");
    assert_eq!(go(&ada, &path, "portal/invite").await.expect(409)["code"], "invited_recently");
    world.settle().await;
    let link = |n: usize| {
        let mail = world.mails_to("amber@stone.example").remove(n).text;
        format!("/i/{}", mail.split_once("/i/").unwrap().1.split_whitespace().next().unwrap())
    };
    let first = link(0);
    let shown = world.anybody("GET", &first, &[], None).await;
    assert!(shown.text.contains("<form method=\"post\">") && shown.text.contains("Europe/Berlin"), "{}", shown.text);
    assert_eq!(ada.get(&path).await.expect(200)["portal"], "pending", "looking changes nothing");
    world.advance_to("2026-03-03T13:00:00Z").await;
    go(&ada, &path, "portal/invite").await.expect(200);
    world.settle().await;
    let second = link(1);
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let zone = || "time_zone=Europe%2FBerlin".to_owned();
    let replaced = world.raw("POST", &first, &form, zone()).await;
    assert!(replaced.text.contains("doesn’t count any more"), "{}", replaced.text);
    let wrong = world.raw("POST", &second, &form, "time_zone=Atlantis".to_owned()).await;
    assert!(wrong.text.contains("Choose the time zone"), "{}", wrong.text);
    for _ in 0..2 {
        let accepted = world.raw("POST", &second, &form, zone()).await;
        assert!(accepted.text.contains("✓ Accepted"), "{}", accepted.text);
    }
    let client = ada.get(&path).await.expect(200);
    assert_eq!((text(&client["portal"]), text(&client["time_zone"])), ("active".into(), "Europe/Berlin".into()));
    assert_eq!(go(&ada, &path, "portal/cancel").await.expect(409)["code"], "wrong_state");
    world.anybody("GET", "/i/none", &[], None).await.expect(404);
    // taken back, the mail does not go and the link opens nothing; another address is invited at once
    let cleo = ada.client("Cleo", "", "cleo@park.example").await;
    let path = format!("/v1/clients/{cleo}");
    go(&ada, &path, "portal/invite").await.expect(200);
    assert_eq!(go(&ada, &path, "portal/cancel").await.expect(200)["portal"], "not_invited");
    world.settle().await;
    assert_eq!(world.mails_to("cleo@park.example").len(), 0);
    ada.patch(&path, json!({ "email": "cleo@new.example" })).await.expect(200);
    go(&ada, &path, "portal/invite").await.expect(200);
    world.settle().await;
    let mail = world.mails_to("cleo@new.example").remove(0).text;
    let link = format!("/i/{}", mail.split_once("/i/").unwrap().1.split_whitespace().next().unwrap());
    world.advance_to("2026-03-11T12:00:00Z").await;
    let late = world.anybody("GET", &link, &[], None).await;
    assert!(late.text.contains("has expired"), "{}", late.text);
}

#[tokio::test]
async fn an_engagement_is_not_deleted_while_an_unpaid_invoice_or_an_active_contract_hangs_on_it() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let ada = world.house().await;
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    let blue = ada.client("Blue", "Reed", "blue@reed.example").await;
    let program = program(&ada, json!({})).await;
    let path = engagement(&ada, &amber, &program, json!({})).await;
    let id = path.trim_start_matches("/v1/engagements/");
    let invoice =
        json!({ "kind": "invoice", "title": "March", "amount": { "amount_minor": 25_000, "currency": "EUR" }, "engagement_id": id });
    let refused = ada.post(&format!("/v1/clients/{blue}/items"), invoice.clone()).await.expect(422);
    assert_eq!(text(&refused["errors"][0]["field"]), "engagement_id", "another client's");
    let note = json!({ "kind": "note", "title": "A note", "engagement_id": id });
    assert_eq!(text(&ada.post(&format!("/v1/clients/{amber}/items"), note).await.expect(422)["errors"][0]["field"]), "engagement_id");

    let invoice = ada.add(&format!("/v1/clients/{amber}/items"), invoice).await;
    assert_eq!(ada.delete(&path).await.status, 204, "nobody owes what was not sent");
    go(&ada, &path, "restore").await.expect(200);
    go(&ada, &format!("/v1/items/{invoice}"), "submit").await.expect(200);
    assert_eq!(text(&ada.delete(&path).await.expect(409)["code"]), "unpaid_invoice");
    go(&ada, &format!("/v1/items/{invoice}"), "complete").await.expect(200);

    let contract = json!({ "kind": "contract", "title": "Coaching agreement", "engagement_id": id });
    let contract = ada.add(&format!("/v1/clients/{amber}/items"), contract).await;
    go(&ada, &format!("/v1/items/{contract}"), "submit").await.expect(200);
    assert_eq!(text(&ada.delete(&path).await.expect(409)["code"]), "active_contract");
    go(&ada, &format!("/v1/items/{contract}"), "cancel").await.expect(200);
    assert_eq!(ada.delete(&path).await.status, 204);
}
