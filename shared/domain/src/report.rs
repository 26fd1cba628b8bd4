//! A Happenings Report: who is told what about whom, and when.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use ulid::Ulid;
use utoipa::ToSchema;

use crate::account::Features;
use crate::check::{self, Check, Invalid};
use crate::id::{CompanyId, MemberId, PersonnelId, ReportId};
use crate::item::ItemKind;
use crate::person::Email;
use crate::schedule::{Schedule, ScheduleDraft, Window};

/// The most recipients or clients that one report can name.
pub const NAMED_MOST: usize = 1_000;

/// On whom a report is. All but `selected` are resolved at each run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Scope {
    /// How the clients are chosen.
    pub kind: ScopeKind,
    /// The clients, groups or companies; none for `all`.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub ids: BTreeSet<Ulid>,
}

/// How a report's clients are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScopeKind {
    /// All clients the creator may see.
    All,
    /// These clients.
    Selected,
    /// The clients of these groups.
    Groups,
    /// The clients of these companies.
    Companies,
}

/// To whom a report goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Audience {
    /// What kind of recipient.
    pub kind: AudienceKind,
    /// Third parties: their addresses.
    #[serde(default)]
    pub emails: Vec<Email>,
    /// Coach: members, the creator where none is named. Personnel: persons.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub ids: BTreeSet<Ulid>,
}

/// The kinds of recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AudienceKind {
    /// The coach who set it up, or other members.
    Coach,
    /// Each client, on themselves.
    Clients,
    /// Addresses without a login.
    ThirdParties,
    /// People of client companies, each on their own company's clients.
    Personnel,
}

/// How much of an item a report shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// Title, state, dates, numbers.
    Summary,
    /// Bodies too.
    Full,
}

/// How a run's window is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum WindowRule {
    /// From the end of the last run's window.
    SinceLastRun,
    /// The last so many days.
    LastDays {
        /// 1 to 366.
        #[schema(minimum = 1, maximum = 366)]
        days: u16,
    },
}

/// What a run does when nothing happened and nothing is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhenEmpty {
    /// Sends nothing.
    Skip,
    /// Sends a short note.
    SendNote,
}

/// Why a report does not run at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Paused {
    /// Somebody paused it.
    ByPerson,
    /// Its creator was deactivated.
    CreatorDeactivated,
}

/// What a report says: its definition without its life.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Definition {
    /// Name, for those who manage it.
    pub name: String,
    /// On whom.
    pub scope: Scope,
    /// Which kinds of item.
    pub kinds: BTreeSet<ItemKind>,
    /// How much of each.
    pub detail: Detail,
    /// To whom.
    pub audience: Audience,
    /// When.
    pub schedule: Schedule,
    /// In which zone.
    #[schema(value_type = String, example = "America/New_York")]
    pub time_zone: Tz,
    /// Covering what.
    pub window: WindowRule,
    /// What if there is nothing.
    pub when_empty: WhenEmpty,
    /// The mail's subject, in place of the one that is made up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// A few words before the content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introduction: Option<String>,
}

/// A standing order to e-mail happenings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// Id.
    pub id: ReportId,
    /// Who set it up; it never shows more than they may see.
    pub creator_id: MemberId,
    /// What it says.
    #[serde(flatten)]
    pub definition: Definition,
    /// Why it does not run, if it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_because: Option<Paused>,
    /// Counts changes of the schedule; what fires for an older one is stale.
    pub revision: u64,
    /// Since when it has run by this schedule: it was set up, its schedule was changed, or it was resumed. What would have
    /// run before was never missed.
    pub scheduled_since: DateTime<Utc>,
    /// When it was set up.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Counts changes, from 1.
    pub version: u64,
}

/// What the account has, as far as a report may name it.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// What is switched on.
    pub features: Features,
    /// The companies.
    pub companies: BTreeSet<CompanyId>,
    /// The groups that the creator may see, as plain ids.
    pub groups: BTreeSet<Ulid>,
    /// Active personnel and their company.
    pub personnel: BTreeMap<PersonnelId, CompanyId>,
    /// Active members.
    pub members: BTreeSet<MemberId>,
    /// Those of the clients named that the creator may see, as plain ids.
    pub visible_clients: BTreeSet<Ulid>,
}

