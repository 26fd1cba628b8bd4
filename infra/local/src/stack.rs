//! The whole system in one process: the services of AWS, the functions, and what AWS does between them.
//!
//! Between the services and the functions stands the [`Pump`]: it hands schedules that fired to `report`, deliveries that
//! the table's stream shows to `send`, exports and imports that it shows to `export`, and what SES reports to `feedback`, each in the form
//! AWS hands it over, and again later where a function asks for that; and it calls `reconcile` every ten minutes of the local clock, and `sweep` at every
//! hour that has something for it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, bail};
use app::App;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider, SharedHttpClient};
use chrono::{DateTime, Duration, DurationRound, Utc};
use platform::store::keys;
use platform::{Config, Platform};
use serde_json::{Value, json};
use tokio::sync::{Mutex, RwLock};

use crate::aws::{self, Endpoint};
use crate::clock::{Clock, written};
use crate::engine::{Change, Engine, Stream};
use crate::faults::Faults;
use crate::s3::S3;
use crate::scheduler::Scheduler;
use crate::ses::receiving::{self, Received, Verdicts};
use crate::ses::{Identities, Ses};
use crate::{ACCOUNT, KEY, REGION};

/// The table's name.
pub const TABLE: &str = "cairn";
/// The domain that mail comes from.
pub const MAIL_DOMAIN: &str = "cairn.example";
/// The domain that comments by mail go to.
pub const REPLY_DOMAIN: &str = "reply.cairn.example";
/// The bucket of mail that came in, and of files.
pub const BUCKET: &str = "cairn";
/// What the stack keeps in its folder.
const CLOCK: &str = "clock.json";
const MAIL: &str = "mail.jsonl";
const SCHEDULES: &str = "schedules.json";
const FILES: &str = "files";
const TABLE_FILE: &str = "table.sqlite";
/// Held by whoever uses the folder.
const LOCK: &str = "lock";

/// How many messages a function is given at a time, as in the template.
const BATCH: usize = 10;
/// How long a message that a function did not finish stays out of sight.
const OUT_OF_SIGHT: Duration = Duration::seconds(60);
/// How often a message is handed to a function before it counts as dead, as in the template.
const RECEIVES: u32 = 5;
/// How often a mail that came in is handed to its function before it counts as dead: Lambda tries twice more.
const MAIL_TRIES: usize = 3;
/// How often reconciling runs.
const RECONCILE_EVERY: Duration = Duration::minutes(10);
/// How often the sweep runs.
const SWEEP_EVERY: Duration = Duration::hours(1);
/// How often reconciling runs while the clock is moved by so much or more: in a leap, what it repairs can wait, but not longer
/// than what it prepares lies ahead.
const RECONCILE_IN_LEAPS: [(Duration, Duration); 2] =
    [(Duration::hours(24), Duration::hours(12)), (Duration::hours(6), Duration::hours(1))];

/// How long the stack waits between looking for what is due.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(100);
/// How many times it looks before it removes expired rows, which means reading the whole table.
const ROUNDS_PER_SWEEP: u64 = 36_000;

/// How a stack is set up.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Where it keeps everything; in memory without.
    pub data: Option<PathBuf>,
    /// What its clock shows at first; the machine's time without.
    pub start: Option<DateTime<Utc>>,
    /// The port of the AWS endpoint; a free one for 0.
    pub aws_port: u16,
    /// What links in mail begin with.
    pub public_url: String,
    /// Whose address opens an account when it first asks to sign in.
    pub admin_email: Option<String>,
    /// Whether the functions reach the table without the network, for work that would take minutes over it.
    pub short: bool,
}

/// The system, running.
pub struct Stack {
    /// The app that all functions share.
    pub app: App,
    /// The clock, which can be moved.
    pub clock: Clock,
    /// The mailbox.
    pub ses: Ses,
    /// The bucket.
    pub s3: S3,
    /// The scheduler.
    pub scheduler: Scheduler,
    /// What goes wrong on the way to AWS, and what went over it.
    pub faults: Faults,
    /// AWS, for programs outside of this one.
    pub endpoint: Endpoint,
    engine: Engine,
    api: axum::Router,
    pump: Mutex<Pump>,
    /// How many mails that came in were given up.
    dead_mail: AtomicUsize,
    /// Held by every request while it is carried out, so that nothing that is due is done in the middle of one.
    requests: Arc<RwLock<()>>,
    _lock: Option<std::fs::File>,
}

