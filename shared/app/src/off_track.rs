//! Mail on engagements that went off track: the last look just before sending, composing, and the links in it (T-9 to T-11,
//! T-13).

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::account::Account;
use domain::client::{Client, Portal};
use domain::delivery::{Delivery, NotAnyMore};
use domain::digest::{Crossing, Told};
use domain::engagement::Engagement;
use domain::id::{AuditId, ClientId, CompanyId, EngagementId, MemberId};
use domain::person::{Administrator, Email, Member, Notifications, PersonId, Personnel};
use domain::progress::{self, Anchor, Progress, Watch, progress};
use mail::off_track::{Nudges, OffTrackClient, OffTrackDigest, Reader, Row, Step};
use platform::store::{Changes, Scope, audit};

use crate::token::{Nudge, Nudging, Stop, Stopped};
use crate::{App, AppError};

/// How often switching mail off is tried when the person is changed meanwhile.
const TRIES: usize = 5;

/// A mail and the address it goes to, which may have changed since the mail was owed.
pub(crate) type Composed = Result<(mail::Message, Email), NotAnyMore>;

/// The links of a mail to somebody.
struct Links<'a> {
    app: &'a App,
    scope: Scope,
    person: PersonId,
}

impl Links<'_> {
    fn token(&self, token: Option<String>, path: &str) -> Result<String, AppError> {
        let token = token.ok_or_else(|| AppError::Fault("there is no key to sign with".into()))?;
        Ok(format!("{}/{path}/{token}", self.app.config.public_url))
    }

    /// Where the person switches such mail off.
    fn stop(&self) -> Result<String, AppError> {
        self.token(Stop { what: Stopped::OffTrack, account: self.scope.account(), person: self.person }.sign(&self.app.signing_keys), "u")
    }

    /// What the person can say of a crossing without a login, in the order of [`Nudging::ALL`].
    fn nudges(&self, engagement: EngagementId, since: NaiveDate) -> Result<[String; 3], AppError> {
        let link = |nudging| {
            let nudge = Nudge { nudging, account: self.scope.account(), engagement, since, person: self.person };
            self.token(nudge.sign(&self.app.signing_keys), "n")
        };
        let [met, snooze, pause] = Nudging::ALL;
        Ok([link(met)?, link(snooze)?, link(pause)?])
    }

    /// The engagement's page.
    fn engagement(&self, id: EngagementId) -> String {
        format!("{}/engagements/{id}", self.app.config.public_url)
    }
}

fn nudges([met, snooze, pause]: &[String; 3]) -> Nudges<'_> {
    Nudges { met, snooze, pause }
}

/// What is missing, in the mail's words.
fn step(watch: &Watch) -> Step {
    match watch.missing {
        Some(progress::Step::ScheduleSession) | None => Step::ScheduleSession,
        Some(progress::Step::ScheduleDiscoveryCall) => Step::ScheduleDiscoveryCall,
        Some(progress::Step::SelectCoach) => Step::SelectCoach,
        Some(progress::Step::Activate) => Step::Activate,
    }
}

/// How an engagement stands, if it is still off track as it was when that was noticed, and mail on it is still wanted. The
/// day since when may have been corrected meanwhile.
fn still_off(app: &App, account: &Account, engagement: &Engagement, noticed_on: NaiveDate) -> Result<Watch, NotAnyMore> {
    match progress(engagement, account.time_zone, app.clock.now()) {
        Progress::OffTrack(watch) if watch.due_on <= noticed_on => {
            if engagement.settings.off_track_notifications {
                Ok(watch)
            } else {
                Err(NotAnyMore::NotificationsOff)
            }
        }
        Progress::OffTrack(_) | Progress::OnTrack(_) | Progress::NotTracking(_) => Err(NotAnyMore::BackOnTrack),
    }
}

/// Whether a client may get such mail at all (T-9).
fn reachable(client: &Client) -> Result<&Email, NotAnyMore> {
    if client.archived {
        return Err(NotAnyMore::Archived);
    }
    match client.portal {
        Portal::NotInvited | Portal::Disabled => return Err(NotAnyMore::NoPortal),
        Portal::Pending | Portal::Active => {}
    }
    if !client.notifications.off_track {
        return Err(NotAnyMore::SwitchedOff);
    }
    client.email.as_ref().ok_or(NotAnyMore::NoAddress)
}

