//! A comment on its way to the other party (C-2).

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use domain::comment::TEXT_MOST;
use domain::item::ItemKind;

use crate::answer::{self, Answer};
use crate::headers::{Kind, stoppable};
use crate::incoming::ABOVE_THIS_LINE;
use crate::report::HTML_MOST;
use crate::sheet::STOP;
use crate::text::{self, Paper};
use crate::{Message, html, view, words};

/// How much of a comment is shown, in characters: all of it, unless its signs take too many bytes.
const TEXTS: [usize; 4] = [TEXT_MOST, 6_000, 3_000, 1_000];
/// The most characters of a preheader.
const PREHEADER_MOST: usize = 140;
/// The most characters of a file's name.
const FILE_NAME_MOST: usize = 120;
/// The most files that are named.
const FILES_MOST: usize = 20;
/// What the button is called.
pub(crate) const ANSWER: &str = "Answer";
/// What else one can do.
pub(crate) const OR_REPLY: &str = "Or just reply to this mail.";

/// A comment and one of those who hear of it.
#[derive(Clone, Copy, Debug)]
pub struct CommentLetter<'a> {
    /// Name of the account.
    pub account: &'a str,
    /// Name of whoever wrote the comment.
    pub author: &'a str,
    /// Whether the recipient is the client; else they coach the client.
    pub to_client: bool,
    /// Name of the client; who wrote the comment, where a client of a group did.
    pub client: &'a str,
    /// Name of the group, where the item is one that a group shares.
    pub group: Option<&'a str>,
    /// The kind of the item.
    pub kind: ItemKind,
    /// The item's title.
    pub title: &'a str,
    /// What was said.
    pub text: &'a str,
    /// The files that came with it: name and size in bytes.
    pub files: &'a [(String, u64)],
    /// The files that were not kept: name and why, as people read it.
    pub not_kept: &'a [(String, &'a str)],
    /// The mail address that an answer goes to.
    pub address: &'a str,
    /// Where the item can be seen, as an absolute URL.
    pub page: Option<&'a str>,
    /// The page that switches such mail off, which is also what a one-click unsubscribe posts to (RFC 8058).
    pub stop: &'a str,
    /// When it was said.
    pub said_at: DateTime<Utc>,
    /// The zone that it is shown in.
    pub zone: Tz,
    /// The id of all mail on the item, without angle brackets (OUT-05).
    pub thread: &'a str,
}

/// What a forward says, in words.
pub(crate) struct Forward<'a> {
    pub(crate) author: String,
    pub(crate) when: String,
    /// The comment as far as it is shown.
    pub(crate) text: String,
    /// Where the rest is, if not all of it is shown.
    pub(crate) cut: Option<&'static str>,
    /// Files and what is said of them.
    pub(crate) files: Vec<(String, String)>,
    pub(crate) not_kept: Vec<(String, String)>,
    pub(crate) more_files: usize,
    /// "Action of Amber Stone".
    pub(crate) about: String,
    pub(crate) title: String,
    pub(crate) page: Option<&'a str>,
    pub(crate) answer: Answer,
}

/// Composes the forward of a comment to the other party. The same letter always gives the same message.
pub fn comment(letter: &CommentLetter<'_>) -> Message {
    let account = view::name(letter.account);
    let subject = answer::subject(letter.title);
    let preheader = words::line(letter.text, PREHEADER_MOST);
    let why = why(letter, &account);
    let written = |most: usize| {
        let forward = forward(letter, most);
        let card = html::card(&html::forward(&forward));
        let foot = html::foot(&why, Some((STOP, letter.stop)), &account);
        (html::document(html::MARKER, &subject, &preheader, &account, &card, &foot), forward)
    };
    let [all, shorter @ ..] = TEXTS;
    let mut fitting = written(all);
    for most in shorter {
        if fitting.0.len() <= HTML_MOST {
            break;
        }
        fitting = written(most);
    }
    let (html, forward) = fitting;
    Message {
        html,
        text: paper(&forward, &why, letter.stop, &account),
        images: Vec::new(),
        headers: stoppable(Kind::Threaded(letter.thread), letter.stop, None),
        subject,
        preheader,
    }
}

