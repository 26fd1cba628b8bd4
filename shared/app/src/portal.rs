//! The clients' portal: invited, cancelled, accepted, switched on and off (P-5).

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use domain::access::{Action, ClientFacts, Resource, may_invite};
use domain::account::Account;
use domain::check::{self, Check};
use domain::client::{Client, INVITATION, Level, Portal, PortalMove, PortalRefused, move_portal};
use domain::delivery::{Delivery, Mail, NotAnyMore, Recipient};
use domain::id::{AuditId, ClientId};
use domain::person::{Actor, Email, PersonId};
use platform::store::sign_in::Link;
use platform::store::{Changes, Commit, Scope, audit};

use crate::sign_in::{Visitor, begin, keep};
use crate::token::Invitation;
use crate::{App, AppError, Ctx};

/// How often accepting is tried when others change the client at the same time.
const ATTEMPTS: usize = 6;

/// Invites a client to the portal, or invites once more, by mail.
///
/// # Errors
/// [`AppError`]; a conflict without an address, within a day of the last invitation, and after it was accepted.
pub async fn invite(ctx: &Ctx, id: ClientId) -> Result<Client, AppError> {
    let (before, facts) = load(ctx, id).await?;
    if !may_invite(&ctx.viewer, &facts) {
        let why = "an invitation opens the record to whoever gets it: it is sent by who sees the record, and by administrators of the whole organisation";
        return Err(AppError::Forbidden(why.into()));
    }
    let Some(email) = &before.email else {
        return Err(AppError::conflict("no_email", "the client has no e-mail address; add one first"));
    };
    let Some(client) = move_portal(&before, PortalMove::Invite, ctx.now).map_err(refused)? else {
        return Err(AppError::Fault("an invitation that is none".into()));
    };
    let recipient = Recipient { email: email.clone(), person: Some(PersonId::Client(id)), name: Some(client.name()) };
    let cause = format!("{id} {}", platform::store::keys::time(ctx.now));
    let delivery = Delivery::owed(&cause, Mail::Invitation { invited_at: ctx.now }, recipient, ctx.now);
    let mut changes = Changes::new();
    ctx.store().replace_client(&mut changes, ctx.scope, &before, &client)?;
    ctx.store().add_delivery(&mut changes, ctx.scope, &delivery)?;
    // the client may have had this address before, and been invited there
    ctx.store().add_invited(&mut changes, ctx.scope, email, ctx.now)?;
    let committed = ctx.try_commit(changes, "portal.invite", id, 200, &client).await?;
    if committed == Commit::Unmet("invited") {
        return Err(refused(PortalRefused::InvitedRecently));
    }
    Ctx::done(&committed)?;
    Ok(client)
}

/// Takes an invitation back: its link opens nothing any more.
///
/// # Errors
/// [`AppError`]; a conflict after it was accepted.
pub async fn cancel(ctx: &Ctx, id: ClientId) -> Result<Client, AppError> {
    let (before, _) = load(ctx, id).await?;
    let Some(client) = move_portal(&before, PortalMove::Cancel, ctx.now).map_err(refused)? else {
        ctx.leave(200, &before).await?;
        return Ok(before);
    };
    let mut changes = Changes::new();
    ctx.store().replace_client(&mut changes, ctx.scope, &before, &client)?;
    ctx.commit(changes, "portal.cancel", id, 200, &client).await?;
    Ok(client)
}

/// Switches the portal of a client who has accepted on or off; they are told by mail of each change. Off, their API keys
/// open nothing from the next request on, and the browsers they are signed in with never again.
///
/// # Errors
/// [`AppError`]; a conflict before it was accepted.
pub async fn switch(ctx: &Ctx, id: ClientId, active: bool, expected: Option<u64>) -> Result<Client, AppError> {
    let (before, _) = load(ctx, id).await?;
    Ctx::matches(expected, before.version)?;
    let Some(client) = move_portal(&before, PortalMove::Switch(active), ctx.now).map_err(refused)? else { return Ok(before) };
    let mut changes = Changes::new();
    ctx.store().replace_client(&mut changes, ctx.scope, &before, &client)?;
    add_changed(ctx, &mut changes, &client)?;
    ctx.commit(changes, if active { "portal.enable" } else { "portal.disable" }, id, 200, &client).await?;
    Ok(client)
}

/// Owes a client the mail that says that their portal was switched; who has no address gets none.
pub(crate) fn add_changed(ctx: &Ctx, changes: &mut Changes, client: &Client) -> Result<(), AppError> {
    let Some(email) = &client.email else { return Ok(()) };
    let recipient = Recipient { email: email.clone(), person: Some(PersonId::Client(client.id)), name: Some(client.name()) };
    let mail = Mail::PortalChanged { active: client.portal == Portal::Active };
    let delivery = Delivery::owed(&format!("{} {}", client.id, client.version), mail, recipient, ctx.now);
    Ok(ctx.store().add_delivery(changes, ctx.scope, &delivery)?)
}

