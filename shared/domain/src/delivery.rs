//! Deliveries: one mail to one recipient, from the moment it is owed to the moment its fate is known.
//!
//! SES has no idempotency key, so between "SES took it" and "we wrote that down" a crash leaves two readings that look
//! alike. The states here keep that window as small as it can be and say what happens inside it:
//!
//! ```text
//!            claim                 about to call SES          SES took it
//!   due ───────────────▶ claimed ───────────────▶ sending ───────────────▶ sent ──▶ bounced
//!    ▲ ▲  lease ran out     │ not to be sent         │ answer lost            ▲
//!    │ └────────────────────┤ any more               ▼                        │ SES event, or time up: a report
//!    │                      ▼                     in doubt ───────────────────┘
//!    │        skipped, failed, held                  │ time up: everything else
//!    └───────────────────────────────────────────────┘
//! ```
//!
//! Where SES asks to send more slowly, a delivery that was being sent is `waiting`: it is claimed again when its time has
//! come, and not before. Only `due` puts a delivery into the queue, so waiting does not.
//!
//! An SES event that a mail arrived settles whatever is not final, so that a mail held for lost is not sent again.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::{ClientId, CommentId, CompanyId, DeliveryId, EngagementId, ItemId, MemberId, ReportId, RunId};
use crate::inbound::Refusal;
use crate::person::{Email, PersonId};
use crate::record::RecordOf;
use crate::run::{Outcome, state_words};

/// How long a worker may hold a delivery: longer than the function that sends may run.
pub const LEASE: Duration = Duration::seconds(120);
/// How long a mail whose answer was lost waits for an SES event before its kind's policy decides.
pub const HOLD: Duration = Duration::minutes(15);
/// After this long in the queue a delivery is put in again.
pub const STUCK_AFTER: Duration = Duration::minutes(15);
/// A delivery that could not be sent for this long is given up.
pub const GIVE_UP_AFTER: Duration = Duration::hours(24);
/// How often SES may ask to send more slowly before the queue lets go of a delivery and reconciling wakes it instead.
const QUEUE_TRIES: u32 = 3;
/// The last fuse against a loop: so many mails of one report to one address in a day, and no more.
pub const DAILY_MOST: u32 = 24;

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Owed.
    Due,
    /// A worker has taken it and looks whether it may still go. SES has certainly not been called.
    Claimed,
    /// A worker calls SES, or has.
    Sending,
    /// SES was called, and the answer was lost.
    InDoubt,
    /// SES did not take it for now; it is tried again after a while.
    Waiting,
    /// Waits for something that only a person or time can change.
    Held,
    /// SES took it.
    Sent,
    /// Left out on purpose.
    Skipped,
    /// Refused for good, or given up.
    Failed,
    /// The recipient's side refused it, or the recipient complained.
    Bounced,
}

impl DeliveryState {
    /// Whether nothing more will be done about it.
    pub fn is_final(self) -> bool {
        match self {
            Self::Due | Self::Claimed | Self::Sending | Self::InDoubt | Self::Waiting | Self::Held => false,
            Self::Sent | Self::Skipped | Self::Failed | Self::Bounced => true,
        }
    }

    /// The state as it stands in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Claimed => "claimed",
            Self::Sending => "sending",
            Self::InDoubt => "in_doubt",
            Self::Waiting => "waiting",
            Self::Held => "held",
            Self::Sent => "sent",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Bounced => "bounced",
        }
    }
}

