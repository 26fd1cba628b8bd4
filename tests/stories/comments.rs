//! Comments on items, over the API and by mail: what becomes one, what does not and who hears of it (C-1 to C-5).

use std::collections::{BTreeMap, BTreeSet};

use cairn::faults::{Fault, Kind, When};
use domain::inbound::Refusal;
use serde_json::{Value, json};
use stories::{Mail, Person, World, report, say, text, with};

/// Ada coaches Amber, who has two open actions and gets them every day at nine, as Ada does.
struct Practice {
    world: World,
    ada: Person,
    amber: Person,
    client: String,
    actions: [String; 2],
    sent: u32,
}

const ADA: &str = "ada@onward.example";
const AMBER: &str = "amber@stone.example";

impl Practice {
    async fn open() -> Self {
        let world = World::at("2026-03-02T12:00:00Z").await;
        let ada = world.house().await;
        let client = ada.client("Amber", "Stone", AMBER).await;
        let first = ada.item(&client, "action", "Hold 1:1s with each direct report", json!({})).await;
        let second = ada.item(&client, "action", "Read “The Manager’s Path”", json!({})).await;
        ada.report(json!({ "audience": { "kind": "clients" } })).await;
        ada.report(json!({})).await;
        world.advance_to("2026-03-03T09:01:00Z").await;
        let amber = world.person(AMBER).await;
        Self { world, ada, amber, client, actions: [first, second], sent: 0 }
    }

    /// The addresses for comments in the latest report to somebody, by the item's title.
    fn addresses(&self, who: &str) -> BTreeMap<String, String> {
        let mail = self.world.mails_to(who).into_iter().rfind(|mail| !mail.subject.starts_with("Re: ") && mail.text.contains("reply+"));
        by_title(&mail.expect("a report"))
    }

    fn address(&self, who: &str, title: &str) -> String {
        self.addresses(who).into_iter().find(|(found, _)| found.contains(title)).expect("an address").1
    }

    /// Where an answer to the latest mail to somebody goes.
    fn answer_to_latest(&self, who: &str) -> String {
        let messages = self.world.stack.ses.messages();
        let message = messages.iter().rfind(|message| message.to.iter().any(|to| to == who)).unwrap();
        message.reply_to.first().expect("a reply-to").clone()
    }

    /// Sends a plain mail, and says what became of it.
    async fn write(&mut self, from: &str, to: &str, body: &str) -> Value {
        self.sent += 1;
        let id = format!("{}@mail.example", self.sent);
        self.take(to, "", &raw(from, to, &format!("Message-ID: <{id}>\r\n"), body)).await
    }

    /// Takes a raw mail in, and lets happen what follows.
    async fn take(&self, to: &str, query: &str, raw: &str) -> Value {
        let to = to.replace('+', "%2B");
        let answer = self.world.raw("POST", &format!("/local/inbound?to={to}{query}"), &[], raw.to_owned()).await.expect(200);
        self.world.settle().await;
        answer
    }

    async fn comments(&self, item: &str) -> Vec<Value> {
        self.ada.get(&format!("/v1/items/{item}/comments")).await.expect(200)["items"].as_array().unwrap().clone()
    }

    async fn texts(&self, item: &str) -> Vec<String> {
        self.comments(item).await.iter().map(|comment| text(&comment["text"])).collect()
    }
}

/// The addresses for comments in the text part of a mail, by the line above each.
fn by_title(mail: &Mail) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut title = String::new();
    for line in mail.text.lines() {
        match line.find("reply+") {
            Some(at) => _ = found.insert(title.clone(), line[at..].split_whitespace().next().unwrap().to_owned()),
            None if !line.trim().is_empty() && !line.starts_with("    ") => title = line.trim().to_owned(),
            None => {}
        }
    }
    found
}

fn raw(from: &str, to: &str, headers: &str, body: &str) -> String {
    let body = body.replace('\n', "\r\n");
    format!("{headers}From: {from}\r\nTo: {to}\r\nSubject: Re: x\r\nDate: Tue, 3 Mar 2026 10:00:00 +0000\r\n\r\n{body}\r\n")
}

fn quoted(mail: &Mail) -> String {
    let lines: Vec<String> = mail.text.lines().map(|line| format!("> {line}")).collect();
    format!("\n\nOn Tue, 3 Mar 2026 at 09:00, Onward <happenings@cairn.example> wrote:\n\n{}", lines.join("\n"))
}

