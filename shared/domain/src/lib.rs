//! The rules of Cairn, as plain functions of their inputs.
//!
//! Nothing here knows of AWS, tasks, the clock or chance: time and ids are passed in, decisions come out as values.
//! A rule is found by its name: who may do what in [`access`], when a report runs in [`schedule`], what it says on
//! whom to whom in [`show`], what becomes of a mail in [`delivery`], what is in an export in [`export`].

pub mod access;
pub mod account;
pub mod check;
pub mod client;
pub mod client_page;
pub mod comment;
pub mod company;
pub mod delivery;
pub mod digest;
pub mod dry_run;
pub mod due;
pub mod engagement;
pub mod explain;
pub mod export;
pub mod group;
pub mod happening;
pub mod id;
pub mod inbound;
pub mod invoice;
pub mod item;
pub mod listing;
pub mod person;
pub mod program;
pub mod progress;
pub mod record;
pub mod report;
pub mod run;
#[cfg(test)]
mod sample;
pub mod schedule;
pub mod show;
pub mod sign_in;
pub mod signature;
pub mod upload;
