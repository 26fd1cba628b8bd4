//! Pages of lists: a limit, and a cursor that is good for the list it came from and no other.

use chrono::{DateTime, Utc};
use domain::id::HappeningId;
use platform::store::keys;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::{AppError, Ctx};

/// Which page is asked for.
#[derive(Clone, Debug)]
pub struct Page {
    /// At most so many, 1 to 200.
    pub limit: usize,
    /// Where the page before ended; the first page without.
    pub cursor: Option<String>,
}

/// One page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Paged<T> {
    /// The page.
    pub items: Vec<T>,
    /// Where the next page begins; none after the last.
    pub next_cursor: Option<String>,
}

/// A list that cursors belong to: its name and everything it is filtered by, in an account.
pub(crate) struct List([u8; 6]);

impl List {
    pub(crate) fn new(ctx: &Ctx, name: &str, filters: &impl std::fmt::Debug) -> Self {
        let digest = Sha256::digest(format!("{} {:?} {name} {filters:?}", ctx.scope.account(), ctx.viewer.person()));
        let mut tag = [0; 6];
        tag.copy_from_slice(&digest[..6]);
        Self(tag)
    }

    /// The cursor behind `last`.
    pub(crate) fn cursor(&self, last: &impl ToString) -> String {
        let mut bytes = self.0.to_vec();
        bytes.extend(last.to_string().into_bytes());
        data_encoding::BASE64URL_NOPAD.encode(&bytes)
    }

    /// What the page's cursor stands behind.
    pub(crate) fn last(&self, page: &Page) -> Result<Option<String>, AppError> {
        let Some(cursor) = &page.cursor else { return Ok(None) };
        let bytes = data_encoding::BASE64URL_NOPAD.decode(cursor.as_bytes()).map_err(|_| AppError::BadCursor)?;
        let last = bytes.strip_prefix(&self.0).ok_or(AppError::BadCursor)?;
        String::from_utf8(last.to_vec()).map(Some).map_err(|_| AppError::BadCursor)
    }

    /// The cursor behind something of a log, which is in the order of time.
    pub(crate) fn cursor_at(&self, at: DateTime<Utc>, id: HappeningId) -> String {
        self.cursor(&format!("{} {id}", keys::time(at)))
    }

    /// What the page's cursor stands behind in a log.
    pub(crate) fn last_at(&self, page: &Page) -> Result<Option<(DateTime<Utc>, HappeningId)>, AppError> {
        let Some(last) = self.last(page)? else { return Ok(None) };
        let (at, id) = last.split_once(' ').ok_or(AppError::BadCursor)?;
        at.parse().ok().zip(id.parse().ok()).map(Some).ok_or(AppError::BadCursor)
    }

    /// The page of a list that is at hand as a whole, in the order of its ids.
    pub(crate) fn cut<T, K: ToString>(
        &self,
        all: impl IntoIterator<Item = T>,
        page: &Page,
        id: impl Fn(&T) -> K,
    ) -> Result<Paged<T>, AppError> {
        let last = self.last(page)?;
        let mut rest = all.into_iter().skip_while(|item| last.as_ref().is_some_and(|last| id(item).to_string() <= *last));
        let items: Vec<T> = rest.by_ref().take(page.limit).collect();
        let next_cursor = rest.next().and(items.last()).map(|item| self.cursor(&id(item)));
        Ok(Paged { items, next_cursor })
    }
}
