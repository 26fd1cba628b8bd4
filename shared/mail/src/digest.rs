//! Several engagements in one mail: in groups, oldest first, and cut to what a mail holds.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use domain::show::Mark;
use maud::{Markup, html};

use crate::headers::{Kind, stoppable};
use crate::html::{self as page, Number};
use crate::off_track::{OPEN_REPORT, OffTrackDigest, PAUSE, Reader, Row, SNOOZE, Step, over, why};
use crate::report::{HTML_MOST, some};
use crate::sheet::{STOP, SUBJECT_MOST};
use crate::style::{ENTRY, ENTRY_ARROW, ENTRY_NAME, ENTRY_NUDGE, MUTED, TEXT, look};
use crate::text::{self, Paper};
use crate::{Message, view, words};

/// The most engagements a mail shows.
const ROWS_MOST: usize = 100;
/// The most coaches that a preheader names.
const PREHEADER_MOST: usize = 4;
/// What the first engagement of a list has besides, or instead.
const FIRST: &str = "border-top:0;padding-top:0";
/// Engagements without a coach.
pub(crate) const NO_COACH: &str = "No coach yet";

/// How much a mail shows.
#[derive(Clone, Copy)]
struct Fit {
    rows: usize,
    /// Characters of a name.
    name: usize,
    /// Whether every line carries its style, or leaves it to the head.
    inline: bool,
}

/// From the roomiest on: names become shorter before an engagement is left out.
const FITS: [Fit; 7] = [
    Fit { rows: ROWS_MOST, name: 80, inline: true },
    Fit { rows: ROWS_MOST, name: 80, inline: false },
    Fit { rows: ROWS_MOST, name: 48, inline: false },
    Fit { rows: ROWS_MOST, name: 32, inline: false },
    Fit { rows: ROWS_MOST, name: 24, inline: false },
    Fit { rows: ROWS_MOST, name: 16, inline: false },
    Fit { rows: ROWS_MOST, name: 10, inline: false },
];

/// What a mail says, whatever its length.
struct Frame<'a> {
    letter: &'a OffTrackDigest<'a>,
    account: String,
    subject: String,
    preheader: String,
    title: String,
    lead: &'static str,
    numbers: Vec<Number>,
    why: Vec<String>,
    /// The longest off track first.
    rows: Vec<&'a Row<'a>>,
    /// How many there are.
    total: usize,
    /// Coaches and how many engagements they have, for administrators: the most first, those without a coach last.
    coaches: Vec<(Option<&'a str>, usize)>,
}

/// Engagements under one heading.
struct Group<'a> {
    /// Coach and number of their engagements, for administrators.
    head: Option<(Option<&'a str>, usize)>,
    rows: Vec<&'a Row<'a>>,
}

pub(crate) fn compose(letter: &OffTrackDigest<'_>) -> Message {
    let frame = Frame::new(letter);
    let (fit, html) = frame.fitted();
    Message {
        html,
        text: frame.text(fit),
        images: Vec::new(),
        headers: stoppable(Kind::Apart(letter.delivery_id), letter.stop, None),
        subject: frame.subject,
        preheader: frame.preheader,
    }
}

impl<'a> Frame<'a> {
    fn new(letter: &'a OffTrackDigest<'a>) -> Self {
        let mut rows: Vec<&Row<'_>> = letter.rows.iter().collect();
        rows.sort_by_key(|row| (row.since, row.client, row.program));
        let total = letter.total.max(rows.len());
        let coaches = if letter.reader == Reader::Administrator { coaches(letter) } else { Vec::new() };
        let title = format!("{} went off track", words::count(total, "engagement", "engagements"));
        let steps: Vec<(Step, usize)> = Step::ALL
            .into_iter()
            .map(|step| (step, rows.iter().filter(|row| row.step == step).count()))
            .filter(|(_, n)| *n > 0)
            // what is not in the rows is not counted by step
            .filter(|_| total == rows.len())
            .collect();
        let preheader = match letter.reader {
            Reader::Administrator => {
                let names: Vec<String> = coaches
                    .iter()
                    .take(PREHEADER_MOST)
                    .map(|(coach, n)| format!("{} {}", words::clip(&called(*coach), 30), words::grouped(*n)))
                    .collect();
                some(&names, coaches.len())
            }
            Reader::Coach => {
                steps.iter().map(|(step, n)| format!("{} {}", words::grouped(*n), step.to_do(*n))).collect::<Vec<_>>().join(", ")
            }
        };
        Self {
            account: view::name(letter.account),
            subject: words::line(&title, SUBJECT_MOST),
            preheader: if preheader.is_empty() { "The longest off track come first".to_owned() } else { preheader },
            title,
            lead: match letter.reader {
                Reader::Coach if letter.rows.iter().any(|row| row.nudges.is_some()) => {
                    "Scheduling what is missing brings an engagement back on track. If you met elsewhere, or planned it this way, say so under its name: the page that opens asks before anything changes."
                }
                Reader::Coach => "Scheduling what is missing brings an engagement back on track.",
                Reader::Administrator => "Scheduling what is missing brings an engagement back on track. The longest off track come first.",
            },
            numbers: steps.into_iter().map(|(step, n)| Number { class: "t", colour: TEXT, n, word: step.to_do(n) }).collect(),
            why: why(letter, false),
            rows,
            total,
            coaches,
            letter,
        }
    }

