//! SES: what it accepts, the mailbox that catches it, and the events that follow a message; and mail that it receives.
//!
//! Mail to an address `bounce…@` or at `bounce.example` bounces, mail to `complaint…@` is delivered and complained
//! about, all other mail is delivered. Events are published for messages that name a configuration set, as at AWS.

pub(crate) mod mime;
pub mod receiving;
mod request;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::Context;
use axum::extract::{DefaultBodyLimit, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::refusal::Refusal;
use crate::{ACCOUNT, REGION, files, uuid};

/// Who may send, and what else has been set up at SES.
#[derive(Debug, Clone, Default)]
pub struct Identities {
    /// Domains and addresses that are verified as senders.
    pub verified: Vec<String>,
    /// Configuration sets that exist.
    pub configuration_sets: Vec<String>,
}

/// The service and its mailbox. Clones share it.
#[derive(Clone)]
pub struct Ses {
    clock: Clock,
    identities: Arc<Identities>,
    mailbox: Arc<Mutex<Mailbox>>,
    arrived: Arc<Notify>,
}

/// A message that SES accepted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The id SES answered with.
    pub id: String,
    /// The sender as given, with its display name.
    pub from: String,
    /// Recipients as given.
    pub to: Vec<String>,
    /// Copies.
    pub cc: Vec<String>,
    /// Blind copies, not in the message itself.
    pub bcc: Vec<String>,
    /// Where answers go.
    pub reply_to: Vec<String>,
    /// The subject, with encoded words read.
    pub subject: String,
    /// The sender's own headers in order.
    pub headers: Vec<(String, String)>,
    /// When SES accepted it, on the local clock.
    pub sent_at: DateTime<Utc>,
    /// Message tags by name.
    pub tags: BTreeMap<String, String>,
    /// The configuration set, which decides whether events follow.
    pub configuration_set: Option<String>,
    /// The text part.
    pub text: Option<String>,
    /// The HTML part.
    pub html: Option<String>,
    /// Attachments and inline images.
    pub attachments: Vec<Attachment>,
    /// The message as the sender wrote it, if it was sent raw.
    sent_raw: Option<String>,
}

/// A part of a message that is not its text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its name.
    pub file_name: String,
    /// Its media type.
    pub content_type: String,
    /// The id by which the HTML shows it, without angle brackets.
    pub content_id: Option<String>,
    /// Shown within the message rather than beside it.
    pub inline: bool,
    /// Its content.
    #[serde(with = "as_base64")]
    pub bytes: Vec<u8>,
}

/// Something that happened to a message, as EventBridge carries it.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Acknowledge by it; the same after a restart.
    pub id: String,
    /// `Send`, `Delivery`, `Bounce` or `Complaint`.
    pub kind: &'static str,
    /// The whole EventBridge event.
    pub body: Value,
}

#[derive(Default)]
struct Mailbox {
    messages: Vec<Arc<Message>>,
    /// Events nobody acknowledged yet, in order.
    events: Vec<Event>,
    /// Those of them given to someone in this process.
    handed_out: BTreeSet<String>,
    log: Option<Log>,
}

struct Log {
    path: PathBuf,
    file: File,
}

/// A line of the mailbox file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Sent(Arc<Message>),
    Acknowledged(String),
    /// Everything before is out of sight; events still open go on.
    Emptied,
}

impl Message {
    /// The delivery that caused the message: its tag `d`.
    pub fn delivery_id(&self) -> Option<&str> {
        self.tags.get("d").map(String::as_str)
    }

    /// The whole message in the form of RFC 5322.
    pub fn raw(&self) -> String {
        self.sent_raw.clone().unwrap_or_else(|| mime::render(self))
    }

    /// Everyone it goes to.
    fn recipients(&self) -> impl Iterator<Item = &str> {
        self.to.iter().chain(&self.cc).chain(&self.bcc).map(|address| request::bare(address))
    }
}

impl Ses {
    /// A mailbox that forgets.
    pub fn in_memory(clock: Clock, identities: Identities) -> Self {
        Ses { clock, identities: Arc::new(identities), mailbox: Arc::default(), arrived: Arc::default() }
    }

    /// The mailbox kept in `file`, made on first use. Events that were not acknowledged are handed out again; a last
    /// line that a crash tore is dropped, since nobody was told that message was accepted.
    pub fn open(file: &Path, clock: Clock, identities: Identities) -> anyhow::Result<Self> {
        let ses = Ses::in_memory(clock, identities);
        *files::lock(&ses.mailbox) = Mailbox::open(file.to_owned()).with_context(|| format!("opening the mailbox {}", file.display()))?;
        Ok(ses)
    }

    /// Every message, oldest first.
    pub fn messages(&self) -> Vec<Arc<Message>> {
        files::lock(&self.mailbox).messages.clone()
    }

