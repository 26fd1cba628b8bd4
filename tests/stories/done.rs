//! The whole job by HTTP alone: two weeks of coaching put in day by day, three reports set up and previewed, five weeks
//! over a clock change, and in the mailbox exactly what each may see, at exactly the right local minutes.

use chrono::{DateTime, Days, NaiveDate, TimeZone, Utc};
use chrono_tz::America::New_York;
use serde_json::{Value, json};
use stories::{Person, World, print, text};

const EVERYTHING: [&str; 13] = [
    "action",
    "metric",
    "worksheet",
    "session_note",
    "note",
    "journal_entry",
    "file",
    "appointment",
    "agreement",
    "contract",
    "invoice",
    "course_step",
    "message",
];

const ADA: &str = "ada@onward.example";
const HR: &str = "hr@acme.example";
const AMBER: &str = "amber@stone.example";
const ANTHONY: &str = "anthony@okafor.example";
const BEN: &str = "ben@alder.example";
const CLEO: &str = "cleo@park.example";
const DANA: &str = "dana@reyes.example";

/// What only Ada may read, and what only Amber may.
const OF_ADA: &str = "Worried about the merger";
const OF_AMBER: &str = "What scared me this week";

/// A coaching practice, and the Monday its story begins on.
struct Practice {
    world: World,
    monday: NaiveDate,
    ada: Person,
    clients: Vec<Who>,
}

/// A client, with everything that only the client and the coach may read of.
struct Who {
    id: String,
    name: &'static str,
    email: &'static str,
    titles: Vec<&'static str>,
}

/// A time on the wall of New York, so many days after the story's Monday.
fn at(monday: NaiveDate, day: u64, time: &str) -> DateTime<Utc> {
    let wall = (monday + Days::new(day)).and_time(time.parse().unwrap());
    New_York.from_local_datetime(&wall).unwrap().to_utc()
}

impl Practice {
    async fn open(monday: &str) -> Self {
        let monday: NaiveDate = monday.parse().unwrap();
        let world = World::at(&at(monday, 0, "09:00:00").to_rfc3339()).await;
        let ada = world.account("Onward Coaching", ADA, "America/New_York").await;
        let mut clients = Vec::new();
        for (name, email) in
            [("Amber Stone", AMBER), ("Anthony Okafor", ANTHONY), ("Ben Alder", BEN), ("Cleo Park", CLEO), ("Dana Reyes", DANA)]
        {
            let (first, last) = name.split_once(' ').unwrap();
            clients.push(Who { id: ada.client(first, last, email).await, name, email, titles: Vec::new() });
        }
        Self { world, monday, ada, clients }
    }

    /// Nine in the morning of a day.
    async fn day(&self, day: u64) {
        self.world.stack.advance(at(self.monday, day, "09:00:00")).await.unwrap();
    }

    fn who(&mut self, email: &str) -> &mut Who {
        self.clients.iter_mut().find(|who| who.email == email).unwrap()
    }

    fn date(&self, day: u64) -> String {
        (self.monday + Days::new(day)).to_string()
    }

    async fn item(&mut self, email: &str, kind: &str, title: &'static str, more: Value) -> String {
        let ada = self.ada.clone();
        let who = self.who(email);
        who.titles.push(title);
        ada.item(&who.id, kind, title, more).await
    }

    /// Two weeks of coaching. Everything is put in on the day it happens, by whoever does it.
    async fn two_weeks(&mut self) -> Kept {
        let due = [self.date(4), self.date(5), self.date(9), self.date(11), self.date(23)];
        let meetings = self.item(AMBER, "action", "Hold 1:1s with each direct report", json!({ "due_on": due[2] })).await;
        let focus = self.item(AMBER, "metric", "Hours of focused work", json!({ "unit": "hours", "target": 15 })).await;
        let pulse = self.item(ANTHONY, "metric", "Resting pulse", json!({ "unit": "bpm", "target": 58 })).await;
        self.item(ANTHONY, "action", "Write the hiring plan", json!({ "due_on": due[0] })).await;
        self.item(DANA, "metric", "Steps a day", json!({ "target": 9000 })).await;
        self.day(1).await;
        self.ada.record(&focus, 6.0).await;
        self.day(2).await;
        let calls = self.item(BEN, "action", "Call three former customers", json!({ "due_on": due[1] })).await;
        self.day(3).await;
        let worksheet = self.item(AMBER, "worksheet", "Values and boundaries", json!({ "due_on": due[3] })).await;
        self.ada.record(&pulse, 66.0).await;
        self.day(4).await;
        self.ada.advance(&calls, "complete").await;
        self.ada.record(&focus, 8.0).await;
        self.day(7).await;
        self.ada.record(&pulse, 64.0).await;
        self.item(CLEO, "file", "Slides for the offsite", json!({ "file_name": "offsite-v3.pdf", "size_bytes": 52_100 })).await;
        let feedback = self.item(CLEO, "action", "Ask Noor for feedback", json!({ "due_on": due[4] })).await;
        self.day(8).await;
        let session = json!({ "body": "Came in tired, left with one sentence she can say on Monday.", "on": self.date(8) });
        self.item(AMBER, "session_note", "Session 6: saying no to good ideas", session).await;
        let amber = self.world.person(AMBER).await;
        amber.advance(&worksheet, "submit").await;
        self.day(9).await;
        amber.advance(&meetings, "complete").await;
        self.day(10).await;
        self.ada.record(&focus, 11.0).await;
        self.item(AMBER, "note", OF_ADA, json!({ "body": "She asked twice whether the team stays together." })).await;
        self.item(AMBER, "note", "Books we spoke of", json!({ "visibility": "shared", "body": "Two on delegation." })).await;
        self.day(11).await;
        amber
            .item(&amber.id, "journal_entry", OF_AMBER, json!({ "visibility": "private", "body": "The silence after my question." }))
            .await;
        self.who(AMBER).titles.push(OF_AMBER);
        self.day(12).await;
        self.day(13).await;
        Kept { focus, pulse, feedback }
    }

