/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Child processes with pipes and limits. A child is in its own process
 * group and dies with its parent (PR_SET_PDEATHSIG: with the thread that
 * spawned it), is held before exec until oae_child_start() so that counters
 * can attach, and is always reaped within a stated time. When it is reaped
 * the rest of its group is killed. No other code may wait for children.
 *
 * Writing to a child that is gone raises SIGPIPE: a program that writes to
 * `in` ignores that signal (signal(SIGPIPE, SIG_IGN)) and reads EPIPE. The
 * child itself starts with default signals and an empty mask.
 */
#ifndef OAE_BASE_SPAWN_H
#define OAE_BASE_SPAWN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/confine.h"
#include "base/limits.h"
#include "base/status.h"

struct oae_child {
	pid_t pid;
	int in;	  /* we write, the child's stdin; -1 when closed */
	int out;  /* we read, the child's stdout; non-blocking */
	int err;  /* we read, the child's stderr; non-blocking */
	int hold; /* the end that releases the exec; -1 afterwards */
	int exec; /* says whether the exec went well; -1 afterwards */
	bool reaped;
	int wait_status; /* as of waitpid, once reaped */
	/* rusage of the reaped child and its reaped children */
	double user_s, system_s;
	uint64_t peak_rss_bytes;
	char program[OAE_NAME_BYTES_MAX]; /* argv[0], perhaps cut, for texts */
};

struct oae_spawn {
	/* NULL-terminated; argv[0] is a path, or a name to find in PATH (of
	 * its own environment) */
	const char *const *argv;
	const char *const *env; /* NULL: inherit; else the whole environment */
	const char *dir;	/* NULL: inherit; seen from its root */
	const struct oae_confine *confine; /* NULL: as we are */
	bool hold;			   /* stop before exec until started */
	bool merge_err;			   /* stderr goes where ours goes */
};

/* On failure c is safe to release, and nothing runs. */
enum oae_status oae_child_spawn(struct oae_child *c,
				const struct oae_spawn *how,
				struct oae_error *err);
/*
 * Lets a held child exec. The exec's own failure is reported here, and the
 * child is then released already.
 */
enum oae_status oae_child_start(struct oae_child *c, struct oae_error *err);
/* True once reaped; waits at most timeout_ms. */
bool oae_child_wait(struct oae_child *c, int timeout_ms);
/*
 * SIGTERM to the group, timeout_ms later SIGKILL; then reaps (a child that
 * the kernel cannot kill is given up after ten seconds).
 */
void oae_child_kill(struct oae_child *c, int timeout_ms);
/* Closes the pipes; kills at once if still running. Twice is fine. */
void oae_child_release(struct oae_child *c);
/* "exit 3" or "signal 11 (Segmentation fault)" into out. */
void oae_child_describe(const struct oae_child *c, char *out, size_t size);

/*
 * Runs a command to its end with an empty stdin: stdout into out (capped by
 * the buffer; NULL discards it), stderr's last bytes (at most 400) into the
 * error text. A non-zero exit, a signal or a time-out is OAE_ERR_TARGET.
 */
struct oae_buf;
enum oae_status oae_run_command(const char *const *argv, const char *dir,
				int timeout_ms, struct oae_buf *out,
				struct oae_error *err);

#endif
