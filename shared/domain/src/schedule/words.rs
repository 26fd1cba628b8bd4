//! Schedules as people say them.

use super::{MonthDay, Schedule, Weekday};

impl Schedule {
    /// The schedule in words: "Every Tuesday at 10:45", "Monthly on the 1st at 08:00", "30 minutes before each
    /// appointment".
    pub fn words(&self) -> String {
        match self {
            Self::Day { at } => format!("Every day at {}", at.format("%H:%M")),
            Self::Week { interval: 1, weekdays, at, .. } => {
                let workdays = weekdays.len() == 5 && !weekdays.contains(&Weekday::Sat) && !weekdays.contains(&Weekday::Sun);
                let days = match weekdays.len() {
                    7 => "day".to_owned(),
                    _ if workdays => "weekday".to_owned(),
                    _ => enumerate(weekdays.iter().map(|day| day.name().to_owned())),
                };
                format!("Every {days} at {}", at.format("%H:%M"))
            }
            Self::Week { interval, weekdays, at, .. } => {
                let days = enumerate(weekdays.iter().map(|day| day.name().to_owned()));
                format!("Every {interval} weeks on {days} at {}", at.format("%H:%M"))
            }
            Self::Month { day: MonthDay::Last, at } => format!("Monthly on the last day at {}", at.format("%H:%M")),
            Self::Month { day: MonthDay::Day(day), at } => {
                format!("Monthly on the {day}{} at {}", ordinal_ending(*day), at.format("%H:%M"))
            }
            Self::Appointment { minutes_before: 0 } => "When each appointment begins".to_owned(),
            Self::Appointment { minutes_before } => {
                format!("{} before each appointment", duration(*minutes_before))
            }
        }
    }
}

/// `90` is "1 hour and 30 minutes".
fn duration(minutes: u16) -> String {
    let units = [(minutes / 1440, "day"), (minutes / 60 % 24, "hour"), (minutes % 60, "minute")];
    enumerate(units.into_iter().filter(|(count, _)| *count > 0).map(|(count, unit)| match count {
        1 => format!("1 {unit}"),
        _ => format!("{count} {unit}s"),
    }))
}

fn ordinal_ending(number: u8) -> &'static str {
    match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    }
}

/// "Monday, Wednesday and Friday".
fn enumerate(parts: impl Iterator<Item = String>) -> String {
    let mut parts: Vec<_> = parts.collect();
    match (parts.pop(), parts.is_empty()) {
        (None, _) => String::new(),
        (Some(only), true) => only,
        (Some(last), false) => format!("{} and {last}", parts.join(", ")),
    }
}
