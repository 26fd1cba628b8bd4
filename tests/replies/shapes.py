"""Answers of every shape, written by hand: lines above a quote in further programs, answers below and between, traps, forwards, markers, HTML."""
from languages import LANGUAGES
from programs import Quoted, item_table, page, prefixed

EN, DE = LANGUAGES["en"], LANGUAGES["de"]
ITEM = EN["item"]
QUOTE = prefixed(ITEM)
GMAIL = EN["gmail"].format(n="Maya Feldman", a="maya@maplerowe.example")
GMAIL_QUOTE = f"{GMAIL}\n\n{QUOTE}\n"
BLOCK = "From: Maya Feldman <maya@maplerowe.example>\nSent: Tuesday, October 13, 2026 9:05 AM\nTo: Anna Hart <anna.hart@northwind.example>\nSubject: Action: Book three calls with your leads"
BLOCK_QUOTE = f"{BLOCK}\n\n{ITEM}\n"

# (program, language, whether the quote has `>`, head): what stands between the answer and the quoted mail.
HEADS = [
    ("gmail_three_lines", "en", True, "On Tue, Oct 13, 2026 at 9:05 AM Maya Feldman from Maple & Rowe\nCoaching <reply+01k7v3q9r2m4x8c5n6b1a0d7@reply.coach.example>\nwrote:"),
    ("gmail_wrote_alone", "en", True, "On Tue, Oct 13, 2026 at 9:05 AM Maya Feldman <maya@maplerowe.example>\nwrote:"),
    ("gmail_twelve_hours", "en", True, "On Tue, Oct 13, 2026, 9:05\u202fAM Maya Feldman <maya@maplerowe.example> wrote:"),
    ("gmail_schrieb_umbruch", "de", True, "Am Di., 13. Okt. 2026 um 09:05 Uhr schrieb Katrin Höfer, Ahorn Coaching <\nkatrin.hoefer@ahorn-coaching.example>:"),
    ("gmail_a_ecrit_coupe", "fr", True, "Le mar. 13 oct. 2026 à 09:05, Hélène Marchand <helene@cap-erable.example> a\nécrit\u00a0:"),
    ("gmail_escribio_solo", "es", True, "El mar, 13 oct 2026 a las 9:05, Lucía Ferrer (<lucia@arce-coaching.example>)\nescribió:"),
    ("gmail_escreveu_solo", "pt-br", True, "Em ter., 13 de out. de 2026 às 09:05, Renata Duarte <\nrenata@bordo-coaching.example> escreveu:"),
    ("gmail_no_name", "en", True, "On Tue, Oct 13, 2026 at 9:05 AM <maya@maplerowe.example> wrote:"),
    ("apple_mailto", "en", False, "On 13 Oct 2026, at 09:05, Maya Feldman <maya@maplerowe.example<mailto:maya@maplerowe.example>> wrote:"),
    ("apple_at", "en", True, "On Oct 13, 2026, at 9:05\u202fAM, Maya Feldman <maya@maplerowe.example> wrote:"),
    ("outlook_cc", "en", False, "From: Maya Feldman <maya@maplerowe.example>\nSent: Tuesday, October 13, 2026 9:05 AM\nTo: Anna Hart <anna.hart@northwind.example>; Tom Field <tom.field@northwind.example>;\n Iris Lowe <iris.lowe@northwind.example>\nCc: Noor Aziz <noor.aziz@northwind.example>\nSubject: Action: Book three calls with your leads\nImportance: High"),
    ("outlook_mac", "en", False, "From: Maya Feldman <maya@maplerowe.example>\nDate: Tuesday, 13 October 2026 at 09:05\nTo: Anna Hart <anna.hart@northwind.example>\nSubject: Action: Book three calls with your leads"),
    ("outlook_mac_de", "de", False, "Von: Katrin Höfer <katrin.hoefer@ahorn-coaching.example>\nDatum: Dienstag, 13. Oktober 2026 um 09:05\nAn: Jonas Brandt <jonas.brandt@musterwerk.example>\nBetreff: Aufgabe: Präsentation für den Vorstand"),
    ("outlook_bold_space", "en", False, "*From: *Maya Feldman <maya@maplerowe.example>\n*Date: *Tuesday, 13 October 2026 at 09:05\n*To: *Anna Hart <anna.hart@northwind.example>\n*Subject: *Action: Book three calls with your leads"),
    ("outlook_from_two_lines", "en", False, "From: Maya Feldman\n<maya@maplerowe.example>\nSent: 13 October 2026 09:05\nTo: Anna Hart\n<anna.hart@northwind.example>\nSubject: Action: Book three calls with your leads"),
    ("outlook_indented", "en", False, "  From: Maya Feldman [mailto:maya@maplerowe.example]\n  Sent: Tuesday, October 13, 2026 9:05 AM\n  To: Anna Hart\n  Subject: Action: Book three calls with your leads"),
    ("outlook_express", "en", True, "----- Original Message ----- \nFrom: \"Maya Feldman\" <maya@maplerowe.example>\nTo: \"Anna Hart\" <anna.hart@northwind.example>\nSent: Tuesday, October 13, 2026 9:05 AM\nSubject: Action: Book three calls with your leads\n\n"),
    ("outlook_inside_quote", "en", True, "> From: Maya Feldman <maya@maplerowe.example>\n> Sent: Tuesday, October 13, 2026 9:05 AM\n> To: Anna Hart <anna.hart@northwind.example>\n> Subject: Action: Book three calls with your leads\n>"),
    ("outlook_fullwidth", "zh-cn", False, "发件人：林枫 <linfeng@fengye.example>\n发送时间：2026年10月13日 9:05\n收件人：王伟 <wangwei@gongsi.example>\n主题：行动：重新分配工作"),
    ("lotus_notes", "de", False, "Von:    Katrin Höfer <katrin.hoefer@ahorn-coaching.example>\nAn:     Jonas Brandt/Vertrieb/Musterwerk@Musterwerk\nDatum:  13.10.2026 09:05\nBetreff:        Aufgabe: Präsentation für den Vorstand"),
    ("orange", "fr", True, "> Message du 13/10/26 09:05\n> De : \"Hélène Marchand\" <helene@cap-erable.example>\n> A : \"Luc Perrin\" <luc.perrin@orange.example>\n> Copie à : \n> Objet : Action : relire vos objectifs\n>"),
    ("onet", "pl", True, "Dnia 13 października 2026 09:05 Agnieszka Wróbel <agnieszka@klon-coaching.example> napisał(a):"),
    ("thunderbird_napisal", "pl", True, "W dniu 13.10.2026 o 09:05, Agnieszka Wróbel napisał(a):"),
    ("open_xchange", "en", True, "> Maya Feldman <maya@maplerowe.example> wrote on 13.10.2026 09:05 CEST:\n>\n>"),
    ("open_xchange_de", "de", True, "> Katrin Höfer <katrin.hoefer@ahorn-coaching.example> hat am 13.10.2026 09:05 CEST geschrieben:\n>\n>"),
    ("open_xchange_it", "it", True, "Il 13/10/2026 09:05 CEST Chiara Conti <chiara.conti@acero-coaching.example> ha scritto:"),
    ("groupwise", "de", True, ">>> Katrin Höfer <katrin.hoefer@ahorn-coaching.example> schrieb am 13.10.2026 um 09:05 in Nachricht\n<01020199@eu.mail.example>:"),
    ("yandex", "ru", True, "13.10.2026, 09:05, \"Ольга Кленова\" <olga@klen.example>:"),
    ("mail_ru", "ru", True, ">Вторник, 13 октября 2026, 9:05 +03:00 от Ольга Кленова <olga@klen.example>:\n>"),
    ("ukr_net", "uk", True, "--- Оригінальне повідомлення ---\nВід кого: \"Оксана Яворська\" <oksana@yavir.example>\nДата: 13 жовтня 2026, 09:05:33"),
    ("seznam", "cs", False, "---------- Původní e-mail ----------\nOd: Jitka Dvořáková <jitka@javor-koucink.example>\nKomu: ondrej.cerny@email.example\nDatum: 13. 10. 2026 9:05:33\nPředmět: Úkol: promluvte si s vedoucími"),
    ("qq", "zh-cn", False, "------------------ 原始邮件 ------------------\n发件人: \"林枫\" <linfeng@fengye.example>;\n发送时间: 2026年10月13日(星期二) 上午9:05\n收件人: \"王伟\"<wangwei@qq.example>;\n主题: 行动：重新分配工作"),
    ("netease", "zh-cn", True, "At 2026-10-13 09:05:33, \"林枫\" <linfeng@fengye.example> wrote:"),
    ("naver", "ko", False, "-----Original Message-----\nFrom: \"한단풍\" <danpung@danpung.example>\nTo: \"김민수\" <minsu@naver.example>\nCc:\nSent: 2026-10-13 (화) 09:05:33 (GMT+09:00)\nSubject: 할 일: 팀원 면담"),
    ("yahoo_japan", "ja", True, "----- Original Message -----\nFrom: 楓 美咲 <misaki@kaede.example>\nTo: \"takeru@yahoo.example\" <takeru@yahoo.example>\nDate: 2026/10/13, Tue 09:05\nSubject: アクション：部下と三十分話す"),
    ("iphone_no_message", "ja", True, "2026/10/13 午前9:05、楓 美咲 <misaki@kaede.example>のメッセージ:"),
    ("zoho", "en", False, "---- On Tue, 13 Oct 2026 09:05:33 +0200 Maya Feldman <maya@maplerowe.example> wrote ---"),
    ("proton", "en", True, "Sent with Proton Mail secure email.\n\nOn Tuesday, October 13th, 2026 at 9:05 AM, Maya Feldman <maya@maplerowe.example> wrote:"),
    ("proton_original", "de", True, "Gesendet mit Proton Mail.\n\n------- Original Message -------\nKatrin Höfer <katrin.hoefer@ahorn-coaching.example> schrieb am Dienstag, 13. Oktober 2026 um 9:05 vorm.:"),
    ("fastmail", "en", True, "On Tue, 13 Oct 2026, at 9:05 AM, Maya Feldman wrote:"),
    ("mailbird", "en", False, "On 13/10/2026 09:05:33, Maya Feldman <maya@maplerowe.example> wrote:"),
    ("hey", "en", True, "On October 13, 2026, Maya Feldman <maya@maplerowe.example> wrote:"),
    ("spark", "en", True, "On 13 Oct 2026 at 09:05 +0200, Maya Feldman <maya@maplerowe.example>, wrote:"),
    ("gmx", "de", False, "Gesendet: Dienstag, 13. Oktober 2026 um 09:05 Uhr\nVon: \"Katrin Höfer\" <katrin.hoefer@ahorn-coaching.example>\nAn: jonas.brandt@gmx.example\nBetreff: Aufgabe: Präsentation für den Vorstand"),
    ("mutt", "en", True, "On Tue, Oct 13, 2026 at 09:05:33AM +0200, Maya Feldman wrote:"),
    ("gnus", "en", True, "Maya Feldman <maya@maplerowe.example> writes:"),
    ("evolution", "en", True, "On Tue, 2026-10-13 at 09:05 +0200, Maya Feldman wrote:"),
    ("evolution_de", "de", True, "Am Dienstag, dem 13.10.2026 um 09:05 +0200 schrieb Katrin Höfer:"),
    ("kmail", "en", True, "On Tuesday, 13 October 2026 09:05:33 CEST Maya Feldman wrote:"),
    ("roundcube", "en", True, "On 2026-10-13 09:05, Maya Feldman wrote:"),
    ("roundcube_de", "de", True, "Am 2026-10-13 09:05, schrieb Katrin Höfer:"),
    ("k9", "en", True, "-------- Original Message --------\nFrom: Maya Feldman <maya@maplerowe.example>\nSent: October 13, 2026 9:05:33 AM GMT+02:00\nTo: anna.hart@northwind.example\nSubject: Action: Book three calls with your leads\n"),
    ("k9_on", "en", True, "On 13 October 2026 09:05:33 CEST, Maya Feldman <maya@maplerowe.example> wrote:"),
    ("name_only", "en", True, "Maya Feldman wrote:"),
    ("old_gmail", "en", True, "2026-10-13 9:05 GMT+02:00 Maya Feldman <maya@maplerowe.example>:"),
    ("aol_dated", "en", True, "In a message dated 10/13/2026 9:05:33 AM Central European Daylight Time, maya@maplerowe.example writes:"),
]

