//! EventBridge Scheduler's reading of the expressions we give it, by its user guide: cron fields are matched against
//! the zone's wall clock, a time that the clock skips does not fire, one that it shows twice fires at the first.
//! Written apart from the evaluator, so that the two can be held against each other.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

/// A cron expression with one minute, one hour, any month and any year.
pub(crate) struct Expression {
    at: NaiveTime,
    days_of_month: String,
    days_of_week: String,
}

impl Expression {
    /// Reads `cron(minutes hours day-of-month month day-of-week year)`; `None` for what the scheduler would refuse and
    /// for what we never write.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let fields: Vec<_> = text.strip_prefix("cron(")?.strip_suffix(')')?.split(' ').collect();
        let [minutes, hours, days_of_month, "*", days_of_week, "*"] = fields[..] else { return None };
        let one_unspecified = (days_of_month == "?") != (days_of_week == "?");
        let at = NaiveTime::from_hms_opt(hours.parse().ok()?, minutes.parse().ok()?, 0)?;
        one_unspecified.then(|| Self { at, days_of_month: days_of_month.to_owned(), days_of_week: days_of_week.to_owned() })
    }

    /// When it fires, from `date` on.
    pub(crate) fn firings(&self, zone: Tz, date: NaiveDate) -> impl Iterator<Item = DateTime<Utc>> {
        date.iter_days()
            .filter(|date| self.matches(*date))
            .filter_map(move |date| zone.from_local_datetime(&date.and_time(self.at)).earliest())
            .map(|instant| instant.to_utc())
    }

    fn matches(&self, date: NaiveDate) -> bool {
        let day_of_month = date.day().to_string();
        let day_of_week = date.format("%a").to_string().to_uppercase();
        let last = date.succ_opt().is_some_and(|next| next.day() == 1);
        self.days_of_month.split(',').any(|day| matches!(day, "*" | "?") || day == day_of_month || (day == "L" && last))
            && self.days_of_week.split(',').any(|day| matches!(day, "*" | "?") || day == day_of_week)
    }
}