#[tokio::test]
async fn every_item_in_mail_to_coach_and_client_has_an_address_of_its_own_and_third_parties_get_none() {
    let practice = Practice::open().await;
    let (of_amber, of_ada) = (practice.addresses(AMBER), practice.addresses(ADA));
    assert_eq!((of_amber.len(), of_ada.len()), (2, 2), "{of_amber:?} {of_ada:?}");
    let all: BTreeSet<&String> = of_amber.values().chain(of_ada.values()).collect();
    assert_eq!(all.len(), 4);
    for address in all {
        assert!(address.split_once('@').unwrap().0.len() <= 64);
        assert_eq!(*address, address.to_lowercase());
        assert!(practice.world.mails().iter().any(|mail| mail.html.contains(&format!("mailto:{address}"))), "{address}");
    }
    let third = json!({ "audience": { "kind": "third_parties", "emails": ["hr@acme.example"] }, "detail": "full" });
    practice.ada.report(third).await;
    practice.world.advance_to("2026-03-04T09:01:00Z").await;
    let mail = practice.world.mails_to("hr@acme.example").pop().unwrap();
    assert!(!mail.text.contains("reply+") && !mail.html.contains("reply+"), "{}", mail.text);
}

#[tokio::test]
async fn a_thread_by_mail_alone_ends_with_six_comments_in_order_and_no_quote_in_any() {
    let mut practice = Practice::open().await;
    let item = practice.actions[0].clone();
    let mut to = practice.address(AMBER, "Hold 1:1s");
    let said = [
        "I held the first two.",
        "How did they go?",
        "The second was hard.\n\nWe ran out of time.",
        "What would help?",
        "A clear agenda.",
        "Then let us write one.",
    ];
    for (n, words) in said.iter().enumerate() {
        let (from, other) = if n % 2 == 0 { (AMBER, ADA) } else { (ADA, AMBER) };
        let quote = if n == 0 { String::new() } else { quoted(&practice.world.mails_to(from).pop().unwrap()) };
        let before = practice.world.mails_to(other).len();
        let became = practice.write(from, &to, &format!("{words}{quote}")).await;
        assert_eq!(became["decision"], "stored", "{became}");
        let mails = practice.world.mails_to(other);
        assert_eq!(mails.len(), before + 1, "the other party hears of it once");
        let forward = mails.last().unwrap();
        assert!(forward.text.contains(words.lines().next().unwrap()), "{}", forward.text);
        assert_eq!(forward.header("Auto-Submitted"), Some("auto-generated"));
        assert!(forward.header("References").unwrap().contains(&item.to_lowercase()));
        to = practice.answer_to_latest(other);
    }
    assert_eq!(practice.texts(&item).await, said);
    let authors: Vec<String> = practice.comments(&item).await.iter().map(|comment| text(&comment["author"]["kind"])).collect();
    assert_eq!(authors, ["client", "member", "client", "member", "client", "member"]);
    let stream = practice.ada.get(&format!("/v1/clients/{}/stream", practice.client)).await.expect(200);
    let told: Vec<&Value> = stream["items"].as_array().unwrap().iter().filter(|happening| happening["what"] == "commented").collect();
    assert_eq!(told.len(), 6);
    assert_eq!(told[0]["text"], "Then let us write one.");
}

#[tokio::test]
async fn a_comment_over_the_api_is_forwarded_like_one_by_mail_and_empty_ones_are_refused() {
    let practice = Practice::open().await;
    let path = format!("/v1/items/{}/comments", practice.actions[0]);
    let before = practice.world.mails_to(AMBER).len();
    let comment = practice.ada.post(&path, json!({ "text": "Well done." })).await.expect(201);
    assert_eq!((&comment["via"], &comment["version"]), (&json!("api"), &json!(1)));
    practice.world.settle().await;
    let mails = practice.world.mails_to(AMBER);
    assert_eq!(mails.len(), before + 1);
    assert!(mails.last().unwrap().text.contains("Well done."));
    for (body, field) in [(json!({}), "text"), (json!({ "text": " \n" }), "text"), (json!({ "text": "x".repeat(10_001) }), "text")] {
        assert_eq!(practice.ada.post(&path, body).await.bad_fields(), [field]);
    }
    let listed = practice.amber.get(&path).await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(listed["items"][0], comment);
}

