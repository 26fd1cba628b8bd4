//! EventBridge Scheduler: the REST calls for schedules and groups, and the firings that fall due.
//!
//! A schedule given a one-time expression that already lies in the past is accepted and never fires: AWS does not say
//! what it does then, and nothing here may depend on it.

pub(crate) mod expression;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Arc, Mutex};

use anyhow::Context;
use axum::extract::{Path, Query, State as Extract};
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{DateTime, SecondsFormat, SubsecRound, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::clock::Clock;
use crate::refusal::Refusal;
use crate::{ACCOUNT, REGION, files, uuid};
use expression::{Bounds, Expression};

/// The service. Clones share it.
#[derive(Clone)]
pub struct Scheduler {
    clock: Clock,
    state: Arc<Mutex<State>>,
    file: Option<Arc<PathBuf>>,
}

/// One time that a schedule came due.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Firing {
    /// The execution id; acknowledge by it.
    pub id: String,
    /// Name of the schedule.
    pub schedule: String,
    /// Its group.
    pub group: String,
    /// The minute it was due, whenever it is handed out.
    pub scheduled_at: DateTime<Utc>,
    /// Whom to invoke.
    pub target_arn: String,
    /// With what, after the service's own words were filled in.
    pub input: String,
    /// Already given to someone in this process.
    #[serde(skip)]
    handed_out: bool,
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct State {
    groups: BTreeMap<String, DateTime<Utc>>,
    /// By group and name, with a slash between.
    schedules: BTreeMap<String, Schedule>,
    /// What came due and was not acknowledged, in order.
    due: Vec<Firing>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Schedule {
    group: String,
    name: String,
    definition: Definition,
    client_token: Option<String>,
    created_at: DateTime<Utc>,
    changed_at: DateTime<Utc>,
    /// Firings up to here are in `due` or past.
    fired_until: DateTime<Utc>,
    #[serde(skip)]
    next: Option<DateTime<Utc>>,
}

/// What a caller says about a schedule; an update replaces all of it.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Definition {
    schedule_expression: String,
    schedule_expression_timezone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_date: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_date: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key_arn: Option<String>,
    flexible_time_window: Option<FlexibleTimeWindow>,
    action_after_completion: Option<String>,
    target: Option<Target>,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FlexibleTimeWindow {
    mode: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum_window_in_minutes: Option<i64>,
}

#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Target {
    arn: String,
    role_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<String>,
    retry_policy: Option<RetryPolicy>,
    /// Parameters of single kinds of target, given back as they came.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct RetryPolicy {
    maximum_event_age_in_seconds: i64,
    maximum_retry_attempts: i64,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        RetryPolicy { maximum_event_age_in_seconds: 86_400, maximum_retry_attempts: 185 }
    }
}

impl Scheduler {
    /// A scheduler that forgets.
    pub fn in_memory(clock: Clock) -> Self {
        let groups = BTreeMap::from([("default".to_owned(), clock.now())]);
        Scheduler { clock, state: Arc::new(Mutex::new(State { groups, ..State::default() })), file: None }
    }

    /// The scheduler kept in `file`, made on first use. What came due and was not acknowledged is handed out again.
    pub fn open(file: &std::path::Path, clock: Clock) -> anyhow::Result<Self> {
        let mut scheduler = Scheduler::in_memory(clock);
        if let Some(bytes) = files::read(file).with_context(|| format!("reading {}", file.display()))? {
            let mut state: State = serde_json::from_slice(&bytes).with_context(|| format!("{} holds no schedules", file.display()))?;
            for schedule in state.schedules.values_mut() {
                schedule.next = schedule.next_after(schedule.fired_until);
            }
            scheduler.state = Arc::new(Mutex::new(state));
        }
        scheduler.file = Some(Arc::new(file.to_owned()));
        Ok(scheduler)
    }

    /// The first instant after `after` at which something fires.
    pub fn next_firing(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let state = files::lock(&self.state);
        let of = |schedule: &Schedule| match schedule.next {
            Some(next) if next > after => Some(next),
            Some(_) => schedule.next_after(after),
            None => None,
        };
        state.schedules.values().filter_map(of).min()
    }

