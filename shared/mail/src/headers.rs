//! The headers of mail that goes out, besides those that sending adds.

/// The header that tells our own mail, should any come back (IN-27).
pub const LOOP_HEADER: &str = "X-Happenings-Loop";
/// What it says.
const LOOP: &str = "cairn";
/// The most bytes of a header's value.
const HEADER_MOST: usize = 995;

/// What a mail is to those before it.
#[derive(Clone, Copy)]
pub(crate) enum Kind<'a> {
    /// One by itself, of this delivery, which keeps mail programs from stacking it onto others.
    Apart(&'a str),
    /// An answer to what a person sent, of this delivery.
    Answer(&'a str),
    /// One of a conversation of this id.
    Threaded(&'a str),
}

/// The headers of every mail that no person wrote (OUT-04, OUT-05).
pub(crate) fn automatic(kind: Kind<'_>) -> Vec<(String, String)> {
    let submitted = match kind {
        Kind::Apart(_) | Kind::Threaded(_) => "auto-generated",
        Kind::Answer(_) => "auto-replied",
    };
    let mut headers = vec![header("Auto-Submitted", submitted), header("X-Auto-Response-Suppress", "All"), header(LOOP_HEADER, LOOP)];
    match kind {
        Kind::Apart(delivery) | Kind::Answer(delivery) => {
            let entity: String = delivery.chars().filter(char::is_ascii_graphic).take(200).collect();
            if !entity.is_empty() {
                headers.push(header("X-Entity-Ref-ID", &entity));
            }
        }
        Kind::Threaded(thread) => {
            let id: String = thread.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>')).take(200).collect();
            if !id.is_empty() {
                headers.push(header("References", &format!("<{id}>")));
                headers.push(header("In-Reply-To", &format!("<{id}>")));
            }
        }
    }
    headers
}

/// The headers of a mail that one can unsubscribe from, at an address of the web and maybe one of mail.
pub(crate) fn stoppable(kind: Kind<'_>, web: &str, mailto: Option<&str>) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    let web = address(web);
    let both = mailto.map(|mailto| format!("<{web}>, <{}>", address(mailto))).filter(|both| both.len() <= HEADER_MOST);
    let list = both.unwrap_or_else(|| format!("<{web}>"));
    if list.len() <= HEADER_MOST {
        headers.push(("List-Unsubscribe".to_owned(), list));
        headers.push(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
    }
    headers.extend(automatic(kind));
    headers
}

fn header(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// An address between angle brackets: what does not belong there is percent-encoded.
fn address(address: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(address.len());
    for byte in address.bytes() {
        if byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"') {
            out.push(char::from(byte));
        } else {
            // writing to a string can't fail
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
