//! The lines of a mail and what each of them is, by its own look and its neighbours'.

use super::locale::{self, Key};

/// What the markup says about a line; plain text says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Hint {
    /// Nothing.
    #[default]
    None,
    /// It stands in a mail program's container for quoted mail.
    Quote,
    /// It stands in a block quote that could be anybody's.
    Indented,
    /// It stands in a mail program's container for the signature.
    Signature,
    /// It stands where a mail program writes who wrote what follows.
    Attribution,
    /// It and everything below it is the mail being answered.
    Rest,
    /// It is a line drawn across the page.
    Drawn,
}

/// One line, without white space at its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    pub(super) hint: Hint,
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Blank,
    Text,
    /// Quoted by `>` or by markup.
    Quote,
    /// A block quote without a sign of whose it is.
    Indented,
    /// Part of "On … wrote:".
    Attribution,
    /// Part of a block of From, Sent, To, Subject.
    Header,
    /// "-----Original Message-----" and what opens a forwarded mail.
    Original,
    /// From here on, says the markup, it is the mail being answered.
    Rest,
    /// Nothing but dashes, underscores, stars.
    Rule,
    /// The `-- ` above a signature.
    Dashes,
    /// In a container for the signature.
    Signature,
    /// "Sent from my …".
    Footer,
    /// "Reply above this line".
    Above,
    /// What PGP puts around a signed text.
    Armor,
}

/// Lines of plain text.
pub(super) fn split(text: &str) -> Vec<Line<'_>> {
    text.split('\n').map(|line| Line { text: line.trim_end(), hint: Hint::None }).collect()
}

/// The kind of each line, and the lines whose beginning is the author's although their end opens a quote (line, byte).
pub(super) fn classify(lines: &[Line<'_>]) -> (Vec<Kind>, Vec<(usize, usize)>) {
    let mut kinds: Vec<Kind> = lines.iter().map(by_look).collect();
    let mut splits = Vec::new();
    free_code(lines, &mut kinds);
    mark_armor(lines, &mut kinds);
    free_wrapped_addresses(lines, &mut kinds);
    let mut fenced = false;
    let mut lower = String::new();
    let mut at = 0;
    while at < lines.len() {
        if kinds[at] != Kind::Text {
            at += 1;
            continue;
        }
        let text = lines[at].text.trim();
        if text.starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            at += 1;
            continue;
        }
        if text.len() <= 300 {
            lowercase(text, &mut lower);
            if let Some(kind) = by_phrase(&lower) {
                kinds[at] = kind;
                at += 1;
                continue;
            }
        }
        if let Some(end) = header_block(lines, &kinds, at) {
            for (line, kind) in lines[at..end].iter().zip(&mut kinds[at..end]) {
                if !line.text.is_empty() {
                    *kind = Kind::Header;
                }
            }
            at = end;
            continue;
        }
        if let Some((start, end)) = attribution(lines, &kinds, at) {
            // To and Subject, as Yandex puts them there
            let mut top = start;
            while top > 0 && start - top < 4 && kinds[top - 1] == Kind::Text && header(lines[top - 1].text).is_some() {
                top -= 1;
                kinds[top] = Kind::Header;
            }
            if let Some(byte) = prefix_of_author(lines[start].text) {
                splits.push((start, byte));
            }
            for kind in &mut kinds[start..end] {
                *kind = Kind::Attribution;
            }
            at = end;
            continue;
        }
        if let Some(from) = attribution_inside(text) {
            let offset = lines[at].text.len() - lines[at].text.trim_start().len();
            if from > 0 {
                splits.push((at, offset + from));
            }
            kinds[at] = Kind::Attribution;
        }
        at += 1;
    }
    join_broken_quotes(lines, &mut kinds);
    (kinds, splits)
}

