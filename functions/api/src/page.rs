//! The pages that people use, most of them by a link in a mail: no scripts, nothing loaded, one style sheet within.

pub(crate) mod sign_in;

use std::sync::LazyLock;

use app::engagements::nudge::{NudgePage, Over, Stands};
use app::inbound::{Became, ConfirmPage};
use app::off_track::StopPage;
use app::portal::InvitationPage;
use app::reports::UnsubscribePage;
use app::token::{Nudging, Stopped};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono_tz::Tz;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

const STYLE: &str = "\
:root{color-scheme:light dark;--bg:light-dark(#f7f7f9,#101014);--surface:light-dark(#fff,#17171c);--line:light-dark(#e6e6ec,#2a2a33);\
--text:light-dark(#17171f,#ededf2);--muted:light-dark(#5f5f6e,#9d9dac);--accent:light-dark(#4a45c9,#8f8bff);--on-accent:light-dark(#fff,#101014);\
--bad:light-dark(#b3261e,#ff8a80);--good:light-dark(#14733c,#4cc38a);--good-soft:light-dark(#e6f5ec,#12301f)}\
*{box-sizing:border-box;margin:0}\
html{font:16px/24px Inter,system-ui,-apple-system,\"Segoe UI\",Roboto,sans-serif;color:var(--text);background:var(--bg);-webkit-text-size-adjust:100%}\
body{min-height:100vh;min-height:100dvh;display:grid;grid-template-rows:1fr auto;justify-items:center;padding:24px 16px}\
main{align-self:center;width:100%;max-width:440px;background:var(--surface);border:1px solid var(--line);border-radius:14px;padding:32px;\
box-shadow:0 12px 32px -16px light-dark(#17172026,#000000b3)}\
.mark{display:flex;align-items:center;gap:10px;font-weight:640;font-size:15px;letter-spacing:-.015em;margin-bottom:24px}\
.mark svg{width:26px;height:26px;padding:4px;border-radius:8px;background:var(--accent);fill:none;stroke:var(--on-accent);stroke-width:2.4;\
stroke-linecap:round;stroke-linejoin:round}\
h1{font-size:22px;line-height:30px;font-weight:640;letter-spacing:-.018em;text-wrap:balance;margin-bottom:12px;overflow-wrap:anywhere}\
p{color:var(--muted);overflow-wrap:anywhere}p+p{margin-top:8px}b{color:var(--text);font-weight:560}\
form{margin-top:24px}\
button{font:inherit;font-weight:560;width:100%;min-height:46px;padding:10px 18px;border:0;border-radius:10px;background:var(--accent);color:var(--on-accent);cursor:pointer}\
label{display:block;color:var(--text);font-weight:560;margin-bottom:6px}\
select,input{font:inherit;width:100%;min-height:46px;padding:10px 12px;margin-bottom:16px;border:1px solid var(--line);border-radius:10px;background:var(--bg);color:var(--text)}\
.fault{color:var(--bad);margin-top:16px}\
button:hover{background:color-mix(in oklab,var(--accent),#000 10%)}\
:focus-visible{outline:2px solid var(--accent);outline-offset:3px}\
.done{display:inline-block;padding:3px 12px;border-radius:14px;background:var(--good-soft);color:var(--good);font-weight:560;font-size:14px;margin-bottom:14px}\
.wide{align-self:start;max-width:640px}\
a{color:var(--accent);text-underline-offset:2px}\
.button{display:flex;align-items:center;justify-content:center;margin-top:24px;min-height:46px;padding:10px 18px;border-radius:10px;\
background:var(--accent);color:var(--on-accent);font-weight:560;text-decoration:none}\
.button:hover{background:color-mix(in oklab,var(--accent),#000 10%)}\
p.fault{margin:0 0 16px}\
input[type=radio]{width:20px;min-height:20px;height:20px;margin:0;flex:none;accent-color:var(--accent)}\
fieldset{border:0;padding:0;margin-bottom:20px}legend{padding:0;margin-bottom:12px;color:var(--muted)}\
.choice{display:flex;align-items:center;gap:12px;padding:12px 14px;margin-bottom:8px;border:1px solid var(--line);border-radius:10px;font-weight:400;cursor:pointer}\
.choice span{min-width:0;overflow-wrap:anywhere}\
h2{font-size:16px;line-height:24px;font-weight:620;letter-spacing:-.01em;margin-bottom:8px}\
section{margin-top:28px;padding-top:24px;border-top:1px solid var(--line)}\
dl{display:grid;grid-template-columns:auto 1fr;gap:6px 20px}dt{color:var(--muted)}dd{overflow-wrap:anywhere}\
.rows{list-style:none;padding:0;margin:12px 0 16px;border:1px solid var(--line);border-radius:10px}\
.rows li{display:grid;grid-template-columns:1fr auto;gap:0 12px;align-items:center;padding:10px 14px;overflow-wrap:anywhere}\
.rows li+li{border-top:1px solid var(--line)}.rows li>*{grid-column:1;min-width:0}\
.rows form{grid-column:2;grid-row:1/3;margin:0}\
.small{font-size:14px;line-height:20px;color:var(--muted)}\
.tag{display:inline-block;padding:0 8px;border-radius:10px;background:var(--good-soft);color:var(--good);font-size:13px;line-height:20px;white-space:nowrap}\
.side{display:flex;flex-wrap:wrap;gap:8px}.side form{margin:0}\
.quiet{width:auto;min-height:40px;padding:7px 14px;background:transparent;color:var(--text);border:1px solid var(--line);font-size:15px}\
.quiet:hover{background:var(--bg)}\
.once{margin-top:16px;padding:14px;border-radius:10px;background:var(--good-soft)}.once p{color:var(--text)}\
code{display:block;margin-top:10px;font:14px/20px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere;user-select:all}\
details{margin-top:8px}summary{color:var(--accent);font-weight:560;cursor:pointer;padding:8px 0}details form{margin-top:8px}\
@media(max-width:480px){main{padding:24px 20px}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:8px}}\
footer{padding-top:24px;font-size:13px;line-height:18px;color:var(--muted);text-align:center;max-width:440px}";

