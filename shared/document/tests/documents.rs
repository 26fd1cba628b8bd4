//! Documents of a few things of every kind, in every form.

#![allow(clippy::unwrap_used, reason = "a document that can't be written fails its test")]

use chrono::{DateTime, Duration, Utc};
use document::{Cover, Document, Thing, Told, Whole};
use domain::export::{Format, Order, Outline, Request};
use domain::happening::Happening;
use domain::id::{ClientId, HappeningId, ItemId};
use domain::item::{Item, ItemDraft, ItemKind, Money, Point};
use domain::person::Actor;
use ulid::Ulid;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn request(format: Format, order: Order) -> Request {
    Request { format, order, ..Request::of_account() }
}

/// One thing of each kind, three weeks apart, and that it was added.
fn things() -> Vec<(Item, Happening)> {
    let thing = |(n, kind): (usize, ItemKind)| {
        let at = at("2025-11-20T23:30:00Z") + Duration::weeks(3) * i32::try_from(n).unwrap();
        let draft = ItemDraft {
            kind: Some(kind),
            title: Some(format!("=Title & {n} <b>")),
            body: Some("One.\n\nTwo, \"quoted\".".into()),
            starts_at: (kind == ItemKind::Appointment).then_some(at),
            file_name: (kind == ItemKind::File).then(|| "plan.pdf".into()),
            size_bytes: (kind == ItemKind::File).then_some(2_048),
            amount: (kind == ItemKind::Invoice).then(|| Money { amount_minor: 12_550, currency: "EUR".into() }),
            ..ItemDraft::default()
        };
        draft.create(ItemId(Ulid(n as u128)), ClientId(Ulid(1)).into(), Actor::System, at, HappeningId(Ulid(n as u128))).unwrap()
    };
    ItemKind::ALL.into_iter().enumerate().map(thing).collect()
}

fn written(things: &[(Item, Happening)], format: Format, order: Order) -> (String, Whole) {
    let mut outline = Outline::default();
    for (item, happening) in things {
        outline.admit(item.id, item.kind, item.created_at);
        outline.note(item.id, happening.at, happening.id).unwrap();
    }
    let arranged = outline.arrange(order);
    let cover = Cover {
        account: "Onward".into(),
        client: "Zoë & Söhne".into(),
        coach: Some("Ada Brandt".into()),
        made_by: "Ada Brandt".into(),
        made_at: at("2026-11-02T09:00:00Z"),
        zone: chrono_tz::Europe::Berlin,
        request: request(format, order),
        counts: arranged.counts(chrono_tz::Europe::Berlin),
    };
    let mut document = Document::begin(cover).unwrap();
    let mut text = Vec::new();
    for step in arranged.few(0, usize::MAX) {
        let (item, happening) = things.iter().find(|(item, _)| item.id == step.item).unwrap();
        document.thing(&Thing { item, author: "Ada Brandt", points: &item.points }).unwrap();
        document.tell(&Told { happening, by: "Ada Brandt", comment: None, is_oldest: step.is_oldest }).unwrap();
        document.end_thing();
        // taken at any moment, it is the same
        text.extend(document.take());
    }
    let whole = document.finish();
    text.extend(&whole.rest);
    assert_eq!(whole.bytes, text.len() as u64);
    (String::from_utf8(text).unwrap(), whole)
}

#[test]
fn the_contents_lead_to_every_month() {
    for order in [Order::OldestFirst, Order::NewestFirst] {
        let (page, _) = written(&things(), Format::Html, order);
        let links: Vec<&str> = page.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        let headings: Vec<&str> = page.split("<h2 id=\"m-").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        let mut expected: Vec<&str> = links.iter().map(|link| link.strip_prefix("m-").unwrap()).collect();
        // by the calendar of who asks: half past midnight in Berlin
        assert_eq!((page.matches("2025-11-21").count(), page.matches("2025-11-20").count()), (1, 0));
        assert!(headings.len() >= 9, "{headings:?}");
        if order == Order::NewestFirst {
            assert!(expected.first() > expected.last());
        }
        expected.dedup();
        assert_eq!(headings, expected);
    }
}

#[test]
fn every_kind_is_told_in_every_form() {
    let things = things();
    let (page, _) = written(&things, Format::Html, Order::OldestFirst);
    for word in ["125.50 EUR", "plan.pdf (2 KB)", "Zoë &amp; Söhne", "=Title &amp; 0 &lt;b&gt;", "Journal entry"] {
        assert!(page.contains(word), "{word}");
    }
    let (text, _) = written(&things, Format::Json, Order::OldestFirst);
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["items"].as_array().unwrap().len(), ItemKind::ALL.len());
    assert_eq!(document["items"][0]["happenings"][0]["what"], "created");
    assert_eq!(document["export"]["asked_for"]["order"], "oldest_first");
    let (text, _) = written(&things, Format::Csv, Order::OldestFirst);
    let rows: Vec<csv::StringRecord> = csv::Reader::from_reader(text.as_bytes()).records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), ItemKind::ALL.len());
    assert!(rows.iter().all(|row| row[3].starts_with("'=Title") && row[9] == *"One.\n\nTwo, \"quoted\"."));
}

#[test]
fn a_document_of_nothing_says_so() {
    let (page, _) = written(&[], Format::Html, Order::OldestFirst);
    assert!(page.contains("Nothing is on record here") && !page.contains("<nav"));
    let (text, _) = written(&[], Format::Json, Order::OldestFirst);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap()["items"], serde_json::json!([]));
    assert_eq!(written(&[], Format::Csv, Order::OldestFirst).0.lines().count(), 1);
}

#[test]
fn odd_values_of_a_metric_give_a_chart_or_none() {
    let (mut item, happening) = things().remove(1);
    item.kind = ItemKind::Metric;
    let first: chrono::NaiveDate = "2026-09-01".parse().unwrap();
    for (values, target, has_chart) in [
        (&[][..], None, false),
        (&[1.0], Some(2.0), false),
        (&[1.0, 2.0], None, true),
        (&[5.0, 5.0, 5.0], Some(5.0), true),
        (&[1.0, f64::NAN], None, false),
        (&[f64::MAX, f64::MIN], None, false),
        (&[1.0, 2.0], Some(f64::INFINITY), true),
        (&[-1e14, 1e14], Some(0.0), true),
    ] {
        item.points = values.iter().zip(0..).map(|(value, n)| Point { on: first + Duration::days(n), value: *value }).collect();
        item.target = target;
        let (page, _) = written(&[(item.clone(), happening.clone())], Format::Html, Order::OldestFirst);
        assert_eq!(page.contains("<svg"), has_chart, "{values:?}");
        assert!(!page.contains("NaN") || values.iter().any(|value| value.is_nan()), "{values:?}");
    }
}
