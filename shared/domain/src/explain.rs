//! What somebody may do with a client, and why: found by asking [`decide`] itself what it takes, so that an
//! explanation can't say anything but what is decided.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use ulid::Ulid;
use utoipa::ToSchema;

use crate::access::{Action, ClientFacts, Decision, EngagementFacts, ItemFacts, Owner, Resource, Viewer, decide};
use crate::client::Level;
use crate::id::{ClientId, CompanyId};
use crate::item::{ItemKind, Visibility};
use crate::person::{Actor, Administrator, Member, Permission, Personnel};
use crate::report::AudienceKind;

/// The most grounds that are looked at together. No rule asks for more.
const TOGETHER: usize = 3;

/// Something that one may do with a client, or may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// See that there is such a client, and the profile.
    ReadProfile,
    /// Change the profile, archive the client, invite them to the portal.
    EditProfile,
    /// See what the client is up to.
    ReadRecord,
    /// Add items to the record, and change those that are there.
    WriteRecord,
    /// Comment on items that are shared.
    Comment,
    /// See who is paired with the client.
    ReadPairings,
    /// Set who is paired with the client.
    SetPairings,
    /// Share the record with a member.
    Share,
    /// See who sees the record, and which reports are on the client.
    ReadSharing,
    /// Report on the client to members.
    ReportToMembers,
    /// Report on the client to the client.
    ReportToClient,
    /// Report on the client to addresses without a login.
    ReportToThirdParties,
    /// Report on the client to people of their company.
    ReportToPersonnel,
    /// Take the record along as a file.
    Export,
}

impl Act {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::ReadProfile,
        Self::EditProfile,
        Self::ReadRecord,
        Self::WriteRecord,
        Self::Comment,
        Self::ReadPairings,
        Self::SetPairings,
        Self::Share,
        Self::ReadSharing,
        Self::ReportToMembers,
        Self::ReportToClient,
        Self::ReportToThirdParties,
        Self::ReportToPersonnel,
        Self::Export,
    ];

    /// Whether a viewer may do it with a client.
    pub fn decide(self, viewer: &Viewer, client: &ClientFacts) -> Decision {
        let report = |audience| decide(viewer, Action::Report(audience), &Resource::Client(client));
        match self {
            Self::ReadProfile => decide(viewer, Action::Read, &Resource::Client(client)),
            Self::EditProfile => decide(viewer, Action::Write, &Resource::Client(client)),
            Self::ReadRecord => decide(viewer, Action::Read, &Resource::Record(client)),
            Self::WriteRecord => decide(viewer, Action::Write, &Resource::Record(client)),
            Self::Comment => decide(viewer, Action::Comment, &Resource::Item(client, &shared(ItemKind::Action))),
            Self::ReadPairings => decide(viewer, Action::Read, &Resource::Pairings(client)),
            Self::SetPairings => decide(viewer, Action::Write, &Resource::Pairings(client)),
            Self::Share => decide(viewer, Action::Write, &Resource::Sharing(client)),
            Self::ReadSharing => decide(viewer, Action::Read, &Resource::Sharing(client)),
            Self::ReportToMembers => report(AudienceKind::Coach),
            Self::ReportToClient => report(AudienceKind::Clients),
            Self::ReportToThirdParties => report(AudienceKind::ThirdParties),
            Self::ReportToPersonnel => report(AudienceKind::Personnel),
            Self::Export => decide(viewer, Action::Export, &Resource::Client(client)),
        }
    }
}

/// Something that one may do with an engagement, or may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EngagementAct {
    /// See it.
    Read,
    /// Change it, its sessions and breaks.
    Write,
    /// Know how it stands against its threshold (T-8).
    ReadProgress,
}

