//! The document as one page that needs nothing else: no script, no request, everything that people wrote as text.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use data_encoding::BASE64;
use domain::comment::File;
use domain::export::{Month, Order};
use domain::happening::What;
use domain::item::{Item, Visibility};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use crate::chart::chart;
use crate::{Cover, Sheet, Thing, Told, words};

const STYLE: &str = include_str!("style.css");

/// What the page may do: be styled by the one style sheet in it, and nothing else.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let digest = BASE64.encode(&Sha256::digest(STYLE));
    format!("default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'")
});

/// More characters of a body than this may be cut by the end of a printed page.
const KEPT_TOGETHER: usize = 1_200;

#[derive(Debug)]
pub(crate) struct Page {
    month: Option<Month>,
    /// Whether a list of happenings is open.
    in_list: bool,
    has_items: bool,
}

impl Page {
    pub(crate) fn begin(sheet: &mut Sheet, cover: &Cover) -> Self {
        let title = format!("{}: coaching record", cover.client);
        let head = html! {
            (DOCTYPE)
            (PreEscaped("<html lang=\"en\">"))
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY.as_str());
                meta name="viewport" content="width=device-width,initial-scale=1";
                meta name="referrer" content="no-referrer";
                meta name="robots" content="noindex";
                meta name="format-detection" content="telephone=no,date=no,address=no,email=no,url=no";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
        };
        sheet.put(head.into_string());
        sheet.put("<body><div class=\"sheet\">\n");
        sheet.put(front(cover).into_string());
        if cover.counts.months.len() > 1 {
            sheet.put(contents(cover).into_string());
        }
        sheet.put("<main>");
        Self { month: None, in_list: false, has_items: false }
    }

    pub(crate) fn thing(&mut self, sheet: &mut Sheet, cover: &Cover, thing: &Thing<'_>) {
        let item = thing.item;
        let month = Month::of(item.created_at, cover.zone);
        if self.month != Some(month) {
            if self.month.replace(month).is_some() {
                sheet.put("</section>");
            }
            sheet.put("\n<section class=\"month\">");
            sheet.put(html! { h2 id=(anchor(month)) { (words::month(month)) } }.into_string());
        }
        self.has_items = true;
        let is_long = item.body.as_ref().is_some_and(|body| body.len() > KEPT_TOGETHER);
        sheet.put(if is_long { "\n<article class=\"item long\">" } else { "\n<article class=\"item\">" });
        sheet.put(when(cover, thing).into_string());
        sheet.put("<div>");
        sheet.put(about(cover, thing).into_string());
    }

    pub(crate) fn tell(&mut self, sheet: &mut Sheet, cover: &Cover, told: &Told<'_>) {
        // that it was added stands beside the item
        if told.happening.what == What::Created {
            return;
        }
        if !self.in_list {
            sheet.put("<ul class=\"events\">");
            self.in_list = true;
        }
        sheet.put(event(cover, told).into_string());
    }

    pub(crate) fn end_thing(&mut self, sheet: &mut Sheet) {
        if std::mem::take(&mut self.in_list) {
            sheet.put("</ul>");
        }
        sheet.put("</div></article>");
    }

    pub(crate) fn finish(self, sheet: &mut Sheet) {
        if self.month.is_some() {
            sheet.put("</section>");
        }
        if !self.has_items {
            sheet.put("<p class=\"nothing\">Nothing is on record here: choose a longer time, or more kinds.</p>");
        }
        sheet.put("\n</main>\n");
        let (bytes, digest) = sheet.so_far();
        let foot = html! {
            footer {
                p { "This file is complete in itself: it loads nothing, runs nothing and tells nobody that it is read." }
                p {
                    "To see that nothing above was altered, compare the SHA-256 of its first " (words::grouped(bytes)) " bytes ("
                    code { "head -c " (bytes) " FILE | sha256sum" } ") with" br;
                    code id="content-hash" { (digest) }
                }
            }
        };
        sheet.put(foot.into_string());
        sheet.put("\n</div></body></html>\n");
    }
}

fn anchor(month: Month) -> String {
    format!("m-{}-{:02}", month.year, month.month)
}

