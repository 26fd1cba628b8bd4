//! Invoices: what is owed and paid, and those that come again by themselves.

use chrono::{DateTime, Days, Months, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use ulid::Ulid;
use utoipa::ToSchema;

use crate::check::{Check, Invalid};
use crate::happening::{Happening, What};
use crate::id::{HappeningId, ItemId};
use crate::item::{Item, ItemKind, Money, Refused, State, is_sensible};
use crate::person::Actor;

/// Currencies whose amounts have no decimals (ISO 4217).
const WHOLE: [&str; 17] =
    ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"];
/// Currencies whose amounts have three (ISO 4217).
const THOUSANDTHS: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

impl Money {
    /// The amount as people write it, with a point and without the currency.
    pub fn decimal(&self) -> String {
        decimal(self.amount_minor, &self.currency)
    }

    /// The amount and the currency.
    pub fn words(&self) -> String {
        format!("{} {}", self.decimal(), self.currency)
    }
}

/// An amount of smallest units as people write it, with a point and without the currency.
pub fn decimal(amount_minor: i64, currency: &str) -> String {
    let digits: u32 = match currency {
        _ if WHOLE.contains(&currency) => return amount_minor.to_string(),
        _ if THOUSANDTHS.contains(&currency) => 3,
        _ => 2,
    };
    let unit = 10_u64.pow(digits);
    let sign = if amount_minor < 0 { "-" } else { "" };
    let amount = amount_minor.unsigned_abs();
    format!("{sign}{}.{:0width$}", amount / unit, amount % unit, width = digits as usize)
}

/// How often an invoice comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// After so many weeks, on the same weekday.
    Week,
    /// After so many months, on the same day of the month, or the month's last.
    Month,
    /// After so many years, on the same day of the year.
    Year,
}

/// How an invoice comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// The unit.
    pub every: Every,
    /// How many of it; 1 if left out.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 12, default = 1)]
    pub interval: u8,
    /// The last day on which one may go out; without, there is always a next one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
}

fn one() -> u8 {
    1
}

impl Repeat {
    /// The day of the invoice that is `step` after the one of `anchor`: always counted from that, so that the 31st stays the
    /// 31st wherever a month has one. `None` beyond the last.
    pub fn day(&self, anchor: NaiveDate, step: u32) -> Option<NaiveDate> {
        let units = step.checked_mul(u32::from(self.interval))?;
        let day = match self.every {
            Every::Week => anchor.checked_add_days(Days::new(u64::from(units) * 7)),
            Every::Month => anchor.checked_add_months(Months::new(units)),
            Every::Year => anchor.checked_add_months(Months::new(units.checked_mul(12)?)),
        }?;
        (is_sensible(day) && self.until.is_none_or(|until| day <= until)).then_some(day)
    }
}

/// The place of an invoice among those that come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Series {
    /// The first of them.
    pub id: ItemId,
    /// Which of them it is, from 1.
    pub number: u32,
    /// The day that the days of the next ones are counted from.
    pub anchor: NaiveDate,
    /// How many intervals after that day this one is.
    pub step: u32,
}

impl Series {
    /// The id of an invoice of a series: the same whoever makes it, and however often.
    fn id_of(first: ItemId, number: u32) -> ItemId {
        let digest = Sha256::new().chain_update("invoice").chain_update(first.0.to_bytes()).chain_update(number.to_be_bytes()).finalize();
        let mut random = [0; 16];
        random[6..].copy_from_slice(&digest[..10]);
        ItemId(Ulid::from_parts(first.0.timestamp_ms(), u128::from_be_bytes(random)))
    }
}

/// Sets how an invoice comes again, and counts from its day anew where its day or its interval is another one.
pub(crate) fn arrange(item: &mut Item, before: (Option<NaiveDate>, Option<Repeat>), repeat: Option<Repeat>, check: &mut Check) {
    if let Some(repeat) = repeat {
        check.that((1..=12).contains(&repeat.interval), "repeat.interval", "must be from 1 to 12");
        item.repeat = Some(repeat);
    }
    let Some(repeat) = item.repeat else { return };
    let Some(anchor) = item.send_on else {
        check.fault("repeat", "needs send_on: the day on which the first one goes out");
        return;
    };
    check.that(repeat.until.is_none_or(|until| anchor <= until), "repeat.until", "must not be before send_on");
    let interval = |repeat: Repeat| (repeat.every, repeat.interval);
    let is_as_before = before.0 == Some(anchor) && before.1.map(interval) == Some(interval(repeat));
    if item.series.is_some() && is_as_before {
        return;
    }
    let (id, number) = item.series.map_or((item.id, 1), |series| (series.id, series.number));
    item.series = Some(Series { id, number, anchor, step: 0 });
}

