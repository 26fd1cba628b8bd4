use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::operation::send_email::builders::SendEmailFluentBuilder;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{
    Attachment, AttachmentContentDisposition, Body, Content, Destination, EmailContent, Message, MessageHeader, MessageTag, RawMessage,
    SendQuota,
};

use super::Wires;

const NOW: &str = "2026-03-01T12:00:00Z";
const FROM: &str = "Cairn <reports@mail.example.org>";

fn content(text: &str) -> Content {
    Content::builder().data(text).charset("UTF-8").build().unwrap()
}

fn header(name: &str, value: &str) -> MessageHeader {
    MessageHeader::builder().name(name).value(value).build().unwrap()
}

fn tag(name: &str, value: &str) -> MessageTag {
    MessageTag::builder().name(name).value(value).build().unwrap()
}

fn text(subject: &str) -> Message {
    Message::builder().subject(content(subject)).body(Body::builder().text(content("Hello")).build()).build()
}

fn simple(message: Message) -> EmailContent {
    EmailContent::builder().simple(message).build()
}

fn to(address: &str) -> Destination {
    Destination::builder().to_addresses(address).build()
}

fn send(client: &Client, address: &str) -> SendEmailFluentBuilder {
    client.send_email().from_email_address(FROM).destination(to(address)).content(simple(text("Hi")))
}

async fn code(request: SendEmailFluentBuilder) -> String {
    request.send().await.unwrap_err().into_service_error().meta().code().unwrap().to_owned()
}