/// Composes the mail to a client, if it may still go (T-9).
///
/// # Errors
/// [`AppError`].
pub(crate) async fn notice(
    app: &App,
    scope: Scope,
    account: &Account,
    delivery: &Delivery,
    id: EngagementId,
) -> Result<Composed, AppError> {
    let Some(person @ PersonId::Client(client)) = delivery.recipient.person else {
        return Err(AppError::Fault("a notice to nobody".into()));
    };
    let store = &app.platform.store;
    let (engagement, client) = futures::future::try_join(store.engagement(scope, id), store.client(scope, client)).await?;
    let Some(engagement) = engagement else { return Ok(Err(NotAnyMore::BackOnTrack)) };
    let Some(client) = client else { return Ok(Err(NotAnyMore::NoRight)) };
    let email = match reachable(&client) {
        Ok(email) => email.clone(),
        Err(why) => return Ok(Err(why)),
    };
    let noticed_on = delivery.created_at.with_timezone(&account.time_zone).date_naive();
    let watch = match still_off(app, account, &engagement, noticed_on) {
        Ok(watch) => watch,
        Err(why) => return Ok(Err(why)),
    };
    let coach = match engagement.coach_id {
        Some(coach) => store.member(scope, coach).await?.filter(|coach| coach.active),
        None => None,
    };
    let links = Links { app, scope, person };
    let (stop, asks) = (links.stop()?, links.nudges(id, watch.due_on)?);
    let message = mail::off_track::client(&OffTrackClient {
        account: &account.name,
        first_name: &client.first_name,
        program: &engagement.program,
        coach: coach.as_ref().map(|coach| coach.name.as_str()),
        since: watch.due_on,
        step: step(&watch),
        // the portal has no page for it yet
        page: None,
        nudges: nudges(&asks),
        stop: &stop,
        delivery_id: delivery.id.as_str(),
    });
    Ok(Ok((message, email)))
}

/// Somebody who gets digests.
struct Somebody<'a> {
    person: PersonId,
    name: &'a str,
    email: &'a Email,
    notifications: Notifications,
    /// Who they are as the owner of an engagement.
    owner: ulid::Ulid,
    coach: Option<MemberId>,
    company: Option<CompanyId>,
    administers: bool,
}

impl<'a> Somebody<'a> {
    fn find(person: PersonId, members: &'a [Member], personnel: &'a [Personnel]) -> Option<Self> {
        match person {
            PersonId::Member(id) => members.iter().find(|member| member.id == id && member.active).map(|member| Self {
                person,
                name: &member.name,
                email: &member.email,
                notifications: member.notifications,
                owner: id.0,
                coach: Some(id),
                company: None,
                administers: member.administrator != Administrator::None,
            }),
            PersonId::Personnel(id) => personnel.iter().find(|other| other.id == id && other.active).map(|other| Self {
                person,
                name: &other.name,
                email: &other.email,
                notifications: other.notifications,
                owner: id.0,
                coach: None,
                company: Some(other.company_id),
                administers: other.administrator,
            }),
            PersonId::Client(_) => None,
        }
    }

    /// Whether they may have been told of a crossing, by what is known without the engagement.
    fn may_be_told(&self, crossing: &Crossing) -> bool {
        self.administers || self.is_coach(crossing) || crossing.owner_id.is_some_and(|owner| owner.0 == self.owner)
    }

    fn is_coach(&self, crossing: &Crossing) -> bool {
        self.coach.is_some() && crossing.coach_id == self.coach
    }
}

/// One engagement in a digest.
struct Shown<'a> {
    engagement: &'a Engagement,
    client: String,
    watch: Watch,
    as_coach: bool,
    nudges: Option<[String; 3]>,
    page: String,
}

