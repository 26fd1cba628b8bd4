//! Mail that comes in: checked, read, and stored as a comment; or the reason why not goes on record, and the person whom it
//! is from hears of it (C-3 to C-5).
//!
//! The mail is in the bucket before this begins, and stays there for a while whatever becomes of it. What is done is done in
//! one transaction, so that it may be cut off anywhere, and the same mail may come any number of times.

use std::sync::Arc;

use domain::access::Viewer;
use domain::account::Account;
use domain::comment::{self, File, NotKept, Via};
use domain::delivery::{Delivery, Mail, NotAnyMore, Recipient};
use domain::id::{CommentId, DeliveryId, FileId, ItemId};
use domain::inbound::{ADDRESS_GOOD_FOR, MAIL_MOST, Refusal, Verdict};
use domain::person::{Administrator, Email, PersonId};
use mail::incoming::{self, Headers, Incoming, Unreadable};
use mail::judge::{Certainty, Facts, Judged, judge, wants_no_answer};
use platform::files::{file_key, inbound_key};
use platform::store::comments::{Answer, Answering, Refused};
use platform::store::{Changes, Commit, Scope};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use ulid::Ulid;

use crate::comments::{self, Said};
use crate::page::{List, Page, Paged};
use crate::token::{ADDRESS_PREFIX, CommentAddress, Confirm};
use crate::{App, AppError, Ctx};

/// How much of a mail that is too large is read, for its headers.
const BEGINNING: u64 = 256 * 1024;
/// How often a comment is tried when others write at the same time.
const TRIES: usize = 5;
/// What stands in place of an address or link of ours that was cut out.
const CUT_OUT: &str = "[link removed]";

/// The envelope of a mail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// Who it comes from, as its mail system says; none for a report of such a system.
    pub sender: Option<String>,
    /// Who it goes to, on our domain.
    pub recipients: Vec<String>,
}

/// What SES found out about a mail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdicts {
    /// Whether it is spam.
    pub spam: Verdict,
    /// Whether there is a virus in it.
    pub virus: Verdict,
    /// Whether the sender's domain stands by it.
    pub dmarc: Verdict,
}

/// A mail that came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrived {
    /// The id that SES gave it, under which it is in the bucket.
    pub message: String,
    /// Its envelope.
    pub envelope: Envelope,
    /// What SES found out.
    pub verdicts: Verdicts,
}

/// What became of a mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Became {
    /// A comment.
    Stored {
        /// The item.
        item_id: ItemId,
        /// The comment.
        comment_id: CommentId,
    },
    /// It is a comment already.
    Duplicate {
        /// The item.
        item_id: ItemId,
        /// The comment.
        comment_id: CommentId,
    },
    /// It is held until the person whom it says to come from confirms it.
    Held {
        /// Why.
        reason: Refusal,
    },
    /// Nothing.
    Refused {
        /// Why.
        reason: Refusal,
    },
}

impl Became {
    /// The outcome, for logs and counters.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Stored { .. } => "stored",
            Self::Duplicate { .. } => "duplicate",
            Self::Held { .. } => "held",
            Self::Refused { .. } => "refused",
        }
    }

    /// Why it is no comment, for logs and counters; empty where it is one.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Stored { .. } | Self::Duplicate { .. } => "",
            Self::Held { reason } | Self::Refused { reason } => reason.name(),
        }
    }
}

/// A mail whose address was read, by what is known of the one that it answers.
struct Answered {
    scope: Scope,
    account: Account,
    delivery: Delivery,
    place: u16,
    /// Who was written to.
    person: PersonId,
    /// The same, as they are now, if they still are anything.
    viewer: Option<Viewer>,
}

/// Why a mail is refused, and as far as is known, what it was meant for.
struct No {
    why: Refusal,
    item: Option<ItemId>,
}

impl From<Refusal> for No {
    fn from(why: Refusal) -> Self {
        Self { why, item: None }
    }
}

/// Takes a mail in. The same mail taken in again becomes nothing more.
///
/// # Errors
/// [`AppError`]: try again.
pub async fn receive(app: &App, arrived: &Arrived) -> Result<Became, AppError> {
    take(app, arrived, false).await
}

