//! The sweep: notices which engagements have crossed their threshold, and sees to it that everybody who is to be told gets
//! one mail (T-9 to T-11). It reads one row for each engagement that has crossed, however many there are.
//!
//! Each crossing is one transaction, under the condition that nobody noticed it before; each account's digests are closed
//! by one conditional write, and made of rows that name their own place. So it may be cut off anywhere, run twice at once,
//! or not run for days: what is done stays done, and what is not is due still.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use domain::delivery::{Delivery, Mail, Recipient};
use domain::digest::{Closing, Crossing, Digests, Told};
use domain::engagement::{EngagementHappening, What};
use domain::id::{DeliveryId, HappeningId};
use domain::person::{Actor, Member, PersonId, Personnel};
use domain::progress::{Crossed, Tracking};
use platform::store::engagements::Due;
use platform::store::keys::DUE_SHARDS;
use platform::store::{Changes, Commit, Scope};
use serde::Serialize;

use crate::{App, AppError};

/// How many parts of the due index are worked on at once.
const AT_ONCE: usize = 8;
/// How often a crossing or a digest is tried anew when somebody else was faster.
const TRIES: usize = 5;
/// The most recipients that are named in the transaction of a crossing; more are named before it.
const NAMED_MOST: usize = 80;

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// Engagements that crossed.
    pub crossed: usize,
    /// Digests that were made.
    pub digests: usize,
    /// What failed and is still due.
    pub failed: usize,
}

impl Swept {
    fn add(&mut self, other: Self) {
        self.crossed += other.crossed;
        self.digests += other.digests;
        self.failed += other.failed;
    }

    fn failure(&mut self, what: &'static str, error: &AppError) {
        self.failed += 1;
        tracing::error!(what, %error, "a part of the sweep failed; it stays due");
    }
}

/// Notices everything that has crossed by now, and makes the digests that are due. One failure does not keep the rest from
/// being done: what failed is counted, and due at the next sweep.
pub async fn sweep(app: &App) -> Swept {
    let now = app.clock.now();
    let mut swept = Swept::default();
    for first in (0..DUE_SHARDS).step_by(AT_ONCE) {
        let parts: Vec<_> = (first..DUE_SHARDS).take(AT_ONCE).map(|shard| part(app, shard, now)).collect();
        for done in futures::future::join_all(parts).await {
            swept.add(done);
        }
    }
    swept
}

/// Sweeps one part of the due index.
async fn part(app: &App, shard: u8, now: DateTime<Utc>) -> Swept {
    let mut swept = Swept::default();
    let due = match app.platform.store.due(shard, now).await {
        Ok(due) => due,
        Err(error) => {
            swept.failure("reading what is due", &error.into());
            return swept;
        }
    };
    let mut accounts: BTreeMap<_, (Scope, Vec<Tracking>, bool)> = BTreeMap::new();
    for due in due {
        let (Due::Engagement(scope, _) | Due::Digests(scope)) = due;
        let (_, crossing, has_digests) = accounts.entry(scope.account()).or_insert((scope, Vec::new(), false));
        match due {
            Due::Engagement(_, tracking) => crossing.push(*tracking),
            Due::Digests(_) => *has_digests = true,
        }
    }
    for (scope, crossing, has_digests) in accounts.into_values() {
        match House::of(app, scope, now).await {
            Ok(mut house) => house.sweep(crossing, has_digests, &mut swept).await,
            Err(error) => swept.failure("reading an account", &error),
        }
    }
    swept
}

/// The id of the notice to a client: one for each engagement, crossing and client, whatever their address.
fn notice_id(tracking: &Tracking, since: NaiveDate) -> DeliveryId {
    DeliveryId::of("off_track", &format!("{} {since}", tracking.engagement_id), &tracking.client_id.to_string())
}

/// The id of a digest: one for each person and day of an account.
fn digest_id(scope: Scope, on: NaiveDate, person: PersonId) -> DeliveryId {
    let person = match person {
        PersonId::Member(id) => format!("member {id}"),
        PersonId::Client(id) => format!("client {id}"),
        PersonId::Personnel(id) => format!("personnel {id}"),
    };
    DeliveryId::of("off_track_digest", &format!("{} {on}", scope.account()), &person)
}

