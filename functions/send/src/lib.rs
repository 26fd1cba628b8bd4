//! A delivery became due: one mail goes out, or is recorded as left out.

use anyhow::Context;
use app::deliveries::Worked;
use app::{App, piped};
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use futures::StreamExt;
use platform::store::keys;

/// How many mails of a batch are sent at the same time.
const AT_ONCE: usize = 10;

/// Sends every delivery in the batch; those that are to be looked at again come again, the others don't.
pub async fn handle(app: &App, event: SqsEvent) -> SqsBatchResponse {
    let worked: Vec<(String, bool)> = futures::stream::iter(event.records)
        .map(async |record: SqsMessage| {
            let done = match send(app, record.body.as_deref().unwrap_or_default()).await {
                Ok(worked) => worked == Worked::Done,
                Err(error) => {
                    tracing::error!(error = %format!("{error:#}"), "a delivery failed and will be tried again");
                    false
                }
            };
            (record.message_id.unwrap_or_default(), done)
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let mut response = SqsBatchResponse::default();
    for (id, _) in worked.into_iter().filter(|(_, done)| !done) {
        let mut failure = BatchItemFailure::default();
        failure.item_identifier = id;
        response.batch_item_failures.push(failure);
    }
    response
}

async fn send(app: &App, body: &str) -> anyhow::Result<Worked> {
    let pk = piped::partition(body).context("the message is not a row of the table's stream")?;
    let (scope, delivery) = keys::read_delivery(&pk).context("the row is not a delivery")?;
    Ok(app::deliveries::send(app, scope, &delivery).await?)
}