/// What the pages may load and do: their own style, their own form.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let digest = STANDARD.encode(Sha256::digest(STYLE));
    format!("default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
});

/// The content security policy of every page here.
pub(crate) fn policy() -> &'static str {
    &POLICY
}

/// What an unsubscribe link would end, or has ended.
pub(crate) fn unsubscribe(page: &UnsubscribePage) -> Markup {
    let content = html! {
        @if page.done {
            span.done { "✓ Unsubscribed" }
            h1 { "You won’t get this report any more" }
            p { "You are off the list of " b { (page.report) } " from " b { (page.account) } "." }
            p { "You can close this page. If you change your mind, ask whoever set the report up." }
        } @else {
            h1 { "Stop getting this report?" }
            p { "You get " b { (page.report) } " from " b { (page.account) } " by e-mail." }
            form method="post" { button type="submit" { "Unsubscribe" } }
        }
    };
    let footer =
        html! { @if !page.done { "Only this report ends, and nothing else changes. Nothing happens until you press the button." } };
    frame(if page.done { "Unsubscribed" } else { "Unsubscribe" }, &content, &footer)
}

/// What a link that switches mail on engagements off would end, or has ended.
pub(crate) fn stop(page: &StopPage) -> Markup {
    let content = html! {
        @if page.done {
            span.done { "✓ Unsubscribed" }
            h1 { "You won’t get such mail any more" }
            p { b { (page.account) } " sends you no more mail " (occasion(page.what)) "." }
            p { "You can close this page. If you change your mind, switch it on again in your settings, or ask " (page.account) " how." }
        } @else {
            h1 { "Stop getting such mail?" }
            p { "You get mail from " b { (page.account) } " " (occasion(page.what)) "." }
            form method="post" { button type="submit" { "Unsubscribe" } }
        }
    };
    let footer =
        html! { @if !page.done { "Only this kind of mail ends, and nothing else changes. Nothing happens until you press the button." } };
    frame(if page.done { "Unsubscribed" } else { "Unsubscribe" }, &content, &footer)
}

/// When such mail comes.
fn occasion(what: Stopped) -> &'static str {
    match what {
        Stopped::OffTrack => "when coaching is off track",
        Stopped::Comments => "when somebody comments on what you work on together",
    }
}

