//! How far the machine's clock is from AWS's, by the `Date` of AWS's answers.

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::FinalizerInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::{DateTime, Format};

/// Notes how far AWS's clock was ahead of the machine's at the last answer, in seconds. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct SkewWatch(Arc<Mutex<Option<i64>>>);

impl SkewWatch {
    /// `None` before the first answer, or where answers have no date.
    pub(super) fn seconds(&self) -> Option<i64> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[dyn_dispatch_hint]
impl Intercept for SkewWatch {
    fn name(&self) -> &'static str {
        "SkewWatch"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().and_then(|response| response.headers().get("date"));
        let aws = date.and_then(|date| DateTime::from_str(date, Format::HttpDate).ok());
        if let (Some(aws), Some(clock)) = (aws, components.time_source()) {
            let here = DateTime::from(clock.now());
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(aws.secs() - here.secs());
        }
        Ok(())
    }
}
