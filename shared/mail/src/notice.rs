//! Short mails to people who run things: what happened, why, and what to do next.
//!
//! Every notice is first put into the words of a [`Sheet`], which is then written out like any other: a further notice is
//! one more variant and one more arm.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use domain::report::Paused;

use crate::sheet::{Sheet, Sign};
use crate::style::grey;
use crate::{Message, view, words};

/// What somebody is told.
#[derive(Clone, Copy, Debug)]
pub enum Notice<'a> {
    /// A report went out late, or runs of it were missed and caught up by one.
    RunLate {
        /// Name of the report.
        report: &'a str,
        /// When the run was due; where several were missed, the last of them.
        scheduled_at: DateTime<Utc>,
        /// When it was caught up.
        ran_at: DateTime<Utc>,
        /// The report's zone.
        zone: Tz,
        /// How many runs did not take place at their time, this one included.
        missed: usize,
    },
    /// A recipient unsubscribed from a report.
    Unsubscribed {
        /// Name of the report.
        report: &'a str,
        /// The recipient: name or address.
        who: &'a str,
    },
    /// A report was paused.
    ReportPaused {
        /// Name of the report.
        report: &'a str,
        /// Name of whoever set it up.
        creator: &'a str,
        /// Why it runs no more.
        because: Paused,
    },
    /// A recipient's address takes no more mail.
    AddressSuppressed {
        /// Name of the report whose mail it was.
        report: &'a str,
        /// The address.
        address: &'a str,
        /// What came back.
        because: Bounced,
    },
}

/// Why no more mail goes to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bounced {
    /// There is no such address, or its server refuses mail for good.
    Permanently,
    /// The recipient reported the mail as spam.
    Complaint,
}

/// Why somebody gets a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// They set the report up.
    Owner,
    /// They are an administrator of the account.
    Administrator,
}

/// A notice and its recipient.
#[derive(Clone, Copy, Debug)]
pub struct NoticeLetter<'a> {
    /// Name of the account.
    pub account: &'a str,
    /// Why they get it.
    pub why: Why,
    /// What they are told.
    pub notice: Notice<'a>,
    /// Where the thing it is about can be seen and changed.
    pub page: Option<&'a str>,
    /// The delivery.
    pub delivery_id: &'a str,
}

/// Composes a notice.
pub fn notice(letter: &NoticeLetter<'_>) -> Message {
    let account = view::name(letter.account);
    sheet(letter, &account).write(&account, letter.delivery_id)
}

fn sheet<'a>(letter: &NoticeLetter<'a>, account: &str) -> Sheet<'a> {
    let why = match letter.why {
        Why::Owner => "You get this because you set the report up.".to_owned(),
        Why::Administrator => format!("You get this because you are an administrator of {account}."),
    };
    let button = letter.page.map(|page| ("Open the report", page));
    match letter.notice {
        Notice::RunLate { report, scheduled_at, ran_at, zone, missed } => {
            let report = view::title(report);
            let several = missed > 1;
            let what = if several {
                format!(
                    "{} of “{report}” did not go out at their time, because Cairn could not run then.",
                    words::count(missed, "run", "runs")
                )
            } else {
                format!("“{report}” did not go out at its time, because Cairn could not run then.")
            };
            let now = if several {
                "It has been caught up now: one mail covers everything since the last report, so nothing is missing and nothing comes twice."
            } else {
                "It has gone out now, with everything it should have said, so nothing is missing."
            };
            Sheet {
                subject: format!("Sent late: {}", words::clip(&report, 120)),
                preheader: if several {
                    format!("{} missed, all caught up", words::count(missed, "run", "runs"))
                } else {
                    "It has gone out now, complete".to_owned()
                },
                sign: Sign::Mark(grey("!")),
                title: "A report went out late".to_owned(),
                paragraphs: vec![what, now.to_owned(), "You need not do anything. The next run comes at its usual time.".to_owned()],
                facts: vec![
                    ("Report", report),
                    (if several { "Last due" } else { "Due" }, words::long_moment(scheduled_at, zone)),
                    ("Sent", format!("{}, {} time", words::long_moment(ran_at, zone), words::place(zone))),
                ],
                button,
                why: vec![why],
                ..Sheet::default()
            }
        }
        Notice::Unsubscribed { report, who } => {
            let (report, who) = (view::title(report), view::name(who));
            Sheet {
                subject: format!("{} unsubscribed from {}", words::clip(&who, 60), words::clip(&report, 70)),
                preheader: "They get this report no more; everybody else still does".to_owned(),
                sign: Sign::Mark(grey("×")),
                title: "A recipient unsubscribed".to_owned(),
                paragraphs: vec![
                    format!(
                        "{who} asked to get “{report}” no more. Cairn has stopped sending it to them; all other recipients still get it."
                    ),
                    "You need not do anything. Please ask them before you name them in a report again.".to_owned(),
                ],
                facts: vec![("Report", report), ("Recipient", who)],
                button,
                why: vec![why],
                ..Sheet::default()
            }
        }
        Notice::ReportPaused { report, creator, because } => {
            let (report, creator) = (view::title(report), view::name(creator));
            let (cause, next) = match because {
                Paused::CreatorDeactivated => (
                    format!(
                        "{creator}, who set up “{report}”, has been deactivated. A report never shows more than its creator may see, so it has been paused and sends nothing."
                    ),
                    "If it is still wanted, set up a report of your own in its place; or reactivate its creator and resume it.",
                ),
                Paused::ByPerson => (
                    format!("“{report}”, set up by {creator}, has been paused and sends nothing until somebody resumes it."),
                    "If that was not intended, resume it. What happened in the meantime will be in its next mail.",
                ),
            };
            Sheet {
                subject: format!("Paused: {}", words::clip(&report, 120)),
                preheader: "It sends nothing until somebody acts".to_owned(),
                sign: Sign::Mark(grey("II")),
                title: "A report has been paused".to_owned(),
                paragraphs: vec![cause, next.to_owned()],
                facts: vec![("Report", report), ("Set up by", creator)],
                button,
                why: vec![why],
                ..Sheet::default()
            }
        }
        Notice::AddressSuppressed { report, address, because } => {
            let (report, address) = (view::title(report), words::line(address, 254));
            let (title, cause, next) = match because {
                Bounced::Permanently => (
                    "An address does not work",
                    format!(
                        "“{report}” could not be delivered to {address}: its mail server says that the address does not exist, or refuses mail for good."
                    ),
                    "Check the address for a slip and correct it in the report. Until then nothing more is sent to it; all other recipients get the report as before.",
                ),
                Bounced::Complaint => (
                    "A recipient reported spam",
                    format!("{address} marked “{report}” as spam."),
                    "Nothing more is sent to this address. It is best to take it out of the report; all other recipients get it as before.",
                ),
            };
            Sheet {
                subject: format!("{title}: {}", words::clip(&address, 100)),
                preheader: format!("No more mail goes to {}", words::clip(&address, 80)),
                sign: Sign::Mark(grey("!")),
                title: title.to_owned(),
                paragraphs: vec![cause, next.to_owned()],
                facts: vec![("Report", report), ("Address", address)],
                button,
                why: vec![why],
                ..Sheet::default()
            }
        }
    }
}
