//! HTML to lines of text in one pass, each line with what the markup says about it. No tree is built, so depth costs nothing.

use std::{cell::RefCell, ops::Range};

use lol_html::{HtmlRewriter, MemorySettings, Settings, doc_comments, doc_text, element, errors::RewritingError, html_content::Element};

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

/// The most memory that the tokenizer takes, in bytes: far more than a page of the greatest length needs.
const MEMORY: usize = 64 * 1024 * 1024;

/// Elements whose content nobody sees.
const SKIPPED: &[&str] =
    &["style", "script", "title", "noscript", "template", "textarea", "select", "svg", "math", "iframe", "noembed", "noframes"];

/// Reads HTML as it comes, well formed or not.
pub(super) fn read(html: &str) -> Page {
    let reader = Reader { cells: [Some(Name::of("td")), Some(Name::of("th"))], table: Some(Name::of("table")), ..Reader::default() };
    let tokens = RefCell::new(Tokens { html, at: 0, text: 0..0, skipping: None, reader });
    // where it stops, the rest is still to be read
    tokenize(html, &tokens).ok();
    tokens.into_inner().finish()
}

/// Gives every tag, text and comment of the page to `tokens`, in order.
fn tokenize<'a>(html: &'a str, tokens: &RefCell<Tokens<'a>>) -> Result<(), RewritingError> {
    let settings = Settings::new()
        .with_strict(false)
        .with_memory_settings(MemorySettings::new().with_max_allowed_memory_usage(MEMORY))
        .append_element_content_handler(element!("*", |element| {
            tokens.borrow_mut().start_tag(element);
            Ok(())
        }))
        .append_document_content_handler(doc_text!(|text| {
            tokens.borrow_mut().text(text.source_location().bytes());
            Ok(())
        }))
        .append_document_content_handler(doc_comments!(|comment| {
            tokens.borrow_mut().comment(comment.source_location().bytes());
            Ok(())
        }));
    let mut rewriter = HtmlRewriter::new(settings, |_: &[u8]| {});
    rewriter.write(html.as_bytes())?;
    rewriter.end()
}

/// What the tokenizer finds, as pieces of the page. It tells of closing tags only where they close an element, so they are read where
/// they stand: between all else.
struct Tokens<'a> {
    html: &'a str,
    /// How far the page is read.
    at: usize,
    /// A text that may go on.
    text: Range<usize>,
    /// The element that is passed over, and where its content begins.
    skipping: Option<(&'static str, usize)>,
    reader: Reader<'a>,
}

