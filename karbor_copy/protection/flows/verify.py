# SPDX-License-Identifier: Apache-2.0
"""The flow of a verify: InitiateUseTask, the plugins, CompleteUseTask."""

from taskflow.patterns import linear_flow

from karbor_copy.protection import work as work_module
from karbor_copy.protection.flows import resource_graph
from karbor_copy.protection.tasks import resource
from karbor_copy.protection.tasks import use


def build_verify_flow(work: work_module.Work) -> linear_flow.Flow:
    """Return the flow.

    :raises NotImplementedError: a plugin can't verify.
    """
    return resource_graph.build_flow(
        work,
        initiate=use.InitiateUseTask(work),
        complete=use.CompleteUseTask(work),
        get_operation=lambda item: work.plugin(item.type).get_verify_operation(
            item
        ),
        task_class=resource.VerifyTask,
    )
