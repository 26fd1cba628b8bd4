//! What takes longer than a request: an export that was asked for is written into the bucket, and an import that a request did
//! not get done is gone on with. What stands in the way is put on record.

use std::time::Duration;

use anyhow::Context;
use app::{App, exports, imports, piped};
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use platform::store::keys;

/// For how long one call goes through the rows of an import: well within the function's timeout. What is left comes again.
const BUDGET: Duration = Duration::from_secs(200);

/// Does all the work in the batch, one after the other. What could not even be put on record comes again.
pub async fn handle(app: &App, event: SqsEvent) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    for record in event.records {
        let id = record.message_id.unwrap_or_default();
        if let Err(error) = work(app, record.body.as_deref().unwrap_or_default()).await {
            tracing::error!(error = %format!("{error:#}"), "work failed and will be tried again");
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            response.batch_item_failures.push(failure);
        }
    }
    response
}

async fn work(app: &App, body: &str) -> anyhow::Result<()> {
    let pk = piped::partition(body).context("the message is not a row of the table's stream")?;
    if let Some((scope, export)) = keys::read_export(&pk) {
        let wrote = exports::write(app, scope, export).await?;
        tracing::info!(?wrote, "an export was taken up");
        return Ok(());
    }
    let (scope, import) = keys::read_import(&pk).context("the row is neither an export nor an import")?;
    let stands = Box::pin(imports::go_on(app, scope, import, BUDGET)).await?;
    tracing::info!(?stands, "an import was gone on with");
    Ok(())
}
