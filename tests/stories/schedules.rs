//! When reports go, what their runs cover, and what stops them.

use chrono_tz::{America::New_York, UTC};
use serde_json::{Value, json};
use stories::{Mail, Person, World, report, text};

const ADA: &str = "ada@onward.example";
const HR: &str = "hr@acme.example";
const MONDAY: &str = "2026-03-02T12:00:00Z";

fn times(mails: &[Mail]) -> Vec<String> {
    mails.iter().map(|mail| mail.local(UTC)).collect()
}

/// An account in UTC with one client who has one open action.
async fn practice(start: &str) -> (World, Person, String) {
    let world = World::at(start).await;
    let ada = world.account("Onward", ADA, "UTC").await;
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    ada.item(&amber, "action", "Hold 1:1s", json!({})).await;
    (world, ada, amber)
}

#[tokio::test]
async fn weekly_every_two_weeks_and_at_the_end_of_the_month() {
    let (world, ada, _) = practice("2026-01-27T12:00:00Z").await;
    let orders = [
        ("weekly", json!({ "every": "week", "weekdays": ["mon", "thu"], "at": "08:15" })),
        ("every two weeks", json!({ "every": "week", "interval": 2, "weekdays": ["tue"], "at": "10:45" })),
        ("the 29th", json!({ "every": "month", "day": 29, "at": "06:00" })),
        ("the 30th", json!({ "every": "month", "day": 30, "at": "06:00" })),
        ("the 31st", json!({ "every": "month", "day": 31, "at": "06:00" })),
        ("the last", json!({ "every": "month", "day": "last", "at": "06:00" })),
    ];
    let mut next = Vec::new();
    for (name, schedule) in &orders {
        let made = ada.post("/v1/reports", report(json!({ "subject": name, "schedule": schedule }))).await.expect(201);
        next.push(made["next_runs"].as_array().unwrap().iter().map(text).collect::<Vec<_>>());
    }
    world.advance_to("2026-03-02T12:00:00Z").await;
    let of = |name: &str| -> Vec<String> { times(&world.mails().into_iter().filter(|m| m.subject == name).collect::<Vec<_>>()) };
    assert_eq!(
        of("weekly"),
        [
            "Thu 2026-01-29 08:15",
            "Mon 2026-02-02 08:15",
            "Thu 2026-02-05 08:15",
            "Mon 2026-02-09 08:15",
            "Thu 2026-02-12 08:15",
            "Mon 2026-02-16 08:15",
            "Thu 2026-02-19 08:15",
            "Mon 2026-02-23 08:15",
            "Thu 2026-02-26 08:15",
            "Mon 2026-03-02 08:15"
        ]
    );
    // it was set up on a Tuesday after that time, in the first week that counts
    assert_eq!(of("every two weeks"), ["Tue 2026-02-10 10:45", "Tue 2026-02-24 10:45"]);
    assert_eq!(of("the 29th"), ["Thu 2026-01-29 06:00", "Sat 2026-02-28 06:00"]);
    assert_eq!(of("the 30th"), ["Fri 2026-01-30 06:00", "Sat 2026-02-28 06:00"]);
    assert_eq!(of("the 31st"), ["Sat 2026-01-31 06:00", "Sat 2026-02-28 06:00"]);
    assert_eq!(of("the last"), ["Sat 2026-01-31 06:00", "Sat 2026-02-28 06:00"]);
    // what was announced is what happened
    for ((name, _), next) in orders.iter().zip(next) {
        let announced: Vec<String> =
            next.iter().filter(|at| at.as_str() < "2026-03-02T12").map(|at| stories::time(at).format("%a %F %H:%M").to_string()).collect();
        let came = of(name);
        assert_eq!(announced, came[..announced.len()], "{name}");
    }
}

#[tokio::test]
async fn a_time_that_comes_twice_goes_once_at_the_first() {
    let world = World::at("2026-10-31T12:00:00Z").await;
    let ada = world.account("Onward", ADA, "America/New_York").await;
    ada.report(json!({ "schedule": { "every": "day", "at": "01:30" } })).await;
    world.advance_to("2026-11-02T12:00:00Z").await;
    let mails = world.mails();
    assert_eq!(mails.iter().map(|mail| mail.local(New_York)).collect::<Vec<_>>(), ["Sun 2026-11-01 01:30", "Mon 2026-11-02 01:30"]);
    assert_eq!(times(&mails), ["Sun 2026-11-01 05:30", "Mon 2026-11-02 06:30"]);
}

