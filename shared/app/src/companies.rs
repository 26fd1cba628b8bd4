//! Client companies, their locations and their personnel.

use std::collections::BTreeSet;

use domain::access::{Action, Resource, Viewer, may_make};
use domain::account::Feature;
use domain::check::{self, Check};
use domain::company::{Company, Location};
use domain::id::{CompanyId, LocationId, PersonnelId};
use domain::item::ItemKind;
use domain::listing::Columns;
use domain::person::{Email, Notifications, Personnel};
use domain::program::given;
use platform::store::Changes;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::page::{List, Page, Paged};
use crate::{AppError, Ctx};

/// A thing of which only the name is sent: a company, a location, a group.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Named {
    /// Name.
    pub name: Option<String>,
}

impl Named {
    /// The name, which is needed.
    pub(crate) fn read(&self) -> Result<String, AppError> {
        let mut check = Check::default();
        let name = check.take("name", self.name.as_deref().ok_or("is needed".to_owned()).and_then(|name| check::line(name, 200)));
        Ok(check.done_with(name)?)
    }
}

/// A person of a company as people send it: all of it for a new one, some of it for a change.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PersonnelDraft {
    /// First and last name.
    pub name: Option<String>,
    /// Address, unique among the personnel of the account.
    pub email: Option<String>,
    /// Whether they administer their company's people; default no.
    pub administrator: Option<bool>,
    /// A location of the company, which is all they administer; `null` takes it away.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<LocationId>)]
    pub location_id: Option<Option<LocationId>>,
    /// The kinds of item they may see; default none.
    pub grants: Option<Vec<ItemKind>>,
    /// An IANA zone; default the account's.
    pub time_zone: Option<String>,
    /// `false` ends their access.
    pub active: Option<bool>,
}

impl PersonnelDraft {
    fn fill(&self, person: &mut Personnel, check: &mut Check) {
        if let Some(name) = &self.name
            && let Some(name) = check.take("name", check::line(name, 200))
        {
            person.name = name;
        }
        if let Some(email) = &self.email
            && let Some(email) = check.take("email", Email::parse(email))
        {
            person.email = email;
        }
        if let Some(zone) = &self.time_zone
            && let Some(zone) = check.take("time_zone", check::zone(zone))
        {
            person.time_zone = zone;
        }
        person.administrator = self.administrator.unwrap_or(person.administrator);
        person.location_id = self.location_id.unwrap_or(person.location_id);
        person.active = self.active.unwrap_or(person.active);
        if let Some(grants) = &self.grants {
            person.grants = grants.iter().copied().collect();
        }
    }
}

/// The companies.
///
/// # Errors
/// [`AppError`].
pub async fn list(ctx: &Ctx, page: &Page) -> Result<Paged<Company>, AppError> {
    let companies = ctx.store().companies(ctx.scope).await?;
    if let Viewer::Personnel(person) = &ctx.viewer {
        let own = companies.into_iter().filter(|company| company.id == person.company_id);
        return List::new(ctx, "companies", &()).cut(own, page, |company| company.id);
    }
    ctx.ask(Action::Read, &Resource::Companies)?;
    List::new(ctx, "companies", &()).cut(companies, page, |company| company.id)
}

/// A company.
///
/// # Errors
/// [`AppError`].
pub async fn read(ctx: &Ctx, id: CompanyId) -> Result<Company, AppError> {
    ctx.ask(Action::Read, &Resource::Company(id))?;
    ctx.store().company(ctx.scope, id).await?.ok_or(AppError::NotFound)
}

/// Adds a company.
///
/// # Errors
/// [`AppError`]; a conflict while companies are off.
pub async fn create(ctx: &Ctx, draft: &Named) -> Result<Company, AppError> {
    ctx.ask(Action::Write, &Resource::Companies)?;
    ctx.needs(Feature::Companies)?;
    let company = Company { id: CompanyId(ctx.new_id()), name: draft.read()?, created_at: ctx.now, updated_at: ctx.now, version: 1 };
    let mut changes = Changes::new();
    ctx.store().add_company(&mut changes, ctx.scope, &company)?;
    ctx.commit(changes, "company.create", company.id, 201, &company).await?;
    Ok(company)
}

/// Renames a company.
///
/// # Errors
/// [`AppError`].
pub async fn update(ctx: &Ctx, id: CompanyId, draft: &Named, expected: Option<u64>) -> Result<Company, AppError> {
    let before = read(ctx, id).await?;
    ctx.ask(Action::Write, &Resource::Company(id))?;
    Ctx::matches(expected, before.version)?;
    if draft.name.is_none() {
        return Ok(before);
    }
    let company = Company { name: draft.read()?, updated_at: ctx.now, version: before.version + 1, ..before };
    let mut changes = Changes::new();
    ctx.store().replace_company(&mut changes, ctx.scope, &company)?;
    ctx.commit(changes, "company.update", id, 200, &company).await?;
    Ok(company)
}

/// Asks whether the viewer may read or write the locations of an organisation: a company, or (by the account's id) the
/// account's own.
async fn ask_locations(ctx: &Ctx, id: CompanyId, action: Action) -> Result<(), AppError> {
    if id.0 == ctx.account.id.0 {
        return ctx.ask(action, &Resource::Team);
    }
    read(ctx, id).await?;
    ctx.ask(action, &Resource::Company(id))
}

