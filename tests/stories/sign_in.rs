//! Signing in by mail, and what must not be possible on the way. Each threat of `docs/threat-model.md` to it has a story here.

use std::collections::BTreeSet;

use cairn::faults::{Fault, Kind, When};
use cairn::stack::{Settings, Stack};
use serde_json::{Value, json};
use stories::events::sample;
use stories::{Answer, Browser, PUBLIC_URL, Person, World, text, time};

const START: &str = "2026-03-02T12:00:00Z";
const ADA: &str = "ada@onward.example";

/// What the audit trail of a day says of signing in and out, oldest first: what, and on whom.
async fn entries(by: &Person, day: &str) -> Vec<(String, String)> {
    let page = by.get(&format!("/v1/audit?limit=200&day={day}")).await.expect(200);
    let mut entries: Vec<_> = page["items"].as_array().unwrap().iter().map(|e| (text(&e["action"]), text(&e["subject"]))).collect();
    entries.retain(|(action, _)| action.starts_with("sign_"));
    entries.reverse();
    entries
}

/// The cookies that an answer sets, as they are written.
fn set(answer: &Answer) -> Vec<String> {
    answer.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_link_by_mail_signs_in_once_and_signing_out_ends_it() {
    let world = World::at(START).await;
    let ada = world.house().await;
    let browser = Browser::new();
    let form = browser.open(&world, "/sign-in").await;
    assert!(form.status == 200 && form.text.contains(r#"<form method="post" action="/sign-in">"#), "{}", form.text);
    assert_eq!(browser.submit(&world, "/sign-in", "email=nobody").await.status, 422);

    let asked = browser.ask_for_link(&world, "Ada@Onward.example").await;
    assert!(asked.status == 200 && asked.text.contains("Look into your mailbox"), "{}", asked.text);
    let [cookie] = &set(&asked)[..] else { panic!("{:?}", set(&asked)) };
    assert!(cookie.starts_with("__Host-asked=") && cookie.ends_with("; Path=/; Max-Age=900; Secure; HttpOnly; SameSite=Lax"), "{cookie}");
    world.settle().await;
    let mail = world.mails_to("Ada@Onward.example").remove(0);
    assert_eq!((mail.subject.as_str(), mail.header("List-Unsubscribe")), ("Sign in to Onward", None));
    assert!(mail.html.contains(&format!("{PUBLIC_URL}/sign-in/link?t=")), "{}", mail.html);

    let token = world.link("Ada@Onward.example");
    let page = browser.open(&world, &format!("/sign-in/link?t={token}")).await;
    assert!(page.status == 200 && page.text.contains("As <b>Ada Brandt</b>") && page.text.contains("Sign in to Onward"), "{}", page.text);
    let signed_in = browser.submit(&world, "/sign-in/confirm", &format!("t={token}")).await;
    assert_eq!((signed_in.status.as_u16(), &signed_in.headers["location"]), (303, &"/home".parse().unwrap()), "{}", signed_in.text);
    let cookies = set(&signed_in);
    let held = cookies.iter().find(|cookie| cookie.starts_with("__Host-session=")).unwrap();
    assert!(held.ends_with("; Path=/; Max-Age=1209600; Secure; HttpOnly; SameSite=Lax") && !held.contains("Domain"), "{held}");

    let home = browser.home(&world).await;
    for shown in ["Ada Brandt", ADA, "Onward", "coach, administrator", "Firefox on Linux", "this browser", "first key"] {
        assert!(home.status == 200 && home.text.contains(shown), "{shown}: {}", home.text);
    }
    // replayed, the link does nothing, here or anywhere
    assert_eq!(browser.submit(&world, "/sign-in/confirm", &format!("t={token}")).await.status, 404);
    assert_eq!(browser.open(&world, &format!("/sign-in/link?t={token}")).await.status, 404);

    let held = browser.cookie("__Host-session").unwrap();
    assert!(browser.submit(&world, "/sign-out", "").await.text.contains("✓ Signed out"));
    assert_eq!(browser.cookie("__Host-session"), None);
    browser.hold("__Host-session", &held);
    let out = browser.home(&world).await;
    assert!(out.status == 401 && out.text.contains(r#"action="/sign-in""#), "{}", out.text);
    assert_eq!(entries(&ada, "2026-03-02").await, [("sign_in.done".into(), ada.id.clone()), ("sign_out.one".into(), ada.id.clone())]);
}

#[tokio::test]
async fn a_link_is_used_once_even_by_two_at_the_same_time() {
    let world = World::at(START).await;
    world.house().await;
    let browser = Browser::new();
    browser.ask_for_link(&world, ADA).await.expect(200);
    world.settle().await;
    let form = format!("t={}", world.link(ADA));
    let tries = (0..4).map(|_| browser.submit(&world, "/sign-in/confirm", &form));
    let mut statuses: Vec<u16> = futures::future::join_all(tries).await.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 404, 404, 404]);
}

#[tokio::test]
async fn a_scanner_that_opens_every_link_changes_nothing() {
    let world = World::at(START).await;
    world.house().await;
    let browser = Browser::new();
    browser.ask_for_link(&world, ADA).await.expect(200);
    world.settle().await;
    let link = format!("/sign-in/link?t={}", world.link(ADA));
    for method in ["GET", "HEAD", "GET"] {
        let seen = Browser::new().ask(&world, method, &link, &[], String::new()).await;
        assert!(seen.status == 403 && set(&seen).is_empty() && !seen.text.contains("<form"), "{}", seen.text);
        assert!(!seen.text.contains("Ada") && !seen.text.contains("Onward"), "who finds a link learns nothing: {}", seen.text);
    }
    let page = browser.open(&world, &link).await;
    assert!(page.status == 200 && page.text.contains("<form"), "{}", page.text);
    assert_eq!(browser.home(&world).await.status, 401, "looking signs nobody in");
    assert_eq!(browser.submit(&world, "/sign-in/confirm", &format!("t={}", world.link(ADA))).await.status, 303);
}

#[tokio::test]
async fn a_link_that_was_stolen_or_forwarded_works_nowhere_else_and_is_spent() {
    let world = World::at(START).await;
    let ada = world.house().await;
    let (browser, thief) = (Browser::new(), Browser::new());
    browser.ask_for_link(&world, ADA).await.expect(200);
    // the thief asked for something, too
    thief.ask_for_link(&world, "thief@elsewhere.example").await.expect(200);
    world.settle().await;
    let form = format!("t={}", world.link(ADA));
    let tried = thief.submit(&world, "/sign-in/confirm", &form).await;
    assert!(tried.status == 403 && !set(&tried).iter().any(|cookie| cookie.contains("session")), "{}", tried.text);
    assert!(!tried.text.contains("Ada"), "{}", tried.text);
    assert_eq!(browser.submit(&world, "/sign-in/confirm", &form).await.status, 404, "it is spent");
    assert_eq!(entries(&ada, "2026-03-02").await, [("sign_in.other_browser".into(), ada.id.clone())]);
    // a link without any browser behind it is worth nothing either
    browser.ask_for_link(&world, ADA).await.expect(200);
    world.settle().await;
    let form = format!("t={}", world.link(ADA));
    assert_eq!(Browser::new().submit(&world, "/sign-in/confirm", &form).await.status, 403);
    for wrong in ["t=", "", "t=x", "t=%00", "t=%FF&as=member"] {
        assert_eq!(browser.submit(&world, "/sign-in/confirm", wrong).await.status, 404, "{wrong}");
    }
}

#[tokio::test]
async fn two_links_of_one_browser_work_beside_each_other() {
    let world = World::at(START).await;
    world.house().await;
    let browser = Browser::new();
    for _ in 0..2 {
        browser.ask_for_link(&world, ADA).await.expect(200);
        world.settle().await;
    }
    let links = world.links(ADA);
    assert_eq!(links.iter().collect::<BTreeSet<_>>().len(), 2);
    assert_eq!(browser.open(&world, &format!("/sign-in/link?t={}", links[0])).await.status, 200);
    assert_eq!(browser.submit(&world, "/sign-in/confirm", &format!("t={}", links[0])).await.status, 303);
    assert_eq!(browser.submit(&world, "/sign-in/confirm", &format!("t={}", links[1])).await.status, 403, "who is in asks no more");
}

#[tokio::test]
async fn a_link_works_for_a_quarter_of_an_hour_and_a_browser_is_signed_in_for_two_weeks() {
    let world = World::at(START).await;
    world.house().await;
    let browser = Browser::new();
    browser.ask_for_link(&world, ADA).await.expect(200);
    world.settle().await;
    let late = format!("t={}", world.link(ADA));
    world.advance_to("2026-03-02T12:17:00Z").await;
    assert_eq!(browser.open(&world, &format!("/sign-in/link?{late}")).await.status, 404);
    assert_eq!(browser.submit(&world, "/sign-in/confirm", &late).await.status, 404);
    browser.sign_in(&world, ADA).await;
    world.advance_to("2026-03-16T12:00:00Z").await;
    assert_eq!(browser.home(&world).await.status, 200);
    world.advance_to("2026-03-16T12:20:00Z").await;
    assert_eq!(browser.home(&world).await.status, 401);
}

#[tokio::test]
async fn nobody_learns_whether_an_address_is_known() {
    let world = World::at(START).await;
    let ada = world.house().await;
    let bob = ada.coach(&world, "Bob Kern", "bob@onward.example").await;
    ada.patch(&format!("/v1/members/{}", bob.id), json!({ "active": false })).await.expect(200);
    ada.client("Amber", "Stone", "amber@stone.example").await;
    let mut answers = Vec::new();
    for address in [ADA, "bob@onward.example", "amber@stone.example", "nobody@onward.example"] {
        let answer = Browser::new().ask_for_link(&world, address).await;
        let names: Vec<String> = answer.headers.keys().map(|name| name.as_str().to_owned()).collect();
        let cookie = set(&answer).remove(0);
        answers.push((answer.status, answer.bytes, names, cookie.split_once(';').unwrap().1.to_owned(), cookie.len()));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    world.settle().await;
    let to: Vec<String> = world.mails().into_iter().map(|mail| mail.to).collect();
    assert_eq!(to, [ADA], "only whoever may sign in has mail");
    // who is known and may not is on record
    let amber = text(&ada.get("/v1/clients").await.expect(200)["items"][0]["id"]);
    let refused: BTreeSet<_> = entries(&ada, "2026-03-02").await.into_iter().collect();
    assert_eq!(refused, BTreeSet::from([("sign_in.not_allowed".into(), bob.id), ("sign_in.not_allowed".into(), amber)]));
}

#[tokio::test]
async fn for_a_known_and_an_unknown_address_the_same_is_done() {
    let world = World::at(START).await;
    world.house().await;
    let mut calls = Vec::new();
    for address in [ADA, "nobody@onward.example"] {
        world.stack.faults.plan(Vec::new());
        Browser::new().ask_for_link(&world, address).await.expect(200);
        let made: Vec<String> = world.stack.faults.calls().into_iter().map(|call| call.operation).collect();
        calls.push(made);
        world.settle().await;
    }
    assert_eq!(calls[0], calls[1]);
}

#[tokio::test]
async fn another_site_can_not_act_with_the_cookies_of_ours() {
    let world = World::at(START).await;
    let ada = world.house().await;
    let browser = Browser::new();
    browser.sign_in(&world, ADA).await;
    let key = text(&ada.get("/v1/api-keys").await.expect(200)["items"][0]["id"]);
    let foreign: [&[(&str, &str)]; 4] = [
        &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
        &[("sec-fetch-site", "same-site"), ("origin", "http://other.cairn.test")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
    ];
    for headers in foreign {
        for (path, form) in [
            ("/sign-in", "email=ada%40onward.example".to_owned()),
            ("/sign-in/confirm", "t=x".to_owned()),
            ("/home/keys", "name=stolen&scope=write".to_owned()),
            ("/home/keys/revoke", format!("id={key}")),
            ("/sign-out", String::new()),
            ("/sign-out/everywhere", String::new()),
            ("/i/none", "time_zone=UTC".to_owned()),
        ] {
            let refused = browser.ask(&world, "POST", path, headers, form).await;
            assert!(refused.status == 403 && refused.text.contains("another site"), "{path}: {}", refused.text);
            assert!(set(&refused).is_empty(), "{path}");
        }
    }
    assert_eq!(browser.home(&world).await.status, 200, "still signed in");
    assert_eq!(ada.get("/v1/api-keys").await.expect(200)["items"].as_array().unwrap().len(), 1);
    // a browser that says only where a form comes from may act from our own pages
    let own = browser.ask(&world, "POST", "/sign-out", &[("origin", PUBLIC_URL)], String::new()).await;
    assert_eq!((own.status.as_u16(), browser.home(&world).await.status.as_u16()), (200, 401));
}

#[tokio::test]
async fn what_a_browser_holds_opens_no_api_and_a_key_opens_no_page() {
    let world = World::at(START).await;
    let ada = world.house().await;
    let browser = Browser::new();
    browser.sign_in(&world, ADA).await;
    let held = browser.cookie("__Host-session").unwrap();
    let by_cookie = browser.ask(&world, "GET", "/v1/me", &[], String::new()).await;
    assert_eq!(by_cookie.status, 401);
    let token = held.rsplit('.').next().unwrap();
    for secret in [&held, token, &format!("cairn_{token}")] {
        assert_eq!(ada.with_key(secret).get("/v1/me").await.status, 401);
    }
    // with an API key as a key, and as a cookie
    assert_eq!(ada.get("/home").await.status, 401);
    let account = held.split('.').next().unwrap();
    for value in
        [ada.key().to_owned(), format!("{account}.m{}.{}", ada.id, ada.key()), format!("{account}.m{}.{}", ada.id, &ada.key()[6..])]
    {
        let other = Browser::new();
        other.hold("__Host-session", &value);
        assert_eq!(other.home(&world).await.status, 401, "{value}");
    }
    // under another name, or moved to another person or account, it opens nothing
    let other = world.account("Elsewhere", "eve@elsewhere.example", "UTC").await;
    for (name, value) in [
        ("session", held.clone()),
        ("__Host-session", held.replace(&ada.id, &other.id)),
        ("__Host-session", held.replace(account, &other.account_id)),
        ("__Host-session", held.replace(".m", ".c")),
        ("__Host-session", format!("{held}; __Host-session={held}")),
    ] {
        let other = Browser::new();
        other.hold(name, &value);
        assert_eq!(other.home(&world).await.status, 401, "{name}={value}");
    }
}

#[tokio::test]
async fn whoever_reads_the_table_finds_nothing_that_opens_anything() {
    let world = World::at(START).await;
    world.house().await;
    let (signed_in, waiting) = (Browser::new(), Browser::new());
    signed_in.sign_in(&world, ADA).await;
    waiting.ask_for_link(&world, ADA).await.expect(200);
    world.settle().await;
    let made = signed_in.submit(&world, "/home/keys", "name=Script&scope=read").await;
    let key = made.text.split_once("<code>").unwrap().1.split_once("</code>").unwrap().0.to_owned();
    let held = signed_in.cookie("__Host-session").unwrap();
    let secrets = [
        ("a link", world.link(ADA)),
        ("what a browser holds that asked", waiting.cookie("__Host-asked").unwrap()),
        ("what a browser holds that is signed in", held.rsplit('.').next().unwrap().to_owned()),
        ("a key", key.trim_start_matches("cairn_").to_owned()),
    ];
    let rows = world.stack.rows().unwrap();
    let of = |kind: &str| rows.iter().filter(|row| row["type"]["S"] == kind).count();
    assert_eq!((of("link"), of("browser"), of("api key")), (1, 1, 2));
    let table = Value::Array(rows).to_string();
    for (what, secret) in secrets {
        assert!(secret.len() == 43 && !table.contains(&secret), "{what} is in the table");
    }
}

#[tokio::test]
async fn links_are_limited_by_address_and_by_place() {
    let world = World::at("2026-03-02T12:10:00Z").await;
    let ada = world.house().await;
    let mut answers = Vec::new();
    for _ in 0..7 {
        answers.push(Browser::new().ask_for_link(&world, ADA).await.bytes);
    }
    world.settle().await;
    assert!(answers.iter().all(|answer| *answer == answers[0]), "nobody sees that there was no more mail");
    assert_eq!(world.links(ADA).len(), 5);
    let refused = entries(&ada, "2026-03-02").await;
    assert_eq!(refused, [("sign_in.too_often".to_owned(), ada.id.clone()), ("sign_in.too_often".to_owned(), ada.id.clone())]);
    for n in 7..30 {
        Browser::new().ask_for_link(&world, &format!("a{n}@x.example")).await.expect(200);
    }
    let too_often = Browser::new().ask_for_link(&world, "a@x.example").await;
    assert!(too_often.status == 429 && set(&too_often).is_empty(), "{}", too_often.text);
    let wait: i64 = too_often.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((2400..=3000).contains(&wait), "{wait}");
    // who asks from elsewhere is not kept out by it, until there are as many as nobody needs
    let asked_from = async |place: usize| {
        let mut event = sample("api-sign-in");
        event["requestContext"]["http"]["sourceIp"] = format!("192.0.2.{place}").into();
        event["cookies"] = json!([]);
        let answer = world.stack.request(serde_json::from_value(event).unwrap()).await.unwrap();
        world.settle().await;
        (answer.status_code, world.links(ADA).len())
    };
    assert_eq!(asked_from(1).await, (200, 6));
    for place in 2..8 {
        for _ in 0..6 {
            assert_eq!(asked_from(place).await.0, 200);
        }
    }
    assert_eq!(asked_from(8).await, (200, 30), "5, 1, and 24 of the 30 that were asked for since");
    world.advance_to("2026-03-02T13:00:01Z").await;
    Browser::new().ask_for_link(&world, ADA).await.expect(200);
    world.settle().await;
    assert_eq!(world.links(ADA).len(), 31);
}

#[tokio::test]
async fn names_are_text_on_every_page_and_nothing_on_them_may_run() {
    let world = World::at(START).await;
    let ada = world.house().await;
    let markup = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
    ada.patch(&format!("/v1/members/{}", ada.id), json!({ "name": markup })).await.expect(200);
    ada.patch("/v1/account", json!({ "name": markup })).await.expect(200);
    ada.post("/v1/api-keys", json!({ "name": markup })).await.expect(201);
    let browser = Browser::new();
    browser.ask_for_link(&world, ADA).await.expect(200);
    world.settle().await;
    let form = format!("t={}", world.link(ADA));
    let link = browser.open(&world, &format!("/sign-in/link?{form}")).await;
    assert_eq!(browser.submit(&world, "/sign-in/confirm", &form).await.status, 303);
    let home = browser.home(&world).await;
    let wrong = browser.submit(&world, "/sign-in", "email=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E").await;
    let named = browser.submit(&world, "/home/keys", "name=%3Cimg+src%3Dx%3E&scope=read").await;
    assert!(home.text.contains("&lt;script&gt;alert(1)") && link.text.contains("&lt;script&gt;alert(1)"));
    assert!(wrong.status == 422 && named.text.contains("&lt;img src=x&gt;"), "{}", named.text);
    for page in [link, home, wrong, named] {
        assert!(!page.text.contains("<script") && !page.text.contains("<img") && !page.text.contains(" style="), "{}", page.text);
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
        assert!(
            policy.contains("form-action 'self'; frame-ancestors 'none'; base-uri 'none'") && !policy.contains("script-src"),
            "{policy}"
        );
        assert_eq!(page.headers["cache-control"], "no-store");
    }
}

#[tokio::test]
async fn an_address_of_several_people_has_mail_of_each_account_and_a_choice_in_one() {
    let world = World::at(START).await;
    let ada = world.house().await;
    let eve = world.account("Elsewhere", "eve@elsewhere.example", "UTC").await;
    let company = ada.company("Acme").await;
    let email = "both@acme.example";
    ada.coach(&world, "Bo Thien", email).await;
    ada.personnel(&company, "Bo Thien (Acme)", email, &["action"]).await;
    eve.patch("/v1/account", json!({ "features": { "team_edition": true } })).await.expect(200);
    eve.coach(&world, "Bo T.", email).await;
    let browser = Browser::new();
    browser.ask_for_link(&world, email).await.expect(200);
    world.settle().await;
    let subjects: BTreeSet<String> = world.mails_to(email).into_iter().map(|mail| mail.subject).collect();
    assert_eq!(subjects, BTreeSet::from(["Sign in to Elsewhere".to_owned(), "Sign in to Onward".to_owned()]));
    let at = |account: &str| {
        let mail = world.mails_to(email).into_iter().find(|mail| mail.subject.ends_with(account)).unwrap().text;
        mail.split_once("link?t=").unwrap().1.split_whitespace().next().unwrap().to_owned()
    };
    let link = at("Onward");
    let page = browser.open(&world, &format!("/sign-in/link?t={link}")).await;
    for shown in ["<b>Bo Thien</b>, in the team", "<b>Bo Thien (Acme)</b>, for a company", "value=\"personnel\""] {
        assert!(page.text.contains(shown), "{}", page.text);
    }
    // without a choice, or with one that is none, nothing is done
    for none in ["", "&as=client", "&as=administrator"] {
        let page = browser.submit(&world, "/sign-in/confirm", &format!("t={link}{none}")).await;
        assert!(page.status == 200 && page.text.contains("Who are you now?"), "{}", page.text);
    }
    assert_eq!(browser.submit(&world, "/sign-in/confirm", &format!("t={link}&as=personnel")).await.status, 303);
    let home = browser.home(&world).await.text;
    assert!(home.contains("Bo Thien (Acme)") && home.contains("personnel"), "{home}");
    let other = Browser::new();
    other.sign_in(&world, "eve@elsewhere.example").await;
    assert!(other.home(&world).await.text.contains("Elsewhere"));
}

#[tokio::test]
async fn who_may_no_longer_is_out_with_the_next_request() {
    let world = World::at(START).await;
    let ada = world.house().await;
    let company = ada.company("Acme").await;
    let bob = ada.coach(&world, "Bob Kern", "bob@onward.example").await;
    let hana = ada.personnel(&company, "Hana Ito", "hana@acme.example", &["action"]).await;
    for (email, path, later) in [
        ("bob@onward.example", format!("/v1/members/{}", bob.id), "2026-03-02T12:05:00Z"),
        ("hana@acme.example", format!("/v1/companies/{company}/personnel/{hana}"), "2026-03-02T12:10:00Z"),
    ] {
        let (browser, late) = (Browser::new(), Browser::new());
        browser.sign_in(&world, email).await;
        late.ask_for_link(&world, email).await.expect(200);
        world.settle().await;
        assert_eq!(browser.home(&world).await.status, 200);
        ada.patch(&path, json!({ "active": false })).await.expect(200);
        assert_eq!(browser.home(&world).await.status, 401, "{email}");
        assert_eq!(browser.submit(&world, "/home/keys", "name=x&scope=write").await.status, 401, "{email}");
        assert_eq!(late.submit(&world, "/sign-in/confirm", &format!("t={}", world.link(email))).await.status, 404, "{email}");
        // taken back, they sign in anew
        world.advance_to(later).await;
        ada.patch(&path, json!({ "active": true })).await.expect(200);
        assert_eq!(browser.home(&world).await.status, 401, "{email}");
        browser.sign_in(&world, email).await;
        assert_eq!(browser.home(&world).await.status, 200, "{email}");
    }
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_browser_and_no_key() {
    let world = World::at(START).await;
    let ada = world.house().await;
    let bob = ada.coach(&world, "Bob Kern", "bob@onward.example").await;
    let browsers = [Browser::new(), Browser::new(), Browser::new()];
    for browser in &browsers {
        browser.sign_in(&world, ADA).await;
    }
    let others = Browser::new();
    others.sign_in(&world, "bob@onward.example").await;
    assert_eq!(browsers[0].home(&world).await.text.matches("Firefox on Linux").count(), 3);
    assert!(browsers[1].submit(&world, "/sign-out/everywhere", "").await.text.contains("signed out everywhere"));
    for browser in &browsers {
        assert_eq!(browser.home(&world).await.status, 401);
    }
    assert_eq!(others.home(&world).await.status, 200);
    ada.get("/v1/me").await.expect(200);
    bob.get("/v1/me").await.expect(200);
    // signing in again gives up what the browser held before
    others.sign_in(&world, "bob@onward.example").await;
    assert_eq!(others.home(&world).await.text.matches("Firefox on Linux").count(), 1);
}

#[tokio::test]
async fn a_key_is_made_shown_once_and_revoked_on_ones_own_page() {
    let world = World::at(START).await;
    let ada = world.house().await;
    let browser = Browser::new();
    browser.sign_in(&world, ADA).await;
    let made = browser.submit(&world, "/home/keys", "name=Nightly+export&scope=read&expires_on=2026-04-01").await;
    let key = made.text.split_once("<code>").unwrap().1.split_once("</code>").unwrap().0.to_owned();
    let home = browser.home(&world).await.text;
    assert!(home.contains("Nightly export") && home.contains("works until 1 April 2026") && !home.contains(&key), "{home}");
    let program = ada.with_key(&key);
    program.get("/v1/me").await.expect(200);
    assert_eq!(program.post("/v1/api-keys", json!({})).await.status, 403, "it reads");
    let listed = ada.get("/v1/api-keys").await.expect(200);
    let id = listed["items"].as_array().unwrap().iter().find(|key| key["name"] == "Nightly export").unwrap()["id"].clone();
    for wrong in
        ["name=&scope=read", "name=x&scope=all", "name=x&scope=read&expires_on=soon", "name=x&scope=read&expires_on=2026-03-01", ""]
    {
        let refused = browser.submit(&world, "/home/keys", wrong).await;
        assert!(refused.status == 422 && refused.text.contains("was not made"), "{wrong}: {}", refused.text);
    }
    // nobody revokes another's
    let bob = ada.coach(&world, "Bob Kern", "bob@onward.example").await;
    let others = text(&bob.post("/v1/api-keys", json!({})).await.expect(201)["id"]);
    for id in [&others, "nothing", ""] {
        assert_eq!(browser.submit(&world, "/home/keys/revoke", &format!("id={id}")).await.status, 303);
    }
    bob.get("/v1/me").await.expect(200);
    assert_eq!(browser.submit(&world, "/home/keys/revoke", &format!("id={}", text(&id))).await.status, 303);
    assert_eq!(program.get("/v1/me").await.status, 401);
}

#[tokio::test]
async fn the_address_in_the_settings_opens_the_first_account_once() {
    let settings = Settings {
        start: Some(time(START)),
        public_url: PUBLIC_URL.into(),
        admin_email: Some("Boss@Onward.example".into()),
        ..Settings::default()
    };
    let world = World::over(Stack::start(settings).await.unwrap());
    let (one, two, three) = (Browser::new(), Browser::new(), Browser::new());
    let email = "boss@onward.example";
    let asked = futures::future::join3(
        one.ask_for_link(&world, email),
        two.ask_for_link(&world, email),
        three.ask_for_link(&world, "else@onward.example"),
    );
    let (a, b, c) = asked.await;
    assert!(a.bytes == b.bytes && b.bytes == c.bytes);
    world.settle().await;
    let accounts = |world: &World| world.stack.rows().unwrap().iter().filter(|row| row["type"]["S"] == "account").count();
    assert_eq!(accounts(&world), 1);
    assert_eq!((world.links(email).len(), world.mails().len()), (2, 2), "each who asked has a link to the one account");
    let forms: Vec<String> = world.links(email).iter().map(|link| format!("t={link}")).collect();
    let entered = if one.open(&world, &format!("/sign-in/link?{}", forms[0])).await.status == 200 { &one } else { &two };
    assert_eq!(entered.submit(&world, "/sign-in/confirm", &forms[0]).await.status, 303);
    let home = entered.home(&world).await.text;
    assert!(home.contains("coach, administrator") && home.contains("onward.example"), "{home}");
    // a key that nobody knows is not made; one made here works
    assert!(!home.contains("first key"));
    let made = entered.submit(&world, "/home/keys", "name=Mine&scope=write").await.text;
    let key = made.split_once("<code>").unwrap().1.split_once("</code>").unwrap().0.to_owned();
    let boss = world.person(email).await.with_key(&key);
    let me = boss.get("/v1/me").await.expect(200);
    assert_eq!((text(&me["email"]), me["permissions"].as_array().unwrap().len()), (email.to_owned(), 8));
    // the address is somebody's now; given up, it opens no second account
    boss.patch(&format!("/v1/members/{}", boss.id), json!({ "email": "new@onward.example" })).await.expect(200);
    one.ask_for_link(&world, email).await.expect(200);
    world.settle().await;
    assert_eq!((accounts(&world), world.links(email).len()), (1, 2));
}

#[tokio::test]
async fn a_mail_that_is_late_has_a_link_while_it_works_and_is_not_sent_after() {
    let world = World::at(START).await;
    world.house().await;
    let throttled = |when| world.stack.faults.plan(vec![Fault { when, kind: Kind::Throttle }]);
    let browser = Browser::new();
    throttled(When::Operation("SendEmail".into(), 1));
    browser.ask_for_link(&world, ADA).await.expect(200);
    world.settle().await;
    assert_eq!(world.links(ADA).len(), 0);
    world.advance_to("2026-03-02T12:05:00Z").await;
    assert_eq!(world.links(ADA).len(), 1, "a moment later it is there");
    assert_eq!(browser.submit(&world, "/sign-in/confirm", &format!("t={}", world.link(ADA))).await.status, 303);

    throttled(When::Every("SendEmail".into()));
    browser.ask_for_link(&world, ADA).await.expect(200);
    world.advance_to("2026-03-02T12:22:00Z").await;
    world.stack.faults.plan(Vec::new());
    world.advance_to("2026-03-02T13:30:00Z").await;
    assert_eq!(world.links(ADA).len(), 1);
}

#[tokio::test]
async fn api_gateway_says_where_an_ask_comes_from_and_which_cookies_it_brings() {
    let world = World::at(START).await;
    world.house().await;
    for n in 0..31 {
        Browser::new().ask_for_link(&world, &format!("a{n}@x.example")).await;
    }
    assert_eq!(Browser::new().ask_for_link(&world, ADA).await.status, 429);
    // the sample comes from another place, with its cookies apart from its headers and its form in base64
    let event = serde_json::from_value(sample("api-sign-in")).unwrap();
    let answer = world.stack.request(event).await.unwrap();
    let asked = "__Host-asked=Gk3J0v8S1bq5cXyZ2nRtW7eLhU4aPdF6mQiOoTsVwB0";
    assert_eq!((answer.status_code, answer.cookies.len()), (200, 1));
    assert!(answer.cookies[0].starts_with(asked), "{:?}", answer.cookies);
    world.settle().await;
    let browser = Browser::new();
    browser.hold("__Host-asked", asked.split_once('=').unwrap().1);
    assert_eq!(browser.submit(&world, "/sign-in/confirm", &format!("t={}", world.link(ADA))).await.status, 303);
}
