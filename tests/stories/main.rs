//! Stories through the whole system: one module per flow.

mod crash;
mod faults;
mod flow;
mod reports;
mod storage;