impl Stack {
    /// Starts everything, where it was left off. Nothing happens by itself until [`Stack::run`].
    ///
    /// # Errors
    /// What could not be opened or served.
    pub async fn start(settings: Settings) -> anyhow::Result<Self> {
        let lock = settings.data.as_deref().map(lock).transpose()?;
        let file = |name: &str| settings.data.as_ref().map(|data| data.join(name));
        let clock = match file(CLOCK) {
            Some(file) => Clock::open(&file, settings.start)?,
            None => Clock::in_memory(settings.start),
        };
        let identities = Identities { verified: vec![MAIL_DOMAIN.into()], configuration_sets: vec!["cairn".into()] };
        let ses = match file(MAIL) {
            Some(file) => Ses::open(&file, clock.clone(), identities)?,
            None => Ses::in_memory(clock.clone(), identities),
        };
        let scheduler = match file(SCHEDULES) {
            Some(file) => Scheduler::open(&file, clock.clone())?,
            None => Scheduler::in_memory(clock.clone()),
        };
        let engine = match file(TABLE_FILE) {
            Some(file) => Engine::on_disk(&file)?,
            None => Engine::in_memory()?,
        };
        let s3 = match file(FILES) {
            Some(folder) => S3::open(&folder, BUCKET)?,
            None => S3::in_memory(BUCKET)?,
        };
        let router = aws::router(&engine, &ses, &scheduler, &s3);
        let endpoint =
            Endpoint::serve(router, settings.aws_port).await.with_context(|| format!("serving AWS on port {}", settings.aws_port))?;
        let faults = Faults::default();
        let config = Config { admin_email: settings.admin_email, ..config(&settings.public_url) };
        let client = if settings.short { crate::shortcut::client(engine.database(), http()) } else { http() };
        let aws = sdk(&endpoint.url(), faults.around(http()));
        // the functions in this process reach the table without the detour over the endpoint
        let store = platform::Store::new(&sdk(&engine.endpoint(), faults.around(client)), TABLE);
        let platform = Platform {
            store,
            mailer: platform::Mailer::new(&aws, &config),
            schedules: platform::Schedules::new(&aws, &config),
            files: platform::Files::new(&aws, &config),
        };
        platform::store::schema::create(&platform.store).await?;
        scheduler.ensure_group(&config.schedule_group)?;
        let app = App::start(config, platform::Clock::shifted(clock.offset()), platform).await?;
        let pump = Pump { stream: engine.stream(TABLE)?, waiting: Vec::new(), reconciled: None, swept: None, due: Due::Unknown, dead: 0 };
        let api = api::router(app.clone());
        Ok(Self {
            app,
            clock,
            ses,
            s3,
            scheduler,
            faults,
            endpoint,
            engine,
            api,
            pump: Mutex::new(pump),
            dead_mail: AtomicUsize::default(),
            requests: Arc::default(),
            _lock: lock,
        })
    }

    /// Carries out a request to the API in the form API Gateway gives it.
    ///
    /// # Errors
    /// An answer that can't be given that form.
    pub async fn request(
        &self,
        event: aws_lambda_events::apigw::ApiGatewayV2httpRequest,
    ) -> anyhow::Result<aws_lambda_events::apigw::ApiGatewayV2httpResponse> {
        let _in_flight = self.requests.read().await;
        api::handle(self.api.clone(), event).await.map_err(|error| anyhow::anyhow!(error))
    }

