//! HTML to lines of text in one pass, each line with what the markup says about it. No tree is built, so depth costs nothing.

use super::{lines::Hint, locale};

/// A page as lines.
pub(super) struct Page {
    /// The lines, with line feeds between them.
    pub(super) text: String,
    /// What the markup says about each line.
    pub(super) hints: Vec<Hint>,
    /// The pictures inside the mail: the line they stand on, and what they are called.
    pub(super) pictures: Vec<(usize, String)>,
}

/// How many open elements a closing tag looks through for its own.
const REACH: usize = 200;

/// Reads HTML as it comes, well formed or not.
pub(super) fn read(html: &str) -> Page {
    let mut reader = Reader { cells: [Some(Name::of("td")), Some(Name::of("th"))], table: Some(Name::of("table")), ..Reader::default() };
    let bytes = html.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let Some(next) = html[at..].find('<').map(|next| at + next) else {
            reader.text(&html[at..]);
            break;
        };
        if next > at {
            reader.text(&html[at..next]);
        }
        at = match bytes.get(next + 1) {
            Some(b'!') => reader.declaration(html, next),
            Some(b'?') => reader.until(html, next, 0),
            Some(b'/') if bytes.get(next + 2).is_some_and(u8::is_ascii_alphabetic) => {
                let end = reader.until(html, next, 0);
                let name = tag_name(&html[next + 2..end]);
                reader.close(name);
                end
            }
            Some(byte) if byte.is_ascii_alphabetic() => reader.tag(html, next),
            _ => {
                reader.text("<");
                next + 1
            }
        };
    }
    reader.finish()
}

/// The name at the start of this text.
fn tag_name(text: &str) -> &str {
    let end = text.bytes().position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/')).unwrap_or(text.len());
    &text[..end]
}

#[derive(Default)]
struct Attributes<'a> {
    class: &'a str,
    id: &'a str,
    kind: &'a str,
    name: &'a str,
    style: &'a str,
    href: &'a str,
    src: &'a str,
    alt: &'a str,
    marker: &'a str,
    hidden: bool,
    signature: bool,
    tabindex: &'a str,
}

#[derive(Clone, Copy)]
struct Open<'a> {
    name: Name,
    hint: Hint,
    hidden: bool,
    pre: bool,
    /// The next number of an ordered list, if this is one.
    number: Option<u32>,
    /// The link that this element is, and where its text begins.
    link: Option<(&'a str, usize)>,
    /// Whether it holds an attribution, a block quote, and perhaps answers.
    container: bool,
}

/// The name of an element: those that matter, all others by a sum of their letters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Name {
    Block(u64),
    Inline(u64),
}

impl Name {
    fn of(name: &str) -> Self {
        let sum = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0000_01b3));
        let mut lower = [0; 10];
        let block = match lower.get_mut(..name.len()) {
            Some(lower) => {
                lower.copy_from_slice(name.as_bytes());
                lower.make_ascii_lowercase();
                matches!(
                    &*lower,
                    b"div"
                        | b"p"
                        | b"blockquote"
                        | b"table"
                        | b"tr"
                        | b"td"
                        | b"th"
                        | b"tbody"
                        | b"thead"
                        | b"tfoot"
                        | b"ul"
                        | b"ol"
                        | b"li"
                        | b"dl"
                        | b"dt"
                        | b"dd"
                        | b"h1"
                        | b"h2"
                        | b"h3"
                        | b"h4"
                        | b"h5"
                        | b"h6"
                        | b"pre"
                        | b"section"
                        | b"article"
                        | b"header"
                        | b"footer"
                        | b"main"
                        | b"aside"
                        | b"nav"
                        | b"form"
                        | b"fieldset"
                        | b"center"
                        | b"body"
                        | b"html"
                        | b"head"
                        | b"address"
                        | b"figure"
                        | b"caption"
                )
            }
            None => false,
        };
        if block { Self::Block(sum) } else { Self::Inline(sum) }
    }
}

