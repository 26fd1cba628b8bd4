//! What a CSV file says: its columns, and each row as what the API would be sent. Nothing here looks anything up.

use std::collections::BTreeMap;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use domain::check::{Check, Invalid};
use domain::engagement::{EngagementDraft, SessionDraft, SessionKind};
use domain::item::{ItemDraft, Money};
use domain::program::ProgramDraft;
use platform::store::imports::{BadRow, ImportKind};
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, IntoDeserializer};
use sha2::{Digest, Sha256};

use crate::clients::ClientDraft;

/// The most rows of a file.
pub const ROWS_MOST: usize = 20_000;
/// The most characters of a key.
pub(super) const KEY_MOST: usize = 100;

/// The columns of a kind of file, those first that every row needs.
pub fn columns(kind: ImportKind) -> (&'static [&'static str], &'static [&'static str]) {
    match kind {
        ImportKind::Clients => {
            (&["first_name"], &["key", "last_name", "email", "phone", "tags", "website", "social_links", "company", "time_zone", "primary"])
        }
        ImportKind::Programs => (&["name", "kind"], &["key", "sessions", "threshold_weeks", "off_track_notifications"]),
        ImportKind::Engagements => (
            &["client", "program"],
            &["key", "coach", "state", "starts_on", "ends_on", "sessions_total", "threshold_weeks", "off_track_notifications"],
        ),
        ImportKind::Sessions => (&["engagement", "starts_at"], &["key", "minutes", "state", "coach", "kind"]),
        ImportKind::Items => (
            &["client", "kind", "title"],
            &[
                "key",
                "body",
                "visibility",
                "due_on",
                "target",
                "unit",
                "starts_at",
                "minutes",
                "place",
                "on",
                "amount_minor",
                "currency",
                "number",
                "course",
                "engagement",
            ],
        ),
    }
}

/// One row of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The line of the file that it begins on, from 1.
    pub line: u64,
    /// What makes it the same row when it comes again: its `key`, or what it says.
    pub key: String,
    /// What stands in its columns, where something does.
    pub values: BTreeMap<&'static str, String>,
}

/// A file: each of its rows, in order, or what is wrong with one that can't be read as such.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// Its rows.
    pub rows: Vec<Result<Line, BadRow>>,
}

/// Reads a file: UTF-8 with or without a byte order mark, columns by the names of its first row in any order, separated by
/// commas, or by semicolons where the first row has those and no comma.
///
/// # Errors
/// A file that can't be read as one of this kind, as a fault of the field `csv`.
pub fn read(kind: ImportKind, text: &str) -> Result<Sheet, Invalid> {
    // with line ends of one kind, the reader counts lines as an editor does
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    let first = text.lines().next().unwrap_or_default();
    let separator = if first.contains(';') && !first.contains(',') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).flexible(true).has_headers(true).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| Invalid::field("csv", format!("is not CSV: {error}")))?.clone();
    let columns = header_columns(kind, &header)?;
    let mut sheet = Sheet::default();
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    let mut same: BTreeMap<String, u32> = BTreeMap::new();
    for record in reader.records() {
        if sheet.rows.len() >= ROWS_MOST {
            return Err(Invalid::field("csv", format!("has more than {ROWS_MOST} rows; cut it into several files")));
        }
        let record = record.map_err(|error| Invalid::field("csv", format!("is not CSV: {error}")))?;
        let line = record.position().map_or(0, csv::Position::line);
        if record.len() != header.len() {
            let message = format!("has {} columns, the first row has {}", record.len(), header.len());
            sheet.rows.push(Err(BadRow { line, column: None, message }));
            continue;
        }
        let values: BTreeMap<&'static str, String> = columns
            .iter()
            .zip(record.iter())
            .map(|(column, value)| (*column, value.trim().to_owned()))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        if let Some(key) = values.get("key") {
            let fault = if key.chars().count() > KEY_MOST || key.chars().any(char::is_control) {
                Some(format!("must be one line of at most {KEY_MOST} characters"))
            } else {
                seen.insert(key.clone(), line).map(|first| format!("is the key of line {first} too"))
            };
            if let Some(message) = fault {
                sheet.rows.push(Err(BadRow { line, column: Some("key".into()), message }));
                continue;
            }
        }
        let key = values.get("key").map_or_else(|| key_of(&values, &mut same), |key| format!("={key}"));
        sheet.rows.push(Ok(Line { line, key, values }));
    }
    Ok(sheet)
}

