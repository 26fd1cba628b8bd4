//! Tokens that let somebody without a login do one thing: signed, so that they can't be made up or moved.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use data_encoding::BASE64URL_NOPAD;
use domain::id::{AccountId, ClientId, DeliveryId, EngagementId, MemberId, PersonnelId, ReportId};
use domain::person::{Email, PersonId};
use hmac::{Hmac, KeyInit, Mac};
use platform::store::keys;
use platform::store::requests::SigningKeys;
use sha2::Sha256;
use ulid::Ulid;

/// Bytes of the signature: 128 bits.
const SIGNATURE: usize = 16;
/// Bytes of an id in a token.
const ID: usize = 16;
/// Bytes of a person in a token: what kind, and the id.
const PERSON: usize = 1 + ID;

/// What an unsubscribe link is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsubscribe {
    /// The account.
    pub account: AccountId,
    /// The report.
    pub report: ReportId,
    /// The address, as keys have it.
    pub address: String,
}

impl Unsubscribe {
    const PURPOSE: &[u8] = b"unsubscribe";

    /// The link of this recipient and report.
    pub fn of(account: AccountId, report: ReportId, email: &Email) -> Self {
        Self { account, report, address: keys::address(email) }
    }

    /// The token.
    pub fn sign(&self, signing: &SigningKeys) -> Option<String> {
        let address = data_encoding::HEXLOWER.decode(self.address.as_bytes()).ok()?;
        seal(Self::PURPOSE, &[&self.account.0.to_bytes(), &self.report.0.to_bytes(), &address], signing)
    }

    /// Reads a token; `None` for one that is not ours.
    pub fn read(token: &str, signing: &SigningKeys) -> Option<Self> {
        let payload = open(Self::PURPOSE, token, signing).filter(|payload| payload.len() == 3 * ID)?;
        let address = data_encoding::HEXLOWER.encode(payload.get(2 * ID..)?);
        Some(Self { account: AccountId(ulid(&payload, 0)?), report: ReportId(ulid(&payload, ID)?), address })
    }
}

/// What a link to the whole of a mail is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// The account.
    pub account: AccountId,
    /// The mail.
    pub delivery: DeliveryId,
}

impl Whole {
    const PURPOSE: &[u8] = b"whole";

    /// The token.
    pub fn sign(&self, signing: &SigningKeys) -> Option<String> {
        seal(Self::PURPOSE, &[&self.account.0.to_bytes(), self.delivery.as_str().as_bytes()], signing)
    }

    /// Reads a token; `None` for one that is not ours.
    pub fn read(token: &str, signing: &SigningKeys) -> Option<Self> {
        let payload = open(Self::PURPOSE, token, signing)?;
        let delivery = std::str::from_utf8(payload.get(ID..)?).ok()?.parse().ok()?;
        Some(Self { account: AccountId(ulid(&payload, 0)?), delivery })
    }
}

/// Which mail a link switches off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// On engagements that go off track.
    OffTrack,
    /// The other party's comments.
    Comments,
}

impl Stopped {
    const ALL: [Self; 2] = [Self::OffTrack, Self::Comments];

    /// Each is signed for itself, so that none can stand in for another.
    fn purpose(self) -> &'static [u8] {
        match self {
            Self::OffTrack => b"stop off track",
            Self::Comments => b"stop comments",
        }
    }
}

/// Whose mail of a sort a link switches off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Which mail.
    pub what: Stopped,
    /// The account.
    pub account: AccountId,
    /// The person.
    pub person: PersonId,
}

impl Stop {
    /// The token.
    pub fn sign(&self, signing: &SigningKeys) -> Option<String> {
        seal(self.what.purpose(), &[&self.account.0.to_bytes(), &person_bytes(self.person)], signing)
    }

    /// Reads a token; `None` for one that is not ours.
    pub fn read(token: &str, signing: &SigningKeys) -> Option<Self> {
        let found = Stopped::ALL.into_iter().find_map(|what| Some((what, open(what.purpose(), token, signing)?)));
        let (what, payload) = found.filter(|(_, payload)| payload.len() == ID + PERSON)?;
        Some(Self { what, account: AccountId(ulid(&payload, 0)?), person: person(&payload, ID)? })
    }
}

