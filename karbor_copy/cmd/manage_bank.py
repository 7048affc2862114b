# SPDX-License-Identifier: Apache-2.0
"""karbor-copy-manage bank scrub: what the bank holds, and how it is told."""

import argparse
import contextlib
import dataclasses
import datetime
import json
import os
import pathlib
import sys
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any
from typing import Final
from typing import Protocol

from karbor_copy import checks
from karbor_copy import conf as configuration
from karbor_copy import startup
from karbor_copy.banks import pace
from karbor_copy.data_models import bandwidth
from karbor_copy.protection import bank_pool
from karbor_copy.protection import heartbeat
from karbor_copy.protection import rot
from karbor_copy.protection import scrub
from karbor_copy.providers import registry as provider_registry

CONF = configuration.CONF

#: Exit codes.
GOOD: Final = 0
ROT: Final = 1
NOT_SEEN: Final = 2

_ROT: Final = frozenset({rot.Verdict.BAD, rot.Verdict.REPAIRED})


class _Printer(Protocol):
    """A form in which results are told, one by one."""

    def add(self, result: scrub.Result) -> None:
        """Tell of one checkpoint."""

    def end(self, counts: dict[str, int], error: str | None) -> None:
        """Tell how many there were of each verdict, and why not all."""


def add(nouns: Any) -> None:
    """Add the noun ``bank`` to the command's parser."""
    verbs = nouns.add_parser("bank", help="what banks hold").add_subparsers(
        dest="verb", required=True
    )
    scrubbed = verbs.add_parser(
        "scrub",
        help="read checkpoints back and compare them with their manifests",
        description="Exit status: 0 all is good, 1 rot was found, 2 not all"
        " could be looked at.",
    )
    scrubbed.add_argument("--provider", required=True, help="its id")
    scrubbed.add_argument(
        "--checkpoint",
        action="append",
        metavar="ID",
        help="only this checkpoint; repeatable",
    )
    scrubbed.add_argument(
        "--repair",
        action="store_true",
        help="rewrite bad objects from a good copy in another bank",
    )
    scrubbed.add_argument(
        "--bandwidth",
        type=_bandwidth,
        default=bandwidth.UNLIMITED,
        help="bytes a second to read at most, as 20M or as a timetable",
    )
    scrubbed.add_argument(
        "--format", choices=["table", "json"], default="table"
    )
    scrubbed.set_defaults(run=_scrub, failed=NOT_SEEN)


def _bandwidth(text: str) -> bandwidth.Timetable:
    try:
        return bandwidth.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _scrub(args: argparse.Namespace) -> int:
    """Scrub one provider's bank and print what is found, as it is found."""
    printer: _Printer = (
        _Table() if args.format == "table" else _Json(args.provider)
    )
    counts = dict.fromkeys(rot.Verdict, 0)
    error = None
    try:
        with _scrubber(args.bandwidth) as scrubber:
            for result in scrubber.scrub(
                args.provider, args.checkpoint, repair=args.repair
            ):
                counts[result.verdict] += 1
                printer.add(result)
    except startup.FAILURES as failure:
        error = str(failure)
        print(f"karbor-copy-manage: {error}", file=sys.stderr)
    printer.end({verdict.value: counts[verdict] for verdict in counts}, error)
    if any(counts[verdict] for verdict in _ROT):
        return ROT
    return NOT_SEEN if error or counts[rot.Verdict.UNREADABLE] else GOOD


@contextlib.contextmanager
def _scrubber(limit: bandwidth.Timetable) -> Iterator[scrub.Scrubber]:
    """Yield a scrubber whose leases are kept as long as it is used."""
    checks.check_timers(CONF)
    registry = provider_registry.load(pathlib.Path(CONF.provider_config_dir))
    options = CONF.protection
    beat = heartbeat.Heartbeat(
        lease=options.lease, interval=options.heartbeat_interval
    )
    beat.start()
    try:
        yield scrub.Scrubber(
            registry=registry,
            banks=bank_pool.BankPool(
                registry, CONF.copy_engine.bank_retry_timeout
            ),
            beat=beat,
            owner=f"{CONF.host}:{os.getpid()}",
            lease=options.lease,
            pace=pace.pace(pace.Bucket(_rate_now(limit))),
        )
    finally:
        beat.stop()


def _rate_now(limit: bandwidth.Timetable) -> Callable[[], int | None]:
    return lambda: limit.rate(datetime.datetime.now(datetime.UTC))


class _Table:
    """Lines for people: one for a checkpoint, its bad objects below."""

    def __init__(self) -> None:
        self._line("CHECKPOINT", "RESULT", "STATUS", "REASON")

    def _line(self, name: str, verdict: str, status: str, why: str) -> None:
        line = f"{name:36}  {verdict:10}  {status:9}  {why}"
        print(line.rstrip(), flush=True)

    def add(self, result: scrub.Result) -> None:
        found = result.findings
        reason = result.reason or ""
        # What the reason names stands below.
        if found.bad > found.repaired or (found.bad and not reason):
            reason = f"{found.bad} bad objects, {found.repaired} repaired"
        self._line(
            result.checkpoint_id,
            result.verdict,
            result.status or "",
            reason,
        )
        for bad in found.named:
            origin = bad.repaired_from
            done = f", repaired from {origin}" if origin else ""
            others = ", ".join(bad.shared_with)
            shared = f", shared with {others}" if others else ""
            print(f"  {bad.key}: {bad.flaw}{done}{shared}")
        if len(found.named) < found.bad:
            print(f"  and {found.bad - len(found.named)} more")

    def end(self, counts: dict[str, int], _error: str | None) -> None:
        told = (f"{count} {name}" for name, count in counts.items() if count)
        print(", ".join(told) or "no checkpoints")


class _Json:
    """One JSON document, written as it comes: a checkpoint in each line."""

    def __init__(self, provider_id: str) -> None:
        print(f'{{"provider_id": {json.dumps(provider_id)}, "checkpoints": [')
        self._separator = ""

    def add(self, result: scrub.Result) -> None:
        value = {
            "checkpoint_id": result.checkpoint_id,
            "result": result.verdict,
            "status": result.status,
            "reason": result.reason,
            "bad": result.findings.bad,
            "repaired": result.findings.repaired,
            "objects": [
                dataclasses.asdict(bad) for bad in result.findings.named
            ],
        }
        print(f"{self._separator}{json.dumps(value)}", flush=True)
        self._separator = ","

    def end(self, counts: dict[str, int], error: str | None) -> None:
        rest = {"summary": counts, "error": error}
        print("], " + json.dumps(rest)[1:])