/// What a mail's confirmation asks, or what became of the mail.
pub(crate) fn confirm(page: &ConfirmPage) -> Markup {
    let content = match &page.became {
        None => html! {
            h1 { "Did you send this comment?" }
            p { b { (page.account) } " got a mail that says it comes from you, and could not be certain of it." }
            p { "If you answered one of our mails, confirm it. If you did not, just close this page: nobody sees the mail." }
            form method="post" { button type="submit" { "Yes, it is mine" } }
        },
        Some(Became::Stored { .. } | Became::Duplicate { .. }) => html! {
            span.done { "✓ Confirmed" }
            h1 { "Your comment is on record" }
            p { "It is passed on as if it had come at once. You can close this page." }
        },
        Some(Became::Held { .. } | Became::Refused { .. }) => html! {
            h1 { "This can’t become a comment any more" }
            p { "The mail is too old, or what it is about has changed. Please answer a newer mail from " b { (page.account) } "." }
        },
    };
    let footer = html! { @if page.became.is_none() { "Nothing happens until you press the button." } };
    frame("Your comment", &content, &footer)
}

/// What an invitation to the portal asks, or what became of it.
pub(crate) fn invitation(page: &InvitationPage, signed_in: bool) -> Markup {
    let (title, content, footer) = match page {
        InvitationPage::Open { account, first_name, time_zone, fault } => {
            let content = html! {
                h1 { "Welcome, " (first_name) }
                p { b { (account) } " invites you to your coaching portal: your sessions, actions, worksheets and notes in one place." }
                @if let Some(fault) = fault { p.fault role="alert" { (fault) } }
                form method="post" {
                    label for="time_zone" { "Your time zone" }
                    select id="time_zone" name="time_zone" required {
                        // names of places, and whatever zone is known already
                        @for zone in chrono_tz::TZ_VARIANTS.into_iter().filter(|zone| zone == time_zone || *zone == Tz::UTC || zone.name().contains('/')) {
                            option value=(zone.name()) selected[zone == *time_zone] { (zone.name().replace('_', " ")) }
                        }
                    }
                    button type="submit" { "Accept the invitation" }
                }
            };
            ("Your coaching portal", content, html! { "Nothing happens until you press the button. Times are shown to you in this zone." })
        }
        InvitationPage::Accepted { account } => {
            let content = html! {
                span.done { "✓ Accepted" }
                h1 { "Your portal is open" }
                p { b { (account) } " knows that you are there. " @if signed_in { "This browser is signed in." } @else { "You can close this page." } }
                a.button href=(if signed_in { "/home" } else { "/sign-in" }) { (if signed_in { "To your page" } else { "Sign in" }) }
            };
            ("Accepted", content, html! {})
        }
        InvitationPage::Expired { account } => {
            let content = html! {
                h1 { "This invitation has expired" }
                p { "An invitation works for 7 days. Ask " b { (account) } " for a new one." }
            };
            ("Invitation expired", content, html! {})
        }
        InvitationPage::Cancelled { account } => {
            let content = html! {
                h1 { "This invitation doesn’t count any more" }
                p { "It was taken back, or a newer one has taken its place: look for the latest mail, or ask " b { (account) } "." }
            };
            ("Invitation not valid", content, html! {})
        }
    };
    frame(title, &content, &footer)
}

