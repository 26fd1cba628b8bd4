//! What mail programs write above a quote, in the languages people write in: each line in a mail of its own.

use mail::incoming::{Why, trim_text};

/// What stands above a quote: by Gmail, Apple Mail, Outlook, Thunderbird, Yahoo, Proton, Samsung, Spark, Zoho, Yandex, QQ and others.
const ATTRIBUTIONS: &[&str] = &[
    "On Mon, Mar 2, 2026 at 4:15 PM Ada Byron <ada@example.org> wrote:",
    "On Mon, 2 Mar 2026 at 16:15, Ada Byron <ada@example.org> wrote:",
    "On Mon, Mar 2, 2026, 4:15 PM Ada Byron <ada@example.org> wrote:",
    "On Mar 2, 2026, at 4:15 PM, Ada Byron <ada@example.org> wrote:",
    "On 2 Mar 2026, at 16:15, Ada Byron <ada@example.org> wrote:",
    "On 3/2/26 16:15, Ada Byron wrote:",
    "On 02/03/2026 16:15, Ada Byron via Cairn wrote:",
    "On 02.03.26 16:15, Ada Byron wrote:",
    "On 2026-03-02 16:15, Ada Byron wrote:",
    "On Monday, March 2nd, 2026 at 4:15 PM, Ada Byron <ada@example.org> wrote:",
    "On Monday, March 2, 2026 at 04:15:00 PM GMT+1, Ada Byron <ada@example.org> wrote:",
    "On Mon, Mar 2, 2026 at 4:15 PM, Ada Byron < ada@example.org > wrote:",
    "On 2 Mar 2026, 16:15 +0100, Ada Byron <ada@example.org>, wrote:",
    "On 3/2/2026 4:15:00 PM, Ada Byron <ada@example.org> wrote:",
    "---- On Mon, 02 Mar 2026 16:15:00 +0100 Ada Byron <ada@example.org> wrote ----",
    "---- On Mon, 02 Mar 2026 16:15:00 +0100 Ada Byron <ada@example.org> wrote ---",
    "Ada Byron <ada@example.org> wrote on 02/03/2026 16:15:00:",
    "At 2026-03-02 16:15:00, \"Ada Byron\" <ada@example.org> wrote:",
    "2026-03-02 16:15 GMT+01:00 Ada Byron <ada@example.org>:",
    "Am Mo., 2. März 2026 um 16:15 Uhr schrieb Ada Byron <ada@example.org>:",
    "Ada Byron <ada@example.org> schrieb am Mo., 2. März 2026, 16:15:",
    "Am 02.03.2026 um 16:15 schrieb Ada Byron <ada@example.org>:",
    "Am 02.03.26 um 16:15 schrieb Ada Byron:",
    "Am Montag, 2. März 2026 um 16:15:00 MEZ hat Ada Byron <ada@example.org> Folgendes geschrieben:",
    "Le lun. 2 mars 2026 à 16:15, Ada Byron <ada@example.org> a écrit :",
    "Le 2 mars 2026 à 16:15, Ada Byron <ada@example.org> a écrit :",
    "Le 02/03/2026 à 16:15, Ada Byron a écrit :",
    "Le lundi 2 mars 2026 à 16:15:00 UTC+1, Ada Byron <ada@example.org> a écrit :",
    "El lun, 2 mar 2026 a las 16:15, Ada Byron (<ada@example.org>) escribió:",
    "El 2 mar 2026, a las 16:15, Ada Byron <ada@example.org> escribió:",
    "El 2/3/26 a las 16:15, Ada Byron escribió:",
    "Il giorno lun 2 mar 2026 alle ore 16:15 Ada Byron <ada@example.org> ha scritto:",
    "Il giorno 2 mar 2026, alle ore 16:15, Ada Byron <ada@example.org> ha scritto:",
    "Il 02/03/2026 16:15, Ada Byron ha scritto:",
    "Em seg., 2 de mar. de 2026 às 16:15, Ada Byron <ada@example.org> escreveu:",
    "Ada Byron <ada@example.org> escreveu no dia segunda, 2/03/2026 à(s) 16:15:",
    "Em 02/03/2026 16:15, Ada Byron escreveu:",
    "A 02/03/2026, às 16:15, Ada Byron <ada@example.org> escreveu:",
    "Op ma 2 mrt 2026 om 16:15 schreef Ada Byron <ada@example.org>:",
    "Op 2 mrt 2026, om 16:15 heeft Ada Byron <ada@example.org> het volgende geschreven:",
    "Op 02-03-2026 om 16:15 schreef Ada Byron:",
    "Den mån 2 mars 2026 kl 16:15 skrev Ada Byron <ada@example.org>:",
    "2 mars 2026 kl. 16:15 skrev Ada Byron <ada@example.org>:",
    "Den 2026-03-02 kl. 16:15, skrev Ada Byron:",
    "Den man. 2. mar. 2026 kl. 16.15 skrev Ada Byron <ada@example.org>:",
    "Den 2. mar. 2026 kl. 16.15 skrev Ada Byron <ada@example.org>:",
    "Den 02-03-2026 kl. 16:15 skrev Ada Byron:",
    "man. 2. mars 2026 kl. 16:15 skrev Ada Byron <ada@example.org>:",
    "Den 02.03.2026 16:15, skrev Ada Byron:",
    "ma 2. maalisk. 2026 klo 16.15 Ada Byron (ada@example.org) kirjoitti:",
    "Ada Byron <ada@example.org> kirjoitti 2.3.2026 kello 16.15:",
    "2.3.2026 16.15 Ada Byron kirjoitti:",
    "pon., 2 mar 2026 o 16:15 Ada Byron <ada@example.org> napisał(a):",
    "W dniu 2.03.2026 o 16:15, Ada Byron pisze:",
    "Wiadomość napisana przez Ada Byron <ada@example.org> w dniu 2 mar 2026, o godz. 16:15:",
    "po 2. 3. 2026 v 16:15 odesílatel Ada Byron <ada@example.org> napsal:",
    "2. 3. 2026 v 16:15, Ada Byron <ada@example.org>:",
    "Dne 02. 03. 26 v 16:15 Ada Byron napsal(a):",
    "пн, 2 мар. 2026 г. в 16:15, Ada Byron <ada@example.org>:",
    "2 марта 2026 г., в 16:15, Ada Byron <ada@example.org> написал(а):",
    "02.03.2026 16:15, Ada Byron пишет:",
    "Понедельник, 2 марта 2026, 16:15 +03:00 от Ada Byron <ada@example.org>:",
    "02.03.2026, 16:15, \"Ada Byron\" <ada@example.org>:",
    "пн, 2 бер. 2026 р. о 16:15 Ada Byron <ada@example.org> пише:",
    "2 бер. 2026 р. о 16:15 Ada Byron <ada@example.org> написав(-ла):",
    "02.03.26 16:15, Ada Byron пише:",
    "Ada Byron <ada@example.org>, 2 Mar 2026 Pzt, 16:15 tarihinde şunu yazdı:",
    "Ada Byron <ada@example.org> şunları yazdı (2 Mar 2026 16:15):",
    "2.03.2026 16:15 tarihinde Ada Byron yazdı:",
    "2026年3月2日(月) 16:15 Ada Byron <ada@example.org>:",
    "2026/03/02 16:15、Ada Byron <ada@example.org>のメール:",
    "On 2026/03/02 16:15, Ada Byron wrote:",
    "Ada Byron <ada@example.org> 于2026年3月2日周一 16:15写道：",
    "在 2026年3月2日，16:15，Ada Byron <ada@example.org> 写道：",
    "Ada Byron <ada@example.org> 於 2026年3月2日 週一 下午4:15寫道：",
    "在 2026-03-02 16:15:00，\"Ada Byron\" <ada@example.org> 写道：",
    "2026년 3월 2일 (월) 오후 4:15, Ada Byron <ada@example.org>님이 작성:",
    "2026. 3. 2. 오후 4:15, Ada Byron <ada@example.org> 작성:",
    "Ada Byron <ada@example.org> ezt írta (időpont: 2026. márc. 2., H, 16:15):",
    "lun., 2 mar. 2026 la 16:15, Ada Byron <ada@example.org> a scris:",
    "Στις Δευ 2 Μαρ 2026 στις 4:15 μ.μ., ο/η Ada Byron <ada@example.org> έγραψε:",
    "Vào Th 2, 2 thg 3, 2026 vào lúc 16:15 Ada Byron <ada@example.org> đã viết:",
    "pon, 2. mar. 2026 ob 16:15 je oseba Ada Byron <ada@example.org> napisala:",
    "pon, 2. ožu 2026. u 16:15 Ada Byron <ada@example.org> napisao je:",
    "El dl., 2 de març 2026 a les 16:15, Ada Byron <ada@example.org> va escriure:",
    "Pada Sen, 2 Mar 2026 pukul 16.15 Ada Byron <ada@example.org> menulis:",
    "\u{202b}בתאריך יום ב׳, 2 במרץ 2026 ב-16:15 מאת \u{202a}Ada Byron\u{202c}\u{200f} <\u{202a}ada@example.org\u{202c}\u{200f}>:\u{202c}",
];