/// What a delivery is about: enough to compose it, and to look again whether it may go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "mail", rename_all = "snake_case")]
pub enum Mail {
    /// A run of a report.
    Report {
        /// The report.
        report_id: ReportId,
        /// The run.
        run_id: RunId,
        /// Which of the run's contents.
        content: String,
        /// The only client it is on, where there is but one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_id: Option<ClientId>,
        /// The company whose clients it is on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        company_id: Option<CompanyId>,
    },
    /// To the owner: a run of the report was late, and caught up what was missed.
    RunLate {
        /// The report.
        report_id: ReportId,
        /// Its name.
        report: String,
        /// The run.
        run_id: RunId,
        /// The instant it was scheduled for.
        scheduled_at: DateTime<Utc>,
        /// How many occurrences before it were missed too.
        missed: u32,
    },
    /// To the owner: a recipient unsubscribed.
    Unsubscribed {
        /// The report.
        report_id: ReportId,
        /// Its name.
        report: String,
        /// The recipient's address.
        address: Email,
    },
    /// To the owner: a recipient's address takes no more mail.
    AddressSuppressed {
        /// The report.
        report_id: ReportId,
        /// Its name.
        report: String,
        /// The recipient's address.
        address: Email,
        /// Whether the recipient complained, rather than the mail bounced.
        complained: bool,
    },
    /// To administrators: the report's creator was deactivated, so it was paused (R-6).
    ReportPaused {
        /// The report.
        report_id: ReportId,
        /// Its name.
        report: String,
        /// The creator's name.
        creator: String,
    },
    /// To the client: an engagement of theirs went off track (T-9).
    OffTrack {
        /// The engagement.
        engagement_id: EngagementId,
        /// The day it crossed.
        since: NaiveDate,
    },
    /// To a coach, an administrator, or somebody who is both: what went off track (T-10).
    OffTrackDigest {
        /// The epoch that was closed.
        epoch: u64,
        /// The day it is of.
        on: NaiveDate,
    },
    /// To a client: the invitation to their portal (P-5).
    Invitation {
        /// When it was asked for.
        invited_at: DateTime<Utc>,
    },
    /// To a client: their portal was switched on or off (P-5).
    PortalChanged {
        /// Whether it was switched on.
        active: bool,
    },
    /// To whoever asked to sign in: a link, which is made when the mail is sent and kept nowhere.
    SignIn {
        /// The digest of what the browser that asked holds.
        nonce: String,
        /// Until when the link is to work.
        until: DateTime<Utc>,
    },
    /// To the other party: what somebody said on an item (C-2).
    Comment {
        /// Whose record the item is in.
        #[serde(flatten)]
        record: RecordOf,
        /// The item.
        item_id: ItemId,
        /// The comment.
        comment_id: CommentId,
    },
    /// To the sender of a mail: why it did not become a comment (C-3).
    CommentRefused {
        /// Why.
        why: Refusal,
        /// The item that it was meant for, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item_id: Option<ItemId>,
        /// The mail itself, where the sender can still confirm it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        held: Option<String>,
    },
}

impl Mail {
    /// The kind, as it stands in ids and tags.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Report { .. } => "report",
            Self::RunLate { .. } => "run_late",
            Self::Unsubscribed { .. } => "unsubscribed",
            Self::AddressSuppressed { .. } => "address_suppressed",
            Self::ReportPaused { .. } => "report_paused",
            Self::OffTrack { .. } => "off_track",
            Self::OffTrackDigest { .. } => "off_track_digest",
            Self::Invitation { .. } => "invitation",
            Self::PortalChanged { .. } => "portal_changed",
            Self::SignIn { .. } => "sign_in",
            Self::Comment { .. } => "comment",
            Self::CommentRefused { .. } => "comment_refused",
        }
    }

    /// Whether a mail of unknown fate is sent once more rather than not: all but recurring reports, which come again by
    /// themselves.
    fn repeats_when_in_doubt(&self) -> bool {
        match self {
            Self::Report { .. } => false,
            Self::RunLate { .. }
            | Self::Unsubscribed { .. }
            | Self::AddressSuppressed { .. }
            | Self::ReportPaused { .. }
            | Self::OffTrack { .. }
            | Self::OffTrackDigest { .. }
            | Self::Invitation { .. }
            | Self::PortalChanged { .. }
            | Self::SignIn { .. }
            | Self::Comment { .. }
            | Self::CommentRefused { .. } => true,
        }
    }
}

