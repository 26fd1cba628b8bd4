//! The function `api`: everything over HTTP.

use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_http::lambda_runtime::{LambdaEvent, run};
use lambda_http::{Error, service_fn};
use tracing_subscriber::EnvFilter;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().json().flatten_event(true).with_target(false).without_time().with_env_filter(filter).init();
    let router = api::router(app::App::from_env().await?);
    run(service_fn(async |event: LambdaEvent<ApiGatewayV2httpRequest>| api::handle(router.clone(), event.payload).await)).await
}
