"""Whole messages: how programs encode what people write."""
import base64, email, email.header, email.policy, html, quopri, re, textwrap

import programs
from languages import LANGUAGES
from programs import Quoted, prefixed, wide

# Message -> the character set it is in and does not name: what a reader has to find out.
UNDECLARED = {}


def word(text):
    """A header value in ASCII."""
    return text if text.isascii() else email.header.Header(text, "utf-8", maxlinelen=70).encode(linesep="\r\n")


def flowed(text, delsp=False, width=66):
    """RFC 3676: soft line ends carry a space, lines that start with a space are stuffed."""
    out = []
    for paragraph in text.split("\n"):
        mark = re.match(r"(>+ ?)?", paragraph)[0]
        rest, lines = paragraph[len(mark):], []
        if delsp and wide(rest):
            lines = [rest[i : i + 38] for i in range(0, len(rest), 38)] or [""]
        else:
            lines = textwrap.wrap(rest, width, break_long_words=False, break_on_hyphens=False, drop_whitespace=False) or [""]
        soft = " " if delsp else ""
        for i, line in enumerate(lines):
            line = line if i == len(lines) - 1 else line + soft if delsp else line.rstrip(" ") + " "
            if i and not mark and not delsp:
                line = line.lstrip(" ") if line.strip() else line
            if not mark and (line.startswith((" ", "From ")) or line.startswith(">")):
                line = " " + line
            out.append(mark + line)
    return "\n".join(out)


def unflowed(text, delsp):
    out, open_line = [], None
    for line in text.split("\n"):
        mark = re.match(r">*", line)[0]
        rest = line[len(mark):]
        rest = rest[1:] if rest.startswith(" ") else rest
        soft = rest.endswith(" ") and rest != "-- "
        joined = rest[:-1] if soft and delsp else rest
        if open_line is not None and open_line[0] == mark:
            open_line = (mark, open_line[1] + joined)
        else:
            if open_line is not None:
                out.append(" ".join(filter(None, open_line)))
            open_line = (mark, joined)
        if not soft:
            out.append(" ".join(filter(None, open_line)))
            open_line = None
    return "\n".join(out)


def part(kind, text, charset, transfer, declared=True, parameters="", ends="\r\n"):
    raw = text.encode(charset if charset != "iso-2022-jp" else "iso2022_jp").replace(b"\n", ends.encode())
    if transfer == "quoted-printable":
        raw = quopri.encodestring(raw.replace(b"\r\n", b"\n"), quotetabs=False).replace(b"\n", ends.encode())
    elif transfer.lower() == "base64":
        raw = base64.encodebytes(raw).replace(b"\n", ends.encode())
    head = f"Content-Type: {kind}" + (f"; charset={charset}" if declared else "") + parameters
    return (head + ends + (f"Content-Transfer-Encoding: {transfer}{ends}" if transfer else "") + ends).encode() + raw


def multipart(subtype, *parts, boundary="=_cairn_0001", ends="\r\n"):
    b, n = boundary.encode(), ends.encode()
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"{ends}{ends}'.encode()
    return head + b"".join(b"--" + b + n + p.rstrip(b"\r\n") + n + n for p in parts) + b"--" + b + b"--" + n


def message(words, body, ends="\r\n", extra=""):
    head = [
        f"From: {word(words['client'])} <client@mail.example>", "To: <reply+01k7v3q9r2m4x8c5n6b1a0d7@reply.coach.example>", f"Subject: {word('Re: ' + words['subject'])}",
        "Date: Tue, 13 Oct 2026 18:20:11 +0200", "Message-ID: <f3b9c0d2-77aa@mail.example>", "In-Reply-To: <01020199e8@eu.mail.example>", "MIME-Version: 1.0",
    ]
    return (ends.join(head) + ends + (extra + ends if extra else "")).encode() + body


def read(raw):
    """The text of a message as Python's `email` reads it: the text part, or the HTML part without its tags."""
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    body = mail.get_body(preferencelist=("plain", "html"))
    charset = body.get_content_charset() or UNDECLARED[raw]
    payload = body.get_payload(decode=True)
    text = payload.decode({"iso-2022-jp": "iso2022_jp", "gb2312": "gb18030"}.get(charset, charset)).replace("\r\n", "\n")
    if body.get_content_type() == "text/html":
        return html.unescape(re.sub(r"<[^>]*>", " ", text))
    if body.get_param("format") == "flowed":
        text = unflowed(text, str(body.get_param("delsp")).lower() == "yes")
    return text


