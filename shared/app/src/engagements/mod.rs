//! Engagements: one client in one program with, usually, one coach.

pub mod view;

pub use view::{EngagementView, view};
