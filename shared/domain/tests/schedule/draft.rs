use domain::check::{Check, FieldError};
use domain::schedule::{Schedule, ScheduleDraft};
use serde_json::{Value, json};

use crate::{date, schedule};

/// Reads a draft on 2026-03-05.
fn read(sent: Value) -> Result<Schedule, Vec<FieldError>> {
    let draft: ScheduleDraft = serde_json::from_value(sent).unwrap();
    let mut check = Check::default();
    let read = draft.read(&mut check, date("2026-03-05"));
    check.done_with(read).map_err(|invalid| invalid.errors)
}

#[test]
fn what_is_left_out_is_filled_in() {
    let cases = [
        (json!({"every": "day", "at": "08:00"}), json!({"every": "day", "at": "08:00"})),
        (json!({"every": "day", "interval": 1, "at": "23:59"}), json!({"every": "day", "at": "23:59"})),
        (
            json!({"every": "week", "weekdays": ["tue", "mon", "tue"], "at": "10:45"}),
            json!({"every": "week", "interval": 1, "weekdays": ["mon", "tue"], "at": "10:45", "starts_on": "2026-03-05"}),
        ),
        (
            json!({"every": "week", "interval": 52, "weekdays": ["sun"], "at": "00:00", "starts_on": "2025-01-01"}),
            json!({"every": "week", "interval": 52, "weekdays": ["sun"], "at": "00:00", "starts_on": "2025-01-01"}),
        ),
        (json!({"every": "month", "interval": 1, "day": 31, "at": "08:00"}), json!({"every": "month", "day": 31, "at": "08:00"})),
        (json!({"every": "month", "day": "last", "at": "08:00"}), json!({"every": "month", "day": "last", "at": "08:00"})),
        (json!({"every": "appointment", "minutes_before": 0}), json!({"every": "appointment", "minutes_before": 0})),
        (json!({"every": "appointment", "minutes_before": 10_080}), json!({"every": "appointment", "minutes_before": 10_080})),
    ];
    for (sent, stored) in cases {
        let read = read(sent).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), stored);
        assert_eq!(schedule(stored), read);
    }
}

#[test]
fn what_is_stored_can_be_sent_back() {
    for stored in [
        json!({"every": "day", "at": "08:00"}),
        json!({"every": "week", "interval": 2, "weekdays": ["mon", "fri"], "at": "10:45", "starts_on": "2026-02-03"}),
        json!({"every": "month", "day": 15, "at": "08:00"}),
        json!({"every": "month", "day": "last", "at": "08:00"}),
        json!({"every": "appointment", "minutes_before": 30}),
    ] {
        assert_eq!(serde_json::to_value(read(stored.clone()).unwrap()).unwrap(), stored);
    }
}

