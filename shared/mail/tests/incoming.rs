//! Reading mail that comes in.

#![allow(clippy::unwrap_used, reason = "what a test can't read fails it")]

#[path = "incoming/corpus.rs"]
mod corpus;
#[path = "incoming/fixtures.rs"]
mod fixtures;
#[path = "incoming/hostile.rs"]
mod hostile;
#[path = "incoming/languages.rs"]
mod languages;
#[path = "incoming/mime.rs"]
mod mime;
