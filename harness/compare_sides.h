/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two builds of `oae compare --run`: folders as they are, or git
 * revisions, each checked out into a worktree of its own below a temporary
 * folder and built there. One harness measures both; only the adapter and
 * what it starts are the build's.
 */
#ifndef OAE_HARNESS_COMPARE_SIDES_H
#define OAE_HARNESS_COMPARE_SIDES_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/status.h"

struct oae_side_how {
	/* Below a tree, the adapter's folder: "adapters/NAME" unless told. */
	const char *adapter;
	const char *build; /* shell command; NULL: the adapter's set-up steps */
	uint32_t build_s;
	const volatile sig_atomic_t *stop;
};

struct oae_side {
	const char *word;		   /* as given */
	char adapter[OAE_PATH_BYTES_MAX];  /* folder with adapter.json */
	char programs[OAE_PATH_BYTES_MAX]; /* {build}; "": TREE/build */
	char revision[OAE_NAME_BYTES_MAX]; /* commit; "" unknown */
	char top[OAE_PATH_BYTES_MAX];	   /* the repository's; "" a folder */
	char worktree[OAE_PATH_BYTES_MAX]; /* ours to remove; "" none */
	bool missing;			   /* there is no such thing */
};

/*
 * Finds what `word` names: a folder with adapter.json; a tree that holds the
 * adapter; a build folder inside one; else a git revision of the repository
 * around the working folder, to be checked out by oae_side_build(). Neither:
 * side->missing, with OAE_ERR_USAGE and the reason.
 */
enum oae_status oae_side_find(const struct oae_side_how *how, const char *word,
			      struct oae_side *side, struct oae_error *err);
/*
 * Checks a revision out below `temporary` under `name` and builds it; does
 * nothing for a folder. OAE_ERR_TARGET with the build's last words when that
 * fails or takes longer than build_s.
 */
enum oae_status oae_side_build(const struct oae_side_how *how,
			       const char *temporary, const char *name,
			       struct oae_side *side, struct oae_error *err);
/* Removes the worktree. */
void oae_side_release(struct oae_side *side);

#endif
