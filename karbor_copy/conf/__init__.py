# SPDX-License-Identifier: Apache-2.0
"""The options of the services, one module a group."""

from oslo_config import cfg

from karbor_copy.conf import api
from karbor_copy.conf import base
from karbor_copy.conf import copy_engine
from karbor_copy.conf import database
from karbor_copy.conf import protection
from karbor_copy.conf import quotas

CONF = cfg.CONF

MODULES = (base, api, quotas, protection, copy_engine, database)

for _module in MODULES:
    _module.register_opts(CONF)