# (name, language, tags, body, expected, further readings...)
TEXTS = [
    # below the quote
    ("below_thunderbird", "en", ["below"], f"On 10/13/26 09:05, Maya Feldman wrote:\n{QUOTE}\n\nAll three are in the diary, the first one is tomorrow at nine.\n", "All three are in the diary, the first one is tomorrow at nine."),
    ("below_gmail", "en", ["below"], f"{GMAIL}\n\n{QUOTE}\n\nTwo of three. The third does not answer my mails.\n", "Two of three. The third does not answer my mails."),
    ("below_signature", "en", ["below", "signature"], f"On 10/13/26 09:05, Maya Feldman wrote:\n{QUOTE}\n\nYes, booked.\n\n-- \nAnna Hart\nNorthwind Tools\n", "Yes, booked."),
    ("below_de", "de", ["below"], f"Am 13.10.2026 um 09:05 schrieb Katrin Höfer:\n{prefixed(DE['item'])}\n\nDie Seite ist fertig. Soll ich sie dir vorher schicken?\n\nGruß\nJonas\n", "Die Seite ist fertig. Soll ich sie dir vorher schicken?\n\nGruß\nJonas"),
    ("below_ja", "ja", ["below"], f"2026年10月13日(火) 9:05 楓 美咲 <misaki@kaede.example>:\n\n{prefixed(LANGUAGES['ja']['item'])}\n\n昨日話しました。思ったより楽しかったです。\n", "昨日話しました。思ったより楽しかったです。"),
    ("below_ru", "ru", ["below"], f"13.10.2026 09:05, Ольга Кленова пишет:\n{prefixed(LANGUAGES['ru']['item'])}\n\nПлан готов, возражений нет.\n", "План готов, возражений нет."),
    # between
    ("between_two", "en", ["interleaved"], f"{GMAIL}\n\n> Book three calls with your leads\n> Due 16 October 2026\n\nTwo are booked, one is open.\n\n> Pick the three people who matter most this quarter\n\nIris, Tom and Noor.\n\n> Tell me how it went by answering this mail.\n\nWill do on Friday.\n", "Two are booked, one is open.\n\nIris, Tom and Noor.\n\nWill do on Friday."),
    ("between_and_above", "en", ["interleaved"], f"Hi Maya, my answers are between your lines.\n\n{GMAIL}\n\n> Due 16 October 2026\n\nCan it be the 20th?\n\n> Tell me how it went by answering this mail.\n\nOf course.\n\nAnna\n", "Hi Maya, my answers are between your lines.\n\nCan it be the 20th?\n\nOf course.\n\nAnna"),
    ("between_de", "de", ["interleaved"], "Am 13.10.2026 um 09:05 schrieb Katrin Höfer:\n> Fasse die drei wichtigsten Zahlen auf einer Seite zusammen.\n\nUmsatz, Marge, Kündigungen.\n\n> Antworte einfach auf diese E-Mail, wenn du fertig bist.\n\nHiermit geschehen!\n", "Umsatz, Marge, Kündigungen.\n\nHiermit geschehen!"),
    ("between_fr", "fr", ["interleaved"], "Le 13/10/2026 à 09:05, Hélène Marchand a écrit\u00a0:\n> Gardez trois objectifs au plus\n\nJ'en garde deux.\n\n> et dites pourquoi ils comptent.\n\nParce que les autres viennent de mon prédécesseur.\n", "J'en garde deux.\n\nParce que les autres viennent de mon prédécesseur."),
    ("between_es", "es", ["interleaved"], "El 13/10/26 a las 9:05, Lucía Ferrer escribió:\n> Elige qué reuniones sobran\nLa del lunes.\n> y habla con el equipo.\nHablado.\n", "La del lunes.\nHablado."),
    ("between_ru", "ru", ["interleaved"], "вт, 13 окт. 2026 г. в 09:05, Ольга Кленова <olga@klen.example>:\n\n> Обсудите план с командой\n\nОбсудили.\n\n> и запишите возражения.\n\nОдно: не хватает людей.\n", "Обсудили.\n\nОдно: не хватает людей."),
    ("between_nested", "en", ["interleaved"], "On 10/14/26 10:12, Maya Feldman wrote:\n>> I could start with Iris.\n>\n> Good idea. When?\n\nTomorrow.\n\n>> And Tom is on leave.\n>\n> Then take Noor.\n\nFine with me.\n", "Tomorrow.\n\nFine with me."),
    # what people write themselves, with a quote below it
    ("trap_monday", "en", ["trap"], f"On Monday I talked to Sam and he wrote:\n\nCount me in.\n\nOn Tuesday I told the others.\n\n{GMAIL_QUOTE}", "On Monday I talked to Sam and he wrote:\n\nCount me in.\n\nOn Tuesday I told the others."),
    ("trap_from", "en", ["trap"], f"My trip:\nFrom: Vienna\nTo: Graz\nI will call Iris from the train.\n\n{BLOCK_QUOTE}", "My trip:\nFrom: Vienna\nTo: Graz\nI will call Iris from the train."),
    ("trap_appointment", "en", ["trap"], f"Let us meet:\n\nDate: 22 October 2026\nTime: 10:30\nPlace: Cafe Linde\n\n{BLOCK_QUOTE}", "Let us meet:\n\nDate: 22 October 2026\nTime: 10:30\nPlace: Cafe Linde"),
    ("trap_rule", "en", ["trap"], f"What went well: all of it.\n\n---\n\nWhat comes next: the budget.\n\n{GMAIL_QUOTE}", "What went well: all of it.\n\n---\n\nWhat comes next: the budget."),
    ("trap_underscores", "en", ["trap"], f"Ideas\n_____\nfewer calls\n\nFears\n_____\nnone today\n\n{'_' * 32}\n{BLOCK_QUOTE}", "Ideas\n_____\nfewer calls\n\nFears\n_____\nnone today"),
    ("trap_arrow", "en", ["trap"], f"Chain: mail -> call -> lunch -> contract\n=> we sign on Friday\n\n{GMAIL_QUOTE}", "Chain: mail -> call -> lunch -> contract\n=> we sign on Friday"),
    ("trap_marker_named", "en", ["trap", "marker"], "The words \"Reply above this line\" look odd on my phone, by the way.\nThe calls are booked.\n\n" + f"{GMAIL}\n\n> — Reply above this line —\n>\n{QUOTE}\n", "The words \"Reply above this line\" look odd on my phone, by the way.\nThe calls are booked."),
    ("trap_sent_from", "en", ["trap"], f"Sent from the train, sorry for the typos: calls are bookd.\n\n{GMAIL_QUOTE}", "Sent from the train, sorry for the typos: calls are bookd."),
    ("trap_poem", "en", ["trap"], f"    Three calls, three dates,\n    the diary waits.\n\n      Three names, one pen,\n      I start again.\n\n{GMAIL_QUOTE}", "Three calls, three dates,\n    the diary waits.\n\n      Three names, one pen,\n      I start again."),
    ("trap_code", "en", ["trap"], f"My sheet does it now:\n\n    =IF(B2>3; \"done\"; \"open\")\n\nProud of that one.\n\n{BLOCK_QUOTE}", "My sheet does it now:\n\n    =IF(B2>3; \"done\"; \"open\")\n\nProud of that one."),
    ("trap_list", "en", ["trap"], f"- Iris: Wednesday\n- Tom: Thursday\n- Noor: no answer yet\n\nAnything else?\n\n{GMAIL_QUOTE}", "- Iris: Wednesday\n- Tom: Thursday\n- Noor: no answer yet\n\nAnything else?"),
    ("trap_emoji", "en", ["trap"], f"👍👍👍 (one per call 😄)\n\n{GMAIL_QUOTE}", "👍👍👍 (one per call 😄)"),
    ("trap_le_lendemain", "fr", ["trap"], "Le lundi, mon chef m'a dit non. Le mardi, il a écrit :\n\nD'accord.\n\nOn avance !\n\nLe mar. 13 oct. 2026 à 09:05, Hélène Marchand <helene@cap-erable.example> a écrit :\n\n> Relire vos objectifs\n", "Le lundi, mon chef m'a dit non. Le mardi, il a écrit :\n\nD'accord.\n\nOn avance !"),
    ("trap_am_montag", "de", ["trap"], "Am Montag war ich krank.\nAm Dienstag schrieb ich Sam, am Mittwoch kam er vorbei.\n\nAm 13.10.2026 um 09:05 schrieb Katrin Höfer:\n> Präsentation für den Vorstand\n", "Am Montag war ich krank.\nAm Dienstag schrieb ich Sam, am Mittwoch kam er vorbei."),
    ("trap_von_bis", "de", ["trap"], "Urlaub:\nVon: 2. November\nBis: 6. November\n\nDanach gern.\n\nVon: Katrin Höfer <katrin.hoefer@ahorn-coaching.example>\nGesendet: Dienstag, 13. Oktober 2026 09:05\nAn: Jonas Brandt\nBetreff: Aufgabe: Präsentation für den Vorstand\n\nPräsentation für den Vorstand\n", "Urlaub:\nVon: 2. November\nBis: 6. November\n\nDanach gern."),
    # short answers
    ("word_yes", "en", ["short"], f"Yes\n\n{GMAIL_QUOTE}", "Yes"),
    ("word_no_gap", "en", ["short"], f"Done\n{GMAIL}\n{QUOTE}\n", "Done"),
    ("word_digit", "en", ["short"], f"3\n\n{BLOCK_QUOTE}", "3"),
    ("word_ok_block_close", "en", ["short"], f"ok\n{BLOCK}\n\n{ITEM}\n", "ok"),
    # signatures above the quote
    ("signature_then_quote", "en", ["signature"], f"Booked.\n\n-- \nAnna Hart\nHead of Operations, Northwind Tools Ltd\n\n{GMAIL_QUOTE}", "Booked."),
    ("signature_after_quote", "en", ["signature"], f"Booked, all of them.\n\nOn 10/13/26 09:05, Maya Feldman wrote:\n{QUOTE}\n\n-- \nAnna Hart\nNorthwind Tools\n", "Booked, all of them."),
    ("signature_contact_block", "en", ["signature"], f"I will call Tom tomorrow.\n\nBest regards,\nAnna Hart\nHead of Operations | Northwind Tools Ltd\nT +44 113 496 0018 | M +44 7700 900018\n12 Mill Lane, Leeds LS1 4AB\n\n{BLOCK_QUOTE}", "I will call Tom tomorrow.\n\nBest regards,\nAnna Hart", "I will call Tom tomorrow.", "I will call Tom tomorrow.\n\nBest regards,"),
    ("signature_disclaimer", "en", ["signature"], f"Fine with me.\n\nAnna\n\nCONFIDENTIALITY NOTICE: This message is meant only for the people it is addressed to. If you are not one of them, please delete it and tell the sender.\n\n{BLOCK_QUOTE}", "Fine with me.\n\nAnna", "Fine with me."),
    ("signature_iphone_quote", "en", ["signature"], f"Running late, call you at ten\n\nSent from my iPhone\n\n> On 13 Oct 2026, at 09:05, Maya Feldman <maya@maplerowe.example> wrote:\n> \n> {ITEM.splitlines()[0]}\n", "Running late, call you at ten"),
    ("signature_android_outlook", "nl", ["signature"], "Komt goed.\n\nOutlook voor Android<https://aka.ms/AAb9ysg> downloaden\n________________________________\nFrom: Sanne de Wit <sanne@esdoorn-coaching.example>\nSent: Tuesday, October 13, 2026 9:05:33 AM\nTo: Pieter Bakker <pieter@bedrijf.example>\nSubject: Actie: zeg één keer nee\n\nZeg één keer nee\n", "Komt goed."),
    ("signature_android_de", "de", ["signature"], "Mache ich heute Abend.\n-- \nDiese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.\n\nAm 13. Oktober 2026 09:05:33 MESZ schrieb Katrin Höfer <katrin.hoefer@ahorn-coaching.example>:\n>Präsentation für den Vorstand\n", "Mache ich heute Abend."),
    # nothing
    ("empty_gmail", "en", ["empty"], f"\n\n{GMAIL_QUOTE}", ""),
    ("empty_block", "de", ["empty"], "\n\nVon: Katrin Höfer <katrin.hoefer@ahorn-coaching.example>\nGesendet: Dienstag, 13. Oktober 2026 09:05\nAn: Jonas Brandt\nBetreff: Aufgabe: Präsentation für den Vorstand\n\nPräsentation für den Vorstand\n", ""),
    ("empty_iphone", "en", ["empty"], f"\n\nSent from my iPhone\n\n> On 13 Oct 2026, at 09:05, Maya Feldman <maya@maplerowe.example> wrote:\n> \n{QUOTE}\n", ""),
    ("empty_signature", "en", ["empty", "signature"], f"\n-- \nAnna Hart\nNorthwind Tools\n\n{GMAIL_QUOTE}", ""),
    # several levels
    ("levels_gmail", "en", ["levels"], f"Then Friday it is.\n\nOn Wed, Oct 14, 2026 at 8:00 AM Maya Feldman <maya@maplerowe.example> wrote:\n\n> Would Friday do?\n>\n> On Tue, Oct 13, 2026 at 6:30 PM Anna Hart <anna.hart@northwind.example>\n> wrote:\n>\n>> Thursday is too early for me.\n>>\n{prefixed(QUOTE, '>>')}\n", "Then Friday it is."),
    ("levels_outlook", "en", ["levels"], f"Then Friday it is.\n\nAnna\n\nFrom: Maya Feldman <maya@maplerowe.example>\nSent: Wednesday, October 14, 2026 8:00 AM\nTo: Anna Hart <anna.hart@northwind.example>\nSubject: RE: Action: Book three calls with your leads\n\nWould Friday do?\n\nFrom: Anna Hart <anna.hart@northwind.example>\nSent: Tuesday, October 13, 2026 6:30 PM\nTo: Maya Feldman <maya@maplerowe.example>\nSubject: RE: Action: Book three calls with your leads\n\nThursday is too early for me.\n\n{BLOCK_QUOTE}", "Then Friday it is.\n\nAnna"),
    ("levels_unquoted_yahoo", "en", ["levels"], f"Agreed!\n\n    On Tuesday, October 13, 2026 at 09:05:33 AM GMT+2, Maya Feldman <maya@maplerowe.example> wrote:  \n \n {ITEM}\n\nOn Monday, October 12, 2026 at 05:00:00 PM GMT+2, Anna Hart <anna.hart@northwind.example> wrote:\n\nPlease send me the list.\n", "Agreed!"),
    # an item with its numbers, as it comes back
    ("item_metrics", "en", ["item"], f"9 hours this week, best so far.\n\n{GMAIL}\n\n> *Metric: Hours of focused work*\n>\n> Target: 15 hours\n> Last value: 8 hours (6 October)\n>\n> -- \n> Stop mail like this <https://coach.example/u/7hQ2mX>\n", "9 hours this week, best so far."),
    ("item_note", "en", ["item"], f"Thank you for the notes, point two is not quite what I meant: I said \"until Thursday\", not \"from Thursday\".\n\n{BLOCK}\n\nSession 6: saying no to good ideas\n\n1. Answer mails once a day\n2. From Thursday no meetings before ten\n\n--\nMaple & Rowe Coaching\n", "Thank you for the notes, point two is not quite what I meant: I said \"until Thursday\", not \"from Thursday\"."),
]

