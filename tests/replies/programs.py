"""How mail programs write a reply: one function per program, in text and in HTML.

Each takes the answer (paragraphs separated by blank lines), the entry of `languages.py` and the quoted
mail (a `Quoted`), and returns the whole body. Layout, class names and header lines are those of the programs.
"""
import dataclasses, html, textwrap


@dataclasses.dataclass
class Quoted:
    name: str
    address: str
    to: str
    subject: str
    text: str

    @classmethod
    def of(cls, words, marked, name=None, address=None):
        marker = f"— {words['marker']} —\n\n" if marked else ""
        return cls(name or words["coach"], address or words["address"], words["client"], words["subject"], marker + words["item"])


def wide(text):
    return any(ord(c) > 0x2e80 for c in text)


def wrapped(text, width=74):
    """Lines broken as programs break plain text; scripts without spaces stay whole."""
    if wide(text):
        return text
    return "\n".join(textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False) if len(line) > width else line for line in text.split("\n"))


def prefixed(text, mark="> "):
    return "\n".join((mark + line).rstrip() for line in text.split("\n"))


def broken(line, width=76):
    """An attribution line as Gmail breaks it: after the opening bracket of the address, else at a space."""
    if len(line) <= width or wide(line):
        return line
    bracket = line.rfind("<")
    if 0 < bracket < width and len(line) - bracket <= width:
        return line[: bracket + 1] + "\n" + line[bracket + 1 :]
    space = line.rfind(" ", 0, width)
    return line[:space] + "\n" + line[space + 1 :]


def line(words, program, quoted):
    return words[program].format(n=quoted.name, a=quoted.address)


# ---- text bodies

def gmail_text(answer, words, quoted, program="gmail"):
    return f"{wrapped(answer)}\n\n{broken(line(words, program, quoted))}\n\n{prefixed(wrapped(quoted.text))}\n"


def gmail_android_text(answer, words, quoted):
    return gmail_text(answer, words, quoted, "android")


def apple_text(answer, words, quoted):
    """Apple Mail puts the attribution inside the quote."""
    return f"{answer}\n\n{prefixed(line(words, 'apple', quoted) + chr(10) + chr(10) + quoted.text)}\n"


def apple_old_text(answer, words, quoted):
    return f"{answer}\n\n{line(words, 'apple', quoted)}\n\n{prefixed(quoted.text)}\n"


def iphone_text(answer, words, quoted):
    return f"{answer}\n\n{words['iphone']}\n\n{prefixed(line(words, 'apple', quoted) + chr(10) + chr(10) + quoted.text)}\n"


def thunderbird_text(answer, words, quoted):
    return f"{wrapped(answer, 72)}\n\n{broken(line(words, 'thunderbird', quoted), 72)}\n{prefixed(wrapped(quoted.text, 70))}\n\n"


def yahoo_text(answer, words, quoted):
    body = "\n".join(" " + x for x in quoted.text.split("\n"))
    return f" {answer}\n\n    {line(words, 'yahoo', quoted)}  \n \n{body}  \n"


def header_block(words, quoted, bold="", mailto=False):
    fr, sent, to, subject = (f"{bold}{x}{bold}" for x in words["labels"])
    address = f"[mailto:{quoted.address}]" if mailto else f"<{quoted.address}>"
    return f"{fr} {quoted.name} {address}\n{sent} {words['date']}\n{to} {quoted.to}\n{subject} {quoted.subject}"


def outlook_text(answer, words, quoted):
    return f"{answer}\n\n{header_block(words, quoted)}\n\n{quoted.text}\n"


def outlook_bold_text(answer, words, quoted):
    return f"{answer}\n\n\n\n{header_block(words, quoted, '*')}\n\n\n\n{quoted.text}\n"


def outlook_ruled_text(answer, words, quoted):
    return f"{answer}\n\n{'_' * 32}\n{header_block(words, quoted)}\n\n{quoted.text}\n"


def outlook_original_text(answer, words, quoted):
    return f"{answer}\n\n-----{words['original']}-----\n{header_block(words, quoted, mailto=True)}\n\n{quoted.text}\n"


def outlook_mobile_text(answer, words, quoted):
    return f"{answer}\n\n{words['outlook_app']}<https://aka.ms/o0ukef>\n{'_' * 32}\n{header_block(words, quoted)}\n\n{quoted.text}\n"


