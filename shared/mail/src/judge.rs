//! Whom a mail comes from, and whether a person wrote it: judged by its envelope, its headers and what SES found out, before
//! anything is looked up (IN-10 to IN-27). Pure: the same mail is always judged the same.

use std::net::IpAddr;

use domain::inbound::{RECIPIENTS_MOST, Refusal, Verdict};

use crate::LOOP_HEADER;
use crate::incoming::{Headers, Mailbox};

/// Who says what SES checked: the authserv-id of its `Authentication-Results` (RFC 8601).
const AUTHSERV: &str = "amazonses.com";
/// How subjects of automatic answers begin.
const AUTOMATIC_SUBJECTS: &[&str] = &[
    "auto:",
    "auto reply",
    "auto-reply",
    "autoreply",
    "automatic reply",
    "auto response",
    "autosvar",
    "automatisk svar",
    "automatiskt svar",
    "automatisch antwoord",
    "automatische antwort",
    "automaattinen vastaus",
    "abwesenheitsnotiz",
    "respuesta automática",
    "resposta automática",
    "risposta automatica",
    "risposta non al computer",
    "fuori sede",
    "out of office",
    "out of the office",
    "frånvaro",
    "réponse automatique",
    "odpowiedź automatyczna",
    "automatická odpověď",
    "автоматический ответ",
    "автоматична відповідь",
    "otomatik yanıt",
    "自動返信",
    "自動応答",
    "自动回复",
    "自動回覆",
    "자동 회신",
];
/// What names and values of headers contain that programs write when they answer.
const AUTOMATIC_WORDS: &[&str] = &["response", "respond", "submitted", "replied", "reply", "generated"];

/// What is known of a mail besides its text.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The envelope's sender; none for `<>`.
    pub sender: Option<&'a str>,
    /// How many recipients the envelope has.
    pub recipients: usize,
    /// Whether it is spam.
    pub spam: Verdict,
    /// Whether there is a virus in it.
    pub virus: Verdict,
    /// Whether the sender's domain stands by it.
    pub dmarc: Verdict,
    /// The domains that mail of ours comes from or is answered at, in lower case.
    pub ours: &'a [&'a str],
}

/// How certain it is that a mail comes from whom it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Nobody stands by it.
    None,
    /// The sender's domain publishes no policy, but signed the mail, or sent it (IN-12).
    Aligned,
    /// The sender's domain stands by it by a policy of its own.
    Dmarc,
}

/// A mail that a person may have written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The address it says to come from, as written.
    pub from: String,
    /// How certain that is.
    pub certainty: Certainty,
}

/// Judges a mail.
///
/// # Errors
/// The first reason why it is nobody's comment.
pub fn judge(facts: &Facts<'_>, headers: &Headers) -> Result<Judged, Refusal> {
    if facts.recipients > RECIPIENTS_MOST {
        return Err(Refusal::TooManyRecipients);
    }
    match facts.virus {
        Verdict::Pass => {}
        Verdict::Fail | Verdict::Gray | Verdict::Unknown => return Err(Refusal::Virus),
    }
    match facts.spam {
        Verdict::Fail => return Err(Refusal::Spam),
        Verdict::Pass | Verdict::Gray | Verdict::Unknown => {}
    }
    let from = match &headers.from()[..] {
        [mailboxes] => match &mailboxes[..] {
            [Mailbox { address, .. }] if !address.is_empty() => Some(address.clone()),
            _ => None,
        },
        _ => None,
    };
    if let Some(why) = automatic(facts, headers, from.as_deref()) {
        return Err(why);
    }
    let from = from.ok_or(Refusal::NoSingleSender)?;
    let certainty = match facts.dmarc {
        Verdict::Pass => Certainty::Dmarc,
        Verdict::Fail => return Err(Refusal::Forged),
        Verdict::Gray if aligned(facts, headers, &from) => Certainty::Aligned,
        Verdict::Gray | Verdict::Unknown => Certainty::None,
    };
    Ok(Judged { from, certainty })
}

/// Whether an answer to the mail would be unwelcome, which its sender can say (IN-23).
pub fn wants_no_answer(headers: &Headers) -> bool {
    headers.first("X-Auto-Response-Suppress").is_some()
}