/// What somebody can say of an engagement that went off track, without a login (T-13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nudging {
    /// A session, or a discovery call, took place that is not on record.
    Met,
    /// It is in hand: look again in a week.
    Snooze,
    /// A break is planned.
    Pause,
}

impl Nudging {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Met, Self::Snooze, Self::Pause];

    /// Each is signed for itself, so that none can stand in for another.
    fn purpose(self) -> &'static [u8] {
        match self {
            Self::Met => b"nudge met",
            Self::Snooze => b"nudge snooze",
            Self::Pause => b"nudge pause",
        }
    }
}

/// What a link about an engagement that went off track lets one person do about that one crossing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nudge {
    /// What.
    pub nudging: Nudging,
    /// The account.
    pub account: AccountId,
    /// The engagement.
    pub engagement: EngagementId,
    /// The day it crossed.
    pub since: NaiveDate,
    /// Who.
    pub person: PersonId,
}

impl Nudge {
    /// The token.
    pub fn sign(&self, signing: &SigningKeys) -> Option<String> {
        let since = self.since.num_days_from_ce().to_be_bytes();
        let parts: [&[u8]; 4] = [&self.account.0.to_bytes(), &self.engagement.0.to_bytes(), &since, &person_bytes(self.person)];
        seal(self.nudging.purpose(), &parts, signing)
    }

    /// Reads a token; `None` for one that is not ours.
    pub fn read(token: &str, signing: &SigningKeys) -> Option<Self> {
        let found = Nudging::ALL.into_iter().find_map(|nudging| Some((nudging, open(nudging.purpose(), token, signing)?)));
        let (nudging, payload) = found.filter(|(_, payload)| payload.len() == 2 * ID + 4 + PERSON)?;
        Some(Self {
            nudging,
            account: AccountId(ulid(&payload, 0)?),
            engagement: EngagementId(ulid(&payload, ID)?),
            since: NaiveDate::from_num_days_from_ce_opt(i32::from_be_bytes(payload.get(2 * ID..2 * ID + 4)?.try_into().ok()?))?,
            person: person(&payload, 2 * ID + 4)?,
        })
    }
}

/// What a link to accept an invitation is about (P-5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// The account.
    pub account: AccountId,
    /// The client.
    pub client: ClientId,
    /// When the invitation was made, to the millisecond.
    pub invited_at: DateTime<Utc>,
}

impl Invitation {
    const PURPOSE: &[u8] = b"invitation";

    /// The token.
    pub fn sign(&self, signing: &SigningKeys) -> Option<String> {
        let at = self.invited_at.timestamp_millis().to_be_bytes();
        seal(Self::PURPOSE, &[&self.account.0.to_bytes(), &self.client.0.to_bytes(), &at], signing)
    }

    /// Reads a token; `None` for one that is not ours.
    pub fn read(token: &str, signing: &SigningKeys) -> Option<Self> {
        let payload = open(Self::PURPOSE, token, signing)?;
        let at = i64::from_be_bytes(payload.get(2 * ID..)?.try_into().ok()?);
        Some(Self {
            account: AccountId(ulid(&payload, 0)?),
            client: ClientId(ulid(&payload, ID)?),
            invited_at: DateTime::from_timestamp_millis(at)?,
        })
    }
}

/// What a link to confirm a mail is about, whose sender was not certain (IN-12).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirm {
    /// The account.
    pub account: AccountId,
    /// The mail, by the id that SES gave it.
    pub message: String,
}

impl Confirm {
    const PURPOSE: &[u8] = b"confirm";

    /// The token.
    pub fn sign(&self, signing: &SigningKeys) -> Option<String> {
        seal(Self::PURPOSE, &[&self.account.0.to_bytes(), self.message.as_bytes()], signing)
    }

    /// Reads a token; `None` for one that is not ours.
    pub fn read(token: &str, signing: &SigningKeys) -> Option<Self> {
        let payload = open(Self::PURPOSE, token, signing)?;
        let message = std::str::from_utf8(payload.get(ID..)?).ok()?.to_owned();
        Some(Self { account: AccountId(ulid(&payload, 0)?), message })
    }
}

