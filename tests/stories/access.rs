//! Who may do what, over HTTP: every route, asked by everybody, as one table. A change of rights is a change of that table.

use std::collections::BTreeSet;
use std::fmt::Write;

use domain::client::{Client, Portal};
use domain::comment::{Comment, File, Via};
use domain::id::{ClientId, CommentId, FileId};
use domain::person::Actor;
use platform::store::comments::Original;
use platform::store::{Changes, Scope};
use serde_json::{Value, json};
use stories::{Person, World, report, text, with};

/// Who asks, in the order of the table's columns.
const VIEWERS: [&str; 13] = [
    "owner",
    "admin",
    "manager",
    "viewer",
    "primary",
    "coaching",
    "view only",
    "unpaired",
    "client",
    "personnel",
    "stranger",
    "reader",
    "nobody",
];

/// Every route, and on what it is asked. `own` is a client whom the coaches of the table are paired with (and the client of
/// the table), `other` a client of the owner, `archived` one like `own` in the archive.
pub(crate) const ROUTES: &[(&str, &str, &[&str])] = &[
    ("GET", "/health", &[""]),
    ("GET", "/openapi.json", &[""]),
    ("GET", "/m/{token}", &[""]),
    ("GET", "/u/{token}", &[""]),
    ("GET", "/i/{token}", &[""]),
    ("GET", "/n/{token}", &[""]),
    ("GET", "/c/{token}", &[""]),
    ("GET", "/sign-in", &[""]),
    ("POST", "/sign-in", &[""]),
    ("GET", "/sign-in/link", &[""]),
    ("POST", "/sign-in/confirm", &[""]),
    ("GET", "/home", &[""]),
    ("POST", "/home/keys", &[""]),
    ("POST", "/home/keys/revoke", &[""]),
    ("POST", "/sign-out", &[""]),
    ("POST", "/sign-out/everywhere", &[""]),
    ("GET", "/v1/me", &[""]),
    ("PATCH", "/v1/me", &[""]),
    ("GET", "/v1/account", &[""]),
    ("PATCH", "/v1/account", &[""]),
    ("GET", "/v1/audit", &[""]),
    ("GET", "/v1/access/explain", &["primary on own", "primary on other", "client on own", "client on other"]),
    ("GET", "/v1/members", &[""]),
    ("GET", "/v1/members/{id}", &[""]),
    ("PATCH", "/v1/members/{id}", &["name", "rights"]),
    ("GET", "/v1/members/{id}/pairings", &[""]),
    ("PUT", "/v1/members/{id}/pairings", &["own", "other"]),
    ("GET", "/v1/companies", &[""]),
    ("GET", "/v1/companies/{id}", &["own", "other"]),
    ("PATCH", "/v1/companies/{id}", &["own", "other"]),
    ("GET", "/v1/companies/{id}/locations", &["own", "account"]),
    ("POST", "/v1/companies/{id}/locations", &["own", "account"]),
    ("GET", "/v1/companies/{id}/personnel", &["own"]),
    ("POST", "/v1/companies/{id}/personnel", &["own"]),
    ("PATCH", "/v1/companies/{id}/personnel/{personnel_id}", &["own"]),
    ("GET", "/v1/groups", &[""]),
    ("GET", "/v1/groups/{id}", &["own", "other"]),
    ("PATCH", "/v1/groups/{id}", &["own"]),
    ("GET", "/v1/groups/{id}/clients", &["own"]),
    ("PUT", "/v1/groups/{id}/clients", &["own"]),
    ("GET", "/v1/groups/{id}/items", &["own", "other"]),
    ("POST", "/v1/groups/{id}/items", &["own", "other"]),
    ("GET", "/v1/groups/{id}/stream", &["own", "other"]),
    ("GET", "/v1/clients", &[""]),
    ("GET", "/v1/clients/{id}", &["own", "other", "archived"]),
    ("PATCH", "/v1/clients/{id}", &["own", "other", "archived"]),
    ("GET", "/v1/clients/{id}/items", &["own", "other", "archived"]),
    ("POST", "/v1/clients/{id}/items", &["own", "other", "archived"]),
    ("GET", "/v1/clients/{id}/pairings", &["own", "other"]),
    ("PUT", "/v1/clients/{id}/pairings", &["own", "other"]),
    ("GET", "/v1/clients/{id}/pairings/history", &["own", "other"]),
    ("POST", "/v1/clients/{id}/share", &["own", "other", "archived"]),
    ("GET", "/v1/clients/{id}/sharing", &["own", "other", "archived"]),
    ("GET", "/v1/clients/{id}/page", &["own", "other", "archived"]),
    ("GET", "/v1/clients/{id}/stream", &["own", "other", "archived"]),
    ("GET", "/v1/items/{id}", &["own", "own metric", "own private", "other", "archived", "own group's"]),
    ("PATCH", "/v1/items/{id}", &["own", "own private", "other", "archived", "own group's"]),
    ("POST", "/v1/items/{id}/complete", &["own", "other", "archived", "own group's"]),
    ("POST", "/v1/items/{id}/reopen", &["own", "other"]),
    ("POST", "/v1/items/{id}/cancel", &["own", "other"]),
    ("POST", "/v1/items/{id}/submit", &["own", "other"]),
    ("POST", "/v1/items/{id}/data", &["own metric"]),
    ("POST", "/v1/items/{id}/sign", &["own", "other", "archived"]),
    ("POST", "/v1/items/{id}/payments", &["own", "other", "archived"]),
    ("POST", "/v1/items/{id}/upload", &["own", "own of client", "other", "archived"]),
    ("POST", "/v1/items/{id}/uploaded", &["own", "own of client", "other", "archived"]),
    ("GET", "/v1/items/{id}/content", &["own", "own private", "other", "archived"]),
    ("GET", "/v1/clients/{id}/invoices.csv", &["own", "other", "archived"]),
    ("GET", "/v1/invoices.csv", &[""]),
    ("GET", "/v1/items/{id}/comments", &["own", "own private", "other", "archived", "own group's"]),
    ("POST", "/v1/items/{id}/comments", &["own", "own private", "other", "archived", "own group's"]),
    ("GET", "/v1/items/{id}/comments/{comment_id}/original", &["own", "other"]),
    ("GET", "/v1/items/{id}/files", &["own", "other", "archived"]),
    ("GET", "/v1/items/{id}/files/{file_id}", &["own", "other"]),
    ("GET", "/v1/refused-mail", &[""]),
    ("GET", "/v1/clients/{id}/exports", &["own", "other", "archived"]),
    ("POST", "/v1/clients/{id}/exports", &["own", "own private", "other", "archived"]),
    ("GET", "/v1/exports/{id}", &["of primary", "of owner"]),
    ("POST", "/v1/account/exports", &[""]),
    ("GET", "/v1/programs", &[""]),
    ("GET", "/v1/programs/{id}", &[""]),
    ("PATCH", "/v1/programs/{id}", &[""]),
    ("POST", "/v1/programs", &[""]),
    ("GET", "/v1/engagements", &[""]),
    ("GET", "/v1/engagement-report", &[""]),
    ("GET", "/v1/engagement-report.csv", &[""]),
    ("GET", "/v1/engagement-report.xlsx", &[""]),
    ("POST", "/v1/tracking/dry-run", &["program", "own", "other"]),
    ("POST", "/v1/engagements", &["own", "other", "archived"]),
    ("GET", "/v1/engagements/{id}", &["own", "own draft", "own deleted", "other", "archived"]),
    ("PATCH", "/v1/engagements/{id}", &["own", "own settings", "other", "archived"]),
    ("GET", "/v1/engagements/{id}/sessions", &["own", "other"]),
    ("POST", "/v1/engagements/{id}/sessions", &["own", "other", "archived"]),
    ("GET", "/v1/engagements/{id}/discovery-calls", &["own", "other"]),
    ("POST", "/v1/engagements/{id}/discovery-calls", &["own matching", "other matching"]),
    ("GET", "/v1/engagements/{id}/happenings", &["own", "other"]),
    ("POST", "/v1/engagements/{id}/pauses", &["own", "other"]),
    ("POST", "/v1/engagements/{id}/resume", &["own", "other"]),
    ("POST", "/v1/engagements/{id}/start-matching", &["own", "other"]),
    ("POST", "/v1/engagements/{id}/select-coach", &["own matching", "other matching"]),
    ("POST", "/v1/engagements/{id}/assign-coach", &["own", "other"]),
    ("POST", "/v1/engagements/{id}/activate", &["own draft", "other draft", "archived"]),
    ("POST", "/v1/engagements/{id}/deactivate", &["own", "other"]),
    ("POST", "/v1/engagements/{id}/complete", &["own", "other"]),
    ("DELETE", "/v1/engagements/{id}", &["own", "other", "archived"]),
    ("POST", "/v1/engagements/{id}/restore", &["own deleted", "other deleted"]),
    ("PATCH", "/v1/sessions/{id}", &["own", "other"]),
    ("POST", "/v1/sessions/{id}/cancel", &["own", "other"]),
    ("POST", "/v1/sessions/{id}/complete", &["own", "other"]),
    ("GET", "/v1/reports", &[""]),
    ("GET", "/v1/report-options", &[""]),
    ("POST", "/v1/reports", &["own to self", "own to clients", "own to others", "own to personnel", "other to self"]),
    ("POST", "/v1/reports/preview", &["own to self", "own to clients", "own to others", "own to personnel", "other to self"]),
    ("GET", "/v1/reports/{id}", &["of primary"]),
    ("PATCH", "/v1/reports/{id}", &["of primary"]),
    ("GET", "/v1/reports/{id}/runs", &["of primary"]),
    ("POST", "/v1/reports/{id}/pause", &["of primary"]),
    ("POST", "/v1/reports/{id}/resume", &["of primary"]),
    ("POST", "/v1/reports/{id}/send-now", &["of primary"]),
    ("GET", "/v1/runs/{id}", &["of primary", "of deleted"]),
    ("DELETE", "/v1/reports/{id}", &["of primary"]),
    ("GET", "/v1/suppressions", &[""]),
    ("DELETE", "/v1/suppressions/{email}", &[""]),
    ("POST", "/v1/imports", &[""]),
    ("GET", "/v1/imports/{id}/bad-rows", &["of owner"]),
    ("GET", "/v1/imports/{id}", &["of owner"]),
    ("GET", "/v1/api-keys", &[""]),
    ("POST", "/v1/api-keys", &[""]),
    ("DELETE", "/v1/api-keys/{id}", &["of owner"]),
    ("POST", "/v1/clients/{id}/portal/invite", &["own", "other", "archived"]),
    ("POST", "/v1/clients/{id}/portal/cancel", &["own", "other"]),
    ("POST", "/v1/clients/{id}/unarchive", &["archived", "other"]),
    ("POST", "/v1/clients/{id}/archive", &["own", "other"]),
    ("PUT", "/v1/clients/{id}/portal", &["own", "other", "archived"]),
    ("POST", "/v1/clients", &[""]),
    ("POST", "/v1/members", &[""]),
    ("POST", "/v1/companies", &[""]),
    ("POST", "/v1/groups", &[""]),
    ("POST", "/v1/accounts", &[""]),
    ("POST", "/u/{token}", &[""]),
    ("POST", "/i/{token}", &[""]),
    ("POST", "/n/{token}", &[""]),
    ("POST", "/c/{token}", &[""]),
];