    /// Metrics of two of five clients to HR, on the first of every month at 08:00.
    fn metrics_for_hr(&self) -> Value {
        let two = [&self.clients[0].id, &self.clients[1].id];
        json!({
            "name": "Metrics for HR", "scope": { "kind": "selected", "ids": two }, "kinds": ["metric"],
            "audience": { "kind": "third_parties", "emails": [HR] }, "schedule": { "every": "month", "day": 1, "at": "08:00" }
        })
    }

    /// Every client's actions each Friday at 16:30 to the clients.
    fn actions_for_clients() -> Value {
        json!({
            "name": "Your week", "scope": { "kind": "all" }, "kinds": ["action"], "audience": { "kind": "clients" },
            "schedule": { "every": "week", "weekdays": ["fri"], "at": "16:30" }
        })
    }

    /// Everything about one client every Tuesday at 10:45 to Ada.
    fn everything_for_ada(&self) -> Value {
        json!({
            "name": "Before the session with Amber", "scope": { "kind": "selected", "ids": [self.clients[0].id] }, "kinds": EVERYTHING,
            "audience": { "kind": "coach" }, "schedule": { "every": "week", "weekdays": ["tue"], "at": "10:45" }
        })
    }

    /// Nothing of other clients, and nothing private, is in a client's text.
    fn is_only_on(&self, client: &str, text: &str) {
        for who in &self.clients {
            let of = if who.email == client { &[][..] } else { &who.titles };
            for title in of.iter().chain(&[OF_ADA, OF_AMBER]) {
                assert!(!text.contains(title), "{client} reads of {title:?}:\n{text}");
            }
            if who.email != client {
                assert!(!text.contains(who.name) && !text.contains(&who.id) && !text.contains(who.email), "{client} reads of {}", who.name);
            }
        }
    }

    /// HR reads of the metrics of two clients and nothing else.
    fn is_only_metrics_of_two(&self, text: &str) {
        for title in self.clients.iter().flat_map(|who| &who.titles).chain(&[OF_ADA]) {
            let may = ["Hours of focused work", "Resting pulse"].contains(title);
            assert_eq!(text.contains(title), may, "{title:?} in\n{text}");
        }
        for who in &self.clients {
            assert_eq!(text.contains(who.name), [AMBER, ANTHONY].contains(&who.email), "{} in\n{text}", who.name);
        }
    }

    /// Ada reads of everything that is Amber's, but for what Amber keeps for herself.
    fn is_only_on_amber(&self, text: &str) {
        assert!(!text.contains(OF_AMBER), "Ada reads Amber's journal:\n{text}");
        for who in self.clients.iter().filter(|who| who.email != AMBER) {
            for word in who.titles.iter().chain([&who.name]) {
                assert!(!text.contains(word), "{word:?} in\n{text}");
            }
        }
    }
}

/// Items that the story comes back to.
struct Kept {
    focus: String,
    pulse: String,
    feedback: String,
}

