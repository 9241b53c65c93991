"""Organizations: what is in one, and how it comes to be in the emulator.

`organization` draws one up as plain data, `build` makes it. The data looks like this; everything but
`accounts` may be left out, and of an account everything but its name:

    {"regions": ["eu-west-1"],
     "accounts": [{"name": "orders-staging", "ou": "/Workloads/Staging", "closed": false,
                   "tags": {"team": "orders"}, "vpcs": [VPC, ...]}]}

    VPC = {"cidr": "10.0.0.0/16", "secondary": ["100.64.0.0/16"], "ipv6": false,
           "tags": {"purpose": "workload"}, "private": 3, "public": 3, "dns_hostnames": true,
           "foreign": ["logs"]}

An account without `vpcs` has one like this in every region.
"""

import ipaddress
import json
import random
import threading

from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends
from moto.organizations import models as organizations
from moto.utilities.utils import get_partition

ROLE = "OrganizationAccountAccessRole"
ADMINISTRATOR = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
})
TEAMS = ["orders", "payments", "catalog", "search", "identity", "shipping", "billing", "returns",
         "pricing", "ledger", "support", "loyalty", "media", "reports", "partners", "mobile",
         "stock", "tax", "fraud", "mail"]

_building = threading.Lock()
_taken: set[str] = set()


