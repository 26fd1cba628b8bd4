//! The document as a table for spreadsheets: a row for everything that happened, with what the item is (RFC 4180, UTF-8).

use chrono::{DateTime, Utc};
use csv::{Terminator, WriterBuilder};
use domain::check::cell;

use crate::{Cover, Sheet, Thing, Told, WriteError, words};

const COLUMNS: [&str; 20] = [
    "Date",
    "Time",
    "Kind",
    "Title",
    "What happened",
    "By",
    "Note",
    "Value",
    "Text",
    "Body",
    "State",
    "Added on",
    "Due on",
    "Begins",
    "Amount",
    "File",
    "File size",
    "Visible to",
    "Item",
    "Happening",
];

/// What the rows of an item have in common.
#[derive(Debug, Default)]
pub(crate) struct Table {
    kind: &'static str,
    body: String,
    /// From the state on.
    rest: Vec<String>,
}

fn row(sheet: &mut Sheet, cells: &[&str]) -> Result<(), WriteError> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(cells)?;
    sheet.put(writer.into_inner().map_err(|e| csv::Error::from(e.into_error()))?);
    Ok(())
}

impl Table {
    pub(crate) fn begin(sheet: &mut Sheet) -> Result<Self, WriteError> {
        row(sheet, &COLUMNS)?;
        Ok(Self::default())
    }

    pub(crate) fn thing(&mut self, cover: &Cover, thing: &Thing<'_>) {
        let item = thing.item;
        let local = |at: DateTime<Utc>| at.with_timezone(&cover.zone);
        let visible = match item.visibility {
            domain::item::Visibility::Shared => "coach and client".to_owned(),
            domain::item::Visibility::Private => "its author".to_owned(),
        };
        self.kind = words::kind(item.kind);
        self.body = item.body.clone().unwrap_or_default();
        self.rest = vec![
            item.state.words().to_owned(),
            local(item.created_at).date_naive().to_string(),
            item.due_on.map(|due| due.to_string()).unwrap_or_default(),
            item.starts_at.map(|at| local(at).format("%Y-%m-%d %H:%M").to_string()).unwrap_or_default(),
            item.amount.as_ref().map(words::money).unwrap_or_default(),
            item.file_name.clone().unwrap_or_default(),
            item.size_bytes.map(|size| size.to_string()).unwrap_or_default(),
            visible,
        ];
    }

    pub(crate) fn tell(&self, sheet: &mut Sheet, cover: &Cover, told: &Told<'_>) -> Result<(), WriteError> {
        let happening = told.happening;
        let at = happening.at.with_timezone(&cover.zone);
        let files = told.comment.map(|comment| comment.files.as_slice()).unwrap_or_default();
        let note = happening.note.iter().cloned().chain(happening.on.map(|on| format!("of {on}")));
        let note = note.chain(files.iter().map(|file| format!("{} ({})", file.name, words::size(file.size_bytes)))).collect::<Vec<_>>();
        let own = [
            at.format("%Y-%m-%d").to_string(),
            at.format("%H:%M").to_string(),
            self.kind.to_owned(),
            happening.title.clone(),
            words::what(happening.what).to_owned(),
            told.by.to_owned(),
            note.join(", "),
        ];
        // a value is a number, whatever it begins with
        let value = happening.value.map(|value| value.to_string()).unwrap_or_default();
        let texts = [happening.text.clone().unwrap_or_default(), if told.is_oldest { self.body.clone() } else { String::new() }];
        let ids = [happening.item_id.to_string(), happening.id.to_string()];
        let mut cells: Vec<_> = own.iter().map(|text| cell(text)).collect();
        cells.push(value.as_str().into());
        cells.extend(texts.iter().chain(&self.rest).chain(&ids).map(|text| cell(text)));
        row(sheet, &cells.iter().map(AsRef::as_ref).collect::<Vec<&str>>())
    }
}
