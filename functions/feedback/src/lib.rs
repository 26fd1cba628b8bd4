//! SES reports what became of a mail: delivered, bounced, complained of.

use std::collections::HashMap;

use anyhow::Context;
use app::App;
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use domain::delivery::Event;
use domain::id::{AccountId, DeliveryId};
use serde::Deserialize;

/// What EventBridge brings, as far as it is needed: all that is not is let be, since AWS adds to it.
#[derive(Deserialize)]
struct Envelope {
    detail: Detail,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    event_type: String,
    mail: Mail,
    #[serde(default)]
    bounce: Option<Bounce>,
    #[serde(default)]
    reject: Option<Reject>,
}

#[derive(Deserialize)]
struct Mail {
    #[serde(default)]
    tags: HashMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    #[serde(default)]
    bounce_type: String,
    #[serde(default)]
    bounce_sub_type: String,
}

#[derive(Deserialize)]
struct Reject {
    #[serde(default)]
    reason: String,
}

/// Notes every report in the batch; those that failed come again, the others don't.
pub async fn handle(app: &App, event: SqsEvent) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    for record in event.records {
        if let Err(error) = hear(app, record.body.as_deref().unwrap_or_default()).await {
            tracing::error!(error = %format!("{error:#}"), "a report of the mail system failed and will be tried again");
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = record.message_id.unwrap_or_default();
            response.batch_item_failures.push(failure);
        }
    }
    response
}

async fn hear(app: &App, body: &str) -> anyhow::Result<()> {
    let Envelope { detail } = serde_json::from_str(body).context("the message is not an event of SES")?;
    let Some(event) = read(&detail) else { return Ok(()) };
    let tag = |name: &str| detail.mail.tags.get(name).and_then(|values| values.first());
    // mail that is not of ours has no such tags
    let (Some(account), Some(delivery)) = (tag("a"), tag("d")) else { return Ok(()) };
    let (account, delivery): (AccountId, DeliveryId) = (account.parse()?, delivery.parse()?);
    Ok(app::deliveries::heard(app, account, &delivery, &event).await?)
}

/// What an event says of the mail's fate; `None` for events that say nothing of it.
fn read(detail: &Detail) -> Option<Event> {
    match detail.event_type.as_str() {
        "Send" | "Delivery" => Some(Event::Arrived),
        "Bounce" => {
            let bounce = detail.bounce.as_ref()?;
            let why = match bounce.bounce_sub_type.as_str() {
                "MailboxFull" => "the mailbox is full",
                "MessageTooLarge" => "the mail was too large for the mailbox",
                "NoEmail" | "General" if bounce.bounce_type == "Permanent" => "there is no such mailbox",
                "Suppressed" | "OnAccountSuppressionList" => "the mail system does not deliver to this address any more",
                _ => "the recipient's mail system refused it",
            };
            Some(if bounce.bounce_type == "Permanent" { Event::Bounced(why.into()) } else { Event::Undelivered(why.into()) })
        }
        "Complaint" => Some(Event::Complained),
        "Reject" => {
            let reason = detail.reject.as_ref().map_or("", |reject| &reject.reason);
            Some(Event::Rejected(format!("the mail system rejected it ({reason})")))
        }
        "Rendering Failure" => Some(Event::Rejected("the mail system could not build it".into())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(detail: &str) -> Option<Event> {
        let envelope: Envelope = serde_json::from_str(&format!(r#"{{"version":"0","detail":{detail}}}"#)).unwrap();
        read(&envelope.detail)
    }

    #[test]
    fn only_permanent_bounces_are_for_good() {
        let bounce = |kind: &str, sub: &str| {
            event(&format!(r#"{{"eventType":"Bounce","mail":{{}},"bounce":{{"bounceType":"{kind}","bounceSubType":"{sub}"}}}}"#))
        };
        assert_eq!(bounce("Permanent", "General"), Some(Event::Bounced("there is no such mailbox".into())));
        assert_eq!(bounce("Transient", "MailboxFull"), Some(Event::Undelivered("the mailbox is full".into())));
        assert!(matches!(bounce("Undetermined", "Undetermined"), Some(Event::Undelivered(_))));
    }

    #[test]
    fn events_that_say_nothing_of_the_fate_are_let_be() {
        assert_eq!(event(r#"{"eventType":"Delivery","mail":{"tags":{"d":["x"]}}}"#), Some(Event::Arrived));
        assert_eq!(event(r#"{"eventType":"Complaint","mail":{},"complaint":{}}"#), Some(Event::Complained));
        assert_eq!(event(r#"{"eventType":"DeliveryDelay","mail":{}}"#), None);
        assert_eq!(event(r#"{"eventType":"Something New","mail":{"more":1}}"#), None);
    }
}
