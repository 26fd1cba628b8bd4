//! Stories through the whole system: one module per flow.

mod access;
mod audiences;
mod bad_input;
mod binaries;
mod done;
mod idempotency;
mod reports;
mod schedules;
