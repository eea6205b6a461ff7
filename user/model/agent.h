/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_MODEL_AGENT_H
#define EARSHOT_MODEL_AGENT_H

/*
 * agent - what to call the program behind a process: the product its User-Agent names,
 * unless that is only an SDK or an HTTP library; else its executable.
 */
#include "base/sv.h"

/* A view into one of the arguments, or static text; SV_NONE when neither says anything. */
struct sv agent_name(struct sv user_agent, struct sv exe);

#endif /* EARSHOT_MODEL_AGENT_H */
