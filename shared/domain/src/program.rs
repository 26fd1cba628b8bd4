//! Programs: templates for engagements.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::check::{self, Check, Invalid};
use crate::id::ProgramId;

/// The longest threshold, in weeks (T-1).
pub const WEEKS_MOST: u16 = 52;
/// The most sessions a program plans.
const SESSIONS_MOST: u32 = 1000;

/// What the engagements of a program are like (T-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProgramKind {
    /// One client and one coach, with sessions planned ahead.
    OneToOne,
    /// One client and one coach, with sessions as they are needed.
    OnDemand,
    /// The client first chooses a coach, after discovery calls with some.
    CoachMatching,
    /// Several clients together; never tracked.
    Group,
}

impl ProgramKind {
    /// Whether engagements of the kind can be tracked at all.
    pub fn is_tracked(self) -> bool {
        match self {
            Self::OneToOne | Self::OnDemand | Self::CoachMatching => true,
            Self::Group => false,
        }
    }
}

/// How progress is watched (T-1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Settings {
    /// After so many weeks without a session an engagement is off track; without, it is not tracked. 1 to 52.
    #[serde(default)]
    pub threshold_weeks: Option<u16>,
    /// Whether anybody is mailed when one goes off track.
    pub off_track_notifications: bool,
}

/// A template for engagements.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Program {
    /// Id.
    pub id: ProgramId,
    /// Name.
    pub name: String,
    /// What its engagements are like.
    pub kind: ProgramKind,
    /// How many sessions an engagement has; open if there is no number.
    #[serde(default)]
    pub sessions: Option<u32>,
    /// How progress is watched; engagements take it over when they are launched.
    #[serde(flatten)]
    pub settings: Settings,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Counts changes, from 1.
    pub version: u64,
}

/// Tells a field that is `null` from one that is left out: `null` is `Some(None)`.
///
/// # Errors
/// The value does not read.
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A program as people send it: all of it for a new one, some of it for a change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProgramDraft {
    /// Name; needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What its engagements are like; needed, and never changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<ProgramKind>,
    /// How many sessions an engagement has; `null` leaves it open.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>)]
    pub sessions: Option<Option<u32>>,
    /// 1 to 52 weeks; `null` switches tracking off (T-1).
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u16>)]
    pub threshold_weeks: Option<Option<u16>>,
    /// Whether anybody is mailed when an engagement goes off track; default yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub off_track_notifications: Option<bool>,
}

impl ProgramDraft {
    /// The program that this adds.
    ///
    /// # Errors
    /// Every bad field.
    pub fn create(&self, id: ProgramId, now: DateTime<Utc>) -> Result<Program, Invalid> {
        let mut check = Check::default();
        check.that(self.name.is_some(), "name", "is needed");
        let kind = check.take("kind", self.kind.ok_or("is needed: one_to_one, on_demand, coach_matching or group"));
        let mut program = Program {
            id,
            name: String::new(),
            kind: kind.unwrap_or(ProgramKind::OneToOne),
            sessions: None,
            settings: Settings { threshold_weeks: None, off_track_notifications: true },
            created_at: now,
            updated_at: now,
            version: 1,
        };
        self.fill(&mut program, &mut check);
        check.done(program)
    }

    /// The program after this change; `None` where nothing changes.
    ///
    /// # Errors
    /// Every bad field.
    pub fn change(&self, before: &Program, now: DateTime<Utc>) -> Result<Option<Program>, Invalid> {
        let mut check = Check::default();
        check.that(self.kind.is_none_or(|kind| kind == before.kind), "kind", "can't be changed; add another program");
        let mut program = before.clone();
        self.fill(&mut program, &mut check);
        let program = check.done(program)?;
        Ok((program != *before).then(|| Program { updated_at: now, version: before.version + 1, ..program }))
    }

    fn fill(&self, program: &mut Program, check: &mut Check) {
        if let Some(name) = &self.name
            && let Some(name) = check.take("name", check::line(name, 200))
        {
            program.name = name;
        }
        if let Some(sessions) = self.sessions {
            program.sessions = sessions;
        }
        read_sessions("sessions", program.sessions, check);
        read_settings(&mut program.settings, program.kind, self.threshold_weeks, self.off_track_notifications, check);
    }
}

/// Checks how many sessions are planned.
pub(crate) fn read_sessions(field: &str, sessions: Option<u32>, check: &mut Check) {
    check.that(sessions.is_none_or(|n| (1..=SESSIONS_MOST).contains(&n)), field, "must be from 1 to 1000, or null for an open number");
}

