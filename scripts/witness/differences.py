"""Where the sandbox and moto differ, and which of them is as AWS documents it."""

from dataclasses import dataclass


@dataclass
class Known:
    """A difference in calls and members that match these patterns."""

    call: str
    member: str
    # `sandbox`, `moto`, `neither` or `both` (where AWS documents neither of two ways, or allows both).
    right: str
    why: str
    source: str


def ours(call: str, member: str, why: str, source: str) -> Known:
    return Known(call, member, "sandbox", why, source)


def theirs(call: str, member: str, why: str, source: str) -> Known:
    return Known(call, member, "moto", why, source)


def both(call: str, member: str, why: str, source: str) -> Known:
    return Known(call, member, "both", why, source)


# What is meant by a source: `API X` is the page of the action or type X in the service's API reference;
# `errors` is "Error codes for the Amazon EC2 API"; other names are pages of the service's guide.
KNOWN = [
    # Identity
    ours("who am I", "UserId", "the id of a user begins with AIDA", "IAM identifiers, unique identifiers"),
    ours("assume a role*", "HTTP", "AccessDenied is answered with 403", "STS, common errors"),
    ours("look with wrong keys", "HTTP", "AuthFailure is answered with 401", "errors, as seen from AWS"),
    # Places
    ours("an unknown region", "", "an unknown name is an error, not an empty list", "API DescribeRegions"),
    ours("zones", "*", "each zone has a group, a border group and an opt-in status", "API AvailabilityZone"),
    ours("prefix lists", "*Cidrs*", "a prefix list has its ranges of addresses", "API PrefixList"),
    both("the service S3", "ServiceNames*", "whether a service of two types is named twice is not documented",
         "API DescribeVpcEndpointServices"),
    ours("the service *", "*ServiceRegion", "each service says its region", "API ServiceDetail"),
    ours("the service *", "*SupportedIpAddressTypes*", "each service says its kinds of addresses",
         "API ServiceDetail"),
    ours("the service S3", "*BaseEndpointDnsNames*", "the base name of the gateway type is the service's own",
         "API ServiceDetail"),
    ours("the service S3", "*PrivateDnsName*",
         "private DNS is of the interface type alone, and has names for access points and control too",
         "AWS PrivateLink for Amazon S3, private DNS"),
    # Network
    ours("create a VPC", "Vpc.State", "a VPC is pending when CreateVpc answers", "API CreateVpc, example"),
    ours("*VPC*", "*DhcpOptionsId", "the id of the set of options, as the Region's default set has one",
         "API Vpc"),
    ours("*VPC*", "*Ipv6CidrBlockAssociationSet", "absent where there is no IPv6 range",
         "CLI describe-vpcs, example"),
    ours("create a VPC of nonsense", "*", "InvalidVpc.Range is for a range of the wrong size", "errors"),
    ours("an unknown VPC", "*Message", "the words AWS uses", "errors, InvalidVpcID.NotFound"),
    ours("an endpoint in an unknown VPC", "*Message", "the words AWS uses", "errors, InvalidVpcID.NotFound"),
    ours("delete the VPC again", "*Message", "the words AWS uses", "errors, InvalidVpcID.NotFound"),
    ours("a malformed VPC id", "*", "an id of the wrong form is told from one that is not there",
         "errors, *.Malformed"),
    ours("an unknown filter", "*", "a filter AWS does not know is the caller's error", "errors, InvalidParameterValue"),
    ours("VPCs with a wrong token", "", "a token of nobody is refused", "errors, InvalidNextToken"),
    ours("*subnet*", "*EnableDns64", "always there", "API Subnet"),
    ours("*subnet*", "*MapCustomerOwnedIpOnLaunch", "always there", "API Subnet; CLI describe-subnets, example"),
    ours("create a subnet in an unknown zone", "*Message", "the zones are those of the region",
         "errors, InvalidParameterValue"),
    ours("attach the internet gateway again", "*Message", "the words AWS uses", "errors, Resource.AlreadyAssociated"),
    ours("create a route table", "ClientToken", "the token is given back", "API CreateRouteTable"),
    ours("*route*", "*PropagatingVgws", "there where it is empty, too", "CLI create-route-table, example"),
    ours("create the route again", "*Message", "AWS ends the sentence", "errors, RouteAlreadyExists"),
    # Security groups
    ours("the default security group", "*IpPermissions*", "its members may reach each other",
         "VPC, default security groups"),
    ours("create a security group", "Tags*", "the tags are given back", "API CreateSecurityGroup"),
    ours("create a group of the same name", "*Message", "AWS names the VPC", "errors, InvalidGroup.Duplicate"),
    ours("create a group named sg-", "", "a name cannot start with sg-", "API CreateSecurityGroup, GroupName"),
    ours("*", "SecurityGroupRules*GroupOwnerId", "a rule says whose group it is in", "API SecurityGroupRule"),
    ours("*", "SecurityGroupRules*SecurityGroupRuleArn", "a rule has an ARN", "API SecurityGroupRule"),
    ours("allow HTTPS again", "*Message", "AWS says which rule", "errors, InvalidPermission.Duplicate"),
    ours("allow nonsense", "*Message", "the words AWS uses", "errors, InvalidParameterValue"),
    ours("revoke HTTPS", "*", "the revoked rules are given back", "API RevokeSecurityGroupIngress"),
    ours("revoke HTTPS again", "*Message", "AWS ends the sentence", "errors, InvalidPermission.NotFound"),
    ours("an unknown security group", "*Message", "the words AWS uses", "errors, InvalidGroup.NotFound"),
    ours("delete the default security group", "", "the default group cannot be deleted", "errors, CannotDelete"),
    # Endpoints
    ours("*", "*PolicyDocument", "the default policies as AWS writes them, for either type",
         "API CreateVpcEndpoint, examples"),
    ours("*gateway endpoint", "*DnsRecordIpType", "records of gateway endpoints are the service's own",
         "API DnsOptions, service-defined"),
    ours("*gateway endpoint", "*IpAddressType", "always there", "API VpcEndpoint"),
    ours("*gateway endpoint", "*PrivateDnsEnabled", "private DNS is of interface endpoints alone",
         "API CreateVpcEndpoint, PrivateDnsEnabled"),
    ours("*gateway endpoint", "*VpcEndpointType", "the type when none is asked for is Gateway",
         "API CreateVpcEndpoint, VpcEndpointType"),
    ours("*", "*RequesterManaged", "says whether a service keeps it", "API VpcEndpoint; API NetworkInterface"),
    ours("*", "VpcEndpoint*ServiceRegion", "says in which region the service is", "API VpcEndpoint"),
    ours("*", "ClientToken", "the token is given back", "API CreateVpcEndpoint"),
    ours("*", "*DnsEntries*DnsName", "one name for the region and one for each zone, below the service's name",
         "AWS PrivateLink, DNS hostnames"),
    ours("*", "*DnsEntries*HostedZoneId", "the names are in a hosted zone of the service, private ones in another",
         "API DnsEntry"),
    ours("create*endpoint*", "VpcEndpoint.State", "an interface endpoint is pending at first",
         "API CreateVpcEndpoint, example"),
    ours("create another endpoint with that token", "", "a token goes with one set of parameters",
         "Ensuring idempotency, IdempotentParameterMismatch"),
    ours("private DNS without host names", "", "private DNS needs both attributes of the VPC",
         "API CreateVpcEndpoint, PrivateDnsEnabled"),
    ours("two subnets of one zone", "", "one subnet in each zone", "AWS PrivateLink, subnets and zones"),
    ours("add a subnet of the same zone", "", "one subnet in each zone", "AWS PrivateLink, subnets and zones"),
    ours("an endpoint to an unknown service", "", "there must be a service", "errors, InvalidServiceName"),
    ours("an endpoint of a type*", "", "the type must be one the service has", "errors, InvalidParameter"),
    ours("a gateway endpoint with subnets", "", "subnets are for interface and load balancer endpoints",
         "API CreateVpcEndpoint, SubnetIds"),
    ours("an endpoint with a policy of nonsense", "", "a policy must be valid JSON",
         "API CreateVpcEndpoint, PolicyDocument"),
    both("the network interface*", "*RequesterId", "who it is for AWS's own services is not documented",
         "API NetworkInterface"),
    ours("the network interface*", "*", "it is attached, of type vpc_endpoint, with the endpoint's groups and id",
         "API NetworkInterface; AWS PrivateLink, interface endpoints"),
    ours("the endpoint with*", "*NetworkInterfaceIds*", "there is an interface in every subnet",
         "AWS PrivateLink, interface endpoints"),
    ours("a second one with private DNS", "", "two endpoints cannot have the same private name",
         "AWS PrivateLink, private DNS"),
    ours("*unknown endpoint", "*Message", "the words AWS uses", "errors, InvalidVpcEndpointId.NotFound"),
    ours("delete an unknown endpoint", "Unsuccessful*", "each endpoint that was not deleted is told",
         "API DeleteVpcEndpoints"),
    ours("delete the gateway endpoint", "", "its routes go with it", "AWS PrivateLink, gateway endpoints"),
    ours("endpoints that are left", "*", "what was deleted is soon no longer described", "AWS PrivateLink, concepts"),
    ours("delete the security group", "*", "the id is given back", "API DeleteSecurityGroup"),
    ours("delete the internet gateway while attached", "*Message", "the words AWS uses",
         "errors, DependencyViolation"),
    # Organizations
    both("*", "*MasterAccountEmail", "made up", "API Organization"),
    both("the accounts", "*Email", "made up", "API Account"),
    both("the accounts", "*Name", "made up", "API Account"),
    ours("the accounts", "*JoinedMethod", "the management account counts as invited", "CLI list-accounts, example"),
    both("create the organization again", "*Message", "the text is not documented, the code is",
         "API CreateOrganization"),
    both("delegate again", "*Message", "the text is not documented, the code is",
         "API RegisterDelegatedAdministrator"),
    both("close the account again", "*Message", "the text is not documented, the code is", "API CloseAccount"),
    ours("the root", "*PolicyTypes*", "with all features, service control policies are on",
         "API CreateOrganization, FeatureSet"),
    ours("*unit*", "*Path", "a unit says where it is", "API OrganizationalUnit"),
    ours("*account*", "*Paths*", "an account says where it is", "API Account"),
    ours("create a unit of the same name", "", "names are unique below a parent",
         "API CreateOrganizationalUnit, DuplicateOrganizationalUnitException"),
    ours("create an account", "*", "an account is made after the answer", "API CreateAccount"),
    ours("move it from where it is not", "", "the account is there already",
         "API MoveAccount, DuplicateAccountException"),
    ours("close the management account", "", "the management account cannot be closed", "API CloseAccount"),
]
