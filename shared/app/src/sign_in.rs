//! Signing in and out: a link by mail, bound to the browser that asked for it, and what a browser that is signed in may do.
//!
//! What opens something is known to its holder alone: links and what browsers hold are random, and the table has their
//! digests. A link is therefore made when its mail is sent, and a mail that is sent once more has another.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use data_encoding::BASE64URL_NOPAD;
use domain::access::Viewer;
use domain::account::Account;
use domain::check::Invalid;
use domain::delivery::{Delivery, Mail, NotAnyMore, Recipient};
use domain::id::{AccountId, AuditId, ClientId, MemberId, PersonnelId};
use domain::person::{Actor, Email, PersonId};
use domain::sign_in::{ACCOUNTS_MOST, LINK_GOOD_FOR, SIGNED_IN_FOR, browser, counted_in, may_sign_in, stays_signed_in};
use platform::store::people::EmailUse;
use platform::store::sign_in::{Browser, Link};
use platform::store::{Changes, Commit, Scope, audit, keys};

use crate::identity::{self, KeyView, Me, viewer};
use crate::page::Page;
use crate::{App, AppError, Ctx};

/// Characters of 256 random bits as text.
const TOKEN: usize = 43;
/// How many browsers are signed out at once.
const AT_ONCE: usize = 90;

/// A browser that asks for a page.
#[derive(Clone, Copy, Debug, Default)]
pub struct Visitor<'a> {
    /// What it says it is.
    pub agent: &'a str,
    /// What it holds since it asked to sign in.
    pub nonce: Option<&'a str>,
    /// What it holds since it was signed in.
    pub held: Option<&'a str>,
}

/// What became of asking for a link. It says nothing of whether anybody is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Whoever has the address has mail.
    Taken {
        /// What the browser is to hold until it is signed in.
        nonce: String,
    },
    /// Too many were asked for from there; nothing was done.
    TooOften {
        /// When to try again.
        wait: Duration,
    },
}

/// Asks for a link to sign in with, for whoever has an address, in each account where somebody has it.
///
/// Who may sign in is looked at when the mail is sent: here, the same is done for every address.
///
/// # Errors
/// [`AppError::Invalid`] for what is no address.
pub async fn ask(app: &App, email: &str, visitor: Visitor<'_>, place: &str) -> Result<Asked, AppError> {
    let email = Email::parse(email).map_err(|why| Invalid::field("email", why))?;
    let store = &app.platform.store;
    let now = app.clock.now();
    let (hour, wait) = counted_in(now);
    let mut changes = Changes::new();
    store.count_ask(&mut changes, place, hour)?;
    if !store.commit(changes).await?.is_done() {
        return Ok(Asked::TooOften { wait });
    }
    let users = users(app, &email).await?;
    // the links of one browser work beside each other
    let nonce = match visitor.nonce.filter(|nonce| is_token(nonce)) {
        Some(nonce) => nonce.to_owned(),
        None => random()?,
    };
    let digest = keys::digest(&nonce);
    let until = now + LINK_GOOD_FOR;
    let accounts: BTreeSet<AccountId> = users.iter().map(|user| user.account_id).collect();
    let mut changes = Changes::new();
    store.count_link(&mut changes, &email, place, hour)?;
    for account in accounts.into_iter().take(ACCOUNTS_MOST) {
        let recipient = Recipient { email: email.clone(), person: None, name: None };
        let cause = format!("{digest} {}", keys::time(now));
        let delivery = Delivery::owed(&cause, Mail::SignIn { nonce: digest.clone(), until }, recipient, now);
        store.add_delivery(&mut changes, Scope::of_own_message(account), &delivery)?;
    }
    if users.is_empty() {
        store.add_asked(&mut changes, &digest, until)?;
    }
    if store.commit(changes).await? == Commit::Unmet("often") {
        let mut changes = Changes::new();
        for user in &users {
            add_entry(app, &mut changes, Scope::of_own_message(user.account_id), Actor::System, "sign_in.too_often", user.person)?;
        }
        if users.is_empty() {
            store.add_asked(&mut changes, &digest, until)?;
        }
        // whatever is met or not: it is on record, or nobody is known
        let _ = store.commit(changes).await?;
    }
    Ok(Asked::Taken { nonce })
}