async fn take(app: &App, arrived: &Arrived, confirmed: bool) -> Result<Became, AppError> {
    let refused = |why: Refusal| Ok(Became::Refused { reason: why });
    let (address, several) = match addresses(app, &arrived.envelope) {
        Ok(found) => found,
        Err(why) => return refused(why),
    };
    let found = app.platform.files.get(&inbound_key(&arrived.message), MAIL_MOST, BEGINNING).await?;
    let found = match found {
        Some(found) => found,
        // kept for a while, and not for ever
        None if confirmed => return refused(Refusal::Expired),
        None => return Err(AppError::Fault("the mail is not in the bucket".into())),
    };
    let headers = incoming::headers(&found.bytes);
    let facts = Facts {
        sender: arrived.envelope.sender.as_deref(),
        recipients: arrived.envelope.recipients.len(),
        spam: arrived.verdicts.spam,
        virus: arrived.verdicts.virus,
        dmarc: arrived.verdicts.dmarc,
        ours: &[domain_of(&app.config.mail_from), &app.config.reply_domain],
    };
    // what nobody may hear of comes before anything is looked up; on record it goes where it is known whose it is
    let judged = judge(&facts, &headers);
    let Some(answered) = look_up(app, &address).await? else { return refused(Refusal::UnknownAddress) };
    let no = match judged {
        Err(why) => No::from(why),
        Ok(judged) => {
            let whole = found.size <= MAIL_MOST;
            let mail = whole.then(|| incoming::read(&found.bytes));
            let taking = Taking { app, arrived, answered: &answered, judged: &judged, several, confirmed };
            match taking.take(mail).await? {
                Ok(became) => return Ok(became),
                Err(no) => no,
            }
        }
    };
    note(app, arrived, &answered, &headers, &no).await?;
    Ok(if no.why == Refusal::Unconfirmed { Became::Held { reason: no.why } } else { Became::Refused { reason: no.why } })
}

/// The address for comments among a mail's recipients, and whether there is another (IN-06).
fn addresses(app: &App, envelope: &Envelope) -> Result<(CommentAddress, bool), Refusal> {
    let ours: Vec<&str> = envelope
        .recipients
        .iter()
        .filter_map(|recipient| recipient.trim().trim_matches(['<', '>']).rsplit_once('@'))
        .filter(|(_, domain)| domain.eq_ignore_ascii_case(&app.config.reply_domain))
        .map(|(local, _)| local)
        .collect();
    if ours.is_empty() {
        return Err(Refusal::NotForUs);
    }
    let mut genuine: Vec<CommentAddress> = Vec::new();
    for address in ours.into_iter().filter_map(|local| CommentAddress::read(local, &app.signing_keys)) {
        if !genuine.contains(&address) {
            genuine.push(address);
        }
    }
    let several = genuine.len() > 1;
    genuine.into_iter().next().map(|address| (address, several)).ok_or(Refusal::UnknownAddress)
}

/// What an address is about.
async fn look_up(app: &App, address: &CommentAddress) -> Result<Option<Answered>, AppError> {
    let store = &app.platform.store;
    let Some(scope) = store.answerable(&address.delivery).await? else { return Ok(None) };
    let (account, delivery) = futures::future::try_join(store.account(scope), store.delivery(scope, &address.delivery)).await?;
    let (Some(account), Some(delivery)) = (account, delivery) else { return Ok(None) };
    let Some(person) = delivery.recipient.person else { return Ok(None) };
    let viewer = crate::identity::viewer(app, scope, person).await?;
    Ok(Some(Answered { scope, account, delivery, place: address.place, person, viewer }))
}

/// A mail on its way to becoming a comment.
struct Taking<'a> {
    app: &'a App,
    arrived: &'a Arrived,
    answered: &'a Answered,
    judged: &'a Judged,
    /// Whether it went to further addresses for comments.
    several: bool,
    confirmed: bool,
}

