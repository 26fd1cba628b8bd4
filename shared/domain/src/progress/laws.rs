//! What holds for every engagement, whatever is done to it and whenever it is looked at.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use chrono_tz::Tz;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;
use ulid::Ulid;

use super::tests::{COACH, day};
use super::*;
use crate::engagement::{Activity, EngagementDraft, Move, Pause, PauseDraft, Session, SessionDraft, SessionKind, SessionState};
use crate::engagement::{advance, end_pauses, settle};
use crate::id::SessionId;
use crate::person::Actor;
use crate::program::{Program, ProgramKind};
use crate::sample;

const ZONES: [Tz; 6] =
    [Tz::UTC, Tz::America__New_York, Tz::Pacific__Auckland, Tz::Pacific__Honolulu, Tz::Pacific__Kiritimati, Tz::America__Santiago];

/// An instant so many minutes from the midnight that begins day 0, which is two days before New York's clocks change.
fn minute(n: i64) -> DateTime<Utc> {
    (day(64)).and_time(NaiveTime::MIN).and_utc() + TimeDelta::minutes(n)
}

fn instants() -> impl Strategy<Value = DateTime<Utc>> {
    let days = 24 * 60;
    prop_oneof![-10 * days..90 * days, (-10..90_i64).prop_map(move |n| n * days)].prop_map(minute)
}

fn dates() -> impl Strategy<Value = NaiveDate> {
    instants().prop_map(|at| at.date_naive())
}

fn zones() -> impl Strategy<Value = Tz> {
    select(ZONES.to_vec())
}

fn session_kinds() -> impl Strategy<Value = SessionKind> {
    select(vec![SessionKind::Session, SessionKind::DiscoveryCall])
}

/// Anything that may be on record at `now`: what is completed or cancelled was before.
fn sessions(now: DateTime<Utc>) -> impl Strategy<Value = Vec<Session>> {
    let states = select(vec![SessionState::Scheduled, SessionState::Completed, SessionState::Cancelled]);
    let session = (session_kinds(), instants(), states, instants()).prop_map(move |(kind, starts_at, state, on)| {
        let state = if state == SessionState::Completed && starts_at > now { SessionState::Scheduled } else { state };
        let cancelled_at = (state == SessionState::Cancelled).then_some(on.min(now));
        Session { cancelled_at, ..sample::session(1, kind, starts_at, state) }
    });
    proptest::collection::vec(session, 0..5)
}

fn pauses() -> impl Strategy<Value = Vec<Pause>> {
    let pause = (dates(), 0..20_i64).prop_map(|(starts_on, more)| Pause {
        starts_on,
        ends_on: starts_on + TimeDelta::days(more),
        note: None,
        by: Actor::System,
    });
    proptest::collection::vec(pause, 0..5).prop_map(|mut pauses| {
        pauses.sort_by_key(|pause| (pause.starts_on, pause.ends_on));
        pauses
    })
}

/// Any engagement, mostly one that is tracked; without sessions.
fn engagements(now: DateTime<Utc>) -> impl Strategy<Value = Engagement> {
    let kinds = select(vec![ProgramKind::OneToOne, ProgramKind::OnDemand, ProgramKind::CoachMatching]);
    let states = prop_oneof![3 => Just(State::Active), 3 => Just(State::Matching), 1 => select(vec![State::Draft, State::Inactive])];
    let weeks = prop_oneof![8 => (1..6_u16).prop_map(Some), 1 => Just(None)];
    let start = proptest::option::of(dates());
    let selected = proptest::option::of(instants());
    (kinds, states, weeks, instants(), start, selected, pauses()).prop_map(
        move |(kind, state, weeks, launched_at, starts_on, selected, pauses)| {
            let kind = if state == State::Matching { ProgramKind::CoachMatching } else { kind };
            let selected = selected.filter(|_| kind == ProgramKind::CoachMatching).map(|at| at.min(now));
            Engagement {
                state,
                launched_at: Some(launched_at.min(now)),
                starts_on,
                coach_id: selected.map(|_| COACH),
                coach_selected_at: selected,
                pauses,
                ..sample::engagement(&sample::program(kind, weeks))
            }
        },
    )
}

