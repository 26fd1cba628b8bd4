//! Prints, as JSON lines, schedules with the expressions that EventBridge Scheduler is given for them and the first
//! instants at which we say that these fire in UTC, for `tests/pyawscron/compare.py` to hold against another reading.

#[path = "../tests/schedule/eventbridge.rs"]
mod eventbridge;

use std::io::{Error, Write};

use chrono::{Days, NaiveDate};
use chrono_tz::Tz;
use domain::schedule::Schedule;
use serde_json::{Value, json};

use eventbridge::Expression;

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

fn main() -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    for (n, stored) in daily().chain(weekly()).chain(monthly()).enumerate() {
        let schedule: Schedule = serde_json::from_value(stored)?;
        let expression = schedule.expression().ok_or_else(|| Error::other("a schedule without an expression"))?;
        let reading = Expression::parse(&expression).ok_or_else(|| Error::other(expression.clone()))?;
        let from = start(n).ok_or_else(|| Error::other("a start out of bounds"))?;
        let fires: Vec<_> = reading.firings(Tz::UTC, from).take(50).collect();
        writeln!(out, "{}", json!({"schedule": schedule, "expression": expression, "from": from, "fires": fires}))?;
    }
    Ok(())
}

/// Dates before leap days, missing leap days and ends of years.
fn start(n: usize) -> Option<NaiveDate> {
    let years = [2026, 2027, 2028, 2096, 2099, 2100];
    let date = NaiveDate::from_ymd_opt(years[n % years.len()], 1 + u32::try_from(n % 12).ok()?, 27)?;
    date.checked_add_days(Days::new(u64::try_from(n % 5).ok()?))
}

fn daily() -> impl Iterator<Item = Value> {
    (0..1440).step_by(13).map(|minute| json!({"every": "day", "at": time(minute)}))
}

fn weekly() -> impl Iterator<Item = Value> {
    (1..128_usize).flat_map(|set| {
        let weekdays: Vec<_> = (0..7).filter(|day| set & (1 << day) != 0).map(|day| WEEKDAYS[day]).collect();
        [0, 645, 1439].map(
            |minute| json!({"every": "week", "interval": 1 + set % 4, "weekdays": weekdays, "at": time(minute), "starts_on": "2026-01-01"}),
        )
    })
}

fn monthly() -> impl Iterator<Item = Value> {
    (1..=31)
        .map(Value::from)
        .chain([json!("last")])
        .flat_map(|day| [0, 150, 480, 990, 1439].map(|minute| json!({"every": "month", "day": day, "at": time(minute)})))
}

fn time(minute: usize) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}