/// What a link on an engagement that went off track would do, has done, or does no more.
pub(crate) fn nudge(page: &NudgePage) -> Markup {
    let what = html! {
        @match &page.client {
            Some(client) => { b { (client) } ", " b { (page.program) } }
            None => { b { (page.program) } " at " b { (page.account) } }
        }
    };
    let day = |day: &chrono::NaiveDate| day.format("%-d %B %Y").to_string();
    let (title, content) = match (&page.stands, page.nudging) {
        (Stands::Asks { first, last, day: preset, wrong }, nudging) => {
            let (title, words, field, button) = match nudging {
                Nudging::Met => (
                    "You met?",
                    "The meeting goes on record as completed, and the clock counts from its day.",
                    Some("When was it?"),
                    "Record it",
                ),
                Nudging::Snooze => (
                    "Remind me in a week?",
                    "It counts as on track for a week, so that there is time to set a date.",
                    None,
                    "Remind me in a week",
                ),
                Nudging::Pause => (
                    "A planned break?",
                    "The clock stands still until the break is over.",
                    Some("The last day of the break"),
                    "Plan the break",
                ),
            };
            let content = html! {
                h1 { (title) }
                p { (what) }
                p { (words) }
                @if let Some(wrong) = wrong { p.fault role="alert" { (wrong) } }
                form method="post" {
                    @if let Some(field) = field {
                        label for="on" { (field) }
                        input type="date" id="on" name="on" required min=(first) max=(last) value=(preset);
                    }
                    button type="submit" { (button) }
                }
            };
            (title, content)
        }
        (Stands::Done { day: on }, nudging) => {
            let words = match nudging {
                Nudging::Met => format!("The meeting on {} is on record.", day(on)),
                Nudging::Snooze => format!("Nobody is reminded before {}.", day(on)),
                Nudging::Pause => format!("The break until {} is on record, and the clock stands still.", day(on)),
            };
            let content = html! {
                span.done { "✓ Done" }
                h1 { "Thank you" }
                p { (what) }
                p { (words) " You can close this page." }
            };
            ("Done", content)
        }
        (Stands::Over(over), _) => {
            let (title, words) = match over {
                Over::Expired => ("This link has expired", "Links in such mails work for 30 days. Nothing was changed.".to_owned()),
                Over::OnTrack => ("Back on track", "It is taken care of already: there is nothing more to do.".to_owned()),
                Over::Anew(since) => {
                    ("There is newer mail", format!("It has been off track since {}. The mail about that has links that work.", day(since)))
                }
                Over::NotTracked => ("Nothing to do", "Nobody is waiting for a date here any more.".to_owned()),
                Over::NotYours => {
                    ("Nothing to do", "This is not with you any more, so there is nothing to do. Nothing was changed.".to_owned())
                }
            };
            // who has nothing to do with it any more is shown nothing of it
            let is_theirs = !matches!(over, Over::NotYours);
            (title, html! { h1 { (title) } @if is_theirs { p { (what) } } p { (words) } })
        }
    };
    let asks = matches!(page.stands, Stands::Asks { .. });
    frame(title, &content, &html! { @if asks { "Nothing happens until you press the button." } })
}

/// For a link that is not one of ours.
pub(crate) fn unknown_link() -> Markup {
    let content = html! {
        h1 { "This link doesn’t work" }
        p { "It may have been cut off on its way. Open it from the mail again, as a whole; the newest mail has a link that works." }
    };
    frame("Link not known", &content, &html! {})
}

/// For when something failed on our side.
pub(crate) fn failed() -> Markup {
    let content = html! {
        h1 { "That didn’t work just now" }
        p { "Something is not answering on our side. Please try again in a minute." }
    };
    frame("Try again", &content, &html! {})
}

fn frame(title: &str, content: &Markup, footer: &Markup) -> Markup {
    framed(title, content, footer, false)
}

/// A page that holds more than one thing.
fn wide(title: &str, content: &Markup, footer: &Markup) -> Markup {
    framed(title, content, footer, true)
}

fn framed(title: &str, content: &Markup, footer: &Markup, wide: bool) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) " · Cairn" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main.wide[wide] {
                    div.mark {
                        svg viewBox="0 0 24 24" aria-hidden="true" { path d="M4 19h16M7 14h10M9.5 9h5M12 4h.01" {} }
                        "Cairn"
                    }
                    (content)
                }
                footer { (footer) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(done: bool) -> UnsubscribePage {
        UnsubscribePage { report: "<script>alert(1)</script> & co".into(), account: "Onward".into(), done }
    }

    #[test]
    fn names_are_text_on_the_page() {
        let shown = unsubscribe(&page(false)).into_string();
        assert!(shown.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; co") && !shown.contains("<script"));
    }

    #[test]
    fn only_the_page_before_has_a_button() {
        assert!(unsubscribe(&page(false)).into_string().contains("<form method=\"post\">"));
        assert!(!unsubscribe(&page(true)).into_string().contains("<form"));
    }
}