#[derive(Default)]
struct Reader<'a> {
    out: String,
    hints: Vec<Hint>,
    pictures: Vec<(usize, String)>,
    open: Vec<Open<'a>>,
    /// Where the line being written begins.
    start: usize,
    /// The hint of the line being written.
    hint: Hint,
    space: bool,
    blank_wanted: bool,
    /// How many containers are open.
    containers: usize,
    cells: [Option<Name>; 2],
    table: Option<Name>,
    /// Searches that found nothing, and will find nothing further on.
    no_more: NoMore,
}

#[derive(Default)]
struct NoMore {
    comment_end: bool,
    close: Vec<&'static str>,
    double: bool,
    single: bool,
}

impl<'a> Reader<'a> {
    fn declaration(&mut self, html: &'a str, at: usize) -> usize {
        if html[at..].starts_with("<!--") && !self.no_more.comment_end {
            match html[at + 4..].find("-->") {
                Some(end) => return at + 4 + end + 3,
                None => self.no_more.comment_end = true,
            }
        }
        self.until(html, at, 0)
    }

    /// Behind the next `>`.
    fn until(&self, html: &str, at: usize, from: usize) -> usize {
        html[at + from..].find('>').map_or(html.len(), |end| at + from + end + 1)
    }

    fn tag(&mut self, html: &'a str, at: usize) -> usize {
        let rest = &html[at + 1..];
        let name = tag_name(rest);
        let (attributes, length, closed) = self.attributes(&rest[name.len()..]);
        let end = at + 1 + name.len() + length;
        for raw in ["style", "script", "title", "noscript", "template", "textarea", "select", "svg", "math"] {
            if name.eq_ignore_ascii_case(raw) && !self.no_more.close.contains(&raw) && !closed {
                match find_close(&html[end..], raw) {
                    Some(found) => return self.until(html, end + found, 0),
                    None => self.no_more.close.push(raw),
                }
                return end;
            }
        }
        self.open(name, &attributes);
        end
    }

