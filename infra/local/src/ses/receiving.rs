//! Mail that SES receives: what it puts into the bucket, and the event it hands on.
//!
//! <https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html>

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, Utc};
use domain::inbound::Verdict;
use serde_json::{Value, json};
use ulid::Ulid;

use super::mime;
use super::request::bare;
use crate::{ACCOUNT, REGION};

/// The most bytes of a mail that SES receives, headers included.
pub const LARGEST: usize = 40 * 1024 * 1024;
/// The most bytes of headers in an event.
const HEADERS_MOST: usize = 10 * 1024;
/// Where mail comes from here: nowhere else.
const CLIENT: &str = "127.0.0.1";

/// What SES finds out about a mail; what is `None` it does not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Verdicts {
    /// Whether it is spam.
    pub spam: Option<Verdict>,
    /// Whether there is a virus in it.
    pub virus: Option<Verdict>,
    /// Whether the envelope's domain lets this sender send.
    pub spf: Option<Verdict>,
    /// Whether the From header's domain signed it.
    pub dkim: Option<Verdict>,
    /// Whether the From header's domain stands by it.
    pub dmarc: Option<Verdict>,
}

/// Why SES does not take a mail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TurnedAway {
    /// It is larger than [`LARGEST`].
    #[error("a mail may have at most 40 MB, this one has {0} bytes")]
    TooLarge(usize),
    /// Nobody of our domain is among its recipients, or somebody else is.
    #[error("mail for {0} is not received here, only mail for addresses at {1}")]
    NotHere(String, String),
    /// It has no recipients.
    #[error("the mail is for nobody: name its recipients")]
    ForNobody,
}

/// A mail that SES took.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// The id it gave it.
    pub id: String,
    /// The mail with what SES writes above it: what goes into the bucket.
    pub stored: Vec<u8>,
    /// The event for the function.
    pub event: Value,
}

impl Verdicts {
    /// Everything passes.
    pub const PASS: Self = Self::all(Some(Verdict::Pass), Some(Verdict::Pass));
    /// The sender's domain denies it.
    pub const FAIL: Self = Self::all(Some(Verdict::Pass), Some(Verdict::Fail));
    /// The sender's domain says nothing.
    pub const GRAY: Self = Self::all(Some(Verdict::Pass), Some(Verdict::Gray));
    /// SES says nothing at all.
    pub const NONE: Self = Self::all(None, None);

    const fn all(content: Option<Verdict>, origin: Option<Verdict>) -> Self {
        Self { spam: content, virus: content, spf: origin, dkim: origin, dmarc: origin }
    }
}