/// A client whose portal the viewer may move.
async fn load(ctx: &Ctx, id: ClientId) -> Result<(Client, ClientFacts), AppError> {
    let (client, level) = crate::clients::load(ctx, id).await?;
    let facts = ClientFacts::of(&client, level);
    ctx.ask(Action::Write, &Resource::Client(&facts))?;
    if client.archived { Err(crate::clients::archived()) } else { Ok((client, facts)) }
}

fn refused(why: PortalRefused) -> AppError {
    let code = match why {
        PortalRefused::InvitedRecently => "invited_recently",
        PortalRefused::Accepted | PortalRefused::NotAccepted => "wrong_state",
        PortalRefused::NotInvited | PortalRefused::Expired => "not_invited",
    };
    AppError::conflict(code, why.to_string())
}

/// What the page of an invitation says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvitationPage {
    /// It can be accepted.
    Open {
        /// The account's name.
        account: String,
        /// The client's first name.
        first_name: String,
        /// The zone they are known to be in.
        time_zone: Tz,
        /// Why what was sent is none.
        fault: Option<String>,
    },
    /// It is accepted.
    Accepted {
        /// The account's name.
        account: String,
    },
    /// It was made more than 7 days ago.
    Expired {
        /// The account's name.
        account: String,
    },
    /// It was taken back, or replaced.
    Cancelled {
        /// The account's name.
        account: String,
    },
}

/// What the page of an invitation's link says; changes nothing. `None` for a link that is not ours.
///
/// # Errors
/// [`AppError::Store`].
pub async fn invitation(app: &App, token: &str) -> Result<Option<InvitationPage>, AppError> {
    let Some((_, invitation, account, client)) = invited(app, token).await? else { return Ok(None) };
    let moved = allowed(&client, &invitation, app.clock.now());
    Ok(Some(match moved {
        Ok(Some(_)) => open(account, client, None),
        Ok(None) => InvitationPage::Accepted { account: account.name },
        Err(why) => closed(account, why),
    }))
}

/// What became of an invitation that somebody wanted to accept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepting {
    /// What its page says.
    pub page: InvitationPage,
    /// What the browser is to hold, that accepted it just now: it is signed in.
    pub held: Option<String>,
}

impl From<InvitationPage> for Accepting {
    fn from(page: InvitationPage) -> Self {
        Self { page, held: None }
    }
}

