//! The export function on Lambda.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    app::logging();
    let app = &app::App::from_env().await?;
    run(service_fn(async move |event: LambdaEvent<_>| Ok::<_, Error>(export::handle(app, event.payload).await))).await
}
