//! Prints the OpenAPI document: `cargo run -q -p api --example openapi > docs/openapi.json`.

use std::io::Write;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    writeln!(std::io::stdout(), "{}", api::openapi().to_pretty_json()?)?;
    Ok(())
}