/// Who has an address, in every account; the address of the settings opens one.
async fn users(app: &App, email: &Email) -> Result<Vec<EmailUse>, AppError> {
    let users = app.platform.store.by_email(email).await?;
    let opens = app.config.admin_email.as_deref().and_then(|admin| Email::parse(admin).ok()).is_some_and(|admin| admin == *email);
    if !users.is_empty() || !opens {
        return Ok(users);
    }
    identity::open_first_account(app, email).await?;
    Ok(app.platform.store.by_email(email).await?)
}

/// Who of an account has an address, as they are now.
async fn people(app: &App, scope: Scope, email: &Email) -> Result<Vec<Viewer>, AppError> {
    let users = app.platform.store.by_email(email).await?;
    let of_account = users.into_iter().filter(|user| user.account_id == scope.account());
    let found = futures::future::try_join_all(of_account.map(|user| viewer(app, scope, user.person))).await?;
    Ok(found.into_iter().flatten().collect())
}

/// Makes a link and composes its mail, if somebody of the account who has the address may sign in.
pub(crate) async fn mail(
    app: &App,
    scope: Scope,
    account: &Account,
    delivery: &Delivery,
    (nonce, until): (&str, DateTime<Utc>),
) -> Result<Result<mail::Message, NotAnyMore>, AppError> {
    if app.clock.now() >= until {
        return Ok(Err(NotAnyMore::TooLate));
    }
    let email = &delivery.recipient.email;
    let people = people(app, scope, email).await?;
    if !people.iter().any(may_sign_in) {
        refuse(app, scope, Changes::new(), "sign_in.not_allowed", &people).await?;
        return Ok(Err(NotAnyMore::NoSignIn));
    }
    let link = Link { account_id: account.id, email: email.clone(), nonce: nonce.to_owned(), expires: until.timestamp() };
    let token = keep(app, &link).await?;
    Ok(Ok(mail::sign_in(&mail::SignIn {
        account: &account.name,
        link: &format!("{}/sign-in/link?t={token}", app.config.public_url),
        minutes: LINK_GOOD_FOR.num_minutes(),
        delivery_id: delivery.id.as_str(),
    })))
}

/// Keeps a link under a token that nobody has but who it is returned to.
pub(crate) async fn keep(app: &App, link: &Link) -> Result<String, AppError> {
    let token = random()?;
    let mut changes = Changes::new();
    app.platform.store.add_link(&mut changes, &keys::digest(&token), link)?;
    match app.platform.store.commit(changes).await? {
        Commit::Done => Ok(token),
        Commit::Unmet(_) => Err(AppError::Fault("a token came twice".into())),
    }
}

/// Somebody that a link can sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What the form calls them: which kind of person, of which an address has one in an account.
    pub kind: &'static str,
    /// Their name.
    pub name: String,
    /// What they are there, in words.
    pub role: &'static str,
}

impl Choice {
    fn of(person: &Viewer) -> Self {
        let (kind, name, role) = match person {
            Viewer::Member(member) => ("member", member.name.clone(), "in the team"),
            Viewer::Client(client) => ("client", client.name(), "being coached"),
            Viewer::Personnel(person) => ("personnel", person.name.clone(), "for a company"),
        };
        Self { kind, name, role }
    }
}

/// What the page of a link says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkPage {
    /// It can be used, to sign in as one of these.
    Ready {
        /// The account's name.
        account: String,
        /// One or more.
        people: Vec<Choice>,
    },
    /// It was asked for in another browser.
    OtherBrowser,
    /// There is no such link, or it was used, or is too old.
    Gone,
}

