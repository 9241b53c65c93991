//! A denial, read out of AWS's words: which permission, and which kind of policy says no. AWS documents the
//! words (<https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::permissions;

/// Which kind of policy denies.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// A service control policy of the organization.
    ServiceControlPolicy,
    /// A resource control policy of the organization.
    ResourceControlPolicy,
    /// The policy of the VPC endpoint that the call went through.
    VpcEndpointPolicy,
    /// The role's permissions boundary.
    PermissionsBoundary,
    /// The policy that was given when the session was made.
    SessionPolicy,
    /// A policy of the role or user itself.
    IdentityPolicy,
    /// The policy of the resource, a role's trust policy for example.
    ResourcePolicy,
    /// AWS does not say.
    Unstated,
}

impl By {
    /// AWS's noun for each.
    const NOUNS: [(Self, &'static str); 7] = [
        (Self::ServiceControlPolicy, "service control policy"),
        (Self::ResourceControlPolicy, "resource control policy"),
        (Self::VpcEndpointPolicy, "VPC endpoint policy"),
        (Self::PermissionsBoundary, "permissions boundary"),
        (Self::SessionPolicy, "session policy"),
        (Self::IdentityPolicy, "identity-based policy"),
        (Self::ResourcePolicy, "resource-based policy"),
    ];

    /// AWS's noun; empty where it says none.
    pub fn noun(self) -> &'static str {
        Self::NOUNS.iter().find(|(by, _)| *by == self).map_or("", |(_, noun)| *noun)
    }
}

/// What a refusal for lack of permission says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// The permission: `ec2:CreateVpcEndpoint`.
    pub action: Option<String>,
    /// The ARN of what it was asked for.
    pub resource: Option<String>,
    /// Which kind of policy denies.
    pub by: By,
    /// Whether a statement denies it, and it is not only that none allows it.
    pub explicit: bool,
    /// The id of the policy (`p-...`), where AWS names it.
    pub policy: Option<String>,
}

impl Denial {
    /// Reads AWS's message.
    pub fn read(message: &str) -> Self {
        let after = |start: &str| message.split_once(start).map(|(_, rest)| rest);
        let word = |text: &str| {
            let word = text.split_whitespace().next().unwrap_or_default();
            Some(word.trim_end_matches(['.', ',', ';']).to_owned()).filter(|word| !word.is_empty())
        };
        let explicit = after("with an explicit deny in a");
        let why = explicit.or_else(|| after("because no ")).unwrap_or_default();
        let noun =
            By::NOUNS.iter().find(|(_, noun)| why.trim_start_matches(['n', ' ']).starts_with(noun));
        let policy = explicit
            .and_then(|rest| rest.split_once("arn:"))
            .and_then(|(_, arn)| word(arn)?.rsplit('/').next().map(str::to_owned));
        Self {
            action: after("not authorized to perform: ").and_then(word),
            resource: after(" on resource: ").and_then(word),
            by: noun.map_or(By::Unstated, |(by, _)| *by),
            explicit: explicit.is_some(),
            policy,
        }
    }

    /// Which policy denies, and how: `service control policy p-1a2b denies it`.
    pub fn because(&self) -> String {
        let noun = self.by.noun();
        match (&self.policy, self.explicit) {
            _ if self.by == By::Unstated => "AWS does not say which policy denies it".to_owned(),
            (Some(id), _) => format!("the {noun} {id} denies it"),
            (None, true) => format!("a {noun} denies it").replace("a identity", "an identity"),
            (None, false) => format!("no {noun} allows it"),
        }
    }

    /// What to do where the member role was denied something.
    pub fn next_for_member(&self) -> String {
        let next = self.next("the member role");
        let action = self.action.as_deref().unwrap_or_default();
        let Some(of) = permissions::granted_for(action) else { return next };
        let printed = format!("`linkwalk role --for {of}` prints a role that has it");
        match (self.by, self.explicit) {
            (By::IdentityPolicy, false) => format!("the member role lacks {action}: {printed}"),
            (By::Unstated, _) => format!("{next}; {printed}"),
            _ => next,
        }
    }