impl Taking<'_> {
    /// Goes through everything that may keep the mail from becoming a comment, and makes it one. `mail` is none where it is
    /// too large.
    async fn take(&self, mail: Option<Result<Incoming, Unreadable>>) -> Result<Result<Became, No>, AppError> {
        let Answered { scope, account, delivery, .. } = self.answered;
        let store = &self.app.platform.store;
        let Some(viewer) = &self.answered.viewer else { return Ok(Err(Refusal::NoRight.into())) };
        let meant = self.item().await?;
        let no = |why: Refusal| Ok(Err(No { why, item: meant }));
        if !is_from(&self.judged.from, viewer) {
            return no(Refusal::AnotherSender);
        }
        if !self.confirmed && !self.is_certain(viewer) {
            return no(Refusal::Unconfirmed);
        }
        if self.several {
            return Ok(Err(Refusal::Ambiguous.into()));
        }
        let now = self.app.clock.now();
        let Some(item) = meant else { return no(Refusal::NoItem) };
        if now - delivery.created_at > ADDRESS_GOOD_FOR {
            return no(Refusal::Expired);
        }
        let ctx = Ctx {
            app: self.app.clone(),
            scope: *scope,
            account: Arc::new(account.clone()),
            viewer: viewer.clone(),
            now,
            once: None,
            row: None,
        };
        let found = match comments::commentable(&ctx, item).await {
            Ok(found) => found,
            Err(AppError::NotFound | AppError::Hidden) => return Ok(Err(Refusal::NoRight.into())),
            Err(AppError::Forbidden(_)) => return no(Refusal::NoRight),
            Err(AppError::Conflict { .. }) => return no(Refusal::Archived),
            Err(error) => return Err(error),
        };
        let mail = match mail {
            None => return no(Refusal::TooLarge),
            Some(Err(Unreadable::Encrypted)) => return no(Refusal::Encrypted),
            Some(Err(Unreadable::HeadersTooLong | Unreadable::TooDeep | Unreadable::TooManyParts)) => return no(Refusal::Unreadable),
            Some(Ok(mail)) => mail,
        };
        let digest = known_by(&mail);
        let answering = Answering { delivery: &delivery.id, place: self.answered.place, digest: &digest, person: self.answered.person };
        for _ in 0..TRIES {
            if let Some(answer) = store.answer(*scope, &answering).await? {
                return Ok(Ok(Became::Duplicate { item_id: answer.item_id, comment_id: answer.comment_id }));
            }
            let Some(said) = self.said(&mail, item, &digest).await? else { return no(Refusal::Empty) };
            let committed = comments::say(&ctx, &found, said, |changes, comment| {
                let expires = (now + domain::inbound::ADDRESS_KEPT_FOR).timestamp();
                let answer = Answer { item_id: item, comment_id: comment.id, expires };
                Ok(store.add_answer(changes, *scope, &answering, &answer, now)?)
            })
            .await?;
            match committed {
                (comment, Commit::Done) => return Ok(Ok(Became::Stored { item_id: item, comment_id: comment.id })),
                (_, Commit::Unmet("often")) => return no(Refusal::TooOften),
                // the same mail came twice at once, or somebody else wrote
                (_, Commit::Unmet(_)) => {}
            }
        }
        Err(AppError::Fault("others kept writing at the same time".into()))
    }

    /// Whether it is certain enough whom the mail comes from (IN-11 to IN-13).
    fn is_certain(&self, viewer: &Viewer) -> bool {
        let administers = viewer.member().is_some_and(|member| member.administrator != Administrator::None);
        match self.judged.certainty {
            Certainty::Dmarc => true,
            Certainty::Aligned => !administers && !self.answered.account.require_dmarc,
            Certainty::None => false,
        }
    }

    /// The item that the address is about.
    async fn item(&self) -> Result<Option<ItemId>, AppError> {
        let Some(nth) = usize::from(self.answered.place).checked_sub(1) else { return Ok(None) };
        Ok(match &self.answered.delivery.mail {
            Mail::Report { run_id, content, .. } => {
                let content = self.app.platform.store.content(self.answered.scope, *run_id, content).await?;
                content.and_then(|content| content.items().get(nth).copied())
            }
            Mail::Comment { item_id, .. } => Some(*item_id).filter(|_| nth == 0),
            Mail::RunLate { .. }
            | Mail::Unsubscribed { .. }
            | Mail::AddressSuppressed { .. }
            | Mail::ReportPaused { .. }
            | Mail::OffTrack { .. }
            | Mail::OffTrackDigest { .. }
            | Mail::Invitation { .. }
            | Mail::PortalChanged { .. }
            | Mail::SignIn { .. }
            | Mail::CommentRefused { .. } => None,
        })
    }

    /// What the person wrote, with the files they sent, which are in the bucket then. `None` where there is neither.
    async fn said(&self, mail: &Incoming, item: ItemId, digest: &str) -> Result<Option<Said>, AppError> {
        let config = &self.app.config;
        let text = comment::tidy(&without_our_links(&mail.reply.text, &config.reply_domain, &config.public_url));
        let mut said = Said {
            text: first(&text, comment::TEXT_MOST),
            via: Via::Mail,
            files: Vec::new(),
            not_kept: Vec::new(),
            cut: !mail.reply.cut.is_empty() || mail.reply.shortened,
            original: Some(self.arrived.message.clone()),
        };
        let mut uploads = Vec::new();
        for (n, attached) in mail.attached.iter().enumerate() {
            match comment::keep(&attached.name, attached.bytes.len(), said.files.len()) {
                Ok(()) => {
                    let id = file_id(digest, &self.answered.delivery.id, n);
                    let size_bytes = u64::try_from(attached.bytes.len()).unwrap_or(u64::MAX);
                    let file = File { id, name: attached.name.clone(), content_type: attached.media_type.clone(), size_bytes };
                    uploads.push((file_key(self.answered.scope.account(), item, id), attached));
                    said.files.push(file);
                }
                Err(why) => said.not_kept.push(NotKept { name: attached.name.clone(), why }),
            }
        }
        if said.text.is_empty() && said.files.is_empty() {
            return Ok(None);
        }
        // what the sender calls the type of a file is on record; in the bucket all of them are bytes to be saved
        for (key, attached) in uploads {
            self.app.platform.files.put(&key, "application/octet-stream", attached.bytes.clone()).await?;
        }
        Ok(Some(said))
    }
}