/// An engagement with its sessions, a calendar and a time to look at it.
fn cases() -> impl Strategy<Value = (Engagement, Vec<Session>, Tz, DateTime<Utc>)> {
    let engagement = |now| (engagements(now), sessions(now), zones(), Just(now));
    instants().prop_flat_map(engagement).prop_map(|(engagement, sessions, zone, now)| (with(&engagement, &sessions), sessions, zone, now))
}

fn with(engagement: &Engagement, sessions: &[Session]) -> Engagement {
    Engagement { activity: Activity::of(sessions), ..engagement.clone() }
}

fn due_on(engagement: &Engagement, zone: Tz, now: DateTime<Utc>) -> Option<NaiveDate> {
    progress(engagement, zone, now).watch().map(|watch| watch.due_on)
}

fn is_paused(engagement: &Engagement, day: NaiveDate) -> bool {
    engagement.pauses.iter().any(|pause| (pause.starts_on..=pause.ends_on).contains(&day))
}

/// The rule as it is written, read day by day: since when an engagement that is tracked is off track.
fn off_since_by_the_book(engagement: &Engagement, sessions: &[Session], zone: Tz, now: DateTime<Utc>) -> Option<NaiveDate> {
    let date = |at: DateTime<Utc>| at.with_timezone(&zone).date_naive();
    let kind = if engagement.state == State::Matching { SessionKind::DiscoveryCall } else { SessionKind::Session };
    let launched_on = date(engagement.launched_at.unwrap());
    let clock_start = launched_on.max(engagement.starts_on.unwrap_or(launched_on));
    let dates = sessions.iter().filter(|session| session.kind == kind).map(|session| match session.cancelled_at {
        Some(cancelled) => date(session.starts_at).min(date(cancelled)),
        None => date(session.starts_at),
    });
    // on the calendar, a session is ahead until its day is over, or the day on which it is called off
    let ahead_until = dates.clone().max();
    let latest = dates.filter(|on| *on >= clock_start).max();
    let selected = engagement.coach_selected_at.filter(|_| engagement.state == State::Matching).map(date).filter(|on| *on >= clock_start);
    let anchor = selected.or(latest).unwrap_or(clock_start);
    let enough = u32::from(engagement.settings.threshold_weeks.unwrap()) * 7;
    let mut counted = 0;
    let crossing = anchor.iter_days().find(|day| {
        let (paused, passed) = (is_paused(engagement, *day), counted >= enough);
        counted += u32::from(!paused);
        passed && !paused && ahead_until.is_none_or(|until| until < *day)
    });
    crossing.filter(|day| *day <= date(now))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, rng_seed: RngSeed::Fixed(21), ..ProptestConfig::default() })]

    #[test]
    fn it_stands_as_the_rule_says((engagement, sessions, zone, now) in cases()) {
        let progress = progress(&engagement, zone, now);
        let expected = progress.watch().and_then(|_| off_since_by_the_book(&engagement, &sessions, zone, now));
        prop_assert_eq!(progress.off_track_since(), expected);
    }

    #[test]
    fn scheduling_never_makes_it_worse((engagement, sessions, zone, now) in cases(), ahead in 1..40 * 24 * 60_i64) {
        let kind = if engagement.state == State::Matching { SessionKind::DiscoveryCall } else { SessionKind::Session };
        let session = sample::session(2, kind, now + TimeDelta::minutes(ahead), SessionState::Scheduled);
        let before = progress(&engagement, zone, now);
        let after = progress(&with(&engagement, &[sessions, vec![session]].concat()), zone, now);
        match (before.watch(), after.watch()) {
            (None, None) => prop_assert_eq!(before, after),
            (Some(was), Some(watch)) => {
                prop_assert_eq!(after.status(), Status::OnTrack);
                prop_assert!(watch.due_on >= was.due_on);
                prop_assert!(!watch.at_risk && watch.missing.is_none());
            }
            (None, Some(_)) | (Some(_), None) => prop_assert!(false, "{before:?} {after:?}"),
        }
    }

    #[test]
    fn logging_never_makes_it_worse((engagement, sessions, zone, now) in cases(), kind in session_kinds(), ago in 0..60 * 24 * 60_i64) {
        let logged = sample::session(2, kind, now - TimeDelta::minutes(ago), SessionState::Completed);
        let after = with(&engagement, &[sessions, vec![logged]].concat());
        prop_assert!(due_on(&after, zone, now) >= due_on(&engagement, zone, now));
    }

    #[test]
    fn what_comes_after_a_day_does_not_matter_for_it_but_for_the_next_session(
        (engagement, sessions, zone, now) in cases(),
        fates in proptest::collection::vec((0..3_u8, 1..30 * 24 * 60_i64), 5),
        pause in (1..20_i64, 0..20_i64),
    ) {
        // what happens to each session later
        let later = sessions.iter().zip(&fates).map(|(session, (fate, minutes))| {
            let then = now + TimeDelta::minutes(*minutes);
            match (session.state, fate) {
                (SessionState::Scheduled, 1) => settle(session, SessionState::Cancelled, then).unwrap(),
                (SessionState::Scheduled, 2) => settle(session, SessionState::Completed, then.max(session.starts_at)).unwrap(),
                _ => session.clone(),
            }
        });
        let mut later = with(&engagement, &later.collect::<Vec<_>>());
        let starts_on = now.with_timezone(&zone).date_naive() + TimeDelta::days(pause.0);
        later.pauses.push(Pause { starts_on, ends_on: starts_on + TimeDelta::days(pause.1), note: None, by: Actor::System });
        later.pauses.sort_by_key(|pause| (pause.starts_on, pause.ends_on));
        // only what was until now, and of each kind the next session that is scheduled
        let (past, ahead): (Vec<Session>, Vec<Session>) = sessions.into_iter().partition(|session| session.counts_at() <= now);
        let next = |kind| ahead.iter().filter(|session| session.kind == kind).min_by_key(|session| session.starts_at).cloned();
        let next = [SessionKind::Session, SessionKind::DiscoveryCall].into_iter().filter_map(next);
        let earlier = with(&engagement, &past.into_iter().chain(next).collect::<Vec<_>>());

        let stands = |engagement| {
            let progress = progress(engagement, zone, now);
            (progress.status(), progress.off_track_since())
        };
        prop_assert_eq!(stands(&later), stands(&engagement));
        prop_assert_eq!(stands(&earlier), stands(&engagement));
    }

    #[test]
    fn a_break_never_makes_it_worse_and_nothing_is_due_in_one((engagement, _, zone, now) in cases(), first in dates(), more in 0..40_i64) {
        let draft = PauseDraft { starts_on: Some(first), ends_on: Some(first + TimeDelta::days(more)), note: None };
        let after = draft.add(&engagement, Actor::System, first, now).unwrap();
        prop_assert!(due_on(&after, zone, now) >= due_on(&engagement, zone, now));
        prop_assert!(due_on(&after, zone, now).is_none_or(|due| !is_paused(&after, due)));
    }

    #[test]
    fn time_alone_moves_no_due_day((engagement, _, zone, now) in cases(), minutes in 0..100 * 24 * 60_i64) {
        let (before, after) = (progress(&engagement, zone, now), progress(&engagement, zone, now + TimeDelta::minutes(minutes)));
        prop_assert_eq!(before.watch().map(|watch| watch.due_on), after.watch().map(|watch| watch.due_on));
        if before.status() == Status::OffTrack {
            prop_assert_eq!(after.status(), Status::OffTrack);
        }
    }

    #[test]
    fn it_is_at_risk_only_where_it_is_due_within_a_week_and_nothing_is_scheduled((engagement, _, zone, now) in cases()) {
        let progress = progress(&engagement, zone, now);
        let Some(watch) = progress.watch() else { return Ok(()) };
        let today = now.with_timezone(&zone).date_naive();
        prop_assert!(watch.anchored_on < watch.due_on);
        if watch.at_risk {
            prop_assert!((1..=7).contains(&(watch.due_on - today).num_days()));
            prop_assert_eq!(progress.status(), Status::OnTrack);
            prop_assert!(watch.missing.is_some());
        }
    }

    #[test]
    fn another_calendar_never_makes_what_was_noticed_due_again(
        (engagement, _, zone, now) in cases(),
        others in proptest::collection::vec((zones(), 0..2 * 24 * 60_i64), 1..4),
    ) {
        let filed = file(None, &engagement, None, zone, now);
        let Some(crossed) = filed.cross(zone, now) else { return Ok(()) };
        let expected = crossed.tracking.episodes[0].clone();
        let (mut tracking, mut now) = (crossed.tracking, now);
        for (zone, later) in others {
            now += TimeDelta::minutes(later);
            tracking = refile(&tracking, &engagement, None, zone, now);
            prop_assert_eq!(tracking.due_on, due_on(&engagement, zone, now));
            prop_assert_eq!(tracking.due_at, None);
            prop_assert_eq!(&tracking.episodes, &vec![Episode { since: tracking.due_on.unwrap(), ..expected.clone() }]);
            let again = file(Some((&tracking, &progress(&engagement, zone, now))), &engagement, None, zone, now);
            prop_assert_eq!(again, Tracking { version: tracking.version + 1, ..tracking.clone() });
        }
    }
}

