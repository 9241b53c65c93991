"""The server: moto behind one door that writes down every call, and can be told to misbehave.

Everything under `/emulator/` is for those who started it; the bodies are JSON:

    POST /emulator/organizations  a plan (see seed.py)               -> what was made, with keys
    POST /emulator/keys           {"account"}                        -> keys of a user of that account
    POST /emulator/role           {"account", "role", "delete" | "policy" | "trust"}
    POST /emulator/boto3          {"account", "region", "service", "call", "arguments"} -> boto3's answer
    GET  /emulator/calls?after=N  every AWS call but boto3's, from number N on
    GET  /emulator/mark           how many that is so far
    POST /emulator/await          {"account", "action", "after"}: answers once such a call has come
    POST /emulator/endpoints      {"account", "region", "pending", "born", "error"}: how long endpoints
                                  take, at most; the state of those made from now on, and its reason
    POST /emulator/faults         {"account", "action", "code", "message", "status", "times", "hold",
                                  "lose"}
    DELETE /emulator/faults       {"account"}: that account's faults end, and what they hold goes on

A fault with `hold` and no code delays the call until the fault is deleted, then lets it pass. One with
`lose` has the call done, and the error answered nevertheless.
"""

import http
import json
import logging
import threading
from fnmatch import fnmatchcase
from io import BytesIO
from urllib.parse import parse_qs

import boto3
from moto.ec2.models import ec2_backends
from moto.iam.models import get_account_id_from, iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

import seed

_faults: list["Fault"] = []
_calls: list[dict] = []
_lock = threading.Condition()


class Fault:
    """What goes wrong with some calls of one account."""

    def __init__(self, account: str, action: str, code: str | None = None, message: str = "injected",
                 status: int = 400, times: int | None = None, hold: bool = False,
                 lose: bool = False):
        self.account, self.action, self.code = account, action, code
        self.message, self.status, self.times, self.lose = message, status, times, lose
        self.release = threading.Event() if hold else None

    def takes(self, account: str, action: str) -> bool:
        if account != self.account or not fnmatchcase(action, self.action) or self.times == 0:
            return False
        if self.times is not None:
            self.times -= 1
        return True


