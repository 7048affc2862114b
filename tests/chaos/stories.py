# SPDX-License-Identifier: Apache-2.0
"""One way of killing, for the tests and for the campaign by hand."""

import pathlib
import time
from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from urllib import error

from tests.chaos import oracle as oracle_module
from tests.chaos import resent
from tests.chaos import site as site_module

#: Bytes of a volume: ten chunks.
SIZE = 640 * 1024


@dataclass(slots=True)
class Outcome:
    """What came of a story."""

    kills: int = 0
    resume_seconds: float = 0.0
    violations: list[str] = field(default_factory=list)


class Story:
    """Kills a site's service step by step, and judges it each time."""

    def __init__(
        self, site: site_module.Site, *, patient: bool = False
    ) -> None:
        """Let leases expire by themselves where ``patient``."""
        self.site = site
        self._patient = patient
        self.outcome = Outcome()
        self._oracle = oracle_module.Oracle(site.path, site.originals)
        self._whole: resent.Whole = {}

    def kill_at(
        self, plans: Sequence[str], request: Callable[[], object]
    ) -> None:
        """Ask for work and let each plan in turn kill the service.

        The first process gets the request, the next ones take the work over
        from the dead. Nothing runs when this returns.

        :raises AssertionError: a step was not reached.
        """
        for number, plan in enumerate(plans):
            child = self.site.start(plan)
            if not number:
                try:
                    request()
                except error.HTTPError:
                    raise
                except OSError:
                    pass  # it died over the request itself
            try:
                child.wait_for_death()
            except AssertionError as failure:
                raise AssertionError(
                    f"{plan}: {failure}\n{self.site.log_tail()}"
                ) from failure
            self.judge_dead(plan)

    def judge_dead(self, plan: str) -> None:
        """Look at what a killed process left."""
        self.outcome.kills += 1
        found = self._oracle.at_any_time()
        whole, parts = resent.whole(self._oracle, site_module.TRANSFER_THREADS)
        found += parts + resent.sent_again(self._oracle, self._whole)
        self._whole = whole
        self._note(f"killed at {plan}", found)
        if not self._patient:
            self.site.expire_leases()

    def kill_after(self, seconds: float, *, pause: float = 0.0) -> None:
        """Let the service work for a while, or to its end, then kill it."""
        child = self.site.start(pause=pause)
        time.sleep(seconds)
        child.kill()
        self.judge_dead(f"{seconds:.2f} s")

    def resume(self) -> None:
        """Start the service and let it settle all; it goes on running."""
        began = time.monotonic()
        self.site.start()
        self.site.settle()
        self.outcome.resume_seconds = time.monotonic() - began
        self.judge_settled()

    def judge_settled(self) -> None:
        """Look at the site when nothing is open; the service may run."""
        found = self._oracle.at_rest()
        found += resent.sent_again(self._oracle, self._whole)
        found += resent.kept_too_few(self._oracle, self._whole)
        self._whole = {}
        self._note("settled", found)

    def sweep(self) -> None:
        """Let the late sweeps run now; they must do no harm."""
        self.site.make_due()
        self.site.settle()
        self.judge_settled()

    def _note(self, when: str, found: list[str]) -> None:
        self.outcome.violations += [f"{when}: {text}" for text in found]


def prepared(
    path: pathlib.Path,
    *,
    checkpoints: int = 1,
    volumes: int = 2,
    copied: bool = False,
    interval: int = 1,
) -> site_module.Site:
    """Return a site with checkpoints, and no process running."""
    site = site_module.Site(path / "site", interval=interval)
    child = site.start()
    site.make_volumes(volumes, SIZE)
    for _ in range(checkpoints):
        site.protect()
        site.settle()
    if copied:
        site.copy()
        site.settle()
    assert child.terminate() == 0
    return site
