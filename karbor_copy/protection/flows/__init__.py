# SPDX-License-Identifier: Apache-2.0
"""What the taskflow flows are built from: pure factories, no I/O."""
