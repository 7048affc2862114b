# SPDX-License-Identifier: Apache-2.0
"""Copies to an object store that fails and lies, and the judgement after it.

By hand: ``python -m tests.chaos.faults --faults 1000 --bank swift``.
"""

import argparse
import collections
import contextlib
import dataclasses
import json
import pathlib
import random
import sys
import tempfile
import time
import urllib.error
from collections.abc import Iterator

from karbor_copy import concurrency

concurrency.use_native_threads()

from karbor_copy.banks import patience  # noqa: E402
from karbor_copy.protection import ending  # noqa: E402
from tests.chaos import oracle_bank  # noqa: E402
from tests.fakes import fault_proxy  # noqa: E402
from tests.fakes.fault_proxy import Answer  # noqa: E402
from tests.fakes.fault_proxy import Fault  # noqa: E402
from tests.fixtures import deployment  # noqa: E402
from tests.fixtures import object_stores  # noqa: E402
from tests.fixtures import raw_swift  # noqa: E402
from tests.fixtures import servers  # noqa: E402
from tests.fixtures.deployment import TWO  # noqa: E402

SERVER = "swift-two"
CHUNKS = 6
#: One request in so many meets a fault.
EVERY = 6

#: What can happen to a request, by the methods that it can happen to.
KINDS: dict[str, tuple[str, Fault]] = {
    "500": ("PUT POST GET HEAD DELETE", Fault(answer=Answer(500))),
    "503": ("PUT POST GET HEAD DELETE", Fault(answer=Answer(503))),
    "429": (
        "PUT GET",
        Fault(answer=Answer(429, (("Retry-After", "0"),))),
    ),
    "401": ("PUT GET HEAD", Fault(answer=Answer(401))),
    "507": ("PUT", Fault(answer=Answer(507))),
    "request reset": ("PUT", Fault(request_reset=1000)),
    "request flipped": ("PUT", Fault(request_flip=500)),
    "only pretended": ("PUT", Fault(lie=True)),
    "done, no answer": ("PUT POST DELETE", Fault(lost=True)),
    "not found": ("GET HEAD", Fault(answer=Answer(404))),
    "stale": ("GET", Fault(stale=True)),
    "answer reset": ("GET", Fault(reset=300)),
    "answer truncated": ("GET", Fault(truncate=300)),
    "answer flipped": ("GET", Fault(flip=300)),
    "slow": ("GET", Fault(slow=0.02)),
}


@dataclasses.dataclass(slots=True)
class Result:
    """What came of one campaign."""

    faults: collections.Counter[str]
    statuses: collections.Counter[str]
    violations: list[str]
    seconds: float


