//! Stories through the whole system: one module per flow.

mod bad_input;
mod binaries;
mod done;
mod reports;
