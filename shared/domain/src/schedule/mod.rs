//! When a report runs: wall-clock schedules in an IANA zone, their EventBridge projection, and the windows
//! that runs cover.
//!
//! A schedule is a set of dates and one time of day. Each date's wall-clock time stands for one instant
//! ([`instant_of`]), later ones never for earlier instants; everything else follows from these two.

mod draft;
mod words;

use std::collections::BTreeSet;
use std::iter::successors;

use chrono::{DateTime, Datelike, Days, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Timelike, Utc};
use chrono_tz::{GapInfo, Tz};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use draft::ScheduleDraft;

/// Days to search for a run: more than lie between two of them, the longest interval being 52 weeks.
const HORIZON: usize = 53 * 7;

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Weekday {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

/// A day of the month: 1 to 31, where 29 to 31 fall to the month's last day in months without them; or the last day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MonthDay {
    /// 1 to 31.
    Day(u8),
    /// The last.
    Last,
}

/// When a report runs, by the wall clock of its zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "every", rename_all = "snake_case")]
pub enum Schedule {
    /// Every day.
    Day {
        /// At this time.
        #[serde(with = "hour_and_minute")]
        #[schema(value_type = String, example = "10:45")]
        at: NaiveTime,
    },
    /// Every `interval` weeks, on these weekdays.
    Week {
        /// 1 is every week.
        interval: u8,
        /// Never empty.
        weekdays: BTreeSet<Weekday>,
        /// At this time.
        #[serde(with = "hour_and_minute")]
        #[schema(value_type = String, example = "10:45")]
        at: NaiveTime,
        /// A day of the first week that counts; weeks begin on Monday.
        starts_on: NaiveDate,
    },
    /// Every month.
    Month {
        /// On this day.
        #[schema(value_type = String)]
        day: MonthDay,
        /// At this time.
        #[serde(with = "hour_and_minute")]
        #[schema(value_type = String, example = "08:00")]
        at: NaiveTime,
    },
    /// Before each of the client's appointments.
    Appointment {
        /// This long before it begins.
        minutes_before: u16,
    },
}

/// What a run covers: happenings after `from`, up to and including `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Window {
    /// Not included.
    pub from: DateTime<Utc>,
    /// Included.
    pub to: DateTime<Utc>,
}

impl Schedule {
    /// The first run after `after`; `None` for a schedule that follows appointments.
    ///
    /// A wall-clock time that a zone skips goes at the first valid instant after the gap, one that occurs twice goes
    /// once, at the first.
    pub fn next_after(&self, zone: Tz, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let at = self.at()?;
        // what the clock has shown by now has gone, so the search begins on the date it shows
        let today = wall_clock(zone, after)?.date();
        let first = self.earliest().map_or(today, |earliest| earliest.max(today));
        first.iter_days().take(HORIZON).filter(|date| self.runs_on(*date)).map(|date| instant_of(zone, date, at)).find(|run| *run > after)
    }

    /// The last run at or before `until`; `None` for a schedule that follows appointments.
    pub fn last_until(&self, zone: Tz, until: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.last_occurrence(zone, until).map(|(_, run)| run)
    }

    /// The next `count` runs after `after`.
    pub fn next_runs(&self, zone: Tz, after: DateTime<Utc>, count: usize) -> Vec<DateTime<Utc>> {
        successors(self.next_after(zone, after), |run| self.next_after(zone, *run)).take(count).collect()
    }

    /// Whether `instant` is one of the schedule's runs. The EventBridge expression of some schedules fires more often
    /// than they run (every N weeks, day 29 and 30); what fires in between is not a run.
    pub fn is_run(&self, zone: Tz, instant: DateTime<Utc>) -> bool {
        self.last_until(zone, instant) == Some(instant)
    }

    /// Where the window of a first run at `instant` begins: one interval back. (For appointments: one week.)
    pub fn one_interval_before(&self, zone: Tz, instant: DateTime<Utc>) -> DateTime<Utc> {
        let occurrence = self.last_occurrence(zone, instant).filter(|(_, run)| *run == instant);
        let wall = match (occurrence, self.at()) {
            (Some((date, _)), Some(at)) => Some(date.and_time(at)),
            _ => wall_clock(zone, instant),
        };
        let Some(wall) = wall else { return instant };
        // one interval back may lie in a skipped day, which stands for `instant` itself
        successors(self.one_interval_back(wall.date()), |date| self.one_interval_back(*date))
            .take(2)
            .map(|date| instant_of(zone, date, wall.time()))
            .find(|from| *from < instant)
            .unwrap_or(instant)
    }

