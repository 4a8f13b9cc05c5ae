/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A workload: items (prompt, expected answer) and how answers are judged.
 * HOME/workloads/ID.workload.json names an items file beside it by its
 * SHA-256, so that a result can say exactly what was asked.
 */
#ifndef OAE_WORKLOADS_WORKLOAD_H
#define OAE_WORKLOADS_WORKLOAD_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "base/status.h"
#include "schema/judge.h"

#define OAE_WORKLOAD_VERSION 1
#define OAE_STOPS_MAX 16u

struct oae_item {
	const char *id; /* unique in the workload */
	const char *prompt;
	const char *expected; /* as the judge wants it; NULL if "none" */
	const char *group;    /* of the input, e.g. "clinic"; "" if none */
};

/* All strings are the workload's own, until oae_workload_release(). */
struct oae_workload {
	struct oae_arena arena;
	const char *id, *title, *about; /* about may be "" */
	const char *path, *items_path;	/* the two files */
	char sha256[OAE_SHA256_HEX], items_sha256[OAE_SHA256_HEX];
	enum oae_judge judge;
	uint32_t max_tokens; /* of an answer */
	double temperature;
	const char *stop[OAE_STOPS_MAX];
	size_t stop_count;
	double floor; /* gate: least share of right answers */
	struct oae_item *items;
	size_t item_count; /* at least 1 */
};

/*
 * Loads HOME/workloads/ID.workload.json. No such file: OAE_ERR_USAGE with
 * the known ids. Release also after a failure.
 */
enum oae_status oae_workload_load(const char *home, const char *id,
				  struct oae_workload *w,
				  struct oae_error *err);
/*
 * Reads a workload file and its items. Unknown keys, two items with one id,
 * an empty prompt: OAE_ERR_FORMAT, naming file and line. Items whose
 * SHA-256 is not the stated one: OAE_ERR_CHECK. Release also after a
 * failure.
 */
enum oae_status oae_workload_read(const char *path, struct oae_workload *w,
				  struct oae_error *err);
void oae_workload_release(struct oae_workload *w);

/* Ids of what is available, in byte order. */
struct oae_id_list {
	char id[OAE_WORKLOADS_MAX][OAE_NAME_BYTES_MAX + 1];
	size_t count;
};

enum oae_status oae_workload_list(const char *home, struct oae_id_list *list,
				  struct oae_error *err);
/*
 * Ids of the files DIR/ID.SUFFIX (suffix ".workload.json"), in byte order;
 * folders below dir are not entered into the list. A missing dir is empty.
 */
enum oae_status oae_id_list_read(const char *dir, const char *suffix,
				 struct oae_id_list *list,
				 struct oae_error *err);
/* "a, b, c" (or "none") for messages, cut with "..." when out is small. */
void oae_id_list_text(const struct oae_id_list *list, char *out, size_t size);

#endif
