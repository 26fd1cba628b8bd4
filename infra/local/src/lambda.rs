//! A function's binary as Lambda runs it: started with Lambda's environment, fed through the runtime API.
//!
//! The runtime API: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path as Segments, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use chrono::Utc;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot, watch};

use crate::aws::Endpoint;
use crate::{ACCOUNT, REGION, files, uuid};

/// How long a function may take over its start or over one event.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is looked whether a function that says nothing still runs.
const LOOK: Duration = Duration::from_millis(200);
/// The most bytes of an answer that Lambda takes.
const ANSWER_MOST: usize = 6 * 1024 * 1024;

/// A function's binary, running. Dropped, it is killed.
pub struct Function {
    name: String,
    child: Mutex<Child>,
    output: Mutex<File>,
    runtime: Runtime,
    initialized: Duration,
    _endpoint: Endpoint,
}

/// What a function answered to one event.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// What it answered.
    pub payload: Value,
    /// How long after it was given the event.
    pub took: Duration,
}

impl Function {
    /// Starts a binary in an environment of its own (Lambda's variables and those given), and returns when it asks for
    /// its first event.
    ///
    /// # Errors
    /// It can't be started, or ends, or reports that it can't start, or does not ask for an event within a minute.
    pub async fn start<K, V>(binary: &Path, environment: impl IntoIterator<Item = (K, V)>) -> anyhow::Result<Self>
    where
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        let name = binary.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let runtime = Runtime::new(&name);
        let endpoint = Endpoint::serve(runtime.router(), 0).await?;
        let mut output = tempfile::tempfile()?;
        let mut command = Command::new(binary);
        command
            .env_clear()
            .envs([
                ("AWS_LAMBDA_RUNTIME_API", endpoint.address().to_string().as_str()),
                ("AWS_LAMBDA_FUNCTION_NAME", &name),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
                ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
                ("AWS_LAMBDA_LOG_GROUP_NAME", &format!("/aws/lambda/{name}")),
                ("AWS_LAMBDA_LOG_STREAM_NAME", "local"),
                ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023"),
                ("AWS_REGION", REGION),
                ("LANG", "en_US.UTF-8"),
                ("PATH", "/usr/local/bin:/usr/bin:/bin"),
                ("TZ", ":UTC"),
                ("_HANDLER", "bootstrap"),
            ])
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output.try_clone()?);
        let spawned = Instant::now();
        let mut child = command.spawn().with_context(|| format!("starting {}", binary.display()))?;
        let started = tokio::time::timeout(PATIENCE, runtime.first_poll(&mut child)).await;
        match started {
            Ok(Ok(Start::Polled(at))) => {
                let initialized = at.saturating_duration_since(spawned);
                Ok(Self { name, child: Mutex::new(child), output: Mutex::new(output), runtime, initialized, _endpoint: endpoint })
            }
            failed => {
                end(&mut child);
                let said = read(&mut output);
                match failed {
                    Ok(Ok(Start::Ended(status))) => bail!("{name} ended while it started ({status}): {said}"),
                    Ok(Ok(Start::Failed(error))) => bail!("{name} could not start: {error}: {said}"),
                    Ok(Err(error)) => Err(error),
                    Ok(Ok(Start::Polled(_))) | Err(_) => bail!("{name} did not ask for an event: {said}"),
                }
            }
        }
    }

    /// How long it took from being started to asking for its first event.
    pub fn initialized(&self) -> Duration {
        self.initialized
    }

    /// The id of its process.
    pub fn pid(&self) -> u32 {
        files::lock(&self.child).id()
    }

    /// What it has written to its output so far.
    pub fn log(&self) -> String {
        read(&mut files::lock(&self.output))
    }

    /// Hands it an event, and waits for what it answers.
    ///
    /// # Errors
    /// It answers with an error, or ends, or does not answer within a minute.
    pub async fn invoke(&self, event: &Value) -> anyhow::Result<Answer> {
        let body = serde_json::to_vec(event)?;
        let given = Instant::now();
        let mut answer = self.runtime.give(body)?;
        let answered = loop {
            match tokio::time::timeout(LOOK, &mut answer).await {
                Ok(answered) => break answered?,
                Err(_) if given.elapsed() > PATIENCE => bail!("{} did not answer: {}", self.name, self.log()),
                Err(_) => {
                    if let Some(status) = files::lock(&self.child).try_wait()? {
                        bail!("{} ended ({status}): {}", self.name, self.log());
                    }
                }
            }
        };
        let payload = serde_json::from_slice(&answered.body).with_context(|| format!("{} answered what is not JSON", self.name))?;
        if answered.is_error {
            bail!("{} failed: {payload}", self.name);
        }
        Ok(Answer { payload, took: answered.at.saturating_duration_since(given) })
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        end(&mut files::lock(&self.child));
    }
}

