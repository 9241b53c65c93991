//! The kinds of finding of the audit.

use super::{Entry, Group};
use crate::model::finding::FindingKind;

/// All kinds, in the order of the documentation.
pub(super) fn all() -> Vec<Entry> {
    FindingKind::ALL.iter().map(|kind| finding(*kind)).collect()
}

/// What a kind of finding means, why it happens and what to do.
#[expect(clippy::too_many_lines, reason = "a table, whose match leaves no kind out")]
pub fn finding(kind: FindingKind) -> Entry {
    use FindingKind as K;
    let (why, next) = match kind {
        K::Unreachable => (
            "The member role is missing or does not trust the caller, a policy denies reading, the region is not enabled \
             for the account, or AWS did not answer.",
            "Read the failure in the finding and mend that; an account that shall not be covered belongs into \
             `accounts.exclude`.",
        ),
        K::AccountNotCovered => (
            "It is new, it has just become a consumer, or nobody has applied yet.",
            "`linkwalk apply --account ID`.",
        ),
        K::VpcNotCovered => (
            "The VPC is new or has just become one that `network.vpcs` selects.",
            "`linkwalk apply --account ID`, or narrow `network.vpcs` if the VPC is not meant.",
        ),
        K::EndpointMissing => (
            "Somebody deleted it, or accounts.toml asks for a service that it did not ask for before. Traffic leaves by \
             NAT gateways and the internet meanwhile.",
            "`linkwalk apply --account ID` makes it.",
        ),
        K::EndpointFailed => (
            "AWS gave up making it; the endpoint's own last error says why.",
            "`linkwalk apply` replaces it. If it fails again, the endpoint's last error is a case for AWS's support.",
        ),
        K::EndpointRejected => (
            "The owner of the endpoint service looked at the request and said no.",
            "Ask the service's owner to allow this account, then `linkwalk apply`, which replaces it.",
        ),
        K::EndpointExpired => (
            "The service's owner has to accept requests, and nobody did in time.",
            "Ask the service's owner to accept, then `linkwalk apply`, which makes a new request.",
        ),
        K::EndpointDeleting => (
            "A person, a pipeline or the removal of a stack deletes it right now.",
            "Find out who (CloudTrail: DeleteVpcEndpoints), then `linkwalk apply` when it is gone.",
        ),
        K::EndpointPendingTooLong => (
            "AWS usually takes minutes; longer means trouble on its side, or a change that does not end.",
            "Wait, look at the endpoint in the console, and ask AWS's support with the endpoint's id.",
        ),
        K::EndpointAwaitingAcceptance => (
            "The service's owner accepts each connection by hand.",
            "Ask the owner to accept it; nothing else is to be done here.",
        ),
        K::SubnetMissing => (
            "Somebody took a subnet out, or a zone has got a subnet that `subnets` selects. Clients in that zone cross \
             zones, which costs money, and lose the endpoint with the other zones.",
            "`linkwalk apply --account ID` adds it.",
        ),
        K::SubnetExtra => (
            "Somebody added a subnet, or `subnets` selects others than before.",
            "`linkwalk apply --account ID` takes it out, which ends connections through it.",
        ),
        K::SecurityGroupSwapped => (
            "Somebody changed the endpoint's security groups; the wrong people may reach it, or the right ones may not.",
            "`linkwalk apply --account ID` puts the right ones back.",
        ),
        K::SecurityGroupMissing => (
            "Somebody deleted it after taking it off the endpoints.",
            "`linkwalk apply --account ID` makes it anew and puts it on the endpoints.",
        ),
        K::RuleMissing => (
            "Somebody removed a rule, or the VPC has got another CIDR.",
            "`linkwalk apply --account ID` adds it.",
        ),
        K::RuleExtra => (
            "Somebody added a rule to the deployment's group. Rules of one's own belong into a group of one's own.",
            "`linkwalk apply --account ID` takes it away; or add the source to `security_group.ingress`.",
        ),
        K::OpenToTheWorld => (
            "A rule lets 0.0.0.0/0 or ::/0 in. An endpoint is not reachable from the internet by that, but it is from \
             every network that is connected to the VPC.",
            "`linkwalk apply --account ID` takes the rule away.",
        ),
        K::RouteTableMissing => (
            "A route table is new, or somebody took the endpoint's route out of it. Its subnets reach the service through \
             NAT gateways and the internet.",
            "`linkwalk apply --account ID` adds it; connections to the service that are open then are dropped once.",
        ),
        K::RouteTableExtra => (
            "Somebody added a route table to the gateway endpoint, or `route_tables` selects others than before.",
            "`linkwalk apply --account ID` takes it out; connections to the service that are open then are dropped.",
        ),
        K::PrivateDns => (
            "Somebody switched it. Without private DNS clients reach the service's public addresses, although the endpoint \
             is there and costs money.",
            "`linkwalk apply --account ID` switches it back.",
        ),
        K::Policy => (
            "Somebody changed the endpoint's policy, or accounts.toml names another one. Policies are compared by meaning.",
            "`linkwalk apply --account ID` puts back what accounts.toml says.",
        ),
        K::IpAddressType => (
            "Somebody changed it, or accounts.toml asks for another one than before.",
            "`linkwalk apply --account ID`.",
        ),
        K::DnsOptions => (
            "Somebody changed them, or accounts.toml asks for others than before.",
            "`linkwalk apply --account ID`.",
        ),
        K::Tags => (
            "Somebody changed a tag, or `[tags]` and `name_tag` say something new.",
            "`linkwalk apply --only tags`.",
        ),
        K::VpcDnsAttributes => (
            "The VPC was made with `enableDnsSupport` or `enableDnsHostnames` off, or somebody switched them off. Private \
             DNS names then resolve to public addresses.",
            "Switch them on in the account, after asking those who rely on them being off; the finding has the command.",
        ),
        K::Duplicate => (
            "Two endpoints of the deployment lead to one service in one VPC; each costs money.",
            "`linkwalk apply` keeps the older one and deletes the other.",
        ),
        K::Foreign => (
            "Somebody else made an endpoint for the same service, and it does what is wanted.",
            "Nothing; or `linkwalk apply --adopt` to look after it from now on.",
        ),
        K::ForeignInTheWay => (
            "It holds the private DNS name or the route, and lacks what accounts.toml asks for. AWS allows one of each in \
             a VPC.",
            "`linkwalk apply --adopt` takes it into the deployment; or have it removed, then apply.",
        ),
        K::Orphan => (
            "accounts.toml does not ask for it any more: a service, a VPC or an account was taken out.",
            "`linkwalk apply --mode sync` deletes it, when nothing uses it; or put it back into accounts.toml.",
        ),
        K::SharedRoot => (
            "The account became part of the shared root after endpoints had been made in it. The shared root owns the \
             resources and needs no way to them.",
            "Delete it in that account, by hand or with the command in the finding: linkwalk changes nothing in the shared root.",
        ),
        K::Blocked => (
            "AWS would refuse it, so it is not sent; the finding's reason begins with what is in the way.",
            "Remove the cause or change what accounts.toml asks for; `linkwalk explain` has the code in its title.",
        ),
        K::IgnoreExpired => (
            "The rule's `until` is in the past, so its findings count again.",
            "Remove the rule, or give it a new date if its reason still holds.",
        ),
    };
    Entry {
        code: kind.code(),
        group: Group::Finding,
        meaning: kind.meaning(),
        why,
        next,
        source: source(kind),
    }
}

fn source(kind: FindingKind) -> Option<&'static str> {
    use FindingKind as K;
    Some(match kind {
        K::EndpointFailed
        | K::EndpointRejected
        | K::EndpointExpired
        | K::EndpointAwaitingAcceptance => {
            "https://docs.aws.amazon.com/vpc/latest/privatelink/concepts.html"
        }
        K::PrivateDns | K::VpcDnsAttributes | K::ForeignInTheWay => {
            "https://docs.aws.amazon.com/vpc/latest/privatelink/interface-endpoints.html"
        }
        K::RouteTableMissing | K::RouteTableExtra => {
            "https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html"
        }
        K::Policy => "https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html",
        _ => return None,
    })
}
