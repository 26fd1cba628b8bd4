//! Stories through the whole system: one module per flow.

mod binaries;
mod reports;
