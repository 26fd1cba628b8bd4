//! The mailbox page: every mail that would have left, as its recipient would see it, answers to it, and the clock.

mod reply;

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Form, Path, Query, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, Duration, NaiveDate, Utc};
use chrono_tz::Tz;
use domain::check::fold;
use domain::delivery::{Delivery, Mail};
use domain::id::AccountId;
use domain::run::{Cause, Outcome};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use platform::store::Scope;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::clock::written;
use crate::gateway::Refused;
use crate::ses::{Attachment, Message};
use crate::stack::Stack;

/// How many mails the list shows at once.
const LISTED: usize = 100;

/// What the pages may load: what this program serves, and nothing else.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; \
                           frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
/// What a mail may do: show itself, open its links in a new window, and the form for an answer in this one.
const SANDBOX: &str = "allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation";
const MAIL_POLICY: &str = "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation; default-src 'none'; style-src 'unsafe-inline'; \
                           img-src data:; form-action 'none'; frame-ancestors 'self'";
/// What a part of a mail may do: nothing.
const PART_POLICY: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'";

/// The pages.
pub(crate) fn routes() -> Router<Arc<Stack>> {
    Router::new()
        .route("/local/mailbox", get(newest))
        .route("/local/mailbox/pulse", get(pulse))
        .route("/local/mailbox/clock", post(move_clock))
        .route("/local/mailbox/empty", post(empty))
        .route("/local/mailbox/{id}", get(chosen))
        .route("/local/mailbox/{id}/reply", get(reply::form).post(reply::send))
        .route("/local/mailbox/{id}/replied", get(reply::replied))
        .route("/local/mail/{id}/html", get(mail_html))
        .route("/local/mail/{id}/raw", get(mail_raw))
        .route("/local/mail/{id}/parts/{part}", get(mail_part))
        .route("/local/app.css", get(async || asset("text/css; charset=utf-8", include_str!("mailbox/app.css"))))
        .route("/local/app.js", get(async || asset("text/javascript; charset=utf-8", include_str!("mailbox/app.js"))))
}

fn asset(kind: &'static str, content: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")], content)
        .into_response()
}

fn answer(policy: &'static str, kind: &str, content: impl Into<Body>) -> Response {
    let headers: [(HeaderName, &str); 5] = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, content.into()).into_response()
}

fn page(markup: Markup) -> Response {
    answer(PAGE_POLICY, "text/html; charset=utf-8", markup.into_string())
}

/// How a mail is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum View {
    #[default]
    Mail,
    Phone,
    Text,
    Headers,
    Source,
}

impl View {
    const ALL: [(Self, &'static str, &'static str); 5] = [
        (Self::Mail, "mail", "Mail"),
        (Self::Phone, "phone", "Phone"),
        (Self::Text, "text", "Text"),
        (Self::Headers, "headers", "Headers"),
        (Self::Source, "source", "Source"),
    ];

    fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(view, ..)| *view == self).map_or("mail", |(_, name, _)| name)
    }
}

/// By which light.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Shade {
    Light,
    Dark,
}

/// What of the mailbox is looked at, and how.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    q: String,
    from: usize,
    view: View,
    shade: Option<Shade>,
}

impl Asked {
    /// The address of a mail, looked at in this way.
    fn link(&self, id: &str) -> String {
        let mut query = Vec::new();
        if !self.q.trim().is_empty() {
            query.push(format!("q={}", encode(self.q.trim())));
        }
        if self.from > 0 {
            query.push(format!("from={}", self.from));
        }
        if self.view != View::Mail {
            query.push(format!("view={}", self.view.name()));
        }
        match self.shade {
            Some(Shade::Light) => query.push("shade=light".into()),
            Some(Shade::Dark) => query.push("shade=dark".into()),
            None => {}
        }
        let path = if id.is_empty() { "/local/mailbox".to_owned() } else { format!("/local/mailbox/{id}") };
        if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
    }
}

/// Text as a value in a query.
fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~@".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

async fn newest(State(stack): State<Arc<Stack>>, Query(asked): Query<Asked>) -> Response {
    show(&stack, &asked, None, Open::Mail).await
}

