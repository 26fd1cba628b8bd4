//! The HTML part: one column of cards, 640 pixels wide, made of tables with inline styles.

use maud::{DOCTYPE, Markup, PreEscaped, Render, html};

use domain::show::{Mark, Trend};

use crate::answer::Answer;
use crate::comment::{self, Forward};
use crate::incoming::ABOVE_THIS_LINE;
use crate::plan::Plan;
use crate::report::{Frame, Links, UNSUBSCRIBE};
use crate::sheet::Choice;
use crate::style::{
    ACCENT, ACCENT_SOFT, BASE, CARD, DARK, ENTRY, ENTRY_ARROW, ENTRY_NAME, ENTRY_NUDGE, FONT, GROUND, Look, MUTED, OUTLOOK, RULE, TEXT,
    WARN, WARN_SOFT, avatar, count, look,
};
use crate::view::{Client, Counts, Gauge, Group, Row, Said, Thing, View};
use crate::words;

/// Text of several lines, line breaks kept, names that are set apart as `bdi`.
pub(crate) struct Lines<'a>(pub(crate) &'a str);

impl Render for Lines<'_> {
    fn render_to(&self, buffer: &mut String) {
        for (index, line) in self.0.split('\n').enumerate() {
            if index > 0 {
                buffer.push_str("<br>");
            }
            let mut rest = line;
            while let Some((before, name, after)) = rest
                .split_once(words::APART)
                .and_then(|(before, rest)| rest.split_once(words::TOGETHER).map(|(name, rest)| (before, name, rest)))
            {
                before.render_to(buffer);
                html! { bdi { (name) } }.render_to(buffer);
                rest = after;
            }
            rest.render_to(buffer);
        }
    }
}

/// The line that answers stand above, where a mail can be answered.
pub(crate) const MARKER: Option<&str> = Some(ABOVE_THIS_LINE);

/// A whole mail; `above` is a small line over everything.
pub(crate) fn document(above: Option<&str>, title: &str, preheader: &str, account: &str, cards: &Markup, foot: &Markup) -> String {
    // keeps a list of mails from going on with the first words of the body
    let filler = "\u{34f}\u{200c}\u{a0}".repeat(90usize.saturating_sub(preheader.chars().count()));
    html! {
        (DOCTYPE)
        html lang="en" dir="ltr" xmlns="http://www.w3.org/1999/xhtml" xmlns:o="urn:schemas-microsoft-com:office:office" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                meta name="x-apple-disable-message-reformatting";
                meta name="format-detection" content="telephone=no,date=no,address=no,email=no,url=no";
                meta name="color-scheme" content="light dark";
                meta name="supported-color-schemes" content="light dark";
                title { (title) }
                (PreEscaped(OUTLOOK))
                style { (PreEscaped(BASE)) ".e{" (ENTRY) "}.e a{" (ENTRY_NAME) "}.e i{" (ENTRY_ARROW) "}.e span{color:" (MUTED) "}.e small a{" (ENTRY_NUDGE) "}" }
                style { (PreEscaped(":root{color-scheme:light dark;supported-color-schemes:light dark}")) (PreEscaped(DARK)) }
            }
            body.bg style={ "margin:0;padding:0;background-color:" (GROUND) } {
                div style={ "display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;font-size:1px;line-height:1px;color:" (GROUND) ";mso-hide:all" } {
                    (preheader) (filler)
                }
                table.bg role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style={ "background-color:" (GROUND) } {
                    tr {
                        td.out align="center" style={ "padding:32px 12px 40px;word-break:break-word;font-family:" (FONT) } {
                            (PreEscaped("<!--[if mso]><table role=\"presentation\" width=\"640\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\"><tr><td><![endif]-->"))
                            table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:640px;text-align:left;text-align:start" {
                                @if let Some(above) = above {
                                    tr { td.m align="center" style={ "padding:0 4px 16px;font-size:12px;line-height:16px;color:" (MUTED) } { (above) } }
                                }
                                (brand(account))
                                (cards)
                                tr { td.m style={ "padding:8px 4px 0;font-size:13px;line-height:20px;color:" (MUTED) } { (foot) } }
                            }
                            (PreEscaped("<!--[if mso]></td></tr></table><![endif]-->"))
                        }
                    }
                }
            }
        }
    }
    .into_string()
}