/// What an address for comments begins with.
pub const ADDRESS_PREFIX: &str = "reply+";

/// An address for comments: which item of which mail, and thereby whose (C-1). In base32, since mail systems may change the
/// case of an address; with the prefix it has 62 characters, of the 64 that there may be before the `@` (RFC 5321,
/// section 4.5.3.1.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CommentAddress {
    /// The mail.
    pub delivery: DeliveryId,
    /// Which of its items, from 1; 0 is the mail as a whole.
    pub place: u16,
}

impl CommentAddress {
    const PURPOSE: &[u8] = b"comment";
    /// Characters for the key's id, for the delivery, for the place, and for the signature: 120 bits.
    const PARTS: [usize; 4] = [2, 26, 4, 24];

    /// What stands before the `@`.
    pub fn sign(&self, signing: &SigningKeys) -> Option<String> {
        let key = signing.keys.first()?;
        let signed =
            format!("{}{}{}", base32(u32::from(key.id), Self::PARTS[0]), self.delivery, base32(u32::from(self.place), Self::PARTS[2]));
        let signature = Self::signature(&key.secret, &signed)?;
        Some(format!("{ADDRESS_PREFIX}{signed}{signature}"))
    }

    /// Reads what stands before the `@`, whatever its case; `None` for an address that is not ours.
    pub fn read(local: &str, signing: &SigningKeys) -> Option<Self> {
        let local = local.to_ascii_lowercase();
        let token = local.strip_prefix(ADDRESS_PREFIX)?;
        let [id, delivery, place, signature] = Self::PARTS;
        if token.len() != id + delivery + place + signature || !token.is_ascii() {
            return None;
        }
        let (signed, given) = token.split_at(id + delivery + place);
        let key = signing.keys.iter().find(|key| base32(u32::from(key.id), id) == signed[..id])?;
        let signature = Self::signature(&key.secret, signed)?;
        // in time that does not tell how much of it is right
        let differs = signature.bytes().zip(given.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b));
        let place = from_base32(&signed[id + delivery..])?;
        (differs == 0).then_some(Self { delivery: signed[id..id + delivery].parse().ok()?, place })
    }

    fn signature(secret: &str, signed: &str) -> Option<String> {
        let mac = mac(secret, Self::PURPOSE, signed.as_bytes())?.finalize().into_bytes();
        Some(data_encoding::BASE32_NOPAD.encode(&mac[..15]).to_ascii_lowercase())
    }
}

/// The digits of base32 in lower case (RFC 4648, section 6).
const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// A number in so many digits of base32.
fn base32(number: u32, digits: usize) -> String {
    (0..digits).rev().map(|n| char::from(DIGITS[(number >> (5 * n)) as usize & 31])).collect()
}

/// The number that digits of base32 are.
fn from_base32(text: &str) -> Option<u16> {
    let digit = |byte: u8| DIGITS.iter().position(|digit| *digit == byte).and_then(|digit| u32::try_from(digit).ok());
    let number = text.bytes().try_fold(0_u32, |number, byte| Some(number << 5 | digit(byte)?))?;
    u16::try_from(number).ok()
}

fn person_bytes(person: PersonId) -> [u8; PERSON] {
    let (kind, id) = match person {
        PersonId::Member(id) => (1, id.0),
        PersonId::Client(id) => (2, id.0),
        PersonId::Personnel(id) => (3, id.0),
    };
    let mut bytes = [kind; PERSON];
    bytes[1..].copy_from_slice(&id.to_bytes());
    bytes
}

fn person(payload: &[u8], from: usize) -> Option<PersonId> {
    let id = ulid(payload, from + 1)?;
    match payload.get(from)? {
        1 => Some(PersonId::Member(MemberId(id))),
        2 => Some(PersonId::Client(ClientId(id))),
        3 => Some(PersonId::Personnel(PersonnelId(id))),
        _ => None,
    }
}

fn ulid(payload: &[u8], from: usize) -> Option<Ulid> {
    payload.get(from..from + ID)?.try_into().ok().map(Ulid::from_bytes)
}