#[tokio::test]
async fn a_sent_mail_lies_in_the_mailbox_as_it_was_sent() {
    let wires = Wires::in_memory(NOW).await;
    let client = Client::new(&wires.config);
    let chart = Attachment::builder()
        .raw_content(Blob::new(vec![0x89; 200]))
        .file_name("chart.png")
        .content_type("image/png")
        .content_id("chart-1")
        .content_disposition(AttachmentContentDisposition::Inline)
        .build()
        .unwrap();
    let body = Body::builder().text(content("Grüße = alles\nzweite Zeile ")).html(content("<p>Grüße</p><img src=\"cid:chart-1\">")).build();
    let subject = "Übersicht – 🎯 of a very long name that goes on and on beyond a single encoded word";
    let message = Message::builder()
        .subject(content(subject))
        .body(body)
        .headers(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
        .attachments(chart)
        .build();
    let sent = client
        .send_email()
        .from_email_address(FROM)
        .destination(to("\"Ray, Ann\" <ann@example.com>"))
        .reply_to_addresses("reply+x@mail.example.org")
        .content(simple(message))
        .email_tags(tag("d", "delivery-1"))
        .configuration_set_name("cairn")
        .send()
        .await
        .unwrap();
    let kept = wires.ses.message(sent.message_id().unwrap()).unwrap();
    assert_eq!((kept.subject.as_str(), kept.delivery_id()), (subject, Some("delivery-1")));
    assert_eq!((kept.to[0].as_str(), kept.reply_to[0].as_str()), ("\"Ray, Ann\" <ann@example.com>", "reply+x@mail.example.org"));
    assert_eq!(kept.headers, [("List-Unsubscribe-Post".to_owned(), "List-Unsubscribe=One-Click".to_owned())]);
    assert_eq!(kept.attachments[0].bytes, vec![0x89; 200]);
    assert_eq!(kept.sent_at.timestamp() / 60, super::time(NOW).timestamp() / 60);

    let raw = kept.raw();
    assert!(raw.is_ascii() && raw.split("\r\n").all(|line| line.len() <= 78 || line.starts_with("Message-ID")), "{raw}");
    assert!(raw.contains(&format!("Message-ID: <{}@email.amazonses.com>", kept.id)));
    for part in ["multipart/related", "multipart/alternative", "Gr=C3=BC=C3=9Fe =3D alles\r\nzweite Zeile=20", "Content-ID: <chart-1>"] {
        assert!(raw.contains(part), "{part} in {raw}");
    }
    let account = client.get_account().send().await.unwrap();
    assert_eq!(account.send_quota().map(SendQuota::sent_last24_hours), Some(1.0));
}

#[tokio::test]
async fn a_raw_mail_is_kept_byte_for_byte() {
    let wires = Wires::in_memory(NOW).await;
    let raw = "From: Cairn <reports@mail.example.org>\r\nTo: ann@example.com,\r\n bob@example.com\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe_an?=\r\n \
               =?utf-8?B?IGFsbGU=?=\r\nX-One: 1\r\n\r\nHello\r\n";
    let raw_message = RawMessage::builder().data(Blob::new(raw)).build().unwrap();
    let request = Client::new(&wires.config).send_email().content(EmailContent::builder().raw(raw_message).build());
    let sent = request.send().await.unwrap();
    let kept = wires.ses.message(sent.message_id().unwrap()).unwrap();
    assert_eq!(kept.raw(), raw);
    assert_eq!((kept.subject.as_str(), kept.to.len(), kept.text.as_deref()), ("Grüße an alle", 2, Some("Hello\r\n")));
}

#[tokio::test]
async fn what_ses_would_refuse_is_refused_and_not_kept() {
    let wires = Wires::in_memory(NOW).await;
    let client = Client::new(&wires.config);
    let with = |message: Message| send(&client, "ann@example.com").content(simple(message));
    let body = || Body::builder().text(content("Hello")).build();
    let message = || Message::builder().subject(content("Hi")).body(body());
    let file = |name: &str| Attachment::builder().raw_content(Blob::new("x")).file_name(name).build().unwrap();
    let huge = Attachment::builder().raw_content(Blob::new(vec![0; 31 * 1024 * 1024])).file_name("x.bin").build().unwrap();
    let many = Destination::builder().set_to_addresses(Some((0..51).map(|n| format!("a{n}@example.com")).collect())).build();
    let bad = "BadRequestException";
    let refused = [
        ("no recipients", bad, client.send_email().from_email_address(FROM).content(simple(text("Hi")))),
        ("51 recipients", bad, send(&client, "").destination(many)),
        ("no domain", bad, send(&client, "ann")),
        ("space", bad, send(&client, "ann ray@example.com")),
        ("two addresses", bad, send(&client, "ann@example.com, bob@example.com")),
        ("comma in a bare name", bad, send(&client, "Ray, Ann <ann@example.com>")),
        ("umlaut in the local part", bad, send(&client, "jürgen@example.com")),
        ("umlaut in the name", bad, send(&client, "Jürgen <j@example.com>")),
        ("long local part", bad, send(&client, &format!("{}@example.com", "x".repeat(65)))),
        ("no sender", bad, client.send_email().destination(to("ann@example.com")).content(simple(text("Hi")))),
        ("no content", bad, send(&client, "ann@example.com").content(EmailContent::builder().build())),
        ("no subject", bad, with(Message::builder().body(body()).build())),
        ("no body", bad, with(Message::builder().subject(content("Hi")).body(Body::builder().build()).build())),
        ("line break in the subject", bad, with(text("Hi\r\nBcc: eve@example.com"))),
        ("undeclared charset", bad, with(message().subject(Content::builder().data("Grüße").build().unwrap()).build())),
        ("16 headers", bad, with(message().set_headers(Some((0..16).map(|n| header(&format!("X-{n}"), "1")).collect())).build())),
        ("own Message-ID", bad, with(message().headers(header("Message-Id", "<x@y>")).build())),
        ("own Reply-To", bad, with(message().headers(header("Reply-To", "x@y.org")).build())),
        ("colon in a header's name", bad, with(message().headers(header("X:Y", "1")).build())),
        ("umlaut in a header", bad, with(message().headers(header("X-Name", "Jürgen")).build())),
        ("long header", bad, with(message().headers(header("X-Long", &"x".repeat(996))).build())),
        ("program", bad, with(message().attachments(file("a.exe")).build())),
        ("over 40 MB", bad, with(message().attachments(huge).build())),
        ("dot in a tag", bad, send(&client, "ann@example.com").email_tags(tag("d", "a.b"))),
        ("the same tag twice", bad, send(&client, "ann@example.com").email_tags(tag("d", "a")).email_tags(tag("d", "b"))),
        ("unknown set", "NotFoundException", send(&client, "ann@example.com").configuration_set_name("other")),
        ("unverified", "MessageRejected", send(&client, "ann@example.com").from_email_address("me@elsewhere.org")),
    ];
    for (what, expected, request) in refused {
        assert_eq!(code(request).await, expected, "{what}");
    }
    assert!(wires.ses.messages().is_empty());
}

#[tokio::test]
async fn events_follow_as_eventbridge_carries_them() {
    let wires = Wires::in_memory(NOW).await;
    let client = Client::new(&wires.config);
    for address in ["ann@example.com", "bounce-1@example.com", "x@bounce.example", "complaint@example.com"] {
        let tags = [tag("d", "delivery-1"), tag("a", "account-1")];
        send(&client, address).set_email_tags(Some(tags.to_vec())).configuration_set_name("cairn").send().await.unwrap();
    }
    send(&client, "silent@example.com").send().await.unwrap();
    let events = wires.ses.next_events().await;
    let kinds: Vec<&str> = events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, ["Send", "Delivery", "Send", "Bounce", "Send", "Bounce", "Send", "Delivery", "Complaint"]);
    let bounce = &events[3].body;
    assert_eq!((&bounce["detail-type"], &bounce["source"]), (&"Email Bounced".into(), &"aws.ses".into()));
    let detail = &bounce["detail"];
    assert_eq!(detail["eventType"], "Bounce");
    assert_eq!(detail["mail"]["tags"]["d"][0], "delivery-1");
    assert_eq!(detail["mail"]["tags"]["ses:configuration-set"][0], "cairn");
    assert_eq!(detail["bounce"]["bouncedRecipients"][0]["emailAddress"], "bounce-1@example.com");
    assert_eq!(detail["bounce"]["bounceType"], "Permanent");
    assert!(wires.ses.take_events().is_empty());
}

