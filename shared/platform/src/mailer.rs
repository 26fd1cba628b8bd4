//! Mail out, through SES.

use aws_config::SdkConfig;
use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::config::timeout::TimeoutConfig;
use aws_sdk_sesv2::error::SdkError;
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{
    Attachment, AttachmentContentDisposition, Body, Content, Destination, EmailContent, Message, MessageHeader, MessageTag,
};
use domain::delivery::Answer;
use domain::id::{AccountId, DeliveryId};

use crate::Config;

/// A picture inside a mail.
#[derive(Clone, Debug)]
pub struct Picture {
    /// What the HTML calls it: `cid:…`.
    pub content_id: String,
    /// Its file name.
    pub file_name: String,
    /// The PNG.
    pub png: Vec<u8>,
}

/// A mail ready to go.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Whose account it is of.
    pub account: AccountId,
    /// Which delivery it is.
    pub delivery: DeliveryId,
    /// The name people see as the sender.
    pub from_name: String,
    /// The address it goes to.
    pub to: String,
    /// Where answers go, if not back to the sender.
    pub reply_to: Option<String>,
    /// Subject.
    pub subject: String,
    /// HTML body.
    pub html: String,
    /// Text body.
    pub text: String,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// Pictures the HTML shows.
    pub pictures: Vec<Picture>,
}

/// Sends mail.
#[derive(Clone, Debug)]
pub struct Mailer {
    client: aws_sdk_sesv2::Client,
    from: String,
    configuration_set: Option<String>,
}

impl Mailer {
    /// A mailer. The SDK's own retries are off: SES has no idempotency key, so a retry that nobody knows of is a second
    /// mail that nobody knows of.
    pub fn new(sdk: &SdkConfig, config: &Config) -> Self {
        let timeout = TimeoutConfig::builder()
            .connect_timeout(crate::http::CONNECT_WITHIN)
            .operation_timeout(std::time::Duration::from_secs(20))
            .build();
        let ses = aws_sdk_sesv2::config::Builder::from(sdk).retry_config(RetryConfig::disabled()).timeout_config(timeout).build();
        Self {
            client: aws_sdk_sesv2::Client::from_conf(ses),
            from: config.mail_from.clone(),
            configuration_set: config.configuration_set.clone(),
        }
    }

    /// Hands one mail to SES, and says what is known of its fate.
    pub async fn send(&self, mail: &Outgoing) -> Answer {
        let request = match self.request(mail) {
            Ok(request) => request,
            Err(error) => return Answer::Refused(format!("the mail could not be built: {error}")),
        };
        match request.send().await {
            Ok(accepted) => Answer::Accepted(accepted.message_id.unwrap_or_default()),
            Err(error) => read(&error),
        }
    }

    fn request(
        &self,
        mail: &Outgoing,
    ) -> Result<aws_sdk_sesv2::operation::send_email::builders::SendEmailFluentBuilder, aws_sdk_sesv2::error::BuildError> {
        let utf8 = |data: &str| Content::builder().data(data).charset("UTF-8").build();
        let mut message =
            Message::builder().subject(utf8(&mail.subject)?).body(Body::builder().html(utf8(&mail.html)?).text(utf8(&mail.text)?).build());
        for (name, value) in &mail.headers {
            message = message.headers(MessageHeader::builder().name(name).value(value).build()?);
        }
        for picture in &mail.pictures {
            let attachment = Attachment::builder()
                .raw_content(Blob::new(picture.png.clone()))
                .content_disposition(AttachmentContentDisposition::Inline)
                .content_id(&picture.content_id)
                .file_name(&picture.file_name)
                .content_type("image/png")
                .build()?;
            message = message.attachments(attachment);
        }
        Ok(self
            .client
            .send_email()
            .from_email_address(format!("{} <{}>", phrase(&mail.from_name), self.from))
            .destination(Destination::builder().to_addresses(&mail.to).build())
            .set_reply_to_addresses(mail.reply_to.clone().map(|address| vec![address]))
            .content(EmailContent::builder().simple(message.build()).build())
            .email_tags(MessageTag::builder().name("d").value(mail.delivery.as_str()).build()?)
            .email_tags(MessageTag::builder().name("a").value(mail.account.to_string()).build()?)
            .set_configuration_set_name(self.configuration_set.clone()))
    }
}

/// A name as it may stand before an address (RFC 5322 `phrase`, RFC 2047 for what is not ASCII).
fn phrase(name: &str) -> String {
    use base64::Engine;
    if name.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
        return format!("\"{}\"", name.replace(['\\', '"'], ""));
    }
    let encode = |part: String| format!("=?UTF-8?B?{}?=", base64::engine::general_purpose::STANDARD.encode(part));
    // an encoded word holds at most 75 characters: 45 bytes of text
    let mut words = Vec::new();
    let mut word = String::new();
    for c in name.chars().filter(|c| !c.is_control()).take(100) {
        if word.len() + c.len_utf8() > 45 {
            words.push(encode(std::mem::take(&mut word)));
        }
        word.push(c);
    }
    words.push(encode(word));
    words.join(" ")
}

/// What an error says of the mail's fate.
fn read(error: &SdkError<SendEmailError>) -> Answer {
    match error {
        SdkError::ServiceError(service) => {
            let code = service.err().meta().code().unwrap_or("unknown");
            let status = service.raw().status().as_u16();
            match code {
                "TooManyRequestsException" | "ThrottlingException" | "Throttling" | "LimitExceededException" => {
                    Answer::NotNow("the mail system asked to send more slowly".into())
                }
                "AccountSuspendedException" | "SendingPausedException" | "MailFromDomainNotVerifiedException" => {
                    Answer::Stopped(format!("the mail system refuses all mail for now ({code})"))
                }
                _ if status >= 500 => Answer::Unknown(format!("the mail system failed ({status})")),
                _ => Answer::Refused(format!("the mail system refused the mail ({code})")),
            }
        }
        SdkError::ConstructionFailure(_) => Answer::NotNow("the request could not be made".into()),
        SdkError::DispatchFailure(failure) if never_left(failure) => Answer::NotNow("the mail system could not be reached".into()),
        SdkError::DispatchFailure(_) | SdkError::TimeoutError(_) | SdkError::ResponseError(_) => {
            Answer::Unknown("the mail system's answer was lost".into())
        }
        _ => Answer::Unknown("the mail system's answer was not understood".into()),
    }
}

/// Whether the request certainly never left this machine.
fn never_left(failure: &aws_smithy_runtime_api::client::result::DispatchFailure) -> bool {
    let mut source = failure.as_connector_error().map(|error| error as &(dyn std::error::Error + 'static));
    while let Some(error) = source {
        if error.downcast_ref::<std::io::Error>().is_some_and(|io| io.kind() == std::io::ErrorKind::ConnectionRefused) {
            return true;
        }
        source = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::phrase;

    #[test]
    fn names_before_addresses_are_quoted_or_encoded() {
        assert_eq!(phrase("Ada Brandt"), "\"Ada Brandt\"");
        assert_eq!(phrase("A \"B\" \\ C"), "\"A B  C\"");
        assert_eq!(phrase("Zoë"), "=?UTF-8?B?Wm/Dqw==?=");
        let long = phrase(&"ü".repeat(60));
        assert!(long.split(' ').all(|word| word.len() <= 75 && word.is_ascii()));
    }
}
