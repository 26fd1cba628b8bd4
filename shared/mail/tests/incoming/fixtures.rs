//! Mails of other projects, and what becomes of them when bytes are changed.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use domain::inbound::{Refusal, Verdict};
use mail::{
    incoming::{REPLY_MOST, Reply, headers, read, trim_html, trim_text},
    judge::{Facts, judge},
};
use proptest::prelude::*;

fn mails() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/incoming/fixtures");
    let mut mails: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(".mail.txt"))
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            (path, text)
        })
        .collect();
    mails.sort();
    mails
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('\u{200b}', "")
}

#[test]
fn mails_of_other_projects_are_read_as_they_expect() {
    let mails = mails();
    assert!(mails.len() > 40);
    for (path, text) in mails {
        let reply = fs::read_to_string(path.to_string_lossy().replace(".mail.txt", ".reply.txt")).unwrap();
        assert_eq!(words(&trim_text(&text).text), words(&reply), "{}", path.display());
    }
}

/// What holds for every reply, whatever the mail.
fn is_sound(reply: &Reply) {
    assert!(reply.text.chars().count() <= REPLY_MOST);
    assert!(!reply.text.contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
    assert!(!reply.text.contains(['\u{202e}', '\u{2066}']));
    assert_eq!(reply.text.trim_end(), reply.text);
    assert!(reply.cut.iter().all(|cut| !cut.text.is_empty()));
}

/// A mail that nothing is to be said against but what stands in it.
const FACTS: Facts<'static> = Facts {
    sender: Some("a@example.org"),
    recipients: 1,
    spam: Verdict::Pass,
    virus: Verdict::Pass,
    dmarc: Verdict::Pass,
    ours: &["cairn.example", "reply.cairn.example"],
};

/// Whether a person may have written the mail: a pass names its one sender, a refusal is one of the closed list.
fn is_decided(raw: &[u8]) {
    match judge(&FACTS, &headers(raw)) {
        Ok(judged) => assert!(!judged.from.is_empty()),
        Err(refusal) => assert!(Refusal::ALL.contains(&refusal)),
    }
}

fn is_read_swiftly(raw: &[u8]) {
    let start = Instant::now();
    is_decided(raw);
    if let Ok(mail) = read(raw) {
        is_sound(&mail.reply);
        assert!(mail.attached.iter().all(|file| (1..=120).contains(&file.name.chars().count()) && !file.name.contains(['/', '\\'])));
    }
    let text = String::from_utf8_lossy(raw);
    is_sound(&trim_text(&text));
    is_sound(&trim_html(&text));
    // without optimisation and beside other tests; optimised it is far below a millisecond
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

/// Changes a few bytes, lines or stretches, always in the same way for the same seed.
fn mutated(raw: &[u8], seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below.max(1) as u64) as usize
    };
    let mut raw = raw.to_vec();
    for _ in 0..=next(8) {
        let at = next(raw.len());
        let until = (at + next(60)).min(raw.len());
        match next(6) {
            0 => raw.truncate(at),
            1 => drop(raw.drain(at..until)),
            2 => {
                let piece = raw[at..until].to_vec();
                let to = next(raw.len());
                raw.splice(to..to, piece);
            }
            3 => raw[at..until].fill(b"\n>:<-\0\xff="[next(8)]),
            4 => raw.insert(at, next(256) as u8),
            _ => raw.splice(at..at, b"\r\n\r\n--b\r\n".iter().copied()).for_each(drop),
        }
        if raw.is_empty() {
            break;
        }
    }
    raw
}

#[test]
fn changed_mails_are_read_without_harm() {
    for (index, (_, text)) in mails().iter().enumerate() {
        let whole = format!(
            "From: a@example.org\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n--b\r\nContent-Type: text/html\r\n\r\n<div>{text}</div>\r\n--b--\r\n"
        );
        for seed in 0..12 {
            is_read_swiftly(&mutated(text.as_bytes(), index as u64 * 12 + seed + 1));
            is_read_swiftly(&mutated(whole.as_bytes(), index as u64 * 12 + seed + 1));
        }
    }
}

#[test]
fn changed_mails_of_the_corpus_are_read_without_harm() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/replies");
    let mut paths: Vec<_> = ["html", "mime", "plain", "shapes", "text"]
        .iter()
        .flat_map(|source| fs::read_dir(folder.join(source)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains(".in."))
        .collect();
    paths.sort();
    assert!(paths.len() > 400);
    for (index, path) in paths.iter().enumerate() {
        let raw = fs::read(path).unwrap();
        for seed in 0..12 {
            is_read_swiftly(&mutated(&raw, index as u64 * 12 + seed + 1));
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_read(text in "(?s).{0,400}") {
        is_read_swiftly(text.as_bytes());
    }

    #[test]
    fn any_bytes_are_read(raw in proptest::collection::vec(any::<u8>(), 0..600)) {
        is_read_swiftly(&raw);
    }

    /// Lines that mail programs write, in any order, never make more of the mail than it was.
    #[test]
    fn every_kept_line_stood_in_the_mail(lines in proptest::collection::vec(prop_oneof![
        Just("On Mon, 2 Mar 2026 at 16:15, Ada <a@b.c> wrote:"), Just("> quoted"), Just(""), Just("An answer."), Just("From: Ada <a@b.c>"), Just("Sent: 2 March 2026 16:15"), Just("To: Bob"),
        Just("Subject: x"), Just("-- "), Just("---"), Just("Ada Byron"), Just("Best regards"), Just("Sent from my iPhone"), Just("-----Original Message-----"), Just("```"), Just("wrote:"), Just("<a@b.c>"),
    ], 0..30)) {
        let reply = trim_text(&lines.join("\n"));
        is_sound(&reply);
        for line in reply.text.lines() {
            prop_assert!(lines.iter().any(|stood| stood.trim_end() == line));
        }
        let cut: usize = reply.cut.iter().map(|cut| cut.text.split_whitespace().count()).sum();
        let kept = reply.text.split_whitespace().count();
        prop_assert_eq!(cut + kept, lines.iter().map(|line| line.split_whitespace().count()).sum::<usize>());
    }
}
