# SPDX-License-Identifier: Apache-2.0
"""First and last task of a protect."""

from karbor_copy.data_models import manifest
from karbor_copy.db import begin
from karbor_copy.db import work_rows
from karbor_copy.protection import commit
from karbor_copy.protection.tasks import lifecycle


class InitiateProtectTask(lifecycle.InitiateTask):
    """Remembers the resource graph and opens the checkpoint to write."""

    def open(self) -> None:
        """Store the graph in the row, from which the commit reads it."""
        work = self._work
        log = work.operation.log
        begin.set_graph(log, work.graph)
        work.row = work_rows.checkpoint(str(log.checkpoint_id))
        work.checkpoint = work.new_checkpoint()


class CompleteProtectTask(lifecycle.CompleteTask):
    """Commits the checkpoint."""

    def execute(self) -> None:
        """Write manifest and index, settle as a success."""
        work = self._work
        row = work.made_row()
        made = manifest.Manifest(
            checkpoint_id=row.id, entries=work.recorder.entries()
        )
        commit.commit(work.operation, work.store, row, made)
