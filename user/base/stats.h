/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_BASE_STATS_H
#define EARSHOT_BASE_STATS_H

/* stats - one counter per cause of loss: how often, and how many bytes. */
#include <stdint.h>

struct stat_pair {
	uint64_t events;
	uint64_t bytes;
};

/* stats: the array that the line's stages share; cause: its index. */
static inline void stat_add(struct stat_pair *stats, unsigned int cause, uint64_t bytes)
{
	stats[cause].events++;
	stats[cause].bytes += bytes;
}

/* More bytes of something whose event was counted before. */
static inline void stat_more(struct stat_pair *stats, unsigned int cause, uint64_t bytes)
{
	stats[cause].bytes += bytes;
}

#endif /* EARSHOT_BASE_STATS_H */
