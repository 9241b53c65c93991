//! Throttling made visible: the SDK retries it silently, and this tells whoever wants to count it.

use std::fmt;
use std::sync::Arc;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::FinalizerInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
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
        let throttled = context
            .response()
            .filter(|response| !response.status().is_success())
            .is_some_and(|response| {
                // CloudWatch's bodies are CBOR; its code is in a header as well.
                let code = response.headers().get("x-amzn-query-error");
                code.map_or_else(
                    || response.body().bytes().is_some_and(names_a_throttling_code),
                    |code| is_throttling(code.split(';').next().unwrap_or(code)),
                )
            });
        if throttled {
            let action = bag
                .load::<aws_smithy_runtime_api::client::orchestrator::Metadata>()
                .map_or("a call", |metadata| metadata.name());
            (self.0)(action);
        }
        Ok(())
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
