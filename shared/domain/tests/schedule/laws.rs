//! What holds for every schedule, zone and time.

use std::collections::HashSet;

use chrono::{DateTime, Datelike, Days, Month, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use domain::schedule::{MonthDay, Schedule, instant_of};
use proptest::prelude::{Just, ProptestConfig, Strategy, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::{select, subsequence};
use proptest::test_runner::RngSeed;

use crate::ZONES;
use crate::eventbridge::Expression;

const MINUTE: TimeDelta = TimeDelta::minutes(1);

/// Any time of day, mostly one of those that clocks skip or show twice.
fn time() -> impl Strategy<Value = NaiveTime> {
    let small_hours = (0..8_u32).prop_map(|half_hours| (half_hours / 2, half_hours % 2 * 30));
    prop_oneof![3 => small_hours, 1 => Just((2, 15)), 1 => Just((23, 30)), 2 => (0..24_u32, 0..60_u32)]
        .prop_map(|(hour, minute)| NaiveTime::from_hms_opt(hour, minute, 0).unwrap())
}

fn day() -> impl Strategy<Value = NaiveDate> {
    (2009..2038_i32, 1..=366_u32).prop_map(|(year, day)| NaiveDate::from_yo_opt(year, day.min(365)).unwrap())
}

fn schedule() -> impl Strategy<Value = Schedule> {
    let weekdays = subsequence((0..7).map(|n| chrono::Weekday::try_from(n).unwrap()).collect::<Vec<_>>(), 1..=7);
    let month_day =
        prop_oneof![3 => (1..=31_u8).prop_map(MonthDay::Day), 1 => (28..=31_u8).prop_map(MonthDay::Day), 1 => Just(MonthDay::Last)];
    prop_oneof![
        time().prop_map(|at| Schedule::Day { at }),
        (prop_oneof![Just(1_u8), 2..=4_u8, 1..=52_u8], weekdays, time(), day()).prop_map(|(interval, weekdays, at, starts_on)| {
            Schedule::Week { interval, weekdays: weekdays.into_iter().map(Into::into).collect(), at, starts_on }
        }),
        (month_day, time()).prop_map(|(day, at)| Schedule::Month { day, at }),
    ]
}

/// A minute within half a week of a date; with each zone, often that of its change of clocks.
fn zone_and_instant() -> impl Strategy<Value = (Tz, DateTime<Utc>)> {
    let edges = select(vec![
        (Tz::America__New_York, (2026, 3, 8)),
        (Tz::America__New_York, (2026, 11, 1)),
        (Tz::Europe__London, (2026, 3, 29)),
        (Tz::Europe__London, (2026, 10, 25)),
        (Tz::Australia__Lord_Howe, (2026, 4, 5)),
        (Tz::Australia__Lord_Howe, (2026, 10, 4)),
        (Tz::America__Havana, (2025, 3, 9)),
        (Tz::America__Havana, (2025, 11, 2)),
        (Tz::Africa__Cairo, (2026, 4, 24)),
        (Tz::Africa__Cairo, (2026, 10, 29)),
        (Tz::Africa__Casablanca, (2026, 2, 15)),
        (Tz::Africa__Casablanca, (2026, 3, 22)),
        (Tz::Antarctica__Troll, (2026, 3, 29)),
        (Tz::Antarctica__Troll, (2026, 10, 25)),
        (Tz::Pacific__Apia, (2011, 12, 30)),
        (Tz::Pacific__Apia, (2012, 9, 30)),
        (Tz::America__Sao_Paulo, (2018, 2, 17)),
        (Tz::America__Sao_Paulo, (2018, 11, 4)),
        (Tz::Pacific__Auckland, (2026, 4, 5)),
        (Tz::Pacific__Auckland, (2026, 9, 27)),
    ])
    .prop_map(|(zone, (year, month, day))| (zone, NaiveDate::from_ymd_opt(year, month, day).unwrap()));
    (prop_oneof![edges, (select(&ZONES[..]), day())], -5_000..5_000_i64)
        .prop_map(|((zone, date), minutes)| (zone, date.and_time(NaiveTime::MIN).and_utc() + MINUTE * i32::try_from(minutes).unwrap()))
}

/// Whether the schedule means this wall-clock time, said in other words than the evaluator's.
fn means(schedule: &Schedule, wall: NaiveDateTime) -> bool {
    let date = wall.date();
    let monday = |date: NaiveDate| date.week(chrono::Weekday::Mon).first_day();
    match schedule {
        Schedule::Day { at } => wall.time() == *at,
        Schedule::Week { interval, weekdays, at, starts_on } => {
            let days = (monday(date) - monday(*starts_on)).num_days();
            wall.time() == *at && weekdays.contains(&date.weekday().into()) && days >= 0 && days % (7 * i64::from(*interval)) == 0
        }
        Schedule::Month { day, at } => {
            let month = Month::try_from(u8::try_from(date.month()).unwrap()).unwrap();
            let last = month.num_days(date.year()).unwrap();
            let on = match day {
                MonthDay::Day(day) => (*day).min(last),
                MonthDay::Last => last,
            };
            wall.time() == *at && date.day() == u32::from(on)
        }
        Schedule::Appointment { .. } => false,
    }
}

fn wall(zone: Tz, instant: DateTime<Utc>) -> NaiveDateTime {
    instant.with_timezone(&zone).naive_local()
}

/// Every run after `from`, up to and including `to`.
fn runs_between(schedule: &Schedule, zone: Tz, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let next = |after: &DateTime<Utc>| schedule.next_after(zone, *after).filter(|run| *run <= to);
    std::iter::successors(next(&from), next).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, rng_seed: RngSeed::Fixed(11), ..ProptestConfig::default() })]

    #[test]
    fn runs_strictly_increase(schedule in schedule(), (zone, now) in zone_and_instant()) {
        let runs = schedule.next_runs(zone, now, 12);
        prop_assert_eq!(runs.len(), 12);
        prop_assert!(runs[0] > now && runs.is_sorted_by(|a, b| a < b), "{:?}", runs);
    }

    #[test]
    fn every_instant_before_a_run_has_it_as_its_next(schedule in schedule(), (zone, now) in zone_and_instant(), part in 0..1_000) {
        let next = schedule.next_after(zone, now).unwrap();
        for instant in [now + (next - now) / 1_000 * part, next - MINUTE, next - TimeDelta::nanoseconds(1)] {
            prop_assert_eq!(schedule.next_after(zone, instant), Some(next), "from {}", instant);
            prop_assert_eq!(schedule.last_until(zone, instant), schedule.last_until(zone, now), "until {}", instant);
        }
        prop_assert_eq!(schedule.last_until(zone, next), Some(next));
    }

    #[test]
    fn a_run_is_a_run_and_the_minute_after_only_if_it_is_scheduled(schedule in schedule(), (zone, now) in zone_and_instant()) {
        let run = schedule.next_after(zone, now).unwrap();
        prop_assert!(schedule.is_run(zone, run));
        prop_assert_eq!(schedule.is_run(zone, run + MINUTE), schedule.next_after(zone, run) == Some(run + MINUTE));
        prop_assert!(!schedule.is_run(zone, run + TimeDelta::nanoseconds(1)));
    }

    #[test]
    fn a_run_shows_its_time_unless_the_clock_skips_it(schedule in schedule(), (zone, now) in zone_and_instant()) {
        for run in schedule.next_runs(zone, now, 6) {
            let shown = wall(zone, run);
            prop_assert_eq!(means(&schedule, shown), !schedule.in_gap(zone, run), "{} shows {}", run, shown);
            if schedule.in_gap(zone, run) {
                let skipped = std::iter::successors(Some(shown - MINUTE), |wall| Some(*wall - MINUTE))
                    .take_while(|skipped| *skipped > wall(zone, run - MINUTE));
                prop_assert!(skipped.into_iter().any(|wall| means(&schedule, wall)), "{} stands for no skipped time", run);
            }
        }
    }

    #[test]
    fn a_window_of_one_interval_ends_where_it_should_and_is_never_empty(schedule in schedule(), (zone, now) in zone_and_instant()) {
        let run = schedule.next_after(zone, now).unwrap();
        for instant in [now, run] {
            let length = instant - schedule.one_interval_before(zone, instant);
            prop_assert!(length > TimeDelta::zero() && length < TimeDelta::days(7 * 52 + 2), "{}", length);
        }
    }

    #[test]
    fn later_wall_clock_times_stand_for_later_instants((zone, now) in zone_and_instant(), minutes in 1..3_000_i64) {
        let (earlier, later) = (wall(zone, now), wall(zone, now) + TimeDelta::minutes(minutes));
        let [earlier, later] = [earlier, later].map(|wall| instant_of(zone, wall.date(), wall.time()));
        prop_assert!(earlier <= later && earlier <= now);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, rng_seed: RngSeed::Fixed(12), ..ProptestConfig::default() })]

    #[test]
    fn a_year_has_the_runs_it_should(schedule in schedule(), zone in select(&ZONES[..]), year in 2009..2038_i32) {
        let new_year = |year| NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
        let [from, to] = [new_year(year), new_year(year + 1)].map(|day| instant_of(zone, day, NaiveTime::MIN) - MINUTE);
        let runs = runs_between(&schedule, zone, from, to);

        let (Schedule::Day { at } | Schedule::Week { at, .. } | Schedule::Month { at, .. }) = &schedule else { unreachable!() };
        let dates = new_year(year).iter_days().take_while(|date| date.year() == year).filter(|date| means(&schedule, date.and_time(*at)));
        // where the midnight of the day that Apia skipped is also the next day's
        let skipped = NaiveDate::from_ymd_opt(2011, 12, 30).unwrap();
        let both = [skipped, skipped + Days::new(1)].iter().all(|date| means(&schedule, date.and_time(NaiveTime::MIN)));
        let merged = usize::from(zone == Tz::Pacific__Apia && year == 2011 && both);
        prop_assert_eq!(runs.len(), dates.count() - merged);

        let shown: HashSet<_> = runs.iter().map(|run| wall(zone, *run)).collect();
        prop_assert_eq!(shown.len(), runs.len(), "one wall-clock time ran twice");
    }

    #[test]
    fn what_the_scheduler_fires_and_the_gaps_make_up_the_runs(schedule in schedule(), (zone, start) in zone_and_instant()) {
        let to = start + TimeDelta::days(400);
        let runs = runs_between(&schedule, zone, start, to);

        let expression = Expression::parse(&schedule.expression().unwrap()).unwrap();
        let fired: Vec<_> = expression
            .firings(zone, wall(zone, start).date() - Days::new(1))
            .take_while(|instant| *instant <= to)
            .filter(|instant| *instant > start && schedule.is_run(zone, *instant))
            .collect();
        let mut sent: Vec<_> = runs.iter().copied().filter(|run| schedule.in_gap(zone, *run)).chain(fired).collect();
        sent.sort();
        prop_assert_eq!(sent, runs);
    }
}
