//! Lists of engagements: which are shown, in what order, and where a page goes on.
//!
//! Everything here works on [`Row`]s, and a row is what the viewer sees. So nothing that a viewer may not know decides
//! which rows they get, how these are counted, or in what order they come (T-8).

use std::cmp::Ordering;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::check::{Check, Invalid, fold};
use crate::engagement::State;
use crate::id::{ClientId, CompanyId, EngagementId, LocationId, MemberId, ProgramId};
use crate::progress::Status;

/// What a viewer sees of an engagement, as far as lists look at it.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The engagement.
    pub id: EngagementId,
    /// Its client.
    pub client_id: ClientId,
    /// The client's name.
    pub client: &'a str,
    /// The client's company.
    pub company_id: Option<CompanyId>,
    /// Its coach.
    pub coach_id: Option<MemberId>,
    /// The coach's name.
    pub coach: Option<&'a str>,
    /// Its program.
    pub program_id: ProgramId,
    /// The program's name.
    pub program: &'a str,
    /// Its location.
    pub location_id: Option<LocationId>,
    /// Where it is in its life.
    pub state: State,
    /// Its first day.
    pub starts_on: Option<NaiveDate>,
    /// Its last day.
    pub ends_on: Option<NaiveDate>,
    /// How many sessions were completed.
    pub sessions_done: u32,
    /// Where it stands, for this viewer.
    pub progress: Status,
    /// Since when it is off track, for this viewer.
    pub off_track_since: Option<NaiveDate>,
    /// The day it is due, for this viewer.
    pub due_on: Option<NaiveDate>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
}

/// Which engagements a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// That stand so.
    pub progress: Option<Status>,
    /// That went off track on this day or later, and still are.
    pub off_track_since_from: Option<NaiveDate>,
    /// That went off track on this day or earlier, and still are.
    pub off_track_since_to: Option<NaiveDate>,
    /// Of this coach.
    pub coach_id: Option<MemberId>,
    /// Of this client.
    pub client_id: Option<ClientId>,
    /// Of this program.
    pub program_id: Option<ProgramId>,
    /// Of clients of this company.
    pub company_id: Option<CompanyId>,
    /// Of this location.
    pub location_id: Option<LocationId>,
    /// In this state.
    pub state: Option<State>,
    /// Part of the client's, coach's or program's name, however it is written.
    pub q: Option<String>,
}

impl Filter {
    /// The filter, if it can show anything.
    ///
    /// # Errors
    /// A range of days that ends before it begins.
    pub fn read(self) -> Result<Self, Invalid> {
        let mut check = Check::default();
        let in_order = self.off_track_since_from.is_none_or(|from| self.off_track_since_to.is_none_or(|to| from <= to));
        check.that(in_order, "off_track_since_to", "must not be before off_track_since_from");
        check.done(self)
    }

    /// The question whether it shows a row.
    pub fn shows(&self) -> impl Fn(&Row<'_>) -> bool {
        fn is<T: PartialEq + Copy>(wanted: Option<T>, found: Option<T>) -> bool {
            wanted.is_none() || wanted == found
        }
        let q = self.q.as_deref().map(|q| fold(q.trim())).filter(|q| !q.is_empty());
        move |row| {
            let since = (self.off_track_since_from, self.off_track_since_to);
            is(self.progress, Some(row.progress))
                && is(self.coach_id, row.coach_id)
                && is(self.client_id, Some(row.client_id))
                && is(self.program_id, Some(row.program_id))
                && is(self.company_id, row.company_id)
                && is(self.location_id, row.location_id)
                && is(self.state, Some(row.state))
                && (since == (None, None)
                    || row.off_track_since.is_some_and(|on| since.0.is_none_or(|from| from <= on) && since.1.is_none_or(|to| on <= to)))
                && q.as_ref().is_none_or(|q| {
                    [Some(row.client), row.coach, Some(row.program)].into_iter().flatten().any(|name| fold(name).contains(q))
                })
        }
    }
}

/// What a list is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// When it was added.
    CreatedAt,
    /// The client's name.
    Client,
    /// The coach's name.
    Coach,
    /// The program's name.
    Program,
    /// Its first day.
    StartsOn,
    /// Its last day.
    EndsOn,
    /// Where it stands: off track, then on track; not tracked is nothing to sort by.
    Progress,
    /// Since when it is off track.
    OffTrackSince,
    /// The day it is due.
    DueOn,
    /// How many sessions were completed.
    SessionsDone,
}