// A walk of whatever can be done to an engagement, in any order.

#[derive(Clone, Debug)]
enum Deed {
    /// So many minutes go by.
    Pass(i64),
    Sweep,
    /// A session or discovery call, so many minutes ahead or ago.
    Add(SessionKind, i64),
    Reschedule(usize, i64),
    Settle(usize, SessionState),
    Change(usize, SessionState),
    /// A break, from so many days ahead or ago, and how many days more than one.
    Pause(i64, i64),
    EndPauses,
    Threshold(Option<u16>),
    Start(Option<i64>),
    Move(Move),
    Zone(Tz),
}

fn deeds() -> impl Strategy<Value = Deed> {
    let day = 24 * 60_i64;
    let states = || select(vec![SessionState::Scheduled, SessionState::Completed, SessionState::Cancelled]);
    let moves =
        vec![Move::StartMatching, Move::SelectCoach(COACH), Move::Activate, Move::Deactivate, Move::Complete, Move::Delete, Move::Restore];
    prop_oneof![
        6 => (0..12 * day).prop_map(Deed::Pass),
        3 => (0..3 * day).prop_map(Deed::Pass),
        6 => Just(Deed::Sweep),
        2 => (session_kinds(), 0..30 * day).prop_map(|(kind, minutes)| Deed::Add(kind, minutes)),
        2 => (session_kinds(), -40 * day..0).prop_map(|(kind, minutes)| Deed::Add(kind, minutes)),
        2 => (0..8_usize, -30 * day..30 * day).prop_map(|(which, minutes)| Deed::Reschedule(which, minutes)),
        2 => (0..8_usize, states()).prop_map(|(which, state)| Deed::Settle(which, state)),
        1 => (0..8_usize, states()).prop_map(|(which, state)| Deed::Change(which, state)),
        2 => (-20..20_i64, 0..12_i64).prop_map(|(first, more)| Deed::Pause(first, more)),
        1 => Just(Deed::EndPauses),
        4 => prop_oneof![4 => (1..5_u16).prop_map(Some), 1 => Just(None)].prop_map(Deed::Threshold),
        1 => proptest::option::of(-20..20_i64).prop_map(Deed::Start),
        3 => select(moves).prop_map(Deed::Move),
    ]
}