const ANSWERS: &[&str] =
    &["Yes.", "The two dates suit me.\n\nOne question: who writes the minutes?", "Gut, so machen wir das. Bis Montag!"];

#[test]
fn a_quote_below_an_attribution_goes_in_every_language() {
    let mut wrong = Vec::new();
    for attribution in ATTRIBUTIONS {
        for answer in ANSWERS {
            for mail in [
                format!("{answer}\n\n{attribution}\n\n> Are the dates fine?\n>\n> Ada\n"),
                format!("{answer}\r\n\r\n{attribution}\r\n> Are the dates fine?\r\n\r\n"),
                format!("{answer}\n{attribution}\n> Are the dates fine?\n"),
                format!("{answer}\n\n> {attribution}\n>\n> Are the dates fine?\n"),
            ] {
                if trim_text(&mail).text != *answer {
                    wrong.push(mail);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n=====\n"));
}

#[test]
fn a_quote_without_marks_goes_below_an_attribution() {
    let mut wrong = Vec::new();
    for attribution in ATTRIBUTIONS {
        for answer in ANSWERS {
            let mail = format!("{answer}\n\n{attribution}\n\nAre the dates fine?\n\nAda\n");
            let reply = trim_text(&mail);
            if reply.text != *answer || !reply.cut.iter().any(|cut| cut.why == Why::Attribution) {
                wrong.push(mail);
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n=====\n"));
}

#[test]
fn an_answer_below_the_quote_stays() {
    let mut wrong = Vec::new();
    for attribution in ATTRIBUTIONS {
        let mail = format!("{attribution}\n> Are the dates fine?\n> Ada\n\nThey are.\n");
        if trim_text(&mail).text != "They are." {
            wrong.push(mail);
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n=====\n"));
}

#[test]
fn an_attribution_may_be_broken_over_lines() {
    let mut wrong = Vec::new();
    for attribution in ATTRIBUTIONS {
        let breaks: Vec<usize> = attribution.char_indices().filter(|(at, c)| *c == ' ' && *at > 8).map(|(at, _)| at).collect();
        for at in breaks.into_iter().filter(|at| *at > 24) {
            let (head, tail) = attribution.split_at(at);
            let mail = format!("Yes, they are.\n\n{head}\n{}\n\n> Are the dates fine?\n", tail.trim_start());
            if trim_text(&mail).text != "Yes, they are." {
                wrong.push(mail);
            }
        }
        if let Some((head, tail)) = attribution.split_once('<') {
            let mail = format!("Yes, they are.\n\n{head}<\n{tail}\n\n> Are the dates fine?\n");
            if trim_text(&mail).text != "Yes, they are." {
                wrong.push(mail);
            }
        }
    }
    assert!(wrong.len() * 50 < ATTRIBUTIONS.len() * 8, "{} wrong:\n{}", wrong.len(), wrong.join("\n=====\n"));
}

/// Header blocks: Outlook's names in each language, a value of each kind.
const BLOCKS: &[[&str; 4]] = &[
    ["From", "Sent", "To", "Subject"],
    ["From", "Date", "To", "Subject"],
    ["Von", "Gesendet", "An", "Betreff"],
    ["Von", "Datum", "An", "Betreff"],
    ["De", "Envoyé", "À", "Objet"],
    ["De", "Date", "À", "Objet"],
    ["De", "Enviado", "Para", "Asunto"],
    ["De", "Fecha", "Para", "Asunto"],
    ["Da", "Inviato", "A", "Oggetto"],
    ["Da", "Data", "A", "Oggetto"],
    ["De", "Enviada em", "Para", "Assunto"],
    ["De", "Data", "Para", "Assunto"],
    ["Van", "Verzonden", "Aan", "Onderwerp"],
    ["Van", "Datum", "Aan", "Onderwerp"],
    ["Från", "Skickat", "Till", "Ämne"],
    ["Från", "Datum", "Till", "Ämne"],
    ["Fra", "Sendt", "Til", "Emne"],
    ["Fra", "Dato", "Til", "Emne"],
    ["Lähettäjä", "Lähetetty", "Vastaanottaja", "Aihe"],
    ["Lähettäjä", "Päivämäärä", "Vastaanottaja", "Aihe"],
    ["Od", "Wysłano", "Do", "Temat"],
    ["Od", "Data", "Do", "Temat"],
    ["Od", "Odesláno", "Komu", "Předmět"],
    ["Od", "Datum", "Komu", "Předmět"],
    ["От", "Отправлено", "Кому", "Тема"],
    ["От", "Дата", "Кому", "Тема"],
    ["Від", "Надіслано", "Кому", "Тема"],
    ["Від", "Дата", "Кому", "Тема"],
    ["Kimden", "Gönderildi", "Kime", "Konu"],
    ["Gönderen", "Gönderme Tarihi", "Alıcı", "Konu"],
    ["差出人", "送信日時", "宛先", "件名"],
    ["差出人", "日時", "宛先", "件名"],
    ["发件人", "发送时间", "收件人", "主题"],
    ["发件人", "日期", "收件人", "主题"],
    ["寄件者", "寄件日期", "收件者", "主旨"],
    ["보낸 사람", "보낸 날짜", "받는 사람", "제목"],
    ["보낸 사람", "날짜", "받는 사람", "제목"],
    ["Feladó", "Elküldve", "Címzett", "Tárgy"],
    ["De la", "Trimis", "Către", "Subiect"],
    ["Από", "Ημερομηνία", "Προς", "Θέμα"],
];

#[test]
fn everything_below_a_header_block_goes_in_every_language() {
    let mut wrong = Vec::new();
    for [from, date, to, subject] in BLOCKS {
        for colon in [":", " :", "："] {
            for (open, close) in [("", ""), ("*", "*"), ("**", "**")] {
                let line = |name: &str, value: &str| format!("{open}{name}{colon}{close} {value}\n");
                let block = line(from, "Ada Byron <ada@example.org>")
                    + &line(date, "2.3.2026 16:15")
                    + &line(to, "bob@example.org")
                    + &line(subject, "Dates");
                let unnamed = line(from, "Ada Byron") + &line(date, "2.3.2026 16:15") + &line(to, "Bob") + &line(subject, "Dates");
                for mail in [
                    format!("Fine.\n\n{block}\nAre the dates fine?\n"),
                    format!("Fine.\n{block}\nAre the dates fine?\n"),
                    format!("Fine.\n\n________________________________\n{block}\nAre the dates fine?\n"),
                    format!("Fine.\n\n-----Original Message-----\n{block}\nAre the dates fine?\n"),
                    format!("Fine.\n\n{}\nAre the dates fine?\n", block.replace('\n', "\n\n")),
                    format!("Fine.\n\n{unnamed}\nAre the dates fine?\n"),
                ] {
                    if trim_text(&mail).text != "Fine." {
                        wrong.push(mail);
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n=====\n"));
}

const ORIGINALS: &[&str] = &[
    "-----Original Message-----",
    "----- Original Message -----",
    "------- Original Message -------",
    "‐‐‐‐‐‐‐ Original Message ‐‐‐‐‐‐‐",
    "-------- Original message --------",
    "-----Original Appointment-----",
    "-----Ursprüngliche Nachricht-----",
    "-------- Originalnachricht --------",
    "-----Message d'origine-----",
    "-------- Message d'origine --------",
    "-----Mensaje original-----",
    "-----Messaggio originale-----",
    "-----Mensagem original-----",
    "-----Oorspronkelijk bericht-----",
    "-----Ursprungligt meddelande-----",
    "-----Oprindelig meddelelse-----",
    "-----Opprinnelig melding-----",
    "-----Alkuperäinen viesti-----",
    "-----Wiadomość oryginalna-----",
    "-----Původní zpráva-----",
    "-----Исходное сообщение-----",
    "-----Вихідне повідомлення-----",
    "-----Özgün İleti-----",
    "-----元のメッセージ-----",
    "-----邮件原件-----",
    "------------------ 原始邮件 ------------------",
    "-----原始郵件-----",
    "-----원본 메시지-----",
    "-----Eredeti üzenet-----",
];

#[test]
fn everything_below_original_message_goes_in_every_language() {
    for line in ORIGINALS {
        assert_eq!(trim_text(&format!("Fine.\n\n{line}\n\nAre the dates fine?\n")).text, "Fine.", "{line}");
    }
}

const FORWARDS: &[&str] = &[
    "---------- Forwarded message ---------",
    "-------- Forwarded Message --------",
    "Begin forwarded message:",
    "---------- Weitergeleitete Nachricht ---------",
    "-------- Weitergeleitete Nachricht --------",
    "Anfang der weitergeleiteten Nachricht:",
    "---------- Forwarded message ---------",
    "-------- Message transféré --------",
    "Début du message réexpédié :",
    "-------- Mensaje reenviado --------",
    "Inicio del mensaje reenviado:",
    "-------- Messaggio Inoltrato --------",
    "Inizio messaggio inoltrato:",
    "-------- Mensagem encaminhada --------",
    "-------- Doorgestuurd bericht --------",
    "Begin doorgestuurd bericht:",
    "-------- Vidarebefordrat meddelande --------",
    "-------- Videresendt meddelelse --------",
    "-------- Videresendt melding --------",
    "-------- Välitetty viesti --------",
    "-------- Treść przekazanej wiadomości --------",
    "-------- Přeposlaná zpráva --------",
    "-------- Пересылаемое сообщение --------",
    "-------- Переслане повідомлення --------",
    "-------- İletilen Mesaj --------",
    "-------- 転送メッセージ --------",
    "-------- 转发的消息 --------",
    "---------- 전달된 메시지 ---------",
];

#[test]
fn of_a_forward_the_words_above_it_stay() {
    for line in FORWARDS {
        let mail = format!(
            "For your files.\n\n{line}\nFrom: Ada Byron <ada@example.org>\nDate: Mon, Mar 2, 2026 at 4:15 PM\nSubject: Dates\nTo: <bob@example.org>\n\nAre the dates fine?\n"
        );
        assert_eq!(trim_text(&mail).text, "For your files.", "{line}");
    }
}

const FOOTERS: &[&str] = &[
    "Sent from my iPhone",
    "Sent from my iPad",
    "Sent from my Galaxy",
    "Sent from my Samsung Galaxy smartphone.",
    "Sent from Outlook for iOS",
    "Get Outlook for iOS",
    "Get Outlook for Android<https://aka.ms/x>",
    "Sent from Yahoo Mail on Android",
    "Sent from Mail for Windows",
    "Sent from Proton Mail Android",
    "Sent with Proton Mail secure email.",
    "Sent with Spark",
    "Von meinem iPhone gesendet",
    "Gesendet von Outlook für Android",
    "Von meinem Samsung Galaxy Smartphone gesendet.",
    "Gesendet mit der GMX Mail App",
    "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.",
    "Envoyé de mon iPhone",
    "Envoyé depuis mon smartphone Samsung Galaxy.",
    "Envoyé à partir de Outlook pour iOS",
    "Télécharger Outlook pour Android",
    "Enviado desde mi iPhone",
    "Enviado desde Outlook para Android",
    "Obtener Outlook para iOS",
    "Inviato da iPhone",
    "Inviato da Outlook per iOS",
    "Ottieni Outlook per Android",
    "Enviado do meu iPhone",
    "Enviado a partir do Outlook para Android",
    "Obter o Outlook para iOS",
    "Verstuurd vanaf mijn iPhone",
    "Verzonden vanaf Outlook voor iOS",
    "Outlook voor Android downloaden",
    "Skickat från min iPhone",
    "Skickat från Outlook för iOS",
    "Hämta Outlook för Android",
    "Sendt fra min iPhone",
    "Sendt fra Outlook til iOS",
    "Hent Outlook til Android",
    "Sendt fra Outlook for iOS",
    "Lähetetty iPhonesta",
    "Lähetetty Outlookista Androidille",
    "Wysłane z iPhone’a",
    "Wysłane z aplikacji Outlook dla systemu Android",
    "Pobierz aplikację Outlook dla systemu iOS",
    "Odesláno z iPhonu",
    "Odesláno z aplikace Outlook pro Android",
    "Získejte Outlook pro iOS",
    "Отправлено с iPhone",
    "Отправлено из Outlook для Android",
    "Отправлено из мобильной Почты Mail.ru",
    "Надіслано з iPhone",
    "Відправлено з Outlook для Android",
    "iPhone'umdan gönderildi",
    "Android için Outlook’u edinin",
    "iPhoneから送信",
    "Android 版 Outlook を入手",
    "发自我的iPhone",
    "发自我的 iPhone",
    "從我的 iPhone 傳送",
    "获取 Outlook for Android",
    "나의 iPhone에서 보냄",
    "iOS용 Outlook 다운로드",
    "Trimis de pe iPhone-ul meu",
    "Sent from my Pixel, please excuse typos",
];

#[test]
fn the_footer_of_a_phone_goes_in_every_language() {
    let mut wrong = Vec::new();
    for footer in FOOTERS {
        for mail in [
            format!("On my way.\n\n{footer}\n"),
            format!("On my way.\n{footer}"),
            format!("On my way.\n\n{footer}\n\nOn Mar 2, 2026, at 4:15 PM, Ada Byron <ada@example.org> wrote:\n\n> Where are you?\n"),
        ] {
            let reply = trim_text(&mail);
            if reply.text != "On my way." || !reply.cut.iter().any(|cut| cut.why == Why::Footer) {
                wrong.push(mail);
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n=====\n"));
}

/// What people write themselves.
#[test]
fn prose_that_resembles_what_programs_write_stays() {
    for text in [
        "On Monday at 10:00 I met Ada.\nShe said:\nLet us go on.",
        "From: Vienna\nTo: Graz\nI take the early train.",
        "From my iPhone I can't open the file.",
        "Ich habe dir die Mail gesendet.",
        "Von meinem iPhone aus geht es nicht.",
        "Download Outlook from the link that I sent you.",
        "내 iPhone이 고장났어요.",
        "使用我的手机号码",
        "Dosya mail ile gönderildi.",
        "Sent it by mail to Ada.",
        "Outlook für den Mac ist mir zu langsam.",
        "Sent from my desk, which is easier than the phone.",
        "I wrote:\n- the plan\n- the minutes",
        "My answers:\n\n1. yes\n2. no",
        "Date: 2 March\nTime: 16:15\nPlace: our office\n\nDoes that suit you?",
        "Wie am 02.03. besprochen, hier die Liste:\n- eins\n- zwei",
        "Call me:\nAda Byron, ada@example.org, +43 1 0000000",
        "--- first part ---\nDone.\n--- second part ---\nOpen.",
        "Before\n\n----\n\nAfter, with a sentence that is long enough to be one.",
        "Please read what Ada wrote\nand tell me what you think.",
        "On the one hand yes.\nOn the other hand, who knows:\nlet us see.",
        "Am Dienstag um 10:00 Uhr:\nBesprechung mit Ada",
        "> this is what I mean by a quotation\n\nWhat do you think of it?",
        "Thanks,\nAda",
        "Best wishes\nAda",
        "a - b\n-- c is not a signature\nd",
        "The mail says \"Original Message\" at the top.",
        "Subject: maths\nGrade: good",
    ] {
        let reply = trim_text(text);
        assert_eq!(reply.text, text);
        assert!(reply.cut.is_empty());
    }
}

#[test]
fn what_an_app_left_below_its_footer_goes_if_it_is_less_than_the_answer() {
    let below = |link: &str, quote: &str| {
        trim_text(&format!("Tuesday suits me better than Monday.\n\nSent from Outlook for Android{link}\n\n{quote}")).text
    };
    assert_eq!(below("<https://apps.example/x>", "Monday at nine?"), "Tuesday suits me better than Monday.");
    assert!(below("<https://apps.example/x>", "Monday at nine? Or would you rather meet later in the week?").ends_with("week?"));
    assert!(below("", "Monday at nine?").ends_with("nine?"));
}

#[test]
fn one_long_dash_below_a_picture_opens_no_signature() {
    assert_eq!(trim_text("🎉\n\n—\nAda Byron").text, "🎉\n\n—\nAda Byron");
    assert_eq!(trim_text("🎉\n\n-- \nAda Byron").text, "🎉");
    assert_eq!(trim_text("Well done 🎉\n\n—\nAda Byron").text, "Well done 🎉");
}
