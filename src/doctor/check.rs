//! One thing that was checked, and what came of it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::failure::Failure;

/// How a check came out, the worst first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// A rollout would fail, or not do all of it.
    Problem,
    /// It works now; one should know.
    Warning,
    /// It could not be told.
    Unknown,
    /// As it should be.
    Ok,
}

impl Status {
    /// All, the worst first.
    pub const ALL: [Self; 4] = [Self::Problem, Self::Warning, Self::Unknown, Self::Ok];

    /// Its word in text and documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Problem => "problem",
            Self::Warning => "warning",
            Self::Unknown => "unknown",
            Self::Ok => "ok",
        }
    }
}

/// What a check rests on.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// The call itself was made: a read, or a change with `DryRun`.
    Proven,
    /// It follows from something else that was seen.
    Inferred,
    /// There is no way to try it, or not yet.
    NotProvable,
}

impl Proof {
    /// Its words in text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Inferred => "inferred",
            Self::NotProvable => "not provable",
        }
    }
}

macro_rules! topics {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal,)+) => {
        /// What is checked. Codes are stable.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
        )]
        pub enum Topic {
            $($(#[doc = $doc])+ #[serde(rename = $code)] $name,)+
        }

        impl Topic {
            /// All of them, in the order in which they are shown.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its stable code, kebab-case.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }

            /// What it means, in one sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii()),+ }
            }
        }
    };
}

topics! {
    /// AWS takes the credentials, and says whose they are.
    Credentials = "credentials",
    /// The clock of this machine agrees with AWS's.
    Clock = "clock",
    /// The roles of `organization.via` can be assumed one after the other.
    RoleChain = "role-chain",
    /// AWS Organizations may be read.
    Organization = "organization-access",
    /// The account is active.
    AccountState = "account-state",
    /// The member role can be assumed, with all that accounts.toml sends along.
    Role = "role",
    /// The account may use the region.
    Region = "region",
    /// What a plan rests on may be read.
    ReadPermission = "read-permission",
    /// A call that a rollout makes is permitted.
    Permission = "permission",
    /// A call that only `destroy`, `--mode sync` and replacements make is permitted.
    DeletePermission = "delete-permission",
    /// `network.vpcs` selects a VPC.
    Vpc = "vpc",
    /// DNS support and DNS host names of the VPC are on.
    DnsAttributes = "dns-attributes",
    /// The subnets that accounts.toml asks for are there.
    Subnets = "subnets",
    /// Services can be reached in the zones of the subnets.
    Zones = "zones",
    /// The subnets have addresses left.
    Addresses = "free-addresses",
    /// Nothing else is in the way of what accounts.toml asks for.
    Plan = "plan",
    /// The quotas leave room.
    Quota = "quota",
    /// No private hosted zone has a name that an endpoint needs.
    HostedZones = "hosted-zones",
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// What is checked.
    pub topic: Topic,
    /// What it is about: a permission, a VPC, a quota; empty where the topic says all.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub subject: String,
    /// How it came out.
    pub status: Status,
    /// What that rests on.
    pub proof: Proof,
    /// A stable code of the cause, where it is not as it should be: `no-vpc-matches`,
    /// `denied-by-service-control-policy`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cause: Option<String>,
    /// What was found, for people, in words that are the same wherever it is found.
    pub text: String,
    /// What is particular here: ids, numbers, names; untrusted text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<String>,
    /// What to do: a command, a statement to add, or a sentence.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next: Option<String>,
    /// AWS's own words, where it refused.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub failure: Option<Failure>,
}

impl Check {
    /// It is as it should be.
    pub fn ok(topic: Topic, subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            topic,
            subject: subject.into(),
            status: Status::Ok,
            proof: Proof::Proven,
            cause: None,
            text: text.into(),
            detail: None,
            next: None,
            failure: None,
        }
    }

    /// It is not.
    pub fn of(status: Status, topic: Topic, cause: &str, text: impl Into<String>) -> Self {
        Self { status, cause: Some(cause.to_owned()), ..Self::ok(topic, "", text) }
    }

    /// A problem.
    pub fn problem(topic: Topic, cause: &str, text: impl Into<String>) -> Self {
        Self::of(Status::Problem, topic, cause, text)
    }

    /// Worth knowing.
    pub fn warning(topic: Topic, cause: &str, text: impl Into<String>) -> Self {
        Self::of(Status::Warning, topic, cause, text)
    }

    /// It could not be told.
    pub fn unknown(topic: Topic, cause: &str, text: impl Into<String>) -> Self {
        let unknown = Self::of(Status::Unknown, topic, cause, text);
        Self { proof: Proof::NotProvable, ..unknown }
    }

    /// The same about something.
    #[must_use]
    pub fn about(self, subject: impl Into<String>) -> Self {
        Self { subject: subject.into(), ..self }
    }

    /// The same with what to do.
    #[must_use]
    pub fn next(self, next: impl Into<String>) -> Self {
        Self { next: Some(next.into()), ..self }
    }

    /// The same with what is particular here.
    #[must_use]
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// The same resting on something else.
    #[must_use]
    pub fn rests_on(self, proof: Proof) -> Self {
        Self { proof, ..self }
    }

    /// The same with AWS's words; its hint is the next step where there is no better one.
    #[must_use]
    pub fn because(self, failure: &Failure) -> Self {
        let next = self.next.or_else(|| failure.hint.clone());
        Self { next, failure: Some(failure.clone()), ..self }
    }
}