#[tokio::test]
async fn who_coaches_beside_hears_of_it_when_asked_for_and_nobody_else_ever() {
    let mut practice = Practice::open().await;
    let (world, ada) = (&practice.world, &practice.ada);
    let cora = ada.coach(world, "Cora Beck", "cora@onward.example").await;
    let bob = ada.coach(world, "Bob Kern", "bob@onward.example").await;
    let vera = json!({ "coach": false, "administrator": "global", "permissions": ["view_all_client_happenings"] });
    ada.member(world, "Vera Lund", "vera@onward.example", vera).await;
    let company = ada.company("Acme").await;
    ada.employ(&practice.client, &company).await;
    ada.personnel(&company, "Hana Ito", "hana@acme.example", &["action"]).await;
    ada.pair(&practice.client, &cora, "coaching").await;
    ada.pair(&practice.client, &bob, "view_only").await;
    let to = practice.address(AMBER, "Hold 1:1s");
    let others = ["cora@onward.example", "bob@onward.example", "vera@onward.example", "hana@acme.example"];
    let heard = |practice: &Practice| others.map(|who| practice.world.mails_to(who).len());
    practice.write(AMBER, &to, "One").await;
    assert_eq!(heard(&practice), [0, 0, 0, 0]);
    for person in [&cora, &bob] {
        person.patch("/v1/me", json!({ "notifications": { "comments": true } })).await.expect(200);
    }
    practice.write(AMBER, &to, "Two").await;
    assert_eq!(heard(&practice), [1, 0, 0, 0]);
    // and the primary coach may switch it off, by the link of the mail itself
    let mail = practice.world.mails_to(ADA).pop().unwrap();
    let link = mail.header("List-Unsubscribe").unwrap().trim_matches(['<', '>']).strip_prefix(stories::PUBLIC_URL).unwrap().to_owned();
    assert_eq!(practice.world.anybody("GET", &link, &[], None).await.status, 200);
    let before = practice.world.mails_to(ADA).len();
    practice.write(AMBER, &to, "Three").await;
    assert_eq!(practice.world.mails_to(ADA).len(), before + 1, "opening the page changes nothing");
    let posted = practice.world.raw("POST", &link, &[], "List-Unsubscribe=One-Click".into()).await;
    assert_eq!(posted.status, 200);
    practice.write(AMBER, &to, "Four").await;
    assert_eq!(practice.world.mails_to(ADA).len(), before + 1);
    assert_eq!(practice.comments(&practice.actions[0]).await.len(), 4);
    // personnel see the item, and not what is said about it
    let hana = practice.world.person("hana@acme.example").await;
    hana.get(&format!("/v1/items/{}", practice.actions[0])).await.expect(200);
    hana.get(&format!("/v1/items/{}/comments", practice.actions[0])).await.expect(404);
    let stream = hana.get(&format!("/v1/clients/{}/stream", practice.client)).await.expect(200);
    assert!(stream["items"].as_array().unwrap().iter().all(|happening| happening["what"] != "commented"), "{stream}");
    // who may only look reads them, and may not answer
    bob.get(&format!("/v1/items/{}/comments", practice.actions[0])).await.expect(200);
    bob.post(&format!("/v1/items/{}/comments", practice.actions[0]), json!({ "text": "x" })).await.expect(403);
}

#[tokio::test]
async fn the_same_mail_three_times_is_one_comment_and_one_forward() {
    let practice = Practice::open().await;
    let to = practice.address(AMBER, "Hold 1:1s");
    let mail = raw(AMBER, &to, "Message-ID: <same@mail.example>\r\n", "Done!");
    let before = practice.world.mails_to(ADA).len();
    let decisions = [practice.take(&to, "", &mail).await, practice.take(&to, "", &mail).await, practice.take(&to, "", &mail).await];
    assert_eq!(decisions.each_ref().map(|became| text(&became["decision"])), ["stored", "duplicate", "duplicate"]);
    assert!(decisions.iter().all(|became| became["comment_id"] == decisions[0]["comment_id"]));
    assert_eq!(practice.texts(&practice.actions[0]).await, ["Done!"]);
    assert_eq!(practice.world.mails_to(ADA).len(), before + 1);
    // without a Message-ID it is known by what it says
    let bare = raw(AMBER, &to, "", "Also this.");
    assert_eq!(practice.take(&to, "", &bare).await["decision"], "stored");
    assert_eq!(practice.take(&to, "", &bare).await["decision"], "duplicate");
    // the same mail to another item is another comment
    let other = practice.address(AMBER, "Path");
    assert_eq!(practice.take(&other, "", &mail).await["decision"], "stored");
}

