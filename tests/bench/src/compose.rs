//! Composing one mail.

use std::time::Instant;

use chrono::{DateTime, Days, NaiveDate, Utc};
use domain::happening::What;
use domain::id::{ClientId, ItemId};
use domain::item::{ItemKind, Point, State};
use domain::report::AudienceKind;
use domain::schedule::Window;
use domain::show::{Content, Event, Line, Mark, Metric, Section, Trend};
use mail::{Letter, Links, Message};
use ulid::Ulid;

use crate::table::{median, ms, print, thousands};

const TIMES: usize = 200;

/// One client's 25 happenings, ten clients' 1,000, and these with their texts.
pub(crate) fn measure() -> anyhow::Result<()> {
    let body = "She said it had gone better than she had feared. ".repeat(20);
    let cases = [
        ("25 happenings, 1 client", content(1, 25, None)?),
        ("1,000 happenings, 10 clients", content(10, 100, None)?),
        ("1,000 happenings, 10 clients, 1 KB of text each", content(10, 100, Some(&body))?),
    ];
    let mut rows = Vec::new();
    for (name, content) in cases {
        let message = compose(&content)?;
        let mut times = Vec::new();
        for _ in 0..TIMES {
            let begun = Instant::now();
            std::hint::black_box(compose(std::hint::black_box(&content))?);
            times.push(begun.elapsed());
        }
        let pictures: usize = message.images.iter().map(|image| image.png.len()).sum();
        rows.push(vec![
            name.to_owned(),
            ms(median(times)),
            thousands(message.html.len()),
            thousands(message.text.len()),
            thousands(message.images.len()),
            thousands(pictures),
        ]);
    }
    print("Composing one mail", &["", "ms", "HTML bytes", "text bytes", "charts", "chart bytes"], &rows)?;
    Ok(())
}

fn compose(content: &Content) -> anyhow::Result<Message> {
    let to: DateTime<Utc> = "2026-11-20T21:30:00Z".parse()?;
    let links = Links {
        client_page: Some(&|id| format!("https://coach.example/clients/{id}")),
        more: Some("https://coach.example/reports/01J9Z3K5T0QW8R2M4N6P7S9V1X"),
        unsubscribe: "https://coach.example/u/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        unsubscribe_mailto: None,
        comment: None,
    };
    Ok(mail::report(&Letter {
        account: "Onward Coaching",
        report: "Week in review",
        creator: "Ada Brandt",
        recipient: Some("Ada Brandt"),
        audience: AudienceKind::Coach,
        subject: None,
        introduction: None,
        schedule: "every Friday at 16:30",
        window: Window { from: to - Days::new(7), to },
        zone: chrono_tz::America::New_York,
        content,
        links: &links,
        late: None,
        delivery_id: "k3vqp4r6u2d7n5xw8yabcdefgh",
    }))
}

/// Clients with this many happenings each: for one in ten a metric with its chart, for the others actions, worksheets and
/// notes of every mark.
fn content(clients: usize, each: usize, body: Option<&str>) -> anyhow::Result<Content> {
    let metrics = each / 10;
    let mut sections = Vec::new();
    for client in 0..clients {
        let item = |n: usize| ItemId(Ulid::from((client * 1_000 + n) as u128 + 1));
        sections.push(Section {
            record: ClientId(Ulid::from(client as u128 + 1)).into(),
            name: format!("Client Number {}", client + 1),
            happened: (metrics..each).map(|n| line(item(n), n, each, body)).collect::<anyhow::Result<_>>()?,
            open: Vec::new(),
            metrics: (0..metrics).map(|n| metric(item(n), n)).collect::<anyhow::Result<_>>()?,
        });
    }
    Ok(Content { sections, left_out: 0 })
}

fn line(item_id: ItemId, n: usize, of: usize, body: Option<&str>) -> anyhow::Result<Line> {
    let (mark, state, what) = [
        (Mark::Done, State::Done, What::Completed),
        (Mark::New, State::Open, What::Created),
        (Mark::Changed, State::Open, What::Changed),
        (Mark::Late, State::Open, What::Late),
    ][n % 4];
    // things of a kind stand together
    let kind = [ItemKind::Action, ItemKind::Worksheet, ItemKind::SessionNote][n * 3 / of];
    let at = "2026-11-18T15:00:00Z".parse()?;
    Ok(Line {
        item_id,
        kind,
        title: format!("Thing {n} to be told of, with a title of ordinary length"),
        mark,
        state,
        events: vec![Event { what, at, by: "Ada Brandt".into(), note: None, said: None }],
        due_on: (kind != ItemKind::SessionNote).then(|| NaiveDate::default() + Days::new(20_770 + n as u64 % 20)),
        on: None,
        starts_at: None,
        extra: None,
        body: body.map(str::to_owned),
    })
}

fn metric(item_id: ItemId, n: usize) -> anyhow::Result<Metric> {
    let first: NaiveDate = "2026-08-01".parse()?;
    let value = |week: u64| f64::from(u32::try_from((week * 7 + n as u64 * 3) % 23).unwrap_or_default());
    let points: Vec<Point> = (0..16).map(|week| Point { on: first + Days::new(week * 7), value: value(week) }).collect();
    Ok(Metric {
        item_id,
        title: format!("Measure {n}"),
        unit: Some("calls".into()),
        target: Some(20.0),
        before: Some(value(14)),
        points,
        trend: Trend::Up,
        recorded: 1,
        mark: Mark::Changed,
        comments: Vec::new(),
    })
}
