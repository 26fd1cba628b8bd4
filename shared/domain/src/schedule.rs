//! When a report runs: wall-clock schedules in an IANA zone, their EventBridge projection, and the windows
//! that runs cover.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::check::Check;

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
        /// A day of a week that counts; weeks begin on Monday.
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

/// A schedule as people send it: every field is there to be checked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleDraft {
    /// `day`, `week`, `month` or `appointment`.
    pub every: String,
    /// Weeks from one run to the next, 1 to 52; only with `week`.
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
    /// With `week` and an interval: a day of a week that counts; the current week if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_on: Option<NaiveDate>,
}

impl ScheduleDraft {
    /// Reads the schedule, noting every fault under `schedule.…`; `today` is the date on the report's calendar.
    pub fn read(&self, check: &mut Check, today: NaiveDate) -> Option<Schedule> {
        let _ = (check, today);
        todo!()
    }
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
        let _ = (zone, after);
        todo!()
    }

    /// The last run at or before `until`; `None` for a schedule that follows appointments.
    pub fn last_until(&self, zone: Tz, until: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let _ = (zone, until);
        todo!()
    }

    /// The next `count` runs after `after`.
    pub fn next_runs(&self, zone: Tz, after: DateTime<Utc>, count: usize) -> Vec<DateTime<Utc>> {
        let _ = (zone, after, count);
        todo!()
    }

    /// Whether `instant` is one of the schedule's runs. The EventBridge expression of some schedules fires more often
    /// than they run (every N weeks, day 29 and 30); what fires in between is not a run.
    pub fn is_run(&self, zone: Tz, instant: DateTime<Utc>) -> bool {
        let _ = (zone, instant);
        todo!()
    }

    /// Where the window of a first run at `instant` begins: one interval back. (For appointments: one week.)
    pub fn one_interval_before(&self, zone: Tz, instant: DateTime<Utc>) -> DateTime<Utc> {
        let _ = (zone, instant);
        todo!()
    }

    /// The expression that EventBridge Scheduler is given, to be read in the report's zone; `None` for appointments,
    /// which have one-time schedules of their own. It fires at every run that does not fall into a gap
    /// ([`Schedule::in_gap`]), and maybe more often.
    pub fn expression(&self) -> Option<String> {
        todo!()
    }

    /// Whether the run at `instant` stands for a wall-clock time that the zone skips, so that EventBridge, which skips
    /// it too, must be given a one-time schedule for it.
    pub fn in_gap(&self, zone: Tz, instant: DateTime<Utc>) -> bool {
        let _ = (zone, instant);
        todo!()
    }

    /// The schedule in words: "Every Tuesday at 10:45", "Monthly on the 1st at 08:00", "30 minutes before each
    /// appointment".
    pub fn words(&self) -> String {
        todo!()
    }
}

/// Where a wall-clock time of a zone lies: the instant it stands for.
pub fn instant_of(zone: Tz, date: NaiveDate, at: NaiveTime) -> DateTime<Utc> {
    let _ = (zone, date, at);
    todo!()
}

mod hour_and_minute {
    use chrono::NaiveTime;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(at: &NaiveTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&at.format("%H:%M"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        NaiveTime::parse_from_str(&text, "%H:%M").map_err(D::Error::custom)
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
        match Either::deserialize(deserializer)? {
            Either::Day(day @ 1..=31) => Ok(Self::Day(day)),
            Either::Word(word) if word == "last" => Ok(Self::Last),
            _ => Err(serde::de::Error::custom("must be 1 to 31 or \"last\"")),
        }
    }
}
