use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::time;
use crate::scheduler::expression::{Bounds, Expression};

fn bounds(zone: &str) -> Bounds {
    let zone: Tz = zone.parse().unwrap();
    Bounds { zone, anchor: time("2026-01-01T00:00:00Z"), start: None, end: None }
}

fn firings(text: &str, bounds: &Bounds, after: &str, count: usize) -> Vec<String> {
    let expression = Expression::parse(text).unwrap();
    let next = |after: &DateTime<Utc>| expression.next(bounds, *after);
    let all = std::iter::successors(next(&time(after)), next);
    all.take(count).map(|time| time.with_timezone(&bounds.zone).format("%a %Y-%m-%d %H:%M %z").to_string()).collect()
}

#[test]
fn a_time_in_the_spring_gap_is_skipped() {
    let daily = firings("cron(30 2 * * ? *)", &bounds("America/New_York"), "2026-03-07T00:00:00Z", 3);
    assert_eq!(daily, ["Sat 2026-03-07 02:30 -0500", "Mon 2026-03-09 02:30 -0400", "Tue 2026-03-10 02:30 -0400"]);
}

#[test]
fn a_time_in_the_autumn_overlap_fires_once_the_first_time() {
    let daily = firings("cron(30 1 * * ? *)", &bounds("America/New_York"), "2026-10-31T12:00:00Z", 2);
    assert_eq!(daily, ["Sun 2026-11-01 01:30 -0400", "Mon 2026-11-02 01:30 -0500"]);
}

#[test]
fn every_quarter_hour_passes_the_overlap_without_repeating() {
    let quarters = firings("cron(0/30 * * * ? *)", &bounds("America/New_York"), "2026-11-01T04:59:00Z", 5);
    let hours: Vec<&str> = quarters.iter().map(|time| &time[15..]).collect();
    assert_eq!(hours, ["01:00 -0400", "01:30 -0400", "02:00 -0500", "02:30 -0500", "03:00 -0500"]);
}

#[test]
fn a_half_hour_shift_is_a_gap_of_half_an_hour() {
    let daily = firings("cron(15 2 * * ? *)", &bounds("Australia/Lord_Howe"), "2026-10-02T20:00:00Z", 2);
    assert_eq!(daily, ["Mon 2026-10-05 02:15 +1100", "Tue 2026-10-06 02:15 +1100"]);
}

#[test]
fn fields_take_lists_ranges_steps_names_and_the_last_day() {
    let table = [
        ("cron(45 10 ? * TUE *)", ["Tue 2026-01-06 10:45 +0000", "Tue 2026-01-13 10:45 +0000"]),
        ("cron(0 8 1 * ? *)", ["Thu 2026-01-01 08:00 +0000", "Sun 2026-02-01 08:00 +0000"]),
        ("cron(0 8 L * ? *)", ["Sat 2026-01-31 08:00 +0000", "Sat 2026-02-28 08:00 +0000"]),
        ("cron(0 8 31 * ? *)", ["Sat 2026-01-31 08:00 +0000", "Tue 2026-03-31 08:00 +0000"]),
        ("cron(0 8 29 2 ? *)", ["Tue 2028-02-29 08:00 +0000", "Sun 2032-02-29 08:00 +0000"]),
        ("cron(15 10 ? * 6 2027-2028)", ["Fri 2027-01-01 10:15 +0000", "Fri 2027-01-08 10:15 +0000"]),
        ("cron(30 16 ? jan,mar-apr mon-fri *)", ["Thu 2026-01-01 16:30 +0000", "Fri 2026-01-02 16:30 +0000"]),
        ("cron(0 22-2/2 ? * SAT-SUN *)", ["Sat 2026-01-03 00:00 +0000", "Sat 2026-01-03 02:00 +0000"]),
        ("cron(0 12 */10 * ?)", ["Thu 2026-01-01 12:00 +0000", "Sun 2026-01-11 12:00 +0000"]),
    ];
    for (expression, expected) in table {
        assert_eq!(firings(expression, &bounds("UTC"), "2025-12-31T23:59:00Z", 2), expected, "{expression}");
    }
    assert_eq!(firings("cron(0 8 30 2 ? *)", &bounds("UTC"), "2026-01-01T00:00:00Z", 1), [] as [&str; 0]);
}

