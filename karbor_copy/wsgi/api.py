# SPDX-License-Identifier: Apache-2.0
"""``karbor_copy.wsgi.api:application``, for uWSGI and gunicorn.

Options are read from the files that oslo.config finds, such as
``/etc/karbor_copy/karbor_copy.conf``, or from those that the environment's
``KARBOR_COPY_CONFIG_FILES`` names, joined by colons. To be loaded in each of
the server's worker processes, not in the one that forks them.
"""

from typing import Any

from karbor_copy import conf as configuration
from karbor_copy import startup
from karbor_copy.wsgi import assembly


def _make() -> Any:
    conf = configuration.CONF
    startup.configure(conf, [])
    startup.check_schema()
    return assembly.make_application(conf, assembly.make_client(conf))


application = _make()
