//! How long each function takes to start.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use cairn::lambda::Function;
use cairn::stack::environment;
use chrono::DurationRound;
use serde_json::{Value, json};
use stories::events::{asking, exporting, mailed, piped, queued, sample};
use stories::{World, text};

use crate::build::{FUNCTIONS, HELLO};
use crate::table::{median, ms, print};
use crate::tls;

/// How often each is started.
const TIMES: usize = 15;
/// How much longer than a function that does nothing each may take to its first answer.
const BAR: f64 = 9.0;

/// Starts of one function: to its first poll, and from the event to its answer.
#[derive(Default)]
struct Starts {
    initialized: Vec<Duration>,
    answered: Vec<Duration>,
    both: Vec<Duration>,
}

/// Starts of every function on its sample event, and on an event that means work: a client is read, a run is planned, a
/// mail is sent, a mail's arrival is noted, everything is reconciled and swept, a mail becomes a comment, a record a file.
pub(crate) async fn measure(binaries: &Path) -> anyhow::Result<()> {
    let world = World::until_now(async |world, now| {
        let ada = world.account("Onward", "ada@onward.example", "UTC").await;
        let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
        ada.item(&amber, "action", "Hold 1:1s with each direct report", json!({})).await;
        let at = now.duration_trunc(chrono::Duration::minutes(1)).map(|at| at.format("%H:%M").to_string()).unwrap_or_default();
        for _ in 0..TIMES {
            let report = json!({
                "scope": { "kind": "all" }, "kinds": ["action"], "audience": { "kind": "coach" },
                "schedule": { "every": "day", "at": at }, "time_zone": "UTC",
            });
            ada.add("/v1/reports", report).await;
        }
    })
    .await;
    let ada = world.person("ada@onward.example").await;
    let clients = ada.get("/v1/clients").await.expect(200);
    let read = asking("GET", &format!("/v1/clients/{}", text(&clients["items"][0]["id"])), ada.key(), None);
    let firings = world.stack.scheduler.fire_until(world.stack.clock.now())?;
    ensure!(firings.len() == TIMES, "{} schedules fired", firings.len());

    let roots = tempfile::NamedTempFile::new()?;
    let endpoint = tls::front(world.stack.endpoint.address(), roots.path()).await?;
    let mut variables = environment(&world.stack.app.config, &endpoint);
    variables.push(("SSL_CERT_FILE", roots.path().to_string_lossy().into_owned()));

    let mut hello = Starts::default();
    let mut idle: [Starts; FUNCTIONS.len()] = Default::default();
    let mut busy: [Starts; FUNCTIONS.len()] = Default::default();
    for firing in firings {
        for _ in 0..2 {
            hello.add(&binaries.join(HELLO), &variables, &json!({})).await?;
        }
        for (function, starts) in FUNCTIONS.into_iter().zip(&mut idle) {
            starts.add(&binaries.join(function), &variables, &sample(function)).await?;
        }
        let message: Value = serde_json::from_str(&firing.input)?;
        let account = text(&message["account_id"]);
        for (function, starts) in FUNCTIONS.into_iter().zip(&mut busy) {
            let event = match function {
                "api" => read.clone(),
                "report" => queued("report", [firing.input.clone()]),
                "send" => queued("send", [piped(&account, &due(&ada, &text(&message["report_id"])).await?)]),
                "feedback" => {
                    let event = world.stack.ses.take_events().pop().context("nothing was sent")?;
                    queued("feedback", [event.body.to_string()])
                }
                "inbound" => answering(&world)?,
                "export" => queued("export", [asked_for(&ada, &text(&clients["items"][0]["id"]), &account).await?]),
                function => sample(function),
            };
            let answer = starts.add(&binaries.join(function), &variables, &event).await?;
            let failed = answer["batchItemFailures"].as_array().is_some_and(|failed| !failed.is_empty());
            ensure!(!failed && answer["statusCode"].as_u64().is_none_or(|status| status == 200), "{function} answered {answer}");
            ensure!(function != "inbound" || answer[0]["decision"] == "stored", "{function} answered {answer}");
        }
    }
    let bar = median(hello.both.clone());
    let mut rows = Vec::new();
    rows.push(hello.row(HELLO, "answers", bar));
    let work = [
        "reads a client",
        "plans a run",
        "sends a mail",
        "notes its arrival",
        "reconciles",
        "sweeps",
        "stores a comment",
        "writes an export",
    ];
    for (function, ((idle, busy), work)) in FUNCTIONS.into_iter().zip(idle.into_iter().zip(busy).zip(work)) {
        rows.push(idle.row(function, "sample event", bar));
        rows.push(busy.row("", work, bar));
    }
    let head = ["", "event", "spawn to poll, ms", "event to answer, ms", "both, ms", "times hello", "bar 9"];
    print(&format!("Cold starts, medians of {TIMES}, AWS over TLS"), &head, &rows)?;
    Ok(())
}

/// The delivery of a report's only run.
async fn due(ada: &stories::Person, report: &str) -> anyhow::Result<String> {
    let runs = ada.get(&format!("/v1/reports/{report}/runs")).await.expect(200);
    let run = ada.get(&format!("/v1/runs/{}", text(&runs["items"][0]["id"]))).await.expect(200);
    let delivery = text(&run["deliveries"][0]["id"]);
    ensure!(!delivery.is_empty(), "the run has no delivery: {run}");
    Ok(delivery)
}

/// What the pipe makes of an export of a client's record that was just asked for.
async fn asked_for(ada: &stories::Person, client: &str, account: &str) -> anyhow::Result<String> {
    let asked = ada.post(&format!("/v1/clients/{client}/exports"), json!({})).await.expect(202);
    Ok(exporting(account, &text(&asked["id"])))
}

/// A mail that answers the latest report, in the bucket, as SES hands it over.
fn answering(world: &World) -> anyhow::Result<Value> {
    const ADA: &str = "ada@onward.example";
    let mail = world.mails_to(ADA).pop().context("nothing was sent")?;
    let address = mail.text.split_whitespace().find(|word| word.starts_with("reply+")).context("the report has no address for comments")?;
    let id = ulid::Ulid::generate().to_string().to_lowercase();
    let raw = format!("From: {ADA}\r\nTo: {address}\r\nSubject: Re: Hold 1:1s\r\nMessage-ID: <{id}@onward.example>\r\n\r\nWell done.\r\n");
    world.stack.s3.put(&platform::files::inbound_key(&id), raw.as_bytes())?;
    Ok(mailed(&id, ADA, address))
}

impl Starts {
    /// One more start, and its first answer.
    async fn add(&mut self, binary: &Path, variables: &[(&str, String)], event: &Value) -> anyhow::Result<Value> {
        let function = Function::start(binary, variables.iter().cloned()).await?;
        let answer = function.invoke(event).await?;
        self.initialized.push(function.initialized());
        self.answered.push(answer.took);
        self.both.push(function.initialized() + answer.took);
        Ok(answer.payload)
    }

    fn row(self, function: &str, event: &str, bar: Duration) -> Vec<String> {
        let both = median(self.both);
        let times = both.as_secs_f64() / bar.as_secs_f64();
        let kept = if times <= BAR { "kept" } else { "missed" };
        let cells = [ms(median(self.initialized)), ms(median(self.answered)), ms(both), format!("{times:.1}"), kept.to_owned()];
        [function.to_owned(), event.to_owned()].into_iter().chain(cells).collect()
    }
}