/// Takes a mail in for addresses of a domain, or turns it away.
///
/// # Errors
/// [`TurnedAway`].
pub fn receive(
    now: DateTime<Utc>,
    domain: &str,
    sender: &str,
    recipients: &[String],
    raw: &[u8],
    verdicts: Verdicts,
) -> Result<Received, TurnedAway> {
    if raw.len() > LARGEST {
        return Err(TurnedAway::TooLarge(raw.len()));
    }
    let (sender, recipients): (&str, Vec<&str>) = (bare(sender.trim()), recipients.iter().map(|to| bare(to.trim())).collect());
    if recipients.is_empty() {
        return Err(TurnedAway::ForNobody);
    }
    if let Some(other) = recipients.iter().find(|to| !is_at(to, domain)) {
        return Err(TurnedAway::NotHere((*other).to_owned(), domain.to_owned()));
    }
    let id: String = format!("{}{}", Ulid::generate(), Ulid::generate()).to_lowercase().chars().take(40).collect();
    let written = with_line_ends(raw);
    let head = String::from_utf8_lossy(head(&written)).into_owned();
    let (headers, _) = mime::read_headers(&head);
    let of = |name: &str| headers.iter().find(|(has, _)| has.eq_ignore_ascii_case(name)).map(|(_, value)| mime::decode_words(value));
    let from = of("From").map(|from| bare(&from).to_owned()).unwrap_or_default();
    let above = above(&id, now, sender, &recipients, &from, verdicts);
    let stored = [above.as_bytes(), &written].concat();

    let (shown, truncated) = shown(mime::read_headers(&above).0.into_iter().chain(headers.clone()));
    let listed = |name: &str| of(name).map(|value| addresses(&value)).unwrap_or_default();
    let destination: Vec<String> = [listed("To"), listed("Cc")].concat().iter().map(|to| bare(to).to_owned()).collect();
    let mut common = json!({ "returnPath": sender });
    for (name, member) in [("From", "from"), ("To", "to"), ("Cc", "cc")] {
        if of(name).is_some() {
            common[member] = json!(listed(name));
        }
    }
    for (name, member) in [("Date", "date"), ("Message-ID", "messageId"), ("Subject", "subject")] {
        if let Some(value) = of(name) {
            common[member] = value.into();
        }
    }
    let time = mime::timestamp(now);
    let mut receipt = json!({
        "timestamp": time, "processingTimeMillis": 1, "recipients": recipients,
        "action": { "type": "Lambda", "functionArn": format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:inbound"), "invocationType": "Event" },
    });
    let Verdicts { spam, virus, spf, dkim, dmarc } = verdicts;
    for (member, verdict) in
        [("spamVerdict", spam), ("virusVerdict", virus), ("spfVerdict", spf), ("dkimVerdict", dkim), ("dmarcVerdict", dmarc)]
    {
        if let Some(verdict) = verdict {
            receipt[member] = json!({ "status": verdict });
        }
    }
    if dmarc == Some(Verdict::Fail) {
        receipt["dmarcPolicy"] = "reject".into();
    }
    let mail = json!({
        "timestamp": time, "source": sender, "messageId": id, "destination": destination, "headersTruncated": truncated,
        "headers": shown, "commonHeaders": common,
    });
    let event = json!({ "Records": [{ "eventSource": "aws:ses", "eventVersion": "1.0", "ses": { "mail": mail, "receipt": receipt } }] });
    Ok(Received { id, stored, event })
}

/// Whether an address is one of a domain.
pub fn is_at(address: &str, domain: &str) -> bool {
    address.rsplit_once('@').is_some_and(|(local, at)| !local.is_empty() && at.eq_ignore_ascii_case(domain))
}

/// The address in a mail's From header; empty if there is none.
pub fn from_of(raw: &[u8]) -> String {
    named(raw, "From").into_iter().next().unwrap_or_default()
}

/// The addresses of a domain in a mail's To and Cc headers.
pub fn recipients_of(raw: &[u8], domain: &str) -> Vec<String> {
    let mut found = [named(raw, "To"), named(raw, "Cc")].concat();
    found.retain(|address| is_at(address, domain));
    found
}

fn named(raw: &[u8], header: &str) -> Vec<String> {
    let head = String::from_utf8_lossy(head(raw)).into_owned();
    let (headers, _) = mime::read_headers(&head);
    let of = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(header));
    of.flat_map(|(_, value)| addresses(value)).map(|address| bare(&address).trim().to_owned()).collect()
}

/// The bytes of a mail up to its body.
fn head(raw: &[u8]) -> &[u8] {
    let mut from = 0;
    while let Some(at) = raw[from..].iter().position(|byte| *byte == b'\n') {
        let end = from + at + 1;
        if matches!(raw.get(end..), Some([b'\n', ..] | [b'\r', b'\n', ..])) {
            return &raw[..end];
        }
        from = end;
    }
    raw
}

/// A mail with every line ended as mail on the wire ends it.
fn with_line_ends(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    for (at, byte) in raw.iter().enumerate() {
        if *byte == b'\n' && (at == 0 || raw[at - 1] != b'\r') {
            out.push(b'\r');
        }
        out.push(*byte);
    }
    out
}

/// The addresses of a header as they stand there, one by one.
fn addresses(value: &str) -> Vec<String> {
    let (mut found, mut quoted, mut current) = (Vec::new(), false, String::new());
    for c in value.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => {
                found.push(std::mem::take(&mut current));
                continue;
            }
            _ => {}
        }
        current.push(c);
    }
    found.push(current);
    found.into_iter().map(|address| address.trim().to_owned()).filter(|address| !address.is_empty()).collect()
}

