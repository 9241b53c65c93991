//! Which permissions each command needs: the one list that the printed policies, the hints after a denial
//! and the documentation come from.
//!
//! Resource types and condition keys as in AWS's service authorization reference
//! (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html>). That each row
//! of the member's is needed, and no other is, is shown by running every command with exactly these and with
//! all but one.

use std::fmt;

/// What a role is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Use {
    /// `linkwalk plan`
    Plan,
    /// `linkwalk audit`
    Audit,
    /// `linkwalk doctor`
    Doctor,
    /// `linkwalk apply`, as it is by itself.
    Apply,
    /// `linkwalk apply --adopt`
    Adopt,
    /// `linkwalk apply --mode sync`
    Sync,
    /// `linkwalk destroy`
    Destroy,
    /// `apply` where accounts.toml has `fix_vpc_dns`.
    FixVpcDns,
    /// `linkwalk doctor --shared-root`, in the accounts that own repositories.
    SharedRoot,
}

impl Use {
    /// All of them, from the most harmless to the least.
    pub const ALL: [Self; 9] = [
        Self::Plan,
        Self::Audit,
        Self::Doctor,
        Self::Apply,
        Self::Adopt,
        Self::Sync,
        Self::Destroy,
        Self::FixVpcDns,
        Self::SharedRoot,
    ];

    /// What a role is for where nothing else is said.
    pub const DEFAULT: [Self; 4] = [Self::Plan, Self::Audit, Self::Doctor, Self::Apply];

    /// The word of the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Audit => "audit",
            Self::Doctor => "doctor",
            Self::Apply => "apply",
            Self::Adopt => "adopt",
            Self::Sync => "sync",
            Self::Destroy => "destroy",
            Self::FixVpcDns => "fix-vpc-dns",
            Self::SharedRoot => "shared-root",
        }
    }

    /// The command in full.
    pub fn command(self) -> &'static str {
        match self {
            Self::Adopt => "apply --adopt",
            Self::Sync => "apply --mode sync",
            Self::FixVpcDns => "apply with fix_vpc_dns",
            Self::SharedRoot => "doctor --shared-root",
            other => other.as_str(),
        }
    }
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The document a statement stands in. Each is a managed policy of its own, because one has at most 6,144
/// characters, and because what deletes can so be attached and detached by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Reads, and nothing else.
    Read,
    /// Creates and modifies.
    Apply,
    /// Makes endpoints and groups of others its own.
    Adopt,
    /// Deletes for good.
    Delete,
    /// Turns on the DNS attributes of VPCs.
    VpcDns,
    /// Reads who may pull from the repositories of a shared account.
    SharedRoot,
}

impl Part {
    /// What its name ends in.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Apply => "apply",
            Self::Adopt => "adopt",
            Self::Delete => "delete",
            Self::VpcDns => "vpc-dns",
            Self::SharedRoot => "shared-root",
        }
    }
}

/// A type of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `vpc-endpoint`
    Endpoint,
    /// `vpc`
    Vpc,
    /// `subnet`
    Subnet,
    /// `route-table`
    RouteTable,
    /// `security-group`
    Group,
    /// `repository`, of ECR.
    Repository,
}

impl Kind {
    /// The service in an ARN.
    pub fn service(self) -> &'static str {
        if self == Self::Repository { "ecr" } else { "ec2" }
    }

    /// The word in an ARN.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Endpoint => "vpc-endpoint",
            Self::Vpc => "vpc",
            Self::Subnet => "subnet",
            Self::RouteTable => "route-table",
            Self::Group => "security-group",
            Self::Repository => "repository",
        }
    }
}

/// Under which conditions an action is allowed. All but the first are confined to the regions of
/// accounts.toml as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guard {
    /// None: a service without regions.
    Global,
    /// The region alone: what is read, and the neighbours of what is made.
    Region,
    /// An endpoint that gets the deployment's tag as it is made, to a service of AWS's.
    NewEndpoint,
    /// The same to services of others, by their names.
    NewEndpointOfOthers,
    /// What gets the deployment's tag as it is made.
    New,
    /// Tags, in the call that makes what they are on.
    OnCreation,
    /// What has the deployment's tag.
    Owned,
    /// What no deployment's tag is on, if it gets this deployment's.
    Unowned,
}

/// One row: an action, on what and how confined, and which commands make it.
#[derive(Debug, Clone, Copy)]
pub struct Permission {
    /// `ec2:CreateVpcEndpoint`
    pub action: &'static str,
    /// The statement it stands in; rows of one statement agree in everything but action and uses.
    pub sid: &'static str,
    /// The document the statement stands in.
    pub part: Part,
    /// On which types of resource; empty for actions that have none.
    pub on: &'static [Kind],
    /// Under which conditions.
    pub guard: Guard,
    /// The commands that need it.
    pub uses: &'static [Use],
    /// When it is needed, where it is not always.
    pub when: Option<&'static str>,
}

const EVERY: &[Use] =
    &[Use::Plan, Use::Audit, Use::Doctor, Use::Apply, Use::Adopt, Use::Sync, Use::Destroy];