    /// Takes in a mail as SES does: puts it into the bucket and hands it to its function, up to three times; says what became of
    /// it. What that leads to happens when things are next let happen.
    ///
    /// # Errors
    /// [`receiving::TurnedAway`]; or the function failed each time, and the mail was given up.
    pub async fn receive(&self, sender: &str, recipients: &[String], raw: &[u8], verdicts: Verdicts) -> anyhow::Result<Value> {
        let _in_flight = self.requests.read().await;
        let domain = &self.app.config.reply_domain;
        let Received { id, stored, event } = receiving::receive(self.clock.now(), domain, sender, recipients, raw, verdicts)?;
        self.s3.put(&platform::files::inbound_key(&id), &stored)?;
        let event: inbound::Event = serde_json::from_value(event)?;
        let mut tries = 0;
        loop {
            tries += 1;
            match Box::pin(inbound::handle(&self.app, event.clone())).await {
                Ok(became) => return Ok(serde_json::to_value(became.first())?),
                Err(error) if tries == MAIL_TRIES => {
                    self.dead_mail.fetch_add(1, Ordering::AcqRel);
                    return Err(error.context(format!("a mail was given up after {MAIL_TRIES} tries")));
                }
                Err(error) => tracing::warn!(error = %format!("{error:#}"), "a mail could not be taken in; trying again"),
            }
        }
    }

    /// Lets everything happen that is due at the present, and returns when nothing is in flight.
    ///
    /// # Errors
    /// The local services failed.
    pub async fn settle(&self) -> anyhow::Result<()> {
        self.pump.lock().await.settle(self).await
    }

    /// Moves the clock to a later time and lets everything that falls due meanwhile happen, in order, at its time.
    ///
    /// # Errors
    /// The time is in the past, or the local services failed.
    pub async fn advance(&self, to: DateTime<Utc>) -> anyhow::Result<()> {
        let mut pump = self.pump.lock().await;
        if to < self.clock.now() {
            bail!("the clock shows {} already, and does not go back", written(self.clock.now()));
        }
        let leap = to - self.clock.now();
        let every = RECONCILE_IN_LEAPS.iter().find(|(least, _)| leap > *least).map_or(RECONCILE_EVERY, |(_, every)| *every);
        loop {
            pump.settle_every(self, every).await?;
            let now = self.clock.now();
            let tick = now.duration_trunc(every)? + every;
            let sweep = pump.next_sweep(self)?;
            let next = [self.scheduler.next_firing(now), pump.next_in_sight(), sweep, Some(tick)].into_iter().flatten().min();
            match next.filter(|next| *next < to) {
                Some(next) => self.clock.reach(next)?,
                None => break,
            }
        }
        self.clock.reach(to)?;
        pump.settle_every(self, every).await
    }

    /// Moves the clock without letting anything happen, as if the system had been down meanwhile.
    ///
    /// # Errors
    /// The time is in the past.
    pub fn sleep_until(&self, to: DateTime<Utc>) -> anyhow::Result<()> {
        self.scheduler.skip_until(to)?;
        Ok(self.clock.set(to)?)
    }