    /// The attributes up to the `>`, how long they are, and whether the tag closes itself.
    fn attributes(&mut self, text: &'a str) -> (Attributes<'a>, usize, bool) {
        let bytes = text.as_bytes();
        let mut found = Attributes::default();
        let mut at = 0;
        let mut slash = false;
        loop {
            while bytes.get(at).is_some_and(|byte| byte.is_ascii_whitespace() || *byte == b'/') {
                slash = bytes[at] == b'/';
                at += 1;
            }
            match bytes.get(at) {
                None => return (found, at, slash),
                Some(b'>') => return (found, at + 1, slash),
                Some(_) => slash = false,
            }
            let name_start = at;
            at += 1;
            while bytes.get(at).is_some_and(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b'=' | b'>' | b'/')) {
                at += 1;
            }
            let name = &text[name_start..at];
            let mut value = "";
            let mut look = at;
            while bytes.get(look).is_some_and(u8::is_ascii_whitespace) {
                look += 1;
            }
            if bytes.get(look) == Some(&b'=') {
                at = look + 1;
                while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
                    at += 1;
                }
                let quoted = match bytes.get(at) {
                    Some(b'"') if !self.no_more.double => Some('"'),
                    Some(b'\'') if !self.no_more.single => Some('\''),
                    _ => None,
                };
                let closing = quoted.and_then(|quote| {
                    let found = text[at + 1..].find(quote);
                    if found.is_none() {
                        if quote == '"' {
                            self.no_more.double = true;
                        } else {
                            self.no_more.single = true;
                        }
                    }
                    found
                });
                if let Some(length) = closing {
                    value = &text[at + 1..at + 1 + length];
                    at += length + 2;
                } else {
                    let start = at;
                    while bytes.get(at).is_some_and(|byte| !byte.is_ascii_whitespace() && *byte != b'>') {
                        at += 1;
                    }
                    value = text[start..at].trim_matches(['"', '\'']);
                }
            }
            let slot = match name.len() {
                2 if name.eq_ignore_ascii_case("id") => &mut found.id,
                3 if name.eq_ignore_ascii_case("src") => &mut found.src,
                3 if name.eq_ignore_ascii_case("alt") => &mut found.alt,
                4 if name.eq_ignore_ascii_case("type") => &mut found.kind,
                4 if name.eq_ignore_ascii_case("name") => &mut found.name,
                4 if name.eq_ignore_ascii_case("href") => &mut found.href,
                4 if name.eq_ignore_ascii_case("cite") => {
                    if found.kind.is_empty() {
                        found.kind = "cite";
                    }
                    continue;
                }
                5 if name.eq_ignore_ascii_case("class") => &mut found.class,
                5 if name.eq_ignore_ascii_case("style") => &mut found.style,
                6 if name.eq_ignore_ascii_case("hidden") => {
                    found.hidden = true;
                    continue;
                }
                8 if name.eq_ignore_ascii_case("tabindex") => &mut found.tabindex,
                11 if name.eq_ignore_ascii_case("data-marker") => &mut found.marker,
                _ => {
                    found.signature |= name.len() >= 14
                        && (name.eq_ignore_ascii_case("data-smartmail") && value == "gmail_signature"
                            || name.eq_ignore_ascii_case("data-signatureblock"));
                    continue;
                }
            };
            *slot = value;
        }
    }

    fn current(&self) -> Option<&Open<'a>> {
        self.open.last()
    }

    fn open(&mut self, name: &str, attributes: &Attributes<'a>) {
        let lower = |other: &str| name.eq_ignore_ascii_case(other);
        if lower("br") {
            self.line();
            return;
        }
        if lower("hr") {
            self.line();
            if attributes.id.ends_with("stopSpelling") || attributes.id.ends_with("zwchr") || attributes.tabindex == "-1" {
                self.mark(Hint::Rest);
            } else {
                self.mark(if self.current().is_some_and(|open| open.hint == Hint::Quote) { Hint::Quote } else { Hint::Drawn });
            }
            return;
        }
        if lower("img") {
            self.image(attributes);
            return;
        }
        if ["meta", "link", "base", "input", "col", "wbr", "area", "source"].iter().any(|void| lower(void)) {
            return;
        }
        let kind = Name::of(name);
        let parent = self.current().copied();
        // a paragraph or a point of a list ends where the next begins
        if let (Some(parent), Name::Block(_)) = (parent, kind)
            && (parent.name == Name::of("p") || lower("li") && parent.name == kind)
        {
            self.pop();
        }
        let parent = self.current().copied();
        let inherited = parent.map_or(Hint::None, |parent| parent.hint);
        let mut opened = Open {
            name: kind,
            hint: inherited,
            hidden: parent.is_some_and(|parent| parent.hidden) || is_hidden(attributes),
            pre: parent.is_some_and(|parent| parent.pre) || lower("pre"),
            number: lower("ol").then_some(1),
            link: None,
            container: false,
        };
        opened.container = lower("div") && is_container(attributes.class);
        self.containers += usize::from(opened.container);
        if inherited != Hint::Quote {
            match hint_of(name, attributes, self.containers > 0) {
                Some(Hint::Rest) if inherited == Hint::None => {
                    self.line();
                    self.mark(Hint::Rest);
                }
                Some(Hint::Rest) => {}
                Some(hint) => opened.hint = hint,
                None => {}
            }
        }
        if matches!(kind, Name::Block(_)) {
            if lower("td") || lower("th") {
                self.space = true;
            } else {
                self.line_if_open();
            }
            if (lower("p") && !attributes.class.contains("MsoNormal"))
                || ["blockquote", "ul", "ol", "table", "pre", "h1", "h2", "h3", "h4", "h5", "h6"].iter().any(|block| lower(block))
            {
                self.blank_wanted = true;
            }
            if lower("li") && !opened.hidden {
                let number = self.open.last_mut().and_then(|list| list.number.as_mut());
                let bullet = number.map_or_else(
                    || "- ".to_owned(),
                    |number| {
                        *number += 1;
                        format!("{}. ", *number - 1)
                    },
                );
                self.write(&bullet, opened.hint);
            }
        }
        if opened.hint != inherited {
            self.line_if_open();
        }
        if lower("a")
            && attributes.href.len() <= 500
            && (starts_with_ignore_case(attributes.href, "http://") || starts_with_ignore_case(attributes.href, "https://"))
        {
            opened.link = Some((attributes.href, self.out.len()));
        }
        self.open.push(opened);
    }

    fn close(&mut self, name: &str) {
        if name.eq_ignore_ascii_case("br") {
            self.line();
            return;
        }
        let name_of = Name::of(name);
        let inline = matches!(name_of, Name::Inline(_));
        let of_table = ["td", "th", "tr", "tbody", "thead", "tfoot", "table"].iter().any(|part| name.eq_ignore_ascii_case(part));
        let mut depth = None;
        for (index, open) in self.open.iter().enumerate().rev().take(REACH) {
            if open.name == name_of {
                depth = Some(index);
                break;
            }
            // an inline element does not close the block around it, and nothing but a table's own parts closes a cell
            if inline && matches!(open.name, Name::Block(_))
                || !of_table && self.cells.contains(&Some(open.name))
                || Some(name_of) != self.table && Some(open.name) == self.table
            {
                break;
            }
        }
        let Some(depth) = depth else { return };
        while self.open.len() > depth {
            self.pop();
        }
        if name.eq_ignore_ascii_case("p")
            || ["blockquote", "ul", "ol", "table", "pre", "h1", "h2", "h3", "h4", "h5", "h6"]
                .iter()
                .any(|block| name.eq_ignore_ascii_case(block))
        {
            self.blank_wanted |= !name.eq_ignore_ascii_case("p") || !self.compact();
        }
    }

    /// Whether the line just written is one of Outlook's, whose paragraphs have no space between them.
    fn compact(&self) -> bool {
        !self.blank_wanted
    }

    fn pop(&mut self) {
        let Some(closed) = self.open.pop() else { return };
        if let Some((href, from)) = closed.link
            && closed.hint == Hint::None
            && !closed.hidden
        {
            let href = decode_entities(href.trim());
            let shown = self.out.get(from.max(self.start)..).unwrap_or_default().trim();
            let bare = |link: &str| {
                link.trim_start_matches("https://")
                    .trim_start_matches("http://")
                    .trim_start_matches("www.")
                    .trim_end_matches('/')
                    .to_lowercase()
            };
            if !shown.is_empty() && !shown.contains("://") && !bare(&href).starts_with(&bare(shown)) && !shown.contains('@') {
                let link = format!(" <{href}>");
                self.out.push_str(&link);
            }
        }
        self.containers -= usize::from(closed.container);
        if closed.hint == Hint::Quote && self.containers > 0 {
            // what follows the block quote is no attribution any more
            for open in self.open.iter_mut().rev().take_while(|open| open.hint == Hint::Attribution) {
                open.hint = Hint::None;
            }
        }
        let outer = self.current().map_or(Hint::None, |open| open.hint);
        if matches!(closed.name, Name::Block(_)) && closed.name != Name::of("td") && closed.name != Name::of("th") || outer != closed.hint {
            self.line_if_open();
        }
    }

    fn image(&mut self, attributes: &Attributes<'_>) {
        if let Some(id) = attributes.src.strip_prefix("cid:") {
            self.pictures.push((self.hints.len(), decode_entities(id.trim())));
        }
        // an emoji drawn as a picture
        let alt = decode_entities(attributes.alt);
        if !alt.is_empty() && alt.chars().count() <= 8 && alt.chars().all(|c| !c.is_ascii() && !c.is_alphanumeric()) {
            self.text(attributes.alt);
        }
    }

    fn text(&mut self, text: &str) {
        let (hint, hidden, pre) = self.current().map_or((Hint::None, false, false), |open| (open.hint, open.hidden, open.pre));
        if hidden {
            // our own marker may be out of sight
            if text.len() <= 300 && locale::is_above(&text.to_lowercase()) {
                self.line_if_open();
                self.write(text.trim(), hint);
                self.line();
            }
            return;
        }
        let decoded;
        let text = if text.contains('&') {
            decoded = decode_entities(text);
            &decoded
        } else {
            text
        };
        if pre {
            let mut rest = text;
            while let Some((line, after)) = rest.split_once('\n') {
                self.write(line.trim_end_matches('\r'), hint);
                self.line();
                rest = after;
            }
            self.write(rest, hint);
            return;
        }
        let mut first = true;
        for word in text.split([' ', '\n', '\r', '\t', '\u{c}']) {
            if !first {
                self.space = true;
            }
            first = false;
            if !word.is_empty() {
                self.write(word, hint);
            }
        }
    }

    /// Writes a piece of text on the line.
    fn write(&mut self, text: &str, hint: Hint) {
        if text.is_empty() {
            return;
        }
        let at_start = self.out.len() == self.start;
        if at_start || self.hint != hint {
            if !at_start {
                self.line();
            }
            if self.blank_wanted && !self.hints.is_empty() && !self.out.ends_with("\n\n") {
                self.line();
            }
            self.blank_wanted = false;
            self.hint = hint;
            self.space = false;
        } else if self.space {
            self.out.push(' ');
            self.space = false;
        }
        if text.contains(|c: char| c == '\u{a0}' || c.is_control()) {
            self.out.extend(text.chars().map(|c| if c == '\u{a0}' || c.is_control() { ' ' } else { c }));
        } else {
            self.out.push_str(text);
        }
    }

    fn line_if_open(&mut self) {
        if self.out.len() > self.start {
            self.line();
        }
    }

    /// Ends the line.
    fn line(&mut self) {
        let hint = if self.out[self.start..].trim().is_empty() { Hint::None } else { self.hint };
        self.hints.push(hint);
        self.out.push('\n');
        self.start = self.out.len();
        self.hint = Hint::None;
        self.space = false;
    }

    /// An empty line that says something.
    fn mark(&mut self, hint: Hint) {
        self.hints.push(hint);
        self.out.push('\n');
        self.start = self.out.len();
    }

    fn finish(mut self) -> Page {
        while !self.open.is_empty() {
            self.pop();
        }
        let hint = self.hint;
        self.hints.push(hint);
        Page { text: self.out, hints: self.hints, pictures: self.pictures }
    }
}

