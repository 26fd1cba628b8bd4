//! Words: dates, numbers, names and plurals, made safe to print.

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};
use chrono_tz::Tz;
use domain::item::ItemKind;
use domain::schedule::Window;

/// Before and after a name that is set apart.
pub(crate) const APART: char = '\u{2068}';
pub(crate) const TOGETHER: char = '\u{2069}';

/// Cuts a text to at most `most` characters, the ellipsis included, and not inside an emoji or an accented letter.
pub(crate) fn clip(text: &str, most: usize) -> String {
    if text.chars().nth(most).is_none() {
        return text.to_owned();
    }
    let starts: Vec<(usize, char)> = text.char_indices().take(most).collect();
    let mut at = starts.len().saturating_sub(1);
    while at > 0 && (continues(starts[at].1) || joins(starts[at - 1].1) || splits_a_flag(&starts[..=at])) {
        at -= 1;
    }
    format!("{}…", text[..starts.get(at).map_or(0, |(index, _)| *index)].trim_end())
}

fn continues(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5C7}' | '\u{610}'..='\u{61A}' | '\u{64B}'..='\u{65F}'
        | '\u{670}' | '\u{900}'..='\u{903}' | '\u{93A}'..='\u{94F}' | '\u{E31}' | '\u{E34}'..='\u{E3A}' | '\u{E47}'..='\u{E4E}'
        | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{200D}' | '\u{20D0}'..='\u{20FF}' | '\u{FE00}'..='\u{FE0F}'
        | '\u{FE20}'..='\u{FE2F}' | '\u{1F3FB}'..='\u{1F3FF}' | '\u{E0020}'..='\u{E007F}')
}

fn joins(c: char) -> bool {
    c == '\u{200D}'
}

/// Whether a cut before the last of these characters leaves half a flag, which is a pair of regional indicators.
fn splits_a_flag(chars: &[(usize, char)]) -> bool {
    let indicator = |c: char| matches!(c, '\u{1F1E6}'..='\u{1F1FF}');
    let Some(((_, last), before)) = chars.split_last() else { return false };
    indicator(*last) && before.iter().rev().take_while(|(_, c)| indicator(*c)).count() % 2 == 1
}

/// Turns what follows around, or is no character to print.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
}

/// A text as one line of at most `most` characters: whatever breaks a line or can't be printed becomes a space.
pub(crate) fn line(text: &str, most: usize) -> String {
    // the clip comes first, so that a text of any length costs no more than a short one
    let short: String = text.chars().take(most.saturating_mul(4)).map(|c| if is_unprintable(c) { ' ' } else { c }).collect();
    clip(&short.split_whitespace().collect::<Vec<_>>().join(" "), most)
}

/// A name to stand in a sentence, set apart so that one in a script that runs from right to left leaves the words around
/// it in their places. The signs are none that a cleaned name can hold: [`bare`] takes them out, HTML makes `bdi` of them.
pub(crate) fn isolate(name: &str) -> String {
    format!("{APART}{name}{TOGETHER}")
}

/// A text as it is where there is no markup: without the signs of [`isolate`], and with plain spaces.
pub(crate) fn bare(text: &str) -> String {
    text.replace([APART, TOGETHER], "").replace('\u{a0}', " ")
}

/// A text of several lines, at most `most` characters, without what can't be printed and with at most one empty line in a row.
pub(crate) fn lines(text: &str, most: usize) -> String {
    let mut kept = String::with_capacity(text.len().min(most));
    let mut breaks = 0;
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => breaks += 1,
            '\t' => kept.push(' '),
            c if is_unprintable(c) => {}
            c => {
                if breaks > 0 && !kept.is_empty() {
                    kept.push_str(if breaks == 1 { "\n" } else { "\n\n" });
                }
                breaks = 0;
                kept.push(c);
            }
        }
    }
    clip(kept.trim(), most)
}

/// A text as it was written, as far as it is shown.
pub(crate) struct Verbatim {
    pub(crate) text: String,
    pub(crate) is_cut: bool,
}

/// A text with every line of it, at most `most` characters, without what can't be printed.
pub(crate) fn verbatim(text: &str, most: usize) -> Verbatim {
    let breaks = text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n").replace('\t', "    ");
    let kept: String = breaks.chars().filter(|c| *c == '\n' || !is_unprintable(*c)).collect();
    let kept = kept.trim_start_matches('\n').trim_end();
    Verbatim { is_cut: kept.chars().nth(most).is_some(), text: clip(kept, most) }
}

/// How large a file is: "120 KB", "1.4 MB".
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} bytes"),
        1_024..1_048_576 => format!("{} KB", bytes.div_ceil(1_024)),
        _ => {
            let tenths = (u128::from(bytes) * 10).div_ceil(1_048_576);
            format!("{}.{} MB", tenths / 10, tenths % 10)
        }
    }
}

/// "1 client", "3 clients".
pub(crate) fn count(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", grouped(n), if n == 1 { one } else { many })
}

/// "1,234".
pub(crate) fn grouped(n: usize) -> String {
    group(&n.to_string())
}

