//! The binaries that are measured.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, ensure};

/// Every function.
pub(crate) const FUNCTIONS: [&str; 8] = ["api", "report", "send", "feedback", "reconcile", "sweep", "inbound", "export"];
/// The function that does nothing.
pub(crate) const HELLO: &str = "hello";

/// Builds the functions as they are deployed, and `hello` by the same profile; the folder they are in.
pub(crate) fn release() -> anyhow::Result<PathBuf> {
    let this = std::env::current_exe()?;
    let target = this.ancestors().nth(2).context("this program is not in cargo's target folder")?;
    let functions = FUNCTIONS.iter().flat_map(|function| ["-p", function]);
    for packages in [functions.collect(), vec!["-p", "bench", "--bin", HELLO]] {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        build.args(["build", "--release", "--locked", "--quiet"]).args(packages).arg("--target-dir").arg(target);
        ensure!(build.current_dir(env!("CARGO_MANIFEST_DIR")).status()?.success(), "the functions don't build");
    }
    Ok(target.join("release"))
}
