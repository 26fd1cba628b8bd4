//! The clients' portal from the invitation to the archive (P-4, P-5).

use serde_json::json;
use stories::{Browser, Person, World, text, time};

const START: &str = "2026-03-02T12:00:00Z";
const AMBER: &str = "amber@stone.example";

async fn switch(by: &Person, client: &str, active: bool) -> stories::Answer {
    by.put(&format!("/v1/clients/{client}/portal"), json!({ "active": active })).await
}

/// Accepts the latest invitation in a mailbox.
async fn accept(world: &World, browser: &Browser, email: &str) -> stories::Answer {
    let invited = world.mails_to(email).into_iter().rev().find(|mail| mail.text.contains("/i/")).unwrap().text;
    let token = invited.split_once("/i/").unwrap().1.split_whitespace().next().unwrap().to_owned();
    browser.submit(world, &format!("/i/{token}"), "time_zone=Europe%2FBerlin").await
}

#[tokio::test]
async fn a_portal_is_opened_by_the_client_and_switched_by_the_coach() {
    let world = World::at(START).await;
    let ada = world.house().await;
    let amber = ada.client("Amber", "Stone", AMBER).await;
    let path = format!("/v1/clients/{amber}");
    // an internal record: a program may act in her name, she can't sign in
    let program = world.person(AMBER).await;
    assert_eq!(switch(&ada, &amber, true).await.expect(409)["code"], "wrong_state");
    assert_eq!(ada.post(&format!("{path}/portal/invite"), json!({})).await.expect(200)["portal"], "pending");
    for active in [true, false] {
        assert_eq!(switch(&ada, &amber, active).await.expect(409)["code"], "wrong_state");
    }
    world.settle().await;
    let browser = Browser::new();
    browser.ask_for_link(&world, AMBER).await.expect(200);
    world.settle().await;
    assert_eq!(world.links(AMBER).len(), 0, "who has not accepted can't sign in");

    let accepted = accept(&world, &browser, AMBER).await;
    assert!(accepted.text.contains("✓ Accepted") && accepted.text.contains("This browser is signed in."), "{}", accepted.text);
    let home = browser.home(&world).await;
    assert!(home.status == 200 && home.text.contains("Amber Stone") && home.text.contains("Europe/Berlin"), "{}", home.text);
    let client = ada.get(&path).await.expect(200);
    assert_eq!((text(&client["portal"]), text(&client["time_zone"])), ("active".into(), "Europe/Berlin".into()));
    // who opens the link once more is not signed in by it
    let again = Browser::new();
    let page = accept(&world, &again, AMBER).await;
    assert!(page.text.contains("✓ Accepted") && again.cookie("__Host-session").is_none(), "{}", page.text);
    assert_eq!(again.home(&world).await.status, 401);

    let mails = |world: &World| world.mails_to(AMBER).into_iter().map(|mail| mail.subject).collect::<Vec<_>>();
    let before = mails(&world).len();
    let off = "Your portal at Onward is switched off";
    let on = "Your portal at Onward is on again";
    // nothing changes: no mail, no version
    assert_eq!(switch(&ada, &amber, true).await.expect(200)["version"], client["version"]);
    world.settle().await;
    assert_eq!(mails(&world).len(), before);

    program.get("/v1/me").await.expect(200);
    assert_eq!(switch(&ada, &amber, false).await.expect(200)["portal"], "disabled");
    assert_eq!(program.get("/v1/me").await.status, 401, "her key opens nothing at once");
    assert_eq!(browser.home(&world).await.status, 401, "nor does her browser");
    switch(&ada, &amber, false).await.expect(200);
    browser.ask_for_link(&world, AMBER).await.expect(200);
    world.settle().await;
    assert_eq!((&mails(&world)[before..], world.links(AMBER).len()), (&[off.to_owned()][..], 0));

    assert_eq!(switch(&ada, &amber, true).await.expect(200)["portal"], "active");
    world.settle().await;
    assert_eq!(mails(&world)[before + 1..], [on]);
    program.get("/v1/me").await.expect(200);
    assert_eq!(browser.home(&world).await.status, 401, "what she was signed in with is over for good");
    world.advance_to("2026-03-02T12:10:00Z").await;
    assert_eq!(browser.home(&world).await.status, 401);
    browser.sign_in(&world, AMBER).await;
    assert_eq!(browser.home(&world).await.status, 200);
    let before_archive = browser.cookie("__Host-session").unwrap();

    // archiving switches it off, and she is told
    let signed_in = world.mails_to(AMBER).len();
    assert_eq!(ada.post(&format!("{path}/archive"), json!({})).await.expect(200)["portal"], "disabled");
    assert_eq!((program.get("/v1/me").await.status.as_u16(), browser.home(&world).await.status.as_u16()), (401, 401));
    assert_eq!(switch(&ada, &amber, true).await.expect(409)["code"], "client_archived");
    world.settle().await;
    assert_eq!(mails(&world)[signed_in..], [off]);
    assert_eq!(ada.post(&format!("{path}/unarchive"), json!({})).await.expect(200)["portal"], "disabled");
    assert_eq!((program.get("/v1/me").await.status.as_u16(), browser.home(&world).await.status.as_u16()), (401, 401));
    // archived while it is off, there is nothing to tell
    ada.post(&format!("{path}/archive"), json!({})).await.expect(200);
    ada.post(&format!("{path}/unarchive"), json!({})).await.expect(200);
    world.settle().await;
    assert_eq!(mails(&world).len(), signed_in + 1);
    world.advance_to("2026-03-02T12:20:00Z").await;
    assert_eq!(switch(&ada, &amber, true).await.expect(200)["portal"], "active");
    browser.hold("__Host-session", &before_archive);
    assert_eq!(browser.home(&world).await.status, 401, "nor does what she signed in with before the archive open anything");
    browser.sign_in(&world, AMBER).await;
    assert_eq!(browser.home(&world).await.status, 200);
}

