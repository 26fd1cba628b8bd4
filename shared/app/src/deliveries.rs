//! Deliveries: composing, the last look before sending, sending, and what SES reports afterwards.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::access::{Action, ClientFacts, ItemFacts, Resource, Viewer, decide};
use domain::account::Account;
use domain::client::{Client, Level};
use domain::delivery::{Answer, Claim, DAILY_MOST, Delivery, DeliveryState, Event, Mail, NotAnyMore, Recipient, to_member};
use domain::id::{AccountId, ClientId, DeliveryId, ItemId, ReportId, RunId};
use domain::item::{ItemKind, Visibility};
use domain::person::{Actor, Email, Member, PersonId};
use domain::record::{RecordFacts, RecordOf, split};
use domain::report::{AudienceKind, Definition, Paused, Report, WhenEmpty};
use domain::run::{Cause, Run};
use domain::schedule::Window;
use domain::show::Content;
use platform::Config;
use platform::mailer::{Outgoing, Picture};
use platform::store::deliveries::Suppressed;
use platform::store::{Changes, Scope, keys};

use crate::identity::viewer;
use crate::page::{List, Page, Paged};
use crate::token::{Unsubscribe, Whole};
use crate::{App, AppError, Ctx, comments, inbound, off_track};

/// What a worker did about a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worked {
    /// Nothing more is to be done now.
    Done,
    /// It is to be looked at again later.
    Later,
}

/// Everything a report mail is composed of.
pub(crate) struct Composing<'a> {
    pub(crate) config: &'a Config,
    pub(crate) account: &'a Account,
    pub(crate) definition: &'a Definition,
    pub(crate) creator: &'a Member,
    pub(crate) recipient: &'a Recipient,
    pub(crate) window: Window,
    pub(crate) late: Option<&'a str>,
    pub(crate) content: &'a Content,
    pub(crate) unsubscribe: &'a str,
    /// Where all of it can be read, should the mail be cut.
    pub(crate) more: Option<&'a str>,
    /// The mail address that comments on an item go to.
    pub(crate) comment: Option<&'a dyn Fn(ItemId) -> Option<String>>,
    pub(crate) delivery_id: &'a str,
}

/// Composes a report mail.
pub(crate) fn compose(of: &Composing<'_>) -> mail::Message {
    compose_by(of, mail::report)
}

fn compose_by(of: &Composing<'_>, by: fn(&mail::Letter<'_>) -> mail::Message) -> mail::Message {
    let audience = of.definition.audience.kind;
    let client_page = |id: ClientId| format!("{}/clients/{id}", of.config.public_url);
    let links = mail::Links {
        client_page: (audience == AudienceKind::Coach).then_some(&client_page as &dyn Fn(ClientId) -> String),
        more: of.more,
        unsubscribe: of.unsubscribe,
        unsubscribe_mailto: None,
        comment: of.comment,
    };
    let words = of.definition.schedule.words();
    by(&mail::Letter {
        account: &of.account.name,
        report: &of.definition.name,
        creator: &of.creator.name,
        recipient: of.recipient.name.as_deref(),
        audience,
        subject: of.definition.subject.as_deref(),
        introduction: of.definition.introduction.as_deref(),
        schedule: &words,
        window: of.window,
        zone: of.definition.time_zone,
        content: of.content,
        links: &links,
        late: of.late,
        delivery_id: of.delivery_id,
    })
}

/// The HTML of a message with its pictures inside, for looking at it outside of a mail.
pub(crate) fn with_pictures(message: &mail::Message) -> String {
    let mut html = message.html.clone();
    for image in &message.images {
        let data = format!("data:image/png;base64,{}", data_encoding::BASE64.encode(&image.png));
        html = html.replace(&format!("cid:{}", image.content_id), &data);
    }
    html
}

