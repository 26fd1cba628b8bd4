//! Engagements: one client in one program with, usually, one coach.

pub mod dry_run;
pub mod export;
pub mod list;
pub mod view;

pub use view::{EngagementView, view};