#[tokio::test]
async fn a_crash_loses_no_mail_and_no_event_and_repeats_only_what_was_not_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let wires = Wires::in_folder(folder.path(), NOW).await;
    let client = Client::new(&wires.config);
    send(&client, "ann@example.com").configuration_set_name("cairn").send().await.unwrap();
    send(&client, "bob@example.com").configuration_set_name("cairn").send().await.unwrap();
    let events = wires.ses.take_events();
    wires.ses.acknowledge(&[events[0].id.clone(), events[2].id.clone(), events[3].id.clone()]).unwrap();
    let kept = wires.ses.messages();
    std::mem::forget(wires);
    // The next message was being written.
    let file = folder.path().join("mail.jsonl");
    let mut bytes = std::fs::read(&file).unwrap();
    bytes.extend_from_slice(br#"{"sent":{"id":"torn"#);
    std::fs::write(&file, bytes).unwrap();

    let wires = Wires::in_folder(folder.path(), NOW).await;
    assert_eq!(wires.ses.messages(), kept);
    assert_eq!(wires.ses.take_events(), events[1..2]);
    send(&Client::new(&wires.config), "eve@example.com").send().await.unwrap();
    wires.ses.empty().unwrap();
    assert!(wires.ses.messages().is_empty());
    std::mem::forget(wires);

    let wires = Wires::in_folder(folder.path(), NOW).await;
    assert!(wires.ses.messages().is_empty());
    assert_eq!(wires.ses.take_events(), events[1..2]);
}

#[tokio::test]
async fn an_unsigned_request_is_not_answered() {
    let wires = Wires::in_memory(NOW).await;
    let answer = std::net::TcpStream::connect(wires.endpoint.address()).unwrap();
    answer.set_read_timeout(Some(std::time::Duration::from_secs(5))).unwrap();
    let status = tokio::task::spawn_blocking(move || {
        use std::io::{Read, Write};
        let mut stream = answer;
        stream.write_all(b"GET /v2/email/account HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text.lines().next().unwrap_or_default().to_owned()
    });
    assert_eq!(status.await.unwrap(), "HTTP/1.1 403 Forbidden");
}
