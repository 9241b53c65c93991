//! Sessions: the caller's credentials, and one assumed role per consumer account.

use std::collections::BTreeMap;
use std::env;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_config::environment::region::EnvironmentVariableRegionProvider;
use aws_config::identity::IdentityCache;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_ec2::config::retry::RetryPartition;
use aws_sdk_sts::types::Tag;
use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tokio::time::Instant;

use super::assume::{AssumedRole, ROLE_STEP};
use super::limiter::Limiter;
use super::pace::Buckets;
use super::paced::Paced;
use super::requests::RequestLog;
use super::skew::SkewWatch;
use super::throttle::{OnThrottle, ThrottleWatch};
use super::{Bucket, Ec2, Organizations, Pace, Topic, Traffic, error, http};
use crate::ids::{AccountId, Region, TargetId};
use crate::model::failure::{ErrorClass, Failure};

/// How member accounts are reached.
#[derive(Debug, Clone)]
pub struct Access {
    /// `aws`, `aws-cn`, ...: the partition of the role's ARN.
    pub partition: &'static str,
    /// Where STS and Organizations are called; one of the regions in scope.
    pub home_region: Region,
    /// Name of the role in every consumer account, with its path if it has one.
    pub role: String,
    /// Sent with the member role's `AssumeRole`.
    pub external_id: Option<String>,
    /// `RoleSessionName` of every role of the chain.
    pub session_name: String,
    /// Session tags of the member role's session.
    pub session_tags: BTreeMap<String, String>,
    /// `SourceIdentity`; set once, AWS carries it along the chain.
    pub source_identity: Option<String>,
    /// Role ARNs assumed in this order before the member role.
    pub via: Vec<String>,
}

/// Who makes the calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The caller's account.
    pub account: String,
    /// The caller's ARN.
    pub arn: String,
}

/// Attempts of one call. Throttled calls must outlast the refill of EC2's slowest bucket.
const ATTEMPTS: u32 = 10;

/// Attempts of the calls before any work: a wrong endpoint or proxy should be told at once.
const FIRST_ATTEMPTS: u32 = 3;

