//! The pages to sign in with, and one's own page.

use app::identity::NewKey;
use app::sign_in::{Choice, Home, LinkPage};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use domain::sign_in::{LINK_GOOD_FOR, SIGNED_IN_FOR};
use maud::{Markup, html};
use platform::store::people::KeyScope;

use super::{frame, wide};

/// Asks for an address; with why the one that was given is none.
pub(crate) fn ask(email: &str, fault: Option<&str>) -> Markup {
    let content = html! {
        h1 { "Sign in" }
        p { "Give your mail address, and a link comes to your mailbox. There is no password to remember." }
        form method="post" action="/sign-in" {
            label for="email" { "Your mail address" }
            input type="email" id="email" name="email" value=(email) autocomplete="email" maxlength="254" required aria-describedby=[fault.map(|_| "fault")];
            @if let Some(fault) = fault { p.fault id="fault" role="alert" { (fault) } }
            button type="submit" { "Send me a link" }
        }
    };
    let footer = html! { "The link works once, for " (LINK_GOOD_FOR.num_minutes()) " minutes, in this browser." };
    frame("Sign in", &content, &footer)
}

/// Says the same to everybody who asked.
pub(crate) fn asked() -> Markup {
    let content = html! {
        h1 { "Look into your mailbox" }
        p { "If we know this address, a link is on its way to it. Open it " b { "in this browser" } ", within " (LINK_GOOD_FOR.num_minutes()) " minutes." }
        p { "Nothing there after a minute or two? Look for it among spam, see that the address was right, or " a href="/sign-in" { "ask once more" } "." }
    };
    frame("Look into your mailbox", &content, &html! { "You can close this page." })
}

/// Says that too many links were asked for from there.
pub(crate) fn too_often(minutes: i64) -> Markup {
    let content = html! {
        h1 { "Too many links at once" }
        p { "Many links were asked for from your network within an hour. Please try again in " (minutes) @if minutes == 1 { " minute." } @else { " minutes." } }
    };
    frame("Try again later", &content, &html! {})
}

/// What a link to sign in with would do, or why it does nothing.
pub(crate) fn link(page: &LinkPage, token: &str) -> Markup {
    let LinkPage::Ready { account, people } = page else { return no_link(page) };
    let content = html! {
        h1 { "Sign in to " (account) }
        @if let [one] = people.as_slice() { p { "As " b { (one.name) } ", " (one.role) "." } }
        form method="post" action="/sign-in/confirm" {
            input type="hidden" name="t" value=(token);
            @if people.len() > 1 { (choices(people)) }
            button type="submit" { "Sign in" }
        }
    };
    let days = SIGNED_IN_FOR.num_days();
    let footer = html! { "Nothing happens until you press the button. This browser then stays signed in for " (days) " days, or until you sign out." };
    frame("Sign in", &content, &footer)
}

fn choices(people: &[Choice]) -> Markup {
    html! {
        fieldset {
            legend { "Your address is that of several people here. Who are you now?" }
            @for (n, person) in people.iter().enumerate() {
                label.choice {
                    input type="radio" name="as" value=(person.kind) required checked[n == 0];
                    span { b { (person.name) } ", " (person.role) }
                }
            }
        }
    }
}

fn no_link(page: &LinkPage) -> Markup {
    let minutes = LINK_GOOD_FOR.num_minutes();
    let (title, words) = match page {
        LinkPage::OtherBrowser => (
            "Another browser asked for this",
            "A link to sign in works in the browser where it was asked for, and in no other. Open it there, or ask for a new one here."
                .to_owned(),
        ),
        LinkPage::Gone | LinkPage::Ready { .. } => (
            "This link doesn’t work any more",
            format!("A link to sign in works once, for {minutes} minutes. It may also have been cut off on its way. Ask for a new one."),
        ),
    };
    let content = html! {
        h1 { (title) }
        p { (words) }
        a.button href="/sign-in" { "Ask for a new link" }
    };
    frame(title, &content, &html! {})
}