impl EngagementAct {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::ReadProgress];

    /// Whether a viewer may do it with an engagement of a client.
    pub fn decide(self, viewer: &Viewer, client: &ClientFacts, engagement: &EngagementFacts) -> Decision {
        match self {
            Self::Read => decide(viewer, Action::Read, &Resource::Engagement(client, engagement)),
            Self::Write => decide(viewer, Action::Write, &Resource::Engagement(client, engagement)),
            Self::ReadProgress => decide(viewer, Action::Read, &Resource::Progress(engagement)),
        }
    }
}

/// An item of a kind that the client and everybody who sees the record may see.
fn shared(kind: ItemKind) -> ItemFacts {
    ItemFacts { kind, visibility: Visibility::Shared, author: Actor::System, is_draft: false }
}

/// Something that somebody is or has, and by which they may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Ground {
    /// It is their own record.
    OwnRecord,
    /// They are paired with the client.
    Pairing {
        /// As what.
        level: Level,
    },
    /// They have a permission.
    Permission {
        /// Which.
        permission: Permission,
    },
    /// They administer the account's own organisation, or a location of it.
    Administrator,
    /// They are of the client's company, or of the company that owns the engagement.
    Company,
    /// They administer their company, or a location of it.
    CompanyAdministrator,
    /// They coach the engagement.
    EngagementCoach,
}

impl Ground {
    /// The ground in words that follow a name.
    pub fn words(self) -> String {
        match self {
            Self::OwnRecord => "it is their own record".into(),
            Self::Pairing { level } => format!("paired with the client as {}", level_words(level)),
            Self::Permission { permission } => format!("permission to {}", permission_words(permission)),
            Self::Administrator => "administrator of the organisation".into(),
            Self::Company => "of the company".into(),
            Self::CompanyAdministrator => "administrator of the company".into(),
            Self::EngagementCoach => "coach of the engagement".into(),
        }
    }
}

/// Something that stands in somebody's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Lack {
    /// They are deactivated.
    Deactivated,
    /// The record is archived.
    Archived,
    /// They are not paired with the client.
    NotPaired,
    /// They are paired with the client to view only.
    ViewOnly,
    /// They don't have a permission.
    Permission {
        /// Which.
        permission: Permission,
    },
    /// They don't administer the whole organisation that owns the engagement.
    NotAdministrator,
    /// They don't coach the engagement.
    NotEngagementCoach,
    /// It is somebody else's record.
    OtherRecord,
    /// They are not of the client's company.
    OtherCompany,
}

impl Lack {
    /// What stands in the way, in words that follow a name.
    pub fn words(self) -> String {
        match self {
            Self::Deactivated => "deactivated".into(),
            Self::Archived => "the record is archived".into(),
            Self::NotPaired => "not paired with the client".into(),
            Self::ViewOnly => "paired with the client to view only".into(),
            Self::Permission { permission } => format!("no permission to {}", permission_words(permission)),
            Self::NotAdministrator => "not an administrator of the organisation that owns it".into(),
            Self::NotEngagementCoach => "not the coach of the engagement".into(),
            Self::OtherRecord => "it is somebody else's record".into(),
            Self::OtherCompany => "not of the client's company".into(),
        }
    }
}

fn level_words(level: Level) -> &'static str {
    match level {
        Level::Primary => "primary coach",
        Level::Coaching => "coach",
        Level::ViewOnly => "viewer",
        Level::None => "nothing",
    }
}

fn permission_words(permission: Permission) -> &'static str {
    match permission {
        Permission::ManageTeam => "manage the team",
        Permission::ManageClients => "manage clients",
        Permission::ManagePrograms => "manage programs",
        Permission::ViewAllClientHappenings => "view all client happenings",
        Permission::ViewAllGroupHappenings => "view all group happenings",
        Permission::ReportToThirdParties => "report to third parties",
        Permission::Export => "export",
        Permission::Billing => "see billing",
    }
}

/// What holds only together: any one of several such sets is enough.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Together<T> {
    /// All of these.
    pub all_of: Vec<T>,
}

