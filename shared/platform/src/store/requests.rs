//! Answers that were given, so that the same request can be answered again without doing anything (G-1), and the keys
//! that sign what we hand out.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::keys::{self, Scope};
use super::{Changes, Commit, Store, StoreError, to_row};

/// How long an answer is kept.
pub const KEPT_FOR: Duration = Duration::hours(24);

/// A request that was carried out, and what was answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// A digest of route and body: another request under the same key is a mistake.
    pub request: String,
    /// The HTTP status.
    pub status: u16,
    /// The body, as JSON text.
    pub body: String,
    /// When it was carried out.
    pub at: DateTime<Utc>,
    /// When the row may go (epoch seconds).
    pub expires: i64,
}

impl Store {
    /// What was answered under a key (as a digest of person and key), if that is not too long ago.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn answered(&self, scope: Scope, digest: &str, now: DateTime<Utc>) -> Result<Option<Answered>, StoreError> {
        let answered: Option<Answered> = self.read("request", &keys::request(scope, digest)).await?;
        // the table removes expired rows late
        Ok(answered.filter(|answered| now - answered.at < KEPT_FOR))
    }

    /// Records an answer together with what was done; unmet `request` if the same key was used meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn record_answer(
        &self,
        changes: &mut Changes,
        scope: Scope,
        digest: &str,
        answered: &Answered,
        replaces_expired: bool,
    ) -> Result<(), StoreError> {
        let row = to_row("request", &keys::request(scope, digest).into(), answered)?;
        if replaces_expired { changes.put("request", &self.table, row) } else { changes.add("request", &self.table, row) }
    }

    /// Whether a row under the key is still there although its time is over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_expired_answer(&self, scope: Scope, digest: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let answered: Option<Answered> = self.read("request", &keys::request(scope, digest)).await?;
        Ok(answered.is_some_and(|answered| now - answered.at >= KEPT_FOR))
    }

    /// The keys that sign tokens, newest first; made on first use. Reading them is also how a function opens its
    /// connection to the table before the first request.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn signing_keys(&self) -> Result<SigningKeys, StoreError> {
        if let Some(found) = self.read("signing keys", &keys::signing_keys()).await? {
            return Ok(found);
        }
        let mut key = [0_u8; 32];
        getrandom::fill(&mut key).map_err(|e| StoreError::Call { call: "random", detail: e.to_string() })?;
        let made = SigningKeys { keys: vec![SigningKey { id: 1, secret: data_encoding::HEXLOWER.encode(&key) }] };
        let mut changes = Changes::new();
        changes.add("signing keys", &self.table, to_row("signing keys", &keys::signing_keys().into(), &made)?)?;
        match self.commit(changes).await? {
            Commit::Done => Ok(made),
            Commit::Unmet(_) => {
                let found = self.read("signing keys", &keys::signing_keys()).await?;
                found.ok_or(StoreError::Row { what: "signing keys", detail: "gone".into() })
            }
        }
    }
}

/// The keys that sign tokens: the first signs, all verify.
#[derive(Clone, Serialize, Deserialize)]
pub struct SigningKeys {
    /// Newest first.
    pub keys: Vec<SigningKey>,
}

/// One key that signs tokens.
#[derive(Clone, Serialize, Deserialize)]
pub struct SigningKey {
    /// What tokens name it by.
    pub id: u8,
    /// 256 bits in hex.
    pub secret: String,
}

impl std::fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|key| key.id)).finish()
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.id)
    }
}
