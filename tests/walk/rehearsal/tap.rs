//! Between the SDK and the sandbox: counts calls, and ends the process at one of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use tokio::sync::Notify;

/// The end of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Crash {
    /// AWS never sees this call.
    Before(usize),
    /// AWS does it; nobody reads the answer.
    After(usize),
}

/// The wire of one run. Calls are counted from 1.
#[derive(Debug, Clone)]
pub(crate) struct Tap(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    inner: SharedHttpClient,
    calls: AtomicUsize,
    crash: Option<Crash>,
    crashed: Notify,
}

impl Tap {
    pub(crate) fn new(inner: SharedHttpClient, crash: Option<Crash>) -> Self {
        let (calls, crashed) = (AtomicUsize::new(0), Notify::new());
        Self(Arc::new(Shared { inner, calls, crash, crashed }))
    }

    pub(crate) fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.clone())
    }

    /// Returns when the process is to end.
    pub(crate) async fn crashed(&self) {
        self.0.crashed.notified().await;
    }

    /// Never returns if this is the end of the process.
    async fn end_if(&self, crash: Crash) {
        if self.0.crash == Some(crash) {
            self.0.crashed.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

impl HttpClient for Tap {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.0.inner.http_connector(settings, components);
        SharedHttpConnector::new(Wire { tap: self.clone(), inner })
    }
}

#[derive(Debug)]
struct Wire {
    tap: Tap,
    inner: SharedHttpConnector,
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (tap, inner) = (self.tap.clone(), self.inner.clone());
        HttpConnectorFuture::new(async move {
            let number = tap.0.calls.fetch_add(1, Relaxed) + 1;
            tap.end_if(Crash::Before(number)).await;
            let answer = inner.call(request).await;
            tap.end_if(Crash::After(number)).await;
            answer
        })
    }
}
