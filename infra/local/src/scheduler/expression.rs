//! Schedule expressions as EventBridge Scheduler reads them: `at(...)`, `rate(...)` and `cron(...)`.
//!
//! Written from AWS's description alone and apart from the product's own schedules, so that each checks the other.
//! `W`, `#` and a weekday's `L` exist at AWS, are never produced here, and are refused.

use chrono::{DateTime, Datelike, Days, LocalResult, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const YEARS: std::ops::RangeInclusive<u16> = 1970..=2199;

/// When a schedule fires.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expression {
    /// Once, at a wall-clock time.
    At(NaiveDateTime),
    /// Again and again, this far apart.
    Rate(TimeDelta),
    /// At the wall-clock times that match.
    Cron(Cron),
}

/// The values each field allows, in order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cron {
    minutes: Vec<u16>,
    hours: Vec<u16>,
    days: DayField,
    months: Vec<u16>,
    years: Vec<u16>,
}

#[derive(Debug, Clone, PartialEq)]
enum DayField {
    OfMonth { days: Vec<u16>, last: bool },
    OfWeek(Vec<u16>),
}

/// What bounds an expression: where its clock hangs and between which instants it may fire.
pub(crate) struct Bounds {
    /// The zone that `at` and `cron` are read in.
    pub(crate) zone: Tz,
    /// The first firing of a rate.
    pub(crate) anchor: DateTime<Utc>,
    /// Ignored by `at`.
    pub(crate) start: Option<DateTime<Utc>>,
    /// Ignored by `at`.
    pub(crate) end: Option<DateTime<Utc>>,
}

impl Expression {
    /// Reads an expression; the error says what AWS would not accept.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let inside = |name: &str| text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
        let invalid = || format!("Invalid Schedule Expression {text}.");
        if let Some(time) = inside("at") {
            let well_formed = time.len() == "2026-01-31T10:45:00".len();
            let time = NaiveDateTime::parse_from_str(time, "%Y-%m-%dT%H:%M:%S").ok().filter(|_| well_formed);
            return time.map(Expression::At).ok_or_else(invalid);
        }
        if let Some(rate) = inside("rate") {
            return read_rate(rate).map(Expression::Rate).ok_or_else(invalid);
        }
        if let Some(fields) = inside("cron") {
            return Cron::parse(fields).map(Expression::Cron).map_err(|why| format!("{} {why}", invalid()));
        }
        Err(invalid())
    }

    /// The first firing after `after`.
    pub(crate) fn next(&self, bounds: &Bounds, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let not_before = |after: DateTime<Utc>| match bounds.start {
            Some(start) => after.max(start - TimeDelta::nanoseconds(1)),
            None => after,
        };
        let next = match self {
            // A time in the spring gap never comes, nor does one that was over when the schedule was made.
            Expression::At(time) => return earliest(bounds.zone, *time).filter(|time| *time > after),
            Expression::Rate(every) => {
                let (from, period) = (not_before(after) - bounds.anchor, every.num_seconds());
                let nth = if from < TimeDelta::zero() { 0 } else { from.num_seconds() / period + 1 };
                bounds.anchor + TimeDelta::seconds(nth * period)
            }
            Expression::Cron(cron) => cron.next(bounds.zone, not_before(after))?,
        };
        Some(next).filter(|next| bounds.end.is_none_or(|end| *next <= end))
    }
}

fn read_rate(text: &str) -> Option<TimeDelta> {
    let (value, unit) = text.split_once(' ')?;
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    let value: u32 = value.parse().ok().filter(|value| digits && *value > 0)?;
    let value = i64::from(value);
    match unit {
        "minute" | "minutes" => TimeDelta::try_minutes(value),
        "hour" | "hours" => TimeDelta::try_hours(value),
        "day" | "days" => TimeDelta::try_days(value),
        _ => None,
    }
}

/// The instant of a wall-clock time: none in a spring gap, the first of two in an autumn overlap.
fn earliest(zone: Tz, time: NaiveDateTime) -> Option<DateTime<Utc>> {
    match zone.from_local_datetime(&time) {
        LocalResult::Single(time) => Some(time.to_utc()),
        LocalResult::Ambiguous(first, second) => Some(first.to_utc().min(second.to_utc())),
        LocalResult::None => None,
    }
}

