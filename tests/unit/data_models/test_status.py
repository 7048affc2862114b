# SPDX-License-Identifier: Apache-2.0
"""The tables of transitions, and how members make a request's status."""

import enum
from collections.abc import Mapping

import hypothesis
import pytest
from hypothesis import strategies

from karbor_copy.data_models import status

_COPY = status.CopyStatus


@pytest.mark.parametrize(
    ("table", "states"),
    [
        (status.CHECKPOINT_TRANSITIONS, status.CheckpointStatus),
        (status.CHECKPOINT_COPY_TRANSITIONS, status.CopyStatus),
        (status.COPY_TRANSITIONS, status.CopyStatus),
        (status.OPERATION_TRANSITIONS, status.OperationState),
        (status.RECORD_TRANSITIONS, status.RestoreStatus),
    ],
)
def test_every_status_stands_in_its_table(
    table: Mapping[str, frozenset[str]], states: type[enum.StrEnum]
) -> None:
    assert set(table) == set(states)
    assert all(before <= set(states) for before in table.values())


def test_ended_checkpoint_copies_stay_as_they_are() -> None:
    ended = {_COPY.FINISHED, _COPY.ERROR, _COPY.CANCELLED}
    for before in status.CHECKPOINT_COPY_TRANSITIONS.values():
        assert not before & ended


def test_deleted_checkpoints_stay_deleted() -> None:
    for before in status.CHECKPOINT_TRANSITIONS.values():
        assert status.CheckpointStatus.DELETED not in before


def test_every_operation_type_has_its_log_statuses() -> None:
    assert set(status.OPERATION_LOG_STATUSES) == set(status.OperationType)


def test_names_of_the_specification() -> None:
    assert status.CHECKPOINT_STATUS_WAIT_COPYING == "wait_copying"
    assert status.CHECKPOINT_STATUS_COPYING == "copying"
    assert status.CHECKPOINT_STATUS_COPY_FINISHED == "finished"


@pytest.mark.parametrize(
    ("members", "wanted"),
    [
        ({}, _COPY.FINISHED),
        ({_COPY.FINISHED: 3}, _COPY.FINISHED),
        ({_COPY.WAIT_COPYING: 2}, _COPY.WAIT_COPYING),
        ({_COPY.WAIT_COPYING: 2, _COPY.FINISHED: 1}, _COPY.COPYING),
        ({_COPY.COPYING: 1, _COPY.ERROR: 1}, _COPY.COPYING),
        ({_COPY.FINISHED: 4, _COPY.ERROR: 1}, _COPY.ERROR),
        ({_COPY.CANCELLED: 4, _COPY.ERROR: 1}, _COPY.ERROR),
        ({_COPY.CANCELLED: 1, _COPY.FINISHED: 9}, _COPY.CANCELLED),
    ],
)
def test_settle_copy(members: dict[_COPY, int], wanted: _COPY) -> None:
    assert status.settle_copy(members) is wanted


@hypothesis.given(
    strategies.dictionaries(
        strategies.sampled_from(list(_COPY)), strategies.integers(0, 5)
    )
)
def test_a_request_is_open_exactly_while_a_member_is(
    members: dict[_COPY, int],
) -> None:
    open_members = sum(
        members.get(each, 0) for each in status.OPEN_COPY_STATUSES
    )
    settled = status.settle_copy(members)
    assert (settled in status.OPEN_COPY_STATUSES) is bool(open_members)