    /// Lets things happen as they fall due, until it is dropped.
    pub async fn run(&self) {
        for round in 0_u64.. {
            if let Err(error) = self.settle().await {
                tracing::error!(error = %format!("{error:#}"), "the local services failed; going on");
            }
            if round % ROUNDS_PER_SWEEP == 0
                && let Err(error) = self.engine.sweep_ttl(self.clock.now())
            {
                tracing::warn!(error = %format!("{error:#}"), "expired rows were not removed");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Puts a message into the queue of runs, as the queue does that delivers twice, or a person who redrives what died.
    /// It is handed over when things are next let happen, and lost when the process ends before.
    pub async fn redrive(&self, body: String) {
        let message = Message { work: Work::Run(None), body, in_sight: self.clock.now(), receives: 0 };
        self.pump.lock().await.waiting.push(message);
    }

    /// The app with a clock of its own and a short way to the table, for much work at once.
    pub(crate) fn beside(&self, clock: platform::Clock) -> App {
        let client = crate::shortcut::client(self.engine.database(), self.faults.client());
        let sdk = sdk(&self.endpoint.url(), client);
        App { clock, platform: Platform::new(&self.app.config, &sdk), ..self.app.clone() }
    }

    /// Forgets what was written to the table so far, as far as it is still to be acted on: nothing of it is owed to
    /// anybody.
    pub(crate) async fn begin_here(&self) -> anyhow::Result<()> {
        self.pump.lock().await.due = Due::Unknown;
        self.engine.forget_changes()
    }

    /// Every row of the table, as whoever could read all of it would see it.
    ///
    /// # Errors
    /// The engine's.
    pub fn rows(&self) -> anyhow::Result<Vec<serde_json::Value>> {
        self.engine.rows(TABLE)
    }

    /// Writes everything to a folder, as if this stack had run on it; nothing may be in flight. The table comes last and
    /// at once: a folder without it holds nothing.
    ///
    /// # Errors
    /// What could not be written.
    pub(crate) fn copy_to(&self, folder: &Path) -> anyhow::Result<()> {
        self.clock.copy_to(&folder.join(CLOCK))?;
        self.ses.copy_to(&folder.join(MAIL))?;
        self.scheduler.copy_to(&folder.join(SCHEDULES))?;
        self.s3.copy_to(&folder.join(FILES))?;
        let copy = folder.join("table.sqlite.new");
        self.engine.copy_to(&copy)?;
        std::fs::rename(&copy, folder.join(TABLE_FILE))?;
        Ok(std::fs::File::open(folder)?.sync_all()?)
    }

    /// Runs one round of reconciling at once.
    ///
    /// # Errors
    /// [`app::AppError`].
    pub async fn reconcile(&self) -> anyhow::Result<app::reconcile::Reconciled> {
        Box::pin(reconcile::handle(&self.app)).await
    }

    /// Runs one sweep at once.
    pub async fn sweep(&self) -> app::sweep::Swept {
        Box::pin(app::sweep::sweep(&self.app)).await
    }

    /// Does at once what fell due by itself of items.
    pub async fn fall_due(&self) -> app::due::Fallen {
        Box::pin(app::due::fall_due(&self.app)).await
    }

    /// Compares how the engagements of accounts are filed with how they should be, past whatever goes wrong on the way to AWS,
    /// from any thread.
    ///
    /// # Errors
    /// They could not be read.
    pub fn check_filing(&self, accounts: &[domain::id::AccountId]) -> anyhow::Result<Vec<app::tracking_check::Checked>> {
        let sdk = sdk(&self.engine.endpoint(), crate::shortcut::client(self.engine.database(), http()));
        let app = App { platform: Platform::new(&self.app.config, &sdk), ..self.app.clone() };
        let check = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let check = |account: &domain::id::AccountId| {
                let scope = platform::store::Scope::of_own_message(*account);
                Ok(runtime.block_on(app::tracking_check::check_account(&app, scope, false))?)
            };
            accounts.iter().map(check).collect()
        };
        std::thread::scope(|threads| threads.spawn(check).join()).map_err(|_| anyhow::anyhow!("the comparison panicked"))?
    }

    /// How many messages were given up, as a dead-letter queue would hold them.
    pub async fn dead_letters(&self) -> usize {
        self.pump.lock().await.dead + self.dead_mail.load(Ordering::Acquire)
    }

    /// Stops the engine and closes its file.
    ///
    /// # Errors
    /// The engine's thread failed.
    pub fn shut_down(self) -> anyhow::Result<()> {
        self.engine.shut_down()
    }
}

/// Keeps a second process away from the same data, until it is dropped; makes the folder if there is none.
///
/// # Errors
/// Another process uses the folder, or it can't be made.
pub(crate) fn lock(data: &Path) -> anyhow::Result<std::fs::File> {
    std::fs::create_dir_all(data).with_context(|| format!("making the folder {}", data.display()))?;
    let file = std::fs::File::create(data.join(LOCK))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            bail!("another cairn is using {}; stop it, or name another folder with --data", data.display())
        }
        Err(std::fs::TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Whether a stack has run on the folder.
pub(crate) fn is_begun(data: &Path) -> bool {
    data.join(TABLE_FILE).exists()
}

/// Makes a folder forget what was kept in it.
///
/// # Errors
/// Another process uses the folder, or something can't be removed.
pub fn clear(data: &Path) -> anyhow::Result<()> {
    let _lock = lock(data)?;
    forget(data)
}

/// Removes what a stack keeps in a folder, and nothing else that may be there; to be called under its [`lock`].
///
/// # Errors
/// What could not be removed.
pub(crate) fn forget(data: &Path) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(data)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        // the lock stays: whoever waits for it must wait for the same file
        if name.starts_with(TABLE_FILE) || [CLOCK, MAIL, SCHEDULES, crate::demo::FILE].contains(&name) {
            std::fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))?;
        }
        if name == FILES {
            std::fs::remove_dir_all(&path).with_context(|| format!("removing {}", path.display()))?;
        }
    }
    Ok(())
}

