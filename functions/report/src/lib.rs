//! Placeholder of the report function.
