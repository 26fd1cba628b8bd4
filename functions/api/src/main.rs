//! The function `api`: everything over HTTP.

use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_http::lambda_runtime::{LambdaEvent, run};
use lambda_http::{Error, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    app::logging();
    let router = api::router(app::App::from_env().await?);
    run(service_fn(async |event: LambdaEvent<ApiGatewayV2httpRequest>| api::handle(router.clone(), event.payload).await)).await
}
