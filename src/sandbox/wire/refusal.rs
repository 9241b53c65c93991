//! What AWS answers when it says no: a code, a text and an HTTP status.

use std::borrow::Cow;

/// A refusal, before it is written in a protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The HTTP status.
    pub(crate) status: u16,
    /// AWS's code.
    pub(crate) code: Cow<'static, str>,
    /// AWS's text.
    pub(crate) message: String,
    /// Organizations' `Reason` member.
    pub(crate) reason: Option<&'static str>,
    /// What S3 adds: names of elements and their texts.
    pub(crate) details: Vec<(&'static str, String)>,
    /// True when the sandbox, not AWS, is at its limits: such a call is recorded as unknown.
    pub(crate) unknown: bool,
}

impl Refusal {
    /// A refusal with the status that AWS sends for this code.
    pub(crate) fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        let code = code.into();
        let status = status_of(&code);
        Self {
            status,
            code,
            message: message.into(),
            reason: None,
            details: Vec::new(),
            unknown: false,
        }
    }

    /// The same with another HTTP status.
    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The same with Organizations' `Reason`.
    pub(crate) fn because(mut self, reason: &'static str) -> Self {
        self.reason = Some(reason);
        self
    }

    /// The same with one of S3's details.
    pub(crate) fn with(mut self, name: &'static str, text: &str) -> Self {
        self.details.push((name, text.to_owned()));
        self
    }

    /// The same, recorded as something the sandbox does not know.
    pub(crate) fn unknown(mut self) -> Self {
        self.unknown = true;
        self
    }
}

/// HTTP statuses that differ from 400.
fn status_of(code: &str) -> u16 {
    match code {
        "PermanentRedirect" => 301,
        "NotModified" => 304,
        "UnauthorizedOperation"
        | "AccessDenied"
        | "AuthorizationError"
        | "InvalidAccessKeyId"
        | "RequestTimeTooSkewed"
        | "InvalidClientTokenId"
        | "ExpiredToken"
        | "RegionDisabledException"
        | "SignatureDoesNotMatch"
        | "MissingAuthenticationToken" => 403,
        "AuthFailure" | "OptInRequired" => 401,
        "NoSuchBucket" | "NoSuchKey" | "NotFound" => 404,
        "ConditionalRequestConflict" => 409,
        "MethodNotAllowed" => 405,
        "DryRunOperation" | "PreconditionFailed" => 412,
        "RequestEntityTooLarge" => 413,
        "InternalError" | "InternalFailure" => 500,
        "NotImplemented" => 501,
        "RequestLimitExceeded" | "Unavailable" | "ServiceUnavailable" | "SlowDown" => 503,
        _ => 400,
    }
}

/// EC2's words for a missing parameter.
pub(crate) fn missing(parameter: &str) -> Refusal {
    Refusal::new("MissingParameter", format!("The request must contain the parameter {parameter}"))
}

/// EC2's words for a value it cannot use.
pub(crate) fn bad_value(parameter: &str, value: &str) -> Refusal {
    Refusal::new(
        "InvalidParameterValue",
        format!("Value ({value}) for parameter {parameter} is invalid."),
    )
}

/// `InvalidParameter`, the code most rules about endpoints are told with.
pub(crate) fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameter", message)
}
