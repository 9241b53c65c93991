//! An HTTP client of the SDK that leads every request to one address, whatever address it was signed for.

use aws_smithy_http_client::Builder;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

#[derive(Debug, Clone)]
struct Detour {
    address: &'static str,
    plain: SharedHttpClient,
}

/// A client whose every request goes to `address`, `http://127.0.0.1:PORT`.
pub(super) fn client(address: &'static str) -> SharedHttpClient {
    SharedHttpClient::new(Detour { address, plain: Builder::new().build_http() })
}

impl HttpClient for Detour {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let plain = self.plain.http_connector(settings, components);
        SharedHttpConnector::new(Leading { address: self.address, plain })
    }
}

#[derive(Debug, Clone)]
struct Leading {
    address: &'static str,
    plain: SharedHttpConnector,
}

impl HttpConnector for Leading {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let uri: http::Uri = request.uri().parse().unwrap();
        let host = uri.authority().unwrap().as_str().to_owned();
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        request.set_uri(format!("{}{target}", self.address)).unwrap();
        request.headers_mut().insert("host", host);
        self.plain.call(request)
    }
}