impl Cron {
    fn parse(text: &str) -> Result<Self, String> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays, rest @ ..] = fields.as_slice() else {
            return Err("It needs five or six fields.".into());
        };
        let years = match rest {
            [] => "*",
            [years] => years,
            [..] => return Err("It needs five or six fields.".into()),
        };
        let days = match (*days, *weekdays) {
            ("?", "?") => return Err("One of day-of-month and day-of-week must say something.".into()),
            ("?", weekdays) => DayField::OfWeek(read_field(weekdays, 1..=7, &WEEKDAYS)?),
            ("L", "?") => DayField::OfMonth { days: Vec::new(), last: true },
            (days, "?") => DayField::OfMonth { days: read_field(days, 1..=31, &[])?, last: false },
            _ => return Err("One of day-of-month and day-of-week must be `?`.".into()),
        };
        Ok(Cron {
            minutes: read_field(minutes, 0..=59, &[])?,
            hours: read_field(hours, 0..=23, &[])?,
            days,
            months: read_field(months, 1..=12, &MONTHS)?,
            years: read_field(years, YEARS, &[])?,
        })
    }

    fn next(&self, zone: Tz, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let today = after.with_timezone(&zone).date_naive();
        // Wall clocks differ from one another by more than a day nowhere, so nothing earlier can still be to come.
        let from = today.checked_sub_days(Days::new(1))?;
        let years = self.years.iter().filter(|year| i32::from(**year) >= from.year());
        let months = years.flat_map(|year| self.months.iter().map(move |month| (*year, *month)));
        months
            .filter_map(|(year, month)| NaiveDate::from_ymd_opt(i32::from(year), u32::from(month), 1))
            .filter(|first| (first.year(), first.month()) >= (from.year(), from.month()))
            .flat_map(|first| first.iter_days().take_while(move |day| day.month() == first.month()))
            .filter(|day| *day >= from && self.has(*day))
            .flat_map(|day| self.hours.iter().flat_map(move |hour| self.minutes.iter().map(move |minute| (day, *hour, *minute))))
            .filter_map(|(day, hour, minute)| earliest(zone, day.and_hms_opt(hour.into(), minute.into(), 0)?))
            .find(|time| *time > after)
    }

    fn has(&self, day: NaiveDate) -> bool {
        let is = |value: u32| move |allowed: &u16| u32::from(*allowed) == value;
        match &self.days {
            DayField::OfMonth { last: true, .. } => day.succ_opt().is_some_and(|next| next.day() == 1),
            DayField::OfMonth { days, last: false } => days.iter().any(is(day.day())),
            DayField::OfWeek(days) => days.iter().any(is(day.weekday().number_from_sunday())),
        }
    }
}

/// The sorted values of one field: `*`, a value, a range (which may wrap), steps of these, and lists of all of them.
fn read_field(text: &str, range: std::ops::RangeInclusive<u16>, names: &[&str]) -> Result<Vec<u16>, String> {
    let (lowest, highest) = (*range.start(), *range.end());
    let refuse = || format!("`{text}` is not a field from {lowest} to {highest}.");
    let value = |text: &str| {
        let named = names.iter().zip(lowest..).find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, value)| value);
        let numbered = || text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
        named.or_else(numbered).filter(|value| range.contains(value)).ok_or_else(refuse)
    };
    let mut values = Vec::new();
    for part in text.split(',') {
        let (span, step) = match part.split_once('/') {
            Some((span, step)) => (span, Some(step.parse().ok().filter(|step: &usize| *step > 0).ok_or_else(refuse)?)),
            None => (part, None),
        };
        let (first, last) = match span.split_once('-') {
            Some((first, last)) => (value(first)?, value(last)?),
            None if span == "*" => (lowest, highest),
            // A stepped value runs from there to the end of the field.
            None => (value(span)?, if step.is_some() { highest } else { value(span)? }),
        };
        let run: Vec<u16> = if first <= last { (first..=last).collect() } else { (first..=highest).chain(lowest..=last).collect() };
        values.extend(run.into_iter().step_by(step.unwrap_or(1)));
    }
    values.sort_unstable();
    values.dedup();
    Ok(values)
}
