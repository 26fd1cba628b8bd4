//! A metric's values over time as inline SVG: a line, a dot per value, a dashed line at the target. The same in words for who does
//! not see it.

use std::fmt::Write;

use chrono::NaiveDate;
use domain::item::{Item, Point};
use maud::{Markup, PreEscaped, html};

use crate::words;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 200.0;
const LEFT: f64 = 12.0;
const RIGHT: f64 = 84.0;
const TOP: f64 = 18.0;
const BOTTOM: f64 = 30.0;
/// More dots than this would hide the line.
const DOTS_MOST: usize = 31;

/// The chart; nothing where there are fewer than two values, or one is not a number.
pub(crate) fn chart(item: &Item, points: &[Point]) -> Option<Markup> {
    let [first, .., last] = points else { return None };
    let goal = item.target.filter(|goal| goal.is_finite());
    let values = || points.iter().map(|point| point.value).chain(goal);
    let low = values().fold(f64::INFINITY, f64::min);
    let high = values().fold(f64::NEG_INFINITY, f64::max);
    if !(high - low).is_finite() || points.iter().any(|point| !point.value.is_finite()) {
        return None;
    }
    let y = |value: f64| TOP + (HEIGHT - TOP - BOTTOM) * if high > low { 1.0 - (value - low) / (high - low) } else { 0.5 };
    let x = |on: NaiveDate| LEFT + (WIDTH - LEFT - RIGHT) * share(first.on, on, last.on);
    let mut line = String::new();
    for (n, point) in points.iter().enumerate() {
        let _ = write!(line, "{}{:.1} {:.1}", if n == 0 { "M" } else { "L" }, x(point.on), y(point.value));
    }
    let area = format!("{line}L{:.1} {:.1}L{:.1} {:.1}Z", x(last.on), HEIGHT - BOTTOM, x(first.on), HEIGHT - BOTTOM);
    // two labels at the right edge must not stand in each other
    let last_y = y(last.value);
    let goal_y =
        goal.map(|goal| if (y(goal) - last_y).abs() < 19.0 { last_y + if y(goal) < last_y { -19.0 } else { 19.0 } } else { y(goal) });
    let (title, about) = (format!("c{}", item.id), format!("d{}", item.id));
    let number = |value: f64| format!("{value:.1}");
    Some(html! {
        figure {
            svg class="chart" viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-labelledby=(format!("{title} {about}")) {
                title id=(title) { (item.title) }
                desc id=(about) { (in_words(item, points)) }
                line class="axis" x1=(number(LEFT)) x2=(number(WIDTH - RIGHT)) y1=(number(HEIGHT - BOTTOM)) y2=(number(HEIGHT - BOTTOM)) {}
                path class="area" d=(area) {}
                @if let (Some(goal), Some(goal_y)) = (goal, goal_y) {
                    line class="goal" x1=(number(LEFT)) x2=(number(WIDTH - RIGHT)) y1=(number(y(goal))) y2=(number(y(goal))) {}
                    text class="goal-label" x=(number(WIDTH - RIGHT + 12.0)) y=(number(goal_y + 4.0)) { "target " (words::number(goal)) }
                }
                path class="line" d=(line) {}
                @if points.len() <= DOTS_MOST {
                    @for point in points { circle class="dot" cx=(number(x(point.on))) cy=(number(y(point.value))) r="3.5" {} }
                }
                circle class="last" cx=(number(x(last.on))) cy=(number(last_y)) r="6" {}
                text class="value" x=(number(WIDTH - RIGHT + 12.0)) y=(number(last_y + 5.0)) { (words::number(last.value)) }
                text class="date" x=(number(LEFT)) y=(number(HEIGHT - 8.0)) { (words::short_day(first.on)) }
                @if last.on > first.on {
                    text class="date" text-anchor="end" x=(number(WIDTH - RIGHT)) y=(number(HEIGHT - 8.0)) { (words::short_day(last.on)) }
                }
            }
            figcaption {
                (words::count(points.len() as u64, "value", "values")) ", from "
                b { (words::number(first.value)) } " to " b { (words::with_unit(last.value, item.unit.as_deref())) }
                @if let Some(goal) = goal { ", target " (words::number(goal)) }
                (PreEscaped("."))
            }
        }
    })
}

#[expect(clippy::cast_precision_loss, reason = "days")]
fn share(first: NaiveDate, on: NaiveDate, last: NaiveDate) -> f64 {
    let days = (last - first).num_days();
    if days <= 0 { 0.5 } else { ((on - first).num_days() as f64 / days as f64).clamp(0.0, 1.0) }
}

fn in_words(item: &Item, points: &[Point]) -> String {
    let mut text = String::from("Line chart.");
    if let Some(target) = item.target {
        let _ = write!(text, " Target {}.", words::with_unit(target, item.unit.as_deref()));
    }
    for point in points {
        let _ = write!(text, " {}: {}.", words::short_day(point.on), words::with_unit(point.value, item.unit.as_deref()));
    }
    text
}