#[tokio::test]
async fn archiving_an_internal_record_mails_nobody() {
    let world = World::at(START).await;
    let ada = world.house().await;
    let [amber, ben] = [ada.client("Amber", "", AMBER).await, ada.client("Ben", "", "ben@alder.example").await];
    ada.post(&format!("/v1/clients/{ben}/portal/invite"), json!({})).await.expect(200);
    world.settle().await;
    for client in [&amber, &ben] {
        assert_eq!(ada.post(&format!("/v1/clients/{client}/archive"), json!({})).await.expect(200)["portal"], "not_invited");
    }
    world.settle().await;
    assert_eq!((world.mails_to(AMBER).len(), world.mails_to("ben@alder.example").len()), (0, 1));
}

#[tokio::test]
async fn a_portal_that_moves_back_before_its_mail_went_is_told_of_as_it_stands() {
    let world = World::at(START).await;
    let ada = world.house().await;
    let amber = ada.client("Amber", "", AMBER).await;
    ada.post(&format!("/v1/clients/{amber}/portal/invite"), json!({})).await.expect(200);
    world.settle().await;
    accept(&world, &Browser::new(), AMBER).await.expect(200);
    switch(&ada, &amber, false).await.expect(200);
    switch(&ada, &amber, true).await.expect(200);
    ada.patch(&format!("/v1/clients/{amber}"), json!({ "email": "amber@new.example" })).await.expect(200);
    world.settle().await;
    let subjects: Vec<String> = world.mails_to("amber@new.example").into_iter().map(|mail| mail.subject).collect();
    assert_eq!(subjects, ["Your portal at Onward is on again"]);
    // a version that is not the latest changes nothing
    let stale = ada.ask("PUT", &format!("/v1/clients/{amber}/portal"), &[("if-match", "\"1\"")], Some(&json!({ "active": false }))).await;
    stale.expect(412);
    // who has no address is switched, too
    ada.patch(&format!("/v1/clients/{amber}"), json!({ "email": "" })).await.expect(200);
    assert_eq!(switch(&ada, &amber, false).await.expect(200)["portal"], "disabled");
}

#[tokio::test]
async fn a_link_that_is_signed_but_was_not_sent_signs_nobody_in() {
    let world = World::at(START).await;
    let ada = world.house().await;
    let amber = ada.client("Amber", "Stone", AMBER).await;
    let client = ada.post(&format!("/v1/clients/{amber}/portal/invite"), json!({})).await.expect(200);
    world.settle().await;
    // as whoever could read the table, and the signing keys in it, would make it
    let app = &world.stack.app;
    let invited_at = time(&text(&client["invited_at"]));
    let invitation = app::token::Invitation { account: ada.account_id.parse().unwrap(), client: amber.parse().unwrap(), invited_at };
    let token = invitation.sign(&app.signing_keys).unwrap();
    let sent = world.mails_to(AMBER).remove(0).text;
    let secret = sent.split_once("?k=").unwrap().1.split_whitespace().next().unwrap().to_owned();
    assert!(!serde_json::Value::Array(world.stack.rows().unwrap()).to_string().contains(&secret));
    let forger = Browser::new();
    assert_eq!(forger.submit(&world, "/sign-in/confirm", &format!("t={secret}")).await.status, 404, "it belongs to its invitation");
    let accepted = forger.submit(&world, &format!("/i/{token}?k=made-up"), "time_zone=UTC").await;
    assert!(accepted.text.contains("✓ Accepted") && !accepted.text.contains("signed in"), "{}", accepted.text);
    assert!(forger.cookie("__Host-session").is_none());
    assert_eq!(forger.home(&world).await.status, 401);
    // she signs in like everybody else
    let own = Browser::new();
    own.sign_in(&world, AMBER).await;
    assert_eq!(own.home(&world).await.status, 200);
}

