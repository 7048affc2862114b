# SPDX-License-Identifier: Apache-2.0
"""Requests of every kind, made of the API's own description.

By hand: python -m tests.fuzz.campaign --examples 300. A standalone service
with something in it is asked what schemathesis makes of its OpenAPI document,
good data and bad, alone and along the links; every answer is checked.
"""

import argparse
import json
import pathlib
import string
import subprocess
import sys
import tempfile
from typing import Any
from typing import NamedTuple

from karbor_copy.client.v1 import waits
from tests.fixtures import standalone

ROOT = pathlib.Path(__file__).parents[2]
TEMPLATE = pathlib.Path(__file__).with_name("schemathesis.toml")


class Outcome(NamedTuple):
    """How a run ended; what it and the service had to say."""

    code: int
    output: str
    report: dict[str, Any]
    log: str


def run(path: pathlib.Path, *, examples: int, seed: int) -> Outcome:
    """Ask a service that lives below a directory for the length of the run.

    ``examples`` is the most for each operation, and for the links.
    """
    report = path / "report.json"
    with standalone.serving(path / "state") as service:
        ids = fill(service)
        configuration = path / "schemathesis.toml"
        text = string.Template(TEMPLATE.read_text()).substitute(ids)
        configuration.write_text(text)
        done = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli"),
                *("--config-file", str(configuration)),
                *("run", f"{service.url}/v1/openapi.json"),
                *("--max-examples", str(examples), "--seed", str(seed)),
                *("--no-color", "--report-json-path", str(report)),
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Outcome(
            code=done.returncode,
            output=done.stdout,
            report=json.loads(report.read_text()),
            log=service.log,
        )


def fill(service: standalone.Standalone) -> dict[str, str]:
    """Make one of each thing; return their ids, as the template has them."""
    client = service.client()
    volume = service.volume(b"data" * 1000)
    one, two = standalone.REGION_ONE, standalone.REGION_TWO
    plan = client.plans.create(
        "mine",
        one,
        [{"id": volume, "type": standalone.VOLUME, "name": "disk"}],
    )
    checkpoint = client.checkpoints.create(one, plan["id"])
    waits.for_checkpoint(client, one, checkpoint["id"])
    copy = client.copies.create(one, plan["id"])
    waits.for_copy(client, copy["id"])
    (member,) = client.copies.checkpoint_copies(copy["id"])
    copied = member["checkpoint_copy_id"]
    restore = client.restores.create(two, copied)
    waits.for_restore(client, restore["id"])
    verification = client.verifications.create(two, copied)
    waits.for_verification(client, verification["id"])
    return {
        "checkpoint": checkpoint["id"],
        "copied": copied,
        "copy": copy["id"],
        "log": member["id"],
        "plan": plan["id"],
        "restore": restore["id"],
        "verification": verification["id"],
        "volume": volume,
    }


def main() -> int:
    """Run once, and show all."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.campaign")
    parser.add_argument("--examples", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        outcome = run(
            pathlib.Path(directory), examples=args.examples, seed=args.seed
        )
    sys.stdout.write(outcome.output)
    if " ERROR " in outcome.log:
        sys.stdout.write(outcome.log)
    return outcome.code


if __name__ == "__main__":
    sys.exit(main())