/// A scope as people send it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScopeDraft {
    /// `all`, `selected`, `groups` or `companies`.
    pub kind: String,
    /// The clients, groups or companies.
    #[serde(default)]
    pub ids: Vec<String>,
}

/// An audience as people send it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AudienceDraft {
    /// `coach`, `clients`, `third_parties` or `personnel`.
    pub kind: String,
    /// Addresses of third parties.
    #[serde(default)]
    pub emails: Vec<String>,
    /// Members or personnel.
    #[serde(default)]
    pub ids: Vec<String>,
}

/// A report as people send it: all of it for a new one, some of it for a change (what is left out stays).
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReportDraft {
    /// Name; made from the schedule if left out.
    pub name: Option<String>,
    /// On whom; needed.
    pub scope: Option<ScopeDraft>,
    /// Which kinds of item; needed, at least one.
    pub kinds: Option<Vec<String>>,
    /// `summary` or `full`; default `summary` for third parties and personnel, else `full`.
    pub detail: Option<Detail>,
    /// To whom; needed.
    pub audience: Option<AudienceDraft>,
    /// When; needed.
    pub schedule: Option<ScheduleDraft>,
    /// In which zone; the creator's if left out.
    pub time_zone: Option<String>,
    /// Covering what; default since the last run.
    pub window: Option<WindowRule>,
    /// Default `send_note` for the coach, `skip` for the rest.
    pub when_empty: Option<WhenEmpty>,
    /// The mail's subject; an empty one goes back to the default.
    pub subject: Option<String>,
    /// A few words before the content; empty takes them away.
    pub introduction: Option<String>,
}

