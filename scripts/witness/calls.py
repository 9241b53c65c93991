"""What both are asked, in order. `<name>` in arguments is what an earlier call has kept under that name."""

from dataclasses import dataclass, field

REGION = "eu-west-1"
S3, LOGS = f"com.amazonaws.{REGION}.s3", f"com.amazonaws.{REGION}.logs"
NONE = "0123456789abcdef0"
POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}'


@dataclass
class Call:
    """One call: in words, to which service, in boto3's terms."""

    name: str
    service: str
    operation: str
    arguments: dict = field(default_factory=dict)
    # What to keep of the answer, by a path into it.
    keep: dict = field(default_factory=dict)
    # Asked again as long as one of these words is a value in the answer.
    unless: tuple = ()
    keys: tuple[str, str] | None = None
    # What undoes it where it was not refused, though AWS refuses it: what follows begins alike for both.
    undo: tuple[str, dict] | None = None


def ec2(name: str, operation: str, arguments: dict | None = None, **more) -> Call:
    return Call(name, "ec2", operation, arguments or {}, **more)


def organizations(name: str, operation: str, arguments: dict | None = None, **more) -> Call:
    return Call(name, "organizations", operation, arguments or {}, **more)


def sts(name: str, operation: str, arguments: dict | None = None, **more) -> Call:
    return Call(name, "sts", operation, arguments or {}, **more)


def here(name: str = "vpc-id", value: str = "<vpc>") -> dict:
    return {"Filters": [{"Name": name, "Values": [value]}]}


def https(cidr: str) -> list[dict]:
    return [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": cidr}]}]


def tagged(kind: str, name: str) -> dict:
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}]}


# Undoes an endpoint that should not have come to be.
NO_ENDPOINT = {"keep": {"it": "VpcEndpoint.VpcEndpointId"},
               "undo": ("delete_vpc_endpoints", {"VpcEndpointIds": ["<it>"]})}
WRONG = ("AKIAIOSFODNN7EXAMPLE", "wrong")
INTERFACE = {"VpcId": "<vpc>", "ServiceName": LOGS, "VpcEndpointType": "Interface"}

IDENTITY = [
    sts("who am I", "get_caller_identity"),
    sts("who am I, with wrong keys", "get_caller_identity", keys=WRONG),
    sts("assume a role that is not there", "assume_role",
        {"RoleArn": "arn:aws:iam::222222222222:role/nobody", "RoleSessionName": "witness"}),
    ec2("look with wrong keys", "describe_vpcs", keys=WRONG),
]

PLACES = [
    ec2("regions", "describe_regions", {"RegionNames": ["eu-west-1", "eu-central-1"]}),
    ec2("an unknown region", "describe_regions", {"RegionNames": ["eu-nowhere-1"]}),
    ec2("zones", "describe_availability_zones"),
    ec2("prefix lists", "describe_prefix_lists", here("prefix-list-name", S3)),
    ec2("the service S3", "describe_vpc_endpoint_services", {"ServiceNames": [S3]}),
    ec2("the service logs", "describe_vpc_endpoint_services", {"ServiceNames": [LOGS]}),
    ec2("an unknown service", "describe_vpc_endpoint_services",
        {"ServiceNames": [f"com.amazonaws.{REGION}.nothing"]}),
]

