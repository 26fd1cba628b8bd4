//! What falls due by itself: items become late on the day after they were due, and scheduled invoices go out. A wheel
//! shows when each is to be looked at; whether anything is due is decided by what is true then.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;

use crate::happening::{Happening, What};
use crate::id::HappeningId;
use crate::invoice;
use crate::item::{Item, ItemKind, Move, State, advance};
use crate::person::Actor;
use crate::schedule::instant_of;

/// When a day begins where the clocks are of a zone.
fn begins(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    instant_of(zone, day, NaiveTime::MIN)
}

/// When an item is to be looked at: when a draft goes out, or when the day after the one it is due on begins for the client.
/// `None` where nothing will fall due.
pub fn wakes(item: &Item, zone: Tz) -> Option<DateTime<Utc>> {
    if invoice::is_scheduled(item) {
        return item.send_on.map(|day| begins(day, zone));
    }
    let due_on = item.due_on.filter(|_| item.is_open() && item.late_since.is_none())?;
    Some(begins(due_on.succ_opt()?, zone))
}

/// What is to be done with an item that is looked at.
#[derive(Clone, Debug, PartialEq)]
pub enum Turn {
    /// Nothing.
    Rest,
    /// It is to be looked at when it now says.
    Wait(Box<Item>),
    /// It is late.
    Late(Box<Item>, Box<Happening>),
    /// It goes out.
    Send(Box<Item>, Box<Happening>),
    /// It was to go out, and what it is for is over: it is called off.
    CallOff(Box<Item>, Box<Happening>),
}

/// Decides what is due of an item now, on the calendar of a zone. `is_over` where nothing is to go out any more: the client is
/// archived (P-4), or the engagement that it is for was deleted (P-6).
pub fn turn(item: &Item, zone: Tz, is_over: bool, now: DateTime<Utc>, happening: HappeningId) -> Turn {
    let wake_at = wakes(item, zone);
    let is_scheduled = invoice::is_scheduled(item);
    if !(is_scheduled && is_over) && wake_at.is_none_or(|at| now < at) {
        return if wake_at == item.wake_at {
            Turn::Rest
        } else {
            Turn::Wait(Box::new(Item { wake_at, version: item.version + 1, ..item.clone() }))
        };
    }
    if is_scheduled {
        let today = now.with_timezone(&zone).date_naive();
        let asked = if is_over { Move::Cancel } else { Move::Submit };
        return match advance(item, asked, Actor::System, today, now, happening) {
            Ok((mut item, happening)) => {
                item.wake_at = wakes(&item, zone);
                let (item, happening) = (Box::new(item), Box::new(happening));
                if is_over { Turn::CallOff(item, happening) } else { Turn::Send(item, happening) }
            }
            Err(_) => Turn::Rest,
        };
    }
    let mut late = item.clone();
    late.late_since = item.due_on.and_then(|due| due.succ_opt());
    late.wake_at = None;
    if late.kind == ItemKind::Invoice && matches!(late.state, State::Sent | State::Partial) {
        late.state = State::Overdue;
    }
    late.updated_at = now;
    late.version += 1;
    let mut happening = late.happening(happening, What::Late, now, Actor::System);
    happening.on = late.late_since;
    Turn::Late(Box::new(late), Box::new(happening))
}

#[cfg(test)]
mod tests {
    use chrono::{Days, Duration};
    use proptest::prelude::*;
    use ulid::Ulid;

    use super::*;
    use crate::id::{ClientId, ItemId};
    use crate::item::{ItemDraft, Money};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn of(kind: ItemKind, due_on: Option<NaiveDate>) -> Item {
        let draft = ItemDraft {
            kind: Some(kind),
            title: Some("Title".into()),
            due_on,
            amount: (kind == ItemKind::Invoice).then(|| Money { amount_minor: 100, currency: "EUR".into() }),
            ..ItemDraft::default()
        };
        draft.create(ItemId(Ulid(1)), ClientId(Ulid(2)).into(), Actor::System, at("2026-10-01T00:00:00Z"), HappeningId(Ulid(3))).unwrap().0
    }

