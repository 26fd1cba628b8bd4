//! `cargo run`: the whole system on this machine.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use cairn::gateway;
use cairn::smtp::Smtp;
use cairn::stack::{Settings, Stack};
use cairn::welcome::{self, Words};
use chrono::{DateTime, Utc};
use clap::Parser;
use tokio::net::TcpListener;

/// Cairn, whole, on this machine: nothing leaves it.
#[derive(Parser)]
#[command(name = "cairn", version, about)]
struct Options {
    /// The port to serve on; a free one for 0. (`cargo lambda watch` takes 9000.)
    #[arg(long, default_value_t = 8700)]
    port: u16,
    /// The port of the AWS endpoints, for programs outside of this one; one above --port if left out.
    #[arg(long)]
    aws_port: Option<u16>,
    /// The port of the mail system that mail programs can send to; 25 above --port if left out.
    #[arg(long)]
    smtp_port: Option<u16>,
    /// The folder to keep everything in.
    #[arg(long, default_value = ".cairn", conflicts_with = "memory")]
    data: PathBuf,
    /// Keep everything in memory: it is gone when this stops.
    #[arg(long)]
    memory: bool,
    /// Begin without the demo account.
    #[arg(long)]
    no_demo: bool,
    /// The time the clock shows at first, like 2026-03-01T08:00:00Z; it goes on from there.
    #[arg(long)]
    clock: Option<DateTime<Utc>>,
    /// Forget what the data folder holds, and begin anew.
    #[arg(long, conflicts_with = "memory")]
    fresh: bool,
    /// Print the table as it must be, in CloudFormation's words, and stop.
    #[arg(long, hide = true)]
    print_table: bool,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // whoever reads this can do nothing with a backtrace
            let _ = writeln!(std::io::stderr(), "cairn: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let options = Options::parse();
    if options.print_table {
        let table = serde_json::to_string_pretty(&platform::store::schema::described())?;
        return Ok(writeln!(std::io::stdout(), "{table}")?);
    }
    let level = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn,dynoxide=error".into());
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(level).init();
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(serve(options))
}

async fn serve(options: Options) -> anyhow::Result<()> {
    let started = std::time::Instant::now();
    let listener = listen(options.port, "--port").await?;
    let port = listener.local_addr()?.port();
    let url = format!("http://127.0.0.1:{port}");
    let data = (!options.memory).then_some(options.data);
    let aws_port = options.aws_port.unwrap_or(if options.port == 0 { 0 } else { port.saturating_add(1) });
    if aws_port != 0 {
        drop(listen(aws_port, "--aws-port").await?);
    }
    let smtp_port = options.smtp_port.unwrap_or(if options.port == 0 { 0 } else { port.saturating_add(25) });
    let smtp = Smtp::listen(smtp_port).await.map_err(|error| unlistenable(smtp_port, "--smtp-port", error))?;
    let smtp_address = smtp.address().to_string();
    let settings = Settings { data, start: options.clock, aws_port, public_url: url.clone(), admin_email: None, short: false };
    if let Some(data) = &settings.data {
        if options.fresh {
            cairn::stack::clear(data)?;
        }
        if !options.no_demo {
            cairn::demo::begin(data, &settings).await?;
        }
    }
    let data = settings.data.clone();
    let stack = Arc::new(Stack::start(settings).await?);
    let demo = match (&data, options.no_demo) {
        (_, true) => None,
        (Some(data), false) => cairn::demo::of(data)?,
        (None, false) => Some(Box::pin(cairn::demo::seed(&stack)).await?),
    };
    tokio::spawn({
        let stack = Arc::clone(&stack);
        async move { stack.run().await }
    });
    tokio::spawn(smtp.serve(Arc::clone(&stack)));
    let served = axum::serve(listener, gateway::router(Arc::clone(&stack)));
    let words = Words {
        url: &url,
        aws: &stack.endpoint.url(),
        smtp: &smtp_address,
        data: data.as_deref(),
        demo: demo.as_ref(),
        took: started.elapsed(),
    };
    std::io::stderr().write_all(words.written(welcome::plain()).as_bytes())?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "ready {url}")?;
    stdout.flush()?;
    served.with_graceful_shutdown(async { drop(tokio::signal::ctrl_c().await) }).await?;
    Ok(())
}

async fn listen(port: u16, option: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", port)).await.map_err(|error| unlistenable(port, option, error))
}

/// Why a port can't be listened on, in words.
fn unlistenable(port: u16, option: &str, error: std::io::Error) -> anyhow::Error {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            anyhow::anyhow!("port {port} is taken (another cairn, perhaps); stop what uses it, or choose another with {option}")
        }
        _ => anyhow::Error::new(error).context(format!("port {port} can't be listened on; choose another with {option}")),
    }
}
