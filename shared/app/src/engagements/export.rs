//! The engagements report as a file: CSV and XLSX, with the same rows and columns.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;
use domain::check::cell;
use domain::engagement::State;
use domain::id::{CompanyId, LocationId};
use domain::listing::{Column, Filter, Sort};
use domain::program::ProgramKind;
use domain::progress::Status;
use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::EngagementView;
use super::list::whole;
use crate::{AppError, Ctx};

/// The most bytes of a file: what Lambda lets a function answer is 6 MB, in base64 for XLSX.
pub(crate) const BYTES_MOST: usize = 4 * 1024 * 1024;
/// The most rows of a file, so that it is made in little memory and time.
pub(crate) const ROWS_MOST: usize = 50_000;

/// What kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Text, comma-separated (RFC 4180), UTF-8.
    Csv,
    /// A workbook.
    Xlsx,
}

impl FileKind {
    /// How its name ends.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }
}

/// A file to be saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// What to save it as; plain ASCII.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The columns, with their widths in characters.
const COLUMNS: [(Column, &str, f64); 15] = [
    (Column::Client, "Client", 26.0),
    (Column::Company, "Company", 22.0),
    (Column::Coach, "Coach", 22.0),
    (Column::Program, "Program", 28.0),
    (Column::Kind, "Kind", 15.0),
    (Column::Location, "Location", 18.0),
    (Column::State, "State", 11.0),
    (Column::Progress, "Progress", 12.0),
    (Column::OffTrackSince, "Off track since", 16.0),
    (Column::DueOn, "Due on", 12.0),
    (Column::StartsOn, "Starts on", 12.0),
    (Column::EndsOn, "Ends on", 12.0),
    (Column::SessionsDone, "Sessions done", 15.0),
    (Column::SessionsTotal, "Sessions total", 15.0),
    (Column::CreatedAt, "Added on", 12.0),
];

/// What stands in a cell.
enum Cell<'a> {
    /// What somebody typed.
    Typed(&'a str),
    /// A word of ours.
    Word(&'static str),
    Day(NaiveDate),
    Number(u32),
    Empty,
}

/// The names that rows only have ids of, and the calendar that moments become days on.
struct Known {
    companies: BTreeMap<CompanyId, String>,
    locations: BTreeMap<LocationId, String>,
    zone: Tz,
}

impl Known {
    fn cell<'a>(&'a self, row: &'a EngagementView, column: Column) -> Cell<'a> {
        let typed = |name: Option<&'a String>| name.map_or(Cell::Empty, |name| Cell::Typed(name));
        let day = |day: Option<NaiveDate>| day.map_or(Cell::Empty, Cell::Day);
        match column {
            Column::Client => Cell::Typed(&row.client),
            Column::Company => typed(row.company_id.and_then(|id| self.companies.get(&id))),
            Column::Coach => typed(row.coach.as_ref()),
            Column::Program => Cell::Typed(&row.program),
            Column::Kind => Cell::Word(kind(row.kind)),
            Column::Location => typed(row.location_id.and_then(|id| self.locations.get(&id))),
            Column::State => Cell::Word(state(row.state)),
            Column::Progress => Cell::Word(status(row.progress)),
            Column::OffTrackSince => day(row.off_track_since),
            Column::DueOn => day(row.due_on),
            Column::StartsOn => day(row.starts_on),
            Column::EndsOn => day(row.ends_on),
            Column::SessionsDone => Cell::Number(row.sessions_done),
            Column::SessionsTotal => row.sessions_total.map_or(Cell::Empty, Cell::Number),
            Column::CreatedAt => Cell::Day(row.created_at.with_timezone(&self.zone).date_naive()),
        }
    }
}

fn kind(kind: ProgramKind) -> &'static str {
    match kind {
        ProgramKind::OneToOne => "One-to-one",
        ProgramKind::OnDemand => "On demand",
        ProgramKind::CoachMatching => "Coach matching",
        ProgramKind::Group => "Group",
    }
}

