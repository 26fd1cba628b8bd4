//! People and things for tests: plain ones, to be changed where it matters.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use ulid::Ulid;

use crate::client::{Client, Portal};
use crate::engagement::{Engagement, EngagementDraft, Session, SessionKind, SessionState};
use crate::id::{ClientId, CompanyId, EngagementId, HappeningId, ItemId, MemberId, OrganisationId, PersonnelId, ProgramId, SessionId};
use crate::item::{Item, ItemDraft, ItemKind, Money, Visibility};
use crate::listing::Columns;
use crate::person::{Actor, Administrator, Email, Member, Notifications, Permission, Personnel};
use crate::program::{Program, ProgramKind, Settings};

pub(crate) fn now() -> DateTime<Utc> {
    "2026-11-02T09:00:00Z".parse().unwrap()
}

pub(crate) fn member(id: u128, permissions: &[Permission]) -> Member {
    Member {
        id: MemberId(Ulid(id)),
        name: format!("Member {id}"),
        email: Email::parse(&format!("m{id}@onward.example")).unwrap(),
        coach: true,
        administrator: Administrator::None,
        location_id: None,
        permissions: permissions.iter().copied().collect(),
        active: true,
        shut_at: None,
        time_zone: chrono_tz::UTC,
        notifications: Notifications::default(),
        columns: Columns::default(),
        created_at: now(),
        updated_at: now(),
        version: 1,
    }
}

pub(crate) fn client(id: u128, company: Option<u128>) -> Client {
    Client {
        id: ClientId(Ulid(id)),
        first_name: format!("Client {id}"),
        last_name: String::new(),
        email: Some(Email::parse(&format!("c{id}@x.example")).unwrap()),
        phone: None,
        tags: BTreeSet::new(),
        website: None,
        social_links: Vec::new(),
        company_id: company.map(|id| CompanyId(Ulid(id))),
        time_zone: chrono_tz::UTC,
        portal: Portal::NotInvited,
        invited_at: None,
        shut_at: None,
        archived: false,
        notifications: Notifications::default(),
        columns: Columns::default(),
        created_at: now(),
        updated_at: now(),
        version: 1,
    }
}

pub(crate) fn personnel(id: u128, company: u128, grants: &[ItemKind]) -> Personnel {
    Personnel {
        id: PersonnelId(Ulid(id)),
        company_id: CompanyId(Ulid(company)),
        name: format!("Person {id}"),
        email: Email::parse(&format!("p{id}@x.example")).unwrap(),
        administrator: false,
        location_id: None,
        grants: grants.iter().copied().collect(),
        active: true,
        shut_at: None,
        time_zone: chrono_tz::UTC,
        notifications: Notifications::default(),
        columns: Columns::default(),
        created_at: now(),
        updated_at: now(),
        version: 1,
    }
}

pub(crate) fn item(id: u128, client: ClientId, kind: ItemKind, visibility: Visibility, author: Actor, at: DateTime<Utc>) -> Item {
    let draft = ItemDraft {
        kind: Some(kind),
        title: Some(format!("{} {id}", kind.name())),
        body: Some(format!("Body of {id}")),
        visibility: Some(visibility),
        starts_at: (kind == ItemKind::Appointment).then_some(at),
        file_name: (kind == ItemKind::File).then(|| "plan.pdf".into()),
        amount: (kind == ItemKind::Invoice).then(|| Money { amount_minor: 100, currency: "EUR".into() }),
        ..ItemDraft::default()
    };
    draft.create(ItemId(Ulid(id)), client.into(), author, at, HappeningId(Ulid(id))).unwrap().0
}

/// The account's own organisation.
pub(crate) fn organisation() -> OrganisationId {
    OrganisationId(Ulid(100))
}

pub(crate) fn program(kind: ProgramKind, threshold_weeks: Option<u16>) -> Program {
    Program {
        id: ProgramId(Ulid(1)),
        name: "Leadership".into(),
        kind,
        sessions: Some(6),
        settings: Settings { threshold_weeks, off_track_notifications: true },
        created_at: now(),
        updated_at: now(),
        version: 1,
    }
}

/// A draft of a program.
pub(crate) fn engagement(program: &Program) -> Engagement {
    let (id, client) = (EngagementId(Ulid(1)), ClientId(Ulid(10)));
    EngagementDraft::default().create(id, client, program, organisation(), now()).unwrap()
}

pub(crate) fn session(id: u128, kind: SessionKind, starts_at: DateTime<Utc>, state: SessionState) -> Session {
    Session {
        id: SessionId(Ulid(id)),
        engagement_id: EngagementId(Ulid(1)),
        client_id: ClientId(Ulid(10)),
        kind,
        coach_id: None,
        starts_at,
        minutes: 60,
        state,
        cancelled_at: None,
        created_at: now(),
        updated_at: now(),
        version: 1,
    }
}
