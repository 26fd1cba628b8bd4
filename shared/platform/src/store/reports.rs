//! Reports, how far they have got, and their runs.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, Update};
use chrono::{DateTime, NaiveDate, Utc};
use domain::delivery::Delivery;
use domain::id::{ClientId, DeliveryId, ReportId, RunId};
use domain::person::Email;
use domain::report::Report;
use domain::run::Run;
use domain::show::Content;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::keys::{self, Scope, Wheel};
use super::{After, Changes, Index, Query, Range, Store, StoreError, built, failed, text, to_row};

/// How far a report has got, with all its clients or with one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The end of the last run's window.
    #[serde(default)]
    pub covered_until: Option<DateTime<Utc>>,
    /// When it runs next, as far as known.
    #[serde(default)]
    pub next_run_at: Option<DateTime<Utc>>,
    /// The last run.
    #[serde(default)]
    pub last_run: Option<RunId>,
}

/// An address that unsubscribed from a report.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Unsubscribed {
    /// When.
    pub at: DateTime<Utc>,
}

impl Store {
    /// A report.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn report(&self, scope: Scope, id: ReportId) -> Result<Option<Report>, StoreError> {
        self.read("report", &keys::report(scope, id)).await
    }

    /// All reports of the account, in the order they were set up.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reports(&self, scope: Scope) -> Result<Vec<Report>, StoreError> {
        self.of_account("report", scope, keys::REPORTS).await
    }

    /// A page of the account's reports.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reports_page(&self, scope: Scope, limit: usize, after: Option<After>) -> Result<(Vec<Report>, Option<After>), StoreError> {
        self.page_of_account("report", scope, keys::REPORTS, limit, after).await
    }

    /// Where a page of reports goes on after this one.
    pub fn reports_after(&self, scope: Scope, id: ReportId) -> After {
        After { key: keys::report(scope, id), index_sk: None }
    }

    /// Adds a report.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_report(&self, changes: &mut Changes, scope: Scope, report: &Report) -> Result<(), StoreError> {
        changes.add("report", &self.table, to_row("report", &keys::report(scope, report.id).into(), report)?)
    }

    /// Changes a report; unmet `version`.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn replace_report(&self, changes: &mut Changes, scope: Scope, report: &Report) -> Result<(), StoreError> {
        changes.replace("version", &self.table, to_row("report", &keys::report(scope, report.id).into(), report)?, report.version - 1)
    }

    /// Removes a report; unmet `version`. Its runs stay on record.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn remove_report(&self, changes: &mut Changes, scope: Scope, report: &Report) -> Result<(), StoreError> {
        changes.remove("version", &self.table, &keys::report(scope, report.id), Some(report.version))?;
        changes.remove("progress", &self.table, &keys::progress_key(scope, report.id, None), None)
    }

    /// How far a report has got; with one client, for a report that follows appointments.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn progress(&self, scope: Scope, report: ReportId, client: Option<ClientId>) -> Result<Progress, StoreError> {
        Ok(self.read("progress", &keys::progress_key(scope, report, client)).await?.unwrap_or_default())
    }

    /// How far these reports have got, in no order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn progress_of(&self, scope: Scope, reports: &[ReportId]) -> Result<Vec<(ReportId, Progress)>, StoreError> {
        #[derive(Deserialize)]
        struct Of {
            report_id: ReportId,
            #[serde(flatten)]
            progress: Progress,
        }
        let found: Vec<Of> = self.read_many("progress", reports.iter().map(|id| keys::progress_key(scope, *id, None))).await?;
        Ok(found.into_iter().map(|of| (of.report_id, of.progress)).collect())
    }

    /// Sets when a report runs next, and where the wheel shows it; what it has covered stays.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn set_next_run(&self, changes: &mut Changes, scope: Scope, report: ReportId, wheel: Wheel) -> Result<(), StoreError> {
        let update = self.progress_update(scope, report, None, wheel, None)?;
        changes.update("progress", update.build().map_err(|e| built(&e))?);
        Ok(())
    }

    /// Moves the end of what is covered from `before` to the run's window, and the wheel with it; unmet `covered` if
    /// another run has moved it meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn cover(
        &self,
        changes: &mut Changes,
        scope: Scope,
        run: &Run,
        client: Option<ClientId>,
        before: Option<DateTime<Utc>>,
        wheel: Wheel,
    ) -> Result<(), StoreError> {
        let mut update = self.progress_update(scope, run.report_id, client, wheel, Some(run))?;
        update = match before {
            Some(before) => {
                let before =
                    serde_dynamo::to_attribute_value(before).map_err(|e| StoreError::Row { what: "progress", detail: e.to_string() })?;
                update.condition_expression("covered_until = :before").expression_attribute_values(":before", before)
            }
            None => update.condition_expression("attribute_not_exists(covered_until)"),
        };
        changes.update("covered", update.build().map_err(|e| built(&e))?);
        Ok(())
    }

    fn progress_update(
        &self,
        scope: Scope,
        report: ReportId,
        client: Option<ClientId>,
        wheel: Wheel,
        covers: Option<&Run>,
    ) -> Result<aws_sdk_dynamodb::types::builders::UpdateBuilder, StoreError> {
        let value = |at: DateTime<Utc>| {
            serde_dynamo::to_attribute_value(at).map_err(|e| StoreError::Row { what: "progress", detail: e.to_string() })
        };
        let mut set = vec!["#type = :type", "report_id = :report"];
        let mut remove = Vec::new();
        let mut update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::progress_key(scope, report, client).row()))
            .expression_attribute_names("#type", "type")
            .expression_attribute_values(":type", AttributeValue::S("progress".into()))
            .expression_attribute_values(":report", AttributeValue::S(report.to_string()));
        match wheel {
            Wheel::Next(at) => {
                set.push("next_run_at = :next");
                update = update.expression_attribute_values(":next", value(at)?);
            }
            Wheel::Follow | Wheel::Off => remove.push("next_run_at"),
        }
        // with one client only the windows are kept; the report's own row is the one the wheel shows
        match keys::report_wheel(scope, report, wheel).filter(|_| client.is_none()) {
            Some((pk, sk)) => {
                set.extend(["gsi2pk = :wheel", "gsi2sk = :place"]);
                update = update
                    .expression_attribute_values(":wheel", AttributeValue::S(pk))
                    .expression_attribute_values(":place", AttributeValue::S(sk));
            }
            None => remove.extend(["gsi2pk", "gsi2sk"]),
        }
        if let Some(run) = covers {
            set.extend(["covered_until = :covered", "last_run = :run"]);
            update = update
                .expression_attribute_values(":covered", value(run.window.to)?)
                .expression_attribute_values(":run", AttributeValue::S(run.id.to_string()));
        }
        let mut expression = format!("SET {}", set.join(", "));
        if !remove.is_empty() {
            expression = format!("{expression} REMOVE {}", remove.join(", "));
        }
        Ok(update.update_expression(expression))
    }

    /// The reports whose next run is due from `from` to `until`, whatever the account: when, account and report, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reports_due(
        &self,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Vec<(DateTime<Utc>, Scope, ReportId)>, StoreError> {
        let places = self.wheel(keys::next_wheel, Range::Between(keys::time(from), format!("{}#~", keys::time(until)))).await?;
        let mut due: Vec<_> = places.iter().filter_map(|sk| keys::read_next(sk)).collect();
        due.sort_by_key(|(at, scope, report)| (*at, scope.account(), *report));
        Ok(due)
    }

    /// The reports that follow appointments, whatever the account.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn following_reports(&self) -> Result<Vec<(Scope, ReportId)>, StoreError> {
        let places = self.wheel(keys::follow_wheel, Range::All).await?;
        Ok(places.iter().filter_map(|sk| keys::read_follow(sk)).collect())
    }

    /// A run.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn run(&self, scope: Scope, id: RunId) -> Result<Option<Run>, StoreError> {
        self.read("run", &keys::run_key(scope, id)).await
    }

    /// The runs whose planning began by `until` and has not ended, whatever the account.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unplanned_runs(&self, until: DateTime<Utc>) -> Result<Vec<(Scope, RunId)>, StoreError> {
        let rows = self.wheel(keys::planning_wheel, Range::Between("0".into(), format!("{}#~", keys::time(until)))).await?;
        Ok(rows.iter().filter_map(|sk| keys::read_planning(sk)).collect())
    }

    /// The sort keys of all shards of a wheel in a range.
    async fn wheel(&self, shard: fn(u8) -> String, range: Range) -> Result<Vec<String>, StoreError> {
        let parts = (0..keys::SHARDS).map(async |n| self.query_rows(&Query::index(Index::Two, shard(n), range.clone()), None).await);
        let rows = futures::future::try_join_all(parts).await?;
        Ok(rows.iter().flatten().map(|row| text(row, Index::Two.sk())).collect())
    }

    /// A page of a report's runs, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn runs_page(
        &self,
        scope: Scope,
        report: ReportId,
        limit: usize,
        after: Option<After>,
    ) -> Result<(Vec<Run>, Option<After>), StoreError> {
        self.page("run", &Query::index(Index::One, keys::runs(scope, report), Range::All).newest_first().after(after), limit).await
    }

    /// Where a page of runs goes on after this one.
    pub fn runs_after(&self, scope: Scope, run: RunId) -> After {
        After { key: keys::run_key(scope, run), index_sk: Some(run.to_string()) }
    }

    /// Adds a run; unmet `run` if the same occurrence is on record.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn add_run(&self, changes: &mut Changes, scope: Scope, run: &Run) -> Result<(), StoreError> {
        changes.add("run", &self.table, to_row("run", &keys::run(scope, run), run)?)
    }

    /// Records that a run that was being planned is planned, or skipped. Saying so twice is harmless.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn end_planning(&self, changes: &mut Changes, scope: Scope, run: &Run) -> Result<(), StoreError> {
        changes.put("run", &self.table, to_row("run", &keys::run(scope, run), run)?)
    }

    /// Keeps what a run says; the same content twice is kept once. Returns the name it is kept under.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn keep_content(&self, changes: &mut Changes, scope: Scope, run: RunId, content: &Content) -> Result<String, StoreError> {
        let body = serde_json::to_string(content).map_err(|e| StoreError::Row { what: "content", detail: e.to_string() })?;
        let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(&body)[..12]);
        let row = to_row("content", &keys::content(scope, run, &digest).into(), &Kept { body })?;
        changes.put("content", &self.table, row)?;
        Ok(digest)
    }

    /// What a run says, by the name it is kept under.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn content(&self, scope: Scope, run: RunId, digest: &str) -> Result<Option<Content>, StoreError> {
        let kept: Option<Kept> = self.read("content", &keys::content(scope, run, digest)).await?;
        kept.map(|kept| serde_json::from_str(&kept.body).map_err(|e| StoreError::Row { what: "content", detail: e.to_string() }))
            .transpose()
    }

    /// The deliveries of a run, at most so many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn run_deliveries(&self, scope: Scope, run: RunId, most: usize) -> Result<Vec<Delivery>, StoreError> {
        Ok(self.page("delivery", &Query::index(Index::One, keys::run_deliveries(scope, run), Range::All), most).await?.0)
    }

    /// Records that an address wants no more of a report; unmet `unsubscribed` if it is on record.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn unsubscribe(
        &self,
        changes: &mut Changes,
        scope: Scope,
        report: ReportId,
        address: &str,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let row = to_row("unsubscribed", &keys::unsubscribed(scope, report, address).into(), &Unsubscribed { at })?;
        changes.add("unsubscribed", &self.table, row)
    }

    /// Whether an address (as [`keys::address`] has it) wants no more of a report.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_unsubscribed(&self, scope: Scope, report: ReportId, address: &str) -> Result<bool, StoreError> {
        Ok(self.read::<Unsubscribed>("unsubscribed", &keys::unsubscribed(scope, report, address)).await?.is_some())
    }

    /// Counts a mail of a report to an address on a day, and says whether it is among the first `most`. The same mail
    /// counts once, however often it is tried.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_mail(
        &self,
        scope: Scope,
        report: ReportId,
        day: NaiveDate,
        mail: &DeliveryId,
        email: &Email,
        most: u32,
    ) -> Result<bool, StoreError> {
        let expires = day.and_time(chrono::NaiveTime::MIN).and_utc() + chrono::Duration::days(3);
        let counted = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::count(scope, report, day, email).row()))
            .update_expression("SET #type = :type, expires = :expires ADD mails :these")
            .condition_expression("attribute_not_exists(mails) OR contains(mails, :this) OR size(mails) < :most")
            .expression_attribute_names("#type", "type")
            .expression_attribute_values(":type", AttributeValue::S("mail count".into()))
            .expression_attribute_values(":expires", AttributeValue::N(expires.timestamp().to_string()))
            .expression_attribute_values(":these", AttributeValue::Ss(vec![mail.to_string()]))
            .expression_attribute_values(":this", AttributeValue::S(mail.to_string()))
            .expression_attribute_values(":most", AttributeValue::N(most.to_string()))
            .send()
            .await;
        match counted {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) => Ok(false),
            Err(error) => Err(failed("UpdateItem", &error)),
        }
    }

    /// Requires that a report is as it was read when the other writes are made; unmet `report` if it was changed, paused or
    /// deleted meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Row`].
    pub fn require_report(&self, changes: &mut Changes, scope: Scope, report: &Report) -> Result<(), StoreError> {
        changes.require("report", &self.table, &keys::report(scope, report.id), report.version)
    }
}

#[derive(Serialize, Deserialize)]
struct Kept {
    body: String,
}