impl By {
    const ALL: [(&'static str, Self); 10] = [
        ("created_at", Self::CreatedAt),
        ("client", Self::Client),
        ("coach", Self::Coach),
        ("program", Self::Program),
        ("starts_on", Self::StartsOn),
        ("ends_on", Self::EndsOn),
        ("progress", Self::Progress),
        ("off_track_since", Self::OffTrackSince),
        ("due_on", Self::DueOn),
        ("sessions_done", Self::SessionsDone),
    ];
}

/// The order of a list: `client`, or `-client` for the other direction. Rows without a value come last in both, and equal
/// ones in the order they were added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub by: By,
    /// From the last to the first.
    pub descending: bool,
}

impl Default for Sort {
    fn default() -> Self {
        Self { by: By::CreatedAt, descending: false }
    }
}

/// The text names no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be one of created_at, client, coach, program, starts_on, ends_on, progress, off_track_since, due_on, sessions_done, or one of these with - before it"
)]
pub struct NotAnOrder;

impl FromStr for Sort {
    type Err = NotAnOrder;

    fn from_str(text: &str) -> Result<Self, NotAnOrder> {
        let (name, descending) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
        let by = By::ALL.iter().find(|(known, _)| *known == name).ok_or(NotAnOrder)?.1;
        Ok(Self { by, descending })
    }
}

impl<'de> Deserialize<'de> for Sort {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What a row is sorted by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Value {
    Number(u32),
    Day(NaiveDate),
    Moment(DateTime<Utc>),
    Text(String),
}

/// Where a row stands in an order: enough to go on behind it, whatever rows were added or taken away meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place(Option<Value>, EngagementId);

impl Sort {
    /// Where a row stands.
    pub fn place(&self, row: &Row<'_>) -> Place {
        let value = match self.by {
            By::CreatedAt => Some(Value::Moment(row.created_at)),
            By::Client => Some(Value::Text(fold(row.client))),
            By::Coach => row.coach.map(|name| Value::Text(fold(name))),
            By::Program => Some(Value::Text(fold(row.program))),
            By::StartsOn => row.starts_on.map(Value::Day),
            By::EndsOn => row.ends_on.map(Value::Day),
            By::Progress => match row.progress {
                Status::OffTrack => Some(Value::Number(0)),
                Status::OnTrack => Some(Value::Number(1)),
                Status::NotTracking => None,
            },
            By::OffTrackSince => row.off_track_since.map(Value::Day),
            By::DueOn => row.due_on.map(Value::Day),
            By::SessionsDone => Some(Value::Number(row.sessions_done)),
        };
        Place(value, row.id)
    }

    /// Which of two places comes first.
    pub fn compare(&self, a: &Place, b: &Place) -> Ordering {
        let by_value = match (&a.0, &b.0) {
            (Some(a), Some(b)) if self.descending => b.cmp(a),
            (Some(a), Some(b)) => a.cmp(b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        by_value.then(a.1.cmp(&b.1))
    }
}

/// Those of the things that a filter shows, in order, each with its place.
pub fn arrange<T>(all: impl IntoIterator<Item = T>, row: impl Fn(&T) -> Row<'_>, filter: &Filter, sort: Sort) -> Vec<(Place, T)> {
    let shows = filter.shows();
    let mut shown: Vec<(Place, T)> = all
        .into_iter()
        .filter_map(|thing| {
            let place = Some(row(&thing)).filter(|row| shows(row)).map(|row| sort.place(&row))?;
            Some((place, thing))
        })
        .collect();
    shown.sort_by(|(a, _), (b, _)| sort.compare(a, b));
    shown
}

/// At most `limit` of an arranged list, behind a place; and the place behind which the next page begins, if there is one.
pub fn cut<T>(arranged: Vec<(Place, T)>, sort: Sort, after: Option<&Place>, limit: usize) -> (Vec<T>, Option<Place>) {
    let mut rest = arranged.into_iter().skip_while(|(place, _)| after.is_some_and(|after| sort.compare(place, after).is_le()));
    let (places, things): (Vec<Place>, Vec<T>) = rest.by_ref().take(limit).unzip();
    (things, rest.next().and(places.into_iter().next_back()))
}

/// How many engagements stand how, as the viewer sees them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Counts {
    /// Within their threshold.
    pub on_track: u64,
    /// Past it.
    pub off_track: u64,
    /// Not tracked, or not for the viewer to know.
    pub not_tracking: u64,
}

impl Counts {
    /// Of these.
    pub fn of(standing: impl IntoIterator<Item = Status>) -> Self {
        let mut counts = Self::default();
        for status in standing {
            match status {
                Status::OnTrack => counts.on_track += 1,
                Status::OffTrack => counts.off_track += 1,
                Status::NotTracking => counts.not_tracking += 1,
            }
        }
        counts
    }
}

/// A column of the page of engagements (T-12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// The client's name.
    Client,
    /// The client's company.
    Company,
    /// The coach's name.
    Coach,
    /// The program's name.
    Program,
    /// What it is like.
    Kind,
    /// The location it belongs to.
    Location,
    /// Where it is in its life.
    State,
    /// Where it stands against its threshold.
    Progress,
    /// Since when it is off track.
    OffTrackSince,
    /// The day it is due.
    DueOn,
    /// Its first day.
    StartsOn,
    /// Its last day.
    EndsOn,
    /// How many sessions were completed.
    SessionsDone,
    /// How many sessions are planned.
    SessionsTotal,
    /// When it was added.
    CreatedAt,
}

/// Which columns a person sees, in their order (T-12).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Columns {
    /// Of the page of engagements.
    pub engagements: Vec<Column>,
}