impl<'a> Tokens<'a> {
    fn piece(&self, range: Range<usize>) -> &'a str {
        self.html.get(range).unwrap_or_default()
    }

    /// Reads the closing tags before this token.
    fn advance(&mut self, token: &Range<usize>) {
        if token.start > self.at {
            self.end_text();
            let mut between = self.piece(self.at..token.start);
            while let Some(from) = between.find("</") {
                between = &between[from + 2..];
                self.end_tag(tag_name(between));
            }
        }
        self.at = self.at.max(token.end);
    }

    fn end_text(&mut self) {
        let range = std::mem::take(&mut self.text);
        let text = self.piece(range);
        if self.skipping.is_none() && !text.is_empty() {
            self.reader.text(text);
        }
    }

    fn text(&mut self, range: Range<usize>) {
        self.advance(&range);
        if self.text.end == range.start && !self.text.is_empty() {
            self.text.end = range.end;
        } else {
            self.end_text();
            self.text = range;
        }
    }

    fn comment(&mut self, range: Range<usize>) {
        self.advance(&range);
        self.end_text();
        let comment = self.piece(range.clone());
        let cut_short = range.end == self.html.len() && comment.starts_with("<!--") && !comment.ends_with("-->");
        if cut_short {
            self.at = range.start;
        } else if comment.starts_with("</") && self.skipping.is_none() {
            // a broken heart, </3
            self.reader.text("</");
            self.reader.strip(&comment[2..]);
        }
    }

    fn start_tag(&mut self, element: &Element<'_, '_>) {
        let range = element.source_location().bytes();
        self.advance(&range);
        self.end_text();
        if self.skipping.is_some() {
            return;
        }
        let name = tag_name(self.piece(range.start + 1..range.end));
        if !element.is_self_closing()
            && let Some(skipped) = SKIPPED.iter().find(|skipped| name.eq_ignore_ascii_case(skipped))
        {
            self.skipping = Some((skipped, range.end));
            return;
        }
        let mut attributes = Attributes::default();
        for attribute in element.attributes() {
            let name = attribute.name_source_location().map(|place| self.piece(place.bytes())).unwrap_or_default();
            let value = attribute.value_source_location().map(|place| self.piece(place.bytes())).unwrap_or_default();
            attributes.take(name, value);
        }
        self.reader.open(name, &attributes);
    }

    fn end_tag(&mut self, name: &str) {
        match self.skipping {
            Some((skipped, _)) if name.eq_ignore_ascii_case(skipped) => self.skipping = None,
            Some(_) => {}
            None if name.starts_with(|c: char| c.is_ascii_alphabetic()) => self.reader.close(name),
            None => {}
        }
    }

    /// Reads what the tokenizer left: the words behind a tag or a comment without end, and those in an element that should be passed
    /// over but is never closed.
    fn finish(mut self) -> Page {
        self.end_text();
        let mut rest = self.piece(self.at..self.html.len());
        while let Some(tag) = rest.strip_prefix("</")
            && let Some(end) = tag.find('>')
        {
            self.end_tag(tag_name(tag));
            rest = &tag[end + 1..];
        }
        if let Some((_, content)) = self.skipping.take() {
            rest = self.piece(content..self.html.len());
        }
        self.reader.strip(rest);
        self.reader.finish()
    }
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

impl<'a> Attributes<'a> {
    fn take(&mut self, name: &str, value: &'a str) {
        let slot = match name.len() {
            2 if name.eq_ignore_ascii_case("id") => &mut self.id,
            3 if name.eq_ignore_ascii_case("src") => &mut self.src,
            3 if name.eq_ignore_ascii_case("alt") => &mut self.alt,
            4 if name.eq_ignore_ascii_case("type") => &mut self.kind,
            4 if name.eq_ignore_ascii_case("name") => &mut self.name,
            4 if name.eq_ignore_ascii_case("href") => &mut self.href,
            4 if name.eq_ignore_ascii_case("cite") => {
                if self.kind.is_empty() {
                    self.kind = "cite";
                }
                return;
            }
            5 if name.eq_ignore_ascii_case("class") => &mut self.class,
            5 if name.eq_ignore_ascii_case("style") => &mut self.style,
            6 if name.eq_ignore_ascii_case("hidden") => {
                self.hidden = true;
                return;
            }
            8 if name.eq_ignore_ascii_case("tabindex") => &mut self.tabindex,
            11 if name.eq_ignore_ascii_case("data-marker") => &mut self.marker,
            _ => {
                self.signature |= name.len() >= 14
                    && (name.eq_ignore_ascii_case("data-smartmail") && value == "gmail_signature"
                        || name.eq_ignore_ascii_case("data-signatureblock"));
                return;
            }
        };
        *slot = value;
    }
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
}

impl<'a> Reader<'a> {
    /// Reads the words between whatever looks like a tag.
    fn strip(&mut self, html: &'a str) {
        let mut rest = html;
        while let Some(at) = rest.find('<') {
            self.text(&rest[..at]);
            let tag = &rest[at + 1..];
            if !tag.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?')) {
                self.text("<");
                rest = tag;
                continue;
            }
            let Some(end) = tag.find('>') else { return };
            if matches!(Name::of(tag_name(tag.trim_start_matches('/'))), Name::Block(_)) {
                self.line_if_open();
            }
            rest = &tag[end + 1..];
        }
        self.text(rest);
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