    /// Everything due up to and including `now`, in order of time. Each firing is handed out once, and again by a later
    /// process until it is acknowledged.
    pub fn fire_until(&self, now: DateTime<Utc>) -> Result<Vec<Firing>, Refusal> {
        let waiting = |firing: &Firing| !firing.handed_out && firing.scheduled_at <= now;
        {
            let state = files::lock(&self.state);
            if !state.is_due(now) && !state.due.iter().any(waiting) {
                return Ok(Vec::new());
            }
        }
        self.change(|state| {
            state.collect(now);
            let fired = state.due.iter_mut().filter(|firing| waiting(firing));
            Ok(fired.map(|firing| (firing.handed_out = true, firing.clone()).1).collect())
        })
    }

    /// Says that firings reached their target.
    pub fn acknowledge(&self, ids: &[String]) -> Result<(), Refusal> {
        if ids.is_empty() {
            return Ok(());
        }
        self.change(|state| {
            state.due.retain(|firing| !ids.contains(&firing.id));
            Ok(())
        })
    }

    /// Lets everything due up to `now` pass without firing, as if the service had been away.
    pub fn skip_until(&self, now: DateTime<Utc>) -> Result<(), Refusal> {
        self.change(|state| {
            state.collect(now);
            state.due.retain(|firing| firing.handed_out || firing.scheduled_at > now);
            Ok(())
        })
    }

    /// Makes a group, unless there is one of that name.
    pub fn ensure_group(&self, name: &str) -> Result<(), Refusal> {
        let now = self.clock.now();
        self.change(|state| {
            state.groups.entry(name.to_owned()).or_insert(now);
            Ok(())
        })
    }

    /// Writes everything to a file, for a scheduler that is opened there.
    pub(crate) fn copy_to(&self, file: &std::path::Path) -> std::io::Result<()> {
        files::replace(file, &serde_json::to_vec(&*files::lock(&self.state))?)
    }

    /// How many schedules there are.
    pub fn count(&self) -> usize {
        files::lock(&self.state).schedules.len()
    }

    /// Changes everything or, when that is refused or can't be stored, nothing.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let mut state = files::lock(&self.state);
        let mut changed = state.clone();
        let answer = change(&mut changed)?;
        if let Some(file) = &self.file {
            let bytes = serde_json::to_vec(&changed).map_err(Refusal::internal)?;
            files::replace(file, &bytes).map_err(Refusal::internal)?;
        }
        *state = changed;
        Ok(answer)
    }

    pub(crate) fn router(&self) -> Router {
        Router::new()
            .route("/schedules", get(list))
            .route("/schedules/{name}", get(read).post(create).put(update).delete(delete))
            .route("/schedule-groups/{name}", post(create_group).get(read_group))
            .with_state(self.clone())
    }
}

impl State {
    fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.schedules.values().any(|schedule| schedule.next.is_some_and(|next| next <= now))
    }

    /// Moves what schedules owe up to `now` into `due`, and drops those that are complete and asked to be.
    fn collect(&mut self, now: DateTime<Utc>) {
        let mut fired = Vec::new();
        self.schedules.retain(|_, schedule| {
            let mut complete = false;
            while let Some(at) = schedule.next.filter(|next| *next <= now) {
                fired.push(schedule.firing(at));
                schedule.fired_until = at;
                schedule.next = schedule.next_after(at);
                complete = schedule.next.is_none();
            }
            !(complete && schedule.definition.action_after_completion.as_deref() == Some("DELETE"))
        });
        fired.sort_by(|a, b| (a.scheduled_at, &a.group, &a.schedule).cmp(&(b.scheduled_at, &b.group, &b.schedule)));
        self.due.extend(fired);
    }

    fn group(&self, name: &str) -> Result<DateTime<Utc>, Refusal> {
        self.groups.get(name).copied().ok_or_else(|| not_found(format!("Schedule group {name} does not exist.")))
    }

    fn schedule(&mut self, group: &str, name: &str) -> Result<&mut Schedule, Refusal> {
        let missing = || not_found(format!("Schedule {name} does not exist."));
        self.schedules.get_mut(&key(group, name)).ok_or_else(missing)
    }
}

impl Schedule {
    fn arn(&self) -> String {
        format!("arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/{}/{}", self.group, self.name)
    }

