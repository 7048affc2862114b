# SPDX-License-Identifier: Apache-2.0
"""One whole Swift in one process: proxy, account, container and object.

Run by the Python of Swift's own environment, with the directory that holds
its configuration::

    python -P swift_main.py DIRECTORY

As Swift's in-process functional tests do it: all servers share an event
loop, and a dictionary takes memcached's place.
"""

import configparser
import pathlib
import sys
import time
from collections.abc import Callable
from collections.abc import Iterable
from typing import Any

TYPES = ("account", "container", "object")
#: Of the ring: partitions are many enough for one device.
PART_POWER = 4

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Cache:
    """What tempauth and the proxy want of memcached."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[float, Any]] = {}

    def get(self, key: str, **_: Any) -> Any:
        """Return a value that has not expired, or None."""
        expires, value = self._values.get(key, (0.0, None))
        return value if expires > time.time() else None

    def set(self, key: str, value: Any, time: float = 0, **_: Any) -> None:
        """Keep a value for so many seconds; 0: forever."""
        self._values[key] = (_expiry(time), value)

    def delete(self, key: str, **_: Any) -> None:
        """Forget a value."""
        self._values.pop(key, None)

    def incr(self, key: str, delta: int = 1, time: float = 0, **_: Any) -> int:
        """Count, from 0 on and never below it."""
        value = max(0, (self.get(key) or 0) + delta)
        self.set(key, value, time)
        return value


def _expiry(seconds: float) -> float:
    return time.time() + seconds if seconds else float("inf")


def cache_factory(
    _global: object, **_local: object
) -> Callable[[Application], Application]:
    """Make the filter that hands the cache on; paste.deploy calls it."""
    cache = Cache()

    def wrap(application: Application) -> Application:
        def call(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            environ["swift.cache"] = cache
            return application(environ, start)

        return call

    return wrap


def _use_directory(directory: pathlib.Path) -> None:
    """Let Swift read all that is in /etc/swift elsewhere from here."""
    from swift.common import utils

    # Policies and constraints are read when their modules are imported.
    utils.SWIFT_CONF_FILE = str(directory / "swift.conf")
    utils.validate_hash_conf()
    from swift.common import constraints
    from swift.common import storage_policy

    constraints.reload_constraints()
    storage_policy.reload_storage_policies()


def _port(directory: pathlib.Path, server: str) -> int:
    parser = configparser.RawConfigParser(strict=False)
    parser.read(directory / f"{server}-server.conf")
    return parser.getint("DEFAULT", "bind_port")


def _make_rings(directory: pathlib.Path) -> None:
    """Make rings of one device and one replica each."""
    from swift.common.ring import RingBuilder

    for server in TYPES:
        builder = RingBuilder(PART_POWER, replicas=1, min_part_hours=0)
        device = {"region": 1, "zone": 1, "device": "d1", "weight": 1.0}
        address = {"ip": "127.0.0.1", "port": _port(directory, server)}
        builder.add_dev({**device, **address})
        builder.rebalance()
        builder.get_ring().save(str(directory / f"{server}.ring.gz"))


def _serve(directory: pathlib.Path) -> None:
    from swift.common import utils
    from swift.common import wsgi

    pool = utils.GreenAsyncPile(len(TYPES) + 1)
    # The proxy last: it answers when all do.
    for server in (*TYPES, "proxy"):
        path = str(directory / f"{server}-server.conf")
        conf, _logger, name = wsgi._initrp(path, f"{server}-server")
        socket = wsgi.get_socket(conf)
        application = wsgi.loadapp(path, global_conf={"log_name": name})
        pool.spawn(
            wsgi.wsgi.server,
            socket,
            application,
            utils.NullLogger(),
            protocol=wsgi.SwiftHttpProtocol,
            # The clients of S3 want ETag, not Etag.
            capitalize_response_headers=False,
        )
    for _ended in pool:
        sys.exit("a server has ended")


def main(directory: pathlib.Path) -> None:
    """Serve for ever, from the configuration in a directory."""
    _use_directory(directory)
    from swift.common import utils

    utils.monkey_patch()
    _make_rings(directory)
    _serve(directory)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
