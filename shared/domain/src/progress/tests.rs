//! Every sentence of T-3 to T-7 as rows of a table. Days are counted from the day the engagement was launched; `at(n)` is
//! ten o'clock on day `n`, UTC.

use chrono::TimeDelta;
use chrono_tz::Tz::{self, America__New_York, Pacific__Apia, Pacific__Auckland, Pacific__Honolulu, UTC};
use ulid::Ulid;

use super::*;
use crate::engagement::{Activity, EngagementDraft, Move, PauseDraft, Session, SessionKind, SessionState, advance, end_pauses};
use crate::person::Actor;
use crate::program::{Program, ProgramKind};
use crate::sample;

pub(super) fn day(n: i64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + TimeDelta::days(n)
}

fn at(n: i64) -> DateTime<Utc> {
    day(n).and_hms_opt(10, 0, 0).unwrap().and_utc()
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(super) const COACH: MemberId = MemberId(Ulid(7));

/// Three weeks; launched on day 0 in the way of its kind.
fn launched(kind: ProgramKind) -> Engagement {
    let program = program(kind);
    let asked = if kind == ProgramKind::CoachMatching { Move::StartMatching } else { Move::Activate };
    advance(&sample::engagement(&program), asked, &program, at(0)).unwrap()
}

fn program(kind: ProgramKind) -> Program {
    sample::program(kind, kind.is_tracked().then_some(3))
}

fn coaching() -> Engagement {
    launched(ProgramKind::OneToOne)
}

fn matching() -> Engagement {
    launched(ProgramKind::CoachMatching)
}

fn moved(engagement: &Engagement, asked: Move, n: i64) -> Engagement {
    advance(engagement, asked, &program(engagement.kind), at(n)).unwrap()
}

fn with(engagement: &Engagement, sessions: &[Session]) -> Engagement {
    Engagement { activity: Activity::of(sessions), ..engagement.clone() }
}

fn starting(engagement: &Engagement, n: i64) -> Engagement {
    Engagement { starts_on: Some(day(n)), ..engagement.clone() }
}

fn weeks(engagement: &Engagement, weeks: Option<u16>) -> Engagement {
    EngagementDraft { threshold_weeks: Some(weeks), ..EngagementDraft::default() }.change(engagement, at(0)).unwrap().unwrap()
}

/// With breaks, each from its first to its last day.
fn paused(engagement: &Engagement, pauses: &[(i64, i64)]) -> Engagement {
    let add = |engagement: Engagement, (first, last): &(i64, i64)| {
        let draft = PauseDraft { starts_on: Some(day(*first)), ends_on: Some(day(*last)), note: None };
        draft.add(&engagement, Actor::System, day(0), at(0)).unwrap()
    };
    pauses.iter().fold(engagement.clone(), add)
}

fn scheduled(n: i64) -> Session {
    sample::session(1, SessionKind::Session, at(n), SessionState::Scheduled)
}

fn completed(n: i64) -> Session {
    Session { state: SessionState::Completed, ..scheduled(n) }
}

fn cancelled(n: i64, on: i64) -> Session {
    Session { state: SessionState::Cancelled, cancelled_at: Some(at(on)), ..scheduled(n) }
}

fn call(session: &Session) -> Session {
    Session { kind: SessionKind::DiscoveryCall, ..session.clone() }
}

/// How an engagement stands, in a few words, with dates as numbers of days.
fn stands(engagement: &Engagement, zone: Tz, now: DateTime<Utc>) -> String {
    let number = |date: NaiveDate| (date - day(0)).num_days();
    let progress = progress(engagement, zone, now);
    let words = match &progress {
        Progress::NotTracking(why) => return format!("{why:?}"),
        Progress::OnTrack(watch) => format!("on, due {}", number(watch.due_on)),
        Progress::OffTrack(watch) => format!("off since {}", number(watch.due_on)),
    };
    let watch = progress.watch().unwrap();
    let risk = if watch.at_risk { ", at risk" } else { "" };
    let missing = watch.missing.map(|step| format!(", {step:?}")).unwrap_or_default();
    format!("{words} by {:?} {}{risk}{missing}", watch.anchor, number(watch.anchored_on))
}

/// Compares the beginning of how each stands at ten o'clock on its day.
fn table(rows: &[(&str, &Engagement, i64, &str)]) {
    for (sentence, engagement, n, expected) in rows {
        let found = stands(engagement, UTC, at(*n));
        assert!(found.starts_with(expected), "{sentence}, on day {n}: {found}, not {expected}");
    }
}

#[test]
fn the_clock_starts_when_it_is_activated_or_enters_matching() {
    let on_demand = launched(ProgramKind::OnDemand);
    table(&[
        ("one to one, activated", &coaching(), 20, "on, due 21 by ClockStart 0"),
        ("one to one, activated", &coaching(), 21, "off since 21 by ClockStart 0"),
        ("on demand, activated", &on_demand, 20, "on, due 21 by ClockStart 0"),
        ("on demand, activated", &on_demand, 21, "off since 21 by ClockStart 0"),
        ("matching", &matching(), 20, "on, due 21 by ClockStart 0"),
        ("matching", &matching(), 21, "off since 21 by ClockStart 0"),
    ]);
}

#[test]
fn the_clock_starts_at_the_start_date_if_that_is_later() {
    table(&[
        ("starts before", &starting(&coaching(), -10), 20, "on, due 21 by ClockStart 0"),
        ("starts before", &starting(&coaching(), -10), 21, "off since 21 by ClockStart 0"),
        ("starts that day", &starting(&coaching(), 0), 21, "off since 21 by ClockStart 0"),
        ("starts later", &starting(&coaching(), 10), 30, "on, due 31 by ClockStart 10"),
        ("starts later", &starting(&coaching(), 10), 31, "off since 31 by ClockStart 10"),
        ("starts in a year", &starting(&coaching(), 365), 1, "on, due 386 by ClockStart 365"),
        ("matching starts later", &starting(&matching(), 10), 31, "off since 31 by ClockStart 10"),
        ("a session before the start", &with(&starting(&coaching(), 10), &[completed(5)]), 30, "on, due 31 by ClockStart 10"),
        ("a session to come before the start", &with(&starting(&coaching(), 10), &[scheduled(5)]), 1, "on, due 31 by ClockStart 10"),
        ("a session on the start", &with(&starting(&coaching(), 10), &[completed(10)]), 30, "on, due 31 by Session 10"),
        ("a call before the start", &with(&starting(&matching(), 10), &[call(&completed(5))]), 30, "on, due 31 by ClockStart 10"),
    ]);
}

#[test]
fn activating_again_starts_the_clock_again() {
    let inactive = moved(&coaching(), Move::Deactivate, 30);
    let again = moved(&inactive, Move::Activate, 40);
    let completed_once = moved(&coaching(), Move::Complete, 30);
    let matching_again = moved(&moved(&matching(), Move::Deactivate, 30), Move::StartMatching, 40);
    table(&[
        ("inactive", &inactive, 40, "NotActive"),
        ("activated again", &again, 40, "on, due 61 by ClockStart 40"),
        ("activated again", &again, 61, "off since 61 by ClockStart 40"),
        ("sessions before do not count", &with(&again, &[completed(35), cancelled(39, 39)]), 60, "on, due 61 by ClockStart 40"),
        ("a session that day does", &with(&again, &[completed(40)]), 60, "on, due 61 by Session 40"),
        ("a session still to come does", &with(&again, &[scheduled(50)]), 41, "on, due 71 by Session 50"),
        ("completed, activated again", &moved(&completed_once, Move::Activate, 40), 61, "off since 61 by ClockStart 40"),
        ("matching again", &matching_again, 61, "off since 61 by ClockStart 40"),
        ("calls before do not count", &with(&matching_again, &[call(&completed(20))]), 61, "off since 61 by ClockStart 40"),
    ]);
}

#[test]
fn activation_after_matching_starts_the_clock_of_sessions() {
    let selected = moved(&with(&matching(), &[call(&completed(8))]), Move::SelectCoach(COACH), 10);
    let active = moved(&selected, Move::Activate, 15);
    table(&[
        ("selected", &selected, 15, "on, due 31 by CoachSelection 10"),
        ("activated", &active, 35, "on, due 36 by ClockStart 15"),
        ("activated", &active, 36, "off since 36 by ClockStart 15"),
        ("calls count no more", &with(&active, &[call(&scheduled(60))]), 36, "off since 36 by ClockStart 15"),
        ("sessions count", &with(&active, &[completed(20)]), 36, "on, due 41 by Session 20"),
    ]);
}

#[test]
fn the_anchor_is_the_latest_session_on_or_after_the_clock_start() {
    table(&[
        ("none", &with(&coaching(), &[]), 1, "on, due 21 by ClockStart 0"),
        ("completed", &with(&coaching(), &[completed(15)]), 36, "off since 36 by Session 15"),
        ("past, still marked scheduled", &with(&coaching(), &[scheduled(15)]), 35, "on, due 36 by Session 15"),
        ("past, still marked scheduled", &with(&coaching(), &[scheduled(15)]), 36, "off since 36 by Session 15"),
        ("cancelled after its date", &with(&coaching(), &[cancelled(12, 14)]), 33, "off since 33 by Session 12"),
        ("cancelled on its date", &with(&coaching(), &[cancelled(12, 12)]), 33, "off since 33 by Session 12"),
        ("cancelled before its date", &with(&coaching(), &[cancelled(60, 12)]), 33, "off since 33 by Session 12"),
        ("the latest of several", &with(&coaching(), &[completed(9), cancelled(60, 12), scheduled(3)]), 33, "off since 33 by Session 12"),
        ("on the day of the launch, hours before", &with(&coaching(), &[completed(0)]), 20, "on, due 21 by Session 0"),
        ("the day before the launch", &with(&coaching(), &[completed(-1)]), 20, "on, due 21 by ClockStart 0"),
        ("a discovery call is no session", &with(&coaching(), &[call(&completed(15))]), 21, "off since 21 by ClockStart 0"),
    ]);
}

#[test]
fn a_session_to_come_keeps_it_on_track_however_far_off() {
    table(&[
        ("tomorrow", &with(&coaching(), &[scheduled(22)]), 21, "on, due 43 by Session 22"),
        ("next year", &with(&coaching(), &[scheduled(400)]), 300, "on, due 421 by Session 400"),
        ("besides an old one", &with(&coaching(), &[completed(1), scheduled(400)]), 399, "on, due 421 by Session 400"),
        ("two to come", &with(&coaching(), &[scheduled(400), scheduled(30)]), 399, "on, due 421 by Session 400"),
        ("until it is past", &with(&coaching(), &[scheduled(400)]), 421, "off since 421 by Session 400"),
    ]);
    let begun = with(&coaching(), &[scheduled(21)]);
    assert_eq!(stands(&begun, UTC, at(21) - TimeDelta::milliseconds(1)), "on, due 42 by Session 21");
    assert_eq!(stands(&begun, UTC, at(21)), "on, due 42 by Session 21, ScheduleSession");
    let late_today = with(&coaching(), &[Session { starts_at: at(21) + TimeDelta::hours(13), ..scheduled(21) }]);
    assert_eq!(stands(&late_today, UTC, at(21)), "on, due 42 by Session 21");
}

#[test]
fn the_threshold_is_counted_in_weeks() {
    table(&[
        ("one", &weeks(&coaching(), Some(1)), 6, "on, due 7"),
        ("one", &weeks(&coaching(), Some(1)), 7, "off since 7"),
        ("fifty-two", &weeks(&coaching(), Some(52)), 363, "on, due 364"),
        ("fifty-two", &weeks(&coaching(), Some(52)), 364, "off since 364"),
        ("none", &weeks(&coaching(), None), 364, "NotEnabled"),
    ]);
}

#[test]
fn matching_counts_from_the_selection_else_the_latest_call_else_its_start() {
    let selected = |engagement: &Engagement, n| moved(engagement, Move::SelectCoach(COACH), n);
    table(&[
        ("no call", &matching(), 20, "on, due 21 by ClockStart 0"),
        ("a call that took place", &with(&matching(), &[call(&completed(8))]), 29, "off since 29 by DiscoveryCall 8"),
        ("the latest of calls", &with(&matching(), &[call(&completed(8)), call(&completed(4))]), 29, "off since 29 by DiscoveryCall 8"),
        ("a call that was cancelled", &with(&matching(), &[call(&cancelled(30, 8))]), 29, "off since 29 by DiscoveryCall 8"),
        ("a past call still marked scheduled", &with(&matching(), &[call(&scheduled(8))]), 29, "off since 29 by DiscoveryCall 8"),
        ("a call to come", &with(&matching(), &[call(&scheduled(90))]), 80, "on, due 111 by DiscoveryCall 90"),
        ("a session is no call", &with(&matching(), &[scheduled(90)]), 21, "off since 21 by ClockStart 0"),
        ("selected", &selected(&matching(), 10), 30, "on, due 31 by CoachSelection 10"),
        ("selected", &selected(&matching(), 10), 31, "off since 31 by CoachSelection 10"),
        (
            "selected, with an older call",
            &selected(&with(&matching(), &[call(&completed(8))]), 10),
            31,
            "off since 31 by CoachSelection 10",
        ),
        (
            "selected, with a later call",
            &with(&selected(&matching(), 10), &[call(&completed(20))]),
            31,
            "off since 31 by CoachSelection 10",
        ),
        ("assigned", &moved(&matching(), Move::AssignCoach(COACH), 10), 31, "off since 31 by CoachSelection 10"),
        ("a call still ahead holds", &with(&selected(&matching(), 10), &[call(&scheduled(40))]), 39, "on, due 41 by CoachSelection 10"),
        ("through its day", &with(&selected(&matching(), 10), &[call(&scheduled(40))]), 40, "on, due 41 by CoachSelection 10"),
        ("and no longer", &with(&selected(&matching(), 10), &[call(&scheduled(40))]), 41, "off since 41 by CoachSelection 10"),
        (
            "cancelled, it held until then",
            &with(&selected(&matching(), 10), &[call(&cancelled(40, 32))]),
            33,
            "off since 33 by CoachSelection 10",
        ),
        (
            "completed, it held until then",
            &with(&selected(&matching(), 10), &[call(&completed(40))]),
            42,
            "off since 41 by CoachSelection 10",
        ),
        (
            "a call within the threshold",
            &with(&selected(&matching(), 10), &[call(&scheduled(12))]),
            31,
            "off since 31 by CoachSelection 10",
        ),
        ("selected before the start date", &selected(&starting(&matching(), 20), 10), 41, "off since 41 by ClockStart 20"),
    ]);
}

#[test]
fn only_what_runs_and_has_a_threshold_is_tracked() {
    let draft = sample::engagement(&program(ProgramKind::OneToOne));
    let deleted = moved(&coaching(), Move::Delete, 5);
    let group = launched(ProgramKind::Group);
    let forced = Engagement { settings: program(ProgramKind::OneToOne).settings, ..group.clone() };
    table(&[
        ("draft", &draft, 30, "NotActive"),
        ("inactive", &moved(&coaching(), Move::Deactivate, 5), 30, "NotActive"),
        ("matching, inactive", &moved(&matching(), Move::Deactivate, 5), 30, "NotActive"),
        ("completed", &moved(&coaching(), Move::Complete, 5), 30, "NotActive"),
        ("deleted", &deleted, 30, "NotActive"),
        ("deleted and restored", &moved(&deleted, Move::Restore, 6), 30, "off since 21 by ClockStart 0"),
        ("no threshold", &weeks(&coaching(), None), 30, "NotEnabled"),
        ("no threshold, matching", &weeks(&matching(), None), 30, "NotEnabled"),
        ("no threshold, inactive", &weeks(&moved(&coaching(), Move::Deactivate, 5), None), 30, "NotActive"),
        ("group", &group, 30, "NotEnabled"),
        ("group, whatever is stored", &forced, 30, "NotEnabled"),
    ]);
}

#[test]
fn off_track_since_is_the_day_it_crossed_however_late_one_looks() {
    for n in [21, 22, 23, 60, 400] {
        let progress = progress(&coaching(), UTC, at(n));
        assert_eq!((progress.status(), progress.off_track_since()), (Status::OffTrack, Some(day(21))));
    }
    let before = progress(&coaching(), UTC, at(20));
    assert_eq!((before.status(), before.off_track_since()), (Status::OnTrack, None));
    let never = progress(&weeks(&coaching(), None), UTC, at(20));
    assert_eq!((never.status(), never.off_track_since()), (Status::NotTracking, None));
}

#[test]
fn scheduling_or_logging_brings_it_back() {
    table(&[
        ("nothing", &coaching(), 25, "off since 21"),
        ("scheduled", &with(&coaching(), &[scheduled(26)]), 25, "on, due 47"),
        ("logged within the threshold", &with(&coaching(), &[completed(15)]), 25, "on, due 36"),
        ("logged too long ago", &with(&coaching(), &[completed(3)]), 25, "off since 24"),
        ("a call", &with(&matching(), &[call(&scheduled(26))]), 25, "on, due 47"),
        ("a call that took place", &with(&matching(), &[call(&completed(15))]), 25, "on, due 36"),
        ("a coach", &moved(&matching(), Move::SelectCoach(COACH), 25), 25, "on, due 46"),
    ]);
}

#[test]
fn three_weeks_without_a_session_are_too_many() {
    table(&[
        ("twenty days", &coaching(), 20, "on, due 21"),
        ("twenty-one", &coaching(), 21, "off since 21"),
        ("looked at two days later", &coaching(), 23, "off since 21"),
    ]);
}

#[test]
fn a_session_far_off_holds_until_it_is_cancelled() {
    table(&[
        ("set", &with(&coaching(), &[scheduled(60)]), 40, "on, due 81"),
        ("cancelled on day 30", &with(&coaching(), &[cancelled(60, 30)]), 50, "on, due 51"),
        ("cancelled on day 30", &with(&coaching(), &[cancelled(60, 30)]), 51, "off since 51"),
    ]);
}

#[test]
fn what_is_logged_late_counts_at_its_date() {
    table(&[
        ("completed, logged late", &with(&coaching(), &[completed(15)]), 30, "on, due 36 by Session 15"),
        ("cancelled", &with(&coaching(), &[cancelled(12, 20)]), 30, "on, due 33 by Session 12"),
    ]);
}

#[test]
fn a_program_that_is_changed_later_changes_no_threshold() {
    let engagement = coaching();
    let stricter = Program {
        settings: crate::program::Settings { threshold_weeks: Some(1), off_track_notifications: false },
        ..program(engagement.kind)
    };
    let again = advance(&advance(&engagement, Move::Deactivate, &stricter, at(1)).unwrap(), Move::Activate, &stricter, at(2)).unwrap();
    table(&[("three weeks", &engagement, 20, "on, due 21"), ("launched again", &again, 22, "on, due 23")]);
}

#[test]
fn matching_goes_off_track_and_comes_back() {
    let with_call = with(&matching(), &[call(&scheduled(30))]);
    table(&[
        ("no call by the threshold", &matching(), 21, "off since 21"),
        ("call scheduled", &with_call, 21, "on, due 51"),
        ("coach selected", &moved(&with_call, Move::SelectCoach(COACH), 31), 51, "on, due 52"),
    ]);
}

#[test]
fn days_are_days_of_the_organisations_calendar() {
    // half past midnight on 2 January in Auckland, the morning of 1 January in New York
    let launch = utc("2026-01-01T11:30:00Z");
    let program = program(ProgramKind::OneToOne);
    let engagement = advance(&sample::engagement(&program), Move::Activate, &program, launch).unwrap();
    let late_session = with(&engagement, &[Session { starts_at: utc("2026-01-11T03:30:00Z"), ..completed(0) }]);
    for (engagement, zone, crosses_at, since) in [
        (&engagement, Pacific__Auckland, "2026-01-22T11:00:00Z", "2026-01-23"),
        (&engagement, America__New_York, "2026-01-22T05:00:00Z", "2026-01-22"),
        (&engagement, UTC, "2026-01-22T00:00:00Z", "2026-01-22"),
        (&engagement, Pacific__Honolulu, "2026-01-22T10:00:00Z", "2026-01-22"),
        // an afternoon there, half past ten in the evening of the day before here
        (&late_session, Pacific__Auckland, "2026-01-31T11:00:00Z", "2026-02-01"),
        (&late_session, America__New_York, "2026-01-31T05:00:00Z", "2026-01-31"),
    ] {
        let crosses_at = utc(crosses_at);
        let stands = |now| progress(engagement, zone, now).off_track_since();
        assert_eq!(stands(crosses_at - TimeDelta::milliseconds(1)), None, "{zone}");
        assert_eq!(stands(crosses_at), Some(date(since)), "{zone}");
        assert_eq!(swept_at(date(since), zone), crosses_at + TimeDelta::hours(8), "{zone}");
    }
}

#[test]
fn days_hold_where_the_clocks_change() {
    let program = program(ProgramKind::OneToOne);
    for (zone, launch, crosses_at, since, swept) in [
        // an hour less, and an hour more, on the way
        (America__New_York, "2026-03-01T05:00:00Z", "2026-03-22T04:00:00Z", "2026-03-22", "2026-03-22T12:00:00Z"),
        (America__New_York, "2026-10-20T03:59:00Z", "2026-11-09T05:00:00Z", "2026-11-09", "2026-11-09T13:00:00Z"),
        (Pacific__Auckland, "2026-03-20T11:00:00Z", "2026-04-10T12:00:00Z", "2026-04-11", "2026-04-10T20:00:00Z"),
        (Pacific__Auckland, "2026-09-10T12:00:00Z", "2026-10-01T11:00:00Z", "2026-10-02", "2026-10-01T19:00:00Z"),
        // due on the very day of the change
        (America__New_York, "2026-02-15T17:00:00Z", "2026-03-08T05:00:00Z", "2026-03-08", "2026-03-08T12:00:00Z"),
        (Pacific__Auckland, "2026-03-15T00:00:00Z", "2026-04-04T11:00:00Z", "2026-04-05", "2026-04-04T20:00:00Z"),
        // there was no midnight, and no 30 December
        (Tz::America__Havana, "2025-02-16T12:00:00Z", "2025-03-09T05:00:00Z", "2025-03-09", "2025-03-09T12:00:00Z"),
        (Pacific__Apia, "2011-12-09T20:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30", "2011-12-30T10:00:00Z"),
    ] {
        let engagement = advance(&sample::engagement(&program), Move::Activate, &program, utc(launch)).unwrap();
        let stands = |now| progress(&engagement, zone, now).off_track_since();
        assert_eq!(stands(utc(crosses_at) - TimeDelta::milliseconds(1)), None, "{zone} {launch}");
        assert_eq!(stands(utc(crosses_at)), Some(date(since)), "{zone} {launch}");
        assert_eq!(swept_at(date(since), zone), utc(swept), "{zone} {launch}");
    }
}

#[test]
fn days_of_breaks_do_not_count() {
    let due = |pauses: &[(i64, i64)]| stands(&paused(&coaching(), pauses), UTC, at(0));
    for (sentence, pauses, expected) in [
        ("none", &[][..], 21),
        ("a day", &[(5, 5)], 22),
        ("five days", &[(5, 9)], 26),
        ("two apart", &[(5, 9), (12, 12)], 27),
        ("in whatever order they are added", &[(12, 12), (5, 9)], 27),
        ("adjacent", &[(5, 9), (10, 12)], 29),
        ("overlapping", &[(5, 9), (8, 12)], 29),
        ("one inside another", &[(5, 14), (8, 9)], 31),
        ("twice the same", &[(5, 9), (5, 9)], 26),
        ("from the same day, the longer first or last", &[(5, 14), (5, 9)], 31),
        ("from the first day", &[(0, 4)], 26),
        ("begun before the first day", &[(-10, 4)], 26),
        ("over before the first day", &[(-10, -1)], 21),
        ("over on the first day", &[(-10, 0)], 22),
        ("over on the last day", &[(20, 20)], 22),
        ("on the due day", &[(21, 21)], 22),
        ("across the due day", &[(19, 30)], 33),
        ("after the due day", &[(22, 30)], 21),
        ("on the due day that another break made", &[(5, 9), (26, 27)], 28),
        ("after the due day, but for another break", &[(21, 21), (22, 22)], 23),
        ("longer than the threshold", &[(5, 99)], 116),
        ("all the time", &[(-10, 99)], 121),
    ] {
        assert!(due(pauses).starts_with(&format!("on, due {expected} by")), "{sentence}: {} not {expected}", due(pauses));
    }
}

#[test]
fn a_break_moves_whatever_the_clock_counts_from() {
    let selected = moved(&matching(), Move::SelectCoach(COACH), 10);
    table(&[
        ("a session before a break", &paused(&with(&coaching(), &[completed(4)]), &[(10, 14)]), 29, "on, due 30 by Session 4"),
        ("a session in a break", &paused(&with(&coaching(), &[completed(12)]), &[(10, 14)]), 35, "on, due 36 by Session 12"),
        ("a session after a break", &paused(&with(&coaching(), &[completed(15)]), &[(10, 14)]), 36, "off since 36 by Session 15"),
        ("a start date in a break", &paused(&starting(&coaching(), 12), &[(10, 14)]), 36, "off since 36 by ClockStart 12"),
        ("off track, and a break from today", &paused(&coaching(), &[(25, 30)]), 25, "off since 21"),
        ("off track, and a break that is noted late", &paused(&coaching(), &[(18, 30)]), 25, "on, due 34"),
        ("a call", &paused(&with(&matching(), &[call(&completed(4))]), &[(10, 14)]), 30, "off since 30 by DiscoveryCall 4"),
        ("a selection", &paused(&selected, &[(12, 16)]), 36, "off since 36 by CoachSelection 10"),
        ("the day after a call that held", &paused(&with(&selected, &[call(&scheduled(40))]), &[(41, 45)]), 45, "on, due 46"),
    ]);
}

#[test]
fn a_break_that_is_ended_counts_until_yesterday() {
    let until_day = |n| end_pauses(&paused(&coaching(), &[(5, 60), (80, 90)]), day(n), at(n)).unwrap();
    table(&[("after five days", &until_day(10), 10, "on, due 26"), ("on its first day", &until_day(5), 5, "on, due 21")]);
    let at_the_due_day = end_pauses(&paused(&coaching(), &[(21, 60)]), day(30), at(30)).unwrap();
    table(&[("nothing of the threshold was left", &at_the_due_day, 30, "off since 30")]);
}

#[test]
fn it_is_at_risk_in_the_last_week_while_nothing_is_scheduled() {
    let threshold = |n| weeks(&coaching(), Some(n));
    let selected = moved(&matching(), Move::SelectCoach(COACH), 10);
    let held = with(&selected, &[call(&scheduled(40))]);
    table(&[
        ("a week before", &coaching(), 13, "on, due 21 by ClockStart 0, ScheduleSession"),
        ("a week before", &coaching(), 14, "on, due 21 by ClockStart 0, at risk, ScheduleSession"),
        ("until it is due", &coaching(), 20, "on, due 21 by ClockStart 0, at risk, ScheduleSession"),
        ("but not once it is off track", &coaching(), 21, "off since 21 by ClockStart 0, ScheduleSession"),
        ("a session to come", &with(&coaching(), &[scheduled(23)]), 22, "on, due 44 by Session 23"),
        ("the session was", &with(&coaching(), &[scheduled(23)]), 24, "on, due 44 by Session 23, ScheduleSession"),
        ("and a week before", &with(&coaching(), &[scheduled(23)]), 37, "on, due 44 by Session 23, at risk, ScheduleSession"),
        ("a third of one week", &threshold(1), 4, "on, due 7 by ClockStart 0, ScheduleSession"),
        ("a third of one week", &threshold(1), 5, "on, due 7 by ClockStart 0, at risk"),
        ("a third of two weeks", &threshold(2), 9, "on, due 14 by ClockStart 0, ScheduleSession"),
        ("a third of two weeks", &threshold(2), 10, "on, due 14 by ClockStart 0, at risk"),
        ("a week of a year", &threshold(52), 356, "on, due 364 by ClockStart 0, ScheduleSession"),
        ("a week of a year", &threshold(52), 357, "on, due 364 by ClockStart 0, at risk"),
        ("not for months in a break", &paused(&coaching(), &[(15, 99)]), 50, "on, due 106 by ClockStart 0, ScheduleSession"),
        ("a week before, after a break", &paused(&coaching(), &[(15, 99)]), 99, "on, due 106 by ClockStart 0, at risk"),
        ("with a call ahead", &held, 39, "on, due 41 by CoachSelection 10"),
    ]);
    assert!(!stands(&held, UTC, at(39)).contains("at risk"));
}

#[test]
fn it_says_which_step_is_missing() {
    let missing = |engagement: &Engagement, n| progress(engagement, UTC, at(n)).watch().unwrap().missing;
    let called = with(&matching(), &[call(&completed(4))]);
    let selected = moved(&called, Move::SelectCoach(COACH), 10);
    for (sentence, engagement, expected) in [
        ("coaching", coaching(), Some(Step::ScheduleSession)),
        ("coaching, after sessions", with(&coaching(), &[completed(4)]), Some(Step::ScheduleSession)),
        ("coaching, with one scheduled", with(&coaching(), &[completed(4), scheduled(50)]), None),
        ("coaching, with only a call scheduled", with(&coaching(), &[call(&scheduled(50))]), Some(Step::ScheduleSession)),
        ("matching", matching(), Some(Step::ScheduleDiscoveryCall)),
        ("matching, with a call ahead", with(&matching(), &[call(&scheduled(50))]), None),
        ("matching, with only a session ahead", with(&matching(), &[scheduled(50)]), Some(Step::ScheduleDiscoveryCall)),
        ("matching, after a call", called.clone(), Some(Step::SelectCoach)),
        ("matching, after a call that was cancelled", with(&matching(), &[call(&cancelled(20, 4))]), Some(Step::SelectCoach)),
        ("selected", selected.clone(), Some(Step::Activate)),
        ("selected, with a call ahead", with(&selected, &[call(&scheduled(50))]), None),
        ("activated", moved(&selected, Move::Activate, 11), Some(Step::ScheduleSession)),
    ] {
        assert_eq!(missing(&engagement, 12), expected, "{sentence}");
        assert_eq!(missing(&engagement, 40), expected, "{sentence}, off track or nearly");
    }
}

// How it is filed.

fn anew(engagement: &Engagement, n: i64) -> Tracking {
    file(None, engagement, None, UTC, at(n))
}

/// How it is filed after a change on day `n`.
fn then(tracking: &Tracking, before: &Engagement, after: &Engagement, n: i64) -> Tracking {
    file(Some((tracking, &progress(before, UTC, at(n)))), after, None, UTC, at(n))
}

fn swept(tracking: &Tracking, n: i64) -> Tracking {
    tracking.cross(UTC, at(n)).unwrap().tracking
}

/// Episodes as `since..until`, with the days on which they were noticed.
fn history(tracking: &Tracking) -> String {
    let number = |date: NaiveDate| (date - day(0)).num_days().to_string();
    let word = |episode: &Episode| {
        let until = episode.until.map(number).unwrap_or_default();
        let noticed = episode.noticed_at.map_or("-".into(), |at| number(at.date_naive()));
        format!("{}..{until} ({noticed})", number(episode.since))
    };
    tracking.episodes.iter().map(word).collect::<Vec<_>>().join(", ")
}

#[test]
fn it_is_filed_for_the_morning_of_the_day_it_is_due() {
    let engagement = Engagement { coach_id: Some(COACH), location_id: Some(LocationId(Ulid(5))), ..coaching() };
    let email = Email::parse("amber@x.example").unwrap();
    let tracking = file(None, &engagement, Some(&email), Pacific__Auckland, at(0));
    assert_eq!(
        tracking,
        Tracking {
            engagement_id: engagement.id,
            client_id: engagement.client_id,
            client_email: Some(email),
            coach_id: Some(COACH),
            owner_organisation_id: sample::organisation(),
            owner_id: None,
            location_id: Some(LocationId(Ulid(5))),
            notifies: true,
            due_on: Some(day(21)),
            due_at: Some(utc("2026-01-21T19:00:00Z")),
            crossed_on: BTreeSet::new(),
            episodes: Vec::new(),
            version: 1,
        }
    );
    let moved_on = then(&tracking, &engagement, &with(&engagement, &[scheduled(60)]), 5);
    assert_eq!((moved_on.due_on, moved_on.due_at, moved_on.version), (Some(day(81)), Some(swept_at(day(81), UTC)), 2));
}

#[test]
fn what_is_not_tracked_is_not_in_the_index() {
    let filed = anew(&coaching(), 0);
    for after in [
        moved(&coaching(), Move::Deactivate, 5),
        moved(&coaching(), Move::Complete, 5),
        moved(&coaching(), Move::Delete, 5),
        weeks(&coaching(), None),
    ] {
        let filed = then(&filed, &coaching(), &after, 5);
        assert_eq!((filed.due_on, filed.due_at), (None, None));
    }
    let draft = anew(&sample::engagement(&program(ProgramKind::OneToOne)), 0);
    assert_eq!((draft.due_on, draft.due_at), (None, None));
}

#[test]
fn the_sweep_notices_a_crossing_once_from_eight_in_the_morning() {
    let tracking = anew(&coaching(), 0);
    let eight = swept_at(day(21), UTC);
    assert_eq!(tracking.cross(UTC, at(20)), None);
    assert_eq!(tracking.cross(UTC, eight - TimeDelta::milliseconds(1)), None);
    let crossed = tracking.cross(UTC, eight).unwrap();
    assert_eq!((crossed.since, crossed.is_news), (day(21), true));
    assert_eq!((crossed.tracking.due_on, crossed.tracking.due_at), (Some(day(21)), None));
    assert_eq!(history(&crossed.tracking), "21.. (21)");
    assert_eq!(crossed.tracking.version, tracking.version + 1);
    assert_eq!(crossed.tracking.cross(UTC, at(22)), None);
    assert_eq!(anew(&weeks(&coaching(), None), 0).cross(UTC, at(400)), None);
}

#[test]
fn a_crossing_is_news_for_seven_days() {
    for (n, is_news) in [(21, true), (23, true), (28, true), (29, false), (100, false)] {
        let crossed = anew(&coaching(), 0).cross(UTC, at(n)).unwrap();
        assert_eq!((crossed.since, crossed.is_news), (day(21), is_news), "on day {n}");
    }
}

#[test]
fn an_engagement_that_was_off_track_before_it_was_filed_is_noticed_as_what_it_is() {
    let imported = anew(&coaching(), 90);
    assert_eq!((imported.due_at, history(&imported).as_str()), (Some(swept_at(day(21), UTC)), ""));
    let crossed = imported.cross(UTC, at(90)).unwrap();
    assert_eq!((crossed.since, crossed.is_news), (day(21), false));
}

#[test]
fn each_time_it_goes_off_track_is_an_episode() {
    let (engagement, tracking) = (coaching(), swept(&anew(&coaching(), 0), 21));
    let back = with(&engagement, &[completed(24)]);
    let tracking = then(&tracking, &engagement, &back, 24);
    assert_eq!((history(&tracking).as_str(), tracking.due_at), ("21..24 (21)", Some(swept_at(day(45), UTC))));
    let tracking = swept(&tracking, 46);
    assert_eq!(history(&tracking), "21..24 (21), 45.. (46)");
    let tracking = then(&tracking, &back, &moved(&back, Move::Deactivate, 50), 50);
    assert_eq!(history(&tracking), "21..24 (21), 45..50 (46)");
}

#[test]
fn what_came_back_before_the_sweep_is_on_record_and_was_not_noticed() {
    let (engagement, filed) = (coaching(), anew(&coaching(), 0));
    let back = with(&engagement, &[scheduled(30)]);
    let on = then(&filed, &engagement, &back, 21);
    assert_eq!(history(&on), "21..21 (-)");
    // taken back, it is off track since the same day, and still to be noticed
    let off = then(&on, &back, &engagement, 22);
    assert_eq!((history(&off).as_str(), off.due_at), ("21..21 (-)", Some(swept_at(day(21), UTC))));
    assert_eq!(history(&then(&off, &engagement, &back, 24)), "21..24 (-)");
    assert_eq!(history(&swept(&off, 23)), "21.. (23)");
}

#[test]
fn a_change_that_is_taken_back_goes_on_with_the_episode() {
    let engagement = coaching();
    let tracking = swept(&anew(&engagement, 0), 21);
    for change in [
        weeks(&engagement, Some(10)),
        weeks(&engagement, None),
        moved(&engagement, Move::Delete, 22),
        paused(&engagement, &[(5, 30)]),
        with(&engagement, &[scheduled(90)]),
    ] {
        let changed = then(&tracking, &engagement, &change, 22);
        assert_eq!(history(&changed), "21..22 (21)");
        let back = then(&changed, &change, &engagement, 25);
        assert_eq!((history(&back).as_str(), back.due_at), ("21.. (21)", None));
    }
}

#[test]
fn staying_off_track_is_not_noticed_again_whatever_its_day_turns_out_to_be() {
    let engagement = coaching();
    let tracking = swept(&anew(&engagement, 0), 22);
    for (sentence, change, since) in [
        ("a session logged late", with(&engagement, &[completed(5)]), 26),
        ("a session that had been cancelled", with(&engagement, &[cancelled(8, 3)]), 24),
        ("a break noted late", paused(&engagement, &[(10, 12)]), 24),
        ("a longer threshold", weeks(&engagement, Some(4)), 28),
        ("a shorter threshold", weeks(&engagement, Some(1)), 7),
        ("a later start", starting(&engagement, 4), 25),
    ] {
        let corrected = then(&tracking, &engagement, &change, 30);
        assert_eq!((corrected.due_on, corrected.due_at), (Some(day(since)), None), "{sentence}");
        assert_eq!(history(&corrected), format!("{since}.. (22)"), "{sentence}");
        assert_eq!(corrected.cross(UTC, at(31)), None, "{sentence}");
        let back = then(&corrected, &change, &engagement, 31);
        assert_eq!((history(&back).as_str(), back.due_at), ("21.. (22)", None), "{sentence}, taken back");
    }
}

#[test]
fn what_nobody_noticed_yet_is_noticed_at_its_corrected_day() {
    let (engagement, filed) = (coaching(), anew(&coaching(), 0));
    let longer = weeks(&engagement, Some(4));
    let corrected = then(&filed, &engagement, &longer, 30);
    assert_eq!((history(&corrected).as_str(), corrected.due_at), ("", Some(swept_at(day(28), UTC))));
    assert_eq!(history(&swept(&corrected, 30)), "28.. (30)");
}

#[test]
fn a_day_that_was_noticed_is_never_noticed_again() {
    let (three, five, ten) = (coaching(), weeks(&coaching(), Some(5)), weeks(&coaching(), Some(10)));
    let tracking = swept(&anew(&three, 0), 21);
    let tracking = swept(&then(&tracking, &three, &five, 22), 35);
    assert_eq!(history(&tracking), "21..22 (21), 35.. (35)");
    let tracking = then(&tracking, &five, &ten, 36);
    let tracking = then(&tracking, &ten, &three, 37);
    assert_eq!((history(&tracking).as_str(), tracking.due_at), ("21.. (21), 35..36 (35)", None));
    // and straight from one to the other
    let tracking = then(&tracking, &three, &five, 38);
    assert_eq!((history(&tracking).as_str(), tracking.due_at), ("35.. (35)", None));
    let tracking = then(&then(&tracking, &five, &ten, 39), &ten, &three, 40);
    assert_eq!((history(&tracking).as_str(), tracking.due_at), ("21.. (40), 35..39 (35)", None));
}

#[test]
fn a_row_stays_small() {
    let engagement = coaching();
    let mut tracking = anew(&engagement, 0);
    for n in 1..=60 {
        let before = with(&engagement, &[completed(n * 30 - 30)]);
        let after = with(&engagement, &[completed(n * 30)]);
        tracking = then(&swept(&tracking, n * 30 - 5), &before, &after, n * 30);
    }
    assert_eq!((tracking.episodes.len(), tracking.crossed_on.len()), (50, 50));
    assert_eq!(tracking.episodes.last().unwrap().until, Some(day(60 * 30)));
    // the one it is in is kept, however long ago it turns out to have begun
    let last = with(&engagement, &[completed(60 * 30)]);
    let corrected = then(&swept(&tracking, 60 * 30 + 25), &last, &engagement, 60 * 30 + 26);
    let noticed = swept(&then(&tracking, &last, &engagement, 60 * 30 + 5), 60 * 30 + 6);
    for tracking in [corrected, then(&noticed, &engagement, &engagement, 60 * 30 + 7)] {
        assert_eq!((tracking.episodes.len(), tracking.crossed_on.len(), tracking.due_at), (50, 50, None));
        assert_eq!((tracking.episodes[0].since, tracking.episodes[0].until), (day(21), None));
        assert!(tracking.crossed_on.contains(&day(21)));
    }
}

// The organisation's calendar changes.

#[test]
fn what_was_noticed_is_not_due_again_on_another_calendar() {
    let launch = utc("2026-01-01T11:30:00Z");
    let engagement = Engagement { launched_at: Some(launch), ..coaching() };
    let filed = file(None, &engagement, None, Pacific__Auckland, launch);
    let tracking = filed.cross(Pacific__Auckland, utc("2026-01-22T19:00:00Z")).unwrap().tracking;
    assert_eq!(history(&tracking), "22.. (21)");
    let now = utc("2026-01-30T10:00:00Z");
    let west = refile(&tracking, &engagement, None, America__New_York, now);
    assert_eq!((west.due_on, west.due_at, history(&west).as_str()), (Some(day(21)), None, "21.. (21)"));
    let east = refile(&west, &engagement, None, Pacific__Auckland, now);
    assert_eq!((east.due_on, east.due_at, history(&east).as_str()), (Some(day(22)), None, "22.. (21)"));
}

#[test]
fn what_was_noticed_today_stays_noticed_where_it_is_yesterday() {
    // noticed at eight in the morning of the 22nd in Auckland, and in Honolulu it is the 21st
    let (engagement, now) = (Engagement { launched_at: Some(utc("2026-01-01T10:30:00Z")), ..coaching() }, utc("2026-01-21T19:00:00Z"));
    let tracking = file(None, &engagement, None, Pacific__Auckland, at(0)).cross(Pacific__Auckland, now).unwrap().tracking;
    let refiled = refile(&tracking, &engagement, None, Pacific__Honolulu, now);
    assert_eq!(progress(&engagement, Pacific__Honolulu, now).status(), Status::OnTrack);
    assert_eq!((refiled.due_on, refiled.due_at, history(&refiled).as_str()), (Some(day(21)), None, "21.. (20)"));
    let tomorrow = now + TimeDelta::days(1);
    assert_eq!(progress(&engagement, Pacific__Honolulu, tomorrow).off_track_since(), Some(day(21)));
    // one that ends before its day comes ends on that day
    let back = with(&engagement, &[scheduled(60)]);
    let ended = file(Some((&refiled, &progress(&engagement, Pacific__Honolulu, now))), &back, None, Pacific__Honolulu, now);
    assert_eq!(history(&ended), "21..21 (20)");
}

#[test]
fn what_was_not_noticed_yet_is_due_by_the_new_calendar() {
    let engagement = coaching();
    let filed = anew(&engagement, 0);
    for now in [at(5), at(30)] {
        let refiled = refile(&filed, &engagement, None, America__New_York, now);
        assert_eq!((refiled.due_on, refiled.due_at), (Some(day(21)), Some(utc("2026-01-22T13:00:00Z"))));
        assert_eq!((history(&refiled).as_str(), refiled.version), ("", filed.version + 1));
    }
}

#[test]
fn what_is_filed_by_another_calendar_is_noticed_when_its_day_has_come() {
    let filed = file(None, &coaching(), None, Pacific__Auckland, at(0));
    let eight = swept_at(day(21), Pacific__Auckland);
    assert_eq!(filed.cross(Pacific__Honolulu, eight), None);
    assert_eq!(filed.cross(Pacific__Honolulu, utc("2026-01-22T10:00:00Z")).unwrap().since, day(21));
}