/// To whom a mail goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Recipient {
    /// The address.
    pub email: Email,
    /// The person, if they have a login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// Their name, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// One mail to one recipient.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// Id: [`DeliveryId::of`].
    pub id: DeliveryId,
    /// What it is about.
    #[serde(flatten)]
    pub mail: Mail,
    /// To whom.
    pub recipient: Recipient,
    /// Where it stands.
    pub state: DeliveryState,
    /// Why it stands there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was owed.
    pub created_at: DateTime<Utc>,
    /// When its state last changed.
    pub at: DateTime<Utc>,
    /// When somebody must look after it, unless its state has changed by then; none in a final state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wake_at: Option<DateTime<Utc>>,
    /// Who holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// How often it was claimed.
    #[serde(default)]
    pub attempt: u32,
    /// The id SES gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
}

/// What a worker finds when it wants a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It may be claimed.
    Take,
    /// Another worker has it, or its fate is still open: look again later.
    Later,
    /// Nothing to do.
    Done,
}

/// What SES answered, as far as it matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Taken, under this id.
    Accepted(String),
    /// Certainly not taken, and worth another try.
    NotNow(String),
    /// Certainly not taken, and not worth another try.
    Refused(String),
    /// Sending is stopped for everybody until a person does something.
    Stopped(String),
    /// Nobody knows.
    Unknown(String),
}

/// What SES reports on a mail it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It was taken, or delivered.
    Arrived,
    /// It was refused for good: no mail will ever reach the address.
    Bounced(String),
    /// It was not delivered in time; another mail might be.
    Undelivered(String),
    /// The recipient said it was spam.
    Complained,
    /// SES rejected it after taking it.
    Rejected(String),
}

impl Delivery {
    /// A mail that is owed.
    pub fn owed(cause: &str, mail: Mail, recipient: Recipient, now: DateTime<Utc>) -> Self {
        Self {
            id: DeliveryId::of(mail.kind(), cause, &recipient.email.key()),
            mail,
            recipient,
            state: DeliveryState::Due,
            reason: None,
            created_at: now,
            at: now,
            wake_at: Some(now + STUCK_AFTER),
            holder: None,
            attempt: 0,
            message_id: None,
        }
    }

    /// The same mail, recorded as left out.
    #[must_use]
    pub fn skipped(mut self, reason: impl Into<String>) -> Self {
        self.settle(DeliveryState::Skipped, Some(reason.into()), self.created_at);
        self
    }

    /// What became of it, as people read it.
    pub fn outcome(&self) -> Outcome {
        state_words(self.state)
    }

    /// Whether a worker may take it at `now`.
    pub fn claimable(&self, now: DateTime<Utc>) -> Claim {
        match self.state {
            DeliveryState::Due => Claim::Take,
            // SES has certainly not taken it from whoever held it
            DeliveryState::Claimed | DeliveryState::Waiting if self.wake_at.is_none_or(|until| until <= now) => Claim::Take,
            DeliveryState::Claimed => Claim::Later,
            DeliveryState::Waiting => self.when_to_look_again(),
            // an event or reconciling settles these
            DeliveryState::Sending | DeliveryState::InDoubt | DeliveryState::Held => Claim::Done,
            DeliveryState::Sent | DeliveryState::Skipped | DeliveryState::Failed | DeliveryState::Bounced => Claim::Done,
        }
    }

    /// Whether the queue should bring a delivery that waits once more. After a few tries it should not: reconciling wakes
    /// it, and the queue's message would only die of being received too often.
    pub fn when_to_look_again(&self) -> Claim {
        if self.attempt < QUEUE_TRIES { Claim::Later } else { Claim::Done }
    }

    /// Takes it for `holder`.
    pub fn claim(&mut self, holder: &str, now: DateTime<Utc>) {
        self.state = DeliveryState::Claimed;
        self.holder = Some(holder.to_owned());
        self.attempt += 1;
        self.at = now;
        self.wake_at = Some(now + LEASE);
    }