def organization(members: int, regions: list[str], seed: int = 1, pending: float = 0) -> dict:
    """An organization of a plausible shape: of every ten members four are staging, four production,
    one is a sandbox and one has been closed."""
    accounts = []
    for number in range(members):
        ten, place = divmod(number, 10)
        account: dict = {"vpcs": [{"cidr": f"10.{number % 250}.0.0/16"}]}
        if place < 8:
            stage = "staging" if place % 2 == 0 else "production"
            name, unit = TEAMS[(ten * 4 + place // 2) % len(TEAMS)], f"/Workloads/{stage.title()}"
            name += f"-{stage}" + (f"-{number // 50 + 1}" if number >= 50 else "")
        elif place == 8:
            name, unit = f"sandbox-{ten + 1}", "/Sandbox"
        else:
            name, unit = f"retired-{ten + 1}", "/Suspended"
            account["closed"] = True
        vpc = account["vpcs"][0]
        if number % 7 == 3:
            vpc["secondary"] = ["100.64.0.0/16"]
        if number % 9 == 4:
            account["vpcs"].append({"cidr": f"172.20.{number % 4 * 64}.0/18"})
        if number % 11 == 5:
            vpc["foreign"] = ["logs"]
        account |= {"name": name, "ou": unit, "tags": {"team": name.split("-")[0]}}
        accounts.append(account)
    return {"regions": regions, "accounts": accounts, "seed": seed, "pending": pending}


def build(plan: dict) -> dict:
    """Makes the organization and says what it made. The management account's user `operator` and the
    role in each member may do everything."""
    # moto draws account ids from one place, and creating an account must be given one.
    with _building:
        return _build(plan)


def _build(plan: dict) -> dict:
    regions = plan.get("regions") or ["eu-west-1"]
    partition = get_partition(regions[0])
    draw = random.Random(plan["seed"]) if "seed" in plan else random.Random()
    organizations.utils.make_random_account_id = lambda: _account_id(draw)

    management = _account_id(draw)
    backend = organizations.organizations_backends[management][partition]
    backend.create_organization(region=regions[0], FeatureSet="ALL")
    root = backend.list_roots()["Roots"][0]["Id"]
    units = {"/": root}
    made = []
    for account in plan["accounts"]:
        unit = _unit(backend, units, account.get("ou", "/"))
        made.append(_member(backend, partition, account, root, unit, regions, plan))
    return {
        "management": {"id": management, **keys(management, partition)},
        "units": units,
        "accounts": made,
    }


def _account_id(draw: random.Random) -> str:
    while (number := f"{draw.randrange(10**11, 10**12)}") in _taken:
        pass
    _taken.add(number)
    return number


def _unit(backend, units: dict[str, str], path: str) -> str:
    if path not in units:
        above, _, name = path.rpartition("/")
        parent = _unit(backend, units, above or "/")
        answer = backend.create_organizational_unit(ParentId=parent, Name=name)
        units[path] = answer["OrganizationalUnit"]["Id"]
    return units[path]


def _member(backend, partition, account, root, unit, regions, plan) -> dict:
    tags = [{"Key": key, "Value": value} for key, value in account.get("tags", {}).items()]
    email = f"{len(backend.accounts):04}@accounts.example"
    backend.create_account(AccountName=account["name"], Email=email, Tags=tags)
    member = backend.accounts[-1]
    if unit != root:
        backend.move_account(AccountId=member.id, SourceParentId=root, DestinationParentId=unit)
    iam_backends[member.id][partition].put_role_policy(ROLE, "administrator", ADMINISTRATOR)
    vpcs = [
        _vpc(ec2_backends[member.id][region], region, vpc)
        for region in regions
        for vpc in account.get("vpcs", [{}])
    ]
    for region in regions:
        ec2_backends[member.id][region].pending = plan.get("pending", 0)
    if account.get("closed"):
        member.close()
    return {"id": member.id, "name": member.name, "ou": account.get("ou", "/"),
            "closed": bool(account.get("closed")), "vpcs": vpcs}


def keys(account: str, partition: str = "aws") -> dict:
    """Access keys of a user of that account who may do everything."""
    iam = iam_backends[account][partition]
    operator = next((user for user in iam.users.values() if user.name == "operator"), None)
    if operator is None:
        operator = iam.create_user("us-east-1", "operator")
        iam.put_user_policy("operator", "administrator", ADMINISTRATOR)
        iam.create_access_key("operator")
    key = operator.access_keys[0]
    return {"access_key_id": key.access_key_id, "secret_access_key": key.secret_access_key}


def _vpc(ec2, region: str, plan: dict) -> dict:
    cidr = ipaddress.ip_network(plan.get("cidr", "10.0.0.0/16"))
    tags = plan.get("tags", {"purpose": "workload"})
    vpc = ec2.create_vpc(str(cidr), amazon_provided_ipv6_cidr_block=plan.get("ipv6", False))
    _tag(ec2, vpc.id, "workload", tags)
    if plan.get("dns_hostnames", True):
        ec2.modify_vpc_attribute(vpc.id, "enable_dns_hostnames", "true")
    for secondary in plan.get("secondary", []):
        ec2.associate_vpc_cidr_block(vpc.id, secondary, False)

    gateway = ec2.create_internet_gateway()
    _tag(ec2, gateway.id, "workload")
    ec2.attach_internet_gateway(gateway.id, vpc.id)
    tables = {}
    for tier in ("private", "public"):
        tables[tier] = ec2.create_route_table(vpc.id)
        _tag(ec2, tables[tier].id, tier)
    ec2.create_route(tables["public"].id, "0.0.0.0/0", gateway_id=gateway.id)

    blocks = cidr.subnets(new_prefix=cidr.prefixlen + 4)
    subnets: dict[str, list[str]] = {"private": [], "public": []}
    for tier in ("private", "public"):
        for number in range(plan.get(tier, 3)):
            zone = f"{region}{'abc'[number % 3]}"
            subnet = ec2.create_subnet(vpc.id, str(next(blocks)), availability_zone=zone)
            _tag(ec2, subnet.id, f"{tier}-{zone[-1]}", {"tier": tier})
            ec2.associate_route_table(tables[tier].id, subnet_id=subnet.id)
            subnets[tier].append(subnet.id)

    foreign = [_foreign(ec2, region, vpc.id, subnets["private"], s) for s in plan.get("foreign", [])]
    main = next(t.id for t in ec2.route_tables.values() if t.vpc_id == vpc.id and t.main_association_id)
    return {"id": vpc.id, "region": region, "cidr": str(cidr), **subnets, "foreign": foreign,
            "route_tables": {tier: table.id for tier, table in tables.items()} | {"main": main}}


def _foreign(ec2, region: str, vpc: str, subnets: list[str], service: str) -> str:
    """An endpoint that somebody else made, long before, and that does the job."""
    groups = [group for group in ec2.groups[vpc].values() if group.name == "hand-made"]
    group = groups[0] if groups else ec2.create_security_group("hand-made", "made by hand", vpc)
    endpoint = ec2.create_vpc_endpoint(
        vpc, f"com.amazonaws.{region}.{service}", "Interface", None, [], subnet_ids=list(subnets),
        security_group_ids=[group.id], private_dns_enabled=True,
        tags={"Name": f"{service}-by-hand"},
    )
    if not groups:
        blocks = ec2.vpcs[vpc].get_cidr_block_association_set()
        cidrs = [{"CidrIp": block["cidr_block"]} for block in blocks]
        ec2.authorize_security_group_ingress(group.id, "tcp", 443, 443, cidrs)
    return endpoint.id


def _tag(ec2, resource: str, name: str, tags: dict[str, str] | None = None) -> None:
    ec2.create_tags([resource], {"Name": name} | (tags or {}))


def warm(regions: list[str]) -> None:
    """Has the services and the catalogue loaded before the first request is timed."""
    for region in regions:
        ec2_backends["000000000000"][region].describe_vpc_endpoint_services([], [], 0, None, region)
