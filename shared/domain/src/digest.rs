//! Digests: however many engagements cross on one day, each administrator and each coach gets one mail (T-10),
//! and who is both gets one.
//!
//! Crossings are collected under the account's current epoch. Closing an epoch makes a delivery for everybody who is owed
//! one, and what crosses afterwards belongs to the next. An epoch is closed at most once a day, so nobody gets two mails in
//! a day; each crossing belongs to exactly one epoch, so it is in exactly one digest of each of its recipients.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::engagement::Engagement;
use crate::id::{ClientId, EngagementId, MemberId, OrganisationId, OwnerId};
use crate::person::{Administrator, Member, PersonId, Personnel};
use crate::progress::{Tracking, swept_at};

/// How far an account's digests have got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digests {
    /// The epoch that crossings are collected under.
    pub epoch: u64,
    /// Whether there are any in it.
    #[serde(default)]
    pub pending: bool,
    /// The epoch whose deliveries are being made.
    #[serde(default)]
    pub closing: Option<Closing>,
    /// The day on which an epoch was last closed, on the organisation's calendar.
    #[serde(default)]
    pub last_on: Option<NaiveDate>,
    /// Counts changes, from 1; 0 for an account that has no row yet.
    pub version: u64,
}

/// An epoch whose deliveries are being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    /// The epoch.
    pub epoch: u64,
    /// The day that its digests are of.
    pub on: NaiveDate,
}

impl Default for Digests {
    fn default() -> Self {
        Self { epoch: 1, pending: false, closing: None, last_on: None, version: 0 }
    }
}

impl Digests {
    /// When the sweep is to look at them next: at once while an epoch is being closed, else at the hour of the first day on
    /// which none has been closed; `None` while nothing is pending.
    pub fn due_at(&self, zone: Tz, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.closing.is_some() {
            return Some(now);
        }
        let today = now.with_timezone(&zone).date_naive();
        let day = match self.last_on {
            Some(last) if last >= today => last.succ_opt()?,
            _ => today,
        };
        self.pending.then(|| swept_at(day, zone))
    }

    /// With a crossing in the current epoch.
    #[must_use]
    pub fn marked(&self) -> Self {
        Self { pending: true, version: self.version + 1, ..self.clone() }
    }

    /// With the current epoch being closed, if it is time for that.
    pub fn close(&self, zone: Tz, now: DateTime<Utc>) -> Option<Self> {
        let is_due = self.closing.is_none() && self.due_at(zone, now).is_some_and(|at| at <= now);
        let on = now.with_timezone(&zone).date_naive();
        is_due.then(|| Self {
            epoch: self.epoch + 1,
            pending: false,
            closing: Some(Closing { epoch: self.epoch, on }),
            last_on: Some(on),
            version: self.version + 1,
        })
    }

    /// With all deliveries of the epoch made.
    #[must_use]
    pub fn closed(&self) -> Self {
        Self { closing: None, version: self.version + 1, ..self.clone() }
    }
}

/// One engagement that went off track, as digests collect it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crossing {
    /// The engagement.
    pub engagement_id: EngagementId,
    /// Its client.
    pub client_id: ClientId,
    /// Its coach, if the coach is told.
    #[serde(default)]
    pub coach_id: Option<MemberId>,
    /// Who answers for it, if somebody is named.
    #[serde(default)]
    pub owner_id: Option<OwnerId>,
    /// The day it crossed.
    pub since: NaiveDate,
}

/// Who is told that an engagement went off track (T-10).
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// Its coach.
    pub coach_id: Option<MemberId>,
    /// The organisation that owns it; the account's own has the account's id.
    pub owner: OrganisationId,
    /// Whether that is the account's own.
    pub is_own: bool,
    /// The administrator who answers for it.
    pub owner_id: Option<OwnerId>,
    /// The location it belongs to.
    pub location_id: Option<crate::id::LocationId>,
    /// The members of the account.
    pub members: &'a [Member],
    /// The people of the account's companies.
    pub personnel: &'a [Personnel],
}

impl<'a> Told<'a> {
    /// Of an engagement as it is filed.
    pub fn of_tracking(tracking: &Tracking, is_own: bool, members: &'a [Member], personnel: &'a [Personnel]) -> Self {
        Self {
            coach_id: tracking.coach_id,
            owner: tracking.owner_organisation_id,
            is_own,
            owner_id: tracking.owner_id,
            location_id: tracking.location_id,
            members,
            personnel,
        }
    }

    /// Of an engagement.
    pub fn of(engagement: &Engagement, is_own: bool, members: &'a [Member], personnel: &'a [Personnel]) -> Self {
        Self {
            coach_id: engagement.coach_id,
            owner: engagement.owner_organisation_id,
            is_own,
            owner_id: engagement.owner_id,
            location_id: engagement.location_id,
            members,
            personnel,
        }
    }

    /// The coach, if they are still there.
    pub fn coach(&self) -> Option<PersonId> {
        let coach = self.members.iter().find(|member| Some(member.id) == self.coach_id && member.active)?;
        Some(PersonId::Member(coach.id))
    }

    /// The named administrator, if they are still there; else the owning organisation's global administrators, and those of
    /// the engagement's location.
    pub fn administrators(&self) -> Vec<PersonId> {
        let all: Vec<(PersonId, OwnerId, bool)> = if self.is_own {
            let is_one = |member: &Member| match member.administrator {
                Administrator::Global => true,
                Administrator::Location => member.location_id.is_some() && member.location_id == self.location_id,
                Administrator::None => false,
            };
            let active = self.members.iter().filter(|member| member.active);
            active.map(|member| (PersonId::Member(member.id), OwnerId(member.id.0), is_one(member))).collect()
        } else {
            let of_company = self.personnel.iter().filter(|person| person.active && person.company_id.0 == self.owner.0);
            let is_one =
                |person: &Personnel| person.administrator && (person.location_id.is_none() || person.location_id == self.location_id);
            of_company.map(|person| (PersonId::Personnel(person.id), OwnerId(person.id.0), is_one(person))).collect()
        };
        match all.iter().find(|(_, id, _)| Some(*id) == self.owner_id) {
            Some((person, _, _)) => vec![*person],
            None => all.into_iter().filter(|(_, _, is_one)| *is_one).map(|(person, _, _)| person).collect(),
        }
    }
}