# Marker lines as they come back where a program leaves no line above the quote: (name, language, body, expected).
MARKERS = [
    ("bare", "en", "Booked.\n\nReply above this line\n\n" + ITEM, "Booked."),
    ("hashes", "en", "All booked, see you Friday.\n\n##- Reply above this line -##\n\n" + ITEM, "All booked, see you Friday."),
    ("dashes", "de", f"Fertig!\n\n--- {DE['marker']} ---\n\n{DE['item']}", "Fertig!"),
    ("quoted", "fr", f"C'est noté.\n\n> — {LANGUAGES['fr']['marker']} —\n>\n{prefixed(LANGUAGES['fr']['item'])}", "C'est noté."),
    ("bare_es", "es", f"Hecho.\n\n{LANGUAGES['es']['marker']}\n\n{LANGUAGES['es']['item']}", "Hecho."),
    ("bare_ja", "ja", f"終わりました。\n\n{LANGUAGES['ja']['marker']}\n\n{LANGUAGES['ja']['item']}", "終わりました。"),
    ("bare_pl", "pl", f"Zrobione.\n\n— {LANGUAGES['pl']['marker']} —\n\n{LANGUAGES['pl']['item']}", "Zrobione."),
    ("bare_ar", "ar", f"تم الأمر.\n\n— {LANGUAGES['ar']['marker']} —\n\n{LANGUAGES['ar']['item']}", "تم الأمر."),
]