/// Sets the practice up, lives through seven weeks, and checks what came when.
async fn seven_weeks(monday: &str) -> Practice {
    let mut practice = Practice::open(monday).await;
    let kept = practice.two_weeks().await;
    practice.day(14).await;
    assert_eq!(practice.world.mails().len(), 0);

    let (hr, clients, coach) = (practice.metrics_for_hr(), Practice::actions_for_clients(), practice.everything_for_ada());
    let mut reports = Vec::new();
    for body in [&hr, &clients, &coach] {
        reports.push(practice.ada.add("/v1/reports", body.clone()).await);
    }
    let preview = async |body: &Value, recipient: &str| {
        let mut body = body.clone();
        body["as"] = json!(recipient);
        let shown = practice.ada.post("/v1/reports/preview", body).await.expect(200);
        assert_eq!(text(&shown["recipient"]), recipient);
        assert!(!text(&shown["subject"]).is_empty());
        format!("{}\n{}", text(&shown["text"]), text(&shown["html"]))
    };
    practice.is_only_metrics_of_two(&preview(&hr, HR).await);
    for who in &practice.clients {
        practice.is_only_on(who.email, &preview(&clients, who.email).await);
    }
    let shown = preview(&coach, ADA).await;
    practice.is_only_on_amber(&shown);
    assert!(shown.contains(OF_ADA) && shown.contains("Session 6: saying no to good ideas"));
    assert_eq!(practice.world.mails().len(), 0);

    practice.day(23).await;
    practice.item(AMBER, "action", "Draft the 90-day plan", json!({ "due_on": practice.date(39) })).await;
    practice.ada.record(&kept.focus, 12.0).await;
    practice.day(30).await;
    practice.item(BEN, "action", "Price the pilot", json!({})).await;
    practice.ada.advance(&kept.feedback, "complete").await;
    practice.ada.record(&kept.pulse, 61.0).await;
    practice.day(37).await;
    let drafted = practice.ada.get(&format!("/v1/clients/{}/items?kind=action&state=open", practice.clients[0].id)).await.expect(200);
    let amber = practice.world.person(AMBER).await;
    amber.advance(&text(&drafted["items"][0]["id"]), "complete").await;
    practice.day(49).await;

    let mut expected = Vec::new();
    let mut expect = |day: u64, time: &str, to: &[&str]| {
        let day = (practice.monday + Days::new(day)).format("%a %Y-%m-%d");
        expected.extend(to.iter().map(|to| format!("{day} {time} {to}")));
    };
    expect(15, "10:45", &[ADA]);
    expect(18, "16:30", &[ANTHONY, CLEO]);
    expect(20, "08:00", &[HR]);
    expect(22, "10:45", &[ADA]);
    expect(25, "16:30", &[AMBER, ANTHONY, CLEO]);
    expect(29, "10:45", &[ADA]);
    expect(32, "16:30", &[AMBER, ANTHONY, BEN, CLEO]);
    expect(36, "10:45", &[ADA]);
    expect(39, "16:30", &[AMBER, ANTHONY, BEN]);
    expect(43, "10:45", &[ADA]);
    expect(46, "16:30", &[ANTHONY, BEN]);
    let mails = practice.world.mails();
    let mut came: Vec<(DateTime<Utc>, String)> =
        mails.iter().map(|mail| (mail.at, format!("{} {}", mail.local(New_York), mail.to))).collect();
    came.sort_by_key(|(at, line)| (at.timestamp() / 60, line.clone()));
    assert_eq!(came.into_iter().map(|(_, line)| line).collect::<Vec<_>>(), expected);

    for mail in &mails {
        let all = format!("{}\n{}\n{}", mail.subject, mail.text, mail.html);
        match mail.to.as_str() {
            ADA => practice.is_only_on_amber(&all),
            HR => practice.is_only_metrics_of_two(&all),
            client => practice.is_only_on(client, &all),
        }
        assert!(mail.html.len() < 90_000);
    }
    // what nobody was sent is on record too: nothing happened for Dana, and nothing is open
    for run in practice.ada.runs(&reports[1]).await {
        let dana = Person::deliveries(&run).into_iter().find(|(to, ..)| to == DANA).unwrap();
        assert_eq!(dana, (DANA.into(), "skipped".into(), "nothing happened and nothing is open".into()));
        assert_eq!(run["outcome"], "sent");
    }
    practice
}

#[tokio::test]
async fn seven_weeks_of_coaching_with_three_reports_over_the_end_of_summer_time() {
    let practice = seven_weeks("2026-10-12").await;
    let mut mails = practice.world.mails();
    mails.sort_by_key(|mail| (mail.at.timestamp() / 60, mail.to.clone()));
    let shown = |to: &str, nth: usize| print::mail(mails.iter().filter(|mail| mail.to == to).nth(nth).unwrap(), New_York);
    let line = "\n\n~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~\n\n";
    insta::assert_snapshot!([print::list(&mails, New_York), shown(ADA, 0), shown(HR, 0), shown(AMBER, 0), shown(CLEO, 2)].join(line));
}

#[tokio::test]
async fn seven_weeks_of_coaching_with_three_reports_over_the_start_of_summer_time() {
    seven_weeks("2026-02-09").await;
}