/// A token: the key's id, the payload, and a signature over the purpose and both, so that a token for one thing can't
/// stand in for another.
fn seal(purpose: &[u8], parts: &[&[u8]], signing: &SigningKeys) -> Option<String> {
    let key = signing.keys.first()?;
    let mut bytes = vec![key.id];
    for part in parts {
        bytes.extend(*part);
    }
    let signature = mac(&key.secret, purpose, &bytes)?.finalize().into_bytes();
    bytes.extend(&signature[..SIGNATURE]);
    Some(BASE64URL_NOPAD.encode(&bytes))
}

/// The payload of a token of ours for this purpose.
fn open(purpose: &[u8], token: &str, signing: &SigningKeys) -> Option<Vec<u8>> {
    let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).ok().filter(|bytes| bytes.len() > SIGNATURE)?;
    let (signed, signature) = bytes.split_at(bytes.len() - SIGNATURE);
    let (id, payload) = signed.split_first()?;
    let key = signing.keys.iter().find(|key| key.id == *id)?;
    mac(&key.secret, purpose, signed)?.verify_truncated_left(signature).ok()?;
    Some(payload.to_vec())
}

fn mac(secret: &str, purpose: &[u8], signed: &[u8]) -> Option<Hmac<Sha256>> {
    let secret = data_encoding::HEXLOWER.decode(secret.as_bytes()).ok()?;
    let mut mac = Hmac::new_from_slice(&secret).ok()?;
    mac.update(purpose);
    mac.update(signed);
    Some(mac)
}

#[cfg(test)]
mod tests {
    use platform::store::requests::SigningKey;

    use super::*;

    fn keys(ids: &[u8]) -> SigningKeys {
        SigningKeys { keys: ids.iter().map(|id| SigningKey { id: *id, secret: format!("{id:02x}").repeat(32) }).collect() }
    }

    #[test]
    fn a_token_is_read_back_also_after_the_key_was_rotated() {
        let what = Unsubscribe::of(AccountId(Ulid(1)), ReportId(Ulid(2)), &Email::parse("HR@acme.example").unwrap());
        let token = what.sign(&keys(&[1])).unwrap();
        assert_eq!(Unsubscribe::read(&token, &keys(&[2, 1])), Some(what));
        assert_eq!(Unsubscribe::read(&token, &keys(&[2])), None);
    }

    #[test]
    fn a_token_for_one_thing_is_none_for_another() {
        let whole = Whole { account: AccountId(Ulid(1)), delivery: DeliveryId::of("report", "cause", "hr@acme.example") };
        let token = whole.sign(&keys(&[1])).unwrap();
        assert_eq!(Whole::read(&token, &keys(&[1])), Some(whole));
        assert_eq!(Unsubscribe::read(&token, &keys(&[1])), None);
    }

