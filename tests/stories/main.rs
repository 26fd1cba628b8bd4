//! Stories through the whole system: one module per flow.

mod access;
mod audiences;
mod bad_input;
mod binaries;
mod crash;
mod done;
mod faults;
mod flow;
mod idempotency;
mod reports;
mod schedules;
mod storage;
