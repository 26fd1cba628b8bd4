//! What a pipe makes of a row that the table's stream shows.

use serde::Deserialize;

/// A message of a pipe, as far as it is needed.
#[derive(Deserialize)]
struct Record {
    dynamodb: Change,
}

#[derive(Deserialize)]
struct Change {
    #[serde(rename = "Keys")]
    keys: Keys,
}

#[derive(Deserialize)]
struct Keys {
    pk: Text,
}

#[derive(Deserialize)]
struct Text {
    #[serde(rename = "S")]
    text: String,
}

/// The partition key of the row that a message is about.
///
/// # Errors
/// The message is not a row of the table's stream.
pub fn partition(body: &str) -> Result<String, serde_json::Error> {
    Ok(serde_json::from_str::<Record>(body)?.dynamodb.keys.pk.text)
}
