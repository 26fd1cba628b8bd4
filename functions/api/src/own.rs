//! Whether what a browser sends comes from a page of ours, which cookies it brings, and from where on the network.

use std::convert::Infallible;
use std::net::IpAddr;

use app::App;
use app::sign_in::Visitor;
use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use lambda_http::request::RequestContext;

use crate::page;
use crate::routes::public::html;

/// What a browser holds since it was signed in.
pub(crate) const HELD: &str = "__Host-session";
/// What a browser holds since it asked to sign in.
pub(crate) const ASKED: &str = "__Host-asked";

/// Turns away what another site has a browser send: only our own pages act with our cookies.
pub(crate) async fn own_pages_only(State(app): State<App>, request: Request, next: Next) -> Response {
    if *request.method() == Method::POST && !is_own(request.headers(), &app.config.public_url) {
        return html(StatusCode::FORBIDDEN, page::sign_in::not_ours());
    }
    next.run(request).await
}

/// Whether a request comes from a page of ours. A browser says so itself (`Sec-Fetch-Site`); an old one at least says from
/// where (`Origin`). What says neither is no browser, or one so old that it also keeps no cookies from other sites.
pub(crate) fn is_own(headers: &HeaderMap, public_url: &str) -> bool {
    match (headers.get("sec-fetch-site"), headers.get(header::ORIGIN)) {
        (Some(site), _) => site == "same-origin" || site == "none",
        (None, Some(origin)) => origin.as_bytes().eq_ignore_ascii_case(public_url.as_bytes()),
        (None, None) => true,
    }
}

/// The browser that asks.
pub(crate) struct Caller {
    agent: String,
    asked: Option<String>,
    held: Option<String>,
    /// From where on the network, as far as that is one place.
    pub(crate) place: String,
}

impl Caller {
    /// As operations know it.
    pub(crate) fn visitor(&self) -> Visitor<'_> {
        Visitor { agent: &self.agent, nonce: self.asked.as_deref(), held: self.held.as_deref() }
    }

    /// What it holds since it was signed in.
    pub(crate) fn held(&self) -> Option<&str> {
        self.held.as_deref()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let address = match parts.extensions.get::<RequestContext>() {
            Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.as_deref(),
            _ => None,
        };
        let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        Ok(Self {
            agent: agent.to_owned(),
            asked: cookie(&parts.headers, ASKED),
            held: cookie(&parts.headers, HELD),
            place: place(address.unwrap_or_default()),
        })
    }
}

/// A cookie; none where it is given twice.
fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
    let mut found = all.filter_map(|cookie| cookie.trim().split_once('=')).filter(|(n, _)| *n == name).map(|(_, value)| value);
    let value = found.next()?;
    found.next().is_none().then(|| value.to_owned())
}

/// Has the browser hold something for so long; with nothing, give it up.
pub(crate) fn hold(response: &mut Response, name: &str, value: &str, seconds: i64) {
    let cookie = format!("{name}={value}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Lax");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// An address as a place: of version 6 the network, since whoever has one has many addresses in it.
fn place(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(v6)) if v6.to_ipv4_mapped().is_none() => v6.segments()[..4].iter().map(|part| format!("{part:x}:")).collect(),
        Ok(IpAddr::V6(v6)) => v6.to_canonical().to_string(),
        Ok(IpAddr::V4(v4)) => v4.to_string(),
        Err(_) => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn only_our_own_pages_are_ours() {
        let ours = "https://coach.example";
        for (given, expected) in [
            (&[][..], true),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site"), ("origin", "https://coach.example")], false),
            (&[("origin", "https://coach.example")], true),
            (&[("origin", "https://coach.example.evil.example")], false),
            (&[("origin", "http://coach.example")], false),
            (&[("origin", "null")], false),
        ] {
            assert_eq!(is_own(&headers(given), ours), expected, "{given:?}");
        }
    }

    #[test]
    fn a_cookie_is_found_among_others_and_given_once() {
        let found = |value: &'static str| cookie(&headers(&[("cookie", value)]), HELD);
        assert_eq!(found("a=b; __Host-session=x.y; c=d").as_deref(), Some("x.y"));
        assert_eq!(found("__Host-session=").as_deref(), Some(""));
        for none in ["", "session=x", "__Host-sessions=x", "__Host-session", "__Host-session=x; __Host-session=y"] {
            assert_eq!(found(none), None, "{none}");
        }
    }

    #[test]
    fn a_place_is_an_address_or_a_network() {
        for (address, expected) in [
            ("192.0.2.10", "192.0.2.10"),
            ("::ffff:192.0.2.10", "192.0.2.10"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:"),
            ("2001:db8:1:2::9", "2001:db8:1:2:"),
            ("", "unknown"),
        ] {
            assert_eq!(place(address), expected, "{address}");
        }
    }
}