/// The draft that follows an invoice that went out, and the happening of it; `None` where none does.
pub fn next(sent: &Item, now: DateTime<Utc>, happening: HappeningId) -> Option<(Item, Happening)> {
    let (repeat, series) = (sent.repeat?, sent.series?);
    let (step, number) = (series.step.checked_add(1)?, series.number.checked_add(1)?);
    let send_on = repeat.day(series.anchor, step)?;
    // as long after it goes out as before
    let due_on = sent.due_on.zip(sent.send_on).and_then(|(due, sent)| send_on.checked_add_signed(due - sent));
    let item = Item {
        id: Series::id_of(series.id, number),
        state: State::Draft,
        closed_at: None,
        due_on,
        late_since: None,
        wake_at: None,
        on: None,
        paid_minor: Some(0),
        sent_at: None,
        send_on: Some(send_on),
        series: Some(Series { number, step, ..series }),
        number: None,
        created_at: now,
        updated_at: now,
        version: 1,
        ..sent.clone()
    };
    let happening = item.happening(happening, What::Created, now, Actor::System);
    Some((item, happening))
}

/// Whether it is a draft that goes out by itself.
pub fn is_scheduled(item: &Item) -> bool {
    item.kind == ItemKind::Invoice && item.state == State::Draft && item.send_on.is_some()
}

/// A payment as people send it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PaymentDraft {
    /// How much, in the smallest unit of the invoice's currency; needed.
    #[schema(minimum = 1)]
    pub amount_minor: Option<i64>,
    /// The day it was paid; today on the client's calendar if left out.
    pub on: Option<NaiveDate>,
}

/// Why a payment was not recorded.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NotPaid {
    /// It is no invoice, or none that is to be paid.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The amount or the day is not one.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

