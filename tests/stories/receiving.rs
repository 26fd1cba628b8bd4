//! Mail on its way in: as SES hands it over, by the local route, by SMTP, and from the mailbox page.

use cairn::faults::{Fault, Kind, When};
use cairn::ses::receiving::Verdicts;
use cairn::smtp::Smtp;
use chrono::Utc;
use domain::inbound::Verdict;
use serde_json::{Value, json};
use stories::events::{mailed, sample};
use stories::{Person, World, text};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

const AMBER: &str = "amber@stone.example";

/// An account with one client, one action of hers, and a report on it that she got.
async fn reported() -> (World, Person, String) {
    let world = World::at("2026-11-02T08:00:00Z").await;
    let ada = world.account("Onward", "ada@onward.example", "UTC").await;
    let amber = ada.client("Amber", "Stone", AMBER).await;
    let item = ada.item(&amber, "action", "Hold 1:1s", json!({})).await;
    let report = json!({
        "scope": { "kind": "all" }, "kinds": ["action"], "audience": { "kind": "clients" }, "schedule": { "every": "day", "at": "09:00" },
    });
    ada.add("/v1/reports", report).await;
    world.advance_to("2026-11-02T09:01:00Z").await;
    (world, ada, item)
}

/// The first address for comments in the latest mail to somebody.
fn address(world: &World, of: &str) -> String {
    let mail = world.mails_to(of).pop().unwrap();
    let at = mail.text.find("reply+").unwrap_or_else(|| panic!("no address for comments: {}", mail.text));
    mail.text[at..].split(|c: char| c.is_whitespace() || matches!(c, '>' | '?' | ')')).next().unwrap().to_owned()
}

fn letter(to: &str, text: &str) -> String {
    let id = ulid::Ulid::generate();
    format!("From: Amber Stone <{AMBER}>\nTo: {to}\nSubject: Re: Hold 1:1s\nMessage-ID: <{id}@stone.example>\n\n{text}\n")
}

async fn posted(world: &World, query: &str, raw: &str) -> stories::Answer {
    world.raw("POST", &format!("/local/inbound?{query}"), &[("content-type", "message/rfc822")], raw.to_owned()).await
}

async fn comments(person: &Person, item: &str) -> Vec<String> {
    let listed = person.get(&format!("/v1/items/{item}/comments")).await.expect(200);
    listed["items"].as_array().unwrap().iter().map(|comment| text(&comment["text"])).collect()
}

#[tokio::test]
async fn a_raw_mail_that_is_posted_becomes_a_comment_and_is_forwarded() {
    let (world, ada, item) = reported().await;
    let to = address(&world, AMBER);
    let became = posted(&world, &format!("to={to}"), &letter(&to, "Done on Friday.")).await.expect(200);
    assert_eq!((&became["decision"], &became["item_id"]), (&json!("stored"), &json!(item)), "{became}");
    assert_eq!(comments(&ada, &item).await, ["Done on Friday."]);
    world.settle().await;
    let forwarded = world.mails_to("ada@onward.example").pop().unwrap();
    assert!(forwarded.text.contains("Done on Friday."), "{}", forwarded.text);
    // who it goes to is in the mail as well
    let again = posted(&world, "", &letter(&to, "And once more.")).await.expect(200);
    assert_eq!(again["decision"], "stored", "{again}");
}

#[tokio::test]
async fn what_ses_finds_out_decides() {
    let (world, ada, item) = reported().await;
    let to = address(&world, AMBER);
    for (query, decision, reason) in [
        ("verdicts=fail", "refused", "forged"),
        ("verdicts=gray", "held", "unconfirmed"),
        ("verdicts=none", "refused", "virus"),
        ("spam=fail", "refused", "spam"),
        ("virus=fail", "refused", "virus"),
        ("dmarc=processing_failed&dkim=none&spf=none", "held", "unconfirmed"),
    ] {
        let became = posted(&world, &format!("to={to}&{query}"), &letter(&to, query)).await.expect(200);
        assert_eq!((text(&became["decision"]).as_str(), text(&became["reason"]).as_str()), (decision, reason), "{query}");
    }
    let became = posted(&world, &format!("to={to}&verdicts=gray&dkim=pass"), &letter(&to, "Signed.")).await.expect(200);
    assert_eq!(became["decision"], "stored", "{became}");
    assert_eq!(comments(&ada, &item).await, ["Signed."]);
}

