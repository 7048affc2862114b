# SPDX-License-Identifier: Apache-2.0
"""Files of the file-system bank that have no name in it yet."""

import contextlib
import os
import threading
import uuid
from collections.abc import Iterator

from karbor_copy.banks import directory_files as files

#: Seconds after which a temporary file is left over from a dead process.
LEFT_OVER = 24 * 60 * 60


class TemporaryFiles:
    """A directory of files that have no name in the bank yet."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._swept = False

    def set_up(self) -> None:
        """Make the directory if it is missing.

        :raises OSError: it could not be made.
        """
        os.makedirs(self._path, mode=0o750, exist_ok=True)

    @contextlib.contextmanager
    def create(self) -> Iterator[tuple[int, str]]:
        """Yield a new open file and its path; it is gone afterwards.

        Unless it was renamed by then.

        :raises BankRejected, BankUnavailable: it can't be made.
        """
        path = os.path.join(self._path, uuid.uuid4().hex)
        try:
            try:
                file = os.open(path, files.CREATE, 0o640)
            except FileNotFoundError:
                self.set_up()
                file = os.open(path, files.CREATE, 0o640)
        except OSError as error:
            raise files.translate(error) from error
        try:
            self._sweep(os.fstat(file).st_mtime - LEFT_OVER)
            yield file, path
        finally:
            os.close(file)
            with contextlib.suppress(OSError):
                os.unlink(path)

    def _sweep(self, before: float) -> None:
        """Once, remove what processes that died have left."""
        with self._lock:
            if self._swept:
                return
            self._swept = True
        with contextlib.suppress(OSError), os.scandir(self._path) as found:
            for entry in found:
                if entry.stat(follow_symlinks=False).st_mtime < before:
                    os.unlink(entry.path)