/// Whether somebody may do something, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Right<A> {
    /// What is asked for.
    pub act: A,
    /// The answer; `hidden` where they may not even know of it.
    pub answer: Decision,
    /// If yes: what is enough for it, each set by itself.
    pub because: Vec<Together<Ground>>,
    /// If no: what would have to be otherwise, each set by itself. None where they never may, whatever they were given.
    pub missing: Vec<Together<Lack>>,
    /// The same in words.
    pub says: String,
}

/// The kinds of shared items that somebody may see and work with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Kinds {
    /// May see.
    pub read: BTreeSet<ItemKind>,
    /// May add.
    pub write: BTreeSet<ItemKind>,
    /// May comment on.
    pub comment: BTreeSet<ItemKind>,
}

/// What a viewer may do with a client, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Explanation {
    /// Everything that can be asked for, with the answer.
    pub rights: Vec<Right<Act>>,
    /// Item by item of what is shared; what is private is for its author alone.
    pub kinds: Kinds,
}

/// Explains what a viewer may do with a client.
pub fn explain(viewer: &Viewer, client: &ClientFacts) -> Explanation {
    let rights = Act::ALL.map(|act| explain_one(viewer, client, act));
    Explanation { rights: rights.into(), kinds: kinds(viewer, client) }
}

/// The kinds of shared items of a client that a viewer may see and work with.
pub fn kinds(viewer: &Viewer, client: &ClientFacts) -> Kinds {
    let kinds = |action: Action| {
        let may = |kind: &ItemKind| decide(viewer, action, &Resource::Item(client, &shared(*kind))).is_allowed();
        ItemKind::ALL.into_iter().filter(may).collect()
    };
    let write = ItemKind::ALL.into_iter().filter(|kind| may_add(viewer, client, *kind)).collect();
    Kinds { read: kinds(Action::Read), write, comment: kinds(Action::Comment) }
}

/// Whether a viewer may add an item of a kind to a client's record.
pub fn may_add(viewer: &Viewer, client: &ClientFacts, kind: ItemKind) -> bool {
    decide(viewer, Action::Add(kind), &Resource::Record(client)).is_allowed()
}

/// Explains whether a viewer may do one thing with a client.
pub fn explain_one(viewer: &Viewer, client: &ClientFacts, act: Act) -> Right<Act> {
    let asked = Asked { viewer: viewer.clone(), client: client.clone(), engagement: None };
    right(act, &asked, &|asked| act.decide(&asked.viewer, &asked.client))
}

/// Explains what a viewer may do with an engagement of a client.
pub fn explain_engagement(viewer: &Viewer, client: &ClientFacts, engagement: &EngagementFacts) -> Vec<Right<EngagementAct>> {
    EngagementAct::ALL.map(|act| explain_one_of_engagement(viewer, client, engagement, act)).into()
}

/// Explains whether a viewer may do one thing with an engagement of a client.
pub fn explain_one_of_engagement(
    viewer: &Viewer,
    client: &ClientFacts,
    engagement: &EngagementFacts,
    act: EngagementAct,
) -> Right<EngagementAct> {
    let asked = Asked { viewer: viewer.clone(), client: client.clone(), engagement: Some(*engagement) };
    let decide = |asked: &Asked| match &asked.engagement {
        Some(engagement) => act.decide(&asked.viewer, &asked.client, engagement),
        None => Decision::Hidden,
    };
    right(act, &asked, &decide)
}

/// Everything that a decision is made of.
#[derive(Clone)]
struct Asked {
    viewer: Viewer,
    client: ClientFacts,
    engagement: Option<EngagementFacts>,
}

