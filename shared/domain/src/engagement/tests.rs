use std::fmt::Write;

use chrono::TimeDelta;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use ulid::Ulid;

use super::*;
use crate::sample;

const COACH: MemberId = MemberId(Ulid(7));
const OTHER: MemberId = MemberId(Ulid(8));
const STATES: [State; 5] = [State::Draft, State::Matching, State::Active, State::Inactive, State::Completed];
const MOVES: [Move; 8] = [
    Move::StartMatching,
    Move::SelectCoach(COACH),
    Move::AssignCoach(COACH),
    Move::Activate,
    Move::Deactivate,
    Move::Complete,
    Move::Delete,
    Move::Restore,
];

fn now() -> DateTime<Utc> {
    sample::now()
}

fn later() -> DateTime<Utc> {
    now() + TimeDelta::hours(1)
}

fn today() -> NaiveDate {
    now().date_naive()
}

fn day(n: i64) -> NaiveDate {
    today() + TimeDelta::days(n)
}

fn program(kind: ProgramKind) -> Program {
    sample::program(kind, kind.is_tracked().then_some(3))
}

fn engagement(kind: ProgramKind, state: State) -> Engagement {
    Engagement { state, ..sample::engagement(&program(kind)) }
}

fn draft(text: &str) -> EngagementDraft {
    serde_json::from_str(text).unwrap()
}

/// The names of the bad fields.
fn fields<T: std::fmt::Debug>(result: Result<T, Invalid>) -> Vec<String> {
    result.unwrap_err().errors.into_iter().map(|error| error.field).collect()
}

// Moves.

#[test]
fn every_move_from_every_state() {
    let short = |result: Result<Engagement, NotPossible>| match result {
        Ok(after) => after.state.name(),
        Err(NotPossible::WrongState { .. }) => "wrong state",
        Err(NotPossible::NotMatched) => "not matched",
        Err(NotPossible::HasCoach) => "has coach",
        Err(NotPossible::NoCoach) => "no coach",
        Err(NotPossible::Deleted) => "deleted",
        Err(NotPossible::NotDeleted) => "not deleted",
        Err(NotPossible::TooLate) => "too late",
    };
    let moves_of = |kind: ProgramKind| {
        let mut table = String::new();
        for (coach, deleted) in [(None, false), (Some(OTHER), false), (Some(OTHER), true)] {
            let with = if coach.is_some() { "with a coach" } else { "without a coach" };
            writeln!(table, "{with}{}:", if deleted { ", deleted" } else { "" }).unwrap();
            write!(table, "{:16}", "").unwrap();
            STATES.iter().for_each(|state| write!(table, "{:13}", state.name()).unwrap());
            for asked in MOVES {
                write!(table, "\n{:16}", asked.verb()).unwrap();
                for state in STATES {
                    let before = Engagement { coach_id: coach, deleted_at: deleted.then(now), ..engagement(kind, state) };
                    write!(table, "{:13}", short(advance(&before, asked, &program(kind), later()))).unwrap();
                }
            }
            table.push_str("\n\n");
        }
        table.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    };
    let table = moves_of(ProgramKind::OneToOne);
    assert_eq!(moves_of(ProgramKind::OnDemand), table);
    assert_eq!(moves_of(ProgramKind::Group), table);
    insta::assert_snapshot!(format!("One to one, on demand, group\n\n{table}\nCoach matching\n\n{}", moves_of(ProgramKind::CoachMatching)));
}

#[test]
fn a_refused_move_says_what_is_possible() {
    let refused = |kind, state, asked| advance(&engagement(kind, state), asked, &program(kind), later()).unwrap_err().to_string();
    assert_eq!(
        refused(ProgramKind::OneToOne, State::Active, Move::Activate),
        "an engagement that is active can't do that: it can be activated from draft, matching, inactive or completed"
    );
    assert_eq!(
        refused(ProgramKind::OneToOne, State::Draft, Move::StartMatching),
        "only an engagement of a coach_matching program has coach matching; activate this one instead"
    );
}

