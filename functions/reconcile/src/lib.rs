//! Placeholder of the reconcile function.
