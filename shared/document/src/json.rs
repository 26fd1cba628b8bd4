//! The document as JSON: what it is, then every item with what happened to it, one to a line.

use domain::comment::File;
use domain::happening::Happening;
use domain::item::Item;
use serde::Serialize;
use serde_json::json;

use crate::{Cover, Sheet, Thing, Told, WriteError};

#[derive(Debug)]
pub(crate) struct Lines {
    has_items: bool,
    has_happenings: bool,
}

#[derive(Serialize)]
struct OneItem<'a> {
    #[serde(flatten)]
    item: &'a Item,
    author_name: &'a str,
}

#[derive(Serialize)]
struct OneHappening<'a> {
    #[serde(flatten)]
    happening: &'a Happening,
    by_name: &'a str,
    #[serde(skip_serializing_if = "<[File]>::is_empty")]
    files: &'a [File],
}

impl Lines {
    pub(crate) fn begin(sheet: &mut Sheet, cover: &Cover) -> Result<Self, WriteError> {
        let of = json!({
            "account": cover.account,
            "client": cover.client,
            "coach": cover.coach,
            "made_by": cover.made_by,
            "made_at": cover.made_at,
            "time_zone": cover.zone,
            "asked_for": cover.request,
            "counts": cover.counts,
        });
        sheet.put(format!("{{\"export\":{},\n\"items\":[", serde_json::to_string(&of)?));
        Ok(Self { has_items: false, has_happenings: false })
    }

    pub(crate) fn thing(&mut self, sheet: &mut Sheet, thing: &Thing<'_>) -> Result<(), WriteError> {
        sheet.put(if self.has_items { ",\n" } else { "\n" });
        let item = serde_json::to_string(&OneItem { item: thing.item, author_name: thing.author })?;
        // the happenings are one more field of it
        sheet.put(item.strip_suffix('}').unwrap_or(&item));
        sheet.put(",\"happenings\":[");
        *self = Self { has_items: true, has_happenings: false };
        Ok(())
    }

    pub(crate) fn tell(&mut self, sheet: &mut Sheet, told: &Told<'_>) -> Result<(), WriteError> {
        if self.has_happenings {
            sheet.put(",");
        }
        let files = told.comment.map(|comment| comment.files.as_slice()).unwrap_or_default();
        sheet.put(serde_json::to_string(&OneHappening { happening: told.happening, by_name: told.by, files })?);
        self.has_happenings = true;
        Ok(())
    }

    pub(crate) fn end_thing(&self, sheet: &mut Sheet) {
        sheet.put("]}");
    }

    pub(crate) fn finish(self, sheet: &mut Sheet) {
        sheet.put("\n]}\n");
    }
}