# (name, language, answer, character set, transfer encoding, named in the header, text program)
SINGLE = [
    ("utf8_8bit", "uk", "long", "utf-8", "8bit", True, "gmail_text"),
    ("utf8_qp", "fr", "long", "utf-8", "quoted-printable", True, "gmail_text"),
    ("utf8_base64", "ja", "long", "utf-8", "base64", True, "apple_text"),
    ("utf8_undeclared", "de", "closed", "utf-8", "8bit", False, "thunderbird_text"),
    ("ascii_seven_bit", "en", "long", "us-ascii", "7bit", True, "thunderbird_text"),
    ("iso_2022_jp", "ja", "long", "iso-2022-jp", "7bit", True, "apple_text"),
    ("shift_jis", "ja", "long", "shift_jis", "8bit", True, "gmail_text"),
    ("shift_jis_undeclared", "ja", "long", "shift_jis", "8bit", False, "gmail_text"),
    ("windows_1251_qp", "ru", "long", "windows-1251", "quoted-printable", True, "outlook_text"),
    ("windows_1251_undeclared", "ru", "long", "windows-1251", "8bit", False, "thunderbird_text"),
    ("koi8_r", "ru", "closed", "koi8-r", "8bit", True, "thunderbird_text"),
    ("koi8_u_base64", "uk", "short", "koi8-u", "base64", True, "thunderbird_text"),
    ("windows_1252_qp", "de", "long", "windows-1252", "quoted-printable", True, "outlook_text"),
    ("windows_1252_undeclared", "fr", "closed", "windows-1252", "8bit", False, "outlook_text"),
    ("iso_8859_1", "sv", "long", "iso-8859-1", "quoted-printable", True, "outlook_text"),
    ("iso_8859_15", "fi", "closed", "iso-8859-15", "8bit", True, "thunderbird_text"),
    ("iso_8859_2_base64", "cs", "long", "iso-8859-2", "base64", True, "thunderbird_text"),
    ("iso_8859_2", "pl", "closed", "iso-8859-2", "8bit", True, "thunderbird_text"),
    ("windows_1250", "hu", "long", "windows-1250", "quoted-printable", True, "outlook_text"),
    ("iso_8859_9", "tr", "closed", "iso-8859-9", "quoted-printable", True, "outlook_text"),
    ("iso_8859_7", "el", "short", "iso-8859-7", "base64", True, "outlook_text"),
    ("windows_1255", "he", "closed", "windows-1255", "quoted-printable", True, "outlook_text"),
    ("windows_1256", "ar", "short", "windows-1256", "base64", True, "outlook_text"),
    ("gb18030_base64", "zh-cn", "long", "gb18030", "base64", True, "outlook_text"),
    ("gb2312", "zh-cn", "closed", "gb2312", "8bit", True, "gmail_text"),
    ("big5", "zh-tw", "long", "big5", "8bit", True, "outlook_text"),
    ("euc_kr", "ko", "long", "euc-kr", "8bit", True, "gmail_text"),
    ("ks_c_5601_base64", "ko", "closed", "ks_c_5601-1987", "base64", True, "outlook_text"),
]


