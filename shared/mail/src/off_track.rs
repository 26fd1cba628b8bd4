//! Mail on engagements that went off track: to the client, and to coaches and administrators (T-9, T-10, T-13).
//!
//! [`client`] tells one client of one engagement; [`digest`] tells a coach or an administrator of all that crossed on a day.
//! Every link that changes something leads to a page that asks first.

use chrono::NaiveDate;
use domain::show::Mark;

use crate::sheet::{Choice, Sheet, Sign};
use crate::style::{accent, look};
use crate::{Message, digest, view, words};

/// The most characters of a name in a subject or a title: what follows it must stay in sight.
const NAME_MOST: usize = 60;
/// The engagement report, as a button has it.
pub(crate) const OPEN_REPORT: &str = "Open the engagement report";

/// What brings an engagement back on track (T-13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// No session is scheduled.
    ScheduleSession,
    /// No discovery call is scheduled.
    ScheduleDiscoveryCall,
    /// No coach is selected.
    SelectCoach,
    /// A coach is selected, and the engagement is not active.
    Activate,
}

/// Pages that ask for confirmation and work without a login, as absolute URLs (T-13).
#[derive(Clone, Copy, Debug)]
pub struct Nudges<'a> {
    /// A session or a call took place elsewhere.
    pub met: &'a str,
    /// Be reminded in a week.
    pub snooze: &'a str,
    /// A break is planned.
    pub pause: &'a str,
}

/// A mail to the client of an engagement that went off track (T-9).
#[derive(Clone, Copy, Debug)]
pub struct OffTrackClient<'a> {
    /// Name of the account.
    pub account: &'a str,
    /// The client's first name.
    pub first_name: &'a str,
    /// Name of the program.
    pub program: &'a str,
    /// Name of the coach: of the engagement, or the one who was proposed.
    pub coach: Option<&'a str>,
    /// The date it went off track.
    pub since: NaiveDate,
    /// What is missing.
    pub step: Step,
    /// Where the client can take the step, as an absolute URL; `None` for clients without a portal.
    pub page: Option<&'a str>,
    /// What to do if it is different.
    pub nudges: Nudges<'a>,
    /// The page that switches such mail off, which is also what a one-click unsubscribe posts to (RFC 8058).
    pub stop: &'a str,
    /// The delivery; keeps mail programs from stacking mails into one conversation.
    pub delivery_id: &'a str,
}

/// As whom somebody gets a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// They coach the engagements: every row may have its nudges.
    Coach,
    /// They answer for the engagements: rows are grouped by coach and lead to the engagement only.
    Administrator,
}

/// A mail on all engagements that went off track on a day, to one reader (T-9, T-10).
#[derive(Clone, Copy, Debug)]
pub struct OffTrackDigest<'a> {
    /// Name of the account.
    pub account: &'a str,
    /// Name of the organisation that owns the engagements.
    pub organisation: &'a str,
    /// As whom they get it.
    pub reader: Reader,
    /// The reader's name.
    pub name: &'a str,
    /// The day it is about, on the organisation's calendar.
    pub on: NaiveDate,
    /// The engagements in any order. At most 100 are shown, the longest off track first.
    pub rows: &'a [Row<'a>],
    /// How many there are, which may be more than rows.
    pub total: usize,
    /// For an administrator: how many of all there are of each coach. Coaches who are not in it are counted from the rows, so
    /// it may be empty where the rows are all.
    pub per_coach: &'a [CoachCount<'a>],
    /// The engagement report, as an absolute URL.
    pub all: &'a str,
    /// The page that switches such mail off, which is also what a one-click unsubscribe posts to (RFC 8058).
    pub stop: &'a str,
    /// The delivery; keeps mail programs from stacking mails into one conversation.
    pub delivery_id: &'a str,
}

/// An engagement that went off track.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Name of the client.
    pub client: &'a str,
    /// Name of the program.
    pub program: &'a str,
    /// Name of the coach, where there is one.
    pub coach: Option<&'a str>,
    /// The date it went off track.
    pub since: NaiveDate,
    /// The threshold in weeks.
    pub weeks: u8,
    /// The date of the latest session or call.
    pub last_activity: Option<NaiveDate>,
    /// What is missing.
    pub step: Step,
    /// The engagement, as an absolute URL.
    pub page: Option<&'a str>,
    /// What to do if it is different; shown to coaches.
    pub nudges: Option<Nudges<'a>>,
}

/// How many engagements of a coach went off track.
#[derive(Clone, Copy, Debug)]
pub struct CoachCount<'a> {
    /// Name of the coach; `None` counts engagements without one.
    pub coach: Option<&'a str>,
    /// How many.
    pub engagements: usize,
}

impl Step {
    pub(crate) const ALL: [Self; 4] = [Self::ScheduleSession, Self::ScheduleDiscoveryCall, Self::SelectCoach, Self::Activate];