    /// One message by the id SES gave it.
    pub fn message(&self, id: &str) -> Option<Arc<Message>> {
        files::lock(&self.mailbox).messages.iter().find(|message| message.id == id).cloned()
    }

    /// Writes the mailbox to a file, for one that is opened there.
    pub(crate) fn copy_to(&self, file: &Path) -> std::io::Result<()> {
        let mailbox = files::lock(&self.mailbox);
        let is_open = |event: &Event| mailbox.events.iter().any(|open| open.id == event.id);
        let mut bytes = Vec::new();
        let mut write = |line: &Line| -> std::io::Result<()> {
            serde_json::to_writer(&mut bytes, line)?;
            bytes.push(b'\n');
            Ok(())
        };
        for message in &mailbox.messages {
            write(&Line::Sent(Arc::clone(message)))?;
            for event in events(message).into_iter().filter(|event| !is_open(event)) {
                write(&Line::Acknowledged(event.id))?;
            }
        }
        files::replace(file, &bytes)
    }

    /// Takes every message out of sight. Events that are still open go on.
    pub fn empty(&self) -> std::io::Result<()> {
        let mut mailbox = files::lock(&self.mailbox);
        mailbox.write(&Line::Emptied, true)?;
        mailbox.messages.clear();
        Ok(())
    }

    /// Events in order. Each is handed out once, and again by a later process until it is acknowledged.
    pub fn take_events(&self) -> Vec<Event> {
        let mut mailbox = files::lock(&self.mailbox);
        let Mailbox { events, handed_out, .. } = &mut *mailbox;
        events.iter().filter(|event| handed_out.insert(event.id.clone())).cloned().collect()
    }

    /// The next events, waiting until there are some. For one reader.
    pub async fn next_events(&self) -> Vec<Event> {
        loop {
            let events = self.take_events();
            if !events.is_empty() {
                return events;
            }
            self.arrived.notified().await;
        }
    }

    /// Says that events are dealt with for good.
    pub fn acknowledge(&self, ids: &[String]) -> std::io::Result<()> {
        let mut mailbox = files::lock(&self.mailbox);
        for id in ids {
            // Not waiting for the disk: a lost line is only an event told twice.
            mailbox.write(&Line::Acknowledged(id.clone()), false)?;
            mailbox.handed_out.remove(id);
        }
        mailbox.events.retain(|event| !ids.contains(&event.id));
        Ok(())
    }

    pub(crate) fn router(&self) -> Router {
        Router::new()
            .route("/v2/email/outbound-emails", post(send))
            .route("/v2/email/account", get(account))
            // Base64 within JSON, so that the message's own limit decides.
            .layer(DefaultBodyLimit::max(2 * request::LARGEST))
            .with_state(self.clone())
    }

    fn accept(&self, body: &str) -> Result<String, Refusal> {
        let now = self.clock.now();
        let id = format!("0100{:012x}-{}-000000", now.timestamp_millis(), uuid(ulid::Ulid::generate().into()));
        let message = Arc::new(request::read(body, &self.identities, id.clone(), now)?);
        let mut mailbox = files::lock(&self.mailbox);
        mailbox.write(&Line::Sent(Arc::clone(&message)), true).map_err(Refusal::internal)?;
        mailbox.events.extend(events(&message));
        mailbox.messages.push(message);
        drop(mailbox);
        self.arrived.notify_one();
        Ok(id)
    }
}

async fn send(State(ses): State<Ses>, body: String) -> Result<Json<Value>, Refusal> {
    let id = tokio::task::spawn_blocking(move || ses.accept(&body)).await.map_err(Refusal::internal)??;
    Ok(Json(json!({ "MessageId": id })))
}

async fn account(State(ses): State<Ses>) -> Json<Value> {
    let since = ses.clock.now() - TimeDelta::hours(24);
    let sent: usize = ses.messages().iter().filter(|message| message.sent_at > since).map(|message| message.recipients().count()).sum();
    Json(json!({
        "SendQuota": { "Max24HourSend": 50_000.0, "MaxSendRate": 14.0, "SentLast24Hours": sent as f64 },
        "SendingEnabled": true, "ProductionAccessEnabled": true, "EnforcementStatus": "HEALTHY", "DedicatedIpAutoWarmupEnabled": true,
    }))
}

impl Mailbox {
    fn open(path: PathBuf) -> anyhow::Result<Self> {
        let bytes = files::read(&path)?.unwrap_or_default();
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let mut mailbox = Mailbox::default();
        for line in bytes[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            match serde_json::from_slice(line)? {
                Line::Sent(message) => {
                    mailbox.events.extend(events(&message));
                    mailbox.messages.push(message);
                }
                Line::Acknowledged(id) => mailbox.events.retain(|event| event.id != id),
                Line::Emptied => mailbox.messages.clear(),
            }
        }
        let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(&path)?;
        file.set_len(whole as u64)?;
        file.seek(SeekFrom::End(0))?;
        file.sync_all()?;
        mailbox.log = Some(Log { path, file });
        Ok(mailbox)
    }

