"""What moto leaves open and the tests rest on, closed the way AWS documents it.

moto stays the witness: nothing here is told to it by the product. Each function names the gap.
"""

import json
import time
import warnings

from moto import settings
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends
from moto.ec2.models.security_groups import SecurityGroupBackend
from moto.ec2.models.vpcs import VPCBackend, VPCEndPoint
from moto.ec2.responses.vpcs import VPCs
from moto.iam import access_control
from moto.iam.models import iam_backends
from moto.organizations.models import organizations_backends
from moto.organizations.responses import OrganizationsResponse
from moto.sts.responses import TokenResponse
from werkzeug.exceptions import HTTPException


def close() -> None:
    """Closes them all, and turns on the enforcement of signatures and IAM policies."""
    settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
    # Errors that every service has are in no service's model.
    warnings.filterwarnings("ignore", message=".* does not match an error shape")
    _a_signature_is_over_the_bytes_that_came()
    _refusals_are_worded_as_each_service_words_them()
    _a_role_must_exist_and_trust_the_caller()
    _organizations_are_read_by_those_who_may()
    _endpoints_remember_all_that_can_be_modified()
    _endpoints_can_take_time()
    _a_client_token_is_honoured()
    _endpoints_are_found_by_every_filter()
    _a_dry_run_of_an_endpoint_does_nothing()
    _a_group_in_use_is_not_deleted()
    _services_have_zone_ids()


class Refusal(ServiceException):
    """An error in the protocol of the service that answers it."""


class Refused(Exception):
    """A refusal on its way past the handler that would word it differently."""

    def __init__(self, refusal: Refusal):
        self.refusal = refusal


def _a_signature_is_over_the_bytes_that_came() -> None:
    # moto writes a form anew before it checks the signature, and not every client writes a blank as `+`.
    setup = BaseResponse.setup_class

    def setup_with_bytes(self, request, *args, **kwargs):
        setup(self, request, *args, **kwargs)
        self.raw_body = request.environ.get("emulator.body", self.raw_body)

    BaseResponse.setup_class = setup_with_bytes


def _refusals_are_worded_as_each_service_words_them() -> None:
    # moto answers XML with STS's codes whatever the service and its protocol.
    words = {
        "ec2": {
            "AccessDenied": "UnauthorizedOperation",
            "InvalidClientTokenId": "AuthFailure",
            "SignatureDoesNotMatch": "AuthFailure",
        },
        "organizations": {
            "AccessDenied": "AccessDeniedException",
            "InvalidClientTokenId": "UnrecognizedClientException",
            "SignatureDoesNotMatch": "InvalidSignatureException",
        },
    }
    authorize = BaseResponse._authenticate_and_authorize_normal_action
    call = BaseResponse.call_action

    def authorize_in_its_words(self, resource="*"):
        try:
            authorize(self, resource)
        except HTTPException as refusal:
            code = getattr(refusal, "error_type", "AccessDenied")
            code = words.get(self.service_name, {}).get(code, code)
            raise Refused(Refusal(code, getattr(refusal, "message", str(refusal)))) from refusal

    def call_in_its_words(self):
        try:
            return call(self)
        except Refused as refused:
            _, headers, body = self.serialized(ActionResult(refused.refusal))
            return 403, {**headers, "status": 403}, body

    BaseResponse._authenticate_and_authorize_normal_action = authorize_in_its_words
    BaseResponse.call_action = call_in_its_words


def _a_role_must_exist_and_trust_the_caller() -> None:
    assume = TokenResponse.assume_role

    def assume_if_trusted(self):
        arn = self._get_param("RoleArn")
        account, name = arn.split(":")[4], arn.rsplit("/", 1)[-1]
        caller = access_control.create_access_key(
            self.current_account, self.partition, self.access_key, self.headers
        ).arn
        iam = iam_backends[account][self.partition]
        role = next((role for role in iam.roles.values() if role.name == name), None)
        if role is None or not _trusts(role, self.current_account, caller, self._get_param("ExternalId")):
            text = f"User: {caller} is not authorized to perform: sts:AssumeRole on resource: {arn}"
            raise Refusal("AccessDenied", text)
        return assume(self)

    TokenResponse.assume_role = assume_if_trusted


def _trusts(role, account: str, caller: str, external_id: str | None) -> bool:
    for statement in json.loads(role.assume_role_policy_document)["Statement"]:
        principals = statement["Principal"]["AWS"]
        principals = [principals] if isinstance(principals, str) else principals
        known = any(p in ("*", account, caller) or p.endswith(f":{account}:root") for p in principals)
        wanted = statement.get("Condition", {}).get("StringEquals", {}).get("sts:ExternalId")
        if statement["Effect"] == "Allow" and known and wanted in (None, external_id):
            return True
    return False


def _organizations_are_read_by_those_who_may() -> None:
    # moto shows every account an organization of its own, empty unless it is the management account.
    own = OrganizationsResponse.organizations_backend.fget
    everyone = {"DescribeOrganization", "CreateOrganization"}

    def visible(self):
        backend = own(self)
        if backend.org is not None or self._get_action() in everyone:
            return backend
        master = organizations_backends.master_accounts.get(self.current_account)
        if master is None:
            raise Refusal("AWSOrganizationsNotInUseException",
                          "Your account is not a member of an organization.")
        management = organizations_backends[master[0]][master[1]]
        if self.current_account not in [admin.account.id for admin in management.admins]:
            raise Refusal("AccessDeniedException",
                          "You don't have permissions to access this resource.")
        return management

    OrganizationsResponse.organizations_backend = property(visible)