fn right<A>(act: A, asked: &Asked, decide: &dyn Fn(&Asked) -> Decision) -> Right<A> {
    let answer = decide(asked);
    let (mut because, mut missing) = (Vec::new(), Vec::new());
    if answer.is_allowed() {
        because = enough(&asked.grounds(), &|grounds: &[Ground]| decide(&asked.with_only(grounds)).is_allowed());
    } else {
        missing = enough(&asked.lacks(), &|lacks: &[Lack]| decide(&asked.without(lacks)).is_allowed());
    }
    let says = match (answer, because.is_empty(), missing.is_empty()) {
        (Decision::Allowed, false, _) => format!("yes: {}", in_words(&because, Ground::words)),
        (Decision::Allowed, true, _) => "yes".into(),
        (Decision::Forbidden | Decision::Hidden, _, false) => format!("no: {}", in_words(&missing, Lack::words)),
        (Decision::Forbidden | Decision::Hidden, _, true) => "no: not for this kind of person".into(),
    };
    Right { act, answer, because, missing, says }
}

fn in_words<T: Copy>(sets: &[Together<T>], words: impl Fn(T) -> String) -> String {
    let set = |set: &Together<T>| set.all_of.iter().map(|one| words(*one)).collect::<Vec<_>>().join(" and ");
    sets.iter().map(set).collect::<Vec<_>>().join("; or ")
}

/// Every smallest set of the candidates that is enough.
fn enough<T: Copy + PartialEq>(candidates: &[T], is_enough: &dyn Fn(&[T]) -> bool) -> Vec<Together<T>> {
    let mut found: Vec<Together<T>> = Vec::new();
    let mut sets: Vec<(usize, Vec<T>)> = vec![(0, Vec::new())];
    for _ in 0..=TOGETHER {
        let mut larger = Vec::new();
        for (next, set) in sets {
            if found.iter().any(|smaller| smaller.all_of.iter().all(|one| set.contains(one))) {
                continue;
            }
            if is_enough(&set) {
                found.push(Together { all_of: set });
                continue;
            }
            for (n, candidate) in candidates.iter().enumerate().skip(next) {
                larger.push((n + 1, set.iter().copied().chain([*candidate]).collect()));
            }
        }
        sets = larger;
    }
    found
}

impl Asked {
    /// Everything the viewer is or has.
    fn grounds(&self) -> Vec<Ground> {
        let mut grounds = Vec::new();
        match &self.viewer {
            Viewer::Member(member) => {
                if self.client.level != Level::None {
                    grounds.push(Ground::Pairing { level: self.client.level });
                }
                if self.engagement.is_some_and(|engagement| engagement.coach == Some(member.id)) {
                    grounds.push(Ground::EngagementCoach);
                }
                if member.administrator != Administrator::None {
                    grounds.push(Ground::Administrator);
                }
                grounds.extend(member.permissions.iter().map(|permission| Ground::Permission { permission: *permission }));
            }
            Viewer::Client(_) => grounds.push(Ground::OwnRecord),
            Viewer::Personnel(person) => {
                grounds.push(Ground::Company);
                if person.administrator {
                    grounds.push(Ground::CompanyAdministrator);
                }
            }
        }
        grounds
    }

    /// The same question by somebody who is and has these things alone.
    fn with_only(&self, grounds: &[Ground]) -> Self {
        let has = |ground: Ground| grounds.contains(&ground);
        let mut asked = self.clone();
        match &mut asked.viewer {
            Viewer::Member(member) => {
                if !grounds.iter().any(|ground| matches!(ground, Ground::Pairing { .. })) {
                    asked.client.level = Level::None;
                }
                if let Some(engagement) = asked.engagement.as_mut().filter(|e| e.coach == Some(member.id) && !has(Ground::EngagementCoach))
                {
                    engagement.coach = None;
                }
                let administrator = if has(Ground::Administrator) { member.administrator } else { Administrator::None };
                let permissions =
                    member.permissions.iter().copied().filter(|permission| has(Ground::Permission { permission: *permission }));
                *member = Member { administrator, permissions: permissions.collect(), ..member.clone() };
            }
            Viewer::Client(own) => {
                if !has(Ground::OwnRecord) {
                    own.id = ClientId(another(own.id.0));
                }
            }
            Viewer::Personnel(person) => {
                let company_id = if has(Ground::Company) { person.company_id } else { CompanyId(another(person.company_id.0)) };
                let administrator = person.administrator && has(Ground::CompanyAdministrator);
                *person = Personnel { company_id, administrator, ..person.clone() };
            }
        }
        asked
    }