NETWORK = [
    ec2("create a VPC", "create_vpc", {"CidrBlock": "10.0.0.0/16", **tagged("vpc", "main")},
        keep={"vpc": "Vpc.VpcId"}),
    ec2("create a VPC that is too large", "create_vpc", {"CidrBlock": "10.0.0.0/8"}),
    ec2("create a VPC of nonsense", "create_vpc", {"CidrBlock": "10.0.0.0"}),
    ec2("the VPC", "describe_vpcs", {"VpcIds": ["<vpc>"]}),
    ec2("VPCs by tag", "describe_vpcs", here("tag:Name", "main")),
    ec2("an unknown VPC", "describe_vpcs", {"VpcIds": [f"vpc-{NONE}"]}),
    ec2("a malformed VPC id", "describe_vpcs", {"VpcIds": ["vpc-nonsense"]}),
    ec2("an unknown filter", "describe_vpcs", here("colour", "blue")),
    ec2("VPCs with a wrong token", "describe_vpcs", {"MaxResults": 5, "NextToken": "nonsense"}),
    ec2("is DNS supported", "describe_vpc_attribute", {"VpcId": "<vpc>", "Attribute": "enableDnsSupport"}),
    ec2("are there host names", "describe_vpc_attribute", {"VpcId": "<vpc>", "Attribute": "enableDnsHostnames"}),
    ec2("create a subnet", "create_subnet",
        {"VpcId": "<vpc>", "CidrBlock": "10.0.0.0/24", "AvailabilityZone": f"{REGION}a"},
        keep={"one": "Subnet.SubnetId"}),
    ec2("create a subnet beside it", "create_subnet",
        {"VpcId": "<vpc>", "CidrBlock": "10.0.1.0/24", "AvailabilityZone": f"{REGION}a"},
        keep={"beside": "Subnet.SubnetId"}),
    ec2("create a subnet in another zone", "create_subnet",
        {"VpcId": "<vpc>", "CidrBlock": "10.0.2.0/24", "AvailabilityZone": f"{REGION}b"},
        keep={"two": "Subnet.SubnetId"}),
    ec2("create a subnet that overlaps", "create_subnet", {"VpcId": "<vpc>", "CidrBlock": "10.0.0.0/20"}),
    ec2("create a subnet outside the VPC", "create_subnet", {"VpcId": "<vpc>", "CidrBlock": "10.9.0.0/24"}),
    ec2("create a subnet in an unknown zone", "create_subnet",
        {"VpcId": "<vpc>", "CidrBlock": "10.0.3.0/24", "AvailabilityZone": f"{REGION}x"}),
    ec2("the subnets", "describe_subnets", here()),
    ec2("an unknown subnet", "describe_subnets", {"SubnetIds": [f"subnet-{NONE}"]}),
    ec2("create an internet gateway", "create_internet_gateway",
        keep={"gateway": "InternetGateway.InternetGatewayId"}),
    ec2("attach the internet gateway", "attach_internet_gateway", {"InternetGatewayId": "<gateway>", "VpcId": "<vpc>"}),
    ec2("attach the internet gateway again", "attach_internet_gateway", {"InternetGatewayId": "<gateway>", "VpcId": "<vpc>"}),
    ec2("the internet gateway", "describe_internet_gateways", {"InternetGatewayIds": ["<gateway>"]}),
    ec2("create a route table", "create_route_table", {"VpcId": "<vpc>"}, keep={"table": "RouteTable.RouteTableId"}),
    ec2("create a route", "create_route",
        {"RouteTableId": "<table>", "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "<gateway>"}),
    ec2("create the route again", "create_route",
        {"RouteTableId": "<table>", "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "<gateway>"}),
    ec2("delete a route that is not there", "delete_route",
        {"RouteTableId": "<table>", "DestinationCidrBlock": "192.0.2.0/24"}),
    ec2("associate the route table", "associate_route_table", {"RouteTableId": "<table>", "SubnetId": "<one>"},
        keep={"used": "AssociationId"}),
    ec2("the route table", "describe_route_tables", {"RouteTableIds": ["<table>"]}),
    ec2("delete the route table in use", "delete_route_table", {"RouteTableId": "<table>"}),
]

GROUPS = [
    ec2("create a security group", "create_security_group",
        {"GroupName": "https", "Description": "HTTPS", "VpcId": "<vpc>", **tagged("security-group", "https")},
        keep={"group": "GroupId"}),
    ec2("create a group of the same name", "create_security_group",
        {"GroupName": "https", "Description": "HTTPS", "VpcId": "<vpc>"}),
    ec2("create a group named sg-", "create_security_group",
        {"GroupName": "sg-mine", "Description": "HTTPS", "VpcId": "<vpc>"}, keep={"it": "GroupId"},
        undo=("delete_security_group", {"GroupId": "<it>"})),
    ec2("allow HTTPS", "authorize_security_group_ingress",
        {"GroupId": "<group>", "IpPermissions": https("10.0.0.0/16")}),
    ec2("allow HTTPS again", "authorize_security_group_ingress",
        {"GroupId": "<group>", "IpPermissions": https("10.0.0.0/16")}),
    ec2("allow nonsense", "authorize_security_group_ingress",
        {"GroupId": "<group>", "IpPermissions": https("10.0.0.0/99")}),
    ec2("the security group", "describe_security_groups", {"GroupIds": ["<group>"]}),
    ec2("the rules of the group", "describe_security_group_rules", here("group-id", "<group>")),
    ec2("revoke HTTPS", "revoke_security_group_ingress",
        {"GroupId": "<group>", "IpPermissions": https("10.0.0.0/16")}),
    ec2("revoke HTTPS again", "revoke_security_group_ingress",
        {"GroupId": "<group>", "IpPermissions": https("10.0.0.0/16")}),
    ec2("an unknown security group", "describe_security_groups", {"GroupIds": [f"sg-{NONE}"]}),
    ec2("delete the default security group", "delete_security_group", {"GroupId": "<default>"}),
]
GROUPS.insert(0, ec2("the default security group", "describe_security_groups", here(),
                     keep={"default": "SecurityGroups.0.GroupId"}))

ENDPOINTS = [
    ec2("dry run of a gateway endpoint", "create_vpc_endpoint",
        {"VpcId": "<vpc>", "ServiceName": S3, "DryRun": True}, **NO_ENDPOINT),
    ec2("create a gateway endpoint", "create_vpc_endpoint",
        {"VpcId": "<vpc>", "ServiceName": S3, "RouteTableIds": ["<table>"], **tagged("vpc-endpoint", "s3")},
        keep={"s3": "VpcEndpoint.VpcEndpointId"}),
    ec2("the gateway endpoint", "describe_vpc_endpoints", {"VpcEndpointIds": ["<s3>"]}, unless=("pending",)),
    ec2("the routes to the endpoint", "describe_route_tables", {"RouteTableIds": ["<table>"]}),
    ec2("create an interface endpoint", "create_vpc_endpoint",
        {**INTERFACE, "SubnetIds": ["<one>"], "SecurityGroupIds": ["<group>"], "PrivateDnsEnabled": False,
         "ClientToken": "logs", **tagged("vpc-endpoint", "logs")}, keep={"logs": "VpcEndpoint.VpcEndpointId"}),
    ec2("create the endpoint again with its token", "create_vpc_endpoint",
        {**INTERFACE, "SubnetIds": ["<one>"], "SecurityGroupIds": ["<group>"], "PrivateDnsEnabled": False,
         "ClientToken": "logs", **tagged("vpc-endpoint", "logs")}),
    ec2("create another endpoint with that token", "create_vpc_endpoint",
        {**INTERFACE, "SubnetIds": ["<two>"], "ClientToken": "logs"}),
    ec2("private DNS without host names", "create_vpc_endpoint",
        {**INTERFACE, "SubnetIds": ["<one>"], "PrivateDnsEnabled": True}, **NO_ENDPOINT),
    ec2("turn host names on", "modify_vpc_attribute", {"VpcId": "<vpc>", "EnableDnsHostnames": {"Value": True}}),
    ec2("two subnets of one zone", "create_vpc_endpoint",
        {**INTERFACE, "SubnetIds": ["<one>", "<beside>"], "PrivateDnsEnabled": False}, **NO_ENDPOINT),
    ec2("an endpoint in an unknown subnet", "create_vpc_endpoint", {**INTERFACE, "SubnetIds": [f"subnet-{NONE}"]}),
    ec2("an endpoint in an unknown VPC", "create_vpc_endpoint", {"VpcId": f"vpc-{NONE}", "ServiceName": S3}),
    ec2("an endpoint to an unknown service", "create_vpc_endpoint",
        {"VpcId": "<vpc>", "ServiceName": f"com.amazonaws.{REGION}.nothing"}, **NO_ENDPOINT),
    ec2("an endpoint of a type the service has not", "create_vpc_endpoint",
        {"VpcId": "<vpc>", "ServiceName": LOGS, "VpcEndpointType": "Gateway"}, **NO_ENDPOINT),
    ec2("a gateway endpoint with subnets", "create_vpc_endpoint",
        {"VpcId": "<vpc>", "ServiceName": S3, "SubnetIds": ["<one>"]}, **NO_ENDPOINT),
    ec2("an endpoint with a policy of nonsense", "create_vpc_endpoint",
        {"VpcId": "<vpc>", "ServiceName": S3, "PolicyDocument": "{"}, **NO_ENDPOINT),
    ec2("the interface endpoint", "describe_vpc_endpoints", {"VpcEndpointIds": ["<logs>"]}, unless=("pending",),
        keep={"eni": "VpcEndpoints.0.NetworkInterfaceIds.0"}),
    ec2("endpoints by service", "describe_vpc_endpoints", {"Filters": [
        {"Name": "service-name", "Values": [LOGS]}, {"Name": "vpc-endpoint-state", "Values": ["available"]}]}),
    ec2("the network interface of the endpoint", "describe_network_interfaces", {"NetworkInterfaceIds": ["<eni>"]}),
    ec2("add a subnet", "modify_vpc_endpoint", {"VpcEndpointId": "<logs>", "AddSubnetIds": ["<two>"]}),
    ec2("the endpoint with two subnets", "describe_vpc_endpoints", {"VpcEndpointIds": ["<logs>"]},
        unless=("pending",)),
    ec2("add a subnet of the same zone", "modify_vpc_endpoint",
        {"VpcEndpointId": "<logs>", "AddSubnetIds": ["<beside>"]}, 
        undo=("modify_vpc_endpoint", {"VpcEndpointId": "<logs>", "RemoveSubnetIds": ["<beside>"]})),
    ec2("turn private DNS on", "modify_vpc_endpoint", {"VpcEndpointId": "<logs>", "PrivateDnsEnabled": True}),
    ec2("the endpoint with private DNS", "describe_vpc_endpoints", {"VpcEndpointIds": ["<logs>"]},
        unless=("pending",)),
    ec2("a second one with private DNS", "create_vpc_endpoint",
        {**INTERFACE, "SubnetIds": ["<two>"], "PrivateDnsEnabled": True}, **NO_ENDPOINT),
    ec2("set a policy", "modify_vpc_endpoint", {"VpcEndpointId": "<s3>", "PolicyDocument": POLICY}),
    ec2("reset the policy", "modify_vpc_endpoint", {"VpcEndpointId": "<s3>", "ResetPolicy": True}),
    ec2("modify an unknown endpoint", "modify_vpc_endpoint",
        {"VpcEndpointId": f"vpce-{NONE}", "ResetPolicy": True}),
    ec2("an unknown endpoint", "describe_vpc_endpoints", {"VpcEndpointIds": [f"vpce-{NONE}"]}),
    ec2("tag the endpoint", "create_tags", {"Resources": ["<s3>"], "Tags": [{"Key": "team", "Value": "shop"}]}),
    ec2("the tags of the endpoint", "describe_tags", here("resource-id", "<s3>")),
    ec2("untag the endpoint", "delete_tags", {"Resources": ["<s3>"], "Tags": [{"Key": "team"}]}),
    ec2("delete the security group in use", "delete_security_group", {"GroupId": "<group>"}),
    ec2("delete the VPC in use", "delete_vpc", {"VpcId": "<vpc>"}),
]

TAKING_DOWN = [
    ec2("delete an unknown endpoint", "delete_vpc_endpoints", {"VpcEndpointIds": [f"vpce-{NONE}"]}),
    ec2("delete the interface endpoint", "delete_vpc_endpoints", {"VpcEndpointIds": ["<logs>"]}),
    ec2("delete the gateway endpoint", "delete_vpc_endpoints", {"VpcEndpointIds": ["<s3>"]}),
    ec2("endpoints that are left", "describe_vpc_endpoints", here(), unless=("deleting",)),
    ec2("delete the security group", "delete_security_group", {"GroupId": "<group>"}),
    ec2("disassociate the route table", "disassociate_route_table", {"AssociationId": "<used>"}),
    ec2("delete the route table", "delete_route_table", {"RouteTableId": "<table>"}),
    ec2("delete the internet gateway while attached", "delete_internet_gateway", {"InternetGatewayId": "<gateway>"}),
    ec2("detach the internet gateway", "detach_internet_gateway", {"InternetGatewayId": "<gateway>", "VpcId": "<vpc>"}),
    ec2("delete the internet gateway", "delete_internet_gateway", {"InternetGatewayId": "<gateway>"}),
    *(ec2(f"delete subnet {name}", "delete_subnet", {"SubnetId": f"<{name}>"}) for name in ("one", "beside", "two")),
    ec2("delete the VPC", "delete_vpc", {"VpcId": "<vpc>"}),
    ec2("delete the VPC again", "delete_vpc", {"VpcId": "<vpc>"}),
]

ORGANIZATION = [
    organizations("an organization that is not there", "describe_organization"),
    organizations("create an organization", "create_organization", {"FeatureSet": "ALL"},
                  keep={"organization": "Organization.Id"}),
    organizations("create the organization again", "create_organization", {"FeatureSet": "ALL"}),
    organizations("the organization", "describe_organization"),
    organizations("the root", "list_roots", keep={"root": "Roots.0.Id"}),
    organizations("create a unit", "create_organizational_unit", {"ParentId": "<root>", "Name": "Workloads"},
                  keep={"unit": "OrganizationalUnit.Id"}),
    organizations("create a unit of the same name", "create_organizational_unit",
                  {"ParentId": "<root>", "Name": "Workloads"}, keep={"it": "OrganizationalUnit.Id"},
                  undo=("delete_organizational_unit", {"OrganizationalUnitId": "<it>"})),
    organizations("the units", "list_organizational_units_for_parent", {"ParentId": "<root>"}),
    organizations("units of an unknown parent", "list_organizational_units_for_parent",
                  {"ParentId": "ou-abcd-12345678"}),
    organizations("create an account", "create_account", {"AccountName": "shop", "Email": "shop@example.com"},
                  keep={"request": "CreateAccountStatus.Id"}),
    organizations("how that went", "describe_create_account_status", {"CreateAccountRequestId": "<request>"},
                  unless=("IN_PROGRESS",), keep={"member": "CreateAccountStatus.AccountId"}),
    organizations("the accounts", "list_accounts"),
    organizations("the account", "describe_account", {"AccountId": "<member>"}),
    organizations("an unknown account", "describe_account", {"AccountId": "999999999999"}),
    organizations("move the account", "move_account",
                  {"AccountId": "<member>", "SourceParentId": "<root>", "DestinationParentId": "<unit>"}),
    organizations("move it from where it is not", "move_account",
                  {"AccountId": "<member>", "SourceParentId": "<root>", "DestinationParentId": "<unit>"}),
    organizations("the parent of the account", "list_parents", {"ChildId": "<member>"}),
    organizations("accounts of the unit", "list_accounts_for_parent", {"ParentId": "<unit>"}),
    organizations("children of the root", "list_children", {"ParentId": "<root>", "ChildType": "ACCOUNT"}),
    organizations("tag the account", "tag_resource",
                  {"ResourceId": "<member>", "Tags": [{"Key": "team", "Value": "shop"}]}),
    organizations("tags of the account", "list_tags_for_resource", {"ResourceId": "<member>"}),
    organizations("untag the account", "untag_resource", {"ResourceId": "<member>", "TagKeys": ["team"]}),
    organizations("delegated administrators", "list_delegated_administrators"),
    organizations("delegate to nonsense", "register_delegated_administrator",
                  {"AccountId": "<member>", "ServicePrincipal": "nonsense"}),
    organizations("delegate", "register_delegated_administrator",
                  {"AccountId": "<member>", "ServicePrincipal": "ssm.amazonaws.com"}),
    organizations("delegate again", "register_delegated_administrator",
                  {"AccountId": "<member>", "ServicePrincipal": "ssm.amazonaws.com"}),
    organizations("the delegated administrator", "list_delegated_administrators"),
    organizations("close the management account", "close_account", {"AccountId": "111122223333"}),
    organizations("close the account", "close_account", {"AccountId": "<member>"}),
    organizations("close the account again", "close_account", {"AccountId": "<member>"}),
]

CALLS = IDENTITY + PLACES + NETWORK + GROUPS + ENDPOINTS + TAKING_DOWN + ORGANIZATION
