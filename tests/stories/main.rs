//! Stories through the whole system: one module per flow.

mod reports;
