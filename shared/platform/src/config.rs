//! The settings of a deployment. All come from the environment; a missing one stops the cold start with its name.

/// What a function needs to know of where it runs.
#[derive(Clone, Debug)]
pub struct Config {
    /// The table's name (`CAIRN_TABLE`).
    pub table: String,
    /// The group that reports' schedules are in (`CAIRN_SCHEDULE_GROUP`).
    pub schedule_group: String,
    /// The queue that schedules put runs into (`CAIRN_RUNS_QUEUE_ARN`).
    pub runs_queue_arn: String,
    /// The role that lets schedules do so (`CAIRN_SCHEDULER_ROLE_ARN`).
    pub scheduler_role_arn: String,
    /// Where a schedule's undeliverable runs go (`CAIRN_SCHEDULE_DLQ_ARN`), if anywhere.
    pub schedule_dlq_arn: Option<String>,
    /// The address mail comes from (`CAIRN_MAIL_FROM`).
    pub mail_from: String,
    /// The SES configuration set mail goes through (`CAIRN_CONFIGURATION_SET`), if any.
    pub configuration_set: Option<String>,
    /// The bucket of mail that came in, and of files (`CAIRN_BUCKET`).
    pub bucket: String,
    /// The domain of the addresses that comments go to (`CAIRN_REPLY_DOMAIN`).
    pub reply_domain: String,
    /// What links in mail begin with (`CAIRN_PUBLIC_URL`), without a slash at the end.
    pub public_url: String,
    /// Whether anybody may open an account (`CAIRN_ALLOW_SIGN_UP`).
    pub allow_sign_up: bool,
    /// Whose address opens an account when it first asks to sign in (`CAIRN_ADMIN_EMAIL`), if anybody's.
    pub admin_email: Option<String>,
}

/// A setting is missing from the environment.
#[derive(Debug, thiserror::Error)]
#[error("the environment variable {0} is not set")]
pub struct Missing(&'static str);

impl Config {
    /// Reads the settings.
    ///
    /// # Errors
    /// The first one that is missing.
    pub fn from_env() -> Result<Self, Missing> {
        Self::read(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    /// Reads the settings through `look_up`.
    ///
    /// # Errors
    /// The first one that is missing.
    pub fn read(look_up: impl Fn(&str) -> Option<String>) -> Result<Self, Missing> {
        let needed = |name| look_up(name).ok_or(Missing(name));
        Ok(Self {
            table: needed("CAIRN_TABLE")?,
            schedule_group: needed("CAIRN_SCHEDULE_GROUP")?,
            runs_queue_arn: needed("CAIRN_RUNS_QUEUE_ARN")?,
            scheduler_role_arn: needed("CAIRN_SCHEDULER_ROLE_ARN")?,
            schedule_dlq_arn: look_up("CAIRN_SCHEDULE_DLQ_ARN"),
            mail_from: needed("CAIRN_MAIL_FROM")?,
            configuration_set: look_up("CAIRN_CONFIGURATION_SET"),
            bucket: needed("CAIRN_BUCKET")?,
            reply_domain: needed("CAIRN_REPLY_DOMAIN")?.to_ascii_lowercase(),
            public_url: needed("CAIRN_PUBLIC_URL")?.trim_end_matches('/').to_owned(),
            allow_sign_up: look_up("CAIRN_ALLOW_SIGN_UP").is_some_and(|value| value == "true"),
            admin_email: look_up("CAIRN_ADMIN_EMAIL"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_setting_is_named() {
        let missing = Config::read(|name| (name != "CAIRN_MAIL_FROM").then(|| "x".into())).unwrap_err();
        assert_eq!(missing.to_string(), "the environment variable CAIRN_MAIL_FROM is not set");
    }
}