FORWARDS = [
    ("gmail", "en", "This is what Tom wrote to me.\n\n---------- Forwarded message ---------\nFrom: Tom Field <tom.field@northwind.example>\nDate: Mon, Oct 12, 2026 at 4:00 PM\nSubject: Budget\nTo: Anna Hart <anna.hart@northwind.example>\n\n\nThe budget is closed.\n", "This is what Tom wrote to me."),
    ("gmail_silent", "en", "---------- Forwarded message ---------\nFrom: Tom Field <tom.field@northwind.example>\nDate: Mon, Oct 12, 2026 at 4:00 PM\nSubject: Budget\nTo: Anna Hart <anna.hart@northwind.example>\n\n\nThe budget is closed.\n", ""),
    ("apple", "de", "Zur Info, bitte lies den zweiten Absatz.\n\nAnfang der weitergeleiteten Nachricht:\n\n> Von: Sam Kern <sam@musterwerk.example>\n> Betreff: Urlaub\n> Datum: 12. Oktober 2026 um 16:00:00 MESZ\n> An: Jonas Brandt <jonas.brandt@musterwerk.example>\n> \n> Ich bin ab Montag weg.\n", "Zur Info, bitte lies den zweiten Absatz."),
    ("thunderbird", "fr", "Voir ci-dessous.\n\n\n-------- Message transféré --------\nSujet : Planning\nDate : Lun, 12 Oct 2026 16:00:00 +0200\nDe : Paul Girard <paul@entreprise.example>\nPour : Luc Perrin <luc@entreprise.example>\n\nLe planning change lundi.\n", "Voir ci-dessous."),
    ("outlook", "es", "Te lo reenvío.\n\nDe: Marta Gil <marta@empresa.example>\nEnviado el: lunes, 12 de octubre de 2026 16:00\nPara: Diego Salas <diego@empresa.example>\nAsunto: Auditoría\n\nLa auditoría empieza el martes.\n", "Te lo reenvío."),
]


