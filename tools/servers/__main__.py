# SPDX-License-Identifier: Apache-2.0
"""Prints the packages of Debian that the tests miss, in one line.

With the word ``install`` it installs what comes from PyPI instead, which the
first test to need it would do.
"""

import sys

from tools.servers import keystone
from tools.servers import kinds
from tools.servers import swift

if sys.argv[1:] == ["install"]:
    swift.python()
    keystone.python()
else:
    print(*(kind.package for kind in kinds.missing()))
