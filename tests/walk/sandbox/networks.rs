//! Building and taking down networks.

use super::client::{Client, PLAIN, Site, options, pass, sandbox};
use linkwalk::sandbox::{Sandbox, World};

fn empty() -> Client {
    let sandbox = Sandbox::new(World::empty(1), options());
    Client::management(&sandbox)
}

#[tokio::test(start_paused = true)]
async fn a_network_can_be_built_and_taken_down_again() {
    let client = empty();
    let vpc = client.must("CreateVpc", &[("CidrBlock", "10.0.0.0/16")]).one("vpcId");
    let on = ("VpcId", vpc.as_str());
    let subnet = client.must("CreateSubnet", &[on, ("CidrBlock", "10.0.0.0/24")]).one("subnetId");
    let gateway = client.must("CreateInternetGateway", &[]).one("internetGatewayId");
    client.must("AttachInternetGateway", &[on, ("InternetGatewayId", &gateway)]);
    let table = client.must("CreateRouteTable", &[on]).one("routeTableId");
    let route = [
        ("RouteTableId", table.as_str()),
        ("DestinationCidrBlock", "0.0.0.0/0"),
        ("GatewayId", &gateway),
    ];
    client.must("CreateRoute", &route);
    assert_eq!(client.code("CreateRoute", &route), "RouteAlreadyExists");
    let pair = [("RouteTableId", table.as_str()), ("SubnetId", &subnet)];
    let association = client.must("AssociateRouteTable", &pair).one("associationId");
    assert_eq!(client.code("AssociateRouteTable", &pair), "Resource.AlreadyAssociated");
    for (action, parameter) in [
        ("DeleteVpc", on),
        ("DeleteRouteTable", pair[0]),
        ("DeleteInternetGateway", ("InternetGatewayId", &gateway)),
    ] {
        assert_eq!(client.code(action, &[parameter]), "DependencyViolation", "{action}");
    }
    client.must("DisassociateRouteTable", &[("AssociationId", &association)]);
    client.must("DeleteRoute", &route[..2]);
    client.must("DeleteRouteTable", &pair[..1]);
    client.must("DetachInternetGateway", &[on, ("InternetGatewayId", &gateway)]);
    client.must("DeleteInternetGateway", &[("InternetGatewayId", &gateway)]);
    client.must("DeleteSubnet", &pair[1..]);
    client.must("DeleteVpc", &[on]);
    assert_eq!(client.code("DescribeVpcs", &[("VpcId.1", &vpc)]), "InvalidVpcID.NotFound");
    assert!(client.sandbox.unknown().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_new_account_has_a_default_network_in_each_region() {
    let client = empty();
    for region in ["eu-west-1", "us-east-1"] {
        let vpc = client.in_region(region).must("DescribeVpcs", &[]);
        assert_eq!(
            (vpc.one("isDefault"), vpc.one("cidrBlock")),
            ("true".into(), "172.31.0.0/16".into())
        );
    }
    assert_eq!(client.must("DescribeSubnets", &[]).all("subnetId").len(), 3);
    assert_eq!(client.in_region("us-east-1").must("DescribeSubnets", &[]).all("subnetId").len(), 6);
}

#[tokio::test(start_paused = true)]
async fn subnets_do_not_overlap_and_stay_inside() {
    let sandbox = sandbox(PLAIN);
    let client = Client::alpha(&sandbox);
    let site = Site::of(&client);
    let make =
        |cidr| client.code("CreateSubnet", &[("VpcId", site.vpc.as_str()), ("CidrBlock", cidr)]);
    assert_eq!(make("10.0.0.0/24"), "InvalidSubnet.Conflict");
    assert_eq!(make("192.168.0.0/24"), "InvalidSubnet.Range");
    assert_eq!(make("10.0.0.0"), "InvalidParameterValue");
}

#[tokio::test(start_paused = true)]
async fn a_groups_name_is_its_own_and_rules_are_unique() {
    let sandbox = sandbox(PLAIN);
    let client = Client::alpha(&sandbox);
    let site = Site::of(&client);
    let again = [("GroupName", "endpoints"), ("GroupDescription", "x"), ("VpcId", &site.vpc)];
    let refused = client.refused("CreateSecurityGroup", &again);
    assert_eq!(refused.code, "InvalidGroup.Duplicate");
    let text = format!("The security group 'endpoints' already exists for VPC '{}'", site.vpc);
    assert_eq!(refused.message, text);
    let rule = [
        ("GroupId", site.group.as_str()),
        ("IpPermissions.1.IpProtocol", "tcp"),
        ("IpPermissions.1.FromPort", "443"),
        ("IpPermissions.1.ToPort", "443"),
        ("IpPermissions.1.IpRanges.1.CidrIp", "10.0.0.0/16"),
        ("IpPermissions.1.Ipv6Ranges.1.CidrIpv6", "2001:db8::/56"),
    ];
    let added = client.must("AuthorizeSecurityGroupIngress", &rule);
    let ids = added.all("securityGroupRuleId");
    assert_eq!(ids.len(), 2);
    assert_eq!(client.code("AuthorizeSecurityGroupIngress", &rule), "InvalidPermission.Duplicate");
    let one = [rule[0], ("SecurityGroupRuleId.1", ids[0].as_str())];
    let revoked = client.must("RevokeSecurityGroupIngress", &one);
    assert_eq!(revoked.all("securityGroupRuleId"), [ids[0].clone()]);
    assert_eq!(client.code("RevokeSecurityGroupIngress", &rule), "InvalidPermission.NotFound");
    let group = client.must("DescribeSecurityGroups", &[("GroupId.1", &site.group)]);
    assert_eq!(group.all("cidrIpv6"), ["2001:db8::/56"]);
}

#[tokio::test(start_paused = true)]
async fn rules_are_counted_by_direction_and_family() {
    let sandbox =
        sandbox(&PLAIN.replace("vpc =", "quotas = { rules_per_security_group = 2 }\nvpc ="));
    let client = Client::alpha(&sandbox);
    let site = Site::of(&client);
    let add = |member: &str, cidr: &str| {
        let list = if member == "CidrIp" { "IpRanges" } else { "Ipv6Ranges" };
        let name = format!("IpPermissions.1.{list}.1.{member}");
        let rule = [
            ("GroupId", site.group.as_str()),
            ("IpPermissions.1.IpProtocol", "-1"),
            (name.as_str(), cidr),
        ];
        client.ec2("AuthorizeSecurityGroupIngress", &rule).map_err(|refused| refused.code)
    };
    add("CidrIp", "10.0.0.0/16").unwrap();
    add("CidrIp", "10.1.0.0/16").unwrap();
    assert_eq!(add("CidrIp", "10.2.0.0/16").unwrap_err(), "RulesPerSecurityGroupLimitExceeded");
    add("CidrIpv6", "2001:db8::/56").unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_default_group_and_referenced_groups_cannot_be_deleted() {
    let sandbox = sandbox(PLAIN);
    let client = Client::alpha(&sandbox);
    let site = Site::of(&client);
    let filter = [("Filter.1.Name", "group-name"), ("Filter.1.Value.1", "default")];
    let default = client.must("DescribeSecurityGroups", &filter).one("groupId");
    assert_eq!(client.code("DeleteSecurityGroup", &[("GroupId", &default)]), "CannotDelete");
    let rule = [
        ("GroupId", default.as_str()),
        ("IpPermissions.1.IpProtocol", "-1"),
        ("IpPermissions.1.Groups.1.GroupId", &site.group),
    ];
    client.must("AuthorizeSecurityGroupIngress", &rule);
    assert_eq!(
        client.code("DeleteSecurityGroup", &[("GroupId", &site.group)]),
        "DependencyViolation"
    );
}

#[tokio::test(start_paused = true)]
async fn tags_can_be_given_changed_listed_and_taken() {
    let sandbox = sandbox(PLAIN);
    let client = Client::alpha(&sandbox);
    let site = Site::of(&client);
    let on = ("ResourceId.1", site.group.as_str());
    client.must("CreateTags", &[on, ("Tag.1.Key", "a"), ("Tag.1.Value", "1"), ("Tag.2.Key", "b")]);
    let mine = [("Filter.1.Name", "resource-id"), ("Filter.1.Value.1", site.group.as_str())];
    assert_eq!(client.must("DescribeTags", &mine).all("key"), ["a", "b"]);
    // Another value: not removed.
    client.must("DeleteTags", &[on, ("Tag.1.Key", "a"), ("Tag.1.Value", "2")]);
    assert_eq!(client.must("DescribeTags", &mine).all("key"), ["a", "b"]);
    client.must("DeleteTags", &[on, ("Tag.1.Key", "a")]);
    assert_eq!(client.must("DescribeTags", &mine).all("key"), ["b"]);
    let reserved = [on, ("Tag.1.Key", "aws:x"), ("Tag.1.Value", "1")];
    assert_eq!(client.code("CreateTags", &reserved), "InvalidParameterValue");
    let unknown = [("ResourceId.1", "vpc-0123456789abcdef0"), ("Tag.1.Key", "a")];
    assert_eq!(client.code("CreateTags", &unknown), "InvalidVpcID.NotFound");
}

#[tokio::test(start_paused = true)]
async fn a_nat_gateway_holds_its_address_until_it_is_gone() {
    let client = empty();
    let subnet = client.must("DescribeSubnets", &[]).one("subnetId");
    let address = client.must("AllocateAddress", &[("Domain", "vpc")]).one("allocationId");
    let wanted = [("SubnetId", subnet.as_str()), ("AllocationId", &address), ("ClientToken", "t")];
    let nat = client.must("CreateNatGateway", &wanted).one("natGatewayId");
    assert_eq!(client.must("CreateNatGateway", &wanted).one("natGatewayId"), nat);
    assert_eq!(client.code("CreateNatGateway", &wanted[..2]), "Resource.AlreadyAssociated");
    let state = || client.must("DescribeNatGateways", &[("NatGatewayId.1", &nat)]).one("state");
    assert_eq!(state(), "pending");
    pass(200).await;
    assert_eq!(state(), "available");
    let release = [("AllocationId", address.as_str())];
    assert_eq!(client.code("ReleaseAddress", &release), "InvalidIPAddress.InUse");
    assert_eq!(client.code("DeleteSubnet", &wanted[..1]), "DependencyViolation");
    client.must("DeleteNatGateway", &[("NatGatewayId", &nat)]);
    pass(200).await;
    assert_eq!(state(), "deleted");
    client.must("ReleaseAddress", &release);
    client.must("DeleteSubnet", &wanted[..1]);
    pass(700).await;
    assert!(client.must("DescribeNatGateways", &[]).all("natGatewayId").is_empty());
}
