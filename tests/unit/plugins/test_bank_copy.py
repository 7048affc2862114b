# SPDX-License-Identifier: Apache-2.0
"""Tests of karbor_copy.plugins.bank_copy."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

import pytest

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import memory
from karbor_copy.data_models import resource
from karbor_copy.plugins import bank_copy
from karbor_copy.plugins import noop
from tests.fakes import operations

NETWORK = resource.Resource("OS::Neutron::Network", "e486", "net")
PROJECT = resource.Resource("OS::Keystone::Project", "e486", "project")


def section_of(checkpoint: operations.Checkpoint) -> Any:
    return checkpoint.for_writing().get_resource_bank_section(NETWORK.id)


@pytest.fixture
def source() -> operations.Checkpoint:
    """What Karbor leaves of a resource that it cut into two chunks."""
    checkpoint = operations.Checkpoint(operations.new_bank(), NETWORK)
    section = section_of(checkpoint)
    section.update_object("status", "available")
    section.update_object("metadata", {"chunks_num": 2})
    section.update_object("data_1", b"one")
    section.update_object("data_2", b"\xff\xfe")
    return checkpoint


@pytest.fixture
def target() -> operations.Checkpoint:
    return operations.Checkpoint(operations.new_bank(), NETWORK)


def copy(
    source: Any,
    target: operations.Checkpoint,
    operation: bank_copy.BankCopyOperation | None = None,
    progress: operations.Progress | None = None,
) -> None:
    with operations.transfer(progress=progress) as transfer:
        given = operations.arguments(
            source, NETWORK, transfer, checkpoint_copy=target.for_writing()
        )
        operations.run(operation or bank_copy.BankCopyOperation(), **given)


@pytest.mark.parametrize("view", ["for_reading", "without_manifest"])
def test_a_section_is_copied(
    source: operations.Checkpoint, target: operations.Checkpoint, view: str
) -> None:
    copy(getattr(source, view)(), target)
    assert target.objects() == source.objects()
    assert target.recorder.entries() == source.recorder.entries()


def test_resources_of_one_id_are_copied_once(
    source: operations.Checkpoint, target: operations.Checkpoint
) -> None:
    progress = operations.Progress()
    with operations.transfer(progress=progress) as transfer:
        for found in (NETWORK, PROJECT):
            given = operations.arguments(
                source.for_reading(),
                found,
                transfer,
                checkpoint_copy=target.for_writing(),
            )
            operations.run(bank_copy.BankCopyOperation(), **given)
    assert progress.total[0] == len(source.objects())
    assert progress.skipped == (0, 0)


def test_two_operations_do_not_hinder_each_other(
    source: operations.Checkpoint, target: operations.Checkpoint
) -> None:
    other = operations.Checkpoint(operations.new_bank(), NETWORK)
    copy(source.for_reading(), target)
    copy(source.for_reading(), other)
    assert other.objects() == source.objects()


class FailingBank(memory.MemoryBank):
    """Answers the first put that it is told to fail with an error."""

    failures = 1

    def put(
        self,
        key: str,
        chunks: Iterable[bytes | memoryview],
        *,
        size: int,
        digests: Mapping[str, str] | None = None,
        serialized: bool = False,
    ) -> base.ObjectInfo:
        if self.failures:
            self.failures -= 1
            raise exceptions.BankUnavailable(reason="busy")
        return super().put(
            key, chunks, size=size, digests=digests, serialized=serialized
        )


def test_what_failed_may_be_tried_again_with_the_same_transfer(
    source: operations.Checkpoint,
) -> None:
    bank = FailingBank()
    bank.set_up()
    target = operations.Checkpoint(bank, NETWORK)
    with operations.transfer() as transfer:
        given = operations.arguments(
            source.for_reading(),
            NETWORK,
            transfer,
            checkpoint_copy=target.for_writing(),
        )
        with pytest.raises(exceptions.BankUnavailable):
            operations.run(bank_copy.BankCopyOperation(), **given)
        operations.run(bank_copy.BankCopyOperation(), **given)
    assert target.objects() == source.objects()


class TestWithoutManifest:
    @pytest.mark.parametrize("value", ["protecting", "error", b"\xff", 1])
    def test_an_unfinished_resource_is_refused(
        self,
        source: operations.Checkpoint,
        target: operations.Checkpoint,
        value: Any,
    ) -> None:
        section_of(source).update_object("status", value)
        with pytest.raises(exceptions.ResourceFailed, match="status"):
            copy(source.without_manifest(), target)
        assert not target.objects()

    def test_a_resource_without_status_is_refused(
        self, source: operations.Checkpoint, target: operations.Checkpoint
    ) -> None:
        section_of(source).delete("status")
        with pytest.raises(exceptions.ResourceFailed, match="no status"):
            copy(source.without_manifest(), target)

    @pytest.mark.parametrize("number", [1, 3, "2", None])
    def test_chunks_must_be_as_many_as_the_metadata_say(
        self,
        source: operations.Checkpoint,
        target: operations.Checkpoint,
        number: Any,
    ) -> None:
        section_of(source).update_object("metadata", {"chunks_num": number})
        with pytest.raises(exceptions.SourceCorrupt, match="chunks"):
            copy(source.without_manifest(), target)
        assert not target.objects()

    @pytest.mark.parametrize("metadata", [{"backup_name": "b"}, "text"])
    def test_metadata_need_not_count_chunks(
        self,
        source: operations.Checkpoint,
        target: operations.Checkpoint,
        metadata: Any,
    ) -> None:
        section_of(source).update_object("metadata", metadata)
        copy(source.without_manifest(), target)
        assert target.objects() == source.objects()

    def test_metadata_need_not_be_there(
        self, source: operations.Checkpoint, target: operations.Checkpoint
    ) -> None:
        section_of(source).delete("metadata")
        copy(source.without_manifest(), target)
        assert target.objects() == source.objects()

    def test_a_source_that_changes_is_no_source(
        self, source: operations.Checkpoint, target: operations.Checkpoint
    ) -> None:
        changes = [lambda: section_of(source).update_object("late", b"x")]
        target.bank = meddling_bank(changes)
        with pytest.raises(exceptions.SourceChanged):
            copy(source.without_manifest(), target)

    def test_an_empty_section_is_right_for_the_noop_plugin_only(
        self, target: operations.Checkpoint
    ) -> None:
        empty = operations.Checkpoint(operations.new_bank(), NETWORK)
        with pytest.raises(exceptions.ResourceFailed):
            copy(empty.without_manifest(), target)
        copy(empty.without_manifest(), target, noop.NoopCopyOperation())
        assert not target.objects()

    def test_the_noop_plugin_copies_finished_sections_only(
        self, source: operations.Checkpoint, target: operations.Checkpoint
    ) -> None:
        copy(source.without_manifest(), target, noop.NoopCopyOperation())
        assert target.objects() == source.objects()
        section_of(source).update_object("status", "error")
        with pytest.raises(exceptions.ResourceFailed):
            copy(source.without_manifest(), target, noop.NoopCopyOperation())


def meddling_bank(changes: list[Callable[[], None]]) -> memory.MemoryBank:
    """Return a bank that makes the changes when it is first written to."""

    class MeddlingBank(memory.MemoryBank):
        def put(self, *args: Any, **kwargs: Any) -> base.ObjectInfo:
            while changes:
                changes.pop()()
            return super().put(*args, **kwargs)

    bank = MeddlingBank()
    bank.set_up()
    return bank
