//! The mails of progress tracking that tests compare and people look at, and those on portals and signing in.

use chrono::{Days, NaiveDate};
use mail::off_track::{CoachCount, Nudges, OffTrackClient, OffTrackDigest, Reader, Row, Step};
use mail::{Invitation, Message, PortalChanged, SignIn};

use super::on;

const ACCOUNT: &str = "Maple & Rowe Coaching";
const STOP: &str = "https://coach.example/s/2mB7xQ9cT4";
const DELIVERY: &str = "k3vqp4r6u2d7n5xw8yabcdefgh";
const NUDGES: Nudges<'_> = Nudges {
    met: "https://coach.example/n/met/7hQ2mX0bT9",
    snooze: "https://coach.example/n/snooze/7hQ2mX0bT9",
    pause: "https://coach.example/n/pause/7hQ2mX0bT9",
};

/// Every case by name.
pub fn all() -> Vec<(&'static str, Message)> {
    vec![
        ("off-track-client-session", to_client(Step::ScheduleSession, Some("Maya Feldman"))),
        ("off-track-client-session-no-coach", to_client(Step::ScheduleSession, None)),
        ("off-track-client-call", to_client(Step::ScheduleDiscoveryCall, Some("Maya Feldman"))),
        ("off-track-client-call-no-coach", to_client(Step::ScheduleDiscoveryCall, None)),
        ("off-track-client-select", to_client(Step::SelectCoach, Some("Maya Feldman"))),
        ("off-track-client-select-no-coach", to_client(Step::SelectCoach, None)),
        ("off-track-client-activate", to_client(Step::Activate, Some("Maya Feldman"))),
        ("off-track-client-activate-no-coach", to_client(Step::Activate, None)),
        ("off-track-client-hostile", to_client_hostile()),
        ("off-track-coach", to_coach(&seven()[..1])),
        ("off-track-coach-batch", to_coach(&seven())),
        ("off-track-administrator", to_administrator(&seven()[..1], 1, &[])),
        ("off-track-administrator-batch", to_administrator(&seven(), 7, &[])),
        ("off-track-administrator-cut", to_administrator(&many(140, "", ""), 140, &[])),
        ("off-track-administrator-hostile", to_administrator(&hostile(), 5, &[])),
        ("off-track-administrator-one-hostile", to_administrator(&hostile()[..1], 1, &[])),
        ("invitation", invited("Maya Feldman", "Amber")),
        ("portal-on", portal_changed("Amber", Some("https://coach.example/sign-in"))),
        ("portal-off", portal_changed("Amber", None)),
        ("portal-off-hostile", portal_changed("<b>\nA\u{202e}mber", None)),
        ("sign-in", signs_in(ACCOUNT)),
        ("invitation-hostile", invited("<script>\nשלום \u{202e}Maya\" 🎯", " \n ")),
    ]
}

fn today() -> NaiveDate {
    on("2026-11-21")
}

fn client_letter(step: Step, coach: Option<&str>) -> OffTrackClient<'_> {
    OffTrackClient {
        account: ACCOUNT,
        first_name: "Amber",
        program: "Leadership Essentials",
        coach,
        since: today(),
        step,
        page: coach.map(|_| "https://coach.example/portal"),
        nudges: NUDGES,
        stop: STOP,
        delivery_id: DELIVERY,
    }
}

fn to_client(step: Step, coach: Option<&str>) -> Message {
    mail::off_track::client(&client_letter(step, coach))
}

fn to_client_hostile() -> Message {
    mail::off_track::client(&OffTrackClient {
        account: "<b>Maple</b> & שלום",
        first_name: "محمد\r\nBcc: everyone@victim.example",
        program: "قيادة \"><script>alert(1)</script>",
        ..client_letter(Step::ScheduleSession, Some("\u{202e}Zoë 👩\u{200d}🚀 & <i>Sons</i>"))
    })
}

/// A mail to a client of these names.
pub fn to_client_named(name: &str, step: Step) -> Message {
    mail::off_track::client(&OffTrackClient { account: name, first_name: name, program: name, ..client_letter(step, Some(name)) })
}

/// An engagement that went off track on the day of the mail.
pub fn row<'a>(client: &'a str, program: &'a str, coach: Option<&'a str>) -> Row<'a> {
    Row {
        client,
        program,
        coach,
        since: today(),
        weeks: 3,
        last_activity: Some(on("2026-10-31")),
        step: Step::ScheduleSession,
        page: Some("https://coach.example/engagements/01J9Z3K5T0QW8R2M4N6P7S9V1X"),
        nudges: Some(NUDGES),
    }
}

