//! Schedules: how they are read and said, where their runs lie, and what EventBridge makes of them.

#![allow(clippy::unwrap_used, reason = "tests")]

mod draft;
mod edges;
mod eventbridge;
mod laws;
mod words;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use domain::schedule::Schedule;
use serde_json::Value;

/// Zones with every oddity we know of: half-hour and two-hour changes, changes at midnight, a month of standard time
/// in the middle of summer time, a day left out, none at all.
const ZONES: [Tz; 11] = [
    Tz::America__New_York,
    Tz::Europe__London,
    Tz::Australia__Lord_Howe,
    Tz::America__Havana,
    Tz::Africa__Cairo,
    Tz::Africa__Casablanca,
    Tz::Antarctica__Troll,
    Tz::Pacific__Apia,
    Tz::Asia__Kolkata,
    Tz::America__Sao_Paulo,
    Tz::Pacific__Auckland,
];

/// A schedule from what is stored of it.
fn schedule(stored: Value) -> Schedule {
    serde_json::from_value(stored).unwrap()
}

/// `2026-03-08T07:00Z`.
fn utc(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_str(&text.replace('Z', " +0000"), "%Y-%m-%dT%H:%M %z").unwrap().to_utc()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The next `count` runs, as `2026-03-08T07:00Z`.
fn runs(schedule: &Schedule, zone: Tz, after: &str, count: usize) -> Vec<String> {
    schedule.next_runs(zone, utc(after), count).iter().map(|run| run.format("%Y-%m-%dT%H:%MZ").to_string()).collect()
}
