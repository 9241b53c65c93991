//! What plans say besides actions: blocked items and notes.

use super::{Entry, Group};

macro_rules! entries {
    ($(#[$doc:meta])* $name:ident of $group:ident {
        $($code:literal: $meaning:literal, $why:literal, $next:literal $(, $source:literal)?;)*
    }) => {
        $(#[$doc])*
        pub(super) const $name: &[Entry] = &[$(Entry {
            code: $code,
            group: Group::$group,
            meaning: $meaning,
            why: $why,
            next: $next,
            source: entries!(@ $($source)?),
        },)*];
    };
    (@ $source:literal) => { Some($source) };
    (@) => { None };
}

entries! {
    /// Codes of blocked items.
    BLOCKED of Blocked {
        "cannot-change-in-place": "What accounts.toml asks for can never be changed at this endpoint.",
            "The subnet of a Gateway Load Balancer endpoint is fixed for its life.",
            "Delete the endpoint, in a quiet hour, to have it made anew; or select the subnet that it is in.",
            "https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-load-balancer-endpoints.html";
        "dns-attributes-off": "Private DNS is wanted in a VPC whose DNS attributes are off.",
            "Private DNS needs `enableDnsSupport` and `enableDnsHostnames` of the VPC; AWS refuses the endpoint otherwise.",
            "Switch both on in the account (`aws ec2 modify-vpc-attribute`), after asking those who rely on them being off; let plans do it with `network.fix_vpc_dns = true`; or set `private_dns = false`.",
            "https://docs.aws.amazon.com/vpc/latest/privatelink/interface-endpoints.html";
        "dns-option-not-supported": "Private DNS for the inbound resolver alone is wanted for a service other than S3.",
            "Only S3 has that option.",
            "Remove `private_dns_only_for_inbound_resolver` from the endpoint's `dns`.",
            "https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-s3.html";
        "dns-record-type-conflict": "The S3 interface endpoint and the VPC's S3 gateway endpoint have different types of DNS records.",
            "With private DNS for the inbound resolver alone AWS wants both to be the same, or the gateway's to be service-defined.",
            "Give both the same `dns.record_ip_type`.",
            "https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-s3.html";
        "dns-record-type-not-supported": "The type of DNS records does not fit the endpoint's addresses or its service.",
            "An endpoint with IPv4 addresses alone cannot have IPv6 records; DynamoDB's gateway takes service-defined only.",
            "Change `dns.record_ip_type` or `ip_address_type`.",
            "https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html";
        "endpoint-in-use": "An endpoint that would be deleted carried traffic lately.",
            "CloudWatch counted bytes within the time that `--unused-for` says, a day by default.",
            "Find out who uses it; or delete it all the same with `--force`.",
            "https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-cloudwatch-metrics.html";
        "endpoint-twice": "Two tables of accounts.toml lead to the same endpoint.",
            "They name one service in different words, which only the region's own list can tell.",
            "Take one of the two tables out.";
        "foreign-in-the-way": "An endpoint that is not the deployment's keeps a wanted one from being made.",
            "It holds the private DNS name, the zone or the route, and lacks something that accounts.toml asks for.",
            "`linkwalk apply --adopt` takes it into the deployment; or have it removed by who made it.";
        "ip-address-type-not-supported": "The service or the selected subnets do not have the wanted IP address type.",
            "`ipv4` needs IPv4 in every subnet, `dualstack` both, `ipv6` subnets with IPv6 alone; and the service has to support it.",
            "Change `ip_address_type`, or select other subnets.",
            "https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html";
        "no-private-dns-name": "Private DNS is wanted for an endpoint that has no private DNS name.",
            "The service has none (DynamoDB, partner services), or the endpoint is a gateway or of a Gateway Load Balancer.",
            "Set `private_dns = false`, or leave it out for gateways; clients then use the endpoint's own DNS name.";
        "no-route-table-matches": "`route_tables` selects none of the VPC's route tables.",
            "The selector fits another account's habits, or the tags are not there.",
            "Change `network.route_tables`, or say what differs in an `[[override]]`; the reason lists what is there.";
        "no-subnet-matches": "`subnets` selects none of the VPC's subnets, or only such as another account shares.",
            "The selector fits another account's habits, the tags are not there, or the account owns no subnet in the VPC: endpoints cannot be made in shared subnets.",
            "Change `network.subnets`, or say what differs in an `[[override]]`; the reason lists what is there.";
        "no-vpc-matches": "`vpcs` selects none of the account's VPCs.",
            "The account has no VPC in this region, or its VPCs do not have the tags that accounts.toml names.",
            "Tag the VPC, change `network.vpcs`, or leave the account out with `accounts.exclude`.";
        "no-zone-supported": "The service is offered in none of the zones of the selected subnets.",
            "Not every service is in every zone; zones are compared by their ids, which are the same in every account.",
            "Select subnets in one of the zones that the reason names.",
            "https://docs.aws.amazon.com/ram/latest/userguide/working-with-az-ids.html";
        "organization-unknown": "policy = \"organization\" is asked for, and the organization's id is not known.",
            "Organizations could not be read, and the policy names the organization.",
            "Set `organization.id` in accounts.toml.";
        "policy-not-supported": "A policy is wanted for a service whose endpoints take none.",
            "AWS refuses a policy for such services.",
            "Remove `policy` from the endpoint's table.",
            "https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html";
        "policy-principal": "A gateway endpoint's policy names principals.",
            "The policy of a gateway endpoint must have the principal \"*\" in every statement.",
            "Write \"*\" and narrow it with the condition key aws:PrincipalArn.",
            "https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html";
        "policy-too-long": "The endpoint's policy is longer than AWS takes.",
            "The limit is 20,480 characters, white space included, and cannot be raised.",
            "Shorten it: fewer statements, wildcards, conditions on the organization instead of lists of accounts.",
            "https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-limits-endpoints.html";
        "private-dns-conflict": "Something else in the VPC has the private DNS name already.",
            "One private DNS name can lead to one endpoint in a VPC; another endpoint or another table of accounts.toml takes it.",
            "Set `private_dns = false` for one of the two, adopt the other endpoint, or have it removed.",
            "https://docs.aws.amazon.com/vpc/latest/privatelink/interface-endpoints.html";
        "requester-managed": "An endpoint that an AWS service made and looks after is in the way.",
            "Services such as GuardDuty make endpoints of their own, which nobody else can change.",
            "Switch off what makes it in that service, or take this endpoint out of accounts.toml for the account.";
        "s3-interface-needs-gateway": "An S3 interface endpoint with private DNS needs an S3 gateway endpoint in the VPC.",
            "With private DNS for the inbound resolver alone, traffic from inside the VPC goes by the gateway.",
            "Add `[endpoints.s3]` (or the bundle ecr, which brings it), or set `private_dns = false`.",
            "https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-s3.html";
        "security-group-name-taken": "A security group with the deployment's name for its own is there, and is not the deployment's.",
            "Names of security groups are unique in a VPC.",
            "Choose another `security_group.name`, or `linkwalk apply --adopt` to take the group over.";
        "security-group-not-found": "A security group that the endpoint's table names is not in the VPC.",
            "`security_groups` names it by an id of another VPC, or by a name that this VPC does not have.",
            "Make the group in the account, or change `security_groups`, in an `[[override]]` where only some accounts have it.";
        "service-ambiguous": "The short name stands for several services in this region.",
            "Two services have names that end alike.",
            "Give the full name: `service = \"com.amazonaws.{region}.NAME\"`.";
        "service-not-offered": "The service is not offered in this region, or not to this account.",
            "The name is misspelt, the service is not in the region, or a partner has not allowed the account as a principal.",
            "Check the name (`aws ec2 describe-vpc-endpoint-services`); ask the partner to allow the account.",
            "https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html";
        "shared-vpc": "An endpoint of the deployment is in a VPC that another account shares.",
            "Only the owner of a subnet can change endpoints in it.",
            "Have it deleted in the account that owns the VPC.",
            "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-sharing.html";
        "still-deleting": "An endpoint that is being deleted still holds what the new one needs.",
            "Until it is gone it keeps its private DNS name and its network interfaces, which takes minutes.",
            "Run again when it is gone.";
        "subnet-full": "No selected subnet has a free address.",
            "Each interface endpoint takes one address in each of its subnets.",
            "Select other subnets, or add a CIDR and subnets to the VPC.",
            "https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html";
        "tag-too-long": "A tag is longer than AWS takes.",
            "A key has at most 128 characters and a value 256; templates are filled in per account and can grow.",
            "Shorten `[tags]` or the template of `name_tag`.",
            "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html";
        "too-many-rules": "The security group would have more rules than AWS allows by default.",
            "Each CIDR of the VPC and each source in `security_group.ingress` is a rule.",
            "Name wider ranges, or a prefix list, in `security_group.ingress`.",
            "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html";
        "too-many-security-groups": "The endpoint would have more security groups than AWS allows.",
            "`security_groups` names too many for one network interface.",
            "Name fewer.",
            "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html";
        "too-many-tags": "A resource would have more tags than AWS allows.",
            "The limit is 50 in all, those of others among them.",
            "Take some out of `[tags]`.",
            "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html";
        "traffic-unknown": "Whether an endpoint that would be deleted is used cannot be told.",
            "CloudWatch could not be asked; what carries traffic is not deleted, so neither is what may.",
            "Allow cloudwatch:GetMetricData to the member role; or delete it all the same with `--force`.";
        "type-not-offered": "The service has no endpoints of the wanted type in this region.",
            "`type` asks for a gateway or an interface that the service does not have.",
            "Change `type`, or leave it out: the service's own type is taken then.";
        "unknown-state": "An endpoint of the deployment is in a state that this version does not know.",
            "AWS has added a state; nothing is guessed from it.",
            "Look at the endpoint in the console, and for a newer version of linkwalk.";
    }
}

entries! {
    /// Codes of notes.
    NOTES of Note {
        "acceptance-required": "The service's owner has to accept the new endpoint by hand.",
            "The partner's service is set up so.",
            "Tell the owner; until then the endpoint stays in pendingAcceptance.";
        "adopt-ambiguous": "Several foreign endpoints match, so none is adopted.",
            "`--adopt` takes one, and there is nothing to choose by.",
            "Tag the one to keep with linkwalk:deployment and the deployment's name, and have the others removed.";
        "adopt-managed-elsewhere": "What is adopted carries the tags of another tool.",
            "CloudFormation, Terraform or another tool made it, and will change or delete it again.",
            "Take it out there without deleting it (`terraform state rm`, DeletionPolicy: Retain).";
        "awaiting-acceptance": "An endpoint of the deployment waits for the service's owner.",
            "Nobody has accepted it yet.",
            "Ask the owner to accept it.";
        "dns-attributes-off": "A gateway endpoint is in a VPC whose DNS attributes are off.",
            "Routes work without them; but names resolve by other means, or not at all.",
            "Make sure that clients resolve the service's names to addresses that the gateway's routes cover.";
        "foreign-alongside": "The endpoint is made beside one that is not the deployment's.",
            "The other one lacks something that accounts.toml asks for, and is not in the way.",
            "Nothing; remove the other one when nobody uses it any more, for it costs money.";
        "group-in-use": "A security group of the deployment is not deleted, for it is still used.",
            "Network interfaces or rules of other groups name it, or it is the VPC's default group.",
            "Take it off there, then run again.";
        "ip-address-type-not-supported": "A zone is left out, because its subnets do not have the wanted IP address type.",
            "An endpoint needs a subnet with the right kinds of ranges in each of its zones.",
            "Nothing, if the other zones will do; or add a range to a subnet there.";
        "left-out": "Something differs and was left out on purpose.",
            "`--mode` or `--only` leaves it out.",
            "Nothing, if that is meant.";
        "one-subnet": "A Gateway Load Balancer endpoint is made in one subnet, although several are selected.",
            "It has exactly one, for its life.",
            "Select the right one with `subnets` in the endpoint's table.",
            "https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-load-balancer-endpoints.html";
        "orphan": "Something of the deployment is no longer in accounts.toml; it is left as it is.",
            "A service, a VPC or a route was taken out of accounts.toml.",
            "`linkwalk apply --mode sync` deletes it, when nothing uses it.";
        "protected": "Something is not deleted, because a tag protects it.",
            "It, or its VPC, has a tag that `[protect]` names.",
            "Nothing, if that is meant.";
        "quota-default-exceeded": "The plan goes beyond AWS's default quota.",
            "The account may have a higher one, which the plan does not know: it is not a reason to stop.",
            "Look in Service Quotas of that account, and raise it before you apply.",
            "https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-limits-endpoints.html";
        "requester-managed": "An endpoint that an AWS service looks after is left alone.",
            "Services such as GuardDuty make endpoints of their own.",
            "Nothing.";
        "route-loss": "Deleting a gateway endpoint takes its routes away.",
            "Traffic to the service then goes by another route of the table, or nowhere.",
            "Make sure that the way the note names is the right one.",
            "https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html";
        "s3-private-dns-off": "Private DNS of the S3 interface endpoint stays off.",
            "The VPC has no S3 gateway endpoint, and its own traffic would go, for money, by the interface.",
            "Nothing; or add `[endpoints.s3]`.",
            "https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-s3.html";
        "satisfied-by-foreign": "An endpoint that is not the deployment's does what is wanted.",
            "Somebody else made it; a second one would cost money and be refused.",
            "Nothing; or `linkwalk apply --adopt` to look after it from now on.";
        "security-group-closed": "The endpoint's security groups do not let all clients in.",
            "`security_groups` names groups of others, and their rules do not cover the VPC's CIDRs on 443/tcp.",
            "Add \"managed\" to `security_groups`, or have the rules added.";
        "shared-subnet": "A subnet that another account shares is left alone.",
            "Nobody but its owner can make endpoints in it.",
            "Nothing; the account that owns it gets endpoints if it is a consumer.",
            "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-sharing.html";
        "shared-vpc": "A VPC that another account shares is left alone.",
            "Nobody but its owner can make endpoints in it.",
            "Nothing; the account that owns it gets endpoints if it is a consumer.",
            "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-sharing.html";
        "subnet-full": "A zone is left out, because its subnets have no free address.",
            "Each interface endpoint takes one address in each of its subnets.",
            "Nothing, if the other zones will do; or select another subnet there.";
        "vpc-dns-turned-on": "The plan turns on DNS attributes of a VPC that is not the deployment's.",
            "`network.fix_vpc_dns` allows it, and private DNS needs them.",
            "Ask those who rely on them being off, before you apply.",
            "https://docs.aws.amazon.com/vpc/latest/privatelink/interface-endpoints.html";
        "zone-not-supported": "A zone is left out, because the service is not offered there.",
            "Not every service is in every zone.",
            "Nothing: clients in that zone use the endpoint by another zone.",
            "https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html";
    }
}
