# SPDX-License-Identifier: Apache-2.0
"""The flow of a protect: initiate, the plugins, complete."""

from taskflow.patterns import linear_flow

from karbor_copy.protection import work as work_module
from karbor_copy.protection.flows import resource_graph
from karbor_copy.protection.tasks import protect


def build_protect_flow(work: work_module.Work) -> linear_flow.Flow:
    """Return the flow.

    :raises NotImplementedError: a plugin can't protect.
    """
    return resource_graph.build_flow(
        work,
        initiate=protect.InitiateProtectTask(work),
        complete=protect.CompleteProtectTask(work),
        get_operation=lambda item: work.plugin(
            item.type
        ).get_protect_operation(item),
    )
