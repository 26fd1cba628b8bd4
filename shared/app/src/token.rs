//! Tokens that let somebody without a login do one thing: signed, so that they can't be made up or moved.

use data_encoding::BASE64URL_NOPAD;
use domain::id::{AccountId, ReportId};
use domain::person::Email;
use hmac::{Hmac, KeyInit, Mac};
use platform::store::keys;
use platform::store::requests::SigningKeys;
use sha2::Sha256;
use ulid::Ulid;

/// Bytes of the signature: 128 bits.
const SIGNATURE: usize = 16;
/// What the signature is for, so that no other kind of token can stand in.
const PURPOSE: &[u8] = b"unsubscribe";

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
    /// The link of this recipient and report.
    pub fn of(account: AccountId, report: ReportId, email: &Email) -> Self {
        Self { account, report, address: keys::address(email) }
    }

    /// The token.
    pub fn sign(&self, signing: &SigningKeys) -> Option<String> {
        let key = signing.keys.first()?;
        let mut bytes = vec![key.id];
        bytes.extend(self.account.0.to_bytes());
        bytes.extend(self.report.0.to_bytes());
        bytes.extend(data_encoding::HEXLOWER.decode(self.address.as_bytes()).ok()?);
        let signature = mac(&key.secret, &bytes)?.finalize().into_bytes();
        bytes.extend(&signature[..SIGNATURE]);
        Some(BASE64URL_NOPAD.encode(&bytes))
    }

    /// Reads a token; `None` for one that is not ours.
    pub fn read(token: &str, signing: &SigningKeys) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).ok().filter(|bytes| bytes.len() == 1 + 16 + 16 + 16 + SIGNATURE)?;
        let (payload, signature) = bytes.split_at(bytes.len() - SIGNATURE);
        let key = signing.keys.iter().find(|key| key.id == payload[0])?;
        mac(&key.secret, payload)?.verify_truncated_left(signature).ok()?;
        let ulid = |from: usize| payload.get(from..from + 16)?.try_into().ok().map(Ulid::from_bytes);
        Some(Self {
            account: AccountId(ulid(1)?),
            report: ReportId(ulid(17)?),
            address: data_encoding::HEXLOWER.encode(payload.get(33..)?),
        })
    }
}

fn mac(secret: &str, payload: &[u8]) -> Option<Hmac<Sha256>> {
    let secret = data_encoding::HEXLOWER.decode(secret.as_bytes()).ok()?;
    let mut mac = Hmac::new_from_slice(&secret).ok()?;
    mac.update(PURPOSE);
    mac.update(payload);
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