fn brand(account: &str) -> Markup {
    let initial: String = words::initials(account).chars().take(1).collect();
    html! {
        tr {
            td style="padding:0 4px 16px" {
                table role="presentation" cellpadding="0" cellspacing="0" border="0" {
                    tr {
                        td.tile width="28" height="28" align="center" valign="middle" aria-hidden="true" style={ "width:28px;height:28px;border-radius:8px;background-color:" (ACCENT) ";color:" (CARD) ";font-size:14px;line-height:28px;font-weight:700" } { (initial) }
                        td.t style={ "padding-left:10px;font-size:15px;line-height:20px;font-weight:600;letter-spacing:-.01em;color:" (TEXT) } { bdi { (account) } }
                    }
                }
            }
        }
    }
}

/// One card, and the space under it.
pub(crate) fn card(inside: &Markup) -> Markup {
    html! {
        tr { td.card.pad style={ "background-color:" (CARD) ";border:1px solid " (RULE) ";border-radius:14px;padding:32px" } { (inside) } }
        tr { td height="16" style="height:16px;font-size:0;line-height:0" { "\u{a0}" } }
    }
}

pub(crate) fn title(title: &impl Render) -> Markup {
    html! { h1.t.h1 style={ "margin:0;font-size:28px;line-height:34px;font-weight:700;letter-spacing:-.022em;color:" (TEXT) } dir="auto" { (title) } }
}

/// A name that leads to the client's page.
fn linked(name: &str, page: Option<String>) -> Markup {
    html! {
        @match page {
            Some(page) => a.t href=(page) style={ "color:" (TEXT) ";text-decoration:none" } { bdi { (name) } span.a style={ "color:" (ACCENT) } { "\u{a0}→" } },
            None => bdi { (name) },
        }
    }
}

/// Empty space of so many pixels: margins of tables are lost in Outlook.
fn gap(pixels: u8) -> Markup {
    html! { div style={ "font-size:" (pixels) "px;line-height:" (pixels) "px;mso-line-height-rule:exactly" } { "\u{a0}" } }
}

pub(crate) fn paragraph(text: &str) -> Markup {
    html! { p.t style={ "margin:14px 0 0;font-size:16px;line-height:25px;color:" (TEXT) } dir="auto" { (Lines(text)) } }
}

/// Words of a person, set off.
pub(crate) fn quote(text: &str) -> Markup {
    html! {
        (gap(16))
        table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" {
            tr { td.t.l style={ "border-left:3px solid " (RULE) ";padding:2px 0 2px 16px;font-size:16px;line-height:25px;color:" (TEXT) } dir="auto" { (Lines(text)) } }
        }
    }
}

/// Something to heed.
pub(crate) fn banner(text: &str) -> Markup {
    html! {
        (gap(18))
        table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" {
            tr { td.t.ws style={ "background-color:" (WARN_SOFT) ";border-radius:10px;padding:12px 16px;font-size:14px;line-height:21px;color:" (TEXT) } dir="auto" { (text) } }
        }
    }
}

pub(crate) fn button(label: &str, address: &str) -> Markup {
    html! {
        (gap(22))
        table role="presentation" cellpadding="0" cellspacing="0" border="0" {
            tr {
                td.btn align="center" style={ "background-color:" (ACCENT) ";border-radius:9px" } {
                    a.btn href=(address) style={ "display:inline-block;padding:12px 20px;border-radius:9px;font-size:15px;line-height:20px;font-weight:600;color:" (CARD) ";text-decoration:none" } { (label) }
                }
            }
        }
    }
}

pub(crate) fn link(label: &str, address: &str) -> Markup {
    html! { a.m href=(address) style={ "color:" (MUTED) ";text-decoration:underline" } { (label) } }
}

/// Facts with their names.
pub(crate) fn facts(facts: &[(&str, String)]) -> Markup {
    html! {
        (gap(20))
        table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" {
            @for (name, value) in facts {
                tr {
                    td.m.l width="128" valign="top" style={ "width:128px;padding:10px 12px 10px 0;border-top:1px solid " (RULE) ";font-size:14px;line-height:20px;color:" (MUTED) } { (name) }
                    td.t.l valign="top" style={ "padding:10px 0;border-top:1px solid " (RULE) ";font-size:14px;line-height:20px;color:" (TEXT) } { bdi { (value) } }
                }
            }
        }
    }
}