def galaxy_text(answer, words, quoted):
    fr, _, to, subject = words["labels"]
    head = f"{fr} {quoted.name} <{quoted.address}> \nDate: 13/10/2026  09:05  (GMT+01:00) \n{to} {quoted.to} \n{subject} {quoted.subject} "
    return f"{answer}\n\n\n{words['galaxy']}\n\n-------- {words['original']} --------\n{head}\n\n{quoted.text}\n"


# ---- HTML bodies

e = html.escape


def divs(text, attribute=""):
    return "".join(f"<div{attribute}>{e(x) or '<br>'}</div>" for x in text.split("\n"))


def breaks(text):
    return e(text, quote=False).replace("\n", "<br>\n")


def mailed(text, address):
    """The escaped line with its address as a link, as most programs write it."""
    return e(text, quote=False).replace(e(address), f'<a href="mailto:{address}">{address}</a>')


def item_table(quoted):
    """The quoted mail as our own HTML: a table with a heading and a button."""
    head, *rest = quoted.text.split("\n")
    rows = "".join(f'<tr><td style="padding:4px 24px;color:#333">{e(x)}</td></tr>' for x in rest if x)
    return (
        f'<table role="presentation" width="100%" cellpadding="0"><tr><td style="padding:16px 24px;font-size:20px"><b>{e(head)}</b></td></tr>{rows}'
        f'<tr><td style="padding:16px 24px"><a href="https://coach.example/i/7hQ2mX" style="background:#2a6;color:#fff;padding:8px 16px">{e(quoted.subject)}</a></td></tr></table>'
    )


def page(body, head=""):
    return f'<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8">{head}</head><body>{body}</body></html>\n'


def gmail_html(answer, words, quoted):
    return (
        f'<div dir="ltr">{divs(answer)}</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">{mailed(line(words, "gmail", quoted), quoted.address)}<br></div>'
        f'<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex">{item_table(quoted)}</blockquote></div>\n'
    )


def gmail_android_html(answer, words, quoted):
    return (
        f'{divs(answer, " dir=" + chr(34) + "auto" + chr(34))}<br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">{mailed(line(words, "android", quoted), quoted.address)}<br></div>'
        f'<blockquote class="gmail_quote" style="margin:0 0 0 .8ex;border-left:1px #ccc solid;padding-left:1ex">{item_table(quoted)}</blockquote></div>\n'
    )


def apple_html(answer, words, quoted):
    return page(
        f'<div>{divs(answer)}</div><div><br><blockquote type="cite"><div>{mailed(line(words, "apple", quoted), quoted.address)}</div><br class="Apple-interchange-newline"><div>{item_table(quoted)}</div></blockquote></div><br>'
    ).replace("<body>", '<body style="overflow-wrap: break-word; -webkit-nbsp-mode: space; line-break: after-white-space;">')


def iphone_html(answer, words, quoted):
    return page(
        f'{divs(answer)}<br id="lineBreakAtBeginningOfSignature"><div dir="ltr">{e(words["iphone"])}</div><div dir="ltr"><br><blockquote type="cite">{mailed(line(words, "apple", quoted), quoted.address)}<br><br></blockquote></div>'
        f'<blockquote type="cite"><div dir="ltr">\ufeff{item_table(quoted)}</div></blockquote>'
    ).replace("<body>", '<body dir="auto">')


def outlook_head(words, quoted):
    fr, sent, to, subject = (f"<b>{e(x)}</b>" for x in words["labels"])
    return f"{fr} {e(quoted.name)} &lt;{quoted.address}&gt;<br>\n{sent} {e(words['date'])}<br>\n{to} {e(quoted.to)}<br>\n{subject} {e(quoted.subject)}"


def outlook_html(answer, words, quoted):
    paragraphs = "".join(f'<p class="MsoNormal"><span style="font-size:11.0pt">{e(x) or "&nbsp;"}<o:p></o:p></span></p>\n' for x in answer.split("\n"))
    return page(
        f'<div class="WordSection1">{paragraphs}<p class="MsoNormal"><o:p>&nbsp;</o:p></p>\n<div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">'
        f'<p class="MsoNormal">{outlook_head(words, quoted)}<o:p></o:p></p></div></div>\n<p class="MsoNormal"><o:p>&nbsp;</o:p></p>{item_table(quoted)}</div>',
        "<style><!-- p.MsoNormal {margin:0cm;font-size:11.0pt;} --></style>",
    )