impl Default for Columns {
    fn default() -> Self {
        use Column::{Client, Coach, EndsOn, Program, Progress, SessionsDone, SessionsTotal, StartsOn, State};
        Self { engagements: vec![Client, Coach, Program, StartsOn, EndsOn, SessionsDone, SessionsTotal, State, Progress] }
    }
}

impl Columns {
    /// Whether they are those that everybody begins with.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A change of one's columns; what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ColumnsDraft {
    /// Of the page of engagements: those to show, in their order; at least one, none twice.
    pub engagements: Option<Vec<Column>>,
}

impl ColumnsDraft {
    /// The columns after this change.
    pub fn over(&self, before: &Columns, check: &mut Check) -> Columns {
        let engagements = self.engagements.as_ref().unwrap_or(&before.engagements);
        check.that(!engagements.is_empty(), "columns.engagements", "must name at least one column");
        let twice = engagements.iter().enumerate().find(|(n, column)| engagements[..*n].contains(column));
        if let Some((n, _)) = twice {
            check.fault(format!("columns.engagements[{n}]"), "is named twice");
        }
        Columns { engagements: engagements.clone() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ulid::Ulid;

    use super::*;

    const NAMES: [&str; 5] = ["Amber Stone", "Ángel Ruiz", "Ben Alder", "amber stone", "Zoë 🎯"];

    fn day(n: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 3, 1).unwrap() + chrono::Days::new(n)
    }

    fn row(id: u128) -> Row<'static> {
        Row {
            id: EngagementId(Ulid(id)),
            client_id: ClientId(Ulid(id)),
            client: NAMES[0],
            company_id: None,
            coach_id: None,
            coach: None,
            program_id: ProgramId(Ulid(1)),
            program: "Leadership",
            location_id: None,
            state: State::Active,
            starts_on: None,
            ends_on: None,
            sessions_done: 0,
            progress: Status::NotTracking,
            off_track_since: None,
            due_on: None,
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    fn sorts() -> impl Strategy<Value = Sort> {
        (0..By::ALL.len(), any::<bool>()).prop_map(|(n, descending)| Sort { by: By::ALL[n].1, descending })
    }

    fn rows() -> impl Strategy<Value = Vec<Row<'static>>> {
        let coach = proptest::option::of(0..NAMES.len());
        let some = (0..NAMES.len(), coach, 0_u8..3, proptest::option::of(0_u64..4), 0_u32..3, 0_i64..3);
        proptest::collection::vec(some, 0..14).prop_map(|all| {
            let made = all.into_iter().enumerate().map(|(n, (client, coach, progress, on, sessions_done, at))| Row {
                client: NAMES[client],
                coach: coach.map(|n| NAMES[n]),
                progress: [Status::OnTrack, Status::OffTrack, Status::NotTracking][usize::from(progress)],
                off_track_since: on.filter(|_| progress == 1).map(day),
                due_on: on.map(day),
                starts_on: on.map(day),
                sessions_done,
                created_at: DateTime::UNIX_EPOCH + chrono::Duration::seconds(at),
                ..row(n as u128)
            });
            made.collect()
        })
    }

    fn ids(rows: &[Row<'_>]) -> Vec<EngagementId> {
        rows.iter().map(|row| row.id).collect()
    }

    fn arranged<'a>(rows: &[Row<'a>], sort: Sort) -> Vec<(Place, Row<'a>)> {
        arrange(rows.to_vec(), |row| *row, &Filter::default(), sort)
    }

