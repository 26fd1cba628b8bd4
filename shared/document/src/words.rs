//! Words: dates, numbers, and what things are called.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use chrono_tz::Tz;
use domain::export::{Month, Request};
use domain::happening::What;
use domain::item::{ItemKind, Money, State};

pub(crate) fn kind(kind: ItemKind) -> &'static str {
    match kind {
        ItemKind::Action => "Action",
        ItemKind::Metric => "Metric",
        ItemKind::Worksheet => "Worksheet",
        ItemKind::SessionNote => "Session note",
        ItemKind::Note => "Note",
        ItemKind::JournalEntry => "Journal entry",
        ItemKind::File => "File",
        ItemKind::Appointment => "Appointment",
        ItemKind::Agreement => "Agreement",
        ItemKind::Contract => "Contract",
        ItemKind::Invoice => "Invoice",
        ItemKind::CourseStep => "Course step",
        ItemKind::Message => "Message",
    }
}

pub(crate) fn kinds(kind: ItemKind, n: u64) -> String {
    let one = self::kind(kind).to_lowercase();
    let many = match kind {
        ItemKind::JournalEntry => "journal entries".to_owned(),
        _ => format!("{one}s"),
    };
    count(n, &one, &many)
}

pub(crate) fn what(what: What) -> &'static str {
    match what {
        What::Created => "Added",
        What::Changed => "Changed",
        What::Completed => "Completed",
        What::Late => "Became late",
        What::Cancelled => "Called off",
        What::Recorded => "Recorded",
        What::Submitted => "Handed in",
        What::Signed => "Signed",
        What::Paid => "Paid",
        What::Shared => "Shared",
        What::Commented => "Comment",
    }
}

/// How a state is coloured: by what it means for who reads on.
pub(crate) fn tone(state: State) -> &'static str {
    match state {
        State::Done | State::Submitted | State::Completed | State::Paid => "good",
        State::Cancelled => "off",
        State::Open
        | State::Assigned
        | State::Scheduled
        | State::AwaitingSignature
        | State::OutForSignature
        | State::Draft
        | State::Sent
        | State::Partial
        | State::Overdue => "open",
        State::Recorded => "plain",
    }
}

/// "3 March 2026".
pub(crate) fn day(date: NaiveDate) -> String {
    date.format("%-d %B %Y").to_string()
}

/// "3 Mar 2026".
pub(crate) fn short_day(date: NaiveDate) -> String {
    date.format("%-d %b %Y").to_string()
}

/// "3 Mar 2026, 14:05".
pub(crate) fn moment(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%-d %b %Y, %H:%M").to_string()
}

/// "March 2026".
pub(crate) fn month(month: Month) -> String {
    format!("{} {}", month_name(month), month.year)
}

pub(crate) fn month_name(month: Month) -> String {
    NaiveDate::from_ymd_opt(2000, month.month, 1).map(|date| date.format("%B").to_string()).unwrap_or_default()
}

/// "from 1 March 2026 to 30 April 2026", "the complete history".
pub(crate) fn range(request: &Request, made_on: NaiveDate) -> String {
    match (request.from, request.to) {
        (None, None) => "the complete history".to_owned(),
        (Some(from), None) => format!("{} to {}", day(from), day(made_on)),
        (None, Some(to)) => format!("from the beginning to {}", day(to)),
        (Some(from), Some(to)) if from == to => day(from),
        (Some(from), Some(to)) if from.year() == to.year() && from.month() == to.month() => {
            format!("{} to {}", from.format("%-d"), day(to))
        }
        (Some(from), Some(to)) => format!("{} to {}", day(from), day(to)),
    }
}

/// "1 item", "3 items".
pub(crate) fn count(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(n), if n == 1 { one } else { many })
}

/// "1,234".
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A value without digits that say nothing: "12", "7.5".
pub(crate) fn number(value: f64) -> String {
    let rounded = (value * 1_000.0).round() / 1_000.0;
    if rounded == 0.0 { "0".to_owned() } else { rounded.to_string() }
}

pub(crate) fn with_unit(value: f64, unit: Option<&str>) -> String {
    unit.map_or_else(|| number(value), |unit| format!("{} {unit}", number(value)))
}

/// "12,125.50 EUR".
pub(crate) fn money(money: &Money) -> String {
    let decimal = money.decimal();
    let (whole, rest) = decimal.split_once('.').map_or((decimal.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let rest = rest.map(|rest| format!(".{rest}")).unwrap_or_default();
    format!("{sign}{}{rest} {}", grouped(digits.parse().unwrap_or_default()), money.currency)
}

/// How large a file is: "120 KB", "1.4 MB".
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1_024 => count(bytes, "byte", "bytes"),
        1_024..1_048_576 => format!("{} KB", bytes.div_ceil(1_024)),
        _ => {
            let tenths = (u128::from(bytes) * 10).div_ceil(1_048_576);
            format!("{}.{} MB", tenths / 10, tenths % 10)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_the_digits_of_its_currency() {
        for (amount_minor, currency, text) in
            [(12_550, "EUR", "125.50 EUR"), (5, "USD", "0.05 USD"), (1_234_567, "JPY", "1,234,567 JPY"), (1_005, "KWD", "1.005 KWD")]
        {
            assert_eq!(money(&Money { amount_minor, currency: currency.into() }), text);
        }
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([7.0, 7.5, -0.0, 0.1 + 0.2].map(number), ["7", "7.5", "0", "0.3"]);
        assert_eq!([size(1), size(2_048), size(1_468_006)], ["1 byte", "2 KB", "1.4 MB"]);
    }
}
