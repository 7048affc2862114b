# SPDX-License-Identifier: Apache-2.0
"""Which files of a file-system bank could not be written back."""

import ctypes
import errno
import os

#: Of files that the system has no cache for.
_NO_CACHE = frozenset({errno.EINVAL, errno.ENOSYS, errno.ESPIPE})
#: Flags of sync_file_range(2): WAIT_BEFORE, WRITE and WAIT_AFTER.
_WAIT_WRITE_WAIT = 7

_libc = ctypes.CDLL(None, use_errno=True)
_libc.sync_file_range.argtypes = [
    *(ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)
]


class Lost:
    """The files of a bank that could not be written back.

    The system tells of it once, whoever asks first, and shows all others
    bytes that the medium does not have. So it is remembered, for as long as
    the file stays as it is; by this process.
    """

    def __init__(self) -> None:
        self._errors: dict[tuple[int, int, int], int] = {}

    def wait_written(self, file: int) -> None:
        """Wait until the bytes of a file are written back.

        :raises OSError: some could not be, now or before.
        """
        found = os.fstat(file)
        identity = (found.st_dev, found.st_ino, found.st_mtime_ns)
        number = self._errors.get(identity)
        if number is not None:
            raise OSError(number, os.strerror(number))
        try:
            wait_written(file)
        except OSError as error:
            self._errors[identity] = error.errno or errno.EIO
            raise


def wait_written(file: int) -> None:
    """Wait until the bytes of a file are written back; cheap if they are.

    The medium may still hold them in a cache of its own.

    :raises OSError: some could not be, and nobody was told of this file.
    """
    if _libc.sync_file_range(file, 0, 0, _WAIT_WRITE_WAIT):
        number = ctypes.get_errno()
        if number not in _NO_CACHE:
            raise OSError(number, os.strerror(number))