    /// The most that a mail holds, and its HTML.
    fn fitted(&self) -> (Fit, String) {
        let [mut fit, narrower @ ..] = FITS;
        let mut html = self.html(fit);
        for next in narrower {
            if html.len() <= HTML_MOST {
                break;
            }
            fit = next;
            html = self.html(fit);
        }
        fit.rows = fit.rows.min(self.rows.len());
        while html.len() > HTML_MOST && fit.rows > 0 {
            fit.rows = (fit.rows * HTML_MOST / html.len()).min(fit.rows - 1);
            html = self.html(fit);
        }
        (fit, html)
    }

    fn groups(&self, fit: Fit) -> Vec<Group<'_>> {
        let shown = &self.rows[..fit.rows.min(self.rows.len())];
        if self.letter.reader == Reader::Coach {
            return vec![Group { head: None, rows: shown.to_vec() }];
        }
        self.coaches
            .iter()
            .map(|(coach, n)| Group { head: Some((*coach, *n)), rows: shown.iter().filter(|row| row.coach == *coach).copied().collect() })
            .filter(|group| !group.rows.is_empty())
            .collect()
    }

    /// What the end says of those not shown.
    fn rest(&self, fit: Fit) -> Option<String> {
        let more = self.total - fit.rows.min(self.rows.len());
        (more > 0).then(|| format!("And {} more in all that are not in this mail.", words::grouped(more)))
    }

    fn html(&self, fit: Fit) -> String {
        let rest = self.rest(fit);
        let cards = html! {
            (page::card(&html! {
                (page::stamp(&look(Mark::Late)))
                (page::over(&over(self.letter)))
                (page::title(&self.title.replace(" track", "\u{a0}track")))
                (page::paragraph(self.lead))
                (page::numbers(&self.numbers))
            }))
            (page::card(&html! {
                @for (index, group) in self.groups(fit).iter().enumerate() {
                    @if let Some((coach, n)) = group.head { (head(coach, n, index == 0, fit)) }
                    @for (index, row) in group.rows.iter().enumerate() { (self.entry(row, fit, index == 0 && group.head.is_none())) }
                    @if let Some(more) = more(group) { p.e style=[fit.inline.then_some(ENTRY)] { span style=[fit.inline.then(muted)] { (more) } } }
                }
                @if let Some(rest) = &rest { p.e style=[fit.inline.then_some(ENTRY)] { (rest) } }
                (page::button(self.open(fit).as_str(), self.letter.all))
            }))
        };
        page::document(
            None,
            &self.subject,
            &self.preheader,
            &self.account,
            &cards,
            &page::foot(&self.why, Some((STOP, self.letter.stop)), &self.account),
        )
    }

    fn open(&self, fit: Fit) -> String {
        if self.rest(fit).is_some() { format!("See all {}", words::grouped(self.total)) } else { OPEN_REPORT.to_owned() }
    }

    fn entry(&self, row: &Row<'_>, fit: Fit, first: bool) -> Markup {
        let style = match (fit.inline, first) {
            (true, true) => Some(format!("{ENTRY};{FIRST}")),
            (true, false) => Some(ENTRY.to_owned()),
            (false, true) => Some(FIRST.to_owned()),
            (false, false) => None,
        };
        let names = html! {
            b { bdi { (words::clip(&view::name(row.client), fit.name)) } } " · " bdi { (words::clip(&view::title(row.program), fit.name)) }
        };
        html! {
            p.e style=[style] {
                @match row.page {
                    Some(page) => a href=(page) style=[fit.inline.then_some(ENTRY_NAME)] { (names) i style=[fit.inline.then_some(ENTRY_ARROW)] { "\u{a0}→" } },
                    None => (names),
                }
                br;
                (row.step.missing())
                span style=[fit.inline.then(muted)] { " · " (dates(self.letter, row)) }
                @if let Some(nudges) = self.nudges(row) {
                    br;
                    small {
                        @for (label, address) in nudges { a href=(address) style=[fit.inline.then_some(ENTRY_NUDGE)] { (label) } " " }
                    }
                }
            }
        }
    }

    /// Nudges by what they are called; administrators have none.
    fn nudges<'b>(&self, row: &Row<'b>) -> Option<[(&'static str, &'b str); 3]> {
        let nudges = row.nudges.filter(|_| self.letter.reader == Reader::Coach)?;
        Some([(row.step.met(), nudges.met), (SNOOZE, nudges.snooze), (PAUSE, nudges.pause)])
    }

    fn text(&self, fit: Fit) -> String {
        let mut paper = Paper::default();
        paper.line(&self.account).gap().heading(&self.title, '=').line(&words::bare(&over(self.letter)));
        paper.gap().line(self.lead);
        if self.numbers.len() > 1 {
            let parts: Vec<String> = self.numbers.iter().map(|number| format!("{} {}", words::grouped(number.n), number.word)).collect();
            paper.gap().line(&parts.join(", "));
        }
        for group in self.groups(fit) {
            if let Some((coach, n)) = group.head {
                paper.heading(&format!("{}: {} off track", called(coach), words::grouped(n)), '-');
            } else {
                paper.gap();
            }
            for (index, row) in group.rows.iter().enumerate() {
                if index > 0 {
                    paper.gap();
                }
                paper.put("- ", "  ", &format!("{} · {}", view::name(row.client), view::title(row.program)));
                paper.put("  ", "  ", &format!("{} · {}", row.step.missing(), dates(self.letter, row)));
                if let Some(page) = row.page {
                    paper.put("  ", "  ", page);
                }
                for (label, address) in self.nudges(row).into_iter().flatten() {
                    paper.put("  ", "  ", &format!("{label}: {address}"));
                }
            }
            if let Some(more) = more(&group) {
                paper.gap().put("  ", "  ", &more);
            }
        }
        if let Some(rest) = self.rest(fit) {
            paper.gap().line(&rest);
        }
        paper.gap().line(&format!("{}:", self.open(fit))).line(self.letter.all);
        text::foot(&mut paper, &self.why, Some((STOP, self.letter.stop)), &self.account);
        paper.done()
    }
}

