//! Engagements of the demo account: on track, off track, crossing tonight, being matched, paused, over.

use anyhow::Context;
use app::companies::Named;
use app::engagements;
use app::members::MemberDraft;
use app::token::Invitation;
use chrono::{DateTime, Days, Duration, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use domain::client::Client;
use domain::engagement::{EngagementDraft, Move, PauseDraft, SessionDraft, SessionKind, SessionState};
use domain::id::{CompanyId, EngagementId, LocationId, OrganisationId, ProgramId};
use domain::item::{self, ItemDraft, ItemKind, Money};
use domain::person::Administrator;
use domain::program::{ProgramDraft, ProgramKind};
use domain::schedule::instant_of;

use super::people::{ARCHIVED, CLIENTS, LOCAL};
use super::{Companies, Office};

/// How an engagement goes: when its sessions were and are, in days from today.
struct Course {
    /// Which client.
    client: usize,
    /// Which of the programs.
    program: usize,
    /// Which of the places.
    place: usize,
    /// When it began.
    began: i64,
    /// When its last session was.
    last: i64,
    /// When its next is.
    next: Option<i64>,
}

const LEADERSHIP: usize = 0;
const ON_CALL: usize = 1;
const MATCHING: usize = 2;

const fn course(client: usize, program: usize, place: usize, began: i64, last: i64, next: Option<i64>) -> Course {
    Course { client, program, place, began, last, next }
}

/// Those that are under way. Thresholds are three weeks for leadership, six for coaching on call.
const COURSES: [Course; 18] = [
    course(0, LEADERSHIP, 0, -250, -9, Some(5)),
    course(1, LEADERSHIP, 0, -230, -12, Some(2)),
    course(2, LEADERSHIP, 1, -200, -5, Some(9)),
    course(3, LEADERSHIP, 0, -180, -13, None),
    course(4, LEADERSHIP, 1, -150, -16, None),
    // these cross tonight
    course(5, LEADERSHIP, 0, -120, -20, None),
    course(6, LEADERSHIP, 1, -110, -20, None),
    // these have
    course(8, LEADERSHIP, 1, -240, -22, None),
    course(9, LEADERSHIP, 0, -90, -24, None),
    course(10, LEADERSHIP, 0, -160, -36, None),
    course(11, LEADERSHIP, 1, -70, -3, Some(11)),
    course(12, ON_CALL, 0, -140, -30, None),
    course(13, ON_CALL, 1, -130, -44, None),
    course(14, LEADERSHIP, 0, -60, -8, Some(6)),
    course(21, ON_CALL, 0, -220, -15, Some(20)),
    course(22, LEADERSHIP, 1, -100, -10, Some(4)),
    course(23, LEADERSHIP, 1, -80, -17, None),
    course(24, ON_CALL, 0, -75, -25, None),
];

/// Clients who chose a coach, are choosing, took a break, have finished.
const CHOOSING: usize = 16;
const ON_LEAVE: usize = 17;
const DONE: usize = 18;
const PLANNED: usize = 19;
/// A client whose engagement belongs to the company that pays.
const OF_COMPANY: usize = 7;
/// A client whose engagement can't be deleted: a bill for it is not paid.
const UNPAID: usize = 14;
/// A client whose portal was switched off.
const SWITCHED_OFF: usize = 18;
/// Clients who were invited to their portal a moment ago.
const INVITED: [usize; 2] = [25, 26];

struct Calendar {
    today: NaiveDate,
    zone: Tz,
}

impl Calendar {
    fn new(now: DateTime<Utc>, zone: Tz) -> Self {
        Self { today: now.with_timezone(&zone).date_naive(), zone }
    }

    fn day(&self, days: i64) -> NaiveDate {
        let away = Days::new(days.unsigned_abs());
        let day = if days < 0 { self.today.checked_sub_days(away) } else { self.today.checked_add_days(away) };
        day.unwrap_or(self.today)
    }

    /// An hour of a day, so many days from today.
    fn at(&self, days: i64, hour: u32) -> DateTime<Utc> {
        instant_of(self.zone, self.day(days), NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default())
    }
}

/// Puts in programs, places, their administrators, and engagements in every state.
pub(super) async fn engagements(office: &Office, companies: &Companies, clients: &[Client], now: DateTime<Utc>) -> anyhow::Result<()> {
    let calendar = Calendar::new(now, office.account.time_zone);
    let places = places(office, calendar.at(-300, 9)).await?;
    let programs = programs(office, calendar.at(-299, 9)).await?;
    let begin = async |client: usize, program: usize, days: i64, more: EngagementDraft| -> anyhow::Result<(EngagementId, usize)> {
        let coach = CLIENTS[client].coach;
        let draft = EngagementDraft {
            client_id: clients.get(client).map(|client| client.id),
            program_id: programs.get(program).copied(),
            coach_id: (program != MATCHING).then(|| office.coaches[coach].id),
            ..more
        };
        let made = engagements::create(&office.ctx(Some(coach), calendar.at(days, 10)), &draft).await;
        Ok((made.with_context(|| CLIENTS[client].last)?.id, coach))
    };
    let go = async |id: EngagementId, coach: usize, asked: Move, days: i64| -> anyhow::Result<()> {
        engagements::advance(&office.ctx(Some(coach), calendar.at(days, 11)), id, asked).await.context(asked.verb())?;
        Ok(())
    };
    let meet = async |id: EngagementId, coach: usize, kind: SessionKind, days: i64| -> anyhow::Result<()> {
        let starts_at = calendar.at(days, 15);
        // what is to come was arranged lately, what was is written up the same evening
        let said = if days > 0 { calendar.at(-2, 12).min(now) } else { starts_at + Duration::hours(2) };
        let state = Some(if days > 0 { SessionState::Scheduled } else { SessionState::Completed });
        let draft = SessionDraft { starts_at: Some(starts_at), state, ..SessionDraft::default() };
        engagements::add_session(&office.ctx(Some(coach), said), id, kind, &draft).await.context("a session")?;
        Ok(())
    };
    for course in &COURSES {
        let draft = EngagementDraft { location_id: Some(places.get(course.place).copied()), ..EngagementDraft::default() };
        let (id, coach) = begin(course.client, course.program, course.began, draft).await?;
        go(id, coach, Move::Activate, course.began).await?;
        let mut days = course.last - (course.last - course.began) / 14 * 14;
        while days <= course.last {
            meet(id, coach, SessionKind::Session, days).await?;
            days += 14;
        }
        if let Some(next) = course.next {
            meet(id, coach, SessionKind::Session, next).await?;
        }
        if course.client == UNPAID {
            let at = |days: i64| office.ctx(Some(coach), calendar.at(days, 17));
            let bill = ItemDraft {
                kind: Some(ItemKind::Invoice),
                title: Some("Leadership, one to one: second instalment".into()),
                number: Some("TW-2041".into()),
                amount: Some(Money { amount_minor: 240_000, currency: "USD".into() }),
                due_on: Some(calendar.day(16)),
                engagement_id: Some(id),
                ..ItemDraft::default()
            };
            let client = clients.get(UNPAID).context("no such client")?;
            let bill = app::items::create(&at(-15), client.id.into(), &bill).await.context("an invoice")?;
            app::items::advance(&at(-14), bill.id, item::Move::Submit).await.context("an invoice")?;
        }
    }
    let plain = EngagementDraft::default;

    let (choosing, coach) = begin(CHOOSING, MATCHING, -11, plain()).await?;
    go(choosing, coach, Move::StartMatching, -10).await?;
    meet(choosing, coach, SessionKind::DiscoveryCall, -4).await?;
    meet(choosing, coach, SessionKind::DiscoveryCall, 2).await?;

    let (on_leave, coach) = begin(ON_LEAVE, LEADERSHIP, -90, plain()).await?;
    go(on_leave, coach, Move::Activate, -90).await?;
    meet(on_leave, coach, SessionKind::Session, -18).await?;
    let leave = PauseDraft { starts_on: Some(calendar.day(-6)), ends_on: Some(calendar.day(24)), note: Some("Parental leave".into()) };
    engagements::pause(&office.ctx(Some(coach), calendar.at(-7, 9)), on_leave, &leave).await.context("a break")?;

    let (done, coach) = begin(DONE, LEADERSHIP, -200, plain()).await?;
    go(done, coach, Move::Activate, -200).await?;
    meet(done, coach, SessionKind::Session, -40).await?;
    go(done, coach, Move::Complete, -39).await?;

    begin(PLANNED, LEADERSHIP, -1, EngagementDraft { starts_on: Some(Some(calendar.day(12))), ..plain() }).await?;

    let owner_organisation_id = companies.ids.first().map(|company| OrganisationId(company.0));
    let (theirs, coach) = begin(OF_COMPANY, LEADERSHIP, -45, EngagementDraft { owner_organisation_id, ..plain() }).await?;
    go(theirs, coach, Move::Activate, -45).await?;
    meet(theirs, coach, SessionKind::Session, -23).await?;
    Ok(())
}

/// The account's own places, and somebody who administers each.
async fn places(office: &Office, at: DateTime<Utc>) -> anyhow::Result<Vec<LocationId>> {
    let ctx = office.ctx(None, at);
    let mut places = Vec::new();
    for (place, name, email) in LOCAL {
        let place = Named { name: Some(place.into()) };
        let location = app::companies::add_location(&ctx, CompanyId(office.account.id.0), &place).await.context("a place")?;
        let draft = MemberDraft {
            name: Some(name.into()),
            email: Some(email.into()),
            coach: Some(false),
            administrator: Some(Administrator::Location),
            location_id: Some(location.id),
            ..MemberDraft::default()
        };
        app::members::create(&ctx, &draft).await.context(name)?;
        places.push(location.id);
    }
    Ok(places)
}

async fn programs(office: &Office, at: DateTime<Utc>) -> anyhow::Result<Vec<ProgramId>> {
    let drafts = [
        ("Leadership, one to one", ProgramKind::OneToOne, Some(24), Some(3)),
        ("Coaching on call", ProgramKind::OnDemand, None, Some(6)),
        ("Find your coach", ProgramKind::CoachMatching, Some(6), Some(2)),
        ("New managers’ circle", ProgramKind::Group, Some(8), None),
    ];
    let mut programs = Vec::new();
    for (name, kind, sessions, threshold_weeks) in drafts {
        let draft = ProgramDraft {
            name: Some(name.into()),
            kind: Some(kind),
            sessions: Some(sessions),
            threshold_weeks: Some(threshold_weeks),
            off_track_notifications: None,
        };
        programs.push(app::programs::create(&office.ctx(None, at), &draft).await.context(name)?.id);
    }
    Ok(programs)
}

/// Most clients have accepted the invitation to their portal; of a few there is an internal record only.
pub(super) async fn portals(office: &Office, clients: &[Client]) -> anyhow::Result<()> {
    for (n, client) in clients.iter().enumerate() {
        if n == ARCHIVED || n % 6 == 3 || INVITED.contains(&n) || client.email.is_none() {
            continue;
        }
        let invited_at = office.app.clock.now();
        app::portal::invite(&office.ctx(Some(CLIENTS[n].coach), invited_at), client.id).await.context(CLIENTS[n].last)?;
        let invitation = Invitation { account: office.account.id, client: client.id, invited_at };
        let token = invitation.sign(&office.app.signing_keys).context("there is no key to sign with")?;
        app::portal::accept(&office.app, &token, CLIENTS[n].zone, Default::default()).await.context(CLIENTS[n].last)?;
        if n == SWITCHED_OFF {
            app::portal::switch(&office.ctx(Some(CLIENTS[n].coach), invited_at), client.id, false, None).await.context(CLIENTS[n].last)?;
        }
    }
    Ok(())
}

/// Invites those who have not accepted yet.
pub(super) async fn invitations(office: &Office, clients: &[Client]) -> anyhow::Result<()> {
    for n in INVITED {
        let Some(client) = clients.get(n) else { continue };
        app::portal::invite(&office.ctx(Some(CLIENTS[n].coach), office.app.clock.now()), client.id).await.context(CLIENTS[n].last)?;
    }
    Ok(())
}