/// A house with somebody of every kind in it.
pub(crate) struct House {
    pub(crate) world: World,
    pub(crate) viewers: Vec<Option<Person>>,
    pub(crate) own: String,
    pub(crate) other: String,
    archived: String,
    /// The archived client's action.
    shelved: String,
    company: String,
    other_company: String,
    group: String,
    other_group: String,
    spare: String,
    hana: String,
    order: String,
    bouncing: String,
    run_of_deleted: String,
    links: [String; 3],
    program: String,
    matching: String,
    /// The archived client's engagement.
    halted: String,
    made: u32,
}

impl House {
    fn owner(&self) -> &Person {
        self.viewers[0].as_ref().unwrap()
    }

    fn primary(&self) -> &Person {
        self.viewers[4].as_ref().unwrap()
    }

    pub(crate) async fn build() -> Self {
        let world = World::at("2026-03-02T12:00:00Z").await;
        let owner = world.house().await;
        let administers = |permissions: &[&str]| json!({ "coach": false, "administrator": "global", "permissions": permissions });
        let admin = owner.member(&world, "Adam Dorn", "admin@onward.example", administers(&[])).await;
        let managing = json!({ "coach": false, "administrator": "global", "permissions": ["manage_team", "manage_clients"] });
        let manager = owner.member(&world, "Mona Ley", "manager@onward.example", managing).await;
        let viewing = administers(&["view_all_client_happenings", "view_all_group_happenings"]);
        let viewer = owner.member(&world, "Vera Lund", "viewer@onward.example", viewing).await;
        let primary = owner.coach(&world, "Paul Reed", "primary@onward.example").await;
        let coaching = owner.coach(&world, "Cora Beck", "coaching@onward.example").await;
        let view_only = owner.coach(&world, "Bob Kern", "bob@onward.example").await;
        let unpaired = owner.coach(&world, "Ulla Voss", "unpaired@onward.example").await;
        let spare = owner.coach(&world, "Sam Pole", "spare@onward.example").await;
        let (company, other_company) = (owner.company("Acme").await, owner.company("Nova").await);
        let own = primary.client("Amber", "Stone", "amber@stone.example").await;
        let archived = primary.client("Cleo", "Park", "cleo@park.example").await;
        let other = owner.client("Ben", "Alder", "ben@alder.example").await;
        for client in [&own, &archived] {
            owner.employ(client, &company).await;
            owner.pair(client, &coaching, "coaching").await;
            owner.pair(client, &view_only, "view_only").await;
        }
        owner.employ(&other, &other_company).await;
        let programs = "/v1/programs";
        let program = owner.add(programs, json!({ "name": "Leadership", "kind": "one_to_one", "threshold_weeks": 3 })).await;
        let matching = owner.add(programs, json!({ "name": "Choice", "kind": "coach_matching", "threshold_weeks": 3 })).await;
        let halted = owner.add("/v1/engagements", json!({ "client_id": archived, "program_id": program, "coach_id": primary.id })).await;
        owner.ask("POST", &format!("/v1/engagements/{halted}/activate"), &[], None).await.expect(200);
        let shelved = primary.item(&archived, "action", "Shelved", json!({})).await;
        primary.post(&format!("/v1/clients/{archived}/archive"), json!({})).await.expect(200);
        let hana = owner.personnel(&company, "Hana Ito", "hana@acme.example", &["action"]).await;
        let mut groups = Vec::new();
        for (name, client) in [("Circle", &own), ("Square", &other)] {
            let group = owner.add("/v1/groups", json!({ "name": name })).await;
            owner.put(&format!("/v1/groups/{group}/clients"), json!({ "client_ids": [client] })).await.expect(200);
            groups.push(group);
        }
        let client = world.person("amber@stone.example").await;
        let personnel = world.person("hana@acme.example").await;
        let stranger = world.account("Elsewhere", "eve@elsewhere.example", "UTC").await;
        stranger.patch("/v1/account", json!({ "features": { "companies": true, "groups": true, "team_edition": true } })).await.expect(200);
        let dora = stranger.client("Dora", "Quill", "dora@quill.example").await;
        stranger.ask("POST", &format!("/v1/clients/{dora}/portal/invite"), &[], None).await.expect(200);
        world.settle().await;
        let invitation = world.mails_to("dora@quill.example").pop().unwrap().text;
        let invitation = invitation.split_once("/i/").unwrap().1.split_whitespace().next().unwrap().to_owned();
        let reading = owner.post("/v1/api-keys", json!({ "scope": "read" })).await.expect(201);
        let reader = owner.with_key(&text(&reading["api_key"]));
        let order = primary.report(json!({ "scope": { "kind": "selected", "ids": [own] } })).await;
        let third = |email: &str| json!({ "when_empty": "send_note", "audience": { "kind": "third_parties", "emails": [email] } });
        let bouncing = owner.report(third("gone@bounce.example")).await;
        let deleted = owner.report(third("hr@acme.example")).await;
        let sent = owner.ask("POST", &format!("/v1/reports/{deleted}/send-now"), &[], None).await.expect(202);
        world.settle().await;
        assert_eq!(owner.delete(&format!("/v1/reports/{deleted}")).await.status, 204);
        let sending = primary.ask("POST", &format!("/v1/reports/{order}/send-now"), &[], None).await.expect(202);
        assert!(!text(&sending["id"]).is_empty());
        world.settle().await;
        let mail = world.mails_to("primary@onward.example").pop().unwrap();
        let unsubscribe = mail.header("List-Unsubscribe").unwrap().trim_matches(['<', '>']).to_owned();
        let unsubscribe = unsubscribe.strip_prefix(stories::PUBLIC_URL).unwrap().to_owned();
        let [group, other_group] = groups.try_into().unwrap();
        let viewers = [admin, manager, viewer, primary, coaching, view_only, unpaired, client, personnel, stranger, reader];
        Self {
            viewers: [owner].into_iter().chain(viewers).map(Some).chain([None]).collect(),
            own,
            other,
            archived,
            shelved,
            company,
            other_company,
            group,
            other_group,
            spare: spare.id,
            hana,
            order,
            bouncing,
            run_of_deleted: text(&sent["id"]),
            links: ["/m/none".into(), unsubscribe, format!("/i/{invitation}")],
            program,
            matching,
            halted,
            made: 0,
            world,
        }
    }

