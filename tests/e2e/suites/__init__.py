# SPDX-License-Identifier: Apache-2.0
"""The end-to-end tests. Each module has tests(ctx): a list of (name, function(results))."""