/// The lines under the cards: why it came, and how to stop it, as the words of a link and its address.
pub(crate) fn foot(why: &[String], stop: Option<(&str, &str)>, account: &str) -> Markup {
    html! {
        @for line in why { p style="margin:0 0 6px" { (Lines(line)) } }
        p style="margin:12px 0 0" {
            @if let Some((label, address)) = stop { (link(label, address)) " · " }
            bdi { (account) } " · sent with Cairn"
        }
    }
}

/// A report mail, cut by the plan.
pub(crate) fn report(frame: &Frame, view: &View, plan: &Plan, links: &Links<'_>) -> String {
    let detailed = &view.clients[..plan.detailed];
    let opening = html! {
        (over(&frame.over))
        @match (&frame.whom, links.client_page) {
            (Some((id, name)), page) => (title(&html! { (frame.title) " " (linked(name, page.zip(*id).map(|(page, id)| page(id)))) })),
            (None, _) => (title(&frame.title)),
        }
        @if let Some(late) = &frame.late { (banner(late)) }
        @if let Some(introduction) = &frame.introduction { (quote(introduction)) }
        @for text in &frame.lead { (paragraph(text)) }
        (strip(view.counts))
    };
    let cards = html! {
        @if frame.single {
            (card(&html! { (opening) @for client in detailed { (groups(client, plan, 2)) } }))
        } @else {
            (card(&opening))
            @for client in detailed { (card(&html! { (client_head(client, links)) (groups(client, plan, 3)) })) }
        }
        @let listed = &view.clients[plan.detailed..plan.detailed + plan.listed];
        @if !listed.is_empty() { (card(&list(listed, links))) }
        @if let Some(note) = plan.note(view) { (card(&cut(&note, links))) }
        @if let Some(quiet) = &frame.quiet {
            tr { td.m style={ "padding:0 4px 16px;font-size:14px;line-height:21px;color:" (MUTED) } dir="auto" { (quiet) } }
        }
    };
    let how = frame.how("choose Comment beside it and send the mail");
    let why: Vec<String> = how.into_iter().chain(frame.why.iter().cloned()).collect();
    document(
        MARKER.filter(|_| frame.answered_by.is_some()),
        &frame.subject,
        &frame.preheader,
        &frame.account,
        &cards,
        &foot(&why, Some((UNSUBSCRIBE, links.unsubscribe)), &frame.account),
    )
}

/// The numbers at the top.
fn strip(counts: Counts) -> Markup {
    let cells: Vec<Number> = counts
        .cells()
        .into_iter()
        .map(|(sort, n)| {
            let look = count(sort);
            Number { class: look.class, colour: look.colour, n, word: sort.word(n) }
        })
        .collect();
    numbers(&cells)
}

/// A number and what it counts.
pub(crate) struct Number {
    pub(crate) class: &'static str,
    pub(crate) colour: &'static str,
    pub(crate) n: usize,
    pub(crate) word: &'static str,
}

/// Numbers side by side; nothing for one alone, which says no more than the list does.
pub(crate) fn numbers(cells: &[Number]) -> Markup {
    if cells.len() < 2 {
        return Markup::default();
    }
    html! {
        (gap(24))
        table.l role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style={ "border:1px solid " (RULE) ";border-radius:12px;table-layout:fixed" } {
            tr {
                @for (index, cell) in cells.iter().enumerate() {
                    td.l.cell valign="top" style={ "padding:12px 8px 12px 18px" @if index > 0 { ";border-left:1px solid " (RULE) } } {
                        span class={ (cell.class) " num" } style={ "font-size:24px;line-height:30px;font-weight:700;letter-spacing:-.02em;color:" (cell.colour) } { (words::grouped(cell.n)) }
                        br;
                        span.m style={ "font-size:13px;line-height:18px;color:" (MUTED) } { (cell.word) }
                    }
                }
            }
        }
    }
}

fn client_link(client: &Client, links: &Links<'_>) -> Option<String> {
    Some(links.client_page?(client.id?))
}

