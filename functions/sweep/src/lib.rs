//! Every hour: what went off track is noticed, and whoever is to be told is.

use anyhow::bail;
use app::App;
use app::sweep::Swept;

/// Sweeps.
///
/// # Errors
/// Something failed and is still due; all the rest was done, and the next time will do it.
pub async fn handle(app: &App) -> anyhow::Result<Swept> {
    let swept = app::sweep::sweep(app).await;
    tracing::info!(?swept, "swept");
    if swept.failed > 0 {
        bail!("{} of the sweep failed and stay due", swept.failed);
    }
    Ok(swept)
}
