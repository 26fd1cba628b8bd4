//! A report's schedule fired: one run becomes its deliveries.

use app::App;
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use platform::schedules::RunMessage;

/// Carries out every firing in the batch; those that failed come again, the others don't.
pub async fn handle(app: &App, event: SqsEvent) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    for record in event.records {
        let id = record.message_id.unwrap_or_default();
        match fire(app, record.body.as_deref().unwrap_or_default()).await {
            Ok(fate) => tracing::info!(?fate, "a run was fired"),
            Err(error) => {
                tracing::error!(error = %format!("{error:#}"), "a run failed and will be tried again");
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = id;
                response.batch_item_failures.push(failure);
            }
        }
    }
    response
}

async fn fire(app: &App, body: &str) -> anyhow::Result<app::runs::Fate> {
    let message: RunMessage = serde_json::from_str(body)?;
    Ok(app::runs::fire(app, &message).await?)
}
