//! Stories through the whole system: one module per flow.

mod audiences;
mod bad_input;
mod done;
mod reports;
mod schedules;
