//! Runs at the edges of calendars and clocks. The instants were worked out with another implementation of the zones
//! (Python's `zoneinfo`).

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use domain::schedule::instant_of;
use serde_json::{Value, json};

use crate::eventbridge::Expression;
use crate::{ZONES, date, runs, schedule, utc};

fn daily(at: &str) -> Value {
    json!({"every": "day", "at": at})
}

fn weekly(interval: u8, weekdays: &[&str], at: &str, starts_on: &str) -> Value {
    json!({"every": "week", "interval": interval, "weekdays": weekdays, "at": at, "starts_on": starts_on})
}

fn monthly(day: impl Into<Value>, at: &str) -> Value {
    json!({"every": "month", "day": day.into(), "at": at})
}

#[test]
fn a_skipped_time_goes_at_the_end_of_the_gap() {
    let cases = [
        ("America/New_York", "02:30", ["2026-03-07T07:30Z", "2026-03-08T07:00Z", "2026-03-09T06:30Z"]),
        ("America/New_York", "02:00", ["2026-03-07T07:00Z", "2026-03-08T07:00Z", "2026-03-09T06:00Z"]),
        ("Europe/London", "01:30", ["2026-03-28T01:30Z", "2026-03-29T01:00Z", "2026-03-30T00:30Z"]),
        ("Australia/Lord_Howe", "02:15", ["2026-10-02T15:45Z", "2026-10-03T15:30Z", "2026-10-04T15:15Z"]),
        ("America/Havana", "00:30", ["2025-03-08T05:30Z", "2025-03-09T05:00Z", "2025-03-10T04:30Z"]),
        ("Africa/Cairo", "00:00", ["2026-04-22T22:00Z", "2026-04-23T22:00Z", "2026-04-24T21:00Z"]),
        ("Africa/Casablanca", "02:30", ["2026-03-21T02:30Z", "2026-03-22T02:00Z", "2026-03-23T01:30Z"]),
        ("Antarctica/Troll", "02:30", ["2026-03-28T02:30Z", "2026-03-29T01:00Z", "2026-03-30T00:30Z"]),
        ("Pacific/Apia", "03:30", ["2012-09-28T14:30Z", "2012-09-29T14:00Z", "2012-09-30T13:30Z"]),
        ("Pacific/Apia", "10:00", ["2011-12-29T20:00Z", "2011-12-30T10:00Z", "2011-12-30T20:00Z"]),
        ("America/Sao_Paulo", "00:30", ["2018-11-03T03:30Z", "2018-11-04T03:00Z", "2018-11-05T02:30Z"]),
        ("Pacific/Auckland", "02:30", ["2026-09-25T14:30Z", "2026-09-26T14:00Z", "2026-09-27T13:30Z"]),
    ];
    for (name, at, expected) in cases {
        let (zone, schedule) = (name.parse::<Tz>().unwrap(), schedule(daily(at)));
        let before = (utc(expected[0]) - TimeDelta::minutes(1)).format("%Y-%m-%dT%H:%MZ").to_string();
        assert_eq!(runs(&schedule, zone, &before, 3), expected, "{name} {at}");
        assert_eq!(expected.map(|run| schedule.in_gap(zone, utc(run))), [false, true, false], "{name} {at}");
    }
}