pub(crate) fn client_head(client: &Client, links: &Links<'_>) -> Markup {
    let hue = words::hue(&client.name);
    let (ground, letters) = avatar(hue);
    html! {
        table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" {
            tr {
                td width="44" valign="middle" style="width:44px" {
                    table role="presentation" cellpadding="0" cellspacing="0" border="0" {
                        tr { td class={ "c" (hue) } width="44" height="44" align="center" valign="middle" aria-hidden="true" style={ "width:44px;height:44px;border-radius:22px;background-color:" (ground) ";color:" (letters) ";font-size:15px;line-height:44px;font-weight:600" } { (words::initials(&client.name)) } }
                    }
                }
                td valign="middle" style="padding-left:14px" {
                    h2.t style={ "margin:0;font-size:19px;line-height:26px;font-weight:650;letter-spacing:-.014em;color:" (TEXT) } {
                        (linked(&client.name, client_link(client, links)))
                    }
                    (tally(client.counts))
                }
            }
        }
    }
}

/// The counts of one client, in a line.
fn tally(counts: Counts) -> Markup {
    html! {
        p.m style={ "margin:0;font-size:14px;line-height:20px;color:" (MUTED) } {
            @for (index, (sort, n)) in counts.cells().iter().enumerate() {
                @let look = count(*sort);
                @if index > 0 { " \u{a0} " }
                span class=(look.class) style={ "color:" (look.colour) ";white-space:nowrap" } { b aria-hidden="true" { (look.glyph) } " " (words::grouped(*n)) " " (sort.word(*n)) }
            }
        }
    }
}

/// What is said of a client, with headings from `level` on.
fn groups(client: &Client, plan: &Plan, level: u8) -> Markup {
    let mut part = None;
    html! {
        @for group in &client.groups {
            @let kept = plan.kept(group);
            @if part.replace(group.part) != Some(group.part) { (part_heading(group.part.heading(), level)) }
            (group_open(group, level + 1))
            @for (index, row) in kept.iter().enumerate() { (self::row(row, plan.bodies, index == 0)) }
            @if kept.len() < group.rows.len() { (more(group.rows.len() - kept.len())) }
            (GROUP_CLOSE)
        }
    }
}

pub(crate) fn part_heading(text: &str, level: u8) -> Markup {
    let style = html! { "margin:30px 0 6px;font-size:17px;line-height:24px;font-weight:650;letter-spacing:-.012em;color:" (TEXT) };
    html! {
        @if level <= 2 { h2.t style=(style.0) { (text) } } @else { h3.t style=(style.0) { (text) } }
    }
}

pub(crate) fn group_open(group: &Group, level: u8) -> Markup {
    let style = html! { "margin:16px 0 6px;font-size:13px;line-height:18px;font-weight:600;color:" (MUTED) };
    html! {
        @if let Some(title) = group.title {
            @if level <= 3 { h3.m style=(style.0) { (title) } } @else { h4.m style=(style.0) { (title) } }
        }
        (PreEscaped("<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\">"))
    }
}

pub(crate) const GROUP_CLOSE: PreEscaped<&str> = PreEscaped("</table>");

pub(crate) fn row(row: &Row, bodies: usize, first: bool) -> Markup {
    match row {
        Row::Thing(thing) => self::thing(thing, bodies, first),
        Row::Metric(gauge) => self::gauge(gauge, bodies, first),
    }
}

fn rule(first: bool) -> Markup {
    html! { @if !first { ";border-top:1px solid " (RULE) } }
}

