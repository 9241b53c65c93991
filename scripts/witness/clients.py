#!/usr/bin/env python3
"""boto3 and the AWS CLI, which nobody here wrote, at work in `linkwalk sandbox serve`.

    $(scripts/venv)/bin/python scripts/witness/clients.py [-k WORDS]

Each sentence below is a test. What the sandbox was asked and does not know is counted: it must be what the
tests ask on purpose, and nothing else.
"""

import io
import json
import subprocess
import sys
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

import servers

REGION = "eu-west-1"
S3, LOGS = f"com.amazonaws.{REGION}.s3", f"com.amazonaws.{REGION}.logs"


def account(number: int) -> str:
    return f"2222{number:08}"


PLAIN, SCRIPTED, DENIED, NO_DNS, NO_ROLE, CROWD = map(account, range(1, 7))


def keys(environment: dict) -> dict:
    return {"aws_access_key_id": environment["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": environment["AWS_SECRET_ACCESS_KEY"]}


def operator(server: servers.Server) -> boto3.Session:
    return boto3.Session(**keys(server.environment), region_name=REGION)


def client(server: servers.Server, session: boto3.Session, service: str):
    return session.client(service, endpoint_url=server.url,
                          config=Config(retries={"mode": "standard", "max_attempts": 8}))


def assume(server: servers.Server, number: str, role: str = "OrganizationAccountAccessRole") -> dict:
    sts = client(server, operator(server), "sts")
    return sts.assume_role(RoleArn=f"arn:aws:iam::{number}:role/{role}",
                           RoleSessionName="witness")["Credentials"]


def member(server: servers.Server, number: str, service: str = "ec2"):
    given = assume(server, number)
    session = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"],
                            region_name=REGION)
    return client(server, session, service)


def until(what, seconds: float = 30):
    """Asks until the answer is true, and gives that."""
    end = time.monotonic() + seconds
    while not (answer := what()):
        if time.monotonic() > end:
            raise AssertionError("it did not come about")
        time.sleep(0.2)
    return answer


class Case(unittest.TestCase):
    """What all have in common."""

    maxDiff = None

    def refused(self, code: str, text: str, call, **arguments) -> None:
        """The call is refused with this code, and this in the text."""
        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        error = caught.exception.response["Error"]
        self.assertEqual((error["Code"], text in error["Message"]), (code, True), error)

    def gone(self, ec2, *endpoints: str) -> None:
        """Returns once the endpoints are no longer there."""
        filters = [{"Name": "vpc-endpoint-id", "Values": list(endpoints)}]
        until(lambda: not ec2.describe_vpc_endpoints(Filters=filters)["VpcEndpoints"])

    def state(self, ec2, endpoint: str, state: str) -> dict:
        """The endpoint, once it is in this state."""
        def look():
            found = ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]
            return found if found["State"] == state else None
        return until(look)


def network(ec2) -> tuple[str, list[dict], list[str]]:
    """The account's VPC, its private subnets in order of zones, its route tables."""
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    here = [{"Name": "vpc-id", "Values": [vpc]}]
    private = [*here, {"Name": "tag:tier", "Values": ["private"]}]
    subnets = ec2.describe_subnets(Filters=private)["Subnets"]
    tables = ec2.describe_route_tables(Filters=here)["RouteTables"]
    subnets.sort(key=lambda subnet: subnet["AvailabilityZoneId"])
    return vpc, subnets, [table["RouteTableId"] for table in tables]


