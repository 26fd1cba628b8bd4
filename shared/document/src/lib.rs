//! A client's record as a file, written piece by piece: a page to read, print and hand on, a JSON document, or a table
//! . Nothing is read or stored here, and no more than the piece at hand is held in memory.

mod chart;
mod html;
mod json;
mod table;
mod words;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use domain::comment::Comment;
use domain::export::{Counts, Format, Request};
use domain::happening::Happening;
use domain::item::{Item, Point};
use sha2::{Digest, Sha256};

/// What a document says of itself.
#[derive(Clone, Debug)]
pub struct Cover {
    /// The account it is from.
    pub account: String,
    /// Whose record it is.
    pub client: String,
    /// Their primary coach.
    pub coach: Option<String>,
    /// Who asked for it.
    pub made_by: String,
    /// When.
    pub made_at: DateTime<Utc>,
    /// The calendar of who asked.
    pub zone: Tz,
    /// What was asked for.
    pub request: Request,
    /// How much is in it.
    pub counts: Counts,
}

/// An item, where it begins.
#[derive(Clone, Copy, Debug)]
pub struct Thing<'a> {
    /// The item as it is now.
    pub item: &'a Item,
    /// Who added it.
    pub author: &'a str,
    /// The values of a metric that are in the document, oldest first.
    pub points: &'a [Point],
}

/// One thing that happened to the item that was begun.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The happening.
    pub happening: &'a Happening,
    /// Who did it.
    pub by: &'a str,
    /// The comment, if it is one that is still there.
    pub comment: Option<&'a Comment>,
    /// Whether nothing of the item in the document happened before it.
    pub is_oldest: bool,
}

/// The end of a document, and what it amounts to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// What comes after what was taken.
    pub rest: Vec<u8>,
    /// The size of all of it.
    pub bytes: u64,
    /// The SHA-256 of all of it, in hex.
    pub sha256: String,
}

/// Something could not be put into words.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// As JSON.
    #[error("as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// As CSV.
    #[error("as CSV: {0}")]
    Csv(#[from] csv::Error),
}

/// Bytes on their way out: what was not taken yet, and the digest of all that was.
#[derive(Debug, Default)]
pub struct Sheet {
    out: Vec<u8>,
    taken: Sha256,
    bytes: u64,
}

impl Sheet {
    /// Writes on.
    pub fn put(&mut self, text: impl AsRef<[u8]>) {
        self.out.extend_from_slice(text.as_ref());
    }

    /// How many bytes wait to be taken.
    pub fn waiting(&self) -> usize {
        self.out.len()
    }

    /// What was written since this was last asked.
    pub fn take(&mut self) -> Vec<u8> {
        self.taken.update(&self.out);
        self.bytes += self.out.len() as u64;
        std::mem::take(&mut self.out)
    }

    /// How many bytes there are so far, and their SHA-256 in hex.
    fn so_far(&self) -> (u64, String) {
        let digest = self.taken.clone().chain_update(&self.out).finalize();
        (self.bytes + self.out.len() as u64, data_encoding::HEXLOWER.encode(&digest))
    }

    /// The end.
    pub fn finish(self) -> Whole {
        let (bytes, sha256) = self.so_far();
        Whole { rest: self.out, bytes, sha256 }
    }
}

/// A document that is being written.
#[derive(Debug)]
pub struct Document {
    cover: Cover,
    sheet: Sheet,
    form: Form,
}

#[derive(Debug)]
enum Form {
    Html(html::Page),
    Json(json::Lines),
    Csv(table::Table),
}

impl Document {
    /// Begins a document.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn begin(cover: Cover) -> Result<Self, WriteError> {
        let mut sheet = Sheet::default();
        let form = match cover.request.format {
            Format::Html => Form::Html(html::Page::begin(&mut sheet, &cover)),
            Format::Json => Form::Json(json::Lines::begin(&mut sheet, &cover)?),
            Format::Csv => Form::Csv(table::Table::begin(&mut sheet)?),
        };
        Ok(Self { cover, sheet, form })
    }

    /// Begins an item.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn thing(&mut self, thing: &Thing<'_>) -> Result<(), WriteError> {
        match &mut self.form {
            Form::Html(page) => page.thing(&mut self.sheet, &self.cover, thing),
            Form::Json(lines) => lines.thing(&mut self.sheet, thing)?,
            Form::Csv(table) => table.thing(&self.cover, thing),
        }
        Ok(())
    }

    /// Tells what happened to the item that was begun.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn tell(&mut self, told: &Told<'_>) -> Result<(), WriteError> {
        match &mut self.form {
            Form::Html(page) => page.tell(&mut self.sheet, &self.cover, told),
            Form::Json(lines) => lines.tell(&mut self.sheet, told)?,
            Form::Csv(table) => table.tell(&mut self.sheet, &self.cover, told)?,
        }
        Ok(())
    }

    /// Ends the item that was begun.
    pub fn end_thing(&mut self) {
        match &mut self.form {
            Form::Html(page) => page.end_thing(&mut self.sheet),
            Form::Json(lines) => lines.end_thing(&mut self.sheet),
            Form::Csv(_) => {}
        }
    }

    /// How many bytes wait to be taken.
    pub fn waiting(&self) -> usize {
        self.sheet.waiting()
    }

    /// What was written since this was last asked.
    pub fn take(&mut self) -> Vec<u8> {
        self.sheet.take()
    }

    /// Ends the document.
    pub fn finish(mut self) -> Whole {
        match self.form {
            Form::Html(page) => page.finish(&mut self.sheet),
            Form::Json(lines) => lines.finish(&mut self.sheet),
            Form::Csv(_) => {}
        }
        self.sheet.finish()
    }
}
