//! What Cairn does: one function per operation. Each loads what it needs, asks access, lets the domain decide, and
//! commits once: state, happenings, deliveries and audit together.

pub mod access;
pub mod account;
pub mod client_page;
pub mod clients;
pub mod comments;
pub mod companies;
pub mod deliveries;
pub mod due;
pub mod engagements;
pub mod error;
pub mod exports;
pub mod groups;
pub mod identity;
pub mod imports;
pub mod inbound;
pub mod invoices;
pub mod items;
pub mod members;
pub mod off_track;
pub mod page;
pub mod piped;
pub mod portal;
pub mod programs;
pub mod reconcile;
pub mod records;
pub mod reports;
pub mod runs;
pub mod sharing;
pub mod sign_in;
pub mod sweep;
pub mod token;
pub mod tracking_check;
pub mod uploads;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::access::{Action, Decision, Resource, Viewer, decide};
use domain::account::{Account, Feature};
use domain::id::{AuditId, ClientId, ImportId};
use domain::person::Actor;
use platform::store::imports::{Became, ImportKind};
use platform::store::requests::{Answered, KEPT_FOR, SigningKeys};
use platform::store::{Changes, Commit, Scope, audit};
use platform::{Clock, Config, Platform};
use serde::Serialize;
use tracing_subscriber::filter::LevelFilter;
use ulid::Ulid;

pub use error::AppError;

/// Everything an operation needs besides who asks for it.
#[derive(Clone, Debug)]
pub struct App {
    /// Settings.
    pub config: Arc<Config>,
    /// What time it is.
    pub clock: Clock,
    /// The table, mail, schedules.
    pub platform: Platform,
    /// The keys that sign tokens.
    pub signing_keys: Arc<SigningKeys>,
}

impl App {
    /// The app of a deployed function: settings and AWS as the environment says.
    ///
    /// Reading the signing keys is also the one cheap call that opens the connection to the table before the first
    /// request comes.
    ///
    /// # Errors
    /// A missing setting, or the table can't be read.
    pub async fn from_env() -> anyhow::Result<Self> {
        let config = Config::from_env()?;
        let platform = Platform::from_env(&config).await;
        Ok(Self::start(config, Clock::system(), platform).await?)
    }

    /// The app over a platform.
    ///
    /// # Errors
    /// The table can't be read.
    pub async fn start(config: Config, clock: Clock, platform: Platform) -> Result<Self, AppError> {
        let signing_keys = Arc::new(platform.store.signing_keys().await?);
        Ok(Self { config: Arc::new(config), clock, platform, signing_keys })
    }

    /// A new id, made now by this app's clock.
    pub fn new_id(&self) -> Ulid {
        new_id(self.clock.now())
    }
}

/// Logs as one JSON object a line, at the level of `RUST_LOG` (one word: `debug`), else `info`: what CloudWatch reads best.
pub fn logging() {
    let level = std::env::var("RUST_LOG").ok().and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    // a second call finds the first one's
    let _ = tracing_subscriber::fmt().json().with_max_level(level).with_current_span(false).without_time().try_init();
}

/// A new id of a moment: ids made later sort later.
fn new_id(now: DateTime<Utc>) -> Ulid {
    let mut random = [0_u8; 16];
    // without chance ids would collide; the table's conditions refuse that, so this is safe if not useful
    let _ = getrandom::fill(&mut random[6..]);
    Ulid::from_parts(u64::try_from(now.timestamp_millis()).unwrap_or_default(), u128::from_be_bytes(random))
}

/// A request that is to be carried out once, however often it comes (`Idempotency-Key`).
#[derive(Clone, Debug)]
pub struct Once {
    /// A digest of who asks and the key they gave.
    pub digest: String,
    /// A digest of what they ask for.
    pub request: String,
    /// Whether an answer is on record whose time is over.
    pub replaces_expired: bool,
}

/// A row of a file that becomes something, and does so once, however often it comes (P-8).
#[derive(Clone, Debug)]
pub struct ImportedRow {
    /// The import that it is in.
    pub import: ImportId,
    /// What the file's rows are.
    pub kind: ImportKind,
    /// What makes it the same row when it comes again.
    pub key: String,
    /// Whether it is only tried: everything is checked, and nothing is written.
    pub is_trial: bool,
}

/// One request: who asks, in which account, when.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// The app.
    pub app: App,
    /// The account that the credential opens.
    pub scope: Scope,
    /// The account itself.
    pub account: Arc<Account>,
    /// Who asks, as they are now.
    pub viewer: Viewer,
    /// When: one moment for everything the request does.
    pub now: DateTime<Utc>,
    /// How it is to be carried out once, if that was asked for.
    pub once: Option<Once>,
    /// The row of a file that it is for, if it is for one.
    pub row: Option<ImportedRow>,
}

impl Ctx {
    fn store(&self) -> &platform::Store {
        &self.app.platform.store
    }

    fn actor(&self) -> Actor {
        self.viewer.actor()
    }