/// Why a mail is none that a person wrote.
fn automatic(facts: &Facts<'_>, headers: &Headers, from: Option<&str>) -> Option<Refusal> {
    let ours = |address: &str| {
        let domain = domain_of(address).to_ascii_lowercase();
        facts.ours.iter().any(|ours| domain == *ours)
    };
    if headers.first(LOOP_HEADER).is_some() || from.is_some_and(ours) {
        return Some(Refusal::Loop);
    }
    let first_word = |value: &str| value.split([';', ' ', '\t']).next().unwrap_or_default().trim().to_ascii_lowercase();
    if headers.first("Content-Type").is_some_and(|kind| first_word(kind) == "multipart/report")
        || headers.first("X-Failed-Recipients").is_some()
        || facts.sender.is_none_or(|sender| sender.trim().trim_matches(['<', '>']).is_empty())
        || headers.first("Return-Path").is_some_and(|path| path.trim() == "<>")
    {
        return Some(Refusal::Bounce);
    }
    if headers.all("Auto-Submitted").any(|value| first_word(value) != "no")
        || headers.iter().any(|(name, value)| says_automatic(name, value))
        || from.is_some_and(is_daemon)
        || says_away(headers.subject())
    {
        return Some(Refusal::Automatic);
    }
    let precedence = headers.first("Precedence").map(first_word);
    match precedence.as_deref() {
        Some("auto_reply") => return Some(Refusal::Automatic),
        Some("bulk" | "junk" | "list") => return Some(Refusal::List),
        Some(_) | None => {}
    }
    (headers.first("List-Id").is_some() || headers.first("List-Unsubscribe").is_some()).then_some(Refusal::List)
}

/// Whether a header is one that programs write when they answer. A wish about answers to the mail is none.
fn says_automatic(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "x-auto-response-suppress" | "auto-submitted" | "subject" | "received" | "dkim-signature" | "authentication-results" => {
            return false;
        }
        "x-autoreply" | "x-autorespond" => return true,
        _ => {}
    }
    let tells = |text: &str| {
        let after_auto = text.match_indices("auto").any(|(at, _)| {
            let rest = text[at + 4..].trim_start_matches(['-', '_']);
            AUTOMATIC_WORDS.iter().any(|word| rest.starts_with(word))
        });
        after_auto || text.contains("holidayreply") || text.contains("machinegenerated")
    };
    // what people write stands in some headers too; only those of programs' own are searched
    tells(&name) || (name.starts_with("x-") && value.len() <= 200 && tells(&value.to_ascii_lowercase()))
}

/// Whether an address is one that no person reads.
fn is_daemon(address: &str) -> bool {
    let local = address.rsplit_once('@').map_or(address, |(local, _)| local).to_ascii_lowercase();
    let plain: String = local.chars().filter(char::is_ascii_alphanumeric).collect();
    matches!(plain.as_str(), "mailerdaemon" | "postmaster" | "noreply" | "donotreply")
}

fn says_away(subject: &str) -> bool {
    let subject = subject.trim_start().to_lowercase();
    AUTOMATIC_SUBJECTS.iter().any(|beginning| subject.starts_with(beginning))
}

/// Whether SES found that the domain in From signed the mail or sent it, by the first `Authentication-Results` alone: what
/// stands below it, others have written (RFC 8601, section 5).
fn aligned(facts: &Facts<'_>, headers: &Headers, from: &str) -> bool {
    let Some(results) = headers.first("Authentication-Results") else { return false };
    let results = without_comments(results);
    let mut parts = results.split(';');
    let mut id = parts.next().unwrap_or_default().split_ascii_whitespace();
    if !id.next().is_some_and(|id| id.eq_ignore_ascii_case(AUTHSERV)) || id.next().is_some_and(|version| version != "1") {
        return false;
    }
    let from = domain_of(from);
    let mut sender = facts.sender.map(|sender| domain_of(sender.trim().trim_matches(['<', '>'])).to_owned());
    parts.any(|part| {
        let mut words = part.split_ascii_whitespace();
        match words.next() {
            Some("dkim=pass") => words.any(|word| {
                let domain = word.strip_prefix("header.i=").or_else(|| word.strip_prefix("header.d="));
                domain.is_some_and(|domain| same_organisation(domain_of(domain), from))
            }),
            Some("spf=pass") => sender.take().is_some_and(|sender| same_organisation(&sender, from)),
            Some(_) | None => false,
        }
    })
}

