use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndexDescription, KeySchemaElement, KeyType, ProjectionType,
    ScalarAttributeType, StreamSpecification, StreamViewType, TimeToLiveSpecification, TimeToLiveStatus,
};
use serde_json::{Value, json};

use super::{Wires, time};
use crate::engine::{Change, Engine, Stream};

const NOW: &str = "2026-03-01T12:00:00Z";

async fn create_table(client: &Client) {
    let attribute =
        |name: &str| AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build().unwrap();
    let key = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
    let stream = StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::NewAndOldImages).build();
    client
        .create_table()
        .table_name("cairn")
        .attribute_definitions(attribute("pk"))
        .attribute_definitions(attribute("sk"))
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .billing_mode(BillingMode::PayPerRequest)
        .stream_specification(stream.unwrap())
        .send()
        .await
        .unwrap();
    let ttl = TimeToLiveSpecification::builder().attribute_name("expires").enabled(true).build().unwrap();
    client.update_time_to_live().table_name("cairn").time_to_live_specification(ttl).send().await.unwrap();
}

async fn put(client: &Client, sk: &str, value: &str) {
    let text = |text: &str| AttributeValue::S(text.into());
    client.put_item().table_name("cairn").item("pk", text("a")).item("sk", text(sk)).item("value", text(value)).send().await.unwrap();
}

fn rows(changes: &[Change]) -> Vec<String> {
    let image = |image: &Option<serde_json::Value>| image.as_ref().map_or("-".into(), |image| image["value"]["S"].to_string());
    changes.iter().map(|change| format!("{} {} {}", change.event, image(&change.old), image(&change.new))).collect()
}

fn take(stream: &mut Stream) -> Vec<Change> {
    stream.take().unwrap()
}

