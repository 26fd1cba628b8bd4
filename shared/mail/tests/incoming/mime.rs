//! Whole messages: parts, transfer encodings, character sets, files.

use mail::incoming::{Body, Incoming, REPLY_MOST, Unreadable, Why, read, trim_html};

fn mail(raw: &str) -> Incoming {
    read(raw.replace('\n', "\r\n").as_bytes()).unwrap()
}

fn body(content_type: &str, encoding: &str, body: &[u8]) -> String {
    let mut raw = format!(
        "From: ada@example.org\r\nMIME-Version: 1.0\r\nContent-Type: {content_type}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    )
    .into_bytes();
    raw.extend_from_slice(body);
    read(&raw).unwrap().reply.text
}

#[test]
fn headers_are_unfolded_and_decoded() {
    let mail = mail(
        "\n\nReceived: one\nReceived: two\nFrom: =?utf-8?Q?J=C3=B6rg_M=C3=BCller?= <jm@example.org>\nTo: \"Rowe, Ada\" <ada@example.org>, bob@example.org\nSubject: =?utf-8?B?w5xi?=\n =?utf-8?B?ZXJzaWNodA==?= of =?iso-8859-1?Q?M=E4rz?=\nMessage-ID: <one@example.org>\nX-Empty:\n\nHello",
    );
    assert_eq!(mail.headers.subject(), "Übersicht of März");
    assert_eq!(mail.headers.message_id(), Some("one@example.org"));
    assert_eq!(mail.headers.all("received").collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(mail.headers.first("x-empty"), Some(""));
    let from = mail.headers.from();
    assert_eq!(from.len(), 1);
    assert_eq!(from[0][0].name.as_deref(), Some("Jörg Müller"));
    assert_eq!(from[0][0].address, "jm@example.org");
    let to = mail.headers.mailboxes("To");
    assert_eq!(
        to[0].iter().map(|to| (to.name.as_deref(), to.address.as_str())).collect::<Vec<_>>(),
        [(Some("Rowe, Ada"), "ada@example.org"), (None, "bob@example.org")]
    );
    assert_eq!(mail.headers.iter().next(), Some(("Received", "one")));
    assert_eq!(mail.reply.text, "Hello");
}

#[test]
fn two_senders_are_told_apart_from_one() {
    let two = mail("From: a@example.org\nFrom: b@example.org\n\nx");
    assert_eq!(two.headers.from().len(), 2);
    let listed = mail("From: a@example.org, b@example.org\n\nx");
    assert_eq!(listed.headers.from()[0].len(), 2);
    // an encoded display name can't smuggle an address in
    let disguised = mail("From: =?utf-8?Q?=3Cboss=40example.org=3E=2C?= <a@example.org>\n\nx");
    assert_eq!(disguised.headers.from()[0].iter().map(|from| from.address.as_str()).collect::<Vec<_>>(), ["a@example.org"]);
}

#[test]
fn every_charset_is_read() {
    let german = "Grüße aus Köln, und zwar für alle.";
    let (latin, _, _) = encoding_rs::WINDOWS_1252.encode(german);
    assert_eq!(body("text/plain; charset=iso-8859-1", "8bit", &latin), german);
    assert_eq!(body("text/plain", "8bit", &latin), german);
    assert_eq!(body("text/plain; charset=no-such-charset", "8bit", &latin), german);
    assert_eq!(body("text/plain; charset=us-ascii", "8bit", german.as_bytes()), german);
    assert_eq!(body("text/plain; charset=iso-8859-1", "8bit", german.as_bytes()), german);
    let japanese = "お世話になっております。来週の打ち合わせは火曜日でお願いします。";
    for (label, encoding) in
        [("shift_jis", encoding_rs::SHIFT_JIS), ("euc-jp", encoding_rs::EUC_JP), ("iso-2022-jp", encoding_rs::ISO_2022_JP)]
    {
        let (bytes, _, _) = encoding.encode(japanese);
        assert_eq!(body(&format!("text/plain; charset={label}"), "8bit", &bytes), japanese);
        assert_eq!(body("text/plain", "8bit", &bytes), japanese, "undeclared {label}");
    }
    let russian = "Здравствуйте! Спасибо за письмо, встретимся в понедельник.";
    for (label, encoding) in
        [("koi8-r", encoding_rs::KOI8_R), ("windows-1251", encoding_rs::WINDOWS_1251), ("cp1251", encoding_rs::WINDOWS_1251)]
    {
        let (bytes, _, _) = encoding.encode(russian);
        assert_eq!(body(&format!("text/plain; charset=\"{label}\""), "8bit", &bytes), russian);
    }
    let chinese = "你好，会议改到星期三，可以吗？";
    let (bytes, _, _) = encoding_rs::GB18030.encode(chinese);
    assert_eq!(body("text/plain; charset=gb2312", "8bit", &bytes), chinese);
}

#[test]
fn broken_transfer_encodings_are_read_as_far_as_they_go() {
    assert_eq!(body("text/plain; charset=utf-8", "base64", b"R3LDvMOfZSwK\r\nQWRh"), "Grüße,\nAda");
    assert_eq!(body("text/plain; charset=utf-8", "base64", b"R3LDvMOfZS"), "Grüße");
    assert_eq!(body("text/plain; charset=utf-8", "quoted-printable", b"a =3D b, 100 % =\r\nsure =ZZ ="), "a = b, 100 % sure =ZZ");
    let open = mail(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\nSGVsbG8gQWRh\n",
    );
    assert_eq!(open.reply.text, "Hello Ada");
}

#[test]
fn flowed_lines_are_joined() {
    assert_eq!(
        body(
            "text/plain; charset=utf-8; format=flowed",
            "7bit",
            b"This line \r\ngoes on.\r\nThis one ends.\r\n\r\nOn 3/2/26 16:15, Ada wrote:\r\n> quoted \r\n> text\r\n"
        ),
        "This line goes on.\nThis one ends."
    );
    assert_eq!(body("text/plain; charset=utf-8; format=flowed; delsp=yes", "8bit", "会議は \r\n明日です".as_bytes()), "会議は明日です");
}

#[test]
fn the_plain_text_is_read_before_the_html() {
    let both = mail(
        "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\nplain\n--b\nContent-Type: text/html\n\n<p>html</p>\n--b--\n",
    );
    assert_eq!((both.reply.text.as_str(), both.reply.of), ("plain", Body::Plain));
    let blank = mail(
        "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n \n--b\nContent-Type: text/html\n\n<p>html</p>\n--b--\n",
    );
    assert_eq!((blank.reply.text.as_str(), blank.reply.of), ("html", Body::Html));
    let none = mail("Content-Type: image/png\n\nx");
    assert_eq!((none.reply.text.as_str(), none.reply.of, none.attached.len()), ("", Body::Nothing, 1));
}

#[test]
fn signed_mail_is_read_and_encrypted_mail_is_not() {
    let signed = mail(
        "Content-Type: multipart/signed; boundary=b; protocol=\"application/pgp-signature\"\n\n--b\nContent-Type: text/plain\n\nsigned words\n--b\nContent-Type: application/pgp-signature; name=signature.asc\n\nxx\n--b--\n",
    );
    assert_eq!(signed.reply.text, "signed words");
    assert!(signed.attached.is_empty());
    let inline = mail(
        "\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nsigned words\n-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n",
    );
    assert_eq!(inline.reply.text, "signed words");
    for raw in [
        "Content-Type: multipart/encrypted; boundary=b; protocol=\"application/pgp-encrypted\"\n\n--b\n\nx\n--b--\n",
        "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\nContent-Transfer-Encoding: base64\n\nAAAA\n",
        "Content-Type: text/plain\n\n-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----\n",
    ] {
        assert_eq!(read(raw.as_bytes()), Err(Unreadable::Encrypted), "{raw}");
    }
}

#[test]
fn files_are_kept_under_harmless_names() {
    let part = |disposition: &str| {
        format!("--b\nContent-Type: application/pdf\nContent-Disposition: {disposition}\nContent-Transfer-Encoding: base64\n\nJVBERg==\n")
    };
    let raw = "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nSee the files.\n".to_owned()
        + &part("attachment; filename=\"../../etc/pass\u{202e}wd\"")
        + &part("attachment; filename*=utf-8''%C3%9Cbersicht%20M%C3%A4rz.pdf")
        + &part("attachment; filename=\"=?utf-8?Q?=C3=9Cbersicht=2Epdf?=\"")
        + &part("attachment")
        + &part("attachment; filename=\"C:\\\\temp\\\\a.pdf\"")
        + &part(&format!("attachment; filename=\"{}.pdf\"", "x".repeat(400)))
        + "--b--\n";
    let mail = mail(&raw);
    assert_eq!(mail.reply.text, "See the files.");
    let names: Vec<&str> = mail.attached.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names[..5], ["passwd", "Übersicht März.pdf", "Übersicht.pdf", "attachment-4.pdf", "a.pdf"]);
    assert_eq!(names[5].chars().count(), 120);
    assert!(mail.attached.iter().all(|file| file.bytes == b"%PDF" && file.media_type == "application/pdf"));
}

#[test]
fn pictures_of_the_quoted_mail_are_not_the_persons_files() {
    let picture = |id: &str| {
        format!(
            "--b\nContent-Type: image/png; name={id}.png\nContent-ID: <{id}@x>\nContent-Disposition: inline; filename={id}.png\nContent-Transfer-Encoding: base64\n\nAAAA\n"
        )
    };
    let raw = "Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\n<div>Look: <img src=\"cid:mine@x\"></div><div class=\"gmail_signature\">Ada<img src=\"cid:logo@x\"></div><blockquote type=cite>Chart <img src=\"cid:chart@x\"> of March</blockquote>\n".to_owned()
        + &picture("mine")
        + &picture("logo")
        + &picture("chart")
        + &picture("unused")
        + "--b--\n";
    let mail = mail(&raw);
    assert_eq!(mail.reply.text, "Look:");
    assert_eq!(mail.attached.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["mine.png", "unused.png"]);
}

#[test]
fn a_long_reply_is_shortened() {
    let mail = mail(&format!("\n{}", "ü word ".repeat(5000)));
    assert!(mail.reply.shortened);
    assert!(mail.reply.text.chars().count() <= REPLY_MOST);
}

#[test]
fn control_characters_go_and_characters_are_composed() {
    assert_eq!(body("text/plain; charset=utf-8", "8bit", "a\0b\u{7}c\u{202e}d\u{2066}e e\u{301}\r\nf".as_bytes()), "abcde é\nf");
}

#[test]
fn html_becomes_lines_of_text() {
    for (html, text) in [
        ("<p>One</p><p>Two<br>Three</p>", "One\n\nTwo\nThree"),
        ("<div>One</div><div><br></div><div>Two</div>", "One\n\nTwo"),
        (
            "<p class=MsoNormal>One</p><p class=MsoNormal>&nbsp;</p><p class=MsoNormal>Two &amp; three &lt;b&gt; &#8364; &#x1F600;</p>",
            "One\n\nTwo & three <b> € 😀",
        ),
        ("<ul><li>a<li>b</ul><ol><li>c</li><li>d</li></ol>", "- a\n- b\n\n1. c\n2. d"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("a<style>p{}</style><script>x<y</script><!-- c --><span style='display:none'>hidden</span>b", "ab"),
        ("<pre>x\n  y</pre>", "x\n  y"),
        (
            "see <a href=\"https://example.org/plan\">the plan</a> and <a href=\"https://example.org\">example.org</a>",
            "see the plan <https://example.org/plan> and example.org",
        ),
        ("a < b && c", "a < b && c"),
    ] {
        assert_eq!(trim_html(html).text, text, "{html}");
    }
}

#[test]
fn containers_of_mail_programs_go() {
    for html in [
        "<div dir=ltr>Fine.</div><br><div class=\"gmail_quote\"><div dir=ltr class=gmail_attr>unknown words<br></div><blockquote class=\"gmail_quote\" style=\"margin:0\">old</blockquote></div>",
        "<div dir=ltr>Fine.<br clear=all><div><br></div>-- <br><div class=gmail_signature>Ada</div></div>",
        "<div>Fine.</div><div id=appendonsend></div><hr style='width:98%' tabindex=-1><div id=divRplyFwdMsg><b>X:</b> y</div><div>old</div>",
        "<p class=MsoNormal>Fine.</p><div style='border:none;border-top:solid #E1E1E1 1.0pt'><p class=MsoNormal><b>From:</b> Ada &lt;a@b.c&gt; <br><b>Sent:</b> Monday, March 2, 2026 4:15 PM<br><b>To:</b> Bob<br><b>Subject:</b> x</p></div><p>old</p>",
        "Fine.<div class=\"moz-cite-prefix\">Am 02.03.26 um 16:15 schrieb Ada:<br></div><blockquote type=\"cite\" cite=\"mid:x\">old</blockquote>",
        "<div>Fine.</div><div class=\"yahoo_quoted\" id=\"yahoo_quoted_1\"><div>On Monday Ada wrote:</div><div>old</div></div>",
        "<div>Fine.</div><div class=\"protonmail_quote\">On Monday, March 2nd, 2026 at 16:15, Ada &lt;a@b.c&gt; wrote:<br><blockquote class=\"protonmail_quote\" type=\"cite\">old</blockquote></div>",
        "<div>Fine.</div><div name=\"quote\" style=\"margin:10px\"><div><b>Gesendet:</b> Montag</div><div name=\"quoted-content\">old</div></div>",
        "<div name=\"messageBodySection\">Fine.</div><div name=\"messageSignatureSection\">Ada</div><div name=\"messageReplySection\">On 2 Mar Ada wrote:<blockquote>old</blockquote></div>",
        "<div>Fine.</div><hr id=\"zwchr\" data-marker=\"__DIVIDER__\"><div data-marker=\"__HEADERS__\"><b>x</b></div><div data-marker=\"__QUOTED_TEXT__\">old</div>",
        "<div>Fine.</div><div id=\"x_Signature\">Ada<br>Boss</div>",
        "<div>Fine.<br><br><div id=\"ms-outlook-mobile-signature\">Get <a href=\"https://aka.ms/x\">Outlook for iOS</a></div></div>",
        "Fine.<br><br>Sent from my iPhone<div><br><blockquote type=\"cite\">On Mar 2, 2026, at 16:15, Ada wrote:<br><br></blockquote></div><blockquote type=\"cite\">old</blockquote>",
    ] {
        let reply = trim_html(html);
        assert_eq!(reply.text, "Fine.", "{html}");
        assert!(!reply.cut.is_empty());
    }
}

#[test]
fn why_a_stretch_was_cut_is_said() {
    let reply = mail("\nYes.\n\nSent from my iPhone\n\nOn Mar 2, 2026, at 4:15 PM, Ada <a@b.c> wrote:\n\n> Really?\n").reply;
    let cut: Vec<_> = reply.cut.iter().map(|cut| (cut.why, cut.text.as_str())).collect();
    assert_eq!(
        cut,
        [
            (Why::Footer, "Sent from my iPhone"),
            (Why::Attribution, "On Mar 2, 2026, at 4:15 PM, Ada <a@b.c> wrote:"),
            (Why::Quote, "> Really?")
        ]
    );
}

#[test]
fn markup_says_where_a_quote_begins_that_text_does_not_show() {
    let alternative = |plain: &str, html: &str| {
        mail(&format!("Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n{plain}\n--b\nContent-Type: text/html\n\n{html}\n--b--\n")).reply
    };
    let reply = alternative(
        "Fine.\n\nAda\nHead of all\n\nin words nobody knows\n\nold words",
        "<p>Fine.</p><div class=gmail_signature>Ada<br>Head of all</div><div class=gmail_quote>in words nobody knows<blockquote class=gmail_quote>old words</blockquote></div>",
    );
    assert_eq!((reply.text.as_str(), reply.of), ("Fine.", Body::Plain));
    assert_eq!(reply.cut[0].why, Why::Signature);
    // what the HTML does not say the same way stays
    assert_eq!(alternative("Fine.\n\nAnd more.", "<p>Good.</p><div class=gmail_signature>And more.</div>").text, "Fine.\n\nAnd more.");
}

#[test]
fn words_behind_broken_markup_are_kept() {
    for (html, text) in [
        ("Hello <a href=\"x>there", "Hello there"),
        ("Hello <b", "Hello"),
        ("<style>b { color: red } <i>Hello", "b { color: red } Hello"),
        ("<title>Hello", "Hello"),
        ("Hello<!-- there > you", "Hello you"),
        ("Hello<!-- there --> you", "Hello you"),
        ("Hello<![if !mso]> you<![endif]><?xml x?>", "Hello you"),
        ("Hello</p> you</div></span>", "Hello you"),
        ("I </3 <b>it</b>", "I </3 it"),
        ("1 < 2 <3 <", "1 < 2 <3 <"),
        ("<svg><p>x</p></svg>Hello<br/><svg/>you", "Hello\nyou"),
        ("<select><option>x</select>Hello</BODY ></html", "Hello"),
    ] {
        assert_eq!(trim_html(html).text, text, "{html}");
    }
    let long = "é😀 ".repeat(3000);
    assert_eq!(trim_html(&format!("<p>{long}</p>")).text, long.trim());
}
