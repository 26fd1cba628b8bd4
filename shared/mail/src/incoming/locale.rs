//! What mail programs write around a quote, in the languages people write in: names of header lines, verbs of attribution, the
//! lines above a forwarded mail, footers of phones, closing words.
//!
//! Everything here is compared in lower case.

/// A line of the header block that a mail program puts above a quoted mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    From,
    Date,
    To,
    Copy,
    Subject,
    Other,
}

/// Which header line this name opens, in any of the languages.
pub(super) fn key(name: &str) -> Option<Key> {
    Some(match name {
        "from"
        | "von"
        | "de"
        | "da"
        | "od"
        | "från"
        | "fra"
        | "frå"
        | "van"
        | "lähettäjä"
        | "от"
        | "від"
        | "kimden"
        | "gönderen"
        | "差出人"
        | "送信者"
        | "送信元"
        | "发件人"
        | "寄件者"
        | "寄件人"
        | "發件人"
        | "보낸 사람"
        | "보낸사람"
        | "보낸이"
        | "발신자"
        | "발신"
        | "expéditeur"
        | "mittente"
        | "remitente"
        | "remetente"
        | "absender"
        | "afzender"
        | "avsändare"
        | "avsender"
        | "afsender"
        | "feladó"
        | "expeditor"
        | "nadawca"
        | "odesílatel"
        | "odosielateľ"
        | "отправитель"
        | "відправник"
        | "từ"
        | "από"
        | "de la"
        | "dari"
        | "frá"
        | "מאת"
        | "من"
        | "от кого"
        | "від кого"
        | "pošiljatelj"
        | "šalje"
        | "no"
        | "kellelt"
        | "saatja"
        | "nuo"
        | "จาก"
        | "e-mail from"
        | "desde" => Key::From,
        "sent"
        | "date"
        | "gesendet"
        | "gesendet am"
        | "datum"
        | "envoyé"
        | "envoyé le"
        | "envoyée"
        | "enviado"
        | "enviado el"
        | "enviado em"
        | "enviada"
        | "enviada em"
        | "enviada el"
        | "inviato"
        | "inviata"
        | "data invio"
        | "verzonden"
        | "verzonden op"
        | "verstuurd"
        | "skickat"
        | "sendt"
        | "lähetetty"
        | "wysłano"
        | "wysłane"
        | "data"
        | "odesláno"
        | "odoslané"
        | "отправлено"
        | "надіслано"
        | "відправлено"
        | "gönderilme tarihi"
        | "gönderildi"
        | "gönderme tarihi"
        | "gönderim tarihi"
        | "tarih"
        | "送信日時"
        | "日時"
        | "日付"
        | "发送时间"
        | "發送時間"
        | "寄件日期"
        | "發件時間"
        | "傳送時間"
        | "傳送日期"
        | "发送日期"
        | "发件时间"
        | "日期"
        | "时间"
        | "時間"
        | "전송"
        | "보낸 날짜"
        | "보낸날짜"
        | "날짜"
        | "일시"
        | "전송 시간"
        | "보낸 시간"
        | "elküldve"
        | "dátum"
        | "trimis"
        | "enviat"
        | "poslano"
        | "poslané"
        | "fecha"
        | "dato"
        | "päivämäärä"
        | "päiväys"
        | "pvm"
        | "дата"
        | "ngày"
        | "đã gửi"
        | "ημερομηνία"
        | "date d'envoi"
        | "date d’envoi"
        | "fecha de envío"
        | "data de envio"
        | "data wysłania"
        | "skickad"
        | "skickades"
        | "תאריך"
        | "נשלח"
        | "التاريخ"
        | "تاريخ الإرسال"
        | "saadetud"
        | "kuupäev"
        | "nosūtīts"
        | "išsiųsta"
        | "tanggal"
        | "received"
        | "วันที่" => Key::Date,
        "to"
        | "an"
        | "à"
        | "para"
        | "a"
        | "aan"
        | "till"
        | "til"
        | "vastaanottaja"
        | "do"
        | "komu"
        | "кому"
        | "kime"
        | "alıcı"
        | "宛先"
        | "收件人"
        | "收件者"
        | "받는 사람"
        | "받는사람"
        | "받는이"
        | "수신"
        | "수신자"
        | "destinataire"
        | "destinataires"
        | "empfänger"
        | "destinatario"
        | "destinatário"
        | "címzett"
        | "către"
        | "đến"
        | "tới"
        | "pro"
        | "προς"
        | "mottagare"
        | "modtager"
        | "mottaker"
        | "odbiorca"
        | "adresat"
        | "pre"
        | "za"
        | "prima"
        | "kam"
        | "kellele"
        | "kepada"
        | "אל"
        | "إلى"
        | "per"
        | "получатель"
        | "одержувач"
        | "ถึง" => Key::To,
        "cc"
        | "kopie"
        | "kopie an"
        | "copie"
        | "copie à"
        | "copia"
        | "cópia"
        | "kopia"
        | "kopi"
        | "kopio"
        | "kopia till"
        | "dw"
        | "do wiadomości"
        | "udw"
        | "копия"
        | "копія"
        | "копии"
        | "bilgi"
        | "抄送"
        | "副本"
        | "抄送人"
        | "참조"
        | "ccn"
        | "bcc"
        | "in copia"
        | "másolat"
        | "con copia"
        | "bcc an"
        | "kk"
        | "κοιν"
        | "κοινοποίηση"
        | "cco"
        | "szk"
        | "kópia" => Key::Copy,
        "subject" | "betreff" | "betr" | "objet" | "asunto" | "oggetto" | "assunto" | "onderwerp" | "ämne" | "emne" | "aihe" | "temat"
        | "předmět" | "predmet" | "тема" | "konu" | "件名" | "主题" | "主題" | "主旨" | "题目" | "제목" | "tárgy" | "subiect"
        | "chủ đề" | "θέμα" | "assumpte" | "sujet" | "subjekt" | "נושא" | "الموضوع" | "teema" | "temats" | "tema" | "subjek" | "เรื่อง" => {
            Key::Subject
        }
        "reply-to"
        | "reply to"
        | "importance"
        | "priority"
        | "sensitivity"
        | "attachments"
        | "wichtigkeit"
        | "priorität"
        | "anlagen"
        | "anhänge"
        | "antwort an"
        | "antworten an"
        | "importance haute"
        | "pièces jointes"
        | "pièce jointe"
        | "répondre à"
        | "responder a"
        | "rispondi a"
        | "allegati"
        | "allegato"
        | "anexos"
        | "adjuntos"
        | "datos adjuntos"
        | "importancia"
        | "importância"
        | "priorità"
        | "prioridade"
        | "bijlagen"
        | "urgentie"
        | "beantwoorden"
        | "antwoord aan"
        | "bifogade filer"
        | "prioritet"
        | "vedhæftede filer"
        | "vedlegg"
        | "liitteet"
        | "tärkeys"
        | "vastausosoite"
        | "załączniki"
        | "ważność"
        | "odpowiedź do"
        | "odpowiedz do"
        | "přílohy"
        | "důležitost"
        | "odpovědět"
        | "вложения"
        | "важность"
        | "ответить"
        | "вкладення"
        | "важливість"
        | "önem"
        | "ekler"
        | "yanıt"
        | "yanıt adresi"
        | "重要度"
        | "添付ファイル"
        | "返信先"
        | "附件"
        | "重要性"
        | "回复"
        | "回覆"
        | "답장"
        | "중요도"
        | "첨부 파일"
        | "첨부"
        | "organization"
        | "organisation"
        | "newsgroups"
        | "message-id"
        | "mailing list"
        | "list"
        | "svar till"
        | "svar til"
        | "on behalf of"
        | "via"
        | "fwd" => Key::Other,
        _ => return None,
    })
}

