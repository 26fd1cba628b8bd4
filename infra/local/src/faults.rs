//! Faults between the functions and AWS, made at the SDK's HTTP client; and what each call cost.
//!
//! Calls are numbered from 1 in the order they were made, each attempt of an SDK's retries being a call.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::files;

/// The plan, the log and the bill of all calls made through its clients. Clones share them.
#[derive(Clone, Default)]
pub struct Faults {
    state: Arc<Mutex<Recorded>>,
    metered: Arc<AtomicBool>,
    /// Told of every call that begins or ends, of every plan, and when held calls are let go.
    changed: Arc<watch::Sender<()>>,
}

#[derive(Default)]
struct Recorded {
    /// Which plan this is; calls that began under another are not recorded here.
    era: u64,
    plan: Vec<Fault>,
    made: u64,
    made_of: BTreeMap<String, u64>,
    /// The latest of them.
    calls: VecDeque<Call>,
    usage: BTreeMap<String, Usage>,
    /// Whether calls that were to be held may go.
    let_go: bool,
}

/// How many calls the log remembers.
const REMEMBERED: usize = 10_000;

/// One call to AWS.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Its number, from 1.
    pub number: u64,
    /// The operation's name, as `PutItem` or `SendEmail`; method and path where it is not known.
    pub operation: String,
    /// How often the operation had been called, this time included.
    pub nth: u64,
    /// What was done to it.
    pub fault: Option<Kind>,
    /// The HTTP status that came back to the caller, if any did.
    pub status: Option<u16>,
}

/// What to do to which calls.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The calls.
    pub when: When,
    /// What is done.
    pub kind: Kind,
}

/// Which calls a fault strikes.
#[derive(Clone)]
pub enum When {
    /// The call with this number.
    Nth(u64),
    /// That call and everything after it, as if the process had died there.
    From(u64),
    /// The n-th call of an operation.
    Operation(String, u64),
    /// Every call of an operation.
    Every(String),
    /// Every call for which it holds.
    Matching(Arc<dyn Fn(&Call) -> bool + Send + Sync>),
}

/// What can go wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The connection is refused: AWS never saw the call.
    Refuse,
    /// The call is carried out and its answer never arrives.
    LoseAnswer,
    /// AWS answers that there were too many calls; nothing is carried out.
    Throttle,
    /// AWS answers with an error of its own (500); nothing is carried out.
    Fail,
    /// AWS refuses the call for good (400): SES the message, others the input. Nothing is carried out.
    Reject,
    /// Another transaction is at the same items; nothing is carried out. For other services than DynamoDB as `Throttle`.
    Conflict,
    /// The call is carried out late.
    Delay(Duration),
    /// The call is carried out once [`Faults::let_go`] says so, or another plan is made.
    Hold,
}

/// What calls of one operation amounted to. Capacity and items are known only while metering.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// Calls that reached AWS.
    pub calls: u64,
    /// Read capacity units.
    pub read_units: f64,
    /// Write capacity units.
    pub write_units: f64,
    /// Items that came back.
    pub items: u64,
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults").field("plan", &files::lock(&self.state).plan).finish_non_exhaustive()
    }
}

impl fmt::Debug for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            When::Nth(number) => write!(f, "call {number}"),
            When::From(number) => write!(f, "from call {number}"),
            When::Operation(name, nth) => write!(f, "{name} {nth}"),
            When::Every(name) => write!(f, "every {name}"),
            When::Matching(_) => f.write_str("matching calls"),
        }
    }
}

impl When {
    fn strikes(&self, call: &Call) -> bool {
        match self {
            When::Nth(number) => call.number == *number,
            When::From(number) => call.number >= *number,
            When::Operation(name, nth) => call.operation == *name && call.nth == *nth,
            When::Every(name) => call.operation == *name,
            When::Matching(holds) => holds(call),
        }
    }
}

impl Faults {
    /// A client for the SDKs over plain HTTP, with whatever is planned in between.
    pub fn client(&self) -> SharedHttpClient {
        self.around(aws_smithy_http_client::Builder::new().build_http())
    }

    /// The same around another client.
    pub fn around(&self, client: SharedHttpClient) -> SharedHttpClient {
        SharedHttpClient::new(Between { faults: self.clone(), client })
    }

