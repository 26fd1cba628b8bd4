//! Answers to mails of the mailbox: written here, sent as a mail program would, and taken in as SES would.

use std::sync::Arc;

use axum::extract::{Form, Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{Redirect, Response};
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::Value;

use super::{Asked, Open, Shown, View, encode, find, icon, own, show};
use crate::gateway::{Refused, refused_or_failed};
use crate::ses::receiving::{Verdicts, is_at};
use crate::ses::{Message, mime};
use crate::stack::Stack;

/// An answer that is being written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Draft {
    from: String,
    to: String,
    subject: String,
    text: String,
    /// Whether the mail it answers stands below it. Browsers say "on", or nothing.
    quote: Option<String>,
    /// What SES finds out about its sender.
    verdicts: Checked,
}

/// What SES finds out about the sender of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Checked {
    #[default]
    Pass,
    Gray,
    Fail,
    None,
}

impl Checked {
    const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Pass, "pass", "its domain stands by it"),
        (Self::Gray, "gray", "its domain says nothing"),
        (Self::Fail, "fail", "its domain denies it"),
        (Self::None, "none", "nobody checked"),
    ];
}

/// Where a mail can be answered: the first of its Reply-To addresses that mail is received for here.
pub(super) fn answered_at<'a>(message: &'a Message, reply_domain: &str) -> Option<&'a str> {
    message.reply_to.iter().map(|address| bare(address)).find(|address| is_at(address, reply_domain))
}

fn bare(address: &str) -> &str {
    address.rsplit_once('<').map_or(address, |(_, inner)| inner.trim_end_matches('>'))
}

/// A mail's HTML with its links to write to us leading to the form.
pub(super) fn with_forms(html: &str, id: &str, reply_domain: &str) -> String {
    const LINK: &str = "href=\"mailto:";
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(LINK) {
        let (before, link) = rest.split_at(at);
        out.push_str(before);
        let link = &link[LINK.len()..];
        let Some(end) = link.find('"') else {
            out.push_str(LINK);
            rest = link;
            continue;
        };
        let written = link[..end].replace("&amp;", "&");
        let (to, query) = written.split_once('?').unwrap_or((&written, ""));
        let read = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let to = read(to);
        match is_at(&to, reply_domain) {
            true => {
                let subject = query.split('&').find_map(|pair| pair.strip_prefix("subject=")).map(read).unwrap_or_default();
                let form = format!("/local/mailbox/{id}/reply?to={}&amp;subject={}", encode(&to), encode(&subject));
                out.push_str(&format!("href=\"{form}\" target=\"_top\""));
            }
            false => out.push_str(&format!("{LINK}{}\"", &link[..end])),
        }
        rest = &link[end + 1..];
    }
    out.push_str(rest);
    out
}

/// The form: to the address that a link names, or an answer to the mail as a whole.
pub(super) async fn form(
    State(stack): State<Arc<Stack>>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    Query(mut draft): Query<Draft>,
) -> Result<Response, Refused> {
    let message = find(&stack, &id)?;
    if draft.to.is_empty() {
        draft.to = answered_at(&message, &stack.app.config.reply_domain).unwrap_or_default().to_owned();
        draft.subject = subject(&message.subject);
        draft.quote = Some("on".into());
    }
    if draft.from.is_empty() {
        draft.from = message.to.first().cloned().unwrap_or_default();
    }
    Ok(show(&stack, &asked, Some(&id), Open::Draft(&draft)).await)
}

fn subject(of: &str) -> String {
    if of.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("re:")) { of.to_owned() } else { format!("Re: {of}") }
}

/// Sends the answer, lets what follows from it happen, and says what became of it.
pub(super) async fn send(
    State(stack): State<Arc<Stack>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Form(draft): Form<Draft>,
) -> Result<Redirect, Refused> {
    own(&headers)?;
    let message = find(&stack, &id)?;
    let now = stack.clock.now();
    let shown = Shown::of(&stack, &message).await;
    let raw = mail(&draft, &message, now, &wrote(&shown, &message));
    let verdicts = match draft.verdicts {
        Checked::Pass => Verdicts::PASS,
        Checked::Gray => Verdicts::GRAY,
        Checked::Fail => Verdicts::FAIL,
        Checked::None => Verdicts::NONE,
    };
    let to = [draft.to.trim().to_owned()];
    let became = stack.receive(bare(draft.from.trim()), &to, raw.as_bytes(), verdicts).await.map_err(refused_or_failed)?;
    stack.settle().await?;
    Ok(Redirect::to(&format!("/local/mailbox/{id}/replied?became={}", encode(&became.to_string()))))
}

/// What became of an answer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Replied {
    became: String,
}

/// The page after an answer.
pub(super) async fn replied(
    State(stack): State<Arc<Stack>>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    Query(replied): Query<Replied>,
) -> Response {
    let became = serde_json::from_str(&replied.became).unwrap_or_default();
    show(&stack, &asked, Some(&id), Open::Became(&became)).await
}

