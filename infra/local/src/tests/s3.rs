use std::time::{Duration, SystemTime};

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client as Browser;
use hyper_util::rt::TokioExecutor;

use super::Wires;
use crate::faults::{Fault, Kind, When};
use crate::s3::S3;

const START: &str = "2026-03-02T08:00:00Z";

fn client(wires: &Wires) -> Client {
    Client::from_conf(aws_sdk_s3::config::Builder::from(&wires.config).force_path_style(true).build())
}

async fn put(s3: &Client, key: &str, bytes: &[u8]) {
    let put = s3.put_object().bucket("cairn").key(key).content_type("image/png").content_disposition("attachment");
    put.body(ByteStream::from(bytes.to_vec())).send().await.unwrap();
}

async fn get(s3: &Client, key: &str) -> Vec<u8> {
    let found = s3.get_object().bucket("cairn").key(key).send().await.unwrap();
    found.body.collect().await.unwrap().to_vec()
}

/// What a browser gets that opens a link.
async fn open(link: &str) -> (u16, http::HeaderMap, Vec<u8>) {
    let browser = Browser::builder(TokioExecutor::new()).build_http::<Empty<axum::body::Bytes>>();
    let answer = browser.get(link.parse().unwrap()).await.unwrap();
    let (parts, body) = answer.into_parts();
    (parts.status.as_u16(), parts.headers, body.collect().await.unwrap().to_bytes().to_vec())
}

#[tokio::test]
async fn an_object_is_there_as_it_was_written_last_until_it_is_deleted() {
    let wires = Wires::in_memory(START).await;
    let s3 = client(&wires);
    put(&s3, "files/a/b", b"one").await;
    put(&s3, "files/a/b", &[7; 300_000]).await;
    assert_eq!(get(&s3, "files/a/b").await, [7; 300_000]);
    let head = s3.head_object().bucket("cairn").key("files/a/b").send().await.unwrap();
    assert_eq!((head.content_length(), head.content_type()), (Some(300_000), Some("image/png")));
    s3.delete_object().bucket("cairn").key("files/a/b").send().await.unwrap();
    let gone = s3.get_object().bucket("cairn").key("files/a/b").send().await.unwrap_err().into_service_error();
    assert!(gone.is_no_such_key(), "{gone:?}");
    assert!(s3.head_object().bucket("cairn").key("files/a/b").send().await.unwrap_err().into_service_error().is_not_found());
    let elsewhere = s3.get_object().bucket("another").key("x").send().await.unwrap_err().into_service_error();
    assert!(matches!(elsewhere.code(), Some("NoSuchBucket" | "NoSuchKey")), "{elsewhere:?}");
}