    fn client(&self, on: &str) -> &str {
        match on.split(' ').next().unwrap() {
            "own" => &self.own,
            "other" => &self.other,
            "archived" => &self.archived,
            _ => panic!("there is no client {on:?}"),
        }
    }

    /// A new item to ask about: of `primary`, or of `owner` for the other client.
    async fn item(&self, on: &str, verb: &str) -> String {
        let by = if on == "other" { self.owner() } else { self.primary() };
        if on == "own group's" {
            return by.add(&format!("/v1/groups/{}/items", self.group), json!({ "kind": "action", "title": "Something" })).await;
        }
        let kind = match (on, verb) {
            ("archived", _) => return self.shelved.clone(),
            ("own metric", _) => "metric",
            ("own private", _) => "note",
            (_, "submit") => "worksheet",
            (_, "sign") => "agreement",
            (_, "payments") => "invoice",
            (_, "upload" | "uploaded" | "content") => "file",
            _ => "action",
        };
        let more = match kind {
            "invoice" => json!({ "amount": { "amount_minor": 100, "currency": "EUR" } }),
            "file" => json!({ "file_name": "plan.pdf" }),
            _ => json!({}),
        };
        let by = if on == "own of client" { self.viewers[8].as_ref().unwrap() } else { by };
        let item = by.item(self.client(on), kind, "Something", more).await;
        if verb == "payments" {
            by.advance(&item, "submit").await;
        }
        if verb == "uploaded" || (verb == "content" && kind == "file") {
            let announced = json!({ "file_name": "plan.pdf", "size_bytes": 9, "content_type": "application/pdf" });
            by.post(&format!("/v1/items/{item}/upload"), announced).await.expect(200);
            let upload = text(&by.get(&format!("/v1/items/{item}")).await.expect(200)["upload"]["id"]);
            let account = self.owner().account_id.parse().unwrap();
            let key = platform::files::upload_key(account, item.parse().unwrap(), upload.parse().unwrap());
            self.world.stack.s3.put(&key, b"%PDF-1.7.").unwrap();
        }
        if verb == "content" && kind == "file" {
            by.advance(&item, "uploaded").await;
        }
        if verb == "reopen" {
            by.advance(&item, "complete").await;
        }
        item
    }