/// The settings of the local deployment.
fn config(public_url: &str) -> Config {
    Config {
        table: TABLE.into(),
        schedule_group: "cairn".into(),
        runs_queue_arn: format!("arn:aws:sqs:{REGION}:{ACCOUNT}:runs"),
        scheduler_role_arn: format!("arn:aws:iam::{ACCOUNT}:role/scheduler"),
        schedule_dlq_arn: Some(format!("arn:aws:sqs:{REGION}:{ACCOUNT}:schedules-dead")),
        mail_from: format!("happenings@{MAIL_DOMAIN}"),
        configuration_set: Some("cairn".into()),
        bucket: BUCKET.into(),
        reply_domain: REPLY_DOMAIN.into(),
        public_url: public_url.trim_end_matches('/').to_owned(),
        allow_sign_up: true,
        admin_email: None,
    }
}

/// The environment in which a function's binary finds the local deployment.
pub fn environment(config: &Config, endpoint: &str) -> Vec<(&'static str, String)> {
    let mut settings = vec![
        ("AWS_ENDPOINT_URL", endpoint.to_owned()),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", KEY.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", KEY.to_owned()),
        ("CAIRN_TABLE", config.table.clone()),
        ("CAIRN_SCHEDULE_GROUP", config.schedule_group.clone()),
        ("CAIRN_RUNS_QUEUE_ARN", config.runs_queue_arn.clone()),
        ("CAIRN_SCHEDULER_ROLE_ARN", config.scheduler_role_arn.clone()),
        ("CAIRN_SCHEDULE_DLQ_ARN", config.schedule_dlq_arn.clone().unwrap_or_default()),
        ("CAIRN_MAIL_FROM", config.mail_from.clone()),
        ("CAIRN_CONFIGURATION_SET", config.configuration_set.clone().unwrap_or_default()),
        ("CAIRN_BUCKET", config.bucket.clone()),
        ("CAIRN_REPLY_DOMAIN", config.reply_domain.clone()),
        ("CAIRN_PUBLIC_URL", config.public_url.clone()),
        ("CAIRN_ALLOW_SIGN_UP", "true".to_owned()),
    ];
    settings.extend(config.admin_email.clone().map(|email| ("CAIRN_ADMIN_EMAIL", email)));
    settings
}

fn http() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().build_http()
}

/// The configuration of an SDK that calls a local service through a client.
pub fn sdk(endpoint: &str, client: SharedHttpClient) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(KEY, KEY, None, None, "local")))
        .endpoint_url(endpoint)
        .http_client(client)
        .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(aws_smithy_async::rt::sleep::TokioSleep::new()))
        .time_source(aws_smithy_async::time::SystemTimeSource::new())
        .stalled_stream_protection(aws_config::stalled_stream_protection::StalledStreamProtectionConfig::disabled())
        .retry_config(aws_smithy_types::retry::RetryConfig::standard().with_initial_backoff(std::time::Duration::from_millis(5)))
        .build()
}

/// Something that is to be handed to a function.
struct Message {
    work: Work,
    /// The body of the message, as the function gets it.
    body: String,
    in_sight: DateTime<Utc>,
    receives: u32,
}

enum Work {
    /// By the id of the firing; none for one that was put in by hand.
    Run(Option<String>),
    Send(Change),
    Export(Change),
    Hear(crate::ses::Event),
}

/// What AWS does between the services and the functions.
struct Pump {
    stream: Stream,
    waiting: Vec<Message>,
    reconciled: Option<DateTime<Utc>>,
    swept: Option<DateTime<Utc>>,
    due: Due,
    dead: usize,
}

