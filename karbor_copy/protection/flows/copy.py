# SPDX-License-Identifier: Apache-2.0
"""The flow of a copy: InitiateCopyTask, the plugins, CompleteCopyTask."""

from taskflow.patterns import linear_flow

from karbor_copy.protection import work as work_module
from karbor_copy.protection.flows import resource_graph
from karbor_copy.protection.tasks import copy


def build_copy_flow(work: work_module.Work) -> linear_flow.Flow:
    """Return the flow.

    :raises NotImplementedError: a plugin can't copy.
    """
    return resource_graph.build_flow(
        work,
        initiate=copy.InitiateCopyTask(work),
        complete=copy.CompleteCopyTask(work),
        get_operation=lambda item: work.plugin(item.type).get_copy_operation(
            item
        ),
    )