const CHANGING: &[Use] = &[Use::Apply, Use::Adopt, Use::Sync];
const DELETING: &[Use] = &[Use::Sync, Use::Destroy];
const DOCTOR: &[Use] = &[Use::Doctor];

const fn read(action: &'static str, uses: &'static [Use]) -> Permission {
    let (sid, part, on, guard) = ("Read", Part::Read, &[], Guard::Region);
    Permission { action, sid, part, on, guard, uses, when: None }
}

const fn shared(action: &'static str) -> Permission {
    let part = Part::SharedRoot;
    let on = &[Kind::Repository];
    Permission { sid: "ReadRepositories", part, on, ..read(action, &[Use::SharedRoot]) }
}

const fn change(
    action: &'static str,
    sid: &'static str,
    on: &'static [Kind],
    guard: Guard,
) -> Permission {
    Permission { action, sid, part: Part::Apply, on, guard, uses: CHANGING, when: None }
}

const fn only(row: Permission, when: &'static str) -> Permission {
    Permission { when: Some(when), ..row }
}

const fn in_part(row: Permission, part: Part, uses: &'static [Use]) -> Permission {
    Permission { part, uses, ..row }
}

const ENDPOINT: &[Kind] = &[Kind::Endpoint];
const GROUP: &[Kind] = &[Kind::Group];
const TAGGED: &[Kind] = &[Kind::Endpoint, Kind::Group];
const AROUND: &[Kind] = &[Kind::Subnet, Kind::RouteTable, Kind::Group];

/// What the member role needs, in every consumer account.
pub const MEMBER: &[Permission] = &[
    read("ec2:DescribeVpcs", EVERY),
    Permission { sid: "ReadVpcs", on: &[Kind::Vpc], ..read("ec2:DescribeVpcAttribute", EVERY) },
    read("ec2:DescribeSubnets", EVERY),
    read("ec2:DescribeRouteTables", EVERY),
    read("ec2:DescribeSecurityGroups", EVERY),
    read("ec2:DescribeVpcEndpoints", EVERY),
    read("ec2:DescribeVpcEndpointServices", EVERY),
    only(
        read("ec2:DescribeAvailabilityZones", EVERY),
        "where the region lists the zones of its services by name and not by id",
    ),
    read("ec2:DescribeNetworkInterfaces", DELETING),
    only(read("cloudwatch:GetMetricData", DELETING), "not with --force"),
    read("ec2:DescribeRegions", DOCTOR),
    read("servicequotas:GetServiceQuota", DOCTOR),
    Permission {
        sid: "ReadGlobal",
        guard: Guard::Global,
        ..read("route53:ListHostedZonesByVPC", DOCTOR)
    },
    change("ec2:CreateVpcEndpoint", "CreateEndpoint", ENDPOINT, Guard::NewEndpoint),
    only(
        change(
            "ec2:CreateVpcEndpoint",
            "CreateEndpointOfOthers",
            ENDPOINT,
            Guard::NewEndpointOfOthers,
        ),
        "services of others than AWS",
    ),
    change(
        "ec2:CreateVpcEndpoint",
        "CreateEndpointIn",
        &[Kind::Vpc, Kind::Subnet, Kind::RouteTable, Kind::Group],
        Guard::Region,
    ),
    change("ec2:CreateSecurityGroup", "CreateGroup", GROUP, Guard::New),
    change("ec2:CreateSecurityGroup", "CreateGroupIn", &[Kind::Vpc], Guard::Region),
    // Who adopts may tag what no deployment's tag is on, and that is what is about to be made as well.
    Permission {
        uses: &[Use::Apply, Use::Sync],
        ..change("ec2:CreateTags", "TagOnCreation", TAGGED, Guard::OnCreation)
    },
    change("ec2:ModifyVpcEndpoint", "ModifyOwnEndpoint", ENDPOINT, Guard::Owned),
    change("ec2:ModifyVpcEndpoint", "ModifyEndpointIn", AROUND, Guard::Region),
    only(
        change("ec2:DeleteVpcEndpoints", "ReplaceOwnEndpoint", ENDPOINT, Guard::Owned),
        "to replace an endpoint that AWS has failed, and to take away one too many",
    ),
    change("ec2:AuthorizeSecurityGroupIngress", "ModifyOwnGroup", GROUP, Guard::Owned),
    change("ec2:RevokeSecurityGroupIngress", "ModifyOwnGroup", GROUP, Guard::Owned),
    change("ec2:CreateTags", "TagOwn", TAGGED, Guard::Owned),
    in_part(
        change("ec2:CreateTags", "TagUnowned", TAGGED, Guard::Unowned),
        Part::Adopt,
        &[Use::Adopt],
    ),
    in_part(
        change("ec2:DeleteVpcEndpoints", "DeleteOwnEndpoint", ENDPOINT, Guard::Owned),
        Part::Delete,
        DELETING,
    ),
    in_part(
        change("ec2:DeleteSecurityGroup", "DeleteOwnGroup", GROUP, Guard::Owned),
        Part::Delete,
        DELETING,
    ),
    in_part(
        change("ec2:ModifyVpcAttribute", "TurnOnVpcDns", &[Kind::Vpc], Guard::Region),
        Part::VpcDns,
        &[Use::FixVpcDns],
    ),
    shared("ecr:DescribeRepositories"),
    shared("ecr:GetRepositoryPolicy"),
];

