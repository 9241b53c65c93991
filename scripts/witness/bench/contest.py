"""The same jobs side by side on one served sandbox: linkwalk, boto3 and the AWS CLI.

Each contestant has accounts of its own in the same world, rolls three endpoints out to each, and then reads all of
them again and finds nothing to do. The AWS CLI gets fewer accounts, because it takes seconds for each: all figures
but the wall time of the rollout are per account.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import servers

HERE = Path(__file__).parent
CONFIG = """deployment = "contest"
[organization]
regions = ["eu-west-1"]
[accounts]
include = ["ou:/Linkwalk"]
[network]
vpcs = { tags = { purpose = "workload" } }
[endpoints.logs]
[endpoints."ecr.api"]
[endpoints.s3]
"""
ACCOUNT = """[[account]]
name = "{unit}-{number}"
id = "{id}"
unit = "/{unit}"
vpc = [{{ name = "main", cidrs = ["10.0.0.0/16"], tags = {{ purpose = "workload" }} }}]
"""


class Contestant:
    """Someone who can do both jobs."""

    def __init__(self, name: str, digit: int, accounts: int, command):
        self.name, self.accounts = name, [f"{digit}{number:011}" for number in range(1, accounts + 1)]
        self.command = command

    def scenario(self) -> str:
        unit = self.name.title().replace(" ", "")
        return "".join(ACCOUNT.format(unit=unit, number=number, id=account)
                       for number, account in enumerate(self.accounts))


def contestants(accounts: int, slow: int) -> list[Contestant]:
    def boto(way: str):
        return lambda job, ids: [sys.executable, HERE / "rival.py", job, way, *ids]

    def linkwalk(job: str, _):
        verb = ["apply", "--yes"] if job == "rollout" else ["audit", "--ou", "/Linkwalk"]
        return [servers.LINKWALK, *verb, "-c", "accounts.toml", "--quiet"]

    return [
        Contestant("linkwalk", 3, accounts, linkwalk),
        Contestant("boto3 tuned", 4, accounts, boto("tuned")),
        Contestant("boto3 ordinary", 5, accounts, boto("ordinary")),
        Contestant("AWS CLI", 6, slow, lambda job, ids: [HERE / "rival.sh", job, *ids]),
    ]


class Spent:
    """What a command cost: seconds by the clock, seconds of processor, bytes at the peak of its largest process."""

    def __init__(self, command: list, server: servers.Server, folder: str):
        environment = {**servers.surroundings(folder), **server.environment,
                       "PYTHON": sys.executable}
        begun = time.monotonic()
        with open(Path(folder, "said"), "w+") as said:
            process = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                                       stdout=said, stderr=subprocess.STDOUT)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            self.wall = time.monotonic() - begun
            if process.returncode:
                said.seek(0)
                sys.exit(f"{command[0]} ended with {process.returncode}:\n{said.read()[-3000:]}")
        self.cpu, self.peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def run(accounts: int, slow: int) -> list[tuple]:
    """Rows of the table: job, contestant, accounts, wall, CPU and peak memory, each with its ratio."""
    everyone = contestants(accounts, slow)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        world = Path(folder, "world.toml")
        world.write_text("format = 1\n[organization]\n" + "".join(one.scenario() for one in everyone))
        Path(folder, "accounts.toml").write_text(CONFIG)
        with servers.sandbox("--world", str(world)) as server:
            for job in ("rollout", "audit"):
                ours = None
                for one in everyone:
                    spent = Spent(one.command(job, one.accounts), server, folder)
                    count = len(one.accounts)
                    figures = (spent.wall / count, spent.cpu / count, spent.peak)
                    ours = ours or figures
                    ratios = [f"{theirs / mine:,.1f}x" for theirs, mine in zip(figures, ours)]
                    rows.append((job, one.name, f"{count}", f"{spent.wall:.1f} s", ratios[0],
                                 f"{1000 * figures[1]:.1f} ms", ratios[1],
                                 f"{spent.peak / 1e6:.0f} MB", ratios[2]))
    return rows


HEAD = ("job", "by", "accounts", "wall time", "per account, of linkwalk's", "CPU per account", "of linkwalk's",
        "peak memory", "of linkwalk's")
