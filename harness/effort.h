/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An effort ledger in the making: what `oae effort` asks, each of which is an
 * option too, what its answers do to the file, and what can be counted
 * instead of asked. Nothing is read from a terminal here.
 */
#ifndef OAE_HARNESS_EFFORT_H
#define OAE_HARNESS_EFFORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/limits.h"
#include "schema/ledger.h"
#include "schema/manifest.h"
#include "schema/tables.h"

enum oae_effort_ask {
	OAE_EFFORT_ACTIVITY,
	OAE_EFFORT_KIND,
	OAE_EFFORT_TIER,
	OAE_EFFORT_CLASS,
	OAE_EFFORT_SOURCE,
	OAE_EFFORT_AMOUNT,
	OAE_EFFORT_ID,
	OAE_EFFORT_ASKS,
};

struct oae_effort_question {
	const char *option; /* without its dashes */
	const char *ask, *why;
};

extern const struct oae_effort_question oae_effort_questions[OAE_EFFORT_ASKS];

#define OAE_EFFORT_TEXT 1024

/* One entry as far as it was answered. */
struct oae_effort_entry {
	char activity[OAE_EFFORT_TEXT], source[OAE_EFFORT_TEXT];
	char id[OAE_NAME_BYTES_MAX];
	enum oae_ledger_kind kind;
	int tier;
	enum oae_evidence evidence;
	double low, mid, high;
	bool single; /* one value, no range */
};

struct oae_effort {
	char home[OAE_PATH_BYTES_MAX], build[OAE_PATH_BYTES_MAX];
	char dir[OAE_PATH_BYTES_MAX];  /* of the adapter */
	char path[OAE_PATH_BYTES_MAX]; /* of the ledger */
	char system[2 * OAE_NAME_BYTES_MAX];
	struct oae_manifest manifest;
	const struct oae_system_entry *entry;
	struct oae_tables tables;
	cJSON *tree; /* of the ledger; an empty one where there is no file */
	bool is_new;
};

/*
 * Finds the system ("adapter/system", or an adapter of one system) and reads
 * its ledger; out: another file, or NULL. Close also after a failure.
 */
enum oae_status oae_effort_open(struct oae_effort *e, const char *spec,
				const char *adapter_dir, const char *out,
				struct oae_error *err);
void oae_effort_close(struct oae_effort *e);

/* Whether the question makes sense after the answers so far. */
bool oae_effort_applies(enum oae_effort_ask q,
			const struct oae_effort_entry *x);
/* What an empty answer stands for; "" when there is no default. */
void oae_effort_default(enum oae_effort_ask q, const struct oae_effort_entry *x,
			char *out, size_t size);
/* OAE_ERR_USAGE with what is wrong and what to give. */
enum oae_status oae_effort_take(enum oae_effort_ask q, const char *text,
				struct oae_effort_entry *x,
				struct oae_error *err);

/* Adds the entry, or puts it in the place of the one with its id. */
enum oae_status oae_effort_put(struct oae_effort *e,
			       const struct oae_effort_entry *x, bool *replaced,
			       struct oae_error *err);
/* OAE_ERR_USAGE when there is no such entry. */
enum oae_status oae_effort_remove(struct oae_effort *e, const char *id,
				  struct oae_error *err);
/* Checks the whole ledger as every reader will; the sum of it. */
enum oae_status oae_effort_check(const struct oae_effort *e,
				 struct oae_ledger_sum *sum,
				 struct oae_error *err);
/* Checks and writes the file. */
enum oae_status oae_effort_write(const struct oae_effort *e,
				 struct oae_error *err);

/*
 * Counts what somebody must keep (effort_count.c): lines of configuration,
 * knobs, models and their bytes, set-up steps, and the processes that serve,
 * for which the adapter is started. The list is the caller's.
 */
enum oae_status oae_effort_count(const struct oae_effort *e, cJSON **out,
				 struct oae_error *err);
/* OAE_ERR_CHECK naming the first count that the ledger has otherwise. */
enum oae_status oae_effort_compare(const struct oae_effort *e,
				   const cJSON *counted, struct oae_error *err);
/* Puts the counts into the ledger's tree, which owns them then. */
enum oae_status oae_effort_put_counts(struct oae_effort *e, cJSON *counted,
				      struct oae_error *err);

#endif
