"""The two servers that the witnesses ask: the sandbox, and moto.

Each is started for the length of a `with`, on a free port of loopback, and hands over the environment
that it printed. `LINKWALK` names another binary than the one of the development build.
"""

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINKWALK = Path(os.environ.get("LINKWALK", ROOT / "target/debug/linkwalk")).resolve()


def bounded(seconds: int) -> None:
    """Ends this program, and with it what it started, should it still run by then."""
    def end(number, _frame):
        # At once: whatever it hangs on could hang on.
        for server in _running:
            server.process.kill()
        print(f"{sys.argv[0]}: ended by {signal.Signals(number).name} within {seconds} seconds",
              file=sys.stderr, flush=True)
        os._exit(1)

    signal.signal(signal.SIGALRM, end)
    signal.signal(signal.SIGTERM, end)
    signal.alarm(seconds)


_running: list["Server"] = []


def surroundings(folder: str) -> dict:
    """What a program sees: nothing of the caller's AWS configuration."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {**kept, "HOME": folder, "AWS_EC2_METADATA_DISABLED": "true",
            "PYTHONPYCACHEPREFIX": str(Path(sys.prefix) / "cache")}


class Server:
    """A program that prints the environment to export once it listens."""

    def __init__(self, command: list, folder: str):
        self.process = subprocess.Popen(
            command, cwd=folder, env=surroundings(folder), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        _running.append(self)
        self.said: list[str] = []
        self._reader = threading.Thread(target=lambda: self.said.extend(self.process.stderr))
        self._reader.start()
        self.environment = {}
        for line in self.process.stdout:
            name, _, value = shlex.split(line)[1].partition("=")
            self.environment[name] = value
            if {"AWS_SECRET_ACCESS_KEY", "AWS_EC2_METADATA_DISABLED"} <= self.environment.keys():
                break
        else:
            sys.exit(f"{command[0]} did not start:\n{self.end()}")
        self.url = self.environment["AWS_ENDPOINT_URL"]

    def end(self) -> str:
        """Ends it as Ctrl-C does; answers what it said on stderr."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.stdin.close()
        self.process.wait(30)
        self._reader.join()
        return "".join(self.said)


@contextlib.contextmanager
def sandbox(*arguments: str):
    """`linkwalk sandbox serve`, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server([LINKWALK, "sandbox", "serve", "--port", "0", *arguments], folder)
        try:
            yield server
        finally:
            server.end()


@contextlib.contextmanager
def moto():
    """moto without an organization, each account of which has keys on demand."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server([ROOT / "scripts/organization", "--members", "0", "--until-eof"], folder)
        try:
            yield server
        finally:
            server.end()


def moto_keys(server: Server, account: str) -> dict:
    """Keys of somebody who may do everything in that account of moto's."""
    body = json.dumps({"account": account}).encode()
    with urllib.request.urlopen(f"{server.url}/emulator/keys", body) as answer:
        return json.load(answer)
