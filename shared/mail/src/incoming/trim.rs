//! What the person wrote, out of the lines of a mail: first what each line is, then decisions on the sequence.
//!
//! Losing the author's words is worse than leaving a quote in, so a cut needs evidence: a line that only mail programs write, a mark
//! at the line, or markup. What would leave nothing is undone as far as it was a guess.

use super::{
    Cut, Why,
    lines::{self, Kind, Line, lowercase},
    locale,
};

/// The kept text and the cut pieces, in order.
pub(super) struct Trimmed {
    pub(super) text: String,
    pub(super) cut: Vec<Cut>,
    /// Why each line was cut, if it was.
    pub(super) why: Vec<Option<Why>>,
}

struct Mail<'a> {
    lines: &'a [Line<'a>],
    kinds: Vec<Kind>,
    why: Vec<Option<Why>>,
    /// Lines that are the author's up to a byte.
    splits: Vec<(usize, usize)>,
    /// Where the mail being answered begins and nothing more is looked at.
    end: usize,
    /// The first line that the author wrote.
    first_author: usize,
}

pub(super) fn trim(lines: &[Line<'_>]) -> Trimmed {
    let (kinds, splits) = lines::classify(lines);
    let mut mail = Mail { lines, why: vec![None; lines.len()], end: lines.len(), kinds, splits, first_author: 0 };
    mail.cut_at_marker();
    mail.cut_at_boundary();
    mail.cut_signatures();
    mail.cut_quotes();
    mail.cut_rules();
    mail.undo_if_empty();
    mail.collect()
}

impl Mail<'_> {
    fn is_blank(&self, at: usize) -> bool {
        self.kinds[at] == Kind::Blank
    }

    /// Where the author's part of the line ends, if the rest opens a quote.
    fn split_of(&self, at: usize) -> Option<usize> {
        self.splits.binary_search_by_key(&at, |split| split.0).ok().map(|index| self.splits[index].1)
    }

    fn is_split(&self, at: usize) -> bool {
        !self.splits.is_empty() && self.split_of(at).is_some()
    }

    /// A line that the author wrote, as far as is known.
    fn is_authors(&self, at: usize) -> bool {
        self.why[at].is_none() && (matches!(self.kinds[at], Kind::Text | Kind::Indented) || self.is_split(at))
    }

    fn cut(&mut self, from: usize, to: usize, why: Why) {
        for slot in &mut self.why[from..to] {
            slot.get_or_insert(why);
        }
    }

    /// Cuts a stretch of the mail being answered, each line by what it is.
    fn cut_quoted(&mut self, from: usize, to: usize) {
        for at in from..to {
            let why = match self.kinds[at] {
                Kind::Attribution => Why::Attribution,
                Kind::Header | Kind::Original => Why::HeaderBlock,
                _ => Why::Quote,
            };
            self.why[at].get_or_insert(why);
        }
    }

    fn cut_at_marker(&mut self) {
        if let Some(at) = self.kinds.iter().position(|kind| *kind == Kind::Above) {
            self.cut(at, self.end, Why::Marker);
            self.end = at;
            return;
        }
        // quoted with the rest
        let mut lower = String::new();
        for at in 0..self.end {
            if self.kinds[at] == Kind::Quote && self.lines[at].text.len() <= 200 {
                lowercase(self.lines[at].text, &mut lower);
                if locale::is_above(&lower) {
                    // an answer may stand below a quoted marker, so only the quote around it goes
                    let rest = (at..self.end).all(|at| !matches!(self.kinds[at], Kind::Text));
                    if rest {
                        self.cut(at, self.end, Why::Marker);
                        self.end = at;
                    }
                    return;
                }
            }
        }
    }

    /// Cuts from the first line that says "all below is the mail being answered", if the author wrote above it.
    fn cut_at_boundary(&mut self) {
        let mut seen = false;
        let mut at = 0;
        while at < self.end {
            let kind = self.kinds[at];
            match kind {
                Kind::Text | Kind::Indented => seen = true,
                Kind::Header | Kind::Original | Kind::Rest => {
                    if seen {
                        self.cut_from(at);
                        return;
                    }
                    self.cut_quoted(at, at + 1);
                }
                Kind::Attribution => {
                    let start = at;
                    while at < self.end && matches!(self.kinds[at], Kind::Attribution | Kind::Blank) {
                        at += 1;
                    }
                    let split = (start..at).any(|at| self.is_split(at));
                    let quoted = at < self.end && matches!(self.kinds[at], Kind::Quote | Kind::Indented);
                    if quoted {
                        seen |= split;
                        continue;
                    }
                    if seen || split {
                        self.cut_from(start);
                        return;
                    }
                    self.cut_quoted(start, at);
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// Cuts everything from this line, and the line drawn above it.
    fn cut_from(&mut self, at: usize) {
        let mut start = at;
        while start > 0 && matches!(self.kinds[start - 1], Kind::Blank | Kind::Rule | Kind::Dashes) {
            start -= 1;
        }
        self.cut_quoted(start, self.end);
        self.end = start;
    }

    /// Cuts signatures and footers out of the stretches between quotes.
    fn cut_signatures(&mut self) {
        self.first_author = (0..self.end).find(|at| self.is_authors(*at)).unwrap_or(self.end);
        let mut at = 0;
        while at < self.end {
            if matches!(self.kinds[at], Kind::Quote | Kind::Attribution) || self.why[at].is_some() {
                at += 1;
                continue;
            }
            let start = at;
            while at < self.end && !matches!(self.kinds[at], Kind::Quote | Kind::Attribution) && self.why[at].is_none() {
                at += 1;
            }
            self.cut_signature_of(start, at);
        }
    }

    fn cut_signature_of(&mut self, start: usize, mut end: usize) {
        // short lines between two footers belong to them
        let footers = |mail: &Self, at: &usize| mail.kinds[*at] == Kind::Footer;
        if let (Some(first), Some(last)) = ((start..end).find(|at| footers(self, at)), (start..end).rev().find(|at| footers(self, at)))
            && (first..last).all(|at| {
                matches!(self.kinds[at], Kind::Footer | Kind::Blank)
                    || self.kinds[at] == Kind::Text && self.lines[at].text.split_whitespace().count() <= 3
            })
        {
            for at in first..last {
                if self.kinds[at] == Kind::Text {
                    self.kinds[at] = Kind::Footer;
                }
            }
        }
        for at in start..end {
            match self.kinds[at] {
                Kind::Signature | Kind::Armor => self.cut(at, at + 1, Why::Signature),
                Kind::Footer => {
                    // in the middle of what somebody wrote it is no footer
                    let below = (at + 1..end)
                        .find(|at| !matches!(self.kinds[*at], Kind::Blank | Kind::Footer))
                        .filter(|at| self.kinds[*at] == Kind::Text);
                    match below {
                        Some(below) if self.ends_reply(at, below, end) => {
                            self.cut(at, at + 1, Why::Footer);
                            self.cut(below, end, Why::Quote);
                        }
                        Some(_) => self.kinds[at] = Kind::Text,
                        None => self.cut(at, at + 1, Why::Footer),
                    }
                }
                _ => {}
            }
        }
        let sign = self.sign_of_signature(start, end);
        if let Some(at) = sign {
            self.cut(at, end, Why::Signature);
            end = at;
        }
        self.cut_disclaimer(start, &mut end);
        self.cut_dashed_name(start, end);
        self.cut_closing(start, end, sign.is_some());
    }

    /// Whether what stands below this footer is the mail being answered, quoted without a sign: nobody writes the link to an app by
    /// hand, so an app put the line at the end of the reply. A guess, so what goes must be shorter than what stays.
    fn ends_reply(&self, footer: usize, below: usize, end: usize) -> bool {
        let text = self.lines[footer].text.trim_end();
        let linked = text.ends_with('>') && text.contains("<http");
        let words = |at: usize| self.lines[at].text.split_whitespace().count();
        linked && (below..end).map(words).sum::<usize>() + 2 <= (0..footer).filter(|at| self.is_authors(*at)).map(words).sum()
    }

    /// The line above a signature: `-- `, or one that is drawn.
    fn sign_of_signature(&self, start: usize, end: usize) -> Option<usize> {
        let mut drawn = 0;
        // a signature is short; and looking far below every line drawn would take long
        for at in start..end {
            drawn += usize::from(self.kinds[at] == Kind::Rule);
            if !matches!(self.kinds[at], Kind::Dashes | Kind::Rule) || self.why[at].is_some() || end - at > 60 {
                continue;
            }
            let tail: Vec<&str> = (at + 1..end)
                .filter(|at| matches!(self.kinds[*at], Kind::Text | Kind::Footer))
                .map(|at| self.lines[at].text.trim())
                .collect();
            let fits = if self.kinds[at] == Kind::Dashes {
                is_standard_signature(&tail) && self.outweighs(at, &tail) && (self.is_agreed(at) || self.has_words(start, at))
            } else {
                let dashes = drawn == 1 && self.lines[at].text.trim_start().starts_with(['-', '_', '–', '—', '─']);
                !tail.is_empty() && self.first_author < at && is_drawn_signature(&tail, dashes)
            };
            if fits {
                return Some(at);
            }
        }
        None
    }

    /// Whether the dashes are the two that mail programs agreed on, not one long dash that also people write.
    fn is_agreed(&self, at: usize) -> bool {
        self.lines[at].text.contains("--")
    }

    /// Whether the author wrote a word on these lines, not only pictures.
    fn has_words(&self, start: usize, end: usize) -> bool {
        (start..end).any(|at| self.is_authors(at) && self.lines[at].text.contains(char::is_alphanumeric))
    }

    /// Whether this tail can go: it holds no more than a person's name and addresses, or it is shorter than the author's words above it.
    fn outweighs(&self, at: usize, tail: &[&str]) -> bool {
        if !tail.iter().any(|line| is_of_list(line) || line.starts_with(['"', '“', '„', '«'])) {
            return true;
        }
        let words = |text: &str| text.split_whitespace().count();
        tail.iter().map(|line| words(line)).sum::<usize>() + 2
            <= (0..at).filter(|at| self.is_authors(*at)).map(|at| words(self.lines[at].text)).sum()
    }

    /// Cuts closing words where a block of name, post and telephone follows them, or a full name, or where a signature follows; a first
    /// name below "Best wishes" is the person's.
    fn cut_closing(&mut self, start: usize, end: usize, signed: bool) {
        let below: Vec<usize> = (start..end).rev().filter(|at| self.why[*at].is_none() && !self.is_blank(*at)).take(14).collect();
        let mut lower = String::new();
        for (count, at) in below.iter().copied().enumerate() {
            let text = self.lines[at].text.trim();
            if self.kinds[at] != Kind::Text || text.len() > 160 {
                return;
            }
            lowercase(text, &mut lower);
            if !locale::is_closing(&lower) {
                let words = text.split_whitespace().count();
                if !is_contact(text) && (words > 9 || words > 3 && text.ends_with(['.', '!', '?'])) {
                    return;
                }
                continue;
            }
            let mut after = below[..count].iter().rev().map(|at| self.lines[*at].text.trim());
            let contact = after.clone().any(is_contact);
            let name = after.next().unwrap_or_default();
            let near = count == 1 && below[0] == at + 1;
            let formula = locale::is_abbreviated_closing(&lower) || is_full_name(name);
            let block = contact || count >= 3 || count >= 1 && signed || near && formula;
            if block && (start..at).any(|at| self.is_authors(at)) {
                self.cut(at, end, Why::Signature);
            }
            return;
        }
    }

    /// Cuts the last paragraph if it is a legal note, but for mail that a list sent around.
    fn cut_disclaimer(&mut self, start: usize, end: &mut usize) {
        if (0..self.end).rev().take(12).any(|at| is_of_list(self.lines[at].text)) {
            return;
        }
        let mut lower = String::new();
        let mut bottom = *end;
        for _ in 0..3 {
            while bottom > start && !self.is_authors(bottom - 1) {
                bottom -= 1;
            }
            let mut top = bottom;
            while top > start && self.is_authors(top - 1) && bottom - top < 30 {
                top -= 1;
            }
            if top == bottom || !(start..top).any(|at| self.is_authors(at)) {
                return;
            }
            let paragraph: Vec<&str> = (top..bottom).map(|at| self.lines[at].text.trim()).collect();
            lowercase(&paragraph.join(" "), &mut lower);
            if lower.len() > 6000 {
                return;
            }
            if locale::is_disclaimer(&lower) {
                self.cut(top, bottom, Why::Disclaimer);
                *end = top;
            }
            bottom = top;
        }
    }

    /// Cuts a last line like `-Maria Lopez`.
    fn cut_dashed_name(&mut self, start: usize, end: usize) {
        let Some(last) = (start..end).rev().find(|at| self.why[*at].is_none() && !self.is_blank(*at)) else { return };
        if self.kinds[last] == Kind::Text && is_dashed_name(self.lines[last].text.trim()) && (start..last).any(|at| self.is_authors(at)) {
            let above = (start..last).rev().find(|at| !self.is_blank(*at));
            // one of several points of a list
            if !above.is_some_and(|above| self.lines[above].text.trim_start().starts_with(['-', '–', '—', '*'])) {
                self.cut(last, last + 1, Why::Signature);
            }
        }
    }

    fn cut_quotes(&mut self) {
        // runs of quoted lines, each with the attribution above it
        let mut runs: Vec<Run> = Vec::new();
        let mut at = 0;
        while at < self.end {
            if self.why[at].is_some() || !matches!(self.kinds[at], Kind::Quote | Kind::Attribution | Kind::Indented) {
                at += 1;
                continue;
            }
            let start = at;
            let mut last = at;
            let mut attributed = false;
            let mut marked = false;
            while at < self.end && (self.is_blank(at) || matches!(self.kinds[at], Kind::Quote | Kind::Attribution | Kind::Indented)) {
                if !self.is_blank(at) {
                    // a block quote is a run of its own, and so is what a new attribution opens
                    if self.kinds[at] == Kind::Attribution && marked {
                        break;
                    }
                    attributed |= self.kinds[at] == Kind::Attribution;
                    marked |= self.kinds[at] != Kind::Attribution;
                    last = at;
                }
                at += 1;
            }
            let indented = (start..=last).all(|at| matches!(self.kinds[at], Kind::Indented | Kind::Blank));
            runs.push(Run { start, end: last + 1, attributed, indented });
            at = last + 1;
        }
        if runs.is_empty() {
            return;
        }
        let author = |mail: &Self, from: usize, to: usize| {
            (from..to).any(|at| mail.why[at].is_none() && (mail.kinds[at] == Kind::Text || mail.is_split(at)))
        };
        let last_text = (0..self.end).rev().find(|at| author(self, *at, *at + 1));
        let Some(last_text) = last_text else {
            // nothing but quotes
            let opened = runs.iter().any(|run| run.attributed) || runs.first().is_some_and(|run| self.opens_with_attribution(run.start));
            if opened {
                for run in &runs {
                    self.cut_quoted(run.start, run.end);
                }
            }
            return;
        };
        let quoted = runs.iter().any(|run| run.attributed) || runs.first().is_some_and(|run| self.opens_with_attribution(run.start));
        let answers = (0..runs.len()).filter(|index| runs[*index].start < last_text && self.is_answered(&runs, *index, last_text)).count();
        let first_author = (0..self.end).find(|at| author(self, *at, *at + 1)).unwrap_or(0);
        let mut attributed_below = vec![false; runs.len()];
        for index in (1..runs.len()).rev() {
            attributed_below[index - 1] = attributed_below[index] || runs[index].attributed;
        }
        for (run, attributed_below) in runs.iter().zip(attributed_below) {
            // a block quote of the author's own stands above the attribution
            if run.indented && !run.attributed && attributed_below {
                continue;
            }
            let last = run.start > last_text || run.start == last_text && self.is_split(last_text);
            let above = (quoted || answers > 1 && run.start > first_author) && !run.indented;
            if last || above || run.indented && run.attributed && run.end <= first_author {
                self.cut_quoted(run.start, run.end);
            }
        }
    }

    /// Whether the author wrote between this run and the next.
    fn is_answered(&self, runs: &[Run], index: usize, last_text: usize) -> bool {
        let next = runs.get(index + 1).map_or(last_text + 1, |next| next.start.min(last_text + 1));
        (runs[index].end..next).any(|at| self.is_authors(at))
    }

    /// Whether the quoted line is itself "On … wrote:" or a header line.
    fn opens_with_attribution(&self, at: usize) -> bool {
        let text = self.lines[at].text.trim_start_matches(['>', ' ']);
        let inner: Vec<Line<'_>> = std::iter::once(text)
            .chain(
                self.lines[at + 1..].iter().take(4).map(|line| line.text.trim_start().strip_prefix('>').unwrap_or(line.text).trim_start()),
            )
            .map(|text| Line { text, hint: lines::Hint::None })
            .collect();
        let (kinds, _) = lines::classify(&inner);
        matches!(kinds.iter().find(|kind| **kind != Kind::Blank), Some(Kind::Attribution | Kind::Header | Kind::Original))
    }

    /// Cuts lines drawn at the end of what is kept.
    fn cut_rules(&mut self) {
        for at in (0..self.end).rev() {
            if self.why[at].is_some() || self.is_blank(at) {
                continue;
            }
            if !matches!(self.kinds[at], Kind::Rule | Kind::Dashes) {
                break;
            }
            self.why[at] = Some(Why::Signature);
        }
    }

    /// Where nothing is left, gives back what was cut as a guess: the legal note or the signature that is all there is.
    fn undo_if_empty(&mut self) {
        let left = (0..self.lines.len())
            .any(|at| self.why[at].is_none() && !matches!(self.kinds[at], Kind::Blank | Kind::Rule | Kind::Dashes) || self.is_split(at));
        if left {
            return;
        }
        let quoted = self.why.iter().any(|why| matches!(why, Some(Why::Quote | Why::Attribution | Why::HeaderBlock)));
        if quoted || self.kinds.contains(&Kind::Dashes) {
            return;
        }
        for at in 0..self.lines.len() {
            if matches!(self.why[at], Some(Why::Signature | Why::Disclaimer)) && !matches!(self.kinds[at], Kind::Dashes | Kind::Rule) {
                self.why[at] = None;
            }
        }
    }

    fn collect(&self) -> Trimmed {
        let mut text = String::new();
        let mut cut: Vec<Cut> = Vec::new();
        let mut last_cut = None;
        for (at, line) in self.lines.iter().enumerate() {
            let kept = match (self.why[at], self.split_of(at)) {
                (None, _) => line.text,
                (Some(_), Some(byte)) => &line.text[..byte],
                (Some(_), None) => "",
            };
            if let Some(why) = self.why[at] {
                let gone = line.text[if kept.is_empty() { 0 } else { kept.len() }..].trim_end();
                match cut.last_mut().filter(|piece| piece.why == why && last_cut == at.checked_sub(1)) {
                    Some(piece) => {
                        piece.text.push('\n');
                        piece.text.push_str(gone);
                    }
                    None => cut.push(Cut { text: gone.to_owned(), why }),
                }
                last_cut = Some(at);
            }
            if self.why[at].is_none() || !kept.is_empty() {
                if self.kinds[at] == Kind::Quote && line.hint == lines::Hint::Quote {
                    text.push_str("> ");
                }
                text.push_str(kept.trim_end());
                text.push('\n');
            }
        }
        cut.retain_mut(|piece| {
            piece.text = piece.text.trim_matches('\n').to_owned();
            !piece.text.is_empty()
        });
        let start = text.split_inclusive('\n').take_while(|line| line.trim().is_empty()).map(str::len).sum::<usize>();
        let text = text[start..].trim_end().to_owned();
        Trimmed { text, cut, why: self.why.clone() }
    }
}

struct Run {
    start: usize,
    end: usize,
    attributed: bool,
    indented: bool,
}

/// What may stand below `-- `: not a whole mail.
fn is_standard_signature(tail: &[&str]) -> bool {
    tail.len() <= 16 && tail.iter().map(|line| line.len()).sum::<usize>() <= 1600
}

/// What may stand below a drawn line for it to be a signature: a few short lines, among them an address or a telephone number, or,
/// where the line is the only one and made of dashes, nothing but names.
fn is_drawn_signature(tail: &[&str], dashes: bool) -> bool {
    if tail.len() > 10 || tail.iter().any(|line| line.chars().count() > 90) {
        return false;
    }
    let contact = tail.iter().filter(|line| is_contact(line)).count();
    let sentences = tail.iter().filter(|line| line.split_whitespace().count() >= 6 && !is_contact(line)).count();
    let named = |line: &&str| {
        line.split_whitespace().count() <= 4
            && line.starts_with(char::is_uppercase)
            && !line.ends_with(['.', ':', '?', '!', ','])
            && !line.contains(": ")
    };
    let name = tail.first().is_some_and(|line| {
        line.split_whitespace().count() <= 3 && line.split_whitespace().all(|word| word.starts_with(char::is_uppercase))
    });
    sentences == 0 && (contact * 4 >= tail.len() && contact > 0 || dashes && name && tail.len() <= 4 && tail.iter().all(named))
}

/// Two or three capitalised words.
fn is_full_name(line: &str) -> bool {
    let mut words = line.split_whitespace();
    (2..=3).contains(&words.clone().count())
        && words.all(|word| {
            word.starts_with(char::is_uppercase) && word.chars().all(|c| c.is_alphabetic() || matches!(c, '.' | '-' | '\'' | '’'))
        })
}

/// Whether the line is of a mailing list's footer.
fn is_of_list(line: &str) -> bool {
    let mut lower = String::new();
    line.len() <= 300 && {
        lowercase(line, &mut lower);
        lower.contains("listinfo") || lower.contains("mailing list") || lower.contains("unsubscri") || lower.contains("subscription")
    }
}

/// Whether the line holds an address, a link or a telephone number.
fn is_contact(line: &str) -> bool {
    let digits = line.bytes().filter(u8::is_ascii_digit).count();
    line.contains("http") || line.contains("www.") || line.contains('@') || digits >= 7 || line.to_lowercase().contains("mailing list")
}

/// Whether the line is a dash and a name.
fn is_dashed_name(line: &str) -> bool {
    let Some(name) = line.strip_prefix(['-', '–', '~']) else { return false };
    let spaced = name.starts_with(' ');
    let words: Vec<&str> = name.split_whitespace().collect();
    !words.is_empty()
        && words.len() <= if spaced { 2 } else { 3 }
        && !line.ends_with([':', ';', '?', '!', ','])
        && words.iter().all(|word| {
            word.chars().next().is_some_and(char::is_uppercase) && word.chars().all(|c| c.is_alphabetic() || matches!(c, '.' | '\'' | '-'))
        })
}
