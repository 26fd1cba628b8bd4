//! The HTTPS client that the clients of all services share.

use std::time::Duration;

use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// How long a connection may take to come about: the same for all services, which would otherwise not share a connector.
pub(crate) const CONNECT_WITHIN: Duration = Duration::from_secs(3);

/// A client whose root certificates are read once, when it is first used. Left to themselves, the SDK's clients read them
/// once for every service and throw that away, and again for the first request: most of what a cold start takes.
pub(crate) fn client() -> SharedHttpClient {
    let client = Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build_https();
    SharedHttpClient::new(Once { client })
}

#[derive(Debug)]
struct Once {
    client: SharedHttpClient,
}

/// Unlike the client itself, this does not validate: validating is what builds a connector per service.
impl HttpClient for Once {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        self.client.http_connector(settings, components)
    }
}