    /// Plans faults and starts counting and logging anew. The first fault that strikes a call is the one that counts.
    pub fn plan(&self, plan: impl IntoIterator<Item = Fault>) {
        let mut state = files::lock(&self.state);
        *state = Recorded { era: state.era + 1, plan: plan.into_iter().collect(), ..Recorded::default() };
        drop(state);
        self.changed.send_replace(());
    }

    /// Plans no faults and starts anew.
    pub fn clear(&self) {
        self.plan([]);
    }

    /// Lets all calls go that are held, and holds none any more.
    pub fn let_go(&self) {
        files::lock(&self.state).let_go = true;
        self.changed.send_replace(());
    }

    /// Returns when at least `times` calls are on the log that `are` as wanted, made by something else that goes on meanwhile.
    pub async fn until(&self, times: usize, are: impl Fn(&Call) -> bool) {
        self.wait(|state| state.calls.iter().filter(|call| are(call)).count() >= times).await;
    }

    async fn wait(&self, holds: impl Fn(&Recorded) -> bool) {
        let mut changed = self.changed.subscribe();
        while !holds(&files::lock(&self.state)) {
            // the sender lives as long as this does
            let _ = changed.changed().await;
        }
    }

    /// Asks DynamoDB what every call consumes, whether the caller did or not.
    pub fn meter(&self, on: bool) {
        self.metered.store(on, Ordering::Release);
    }

    /// The calls since the plan was made, the latest ten thousand of them.
    pub fn calls(&self) -> Vec<Call> {
        files::lock(&self.state).calls.iter().cloned().collect()
    }

    /// What the calls since the plan was made amounted to, by operation.
    pub fn usage(&self) -> BTreeMap<String, Usage> {
        files::lock(&self.state).usage.clone()
    }

    /// The same for all operations together.
    pub fn total(&self) -> Usage {
        self.usage().values().fold(Usage::default(), |total, usage| Usage {
            calls: total.calls + usage.calls,
            read_units: total.read_units + usage.read_units,
            write_units: total.write_units + usage.write_units,
            items: total.items + usage.items,
        })
    }

    fn begin(&self, operation: String) -> (u64, Call) {
        let mut state = files::lock(&self.state);
        state.made += 1;
        let nth = state.made_of.entry(operation.clone()).or_default();
        *nth += 1;
        let mut call = Call { nth: *nth, number: state.made, operation, fault: None, status: None };
        call.fault = state.plan.iter().find(|fault| fault.when.strikes(&call)).map(|fault| fault.kind);
        if state.calls.len() == REMEMBERED {
            state.calls.pop_front();
        }
        state.calls.push_back(call.clone());
        let era = state.era;
        drop(state);
        self.changed.send_replace(());
        (era, call)
    }

    fn end(&self, (era, call): &(u64, Call), status: Option<u16>, usage: Usage) {
        let mut state = files::lock(&self.state);
        if state.era != *era {
            return;
        }
        if let Some(logged) = state.calls.iter_mut().rev().find(|logged| logged.number == call.number) {
            logged.status = status;
        }
        let sum = state.usage.entry(call.operation.clone()).or_default();
        sum.calls += usage.calls;
        sum.read_units += usage.read_units;
        sum.write_units += usage.write_units;
        sum.items += usage.items;
        drop(state);
        self.changed.send_replace(());
    }
}

#[derive(Debug)]
struct Between {
    faults: Faults,
    client: SharedHttpClient,
}

impl HttpClient for Between {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let connector = self.client.http_connector(settings, components);
        SharedHttpConnector::new(Connector { faults: self.faults.clone(), connector })
    }
}

#[derive(Debug)]
struct Connector {
    faults: Faults,
    connector: SharedHttpConnector,
}