/// What the page of a link says; changes nothing, whoever looks. Another browser than the one that asked learns nothing.
///
/// # Errors
/// [`AppError::Store`].
pub async fn link(app: &App, token: &str, visitor: Visitor<'_>) -> Result<LinkPage, AppError> {
    let Some((scope, link)) = asked_link(app, &keys::digest(token)).await? else { return Ok(LinkPage::Gone) };
    if !asked_for_it(&link, visitor) {
        return Ok(LinkPage::OtherBrowser);
    }
    let (account, people) =
        futures::future::try_join(async { Ok(app.platform.store.account(scope).await?) }, people(app, scope, &link.email)).await?;
    let people: Vec<Choice> = people.iter().filter(|person| may_sign_in(person)).map(Choice::of).collect();
    Ok(match account {
        Some(account) if !people.is_empty() => LinkPage::Ready { account: account.name, people },
        Some(_) | None => LinkPage::Gone,
    })
}

/// What became of using a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redeemed {
    /// Signed in.
    In {
        /// What the browser is to hold.
        held: String,
    },
    /// Nothing was done: it has to be said as whom.
    Choose(LinkPage),
    /// It was asked for in another browser. The link is spent.
    OtherBrowser,
    /// There is no such link, or it was used, or is too old.
    Gone,
}

/// Signs a browser in with a link that it asked for, as this kind of person where the address is that of several. A link
/// works once; in a browser that did not ask for it, it does not work, and never will.
///
/// # Errors
/// [`AppError::Store`].
pub async fn redeem(app: &App, token: &str, kind: &str, visitor: Visitor<'_>) -> Result<Redeemed, AppError> {
    let store = &app.platform.store;
    let digest = keys::digest(token);
    let Some((scope, link)) = asked_link(app, &digest).await? else { return Ok(Redeemed::Gone) };
    let known = people(app, scope, &link.email).await?;
    let mut spent = Changes::new();
    store.spend_link(&mut spent, &digest)?;
    if !asked_for_it(&link, visitor) {
        refuse(app, scope, spent, "sign_in.other_browser", &known).await?;
        return Ok(Redeemed::OtherBrowser);
    }
    let people: Vec<&Viewer> = known.iter().filter(|person| may_sign_in(person)).collect();
    let person = match people.as_slice() {
        [] => {
            refuse(app, scope, spent, "sign_in.not_allowed", &known).await?;
            return Ok(Redeemed::Gone);
        }
        [one] => one.person(),
        several => match several.iter().find(|person| Choice::of(person).kind == kind) {
            Some(chosen) => chosen.person(),
            None => return Ok(Redeemed::Choose(self::link(app, token, visitor).await?)),
        },
    };
    let held = begin(app, &mut spent, scope, person, visitor)?;
    Ok(match store.commit(spent).await? {
        Commit::Done => Redeemed::In { held },
        Commit::Unmet(_) => Redeemed::Gone,
    })
}

/// A link that somebody asked for; an invitation's belongs on its own page.
async fn asked_link(app: &App, digest: &str) -> Result<Option<(Scope, Link)>, AppError> {
    Ok(app.platform.store.link(digest, app.clock.now()).await?.filter(|(_, link)| !link.nonce.is_empty()))
}

/// Whether a browser is the one that asked for a link.
fn asked_for_it(link: &Link, visitor: Visitor<'_>) -> bool {
    visitor.nonce.is_some_and(|nonce| keys::digest(nonce) == link.nonce)
}

/// Puts on record that somebody known was not signed in, with whatever else is to be done about it.
async fn refuse(app: &App, scope: Scope, mut changes: Changes, why: &str, known: &[Viewer]) -> Result<(), AppError> {
    for person in known {
        add_entry(app, &mut changes, scope, Actor::System, why, person.person())?;
    }
    // unmet means that somebody else spent the link
    let _ = app.platform.store.commit(changes).await?;
    Ok(())
}