    /// A comment of the client that came by mail with a file, as it stands in the table.
    async fn comment_by_mail(&self, on: &str, item: &str) -> (String, String) {
        let (item_id, client_id) = (item.parse().unwrap(), self.client(on).parse::<ClientId>().unwrap());
        let app = &self.world.stack.app;
        let (now, file) = (
            app.clock.now(),
            File { id: FileId(app.new_id()), name: "plan.pdf".into(), content_type: "application/pdf".into(), size_bytes: 9 },
        );
        let comment = Comment {
            id: CommentId(app.new_id()),
            item_id,
            record: client_id.into(),
            author: Actor::Client(client_id),
            text: "Here it is.".into(),
            via: Via::Mail,
            files: vec![file.clone()],
            not_kept: Vec::new(),
            cut: false,
            has_original: true,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        let (store, scope) = (&app.platform.store, Scope::of_own_message(self.owner().account_id.parse().unwrap()));
        let mut changes = Changes::new();
        store.add_comment(&mut changes, scope, &comment).unwrap();
        store.add_original(&mut changes, scope, item_id, comment.id, &Original { message: "mail".into(), at: now }).unwrap();
        assert!(store.commit(changes).await.unwrap().is_done());
        (comment.id.to_string(), file.id.to_string())
    }

    /// Makes a client one who has accepted an invitation, as it stands in the table.
    async fn accepted(&self, on: &str) {
        let scope = Scope::of_own_message(self.owner().account_id.parse().unwrap());
        let store = &self.world.stack.app.platform.store;
        let before = store.client(scope, self.client(on).parse().unwrap()).await.unwrap().unwrap();
        let client = Client { portal: Portal::Active, archived: false, version: before.version + 1, ..before.clone() };
        let mut changes = Changes::new();
        store.replace_client(&mut changes, scope, &before, &client).unwrap();
        assert!(store.commit(changes).await.unwrap().is_done());
    }

    /// A new engagement to ask about, with a session: of the client's coach, under way unless `on` says otherwise.
    async fn engagement(&self, on: &str, route: &str) -> (String, String) {
        let coach = if on.starts_with("other") { self.owner() } else { self.primary() };
        if on == "archived" {
            return (self.halted.clone(), String::new());
        }
        let is_matching = on.ends_with("matching") || route.ends_with("/start-matching");
        let program = if is_matching { &self.matching } else { &self.program };
        let mut draft = json!({ "client_id": self.client(on), "program_id": program });
        if !is_matching {
            draft["coach_id"] = json!(coach.id);
        }
        let owner = self.owner();
        let id = owner.add("/v1/engagements", draft).await;
        let path = format!("/v1/engagements/{id}");
        let starts_at = if route.ends_with("/complete") { "2026-03-01T10:00:00Z" } else { "2026-03-20T10:00:00Z" };
        let session = owner.add(&format!("{path}/sessions"), json!({ "starts_at": starts_at, "state": "scheduled" })).await;
        let after = match on {
            _ if route.ends_with("/start-matching") || on.ends_with("draft") => None,
            _ if is_matching => Some("start-matching"),
            _ => Some("activate"),
        };
        if let Some(after) = after {
            owner.ask("POST", &format!("{path}/{after}"), &[], None).await.expect(200);
        }
        if route.ends_with("/resume") {
            owner.post(&format!("{path}/pauses"), json!({ "ends_on": "2026-03-20" })).await.expect(200);
        }
        if on.ends_with("deleted") {
            assert_eq!(owner.delete(&path).await.status, 204);
        }
        (id, session)
    }

    /// Where a route is asked about something, with a body; in a state in which who may do it, can.
    pub(crate) async fn ready(&mut self, method: &str, template: &str, on: &str) -> (String, Option<Value>) {
        self.made += 1;
        let email = format!("p{}@x.example", self.made);
        let nothing = Some(json!({}));
        let trial = json!({ "kind": "programs", "dry_run": true, "csv": "name,kind\nCircle,group\n" });
        let (id, body) = match (method, template) {
            ("POST", "/v1/clients") => (String::new(), Some(json!({ "first_name": "New", "primary_id": self.spare }))),
            ("POST", "/v1/members") => (String::new(), Some(json!({ "name": "New", "email": email }))),
            ("POST", "/v1/companies" | "/v1/groups") => (String::new(), Some(json!({ "name": "New" }))),
            ("POST", "/v1/accounts") => (String::new(), Some(json!({ "name": "New", "email": email }))),
            ("POST", "/v1/reports" | "/v1/reports/preview") => {
                let (scope, audience) = match on.split_once(" to ").unwrap() {
                    (of, "self") => (json!({ "kind": "selected", "ids": [self.client(of)] }), json!({ "kind": "coach" })),
                    (of, "clients") => (json!({ "kind": "selected", "ids": [self.client(of)] }), json!({ "kind": "clients" })),
                    (of, "others") => (
                        json!({ "kind": "selected", "ids": [self.client(of)] }),
                        json!({ "kind": "third_parties", "emails": ["hr@acme.example"] }),
                    ),
                    _ => (json!({ "kind": "companies", "ids": [self.company] }), json!({ "kind": "personnel", "ids": [self.hana] })),
                };
                (String::new(), Some(report(json!({ "scope": scope, "audience": audience }))))
            }
            ("GET", "/v1/imports/{id}" | "/v1/imports/{id}/bad-rows") => (self.owner().add("/v1/imports", trial).await, None),
            ("POST", "/v1/imports") => (String::new(), Some(trial)),
            (_, "/v1/access/explain") => {
                let (who, of) = on.split_once(" on ").unwrap();
                let who = self.viewers[VIEWERS.iter().position(|viewer| *viewer == who).unwrap()].as_ref().unwrap();
                return (format!("{template}?viewer={}&client_id={}", who.id, self.client(of)), None);
            }
            ("POST", "/v1/clients/{id}/share") => (self.client(on).to_owned(), Some(json!({ "member_id": self.spare }))),
            ("DELETE", "/v1/api-keys/{id}") => (self.owner().add("/v1/api-keys", json!({})).await, None),
            ("DELETE", "/v1/suppressions/{email}") => {
                let owner = self.owner();
                owner.ask("POST", &format!("/v1/reports/{}/send-now", self.bouncing), &[], None).await.expect(202);
                self.world.settle().await;
                ("gone@bounce.example".into(), None)
            }
            ("DELETE", "/v1/reports/{id}") => (self.primary().report(json!({})).await, None),
            ("POST", "/v1/reports/{id}/resume") => {
                self.primary().ask("POST", &format!("/v1/reports/{}/pause", self.order), &[], None).await.expect(200);
                (self.order.clone(), None)
            }
            ("POST", "/v1/reports/{id}/pause" | "/v1/reports/{id}/send-now") => (self.order.clone(), None),
            (_, "/v1/runs/{id}") if on == "of deleted" => (self.run_of_deleted.clone(), None),
            (_, "/v1/runs/{id}") => (text(&self.primary().runs(&self.order).await[0]["id"]), None),
            (_, template) if template.starts_with("/v1/reports/{id}") => (self.order.clone(), nothing),
            ("POST", "/v1/clients/{id}/archive" | "/v1/clients/{id}/unarchive") => {
                // the other way first, so that there is something to do
                let back = if template.ends_with("/archive") { "unarchive" } else { "archive" };
                self.owner().ask("POST", &format!("/v1/clients/{}/{back}", self.client(on)), &[], None).await.expect(200);
                (self.client(on).to_owned(), None)
            }
            ("PUT", "/v1/clients/{id}/portal") => {
                if on != "archived" {
                    self.accepted(on).await;
                }
                (self.client(on).to_owned(), Some(json!({ "active": true })))
            }
            ("POST", template) if template.contains("/portal/") && on != "archived" => {
                // another address has not been invited yet
                let path = format!("/v1/clients/{}", self.client(on));
                self.owner().patch(&path, json!({ "email": email })).await.expect(200);
                if template.ends_with("/cancel") {
                    self.owner().ask("POST", &format!("{path}/portal/invite"), &[], None).await.expect(200);
                }
                (self.client(on).to_owned(), None)
            }
            ("POST", "/v1/clients/{id}/exports") => {
                (self.client(on).to_owned(), Some(json!({ "include_private": on.ends_with("private"), "format": "json" })))
            }
            (_, "/v1/exports/{id}") => {
                let (by, path) = match on {
                    "of owner" => (self.owner(), "/v1/account/exports".to_owned()),
                    _ => (self.primary(), format!("/v1/clients/{}/exports", self.own)),
                };
                (text(&by.post(&path, json!({})).await.expect(202)["id"]), None)
            }
            ("POST", "/v1/account/exports") => (String::new(), None),
            ("POST", "/v1/clients/{id}/items") => (self.client(on).to_owned(), Some(json!({ "kind": "action", "title": "Something" }))),
            ("PUT", "/v1/clients/{id}/pairings") => {
                let set = json!({ "pairings": [{ "member_id": self.spare, "level": if self.made.is_multiple_of(2) { "view_only" } else { "none" } }] });
                (self.client(on).to_owned(), Some(set))
            }
            ("PUT", "/v1/members/{id}/pairings") => {
                let level = if self.made.is_multiple_of(2) { "view_only" } else { "none" };
                (self.spare.clone(), Some(json!({ "pairings": [{ "client_id": self.client(on), "level": level }] })))
            }
            ("PATCH", "/v1/members/{id}") if on == "rights" => {
                let rights: &[&str] = if self.made.is_multiple_of(2) { &["billing"] } else { &[] };
                (self.spare.clone(), Some(json!({ "permissions": rights })))
            }
            ("PATCH", "/v1/members/{id}") => (self.spare.clone(), Some(json!({ "name": format!("Sam {}", self.made) }))),
            (_, template) if template.starts_with("/v1/members/{id}") => (self.spare.clone(), nothing),
            ("POST", "/v1/items/{id}/payments") => (self.item(on, "payments").await, Some(json!({ "amount_minor": 1 }))),
            ("POST", "/v1/items/{id}/upload") => {
                let announced = json!({ "file_name": "plan.pdf", "size_bytes": 9, "content_type": "application/pdf" });
                (self.item(on, "upload").await, Some(announced))
            }
            ("GET", "/v1/items/{id}/content") => (self.item(on, "content").await, None),
            ("POST", "/v1/items/{id}/data") => (self.item(on, "data").await, Some(json!({ "value": 1 }))),
            ("PATCH", "/v1/items/{id}") => (self.item(on, "").await, Some(json!({ "title": format!("Other {}", self.made) }))),
            ("POST", "/v1/items/{id}/comments") => (self.item(on, "").await, Some(json!({ "text": "Well done." }))),
            (_, template) if template.contains("{comment_id}") || template.contains("{file_id}") => {
                let item = self.item(on, "").await;
                let (comment, file) = self.comment_by_mail(on, &item).await;
                return (template.replace("{id}", &item).replace("{comment_id}", &comment).replace("{file_id}", &file), None);
            }
            ("POST", template) if template.starts_with("/v1/items/{id}/") => {
                (self.item(on, template.rsplit('/').next().unwrap()).await, None)
            }
            (_, template) if template.starts_with("/v1/items/{id}") => (self.item(on, "").await, None),
            ("PATCH", "/v1/clients/{id}") => (self.client(on).to_owned(), Some(json!({ "phone": self.made.to_string() }))),
            (_, template) if template.starts_with("/v1/clients/{id}") => (self.client(on).to_owned(), nothing),
            ("PATCH" | "POST", "/v1/programs/{id}" | "/v1/programs") => {
                (self.program.clone(), Some(json!({ "name": format!("P{}", self.made), "kind": "one_to_one", "threshold_weeks": 3 })))
            }
            (_, "/v1/programs/{id}") => (self.program.clone(), None),
            ("POST", "/v1/engagements") => (String::new(), Some(json!({ "client_id": self.client(on), "program_id": self.program }))),
            (_, template) if template.starts_with("/v1/engagements/{id}") => {
                let body = match template.rsplit('/').next().unwrap() {
                    "{id}" if on.ends_with("settings") => Some(json!({ "off_track_notifications": self.made.is_multiple_of(2) })),
                    "{id}" => Some(json!({ "sessions_total": self.made })),
                    "sessions" | "discovery-calls" => Some(json!({ "starts_at": "2026-03-20T10:00:00Z" })),
                    "select-coach" | "assign-coach" => Some(json!({ "coach_id": self.spare })),
                    "pauses" => Some(json!({ "ends_on": "2026-03-20" })),
                    _ => None,
                };
                (self.engagement(on, template).await.0, body)
            }
            (_, template) if template.starts_with("/v1/sessions/{id}") => {
                let minutes = Some(json!({ "minutes": 1 + self.made % 1000 })).filter(|_| method == "PATCH");
                (self.engagement(on, template).await.1, minutes)
            }
            ("POST", "/v1/tracking/dry-run") => {
                let on = match on {
                    "program" => json!({ "program_id": self.program }),
                    of => json!({ "engagement_ids": [self.engagement(of, template).await.0] }),
                };
                (String::new(), Some(with(on, json!({ "threshold_weeks": 1, "off_track_notifications": true }))))
            }
            ("PUT", _) => (self.group.clone(), Some(json!({ "client_ids": [self.own] }))),
            ("POST", "/v1/groups/{id}/items") => (
                if on == "own" { self.group.clone() } else { self.other_group.clone() },
                Some(json!({ "kind": "action", "title": "Something" })),
            ),
            (_, template) if template.starts_with("/v1/groups/{id}") => (
                if on == "own" { self.group.clone() } else { self.other_group.clone() },
                Some(json!({ "name": format!("G{}", self.made) })),
            ),
            ("POST", "/v1/companies/{id}/personnel") => (self.company.clone(), Some(json!({ "name": "New", "email": email }))),
            (_, template) if template.starts_with("/v1/companies/{id}") => {
                let name = Some(json!({ "name": format!("C{}", self.made) }));
                let id = match on {
                    "own" => &self.company,
                    "account" => &self.owner().account_id,
                    _ => &self.other_company,
                };
                (id.clone(), name)
            }
            ("GET", "/m/{token}") => return (self.links[0].clone(), None),
            (_, "/u/{token}") => return (self.links[1].clone(), None),
            (_, "/i/{token}") => return (self.links[2].clone(), None),
            (_, "/c/{token}") => return ("/c/none".into(), None),
            (_, "/n/{token}") => return ("/n/none".into(), None),
            _ => (String::new(), nothing),
        };
        let path = template.replace("{personnel_id}", &self.hana).replace("{id}", &id).replace("{email}", &id);
        (path, body.filter(|_| method != "GET" && method != "DELETE"))
    }

    /// What everybody is answered who asks.
    async fn row(&mut self, method: &str, template: &str, on: &str) -> String {
        let (mut path, mut body) = self.ready(method, template, on).await;
        let mut row = String::new();
        for n in 0..VIEWERS.len() {
            let answer = match self.viewers[n].clone() {
                Some(viewer) => viewer.ask(method, &path, &[], body.as_ref()).await,
                None => self.world.anybody(method, &path, &[], body.as_ref()).await,
            };
            let shown = answer.json["items"].as_array().filter(|_| method == "GET").map(|items| format!(" ({})", items.len()));
            write!(row, "{:>10}", format!("{}{}", answer.status.as_u16(), shown.unwrap_or_default())).unwrap();
            if answer.status.is_success() && method != "GET" {
                (path, body) = self.ready(method, template, on).await;
            }
        }
        row
    }
}

/// Where mail to each of [`VIEWERS`] goes; `nobody` is a third party.
const ADDRESSES: [Option<&str>; 13] = [
    Some("ada@onward.example"),
    Some("admin@onward.example"),
    Some("manager@onward.example"),
    Some("viewer@onward.example"),
    Some("primary@onward.example"),
    Some("coaching@onward.example"),
    Some("bob@onward.example"),
    Some("unpaired@onward.example"),
    Some("amber@stone.example"),
    Some("hana@acme.example"),
    None,
    None,
    Some("partner@acme.example"),
];

/// What is in the records that the primary coach reports on, by its title or its words.
const TOLD: [&str; 7] = [
    "a shared action",
    "a shared metric",
    "a private note of the primary coach",
    "an invoice that is a draft",
    "what the client said",
    "what the group shares",
    "what somebody said in the group",
];

impl House {
    /// What mail tells whom: reports of the primary coach to everybody who can be named, and the mails that comments lead to.
    async fn mail(&self) -> String {
        let coach = self.primary();
        let item = async |kind, title, more| coach.item(&self.own, kind, title, more).await;
        let action = item("action", TOLD[0], json!({})).await;
        item("metric", TOLD[1], json!({})).await;
        item("note", TOLD[2], json!({ "visibility": "private" })).await;
        item("invoice", TOLD[3], json!({ "amount": { "amount_minor": 100, "currency": "EUR" } })).await;
        let shared = coach.add(&format!("/v1/groups/{}/items", self.group), json!({ "kind": "action", "title": TOLD[5] })).await;
        let client = self.viewers[8].as_ref().unwrap();
        let say = async |by: &Person, on: &str, text: &str| {
            by.post(&format!("/v1/items/{on}/comments"), json!({ "text": text })).await.expect(201);
        };
        say(client, &action, TOLD[4]).await;
        say(client, &shared, TOLD[6]).await;
        say(coach, &action, "what the coach said").await;
        say(coach, &shared, "what the coach said in the group").await;
        self.world.settle().await;
        let named: Vec<&str> = self.viewers[..8].iter().map(|member| member.as_ref().unwrap().id.as_str()).collect();
        let group = json!({ "kind": "groups", "ids": [self.group] });
        for (scope, audience) in [
            (&group, json!({ "kind": "coach", "ids": named })),
            (&group, json!({ "kind": "clients" })),
            (&group, json!({ "kind": "third_parties", "emails": ["partner@acme.example"] })),
            (&json!({ "kind": "companies", "ids": [self.company] }), json!({ "kind": "personnel", "ids": [self.hana] })),
        ] {
            let kinds = ["action", "metric", "note", "invoice"];
            let on = coach.report(json!({ "scope": scope, "audience": audience, "kinds": kinds, "detail": "full" })).await;
            coach.ask("POST", &format!("/v1/reports/{on}/send-now"), &[], None).await.expect(202);
        }
        let before = self.world.mails().len();
        self.world.settle().await;
        let mails = self.world.mails();
        let (earlier, reports) = mails.split_at(before);
        let mut rows = String::new();
        let mut row = |name: String, mails: &[stories::Mail], words: &str| {
            write!(rows, "{name:55}").unwrap();
            for address in ADDRESSES {
                let told = mails.iter().any(|mail| Some(mail.to.as_str()) == address && mail.text.lines().any(|line| line.contains(words)));
                write!(rows, "{:>10}", if told { "mailed" } else { "-" }).unwrap();
            }
            rows.push('\n');
        };
        for words in TOLD {
            row(format!("report  {words}"), reports, words);
        }
        for words in [TOLD[4], "what the coach said", TOLD[6], "what the coach said in the group"] {
            let forwards: Vec<_> = earlier.iter().filter(|mail| mail.subject.starts_with("Re: ")).cloned().collect();
            let exact: Vec<_> = forwards.into_iter().filter(|mail| mail.text.lines().any(|line| line.trim() == words)).collect();
            row(format!("comment {words}"), &exact, words);
        }
        rows
    }
}

#[tokio::test]
async fn everybody_may_do_on_every_route_what_this_table_says() {
    let mut house = House::build().await;
    let mut table = format!("{:55}", "");
    for viewer in VIEWERS {
        write!(table, "{viewer:>10}").unwrap();
    }
    table.push('\n');
    for (method, template, targets) in ROUTES {
        for on in *targets {
            let row = house.row(method, template, on).await;
            let route = format!("{method:6} {}", template.replace("personnel/{personnel_id}", "personnel/{}").replace("{id}", "{}"));
            writeln!(table, "{route:38} {on:16}{row}").unwrap();
        }
    }
    table.push_str(&House::build().await.mail().await);
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn the_table_names_every_route_of_the_document_and_no_other() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let document = world.anybody("GET", "/openapi.json", &[], None).await.expect(200);
    let methods = ["get", "post", "put", "patch", "delete"];
    let documented: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, operations)| {
            let has = methods.into_iter().filter(|method| operations.get(*method).is_some());
            has.map(|method| (method.to_ascii_uppercase(), path.clone())).collect::<Vec<_>>()
        })
        .collect();
    let told: BTreeSet<(String, String)> = ROUTES.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(documented.difference(&told).collect::<Vec<_>>(), Vec::<&(String, String)>::new(), "routes whose rights nobody looked at");
    assert_eq!(told.difference(&documented).collect::<Vec<_>>(), Vec::<&(String, String)>::new(), "routes that are not documented");
}