/// Marks the lines between two code fences as text, whatever they look like.
fn free_code(lines: &[Line<'_>], kinds: &mut [Kind]) {
    let mut open = None;
    for at in 0..lines.len() {
        if lines[at].hint == Hint::None && lines[at].text.trim_start().starts_with("```") {
            match open.take() {
                Some(start) => kinds[start..=at].iter_mut().filter(|kind| **kind != Kind::Blank).for_each(|kind| *kind = Kind::Text),
                None => open = Some(at),
            }
        }
    }
}

/// Marks what PGP puts around a signed text: the lines above it up to a blank one, and the signature.
fn mark_armor(lines: &[Line<'_>], kinds: &mut [Kind]) {
    let mut until: Option<&str> = None;
    for at in 0..lines.len() {
        let text = lines[at].text;
        match until {
            None if text == "-----BEGIN PGP SIGNED MESSAGE-----" => until = Some(""),
            None if text == "-----BEGIN PGP SIGNATURE-----" => until = Some("-----END PGP SIGNATURE-----"),
            None => continue,
            Some(end) if text == end => until = None,
            Some(_) => {}
        }
        if kinds[at] != Kind::Blank {
            kinds[at] = Kind::Armor;
        }
    }
}

/// A line that begins with `>` only because an address was broken before its end quotes nothing.
fn free_wrapped_addresses(lines: &[Line<'_>], kinds: &mut [Kind]) {
    for at in 1..lines.len() {
        if kinds[at] != Kind::Quote || kinds[at - 1] != Kind::Text {
            continue;
        }
        let Some(rest) = lines[at].text.trim_start().strip_prefix('>').map(str::trim) else { continue };
        let open = is_open(lines[at - 1].text);
        let ends = rest.ends_with([':', '：']) && rest.len() <= 40;
        let verb = ends && rest.split_whitespace().count() <= 3 && locale::is_verb(&rest.trim_end_matches([':', ' ']).to_lowercase());
        if open && (ends || rest.is_empty()) || verb {
            kinds[at] = Kind::Text;
        }
    }
}

fn by_look(line: &Line<'_>) -> Kind {
    let text = line.text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\u{200b}');
    match line.hint {
        Hint::Rest => return Kind::Rest,
        Hint::Drawn => return Kind::Rule,
        _ if text.is_empty() => return Kind::Blank,
        Hint::Quote => return Kind::Quote,
        Hint::Indented => return Kind::Indented,
        Hint::Signature => return Kind::Signature,
        Hint::Attribution => return Kind::Attribution,
        Hint::None => {}
    }
    if text.starts_with('>') {
        let marks = text.trim_start_matches(['>', ' ']);
        // a line that points at something, >>> like this <<<
        return if marks.ends_with("<<") { Kind::Text } else { Kind::Quote };
    }
    if matches!(text, "--" | "—" | "–" | "- --") {
        return Kind::Dashes;
    }
    if is_rule(text) { Kind::Rule } else { Kind::Text }
}

/// Whether this line is nothing but marks drawn as a line.
fn is_rule(text: &str) -> bool {
    let mut count = 0;
    for c in text.chars() {
        match c {
            '-' | '_' | '=' | '*' | '~' | '#' | '+' | '–' | '—' | '‐' | '─' | '━' | '―' | '═' | '•' => count += 1,
            ' ' | '\u{a0}' | '\t' => {}
            _ => return false,
        }
    }
    count >= 2
}

pub(super) fn lowercase(text: &str, into: &mut String) {
    into.clear();
    if text.is_ascii() {
        into.push_str(text);
        into.make_ascii_lowercase();
    } else {
        // a Turkish capital I with its dot becomes the one letter
        into.extend(text.chars().flat_map(|c| if c == 'İ' { 'i'.to_lowercase() } else { c.to_lowercase() }));
    }
}

const DASHES: [char; 11] = ['-', '_', '=', '*', '~', '–', '—', '‐', '─', '━', '+'];

fn by_phrase(lower: &str) -> Option<Kind> {
    if locale::is_above(lower) {
        return Some(Kind::Above);
    }
    let bare = lower.trim_matches(|c: char| DASHES.contains(&c) || c.is_whitespace() || matches!(c, '<' | '>' | '[' | ']' | '#'));
    let dashed = lower.starts_with("--")
        || lower.starts_with("==")
        || lower.starts_with("__")
        || lower.starts_with("**")
        || lower.starts_with(['‐', '–', '—', '─', '━']);
    if dashed {
        let drawn = |c: char| DASHES.contains(&c);
        let around = lower.chars().take_while(|c| drawn(*c)).count().min(lower.chars().rev().take_while(|c| drawn(*c)).count());
        let phrase = bare.trim_end_matches([':', ' ']);
        if locale::is_original(phrase) || around >= 4 && locale::speaks_of_mail(phrase) {
            return Some(Kind::Original);
        }
    }
    if locale::opens_forward(bare) {
        return Some(Kind::Original);
    }
    let unwrapped = lower.trim_matches(|c: char| {
        matches!(c, '<' | '>' | '(' | ')' | '[' | '*' | '_' | ' ' | '\u{a0}' | '|' | '~' | '-' | '—' | '–' | '"' | '“' | '”')
    });
    if unwrapped == "ᐧ" || locale::is_sent_from(unwrapped) {
        return Some(Kind::Footer);
    }
    None
}

/// The key of a header line and its value.
fn header(line: &str) -> Option<(Key, &str)> {
    let line = line.trim_start_matches([' ', '\t', '*', '_', '|', '\u{a0}', '·', '•', '\u{200e}', '\u{200f}']);
    let colon = line.char_indices().take(32).find(|(_, c)| matches!(c, ':' | '：'))?;
    let name = line[..colon.0].trim_matches([' ', '\t', '*', '_', '|', '\u{a0}', '\u{200e}', '\u{3000}']);
    if name.is_empty() {
        return None;
    }
    let value = &line[colon.0 + colon.1.len_utf8()..];
    let key = if name.bytes().all(|byte| byte.is_ascii_lowercase()) {
        locale::key(name)
    } else {
        let lower = name.to_lowercase();
        // characters spaced out for the eye: 발 신 :
        locale::key(&lower)
    }?;
    Some((key, value.trim_matches([' ', '\t', '*', '_', '|', '\u{a0}'])))
}

/// The end of the block of header lines that begins here, if one does.
fn header_block(lines: &[Line<'_>], kinds: &[Kind], start: usize) -> Option<usize> {
    let (first, first_value) = header(lines[start].text)?;
    if first == Key::Other {
        return None;
    }
    let mut seen = [false; 6];
    let mut address = false;
    let mut dated = false;
    let mut timed = false;
    let mut end = start;
    let mut loose = 0;
    let (mut blank, mut continued) = (false, false);
    let mut at = start;
    while at < lines.len() && at < start + 40 {
        let text = lines[at].text;
        if !matches!(kinds[at], Kind::Text | Kind::Blank) {
            break;
        }
        if kinds[at] == Kind::Blank {
            if continued {
                break;
            }
            blank = true;
            loose += 1;
        } else if let Some((key, value)) = header(text) {
            let new = !seen[key as usize];
            if !new && key != Key::Other {
                break;
            }
            seen[key as usize] = true;
            address |= value.contains('@') || value.contains("mailto:");
            if key == Key::Date {
                let evidence = Evidence::of(head_of(value));
                dated |= evidence.is_dated();
                timed |= evidence.is_dated() && evidence.time;
            }
            end = at + 1;
            loose = 0;
            (blank, continued) = (false, false);
            // a whole block on one line, or two of its lines run together
            if text.len() > 20 {
                for key in keys_inside(head_of(value)) {
                    seen[key as usize] = true;
                }
            }
        } else {
            if blank {
                break;
            }
            continued = true;
            address |= text.contains('@');
            loose += 1;
        }
        if loose > 2 {
            break;
        }
        at += 1;
    }
    let has = |key: Key| seen[key as usize];
    let kinds_seen = seen.iter().filter(|seen| **seen).count();
    let from_first = first == Key::From && !first_value.is_empty();
    let marked = start
        .checked_sub(1)
        .and_then(|last| (0..=last).rev().take(3).find(|at| kinds[*at] != Kind::Blank))
        .is_some_and(|at| matches!(kinds[at], Kind::Rule | Kind::Original | Kind::Rest | Kind::Dashes));
    let whole = has(Key::From)
        && match kinds_seen {
            0 | 1 => false,
            2 => (marked || address || dated) && (has(Key::Subject) || has(Key::Date)) && (from_first || marked),
            _ => has(Key::Subject) || address || marked || (has(Key::Date) && dated),
        }
        || (marked || address) && has(Key::Subject) && has(Key::Date) && has(Key::To)
        || first == Key::Date && timed && address && (has(Key::To) || has(Key::From));
    whole.then_some(end)
}

/// The beginning of a value, enough to judge it by.
fn head_of(text: &str) -> &str {
    text.char_indices().nth(200).map_or(text, |(at, _)| &text[..at])
}

/// Header names that follow inside the value of another header: everything run together on one line.
fn keys_inside(value: &str) -> impl Iterator<Item = Key> + '_ {
    let mut words = value.split_whitespace();
    let mut previous: Option<&str> = None;
    std::iter::from_fn(move || {
        for word in words.by_ref() {
            let found = if matches!(word, ":" | "：") {
                previous.and_then(|word| locale::key(&word.trim_matches('*').to_lowercase()))
            } else {
                word.trim_end_matches('*')
                    .strip_suffix([':', '：'])
                    .filter(|word| word.len() > 1)
                    .and_then(|word| locale::key(&word.trim_matches('*').to_lowercase()))
            };
            previous = Some(word);
            if found.is_some() {
                return found;
            }
        }
        None
    })
}

/// What the words of a line say about when and by whom something was written.
#[derive(Clone, Copy, Debug, Default)]
struct Evidence {
    date: bool,
    time: bool,
    year: bool,
    month: bool,
    day: bool,
    address: bool,
    verb: bool,
    /// The last word is a verb of writing, but for a colon.
    verb_last: bool,
    /// The first word is one that opens a date, or is a date.
    opens: bool,
    /// Speaks of the author: "I wrote".
    first_person: bool,
    words: usize,
}

impl Evidence {
    fn of(text: &str) -> Self {
        let mut evidence = Self::default();
        let mut lower = String::new();
        // a day, a month and a year written apart: 2. 3. 2026
        let mut ordinals = 0;
        for word in
            text.split(|c: char| c.is_whitespace() || matches!(c, ',' | '，' | '、' | '<' | '[' | '(' | '（' | '“' | '"' | '«' | '„'))
        {
            let word = word.trim_matches(|c: char| {
                matches!(
                    c,
                    ':' | '：'
                        | ';'
                        | ')'
                        | ']'
                        | '>'
                        | '"'
                        | '“'
                        | '”'
                        | '\''
                        | '»'
                        | '*'
                        | '_'
                        | '）'
                        | '。'
                        | '|'
                        | '\u{200e}'
                        | '\u{200f}'
                        | '\u{feff}'
                )
            });
            if word.is_empty() {
                continue;
            }
            evidence.words += 1;
            let first = evidence.words == 1;
            evidence.verb_last = false;
            let bytes = word.as_bytes();
            if word.contains('@') {
                let (user, host) = word.split_once('@').unwrap_or_default();
                evidence.address |=
                    !user.is_empty() && host.contains('.') || user.ends_with(|c: char| c.is_alphanumeric()) && !host.is_empty();
            }
            if bytes.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.') && bytes.len() <= 5 {
                evidence.date |= ordinals == 2;
                ordinals = if bytes.ends_with(b".") && bytes.len() <= 3 { ordinals + 1 } else { 0 };
            } else {
                ordinals = 0;
            }
            if bytes.iter().any(u8::is_ascii_digit) {
                evidence.number(word);
                evidence.opens |= first;
            } else if word.contains('月') || word.contains('월') {
                evidence.month = true;
            }
            lowercase(word, &mut lower);
            let plain = lower.trim_end_matches(['.', '-', '‐']);
            evidence.opens |= first && locale::is_opener(plain);
            evidence.month |= !bytes[0].is_ascii_digit() && locale::is_month(plain);
            evidence.first_person |= matches!(
                plain,
                "i" | "i've" | "ich" | "je" | "j'ai" | "we" | "wir" | "nous" | "yo" | "io" | "eu" | "ik" | "jag" | "jeg" | "я" | "ben"
            );
            if locale::is_verb(plain) || locale::ends_with_joined_verb(plain) {
                evidence.verb = true;
                evidence.verb_last = true;
            }
            if first && is_weekday(plain) {
                evidence.opens = true;
            }
        }
        evidence
    }

    fn number(&mut self, word: &str) {
        let mut parts = [0u32; 4];
        let mut lengths = [0usize; 4];
        let mut separators = [' '; 4];
        let mut count = 0;
        let mut inside = false;
        for c in word.chars() {
            if let Some(digit) = c.to_digit(10) {
                if !inside {
                    if count == 4 {
                        break;
                    }
                    count += 1;
                    inside = true;
                }
                parts[count - 1] = parts[count - 1].saturating_mul(10).saturating_add(digit);
                lengths[count - 1] += 1;
            } else {
                if inside && count <= 4 {
                    separators[count - 1] = c;
                }
                inside = false;
            }
        }
        let is_year = |part: usize| lengths[part] == 4 && (1970..2100).contains(&parts[part]);
        if separators.contains(&'年') || separators.contains(&'년') {
            self.year = true;
        }
        if separators.contains(&'月') || separators.contains(&'월') {
            self.month = true;
            self.day = true;
        }
        if count >= 3
            && lengths[..3].iter().all(|length| *length <= 4)
            && separators[0] == separators[1]
            && matches!(separators[0], '.' | '/' | '-')
        {
            self.date = true;
            self.year |= is_year(0) || is_year(2);
        } else if count >= 2
            && lengths[0] <= 2
            && lengths[1] == 2
            && matches!(separators[0], ':' | '：' | 'h' | '.' | '時' | '点' | '點' | '시')
            && parts[0] < 25
            && parts[1] < 60
        {
            self.time = true;
            self.day |= separators[0] == '.';
        } else if count == 3 && matches!(separators[0], '-') && is_year(0) {
            self.date = true;
        }
        for part in 0..count {
            self.year |= is_year(part);
            self.day |= lengths[part] <= 2 && (1..=31).contains(&parts[part]);
        }
        // 11-Apr-2011, 17-feb.-2015
        if word.bytes().filter(|byte| *byte == b'-').count() == 2 && word.bytes().any(|byte| byte.is_ascii_alphabetic()) && self.year {
            self.date = true;
        }
    }

    fn is_dated(self) -> bool {
        self.date || self.month && (self.year || self.day && self.time) || self.year && self.time && self.day
    }

    fn and(self, later: Self) -> Self {
        Self {
            date: self.date || later.date,
            time: self.time || later.time,
            year: self.year || later.year,
            month: self.month || later.month,
            day: self.day || later.day,
            address: self.address || later.address,
            verb: self.verb || later.verb,
            verb_last: later.verb_last || (self.verb_last && later.words == 0),
            opens: self.opens,
            first_person: self.first_person || later.first_person,
            words: self.words + later.words,
        }
    }
}

fn is_weekday(word: &str) -> bool {
    const DAYS: &[&str] = &[
        "mon", "tue", "wed", "thu", "fri", "sat", "sun", "mo", "di", "mi", "do", "fr", "sa", "so", "lun", "mar", "mer", "jeu", "ven",
        "sam", "dim", "mié", "jue", "vie", "sáb", "dom", "gio", "seg", "ter", "qua", "qui", "sex", "ma", "wo", "za", "zo", "mån", "tis",
        "ons", "tor", "tors", "fre", "lör", "sön", "man", "tir", "lør", "søn", "ti", "ke", "to", "pe", "la", "su", "pon", "wt", "śr",
        "czw", "pt", "sob", "niedz", "po", "út", "st", "čt", "pá", "so", "ne", "пн", "вт", "ср", "чт", "пт", "сб", "вс", "нд", "pzt",
        "sal", "çar", "per", "cum", "cmt", "paz",
    ];
    DAYS.contains(&word)
        || word.chars().count() > 3
            && (word.ends_with("day")
                || word.ends_with("tag")
                || word.ends_with("dag")
                || word.ends_with("feira")
                || word.ends_with("woch")
                || word.ends_with("ник")
                || word.ends_with("tai")
                || word.ends_with("曜日"))
        || word.starts_with("星期")
        || word.starts_with("周")
}

/// The line without what may stand at its end after the colon of an attribution.
fn end_of_attribution(text: &str) -> &str {
    text.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '_' | '\u{200e}' | '\u{200f}' | '\u{feff}'))
}