#[tokio::test]
async fn mail_that_ses_would_not_take_is_turned_away() {
    let (world, ..) = reported().await;
    let raw = letter("x@elsewhere.example", "Hello");
    for query in [
        "",
        "to=x@elsewhere.example",
        "to=reply+a@reply.cairn.example,x@elsewhere.example",
        "verdicts=maybe",
        "to=reply+a@reply.cairn.example&spam=no",
        "whom=me",
    ] {
        posted(&world, query, &raw).await.expect(422);
    }
    let large = "a".repeat(40 * 1024 * 1024 + 1);
    posted(&world, "to=reply+a@reply.cairn.example", &large).await.expect(413);
    let from_elsewhere = [("sec-fetch-site", "cross-site")];
    world.raw("POST", "/local/inbound?to=reply+a@reply.cairn.example", &from_elsewhere, raw).await.expect(403);
}

#[tokio::test]
async fn a_mail_that_can_not_be_read_from_the_bucket_is_tried_three_times_and_kept() {
    let (world, ada, item) = reported().await;
    let to = address(&world, AMBER);
    world.stack.faults.plan([Fault { when: When::Operation("GetObject".into(), 1), kind: Kind::Reject }]);
    assert_eq!(posted(&world, &format!("to={to}"), &letter(&to, "Tried again.")).await.expect(200)["decision"], "stored");
    assert_eq!(world.stack.dead_letters().await, 0);
    world.stack.faults.plan([Fault { when: When::Every("GetObject".into()), kind: Kind::Reject }]);
    posted(&world, &format!("to={to}"), &letter(&to, "Given up.")).await.expect(500);
    assert_eq!(world.stack.faults.calls().iter().filter(|call| call.operation == "GetObject").count(), 3);
    assert_eq!(world.stack.dead_letters().await, 1);
    world.stack.faults.clear();
    assert_eq!(comments(&ada, &item).await, ["Tried again."]);
}

/// A conversation with the mail system.
struct Talk {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

impl Talk {
    async fn with(world: &World) -> Self {
        let smtp = Smtp::listen(0).await.unwrap();
        let (reader, writer) = TcpStream::connect(smtp.address()).await.unwrap().into_split();
        tokio::spawn(smtp.serve(std::sync::Arc::clone(&world.stack)));
        let mut talk = Self { reader: BufReader::new(reader), writer };
        assert!(talk.hear().await.starts_with("220 "));
        talk
    }

    async fn say(&mut self, what: &str) {
        self.writer.write_all(what.as_bytes()).await.unwrap();
    }

    /// The last line of the next answer.
    async fn hear(&mut self) -> String {
        loop {
            let mut line = String::new();
            self.reader.read_line(&mut line).await.unwrap();
            if line.as_bytes().get(3) != Some(&b'-') {
                return line.trim_end().to_owned();
            }
        }
    }

