"""How many calls a second `linkwalk sandbox serve` answers; `scripts/bench` runs it.

The generator signs every request beforehand and keeps its connections, but it is Python and on the same
machine: it may be the limit, and what is measured is then less than the sandbox could do.
"""

import asyncio
import multiprocessing
import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

import servers

BODY = b"Action=DescribeVpcEndpoints&Version=2016-11-15"
PROCESSES, CONNECTIONS = 2, 64


def world(accounts: int) -> str:
    """A scenario: so many accounts, each with a VPC and an endpoint in it."""
    one = ('[[account]]\nname = "a{n}"\nid = "3{n:011}"\n'
           '[[account.vpc]]\nname = "main"\ncidrs = ["10.0.0.0/16"]\nendpoint = [{{ service = "logs" }}]\n')
    return "format = 1\n[organization]\n" + "".join(one.format(n=n) for n in range(accounts))


def requests(server: servers.Server, accounts: int) -> list[bytes]:
    """A signed request of a session in each account, as bytes."""
    sts = boto3.client("sts", endpoint_url=server.url, region_name="eu-west-1",
                       aws_access_key_id=server.environment["AWS_ACCESS_KEY_ID"],
                       aws_secret_access_key=server.environment["AWS_SECRET_ACCESS_KEY"],
                       config=Config(max_pool_connections=32, retries={"mode": "standard", "max_attempts": 9}))
    host = server.url.removeprefix("http://")

    def one(number: int) -> bytes:
        role = f"arn:aws:iam::3{number:011}:role/OrganizationAccountAccessRole"
        given = sts.assume_role(RoleArn=role, RoleSessionName="bench")["Credentials"]
        request = AWSRequest("POST", server.url + "/", data=BODY, headers={
            "Host": host, "Content-Type": "application/x-www-form-urlencoded; charset=utf-8"})
        keys = Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        SigV4Auth(keys, "ec2", "eu-west-1").add_auth(request)
        head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        return f"POST / HTTP/1.1\r\n{head}Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY

    with ThreadPoolExecutor(32) as pool:
        return list(pool.map(one, range(accounts)))


async def ask(host: str, port: int, texts: list[bytes], until: float, counts: dict) -> None:
    """One connection: a request, its answer, the next."""
    reader, writer = await asyncio.open_connection(host, port)
    number = 0
    while time.monotonic() < until:
        writer.write(texts[number % len(texts)])
        number += 1
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        body = await reader.readexactly(length)
        fine = head.startswith(b"HTTP/1.1 200") and b"<vpcEndpointId>" in body
        counts[fine] = counts.get(fine, 0) + 1
    writer.close()


def generate(url: str, texts: list[bytes], seconds: float, answers) -> None:
    """One process of the generator."""
    host, port = url.removeprefix("http://").split(":")

    async def all_of_them():
        counts: dict = {}
        until = time.monotonic() + seconds
        await asyncio.gather(*(ask(host, int(port), texts[n::CONNECTIONS], until, counts)
                               for n in range(CONNECTIONS)))
        return counts

    answers.put(asyncio.run(all_of_them()))


def cpu(process: int) -> float:
    """Seconds of processor time so far; Linux only."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(accounts: int, seconds: float) -> list[tuple]:
    """Rows of the table: what, and how much."""
    with tempfile.TemporaryDirectory() as folder:
        scenario = Path(folder, "world.toml")
        scenario.write_text(world(accounts))
        begun = time.monotonic()
        with servers.sandbox("--world", str(scenario)) as server:
            started = time.monotonic() - begun
            texts = requests(server, accounts)
            answers = multiprocessing.Queue()
            before, begun = cpu(server.process.pid), time.monotonic()
            running = [multiprocessing.Process(
                target=generate, args=(server.url, texts[n::PROCESSES], seconds, answers))
                for n in range(PROCESSES)]
            for process in running:
                process.start()
            counts = [answers.get() for _ in running]
            took, busy = time.monotonic() - begun, cpu(server.process.pid) - before
            for process in running:
                process.join()
    good, bad = (sum(count.get(fine, 0) for count in counts) for fine in (True, False))
    return [
        (f"starts with {accounts:,} accounts", f"{started:.1f} s"),
        (f"DescribeVpcEndpoints over {PROCESSES * CONNECTIONS} connections", f"{good / took:,.0f} requests/s"),
        ("refused of these, by throttling", f"{bad:,} of {good + bad:,}"),
        ("processors the sandbox kept busy meanwhile", f"{busy / took:.2f} of {os.cpu_count()}"),
    ]


HEAD = ("what", "measured")
