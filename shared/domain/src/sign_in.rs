//! How people sign in: by a link that is mailed to them. There are no passwords.

use chrono::{DateTime, Duration, DurationRound, Utc};

use crate::access::Viewer;
use crate::client::Portal;

/// For how long a link works.
pub const LINK_GOOD_FOR: Duration = Duration::minutes(15);
/// For how long a browser stays signed in.
pub const SIGNED_IN_FOR: Duration = Duration::days(14);
/// So many links are sent to one address in an hour that are asked for from one place on the network.
pub const LINKS_MOST: u32 = 5;
/// So many links are sent to one address in an hour, from wherever they are asked for: more than anybody asks for from one
/// place, so that nobody can keep somebody else out by asking.
pub const LINKS_EVERYWHERE_MOST: u32 = 30;
/// So many links may be asked for from one place on the network in an hour, whoever for.
pub const ASKS_MOST: u32 = 30;
/// In so many accounts an address is told of; whoever is in more of them signs in to the first.
pub const ACCOUNTS_MOST: usize = 10;

/// Whether a person's API keys open anything. A client's do until the portal is switched off, or the client archived
/// (P-4, P-5): an internal record needs no portal for what a program does in its name.
pub fn may_use_keys(person: &Viewer) -> bool {
    match person {
        Viewer::Member(member) => member.active,
        Viewer::Personnel(person) => person.active,
        Viewer::Client(client) => !client.archived && client.portal != Portal::Disabled,
    }
}

/// Whether a person may sign in, and stay so: a client needs a portal that is on (P-5).
pub fn may_sign_in(person: &Viewer) -> bool {
    match person {
        Viewer::Member(member) => member.active,
        Viewer::Personnel(person) => person.active,
        Viewer::Client(client) => !client.archived && client.portal == Portal::Active,
    }
}

/// Whether a browser in which a person signed in at `since` is signed in still: not where their portal was shut or they were
/// deactivated after that, also when they may sign in again (P-5).
pub fn stays_signed_in(person: &Viewer, since: DateTime<Utc>) -> bool {
    let shut_at = match person {
        Viewer::Client(client) => client.shut_at,
        Viewer::Member(member) => member.shut_at,
        Viewer::Personnel(person) => person.shut_at,
    };
    may_sign_in(person) && shut_at.is_none_or(|shut_at| since > shut_at)
}

/// The hour in which something is counted, and how long it still lasts: more than nothing, and an hour at most.
pub fn counted_in(now: DateTime<Utc>) -> (DateTime<Utc>, Duration) {
    let hour = now.duration_trunc(Duration::hours(1)).unwrap_or(now);
    (hour, hour + Duration::hours(1) - now)
}

/// A browser in a few words, for its owner to know it again: "Firefox on Linux". Nothing of what it says of itself is
/// passed on.
pub fn browser(agent: &str) -> &'static str {
    // what pretends to be another comes before the other
    const BROWSERS: [(&str, usize); 5] = [("Edg", 0), ("OPR/", 1), ("Firefox/", 2), ("Chrome/", 3), ("Safari/", 4)];
    const SYSTEMS: [(&str, usize); 6] = [("Android", 0), ("iPhone", 1), ("iPad", 1), ("Windows", 2), ("Mac OS", 3), ("Linux", 4)];
    const WORDS: [[&str; 6]; 6] = [
        ["Edge on Android", "Edge on iOS", "Edge on Windows", "Edge on macOS", "Edge on Linux", "Edge"],
        ["Opera on Android", "Opera on iOS", "Opera on Windows", "Opera on macOS", "Opera on Linux", "Opera"],
        ["Firefox on Android", "Firefox on iOS", "Firefox on Windows", "Firefox on macOS", "Firefox on Linux", "Firefox"],
        ["Chrome on Android", "Chrome on iOS", "Chrome on Windows", "Chrome on macOS", "Chrome on Linux", "Chrome"],
        ["Safari on Android", "Safari on iOS", "Safari on Windows", "Safari on macOS", "Safari on Linux", "Safari"],
        ["A browser on Android", "A browser on iOS", "A browser on Windows", "A browser on macOS", "A browser on Linux", "A browser"],
    ];
    let found = |known: &[(&str, usize)]| known.iter().find(|(sign, _)| agent.contains(sign)).map_or(5, |(_, index)| *index);
    WORDS[found(&BROWSERS)][found(&SYSTEMS)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_client_signs_in_while_the_portal_is_on_and_uses_keys_until_it_is_off() {
        for (portal, archived, signs_in, uses_keys) in [
            (Portal::NotInvited, false, false, true),
            (Portal::Pending, false, false, true),
            (Portal::Active, false, true, true),
            (Portal::Disabled, false, false, false),
            (Portal::NotInvited, true, false, false),
            (Portal::Active, true, false, false),
        ] {
            let mut client = sample::client(1, None);
            (client.portal, client.archived) = (portal, archived);
            let client = Viewer::Client(client);
            assert_eq!((may_sign_in(&client), may_use_keys(&client)), (signs_in, uses_keys), "{portal:?}, archived: {archived}");
        }
    }

    #[test]
    fn what_was_signed_in_when_the_portal_was_shut_is_out_for_good() {
        let shut_at = sample::now();
        let client = |shut_at, portal| Viewer::Client(crate::client::Client { shut_at, portal, ..sample::client(1, None) });
        for (since, stays) in [(-1, false), (0, false), (1, true)] {
            let since = shut_at + Duration::seconds(since);
            assert_eq!(stays_signed_in(&client(Some(shut_at), Portal::Active), since), stays, "{since}");
            assert!(!stays_signed_in(&client(Some(shut_at), Portal::Disabled), since), "{since}");
            assert!(stays_signed_in(&client(None, Portal::Active), since), "{since}");
        }
    }

    #[test]
    fn so_is_what_was_signed_in_when_somebody_was_deactivated() {
        let shut_at = sample::now();
        let member = Viewer::Member(crate::person::Member { shut_at: Some(shut_at), ..sample::member(1, &[]) });
        let person = Viewer::Personnel(crate::person::Personnel { shut_at: Some(shut_at), ..sample::personnel(1, 2, &[]) });
        for somebody in [member, person] {
            for (since, stays) in [(-1, false), (0, false), (1, true)] {
                assert_eq!(stays_signed_in(&somebody, shut_at + Duration::seconds(since)), stays, "{somebody:?} {since}");
            }
        }
    }

    #[test]
    fn a_member_signs_in_while_active() {
        for active in [true, false] {
            let mut member = sample::member(1, &[]);
            member.active = active;
            let member = Viewer::Member(member);
            assert_eq!((may_sign_in(&member), may_use_keys(&member)), (active, active));
        }
    }

    #[test]
    fn an_hour_is_counted_in_from_its_first_moment_to_its_last() {
        for (now, left) in [("09:00:00Z", 3600), ("09:59:59Z", 1), ("09:20:00Z", 2400)] {
            let (hour, lasts) = counted_in(format!("2026-11-02T{now}").parse().unwrap());
            assert_eq!((hour.to_rfc3339(), lasts.num_seconds()), ("2026-11-02T09:00:00+00:00".into(), left), "{now}");
        }
    }

    #[test]
    fn a_browser_is_told_in_words_of_ours() {
        for (agent, words) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36 Edg/130.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1",
                "Safari on iOS",
            ),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15", "Safari on macOS"),
            ("curl/8.5.0", "A browser"),
            ("<script>alert(1)</script>", "A browser"),
            ("", "A browser"),
        ] {
            assert_eq!(browser(agent), words, "{agent}");
        }
    }
}