/// Records a payment: the invoice is paid in part, or paid. One that is overdue stays so until all of it is paid.
///
/// # Errors
/// [`NotPaid`]; more than is owed is not taken.
pub fn pay(
    before: &Item,
    payment: &PaymentDraft,
    by: Actor,
    today: NaiveDate,
    now: DateTime<Utc>,
    happening: HappeningId,
) -> Result<(Item, Happening), NotPaid> {
    let (Some(amount), State::Sent | State::Partial | State::Overdue) = (&before.amount, before.state) else {
        return Err(Refused { verb: "record a payment on", kind: before.kind, state: before.state }.into());
    };
    let was_paid = before.paid_minor.unwrap_or_default();
    let owed = amount.amount_minor - was_paid;
    let on = payment.on.unwrap_or(today);
    let mut check = Check::default();
    check.that(is_sensible(on), "on", "must be from 1900 to 2199");
    check.that(on <= today, "on", "must not be in the future");
    let paid = payment.amount_minor.unwrap_or_default();
    if payment.amount_minor.is_none() {
        check.fault("amount_minor", "is needed: how much was paid, in smallest units");
    } else if paid < 1 {
        check.fault("amount_minor", "must be more than nothing");
    } else if paid > owed {
        check.fault("amount_minor", format!("is more than is owed: {owed} are left"));
    }
    check.done(())?;
    let mut item = before.clone();
    item.paid_minor = Some(was_paid + paid);
    if paid == owed {
        (item.state, item.closed_at) = (State::Paid, Some(now));
    } else if before.state == State::Sent {
        item.state = State::Partial;
    }
    item.updated_at = now;
    item.version += 1;
    let mut happening = item.happening(happening, What::Paid, now, by);
    let currency = &amount.currency;
    happening.note = (paid != amount.amount_minor).then(|| {
        let words = format!("{} {currency}", decimal(paid, currency));
        if paid == owed { format!("the last {words}") } else { format!("{words}, {} {currency} left", decimal(owed - paid, currency)) }
    });
    happening.on = (on != today).then_some(on);
    Ok((item, happening))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::id::ClientId;
    use crate::item::{ItemDraft, Move, advance};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn now() -> DateTime<Utc> {
        "2026-11-02T09:00:00Z".parse().unwrap()
    }

    fn draft(amount_minor: i64, send_on: Option<&str>, repeat: Option<Repeat>) -> Result<Item, Invalid> {
        let draft = ItemDraft {
            kind: Some(ItemKind::Invoice),
            title: Some("November".into()),
            amount: Some(Money { amount_minor, currency: "EUR".into() }),
            send_on: send_on.map(day),
            due_on: send_on.map(|text| day(text) + Days::new(14)),
            repeat,
            ..ItemDraft::default()
        };
        let ids = (ItemId(Ulid::from_parts(1_700_000_000_000, 7)), ClientId(Ulid(2)));
        draft.create(ids.0, ids.1.into(), Actor::System, now(), HappeningId(Ulid(3))).map(|(item, _)| item)
    }

    fn send(item: &Item) -> Item {
        advance(item, Move::Submit, Actor::System, day("2026-11-02"), now(), HappeningId(Ulid(4))).unwrap().0
    }

    fn paying(item: &Item, amount_minor: i64) -> Result<Item, NotPaid> {
        let payment = PaymentDraft { amount_minor: Some(amount_minor), on: None };
        pay(item, &payment, Actor::System, day("2026-11-02"), now(), HappeningId(Ulid(5))).map(|(item, _)| item)
    }

    const MONTHLY: Repeat = Repeat { every: Every::Month, interval: 1, until: None };

    #[test]
    fn an_amount_has_the_decimals_of_its_currency() {
        for (amount, currency, expected) in [
            (12_550, "EUR", "125.50"),
            (5, "USD", "0.05"),
            (0, "EUR", "0.00"),
            (12_550, "JPY", "12550"),
            (12_550, "KWD", "12.550"),
            (-5, "EUR", "-0.05"),
        ] {
            assert_eq!(decimal(amount, currency), expected, "{amount} {currency}");
        }
    }

    #[test]
    fn the_last_day_of_a_month_stays_so_wherever_it_can() {
        let days = |repeat: Repeat, anchor: &str, count: u32| -> Vec<String> {
            (0..count).filter_map(|step| repeat.day(day(anchor), step)).map(|day| day.to_string()).collect()
        };
        assert_eq!(days(MONTHLY, "2027-01-31", 4), ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]);
        assert_eq!(days(Repeat { interval: 3, ..MONTHLY }, "2027-11-30", 3), ["2027-11-30", "2028-02-29", "2028-05-30"]);
        assert_eq!(
            days(Repeat { every: Every::Year, ..MONTHLY }, "2028-02-29", 5).join(" "),
            "2028-02-29 2029-02-28 2030-02-28 2031-02-28 2032-02-29"
        );
        assert_eq!(
            days(Repeat { every: Every::Week, interval: 2, until: None }, "2026-12-25", 3),
            ["2026-12-25", "2027-01-08", "2027-01-22"]
        );
        assert_eq!(days(Repeat { until: Some(day("2027-03-30")), ..MONTHLY }, "2027-01-31", 9), ["2027-01-31", "2027-02-28"]);
    }

    #[test]
    fn the_next_draft_is_the_same_whoever_makes_it() {
        let first = draft(100, Some("2027-01-31"), Some(MONTHLY)).unwrap();
        assert_eq!(first.series.map(|series| (series.number, series.step)), Some((1, 0)));
        let (second, happening) = next(&send(&first), now(), HappeningId(Ulid(9))).unwrap();
        assert_eq!(second, next(&send(&first), now(), HappeningId(Ulid(10))).unwrap().0);
        assert_eq!((second.state, second.send_on, second.due_on), (State::Draft, Some(day("2027-02-28")), Some(day("2027-03-14"))));
        assert_eq!((happening.what, happening.by, happening.item_id), (What::Created, Actor::System, second.id));
        let (third, _) = next(&send(&second), now(), HappeningId(Ulid(11))).unwrap();
        assert_eq!((third.send_on, third.series.unwrap().number), (Some(day("2027-03-31")), 3));
        assert!(first.id != second.id && second.id != third.id);
        assert!(next(&send(&draft(100, Some("2027-01-31"), None).unwrap()), now(), HappeningId(Ulid(9))).is_none());
    }

    #[test]
    fn a_draft_that_is_moved_counts_anew_and_keeps_its_number() {
        let first = draft(100, Some("2027-01-31"), Some(MONTHLY)).unwrap();
        let (second, _) = next(&send(&first), now(), HappeningId(Ulid(9))).unwrap();
        let moved = ItemDraft { send_on: Some(day("2027-02-10")), ..ItemDraft::default() };
        let (moved, _) = moved.change(&second, Actor::System, now(), HappeningId(Ulid(9))).unwrap().unwrap();
        let (third, _) = next(&send(&moved), now(), HappeningId(Ulid(9))).unwrap();
        assert_eq!((third.send_on, third.series.unwrap().number), (Some(day("2027-03-10")), 3));
    }

    #[test]
    fn what_can_not_come_again_is_refused_by_field() {
        let fields = |result: Result<Item, Invalid>| result.unwrap_err().errors.into_iter().map(|e| e.field).collect::<Vec<_>>();
        assert_eq!(fields(draft(100, None, Some(MONTHLY))), ["repeat"]);
        assert_eq!(fields(draft(100, Some("2027-01-31"), Some(Repeat { interval: 0, ..MONTHLY }))), ["repeat.interval"]);
        let past = Repeat { until: Some(day("2027-01-30")), ..MONTHLY };
        assert_eq!(fields(draft(100, Some("2027-01-31"), Some(past))), ["repeat.until"]);
        let sent = send(&draft(100, Some("2027-01-31"), Some(MONTHLY)).unwrap());
        let change = ItemDraft {
            amount: Some(Money { amount_minor: 1, currency: "EUR".into() }),
            send_on: Some(day("2027-03-01")),
            ..ItemDraft::default()
        };
        let refused = change.change(&sent, Actor::System, now(), HappeningId(Ulid(9))).unwrap_err();
        assert_eq!(refused.errors.iter().map(|e| e.field.as_str()).collect::<Vec<_>>(), ["amount", "send_on"]);
    }

    #[test]
    fn an_invoice_is_dated_when_it_is_sent_and_paid_in_full_when_it_is_completed() {
        let sent = send(&draft(12_550, None, None).unwrap());
        assert_eq!((sent.on, sent.paid_minor), (Some(day("2026-11-02")), Some(0)));
        let part = paying(&sent, 5_000).unwrap();
        assert_eq!((part.state, part.paid_minor), (State::Partial, Some(5_000)));
        let (paid, _) = advance(&part, Move::Complete, Actor::System, day("2026-11-02"), now(), HappeningId(Ulid(4))).unwrap();
        assert_eq!((paid.state, paid.paid_minor), (State::Paid, Some(12_550)));
        assert!(matches!(paying(&paid, 1), Err(NotPaid::Refused(_))));
        assert!(matches!(paying(&draft(1, None, None).unwrap(), 1), Err(NotPaid::Refused(_))));
        let (off, _) = advance(&part, Move::Cancel, Actor::System, day("2026-11-02"), now(), HappeningId(Ulid(4))).unwrap();
        let never = draft(1, None, None).unwrap();
        let (never_sent, _) = advance(&never, Move::Cancel, Actor::System, day("2026-11-02"), now(), HappeningId(Ulid(4))).unwrap();
        assert_eq!([&never, &never_sent, &sent, &off].map(Item::is_draft), [true, true, false, false]);
        let overdue = Item { state: State::Overdue, ..sent };
        assert_eq!(paying(&overdue, 5_000).unwrap().state, State::Overdue);
        assert_eq!(paying(&overdue, 12_550).unwrap().state, State::Paid);
    }

    proptest! {
        #[test]
        fn payments_never_come_to_more_than_the_amount(amount in 1_i64..10_000, payments in proptest::collection::vec(-10_i64..5_000, 1..20)) {
            let mut item = send(&draft(amount, None, None).unwrap());
            for payment in payments {
                match paying(&item, payment) {
                    Ok(after) => {
                        prop_assert_eq!(after.paid_minor.unwrap() - item.paid_minor.unwrap(), payment);
                        prop_assert_eq!(after.state == State::Paid, after.paid_minor == Some(amount));
                        item = after;
                    }
                    Err(NotPaid::Refused(_)) => prop_assert_eq!(item.state, State::Paid),
                    Err(NotPaid::Invalid(_)) => prop_assert!(payment < 1 || payment > amount - item.paid_minor.unwrap()),
                }
                prop_assert!(item.paid_minor.unwrap() <= amount);
            }
        }

        #[test]
        fn the_days_of_a_series_go_forward(start in 0_u64..20_000, interval in 1_u8..=12, step in 0_u32..60) {
            let anchor = day("1990-01-01") + Days::new(start);
            for every in [Every::Week, Every::Month, Every::Year] {
                let repeat = Repeat { every, interval, until: None };
                if let Some(next) = repeat.day(anchor, step + 1) {
                    prop_assert!(repeat.day(anchor, step).unwrap() < next);
                }
            }
        }
    }
}
