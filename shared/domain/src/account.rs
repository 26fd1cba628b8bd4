//! An account: one tenant.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::AccountId;

/// What an account has switched on. Everything is off until somebody switches it on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Features {
    /// Client companies and their personnel.
    pub companies: bool,
    /// Groups of clients.
    pub groups: bool,
    /// Several coaches: adding members, pairing, sharing.
    pub team_edition: bool,
}

/// One of [`Features`], where a refusal names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// Client companies and their personnel.
    Companies,
    /// Groups of clients.
    Groups,
    /// Several coaches.
    TeamEdition,
}

impl Features {
    /// Whether the feature is on.
    pub fn has(self, feature: Feature) -> bool {
        match feature {
            Feature::Companies => self.companies,
            Feature::Groups => self.groups,
            Feature::TeamEdition => self.team_edition,
        }
    }
}

impl Feature {
    /// Its name in `PATCH /v1/account`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Companies => "companies",
            Self::Groups => "groups",
            Self::TeamEdition => "team_edition",
        }
    }
}

/// One tenant: a coaching business or an enterprise coaching programme.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Account {
    /// Id; the account's own organisation has the same one.
    pub id: AccountId,
    /// Name, as it stands in mail.
    pub name: String,
    /// The organisation's calendar.
    #[schema(value_type = String, example = "America/New_York")]
    pub time_zone: Tz,
    /// What is switched on.
    pub features: Features,
    /// Whether comments by mail count only where the sender's domain stands by its mail with a policy of its own (DMARC);
    /// without, a signature of the domain is enough. For administrators it always is so.
    #[serde(default)]
    #[schema(required = false)]
    pub require_dmarc: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Counts changes, from 1.
    pub version: u64,
}