#[tokio::test]
async fn what_is_acknowledged_is_there_after_a_restart_and_in_a_copy() {
    let (folder, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let wires = Wires::in_folder(folder.path(), START).await;
    put(&client(&wires), "files/a", b"kept").await;
    wires.s3.put("inbound/m", b"a mail").unwrap();
    wires.s3.copy_to(&copy.path().join("files")).unwrap();
    drop(wires);
    for folder in [folder, copy] {
        let again = Wires::in_folder(folder.path(), START).await;
        assert_eq!(get(&client(&again), "files/a").await, b"kept");
        assert_eq!(get(&client(&again), "inbound/m").await, b"a mail");
    }
}

#[tokio::test]
async fn a_link_is_good_for_as_long_as_it_says_and_for_nothing_else() {
    let wires = Wires::in_memory(START).await;
    let s3 = client(&wires);
    put(&s3, "files/a", b"a file").await;
    put(&s3, "files/b", b"another").await;
    let link = async |made: SystemTime| {
        let get = s3.get_object().bucket("cairn").key("files/a");
        let named = get.response_content_disposition("attachment; filename=\"plan.pdf\"").response_content_type("application/octet-stream");
        let when = PresigningConfig::builder().start_time(made).expires_in(Duration::from_secs(600)).build().unwrap();
        named.presigned(when).await.unwrap().uri().to_owned()
    };
    let good = link(SystemTime::now()).await;
    let (status, headers, body) = open(&good).await;
    assert_eq!((status, body.as_slice()), (200, b"a file".as_slice()));
    assert_eq!(headers["content-disposition"], "attachment; filename=\"plan.pdf\"");
    assert_eq!(headers["content-type"], "application/octet-stream");
    for bad in [
        link(SystemTime::now() - Duration::from_secs(601)).await,
        good.replace("files/a", "files/b"),
        good.replace("X-Amz-Expires=600", "X-Amz-Expires=6000"),
        good.split('?').next().unwrap().to_owned(),
    ] {
        let (status, _, body) = open(&bad).await;
        assert_eq!(status, 403, "{bad}: {}", String::from_utf8_lossy(&body));
    }
}

#[tokio::test]
async fn an_object_can_be_uploaded_in_parts_and_is_there_once_all_are() {
    const PART: usize = 5 * 1024 * 1024;
    let wires = Wires::in_memory(START).await;
    let s3 = client(&wires);
    let begun = s3.create_multipart_upload().bucket("cairn").key("exports/e").content_type("text/html").send().await.unwrap();
    let id = begun.upload_id().unwrap();
    let mut parts = CompletedMultipartUpload::builder();
    for (n, byte) in [(1, b'a'), (2, b'b')] {
        let part = s3.upload_part().bucket("cairn").key("exports/e").upload_id(id).part_number(n);
        let part = part.body(ByteStream::from(vec![byte; PART])).send().await.unwrap();
        parts = parts.parts(CompletedPart::builder().part_number(n).e_tag(part.e_tag().unwrap()).build());
    }
    assert!(s3.get_object().bucket("cairn").key("exports/e").send().await.is_err());
    let complete = s3.complete_multipart_upload().bucket("cairn").key("exports/e").upload_id(id);
    complete.multipart_upload(parts.build()).send().await.unwrap();
    assert_eq!(get(&s3, "exports/e").await, [vec![b'a'; PART], vec![b'b'; PART]].concat());
    let given_up = s3.create_multipart_upload().bucket("cairn").key("exports/f").send().await.unwrap();
    let abort = s3.abort_multipart_upload().bucket("cairn").key("exports/f").upload_id(given_up.upload_id().unwrap());
    abort.send().await.unwrap();
}

#[tokio::test]
async fn calls_to_it_are_counted_and_struck_like_all_others() {
    let wires = Wires::in_memory(START).await;
    let s3 = client(&wires);
    wires.faults.plan([
        Fault { when: When::Operation("PutObject".into(), 1), kind: Kind::Throttle },
        Fault { when: When::Operation("GetObject".into(), 1), kind: Kind::Fail },
        Fault { when: When::Operation("GetObject".into(), 3), kind: Kind::Reject },
    ]);
    // the SDK tries again what is worth it
    put(&s3, "files/a", b"kept").await;
    assert_eq!(get(&s3, "files/a").await, b"kept");
    let refused = s3.get_object().bucket("cairn").key("files/a").send().await.unwrap_err().into_service_error();
    assert_eq!(refused.code(), Some("InvalidRequest"));
    let calls: Vec<(String, Option<u16>)> = wires.faults.calls().into_iter().map(|call| (call.operation, call.status)).collect();
    let of = |operation: &str, status| (operation.to_owned(), Some(status));
    let expected = [of("PutObject", 503), of("PutObject", 200), of("GetObject", 500), of("GetObject", 200), of("GetObject", 400)];
    assert_eq!(calls, expected);
}

#[test]
fn a_mail_half_written_leaves_nothing_in_the_bucket() {
    let folder = tempfile::tempdir().unwrap();
    let s3 = S3::open(folder.path(), "cairn").unwrap();
    std::fs::write(folder.path().join("cairn/inbound"), "in the way").unwrap();
    assert!(s3.put("inbound/m", b"a mail").is_err());
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["cairn"]);
}