/// A mail for every reason why one is no comment: the list is closed, and so is this.
#[tokio::test]
async fn every_refusal_has_a_mail_and_its_sender_hears_of_it_once_a_day_or_never() {
    let mut practice = Practice::open().await;
    let (first, second) = (practice.address(AMBER, "Hold 1:1s"), practice.address(AMBER, "Path"));
    let of_ada = practice.address(ADA, "Hold 1:1s");
    practice.ada.coach(&practice.world, "Cora Beck", "cora@onward.example").await;
    let whole = practice.world.stack.ses.messages().iter().rfind(|message| message.to == [AMBER]).unwrap().reply_to[0].clone();
    let domain = first.split_once('@').unwrap().1.to_owned();
    let many: String = (0..21).map(|n| format!("&to=x{n}@{domain}")).collect();
    let plain = |from: &str, to: &str, headers: &str| raw(from, to, headers, "Yes.");
    let amber = |headers: &str| plain(AMBER, &first, headers);
    let large = raw(AMBER, &first, "", &"x".repeat(11 * 1024 * 1024));
    let nested: String = (0..300).fold(String::new(), |_, _| String::new())
        + &(0..300).map(|n| format!("--b\r\nContent-Type: text/plain\r\n\r\n{n}\r\n")).collect::<String>();
    let parts = amber("Content-Type: multipart/mixed; boundary=b\r\n").replace("Yes.", &nested);
    let encrypted = amber("Content-Type: multipart/encrypted; boundary=b; protocol=\"application/pgp-encrypted\"\r\n");
    let second_too = format!("&to={}", second.replace('+', "%2B"));
    let cases: Vec<(Refusal, String, String, String)> = vec![
        (Refusal::TooManyRecipients, first.clone(), many, amber("")),
        (Refusal::UnknownAddress, format!("reply+{}@{domain}", "a".repeat(56)), String::new(), amber("")),
        (Refusal::Ambiguous, first.clone(), second_too, amber("")),
        (Refusal::Virus, first.clone(), "&virus=fail".into(), amber("")),
        (Refusal::Spam, first.clone(), "&spam=fail".into(), amber("")),
        (Refusal::Automatic, first.clone(), String::new(), amber("Auto-Submitted: auto-replied\r\n")),
        (Refusal::Bounce, first.clone(), String::new(), amber("Content-Type: multipart/report; boundary=b\r\n")),
        (Refusal::List, first.clone(), String::new(), amber("List-Id: <x.example>\r\n")),
        (Refusal::Loop, first.clone(), String::new(), amber("X-Happenings-Loop: cairn\r\n")),
        (Refusal::NoSingleSender, first.clone(), String::new(), plain(&format!("{AMBER}, x@y.example"), &first, "")),
        (Refusal::Forged, first.clone(), "&verdicts=fail".into(), amber("")),
        (Refusal::Unconfirmed, first.clone(), "&verdicts=gray".into(), amber("")),
        (Refusal::AnotherSender, first.clone(), String::new(), plain("mallory@evil.example", &first, "")),
        (Refusal::NoItem, whole, String::new(), amber("")),
        (Refusal::TooLarge, first.clone(), String::new(), large),
        (Refusal::Encrypted, first.clone(), String::new(), encrypted),
        (Refusal::Unreadable, first.clone(), String::new(), parts),
        (Refusal::Empty, first.clone(), String::new(), raw(AMBER, &first, "", &quoted(&practice.world.mails_to(AMBER)[0]))),
        (Refusal::NoRight, of_ada.clone(), String::new(), plain(ADA, &of_ada, "")),
    ];
    let mut seen: BTreeSet<Refusal> = BTreeSet::new();
    for (why, to, query, raw) in cases {
        if why == Refusal::NoRight {
            // Ada coaches her no more
            let cora = practice.world.person("cora@onward.example").await;
            let set = json!({ "pairings": [{ "member_id": cora.id, "level": "primary" }, { "member_id": practice.ada.id, "level": "view_only" }] });
            practice.ada.put(&format!("/v1/clients/{}/pairings", practice.client), set).await.expect(200);
        }
        let who = if why == Refusal::NoRight { ADA } else { AMBER };
        let before = practice.world.mails_to(who).len();
        for again in 0..2 {
            let became = practice.take(&to, &query, &raw).await;
            let decision = if why == Refusal::Unconfirmed { "held" } else { "refused" };
            assert_eq!((&became["decision"], &became["reason"]), (&json!(decision), &json!(why.name())), "{why:?}");
            let told = practice.world.mails_to(who).len() - before;
            // whoever is not certain who they are hears of each mail; whoever used another's address is a stranger here
            let expected = match why {
                Refusal::Unconfirmed => again + 1,
                Refusal::AnotherSender => 0,
                why => usize::from(why.is_told()),
            };
            assert_eq!(told, expected, "{why:?}");
        }
        if why.is_told() && why != Refusal::AnotherSender {
            let notice = practice.world.mails_to(who).pop().unwrap();
            assert_eq!(notice.header("Auto-Submitted"), Some("auto-replied"), "{why:?}");
            assert!(!notice.text.contains("Yes.") && !notice.text.contains("reply+"), "{why:?}: {}", notice.text);
        }
        seen.insert(why);
    }
    // from here on the state of things forbids it
    practice.ada.post(&format!("/v1/clients/{}/archive", practice.client), json!({})).await.expect(200);
    assert_eq!(practice.take(&first, "", &amber("")).await["reason"], "archived");
    practice.ada.post(&format!("/v1/clients/{}/unarchive", practice.client), json!({})).await.expect(200);
    practice.world.stack.sleep_until(stories::time("2026-06-10T12:00:00Z")).unwrap();
    assert_eq!(practice.take(&first, "", &amber("")).await["reason"], "expired");
    seen.extend([Refusal::Archived, Refusal::Expired]);
    assert!(practice.texts(&practice.actions[0]).await.is_empty() && practice.texts(&practice.actions[1]).await.is_empty());
    let elsewhere = app::inbound::Envelope { sender: Some(AMBER.into()), recipients: vec!["x@elsewhere.example".into()] };
    let arrived = app::inbound::Arrived { message: "m".into(), envelope: elsewhere, ..Default::default() };
    let became = app::inbound::receive(&practice.world.stack.app, &arrived).await.unwrap();
    assert_eq!(became, app::inbound::Became::Refused { reason: Refusal::NotForUs });
    // told in a story of its own
    seen.extend([Refusal::TooOften, Refusal::NotForUs]);
    assert_eq!(seen, Refusal::ALL.into_iter().collect());
    let refused = practice.ada.get("/v1/refused-mail?day=2026-03-03&limit=200").await.expect(200);
    let reasons: BTreeSet<String> = refused["items"].as_array().unwrap().iter().map(|refused| text(&refused["reason"])).collect();
    for why in ["forged", "spam", "virus", "automatic", "another_sender", "empty"] {
        assert!(reasons.contains(why), "{why} is not on record: {reasons:?}");
    }
    practice.sent += 1;
}