    /// The expression that EventBridge Scheduler is given, to be read in the report's zone; `None` for appointments,
    /// which have one-time schedules of their own. It fires at every run that does not fall into a gap
    /// ([`Schedule::in_gap`]), and maybe more often: in every week for every N weeks, on 28 and 29 for day 29 (which
    /// falls to 28 in most Februaries), on 28 to 30 for day 30. [`Schedule::is_run`] tells which of these are runs.
    ///
    /// It is made of lists, `*`, `?` and a lone `L` for the month's last day: what AWS documents without ambiguity.
    pub fn expression(&self) -> Option<String> {
        let at = self.at()?;
        let days = match self {
            Self::Day { .. } => "* * ?".to_owned(),
            Self::Week { weekdays, .. } => format!("? * {}", listed(weekdays.iter().map(|day| day.short().to_ascii_uppercase()))),
            Self::Month { day: MonthDay::Day(31) | MonthDay::Last, .. } => "L * ?".to_owned(),
            Self::Month { day: MonthDay::Day(day), .. } => format!("{} * ?", listed((28.min(*day)..=*day).map(|day| day.to_string()))),
            Self::Appointment { .. } => return None,
        };
        Some(format!("cron({} {} {days} *)", at.minute(), at.hour()))
    }

    /// Whether the run at `instant` stands for a wall-clock time that the zone skips, so that EventBridge, which skips
    /// it too, must be given a one-time schedule for it.
    pub fn in_gap(&self, zone: Tz, instant: DateTime<Utc>) -> bool {
        let shows_a_run = wall_clock(zone, instant).is_some_and(|wall| Some(wall.time()) == self.at() && self.runs_on(wall.date()));
        !shows_a_run && self.is_run(zone, instant)
    }

    /// The time of day of its runs.
    fn at(&self) -> Option<NaiveTime> {
        match self {
            Self::Day { at } | Self::Week { at, .. } | Self::Month { at, .. } => Some(*at),
            Self::Appointment { .. } => None,
        }
    }

    /// Whether `date` is one of its dates.
    fn runs_on(&self, date: NaiveDate) -> bool {
        match self {
            Self::Day { .. } => true,
            Self::Week { interval, weekdays, starts_on, .. } => {
                let weeks = week_number(date) - week_number(*starts_on);
                weeks >= 0 && weeks.checked_rem(i32::from(*interval)) == Some(0) && weekdays.contains(&date.weekday().into())
            }
            Self::Month { day, .. } => date.day() == day.in_month_of(date),
            Self::Appointment { .. } => false,
        }
    }

    /// A date before which there are no runs, less than a week before the first week that counts.
    fn earliest(&self) -> Option<NaiveDate> {
        match self {
            Self::Week { starts_on, .. } => starts_on.checked_sub_days(Days::new(6)),
            Self::Day { .. } | Self::Month { .. } | Self::Appointment { .. } => None,
        }
    }

    /// The last run at or before `until`, with the date that it is the run of.
    fn last_occurrence(&self, zone: Tz, until: DateTime<Utc>) -> Option<(NaiveDate, DateTime<Utc>)> {
        let at = self.at()?;
        // in an overlap the clock has shown more than it shows now, up to a day
        let latest = wall_clock(zone, until)?.date().succ_opt()?;
        successors(Some(latest), NaiveDate::pred_opt)
            .take(HORIZON)
            .filter(|date| self.runs_on(*date))
            .map(|date| (date, instant_of(zone, date, at)))
            .find(|(_, run)| *run <= until)
    }

    /// The date one interval before `date`; one week for appointments. The month's day stays the schedule's: a month
    /// before 28 February it is 31 January, where the last day is meant.
    fn one_interval_back(&self, date: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Day { .. } => date.pred_opt(),
            Self::Week { interval, .. } => date.checked_sub_days(Days::new(7 * u64::from(*interval))),
            Self::Month { day, .. } => {
                let end_of_previous = date.with_day(1)?.pred_opt()?;
                let day = if self.runs_on(date) { day.in_month_of(end_of_previous) } else { date.day() };
                end_of_previous.with_day(day.min(end_of_previous.day()))
            }
            Self::Appointment { .. } => date.checked_sub_days(Days::new(7)),
        }
    }
}

