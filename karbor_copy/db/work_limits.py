# SPDX-License-Identifier: Apache-2.0
"""How much may be at work at the same time, and what has room beside it."""

import collections
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from typing import TypeVar


class Operation(Protocol):
    """One that is at work, or may be."""

    @property
    def project_id(self) -> str:
        """Return whose it is."""

    @property
    def target_provider_id(self) -> str | None:
        """Return in whose bank it works, None for nobody's."""


_Operation = TypeVar("_Operation", bound=Operation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may be at work at the same time, in all workers; 0: any.

    Workers that claim in the same moment may each go beyond by one.
    """

    per_project: int = 0
    per_target: int = 0

    @property
    def any(self) -> bool:
        """Tell whether there is one."""
        return bool(self.per_project or self.per_target)


class AtWork:
    """Counts what is at work, and tells what may be beside it."""

    def __init__(
        self, limits: Limits, operations: Iterable[Operation]
    ) -> None:
        self._limits = limits
        self._operations = list(operations)
        #: How much is at work of each project's.
        self.projects = collections.Counter(
            operation.project_id for operation in self._operations
        )
        self._targets = collections.Counter(
            operation.target_provider_id
            for operation in self._operations
            if operation.target_provider_id is not None
        )

    @property
    def full_projects(self) -> list[str]:
        """Return the projects that have as much at work as they may."""
        return _full(self.projects, self._limits.per_project)

    @property
    def full_targets(self) -> list[str]:
        """Return the targets where no more may be at work."""
        return _full(self._targets, self._limits.per_target)

    def room_for(self, ordered: Iterable[_Operation]) -> list[_Operation]:
        """Return those that may be at work beside all before them.

        So workers that claim at once, and take one after the other, don't
        go beyond the limits.
        """
        then = AtWork(self._limits, self._operations)
        return [operation for operation in ordered if then._take(operation)]

    def _take(self, operation: Operation) -> bool:
        """Count an operation where there is room; tell whether there is."""
        project_id, target_id = (
            operation.project_id,
            operation.target_provider_id,
        )
        if _is_full(self.projects[project_id], self._limits.per_project):
            return False
        if target_id is not None:
            if _is_full(self._targets[target_id], self._limits.per_target):
                return False
            self._targets[target_id] += 1
        self.projects[project_id] += 1
        return True


def _full(counts: Mapping[str, int], limit: int) -> list[str]:
    return [name for name, count in counts.items() if _is_full(count, limit)]


def _is_full(count: int, limit: int) -> bool:
    return 0 < limit <= count
