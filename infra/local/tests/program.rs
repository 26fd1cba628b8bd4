//! The program itself, started and killed as people do it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

/// The program, serving; killed when it is dropped.
struct Cairn {
    child: Child,
    address: String,
}

impl Cairn {
    fn start(data: &Path, more: &[&str]) -> Self {
        let mut child = command(data, more).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("ready http://").unwrap_or_else(|| panic!("not ready: {line:?}")).to_owned();
        Self { child, address }
    }

    /// As `kill -9` does it.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn ask(&self, method: &str, path: &str, key: Option<&str>, body: Option<&Value>) -> (u16, Value) {
        ask(&self.address, method, path, key, body).unwrap()
    }

    fn add(&self, path: &str, key: &str, body: &Value) -> String {
        let (status, answer) = self.ask("POST", path, Some(key), Some(body));
        assert_eq!(status, 201, "{answer}");
        answer["id"].as_str().unwrap().to_owned()
    }
}

impl Drop for Cairn {
    fn drop(&mut self) {
        // killed already is just as well
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(data: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cairn"));
    command.args(["--port", "0", "--data"]).arg(data).args(more);
    command
}

/// What becomes of a program that is expected to stop by itself.
fn refused(data: &Path, more: &[&str]) -> Output {
    let output = command(data, more).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    output
}

/// A request over a connection of its own; an error where the program went away.
fn ask(address: &str, method: &str, path: &str, key: Option<&str>, body: Option<&Value>) -> std::io::Result<(u16, Value)> {
    let body = body.map(Value::to_string).unwrap_or_default();
    let key = key.map(|key| format!("authorization: Bearer {key}\r\n")).unwrap_or_default();
    let mut connection = TcpStream::connect(address)?;
    write!(
        connection,
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{key}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let cut_off = || std::io::Error::other("the answer was cut off");
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(cut_off)?;
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok());
    if length.is_some_and(|length| body.len() < length) {
        return Err(cut_off());
    }
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(cut_off)?;
    Ok((status, serde_json::from_str(body).unwrap_or_default()))
}

#[test]
fn killed_at_any_moment_it_goes_on_with_nothing_lost_and_nothing_sent_twice() {
    const ROUNDS: u64 = 7;
    const CLIENTS: usize = 4;
    let data = tempfile::tempdir().unwrap();
    let start = ["--no-demo", "--clock", "2026-03-01T05:00:00Z"];

    let cairn = Cairn::start(data.path(), &start);
    let draft = json!({ "name": "Fernhill", "email": "ada@fernhill.example", "time_zone": "America/New_York", "person": "Ada Brandt" });
    let (status, account) = cairn.ask("POST", "/local/accounts", None, Some(&draft));
    assert_eq!(status, 201, "{account}");
    let key = account["api_key"].as_str().unwrap().to_owned();
    let clients: Vec<String> = (0..CLIENTS)
        .map(|n| {
            let client = json!({ "first_name": format!("Client {n}"), "last_name": "", "email": format!("client{n}@post.example") });
            let id = cairn.add("/v1/clients", &key, &client);
            cairn.add(&format!("/v1/clients/{id}/items"), &key, &json!({ "kind": "action", "title": "Always open" }));
            id
        })
        .collect();
    let report = json!({ "scope": { "kind": "all" }, "kinds": ["action"], "audience": { "kind": "clients" },
        "schedule": { "every": "day", "at": "06:00" }, "time_zone": "America/New_York" });
    let report = cairn.add("/v1/reports", &key, &report);

    let acknowledged: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let mut cairn = Some(cairn);
    for round in 0..ROUNDS {
        let running = cairn.take().unwrap_or_else(|| Cairn::start(data.path(), &["--no-demo"]));
        let over = Arc::new(AtomicBool::new(false));
        let writer = std::thread::spawn({
            let (address, key, client) = (running.address.clone(), key.clone(), clients[0].clone());
            let (acknowledged, over) = (Arc::clone(&acknowledged), Arc::clone(&over));
            move || {
                for n in 0.. {
                    let action = json!({ "kind": "action", "title": format!("Round {round}, number {n}") });
                    match ask(&address, "POST", &format!("/v1/clients/{client}/items"), Some(&key), Some(&action)) {
                        Ok((201, answer)) => _ = acknowledged.lock().unwrap().insert(answer["id"].as_str().unwrap().to_owned()),
                        Ok((status, answer)) => assert!(status == 503, "{status} {answer}"),
                        Err(_) => return,
                    }
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                }
            }
        });
        // a day passes, and its report goes out; the program is killed before, within or after it
        let mover = std::thread::spawn({
            let address = running.address.clone();
            move || drop(ask(&address, "POST", "/local/clock", None, Some(&json!({ "advance_seconds": 86_400 }))))
        });
        std::thread::sleep(Duration::from_millis(40 + round * round * 50));
        running.kill();
        over.store(true, Ordering::Relaxed);
        writer.join().unwrap();
        mover.join().unwrap();
    }

    let cairn = Cairn::start(data.path(), &["--no-demo"]);
    // far enough for everything in doubt to be decided, and for the last run
    for _ in 0..2 {
        let (status, answer) = cairn.ask("POST", "/local/clock", None, Some(&json!({ "advance_seconds": 86_400 })));
        assert_eq!(status, 200, "{answer}");
    }
    let acknowledged = acknowledged.lock().unwrap();
    assert!(!acknowledged.is_empty());
    for id in acknowledged.iter() {
        let (status, _) = cairn.ask("GET", &format!("/v1/items/{id}"), Some(&key), None);
        assert_eq!(status, 200, "an acknowledged item is gone");
    }

    let (_, mail) = cairn.ask("GET", "/local/mail", None, None);
    let mut sent: BTreeMap<String, usize> = BTreeMap::new();
    for mail in mail["items"].as_array().unwrap() {
        *sent.entry(mail["delivery_id"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    assert!(sent.values().all(|times| *times == 1), "something was sent twice: {sent:?}");

    let (_, runs) = cairn.ask("GET", &format!("/v1/reports/{report}/runs?limit=200"), Some(&key), None);
    let runs = runs["items"].as_array().unwrap();
    assert!(runs.len() >= 2, "{runs:?}");
    for delivery in runs.iter().flat_map(|run| run["deliveries"].as_array().unwrap()) {
        assert_eq!(delivery["outcome"], "sent", "{delivery}");
        // cut off in the very call, a report counts as sent and says so rather than going twice
        let is_certain = delivery["reason"].is_null();
        assert!(
            !is_certain || sent.contains_key(delivery["id"].as_str().unwrap()),
            "on record as sent, and not in the mailbox: {delivery}"
        );
    }
    for run in runs.iter().filter(|run| run["outcome"] == "sent") {
        assert_eq!(run["deliveries"].as_array().unwrap().len(), CLIENTS, "{run}");
    }
}

#[test]
fn a_port_that_is_taken_is_said_to_be() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let data = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_cairn")).args(["--memory", "--no-demo", "--port", &port]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, format!("cairn: port {port} is taken (another cairn, perhaps); stop what uses it, or choose another with --port\n"));

    let said = String::from_utf8(refused(data.path(), &["--no-demo", "--aws-port", &port]).stderr).unwrap();
    assert!(said.contains(&format!("port {port} is taken")) && said.contains("--aws-port"), "{said}");

    let said = String::from_utf8(refused(data.path(), &["--no-demo", "--smtp-port", &port]).stderr).unwrap();
    assert!(said.contains(&format!("port {port} is taken")) && said.contains("--smtp-port"), "{said}");
}

#[test]
fn two_do_not_share_a_folder_and_neither_forgets_what_the_other_keeps() {
    let data = tempfile::tempdir().unwrap();
    let first = Cairn::start(data.path(), &["--no-demo"]);
    for more in [&["--no-demo"][..], &["--no-demo", "--fresh"], &["--fresh"], &[]] {
        let said = String::from_utf8(refused(data.path(), more).stderr).unwrap();
        assert!(said.contains("another cairn is using") && said.contains("--data"), "{said}");
    }
    let draft = json!({ "name": "Fernhill", "email": "ada@fernhill.example" });
    assert_eq!(first.ask("POST", "/local/accounts", None, Some(&draft)).0, 201);
}

#[test]
fn a_fresh_start_forgets_what_was_kept_and_leaves_the_rest() {
    let data = tempfile::tempdir().unwrap();
    let mine = data.path().join("notes.txt");
    std::fs::write(&mine, "keep me").unwrap();
    let cairn = Cairn::start(data.path(), &["--no-demo", "--clock", "2031-01-01T00:00:00Z"]);
    let draft = json!({ "name": "Fernhill", "email": "ada@fernhill.example" });
    let (_, account) = cairn.ask("POST", "/local/accounts", None, Some(&draft));
    let key = account["api_key"].as_str().unwrap();
    cairn.kill();

    let cairn = Cairn::start(data.path(), &["--no-demo"]);
    assert_eq!(cairn.ask("GET", "/v1/me", Some(key), None).0, 200);
    cairn.kill();

    let cairn = Cairn::start(data.path(), &["--no-demo", "--fresh"]);
    assert_eq!(cairn.ask("GET", "/v1/me", Some(key), None).0, 401);
    let (_, clock) = cairn.ask("GET", "/local/clock", None, None);
    assert!(!clock["now"].as_str().unwrap().starts_with("2031"), "{clock}");
    assert_eq!(std::fs::read_to_string(mine).unwrap(), "keep me");
}

#[test]
fn the_demo_account_is_there_whole_however_often_its_making_is_cut_off() {
    let data = tempfile::tempdir().unwrap();
    for patience in [150, 900] {
        let mut child = command(data.path(), &[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(patience));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let cairn = Cairn::start(data.path(), &[]);
    let kept: Value = serde_json::from_slice(&std::fs::read(data.path().join("demo.json")).unwrap()).unwrap();
    let key = kept["people"][0]["api_key"].as_str().unwrap();
    let (_, clients) = cairn.ask("GET", "/v1/clients?limit=200", Some(key), None);
    assert_eq!(clients["items"].as_array().unwrap().len(), 39, "forty, one of them archived");
    let (_, reports) = cairn.ask("GET", "/v1/reports", Some(key), None);
    let values = |part: &str, field: &str| -> BTreeSet<String> {
        reports["items"].as_array().unwrap().iter().map(|report| report[part][field].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(values("audience", "kind"), ["clients", "coach", "personnel", "third_parties"].map(str::to_owned).into());
    assert_eq!(values("schedule", "every"), ["appointment", "day", "month", "week"].map(str::to_owned).into());
    for person in kept["people"].as_array().unwrap() {
        assert_eq!(cairn.ask("GET", "/v1/me", person["api_key"].as_str(), None).0, 200);
    }
    let (_, mail) = cairn.ask("GET", "/local/mail", None, None);
    let mails = mail["items"].as_array().unwrap().len();
    assert!(mails > 0);
    cairn.kill();

    // it comes back as it was: the same keys, and no mail a second time
    let cairn = Cairn::start(data.path(), &[]);
    assert_eq!(cairn.ask("GET", "/v1/me", Some(key), None).0, 200);
    assert_eq!(cairn.ask("POST", "/local/settle", None, None).0, 200);
    assert_eq!(cairn.ask("GET", "/local/mail", None, None).1["items"].as_array().unwrap().len(), mails);
}