#[test]
fn every_fault_is_named() {
    let only_week = "goes only with \"every\": \"week\"; leave it out";
    let only_month = "goes only with \"every\": \"month\"; leave it out";
    let only_appointment = "goes only with \"every\": \"appointment\"; leave it out";
    let no_appointment = "goes only with \"every\": \"day\", \"week\" or \"month\"; leave it out";
    let a_time = "must be a time from 00:00 to 23:59 with two digits each, for example 09:05";
    let a_day = "must be a number from 1 to 31, or \"last\"";
    let weeks = "must be a number of weeks from 1 to 52";
    let no_weekday = "is not a day of the week; use mon, tue, wed, thu, fri, sat or sun";
    let a_date = "must be a date from 1970 to 2199";
    let cases: [(Value, &[(&str, &str)]); _] = [
        (json!({"every": "hour", "at": "x"}), &[("every", "must be day, week, month or appointment")]),
        (json!({"every": "day"}), &[("at", "is needed: the time of day, for example \"09:05\"")]),
        (json!({"every": "day", "at": "24:00"}), &[("at", a_time)]),
        (json!({"every": "day", "at": "9:05"}), &[("at", a_time)]),
        (json!({"every": "day", "at": " 9:05"}), &[("at", a_time)]),
        (json!({"every": "day", "at": "+9:05"}), &[("at", a_time)]),
        (json!({"every": "day", "at": "09:5 "}), &[("at", a_time)]),
        (json!({"every": "day", "at": "09:60"}), &[("at", a_time)]),
        (json!({"every": "day", "at": "09:05:00"}), &[("at", a_time)]),
        (json!({"every": "day", "at": "٠٩:٠٥"}), &[("at", a_time)]),
        (json!({"every": "day", "at": ""}), &[("at", a_time)]),
        (json!({"every": "day", "interval": 2, "at": "08:00"}), &[("interval", only_week)]),
        (
            json!({"every": "day", "weekdays": [], "day": 1, "at": "08:00", "minutes_before": 5, "starts_on": "2026-01-01"}),
            &[("weekdays", only_week), ("day", only_month), ("minutes_before", only_appointment), ("starts_on", only_week)],
        ),
        (
            json!({"every": "week"}),
            &[
                ("weekdays", "is needed: the days it runs on, for example [\"tue\"]"),
                ("at", "is needed: the time of day, for example \"09:05\""),
            ],
        ),
        (json!({"every": "week", "weekdays": [], "at": "08:00"}), &[("weekdays", "must name at least one day, for example [\"tue\"]")]),
        (
            json!({"every": "week", "weekdays": vec!["mon"; 101], "at": "08:00"}),
            &[("weekdays", "names 101 days; name each day of the week once")],
        ),
        (
            json!({"every": "week", "weekdays": ["mon", "tuesday", "Tue"], "at": "08:00"}),
            &[("weekdays[1]", no_weekday), ("weekdays[2]", no_weekday)],
        ),
        (json!({"every": "week", "interval": 0, "weekdays": ["mon"], "at": "08:00"}), &[("interval", weeks)]),
        (json!({"every": "week", "interval": 53, "weekdays": ["mon"], "at": "08:00"}), &[("interval", weeks)]),
        (json!({"every": "week", "interval": 257, "weekdays": ["mon"], "at": "08:00"}), &[("interval", weeks)]),
        (json!({"every": "week", "weekdays": ["mon"], "at": "08:00", "starts_on": "1969-12-31"}), &[("starts_on", a_date)]),
        (json!({"every": "week", "weekdays": ["mon"], "at": "08:00", "starts_on": "+262142-12-31"}), &[("starts_on", a_date)]),
        (json!({"every": "month", "at": "08:00"}), &[("day", "is needed: the day of the month, 1 to 31, or \"last\"")]),
        (json!({"every": "month", "day": 0, "at": "08:00"}), &[("day", a_day)]),
        (json!({"every": "month", "day": 32, "at": "08:00"}), &[("day", a_day)]),
        (json!({"every": "month", "day": -1, "at": "08:00"}), &[("day", a_day)]),
        (json!({"every": "month", "day": 1.5, "at": "08:00"}), &[("day", a_day)]),
        (json!({"every": "month", "day": 257, "at": "08:00"}), &[("day", a_day)]),
        (json!({"every": "month", "day": "15", "at": "08:00"}), &[("day", a_day)]),
        (json!({"every": "month", "day": "Last", "at": "08:00"}), &[("day", a_day)]),
        (json!({"every": "month", "day": {"n": 1}, "at": "08:00"}), &[("day", a_day)]),
        (json!({"every": "month", "interval": 3, "day": 40, "at": "8"}), &[("interval", only_week), ("day", a_day), ("at", a_time)]),
        (
            json!({"every": "appointment"}),
            &[("minutes_before", "is needed: how many minutes before the appointment it goes, for example 30")],
        ),
        (
            json!({"every": "appointment", "minutes_before": 10_081}),
            &[("minutes_before", "must be a number of minutes from 0 to 10080, which is one week")],
        ),
        (
            json!({"every": "appointment", "minutes_before": 65_536}),
            &[("minutes_before", "must be a number of minutes from 0 to 10080, which is one week")],
        ),
        (
            json!({"every": "appointment", "interval": 1, "at": "08:00", "minutes_before": 30}),
            &[("interval", only_week), ("at", no_appointment)],
        ),
    ];
    for (sent, faults) in cases {
        let named = read(sent.clone()).unwrap_err();
        let named: Vec<_> = named.iter().map(|e| (e.field.strip_prefix("schedule.").unwrap(), e.message.as_str())).collect();
        assert_eq!(named, faults, "{sent}");
    }
}

#[test]
fn a_stored_schedule_is_read_strictly_too() {
    for stored in [
        json!({"every": "day", "at": "8:00"}),
        json!({"every": "month", "day": 0, "at": "08:00"}),
        json!({"every": "month", "day": "first", "at": "08:00"}),
    ] {
        assert!(serde_json::from_value::<Schedule>(stored.clone()).is_err(), "{stored}");
    }
}
