//! What of a report fits into one mail: mail programs cut off what is too long, so it is cut here, with counts.

use crate::html;
use crate::report::Links;
use crate::view::{BODY_MOST, Client, Counts, Group, Row, View};
use crate::words;

/// How much of bodies is shown, the more the better: characters.
const BODIES: [usize; 4] = [BODY_MOST, 800, 320, 120];
/// No group is cut below this while there are clients that can be told in short instead.
const ROWS_LEAST: usize = 3;
/// The most clients that are told in short.
const LISTED_MOST: usize = 40;
/// Not less than the row "and N more" weighs, in bytes.
const MORE_WEIGHS: usize = 300;

/// How a report is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Characters of each body.
    pub(crate) bodies: usize,
    /// Rows of each group.
    pub(crate) rows: usize,
    /// Clients with all groups, from the first.
    pub(crate) detailed: usize,
    /// Clients after them with their numbers alone.
    pub(crate) listed: usize,
}

/// The weight of a client in bytes.
struct Weight {
    head: usize,
    listed: usize,
    /// For each group, what its heading and its first `n` rows by rank weigh.
    groups: Vec<Vec<usize>>,
}

impl Weight {
    fn with(&self, rows: usize) -> usize {
        let groups = self.groups.iter().map(|sums| match sums.get(rows) {
            Some(sum) if rows + 1 < sums.len() => sum + MORE_WEIGHS,
            Some(sum) => *sum,
            None => sums.last().copied().unwrap_or_default(),
        });
        self.head + groups.sum::<usize>()
    }
}

impl Plan {
    /// Shows nothing of the clients: for weighing what surrounds them.
    pub(crate) const NOTHING: Self = Self { bodies: 0, rows: 0, detailed: 0, listed: 0 };

    /// The fullest plan that fits into `room` bytes: long bodies go first, then rows, then clients.
    pub(crate) fn new(view: &View, single: bool, room: usize, links: &Links<'_>) -> Self {
        let all = view.clients.len();
        let longest = view.clients.iter().flat_map(|client| &client.groups).map(|group| group.rows.len()).max().unwrap_or_default();
        let fits = |weights: &[Weight], rows: usize| weights.iter().map(|weight| weight.with(rows)).sum::<usize>() <= room;
        let weights = weigh(view, single, 0, links);
        if fits(&weights, longest) {
            let has_bodies = view.clients.iter().flat_map(|client| &client.groups).flat_map(|group| &group.rows).any(has_body);
            let bodies = BODIES.into_iter().filter(|_| has_bodies).find(|bodies| fits(&weigh(view, single, *bodies, links), longest));
            return Self { bodies: bodies.unwrap_or_default(), rows: longest, detailed: all, listed: 0 };
        }
        let least = if all > 1 { ROWS_LEAST } else { 0 };
        if fits(&weights, least) {
            let (mut low, mut high) = (least, longest);
            while low + 1 < high {
                let middle = low.midpoint(high);
                if fits(&weights, middle) {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            return Self { bodies: 0, rows: low, detailed: all, listed: 0 };
        }
        (1..=ROWS_LEAST)
            .rev()
            .filter_map(|rows| fewer_clients(&weights, rows, room))
            .find(|plan| plan.detailed > 0)
            .or_else(|| fewer_clients(&weights, 0, room))
            .unwrap_or(Self::NOTHING)
    }

    /// The rows of a group that stay, in their order; the most telling ones.
    pub(crate) fn kept<'a>(&self, group: &'a Group) -> Vec<&'a Row> {
        if group.rows.len() <= self.rows {
            return group.rows.iter().collect();
        }
        let mut kept = ranked(group);
        kept.truncate(self.rows);
        kept.sort_unstable();
        kept.into_iter().map(|index| &group.rows[index]).collect()
    }

    /// Whether anything that is shown can be commented on.
    pub(crate) fn has_answers(&self, view: &View) -> bool {
        let groups = view.clients[..self.detailed].iter().flat_map(|client| &client.groups);
        groups.flat_map(|group| self.kept(group)).any(|row| row.answer().is_some())
    }

    /// How many things are not shown, as far as they are counted by sort, and how many clients are left out altogether.
    pub(crate) fn left_out(&self, view: &View) -> usize {
        let cut = |client: &Client| client.groups.iter().map(|group| group.rows.len().saturating_sub(self.rows)).sum::<usize>();
        let detailed: usize = view.clients[..self.detailed].iter().map(cut).sum();
        let rest: usize = view.clients[self.detailed..].iter().map(|client| client.counts.all()).sum();
        detailed + rest + view.left_out
    }

    /// The sentence on what is not shown, if anything is not.
    pub(crate) fn note(&self, view: &View) -> Option<String> {
        let left_out = self.left_out(view);
        if left_out == 0 {
            return None;
        }
        let unlisted = &view.clients[self.detailed + self.listed..];
        let clients = match unlisted.len() {
            0 => String::new(),
            n => {
                let counts = unlisted.iter().fold(Counts::default(), |sum, client| sum.plus(client.counts));
                format!(" That includes {} not named above ({}).", words::count(n, "client", "clients"), counts.words())
            }
        };
        Some(format!("{} left out, because this mail would be too long.{clients}", words::count(left_out, "thing is", "things are")))
    }
}

fn has_body(row: &Row) -> bool {
    !row.said().is_empty() || matches!(row, Row::Thing(thing) if thing.body.is_some())
}

/// The rows of a group by rank.
fn ranked(group: &Group) -> Vec<usize> {
    let mut order: Vec<usize> = (0..group.rows.len()).collect();
    order.sort_by_key(|index| group.rows[*index].rank());
    order
}

fn weigh(view: &View, single: bool, bodies: usize, links: &Links<'_>) -> Vec<Weight> {
    let weigh = |client: &Client| {
        let head = if single { 0 } else { html::card(&html::client_head(client, links)).0.len() };
        let groups = client.groups.iter().map(|group| {
            // not every group has its part's heading: too much is safe
            let around =
                html::part_heading(group.part.heading(), 3).0.len() + html::group_open(group, 4).0.len() + html::GROUP_CLOSE.0.len();
            let mut sums = Vec::with_capacity(group.rows.len() + 1);
            sums.push(around);
            let mut sum = around;
            for index in ranked(group) {
                sum += html::row(&group.rows[index], bodies, false).0.len();
                sums.push(sum);
            }
            sums
        });
        Weight { head, listed: html::listed(client, links).0.len(), groups: groups.collect() }
    };
    view.clients.iter().map(weigh).collect()
}

/// The most clients with `rows` rows per group that fit beside the next ones in short.
fn fewer_clients(weights: &[Weight], rows: usize, room: usize) -> Option<Plan> {
    let list_head = html::card(&html::part_heading("In short", 2)).0.len() + 200;
    let mut best = None;
    let mut detailed = 0;
    for count in 0..=if rows == 0 { 0 } else { weights.len() } {
        if count > 0 {
            detailed += weights[count - 1].with(rows);
        }
        if detailed > room {
            break;
        }
        let mut listed = list_head;
        let mut short = 0;
        for weight in weights[count..].iter().take(LISTED_MOST) {
            listed += weight.listed;
            if detailed + listed > room {
                break;
            }
            short += 1;
        }
        if short == weights[count..].len().min(LISTED_MOST) || best.is_none() {
            best = Some(Plan { bodies: 0, rows, detailed: count, listed: short });
        }
    }
    best
}