    /// Everything that can stand in the viewer's way, the nearest first.
    fn lacks(&self) -> Vec<Lack> {
        let mut lacks = Vec::new();
        let active = match &self.viewer {
            Viewer::Member(member) => member.active,
            Viewer::Client(_) => true,
            Viewer::Personnel(person) => person.active,
        };
        if !active {
            lacks.push(Lack::Deactivated);
        }
        if self.client.archived {
            lacks.push(Lack::Archived);
        }
        match &self.viewer {
            Viewer::Member(member) => {
                match self.client.level {
                    Level::None => lacks.push(Lack::NotPaired),
                    Level::ViewOnly => lacks.push(Lack::ViewOnly),
                    Level::Coaching | Level::Primary => {}
                }
                if let Some(engagement) = &self.engagement {
                    if engagement.coach != Some(member.id) {
                        lacks.push(Lack::NotEngagementCoach);
                    }
                    if member.administrator != Administrator::Global && engagement.owner == Owner::Own {
                        lacks.push(Lack::NotAdministrator);
                    }
                }
                let without = Permission::ALL.into_iter().filter(|permission| !member.permissions.contains(permission));
                lacks.extend(without.map(|permission| Lack::Permission { permission }));
            }
            Viewer::Client(own) => {
                if own.id != self.client.id {
                    lacks.push(Lack::OtherRecord);
                }
            }
            Viewer::Personnel(person) => {
                if self.client.company != Some(person.company_id) {
                    lacks.push(Lack::OtherCompany);
                }
                if self.engagement.is_some_and(|engagement| engagement.owner == Owner::Company(person.company_id)) {
                    lacks.push(Lack::NotAdministrator);
                }
            }
        }
        lacks
    }

    /// The same question with these things out of the way.
    fn without(&self, lacks: &[Lack]) -> Self {
        let mut asked = self.clone();
        for lack in lacks {
            match (lack, &mut asked.viewer) {
                (Lack::Deactivated, Viewer::Member(member)) => member.active = true,
                (Lack::Deactivated, Viewer::Personnel(person)) => person.active = true,
                (Lack::Archived, _) => asked.client.archived = false,
                (Lack::NotPaired | Lack::ViewOnly, Viewer::Member(_)) => asked.client.level = Level::Coaching,
                (Lack::Permission { permission }, Viewer::Member(member)) => {
                    member.permissions.insert(*permission);
                }
                (Lack::NotEngagementCoach, Viewer::Member(member)) => {
                    if let Some(engagement) = &mut asked.engagement {
                        engagement.coach = Some(member.id);
                    }
                }
                (Lack::NotAdministrator, Viewer::Member(member)) => member.administrator = Administrator::Global,
                (Lack::NotAdministrator, Viewer::Personnel(person)) => (person.administrator, person.location_id) = (true, None),
                (Lack::OtherRecord, Viewer::Client(own)) => own.id = asked.client.id,
                (Lack::OtherCompany, Viewer::Personnel(person)) => asked.client.company = Some(person.company_id),
                // what is not of this kind of person stands in nobody's way
                (
                    Lack::Deactivated
                    | Lack::NotPaired
                    | Lack::ViewOnly
                    | Lack::Permission { .. }
                    | Lack::NotEngagementCoach
                    | Lack::NotAdministrator
                    | Lack::OtherRecord
                    | Lack::OtherCompany,
                    _,
                ) => {}
            }
        }
        asked
    }
}