class Dice:
    """Chooses which requests meet which fault."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.thrown: collections.Counter[str] = collections.Counter()
        self.active = False

    def throw(self, method: str, path: str, _headers: object) -> Fault | None:
        """Return what shall happen to a request, if anything shall."""
        # Without a token there is nothing to see.
        if not self.active or "/auth/" in path:
            return None
        if self._random.randrange(EVERY):
            return None
        name = self._random.choice(
            [name for name, (methods, _) in KINDS.items() if method in methods]
        )
        self.thrown[name] += 1
        return KINDS[name][1]


class ServerBank(oracle_bank.Bank):
    """A container of Swift as the documented format tells it."""

    def __init__(self, container: str) -> None:
        super().__init__(pathlib.Path())
        self._container = container

    def all_keys(self) -> set[str]:
        names: set[str] = set()
        marker = ""
        while page := json.loads(
            raw_swift.request(
                SERVER, f"{self._container}?format=json&marker={marker}"
            )
        ):
            marker = page[-1]["name"]
            names |= {entry["name"].lstrip("/") for entry in page}
        return names

    def read(self, key: str) -> bytes | None:
        try:
            return raw_swift.request(SERVER, f"{self._container}//{key}")
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
            return None


class Campaign:
    """A site whose second region is behind the dice."""

    def __init__(
        self, site: deployment.Deployment, dice: Dice, seed: int
    ) -> None:
        self._site = site
        self._dice = dice
        self._random = random.Random(seed)
        bank = site.registry.get(TWO).make_bank()
        self._bank = ServerBank(bank.location.rpartition("/")[2])
        self._volume = site.volume(self._bytes())
        self._plan = site.plan([self._volume])
        self._digests: dict[str, str] = {}
        self._dead: set[str] = set()
        self.statuses: collections.Counter[str] = collections.Counter()
        self.violations: list[str] = []

    def round(self) -> None:
        """Copy one more checkpoint, and whatever failed before."""
        path = self._site.volumes / f"volume-{self._volume['id']}"
        path.write_bytes(self._bytes())
        checkpoint_id = self._site.protect(self._plan)
        self._digests[checkpoint_id] = deployment.sha256(path)
        self._dice.active = True
        copy = self._site.copy(self._plan)
        self._dice.active = False
        for member in copy["checkpoint_copies"]:
            self.statuses[member["status"]] += 1
            self.violations += self._judge(member)

    def settle(self) -> None:
        """With a server that is well all must come to a good end."""
        copy = self._site.copy(self._plan)
        for member in copy["checkpoint_copies"]:
            self.violations += self._judge(member)
            if member["status"] != "finished":
                self.violations.append(f"not finished in the end: {member}")
        try:
            deployment.wait(lambda: not self._left_over())
        except TimeoutError:
            self.violations.append(f"left over: {self._left_over()[:5]}")

    def _left_over(self) -> list[str]:
        """Return the data of what failed, which clean-ups take away."""
        dead = tuple(
            f"checkpoints/{copy_id}/resource-data/" for copy_id in self._dead
        )
        return sorted(k for k in self._bank.all_keys() if k.startswith(dead))

    def _judge(self, member: deployment.Json) -> list[str]:
        copy_id = member["checkpoint_copy_id"]
        index = self._bank.index(copy_id)
        if member["status"] != "finished":
            self._dead.add(copy_id)
            shown = index is not None and index["status"] == "available"
            return [
                f"{copy_id}: {why}"
                for why, wrong in (
                    ("is no end", member["status"] != "error"),
                    ("has no reason", not member["error_info"]),
                    ("failed and is shown", shown),
                )
                if wrong
            ]
        if index is None or index["status"] != "available":
            return [f"{copy_id} is finished and not shown"]
        found = self._bank.check_visible(copy_id, index)
        volume = self._bank.volume_digest(copy_id, self._volume["id"])
        if volume != self._digests[member["checkpoint_id"]]:
            found.append(f"{copy_id} holds another volume")
        return found

    def _bytes(self) -> bytes:
        return self._random.randbytes(CHUNKS * deployment.CHUNK)


@contextlib.contextmanager
def _impatient() -> Iterator[None]:
    """Let pauses be short."""
    with contextlib.ExitStack() as stack:
        for owner, name, value in (
            (patience, "FIRST_PAUSE", 0.01),
            (patience, "LONGEST_PAUSE", 0.1),
            (ending, "_FIRST_DELAY", 0.1),
        ):
            stack.callback(setattr, owner, name, getattr(owner, name))
            setattr(owner, name, value)
        yield


def run(path: pathlib.Path, kind: str, *, seed: int, faults: int) -> Result:
    """Copy until so many faults have happened; judge each copy."""
    dice = Dice(seed)
    begin = time.monotonic()
    with contextlib.ExitStack() as stack:
        stack.enter_context(_impatient())
        proxy = stack.enter_context(
            fault_proxy.proxying(servers.shared_url(SERVER))
        )
        proxy.choose = dice.throw

        def bank_of(path: pathlib.Path, region: str) -> tuple[str, str]:
            if region == "region-one":
                return deployment.file_system(path, region)
            return object_stores.described(kind, proxy.url, region)

        site = stack.enter_context(deployment.deployed(path, bank_of=bank_of))
        campaign = Campaign(site, dice, seed)
        while dice.thrown.total() < faults:
            campaign.round()
        campaign.settle()
    return Result(
        faults=dice.thrown,
        statuses=campaign.statuses,
        violations=campaign.violations,
        seconds=time.monotonic() - begin,
    )


def main() -> int:
    """Run a campaign by hand; 0 only if the oracle had nothing to say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=1000)
    parser.add_argument("--bank", choices=["swift", "s3"], default="swift")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    args = parser.parse_args()
    with servers.sharing(), tempfile.TemporaryDirectory() as directory:
        result = run(
            pathlib.Path(directory),
            args.bank,
            seed=args.seed,
            faults=args.faults,
        )
    for violation in result.violations[:20]:
        sys.stdout.write(f"  {violation}\n")
    sys.stdout.write(
        f"seed {args.seed}, {args.bank}: {result.faults.total()} faults"
        f" {dict(result.faults)} in {result.seconds:.0f} s, copies"
        f" {dict(result.statuses)}, {len(result.violations)} violations\n"
    )
    return 1 if result.violations else 0


if __name__ == "__main__":
    sys.exit(main())