/// Whether an address is that of a person (IN-10).
fn is_from(from: &str, viewer: &Viewer) -> bool {
    let email = match viewer {
        Viewer::Member(member) => Some(&member.email),
        Viewer::Client(client) => client.email.as_ref(),
        Viewer::Personnel(person) => Some(&person.email),
    };
    email.is_some_and(|email| parsed(from).is_some_and(|from| from.key() == email.key()))
}

/// An address as it is compared: its domain in ASCII (RFC 5891).
fn parsed(address: &str) -> Option<Email> {
    let (local, domain) = address.trim().rsplit_once('@')?;
    Email::parse(&format!("{local}@{}", idna::domain_to_ascii(domain).ok()?)).ok()
}

fn domain_of(address: &str) -> &str {
    address.rsplit_once('@').map_or("", |(_, domain)| domain)
}

/// What a mail is known by when it comes again: its Message-ID (C-5), or where it has none, when and what it says.
fn known_by(mail: &Incoming) -> String {
    let mut digest = Sha256::new();
    match mail.headers.message_id() {
        Some(id) => digest.update(id),
        None => {
            for part in [mail.headers.first("Date").unwrap_or_default(), mail.headers.subject(), &mail.reply.text] {
                digest.update(part);
                digest.update([0]);
            }
        }
    }
    data_encoding::HEXLOWER.encode(&digest.finalize()[..16])
}

/// The id of a file that came with a mail: the same when the mail comes again.
fn file_id(digest: &str, delivery: &DeliveryId, n: usize) -> FileId {
    let digest = Sha256::new().chain_update(digest).chain_update(delivery.as_str()).chain_update(n.to_be_bytes()).finalize();
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&digest[..16]);
    // a ULID's first digit is at most 7, which 128 bits always are
    FileId(Ulid::from_bytes(bytes))
}

/// The first so many characters.
fn first(text: &str, most: usize) -> String {
    text.char_indices().nth(most).map_or_else(|| text.to_owned(), |(at, _)| text[..at].trim_end().to_owned())
}

/// A text without our own addresses for comments and the links in our mail, which let whoever has them act as the
/// person whom they were made for (IN-46).
fn without_our_links(text: &str, reply_domain: &str, public_url: &str) -> String {
    let ends = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '(' | ')' | '[' | ']' | ',' | '\'');
    let is_ours = |word: &str| {
        let lower = word.to_ascii_lowercase();
        let at_ours = format!("@{reply_domain}");
        let address = lower.find(ADDRESS_PREFIX).is_some_and(|at| lower[at..].contains(&at_ours)) || lower.contains("reply%2b");
        // a link of one path of one letter, and a token
        let rest = lower.find(&public_url.to_ascii_lowercase()).map(|at| &lower[at + public_url.len()..]);
        let link = rest.is_some_and(|rest| {
            let mut parts = rest.trim_start_matches('/').split('/');
            parts.next().is_some_and(|first| first.len() == 1) && parts.next().is_some_and(|token| token.len() > 10)
        });
        address || link
    };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(ends).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        out.push_str(if is_ours(word) { CUT_OUT } else { word });
        let next = after.chars().next().map_or(0, char::len_utf8);
        out.push_str(&after[..next]);
        rest = &after[next..];
    }
    out
}