async fn chosen(State(stack): State<Arc<Stack>>, Path(id): Path<String>, Query(asked): Query<Asked>) -> Response {
    show(&stack, &asked, Some(&id), Open::Mail).await
}

/// What stands beside the list.
enum Open<'a> {
    /// The mail.
    Mail,
    /// An answer to it that is being written.
    Draft(&'a reply::Draft),
    /// What became of an answer.
    Became(&'a Value),
}

/// The mails, and what the table knows of them.
struct Shown {
    messages: Vec<Arc<Message>>,
    /// How many there are before and after those listed.
    total: usize,
    zones: HashMap<AccountId, Tz>,
    deliveries: BTreeMap<String, Delivery>,
}

impl Shown {
    async fn load(stack: &Stack, asked: &Asked) -> Self {
        let wanted = fold(asked.q.trim());
        let found = |message: &Message| {
            wanted.is_empty() || message.to.iter().any(|to| fold(to).contains(&wanted)) || fold(&message.subject).contains(&wanted)
        };
        let all: Vec<_> = stack.ses.messages().into_iter().rev().filter(|message| found(message)).collect();
        let total = all.len();
        let messages: Vec<_> = all.into_iter().skip(asked.from).take(LISTED).collect();
        let mut shown = Self { messages, total, zones: HashMap::new(), deliveries: BTreeMap::new() };
        for message in shown.messages.clone() {
            shown.learn(stack, &message).await;
        }
        let mut wanted: BTreeMap<AccountId, Vec<_>> = BTreeMap::new();
        for message in &shown.messages {
            if let (Some(account), Some(Ok(delivery))) = (account(message), message.delivery_id().map(str::parse)) {
                wanted.entry(account).or_default().push(delivery);
            }
        }
        for (account, ids) in wanted {
            // a page without names is better than none
            let found = stack.app.platform.store.deliveries_by_id(Scope::of_own_message(account), ids).await.unwrap_or_default();
            shown.deliveries.extend(found.into_iter().map(|delivery| (delivery.id.as_str().to_owned(), delivery)));
        }
        shown
    }

    /// One mail alone.
    async fn of(stack: &Stack, message: &Arc<Message>) -> Self {
        let mut shown = Self { messages: vec![Arc::clone(message)], total: 1, zones: HashMap::new(), deliveries: BTreeMap::new() };
        shown.learn(stack, message).await;
        shown
    }

    /// Reads the zone of a message's account, once.
    async fn learn(&mut self, stack: &Stack, message: &Message) {
        let Some(id) = account(message) else { return };
        if let Entry::Vacant(unknown) = self.zones.entry(id) {
            let account = stack.app.platform.store.account(Scope::of_own_message(id)).await;
            unknown.insert(account.ok().flatten().map_or(Tz::UTC, |account| account.time_zone));
        }
    }

    fn zone(&self, message: &Message) -> Tz {
        account(message).and_then(|id| self.zones.get(&id).copied()).unwrap_or(Tz::UTC)
    }

    fn delivery(&self, message: &Message) -> Option<&Delivery> {
        self.deliveries.get(message.delivery_id()?)
    }

    fn name(&self, message: &Message) -> Option<&str> {
        self.delivery(message)?.recipient.name.as_deref()
    }
}

/// The account a message was sent for: its tag `a`.
fn account(message: &Message) -> Option<AccountId> {
    message.tags.get("a")?.parse().ok()
}

async fn show(stack: &Stack, asked: &Asked, id: Option<&str>, open: Open<'_>) -> Response {
    let mut shown = Shown::load(stack, asked).await;
    let message = match id {
        Some(id) => stack.ses.message(id),
        None => shown.messages.first().cloned(),
    };
    if let Some(message) = &message {
        shown.learn(stack, message).await;
    }
    let reason = match &message {
        Some(message) => why(stack, message).await,
        None => None,
    };
    let status = if id.is_some() && message.is_none() { StatusCode::NOT_FOUND } else { StatusCode::OK };
    let now = stack.clock.now();
    let body = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { @if let Some(message) = &message { (message.subject) " · " } "Mailbox · Cairn" }
                link rel="icon" href=(ICON);
                link rel="stylesheet" href="/local/app.css";
                script type="module" src="/local/app.js" {}
            }
            body {
                a.skip href="#mail" { "Skip to the mail" }
                (bar(stack, &shown, now))
                main.chosen[id.is_some()] data-mark=(mark(stack)) {
                    (list(&shown, asked, message.as_deref(), now))
                    @match (&open, &message) {
                        (Open::Draft(draft), Some(message)) => (reply::draft_pane(&shown, asked, message, draft)),
                        (Open::Became(became), Some(message)) => (reply::became_pane(asked, message, became)),
                        (Open::Mail | Open::Draft(_) | Open::Became(_), _) => {
                            @let answered_at = message.as_deref().and_then(|message| reply::answered_at(message, &stack.app.config.reply_domain));
                            (pane(&shown, asked, message.as_deref(), reason.as_ref(), id.is_some(), answered_at.is_some(), now))
                        }
                    }
                }
            }
        }
    };
    let mut response = page(body);
    *response.status_mut() = status;
    response
}

