//! A SendEmail request, and every reason SES has to refuse one.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{Attachment, Identities, Message, mime};
use crate::refusal::Refusal;

/// The most bytes of a message with everything encoded.
pub(super) const LARGEST: usize = 40 * 1024 * 1024;

/// Headers that SES writes itself.
const RESERVED: [&str; 12] = [
    "bcc",
    "cc",
    "content-disposition",
    "content-type",
    "date",
    "from",
    "message-id",
    "mime-version",
    "reply-to",
    "return-path",
    "subject",
    "to",
];

/// File names that SES does not carry; the commonest of its list.
const UNSUPPORTED: [&str; 12] = ["bat", "chm", "cmd", "com", "exe", "hta", "jar", "js", "lnk", "msi", "scr", "vbs"];

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct SendEmail {
    from_email_address: Option<String>,
    destination: Destination,
    reply_to_addresses: Vec<String>,
    content: Content,
    email_tags: Vec<NameValue>,
    configuration_set_name: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Destination {
    to_addresses: Vec<String>,
    cc_addresses: Vec<String>,
    bcc_addresses: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Content {
    simple: Option<Simple>,
    raw: Option<Raw>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Simple {
    subject: Option<Text>,
    body: Body,
    headers: Vec<NameValue>,
    attachments: Vec<Attached>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Body {
    text: Option<Text>,
    html: Option<Text>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Text {
    data: String,
    charset: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Raw {
    data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NameValue {
    name: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attached {
    raw_content: String,
    file_name: String,
    content_type: Option<String>,
    content_disposition: Option<String>,
    content_transfer_encoding: Option<String>,
    content_id: Option<String>,
}

/// Reads and judges a request; what it returns is a message SES accepted.
pub(super) fn read(body: &str, identities: &Identities, id: String, sent_at: DateTime<Utc>) -> Result<Message, Refusal> {
    let request: SendEmail = serde_json::from_str(body).map_err(|error| Refusal::new(400, "SerializationException", error.to_string()))?;
    let mut message = match (request.content.simple, request.content.raw) {
        (Some(simple), None) => simple_message(simple)?,
        (None, Some(raw)) => raw_message(&raw)?,
        _ => return Err(bad("Content must be one of Simple and Raw.")),
    };
    message.id = id;
    message.sent_at = sent_at;
    message.from =
        request.from_email_address.or(Some(message.from)).filter(|from| !from.is_empty()).ok_or_else(|| bad("The sender is missing."))?;
    if !request.reply_to_addresses.is_empty() {
        message.reply_to = request.reply_to_addresses;
    }
    let Destination { to_addresses, cc_addresses, bcc_addresses } = request.destination;
    if !(to_addresses.is_empty() && cc_addresses.is_empty() && bcc_addresses.is_empty()) {
        (message.to, message.cc, message.bcc) = (to_addresses, cc_addresses, bcc_addresses);
    }
    match message.recipients().count() {
        0 => return Err(bad("There are no recipients.")),
        1..=50 => {}
        count => return Err(bad(format!("Recipient count {count} exceeds 50."))),
    }
    for address in [&message.from].into_iter().chain(&message.to).chain(&message.cc).chain(&message.bcc).chain(&message.reply_to) {
        check_address(address)?;
    }
    message.tags = check_tags(request.email_tags)?;
    if let Some(set) = &request.configuration_set_name
        && !identities.configuration_sets.contains(set)
    {
        return Err(Refusal::new(404, "NotFoundException", format!("Configuration set <{set}> does not exist.")));
    }
    message.configuration_set = request.configuration_set_name;
    let sender = bare(&message.from);
    if !identities.verified.iter().any(|identity| covers(identity, sender)) {
        return Err(Refusal::new(400, "MessageRejected", format!("Email address is not verified: {sender}")));
    }
    if size(&message) > LARGEST {
        return Err(bad("The message is longer than 40 MB."));
    }
    Ok(message)
}

/// Bytes of the message with its attachments encoded in base64 lines.
fn size(message: &Message) -> usize {
    let spoken = [&message.text, &message.html, &message.sent_raw].into_iter().flatten().map(String::len).sum::<usize>();
    spoken + message.attachments.iter().map(|attachment| attachment.bytes.len().div_ceil(57) * 78).sum::<usize>()
}

fn simple_message(simple: Simple) -> Result<Message, Refusal> {
    let subject = simple.subject.ok_or_else(|| bad("The subject is missing."))?;
    check_text("subject", &subject)?;
    if subject.data.chars().any(char::is_control) {
        return Err(bad("The subject contains control characters."));
    }
    if simple.body.text.is_none() && simple.body.html.is_none() {
        return Err(bad("The body has neither text nor HTML."));
    }
    for (name, part) in [("text", &simple.body.text), ("HTML", &simple.body.html)] {
        part.as_ref().map_or(Ok(()), |part| check_text(name, part))?;
    }
    if simple.headers.len() > 15 {
        return Err(bad("There are more than 15 headers."));
    }
    let mut message = blank();
    for header in simple.headers {
        check_header(&header)?;
        message.headers.push((header.name, header.value));
    }
    message.subject = mime::decode_words(&subject.data);
    message.text = simple.body.text.map(|text| text.data);
    message.html = simple.body.html.map(|html| html.data);
    message.attachments = simple.attachments.into_iter().map(check_attachment).collect::<Result<_, _>>()?;
    Ok(message)
}

/// A raw message is kept as it is; of its body only a single text part is read.
fn raw_message(raw: &Raw) -> Result<Message, Refusal> {
    let bytes = BASE64.decode(&raw.data).map_err(|_| bad("Raw.Data is not base64."))?;
    let text = String::from_utf8(bytes).map_err(|_| bad("The raw message is neither ASCII nor UTF-8."))?;
    if text.lines().any(|line| line.len() > 998) {
        return Err(bad("The raw message has a line of more than 998 characters."));
    }
    let mut message = blank();
    let mut kind = "text/plain".to_owned();
    let (headers, body) = mime::read_headers(&text);
    let addresses = |value: &str| value.split(',').map(|address| address.trim().to_owned()).collect();
    for (name, value) in headers {
        match name.to_ascii_lowercase().as_str() {
            "from" => message.from = value,
            "to" => message.to = addresses(&value),
            "cc" => message.cc = addresses(&value),
            "reply-to" => message.reply_to = addresses(&value),
            "subject" => message.subject = mime::decode_words(&value),
            "content-type" => kind = value.to_ascii_lowercase(),
            "date" | "message-id" | "mime-version" | "content-transfer-encoding" | "bcc" => {}
            _ => message.headers.push((name, value)),
        }
    }
    if message.from.is_empty() {
        return Err(bad("The raw message has no From header."));
    }
    match kind {
        kind if kind.starts_with("text/plain") => message.text = Some(body.to_owned()),
        kind if kind.starts_with("text/html") => message.html = Some(body.to_owned()),
        _ => {}
    }
    message.sent_raw = Some(text);
    Ok(message)
}

fn blank() -> Message {
    Message {
        id: String::new(),
        from: String::new(),
        to: Vec::new(),
        cc: Vec::new(),
        bcc: Vec::new(),
        reply_to: Vec::new(),
        subject: String::new(),
        headers: Vec::new(),
        sent_at: DateTime::UNIX_EPOCH,
        tags: BTreeMap::new(),
        configuration_set: None,
        text: None,
        html: None,
        attachments: Vec::new(),
        sent_raw: None,
    }
}

/// The address without a display name.
pub(super) fn bare(address: &str) -> &str {
    match (address.rfind('<'), address.ends_with('>')) {
        (Some(open), true) => &address[open + 1..address.len() - 1],
        _ => address,
    }
}

fn covers(identity: &str, sender: &str) -> bool {
    let domain = sender.rsplit_once('@').map_or("", |(_, domain)| domain);
    let within =
        domain.len() > identity.len() && domain.ends_with(identity) && domain.as_bytes()[domain.len() - identity.len() - 1] == b'.';
    identity.eq_ignore_ascii_case(sender) || identity.eq_ignore_ascii_case(domain) || within
}

fn check_address(address: &str) -> Result<(), Refusal> {
    let inner = bare(address);
    let printable = address.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    let parts = inner.rsplit_once('@').filter(|(local, domain)| {
        let hosts = domain.split('.').all(|label| {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            !label.is_empty() && label.bytes().all(fits) && !label.starts_with('-') && !label.ends_with('-')
        });
        let quoted = local.starts_with('"') && local.ends_with('"') && local.len() > 1;
        let plain = !local.bytes().any(|byte| b" ()<>[]:;@\\,\"".contains(&byte)) && !local.starts_with('.') && !local.ends_with('.');
        hosts && domain.contains('.') && !local.is_empty() && local.len() <= 64 && (quoted || plain) && !local.contains("..")
    });
    // A name with commas or the like must be quoted, or it reads as another address.
    let name = address.strip_suffix(&format!("<{inner}>")).unwrap_or_default().trim();
    let quoted =
        name.len() > 1 && name.starts_with('"') && name.ends_with('"') && !name[1..name.len() - 1].replace("\\\"", "").contains('"');
    let named = quoted || !name.bytes().any(|byte| b"()<>[]:;@\\,\"".contains(&byte));
    match printable && parts.is_some() && named && address.len() <= 320 {
        true => Ok(()),
        false => Err(bad(format!("Illegal address: {address}"))),
    }
}

fn check_text(part: &str, text: &Text) -> Result<(), Refusal> {
    let declared = text.charset.as_deref().is_some_and(|charset| charset.eq_ignore_ascii_case("utf-8"));
    match text.data.is_ascii() || declared {
        true => Ok(()),
        false => Err(bad(format!("The {part} is not ASCII and its charset is not UTF-8."))),
    }
}

fn check_header(header: &NameValue) -> Result<(), Refusal> {
    let NameValue { name, value } = header;
    if RESERVED.contains(&name.to_ascii_lowercase().as_str()) {
        return Err(bad(format!("The header {name} is not allowed here.")));
    }
    let name_fits = (1..=126).contains(&name.len()) && name.bytes().all(|byte| matches!(byte, b'!'..=b'~') && byte != b':');
    let value_fits = (1..=995).contains(&value.len()) && value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    match name_fits && value_fits && name.len() + value.len() <= 996 {
        true => Ok(()),
        false => Err(bad(format!("The header {name} is too long or not printable ASCII."))),
    }
}

fn check_attachment(given: Attached) -> Result<Attachment, Refusal> {
    let refuse = |why: &str| bad(format!("The attachment {} {why}.", given.file_name));
    let bytes = BASE64.decode(&given.raw_content).map_err(|_| refuse("is not base64"))?;
    let plain_name = given.file_name.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"');
    if !(1..=255).contains(&given.file_name.len()) || !plain_name {
        return Err(refuse("has no usable file name"));
    }
    let extension = given.file_name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    if extension.is_some_and(|extension| UNSUPPORTED.contains(&extension.as_str())) {
        return Err(refuse("is of a kind that is not carried"));
    }
    let inline = match given.content_disposition.as_deref() {
        Some("INLINE") => true,
        Some("ATTACHMENT") | None => false,
        Some(_) => return Err(refuse("has an unknown disposition")),
    };
    if given.content_transfer_encoding.as_deref().is_some_and(|encoding| !["BASE64", "QUOTED_PRINTABLE", "SEVEN_BIT"].contains(&encoding)) {
        return Err(refuse("has an unknown transfer encoding"));
    }
    let short = |text: &Option<String>| text.as_ref().is_none_or(|text| (1..=78).contains(&text.len()) && text.is_ascii());
    if !short(&given.content_id) || !short(&given.content_type) {
        return Err(refuse("has a content id or type not of 1 to 78 characters"));
    }
    let content_type = given.content_type.unwrap_or_else(|| "application/octet-stream".into());
    Ok(Attachment { file_name: given.file_name, content_type, content_id: given.content_id, inline, bytes })
}

fn check_tags(tags: Vec<NameValue>) -> Result<BTreeMap<String, String>, Refusal> {
    let fits =
        |text: &str| (1..=256).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if tags.len() > 50 {
        return Err(bad("There are more than 50 tags."));
    }
    let mut checked = BTreeMap::new();
    for NameValue { name, value } in tags {
        if !fits(&name) || !fits(&value) {
            return Err(bad(format!("The tag {name} is not 1 to 256 of A-Z a-z 0-9 _ -.")));
        }
        if checked.insert(name.clone(), value).is_some() {
            return Err(bad(format!("The tag {name} is given twice.")));
        }
    }
    Ok(checked)
}

fn bad(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "BadRequestException", message)
}
