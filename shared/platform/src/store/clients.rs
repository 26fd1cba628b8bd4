//! Clients and pairings.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{AttributeValue, Put};
use chrono::{DateTime, Utc};
use domain::client::{Client, INVITED_AGAIN, Level, Pairing};
use domain::id::{ClientId, CompanyId, MemberId};
use domain::person::{Email, PersonId};
use serde::Serialize;
use utoipa::ToSchema;

use super::keys::{self, Scope};
use super::{After, Changes, Index, Query, Range, Store, StoreError, built, from_row, text, to_row};

/// A pairing that ended, or was replaced by one of another level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Ended {
    /// What the member was to the client, and since when.
    #[serde(flatten)]
    pub pairing: Pairing,
    /// Until when.
    pub until: DateTime<Utc>,
}

#[derive(Serialize)]
struct Invited {
    expires: i64,
}

impl Store {
    /// A client.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn client(&self, scope: Scope, id: ClientId) -> Result<Option<Client>, StoreError> {
        self.read("client", &keys::client_key(scope, id)).await
    }

    /// Notes that an invitation goes to an address, whoever has it; unmet `invited` if one went there less than a day ago.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_invited(&self, changes: &mut Changes, scope: Scope, email: &Email, now: DateTime<Utc>) -> Result<(), StoreError> {
        let invited = Invited { expires: (now + INVITED_AGAIN).timestamp() };
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(to_row("invited", &keys::invited(scope, email).into(), &invited)?))
            // the table removes expired rows late
            .condition_expression("attribute_not_exists(pk) OR expires <= :now")
            .expression_attribute_values(":now", AttributeValue::N(now.timestamp().to_string()));
        changes.push("invited", put.build().map_err(|e| built(&e))?);
        Ok(())
    }

    /// These clients, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn clients_by_id(&self, scope: Scope, ids: impl IntoIterator<Item = ClientId>) -> Result<Vec<Client>, StoreError> {
        self.read_many("client", ids.into_iter().map(|id| keys::client_key(scope, id))).await
    }

    /// All clients of the account, in the order they were added.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn clients(&self, scope: Scope) -> Result<Vec<Client>, StoreError> {
        self.query("client", &Query::index(Index::One, keys::clients(scope), Range::All)).await
    }

    /// A page of the account's clients, in the order they were added.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn clients_page(&self, scope: Scope, limit: usize, after: Option<After>) -> Result<(Vec<Client>, Option<After>), StoreError> {
        self.page("client", &Query::index(Index::One, keys::clients(scope), Range::All).after(after), limit).await
    }

    /// Where a page of the account's clients goes on after this client.
    pub fn clients_after(&self, scope: Scope, id: ClientId) -> After {
        After { key: keys::client_key(scope, id), index_sk: Some(id.to_string()) }
    }

    /// The clients of a company.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn company_clients(&self, scope: Scope, company: CompanyId) -> Result<Vec<Client>, StoreError> {
        self.query("client", &Query::index(Index::Three, keys::company_clients(scope, company), Range::All)).await
    }

    /// Adds a client; unmet `email` if another client of the account uses the address (P-7).
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_client(&self, changes: &mut Changes, scope: Scope, client: &Client) -> Result<(), StoreError> {
        changes.add("client", &self.table, to_row("client", &keys::client(scope, client.id, client.company_id), client)?)?;
        self.move_email(changes, scope, None, client.email.as_ref(), PersonId::Client(client.id))
    }

    /// Changes a client; unmet `version` or `email`.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn replace_client(&self, changes: &mut Changes, scope: Scope, before: &Client, client: &Client) -> Result<(), StoreError> {
        let row = to_row("client", &keys::client(scope, client.id, client.company_id), client)?;
        changes.replace("version", &self.table, row, before.version)?;
        self.move_email(changes, scope, before.email.as_ref(), client.email.as_ref(), PersonId::Client(client.id))
    }

    /// Demands that a client is as it was read; unmet `client`.
    ///
    /// # Errors
    /// [`StoreError::Call`].
    pub fn require_client(&self, changes: &mut Changes, scope: Scope, client: &Client) -> Result<(), StoreError> {
        changes.require("client", &self.table, &keys::client_key(scope, client.id), client.version)
    }

    /// The pairings of a client, as they are now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn client_pairings(&self, scope: Scope, client: ClientId) -> Result<Vec<Pairing>, StoreError> {
        self.query("pairing", &Query::table(keys::client_partition(scope, client), Range::Prefix(keys::PAIRINGS.into()))).await
    }

    /// A page of the pairings of a client that ended, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ended_pairings(
        &self,
        scope: Scope,
        client: ClientId,
        limit: usize,
        after: Option<(DateTime<Utc>, MemberId)>,
    ) -> Result<(Vec<Ended>, bool), StoreError> {
        let after = after.map(|(until, member)| After { key: keys::pairing_ended(scope, client, member, until), index_sk: None });
        let query = Query::table(keys::client_partition(scope, client), Range::Prefix(keys::PAIRED.into())).newest_first().after(after);
        // one row more tells whether there is a next page
        let mut rows = self.query_rows(&query, Some(limit + 1)).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let read = |row| {
            let sk = text(&row, "sk");
            let until = keys::read_pairing_ended(&sk).ok_or(StoreError::Row { what: "pairing history", detail: sk })?;
            Ok(Ended { pairing: from_row("pairing history", row)?, until })
        };
        Ok((rows.into_iter().map(read).collect::<Result<_, StoreError>>()?, more))
    }

    /// What a member is to one client.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn level(&self, scope: Scope, member: MemberId, client: ClientId) -> Result<Level, StoreError> {
        let pairing: Option<Pairing> = self.read("pairing", &keys::pairing(scope, client, member).key).await?;
        Ok(pairing.map_or(Level::None, |pairing| pairing.level))
    }

    /// What a member is to these clients, as it is now; those they are nothing to are left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn levels_with(
        &self,
        scope: Scope,
        member: MemberId,
        clients: impl IntoIterator<Item = ClientId>,
    ) -> Result<BTreeMap<ClientId, Level>, StoreError> {
        let keys = clients.into_iter().map(|client| keys::pairing(scope, client, member).key);
        let pairings: Vec<Pairing> = self.read_many("pairing", keys).await?;
        Ok(pairings.into_iter().map(|pairing| (pairing.client_id, pairing.level)).collect())
    }

    /// The clients a member is paired with, and how.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn member_pairings(&self, scope: Scope, member: MemberId) -> Result<Vec<Pairing>, StoreError> {
        self.query("pairing", &Query::index(Index::One, keys::member_pairings(scope, member), Range::All)).await
    }

    /// Writes the difference between two sets of pairings of one client, under the condition that the client's row has
    /// not changed: two editors can't both leave their primary. Unmet `version`.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn set_pairings(
        &self,
        changes: &mut Changes,
        scope: Scope,
        client: ClientId,
        before: &[Pairing],
        after: &BTreeMap<MemberId, Level>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let levels: BTreeMap<MemberId, Level> = before.iter().map(|pairing| (pairing.member_id, pairing.level)).collect();
        for pairing in before.iter().filter(|pairing| after.get(&pairing.member_id) != Some(&pairing.level)) {
            let key = keys::pairing_ended(scope, client, pairing.member_id, now);
            changes.put("pairing history", &self.table, to_row("pairing history", &key.into(), pairing)?)?;
            if !after.contains_key(&pairing.member_id) {
                changes.remove("pairing", &self.table, &keys::pairing(scope, client, pairing.member_id).key, None)?;
            }
        }
        for (member, level) in after.iter().filter(|(member, level)| levels.get(member) != Some(level)) {
            let pairing = Pairing { client_id: client, member_id: *member, level: *level, since: now };
            changes.put("pairing", &self.table, to_row("pairing", &keys::pairing(scope, client, *member), &pairing)?)?;
        }
        Ok(())
    }
}