fn state(state: State) -> &'static str {
    match state {
        State::Draft => "Draft",
        State::Matching => "Matching",
        State::Active => "Active",
        State::Inactive => "Inactive",
        State::Completed => "Completed",
    }
}

fn status(status: Status) -> &'static str {
    match status {
        Status::OnTrack => "On track",
        Status::OffTrack => "Off track",
        Status::NotTracking => "-",
    }
}

/// The report's rows as a file: all that the filter shows, in the order.
///
/// # Errors
/// [`AppError`]; a conflict where there are more than a file can have.
pub async fn export(ctx: &Ctx, filter: Filter, sort: Sort, kind: FileKind) -> Result<File, AppError> {
    let (rows, companies, locations) =
        futures::future::try_join3(whole(ctx, filter, sort), async { Ok::<_, AppError>(ctx.store().companies(ctx.scope).await?) }, async {
            Ok(ctx.store().all_locations(ctx.scope).await?)
        })
        .await?;
    if rows.len() > ROWS_MOST {
        return Err(too_many());
    }
    let known = Known {
        companies: companies.into_iter().map(|company| (company.id, company.name)).collect(),
        locations: locations.into_iter().map(|location| (location.id, location.name)).collect(),
        zone: ctx.account.time_zone,
    };
    let fault = |e: &dyn std::error::Error| AppError::Fault(format!("the report as a file: {e}"));
    let bytes = match kind {
        FileKind::Csv => csv(&rows, &known).map_err(|e| fault(&e))?,
        FileKind::Xlsx => xlsx(&rows, &known).map_err(|e| fault(&e))?,
    };
    if bytes.len() > BYTES_MOST {
        return Err(too_many());
    }
    let today = ctx.now.with_timezone(&ctx.account.time_zone).date_naive();
    Ok(File { name: format!("engagements-{today}.{}", kind.extension()), bytes })
}

/// The refusal of more than a file can have.
pub(crate) fn too_many() -> AppError {
    AppError::conflict("too_many_rows", "these are more rows than one file can have; narrow them down with the filters")
}

fn csv(rows: &[EngagementView], known: &Known) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(COLUMNS.map(|(_, name, _)| name))?;
    for row in rows {
        writer.write_record(COLUMNS.map(|(column, _, _)| match known.cell(row, column) {
            Cell::Typed(text) => cell(text).into_owned(),
            Cell::Word(word) => word.to_owned(),
            Cell::Day(day) => day.to_string(),
            Cell::Number(number) => number.to_string(),
            Cell::Empty => String::new(),
        }))?;
    }
    writer.into_inner().map_err(|e| csv::Error::from(e.into_error()))
}

fn xlsx(rows: &[EngagementView], known: &Known) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let (bold, day) = (Format::new().set_bold(), Format::new().set_num_format("yyyy-mm-dd"));
    let sheet = workbook.add_worksheet().set_name("Engagements")?;
    for (at, (_, name, width)) in (0..).zip(COLUMNS) {
        sheet.write_string_with_format(0, at, name, &bold)?.set_column_width(at, width)?;
    }
    for (line, row) in (1..).zip(rows) {
        for (at, (column, _, _)) in (0..).zip(COLUMNS) {
            match known.cell(row, column) {
                Cell::Typed(text) => sheet.write_string(line, at, text)?,
                Cell::Word(word) => sheet.write_string(line, at, word)?,
                // the calendar of workbooks begins with 1900
                Cell::Day(on) => sheet.write_datetime_with_format(line, at, on, &day)?,
                Cell::Number(number) => sheet.write_number(line, at, number)?,
                Cell::Empty => continue,
            };
        }
    }
    let last_line = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let last_column = u16::try_from(COLUMNS.len()).unwrap_or(u16::MAX) - 1;
    sheet.set_freeze_panes(1, 0)?.autofilter(0, 0, last_line, last_column)?;
    workbook.save_to_buffer()
}