class Boto3(Case):
    """boto3 in an organization."""

    def test_the_keys_belong_to_the_management_account_and_lead_into_members(self):
        mine = client(server, operator(server), "sts").get_caller_identity()
        theirs = member(server, PLAIN, "sts").get_caller_identity()
        self.assertEqual((mine["Account"], theirs["Account"]), ("111122223333", PLAIN))
        self.assertRegex(theirs["Arn"], f"^arn:aws:sts::{PLAIN}:assumed-role/.*/witness$")

    def test_accounts_come_page_by_page_and_each_once(self):
        pages = client(server, operator(server), "organizations").get_paginator("list_accounts")
        pages = [page["Accounts"] for page in pages.paginate(PaginationConfig={"PageSize": 3})]
        found = [account["Id"] for page in pages for account in page]
        self.assertEqual(sorted(found), ["111122223333", *map(account, range(1, 8))])
        self.assertTrue(all(len(page) <= 3 for page in pages), pages)

    def test_vpcs_come_page_by_page_and_each_once(self):
        pages = member(server, CROWD).get_paginator("describe_vpcs")
        pages = [page["Vpcs"] for page in pages.paginate(PaginationConfig={"PageSize": 5})]
        self.assertEqual([len(page) for page in pages], [5, 5, 1])
        self.assertEqual(len({vpc["VpcId"] for page in pages for vpc in page}), 11)

    def test_endpoints_come_page_by_page_and_by_filter(self):
        ec2 = member(server, CROWD)
        pages = ec2.get_paginator("describe_vpc_endpoints")
        pages = [page["VpcEndpoints"] for page in pages.paginate(PaginationConfig={"PageSize": 4})]
        self.assertEqual([len(page) for page in pages], [4, 4, 1])
        gateways = [{"Name": "vpc-endpoint-type", "Values": ["Gateway"]}]
        found = ec2.describe_vpc_endpoints(Filters=gateways)["VpcEndpoints"]
        self.assertEqual([endpoint["ServiceName"] for endpoint in found], [S3])

    def test_a_token_of_another_call_is_refused(self):
        ec2 = member(server, CROWD)
        token = ec2.describe_vpcs(MaxResults=5)["NextToken"]
        self.refused("InvalidNextToken", "", ec2.describe_subnets, MaxResults=5, NextToken=token)
        self.refused("InvalidNextToken", "", ec2.describe_vpcs, MaxResults=5, NextToken="nonsense")

    def test_an_interface_endpoint_lives_its_life(self):
        ec2 = member(server, PLAIN)
        vpc, subnets, _ = network(ec2)
        group = ec2.create_security_group(GroupName="witness", Description="HTTPS", VpcId=vpc)["GroupId"]
        made = ec2.create_vpc_endpoint(
            VpcId=vpc, ServiceName=LOGS, VpcEndpointType="Interface", PrivateDnsEnabled=True,
            SubnetIds=[subnets[0]["SubnetId"]], SecurityGroupIds=[group], ClientToken="once",
            TagSpecifications=[{"ResourceType": "vpc-endpoint",
                                "Tags": [{"Key": "Name", "Value": "logs"}]}])["VpcEndpoint"]
        self.assertEqual(made["State"], "pending")
        name = made["VpcEndpointId"]

        found = self.state(ec2, name, "available")
        self.assertEqual(found["Tags"], [{"Key": "Name", "Value": "logs"}])
        self.assertEqual([held["GroupId"] for held in found["Groups"]], [group])
        interface = ec2.describe_network_interfaces(NetworkInterfaceIds=found["NetworkInterfaceIds"])
        self.assertEqual(interface["NetworkInterfaces"][0]["SubnetId"], subnets[0]["SubnetId"])
        self.assertIn(f"logs.{REGION}.amazonaws.com", [e["DnsName"] for e in found["DnsEntries"]])

        # A second one with private DNS cannot be.
        self.refused("InvalidParameter", "conflicting DNS domain", ec2.create_vpc_endpoint, VpcId=vpc,
                     ServiceName=LOGS, VpcEndpointType="Interface", PrivateDnsEnabled=True,
                     SubnetIds=[subnets[1]["SubnetId"]])
        # Two subnets in one zone cannot be either.
        public = ec2.describe_subnets(Filters=[
            {"Name": "availability-zone-id", "Values": [subnets[0]["AvailabilityZoneId"]]},
            {"Name": "tag:tier", "Values": ["public"]}])["Subnets"][0]["SubnetId"]
        self.refused("DuplicateSubnetsInSameZone", "should be in different availability zones",
                     ec2.modify_vpc_endpoint, VpcEndpointId=name, AddSubnetIds=[public])
        self.refused("DependencyViolation", "dependent object", ec2.delete_security_group, GroupId=group)

        ec2.modify_vpc_endpoint(VpcEndpointId=name, AddSubnetIds=[subnets[1]["SubnetId"]])
        found = self.state(ec2, name, "available")
        self.assertEqual(set(found["SubnetIds"]), {subnet["SubnetId"] for subnet in subnets[:2]})
        self.assertEqual(len(found["NetworkInterfaceIds"]), 2)

        self.assertEqual(ec2.delete_vpc_endpoints(VpcEndpointIds=[name])["Unsuccessful"], [])
        self.gone(ec2, name)
        self.refused("InvalidVpcEndpointId.NotFound", name, ec2.describe_vpc_endpoints,
                     VpcEndpointIds=[name])
        ec2.delete_security_group(GroupId=group)

    def test_of_two_writers_to_a_bucket_one_wins(self):
        s3 = client(server, operator(server), "s3")
        first = s3.put_object(Bucket="state", Key="a lock", Body=b"one", IfNoneMatch="*")["ETag"]
        self.refused("PreconditionFailed", "pre-conditions", s3.put_object, Bucket="state", Key="a lock",
                     Body=b"two", IfNoneMatch="*")
        second = s3.put_object(Bucket="state", Key="a lock", Body=b"two", IfMatch=first)["ETag"]
        self.assertEqual(s3.get_object(Bucket="state", Key="a lock")["Body"].read(), b"two")
        self.assertEqual(s3.head_object(Bucket="state", Key="a lock")["ContentLength"], 3)
        self.refused("PreconditionFailed", "", s3.delete_object, Bucket="state", Key="a lock", IfMatch=first)
        s3.delete_object(Bucket="state", Key="a lock", IfMatch=second)
        self.refused("NoSuchKey", "does not exist", s3.get_object, Bucket="state", Key="a lock")
        self.refused("404", "Not Found", s3.head_object, Bucket="state", Key="a lock")
        self.refused("NoSuchBucket", "does not exist", s3.get_object, Bucket="none", Key="a lock")

    def test_a_message_is_published(self):
        sns = client(server, operator(server), "sns")
        topic = f"arn:aws:sns:{REGION}:111122223333:news"
        attributes = {"severity": {"DataType": "String", "StringValue": "high"}}
        sent = sns.publish(TopicArn=topic, Subject="Drift", Message="x", MessageAttributes=attributes)
        self.assertRegex(sent["MessageId"], "^[0-9a-f-]{36}$")
        self.refused("NotFound", "Topic does not exist", sns.publish, TopicArn=f"{topic}s", Message="x")

    def test_what_an_endpoint_carries_is_a_metric(self):
        ec2, cloudwatch = member(server, CROWD), member(server, CROWD, "cloudwatch")
        logs = [{"Name": "service-name", "Values": [LOGS]}]
        found = ec2.describe_vpc_endpoints(Filters=logs)["VpcEndpoints"][0]
        names = {"Endpoint Type": "Interface", "Service Name": LOGS, "VPC Id": found["VpcId"],
                 "VPC Endpoint Id": found["VpcEndpointId"]}
        metric = {"Namespace": "AWS/PrivateLinkEndpoints", "MetricName": "BytesProcessed",
                  "Dimensions": [{"Name": name, "Value": value} for name, value in names.items()]}
        query = {"Id": "bytes", "MetricStat": {"Metric": metric, "Period": 3600, "Stat": "Sum"}}
        now = time.time()
        answer = cloudwatch.get_metric_data(MetricDataQueries=[query], StartTime=now - 86400, EndTime=now)
        result = answer["MetricDataResults"][0]
        self.assertAlmostEqual(sum(result["Values"]), 24 * 60 * 1000, delta=60_000)
        self.assertEqual(len(result["Timestamps"]), len(result["Values"]))

    def test_the_same_client_token_is_the_same_endpoint(self):
        ec2 = member(server, SCRIPTED)
        vpc, _, _ = network(ec2)
        wanted = {"VpcId": vpc, "ServiceName": f"com.amazonaws.{REGION}.dynamodb", "ClientToken": "one"}
        first, second = (ec2.create_vpc_endpoint(**wanted)["VpcEndpoint"]["VpcEndpointId"] for _ in "ab")
        self.assertEqual(first, second)
        self.refused("IdempotentParameterMismatch", "", ec2.create_vpc_endpoint,
                     **{**wanted, "ServiceName": S3})
        ec2.delete_vpc_endpoints(VpcEndpointIds=[first])

    def test_a_dry_run_says_what_would_be_and_does_nothing(self):
        ec2 = member(server, NO_DNS)
        vpc, _, _ = network(ec2)
        self.refused("DryRunOperation", "Request would have succeeded, but DryRun flag is set.",
                     ec2.create_vpc_endpoint, VpcId=vpc, ServiceName=S3, DryRun=True)
        gateways = [{"Name": "vpc-endpoint-type", "Values": ["Gateway"]}]
        self.assertEqual(ec2.describe_vpc_endpoints(Filters=gateways)["VpcEndpoints"], [])

    def test_what_is_not_allowed_says_who_what_and_where(self):
        ec2 = member(server, DENIED)
        vpc, _, _ = network(ec2)
        for dry_run in [True, False]:
            self.refused("UnauthorizedOperation",
                         f"is not authorized to perform: ec2:CreateVpcEndpoint on resource: arn:aws:ec2:{REGION}:{DENIED}:",
                         ec2.create_vpc_endpoint, VpcId=vpc, ServiceName=S3, DryRun=dry_run)

    def test_a_role_that_is_not_there_cannot_be_assumed(self):
        with self.assertRaises(ClientError) as caught:
            assume(server, NO_ROLE)
        error = caught.exception.response["Error"]
        self.assertEqual(error["Code"], "AccessDenied")
        self.assertIn("is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::"
                      f"{NO_ROLE}:role/OrganizationAccountAccessRole", error["Message"])

    def test_wrong_keys_are_refused(self):
        wrong = boto3.Session("AKIAIOSFODNN7EXAMPLE", "secret", region_name=REGION)
        right = {**keys(server.environment), "aws_secret_access_key": "another"}
        forged = boto3.Session(**right, region_name=REGION)
        for session, code in [(wrong, "AuthFailure"), (forged, "AuthFailure")]:
            self.refused(code, "", client(server, session, "ec2").describe_vpcs)
        self.refused("InvalidClientTokenId", "", client(server, wrong, "sts").get_caller_identity)
        self.refused("SignatureDoesNotMatch", "", client(server, forged, "sts").get_caller_identity)

    def test_private_dns_needs_both_attributes_of_the_vpc(self):
        ec2 = member(server, NO_DNS)
        vpc, subnets, _ = network(ec2)
        wanted = {"VpcId": vpc, "ServiceName": LOGS, "VpcEndpointType": "Interface",
                  "PrivateDnsEnabled": True, "SubnetIds": [subnets[0]["SubnetId"]]}
        self.refused("InvalidParameter", "enableDnsSupport and enableDnsHostnames",
                     ec2.create_vpc_endpoint, **wanted)
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
        made = ec2.create_vpc_endpoint(**wanted)["VpcEndpoint"]["VpcEndpointId"]
        ec2.delete_vpc_endpoints(VpcEndpointIds=[made])
        self.gone(ec2, made)

    def test_what_does_not_exist_is_refused_in_the_words_of_its_kind(self):
        ec2 = member(server, PLAIN)
        vpc, _, _ = network(ec2)
        none = "0123456789abcdef0"
        for code, text, call, arguments in [
            ("InvalidVpcID.NotFound", f"The vpc ID 'vpc-{none}' does not exist",
             ec2.describe_vpcs, {"VpcIds": [f"vpc-{none}"]}),
            ("InvalidSubnetID.NotFound", f"The subnet ID 'subnet-{none}' does not exist",
             ec2.describe_subnets, {"SubnetIds": [f"subnet-{none}"]}),
            ("InvalidGroup.NotFound", f"The security group 'sg-{none}' does not exist",
             ec2.describe_security_groups, {"GroupIds": [f"sg-{none}"]}),
            ("InvalidServiceName", "does not exist", ec2.create_vpc_endpoint,
             {"VpcId": vpc, "ServiceName": f"com.amazonaws.{REGION}.nothing"}),
            ("InvalidParameter", "does not match available service types", ec2.create_vpc_endpoint,
             {"VpcId": vpc, "ServiceName": LOGS, "VpcEndpointType": "Gateway"}),
        ]:
            with self.subTest(code):
                self.refused(code, text, call, **arguments)
        lost = ec2.delete_vpc_endpoints(VpcEndpointIds=[f"vpce-{none}"])["Unsuccessful"]
        self.assertEqual(lost[0]["Error"]["Code"], "InvalidVpcEndpoint.NotFound")

    def test_what_the_sandbox_does_not_know_it_refuses_and_records(self):
        ec2 = member(server, PLAIN)
        ec2.meta.events.register("before-call.ec2.DescribeVpcs",
                                 lambda params, **_: params["body"].update(Speed="fast"))
        self.refused("UnknownParameter", "The parameter Speed is not recognized", ec2.describe_vpcs)
        self.refused("InvalidAction", "DescribeNetworkAcls", ec2.describe_network_acls)


