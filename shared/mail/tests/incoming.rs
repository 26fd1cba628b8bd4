//! Reading mail that comes in.

#[path = "incoming/fixtures.rs"]
mod fixtures;
#[path = "incoming/hostile.rs"]
mod hostile;
#[path = "incoming/languages.rs"]
mod languages;
#[path = "incoming/mime.rs"]
mod mime;