/// Variables that name credentials: whoever sets one means to use them.
const NAMED_CREDENTIALS: [&str; 6] = [
    "AWS_PROFILE",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

/// The region of the environment or of the profile, as it is written there. Nobody is asked.
pub async fn region_of_environment() -> Option<Region> {
    let region = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
        .or_else(ProfileFileRegionProvider::new());
    region.region().await.map(|region| Region::new(region.as_ref()))
}

/// Makes clients. The credentials in here are never printed, logged or written.
pub struct Sessions {
    /// The caller, or the last role of the `via` chain: whoever assumes the member roles.
    base: SdkConfig,
    /// STS, asked as `base`; one client for every account.
    sts: aws_sdk_sts::Client,
    /// The caller, for the question who it is.
    caller: SdkConfig,
    access: Access,
    /// How much faster than a clock's time passes there.
    speed: f64,
    /// One per account, because the SDK caches credentials per configuration: so an account costs one
    /// `AssumeRole` however many regions and phases there are.
    accounts: Mutex<BTreeMap<AccountId, SdkConfig>>,
    /// Organizations' buckets, of the account that asks.
    organizations: Arc<Buckets>,
    /// EC2's buckets, those of each target by themselves.
    ec2: Mutex<BTreeMap<TargetId, Arc<Buckets>>>,
    /// What all accounts share in a region.
    limiters: Mutex<BTreeMap<Region, Arc<Limiter>>>,
    skew: SkewWatch,
}

impl Sessions {
    /// From the environment, in the SDK's own way: profiles, SSO, `AWS_ENDPOINT_URL`, FIPS, dual-stack,
    /// instance metadata. Only the region is ours. Fails where `AWS_CA_BUNDLE` cannot be read.
    pub async fn from_environment(access: Access) -> Result<Self, Failure> {
        let ca_bundle = env::var("AWS_CA_BUNDLE").ok();
        let caller = aws_config::defaults(BehaviorVersion::latest())
            .region(aws_config::Region::new(access.home_region.as_str().to_owned()))
            .http_client(http::client(ca_bundle.as_deref())?)
            .identity_cache(identity_cache())
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .timeout_config(timeouts())
            .stalled_stream_protection(no_stall_watch())
            .load()
            .await;
        Ok(Self::new(caller, access, 1.0))
    }

    /// With an AWS inside this process. Nothing is read from the environment, no profile and no
    /// endpoint, and `http_client` opens no connection: so `keys` (id and secret) never reach a real
    /// endpoint, and real ones are never used. `speed` is how much faster than AWS's it keeps time.
    pub fn in_process(
        http_client: SharedHttpClient,
        (key_id, secret): (String, String),
        speed: f64,
        access: Access,
    ) -> Self {
        Self::in_process_since(SystemTime::now(), http_client, (key_id, secret), speed, access)
    }

    /// The same with an AWS whose time begins now at `began`: so a run is the same whenever it is made.
    pub fn in_process_since(
        began: SystemTime,
        http_client: SharedHttpClient,
        (key_id, secret): (String, String),
        speed: f64,
        access: Access,
    ) -> Self {
        let keys = Credentials::new(key_id, secret, None, None, "sandbox");
        let caller = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(aws_config::Region::new(access.home_region.as_str().to_owned()))
            .http_client(http_client)
            .time_source(SharedTimeSource::new(FastClock::new(began, speed)))
            .credentials_provider(SharedCredentialsProvider::new(keys))
            .identity_cache(identity_cache())
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .timeout_config(timeouts())
            .stalled_stream_protection(no_stall_watch())
            .build();
        Self::new(caller, access, speed)
    }

    /// The same caller with another role in the accounts.
    #[must_use]
    pub fn assuming(&self, role: &str) -> Self {
        let access = Access { role: role.to_owned(), ..self.access.clone() };
        Self::new(self.caller.clone(), access, self.speed)
    }

    /// The member role's name.
    pub fn role(&self) -> &str {
        &self.access.role
    }

    /// Whether there are any credentials. Those that are there and do not work, as an expired SSO session or
    /// a profile that is named and missing, are credentials: their error is told by the first call.
    pub async fn has_credentials(&self) -> bool {
        let Some(provider) = self.caller.credentials_provider() else { return false };
        match provider.provide_credentials().await {
            Err(CredentialsError::CredentialsNotLoaded(_)) => NAMED_CREDENTIALS
                .iter()
                .any(|name| env::var_os(name).is_some_and(|v| !v.is_empty())),
            _ => true,
        }
    }

    /// Whether the account can be entered with the member role. What the account may do then, and in which
    /// regions, is not looked at.
    pub async fn enter(&self, account: &AccountId) -> Result<(), Failure> {
        let config = aws_sdk_sts::config::Builder::from(&self.member(account)).build();
        let answer = aws_sdk_sts::Client::from_conf(config).get_caller_identity().send().await;
        match answer.map_err(|e| error::failure("GetCallerIdentity", &e)) {
            Err(failure) if failure.operation == ROLE_STEP => Err(failure),
            _ => Ok(()),
        }
    }

    fn new(caller: SdkConfig, access: Access, speed: f64) -> Self {
        let buckets = Arc::new(Buckets::new(speed));
        let base = access.via.iter().fold(caller.clone(), |signer, role_arn| {
            let role = AssumedRole {
                sts: aws_sdk_sts::Client::from_conf(sts(&signer, &buckets).build()),
                role_arn: role_arn.clone(),
                session_name: access.session_name.clone(),
                external_id: None,
                source_identity: access.source_identity.clone(),
                tags: Vec::new(),
                policy: None,
            };
            with_credentials(&signer, role)
        });
        let sts = aws_sdk_sts::Client::from_conf(sts(&base, &buckets).build());
        Self {
            base,
            sts,
            caller,
            access,
            speed,
            accounts: Mutex::default(),
            organizations: Arc::new(Buckets::new(speed)),
            ec2: Mutex::default(),
            limiters: Mutex::default(),
            skew: SkewWatch::default(),
        }
    }

    /// Who makes the calls: `GetCallerIdentity`, which needs no permission. The first call of a run, so
    /// that missing credentials or a wrong endpoint are told before anything else happens.
    pub async fn caller(&self) -> Result<Caller, Failure> {
        self.who(&self.caller).await
    }

    /// Who assumes the member roles: the caller, or the last role of `via`.
    pub async fn end_of_chain(&self) -> Result<Caller, Failure> {
        self.who(&self.base).await
    }

    /// Who the calls in a target are made by: the session of its member role, asked in its region.
    pub async fn in_target(&self, target: &TargetId) -> Result<Caller, Failure> {
        let region = aws_config::Region::new(target.region.as_str().to_owned());
        self.who(&self.member(&target.account).to_builder().region(region).build()).await
    }

    /// How far AWS's clock is ahead of this machine's, in seconds; `None` before an answer to one of the
    /// three questions above.
    pub fn skew_seconds(&self) -> Option<i64> {
        self.skew.seconds()
    }

    async fn who(&self, config: &SdkConfig) -> Result<Caller, Failure> {
        let sts = aws_sdk_sts::config::Builder::from(config)
            .retry_config(RetryConfig::standard().with_max_attempts(FIRST_ATTEMPTS))
            .interceptor(self.skew.clone())
            .build();
        let answer = aws_sdk_sts::Client::from_conf(sts).get_caller_identity().send().await;
        let answer = answer.map_err(|e| {
            let mut failure = error::failure("GetCallerIdentity", &e);
            // Where nothing was asked yet, the address has nothing to do with it.
            let asked = failure.class != ErrorClass::Credentials;
            if let Some(address) = config.endpoint_url().filter(|_| asked && failure.code.is_none())
            {
                failure.message = format!("{address}: {}", failure.message);
            }
            failure
        })?;
        Ok(Caller {
            account: answer.account.unwrap_or_default(),
            arn: answer.arn.unwrap_or_default(),
        })
    }

    /// AWS Organizations, asked as the caller (or the last role of `via`).
    pub fn organizations(&self, on_throttle: OnThrottle) -> Organizations {
        let mut config = aws_sdk_organizations::config::Builder::from(&self.base)
            .interceptor(ThrottleWatch(on_throttle));
        let http = self.base.http_client();
        let paced = http.map(|http| Paced::organizations(http, Arc::clone(&self.organizations)));
        config.set_http_client(paced.map(SharedHttpClient::new));
        let config = config.build();
        Organizations::new(aws_sdk_organizations::Client::from_conf(config))
    }

    /// EC2 in one target, asked as the member role. Cheap; made late and dropped early, because
    /// thousands of clients kept alive would be the program's largest piece of memory.
    pub fn ec2(&self, target: &TargetId, on_throttle: OnThrottle) -> Ec2 {
        let requests = RequestLog::default();
        let member = self.member(&target.account);
        let paced = member.http_client().map(|http| Paced::ec2(http, self.buckets(target)));
        let mut config = aws_sdk_ec2::config::Builder::from(&member)
            .region(aws_config::Region::new(target.region.as_str().to_owned()))
            // By default the SDK shares one retry quota per service and region over all accounts, and
            // some fifty throttled accounts use it up for everyone. AWS throttles per account. A custom
            // partition goes with its client; those that the SDK keeps by name are kept for ever.
            .retry_partition(RetryPartition::custom("ec2").build())
            .interceptor(ThrottleWatch(on_throttle))
            .interceptor(requests.clone());
        config.set_http_client(paced.map(SharedHttpClient::new));
        Ec2::new(aws_sdk_ec2::Client::from_conf(config.build()), target.clone(), requests)
    }

    /// An S3 bucket in its region, asked as the caller (or the last role of `via`).
    pub fn bucket(&self, name: &str, region: &Region) -> Bucket {
        let config = aws_sdk_s3::config::Builder::from(&self.base)
            .region(aws_config::Region::new(region.as_str().to_owned()))
            .build();
        Bucket::new(aws_sdk_s3::Client::from_conf(config), name)
    }

    /// An SNS topic, asked as the caller (or the last role of `via`) in the region of its ARN.
    pub fn topic(&self, arn: &str) -> Topic {
        let region = arn.split(':').nth(3).unwrap_or_default().to_owned();
        let config = aws_sdk_sns::config::Builder::from(&self.base)
            .region(aws_config::Region::new(region))
            .build();
        Topic::new(aws_sdk_sns::Client::from_conf(config), arn)
    }

    /// What the endpoints of one target carry: CloudWatch, asked as the member role.
    pub fn traffic(&self, target: &TargetId, on_throttle: OnThrottle) -> Traffic {
        let member = self.member(&target.account);
        let config = aws_sdk_cloudwatch::config::Builder::from(&member)
            .region(aws_config::Region::new(target.region.as_str().to_owned()))
            .retry_partition(RetryPartition::custom("cloudwatch").build())
            .interceptor(ThrottleWatch(on_throttle))
            .build();
        let clock = member.time_source().unwrap_or_default();
        Traffic::new(aws_sdk_cloudwatch::Client::from_conf(config), clock)
    }

    /// The pace at which a target's endpoints may be changed.
    pub fn pace(&self, target: &TargetId) -> Pace {
        let mut limiters = self.limiters.lock().unwrap_or_else(PoisonError::into_inner);
        let limiter = limiters
            .entry(target.region.clone())
            .or_insert_with(|| Arc::new(Limiter::new(self.speed)));
        Pace::new(target.clone(), self.buckets(target), Arc::clone(limiter))
    }

    /// Forgets the session of an account that is not entered again: some kilobytes for each of thousands.
    pub fn forget(&self, account: &AccountId) {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner).remove(account);
        let mut ec2 = self.ec2.lock().unwrap_or_else(PoisonError::into_inner);
        ec2.retain(|target, _| target.account != *account);
    }

    /// How long AWS's time takes here: shorter where a sandbox keeps time faster.
    pub fn here(&self, time: Duration) -> Duration {
        time.div_f64(self.speed)
    }

    fn buckets(&self, target: &TargetId) -> Arc<Buckets> {
        let mut ec2 = self.ec2.lock().unwrap_or_else(PoisonError::into_inner);
        let buckets =
            ec2.entry(target.clone()).or_insert_with(|| Arc::new(Buckets::new(self.speed)));
        Arc::clone(buckets)
    }

    pub(super) fn member(&self, account: &AccountId) -> SdkConfig {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.entry(account.clone()).or_insert_with(|| self.assume_member(account)).clone()
    }

    fn assume_member(&self, account: &AccountId) -> SdkConfig {
        with_credentials(&self.base, self.member_role(account, None))
    }

    /// The member role of an account with no more than a session policy leaves of its permissions. A session of
    /// its own, which is not kept.
    pub(super) fn member_limited_to(&self, account: &AccountId, policy: &str) -> SdkConfig {
        with_credentials(&self.base, self.member_role(account, Some(policy.to_owned())))
    }

    fn member_role(&self, account: &AccountId, policy: Option<String>) -> AssumedRole {
        let Access { partition, role, .. } = &self.access;
        AssumedRole {
            sts: self.sts.clone(),
            role_arn: format!("arn:{partition}:iam::{account}:role/{role}"),
            session_name: self.access.session_name.clone(),
            external_id: self.access.external_id.clone(),
            source_identity: self.access.source_identity.clone(),
            tags: session_tags(&self.access.session_tags),
            policy,
        }
    }

    /// Role ARNs that are assumed before the member role.
    pub(super) fn via(&self) -> &[String] {
        &self.access.via
    }

    /// The caller's own credentials.
    pub(super) fn as_caller(&self) -> SdkConfig {
        self.caller.clone()
    }

    /// The last role of `via`, or the caller.
    pub(super) fn as_base(&self) -> SdkConfig {
        self.base.clone()
    }
}

