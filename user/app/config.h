/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_APP_CONFIG_H
#define EARSHOT_APP_CONFIG_H

/* config - the YAML file: a map of names to values, checked against the names there are. */
#include <stddef.h>

#define CONFIG_ERROR_MAX 256

/*
 * names: what may stand in the file. Fills values (count of them, owned by the caller, NULL
 * where the file has none). Returns 0; -EINVAL with error (CONFIG_ERROR_MAX bytes) saying
 * what is wrong and where; or why the file could not be read.
 */
int config_read(const char *path, const char *const *names, size_t count, char **values,
		char *error);

#endif /* EARSHOT_APP_CONFIG_H */
