/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_BPF_SYSIO_H
#define EARSHOT_BPF_SYSIO_H

/* sysio - kinds of system calls that move bytes, by where they say the bytes are. */
enum sysio_kind {
	IO_NONE = 0,
	IO_BUFFER,
	IO_VECTOR,   /* buf: array of count struct iovec */
	IO_MESSAGE,  /* buf: struct msghdr */
	IO_MESSAGES, /* buf: array of struct mmsghdr, of which the first is read */
	IO_UNSEEN,   /* sendfile, splice, io_uring */
};

#endif /* EARSHOT_BPF_SYSIO_H */
