//! One report mail for one recipient.

use chrono_tz::Tz;
use domain::id::{ClientId, ItemId};
use domain::report::AudienceKind;
use domain::schedule::Window;
use domain::show::Content;

use crate::headers::{Kind, stoppable};
use crate::plan::Plan;
use crate::view::{self, Row, View};
use crate::{Image, Message, chart, html, text, words};

/// The most bytes of the HTML part: Gmail cuts off what is beyond some 102 KB.
pub const HTML_MOST: usize = 90_000;
/// The most characters of a subject.
const SUBJECT_MOST: usize = 150;
/// The most characters of a name in a subject: what follows it must stay in sight.
const SUBJECT_NAME_MOST: usize = 80;
/// The most characters of an introduction.
const INTRODUCTION_MOST: usize = 2_000;
/// The most clients that are named for having no news.
const QUIET_MOST: usize = 12;
/// What the link is called that stops a report.
pub(crate) const UNSUBSCRIBE: &str = "Unsubscribe from this report";

/// What a report mail is made of.
#[derive(Clone, Copy)]
pub struct Letter<'a> {
    /// Name of the account.
    pub account: &'a str,
    /// Name of the report, which only members get to see.
    pub report: &'a str,
    /// Name of whoever set the report up.
    pub creator: &'a str,
    /// Name of the recipient, where they have one.
    pub recipient: Option<&'a str>,
    /// As whom they get it.
    pub audience: AudienceKind,
    /// A subject in place of the one made up.
    pub subject: Option<&'a str>,
    /// A few words of the creator before the content.
    pub introduction: Option<&'a str>,
    /// The schedule in words: "every Friday at 16:30".
    pub schedule: &'a str,
    /// What the run covers.
    pub window: Window,
    /// The zone that dates and times are shown in.
    pub zone: Tz,
    /// What it says.
    pub content: &'a Content,
    /// Where it leads.
    pub links: &'a Links<'a>,
    /// A sentence on why this run is late, if it is.
    pub late: Option<&'a str>,
    /// The delivery; keeps mail programs from stacking reports into one conversation.
    pub delivery_id: &'a str,
}

/// The addresses a report mail links to.
#[derive(Clone, Copy)]
pub struct Links<'a> {
    /// The page of a client; only for mail to members.
    pub client_page: Option<&'a dyn Fn(ClientId) -> String>,
    /// Where all of it can be read, should the mail be cut.
    pub more: Option<&'a str>,
    /// The page to unsubscribe at, and what a one-click unsubscribe posts to (RFC 8058).
    pub unsubscribe: &'a str,
    /// An address to unsubscribe by mail, as `mailto:…`.
    pub unsubscribe_mailto: Option<&'a str>,
    /// The mail address that comments of this recipient on an item go to; other audiences than coaches and clients are shown none
    /// (C-1). Asked once for each item of the content, also where the mail is then cut.
    pub comment: Option<&'a dyn Fn(ItemId) -> Option<String>>,
}

/// What surrounds the content, in words.
pub(crate) struct Frame {
    pub(crate) subject: String,
    pub(crate) preheader: String,
    pub(crate) account: String,
    /// What stands over the title.
    pub(crate) over: String,
    pub(crate) title: String,
    /// The client that the title ends with.
    pub(crate) whom: Option<(Option<ClientId>, String)>,
    pub(crate) lead: Vec<String>,
    pub(crate) introduction: Option<String>,
    pub(crate) late: Option<String>,
    /// Of whom there is nothing to say.
    pub(crate) quiet: Option<String>,
    pub(crate) why: Vec<String>,
    /// Who gets a comment on an item, where the mail says how to write one.
    pub(crate) answered_by: Option<&'static str>,
    /// One client, who needs no heading.
    pub(crate) single: bool,
}

impl Frame {
    /// How one comments, if one can: `start` says where to begin.
    pub(crate) fn how(&self, start: &str) -> Option<String> {
        Some(format!("To comment on something, {start}: what you write is added there, and {}.", self.answered_by?))
    }
}

/// Composes a report mail. The same letter always gives the same message.
pub fn report(letter: &Letter<'_>) -> Message {
    within(letter, HTML_MOST)
}

/// Composes all that a letter holds, however long: what a mail that was cut leads to.
pub fn whole(letter: &Letter<'_>) -> Message {
    within(letter, usize::MAX)
}