/// Puts on record that a mail was refused, and tells its sender where that is due: at the address we know, once a day for
/// each reason, and never in answer to a program (IN-50).
async fn note(app: &App, arrived: &Arrived, answered: &Answered, headers: &Headers, no: &No) -> Result<(), AppError> {
    let (store, scope) = (&app.platform.store, answered.scope);
    let now = app.clock.now();
    let refused = Refused {
        id: arrived.message.clone(),
        reason: no.why,
        person: answered.person.into(),
        item_id: no.item,
        at: now,
        expires: Some((now + chrono::Duration::days(90)).timestamp()),
    };
    let mut changes = Changes::new();
    store.add_refused(&mut changes, scope, &refused)?;
    let held = (no.why == Refusal::Unconfirmed).then(|| arrived.message.clone());
    if held.is_some() {
        store.hold(&mut changes, scope, &arrived.message, arrived, now)?;
    }
    match store.commit(changes).await? {
        Commit::Done | Commit::Unmet(_) => {}
    }
    if !no.why.is_told() || wants_no_answer(headers) {
        return Ok(());
    }
    let Some(recipient) = told(app, arrived, answered, headers, no.why).await? else { return Ok(()) };
    let mut changes = Changes::new();
    // a mail that waits to be confirmed is told of for itself, up to a point
    let cause = match &held {
        Some(message) => {
            store.count_held(&mut changes, scope, answered.person, now)?;
            message.clone()
        }
        None => format!("{} {} {}", scope.account(), no.why.name(), now.date_naive()),
    };
    let mail = Mail::CommentRefused { why: no.why, item_id: no.item, held };
    store.add_delivery(&mut changes, scope, &Delivery::owed(&cause, mail, recipient, now))?;
    // unmet means that they were told before, or often enough
    match store.commit(changes).await? {
        Commit::Done | Commit::Unmet(_) => Ok(()),
    }
}

/// Who hears that a mail was refused: the person whom the address was made for, or where somebody else of the account used
/// it, certainly, they themselves.
async fn told(app: &App, arrived: &Arrived, answered: &Answered, headers: &Headers, why: Refusal) -> Result<Option<Recipient>, AppError> {
    if why != Refusal::AnotherSender {
        return Ok(answered.viewer.as_ref().and_then(recipient));
    }
    if arrived.verdicts.dmarc != Verdict::Pass {
        return Ok(None);
    }
    let from = headers.from().into_iter().flatten().next().and_then(|mailbox| parsed(&mailbox.address));
    let Some(from) = from else { return Ok(None) };
    let uses = app.platform.store.by_email(&from).await?;
    let Some(found) = uses.into_iter().find(|found| found.account_id == answered.scope.account()) else { return Ok(None) };
    let viewer = crate::identity::viewer(app, answered.scope, found.person).await?;
    Ok(viewer.as_ref().and_then(recipient))
}

/// A person as a recipient, while they may get mail at all.
fn recipient(viewer: &Viewer) -> Option<Recipient> {
    let (email, name) = match viewer {
        Viewer::Member(member) => (member.active.then(|| member.email.clone())?, member.name.clone()),
        Viewer::Client(client) => (client.email.clone()?, client.name()),
        Viewer::Personnel(person) => (person.active.then(|| person.email.clone())?, person.name.clone()),
    };
    Some(Recipient { email, person: Some(viewer.person()), name: Some(name) })
}

/// Composes the mail that says why a mail did not become a comment.
pub(crate) async fn mail(
    app: &App,
    scope: Scope,
    account: &Account,
    delivery: &Delivery,
    of: (Refusal, Option<ItemId>, Option<&str>),
) -> Result<Result<(mail::Message, Email), NotAnyMore>, AppError> {
    let (why, item, held) = of;
    let Some(person) = delivery.recipient.person else { return Err(AppError::Fault("a refusal to nobody".into())) };
    let Some(viewer) = crate::identity::viewer(app, scope, person).await? else { return Ok(Err(NotAnyMore::NoRight)) };
    let Some(to) = recipient(&viewer) else { return Ok(Err(NotAnyMore::NoAddress)) };
    let ctx = Ctx { app: app.clone(), scope, account: Arc::new(account.clone()), viewer, now: app.clock.now(), once: None, row: None };
    // its title only where the person may still see it
    let item = match item {
        Some(item) => match crate::items::read(&ctx, item).await {
            Ok(item) => Some(item),
            Err(AppError::NotFound | AppError::Hidden) => None,
            Err(error) => return Err(error),
        },
        None => None,
    };
    let client = item.as_ref().filter(|_| ctx.viewer.member().is_some()).and_then(|item| item.record.client());
    let page = client.map(|client| format!("{}/clients/{client}", app.config.public_url));
    let confirm = match held {
        Some(message) => {
            let token = Confirm { account: account.id, message: message.to_owned() }.sign(&app.signing_keys);
            let token = token.ok_or_else(|| AppError::Fault("there is no key to sign with".into()))?;
            Some(format!("{}/c/{token}", app.config.public_url))
        }
        None => None,
    };
    let message = mail::refused(&mail::RefusedLetter {
        account: &account.name,
        why,
        item: item.as_ref().map(|item| item.title.as_str()),
        page: page.as_deref(),
        confirm: confirm.as_deref(),
        delivery_id: delivery.id.as_str(),
    });
    Ok(Ok((message, to.email)))
}

