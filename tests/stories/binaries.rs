//! The functions as they are deployed: their own binaries, spoken to as Lambda does, against the local stack.

#![allow(clippy::unwrap_used, reason = "a story that can't be told fails its test")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use cairn::lambda::Function;
use cairn::stack::{Settings, Stack, environment};
use chrono::{Duration, DurationRound};
use serde_json::{Value, json};
use stories::events::{asking, exporting, mailed, piped, queued, sample};
use stories::{World, text};

/// The binary of a function, as this build makes it: all are brought up to date first.
fn binary(function: &str) -> PathBuf {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(build);
    FOLDER.join(function)
}

fn build() -> PathBuf {
    let folder = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().to_owned();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--workspace", "--bins", "--locked", "--quiet", "--target-dir"]).arg(folder.parent().unwrap());
    if folder.ends_with("release") {
        build.arg("--release");
    }
    assert!(build.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap().success(), "the functions don't build");
    folder
}

/// A function, running against a world.
async fn started(function: &str, world: &World) -> Function {
    let environment = environment(&world.stack.app.config, &world.stack.endpoint.url());
    Function::start(&binary(function), environment).await.unwrap()
}

/// What a function answers to an event.
async fn answer(function: &Function, event: &Value) -> Value {
    function.invoke(event).await.unwrap_or_else(|error| panic!("{error:#}; {}", function.log())).payload
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_binaries_carry_a_report_from_its_schedule_to_a_bounce() {
    let world = World::until_now(async |world, now| {
        let ada = world.account("Onward", "ada@onward.example", "UTC").await;
        let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
        ada.item(&amber, "action", "Hold 1:1s with each direct report", json!({})).await;
        let at = now.duration_trunc(Duration::minutes(1)).unwrap().format("%H:%M").to_string();
        let report = json!({
            "scope": { "kind": "all" }, "kinds": ["action"], "schedule": { "every": "day", "at": at }, "time_zone": "UTC",
            "audience": { "kind": "third_parties", "emails": ["hr@acme.example", "bounce@acme.example"] },
        });
        ada.add("/v1/reports", report).await;
    })
    .await;
    let ada = world.person("ada@onward.example").await;

    let api = started("api", &world).await;
    let health = answer(&api, &sample("api")).await;
    assert_eq!(health["statusCode"], 200, "{health}");
    assert_eq!(serde_json::from_str::<Value>(health["body"].as_str().unwrap()).unwrap()["status"], "ok");
    let robin = json!({ "first_name": "Robin", "last_name": "Hale", "email": "robin@hale.example" });
    let created = answer(&api, &asking("POST", "/v1/clients", ada.key(), Some(&robin))).await;
    assert_eq!(created["statusCode"], 201, "{created}");
    let refused = answer(&api, &asking("POST", "/v1/clients", "not-a-key", Some(&robin))).await;
    assert_eq!(refused["statusCode"], 401, "{refused}");
    let id: Value = serde_json::from_str(created["body"].as_str().unwrap()).unwrap();
    let stored = ada.get(&format!("/v1/clients/{}", text(&id["id"]))).await.expect(200);
    assert_eq!(stored["last_name"], "Hale");

    let fired = world.stack.scheduler.fire_until(world.stack.clock.now()).unwrap();
    let report = started("report", &world).await;
    let event = queued("report", fired.iter().map(|firing| firing.input.clone()));
    assert_eq!(event["Records"].as_array().unwrap().len(), 1);
    assert_eq!(answer(&report, &event).await, json!({ "batchItemFailures": [] }));
    let message: Value = serde_json::from_str(&fired[0].input).unwrap();
    let runs = ada.get(&format!("/v1/reports/{}/runs", text(&message["report_id"]))).await.expect(200);
    let run = format!("/v1/runs/{}", text(&runs["items"][0]["id"]));
    let fates = async || {
        let run = ada.get(&run).await.expect(200);
        let mut fates: Vec<(String, String)> =
            run["deliveries"].as_array().unwrap().iter().map(|of| (text(&of["recipient"]), text(&of["outcome"]))).collect();
        fates.sort();
        fates
    };
    let both = |bounce: &str, hr: &str| vec![("bounce@acme.example".into(), bounce.into()), ("hr@acme.example".into(), hr.into())];
    assert_eq!(fates().await, both("due", "due"));

    let send = started("send", &world).await;
    let deliveries = ada.get(&run).await.expect(200)["deliveries"].clone();
    let account = text(&message["account_id"]);
    let piped = deliveries.as_array().unwrap().iter().map(|delivery| piped(&account, &text(&delivery["id"])));
    assert_eq!(answer(&send, &queued("send", piped)).await, json!({ "batchItemFailures": [] }));
    assert_eq!(fates().await, both("sent", "sent"));
    let mails = world.mails_to("hr@acme.example");
    assert_eq!(mails.len(), 1);
    assert!(mails[0].text.contains("Hold 1:1s with each direct report"), "{}", mails[0].text);

    let feedback = started("feedback", &world).await;
    let events = world.stack.ses.take_events();
    assert!(events.iter().any(|event| event.kind == "Bounce"));
    let event = queued("feedback", events.iter().map(|event| event.body.to_string()));
    assert_eq!(answer(&feedback, &event).await, json!({ "batchItemFailures": [] }));
    assert_eq!(fates().await, both("bounced", "sent"));
    let suppressed = ada.get("/v1/suppressions").await.expect(200);
    assert_eq!(suppressed["items"].as_array().unwrap().len(), 1);
    assert_eq!(suppressed["items"][0]["email"], "bounce@acme.example");

    world.stack.s3.put("inbound/message", b"From: hr@acme.example\n\nHello").unwrap();
    let inbound = started("inbound", &world).await;
    let done = answer(&inbound, &mailed("message", "hr@acme.example", "reply+none@reply.cairn.example")).await;
    assert_eq!(done, json!([{ "decision": "refused", "reason": "unknown_address" }]));

    let asked = ada.post(&format!("/v1/clients/{}/exports", text(&id["id"])), json!({})).await.expect(202);
    let export = started("export", &world).await;
    let event = queued("export", [exporting(&account, &text(&asked["id"]))]);
    assert_eq!(answer(&export, &event).await, json!({ "batchItemFailures": [] }));
    assert_eq!(ada.get(&format!("/v1/exports/{}", text(&asked["id"]))).await.expect(200)["state"], "ready");

    let reconcile = started("reconcile", &world).await;
    let done = answer(&reconcile, &sample("reconcile")).await;
    assert_eq!(done["failed"], 0, "{done}");
    assert_eq!(done["caught_up"], 0, "{done}");

    let sweep = started("sweep", &world).await;
    let done = answer(&sweep, &sample("sweep")).await;
    assert_eq!(done["failed"], 0, "{done}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_binary_without_its_settings_names_the_one_that_is_missing() {
    let world = World::until_now(async |_, _| ()).await;
    let mut environment = environment(&world.stack.app.config, &world.stack.endpoint.url());
    environment.retain(|(name, _)| *name != "CAIRN_MAIL_FROM");
    let error = Function::start(&binary("send"), environment).await.err().unwrap();
    assert!(format!("{error:#}").contains("CAIRN_MAIL_FROM"), "{error:#}");
}

#[tokio::test]
async fn cargo_lambda_watch_gives_the_functions_the_settings_of_the_local_stack() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut metadata = Command::new(cargo);
    metadata.args(["metadata", "--no-deps", "--locked", "--format-version", "1"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    let metadata: Value = serde_json::from_slice(&metadata.output().unwrap().stdout).unwrap();
    let given = metadata["metadata"]["lambda"]["env"].as_object().unwrap();
    let given: BTreeMap<&str, &str> = given.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
    let stack = Stack::start(Settings { public_url: "http://127.0.0.1:8700".into(), ..Settings::default() }).await.unwrap();
    let mut wanted: BTreeMap<&str, String> = environment(&stack.app.config, &stack.endpoint.url()).into_iter().collect();
    wanted.remove("AWS_ENDPOINT_URL");
    assert_eq!(given, wanted.iter().map(|(name, value)| (*name, value.as_str())).collect());
}
