//! What the OpenAPI document says of every route: the answers they share, and how to get in.

use std::collections::BTreeMap;

use utoipa::openapi::response::Response;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, OpenApi as Document, Ref, RefOr, ResponseBuilder};
use utoipa::{IntoResponses, Modify, OpenApi};

use crate::problem::{Details, MEDIA_TYPE};

/// The document but its routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Cairn",
        description = "Keeps coaching engagements on track and keeps everyone who is owed news informed.\n\n\
            Times are RFC 3339 in UTC, dates `YYYY-MM-DD`, zones IANA names, ids ULIDs, money in the currency's smallest unit. \
            What is refused is answered with problem details (RFC 9457): `detail` is for people, `code` for programs, and 422 names every bad field in `errors`. \
            Unknown fields are refused, in queries (400) and bodies (422). What the caller may not know of is 404.\n\n\
            Lists are answered in pages: `limit` (1 to 200, default 50), and `cursor` with the `next_cursor` of the page before. \
            Every entity has an `ETag`; `If-Match` makes a change wait for nobody and overwrite nobody: 412 if the thing has changed. \
            `Idempotency-Key` makes a POST safe to repeat for 24 hours. Bodies may have at most 1 MiB.",
        license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT"),
    ),
    components(schemas(Details<'static>)),
    modifiers(&Credentials),
    security(("api_key" = [])),
    tags(
        (name = "identity", description = "Who one is, and one's API keys"),
        (name = "account", description = "The account, its features, its audit trail"),
        (name = "members", description = "The people of the account's own organisation, and which clients they coach"),
        (name = "companies", description = "Client companies, their locations and people"),
        (name = "groups", description = "Groups of clients"),
        (name = "clients", description = "The people who are coached"),
        (name = "items", description = "What is in a client's record"),
        (name = "reports", description = "Happenings Reports: who is told what about whom, and when"),
        (name = "runs", description = "What became of each occurrence of a report"),
        (name = "mail", description = "Addresses that get no mail"),
        (name = "public", description = "What needs no key"),
    ),
)]
pub(crate) struct Outline;

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut Document) {
        let key = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("cairn_…").description(Some(
            "An API key has the rights of the person who made it, as they are at the moment of the request. A key of scope `read` may only GET.",
        ));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("api_key", SecurityScheme::Http(key.build()));
    }
}

/// What any request may be answered instead.
const ALWAYS: [(u16, &str); 5] = [
    (400, "The request can't be read: a query field, cursor, header or JSON that is malformed or not known"),
    (405, "The route does not do this; `Allow` says what it does"),
    (413, "The body has more than 1 MiB"),
    (500, "A fault of ours; `request_id` finds it in the log"),
    (503, "Too busy, or something needed does not answer; `Retry-After` says when to try again"),
];

/// What any request with a key may be answered instead.
const WITH_KEY: [(u16, &str); 3] = [
    (401, "No key, or one that opens nothing (any more)"),
    (403, "The caller may see this but not do it, or the key may only read"),
    (404, "There is no such thing, or the caller may not know of it"),
];

/// What a change may be answered instead.
const CHANGE: [(u16, &str); 4] = [
    (409, "The state of things forbids it; `code` says which"),
    (412, "It has changed since the version in `If-Match`; nothing was done"),
    (415, "The body is not JSON"),
    (422, "Some fields are not right (all of them in `errors`), or the `Idempotency-Key` belongs to another request; nothing was changed"),
];

fn refusals(of: impl IntoIterator<Item = (u16, &'static str)>) -> BTreeMap<String, RefOr<Response>> {
    let response = |text: &str| {
        ResponseBuilder::new().description(text).content(MEDIA_TYPE, Content::new(Some(Ref::from_schema_name("Problem")))).build()
    };
    of.into_iter().map(|(status, text)| (status.to_string(), RefOr::T(response(text)))).collect()
}

/// Refusals of a route that reads.
pub(crate) struct ReadRefusals;

impl IntoResponses for ReadRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals(ALWAYS.into_iter().chain(WITH_KEY))
    }
}

/// Refusals of a route that changes something.
pub(crate) struct ChangeRefusals;

impl IntoResponses for ChangeRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals(ALWAYS.into_iter().chain(WITH_KEY).chain(CHANGE))
    }
}

/// Refusals of a route that needs no key.
pub(crate) struct OpenRefusals;

impl IntoResponses for OpenRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals(ALWAYS)
    }
}

/// Refusals of the route that opens accounts.
pub(crate) struct SignUpRefusals;

impl IntoResponses for SignUpRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let closed = (404, "This stack lets nobody open accounts");
        refusals(ALWAYS.into_iter().chain(CHANGE.into_iter().filter(|(status, _)| *status != 412)).chain([closed]))
    }
}