/// An account during a sweep.
struct House<'a> {
    app: &'a App,
    scope: Scope,
    zone: Tz,
    now: DateTime<Utc>,
    members: Vec<Member>,
    personnel: Vec<Personnel>,
    /// How far the digests have got; none where that has to be read again.
    digests: Option<Digests>,
    /// Who was named as a recipient of the current epoch already.
    owed: BTreeSet<PersonId>,
}

impl<'a> House<'a> {
    async fn of(app: &'a App, scope: Scope, now: DateTime<Utc>) -> Result<Self, AppError> {
        let store = &app.platform.store;
        let account = store.account(scope).await?.ok_or_else(|| AppError::Fault("the account is gone".into()))?;
        let members = store.members(scope).await?;
        let personnel = store.personnel(scope).await?;
        let zone = account.time_zone;
        Ok(Self { app, scope, zone, now, members, personnel, digests: None, owed: BTreeSet::new() })
    }

    async fn sweep(&mut self, crossing: Vec<Tracking>, has_digests: bool, swept: &mut Swept) {
        for tracking in crossing {
            match self.cross(tracking).await {
                Ok(crossed) => swept.crossed += usize::from(crossed),
                Err(error) => {
                    // nobody knows what was written
                    self.forget();
                    swept.failure("noticing a crossing", &error);
                }
            }
        }
        // an engagement that failed is in a later digest, and does not hold this one up
        if let Err(error) = self.close(has_digests, swept).await {
            swept.failure("making digests", &error);
        }
    }

    fn forget(&mut self) {
        self.digests = None;
        self.owed.clear();
    }

    /// How far the digests have got.
    async fn digests(&mut self) -> Result<Digests, AppError> {
        let digests = match self.digests.take() {
            Some(digests) => digests,
            None => self.app.platform.store.digests(self.scope).await?,
        };
        Ok(self.digests.insert(digests).clone())
    }

    /// Notices that an engagement crossed; whether it did, and nobody had noticed.
    async fn cross(&mut self, mut tracking: Tracking) -> Result<bool, AppError> {
        let mut notified = true;
        for _ in 0..TRIES {
            let Some(crossed) = tracking.cross(self.zone, self.now) else { return Ok(false) };
            match self.try_cross(&tracking, &crossed, notified).await? {
                Commit::Done => return Ok(true),
                Commit::Unmet("tracking") => {
                    // the index was behind, or somebody else was faster
                    let read = self.app.platform.store.trackings_by_id(self.scope, [tracking.engagement_id]).await?;
                    let Some(read) = read.into_iter().next() else { return Ok(false) };
                    tracking = read;
                }
                // the client was told of this crossing before
                Commit::Unmet("delivery") => notified = false,
                // the epoch was closed, or another sweep was first to collect for it
                Commit::Unmet(_) => self.forget(),
            }
        }
        Err(AppError::Fault("others kept changing an engagement or its account's digests".into()))
    }

    /// Tries to write a crossing, and everything that follows from it, at once.
    async fn try_cross(&mut self, tracking: &Tracking, crossed: &Crossed, notified: bool) -> Result<Commit, AppError> {
        let (scope, now, since) = (self.scope, self.now, crossed.since);
        let store = &self.app.platform.store;
        let mut changes = Changes::new();
        store.replace_tracking(&mut changes, scope, &crossed.tracking)?;
        let happening = EngagementHappening {
            id: HappeningId(self.app.new_id()),
            engagement_id: tracking.engagement_id,
            what: What::OffTrack,
            at: now,
            by: Actor::System,
            session_id: None,
            on: Some(since),
        };
        store.add_engagement_happening(&mut changes, scope, &happening)?;
        if !tracking.notifies {
            return Ok(store.commit(changes).await?);
        }
        if let Some(email) = tracking.client_email.as_ref().filter(|_| crossed.is_news && notified) {
            let mail = Mail::OffTrack { engagement_id: tracking.engagement_id, since };
            let person = Some(PersonId::Client(tracking.client_id));
            let recipient = Recipient { email: email.clone(), person, name: None };
            let delivery = Delivery { id: notice_id(tracking, since), ..Delivery::owed("", mail, recipient, now) };
            store.add_delivery(&mut changes, scope, &delivery)?;
        }
        let is_own = tracking.owner_organisation_id.0 == scope.account().0;
        let told = Told::of_tracking(tracking, is_own, &self.members, &self.personnel);
        let coach = told.coach().filter(|_| crossed.is_news);
        let recipients: BTreeSet<PersonId> = told.administrators().into_iter().chain(coach).collect();
        if recipients.is_empty() {
            return Ok(store.commit(changes).await?);
        }
        let before = self.digests().await?;
        let crossing = Crossing {
            engagement_id: tracking.engagement_id,
            client_id: tracking.client_id,
            coach_id: tracking.coach_id.filter(|_| coach.is_some()),
            owner_id: tracking.owner_id,
            since,
        };
        store.add_crossing(&mut changes, scope, before.epoch, &crossing, now)?;
        let marked = (!before.pending).then(|| before.marked());
        match &marked {
            Some(marked) => store.set_digests(&mut changes, scope, marked, marked.due_at(self.zone, now))?,
            None => store.require_epoch(&mut changes, scope, before.epoch)?,
        }
        let mut new: Vec<PersonId> = recipients.difference(&self.owed).copied().collect();
        // a name without a crossing does no harm: whoever has nothing in a digest gets none
        while new.len() > NAMED_MOST {
            let mut names = Changes::new();
            for person in new.drain(..NAMED_MOST) {
                store.owe_digest(&mut names, scope, before.epoch, person, now)?;
            }
            let _ = store.commit(names).await?;
        }
        for person in new {
            store.owe_digest(&mut changes, scope, before.epoch, person, now)?;
        }
        let commit = store.commit(changes).await?;
        if commit.is_done() {
            self.owed.extend(recipients);
            self.digests = Some(marked.unwrap_or(before));
        }
        Ok(commit)
    }

