//! Short mails about one thing: each is first put into the words of a [`Sheet`], which is then written out as HTML and text.

use crate::headers::{Kind, automatic, stoppable};
use crate::style::{Look, grey};
use crate::text::Paper;
use crate::{Message, html, text, words};

/// The most characters of a subject.
pub(crate) const SUBJECT_MOST: usize = 150;
/// What the link is called that switches mail of a kind off.
pub(crate) const STOP: &str = "Stop mail like this";

/// A short mail in words. Names in them are set apart by [`words::isolate`], where they may begin a line or meet others.
pub(crate) struct Sheet<'a> {
    pub(crate) subject: String,
    pub(crate) preheader: String,
    /// What is drawn over the title.
    pub(crate) sign: Sign,
    /// What stands over the title.
    pub(crate) over: Option<String>,
    pub(crate) title: String,
    pub(crate) paragraphs: Vec<String>,
    pub(crate) facts: Vec<(&'static str, String)>,
    /// Label and address.
    pub(crate) button: Option<(&'static str, &'a str)>,
    /// What one may do instead, under its heading.
    pub(crate) choices: Option<(&'static str, Vec<Choice<'a>>)>,
    /// Words that matter less, at the end.
    pub(crate) note: Option<String>,
    pub(crate) why: Vec<String>,
    /// Where mail like this is switched off.
    pub(crate) stop: Option<&'a str>,
}

/// What is drawn over a title.
pub(crate) enum Sign {
    /// A mark.
    Mark(Look),
    /// A person of this name.
    Face(String),
}

/// Something one can do.
pub(crate) struct Choice<'a> {
    pub(crate) label: &'static str,
    /// When to do it, as a sentence.
    pub(crate) words: &'static str,
    pub(crate) address: &'a str,
}

impl Default for Sheet<'_> {
    fn default() -> Self {
        Self {
            subject: String::new(),
            preheader: String::new(),
            sign: Sign::Mark(grey("!")),
            over: None,
            title: String::new(),
            paragraphs: Vec::new(),
            facts: Vec::new(),
            button: None,
            choices: None,
            note: None,
            why: Vec::new(),
            stop: None,
        }
    }
}

impl Sheet<'_> {
    /// Writes it out as mail of this account.
    pub(crate) fn write(self, account: &str, delivery_id: &str) -> Message {
        self.write_as(Kind::Apart(delivery_id), account)
    }

    /// Writes it out as mail of this kind and account.
    pub(crate) fn write_as(self, kind: Kind<'_>, account: &str) -> Message {
        let subject = words::line(&words::bare(&self.subject), SUBJECT_MOST);
        Message {
            html: self.html(&subject, account),
            text: self.text(account),
            images: Vec::new(),
            headers: self.stop.map_or_else(|| automatic(kind), |stop| stoppable(kind, stop, None)),
            preheader: self.preheader,
            subject,
        }
    }

    fn foot(&self) -> Option<(&str, &str)> {
        self.stop.map(|stop| (STOP, stop))
    }

    fn html(&self, subject: &str, account: &str) -> String {
        let card = html::card(&maud::html! {
            @match &self.sign {
                Sign::Mark(look) => (html::stamp(look)),
                Sign::Face(name) => p style="margin:0 0 14px" { (html::face(name, 40)) },
            }
            @if let Some(over) = &self.over { (html::over(over)) }
            (html::title(&html::Lines(&self.title)))
            @for text in &self.paragraphs { (html::paragraph(text)) }
            @if !self.facts.is_empty() { (html::facts(&self.facts)) }
            @if let Some((label, address)) = self.button { (html::button(label, address)) }
            @if let Some((heading, choices)) = &self.choices {
                (html::part_heading(heading, 2))
                (html::choices(choices))
            }
            @if let Some(note) = &self.note { (html::small(note)) }
        });
        html::document(None, subject, &self.preheader, account, &card, &html::foot(&self.why, self.foot(), account))
    }

    fn text(&self, account: &str) -> String {
        let mut paper = Paper::default();
        paper.line(account).gap().heading(&words::bare(&self.title), '=');
        if let Some(over) = &self.over {
            paper.line(&words::bare(over));
        }
        for text in &self.paragraphs {
            paper.gap().line(&words::bare(text));
        }
        paper.gap();
        // the column after the longest name, and 12 wide at least
        let wide = self.facts.iter().map(|(name, _)| name.chars().count() + 2).max().unwrap_or_default().max(12);
        for (name, value) in &self.facts {
            paper.put(&format!("{:<wide$}", format!("{name}:")), &" ".repeat(wide), value);
        }
        if let Some((label, address)) = self.button {
            paper.gap().line(&format!("{label}:")).line(address);
        }
        if let Some((heading, choices)) = &self.choices {
            paper.heading(heading, '-');
            for (index, choice) in choices.iter().enumerate() {
                if index > 0 {
                    paper.gap();
                }
                paper.line(&format!("{}: {}", choice.label, choice.words)).line(choice.address);
            }
        }
        if let Some(note) = &self.note {
            paper.gap().line(&words::bare(note));
        }
        text::foot(&mut paper, &self.why, self.foot(), account);
        paper.done()
    }
}