def quoted_html(words=EN):
    return f'<div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">{words["gmail"].format(n=words["coach"], a=words["address"]).replace("<", "&lt;").replace(">", "&gt;")}<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex">{item_table(Quoted.of(words, False))}</blockquote></div>'


CITE = '<blockquote type="cite">'
HTMLS = [
    ("between_gmail", "en", ["interleaved"], '<div dir="ltr"><div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Tue, Oct 13, 2026 at 9:05 AM Maya Feldman &lt;<a href="mailto:maya@maplerowe.example">maya@maplerowe.example</a>&gt; wrote:<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex">Pick the three people who matter most this quarter</blockquote><div><br></div><div>Iris, Tom and Noor.</div><div><br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex">Tell me how it went by answering this mail.</blockquote><div><br></div><div>On Friday, promised.</div></div></div>\n', "Iris, Tom and Noor.\n\nOn Friday, promised."),
    ("between_thunderbird", "de", ["interleaved"], f'<html><body><div class="moz-cite-prefix">Am 13.10.2026 um 09:05 schrieb Katrin Höfer:<br></div>{CITE}Fasse die drei wichtigsten Zahlen zusammen.</blockquote><p>Umsatz, Marge, Kündigungen.</p>{CITE}Antworte einfach auf diese E-Mail.</blockquote><p>Hiermit geschehen!</p></body></html>\n', "Umsatz, Marge, Kündigungen.\n\nHiermit geschehen!"),
    ("between_apple", "en", ["interleaved"], f'<html><body><br><div><blockquote type="cite"><div>On 13 Oct 2026, at 09:05, Maya Feldman &lt;maya@maplerowe.example&gt; wrote:</div><br><div>Due 16 October 2026</div></blockquote><div>Can it be the 20th?</div><br>{CITE}<div>Tell me how it went.</div></blockquote><br>Sure.</div></body></html>\n', "Can it be the 20th?\n\nSure."),
    ("below_thunderbird", "en", ["below"], f'<html><body><div class="moz-cite-prefix">On 10/13/26 09:05, Maya Feldman wrote:<br></div><blockquote type="cite" cite="mid:1@x.example">{item_table(Quoted.of(EN, True))}</blockquote><p>All three are booked.</p></body></html>\n', "All three are booked."),
    ("own_indent", "en", ["trap"], f'<div dir="ltr"><div>My favourite line of the chapter:</div><blockquote style="margin:0 0 0 40px;border:none;padding:0px"><div>A plan is a promise to your calendar.</div></blockquote><div>I put it over my desk.</div></div><br>{quoted_html()}\n', "My favourite line of the chapter:\nA plan is a promise to your calendar.\nI put it over my desk."),
    ("own_rule", "en", ["trap"], page(f'<div>First half: fine.</div><hr><div>Second half: not started.</div><div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><b>From:</b> Maya Feldman &lt;maya@maplerowe.example&gt;<br><b>Sent:</b> Tuesday, October 13, 2026 9:05 AM<br><b>To:</b> Anna Hart<br><b>Subject:</b> Action</div><div>{item_table(Quoted.of(EN, False))}</div>'), "First half: fine.\nSecond half: not started."),
    ("own_list", "en", ["trap"], f'<div dir="ltr"><div>Booked:</div><ul><li>Iris</li><li>Tom</li></ul><div>Open: Noor</div></div><br>{quoted_html()}\n', "Booked:\nIris\nTom\nOpen: Noor"),
    ("own_table", "en", ["trap"], f'<div dir="ltr"><table border="1"><tr><td>Iris</td><td>Wednesday</td></tr><tr><td>Tom</td><td>Thursday</td></tr></table><div>Noor will follow.</div></div><br>{quoted_html()}\n', "Iris Wednesday\nTom Thursday\nNoor will follow."),
    ("own_bold_from", "en", ["trap"], f'<div dir="ltr"><div><b>From:</b> now on I call first and write later.</div><div><b>To:</b> my own surprise it works.</div></div><br>{quoted_html()}\n', "From: now on I call first and write later.\nTo: my own surprise it works."),
    ("own_wrote", "en", ["trap"], f'<div dir="ltr"><div>On Monday Sam wrote:</div><div>&quot;Count me in.&quot;</div><div>I like that.</div></div><br>{quoted_html()}\n', "On Monday Sam wrote:\n\"Count me in.\"\nI like that."),
    ("entities", "en", ["trap"], f'<div dir="ltr">3 &lt; 5 &amp; 5 &gt; 3,&nbsp;so we are &quot;on track&quot; &#128640;</div><br>{quoted_html()}\n', '3 < 5 & 5 > 3, so we are "on track" 🚀'),
    ("preformatted", "en", ["trap"], f'<div dir="ltr"><div>My sheet:</div><pre>=SUM(B2:B9)\n=B10/7</pre><div>It works.</div></div><br>{quoted_html()}\n', "My sheet:\n=SUM(B2:B9)\n=B10/7\nIt works."),
    ("rtl", "he", ["short"], f'<div dir="rtl"><div>בוצע, שלחתי את הקובץ plan.pdf לצוות.</div></div><br>{quoted_html(LANGUAGES["he"])}\n', "בוצע, שלחתי את הקובץ plan.pdf לצוות."),
    ("word", "en", ["short"], f'<div dir="auto">Yes</div><br>{quoted_html()}\n', "Yes"),
    ("inline_words", "en", ["trap"], f'<div dir="ltr"><span style="font-size:11pt">I will <b>not</b> move the </span><i>review</i><span> again.</span></div><br>{quoted_html()}\n', "I will not move the review again."),
    ("empty", "en", ["empty"], f'<div dir="ltr"><br></div><br>{quoted_html()}\n', ""),
    ("empty_iphone", "en", ["empty"], page('<br id="lineBreakAtBeginningOfSignature"><div dir="ltr">Sent from my iPhone</div><div dir="ltr"><br><blockquote type="cite">On 13 Oct 2026, at 09:05, Maya Feldman &lt;maya@maplerowe.example&gt; wrote:<br><br></blockquote></div><blockquote type="cite"><div>Book three calls</div></blockquote>'), ""),
    ("signature_gmail", "en", ["signature"], f'<div dir="ltr"><div>Booked for Thursday.</div><div><br></div><span class="gmail_signature_prefix">-- </span><br><div dir="ltr" class="gmail_signature" data-smartmail="gmail_signature"><div>Anna Hart</div><div>Head of Operations</div></div></div><br>{quoted_html()}\n', "Booked for Thursday."),
    ("signature_outlook", "en", ["signature"], page('<div class="elementToProof">Thursday is fine.</div><div id="Signature"><div>Anna Hart</div><div>Northwind Tools Ltd</div></div><div id="appendonsend"></div><hr tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><b>From:</b> Maya Feldman &lt;maya@maplerowe.example&gt;<br><b>Sent:</b> Tuesday, October 13, 2026 9:05 AM<br><b>To:</b> Anna Hart<br><b>Subject:</b> Action</div><div>Book three calls</div>'), "Thursday is fine."),
    ("signature_moz", "de", ["signature"], f'<html><body><p>Geht klar.</p><div class="moz-signature">-- <br>Jonas Brandt<br>Musterwerk GmbH</div><div class="moz-cite-prefix">Am 13.10.2026 um 09:05 schrieb Katrin Höfer:<br></div>{CITE}Präsentation für den Vorstand</blockquote></body></html>\n', "Geht klar."),
    ("signature_yahoo_mobile", "en", ["signature"], 'Yes, all booked.<br><br><a href="https://mail.onelink.example/107872968">Yahoo Mail: Search, Organize, Conquer</a><br><blockquote style="margin: 0 0 20px 0;"><div style="color: #6D00F6">On Tue, Oct 13, 2026 at 9:05, Maya Feldman</div><div>&lt;maya@maplerowe.example&gt; wrote:</div><div style="padding: 10px 0 0 20px">Book three calls with your leads</div></blockquote>\n', "Yes, all booked."),
    ("plain_no_quote", "en", ["no-quote"], '<html><body><p>Hi Maya,</p><p>the calls are booked. I was nervous before the first one and bored in the last.</p><p>Anna</p></body></html>\n', "Hi Maya,\n\nthe calls are booked. I was nervous before the first one and bored in the last.\n\nAnna"),
    ("plain_word", "de", ["no-quote"], "<div>Passt!</div>\n", "Passt!"),
    ("styles_and_scripts", "en", ["no-quote"], '<html><head><title>Re: Action</title><style>p { color: red }</style></head><body><!-- a note --><p>Only this line counts.</p><script>var x = "not this";</script></body></html>\n', "Only this line counts."),
]