/// What the page says on which a person confirms a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmPage {
    /// The account's name.
    pub account: String,
    /// What became of the mail, once it is confirmed.
    pub became: Option<Became>,
}

async fn held(app: &App, token: &str) -> Result<Option<(Account, Arrived)>, AppError> {
    let Some(confirm) = Confirm::read(token, &app.signing_keys) else { return Ok(None) };
    let scope = Scope::of_own_message(confirm.account);
    let store = &app.platform.store;
    let (account, held) = futures::future::try_join(store.account(scope), store.held(scope, &confirm.message)).await?;
    Ok(account.zip(held))
}

/// The page of a link to confirm a mail; changes nothing. `None` for a link that is not ours.
///
/// # Errors
/// [`AppError`].
pub async fn confirm_page(app: &App, token: &str) -> Result<Option<ConfirmPage>, AppError> {
    Ok(held(app, token).await?.map(|(account, _)| ConfirmPage { account: account.name, became: None }))
}

/// Takes a mail in that its sender confirms (IN-12): everything else is looked at as if it came now.
///
/// # Errors
/// [`AppError`].
pub async fn confirm(app: &App, token: &str) -> Result<Option<ConfirmPage>, AppError> {
    let Some((account, arrived)) = held(app, token).await? else { return Ok(None) };
    let became = take(app, &arrived, true).await?;
    tracing::info!(became = became.name(), reason = became.reason(), "a mail was confirmed");
    Ok(Some(ConfirmPage { account: account.name, became: Some(became) }))
}

/// The mail that was refused on a day (in UTC), for those who may read the audit trail.
///
/// # Errors
/// [`AppError`].
pub async fn refused(ctx: &Ctx, day: chrono::NaiveDate, page: &Page) -> Result<Paged<Refused>, AppError> {
    ctx.ask(domain::access::Action::Read, &domain::access::Resource::Audit)?;
    let list = List::new(ctx, "refused mail", &day);
    let (mut items, more) = ctx.store().refused(ctx.scope, day, page.limit, list.last(page)?).await?;
    let next_cursor = items.last().filter(|_| more).map(|last| list.cursor(&last.id));
    for refused in &mut items {
        refused.expires = None;
    }
    Ok(Paged { items, next_cursor })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_addresses_and_links_are_cut_out_and_nothing_else() {
        let domain = "reply.cairn.example";
        let url = "https://cairn.example";
        for (text, left) in [
            ("See <mailto:reply+abc234@reply.cairn.example?subject=Re%3A> there", "See <[link removed]> there"),
            ("REPLY+abc@Reply.Cairn.Example", "[link removed]"),
            ("off: https://cairn.example/u/AAAAAAAAAAAAAAAA.", "off: [link removed]"),
            ("(https://cairn.example/c/AAAAAAAAAAAAAAAA)\nnext", "([link removed])\nnext"),
            ("https://cairn.example/clients/01J9Z3K5T0QW8R2M4N6P7S9V1X", "https://cairn.example/clients/01J9Z3K5T0QW8R2M4N6P7S9V1X"),
            ("write to me@stone.example, or reply+x@elsewhere.example", "write to me@stone.example, or reply+x@elsewhere.example"),
            ("", ""),
            ("plain\n  text 🎯", "plain\n  text 🎯"),
        ] {
            assert_eq!(without_our_links(text, domain, url), left);
        }
    }

    #[test]
    fn addresses_are_compared_without_case_and_with_the_domain_in_ascii() {
        let key = |address: &str| parsed(address).map(|email| email.key());
        assert_eq!(key(" Amber@Stone.Example "), key("amber@stone.example"));
        assert_eq!(key("amber@bücher.example"), key("amber@xn--bcher-kva.example"));
        assert_ne!(key("amber@stone.example"), key("amber@stone.example.evil.example"));
        assert_eq!(key("nobody"), None);
    }
}
