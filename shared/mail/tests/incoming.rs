//! Reading mail that comes in.

#[path = "incoming/hostile.rs"]
mod hostile;
#[path = "incoming/languages.rs"]
mod languages;