struct World {
    program: Program,
    engagement: Engagement,
    sessions: Vec<Session>,
    zone: Tz,
    now: DateTime<Utc>,
    tracking: Tracking,
    /// Whether the sweep has noticed the stretch off track that it is in.
    told: bool,
    /// How often the sweep noticed a crossing of each day.
    noticed: BTreeMap<NaiveDate, u32>,
    /// The days that a stretch which was noticed has, or once had, for its beginning.
    known: BTreeSet<NaiveDate>,
}

impl World {
    fn new(kind: ProgramKind, zone: Tz) -> Self {
        let program = sample::program(kind, Some(2));
        let now = minute(0);
        let asked = if kind == ProgramKind::CoachMatching { Move::StartMatching } else { Move::Activate };
        let engagement = advance(&sample::engagement(&program), asked, &program, now).unwrap();
        let tracking = file(None, &engagement, None, zone, now);
        let (sessions, told, noticed, known) = (Vec::new(), false, BTreeMap::new(), BTreeSet::new());
        Self { program, engagement, sessions, zone, now, tracking, told, noticed, known }
    }

    fn today(&self) -> NaiveDate {
        self.now.with_timezone(&self.zone).date_naive()
    }

    fn off_since(&self) -> Option<NaiveDate> {
        progress(&self.engagement, self.zone, self.now).off_track_since()
    }

