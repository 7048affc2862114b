# SPDX-License-Identifier: Apache-2.0
"""Each bank driver against the contract."""

import concurrent.futures
import threading

import pytest

from karbor_copy import exceptions
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


class ServerContract(banks.BankContract):
    """Clients are dear: one for all tests, and a container that is emptied."""

    @pytest.fixture(scope="class")
    @classmethod
    def missing(cls):
        return cls.another()

    @pytest.fixture(scope="class")
    @classmethod
    def made(cls):
        found = cls.another()
        found.set_up()
        return found

    def test_of_racing_new_puts_one_wins(self, bank):
        """Swift may take several; the last one stays, and knows it."""
        together = threading.Barrier(4)

        def work(number):
            data = f"value {number}".encode()
            together.wait()
            try:
                banks.put_new(bank, key, data)
            except exceptions.ObjectExists:
                return None
            return data

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for turn in range(5):
                key = f"a/{turn}/b"
                won = [data for data in pool.map(work, range(4)) if data]
                assert banks.get(bank, key) in won

    @pytest.fixture
    def bank(self, made):
        yield made
        for info in made.list():
            made.delete(info.key)


class TestSwift(ServerContract):
    @staticmethod
    def another():
        return object_stores.swift_bank("swift")


class TestSwiftInRegionTwo(ServerContract):
    @staticmethod
    def another():
        return object_stores.swift_bank("swift-two")


class TestS3(ServerContract):
    @staticmethod
    def another():
        return object_stores.s3_bank()


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
