"""Runs a command in the environment of a sandbox that is there for its length.

    with_sandbox.py [ARGUMENTS OF sandbox serve] -- COMMAND ...
"""

import subprocess
import sys
import tempfile

import servers


def main() -> int:
    servers.bounded(300)
    end = sys.argv.index("--")
    with servers.sandbox(*sys.argv[1:end]) as server, tempfile.TemporaryDirectory() as home:
        environment = {**servers.surroundings(home), **server.environment, "LC_ALL": "C.UTF-8"}
        code = subprocess.run(sys.argv[end + 1:], env=environment, check=False).returncode
        print(server.end(), end="", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