    /// Files what a step makes of the engagement.
    fn save(&mut self, after: &Engagement) {
        let before = progress(&self.engagement, self.zone, self.now);
        self.engagement = with(after, &self.sessions);
        self.tracking = file(Some((&self.tracking, &before)), &self.engagement, None, self.zone, self.now);
    }

    fn take(&mut self, step: &Deed) {
        match step {
            Deed::Pass(minutes) => self.now += TimeDelta::minutes(*minutes),
            Deed::Sweep => {
                if let Some(crossed) = self.tracking.cross(self.zone, self.now) {
                    assert!(!self.told, "noticed twice without having been on track");
                    assert_eq!(Some(crossed.since), self.off_since());
                    assert_eq!(crossed.tracking.version, self.tracking.version + 1);
                    assert_eq!(crossed.is_news, (self.today() - crossed.since).num_days() <= NEWS_DAYS);
                    *self.noticed.entry(crossed.since).or_default() += 1;
                    self.told = true;
                    self.tracking = crossed.tracking;
                }
            }
            Deed::Add(kind, minutes) => {
                let draft = SessionDraft { starts_at: Some(self.now + TimeDelta::minutes(*minutes)), ..SessionDraft::default() };
                let id = SessionId(Ulid(self.sessions.len() as u128));
                self.sessions.push(draft.create(id, &self.engagement, *kind, self.now).unwrap());
                self.save(&self.engagement.clone());
            }
            Deed::Reschedule(which, minutes) => {
                let draft = SessionDraft { starts_at: Some(self.now + TimeDelta::minutes(*minutes)), ..SessionDraft::default() };
                self.replace(*which, |session, now| draft.change(session, now).ok().flatten());
            }
            Deed::Settle(which, state) => self.replace(*which, |session, now| settle(session, *state, now).ok()),
            Deed::Change(which, state) => {
                let draft = SessionDraft { state: Some(*state), ..SessionDraft::default() };
                self.replace(*which, |session, now| draft.change(session, now).ok().flatten());
            }
            Deed::Pause(first, more) => {
                let starts_on = self.today() + TimeDelta::days(*first);
                let draft = PauseDraft { starts_on: Some(starts_on), ends_on: Some(starts_on + TimeDelta::days(*more)), note: None };
                if let Ok(after) = draft.add(&self.engagement, Actor::System, self.today(), self.now) {
                    self.save(&after);
                }
            }
            Deed::EndPauses => {
                if let Some(after) = end_pauses(&self.engagement, self.today(), self.now) {
                    self.save(&after);
                }
            }
            Deed::Threshold(weeks) => self.change(&EngagementDraft { threshold_weeks: Some(*weeks), ..EngagementDraft::default() }),
            Deed::Start(days) => {
                let starts_on = days.map(|days| self.today() + TimeDelta::days(days));
                self.change(&EngagementDraft { starts_on: Some(starts_on), ..EngagementDraft::default() });
            }
            Deed::Move(asked) => {
                if let Ok(after) = advance(&self.engagement, *asked, &self.program, self.now) {
                    self.save(&after);
                }
            }
            Deed::Zone(zone) => {
                self.zone = *zone;
                self.tracking = refile(&self.tracking, &self.engagement, None, self.zone, self.now);
            }
        }
    }

    fn replace(&mut self, which: usize, change: impl Fn(&Session, DateTime<Utc>) -> Option<Session>) {
        if let Some(session) = self.sessions.get_mut(which)
            && let Some(after) = change(session, self.now)
        {
            *session = after;
            self.save(&self.engagement.clone());
        }
    }

    fn change(&mut self, draft: &EngagementDraft) {
        if let Some(after) = draft.change(&self.engagement, self.now).unwrap() {
            self.save(&after);
        }
    }

