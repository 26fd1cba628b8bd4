//! What the people of stories do again and again.

use serde_json::{Value, json};

use crate::{Mail, Person, World, text};

/// A report's body: on all clients, of actions, to oneself, every day at nine, but for what `more` says.
pub fn report(more: Value) -> Value {
    let base = json!({
        "scope": { "kind": "all" }, "kinds": ["action"], "audience": { "kind": "coach" }, "schedule": { "every": "day", "at": "09:00" }
    });
    with(base, more)
}

/// A body with other fields in place of its own, or beside them.
///
/// # Panics
/// Where either is no object.
#[must_use]
pub fn with(mut base: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("not an object: {more}") };
    base.as_object_mut().unwrap().extend(more);
    base
}

impl World {
    /// An account with companies, groups and team edition switched on, in UTC.
    pub async fn house(&self) -> Person {
        let ada = self.account("Onward", "ada@onward.example", "UTC").await;
        let features = json!({ "features": { "companies": true, "groups": true, "team_edition": true } });
        ada.patch("/v1/account", features).await.expect(200);
        ada
    }

    /// The mails of reports to an address, oldest first: without notices.
    pub fn reports_to(&self, address: &str) -> Vec<Mail> {
        self.mails_to(address).into_iter().filter(|mail| mail.header("List-Unsubscribe").is_some()).collect()
    }

    /// The notices to an address, oldest first: mails that are not of a report's run.
    pub fn notices_to(&self, address: &str) -> Vec<Mail> {
        self.mails_to(address).into_iter().filter(|mail| mail.header("List-Unsubscribe").is_none()).collect()
    }
}

impl Person {
    /// Sets up a report that is [`report`] but for what `more` says.
    pub async fn report(&self, more: Value) -> String {
        self.add("/v1/reports", report(more)).await
    }

    /// Adds a coach without any permission, who speaks.
    pub async fn coach(&self, world: &World, name: &str, email: &str) -> Person {
        self.member(world, name, email, json!({})).await
    }

    /// Adds a member, who speaks.
    pub async fn member(&self, world: &World, name: &str, email: &str, more: Value) -> Person {
        self.add("/v1/members", with(json!({ "name": name, "email": email }), more)).await;
        world.person(email).await
    }

    /// Sets what a member is to a client.
    pub async fn pair(&self, client: &str, member: &Person, level: &str) {
        let set = json!({ "pairings": [{ "member_id": member.id, "level": level }] });
        self.put(&format!("/v1/clients/{client}/pairings"), set).await.expect(200);
    }

    /// Adds a company, and gives its id.
    pub async fn company(&self, name: &str) -> String {
        self.add("/v1/companies", json!({ "name": name })).await
    }

    /// Adds a person to a company, with kinds they may see, and gives their id.
    pub async fn personnel(&self, company: &str, name: &str, email: &str, grants: &[&str]) -> String {
        self.add(&format!("/v1/companies/{company}/personnel"), json!({ "name": name, "email": email, "grants": grants })).await
    }

    /// Puts a client into a company.
    pub async fn employ(&self, client: &str, company: &str) {
        self.patch(&format!("/v1/clients/{client}"), json!({ "company_id": company })).await.expect(200);
    }

    /// A move of an item: `complete`, `cancel`, `submit`, `reopen`.
    pub async fn advance(&self, item: &str, verb: &str) {
        self.ask("POST", &format!("/v1/items/{item}/{verb}"), &[], None).await.expect(200);
    }

    /// Records a value on a metric.
    pub async fn record(&self, metric: &str, value: f64) {
        self.post(&format!("/v1/items/{metric}/data"), json!({ "value": value })).await.expect(200);
    }

    /// The runs of a report, newest first.
    pub async fn runs(&self, report: &str) -> Vec<Value> {
        self.get(&format!("/v1/reports/{report}/runs?limit=200")).await.expect(200)["items"].as_array().unwrap().clone()
    }

    /// What became of each delivery of a run: recipient, outcome, reason; by recipient.
    pub fn deliveries(run: &Value) -> Vec<(String, String, String)> {
        let mut deliveries: Vec<_> = run["deliveries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|delivery| (text(&delivery["recipient"]), text(&delivery["outcome"]), text(&delivery["reason"])))
            .collect();
        deliveries.sort();
        deliveries
    }
}
