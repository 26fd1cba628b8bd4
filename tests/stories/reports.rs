//! Reports, from setting one up to reading its mail.

use serde_json::json;
use stories::World;

#[tokio::test]
async fn a_daily_report_goes_at_its_local_time_on_both_sides_of_a_clock_change() {
    let world = World::at("2026-03-06T15:00:00Z").await;
    let ada = world.account("Onward", "ada@onward.example", "America/New_York").await;
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    ada.item(&amber, "action", "Hold 1:1s with each direct report", json!({ "due_on": "2026-03-20" })).await;
    let report = json!({ "scope": { "kind": "all" }, "kinds": ["action"], "audience": { "kind": "coach" }, "schedule": { "every": "day", "at": "02:30" } });
    ada.add("/v1/reports", report).await;
    world.advance_to("2026-03-10T15:00:00Z").await;
    let times: Vec<String> = world.mails_to("ada@onward.example").iter().map(|mail| mail.local(chrono_tz::America::New_York)).collect();
    assert_eq!(times, ["Sat 2026-03-07 02:30", "Sun 2026-03-08 03:00", "Mon 2026-03-09 02:30", "Tue 2026-03-10 02:30"]);
}