#[tokio::test]
async fn an_address_belongs_to_one_person_and_one_item_whoever_has_it() {
    let mut practice = Practice::open().await;
    let to = practice.address(AMBER, "Hold 1:1s");
    // Ada has Amber's address, and her own mail passes every check
    let before = practice.world.mails_to(ADA).len();
    assert_eq!(practice.write(ADA, &to, "As Amber").await["reason"], "another_sender");
    let notice = practice.world.mails_to(ADA).split_off(before).pop().expect("a member of the account hears of it");
    assert!(notice.subject.to_lowercase().contains("comment"), "{}", notice.subject);
    for from in ["\"amber@stone.example\" <mallory@evil.example>", "amber@stone.example.evil.example", "amber+x@stone.example"] {
        assert_eq!(practice.write(from, &to, "As Amber").await["reason"], "another_sender", "{from}");
    }
    // a forged Reply-To or Sender does not help
    let forged = raw("mallory@evil.example", &to, &format!("Reply-To: {AMBER}\r\nSender: {AMBER}\r\n"), "As Amber");
    assert_eq!(practice.take(&to, "", &forged).await["reason"], "another_sender");
    // the case of an address does not matter
    let (local, domain) = to.split_once('@').unwrap();
    let shouted = format!("{}@{}", local.to_uppercase(), domain.to_uppercase());
    assert_eq!(practice.write("AMBER@Stone.Example", &shouted, "It is me").await["decision"], "stored");
    // and an address in a header is none: only the envelope counts
    let other = practice.address(AMBER, "Path");
    let raw = raw(AMBER, &other, &format!("Cc: {other}\r\nDelivered-To: {other}\r\nMessage-ID: <h@x>\r\n"), "To the first");
    assert_eq!(practice.take(&to, "", &raw).await["item_id"], practice.actions[0].as_str());
}

#[tokio::test]
async fn a_mail_of_uncertain_origin_waits_until_its_sender_confirms_it() {
    let practice = Practice::open().await;
    let to = practice.address(AMBER, "Hold 1:1s");
    for (n, verdicts) in ["gray", "none"].into_iter().enumerate() {
        let mail = raw(AMBER, &to, &format!("Message-ID: <u{n}@mail.example>\r\n"), &format!("Held, {n}"));
        let became = practice.take(&to, &format!("&verdicts={verdicts}"), &mail).await;
        if verdicts == "none" {
            // it was not even searched for viruses
            assert_eq!(became["reason"], "virus");
            continue;
        }
        assert_eq!((&became["decision"], &became["reason"]), (&json!("held"), &json!("unconfirmed")));
        assert!(practice.texts(&practice.actions[0]).await.is_empty());
        let notice = practice.world.mails_to(AMBER).pop().unwrap();
        let at = notice.text.find("/c/").expect("a link");
        let link = notice.text[at..].split_whitespace().next().unwrap();
        let page = practice.world.anybody("GET", link, &[], None).await;
        assert!(page.status == 200 && page.text.contains("<button"), "{}", page.text);
        assert!(practice.texts(&practice.actions[0]).await.is_empty(), "opening the page changes nothing");
        for _ in 0..2 {
            assert_eq!(practice.world.raw("POST", link, &[], String::new()).await.status, 200);
        }
        assert_eq!(practice.texts(&practice.actions[0]).await, ["Held, 0"]);
        let touched = format!("{}x", &link[..link.len() - 1]);
        assert_eq!(practice.world.anybody("GET", &touched, &[], None).await.status, 404);
    }
    // a domain without a policy that signed its mail is believed; an administrator's is not, nor anybody's where the account wants more
    let signed = "Authentication-Results: amazonses.com; dkim=pass header.i=@stone.example; dmarc=none\r\n";
    let by_amber = |n: u32| raw(AMBER, &to, &format!("{signed}Message-ID: <s{n}@mail.example>\r\n"), "Signed");
    let decision = async |raw: &str, to: &str| text(&practice.receive_as_is(to, raw).await["decision"]);
    assert_eq!(decision(&by_amber(1), &to).await, "stored");
    let of_ada = practice.address(ADA, "Hold 1:1s");
    let by_ada = raw(ADA, &of_ada, "Authentication-Results: amazonses.com; dkim=pass header.i=@onward.example\r\n", "Signed");
    assert_eq!(decision(&by_ada, &of_ada).await, "held");
    practice.ada.patch("/v1/account", json!({ "require_dmarc": true })).await.expect(200);
    assert_eq!(decision(&by_amber(2), &to).await, "held");
}

