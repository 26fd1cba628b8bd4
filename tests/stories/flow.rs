//! A report's way from its schedule to five mailboxes, over and over in one world, with whatever goes wrong on it; and what
//! must be true of it afterwards.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use cairn::faults::{Call, Fault};
use cairn::stack::{Settings, Stack};
use domain::delivery::{Delivery, DeliveryState};
use domain::id::{ReportId, RunId};
use domain::person::Email;
use domain::report::Report;
use domain::run::{Run, Stage};
use platform::schedules::RunMessage;
use platform::store::{Changes, Scope, Store, Wheel};
use serde_json::json;
use stories::{Person, World, time};
use ulid::Ulid;

/// How many recipients each report has.
pub(crate) const RECIPIENTS: usize = 5;
/// When the reports are due.
pub(crate) const DUE: &str = "2026-11-02T09:00:00Z";

/// A world with a client on record, in which reports to five third parties have just fallen due.
pub(crate) struct Flow {
    pub(crate) world: World,
    pub(crate) scope: Scope,
    pub(crate) ada: Person,
    pub(crate) client: String,
    template: Report,
    made: usize,
}

/// One report that was fired.
pub(crate) struct Trial {
    /// What was planned to go wrong, in words.
    pub(crate) plan: String,
    /// The calls that were struck.
    pub(crate) struck: Vec<Call>,
    /// How many calls there were.
    pub(crate) calls: usize,
    /// The report.
    pub(crate) report: Report,
    /// Its run.
    pub(crate) run: RunId,
}

impl Flow {
    /// A flow whose functions reach the table without the network: for hundreds of reports.
    pub(crate) async fn begin() -> Self {
        let start = Some(time("2026-11-02T08:00:00Z"));
        let settings = Settings { start, public_url: stories::PUBLIC_URL.into(), short: true, ..Settings::default() };
        Self::over(World::over(Stack::start(settings).await.unwrap())).await
    }

    /// A flow in which calls are under way at the same time, and can be waited for.
    pub(crate) async fn over_the_wire() -> Self {
        Self::over(World::at("2026-11-02T08:00:00Z").await).await
    }

    async fn over(world: World) -> Self {
        let ada = world.account("Onward", "ada@onward.example", "UTC").await;
        let client = ada.client("Amber", "Stone", "amber@stone.example").await;
        ada.item(&client, "action", "Hold 1:1s with each direct report", json!({ "due_on": "2026-11-20" })).await;
        ada.item(&client, "worksheet", "Values", json!({})).await;
        world.stack.sleep_until(time("2026-11-02T09:00:30Z")).unwrap();
        let report = json!({
            "name": "Weekly to HR", "scope": { "kind": "all" }, "kinds": ["action", "worksheet"],
            "audience": { "kind": "third_parties", "emails": ["template@hr.example"] },
            "schedule": { "every": "day", "at": "09:00" },
        });
        let id: ReportId = ada.add("/v1/reports", report).await.parse().unwrap();
        let scope = Scope::of_own_message(ada.account_id.parse().unwrap());
        let template = world.stack.app.platform.store.report(scope, id).await.unwrap().unwrap();
        world.settle().await;
        Self { world, scope, ada, client, template, made: 0 }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.world.stack.app.platform.store
    }

    /// A report whose first run was due at [`DUE`], to five addresses of its own.
    pub(crate) async fn report(&mut self) -> Report {
        self.made += 1;
        let mut report = self.template.clone();
        report.id = ReportId(Ulid::from_parts(u64::try_from(self.made).unwrap(), u128::from(report.id.0) & ((1 << 80) - 1)));
        (report.created_at, report.scheduled_since) = (time("2026-11-02T08:00:00Z"), time("2026-11-02T08:00:00Z"));
        report.definition.name = format!("Report {}", self.made);
        report.definition.audience.emails =
            (1..=RECIPIENTS).map(|n| Email::parse(&format!("r{n}.{}@hr.example", self.made)).unwrap()).collect();
        let mut changes = Changes::new();
        self.store().add_report(&mut changes, self.scope, &report).unwrap();
        self.store().set_next_run(&mut changes, self.scope, report.id, Wheel::Next(time(DUE))).unwrap();
        assert!(self.store().commit(changes).await.unwrap().is_done());
        report
    }

    /// What the report's schedule puts into the queue.
    pub(crate) fn message(&self, report: &Report) -> RunMessage {
        RunMessage {
            account_id: self.scope.account(),
            report_id: report.id,
            revision: report.revision,
            scheduled_at: DUE.into(),
            item_id: None,
        }
    }

