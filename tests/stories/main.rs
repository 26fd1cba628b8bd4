//! Stories through the whole system: one module per flow.

mod audiences;
mod bad_input;
mod binaries;
mod done;
mod reports;
mod schedules;