/// Since when, and by what measure.
pub(crate) fn dates(letter: &OffTrackDigest<'_>, row: &Row<'_>) -> String {
    let date = |on| words::date(on, letter.on);
    let last = row.last_activity.map_or_else(|| "no activity yet".to_owned(), |last| format!("last activity {}", date(last)));
    format!("since {} · {last} · {}-week threshold", date(row.since), row.weeks)
}

/// Coaches and how many engagements they have, as told or as in the rows, whichever is more.
fn coaches<'a>(letter: &OffTrackDigest<'a>) -> Vec<(Option<&'a str>, usize)> {
    let mut counted: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    for row in letter.rows {
        *counted.entry(row.coach).or_default() += 1;
    }
    for told in letter.per_coach {
        let n = counted.entry(told.coach).or_default();
        *n = told.engagements.max(*n);
    }
    let mut coaches: Vec<(Option<&str>, usize)> = counted.into_iter().filter(|(_, n)| *n > 0).collect();
    coaches.sort_by_key(|(coach, n)| (coach.is_none(), Reverse(*n)));
    coaches
}

/// The name of a coach, or what stands for none.
fn called(coach: Option<&str>) -> String {
    coach.map_or_else(|| NO_COACH.to_owned(), view::name)
}

/// The heading of a coach's engagements.
fn head(coach: Option<&str>, n: usize, first: bool, fit: Fit) -> Markup {
    let name = called(coach);
    html! {
        h2.t style={ "margin:" (if first { 0 } else { 26 }) "px 0 12px;font-size:17px;line-height:32px;font-weight:650;letter-spacing:-.012em;color:" (TEXT) } {
            @if fit.inline && coach.is_some() { (page::face(&name, 32)) " \u{a0}" }
            bdi { (words::clip(&name, fit.name)) }
            span.m style={ "font-weight:400;color:" (MUTED) } { " \u{a0}" (words::grouped(n)) }
        }
    }
}

fn muted() -> String {
    format!("color:{MUTED}")
}

/// What a group says of those not shown.
fn more(group: &Group<'_>) -> Option<String> {
    let (_, n) = group.head?;
    let more = n - group.rows.len().min(n);
    (more > 0).then(|| format!("and {} more", words::grouped(more)))
}