impl Practice {
    /// Takes a mail in whose headers are all that SES would have written, with a gray verdict.
    async fn receive_as_is(&self, to: &str, raw: &str) -> Value {
        let message = format!("asis{}", raw.len() + to.len());
        let arrived = app::inbound::Arrived {
            message: message.clone(),
            envelope: app::inbound::Envelope { sender: Some("bounce@elsewhere.example".into()), recipients: vec![to.to_owned()] },
            verdicts: app::inbound::Verdicts {
                spam: domain::inbound::Verdict::Pass,
                virus: domain::inbound::Verdict::Pass,
                dmarc: domain::inbound::Verdict::Gray,
            },
        };
        let app = &self.world.stack.app;
        app.platform.files.put(&platform::files::inbound_key(&message), "message/rfc822", raw.as_bytes().to_vec()).await.unwrap();
        serde_json::to_value(app::inbound::receive(app, &arrived).await.unwrap()).unwrap()
    }
}

#[tokio::test]
async fn files_that_come_with_a_comment_become_files_on_the_item_and_programs_do_not() {
    let practice = Practice::open().await;
    let to = practice.address(AMBER, "Hold 1:1s");
    let part = |name: &str, kind: &str, body: &str| {
        format!("--b\r\nContent-Type: {kind}; name=\"{name}\"\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\r\n{body}\r\n")
    };
    let body = format!(
        "--b\r\nContent-Type: text/plain\r\n\r\nHere are my notes.\r\n{}{}{}--b--\r\n",
        part("notes.txt", "text/plain", "one, two"),
        part("../../etc/pass\u{202e}wd.pdf", "application/pdf", "%PDF-1.4"),
        part("fun.pdf.exe", "application/pdf", "MZ"),
    );
    let mail = format!(
        "From: {AMBER}\r\nTo: {to}\r\nMessage-ID: <f@x>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n{body}"
    );
    let became = practice.take(&to, "", &mail).await;
    assert_eq!(became["decision"], "stored", "{became}");
    let item = &practice.actions[0];
    let comment = practice.comments(item).await.remove(0);
    assert_eq!(comment["text"], "Here are my notes.");
    let names: Vec<String> = comment["files"].as_array().unwrap().iter().map(|file| text(&file["name"])).collect();
    assert_eq!(names.len(), 2);
    assert!(names.iter().all(|name| !name.contains(['/', '\\', '\u{202e}']) && !name.contains("..")), "{names:?}");
    assert_eq!(comment["not_kept"][0]["why"], "dangerous");
    let files = practice.ada.get(&format!("/v1/items/{item}/files")).await.expect(200);
    let notes = files["items"].as_array().unwrap().iter().find(|file| file["name"] == "notes.txt").unwrap().clone();
    assert_eq!(notes["size_bytes"], 8);
    let link = practice.amber.get(&format!("/v1/items/{item}/files/{}", text(&notes["id"]))).await.expect(200);
    assert!(text(&link["url"]).contains("X-Amz-Signature"), "{link}");
    let key =
        platform::files::file_key(practice.ada.account_id.parse().unwrap(), item.parse().unwrap(), text(&notes["id"]).parse().unwrap());
    let kept = practice.world.stack.app.platform.files.get(&key, 1000, 0).await.unwrap().unwrap();
    assert_eq!(kept.bytes, b"one, two");
    let forward = practice.world.mails_to(ADA).pop().unwrap();
    assert!(forward.text.contains("notes.txt") && forward.text.contains("fun.pdf.exe"), "{}", forward.text);
    // the whole mail is there for the coach and the author for a while, and for nobody else
    let original = format!("/v1/items/{item}/comments/{}/original", text(&comment["id"]));
    for person in [&practice.ada, &practice.amber] {
        assert!(text(&person.get(&original).await.expect(200)["url"]).contains("inbound/"));
    }
    let bob = practice.ada.coach(&practice.world, "Bob Kern", "bob@onward.example").await;
    bob.get(&original).await.expect(404);
    practice.ada.pair(&practice.client, &bob, "view_only").await;
    bob.get(&original).await.expect(403);
    practice.world.stack.sleep_until(stories::time("2026-04-10T12:00:00Z")).unwrap();
    practice.ada.get(&original).await.expect(409);
}

