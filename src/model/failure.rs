//! Errors of the cloud, as data: one struct for every operation.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a call or a wait did not succeed. It travels in outcomes, events and reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// What was being done: an API action (`CreateVpcEndpoint`) or a step (`wait until available`).
    pub operation: String,
    /// What kind of failure it is; decides behaviour.
    pub class: ErrorClass,
    /// AWS's error code, where AWS answered with one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// AWS's words, or the transport's, with the whole chain of causes. Untrusted text.
    pub message: String,
    /// AWS's request id, for its support.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What to do next, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// Kinds of failure that are treated alike.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorClass {
    /// Too many requests; says nothing about the account.
    Throttled,
    /// Server-side or network trouble that may pass.
    Transient,
    /// The thing named does not exist, or not yet.
    NotFound,
    /// The thing to be made is already there.
    AlreadyExists,
    /// IAM, a trust policy or a service control policy says no.
    Denied,
    /// The caller's own credentials are missing, wrong or expired.
    Credentials,
    /// The region is not enabled for the account, or the account not usable.
    NotEnabled,
    /// AWS refuses the request as it stands.
    Invalid,
    /// A quota is reached.
    Quota,
    /// Another change of the same resource is under way.
    Busy,
    /// The deadline passed.
    TimedOut,
    /// A fault of this program; please report it.
    Bug,
    /// None of the above.
    Unknown,
}

impl Failure {
    /// A failure found by this program rather than answered by AWS.
    pub fn local(operation: &str, class: ErrorClass, message: impl Into<String>) -> Self {
        Self {
            operation: operation.to_owned(),
            class,
            code: None,
            message: message.into(),
            request_id: None,
            hint: None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.operation)?;
        if let Some(code) = &self.code {
            write!(f, "{code}: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(id) = &self.request_id {
            write!(f, " (request {id})")?;
        }
        Ok(())
    }
}