    /// What is missing, in a row.
    pub(crate) fn missing(self) -> &'static str {
        match self {
            Self::ScheduleSession => "No session scheduled",
            Self::ScheduleDiscoveryCall => "No discovery call scheduled",
            Self::SelectCoach => "No coach selected",
            Self::Activate => "Not activated",
        }
    }

    /// What so many engagements need, after the number.
    pub(crate) fn to_do(self, n: usize) -> &'static str {
        match self {
            Self::ScheduleSession if n == 1 => "session to schedule",
            Self::ScheduleSession => "sessions to schedule",
            Self::ScheduleDiscoveryCall if n == 1 => "discovery call to schedule",
            Self::ScheduleDiscoveryCall => "discovery calls to schedule",
            Self::SelectCoach if n == 1 => "coach to select",
            Self::SelectCoach => "coaches to select",
            Self::Activate => "to activate",
        }
    }

    /// What the first nudge is called.
    pub(crate) fn met(self) -> &'static str {
        match self {
            Self::ScheduleSession | Self::Activate => "We met",
            Self::ScheduleDiscoveryCall | Self::SelectCoach => "We had a call",
        }
    }
}

pub(crate) const SNOOZE: &str = "Remind me in a week";
pub(crate) const PAUSE: &str = "Planned break";

/// The nudges with a line on each, under their heading.
fn choices(step: Step, nudges: Nudges<'_>) -> (&'static str, Vec<Choice<'_>>) {
    let met = match step {
        Step::ScheduleSession | Step::Activate => "A session took place that is not on record here.",
        Step::ScheduleDiscoveryCall | Step::SelectCoach => "A call took place that is not on record here.",
    };
    let choices = vec![
        Choice { label: step.met(), words: met, address: nudges.met },
        Choice { label: SNOOZE, words: "It is in hand, and only needs a little more time.", address: nudges.snooze },
        Choice { label: PAUSE, words: "You agreed on a break, and the clock should stop until it is over.", address: nudges.pause },
    ];
    ("Already taken care of?", choices)
}

/// What is true of the pages behind the nudges.
const ASKS_FIRST: &str = "Each opens a page that asks before anything changes. You need not sign in.";

/// A name in a sentence.
fn named(name: &str) -> String {
    words::isolate(&view::name(name))
}

/// Composes the mail to a client whose engagement went off track (T-9). The same letter always gives the same message.
pub fn client(letter: &OffTrackClient<'_>) -> Message {
    let account = view::name(letter.account);
    let program = words::isolate(&words::clip(&view::title(letter.program), 120));
    let coach = letter.coach.map(named);
    let short = |text: &str| words::clip(text, NAME_MOST);
    let (subject_program, subject_coach) = (short(&view::title(letter.program)), letter.coach.map(|coach| short(&view::name(coach))));
    let hello = match words::line(letter.first_name, NAME_MOST) {
        name if name.is_empty() => "Hello,".to_owned(),
        name => format!("Hi {},", words::isolate(&name)),
    };

    let (subject, preheader, title, state, step, open) = match letter.step {
        Step::ScheduleSession => (
            subject_coach
                .map_or_else(|| format!("Your next session in {subject_program}"), |coach| format!("Your next session with {coach}")),
            "Nothing is planned yet, and a date is all it takes",
            "Time for your next session",
            format!("{hello} your coaching in {program} has had no session for a while, and none is planned yet. Busy weeks do that."),
            format!("Agree on a date with {}, and you are back on track: any date will do.", coach.as_deref().unwrap_or("your coach")),
            "Plan a session",
        ),
        Step::ScheduleDiscoveryCall => (
            format!("A discovery call for {subject_program}"),
            "Nothing is planned yet, and a date is all it takes",
            "Time for a discovery call",
            format!("{hello} finding your coach for {program} has been quiet for a while, and no call is planned yet. Busy weeks do that."),
            format!(
                "Agree on a date for a call with {}, and you are back on track: any date will do.",
                coach.as_deref().unwrap_or("a coach you would like to meet")
            ),
            "Plan a call",
        ),
        Step::SelectCoach => (
            format!("Choosing your coach for {subject_program}"),
            "No coach is chosen yet, and your word is all it takes",
            "Time to choose your coach",
            format!("{hello} no coach is chosen for {program} yet. It is a choice that deserves some thought, so here is only a reminder."),
            coach.as_deref().map_or_else(
                || "Choose the coach you would like to work with, and you are back on track.".to_owned(),
                |coach| format!("Choose {coach}, or another coach you would like to work with, and you are back on track."),
            ),
            "Choose a coach",
        ),
        Step::Activate => (
            format!("Ready to start {subject_program}?"),
            "Your coach is chosen, and a word from you is all it takes",
            "Ready when you are",
            format!("{hello} your coach for {program} is chosen, and the coaching has not started yet. Beginnings slip easily."),
            format!("Tell {} that you are ready: once it has started, you are back on track.", coach.as_deref().unwrap_or("your coach")),
            "Open my coaching",
        ),
    };
    let sheet = Sheet {
        subject,
        preheader: preheader.to_owned(),
        sign: letter.coach.map_or_else(|| Sign::Mark(accent("→")), |coach| Sign::Face(view::name(coach))),
        over: Some(coach.map_or_else(|| program.clone(), |coach| format!("{program} with {coach}"))),
        title: title.to_owned(),
        paragraphs: vec![state, step],
        button: letter.page.map(|page| (open, page)),
        choices: Some(choices(letter.step, letter.nudges)),
        note: Some(ASKS_FIRST.to_owned()),
        why: vec![
            format!(
                "You get this because {program} at {} has been off track since {}.",
                words::isolate(&account),
                words::long_date(letter.since)
            ),
            "It comes once each time that happens. You can switch mail like this off at any time.".to_owned(),
        ],
        stop: Some(letter.stop),
        ..Sheet::default()
    };
    sheet.write(&account, letter.delivery_id)
}

