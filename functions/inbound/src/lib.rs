//! SES took a mail for us and put it into the bucket: it becomes a comment, or the reason why not goes on record.

use app::App;
use app::inbound::{Arrived, Became, Envelope, Verdicts};
use domain::inbound::Verdict;
use serde::Deserialize;

/// What SES calls the function with, as far as it is needed. Nothing in it can be relied upon to be there: what SES could
/// not find out, or found to be broken, it leaves out.
///
/// <https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html>
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Event {
    /// One mail each.
    #[serde(default, rename = "Records")]
    pub records: Vec<Record>,
}

/// One mail.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Record {
    /// What SES says of it.
    pub ses: Ses,
}

/// What SES says of a mail.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Ses {
    /// The mail.
    pub mail: Mail,
    /// How it was received.
    pub receipt: Receipt,
}

/// A mail.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Mail {
    /// The id that SES gave it: its name in the bucket.
    pub message_id: String,
    /// The envelope's sender.
    pub source: Option<String>,
}

/// How a mail was received.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Receipt {
    /// The envelope's recipients on our domain.
    pub recipients: Vec<String>,
    /// Whether it is spam.
    pub spam_verdict: Found,
    /// Whether there is a virus in it.
    pub virus_verdict: Found,
    /// Whether the sender's domain stands by it.
    pub dmarc_verdict: Found,
}

/// What was found out.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Found {
    /// What.
    pub status: Verdict,
}

/// Takes every mail in, and says what became of it. One that can't be dealt with now fails the whole: Lambda tries again,
/// and what became of the others is not done twice.
///
/// # Errors
/// The table or the bucket failed; or a mail is not in the bucket.
pub async fn handle(app: &App, event: Event) -> anyhow::Result<Vec<Became>> {
    let mut became = Vec::new();
    for Record { ses } in event.records {
        let arrived = Arrived {
            message: ses.mail.message_id,
            envelope: Envelope { sender: ses.mail.source, recipients: ses.receipt.recipients },
            verdicts: Verdicts {
                spam: ses.receipt.spam_verdict.status,
                virus: ses.receipt.virus_verdict.status,
                dmarc: ses.receipt.dmarc_verdict.status,
            },
        };
        let outcome = app::inbound::receive(app, &arrived).await?;
        tracing::info!(became = outcome.name(), reason = outcome.reason(), "a mail came in");
        became.push(outcome);
    }
    Ok(became)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ses_leaves_out_does_not_fail_the_event() {
        for event in ["{}", r#"{"Records":[{}]}"#, r#"{"Records":[{"ses":{"mail":{"messageId":"m","commonHeaders":{}},"receipt":{}}}]}"#] {
            serde_json::from_str::<Event>(event).unwrap();
        }
        let event = r#"{"Records":[{"eventSource":"aws:ses","ses":{"mail":{"messageId":"m","source":"a@b.example","more":[]},
            "receipt":{"recipients":["x@y.example"],"dmarcVerdict":{"status":"PASS"},"virusVerdict":{"status":"NEW WORD"},"action":{}}}}]}"#;
        let event: Event = serde_json::from_str(event).unwrap();
        let receipt = &event.records[0].ses.receipt;
        assert_eq!(receipt.dmarc_verdict.status, Verdict::Pass);
        assert_eq!((receipt.virus_verdict.status, receipt.spam_verdict.status), (Verdict::Unknown, Verdict::Unknown));
    }
}
