/* SPDX-License-Identifier: Apache-2.0 */
/* Macros of libraries, in words that cppcheck understands. It alone reads this (--include). */
#define HASH_ITER(hh, head, el, tmp) for ((tmp) = (el) = (head); (el); (el) = (tmp))
#define LIBBPF_OPTS(type, name, ...) struct type name = { __VA_ARGS__ }