fn find_close(html: &str, name: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = html[from..].find("</") {
        let start = from + at;
        if html.as_bytes().get(start + 2..start + 2 + name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes())) {
            return Some(start);
        }
        from = start + 2;
    }
    None
}

fn starts_with_ignore_case(text: &str, start: &str) -> bool {
    text.as_bytes().get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start.as_bytes()))
}

fn is_hidden(attributes: &Attributes<'_>) -> bool {
    if attributes.hidden {
        return true;
    }
    if attributes.style.is_empty() {
        return false;
    }
    let style: String = attributes.style.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_lowercase()).collect();
    style.contains("display:none")
        || style.contains("mso-hide:all")
        || style.contains("visibility:hidden")
        || style.contains("font-size:0;")
        || style.contains("font-size:0px") && !style.contains("font-size:0px;line")
}

fn is_container(class: &str) -> bool {
    class
        .split_ascii_whitespace()
        .any(|class| matches!(class.trim_start_matches("x_"), "gmail_quote" | "gmail_quote_container" | "protonmail_quote"))
}

/// What an element says about its content, by the names that mail programs give to their containers.
fn hint_of(tag: &str, attributes: &Attributes<'_>, inside: bool) -> Option<Hint> {
    // Outlook on the web puts a prefix before every name in a mail it quotes or sends on
    let plain = |name: &str| name.trim_start_matches("x_").to_ascii_lowercase();
    for class in attributes.class.split_ascii_whitespace() {
        let class = plain(class);
        match class.as_str() {
            // these hold the attribution, the block quote, and what is written between the pieces of a block quote
            "gmail_quote" | "gmail_quote_container" | "protonmail_quote" if tag.eq_ignore_ascii_case("div") => {
                return Some(Hint::Attribution);
            }
            "gmail_signature"
            | "moz-signature"
            | "gmail_signature_prefix"
            | "k9mail-signature"
            | "protonmail_signature_block"
            | "tutanota_signature"
            | "zm_signature"
            | "sh-signature"
            | "front-signature"
            | "missive_signature"
            | "mailspring-signature"
            | "nylas-signature"
            | "polymail_signature"
            | "mailbird_signature"
            | "airmail_signature"
            | "-canary-signature"
            | "edo-signature" => return Some(Hint::Signature),
            "gmail_attr" | "moz-cite-prefix" | "quote-header" | "reply-header" | "moz-email-headers-table" => {
                return Some(Hint::Attribution);
            }
            "yahoo_quoted"
            | "protonmail_quote"
            | "tutanota_quote"
            | "zmail_extra"
            | "moz-forward-container"
            | "hmmessagequote"
            | "front-blockquote"
            | "missive_quote"
            | "history_container"
            | "wm-quote"
            | "wmquote"
            | "qmbox_quote"
            | "sh-quoted-content"
            | "hs_reply"
            | "mail-quote"
            | "mailru-quote"
            | "mailspring-quote"
            | "nylas-quote"
            | "quotedmessage"
            | "wps_quotion"
            | "ntes_quote"
            | "freshdesk_quote"
            | "freddy_quote"
            | "gmail_quoted"
            | "elided-text"
            | "iwc_quote"
            | "edo-quote"
            | "canary_quote"
            | "airmail_quote"
            | "ox-quote"
            | "zimbra-quote" => return Some(Hint::Quote),
            _ => {}
        }
        if class.starts_with("yahoo_quoted") || class.starts_with("yahoo-quoted") {
            return Some(Hint::Quote);
        }
    }
    if attributes.signature {
        return Some(Hint::Signature);
    }
    if !attributes.id.is_empty() {
        let id = plain(attributes.id);
        match id.as_str() {
            "divrplyfwdmsg" | "appendonsend" | "mail-editor-reference-message-container" | "stopspelling" | "reply-intro" => {
                return Some(Hint::Rest);
            }
            "olk_src_body_section"
            | "replybody1"
            | "isreplycontent"
            | "mail-app-auto-quote"
            | "qt"
            | "fastmail-quoted"
            | "oriMsgHtmlSeperator"
            | "orimsghtmlseperator"
            | "blockquote_zmail"
            | "ymail_quoted"
            | "mailcontent_quote"
            | "divtagdefaultwrapper_quote" => {
                return Some(Hint::Quote);
            }
            "signature"
            | "ms-outlook-mobile-signature"
            | "applemailsignature"
            | "_rc_sig"
            | "divsignature"
            | "mobilesignature"
            | "composer_signature"
            | "outlooksignature"
            | "sig"
            | "foxmailsign"
            | "ymail_android_signature"
            | "outlook_signature" => {
                return Some(Hint::Signature);
            }
            _ => {}
        }
        if id.starts_with("yahoo_quoted") || id.starts_with("ymail_quoted") {
            return Some(Hint::Quote);
        }
    }
    match attributes.name {
        "quote" if tag.eq_ignore_ascii_case("div") => return Some(Hint::Quote),
        "messageReplySection" => return Some(Hint::Quote),
        "messageSignatureSection" => return Some(Hint::Signature),
        _ => {}
    }
    match attributes.marker {
        "__QUOTED_TEXT__" | "__HEADERS__" => return Some(Hint::Quote),
        "__SIG_PRE__" | "__SIG_POST__" => return Some(Hint::Signature),
        "__DIVIDER__" => return Some(Hint::Rest),
        _ => {}
    }
    if tag.eq_ignore_ascii_case("blockquote") {
        if attributes.kind.eq_ignore_ascii_case("cite") || attributes.kind == "cite" {
            return Some(Hint::Quote);
        }
        // how Gmail indents and how it quotes by hand
        let style = attributes.style.to_ascii_lowercase();
        let indents =
            style.contains("border:none") || style.contains("border: none") || style.contains("border:0") || style.contains("border: 0");
        let by_hand = attributes.class.split_ascii_whitespace().any(|class| class == "gmail_quote");
        if by_hand && inside {
            return Some(Hint::Quote);
        }
        return (!indents && !by_hand).then_some(Hint::Indented);
    }
    None
}