/// For a link that was used in another browser than the one that asked for it.
pub(crate) fn spent() -> Markup {
    let content = html! {
        h1 { "Another browser asked for this" }
        p { "So it doesn’t work here, and for safety not anywhere else any more. Ask for a new link in the browser that you want to sign in with." }
        a.button href="/sign-in" { "Ask for a new link" }
    };
    frame("Link not valid", &content, &html! {})
}

/// For a form that another site had sent.
pub(crate) fn not_ours() -> Markup {
    let content = html! {
        h1 { "That came from another site" }
        p { "For safety, only our own pages can do this. Nothing was changed." }
        a.button href="/home" { "To your page" }
    };
    frame("Not done", &content, &html! {})
}

/// After signing out.
pub(crate) fn signed_out(everywhere: bool) -> Markup {
    let content = html! {
        span.done { "✓ Signed out" }
        h1 { "You are signed out" @if everywhere { " everywhere" } }
        p { @if everywhere { "No browser is signed in as you any more." } @else { "This browser is not signed in any more." } " API keys are not touched by that." }
        a.button href="/sign-in" { "Sign in again" }
    };
    frame("Signed out", &content, &html! {})
}

/// One's own page; with a key that was just made, and why something was not done.
pub(crate) fn home(page: &Home, made: Option<&NewKey>, fault: Option<&str>) -> Markup {
    let zone = page.me.time_zone;
    let content = html! {
        h1 { (page.me.name) }
        @if let Some(fault) = fault { p.fault role="alert" { (fault) } }
        dl {
            dt { "Address" } dd { (page.me.email.as_ref().map_or("none", |email| email.as_str())) }
            dt { "Account" } dd { (page.account) }
            dt { "Role" } dd { (page.roles) }
            dt { "Time zone" } dd { (zone.name().replace('_', " ")) }
        }
        section aria-labelledby="browsers" {
            h2 id="browsers" { "Where you are signed in" }
            ul.rows {
                @for browser in &page.browsers {
                    li {
                        span { b { (browser.browser) } @if browser.digest == page.here { " " span.tag { "this browser" } } }
                        span.small { "since " (moment(browser.since, zone)) }
                    }
                }
            }
            div.side {
                form method="post" action="/sign-out" { button.quiet type="submit" { "Sign out" } }
                form method="post" action="/sign-out/everywhere" { button.quiet type="submit" { "Sign out everywhere" } }
            }
        }
        section aria-labelledby="keys" {
            h2 id="keys" { "API keys" }
            p { "With a key a program does what you may do. It can be revoked at any time." }
            @if let Some(made) = made {
                div.once role="status" {
                    p { "This is your new key, " b { (made.view.name) } ". " b { "Copy it now:" } " it is kept nowhere, and not shown again." }
                    code { (made.api_key) }
                }
            }
            @if !page.keys.is_empty() {
                ul.rows {
                    @for key in &page.keys {
                        li {
                            span { b { (key.name) } " " span.tag { (if key.scope == KeyScope::Read { "reads" } else { "reads and writes" }) } }
                            span.small {
                                "made " (moment(key.created_at, zone))
                                @if let Some(last) = key.expires_on { ", works until " (last.format("%-d %B %Y")) }
                            }
                            form method="post" action="/home/keys/revoke" {
                                input type="hidden" name="id" value=(key.id);
                                button.quiet type="submit" aria-label=(format!("Revoke {}", key.name)) { "Revoke" }
                            }
                        }
                    }
                }
            }
            details open[fault.is_some()] {
                summary { "Make a key" }
                form method="post" action="/home/keys" {
                    label for="name" { "What is it for?" }
                    input id="name" name="name" maxlength="100" required;
                    label for="scope" { "What may it do?" }
                    select id="scope" name="scope" { option value="read" { "Read only" } option value="write" { "Read and write" } }
                    label for="expires_on" { "The last day it works (may be left empty)" }
                    input type="date" id="expires_on" name="expires_on";
                    button type="submit" { "Make the key" }
                }
            }
        }
    };
    wide("Your page", &content, &html! {})
}

fn moment(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%-d %B %Y, %H:%M").to_string()
}
