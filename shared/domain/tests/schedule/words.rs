use serde_json::{Value, json};

use crate::schedule;

#[test]
fn a_schedule_can_be_said() {
    let cases = [
        (json!({"every": "day", "at": "08:00"}), "Every day at 08:00"),
        (week(1, &["tue"], "10:45"), "Every Tuesday at 10:45"),
        (week(1, &["fri", "mon"], "09:00"), "Every Monday and Friday at 09:00"),
        (week(1, &["mon", "wed", "sun"], "00:05"), "Every Monday, Wednesday and Sunday at 00:05"),
        (week(1, &["mon", "tue", "wed", "thu", "fri"], "09:00"), "Every weekday at 09:00"),
        (week(1, &["mon", "tue", "wed", "thu", "sat"], "09:00"), "Every Monday, Tuesday, Wednesday, Thursday and Saturday at 09:00"),
        (week(1, &["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "09:00"), "Every day at 09:00"),
        (week(2, &["fri"], "16:30"), "Every 2 weeks on Friday at 16:30"),
        (week(3, &["thu", "tue"], "16:30"), "Every 3 weeks on Tuesday and Thursday at 16:30"),
        (month(1), "Monthly on the 1st at 08:00"),
        (month(2), "Monthly on the 2nd at 08:00"),
        (month(3), "Monthly on the 3rd at 08:00"),
        (month(4), "Monthly on the 4th at 08:00"),
        (month(11), "Monthly on the 11th at 08:00"),
        (month(12), "Monthly on the 12th at 08:00"),
        (month(13), "Monthly on the 13th at 08:00"),
        (month(21), "Monthly on the 21st at 08:00"),
        (month(22), "Monthly on the 22nd at 08:00"),
        (month(23), "Monthly on the 23rd at 08:00"),
        (month(30), "Monthly on the 30th at 08:00"),
        (month(31), "Monthly on the 31st at 08:00"),
        (month("last"), "Monthly on the last day at 08:00"),
        (before(0), "When each appointment begins"),
        (before(1), "1 minute before each appointment"),
        (before(30), "30 minutes before each appointment"),
        (before(60), "1 hour before each appointment"),
        (before(90), "1 hour and 30 minutes before each appointment"),
        (before(1440), "1 day before each appointment"),
        (before(1561), "1 day, 2 hours and 1 minute before each appointment"),
        (before(10_080), "7 days before each appointment"),
    ];
    for (stored, words) in cases {
        assert_eq!(schedule(stored).words(), words);
    }
}

fn week(interval: u8, weekdays: &[&str], at: &str) -> Value {
    json!({"every": "week", "interval": interval, "weekdays": weekdays, "at": at, "starts_on": "2026-01-05"})
}

fn month(day: impl Into<Value>) -> Value {
    json!({"every": "month", "day": day.into(), "at": "08:00"})
}

fn before(minutes: u16) -> Value {
    json!({"every": "appointment", "minutes_before": minutes})
}