/// Sends one delivery, if it is due and may still go. Asking twice, or at the same time, sends once.
///
/// # Errors
/// [`AppError`]: try again.
pub async fn send(app: &App, scope: Scope, id: &DeliveryId) -> Result<Worked, AppError> {
    let store = &app.platform.store;
    let Some(due) = store.delivery(scope, id).await? else { return Ok(Worked::Done) };
    match due.claimable(app.clock.now()) {
        Claim::Take => {}
        Claim::Later => return Ok(Worked::Later),
        Claim::Done => return Ok(Worked::Done),
    }
    let mut delivery = due.clone();
    delivery.claim(&app.new_id().to_string(), app.clock.now());
    if !store.move_delivery(scope, &due, &delivery).await? {
        return Ok(Worked::Later);
    }
    // until SES is about to be called, a failure gives the delivery back when its lease runs out
    let claimed = delivery.clone();
    let outgoing = match last_look(app, scope, &mut delivery).await? {
        Ok(outgoing) => outgoing,
        Err(why) => {
            delivery.settle(DeliveryState::Skipped, Some(why.words().to_owned()), app.clock.now());
            store.move_delivery(scope, &claimed, &delivery).await?;
            return Ok(Worked::Done);
        }
    };
    delivery.begin_sending(app.clock.now());
    if !store.move_delivery(scope, &claimed, &delivery).await? {
        return Ok(Worked::Later);
    }
    let sending = delivery.clone();
    let answer = app.platform.mailer.send(&outgoing).await;
    if !matches!(answer, Answer::Accepted(_)) {
        tracing::warn!(delivery = %id, ?answer, "a mail was not sent");
    }
    delivery.answered(answer, app.clock.now());
    // should this fail, an SES event or reconciling settles it
    store.move_delivery(scope, &sending, &delivery).await?;
    Ok(match delivery.claimable(app.clock.now()) {
        Claim::Take | Claim::Later => Worked::Later,
        Claim::Done => Worked::Done,
    })
}

/// Looks once more whether a mail may go, by what is true now, and composes it; to the address that its recipient has now,
/// where they have another.
async fn last_look(app: &App, scope: Scope, delivery: &mut Delivery) -> Result<Result<Outgoing, NotAnyMore>, AppError> {
    let store = &app.platform.store;
    let email = &delivery.recipient.email;
    let (account, suppressed) = futures::future::try_join(store.account(scope), store.suppressed(scope, email)).await?;
    let account = account.ok_or_else(|| AppError::Fault("the account is gone".into()))?;
    if suppressed.is_some() {
        return Ok(Err(NotAnyMore::Suppressed));
    }
    let mut to = email.clone();
    let mut reply_to = None;
    let message = match &delivery.mail {
        Mail::Report { report_id, run_id, content, .. } => {
            match report_mail(app, scope, &account, delivery, *report_id, *run_id, content).await? {
                Ok((message, answers)) => {
                    reply_to = answers;
                    message
                }
                Err(why) => return Ok(Err(why)),
            }
        }
        Mail::RunLate { .. } | Mail::Unsubscribed { .. } | Mail::AddressSuppressed { .. } | Mail::ReportPaused { .. } => {
            match notice(app, scope, &account, delivery).await? {
                Ok(message) => message,
                Err(why) => return Ok(Err(why)),
            }
        }
        Mail::OffTrack { engagement_id, .. } => match off_track::notice(app, scope, &account, delivery, *engagement_id).await? {
            Ok((message, address)) => {
                to = address;
                message
            }
            Err(why) => return Ok(Err(why)),
        },
        Mail::OffTrackDigest { epoch, on } => match off_track::digest(app, scope, &account, delivery, *epoch, *on).await? {
            Ok((message, address)) => {
                to = address;
                message
            }
            Err(why) => return Ok(Err(why)),
        },
        Mail::Invitation { invited_at } => match crate::portal::mail(app, scope, &account, delivery, *invited_at).await? {
            Ok(message) => message,
            Err(why) => return Ok(Err(why)),
        },
        Mail::PortalChanged { active } => match crate::portal::changed(app, scope, &account, delivery, *active).await? {
            Ok((message, address)) => {
                to = address;
                message
            }
            Err(why) => return Ok(Err(why)),
        },
        Mail::SignIn { nonce, until } => match crate::sign_in::mail(app, scope, &account, delivery, (nonce, *until)).await? {
            Ok(message) => message,
            Err(why) => return Ok(Err(why)),
        },
        Mail::Comment { record, item_id, comment_id } => {
            match comments::mail(app, scope, &account, delivery, (*record, *item_id, *comment_id)).await? {
                Ok((message, address, answers)) => {
                    (to, reply_to) = (address, answers);
                    message
                }
                Err(why) => return Ok(Err(why)),
            }
        }
        Mail::CommentRefused { why, item_id, held } => {
            match inbound::mail(app, scope, &account, delivery, (*why, *item_id, held.as_deref())).await? {
                Ok((message, address)) => {
                    to = address;
                    message
                }
                Err(why) => return Ok(Err(why)),
            }
        }
    };
    if to != *email {
        if store.suppressed(scope, &to).await?.is_some() {
            return Ok(Err(NotAnyMore::Suppressed));
        }
        delivery.recipient.email = to;
    }
    let email = &delivery.recipient.email;
    Ok(Ok(Outgoing {
        account: scope.account(),
        delivery: delivery.id.clone(),
        from_name: account.name.clone(),
        to: email.as_str().to_owned(),
        reply_to,
        subject: message.subject,
        html: message.html,
        text: message.text,
        headers: message.headers,
        pictures: message.images.into_iter().map(|i| Picture { content_id: i.content_id, file_name: i.file_name, png: i.png }).collect(),
    }))
}

