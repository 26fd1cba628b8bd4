//! Prints the OpenAPI document: `cargo run -q -p api --example openapi > docs/openapi.json`.

use std::io::Write;

fn main() -> std::io::Result<()> {
    writeln!(std::io::stdout(), "{}", api::document())
}