#[test]
fn a_rate_runs_from_its_start_in_whole_days_of_24_hours() {
    let every = firings("rate(7 days)", &bounds("UTC"), "2025-12-01T00:00:00Z", 3);
    assert_eq!(every, ["Thu 2026-01-01 00:00 +0000", "Thu 2026-01-08 00:00 +0000", "Thu 2026-01-15 00:00 +0000"]);
    assert_eq!(firings("rate(5 minutes)", &bounds("UTC"), "2026-01-01T00:05:00Z", 1), ["Thu 2026-01-01 00:10 +0000"]);
}

#[test]
fn a_one_time_expression_is_read_in_its_zone_and_only_lies_ahead() {
    let zone = bounds("Asia/Kolkata");
    assert_eq!(firings("at(2026-02-01T10:45:00)", &zone, "2026-01-01T00:00:00Z", 2), ["Sun 2026-02-01 10:45 +0530"]);
    assert_eq!(firings("at(2026-02-01T10:45:00)", &zone, "2026-02-01T05:15:00Z", 1), [] as [&str; 0]);
    assert_eq!(firings("at(2026-03-08T02:30:00)", &bounds("America/New_York"), "2026-01-01T00:00:00Z", 1), [] as [&str; 0]);
}

#[test]
fn start_and_end_bound_what_recurs_both_included() {
    let mut bounds = bounds("UTC");
    bounds.start = Some(time("2026-02-02T08:00:00Z"));
    bounds.end = Some(time("2026-02-03T08:00:00Z"));
    let daily = firings("cron(0 8 * * ? *)", &bounds, "2026-01-01T00:00:00Z", 9);
    assert_eq!(daily, ["Mon 2026-02-02 08:00 +0000", "Tue 2026-02-03 08:00 +0000"]);
}

#[test]
fn what_aws_would_not_read_is_refused() {
    let wrong = [
        "",
        "cron()",
        "cron(0 8 * * *)",
        "cron(0 8 * * * *)",
        "cron(0 8 ? * ? *)",
        "cron(60 8 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 8 0 * ? *)",
        "cron(0 8 32 * ? *)",
        "cron(0 8 * 13 ? *)",
        "cron(0 8 ? * 0 *)",
        "cron(0 8 ? * 8 *)",
        "cron(0 8 ? * FUN *)",
        "cron(0 8 * * ? 1969)",
        "cron(0 8 * * ? 2200)",
        "cron(0/0 8 * * ? *)",
        "cron(0 8 1W * ? *)",
        "cron(0 8 ? * 2#1 *)",
        "cron(+1 8 * * ? *)",
        "cron(0 8 * * ? * *)",
        "cron(? 8 * * ? *)",
        "cron(0 8 1, * ? *)",
        "rate(0 days)",
        "rate(-1 days)",
        "rate(1 week)",
        "rate(1)",
        "rate(1.5 hours)",
        "at(2026-02-30T10:45:00)",
        "at(2026-02-01T10:45)",
        "at(2026-02-01T10:45:00Z)",
        "at(2026-2-1T10:45:00)",
        "at(2026-02-01 10:45:00)",
        "every day",
        "at 2026-02-01T10:45:00",
        "cron(0 8 * * ? *",
    ];
    for text in wrong {
        assert!(Expression::parse(text).is_err(), "{text}");
    }
}

#[test]
fn between_two_firings_every_instant_sees_the_same_next_one() {
    for zone in ["America/New_York", "Europe/London", "Africa/Casablanca", "Antarctica/Troll", "Pacific/Apia", "America/Havana"] {
        let bounds = bounds(zone);
        for text in ["cron(30 1 * * ? *)", "cron(0 0 ? * SUN *)", "cron(30 2 ? * MON-SUN *)"] {
            let expression = Expression::parse(text).unwrap();
            let mut after = time("2026-01-01T00:00:00Z");
            for _ in 0..400 {
                let next = expression.next(&bounds, after).unwrap();
                assert!(next > after);
                let middle = after + (next - after) / 2;
                assert_eq!(expression.next(&bounds, middle), Some(next), "{text} in {zone} at {middle}");
                assert_eq!(expression.next(&bounds, next - TimeDelta::milliseconds(1)), Some(next));
                after = next;
            }
        }
    }
}