    async fn ask(&mut self, what: &str) -> String {
        self.say(&format!("{what}\r\n")).await;
        self.hear().await
    }
}

#[tokio::test]
async fn a_mail_program_sends_comments_by_smtp() {
    let (world, ada, item) = reported().await;
    let to = address(&world, AMBER);
    let mut talk = Talk::with(&world).await;
    assert!(talk.ask("EHLO laptop").await.starts_with("250 "));
    for text in ["First.\n..and a line with a dot", ".Second, which begins with one"] {
        assert!(talk.ask(&format!("MAIL FROM:<{AMBER}> SIZE=300 BODY=8BITMIME")).await.starts_with("250 "));
        assert!(talk.ask(&format!("RCPT TO:<{}>", to.to_uppercase())).await.starts_with("250 "));
        assert!(talk.ask("DATA").await.starts_with("354 "));
        let raw = letter(&to, text).replace('\n', "\r\n").replace("\r\n.", "\r\n..");
        talk.say(&raw).await;
        let said = talk.ask(".").await;
        assert!(said.starts_with("250 ") && said.contains("\"decision\":\"stored\""), "{said}");
    }
    assert!(talk.ask("QUIT").await.starts_with("221 "));
    assert_eq!(comments(&ada, &item).await, ["First.\n..and a line with a dot", ".Second, which begins with one"]);
}

#[tokio::test]
async fn a_mail_program_that_says_what_makes_no_sense_is_told_so_and_may_go_on() {
    let (world, ada, item) = reported().await;
    let to = address(&world, AMBER);
    let mut talk = Talk::with(&world).await;
    for (said, answer) in [
        ("MUMBLE", "500 "),
        ("RCPT TO:<reply+a@reply.cairn.example>", "503 "),
        ("DATA", "503 "),
        ("AUTH PLAIN AGEAYg==", "502 "),
        ("STARTTLS", "502 "),
        ("NOOP", "250 "),
        ("MAIL FROM:<> SIZE=41943041", "552 "),
        ("MAIL FROM:<amber@stone.example>", "250 "),
        (
            "RCPT TO:<ada@onward.example>",
            "550 5.7.1 mail for ada@onward.example is not received here, only mail for addresses at reply.cairn.example",
        ),
        ("DATA", "503 "),
        ("RCPT TO:<reply+a@reply.cairn.example>", "250 "),
        ("RSET", "250 "),
        ("DATA", "503 "),
        ("HELO laptop", "250 "),
    ] {
        let heard = talk.ask(said).await;
        assert!(heard.starts_with(answer), "{said}: {heard}");
    }
    // all at once, as programs do that need not wait
    let raw = letter(&to, "All at once.").replace('\n', "\r\n");
    talk.say(&format!("MAIL FROM:<{AMBER}>\r\nRCPT TO:<{to}>\r\nDATA\r\n")).await;
    assert_eq!([talk.hear().await, talk.hear().await, talk.hear().await].map(|line| line[..3].to_owned()), ["250", "250", "354"]);
    talk.say(&format!("{raw}.\r\nNOOP\r\n")).await;
    assert!(talk.hear().await.contains("stored"));
    assert!(talk.hear().await.starts_with("250 "));
    // a mail without anything in it ends as well
    talk.say(&format!("MAIL FROM:<>\r\nRCPT TO:<{to}>\r\nDATA\r\n")).await;
    let _ = [talk.hear().await, talk.hear().await, talk.hear().await];
    let heard = talk.ask(".").await;
    assert!(heard.starts_with("250 ") && heard.contains("refused"), "{heard}");
    assert_eq!(comments(&ada, &item).await, ["All at once."]);
}

#[tokio::test]
async fn a_mail_of_more_than_40_mb_is_refused_by_smtp_and_the_next_one_taken() {
    let (world, ..) = reported().await;
    let to = address(&world, AMBER);
    let mut talk = Talk::with(&world).await;
    let begin = format!("MAIL FROM:<{AMBER}>\r\nRCPT TO:<{to}>\r\nDATA\r\n");
    talk.say(&begin).await;
    let _ = [talk.hear().await, talk.hear().await, talk.hear().await];
    let megabyte = format!("{}\r\n", "a".repeat(1022)).repeat(1024);
    for _ in 0..41 {
        talk.say(&megabyte).await;
    }
    assert!(talk.ask(".").await.starts_with("552 "));
    talk.say(&begin).await;
    let _ = [talk.hear().await, talk.hear().await, talk.hear().await];
    talk.say(&letter(&to, "Short.").replace('\n', "\r\n")).await;
    assert!(talk.ask(".").await.contains("stored"));
}

#[tokio::test]
async fn the_comment_icon_of_a_mail_opens_a_form_whose_answer_goes_all_the_way() {
    let (world, ada, item) = reported().await;
    let message = world.stack.ses.messages().pop().unwrap();
    let shown = world.anybody("GET", &format!("/local/mail/{}/html", message.id), &[], None).await;
    let link = shown.text.split("href=\"").find(|link| link.starts_with("/local/mailbox/")).expect("a link to the form");
    let link = link.split('"').next().unwrap().replace("&amp;", "&");
    let form = world.anybody("GET", &link, &[], None).await;
    assert_eq!(form.status, 200);
    for part in ["action=\"/local/mailbox/", &format!("value=\"{AMBER}\""), &address(&world, AMBER), "Re: Hold 1:1s"] {
        assert!(form.text.contains(part), "{part}");
    }
    let field = |name: &str| {
        let at = form.text.find(&format!("name=\"{name}\"")).unwrap();
        let value = form.text[at..].split("value=\"").nth(1).unwrap();
        value.split('"').next().unwrap().replace('+', "%2B").replace(' ', "+")
    };
    let body =
        format!("from={}&to={}&subject={}&text=Done%2C+gr%C3%BC%C3%9Fe.%0D%0A&verdicts=pass", field("from"), field("to"), field("subject"));
    let typed = [("content-type", "application/x-www-form-urlencoded")];
    let sent = world.raw("POST", link.split('?').next().unwrap(), &typed, body).await;
    assert_eq!(sent.status, 303, "{}", sent.text);
    let page = world.anybody("GET", sent.headers["location"].to_str().unwrap(), &[], None).await;
    assert!(page.text.contains("It is a comment now"), "{}", page.text);
    assert_eq!(comments(&ada, &item).await, ["Done, grüße."]);

    // the forward can be answered as a whole: what it says is quoted, and is no part of the comment
    let forward = world.stack.ses.messages().pop().unwrap();
    assert_eq!(forward.to, ["ada@onward.example"]);
    let answer = format!("/local/mailbox/{}/reply", forward.id);
    assert!(world.anybody("GET", &format!("/local/mailbox/{}", forward.id), &[], None).await.text.contains(&answer));
    let form = world.anybody("GET", &answer, &[], None).await;
    assert!(form.text.contains("name=\"quote\" checked"), "{}", form.text);
    let to = address(&world, "ada@onward.example").replace('+', "%2B");
    let body = format!("from=ada@onward.example&to={to}&subject=Re&text=Well+done%21&quote=on");
    let sent = world.raw("POST", &answer, &typed, body).await;
    assert!(sent.headers["location"].to_str().unwrap().contains("stored"), "{:?}", sent.headers);
    assert_eq!(comments(&ada, &item).await, ["Done, grüße.", "Well done!"]);
    assert!(world.mails_to(AMBER).pop().unwrap().text.contains("Well done!"));
}

#[tokio::test]
async fn the_sample_of_a_mail_is_what_ses_hands_over_and_becomes_a_comment() {
    let (world, ada, item) = reported().await;
    let to = address(&world, AMBER);
    let raw = "From: Amber Stone <amber@stone.example>\nTo: x@reply.cairn.example\nSubject: Re: Hold 1:1s\nDate: Tue, 11 Nov 2025 11:02:29 +0100\n\
               Message-ID: <1@stone.example>\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\nFrom the sample.\n";
    let taken =
        cairn::ses::receiving::receive(Utc::now(), "reply.cairn.example", AMBER, std::slice::from_ref(&to), raw.as_bytes(), Verdicts::PASS)
            .unwrap();
    assert_eq!(shape(&taken.event), shape(&sample("inbound")));
    world.stack.s3.put(&platform::files::inbound_key(&taken.id), &taken.stored).unwrap();
    let event = mailed(&taken.id, AMBER, &to);
    let became = inbound::handle(&world.stack.app, serde_json::from_value(event).unwrap()).await.unwrap();
    assert_eq!(became[0].name(), "stored");
    assert_eq!(comments(&ada, &item).await, ["From the sample."]);
}

/// A value with all its texts and numbers taken out, but for the names of headers and verdicts.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| match name.as_str() {
                "name" | "status" | "type" | "invocationType" | "eventSource" | "eventVersion" => (name.clone(), value.clone()),
                _ => (name.clone(), shape(value)),
            })
            .collect(),
        Value::Array(values) => values.iter().map(shape).collect(),
        Value::String(_) => "".into(),
        Value::Number(_) => 0.into(),
        Value::Bool(_) | Value::Null => value.clone(),
    }
}

#[tokio::test]
async fn nobody_who_is_not_named_passes_a_check_that_ses_could_not_make() {
    let (world, ..) = reported().await;
    let to = address(&world, AMBER);
    let failed = Verdicts { virus: Some(Verdict::Unknown), ..Verdicts::PASS };
    let became = world.stack.receive(AMBER, std::slice::from_ref(&to), letter(&to, "Hello").as_bytes(), failed).await.unwrap();
    assert_eq!(became["decision"], "refused");
}
