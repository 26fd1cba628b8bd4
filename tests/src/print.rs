//! Mail on paper, as snapshots keep it: everything that chance decides is taken out.

use chrono_tz::Tz;

use crate::Mail;

/// A list of mails: when by a zone's clock, to whom, and what about.
pub fn list(mails: &[Mail], zone: Tz) -> String {
    let line = |mail: &Mail| format!("{}  {:24}  {}\n", mail.local(zone), mail.to, mail.subject);
    mails.iter().map(line).collect()
}

/// One mail: when, to whom, subject and text.
pub fn mail(mail: &Mail, zone: Tz) -> String {
    format!("{}\nTo: {}\nSubject: {}\n\n{}", mail.local(zone), mail.to, mail.subject, scrub(&mail.text))
}

/// A text with ids and tokens taken out.
pub fn scrub(text: &str) -> String {
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_of_word) {
        let (before, from) = rest.split_at(start);
        clean.push_str(before);
        let (word, after) = from.split_at(from.find(|c| !is_of_word(c)).unwrap_or(from.len()));
        let is_id = word.len() == 26 && word.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
        clean.push_str(match word {
            _ if is_id => "<id>",
            _ if ["/u/", "/m/", "reply+"].iter().any(|before| clean.ends_with(before)) => "<token>",
            word => word,
        });
        rest = after;
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use super::scrub;

    #[test]
    fn ids_and_tokens_are_taken_out_and_nothing_else() {
        let text =
            "Open https://x.example/clients/01J9Z3K5T0QW8R2M4N6P7S9V1X, or http://x.example/u/AUvb-_x9 reply+ab2@r.example.\n-- \nA · b";
        assert_eq!(scrub(text), "Open https://x.example/clients/<id>, or http://x.example/u/<token> reply+<token>@r.example.\n-- \nA · b");
    }
}
