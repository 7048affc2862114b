# SPDX-License-Identifier: Apache-2.0
import contextlib
import errno
import functools
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import hypothesis
import pytest
from hypothesis import strategies

from karbor_copy import exceptions
from karbor_copy.banks import directory
from karbor_copy.banks import directory_files
from karbor_copy.banks import directory_lost
from karbor_copy.banks import directory_temporary
from karbor_copy.banks import memory
from tests.contract import banks
from tests.fakes import bank_writer
from tests.fixtures import disks

ROOT = pathlib.Path(__file__).resolve().parents[3]
KEY = "a/b"


@pytest.fixture
def bank(tmp_path: pathlib.Path) -> directory.DirectoryBank:
    found = directory.DirectoryBank(str(tmp_path), "c")
    found.set_up()
    return found


@pytest.fixture
def small(tmp_path: pathlib.Path) -> Iterator[pathlib.Path]:
    """Return a file system of one mebibyte."""
    path = tmp_path / "small"
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(path)]
    if os.geteuid() or subprocess.run(command, check=False).returncode:
        pytest.skip("a full disk needs a mount: run the tests as root")
    yield path
    subprocess.run(["umount", str(path)], check=True)


def names(bank):
    return [info.key for info in bank.list()]


def temporary_files(tmp_path):
    return os.listdir(tmp_path / ".c.tmp")


# Layout.


def test_objects_are_files_in_karbors_layout(bank, tmp_path):
    banks.put(bank, "checkpoints/1/index.json", b"{}")
    path = tmp_path / "c" / "checkpoints" / "1" / "index.json"
    assert path.read_bytes() == b"{}"
    assert temporary_files(tmp_path) == []


def test_what_others_wrote_is_read(bank, tmp_path):
    path = tmp_path / "c" / "x" / "y"
    path.parent.mkdir()
    path.write_bytes(b"data")
    assert banks.get(bank, "x/y") == b"data"
    assert names(bank) == ["x/y"]


def test_works_where_only_the_container_was_made(tmp_path):
    (tmp_path / "c").mkdir()
    bank = directory.DirectoryBank(str(tmp_path), "c")
    banks.put(bank, KEY, b"x")
    assert banks.get(bank, KEY) == b"x"


def test_a_vanished_container_is_not_made_again(bank, tmp_path):
    banks.put(bank, KEY, b"x")
    (tmp_path / "c").rename(tmp_path / "away")
    with bank_unavailable():
        banks.put(bank, KEY, b"y")
    with bank_unavailable():
        banks.get(bank, KEY)
    with bank_unavailable():
        bank.delete(KEY)
    with bank_unavailable():
        names(bank)
    assert not (tmp_path / "c").exists()


def test_a_container_that_vanishes_during_a_batch(bank, tmp_path):
    with bank.batch() as writer:
        (tmp_path / "c").rename(tmp_path / "away")
        with bank_unavailable():
            banks.put(writer, KEY, b"y")


def bank_unavailable():
    return pytest.raises(exceptions.BankUnavailable)


def rejected():
    return pytest.raises(exceptions.BankRejected)


def test_what_is_no_file_is_no_object(bank, tmp_path):
    outside = tmp_path / "secret"
    outside.write_bytes(b"secret")
    (tmp_path / "c" / "link").symlink_to(outside)
    (tmp_path / "c" / "dirlink").symlink_to(tmp_path)
    (tmp_path / "c" / "empty").mkdir()
    os.mkfifo(tmp_path / "c" / "fifo")
    with open(os.fsencode(tmp_path / "c") + b"/\xff", "wb"):
        pass
    assert names(bank) == []
    for key in ("link", "empty", "fifo", "dirlink"):
        with pytest.raises(exceptions.ObjectNotFound):
            bank.stat(key)
        with pytest.raises(exceptions.ObjectNotFound):
            banks.get(bank, key)


