# SPDX-License-Identifier: Apache-2.0
"""What the flow of each operation is made of."""

import pathlib
import time
from collections.abc import Callable
from collections.abc import Iterator

import pytest
from taskflow.patterns import linear_flow

from karbor_copy.data_models import resource
from karbor_copy.data_models import status
from karbor_copy.plugins import base
from karbor_copy.protection import running
from karbor_copy.protection import threads
from karbor_copy.protection import work
from karbor_copy.protection.flows import operation_flow
from karbor_copy.protection.tasks import copy_tasks
from karbor_copy.protection.tasks import delete_tasks
from karbor_copy.protection.tasks import protect_tasks
from karbor_copy.protection.tasks import resource_tasks
from karbor_copy.protection.tasks import use_tasks
from karbor_copy.providers import registry
from tests.fakes import logs
from tests.fakes import operations
from tests.fakes import plugins
from tests.fakes import providers

ARCHITECTURE = (
    pathlib.Path(__file__).resolve().parents[4]
    / "doc/source/contributor/architecture.rst"
)
SERVER = resource.Resource(plugins.SERVER, "server", "")
VOLUME = resource.Resource(plugins.VOLUME, "volume", "")
GRAPH = resource.build_graph((SERVER, VOLUME), {SERVER.key: (VOLUME.key,)})

Type = status.OperationType
MakeWork = Callable[..., work.Work]


@pytest.fixture
def make_work(tmp_path: pathlib.Path) -> Iterator[MakeWork]:
    with operations.transfer() as transfer:

        def make(
            kind: status.OperationType,
            *,
            plugin: str,
            graph: resource.ResourceGraph = GRAPH,
        ) -> work.Work:
            providers.write(
                tmp_path,
                "one.conf",
                plugin=plugin,
                more="[volume_file_plugin]\nvolumes_path = /volumes\n",
            )
            provider = registry.load(tmp_path).get(providers.ONE)
            return work.Work(
                operation=running.RunningOperation(
                    logs.operation_log(operation_type=kind),
                    time.monotonic() + 60,
                    lease=60.0,
                ),
                provider=provider,
                context=operations.member(),
                graph=graph,
                parameters={},
                transfer=transfer,
                bank=operations.new_bank(),
            )

        yield make


def _atoms(flow: linear_flow.Flow) -> dict[str, resource_tasks.ResourceTask]:
    """Return the tasks of the graph by name."""
    _first, graph, _last = flow
    return {atom.name: atom for atom in graph}


@pytest.mark.parametrize(
    ("kind", "initiate", "complete", "atom"),
    [
        (
            Type.PROTECT,
            protect_tasks.InitiateProtectTask,
            protect_tasks.CompleteProtectTask,
            resource_tasks.ResourceTask,
        ),
        (
            Type.COPY,
            copy_tasks.InitiateCopyTask,
            copy_tasks.CompleteCopyTask,
            resource_tasks.ResourceTask,
        ),
        (
            Type.RESTORE,
            use_tasks.InitiateUseTask,
            use_tasks.CompleteUseTask,
            resource_tasks.RestoreTask,
        ),
        (
            Type.VERIFY,
            use_tasks.InitiateUseTask,
            use_tasks.CompleteUseTask,
            resource_tasks.VerifyTask,
        ),
        (
            Type.DELETE,
            delete_tasks.InitiateDeleteTask,
            delete_tasks.CompleteDeleteTask,
            resource_tasks.ResourceTask,
        ),
    ],
)
def test_the_parts_of_each_flow(make_work, kind, initiate, complete, atom):
    made = make_work(
        kind,
        plugin=providers.VOLUME_FILE,
        graph=resource.build_graph((VOLUME,), {}),
    )
    flow = operation_flow.build_flow(made)
    first, _graph, last = flow
    assert (type(first), type(last)) == (initiate, complete)
    (found,) = _atoms(flow).values()
    assert type(found) is atom
    assert found.name == f"{kind}:on_main:{VOLUME.key}"


def test_a_task_waits_by_name_for_those_before_it(make_work):
    flow = operation_flow.build_flow(
        make_work(Type.COPY, plugin=plugins.STACK)
    )
    last = _atoms(flow)[f"copy:on_complete:{SERVER.key}"]
    assert last.requires == {
        f"copy:on_main:{SERVER.key}",
        f"copy:on_complete:{VOLUME.key}",
    }


def test_it_is_as_the_documentation_draws_it(make_work):
    made = make_work(Type.COPY, plugin=providers.NOOP)
    flow = operation_flow.build_flow(made)
    first, graph, last = flow
    volume, server = sorted(_atoms(flow))
    lines = [
        first.name,
        f"  └ {graph.name}",
        f"      ├ {volume}",
        f"      └ {server}",
        last.name,
    ]
    drawing = "".join(f"    {line}\n" for line in lines)
    for name in (made.operation.id, SERVER.id, VOLUME.id):
        drawing = drawing.replace(name, "<id>")
    assert drawing in ARCHITECTURE.read_text(encoding="utf-8")


def test_a_plugin_without_the_operation_is_told_while_building(make_work):
    image = resource.Resource(plugins.IMAGE, "image", "")
    made = make_work(
        Type.COPY,
        plugin=plugins.POINTER,
        graph=resource.build_graph((image,), {}),
    )
    with pytest.raises(NotImplementedError):
        operation_flow.build_flow(made)


def test_what_stops_one_hook_stops_the_operation(make_work):
    class Refused(base.Operation):
        def on_main(self, **kwargs):
            raise threads.NoThreadLeft

    made = make_work(Type.COPY, plugin=providers.NOOP)
    task = resource_tasks.ResourceTask(
        "one",
        work=made,
        resource=VOLUME,
        operation=Refused(),
        hook="on_main",
        after=(),
        last="on_main",
    )
    for call in (task.execute, made.operation.check):
        with pytest.raises(threads.NoThreadLeft):
            call()


def test_hooks_count_where_they_are_overridden():
    class Derived(base.Operation):
        def on_complete(self, **kwargs):
            pass

        def on_prepare_begin(self, **kwargs):
            pass

    class Foreign:
        def on_main(self, **kwargs):
            pass

    assert operation_flow.defined_hooks(base.Operation()) == ()
    assert operation_flow.defined_hooks(Derived()) == (
        "on_prepare_begin",
        "on_complete",
    )
    assert operation_flow.defined_hooks(Foreign()) == ("on_main",)
