//! Who asks: API keys, one's own settings, and how an account begins.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use domain::access::Viewer;
use domain::account::{Account, Features};
use domain::check::{self, Check, Invalid};
use domain::id::{AccountId, ApiKeyId, AuditId, MemberId};
use domain::listing::{Columns, ColumnsDraft};
use domain::person::{Actor, Administrator, Email, Member, Notifications, Permission, PersonId};
use domain::sign_in::may_use_keys;
use platform::store::people::{ApiKey, KeyScope};
use platform::store::requests::Answered;
use platform::store::{Changes, Scope, audit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::page::{List, Page, Paged};
use crate::{App, AppError, Ctx};

/// What every API key begins with, so that one that leaked can be recognised.
const KEY_PREFIX: &str = "cairn_";

/// The holder of an API key, as a context to act in; `None` for a key that opens nothing, or nothing any more.
///
/// # Errors
/// [`AppError::Store`].
pub async fn authenticate(app: &App, secret: &str) -> Result<Option<(Ctx, KeyScope)>, AppError> {
    let now = app.clock.now();
    if !secret.starts_with(KEY_PREFIX) || secret.len() > 100 {
        return Ok(None);
    }
    let Some((scope, key)) = app.platform.store.authenticate(secret, now.date_naive()).await? else { return Ok(None) };
    let store = &app.platform.store;
    let (account, viewer) = futures::future::try_join(store.account(scope), viewer(app, scope, key.person)).await?;
    let (Some(account), Some(viewer)) = (account, viewer) else { return Ok(None) };
    let active = may_use_keys(&viewer);
    let ctx = Ctx { app: app.clone(), scope, account: Arc::new(account), viewer, now, once: None, row: None };
    Ok(active.then_some((ctx, key.scope)))
}

/// A person as a viewer, as they are now.
pub(crate) async fn viewer(app: &App, scope: Scope, person: PersonId) -> Result<Option<Viewer>, platform::store::StoreError> {
    let store = &app.platform.store;
    Ok(match person {
        PersonId::Member(id) => store.member(scope, id).await?.map(Viewer::Member),
        PersonId::Client(id) => store.client(scope, id).await?.map(Viewer::Client),
        PersonId::Personnel(id) => store.person_of_company(scope, id).await?.map(Viewer::Personnel),
    })
}

/// What was answered to the request under this digest of person and key, if it was carried out in the last day; and
/// whether an older answer is still on record.
///
/// # Errors
/// [`AppError::Store`].
pub async fn answered(ctx: &Ctx, digest: &str) -> Result<(Option<Answered>, bool), AppError> {
    let answered = ctx.store().answered(ctx.scope, digest, ctx.now).await?;
    let expired = answered.is_none() && ctx.store().has_expired_answer(ctx.scope, digest, ctx.now).await?;
    Ok((answered, expired))
}

/// One's own person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Me {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Address.
    pub email: Option<Email>,
    /// The account's own organisation (the account's id), or the company.
    pub organisation_id: Option<String>,
    /// `coach`, `administrator`, `location_administrator`, `client`, `personnel`.
    pub roles: Vec<String>,
    /// What a member may do beyond the roles.
    pub permissions: Vec<Permission>,
    /// The zone one's dates are shown in.
    #[schema(value_type = String)]
    pub time_zone: Tz,
    /// Which mail one wants.
    pub notifications: Notifications,
    /// Which columns one sees (T-12).
    pub columns: Columns,
    /// When the person was added.
    pub created_at: DateTime<Utc>,
    /// When the person was last changed.
    pub updated_at: DateTime<Utc>,
    /// Counts changes.
    pub version: u64,
}

/// A change of one's own settings; what is left out stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MeDraft {
    /// An IANA zone.
    pub time_zone: Option<String>,
    /// Which mail one wants; what is left out stays.
    pub notifications: Option<NotificationsDraft>,
    /// Which columns one sees; what is left out stays.
    pub columns: Option<ColumnsDraft>,
}

/// Which mail a person wants; what is left out stays.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NotificationsDraft {
    /// Engagements that go off track.
    pub off_track: Option<bool>,
    /// Comments on items.
    pub comments: Option<bool>,
    /// What concerns one's own reports.
    pub reports: Option<bool>,
}