def test_a_put_replaces_a_link_and_never_follows_it(bank, tmp_path):
    outside = tmp_path / "outside"
    outside.write_bytes(b"before")
    for batch in (True, False):
        (tmp_path / "c" / "link").symlink_to(outside)
        with bank.batch() as writer:
            banks.put(writer if batch else bank, "link", b"data")
        assert outside.read_bytes() == b"before"
        assert banks.get(bank, "link") == b"data"
        bank.delete("link")


def test_one_key_below_another_is_rejected(bank):
    banks.put(bank, "a", b"x")
    with bank.batch() as writer:
        for target in (bank, writer):
            with rejected():
                banks.put(target, "a/b", b"y")
    bank.delete("a/b")
    banks.put(bank, "d/e", b"x")
    with rejected():
        banks.put(bank, "d", b"y")
    assert names(bank) == ["a", "d/e"]


def test_a_name_too_long_for_the_file_system(bank):
    with rejected():
        banks.put(bank, "x" * 300, b"")


def test_set_up_where_it_can_not(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    bank = directory.DirectoryBank(str(tmp_path / "file"), "c")
    with rejected():
        bank.set_up()


def test_only_slashes_delimit(bank):
    with pytest.raises(ValueError, match="slash"):
        bank.list(delimiter="-")


key_parts = strategies.sampled_from(["a", "a-", "a.", "a0", "b", "ä", "€"])
some_keys = strategies.lists(key_parts, min_size=1, max_size=4).map("/".join)
prefixes = (
    some_keys | some_keys.map(lambda key: key + "/") | strategies.just("")
)


@hypothesis.given(
    strategies.lists(some_keys, max_size=12),
    prefixes,
    strategies.none() | prefixes,
    strategies.none() | strategies.integers(0, 5),
    strategies.sampled_from([None, "/"]),
)
def test_lists_as_a_flat_bank_does(
    tmp_path_factory, found, prefix, marker, limit, delimiter
):
    path = tmp_path_factory.mktemp("bank")
    bank = directory.DirectoryBank(str(path), "c")
    model = memory.MemoryBank()
    bank.set_up()
    model.set_up()
    with bank.batch() as writer:
        for key in found:
            try:
                banks.put(writer, key, key.encode())
            except exceptions.BankRejected:
                continue  # below another key
            banks.put(model, key, key.encode())
    arguments = (prefix, marker, limit, delimiter)
    assert [(i.key, i.size) for i in bank.list(*arguments)] == [
        (i.key, i.size) for i in model.list(*arguments)
    ]


def test_list_looks_only_where_it_must(bank, monkeypatch):
    with bank.batch() as writer:
        for number in range(9):
            banks.put(writer, f"x/{number}/a/b", b"")
    scanned = []
    scandir = os.scandir

    def spy(path):
        scanned.append(os.path.relpath(path, bank.location))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", spy)
    assert [i.key for i in bank.list("x/3/", limit=1)] == ["x/3/a/b"]
    assert scanned == ["x/3", "x/3/a"]
    scanned.clear()
    assert len(list(bank.list("x/", marker="x/7/z", limit=1))) == 1
    assert scanned == ["x", "x/7", "x/8", "x/8/a"]


# What errors mean.


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, exceptions.BankRejected),
        (errno.EDQUOT, exceptions.BankRejected),
        (errno.EROFS, exceptions.BankRejected),
        (errno.EACCES, exceptions.BankRejected),
        (errno.EPERM, exceptions.BankRejected),
        (errno.EIO, exceptions.BankUnavailable),
        (errno.ESTALE, exceptions.BankUnavailable),
        (errno.EMFILE, exceptions.BankUnavailable),
    ],
)
class TestErrors:
    @pytest.fixture(autouse=True)
    def _error(self, number):
        def fail(*args, **options):
            raise OSError(number, os.strerror(number))

        self.fail = fail

    def test_of_writing(self, bank, tmp_path, monkeypatch, kind):
        banks.put(bank, KEY, b"first")
        monkeypatch.setattr(os, "write", self.fail)
        with pytest.raises(kind):
            banks.put(bank, KEY, b"x")
        with bank.batch() as writer, pytest.raises(kind):
            banks.put(writer, KEY, b"x")
        assert banks.get(bank, KEY) == b"first"
        assert temporary_files(tmp_path) == []

    def test_of_flushing_a_put(self, bank, tmp_path, monkeypatch, kind):
        monkeypatch.setattr(os, "fsync", self.fail)
        with pytest.raises(kind):
            banks.put(bank, KEY, b"x")
        assert names(bank) == []
        assert temporary_files(tmp_path) == []

    def test_of_flushing_a_delete(self, bank, monkeypatch, kind):
        banks.put(bank, KEY, b"x")
        monkeypatch.setattr(os, "fsync", self.fail)
        with pytest.raises(kind):
            bank.delete(KEY)

    def test_of_flushing_a_batch(self, bank, monkeypatch, kind):
        monkeypatch.setattr(directory_files, "sync_file_system", self.fail)
        with pytest.raises(kind), bank.batch() as writer:
            banks.put(writer, KEY, b"x")

    def test_of_closing(self, bank, monkeypatch, kind):
        close = os.close

        def fail(file):
            close(file)
            self.fail()

        writer = bank.batch().__enter__()
        with monkeypatch.context() as patch:
            patch.setattr(os, "close", fail)
            with pytest.raises(kind):
                banks.put(writer, KEY, b"x")

    def test_of_opening(self, bank, monkeypatch, kind):
        banks.put(bank, KEY, b"x")
        monkeypatch.setattr(os, "open", self.fail)
        with pytest.raises(kind):
            banks.get(bank, KEY)
        with pytest.raises(kind):
            banks.put(bank, KEY, b"y")
        with pytest.raises(kind):
            bank.delete(KEY)

    def test_of_reading(self, bank, monkeypatch, kind):
        banks.put(bank, KEY, b"x")
        monkeypatch.setattr(os, "preadv", self.fail)
        with pytest.raises(kind):
            banks.get(bank, KEY)

    def test_of_looking(self, bank, monkeypatch, kind):
        banks.put(bank, KEY, b"x")
        monkeypatch.setattr(os, "lstat", self.fail)
        with pytest.raises(kind):
            bank.stat(KEY)

    def test_of_listing(self, bank, monkeypatch, kind):
        monkeypatch.setattr(os, "scandir", self.fail)
        with bank_unavailable():
            names(bank)

    def test_of_making_directories(self, bank, monkeypatch, kind):
        monkeypatch.setattr(os, "mkdir", self.fail)
        with bank.batch() as writer:
            for target in (bank, writer):
                with pytest.raises(kind):
                    banks.put(target, KEY, b"x")