#[tokio::test]
async fn our_own_links_never_reach_the_other_party_and_neither_does_what_was_quoted() {
    let mut practice = Practice::open().await;
    let to = practice.address(AMBER, "Hold 1:1s");
    let report = practice.world.mails_to(AMBER).pop().unwrap();
    let unsubscribe = report.header("List-Unsubscribe").unwrap().trim_matches(['<', '>']).to_owned();
    let body = format!("Is this mine? {to} and {unsubscribe}\n\nAmber{}", quoted(&report));
    assert_eq!(practice.write(AMBER, &to, &body).await["decision"], "stored");
    let said = practice.texts(&practice.actions[0]).await.remove(0);
    assert!(said.starts_with("Is this mine? [link removed] and [link removed]"), "{said}");
    let forward = practice.world.mails_to(ADA).pop().unwrap();
    for secret in [&to, &unsubscribe] {
        assert!(!forward.text.contains(secret.as_str()) && !forward.html.contains(secret.as_str()));
    }
    assert!(!forward.text.contains("Path"), "{}", forward.text);
}

#[tokio::test]
async fn too_many_comments_by_mail_are_refused_and_told_once() {
    let mut practice = Practice::open().await;
    let to = practice.address(AMBER, "Hold 1:1s");
    for n in 0..domain::inbound::HOURLY_MOST {
        assert_eq!(practice.write(AMBER, &to, &format!("Comment {n}")).await["decision"], "stored", "{n}");
    }
    let before = practice.world.mails_to(AMBER).len();
    for _ in 0..3 {
        assert_eq!(practice.write(AMBER, &to, "One more").await["reason"], "too_often");
    }
    assert_eq!(practice.world.mails_to(AMBER).len(), before + 1);
    // another item, and the next hour, are open
    let other = practice.address(AMBER, "Path");
    assert_eq!(practice.write(AMBER, &other, "Elsewhere").await["decision"], "stored");
    practice.world.advance_to("2026-03-03T10:30:00Z").await;
    assert_eq!(practice.write(AMBER, &to, "Later").await["decision"], "stored");
}

#[tokio::test]
async fn a_forward_that_may_not_go_any_more_does_not_go() {
    let practice = Practice::open().await;
    let item = &practice.actions[0];
    let path = format!("/v1/items/{item}/comments");
    let before = practice.world.mails_to(AMBER).len();
    practice.ada.post(&path, json!({ "text": "Before the archive" })).await.expect(201);
    practice.ada.post(&format!("/v1/clients/{}/archive", practice.client), json!({})).await.expect(200);
    practice.world.settle().await;
    assert_eq!(practice.world.mails_to(AMBER).len(), before);
    practice.ada.post(&path, json!({ "text": "After" })).await.expect(409);
    practice.ada.post(&format!("/v1/clients/{}/unarchive", practice.client), json!({})).await.expect(200);
    // what is private to its author can be commented on, and nobody else hears of it
    let note = practice.ada.item(&practice.client, "note", "For myself", json!({ "visibility": "private" })).await;
    practice.ada.post(&format!("/v1/items/{note}/comments"), json!({ "text": "Still true" })).await.expect(201);
    practice.world.settle().await;
    assert_eq!(practice.world.mails_to(AMBER).len(), before);
    practice.amber.get(&format!("/v1/items/{note}/comments")).await.expect(404);
}

#[tokio::test]
async fn comments_show_in_the_next_report_with_their_text_where_it_says_everything() {
    let practice = Practice::open().await;
    practice.ada.report(with(report(json!({})), json!({ "detail": "summary" }))).await;
    practice
        .amber
        .post(&format!("/v1/items/{}/comments", practice.actions[0]), json!({ "text": "The third one is on Friday." }))
        .await
        .expect(201);
    practice.world.advance_to("2026-03-04T09:01:00Z").await;
    let mails = practice.world.mails_to(ADA);
    let full: Vec<&Mail> = mails.iter().filter(|mail| mail.at > stories::time("2026-03-04T00:00:00Z")).collect();
    assert_eq!(full.len(), 2);
    assert_eq!(full.iter().filter(|mail| mail.text.contains("The third one is on Friday.")).count(), 1);
    assert!(full.iter().all(|mail| mail.text.contains("ommented on") || mail.text.contains("comment")));
}

/// Opens a practice of five actions, and says where Amber's comments on each go.
async fn with_five_actions() -> (Practice, Vec<String>) {
    let practice = Practice::open().await;
    for n in 3..=5 {
        practice.ada.item(&practice.client, "action", &format!("Action {n}"), json!({})).await;
    }
    practice.world.advance_to("2026-03-04T09:01:00Z").await;
    let addresses: Vec<String> = practice.addresses(AMBER).into_values().collect();
    assert_eq!(addresses.len(), 5);
    (practice, addresses)
}