/// An id that is not this one.
fn another(id: Ulid) -> Ulid {
    Ulid(!id.0)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use proptest::prelude::*;

    use super::*;
    use crate::id::{LocationId, MemberId};
    use crate::sample;

    const OWN: u128 = 10;
    const COMPANY: u128 = 20;
    const LEVELS: [Level; 4] = [Level::None, Level::ViewOnly, Level::Coaching, Level::Primary];

    fn facts(level: Level, archived: bool) -> ClientFacts {
        let mut client = sample::client(OWN, Some(COMPANY));
        client.archived = archived;
        ClientFacts::of(&client, level)
    }

    fn own_engagement(coach: u128) -> EngagementFacts {
        EngagementFacts { owner: Owner::Own, location: None, coach: Some(MemberId(Ulid(coach))), is_draft: false, is_tracked: true }
    }

    #[test]
    fn everybody_is_told_what_this_table_says() {
        let member = |permissions: &[Permission]| Viewer::Member(sample::member(1, permissions));
        let administrator = Viewer::Member(Member { coach: false, administrator: Administrator::Global, ..sample::member(1, &[]) });
        let gone = Viewer::Member(Member { active: false, ..sample::member(1, &[]) });
        let all = member(&[Permission::ViewAllClientHappenings]);
        let reporting = member(&[Permission::ViewAllClientHappenings, Permission::ReportToThirdParties]);
        let mut table = String::new();
        for (name, viewer, level, archived) in [
            ("primary coach", member(&[]), Level::Primary, false),
            ("primary coach of an archived client", member(&[]), Level::Primary, true),
            ("viewer", member(&[]), Level::ViewOnly, false),
            ("unpaired coach", member(&[]), Level::None, false),
            ("sees all", all, Level::None, false),
            ("sees all and reports", reporting, Level::None, false),
            ("manages clients", member(&[Permission::ManageClients]), Level::None, false),
            ("manages the team", member(&[Permission::ManageTeam]), Level::None, false),
            ("administrator", administrator, Level::None, false),
            ("deactivated coach", gone, Level::Coaching, false),
            ("client", Viewer::Client(sample::client(OWN, Some(COMPANY))), Level::None, false),
            ("another client", Viewer::Client(sample::client(OWN + 1, Some(COMPANY))), Level::None, false),
            ("of the company", Viewer::Personnel(sample::personnel(3, COMPANY, &[ItemKind::Metric])), Level::None, false),
            ("of another company", Viewer::Personnel(sample::personnel(3, COMPANY + 1, &[ItemKind::Metric])), Level::None, false),
        ] {
            let client = facts(level, archived);
            let explained = explain(&viewer, &client);
            writeln!(table, "{name}").unwrap();
            for right in &explained.rights {
                writeln!(table, "  {:24} {:10} {}", format!("{:?}", right.act), format!("{:?}", right.answer), right.says).unwrap();
            }
            for right in explain_engagement(&viewer, &client, &own_engagement(7)) {
                writeln!(table, "  Engagement {:13} {:10} {}", format!("{:?}", right.act), format!("{:?}", right.answer), right.says)
                    .unwrap();
            }
            let Kinds { read, write, comment } = explained.kinds;
            writeln!(table, "  kinds: reads {}, writes {}, comments on {}", read.len(), write.len(), comment.len()).unwrap();
        }
        insta::assert_snapshot!(table);
    }

    fn viewers() -> impl Strategy<Value = Viewer> {
        let permissions = proptest::sample::subsequence(Permission::ALL.to_vec(), 0..=Permission::ALL.len());
        let administrator = prop_oneof![Just(Administrator::None), Just(Administrator::Location), Just(Administrator::Global)];
        let location = || proptest::option::of((30_u128..32).prop_map(|id| LocationId(Ulid(id))));
        let members =
            (permissions, administrator, location(), any::<bool>()).prop_map(|(permissions, administrator, location_id, active)| {
                Viewer::Member(Member { administrator, location_id, active, ..sample::member(1, &permissions) })
            });
        let clients = (OWN..OWN + 2).prop_map(|id| Viewer::Client(sample::client(id, Some(COMPANY))));
        let kinds = proptest::sample::subsequence(ItemKind::ALL.to_vec(), 0..=ItemKind::ALL.len());
        let personnel = (COMPANY..COMPANY + 2, kinds, any::<bool>(), any::<bool>(), location()).prop_map(
            |(company, grants, active, administrator, location_id)| {
                Viewer::Personnel(Personnel { active, administrator, location_id, ..sample::personnel(3, company, &grants) })
            },
        );
        prop_oneof![members, clients, personnel]
    }

    fn clients() -> impl Strategy<Value = ClientFacts> {
        (proptest::sample::select(LEVELS.to_vec()), any::<bool>()).prop_map(|(level, archived)| facts(level, archived))
    }

    fn engagements() -> impl Strategy<Value = EngagementFacts> {
        let owner = proptest::sample::select(vec![Owner::Own, Owner::Company(CompanyId(Ulid(COMPANY)))]);
        let location = proptest::option::of((30_u128..32).prop_map(|id| LocationId(Ulid(id))));
        (owner, location, 1_u128..3, any::<bool>(), any::<bool>()).prop_map(|(owner, location, coach, is_draft, is_tracked)| {
            EngagementFacts { owner, location, coach: Some(MemberId(Ulid(coach))), is_draft, is_tracked }
        })
    }

    /// What every explanation keeps to: it answers as it is decided, each reason it gives is enough, and what it gives no
    /// reason for can't be had.
    fn keeps_to_it<A>(right: &Right<A>, asked: &Asked, decide: &dyn Fn(&Asked) -> Decision) -> Result<(), TestCaseError> {
        prop_assert_eq!(right.answer, decide(asked));
        if right.answer.is_allowed() {
            prop_assert!(!right.because.is_empty() && right.missing.is_empty());
            prop_assert!(!decide(&asked.with_only(&[])).is_allowed(), "allowed without any ground");
            for Together { all_of } in &right.because {
                prop_assert!(decide(&asked.with_only(all_of)).is_allowed());
                for n in 0..all_of.len() {
                    let fewer: Vec<Ground> = all_of.iter().enumerate().filter(|(m, _)| *m != n).map(|(_, ground)| *ground).collect();
                    prop_assert!(!decide(&asked.with_only(&fewer)).is_allowed(), "{:?} is more than it takes", all_of);
                }
            }
        } else {
            prop_assert!(right.because.is_empty());
            for Together { all_of } in &right.missing {
                prop_assert!(!all_of.is_empty() && decide(&asked.without(all_of)).is_allowed());
            }
            if right.missing.is_empty() {
                prop_assert!(!decide(&asked.without(&asked.lacks())).is_allowed(), "it could be had");
            }
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn an_explanation_says_what_is_decided_and_its_reasons_hold(viewer in viewers(), client in clients(), engagement in engagements()) {
            let explained = explain(&viewer, &client);
            let asked = Asked { viewer: viewer.clone(), client: client.clone(), engagement: None };
            for right in &explained.rights {
                keeps_to_it(right, &asked, &|asked| right.act.decide(&asked.viewer, &asked.client))?;
            }
            let asked = Asked { engagement: Some(engagement), ..asked };
            for right in explain_engagement(&viewer, &client, &engagement) {
                keeps_to_it(&right, &asked, &|asked| right.act.decide(&asked.viewer, &asked.client, &asked.engagement.unwrap()))?;
            }
            for kind in ItemKind::ALL {
                let item = shared(kind);
                let on = Resource::Item(&client, &item);
                prop_assert_eq!(explained.kinds.read.contains(&kind), decide(&viewer, Action::Read, &on).is_allowed());
                prop_assert_eq!(explained.kinds.write.contains(&kind), may_add(&viewer, &client, kind));
                prop_assert_eq!(explained.kinds.comment.contains(&kind), decide(&viewer, Action::Comment, &on).is_allowed());
            }
        }
    }
}