/// A header's value without its comments, which may stand inside each other (RFC 5322, section 3.2.2).
fn without_comments(value: &str) -> String {
    let (mut depth, mut escaped) = (0_usize, false);
    value
        .chars()
        .filter(|c| {
            let inside = depth > 0;
            match c {
                _ if escaped => escaped = false,
                '\\' if inside => escaped = true,
                '(' => depth += 1,
                ')' if inside => depth -= 1,
                _ => {}
            }
            !inside && *c != '('
        })
        .collect()
}

/// Whether two domains belong to the same organisation: what one may register below a public suffix (RFC 7489, section 3.2).
fn same_organisation(a: &str, b: &str) -> bool {
    let organisation = |domain: &str| {
        let domain = domain.trim_end_matches('.').to_ascii_lowercase();
        if domain.parse::<IpAddr>().is_ok() {
            return None;
        }
        Some(psl::domain_str(&domain)?.to_owned())
    };
    organisation(a).is_some_and(|a| Some(a) == organisation(b))
}

fn domain_of(address: &str) -> &str {
    address.rsplit_once('@').map_or(address, |(_, domain)| domain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incoming;

    const FACTS: Facts<'static> = Facts {
        sender: Some("amber@stone.example"),
        recipients: 1,
        spam: Verdict::Pass,
        virus: Verdict::Pass,
        dmarc: Verdict::Pass,
        ours: &["cairn.example", "reply.cairn.example"],
    };

    fn judged(facts: Facts<'_>, more: &str) -> Result<Judged, Refusal> {
        let raw = format!("{more}From: Amber Stone <amber@stone.example>\r\nSubject: Re: Hold 1:1s\r\n\r\nYes.\r\n");
        judge(&facts, &incoming::headers(raw.as_bytes()))
    }

    fn is_from_amber(certainty: Certainty) -> Result<Judged, Refusal> {
        Ok(Judged { from: "amber@stone.example".into(), certainty })
    }

    #[test]
    fn what_a_person_wrote_is_let_through() {
        for more in [
            "",
            "Auto-Submitted: no\r\n",
            "X-Auto-Response-Suppress: All\r\n",
            "Precedence: normal\r\n",
            "X-Mailer: Some Automobile Mailer\r\n",
            "Thread-Topic: auto reply to my auto-response\r\n",
            "Importance: high\r\n",
        ] {
            assert_eq!(judged(FACTS, more), is_from_amber(Certainty::Dmarc), "{more}");
        }
    }

    #[test]
    fn what_a_program_wrote_is_known_by_its_headers() {
        for (more, why) in [
            ("Auto-Submitted: auto-replied\r\n", Refusal::Automatic),
            ("Auto-Submitted: Auto-Generated; x=y\r\n", Refusal::Automatic),
            ("X-Autoreply: yes\r\n", Refusal::Automatic),
            ("X-Autorespond: vacation\r\n", Refusal::Automatic),
            ("X-Auto-Reply-From: a@b.example\r\n", Refusal::Automatic),
            ("X-POST-MessageClass: 9; Autoresponder\r\n", Refusal::Automatic),
            ("Precedence: auto_reply\r\n", Refusal::Automatic),
            ("Precedence: Bulk\r\n", Refusal::List),
            ("List-Id: <x.lists.example>\r\n", Refusal::List),
            ("List-Unsubscribe: <https://x.example>\r\n", Refusal::List),
            ("Content-Type: multipart/report; report-type=delivery-status\r\n", Refusal::Bounce),
            ("X-Failed-Recipients: x@y.example\r\n", Refusal::Bounce),
            ("Return-Path: <>\r\n", Refusal::Bounce),
            ("X-Happenings-Loop: cairn\r\n", Refusal::Loop),
        ] {
            assert_eq!(judged(FACTS, more), Err(why), "{more}");
        }
        assert_eq!(judged(Facts { sender: None, ..FACTS }, ""), Err(Refusal::Bounce));
        assert_eq!(judged(Facts { sender: Some("<>"), ..FACTS }, ""), Err(Refusal::Bounce));
    }

    #[test]
    fn away_messages_are_known_by_their_subjects_in_many_languages() {
        for subject in [
            "Automatic reply: Re: x",
            "AUTO: away",
            "Abwesenheitsnotiz",
            "Réponse automatique : x",
            "自動返信: x",
            "Автоматический ответ: x",
        ] {
            let raw = format!("From: a@b.example\nSubject: {subject}\n\nx");
            assert_eq!(judge(&FACTS, &incoming::headers(raw.as_bytes())), Err(Refusal::Automatic), "{subject}");
        }
        for subject in ["Automation plan", "Re: Out of office", "Autos", ""] {
            let raw = format!("From: a@b.example\nSubject: {subject}\n\nx");
            assert!(judge(&FACTS, &incoming::headers(raw.as_bytes())).is_ok(), "{subject}");
        }
    }

    #[test]
    fn a_mail_has_one_sender_who_is_a_person() {
        for (from, why) in [
            ("", Refusal::NoSingleSender),
            ("From: a@b.example\nFrom: c@d.example\n", Refusal::NoSingleSender),
            ("From: a@b.example, c@d.example\n", Refusal::NoSingleSender),
            ("From: MAILER-DAEMON@b.example\n", Refusal::Automatic),
            ("From: No_Reply@b.example\n", Refusal::Automatic),
            ("From: postmaster@b.example\n", Refusal::Automatic),
            ("From: reply+x@Reply.Cairn.Example\n", Refusal::Loop),
        ] {
            assert_eq!(judge(&FACTS, &incoming::headers(format!("{from}Subject: x\n\nx").as_bytes())), Err(why), "{from}");
        }
    }

    #[test]
    fn only_a_pass_passes() {
        for (verdict, expected) in [
            (Verdict::Pass, is_from_amber(Certainty::Dmarc)),
            (Verdict::Fail, Err(Refusal::Forged)),
            (Verdict::Gray, is_from_amber(Certainty::None)),
            (Verdict::Unknown, is_from_amber(Certainty::None)),
        ] {
            assert_eq!(judged(Facts { dmarc: verdict, ..FACTS }, ""), expected, "{verdict:?}");
        }
        for virus in [Verdict::Fail, Verdict::Gray, Verdict::Unknown] {
            assert_eq!(judged(Facts { virus, ..FACTS }, ""), Err(Refusal::Virus), "{virus:?}");
        }
        assert_eq!(judged(Facts { spam: Verdict::Fail, ..FACTS }, ""), Err(Refusal::Spam));
        assert_eq!(judged(Facts { spam: Verdict::Gray, ..FACTS }, ""), is_from_amber(Certainty::Dmarc));
        assert_eq!(judged(Facts { recipients: RECIPIENTS_MOST + 1, ..FACTS }, ""), Err(Refusal::TooManyRecipients));
    }

    #[test]
    fn without_a_policy_the_first_results_of_ses_count_and_no_others() {
        let gray = Facts { dmarc: Verdict::Gray, ..FACTS };
        for (more, certainty) in [
            ("Authentication-Results: amazonses.com; dkim=pass header.i=@stone.example; dmarc=none\r\n", Certainty::Aligned),
            ("Authentication-Results: amazonses.com 1; dkim=pass header.i=@mail.stone.example;\r\n", Certainty::Aligned),
            (
                "Authentication-Results: amazonses.com; spf=pass (spfCheck: dkim=pass; ok) client-ip=1.2.3.4; dmarc=none\r\n",
                Certainty::Aligned,
            ),
            ("Authentication-Results: amazonses.com; dkim=pass header.i=@evil.example; spf=fail\r\n", Certainty::None),
            ("Authentication-Results: amazonses.com; dkim=fail (dkim=pass header.i=@stone.example)\r\n", Certainty::None),
            ("Authentication-Results: evil.example; dkim=pass header.i=@stone.example\r\n", Certainty::None),
            ("Authentication-Results: amazonses.com.evil.example; dkim=pass header.i=@stone.example\r\n", Certainty::None),
            (
                "Authentication-Results: amazonses.com; dkim=none; spf=none\r\nAuthentication-Results: amazonses.com; dkim=pass header.i=@stone.example\r\n",
                Certainty::None,
            ),
        ] {
            assert_eq!(judged(gray, more), is_from_amber(certainty), "{more}");
        }
        let elsewhere = Facts { sender: Some("x@bounce.evil.example"), ..gray };
        assert_eq!(judged(elsewhere, "Authentication-Results: amazonses.com; spf=pass\r\n"), is_from_amber(Certainty::None));
    }

    #[test]
    fn a_public_suffix_is_nobodys_organisation() {
        assert!(same_organisation("mail.acme.co.uk", "acme.co.uk") && same_organisation("ACME.com.", "news.acme.com"));
        assert!(!same_organisation("co.uk", "acme.co.uk") && !same_organisation("acme.co.uk", "other.co.uk"));
        assert!(!same_organisation("10.0.0.1", "10.0.0.1") && !same_organisation("", ""));
    }
}