def outlook_web_html(answer, words, quoted):
    style = ' class="elementToProof" style="font-family: Aptos, Calibri, sans-serif; font-size: 12pt; color: rgb(0, 0, 0);"'
    return page(
        f'{divs(answer, style)}<div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif" style="font-size:11pt" color="#000000">'
        f'{outlook_head(words, quoted)}</font><div>&nbsp;</div></div><div>{item_table(quoted)}</div>'
    )


def outlook_mobile_html(answer, words, quoted):
    return page(
        f'{divs(answer, " dir=" + chr(34) + "auto" + chr(34))}<div id="ms-outlook-mobile-body-separator-line" dir="auto"><br></div><div id="ms-outlook-mobile-signature" dir="auto"><a href="https://aka.ms/o0ukef">{e(words["outlook_app"])}</a></div>'
        f'<div id="mail-editor-reference-message-container" class="ms-outlook-mobile-reference-message"><hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr">{outlook_head(words, quoted)}<br></div>{item_table(quoted)}</div>'
    )


def outlook_new_html(answer, words, quoted):
    paragraphs = "".join(f'<p class="MsoNormal">{e(x) or "&nbsp;"}</p>' for x in answer.split("\n"))
    return page(
        f'<div class="WordSection1">{paragraphs}<div id="mail-editor-reference-message-container"><div><div><div style="border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt 0cm 0cm 0cm">'
        f'<p class="MsoNormal" style="margin-bottom:12.0pt">{outlook_head(words, quoted)}</p></div>{item_table(quoted)}</div></div></div></div>'
    )


def thunderbird_html(answer, words, quoted):
    return (
        f'<!DOCTYPE html>\n<html>\n  <head>\n    <meta http-equiv="Content-Type" content="text/html; charset=UTF-8">\n  </head>\n  <body>\n    <p>{breaks(answer)}</p>\n'
        f'    <div class="moz-cite-prefix">{e(line(words, "thunderbird", quoted))}<br>\n    </div>\n    <blockquote type="cite" cite="mid:0102019@eu.example">\n      {item_table(quoted)}\n    </blockquote>\n    <br>\n  </body>\n</html>\n'
    )


def yahoo_html(answer, words, quoted):
    return page(
        f'<div class="ydp5f1f9a1yahoo-style-wrap" style="font-family:Helvetica;font-size:13px;"><div dir="ltr" data-setdir="false">{breaks(answer)}</div><div><br></div></div>'
        f'<div id="yahoo_quoted_4711" class="yahoo_quoted"><div style="font-size:13px;color:#26282a;"><div>{mailed(line(words, "yahoo", quoted), quoted.address)}</div><div><br></div><div>{item_table(quoted)}</div></div></div>'
    )


def gmx_html(answer, words, quoted):
    fr, sent, to, subject = words["labels"]
    return page(
        f'<div style="font-family: Verdana;font-size: 12.0px;">{divs(answer)}<div>&nbsp;</div><div name="quote" style="margin:10px 5px 5px 10px; padding: 10px 0 10px 10px; border-left:2px solid #C3D9E5;">'
        f'<div style="margin:0 0 10px 0;"><b>{sent}</b>&nbsp;{e(words["date"])}<br/><b>{fr}</b>&nbsp;&quot;{e(quoted.name)}&quot; &lt;{quoted.address}&gt;<br/><b>{to}</b>&nbsp;{e(quoted.to)}<br/><b>{subject}</b>&nbsp;{e(quoted.subject)}</div>'
        f'<div name="quoted-content">{item_table(quoted)}</div></div></div>'
    )


def proton_html(answer, words, quoted):
    head = f"On Tuesday, October 13th, 2026 at 9:05 AM, {e(quoted.name)} &lt;{quoted.address}&gt; wrote:"
    return (
        f'<div style="font-family: Arial, sans-serif; font-size: 14px;">{breaks(answer)}</div><div style="font-family: Arial, sans-serif; font-size: 14px;"><br></div>'
        f'<div class="protonmail_signature_block protonmail_signature_block-empty"></div><div class="protonmail_quote">{head}<br><blockquote class="protonmail_quote" type="cite">{item_table(quoted)}</blockquote><br></div>\n'
    )


def galaxy_html(answer, words, quoted):
    fr, _, to, subject = words["labels"]
    return page(
        f'{divs(answer)}<div><br></div><div id="composer_signature"><div style="font-size:85%;color:#575757" dir="auto">{e(words["galaxy"])}</div></div><div><br></div>'
        f'<div style="font-size:100%;color:#000000"><!-- originalMessage --><div>-------- {e(words["original"])} --------</div><div>{fr} {e(quoted.name)} &lt;{quoted.address}&gt; </div><div>Date: 13/10/2026  09:05  (GMT+01:00) </div>'
        f'<div>{to} {e(quoted.to)} </div><div>{subject} {e(quoted.subject)} </div><div><br></div></div>{item_table(quoted)}'
    ).replace("<body>", '<body dir="auto">')