#[test]
fn a_move_counts_as_one_change_and_changes_nothing_else() {
    for state in STATES {
        for asked in MOVES {
            let before = engagement(ProgramKind::CoachMatching, state);
            let Ok(after) = advance(&before, asked, &program(before.kind), later()) else { continue };
            assert_eq!((after.version, after.updated_at), (before.version + 1, later()));
            let same = Engagement {
                state: before.state,
                coach_id: before.coach_id,
                coach_selected_at: before.coach_selected_at,
                launched_at: before.launched_at,
                deleted_at: before.deleted_at,
                updated_at: before.updated_at,
                version: before.version,
                ..after
            };
            assert_eq!(same, before, "{asked:?}");
        }
    }
}

#[test]
fn activating_and_matching_start_the_clock_and_nothing_else_does() {
    for kind in [ProgramKind::OneToOne, ProgramKind::CoachMatching] {
        for state in STATES {
            for asked in MOVES {
                for coach_id in [None, Some(OTHER)] {
                    let before = Engagement { coach_id, launched_at: Some(now()), ..engagement(kind, state) };
                    let Ok(after) = advance(&before, asked, &program(kind), later()) else { continue };
                    let starts = matches!(asked, Move::Activate | Move::StartMatching);
                    assert_eq!(after.launched_at, Some(if starts { later() } else { now() }), "{asked:?} from {state:?}");
                }
            }
        }
    }
}

#[test]
fn a_coach_is_selected_while_it_is_matching() {
    let coached =
        |state, asked| advance(&engagement(ProgramKind::CoachMatching, state), asked, &program(ProgramKind::CoachMatching), later());
    for (state, asked, selected_at) in [
        (State::Matching, Move::SelectCoach(COACH), Some(later())),
        (State::Matching, Move::AssignCoach(COACH), Some(later())),
        (State::Draft, Move::AssignCoach(COACH), None),
        (State::Active, Move::AssignCoach(COACH), None),
        (State::Inactive, Move::AssignCoach(COACH), None),
    ] {
        let after = coached(state, asked).unwrap();
        assert_eq!((after.coach_id, after.coach_selected_at), (Some(COACH), selected_at), "{asked:?} while {state:?}");
    }
}

