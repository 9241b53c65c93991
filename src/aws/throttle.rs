//! Throttling made visible: the SDK retries it silently, and this tells whoever wants to count it.

use std::fmt;
use std::sync::Arc;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    FinalizerInterceptorContextRef, InterceptorContext,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use super::error;
use crate::model::failure::ErrorClass;

/// Called with the API action of every attempt that AWS throttled.
pub type OnThrottle = Arc<dyn Fn(&str) + Send + Sync>;

/// The SDK's hook after each attempt.
pub(super) struct ThrottleWatch(pub(super) OnThrottle);

impl fmt::Debug for ThrottleWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ThrottleWatch")
    }
}

#[dyn_dispatch_hint]
impl Intercept for ThrottleWatch {
    fn name(&self) -> &'static str {
        "ThrottleWatch"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if context.response().is_some_and(is_throttled) {
            let action = bag
                .load::<aws_smithy_runtime_api::client::orchestrator::Metadata>()
                .map_or("a call", |metadata| metadata.name());
            (self.0)(action);
        }
        Ok(())
    }
}

/// Tells a throttled call at once to whoever sent it, instead of trying it again: for the calls whose
/// turn is waited for elsewhere, because each of the SDK's own repetitions would jump the line.
#[derive(Debug)]
pub(super) struct ThrottlesAreTold;

impl ClassifyRetry for ThrottlesAreTold {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        if context.response().is_some_and(is_throttled) {
            RetryAction::RetryForbidden
        } else {
            RetryAction::NoActionIndicated
        }
    }

    fn name(&self) -> &'static str {
        "ThrottlesAreTold"
    }
}

fn is_throttled(response: &HttpResponse) -> bool {
    if response.status().is_success() {
        return false;
    }
    // CloudWatch's bodies are CBOR; its code is in a header as well.
    match response.headers().get("x-amzn-query-error") {
        Some(code) => is_throttling(code.split(';').next().unwrap_or(code)),
        None => response.body().bytes().is_some_and(names_a_throttling_code),
    }
}

/// EC2 and STS write `<Code>RequestLimitExceeded</Code>`, Organizations `"__type":"...Exception"`.
fn names_a_throttling_code(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    let between = |open: &str, close: char| {
        let rest = &text[text.find(open)? + open.len()..];
        rest.find(close).map(|end| rest[..end].to_owned())
    };
    let code = between("<Code>", '<').or_else(|| between("\"__type\":\"", '"'));
    code.is_some_and(|code| is_throttling(code.rsplit('#').next().unwrap_or(&code)))
}

fn is_throttling(code: &str) -> bool {
    error::class_of(code) == ErrorClass::Throttled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throttling_is_told_by_its_exact_code() {
        for (body, throttled) in [
            (
                "<Response><Errors><Error><Code>RequestLimitExceeded</Code></Error></Errors></Response>",
                true,
            ),
            (r#"{"__type":"com.amazonaws.organizations#TooManyRequestsException"}"#, true),
            (
                "<Response><Errors><Error><Code>InternalError</Code></Error></Errors></Response>",
                false,
            ),
            ("RequestLimitExceeded", false),
        ] {
            assert_eq!(names_a_throttling_code(body.as_bytes()), throttled, "{body}");
        }
    }
}
