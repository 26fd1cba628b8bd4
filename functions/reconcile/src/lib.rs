//! Every ten minutes: what is stuck goes on, what was missed is caught up. Once a week: how engagements are filed.

use app::App;
use app::reconcile::Reconciled;
use app::tracking_check::Checked;
use serde::{Deserialize, Serialize};

/// What the function is called with; anything else is a turn of the schedule.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    /// What is to be compared, in place of reconciling.
    #[serde(default)]
    pub check: Option<Check>,
    /// Whether what is wrong is put right.
    #[serde(default)]
    pub repair: bool,
}

/// What can be compared.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// How all engagements are filed, with how they stand.
    DueIndex,
}

/// What was done.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Done {
    /// A turn of reconciling.
    Reconciled(Reconciled),
    /// A comparison.
    Checked(Checked),
}

/// Does what is asked for.
///
/// # Errors
/// What is to be done could not be read; the next time will do it.
pub async fn answer(app: &App, asked: &Asked) -> anyhow::Result<Done> {
    match asked.check {
        None => Ok(Done::Reconciled(handle(app).await?)),
        Some(Check::DueIndex) => {
            let checked = app::tracking_check::check(app, asked.repair).await?;
            tracing::info!(?checked, "compared");
            Ok(Done::Checked(checked))
        }
    }
}

/// Reconciles.
///
/// # Errors
/// What is to be done could not be read; the next time will do it.
pub async fn handle(app: &App) -> anyhow::Result<Reconciled> {
    let done = app::reconcile::reconcile(app).await?;
    tracing::info!(?done, "reconciled");
    Ok(done)
}
