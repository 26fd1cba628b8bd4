//! Stories through the whole system: one module per flow.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a story that can't be told fails its test")]

mod access;
mod audiences;
mod bad_input;
mod binaries;
mod comments;
mod crash;
mod direct_access;
mod done;
mod due;
mod engagements;
mod exports;
mod faults;
mod flow;
mod groups;
mod idempotency;
mod imports;
mod invoices;
mod items;
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
mod uploads;