#[test]
fn launching_takes_over_the_programs_settings_as_they_are_then() {
    let before = program(ProgramKind::OneToOne);
    let edited = Program { settings: Settings { threshold_weeks: Some(5), off_track_notifications: false }, ..before.clone() };
    let launched = |draft: &EngagementDraft| {
        let engagement = draft.create(EngagementId(Ulid(1)), ClientId(Ulid(10)), &before, sample::organisation(), now()).unwrap();
        assert_eq!(engagement.settings.threshold_weeks, draft.threshold_weeks.unwrap_or(Some(3)));
        advance(&engagement, Move::Activate, &edited, later()).unwrap().settings
    };
    let settings = |threshold_weeks, off_track_notifications| Settings { threshold_weeks, off_track_notifications };
    assert_eq!(launched(&draft("{}")), settings(Some(5), false));
    assert_eq!(launched(&draft(r#"{"threshold_weeks": 2, "off_track_notifications": true}"#)), settings(Some(2), true));
    // each by itself
    assert_eq!(launched(&draft(r#"{"threshold_weeks": 2}"#)), settings(Some(2), false));
    assert_eq!(launched(&draft(r#"{"off_track_notifications": true}"#)), settings(Some(5), true));
    // one's own may be none, and may be what the program had
    assert_eq!(launched(&draft(r#"{"threshold_weeks": null}"#)), settings(None, false));
    assert_eq!(launched(&draft(r#"{"threshold_weeks": 3}"#)), settings(Some(3), false));
}

#[test]
fn a_draft_that_is_changed_keeps_its_own_settings_too() {
    let before = engagement(ProgramKind::OneToOne, State::Draft);
    let own = draft(r#"{"threshold_weeks": 3, "off_track_notifications": true}"#).change(&before, later()).unwrap().unwrap();
    let changed = draft(r#"{"starts_on": "2026-12-01"}"#).change(&own, later()).unwrap().unwrap();
    let settings = Settings { threshold_weeks: Some(5), off_track_notifications: false };
    let edited = Program { settings, ..program(ProgramKind::OneToOne) };
    assert_eq!(advance(&changed, Move::Activate, &edited, later()).unwrap().settings, before.settings);
}

#[test]
fn later_edits_of_the_program_do_not_touch_what_was_launched() {
    let matching = program(ProgramKind::CoachMatching);
    let edited = sample::program(ProgramKind::CoachMatching, Some(1));
    let mut engagement = advance(&engagement(ProgramKind::CoachMatching, State::Draft), Move::StartMatching, &matching, now()).unwrap();
    for asked in [Move::SelectCoach(COACH), Move::Activate, Move::Deactivate, Move::Activate, Move::Complete, Move::Activate] {
        engagement = advance(&engagement, asked, &edited, later()).unwrap();
        assert_eq!(engagement.settings.threshold_weeks, Some(3), "{asked:?}");
    }
}

#[test]
fn what_is_deleted_can_be_brought_back_for_thirty_days_as_it_was() {
    let before = Engagement { launched_at: Some(now()), ..engagement(ProgramKind::OneToOne, State::Active) };
    let program = program(ProgramKind::OneToOne);
    let deleted = advance(&before, Move::Delete, &program, now()).unwrap();
    assert!(deleted.is_deleted());
    for (after, possible) in [
        (TimeDelta::zero(), true),
        (TimeDelta::days(29), true),
        (TimeDelta::days(30), true),
        (TimeDelta::days(30) + TimeDelta::milliseconds(1), false),
        (TimeDelta::days(400), false),
    ] {
        match advance(&deleted, Move::Restore, &program, now() + after) {
            Ok(restored) => {
                assert!(possible, "after {after}");
                let version = restored.version;
                assert_eq!(Engagement { updated_at: before.updated_at, version: before.version, ..restored }, before);
                assert_eq!(version, 3);
            }
            Err(error) => assert_eq!((error, possible), (NotPossible::TooLate, false), "after {after}"),
        }
    }
}

// What people send.

#[test]
fn a_new_engagement_takes_after_its_program() {
    let program = program(ProgramKind::OnDemand);
    let create = |text: &str| draft(text).create(EngagementId(Ulid(1)), ClientId(Ulid(10)), &program, sample::organisation(), now());
    let engagement = create("{}").unwrap();
    assert_eq!((engagement.state, engagement.kind, engagement.program.as_str()), (State::Draft, ProgramKind::OnDemand, "Leadership"));
    assert_eq!((engagement.sessions_total, engagement.settings, engagement.version), (Some(6), program.settings, 1));
    assert_eq!((engagement.owner_organisation_id, engagement.launched_at, engagement.coach_id), (sample::organisation(), None, None));
    let own = create(&format!(
        r#"{{"coach_id": "{COACH}", "owner_organisation_id": "{0}", "owner_id": "{0}", "location_id": "{0}", "sessions_total": null,
            "starts_on": "2026-11-02", "ends_on": "2026-11-02"}}"#,
        Ulid(5)
    ))
    .unwrap();
    assert_eq!((own.coach_id, own.sessions_total, own.starts_on, own.ends_on), (Some(COACH), None, Some(today()), Some(today())));
    assert_eq!(own.owner_organisation_id, OrganisationId(Ulid(5)));
    assert_eq!((own.owner_id, own.location_id), (Some(OwnerId(Ulid(5))), Some(LocationId(Ulid(5)))));
}

#[test]
fn every_bad_field_is_named() {
    for (kind, text, bad) in [
        (ProgramKind::OneToOne, r#"{"starts_on": "1899-12-31"}"#, &["starts_on"][..]),
        (ProgramKind::OneToOne, r#"{"ends_on": "2200-01-01"}"#, &["ends_on"]),
        (ProgramKind::OneToOne, r#"{"starts_on": "2026-02-02", "ends_on": "2026-02-01"}"#, &["ends_on"]),
        (ProgramKind::OneToOne, r#"{"sessions_total": 0}"#, &["sessions_total"]),
        (ProgramKind::OneToOne, r#"{"sessions_total": 1001}"#, &["sessions_total"]),
        (ProgramKind::OneToOne, r#"{"threshold_weeks": 0}"#, &["threshold_weeks"]),
        (ProgramKind::OneToOne, r#"{"threshold_weeks": 53}"#, &["threshold_weeks"]),
        (ProgramKind::Group, r#"{"threshold_weeks": 3}"#, &["threshold_weeks"]),
        (
            ProgramKind::OneToOne,
            r#"{"starts_on": "1800-01-01", "ends_on": "1700-01-01", "sessions_total": 0, "threshold_weeks": 99}"#,
            &["starts_on", "ends_on", "ends_on", "sessions_total", "threshold_weeks"],
        ),
    ] {
        let create = draft(text).create(EngagementId(Ulid(1)), ClientId(Ulid(10)), &program(kind), sample::organisation(), now());
        assert_eq!(fields(create), bad, "{text}");
        assert_eq!(fields(draft(text).change(&engagement(kind, State::Active), now())), bad, "{text}");
    }
    for text in [
        r#"{"starts_on": "1900-01-01", "ends_on": "2199-12-31"}"#,
        r#"{"sessions_total": 1, "threshold_weeks": 1}"#,
        r#"{"sessions_total": 1000, "threshold_weeks": 52}"#,
        r#"{"starts_on": null, "ends_on": null, "sessions_total": null, "threshold_weeks": null}"#,
    ] {
        assert!(draft(text).change(&engagement(ProgramKind::OneToOne, State::Active), now()).is_ok(), "{text}");
    }
    for text in [r#"{"state": "active"}"#, r#"{"treshold_weeks": 3}"#, r#"{"starts_on": "2026-02-30"}"#, r#"{"threshold_weeks": -1}"#] {
        assert!(serde_json::from_str::<EngagementDraft>(text).is_err(), "{text}");
    }
}

#[test]
fn client_program_and_coach_are_not_changed_here() {
    let before = Engagement { coach_id: Some(COACH), ..engagement(ProgramKind::OneToOne, State::Active) };
    let change = |draft: EngagementDraft| draft.change(&before, later());
    let same = EngagementDraft {
        client_id: Some(before.client_id),
        program_id: Some(before.program_id),
        coach_id: Some(COACH),
        ..EngagementDraft::default()
    };
    assert_eq!(change(same).unwrap(), None);
    let other = EngagementDraft {
        client_id: Some(ClientId(Ulid(99))),
        program_id: Some(ProgramId(Ulid(99))),
        coach_id: Some(OTHER),
        ..EngagementDraft::default()
    };
    assert_eq!(fields(change(other)), ["client_id", "program_id", "coach_id"]);
}

#[test]
fn an_end_is_checked_against_the_start_it_has() {
    let before = Engagement { starts_on: Some(day(5)), ends_on: Some(day(9)), ..engagement(ProgramKind::OneToOne, State::Active) };
    let change = |draft: EngagementDraft| draft.change(&before, later());
    assert_eq!(fields(change(EngagementDraft { ends_on: Some(Some(day(4))), ..EngagementDraft::default() })), ["ends_on"]);
    assert_eq!(fields(change(EngagementDraft { starts_on: Some(Some(day(10))), ..EngagementDraft::default() })), ["ends_on"]);
    let open = change(EngagementDraft { ends_on: Some(None), ..EngagementDraft::default() }).unwrap().unwrap();
    assert_eq!((open.starts_on, open.ends_on, open.version), (Some(day(5)), None, before.version + 1));
}

#[test]
fn another_owner_brings_its_own_people_and_places() {
    let (owner, location) = (Some(OwnerId(Ulid(3))), Some(LocationId(Ulid(4))));
    let before = Engagement { owner_id: owner, location_id: location, ..engagement(ProgramKind::OneToOne, State::Active) };
    let change = |draft: EngagementDraft| draft.change(&before, later()).unwrap();
    let to = |id| EngagementDraft { owner_organisation_id: Some(OrganisationId(Ulid(id))), ..EngagementDraft::default() };
    assert_eq!(change(to(100)), None);
    let moved = change(to(200)).unwrap();
    assert_eq!((moved.owner_id, moved.location_id), (None, None));
    let moved = change(EngagementDraft { owner_id: Some(Some(OwnerId(Ulid(6)))), ..to(200) }).unwrap();
    assert_eq!((moved.owner_id, moved.location_id), (Some(OwnerId(Ulid(6))), None));
    let unnamed = change(EngagementDraft { owner_id: Some(None), ..EngagementDraft::default() }).unwrap();
    assert_eq!((unnamed.owner_id, unnamed.location_id), (None, location));
}

// Breaks.

fn paused(engagement: &Engagement, first: i64, last: i64) -> Result<Engagement, Invalid> {
    PauseDraft { starts_on: Some(day(first)), ends_on: Some(day(last)), note: None }.add(engagement, Actor::System, today(), later())
}

fn breaks(engagement: &Engagement) -> Vec<(i64, i64)> {
    engagement.pauses.iter().map(|pause| ((pause.starts_on - today()).num_days(), (pause.ends_on - today()).num_days())).collect()
}

#[test]
fn a_break_is_checked_field_by_field() {
    let before = engagement(ProgramKind::OneToOne, State::Active);
    let add = |draft: PauseDraft| draft.add(&before, Actor::System, today(), later());
    let (starts_on, ends_on) = (Some(day(0)), Some(day(5)));
    for (sentence, draft, bad) in [
        ("no end", PauseDraft { starts_on, ..PauseDraft::default() }, &["ends_on"][..]),
        ("nothing", PauseDraft::default(), &["ends_on"]),
        ("ends before it begins", PauseDraft { starts_on, ends_on: Some(day(-1)), note: None }, &["ends_on"]),
        ("ends before today, from today", PauseDraft { ends_on: Some(day(-1)), ..PauseDraft::default() }, &["ends_on"]),
        ("too long", PauseDraft { starts_on, ends_on: Some(day(366)), note: None }, &["ends_on"]),
        (
            "long ago",
            PauseDraft { starts_on: NaiveDate::from_ymd_opt(1899, 12, 31), ends_on: NaiveDate::from_ymd_opt(1900, 1, 1), note: None },
            &["starts_on"],
        ),
        ("in ages", PauseDraft { starts_on: Some(NaiveDate::MAX), ends_on: Some(NaiveDate::MAX), note: None }, &["starts_on"]),
        ("for ages", PauseDraft { starts_on: Some(NaiveDate::MIN), ends_on: Some(NaiveDate::MAX), note: None }, &["ends_on", "starts_on"]),
        ("an empty note", PauseDraft { starts_on, ends_on, note: Some(" ".into()) }, &["note"]),
        ("a note of lines", PauseDraft { starts_on, ends_on, note: Some("a\nb".into()) }, &["note"]),
        ("a long note", PauseDraft { starts_on, ends_on, note: Some("a".repeat(501)) }, &["note"]),
        ("all at once", PauseDraft { starts_on, ends_on: Some(day(-5)), note: Some(String::new()) }, &["note", "ends_on"]),
    ] {
        assert_eq!(fields(add(draft)), bad, "{sentence}");
    }
    assert_eq!(breaks(&paused(&before, 0, 0).unwrap()), [(0, 0)]);
    assert_eq!(breaks(&paused(&before, 0, 365).unwrap()), [(0, 365)]);
    assert_eq!(breaks(&paused(&before, -30, -20).unwrap()), [(-30, -20)]);
    let noted = add(PauseDraft { ends_on, note: Some(" Leave ".into()), ..PauseDraft::default() }).unwrap();
    assert_eq!(noted.pauses, [Pause { starts_on: day(0), ends_on: day(5), note: Some("Leave".into()), by: Actor::System }]);
    assert_eq!((noted.version, noted.updated_at), (before.version + 1, later()));
}

#[test]
fn breaks_stand_in_the_order_of_their_first_days_and_are_fifty_at_most() {
    let mut engagement = engagement(ProgramKind::OneToOne, State::Active);
    for n in (0..50).rev() {
        engagement = paused(&engagement, n, n + 3).unwrap();
    }
    assert!(breaks(&engagement).is_sorted());
    assert_eq!(fields(paused(&engagement, 100, 101)), ["starts_on"]);
}

#[test]
fn ending_breaks_ends_what_goes_on_and_takes_away_what_is_ahead() {
    let with = |all: &[(i64, i64)]| {
        let before = engagement(ProgramKind::OneToOne, State::Active);
        all.iter().fold(before, |engagement, (first, last)| paused(&engagement, *first, *last).unwrap())
    };
    for (before, after) in [
        (&[(-9, 9)][..], Some(&[(-9, -1)][..])),
        (&[(-9, 0)], Some(&[(-9, -1)])),
        (&[(-9, -1)], None),
        (&[(0, 9)], Some(&[])),
        (&[(1, 9)], Some(&[])),
        (&[(-20, -15), (-9, 9), (-3, 2), (5, 6)], Some(&[(-20, -15), (-9, -1), (-3, -1)])),
        (&[], None),
    ] {
        let ended = end_pauses(&with(before), today(), later());
        assert_eq!(ended.as_ref().map(breaks).as_deref(), after, "{before:?}");
        if let Some(ended) = ended {
            assert_eq!(ended.version, with(before).version + 1);
            assert_eq!(end_pauses(&ended, today(), later()), None);
        }
    }
}

// Sessions.

fn session(text: &str) -> Result<Session, Invalid> {
    let draft: SessionDraft = serde_json::from_str(text).unwrap();
    let engagement = Engagement { coach_id: Some(COACH), ..engagement(ProgramKind::OneToOne, State::Active) };
    draft.create(SessionId(Ulid(1)), &engagement, SessionKind::Session, now())
}

#[test]
fn a_session_is_scheduled_ahead_and_logged_afterwards() {
    for (text, state, cancelled_at) in [
        (r#"{"starts_at": "2026-11-02T09:00:00.001Z"}"#, SessionState::Scheduled, None),
        (r#"{"starts_at": "2026-11-02T09:00:00Z"}"#, SessionState::Completed, None),
        (r#"{"starts_at": "2026-10-02T09:00:00Z"}"#, SessionState::Completed, None),
        (r#"{"starts_at": "2026-10-02T09:00:00Z", "state": "scheduled"}"#, SessionState::Scheduled, None),
        (r#"{"starts_at": "2026-10-02T09:00:00Z", "state": "completed"}"#, SessionState::Completed, None),
        (r#"{"starts_at": "2026-10-02T09:00:00Z", "state": "cancelled"}"#, SessionState::Cancelled, Some(now())),
        (r#"{"starts_at": "2026-12-02T09:00:00Z", "state": "cancelled"}"#, SessionState::Cancelled, Some(now())),
        (r#"{"starts_at": "2026-12-02T10:00:00+01:00", "state": "scheduled"}"#, SessionState::Scheduled, None),
    ] {
        let session = session(text).unwrap();
        assert_eq!((session.state, session.cancelled_at), (state, cancelled_at), "{text}");
        assert_eq!((session.minutes, session.coach_id, session.version), (60, Some(COACH), 1));
    }
}

#[test]
fn a_session_is_checked_field_by_field() {
    for (text, bad) in [
        ("{}", &["starts_at"][..]),
        (r#"{"minutes": 0}"#, &["starts_at", "minutes"]),
        (r#"{"starts_at": "2026-11-02T09:00:00Z", "minutes": 1441}"#, &["minutes"]),
        (r#"{"starts_at": "1899-12-31T23:59:59Z"}"#, &["starts_at"]),
        (r#"{"starts_at": "2200-01-01T00:00:00Z"}"#, &["starts_at"]),
        (r#"{"starts_at": "2026-11-02T09:00:00.001Z", "state": "completed"}"#, &["state"]),
        (r#"{"starts_at": "2200-01-01T00:00:00Z", "state": "completed", "minutes": 0}"#, &["starts_at", "minutes", "state"]),
    ] {
        assert_eq!(fields(session(text)), bad, "{text}");
    }
    for minutes in [1, 1440] {
        assert_eq!(session(&format!(r#"{{"starts_at": "2026-11-02T09:00:00Z", "minutes": {minutes}}}"#)).unwrap().minutes, minutes);
    }
    assert!(serde_json::from_str::<SessionDraft>(r#"{"cancelled_at": "2026-11-02T09:00:00Z"}"#).is_err());
}

#[test]
fn a_session_is_changed_as_its_state_allows() {
    let (past, ahead) = (now() - TimeDelta::days(5), now() + TimeDelta::days(5));
    let of = |starts_at, state| {
        let cancelled_at = (state == SessionState::Cancelled).then(|| now() - TimeDelta::days(1));
        Session { cancelled_at, ..sample::session(1, SessionKind::Session, starts_at, state) }
    };
    let to = |starts_at: Option<DateTime<Utc>>, state: Option<SessionState>| SessionDraft { starts_at, state, ..SessionDraft::default() };
    for (sentence, before, draft, state, cancelled_at) in [
        ("moved ahead", of(past, SessionState::Scheduled), to(Some(ahead), None), SessionState::Scheduled, None),
        ("moved back", of(ahead, SessionState::Scheduled), to(Some(past), None), SessionState::Scheduled, None),
        ("logged after all", of(past, SessionState::Scheduled), to(None, Some(SessionState::Completed)), SessionState::Completed, None),
        ("called off", of(ahead, SessionState::Scheduled), to(None, Some(SessionState::Cancelled)), SessionState::Cancelled, Some(now())),
        ("took place after all", of(past, SessionState::Cancelled), to(None, Some(SessionState::Completed)), SessionState::Completed, None),
        ("on again", of(ahead, SessionState::Cancelled), to(None, Some(SessionState::Scheduled)), SessionState::Scheduled, None),
        (
            "on again, later",
            of(past, SessionState::Completed),
            to(Some(ahead), Some(SessionState::Scheduled)),
            SessionState::Scheduled,
            None,
        ),
    ] {
        let after = draft.change(&before, now()).unwrap().unwrap();
        assert_eq!((after.state, after.cancelled_at, after.version), (state, cancelled_at, 2), "{sentence}");
    }
    let cancelled = of(ahead, SessionState::Cancelled);
    let again = to(Some(ahead + TimeDelta::days(1)), Some(SessionState::Cancelled)).change(&cancelled, now()).unwrap().unwrap();
    assert_eq!(again.cancelled_at, cancelled.cancelled_at, "it is cancelled since it was cancelled first");
    for draft in [to(None, None), to(Some(ahead), None), to(None, Some(SessionState::Cancelled))] {
        assert_eq!(draft.change(&cancelled, now()).unwrap(), None);
    }
    for (before, draft) in [
        (of(ahead, SessionState::Scheduled), to(None, Some(SessionState::Completed))),
        (of(ahead, SessionState::Cancelled), to(None, Some(SessionState::Completed))),
        (of(past, SessionState::Completed), to(Some(ahead), None)),
    ] {
        assert_eq!(fields(draft.change(&before, now())), ["state"]);
    }
}

#[test]
fn a_session_is_settled_once() {
    let (past, ahead) = (now() - TimeDelta::days(5), now() + TimeDelta::days(5));
    let of = |starts_at, state| sample::session(1, SessionKind::Session, starts_at, state);
    for (starts_at, before, asked, expected) in [
        (past, SessionState::Scheduled, SessionState::Completed, Ok(None)),
        (now(), SessionState::Scheduled, SessionState::Completed, Ok(None)),
        (ahead, SessionState::Scheduled, SessionState::Completed, Err("it is yet to come")),
        (past, SessionState::Scheduled, SessionState::Cancelled, Ok(Some(now()))),
        (ahead, SessionState::Scheduled, SessionState::Cancelled, Ok(Some(now()))),
        (past, SessionState::Completed, SessionState::Completed, Err("it is completed already")),
        (past, SessionState::Completed, SessionState::Cancelled, Err("it is completed already")),
        (past, SessionState::Cancelled, SessionState::Completed, Err("it is cancelled already")),
        (past, SessionState::Cancelled, SessionState::Cancelled, Err("it is cancelled already")),
    ] {
        let settled = settle(&of(starts_at, before), asked, now());
        assert_eq!(settled.as_ref().map(|session| session.cancelled_at).map_err(|why| *why), expected, "{before:?} {asked:?}");
        if let Ok(session) = settled {
            assert_eq!((session.state, session.version, session.updated_at), (asked, 2, now()));
        }
    }
}

#[test]
fn a_session_counts_at_its_time_and_a_cancelled_one_at_the_earlier_of_that_and_its_cancellation() {
    let at = |n: i64| now() + TimeDelta::days(n);
    for (state, starts, cancelled, counts) in [
        (SessionState::Scheduled, 5, None, 5),
        (SessionState::Scheduled, -5, None, -5),
        (SessionState::Completed, -5, None, -5),
        (SessionState::Cancelled, 5, Some(-1), -1),
        (SessionState::Cancelled, -5, Some(-1), -5),
        (SessionState::Cancelled, -5, Some(-9), -9),
        (SessionState::Cancelled, -5, None, -5),
        (SessionState::Completed, -5, Some(-9), -5),
    ] {
        let session = Session { cancelled_at: cancelled.map(at), ..sample::session(1, SessionKind::Session, at(starts), state) };
        assert_eq!(session.counts_at(), at(counts), "{state:?} {starts} {cancelled:?}");
    }
}

#[test]
fn sessions_and_discovery_calls_are_counted_apart() {
    let at = |n: i64| now() + TimeDelta::days(n);
    let of = |kind, n, state| sample::session(1, kind, at(n), state);
    let activity = Activity::of(&[
        of(SessionKind::Session, -9, SessionState::Completed),
        of(SessionKind::Session, -3, SessionState::Completed),
        of(SessionKind::Session, -5, SessionState::Scheduled),
        Session { cancelled_at: Some(at(-1)), ..of(SessionKind::Session, 50, SessionState::Cancelled) },
        of(SessionKind::DiscoveryCall, -20, SessionState::Completed),
        of(SessionKind::DiscoveryCall, 8, SessionState::Scheduled),
        of(SessionKind::DiscoveryCall, 6, SessionState::Scheduled),
    ]);
    let expected = Activity {
        session_at: Some(at(-1)),
        call_at: Some(at(8)),
        scheduled_session_at: Some(at(-5)),
        scheduled_call_at: Some(at(8)),
        sessions_done: 2,
    };
    assert_eq!(activity, expected);
    assert_eq!(Activity::of(&[]), Activity::default());
}

fn sessions() -> impl Strategy<Value = Vec<Session>> {
    let kinds = prop_oneof![Just(SessionKind::Session), Just(SessionKind::DiscoveryCall)];
    let states = prop_oneof![Just(SessionState::Scheduled), Just(SessionState::Completed), Just(SessionState::Cancelled)];
    let session = (kinds, -99..99_i64, states, -99..99_i64).prop_map(|(kind, hours, state, on)| {
        let cancelled_at = (state == SessionState::Cancelled).then(|| now() + TimeDelta::hours(on));
        Session { cancelled_at, ..sample::session(1, kind, now() + TimeDelta::hours(hours), state) }
    });
    proptest::collection::vec(session, 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, rng_seed: RngSeed::Fixed(22), ..ProptestConfig::default() })]

    #[test]
    fn what_sessions_come_to_does_not_depend_on_their_order(
        (sessions, shuffled) in sessions().prop_flat_map(|sessions| (Just(sessions.clone()), Just(sessions).prop_shuffle())),
    ) {
        prop_assert_eq!(Activity::of(&shuffled), Activity::of(&sessions));
    }
}
