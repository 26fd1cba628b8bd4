//! Accounts, and the people with a login: members, personnel, and who holds which API key.

use chrono::{DateTime, NaiveDate, Utc};
use domain::account::Account;
use domain::company::{Company, Location};
use domain::group::Group;
use domain::id::{AccountId, ApiKeyId, ClientId, CompanyId, GroupId, LocationId, MemberId, PersonnelId};
use domain::person::{Email, Member, PersonId, Personnel};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::keys::{self, Scope};
use super::{After, Changes, Index, Query, Range, Store, StoreError, to_row};

/// What a key may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyScope {
    /// Reading only.
    Read,
    /// Reading and writing.
    Write,
}

/// An API key: everything but the key itself, of which only the digest is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Id.
    pub id: ApiKeyId,
    /// The account it opens.
    pub account_id: AccountId,
    /// Whose rights it has.
    pub person: PersonId,
    /// What its holder calls it.
    pub name: String,
    /// What it may be used for.
    pub scope: KeyScope,
    /// SHA-256 of the key, in hex.
    pub digest: String,
    /// The last day it works, in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_on: Option<NaiveDate>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// Where an address is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailUse {
    /// In which account.
    pub account_id: AccountId,
    /// By whom.
    pub person: PersonId,
}

impl Store {
    /// The account.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn account(&self, scope: Scope) -> Result<Option<Account>, StoreError> {
        self.read("account", &keys::account(scope)).await
    }

    /// Adds an account; unmet `account` if the id is taken.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_account(&self, changes: &mut Changes, account: &Account) -> Result<Scope, StoreError> {
        let scope = Scope::of_own_message(account.id);
        changes.add("account", &self.table, to_row("account", &keys::account(scope).into(), account)?)?;
        Ok(scope)
    }

    /// Changes an account; unmet `version` if another change came first.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn replace_account(&self, changes: &mut Changes, scope: Scope, account: &Account) -> Result<(), StoreError> {
        changes.replace("version", &self.table, to_row("account", &keys::account(scope).into(), account)?, account.version - 1)
    }

    /// A member.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn member(&self, scope: Scope, id: MemberId) -> Result<Option<Member>, StoreError> {
        self.read("member", &keys::member(scope, id)).await
    }

    /// All members, in the order they were added.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn members(&self, scope: Scope) -> Result<Vec<Member>, StoreError> {
        self.of_account("member", scope, keys::MEMBERS).await
    }

    /// Adds a member; unmet `email` if the address is in use by another member.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_member(&self, changes: &mut Changes, scope: Scope, member: &Member) -> Result<(), StoreError> {
        changes.add("member", &self.table, to_row("member", &keys::member(scope, member.id).into(), member)?)?;
        self.take_email(changes, scope, &member.email, PersonId::Member(member.id))
    }

    /// Changes a member; unmet `version` or `email`.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn replace_member(&self, changes: &mut Changes, scope: Scope, before: &Member, member: &Member) -> Result<(), StoreError> {
        changes.replace("version", &self.table, to_row("member", &keys::member(scope, member.id).into(), member)?, before.version)?;
        self.move_email(changes, scope, Some(&before.email), Some(&member.email), PersonId::Member(member.id))
    }

    /// A company.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn company(&self, scope: Scope, id: CompanyId) -> Result<Option<Company>, StoreError> {
        self.read("company", &keys::company(scope, id)).await
    }

    /// All companies, in the order they were added.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn companies(&self, scope: Scope) -> Result<Vec<Company>, StoreError> {
        self.of_account("company", scope, keys::COMPANIES).await
    }

    /// Adds a company.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_company(&self, changes: &mut Changes, scope: Scope, company: &Company) -> Result<(), StoreError> {
        changes.add("company", &self.table, to_row("company", &keys::company(scope, company.id).into(), company)?)
    }

    /// Changes a company; unmet `version`.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn replace_company(&self, changes: &mut Changes, scope: Scope, company: &Company) -> Result<(), StoreError> {
        changes.replace("version", &self.table, to_row("company", &keys::company(scope, company.id).into(), company)?, company.version - 1)
    }

    /// The locations of a company.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn locations(&self, scope: Scope, company: CompanyId) -> Result<Vec<Location>, StoreError> {
        self.of_account("location", scope, &keys::locations(company)).await
    }

    /// The locations of all organisations of the account.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn all_locations(&self, scope: Scope) -> Result<Vec<Location>, StoreError> {
        self.of_account("location", scope, keys::LOCATIONS).await
    }

    /// A location of a company.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn location(&self, scope: Scope, company: CompanyId, id: LocationId) -> Result<Option<Location>, StoreError> {
        self.read("location", &keys::location(scope, company, id)).await
    }

    /// Adds a location.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_location(&self, changes: &mut Changes, scope: Scope, location: &Location) -> Result<(), StoreError> {
        let key = keys::location(scope, location.company_id, location.id);
        changes.add("location", &self.table, to_row("location", &key.into(), location)?)
    }

    /// A person of a client company.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn person_of_company(&self, scope: Scope, id: PersonnelId) -> Result<Option<Personnel>, StoreError> {
        self.read("personnel", &keys::personnel(scope, id)).await
    }

    /// All personnel of all companies of the account.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn personnel(&self, scope: Scope) -> Result<Vec<Personnel>, StoreError> {
        self.of_account("personnel", scope, keys::PERSONNEL).await
    }

    /// Adds a person of a company; unmet `email` if the address is in use by other personnel.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_personnel(&self, changes: &mut Changes, scope: Scope, person: &Personnel) -> Result<(), StoreError> {
        changes.add("personnel", &self.table, to_row("personnel", &keys::personnel(scope, person.id).into(), person)?)?;
        self.take_email(changes, scope, &person.email, PersonId::Personnel(person.id))
    }

    /// Changes a person of a company; unmet `version` or `email`.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn replace_personnel(&self, changes: &mut Changes, scope: Scope, before: &Personnel, person: &Personnel) -> Result<(), StoreError> {
        changes.replace("version", &self.table, to_row("personnel", &keys::personnel(scope, person.id).into(), person)?, before.version)?;
        self.move_email(changes, scope, Some(&before.email), Some(&person.email), PersonId::Personnel(person.id))
    }

    /// A group.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn group(&self, scope: Scope, id: GroupId) -> Result<Option<Group>, StoreError> {
        self.read("group", &keys::group(scope, id)).await
    }

    /// All groups, in the order they were added.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn groups(&self, scope: Scope) -> Result<Vec<Group>, StoreError> {
        self.of_account("group", scope, keys::GROUPS).await
    }

    /// Adds a group.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_group(&self, changes: &mut Changes, scope: Scope, group: &Group) -> Result<(), StoreError> {
        changes.add("group", &self.table, to_row("group", &keys::group(scope, group.id).into(), group)?)
    }

    /// Changes a group; unmet `version`.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn replace_group(&self, changes: &mut Changes, scope: Scope, group: &Group) -> Result<(), StoreError> {
        changes.replace("version", &self.table, to_row("group", &keys::group(scope, group.id).into(), group)?, group.version - 1)
    }

    /// The clients of a group.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn group_clients(&self, scope: Scope, id: GroupId) -> Result<Vec<ClientId>, StoreError> {
        let query = Query::table(keys::group_partition(scope, id), Range::Prefix(keys::GROUP_CLIENTS.into()));
        Ok(self.query::<InGroup>("group client", &query).await?.into_iter().map(|row| row.client_id).collect())
    }

    /// The groups of a client.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn client_groups(&self, scope: Scope, client: ClientId) -> Result<Vec<GroupId>, StoreError> {
        let query = Query::index(Index::One, keys::client_groups(scope, client), Range::All);
        Ok(self.query::<InGroup>("group client", &query).await?.into_iter().map(|row| row.group_id).collect())
    }

    /// Puts a client into a group.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_to_group(&self, changes: &mut Changes, scope: Scope, group_id: GroupId, client_id: ClientId) -> Result<(), StoreError> {
        let row = to_row("group client", &keys::group_client(scope, group_id, client_id), &InGroup { group_id, client_id })?;
        changes.put("group client", &self.table, row)
    }

    /// Takes a client out of a group.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn remove_from_group(&self, changes: &mut Changes, scope: Scope, group: GroupId, client: ClientId) -> Result<(), StoreError> {
        changes.remove("group client", &self.table, &keys::group_client(scope, group, client).key, None)
    }

    /// Who uses an address, in every account.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn by_email(&self, email: &Email) -> Result<Vec<EmailUse>, StoreError> {
        self.query("email", &Query::table(keys::email_partition(email), Range::All)).await
    }

    pub(super) fn take_email(&self, changes: &mut Changes, scope: Scope, email: &Email, person: PersonId) -> Result<(), StoreError> {
        let row = to_row("email", &keys::email(scope, email, person).into(), &EmailUse { account_id: scope.account(), person })?;
        changes.add("email", &self.table, row)
    }

    /// Gives up one address and takes another; unmet `email` if that is in use.
    pub(super) fn move_email(
        &self,
        changes: &mut Changes,
        scope: Scope,
        before: Option<&Email>,
        after: Option<&Email>,
        person: PersonId,
    ) -> Result<(), StoreError> {
        if before == after {
            return Ok(());
        }
        if let Some(before) = before {
            changes.remove("email given up", &self.table, &keys::email(scope, before, person), None)?;
        }
        match after {
            Some(after) => self.take_email(changes, scope, after, person),
            None => Ok(()),
        }
    }

    /// Looks up the key with this secret: the only way from a credential to a [`Scope`]. An expired key is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn authenticate(&self, secret: &str, today: NaiveDate) -> Result<Option<(Scope, ApiKey)>, StoreError> {
        let key: Option<ApiKey> = self.read("api key", &keys::api_key(&keys::digest(secret))).await?;
        Ok(key.filter(|key| key.expires_on.is_none_or(|last| today <= last)).map(|key| (Scope::authenticated(key.account_id), key)))
    }

    /// The keys of a person, in the order they were made.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn api_keys(&self, scope: Scope, person: PersonId) -> Result<Vec<ApiKey>, StoreError> {
        self.query("api key", &Query::index(Index::One, keys::person_keys(scope, person), Range::All)).await
    }

    /// Adds a key.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_api_key(&self, changes: &mut Changes, scope: Scope, key: &ApiKey) -> Result<(), StoreError> {
        changes.add("api key", &self.table, to_row("api key", &keys::api_key_place(scope, key), key)?)
    }

    /// Removes a key; from then on it opens nothing.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn remove_api_key(&self, changes: &mut Changes, key: &ApiKey) -> Result<(), StoreError> {
        changes.remove("api key", &self.table, &keys::api_key(&key.digest), None)
    }

    /// The rows of an account under a prefix, all of them.
    pub(super) async fn of_account<T: serde::de::DeserializeOwned>(
        &self,
        what: &'static str,
        scope: Scope,
        prefix: &str,
    ) -> Result<Vec<T>, StoreError> {
        self.query(what, &Query::table(keys::account_partition(scope), Range::Prefix(prefix.to_owned()))).await
    }

    /// A page of the rows of an account under a prefix.
    pub(super) async fn page_of_account<T: serde::de::DeserializeOwned>(
        &self,
        what: &'static str,
        scope: Scope,
        prefix: &str,
        limit: usize,
        after: Option<After>,
    ) -> Result<(Vec<T>, Option<After>), StoreError> {
        self.page(what, &Query::table(keys::account_partition(scope), Range::Prefix(prefix.to_owned())).after(after), limit).await
    }
}

#[derive(Serialize, Deserialize)]
struct InGroup {
    group_id: GroupId,
    client_id: ClientId,
}
