//! Reading the schedules that people send.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{MonthDay, Schedule, Weekday, hour_and_minute};
use crate::check::Check;

/// A schedule as people send it: every field is there to be checked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleDraft {
    /// `day`, `week`, `month` or `appointment`.
    pub every: String,
    /// Weeks from one week with runs to the next, 1 to 52; only with `week`, 1 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<u32>,
    /// On which days; needed with `week`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weekdays: Option<Vec<String>>,
    /// 1 to 31, or `"last"`; needed with `month`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub day: Option<serde_json::Value>,
    /// `HH:MM`; needed but with `appointment`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// 0 to 10080; needed with `appointment`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes_before: Option<u32>,
    /// A day of the first week that counts; only with `week`, the current week if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_on: Option<NaiveDate>,
}

const WEEK: &str = "\"every\": \"week\"";
const MONTH: &str = "\"every\": \"month\"";
const APPOINTMENT: &str = "\"every\": \"appointment\"";
const NOT_APPOINTMENT: &str = "\"every\": \"day\", \"week\" or \"month\"";

impl ScheduleDraft {
    /// Reads the schedule, noting every fault under `schedule.…`; `today` is the date on the report's calendar.
    pub fn read(&self, check: &mut Check, today: NaiveDate) -> Option<Schedule> {
        let every = self.every.as_str();
        if !matches!(every, "day" | "week" | "month" | "appointment") {
            check.fault("schedule.every", "must be day, week, month or appointment");
            return None;
        }
        let (week, month, appointment) = (every == "week", every == "month", every == "appointment");

        // one day or one month is what the others mean anyway
        let interval = self.interval.filter(|weeks| week || appointment || *weeks != 1);
        let interval =
            allowed(check, "schedule.interval", interval.as_ref(), week, WEEK).map_or(Some(1), |weeks| read_interval(check, *weeks));
        let weekdays = needed(check, "schedule.weekdays", self.weekdays.as_ref(), week, WEEK, "the days it runs on, for example [\"tue\"]")
            .and_then(|names| read_weekdays(check, names));
        let day = needed(check, "schedule.day", self.day.as_ref(), month, MONTH, "the day of the month, 1 to 31, or \"last\"")
            .and_then(|day| check.take("schedule.day", MonthDay::deserialize(day)));
        let at = needed(check, "schedule.at", self.at.as_ref(), !appointment, NOT_APPOINTMENT, "the time of day, for example \"09:05\"")
            .and_then(|at| check.take("schedule.at", hour_and_minute::parse(at)));
        let minutes_before = needed(
            check,
            "schedule.minutes_before",
            self.minutes_before.as_ref(),
            appointment,
            APPOINTMENT,
            "how many minutes before the appointment it goes, for example 30",
        )
        .and_then(|minutes| read_minutes_before(check, *minutes));
        let starts_on = allowed(check, "schedule.starts_on", self.starts_on.as_ref(), week, WEEK)
            .map_or(Some(today), |date| read_starts_on(check, *date));

        match every {
            "day" => Some(Schedule::Day { at: at? }),
            "week" => Some(Schedule::Week { interval: interval?, weekdays: weekdays?, at: at?, starts_on: starts_on? }),
            "month" => Some(Schedule::Month { day: day?, at: at? }),
            _ => Some(Schedule::Appointment { minutes_before: minutes_before? }),
        }
    }
}

/// The field's value, where it has a place; a fault where it has not.
fn allowed<'a, T>(check: &mut Check, field: &str, given: Option<&'a T>, has_place: bool, place: &str) -> Option<&'a T> {
    if given.is_some() && !has_place {
        check.fault(field, format!("goes only with {place}; leave it out"));
    }
    given.filter(|_| has_place)
}

/// The field's value, where it has a place; a fault where it has not, or is missing from it.
fn needed<'a, T>(check: &mut Check, field: &str, given: Option<&'a T>, has_place: bool, place: &str, what: &str) -> Option<&'a T> {
    if given.is_none() && has_place {
        check.fault(field, format!("is needed: {what}"));
    }
    allowed(check, field, given, has_place, place)
}

fn read_interval(check: &mut Check, weeks: u32) -> Option<u8> {
    let interval = u8::try_from(weeks).ok().filter(|weeks| (1..=52).contains(weeks));
    check.that(interval.is_some(), "schedule.interval", "must be a number of weeks from 1 to 52");
    interval
}

fn read_weekdays(check: &mut Check, names: &[String]) -> Option<BTreeSet<Weekday>> {
    if names.is_empty() {
        check.fault("schedule.weekdays", "must name at least one day, for example [\"tue\"]");
        return None;
    }
    if names.len() > 100 {
        check.fault("schedule.weekdays", format!("names {} days; name each day of the week once", names.len()));
        return None;
    }
    let mut all_known = true;
    let mut weekdays = BTreeSet::new();
    for (n, name) in names.iter().enumerate() {
        match Weekday::ALL.into_iter().find(|day| day.short() == *name) {
            Some(day) => _ = weekdays.insert(day),
            None => {
                check.fault(format!("schedule.weekdays[{n}]"), "is not a day of the week; use mon, tue, wed, thu, fri, sat or sun");
                all_known = false;
            }
        }
    }
    all_known.then_some(weekdays)
}

fn read_minutes_before(check: &mut Check, minutes: u32) -> Option<u16> {
    let minutes = u16::try_from(minutes).ok().filter(|minutes| *minutes <= 10_080);
    check.that(minutes.is_some(), "schedule.minutes_before", "must be a number of minutes from 0 to 10080, which is one week");
    minutes
}

fn read_starts_on(check: &mut Check, date: NaiveDate) -> Option<NaiveDate> {
    // the years that EventBridge Scheduler knows
    let date = Some(date).filter(|date| (1970..=2199).contains(&date.year()));
    check.that(date.is_some(), "schedule.starts_on", "must be a date from 1970 to 2199");
    date
}
