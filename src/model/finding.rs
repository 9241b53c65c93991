//! Kinds of difference that an audit tells apart. They are nouns of everyone: accounts.toml names them in
//! `[[ignore]]`, the audit finds them.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal,)+) => {
        /// Every kind of difference. Codes are stable: rules of `[[ignore]]`, dashboards and tickets
        /// name them.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
        )]
        pub enum FindingKind {
            $($(#[doc = $doc])+ #[serde(rename = $code)] $name,)+
        }

        impl FindingKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The kind with this code.
            pub fn of_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.code() == code)
            }

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

kinds! {
    /// The account could not be looked at; nothing is known about it.
    Unreachable = "unreachable",
    /// Nothing of the deployment is in this account yet.
    AccountNotCovered = "account-not-covered",
    /// Nothing of the deployment is in this VPC yet.
    VpcNotCovered = "vpc-not-covered",
    /// A wanted endpoint is not there.
    EndpointMissing = "endpoint-missing",
    /// AWS could not make the endpoint.
    EndpointFailed = "endpoint-failed",
    /// The service's owner refused the endpoint.
    EndpointRejected = "endpoint-rejected",
    /// Nobody accepted the endpoint in time.
    EndpointExpired = "endpoint-expired",
    /// The endpoint is being deleted by someone.
    EndpointDeleting = "endpoint-deleting",
    /// The endpoint has been pending for longer than `rollout.endpoint_timeout`.
    EndpointPendingTooLong = "endpoint-pending-too-long",
    /// The endpoint waits for the service's owner to accept it.
    EndpointAwaitingAcceptance = "endpoint-awaiting-acceptance",
    /// A zone with selected subnets is not covered by the endpoint.
    SubnetMissing = "subnet-missing",
    /// The endpoint is in a subnet where it should not be.
    SubnetExtra = "subnet-extra",
    /// The endpoint has other security groups than it should.
    SecurityGroupSwapped = "security-group-swapped",
    /// The deployment's security group is not there.
    SecurityGroupMissing = "security-group-missing",
    /// The security group lacks a rule: some clients are shut out.
    RuleMissing = "rule-missing",
    /// The security group has a rule that accounts.toml does not ask for.
    RuleExtra = "rule-extra",
    /// The security group lets the whole internet's addresses in.
    OpenToTheWorld = "open-to-the-world",
    /// A route table that should lead to the gateway endpoint does not.
    RouteTableMissing = "route-table-missing",
    /// A route table leads to the gateway endpoint and should not.
    RouteTableExtra = "route-table-extra",
    /// Private DNS of the endpoint is not as it should be.
    PrivateDns = "private-dns",
    /// The endpoint's policy means something else than it should.
    Policy = "policy",
    /// The endpoint's IP address type is not as it should be.
    IpAddressType = "ip-address-type",
    /// The endpoint's DNS options are not as they should be.
    DnsOptions = "dns-options",
    /// Tags are missing or have other values.
    Tags = "tags",
    /// DNS support or DNS host names of the VPC are off: private DNS cannot work.
    VpcDnsAttributes = "vpc-dns-attributes",
    /// Two endpoints of the deployment do the same job.
    Duplicate = "duplicate",
    /// An endpoint that is not ours does the job of a wanted one.
    Foreign = "foreign",
    /// An endpoint that is not ours keeps a wanted one from being made.
    ForeignInTheWay = "foreign-in-the-way",
    /// It is ours and no longer wanted.
    Orphan = "orphan",
    /// An endpoint of the deployment is in the shared root, where none belongs.
    SharedRoot = "shared-root",
    /// It is wanted and not possible as things are.
    Blocked = "blocked",
    /// An ignore rule is past its date and counts no longer.
    IgnoreExpired = "ignore-expired",
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}