impl NotificationsDraft {
    fn over(self, before: Notifications) -> Notifications {
        Notifications {
            off_track: self.off_track.unwrap_or(before.off_track),
            comments: self.comments.or(before.comments),
            reports: self.reports.unwrap_or(before.reports),
        }
    }
}

/// One's own person.
///
/// # Errors
/// None at present.
pub async fn me(ctx: &Ctx) -> Result<Me, AppError> {
    Ok(describe(ctx.scope, &ctx.viewer))
}

pub(crate) fn describe(scope: Scope, viewer: &Viewer) -> Me {
    match viewer {
        Viewer::Member(m) => {
            let administrator = match m.administrator {
                Administrator::None => None,
                Administrator::Location => Some("location_administrator"),
                Administrator::Global => Some("administrator"),
            };
            Me {
                id: m.id.to_string(),
                name: m.name.clone(),
                email: Some(m.email.clone()),
                organisation_id: Some(scope.account().to_string()),
                roles: m.coach.then_some("coach").into_iter().chain(administrator).map(str::to_owned).collect(),
                permissions: m.permissions.iter().copied().collect(),
                time_zone: m.time_zone,
                notifications: m.notifications,
                columns: m.columns.clone(),
                created_at: m.created_at,
                updated_at: m.updated_at,
                version: m.version,
            }
        }
        Viewer::Client(c) => Me {
            id: c.id.to_string(),
            name: c.name(),
            email: c.email.clone(),
            organisation_id: c.company_id.map(|id| id.to_string()),
            roles: vec!["client".into()],
            permissions: Vec::new(),
            time_zone: c.time_zone,
            notifications: c.notifications,
            columns: c.columns.clone(),
            created_at: c.created_at,
            updated_at: c.updated_at,
            version: c.version,
        },
        Viewer::Personnel(p) => Me {
            id: p.id.to_string(),
            name: p.name.clone(),
            email: Some(p.email.clone()),
            organisation_id: Some(p.company_id.to_string()),
            roles: vec!["personnel".into()],
            permissions: Vec::new(),
            time_zone: p.time_zone,
            notifications: p.notifications,
            columns: p.columns.clone(),
            created_at: p.created_at,
            updated_at: p.updated_at,
            version: p.version,
        },
    }
}

/// Changes one's own settings.
///
/// # Errors
/// [`AppError`].
pub async fn update_me(ctx: &Ctx, draft: &MeDraft, expected: Option<u64>) -> Result<Me, AppError> {
    let me = describe(ctx.scope, &ctx.viewer);
    Ctx::matches(expected, me.version)?;
    let mut check = Check::default();
    let zone = draft.time_zone.as_ref().map_or(Some(me.time_zone), |zone| check.take("time_zone", check::zone(zone)));
    let notifications = draft.notifications.unwrap_or_default().over(me.notifications);
    let columns = draft.columns.as_ref().map_or_else(|| me.columns.clone(), |draft| draft.over(&me.columns, &mut check));
    let time_zone = check.done_with(zone)?;
    if time_zone == me.time_zone && notifications == me.notifications && columns == me.columns {
        return Ok(me);
    }
    let mut changes = Changes::new();
    let viewer = match &ctx.viewer {
        Viewer::Member(before) => {
            let after = Member { time_zone, notifications, columns, updated_at: ctx.now, version: before.version + 1, ..before.clone() };
            ctx.store().replace_member(&mut changes, ctx.scope, before, &after)?;
            Viewer::Member(after)
        }
        Viewer::Client(before) => {
            let mut after = before.clone();
            (after.time_zone, after.notifications, after.columns) = (time_zone, notifications, columns);
            (after.updated_at, after.version) = (ctx.now, before.version + 1);
            ctx.store().replace_client(&mut changes, ctx.scope, before, &after)?;
            Viewer::Client(after)
        }
        Viewer::Personnel(before) => {
            let mut after = before.clone();
            (after.time_zone, after.notifications, after.columns) = (time_zone, notifications, columns);
            (after.updated_at, after.version) = (ctx.now, before.version + 1);
            ctx.store().replace_personnel(&mut changes, ctx.scope, before, &after)?;
            Viewer::Personnel(after)
        }
    };
    let me = describe(ctx.scope, &viewer);
    ctx.commit(changes, "me.update", &me.id, 200, &me).await?;
    Ok(me)
}

