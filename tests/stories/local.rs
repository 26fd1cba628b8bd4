//! What only the local stack serves.

use chrono::DateTime;
use serde_json::json;
use stories::{World, text};

#[tokio::test]
async fn times_on_the_local_routes_are_written_like_all_others() {
    let world = World::at("2026-11-02T08:00:00Z").await;
    let is_utc = |time: &str| DateTime::parse_from_rfc3339(time).is_ok() && time.ends_with('Z');
    let ada = world.account("Onward", "ada@onward.example", "America/New_York").await;
    let client = ada.client("Amber", "Stone", "amber@stone.example").await;
    ada.item(&client, "action", "Hold 1:1s", json!({})).await;
    ada.report(json!({})).await;
    for (method, path, body) in [
        ("GET", "/local/clock", None),
        ("POST", "/local/clock", Some(json!({ "set": "2026-11-02T15:00:00+01:00" }))),
        ("POST", "/local/clock", Some(json!({ "advance_seconds": 3600 }))),
        ("POST", "/local/settle", None),
    ] {
        let answer = world.anybody(method, path, &[], body.as_ref()).await.expect(200);
        assert!(is_utc(&text(&answer["now"])), "{method} {path}: {answer}");
    }
    let refused = world.anybody("POST", "/local/clock", &[], Some(&json!({ "set": "2026-11-02T08:00:00Z" }))).await.expect(409);
    assert!(text(&refused["detail"]).split(' ').any(is_utc), "{refused}");
    let mails = world.anybody("GET", "/local/mail", &[], None).await.expect(200);
    let mail = &mails["items"][0];
    assert!(is_utc(&text(&mail["sent_at"])), "{mails}");
    let mail = world.anybody("GET", &format!("/local/mail/{}", text(&mail["id"])), &[], None).await.expect(200);
    assert!(is_utc(&text(&mail["sent_at"])), "{mail}");
}
