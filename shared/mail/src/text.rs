//! The plain text part: everything the HTML says, readable alone.

use domain::show::Mark;

use crate::answer::Answer;
use crate::html::{Part, arrow, body, gauge_parts};
use crate::incoming::ABOVE_THIS_LINE;
use crate::plan::Plan;
use crate::report::{Frame, Links, UNSUBSCRIBE};
use crate::view::{Client, Gauge, Row, Said, Thing, View};
use crate::words;

/// The most columns of a line, where words allow.
const WIDTH: usize = 78;

/// A text that grows by wrapped lines.
#[derive(Default)]
pub(crate) struct Paper(String);

impl Paper {
    /// Adds a text, wrapped, its first line after `first` and the others after `rest`.
    pub(crate) fn put(&mut self, first: &str, rest: &str, text: &str) -> &mut Self {
        let mut lead = first;
        for line in text.split('\n') {
            let mut used = columns(lead);
            self.0.push_str(lead);
            let mut fresh = true;
            for word in line.split(' ').filter(|word| !word.is_empty()) {
                let width = columns(word);
                if !fresh && used + 1 + width > WIDTH {
                    self.end();
                    self.0.push_str(rest);
                    used = columns(rest);
                } else if !fresh {
                    self.0.push(' ');
                    used += 1;
                }
                self.0.push_str(word);
                used += width;
                fresh = false;
            }
            self.end();
            lead = rest;
        }
        self
    }

    pub(crate) fn line(&mut self, text: &str) -> &mut Self {
        self.put("", "", text)
    }

    pub(crate) fn gap(&mut self) -> &mut Self {
        if !self.0.is_empty() && !self.0.ends_with("\n\n") {
            self.0.push('\n');
        }
        self
    }

    /// A heading over a line of signs.
    pub(crate) fn heading(&mut self, text: &str, sign: char) -> &mut Self {
        let width = columns(text).min(WIDTH);
        self.gap().line(text);
        self.0.extend(std::iter::repeat_n(sign, width));
        self.end();
        self
    }

    fn end(&mut self) {
        let kept = self.0.trim_end_matches(' ').len();
        self.0.truncate(kept);
        self.0.push('\n');
    }

    pub(crate) fn done(self) -> String {
        self.0
    }
}

/// How wide a text is on a screen of fixed columns.
fn columns(text: &str) -> usize {
    text.chars()
        .map(|c| match c {
            '\u{300}'..='\u{36F}' | '\u{200B}'..='\u{200F}' | '\u{FE00}'..='\u{FE0F}' => 0,
            '\u{1100}'..='\u{115F}'
            | '\u{2E80}'..='\u{A4CF}'
            | '\u{AC00}'..='\u{D7A3}'
            | '\u{F900}'..='\u{FAFF}'
            | '\u{FF00}'..='\u{FF60}'
            | '\u{1F300}'..='\u{1FAFF}' => 2,
            _ => 1,
        })
        .sum()
}

/// What surrounds every text: who it is from, why it came, and how to stop it.
pub(crate) fn foot(paper: &mut Paper, why: &[String], stop: Option<(&str, &str)>, account: &str) {
    paper.gap().line("-- ");
    for line in why {
        paper.line(&words::bare(line));
    }
    if let Some((label, address)) = stop {
        paper.gap().line(&format!("{label}:")).line(address);
    }
    paper.gap().line(&format!("{account} · sent with Cairn"));
}