fn front(cover: &Cover) -> Markup {
    let made_on = cover.made_at.with_timezone(&cover.zone).date_naive();
    let counts = &cover.counts;
    html! {
        header class="cover" {
            p class="house" dir="auto" { (cover.account) }
            h1 dir="auto" { (cover.client) }
            p class="lead" { "A record of the work done together" }
            dl class="facts" {
                dt { "Client" } dd dir="auto" { (cover.client) }
                @if let Some(coach) = &cover.coach { dt { "Coach" } dd dir="auto" { (coach) } }
                dt { "Covers" } dd { (sentence(&words::range(&cover.request, made_on))) }
                @if let Some((first, last)) = counts.between {
                    dt { "Happenings" }
                    dd {
                        (words::short_day(first.with_timezone(&cover.zone).date_naive())) " to "
                        (words::short_day(last.with_timezone(&cover.zone).date_naive()))
                    }
                }
                dt { "Contains" }
                dd {
                    (words::count(counts.items, "item", "items")) " with " (words::count(counts.happenings, "happening", "happenings")) ", "
                    @match cover.request.order { Order::OldestFirst => "oldest first", Order::NewestFirst => "newest first" }
                    @if cover.request.include_private { ", private notes included" }
                }
                dt { "Made" }
                dd dir="auto" { (words::moment(cover.made_at, cover.zone)) " (" (cover.zone.name()) ") by " (cover.made_by) }
            }
            @if !counts.kinds.is_empty() {
                ul class="kinds" { @for (kind, n) in &counts.kinds { li { (words::kinds(*kind, *n)) } } }
            }
        }
    }
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

fn contents(cover: &Cover) -> Markup {
    let mut years: BTreeMap<i32, Vec<(Month, u64)>> = BTreeMap::new();
    for (month, items) in &cover.counts.months {
        years.entry(month.year).or_default().push((*month, *items));
    }
    let mut years: Vec<_> = years.into_iter().collect();
    if cover.request.order == Order::NewestFirst {
        years.reverse();
    }
    html! {
        nav aria-labelledby="contents" {
            h2 id="contents" { "Contents" }
            ul class="years" {
                @for (year, months) in &years {
                    li {
                        span class="year" { (year) }
                        ul class="months" {
                            @for (month, items) in months {
                                li { a href=(format!("#{}", anchor(*month))) { (words::month_name(*month)) } " " span { (words::grouped(*items)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn when(cover: &Cover, thing: &Thing<'_>) -> Markup {
    let at = thing.item.created_at.with_timezone(&cover.zone);
    html! {
        div class="when" {
            span class="kind" { (words::kind(thing.item.kind)) }
            time datetime=(at.format("%Y-%m-%d")) { (words::short_day(at.date_naive())) }
            @if !thing.author.is_empty() { span dir="auto" { (thing.author) } }
        }
    }
}

fn about(cover: &Cover, thing: &Thing<'_>) -> Markup {
    let item = thing.item;
    let today = cover.made_at.with_timezone(&cover.zone).date_naive();
    let details = details(cover, item);
    html! {
        div class="top" {
            h3 dir="auto" { (item.title) }
            @if item.is_late(today) { span class="state late" { "late" } }
            @else if words::tone(item.state) != "plain" { span class=(format!("state {}", words::tone(item.state))) { (item.state.words()) } }
            @if item.visibility == Visibility::Private { span class="state private" { "private" } }
        }
        @if !details.is_empty() {
            p class="details" { @for detail in &details { span dir="auto" { (detail) } } }
        }
        @if let Some(body) = &item.body { div class="body" dir="auto" { (body) } }
        @if let Some(chart) = chart(item, thing.points) { (chart) }
        @else if let [point] = thing.points {
            p class="details" { (words::with_unit(point.value, item.unit.as_deref())) " on " (words::short_day(point.on)) }
        }
    }
}

/// What belongs to the kind, in a few words each.
fn details(cover: &Cover, item: &Item) -> Vec<String> {
    let mut details = Vec::new();
    details.extend(item.on.map(|on| format!("of {}", words::day(on))));
    details.extend(item.starts_at.map(|at| words::moment(at, cover.zone)));
    details.extend(item.minutes.map(|minutes| format!("{minutes} minutes")));
    details.extend(item.place.clone());
    details.extend(item.course.clone());
    details.extend(item.number.as_ref().map(|number| format!("no. {number}")));
    details.extend(item.amount.as_ref().map(words::money));
    details.extend(item.due_on.map(|due| format!("due {}", words::day(due))));
    details.extend(item.target.map(|target| format!("target {}", words::with_unit(target, item.unit.as_deref()))));
    details.extend(item.file_name.as_ref().map(|name| match item.size_bytes {
        Some(size) => format!("{name} ({})", words::size(size)),
        None => name.clone(),
    }));
    details
}

fn event(cover: &Cover, told: &Told<'_>) -> Markup {
    let happening = told.happening;
    let look = match happening.what {
        What::Completed | What::Submitted | What::Signed | What::Paid => "good",
        What::Late => "late",
        What::Commented => "said",
        What::Recorded => "value",
        What::Created | What::Changed | What::Cancelled | What::Shared => "",
    };
    let files = told.comment.map(|comment| comment.files.as_slice()).unwrap_or_default();
    let told_on = happening.at.with_timezone(&cover.zone).date_naive();
    html! {
        li class=(look) {
            @if let Some(value) = happening.value.filter(|_| happening.what == What::Recorded) {
                b { (words::number(value)) }
                span class="meta" dir="auto" {
                    " on " (words::short_day(happening.on.unwrap_or(told_on))) @if !told.by.is_empty() { ", " (told.by) }
                }
            } @else {
                b { (words::what(happening.what)) }
                span class="meta" dir="auto" {
                    ", " (words::moment(happening.at, cover.zone)) @if !told.by.is_empty() { ", " (told.by) }
                }
            }
            @if let Some(note) = &happening.note { span class="note" dir="auto" { ": " (note) } }
            @if let Some(text) = happening.text.as_ref().filter(|text| !text.is_empty()) { blockquote dir="auto" { (text) } }
            (listed(files))
        }
    }
}

fn listed(files: &[File]) -> Markup {
    html! {
        @if !files.is_empty() {
            ul class="files" { @for file in files { li dir="auto" { (file.name) ", " (words::size(file.size_bytes)) } } }
        }
    }
}