    /// Notes that SES is about to be called.
    pub fn begin_sending(&mut self, now: DateTime<Utc>) {
        self.state = DeliveryState::Sending;
        self.at = now;
        self.wake_at = Some(now + LEASE + HOLD);
    }

    /// Ends it in a final state.
    pub fn settle(&mut self, state: DeliveryState, reason: Option<String>, now: DateTime<Utc>) {
        self.state = state;
        self.reason = reason;
        self.at = now;
        self.wake_at = None;
        self.holder = None;
    }

    /// Notes what SES answered.
    pub fn answered(&mut self, answer: Answer, now: DateTime<Utc>) {
        match answer {
            Answer::Accepted(id) => {
                self.message_id = Some(id);
                self.settle(DeliveryState::Sent, None, now);
            }
            Answer::Refused(reason) => self.settle(DeliveryState::Failed, Some(reason), now),
            Answer::NotNow(reason) if now - self.created_at > GIVE_UP_AFTER => {
                self.settle(DeliveryState::Failed, Some(format!("given up after {} hours: {reason}", GIVE_UP_AFTER.num_hours())), now);
            }
            Answer::NotNow(reason) => {
                self.state = DeliveryState::Waiting;
                self.reason = Some(reason);
                self.at = now;
                self.holder = None;
                self.wake_at = Some(now + back_off(self.attempt));
            }
            Answer::Stopped(reason) => {
                self.state = DeliveryState::Held;
                self.reason = Some(reason);
                self.at = now;
                self.holder = None;
                self.wake_at = Some(now + Duration::hours(1));
            }
            Answer::Unknown(reason) => {
                self.state = DeliveryState::InDoubt;
                self.reason = Some(reason);
                self.at = now;
                self.holder = None;
                self.wake_at = Some(now + HOLD);
            }
        }
    }

    /// Notes what SES reports; whether anything changed.
    pub fn heard(&mut self, event: Event, now: DateTime<Utc>) -> bool {
        match (event, self.state) {
            // whoever holds it or would take it again finds it sent
            (Event::Arrived, state) if !state.is_final() => {
                self.settle(DeliveryState::Sent, None, now);
                true
            }
            // a mail that was held for lost and settled by policy is known to have gone after all
            (Event::Arrived, DeliveryState::Sent) if self.reason.is_some() => {
                self.reason = None;
                true
            }
            (Event::Arrived, _) => false,
            (Event::Bounced(reason) | Event::Undelivered(reason), state) if state != DeliveryState::Bounced => {
                self.settle(DeliveryState::Bounced, Some(reason), now);
                true
            }
            (Event::Complained, state) if state != DeliveryState::Bounced => {
                self.settle(DeliveryState::Bounced, Some("the recipient marked it as spam".into()), now);
                true
            }
            (Event::Rejected(reason), state) if state != DeliveryState::Failed => {
                self.settle(DeliveryState::Failed, Some(reason), now);
                true
            }
            (Event::Bounced(_) | Event::Undelivered(_) | Event::Complained | Event::Rejected(_), _) => false,
        }
    }

    /// What reconciling does about a delivery whose time to look has come; whether anything changed. A delivery that is
    /// due again goes back to the queue.
    pub fn wake(&mut self, now: DateTime<Utc>) -> bool {
        if self.wake_at.is_none_or(|at| at > now) {
            return false;
        }
        match self.state {
            DeliveryState::Due | DeliveryState::Claimed | DeliveryState::Waiting | DeliveryState::Held => {
                if now - self.created_at > GIVE_UP_AFTER {
                    let why = self.reason.take().unwrap_or_else(|| "nothing took it up".into());
                    self.settle(DeliveryState::Failed, Some(format!("given up after {} hours: {why}", GIVE_UP_AFTER.num_hours())), now);
                } else {
                    self.requeue(now);
                }
            }
            DeliveryState::Sending | DeliveryState::InDoubt => {
                if self.mail.repeats_when_in_doubt() {
                    self.requeue(now);
                } else {
                    let why = self.reason.take().unwrap_or_else(|| "the sender stopped while sending".into());
                    self.settle(
                        DeliveryState::Sent,
                        Some(format!("probably sent: {why}, and no confirmation came; it was not repeated")),
                        now,
                    );
                }
            }
            DeliveryState::Sent | DeliveryState::Skipped | DeliveryState::Failed | DeliveryState::Bounced => return false,
        }
        true
    }

