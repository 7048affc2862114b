# SPDX-License-Identifier: Apache-2.0
"""The flow of a delete: initiate, the plugins, complete."""

from taskflow.patterns import linear_flow

from karbor_copy.protection import work as work_module
from karbor_copy.protection.flows import resource_graph
from karbor_copy.protection.tasks import delete


def build_delete_flow(work: work_module.Work) -> linear_flow.Flow:
    """Return the flow.

    :raises NotImplementedError: a plugin can't delete.
    """
    return resource_graph.build_flow(
        work,
        initiate=delete.InitiateDeleteTask(work),
        complete=delete.CompleteDeleteTask(work),
        get_operation=lambda item: work.plugin(item.type).get_delete_operation(
            item
        ),
    )