/// Words that end or carry an attribution: "wrote", "schrieb", "a écrit". Each stands as a word of its own.
const VERBS: &[&str] = &[
    "wrote",
    "writes",
    "schrieb",
    "schrieben",
    "geschrieben",
    "napisana",
    "écrit",
    "ecrit",
    "écrivit",
    "écrivait",
    "escribió",
    "escribio",
    "escribía",
    "escrito",
    "scritto",
    "scrisse",
    "escreveu",
    "escreveram",
    "schreef",
    "geschreven",
    "schrijft",
    "skrev",
    "skrifaði",
    "kirjoitti",
    "kirjoittanut",
    "napisał",
    "napisał(a)",
    "napisała",
    "napisał/a",
    "pisze",
    "napsal",
    "napsal(a)",
    "napsala",
    "napsal/a",
    "napísal",
    "napísal(a)",
    "napísala",
    "написал",
    "написал(а)",
    "написала",
    "написал/а",
    "пишет",
    "писал",
    "писал(а)",
    "писала",
    "написав",
    "написав(ла)",
    "написав(-ла)",
    "пише",
    "писав",
    "yazdı",
    "yazmış",
    "viết",
    "írta",
    "scris",
    "έγραψε",
    "написа",
    "napisao",
    "napisala",
    "napisao/la",
    "napisal/a",
    "kirjutas",
    "rakstīja",
    "rašė",
    "menulis",
    "escriure",
    "idatzi",
    "schreibt",
    "skriver",
    "כתב",
    "כתבה",
    "كتب",
];

/// The same for languages written without spaces, found anywhere at the end of the line.
const VERB_ENDINGS: &[&str] = &[
    "写道",
    "寫道",
    "写到",
    "写",
    "寫",
    "のメール",
    "のメッセージ",
    "書きました",
    "書いた",
    "書きました。",
    "作성",
    "작성",
    "작성함",
    "작성했습니다",
    "썼습니다",
    "썼음",
    "씀",
    "님이 씀",
    "เขียนว่า",
    "เขียน",
];

/// Whether this word says that somebody wrote something.
pub(super) fn is_verb(word: &str) -> bool {
    VERBS.contains(&word)
}

/// Whether this text, less its last colon, ends with a verb that stands without a space.
pub(super) fn ends_with_joined_verb(text: &str) -> bool {
    VERB_ENDINGS.iter().any(|ending| text.ends_with(ending))
}

/// The words a date begins with in an attribution: "On", "Am", "Le".
pub(super) fn is_opener(word: &str) -> bool {
    matches!(
        word,
        "on" | "am"
            | "le"
            | "el"
            | "il"
            | "em"
            | "op"
            | "den"
            | "dnia"
            | "w"
            | "dne"
            | "at"
            | "il giorno"
            | "a"
            | "в"
            | "у"
            | "pe"
            | "la"
            | "data"
            | "在"
            | "于"
            | "vào"
            | "på"
            | "d."
            | "von"
            | "no"
            | "em:"
            | "lördag"
    )
}

