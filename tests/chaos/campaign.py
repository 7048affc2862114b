# SPDX-License-Identifier: Apache-2.0
"""Many random kills, by hand: python -m tests.chaos.campaign --runs 100.

Each run asks a long-lived site for some work, kills the service at one to
three random steps of it (or moments), lets it recover and asks the oracle.
"""

import argparse
import contextlib
import dataclasses
import pathlib
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from collections.abc import Iterator

from tests.chaos import site as site_module
from tests.chaos import stories

#: A site is used for so many runs: what piles up in it is judged too.
RUNS_PER_SITE = 20

_EVERY = ("settle.before", "settling.before", "settle.after", "claim.after")
_COMMIT = (
    *("manifest.before", "manifest.middle", "manifest.after"),
    *("committing.before", "committing.after"),
    *("index.before", "index.middle", "index.after"),
    *("index_key.before", "index_key.middle", "index_key.after"),
)
_WRITE = (
    *("begin.before", "begin.after", "flush.before", "flush.after"),
    *("put.before", "put.middle", "put.after"),
    *("object.before", "object.middle", "object.after"),
)
#: Kind of work -> the steps that it passes.
STEPS: dict[str, tuple[str, ...]] = {
    "protect": (
        *("request_protect.before", "request_protect.after"),
        *("graph.before", "graph.after", "delete.before", "delete.after"),
        *(*_EVERY, *_COMMIT, *_WRITE),
    ),
    "copy": (
        *("request.before", "request.after"),
        *("read_back.before", "read_back.after"),
        *(*_EVERY, *_COMMIT, *_WRITE),
    ),
    "cancel": (
        *("clean_up.before", "clean_up.after", "put.after"),
        *("delete.before", "delete.after", *_EVERY),
    ),
    "restore": (
        *("owner.before", "owner.after"),
        *("publish.before", "publish.after", *_EVERY),
    ),
    "delete": (
        *("delete.before", "delete.after"),
        *("index.before", "index.middle", "index.after", *_EVERY),
    ),
    "reset": ("index.before", "index.middle", "index.after", *_EVERY),
}


class Campaign:
    """Runs, and what came of them."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._kinds: list[str] = []
        self.kills = 0
        #: Kills of an idle service, since a step was not reached.
        self.missed = 0
        self.violations: list[str] = []
        self.resumes: list[float] = []

    def run(self, runs: int, directory: pathlib.Path) -> None:
        """Do so many runs."""
        site: site_module.Site | None = None
        with contextlib.ExitStack() as stack:
            for number in range(runs):
                if site is None or number % RUNS_PER_SITE == 0:
                    site = stack.enter_context(
                        _new_site(directory / str(number), number)
                    )
                began = time.monotonic()
                told = self._one(site)
                seconds = time.monotonic() - began
                _tell(f"{number + 1:4} {seconds:5.1f} s  {told}")

    def _one(self, site: site_module.Site) -> str:
        story = stories.Story(site, patient=True)
        if not self._kinds:
            self._kinds = [*STEPS, "copy", "moment", "moment"]
            self._random.shuffle(self._kinds)
        kind = self._kinds.pop()
        plans: list[str] = []
        try:
            if kind == "moment":
                self._moments(story, plans)
            else:
                self._steps(story, kind, plans)
            story.resume()
            if self._random.random() < 0.3:
                story.sweep()
        except AssertionError as error:
            story.outcome.violations.append(str(error))
        outcome = story.outcome
        for child in site.children:
            child.kill()
        site.children.clear()
        self.kills += outcome.kills
        self.violations += outcome.violations
        self.resumes.append(outcome.resume_seconds)
        told = f"{kind}: {' '.join(plans)}; {outcome.kills} kills, resumed "
        told += f"in {outcome.resume_seconds:.1f} s"
        return "\n     ".join([told, *outcome.violations])

    def _moments(self, story: stories.Story, plans: list[str]) -> None:
        """Kill while new checkpoints are copied, whenever it happens."""
        site = story.site
        site.start()
        for _ in range(3):
            site.protect()
            site.settle()
        site.children[-1].kill()
        child = site.start(pause=0.02)
        site.copy()
        time.sleep(self._random.uniform(0, 0.4))
        child.kill()
        story.judge_dead("a moment")
        plans.append("a moment")
        for _ in range(self._random.randrange(3)):
            seconds = self._random.uniform(0, 3)
            plans.append(f"{seconds:.2f} s")
            story.kill_after(seconds, pause=0.02)

    def _steps(
        self, story: stories.Story, kind: str, plans: list[str]
    ) -> None:
        site = story.site
        request = self._request(site, kind)
        for number in range(self._random.randint(1, 3)):
            step = self._random.choice(STEPS[kind])
            plan = f"{step}:{self._random.choice((1, 1, 1, 2, 3))}"
            plans.append(plan)
            child = site.start(plan, pause=0.1 if kind == "cancel" else 0)
            if number == 0:
                with contextlib.suppress(OSError):
                    request()
            while child.exitcode is None and site.open_work():
                time.sleep(0.02)
            if child.exitcode is None:
                child.kill()
                self.missed += 1
                plans[-1] += " (not reached)"
            story.judge_dead(plan)

    def _request(
        self, site: site_module.Site, kind: str
    ) -> Callable[[], object]:
        """Prepare the site for the work; return what asks for it."""
        if kind == "protect":
            return site.protect
        with _serving(site):
            if kind in ("copy", "cancel") or not site.living():
                for _ in range(2):
                    site.protect()
                    site.settle()
            if kind not in ("copy", "cancel") and not site.living():
                site.copy()
                site.settle()
        if kind == "copy":
            return site.copy
        if kind == "cancel":
            return lambda: _copy_and_cancel(site)
        copy_id = self._random.choice(site.living())
        return {
            "restore": lambda: site.restore(copy_id),
            "delete": lambda: site.delete(copy_id),
            "reset": lambda: site.reset(copy_id, "error"),
        }[kind]


def _copy_and_cancel(site: site_module.Site) -> None:
    copy_id = site.copy()
    time.sleep(0.5)
    site.cancel(copy_id)


@contextlib.contextmanager
def _serving(site: site_module.Site) -> Iterator[None]:
    child = site.start()
    yield
    child.terminate()


def _new_site(path: pathlib.Path, seed: int) -> site_module.Site:
    site = site_module.Site(path, seed=seed)
    with _serving(site):
        site.make_volumes(2, stories.SIZE)
        site.protect()
        site.settle()
        site.copy()
        site.settle()
    return site


def _tell(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@dataclasses.dataclass(slots=True)
class _Arguments:
    runs: int
    seed: int


def main() -> int:
    """Run a campaign; 0 only if the oracle had nothing to say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    args = parser.parse_args(namespace=_Arguments(0, 0))
    _tell(f"seed {args.seed}")
    campaign = Campaign(args.seed)
    with tempfile.TemporaryDirectory() as directory:
        campaign.run(args.runs, pathlib.Path(directory))
    _tell(
        f"{args.runs} runs, {campaign.kills} kills "
        f"({campaign.missed} of them idle), "
        f"{len(campaign.violations)} violations; resumed and settled in "
        f"{statistics.median(campaign.resumes):.1f} s (median), "
        f"{max(campaign.resumes):.1f} s (most), lease {site_module.LEASE} s"
    )
    return 1 if campaign.violations else 0


if __name__ == "__main__":
    sys.exit(main())