/// The key of a row that has none: what it says, and the how manieth row it is that says so.
fn key_of(values: &BTreeMap<&'static str, String>, same: &mut BTreeMap<String, u32>) -> String {
    let mut digest = Sha256::new();
    for (column, value) in values {
        digest.update(format!("{column} {} {value}\n", value.len()));
    }
    let digest = data_encoding::HEXLOWER.encode(&digest.finalize()[..16]);
    let times = same.entry(digest.clone()).or_default();
    *times += 1;
    format!("#{digest}#{times}")
}

/// Which column of the kind stands where.
fn header_columns(kind: ImportKind, header: &csv::StringRecord) -> Result<Vec<&'static str>, Invalid> {
    let (needed, optional) = columns(kind);
    let known: Vec<&'static str> = needed.iter().chain(optional).copied().collect();
    let mut check = Check::default();
    let mut found: Vec<&'static str> = Vec::new();
    for name in header {
        let plain = name.trim().to_lowercase().replace([' ', '-'], "_");
        match known.iter().find(|column| **column == plain) {
            Some(column) if found.contains(column) => check.fault("csv", format!("has the column {column} twice")),
            Some(column) => found.push(column),
            None => check.fault("csv", format!("has the column \"{}\", which is none of: {}", shown(name), known.join(", "))),
        }
    }
    for column in needed.iter().filter(|column| !found.contains(column)) {
        check.fault("csv", format!("has no column {column}; the first row names the columns"));
    }
    check.done(found)
}

fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(40).collect()
}

/// A row while it is read into what the API would be sent.
pub(super) struct Fields<'a> {
    values: &'a BTreeMap<&'static str, String>,
    /// What is wrong with it.
    pub(super) check: Check,
}

impl<'a> Fields<'a> {
    pub(super) fn new(line: &'a Line) -> Self {
        Self { values: &line.values, check: Check::default() }
    }

    pub(super) fn text(&self, column: &str) -> Option<String> {
        self.values.get(column).cloned()
    }

    /// Several texts, separated by semicolons.
    fn texts(&self, column: &str) -> Option<Vec<String>> {
        let text = self.values.get(column)?;
        Some(text.split(';').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect())
    }

    fn parsed<T: FromStr>(&mut self, column: &str, words: &str) -> Option<T> {
        let text = self.values.get(column)?;
        self.check.take(column, text.parse().map_err(|_| words))
    }

    fn date(&mut self, column: &str) -> Option<NaiveDate> {
        self.parsed(column, "must be a date like 2026-11-24")
    }

    fn time(&mut self, column: &str) -> Option<DateTime<Utc>> {
        self.parsed(column, "must be a time with its zone, like 2026-11-24T15:00:00Z or 2026-11-24T16:00:00+01:00")
    }

    fn whole<T: FromStr>(&mut self, column: &str) -> Option<T> {
        self.parsed(column, "must be a whole number, and not too large")
    }

    fn flag(&mut self, column: &str) -> Option<bool> {
        let text = self.values.get(column)?.to_lowercase();
        let read = match text.as_str() {
            "true" | "yes" | "1" => Ok(true),
            "false" | "no" | "0" => Ok(false),
            _ => Err("must be true or false"),
        };
        self.check.take(column, read)
    }

    /// One of the words that the API has for it.
    fn word<T: DeserializeOwned>(&mut self, column: &str) -> Option<T> {
        let text = self.values.get(column)?.to_lowercase().replace([' ', '-'], "_");
        let deserializer: StrDeserializer<'_, serde::de::value::Error> = text.as_str().into_deserializer();
        let read = T::deserialize(deserializer).map_err(|error| {
            let error = error.to_string();
            let expected = error.split_once(", expected ").map_or("another word", |(_, expected)| expected);
            format!("must be {}", expected.replace('`', ""))
        });
        self.check.take(column, read)
    }