def add(corpus):
    def put(name, language, raw, expected, readable, charset, tags=(), **more):
        corpus.add("mime", name, "mime", raw, expected, readable=readable, tags=[f"lang:{language}", f"charset:{charset}", *tags], **more)

    def body_of(language, answer, program):
        words = LANGUAGES[language]
        quoted = Quoted.of(words, marked=True)
        text = getattr(programs, program)(words[answer], words, quoted)
        return words, quoted, text

    for name, language, answer, charset, transfer, named, program in SINGLE:
        words, _, text = body_of(language, answer, program)
        for fancy, plain in ("—", "-"), ("’", "'"), ("„", '"'), ("”", '"'), ("\u00a0", " "), ("\u202f", " "):
            if charset not in ("utf-8",):
                text = text.replace(fancy, plain)
        raw = message(words, part("text/plain", text, charset, transfer, named))
        UNDECLARED[raw] = charset
        put(name, language, raw, words[answer], text, charset, ["undeclared"] * (not named))

    # flowed text
    for name, language, delsp in ("flowed", "en", False), ("flowed_de", "de", False), ("flowed_delsp", "fr", True), ("flowed_delsp_ja", "ja", True), ("flowed_delsp_zh", "zh-cn", True):
        words = LANGUAGES[language]
        text = f"{words['long']}\n\n{words['thunderbird'].format(n=words['coach'], a=words['address'])}\n{prefixed(words['item'])}\n"
        raw = message(words, part("text/plain", flowed(text, delsp), "utf-8", "8bit", parameters="; format=flowed" + ("; delsp=yes" if delsp else "")))
        put(name, language, raw, words["long"], text, "utf-8", ["flowed"], compare="nows" if wide(text) else "ws")
    words = LANGUAGES["en"]
    text = "From here on I do it alone.\n this line began with a blank\nNo more reminders, please.\n\n-- \nAnna Hart\nNorthwind Tools\n"
    stuffed = " From here on I do it alone.\n  this line began with a blank\nNo more reminders, please.\n\n-- \nAnna Hart\nNorthwind Tools\n"
    put("flowed_stuffed", "en", message(words, part("text/plain", stuffed, "utf-8", "7bit", parameters="; format=flowed")), "From here on I do it alone.\n this line began with a blank\nNo more reminders, please.", text, "utf-8", ["flowed", "no-quote", "signature"])

    # alternatives, as the programs send them
    for name, language, answer, text_program, html_program, transfer in (
        ("alternative_gmail", "en", "long", "gmail_text", "gmail_html", "quoted-printable"), ("alternative_gmail_ko", "ko", "closed", "gmail_text", "gmail_html", "base64"),
        ("alternative_outlook", "de", "long", "outlook_text", "outlook_html", "quoted-printable"), ("alternative_outlook_web", "fr", "closed", "outlook_ruled_text", "outlook_web_html", "quoted-printable"),
        ("alternative_outlook_app", "en", "short", "outlook_mobile_text", "outlook_mobile_html", "base64"), ("alternative_apple", "it", "long", "apple_text", "apple_html", "quoted-printable"),
        ("alternative_iphone", "de", "short", "iphone_text", "iphone_html", "quoted-printable"), ("alternative_thunderbird", "pl", "long", "thunderbird_text", "thunderbird_html", "8bit"),
        ("alternative_yahoo", "es", "closed", "yahoo_text", "yahoo_html", "quoted-printable"), ("alternative_galaxy", "nl", "short", "galaxy_text", "galaxy_html", "base64"),
    ):
        words, quoted, text = body_of(language, answer, text_program)
        markup = getattr(programs, html_program)(words[answer], words, quoted)
        raw = message(words, multipart("alternative", part("text/plain", text, "utf-8", transfer), part("text/html", markup, "utf-8", transfer)))
        put(name, language, raw, words[answer], text, "utf-8", ["alternative"])

    # HTML alone
    for name, language, answer, program, charset, transfer in (
        ("html_only_gmail", "en", "long", "gmail_html", "utf-8", "quoted-printable"), ("html_only_outlook", "de", "long", "outlook_html", "windows-1252", "quoted-printable"), ("html_only_outlook_web", "ru", "closed", "outlook_web_html", "koi8-r", "base64"),
        ("html_only_gmx", "de", "closed", "gmx_html", "utf-8", "quoted-printable"), ("html_only_qq", "zh-cn", "long", "qq_html", "gb18030", "base64"), ("html_only_yahoo", "zh-tw", "closed", "yahoo_html", "big5", "base64"),
    ):
        words = LANGUAGES[language]
        markup = getattr(programs, program)(words[answer], words, Quoted.of(words, marked=False)).replace("—", "-").replace("charset=utf-8", f"charset={charset}").replace("\ufeff", "")
        raw = message(words, part("text/html", markup, charset, transfer))
        put(name, language, raw, words[answer], html.unescape(re.sub(r"<[^>]*>", " ", markup)), charset, ["html-only"])

    # shapes of messages
    words, quoted, text = body_of("en", "closed", "gmail_text")
    answer, plain = words["closed"], part("text/plain", text, "utf-8", "quoted-printable")
    markup = part("text/html", programs.gmail_html(answer, words, quoted), "utf-8", "quoted-printable")
    pdf = b'Content-Type: application/pdf; name="notes.pdf"\r\nContent-Disposition: attachment; filename="notes.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\n' + base64.encodebytes(b"%PDF-1.4 nothing").replace(b"\n", b"\r\n")
    note = b'Content-Type: text/plain; charset=utf-8; name="diary.txt"\r\nContent-Disposition: attachment; filename="diary.txt"\r\n\r\nThis file is not the answer.\r\n'
    picture = b'Content-Type: image/png; name="smile.png"\r\nContent-ID: <smile@mail.example>\r\nContent-Disposition: inline\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n'
    alternative = multipart("alternative", plain, markup, boundary="=_inner")
    put("mixed_attachment", "en", message(words, multipart("mixed", alternative, pdf)), answer, text, "utf-8", ["attachment"])
    put("mixed_text_attachment", "en", message(words, multipart("mixed", plain, note)), answer, text, "utf-8", ["attachment"])
    put("related_picture", "en", message(words, multipart("related", alternative, picture)), answer, text, "utf-8", ["attachment"])
    put("line_feeds_only", "en", message(words, part("text/plain", text, "utf-8", "8bit", ends="\n"), ends="\n"), answer, text, "utf-8")
    bare = text.replace("—", "-")
    raw = message(words, ("\r\n" + bare.replace("\n", "\r\n")).encode("ascii"))
    UNDECLARED[raw] = "us-ascii"
    put("no_content_type", "en", raw, answer, bare, "us-ascii", ["undeclared"])
    put("upper_case_header", "en", message(words, part("TEXT/PLAIN", text, "UTF-8", "BASE64")), answer, text, "utf-8")