/// The lines (start, end) of the attribution that includes this line, if one does.
fn attribution(lines: &[Line<'_>], kinds: &[Kind], last: usize) -> Option<(usize, usize)> {
    const LONGEST: usize = 500;
    let text = end_of_attribution(lines[last].text.trim());
    if text.len() > LONGEST || text.len() < 2 {
        return None;
    }
    let drawn = text.trim_end_matches('-');
    let zoho = drawn.len() + 2 <= text.len();
    let text = drawn.trim_end();
    let colon = text.ends_with([':', '：']) || text.ends_with(":>") || text.ends_with(";>") || text.ends_with("]:");
    let before_colon = text.trim_end_matches([':', '：', ' ', '\u{a0}', '"', '>']);
    let ending = before_colon.rsplit(|c: char| c.is_whitespace() || c == '>').next().unwrap_or_default();
    let mut lower = String::new();
    let verb_ends = ending.len() <= 60 && {
        lowercase(ending, &mut lower);
        locale::is_verb(&lower) || !lower.is_ascii() && locale::ends_with_joined_verb(&lower)
    };
    let stamped = !colon && !verb_ends && is_stamp(text);
    if !(colon || verb_ends || stamped) {
        return None;
    }
    if stamped {
        return Some((last, last + 1));
    }
    let quoted = (last + 1..lines.len())
        .take(3)
        .find(|at| kinds[*at] != Kind::Blank)
        .is_some_and(|at| matches!(kinds[at], Kind::Quote | Kind::Indented));
    let mut evidence = Evidence::default();
    let mut length = 0;
    let mut start = None;
    for at in (last.saturating_sub(4)..=last).rev() {
        if at != last && kinds[at] != Kind::Text {
            break;
        }
        length += lines[at].text.len();
        if length > LONGEST {
            break;
        }
        let line = Evidence::of(lines[at].text);
        evidence = if at == last { line } else { line.and(evidence) };
        // several lines make one only where the first opens it or the last says "wrote"
        if (at == last || evidence.opens || evidence.verb || quoted) && accepts(evidence, colon, verb_ends, quoted, zoho) {
            start = Some(at);
            break;
        }
    }
    let start = reach_up(lines, kinds, start?, last, evidence);
    let mut end = last + 1;
    // the address or the verb on a line of its own, once more
    while end < lines.len() && end < last + 3 && kinds[end] == Kind::Text {
        let next = end_of_attribution(lines[end].text.trim());
        let bare = next.trim_end_matches([':', '：']);
        if next.starts_with('<') && next.contains('@') && !next.contains(' ') || locale::is_verb(bare) {
            end += 1;
        } else {
            break;
        }
    }
    Some((start, end))
}

/// Whether an angle bracket of this line is not closed on it.
fn is_open(text: &str) -> bool {
    text.len() <= 400 && text.rfind('<').is_some_and(|left| !text[left..].contains('>'))
}

/// Takes the lines above an attribution that hold what it still lacks: the date, the address.
fn reach_up(lines: &[Line<'_>], kinds: &[Kind], start: usize, last: usize, mut evidence: Evidence) -> usize {
    let mut top = start;
    // an address broken after its opening bracket
    while top > 0 && top + 4 > last && kinds[top - 1] == Kind::Text && is_open(lines[top - 1].text) {
        top -= 1;
        evidence = Evidence::of(lines[top].text).and(evidence);
    }
    let mut at = top;
    let mut blank = false;
    while at > 0 && at + 4 > last {
        let whole = evidence.opens && evidence.is_dated();
        if whole && evidence.address {
            break;
        }
        at -= 1;
        let text = lines[at].text;
        if kinds[at] == Kind::Blank && !blank && at + 1 == top {
            blank = true;
            continue;
        }
        let line = Evidence::of(text);
        let abbreviated = line.is_dated() && text.rsplit(' ').next().is_some_and(|word| word.len() <= 6);
        let ends = text.ends_with(['!', '?']) || text.ends_with('.') && line.words > 4 && !line.verb && !abbreviated;
        if kinds[at] != Kind::Text || line.words > 16 || ends {
            break;
        }
        let dates = line.is_dated() && (line.opens || line.words <= 8 || line.time && !evidence.is_dated());
        if blank {
            if line.opens && line.is_dated() && !evidence.is_dated() {
                return at;
            }
            break;
        }
        // a name and an address, or "X <address> wrote", whose date is below
        let whom = line.address && !evidence.address && (line.verb || line.opens || line.is_dated() || line.words <= 6);
        let says = line.verb && !evidence.verb && line.words <= 5 && !text.ends_with([',', ';', '.']);
        let bare = line.address && line.words == 1 || text.trim() == "<";
        let opens = line.opens && line.day && (line.month || line.words <= 3);
        if whom || says || !whole && (bare || opens || dates && (line.opens || !evidence.is_dated())) {
            top = at;
            evidence = line.and(evidence);
        }
    }
    top
}

fn accepts(evidence: Evidence, colon: bool, verb_ends: bool, quoted: bool, zoho: bool) -> bool {
    let Evidence { verb, address, opens, time, words, first_person, .. } = evidence;
    if words > 60 || first_person && !address && !quoted {
        return false;
    }
    let dated = evidence.is_dated();
    if colon {
        (dated && address && (verb || opens || time || words <= 14))
            || (verb_ends && address && words <= 20)
            || (verb && dated && (verb_ends || opens))
            || (quoted && words <= 30 && (verb || dated && (opens || time) || address))
    } else {
        verb_ends && dated && (address || opens || zoho) || verb_ends && address && quoted
    }
}

/// `2016-03-03 17:21 GMT+01:00 Name`: what Gmail writes for some languages, with or without an address and a colon.
fn is_stamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    if !digit(0) || text.len() > 160 {
        return false;
    }
    if text.ends_with('>') && text.contains('@') {
        let evidence = Evidence::of(text);
        let first = text.split_whitespace().next().map(Evidence::of).unwrap_or_default();
        return first.date && evidence.address && evidence.words <= 12;
    }
    digit(0)
        && digit(3)
        && bytes.get(4) == Some(&b'-')
        && bytes.get(7) == Some(&b'-')
        && bytes.get(10) == Some(&b' ')
        && text.split(' ').nth(2).is_some_and(|zone| {
            (zone.starts_with("GMT+") || zone.starts_with("GMT-") || zone.starts_with("UTC+") || zone.starts_with("UTC-")) && zone.len() > 4
        })
        && text.split_whitespace().count() > 3
}

/// Where an attribution begins in a line whose beginning is the author's: "Thanks! On Mon, 1 Jan …".
fn prefix_of_author(text: &str) -> Option<usize> {
    let mut ended = false;
    let mut word_start = None;
    let mut words = 0;
    for (at, c) in text.char_indices() {
        if c.is_whitespace() {
            if let Some(start) = word_start.take() {
                let word: &str = &text[start..at];
                if ended && words > 0 && word.chars().next().is_some_and(char::is_uppercase) && locale::is_opener(&word.to_lowercase()) {
                    let rest = Evidence::of(&text[at..]);
                    let next = text[at..].split_whitespace().next().unwrap_or_default().trim_end_matches([',', '.']).to_lowercase();
                    let date_follows = next.starts_with(|c: char| c.is_ascii_digit()) || is_weekday(&next) || locale::is_month(&next);
                    if date_follows && (rest.is_dated() || rest.verb) {
                        return Some(start);
                    }
                }
                ended = word.ends_with(['.', '!', '?', '…', ')', ':', ';']);
                words += 1;
            }
        } else if word_start.is_none() {
            word_start = Some(at);
        }
        if at > 2000 {
            break;
        }
    }
    None
}

/// Where an attribution begins that has the quoted text after it on its line.
fn attribution_inside(text: &str) -> Option<usize> {
    // "… <name@host> wrote: quoted text"
    let head_end = text.char_indices().map(|(at, _)| at).take_while(|at| *at <= 600).last().unwrap_or(0);
    let head = &text[..head_end];
    if !head.contains('@') {
        return None;
    }
    let mut from = 0;
    while let Some(found) = head[from..].find([':', '：']) {
        let colon = from + found;
        from = colon + if head[colon..].starts_with(':') { 1 } else { 3 };
        let before = head[..colon].trim_end();
        let word = before.rsplit(|c: char| c.is_whitespace() || c == '>').next().unwrap_or_default();
        if word.len() > 2 && locale::is_verb(&word.to_lowercase()) && head[from..].starts_with([' ', '\u{a0}', '\t']) {
            let begin = prefix_of_author(&head[..colon]).unwrap_or(0);
            let evidence = Evidence::of(&head[begin..colon]);
            if evidence.is_dated() && evidence.address && evidence.opens {
                return Some(begin);
            }
        }
    }
    None
}

/// Lines that a mail server broke off quoted ones, so that they lost their mark.
fn join_broken_quotes(lines: &[Line<'_>], kinds: &mut [Kind]) {
    for at in 1..lines.len().saturating_sub(1) {
        if kinds[at] != Kind::Text || kinds[at - 1] != Kind::Quote || kinds[at + 1] != Kind::Quote || lines[at].hint != Hint::None {
            continue;
        }
        let above = lines[at - 1].text;
        let open = |left: char, right: char| above.rfind(left).is_some_and(|left| above.rfind(right).is_none_or(|right| right < left));
        let long = above.len() >= 60
            && !above.ends_with(['.', '!', '?', ':'])
            && lines[at].text.starts_with(|c: char| c.is_lowercase() || c.is_ascii_digit());
        if long || open('(', ')') || above.trim_start_matches(['>', ' ']).contains('<') && open('<', '>') {
            kinds[at] = Kind::Quote;
        }
    }
}