#[test]
fn a_time_that_occurs_twice_goes_once_at_the_first() {
    let cases = [
        ("America/New_York", "01:30", ["2026-10-31T05:30Z", "2026-11-01T05:30Z", "2026-11-02T06:30Z"], 60),
        ("Europe/London", "01:30", ["2026-10-24T00:30Z", "2026-10-25T00:30Z", "2026-10-26T01:30Z"], 60),
        ("Australia/Lord_Howe", "01:45", ["2026-04-03T14:45Z", "2026-04-04T14:45Z", "2026-04-05T15:15Z"], 30),
        ("America/Havana", "00:30", ["2025-11-01T04:30Z", "2025-11-02T04:30Z", "2025-11-03T05:30Z"], 60),
        ("Africa/Cairo", "23:30", ["2026-10-28T20:30Z", "2026-10-29T20:30Z", "2026-10-30T21:30Z"], 60),
        ("Africa/Casablanca", "02:30", ["2026-02-14T01:30Z", "2026-02-15T01:30Z", "2026-02-16T02:30Z"], 60),
        ("Antarctica/Troll", "01:30", ["2026-10-23T23:30Z", "2026-10-24T23:30Z", "2026-10-26T01:30Z"], 120),
        ("Pacific/Apia", "03:30", ["2013-04-05T13:30Z", "2013-04-06T13:30Z", "2013-04-07T14:30Z"], 60),
        ("America/Sao_Paulo", "23:30", ["2018-02-17T01:30Z", "2018-02-18T01:30Z", "2018-02-19T02:30Z"], 60),
        ("Pacific/Auckland", "02:30", ["2026-04-03T13:30Z", "2026-04-04T13:30Z", "2026-04-05T14:30Z"], 60),
        ("America/St_Johns", "00:00", ["2010-11-06T02:30Z", "2010-11-07T02:30Z", "2010-11-08T03:30Z"], 60),
    ];
    for (name, at, expected, minutes) in cases {
        let (zone, schedule) = (name.parse::<Tz>().unwrap(), schedule(daily(at)));
        let before = (utc(expected[0]) - TimeDelta::minutes(1)).format("%Y-%m-%dT%H:%MZ").to_string();
        assert_eq!(runs(&schedule, zone, &before, 3), expected, "{name} {at}");
        let second = utc(expected[1]) + TimeDelta::minutes(minutes);
        assert_eq!(second.with_timezone(&zone).format("%H:%M").to_string(), at, "{name} shows {at} again");
        assert!(!schedule.is_run(zone, second), "{name} {at}");
        assert_eq!(schedule.last_until(zone, second), Some(utc(expected[1])), "{name} {at}");
        assert!(expected.iter().all(|run| !schedule.in_gap(zone, utc(run))), "{name} {at}");
    }
}

#[test]
fn a_run_of_a_date_that_the_clock_has_left_again_has_been() {
    // at one minute past midnight of 7 November 2010 it was 23:01 of the 6th again
    let (zone, midnight, again_the_6th) = (Tz::America__St_Johns, schedule(daily("00:00")), utc("2010-11-07T02:45Z"));
    assert_eq!(again_the_6th.with_timezone(&zone).date_naive(), date("2010-11-06"));
    assert_eq!(midnight.last_until(zone, again_the_6th), Some(utc("2010-11-07T02:30Z")));
    assert_eq!(midnight.next_after(zone, again_the_6th), Some(utc("2010-11-08T03:30Z")));
}

#[test]
fn a_zone_without_summer_time_has_no_edges() {
    let zone = Tz::Asia__Kolkata;
    assert_eq!(
        runs(&schedule(daily("02:30")), zone, "2026-03-27T20:59Z", 3),
        ["2026-03-27T21:00Z", "2026-03-28T21:00Z", "2026-03-29T21:00Z"]
    );
    assert_eq!(
        runs(&schedule(daily("01:30")), zone, "2026-10-23T19:59Z", 3),
        ["2026-10-23T20:00Z", "2026-10-24T20:00Z", "2026-10-25T20:00Z"]
    );
}

#[test]
fn two_wall_clock_times_of_one_instant_are_one_run() {
    // Apia had no 30 December 2011; its midnight is the next day's, which EventBridge fires by itself
    let (zone, midnight) = (Tz::Pacific__Apia, schedule(daily("00:00")));
    assert_eq!(runs(&midnight, zone, "2011-12-29T09:59Z", 3), ["2011-12-29T10:00Z", "2011-12-30T10:00Z", "2011-12-31T10:00Z"]);
    assert!(!midnight.in_gap(zone, utc("2011-12-30T10:00Z")));

    let on_the_skipped_day = schedule(monthly(30, "18:00"));
    assert_eq!(runs(&on_the_skipped_day, zone, "2011-11-30T00:00Z", 3), ["2011-12-01T04:00Z", "2011-12-30T10:00Z", "2012-01-30T04:00Z"]);
    assert!(on_the_skipped_day.in_gap(zone, utc("2011-12-30T10:00Z")));
}

