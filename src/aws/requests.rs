//! Request ids of mutating calls: what AWS's support, and CloudTrail, know a call by.

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::FinalizerInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use serde::{Deserialize, Serialize};

/// One request that AWS answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The API action: `CreateVpcEndpoint`.
    pub operation: String,
    /// The HTTP status of the answer.
    pub status: u16,
    /// AWS's request id, where the answer has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// Notes every answered attempt of a mutating call, the SDK's own retries too. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct RequestLog(Arc<Mutex<Vec<Request>>>);

impl RequestLog {
    /// What was noted since the last time.
    pub(super) fn take(&self) -> Vec<Request> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[dyn_dispatch_hint]
impl Intercept for RequestLog {
    fn name(&self) -> &'static str {
        "RequestLog"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = bag.load::<Metadata>().map_or("", |metadata| metadata.name());
        let Some(response) = context.response().filter(|_| !operation.starts_with("Describe"))
        else {
            return Ok(());
        };
        let request = Request {
            operation: operation.to_owned(),
            status: response.status().as_u16(),
            // EC2 says it in this header, and again in the body.
            request_id: response.headers().get("x-amzn-requestid").map(str::to_owned),
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        Ok(())
    }
}