class Door:
    """The WSGI application in front of moto's."""

    def __init__(self) -> None:
        self.moto = DomainDispatcherApplication(create_backend_app)
        self.address = ""

    def __call__(self, environ, start_response):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"], environ["emulator.body"] = BytesIO(body), body
        if environ["PATH_INFO"].startswith("/emulator/"):
            return self._control(environ, body, start_response)
        if environ.get("HTTP_USER_AGENT", "").startswith("Boto3/"):
            return self.moto(environ, start_response)

        call = _describe(environ, body)
        with _lock:
            call["number"] = len(_calls)
            _calls.append(call)
            _lock.notify_all()
            fault = next((f for f in _faults if f.takes(call["account"], call["action"])), None)
        if fault and fault.release:
            fault.release.wait()
        if fault and fault.lose:
            list(self.moto(environ, lambda *_: None))
        if fault and fault.code:
            call["status"] = fault.status
            return _refuse(call["service"], fault, start_response)

        def answered(status, headers, exc_info=None):
            call["status"] = int(status.split()[0])
            return start_response(status, headers, exc_info)

        return self.moto(environ, answered)

    def _control(self, environ, body, start_response):
        name = f"{environ['REQUEST_METHOD'].lower()}_{environ['PATH_INFO'].rsplit('/', 1)[-1]}"
        try:
            status, answer = "200 OK", getattr(self, name)(environ, json.loads(body or b"{}"))
        except Exception as error:  # noqa: BLE001 - whoever asked is to see what went wrong
            response = getattr(error, "response", {})
            answer = response.get("Error") or {"Code": type(error).__name__, "Message": str(error)}
            status = "400 Bad Request"
        text = json.dumps(answer, default=str).encode()
        start_response(status, [("Content-Type", "application/json"),
                                ("Content-Length", str(len(text)))])
        return [text]

    def post_organizations(self, _environ, plan):
        return seed.build(plan)

    def post_keys(self, _environ, wanted):
        return seed.keys(wanted["account"])

    def post_role(self, _environ, change):
        iam, role = iam_backends[change["account"]]["aws"], change.get("role", seed.ROLE)
        if change.get("delete"):
            iam.roles = {key: r for key, r in iam.roles.items() if r.name != role}
        if "policy" in change:
            iam.put_role_policy(role, "administrator", json.dumps(change["policy"]))
        if "trust" in change:
            iam.update_assume_role_policy(role, json.dumps(change["trust"]))
        return {}

    def post_boto3(self, _environ, request):
        keys = seed.keys(request["account"])
        with _lock:  # boto3's default session is not for several threads at once
            client = boto3.client(
                request.get("service", "ec2"), region_name=request.get("region", "eu-west-1"),
                endpoint_url=self.address, aws_access_key_id=keys["access_key_id"],
                aws_secret_access_key=keys["secret_access_key"],
            )
        answer = getattr(client, request["call"])(**request.get("arguments", {}))
        answer.pop("ResponseMetadata", None)
        return answer

    def get_calls(self, environ, _body):
        after = parse_qs(environ.get("QUERY_STRING", "")).get("after", ["0"])[0]
        return _calls[int(after):]

    def get_mark(self, _environ, _body):
        return len(_calls)

    def post_await(self, _environ, wanted):
        def come():
            return any(call["account"] == wanted["account"] and call["action"] == wanted["action"]
                       for call in _calls[wanted.get("after", 0):])

        with _lock:
            if not _lock.wait_for(come, timeout=30):
                raise TimeoutError(f"no {wanted['action']} of {wanted['account']} within half a minute")
        return {}

    def post_endpoints(self, _environ, change):
        ec2 = ec2_backends[change["account"]][change.get("region", "eu-west-1")]
        for key in ("pending", "born", "error"):
            if key in change:
                setattr(ec2, key, change[key])
        return {}

    def post_faults(self, _environ, fault):
        with _lock:
            _faults.append(Fault(**fault))
        return {}

    def delete_faults(self, _environ, wanted):
        with _lock:
            ended = [fault for fault in _faults if fault.account == wanted["account"]]
            _faults[:] = [fault for fault in _faults if fault not in ended]
        for fault in ended:
            if fault.release:
                fault.release.set()
        return {}


def _describe(environ, body: bytes) -> dict:
    """Who asks what of which service, read from the signature and the body alone."""
    scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].partition(",")[0]
    key, _date, region, service = (scope.split("/") + [""] * 4)[:4]
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    form = {} if target else {k: v[0] for k, v in parse_qs(body.decode(errors="replace")).items()}
    action = target.rpartition(".")[2] or form.get("Action", "")
    return {"account": get_account_id_from(key), "region": region, "service": service,
            "action": action, "form": form, "status": None}


def _refuse(service: str, fault: Fault, start_response):
    if service == "organizations":
        text = json.dumps({"__type": fault.code, "message": fault.message})
    elif service == "sts":
        text = (f"<ErrorResponse><Error><Type>Sender</Type><Code>{fault.code}</Code>"
                f"<Message>{fault.message}</Message></Error></ErrorResponse>")
    else:
        text = (f"<Response><Errors><Error><Code>{fault.code}</Code><Message>{fault.message}"
                f"</Message></Error></Errors><RequestID>00000000</RequestID></Response>")
    status = f"{fault.status} {http.HTTPStatus(fault.status).phrase}"
    start_response(status, [("Content-Length", str(len(text.encode())))])
    return [text.encode()]


class _Quiet(WSGIRequestHandler):
    # Connections are kept, as AWS keeps them.
    protocol_version = "HTTP/1.1"

    def log(self, *_args) -> None:
        pass


def server(port: int) -> BaseWSGIServer:
    """Listens at once; answers from `serve_forever` on."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    door = Door()
    made = make_server("127.0.0.1", port, door, threaded=True, request_handler=_Quiet)
    door.address = f"http://127.0.0.1:{made.port}"
    made.daemon_threads = True
    return made