/// Composes a digest, of what of its epoch is still so and still for this reader (T-10, T-11).
///
/// # Errors
/// [`AppError`].
pub(crate) async fn digest(
    app: &App,
    scope: Scope,
    account: &Account,
    delivery: &Delivery,
    epoch: u64,
    on: NaiveDate,
) -> Result<Composed, AppError> {
    let person = delivery.recipient.person.ok_or_else(|| AppError::Fault("a digest to nobody".into()))?;
    let store = &app.platform.store;
    let (members, crossings) = futures::future::try_join(store.members(scope), store.crossings(scope, epoch, None)).await?;
    // those of companies are needed only where a company's people are told
    let personnel = store.personnel(scope).await?;
    let Some(reader) = Somebody::find(person, &members, &personnel) else { return Ok(Err(NotAnyMore::NoRight)) };
    if !reader.notifications.off_track {
        return Ok(Err(NotAnyMore::SwitchedOff));
    }
    let crossings: Vec<&Crossing> = crossings.iter().filter(|crossing| reader.may_be_told(crossing)).collect();
    let ids: Vec<EngagementId> = crossings.iter().map(|crossing| crossing.engagement_id).collect();
    let engagements = store.engagements_by_id(scope, ids).await?;
    let ids: Vec<ClientId> = engagements.iter().map(|engagement| engagement.client_id).collect();
    let clients = store.clients_by_id(scope, ids).await?;
    let engagements: BTreeMap<EngagementId, &Engagement> = engagements.iter().map(|engagement| (engagement.id, engagement)).collect();
    let clients: BTreeMap<ClientId, &Client> = clients.iter().map(|client| (client.id, client)).collect();

    let links = Links { app, scope, person };
    let mut shown: Vec<Shown<'_>> = Vec::new();
    let mut why = NotAnyMore::BackOnTrack;
    for crossing in crossings {
        let Some(engagement) = engagements.get(&crossing.engagement_id) else { continue };
        let Some(client) = clients.get(&engagement.client_id) else { continue };
        let watch = match still_off(app, account, engagement, on) {
            Ok(_) if client.archived => {
                why = NotAnyMore::Archived;
                continue;
            }
            Ok(watch) => watch,
            Err(NotAnyMore::BackOnTrack) => continue,
            Err(other) => {
                why = other;
                continue;
            }
        };
        let is_own = engagement.owner_organisation_id.0 == scope.account().0;
        let told = Told::of(engagement, is_own, &members, &personnel);
        let as_coach = reader.is_coach(crossing) && told.coach() == Some(reader.person);
        if !as_coach && !told.administrators().contains(&reader.person) {
            why = NotAnyMore::NoRight;
            continue;
        }
        // an engagement that crossed twice in an epoch stands in it once
        if shown.iter().any(|row| row.engagement.id == engagement.id) {
            continue;
        }
        let nudges = if as_coach { Some(links.nudges(engagement.id, watch.due_on)?) } else { None };
        shown.push(Shown { engagement, client: client.name(), watch, as_coach, nudges, page: links.engagement(engagement.id) });
    }
    if shown.is_empty() {
        return Ok(Err(why));
    }
    let organisation = match reader.company {
        Some(company) => store.company(scope, company).await?.map(|company| company.name),
        None => None,
    };
    let names: BTreeMap<MemberId, &str> = members.iter().map(|member| (member.id, member.name.as_str())).collect();
    let rows: Vec<Row<'_>> = shown
        .iter()
        .map(|row| Row {
            client: &row.client,
            program: &row.engagement.program,
            coach: row.engagement.coach_id.and_then(|coach| names.get(&coach).copied()),
            since: row.watch.due_on,
            weeks: row.engagement.settings.threshold_weeks.and_then(|weeks| u8::try_from(weeks).ok()).unwrap_or_default(),
            last_activity: last_activity(row.engagement, &row.watch, account),
            step: step(&row.watch),
            page: Some(&row.page),
            nudges: row.nudges.as_ref().map(nudges),
        })
        .collect();
    let oldest = rows.iter().map(|row| row.since).min().unwrap_or(on);
    let stop = links.stop()?;
    let message = mail::off_track::digest(&OffTrackDigest {
        account: &account.name,
        organisation: organisation.as_deref().unwrap_or(&account.name),
        reader: if shown.iter().all(|row| row.as_coach) { Reader::Coach } else { Reader::Administrator },
        name: reader.name,
        on,
        rows: &rows,
        total: rows.len(),
        per_coach: &[],
        all: &format!("{}/reports/engagements?progress=off_track&since={oldest}", app.config.public_url),
        stop: &stop,
        delivery_id: delivery.id.as_str(),
    });
    Ok(Ok((message, reader.email.clone())))
}