fn add_entry(app: &App, changes: &mut Changes, scope: Scope, by: Actor, action: &str, person: PersonId) -> Result<(), AppError> {
    let subject = match person {
        PersonId::Member(id) => id.to_string(),
        PersonId::Client(id) => id.to_string(),
        PersonId::Personnel(id) => id.to_string(),
    };
    let entry = audit::Entry { id: AuditId(app.new_id()), at: app.clock.now(), by, action: action.to_owned(), subject };
    Ok(app.platform.store.add_audit(changes, scope, &entry)?)
}

/// Signs a browser in as somebody, on record, with what it held before given up; and says what it is to hold.
pub(crate) fn begin(app: &App, changes: &mut Changes, scope: Scope, person: PersonId, visitor: Visitor<'_>) -> Result<String, AppError> {
    let store = &app.platform.store;
    let now = app.clock.now();
    let held = Held { account: scope.account(), person, token: random()? };
    let signed_in = Browser {
        account_id: held.account,
        person,
        digest: keys::digest(&held.token),
        browser: browser(visitor.agent).to_owned(),
        since: now,
        expires: (now + SIGNED_IN_FOR).timestamp(),
    };
    store.add_browser(changes, scope, &signed_in)?;
    if let Some(before) = visitor.held.and_then(Held::read) {
        // only who holds it can name it
        let of_before = Browser { account_id: before.account, person: before.person, digest: keys::digest(&before.token), ..signed_in };
        store.remove_browser(changes, Scope::of_own_message(before.account), &of_before)?;
    }
    add_entry(app, changes, scope, person.into(), "sign_in.done", person)?;
    Ok(held.write())
}

/// What a browser that is signed in holds: whose, and 256 random bits. Only the bits open anything.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Held {
    account: AccountId,
    person: PersonId,
    token: String,
}

impl Held {
    fn write(&self) -> String {
        let (kind, id) = match self.person {
            PersonId::Member(id) => ('m', id.0),
            PersonId::Client(id) => ('c', id.0),
            PersonId::Personnel(id) => ('p', id.0),
        };
        format!("{}.{kind}{id}.{}", self.account, self.token)
    }

    fn read(text: &str) -> Option<Self> {
        let (account, rest) = text.split_once('.')?;
        let (person, token) = rest.split_once('.')?;
        let id = person.get(1..)?;
        let person = match person.get(..1)? {
            "m" => PersonId::Member(id.parse::<MemberId>().ok()?),
            "c" => PersonId::Client(id.parse::<ClientId>().ok()?),
            "p" => PersonId::Personnel(id.parse::<PersonnelId>().ok()?),
            _ => return None,
        };
        Some(Self { account: account.parse().ok()?, person, token: token.to_owned() }).filter(|held| is_token(&held.token))
    }
}

/// Whoever is signed in with a browser, as a context to act in; `None` where nobody is, or nobody who still may.
///
/// # Errors
/// [`AppError::Store`].
pub async fn enter(app: &App, held: &str) -> Result<Option<(Ctx, Browser)>, AppError> {
    let Some(held) = Held::read(held) else { return Ok(None) };
    let store = &app.platform.store;
    let now = app.clock.now();
    let Some((scope, browser)) = store.browser(held.account, held.person, &held.token, now).await? else { return Ok(None) };
    let (account, viewer) = futures::future::try_join(store.account(scope), viewer(app, scope, browser.person)).await?;
    let (Some(account), Some(viewer)) = (account, viewer) else { return Ok(None) };
    let may = stays_signed_in(&viewer, browser.since);
    let ctx = Ctx { app: app.clone(), scope, account: Arc::new(account), viewer, now, once: None, row: None };
    Ok(may.then_some((ctx, browser)))
}