/// Reads a change of settings, and checks what comes out (T-1).
pub(crate) fn read_settings(
    settings: &mut Settings,
    kind: ProgramKind,
    threshold_weeks: Option<Option<u16>>,
    off_track_notifications: Option<bool>,
    check: &mut Check,
) {
    if let Some(weeks) = threshold_weeks {
        settings.threshold_weeks = weeks;
    }
    settings.off_track_notifications = off_track_notifications.unwrap_or(settings.off_track_notifications);
    let weeks = settings.threshold_weeks;
    check.that(
        weeks.is_none_or(|weeks| (1..=WEEKS_MOST).contains(&weeks)),
        "threshold_weeks",
        "must be from 1 to 52 weeks, or null for no tracking",
    );
    check.that(weeks.is_none() || kind.is_tracked(), "threshold_weeks", "must be null: group programs are never tracked");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn draft(text: &str) -> ProgramDraft {
        serde_json::from_str(text).unwrap()
    }

    fn created(text: &str) -> Result<Program, Invalid> {
        draft(text).create(ProgramId(ulid::Ulid(1)), sample::now())
    }

    /// The names of the bad fields.
    fn fields<T: std::fmt::Debug>(result: Result<T, Invalid>) -> Vec<String> {
        result.unwrap_err().errors.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn a_program_is_checked_field_by_field() {
        for (text, bad) in [
            (r#"{}"#, &["name", "kind"][..]),
            (r#"{"name": "A"}"#, &["kind"]),
            (r#"{"kind": "group"}"#, &["name"]),
            (r#"{"name": "  ", "kind": "group"}"#, &["name"]),
            (r#"{"name": "A\nB", "kind": "group"}"#, &["name"]),
            (r#"{"name": "A", "kind": "one_to_one", "sessions": 0}"#, &["sessions"]),
            (r#"{"name": "A", "kind": "one_to_one", "sessions": 1001}"#, &["sessions"]),
            (r#"{"name": "A", "kind": "one_to_one", "threshold_weeks": 0}"#, &["threshold_weeks"]),
            (r#"{"name": "A", "kind": "one_to_one", "threshold_weeks": 53}"#, &["threshold_weeks"]),
            (r#"{"name": "A", "kind": "group", "threshold_weeks": 3}"#, &["threshold_weeks"]),
            (r#"{"name": "", "kind": "on_demand", "sessions": 0, "threshold_weeks": 99}"#, &["name", "sessions", "threshold_weeks"]),
        ] {
            assert_eq!(fields(created(text)), bad, "{text}");
        }
        for text in [
            r#"{"name": "A", "kind": "one_to_one", "sessions": 1, "threshold_weeks": 1}"#,
            r#"{"name": "A", "kind": "on_demand", "sessions": 1000, "threshold_weeks": 52}"#,
            r#"{"name": "A", "kind": "coach_matching", "sessions": null, "threshold_weeks": null}"#,
            r#"{"name": "A", "kind": "group", "threshold_weeks": null}"#,
        ] {
            assert!(created(text).is_ok(), "{text}");
        }
        assert_eq!(created(&format!(r#"{{"name": "{}", "kind": "group"}}"#, "a".repeat(200))).unwrap().name.len(), 200);
        assert_eq!(fields(created(&format!(r#"{{"name": "{}", "kind": "group"}}"#, "a".repeat(201)))), ["name"]);
    }

    #[test]
    fn what_is_not_said_is_open_not_tracked_and_would_be_mailed() {
        let program = created(r#"{"name": " Leadership ", "kind": "one_to_one"}"#).unwrap();
        assert_eq!((program.name.as_str(), program.sessions, program.version), ("Leadership", None, 1));
        assert_eq!(program.settings, Settings { threshold_weeks: None, off_track_notifications: true });
        let silent = created(r#"{"name": "A", "kind": "one_to_one", "threshold_weeks": 3, "off_track_notifications": false}"#).unwrap();
        assert_eq!(silent.settings, Settings { threshold_weeks: Some(3), off_track_notifications: false });
    }

    #[test]
    fn what_nobody_knows_is_refused() {
        for text in [r#"{"treshold_weeks": 3}"#, r#"{"kind": "pair"}"#, r#"{"threshold_weeks": -1}"#, r#"{"threshold_weeks": 1.5}"#] {
            assert!(serde_json::from_str::<ProgramDraft>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_change_says_what_changes_and_null_is_a_value() {
        let before = Program { sessions: Some(6), ..sample::program(ProgramKind::OneToOne, Some(3)) };
        let later = sample::now() + chrono::TimeDelta::hours(1);
        let changed = |text: &str| draft(text).change(&before, later);
        for text in [
            r#"{}"#,
            r#"{"name": "Leadership"}"#,
            r#"{"name": " Leadership "}"#,
            r#"{"kind": "one_to_one"}"#,
            r#"{"sessions": 6, "threshold_weeks": 3, "off_track_notifications": true}"#,
        ] {
            assert_eq!(changed(text).unwrap(), None, "{text}");
        }
        let open = changed(r#"{"sessions": null, "threshold_weeks": null}"#).unwrap().unwrap();
        assert_eq!((open.sessions, open.settings.threshold_weeks, open.version, open.updated_at), (None, None, 2, later));
        let silent = changed(r#"{"off_track_notifications": false}"#).unwrap().unwrap();
        assert_eq!(silent.settings, Settings { threshold_weeks: Some(3), off_track_notifications: false });
        for (text, bad) in [
            (r#"{"kind": "on_demand"}"#, &["kind"][..]),
            (r#"{"name": ""}"#, &["name"]),
            (r#"{"kind": "group", "sessions": 0, "threshold_weeks": 53}"#, &["kind", "sessions", "threshold_weeks"]),
        ] {
            assert_eq!(fields(changed(text)), bad, "{text}");
        }
        let group = sample::program(ProgramKind::Group, None);
        assert_eq!(fields(draft(r#"{"threshold_weeks": 3}"#).change(&group, later)), ["threshold_weeks"]);
    }

    #[test]
    fn only_groups_are_never_tracked() {
        let kinds = [ProgramKind::OneToOne, ProgramKind::OnDemand, ProgramKind::CoachMatching, ProgramKind::Group];
        assert_eq!(kinds.map(ProgramKind::is_tracked), [true, true, true, false]);
    }
}
