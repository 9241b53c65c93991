//! Endpoints: what AWS does, and what it refuses.

use super::client::{Client, PLAIN, Site, pass, sandbox, service};

fn start() -> (Client, Site) {
    let sandbox = sandbox(PLAIN);
    let client = Client::alpha(&sandbox);
    let site = Site::of(&client);
    (client, site)
}

fn state(client: &Client, id: &str) -> String {
    client.must("DescribeVpcEndpoints", &[("VpcEndpointId.1", id)]).one("state")
}

#[tokio::test(start_paused = true)]
async fn an_interface_endpoint_is_pending_then_available_in_lower_case() {
    let (client, site) = start();
    let made = client.must("CreateVpcEndpoint", &site.interface(&service("logs")));
    let id = made.one("vpcEndpointId");
    assert_eq!(made.one("state"), "pending");
    assert_eq!(made.all("networkInterfaceIdSet").len(), 1);
    pass(600).await;
    assert_eq!(state(&client, &id), "available");
}

#[tokio::test(start_paused = true)]
async fn a_gateway_endpoint_is_available_at_once_and_adds_routes() {
    let (client, site) = start();
    let s3 = service("s3");
    let wanted =
        [("VpcId", site.vpc.as_str()), ("ServiceName", &s3), ("RouteTableId.1", &site.tables[0])];
    let made = client.must("CreateVpcEndpoint", &wanted);
    assert_eq!(made.one("state"), "available");
    let id = made.one("vpcEndpointId");
    let table = || client.must("DescribeRouteTables", &[("RouteTableId.1", &site.tables[0])]);
    assert_eq!(table().all("destinationPrefixListId"), ["pl-6da54004"]);
    assert!(table().all("gatewayId").contains(&id));
    let again = client.refused("CreateVpcEndpoint", &wanted);
    assert_eq!(again.code, "RouteAlreadyExists");
    let text = format!(
        "route table {} already has a route with destination-prefix-list-id pl-6da54004",
        site.tables[0]
    );
    assert_eq!(again.message, text);
    client.must("DeleteVpcEndpoints", &[("VpcEndpointId.1", &id)]);
    assert!(table().all("destinationPrefixListId").is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_keeps_its_names_and_interfaces_until_it_is_gone() {
    let (client, site) = start();
    let logs = service("logs");
    let id = client.must("CreateVpcEndpoint", &site.interface(&logs)).one("vpcEndpointId");
    pass(600).await;
    let deleted = client.must("DeleteVpcEndpoints", &[("VpcEndpointId.1", &id)]);
    assert_eq!(deleted.one("unsuccessful"), "");
    assert_eq!(state(&client, &id), "deleting");
    let refused = client.refused("DeleteSecurityGroup", &[("GroupId", &site.group)]);
    assert_eq!(refused.code, "DependencyViolation");
    assert_eq!(refused.message, format!("resource {} has a dependent object", site.group));
    let conflict = client.refused("CreateVpcEndpoint", &site.interface(&logs));
    assert!(conflict.message.contains("conflicting DNS domain for logs.eu-west-1.amazonaws.com"));
    pass(300).await;
    let gone = client.refused("DescribeVpcEndpoints", &[("VpcEndpointId.1", &id)]);
    assert_eq!(gone.code, "InvalidVpcEndpointId.NotFound");
    client.must("DeleteSecurityGroup", &[("GroupId", &site.group)]);
    let all = client.must("DescribeNetworkInterfaces", &[]).all("interfaceType");
    assert_eq!(all, ["nat_gateway"]);
}

#[tokio::test(start_paused = true)]
async fn the_same_client_token_makes_one_endpoint_and_other_parameters_are_a_mismatch() {
    let (client, site) = start();
    let logs = service("logs");
    let mut wanted = site.interface(&logs);
    wanted.push(("ClientToken", "token-1"));
    let first = client.must("CreateVpcEndpoint", &wanted);
    let second = client.must("CreateVpcEndpoint", &wanted);
    assert_eq!(first.one("vpcEndpointId"), second.one("vpcEndpointId"));
    wanted.push(("IpAddressType", "ipv4"));
    assert_eq!(client.code("CreateVpcEndpoint", &wanted), "IdempotentParameterMismatch");
    assert_eq!(client.must("DescribeVpcEndpoints", &[]).all("vpcEndpointId").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn two_subnets_in_one_zone_are_refused() {
    let (client, site) = start();
    let logs = service("logs");
    let mut wanted = site.interface(&logs);
    wanted.push(("SubnetId.4", &site.public[0]));
    let refused = client.refused("CreateVpcEndpoint", &wanted);
    assert_eq!((refused.status, refused.code.as_str()), (400, "DuplicateSubnetsInSameZone"));
}

#[tokio::test(start_paused = true)]
async fn a_zone_the_service_is_not_in_is_refused_and_not_listed() {
    let scenario =
        format!("{PLAIN}\n[[service]]\nname = \"logs\"\nzones = [\"euw1-az1\", \"euw1-az2\"]\n");
    let sandbox = sandbox(&scenario);
    let client = Client::alpha(&sandbox);
    let site = Site::of(&client);
    let logs = service("logs");
    let refused = client.refused("CreateVpcEndpoint", &site.interface(&logs));
    assert_eq!(refused.code, "InvalidParameter");
    assert!(refused.message.starts_with(
        "The VPC endpoint service com.amazonaws.eu-west-1.logs does not support the availability zone of the subnet: subnet-"
    ));
    let listed = client.must("DescribeVpcEndpointServices", &[("ServiceName.1", &logs)]);
    let ids = listed.one("availabilityZoneIdSet");
    assert!(ids.contains("euw1-az1") && !ids.contains("euw1-az3"));
}

#[tokio::test(start_paused = true)]
async fn types_and_members_must_match() {
    let (client, site) = start();
    let (logs, s3) = (service("logs"), service("s3"));
    let vpc = ("VpcId", site.vpc.as_str());
    let text = |wanted: &[(&str, &str)]| client.refused("CreateVpcEndpoint", wanted).message;
    assert_eq!(
        text(&[vpc, ("ServiceName", &logs)]),
        "Endpoint type (Gateway) does not match available service types ([Interface])."
    );
    assert_eq!(
        text(&[vpc, ("ServiceName", &s3), ("SubnetId.1", &site.private[0])]),
        "Subnet IDs are only supported for Interface and GatewayLoadBalancer type VPC Endpoints."
    );
    let mut tables = site.interface(&logs);
    tables.push(("RouteTableId.1", &site.tables[0]));
    assert_eq!(text(&tables), "Route table IDs are only supported for Gateway type VPC Endpoint.");
    let unknown = service("nothing");
    assert_eq!(
        text(&[vpc, ("ServiceName", &unknown)]),
        "The Vpc Endpoint Service 'com.amazonaws.eu-west-1.nothing' does not exist"
    );
}

#[tokio::test(start_paused = true)]
async fn private_dns_needs_both_attributes_a_name_and_no_rival() {
    let (client, site) = start();
    let (logs, dynamodb) = (service("logs"), service("dynamodb"));
    let off = [("VpcId", site.vpc.as_str()), ("EnableDnsHostnames.Value", "false")];
    client.must("ModifyVpcAttribute", &off);
    let refused = client.refused("CreateVpcEndpoint", &site.interface(&logs));
    let text = format!(
        "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for {}",
        site.vpc
    );
    assert_eq!(refused.message, text);
    let on = [("VpcId", site.vpc.as_str()), ("EnableDnsHostnames.Value", "true")];
    client.must("ModifyVpcAttribute", &on);
    let refused = client.refused("CreateVpcEndpoint", &site.interface(&dynamodb));
    let text = "Private DNS can't be enabled because the service com.amazonaws.eu-west-1.dynamodb does not provide a private DNS name.";
    assert_eq!(refused.message, text);
    client.must("CreateVpcEndpoint", &site.interface(&logs));
    assert_eq!(client.code("CreateVpcEndpoint", &site.interface(&logs)), "InvalidParameter");
}

#[tokio::test(start_paused = true)]
async fn a_customers_hosted_zone_is_a_rival_for_private_dns() {
    let zone = r#"hosted_zones = ["ssm.eu-west-1.amazonaws.com"]"#;
    let sandbox = sandbox(&PLAIN.replace("tags =", &format!("{zone}, tags =")));
    let client = Client::alpha(&sandbox);
    let site = Site::of(&client);
    let ssm = service("ssm");
    let refused = client.refused("CreateVpcEndpoint", &site.interface(&ssm));
    let text = format!(
        "private-dns-enabled cannot be set because there is already a conflicting DNS domain for ssm.eu-west-1.amazonaws.com in the VPC {}",
        site.vpc
    );
    assert_eq!((refused.code.as_str(), refused.message), ("InvalidParameter", text));
}

#[tokio::test(start_paused = true)]
async fn private_dns_of_an_s3_interface_needs_the_gateway_first() {
    let (client, site) = start();
    let s3 = service("s3");
    let refused = client.refused("CreateVpcEndpoint", &site.interface(&s3));
    let text = format!(
        "To set PrivateDnsOnlyForInboundResolverEndpoint to true, the VPC {} must have a Gateway endpoint for the service.",
        site.vpc
    );
    assert_eq!(refused.message, text);
    client.must("CreateVpcEndpoint", &[("VpcId", site.vpc.as_str()), ("ServiceName", &s3)]);
    let made = client.must("CreateVpcEndpoint", &site.interface(&s3));
    assert_eq!(made.one("privateDnsOnlyForInboundResolverEndpoint"), "true");
}

#[tokio::test(start_paused = true)]
async fn without_a_group_the_default_one_is_attached() {
    let (client, site) = start();
    let logs = service("logs");
    let mut wanted = site.interface(&logs);
    wanted.retain(|(name, _)| *name != "SecurityGroupId.1");
    assert_eq!(client.must("CreateVpcEndpoint", &wanted).all("groupName"), ["default"]);
}

#[tokio::test(start_paused = true)]
async fn modifications_are_serialised() {
    let (client, site) = start();
    let logs = service("logs");
    let id = client.must("CreateVpcEndpoint", &site.interface(&logs)).one("vpcEndpointId");
    let remove = [("VpcEndpointId", id.as_str()), ("RemoveSubnetId.1", &site.private[0])];
    let add = [("VpcEndpointId", id.as_str()), ("AddSubnetId.1", &site.private[0])];
    assert_eq!(client.code("ModifyVpcEndpoint", &remove), "OperationInProgress");
    pass(600).await;
    assert_eq!(client.must("ModifyVpcEndpoint", &remove).one("return"), "true");
    let busy = client.refused("ModifyVpcEndpoint", &add);
    assert_eq!(busy.message, "VpcEndpoint modify operation in progress");
    assert_eq!(state(&client, &id), "pending");
    pass(60).await;
    let found = client.must("DescribeVpcEndpoints", &[("VpcEndpointId.1", &id)]);
    assert_eq!(found.one("state"), "available");
    assert!(!found.one("subnetIdSet").contains(&site.private[0]));
    client.must("ModifyVpcEndpoint", &add);
}

#[tokio::test(start_paused = true)]
async fn policies_are_checked_and_come_back_formatted_otherwise() {
    let (client, site) = start();
    let (logs, transfer) = (service("logs"), service("transfer.server"));
    let policy =
        r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"logs:*","Resource":"*"}]}"#;
    let with = |service, policy| {
        let mut wanted = site.interface(service);
        wanted.push(("PolicyDocument", policy));
        wanted
    };
    for bad in ["{", "[]", r#"{"Statement":[{"Effect":"Perhaps"}]}"#] {
        assert_eq!(client.code("CreateVpcEndpoint", &with(&logs, bad)), "InvalidPolicyDocument");
    }
    let long = format!("{policy}{}", " ".repeat(20_480));
    assert_eq!(client.code("CreateVpcEndpoint", &with(&logs, &long)), "InvalidPolicyDocument");
    pass(20).await;
    assert_eq!(client.code("CreateVpcEndpoint", &with(&transfer, policy)), "InvalidParameter");
    let answer = client.must("CreateVpcEndpoint", &with(&logs, policy)).one("policyDocument");
    let answer = answer.replace("&quot;", "\"");
    assert_ne!(answer, policy);
    let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
    assert_eq!(parsed(&answer), parsed(policy));
}

#[tokio::test(start_paused = true)]
async fn quotas_and_full_subnets_stop_an_endpoint() {
    let quotas =
        "quotas = { interface_endpoints_per_vpc = 1, gateway_endpoints_per_region = 1 }\nvpc =";
    let full = PLAIN.replace("vpc =", quotas);
    let sandbox_of_two = sandbox(&full);
    let client = Client::alpha(&sandbox_of_two);
    let site = Site::of(&client);
    let (logs, kms, s3) = (service("logs"), service("kms"), service("s3"));
    client.must("CreateVpcEndpoint", &site.interface(&logs));
    let refused = client.refused("CreateVpcEndpoint", &site.interface(&kms));
    assert_eq!(refused.code, "VpcEndpointLimitExceeded");
    assert_eq!(refused.message, "The maximum number of VPC endpoints has been reached.");
    let gateway = [("VpcId", site.vpc.as_str()), ("ServiceName", &s3)];
    client.must("CreateVpcEndpoint", &gateway);
    assert_eq!(client.code("CreateVpcEndpoint", &gateway), "VpcEndpointLimitExceeded");

    let sandbox = sandbox(&PLAIN.replace("tags =", "free_addresses = 0, tags ="));
    let client = Client::alpha(&sandbox);
    let site = Site::of(&client);
    let code = client.code("CreateVpcEndpoint", &site.interface(&logs));
    assert_eq!(code, "InsufficientFreeAddressesInSubnet");
}

#[tokio::test(start_paused = true)]
async fn each_interface_takes_an_address_of_its_subnet() {
    let (client, site) = start();
    let free = || {
        let answer = client.must("DescribeSubnets", &[("SubnetId.1", &site.private[0])]);
        answer.one("availableIpAddressCount").parse::<u32>().expect("a number")
    };
    let before = free();
    client.must("CreateVpcEndpoint", &site.interface(&service("logs")));
    assert_eq!(free(), before - 1);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_of_somebody_elses_making_is_left_alone_by_delete() {
    let endpoint = r#"endpoint = [{ service = "logs", requester_managed = true }], tags ="#;
    let sandbox = sandbox(&PLAIN.replace("tags =", endpoint));
    let client = Client::alpha(&sandbox);
    let id = client.must("DescribeVpcEndpoints", &[]).one("vpcEndpointId");
    let wanted = [("VpcEndpointId.1", id.as_str()), ("VpcEndpointId.2", "vpce-0123456789abcdef0")];
    let answer = client.must("DeleteVpcEndpoints", &wanted);
    assert_eq!(answer.all("code"), ["OperationNotPermitted", "InvalidVpcEndpoint.NotFound"]);
    assert_eq!(client.must("DescribeVpcEndpoints", &[]).one("requesterManaged"), "true");
}

#[tokio::test(start_paused = true)]
async fn shared_networks_are_refused() {
    let sandbox = sandbox(&PLAIN.replace("tags =", "owner = \"management\", tags ="));
    let client = Client::alpha(&sandbox);
    let site = Site::of(&client);
    let code = client.code("CreateVpcEndpoint", &site.interface(&service("logs")));
    assert_eq!(code, "OperationNotPermitted");
    let owner = client.must("DescribeSubnets", &[("SubnetId.1", &site.private[0])]).one("ownerId");
    assert_eq!(owner, "111122223333");
}

#[tokio::test(start_paused = true)]
async fn dns_names_are_regional_then_zonal_then_private() {
    let (client, site) = start();
    let made = client.must("CreateVpcEndpoint", &site.interface(&service("ecr.dkr")));
    let names = made.all("dnsName");
    let id = made.one("vpcEndpointId");
    assert!(
        names[0].starts_with(&id) && names[0].ends_with(".dkr.ecr.eu-west-1.vpce.amazonaws.com")
    );
    assert!(names[1..4].iter().all(|name| name.contains("-eu-west-1")));
    assert_eq!(
        names[4..],
        ["dkr.ecr.eu-west-1.amazonaws.com", "*.dkr.ecr.eu-west-1.amazonaws.com"]
    );
}

#[tokio::test(start_paused = true)]
async fn one_unknown_service_name_fails_the_whole_listing_and_s3_is_listed_twice() {
    let (client, _) = start();
    let (s3, unknown) = (service("s3"), service("nothing"));
    let both = [("ServiceName.1", s3.as_str()), ("ServiceName.2", &unknown)];
    assert_eq!(client.code("DescribeVpcEndpointServices", &both), "InvalidServiceName");
    let answer = client.must("DescribeVpcEndpointServices", &both[..1]);
    assert_eq!(answer.all("serviceName"), [s3.as_str(), s3.as_str()]);
    assert_eq!(answer.one("serviceNameSet"), format!("<item>{s3}</item>"));
}