#[tokio::test]
async fn a_report_before_appointments_follows_them_wherever_they_go() {
    let (world, ada, amber) = practice(MONDAY).await;
    let ben = ada.client("Ben", "Alder", "ben@alder.example").await;
    let meet = async |client: &str, at: &str| ada.item(client, "appointment", "Session", json!({ "starts_at": at, "minutes": 60 })).await;
    let first = meet(&amber, "2026-03-03T10:00:00Z").await;
    let order = ada
        .report(json!({ "scope": { "kind": "selected", "ids": [amber] }, "schedule": { "every": "appointment", "minutes_before": 30 } }))
        .await;
    let moved = meet(&amber, "2026-03-03T15:00:00Z").await;
    let cancelled = meet(&amber, "2026-03-04T10:00:00Z").await;
    meet(&ben, "2026-03-03T12:00:00Z").await;
    meet(&amber, "2026-03-02T12:10:00Z").await;
    let shown = ada.get(&format!("/v1/reports/{order}")).await.expect(200);
    assert_eq!(shown["next_runs"], json!(["2026-03-03T09:30:00Z", "2026-03-03T14:30:00Z", "2026-03-04T09:30:00Z"]));
    ada.patch(&format!("/v1/items/{moved}"), json!({ "starts_at": "2026-03-03T17:00:00Z" })).await.expect(200);
    ada.advance(&cancelled, "cancel").await;
    world.advance_to("2026-03-03T09:45:00Z").await;
    assert_eq!(times(&world.mails()), ["Tue 2026-03-03 09:30"]);
    // moved when its report has gone: it goes again before the new time
    ada.patch(&format!("/v1/items/{first}"), json!({ "starts_at": "2026-03-05T08:00:00Z" })).await.expect(200);
    // moved forth and back: once
    ada.patch(&format!("/v1/items/{moved}"), json!({ "starts_at": "2026-03-06T17:00:00Z" })).await.expect(200);
    ada.patch(&format!("/v1/items/{moved}"), json!({ "starts_at": "2026-03-03T16:00:00Z" })).await.expect(200);
    ada.advance(&cancelled, "reopen").await;
    world.advance_to("2026-03-06T18:00:00Z").await;
    assert_eq!(
        times(&world.mails()),
        ["Tue 2026-03-03 09:30", "Tue 2026-03-03 15:30", "Wed 2026-03-04 09:30", "Thu 2026-03-05 07:30"],
        "not before Ben's, and not before the one that was made when its report's time had passed"
    );
    let runs = ada.runs(&order).await;
    assert_eq!(runs.len(), 4);
    assert_eq!(runs[3]["cause"], json!({ "kind": "appointment", "client_id": amber, "item_id": first }));
    // the windows of one client's reports follow each other
    for pair in runs.windows(2) {
        assert_eq!(pair[0]["window"]["from"], pair[1]["window"]["to"]);
    }
    let shown = ada.get(&format!("/v1/reports/{order}")).await.expect(200);
    assert_eq!(shown["last_run"]["scheduled_at"], "2026-03-05T07:30:00Z");
}

