//! Why an operation was not carried out. Nothing was changed.

use domain::access::Action;
use domain::account::Feature;
use domain::check::Invalid;
use platform::files::FilesError;
use platform::schedules::ScheduleError;
use platform::store::StoreError;

/// Why an operation was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The input breaks rules (422).
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// There is no such thing, or the viewer may not know of it (404).
    #[error("there is no such thing here")]
    NotFound,
    /// The viewer may not know of it: answered like [`AppError::NotFound`] (404), and on the audit trail.
    #[error("there is no such thing here")]
    Hidden,
    /// The viewer may see it but not do this (403).
    #[error("{0}")]
    Forbidden(String),
    /// The state of things forbids it (409).
    #[error("{detail}")]
    Conflict {
        /// For programs.
        code: &'static str,
        /// For people.
        detail: String,
    },
    /// The caller knows an older version than the one there is (412).
    #[error("it was changed since you read it; read it again")]
    Stale,
    /// The same request was carried out a moment ago: its answer is on record.
    #[error("the request was carried out already")]
    Repeated,
    /// A cursor is not one of this list (400).
    #[error("the cursor is not one of this list; leave it out to begin at the start")]
    BadCursor,
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The scheduler failed.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    /// The bucket failed.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// A fault of our own.
    #[error("{0}")]
    Fault(String),
}

impl AppError {
    pub(crate) fn forbidden(action: Action) -> Self {
        Self::Forbidden(match action {
            Action::Read => "you may not see this".to_owned(),
            Action::Write | Action::Add(_) => "you may see this, but not change it".to_owned(),
            Action::Do(doing) => format!("you may see this, but not {} it", doing.verb()),
            Action::Export => {
                "you may see this, but an export of it needs coaching rights on the client, or the permission to export".to_owned()
            }
            Action::Comment => "you may see this, but not comment on it".to_owned(),
            Action::Report(_) => {
                "a report to others needs coaching rights on every client it covers, or the permission to report to third parties"
                    .to_owned()
            }
        })
    }

    pub(crate) fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Conflict { code, detail: detail.into() }
    }

    pub(crate) fn feature_off(feature: Feature) -> Self {
        let (code, what) = match feature {
            Feature::Companies => ("companies_required", "companies"),
            Feature::Groups => ("groups_required", "groups"),
            Feature::TeamEdition => ("team_edition_required", "team_edition"),
        };
        Self::conflict(
            code,
            format!(
                "{what} is switched off for this account; switch it on first: PATCH /v1/account {{\"features\": {{\"{what}\": true}}}}"
            ),
        )
    }

    pub(crate) fn email_taken() -> Self {
        Invalid::field("email", "is in use already; every person of a kind has an address of their own").into()
    }
}
