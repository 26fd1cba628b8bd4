//! The whole system on one machine: the wires of AWS that Cairn speaks, served in-process on the loopback interface.
//!
//! Each module stands in for one service, keeps what it holds in memory or in a folder, and is strict where AWS is strict.

pub mod aws;
pub mod clock;
pub mod demo;
pub mod engine;
pub mod faults;
mod files;
pub mod gateway;
pub mod lambda;
pub mod mailbox;
pub mod refusal;
pub mod s3;
pub mod scheduler;
pub mod ses;
mod shortcut;
pub mod smtp;
pub mod stack;
#[cfg(test)]
mod tests;
pub mod welcome;

/// The region every local service claims to be in.
pub const REGION: &str = "us-east-1";

/// The account every local service claims to belong to.
pub const ACCOUNT: &str = "000000000000";

/// The access key of every client, and its secret.
pub(crate) const KEY: &str = "local";

/// A number written the way AWS writes its identifiers.
pub(crate) fn uuid(number: u128) -> String {
    let digits = format!("{number:032x}");
    let (a, b, c, d, e) = (&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]);
    format!("{a}-{b}-{c}-{d}-{e}")
}
