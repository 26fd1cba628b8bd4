use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, CancellationReason, KeySchemaElement, KeyType, Put, ScalarAttributeType,
    TransactWriteItem,
};

use super::Wires;
use crate::faults::{Fault, Kind, When};

const NOW: &str = "2026-03-01T12:00:00Z";

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.into())
}

/// A table, and a client that does not retry.
async fn table() -> (Wires, Client) {
    let wires = Wires::in_memory(NOW).await;
    let plain = aws_sdk_dynamodb::config::Builder::from(&wires.config).retry_config(RetryConfig::disabled()).build();
    let client = Client::from_conf(plain);
    client
        .create_table()
        .table_name("things")
        .attribute_definitions(AttributeDefinition::builder().attribute_name("pk").attribute_type(ScalarAttributeType::S).build().unwrap())
        .key_schema(KeySchemaElement::builder().attribute_name("pk").key_type(KeyType::Hash).build().unwrap())
        .billing_mode(BillingMode::PayPerRequest)
        .send()
        .await
        .unwrap();
    wires.faults.clear();
    (wires, client)
}

async fn put(client: &Client, pk: &str) -> Result<(), aws_sdk_dynamodb::Error> {
    client.put_item().table_name("things").item("pk", text(pk)).send().await?;
    Ok(())
}

async fn is_there(client: &Client, pk: &str) -> bool {
    client.get_item().table_name("things").key("pk", text(pk)).send().await.unwrap().item.is_some()
}

fn fault(when: When, kind: Kind) -> Fault {
    Fault { when, kind }
}

#[tokio::test]
async fn a_refused_call_was_not_carried_out_and_a_lost_answer_was() {
    let (wires, client) = table().await;
    wires.faults.plan([fault(When::Nth(1), Kind::Refuse), fault(When::Operation("PutItem".into(), 2), Kind::LoseAnswer)]);
    assert!(put(&client, "refused").await.is_err());
    assert!(put(&client, "lost").await.is_err());
    assert!(!is_there(&client, "refused").await);
    assert!(is_there(&client, "lost").await);
    let log: Vec<_> =
        wires.faults.calls().into_iter().map(|call| (call.number, call.operation, call.nth, call.fault, call.status)).collect();
    assert_eq!(log[0], (1, "PutItem".into(), 1, Some(Kind::Refuse), None));
    assert_eq!(log[1], (2, "PutItem".into(), 2, Some(Kind::LoseAnswer), None));
    assert_eq!(log[2], (3, "GetItem".into(), 1, None, Some(200)));
    assert_eq!(wires.faults.total().calls, 3);
}

#[tokio::test]
async fn aws_can_throttle_fail_and_conflict_without_doing_anything() {
    let (wires, client) = table().await;
    wires.faults.plan([
        fault(When::Nth(1), Kind::Throttle),
        fault(When::Nth(2), Kind::Fail),
        fault(When::Nth(3), Kind::Conflict),
        fault(When::Every("TransactWriteItems".into()), Kind::Conflict),
    ]);
    let put = || client.put_item().table_name("things").item("pk", text("x")).send();
    let code = |error: Option<&str>| error.unwrap().to_owned();
    assert_eq!(code(put().await.unwrap_err().into_service_error().meta().code()), "ThrottlingException");
    assert!(put().await.unwrap_err().into_service_error().is_internal_server_error());
    assert!(put().await.unwrap_err().into_service_error().is_transaction_conflict_exception());
    let write =
        |pk: &str| TransactWriteItem::builder().put(Put::builder().table_name("things").item("pk", text(pk)).build().unwrap()).build();
    let error = client.transact_write_items().transact_items(write("x")).transact_items(write("y")).send().await.unwrap_err();
    let aws_sdk_dynamodb::Error::TransactionCanceledException(canceled) = error.into() else { panic!("another error") };
    let codes: Vec<_> = canceled.cancellation_reasons().iter().filter_map(CancellationReason::code).collect();
    assert_eq!(codes, ["TransactionConflict", "None"]);
    assert!(!is_there(&client, "x").await);
}

