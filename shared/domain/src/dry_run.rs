//! What settings would do to engagements that are under way, before anybody switches them on (T-13).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::check::{Check, Invalid};
use crate::client::{Client, Portal};
use crate::digest::Told;
use crate::engagement::Engagement;
use crate::id::{AccountId, EngagementId, ProgramId};
use crate::person::{Member, PersonId, Personnel};
use crate::program::{Settings, WEEKS_MOST, given};
use crate::progress::{Tracking, file, progress};

/// The most engagements that are tried by their ids at once.
pub const IDS_MOST: usize = 1000;

/// Settings to try on engagements that are under way: on all of a program, or on some.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DryRunDraft {
    /// On all engagements of this program; either this or `engagement_ids`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program_id: Option<ProgramId>,
    /// On these engagements, 1 to 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engagement_ids: Option<Vec<EngagementId>>,
    /// 1 to 52 weeks, `null` for no tracking; left out, each engagement keeps its own.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u16>)]
    pub threshold_weeks: Option<Option<u16>>,
    /// Whether anybody is mailed; left out, each engagement keeps its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub off_track_notifications: Option<bool>,
}

/// On which engagements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum On {
    /// All of a program.
    Program(ProgramId),
    /// Some.
    Engagements(BTreeSet<EngagementId>),
}

impl DryRunDraft {
    /// On which engagements to try, if the draft is in order.
    ///
    /// # Errors
    /// Every bad field.
    pub fn on(&self) -> Result<On, Invalid> {
        let mut check = Check::default();
        let weeks = self.threshold_weeks.flatten();
        check.that(
            weeks.is_none_or(|weeks| (1..=WEEKS_MOST).contains(&weeks)),
            "threshold_weeks",
            "must be from 1 to 52 weeks, or null for no tracking",
        );
        let on = match (self.program_id, &self.engagement_ids) {
            (Some(program), None) => Some(On::Program(program)),
            (None, Some(ids)) => {
                check.that((1..=IDS_MOST).contains(&ids.len()), "engagement_ids", "must have 1 to 1000 ids");
                Some(On::Engagements(ids.iter().copied().collect()))
            }
            (Some(_), Some(_)) => {
                check.fault("engagement_ids", "must be left out where program_id is given");
                None
            }
            (None, None) => {
                check.fault("program_id", "is needed, or engagement_ids");
                None
            }
        };
        check.done_with(on)
    }

    fn over(&self, before: Settings) -> Settings {
        Settings {
            threshold_weeks: self.threshold_weeks.unwrap_or(before.threshold_weeks),
            off_track_notifications: self.off_track_notifications.unwrap_or(before.off_track_notifications),
        }
    }
}

/// An engagement to try settings on.
#[derive(Clone, Copy, Debug)]
pub struct Tried<'a> {
    /// The engagement.
    pub engagement: &'a Engagement,
    /// How it is filed.
    pub tracking: &'a Tracking,
    /// Its client.
    pub client: &'a Client,
}

/// As what somebody would be mailed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// As an administrator: one mail with all of them.
    Administrator,
    /// As a coach: one mail with all of them.
    Coach,
    /// As a client: a mail for each.
    Client,
}

/// What settings would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The engagements that would be off track and are not now, with the day they would have crossed; the first to cross first.
    pub flips: Vec<(EngagementId, NaiveDate)>,
    /// Who would be mailed by the next sweep because of the settings, as what, and of how many engagements.
    pub mails: BTreeMap<(Role, PersonId), usize>,
}

/// The people of an account, and the account.
#[derive(Clone, Copy, Debug)]
pub struct House<'a> {
    /// The account.
    pub account: AccountId,
    /// Its calendar.
    pub zone: Tz,
    /// Its members.
    pub members: &'a [Member],
    /// The people of its companies.
    pub personnel: &'a [Personnel],
}

impl House<'_> {
    /// Whether a person wants to hear of engagements that are off track, and still may.
    fn wants(&self, person: PersonId) -> bool {
        match person {
            PersonId::Member(id) => self.members.iter().any(|m| m.id == id && m.active && m.notifications.off_track),
            PersonId::Personnel(id) => self.personnel.iter().any(|p| p.id == id && p.active && p.notifications.off_track),
            PersonId::Client(_) => false,
        }
    }
}

/// Whether a client is mailed at all (T-9): invited, with an address, neither archived nor opted out.
fn hears(client: &Client) -> bool {
    let invited = match client.portal {
        Portal::Pending | Portal::Active => true,
        Portal::NotInvited | Portal::Disabled => false,
    };
    invited && !client.archived && client.email.is_some() && client.notifications.off_track
}

/// Tries settings on engagements (T-13): which would be off track and are not now, and whom the next sweep would mail of
/// them that it would not mail otherwise (T-9, T-10). Changes nothing.
pub fn dry_run(tried: &[Tried<'_>], draft: &DryRunDraft, house: &House<'_>, now: DateTime<Utc>) -> Outcome {
    let mut flips = Vec::new();
    let mut told: BTreeMap<PersonId, (Role, BTreeSet<EngagementId>)> = BTreeMap::new();
    for Tried { engagement, tracking, client } in tried.iter().copied() {
        let with = Engagement { settings: draft.over(engagement.settings), ..engagement.clone() };
        let before = progress(engagement, house.zone, now);
        let Some(since) = progress(&with, house.zone, now).off_track_since() else { continue };
        if before.off_track_since().is_none() {
            flips.push((engagement.id, since));
        }
        let filed = file(Some((tracking, &before)), &with, client.email.as_ref(), house.zone, now);
        // one that waits for the sweep as it is, is mailed anyway
        let changes = (filed.due_at, filed.notifies) != (tracking.due_at, tracking.notifies);
        let crossed = filed.due_at.filter(|_| changes && filed.notifies).and_then(|at| filed.cross(house.zone, at.max(now)));
        let Some(crossed) = crossed else { continue };
        let told_of = Told::of(&with, engagement.owner_organisation_id.0 == house.account.0, house.members, house.personnel);
        let mut tell = |person, role: Role| {
            let (as_what, of) = told.entry(person).or_insert((role, BTreeSet::new()));
            *as_what = role.min(*as_what);
            of.insert(engagement.id);
        };
        for person in told_of.administrators().into_iter().filter(|person| house.wants(*person)) {
            tell(person, Role::Administrator);
        }
        if crossed.is_news {
            if let Some(coach) = told_of.coach().filter(|coach| house.wants(*coach)) {
                tell(coach, Role::Coach);
            }
            if hears(client) {
                tell(PersonId::Client(client.id), Role::Client);
            }
        }
    }
    flips.sort_by_key(|(id, since)| (*since, *id));
    let mails = told.into_iter().map(|(person, (role, of))| ((role, person), of.len())).collect();
    Outcome { flips, mails }
}
