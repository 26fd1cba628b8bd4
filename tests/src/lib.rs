//! The world that stories are told in: a whole stack in memory, spoken to over HTTP as a program would.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a story that can't be told fails its test")]

pub mod browser;
mod cast;
pub mod events;
pub mod print;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use cairn::stack::{Settings, Stack};
use chrono::{DateTime, Duration, Utc};
use domain::id::AccountId;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

pub use browser::Browser;
pub use cast::{report, with};

/// What links in mail begin with in stories.
pub const PUBLIC_URL: &str = "http://cairn.test";

/// A stack of its own, in memory, whose clock stands until it is moved (but for the milliseconds that pass).
pub struct World {
    /// The stack.
    pub stack: Arc<Stack>,
    router: Router,
    accounts: Mutex<Vec<AccountId>>,
}

/// However a story went, engagements are filed at its end as they should be.
impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let accounts = std::mem::take(&mut *self.accounts.lock().unwrap());
        for checked in self.stack.check_filing(&accounts).unwrap() {
            assert_eq!((checked.drifted, checked.failed), (0, 0), "engagements are filed wrong: {:?}", checked.named);
        }
    }
}

/// Somebody who speaks to the API with a key.
#[derive(Clone)]
pub struct Person {
    router: Router,
    key: String,
    /// Their account.
    pub account_id: String,
    /// Their own id.
    pub id: String,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it is.
    pub bytes: Bytes,
    /// The body as text.
    pub text: String,
    /// The body as JSON; null where it is not.
    pub json: Value,
}

impl Answer {
    /// The body, if the status is this one.
    ///
    /// # Panics
    /// Where it is another.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.json
    }

    /// The fields that a refusal names.
    ///
    /// # Panics
    /// Where it is not a 422.
    #[track_caller]
    pub fn bad_fields(self) -> Vec<String> {
        let problem = self.expect(422);
        problem["errors"].as_array().unwrap().iter().map(|error| text(&error["field"])).collect()
    }
}

impl World {
    /// A world whose clock shows `start` at first.
    pub async fn at(start: &str) -> Self {
        let settings = Settings { start: Some(time(start)), public_url: PUBLIC_URL.into(), ..Settings::default() };
        Self::over(Stack::start(settings).await.unwrap())
    }

    /// A world that began two hours ago and whose clock, after `before`, shows the machine's time: the only one that
    /// processes of their own know. `before` is told what time that will be, but for what it takes itself.
    pub async fn until_now(before: impl AsyncFnOnce(&Self, DateTime<Utc>)) -> Self {
        let now = Utc::now();
        let settings = Settings { start: Some(now - Duration::hours(2)), public_url: PUBLIC_URL.into(), ..Settings::default() };
        let world = Self::over(Stack::start(settings).await.unwrap());
        before(&world, now).await;
        world.stack.clock.set(Utc::now()).unwrap();
        world
    }

    /// A world over a stack.
    pub fn over(stack: Stack) -> Self {
        let stack = Arc::new(stack);
        Self { router: cairn::gateway::router(Arc::clone(&stack)), stack, accounts: Mutex::default() }
    }

    /// Opens an account whose first member speaks.
    pub async fn account(&self, name: &str, email: &str, zone: &str) -> Person {
        let draft = json!({ "name": name, "email": email, "time_zone": zone, "person": "Ada Brandt" });
        let opened = request(&self.router, "POST", "/local/accounts", None, &[], Some(&draft)).await.expect(201);
        self.accounts.lock().unwrap().push(text(&opened["account_id"]).parse().unwrap());
        Person {
            router: self.router.clone(),
            key: text(&opened["api_key"]),
            account_id: text(&opened["account_id"]),
            id: text(&opened["member_id"]),
        }
    }

    /// Whoever uses an address, speaking.
    pub async fn person(&self, email: &str) -> Person {
        let issued = request(&self.router, "POST", "/local/api-keys", None, &[], Some(&json!({ "email": email }))).await.expect(200);
        let mut person =
            Person { router: self.router.clone(), key: text(&issued["api_key"]), account_id: String::new(), id: String::new() };
        person.id = text(&person.get("/v1/me").await.expect(200)["id"]);
        person
    }

    /// A request without a key, with any headers.
    pub async fn anybody(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Answer {
        request(&self.router, method, path, None, headers, body).await
    }

    /// A request whose body is any text.
    pub async fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
        send(&self.router, method, path, None, headers, Body::from(body)).await
    }

    /// Has how the engagements of an account are filed looked at when the story is over.
    pub fn watch(&self, account: AccountId) {
        self.accounts.lock().unwrap().push(account);
    }

    /// Moves the clock to a time, letting everything happen meanwhile.
    pub async fn advance_to(&self, to: &str) {
        self.stack.advance(time(to)).await.unwrap();
    }