/// STS, asked as whoever `config` is, at STS's pace.
fn sts(config: &SdkConfig, buckets: &Arc<Buckets>) -> aws_sdk_sts::config::Builder {
    let mut sts = aws_sdk_sts::config::Builder::from(config);
    let paced = config.http_client().map(|http| Paced::sts(http, Arc::clone(buckets)));
    sts.set_http_client(paced.map(SharedHttpClient::new));
    sts
}

/// The time of an AWS in this process: tokio's clock, which tests can pause, at its speed. So sessions
/// expire there when the SDK expects them to.
#[derive(Debug)]
struct FastClock {
    began: SystemTime,
    start: Instant,
    speed: f64,
}

impl FastClock {
    fn new(began: SystemTime, speed: f64) -> Self {
        Self { began, start: Instant::now(), speed }
    }
}

impl TimeSource for FastClock {
    fn now(&self) -> SystemTime {
        self.began + self.start.elapsed().mul_f64(self.speed)
    }
}

fn with_credentials(config: &SdkConfig, role: AssumedRole) -> SdkConfig {
    config
        .to_builder()
        .credentials_provider(SharedCredentialsProvider::new(role))
        .identity_cache(identity_cache())
        .build()
}

/// Credentials are renewed five minutes before they expire: a chained role lasts one hour, a rollout
/// may last longer.
fn identity_cache() -> aws_sdk_sts::config::SharedIdentityCache {
    IdentityCache::lazy()
        .buffer_time(Duration::from_mins(5))
        .load_timeout(Duration::from_mins(1))
        .build()
}

/// The SDK takes a call that waits for its token for a stream that has stalled and gives it up. Answers are
/// small here, and the timeout of an attempt ends one that never comes.
fn no_stall_watch() -> StalledStreamProtectionConfig {
    StalledStreamProtectionConfig::disabled()
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(10))
        .operation_attempt_timeout(Duration::from_mins(1))
        .build()
}

fn session_tags(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter()
        .filter_map(|(key, value)| Tag::builder().key(key).value(value).build().ok())
        .collect()
}