    fn filed(item: Item, zone: Tz) -> Item {
        Item { wake_at: wakes(&item, zone), ..item }
    }

    #[test]
    fn the_day_after_begins_where_the_client_is() {
        for (zone, due_on, wakes_at) in [
            (Tz::UTC, "2026-11-02", "2026-11-03T00:00:00Z"),
            (Tz::Europe__Berlin, "2026-11-02", "2026-11-02T23:00:00Z"),
            (Tz::Pacific__Kiritimati, "2026-11-02", "2026-11-02T10:00:00Z"),
            (Tz::Pacific__Pago_Pago, "2026-11-02", "2026-11-03T11:00:00Z"),
            // the clocks leap over midnight: the day begins at one
            (Tz::America__Santiago, "2026-09-05", "2026-09-06T04:00:00Z"),
            // midnight comes twice: the first counts
            (Tz::America__Havana, "2026-10-31", "2026-11-01T04:00:00Z"),
            // a day that never was: the next one begins
            (Tz::Pacific__Apia, "2011-12-29", "2011-12-30T10:00:00Z"),
        ] {
            assert_eq!(wakes(&of(ItemKind::Action, Some(day(due_on))), zone), Some(at(wakes_at)), "{zone} {due_on}");
        }
        assert_eq!(wakes(&of(ItemKind::Action, None), Tz::UTC), None);
    }

    #[test]
    fn what_falls_due_is_open_and_has_a_day() {
        let due = Some(day("2026-11-02"));
        for (kind, state, wakes_then) in [
            (ItemKind::Action, State::Open, true),
            (ItemKind::Action, State::Done, false),
            (ItemKind::CourseStep, State::Open, true),
            (ItemKind::Worksheet, State::Assigned, true),
            (ItemKind::Worksheet, State::Submitted, false),
            (ItemKind::Agreement, State::AwaitingSignature, true),
            (ItemKind::Contract, State::OutForSignature, true),
            (ItemKind::Contract, State::Completed, false),
            (ItemKind::Invoice, State::Draft, false),
            (ItemKind::Invoice, State::Sent, true),
            (ItemKind::Invoice, State::Partial, true),
            (ItemKind::Invoice, State::Paid, false),
            (ItemKind::Invoice, State::Cancelled, false),
        ] {
            let item = Item { state, ..of(kind, due) };
            assert_eq!(wakes(&item, Tz::UTC).is_some(), wakes_then, "{kind:?} {state:?}");
        }
    }

    #[test]
    fn what_is_late_is_so_since_the_day_after_and_is_looked_at_no_more() {
        for (kind, state, after) in [
            (ItemKind::Action, State::Open, State::Open),
            (ItemKind::Worksheet, State::Assigned, State::Assigned),
            (ItemKind::Invoice, State::Sent, State::Overdue),
            (ItemKind::Invoice, State::Partial, State::Overdue),
        ] {
            let item = filed(Item { state, ..of(kind, Some(day("2026-11-02"))) }, Tz::UTC);
            // days of outage do not change since when it is
            for now in ["2026-11-03T00:00:00Z", "2026-11-20T12:00:00Z"] {
                let Turn::Late(late, happening) = turn(&item, Tz::UTC, false, at(now), HappeningId(Ulid(4))) else { panic!("{kind:?}") };
                assert_eq!((late.state, late.late_since, late.wake_at), (after, Some(day("2026-11-03")), None));
                assert_eq!((happening.what, happening.by, happening.on), (What::Late, Actor::System, Some(day("2026-11-03"))));
                assert_eq!(turn(&late, Tz::UTC, false, at(now), HappeningId(Ulid(5))), Turn::Rest);
            }
            assert_eq!(turn(&item, Tz::UTC, false, at("2026-11-02T23:59:59Z"), HappeningId(Ulid(4))), Turn::Rest);
        }
    }

