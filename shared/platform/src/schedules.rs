//! Schedules in EventBridge Scheduler: a projection of the table, never the truth.

use aws_config::SdkConfig;
use aws_sdk_scheduler::config::retry::{RetryPartition, TokenBucket};
use aws_sdk_scheduler::error::{DisplayErrorContext, ProvideErrorMetadata};
use aws_sdk_scheduler::types::{
    ActionAfterCompletion, DeadLetterConfig, FlexibleTimeWindow, FlexibleTimeWindowMode, ScheduleState, Target,
};
use chrono_tz::Tz;
use domain::id::{AccountId, ItemId, ReportId};
use serde::{Deserialize, Serialize};

use crate::Config;

/// What a schedule puts into the queue of runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunMessage {
    /// The account.
    pub account_id: AccountId,
    /// The report.
    pub report_id: ReportId,
    /// The revision of the report's schedule that this was made for.
    pub revision: u64,
    /// The instant it was scheduled for; the scheduler fills it in.
    pub scheduled_at: String,
    /// The appointment it is for, if the report follows appointments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_id: Option<ItemId>,
}

/// What EventBridge replaces by the instant a schedule was to fire.
pub const SCHEDULED_TIME: &str = "<aws.scheduler.scheduled-time>";

/// One schedule as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name, unique in the group.
    pub name: String,
    /// `cron(…)` or `at(…)`.
    pub expression: String,
    /// The zone the expression is read in.
    pub zone: Tz,
    /// What it puts into the queue.
    pub message: RunMessage,
    /// Whether it goes away after it fired.
    pub once: bool,
}

/// A call to the scheduler failed.
#[derive(Debug, thiserror::Error)]
#[error("EventBridge Scheduler {call}: {detail}")]
pub struct ScheduleError {
    call: &'static str,
    detail: String,
}

/// Keeps schedules.
#[derive(Clone, Debug)]
pub struct Schedules {
    client: aws_sdk_scheduler::Client,
    group: String,
    queue_arn: String,
    role_arn: String,
    dlq_arn: Option<String>,
}

impl Schedules {
    /// The schedules of a deployment.
    pub fn new(sdk: &SdkConfig, config: &Config) -> Self {
        let budget = RetryPartition::custom("schedules").token_bucket(TokenBucket::default()).build();
        let scheduler = aws_sdk_scheduler::config::Builder::from(sdk).retry_partition(budget).build();
        Self {
            client: aws_sdk_scheduler::Client::from_conf(scheduler),
            group: config.schedule_group.clone(),
            queue_arn: config.runs_queue_arn.clone(),
            role_arn: config.scheduler_role_arn.clone(),
            dlq_arn: config.schedule_dlq_arn.clone(),
        }
    }

    /// Makes the schedule what the entry says, whether it exists or not.
    ///
    /// # Errors
    /// The call that failed.
    pub async fn put(&self, entry: &Entry) -> Result<(), ScheduleError> {
        // UpdateSchedule resets what it is not given, so it is always given everything
        let target = self.target(entry)?;
        let window = FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off).build().map_err(|e| failed("window", &e))?;
        let after = if entry.once { ActionAfterCompletion::Delete } else { ActionAfterCompletion::None };
        let updated = self
            .client
            .update_schedule()
            .name(&entry.name)
            .group_name(&self.group)
            .schedule_expression(&entry.expression)
            .schedule_expression_timezone(entry.zone.name())
            .flexible_time_window(window.clone())
            .action_after_completion(after.clone())
            .state(ScheduleState::Enabled)
            .target(target.clone())
            .send()
            .await;
        match updated {
            Ok(_) => return Ok(()),
            Err(error) if error.code() == Some("ResourceNotFoundException") => {}
            Err(error) => return Err(failed("UpdateSchedule", &error)),
        }
        let created = self
            .client
            .create_schedule()
            .name(&entry.name)
            .group_name(&self.group)
            .schedule_expression(&entry.expression)
            .schedule_expression_timezone(entry.zone.name())
            .flexible_time_window(window)
            .action_after_completion(after)
            .state(ScheduleState::Enabled)
            .target(target)
            .send()
            .await;
        match created {
            Ok(_) => Ok(()),
            // made by somebody else in between, for the same table row
            Err(error) if error.code() == Some("ConflictException") => Ok(()),
            Err(error) => Err(failed("CreateSchedule", &error)),
        }
    }

    fn target(&self, entry: &Entry) -> Result<Target, ScheduleError> {
        let input = serde_json::to_string(&entry.message).map_err(|e| failed("input", &e))?;
        Target::builder()
            .arn(&self.queue_arn)
            .role_arn(&self.role_arn)
            .input(input)
            .set_dead_letter_config(self.dlq_arn.as_ref().map(|arn| DeadLetterConfig::builder().arn(arn).build()))
            .build()
            .map_err(|e| failed("target", &e))
    }

    /// Removes a schedule; one that does not exist is gone already.
    ///
    /// # Errors
    /// The call that failed.
    pub async fn remove(&self, name: &str) -> Result<(), ScheduleError> {
        match self.client.delete_schedule().name(name).group_name(&self.group).send().await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(()),
            Err(error) => Err(failed("DeleteSchedule", &error)),
        }
    }

    /// The names of the schedules that begin with `prefix`, all of them.
    ///
    /// # Errors
    /// The call that failed.
    pub async fn names(&self, prefix: &str) -> Result<Vec<String>, ScheduleError> {
        let mut pages = self.client.list_schedules().group_name(&self.group).name_prefix(prefix).into_paginator().items().send();
        let mut names = Vec::new();
        while let Some(schedule) = pages.next().await {
            names.extend(schedule.map_err(|e| failed("ListSchedules", &e))?.name);
        }
        Ok(names)
    }
}

fn failed(call: &'static str, error: &(impl std::error::Error + Send + Sync + 'static)) -> ScheduleError {
    ScheduleError { call, detail: DisplayErrorContext(error).to_string() }
}