impl HttpConnector for Connector {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let (faults, connector) = (self.faults.clone(), self.connector.clone());
        let begun = faults.begin(operation(&request));
        HttpConnectorFuture::new(async move {
            let call = &begun.1;
            let metered = faults.metered.load(Ordering::Acquire) && meter(&mut request, &call.operation);
            let refused = match call.fault {
                Some(Kind::Refuse) => {
                    faults.end(&begun, None, Usage::default());
                    let refused = std::io::Error::new(std::io::ErrorKind::ConnectionRefused, "planned");
                    return Err(ConnectorError::io(refused.into()).never_connected());
                }
                Some(Kind::Throttle) => Some(throttled(&request)),
                Some(Kind::Fail) => Some(failed(&request)),
                Some(Kind::Reject) => Some(rejected(&request)),
                Some(Kind::Conflict) => Some(conflicted(&request, &call.operation)),
                Some(Kind::Delay(by)) => {
                    tokio::time::sleep(by).await;
                    None
                }
                Some(Kind::Hold) => {
                    faults.wait(|state| state.let_go || state.era != begun.0).await;
                    None
                }
                Some(Kind::LoseAnswer) | None => None,
            };
            if let Some((status, name, _)) = refused.as_ref().filter(|_| for_s3(&request)) {
                faults.end(&begun, Some(*status), Usage::default());
                return answer_of_s3(*status, name);
            }
            if let Some((status, name, mut body)) = refused {
                body["__type"] = format!("com.amazonaws.dynamodb.v20120810#{name}").into();
                body["message"] = "planned".into();
                faults.end(&begun, Some(status), Usage::default());
                return answer(status, name, &body);
            }
            let answer = connector.call(request).await;
            let reached = Usage { calls: 1, ..Usage::default() };
            if call.fault == Some(Kind::LoseAnswer) {
                // Carried out for certain only when the whole answer is there.
                if let Ok(mut answer) = answer {
                    take_body(&mut answer).await?;
                }
                faults.end(&begun, None, reached);
                return Err(ConnectorError::timeout("the answer was lost (planned)".into()));
            }
            let mut answer = answer?;
            let mut usage = reached;
            if metered {
                let body = take_body(&mut answer).await?;
                usage = consumed(&call.operation, &body);
                *answer.body_mut() = SdkBody::from(body);
            }
            faults.end(&begun, Some(answer.status().as_u16()), usage);
            Ok(answer)
        })
    }
}

async fn take_body(answer: &mut HttpResponse) -> Result<Vec<u8>, ConnectorError> {
    let body = std::mem::replace(answer.body_mut(), SdkBody::empty());
    let bytes = ByteStream::new(body).collect().await.map_err(|error| ConnectorError::io(error.into()))?;
    Ok(bytes.to_vec())
}

fn answer(status: u16, name: &str, body: &Value) -> Result<HttpResponse, ConnectorError> {
    let status = StatusCode::try_from(status).map_err(|error| ConnectorError::other(error.into(), None))?;
    let mut answer = HttpResponse::new(status, SdkBody::from(body.to_string()));
    answer.headers_mut().insert("x-amzn-errortype", name.to_owned());
    Ok(answer)
}

/// The same as S3 writes it.
fn answer_of_s3(status: u16, name: &str) -> Result<HttpResponse, ConnectorError> {
    let status = StatusCode::try_from(status).map_err(|error| ConnectorError::other(error.into(), None))?;
    let body = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{name}</Code><Message>planned</Message></Error>");
    Ok(HttpResponse::new(status, SdkBody::from(body)))
}

/// The operation a request calls: by its target, or by method and path.
fn operation(request: &HttpRequest) -> String {
    if let Some(operation) = target(request).and_then(|target| target.rsplit('.').next()) {
        return operation.to_owned();
    }
    let uri = request.uri().split(['?', '#']).next().unwrap_or_default();
    let path = uri.split_once("://").map_or(uri, |(_, rest)| rest.find('/').map_or("/", |slash| &rest[slash..]));
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    if for_s3(request) {
        return of_s3(request).to_owned();
    }
    let named = match (request.method(), segments.as_slice()) {
        ("POST", ["v2", "email", "outbound-emails"]) => "SendEmail",
        ("GET", ["v2", "email", "account"]) => "GetAccount",
        ("GET", ["schedules"]) => "ListSchedules",
        ("POST", ["schedules", _]) => "CreateSchedule",
        ("PUT", ["schedules", _]) => "UpdateSchedule",
        ("GET", ["schedules", _]) => "GetSchedule",
        ("DELETE", ["schedules", _]) => "DeleteSchedule",
        ("POST", ["schedule-groups", _]) => "CreateScheduleGroup",
        ("GET", ["schedule-groups", _]) => "GetScheduleGroup",
        (method, _) => return format!("{method} {path}"),
    };
    named.to_owned()
}

/// Whether a call is one to S3, by what it is signed for.
fn for_s3(request: &HttpRequest) -> bool {
    request.headers().get("authorization").is_some_and(|signed| signed.contains("/s3/aws4_request"))
}

