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

#: A graph flow of more atoms takes taskflow minutes to compile.
MAX_ATOMS = 1000

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

    The atoms come in batches that run one after the other, each a graph;
    within the batches, and across them, Karbor's hook order holds.

    :raises NotImplementedError: the plugin of a resource has no such
        operation.
    """
    operation = work.operation
    kind = operation.log.operation_type
    flow = linear_flow.Flow(f"{kind}:{operation.id}")
    flow.add(initiate)
    for number, batch in enumerate(_batches(work, get_operation, task_class)):
        graph = graph_flow.Flow(f"ResourceGraphFlow_{kind}:{number}")
        graph.add(*batch)
        flow.add(graph)
    flow.add(complete)
    return flow


def _batches(
    work: work_module.Work,
    get_operation: GetOperation,
    task_class: type[resource_tasks.ResourceTask],
) -> Iterator[list[resource_tasks.ResourceTask]]:
    nodes = {node.key: node for node in work.graph.nodes}
    operations = {key: get_operation(node) for key, node in nodes.items()}
    hooks = {key: defined_hooks(item) for key, item in operations.items()}
    kind = work.operation.log.operation_type
    batch: list[resource_tasks.ResourceTask] = []
    for atom, before in hook_graph.HookGraph(work.graph, hooks).atoms():
        batch.append(
            task_class(
                _name(kind, atom),
                work=work,
                resource=nodes[atom.key],
                operation=operations[atom.key],
                hook=atom.hook,
                after=sorted(_name(kind, earlier) for earlier in before),
                last=hooks[atom.key][-1],
            )
        )
        if len(batch) == MAX_ATOMS:
            yield batch
            batch = []
    if batch:
        yield batch


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