def zoho_html(answer, words, quoted):
    return page(
        f'<div style="font-family: Verdana, Arial; font-size: 10pt;">{divs(answer)}<div><br></div><div id="zmail_extra" class="zmail_extra" data-zbluepencil-ignore="true"><div><br></div>'
        f'<div id="Zm-_Id_-Sgn1">---- On Tue, 13 Oct 2026 09:05:33 +0200 <b>{e(quoted.name)} &lt;{quoted.address}&gt;</b> wrote ---</div><blockquote id="blockquote_zmail" style="margin:0px">{item_table(quoted)}</blockquote></div></div>'
    )


def fastmail_html(answer, words, quoted):
    return (
        f'<!DOCTYPE html><html><head><title></title><style type="text/css">p.MsoNormal,p.MsoNoSpacing{{margin:0}}</style></head><body>{divs(answer)}<div><br></div><div>On Tue, 13 Oct 2026, at 9:05 AM, {e(quoted.name)} wrote:<br></div>'
        f'<blockquote type="cite" id="qt" style="overflow-wrap:break-word;">{item_table(quoted)}</blockquote><div><br></div></body></html>\n'
    )


def spark_html(answer, words, quoted):
    return (
        f'<html xmlns="http://www.w3.org/1999/xhtml"><head><title></title></head><body><div name="messageBodySection">{divs(answer)}</div><div name="messageSignatureSection"><br /></div>'
        f'<div name="messageReplySection"><div dir="auto">On 13 Oct 2026 at 09:05 +0200, {e(quoted.name)} &lt;{quoted.address}&gt;, wrote:</div><blockquote style="border-left-color: grey; border-left-width: thin; border-left-style: solid; margin: 5px 5px;padding-left: 10px;">{item_table(quoted)}</blockquote></div></body></html>\n'
    )


def mailbird_html(answer, words, quoted):
    return page(
        f'<div id="__MailbirdStyleContent" style="font-size: 10pt;font-family: Arial;color: #000000">{divs(answer)}<div class="mb_sig"></div><blockquote class="history_container" type="cite" style="border-left-style: solid;border-width: 1px;margin-left: 0px;padding-left: 10px;">'
        f'<p style="color: #AAAAAA; margin-top: 10px;">On 13/10/2026 09:05:33, {e(quoted.name)} &lt;{quoted.address}&gt; wrote:</p>{item_table(quoted)}</blockquote></div>'
    )


def aol_html(answer, words, quoted):
    return (
        f'<div style="color:black;font: 10pt Arial, Helvetica, sans-serif;">{divs(answer)}<div style="clear:both"><br></div><div style="font-family:arial,helvetica;font-size:10pt;color:black">-----Original Message-----<br>From: {e(quoted.name)} &lt;{quoted.address}&gt;<br>To: {e(quoted.to)}<br>'
        f'Sent: Tue, Oct 13, 2026 9:05 am<br>Subject: {e(quoted.subject)}<br><br><div id="yiv123">{item_table(quoted)}</div></div></div>\n'
    )


def zimbra_html(answer, words, quoted):
    fr, sent, to, subject = words["labels"]
    return page(
        f'<div style="font-family: arial, helvetica, sans-serif; font-size: 12pt; color: #000000">{divs(answer)}<div><br></div><hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__"><b>{fr} </b>"{e(quoted.name)}" &lt;{quoted.address}&gt;<br><b>{to} </b>{e(quoted.to)}<br>'
        f'<b>{sent} </b>{e(words["date"])}<br><b>{subject} </b>{e(quoted.subject)}<br></div><div><br></div><div data-marker="__QUOTED_TEXT__">{item_table(quoted)}<br></div></div>'
    )


def k9_html(answer, words, quoted):
    return (
        f'<!DOCTYPE html><html><head></head><body dir="auto">{breaks(answer)}<br><br><div class="gmail_quote"><div dir="auto">{mailed(line(words, "android", quoted), quoted.address)}</div><blockquote class="gmail_quote" style="margin: 0pt 0pt 0pt 0.8ex; border-left: 1px solid rgb(204, 204, 204); padding-left: 1ex;">{item_table(quoted)}</blockquote></div></body></html>\n'
    )