/// An API key as its holder sees it later: without the key.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct KeyView {
    /// Id.
    pub id: ApiKeyId,
    /// What its holder calls it.
    pub name: String,
    /// `read` or `write`.
    pub scope: KeyScope,
    /// The last day it works, in UTC.
    pub expires_on: Option<NaiveDate>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// A new API key: the only time the key itself is shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NewKey {
    /// The key: `Authorization: Bearer <key>`. It is kept nowhere, so a repeated request is answered without it.
    #[schema(required = false)]
    pub api_key: String,
    /// The rest.
    #[serde(flatten)]
    pub view: KeyView,
}

/// A key as it is asked for.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KeyDraft {
    /// What to call it.
    pub name: Option<String>,
    /// `read` or `write`; default `write`.
    pub scope: Option<KeyScope>,
    /// The last day it is to work, in UTC.
    pub expires_on: Option<NaiveDate>,
}

fn view(key: &ApiKey) -> KeyView {
    KeyView { id: key.id, name: key.name.clone(), scope: key.scope, expires_on: key.expires_on, created_at: key.created_at }
}

/// One's own keys, in the order they were made.
///
/// # Errors
/// [`AppError::Store`], [`AppError::BadCursor`].
pub async fn api_keys(ctx: &Ctx, page: &Page) -> Result<Paged<KeyView>, AppError> {
    let keys = ctx.store().api_keys(ctx.scope, ctx.viewer.person()).await?;
    List::new(ctx, "api keys", &()).cut(keys.iter().map(view), page, |key| key.id)
}

/// Makes a key with one's own rights.
///
/// # Errors
/// [`AppError`].
pub async fn create_api_key(ctx: &Ctx, draft: &KeyDraft) -> Result<NewKey, AppError> {
    let mut check = Check::default();
    let name = check.take("name", check::line(draft.name.as_deref().unwrap_or("API key"), 100));
    check.that(draft.expires_on.is_none_or(|last| last >= ctx.now.date_naive()), "expires_on", "must not be in the past");
    let name = check.done_with(name)?;
    let (secret, key) = new_key(&ctx.app, ctx.scope, ctx.viewer.person(), &name, draft.scope.unwrap_or(KeyScope::Write), draft.expires_on)?;
    let made = NewKey { api_key: secret, view: view(&key) };
    let mut changes = Changes::new();
    ctx.store().add_api_key(&mut changes, ctx.scope, &key)?;
    // what is kept for a repeated request must not be the key itself
    ctx.commit(changes, "api_key.create", key.id, 201, &made.view).await?;
    Ok(made)
}

/// Ends one of one's own keys.
///
/// # Errors
/// [`AppError::NotFound`].
pub async fn delete_api_key(ctx: &Ctx, id: ApiKeyId) -> Result<(), AppError> {
    let keys = ctx.store().api_keys(ctx.scope, ctx.viewer.person()).await?;
    let key = keys.iter().find(|key| key.id == id).ok_or(AppError::NotFound)?;
    let mut changes = Changes::new();
    ctx.store().remove_api_key(&mut changes, key)?;
    ctx.commit(changes, "api_key.delete", id, 204, &()).await
}

fn new_key(
    app: &App,
    scope: Scope,
    person: PersonId,
    name: &str,
    key_scope: KeyScope,
    expires_on: Option<NaiveDate>,
) -> Result<(String, ApiKey), AppError> {
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random).map_err(|e| AppError::Fault(e.to_string()))?;
    let secret = format!("{KEY_PREFIX}{}", data_encoding::BASE64URL_NOPAD.encode(&random));
    let key = ApiKey {
        id: ApiKeyId(app.new_id()),
        account_id: scope.account(),
        person,
        name: name.to_owned(),
        scope: key_scope,
        digest: platform::store::keys::digest(&secret),
        expires_on,
        created_at: app.clock.now(),
    };
    Ok((secret, key))
}

