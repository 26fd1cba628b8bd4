//! Links to sign in with, the browsers that are signed in, and how often links are asked for. Of what opens anything only
//! digests are kept.

use aws_sdk_dynamodb::types::{Delete, TransactWriteItem};
use chrono::{DateTime, Utc};
use domain::id::AccountId;
use domain::person::{Email, PersonId};
use domain::sign_in::{ASKS_MOST, LINKS_EVERYWHERE_MOST, LINKS_MOST};
use serde::{Deserialize, Serialize};

use super::keys::{self, Scope};
use super::{Changes, Key, Query, Range, Store, StoreError, built, to_row};

/// A link to sign in with: everything but the link itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The account that it is for.
    pub account_id: AccountId,
    /// The address that it was sent to.
    pub email: Email,
    /// The digest of what the browser holds that asked for it; empty for an invitation's, which nobody asked for.
    pub nonce: String,
    /// Until when it works (epoch seconds); then the row may go.
    pub expires: i64,
}

/// A browser that somebody is signed in with: everything but what the browser holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Browser {
    /// The account.
    pub account_id: AccountId,
    /// Who.
    pub person: PersonId,
    /// SHA-256 of what the browser holds, in hex.
    pub digest: String,
    /// The browser in a few words.
    pub browser: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Until when (epoch seconds); then the row may go.
    pub expires: i64,
}

#[derive(Serialize, Deserialize)]
struct Asked {
    nonce: String,
    expires: i64,
}

#[derive(Serialize, Deserialize)]
struct First {
    account_id: AccountId,
}

impl Store {
    /// Keeps a link, under the digest of its token.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_link(&self, changes: &mut Changes, token_digest: &str, link: &Link) -> Result<(), StoreError> {
        changes.add("link", &self.table, to_row("link", &keys::link(token_digest).into(), link)?)
    }

    /// The link of this digest, if it works at `now`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn link(&self, token_digest: &str, now: DateTime<Utc>) -> Result<Option<(Scope, Link)>, StoreError> {
        let link: Option<Link> = self.read("link", &keys::link(token_digest)).await?;
        // the table removes expired rows late
        Ok(link.filter(|link| now.timestamp() < link.expires).map(|link| (Scope::authenticated(link.account_id), link)))
    }

    /// Spends a link; unmet `link` if it was spent before.
    ///
    /// # Errors
    /// [`StoreError::Call`].
    pub fn spend_link(&self, changes: &mut Changes, token_digest: &str) -> Result<(), StoreError> {
        let delete = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(keys::link(token_digest).row()))
            .condition_expression("attribute_exists(pk)")
            .build()
            .map_err(|e| built(&e))?;
        changes.writes.push(("link", TransactWriteItem::builder().delete(delete).build()));
        Ok(())
    }

    /// Notes that somebody asked whom nobody knows: the same work as for one who is known.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_asked(&self, changes: &mut Changes, nonce: &str, until: DateTime<Utc>) -> Result<(), StoreError> {
        let asked = Asked { nonce: nonce.to_owned(), expires: until.timestamp() };
        changes.put("asked", &self.table, to_row("asked", &keys::asked(nonce).into(), &asked)?)
    }

    /// Counts that a link was asked for an address in an hour from a place on the network; unmet `often` if there were too
    /// many from there, or from everywhere.
    ///
    /// # Errors
    /// [`StoreError::Call`].
    pub fn count_link(&self, changes: &mut Changes, email: &Email, place: &str, hour: DateTime<Utc>) -> Result<(), StoreError> {
        self.count(changes, &keys::asked_for_from(email, place, hour), LINKS_MOST, hour)?;
        self.count(changes, &keys::asked_for(email, hour), LINKS_EVERYWHERE_MOST, hour)
    }

    /// Counts that a link was asked for from a place on the network in an hour; unmet `often` if there were too many.
    ///
    /// # Errors
    /// [`StoreError::Call`].
    pub fn count_ask(&self, changes: &mut Changes, place: &str, hour: DateTime<Utc>) -> Result<(), StoreError> {
        self.count(changes, &keys::asked_from(place, hour), ASKS_MOST, hour)
    }

    /// Notes that a browser is signed in.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_browser(&self, changes: &mut Changes, scope: Scope, browser: &Browser) -> Result<(), StoreError> {
        let key = keys::browser(scope, browser.person, &browser.digest);
        changes.add("browser", &self.table, to_row("browser", &key.into(), browser)?)
    }

    /// The browser that holds this token, if it is signed in at `now`: from what a cookie says to a [`Scope`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn browser(
        &self,
        account: AccountId,
        person: PersonId,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<(Scope, Browser)>, StoreError> {
        let scope = Scope::authenticated(account);
        let browser: Option<Browser> = self.read("browser", &keys::browser(scope, person, &keys::digest(token))).await?;
        Ok(browser.filter(|browser| browser.person == person && now.timestamp() < browser.expires).map(|browser| (scope, browser)))
    }

    /// The browsers that somebody is signed in with, in no order; as they are now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn browsers(&self, scope: Scope, person: PersonId) -> Result<Vec<Browser>, StoreError> {
        self.query("browser", &Query::table(keys::browsers(scope, person), Range::All)).await
    }

    /// Signs a browser out: what it holds opens nothing any more.
    ///
    /// # Errors
    /// [`StoreError::Call`].
    pub fn remove_browser(&self, changes: &mut Changes, scope: Scope, browser: &Browser) -> Result<(), StoreError> {
        let key: Key = keys::browser(scope, browser.person, &browser.digest);
        changes.remove("browser", &self.table, &key, None)
    }

    /// Notes which account the address in the settings opened; unmet `first` if it opened one before.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_first_account(&self, changes: &mut Changes, scope: Scope, email: &Email) -> Result<(), StoreError> {
        let first = First { account_id: scope.account() };
        changes.add("first", &self.table, to_row("first account", &keys::first_account(email).into(), &first)?)
    }
}