/// Names of months, short or long, by what they begin with (at least three letters).
pub(super) fn is_month(word: &str) -> bool {
    const MONTHS: &[&str] = &[
        "jan", "feb", "mar", "mär", "mrz", "apr", "mai", "may", "maj", "jun", "jul", "aug", "sep", "oct", "okt", "nov", "dec", "dez",
        "fév", "fev", "avr", "aoû", "déc", "ene", "abr", "ago", "dic", "gen", "mag", "giu", "lug", "set", "ott", "out", "mei", "maa",
        "mrt", "tam", "hel", "huh", "tou", "kes", "hei", "elo", "syy", "lok", "mars", "jou", "sty", "lut", "kwi", "cze", "lip", "sie",
        "wrz", "paź", "lis", "gru", "led", "úno", "bře", "dub", "kvě", "čer", "srp", "zář", "říj", "pro", "янв", "фев", "мар", "апр",
        "мая", "май", "июн", "июл", "авг", "сен", "окт", "ноя", "дек", "січ", "лют", "бер", "кві", "тра", "чер", "лип", "сер", "вер",
        "жов", "лис", "гру", "oca", "şub", "nis", "haz", "tem", "ağu", "eyl", "eki", "kas", "ara", "ian", "iul", "iun", "thg", "tháng",
        "ιαν", "φεβ", "μαρ", "απρ", "μαΐ", "ιου", "αυγ", "σεπ", "οκτ", "νοε", "δεκ", "des", "juin", "juil",
    ];
    let letters = word.trim_end_matches('.');
    letters.chars().count() <= 12 && MONTHS.iter().any(|month| letters.starts_with(month))
}

/// What stands, between dashes, above a quoted or a forwarded mail.
pub(super) fn is_original(phrase: &str) -> bool {
    matches!(
        phrase,
        "original message"
            | "original email"
            | "original e-mail"
            | "original mail"
            | "original appointment"
            | "reply message"
            | "forwarded message"
            | "forwarded email"
            | "forwarded mail"
            | "forwarded by"
            | "forward message"
            | "forwarded original message"
            | "ursprüngliche nachricht"
            | "urspruengliche nachricht"
            | "ursprüngliche mail"
            | "ursprüngliche e-mail"
            | "originalnachricht"
            | "original-nachricht"
            | "original nachricht"
            | "originale nachricht"
            | "originalmail"
            | "weitergeleitete nachricht"
            | "weitergeleitete e-mail"
            | "urspr. nachricht"
            | "ursprünglicher termin"
            | "message d'origine"
            | "message d’origine"
            | "message original"
            | "message originel"
            | "mail original"
            | "message initial"
            | "courriel original"
            | "e-mail d'origine"
            | "e-mail d’origine"
            | "message transféré"
            | "message transmis"
            | "message réexpédié"
            | "message de"
            | "mensaje original"
            | "mensaje reenviado"
            | "correo original"
            | "mensaje de origen"
            | "messaggio originale"
            | "messaggio originario"
            | "messaggio inoltrato"
            | "messaggio"
            | "email originale"
            | "mensagem original"
            | "mensagem encaminhada"
            | "mensagem reencaminhada"
            | "mensagem reenviada"
            | "e-mail original"
            | "oorspronkelijk bericht"
            | "oorspronkelijke bericht"
            | "origineel bericht"
            | "originele bericht"
            | "oorspronkelijke e-mail"
            | "doorgestuurd bericht"
            | "doorgezonden bericht"
            | "ursprungligt meddelande"
            | "ursprungligt mail"
            | "ursprungsmeddelande"
            | "originalmeddelande"
            | "originalmejl"
            | "vidarebefordrat meddelande"
            | "vidarebefordrat mail"
            | "vidarebefordrat brev"
            | "oprindelig meddelelse"
            | "oprindelig besked"
            | "original meddelelse"
            | "original besked"
            | "oprindelig mail"
            | "oprindelig e-mail"
            | "videresendt meddelelse"
            | "videresendt besked"
            | "videresendt mail"
            | "opprinnelig melding"
            | "opprinnelig e-post"
            | "original melding"
            | "originalmelding"
            | "videresendt melding"
            | "videresendt e-post"
            | "alkuperäinen viesti"
            | "alkuperäinen sähköposti"
            | "välitetty viesti"
            | "edelleenlähetetty viesti"
            | "edelleen lähetetty viesti"
            | "wiadomość oryginalna"
            | "oryginalna wiadomość"
            | "pierwotna wiadomość"
            | "treść oryginalnej wiadomości"
            | "treść przekazanej wiadomości"
            | "przekazana wiadomość"
            | "wiadomość przekazana"
            | "wiadomość przekazana dalej"
            | "původní zpráva"
            | "původní e-mail"
            | "přeposlaná zpráva"
            | "preposlaná správa"
            | "pôvodná správa"
            | "исходное сообщение"
            | "исходное письмо"
            | "оригинальное сообщение"
            | "оригинал сообщения"
            | "первоначальное сообщение"
            | "пересылаемое сообщение"
            | "пересылаемое письмо"
            | "пересланное сообщение"
            | "перенаправленное сообщение"
            | "конец пересылаемого сообщения"
            | "вихідне повідомлення"
            | "оригінальне повідомлення"
            | "початкове повідомлення"
            | "переслане повідомлення"
            | "пересилається повідомлення"
            | "перенаправлене повідомлення"
            | "переслане письмо"
            | "orijinal mesaj"
            | "orijinal ileti"
            | "özgün ileti"
            | "özgün mesaj"
            | "asıl mesaj"
            | "iletilen mesaj"
            | "iletilmiş mesaj"
            | "yönlendirilen mesaj"
            | "yönlendirilmiş mesaj"
            | "yönlendirilmiş ileti"
            | "元のメッセージ"
            | "元のメール"
            | "オリジナルメッセージ"
            | "オリジナル メッセージ"
            | "転送メッセージ"
            | "転送されたメッセージ"
            | "転送メール"
            | "原始邮件"
            | "原邮件"
            | "原始信息"
            | "原信息"
            | "原始消息"
            | "回复的原邮件"
            | "转发邮件信息"
            | "转发的邮件"
            | "转发邮件"
            | "转发的原邮件"
            | "已转发的邮件"
            | "原始郵件"
            | "原始訊息"
            | "轉寄郵件"
            | "轉寄的郵件"
            | "已轉寄的郵件"
            | "原始邮件信息"
            | "원본 메시지"
            | "원본메시지"
            | "원본 메일"
            | "원본메일"
            | "원본 이메일"
            | "전달된 메시지"
            | "전달된 메일"
            | "전달된 이메일"
            | "eredeti üzenet"
            | "továbbított üzenet"
            | "mesaj original"
            | "mesajul original"
            | "mesaj redirecționat"
            | "αρχικό μήνυμα"
            | "προωθημένο μήνυμα"
            | "tin nhắn gốc"
            | "thư gốc"
            | "missatge original"
            | "missatge reenviat"
            | "izvorna poruka"
            | "izvorno sporočilo"
            | "originalna poruka"
            | "algne kiri"
            | "algsõnum"
            | "pesan asli"
            | "הודעה מקורית"
            | "الرسالة الأصلية"
    )
}

