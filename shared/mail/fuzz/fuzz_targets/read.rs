//! Any bytes, judged and read as a mail, read as text and as HTML: no panic, a decision, a sound reply, and nothing that takes long.
//!
//! With coverage, on nightly: `cargo +nightly fuzz run read -- -max_total_time=300` in `shared/mail`. On stable, in this folder:
//! `cargo run --release -- SECONDS FOLDER`, which changes the files below the folder at random.

#![cfg_attr(fuzzing, no_main)]

use std::time::{Duration, Instant};

use domain::inbound::{Refusal, Verdict};
use mail::{
    incoming::{REPLY_MOST, Reply, headers, read, trim_html, trim_text},
    judge::{Facts, judge},
};

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|raw: &[u8]| check(raw));

/// A mail that nothing is to be said against but what stands in it.
const FACTS: Facts<'static> = Facts {
    sender: Some("a@example.org"),
    recipients: 1,
    spam: Verdict::Pass,
    virus: Verdict::Pass,
    dmarc: Verdict::Gray,
    ours: &["cairn.example", "reply.cairn.example"],
};

fn check(raw: &[u8]) {
    let start = Instant::now();
    match judge(&FACTS, &headers(raw)) {
        Ok(judged) => assert!(!judged.from.is_empty()),
        Err(refusal) => assert!(Refusal::ALL.contains(&refusal)),
    }
    if let Ok(mail) = read(raw) {
        is_sound(&mail.reply);
        assert!(
            mail.attached.iter().all(|file| !file.name.is_empty() && file.name.chars().count() <= 120 && !file.name.contains(['/', '\\']))
        );
    }
    let text = String::from_utf8_lossy(raw);
    is_sound(&trim_text(&text));
    is_sound(&trim_html(&text));
    let most = Duration::from_millis(50 + raw.len() as u64 / 1000);
    assert!(start.elapsed() < most * 4, "{} bytes took {:?}", raw.len(), start.elapsed());
}

fn is_sound(reply: &Reply) {
    assert!(reply.text.chars().count() <= REPLY_MOST);
    assert!(!reply.text.contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
    assert_eq!(reply.text.trim_end(), reply.text);
}

#[cfg(not(fuzzing))]
fn main() {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().and_then(|seconds| seconds.parse().ok()).unwrap_or(60);
    let folders = arguments.next().map_or_else(
        || {
            vec![
                concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/incoming/fixtures").to_owned(),
                concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/replies").to_owned(),
            ]
        },
        |folder| vec![folder],
    );
    let mut seeds = Vec::new();
    for folder in &folders {
        collect(folder.as_ref(), &mut seeds);
    }
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below.max(1) as u64) as usize
    };
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut count = 0_u64;
    while Instant::now() < end {
        let mut raw = seeds.get(next(seeds.len())).cloned().unwrap_or_default();
        for _ in 0..=next(10) {
            let at = next(raw.len());
            let until = (at + next(200)).min(raw.len());
            match next(6) {
                0 => raw.truncate(at.max(16)),
                1 => drop(raw.drain(at..until)),
                2 | 3 => {
                    let other = seeds.get(next(seeds.len())).map_or(&[][..], Vec::as_slice);
                    let from = next(other.len());
                    let piece = other[from..(from + next(300)).min(other.len())].to_vec();
                    raw.splice(at..at, piece);
                }
                4 if at < raw.len() => raw[at..until].fill(b"\n>:<-\0\xff="[next(8)]),
                _ => raw.insert(at, next(256) as u8),
            }
        }
        check(&raw);
        count += 1;
    }
    println!("{count} changed mails of {} seeds in {seconds} s", seeds.len());
}

#[cfg(not(fuzzing))]
fn collect(path: &std::path::Path, into: &mut Vec<Vec<u8>>) {
    if let Ok(entries) = std::fs::read_dir(path) {
        entries.flatten().for_each(|entry| collect(&entry.path(), into));
    } else if let Ok(raw) = std::fs::read(path) {
        into.push(raw);
    }
}
