//! Many engagements at once: the list, the report and its files, and what settings would do to them.

use app::engagements::EngagementView;
use app::engagements::dry_run::{self, DryRun};
use app::engagements::export::{self, FileKind};
use app::engagements::list::{self, Report};
use app::page::{Page, Paged};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use domain::dry_run::DryRunDraft;
use domain::engagement::State;
use domain::id::{ClientId, CompanyId, LocationId, MemberId, ProgramId};
use domain::listing::{Filter, Sort};
use domain::progress::Status;
use http::header;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::answer::{Answered, plain};
use crate::ask::{Ask, IdempotencyKey, Json, page};
use crate::described::{Routes, routes};
use crate::documentation::{ChangeRefusals, ReportRefusals};
use crate::problem::Problem;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list))
        .routes(routes!(report))
        .routes(routes!(report_csv))
        .routes(routes!(report_xlsx))
        .routes(routes!(dry_run))
}

/// Which engagements, in what order, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Chosen {
    /// Engagements that stand so, as far as the caller may know.
    progress: Option<Status>,
    /// That went off track on this day or later, and still are.
    off_track_since_from: Option<NaiveDate>,
    /// That went off track on this day or earlier, and still are.
    off_track_since_to: Option<NaiveDate>,
    /// Of this coach.
    coach_id: Option<MemberId>,
    /// Of this client.
    client_id: Option<ClientId>,
    /// Of this program.
    program_id: Option<ProgramId>,
    /// Of clients of this company.
    company_id: Option<CompanyId>,
    /// Of this location.
    location_id: Option<LocationId>,
    /// In this state.
    state: Option<State>,
    /// Part of the client's, coach's or program's name, without regard to case and accents.
    q: Option<String>,
    /// The order, with `-` before it for the other direction; default `created_at`. What has no value comes last in both.
    #[param(value_type = Option<String>, example = "-off_track_since", pattern = "^-?(created_at|client|coach|program|starts_on|ends_on|progress|off_track_since|due_on|sessions_done)$")]
    sort: Option<Sort>,
    /// At most so many, 1 to 200; default 50.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Where the page before ended: its `next_cursor`.
    cursor: Option<String>,
}

impl Chosen {
    fn read(self) -> Result<(Filter, Sort, Page), Problem> {
        let Self {
            progress,
            off_track_since_from,
            off_track_since_to,
            coach_id,
            client_id,
            program_id,
            company_id,
            location_id,
            state,
            q,
            sort,
            limit,
            cursor,
        } = self;
        let filter = Filter {
            progress,
            off_track_since_from,
            off_track_since_to,
            coach_id,
            client_id,
            program_id,
            company_id,
            location_id,
            state,
            q,
        };
        Ok((filter, sort.unwrap_or_default(), page(limit, cursor)?))
    }
}

/// Which engagements, in what order; all of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ChosenWhole {
    /// Engagements that stand so, as far as the caller may know.
    progress: Option<Status>,
    /// That went off track on this day or later, and still are.
    off_track_since_from: Option<NaiveDate>,
    /// That went off track on this day or earlier, and still are.
    off_track_since_to: Option<NaiveDate>,
    /// Of this coach.
    coach_id: Option<MemberId>,
    /// Of this client.
    client_id: Option<ClientId>,
    /// Of this program.
    program_id: Option<ProgramId>,
    /// Of clients of this company.
    company_id: Option<CompanyId>,
    /// Of this location.
    location_id: Option<LocationId>,
    /// In this state.
    state: Option<State>,
    /// Part of the client's, coach's or program's name, without regard to case and accents.
    q: Option<String>,
    /// The order, with `-` before it for the other direction; default `created_at`. What has no value comes last in both.
    #[param(value_type = Option<String>, example = "-off_track_since", pattern = "^-?(created_at|client|coach|program|starts_on|ends_on|progress|off_track_since|due_on|sessions_done)$")]
    sort: Option<Sort>,
}

