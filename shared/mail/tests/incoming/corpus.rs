//! The corpus of replies: what the reader makes of mails whose answer is known.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
};

use mail::incoming::{read, trim_html, trim_text};
use serde_json::Value;
use unicode_normalization::UnicodeNormalization as _;

/// The mails that are not read as they should be: where nothing stands above a block of headers, what stands below it is taken for the
/// person's.
const MISSED: &[&str] = &["shapes/empty_block", "shapes/forward_gmail_silent"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/replies")
}

struct Mail {
    id: String,
    kind: String,
    raw: Vec<u8>,
    entry: Value,
}

impl Mail {
    fn reply(&self) -> String {
        match self.kind.as_str() {
            "html" => trim_html(&String::from_utf8_lossy(&self.raw)).text,
            "mime" => read(&self.raw).unwrap().reply.text,
            _ => trim_text(&String::from_utf8_lossy(&self.raw)).text,
        }
    }

    fn strings(&self, name: &str) -> Vec<String> {
        self.entry[name].as_array().unwrap().iter().map(|text| spaced(text.as_str().unwrap())).collect()
    }
}

fn mails(list: &str) -> Vec<Mail> {
    let index: Value = serde_json::from_slice(&fs::read(folder().join("index.json")).unwrap()).unwrap();
    let entries = index[list].as_array().unwrap().clone();
    let read = |entry: Value| Mail {
        id: entry["id"].as_str().unwrap().to_owned(),
        kind: entry["kind"].as_str().unwrap().to_owned(),
        raw: fs::read(folder().join(entry["input"].as_str().unwrap())).unwrap(),
        entry,
    };
    entries.into_iter().map(read).collect()
}

/// Composed, without marks that nobody sees.
fn tidy(text: &str) -> String {
    text.nfc().filter(|c| !matches!(c, '\u{200b}' | '\u{feff}')).collect()
}

/// Every run of white space as one space.
fn spaced(text: &str) -> String {
    tidy(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How often each word stands in the text.
fn words(text: &str) -> BTreeMap<String, usize> {
    let mut words = BTreeMap::new();
    for word in tidy(text).to_lowercase().split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()) {
        *words.entry(word.to_owned()).or_default() += 1;
    }
    words
}

#[test]
fn every_mail_of_the_corpus_is_read_rightly_but_for_those_named() {
    let mails = mails("fixtures");
    assert!(mails.len() > 400);
    // mails of the same text may have several readings, each of them right
    let mut readings: HashMap<(&str, Vec<u8>), Vec<&Mail>> = HashMap::new();
    for mail in &mails {
        let black = mail.raw.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        readings.entry((&mail.kind, black)).or_default().push(mail);
    }
    let (mut missed, mut losing) = (BTreeSet::new(), BTreeSet::new());
    for mails in readings.values() {
        let reply = mails[0].reply();
        let exact = |mail: &&Mail| {
            let expected = expected(mail);
            if mail.entry["compare"] == "nows" {
                spaced(&expected).replace(' ', "") == spaced(&reply).replace(' ', "")
            } else {
                spaced(&expected) == spaced(&reply)
            }
        };
        let have = words(&reply);
        let whole = |mail: &&Mail| words(&expected(mail)).iter().all(|(word, count)| have.get(word).is_some_and(|have| have >= count));
        if !mails.iter().any(exact) {
            missed.insert(mails[0].id.as_str());
        }
        if !mails.iter().any(whole) {
            losing.insert(mails[0].id.as_str());
        }
    }
    assert_eq!(missed, BTreeSet::from_iter(MISSED.iter().copied()), "not as expected");
    assert_eq!(losing, BTreeSet::new(), "words of the author are lost");
}

fn expected(mail: &Mail) -> String {
    fs::read_to_string(folder().join(mail.entry["expected"].as_str().unwrap())).unwrap()
}

#[test]
fn every_check_of_the_corpus_holds() {
    for mail in mails("predicates") {
        let reply = spaced(&mail.reply());
        for text in mail.strings("must_contain") {
            assert!(reply.contains(&text), "{}: {text} is lost", mail.id);
        }
        for text in mail.strings("must_not_contain") {
            assert!(!reply.contains(&text), "{}: {text} is left", mail.id);
        }
    }
}