#[tokio::test]
async fn a_process_can_die_at_a_call_and_any_call_can_be_picked() {
    let (wires, client) = table().await;
    wires.faults.plan([fault(When::From(2), Kind::Refuse)]);
    assert!(put(&client, "1").await.is_ok());
    assert!(put(&client, "2").await.is_err());
    assert!(put(&client, "3").await.is_err());
    wires.faults.plan([fault(When::Matching(Arc::new(|call| call.number % 2 == 0)), Kind::Refuse)]);
    assert!(put(&client, "1").await.is_ok());
    assert!(put(&client, "2").await.is_err());
    assert!(put(&client, "3").await.is_ok());
}

#[tokio::test]
async fn the_sdks_own_retries_meet_the_plan_and_count_as_calls() {
    let (wires, _) = table().await;
    wires.faults.plan([fault(When::Nth(1), Kind::Throttle)]);
    put(&Client::new(&wires.config), "x").await.unwrap();
    assert_eq!(wires.faults.calls().len(), 2);
}

#[tokio::test]
async fn a_delayed_call_comes_late() {
    let (wires, client) = table().await;
    wires.faults.plan([fault(When::Nth(1), Kind::Delay(Duration::from_millis(80)))]);
    let start = Instant::now();
    put(&client, "x").await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(80));
}

#[tokio::test]
async fn a_held_call_waits_until_it_is_let_go() {
    let (wires, client) = table().await;
    wires.faults.plan([fault(When::Operation("PutItem".into(), 1), Kind::Hold)]);
    let meanwhile = async {
        wires.faults.until(1, |call| call.fault == Some(Kind::Hold)).await;
        assert!(!is_there(&client, "x").await);
        assert_eq!(wires.faults.calls()[0].status, None);
        wires.faults.let_go();
    };
    let (put, ()) = tokio::join!(put(&client, "x"), meanwhile);
    put.unwrap();
    assert!(is_there(&client, "x").await);
}

#[tokio::test]
async fn other_services_are_named_and_refuse_in_their_own_words() {
    let (wires, _) = table().await;
    wires.faults.plan([fault(When::Every("GetAccount".into()), Kind::Throttle), fault(When::Every("GetSchedule".into()), Kind::Throttle)]);
    let ses =
        aws_sdk_sesv2::config::Builder::from(&wires.config).retry_config(aws_sdk_sesv2::config::retry::RetryConfig::disabled()).build();
    let error = aws_sdk_sesv2::Client::from_conf(ses).get_account().send().await.unwrap_err().into_service_error();
    assert!(error.is_too_many_requests_exception());
    let scheduler = aws_sdk_scheduler::config::Builder::from(&wires.config)
        .retry_config(aws_sdk_scheduler::config::retry::RetryConfig::disabled())
        .build();
    let error = aws_sdk_scheduler::Client::from_conf(scheduler).get_schedule().name("r").send().await.unwrap_err();
    assert!(error.into_service_error().is_throttling_exception());
}

#[tokio::test]
async fn a_meter_counts_units_and_items_whatever_the_caller_asked() {
    let (wires, client) = table().await;
    wires.faults.meter(true);
    for pk in ["1", "2", "3"] {
        put(&client, pk).await.unwrap();
    }
    client.scan().table_name("things").send().await.unwrap();
    assert!(is_there(&client, "1").await);
    let usage = wires.faults.usage();
    assert_eq!((usage["PutItem"].calls, usage["PutItem"].write_units), (3, 3.0));
    assert_eq!((usage["Scan"].read_units, usage["Scan"].items), (0.5, 3));
    assert_eq!((usage["GetItem"].read_units, usage["GetItem"].items), (0.5, 1));
    assert_eq!(wires.faults.total().items, 4);
}