    fn requeue(&mut self, now: DateTime<Utc>) {
        self.state = DeliveryState::Due;
        self.at = now;
        self.holder = None;
        self.wake_at = Some(now + STUCK_AFTER);
    }
}

/// How long to wait before the next try: 1, 2, 4 … up to 15 minutes.
fn back_off(attempt: u32) -> Duration {
    Duration::minutes((1_i64 << attempt.saturating_sub(1).min(4)).min(15))
}

/// Why a delivery that is due is not sent after all, found by a last look just before sending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotAnyMore {
    /// The recipient unsubscribed from the report.
    Unsubscribed,
    /// No mail goes to the address, because an earlier one bounced or was marked as spam.
    Suppressed,
    /// The report was paused or deleted.
    ReportEnded,
    /// The creator may no longer do this, or the recipient may no longer see it.
    NoRight,
    /// The client was archived.
    Archived,
    /// The recipient has got too many mails of this report today.
    TooMany,
    /// The recipient switched such mail off.
    SwitchedOff,
    /// The engagement is back on track, or not tracked any more.
    BackOnTrack,
    /// Mail on the engagement was switched off.
    NotificationsOff,
    /// The client was not invited, or their portal is switched off.
    NoPortal,
    /// The recipient has no address any more.
    NoAddress,
    /// The invitation was accepted, cancelled or replaced.
    NotInvited,
    /// The portal was switched once more.
    PortalMoved,
    /// Nobody with this address may sign in.
    NoSignIn,
    /// The link would not work any more.
    TooLate,
}

impl NotAnyMore {
    /// The reason as people read it.
    pub fn words(&self) -> &'static str {
        match self {
            Self::Unsubscribed => "the recipient unsubscribed",
            Self::Suppressed => "no mail goes to this address: an earlier one bounced or was marked as spam",
            Self::ReportEnded => "the report was paused or deleted",
            Self::NoRight => "nothing in it may be shown to the recipient any more",
            Self::Archived => "the client was archived",
            Self::TooMany => "the recipient got too many mails of this report today",
            Self::SwitchedOff => "the recipient switched such mail off",
            Self::BackOnTrack => "it was back on track before the mail went out",
            Self::NotificationsOff => "mail on the engagement was switched off",
            Self::NoPortal => "the client has no portal",
            Self::NoAddress => "the recipient has no address any more",
            Self::NotInvited => "the invitation was accepted, cancelled or replaced meanwhile",
            Self::PortalMoved => "the portal was switched once more before the mail went out",
            Self::NoSignIn => "nobody with this address may sign in",
            Self::TooLate => "the link would not work any more",
        }
    }
}

/// A member as a recipient.
pub fn to_member(id: MemberId, name: &str, email: &Email) -> Recipient {
    Recipient { email: email.clone(), person: Some(PersonId::Member(id)), name: Some(name.to_owned()) }
}

