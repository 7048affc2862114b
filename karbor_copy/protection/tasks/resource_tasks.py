# SPDX-License-Identifier: Apache-2.0
"""One hook of a plugin's operation on one resource."""

from collections.abc import Collection
from typing import Any

from oslo_log import log as logging
from taskflow import task

from karbor_copy import exceptions
from karbor_copy.data_models import resource as resource_model
from karbor_copy.data_models import status
from karbor_copy.plugins import base
from karbor_copy.protection import running
from karbor_copy.protection import work as work_module

LOG = logging.getLogger(__name__)


class ResourceTask(task.Task):
    """Calls the hook; provides its own name, so that others can wait."""

    def __init__(
        self,
        name: str,
        *,
        work: work_module.Work,
        resource: resource_model.Resource,
        operation: base.Operation,
        hook: str,
        after: Collection[str],
        last: str,
    ) -> None:
        """Take the names of the tasks that must come before, ``after``.

        ``last`` is the last hook of this resource that is defined: when it
        has run, the resource is done.
        """
        super().__init__(name, requires=after, provides=name)
        self._work = work
        self._resource = resource
        self._operation = operation
        self._hook = hook
        self._is_last = hook == last

    def execute(self, **_after: Any) -> str:
        """Run the hook; a failure stops the operation's other resources."""
        running_operation = self._work.operation
        running_operation.check()
        running_operation.set_resource(
            self._resource.key, status.CHECKPOINT_STATUS_COPYING
        )
        try:
            getattr(self._operation, self._hook)(
                **self._work.arguments(self._resource)
            )
        except exceptions.OperationStopped as stopped:
            running_operation.stop(stopped)
            raise
        except Exception as error:  # the plugin's, whoever wrote it
            if exceptions.is_told(error):
                LOG.warning("%s failed: %s", self.name, error)
            else:
                LOG.exception("%s failed", self.name)
            running_operation.set_resource(
                self._resource.key,
                status.CopyStatus.ERROR,
                exceptions.reason_of(error),
            )
            self.failed(error)
            return str(self.name)
        if self._is_last:
            running_operation.set_resource(
                self._resource.key, status.CopyStatus.FINISHED
            )
        return str(self.name)

    def failed(self, error: Exception) -> None:
        """Let the other resources of the operation stop, and fail."""
        self._work.operation.stop(running.Abandoned(error))
        raise error


class RestoreTask(ResourceTask):
    """Tells at the restore which resource could not be made anew."""

    def failed(self, error: Exception) -> None:
        """Show the reason at the resource, then fail."""
        self._work.report(self._resource, error)
        super().failed(error)


class VerifyTask(ResourceTask):
    """Lets the other resources be checked, however bad this one is."""

    def failed(self, error: Exception) -> None:
        """Show the reason at the resource and note the failure."""
        self._work.report(self._resource, error)
        self._work.failures.append(error)
