// SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only)
/* One of every shared struct, so that all of them stand in this object's BTF: see test_layout.c. */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

#include "maps.h"

struct es_head head;
struct es_stream stream;
struct es_data data;
struct es_close closing;
struct es_peer peer;
struct es_aead aead;
struct es_proc proc;
struct proc_val proc_val;
struct stream_key stream_key;
struct stream_val stream_val;
struct verdict_val verdict_val;
struct stat_val stat_val;
struct control_val control_val;
struct aead_key aead_key;
struct aead_lost aead_lost;
struct thread thread;
