//! An import has rows that nobody has gone through yet: it is gone on with, or what stands in its way is put on record.

use std::time::Duration;

use anyhow::Context;
use app::imports::Stands;
use app::{App, piped};
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use platform::store::keys;

/// For how long one call goes through rows: well within the function's timeout. What is left then comes again.
const BUDGET: Duration = Duration::from_secs(200);

/// Goes on with every import in the batch, one after the other. One that fails comes again.
pub async fn handle(app: &App, event: SqsEvent) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    for record in event.records {
        let id = record.message_id.unwrap_or_default();
        match go_on(app, record.body.as_deref().unwrap_or_default()).await {
            Ok(stands) => tracing::info!(?stands, "an import was gone on with"),
            Err(error) => {
                tracing::error!(error = %format!("{error:#}"), "an import failed and will be tried again");
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = id;
                response.batch_item_failures.push(failure);
            }
        }
    }
    response
}

async fn go_on(app: &App, body: &str) -> anyhow::Result<Stands> {
    let pk = piped::partition(body).context("the message is not a row of the table's stream")?;
    let (scope, import) = keys::read_import(&pk).context("the row is not an import")?;
    Ok(app::imports::go_on(app, scope, import, BUDGET).await?)
}