fn end(child: &mut Child) {
    // it may have ended by itself
    let _ = child.kill();
    let _ = child.wait();
}

fn read(output: &mut File) -> String {
    let mut said = Vec::new();
    let all = output.seek(SeekFrom::Start(0)).and_then(|_| output.read_to_end(&mut said));
    all.map_or_else(|error| format!("(its output can't be read: {error})"), |_| String::from_utf8_lossy(&said).trim().to_owned())
}

/// How a function's start ended.
enum Start {
    Polled(Instant),
    Failed(String),
    Ended(ExitStatus),
}

/// One function's side of the runtime API.
#[derive(Clone)]
struct Runtime {
    state: Arc<Exchange>,
}

struct Exchange {
    name: String,
    events: mpsc::UnboundedSender<Event>,
    /// Read by whoever polls; one function polls once at a time.
    given: tokio::sync::Mutex<mpsc::UnboundedReceiver<Event>>,
    unanswered: Mutex<HashMap<String, oneshot::Sender<Answered>>>,
    polled: watch::Sender<Option<Instant>>,
    failed: watch::Sender<Option<String>>,
}

struct Event {
    id: String,
    body: Vec<u8>,
}

#[derive(Debug)]
struct Answered {
    at: Instant,
    body: Bytes,
    is_error: bool,
}

impl Runtime {
    fn new(name: &str) -> Self {
        let (events, given) = mpsc::unbounded_channel();
        let given = tokio::sync::Mutex::new(given);
        let (polled, failed) = (watch::Sender::default(), watch::Sender::default());
        Self { state: Arc::new(Exchange { name: name.to_owned(), events, given, unanswered: Mutex::default(), polled, failed }) }
    }

    fn router(&self) -> Router {
        Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .layer(DefaultBodyLimit::max(ANSWER_MOST))
            .with_state(self.clone())
    }

    async fn first_poll(&self, child: &mut Child) -> anyhow::Result<Start> {
        let (mut polled, mut failed) = (self.state.polled.subscribe(), self.state.failed.subscribe());
        loop {
            tokio::select! {
                at = polled.wait_for(Option::is_some) => {
                    if let Some(at) = *at? {
                        return Ok(Start::Polled(at));
                    }
                }
                error = failed.wait_for(Option::is_some) => {
                    return Ok(Start::Failed(error?.clone().unwrap_or_default()));
                }
                () = tokio::time::sleep(LOOK) => {
                    if let Some(status) = child.try_wait()? {
                        return Ok(Start::Ended(status));
                    }
                }
            }
        }
    }

    /// Puts an event where the function finds it.
    fn give(&self, body: Vec<u8>) -> anyhow::Result<oneshot::Receiver<Answered>> {
        let id = uuid(ulid::Ulid::generate().into());
        let (answer, answered) = oneshot::channel();
        files::lock(&self.state.unanswered).insert(id.clone(), answer);
        self.state.events.send(Event { id, body }).ok().context("nobody takes events any more")?;
        Ok(answered)
    }

    fn answer(&self, id: &str, body: Bytes, is_error: bool) -> StatusCode {
        let at = Instant::now();
        match files::lock(&self.state.unanswered).remove(id) {
            Some(answer) => {
                // whoever asked may have given up
                let _ = answer.send(Answered { at, body, is_error });
                StatusCode::ACCEPTED
            }
            None => StatusCode::FORBIDDEN,
        }
    }
}

async fn next(State(runtime): State<Runtime>) -> Response {
    let now = Instant::now();
    runtime.state.polled.send_if_modified(|polled| {
        let first = polled.is_none();
        polled.get_or_insert(now);
        first
    });
    let event = runtime.state.given.lock().await.recv().await;
    let mut response = Response::new(Body::empty());
    let Some(event) = event else {
        *response.status_mut() = StatusCode::GONE;
        return response;
    };
    let deadline = Utc::now().timestamp_millis() + i64::try_from(PATIENCE.as_millis()).unwrap_or_default();
    let headers = [
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        ("lambda-runtime-invoked-function-arn", format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{}", runtime.state.name)),
        ("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000;Parent=0000000000000000;Sampled=0".to_owned()),
        ("lambda-runtime-aws-request-id", event.id),
        ("content-type", "application/json".to_owned()),
    ];
    for (name, value) in headers {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    *response.body_mut() = Body::from(event.body);
    response
}

async fn response(State(runtime): State<Runtime>, Segments(id): Segments<String>, body: Bytes) -> StatusCode {
    runtime.answer(&id, body, false)
}

async fn error(State(runtime): State<Runtime>, Segments(id): Segments<String>, body: Bytes) -> StatusCode {
    runtime.answer(&id, body, true)
}

async fn init_error(State(runtime): State<Runtime>, body: Bytes) -> StatusCode {
    runtime.state.failed.send_replace(Some(String::from_utf8_lossy(&body).into_owned()));
    StatusCode::ACCEPTED
}
