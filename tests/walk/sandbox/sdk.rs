//! The SDK itself against the sandbox in process: signatures are verified, time is paused.

use aws_sdk_sts::config::retry::RetryConfig;
use aws_sdk_sts::config::{BehaviorVersion, Credentials, Region, SharedAsyncSleep};
use aws_sdk_sts::error::ProvideErrorMetadata as _;

use super::client::{PLAIN, REGION, options, world};
use linkwalk::sandbox::{Effect, FaultRule, Sandbox};

/// Tokio's sleep, so that the SDK's waits are virtual too.
#[derive(Debug)]
struct Sleep;

impl aws_smithy_async_sleep::AsyncSleep for Sleep {
    fn sleep(&self, duration: std::time::Duration) -> aws_smithy_async_sleep::Sleep {
        aws_smithy_async_sleep::Sleep::new(tokio::time::sleep(duration))
    }
}

/// The SDK's own names for sleeping.
mod aws_smithy_async_sleep {
    pub(super) use aws_sdk_sts::config::{AsyncSleep, Sleep};
}

fn start() -> Sandbox {
    let mut options = options();
    options.verify_signatures = true;
    Sandbox::new(world(PLAIN), options)
}

fn client(sandbox: &Sandbox, secret: Option<&str>) -> aws_sdk_sts::Client {
    let (key, right) = Sandbox::credentials("111122223333");
    let credentials = Credentials::new(key, secret.unwrap_or(&right), None, None, "test");
    let config = aws_sdk_sts::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(credentials)
        .retry_config(RetryConfig::standard().with_max_attempts(4))
        .sleep_impl(SharedAsyncSleep::new(Sleep))
        .http_client(sandbox.http_client())
        .build();
    aws_sdk_sts::Client::from_conf(config)
}

#[tokio::test(start_paused = true)]
async fn the_sdk_signs_and_the_sandbox_verifies() {
    let sandbox = start();
    let answer = client(&sandbox, None).get_caller_identity().send().await.unwrap();
    assert_eq!(answer.account(), Some("111122223333"));
    let refused = client(&sandbox, Some("wrong")).get_caller_identity().send().await.unwrap_err();
    assert_eq!(refused.code(), Some("SignatureDoesNotMatch"));
}

#[tokio::test(start_paused = true)]
async fn the_sdk_reads_credentials_and_refusals() {
    let sandbox = start();
    let sts = client(&sandbox, None);
    let assume = |role: &str| {
        let arn = format!("arn:aws:iam::222233334444:role/{role}");
        sts.assume_role().role_arn(arn).role_session_name("test+sdk@example.com").send()
    };
    let answer = assume("OrganizationAccountAccessRole").await.unwrap();
    assert!(answer.credentials().unwrap().access_key_id().starts_with("ASIASANDBOX"));
    let refused = assume("Missing").await.unwrap_err();
    assert_eq!(refused.code(), Some("AccessDenied"));
}

#[tokio::test(start_paused = true)]
async fn the_sdk_retries_what_is_throttled_cut_or_lost_in_virtual_time() {
    for effect in [Effect::Throttle, Effect::Reset, Effect::LoseAnswer] {
        let sandbox = start();
        sandbox.add_fault(FaultRule::nth("GetCallerIdentity", 1, effect).times(2));
        client(&sandbox, None).get_caller_identity().send().await.unwrap();
        assert_eq!(sandbox.call_count(), 3);
    }
}