/// What a report mail is made of, as far as it may still be shown.
struct Shown {
    report: Report,
    run: Run,
    creator: Member,
    content: Content,
    /// The items that the recipient may comment on, and which of the stored content's they are, from 1.
    places: BTreeMap<ItemId, u16>,
}

/// Loads what a report mail is made of, and looks once more at what of it may be shown.
async fn shown(
    app: &App,
    scope: Scope,
    recipient: &Recipient,
    report_id: ReportId,
    run_id: RunId,
    digest: &str,
) -> Result<Result<Shown, NotAnyMore>, AppError> {
    let store = &app.platform.store;
    let ((report, run), content) = futures::future::try_join(
        futures::future::try_join(store.report(scope, report_id), store.run(scope, run_id)),
        store.content(scope, run_id, digest),
    )
    .await?;
    let Some(run) = run else { return Err(AppError::Fault("the run is gone".into())) };
    let Some(report) = report else { return Ok(Err(NotAnyMore::ReportEnded)) };
    let content = content.ok_or_else(|| AppError::Fault("what the run says is gone".into()))?;
    let Some(creator) = store.member(scope, report.creator_id).await?.filter(|creator| creator.active) else {
        return Ok(Err(NotAnyMore::NoRight));
    };
    // by the content as it was planned, whatever of it is shown
    let all = content.items();
    let still = still_shown(app, scope, &report, &creator, recipient, content).await?;
    Ok(still.map(|Still { content, commentable }| {
        let sections = content.sections.iter().filter(|section| commentable.contains(&section.record));
        let open: BTreeSet<ItemId> = Content { sections: sections.cloned().collect(), left_out: 0 }.items().into_iter().collect();
        let places = (1..=u16::MAX).zip(all).filter(|(_, item)| open.contains(item)).map(|(place, item)| (item, place)).collect();
        Shown { report, run, creator, content, places }
    }))
}