/// Whether a phrase between dashes speaks of a message in two to four words, in whatever words.
pub(super) fn speaks_of_mail(phrase: &str) -> bool {
    const NOUNS: &[&str] = &[
        "message",
        "nachricht",
        "mensaje",
        "messaggio",
        "mensagem",
        "bericht",
        "meddelande",
        "meddelelse",
        "besked",
        "melding",
        "viesti",
        "wiadomość",
        "wiadomości",
        "zpráva",
        "zprávy",
        "správa",
        "сообщение",
        "сообщения",
        "письмо",
        "повідомлення",
        "лист",
        "mesaj",
        "mesajı",
        "ileti",
        "i̇leti",
        "üzenet",
        "mail",
        "e-mail",
        "email",
        "poruka",
        "sporočilo",
        "μήνυμα",
        "missatge",
    ];
    if phrase.contains("pgp") || phrase.starts_with("end ") || phrase.starts_with("ende ") {
        return false;
    }
    const JOINED: &[&str] = &["消息", "原件", "メッセージ", "メール", "邮件", "郵件", "메시지", "메일"];
    let words = phrase.split_whitespace().count();
    (2..=4).contains(&words) && phrase.split_whitespace().any(|word| NOUNS.contains(&word))
        || phrase.chars().count() <= 12 && JOINED.iter().any(|noun| phrase.contains(noun))
}

/// A line, without dashes, that stands above a forwarded mail.
pub(super) fn opens_forward(line: &str) -> bool {
    let line = line.trim_end_matches([':', '：', ' ', '\u{a0}']);
    matches!(
        line,
        "begin forwarded message"
            | "anfang der weitergeleiteten nachricht"
            | "anfang der weitergeleiteten e-mail"
            | "début du message réexpédié"
            | "début du message transféré"
            | "inicio del mensaje reenviado"
            | "inizio messaggio inoltrato"
            | "início da mensagem reencaminhada"
            | "início da mensagem encaminhada"
            | "begin doorgestuurd bericht"
            | "vidarebefordrat brev"
            | "vidarebefordrat meddelande"
            | "påbörjat vidarebefordrat meddelande"
            | "start på videresendt besked"
            | "start på videresendt melding"
            | "videresendt melding"
            | "starten på den videresendte meldingen"
            | "välitetty viesti alkaa"
            | "välitetty viesti"
            | "viesti välitetty"
            | "początek przekazywanej wiadomości"
            | "początek przesłanej wiadomości"
            | "začátek přeposlané zprávy"
            | "přeposlaná zpráva"
            | "začiatok preposlanej správy"
            | "начало переадресованного сообщения"
            | "начало пересылаемого сообщения"
            | "початок переадресованого повідомлення"
            | "початок переадресованого листа"
            | "iletilen ileti başlangıcı"
            | "iletilmiş mesaj başlangıcı"
            | "başlangıçta iletilen mesaj"
            | "iletilen mesajın başlangıcı"
            | "転送されたメッセージ"
            | "転送されたメール"
            | "以下は転送されたメッセージです"
            | "下面是被转发的邮件"
            | "以下是转发的邮件"
            | "开始转发的邮件"
            | "開始轉寄郵件"
            | "以下是轉寄的郵件"
            | "전달된 메시지 시작"
            | "전달된 메시지"
            | "továbbított levél kezdete"
            | "inceputul mesajului redirecționat"
            | "inceput mesaj redirecționat"
            | "αρχή προωθημένου μηνύματος"
    )
}

