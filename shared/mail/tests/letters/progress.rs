//! Mail on engagements that went off track.

use mail::off_track::{CoachCount, Nudges, Reader, Row, Step};
use mail::{HTML_MOST, Message};
use proptest::prelude::*;

use super::cases::progress;
use super::{assert_sound, date, page, words};

const STEPS: [Step; 4] = [Step::ScheduleSession, Step::ScheduleDiscoveryCall, Step::SelectCoach, Step::Activate];

/// Engagements that the text shows.
fn shown(message: &Message) -> usize {
    let missing = ["  No session scheduled · ", "  No discovery call scheduled · ", "  No coach selected · ", "  Not activated · "];
    message.text.lines().filter(|line| missing.iter().any(|missing| line.starts_with(missing))).count()
}

/// How many engagements a mail says that it leaves out.
fn left_out(message: &Message) -> usize {
    let number =
        |line: &str| line.strip_prefix("And ")?.split_once(" more in all that are not in this mail.")?.0.replace(',', "").parse().ok();
    message.text.lines().find_map(number).unwrap_or_default()
}

/// Lines of a list in the HTML: engagements, and what is said of those not shown.
fn listed(message: &Message) -> usize {
    page(&message.html).unwrap().classes.iter().filter(|class| *class == "e").count()
}

fn header<'a>(message: &'a Message, name: &str) -> Option<&'a str> {
    message.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
}

#[test]
fn mail_on_progress_is_switched_off_with_one_click() {
    for (name, message) in progress::all() {
        assert_eq!(header(&message, "Auto-Submitted"), Some("auto-generated"), "{name}");
        let stop = "https://coach.example/s/2mB7xQ9cT4";
        if ["invitation", "portal", "sign-in"].iter().any(|begins| name.starts_with(begins)) {
            assert_eq!(header(&message, "List-Unsubscribe"), None, "{name}");
        } else {
            assert_eq!(header(&message, "List-Unsubscribe"), Some(format!("<{stop}>").as_str()), "{name}");
            assert_eq!(header(&message, "List-Unsubscribe-Post"), Some("List-Unsubscribe=One-Click"), "{name}");
            assert!(message.html.contains(&format!("href=\"{stop}\"")) && message.text.contains(stop), "{name}");
        }
    }
}

#[test]
fn one_engagement_is_named_in_the_subject_and_several_are_counted() {
    let rows = progress::many(3, "", "");
    assert_eq!(progress::to_coach(&rows[..1]).subject, "Client Number 1’s Leadership Essentials is off track");
    assert_eq!(progress::to_administrator(&rows[..1], 1, &[]).subject, "Client Number 1’s Leadership Essentials is off track");
    assert_eq!(progress::to_coach(&rows).subject, "3 engagements went off track");
    // one that is shown of several is one of several
    assert_eq!(progress::to_administrator(&rows[..1], 1_200, &[]).subject, "1,200 engagements went off track");
}

#[test]
fn an_administrator_gets_no_nudges() {
    let rows = progress::many(7, "", "");
    for (most, of) in [(1, &rows[..1]), (7, &rows[..])] {
        let coach = page(&progress::to_coach(of).html).unwrap().links;
        assert_eq!(coach.iter().filter(|link| link.contains("/n/")).count(), 3 * most);
        let administrator = progress::to_administrator(of, most, &[]);
        let links = page(&administrator.html).unwrap().links;
        assert_eq!(links.iter().filter(|link| link.contains("/n/")).count(), 0);
        assert_eq!(links.iter().filter(|link| link.contains("/engagements/")).count(), most);
        assert!(!administrator.text.contains("/n/"));
    }
}

