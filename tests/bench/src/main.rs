//! What Cairn costs: `cargo run --release -p bench` measures everything and prints tables.

mod build;
mod compose;
mod export;
mod read;
mod replies;
mod run;
mod size;
mod start;
mod sweep;
mod table;
mod tls;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Measures what Cairn costs. Without a command: everything.
#[derive(Parser)]
#[command(name = "bench")]
struct Options {
    #[command(subcommand)]
    what: Option<What>,
    /// Functions and `hello` as they are in this folder, instead of building them.
    #[arg(long, global = true)]
    binaries: Option<PathBuf>,
}

#[derive(Subcommand, Clone, PartialEq, Eq)]
enum What {
    /// Composing the mail of 25 and of 1,000 happenings.
    Compose,
    /// One run for 1, 100 and 1,000 recipients: requests, capacity, time.
    Run,
    /// The start of each function's binary, next to a hello-world function's.
    Start,
    /// The size of each function's zip.
    Size,
    /// Reading a client through the API, next to the one call of the table's that it is about.
    Read,
    /// One sweep of 10,000 and of 100,000 tracked engagements.
    Sweep {
        /// And one of a million; making them takes a long time.
        #[arg(long)]
        million: bool,
    },
    /// Exports of 1,000, 10,000 and 100,000 happenings: speed, size, memory, capacity.
    Export {
        /// Other numbers of happenings.
        #[arg(value_delimiter = ',')]
        sizes: Vec<usize>,
    },
    /// Reading a folder of mails: what each person wrote, as lines of JSON; mails a second. Not part of everything.
    Replies {
        /// The folder; its index.json names the mails.
        folder: PathBuf,
        /// The file to write.
        out: PathBuf,
    },
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let wanted = |what| options.what.as_ref().is_none_or(|wanted| *wanted == what);
    if let Some(What::Replies { folder, out }) = &options.what {
        return replies::replies(folder, out);
    }
    table::machine()?;
    if wanted(What::Compose) {
        compose::measure()?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    if wanted(What::Read) {
        runtime.block_on(read::measure())?;
    }
    if wanted(What::Run) {
        runtime.block_on(run::measure())?;
    }
    if let None | Some(What::Sweep { .. }) = options.what {
        let million = matches!(options.what, Some(What::Sweep { million: true }));
        runtime.block_on(sweep::measure(million))?;
    }
    let of_exports = match &options.what {
        Some(What::Export { sizes }) if !sizes.is_empty() => Some(sizes.clone()),
        None | Some(What::Export { .. }) => Some(vec![1_000, 10_000, 100_000]),
        Some(_) => None,
    };
    if wanted(What::Start) || wanted(What::Size) || of_exports.is_some() {
        let binaries = options.binaries.map_or_else(build::release, Ok)?;
        if wanted(What::Size) {
            size::measure(&binaries)?;
        }
        if wanted(What::Start) {
            runtime.block_on(start::measure(&binaries))?;
        }
        if let Some(sizes) = of_exports {
            runtime.block_on(export::measure(&binaries, &sizes))?;
        }
    }
    Ok(())
}