def _endpoints_remember_all_that_can_be_modified() -> None:
    create, modify = VPCs.create_vpc_endpoint, VPCs.modify_vpc_endpoint

    def adopt(self, endpoint: VPCEndPoint) -> None:
        if address_type := self._get_param("IpAddressType"):
            endpoint.ip_address_type = address_type
        if options := self._get_param("DnsOptions"):
            endpoint.dns_options = {**(endpoint.dns_options or {}), **options}

    def create_with_all(self):
        result = create(self)
        endpoint = result.result["VpcEndpoint"]
        if endpoint.vpc_endpoint_type == "Interface":
            endpoint.ip_address_type = "ipv4"
            endpoint.dns_options = {"DnsRecordIpType": "ipv4"}
        adopt(self, endpoint)
        return result

    def modify_all(self):
        result = modify(self)
        endpoint = self.ec2_backend.vpc_end_points[self._get_param("VpcEndpointId")]
        private_dns = self._get_bool_param("PrivateDnsEnabled")
        if private_dns is not None:
            endpoint.private_dns_enabled = private_dns
        if self._get_bool_param("ResetPolicy"):
            endpoint.policy_document = json.dumps(VPCEndPoint.DEFAULT_POLICY)
        adopt(self, endpoint)
        return result

    VPCEndPoint.ip_address_type = None
    VPCEndPoint.dns_options = None
    VPCs.create_vpc_endpoint = create_with_all
    VPCs.modify_vpc_endpoint = modify_all


def _endpoints_can_take_time() -> None:
    # moto knows no `pending`. Here a backend may say how many seconds it lasts at most, or in what
    # other state endpoints are born, and why.
    def state(self) -> str:
        # Each has its own share of the time, and the same one in every run of the same ids.
        share = 0.4 + 0.6 * (int(self.id[-4:], 16) / 0xFFFF)
        takes = getattr(self.ec2_backend, "pending", 0) * share
        young = time.monotonic() - self.since < takes
        return "pending" if young and self.lasting == "available" else self.lasting

    def set_state(self, value: str) -> None:
        if value == "available":
            self.since = time.monotonic()
            value = getattr(self.ec2_backend, "born", None) or value
            self.last_error = getattr(self.ec2_backend, "error", None)
        self.lasting = value

    VPCEndPoint.state = property(state, set_state)


def _a_client_token_is_honoured() -> None:
    create = VPCBackend.create_vpc_endpoint

    def create_once(self, *args, client_token=None, **kwargs):
        for endpoint in self.vpc_end_points.values():
            if client_token and endpoint.client_token == client_token and endpoint.state != "deleted":
                return endpoint
        return create(self, *args, client_token=client_token, **kwargs)

    VPCBackend.create_vpc_endpoint = create_once


def _endpoints_are_found_by_every_filter() -> None:
    # moto answers 500 to a filter it does not know.
    value = VPCEndPoint.get_filter_value

    def filter_value(self, filter_name, method_name=None):
        if filter_name == "vpc-endpoint-id":
            return self.id
        if filter_name == "service-name":
            return self.service_name
        return value(self, filter_name, method_name)

    VPCEndPoint.get_filter_value = filter_value


def _a_dry_run_of_an_endpoint_does_nothing() -> None:
    # moto does what it is asked for; other calls of EC2 it does not.
    def after_the_question(call):
        def ask(self):
            self.error_on_dryrun()
            return call(self)

        return ask

    for name in ("create_vpc_endpoint", "modify_vpc_endpoint", "delete_vpc_endpoints"):
        setattr(VPCs, name, after_the_question(getattr(VPCs, name)))


def _a_group_in_use_is_not_deleted() -> None:
    # Once moto has deleted one, it can no longer describe the endpoints that have it.
    delete = SecurityGroupBackend.delete_security_group

    def delete_unused(self, name=None, group_id=None):
        for endpoint in self.vpc_end_points.values():
            if group_id in endpoint.security_group_ids and endpoint.state != "deleted":
                raise EC2ClientError("DependencyViolation",
                                     f"resource {group_id} has a dependent object")
        # Deleted endpoints stay listed, and with them the names of their groups would be looked up.
        for endpoint in self.vpc_end_points.values():
            if endpoint.state == "deleted":
                endpoint.security_group_ids = []
        return delete(self, name, group_id)

    SecurityGroupBackend.delete_security_group = delete_unused


def _services_have_zone_ids() -> None:
    collect = VPCBackend._collect_default_endpoint_services
    # Services that not every zone has, by zone letter: there are such on AWS, and moto knows none.
    scarce = {"airflow.api": "a", "codebuild": "ab"}
    done: set[str] = set()

    def collect_with_ids(account_id, region):
        services = collect(account_id, region)
        if region not in done:
            zones = ec2_backends[account_id][region].describe_availability_zones()
            ids = {zone.name: zone.zone_id for zone in zones}
            for service in services:
                short = service["ServiceName"].split(f".{region}.")[-1]
                letters = scarce.get(short, "abcdef")
                names = [zone for zone in service["AvailabilityZones"] if zone[-1] in letters]
                service["AvailabilityZones"] = names
                service["AvailabilityZoneIds"] = [ids[name] for name in names]
            done.add(region)
        return services

    VPCBackend._collect_default_endpoint_services = staticmethod(collect_with_ids)

