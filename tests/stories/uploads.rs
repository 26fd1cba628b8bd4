//! Files: announced, put into the bucket over the wire by a link, looked at, and only then shown.

use serde_json::{Value, json};
use stories::{Person, World, text};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PDF: &[u8] = b"%PDF-1.7 a plan of nine weeks";

/// A request as any program makes it; the status and the body.
async fn over_the_wire(method: &str, url: &str, headers: &[(String, String)], body: &[u8]) -> (u16, Vec<u8>) {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    let mut head = format!("{method} /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
    if !headers.iter().any(|(name, _)| name == "content-length") && !body.is_empty() {
        head.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    // who is refused by the headers need not listen to the rest
    let _ = stream.write_all(body).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    let status = String::from_utf8_lossy(&answer[9..12]).parse().unwrap();
    (status, answer[end..].to_vec())
}

fn headers(link: &Value) -> Vec<(String, String)> {
    link["headers"].as_object().unwrap().iter().map(|(name, value)| (name.clone(), text(value))).collect()
}

async fn put(link: &Value, body: &[u8]) -> u16 {
    assert_eq!(link["method"], "PUT");
    over_the_wire("PUT", &text(&link["url"]), &headers(link), body).await.0
}

async fn announce(person: &Person, item: &str, name: &str, size: usize, content_type: &str) -> Value {
    let draft = json!({ "file_name": name, "size_bytes": size, "content_type": content_type });
    person.post(&format!("/v1/items/{item}/upload"), draft).await.expect(200)
}

async fn uploaded(person: &Person, item: &str) -> stories::Answer {
    person.ask("POST", &format!("/v1/items/{item}/uploaded"), &[], None).await
}

#[tokio::test]
async fn a_file_is_shown_once_it_is_there_and_is_what_was_announced() {
    let world = World::at("2026-11-02T09:00:00Z").await;
    let ada = world.house().await;
    let bob = ada.coach(&world, "Bob Kern", "bob@onward.example").await;
    let amber = ada.client("Amber", "Stone", "amber@x.example").await;
    ada.pair(&amber, &bob, "view_only").await;
    let client = world.person("amber@x.example").await;
    let item = ada.item(&amber, "file", "The plan", json!({ "file_name": "plan.pdf" })).await;
    let (path, content) = (format!("/v1/items/{item}"), format!("/v1/items/{item}/content"));
    assert_eq!(uploaded(&ada, &item).await.expect(409)["code"], "not_announced");
    for person in [&bob, &client] {
        person.post(&format!("{path}/upload"), json!({})).await.expect(403);
    }
    let link = announce(&ada, &item, "plan.pdf", PDF.len(), "application/pdf").await;
    let signed: Vec<String> = headers(&link).into_iter().map(|(name, _)| name).collect();
    assert_eq!(signed, ["content-length", "content-type"]);
    // what is uploaded is not known when the link is made
    assert!(!text(&link["url"]).contains("checksum"), "{link}");
    assert_eq!(ada.get(&content).await.expect(409)["code"], "not_uploaded");
    assert_eq!(uploaded(&ada, &item).await.expect(409)["code"], "not_uploaded");
    // another type, or another size, is not what was signed
    let other_type: Vec<_> =
        headers(&link).into_iter().map(|(n, v)| if n == "content-type" { (n, "text/html".to_owned()) } else { (n, v) }).collect();
    assert_eq!(over_the_wire("PUT", &text(&link["url"]), &other_type, PDF).await.0, 403);
    let longer = [PDF, b" and more"].concat();
    let other_size: Vec<_> =
        headers(&link).into_iter().map(|(n, v)| if n == "content-length" { (n, longer.len().to_string()) } else { (n, v) }).collect();
    assert_eq!(over_the_wire("PUT", &text(&link["url"]), &other_size, &longer).await.0, 403);
    assert_eq!(uploaded(&ada, &item).await.expect(409)["code"], "not_uploaded");

    assert_eq!(put(&link, PDF).await, 200);
    assert_eq!(ada.get(&content).await.expect(409)["code"], "not_uploaded");
    let shown = uploaded(&ada, &item).await.expect(200);
    assert_eq!((&shown["file_name"], &shown["size_bytes"], &shown["upload"]), (&json!("plan.pdf"), &json!(PDF.len()), &Value::Null));
    for person in [&ada, &bob, &client] {
        let link = person.get(&content).await.expect(200);
        let (status, body) = over_the_wire("GET", &text(&link["url"]), &[], &[]).await;
        assert!(status == 200 && body.windows(PDF.len()).any(|window| window == PDF), "{status}");
        assert!(text(&link["url"]).contains("attachment"), "{link}");
    }
    // by the link to upload by, nothing that was looked at can be put over
    put(&link, &vec![b'x'; PDF.len()]).await;
    let again = ada.get(&content).await.expect(200);
    assert!(over_the_wire("GET", &text(&again["url"]), &[], &[]).await.1.windows(PDF.len()).any(|window| window == PDF));
    let trail = ada.get("/v1/audit?limit=200").await.expect(200);
    let downloads = trail["items"].as_array().unwrap().iter().filter(|entry| entry["action"] == "file.download");
    assert_eq!(downloads.filter(|entry| entry["subject"] == json!(item)).count(), 4);
    // what it is can't be renamed into something else
    let renamed = json!({ "file_name": "plan.exe", "size_bytes": 1, "content_type": "text/html" });
    assert_eq!(ada.patch(&path, renamed).await.bad_fields(), ["size_bytes", "content_type", "file_name"]);
    // a new file takes the place of the old one when it is there
    let new = b"%PDF-1.7 another plan";
    let link = announce(&ada, &item, "plan 2.pdf", new.len(), "application/pdf").await;
    assert_eq!(ada.get(&path).await.expect(200)["file_name"], "plan.pdf");
    assert_eq!(put(&link, new).await, 200);
    assert_eq!(uploaded(&ada, &item).await.expect(200)["file_name"], "plan 2.pdf");
    let stream = ada.get(&format!("/v1/clients/{amber}/stream?limit=3")).await.expect(200);
    let told: Vec<_> = stream["items"].as_array().unwrap().iter().map(|h| format!("{} {}", text(&h["what"]), text(&h["note"]))).collect();
    assert_eq!(told, ["changed file replaced", "shared file uploaded", "created "]);
}

#[tokio::test]
async fn what_is_not_what_was_announced_is_not_kept() {
    let world = World::at("2026-11-02T09:00:00Z").await;
    let ada = world.account("Onward", "ada@onward.example", "UTC").await;
    let amber = ada.client("Amber", "Stone", "amber@x.example").await;
    let item = ada.item(&amber, "file", "The plan", json!({ "file_name": "plan.pdf" })).await;
    for (name, content_type, bytes) in [
        ("plan.pdf", "application/pdf", b"MZ\x90\0 not a plan".as_slice()),
        ("plan.pdf", "application/pdf", b"just words"),
        ("plan.txt", "text/plain", b"<html><script>alert(1)</script></html>"),
        ("plan.png", "image/png", PDF),
    ] {
        let link = announce(&ada, &item, name, bytes.len(), content_type).await;
        assert_eq!(put(&link, bytes).await, 200, "{name}");
        assert_eq!(uploaded(&ada, &item).await.expect(409)["code"], "not_as_announced", "{name}");
        // it is gone
        assert_eq!(uploaded(&ada, &item).await.expect(409)["code"], "not_uploaded", "{name}");
    }
    let upload = format!("/v1/items/{item}/upload");
    let bad = |name: &str, size: u64, kind: &str| json!({ "file_name": name, "size_bytes": size, "content_type": kind });
    assert_eq!(ada.post(&upload, bad("a.exe", 1, "application/pdf")).await.bad_fields(), ["file_name"]);
    assert_eq!(ada.post(&upload, bad("a.pdf", 25 * 1024 * 1024 + 1, "application/pdf")).await.bad_fields(), ["size_bytes"]);
    assert_eq!(ada.post(&upload, bad("a.svg", 0, "image/svg+xml")).await.bad_fields(), ["file_name", "size_bytes", "content_type"]);
    let note = ada.item(&amber, "note", "Note", json!({})).await;
    let refused = ada.post(&format!("/v1/items/{note}/upload"), bad("a.pdf", 1, "application/pdf")).await;
    assert_eq!(refused.expect(409)["code"], "wrong_state");
    ada.get(&format!("/v1/items/{note}/content")).await.expect(409);
    // a client uploads to what they added
    let client = world.person("amber@x.example").await;
    let own = client.item(&amber, "file", "A picture", json!({ "file_name": "me.png" })).await;
    let png = b"\x89PNG\r\n\x1a\n.......";
    let link = announce(&client, &own, "me.png", png.len(), "image/png").await;
    assert_eq!(put(&link, png).await, 200);
    uploaded(&client, &own).await.expect(200);
    ada.get(&format!("/v1/items/{own}/content")).await.expect(200);
}