    fn next_after(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let definition = &self.definition;
        if definition.state.as_deref() == Some("DISABLED") {
            return None;
        }
        let (start, end) = (definition.start_date.and_then(instant), definition.end_date.and_then(instant));
        let zone = Tz::from_str(definition.schedule_expression_timezone.as_deref().unwrap_or("UTC")).ok()?;
        let anchor = start.unwrap_or_else(|| self.created_at.trunc_subsecs(0));
        Expression::parse(&definition.schedule_expression).ok()?.next(&Bounds { zone, anchor, start, end }, after)
    }

    fn firing(&self, scheduled_at: DateTime<Utc>) -> Firing {
        let id = uuid(ulid::Ulid::generate().into());
        let target = self.definition.target.clone().unwrap_or_default();
        let time = scheduled_at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let input = match target.input {
            Some(input) => input
                .replace("<aws.scheduler.schedule-arn>", &self.arn())
                .replace("<aws.scheduler.scheduled-time>", &time)
                .replace("<aws.scheduler.execution-id>", &id)
                .replace("<aws.scheduler.attempt-number>", "1"),
            None => json!({ "version": "0", "id": id, "detail-type": "Scheduled Event", "source": "aws.scheduler", "account": ACCOUNT,
                "time": time, "region": REGION, "resources": [self.arn()], "detail": "{}" })
            .to_string(),
        };
        let (schedule, group) = (self.name.clone(), self.group.clone());
        Firing { id, schedule, group, scheduled_at, target_arn: target.arn, input, handed_out: false }
    }

