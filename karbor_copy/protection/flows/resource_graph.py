# SPDX-License-Identifier: Apache-2.0
"""The whole of every flow: first task, one per hook and resource, last."""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping

from taskflow.patterns import graph_flow
from taskflow.patterns import linear_flow

from karbor_copy.data_models import resource
from karbor_copy.plugins import base
from karbor_copy.protection import work as work_module
from karbor_copy.protection.flows import hook_graph
from karbor_copy.protection.tasks import lifecycle
from karbor_copy.protection.tasks import resource as resource_tasks

GetOperation = Callable[[resource.Resource], base.Operation]


def build_flow(
    work: work_module.Work,
    *,
    initiate: lifecycle.InitiateTask,
    complete: lifecycle.CompleteTask,
    get_operation: GetOperation,
    task_class: type[
        resource_tasks.ResourceTask
    ] = resource_tasks.ResourceTask,
) -> linear_flow.Flow:
    """Return the flow of one operation on one checkpoint.

    All atoms stand in one graph: taskflow takes 10 s for 2,400 of them, but
    many minutes when they come as several graphs in a row.

    :raises NotImplementedError: the plugin of a resource has no such
        operation.
    """
    operation = work.operation
    kind = operation.log.operation_type
    flow = linear_flow.Flow(f"{kind}:{operation.id}")
    graph = graph_flow.Flow(f"ResourceGraphFlow_{kind}")
    graph.add(*_tasks(work, get_operation, task_class))
    flow.add(initiate, graph, complete)
    return flow


def _tasks(
    work: work_module.Work,
    get_operation: GetOperation,
    task_class: type[resource_tasks.ResourceTask],
) -> Iterator[resource_tasks.ResourceTask]:
    nodes = {node.key: node for node in work.graph.nodes}
    operations = {key: get_operation(node) for key, node in nodes.items()}
    hooks = {key: defined_hooks(item) for key, item in operations.items()}
    kind = work.operation.log.operation_type
    for atom, before in hook_graph.HookGraph(work.graph, hooks).atoms():
        yield task_class(
            _name(kind, atom),
            work=work,
            resource=nodes[atom.key],
            operation=operations[atom.key],
            hook=atom.hook,
            after=sorted(_name(kind, earlier) for earlier in before),
            last=hooks[atom.key][-1],
        )


def _name(kind: str, atom: hook_graph.Atom) -> str:
    return f"{kind}:{atom.hook}:{atom.key}"


def defined_hooks(operation: base.Operation) -> tuple[str, ...]:
    """Return the hooks that the operation overrides, in their order.

    An operation of a vendor that does not derive from ours counts with
    whatever of the hooks it has.
    """
    defaults: Mapping[str, object] = vars(base.Operation)
    return tuple(
        hook
        for hook in base.HOOKS
        if getattr(type(operation), hook, defaults[hook]) is not defaults[hook]
    )