#[cfg(test)]
mod tests {
    use ulid::Ulid;

    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        "2026-11-02T09:00:00Z".parse::<DateTime<Utc>>().unwrap() + Duration::minutes(minute)
    }

    fn delivery(mail: Mail) -> Delivery {
        let recipient = Recipient { email: Email::parse("a@b.example").unwrap(), person: None, name: None };
        Delivery::owed("cause", mail, recipient, at(0))
    }

    fn report() -> Mail {
        Mail::Report { report_id: ReportId(Ulid(1)), run_id: RunId(Ulid(2)), content: "c".into(), client_id: None, company_id: None }
    }

    fn notice() -> Mail {
        Mail::Unsubscribed { report_id: ReportId(Ulid(1)), report: "R".into(), address: Email::parse("x@y.example").unwrap() }
    }

    #[test]
    fn a_lost_answer_is_not_repeated_for_a_report_and_is_for_a_notice() {
        for (mail, state) in [(report(), DeliveryState::Sent), (notice(), DeliveryState::Due)] {
            let mut delivery = delivery(mail);
            delivery.claim("me", at(0));
            delivery.begin_sending(at(0));
            delivery.answered(Answer::Unknown("the answer was lost".into()), at(0));
            assert_eq!(delivery.claimable(at(1)), Claim::Done);
            assert!(!delivery.wake(at(14)));
            assert!(delivery.wake(at(15)));
            assert_eq!(delivery.state, state);
        }
    }

    #[test]
    fn an_event_settles_a_doubt() {
        let mut delivery = delivery(report());
        delivery.claim("me", at(0));
        delivery.begin_sending(at(0));
        assert!(delivery.heard(Event::Arrived, at(1)));
        assert_eq!((delivery.state, delivery.reason.as_deref()), (DeliveryState::Sent, None));
        assert!(!delivery.heard(Event::Arrived, at(1)));
        assert!(delivery.heard(Event::Bounced("no such mailbox".into()), at(2)));
        assert_eq!(delivery.outcome(), Outcome::Bounced);
        assert!(!delivery.heard(Event::Arrived, at(3)));
    }

    #[test]
    fn a_mail_that_arrived_after_all_is_not_sent_again() {
        let mut delivery = delivery(notice());
        delivery.claim("me", at(0));
        delivery.begin_sending(at(0));
        delivery.answered(Answer::Unknown("the answer was lost".into()), at(0));
        assert!(delivery.wake(at(15)));
        let mut again = delivery.clone();
        again.claim("another", at(16));
        for mut waiting in [delivery, again] {
            assert!(waiting.heard(Event::Arrived, at(17)));
            assert_eq!((waiting.state, waiting.claimable(at(18))), (DeliveryState::Sent, Claim::Done));
        }
    }

    #[test]
    fn a_claim_that_ran_out_before_sending_is_free_again() {
        let mut delivery = delivery(report());
        delivery.claim("me", at(0));
        assert_eq!(delivery.claimable(at(1)), Claim::Later);
        assert_eq!(delivery.claimable(at(2)), Claim::Take);
        assert!(delivery.wake(at(2)));
        assert_eq!(delivery.state, DeliveryState::Due);
    }

    #[test]
    fn throttling_backs_off_and_is_given_up_after_a_day() {
        let mut delivery = delivery(report());
        for (attempt, minutes) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 15), (6, 15)] {
            delivery.claim("me", at(0));
            assert_eq!(delivery.attempt, attempt);
            delivery.answered(Answer::NotNow("throttled".into()), at(0));
            assert_eq!(delivery.wake_at, Some(at(minutes)));
            assert_eq!(delivery.claimable(at(minutes)), Claim::Take);
            assert_eq!(delivery.claimable(at(0)), if attempt < 3 { Claim::Later } else { Claim::Done });
        }
        delivery.answered(Answer::NotNow("throttled".into()), at(24 * 60 + 1));
        assert_eq!(delivery.outcome(), Outcome::Failed);
    }

    #[test]
    fn the_same_mail_has_the_same_id_however_the_address_is_written() {
        let id = |mail: &Mail, address: &str| DeliveryId::of(mail.kind(), "cause", &Email::parse(address).unwrap().key());
        assert_eq!(id(&report(), "A@b.example"), id(&report(), "a@B.example"));
        assert_ne!(id(&report(), "a@b.example"), id(&notice(), "a@b.example"));
        assert_ne!(id(&report(), "a@b.example"), id(&report(), "c@b.example"));
    }
}
