//! One address for all of AWS: what `AWS_ENDPOINT_URL` points to.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header, uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::engine::Engine;
use crate::refusal::Refusal;
use crate::s3::S3;
use crate::scheduler::Scheduler;
use crate::ses::Ses;

/// Every service behind one router: DynamoDB and its streams by target, SES and Scheduler by path, S3 by signature and
/// bucket.
pub fn router(engine: &Engine, ses: &Ses, scheduler: &Scheduler, s3: &S3) -> Router {
    let others = Others { client: Client::builder(TokioExecutor::new()).build_http(), table: engine.address(), s3: s3.clone() };
    let rest = Router::new().merge(ses.router()).merge(scheduler.router()).layer(middleware::from_fn(signed));
    rest.fallback_service(Router::new().fallback(elsewhere).with_state(others))
}

/// A listener on the loopback interface; dropped, it stops.
pub struct Endpoint {
    address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

impl Endpoint {
    /// Serves `router` on a port, or on a free one for 0, by the runtime it is called in.
    pub async fn serve(router: Router, port: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(async move {
            let served = axum::serve(listener, router).with_graceful_shutdown(async { drop(stopped.await) });
            if let Err(error) = served.await {
                tracing::error!(%error, "the AWS endpoint stopped");
            }
        });
        Ok(Endpoint { address, _stop: stop })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address as an endpoint for an SDK.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

#[derive(Clone)]
struct Others {
    client: Client<HttpConnector, Body>,
    /// Where the engine listens.
    table: SocketAddr,
    s3: S3,
}

async fn elsewhere(State(others): State<Others>, request: Request) -> Response {
    if for_table(request.headers()) {
        to_table(&others, request).await
    } else if others.s3.is_meant(&request) {
        others.s3.call(request).await
    } else {
        Refusal::new(404, "UnknownOperationException", format!("{} is not served here.", request.uri().path())).into_response()
    }
}

/// Hands a request on to the engine as it came, signature and all.
async fn to_table(others: &Others, mut request: Request) -> Response {
    let path = uri::PathAndQuery::from_static("/");
    let address = Uri::builder().scheme("http").authority(others.table.to_string()).path_and_query(path).build();
    match address {
        Ok(address) => *request.uri_mut() = address,
        Err(error) => return Refusal::internal(error).into_response(),
    }
    match others.client.request(request).await {
        Ok(answer) => answer.map(Body::new),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

fn for_table(headers: &HeaderMap) -> bool {
    let target = headers.get("x-amz-target").map_or(b"".as_slice(), HeaderValue::as_bytes);
    target.starts_with(b"DynamoDB_") || target.starts_with(b"DynamoDBStreams_")
}

/// Nothing at AWS answers an unsigned request; but for those of S3, signatures are not checked.
async fn signed(headers: HeaderMap, request: Request, next: Next) -> Response {
    let authorization = headers.get(header::AUTHORIZATION);
    match authorization.is_some_and(|value| value.as_bytes().starts_with(b"AWS4-HMAC-SHA256 ")) {
        true => next.run(request).await,
        false => Refusal::new(403, "MissingAuthenticationTokenException", "Missing Authentication Token").into_response(),
    }
}
