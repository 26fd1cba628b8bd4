//! Signing agreements and contracts: a member and the client each sign, and what was signed stays as it was.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::happening::{Happening, What};
use crate::id::HappeningId;
use crate::item::{Item, ItemDraft, ItemKind, Refused, State};
use crate::person::Actor;

/// Somebody's signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Signature {
    /// Whose.
    pub by: Actor,
    /// Their name when they signed.
    pub name: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Why something was not signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    /// It is nothing to sign, or not to be signed any more.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// They have signed it already.
    #[error("you have signed this already")]
    Already,
}

/// Signs an agreement or contract. A member's signature sends it out; it is complete when a member and the client have signed.
///
/// # Errors
/// [`NotSigned`].
pub fn sign(before: &Item, by: Actor, name: &str, now: DateTime<Utc>, happening: HappeningId) -> Result<(Item, Happening), NotSigned> {
    if before.signatures.iter().any(|signature| signature.by == by) {
        return Err(NotSigned::Already);
    }
    let is_open = matches!(before.state, State::AwaitingSignature | State::OutForSignature);
    if !matches!(before.kind, ItemKind::Agreement | ItemKind::Contract) || !is_open {
        return Err(Refused { verb: "sign", kind: before.kind, state: before.state }.into());
    }
    let mut item = before.clone();
    item.signatures.push(Signature { by, name: name.to_owned(), at: now });
    let has = |wanted: fn(&Actor) -> bool| item.signatures.iter().any(|signature| wanted(&signature.by));
    let by_member = has(|by| matches!(by, Actor::Member(_)));
    let by_client = has(|by| matches!(by, Actor::Client(_)));
    let what = match (by_member, by_client) {
        (true, true) => {
            (item.state, item.closed_at) = (State::Completed, Some(now));
            What::Signed
        }
        (true, false) if before.state == State::AwaitingSignature => {
            item.state = State::OutForSignature;
            What::Shared
        }
        (true | false, false) | (false, true) => What::Changed,
    };
    item.updated_at = now;
    item.version += 1;
    let mut happening = item.happening(happening, what, now, by);
    happening.note = (what != What::Signed).then(|| format!("signed by {name}"));
    Ok((item, happening))
}

/// Whether a change would touch what somebody has signed: title, text, who sees it, what it is for.
pub fn is_sealed_against(before: &Item, draft: &ItemDraft) -> bool {
    let differs = draft.title.as_ref().is_some_and(|title| title.trim() != before.title)
        || draft.body.as_ref().is_some_and(|body| body.trim_end() != before.body.as_deref().unwrap_or_default())
        || draft.visibility.is_some_and(|visibility| visibility != before.visibility)
        || draft.engagement_id.is_some_and(|id| before.engagement_id != Some(id));
    !before.signatures.is_empty() && differs
}

#[cfg(test)]
mod tests {
    use ulid::Ulid;

    use super::*;
    use crate::id::{ClientId, ItemId, MemberId};
    use crate::item::Visibility;

    const COACH: Actor = Actor::Member(MemberId(Ulid(1)));
    const OTHER: Actor = Actor::Member(MemberId(Ulid(2)));
    const CLIENT: Actor = Actor::Client(ClientId(Ulid(3)));

    fn now() -> DateTime<Utc> {
        "2026-11-02T09:00:00Z".parse().unwrap()
    }

    fn of(kind: ItemKind) -> Item {
        let draft = ItemDraft { kind: Some(kind), title: Some("Agreement".into()), body: Some("We agree.".into()), ..ItemDraft::default() };
        draft.create(ItemId(Ulid(1)), ClientId(Ulid(3)).into(), COACH, now(), HappeningId(Ulid(3))).unwrap().0
    }

    #[test]
    fn signatures_lead_where_this_table_says() {
        use State::{AwaitingSignature, Completed, OutForSignature};
        use What::{Changed, Shared, Signed};
        for (signing, states, whats) in [
            (vec![COACH, CLIENT], vec![OutForSignature, Completed], vec![Shared, Signed]),
            (vec![CLIENT, COACH], vec![AwaitingSignature, Completed], vec![Changed, Signed]),
            (vec![COACH, OTHER, CLIENT], vec![OutForSignature, OutForSignature, Completed], vec![Shared, Changed, Signed]),
        ] {
            for kind in [ItemKind::Agreement, ItemKind::Contract] {
                let mut item = of(kind);
                for ((by, state), what) in signing.iter().zip(&states).zip(&whats) {
                    let (signed, happening) = sign(&item, *by, "Ada Brandt", now(), HappeningId(Ulid(4))).unwrap();
                    assert_eq!((signed.state, happening.what), (*state, *what), "{signing:?}");
                    assert_eq!(signed.is_open(), signed.closed_at.is_none());
                    assert_eq!(sign(&signed, *by, "Ada Brandt", now(), HappeningId(Ulid(5))), Err(NotSigned::Already));
                    item = signed;
                }
                let refused = sign(&item, Actor::Member(MemberId(Ulid(9))), "Late", now(), HappeningId(Ulid(5)));
                assert!(matches!(refused, Err(NotSigned::Refused(_))), "{refused:?}");
            }
        }
        assert!(matches!(sign(&of(ItemKind::Action), COACH, "Ada", now(), HappeningId(Ulid(5))), Err(NotSigned::Refused(_))));
    }

    #[test]
    fn what_was_signed_stays_as_it_was() {
        let unsigned = of(ItemKind::Contract);
        let signed = sign(&unsigned, COACH, "Ada", now(), HappeningId(Ulid(5))).unwrap().0;
        let due = ItemDraft { due_on: Some("2026-12-01".parse().unwrap()), ..ItemDraft::default() };
        let same = ItemDraft { title: Some(" Agreement ".into()), body: Some("We agree.\n".into()), ..ItemDraft::default() };
        for (draft, sealed) in [
            (ItemDraft { title: Some("Other".into()), ..ItemDraft::default() }, true),
            (ItemDraft { body: Some("We do not.".into()), ..ItemDraft::default() }, true),
            (ItemDraft { visibility: Some(Visibility::Private), ..ItemDraft::default() }, true),
            (ItemDraft { engagement_id: Some(crate::id::EngagementId(Ulid(8))), ..ItemDraft::default() }, true),
            (due, false),
            (same, false),
        ] {
            assert_eq!(is_sealed_against(&signed, &draft), sealed, "{draft:?}");
            assert!(!is_sealed_against(&unsigned, &draft));
        }
    }
}