/// What of accounts.toml a permission of the caller's depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Always.
    Always,
    /// The accounts come from AWS Organizations.
    Walk,
    /// A selector asks for tags of accounts.
    AccountTags,
    /// `session_tags`
    SessionTags,
    /// `source_identity`
    SourceIdentity,
    /// `[lock]`
    Lock,
    /// `notify.sns_topic`
    Topic,
}

impl Need {
    /// In words, for the documentation.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Always => "",
            Self::Walk => "not with `[[account]]` entries",
            Self::AccountTags => "only with `tag:` selectors",
            Self::SessionTags => "only with `session_tags`",
            Self::SourceIdentity => "only with `source_identity`",
            Self::Lock => "only with `[lock]`; `apply`, `destroy`, `force-unlock`",
            Self::Topic => "only with `notify.sns_topic`; `audit --notify`",
        }
    }
}

/// What the caller's actions are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// `*`
    Everything,
    /// The member role, in every account.
    MemberRole,
    /// The bucket of `[lock]`.
    LockBucket,
    /// The deployment's objects in it.
    LockObject,
    /// The topic of `[notify]`.
    Topic,
}

/// A row of what the caller needs.
#[derive(Debug, Clone, Copy)]
pub struct CallerPermission {
    /// `organizations:ListRoots`
    pub action: &'static str,
    /// The statement it stands in.
    pub sid: &'static str,
    /// On what.
    pub on: On,
    /// When.
    pub need: Need,
}

const fn walk(action: &'static str, need: Need) -> CallerPermission {
    CallerPermission { action, sid: "Walk", on: On::Everything, need }
}

const fn caller(action: &'static str, sid: &'static str, on: On, need: Need) -> CallerPermission {
    CallerPermission { action, sid, on, need }
}

/// What the caller needs, or the last role of `via`.
pub const CALLER: &[CallerPermission] = &[
    walk("organizations:DescribeOrganization", Need::Always),
    walk("organizations:ListRoots", Need::Walk),
    walk("organizations:ListOrganizationalUnitsForParent", Need::Walk),
    walk("organizations:ListAccountsForParent", Need::Walk),
    walk("organizations:ListTagsForResource", Need::AccountTags),
    caller("sts:AssumeRole", "Enter", On::MemberRole, Need::Always),
    caller("sts:TagSession", "Enter", On::MemberRole, Need::SessionTags),
    caller("sts:SetSourceIdentity", "Enter", On::MemberRole, Need::SourceIdentity),
    caller("s3:GetObject", "Lock", On::LockObject, Need::Lock),
    caller("s3:PutObject", "Lock", On::LockObject, Need::Lock),
    caller("s3:DeleteObject", "Lock", On::LockObject, Need::Lock),
    caller("s3:ListBucket", "LockBucket", On::LockBucket, Need::Lock),
    caller("sns:Publish", "Notify", On::Topic, Need::Topic),
];

/// The next step for somebody to whom the member role's policies refuse this action: the option of `role`
/// that prints a policy with it. `None` for an action that no command makes.
pub fn granted_for(action: &str) -> Option<Use> {
    let row = MEMBER.iter().find(|row| row.action.eq_ignore_ascii_case(action))?;
    row.uses.iter().copied().find(|of| *of != Use::Sync).or(row.uses.first().copied())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn rows_of_one_statement_agree() {
        let mut seen: BTreeMap<&str, &Permission> = BTreeMap::new();
        for row in MEMBER {
            let first = seen.entry(row.sid).or_insert(row);
            let of = |row: &Permission| (row.part, row.on, row.guard);
            assert_eq!(of(first), of(row), "{}", row.action);
        }
    }

    #[test]
    fn what_changes_something_is_confined_to_types_of_resources() {
        for row in
            MEMBER.iter().filter(|row| row.part != Part::Read && row.part != Part::SharedRoot)
        {
            assert!(!row.on.is_empty(), "{}", row.action);
            // Attributes of VPCs are nobody's: which VPC may have them is for accounts.toml to say.
            if row.part == Part::VpcDns {
                continue;
            }
            let is_guarded = !matches!(row.guard, Guard::Region | Guard::Global);
            let has_guarded = MEMBER.iter().any(|other| {
                other.action == row.action && !matches!(other.guard, Guard::Region | Guard::Global)
            });
            assert!(is_guarded || has_guarded, "{} is a neighbour of nothing", row.action);
        }
    }

    #[test]
    fn the_option_that_prints_an_action_is_found() {
        assert_eq!(granted_for("ec2:DescribeVpcs"), Some(Use::Plan));
        assert_eq!(granted_for("ec2:CreateVpcEndpoint"), Some(Use::Apply));
        assert_eq!(granted_for("ec2:DeleteSecurityGroup"), Some(Use::Destroy));
        assert_eq!(granted_for("ec2:TerminateInstances"), None);
    }
}