fn thing(thing: &Thing, bodies: usize, first: bool) -> Markup {
    let look = look(thing.mark);
    // as wide as there is room: beside a comment link, that is a row of its own
    let below = html! {
        @if let Some(body) = body(thing, bodies) {
            p.t.l dir="auto" style={ "margin:8px 0 4px;padding-inline-start:14px;border-inline-start:2px solid " (RULE) ";font-size:15px;line-height:23px;color:" (TEXT) } { (Lines(&body)) }
        }
        (said(&thing.said, bodies))
    };
    let below_apart = thing.answer.is_some() && !below.0.is_empty();
    html! {
        tr {
            td.l width="34" valign="top" style={ "width:34px;padding-top:11px" (rule(first)) } {
                span class={ (look.class) " " (look.class) "s i" } aria-hidden="true" style={ "display:inline-block;width:22px;border-radius:11px;background-color:" (look.ground) ";color:" (look.colour) ";font-size:" (look.size) ";line-height:22px;font-weight:700;text-align:center" } { (look.glyph) }
            }
            td.l.t style={ "padding:10px 0 " (if below_apart { "0" } else { "11px" }) ";font-size:16px;line-height:23px;color:" (TEXT) (rule(first)) } {
                b dir="auto" style="font-weight:600" { (thing.title) }
                br;
                span.m style={ "font-size:14px;line-height:21px;color:" (MUTED) } {
                    @let (class, colour) = if thing.mark == Mark::Open { ("t", TEXT) } else { (look.class, look.colour) };
                    b class=(class) style={ "font-weight:600;color:" (colour) } { (thing.lead) } (thing.rest)
                }
                @if !below_apart { (below) }
            }
            (answer(thing.answer.as_ref(), first))
        }
        @if below_apart {
            tr {
                td {}
                td colspan="2" style="padding:0 0 11px" { (below) }
            }
        }
    }
}

/// Comments, as far as there is room for them.
fn said(said: &[Said], bodies: usize) -> Markup {
    html! {
        @for said in said.iter().filter(|_| bodies > 0) {
            p.t.l dir="auto" style={ "margin:8px 0 4px;padding-inline-start:14px;border-inline-start:2px solid " (ACCENT_SOFT) ";font-size:15px;line-height:22px;color:" (TEXT) } {
                span.m style={ "font-size:13px;color:" (MUTED) } { b style="font-weight:600" { bdi { (said.who) } } ", " (said.when) ":" }
                br;
                (Lines(&words::clip(&said.text, bodies)))
            }
        }
    }
}

/// What starts a comment: 44 pixels high for fingers, which Outlook on Windows has no need of. Its bubble and what
/// Outlook needs instead are in the head.
fn answer(answer: Option<&Answer>, first: bool) -> Markup {
    html! {
        @if let Some(answer) = answer {
            td.l.k valign="top" align="right" style=[(!first).then(|| html! { "border-top:1px solid " (RULE) }.0)] {
                a.m href=(answer.link) aria-label=(answer.name) style={ "display:inline-block;padding:12px 0 12px 14px;font-size:13px;line-height:20px;color:" (MUTED) ";text-decoration:none" } {
                    i {}
                    "Comment"
                }
            }
        }
    }
}

/// The body as far as there is room for it.
pub(crate) fn body(thing: &Thing, bodies: usize) -> Option<String> {
    thing.body.as_deref().filter(|_| bodies > 0).map(|body| words::clip(body, bodies))
}

fn gauge(gauge: &Gauge, bodies: usize, first: bool) -> Markup {
    let look = look(gauge.mark);
    let columns = if gauge.answer.is_some() { "3" } else { "2" };
    html! {
        tr {
            td.l.t valign="top" style={ "padding:12px 12px 12px 0;font-size:16px;line-height:23px;color:" (TEXT) (rule(first)) } {
                b.i dir="auto" style="font-weight:600" { (gauge.title) }
                br;
                span.m style={ "font-size:14px;line-height:21px;color:" (MUTED) } {
                    @for (index, part) in gauge_parts(gauge).iter().enumerate() {
                        @if index > 0 { " · " }
                        @match part {
                            Part::Change(trend, words) => { b.a style={ "color:" (ACCENT) } { (arrow(*trend)) } " " (words) },
                            Part::News(words) => b class=(look.class) style={ "font-weight:600;color:" (look.colour) } { (words) },
                            Part::Plain(words) => (words),
                        }
                    }
                }
            }
            td.l.t valign="top" align="right" style={ "padding:11px 0;font-size:20px;line-height:25px;font-weight:700;letter-spacing:-.02em;color:" (TEXT) (rule(first)) @if gauge.latest.chars().count() + gauge.unit.chars().count() <= 16 { ";white-space:nowrap" } } {
                (gauge.latest)
                @if !gauge.unit.is_empty() { span.m style={ "font-size:14px;font-weight:400;letter-spacing:0;color:" (MUTED) } { bdi { (gauge.unit) } } }
            }
            (answer(gauge.answer.as_ref(), first))
        }
        @if bodies > 0 && !gauge.said.is_empty() {
            tr { td colspan=(columns) style="padding:0 0 12px" { (self::said(&gauge.said, bodies)) } }
        }
        @if let Some(chart) = &gauge.chart {
            tr {
                td colspan=(columns) style="padding:0 0 16px" {
                    img.l src={ "cid:" (content_id(chart.number, &chart.item.to_string())) } width="574" alt=(chart.alt) style={ "display:block;width:100%;max-width:574px;height:auto;box-sizing:border-box;border:1px solid " (RULE) ";border-radius:10px" };
                    table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" {
                        @let style = html! { "padding-top:4px;font-size:12px;line-height:18px;color:" (MUTED) };
                        tr {
                            td.m style=(style.0) { (chart.first) }
                            td.m align="center" style=(style.0) { (chart.range) }
                            td.m align="right" style=(style.0) { (chart.last) }
                        }
                    }
                }
            }
        } @else if let Some(progress) = gauge.progress {
            tr { td colspan=(columns) style="padding:0 0 16px" { (bar(progress)) } }
        }
    }
}

