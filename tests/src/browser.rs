//! A browser in stories: it keeps cookies, and says where a form comes from.

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::{Answer, World};

/// A browser of its own.
#[derive(Default)]
pub struct Browser {
    cookies: Mutex<BTreeMap<String, String>>,
}

impl Browser {
    /// A browser that holds nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// What it holds under a name.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    /// Has it hold something.
    pub fn hold(&self, name: &str, value: &str) {
        self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    /// Opens a page, as by a link in a mail.
    pub async fn open(&self, world: &World, path: &str) -> Answer {
        self.ask(world, "GET", path, &[("sec-fetch-site", "cross-site")], String::new()).await
    }

    /// Sends the form of a page.
    pub async fn submit(&self, world: &World, path: &str, form: &str) -> Answer {
        self.ask(world, "POST", path, &[("sec-fetch-site", "same-origin")], form.to_owned()).await
    }

    /// Any request, with the cookies it holds.
    pub async fn ask(&self, world: &World, method: &str, path: &str, headers: &[(&str, &str)], form: String) -> Answer {
        let cookies = self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let mut all = vec![("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")];
        if method == "POST" {
            all.push(("content-type", "application/x-www-form-urlencoded"));
        }
        if !cookies.is_empty() {
            all.push(("cookie", &cookies));
        }
        all.extend_from_slice(headers);
        let answer = world.raw(method, path, &all, form).await;
        for cookie in answer.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0;") {
                self.cookies.lock().unwrap().remove(name);
            } else {
                self.hold(name, value);
            }
        }
        answer
    }

    /// Asks for a link to sign in with.
    pub async fn ask_for_link(&self, world: &World, email: &str) -> Answer {
        self.submit(world, "/sign-in", &format!("email={}", email.replace('@', "%40").replace('+', "%2B"))).await
    }

    /// Signs in with the latest link in a mailbox.
    ///
    /// # Panics
    /// Where that is not possible.
    pub async fn sign_in(&self, world: &World, email: &str) {
        self.ask_for_link(world, email).await.expect(200);
        world.settle().await;
        let signed_in = self.submit(world, "/sign-in/confirm", &format!("t={}", world.link(email))).await;
        assert_eq!(signed_in.status.as_u16(), 303, "{}", signed_in.text);
    }

    /// Opens one's own page.
    pub async fn home(&self, world: &World) -> Answer {
        self.open(world, "/home").await
    }
}

impl World {
    /// The links to sign in with that were mailed to an address, oldest first: what stands after `t=`.
    pub fn links(&self, email: &str) -> Vec<String> {
        let token = |text: &str| Some(text.split_once("/sign-in/link?t=")?.1.split_whitespace().next()?.to_owned());
        self.mails_to(email).iter().filter_map(|mail| token(&mail.text)).collect()
    }

    /// The latest of them.
    ///
    /// # Panics
    /// Where there is none.
    pub fn link(&self, email: &str) -> String {
        self.links(email).pop().unwrap()
    }
}