#[tokio::test]
async fn a_pause_sends_nothing_and_misses_nothing() {
    let (world, ada, amber) = practice(MONDAY).await;
    let order = ada.report(json!({})).await;
    let before = ada.report(json!({ "subject": "before", "schedule": { "every": "appointment", "minutes_before": 30 } })).await;
    for at in ["2026-03-03T10:00:00Z", "2026-03-04T10:00:00Z", "2026-03-07T10:00:00Z"] {
        ada.item(&amber, "appointment", "Session", json!({ "starts_at": at })).await;
    }
    world.advance_to("2026-03-03T12:00:00Z").await;
    for order in [&order, &before] {
        let paused = ada.post(&format!("/v1/reports/{order}/pause"), json!({})).await.expect(200);
        assert_eq!((&paused["paused"], &paused["next_runs"]), (&json!(true), &json!([])));
    }
    ada.item(&amber, "action", "Asked for meanwhile", json!({})).await;
    world.advance_to("2026-03-06T12:00:00Z").await;
    assert_eq!(world.mails().len(), 2);
    for order in [&order, &before] {
        ada.post(&format!("/v1/reports/{order}/resume"), json!({})).await.expect(200);
    }
    world.advance_to("2026-03-07T12:00:00Z").await;
    let mails = world.mails();
    assert_eq!(times(&mails), ["Tue 2026-03-03 09:00", "Tue 2026-03-03 09:30", "Sat 2026-03-07 09:00", "Sat 2026-03-07 09:30"]);
    assert!(mails[2].text.contains("[new] Asked for meanwhile"), "its window goes back to the last run");
    assert!(!mails[2].text.contains("missed"));
    let runs = ada.runs(&order).await;
    assert_eq!(runs[0]["missed"], 0);
    assert_eq!(runs[0]["window"], json!({ "from": "2026-03-03T09:00:00Z", "to": "2026-03-07T09:00:00Z" }));
}

#[tokio::test]
async fn a_changed_time_moves_the_next_run_and_nothing_else() {
    let (world, ada, _) = practice(MONDAY).await;
    let order = ada.report(json!({ "schedule": { "every": "week", "weekdays": ["tue"], "at": "09:00" } })).await;
    world.advance_to("2026-03-03T12:00:00Z").await;
    let path = format!("/v1/reports/{order}");
    let changed = ada.patch(&path, json!({ "schedule": { "every": "day", "at": "15:00" } })).await.expect(200);
    assert_eq!(changed["next_runs"][0], "2026-03-03T15:00:00Z");
    ada.patch(&path, json!({ "schedule": { "every": "day", "at": "18:00" } })).await.expect(200);
    world.advance_to("2026-03-05T12:00:00Z").await;
    ada.patch(&path, json!({ "time_zone": "America/New_York" })).await.expect(200);
    world.advance_to("2026-03-06T12:00:00Z").await;
    ada.patch(&path, json!({ "schedule": { "every": "week", "weekdays": ["fri"], "at": "10:00" } })).await.expect(200);
    world.advance_to("2026-03-07T12:00:00Z").await;
    let expected = ["Tue 2026-03-03 09:00", "Tue 2026-03-03 18:00", "Wed 2026-03-04 18:00", "Thu 2026-03-05 23:00", "Fri 2026-03-06 15:00"];
    assert_eq!(times(&world.mails()), expected, "nothing of another schedule was missed, so nobody is told of it");
    let mut runs = ada.runs(&order).await;
    runs.reverse();
    for pair in runs.windows(2) {
        assert_eq!(pair[0]["window"]["to"], pair[1]["window"]["from"]);
    }
    assert!(runs.iter().all(|run| run["missed"] == 0));
    // a change of words moves nothing
    let revision = ada.get(&path).await.expect(200)["revision"].clone();
    assert_eq!(ada.patch(&path, json!({ "name": "Other words" })).await.expect(200)["revision"], revision);
}

#[tokio::test]
async fn a_deleted_report_is_gone_and_what_it_did_stays_on_record() {
    let (world, ada, _) = practice(MONDAY).await;
    let order = ada.report(json!({})).await;
    let other = ada.report(json!({ "subject": "other" })).await;
    world.advance_to("2026-03-03T12:00:00Z").await;
    let run = text(&ada.runs(&order).await[0]["id"]);
    let path = format!("/v1/reports/{order}");
    assert_eq!(ada.delete(&path).await.status, 204);
    for path in [path.clone(), format!("{path}/runs")] {
        ada.get(&path).await.expect(404);
    }
    ada.delete(&path).await.expect(404);
    world.advance_to("2026-03-05T12:00:00Z").await;
    assert_eq!(world.mails().iter().filter(|mail| mail.subject == "other").count(), 3);
    assert_eq!(world.mails().len(), 4);
    assert_eq!(ada.get(&format!("/v1/runs/{run}")).await.expect(200)["outcome"], "sent");
    assert_eq!(ada.get("/v1/reports").await.expect(200)["items"][0]["id"], other);
    assert_eq!(world.stack.scheduler.count(), 1);
}