/// The text of a report mail, cut by the same plan as its HTML.
pub(crate) fn report(frame: &Frame, view: &View, plan: &Plan, links: &Links<'_>) -> String {
    let mut paper = Paper::default();
    let title = match &frame.whom {
        Some((_, name)) => format!("{} {name}", frame.title),
        None => frame.title.clone(),
    };
    if frame.answered_by.is_some() {
        paper.line(ABOVE_THIS_LINE).gap();
    }
    paper.line(&frame.account).gap().heading(&title, '=').line(&frame.over);
    if let (Some((Some(id), _)), Some(page)) = (&frame.whom, links.client_page) {
        paper.line(&page(*id));
    }
    if let Some(late) = &frame.late {
        paper.gap().put("! ", "  ", late);
    }
    if let Some(introduction) = &frame.introduction {
        paper.gap().put("| ", "| ", introduction);
    }
    for lead in &frame.lead {
        paper.gap().line(lead);
    }
    if view.counts.all() > 0 {
        paper.gap().line(&words::sentence(&view.counts.words()));
    }
    for client in &view.clients[..plan.detailed] {
        if !frame.single {
            paper.gap().heading(&client.name, '=');
            paper.line(&words::sentence(&client.counts.words()));
            if let (Some(page), Some(id)) = (links.client_page, client.id) {
                paper.line(&page(id));
            }
        }
        groups(&mut paper, client, plan);
    }
    let listed = &view.clients[plan.detailed..plan.detailed + plan.listed];
    if !listed.is_empty() {
        paper.gap().heading("In short", '=');
        for client in listed {
            paper.put("- ", "  ", &format!("{}: {}", client.name, client.counts.words()));
        }
    }
    if let Some(note) = plan.note(view) {
        paper.gap().line(&note);
        if let Some(more) = links.more {
            paper.line("Read all of it:").line(more);
        }
    }
    if let Some(quiet) = &frame.quiet {
        paper.gap().line(quiet);
    }
    let how = frame.how("write to the address below it");
    let why: Vec<String> = how.into_iter().chain(frame.why.iter().cloned()).collect();
    foot(&mut paper, &why, Some((UNSUBSCRIBE, links.unsubscribe)), &frame.account);
    paper.done()
}

fn groups(paper: &mut Paper, client: &Client, plan: &Plan) {
    let mut part = None;
    for group in &client.groups {
        if part.replace(group.part) != Some(group.part) {
            paper.heading(group.part.heading(), '-');
        }
        if let Some(title) = group.title {
            if !paper.0.ends_with("-\n") {
                paper.gap();
            }
            paper.line(title);
        }
        let kept = plan.kept(group);
        for row in &kept {
            match row {
                Row::Thing(thing) => self::thing(paper, thing, plan.bodies),
                Row::Metric(gauge) => self::gauge(paper, gauge, plan.bodies),
            }
        }
        if kept.len() < group.rows.len() {
            paper.line(&format!("  and {} more", words::grouped(group.rows.len() - kept.len())));
        }
    }
}

fn word(mark: Mark) -> &'static str {
    match mark {
        Mark::Done => "done",
        Mark::Late => "LATE",
        Mark::New => "new",
        Mark::Changed => "changed",
        Mark::Cancelled => "cancelled",
        Mark::Open => "open",
    }
}

fn thing(paper: &mut Paper, thing: &Thing, bodies: usize) {
    paper.put(&format!("  [{}] ", word(thing.mark)), "      ", &thing.title);
    paper.put("      ", "      ", &format!("{}{}", thing.lead, thing.rest));
    if let Some(body) = body(thing, bodies) {
        paper.put("      | ", "      | ", &body);
    }
    said(paper, &thing.said, bodies);
    answer(paper, thing.answer.as_ref());
}

fn said(paper: &mut Paper, said: &[Said], bodies: usize) {
    for said in said.iter().filter(|_| bodies > 0) {
        paper.put("      | ", "      | ", &format!("{}, {}: {}", said.who, said.when, words::clip(&said.text, bodies)));
    }
}

fn answer(paper: &mut Paper, answer: Option<&Answer>) {
    if let Some(answer) = answer {
        paper.put("      Comment: ", "", &answer.address);
    }
}

fn gauge(paper: &mut Paper, gauge: &Gauge, bodies: usize) {
    paper.put("  ", "      ", &format!("{}: {}{}", gauge.title, gauge.latest, gauge.unit));
    let parts: Vec<String> = gauge_parts(gauge)
        .into_iter()
        .map(|part| match part {
            Part::Change(trend, words) => format!("{} {words}", arrow(trend)),
            Part::News(words) => words.to_owned(),
            Part::Plain(words) => words,
        })
        .collect();
    if !parts.is_empty() {
        paper.put("      ", "      ", &parts.join(" · "));
    }
    if let Some(chart) = &gauge.chart {
        let values: Vec<String> = chart.points.iter().map(|point| words::number(point.value)).collect();
        paper.put("      ", "      ", &format!("From {} to {}: {}", chart.first, chart.last, values.join(", ")));
    }
    said(paper, &gauge.said, bodies);
    answer(paper, gauge.answer.as_ref());
}
