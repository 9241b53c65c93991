//! Pace on the wire: every attempt of every call, the SDK's own repetitions and each page included,
//! waits for a token of its bucket.

use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use tokio::time::sleep;

use super::pace::{self, Buckets, Rate};

/// Which bucket a request takes a token of: its name and its rate.
type BucketOf = fn(&HttpRequest) -> Option<(&str, Rate)>;

/// An HTTP client that keeps the pace of one service's buckets.
#[derive(Debug, Clone)]
pub(super) struct Paced {
    inner: SharedHttpClient,
    buckets: Arc<Buckets>,
    bucket_of: BucketOf,
}

impl Paced {
    /// EC2's, of one account in one region.
    pub(super) fn ec2(inner: SharedHttpClient, buckets: Arc<Buckets>) -> Self {
        Self { inner, buckets, bucket_of: ec2 }
    }

    /// STS's, of the caller's account.
    pub(super) fn sts(inner: SharedHttpClient, buckets: Arc<Buckets>) -> Self {
        Self { inner, buckets, bucket_of: |_| Some(("sts", pace::STS)) }
    }

    /// Organizations', of the caller's account.
    pub(super) fn organizations(inner: SharedHttpClient, buckets: Arc<Buckets>) -> Self {
        Self { inner, buckets, bucket_of: organizations }
    }
}

/// The query protocol begins its body with the action.
fn ec2(request: &HttpRequest) -> Option<(&str, Rate)> {
    let body = std::str::from_utf8(request.body().bytes()?).ok()?;
    let action = body.strip_prefix("Action=")?.split('&').next()?;
    let plain = !body.contains("&MaxResults=") && !body.contains("&Filter.");
    Some((action, pace::ec2(action, plain)))
}

fn organizations(request: &HttpRequest) -> Option<(&str, Rate)> {
    let action = request.headers().get("x-amz-target")?.rsplit('.').next()?;
    Some((action, pace::organizations(action)?))
}

impl HttpClient for Paced {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Wire { paced: self.clone(), inner })
    }
}

#[derive(Debug)]
struct Wire {
    paced: Paced,
    inner: SharedHttpConnector,
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let bucket = (self.paced.bucket_of)(&request);
        let wait = bucket.map(|(name, rate)| self.paced.buckets.take(name, rate));
        match wait.filter(|wait| !wait.is_zero()) {
            None => self.inner.call(request),
            Some(wait) => {
                let inner = self.inner.clone();
                HttpConnectorFuture::new(async move {
                    sleep(wait).await;
                    inner.call(request).await
                })
            }
        }
    }
}