class Cli(Case):
    """The AWS CLI in an organization, as a member."""

    @classmethod
    def setUpClass(cls):
        given = assume(server, SCRIPTED)
        cls.environment = {
            **servers.surroundings("/nonexistent"), **server.environment, "AWS_PAGER": "",
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"], "AWS_RETRY_MODE": "standard"}

    def run_aws(self, *arguments: str, **more: str) -> subprocess.CompletedProcess:
        return subprocess.run([sys.executable, "-m", "awscli", *arguments], capture_output=True, text=True,
                              env={**self.environment, **more}, timeout=60, check=False)

    def aws(self, *arguments: str, **more: str) -> str:
        """Its output, once it has succeeded."""
        done = self.run_aws(*arguments, **more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def fails(self, text: str, *arguments: str) -> None:
        done = self.run_aws(*arguments)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertIn(text, done.stderr)

    def test_an_endpoint_is_made_watched_changed_and_deleted(self):
        vpc = self.aws("ec2", "describe-vpcs", "--query", "Vpcs[].VpcId", "--output", "text").strip()
        tables = json.loads(self.aws("ec2", "describe-route-tables", "--filters",
                                     f"Name=vpc-id,Values={vpc}", "--query", "RouteTables[].RouteTableId"))
        create = ["ec2", "create-vpc-endpoint", "--vpc-id", vpc, "--service-name", S3,
                  "--route-table-ids", tables[0], "--tag-specifications",
                  "ResourceType=vpc-endpoint,Tags=[{Key=Name,Value=s3}]"]
        self.fails("An error occurred (DryRunOperation) when calling the CreateVpcEndpoint operation: "
                   "Request would have succeeded, but DryRun flag is set.", *create, "--dry-run")
        made = json.loads(self.aws(*create))["VpcEndpoint"]["VpcEndpointId"]
        look = ["ec2", "describe-vpc-endpoints", "--vpc-endpoint-ids", made, "--query",
                "VpcEndpoints[0].[State,RouteTableIds]"]
        until(lambda: json.loads(self.aws(*look)) == ["available", [tables[0]]])
        self.fails("An error occurred (RouteAlreadyExists) when calling the CreateVpcEndpoint operation: "
                   f"route table {tables[0]} already has a route with destination-prefix-list-id", *create)
        changed = json.loads(self.aws(
            "ec2", "modify-vpc-endpoint", "--vpc-endpoint-id", made, "--add-route-table-ids", tables[1]))
        self.assertEqual(changed, {"Return": True})
        state, held = json.loads(self.aws(*look))
        self.assertEqual((state, set(held)), ("available", set(tables[:2])))
        deleted = json.loads(self.aws("ec2", "delete-vpc-endpoints", "--vpc-endpoint-ids", made))
        self.assertEqual(deleted, {"Unsuccessful": []})
        until(lambda: self.run_aws(*look).returncode != 0)

    def test_pages_are_put_together(self):
        given = keys_of(assume(server, CROWD))
        listed = self.aws("ec2", "describe-vpc-endpoints", "--page-size", "4", "--output", "text",
                          "--query", "VpcEndpoints[].VpcEndpointId", **given)
        self.assertEqual(len(set(listed.split())), 9, listed)
        root = {**server.environment, "AWS_SESSION_TOKEN": ""}
        accounts = json.loads(self.aws("organizations", "list-accounts", "--page-size", "3", **root))
        states = {account["Name"]: account["State"] for account in accounts["Accounts"]}
        self.assertEqual((len(states), states["closed"], states["plain"]), (8, "SUSPENDED", "ACTIVE"))

    def test_refusals_are_shown_as_awss_are(self):
        self.fails("An error occurred (InvalidVpcID.NotFound) when calling the DescribeVpcs operation: "
                   "The vpc ID 'vpc-0123456789abcdef0' does not exist",
                   "ec2", "describe-vpcs", "--vpc-ids", "vpc-0123456789abcdef0")
        self.fails("An error occurred (AccessDeniedException) when calling the ListAccounts operation",
                   "organizations", "list-accounts")


def keys_of(given: dict) -> dict:
    return {"AWS_ACCESS_KEY_ID": given["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"]}


class AnEmptyWorld(Case):
    """boto3 in a world with nothing in it, filled as any script would fill AWS."""

    def test_an_organization_and_a_network_are_built_used_and_taken_down(self):
        organizations = client(empty, operator(empty), "organizations")
        self.refused("AWSOrganizationsNotInUseException", "not a member of an organization",
                     organizations.list_accounts)
        made = organizations.create_organization(FeatureSet="ALL")["Organization"]
        self.assertEqual(made["MasterAccountId"], "111122223333")
        self.refused("AlreadyInOrganizationException", "", organizations.create_organization)
        root = organizations.list_roots()["Roots"][0]["Id"]
        unit = organizations.create_organizational_unit(
            ParentId=root, Name="Workloads")["OrganizationalUnit"]["Id"]
        number = self.an_account(organizations, "shop")
        organizations.move_account(AccountId=number, SourceParentId=root, DestinationParentId=unit)
        organizations.tag_resource(ResourceId=number, Tags=[{"Key": "team", "Value": "shop"}])
        self.assertEqual(organizations.list_tags_for_resource(ResourceId=number)["Tags"],
                         [{"Key": "team", "Value": "shop"}])
        inside = organizations.list_accounts_for_parent
        found = until(lambda: inside(ParentId=unit)["Accounts"] or follow(inside, ParentId=unit))
        self.assertEqual([(account["Id"], account["State"]) for account in found], [(number, "ACTIVE")])

        self.a_network(member(empty, number))

        organizations.close_account(AccountId=number)
        closed = until(lambda: organizations.describe_account(AccountId=number)["Account"]["State"]
                       in ("PENDING_CLOSURE", "SUSPENDED"))
        self.assertTrue(closed)

    def an_account(self, organizations, name: str) -> str:
        asked = organizations.create_account(AccountName=name, Email=f"{name}@example.com")
        request = asked["CreateAccountStatus"]["Id"]

        def finished():
            status = organizations.describe_create_account_status(CreateAccountRequestId=request)
            status = status["CreateAccountStatus"]
            return status if status["State"] != "IN_PROGRESS" else None
        status = until(finished)
        self.assertEqual(status["State"], "SUCCEEDED", status)
        return status["AccountId"]

    def a_network(self, ec2) -> None:
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        ec2.get_waiter("vpc_available").wait(VpcIds=[vpc], WaiterConfig={"Delay": 1})
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
        zones = [zone["ZoneName"] for zone in ec2.describe_availability_zones()["AvailabilityZones"]]
        subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=zones[n])
                   ["Subnet"]["SubnetId"] for n in range(2)]
        ec2.get_waiter("subnet_available").wait(SubnetIds=subnets, WaiterConfig={"Delay": 1})
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        used = ec2.associate_route_table(RouteTableId=table, SubnetId=subnets[0])["AssociationId"]
        group = ec2.create_security_group(GroupName="https", Description="in", VpcId=vpc)["GroupId"]
        https = [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443,
                  "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}]
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=https)
        self.refused("InvalidPermission.Duplicate", "already exists",
                     ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=https)

        create = ec2.create_vpc_endpoint
        s3 = create(VpcId=vpc, ServiceName=S3, RouteTableIds=[table])["VpcEndpoint"]["VpcEndpointId"]
        logs = create(VpcId=vpc, ServiceName=LOGS, VpcEndpointType="Interface", SubnetIds=subnets,
                      SecurityGroupIds=[group], PrivateDnsEnabled=True)["VpcEndpoint"]["VpcEndpointId"]
        self.state(ec2, logs, "available")
        routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
        self.assertIn(s3, [route.get("GatewayId") for route in routes])
        self.refused("DependencyViolation", "", ec2.delete_subnet, SubnetId=subnets[0])
        self.refused("DependencyViolation", "", ec2.delete_vpc, VpcId=vpc)

        ec2.delete_vpc_endpoints(VpcEndpointIds=[s3, logs])
        self.gone(ec2, s3, logs)
        ec2.delete_security_group(GroupId=group)
        ec2.disassociate_route_table(AssociationId=used)
        ec2.delete_route_table(RouteTableId=table)
        ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        ec2.delete_internet_gateway(InternetGatewayId=gateway)
        for subnet in subnets:
            ec2.delete_subnet(SubnetId=subnet)
        ec2.delete_vpc(VpcId=vpc)
        self.refused("InvalidVpcID.NotFound", vpc, ec2.describe_vpcs, VpcIds=[vpc])