fn forward<'a>(letter: &CommentLetter<'a>, most: usize) -> Forward<'a> {
    let kind = words::sentence(words::kind(letter.kind));
    let text = words::verbatim(letter.text, most);
    let name = |name: &str| {
        let name = words::line(name, FILE_NAME_MOST);
        if name.is_empty() { "(no name)".to_owned() } else { name }
    };
    let files: Vec<_> = letter.files.iter().take(FILES_MOST).map(|(file, size)| (name(file), words::size(*size))).collect();
    let not_kept: Vec<_> = letter.not_kept.iter().take(FILES_MOST).map(|(file, why)| (name(file), words::line(why, 80))).collect();
    Forward {
        author: view::name(letter.author),
        when: words::long_moment(letter.said_at, letter.zone),
        cut: text.is_cut.then_some("The comment goes on. All of it is on the item’s page."),
        text: text.text,
        more_files: letter.files.len() - files.len() + letter.not_kept.len() - not_kept.len(),
        files,
        not_kept,
        about: match (letter.group, letter.to_client) {
            (Some(group), _) => format!("{kind} of {}", words::isolate(&view::name(group))),
            (None, false) => format!("{kind} of {}", words::isolate(&view::name(letter.client))),
            (None, true) => kind,
        },
        title: view::title(letter.title),
        page: letter.page,
        answer: Answer::new(letter.address, letter.title),
    }
}

fn why(letter: &CommentLetter<'_>, account: &str) -> Vec<String> {
    let account = words::isolate(account);
    let author = words::isolate(&view::name(letter.author));
    if let Some(group) = letter.group {
        let group = words::isolate(&view::name(group));
        let because = match letter.to_client {
            true => format!("{author} of {account} commented in {group}, which you belong to"),
            false => format!("{author} commented in {group}, which you coach at {account}"),
        };
        vec![
            format!("You get this because {because}. Nobody else gets this mail."),
            format!("What you answer is added to the item, and everybody in {group} can read it. The address it goes to is yours alone."),
        ]
    } else if letter.to_client {
        vec![
            format!("You get this because {author} of {account} commented on your coaching. Nobody else gets this mail."),
            "What you answer is added to the item, and your coach gets it. The address it goes to is yours alone.".to_owned(),
        ]
    } else {
        let client = words::isolate(&view::name(letter.client));
        vec![
            format!("You get this because {client} commented, and you coach them at {account}."),
            format!("What you answer is added to the item, and {client} gets it. The address it goes to is yours alone."),
        ]
    }
}

fn paper(forward: &Forward<'_>, why: &[String], stop: &str, account: &str) -> String {
    let mut paper = Paper::default();
    paper.line(ABOVE_THIS_LINE).gap().line(&format!("{}, {}:", forward.author, forward.when)).gap();
    for line in forward.text.split('\n') {
        // what was set in stays so
        let indent: String = line.chars().take_while(|c| *c == ' ').take(24).collect();
        paper.put(&indent, &indent, line);
    }
    if let Some(cut) = forward.cut {
        paper.gap().line(cut);
    }
    if !forward.files.is_empty() {
        paper.gap().line("Files:");
    }
    for (name, size) in &forward.files {
        paper.put("- ", "  ", &format!("{name} ({size})"));
    }
    if !forward.not_kept.is_empty() {
        paper.gap().line("Not kept:");
    }
    for (name, why) in &forward.not_kept {
        paper.put("- ", "  ", &format!("{name}: {why}"));
    }
    if forward.more_files > 0 {
        paper.line(&format!("and {} more", words::grouped(forward.more_files)));
    }
    paper.gap().put(&format!("{}: ", words::bare(&forward.about)), "  ", &forward.title);
    if let Some(page) = forward.page {
        paper.line(page);
    }
    paper.gap().line(&format!("{ANSWER}:")).line(&forward.answer.address).line(OR_REPLY);
    text::foot(&mut paper, why, Some((STOP, stop)), account);
    paper.done()
}
