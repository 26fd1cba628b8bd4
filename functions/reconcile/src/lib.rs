//! Every ten minutes: what is stuck goes on, what was missed is caught up.

use app::App;
use app::reconcile::Reconciled;

/// Reconciles.
///
/// # Errors
/// What is to be done could not be read; the next time will do it.
pub async fn handle(app: &App) -> anyhow::Result<Reconciled> {
    let done = app::reconcile::reconcile(app).await?;
    tracing::info!(?done, "reconciled");
    Ok(done)
}
