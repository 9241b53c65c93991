"""The job as one would write it by hand: boto3 and a pool of 32 threads.

    rival.py audit|rollout ordinary|tuned ACCOUNT...

`ordinary` makes a session per account, as most scripts do. `tuned` lets all sessions share one loader of botocore's
service descriptions, which is what costs most. Endpoint, keys and region come from the environment.
"""

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
import botocore.loaders
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

REGION = "eu-west-1"
SERVICES = [("logs", "Interface"), ("ecr.api", "Interface"), ("s3", "Gateway")]
CONFIG = Config(retries={"mode": "standard", "max_attempts": 10}, max_pool_connections=32)
LOADER = botocore.loaders.create_loader()
STS, LOCK = boto3.client("sts", region_name=REGION, config=CONFIG), threading.Lock()


def session(tuned: bool, keys: dict) -> boto3.Session:
    """A session of the assumed role."""
    core = botocore.session.get_session()
    if tuned:
        core.register_component("data_loader", LOADER)
    return boto3.Session(aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"],
                         aws_session_token=keys["SessionToken"], region_name=REGION, botocore_session=core)


def client(account: str, tuned: bool):
    """EC2 in one account."""
    role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
    keys = STS.assume_role(RoleArn=role, RoleSessionName="rival")["Credentials"]
    return session(tuned, keys).client("ec2", config=CONFIG)


def network(ec2) -> tuple:
    """The workload VPC, its private subnets and route tables, and all endpoints."""
    chosen = [{"Name": "tag:purpose", "Values": ["workload"]}]
    vpc = ec2.describe_vpcs(Filters=chosen)["Vpcs"][0]
    within = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    subnets = ec2.describe_subnets(Filters=within)["Subnets"]
    tables = ec2.describe_route_tables(Filters=within)["RouteTables"]
    groups = ec2.describe_security_groups(Filters=within)["SecurityGroups"]
    for attribute in ("enableDnsSupport", "enableDnsHostnames"):
        ec2.describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute=attribute)
    endpoints = ec2.describe_vpc_endpoints()["VpcEndpoints"]
    private = [table for table in tables
               if not any(route.get("GatewayId", "").startswith("igw-") for route in table["Routes"])
               and table["Associations"]]
    of_private = {link.get("SubnetId") for table in private for link in table["Associations"]}
    return vpc, [s for s in subnets if s["SubnetId"] in of_private], private, groups, endpoints


def audit(account: str, tuned: bool) -> None:
    """Fails where an endpoint is missing."""
    vpc, _, _, _, endpoints = network(client(account, tuned))
    there = {one["ServiceName"].removeprefix(f"com.amazonaws.{REGION}.") for one in endpoints
             if one["VpcId"] == vpc["VpcId"] and one["State"] == "available"}
    missing = {service for service, _ in SERVICES} - there
    if missing:
        raise LookupError(f"{account} lacks {missing}")


def rollout(account: str, tuned: bool) -> None:
    """Makes the group and the endpoints and waits until they are available."""
    ec2 = client(account, tuned)
    vpc, subnets, tables, _, _ = network(ec2)
    group = ec2.create_security_group(GroupName="endpoints", Description="endpoints", VpcId=vpc["VpcId"])["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": vpc["CidrBlock"]}]}])
    for service, kind in SERVICES:
        place = ({"RouteTableIds": [t["RouteTableId"] for t in tables]} if kind == "Gateway" else
                 {"SubnetIds": [s["SubnetId"] for s in subnets], "SecurityGroupIds": [group],
                  "PrivateDnsEnabled": True})
        for _ in range(10):
            try:
                ec2.create_vpc_endpoint(VpcId=vpc["VpcId"], VpcEndpointType=kind,
                                        ServiceName=f"com.amazonaws.{REGION}.{service}", **place)
                break
            except ClientError as error:
                # What was made a moment ago may not be seen yet.
                if "NotFound" not in error.response["Error"]["Code"]:
                    raise
                time.sleep(1)
    while not all(one["State"] == "available" for one in ec2.describe_vpc_endpoints()["VpcEndpoints"]):
        time.sleep(5)
    audit(account, tuned)


def main() -> None:
    job = {"audit": audit, "rollout": rollout}[sys.argv[1]]
    tuned = {"ordinary": False, "tuned": True}[sys.argv[2]]
    if tuned:
        # Read once here, or each of the first threads would read it for itself.
        session(tuned, dict.fromkeys(["AccessKeyId", "SecretAccessKey", "SessionToken"])).client("ec2", config=CONFIG)
    with ThreadPoolExecutor(32) as pool:
        for done in [pool.submit(job, account, tuned) for account in sys.argv[3:]]:
            done.result()


if __name__ == "__main__":
    main()