/// What a footer of a phone or an app begins with, followed by the name of a device or an app.
const SENT_FROM: &[&str] = &[
    "sent from",
    "sent via",
    "sent with",
    "sent using",
    "sent by",
    "sent wirelessly",
    "this message was sent from",
    "this email was sent from",
    "this message has been sent from",
    "this mail was sent from",
    "gesendet von",
    "gesendet mit",
    "gesendet über",
    "gesendet via",
    "gesendet aus",
    "versendet mit",
    "verschickt mit",
    "verschickt von",
    "von unterwegs gesendet",
    "envoyé de",
    "envoyé depuis",
    "envoyé à partir",
    "envoyé avec",
    "envoyé sans fil",
    "envoyé par",
    "envoyé via",
    "envoyé d'",
    "envoyé d’",
    "envoye de",
    "envoye depuis",
    "provenance :",
    "enviado desde",
    "enviado con",
    "enviado mediante",
    "enviado vía",
    "enviado via",
    "enviado por",
    "enviado a través",
    "enviado do",
    "enviado de",
    "enviado pelo",
    "enviado a partir",
    "enviado com",
    "enviada do",
    "enviado usando",
    "inviato da",
    "inviato con",
    "inviato dal",
    "inviato tramite",
    "inviato via",
    "inviata da",
    "verzonden vanaf",
    "verzonden met",
    "verzonden via",
    "verzonden van",
    "verzonden vanuit",
    "verstuurd vanaf",
    "verstuurd met",
    "verstuurd via",
    "verstuurd van",
    "skickat från",
    "skickat med",
    "skickat via",
    "skickad från",
    "skickat frän",
    "sendt fra",
    "sendt med",
    "sendt via",
    "sendt frå",
    "lähetetty",
    "wysłane z",
    "wysłano z",
    "wysłane przez",
    "wysłana z",
    "wysłane za",
    "odesláno z",
    "odesláno přes",
    "odesláno pomocí",
    "posláno z",
    "odeslané z",
    "odoslané z",
    "poslané z",
    "отправлено с",
    "отправлено из",
    "отправлено через",
    "отправлено при помощи",
    "послано с",
    "надіслано з",
    "надіслано із",
    "надіслано через",
    "відправлено з",
    "відправлено із",
    "відправлено через",
    "发自",
    "發自",
    "来自我的",
    "來自我的",
    "trimis de pe",
    "trimis din",
    "küldve",
    "elküldve",
    "στάλθηκε από",
    "poslano s",
    "poslano iz",
    "gửi từ",
    "được gửi từ",
    "dikirim dari",
    "enviat des",
    "saadetud minu",
    "išsiųsta iš",
    "nosūtīts no",
    "تم الإرسال من",
    "أرسلت من",
    "أُرسلت من",
    "נשלח מה",
    "נשלח מ",
    "ส่งจาก",
    "изпратено от",
    "poslano z",
    "poslano sa",
    "odoslané pomocou",
    "saatnud minu",
    "enviat des del",
];

/// What a footer begins with that offers an app, followed by the name of a system.
const STORES: &[&str] = &[
    "get outlook",
    "get [outlook",
    "holen sie sich outlook",
    "hol dir outlook",
    "outlook für",
    "téléchargez outlook",
    "télécharger outlook",
    "obtenez outlook",
    "obtenir outlook",
    "obtener outlook",
    "obtén outlook",
    "descargar outlook",
    "consigue outlook",
    "obter o outlook",
    "obter outlook",
    "obtenha o outlook",
    "baixe o outlook",
    "ottieni outlook",
    "scarica outlook",
    "ottenere outlook",
    "outlook voor",
    "download outlook",
    "outlook downloaden",
    "hämta outlook",
    "hent outlook",
    "få outlook",
    "skaff outlook",
    "last ned outlook",
    "hanki outlook",
    "lataa outlook",
    "pobierz outlook",
    "pobierz aplikację",
    "pobierz program outlook",
    "uzyskaj outlook",
    "uzyskaj aplikację outlook",
    "získejte outlook",
    "získat outlook",
    "stáhnout outlook",
    "stáhněte si outlook",
    "получить outlook",
    "скачать outlook",
    "завантажити outlook",
    "отримати outlook",
    "下载 outlook",
    "获取 outlook",
    "取得 outlook",
    "下載 outlook",
    "获取outlook",
    "outlook for ios",
    "outlook for android",
    "ios용 outlook",
    "android용 outlook",
    "ios 用 outlook",
    "outlook pour",
    "outlook per",
    "outlook para",
];

/// What a footer begins with that people begin sentences with, too.
const ORIGINS: &[&str] = &[
    "az iphone",
    "diese e-mail wurde von",
    "diese mail wurde mit",
    "diese nachricht wurde",
    "from my ipad",
    "from my iphone",
    "from my mobile",
    "from my phone",
    "mobil gesendet",
    "von meinem",
    "von meinem android",
    "von meinem handy",
    "von meinem ipad",
    "von meinem iphone",
    "von meinem mobil",
    "von meinem samsung",
    "von meinem smartphone",
    "从我的",
    "從我的",
    "由我的",
    "自我的",
    "通过我的",
];

/// What such a footer ends with in languages whose verb comes last.
const SENT_ENDINGS: &[&str] = &[
    "dan gönderildi",
    "den gönderildi",
    "tan gönderildi",
    "ten gönderildi",
    "dan gönderilmiştir",
    "den gönderilmiştir",
    "から送信",
    "から送信されました",
    "より送信",
    "에서 보냄",
    "에서 보냈습니다",
    "에서 전송",
    "에서 전송됨",
    "에서 보낸 메일",
    "에서 발송",
];

/// What an offer of an app ends with in languages whose verb comes last.
const STORE_ENDINGS: &[&str] = &["を入手", "edinin", "다운로드", "가져오기", "받기", "获取", "beziehen", "downloaden", "herunterladen"];

