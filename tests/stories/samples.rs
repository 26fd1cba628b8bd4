//! The sample events in `events/` are what the functions are really given.

use aws_lambda_events::sqs::SqsEvent;
use cairn::engine::Engine;
use domain::delivery::{Delivery, Mail, Recipient};
use domain::export::{Export, Request};
use domain::id::{ClientId, RunId};
use domain::person::{Email, PersonId};
use platform::schedules::RunMessage;
use platform::store::{Changes, Scope, Store, schema};
use serde_json::{Value, json};
use stories::events::{queued, sample};
use stories::{World, text, time};

fn sqs(event: Value) -> SqsEvent {
    serde_json::from_value(event).unwrap()
}

/// The message in a sample.
fn message(function: &str) -> Value {
    serde_json::from_str(sample(function)["Records"][0]["body"].as_str().unwrap()).unwrap()
}

/// A value with all its texts and numbers taken out: which fields it has, and of what type each is.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), shape(value))).collect(),
        Value::Array(values) => values.iter().map(shape).collect(),
        Value::String(_) => "".into(),
        Value::Number(_) => 0.into(),
        Value::Bool(_) | Value::Null => value.clone(),
    }
}

/// How many messages of a batch each function that reads a queue hands back.
async fn handed_back(world: &World, function: &str, event: Value) -> usize {
    let app = &world.stack.app;
    let response = match function {
        "report" => report::handle(app, sqs(event)).await,
        "send" => send::handle(app, sqs(event)).await,
        "feedback" => feedback::handle(app, sqs(event)).await,
        "export" => export::handle(app, sqs(event)).await,
        function => panic!("{function} reads no queue"),
    };
    response.batch_item_failures.len()
}

#[tokio::test]
async fn every_function_takes_its_sample_as_it_is_and_nothing_of_another_shape() {
    let world = World::at("2026-11-02T08:00:00Z").await;
    let answer = world.stack.request(serde_json::from_value(sample("api")).unwrap()).await.unwrap();
    assert_eq!(answer.status_code, 200);
    for function in ["report", "send", "feedback", "export"] {
        assert_eq!(handed_back(&world, function, sample(function)).await, 0, "{function}");
        assert_eq!(handed_back(&world, function, queued(function, ["{}".to_owned()])).await, 1, "{function}");
    }
}

#[tokio::test]
async fn the_sample_of_a_firing_is_what_a_schedule_puts_into_the_queue() {
    let body = message("report");
    let message: RunMessage = serde_json::from_value(body.clone()).unwrap();
    assert_eq!(serde_json::to_value(&message).unwrap(), body);
    let world = World::at("2026-11-02T08:00:00Z").await;
    let ada = world.account("Onward", "ada@onward.example", "UTC").await;
    let report = json!({
        "scope": { "kind": "all" }, "kinds": ["action"], "audience": { "kind": "coach" }, "schedule": { "every": "day", "at": "09:00" },
    });
    ada.add("/v1/reports", report).await;
    let fired = world.stack.scheduler.fire_until(time("2026-11-02T09:00:00Z")).unwrap();
    assert_eq!(shape(&serde_json::from_str(&fired[0].input).unwrap()), shape(&body));
}

#[tokio::test]
async fn the_sample_of_a_due_delivery_shows_the_row_as_it_is_written() {
    let message = message("send");
    let image = &message["dynamodb"]["NewImage"];
    let of = |name: &str| text(&image[name]["S"]);
    let engine = Engine::in_memory().unwrap();
    let store = Store::new(&cairn::stack::sdk(&engine.endpoint(), cairn::faults::Faults::default().client()), "cairn");
    schema::create(&store).await.unwrap();
    let account = of("pk").split('#').nth(1).unwrap().parse().unwrap();
    let (run_id, client_id): (RunId, ClientId) = (of("run_id").parse().unwrap(), of("client_id").parse().unwrap());
    let report_id = of("report_id").parse().unwrap();
    let mail = Mail::Report { report_id, run_id, content: of("content"), client_id: Some(client_id), company_id: None };
    let person = Some(PersonId::Client(client_id));
    let recipient = Recipient { email: Email::parse("robin.hale@example.com").unwrap(), person, name: Some("Robin Hale".into()) };
    let owed = Delivery::owed(&run_id.to_string(), mail, recipient, time(&of("created_at")));
    let mut changes = Changes::new();
    let delivery = Delivery { id: of("id").parse().unwrap(), ..owed };
    store.add_delivery(&mut changes, Scope::of_own_message(account), &delivery).unwrap();
    assert!(store.commit(changes).await.unwrap().is_done());
    let written = engine.stream("cairn").unwrap().take().unwrap().pop().unwrap();
    let row = written.new.unwrap();
    assert_eq!(*image, row, "{row}");
    assert_eq!(message["eventName"], written.event);
    assert_eq!(message["dynamodb"]["Keys"], json!({ "pk": row["pk"], "sk": row["sk"] }));
}