@pytest.mark.parametrize("number", [errno.EIO, errno.EBADMSG, errno.EUCLEAN])
@pytest.mark.parametrize("call", ["open", "preadv"])
def test_an_object_that_the_medium_has_lost(bank, monkeypatch, number, call):
    def fail(*_args, **_options):
        raise OSError(number, os.strerror(number))

    banks.put(bank, KEY, b"x")
    monkeypatch.setattr(os, call, fail)
    with pytest.raises(exceptions.ObjectUnreadable, match=KEY):
        banks.get(bank, KEY)


def test_a_batch_that_fails_is_not_flushed(bank, monkeypatch):
    flushed = []
    monkeypatch.setattr(directory_files, "sync_file_system", flushed.append)
    with pytest.raises(banks.Stopped), bank.batch():
        raise banks.Stopped
    assert flushed == []
    with bank.batch():
        pass
    assert len(flushed) == 1


def test_the_flush_tells_of_errors():
    reading, writing = os.pipe()
    os.close(writing)
    os.close(reading)
    with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
        directory_files.sync_file_system(reading)


def test_directories_that_keep_vanishing(bank, tmp_path, monkeypatch):
    monkeypatch.setattr(
        directory_files.Tree, "make_parents", lambda self, path: None
    )
    with bank.batch() as writer:
        for target in (bank, writer):
            with bank_unavailable():
                banks.put(target, KEY, b"x")
    assert temporary_files(tmp_path) == []


