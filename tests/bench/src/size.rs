//! How much each function's zip weighs.

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use crate::build::{FUNCTIONS, HELLO};
use crate::table::{print, thousands};

/// What a zip of one file has besides the file: two headers, a trailer, the name `bootstrap` twice.
const ZIP: usize = 30 + 46 + 22 + 2 * "bootstrap".len();

/// Binaries as they are linked, and deflated as hard as can be.
pub(crate) fn measure(binaries: &Path) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    for function in FUNCTIONS.into_iter().chain([HELLO]) {
        let binary = std::fs::read(binaries.join(function))?;
        let mut zip = DeflateEncoder::new(Vec::new(), Compression::best());
        zip.write_all(&binary)?;
        rows.push(vec![function.to_owned(), thousands(binary.len()), thousands(zip.finish()?.len() + ZIP)]);
    }
    print("Functions as deployed", &["", "bytes", "zip bytes"], &rows)?;
    Ok(())
}