/// Text with its character references resolved; what is none stays as it is.
fn decode_entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match entity(rest) {
            Some((c, length)) => {
                out.push(c);
                rest = &rest[length..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// The character that this text begins with as a reference, and how long the reference is.
fn entity(text: &str) -> Option<(char, usize)> {
    let body = &text[1..];
    if let Some(number) = body.strip_prefix('#') {
        let (digits, radix, before) = match number.strip_prefix(['x', 'X']) {
            Some(hex) => (hex, 16, 3),
            None => (number, 10, 2),
        };
        let length = digits.bytes().take(8).take_while(|byte| (*byte as char).is_digit(radix)).count();
        let code = u32::from_str_radix(digits.get(..length)?, radix).ok()?;
        let semicolon = usize::from(digits[length..].starts_with(';'));
        // codes of windows-1252 are written for their characters
        let c = if (0x80..0xA0).contains(&code) {
            encoding_rs::WINDOWS_1252.decode(&[code as u8]).0.chars().next()?
        } else {
            char::from_u32(code)?
        };
        return Some((c, before + length + semicolon));
    }
    let length = body.bytes().take(10).take_while(u8::is_ascii_alphanumeric).count();
    let name = &body[..length];
    let closed = body[length..].starts_with(';');
    let c = ENTITIES.iter().find(|(entity, _)| *entity == name).map(|(_, c)| *c)?;
    // without its semicolon only what browsers take so
    (closed || matches!(name, "nbsp" | "amp" | "lt" | "gt" | "quot")).then_some((c, 1 + length + usize::from(closed)))
}

const ENTITIES: &[(&str, char)] = &[
    ("nbsp", '\u{a0}'),
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("rsquo", '’'),
    ("lsquo", '‘'),
    ("rdquo", '”'),
    ("ldquo", '“'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("hellip", '…'),
    ("bull", '•'),
    ("euro", '€'),
    ("auml", 'ä'),
    ("ouml", 'ö'),
    ("uuml", 'ü'),
    ("Auml", 'Ä'),
    ("Ouml", 'Ö'),
    ("Uuml", 'Ü'),
    ("szlig", 'ß'),
    ("eacute", 'é'),
    ("egrave", 'è'),
    ("ecirc", 'ê'),
    ("euml", 'ë'),
    ("aacute", 'á'),
    ("agrave", 'à'),
    ("acirc", 'â'),
    ("atilde", 'ã'),
    ("aring", 'å'),
    ("aelig", 'æ'),
    ("ccedil", 'ç'),
    ("iacute", 'í'),
    ("igrave", 'ì'),
    ("icirc", 'î'),
    ("iuml", 'ï'),
    ("ntilde", 'ñ'),
    ("oacute", 'ó'),
    ("ograve", 'ò'),
    ("ocirc", 'ô'),
    ("otilde", 'õ'),
    ("oslash", 'ø'),
    ("oelig", 'œ'),
    ("uacute", 'ú'),
    ("ugrave", 'ù'),
    ("ucirc", 'û'),
    ("yacute", 'ý'),
    ("yuml", 'ÿ'),
    ("Eacute", 'É'),
    ("Egrave", 'È'),
    ("Ecirc", 'Ê'),
    ("Euml", 'Ë'),
    ("Aacute", 'Á'),
    ("Agrave", 'À'),
    ("Acirc", 'Â'),
    ("Atilde", 'Ã'),
    ("Aring", 'Å'),
    ("AElig", 'Æ'),
    ("Ccedil", 'Ç'),
    ("Iacute", 'Í'),
    ("Igrave", 'Ì'),
    ("Icirc", 'Î'),
    ("Iuml", 'Ï'),
    ("Ntilde", 'Ñ'),
    ("Oacute", 'Ó'),
    ("Ograve", 'Ò'),
    ("Ocirc", 'Ô'),
    ("Otilde", 'Õ'),
    ("Oslash", 'Ø'),
    ("OElig", 'Œ'),
    ("Uacute", 'Ú'),
    ("Ugrave", 'Ù'),
    ("Ucirc", 'Û'),
    ("Yacute", 'Ý'),
    ("eth", 'ð'),
    ("ETH", 'Ð'),
    ("thorn", 'þ'),
    ("THORN", 'Þ'),
    ("scaron", 'š'),
    ("Scaron", 'Š'),
    ("zcaron", 'ž'),
    ("Zcaron", 'Ž'),
    ("copy", '©'),
    ("reg", '®'),
    ("trade", '™'),
    ("deg", '°'),
    ("plusmn", '±'),
    ("times", '×'),
    ("divide", '÷'),
    ("frac12", '½'),
    ("frac14", '¼'),
    ("frac34", '¾'),
    ("sup2", '²'),
    ("sup3", '³'),
    ("sup1", '¹'),
    ("micro", 'µ'),
    ("para", '¶'),
    ("middot", '·'),
    ("sect", '§'),
    ("laquo", '«'),
    ("raquo", '»'),
    ("lsaquo", '‹'),
    ("rsaquo", '›'),
    ("bdquo", '„'),
    ("sbquo", '‚'),
    ("iexcl", '¡'),
    ("iquest", '¿'),
    ("pound", '£'),
    ("yen", '¥'),
    ("cent", '¢'),
    ("curren", '¤'),
    ("brvbar", '¦'),
    ("uml", '¨'),
    ("ordf", 'ª'),
    ("ordm", 'º'),
    ("not", '¬'),
    ("shy", '\u{ad}'),
    ("macr", '¯'),
    ("acute", '´'),
    ("cedil", '¸'),
    ("ensp", ' '),
    ("emsp", ' '),
    ("thinsp", ' '),
    ("zwnj", '\u{200c}'),
    ("zwj", '\u{200d}'),
    ("lrm", '\u{200e}'),
    ("rlm", '\u{200f}'),
    ("larr", '←'),
    ("rarr", '→'),
    ("uarr", '↑'),
    ("darr", '↓'),
    ("harr", '↔'),
    ("hearts", '♥'),
    ("check", '✓'),
    ("le", '≤'),
    ("ge", '≥'),
    ("ne", '≠'),
    ("infin", '∞'),
    ("alpha", 'α'),
    ("beta", 'β'),
    ("gamma", 'γ'),
    ("delta", 'δ'),
    ("lambda", 'λ'),
    ("mu", 'μ'),
    ("pi", 'π'),
    ("sigma", 'σ'),
    ("omega", 'ω'),
    ("dagger", '†'),
    ("permil", '‰'),
    ("prime", '′'),
    ("minus", '−'),
    ("asymp", '≈'),
    ("equiv", '≡'),
    ("zwsp", '\u{200b}'),
    ("NewLine", '\n'),
    ("Tab", '\t'),
    ("colon", ':'),
    ("comma", ','),
    ("period", '.'),
    ("lpar", '('),
    ("rpar", ')'),
    ("commat", '@'),
    ("num", '#'),
    ("excl", '!'),
    ("quest", '?'),
    ("semi", ';'),
    ("sol", '/'),
    ("lowbar", '_'),
    ("hyphen", '‐'),
    ("ast", '*'),
    ("plus", '+'),
    ("equals", '='),
    ("percnt", '%'),
    ("dollar", '$'),
    ("lsqb", '['),
    ("rsqb", ']'),
    ("verbar", '|'),
    ("vert", '|'),
    ("bsol", '\\'),
    ("grave", '`'),
    ("lcub", '{'),
    ("rcub", '}'),
];