    /// The client of a row, where the draft takes ids: the app resolves it.
    pub(super) fn client_draft(&mut self) -> ClientDraft {
        ClientDraft {
            first_name: self.text("first_name").or(Some(String::new())),
            last_name: self.text("last_name"),
            email: self.text("email"),
            phone: self.text("phone"),
            tags: self.texts("tags"),
            website: self.text("website"),
            social_links: self.texts("social_links"),
            company_id: None,
            time_zone: self.text("time_zone"),
            primary_id: None,
        }
    }

    pub(super) fn program_draft(&mut self) -> ProgramDraft {
        ProgramDraft {
            name: self.text("name"),
            kind: self.word("kind"),
            sessions: self.whole("sessions").map(Some),
            threshold_weeks: self.whole("threshold_weeks").map(Some),
            off_track_notifications: self.flag("off_track_notifications"),
        }
    }

    pub(super) fn engagement_draft(&mut self) -> EngagementDraft {
        EngagementDraft {
            starts_on: self.date("starts_on").map(Some),
            ends_on: self.date("ends_on").map(Some),
            sessions_total: self.whole("sessions_total").map(Some),
            threshold_weeks: self.whole("threshold_weeks").map(Some),
            off_track_notifications: self.flag("off_track_notifications"),
            ..EngagementDraft::default()
        }
    }

    /// The state that an engagement is to have come to.
    pub(super) fn stage(&mut self) -> Stage {
        self.word("state").unwrap_or_default()
    }

    pub(super) fn session_draft(&mut self) -> (SessionKind, SessionDraft) {
        let draft =
            SessionDraft { starts_at: self.time("starts_at"), minutes: self.whole("minutes"), state: self.word("state"), coach_id: None };
        (self.word("kind").unwrap_or(SessionKind::Session), draft)
    }

    pub(super) fn item_draft(&mut self) -> ItemDraft {
        let amount = self.whole("amount_minor");
        let currency = self.text("currency");
        if amount.is_none() && currency.is_some() && self.text("amount_minor").is_none() {
            self.check.fault("amount_minor", "is needed where there is a currency");
        }
        ItemDraft {
            kind: self.word("kind"),
            title: self.text("title"),
            body: self.text("body"),
            visibility: self.word("visibility"),
            due_on: self.date("due_on"),
            target: self.parsed("target", "must be a number"),
            unit: self.text("unit"),
            starts_at: self.time("starts_at"),
            minutes: self.whole("minutes"),
            place: self.text("place"),
            on: self.date("on"),
            amount: amount.map(|amount_minor| Money { amount_minor, currency: currency.unwrap_or_default() }),
            number: self.text("number"),
            course: self.text("course"),
            ..ItemDraft::default()
        }
    }
}

/// How far an engagement that is imported has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Being set up.
    #[default]
    Draft,
    /// Under way since its first day.
    Active,
    /// Over.
    Completed,
}