#[tokio::test]
async fn an_unread_client_can_not_be_told_from_none_at_all() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let ada = world.house().await;
    let bob = ada.coach(&world, "Bob Kern", "bob@onward.example").await;
    let [amber, ben] = [ada.client("Amber", "", "amber@x.example").await, ada.client("Ben", "", "ben@x.example").await];
    ada.pair(&amber, &bob, "view_only").await;
    let listed = bob.get("/v1/clients").await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().iter().map(|c| text(&c["first_name"])).collect::<Vec<_>>(), ["Amber"]);
    assert_eq!(bob.get("/v1/clients?q=ben").await.expect(200)["items"], json!([]));
    let without_id = |answer: stories::Answer| {
        let mut problem = answer.json;
        problem.as_object_mut().unwrap().remove("request_id");
        (answer.status, problem)
    };
    for path in ["", "/items", "/stream", "/pairings"] {
        let hidden = without_id(bob.get(&format!("/v1/clients/{ben}{path}")).await);
        let none = without_id(bob.get(&format!("/v1/clients/01J9Z3K5T0QW8R2M4N6P7S9V1X{path}")).await);
        assert_eq!(hidden, none, "{path}");
        assert_eq!(hidden.0, 404);
    }
    // losing sight takes effect with the next request
    ada.pair(&amber, &bob, "none").await;
    bob.get(&format!("/v1/clients/{amber}")).await.expect(404);
    // who views everything sees clients of later days, too, and changes none
    let vera = json!({ "coach": false, "administrator": "global", "permissions": ["view_all_client_happenings"] });
    let vera = ada.member(&world, "Vera Lund", "vera@onward.example", vera).await;
    let cleo = ada.client("Cleo", "", "cleo@x.example").await;
    vera.get(&format!("/v1/clients/{cleo}/items")).await.expect(200);
    let refused = vera.post(&format!("/v1/clients/{cleo}/items"), json!({ "kind": "action", "title": "x" })).await;
    assert_eq!((refused.status.as_u16(), text(&refused.json["detail"])), (403, "you may see this, but not change it".into()));
}