/// Accepts an invitation: the portal is active, in the zone that was chosen. Accepting twice is accepting once. `None` for a
/// link that is not ours.
///
/// The visitor is signed in who brings what only the mail has (`secret`), the first time: a signature proves that a link is
/// ours, and not that it was sent.
///
/// # Errors
/// [`AppError::Store`].
pub async fn accept(
    app: &App,
    token: &str,
    time_zone: &str,
    (secret, visitor): (&str, Visitor<'_>),
) -> Result<Option<Accepting>, AppError> {
    let store = &app.platform.store;
    for _ in 0..ATTEMPTS {
        let Some((scope, invitation, account, before)) = invited(app, token).await? else { return Ok(None) };
        let now = app.clock.now();
        let accepted = match allowed(&before, &invitation, now) {
            Ok(Some(accepted)) => accepted,
            Ok(None) => return Ok(Some(InvitationPage::Accepted { account: account.name }.into())),
            Err(why) => return Ok(Some(closed(account, why).into())),
        };
        let mut check = Check::default();
        let Some(time_zone) = check.take("time_zone", check::zone(time_zone)) else {
            return Ok(Some(open(account, before, Some("Choose the time zone you live in.".into())).into()));
        };
        let client = Client { time_zone, ..accepted };
        let entry = audit::Entry {
            id: AuditId(app.new_id()),
            at: now,
            by: Actor::Client(client.id),
            action: "portal.accept".into(),
            subject: client.id.to_string(),
        };
        let mut changes = Changes::new();
        store.replace_client(&mut changes, scope, &before, &client)?;
        store.add_audit(&mut changes, scope, &entry)?;
        let digest = platform::store::keys::digest(secret);
        let sent = store.link(&digest, now).await?.filter(|(of, link)| {
            // a link that somebody asked for is another matter
            *of == scope && link.nonce.is_empty() && client.email.as_ref() == Some(&link.email)
        });
        let held = match sent {
            Some(_) => {
                store.spend_link(&mut changes, &digest)?;
                Some(begin(app, &mut changes, scope, PersonId::Client(client.id), visitor)?)
            }
            None => None,
        };
        match store.commit(changes).await? {
            Commit::Done => return Ok(Some(Accepting { page: InvitationPage::Accepted { account: account.name }, held })),
            // the client was changed meanwhile, or accepted
            Commit::Unmet(_) => {}
        }
    }
    Err(AppError::Fault("others kept changing the client".into()))
}

async fn invited(app: &App, token: &str) -> Result<Option<(Scope, Invitation, Account, Client)>, AppError> {
    let Some(invitation) = Invitation::read(token, &app.signing_keys) else { return Ok(None) };
    let scope = Scope::of_own_message(invitation.account);
    let store = &app.platform.store;
    let (account, client) = futures::future::try_join(store.account(scope), store.client(scope, invitation.client)).await?;
    Ok(account.zip(client).map(|(account, client)| (scope, invitation, account, client)))
}

/// The client with the invitation accepted.
fn allowed(client: &Client, invitation: &Invitation, now: DateTime<Utc>) -> Result<Option<Client>, PortalRefused> {
    if client.archived {
        return Err(PortalRefused::NotInvited);
    }
    move_portal(client, PortalMove::Accept(invitation.invited_at), now)
}

fn open(account: Account, client: Client, fault: Option<String>) -> InvitationPage {
    InvitationPage::Open { account: account.name, first_name: client.first_name, time_zone: client.time_zone, fault }
}

fn closed(account: Account, why: PortalRefused) -> InvitationPage {
    match why {
        PortalRefused::Expired => InvitationPage::Expired { account: account.name },
        PortalRefused::InvitedRecently | PortalRefused::Accepted | PortalRefused::NotAccepted | PortalRefused::NotInvited => {
            InvitationPage::Cancelled { account: account.name }
        }
    }
}

/// Composes the mail on a portal that was switched, if it still stands so; and says to which address it goes.
pub(crate) async fn changed(
    app: &App,
    scope: Scope,
    account: &Account,
    delivery: &Delivery,
    active: bool,
) -> Result<Result<(mail::Message, Email), NotAnyMore>, AppError> {
    let Some(PersonId::Client(id)) = delivery.recipient.person else { return Err(AppError::Fault("a portal of nobody".into())) };
    let stands = if active { Portal::Active } else { Portal::Disabled };
    let Some(client) = app.platform.store.client(scope, id).await?.filter(|client| client.portal == stands) else {
        return Ok(Err(NotAnyMore::PortalMoved));
    };
    let Some(email) = client.email else { return Ok(Err(NotAnyMore::NoAddress)) };
    let sign_in = format!("{}/sign-in", app.config.public_url);
    let message = mail::portal_changed(&mail::PortalChanged {
        account: &account.name,
        first_name: &client.first_name,
        sign_in: active.then_some(&sign_in),
        delivery_id: delivery.id.as_str(),
    });
    Ok(Ok((message, email)))
}

/// Composes an invitation, if it still stands and goes to the address the client has.
pub(crate) async fn mail(
    app: &App,
    scope: Scope,
    account: &Account,
    delivery: &Delivery,
    invited_at: DateTime<Utc>,
) -> Result<Result<mail::Message, NotAnyMore>, AppError> {
    let store = &app.platform.store;
    let Some(PersonId::Client(id)) = delivery.recipient.person else { return Err(AppError::Fault("an invitation to nobody".into())) };
    let (client, pairings) = futures::future::try_join(store.client(scope, id), store.client_pairings(scope, id)).await?;
    let Some(client) = client.filter(|client| client.email.as_ref() == Some(&delivery.recipient.email)) else {
        return Ok(Err(NotAnyMore::NotInvited));
    };
    let invitation = Invitation { account: account.id, client: id, invited_at };
    if client.portal != Portal::Pending || allowed(&client, &invitation, app.clock.now()).is_err() {
        return Ok(Err(NotAnyMore::NotInvited));
    }
    let primary = pairings.iter().find(|pairing| pairing.level == Level::Primary);
    let coach = match primary {
        Some(pairing) => store.member(scope, pairing.member_id).await?,
        None => None,
    };
    let token = invitation.sign(&app.signing_keys).ok_or_else(|| AppError::Fault("there is no key to sign with".into()))?;
    let until = invited_at + INVITATION;
    let email = delivery.recipient.email.clone();
    let link = Link { account_id: account.id, email, nonce: String::new(), expires: until.timestamp() };
    let secret = keep(app, &link).await?;
    Ok(Ok(mail::invitation(&mail::Invitation {
        account: &account.name,
        coach: coach.as_ref().map_or(account.name.as_str(), |coach| coach.name.as_str()),
        first_name: &client.first_name,
        accept: &format!("{}/i/{token}?k={secret}", app.config.public_url),
        valid_until: until.with_timezone(&client.time_zone).date_naive(),
        delivery_id: delivery.id.as_str(),
    })))
}