/// The operation of S3 that a request calls, by its method and what its query asks for.
fn of_s3(request: &HttpRequest) -> &'static str {
    let query = request.uri().split_once('?').map_or("", |(_, query)| query);
    let asks = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
    match request.method() {
        "GET" if asks("list-type") => "ListObjectsV2",
        "GET" => "GetObject",
        "HEAD" => "HeadObject",
        "PUT" if asks("uploadId") => "UploadPart",
        "PUT" => "PutObject",
        "POST" if asks("uploads") => "CreateMultipartUpload",
        "POST" => "CompleteMultipartUpload",
        "DELETE" if asks("uploadId") => "AbortMultipartUpload",
        "DELETE" => "DeleteObject",
        _ => "S3",
    }
}

fn target(request: &HttpRequest) -> Option<&str> {
    request.headers().get("x-amz-target")
}

type Refused = (u16, &'static str, Value);

fn throttled(request: &HttpRequest) -> Refused {
    match target(request) {
        Some(_) => (400, "ThrottlingException", json!({})),
        None if for_s3(request) => (503, "SlowDown", json!({})),
        None if request.uri().contains("/v2/email") => (429, "TooManyRequestsException", json!({})),
        None => (429, "ThrottlingException", json!({})),
    }
}

fn failed(request: &HttpRequest) -> Refused {
    match target(request) {
        Some(_) => (500, "InternalServerError", json!({})),
        None if for_s3(request) => (500, "InternalError", json!({})),
        None => (500, "InternalServerException", json!({})),
    }
}

fn rejected(request: &HttpRequest) -> Refused {
    match request.uri() {
        _ if for_s3(request) => (400, "InvalidRequest", json!({})),
        uri if uri.contains("/v2/email") => (400, "MessageRejected", json!({})),
        _ => (400, "ValidationException", json!({})),
    }
}

fn conflicted(request: &HttpRequest, operation: &str) -> Refused {
    match (target(request), operation) {
        (Some(_), "TransactWriteItems" | "TransactGetItems") => {
            let body: Value = request.body().bytes().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default();
            let items = body["TransactItems"].as_array().map_or(1, Vec::len);
            let of = |index| match index {
                0 => json!({ "Code": "TransactionConflict", "Message": "Transaction is ongoing for the item" }),
                _ => json!({ "Code": "None" }),
            };
            (400, "TransactionCanceledException", json!({ "CancellationReasons": (0..items).map(of).collect::<Vec<_>>() }))
        }
        (Some(_), _) => (400, "TransactionConflictException", json!({})),
        (None, _) => throttled(request),
    }
}

/// Has DynamoDB say what the call consumes. The signature no longer fits, which no local engine checks.
fn meter(request: &mut HttpRequest, operation: &str) -> bool {
    const METERED: [&str; 10] = [
        "BatchGetItem",
        "BatchWriteItem",
        "DeleteItem",
        "GetItem",
        "PutItem",
        "Query",
        "Scan",
        "TransactGetItems",
        "TransactWriteItems",
        "UpdateItem",
    ];
    if target(request).is_none() || !METERED.contains(&operation) {
        return false;
    }
    let Some(mut body) = request.body().bytes().and_then(|body| serde_json::from_slice::<Value>(body).ok()) else { return false };
    body["ReturnConsumedCapacity"] = "TOTAL".into();
    let body = body.to_string();
    request.headers_mut().insert("content-length", body.len().to_string());
    *request.body_mut() = SdkBody::from(body);
    true
}

fn consumed(operation: &str, body: &[u8]) -> Usage {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let each = |value: &Value| value["CapacityUnits"].as_f64().unwrap_or_default();
    let units = match &body["ConsumedCapacity"] {
        Value::Array(tables) => tables.iter().map(each).sum(),
        table => each(table),
    };
    let listed = body["Items"].as_array().map_or(0, Vec::len) + usize::from(body["Item"].is_object());
    let batches = match &body["Responses"] {
        Value::Object(tables) => tables.values().filter_map(Value::as_array).map(Vec::len).sum(),
        Value::Array(items) => items.iter().filter(|item| item["Item"].is_object()).count(),
        _ => 0,
    };
    let reads = matches!(operation, "BatchGetItem" | "GetItem" | "Query" | "Scan" | "TransactGetItems");
    let (read_units, write_units) = if reads { (units, 0.0) } else { (0.0, units) };
    Usage { calls: 1, read_units, write_units, items: (listed + batches) as u64 }
}