/// Where a wall-clock time of a zone lies: the instant it stands for. That is the first instant at which the
/// zone's clocks show this time or, where they skip it, a later one.
pub fn instant_of(zone: Tz, date: NaiveDate, at: NaiveTime) -> DateTime<Utc> {
    let wall = date.and_time(at);
    match zone.from_local_datetime(&wall) {
        MappedLocalTime::Single(instant) | MappedLocalTime::Ambiguous(instant, _) => instant.to_utc(),
        // the instant at which the clocks reach the gap is the one at which they have left it
        MappedLocalTime::None => GapInfo::new(&wall, &zone)
            .and_then(|gap| gap.begin)
            .and_then(|(begin, offset)| begin.checked_sub_offset(offset.fix()))
            .unwrap_or(wall)
            .and_utc(),
    }
}

/// What the zone's clocks show at `instant`; `None` beyond the calendar.
fn wall_clock(zone: Tz, instant: DateTime<Utc>) -> Option<NaiveDateTime> {
    let utc = instant.naive_utc();
    utc.checked_add_offset(zone.offset_from_utc_datetime(&utc).fix())
}

/// Weeks from the one that began on Monday, 1 January of the year 1.
fn week_number(date: NaiveDate) -> i32 {
    (date.num_days_from_ce() - 1).div_euclid(7)
}

fn listed(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(",")
}

impl Weekday {
    const ALL: [Self; 7] = [Self::Mon, Self::Tue, Self::Wed, Self::Thu, Self::Fri, Self::Sat, Self::Sun];

    fn name(self) -> &'static str {
        match self {
            Self::Mon => "Monday",
            Self::Tue => "Tuesday",
            Self::Wed => "Wednesday",
            Self::Thu => "Thursday",
            Self::Fri => "Friday",
            Self::Sat => "Saturday",
            Self::Sun => "Sunday",
        }
    }

    /// As it is stored and sent: `mon`.
    fn short(self) -> String {
        self.name()[..3].to_ascii_lowercase()
    }
}

impl From<chrono::Weekday> for Weekday {
    fn from(day: chrono::Weekday) -> Self {
        match day {
            chrono::Weekday::Mon => Self::Mon,
            chrono::Weekday::Tue => Self::Tue,
            chrono::Weekday::Wed => Self::Wed,
            chrono::Weekday::Thu => Self::Thu,
            chrono::Weekday::Fri => Self::Fri,
            chrono::Weekday::Sat => Self::Sat,
            chrono::Weekday::Sun => Self::Sun,
        }
    }
}

impl MonthDay {
    /// The day of the month that it falls on in the month of `date`.
    fn in_month_of(self, date: NaiveDate) -> u32 {
        let last = u32::from(date.num_days_in_month());
        match self {
            Self::Day(day) => last.min(u32::from(day)),
            Self::Last => last,
        }
    }
}

impl Serialize for MonthDay {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Day(day) => serializer.serialize_u8(*day),
            Self::Last => serializer.serialize_str("last"),
        }
    }
}

impl<'de> Deserialize<'de> for MonthDay {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Day(u8),
            Word(String),
        }
        match Either::deserialize(deserializer) {
            Ok(Either::Day(day @ 1..=31)) => Ok(Self::Day(day)),
            Ok(Either::Word(word)) if word == "last" => Ok(Self::Last),
            _ => Err(serde::de::Error::custom("must be a number from 1 to 31, or \"last\"")),
        }
    }
}

/// A time of day as `HH:MM`.
mod hour_and_minute {
    use chrono::NaiveTime;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn parse(text: &str) -> Result<NaiveTime, &'static str> {
        // chrono would take `9:05` and ` 9:05` too
        let two_digits_each = text.len() == 5 && text.bytes().enumerate().all(|(n, byte)| n == 2 || byte.is_ascii_digit());
        NaiveTime::parse_from_str(text, "%H:%M")
            .ok()
            .filter(|_| two_digits_each)
            .ok_or("must be a time from 00:00 to 23:59 with two digits each, for example 09:05")
    }

    pub(super) fn serialize<S: Serializer>(at: &NaiveTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&at.format("%H:%M"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveTime, D::Error> {
        parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