fn seven() -> Vec<Row<'static>> {
    let (maya, daniel, sofia) = (Some("Maya Feldman"), Some("Daniel Moreno"), Some("Sofia Lindgren"));
    vec![
        row("Amber Stone", "Leadership Essentials", maya),
        Row { since: on("2026-11-20"), last_activity: Some(on("2026-10-30")), ..row("Anthony Okafor", "Executive Presence", daniel) },
        Row { weeks: 4, last_activity: None, ..row("Cleo Park", "First 90 Days", maya) },
        row("Yuki Haugen", "Executive Presence", daniel),
        Row {
            step: Step::ScheduleDiscoveryCall,
            weeks: 1,
            last_activity: Some(on("2026-11-14")),
            ..row("Noor Tanaka", "Wellbeing Reset", sofia)
        },
        Row { page: None, nudges: None, ..row("Tomás Ferreira", "Manager Bootcamp", maya) },
        Row { step: Step::Activate, weeks: 2, last_activity: Some(on("2026-11-07")), ..row("Elise Park", "Career Reboot", maya) },
    ]
}

/// So many engagements, where `name` stands before each name and links end in `token`.
pub fn many(n: usize, name: &str, token: &str) -> Vec<Row<'static>> {
    let kept = |text: String| -> &'static str { text.leak() };
    let coaches = ["Maya Feldman", "Daniel Moreno", "Maya Feldman", "Sofia Lindgren", "Robert Achebe", "Grace Whitfield", "Kenji Mori"];
    (0..n)
        .map(|index| {
            let before = Days::new(index as u64 % 4);
            let nudge = |kind: &str| kept(format!("https://coach.example/n/{kind}/7hQ2mX0bT9{token}"));
            Row {
                since: today() - before,
                step: if index % 9 == 8 { Step::ScheduleDiscoveryCall } else { Step::ScheduleSession },
                last_activity: Some(on("2026-10-31") - before),
                page: Some(kept(format!("https://coach.example/engagements/01J9Z3K5T0QW8R2M4N6P7S{index:04}"))),
                nudges: Some(Nudges { met: nudge("met"), snooze: nudge("snooze"), pause: nudge("pause") }),
                ..row(
                    kept(format!("{name}Client Number {}", index + 1)),
                    kept(format!("{name}Leadership Essentials")),
                    (index % 23 != 22).then(|| kept(format!("{name}{}", coaches[index % 7]))),
                )
            }
        })
        .collect()
}

fn hostile() -> Vec<Row<'static>> {
    vec![
        row("<script>alert(\"1\")</script>\r\nBcc: everyone@victim.example", "</td></table>", Some("\"><b>Bold</b>")),
        row("محمد علي الأحمد", "قيادة", Some("\u{202e}evil\u{7}")),
        row("🎯 Zoë-Émilie 👩\u{200d}🚀🇩🇪", "{{template}}", Some("\"><b>Bold</b>")),
        row("", " \n ", None),
        row(
            "Wolfeschlegelsteinhausenbergerdorff Wolfeschlegelsteinhausenbergerdorff Wolfeschlegelsteinhausenbergerdorff",
            "verylongwordwithoutanyspaceverylongwordwithoutanyspaceverylongwordwithoutanyspaceverylongwordwithoutanyspace",
            Some("   "),
        ),
    ]
}

/// A digest of these rows.
pub fn letter<'a>(reader: Reader, rows: &'a [Row<'a>], total: usize, per_coach: &'a [CoachCount<'a>]) -> OffTrackDigest<'a> {
    OffTrackDigest {
        account: ACCOUNT,
        organisation: "Northwind Traders",
        reader,
        name: match reader {
            Reader::Coach => "Maya Feldman",
            Reader::Administrator => "Hana Weiss",
        },
        on: today(),
        rows,
        total,
        per_coach,
        all: "https://coach.example/reports/engagements?progress=off_track&since=2026-11-21",
        stop: STOP,
        delivery_id: DELIVERY,
    }
}

/// A coach's mail on these engagements.
pub fn to_coach(rows: &[Row<'_>]) -> Message {
    mail::off_track::digest(&letter(Reader::Coach, rows, rows.len(), &[]))
}

/// An administrator's mail on these engagements of so many.
pub fn to_administrator(rows: &[Row<'_>], total: usize, per_coach: &[CoachCount<'_>]) -> Message {
    mail::off_track::digest(&letter(Reader::Administrator, rows, total, per_coach))
}

/// An invitation by this coach to a client of this first name.
pub fn invited(coach: &str, first_name: &str) -> Message {
    mail::invitation(&Invitation {
        account: ACCOUNT,
        coach,
        first_name,
        accept: "https://coach.example/join/7hQ2mX0bT9",
        valid_until: on("2026-11-28"),
        delivery_id: DELIVERY,
    })
}

/// A portal that was switched, told to a client of this first name.
pub fn portal_changed(first_name: &str, sign_in: Option<&str>) -> Message {
    mail::portal_changed(&PortalChanged { account: ACCOUNT, first_name, sign_in, delivery_id: DELIVERY })
}

/// A link to sign in to an account of this name.
pub fn signs_in(account: &str) -> Message {
    mail::sign_in(&SignIn { account, link: "https://coach.example/sign-in/link?t=7hQ2mX0bT9", minutes: 15, delivery_id: DELIVERY })
}