/// Words that name a device, an app, or say that somebody is on the move.
const DEVICES: &[&str] = &[
    "iphone",
    "ipad",
    "ipod",
    "android",
    "phone",
    "mobile",
    "mobil",
    "handy",
    "smartphone",
    "blackberry",
    "galaxy",
    "samsung",
    "windows",
    "outlook",
    "mail",
    "device",
    "gerät",
    "tablet",
    "cell",
    "yahoo",
    "gmail",
    "app",
    "proton",
    "htc",
    "lg",
    "nokia",
    "motorola",
    "huawei",
    "xiaomi",
    "sony",
    "pixel",
    "oneplus",
    "spark",
    "airmail",
    "mailbird",
    "superhuman",
    "thunderbird",
    "телефон",
    "смартфон",
    "устройств",
    "пристро",
    "móvil",
    "movil",
    "celular",
    "telefon",
    "téléphone",
    "telefono",
    "telefone",
    "puhelim",
    "telefoon",
    "mac",
    "pc",
    "laptop",
    "watch",
    "ios",
    "手机",
    "手機",
    "スマートフォン",
    "携帯",
    "핸드폰",
    "휴대폰",
    "アプリ",
    "メール",
    "blackberry",
    "typemail",
    "nine",
    "bluemail",
    "mobiel",
    "dispositiv",
    "dispositif",
    "terminal",
    "portable",
    "mobilní",
    "telefón",
    "komórk",
    "урядzeni",
    "urządzeni",
    "почт",
    "пошт",
    "邮箱",
    "网易",
    "qq",
    "foxmail",
    "コンピュータ",
    "네이버",
    "메일",
    "wireless",
    "smartphon",
    "surface",
    "chromebook",
    "vodafone",
    "verizon",
    "t-mobile",
    "orange",
    "free mobile",
    "gmx",
    "web.de",
    "poczt",
    "seznam",
    "iphon",
    "ipad",
    "آيفون",
    "هاتف",
    "جهاز",
    "ไอโฟน",
    "teléfono",
    "điện thoại",
    "tietokone",
    "mobiil",
    "κινητό",
    "συσκευή",
];

/// Words of an apology for brevity, which may follow in a footer.
const APOLOGIES: &[&str] = &[
    "please",
    "excuse",
    "typo",
    "brevity",
    "sorry",
    "forgive",
    "pardon",
    "brief",
    "tippfehler",
    "entschuldig",
    "kürze",
    "excus",
    "disculp",
    "perdon",
    "scus",
    "desculp",
    "excuser",
    "ursäkta",
    "undskyld",
    "beklager",
];

/// Whether this line, in lower case and without brackets, is the footer of a phone or an app.
pub(super) fn is_sent_from(line: &str) -> bool {
    if line.len() > 240 || line.len() < 6 {
        return false;
    }
    let shape = |rest: &str| {
        let words = rest.split_whitespace().count();
        let comma = rest.find([',', ';']).map(|at| &rest[at..]);
        words <= 16 && comma.is_none_or(|rest| APOLOGIES.iter().any(|word| rest.contains(word)) || rest.split_whitespace().count() <= 4)
    };
    let named = |rest: &str| DEVICES.iter().any(|device| contains_word_start(rest, device));
    let words = line.split_whitespace().count();
    let system =
        |rest: &str| words <= 9 && ["ios", "android", "mac", "windows", "mobile", "aka.ms"].iter().any(|system| rest.contains(system));
    let first = line.as_bytes()[0];
    let begins = |list: &[&str]| list.iter().filter(|prefix| prefix.as_bytes()[0] == first).find_map(|prefix| line.strip_prefix(prefix));
    // Yahoo's apps end with a slogan
    if words <= 9 && (line.starts_with("yahoo mail:") || line.starts_with("yahoo mail :")) {
        return true;
    }
    if let Some(rest) = begins(STORES) {
        if line.starts_with("outlook") && words > 5 {
            return false;
        }
        return system(rest) || line.contains("outlook") && system(line);
    }
    if let Some(rest) = begins(SENT_FROM) {
        // the device comes soon: "sent from way too many devices" is a sentence
        let near = rest.match_indices(' ').filter(|(at, _)| *at > 0).nth(3).map_or(rest, |(at, _)| &rest[..at]);
        return shape(rest) && (named(near) || is_mine(rest) || system(line));
    }
    if begins(ORIGINS).is_some() {
        let sent = ["gesendet", "versendet", "verschickt", "传", "傳", "发", "發", "寄"].iter().any(|verb| line.contains(verb));
        return words <= 14 && named(line) && (words <= 4 || sent);
    }
    if let Some((_, tail)) = line.split_once(" from my ")
        && words <= 8
        && line.starts_with("sent")
    {
        return named(tail);
    }
    let end = line.trim_end_matches(['.', '。', '!', ' ']);
    let ends = |list: &[&str]| list.iter().any(|ending| end.ends_with(ending));
    !line.is_ascii() && ends(SENT_ENDINGS) && words <= 12 && named(line) || line.contains("outlook") && ends(STORE_ENDINGS) && system(line)
}

/// "my Foo X1": a device that nobody listed, named by its owner.
fn is_mine(rest: &str) -> bool {
    const MINE: &[&str] =
        &["my", "meinem", "mon", "mi", "mio", "meu", "mijn", "min", "mitt", "mein", "mojego", "mého", "моего", "мого", "我的", "minun"];
    let mut words = rest.split_whitespace();
    words.next().is_some_and(|word| MINE.contains(&word)) && (1..=5).contains(&words.count())
}