#[test]
fn the_coach_with_the_most_comes_first_and_within_a_coach_the_longest_off_track() {
    let on = |day: u32| chrono::NaiveDate::from_ymd_opt(2026, 11, day).unwrap();
    let row = |client, coach, day| Row { since: on(day), ..progress::row(client, "Leadership", coach) };
    let rows = [
        row("Noor", None, 2),
        row("Otto", None, 1),
        row("Pia", None, 3),
        row("Amber", Some("Daniel"), 1),
        row("Cleo", Some("Maya"), 20),
        row("Ben", Some("Maya"), 9),
    ];
    let text = progress::to_administrator(&rows, 6, &[]).text;
    let heads: Vec<&str> = text.lines().filter(|line| line.ends_with(" off track") || line.starts_with("- ")).collect();
    assert_eq!(
        heads[1..],
        [
            "Maya: 2 off track",
            "- Ben · Leadership",
            "- Cleo · Leadership",
            "Daniel: 1 off track",
            "- Amber · Leadership",
            "No coach yet: 3 off track",
            "- Otto · Leadership",
            "- Noor · Leadership",
            "- Pia · Leadership"
        ]
    );
}

#[test]
fn what_is_cut_is_counted_by_coach_and_in_all() {
    let message = progress::to_administrator(&progress::many(140, "", ""), 140, &[]);
    assert_eq!((shown(&message), left_out(&message)), (100, 40));
    let more: usize =
        message.text.lines().filter_map(|line| line.strip_prefix("  and ")?.strip_suffix(" more")?.parse::<usize>().ok()).sum();
    assert_eq!(more, 40);
    assert!(message.html.contains("See all 140") && message.html.contains("https://coach.example/reports/engagements"));
}

#[test]
fn a_coach_is_counted_as_told_where_the_rows_are_not_all() {
    let rows = progress::many(100, "", "");
    let told = [
        CoachCount { coach: Some("Maya Feldman"), engagements: 1_900 },
        CoachCount { coach: Some("Ana Ruiz"), engagements: 2_000 },
        CoachCount { coach: None, engagements: 1 },
    ];
    let message = progress::to_administrator(&rows, 4_000, &told);
    assert_sound(&message);
    assert!(message.preheader.starts_with("Ana Ruiz 2,000, Maya Feldman 1,900, "), "{}", message.preheader);
    assert!(message.text.contains("Maya Feldman: 1,900 off track"));
    // fewer than the rows have can't be
    assert!(message.text.contains("No coach yet: 4 off track"));
    // a coach of whom nothing is shown has no heading
    assert!(!message.text.contains("Ana Ruiz"));
    assert_eq!((shown(&message), left_out(&message)), (100, 3_900));
}

#[test]
fn a_hundred_engagements_with_long_names_and_links_are_all_shown() {
    // a link of some 130 characters is one with a signed token for account, engagement and person
    let token = "x".repeat(90);
    for name in ["Wolfeschlegelsteinhausenbergerdorff ".repeat(4), "Zoë-Émilie ".repeat(12), "王小明".repeat(40), "محمد علي ".repeat(13)]
    {
        let mut rows = progress::many(100, &name, &token);
        let coach = progress::to_coach(&rows);
        let administrator = progress::to_administrator(&rows, 100, &[]);
        // a coach for each
        let coaches: Vec<String> = (0..100).map(|n| format!("{n} {name}")).collect();
        for (row, coach) in rows.iter_mut().zip(&coaches) {
            row.coach = Some(coach);
        }
        let coaches = progress::to_administrator(&rows, 100, &[]);
        for (who, message, heads) in [("coach", coach, 0), ("administrator", administrator, 7), ("coaches", coaches, 100)] {
            assert_sound(&message);
            assert_eq!((shown(&message), left_out(&message), listed(&message)), (100, 0, 100), "{who} {name}");
            assert_eq!(message.html.matches("<h2 ").count(), heads, "{who} {name}");
        }
    }
}

#[test]
fn names_that_no_mail_holds_leave_room_by_leaving_engagements_out() {
    for (name, token) in [("\"".repeat(500), "x".repeat(90)), ("&".repeat(500), "&".repeat(300)), (String::new(), "x".repeat(5_000))] {
        let rows = progress::many(140, &name, &token);
        for message in [progress::to_coach(&rows), progress::to_administrator(&rows, 140, &[])] {
            assert_sound(&message);
            assert_eq!(shown(&message) + left_out(&message), 140);
            assert!(message.html.len() > HTML_MOST / 2 || shown(&message) == 100);
        }
    }
}