    /// What to do. `role` says whose permissions they are: `the caller`.
    pub fn next(&self, role: &str) -> String {
        let action = self.action.as_deref().unwrap_or("the action");
        let policy = self.policy.as_deref().unwrap_or("the one that denies it");
        match (self.by, self.explicit) {
            (By::ServiceControlPolicy | By::ResourceControlPolicy, true) => format!(
                "nothing in the account can allow it: have {policy} of AWS Organizations changed, or \
                 {role} excepted in it (Condition ArnNotLike on aws:PrincipalArn)"
            ),
            (By::ServiceControlPolicy | By::ResourceControlPolicy, false) => format!(
                "the {noun}s of the root, of every unit above the account and of the account itself \
                 must each allow {action}: add it at the level where it is missing",
                noun = self.by.noun()
            ),
            (By::VpcEndpointPolicy, _) => format!(
                "the calls go through a VPC endpoint whose policy does not let {action} pass: allow it \
                 there, or run where the calls take another way"
            ),
            (By::PermissionsBoundary, explicit) => format!(
                "the permissions boundary of {role} {}: {}",
                if explicit { "denies it" } else { "must allow it as well" },
                statement(action, explicit)
            ),
            (By::SessionPolicy, _) => format!(
                "the session was given a policy that leaves {action} out: whoever signs in, or makes \
                 the session, must not restrict it so"
            ),
            (By::IdentityPolicy, true) => format!(
                "take the statement that denies {action} out of the policies of {role}: no other one \
                 can outweigh it"
            ),
            (By::IdentityPolicy, false) => {
                format!("add to the policy of {role}: {}", statement(action, false))
            }
            (By::ResourcePolicy, _) => {
                format!("allow {action} in the policy of the resource itself")
            }
            (By::Unstated, _) => format!(
                "{role} lacks {action}, or a service control policy or a boundary denies it: look for \
                 the call in the account's CloudTrail"
            ),
        }
    }
}

/// The statement to add, or to take out.
fn statement(action: &str, denies: bool) -> String {
    if denies {
        return format!("take out the statement that denies {action}");
    }
    format!(r#"{{"Effect": "Allow", "Action": "{action}", "Resource": "*"}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: &str = "User: arn:aws:sts::222200000001:assumed-role/Role/linkwalk is not authorized to perform: \
                        ec2:CreateVpcEndpoint on resource: arn:aws:ec2:eu-west-1:222200000001:vpc-endpoint/*";

    #[test]
    fn each_kind_of_policy_is_told_by_awss_words() {
        for (words, by, explicit, policy, because) in [
            (
                "with an explicit deny in a service control policy: arn:aws:organizations::1:policy/o-1/service_control_policy/p-1a2b. Encoded authorization failure message: x",
                By::ServiceControlPolicy,
                true,
                Some("p-1a2b"),
                "the service control policy p-1a2b denies it",
            ),
            (
                "because no service control policy allows the ec2:CreateVpcEndpoint action",
                By::ServiceControlPolicy,
                false,
                None,
                "no service control policy allows it",
            ),
            (
                "with an explicit deny in a resource control policy",
                By::ResourceControlPolicy,
                true,
                None,
                "a resource control policy denies it",
            ),
            (
                "because no VPC endpoint policy allows the ec2:CreateVpcEndpoint action",
                By::VpcEndpointPolicy,
                false,
                None,
                "no VPC endpoint policy allows it",
            ),
            (
                "because no permissions boundary allows the ec2:CreateVpcEndpoint action. Encoded",
                By::PermissionsBoundary,
                false,
                None,
                "no permissions boundary allows it",
            ),
            (
                "with an explicit deny in a session policy",
                By::SessionPolicy,
                true,
                None,
                "a session policy denies it",
            ),
            (
                "with an explicit deny in an identity-based policy",
                By::IdentityPolicy,
                true,
                None,
                "an identity-based policy denies it",
            ),
            (
                "because no identity-based policy allows the ec2:CreateVpcEndpoint action",
                By::IdentityPolicy,
                false,
                None,
                "no identity-based policy allows it",
            ),
            ("", By::Unstated, false, None, "AWS does not say which policy denies it"),
        ] {
            let denial = Denial::read(&format!("{USER} {words}"));
            assert_eq!(denial.action.as_deref(), Some("ec2:CreateVpcEndpoint"), "{words}");
            let told = (denial.by, denial.explicit, denial.policy.as_deref());
            assert_eq!(told, (by, explicit, policy), "{words}");
            assert_eq!(denial.because(), because);
            assert!(!denial.next("the caller").is_empty());
            let is_printed =
                matches!((by, explicit), (By::IdentityPolicy, false) | (By::Unstated, _));
            let next = denial.next_for_member();
            assert_eq!(next.contains("`linkwalk role --for apply`"), is_printed, "{next}");
        }
    }

    #[test]
    fn words_of_no_denial_say_nothing() {
        let denial = Denial::read("You don't have permissions to access this resource.");
        assert_eq!((denial.action, denial.by), (None, By::Unstated));
    }
}