fn contains_word_start(text: &str, word: &str) -> bool {
    let mut from = 0;
    while let Some(at) = text[from..].find(word) {
        let start = from + at;
        let before = text[..start].chars().next_back();
        if !before.is_some_and(|before| before.is_alphabetic() && before.is_ascii()) || !word.is_ascii() {
            let after = text[start + word.len()..].chars().next();
            let rest = &text[start + word.len()..];
            // "sent by mail" speaks of no program, "K-9 Mail" and "Mail for Windows" do
            let program = word != "mail"
                || start > 0 && rest.is_empty()
                || [" for", " app", " on ", " plus", "]", " für", " pour"].iter().any(|next| rest.starts_with(next));
            if !program {
                from = start + word.len();
                continue;
            }
            if word.len() > 3 || !after.is_some_and(|after| after.is_ascii_alphabetic()) {
                return true;
            }
        }
        from = start + word.len();
    }
    false
}

/// Closing words of a mail, at the start of a line: "Best regards", "Mit freundlichen Grüßen".
const CLOSINGS: &[&str] = &[
    "best regards",
    "kind regards",
    "warm regards",
    "regards",
    "warmest regards",
    "kindest regards",
    "many regards",
    "best wishes",
    "warm wishes",
    "sincerely",
    "yours sincerely",
    "yours truly",
    "yours faithfully",
    "sincerely yours",
    "respectfully",
    "cheers",
    "all the best",
    "cordially",
    "br",
    "best",
    "mit freundlichen grüßen",
    "mit freundlichen grüssen",
    "mit freundlichem gruß",
    "mit freundlichem gruss",
    "freundliche grüße",
    "freundliche grüsse",
    "viele grüße",
    "viele grüsse",
    "liebe grüße",
    "liebe grüsse",
    "beste grüße",
    "beste grüsse",
    "schöne grüße",
    "herzliche grüße",
    "herzliche grüsse",
    "mit besten grüßen",
    "mit herzlichen grüßen",
    "mfg",
    "lg",
    "vg",
    "grüße",
    "gruß",
    "gruss",
    "viele liebe grüße",
    "mit lieben grüßen",
    "cordialement",
    "bien cordialement",
    "bien à vous",
    "bien à toi",
    "cdlt",
    "sincères salutations",
    "salutations",
    "salutations distinguées",
    "amicalement",
    "bonne journée",
    "meilleures salutations",
    "très cordialement",
    "saludos",
    "un saludo",
    "saludos cordiales",
    "un cordial saludo",
    "cordialmente",
    "atentamente",
    "un abrazo",
    "atte",
    "muchos saludos",
    "cordiali saluti",
    "distinti saluti",
    "saluti",
    "un saluto",
    "un caro saluto",
    "a presto",
    "cari saluti",
    "atenciosamente",
    "att",
    "abraços",
    "um abraço",
    "cumprimentos",
    "com os melhores cumprimentos",
    "melhores cumprimentos",
    "cordiais cumprimentos",
    "obrigado",
    "met vriendelijke groet",
    "met vriendelijke groeten",
    "vriendelijke groet",
    "vriendelijke groeten",
    "groeten",
    "groet",
    "groetjes",
    "hartelijke groet",
    "hartelijke groeten",
    "mvg",
    "med vänlig hälsning",
    "med vänliga hälsningar",
    "vänliga hälsningar",
    "vänlig hälsning",
    "hälsningar",
    "bästa hälsningar",
    "mvh",
    "vänligen",
    "med venlig hilsen",
    "venlig hilsen",
    "de bedste hilsner",
    "bedste hilsner",
    "hilsen",
    "kærlig hilsen",
    "kh",
    "vh",
    "med vennlig hilsen",
    "vennlig hilsen",
    "beste hilsen",
    "mange hilsner",
    "ystävällisin terveisin",
    "parhain terveisin",
    "terveisin",
    "terveiset",
    "yt",
    "pozdrawiam",
    "z poważaniem",
    "serdecznie pozdrawiam",
    "pozdrowienia",
    "z wyrazami szacunku",
    "s pozdravem",
    "s přátelským pozdravem",
    "hezký den",
    "zdraví",
    "s úctou",
    "с уважением",
    "с наилучшими пожеланиями",
    "всего доброго",
    "всего хорошего",
    "з повагою",
    "з найкращими побажаннями",
    "всього найкращого",
    "saygılarımla",
    "saygılar",
    "sevgiler",
    "iyi çalışmalar",
    "iyi günler",
    "selamlar",
    "敬具",
    "此致",
    "祝好",
    "顺颂商祺",
    "順頌商祺",
    "敬上",
    "üdvözlettel",
    "cu stimă",
    "cu respect",
    "trân trọng",
    "με εκτίμηση",
    "tervitades",
    "parimate soovidega",
];

/// Whether this line, in lower case, is nothing but closing words (and perhaps a comma or a name of at most three words after it).
pub(super) fn is_closing(line: &str) -> bool {
    let line = line.trim_matches([',', '.', '!', ' ', '*', '-', '–', '—', '_', ':', '~']);
    if line.len() > 120 {
        return false;
    }
    CLOSINGS.iter().any(|closing| {
        line.strip_prefix(closing).is_some_and(|rest| {
            rest.is_empty()
                || (rest.starts_with([',', ' ', '!', '.'])
                    && rest.len() > 1
                    && rest.starts_with(',')
                    && rest.split_whitespace().count() <= 4)
        })
    })
}

