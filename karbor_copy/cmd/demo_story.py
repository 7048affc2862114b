# SPDX-License-Identifier: Apache-2.0
"""The demo's story: protect, copy, lose the first region, restore."""

import pathlib
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from typing import Final

from karbor_copy.client.osc import display
from karbor_copy.client.osc import progress
from karbor_copy.client.v1 import client as v1_client
from karbor_copy.client.v1 import waits
from karbor_copy.cmd import demo_banks
from karbor_copy.cmd import demo_report
from karbor_copy.cmd import demo_volumes
from karbor_copy.cmd import state

PROJECT: Final = "demo"
USER: Final = "demo"
#: A wait has so many seconds, and as many more as the slowest disk needs.
_BASE_TIMEOUT: Final = 300.0
_SLOWEST: Final = 5e6
_STEPS: Final = 8


class DemoFailed(Exception):
    """What the demo is to show did not happen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the demo is to do, and where."""

    state_path: pathlib.Path
    size: int
    volumes: int
    checkpoints: int

    @property
    def volumes_path(self) -> pathlib.Path:
        """Return the directory of the volume files."""
        return self.state_path / "volumes"

    @property
    def timeout(self) -> float:
        """Return the seconds that each wait may take."""
        total = self.size * self.volumes * self.checkpoints
        return _BASE_TIMEOUT + total / _SLOWEST


class Story:
    """Tells what it does and does it, through the API alone."""

    def __init__(
        self,
        client: v1_client.Client,
        settings: Settings,
        banks: demo_banks.Banks,
    ) -> None:
        self._client = client
        self._banks = banks
        self._settings = settings
        self._step = 0

    def run(self) -> demo_report.Report:
        """Play the whole story.

        :raises DemoFailed: something was not as promised
        :raises ClientError: the service refused or failed
        :raises OSError: a file could not be written or read
        """
        volumes = self._make_volumes()
        plan_id = self._make_plan(volumes)
        checkpoints = self._protect(plan_id, volumes)
        originals = {v.id: demo_volumes.digest(v.path) or "" for v in volumes}
        self._verify(checkpoints)
        members, seconds = self._copy(plan_id)
        again = self._copy_again(plan_id)
        self._destroy(volumes)
        copies = {m["checkpoint_id"]: m["checkpoint_copy_id"] for m in members}
        restore_id = self._restore(copies[checkpoints[-1]])
        return demo_report.Report(
            rows=self._compare(volumes, originals, restore_id),
            checkpoints=len(members),
            bytes_copied=_total(members, "bytes_copied"),
            bytes_skipped=_total(members, "bytes_skipped"),
            bytes_reused=_total(members, "bytes_reused"),
            seconds=seconds,
            again_copied=again,
        )

    def _tell(self, text: str) -> None:
        self._step += 1
        print(f"[{self._step}/{_STEPS}] {text}", flush=True)

    def _make_volumes(self) -> list[demo_volumes.Volume]:
        settings = self._settings
        size = display.human_size(settings.size)
        self._tell(
            f"making {settings.volumes} volumes of {size}, random data with "
            f"holes, in {settings.volumes_path}"
        )
        return [
            demo_volumes.make(
                settings.volumes_path, f"demo-{n}", settings.size, PROJECT
            )
            for n in range(1, settings.volumes + 1)
        ]

    def _make_plan(self, volumes: Sequence[demo_volumes.Volume]) -> str:
        self._tell("making a plan of them in region one")
        resources = [
            {"type": demo_volumes.RESOURCE_TYPE, "id": v.id, "name": v.name}
            for v in volumes
        ]
        plan = self._client.plans.create("demo", state.REGION_ONE, resources)
        return str(plan["id"])

    def _protect(
        self, plan_id: str, volumes: Sequence[demo_volumes.Volume]
    ) -> list[str]:
        count = self._settings.checkpoints
        self._tell(f"protecting it: {count} checkpoints, changes in between")
        checkpoints = []
        for turn in range(count):
            if turn:
                for volume in volumes:
                    demo_volumes.change(volume, turn)
            checkpoint = self._client.checkpoints.create(
                state.REGION_ONE, plan_id
            )
            waits.for_checkpoint(
                self._client,
                state.REGION_ONE,
                checkpoint["id"],
                timeout=self._settings.timeout,
            )
            print(f"checkpoint {checkpoint['id']}: available", flush=True)
            checkpoints.append(checkpoint["id"])
        return checkpoints

    def _verify(self, checkpoints: Sequence[str]) -> None:
        self._tell("verifying the checkpoints")
        for checkpoint_id in checkpoints:
            verification = self._client.verifications.create(
                state.REGION_ONE, checkpoint_id
            )
            waits.for_verification(
                self._client,
                verification["id"],
                timeout=self._settings.timeout,
            )
            print(f"checkpoint {checkpoint_id}: verified", flush=True)

    def _copy(self, plan_id: str) -> tuple[list[dict[str, Any]], float]:
        """Copy all checkpoints; return their copies and the seconds."""
        self._tell("copying the plan's checkpoints to region two")
        started = time.monotonic()
        members = self._request_copy(plan_id)
        seconds = time.monotonic() - started
        if len(members) != self._settings.checkpoints:
            raise DemoFailed(
                f"the copy has {len(members)} checkpoints, not "
                f"{self._settings.checkpoints}"
            )
        return members, seconds

    def _copy_again(self, plan_id: str) -> int:
        """Ask again and return the bytes copied, which must be none."""
        self._tell("asking for the same copy again: nothing is to be copied")
        before = self._banks.size("region-two")
        copied = _total(self._request_copy(plan_id), "bytes_copied")
        grown = self._banks.size("region-two") - before
        if copied or grown:
            raise DemoFailed(
                f"the second copy request copied {copied} bytes, and region "
                f"two's bank grew by {grown} bytes"
            )
        print("0 bytes copied; region two's bank has not grown", flush=True)
        return copied

    def _request_copy(self, plan_id: str) -> list[dict[str, Any]]:
        copy = self._client.copies.create(state.REGION_ONE, plan_id)
        with progress.on(sys.stdout) as shown:
            waits.for_copy(
                self._client,
                copy["id"],
                watch=shown.update,
                timeout=self._settings.timeout,
            )
        return list(self._client.copies.checkpoint_copies(copy["id"]))

    def _destroy(self, volumes: Sequence[demo_volumes.Volume]) -> None:
        self._tell("losing region one and all volumes")
        print(self._banks.lose("region-one"), flush=True)
        for volume in volumes:
            demo_volumes.remove(volume)

    def _restore(self, checkpoint_id: str) -> str:
        self._tell("restoring the last checkpoint from its copy in region two")
        restore = self._client.restores.create(state.REGION_TWO, checkpoint_id)
        waits.for_restore(
            self._client, restore["id"], timeout=self._settings.timeout
        )
        return str(restore["id"])

    def _compare(
        self,
        volumes: Sequence[demo_volumes.Volume],
        originals: dict[str, str],
        restore_id: str,
    ) -> list[demo_report.Row]:
        rows = []
        for volume in volumes:
            path = demo_volumes.volume_path(
                self._settings.volumes_path,
                demo_volumes.restored_id(restore_id, volume.id),
            )
            rows.append(
                demo_report.Row(
                    volume=volume.id,
                    original=originals[volume.id],
                    restored=demo_volumes.digest(path),
                )
            )
        return rows


def _total(members: Sequence[dict[str, Any]], name: str) -> int:
    return sum(member[name] for member in members)