#[tokio::test]
async fn a_set_of_pairings_that_breaks_a_rule_changes_nothing() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let ada = world.house().await;
    let bob = ada.coach(&world, "Bob Kern", "bob@onward.example").await;
    let [amber, ben] = [ada.client("Amber", "", "amber@x.example").await, ada.client("Ben", "", "ben@x.example").await];
    let path = format!("/v1/clients/{amber}/pairings");
    let before = ada.get(&path).await.expect(200);
    let two = json!({ "pairings": [{ "member_id": bob.id, "level": "primary" }] });
    assert_eq!(ada.put(&path, two).await.bad_fields(), ["pairings"]);
    let none = json!({ "pairings": [{ "member_id": ada.id, "level": "view_only" }] });
    assert_eq!(ada.put(&path, none).await.bad_fields(), ["pairings"]);
    // from the other side, one bad client spoils the set
    let mixed = json!({ "pairings": [{ "client_id": amber, "level": "coaching" }, { "client_id": ben, "level": "primary" }] });
    assert_eq!(ada.put(&format!("/v1/members/{}/pairings", bob.id), mixed).await.bad_fields(), ["pairings"]);
    assert_eq!(ada.get(&path).await.expect(200), before);
    let handed_over = json!({ "pairings": [{ "member_id": bob.id, "level": "primary" }, { "member_id": ada.id, "level": "coaching" }] });
    let after = ada.put(&path, handed_over).await.expect(200);
    let levels: BTreeSet<(String, String)> =
        after["pairings"].as_array().unwrap().iter().map(|p| (text(&p["member_id"]), text(&p["level"]))).collect();
    assert_eq!(levels, BTreeSet::from([(bob.id.clone(), "primary".into()), (ada.id.clone(), "coaching".into())]));
    // who is the primary coach of somebody can't be deactivated
    let refused = ada.patch(&format!("/v1/members/{}", bob.id), json!({ "active": false })).await;
    assert_eq!((refused.status.as_u16(), text(&refused.json["code"])), (409, "primary_coach".into()));
    let refused = ada.patch(&format!("/v1/members/{}", ada.id), json!({ "administrator": "none" })).await;
    assert_eq!((refused.status.as_u16(), text(&refused.json["code"])), (409, "last_administrator".into()));
}