/// Signs a browser out.
///
/// # Errors
/// [`AppError`].
pub async fn sign_out(ctx: &Ctx, browser: &Browser) -> Result<(), AppError> {
    let mut changes = Changes::new();
    ctx.store().remove_browser(&mut changes, ctx.scope, browser)?;
    ctx.commit(changes, "sign_out.one", own_id(ctx), 204, &()).await
}

/// Signs out every browser that somebody is signed in with, this one too.
///
/// # Errors
/// [`AppError`]; trying again signs out those that are left.
pub async fn sign_out_everywhere(ctx: &Ctx) -> Result<(), AppError> {
    let browsers = ctx.store().browsers(ctx.scope, ctx.viewer.person()).await?;
    for some in browsers.chunks(AT_ONCE) {
        let mut changes = Changes::new();
        for browser in some {
            ctx.store().remove_browser(&mut changes, ctx.scope, browser)?;
        }
        ctx.commit(changes, "sign_out.all", own_id(ctx), 204, &()).await?;
    }
    Ok(())
}

fn own_id(ctx: &Ctx) -> String {
    identity::describe(ctx.scope, &ctx.viewer).id
}

/// What one's own page says.
#[derive(Clone, Debug)]
pub struct Home {
    /// Who one is.
    pub me: Me,
    /// The account's name.
    pub account: String,
    /// What one is there, in words.
    pub roles: String,
    /// Where one is signed in, this browser first, then the latest.
    pub browsers: Vec<Browser>,
    /// The digest of this browser's.
    pub here: String,
    /// One's API keys, in the order they were made.
    pub keys: Vec<KeyView>,
}

/// What one's own page says.
///
/// # Errors
/// [`AppError`].
pub async fn home(ctx: &Ctx, here: &Browser) -> Result<Home, AppError> {
    let every = Page { limit: 200, cursor: None };
    let browsers = async { Ok::<_, AppError>(ctx.store().browsers(ctx.scope, ctx.viewer.person()).await?) };
    let (mut browsers, keys) = futures::future::try_join(browsers, identity::api_keys(ctx, &every)).await?;
    browsers.retain(|browser| ctx.now.timestamp() < browser.expires && stays_signed_in(&ctx.viewer, browser.since));
    browsers.sort_by_key(|browser| (browser.digest != here.digest, std::cmp::Reverse(browser.since)));
    let me = identity::me(ctx).await?;
    let roles: Vec<String> = me.roles.iter().map(|role| role.replace('_', " ")).collect();
    let roles = if roles.is_empty() { "member".to_owned() } else { roles.join(", ") };
    Ok(Home { me, account: ctx.account.name.clone(), roles, browsers, here: here.digest.clone(), keys: keys.items })
}

fn random() -> Result<String, AppError> {
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random).map_err(|e| AppError::Fault(e.to_string()))?;
    Ok(BASE64URL_NOPAD.encode(&random))
}

fn is_token(text: &str) -> bool {
    text.len() == TOKEN && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ulid::Ulid;

    use super::*;

    #[test]
    fn what_a_browser_holds_says_whose_it_is() {
        let id = Ulid(7);
        for person in [PersonId::Member(MemberId(id)), PersonId::Client(ClientId(id)), PersonId::Personnel(PersonnelId(id))] {
            let held = Held { account: AccountId(Ulid(3)), person, token: random().unwrap() };
            assert_eq!(Held::read(&held.write()), Some(held.clone()));
            assert!(held.write().bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')), "{}", held.write());
        }
        let good = Held { account: AccountId(Ulid(3)), person: PersonId::Member(MemberId(id)), token: random().unwrap() }.write();
        for bad in ["", ".", "..", "a.b.c", &good[1..], &good[..good.len() - 1], &good.replace(".m", ".x"), &format!("{good}="), "é.é.é"]
        {
            assert_eq!(Held::read(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "\\PC{0,120}") {
            prop_assert_eq!(Held::read(&text), None);
        }
    }
}