    /// Makes the digests that are due, and goes on with those that were being made. Where they are filed as due and are not,
    /// they are filed anew.
    async fn close(&mut self, mut is_filed: bool, swept: &mut Swept) -> Result<(), AppError> {
        for _ in 0..TRIES {
            let digests = self.digests().await?;
            if let Some(closing) = digests.closing {
                self.make(closing, swept).await?;
                self.set(digests.closed()).await?;
                continue;
            }
            let Some(closing) = digests.close(self.zone, self.now) else {
                // the calendar is another than they were filed by
                if is_filed && digests.pending {
                    self.set(Digests { version: digests.version + 1, ..digests }).await?;
                }
                return Ok(());
            };
            self.set(closing).await?;
            is_filed = false;
        }
        Err(AppError::Fault("others kept changing an account's digests".into()))
    }

    /// Writes how far the digests have got, unless somebody else did meanwhile: then that is read next.
    async fn set(&mut self, digests: Digests) -> Result<(), AppError> {
        self.forget();
        let store = &self.app.platform.store;
        let mut changes = Changes::new();
        store.set_digests(&mut changes, self.scope, &digests, digests.due_at(self.zone, self.now))?;
        if store.commit(changes).await?.is_done() {
            self.digests = Some(digests);
        }
        Ok(())
    }

    /// Makes a delivery for everybody who is owed a digest of an epoch, and has none of the day.
    async fn make(&self, closing: Closing, swept: &mut Swept) -> Result<(), AppError> {
        let store = &self.app.platform.store;
        let mut failed = Ok(());
        for owed in store.owed_digests(self.scope, closing.epoch).await? {
            let Some(recipient) = self.recipient(owed.person) else { continue };
            let mail = Mail::OffTrackDigest { epoch: closing.epoch, on: closing.on };
            let id = digest_id(self.scope, closing.on, owed.person);
            let delivery = Delivery { id, ..Delivery::owed("", mail, recipient, self.now) };
            let mut changes = Changes::new();
            store.add_delivery(&mut changes, self.scope, &delivery)?;
            match store.commit(changes).await {
                // unmet means that it is on record
                Ok(commit) => swept.digests += usize::from(commit.is_done()),
                Err(error) => failed = Err(error),
            }
        }
        Ok(failed?)
    }

    /// Somebody as a recipient, if they are still there.
    fn recipient(&self, person: PersonId) -> Option<Recipient> {
        let (email, name) = match person {
            PersonId::Member(id) => {
                self.members.iter().find(|member| member.id == id && member.active).map(|member| (&member.email, &member.name))
            }
            PersonId::Personnel(id) => {
                self.personnel.iter().find(|other| other.id == id && other.active).map(|other| (&other.email, &other.name))
            }
            PersonId::Client(_) => None,
        }?;
        Some(Recipient { email: email.clone(), person: Some(person), name: Some(name.clone()) })
    }
}
