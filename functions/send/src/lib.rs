//! Placeholder of the send function.
