# SPDX-License-Identifier: Apache-2.0
"""Tests of karbor_copy.cmd.status that need no process."""

import dataclasses
import pathlib

import pytest
from oslo_upgradecheck import upgradecheck

from karbor_copy.cmd import status
from karbor_copy.providers import registry
from tests.fakes import providers


def test_a_bank_that_can_not_be_made(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    providers.write(tmp_path, "a.conf")
    good = registry.load(tmp_path).get(providers.ONE)
    bad = dataclasses.replace(good, bank_options={"nope": 1})
    for provider, code in (
        (good, upgradecheck.Code.SUCCESS),
        (bad, upgradecheck.Code.FAILURE),
    ):
        loaded = registry.Registry({provider.id: provider})
        monkeypatch.setattr(status, "_registry", lambda known=loaded: known)
        found = status.Checks()._check_banks()
        assert found.code == code
    assert found.details is not None
    assert found.details.startswith(
        f"provider {providers.ONE}: bank 'karbor-memory-bank-plugin': "
    )
