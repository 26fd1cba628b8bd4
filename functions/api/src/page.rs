//! The pages that a link in a mail opens: no scripts, nothing loaded, one style sheet within.

use std::sync::LazyLock;

use app::off_track::StopPage;
use app::reports::UnsubscribePage;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

const STYLE: &str = "\
:root{color-scheme:light dark;--bg:light-dark(#f7f7f9,#101014);--surface:light-dark(#fff,#17171c);--line:light-dark(#e6e6ec,#2a2a33);\
--text:light-dark(#17171f,#ededf2);--muted:light-dark(#5f5f6e,#9d9dac);--accent:light-dark(#4a45c9,#8f8bff);--on-accent:light-dark(#fff,#101014);\
--good:light-dark(#14733c,#4cc38a);--good-soft:light-dark(#e6f5ec,#12301f)}\
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
button:hover{background:color-mix(in oklab,var(--accent),#000 10%)}\
:focus-visible{outline:2px solid var(--accent);outline-offset:3px}\
.done{display:inline-block;padding:3px 12px;border-radius:14px;background:var(--good-soft);color:var(--good);font-weight:560;font-size:14px;margin-bottom:14px}\
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
            p { b { (page.account) } " sends you no more mail when coaching is off track." }
            p { "You can close this page. If you change your mind, switch it on again in your settings, or ask " (page.account) " how." }
        } @else {
            h1 { "Stop getting such mail?" }
            p { "You get mail from " b { (page.account) } " when coaching is off track." }
            form method="post" { button type="submit" { "Unsubscribe" } }
        }
    };
    let footer =
        html! { @if !page.done { "Only this kind of mail ends, and nothing else changes. Nothing happens until you press the button." } };
    frame(if page.done { "Unsubscribed" } else { "Unsubscribe" }, &content, &footer)
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
                main {
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
