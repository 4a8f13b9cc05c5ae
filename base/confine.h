/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a child process may reach, by means that the kernel keeps: its own
 * network namespace (unshare(2)), a folder as its root (chroot(2)), and a
 * list of folders below which alone it may write (landlock(7)). Each may be
 * impossible on a machine; then it is an errno value, never quietly less.
 */
#ifndef OAE_BASE_CONFINE_H
#define OAE_BASE_CONFINE_H

#include <stdbool.h>

#define OAE_CONFINE_FOLDERS_MAX 8

struct oae_confine {
	/* A folder that becomes "/"; needs CAP_SYS_CHROOT. NULL: none. */
	const char *root;
	/* No network but its own loopback, which is down. */
	bool no_network;
	/*
	 * Write, make, remove and truncate only below these (seen from
	 * outside of root) and on /dev/null, zero, full, tty; NULL: anywhere.
	 * NULL-terminated, at most OAE_CONFINE_FOLDERS_MAX.
	 */
	const char *const *writable;
};

/*
 * For a process that is about to exec: it cannot be undone. 0, or the errno
 * of what could not be had. *what names that ("root", ...).
 */
int oae_confine_enter(const struct oae_confine *c, const char **what);

/* Whether a child could; the answer of a child that tried. 0 or errno. */
int oae_confine_try(const struct oae_confine *c);

#endif