#[tokio::test]
async fn nobody_gets_rights_by_changing_the_address_of_who_has_them() {
    let world = World::at("2026-03-02T12:00:00Z").await;
    let ada = world.house().await;
    let mona = ada.member(&world, "Mona Ley", "mona@onward.example", json!({ "permissions": ["manage_team", "manage_clients"] })).await;
    let bob = ada.coach(&world, "Bob Kern", "bob@onward.example").await;
    let peer = ada.member(&world, "Pia Rau", "pia@onward.example", json!({ "permissions": ["manage_team"] })).await;
    let more = ada.member(&world, "Max Ott", "max@onward.example", json!({ "permissions": ["manage_team", "billing"] })).await;
    let global = json!({ "coach": false, "administrator": "global" });
    let admin = ada.member(&world, "Adam Dorn", "adam@onward.example", global).await;
    for (n, (member, status)) in [(&ada, 403), (&admin, 403), (&more, 403), (&peer, 200), (&bob, 200), (&mona, 200)].into_iter().enumerate()
    {
        let path = format!("/v1/members/{}", member.id);
        let moved = mona.patch(&path, json!({ "email": format!("mona+{n}@onward.example") })).await;
        assert_eq!(moved.status.as_u16(), status, "{}", moved.text);
        // another name is no way in
        mona.patch(&path, json!({ "name": format!("Name {n}") })).await.expect(200);
    }
    let said = mona.patch(&format!("/v1/members/{}", ada.id), json!({ "email": "mona@second.example" })).await.expect(403);
    assert!(text(&said["detail"]).contains("only an administrator of the whole organisation"), "{said}");
    ada.patch(&format!("/v1/members/{}", admin.id), json!({ "email": "adam@second.example" })).await.expect(200);

    // nor through a person of a company
    let acme = ada.company("Acme").await;
    let people = format!("/v1/companies/{acme}/personnel");
    let hana = ada.personnel(&acme, "Hana Ito", "hana@acme.example", &["action"]).await;
    let boss = ada.add(&people, json!({ "name": "Bo Thien", "email": "bo@acme.example", "administrator": true })).await;
    let mine = json!({ "name": "Me", "email": "me@second.example" });
    for rights in [json!({ "grants": ["note"] }), json!({ "administrator": true })] {
        mona.post(&people, with(mine.clone(), rights)).await.expect(403);
    }
    let plain = mona.add(&people, mine).await;
    let change = async |person: &str, what: Value| mona.patch(&format!("{people}/{person}"), what).await.status.as_u16();
    for (person, what, status) in [
        (&plain, json!({ "grants": ["action"] }), 403),
        (&plain, json!({ "administrator": true }), 403),
        (&plain, json!({ "email": "me@third.example" }), 200),
        (&hana, json!({ "grants": ["action", "note"] }), 403),
        (&hana, json!({ "email": "me@fourth.example" }), 403),
        (&hana, json!({ "name": "Hana Sato" }), 200),
        (&boss, json!({ "email": "me@fifth.example" }), 403),
        (&hana, json!({ "grants": [] }), 200),
    ] {
        assert_eq!(change(person, what.clone()).await, status, "{what}");
    }
    // who sees all clients may let others see
    let sees = json!({ "permissions": ["manage_team", "manage_clients", "view_all_client_happenings"] });
    ada.patch(&format!("/v1/members/{}", mona.id), sees).await.expect(200);
    assert_eq!((change(&hana, json!({ "grants": ["note"] })).await, change(&boss, json!({ "email": "bo@b.example" })).await), (200, 200));
}