/// How far it is to the target, drawn with cells.
fn bar(progress: u8) -> Markup {
    html! {
        table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" aria-hidden="true" {
            tr {
                @if progress > 0 { td.fill width={ (progress) "%" } height="6" style={ "height:6px;font-size:0;line-height:0;border-radius:3px;background-color:" (ACCENT) } { "\u{a0}" } }
                @if progress < 100 { td.as width={ (100 - progress) "%" } height="6" style={ "height:6px;font-size:0;line-height:0;border-radius:3px;background-color:" (ACCENT_SOFT) } { "\u{a0}" } }
            }
        }
    }
}

pub(crate) enum Part<'a> {
    Change(Trend, &'a str),
    News(&'a str),
    Plain(String),
}

/// What stands under a metric's title.
pub(crate) fn gauge_parts(gauge: &Gauge) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    parts.extend(gauge.news.as_deref().map(Part::News));
    parts.extend(gauge.change.as_ref().map(|(trend, words)| Part::Change(*trend, words)));
    if let Some(target) = &gauge.target {
        let percent = gauge.progress.filter(|percent| *percent < 100).map(|percent| format!(" ({percent}%)")).unwrap_or_default();
        parts.push(Part::Plain(format!("{target}{percent}")));
    }
    parts
}

pub(crate) fn arrow(trend: Trend) -> &'static str {
    match trend {
        Trend::Up => "↑",
        Trend::Down => "↓",
        Trend::Level => "→",
    }
}

/// What the HTML calls a chart.
pub(crate) fn content_id(number: usize, item: &str) -> String {
    format!("chart-{number}-{}@cairn", item.to_ascii_lowercase())
}

pub(crate) fn more(n: usize) -> Markup {
    html! { tr { td.m.l colspan="3" style={ "padding:10px 0;font-size:14px;line-height:21px;color:" (MUTED) (rule(false)) } { "and " (words::grouped(n)) " more" } } }
}

/// Clients with their numbers alone.
fn list(clients: &[Client], links: &Links<'_>) -> Markup {
    html! {
        (part_heading("In short", 2))
        table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" { @for client in clients { (listed(client, links)) } }
    }
}

pub(crate) fn listed(client: &Client, links: &Links<'_>) -> Markup {
    html! {
        tr {
            td.l.t style={ "padding:9px 0;font-size:15px;line-height:22px;color:" (TEXT) (rule(false)) } {
                b style="font-weight:600" { (linked(&client.name, client_link(client, links))) }
                br;
                span.m style={ "font-size:14px;color:" (MUTED) } { (client.counts.words()) }
            }
        }
    }
}

/// What is not shown.
fn cut(note: &str, links: &Links<'_>) -> Markup {
    html! {
        p.t style={ "margin:0;font-size:15px;line-height:23px;color:" (TEXT) } { (note) }
        @if let Some(more) = links.more { (button("Read all of it", more)) }
    }
}

/// A mark drawn large, for short mails.
pub(crate) fn stamp(look: &Look) -> Markup {
    html! {
        p style="margin:0 0 14px" aria-hidden="true" {
            span class={ (look.class) " " (look.class) "s" } style={ "display:inline-block;width:40px;border-radius:20px;background-color:" (look.ground) ";color:" (look.colour) ";font-size:18px;line-height:40px;font-weight:700;text-align:center" } { (look.glyph) }
        }
    }
}

