//! Stories through the whole system: one module per flow.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a story that can't be told fails its test")]

mod access;
mod audiences;
mod bad_input;
mod binaries;
mod comments;
mod crash;
mod done;
mod engagements;
mod faults;
mod flow;
mod idempotency;
mod lists;
mod local;
mod portal;
mod receiving;
mod reports;
mod samples;
mod schedules;
mod sign_in;
mod storage;
mod sweep;