def front_html(answer, words, quoted):
    return (
        f'<div><div>{divs(answer)}<div><br></div></div><blockquote type="cite" class="front-blockquote">On October 13, 2026 at 9:05 AM GMT+2 <a href="mailto:{quoted.address}">{quoted.address}</a> wrote:<br><br><div class="front-email-body">{item_table(quoted)}</div></blockquote></div>\n'
    )


def hey_html(answer, words, quoted):
    return page(
        f'<div class="trix-content">{divs(answer)}<br><div>On October 13, 2026, {e(quoted.name)} &lt;{quoted.address}&gt; wrote:</div><blockquote><div>{item_table(quoted)}</div></blockquote></div>'
    )


def qq_html(answer, words, quoted):
    return (
        f'{divs(answer)}<div><br></div><div style="font-size: 12px;font-family: Arial Narrow;padding:2px 0 2px 0;">------------------&nbsp;原始邮件&nbsp;------------------</div><div style="font-size: 12px;background:#efefef;padding:8px;"><div><b>发件人:</b> "{e(quoted.name)}" &lt;{quoted.address}&gt;;</div>'
        f'<div><b>发送时间:</b>&nbsp;2026年10月13日(星期二) 上午9:05</div><div><b>收件人:</b>&nbsp;"{e(quoted.to)}"&lt;kehu@qq.example&gt;;</div><div><b>主题:</b>&nbsp;{e(quoted.subject)}</div></div><div><br></div>{item_table(quoted)}\n'
    )


def netease_html(answer, words, quoted):
    return (
        f'<div style="line-height:1.7;color:#000000;font-size:14px;font-family:Arial"><div>{breaks(answer)}</div><br/><div style="position:relative;zoom:1"></div><div id="divNeteaseMailCard"></div><p>在 2026-10-13 09:05:33，"{e(quoted.name)}" &lt;{quoted.address}&gt; 写道：</p>'
        f'<blockquote id="isReplyContent" style="PADDING-LEFT: 1ex; MARGIN: 0px 0px 0px 0.8ex; BORDER-LEFT: #ccc 1px solid">{item_table(quoted)}</blockquote></div>\n'
    )


def mail_ru_html(answer, words, quoted):
    return (
        f'<HTML><BODY><div>{breaks(answer)}</div><div>&nbsp;</div><blockquote style="border-left:1px solid #0857A6; margin:10px; padding:0 0 0 10px;">Вторник, 13 октября 2026, 9:05 +03:00 от {e(quoted.name)} &lt;{quoted.address}&gt;:<br>&nbsp;<div id="">{item_table(quoted)}</div></blockquote></BODY></HTML>\n'
    )


def yandex_html(answer, words, quoted):
    return (
        f'<div>{breaks(answer)}</div><div> </div><div>----------------</div><div>Кому: {e(quoted.to)};</div><div>Тема: {e(quoted.subject)};</div><div>13.10.2026, 09:05, "{e(quoted.name)}" &lt;{quoted.address}&gt;:</div><blockquote>{item_table(quoted)}</blockquote>\n'
    )


def seznam_html(answer, words, quoted):
    return (
        f'<html><body>{breaks(answer)}<br><br><aside>---------- Původní e-mail ----------<br>Od: {e(quoted.name)} &lt;{quoted.address}&gt;<br>Komu: {e(quoted.to)}<br>Datum: 13. 10. 2026 9:05:33<br>Předmět: {e(quoted.subject)}</aside><br><blockquote data-email="{quoted.address}">{item_table(quoted)}</blockquote></body></html>\n'
    )


def lotus_html(answer, words, quoted):
    return (
        f'<font size=2 face="sans-serif">{breaks(answer)}</font><br><br><br><table width=100%><tr valign=top><td><font size=1 color=#5f5f5f face="sans-serif">Von:&nbsp;&nbsp;</font><td><font size=1>{e(quoted.name)} &lt;{quoted.address}&gt;</font><tr valign=top><td><font size=1>An:&nbsp;&nbsp;</font><td><font size=1>{e(quoted.to)}</font>'
        f'<tr valign=top><td><font size=1>Datum:&nbsp;&nbsp;</font><td><font size=1>13.10.2026 09:05</font><tr valign=top><td><font size=1>Betreff:&nbsp;&nbsp;</font><td><font size=1>{e(quoted.subject)}</font></table><hr noshade><br>{item_table(quoted)}\n'
    )