#[tokio::test]
async fn windows_follow_each_other_without_gap_or_overlap_and_each_happening_is_told_once() {
    let (world, ada, amber) = practice(MONDAY).await;
    let order = ada.report(json!({ "kinds": ["note"], "when_empty": "skip" })).await;
    let fixed = ada.report(json!({ "subject": "fixed", "kinds": ["note"], "window": { "kind": "last_days", "days": 2 } })).await;
    for day in 2..8 {
        world.advance_to(&format!("2026-03-0{day}T12:00:01Z")).await;
        if day != 4 {
            ada.item(&amber, "note", &format!("Note {day}"), json!({})).await;
        }
    }
    world.advance_to("2026-03-08T12:00:00Z").await;
    let mut runs = ada.runs(&order).await;
    runs.reverse();
    let windows: Vec<(String, String)> = runs.iter().map(|run| (text(&run["window"]["from"]), text(&run["window"]["to"]))).collect();
    for (n, (from, to)) in windows.iter().enumerate() {
        assert_eq!(
            (from.as_str(), to.as_str()),
            (format!("2026-03-0{}T09:00:00Z", n + 2).as_str(), format!("2026-03-0{}T09:00:00Z", n + 3).as_str())
        );
        assert_eq!(*to, text(&runs[n]["scheduled_at"]));
    }
    assert_eq!(runs.iter().map(|run| text(&run["outcome"])).collect::<Vec<_>>(), ["sent", "sent", "skipped", "sent", "sent", "sent"]);
    let texts: Vec<String> = world.mails().into_iter().filter(|mail| mail.subject != "fixed").map(|mail| mail.text).collect();
    for day in [2, 3, 5, 6, 7] {
        assert_eq!(texts.iter().filter(|text| text.contains(&format!("Note {day}"))).count(), 1, "Note {day}");
    }
    let newest = &ada.runs(&fixed).await[0]["window"];
    assert_eq!(*newest, json!({ "from": "2026-03-06T09:00:00Z", "to": "2026-03-08T09:00:00Z" }));

    // the history comes in pages, newest first, each run once
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = ada.get(&format!("/v1/reports/{order}/runs?limit=4{cursor}")).await.expect(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|run| text(&run["id"])));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    runs.reverse();
    assert_eq!(seen, runs.iter().map(|run| text(&run["id"])).collect::<Vec<_>>());
}

#[tokio::test]
async fn sending_now_is_one_more_mail_and_moves_no_window() {
    let (world, ada, amber) = practice(MONDAY).await;
    let order = ada.report(json!({ "audience": { "kind": "third_parties", "emails": [HR] } })).await;
    world.advance_to("2026-03-03T12:00:00Z").await;
    ada.item(&amber, "action", "Write the plan", json!({})).await;
    let begun = ada.ask("POST", &format!("/v1/reports/{order}/send-now"), &[], None).await.expect(202);
    world.settle().await;
    let run = ada.get(&format!("/v1/runs/{}", text(&begun["id"]))).await.expect(200);
    assert_eq!((&run["outcome"], &run["cause"]["kind"]), (&json!("sent"), &json!("manual")));
    assert_eq!(run["window"]["from"], "2026-03-03T09:00:00Z");
    assert_eq!(run["deliveries"][0]["recipient"], HR);
    let mails = world.mails_to(HR);
    assert_eq!(mails.len(), 2);
    assert!(mails[1].text.contains("[new] Write the plan"));
    let shown = ada.get(&format!("/v1/reports/{order}")).await.expect(200);
    assert_eq!(shown["next_runs"][0], "2026-03-04T09:00:00Z");
    assert_eq!(shown["last_run"]["scheduled_at"], "2026-03-03T09:00:00Z");
    world.advance_to("2026-03-04T12:00:00Z").await;
    let runs = ada.runs(&order).await;
    assert_eq!(runs[0]["window"]["from"], "2026-03-03T09:00:00Z");
    assert!(world.mails_to(HR)[2].text.contains("[new] Write the plan"));
    // a paused report can still be sent by hand
    ada.ask("POST", &format!("/v1/reports/{order}/pause"), &[], None).await.expect(200);
    ada.ask("POST", &format!("/v1/reports/{order}/send-now"), &[], None).await.expect(202);
    world.settle().await;
    assert_eq!(world.mails_to(HR).len(), 4);
}