#[test]
fn a_week_with_a_gap_keeps_its_runs() {
    let sundays = schedule(weekly(1, &["sun"], "02:30", "2026-01-01"));
    assert_eq!(runs(&sundays, Tz::America__New_York, "2026-03-01T07:30Z", 2), ["2026-03-08T07:00Z", "2026-03-15T06:30Z"]);
}

#[test]
fn every_n_weeks_counts_whole_weeks_from_monday() {
    let zone = Tz::Europe__London;
    // 1 January 2026 is a Thursday: its week began on 29 December and counts
    let fortnightly = schedule(weekly(2, &["mon", "sun"], "09:00", "2026-01-01"));
    assert_eq!(fortnightly.last_until(zone, utc("2025-12-29T08:59Z")), None);
    assert!(!fortnightly.is_run(zone, utc("2025-12-15T09:00Z")));
    assert_eq!(
        runs(&fortnightly, zone, "1970-01-01T00:00Z", 5),
        ["2025-12-29T09:00Z", "2026-01-04T09:00Z", "2026-01-12T09:00Z", "2026-01-18T09:00Z", "2026-01-26T09:00Z"]
    );
    // over the change of the clocks on 29 March, and over the end of a year with 53 weeks
    assert_eq!(runs(&fortnightly, zone, "2026-03-24T00:00Z", 2), ["2026-03-29T08:00Z", "2026-04-06T08:00Z"]);
    assert_eq!(runs(&fortnightly, zone, "2026-12-20T10:00Z", 3), ["2026-12-28T09:00Z", "2027-01-03T09:00Z", "2027-01-11T09:00Z"]);

    let yearly = schedule(weekly(52, &["mon"], "09:00", "2026-06-07"));
    assert_eq!(runs(&yearly, zone, "2026-06-01T08:00Z", 2), ["2027-05-31T08:00Z", "2028-05-29T08:00Z"]);
    assert_eq!(yearly.last_until(zone, utc("2027-05-31T07:59Z")), Some(utc("2026-06-01T08:00Z")));
}

#[test]
fn days_29_to_31_fall_to_the_last_of_a_shorter_month() {
    let cases: [(Value, [&str; 5]); _] = [
        (json!(28), ["2027-12-28", "2028-01-28", "2028-02-28", "2028-03-28", "2028-04-28"]),
        (json!(29), ["2027-12-29", "2028-01-29", "2028-02-29", "2028-03-29", "2028-04-29"]),
        (json!(30), ["2027-12-30", "2028-01-30", "2028-02-29", "2028-03-30", "2028-04-30"]),
        (json!(31), ["2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"]),
        (json!("last"), ["2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"]),
    ];
    for (day, dates) in cases {
        let expected = dates.map(|date| format!("{date}T08:00Z"));
        assert_eq!(runs(&schedule(monthly(day.clone(), "08:00")), Tz::UTC, "2027-12-01T00:00Z", 5), expected, "{day}");
    }
    for day in [29, 30, 31] {
        assert_eq!(runs(&schedule(monthly(day, "08:00")), Tz::UTC, "2100-02-01T00:00Z", 1), ["2100-02-28T08:00Z"], "{day}");
    }
}

