//! Reads a folder of mails as a reader of replies is judged by: `index.json` names them, their kinds and their files.

use std::{
    fs,
    io::{BufWriter, Write as _},
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use serde_json::Value;

/// How often every mail is read for the clock.
const PASSES: u32 = 20;

struct Mail {
    id: String,
    kind: String,
    raw: Vec<u8>,
}

impl Mail {
    fn reply(&self) -> String {
        match self.kind.as_str() {
            "html" => mail::incoming::trim_html(&String::from_utf8_lossy(&self.raw)).text,
            "mime" => mail::incoming::read(&self.raw).map(|mail| mail.reply.text).unwrap_or_default(),
            _ => mail::incoming::trim_text(&String::from_utf8_lossy(&self.raw)).text,
        }
    }
}

/// Reads every fixture and predicate that `folder/index.json` names, writes one line `{"id", "reply"}` for each to `out`, and prints
/// how many mails one core reads in a second and which mail took longest.
pub(crate) fn replies(folder: &Path, out: &Path) -> anyhow::Result<()> {
    let index: Value = serde_json::from_slice(&fs::read(folder.join("index.json")).context("the folder's index.json")?)?;
    let mut mails = Vec::new();
    for list in ["fixtures", "predicates"] {
        for entry in index[list].as_array().into_iter().flatten() {
            let field = |name: &str| entry[name].as_str().with_context(|| format!("a mail without {name}"));
            let raw = fs::read(folder.join(field("input")?)).with_context(|| format!("the mail {}", entry["id"]))?;
            mails.push(Mail { id: field("id")?.to_owned(), kind: field("kind")?.to_owned(), raw });
        }
    }
    let mut file = BufWriter::new(fs::File::create(out)?);
    for mail in &mails {
        serde_json::to_writer(&mut file, &serde_json::json!({ "id": mail.id, "reply": mail.reply() }))?;
        file.write_all(b"\n")?;
    }
    file.flush()?;

    let mut best = vec![Duration::MAX; mails.len()];
    for _ in 0..PASSES {
        for (mail, best) in mails.iter().zip(&mut best) {
            let start = Instant::now();
            std::hint::black_box(mail.reply());
            *best = start.elapsed().min(*best);
        }
    }
    let total: Duration = best.iter().sum();
    let bytes: usize = mails.iter().map(|mail| mail.raw.len()).sum();
    let mut console = std::io::stdout();
    writeln!(
        console,
        "{} mails, {:.1} MB: {:.0} mails a second on one core, {:.0} MB/s (best of {PASSES} passes each)",
        mails.len(),
        bytes as f64 / 1e6,
        mails.len() as f64 / total.as_secs_f64(),
        bytes as f64 / 1e6 / total.as_secs_f64()
    )?;
    if let Some((mail, time)) = mails.iter().zip(&best).max_by_key(|(_, time)| **time) {
        writeln!(console, "slowest: {} of {} bytes, {:.2} ms", mail.id, mail.raw.len(), time.as_secs_f64() * 1e3)?;
    }
    Ok(())
}
