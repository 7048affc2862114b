# SPDX-License-Identifier: Apache-2.0
"""How fast one process may send to targets, as its files say just now."""

import datetime
import math
import pathlib
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from typing import Final

from oslo_config import cfg
from oslo_log import log as logging

from karbor_copy.banks import pace
from karbor_copy.conf import bandwidth as options
from karbor_copy.data_models import bandwidth
from karbor_copy.providers import provider as provider_model

LOG = logging.getLogger(__name__)

#: Seconds after which the files are looked at again.
_REST: Final = 1.0


class Limit:
    """The option ``bandwidth`` of a group, which follows its files.

    What can't be read later on leaves the limit as it was.
    """

    def __init__(
        self,
        config: cfg.ConfigOpts,
        group: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime.datetime] = lambda: datetime.datetime.now(
            datetime.UTC
        ),
    ) -> None:
        """Take the options as they were read when the process began."""
        self._files = [str(path) for path in config.config_file]
        self._dirs = [str(path) for path in config.config_dir]
        self._group = group
        self._clock = clock
        self._now = now
        self._lock = threading.Lock()
        self._table = bandwidth.UNLIMITED
        self._seen: object = None
        self._look_at = -math.inf
        self._rate: int | None = None

    def rate(self) -> int | None:
        """Return the bytes a second that hold now, None for any number."""
        now = self._clock()
        # Asked for each block: what is fresh is told without the lock.
        if now >= self._look_at:
            with self._lock:
                if now >= self._look_at:
                    self._look()
                    self._look_at = now + _REST
        return self._rate

    def _look(self) -> None:
        seen = [_signature(path) for path in self._paths()]
        if seen != self._seen:
            self._seen = seen
            try:
                self._table = options.read(
                    self._files, self._dirs, self._group
                )
            except (OSError, ValueError, cfg.Error) as error:
                LOG.error("The limit stays as it was: %s", error)
        self._rate = self._table.rate(self._now())

    def _paths(self) -> Iterator[pathlib.Path]:
        yield from map(pathlib.Path, self._files)
        for directory in self._dirs:
            yield from sorted(pathlib.Path(directory).glob("*.conf"))


def _signature(path: pathlib.Path) -> object:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


class Bandwidth:
    """The limits of a process: of all that it sends, and by pair."""

    def __init__(self, config: cfg.ConfigOpts) -> None:
        """Take the options of the process."""
        self._all = pace.Bucket(Limit(config, "copy_engine").rate)
        self._pairs: dict[tuple[str, str], pace.Bucket] = {}
        self._lock = threading.Lock()

    def pace(
        self, source: provider_model.Provider, target: provider_model.Provider
    ) -> pace.Pace:
        """Return the pace of what is sent from one provider to another.

        A pair comes first: what waits there must not take up what others
        could send.
        """
        pair = (source.id, target.id)
        with self._lock:
            if pair not in self._pairs:
                limit = Limit(source.config, "copy")
                self._pairs[pair] = pace.Bucket(limit.rate)
            return pace.pace(self._pairs[pair], self._all)
