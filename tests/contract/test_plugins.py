# SPDX-License-Identifier: Apache-2.0
"""What every protection plugin must do, whatever it protects."""

import abc
import contextlib
import dataclasses
import pathlib
import random
from collections.abc import Iterator

import pytest

from karbor_copy import exceptions
from karbor_copy.banks import base as bank_base
from karbor_copy.banks import file_system
from karbor_copy.banks import retry
from karbor_copy.banks import transfer as bank_transfer
from karbor_copy.data_models import resource
from karbor_copy.plugins import base
from karbor_copy.plugins import noop
from tests.fakes import operations
from tests.fakes import volumes


class Case(abc.ABC):
    """One plugin, and the world of the resources that it protects."""

    plugin: base.ProtectionPlugin
    #: Whether protecting leaves anything in the bank.
    has_data: bool

    @abc.abstractmethod
    def make_resource(self) -> resource.Resource: ...

    @abc.abstractmethod
    def lose(self, found: resource.Resource) -> None:
        """Lose the resource in the cloud."""

    @abc.abstractmethod
    def assert_restored(
        self, found: resource.Resource, new_id: str | None
    ) -> None: ...

    @abc.abstractmethod
    def assert_not_restored(self) -> None: ...


class NoopCase(Case):
    has_data = False

    def __init__(self, path: pathlib.Path) -> None:
        self.plugin = noop.NoopProtectionPlugin(None)

    def make_resource(self) -> resource.Resource:
        return resource.Resource("OS::Nova::Server", "5c1b", "server")

    def lose(self, found: resource.Resource) -> None:
        pass

    def assert_restored(
        self, found: resource.Resource, new_id: str | None
    ) -> None:
        assert new_id is None

    def assert_not_restored(self) -> None:
        pass


class VolumeFileCase(Case):
    has_data = True

    def __init__(self, path: pathlib.Path) -> None:
        self.plugin = volumes.make_plugin(path)
        self._path = path
        size = 3 * volumes.CHUNK_SIZE + 17
        self._data = bytearray(random.randbytes(size))
        self._data[volumes.CHUNK_SIZE : 2 * volumes.CHUNK_SIZE] = bytes(
            volumes.CHUNK_SIZE
        )

    def make_resource(self) -> resource.Resource:
        return volumes.make(self._path, bytes(self._data))

    def lose(self, found: resource.Resource) -> None:
        for path in self._path.iterdir():
            path.unlink()

    def assert_restored(
        self, found: resource.Resource, new_id: str | None
    ) -> None:
        shown = self.plugin.show_resource(
            operations.member(), found.type, new_id or ""
        )
        assert shown is not None
        assert shown.name == found.name
        assert shown.id != found.id
        path = self._path / f"volume-{new_id}"
        assert path.read_bytes() == self._data

    def assert_not_restored(self) -> None:
        assert not list(self._path.iterdir())