fn group(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number with at most two decimals: "14", "-2.5", "12,500".
pub(crate) fn number(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    if value.abs() >= 1e15 {
        return format!("{value:e}");
    }
    let rounded = format!("{:.2}", value.abs());
    let (whole, part) = rounded.split_once('.').unwrap_or((&rounded, ""));
    let part = part.trim_end_matches('0');
    let sign = if value < 0.0 && (whole != "0" || !part.is_empty()) { "−" } else { "" };
    format!("{sign}{}{}{part}", group(whole), if part.is_empty() { "" } else { "." })
}

/// What a number counts, as it follows the number: " hours", "%".
pub(crate) fn unit(unit: &str) -> String {
    if unit.starts_with(['%', '°', '‰']) { unit.to_owned() } else { format!(" {unit}") }
}

/// The day of an instant in a zone.
pub(crate) fn day(at: DateTime<Utc>, zone: Tz) -> NaiveDate {
    at.with_timezone(&zone).date_naive()
}

/// "19 Nov", or "19 Nov 2025" where the year is not that of `today`.
pub(crate) fn date(on: NaiveDate, today: NaiveDate) -> String {
    on.format(if on.year() == today.year() { "%-d %b" } else { "%-d %b %Y" }).to_string()
}

/// "21 November 2026".
pub(crate) fn long_date(on: NaiveDate) -> String {
    on.format("%-d %B %Y").to_string()
}

/// "Saturday 28 November 2026".
pub(crate) fn weekday(on: NaiveDate) -> String {
    on.format("%A %-d %B %Y").to_string()
}

/// "Tue 24 Nov, 10:00".
pub(crate) fn moment(at: DateTime<Utc>, zone: Tz, today: NaiveDate) -> String {
    let local = at.with_timezone(&zone);
    format!("{} {}, {}", local.format("%a"), date(local.date_naive(), today), local.format("%H:%M"))
}

/// "Friday 20 November 2026 at 16:30".
pub(crate) fn long_moment(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%A %-d %B %Y at %H:%M").to_string()
}

/// "20 November 2026, 16:30".
fn instant(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%-d %B %Y, %H:%M").to_string()
}

/// The first and the last day of a window on the zone's calendar. A window that ends at midnight ends with the day before.
pub(crate) fn days(window: Window, zone: Tz) -> (NaiveDate, NaiveDate) {
    let to = window.to.with_timezone(&zone);
    let last =
        if to.num_seconds_from_midnight() == 0 { to.date_naive().pred_opt().unwrap_or_else(|| to.date_naive()) } else { to.date_naive() };
    let first = day(window.from, zone);
    (first.min(last), last)
}

/// The window, for a heading: "14–21 November 2026", "21 November 2026".
pub(crate) fn span(window: Window, zone: Tz) -> String {
    between(window, zone, "–", " – ")
}

/// The window, in a sentence or a subject: "14 to 21 November 2026".
pub(crate) fn span_in_words(window: Window, zone: Tz) -> String {
    between(window, zone, " to ", " to ")
}

fn between(window: Window, zone: Tz, near: &str, far: &str) -> String {
    let (first, last) = days(window, zone);
    let end = last.format("%-d %B %Y");
    if first == last {
        end.to_string()
    } else if (first.year(), first.month()) == (last.year(), last.month()) {
        format!("{}{near}{end}", first.day())
    } else if first.year() == last.year() {
        format!("{}{far}{end}", first.format("%-d %B"))
    } else {
        format!("{}{far}{end}", first.format("%-d %B %Y"))
    }
}

/// The window to the minute, with its zone.
pub(crate) fn exact_span(window: Window, zone: Tz) -> String {
    format!("{} to {}, {} time", instant(window.from, zone), instant(window.to, zone), place(zone))
}

/// How long a window is, as people say it.
pub(crate) fn length(window: Window) -> Option<&'static str> {
    match (window.to - window.from).num_hours() {
        18..=30 => Some("day"),
        150..=186 => Some("week"),
        318..=354 => Some("two weeks"),
        664..=752 => Some("month"),
        _ => None,
    }
}

/// The place a zone is named after: "New York", "UTC".
pub(crate) fn place(zone: Tz) -> String {
    let name = zone.name();
    name.rsplit('/').next().unwrap_or(name).replace('_', " ")
}

/// "a day early", "3 days after it was due", "on time".
pub(crate) fn against(done: NaiveDate, due: NaiveDate) -> String {
    match (done - due).num_days() {
        0 => "on the day it was due".to_owned(),
        -1 => "a day early".to_owned(),
        1 => "a day after it was due".to_owned(),
        n if n < 0 => format!("{} days early", -n),
        n => format!("{n} days after it was due"),
    }
}

/// "due tomorrow, 22 Nov".
pub(crate) fn due(on: NaiveDate, today: NaiveDate) -> String {
    match (on - today).num_days() {
        0 => format!("due today, {}", date(on, today)),
        1 => format!("due tomorrow, {}", date(on, today)),
        _ => format!("due {}", date(on, today)),
    }
}

