/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_APP_CONFIG_H
#define EARSHOT_APP_CONFIG_H

/* config - the YAML file: a map of option names to values, checked against the option table. */
#include "app/options.h"

/*
 * Fills values (owned by the caller, NULL where the file has none). Returns 0; -EINVAL with
 * error saying what is wrong and where; or why the file could not be read.
 */
int config_read(const char *path, char *values[OPTION_COUNT], char *error);

#endif /* EARSHOT_APP_CONFIG_H */
