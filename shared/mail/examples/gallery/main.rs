//! Writes every sample mail into a folder, to be looked at in a browser: `cargo run -p mail --example gallery -- FOLDER`.

#![allow(clippy::expect_used, clippy::print_stdout, dead_code, missing_docs, unreachable_pub)]

mod cases;

use std::path::PathBuf;
use std::time::Instant;

use base64::Engine as _;

fn main() -> std::io::Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "target/gallery".to_owned()));
    std::fs::create_dir_all(&folder)?;
    // as much as a mail holds
    let full = cases::progress::to_coach(&cases::progress::many(100, "", &"x".repeat(90)));
    for (name, message) in cases::all().into_iter().chain([("off-track-coach-full", full)]) {
        let mut html = message.html.clone();
        for image in &message.images {
            let data = base64::engine::general_purpose::STANDARD.encode(&image.png);
            html = html.replace(&format!("cid:{}", image.content_id), &format!("data:image/png;base64,{data}"));
        }
        std::fs::write(folder.join(format!("{name}.html")), html)?;
        std::fs::write(folder.join(format!("{name}.txt")), &message.text)?;
        let charts: Vec<usize> = message.images.iter().map(|image| image.png.len()).collect();
        println!("{name}: {} | {} | {} bytes of HTML, charts {charts:?}", message.subject, message.preheader, message.html.len());
    }
    for (what, content) in [
        ("25 things of one client", cases::many(1, 25, None)),
        ("1,000 things of 10 clients", cases::many(10, 100, None)),
        ("1,000 things of 10 clients with text", cases::many(10, 100, Some(&"word ".repeat(200)))),
        ("10,000 things of 1,000 clients", cases::many(1_000, 10, None)),
    ] {
        let runs = 50;
        let start = Instant::now();
        for _ in 0..runs {
            std::hint::black_box(cases::coach_of(&content));
        }
        println!("{what}: {:?} each", start.elapsed() / runs);
    }
    Ok(())
}