#[tokio::test]
async fn whatever_fails_while_a_mail_is_taken_in_it_becomes_one_comment_with_one_forward() {
    let (practice, addresses) = with_five_actions().await;
    let stack = &practice.world.stack;
    let take = async |n: usize, to: &str| {
        let mail = raw(AMBER, to, &format!("Message-ID: <t{n}@mail.example>\r\n"), &format!("Trial {n}."));
        let to = to.replace('+', "%2B");
        practice.world.raw("POST", &format!("/local/inbound?to={to}"), &[], mail).await
    };
    stack.faults.clear();
    take(0, &addresses[0]).await.expect(200);
    let calls = stack.faults.calls().len();
    practice.world.settle().await;
    let plans: Vec<(usize, Kind)> =
        (1..=calls).flat_map(|call| [Kind::Refuse, Kind::LoseAnswer, Kind::Throttle, Kind::Fail].map(|kind| (call, kind))).collect();
    let mut injected = 0;
    for (n, (call, kind)) in plans.iter().enumerate() {
        let n = n + 1;
        stack.faults.plan([Fault { when: When::Nth(*call as u64), kind: *kind }]);
        let answer = take(n, &addresses[n % 5]).await;
        injected += stack.faults.calls().iter().filter(|call| call.fault.is_some()).count();
        stack.faults.clear();
        assert_eq!(answer.status, 200, "{kind:?} at {call} of {calls}: tried again like Lambda does, it is taken in: {}", answer.text);
        assert!(matches!(answer.json["decision"].as_str(), Some("stored" | "duplicate")), "{}", answer.text);
        if n.is_multiple_of(20) {
            practice.world.settle().await;
            let later = stack.clock.now() + chrono::Duration::hours(25);
            stack.sleep_until(later).unwrap();
        }
    }
    practice.world.settle().await;
    stack.reconcile().await.unwrap();
    practice.world.settle().await;
    let mut said: Vec<String> = Vec::new();
    let items = practice.ada.get(&format!("/v1/clients/{}/items?kind=action", practice.client)).await.expect(200);
    for item in items["items"].as_array().unwrap() {
        said.extend(practice.texts(&text(&item["id"])).await);
    }
    let forwards: Vec<Mail> = practice.world.mails_to(ADA).into_iter().filter(|mail| mail.subject.starts_with("Re: ")).collect();
    for n in 0..=plans.len() {
        let words = format!("Trial {n}.");
        assert_eq!(said.iter().filter(|said| **said == words).count(), 1, "{words} {:?}", n.checked_sub(1).map(|n| &plans[n]));
        assert_eq!(forwards.iter().filter(|mail| mail.text.contains(&words)).count(), 1, "{words}");
    }
    say(&format!("{injected} faults injected into {} mails of {calls} calls each", plans.len()));
    assert!(injected >= plans.len() - 4, "{injected} of {}", plans.len());
}

#[tokio::test]
async fn two_at_once_of_the_same_mail_are_one_comment() {
    let practice = Practice::open().await;
    let to = practice.address(AMBER, "Hold 1:1s");
    let mail = raw(AMBER, &to, "Message-ID: <at-once@mail.example>\r\n", "At once.");
    let takes = (0..6).map(|_| practice.take(&to, "", &mail));
    let became = futures::future::join_all(takes).await;
    assert_eq!(became.iter().filter(|became| became["decision"] == "stored").count(), 1, "{became:?}");
    assert_eq!(practice.texts(&practice.actions[0]).await, ["At once."]);
}

#[tokio::test]
async fn mail_that_was_damaged_in_any_way_gets_a_decision_and_loses_nothing() {
    let (practice, addresses) = with_five_actions().await;
    let to = &addresses[0];
    let sound = [
        raw(AMBER, to, "Message-ID: <d@mail.example>\r\n", "Done.\n\nOn Tue, Ada wrote:\n> How is it going?"),
        format!(
            "From: {AMBER}\r\nTo: {to}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/html; \
             charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<div>J=C3=A0</div><blockquote type=3Dcite>old</blockquote>\r\n--b\r\n\
             Content-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0=\r\n--b--\r\n"
        ),
    ];
    let decisions: BTreeSet<&str> = ["stored", "duplicate", "held", "refused"].into();
    let mut seed = 0x9E37_79B9_u64;
    let mut chance = |most: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % most
    };
    for n in 0..240 {
        let mut bytes = sound[n % sound.len()].clone().into_bytes();
        for _ in 0..=n % 4 {
            let at = chance(bytes.len());
            match chance(6) {
                0 => bytes[at] = u8::try_from(chance(256)).unwrap(),
                1 => bytes.truncate(at.max(1)),
                2 => _ = bytes.remove(at),
                3 => bytes.insert(at, b"\r\n:;<>\"\0"[chance(8)]),
                4 => {
                    let again = bytes[at..].to_vec();
                    bytes.extend(again);
                }
                _ => bytes[at..].reverse(),
            }
        }
        let recipients = [to.clone()];
        let verdicts = cairn::ses::receiving::Verdicts::PASS;
        let became = practice.world.stack.receive(AMBER, &recipients, &bytes, verdicts).await.unwrap();
        assert!(decisions.contains(became["decision"].as_str().unwrap()), "{became}");
        if became["decision"] == "refused" {
            let reason = became["reason"].as_str().unwrap();
            assert!(Refusal::ALL.iter().any(|why| why.name() == reason), "{reason}");
        }
    }
    assert_eq!(practice.world.stack.dead_letters().await, 0);
}