#[tokio::test]
async fn the_stream_tells_what_changed_and_nothing_that_did_not() {
    let wires = Wires::in_memory(NOW).await;
    let client = Client::new(&wires.config);
    let mut stream = wires.engine.stream("cairn").unwrap();
    assert_eq!(take(&mut stream), []);
    create_table(&client).await;
    put(&client, "1", "old").await;
    put(&client, "1", "old").await;
    put(&client, "1", "new").await;
    let key = |text: &str| AttributeValue::S(text.into());
    client.delete_item().table_name("cairn").key("pk", key("a")).key("sk", key("1")).send().await.unwrap();
    let changes = stream.next().await.unwrap();
    assert_eq!(rows(&changes), [r#"INSERT - "old""#, r#"MODIFY "old" "new""#, r#"REMOVE "new" -"#]);
    assert_eq!(take(&mut stream), []);
}

#[tokio::test]
async fn a_crash_loses_no_change_and_repeats_only_what_was_not_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let wires = Wires::in_folder(folder.path(), NOW).await;
    let client = Client::new(&wires.config);
    create_table(&client).await;
    for sk in ["1", "2", "3"] {
        put(&client, sk, sk).await;
    }
    let mut stream = wires.engine.stream("cairn").unwrap();
    let changes = take(&mut stream);
    assert_eq!(changes.len(), 3);
    stream.acknowledge([changes[0].sequence, changes[2].sequence]).unwrap();
    assert_eq!(stream.in_flight(), 1);
    put(&client, "4", "4").await;
    // Neither shut down nor dropped, as when the process is killed.
    std::mem::forget((stream, wires));

    let wires = Wires::in_folder(folder.path(), NOW).await;
    let mut stream = wires.engine.stream("cairn").unwrap();
    let changes = take(&mut stream);
    assert_eq!(rows(&changes), [r#"INSERT - "2""#, r#"INSERT - "4""#]);
    stream.acknowledge(changes.iter().map(|change| change.sequence)).unwrap();
    put(&Client::new(&wires.config), "5", "5").await;
    assert_eq!(rows(&take(&mut stream)), [r#"INSERT - "5""#]);
}

#[tokio::test]
async fn an_engine_that_was_shut_down_opens_again_with_everything() {
    let folder = tempfile::tempdir().unwrap();
    let wires = Wires::in_folder(folder.path(), NOW).await;
    let client = Client::new(&wires.config);
    create_table(&client).await;
    put(&client, "1", "kept").await;
    let Wires { engine, endpoint, config, .. } = wires;
    drop((client, config, endpoint));
    tokio::task::spawn_blocking(|| engine.shut_down().unwrap()).await.unwrap();

    let wires = Wires::in_folder(folder.path(), NOW).await;
    let client = Client::new(&wires.config);
    assert_eq!(client.scan().table_name("cairn").send().await.unwrap().count(), 1);
}

#[tokio::test]
async fn items_expire_by_the_time_they_are_told() {
    let wires = Wires::in_memory(NOW).await;
    let client = Client::new(&wires.config);
    create_table(&client).await;
    for (sk, expires) in [("1", "2026-03-02T00:00:00Z"), ("2", "2026-03-03T00:00:00Z"), ("3", "2000-01-01T00:00:00Z")] {
        let expires = AttributeValue::N(time(expires).timestamp().to_string());
        let text = |text: &str| AttributeValue::S(text.into());
        let item = client.put_item().table_name("cairn").item("pk", text("a")).item("sk", text(sk));
        item.item("expires", expires).send().await.unwrap();
    }
    put(&client, "4", "stays").await;
    let mut stream = wires.engine.stream("cairn").unwrap();
    take(&mut stream);
    assert_eq!(wires.engine.sweep_ttl(time("2026-03-02T00:00:01Z")).unwrap(), 2);
    assert_eq!(wires.engine.sweep_ttl(time("2026-03-02T00:00:01Z")).unwrap(), 0);
    assert_eq!(client.scan().table_name("cairn").send().await.unwrap().count(), 2);
    let removed = take(&mut stream);
    assert!(removed.len() == 2 && removed.iter().all(|change| change.event == "REMOVE"));
}

#[tokio::test]
async fn changes_come_in_batches_and_in_order() {
    let wires = Wires::in_memory(NOW).await;
    let client = Client::new(&wires.config);
    create_table(&client).await;
    for n in 0..150 {
        put(&client, &format!("{n:03}"), "x").await;
    }
    let mut stream = wires.engine.stream("cairn").unwrap();
    let (first, second) = (take(&mut stream), take(&mut stream));
    assert_eq!((first.len(), second.len()), (100, 50));
    let sequences: Vec<i64> = first.iter().chain(&second).map(|change| change.sequence).collect();
    assert!(sequences.is_sorted_by(|a, b| a < b));
}

#[tokio::test]
async fn writers_and_the_reader_of_the_stream_do_not_get_in_each_others_way() {
    let folder = tempfile::tempdir().unwrap();
    let wires = Wires::in_folder(folder.path(), NOW).await;
    let client = Client::new(&wires.config);
    create_table(&client).await;
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let client = client.clone();
            tokio::spawn(async move {
                for n in 0..20 {
                    put(&client, &format!("{writer}-{n}"), "x").await;
                }
            })
        })
        .collect();
    let mut stream = wires.engine.stream("cairn").unwrap();
    let mut seen = Vec::new();
    while seen.len() < 160 {
        let changes = stream.next().await.unwrap();
        stream.acknowledge(changes.iter().map(|change| change.sequence)).unwrap();
        seen.extend(changes.into_iter().map(|change| change.new.unwrap()["sk"]["S"].to_string()));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    seen.sort();
    seen.dedup();
    assert_eq!((seen.len(), take(&mut stream)), (160, vec![]));
}

#[tokio::test]
async fn two_engines_in_memory_share_nothing() {
    let wires = Wires::in_memory(NOW).await;
    create_table(&Client::new(&wires.config)).await;
    let other = Engine::in_memory().unwrap();
    let client = Client::new(&super::config(&other.endpoint(), wires.faults.client()));
    assert_eq!(client.list_tables().send().await.unwrap().table_names(), [] as [String; 0]);
}

#[tokio::test]
async fn the_stream_is_also_there_on_the_wire() {
    let wires = Wires::in_memory(NOW).await;
    create_table(&Client::new(&wires.config)).await;
    let streams = aws_sdk_dynamodbstreams::Client::new(&wires.config).list_streams().send().await.unwrap();
    assert_eq!(streams.streams().len(), 1);
}

/// Key schema as a list of name and type.
fn keys(schema: &[KeySchemaElement]) -> Value {
    schema.iter().map(|key| json!({ "AttributeName": key.attribute_name(), "KeyType": key.key_type().as_str() })).collect()
}

#[tokio::test]
async fn the_table_that_is_made_is_the_one_that_is_compared_with_the_template() {
    let wires = Wires::in_memory(NOW).await;
    platform::store::schema::create(&platform::Store::new(&wires.config, "cairn")).await.unwrap();
    let client = Client::new(&wires.config);
    let made = client.describe_table().table_name("cairn").send().await.unwrap().table.unwrap();
    let ttl = client.describe_time_to_live().table_name("cairn").send().await.unwrap().time_to_live_description.unwrap();
    let index = |index: &GlobalSecondaryIndexDescription| {
        json!({
            "IndexName": index.index_name(),
            "KeySchema": keys(index.key_schema()),
            "Projection": { "ProjectionType": index.projection().and_then(|projection| projection.projection_type()).map(ProjectionType::as_str) },
        })
    };
    let attribute =
        |of: &AttributeDefinition| json!({ "AttributeName": of.attribute_name(), "AttributeType": of.attribute_type().as_str() });
    let sorted = |value: &Value, by: &str| {
        let mut values = value.as_array().unwrap().clone();
        values.sort_by_key(|value| value[by].to_string());
        values
    };
    let described = platform::store::schema::described();
    let attributes: Value = made.attribute_definitions().iter().map(attribute).collect();
    assert_eq!(sorted(&attributes, "AttributeName"), sorted(&described["AttributeDefinitions"], "AttributeName"));
    assert_eq!(keys(made.key_schema()), described["KeySchema"]);
    let indexes: Value = made.global_secondary_indexes().iter().map(index).collect();
    assert_eq!(sorted(&indexes, "IndexName"), sorted(&described["GlobalSecondaryIndexes"], "IndexName"));
    let billing = made.billing_mode_summary().and_then(|summary| summary.billing_mode()).map(BillingMode::as_str);
    assert_eq!(billing, described["BillingMode"].as_str());
    let stream = made.stream_specification().and_then(|stream| stream.stream_view_type()).map(StreamViewType::as_str);
    assert_eq!(stream, described["StreamSpecification"]["StreamViewType"].as_str());
    assert_eq!(ttl.attribute_name(), described["TimeToLiveSpecification"]["AttributeName"].as_str());
    assert_eq!(ttl.time_to_live_status().map(TimeToLiveStatus::as_str), Some("ENABLED"));
}
