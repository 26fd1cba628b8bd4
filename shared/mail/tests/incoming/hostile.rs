//! Mail written to break a reader, or to keep it busy.

use std::time::{Duration, Instant};

use mail::incoming::{Unreadable, read, trim_html, trim_text};

/// More than a slow machine takes without optimisation for time that grows with the length; far less than for its square.
const PATIENCE: Duration = Duration::from_secs(10);

fn swiftly<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    assert!(start.elapsed() < PATIENCE, "{name} took {:?}", start.elapsed());
    result
}

#[test]
fn deep_or_broken_markup_takes_time_in_proportion() {
    let size = 100_000;
    for piece in [
        "<div>",
        "<blockquote>",
        "</div>",
        "<p>",
        "<p></div>",
        "<table><tr><td>",
        "<a href=\"",
        "<a b='",
        "<!--",
        "<!",
        "<style>",
        "<",
        "&",
        "&#",
        "&amp",
        "<i></b>",
        "<div class=gmail_quote>",
        "<li>",
        "<ol><li>",
        "x<br>",
        "<a href=http://x>",
        "<td colspan=18446744073709551615>",
        "<img alt=🙂 src=cid:x>",
        "<b><div></b>",
        "</",
        "<blockquote type=cite>x</blockquote>y",
    ] {
        let html = piece.repeat(size / piece.len());
        swiftly(piece, || trim_html(&html));
    }
}

#[test]
fn endless_lines_take_time_in_proportion() {
    for piece in [
        "On",
        "On\n",
        "a",
        " ",
        "> ",
        ">\n",
        "--\n",
        "---\n",
        "--\nx\n",
        "From: x\n",
        "To: x\nFrom: y\n",
        "To: x\n",
        "On Mon, 1 Jan 2024 at 10:00, X <x@y.z> wrote:\n",
        "Yes. On Mon, 1 Jan 2024 at 10:00, X <x@y.z> wrote:\n",
        "x:\n",
        "@:",
        "wrote:\n",
        "a@b.c wrote: ",
        "> q\na\n",
        "> q\n--\n",
        "> q\n\nOn 1 Jan 2024 X <x@y.z> wrote:\n\nyes\n\n",
        "```\n",
        "Sent from my iPhone\n",
        "<\n",
        "<a@b.c>\n",
        "Regards\n",
        "-X\n",
        "_____\nmailing list\n",
        "confidential ",
        "\u{202e}",
        "=?a?b?x ",
        "5:00 ",
        "2024 ",
        "Jan ",
        "-----BEGIN PGP SIGNED MESSAGE-----\n",
        "e\u{301}",
    ] {
        let text = piece.repeat(60_000 / piece.len());
        swiftly(piece, || trim_text(&text));
    }
}

#[test]
fn a_megabyte_on_one_line_and_a_hundred_thousand_lines_are_read() {
    for text in ["word ".repeat(200_000), "On\r\n".repeat(100_000), "From: x\r\n".repeat(100_000), "<div>".repeat(200_000)] {
        for kind in ["plain", "html"] {
            let mail = format!("Content-Type: text/{kind}\r\n\r\n{text}");
            swiftly(&text[..10], || read(mail.as_bytes())).unwrap();
        }
    }
}

#[test]
fn a_mail_of_too_many_parts_is_refused() {
    let mut mail = "Content-Type: multipart/mixed; boundary=b\r\n\r\n".to_owned();
    mail.push_str(&"--b\r\n\r\nx\r\n".repeat(10_000));
    assert_eq!(swiftly("parts", || read(mail.as_bytes())), Err(Unreadable::TooManyParts));
}

#[test]
fn a_mail_nested_too_deep_is_refused() {
    let mut mail = String::new();
    for depth in 0..1000 {
        mail.push_str(&format!("Content-Type: multipart/mixed; boundary=b{depth}\r\n\r\n--b{depth}\r\n"));
    }
    assert_eq!(swiftly("depth", || read(mail.as_bytes())), Err(Unreadable::TooDeep));
}

#[test]
fn headers_without_end_are_refused() {
    let long = format!("Subject: {}\r\n\r\nHello", "x".repeat(300_000));
    assert_eq!(read(long.as_bytes()), Err(Unreadable::HeadersTooLong));
    let words = format!("Subject: {}\r\n\r\nHello", "=?a?b?x ".repeat(30_000));
    assert!(swiftly("words", || read(words.as_bytes())).is_ok());
    let folded = format!("Subject: x{}\r\n\r\nHello", "\r\n y".repeat(60_000));
    assert!(swiftly("folds", || read(folded.as_bytes())).is_ok());
    let people = format!("From: {}\r\n\r\nHello", "a@b.c, <".repeat(30_000));
    swiftly("people", || read(people.as_bytes()).map(|mail| mail.headers.from().len())).ok();
}

#[test]
fn nothing_at_all_is_a_mail_too() {
    for raw in [
        &b""[..],
        b"\r\n",
        b"\r\n\r\n\r\n",
        b"\0\0\0",
        b":",
        b": x\r\n",
        b"\xff\xfe",
        b"Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n",
        b"Content-Type: multipart/mixed\r\n\r\n",
        b"From ",
    ] {
        let mail = read(raw).unwrap();
        assert!(mail.attached.is_empty());
    }
}