/// When the due index has something for the sweep.
#[derive(Clone, Copy)]
enum Due {
    /// It was changed since that was looked up.
    Unknown,
    /// At this time; or there is nothing in it.
    At(Option<DateTime<Utc>>),
}

impl Pump {
    async fn settle(&mut self, stack: &Stack) -> anyhow::Result<()> {
        self.settle_every(stack, RECONCILE_EVERY).await
    }

    async fn settle_every(&mut self, stack: &Stack, every: Duration) -> anyhow::Result<()> {
        while self.round(stack, every).await? {}
        Ok(())
    }

    /// When the next message that a function did not finish comes into sight again.
    fn next_in_sight(&self) -> Option<DateTime<Utc>> {
        self.waiting.iter().map(|message| message.in_sight).min()
    }

    /// The first whole hour at which the sweep has something to do and has not run.
    fn next_sweep(&mut self, stack: &Stack) -> anyhow::Result<Option<DateTime<Utc>>> {
        let due = match self.due {
            Due::At(due) => due,
            Due::Unknown => {
                let mut first: Option<DateTime<Utc>> = None;
                let engagements = (0..keys::DUE_SHARDS).map(|shard| (keys::Index::Three, keys::due(shard)));
                let items = (0..keys::SHARDS).map(|shard| (keys::Index::Two, keys::calendar(shard)));
                for (index, part) in engagements.chain(items) {
                    let at = stack.engine.first(TABLE, index, &part)?.and_then(|sk| keys::read_due_at(&sk));
                    first = [first, at].into_iter().flatten().min();
                }
                self.due = Due::At(first);
                first
            }
        };
        let Some(due) = due else { return Ok(None) };
        let hour = due.duration_trunc(SWEEP_EVERY)?;
        let hour = if hour < due { hour + SWEEP_EVERY } else { hour };
        Ok(Some(self.swept.map_or(hour, |swept| hour.max(swept + SWEEP_EVERY))))
    }

    /// Hands over what there is; whether there was anything.
    async fn round(&mut self, stack: &Stack, every: Duration) -> anyhow::Result<bool> {
        let now = stack.clock.now();
        let mut did = false;
        let tick = now.duration_trunc(every)?;
        if self.reconciled.is_none_or(|last| last < tick) {
            // requests that began before the tick are part of what is reconciled
            drop(stack.requests.write().await);
            if let Err(error) = Box::pin(reconcile::handle(&stack.app)).await {
                tracing::error!(error = %format!("{error:#}"), "reconciling failed; the next time will do it");
            }
            self.reconciled = Some(tick);
            did = true;
        }
        self.collect(stack, now)?;
        let hour = now.duration_trunc(SWEEP_EVERY)?;
        if self.swept.is_none_or(|last| last < hour) {
            self.due = Due::Unknown;
            let is_needed = self.next_sweep(stack)?.is_some_and(|first| first <= hour);
            self.swept = Some(hour);
            if is_needed {
                drop(stack.requests.write().await);
                if let Err(error) = Box::pin(sweep::handle(&stack.app)).await {
                    tracing::error!(error = %format!("{error:#}"), "the sweep failed; the next time will do it");
                }
                did = true;
                self.collect(stack, now)?;
            }
        }
        let mut ready: Vec<Message> = self.waiting.extract_if(.., |message| message.in_sight <= now).collect();
        if ready.iter().any(|message| matches!(message.work, Work::Run(_))) {
            // what was asked for before a run's time belongs to its window: such requests end first
            drop(stack.requests.write().await);
        }
        while !ready.is_empty() {
            let kind = std::mem::discriminant(&ready[0].work);
            let batch: Vec<Message> = ready.extract_if(.., |message| std::mem::discriminant(&message.work) == kind).take(BATCH).collect();
            Box::pin(self.hand_over(stack, batch)).await?;
            did = true;
        }
        Ok(did)
    }