/// Changes whenever the list does.
fn mark(stack: &Stack) -> String {
    let messages = stack.ses.messages();
    format!("{} {}", messages.len(), messages.last().map_or("", |message| &message.id))
}

async fn pulse(State(stack): State<Arc<Stack>>) -> Json<Value> {
    let latest = stack.ses.messages().last().cloned();
    let mut shown = Shown { messages: latest.into_iter().collect(), total: 0, zones: HashMap::new(), deliveries: BTreeMap::new() };
    for message in shown.messages.clone() {
        shown.learn(&stack, &message).await;
    }
    Json(json!({ "mark": mark(&stack), "now": time(&shown, stack.clock.now()).into_string() }))
}

/// What the clock shows, where the latest mail comes from.
fn time(shown: &Shown, now: DateTime<Utc>) -> Markup {
    let zone = shown.messages.first().map_or(Tz::UTC, |message| shown.zone(message));
    let local = now.with_timezone(&zone);
    html! {
        span { (local.format("%a %-d %b %Y")) }
        b { (local.format("%H:%M")) }
        small { (place(zone)) }
    }
}

/// A zone as people say it.
fn place(zone: Tz) -> String {
    zone.name().rsplit('/').next().unwrap_or_default().replace('_', " ")
}

fn bar(stack: &Stack, shown: &Shown, now: DateTime<Utc>) -> Markup {
    let step = |seconds: u32, text: &str, words: &str| {
        html! { button.button name="by" value=(seconds) title=(words) data-busy="moving …" { (text) } }
    };
    html! {
        header.bar {
            a.brand href="/local/mailbox" { (logo("logo")) "Cairn" span.pill { "local" } }
            form.clock method="post" action="/local/mailbox/clock" {
                (icon("M12 7v5l3 2M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0"))
                time #now datetime=(written(now)) title="The clock everything here goes by" { (time(shown, now)) }
                span.steps {
                    (step(3_600, "+1 hour", "Let an hour pass, and everything that falls due in it happen"))
                    (step(86_400, "+1 day", "Let a day pass, and everything that falls due in it happen"))
                    (step(604_800, "+1 week", "Let a week pass, and everything that falls due in it happen"))
                }
            }
            nav.links aria-label="More" {
                a.button.quiet href="/openapi.json" { "OpenAPI" }
                a.button.quiet.long href="/local/mail" title="The same mails for programs" { "JSON" }
                a.button.quiet.long href="/local/environment" title="Stand-ins for DynamoDB, S3, SES and Scheduler, and how functions find them" { "AWS :" (stack.endpoint.address().port()) }
            }
        }
    }
}

