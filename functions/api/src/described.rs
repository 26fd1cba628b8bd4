//! Routes that can describe themselves, and do so only when asked: the description of all of them takes longer to make than
//! the rest of the function takes to start.

use app::App;
use axum::Router;
use axum::routing::{MethodFilter, MethodRouter};
use utoipa::openapi::{HttpMethod, OpenApi};
use utoipa_axum::PathItemExt;

/// Routes of the API, and where their description comes from.
#[derive(Default)]
pub(crate) struct Routes {
    router: Router<App>,
    descriptions: Vec<fn() -> OpenApi>,
}

impl Routes {
    pub(crate) fn new() -> Routes {
        Routes::default()
    }

    /// With what one path does, as [`routes!`] gives it.
    pub(crate) fn routes(mut self, (path, methods, description): (String, MethodRouter<App>, fn() -> OpenApi)) -> Routes {
        self.router = self.router.route(&path, methods);
        self.descriptions.push(description);
        self
    }

    pub(crate) fn merge(mut self, others: Routes) -> Routes {
        self.router = self.router.merge(others.router);
        self.descriptions.extend(others.descriptions);
        self
    }

    /// What answers requests.
    pub(crate) fn into_router(self) -> Router<App> {
        self.router
    }

    /// Adds the operations and the schemas that they use to the document.
    pub(crate) fn describe(self, document: &mut OpenApi) {
        for description in self.descriptions {
            document.merge(description());
        }
    }
}

/// The methods that an operation answers to, as axum has them.
pub(crate) fn filter(methods: &[HttpMethod]) -> MethodFilter {
    let filters = methods.iter().map(HttpMethod::to_method_filter);
    filters.reduce(MethodFilter::or).unwrap_or(MethodFilter::GET)
}

/// What one path does: `routes!(list, create)` takes handlers that say `#[utoipa::path]` of the same path.
macro_rules! routes {
    ($first:ident $(, $more:ident)* $(,)?) => { ::pastey::paste! {{
        use ::utoipa::Path as _;
        let methods = ::axum::routing::MethodRouter::new()
            .on($crate::described::filter(&[<__path_ $first>]::methods()), $first)
            $(.on($crate::described::filter(&[<__path_ $more>]::methods()), $more))*;
        let description: fn() -> ::utoipa::openapi::OpenApi =
            || ::utoipa_axum::router::OpenApiRouter::<::app::App>::new().routes(::utoipa_axum::routes!($first $(, $more)*)).into_openapi();
        ([<__path_ $first>]::path(), methods, description)
    }}};
}
pub(crate) use routes;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    #[test]
    fn no_two_schemas_share_a_name() {
        let mut known: BTreeMap<String, serde_json::Value> = BTreeMap::new();
        let mut shared = std::collections::BTreeSet::new();
        for routes in [crate::routes_with_key(), crate::open_routes()] {
            for description in routes.descriptions {
                for (name, schema) in description().components.unwrap_or_default().schemas {
                    let schema = serde_json::to_value(schema).unwrap();
                    if known.entry(name.clone()).or_insert_with(|| schema.clone()) != &schema {
                        shared.insert(name);
                    }
                }
            }
        }
        assert!(shared.is_empty(), "of these names there are several: {shared:?}");
    }
}
