//! The sweep function on Lambda.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    app::logging();
    let app = &app::App::from_env().await?;
    run(service_fn(async move |_: LambdaEvent<Value>| Ok::<_, Error>(sweep::handle(app).await?))).await
}
