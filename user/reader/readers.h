/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_READER_READERS_H
#define EARSHOT_READER_READERS_H

/*
 * readers - every exchange is shown to several readers, each of which looks for what it knows;
 * at the end the first of them, in the order of enum ex_reader, that takes the exchange for
 * its own has it (exchange.h, claimed), and the others see that in their end().
 */
#include "exchange/exchange.h"

struct readers {
	/* By enum ex_reader; ops NULL: nobody. Both borrowed. */
	struct {
		const struct exchange_ops *ops;
		void *ctx;
	} by[EX_READERS];
};

/* A consumer of exchanges, with a struct readers as its context. */
extern const struct exchange_ops readers_exchange_ops;

#endif /* EARSHOT_READER_READERS_H */
