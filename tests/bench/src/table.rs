//! Tables on standard output, and what goes into them.

use std::io::Write;
use std::process::Command;
use std::time::Duration;

/// Prints on what all this was measured.
pub(crate) fn machine() -> std::io::Result<()> {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let rustc = Command::new("rustc").arg("--version").output().map(|said| String::from_utf8_lossy(&said.stdout).trim().to_owned());
    let profile = if cfg!(debug_assertions) { "dev (use --release)" } else { "release" };
    let (arch, os, rustc) = (std::env::consts::ARCH, std::env::consts::OS, rustc.unwrap_or_else(|_| "no rustc".into()));
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default().to_owned();
    writeln!(std::io::stdout(), "{cores} cores, {arch}-{os}, {rustc}, profile {profile}, load {load}")
}

/// Prints a table: the first column to the left, the others to the right.
pub(crate) fn print(title: &str, head: &[&str], rows: &[Vec<String>]) -> std::io::Result<()> {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(String::as_str).chain(head.get(column).copied());
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: Vec<&str>| {
        let cells = cells.iter().zip(&widths).enumerate().map(|(n, (cell, &width))| match n {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{title}\n{}", line(head.to_vec()))?;
    for row in rows {
        writeln!(out, "{}", line(row.iter().map(String::as_str).collect()))?;
    }
    out.flush()
}

/// The middle one.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Milliseconds.
pub(crate) fn ms(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1_000.0;
    match ms {
        100.0.. => format!("{ms:.0}"),
        1.0.. => format!("{ms:.2}"),
        _ => format!("{ms:.3}"),
    }
}

/// A number with its thousands set apart.
pub(crate) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