    /// What holds after each step, on whatever calendar.
    fn check(&self) -> Result<(), TestCaseError> {
        let Tracking { due_on, due_at, episodes, crossed_on, .. } = &self.tracking;
        prop_assert_eq!(*due_on, progress(&self.engagement, self.zone, self.now).watch().map(|watch| watch.due_on));
        let noticed = due_on.is_some_and(|due| crossed_on.contains(&due));
        prop_assert_eq!(*due_at, due_on.filter(|_| !noticed).map(|due| swept_at(due, self.zone)));
        prop_assert!(episodes.is_sorted_by(|one, next| one.since < next.since), "{episodes:?}");
        prop_assert!(episodes.iter().all(|episode| episode.until.is_none_or(|until| until >= episode.since)));
        prop_assert!(episodes.iter().all(|episode| episode.noticed_at.is_none() || crossed_on.contains(&episode.since)));
        let open: Vec<&Episode> = episodes.iter().filter(|episode| episode.until.is_none()).collect();
        prop_assert_eq!(
            open.iter().map(|episode| episode.since).collect::<Vec<_>>(),
            due_on.filter(|_| noticed).into_iter().collect::<Vec<_>>()
        );
        prop_assert!(open.iter().all(|episode| episode.noticed_at.is_some()));

        let stands = progress(&self.engagement, self.zone, self.now);
        let again = file(Some((&self.tracking, &stands)), &self.engagement, None, self.zone, self.now);
        prop_assert_eq!(again, Tracking { version: self.tracking.version + 1, ..self.tracking.clone() });
        Ok(())
    }
}

fn walks() -> impl Strategy<Value = Vec<Deed>> {
    proptest::collection::vec(deeds(), 1..60)
}

fn kinds() -> impl Strategy<Value = ProgramKind> {
    select(vec![ProgramKind::OneToOne, ProgramKind::CoachMatching])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, rng_seed: RngSeed::Fixed(21), ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_done_it_is_filed_as_the_facts_say_and_noticed_once(kind in kinds(), zone in zones(), walk in walks()) {
        let mut world = World::new(kind, zone);
        for step in &walk {
            if let Deed::Pass(_) = step {
                world.take(step);
                if world.off_since().is_none() {
                    world.told = false;
                }
                continue;
            }
            let was_off = world.off_since().is_some();
            world.take(step);
            match world.off_since() {
                None => world.told = false,
                // it goes on as it was, or is taken up again where it was noticed before
                Some(since) => world.told = (was_off && world.told) || world.known.contains(&since),
            }
            if let Some(since) = world.off_since().filter(|_| world.told) {
                world.known.insert(since);
            }
            world.check()?;
            let Tracking { due_at, crossed_on, .. } = &world.tracking;
            prop_assert_eq!(crossed_on, &world.known);
            if let Some(since) = world.off_since() {
                prop_assert_eq!(due_at.is_none(), world.told, "off track since {}", since);
            }
            prop_assert!(world.noticed.values().all(|times| *times == 1), "{:?}", world.noticed);
        }
        // in the end, the sweep leaves nothing that is off track unnoticed
        world.take(&Deed::Pass(100 * 24 * 60));
        world.take(&Deed::Sweep);
        world.check()?;
        let open = world.tracking.episodes.iter().find(|episode| episode.until.is_none());
        prop_assert_eq!(open.map(|episode| episode.since), world.off_since());
    }

    #[test]
    fn whatever_is_done_on_whatever_calendar_it_is_filed_as_the_facts_say(
        kind in kinds(),
        walk in proptest::collection::vec(prop_oneof![6 => deeds(), 1 => zones().prop_map(Deed::Zone)], 1..60),
    ) {
        let mut world = World::new(kind, Tz::UTC);
        for step in &walk {
            let was_due = world.tracking.due_on.is_some_and(|_| world.tracking.due_at.is_some());
            // who is told is told apart in the walk on one calendar
            world.told = false;
            world.take(step);
            world.check()?;
            if let Deed::Zone(_) = step {
                prop_assert!(was_due || world.tracking.due_at.is_none());
            }
        }
    }
}