impl ReportDraft {
    /// Reads the definition, in what surrounds it; `before` is the definition that is changed, if any. `now` decides
    /// which week counts first for "every N weeks".
    ///
    /// # Errors
    /// Every bad field.
    pub fn read(
        &self,
        before: Option<&Definition>,
        creator_zone: Tz,
        around: &Surroundings,
        now: DateTime<Utc>,
    ) -> Result<Definition, Invalid> {
        let mut check = Check::default();
        let zone = match &self.time_zone {
            Some(name) => check.take("time_zone", check::zone(name)),
            None => Some(before.map_or(creator_zone, |b| b.time_zone)),
        };
        let scope = match (&self.scope, before) {
            (Some(draft), _) => draft.read(&mut check, around),
            (None, Some(before)) => Some(before.scope.clone()),
            (None, None) => {
                check.fault("scope", "is needed: on whom the report is, for example {\"kind\": \"all\"}");
                None
            }
        };
        let kinds = match (&self.kinds, before) {
            (Some(kinds), _) => read_kinds(kinds, &mut check),
            (None, Some(before)) => before.kinds.clone(),
            (None, None) => {
                check.fault("kinds", "is needed: which kinds of item the report shows, for example [\"action\", \"metric\"]");
                BTreeSet::new()
            }
        };
        let audience = match (&self.audience, before) {
            (Some(draft), _) => draft.read(&mut check, around),
            (None, Some(before)) => Some(before.audience.clone()),
            (None, None) => {
                check.fault("audience", "is needed: to whom the report goes, for example {\"kind\": \"coach\"}");
                None
            }
        };
        if let Some(audience) = &audience {
            check_personnel(scope.as_ref(), audience, around, &mut check);
        }
        let today = now.with_timezone(&zone.unwrap_or(creator_zone)).date_naive();
        let schedule = match (&self.schedule, before) {
            (Some(draft), _) => draft.read(&mut check, today),
            (None, Some(before)) => Some(before.schedule.clone()),
            (None, None) => {
                check.fault(
                    "schedule",
                    "is needed: when the report goes, for example {\"every\": \"week\", \"weekdays\": [\"fri\"], \"at\": \"16:30\"}",
                );
                None
            }
        };
        if let Some(WindowRule::LastDays { days }) = self.window {
            check.that((1..=366).contains(&days), "window.days", "must be from 1 to 366");
        }
        let name = match (&self.name, before, &schedule) {
            (Some(name), _, _) => check.take("name", check::line(name, 200)),
            (None, Some(before), _) => Some(before.name.clone()),
            (None, None, Some(schedule)) => Some(format!("Happenings, {}", lower_first(&schedule.words()))),
            (None, None, None) => None,
        };
        let subject = match &self.subject {
            Some(text) if text.trim().is_empty() => None,
            Some(text) => check.take("subject", check::line(text, 200)),
            None => before.and_then(|b| b.subject.clone()),
        };
        let introduction = match &self.introduction {
            Some(text) if text.trim().is_empty() => None,
            Some(text) => check.take("introduction", check::text(text, 2_000)),
            None => before.and_then(|b| b.introduction.clone()),
        };
        let (Some(name), Some(scope), Some(audience), Some(schedule), Some(time_zone)) = (name, scope, audience, schedule, zone) else {
            return check.done_with(None);
        };
        let same_audience = before.filter(|b| b.audience.kind == audience.kind);
        let detail = self.detail.or(same_audience.map(|b| b.detail)).unwrap_or(match audience.kind {
            AudienceKind::Coach | AudienceKind::Clients => Detail::Full,
            AudienceKind::ThirdParties | AudienceKind::Personnel => Detail::Summary,
        });
        let when_empty = self.when_empty.or(same_audience.map(|b| b.when_empty)).unwrap_or(match audience.kind {
            AudienceKind::Coach => WhenEmpty::SendNote,
            AudienceKind::Clients | AudienceKind::ThirdParties | AudienceKind::Personnel => WhenEmpty::Skip,
        });
        let window = self.window.or(before.map(|b| b.window)).unwrap_or(WindowRule::SinceLastRun);
        check.done(Definition { name, scope, kinds, detail, audience, schedule, time_zone, window, when_empty, subject, introduction })
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

fn read_kinds(names: &[String], check: &mut Check) -> BTreeSet<ItemKind> {
    check.that(!names.is_empty(), "kinds", "must name at least one kind of item");
    let mut kinds = BTreeSet::new();
    for (n, name) in names.iter().enumerate().take(100) {
        match ItemKind::ALL.into_iter().find(|kind| kind.name() == name) {
            Some(kind) => _ = kinds.insert(kind),
            None => {
                check.fault(format!("kinds[{n}]"), format!("is not a kind of item; use {}", ItemKind::ALL.map(ItemKind::name).join(", ")));
            }
        }
    }
    kinds
}

/// Reads ids, noting those that are not, are unknown, or are too many.
fn read_ids(field: &str, ids: &[String], what: &str, known: impl Fn(Ulid) -> bool, check: &mut Check) -> BTreeSet<Ulid> {
    if ids.len() > NAMED_MOST {
        check.fault(field, format!("names {} of them; at most {NAMED_MOST} fit in one report", ids.len()));
        return BTreeSet::new();
    }
    let mut read = BTreeSet::new();
    for (n, text) in ids.iter().enumerate() {
        match Ulid::from_string(text) {
            Ok(id) if known(id) => _ = read.insert(id),
            Ok(_) => check.fault(format!("{field}[{n}]"), format!("there is no such {what}")),
            Err(_) => check.fault(format!("{field}[{n}]"), crate::id::NotAnId.to_string()),
        }
    }
    read
}

impl ScopeDraft {
    fn read(&self, check: &mut Check, around: &Surroundings) -> Option<Scope> {
        let kind = match self.kind.as_str() {
            "all" => ScopeKind::All,
            "selected" => ScopeKind::Selected,
            "groups" => ScopeKind::Groups,
            "companies" => ScopeKind::Companies,
            _ => {
                check.fault("scope.kind", "must be all, selected, groups or companies");
                return None;
            }
        };
        match kind {
            ScopeKind::All => {
                check.that(self.ids.is_empty(), "scope.ids", "must be left out: a report on all clients names none");
                return Some(Scope { kind, ids: BTreeSet::new() });
            }
            ScopeKind::Companies if !around.features.companies => {
                check.fault("scope.kind", "companies are switched off for this account; switch them on first: PATCH /v1/account {\"features\": {\"companies\": true}}");
                return None;
            }
            ScopeKind::Groups if !around.features.groups => {
                check.fault(
                    "scope.kind",
                    "groups are switched off for this account; switch them on first: PATCH /v1/account {\"features\": {\"groups\": true}}",
                );
                return None;
            }
            ScopeKind::Selected | ScopeKind::Groups | ScopeKind::Companies => {}
        }
        check.that(!self.ids.is_empty(), "scope.ids", "must name at least one");
        let ids = read_ids(
            "scope.ids",
            &self.ids,
            match kind {
                ScopeKind::Groups => "group",
                ScopeKind::Companies => "company",
                ScopeKind::All | ScopeKind::Selected => "client",
            },
            |id| match kind {
                ScopeKind::All => false,
                ScopeKind::Selected => around.visible_clients.contains(&id),
                ScopeKind::Groups => around.groups.contains(&id),
                ScopeKind::Companies => around.companies.contains(&CompanyId(id)),
            },
            check,
        );
        Some(Scope { kind, ids })
    }
}

impl AudienceDraft {
    fn read(&self, check: &mut Check, around: &Surroundings) -> Option<Audience> {
        let kind = match self.kind.as_str() {
            "coach" => AudienceKind::Coach,
            "clients" => AudienceKind::Clients,
            "third_parties" => AudienceKind::ThirdParties,
            "personnel" => AudienceKind::Personnel,
            _ => {
                check.fault("audience.kind", "must be coach, clients, third_parties or personnel");
                return None;
            }
        };
        let mut emails: Vec<Email> = Vec::new();
        if kind == AudienceKind::ThirdParties {
            check.that(!self.emails.is_empty(), "audience.emails", "must name at least one address");
            if self.emails.len() > NAMED_MOST {
                check.fault("audience.emails", format!("names {} recipients; at most {NAMED_MOST} fit in one report", self.emails.len()));
            } else {
                for (n, text) in self.emails.iter().enumerate() {
                    if let Some(email) = check.take(&format!("audience.emails[{n}]"), Email::parse(text))
                        && !emails.contains(&email)
                    {
                        emails.push(email);
                    }
                }
            }
        } else {
            check.that(self.emails.is_empty(), "audience.emails", "only third parties are named by address");
        }
        let ids = match kind {
            AudienceKind::Coach => read_ids("audience.ids", &self.ids, "active member", |id| around.members.contains(&MemberId(id)), check),
            AudienceKind::Personnel => {
                check.that(!self.ids.is_empty(), "audience.ids", "must name at least one person of the company's personnel");
                read_ids(
                    "audience.ids",
                    &self.ids,
                    "person of a company's personnel",
                    |id| around.personnel.contains_key(&PersonnelId(id)),
                    check,
                )
            }
            AudienceKind::Clients | AudienceKind::ThirdParties => {
                check.that(self.ids.is_empty(), "audience.ids", "must be left out: the scope says which clients");
                BTreeSet::new()
            }
        };
        Some(Audience { kind, emails, ids })
    }
}

/// Personnel get reports only on their companies, and only where companies are switched on.
fn check_personnel(scope: Option<&Scope>, audience: &Audience, around: &Surroundings, check: &mut Check) {
    if audience.kind != AudienceKind::Personnel {
        return;
    }
    if !around.features.companies {
        check.fault("audience.kind", "companies are switched off for this account, so it has no personnel to send to");
        return;
    }
    // a scope that could not be read is named already
    let Some(scope) = scope else { return };
    if scope.kind != ScopeKind::Companies {
        check.fault(
            "audience.kind",
            "personnel can be sent a report only when its scope is by company; use {\"kind\": \"companies\", \"ids\": [...]}",
        );
        return;
    }
    for (n, id) in audience.ids.iter().enumerate() {
        let company = around.personnel.get(&PersonnelId(*id));
        if company.is_some_and(|company| !scope.ids.contains(&company.0)) {
            check.fault(format!("audience.ids[{n}]"), "works for a company that the report does not cover");
        }
    }
}

/// The window of a run at `to`: from the end of the last run's window, or one interval back for the first; or a
/// fixed number of days.
pub fn window(definition: &Definition, covered_until: Option<DateTime<Utc>>, to: DateTime<Utc>) -> Window {
    let from = match definition.window {
        WindowRule::SinceLastRun => covered_until.unwrap_or_else(|| definition.schedule.one_interval_before(definition.time_zone, to)),
        WindowRule::LastDays { days } => to - chrono::Duration::days(i64::from(days)),
    };
    Window { from: from.min(to), to }
}