    /// Appends a line as a whole or not at all, on the disk before it returns if it has to last.
    fn write(&mut self, line: &Line, lasting: bool) -> std::io::Result<()> {
        let Some(log) = &mut self.log else { return Ok(()) };
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        let before = log.file.stream_position()?;
        let written = log.file.write_all(&bytes).and_then(|()| if lasting { log.file.sync_data() } else { Ok(()) });
        if let Err(error) = written {
            tracing::error!(path = %log.path.display(), %error, "the mailbox could not be written");
            log.file.set_len(before)?;
            log.file.seek(SeekFrom::Start(before))?;
            return Err(error);
        }
        Ok(())
    }
}

/// What happens to a message, in order.
fn events(message: &Message) -> Vec<Event> {
    let Some(set) = &message.configuration_set else { return Vec::new() };
    let time = mime::timestamp(message.sent_at);
    let mut tags: BTreeMap<&str, Vec<&str>> = message.tags.iter().map(|(name, value)| (name.as_str(), vec![value.as_str()])).collect();
    tags.insert("ses:configuration-set", vec![set]);
    let recipients: Vec<&str> = message.recipients().collect();
    let header = |name: &str, value: &str| json!({ "name": name, "value": value });
    let own = message.headers.iter().map(|(name, value)| header(name, value));
    let headers: Vec<Value> = [header("From", &message.from), header("To", &message.to.join(", ")), header("Subject", &message.subject)]
        .into_iter()
        .chain(own)
        .collect();
    let mail = json!({
        "timestamp": time, "source": message.from, "sourceArn": format!("arn:aws:ses:{REGION}:{ACCOUNT}:identity/{}", request::bare(&message.from)),
        "sendingAccountId": ACCOUNT, "messageId": message.id, "destination": recipients, "headersTruncated": false, "headers": headers,
        "commonHeaders": { "from": [message.from], "to": message.to, "messageId": message.id, "subject": message.subject }, "tags": tags,
    });
    let feedback = |index: usize| format!("{}-{index}", message.id);
    let mut happened: Vec<(&'static str, &str, &str, Value)> = vec![("Send", "Email Sent", "send", json!({}))];
    for (index, recipient) in recipients.iter().enumerate() {
        let (local, domain) = recipient.rsplit_once('@').unwrap_or((recipient, ""));
        if local.starts_with("bounce") || domain == "bounce.example" {
            let bounced = json!({ "emailAddress": recipient, "action": "failed", "status": "5.1.1",
                "diagnosticCode": "smtp; 550 5.1.1 user unknown" });
            let bounce = json!({ "feedbackId": feedback(index), "bounceType": "Permanent", "bounceSubType": "General",
                "bouncedRecipients": [bounced], "timestamp": time, "reportingMTA": "dns; local" });
            happened.push(("Bounce", "Email Bounced", "bounce", bounce));
            continue;
        }
        let delivery = json!({ "timestamp": time, "processingTimeMillis": 1, "recipients": [recipient], "smtpResponse": "250 2.0.0 OK",
            "reportingMTA": "local" });
        happened.push(("Delivery", "Email Delivered", "delivery", delivery));
        if local.starts_with("complaint") {
            let complaint = json!({ "feedbackId": feedback(index), "complainedRecipients": [{ "emailAddress": recipient }], "timestamp": time,
                "complaintFeedbackType": "abuse", "userAgent": "local", "complaintSubType": null });
            happened.push(("Complaint", "Email Complaint Received", "complaint", complaint));
        }
    }
    let of = |(index, (kind, detail_type, member, about)): (usize, (&'static str, &str, &str, Value))| {
        let id = event_id(&message.id, index);
        let body = json!({ "version": "0", "id": id, "detail-type": detail_type, "source": "aws.ses", "account": ACCOUNT,
            "time": message.sent_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true), "region": REGION,
            "resources": [format!("arn:aws:ses:{REGION}:{ACCOUNT}:configuration-set/{set}")],
            "detail": { "eventType": kind, "mail": mail, member: about } });
        Event { id, kind, body }
    };
    happened.into_iter().enumerate().map(of).collect()
}

/// An id of the usual form, the same whenever the event is derived from its message.
fn event_id(message_id: &str, index: usize) -> String {
    let digits: String = message_id.split('-').skip(1).take(5).collect();
    uuid(u128::from_str_radix(&digits, 16).unwrap_or_default().wrapping_add(1 + index as u128))
}

mod as_base64 {
    use super::{BASE64, Engine};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        BASE64.decode(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