/// The locations of a company, or of the account's own organisation.
///
/// # Errors
/// [`AppError`].
pub async fn locations(ctx: &Ctx, id: CompanyId, page: &Page) -> Result<Paged<Location>, AppError> {
    ask_locations(ctx, id, Action::Read).await?;
    List::new(ctx, "locations", &id).cut(ctx.store().locations(ctx.scope, id).await?, page, |location| location.id)
}

/// Adds a location to a company, or to the account's own organisation.
///
/// # Errors
/// [`AppError`].
pub async fn add_location(ctx: &Ctx, id: CompanyId, draft: &Named) -> Result<Location, AppError> {
    ask_locations(ctx, id, Action::Write).await?;
    let location = Location {
        id: LocationId(ctx.new_id()),
        company_id: id,
        name: draft.read()?,
        created_at: ctx.now,
        updated_at: ctx.now,
        version: 1,
    };
    let mut changes = Changes::new();
    ctx.store().add_location(&mut changes, ctx.scope, &location)?;
    ctx.commit(changes, "location.create", location.id, 201, &location).await?;
    Ok(location)
}

/// The personnel of a company.
///
/// # Errors
/// [`AppError`].
pub async fn personnel(ctx: &Ctx, id: CompanyId, page: &Page) -> Result<Paged<Personnel>, AppError> {
    read(ctx, id).await?;
    let personnel = ctx.store().personnel(ctx.scope).await?;
    List::new(ctx, "personnel", &id).cut(personnel.into_iter().filter(|person| person.company_id == id), page, |person| person.id)
}

/// Adds a person to a company.
///
/// # Errors
/// [`AppError`]; a conflict while companies are off.
pub async fn add_personnel(ctx: &Ctx, id: CompanyId, draft: &PersonnelDraft) -> Result<Personnel, AppError> {
    read(ctx, id).await?;
    ctx.ask(Action::Write, &Resource::Company(id))?;
    ctx.needs(Feature::Companies)?;
    let mut check = Check::default();
    check.that(draft.name.is_some(), "name", "is needed");
    let email = match &draft.email {
        Some(email) => check.take("email", Email::parse(email)),
        None => check.take("email", Err("is needed")),
    };
    let Some(email) = email else { return check.done_with(None).map_err(AppError::from) };
    let mut person = Personnel {
        id: PersonnelId(ctx.new_id()),
        company_id: id,
        name: String::new(),
        email,
        administrator: false,
        location_id: None,
        grants: BTreeSet::new(),
        active: true,
        shut_at: None,
        time_zone: ctx.account.time_zone,
        notifications: Notifications::default(),
        columns: Columns::default(),
        created_at: ctx.now,
        updated_at: ctx.now,
        version: 1,
    };
    draft.fill(&mut person, &mut check);
    check_location(ctx, id, None, person.location_id, &mut check).await?;
    let person = check.done(person)?;
    ask_to_make(ctx, None, &person)?;
    let mut changes = Changes::new();
    ctx.store().add_personnel(&mut changes, ctx.scope, &person)?;
    ctx.commit(changes, "personnel.create", person.id, 201, &person).await?;
    Ok(person)
}

/// Refuses to have somebody see what whoever asks does not see, by their grants or by getting their mail.
fn ask_to_make(ctx: &Ctx, before: Option<&Personnel>, after: &Personnel) -> Result<(), AppError> {
    match ctx.viewer.member() {
        Some(own) if may_make(own, before, after) => Ok(()),
        Some(_) | None => Err(AppError::Forbidden(
            "giving a person of a company rights, or somebody who has some another address, needs the permission to see the \
             happenings of all clients"
                .into(),
        )),
    }
}

/// Checks that a location which somebody is given is one of their organisation.
pub(crate) async fn check_location(
    ctx: &Ctx,
    organisation: CompanyId,
    before: Option<LocationId>,
    after: Option<LocationId>,
    check: &mut Check,
) -> Result<(), AppError> {
    if let Some(location) = after.filter(|_| after != before) {
        let known = ctx.store().location(ctx.scope, organisation, location).await?.is_some();
        check.that(known, "location_id", "there is no such location of the organisation");
    }
    Ok(())
}

/// Changes a person of a company.
///
/// # Errors
/// [`AppError`].
pub async fn update_personnel(
    ctx: &Ctx,
    company: CompanyId,
    id: PersonnelId,
    draft: &PersonnelDraft,
    expected: Option<u64>,
) -> Result<Personnel, AppError> {
    read(ctx, company).await?;
    let before = ctx.store().person_of_company(ctx.scope, id).await?.filter(|p| p.company_id == company).ok_or(AppError::NotFound)?;
    ctx.ask(Action::Write, &Resource::Company(company))?;
    Ctx::matches(expected, before.version)?;
    let mut check = Check::default();
    let mut person = before.clone();
    draft.fill(&mut person, &mut check);
    check_location(ctx, company, before.location_id, person.location_id, &mut check).await?;
    let mut person = check.done(person)?;
    ask_to_make(ctx, Some(&before), &person)?;
    if person == before {
        return Ok(person);
    }
    if before.active && !person.active {
        person.shut_at = Some(ctx.now);
    }
    (person.updated_at, person.version) = (ctx.now, before.version + 1);
    let mut changes = Changes::new();
    ctx.store().replace_personnel(&mut changes, ctx.scope, &before, &person)?;
    ctx.commit(changes, "personnel.update", id, 200, &person).await?;
    Ok(person)
}