    fn replace(&mut self, definition: Definition, now: DateTime<Utc>) {
        self.definition = definition;
        self.changed_at = now;
        self.fired_until = now;
        self.next = self.next_after(now);
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_name: Option<String>,
    client_token: Option<String>,
    #[serde(flatten)]
    definition: Definition,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    group_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listing {
    schedule_group: Option<String>,
    name_prefix: Option<String>,
    state: Option<String>,
    next_token: Option<String>,
    max_results: Option<String>,
}

type Answer = Result<Json<Value>, Refusal>;

async fn create(Extract(scheduler): Extract<Scheduler>, Path(name): Path<String>, body: String) -> Answer {
    let request = read_request(&body)?;
    let now = scheduler.clock.now();
    let group = check_name(request.group_name.as_deref().unwrap_or("default"))?;
    let name = check_name(&name)?;
    let definition = check(request.definition)?;
    if definition.start_date.and_then(instant).is_some_and(|start| start < now - TimeDelta::minutes(5)) {
        return Err(invalid("The StartDate you specify cannot be earlier than 5 minutes ago."));
    }
    blocking(move || {
        scheduler.change(|state| {
            state.collect(now);
            state.group(&group)?;
            if let Ok(existing) = state.schedule(&group, &name) {
                // The same request again is the same schedule.
                return match existing.client_token.is_some()
                    && existing.client_token == request.client_token
                    && existing.definition == definition
                {
                    true => Ok(Json(json!({ "ScheduleArn": existing.arn() }))),
                    false => Err(Refusal::new(409, "ConflictException", format!("Schedule {name} already exists."))),
                };
            }
            let client_token = request.client_token;
            // A rate without a start fires at once.
            let fired_until = match Expression::parse(&definition.schedule_expression) {
                Ok(Expression::Rate(_)) => now - TimeDelta::seconds(1),
                _ => now,
            };
            let (created_at, changed_at, next) = (now, now, None);
            let mut schedule = Schedule { group, name, definition, client_token, created_at, changed_at, fired_until, next };
            schedule.next = schedule.next_after(fired_until);
            let arn = schedule.arn();
            state.schedules.insert(key(&schedule.group, &schedule.name), schedule);
            Ok(Json(json!({ "ScheduleArn": arn })))
        })
    })
    .await
}

async fn update(Extract(scheduler): Extract<Scheduler>, Path(name): Path<String>, body: String) -> Answer {
    let request = read_request(&body)?;
    let group = check_name(request.group_name.as_deref().unwrap_or("default"))?;
    let name = check_name(&name)?;
    let definition = check(request.definition)?;
    blocking(move || {
        let now = scheduler.clock.now();
        scheduler.change(|state| {
            state.collect(now);
            let schedule = state.schedule(&group, &name)?;
            schedule.replace(definition, now);
            Ok(Json(json!({ "ScheduleArn": schedule.arn() })))
        })
    })
    .await
}

async fn read(Extract(scheduler): Extract<Scheduler>, Path(name): Path<String>, Query(query): Query<Group>) -> Answer {
    let group = query.group_name.as_deref().unwrap_or("default");
    let mut state = files::lock(&scheduler.state);
    let schedule = state.schedule(group, &name)?;
    let mut answer = serde_json::to_value(&schedule.definition).map_err(Refusal::internal)?;
    answer["Arn"] = schedule.arn().into();
    answer["Name"] = schedule.name.clone().into();
    answer["GroupName"] = schedule.group.clone().into();
    answer["CreationDate"] = seconds(schedule.created_at).into();
    answer["LastModificationDate"] = seconds(schedule.changed_at).into();
    Ok(Json(answer))
}

async fn delete(Extract(scheduler): Extract<Scheduler>, Path(name): Path<String>, Query(query): Query<Group>) -> Answer {
    blocking(move || {
        let now = scheduler.clock.now();
        scheduler.change(|state| {
            state.collect(now);
            let group = query.group_name.as_deref().unwrap_or("default");
            state.schedule(group, &name)?;
            state.schedules.remove(&key(group, &name));
            Ok(Json(json!({})))
        })
    })
    .await
}

async fn list(Extract(scheduler): Extract<Scheduler>, Query(query): Query<Listing>) -> Answer {
    let limit = match query.max_results.as_deref().map(str::parse::<usize>) {
        None => 100,
        Some(Ok(limit @ 1..=100)) => limit,
        Some(_) => return Err(invalid("MaxResults must be between 1 and 100.")),
    };
    let state = files::lock(&scheduler.state);
    if let Some(group) = &query.schedule_group {
        state.group(group)?;
    }
    let wanted = |schedule: &Schedule| {
        query.schedule_group.as_ref().is_none_or(|group| *group == schedule.group)
            && query.name_prefix.as_ref().is_none_or(|prefix| schedule.name.starts_with(prefix.as_str()))
            && query.state.as_ref().is_none_or(|state| schedule.definition.state.as_ref() == Some(state))
    };
    let after = query.next_token.as_deref().unwrap_or_default();
    let mut found = state.schedules.iter().filter(|(key, schedule)| key.as_str() > after && wanted(schedule));
    let page: Vec<_> = found.by_ref().take(limit).collect();
    let next = page.last().filter(|_| found.next().is_some()).map(|(key, _)| key.as_str());
    let summaries: Vec<Value> = page
        .iter()
        .map(|(_, schedule)| {
            let target = schedule.definition.target.as_ref().map(|target| target.arn.as_str());
            json!({ "Arn": schedule.arn(), "Name": schedule.name, "GroupName": schedule.group, "State": schedule.definition.state,
                "CreationDate": seconds(schedule.created_at), "LastModificationDate": seconds(schedule.changed_at),
                "Target": { "Arn": target } })
        })
        .collect();
    Ok(Json(json!({ "Schedules": summaries, "NextToken": next })))
}

async fn create_group(Extract(scheduler): Extract<Scheduler>, Path(name): Path<String>) -> Answer {
    let name = check_name(&name)?;
    blocking(move || {
        let now = scheduler.clock.now();
        scheduler.change(|state| {
            if state.groups.contains_key(&name) {
                return Err(Refusal::new(409, "ConflictException", format!("Schedule group {name} already exists.")));
            }
            let arn = group_arn(&name);
            state.groups.insert(name, now);
            Ok(Json(json!({ "ScheduleGroupArn": arn })))
        })
    })
    .await
}

async fn read_group(Extract(scheduler): Extract<Scheduler>, Path(name): Path<String>) -> Answer {
    let created_at = seconds(files::lock(&scheduler.state).group(&name)?);
    let (arn, state) = (group_arn(&name), "ACTIVE");
    Ok(Json(json!({ "Arn": arn, "Name": name, "State": state, "CreationDate": created_at, "LastModificationDate": created_at })))
}

/// Storing waits for the disk, which must not hold up the functions that share the runtime.
async fn blocking(work: impl FnOnce() -> Answer + Send + 'static) -> Answer {
    tokio::task::spawn_blocking(work).await.map_err(Refusal::internal)?
}

fn read_request(body: &str) -> Result<Request, Refusal> {
    serde_json::from_str(body).map_err(|error| Refusal::new(400, "SerializationException", error.to_string()))
}

/// What AWS would refuse, and the defaults it would fill in.
fn check(mut definition: Definition) -> Result<Definition, Refusal> {
    let text = &definition.schedule_expression;
    if text.is_empty() || text.len() > 256 {
        return Err(invalid("ScheduleExpression must have 1 to 256 characters."));
    }
    Expression::parse(text).map_err(invalid)?;
    let zone = definition.schedule_expression_timezone.get_or_insert_with(|| "UTC".into());
    if zone.is_empty() || zone.len() > 50 || Tz::from_str(zone).is_err() {
        return Err(invalid(format!("The time zone {zone} is not supported.")));
    }
    let window = definition.flexible_time_window.as_ref().ok_or_else(|| invalid("FlexibleTimeWindow must not be null."))?;
    match (window.mode.as_str(), window.maximum_window_in_minutes) {
        ("OFF", None) | ("FLEXIBLE", Some(1..=1440)) => {}
        _ => return Err(invalid("FlexibleTimeWindow must be OFF, or FLEXIBLE with MaximumWindowInMinutes from 1 to 1440.")),
    }
    one_of("State", definition.state.get_or_insert_with(|| "ENABLED".into()), &["ENABLED", "DISABLED"])?;
    one_of("ActionAfterCompletion", definition.action_after_completion.get_or_insert_with(|| "NONE".into()), &["NONE", "DELETE"])?;
    if definition.description.as_ref().is_some_and(|description| description.len() > 512) {
        return Err(invalid("Description must have at most 512 characters."));
    }
    if let (Some(start), Some(end)) = (definition.start_date, definition.end_date)
        && end <= start
    {
        return Err(invalid("The EndDate you specify must come after the StartDate."));
    }
    let target = definition.target.as_mut().ok_or_else(|| invalid("Target must not be null."))?;
    check_arn("Target.Arn", &target.arn, "arn:aws:")?;
    check_arn("Target.RoleArn", &target.role_arn, "arn:aws:iam::")?;
    if let Some(queue) = target.rest.get("DeadLetterConfig").and_then(|config| config["Arn"].as_str()) {
        check_arn("Target.DeadLetterConfig.Arn", queue, "arn:aws:sqs:")?;
    }
    if target.input.as_ref().is_some_and(|input| input.is_empty() || input.len() > 256 * 1024) {
        return Err(invalid("Target.Input must have 1 byte to 256 KB."));
    }
    let retries = target.retry_policy.get_or_insert_default();
    if !(60..=86_400).contains(&retries.maximum_event_age_in_seconds) || !(0..=185).contains(&retries.maximum_retry_attempts) {
        return Err(invalid("RetryPolicy allows an age of 60 to 86400 seconds and 0 to 185 attempts."));
    }
    Ok(definition)
}

fn check_name(name: &str) -> Result<String, Refusal> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    match !name.is_empty() && name.len() <= 64 && name.bytes().all(fits) {
        true => Ok(name.to_owned()),
        false => Err(invalid(format!("{name} is not a name of 1 to 64 of 0-9 a-z A-Z - _ ."))),
    }
}

fn check_arn(field: &str, arn: &str, start: &str) -> Result<(), Refusal> {
    match arn.starts_with(start) && arn.split(':').count() >= 6 && arn.len() <= 1600 {
        true => Ok(()),
        false => Err(invalid(format!("{field} is not an ARN that begins with {start}"))),
    }
}

fn one_of(field: &str, value: &str, allowed: &[&str]) -> Result<(), Refusal> {
    match allowed.contains(&value) {
        true => Ok(()),
        false => Err(invalid(format!("{field} must be one of {allowed:?}."))),
    }
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "ValidationException", message)
}

fn not_found(message: String) -> Refusal {
    Refusal::new(404, "ResourceNotFoundException", message)
}

fn key(group: &str, name: &str) -> String {
    format!("{group}/{name}")
}

fn group_arn(name: &str) -> String {
    format!("arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/{name}")
}

fn seconds(time: DateTime<Utc>) -> f64 {
    time.timestamp_millis() as f64 / 1000.0
}

fn instant(seconds: f64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis((seconds * 1000.0).round() as i64)
}
