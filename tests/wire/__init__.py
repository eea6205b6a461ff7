# SPDX-License-Identifier: Apache-2.0
"""Bodies of model APIs in each provider's public format, built from abstract scenarios, and beside
each the call that a reader of the wire must find in it. `python3 -m wire OUT` (in tests/) writes
all cases for tests/unit/dialect/test_wire.c; mock servers may use the builders as they are."""