/// The column of a file that a field of the API stands in.
pub(super) fn column_of(field: &str) -> String {
    let field = field.split(['[', '.']).next().unwrap_or(field);
    match field {
        "company_id" => "company",
        "primary_id" => "primary",
        "client_id" => "client",
        "program_id" => "program",
        "engagement_id" => "engagement",
        "coach_id" => "coach",
        "amount" => "amount_minor",
        other => other,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    impl Sheet {
        fn lines(&self) -> Vec<&Line> {
            self.rows.iter().flatten().collect()
        }

        fn bad(&self) -> Vec<&BadRow> {
            self.rows.iter().filter_map(|row| row.as_ref().err()).collect()
        }
    }

    fn clients(text: &str) -> Sheet {
        read(ImportKind::Clients, text).unwrap()
    }

    #[test]
    fn columns_stand_in_any_order_and_lines_are_counted_as_an_editor_does() {
        let sheet = clients("\u{feff}Last Name;first_name;tags\r\nStone;Amber;\"a; b\"\r\n;\"Two\nlines\";\r\nOwen;Bob;\r\n");
        let lines: Vec<_> = sheet.lines().into_iter().map(|line| (line.line, line.values["first_name"].as_str())).collect();
        assert_eq!(lines, [(2, "Amber"), (3, "Two\nlines"), (5, "Bob")]);
        assert_eq!(Fields::new(sheet.lines()[0]).client_draft().tags, Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!((sheet.rows.len(), sheet.bad().len()), (3, 0));
    }

    #[test]
    fn a_file_of_another_kind_is_refused_as_a_whole() {
        for (text, told) in [
            ("", "has no column first_name"),
            ("name\nA\n", "has the column \"name\", which is none of"),
            ("first_name,First Name\nA,B\n", "has the column first_name twice"),
            ("last_name\nA\n", "has no column first_name"),
        ] {
            let errors = read(ImportKind::Clients, text).unwrap_err().errors;
            assert!(errors.iter().any(|error| error.field == "csv" && error.message.contains(told)), "{text:?}: {errors:?}");
        }
        let long = format!("first_name\n{}", "A\n".repeat(ROWS_MOST + 1));
        assert!(read(ImportKind::Clients, &long).unwrap_err().errors[0].message.contains("cut it into several files"));
    }

    #[test]
    fn rows_that_do_not_fit_are_named_and_the_others_stay() {
        let sheet = clients("key,first_name\n1,Amber\n2\n1,Bob\n3,Carl,x\n,Dora\n");
        let bad: Vec<_> = sheet.bad().into_iter().map(|row| (row.line, row.column.as_deref(), row.message.as_str())).collect();
        assert_eq!(
            bad,
            [
                (3, None, "has 1 columns, the first row has 2"),
                (4, Some("key"), "is the key of line 2 too"),
                (5, None, "has 3 columns, the first row has 2")
            ]
        );
        assert_eq!(sheet.lines().into_iter().map(|line| line.line).collect::<Vec<_>>(), [2, 6]);
    }

    #[test]
    fn every_bad_value_of_a_row_is_named_by_its_column() {
        let text = "client,kind,title,due_on,target,amount_minor,currency,minutes,starts_at\n\
                    a@b.co,task,T,24.11.2026,much,,EUR,-1,2026-11-24 15:00\n";
        let sheet = read(ImportKind::Items, text).unwrap();
        let mut fields = Fields::new(sheet.lines()[0]);
        let _ = fields.item_draft();
        let errors = fields.check.done(()).unwrap_err().errors;
        let named: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(named, ["amount_minor", "kind", "due_on", "target", "starts_at", "minutes"]);
        assert!(errors[1].message.starts_with("must be one of action, metric"), "{}", errors[1].message);
    }

    #[test]
    fn words_are_read_as_people_write_them() {
        let sheet = read(ImportKind::Programs, "name,kind,off_track_notifications\nA,One to one,Yes\nB,ON-DEMAND,0\n").unwrap();
        let drafts: Vec<_> = sheet.lines().into_iter().map(|line| Fields::new(line).program_draft()).collect();
        assert_eq!(drafts[0].kind, Some(domain::program::ProgramKind::OneToOne));
        assert_eq!(drafts[0].off_track_notifications, Some(true));
        assert_eq!((drafts[1].kind, drafts[1].off_track_notifications), (Some(domain::program::ProgramKind::OnDemand), Some(false)));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_no_two_rows_share_a_key(text in "(first_name(,key)?\n)?([a-c,;\"\n]{0,60})") {
            if let Ok(sheet) = read(ImportKind::Clients, &text) {
                prop_assert!(sheet.lines().len() + sheet.bad().len() == sheet.rows.len());
                let keys: std::collections::BTreeSet<_> = sheet.lines().into_iter().map(|line| &line.key).collect();
                prop_assert_eq!(keys.len(), sheet.lines().len());
                prop_assert_eq!(&sheet, &read(ImportKind::Clients, &text).unwrap());
            }
        }
    }
}
