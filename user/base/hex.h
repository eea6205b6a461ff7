/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_BASE_HEX_H
#define EARSHOT_BASE_HEX_H

/* hex - the value of a hexadecimal digit in either case, or -1. */
static inline int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif /* EARSHOT_BASE_HEX_H */