fn list(shown: &Shown, asked: &Asked, open: Option<&Message>, now: DateTime<Utc>) -> Markup {
    let mut days: Vec<(NaiveDate, Vec<&Message>)> = Vec::new();
    for message in &shown.messages {
        let day = message.sent_at.with_timezone(&shown.zone(message)).date_naive();
        match days.last_mut().filter(|(last, _)| *last == day) {
            Some((_, mails)) => mails.push(message),
            None => days.push((day, vec![message])),
        }
    }
    let zone = shown.messages.first().map_or(Tz::UTC, |message| shown.zone(message));
    let today = now.with_timezone(&zone).date_naive();
    let older = asked.from + shown.messages.len();
    html! {
        section.list aria-label="Mails" {
            div.tools {
                form.search role="search" action="/local/mailbox" {
                    (icon("m21 21-4.3-4.3M19 11a8 8 0 1 1-16 0 8 8 0 0 1 16 0"))
                    input type="search" name="q" value=(asked.q) placeholder="Search recipients" aria-label="Search recipients and subjects" autocomplete="off";
                }
                span.pill title="Mails" { (shown.total) }
                form method="post" action="/local/mailbox/empty" { button.button disabled[shown.total == 0 && asked.q.is_empty()] { "Empty" } }
            }
            div.days {
                @if shown.messages.is_empty() {
                    p.none { @if asked.q.is_empty() { "No mail yet." } @else { "No mail to or about “" (asked.q) "”." } }
                }
                @for (day, mails) in &days {
                    h2 { (day_words(*day, today)) span { (mails.len()) } }
                    ol { @for mail in mails { li { (row(shown, asked, mail, open)) } } }
                }
                @if older < shown.total {
                    a.more href=(Asked { from: older, ..asked.clone() }.link("")) { "Show older (" (shown.total - older) ")" }
                }
            }
        }
    }
}

fn day_words(day: NaiveDate, today: NaiveDate) -> String {
    let date = if today - day < Duration::days(300) { day.format("%A, %-d %B") } else { day.format("%A, %-d %B %Y") };
    match (today - day).num_days() {
        0 => format!("Today · {date}"),
        1 => format!("Yesterday · {date}"),
        _ => date.to_string(),
    }
}

fn row(shown: &Shown, asked: &Asked, message: &Message, open: Option<&Message>) -> Markup {
    let to = message.to.join(", ");
    let current = open.is_some_and(|open| open.id == message.id).then_some("true");
    let link = Asked { view: View::Mail, ..asked.clone() }.link(&message.id);
    html! {
        a.mail href=(link) aria-current=[current] {
            (avatar(shown.name(message), &to))
            span.to title=(to) dir="auto" { (shown.name(message).unwrap_or(&to)) }
            time datetime=(written(message.sent_at)) { (message.sent_at.with_timezone(&shown.zone(message)).format("%H:%M")) }
            span.subject dir="auto" { (message.subject) }
            span.snippet { (snippet(message)) }
        }
    }
}

/// The beginning of what a mail says.
fn snippet(message: &Message) -> String {
    let is_text = |line: &&str| line.chars().any(char::is_alphanumeric) && !line.starts_with("http");
    let lines = message.text.as_deref().unwrap_or_default().lines().map(|line| line.trim_start_matches(['|', ' ']).trim()).filter(is_text);
    let text = lines.skip(2).take(6).collect::<Vec<_>>().join(" · ");
    text.chars().take(140).collect()
}

fn avatar(name: Option<&str>, address: &str) -> Markup {
    let words = name.unwrap_or(address).split([' ', '.', '@', '-', '_']).filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let letters: String = words.take(2).flat_map(char::to_uppercase).collect();
    let hue = address.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte))) % 8;
    html! { span class={ "avatar c" (hue) } aria-hidden="true" { (letters) } }
}

/// Why a mail was sent, and what became of it.
struct Why {
    because: Markup,
    outcome: Outcome,
    reason: Option<String>,
}