/// Composes a report mail by `by`; `unsubscribe` and `more` are made from the delivery.
fn letter(
    app: &App,
    account: &Account,
    delivery: &Delivery,
    shown: &Shown,
    by: fn(&mail::Letter<'_>) -> mail::Message,
) -> Result<mail::Message, AppError> {
    let no_key = || AppError::Fault("there is no key to sign with".into());
    let unsubscribe = Unsubscribe::of(account.id, shown.report.id, &delivery.recipient.email).sign(&app.signing_keys).ok_or_else(no_key)?;
    let more = Whole { account: account.id, delivery: delivery.id.clone() }.sign(&app.signing_keys).ok_or_else(no_key)?;
    let late = late_sentence(&shown.run);
    let address = |item: ItemId| comments::address(app, delivery, *shown.places.get(&item)?).ok();
    Ok(compose_by(
        &Composing {
            config: &app.config,
            account,
            definition: &shown.report.definition,
            creator: &shown.creator,
            recipient: &delivery.recipient,
            window: shown.run.window,
            late: late.as_deref(),
            content: &shown.content,
            unsubscribe: &format!("{}/u/{unsubscribe}", app.config.public_url),
            more: Some(&format!("{}/m/{more}", app.config.public_url)),
            comment: (!shown.places.is_empty()).then_some(&address),
            delivery_id: delivery.id.as_str(),
        },
        by,
    ))
}

async fn report_mail(
    app: &App,
    scope: Scope,
    account: &Account,
    delivery: &Delivery,
    report_id: ReportId,
    run_id: RunId,
    digest: &str,
) -> Result<Result<(mail::Message, Option<String>), NotAnyMore>, AppError> {
    let store = &app.platform.store;
    let email = &delivery.recipient.email;
    let address = keys::address(email);
    let unsubscribed = store.is_unsubscribed(scope, report_id, &address);
    let (shown, unsubscribed) =
        futures::future::join(shown(app, scope, &delivery.recipient, report_id, run_id, digest), unsubscribed).await;
    if unsubscribed? {
        return Ok(Err(NotAnyMore::Unsubscribed));
    }
    let shown = match shown? {
        Ok(shown) => shown,
        Err(why) => return Ok(Err(why)),
    };
    if shown.report.paused_because.is_some() && !matches!(shown.run.cause, Cause::Manual { .. }) {
        return Ok(Err(NotAnyMore::ReportEnded));
    }
    let today = app.clock.now().date_naive();
    if !store.count_mail(scope, report_id, today, &delivery.id, email, DAILY_MOST).await? {
        return Ok(Err(NotAnyMore::TooMany));
    }
    let message = letter(app, account, delivery, &shown, mail::report)?;
    if shown.places.is_empty() {
        return Ok(Ok((message, None)));
    }
    // an answer to the mail as a whole is told how comments are made
    store.keep_answerable(scope, &delivery.id, app.clock.now()).await?;
    Ok(Ok((message, Some(comments::address(app, delivery, 0)?))))
}

/// The whole of a report mail as a page, for mails that were cut: what of it the recipient may still be shown.
/// `None` for a link that is not ours, and for a mail that nothing of may be shown any more.
///
/// # Errors
/// [`AppError`].
pub async fn whole(app: &App, token: &str) -> Result<Option<String>, AppError> {
    let Some(what) = Whole::read(token, &app.signing_keys) else { return Ok(None) };
    let scope = Scope::of_own_message(what.account);
    let Some(delivery) = app.platform.store.delivery(scope, &what.delivery).await? else { return Ok(None) };
    let Mail::Report { report_id, run_id, content, .. } = &delivery.mail else { return Ok(None) };
    if content.is_empty() {
        return Ok(None);
    }
    let Some(account) = app.platform.store.account(scope).await? else { return Ok(None) };
    match shown(app, scope, &delivery.recipient, *report_id, *run_id, content).await? {
        Ok(shown) => Ok(Some(with_pictures(&letter(app, &account, &delivery, &shown, mail::whole)?))),
        Err(_) => Ok(None),
    }
}

fn late_sentence(run: &Run) -> Option<String> {
    if matches!(run.cause, Cause::Manual { .. }) || !(run.is_late() || run.missed > 0) {
        return None;
    }
    Some(match run.missed {
        0 => "This report comes later than it was due.".into(),
        1 => "This report covers one that was missed before it.".into(),
        n => format!("This report covers {n} that were missed before it."),
    })
}

/// What of a content may still be shown.
struct Still {
    content: Content,
    /// The records on whose items the recipient may comment.
    commentable: BTreeSet<RecordOf>,
}

/// The content without what the creator may no longer report, or the recipient may no longer see.
async fn still_shown(
    app: &App,
    scope: Scope,
    report: &Report,
    creator: &Member,
    recipient: &Recipient,
    content: Content,
) -> Result<Result<Still, NotAnyMore>, AppError> {
    if content.sections.is_empty() {
        return Ok(Ok(Still { content, commentable: BTreeSet::new() }));
    }
    let store = &app.platform.store;
    let audience = report.definition.audience.kind;
    let (ids, groups) = split(content.sections.iter().map(|section| section.record));
    let clients: BTreeMap<ClientId, Client> =
        store.clients_by_id(scope, ids.iter().copied()).await?.into_iter().map(|client| (client.id, client)).collect();
    let creator_levels = store.levels_with(scope, creator.id, ids.iter().copied()).await?;
    let reader = match recipient.person {
        Some(person) => match viewer(app, scope, person).await? {
            Some(reader) => Some(reader),
            None => return Ok(Err(NotAnyMore::NoRight)),
        },
        None => None,
    };
    let reader_levels: BTreeMap<ClientId, Level> = match &reader {
        Some(Viewer::Member(member)) if member.id == creator.id => creator_levels.clone(),
        Some(Viewer::Member(member)) => store.levels_with(scope, member.id, ids.iter().copied()).await?,
        Some(Viewer::Client(_) | Viewer::Personnel(_)) | None => BTreeMap::new(),
    };
    let creator = Viewer::Member(creator.clone());
    // each record as it is to the creator, and to the reader
    let mut seen: BTreeMap<RecordOf, (RecordFacts, RecordFacts)> = BTreeMap::new();
    for client in clients.values() {
        let of = |levels: &BTreeMap<ClientId, Level>| {
            RecordFacts::Client(ClientFacts::of(client, levels.get(&client.id).copied().unwrap_or_default()))
        };
        seen.insert(client.id.into(), (of(&creator_levels), of(&reader_levels)));
    }
    for group in groups {
        let by_creator = crate::groups::facts(store, scope, group, &creator).await?;
        let by_reader = match &reader {
            Some(reader) if reader.person() != creator.person() => crate::groups::facts(store, scope, group, reader).await?,
            Some(_) | None => by_creator,
        };
        seen.insert(group.into(), (RecordFacts::Group(by_creator), RecordFacts::Group(by_reader)));
    }
    let is_archived = seen.values().all(|(facts, _)| facts.is_archived());
    let may = |record: RecordOf| {
        seen.get(&record).filter(|(facts, _)| !facts.is_archived()).is_some_and(|(by_creator, by_reader)| {
            decide(&creator, Action::Report(audience), &by_creator.reported()).is_allowed()
                && reader.as_ref().is_none_or(|reader| decide(reader, Action::Read, &by_reader.reported()).is_allowed())
        })
    };
    let had_news = !content.is_empty();
    let mut content = content.only(may);
    if let Some(Viewer::Personnel(person)) = &reader {
        for section in &mut content.sections {
            section.happened.retain(|line| person.grants.contains(&line.kind));
            section.open.retain(|line| person.grants.contains(&line.kind));
            if !person.grants.contains(&domain::item::ItemKind::Metric) {
                section.metrics.clear();
            }
        }
        content.sections.retain(|section| !section.is_empty());
    }
    // what news there was may not be shown any more, and without any it would not have been planned
    let says_nothing = had_news && content.is_empty() && report.definition.when_empty == WhenEmpty::Skip;
    Ok(match content.sections.is_empty() || says_nothing {
        true if is_archived => Err(NotAnyMore::Archived),
        true => Err(NotAnyMore::NoRight),
        false => {
            let shared = ItemFacts { kind: ItemKind::Note, visibility: Visibility::Shared, author: Actor::System, is_draft: false };
            let comments = |(record, (_, facts)): (RecordOf, (RecordFacts, RecordFacts))| {
                let may = |reader: &Viewer| decide(reader, Action::Comment, &facts.item(&shared)).is_allowed();
                reader.as_ref().is_some_and(may).then_some(record)
            };
            Ok(Still { commentable: seen.into_iter().filter_map(comments).collect(), content })
        }
    })
}

/// Composes a notice to a member, if they still want such mail.
async fn notice(app: &App, scope: Scope, account: &Account, delivery: &Delivery) -> Result<Result<mail::Message, NotAnyMore>, AppError> {
    let Some(PersonId::Member(id)) = delivery.recipient.person else { return Err(AppError::Fault("a notice to nobody".into())) };
    let Some(member) = app.platform.store.member(scope, id).await?.filter(|member| member.active) else {
        return Ok(Err(NotAnyMore::NoRight));
    };
    if !member.notifications.reports {
        return Ok(Err(NotAnyMore::SwitchedOff));
    }
    let page = |report: &ReportId| format!("{}/reports/{report}", app.config.public_url);
    let (why, report_id, notice) = match &delivery.mail {
        Mail::RunLate { report_id, report, scheduled_at, missed, .. } => {
            let zone = app.platform.store.report(scope, *report_id).await?.map_or(member.time_zone, |report| report.definition.time_zone);
            let missed = usize::try_from(*missed).unwrap_or(usize::MAX).saturating_add(1);
            let notice = mail::Notice::RunLate { report, scheduled_at: *scheduled_at, ran_at: delivery.created_at, zone, missed };
            (mail::Why::Owner, report_id, notice)
        }
        Mail::Unsubscribed { report_id, report, address } => {
            (mail::Why::Owner, report_id, mail::Notice::Unsubscribed { report, who: address.as_str() })
        }
        Mail::AddressSuppressed { report_id, report, address, complained } => {
            let because = if *complained { mail::Bounced::Complaint } else { mail::Bounced::Permanently };
            (mail::Why::Owner, report_id, mail::Notice::AddressSuppressed { report, address: address.as_str(), because })
        }
        Mail::ReportPaused { report_id, report, creator } => {
            let notice = mail::Notice::ReportPaused { report, creator, because: Paused::CreatorDeactivated };
            (mail::Why::Administrator, report_id, notice)
        }
        Mail::Report { .. }
        | Mail::OffTrack { .. }
        | Mail::OffTrackDigest { .. }
        | Mail::Invitation { .. }
        | Mail::PortalChanged { .. }
        | Mail::SignIn { .. }
        | Mail::Comment { .. }
        | Mail::CommentRefused { .. } => {
            return Err(AppError::Fault("this is not a notice about a report".into()));
        }
    };
    Ok(Ok(mail::notice(&mail::NoticeLetter {
        account: &account.name,
        why,
        notice,
        page: Some(&page(report_id)),
        delivery_id: delivery.id.as_str(),
    })))
}

/// Notes what SES reports of a mail. A bounce or complaint also ends all mail to the address.
///
/// # Errors
/// [`AppError`]: try again.
pub async fn heard(app: &App, account: AccountId, id: &DeliveryId, event: &Event) -> Result<(), AppError> {
    let scope = Scope::of_own_message(account);
    let store = &app.platform.store;
    let now = app.clock.now();
    for _ in 0..5 {
        let Some(before) = store.delivery(scope, id).await? else { return Ok(()) };
        let mut delivery = before.clone();
        let reason = match event {
            Event::Bounced(_) => Some("an earlier mail bounced"),
            Event::Complained => Some("the recipient marked an earlier mail as spam"),
            Event::Arrived | Event::Undelivered(_) | Event::Rejected(_) => None,
        };
        if let Some(reason) = reason {
            let suppressed = Suppressed { email: delivery.recipient.email.clone(), reason: reason.into(), at: now };
            store.suppress(scope, &suppressed).await?;
            // the first reason stays, and with it the time; one that was lifted and came again is told again
            let since = store.suppressed(scope, &delivery.recipient.email).await?.map_or(now, |suppressed| suppressed.at);
            tell_owner(app, scope, &delivery, matches!(event, Event::Complained), since, now).await?;
        }
        if !delivery.heard(event.clone(), now) || store.move_delivery(scope, &before, &delivery).await? {
            return Ok(());
        }
    }
    Err(AppError::Fault("others kept changing the delivery".into()))
}

/// The owner of a report hears once of a recipient whom no more mail reaches.
async fn tell_owner(
    app: &App,
    scope: Scope,
    delivery: &Delivery,
    complained: bool,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let Mail::Report { report_id, .. } = &delivery.mail else { return Ok(()) };
    let store = &app.platform.store;
    let Some(report) = store.report(scope, *report_id).await? else { return Ok(()) };
    let Some(owner) = store.member(scope, report.creator_id).await?.filter(|owner| owner.active) else { return Ok(()) };
    if owner.email == delivery.recipient.email {
        return Ok(());
    }
    let address = delivery.recipient.email.clone();
    let cause = format!("{report_id} {} {}", keys::address(&address), keys::time(since));
    let mail = Mail::AddressSuppressed { report_id: *report_id, report: report.definition.name, address, complained };
    let mut changes = Changes::new();
    store.add_delivery(&mut changes, scope, &Delivery::owed(&cause, mail, to_member(owner.id, &owner.name, &owner.email), now))?;
    // unmet means that they were told before
    let _ = store.commit(changes).await?;
    Ok(())
}

/// The address, among a report's recipients, that keys know by this digest.
pub(crate) async fn address_in(app: &App, scope: Scope, report: &Report, digest: &str) -> Result<Option<Email>, AppError> {
    let store = &app.platform.store;
    let is = |email: &&Email| keys::address(email) == digest;
    let audience = &report.definition.audience;
    Ok(match audience.kind {
        AudienceKind::ThirdParties => audience.emails.iter().find(is).cloned(),
        AudienceKind::Coach => store.members(scope).await?.iter().map(|member| &member.email).find(is).cloned(),
        AudienceKind::Clients => store.clients(scope).await?.iter().filter_map(|client| client.email.as_ref()).find(is).cloned(),
        AudienceKind::Personnel => store.personnel(scope).await?.iter().map(|person| &person.email).find(is).cloned(),
    })
}

/// The addresses that no mail of the account goes to.
///
/// # Errors
/// [`AppError`].
pub async fn suppressions(ctx: &Ctx, page: &Page) -> Result<Paged<Suppressed>, AppError> {
    ctx.ask(Action::Read, &Resource::Suppressions)?;
    let suppressed = ctx.store().suppressions(ctx.scope).await?;
    List::new(ctx, "suppressions", &()).cut(suppressed, page, |suppressed| keys::address(&suppressed.email))
}

/// Lets mail go to an address again.
///
/// # Errors
/// [`AppError`].
pub async fn lift_suppression(ctx: &Ctx, email: &Email) -> Result<(), AppError> {
    ctx.ask(Action::Write, &Resource::Suppressions)?;
    ctx.store().suppressed(ctx.scope, email).await?.ok_or(AppError::NotFound)?;
    let mut changes = Changes::new();
    ctx.store().lift_suppression(&mut changes, ctx.scope, email)?;
    ctx.commit(changes, "suppression.lift", keys::address(email), 204, &()).await
}
