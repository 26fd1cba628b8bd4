//! Client companies and their locations.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::{CompanyId, LocationId};

/// A client company. Its people with a login are [`crate::person::Personnel`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Company {
    /// Id.
    pub id: CompanyId,
    /// Name.
    pub name: String,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Counts changes, from 1.
    pub version: u64,
}

/// A place of a company.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Location {
    /// Id.
    pub id: LocationId,
    /// The company it belongs to.
    pub company_id: CompanyId,
    /// Name.
    pub name: String,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Counts changes, from 1.
    pub version: u64,
}
