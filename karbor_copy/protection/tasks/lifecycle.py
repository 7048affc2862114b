# SPDX-License-Identifier: Apache-2.0
"""What is common to the first and the last task of every flow."""

import abc
from typing import Any

from taskflow import task

from karbor_copy.db import begin
from karbor_copy.db import settle
from karbor_copy.protection import ending
from karbor_copy.protection import settling
from karbor_copy.protection import work as work_module


class InitiateTask(task.Task, abc.ABC):
    """The first task: shows that work begins; its revert ends it."""

    def __init__(self, work: work_module.Work) -> None:
        super().__init__(f"{type(self).__name__}:{work.operation.id}")
        self._work = work

    def execute(self) -> None:
        """Mark the rows as being worked on, then open what is needed."""
        operation = self._work.operation
        operation.check()
        begin.begin(operation.log)
        self.open()

    @abc.abstractmethod
    def open(self) -> None:
        """Read from the banks what the resource tasks need."""

    def revert(
        self, flow_failures: dict[str, Any], *_args: Any, **_kwargs: Any
    ) -> None:
        """Settle the operation: error with its reason, or cancelled."""
        operation = self._work.operation
        errors = [failure.exception for failure in flow_failures.values()]
        ending.end(operation, ending.choose(operation, errors))


class CompleteTask(task.Task, abc.ABC):
    """The last task: makes what was done count."""

    def __init__(self, work: work_module.Work) -> None:
        super().__init__(f"{type(self).__name__}:{work.operation.id}")
        self._work = work

    @abc.abstractmethod
    def execute(self) -> None:
        """Commit and settle as a success."""

    def succeed(self) -> None:
        """Settle an operation that commits no data.

        :raises LeaseLost: it is another worker's by now.
        """
        operation = self._work.operation
        outcome = settle.Outcome(
            result=settle.SUCCESS, progress=operation.progress()
        )
        settling.settle(operation, outcome)
