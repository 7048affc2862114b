# SPDX-License-Identifier: Apache-2.0
"""Values that travel between the layers: standard library only."""
