//! Each service over the wire, by the real SDKs.

mod clock;
mod engine;
mod expressions;
mod faults;
mod s3;
mod scheduler;
mod ses;

use std::path::Path;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::Credentials;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use chrono::{DateTime, Utc};

use crate::aws::{self, Endpoint};
use crate::clock::Clock;
use crate::engine::Engine;
use crate::faults::Faults;
use crate::s3::S3;
use crate::scheduler::Scheduler;
use crate::ses::{Identities, Ses};

/// All services in one folder or in memory, on a clock that starts where a test wants it.
struct Wires {
    clock: Clock,
    engine: Engine,
    ses: Ses,
    scheduler: Scheduler,
    s3: S3,
    faults: Faults,
    endpoint: Endpoint,
    config: SdkConfig,
}

impl Wires {
    async fn in_memory(start: &str) -> Self {
        let clock = Clock::in_memory(Some(time(start)));
        let ses = Ses::in_memory(clock.clone(), identities());
        let scheduler = Scheduler::in_memory(clock.clone());
        Self::connect(clock, Engine::in_memory().unwrap(), ses, scheduler, S3::in_memory("cairn").unwrap()).await
    }

    async fn in_folder(folder: &Path, start: &str) -> Self {
        let clock = Clock::open(&folder.join("clock.json"), Some(time(start))).unwrap();
        let ses = Ses::open(&folder.join("mail.jsonl"), clock.clone(), identities()).unwrap();
        let scheduler = Scheduler::open(&folder.join("schedules.json"), clock.clone()).unwrap();
        let engine = Engine::on_disk(&folder.join("table.sqlite")).unwrap();
        Self::connect(clock, engine, ses, scheduler, S3::open(&folder.join("files"), "cairn").unwrap()).await
    }

    async fn connect(clock: Clock, engine: Engine, ses: Ses, scheduler: Scheduler, s3: S3) -> Self {
        let endpoint = Endpoint::serve(aws::router(&engine, &ses, &scheduler, &s3), 0).await.unwrap();
        let faults = Faults::default();
        let config = config(&endpoint.url(), faults.client());
        Wires { clock, engine, ses, scheduler, s3, faults, endpoint, config }
    }
}

fn config(url: &str, client: SharedHttpClient) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(aws_sdk_dynamodb::config::SharedCredentialsProvider::new(Credentials::new(
            "local", "local", None, None, "test",
        )))
        .endpoint_url(url)
        .http_client(client)
        .build()
}

fn identities() -> Identities {
    Identities { verified: vec!["mail.example.org".into()], configuration_sets: vec!["cairn".into()] }
}

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}