/// Looks up what a mail was about; `None` for one that was not sent by this deployment.
async fn why(stack: &Stack, message: &Message) -> Option<Why> {
    let scope = Scope::of_own_message(account(message)?);
    let store = &stack.app.platform.store;
    let delivery = store.delivery(scope, &message.delivery_id()?.parse().ok()?).await.ok()??;
    let because = match &delivery.mail {
        Mail::Report { report_id, run_id, .. } => {
            let report = store.report(scope, *report_id).await.ok()?;
            let run = store.run(scope, *run_id).await.ok()??;
            let zone = report.as_ref().map_or(Tz::UTC, |report| report.definition.time_zone);
            let at = |time: DateTime<Utc>, format: &'static str| time.with_timezone(&zone).format(format);
            let cause = match run.cause {
                Cause::Schedule => "scheduled for",
                Cause::Appointment { .. } => "for an appointment, due",
                Cause::Manual { .. } => "sent by hand on",
            };
            html! {
                span { "Report " b dir="auto" { (report.map_or_else(|| "(deleted)".to_owned(), |report| report.definition.name)) } }
                span { (cause) " " (at(run.scheduled_at, "%a %-d %b, %H:%M")) }
                span { "covers " (at(run.window.from, "%-d %b %H:%M")) " – " (at(run.window.to, "%-d %b %H:%M")) }
            }
        }
        Mail::OffTrack { since, .. } => html! { span { "Notice: an engagement is off track since " b { (since.format("%-d %b")) } } },
        Mail::OffTrackDigest { on, .. } => html! { span { "Engagements that went off track: digest of " b { (on.format("%-d %b")) } } },
        Mail::Invitation { .. } => html! { span { "Invitation to the portal" } },
        Mail::SignIn { .. } => html! { span { "Link to sign in with" } },
        Mail::PortalChanged { active } => html! { span { "Notice: the portal was switched " (if *active { "on" } else { "off" }) } },
        Mail::Comment { .. } => html! { span { "Comment of the other party, forwarded" } },
        Mail::CommentRefused { why, .. } => html! { span { "Notice: a mail did not become a comment (" (why.name()) ")" } },
        Mail::RunLate { report, .. } => html! { span { "Notice: a run of " b { (report) } " was late" } },
        Mail::Unsubscribed { report, .. } => html! { span { "Notice: somebody unsubscribed from " b { (report) } } },
        Mail::AddressSuppressed { report, .. } => html! { span { "Notice: an address of " b { (report) } " takes no more mail" } },
        Mail::ReportPaused { report, .. } => html! { span { "Notice: " b { (report) } " was paused" } },
    };
    Some(Why { because, outcome: delivery.outcome(), reason: delivery.reason })
}

fn pane(
    shown: &Shown,
    asked: &Asked,
    message: Option<&Message>,
    why: Option<&Why>,
    chosen: bool,
    answerable: bool,
    now: DateTime<Utc>,
) -> Markup {
    let Some(message) = message else {
        return html! {
            article.pane #mail {
                div.empty {
                    (logo("stones"))
                    @if chosen {
                        h1 { "This mail is gone" }
                        p { "The mailbox was emptied. " a href="/local/mailbox" { "See what is there" } "." }
                    } @else {
                        h1 { "Nothing here yet" }
                        p { "Every mail that would leave lands here instead. Set up a report and send it, or let a week pass with the clock above." }
                    }
                }
            }
        };
    };
    let (to, zone) = (message.to.join(", "), shown.zone(message));
    let sent = message.sent_at.with_timezone(&zone);
    let tab = |view: View, name: &str| {
        let current = (asked.view == view).then_some("page");
        html! { a href=(Asked { view, ..asked.clone() }.link(&message.id)) aria-current=[current] { (name) } }
    };
    let shade = |shade: Option<Shade>, name: &str| {
        let current = (asked.shade == shade).then_some("true");
        html! { a.shade href=(Asked { shade, ..asked.clone() }.link(&message.id)) aria-current=[current] { (name) } }
    };
    html! {
        article.pane #mail {
            header.head {
                a.back href=(Asked { view: View::Mail, ..asked.clone() }.link("")) { (icon("M19 12H5m7-7-7 7 7 7")) "All mails" }
                h1 dir="auto" { (message.subject) }
                div.people {
                    (avatar(shown.name(message), &to))
                    p {
                        @if let Some(name) = shown.name(message) { b dir="auto" { (name) } " " span.dim { (to) } } @else { b { (to) } }
                        small { "from " (message.from) @if !message.reply_to.is_empty() { " · replies to " (message.reply_to.join(", ")) } }
                    }
                    p.when {
                        (sent.format("%a %-d %b %Y, %H:%M")) " " span.dim { (place(zone)) }
                        small { (ago(now - message.sent_at)) }
                    }
                }
                @if let Some(why) = why {
                    p.why {
                        (outcome(why))
                        (why.because)
                        @if let Some(id) = message.delivery_id() { code title="The delivery’s id" { (id) } }
                    }
                }
            }
            nav.tabs aria-label="How to look at it" {
                @for (view, _, name) in View::ALL { (tab(view, name)) }
                @if answerable { a.reply href={ "/local/mailbox/" (message.id) "/reply" } { (icon("M9 17 4 12l5-5M4 12h11a5 5 0 0 1 5 5v1")) "Reply" } }
                @if matches!(asked.view, View::Mail | View::Phone) {
                    (shade(None, "Auto")) (shade(Some(Shade::Light), "Light")) (shade(Some(Shade::Dark), "Dark"))
                }
            }
            (sheet(asked, message))
        }
    }
}