#[test]
fn the_examples_of_the_scheduler_guide_come_out() {
    let (la, weekdays) = (Tz::America__Los_Angeles, ["mon", "tue", "wed", "thu", "fri"]);
    let cases = [
        // 10:00 every day; 12:15 every day; 18:00 Monday to Friday; 08:00 on the first of every month
        (daily("10:00"), Tz::UTC, "cron(0 10 * * ? *)", ["2022-11-20T10:00Z", "2022-11-21T10:00Z"]),
        (daily("12:15"), Tz::UTC, "cron(15 12 * * ? *)", ["2022-11-20T12:15Z", "2022-11-21T12:15Z"]),
        (
            weekly(1, &weekdays, "18:00", "2022-01-01"),
            Tz::UTC,
            "cron(0 18 ? * MON,TUE,WED,THU,FRI *)",
            ["2022-11-21T18:00Z", "2022-11-22T18:00Z"],
        ),
        (monthly(1, "08:00"), Tz::UTC, "cron(0 8 1 * ? *)", ["2022-12-01T08:00Z", "2023-01-01T08:00Z"]),
        // the wall clock of a zone
        (daily("10:00"), la, "cron(0 10 * * ? *)", ["2022-11-20T18:00Z", "2022-11-21T18:00Z"]),
    ];
    for (stored, zone, expression, expected) in cases {
        let schedule = schedule(stored);
        assert_eq!(schedule.expression().as_deref(), Some(expression));
        assert_eq!(runs(&schedule, zone, "2022-11-20T00:00Z", 2), expected);
        let fired: Vec<_> = Expression::parse(expression).unwrap().firings(zone, date("2022-11-20")).take(2).collect();
        assert_eq!(fired, expected.map(utc));
    }
}

#[test]
fn the_scheduler_skips_the_gap_that_a_run_stands_for_and_fires_once_in_an_overlap() {
    let zone = Tz::America__Los_Angeles;
    let in_the_gap = schedule(daily("02:30"));
    let expression = Expression::parse(&in_the_gap.expression().unwrap()).unwrap();
    let fired: Vec<_> = expression.firings(zone, date("2022-03-12")).take(2).collect();
    assert_eq!(fired, [utc("2022-03-12T10:30Z"), utc("2022-03-14T09:30Z")]);
    assert_eq!(in_the_gap.next_after(zone, fired[0]), Some(utc("2022-03-13T10:00Z")));

    let in_the_overlap = schedule(daily("01:30"));
    let expression = Expression::parse(&in_the_overlap.expression().unwrap()).unwrap();
    let fired: Vec<_> = expression.firings(zone, date("2022-11-06")).take(2).collect();
    assert_eq!(fired, [utc("2022-11-06T08:30Z"), utc("2022-11-07T09:30Z")]);
    assert_eq!(in_the_overlap.next_after(zone, fired[0]), Some(fired[1]));
}

#[test]
fn expressions_name_only_what_the_guide_defines() {
    let cases = [
        (weekly(2, &["fri", "tue"], "00:05", "2026-01-01"), Some("cron(5 0 ? * TUE,FRI *)")),
        (weekly(1, &["sun", "mon"], "23:59", "2026-01-01"), Some("cron(59 23 ? * MON,SUN *)")),
        (monthly(28, "08:00"), Some("cron(0 8 28 * ? *)")),
        (monthly(29, "08:00"), Some("cron(0 8 28,29 * ? *)")),
        (monthly(30, "08:00"), Some("cron(0 8 28,29,30 * ? *)")),
        (monthly(31, "08:00"), Some("cron(0 8 L * ? *)")),
        (monthly("last", "08:00"), Some("cron(0 8 L * ? *)")),
        (json!({"every": "appointment", "minutes_before": 30}), None),
    ];
    for (stored, expression) in cases {
        assert_eq!(schedule(stored).expression().as_deref(), expression);
    }
}