/// The initials of a person in a circle of so many pixels.
pub(crate) fn face(name: &str, pixels: u8) -> Markup {
    let hue = words::hue(name);
    let (ground, letters) = avatar(hue);
    html! {
        span class={ "c" (hue) } aria-hidden="true" style={ "display:inline-block;width:" (pixels) "px;border-radius:" (pixels / 2) "px;background-color:" (ground) ";color:" (letters) ";font-size:" (pixels * 3 / 8) "px;line-height:" (pixels) "px;font-weight:600;letter-spacing:0;text-align:center;vertical-align:middle" } { (words::initials(name)) }
    }
}

/// What stands over a title.
pub(crate) fn over(text: &str) -> Markup {
    html! { p.m style={ "margin:0 0 6px;font-size:14px;line-height:20px;color:" (MUTED) } dir="auto" { (Lines(text)) } }
}

/// Words that matter less than those before.
pub(crate) fn small(text: &str) -> Markup {
    html! { p.m style={ "margin:16px 0 0;font-size:14px;line-height:21px;color:" (MUTED) } dir="auto" { (Lines(text)) } }
}

/// Things one can do, each with a line on what it is for.
pub(crate) fn choices(choices: &[Choice<'_>]) -> Markup {
    html! {
        table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" {
            @for (index, choice) in choices.iter().enumerate() {
                tr {
                    td.l.m style={ "padding:11px 0 12px;font-size:14px;line-height:21px;color:" (MUTED) (rule(index == 0)) } {
                        a.a href=(choice.address) style={ "font-size:16px;line-height:24px;font-weight:600;color:" (ACCENT) ";text-decoration:none" } { (choice.label) "\u{a0}→" }
                        br;
                        (choice.words)
                    }
                }
            }
        }
    }
}

/// A comment on its way to the other party.
pub(crate) fn forward(forward: &Forward<'_>) -> Markup {
    let small = html! { "margin:0;font-size:14px;line-height:21px;color:" (MUTED) };
    html! {
        table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" {
            tr {
                td width="44" valign="middle" style="width:44px" { (face(&forward.author, 44)) }
                td valign="middle" style="padding-left:14px" {
                    h1.t style={ "margin:0;font-size:17px;line-height:24px;font-weight:650;letter-spacing:-.012em;color:" (TEXT) } { bdi { (forward.author) } }
                    p.m style=(small.0) { (forward.when) }
                }
            }
        }
        p.t dir="auto" style={ "margin:22px 0 0;font-size:18px;line-height:28px;white-space:pre-wrap;unicode-bidi:plaintext;color:" (TEXT) } { (Lines(&forward.text)) }
        @if let Some(cut) = forward.cut { (self::small(cut)) }
        @if !forward.files.is_empty() || !forward.not_kept.is_empty() {
            (gap(20))
            table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" {
                @for (name, note) in forward.files.iter() { (file("m", name, note)) }
                @for (name, note) in forward.not_kept.iter() { (file("w", name, &format!("not kept: {note}"))) }
                @if forward.more_files > 0 { (more(forward.more_files)) }
            }
        }
        (gap(26))
        table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" {
            tr {
                td.l style={ "border-top:1px solid " (RULE) ";padding:18px 0 0" } {
                    p.m style=(small.0) dir="auto" { (Lines(&forward.about)) }
                    p.t style={ "margin:0;font-size:16px;line-height:23px;font-weight:600;color:" (TEXT) } dir="auto" { (linked(&forward.title, forward.page.map(ToOwned::to_owned))) }
                }
            }
        }
        (button(comment::ANSWER, &forward.answer.link))
        (self::small(comment::OR_REPLY))
    }
}

fn file(class: &str, name: &str, note: &str) -> Markup {
    html! {
        tr {
            td.l.t style={ "padding:9px 12px 9px 0;font-size:15px;line-height:22px;color:" (TEXT) (rule(false)) } { bdi { (name) } }
            td.l class=(class) align="right" style={ "padding:9px 0;font-size:14px;line-height:22px;color:" (if class == "w" { WARN } else { MUTED }) (rule(false)) } { (note) }
        }
    }
}