def add(corpus):
    for program, language, marks, head in HEADS:
        words = LANGUAGES[language]
        quote = prefixed(words["item"]) if marks else words["item"]
        body = f"{words['closed']}\n\n{head}{'' if head.endswith('>') and marks else chr(10)}\n{quote}\n"
        corpus.add("shapes", f"head_{program}", "text", body, words["closed"], tags=["top-posted", f"program:{program}", f"lang:{language}"])
    for name, language, tags, body, expected, *further in TEXTS:
        corpus.add("shapes", name, "text", body, expected, *further, tags=[*tags, f"lang:{language}"], inline_quotes="drop" if "interleaved" in tags else "none")
    for name, language, body, expected in MARKERS:
        corpus.add("shapes", f"marker_{name}", "text", body + "\n", expected, tags=["marker", f"lang:{language}"])
    for name, language, body, expected in FORWARDS:
        corpus.add("shapes", f"forward_{name}", "text", body, expected, tags=["forward", f"lang:{language}"])
        if expected:
            corpus.predicates.append(dict(id=f"shapes/forward_{name}", source="shapes", license="MIT OR Apache-2.0", kind="text", input=f"shapes/forward_{name}.in.txt", must_contain=[expected], must_not_contain=[], upstream="", split="dev"))
    for name, language, tags, body, expected in HTMLS:
        further = ["Booked:\n" + "\n".join(f"{mark} {x}" for x in ("Iris", "Tom")) + "\nOpen: Noor" for mark in "-*•"] if name == "own_list" else []
        corpus.add("shapes", f"html_{name}", "html", body, expected, *further, tags=[*tags, f"lang:{language}"], inline_quotes="drop" if "interleaved" in tags else "none")