fn outcome(why: &Why) -> Markup {
    let class = match why.outcome {
        Outcome::Sent => "pill good",
        Outcome::Failed | Outcome::Bounced => "pill bad",
        Outcome::Due | Outcome::Held | Outcome::Skipped => "pill warn",
    };
    html! { span class=(class) title=[why.reason.as_deref()] { (serde_json::to_value(why.outcome).ok().and_then(|word| Some(word.as_str()?.to_owned())).unwrap_or_default()) } }
}

fn ago(since: Duration) -> String {
    let some = |n: i64, unit: &str| format!("{n} {unit}{} ago", if n == 1 { "" } else { "s" });
    match (since.num_days(), since.num_hours(), since.num_minutes()) {
        (0, 0, 0) => "just now".to_owned(),
        (0, 0, minutes) => some(minutes, "minute"),
        (0, hours, _) => some(hours, "hour"),
        (days, ..) => some(days, "day"),
    }
}

fn sheet(asked: &Asked, message: &Message) -> Markup {
    let framed = |phone: bool| {
        let shade = match asked.shade {
            Some(Shade::Light) => "light",
            Some(Shade::Dark) => "dark",
            None => "",
        };
        html! {
            div.sheet.framed.phone[phone] {
                @if message.html.is_some() {
                    iframe class=(shade) src={ "/local/mail/" (message.id) "/html" } title=(message.subject)
                        sandbox=(SANDBOX) referrerpolicy="no-referrer" {}
                } @else {
                    pre dir="auto" { (message.text.as_deref().unwrap_or("This mail has no text.")) }
                }
            }
        }
    };
    match asked.view {
        View::Mail => framed(false),
        View::Phone => framed(true),
        View::Text => html! { div.sheet { pre dir="auto" { (message.text.as_deref().unwrap_or("This mail has no text part.")) } } },
        View::Source => html! { div.sheet tabindex="0" { pre.source { (message.raw()) } } },
        View::Headers => html! { div.sheet { (headers(message)) } },
    }
}

fn headers(message: &Message) -> Markup {
    let line = |name: &str, value: &str| html! { dt { (name) } dd { (value) } };
    html! {
        dl {
            (line("From", &message.from))
            (line("To", &message.to.join(", ")))
            @if !message.reply_to.is_empty() { (line("Reply-To", &message.reply_to.join(", "))) }
            (line("Subject", &message.subject))
            (line("Date", &message.sent_at.to_rfc2822()))
            @for (name, value) in &message.headers { (line(name, value)) }
            @if let Some(set) = &message.configuration_set { (line("Configuration set", set)) }
            @if !message.tags.is_empty() {
                (line("Tags", &message.tags.iter().map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", ")))
            }
            (line("SES id", &message.id))
            @if !message.attachments.is_empty() {
                dt { "Parts" }
                dd {
                    @for (n, part) in message.attachments.iter().enumerate() {
                        @if n > 0 { ", " }
                        a href={ "/local/mail/" (message.id) "/parts/" (n) } target="_blank" { (part.file_name) }
                        " " span.dim { (part.bytes.len().div_ceil(1024)) " kB" }
                    }
                }
            }
            @let html = message.html.as_ref().map_or(0, String::len);
            (line("Size", &format!("{:.1} kB of HTML, {:.1} kB in all", html as f64 / 1000.0, message.raw().len() as f64 / 1000.0)))
            dt { "Whole" } dd { a href={ "/local/mail/" (message.id) "/raw" } download={ (message.id) ".eml" } { "Download as .eml" } }
        }
    }
}

fn find(stack: &Stack, id: &str) -> Result<Arc<Message>, Refused> {
    stack.ses.message(id).ok_or_else(|| Refused::new(StatusCode::NOT_FOUND, "there is no such message"))
}

