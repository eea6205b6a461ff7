#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A Go library inside Python: the executable says python, the TLS is Go's.

usage: py_shared.py LIBRARY CASES
"""
import ctypes
import sys

ctypes.CDLL(sys.argv[1]).Run(sys.argv[2].encode())