    proptest! {
        #[test]
        fn pages_put_together_are_the_whole_list(rows in rows(), sort in sorts(), limit in 1_usize..5) {
            let whole: Vec<_> = arranged(&rows, sort).into_iter().map(|(_, row)| row).collect();
            let (mut paged, mut after) = (Vec::new(), None);
            loop {
                let (page, next) = cut(arranged(&rows, sort), sort, after.as_ref(), limit);
                prop_assert!(page.len() <= limit);
                paged.extend(page);
                let Some(next) = next else { break };
                // a place goes out in a cursor, and comes back
                let text = serde_json::to_string(&next).unwrap();
                after = Some(serde_json::from_str(&text).unwrap());
                prop_assert_eq!(after.as_ref(), Some(&next));
            }
            prop_assert_eq!(ids(&paged), ids(&whole));
        }

        #[test]
        fn rows_added_meanwhile_neither_repeat_nor_lose_others(rows in rows(), added in rows(), sort in sorts(), limit in 1_usize..5) {
            let (first, next) = cut(arranged(&rows, sort), sort, None, limit);
            let later: Vec<_> = rows.iter().copied().chain(added.into_iter().map(|row| Row { id: EngagementId(Ulid(row.id.0.0 + 100)), ..row })).collect();
            let Some(next) = next else { return Ok(()) };
            let (rest, _) = cut(arranged(&later, sort), sort, Some(&next), 1000);
            let rest = ids(&rest);
            for row in &rows {
                prop_assert_eq!(ids(&first).contains(&row.id), !rest.contains(&row.id));
            }
        }

        #[test]
        fn rows_without_a_value_come_last_in_both_directions(rows in rows(), sort in sorts()) {
            let without: Vec<bool> = arranged(&rows, sort).iter().map(|(place, _)| place.0.is_none()).collect();
            prop_assert!(without.is_sorted());
        }
    }

    #[test]
    fn names_are_found_and_sorted_without_regard_to_case_and_accents() {
        let rows: Vec<_> = NAMES.iter().enumerate().map(|(n, name)| Row { client: name, ..row(n as u128) }).collect();
        let sorted: Vec<_> = arranged(&rows, "client".parse().unwrap()).iter().map(|(_, row)| row.client).collect();
        assert_eq!(sorted, ["Amber Stone", "amber stone", "Ángel Ruiz", "Ben Alder", "Zoë 🎯"]);
        let found = |q: &str| {
            let filter = Filter { q: Some(q.into()), ..Filter::default() };
            arrange(rows.clone(), |row| *row, &filter, Sort::default()).len()
        };
        assert_eq!([found("ANGEL"), found("zoe"), found("  amber "), found("lÉader"), found("nobody"), found(" ")], [1, 1, 2, 5, 0, 5]);
    }

    #[test]
    fn off_track_since_is_inclusive_on_both_ends_and_shows_only_what_is_off_track() {
        let off = |n| Row { progress: Status::OffTrack, off_track_since: Some(day(n)), ..row(u128::from(n)) };
        let rows = [off(1), off(2), off(3), off(4), Row { due_on: Some(day(2)), progress: Status::OnTrack, ..row(9) }];
        let found = |from: Option<u64>, to: Option<u64>| {
            let filter = Filter { off_track_since_from: from.map(day), off_track_since_to: to.map(day), ..Filter::default() };
            ids(&arrange(rows.to_vec(), |row| *row, &filter.read().unwrap(), Sort::default())
                .into_iter()
                .map(|(_, row)| row)
                .collect::<Vec<_>>())
        };
        assert_eq!(found(Some(2), Some(3)), [rows[1].id, rows[2].id]);
        assert_eq!(found(Some(2), Some(2)), [rows[1].id]);
        assert_eq!(found(Some(3), None), [rows[2].id, rows[3].id]);
        assert_eq!(found(None, Some(1)), [rows[0].id]);
        assert_eq!(found(None, None).len(), 5);
        let upside_down = Filter { off_track_since_from: Some(day(3)), off_track_since_to: Some(day(2)), ..Filter::default() };
        assert_eq!(upside_down.read().unwrap_err().errors[0].field, "off_track_since_to");
    }

    #[test]
    fn an_order_is_a_name_with_or_without_a_minus() {
        assert_eq!("-due_on".parse(), Ok(Sort { by: By::DueOn, descending: true }));
        for (name, by) in By::ALL {
            assert_eq!(name.parse(), Ok(Sort { by, descending: false }));
            assert!(NotAnOrder.to_string().contains(name));
        }
        for none in ["", "-", "--client", "Client", "client desc", "threshold_weeks", "+client"] {
            assert_eq!(none.parse::<Sort>(), Err(NotAnOrder), "{none}");
        }
    }

    #[test]
    fn columns_are_named_once_each() {
        let read = |engagements: &[Column]| {
            let mut check = Check::default();
            let draft = ColumnsDraft { engagements: Some(engagements.to_vec()) };
            let columns = draft.over(&Columns::default(), &mut check);
            check.done(columns).map_err(|invalid| invalid.errors.into_iter().map(|e| e.field).collect::<Vec<_>>())
        };
        assert_eq!(read(&[Column::Coach, Column::Client]).unwrap().engagements, [Column::Coach, Column::Client]);
        assert_eq!(read(&[Column::Coach, Column::Client, Column::Coach]), Err(vec!["columns.engagements[2]".into()]));
        assert_eq!(read(&[]), Err(vec!["columns.engagements".into()]));
    }
}
