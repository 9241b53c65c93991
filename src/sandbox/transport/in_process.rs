//! The sandbox as the SDK's HTTP client: no sockets, so it works under a paused clock and a run is the same
//! every time.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;

use crate::sandbox::server::Sandbox;
use crate::sandbox::wire::message::{Cut, Request, Response};

impl Sandbox {
    /// This sandbox as the SDK's HTTP client.
    pub fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(InProcess(self.clone()))
    }
}

#[derive(Debug, Clone)]
struct InProcess(Sandbox);

impl HttpClient for InProcess {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let sandbox = self.0.clone();
        let request = read(&request);
        HttpConnectorFuture::new(async move {
            let answer = sandbox.answer(&request).await;
            answer.and_then(write).map_err(|cut| ConnectorError::io(cut.into()))
        })
    }
}

fn read(request: &HttpRequest) -> Request {
    let uri: Result<http::Uri, _> = request.uri().parse();
    let mut headers: Vec<_> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let host =
        uri.as_ref().ok().and_then(|uri| uri.authority()).map(|host| host.as_str().to_owned());
    if let Some(host) = host.filter(|_| !headers.iter().any(|(name, _)| name == "host")) {
        headers.push(("host".to_owned(), host));
    }
    let target = uri.ok().and_then(|uri| uri.path_and_query().map(|path| path.as_str().to_owned()));
    Request {
        method: request.method().to_owned(),
        target: target.unwrap_or_else(|| "/".to_owned()),
        headers,
        // EC2, STS and Organizations never stream.
        body: request.body().bytes().unwrap_or_default().to_vec(),
    }
}

fn write(response: Response) -> Result<HttpResponse, Cut> {
    let status = StatusCode::try_from(response.status).map_err(|_| Cut)?;
    let mut written = HttpResponse::new(status, SdkBody::from(response.body));
    for (name, value) in response.headers {
        written.headers_mut().insert(name, value);
    }
    Ok(written)
}