def follow(call, **arguments) -> list:
    """The accounts of all pages: the first may be empty."""
    answer = call(**arguments)
    found = answer["Accounts"]
    while token := answer.get("NextToken"):
        answer = call(**arguments, NextToken=token)
        found += answer["Accounts"]
    return found


ASKED_ON_PURPOSE = [
    "ec2:DescribeNetworkAcls: InvalidAction: The action DescribeNetworkAcls is not valid for this web service.",
    "ec2:DescribeVpcs: UnknownParameter: The parameter Speed is not recognized",
]


class AtOnce:
    """Runs all tests side by side, for most of the time they wait; none touches what another one made."""

    def run(self, suite):
        with ThreadPoolExecutor(8) as pool:
            ended = list(pool.map(self._one, flat(suite)))
        self.said, self.results = zip(*ended)
        print("".join(self.said), file=sys.stderr)
        return self

    def wasSuccessful(self) -> bool:  # noqa: N802 - unittest's name
        return all(result.wasSuccessful() for result in self.results)

    @staticmethod
    def _one(test):
        stream, begun = io.StringIO(), time.monotonic()
        result = unittest.TextTestRunner(stream).run(unittest.TestSuite([test]))
        verdict = f"{time.monotonic() - begun:5.1f} s  {test}\n"
        return verdict + ("" if result.wasSuccessful() else stream.getvalue()), result


def flat(suite) -> list:
    return [suite] if isinstance(suite, Case) else [test for part in suite for test in flat(part)]


def main() -> int:
    global server, empty
    servers.bounded(170)
    world = str(Path(__file__).with_name("world.toml"))
    with servers.sandbox("--world", world) as server, servers.sandbox("--empty") as empty:
        tried = unittest.main(exit=False, testRunner=AtOnce()).result
        told = server.end() + empty.end()
    unknown = [line.partition("does not know: ")[2] for line in told.splitlines() if "does not know" in line]
    if tried.wasSuccessful() and len(sys.argv) == 1 and unknown != ASKED_ON_PURPOSE:
        print(f"the sandbox was asked what it does not know:\n{told}", file=sys.stderr)
        return 1
    return not tried.wasSuccessful()


if __name__ == "__main__":
    sys.exit(main())