/// As many headers as fit into an event, and whether some do not.
fn shown(headers: impl Iterator<Item = (String, String)>) -> (Vec<Value>, bool) {
    let (mut size, mut fit, mut truncated) = (0, Vec::new(), false);
    for (name, value) in headers {
        size += name.len() + value.len();
        match size > HEADERS_MOST {
            true => truncated = true,
            false => fit.push(json!({ "name": name, "value": value })),
        }
    }
    (fit, truncated)
}

/// What SES writes above a mail.
fn above(id: &str, now: DateTime<Utc>, sender: &str, recipients: &[&str], from: &str, verdicts: Verdicts) -> String {
    let domain_of = |address: &str| address.rsplit_once('@').map_or_else(|| address.to_owned(), |(_, domain)| domain.to_owned());
    let word = |verdict: Verdict| match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::Gray => "none",
        Verdict::Unknown => "temperror",
    };
    let status =
        |verdict: Verdict| serde_json::to_value(verdict).ok().and_then(|status| Some(status.as_str()?.to_owned())).unwrap_or_default();
    let (host, mut out) = (domain_of(sender), format!("Return-Path: <{sender}>\r\n"));
    let received = now.format("%a, %d %b %Y %H:%M:%S +0000 (UTC)");
    let to = recipients.first().copied().unwrap_or_default();
    out += &format!(
        "Received: from localhost (localhost [{CLIENT}])\r\n by inbound-smtp.{REGION}.amazonaws.com with SMTP id {id}\r\n for {to};\r\n {received}\r\n"
    );
    for (name, verdict) in [("X-SES-Spam-Verdict", verdicts.spam), ("X-SES-Virus-Verdict", verdicts.virus)] {
        if let Some(verdict) = verdict {
            out += &format!("{name}: {}\r\n", status(verdict));
        }
    }
    let mut results = Vec::new();
    if let Some(verdict) = verdicts.spf {
        let said = match verdict {
            Verdict::Pass => format!("domain of {host} designates {CLIENT} as permitted sender"),
            Verdict::Fail => format!("domain of {host} does not designate {CLIENT} as permitted sender"),
            Verdict::Gray => format!("{CLIENT} is neither permitted nor denied by domain of {host}"),
            Verdict::Unknown => format!("error in processing during lookup of {host}"),
        };
        let spf = format!("{} (spfCheck: {said}) client-ip={CLIENT}; envelope-from={sender}; helo=localhost;", word(verdict));
        out += &format!("Received-SPF: {spf}\r\n");
        results.push(format!("spf={spf}"));
    }
    if let Some(verdict) = verdicts.dkim {
        results.push(format!("dkim={} header.i=@{};", word(verdict), domain_of(from)));
    }
    if let Some(verdict) = verdicts.dmarc {
        results.push(format!("dmarc={} header.from={};", word(verdict), domain_of(from)));
    }
    if !results.is_empty() {
        out += &format!("Authentication-Results: amazonses.com;\r\n {}\r\n", results.join("\r\n "));
    }
    out + &format!("X-SES-RECEIPT: {}\r\n", BASE64.encode(format!("local receipt {id}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOMAIN: &str = "reply.cairn.example";

    fn take(raw: &[u8], verdicts: Verdicts) -> Received {
        let now = "2026-11-02T08:00:00Z".parse().unwrap();
        receive(now, DOMAIN, "amber@stone.example", &["reply+ABC@Reply.Cairn.example".to_owned()], raw, verdicts).unwrap()
    }

    #[test]
    fn a_mail_lies_in_the_bucket_with_what_ses_writes_above_it_and_whole_lines() {
        let raw = b"From: Amber <amber@stone.example>\nTo: x@y.example, reply+abc@reply.cairn.example\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\n\nHello\n";
        let taken = take(raw, Verdicts::PASS);
        assert!(taken.id.len() == 40 && taken.id.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase()), "{}", taken.id);
        let stored = String::from_utf8(taken.stored).unwrap();
        assert!(stored.starts_with("Return-Path: <amber@stone.example>\r\nReceived: from "), "{stored}");
        assert!(stored.contains("\r\nX-SES-RECEIPT: "), "{stored}");
        assert!(stored.ends_with("\r\nFrom: Amber <amber@stone.example>\r\nTo: x@y.example, reply+abc@reply.cairn.example\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n\r\nHello\r\n"));
        assert!(!stored.replace("\r\n", "").contains('\n'));
        let ses = &taken.event["Records"][0]["ses"];
        assert_eq!(ses["mail"]["messageId"], taken.id);
        assert_eq!(ses["mail"]["destination"], json!(["x@y.example", "reply+abc@reply.cairn.example"]));
        assert_eq!(ses["mail"]["commonHeaders"]["subject"], "Grüße");
        assert_eq!(ses["receipt"]["recipients"], json!(["reply+ABC@Reply.Cairn.example"]));
        assert_eq!(ses["receipt"]["dmarcVerdict"], json!({ "status": "PASS" }));
    }

    #[test]
    fn verdicts_stand_in_the_event_and_above_the_mail_or_in_neither() {
        let raw = b"From: amber@stone.example\r\n\r\nHello";
        for (verdicts, dmarc, results) in [
            (Verdicts::PASS, json!({ "status": "PASS" }), Some("dmarc=pass header.from=stone.example;")),
            (Verdicts::FAIL, json!({ "status": "FAIL" }), Some("dmarc=fail header.from=stone.example;")),
            (Verdicts::GRAY, json!({ "status": "GRAY" }), Some("dmarc=none header.from=stone.example;")),
            (Verdicts::NONE, Value::Null, None),
        ] {
            let taken = take(raw, verdicts);
            let receipt = &taken.event["Records"][0]["ses"]["receipt"];
            assert_eq!(receipt["dmarcVerdict"], dmarc);
            assert_eq!(receipt["spamVerdict"].is_null(), dmarc.is_null());
            let stored = String::from_utf8(taken.stored).unwrap();
            match results {
                Some(results) => {
                    assert!(stored.contains("Authentication-Results: amazonses.com;\r\n spf=") && stored.contains(results), "{stored}");
                }
                None => assert!(!stored.contains("Authentication-Results") && !stored.contains("Verdict"), "{stored}"),
            }
        }
    }

    #[test]
    fn mail_that_is_too_large_or_for_somebody_else_or_nobody_is_turned_away() {
        let now = "2026-11-02T08:00:00Z".parse().unwrap();
        let take = |to: &[&str], size: usize| {
            let to: Vec<String> = to.iter().map(|to| (*to).to_owned()).collect();
            receive(now, DOMAIN, "", &to, &vec![b'a'; size], Verdicts::PASS).map(|_| ())
        };
        assert_eq!(take(&["reply+a@reply.cairn.example"], LARGEST), Ok(()));
        assert_eq!(take(&["reply+a@reply.cairn.example"], LARGEST + 1), Err(TurnedAway::TooLarge(LARGEST + 1)));
        assert_eq!(take(&[], 1), Err(TurnedAway::ForNobody));
        for other in ["reply+a@cairn.example", "reply+a@evil.reply.cairn.example", "@reply.cairn.example", "reply.cairn.example"] {
            assert!(matches!(take(&["x@reply.cairn.example", other], 1), Err(TurnedAway::NotHere(..))), "{other}");
        }
    }

    #[test]
    fn who_a_mail_is_from_and_for_is_read_from_its_headers() {
        let raw = b"FROM: \"Stone, Amber\" <amber@stone.example>\nTo: \"a, b\" <reply+a@reply.cairn.example>,\n other@there.example\nCc: reply+b@REPLY.cairn.example\n\nTo: no@reply.cairn.example\n";
        assert_eq!(from_of(raw), "amber@stone.example");
        assert_eq!(recipients_of(raw, DOMAIN), ["reply+a@reply.cairn.example", "reply+b@REPLY.cairn.example"]);
        assert_eq!((from_of(b""), recipients_of(b"no header", DOMAIN)), (String::new(), vec![]));
    }
}