    /// Fetches what fired, what changed in the table, and what SES reports.
    fn collect(&mut self, stack: &Stack, now: DateTime<Utc>) -> anyhow::Result<()> {
        let mut wait = |work, body: String| self.waiting.push(Message { work, body, in_sight: now, receives: 0 });
        for firing in stack.scheduler.fire_until(now)? {
            wait(Work::Run(Some(firing.id)), firing.input);
        }
        for event in stack.ses.take_events() {
            let body = event.body.to_string();
            wait(Work::Hear(event), body);
        }
        loop {
            let changes = self.stream.take()?;
            if changes.is_empty() {
                return Ok(());
            }
            let mut passed = Vec::new();
            for change in changes {
                if moves_due(&change) {
                    self.due = Due::Unknown;
                }
                let takes_long = is(&change, "export", "queued") || is(&change, "import", "queued");
                let work: fn(Change) -> Work = match (is(&change, "delivery", "due"), takes_long) {
                    (true, _) => Work::Send,
                    (_, true) => Work::Export,
                    (false, false) => {
                        passed.push(change.sequence);
                        continue;
                    }
                };
                let body = piped(&change).to_string();
                self.waiting.push(Message { work: work(change), body, in_sight: now, receives: 0 });
            }
            self.stream.acknowledge(passed)?;
        }
    }

    /// Gives a batch of one kind to its function; what it did not finish stays out of sight for a while.
    async fn hand_over(&mut self, stack: &Stack, batch: Vec<Message>) -> anyhow::Result<()> {
        let records: Vec<Value> = batch
            .iter()
            .enumerate()
            .map(|(n, message)| json!({ "messageId": n.to_string(), "body": message.body, "eventSource": "aws:sqs" }))
            .collect();
        let event: SqsEvent = serde_json::from_value(json!({ "Records": records }))?;
        let response: SqsBatchResponse = match batch[0].work {
            Work::Run(_) => Box::pin(report::handle(&stack.app, event)).await,
            Work::Send(_) => send::handle(&stack.app, event).await,
            Work::Export(_) => Box::pin(export::handle(&stack.app, event)).await,
            Work::Hear(_) => feedback::handle(&stack.app, event).await,
        };
        let unfinished: Vec<String> = response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect();
        for (n, mut message) in batch.into_iter().enumerate() {
            message.receives += 1;
            if !unfinished.contains(&n.to_string()) {
                self.finish(stack, &message.work)?;
            } else if message.receives >= RECEIVES {
                tracing::error!("a message was given up after {RECEIVES} tries");
                self.dead += 1;
                self.finish(stack, &message.work)?;
            } else {
                message.in_sight = stack.clock.now() + OUT_OF_SIGHT;
                self.waiting.push(message);
            }
        }
        Ok(())
    }

    fn finish(&mut self, stack: &Stack, work: &Work) -> anyhow::Result<()> {
        match work {
            Work::Run(Some(firing)) => Ok(stack.scheduler.acknowledge(std::slice::from_ref(firing))?),
            Work::Run(None) => Ok(()),
            Work::Send(change) | Work::Export(change) => self.stream.acknowledge([change.sequence]),
            Work::Hear(event) => Ok(stack.ses.acknowledge(std::slice::from_ref(&event.id))?),
        }
    }
}

/// The filter of a pipe from the table's stream: rows of a type that are in a state, as deliveries that are due.
fn is(change: &Change, what: &str, state: &str) -> bool {
    let has = |name: &str, value: &str| change.new.as_ref().is_some_and(|new| new[name]["S"] == value);
    has("type", what) && has("state", state)
}

/// Whether a change may have moved something in the due index, or in the wheel of items.
fn moves_due(change: &Change) -> bool {
    let may = |image: &Value| match image["type"]["S"].as_str() {
        Some("tracking" | "digests") => true,
        Some("item") => image["wake_at"]["S"].is_string(),
        Some(_) | None => false,
    };
    [&change.new, &change.old].into_iter().flatten().any(may)
}

/// A change as the pipe puts it into the queue.
fn piped(change: &Change) -> Value {
    let keys = change.new.as_ref().map(|new| json!({ "pk": new["pk"], "sk": new["sk"] }));
    json!({
        "eventName": change.event,
        "eventSource": "aws:dynamodb",
        "dynamodb": { "Keys": keys, "NewImage": change.new, "OldImage": change.old, "SequenceNumber": change.sequence.to_string() },
    })
}