    #[test]
    fn a_client_who_moved_west_has_the_rest_of_their_day() {
        let item = filed(of(ItemKind::Action, Some(day("2026-11-02"))), Tz::Pacific__Kiritimati);
        let moved = Tz::Pacific__Pago_Pago;
        let Turn::Wait(waits) = turn(&item, moved, false, item.wake_at.unwrap(), HappeningId(Ulid(4))) else { panic!("{item:?}") };
        assert_eq!(waits.wake_at, Some(at("2026-11-03T11:00:00Z")));
        assert!(matches!(turn(&waits, moved, false, waits.wake_at.unwrap(), HappeningId(Ulid(4))), Turn::Late(..)));
    }

    #[test]
    fn a_moved_day_or_another_beginning_takes_lateness_away() {
        let item = filed(Item { state: State::Partial, paid_minor: Some(1), ..of(ItemKind::Invoice, Some(day("2026-11-02"))) }, Tz::UTC);
        let now = at("2026-11-05T00:00:00Z");
        let Turn::Late(late, _) = turn(&item, Tz::UTC, false, now, HappeningId(Ulid(4))) else { panic!() };
        let later = ItemDraft { due_on: Some(day("2026-12-01")), ..ItemDraft::default() };
        let (moved, _) = later.change(&late, Actor::System, now, HappeningId(Ulid(5))).unwrap().unwrap();
        assert_eq!((moved.state, moved.late_since, wakes(&moved, Tz::UTC)), (State::Partial, None, Some(at("2026-12-02T00:00:00Z"))));
        let action = filed(of(ItemKind::Action, Some(day("2026-11-02"))), Tz::UTC);
        let Turn::Late(late, _) = turn(&action, Tz::UTC, false, now, HappeningId(Ulid(4))) else { panic!() };
        let moves = |item: &Item, asked| advance(item, asked, Actor::System, day("2026-11-05"), now, HappeningId(Ulid(5))).unwrap().0;
        let done = moves(&late, Move::Complete);
        assert_eq!((done.late_since, wakes(&done, Tz::UTC)), (Some(day("2026-11-03")), None));
        assert_eq!(moves(&done, Move::Reopen).late_since, None);
    }

    #[test]
    fn a_scheduled_draft_goes_out_on_its_day_unless_the_client_is_archived() {
        let draft = Item { send_on: Some(day("2026-11-10")), ..of(ItemKind::Invoice, Some(day("2026-11-24"))) };
        let zone = Tz::Europe__Berlin;
        let draft = filed(draft, zone);
        assert_eq!(draft.wake_at, Some(at("2026-11-09T23:00:00Z")));
        let now = at("2026-11-10T06:00:00Z");
        let Turn::Send(sent, happening) = turn(&draft, zone, false, now, HappeningId(Ulid(4))) else { panic!() };
        assert_eq!((sent.state, sent.on, happening.what), (State::Sent, Some(day("2026-11-10")), What::Shared));
        assert_eq!(sent.wake_at, Some(at("2026-11-24T23:00:00Z")));
        let Turn::CallOff(off, _) = turn(&draft, zone, true, now, HappeningId(Ulid(4))) else { panic!() };
        assert_eq!((off.state, off.wake_at), (State::Cancelled, None));
    }

    proptest! {
        #[test]
        fn nothing_is_late_before_its_day_is_over_and_everything_is_from_then_on(
            zone in proptest::sample::select(chrono_tz::TZ_VARIANTS.to_vec()), days in 0_u64..20_000, seconds in 0_i64..3 * 86_400,
        ) {
            let due_on = day("1990-01-01") + Days::new(days);
            let item = filed(of(ItemKind::Action, Some(due_on)), zone);
            let now = item.wake_at.unwrap() - Duration::hours(30) + Duration::seconds(seconds);
            let is_late = matches!(turn(&item, zone, false, now, HappeningId(Ulid(4))), Turn::Late(..));
            prop_assert_eq!(is_late, due_on < now.with_timezone(&zone).date_naive());
        }
    }
}