impl ChosenWhole {
    fn read(self) -> (Filter, Sort) {
        let Self {
            progress,
            off_track_since_from,
            off_track_since_to,
            coach_id,
            client_id,
            program_id,
            company_id,
            location_id,
            state,
            q,
            sort,
        } = self;
        let filter = Filter {
            progress,
            off_track_since_from,
            off_track_since_to,
            coach_id,
            client_id,
            program_id,
            company_id,
            location_id,
            state,
            q,
        };
        (filter, sort.unwrap_or_default())
    }
}

/// The engagements one may see, as far as one may see them: who is not entitled to the progress of one finds it `not_tracking`
/// in every respect.
#[utoipa::path(
    get, path = "/v1/engagements", operation_id = "engagements_list", tag = "engagements", params(Chosen),
    responses((status = 200, body = Paged<EngagementView>), ReportRefusals)
)]
async fn list(ask: Ask<Chosen>) -> Answered<Paged<EngagementView>> {
    let (filter, sort, page) = ask.query.read()?;
    Ok(plain(list::list(&ask.ctx, filter, sort, &page).await?))
}

/// The engagements report: the list, also by the day they went off track, with counts of all that the filters show.
#[utoipa::path(
    get, path = "/v1/engagement-report", operation_id = "engagement_report", tag = "engagements", params(Chosen),
    responses((status = 200, body = Report), ReportRefusals)
)]
async fn report(ask: Ask<Chosen>) -> Answered<Report> {
    let (filter, sort, page) = ask.query.read()?;
    Ok(plain(list::report(&ask.ctx, filter, sort, &page).await?))
}

/// The engagements report as CSV (RFC 4180, UTF-8), all rows. What a spreadsheet would take for a formula has an apostrophe before it.
#[utoipa::path(
    get, path = "/v1/engagement-report.csv", operation_id = "engagement_report_csv", tag = "engagements", params(ChosenWhole),
    responses((status = 200, description = "A file", content_type = "text/csv", body = String), ReportRefusals)
)]
async fn report_csv(ask: Ask<ChosenWhole>) -> Result<Response, Problem> {
    file(ask, FileKind::Csv, "text/csv; charset=utf-8; header=present").await
}

/// The engagements report as a workbook, all rows: dates are dates, the header stays in sight, every column can be filtered.
#[utoipa::path(
    get, path = "/v1/engagement-report.xlsx", operation_id = "engagement_report_xlsx", tag = "engagements", params(ChosenWhole),
    responses(
        (status = 200, description = "A file", content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body = Vec<u8>),
        ReportRefusals,
    )
)]
async fn report_xlsx(ask: Ask<ChosenWhole>) -> Result<Response, Problem> {
    file(ask, FileKind::Xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet").await
}

async fn file(ask: Ask<ChosenWhole>, kind: FileKind, media_type: &'static str) -> Result<Response, Problem> {
    let (filter, sort) = ask.query.read();
    let file = export::export(&ask.ctx, filter, sort, kind).await?;
    let disposition = format!("attachment; filename=\"{}\"", file.name);
    Ok(([(header::CONTENT_TYPE, media_type.to_owned()), (header::CONTENT_DISPOSITION, disposition)], file.bytes).into_response())
}

/// What settings would do to engagements that are under way: how many would be off track, and who would be mailed. Only
/// engagements that the caller administers are tried; nothing is changed.
#[utoipa::path(
    post, path = "/v1/tracking/dry-run", operation_id = "tracking_dry_run", tag = "engagements", params(IdempotencyKey),
    request_body(content = DryRunDraft, example = json!({"program_id": "01J9Z3K5T0QW8R2M4N6P7S9V1X", "threshold_weeks": 3, "off_track_notifications": true})),
    responses((status = 200, body = DryRun), ChangeRefusals)
)]
async fn dry_run(ask: Ask, Json(draft): Json<DryRunDraft>) -> Answered<DryRun> {
    Ok(plain(dry_run::try_settings(&ask.ctx, &draft).await?))
}