@pytest.fixture(params=[NoopCase, VolumeFileCase])
def case(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Case:
    found: Case = request.param(tmp_path)
    return found


@pytest.fixture
def transfer() -> Iterator[bank_transfer.Transfer]:
    with operations.transfer() as found:
        yield found


def protect(
    case: Case,
    checkpoint: operations.Checkpoint,
    found: resource.Resource,
    transfer: bank_transfer.Transfer,
    epoch: int = 1,
) -> None:
    given = operations.arguments(
        checkpoint.for_writing(),
        found,
        transfer,
        operation_log=operations.OperationLog(epoch=epoch),
    )
    operations.run(case.plugin.get_protect_operation(found), **given)


def copy(
    case: Case,
    source: operations.Checkpoint,
    target: operations.Checkpoint,
    found: resource.Resource,
    transfer: bank_transfer.Transfer,
) -> None:
    given = operations.arguments(
        source.for_reading(),
        found,
        transfer,
        checkpoint_copy=target.for_writing(),
    )
    operations.run(case.plugin.get_copy_operation(found), **given)


def verify(
    case: Case,
    checkpoint: operations.Checkpoint,
    found: resource.Resource,
    transfer: bank_transfer.Transfer,
) -> operations.Record:
    record = operations.Record()
    given = operations.arguments(
        checkpoint.for_reading(),
        found,
        transfer,
        verify=record,
        new_resources={},
    )
    operations.run(case.plugin.get_verify_operation(found), **given)
    return record


def restore(
    case: Case,
    checkpoint: operations.Checkpoint,
    found: resource.Resource,
    transfer: bank_transfer.Transfer,
    record: operations.Record,
) -> str | None:
    new_resources: dict[str, str] = {}
    given = operations.arguments(
        checkpoint.for_reading(),
        found,
        transfer,
        restore=record,
        new_resources=new_resources,
    )
    operations.run(case.plugin.get_restore_operation(found), **given)
    return new_resources.get(found.id)


def delete(
    case: Case,
    checkpoint: operations.Checkpoint,
    found: resource.Resource,
    transfer: bank_transfer.Transfer,
) -> None:
    given = operations.arguments(checkpoint.for_writing(), found, transfer)
    operations.run(case.plugin.get_delete_operation(found), **given)


@dataclasses.dataclass
class Pair:
    source: operations.Checkpoint
    target: operations.Checkpoint
    found: resource.Resource


def file_system_bank(path: pathlib.Path) -> bank_base.Bank:
    bank = file_system.FileSystemBank(file_system_bank_path=str(path))
    bank.set_up()
    return retry.RetryingBank(bank, check=lambda: None)


@pytest.fixture(params=["memory", "file system"])
def pair(
    request: pytest.FixtureRequest,
    case: Case,
    tmp_path_factory: pytest.TempPathFactory,
) -> Pair:
    """A resource and its checkpoints, nothing protected yet."""
    banks: list[bank_base.Bank] = [operations.new_bank() for _ in range(2)]
    if request.param == "file system":
        banks = [
            file_system_bank(tmp_path_factory.mktemp(name))
            for name in ("source", "target")
        ]
    found = case.make_resource()
    source, target = (operations.Checkpoint(bank, found) for bank in banks)
    return Pair(source, target, found)


def forget(checkpoint: operations.Checkpoint) -> None:
    """Lose all that a bank holds of a checkpoint."""
    for key in checkpoint.objects():
        checkpoint.bank.delete(f"checkpoints/{checkpoint.id}/{key}")


class TestPlugin:
    def test_whole_life(
        self, case: Case, pair: Pair, transfer: bank_transfer.Transfer
    ) -> None:
        protect(case, pair.source, pair.found, transfer)
        assert bool(pair.source.objects()) == case.has_data
        verify(case, pair.source, pair.found, transfer)
        copy(case, pair.source, pair.target, pair.found, transfer)
        assert pair.target.objects() == pair.source.objects()
        forget(pair.source)
        case.lose(pair.found)
        verify(case, pair.target, pair.found, transfer)
        new_id = restore(
            case, pair.target, pair.found, transfer, operations.Record()
        )
        case.assert_restored(pair.found, new_id)
        delete(case, pair.target, pair.found, transfer)
        left = pair.target.objects()
        assert not [key for key in left if not key.endswith("/status")]

    def test_every_operation_may_run_again(
        self, case: Case, pair: Pair, transfer: bank_transfer.Transfer
    ) -> None:
        for epoch in (1, 1, 2):
            protect(case, pair.source, pair.found, transfer, epoch)
        entries = pair.source.recorder.entries()
        assert set(entries) >= set(pair.source.objects())
        for _ in range(2):
            verify(case, pair.source, pair.found, transfer)
        for _ in range(2):
            with operations.transfer() as another:
                copy(case, pair.source, pair.target, pair.found, another)
        assert pair.target.objects() == pair.source.objects()
        case.lose(pair.found)
        record = operations.Record()
        ids = {
            restore(case, pair.target, pair.found, transfer, record)
            for _ in range(2)
        }
        assert len(ids) == 1
        case.assert_restored(pair.found, ids.pop())
        for _ in range(2):
            delete(case, pair.target, pair.found, transfer)

    def test_a_stop_passes(
        self, case: Case, pair: Pair, transfer: bank_transfer.Transfer
    ) -> None:
        def stops() -> contextlib.AbstractContextManager[object]:
            if not case.has_data:  # there is no work to stop
                return contextlib.nullcontext()
            return pytest.raises(exceptions.OperationStopped)

        with operations.transfer(operations.stop) as stopped:
            with stops():
                protect(case, pair.source, pair.found, stopped)
            protect(case, pair.source, pair.found, transfer)
            with stops():
                verify(case, pair.source, pair.found, stopped)
            with stops():
                copy(case, pair.source, pair.target, pair.found, stopped)
            case.lose(pair.found)
            record = operations.Record()
            with stops():
                restore(case, pair.source, pair.found, stopped, record)
            case.assert_not_restored()
            with stops():
                delete(case, pair.source, pair.found, stopped)

    def test_its_schemas_are_objects_of_properties(self, case: Case) -> None:
        for resource_type in case.plugin.get_supported_resources_types():
            for kind in ("options", "saved_info", "restore", "verify", "copy"):
                method = getattr(case.plugin, f"get_{kind}_schema")
                schema = method(resource_type)
                assert not schema or schema["type"] == "object"
                assert not schema or "properties" in schema