    /// Lets happen what is due.
    pub async fn settle(&self) {
        self.stack.settle().await.unwrap();
    }

    /// Every mail so far, oldest first: when, to whom, subject, text.
    pub fn mails(&self) -> Vec<Mail> {
        self.stack
            .ses
            .messages()
            .iter()
            .map(|message| Mail {
                at: message.sent_at,
                to: message.to.join(", "),
                subject: message.subject.clone(),
                text: message.text.clone().unwrap_or_default(),
                html: message.html.clone().unwrap_or_default(),
                headers: message.headers.clone(),
            })
            .collect()
    }

    /// The mails to an address, oldest first.
    pub fn mails_to(&self, address: &str) -> Vec<Mail> {
        self.mails().into_iter().filter(|mail| mail.to == address).collect()
    }
}

/// A mail that was sent.
#[derive(Debug, Clone)]
pub struct Mail {
    /// When.
    pub at: DateTime<Utc>,
    /// To which address.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// Text part.
    pub text: String,
    /// HTML part.
    pub html: String,
    /// Headers of ours.
    pub headers: Vec<(String, String)>,
}

impl Mail {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// When it was sent, to the minute, by the clock of a zone.
    pub fn local(&self, zone: chrono_tz::Tz) -> String {
        self.at.with_timezone(&zone).format("%a %Y-%m-%d %H:%M").to_string()
    }
}

impl Person {
    /// The API key they speak with.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The same person with another key.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        Self { key: key.to_owned(), ..self.clone() }
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], None).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask("POST", path, &[], Some(&body)).await
    }

    /// PATCH of JSON.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.ask("PATCH", path, &[], Some(&body)).await
    }

    /// PUT of JSON.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.ask("PUT", path, &[], Some(&body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path, &[], None).await
    }

    /// Any request.
    pub async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Answer {
        request(&self.router, method, path, Some(&self.key), headers, body).await
    }

    /// A request whose body is any text.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
        send(&self.router, method, path, Some(&self.key), headers, Body::from(body)).await
    }

    /// Adds something by POST, and gives its id.
    pub async fn add(&self, path: &str, body: Value) -> String {
        text(&self.post(path, body).await.expect(201)["id"])
    }

    /// Adds a client by name and address.
    pub async fn client(&self, first: &str, last: &str, email: &str) -> String {
        self.add("/v1/clients", json!({ "first_name": first, "last_name": last, "email": email })).await
    }

    /// Adds an item of a kind with a title, and whatever more.
    pub async fn item(&self, client: &str, kind: &str, title: &str, more: Value) -> String {
        let mut body = json!({ "kind": kind, "title": title });
        body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        self.add(&format!("/v1/clients/{client}/items"), body).await
    }
}

async fn request(router: &Router, method: &str, path: &str, key: Option<&str>, headers: &[(&str, &str)], body: Option<&Value>) -> Answer {
    let with_type: Vec<(&str, &str)> = match body {
        Some(_) if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) => {
            headers.iter().copied().chain([("content-type", "application/json")]).collect()
        }
        _ => headers.to_vec(),
    };
    send(router, method, path, key, &with_type, body.map_or_else(Body::empty, |body| Body::from(body.to_string()))).await
}

async fn send(router: &Router, method: &str, path: &str, key: Option<&str>, headers: &[(&str, &str)], body: Body) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let json = serde_json::from_str(&text).unwrap_or_default();
    assert_all_utc(&json);
    Answer { status: parts.status, headers: parts.headers, json, text, bytes }
}

/// Whatever is asked: a time in an answer is in UTC, and says so by `Z` (G-2).
#[track_caller]
fn assert_all_utc(answer: &Value) {
    match answer {
        Value::Object(fields) => fields.values().for_each(assert_all_utc),
        Value::Array(values) => values.iter().for_each(assert_all_utc),
        Value::String(text) => assert!(DateTime::parse_from_rfc3339(text).is_err() || text.ends_with('Z'), "not in UTC: {text}"),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Says on standard error what a story measured, also where it succeeds: the harness keeps to itself what is printed as usual.
pub fn say(what: &str) {
    use std::io::Write;
    // nobody may be listening
    let _ = writeln!(std::io::stderr(), "{what}");
}

/// What somebody gets who opens a link of plain HTTP: the status and the body.
///
/// # Panics
/// Where nothing answers, or not in HTTP.
pub async fn fetch(url: &str) -> (u16, Vec<u8>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    let mut wire = tokio::net::TcpStream::connect(host).await.unwrap();
    wire.write_all(format!("GET /{path} HTTP/1.0\r\nhost: {host}\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    wire.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    (head.split_whitespace().nth(1).unwrap().parse().unwrap(), answer.split_off(end + 4))
}

/// A time.
///
/// # Panics
/// Where the text is none.
pub fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A JSON string as a string; empty where it is none.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
