//! An export was asked for: it is written into the bucket, or what stands in its way is put on record.

use anyhow::Context;
use app::App;
use app::exports::Wrote;
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use platform::store::keys;
use serde::Deserialize;

/// What the pipe makes of a row of the table's stream, as far as it is needed.
#[derive(Deserialize)]
struct Record {
    dynamodb: Change,
}

#[derive(Deserialize)]
struct Change {
    #[serde(rename = "Keys")]
    keys: Keys,
}

#[derive(Deserialize)]
struct Keys {
    pk: Text,
}

#[derive(Deserialize)]
struct Text {
    #[serde(rename = "S")]
    text: String,
}

/// Writes every export in the batch, one after the other. What could not even be put on record comes again.
pub async fn handle(app: &App, event: SqsEvent) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    for record in event.records {
        let id = record.message_id.unwrap_or_default();
        match write(app, record.body.as_deref().unwrap_or_default()).await {
            Ok(wrote) => tracing::info!(?wrote, "an export was taken up"),
            Err(error) => {
                tracing::error!(error = %format!("{error:#}"), "an export failed and will be tried again");
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = id;
                response.batch_item_failures.push(failure);
            }
        }
    }
    response
}

async fn write(app: &App, body: &str) -> anyhow::Result<Wrote> {
    let record: Record = serde_json::from_str(body).context("the message is not a row of the table's stream")?;
    let (scope, export) = keys::read_export(&record.dynamodb.keys.pk.text).context("the row is not an export")?;
    Ok(app::exports::write(app, scope, export).await?)
}