/// The first letter as a capital.
pub(crate) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// A schedule in words, for the middle of a sentence.
pub(crate) fn schedule(words: &str) -> String {
    let words = line(words, 200);
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// One or two letters that stand for a name.
pub(crate) fn initials(name: &str) -> String {
    let mut letters = name.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let first = letters.next();
    let last = letters.next_back();
    let initials: String = first.into_iter().chain(last).flat_map(char::to_uppercase).take(3).collect();
    if initials.is_empty() { "·".to_owned() } else { initials }
}

/// Which of eight hues stands for a name: always the same one.
pub(crate) fn hue(name: &str) -> usize {
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (hash >> 7) as usize % 8
}

/// The heading over items of a kind.
pub(crate) fn heading(kind: ItemKind) -> &'static str {
    match kind {
        ItemKind::Action => "Actions",
        ItemKind::Metric => "Metrics",
        ItemKind::Worksheet => "Worksheets",
        ItemKind::SessionNote => "Session notes",
        ItemKind::Note => "Notes",
        ItemKind::JournalEntry => "Journal",
        ItemKind::File => "Files",
        ItemKind::Appointment => "Appointments",
        ItemKind::Agreement => "Agreements",
        ItemKind::Contract => "Contracts",
        ItemKind::Invoice => "Invoices",
        ItemKind::CourseStep => "Course steps",
        ItemKind::Message => "Messages",
    }
}

/// A kind, as one word in a line.
pub(crate) fn kind(kind: ItemKind) -> &'static str {
    match kind {
        ItemKind::Action => "action",
        ItemKind::Metric => "metric",
        ItemKind::Worksheet => "worksheet",
        ItemKind::SessionNote => "session note",
        ItemKind::Note => "note",
        ItemKind::JournalEntry => "journal entry",
        ItemKind::File => "file",
        ItemKind::Appointment => "appointment",
        ItemKind::Agreement => "agreement",
        ItemKind::Contract => "contract",
        ItemKind::Invoice => "invoice",
        ItemKind::CourseStep => "course step",
        ItemKind::Message => "message",
    }
}

/// A list in words: "Amber, Ben and Cleo".
pub(crate) fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(from: &str, to: &str) -> Window {
        Window { from: from.parse().unwrap(), to: to.parse().unwrap() }
    }

    #[test]
    fn a_window_is_named_by_the_days_of_its_zone() {
        let zone = chrono_tz::America::New_York;
        for (from, to, words) in [
            ("2026-11-14T21:30:00Z", "2026-11-21T21:30:00Z", "14–21 November 2026"),
            ("2026-10-30T21:30:00Z", "2026-11-06T21:30:00Z", "30 October – 6 November 2026"),
            ("2025-12-28T21:30:00Z", "2026-01-04T21:30:00Z", "28 December 2025 – 4 January 2026"),
            ("2026-11-21T12:00:00Z", "2026-11-21T21:30:00Z", "21 November 2026"),
            ("2026-11-14T05:00:00Z", "2026-11-21T05:00:00Z", "14–20 November 2026"),
        ] {
            assert_eq!(span(window(from, to), zone), words);
        }
    }

    #[test]
    fn numbers_read_well() {
        for (value, words) in [
            (14.0, "14"),
            (2.5, "2.5"),
            (-0.001, "0"),
            (-2.25, "−2.25"),
            (12500.0, "12,500"),
            (f64::NAN, "–"),
            (1e300, "1e300"),
            (999.999, "1,000"),
        ] {
            assert_eq!(number(value), words);
        }
        assert_eq!(unit("%"), "%");
        assert_eq!(unit("hours"), " hours");
    }

    #[test]
    fn a_cut_never_halves_what_looks_like_one_character() {
        assert_eq!(clip("abcdef", 6), "abcdef");
        assert_eq!(clip("abcdef", 5), "abcd…");
        assert_eq!(clip("ab👩\u{200d}🚀cd", 5), "ab…");
        assert_eq!(clip("abe\u{301}cd", 4), "ab…");
        assert_eq!(clip("a🇩🇪🇫🇷", 3), "a…");
        assert_eq!(clip("a🇩🇪🇫🇷", 4), "a🇩🇪…");
    }

    #[test]
    fn a_line_stays_one_line() {
        assert_eq!(line("a\r\nBcc: x@y.example\u{202e}\u{0}b", 100), "a Bcc: x@y.example b");
        assert_eq!(lines("a\r\n\r\n\r\n\r\nb\u{0}\n", 100), "a\n\nb");
    }

    #[test]
    fn a_name_that_is_set_apart_holds_no_sign_of_it() {
        let name = line("a\u{2069}b\u{2068}c", 100);
        assert_eq!(isolate(&name), "\u{2068}a b c\u{2069}");
        assert_eq!(bare(&format!("Hi {},\u{a0}you", isolate(&name))), "Hi a b c, you");
    }

    #[test]
    fn initials_come_from_letters() {
        for (name, letters) in
            [("Amber Stone", "AS"), ("Zoë", "Z"), ("🎯 Dana 🎯", "D"), ("🎯", "·"), ("Ana María de la Cruz", "AC"), ("محمد علي", "مع")]
        {
            assert_eq!(initials(name), letters);
        }
    }
}