    fn new_id(&self) -> Ulid {
        new_id(self.now)
    }

    /// Asks access, and turns a no into the error for it.
    fn ask(&self, action: Action, resource: &Resource<'_>) -> Result<(), AppError> {
        match decide(&self.viewer, action, resource) {
            Decision::Allowed => Ok(()),
            Decision::Forbidden => Err(AppError::forbidden(action)),
            Decision::Hidden => Err(AppError::Hidden),
        }
    }

    /// Refuses what belongs to a feature that is switched off.
    fn needs(&self, feature: Feature) -> Result<(), AppError> {
        if self.account.features.has(feature) { Ok(()) } else { Err(AppError::feature_off(feature)) }
    }

    /// Commits the changes with an audit entry, and records the answer where the request is to be carried out once.
    async fn commit(
        &self,
        changes: Changes,
        action: &str,
        subject: impl ToString,
        status: u16,
        answer: &impl Serialize,
    ) -> Result<(), AppError> {
        Self::done(&self.try_commit(changes, action, subject, status, answer).await?)
    }

    /// The error for a condition that did not hold.
    fn done(committed: &Commit) -> Result<(), AppError> {
        match committed {
            Commit::Done => Ok(()),
            Commit::Unmet("version" | "covered") => Err(AppError::Stale),
            Commit::Unmet("email") => Err(AppError::email_taken()),
            Commit::Unmet(name) => Err(AppError::conflict("changed_meanwhile", format!("something changed meanwhile ({name}); try again"))),
        }
    }

    /// Commits like [`Ctx::commit`], and says which condition did not hold, for callers that try again.
    async fn try_commit(
        &self,
        mut changes: Changes,
        action: &str,
        subject: impl ToString,
        status: u16,
        answer: &impl Serialize,
    ) -> Result<Commit, AppError> {
        self.enter(&mut changes, action, &subject)?;
        self.record(&mut changes, status, answer)?;
        if let Some(row) = &self.row {
            let became = subject.to_string().parse().map_err(|_| AppError::Fault("a row that became something without an id".into()))?;
            self.store().add_imported(&mut changes, self.scope, row.kind, &row.key, Became { became, import: Some(row.import) })?;
        }
        if self.is_trial() {
            return Ok(Commit::Done);
        }
        match self.store().commit(changes).await? {
            Commit::Unmet("request" | "imported") => Err(AppError::Repeated),
            committed => Ok(committed),
        }
    }

    /// Whether everything is only tried: nothing that is done here is to be seen anywhere.
    fn is_trial(&self) -> bool {
        self.row.as_ref().is_some_and(|row| row.is_trial)
    }

    /// Records the answer to a request that found nothing to change: coming again, it changes nothing either.
    async fn leave(&self, status: u16, answer: &impl Serialize) -> Result<(), AppError> {
        let mut changes = Changes::new();
        self.record(&mut changes, status, answer)?;
        match self.store().commit(changes).await? {
            Commit::Done => Ok(()),
            Commit::Unmet(_) => Err(AppError::Repeated),
        }
    }

    /// Puts on the audit trail what changes nothing: a download, a sign-in, a refusal.
    async fn witness(&self, action: &str, subject: impl ToString) -> Result<(), AppError> {
        let mut changes = Changes::new();
        self.enter(&mut changes, action, &subject)?;
        Self::done(&self.store().commit(changes).await?)
    }

    /// Adds an entry to the audit trail.
    fn enter(&self, changes: &mut Changes, action: &str, subject: &impl ToString) -> Result<(), AppError> {
        let entry = audit::Entry {
            id: AuditId(self.new_id()),
            at: self.now,
            by: self.actor(),
            action: action.to_owned(),
            subject: subject.to_string(),
        };
        Ok(self.store().add_audit(changes, self.scope, &entry)?)
    }

    fn record(&self, changes: &mut Changes, status: u16, answer: &impl Serialize) -> Result<(), AppError> {
        let Some(once) = &self.once else { return Ok(()) };
        let answered = Answered {
            request: once.request.clone(),
            status,
            body: serde_json::to_string(answer).map_err(|e| AppError::Fault(e.to_string()))?,
            at: self.now,
            expires: (self.now + KEPT_FOR).timestamp(),
        };
        Ok(self.store().record_answer(changes, self.scope, &once.digest, &answered, once.replaces_expired)?)
    }

    /// Refuses a change to another version than the caller knows (`If-Match`).
    fn matches(expected: Option<u64>, version: u64) -> Result<(), AppError> {
        if expected.is_none_or(|expected| expected == version) { Ok(()) } else { Err(AppError::Stale) }
    }

    /// What the viewer is to a client.
    async fn level(&self, client: ClientId) -> Result<domain::client::Level, AppError> {
        match self.viewer.member() {
            Some(member) => Ok(self.store().level(self.scope, member.id, client).await?),
            None => Ok(domain::client::Level::None),
        }
    }
}