#[test]
fn a_short_list_carries_its_style_at_every_line() {
    let html = progress::to_coach(&progress::many(7, "", "")).html;
    let lines = html.split("<p class=\"e\"").skip(1);
    assert!(
        lines.clone().count() == 7 && lines.into_iter().all(|line| line.starts_with(" style=") && !line.contains("<small><a href=\"h\">"))
    );
    assert!(html.matches("<small><a href=").count() == 7 && !html.contains("/7hQ2mX0bT9\">"));
}

#[test]
fn a_subject_says_what_it_is_about_for_any_name() {
    for name in [
        "a\r\nBcc: x@y.example",
        "<script>",
        "🎯👩\u{200d}🚀",
        "محمد",
        &"x".repeat(500),
        &"👩\u{200d}🚀".repeat(100),
        "\u{202e}evil\u{2069}",
        "",
        " \n ",
    ] {
        let one = [progress::row(name, name, Some(name))];
        let many = [one[0], one[0]];
        for message in [progress::to_coach(&one), progress::to_administrator(&one, 1, &[])] {
            assert_sound(&message);
            assert!(message.subject.chars().count() <= 150 && message.subject.ends_with(" is off track"), "{}", message.subject);
        }
        assert_sound(&progress::to_administrator(&many, 2, &[]));
        for step in STEPS {
            let message = progress::to_client_named(name, step);
            assert_sound(&message);
            assert!(message.subject.chars().count() <= 150, "{}", message.subject);
        }
        assert_sound(&progress::invited(name, name));
        assert_sound(&progress::portal_changed(name, None));
        assert_sound(&progress::signs_in(name));
    }
}

#[test]
fn a_name_that_runs_the_other_way_leaves_the_title_in_its_place() {
    let message = progress::to_coach(&[progress::row("محمد علي", "قيادة", None)]);
    assert!(message.html.contains("<bdi>محمد علي</bdi>’s <bdi>قيادة</bdi> is off\u{a0}track</h1>"));
    assert!(!message.html.contains(['\u{2068}', '\u{2069}']) && !message.text.contains(['\u{2068}', '\u{2069}', '\u{a0}']));
}

fn any_row() -> impl Strategy<Value = (String, String, Option<String>, chrono::NaiveDate, u8, Option<chrono::NaiveDate>, Step, bool, String)>
{
    (
        words(),
        words(),
        proptest::option::of(words()),
        date(),
        1_u8..=52,
        proptest::option::of(date()),
        proptest::sample::select(STEPS.to_vec()),
        any::<bool>(),
        "[a-zA-Z0-9&=?%<>\"' ]{0,150}",
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_digest_of_any_engagements_is_sound_and_counts_all_of_them(
        rows in proptest::collection::vec(any_row(), 0..160),
        coach in any::<bool>(),
        unseen in prop_oneof![Just(0_usize), 1_usize..100_000],
        texts in proptest::collection::vec(words(), 4),
    ) {
        let rows: Vec<Row<'_>> = rows
            .iter()
            .map(|(client, program, coach, since, weeks, last_activity, step, linked, link)| Row {
                client,
                program,
                coach: coach.as_deref(),
                since: *since,
                weeks: *weeks,
                last_activity: *last_activity,
                step: *step,
                page: linked.then_some(link),
                nudges: linked.then_some(Nudges { met: link, snooze: link, pause: link }),
            })
            .collect();
        let total = rows.len() + unseen;
        let reader = if coach { Reader::Coach } else { Reader::Administrator };
        let message = mail::off_track::digest(&mail::off_track::OffTrackDigest {
            account: &texts[0],
            organisation: &texts[1],
            name: &texts[2],
            stop: &texts[3],
            ..progress::letter(reader, &rows, total, &[])
        });
        assert_sound(&message);
        if total != 1 {
            prop_assert!(shown(&message) <= 100);
            prop_assert_eq!(shown(&message) + left_out(&message), total);
        }
    }
}
