# SPDX-License-Identifier: Apache-2.0
"""Each bank driver against the contract."""

import concurrent.futures
import hashlib
import threading

import pytest

from karbor_copy import exceptions
from karbor_copy.banks import file_system
from karbor_copy.banks import memory
from karbor_copy.banks import retry
from karbor_copy.banks import swift
from karbor_copy.banks import swift_large
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

    def test_another_container_of_the_server_is_copied_from(self, bank):
        other = self.another()
        other.set_up()
        banks.put(other, banks.KEY, b"value")
        with bank.batch() as writer:
            told = banks.copy(writer, other, banks.KEY, "copy", 5)
            with pytest.raises(exceptions.ObjectNotFound):
                banks.copy(writer, other, "nothing", "other copy", 5)
        md5 = hashlib.md5(b"value").hexdigest()  # noqa: S324
        assert told in ({"md5": md5}, {})
        assert banks.get(bank, "copy") == b"value"

    def test_another_server_is_not_copied_from(self, bank):
        far = object_stores.swift_bank(
            "swift" if "two" in type(self).__name__.lower() else "swift-two"
        )
        far.set_up()
        banks.put(far, banks.KEY, b"value")
        with bank.batch() as writer:
            assert banks.copy(writer, far, banks.KEY, "copy", 5) is None

    @pytest.fixture
    def bank(self, made):
        yield made
        for info in made.list():
            made.delete(info.key)


class TestSwift(ServerContract):
    @staticmethod
    def another():
        return object_stores.swift_bank("swift")


class TestSwiftWithKeystone(ServerContract):
    @staticmethod
    def another():
        return swift.SwiftBank(**object_stores.keystone_options())


class TestSwiftInSegments(ServerContract):
    """Nearly every object is a large one, of two segments."""

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def segments(cls):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(swift_large, "SEGMENT_SIZE", 2)
            patch.setattr(swift_large, "MAX_SEGMENTS", 2)
            yield

    @staticmethod
    def another():
        return object_stores.swift_bank()


class TestS3(ServerContract):
    @staticmethod
    def another():
        return object_stores.s3_bank()


if object_stores.OTHER_S3:

    class TestAnotherS3(ServerContract):
        """A server that runs already, such as Ceph's."""

        @staticmethod
        def another():
            return object_stores.other_s3_bank()


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
