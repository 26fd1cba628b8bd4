//! Every hour: what went off track is noticed, and whoever is to be told is; what falls due by itself is done.

use anyhow::bail;
use app::App;
use app::due::Fallen;
use app::sweep::Swept;
use serde::Serialize;

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Done {
    /// About engagements.
    #[serde(flatten)]
    pub swept: Swept,
    /// About items.
    pub items: Fallen,
}

/// Sweeps.
///
/// # Errors
/// Something failed and is still due; all the rest was done, and the next time will do it.
pub async fn handle(app: &App) -> anyhow::Result<Done> {
    let swept = app::sweep::sweep(app).await;
    let items = app::due::fall_due(app).await;
    tracing::info!(?swept, ?items, "swept");
    let failed = swept.failed + items.failed;
    if failed > 0 {
        bail!("{failed} of the sweep failed and stay due");
    }
    Ok(Done { swept, items })
}
