"""An emulated AWS organization on loopback: moto, seeded, in one process that ends when asked to."""

import argparse
import json
import os
import shlex
import signal
import sys
import threading
from pathlib import Path

# Thousands of machine images per account, for a product that starts no machines.
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"

import gaps
import seed
import serve

REGION = "eu-west-1"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/organization", description="Serve an emulated AWS organization on loopback."
    )
    parser.add_argument("--members", type=int, default=50, metavar="N",
                        help="accounts besides the management account; 0 for no organization (50)")
    parser.add_argument("--regions", default=REGION, metavar="R,R",
                        help=f"regions with networks in them ({REGION})")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="other accounts (1)")
    parser.add_argument("--pending", type=float, default=0, metavar="SECONDS",
                        help="how long an endpoint takes, at most, to become available (0)")
    parser.add_argument("--port", type=int, default=0, metavar="N", help="0 is a free one (0)")
    parser.add_argument("--env-file", type=Path, metavar="FILE",
                        help="where to write the variables to export, once it answers; else stdout")
    parser.add_argument("--until-eof", action="store_true",
                        help="end when standard input does, and so with whoever started this")
    return parser.parse_args()


def environment(address: str, management: dict) -> str:
    variables = {
        "AWS_ENDPOINT_URL": address,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": management.get("access_key_id", "none"),
        "AWS_SECRET_ACCESS_KEY": management.get("secret_access_key", "none"),
    }
    return "".join(f"export {key}={shlex.quote(value)}\n" for key, value in variables.items())


def end_with_input() -> None:
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


def main() -> None:
    args = arguments()
    gaps.close()
    server = serve.server(args.port)
    address = f"http://127.0.0.1:{server.port}"

    regions = [region for region in args.regions.split(",") if region]
    management = {}
    if args.members:
        plan = seed.organization(args.members, regions, args.seed, args.pending)
        management = seed.build(plan)["management"]
    seed.warm(regions)

    text = environment(address, management)
    if args.env_file:
        # Whoever waits for the file must never read half of it.
        partial = args.env_file.with_name(args.env_file.name + ".partial")
        partial.write_text(text)
        partial.replace(args.env_file)
        print("ready", flush=True)
    else:
        print(text, end="", flush=True)

    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    if args.until_eof:
        # Ctrl-C is meant for whoever started this, and they may still have calls to make.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        threading.Thread(target=end_with_input, daemon=True).start()
    else:
        signal.signal(signal.SIGINT, lambda *_: os._exit(0))
    server.serve_forever()


if __name__ == "__main__":
    main()
