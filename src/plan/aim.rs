//! What a run is for, and how far it may go: the operator's choices beyond accounts.toml. The planner
//! obeys them; nothing after it decides anything.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::ids::{EndpointId, SecurityGroupId};
use crate::model::endpoint::Tags;
use crate::model::failure::Failure;
use crate::model::spec::Glob;

/// What a run is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Aim {
    /// Which way.
    pub purpose: Purpose,
    /// What keeps something of ours from being deleted for good.
    pub deletions: Deletions,
}

/// Which way a run goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "purpose", rename_all = "kebab-case")]
pub enum Purpose {
    /// Towards accounts.toml, as far as is allowed.
    Converge(Changes),
    /// Everything of the deployment goes.
    Destroy,
}

impl Default for Purpose {
    fn default() -> Self {
        Self::Converge(Changes::default())
    }
}

impl Aim {
    /// Whether things of ours that nobody wants any more are deleted.
    pub fn deletes_orphans(&self) -> bool {
        match &self.purpose {
            Purpose::Destroy => true,
            Purpose::Converge(changes) => changes.mode == Mode::Sync,
        }
    }
}

/// Which changes are allowed on the way to accounts.toml.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Changes {
    /// How far it goes.
    pub mode: Mode,
    /// Only these kinds of difference; empty for all of them.
    pub only: BTreeSet<Kind>,
    /// What becomes of foreign resources that match a wanted one.
    pub adopt: Adoption,
}

impl Changes {
    /// Why something was left out, for people: `--mode create-only`, `--only tags`.
    pub fn in_words(&self) -> String {
        let mut words = Vec::new();
        if self.mode != Mode::Repair {
            words.push(format!("--mode {}", self.mode));
        }
        if !self.only.is_empty() {
            let kinds: Vec<&str> = self.only.iter().map(|kind| kind.as_str()).collect();
            words.push(format!("--only {}", kinds.join(",")));
        }
        words.join(" ")
    }
}

/// What becomes of foreign resources that match a wanted one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Adoption {
    /// They are left alone.
    #[default]
    No,
    /// They get the deployment's tag and nothing else of them changes in this run.
    Tag,
    /// They get the deployment's tag, and what differs is repaired in the same run.
    Repair,
}

/// What keeps something of ours from being deleted for good. The replacement of a failed endpoint is
/// no such deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletions {
    /// A resource with one of these tags, or in a VPC with one, stays.
    pub protected: BTreeMap<String, Glob>,
    /// For how long an endpoint must have carried nothing.
    pub unused_for: Duration,
    /// Whether endpoints go whatever they carry.
    pub force: bool,
}

impl Default for Deletions {
    fn default() -> Self {
        let unused_for = Duration::from_hours(24);
        Self { protected: BTreeMap::new(), unused_for, force: false }
    }
}

impl Deletions {
    /// The tag that protects a resource with these tags: `tier=production`.
    pub fn protection(&self, tags: &Tags) -> Option<String> {
        self.protected.iter().find_map(|(key, glob)| {
            let value = tags.get(key).filter(|value| glob.matches(value))?;
            Some(format!("{key}={value}"))
        })
    }
}

/// Who uses what is to be deleted. Asked only where something is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// Network interfaces that security groups are on, besides those of endpoints, each with what it
    /// is: `eni-... (lambda)`. A group without an entry is on none.
    pub groups: BTreeMap<SecurityGroupId, BTreeSet<String>>,
    /// What endpoints carried lately. Gateways have no metrics and so no entry.
    pub traffic: BTreeMap<EndpointId, Carried>,
}

/// What an endpoint carried lately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carried {
    /// So many bytes; none where there are no data points, because metrics come with traffic only
    /// (<https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-cloudwatch-metrics.html>).
    Bytes(u64),
    /// It could not be asked.
    Unknown(Failure),
}

/// A word that is none of those that can stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownWord(String);

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UnknownWord {}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident $(= $default:ident)? { $($(#[doc = $about:literal])+ $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
        pub enum $name {
            $($(#[doc = $about])+ #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its word on the command line and in documents.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        $(impl Default for $name {
            fn default() -> Self {
                Self::$default
            }
        })?

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                let found = Self::ALL.iter().copied().find(|one| one.as_str() == text);
                found.ok_or_else(|| {
                    let all: Vec<&str> = Self::ALL.iter().map(|one| one.as_str()).collect();
                    UnknownWord(format!("it can be {}", all.join(", ")))
                })
            }
        }
    };
}

words! {
    /// How far a run goes towards accounts.toml.
    Mode = Repair {
        /// What is missing is made; nothing that is there changes.
        CreateOnly = "create-only",
        /// What is missing is made, and what differs is repaired; what nobody wants any more stays.
        Repair = "repair",
        /// As repair, and what is ours and no longer wanted is deleted.
        Sync = "sync",
    }
}

words! {
    /// A kind of difference, by which a run can be narrowed.
    Kind {
        /// A wanted endpoint is not there.
        Missing = "missing",
        /// An endpoint is failed, rejected or expired, or one too many.
        State = "state",
        /// Subnets of an endpoint.
        Subnets = "subnets",
        /// Security groups of an endpoint.
        SecurityGroups = "security-groups",
        /// Rules of the deployment's security group.
        Rules = "rules",
        /// Route tables of a gateway endpoint.
        RouteTables = "route-tables",
        /// Private DNS of an endpoint.
        PrivateDns = "private-dns",
        /// The policy of an endpoint.
        Policy = "policy",
        /// The IP address type of an endpoint.
        IpAddressType = "ip-address-type",
        /// The DNS options of an endpoint.
        DnsOptions = "dns-options",
        /// Tags of endpoints and security groups.
        Tags = "tags",
        /// What is ours and no longer wanted.
        Orphans = "orphans",
    }
}

impl Kind {
    /// The kind of a difference, by its attribute.
    pub(super) fn of_field(field: &str) -> Self {
        match field {
            "subnets" => Self::Subnets,
            "security_groups" => Self::SecurityGroups,
            "route_tables" => Self::RouteTables,
            "private_dns" => Self::PrivateDns,
            "policy" => Self::Policy,
            "ip_address_type" => Self::IpAddressType,
            "ingress" => Self::Rules,
            _ if field.starts_with("dns.") => Self::DnsOptions,
            _ if field.starts_with("tags.") => Self::Tags,
            _ => Self::State,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_and_a_wrong_one_names_the_right_ones() {
        for kind in Kind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
        }
        let wrong = "delete".parse::<Mode>().unwrap_err().to_string();
        assert_eq!(wrong, "it can be create-only, repair, sync");
    }

    #[test]
    fn a_tag_protects_by_its_glob() {
        let glob = Glob::new("prod*").unwrap();
        let deletions =
            Deletions { protected: [("tier".to_owned(), glob)].into(), ..Deletions::default() };
        let tags = |value: &str| Tags::from([("tier".to_owned(), value.to_owned())]);
        assert_eq!(deletions.protection(&tags("production")).as_deref(), Some("tier=production"));
        assert_eq!(deletions.protection(&tags("test")), None);
    }
}