/// The answer as a mail program writes it (RFC 5322), with the mail it answers below it if that is wanted.
fn mail(draft: &Draft, message: &Message, now: DateTime<Utc>, wrote: &str) -> String {
    let line = |text: &str| text.split(['\r', '\n']).collect::<Vec<_>>().join(" ").trim().to_owned();
    let answered = format!("<{}@{}>", message.id, mime::host());
    let before = message.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("References")).map(|(_, value)| format!("{value} "));
    let mut text = draft.text.replace("\r\n", "\n");
    if draft.quote.is_some() {
        let original = message.text.as_deref().unwrap_or_default();
        let quoted = original.lines().map(|line| if line.is_empty() { ">".to_owned() } else { format!("> {line}") });
        text = format!("{}\n\n{wrote}\n{}\n", text.trim_end(), quoted.collect::<Vec<_>>().join("\n"));
    }
    let headers = [
        ("From", line(&draft.from)),
        ("To", line(&draft.to)),
        ("Subject", mime::encode_words(&line(&draft.subject))),
        ("Date", now.to_rfc2822()),
        ("Message-ID", format!("<{}@mailbox.local>", crate::uuid(ulid::Ulid::generate().into()))),
        ("In-Reply-To", answered.clone()),
        ("References", format!("{}{answered}", before.unwrap_or_default())),
        ("MIME-Version", "1.0".to_owned()),
        ("Content-Type", "text/plain; charset=utf-8".to_owned()),
        ("Content-Transfer-Encoding", "quoted-printable".to_owned()),
    ];
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("{headers}\r\n{}\r\n", mime::quote(&text))
}

/// The line above what is quoted.
fn wrote(shown: &Shown, message: &Message) -> String {
    let sent = message.sent_at.with_timezone(&shown.zone(message));
    format!("On {}, {} wrote:", sent.format("%a, %-d %b %Y at %H:%M"), message.from)
}

/// The form in the place of the mail.
pub(super) fn draft_pane(shown: &Shown, asked: &Asked, message: &Message, draft: &Draft) -> Markup {
    let back = Asked { view: View::Mail, ..asked.clone() }.link(&message.id);
    html! {
        article.pane #mail {
            header.head {
                a.to-mail href=(back) { (icon("M19 12H5m7-7-7 7 7 7")) "Back to “" span dir="auto" { (message.subject) } "”" }
                h1 dir="auto" { (draft.subject) }
            }
            form.draft method="post" action={ "/local/mailbox/" (message.id) "/reply" } {
                label { span { "From" } input name="from" value=(draft.from) required autocomplete="off" spellcheck="false"; }
                label { span { "To" } input name="to" value=(draft.to) required autocomplete="off" spellcheck="false"; }
                label { span { "Subject" } input name="subject" value=(draft.subject) autocomplete="off" dir="auto"; }
                textarea name="text" aria-label="Text" rows="9" placeholder="Write as in any mail program …" dir="auto" autofocus {
                    // a newline at the start of a text area belongs to its tag
                    "\n" (draft.text)
                }
                div.send {
                    button.button.first data-busy="sending …" { (icon("m22 2-7 20-4-9-9-4zM22 2 11 13")) "Send" }
                    label.check { input type="checkbox" name="quote" checked[draft.quote.is_some()]; "Quote the mail below" }
                    label.verdicts {
                        "SES finds that "
                        select name="verdicts" title="What SES finds out about the sender" {
                            @for (checked, name, words) in Checked::ALL { option value=(name) selected[draft.verdicts == checked] { (words) } }
                        }
                    }
                }
                @if let Some(text) = &message.text {
                    details open[draft.quote.is_some()] {
                        summary { (wrote(shown, message)) }
                        pre dir="auto" { (text) }
                    }
                }
            }
        }
    }
}

/// What became of an answer, in the place of the mail.
pub(super) fn became_pane(asked: &Asked, message: &Message, became: &Value) -> Markup {
    let (title, class, words) = match became["decision"].as_str() {
        Some("stored") => ("It is a comment now", "pill good", "It stands on the item, and whoever is to hear of it has mail."),
        Some("duplicate") => ("It is a comment already", "pill warn", "The same mail came before; nothing more was done."),
        Some("held") => ("It is held", "pill warn", "The person whom it says to come from has mail with a link to confirm it."),
        Some("refused") => ("It was refused", "pill bad", "It is no comment. Where its sender is to hear why, they have mail."),
        Some(_) | None => ("It was taken in", "pill", ""),
    };
    html! {
        article.pane #mail {
            div.empty {
                span class=(class) { (became["decision"].as_str().unwrap_or("?")) }
                h1 { (title) }
                @if let Some(reason) = became["reason"].as_str() { p { "Reason: " b { (reason.replace('_', " ")) } } }
                p { (words) }
                pre.decision { (serde_json::to_string_pretty(became).unwrap_or_default()) }
                p.after {
                    a.button href="/local/mailbox" { "See the newest mail" }
                    a.button.quiet href=(Asked { view: View::Mail, ..asked.clone() }.link(&message.id)) { "Back to the mail" }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_that_write_to_us_lead_to_the_form() {
        let html = concat!(
            "<a href=\"mailto:reply+abc@reply.cairn.example?subject=Re%3A%20R%26D%20%2B%201&amp;body=x\" aria-label=\"c\">💬</a>",
            "<a href=\"mailto:ada@onward.example?subject=x\">Ada</a><a href=\"https://x.example\">x</a><a href=\"mailto:",
        );
        let expected = concat!(
            "<a href=\"/local/mailbox/m1/reply?to=reply%2Babc@reply.cairn.example&amp;subject=Re%3A%20R%26D%20%2B%201\" target=\"_top\" aria-label=\"c\">💬</a>",
            "<a href=\"mailto:ada@onward.example?subject=x\">Ada</a><a href=\"https://x.example\">x</a><a href=\"mailto:",
        );
        assert_eq!(with_forms(html, "m1", "reply.cairn.example"), expected);
    }
}
