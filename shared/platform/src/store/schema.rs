//! The table as it must be: the same on AWS, where the template makes it, and on a local engine, where [`create`] does.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType, ScalarAttributeType,
    StreamSpecification, StreamViewType, TimeToLiveSpecification,
};
use serde_json::{Value, json};

use super::keys::Index;
use super::{Store, StoreError, built, failed};

/// The attribute by whose time (epoch seconds) rows go by themselves.
const TTL: &str = "expires";

fn projection(index: Index) -> &'static str {
    match index {
        Index::One | Index::Three => "ALL",
        Index::Two => "KEYS_ONLY",
    }
}

/// The table in CloudFormation's words, to be compared with the template.
pub fn described() -> Value {
    let keys = |pk: &str, sk: &str| json!([{ "AttributeName": pk, "KeyType": "HASH" }, { "AttributeName": sk, "KeyType": "RANGE" }]);
    let attributes: Vec<Value> = std::iter::once(["pk", "sk"])
        .chain(Index::ALL.map(|index| [index.pk(), index.sk()]))
        .flatten()
        .map(|name| json!({ "AttributeName": name, "AttributeType": "S" }))
        .collect();
    json!({
        "AttributeDefinitions": attributes,
        "KeySchema": keys("pk", "sk"),
        "GlobalSecondaryIndexes": Index::ALL.map(|index| json!({
            "IndexName": index.name(),
            "KeySchema": keys(index.pk(), index.sk()),
            "Projection": { "ProjectionType": projection(index) },
        })),
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": { "StreamViewType": "NEW_AND_OLD_IMAGES" },
        "TimeToLiveSpecification": { "AttributeName": TTL, "Enabled": true },
    })
}

/// Makes the table on an engine that has none; one that is there is left as it is.
///
/// # Errors
/// [`StoreError`].
pub async fn create(store: &Store) -> Result<(), StoreError> {
    let attribute = |name: &str| {
        AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build().map_err(|e| built(&e))
    };
    let key = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().map_err(|e| built(&e));
    let mut request = store
        .client
        .create_table()
        .table_name(&store.table)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute("pk")?)
        .attribute_definitions(attribute("sk")?)
        .key_schema(key("pk", KeyType::Hash)?)
        .key_schema(key("sk", KeyType::Range)?)
        .stream_specification(
            StreamSpecification::builder()
                .stream_enabled(true)
                .stream_view_type(StreamViewType::NewAndOldImages)
                .build()
                .map_err(|e| built(&e))?,
        );
    for index in Index::ALL {
        request =
            request.attribute_definitions(attribute(index.pk())?).attribute_definitions(attribute(index.sk())?).global_secondary_indexes(
                GlobalSecondaryIndex::builder()
                    .index_name(index.name())
                    .key_schema(key(index.pk(), KeyType::Hash)?)
                    .key_schema(key(index.sk(), KeyType::Range)?)
                    .projection(Projection::builder().projection_type(ProjectionType::from(projection(index))).build())
                    .build()
                    .map_err(|e| built(&e))?,
            );
    }
    match request.send().await {
        Ok(_) => {}
        Err(error) if error.as_service_error().is_some_and(|e| e.is_resource_in_use_exception()) => return Ok(()),
        Err(error) => return Err(failed("CreateTable", &error)),
    }
    // on AWS itself a new table takes a while
    for attempt in 0.. {
        let described = store.client.describe_table().table_name(&store.table).send().await.map_err(|e| failed("DescribeTable", &e))?;
        let status = described.table.and_then(|table| table.table_status);
        if status == Some(aws_sdk_dynamodb::types::TableStatus::Active) {
            break;
        }
        if attempt == 60 {
            return Err(StoreError::Call { call: "CreateTable", detail: "the table did not become active".into() });
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    let ttl = TimeToLiveSpecification::builder().attribute_name(TTL).enabled(true).build().map_err(|e| built(&e))?;
    store
        .client
        .update_time_to_live()
        .table_name(&store.table)
        .time_to_live_specification(ttl)
        .send()
        .await
        .map_err(|e| failed("UpdateTimeToLive", &e))?;
    Ok(())
}

/// Removes a table that tests made.
///
/// # Errors
/// [`StoreError`].
pub async fn remove(store: &Store) -> Result<(), StoreError> {
    store.client.delete_table().table_name(&store.table).send().await.map(|_| ()).map_err(|e| failed("DeleteTable", &e))
}
