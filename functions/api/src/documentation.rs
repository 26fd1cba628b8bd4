//! What the OpenAPI document says of every route: the answers they share, and how to get in.

use std::collections::BTreeMap;

use utoipa::openapi::response::Response;
use utoipa::openapi::schema::{AdditionalProperties, Schema};
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
            `Idempotency-Key` makes a POST safe to repeat for 24 hours. Bodies may have at most 1 MiB, files to import 5 MiB.",
        license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT"),
    ),
    components(schemas(Details<'static>)),
    modifiers(&Shared),
    security(("api_key" = [])),
    tags(
        (name = "identity", description = "Who one is, and one's API keys"),
        (name = "account", description = "The account, its features, its audit trail"),
        (name = "members", description = "The people of the account's own organisation, and which clients they coach"),
        (name = "companies", description = "Client companies, their locations and people"),
        (name = "groups", description = "Groups of clients"),
        (name = "clients", description = "The people who are coached"),
        (name = "items", description = "What is in a client's record"),
        (name = "comments", description = "What clients and coaches say on items, over the API and by mail"),
        (name = "exports", description = "Clients' records, and the whole account, as files to be taken along"),
        (name = "programs", description = "Templates for engagements: kind, number of sessions, how progress is watched"),
        (name = "engagements", description = "One client in one program with, usually, one coach; sessions, breaks, and where it stands"),
        (name = "reports", description = "Happenings Reports: who is told what about whom, and when"),
        (name = "runs", description = "What became of each occurrence of a report"),
        (name = "imports", description = "CSV files that become clients, programs, engagements, sessions and items"),
        (name = "mail", description = "Addresses that get no mail"),
        (name = "public", description = "What needs no key"),
        (name = "pages", description = "Pages for people: they look at the cookie `__Host-session` and at no key; no other route looks at the cookie"),
    ),
)]
pub(crate) struct Outline;

/// How to get in, and the refusals that routes share.
struct Shared;

impl Modify for Shared {
    fn modify(&self, document: &mut Document) {
        let key = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("cairn_…").description(Some(
            "An API key has the rights of the person who made it, as they are at the moment of the request. A key of scope `read` may only GET.",
        ));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("api_key", SecurityScheme::Http(key.build()));
        for refusal in [ALWAYS.as_slice(), &WITH_KEY, &CHANGE].concat() {
            let content = Content::new(Some(Ref::from_schema_name("Problem")));
            let response = ResponseBuilder::new().description(refusal.text).content(MEDIA_TYPE, content).build();
            components.responses.insert(refusal.name.to_owned(), RefOr::T(response));
        }
    }
}

/// An answer that many routes may give in place of what was asked for.
#[derive(Clone, Copy)]
struct Refusal {
    status: u16,
    name: &'static str,
    text: &'static str,
}

const fn refusal(status: u16, name: &'static str, text: &'static str) -> Refusal {
    Refusal { status, name, text }
}

/// What any request may be answered instead.
const ALWAYS: [Refusal; 5] = [
    refusal(400, "Unreadable", "The request can't be read: a query field, cursor, header or JSON that is malformed or not known"),
    refusal(405, "NotAllowed", "The route does not do this; `Allow` says what it does"),
    refusal(413, "TooLarge", "The body is too large"),
    refusal(500, "Fault", "A fault of ours; `request_id` finds it in the log"),
    refusal(503, "Unavailable", "Too busy, or something needed does not answer; `Retry-After` says when to try again"),
];

/// What any request with a key may be answered instead.
const WITH_KEY: [Refusal; 3] = [
    refusal(401, "Unauthorized", "No key, or one that opens nothing (any more)"),
    refusal(403, "Forbidden", "The caller may see this but not do it, or the key may only read"),
    refusal(404, "NotFound", "There is no such thing, or the caller may not know of it"),
];

/// What a change may be answered instead.
const CHANGE: [Refusal; 4] = [
    refusal(409, "Conflict", "The state of things forbids it; `code` says which"),
    refusal(412, "Stale", "It has changed since the version in `If-Match`; nothing was done"),
    refusal(415, "NotJson", "The body is not JSON"),
    refusal(
        422,
        "Invalid",
        "Some fields are not right (all of them in `errors`), or the `Idempotency-Key` belongs to another request; nothing was changed",
    ),
];

type Responses = BTreeMap<String, RefOr<Response>>;

fn responses(refusals: &[&[Refusal]]) -> Responses {
    refusals.concat().into_iter().map(|r| (r.status.to_string(), RefOr::Ref(Ref::from_response_name(r.name)))).collect()
}

/// Refusals of a route that reads.
pub(crate) struct ReadRefusals;

impl IntoResponses for ReadRefusals {
    fn responses() -> Responses {
        responses(&[&ALWAYS, &WITH_KEY])
    }
}

/// Refusals of a route that reads what may not be kept any more.
pub(crate) struct KeptRefusals;

impl IntoResponses for KeptRefusals {
    fn responses() -> Responses {
        responses(&[&ALWAYS, &WITH_KEY, &CHANGE[..1]])
    }
}

/// Refusals of a route that reads a range of days, or more than a file can have.
pub(crate) struct ReportRefusals;

impl IntoResponses for ReportRefusals {
    fn responses() -> Responses {
        responses(&[&ALWAYS, &WITH_KEY, &[CHANGE[0], CHANGE[3]]])
    }
}

/// Refusals of a route that changes something.
pub(crate) struct ChangeRefusals;

impl IntoResponses for ChangeRefusals {
    fn responses() -> Responses {
        responses(&[&ALWAYS, &WITH_KEY, &CHANGE])
    }
}

/// Refusals of a route that needs no key.
pub(crate) struct OpenRefusals;

impl IntoResponses for OpenRefusals {
    fn responses() -> Responses {
        responses(&[&ALWAYS])
    }
}

/// Refusals of the route that opens accounts; 404 where the stack lets nobody do so.
pub(crate) struct SignUpRefusals;

impl IntoResponses for SignUpRefusals {
    fn responses() -> Responses {
        responses(&[&ALWAYS, &[WITH_KEY[2], CHANGE[0], CHANGE[2], CHANGE[3]]])
    }
}

/// Says what the code does not: what a status means where the route says nothing else (a description is not optional
/// in the format), and that the ways to choose a window take no more fields than they have.
pub(crate) fn describe(document: &mut Document) {
    for path in document.paths.paths.values_mut() {
        let operations = [&mut path.get, &mut path.post, &mut path.put, &mut path.patch, &mut path.delete];
        for operation in operations.into_iter().flatten() {
            for (status, response) in &mut operation.responses.responses {
                if let RefOr::T(response) = response
                    && response.description.is_empty()
                {
                    response.description = if status == "201" { "It was added" } else { "As asked" }.to_owned();
                }
            }
        }
    }
    let windows = document.components.as_mut().and_then(|components| components.schemas.get_mut("WindowRule"));
    if let Some(RefOr::T(Schema::OneOf(ways))) = windows {
        for way in &mut ways.items {
            if let RefOr::T(Schema::Object(way)) = way {
                way.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
            }
        }
    }
}
