//! The reconcile function on Lambda.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use reconcile::Asked;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    app::logging();
    let app = &app::App::from_env().await?;
    run(service_fn(async move |event: LambdaEvent<Asked>| Ok::<_, Error>(reconcile::answer(app, &event.payload).await?))).await
}
