"""A no-change look at organizations of growing size over a served sandbox: accounts per second, CPU, memory."""

import tempfile
from pathlib import Path

import contest
import servers


def run(sizes: list[int]) -> list[tuple]:
    """Rows of the table: accounts, the rollout before it, the look's time, rate, CPU per target, peak."""
    rows = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            one = contest.contestants(size, 0)[0]
            Path(folder, "world.toml").write_text("format = 1\n[organization]\n" + one.scenario())
            Path(folder, "accounts.toml").write_text(contest.CONFIG)
            with servers.sandbox("--world", str(Path(folder, "world.toml"))) as server:
                first = contest.Spent(one.command("rollout", []), server, folder)
                look = contest.Spent(one.command("audit", []), server, folder)
        rows.append((f"{size:,}", f"{first.wall:.1f} s", f"{first.peak / 1e6:.0f} MB", f"{look.wall:.1f} s",
                     f"{size / look.wall:,.0f}", f"{1000 * look.cpu / size:.2f} ms", f"{look.peak / 1e6:.0f} MB"))
    return rows


HEAD = ("accounts", "rollout before it", "its peak memory", "wall time", "accounts/s", "client CPU per target",
        "peak memory")