/// The link of a mail's List-Unsubscribe header, without its host.
fn unsubscribe_link(mail: &Mail) -> String {
    let header = mail.header("List-Unsubscribe").unwrap();
    let link = header.split(',').find_map(|link| link.trim().strip_prefix('<')?.strip_suffix('>')).unwrap();
    assert_eq!(mail.header("List-Unsubscribe-Post"), Some("List-Unsubscribe=One-Click"));
    assert!(mail.html.contains(link) && mail.text.contains(link));
    link.strip_prefix(stories::PUBLIC_URL).unwrap().to_owned()
}

#[tokio::test]
async fn unsubscribing_takes_one_click_and_one_only_and_concerns_one_report() {
    let (world, ada, _) = practice(MONDAY).await;
    let audience = json!({ "kind": "third_parties", "emails": [HR, "boss@acme.example"] });
    let order = ada.report(json!({ "name": "Numbers", "subject": "one", "audience": audience })).await;
    ada.report(json!({ "subject": "two", "audience": audience })).await;
    world.advance_to("2026-03-03T12:00:00Z").await;
    let mails = world.mails();
    let find = |to: &str, subject: &str| mails.iter().find(|mail| mail.to == to && mail.subject == subject).unwrap();
    let link = unsubscribe_link(find(HR, "one"));
    let others = [(HR, "two"), ("boss@acme.example", "one")].map(|(to, subject)| unsubscribe_link(find(to, subject)));
    assert!(!others.contains(&link));

    // looking changes nothing, however often a scanner does it
    for _ in 0..3 {
        let page = world.anybody("GET", &link, &[], None).await;
        assert_eq!(page.status, 200);
        assert!(page.headers["content-type"].to_str().unwrap().starts_with("text/html"));
        assert!(page.text.contains("<form") && !page.text.contains("Numbers"), "{}", page.text);
        world.anybody("HEAD", &link, &[], None).await;
    }
    world.advance_to("2026-03-04T12:00:00Z").await;
    assert_eq!(world.mails_to(HR).len(), 4);
    assert_eq!(world.mails_to(ADA).len(), 0);

    for _ in 0..3 {
        let done =
            world.raw("POST", &link, &[("content-type", "application/x-www-form-urlencoded")], "List-Unsubscribe=One-Click".into()).await;
        assert_eq!(done.status, 200, "{}", done.text);
    }
    world.settle().await;
    let told = world.mails_to(ADA);
    assert_eq!(told.len(), 1, "the owner is told once");
    assert!(told[0].text.contains(HR) && told[0].text.contains("Numbers"));
    world.advance_to("2026-03-05T12:00:00Z").await;
    let to: Vec<String> = world.mails_to(HR).into_iter().skip(4).map(|mail| mail.subject).collect();
    assert_eq!(to, ["two"]);
    assert_eq!(world.mails_to("boss@acme.example").len(), 6);
    let run = &ada.runs(&order).await[0];
    let of_hr = Person::deliveries(run).into_iter().find(|(to, ..)| to == HR).unwrap();
    assert_eq!(of_hr.1, "skipped");
    assert!(of_hr.2.contains("unsubscribed"), "{}", of_hr.2);
    assert_eq!(world.mails_to(ADA).len(), 1);

    // a link that was touched, or made up, is the link of nothing
    let mut touched = link.clone();
    touched
        .replace_range(touched.len() - 5..touched.len() - 4, if &touched[touched.len() - 5..touched.len() - 4] == "A" { "B" } else { "A" });
    for forged in [touched.as_str(), "/u/x", "/u/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]
    {
        for method in ["GET", "POST"] {
            assert_eq!(world.anybody(method, forged, &[], None).await.status, 404, "{method} {forged}");
        }
    }
}

#[tokio::test]
async fn addresses_that_bounce_or_complain_get_no_more_mail_until_that_is_lifted() {
    let (world, ada, _) = practice(MONDAY).await;
    let emails = ["hr@bounce.example", "complaint@acme.example", "boss@acme.example"];
    let order = ada.report(json!({ "name": "Numbers", "audience": { "kind": "third_parties", "emails": emails } })).await;
    let outcomes = async || -> Vec<(String, String)> {
        Person::deliveries(&ada.runs(&order).await[0]).into_iter().map(|(to, outcome, _)| (to, outcome)).collect()
    };
    let pair = |to: &str, outcome: &str| (to.to_owned(), outcome.to_owned());
    world.advance_to("2026-03-03T12:00:00Z").await;
    let first = outcomes().await;
    assert_eq!(first, [pair("boss@acme.example", "sent"), pair("complaint@acme.example", "bounced"), pair("hr@bounce.example", "bounced")]);
    let told: Vec<String> = world.mails_to(ADA).into_iter().map(|mail| mail.text).collect();
    assert_eq!(told.len(), 2);
    assert!(emails[..2].iter().all(|email| told.iter().any(|text| text.contains(email) && text.contains("Numbers"))));

    world.advance_to("2026-03-05T12:00:00Z").await;
    let next = outcomes().await;
    assert_eq!(next, [pair("boss@acme.example", "sent"), pair("complaint@acme.example", "skipped"), pair("hr@bounce.example", "skipped")]);
    assert!(
        Person::deliveries(&ada.runs(&order).await[0])[1].2.contains("no mail goes to this address"),
        "{:?}",
        Person::deliveries(&ada.runs(&order).await[0])
    );
    assert_eq!((world.mails_to(ADA).len(), world.mails_to("boss@acme.example").len()), (2, 3));
    let mut suppressed = ada.get("/v1/suppressions").await.expect(200)["items"].as_array().unwrap().clone();
    suppressed.sort_by_key(|one| text(&one["email"]));
    let reasons: Vec<(String, String)> = suppressed.iter().map(|one| (text(&one["email"]), text(&one["reason"]))).collect();
    assert_eq!(reasons[0], pair("complaint@acme.example", "the recipient marked an earlier mail as spam"));
    assert_eq!(reasons[1], pair("hr@bounce.example", "an earlier mail bounced"));

    assert_eq!(ada.delete("/v1/suppressions/hr@bounce.example").await.status, 204);
    ada.delete("/v1/suppressions/hr@bounce.example").await.expect(404);
    world.advance_to("2026-03-06T12:00:00Z").await;
    assert_eq!(outcomes().await[2], pair("hr@bounce.example", "bounced"), "it was tried again");
    assert_eq!(world.mails_to(ADA).len(), 3, "and the owner told again");
    assert_eq!(world.mails_to("hr@bounce.example").len(), 2);
}

#[tokio::test]
async fn each_run_and_each_delivery_says_what_became_of_it_and_when() {
    let (world, ada, _) = practice(MONDAY).await;
    let nobody = ada.report(json!({ "scope": { "kind": "all" }, "audience": { "kind": "clients" }, "kinds": ["invoice"] })).await;
    let order = ada.report(json!({})).await;
    world.advance_to("2026-03-03T12:00:00Z").await;
    let run = &ada.runs(&order).await[0];
    let fields: Vec<&String> = run.as_object().unwrap().keys().collect();
    for field in ["id", "report_id", "scheduled_at", "started_at", "window", "outcome", "deliveries", "cause"] {
        assert!(fields.iter().any(|name| *name == field), "{field}");
    }
    let delivery: &Value = &run["deliveries"][0];
    assert_eq!((&delivery["recipient"], &delivery["name"], &delivery["outcome"]), (&json!(ADA), &json!("Ada Brandt"), &json!("sent")));
    assert!(text(&delivery["at"]).starts_with("2026-03-03T09:00"));
    assert_eq!(ada.get(&format!("/v1/runs/{}", text(&run["id"]))).await.expect(200)["deliveries"], run["deliveries"]);
    assert_eq!(ada.runs(&nobody).await[0]["outcome"], "skipped");
    let sent = world.stack.ses.messages();
    assert_eq!(sent[0].delivery_id(), delivery["id"].as_str());
}
