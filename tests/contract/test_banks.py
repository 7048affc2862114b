# SPDX-License-Identifier: Apache-2.0
"""Each bank driver against the contract."""

import pytest

from karbor_copy.banks import file_system
from karbor_copy.banks import memory
from karbor_copy.banks import retry
from tests.contract import banks
from tests.fixtures import object_stores


class TestMemory(banks.BankContract):
    @pytest.fixture
    def missing(self):
        return memory.MemoryBank()

    @pytest.fixture
    def bank(self, missing):
        missing.set_up()
        return missing


class TestFileSystem(banks.BankContract):
    @pytest.fixture
    def missing(self, tmp_path):
        return file_system.FileSystemBank(
            file_system_bank_path=str(tmp_path / "bank")
        )

    @pytest.fixture
    def bank(self, missing):
        missing.set_up()
        return missing


class TestSwift(banks.BankContract):
    @pytest.fixture(params=object_stores.REGIONS)
    def missing(self, request):
        return object_stores.swift_bank(request.param)

    @pytest.fixture
    def bank(self, missing):
        missing.set_up()
        return missing


class TestRetrying(banks.BankContract):
    """The patient wrapper changes nothing of a bank that is well."""

    @pytest.fixture
    def missing(self):
        return retry.RetryingBank(
            memory.MemoryBank(), timeout=0, check=lambda: None
        )

    @pytest.fixture
    def bank(self, missing):
        missing.set_up()
        return missing

    def test_tells_of_itself(self, bank):
        assert bank.properties == memory.MemoryBank().properties
        assert bank.location == "memory:private"