/// Composes the mail to a coach or an administrator on all engagements that went off track on a day (T-9, T-10). One engagement
/// reads as a plain mail on that engagement. The same letter always gives the same message.
pub fn digest(letter: &OffTrackDigest<'_>) -> Message {
    match letter.rows {
        [row] if letter.total <= 1 => single(letter, row),
        _ => digest::compose(letter),
    }
}

/// What stands over the title: the organisation, where it is not the account itself, and the day.
pub(crate) fn over(letter: &OffTrackDigest<'_>) -> String {
    let on = words::long_date(letter.on);
    let organisation = view::name(letter.organisation);
    if organisation == view::name(letter.account) { on } else { format!("{} · {on}", words::isolate(&organisation)) }
}

/// Why the reader gets it.
pub(crate) fn why(letter: &OffTrackDigest<'_>, one: bool) -> Vec<String> {
    let name = named(letter.name);
    let engagements = if one { "this engagement" } else { "these engagements" };
    let whose = match letter.reader {
        Reader::Coach => format!("This mail is for {name}, who coaches {engagements}."),
        Reader::Administrator => format!("This mail is for {name}, who is told of {engagements} as an administrator."),
    };
    vec![whose, "An engagement is in one such mail each time it goes off track. You can switch mail like this off at any time.".to_owned()]
}

fn single(letter: &OffTrackDigest<'_>, row: &Row<'_>) -> Message {
    let account = view::name(letter.account);
    let (client, program) = (view::name(row.client), view::title(row.program));
    let (short_client, short_program) = (words::clip(&client, NAME_MOST), words::clip(&program, NAME_MOST));
    let weeks = words::count(usize::from(row.weeks), "week", "weeks");
    let since = match row.last_activity {
        Some(last) => format!("the last activity on {}", words::long_date(last)),
        None => "it began".to_owned(),
    };
    let have = if row.weeks == 1 { "has" } else { "have" };
    let passed = format!("{weeks} {have} passed since {since}");
    let (state, step) = match row.step {
        Step::ScheduleSession => (
            format!("No session is scheduled, and {passed}."),
            "Scheduling a session, or recording one that took place, brings it back on track.",
        ),
        Step::ScheduleDiscoveryCall => (
            format!("No discovery call is scheduled, and {passed}."),
            "Scheduling a discovery call, or recording one that took place, brings it back on track.",
        ),
        Step::SelectCoach => (format!("No coach is selected, and {passed}."), "Selecting a coach brings it back on track."),
        Step::Activate => {
            (format!("A coach is selected, but the engagement is not activated, and {passed}."), "Activating it brings it back on track.")
        }
    };
    let mut facts = vec![("Client", client), ("Program", program)];
    if letter.reader == Reader::Administrator {
        facts.push(("Coach", row.coach.map_or_else(|| digest::NO_COACH.to_owned(), view::name)));
    }
    facts.push(("Off track since", words::long_date(row.since)));
    facts.push(("Last activity", row.last_activity.map_or_else(|| "None yet".to_owned(), words::long_date)));
    facts.push(("Threshold", weeks));
    let nudges = row.nudges.filter(|_| letter.reader == Reader::Coach);
    let sheet = Sheet {
        subject: format!("{short_client}’s {short_program} is off track"),
        preheader: format!("{} · {}", row.step.missing(), digest::dates(letter, row)),
        sign: Sign::Mark(look(Mark::Late)),
        over: Some(over(letter)),
        title: format!("{}’s {} is off\u{a0}track", words::isolate(&short_client), words::isolate(&short_program)),
        paragraphs: vec![state, step.to_owned()],
        facts,
        button: Some(row.page.map_or((OPEN_REPORT, letter.all), |page| ("Open the engagement", page))),
        note: nudges.map(|_| ASKS_FIRST.to_owned()),
        choices: nudges.map(|nudges| choices(row.step, nudges)),
        why: why(letter, true),
        stop: Some(letter.stop),
    };
    sheet.write(&account, letter.delivery_id)
}
