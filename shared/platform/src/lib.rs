//! Everything that speaks to AWS: the single table, mail, schedules, files. The only deployed crate that names an AWS SDK.
//!
//! Nothing here decides: rules are in `domain`, operations in `app`.

pub mod clock;
pub mod config;
pub mod files;
mod http;
pub mod mailer;
pub mod schedules;
pub mod store;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};

pub use clock::Clock;
pub use config::Config;
pub use files::Files;
pub use mailer::Mailer;
pub use schedules::Schedules;
pub use store::Store;

/// The clients of everything a function talks to.
#[derive(Clone, Debug)]
pub struct Platform {
    /// The table.
    pub store: Store,
    /// Mail out.
    pub mailer: Mailer,
    /// Schedules.
    pub schedules: Schedules,
    /// Mail that came in, and files.
    pub files: Files,
}

impl Platform {
    /// The clients for an environment: region, credentials and endpoint as the SDK finds them.
    pub async fn from_env(config: &Config) -> Self {
        let timeouts = TimeoutConfig::builder().connect_timeout(http::CONNECT_WITHIN).build();
        let sdk = aws_config::defaults(BehaviorVersion::latest()).http_client(http::client()).timeout_config(timeouts);
        Self::new(config, &sdk.load().await)
    }

    /// The clients over a given SDK configuration: how the local stack and the tests put their own HTTP client under it.
    pub fn new(config: &Config, sdk: &SdkConfig) -> Self {
        Self {
            store: Store::new(sdk, &config.table),
            mailer: Mailer::new(sdk, config),
            schedules: Schedules::new(sdk, config),
            files: Files::new(sdk, config),
        }
    }
}