#[test]
fn one_interval_back_is_the_same_wall_clock_time_a_day_weeks_or_a_month_ago() {
    let (york, apia) = (Tz::America__New_York, Tz::Pacific__Apia);
    let cases = [
        (daily("08:00"), york, "2026-03-08T12:00Z", "2026-03-07T13:00Z", "over the spring change"),
        (daily("08:00"), york, "2026-11-01T13:00Z", "2026-10-31T12:00Z", "over the autumn change"),
        (daily("02:30"), york, "2026-03-08T07:00Z", "2026-03-07T07:30Z", "from a run that stands for a skipped time"),
        (daily("02:30"), york, "2026-03-09T06:30Z", "2026-03-08T07:00Z", "to a run that stands for a skipped time"),
        (daily("08:00"), york, "2026-06-10T19:30Z", "2026-06-09T19:30Z", "from an instant that is no run"),
        (daily("00:00"), apia, "2011-12-30T10:00Z", "2011-12-29T10:00Z", "over a skipped day"),
        (daily("10:00"), apia, "2011-12-30T20:00Z", "2011-12-30T10:00Z", "to the run of a skipped day"),
        (weekly(1, &["mon", "fri"], "09:00", "2026-01-01"), york, "2026-03-09T13:00Z", "2026-03-02T14:00Z", "a week, whatever the days"),
        (weekly(3, &["fri"], "09:00", "2026-01-01"), york, "2026-03-27T13:00Z", "2026-03-06T14:00Z", "three weeks"),
        (monthly(1, "08:00"), york, "2026-04-01T12:00Z", "2026-03-01T13:00Z", "a month"),
        (monthly(31, "08:00"), Tz::UTC, "2026-03-31T08:00Z", "2026-02-28T08:00Z", "to a shorter month"),
        (monthly(30, "08:00"), Tz::UTC, "2026-02-28T08:00Z", "2026-01-30T08:00Z", "from a shorter month"),
        (monthly("last", "08:00"), Tz::UTC, "2026-02-28T08:00Z", "2026-01-31T08:00Z", "from last day to last day"),
        (monthly(1, "08:00"), Tz::UTC, "2026-03-31T15:00Z", "2026-02-28T15:00Z", "a month from no run"),
        (json!({"every": "appointment", "minutes_before": 30}), york, "2026-03-09T14:30Z", "2026-03-02T15:30Z", "a week"),
    ];
    for (stored, zone, instant, expected, why) in cases {
        let schedule = schedule(stored);
        assert_eq!(schedule.one_interval_before(zone, utc(instant)), utc(expected), "{why}: {schedule:?} {instant}");
    }
}

#[test]
fn appointments_have_no_runs_of_their_own() {
    let (schedule, zone, now) = (schedule(json!({"every": "appointment", "minutes_before": 30})), Tz::UTC, utc("2026-03-05T12:00Z"));
    assert_eq!(schedule.next_after(zone, now), None);
    assert_eq!(schedule.last_until(zone, now), None);
    assert!(schedule.next_runs(zone, now, 5).is_empty());
    assert!(!schedule.is_run(zone, now) && !schedule.in_gap(zone, now));
}

#[test]
fn no_year_is_out_of_bounds() {
    let all = [
        daily("00:00"),
        daily("23:59"),
        weekly(52, &["mon"], "02:30", "1970-01-01"),
        weekly(1, &["sun"], "00:00", "2199-12-31"),
        weekly(0, &["sun"], "00:00", "2026-01-01"),
        monthly(31, "23:59"),
        json!({"every": "appointment", "minutes_before": 0}),
    ]
    .map(schedule);
    let years = (1900..2200).map(|year| utc(&format!("{year}-12-31T23:59Z")));
    let instants: Vec<_> = years.chain([DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC]).collect();
    for zone in ZONES {
        for schedule in &all {
            for instant in &instants {
                assert!(schedule.next_after(zone, *instant).is_none_or(|run| run > *instant));
                assert!(schedule.last_until(zone, *instant).is_none_or(|run| run <= *instant));
                assert!(schedule.one_interval_before(zone, *instant) <= *instant);
                schedule.in_gap(zone, *instant);
            }
        }
        for date in [chrono::NaiveDate::MIN, chrono::NaiveDate::MAX] {
            instant_of(zone, date, NaiveTime::MIN);
        }
    }
}
