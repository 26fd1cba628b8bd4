//! Where a comment on an item goes (C-1): an address of mail, and the link that starts a mail to it.

use std::fmt::Write as _;

use crate::{view, words};

/// The most characters of a title in a subject.
const TITLE_MOST: usize = 80;
/// The most bytes of a subject in a link: some programs take no long ones, and a sign can take twelve.
const ENCODED_MOST: usize = 360;

/// Where a comment on an item goes.
pub(crate) struct Answer {
    /// The address, as it is typed.
    pub(crate) address: String,
    /// `mailto:` with a subject.
    pub(crate) link: String,
    /// What the link is called where it is read aloud.
    pub(crate) name: String,
}

impl Answer {
    /// An answer on the item of this title.
    pub(crate) fn new(address: &str, title: &str) -> Self {
        let address: String = address.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"')).collect();
        let mut most = TITLE_MOST;
        let mut encoded = encode(&subject_of(title, most));
        while encoded.len() > ENCODED_MOST && most > 8 {
            most -= 8;
            encoded = encode(&subject_of(title, most));
        }
        Self {
            link: format!("mailto:{}?subject={encoded}", encode_address(&address)),
            name: format!("Comment on: {}", words::clip(&view::title(title), TITLE_MOST)),
            address,
        }
    }
}

/// The subject of all mail on the item of this title, so that it holds together.
pub(crate) fn subject(title: &str) -> String {
    subject_of(title, TITLE_MOST)
}

fn subject_of(title: &str, most: usize) -> String {
    format!("Re: {}", words::clip(&view::title(title), most))
}

fn encode(text: &str) -> String {
    percent(text, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'))
}

fn encode_address(address: &str) -> String {
    percent(address, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'@' | b'+' | b'='))
}

fn percent(text: &str, is_plain: fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(3 * text.len());
    for byte in text.bytes() {
        if is_plain(byte) {
            out.push(char::from(byte));
        } else {
            // writing to a string can't fail
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_names_address_and_subject() {
        let answer = Answer::new("reply+abc@reply.cairn.example", "Plan: 90 days & \"more\"?");
        assert_eq!(answer.link, "mailto:reply+abc@reply.cairn.example?subject=Re%3A%20Plan%3A%2090%20days%20%26%20%22more%22%3F");
        assert_eq!(answer.name, "Comment on: Plan: 90 days & \"more\"?");
    }

    #[test]
    fn a_title_can_add_nothing_to_a_link() {
        for title in ["x\r\nBcc: y@z.example", "x&cc=y@z.example&body=a", "x?body=#y", "\u{202e}<script>", ""] {
            let link = Answer::new("reply+abc@reply.cairn.example\r\n?cc=x", title).link;
            let (address, subject) = link.split_once("?subject=").unwrap();
            assert!(
                address.bytes().chain(subject.bytes()).all(|byte| byte.is_ascii_alphanumeric() || b"-._~%@+=:".contains(&byte)),
                "{link}"
            );
            assert!(!subject.contains("%0") && !address.contains("%0"), "{link}");
        }
    }

    #[test]
    fn a_long_title_is_cut_between_characters() {
        for title in ["word ".repeat(60), "é".repeat(300), "計画".repeat(100), "👩\u{200d}🚀".repeat(50)] {
            let answer = Answer::new("reply+abc@reply.cairn.example", &title);
            let encoded = answer.link.split_once("?subject=").unwrap().1;
            assert!(encoded.len() <= ENCODED_MOST && encoded.ends_with("%E2%80%A6"), "{encoded}");
            let mut bytes = Vec::new();
            let mut rest = encoded;
            while let Some(first) = rest.chars().next() {
                let width = if first == '%' { 3 } else { 1 };
                bytes.push(if first == '%' { u8::from_str_radix(&rest[1..3], 16).unwrap() } else { rest.as_bytes()[0] });
                rest = &rest[width..];
            }
            assert!(String::from_utf8(bytes).unwrap().starts_with("Re: "));
        }
    }
}
