#!/usr/bin/env python3
"""The same calls to the sandbox and to moto, and every difference between their answers.

    $(scripts/venv)/bin/python scripts/witness/differential.py [--write | --show]

`CALLS` (calls.py) is what is asked, in order, of both; `KNOWN` (differences.py) is what may differ, which of
the two is as AWS documents it, and where. A difference that is not listed fails, and so does a listed one
that no longer occurs. docs/differential.md is made from both (`--write`), and must be current.
"""

import contextlib
import datetime
import json
import re
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

import servers
from calls import CALLS, Call
from differences import KNOWN

ACCOUNT = "111122223333"
REGION = "eu-west-1"
ASKED_ON_PURPOSE = ["ec2:DescribeVpcs: InvalidParameterValue: The filter 'colour' is invalid"]
PAGE = servers.ROOT / "docs/differential.md"

# What is drawn by chance and yet says of what kind it is.
DRAWN = [
    (re.compile(r"\b(vpce-svc|vpce|vpc-cidr-assoc|vpc|subnet-cidr-assoc|subnet|sgr|sg|rtbassoc|rtb|igw|eni"
                r"|ela-attach|eipalloc|acl|dopt|pl|car)-[0-9a-f]{8,32}(-[0-9a-z]{8})?\b"), r"<\1>"),
    (re.compile(r"\beuw1-az[123]\b"), "<zone>"),
    (re.compile(r"\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b"), "<mac>"),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "<uuid>"),
    (re.compile(r"\bAIDA[0-9A-Z]{16}\b"), "AIDA<drawn>"),
    (re.compile(r"^[0-9a-z]{20}$"), "<drawn>"),
    (re.compile(r"\bZ[0-9A-Z]{12,31}\b"), "Z<drawn>"),
    (re.compile(r"^[0-9A-F]{13}$"), "<drawn>"),
    (re.compile(r"(?<=>)-[0-9a-z]{8}\b"), "-<drawn>"),
    # moto draws it from 10.0.0.0/8, whatever the subnet, and so at times from the subnet.
    (re.compile(r"^(ip-)?10([.-][0-9]+){3}"), "<address>"),
    (re.compile(r"^[0-9]{12}$"), "<id>"),
    (re.compile(r"\bou-[0-9a-z]{4,32}-[0-9a-z]{8,32}\b"), "<ou>"),
    (re.compile(r"\bo-[0-9a-z]{10,32}\b"), "<o>"),
    (re.compile(r"\br-[0-9a-z]{4,32}\b"), "<r>"),
]