#[tokio::test]
async fn what_an_invitation_has_signs_in_one_browser_even_of_several_at_the_same_time() {
    let world = World::at(START).await;
    let ada = world.house().await;
    let amber = ada.client("Amber", "Stone", AMBER).await;
    ada.post(&format!("/v1/clients/{amber}/portal/invite"), json!({})).await.expect(200);
    world.settle().await;
    let browsers = [Browser::new(), Browser::new(), Browser::new()];
    for accepted in futures::future::join_all(browsers.iter().map(|browser| accept(&world, browser, AMBER))).await {
        assert!(accepted.text.contains("✓ Accepted"), "{}", accepted.text);
    }
    assert_eq!(browsers.iter().filter(|browser| browser.cookie("__Host-session").is_some()).count(), 1);
}

#[tokio::test]
async fn the_address_of_a_client_who_has_accepted_is_not_their_coachs_to_change() {
    let world = World::at(START).await;
    let ada = world.house().await;
    let bob = ada.coach(&world, "Bob Kern", "bob@onward.example").await;
    let amber = bob.client("Amber", "Stone", "typo@stone.example").await;
    let path = format!("/v1/clients/{amber}");
    // before that it is
    bob.patch(&path, json!({ "email": AMBER })).await.expect(200);
    bob.post(&format!("{path}/portal/invite"), json!({})).await.expect(200);
    world.settle().await;
    accept(&world, &Browser::new(), AMBER).await.expect(200);
    for active in [true, false] {
        switch(&bob, &amber, active).await.expect(200);
        for other in ["bob@second.example", ""] {
            let refused = bob.patch(&path, json!({ "email": other, "phone": "123" })).await.expect(409);
            assert_eq!(text(&refused["code"]), "portal_address", "{refused}");
        }
    }
    let same = bob.patch(&path, json!({ "email": AMBER, "phone": "456" })).await.expect(200);
    assert_eq!((text(&same["email"]), text(&same["phone"])), (AMBER.into(), "456".into()));
    world.settle().await;
    assert_eq!(world.mails_to("bob@second.example").len(), 0);
    assert_eq!(text(&ada.patch(&path, json!({ "email": "amber@new.example" })).await.expect(200)["email"]), "amber@new.example");
}

#[tokio::test]
async fn an_address_is_invited_once_a_day_even_if_the_client_had_another_meanwhile() {
    let world = World::at(START).await;
    let ada = world.house().await;
    let amber = ada.client("Amber", "Stone", AMBER).await;
    let path = format!("/v1/clients/{amber}");
    let invite = async || ada.post(&format!("{path}/portal/invite"), json!({})).await;
    invite().await.expect(200);
    world.settle().await;
    for email in ["amber@second.example", AMBER] {
        ada.patch(&path, json!({ "email": email })).await.expect(200);
    }
    let page = accept(&world, &Browser::new(), AMBER).await;
    assert!(!page.text.contains("✓ Accepted"), "what was void stays so: {}", page.text);
    assert_eq!(invite().await.expect(409)["code"], "invited_recently");
    // nor by way of another client, in any case of letters
    ada.patch(&path, json!({ "email": "amber@second.example" })).await.expect(200);
    let twin = ada.client("Amber", "Twin", "AMBER@stone.example").await;
    assert_eq!(ada.post(&format!("/v1/clients/{twin}/portal/invite"), json!({})).await.expect(409)["code"], "invited_recently");
    invite().await.expect(200);
    world.advance_to("2026-03-03T12:00:01Z").await;
    ada.post(&format!("/v1/clients/{twin}/portal/invite"), json!({})).await.expect(200);
    world.settle().await;
    assert_eq!((world.mails_to(AMBER).len(), world.mails_to("AMBER@stone.example").len()), (1, 1));
}

#[tokio::test]
async fn who_does_not_see_a_record_opens_it_to_nobody() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let ada = world.house().await;
    let amber = ada.client("Amber", "Stone", "amber@stone.example").await;
    let manages = json!({ "coach": true, "permissions": ["manage_clients"] });
    let mona = ada.member(&world, "Mona Ley", "mona@onward.example", manages).await;
    let invite = format!("/v1/clients/{amber}/portal/invite");
    // the address is theirs to change, and an invitation there would be theirs to accept
    mona.patch(&format!("/v1/clients/{amber}"), json!({ "email": "mona.second@onward.example" })).await.expect(200);
    mona.ask("POST", &invite, &[], None).await.expect(403);
    let page = mona.get(&format!("/v1/clients/{amber}/page")).await.expect(200);
    let offers = |page: &serde_json::Value| page["actions"].to_string();
    assert!(!offers(&page).contains("portal_invite"), "{page}");
    assert!(offers(&ada.get(&format!("/v1/clients/{amber}/page")).await.expect(200)).contains("portal_invite"));
    ada.ask("POST", &invite, &[], None).await.expect(200);
}