/// Whether this line, in lower case, is a closing formula of two letters, as programs put them: "BR", "Kh".
pub(super) fn is_abbreviated_closing(line: &str) -> bool {
    matches!(line.trim_matches([',', '.', '!', ' ', '-']), "br" | "kh" | "vh" | "kr")
}

/// Words of the legal notes that companies put under mail; a paragraph with several of them is one.
const DISCLAIMER: &[&str] = &[
    "confidential",
    "intended recipient",
    "intended solely",
    "intended only",
    "unauthorized",
    "unauthorised",
    "disclosure",
    "privileged",
    "notify the sender",
    "delete this",
    "disseminat",
    "strictly prohibited",
    "received this",
    "by mistake",
    "tell the sender",
    "inform the sender",
    "delete it",
    "addressed to",
    "addressee",
    "email and any",
    "e-mail and any",
    "message and any",
    "named above",
    "meant only",
    "in error",
    "vertraulich",
    "bestimmungsgemäße",
    "empfänger",
    "unbefugt",
    "irrtümlich",
    "nicht gestattet",
    "vernichten",
    "rechtlich geschützt",
    "informieren sie",
    "absender",
    "confidentiel",
    "destinataire",
    "par erreur",
    "interdit",
    "détruire",
    "diffusion",
    "expéditeur",
    "confidencial",
    "destinatario",
    "prohibid",
    "por error",
    "eliminar",
    "remitente",
    "proibid",
    "por engano",
    "destinatário",
    "riservat",
    "destinatari",
    "per errore",
    "vietat",
    "mittente",
    "vertrouwelijk",
    "geadresseerde",
    "onbevoegd",
    "ten onrechte",
    "afzender",
    "verspreiding",
    "konfidentiell",
    "mottagare",
    "fortrolig",
    "luottamuksell",
    "poufn",
    "adresat",
    "omyłkow",
    "důvěrn",
    "adresát",
    "конфиденциальн",
    "получател",
    "конфіденційн",
    "одержувач",
    "gizli",
    "alıcı",
    "機密",
    "受信者",
    "保密",
    "机密",
    "收件人",
    "기밀",
    "수신인",
];

/// Whether this paragraph is a legal note, in lower case.
pub(super) fn is_disclaimer(paragraph: &str) -> bool {
    let needed = if paragraph.is_ascii() || paragraph.chars().filter(char::is_ascii).count() * 2 > paragraph.len() { 3 } else { 2 };
    paragraph.len() >= 60 && DISCLAIMER.iter().filter(|word| paragraph.contains(*word)).take(needed).count() == needed
}

/// What asks people to write above it, in mail of this and of other systems.
pub(super) fn is_above(line: &str) -> bool {
    const ABOVE: &[&str] = &[
        "reply above this line",
        "reply above the line",
        "reply above this dotted line",
        "write above this line",
        "type your reply above this line",
        "respond above this line",
        "reply above here",
        "reply between these lines",
        "oberhalb dieser linie",
        "oberhalb dieser zeile",
        "über dieser linie",
        "über dieser zeile",
        "au-dessus de cette ligne",
        "dessus cette ligne",
        "encima de esta línea",
        "por encima de esta linea",
        "arriba de esta línea",
        "sopra questa riga",
        "sopra questa linea",
        "acima desta linha",
        "boven deze lijn",
        "boven deze regel",
        "ovanför denna linje",
        "ovanför den här raden",
        "ovanför denna rad",
        "over denne linje",
        "over denne linjen",
        "tämän rivin yläpuolelle",
        "powyżej tej linii",
        "nad tímto řádkem",
        "nad tuto linku",
        "nad tento řádek",
        "над этой строкой",
        "выше этой строки",
        "выше этой линии",
        "над цим рядком",
        "вище цього рядка",
        "вище цієї лінії",
        "bu satırın üst",
        "bu çizginin üst",
        "この行より上",
        "この線より上",
        "在此行上方",
        "在此线上方",
        "在此線上方",
        "이 줄 위",
        "فوق هذا السطر",
        "מעל שורה זו",
        "מעל לשורה זו",
        "e sor fölé",
        "a vonal fölé",
        "deasupra acestei linii",
        "deasupra acestui rând",
        "πάνω από αυτή τη γραμμή",
        "πάνω από αυτήν τη γραμμή",
        "phía trên dòng này",
        "di atas baris ini",
        "над този ред",
        "над тази линия",
        "iznad ove crte",
        "iznad ove linije",
        "nad tento riadok",
        "nad tejto čiare",
        "sobre aquesta línia",
        "nad to vrstico",
        "เหนือบรรทัดนี้",
    ];
    if line.len() > 200 {
        return false;
    }
    let bare = line.trim_matches(|c: char| !c.is_alphanumeric());
    let marked = !line.trim_start().starts_with(|c: char| c.is_alphanumeric() || matches!(c, '"' | '“' | '„' | '«' | '\''));
    let words = bare.split_whitespace().count();
    if words > if marked { 14 } else { 9 } {
        return false;
    }
    let ascii = bare.is_ascii();
    ABOVE
        .iter()
        .filter(|above| !ascii || above.is_ascii())
        .any(|above| bare.contains(above) && (marked && words <= 14 || words <= 9 && (bare.starts_with(above) || bare.ends_with(above))))
}
