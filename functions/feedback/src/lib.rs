//! Placeholder of the feedback function.
