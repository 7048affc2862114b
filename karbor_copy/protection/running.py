# SPDX-License-Identifier: Apache-2.0
"""An operation while it runs: whether to go on, and how far it is."""

import threading
import time
from collections.abc import Mapping
from typing import Any

from karbor_copy import exceptions
from karbor_copy import metrics
from karbor_copy.data_models import operation_log
from karbor_copy.data_models import status
from karbor_copy.db import reasons

_COUNTERS = (
    "bytes_total",
    "bytes_copied",
    "bytes_skipped",
    "bytes_reused",
    "objects_total",
    "objects_copied",
)


class Abandoned(exceptions.OperationStopped):
    """Another resource of the same operation has failed, with this cause."""

    msg_fmt = "Another resource of this operation failed."

    def __init__(self, cause: Exception | None = None) -> None:
        super().__init__()
        self.cause = cause


class RunningOperation:
    """Shared by the threads that work on one operation and the heartbeat.

    Plugins see it as ``operation_log``; the transfer engine reports its
    progress here and asks :meth:`check` whether to go on.
    """

    def __init__(
        self,
        log: operation_log.OperationLog,
        lease_deadline: float,
        *,
        lease: float,
    ) -> None:
        """Take the time of ``time.monotonic`` at which the lease ends.

        ``lease`` is the length of one in seconds.
        """
        self.log = log
        self.lease = lease
        self._lease_deadline = lease_deadline
        self._lock = threading.Lock()
        #: Held while figures go into the rows: what was counted before must
        #: replace nothing that was counted after it.
        self.storing = threading.Lock()
        #: Why nothing of its end could be stored: the database was away.
        self.left: exceptions.DatabaseUnavailable | None = None
        self._stop: exceptions.OperationStopped | None = None
        self._committing = log.state is status.OperationState.COMMITTING
        # Shown until this attempt has something of its own to show.
        self._known = {name: log.progress.get(name, 0) for name in _COUNTERS}
        # A new attempt counts anew, but a commit only rolls forward: the row
        # shows its resources already.
        self._totals: dict[str, int] = (
            dict(self._known)
            if self._committing
            else dict.fromkeys(_COUNTERS, 0)
        )
        self._expected = {"objects_total": 0, "bytes_total": 0}
        self._resources: dict[str, dict[str, Any]] = {}
        self._resources_changed = False

    @property
    def id(self) -> str:
        """Return the id of the operation log."""
        return self.log.id

    @property
    def epoch(self) -> int:
        """Return the number of this attempt."""
        return self.log.epoch

    @property
    def committing(self) -> bool:
        """Tell whether there is no way back any more."""
        return self._committing

    def set_committing(self) -> None:
        """Pass the point after which the operation only rolls forward."""
        self._committing = True

    def extend_lease(self, deadline: float) -> None:
        """Note that the lease was renewed, until then."""
        self._lease_deadline = deadline

    def stop(self, reason: exceptions.OperationStopped) -> None:
        """Let every thread of the operation stop at its next check.

        A lost lease outranks any other reason; else the first one stays.
        """
        with self._lock:
            if self._stop is None or isinstance(reason, exceptions.LeaseLost):
                self._stop = reason

    def check(self) -> None:
        """Return if the operation may go on.

        :raises OperationStopped: it was cancelled, drained, lost or
            abandoned.
        """
        if time.monotonic() > self._lease_deadline:
            self.stop(exceptions.LeaseLost(operation_log_id=self.id))
        if self._stop is not None:
            raise self._stop

    @property
    def stop_reason(self) -> exceptions.OperationStopped | None:
        """Return why the operation has to stop, or None."""
        return self._stop

    def expect(self, objects: int, size: int) -> None:
        """Show these totals, in bytes, before all resources have added up."""
        with self._lock:
            self._expected = {"objects_total": objects, "bytes_total": size}

    def add_total(self, resource_key: str, objects: int, size: int) -> None:
        """Count what there is to do; ``size`` in bytes."""
        with self._lock:
            self._totals["objects_total"] += objects
            self._totals["bytes_total"] += size
            self._resource(resource_key)

    def add_copied(self, resource_key: str, objects: int, size: int) -> None:
        """Count what was written; ``size`` in bytes."""
        self._moved("copied", resource_key, objects, size)

    def add_skipped(self, resource_key: str, objects: int, size: int) -> None:
        """Count what was found done already; ``size`` in bytes."""
        self._moved("skipped", resource_key, objects, size)

    def add_reused(self, resource_key: str, objects: int, size: int) -> None:
        """Count what the target copied by itself; ``size`` in bytes."""
        self._moved("reused", resource_key, objects, size)

    def _moved(
        self, how: str, resource_key: str, objects: int, size: int
    ) -> None:
        with self._lock:
            self._totals["objects_copied"] += objects
            self._totals[f"bytes_{how}"] += size
            entry = self._resource(resource_key)
            if how == "copied":
                entry["bytes_copied"] += size
        metrics.moved(self.log.operation_type, how, objects, size)

    def set_resource(
        self,
        resource_key: str,
        resource_status: str,
        error_info: str | None = None,
    ) -> None:
        """Note how it stands with one resource."""
        with self._lock:
            entry = self._resource(resource_key)
            entry["status"] = resource_status
            entry["error_info"] = reasons.storable(error_info)

    def end_resources(self, resource_status: str) -> None:
        """Give this status to the resources that came to no end."""
        with self._lock:
            for entry in self._resources.values():
                if entry["status"] in status.OPEN_COPY_STATUSES:
                    entry["status"] = resource_status
                    self._resources_changed = True

    def _resource(self, resource_key: str) -> dict[str, Any]:
        self._resources_changed = True
        return self._resources.setdefault(
            resource_key,
            {
                "status": status.CopyStatus.COPYING,
                "bytes_copied": 0,
                "error_info": None,
            },
        )

    def progress(self) -> Mapping[str, Any]:
        """Return the figures as they are stored in the row."""
        with self._lock:
            return {**self._counters(), "resources": self._entries()}

    def news(self) -> Mapping[str, Any]:
        """Return the figures; the resources only if they have changed.

        Changed since the last call, that is; they may be many.
        """
        with self._lock:
            if not self._resources_changed:
                return self._counters()
            self._resources_changed = False
            return {**self._counters(), "resources": self._entries()}

    def news_lost(self) -> None:
        """Let the next news tell of the resources again."""
        with self._lock:
            self._resources_changed = True

    def _counters(self) -> dict[str, int]:
        if not self._resources and not any(self._expected.values()):
            return dict(self._known)
        return self._totals | {
            name: max(expected, self._totals[name])
            for name, expected in self._expected.items()
        }

    def _entries(self) -> dict[str, dict[str, Any]]:
        return {key: dict(entry) for key, entry in self._resources.items()}