def test_a_short_write_goes_on(bank, monkeypatch):
    write = os.write
    monkeypatch.setattr(os, "write", lambda f, data: write(f, data[:7]))
    data = random.randbytes(100)
    banks.put(bank, KEY, data)
    assert banks.get(bank, KEY) == data


def test_an_object_cut_short_under_a_reader(bank, tmp_path):
    banks.put(bank, KEY, b"0123456789")
    buffer = memoryview(bytearray(4))
    with bank.open(KEY) as reader:
        assert reader.readinto(buffer) == 4
        os.truncate(tmp_path / "c" / "a" / "b", 4)
        with bank_unavailable():
            reader.readinto(buffer)


def test_a_full_disk(small):
    bank = directory.DirectoryBank(str(small), "c")
    bank.set_up()
    banks.put(bank, "first", b"x")
    data = [bytes(1024 * 1024)] * 2
    with rejected():
        bank.put("large", data, size=2 * 1024 * 1024)
    assert names(bank) == ["first"]
    banks.put(bank, "after", b"there is room again")
    with rejected(), bank.batch() as writer:
        writer.put("large", data, size=2 * 1024 * 1024)
    bank.delete("large")
    banks.put(bank, "after", b"and again")


def test_a_read_only_bank(small):
    bank = directory.DirectoryBank(str(small), "c")
    bank.set_up()
    banks.put(bank, KEY, b"x")
    command = ["mount", "-o", "remount,ro", str(small)]
    subprocess.run(command, check=True)
    assert banks.get(bank, KEY) == b"x"
    assert names(bank) == [KEY]
    with bank.batch() as writer:
        calls = [
            lambda: banks.put(bank, "new", b"y"),
            lambda: banks.put(writer, "new", b"y"),
            lambda: banks.put(writer, KEY, b"y"),
            lambda: bank.delete(KEY),
        ]
        for call in calls:
            with rejected():
                call()


# Side by side, and late.


@pytest.mark.parametrize("fails", [True, False])
def test_a_late_writer_harms_nothing(bank, fails):
    """It began first, and goes on when another has put the key."""

    def chunks():
        yield b"ab"
        with bank.batch() as other:
            banks.put(other, KEY, b"abcd")
        if fails:
            raise banks.Stopped
        yield b"cd"

    with bank.batch() as late:
        try:
            late.put(KEY, chunks(), size=4)
        except banks.Stopped:
            assert fails
    assert banks.get(bank, KEY) == b"abcd"


@pytest.mark.parametrize("chunk", [b"abcd", b"too long"])
def test_a_late_writer_of_a_finished_object_cuts_nothing(bank, chunk):
    def chunks():
        yield chunk
        raise banks.Stopped

    banks.put(bank, KEY, b"abcd")
    with bank.batch() as late:
        with pytest.raises((banks.Stopped, exceptions.DigestMismatch)):
            late.put(KEY, chunks(), size=4)
        assert banks.get(bank, KEY) == b"abcd"


def test_a_wrong_writer_removes_only_its_own_file(bank):
    def chunks():
        yield b"ab"
        banks.put(bank, KEY, b"other")
        yield b"cd"

    with bank.batch() as writer, pytest.raises(exceptions.DigestMismatch):
        writer.put(KEY, chunks(), size=4, digests={"sha256": "0" * 64})
    assert banks.get(bank, KEY) == b"other"


def test_left_over_files_are_swept(bank, tmp_path):
    temporary = tmp_path / ".c.tmp"
    old = temporary / "old"
    for path in (old, temporary / "young"):
        path.write_bytes(b"")
    long_ago = time.time() - directory_temporary.LEFT_OVER - 60
    os.utime(old, (long_ago, long_ago))
    banks.put(bank, KEY, b"x")
    assert temporary_files(tmp_path) == ["young"]


