//! Ids: one type per thing, so that a client's id can't be passed where a report's is meant.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use ulid::Ulid;

/// Declares an id as its own type over a ULID (G-2).
macro_rules! id {
    ($(#[$doc:meta] $name:ident)*) => { $(
        #[$doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, utoipa::ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String, example = "01J9Z3K5T0QW8R2M4N6P7S9V1X", pattern = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$")]
        pub struct $name(pub Ulid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl std::str::FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                Ulid::from_string(text).map(Self).map_err(|_| NotAnId)
            }
        }
    )* };
}

id! {
    /// A tenant: a coaching business or an enterprise coaching programme. Nothing crosses accounts.
    AccountId
    /// An organisation: the account's own, which has the account's id, or a client company, which has the company's.
    OrganisationId
    /// A location of an organisation.
    LocationId
    /// A person of the account's own organisation: coach, administrator, or both.
    MemberId
    /// A client company.
    CompanyId
    /// A person of a client company, with a login.
    PersonnelId
    /// The person who is coached.
    ClientId
    /// A group of clients and coaches.
    GroupId
    /// One thing in a client's record.
    ItemId
    /// One dated fact about an item.
    HappeningId
    /// One thing that somebody said on an item.
    CommentId
    /// A file in a client's record.
    FileId
    /// A Happenings Report.
    ReportId
    /// One occurrence of a report; see [`RunId::of`].
    RunId
    /// A template for engagements.
    ProgramId
    /// A coaching engagement of one client.
    EngagementId
    /// A session of an engagement, or a discovery call.
    SessionId
    /// The administrator who answers for an engagement: a member, or a person of the company that owns it.
    OwnerId
    /// An API key (not the key itself).
    ApiKeyId
    /// One entry of the audit trail.
    AuditId
    /// A file of rows that are imported.
    ImportId
    /// An export of a client's record, or of an account.
    ExportId
}

/// The text is not a ULID (26 characters of Crockford's base32).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not an id: ids have 26 characters, like 01J9Z3K5T0QW8R2M4N6P7S9V1X")]
pub struct NotAnId;

impl RunId {
    /// The identity of a report's run: the report, the instant it was scheduled for, and what it was scheduled by
    /// . The same occurrence always has the same id, however often and however late it is fired, and ids
    /// of one report sort by the instant.
    pub fn of(report: ReportId, scheduled_at: chrono::DateTime<chrono::Utc>, occasion: &str) -> Self {
        let millis = u64::try_from(scheduled_at.timestamp_millis()).unwrap_or_default();
        let digest = Sha256::new().chain_update(report.0.to_bytes()).chain_update(millis.to_be_bytes()).chain_update(occasion).finalize();
        let mut random = [0_u8; 16];
        random[6..].copy_from_slice(&digest[..10]);
        Self(Ulid::from_parts(millis, u128::from_be_bytes(random)))
    }
}

/// The identity of a mail to one recipient: a hash of what kind of mail it is, what caused it and who gets it. Asking
/// twice for the same mail names the same delivery, so a retry can't add one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(value_type = String)]
pub struct DeliveryId(String);

impl DeliveryId {
    /// The delivery of `kind`, caused by `cause`, to `recipient` (an address, compared as [`crate::person::Email`] is).
    pub fn of(kind: &str, cause: &str, recipient: &str) -> Self {
        let digest =
            Sha256::new().chain_update(kind).chain_update([0]).chain_update(cause).chain_update([0]).chain_update(recipient).finalize();
        // 26 characters of base32, 130 bits: fits an SES message tag (A-Z a-z 0-9 _ -) and sorts nowhere special
        let mut text = data_encoding::BASE32_NOPAD.encode(&digest[..17]).to_ascii_lowercase();
        text.truncate(26);
        Self(text)
    }

    /// The id as it stands in keys and mail tags.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for DeliveryId {
    type Err = NotAnId;
    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let valid = text.len() == 26 && text.bytes().all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b));
        valid.then(|| Self(text.to_owned())).ok_or(NotAnId)
    }
}