/// Composes a mail whose HTML has at most so many bytes.
fn within(letter: &Letter<'_>, most: usize) -> Message {
    let view = View::new(letter);
    let mut frame = frame(letter, &view);
    let around = html::report(&frame, &view, &Plan::NOTHING, letter.links).len() + 500;
    let plan = Plan::new(&view, frame.single, most.saturating_sub(around), letter.links);
    frame.answered_by = frame.answered_by.filter(|_| plan.has_answers(&view));
    Message {
        html: html::report(&frame, &view, &plan, letter.links),
        text: text::report(&frame, &view, &plan, letter.links),
        images: images(&view, &plan),
        headers: stoppable(Kind::Apart(letter.delivery_id), letter.links.unsubscribe, letter.links.unsubscribe_mailto),
        subject: frame.subject,
        preheader: frame.preheader,
    }
}

/// Of how many people and groups a report is.
fn those(clients: usize, groups: usize) -> String {
    match (clients, groups) {
        (clients, 0) => words::count(clients, "person", "people"),
        (0, groups) => words::count(groups, "group", "groups"),
        (clients, groups) => format!("{} and {}", words::count(clients, "person", "people"), words::count(groups, "group", "groups")),
    }
}

fn frame(letter: &Letter<'_>, view: &View) -> Frame {
    let span = words::span(letter.window, letter.zone);
    let span_in_words = words::span_in_words(letter.window, letter.zone);
    let creator = view::name(letter.creator);
    let account = view::name(letter.account);
    let report = view::title(letter.report);
    // who the report is on, whether there is news of them or not
    let only = match &letter.content.sections[..] {
        [section] => Some(view::name_of(section)),
        _ => None,
    };
    let groups = letter.content.sections.iter().filter(|section| section.record.group().is_some()).count();
    let clients = letter.content.sections.len() - groups;
    let length = words::length(letter.window);
    let yours = length.map_or_else(|| "Your coaching".to_owned(), |length| format!("Your {length}"));
    let empty = view.counts.all() == 0 && view.left_out == 0;
    let own = letter.recipient == Some(letter.creator);

    let made_up = match letter.audience {
        AudienceKind::Coach => {
            let whom = only.as_deref().map_or_else(|| "your clients".to_owned(), |name| words::clip(name, SUBJECT_NAME_MOST));
            format!("Happenings for {whom}, {span_in_words}")
        }
        AudienceKind::Clients => {
            format!("{}, {span_in_words}", length.map_or_else(|| yours.clone(), |length| format!("Your coaching {length}")))
        }
        AudienceKind::ThirdParties | AudienceKind::Personnel => format!("Coaching progress report, {span_in_words}"),
    };
    let subject = match letter.subject.map(|subject| words::line(subject, 2 * SUBJECT_MOST)) {
        Some(subject) if !subject.is_empty() => subject,
        _ => words::line(&made_up, SUBJECT_MOST),
    };

    let title = match letter.audience {
        AudienceKind::Coach if empty => "All quiet".to_owned(),
        AudienceKind::Coach if only.is_some() => "What happened with".to_owned(),
        AudienceKind::Coach => "What happened with your clients".to_owned(),
        AudienceKind::Clients if empty => {
            length.map_or_else(|| "All quiet".to_owned(), |length| format!("A quiet {}", length.replace("two weeks", "fortnight")))
        }
        AudienceKind::Clients => yours,
        AudienceKind::ThirdParties | AudienceKind::Personnel => "Coaching progress report".to_owned(),
    };
    let whom = match &letter.content.sections[..] {
        [section] if letter.audience == AudienceKind::Coach && !empty => Some((section.record.client(), view::name_of(section))),
        _ => None,
    };
    let over = if letter.audience == AudienceKind::Coach { format!("{report} · {span}") } else { span };

    let mut lead = Vec::new();
    match letter.audience {
        AudienceKind::Coach => {}
        AudienceKind::Clients => {
            if !empty {
                lead.push("This is what happened in your coaching, and what is open now.".to_owned());
            }
        }
        AudienceKind::ThirdParties | AudienceKind::Personnel => {
            let whom = only
                .clone()
                .map_or_else(|| format!("the coaching of {}", those(clients, groups)), |name| format!("the coaching of {name}"));
            let on = if letter.content.sections.is_empty() { "coaching".to_owned() } else { whom };
            lead.push(format!("{creator} of {account} shares this summary of {on} with you."));
        }
    }
    if empty {
        let next = match letter.schedule.trim() {
            "" => String::new(),
            schedule => format!(" The next report comes as planned, {}.", words::schedule(schedule)),
        };
        let whom = match letter.audience {
            AudienceKind::Coach if !view.quiet.is_empty() => {
                format!(" for {}", some(&view.quiet.iter().take(QUIET_MOST).cloned().collect::<Vec<_>>(), view.quiet.len()))
            }
            AudienceKind::Coach | AudienceKind::Clients | AudienceKind::ThirdParties | AudienceKind::Personnel => String::new(),
        };
        lead.push(format!("Nothing happened and nothing is open{whom}.{next}"));
    }

    let names: Vec<String> = view.clients.iter().map(|client| client.name.clone()).collect();
    let preheader = if empty {
        "Nothing happened and nothing is open".to_owned()
    } else if view.counts.all() == 0 {
        words::count(view.left_out, "thing", "things")
    } else {
        let counts = view.counts.words();
        match letter.audience {
            AudienceKind::Coach if only.is_none() => {
                let first = |name: &String| words::clip(name.split_whitespace().next().unwrap_or(name), 20);
                format!("{counts} · {}", some(&names.iter().take(5).map(first).collect::<Vec<_>>(), names.len()))
            }
            AudienceKind::ThirdParties | AudienceKind::Personnel => {
                let on = view.clients.iter().filter(|client| client.id.is_some()).count();
                format!("{counts} · {}", those(on, names.len() - on))
            }
            AudienceKind::Coach | AudienceKind::Clients => counts,
        }
    };

    let quiet = (!view.quiet.is_empty() && !empty && letter.audience != AudienceKind::Clients)
        .then(|| format!("No news of {}.", some(&view.quiet.iter().take(QUIET_MOST).cloned().collect::<Vec<_>>(), view.quiet.len())));

    let because = match letter.audience {
        AudienceKind::Coach if own => format!("You get this because you set up the report “{report}”."),
        AudienceKind::Coach => format!("You get this because {creator} set up the report “{report}” for you."),
        AudienceKind::Clients => {
            format!("You get this because {creator} of {account} set up a report to keep you informed of your coaching.")
        }
        AudienceKind::ThirdParties => {
            format!("You get this because {creator} of {account} set up a report on coaching and named you as a recipient.")
        }
        AudienceKind::Personnel => {
            format!("You get this because {creator} of {account} set up a report on the coaching of your company’s people.")
        }
    };
    let place = words::place(letter.zone);
    let sent = match letter.schedule.trim() {
        "" => String::new(),
        // a schedule that follows appointments is in no zone
        schedule if schedule.contains("appointment") => format!(" It is sent {}.", words::schedule(schedule)),
        schedule => format!(" It is sent {}, {place} time.", words::schedule(schedule)),
    };
    let why = vec![format!("{because}{sent}"), format!("This one covers {}.", words::exact_span(letter.window, letter.zone))];

    Frame {
        subject,
        preheader,
        account,
        over,
        title,
        whom,
        lead,
        introduction: letter.introduction.map(|text| words::lines(text, INTRODUCTION_MOST)).filter(|text| !text.is_empty()),
        late: letter.late.map(|text| words::line(text, 500)).filter(|text| !text.is_empty()),
        quiet,
        why,
        answered_by: view.has_answers().then_some(match letter.audience {
            AudienceKind::Coach if groups > 0 => "whoever it is about gets it, a client or the clients of a group",
            AudienceKind::Coach if only.is_none() => "the client it is about gets it",
            AudienceKind::Coach => "your client gets it",
            AudienceKind::Clients if groups > 0 => "your coach gets it; what you write in a group, the whole group can read",
            AudienceKind::Clients | AudienceKind::ThirdParties | AudienceKind::Personnel => "your coach gets it",
        }),
        single: (letter.audience == AudienceKind::Clients && groups == 0) || only.is_some() || empty,
    }
}

/// The first names of many, and how many more there are.
pub(crate) fn some(names: &[String], all: usize) -> String {
    match all - names.len() {
        0 => words::list(names),
        more => format!("{} and {} more", names.join(", "), words::grouped(more)),
    }
}

fn images(view: &View, plan: &Plan) -> Vec<Image> {
    view.clients[..plan.detailed]
        .iter()
        .flat_map(|client| &client.groups)
        .flat_map(|group| plan.kept(group))
        .filter_map(|row| match row {
            Row::Metric(gauge) => gauge.chart.as_ref(),
            Row::Thing(_) => None,
        })
        .filter_map(|chart| {
            Some(Image {
                content_id: html::content_id(chart.number, &chart.item.to_string()),
                file_name: format!("chart-{}.png", chart.number),
                png: chart::draw(&chart.points, chart.target)?,
                alt: chart.alt.clone(),
            })
        })
        .collect()
}