    #[test]
    fn a_nudge_is_read_back_and_says_one_thing_alone() {
        let people = [PersonId::Member(MemberId(Ulid(7))), PersonId::Client(ClientId(Ulid(7))), PersonId::Personnel(PersonnelId(Ulid(7)))];
        let mut seen = std::collections::BTreeSet::new();
        for nudging in Nudging::ALL {
            for person in people {
                let since = NaiveDate::from_ymd_opt(2026, 11, 2).unwrap();
                let nudge = Nudge { nudging, account: AccountId(Ulid(1)), engagement: EngagementId(Ulid(2)), since, person };
                let token = nudge.sign(&keys(&[1])).unwrap();
                assert_eq!(Nudge::read(&token, &keys(&[1])), Some(nudge));
                assert_eq!((Stop::read(&token, &keys(&[1])), Unsubscribe::read(&token, &keys(&[1]))), (None, None));
                let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).unwrap();
                for n in 0..bytes.len() {
                    let mut touched = bytes.clone();
                    touched[n] ^= 1;
                    assert_eq!(Nudge::read(&BASE64URL_NOPAD.encode(&touched), &keys(&[1])), None, "byte {n}");
                }
                assert!(seen.insert(token));
                let stop = Stop { what: Stopped::OffTrack, account: AccountId(Ulid(1)), person };
                let token = stop.sign(&keys(&[1])).unwrap();
                assert_eq!((Stop::read(&token, &keys(&[1])), Nudge::read(&token, &keys(&[1]))), (Some(stop), None));
            }
        }
    }

    #[test]
    fn an_address_for_comments_survives_any_case_and_no_other_change() {
        let delivery = DeliveryId::of("report", "cause", "amber@stone.example");
        for place in [0, 1, 31, 32, 999, u16::MAX] {
            let address = CommentAddress { delivery: delivery.clone(), place };
            let local = address.sign(&keys(&[7])).unwrap();
            assert!(local.len() <= 64, "{}", local.len());
            for written in [local.clone(), local.to_uppercase()] {
                assert_eq!(CommentAddress::read(&written, &keys(&[7])), Some(address.clone()));
            }
            assert_eq!(CommentAddress::read(&local, &keys(&[200, 7])), Some(address.clone()));
            assert_eq!(CommentAddress::read(&local, &keys(&[8])), None);
            for n in ADDRESS_PREFIX.len()..local.len() {
                let mut touched = local.clone().into_bytes();
                touched[n] = if touched[n] == b'a' { b'b' } else { b'a' };
                assert_eq!(CommentAddress::read(&String::from_utf8(touched).unwrap(), &keys(&[7])), None, "{n}");
            }
        }
        for bad in ["", "reply+", "reply", "reply+…", &"reply+a".repeat(8), "hello", &format!("reply+{}", "é".repeat(28))] {
            assert_eq!(CommentAddress::read(bad, &keys(&[7])), None, "{bad}");
        }
    }

    #[test]
    fn addresses_of_many_items_are_all_different() {
        let signing = keys(&[1]);
        let mut seen = std::collections::HashSet::new();
        for n in 0..20_000_u32 {
            let delivery = DeliveryId::of("report", &n.to_string(), "amber@stone.example");
            for place in 0..5 {
                assert!(seen.insert(CommentAddress { delivery: delivery.clone(), place }.sign(&signing).unwrap()));
            }
        }
    }

    #[test]
    fn a_confirmation_is_read_back_and_is_nothing_else() {
        let confirm = Confirm { account: AccountId(Ulid(1)), message: "0000014a".into() };
        let token = confirm.sign(&keys(&[1])).unwrap();
        assert_eq!(Confirm::read(&token, &keys(&[1])), Some(confirm));
        assert_eq!((Whole::read(&token, &keys(&[1])), Invitation::read(&token, &keys(&[1]))), (None, None));
        let stop = |what| Stop { what, account: AccountId(Ulid(1)), person: PersonId::Client(ClientId(Ulid(7))) };
        let [off_track, comments] = Stopped::ALL.map(|what| stop(what).sign(&keys(&[1])).unwrap());
        assert_ne!(off_track, comments);
        assert_eq!(Stop::read(&comments, &keys(&[1])), Some(stop(Stopped::Comments)));
    }

    #[test]
    fn an_invitation_is_read_back_to_the_millisecond() {
        let invited_at = "2026-03-10T12:00:00.123Z".parse().unwrap();
        let invitation = Invitation { account: AccountId(Ulid(1)), client: ClientId(Ulid(2)), invited_at };
        let token = invitation.sign(&keys(&[1])).unwrap();
        assert_eq!(Invitation::read(&token, &keys(&[1])), Some(invitation));
        assert_eq!(Unsubscribe::read(&token, &keys(&[1])), None);
        assert_eq!(Whole::read(&token, &keys(&[1])), None);
    }

    #[test]
    fn a_token_that_was_touched_anywhere_is_not_ours() {
        let what = Unsubscribe::of(AccountId(Ulid(1)), ReportId(Ulid(2)), &Email::parse("hr@acme.example").unwrap());
        let token = what.sign(&keys(&[1])).unwrap();
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).unwrap();
        for n in 0..bytes.len() {
            let mut touched = bytes.clone();
            touched[n] ^= 1;
            assert_eq!(Unsubscribe::read(&BASE64URL_NOPAD.encode(&touched), &keys(&[1])), None, "byte {n}");
        }
        for bad in ["", "x", "…", &token[1..], &format!("{token}A")] {
            assert_eq!(Unsubscribe::read(bad, &keys(&[1])), None, "{bad}");
        }
    }
}
