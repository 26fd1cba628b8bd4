//! What clients do with their own record, and how things are signed.

use serde_json::{Value, json};
use stories::{Person, World, text};

async fn go(person: &Person, item: &str, verb: &str) -> stories::Answer {
    person.ask("POST", &format!("/v1/items/{item}/{verb}"), &[], None).await
}

#[tokio::test]
async fn a_client_adds_and_changes_what_is_theirs_and_leaves_the_rest_as_it_is() {
    let world = World::at("2026-11-02T09:00:00Z").await;
    let ada = world.account("Onward", "ada@onward.example", "UTC").await;
    let amber = ada.client("Amber", "Stone", "amber@x.example").await;
    let client = world.person("amber@x.example").await;
    let body = |kind: &str| match kind {
        "appointment" => json!({ "kind": kind, "title": "x", "starts_at": "2026-11-20T10:00:00Z" }),
        "invoice" => json!({ "kind": kind, "title": "x", "amount": { "amount_minor": 100, "currency": "EUR" } }),
        "file" => json!({ "kind": kind, "title": "x", "file_name": "x.pdf" }),
        "note" => json!({ "kind": kind, "title": "x", "visibility": "shared" }),
        _ => json!({ "kind": kind, "title": "x" }),
    };
    let path = format!("/v1/clients/{amber}/items");
    for kind in ["action", "note", "journal_entry", "message", "file"] {
        let own = client.add(&path, body(kind)).await;
        client.patch(&format!("/v1/items/{own}"), json!({ "title": "y" })).await.expect(200);
    }
    for kind in ["metric", "worksheet", "session_note", "appointment", "agreement", "contract", "invoice", "course_step"] {
        client.post(&path, body(kind)).await.expect(403);
    }
    for kind in ["action", "metric", "worksheet", "session_note", "appointment", "agreement", "contract", "course_step", "message", "note"]
    {
        let item = ada.add(&path, body(kind)).await;
        client.patch(&format!("/v1/items/{item}"), json!({ "title": "mine now" })).await.expect(403);
        let refused = go(&client, &item, "cancel").await;
        assert_eq!((refused.status.as_u16(), text(&refused.json["detail"])), (403, "you may see this, but not cancel it".into()), "{kind}");
        client.post(&format!("/v1/items/{item}/comments"), json!({ "text": "I see." })).await.expect(201);
        let allowed: &[&str] = match kind {
            "action" | "course_step" => &["complete", "reopen"],
            "worksheet" => &["submit"],
            "agreement" | "contract" => &["sign"],
            _ => &[],
        };
        for verb in ["complete", "reopen", "submit", "sign"] {
            let expected = if allowed.contains(&verb) { 200 } else { 403 };
            assert_eq!(go(&client, &item, verb).await.status.as_u16(), expected, "{kind} {verb}");
        }
        let value = client.post(&format!("/v1/items/{item}/data"), json!({ "value": 7 })).await;
        assert_eq!(value.status.as_u16(), if kind == "metric" { 200 } else { 403 }, "{kind}");
    }
    let invoice = ada.add(&path, body("invoice")).await;
    ada.advance(&invoice, "submit").await;
    for verb in ["complete", "cancel", "submit"] {
        go(&client, &invoice, verb).await.expect(403);
    }
    client.post(&format!("/v1/items/{invoice}/payments"), json!({ "amount_minor": 100 })).await.expect(403);
    client.patch(&format!("/v1/items/{invoice}"), json!({ "title": "gift" })).await.expect(403);
    // what the coach may do with the client's own, too
    let own = client.add(&path, body("action")).await;
    go(&client, &own, "cancel").await.expect(200);
    go(&ada, &own, "reopen").await.expect(200);
}

#[tokio::test]
async fn an_agreement_is_complete_when_both_have_signed_and_stays_as_it_was_signed() {
    let world = World::at("2026-11-02T09:00:00Z").await;
    let ada = world.house().await;
    let bob = ada.coach(&world, "Bob Kern", "bob@onward.example").await;
    let amber = ada.client("Amber", "Stone", "amber@x.example").await;
    ada.pair(&amber, &bob, "view_only").await;
    let client = world.person("amber@x.example").await;
    let states = |item: &Value| (text(&item["state"]), item["signatures"].as_array().map_or(0, Vec::len));
    for kind in ["agreement", "contract"] {
        let id = ada.item(&amber, kind, "Coaching agreement", json!({ "body": "We agree." })).await;
        let path = format!("/v1/items/{id}");
        go(&bob, &id, "sign").await.expect(403);
        ada.patch(&path, json!({ "body": "We agree on this." })).await.expect(200);
        let sent = go(&ada, &id, "sign").await.expect(200);
        assert_eq!(states(&sent), ("out_for_signature".into(), 1));
        assert_eq!((&sent["signatures"][0]["name"], &sent["signatures"][0]["by"]["id"]), (&json!("Ada Brandt"), &json!(ada.id)));
        assert_eq!(go(&ada, &id, "sign").await.expect(409)["code"], "signed_already");
        for change in [json!({ "title": "Other" }), json!({ "body": "Nothing." }), json!({ "visibility": "private" })] {
            assert_eq!(ada.patch(&path, change).await.expect(409)["code"], "signed");
        }
        ada.patch(&path, json!({ "due_on": "2026-12-01", "title": "Coaching agreement" })).await.expect(200);
        let done = go(&client, &id, "sign").await.expect(200);
        assert_eq!(states(&done), ("completed".into(), 2));
        assert_eq!(go(&client, &id, "sign").await.expect(409)["code"], "signed_already");
        let stream = ada.get(&format!("/v1/clients/{amber}/stream?limit=2")).await.expect(200);
        assert_eq!(stream["items"][0]["what"], "signed");
    }
    // the client first: it is still the coach's turn
    let id = ada.item(&amber, "contract", "Terms", json!({})).await;
    assert_eq!(states(&go(&client, &id, "sign").await.expect(200)), ("awaiting_signature".into(), 1));
    assert_eq!(states(&go(&ada, &id, "sign").await.expect(200)), ("completed".into(), 2));
    // sent out without a member's signature, and called off
    let id = ada.item(&amber, "contract", "Other terms", json!({})).await;
    go(&ada, &id, "submit").await.expect(200);
    go(&ada, &id, "cancel").await.expect(200);
    assert_eq!(go(&client, &id, "sign").await.expect(409)["code"], "wrong_state");
    let action = ada.item(&amber, "action", "Call", json!({})).await;
    assert_eq!(go(&ada, &action, "sign").await.expect(409)["code"], "wrong_state");
}

#[tokio::test]
async fn two_who_sign_at_once_both_sign() {
    let world = World::at("2026-11-02T09:00:00Z").await;
    let ada = world.house().await;
    let amber = ada.client("Amber", "Stone", "amber@x.example").await;
    let client = world.person("amber@x.example").await;
    for _ in 0..8 {
        let id = ada.item(&amber, "contract", "Terms", json!({})).await;
        let (one, other) = futures::future::join(go(&ada, &id, "sign"), go(&client, &id, "sign")).await;
        for (person, answer) in [(&ada, one), (&client, other)] {
            // who came second is told that it has changed, and signs what it is now
            if answer.status == 412 {
                go(person, &id, "sign").await.expect(200);
            } else {
                answer.expect(200);
            }
        }
        let item = ada.get(&format!("/v1/items/{id}")).await.expect(200);
        assert_eq!((&item["state"], item["signatures"].as_array().unwrap().len()), (&json!("completed"), 2));
    }
}