/// A mail's HTML with its pictures inside, and links that open a window of their own.
async fn mail_html(State(stack): State<Arc<Stack>>, Path(id): Path<String>) -> Result<Response, Refused> {
    let message = find(&stack, &id)?;
    let mut html = message.html.clone().ok_or_else(|| Refused::new(StatusCode::NOT_FOUND, "this message has no HTML"))?;
    for part in &message.attachments {
        if let (Some(id), Some(kind)) = (&part.content_id, picture(part)) {
            html = html.replace(&format!("cid:{id}"), &format!("data:{kind};base64,{}", BASE64.encode(&part.bytes)));
        }
    }
    html = reply::with_forms(&html, &message.id, &stack.app.config.reply_domain);
    const BASE: &str = "<base target=\"_blank\">";
    let at = html.find("<head>").map_or(0, |at| at + "<head>".len());
    html.insert_str(at, BASE);
    Ok(answer(MAIL_POLICY, "text/html; charset=utf-8", html))
}

async fn mail_raw(State(stack): State<Arc<Stack>>, Path(id): Path<String>) -> Result<Response, Refused> {
    Ok(answer(PART_POLICY, "message/rfc822", find(&stack, &id)?.raw()))
}

async fn mail_part(State(stack): State<Arc<Stack>>, Path((id, part)): Path<(String, usize)>) -> Result<Response, Refused> {
    let message = find(&stack, &id)?;
    let part = message.attachments.get(part).ok_or_else(|| Refused::new(StatusCode::NOT_FOUND, "the message has no such part"))?;
    Ok(answer(PART_POLICY, picture(part).unwrap_or("application/octet-stream"), part.bytes.clone()))
}

/// The media type of a part that a browser may show.
fn picture(part: &Attachment) -> Option<&'static str> {
    ["image/png", "image/jpeg", "image/gif"].into_iter().find(|kind| part.content_type.eq_ignore_ascii_case(kind))
}

#[derive(Deserialize)]
struct Step {
    by: u32,
}

async fn move_clock(State(stack): State<Arc<Stack>>, headers: HeaderMap, Form(step): Form<Step>) -> Result<Redirect, Refused> {
    own(&headers)?;
    stack.advance(stack.clock.now() + Duration::seconds(i64::from(step.by))).await?;
    Ok(Redirect::to("/local/mailbox"))
}

async fn empty(State(stack): State<Arc<Stack>>, headers: HeaderMap) -> Result<Redirect, Refused> {
    own(&headers)?;
    stack.ses.empty()?;
    Ok(Redirect::to("/local/mailbox"))
}

/// Refuses forms of other pages that a browser happens to have open.
pub(crate) fn own(headers: &HeaderMap) -> Result<(), Refused> {
    match headers.get("sec-fetch-site").map(axum::http::HeaderValue::as_bytes) {
        None | Some(b"same-origin" | b"none") => Ok(()),
        Some(_) => Err(Refused::new(StatusCode::FORBIDDEN, "only this page's own forms do this")),
    }
}

/// Three stones on one another.
const STONES: &str = "<ellipse cx=\"12\" cy=\"18.6\" rx=\"8.6\" ry=\"3.6\"/><ellipse cx=\"11.4\" cy=\"11.6\" rx=\"5.9\" ry=\"2.9\"/>\
                      <ellipse cx=\"12.3\" cy=\"5.6\" rx=\"3.4\" ry=\"2.3\"/>";
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='9' fill='%234a45c9'/%3E\
                    %3Cg fill='%23fff'%3E%3Cellipse cx='16' cy='22.6' rx='8.6' ry='3.6'/%3E%3Cellipse cx='15.4' cy='15.6' rx='5.9' ry='2.9'/%3E\
                    %3Cellipse cx='16.3' cy='9.6' rx='3.4' ry='2.3'/%3E%3C/g%3E%3C/svg%3E";

fn logo(class: &str) -> Markup {
    html! { svg class=(class) viewBox="0 0 24 24" aria-hidden="true" { (PreEscaped(STONES)) } }
}

fn icon(path: &str) -> Markup {
    html! { svg.i viewBox="0 0 24 24" aria-hidden="true" { path d=(path) {} } }
}