class Side:
    """One of the two, and what was made there so far."""

    def __init__(self, url: str, key: str, secret: str, attempts: int):
        self.made: dict[str, str] = {}
        self.session = boto3.Session(key, secret, region_name=REGION)
        self.config = Config(retries={"mode": "standard", "max_attempts": attempts})
        self.url = url
        self.clients: dict[str, object] = {}

    def client(self, service: str, keys: tuple[str, str] | None = None):
        if keys:
            return boto3.Session(*keys, region_name=REGION).client(service, endpoint_url=self.url)
        if service not in self.clients:
            self.clients[service] = self.session.client(service, endpoint_url=self.url, config=self.config)
        return self.clients[service]

    def run(self) -> dict[str, dict]:
        """All answers, by the names of the calls."""
        return {call.name: self.ask(call) for call in CALLS}

    def ask(self, call: Call) -> dict:
        """One answer, in a form that both can give."""
        end = time.monotonic() + 40
        while True:
            answer = self._once(call)
            if not any(f'"{word}"' in json.dumps(answer, default=str) for word in call.unless):
                break
            if time.monotonic() > end:
                raise TimeoutError(f"{call.name}: {answer}")
            time.sleep(0.3)
        for name, path in call.keep.items() if "Refused" not in answer else ():
            value = answer
            for step in path.split("."):
                value = value[int(step) if step.isdigit() else step]
            self.made[name] = value
        plain = self._plain(answer)
        if call.undo and "Refused" not in answer:
            operation, arguments = call.undo
            # What cannot be undone shows in later answers.
            with contextlib.suppress(ClientError, ResponseParserError):
                getattr(self.client(call.service), operation)(**self._filled(arguments))
        self.made.pop("it", None)
        return plain

    def _once(self, call: Call) -> dict:
        client = self.client(call.service, call.keys)
        try:
            arguments = self._filled(call.arguments)
            if client.can_paginate(call.operation) and not {"MaxResults", "NextToken"} & arguments.keys():
                answer = client.get_paginator(call.operation).paginate(**arguments).build_full_result()
            else:
                answer = getattr(client, call.operation)(**arguments)
        except ClientError as error:
            answer = {"Refused": error.response["Error"],
                      "HTTP": error.response["ResponseMetadata"]["HTTPStatusCode"]}
        except ResponseParserError:
            answer = {"Refused": {"Code": "500", "Message": "a page of HTML"}, "HTTP": 500}
        answer.pop("ResponseMetadata", None)
        return answer

    def _filled(self, value):
        if isinstance(value, dict):
            return {key: self._filled(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._filled(inner) for inner in value]
        if isinstance(value, str):
            return re.sub(r"<(\w+)>", lambda found: self.made[found[1]], value)
        return value

    def _plain(self, value):
        if isinstance(value, dict):
            return {key: self._plain(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return sorted((self._plain(inner) for inner in value), key=lambda inner: json.dumps(inner))
        if isinstance(value, datetime.datetime):
            return "<time>"
        if isinstance(value, str):
            value = value.replace(ACCOUNT, "<account>")
            for name, drawn in sorted(self.made.items(), key=lambda made: -len(made[1])):
                value = value.replace(drawn, f"<{name}>")
            for pattern, kind in DRAWN:
                value = pattern.sub(kind, value)
        return value


def members(value, path: str = "") -> dict[str, list]:
    """Every member of an answer, and what is found there; items of lists together."""
    found: dict[str, list] = {}
    if isinstance(value, dict) and value:
        inner = [(f"{path}.{key}" if path else key, inner) for key, inner in value.items()]
    elif isinstance(value, list) and value:
        inner = [(f"{path}[]", inner) for inner in value]
    else:
        return {path: [value]}
    for place, part in inner:
        for deeper, values in members(part, place).items():
            found.setdefault(deeper, []).extend(values)
    return found


def differences(ours: dict, theirs: dict) -> list[tuple[str, str, object, object]]:
    """Call, member, what the sandbox says there and what moto says; `None` where there is no such member."""
    found = []
    for call in CALLS:
        one, other = ours[call.name], theirs[call.name]
        if ("Refused" in one) != ("Refused" in other):
            found.append((call.name, "", brief(one), brief(other)))
            continue
        one, other = members(one), members(other)
        for path in sorted(one.keys() | other.keys()):
            if alike(one.get(path)) != alike(other.get(path)):
                found.append((call.name, path, one.get(path), other.get(path)))
    return found


def alike(values: list | None) -> list | None:
    """Without order: the items of a list were put in the order of all their members."""
    return values and sorted(json.dumps(value) for value in values)


def brief(answer: dict) -> str:
    refused = answer.get("Refused")
    return f"refused: {refused['Code']}: {refused['Message']}" if refused else "done"


def known(call: str, path: str):
    return next((entry for entry in KNOWN
                 if fnmatchcase(call, entry.call) and fnmatchcase(path, entry.member)), None)


def page(found: list) -> str:
    """docs/differential.md"""
    lines = []
    for entry in KNOWN:
        of = [d for d in found if known(d[0], d[1]) is entry]
        calls = list(dict.fromkeys(call for call, *_ in of))
        more = f" and {len(calls) - 1} more" if len(calls) > 1 else ""
        paths = list(dict.fromkeys(path or "the whole answer" for _, path, *_ in of))
        shown = ", ".join(f"`{path}`" for path in paths[:4]) + (", ..." if len(paths) > 4 else "")
        _, _, ours, theirs = of[0] if of else ("", "", None, None)
        lines.append(f"| {calls[0] if calls else entry.call}{more} | {shown} | {cell(ours)} | {cell(theirs)} "
                     f"| {entry.right} | {entry.why} ({entry.source}) |")
    right = {side: sum(entry.right == side for entry in KNOWN) for side in ("sandbox", "moto", "neither", "both")}
    count = ", ".join(f"{side} {number}" for side, number in right.items() if number)
    return PREFACE.format(calls=len(CALLS), known=len(KNOWN), count=count) + "\n".join(lines) + "\n"


PREFACE = """# The sandbox and moto, call by call

One table of {calls} calls (`scripts/witness/calls.py`) is asked of `linkwalk sandbox serve` and of
[moto](https://github.com/getmoto/moto) by boto3, in order, each in a world with nothing in it. Ids, accounts and
moments apart, every difference between the answers is listed here and says which of the two is as AWS documents
it; a difference that is not, or that has gone, fails the tests. Made by
`scripts/witness/differential.py --write`. moto runs with the additions of `scripts/emulator/gaps.py`.

{known} differences; as AWS documents it: {count}.

| call | member | sandbox | moto | right | why (source) |
|---|---|---|---|---|---|
"""


def cell(values) -> str:
    if values is None:
        return "absent"
    if isinstance(values, list):
        counts = sorted(Counter(json.dumps(value) for value in values).items())
        values = [value + (f" ({number} times)" if number > 1 else "") for value, number in counts]
        values = ", ".join(values[:3]) + (", ..." if len(values) > 3 else "")
    values = values if len(values) <= 160 else values[:157] + "..."
    return "`" + values.replace("|", "\\|").replace("\n", " ") + "`"


def main() -> int:
    servers.bounded(170)
    with servers.sandbox("--empty") as sandbox, servers.moto() as moto:
        here, keys = sandbox.environment, servers.moto_keys(moto, ACCOUNT)
        ours = Side(sandbox.url, here["AWS_ACCESS_KEY_ID"], here["AWS_SECRET_ACCESS_KEY"], 8)
        theirs = Side(moto.url, keys["access_key_id"], keys["secret_access_key"], 1)
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(Side.run, [ours, theirs]))
        told = sandbox.end()
    found = differences(*answers)
    if "--show" in sys.argv:
        for call, path, one, other in found:
            entry = known(call, path)
            print(f"{'' if entry else 'NEW '}{call} | {path} | {cell(one)} | {cell(other)}")
    new = [difference for difference in found if not known(difference[0], difference[1])]
    for call, path, one, other in new:
        print(f"not listed: {call}: {path}: sandbox {cell(one)}, moto {cell(other)}", file=sys.stderr)
    used = [known(call, path) for call, path, *_ in found]
    gone = [entry for entry in KNOWN if entry not in used]
    for entry in gone:
        print(f"no longer occurs: {entry.call}: {entry.member}", file=sys.stderr)
    unknown = [line.partition("does not know: ")[2] for line in told.splitlines() if "does not know" in line]
    if unknown != ASKED_ON_PURPOSE:
        print(f"the sandbox was asked what it does not know:\n{told}", file=sys.stderr)
    if "--write" in sys.argv:
        PAGE.write_text(page(found))
    current = PAGE.exists() and PAGE.read_text() == page(found)
    if not current:
        print(f"{PAGE.name} is not current; --write makes it so", file=sys.stderr)
    return int(bool(new or gone) or unknown != ASKED_ON_PURPOSE or not current)


if __name__ == "__main__":
    sys.exit(main())
