# SPDX-License-Identifier: Apache-2.0
"""What a cluster has to bear while it copies, and the judgement after it.

By hand: ``python -m tests.chaos.ordeal --runs 10 --database postgresql``.
"""

import argparse
import collections
import contextlib
import dataclasses
import os
import pathlib
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable

from tests.chaos import cluster as cluster_module

#: Plans, and checkpoints of each, of one run.
PLANS = 4
CHECKPOINTS = 50

#: Seconds between two blows.
EVERY = (0.5, 2.5)

#: Those after which a worker may have to send again what was in flight.
_LOSES_WORK = frozenset(
    {"kill worker", "kill manager", "freeze worker", "stop manager"}
)


@dataclasses.dataclass(slots=True)
class Result:
    """What came of one ordeal."""

    blows: collections.Counter[str]
    seconds: float
    statuses: collections.Counter[str]
    sent_again: int
    violations: list[str]


class Ordeal:
    """Strikes a cluster while it works."""

    def __init__(self, cluster: cluster_module.Cluster) -> None:
        self._cluster = cluster
        self._random = random.Random(cluster.random.random())
        self._blows: dict[str, Callable[[], None]] = {
            "kill worker": self._kill_worker,
            "kill manager": self._kill_manager,
            "stop manager": self._stop_manager,
            "freeze worker": self._freeze_worker,
            "kill api": self._kill_api,
            "kill broker": self._kill_broker,
            "freeze broker": self._freeze_broker,
            "restart database": self._restart_database,
            "kill database": self._kill_database,
            "freeze database": self._freeze_database,
        }
        self.counts: collections.Counter[str] = collections.Counter()
        self._thaws: list[threading.Timer] = []

    def strike(self) -> None:
        """Do something bad, then start again what has ended.

        The kinds take turns in random order, so that a short ordeal has
        many of them.
        """
        least = min(self.counts[name] for name in self._blows)
        name = self._random.choice(
            [name for name in self._blows if self.counts[name] == least]
        )
        self.counts[name] += 1
        self._blows[name]()
        self._cluster.start()

    def relent(self) -> None:
        """Let everything that stands still go on."""
        for timer in self._thaws:
            timer.join()

    def _kill_worker(self) -> None:
        self._send_worker(signal.SIGKILL)

    def _send_worker(self, number: signal.Signals) -> int | None:
        pids = self._cluster.worker_pids()
        if not pids:
            return None
        pid = self._random.choice(pids)
        _send(pid, number)
        return pid

    def _kill_manager(self) -> None:
        manager = self._random.choice(list(self._cluster.managers.values()))
        manager.stop(signal.SIGKILL)

    def _stop_manager(self) -> None:
        manager = self._random.choice(list(self._cluster.managers.values()))
        manager.stop(signal.SIGTERM)

    def _freeze_worker(self) -> None:
        """Let a worker stand still past its lease, then go on."""
        pid = self._send_worker(signal.SIGSTOP)
        if pid is None:
            return
        seconds = self._random.uniform(1.2, 2) * cluster_module.LEASE
        timer = threading.Timer(seconds, _send, (pid, signal.SIGCONT))
        timer.start()
        self._thaws.append(timer)

    def _kill_api(self) -> None:
        self._random.choice(self._cluster.apis).stop(signal.SIGKILL)

    def _kill_broker(self) -> None:
        self._cluster.broker.kill()

    def _freeze_broker(self) -> None:
        self._cluster.broker.freeze()
        time.sleep(self._random.uniform(0.5, 2))
        self._cluster.broker.thaw()

    def _restart_database(self) -> None:
        self._cluster.database.restart()

    def _kill_database(self) -> None:
        self._cluster.database.kill()
        time.sleep(self._random.uniform(0, 2))

    def _freeze_database(self) -> None:
        self._cluster.database.freeze()
        time.sleep(self._random.uniform(0.5, 1.5) * cluster_module.LEASE)
        self._cluster.database.thaw()


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def undergo(
    cluster: cluster_module.Cluster,
    *,
    plans: int = PLANS,
    checkpoints: int = CHECKPOINTS,
    blows: int | None = None,
) -> Result:
    """Copy so many checkpoints under blows, and judge what is left.

    Without a number the blows go on until all has been copied.
    """
    began = time.monotonic()
    plan_ids = [cluster.make_plan() for _ in range(plans)]
    for _ in range(checkpoints):
        for plan_id in plan_ids:
            cluster.protect(plan_id)
        # A volume must not change while it is protected.
        cluster.settle()
    for plan_id in plan_ids:
        cluster.copy(plan_id)
    ordeal = Ordeal(cluster)
    while blows is None or ordeal.counts.total() < blows:
        if blows is None and not cluster.open_work():
            break
        ordeal.strike()
        # Asking again must not copy anything again.
        cluster.copy(cluster.random.choice(plan_ids))
        time.sleep(cluster.random.uniform(*EVERY))
    ordeal.relent()
    return _judged(cluster, ordeal, began)


def _judged(
    cluster: cluster_module.Cluster, ordeal: Ordeal, began: float
) -> Result:
    violations: list[str] = []
    try:
        cluster.settle()
        cluster.make_due()
        cluster.settle()
    except AssertionError as error:
        violations.append(str(error))
    violations += cluster.oracle().at_rest()
    members = cluster.rows("checkpoint_copies")
    copied = {row["checkpoint_id"] for row in members}
    missing = set(cluster.originals) - copied
    if missing:
        violations.append(f"{len(missing)} checkpoints were never copied")
    again = cluster.sent_again()
    lost = sum(ordeal.counts[name] for name in _LOSES_WORK)
    if len(again) > lost * cluster_module.TRANSFER_THREADS:
        violations.append(f"{len(again)} objects sent again after {lost}")
    return Result(
        blows=ordeal.counts,
        seconds=time.monotonic() - began,
        statuses=collections.Counter(row["status"] for row in members),
        sent_again=len(again),
        violations=violations,
    )


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Run ordeals by hand; 0 only if the oracle had nothing to say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument(
        "--database", choices=["postgresql", "mariadb"], default="postgresql"
    )
    parser.add_argument("--plans", type=int, default=PLANS)
    parser.add_argument("--checkpoints", type=int, default=CHECKPOINTS)
    args = parser.parse_args()
    total: collections.Counter[str] = collections.Counter()
    failed = 0
    for seed in range(args.seed, args.seed + args.runs):
        with (
            tempfile.TemporaryDirectory() as directory,
            cluster_module.running(
                pathlib.Path(directory), args.database, seed=seed, pause=0.1
            ) as cluster,
        ):
            result = undergo(
                cluster, plans=args.plans, checkpoints=args.checkpoints
            )
        total += result.blows
        failed += len(result.violations)
        _tell(
            f"seed {seed}: {result.blows.total()} blows in"
            f" {result.seconds:.0f} s, copies {dict(result.statuses)},"
            f" {result.sent_again} objects sent again"
        )
        for violation in result.violations[:20]:
            _tell(f"  {violation}")
    _tell(
        f"{args.runs} runs on {args.database}: {total.total()} blows"
        f" {dict(total)}, {failed} violations"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