#[tokio::test]
async fn the_sample_of_an_export_shows_the_row_as_it_is_written() {
    let message = message("export");
    let image = &message["dynamodb"]["NewImage"];
    let of = |name: &str| text(&image[name]["S"]);
    let engine = Engine::in_memory().unwrap();
    let store = Store::new(&cairn::stack::sdk(&engine.endpoint(), cairn::faults::Faults::default().client()), "cairn");
    schema::create(&store).await.unwrap();
    let asked = &image["request"]["M"];
    let kinds = asked["kinds"]["L"].as_array().unwrap().iter().map(|kind| kind["S"].clone()).collect::<Vec<_>>();
    let request = json!({
        "from": asked["from"]["S"], "to": null, "kinds": kinds, "order": asked["order"]["S"], "include_private": asked["include_private"]["BOOL"],
        "format": asked["format"]["S"],
    });
    let request: Request = serde_json::from_value(request).unwrap();
    let (by, zone) = (PersonId::Member(text(&image["by"]["M"]["id"]["S"]).parse().unwrap()), of("time_zone").parse().unwrap());
    let client = Some(of("client_id").parse().unwrap());
    let export = Export::new(of("id").parse().unwrap(), client, by, request, zone, time(&of("created_at")));
    let account = of("pk").split('#').nth(1).unwrap().parse().unwrap();
    let mut changes = Changes::new();
    store.add_export(&mut changes, Scope::of_own_message(account), &export).unwrap();
    assert!(store.commit(changes).await.unwrap().is_done());
    let written = engine.stream("cairn").unwrap().take().unwrap().pop().unwrap();
    let row = written.new.unwrap();
    assert_eq!(*image, row, "{row}");
    assert_eq!(message["dynamodb"]["Keys"], json!({ "pk": row["pk"], "sk": row["sk"] }));
}

#[tokio::test]
async fn the_sample_of_a_bounce_settles_the_mail_it_names() {
    let world = World::at("2026-11-02T08:00:00Z").await;
    let ada = world.account("Onward", "ada@onward.example", "UTC").await;
    let client = ada.client("Amber", "Stone", "amber@stone.example").await;
    ada.item(&client, "action", "Hold 1:1s", json!({})).await;
    let report = json!({
        "scope": { "kind": "all" }, "kinds": ["action"], "audience": { "kind": "third_parties", "emails": ["robin.hale@example.com"] },
        "schedule": { "every": "day", "at": "09:00" },
    });
    let report = ada.add("/v1/reports", report).await;
    world.advance_to("2026-11-02T09:01:00Z").await;
    let run = async || {
        let runs = ada.get(&format!("/v1/reports/{report}/runs")).await.expect(200);
        runs["items"][0]["deliveries"][0].clone()
    };
    let delivery = run().await;
    assert_eq!(delivery["outcome"], "sent");
    let mut body = message("feedback");
    let of_ours = json!({ "a": [ada.account_id], "d": [delivery["id"]] });
    let tags = body["detail"]["mail"]["tags"].as_object_mut().unwrap();
    assert!(["a", "d"].iter().all(|tag| tags.contains_key(*tag)));
    tags.extend(of_ours.as_object().unwrap().clone());
    assert_eq!(handed_back(&world, "feedback", queued("feedback", [body.to_string()])).await, 0);
    assert_eq!(run().await["outcome"], "bounced");
    let suppressed = ada.get("/v1/suppressions").await.expect(200);
    assert_eq!(text(&suppressed["items"][0]["email"]), "robin.hale@example.com");
}
