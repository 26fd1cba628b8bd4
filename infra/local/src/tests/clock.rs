use std::time::Duration;

use chrono::{TimeDelta, Utc};

use super::time;
use crate::clock::{Clock, ClockError};

fn near(a: chrono::DateTime<Utc>, b: chrono::DateTime<Utc>) -> bool {
    (a - b).abs() < TimeDelta::seconds(5)
}

#[test]
fn the_clock_moves_forward_for_all_its_clones_and_never_back() {
    let clock = Clock::in_memory(Some(time("2026-03-01T12:00:00Z")));
    let other = clock.clone();
    clock.set(time("2026-03-08T07:00:00Z")).unwrap();
    assert!(other.now() >= time("2026-03-08T07:00:00Z"));
    assert!(near(other.now(), time("2026-03-08T07:00:00Z")));
    assert!(matches!(clock.set(time("2026-03-08T06:59:00Z")), Err(ClockError::Backward { .. })));
    clock.advance(Duration::from_secs(3600)).unwrap();
    assert!(near(other.now(), time("2026-03-08T08:00:00Z")));
}

#[test]
fn a_kept_clock_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("clock.json");
    let clock = Clock::open(&file, Some(time("2030-01-01T00:00:00Z"))).unwrap();
    clock.advance(Duration::from_secs(86_400)).unwrap();
    drop(clock);
    assert!(near(Clock::open(&file, None).unwrap().now(), time("2030-01-02T00:00:00Z")));
    assert!(near(Clock::open(&file, Some(time("2029-01-01T00:00:00Z"))).unwrap().now(), time("2030-01-02T00:00:00Z")));
    assert!(near(Clock::open(&file, Some(time("2031-01-01T00:00:00Z"))).unwrap().now(), time("2031-01-01T00:00:00Z")));
}

#[test]
fn without_a_start_it_is_what_it_is() {
    assert!(near(Clock::in_memory(None).now(), Utc::now()));
}