def test_sigkill_at_any_moment(bank, tmp_path, seed):
    """An object outside of batches is whole or absent, whatever happens."""
    rng = random.Random(seed)
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    seen = 0
    for _ in range(20):
        process = subprocess.Popen(
            [
                sys.executable, bank_writer.__file__, str(tmp_path),
                str(rng.randrange(2**32)),
            ],
            env=environment,
            stdout=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout
        process.stdout.readline()
        time.sleep(rng.uniform(0, 0.05))  # the random point
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        for info in bank.list():
            data = banks.get(bank, info.key)
            assert len(data) == info.size
            assert info.key.startswith(("put/", "batch/"))
            if info.key.startswith("put/"):
                assert bank_writer.is_whole(data), info.key
                seen += 1
    assert seen
    # What a batch has left behind can be written again.
    with bank.batch() as writer:
        for info in list(bank.list("batch/")):
            banks.put(writer, info.key, b"whole")
    for info in bank.list("batch/"):
        assert banks.get(bank, info.key) == b"whole"


def test_what_could_not_be_written_back_is_not_there(tmp_path, monkeypatch):
    """The system tells of it once; who wrote it puts another file there."""
    bank = directory.DirectoryBank(str(tmp_path), "c", exclusive=True)
    bank.set_up()
    banks.put(bank, "a", b"data")

    def lost(_file: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(directory_lost, "wait_written", lost)
    with pytest.raises(exceptions.ObjectUnreadable), bank.open("a"):
        pass
    monkeypatch.undo()
    with bank.batch() as writer:
        copy = functools.partial(
            writer.copy_from, bank, "a", "b", size=4, serialized=False
        )
        for use in (
            lambda: banks.get(bank, "a"),
            copy,
            lambda: bank.put_new("a", [b"data"], size=4),
        ):
            with pytest.raises(exceptions.ObjectUnreadable):
                use()
        banks.put(bank, "a", b"data")
        assert copy() is not None
    assert banks.get(bank, "b") == b"data"


def test_what_a_dead_attempt_left_and_the_medium_lost_is_not_kept(tmp_path):
    """On a real disk; whose flush it was that failed is of no matter."""
    root = tmp_path / "disk"
    root.mkdir()
    with disks.overbooked(root, 12 << 20, 64 << 20):
        bank = directory.DirectoryBank(str(root), "c")
        bank.set_up()
        data = random.randbytes(16 << 20)
        with contextlib.suppress(InterruptedError), bank.batch() as writer:
            banks.put(writer, "a", data)
            raise InterruptedError
        with directory_files.open_directory(str(root)) as file:
            # None of another's is told twice.
            for _ in range(2):
                with contextlib.suppress(OSError):
                    directory_files.sync_file_system(file)
            directory_files.sync_file_system(file)
        assert (root / "c" / "a").read_bytes() == data
        # What is tried again is told the same.
        for _ in range(3):
            with pytest.raises(exceptions.ObjectUnreadable), bank.open("a"):
                pass


def test_names_of_one_file_are_told(tmp_path):
    bank = directory.DirectoryBank(str(tmp_path), "c", exclusive=True)
    bank.set_up()
    for key in ("checkpoints/a/x", "checkpoints/a/y", "other/z"):
        banks.put(bank, key, b"data")
    with bank.batch() as writer:
        for key in ("checkpoints/b/x", "checkpoints/c/x"):
            writer.copy_from(
                bank, "checkpoints/a/x", key, size=4, serialized=False
            )
    assert {
        key: sorted(others)
        for key, others in bank.sharing("checkpoints/b/").items()
    } == {"checkpoints/b/x": ["checkpoints/a/x", "checkpoints/c/x"]}
    assert bank.sharing("other/") == {}
    assert bank.sharing("nothing/") == {}
    others = directory.DirectoryBank(str(tmp_path), "c")
    assert others.sharing("checkpoints/b/") == {}
    shutil.rmtree(tmp_path / "c")
    with pytest.raises(exceptions.BankUnavailable):
        bank.sharing("checkpoints/b/")