/// A key for whoever uses an address, in whichever account they joined first: for the local stack, where nobody signs
/// in by mail.
///
/// # Errors
/// [`AppError`].
pub async fn issue_key(app: &App, email: &str) -> Result<Option<String>, AppError> {
    let email = Email::parse(email).map_err(|e| Invalid::field("email", e))?;
    let Some(found) = app.platform.store.by_email(&email).await?.into_iter().next() else { return Ok(None) };
    let scope = Scope::of_own_message(found.account_id);
    let (secret, key) = new_key(app, scope, found.person, "local", KeyScope::Write, None)?;
    let mut changes = Changes::new();
    app.platform.store.add_api_key(&mut changes, scope, &key)?;
    let _ = app.platform.store.commit(changes).await?;
    Ok(Some(secret))
}

/// A new account as it is asked for.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AccountDraft {
    /// The account's name.
    pub name: String,
    /// The first administrator's address.
    pub email: String,
    /// The organisation's calendar; default UTC.
    pub time_zone: Option<String>,
    /// The first administrator's name; default the account's.
    pub person: Option<String>,
}

/// A new account.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Opened {
    /// The account.
    pub account_id: AccountId,
    /// Its first member: an administrator with every permission, who is also a coach.
    pub member_id: MemberId,
    /// A key with that member's rights; shown once.
    pub api_key: String,
}

/// Opens an account with one administrator who is also a coach.
///
/// # Errors
/// [`AppError::Invalid`].
pub async fn open_account(app: &App, draft: &AccountDraft) -> Result<Opened, AppError> {
    let (mut changes, scope, member_id) = opening(app, draft)?;
    let (api_key, key) = new_key(app, scope, PersonId::Member(member_id), "first key", KeyScope::Write, None)?;
    app.platform.store.add_api_key(&mut changes, scope, &key)?;
    if !app.platform.store.commit(changes).await?.is_done() {
        return Err(AppError::conflict("changed_meanwhile", "the account could not be opened; try again"));
    }
    Ok(Opened { account_id: scope.account(), member_id, api_key })
}

/// Opens the account of the address in the settings, once: whatever becomes of the account, the address opens no second.
pub(crate) async fn open_first_account(app: &App, email: &Email) -> Result<(), AppError> {
    let (person, organisation) = email.as_str().split_once('@').unwrap_or((email.as_str(), email.as_str()));
    let draft =
        AccountDraft { name: organisation.to_owned(), email: email.as_str().to_owned(), time_zone: None, person: Some(person.to_owned()) };
    let (mut changes, scope, _) = opening(app, &draft)?;
    app.platform.store.add_first_account(&mut changes, scope, email)?;
    // unmet means that it was opened before
    let _ = app.platform.store.commit(changes).await?;
    Ok(())
}

/// What opens an account, and who is its first member.
fn opening(app: &App, draft: &AccountDraft) -> Result<(Changes, Scope, MemberId), AppError> {
    let mut check = Check::default();
    let name = check.take("name", check::line(&draft.name, 200));
    let email = check.take("email", Email::parse(&draft.email));
    let zone = check.take("time_zone", check::zone(draft.time_zone.as_deref().unwrap_or("UTC")));
    let person = check.take("person", check::line(draft.person.as_deref().unwrap_or(&draft.name), 200));
    let (name, email, time_zone, person) = check.done_with(name.zip(email).zip(zone).zip(person).map(|(((n, e), z), p)| (n, e, z, p)))?;
    let now = app.clock.now();
    let account = Account {
        id: AccountId(app.new_id()),
        name,
        time_zone,
        features: Features::default(),
        require_dmarc: false,
        created_at: now,
        updated_at: now,
        version: 1,
    };
    let member = Member {
        id: MemberId(app.new_id()),
        name: person,
        email,
        coach: true,
        administrator: Administrator::Global,
        location_id: None,
        permissions: Permission::ALL.into(),
        active: true,
        shut_at: None,
        time_zone,
        notifications: Notifications::default(),
        columns: Columns::default(),
        created_at: now,
        updated_at: now,
        version: 1,
    };
    let store = &app.platform.store;
    let mut changes = Changes::new();
    let scope = store.add_account(&mut changes, &account)?;
    store.add_member(&mut changes, scope, &member)?;
    let entry = audit::Entry {
        id: AuditId(app.new_id()),
        at: now,
        by: Actor::System,
        action: "account.create".into(),
        subject: account.id.to_string(),
    };
    store.add_audit(&mut changes, scope, &entry)?;
    Ok((changes, scope, member.id))
}
