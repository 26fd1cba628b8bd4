//! The sample events, one per function (`events/`), with something else to say.

use serde_json::Value;

/// The sample event of a function.
///
/// # Panics
/// Where there is none.
pub fn sample(function: &str) -> Value {
    let file = format!("{}/../events/{function}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// The sample event of a function that a queue feeds, with these messages in place of its own.
pub fn queued(function: &str, bodies: impl IntoIterator<Item = String>) -> Value {
    let mut event = sample(function);
    let record = event["Records"][0].take();
    let with = |(n, body): (usize, String)| {
        let mut record = record.clone();
        record["messageId"] = n.to_string().into();
        record["body"] = body.into();
        record
    };
    event["Records"] = bodies.into_iter().enumerate().map(with).collect();
    event
}

/// What the pipe makes of a delivery that is due: the message in the sample event of `send`, for another delivery.
///
/// # Panics
/// Where the sample has no message.
pub fn piped(account: &str, delivery: &str) -> String {
    let message = sample("send")["Records"][0]["body"].as_str().unwrap().to_owned();
    message.replace("01JQ0C0ACH0ACC0VNT00000001", account).replace("mzxw6ytboi2dgnrtmfrgg43emu", delivery)
}

/// What the pipe makes of an export that is asked for: the message in the sample event of `export`, for another export.
///
/// # Panics
/// Where the sample has no message.
pub fn exporting(account: &str, export: &str) -> String {
    let message = sample("export")["Records"][0]["body"].as_str().unwrap().to_owned();
    message.replace("01JQ0C0ACH0ACC0VNT00000001", account).replace("01K9S8Q2H4EXP0RT0000000001", export)
}

/// The sample event of a mail that came in, for another one.
///
/// # Panics
/// Where the sample has another form.
pub fn mailed(message: &str, sender: &str, recipient: &str) -> Value {
    let mut event = sample("inbound");
    let ses = &mut event["Records"][0]["ses"];
    ses["mail"]["messageId"] = message.into();
    ses["mail"]["source"] = sender.into();
    ses["receipt"]["recipients"] = vec![recipient].into();
    event
}

/// The sample event of the API, asking for something else.
pub fn asking(method: &str, path: &str, key: &str, body: Option<&Value>) -> Value {
    let mut event = sample("api");
    event["rawPath"] = path.into();
    event["requestContext"]["http"]["method"] = method.into();
    event["requestContext"]["http"]["path"] = path.into();
    event["headers"]["authorization"] = format!("Bearer {key}").into();
    if let Some(body) = body.map(ToString::to_string) {
        event["headers"]["content-type"] = "application/json".into();
        event["headers"]["content-length"] = body.len().to_string().into();
        event["body"] = body.into();
    }
    event
}
