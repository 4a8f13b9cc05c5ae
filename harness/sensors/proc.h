/* SPDX-License-Identifier: Apache-2.0 */
/* A process and its descendants, as /proc shows them. */
#ifndef OAE_HARNESS_SENSORS_PROC_H
#define OAE_HARNESS_SENSORS_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define OAE_TREE_PROCESSES_MAX 4096u

struct oae_tree {
	pid_t pid[OAE_TREE_PROCESSES_MAX];
	size_t count;
};

/* The process first, then its living descendants; those beyond the cap are
 * left out. */
void oae_tree_walk(struct oae_tree *t, pid_t root);

/*
 * The tree's memory: the sum of proportional set sizes, so that a page that
 * two processes share counts once. Sampled, not exact between two samples.
 */
bool oae_tree_pss_bytes(struct oae_tree *t, pid_t root, uint64_t *bytes);

/*
 * How long to wait after that took cost_ns: the kernel walks all pages of
 * the tree for it. A tenth of a second, and longer where it would take more
 * than one part in OAE_TREE_COST_PARTS of a core.
 */
#define OAE_TREE_COST_PARTS 400u
uint64_t oae_tree_pause_ns(uint64_t cost_ns);

#endif