    pub(crate) async fn redrive(&self, report: &Report) {
        self.world.stack.redrive(serde_json::to_string(&self.message(report)).unwrap()).await;
    }

    pub(crate) fn run_of(&self, report: &Report) -> RunId {
        RunId::of(report.id, time(DUE), "schedule")
    }

    /// Fires a new report while this goes wrong.
    pub(crate) async fn trial(&mut self, plan: Vec<Fault>) -> Trial {
        let report = self.report().await;
        let in_words = plan.iter().map(|fault| format!("{:?} at {:?}", fault.kind, fault.when)).collect::<Vec<_>>().join(", ");
        self.redrive(&report).await;
        let faults = &self.world.stack.faults;
        faults.plan(plan);
        self.world.settle().await;
        let calls = faults.calls();
        faults.clear();
        let struck = calls.iter().filter(|call| call.fault.is_some()).cloned().collect();
        Trial { plan: in_words, struck, calls: calls.len(), run: self.run_of(&report), report }
    }

    /// Lets three quarters of an hour pass in which nothing goes wrong: the queues bring again what was not finished, and
    /// reconciling goes on.
    pub(crate) async fn recover(&self) {
        self.world.stack.advance(self.world.stack.clock.now() + chrono::Duration::minutes(45)).await.unwrap();
    }

    /// How many mails went out, by delivery.
    pub(crate) fn mails(&self) -> BTreeMap<String, usize> {
        let mut mails = BTreeMap::new();
        for message in self.world.stack.ses.messages() {
            *mails.entry(message.delivery_id().unwrap_or_default().to_owned()).or_default() += 1;
        }
        mails
    }

    pub(crate) async fn run(&self, id: RunId) -> (Run, Vec<Delivery>) {
        let run = self.store().run(self.scope, id).await.unwrap().expect("the run is not on record");
        (run, self.store().run_deliveries(self.scope, id, 100).await.unwrap())
    }

    /// What is wrong with how a trial ended, and how many of its recipients have no mail but a reason.
    pub(crate) async fn verdict(&self, trial: &Trial, mails: &BTreeMap<String, usize>) -> Result<usize, String> {
        let Some(run) = self.store().run(self.scope, trial.run).await.unwrap() else { return Err("there was no run".into()) };
        let deliveries = self.store().run_deliveries(self.scope, trial.run, 100).await.unwrap();
        if run.stage != Stage::Planned || run.recipients as usize != RECIPIENTS {
            return Err(format!("the run is {:?} with {} recipients", run.stage, run.recipients));
        }
        let mut addresses: Vec<&str> = deliveries.iter().map(|delivery| delivery.recipient.email.as_str()).collect();
        addresses.sort_unstable();
        let wanted: Vec<&str> = trial.report.definition.audience.emails.iter().map(Email::as_str).collect();
        if addresses != wanted {
            return Err(format!("the deliveries are to {addresses:?}"));
        }
        let mut without = 0;
        for delivery in &deliveries {
            let sent = mails.get(delivery.id.as_str()).copied().unwrap_or_default();
            match (sent, delivery.state, &delivery.reason) {
                (1, DeliveryState::Sent, None) => {}
                (0, DeliveryState::Sent, Some(reason)) if reason.starts_with("probably sent") => without += 1,
                (sent, state, reason) => return Err(format!("a delivery is {state:?} ({reason:?}) after {sent} mails")),
            }
        }
        Ok(without)
    }
}

/// Does work in batches, in a few worlds at the same time; each batch is given to one call of `work`.
pub(crate) fn in_parallel<T: Sync>(work: &[T], batch: usize, on: impl AsyncFn(&[T]) + Sync) {
    let batches: Vec<&[T]> = work.chunks(batch).collect();
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(2, |cores| cores.get() + 1);
    std::thread::scope(|threads| {
        for _ in 0..workers.min(batches.len()) {
            threads.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                    runtime.block_on(on(batch));
                }
            });
        }
    });
}

/// Complaints of several worlds.
#[derive(Default)]
pub(crate) struct Complaints(Mutex<Vec<String>>);

impl Complaints {
    pub(crate) fn add(&self, complaint: String) {
        self.0.lock().unwrap().push(complaint);
    }

    /// Fails where there are any.
    pub(crate) fn none(self, of: &str) {
        let complaints = self.0.into_inner().unwrap();
        assert!(complaints.is_empty(), "{} of {of} ended badly:\n{}", complaints.len(), complaints[..complaints.len().min(20)].join("\n"));
    }
}
