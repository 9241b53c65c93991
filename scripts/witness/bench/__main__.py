"""Measures the product; `scripts/bench` runs it. Every table says which command repeats it."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

import audit  # noqa: E402
import contest  # noqa: E402
import serve  # noqa: E402
import servers  # noqa: E402


def table(head: tuple, rows: list[tuple], command: str) -> None:
    """A Markdown table, and how to have it again."""
    print(f"\n`{command}`\n\n| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)


def rehearse(sizes: list[int], throttle: str | None) -> list[tuple]:
    """Rows of predicted rollouts, against the bound that AWS sets."""
    rows = []
    for size in sizes:
        command = [servers.LINKWALK, "rehearse", "--accounts", str(size), "--endpoints", "ecr,logs,ssm,kms",
                   "--seed", "7", "-o", "json"] + (["--throttle", throttle] if throttle else [])
        begun = os.times()
        answer = subprocess.run(command, check=True, capture_output=True, env=servers.surroundings("/nonexistent"))
        spent = os.times()
        one = json.loads(answer.stdout)
        cpu = spent.children_user + spent.children_system - begun.children_user - begun.children_system
        took, bound, calls = one["took_ms"], one["bound_ms"], one["calls"]
        rows.append((f"{size:,}", f"{took / 1000:.1f} s", f"{bound / 1000:.1f} s", f"{took / bound:.3f}",
                     f"{calls:,}", f"{one['throttled']:,} ({100 * one['throttled'] / calls:.2f} %)",
                     f"{one['outcomes']['changed']:,}", f"{cpu:.0f} s"))
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measure, and print tables.")
    parser.add_argument("what", nargs="*", default=["serve", "contest", "audit", "rehearse"],
                        help="serve, contest, audit, rehearse; all of them if absent")
    parser.add_argument("--release", action="store_true", help="build and measure the release build")
    parser.add_argument("--accounts", type=lambda text: [int(one) for one in text.split(",")], default=None,
                        help="sizes of organizations, with commas between them")
    parser.add_argument("--seconds", type=float, default=10, help="how long `serve` is asked")
    parser.add_argument("--slow", type=int, default=5, help="accounts for the AWS CLI in `contest`")
    parser.add_argument("--throttle", help="an organization-level bucket for `rehearse`: CAPACITY,PER-SECOND")
    args = parser.parse_args()
    servers.bounded(3600)
    if "LINKWALK" not in os.environ:
        kind = "release" if args.release else "debug"
        build = ["cargo", "build", "--quiet", "--locked", "--bin", "linkwalk"] + ["--release"] * args.release
        subprocess.run(build, cwd=servers.ROOT, check=True)
        servers.LINKWALK = servers.ROOT / f"target/{kind}/linkwalk"
    for what in args.what:
        sizes = args.accounts
        command = " ".join(["scripts/bench", what] + ["--release"] * args.release
                           + ([f"--accounts {','.join(map(str, sizes))}"] if sizes else [])
                           + ([f"--throttle {args.throttle}"] if args.throttle else []))
        if what == "serve":
            table(serve.HEAD, serve.run((sizes or [1000])[0], args.seconds), command)
        elif what == "contest":
            table(contest.HEAD, contest.run((sizes or [50])[0], args.slow), command)
        elif what == "audit":
            table(audit.HEAD, audit.run(sizes or [50, 500, 5000]), command)
        elif what == "rehearse":
            head = ("accounts", "makespan", "lower bound", "ratio", "calls", "throttled", "changed", "CPU")
            table(head, rehearse(sizes or [1000, 5000], args.throttle), command)
        else:
            parser.error(f"{what} is not one of serve, contest, audit, rehearse")
    return 0


if __name__ == "__main__":
    sys.exit(main())