/// The day of the latest session or call, on the organisation's calendar.
fn last_activity(engagement: &Engagement, watch: &Watch, account: &Account) -> Option<NaiveDate> {
    match watch.anchor {
        Anchor::Session | Anchor::DiscoveryCall => Some(watch.anchored_on),
        Anchor::CoachSelection => engagement.activity.call_at.map(|at| at.with_timezone(&account.time_zone).date_naive()),
        Anchor::ClockStart => None,
    }
}

/// What the page of a link that switches such mail off says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopPage {
    /// The account's name.
    pub account: String,
    /// Which mail.
    pub what: Stopped,
    /// Whether the person gets such mail no more.
    pub done: bool,
}

/// A person who may be switched off for.
enum Stopping {
    Member(Member),
    Client(Client),
    Personnel(Personnel),
}

impl Stopping {
    fn notifications(&self) -> Notifications {
        match self {
            Self::Member(member) => member.notifications,
            Self::Client(client) => client.notifications,
            Self::Personnel(person) => person.notifications,
        }
    }
}

async fn stopping(app: &App, token: &str) -> Result<Option<(Scope, Stop, Account, Stopping)>, AppError> {
    let Some(stop) = Stop::read(token, &app.signing_keys) else { return Ok(None) };
    let scope = Scope::of_own_message(stop.account);
    let store = &app.platform.store;
    let person = match stop.person {
        PersonId::Member(id) => store.member(scope, id).await?.map(Stopping::Member),
        PersonId::Client(id) => store.client(scope, id).await?.map(Stopping::Client),
        PersonId::Personnel(id) => store.person_of_company(scope, id).await?.map(Stopping::Personnel),
    };
    Ok(store.account(scope).await?.zip(person).map(|(account, person)| (scope, stop, account, person)))
}

fn is_off(what: Stopped, notifications: Notifications) -> bool {
    match what {
        Stopped::OffTrack => !notifications.off_track,
        Stopped::Comments => notifications.comments == Some(false),
    }
}

/// What the page of a link that switches such mail off says; changes nothing (RFC 8058). `None` for a link that is not ours.
///
/// # Errors
/// [`AppError::Store`].
pub async fn stop_page(app: &App, token: &str) -> Result<Option<StopPage>, AppError> {
    let found = stopping(app, token).await?;
    Ok(found.map(|(_, stop, account, person)| StopPage {
        account: account.name,
        what: stop.what,
        done: is_off(stop.what, person.notifications()),
    }))
}

/// Switches such mail off for the link's person (T-9); once or often is the same.
///
/// # Errors
/// [`AppError::Store`].
pub async fn stop(app: &App, token: &str) -> Result<Option<StopPage>, AppError> {
    for _ in 0..TRIES {
        let Some((scope, stop, account, person)) = stopping(app, token).await? else { return Ok(None) };
        let page = StopPage { account: account.name, what: stop.what, done: true };
        if is_off(stop.what, person.notifications()) {
            return Ok(Some(page));
        }
        let store = &app.platform.store;
        let now = app.clock.now();
        let mut changes = Changes::new();
        let off = |notifications: Notifications| match stop.what {
            Stopped::OffTrack => Notifications { off_track: false, ..notifications },
            Stopped::Comments => Notifications { comments: Some(false), ..notifications },
        };
        let subject = match &person {
            Stopping::Member(before) => {
                let notifications = off(before.notifications);
                let after = Member { notifications, updated_at: now, version: before.version + 1, ..before.clone() };
                store.replace_member(&mut changes, scope, before, &after)?;
                before.id.to_string()
            }
            Stopping::Client(before) => {
                let notifications = off(before.notifications);
                let after = Client { notifications, updated_at: now, version: before.version + 1, ..before.clone() };
                store.replace_client(&mut changes, scope, before, &after)?;
                before.id.to_string()
            }
            Stopping::Personnel(before) => {
                let notifications = off(before.notifications);
                let after = Personnel { notifications, updated_at: now, version: before.version + 1, ..before.clone() };
                store.replace_personnel(&mut changes, scope, before, &after)?;
                before.id.to_string()
            }
        };
        let entry = audit::Entry { id: AuditId(app.new_id()), at: now, by: stop.person.into(), action: "me.update".into(), subject };
        store.add_audit(&mut changes, scope, &entry)?;
        if store.commit(changes).await?.is_done() {
            return Ok(Some(page));
        }
    }
    Err(AppError::Fault("others kept changing the person".into()))
}
