/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile in the making: the questions that `oae profile new` asks, each
 * of which is an option too, and what their answers do. Nothing is read from
 * a terminal and nothing is written here.
 */
#ifndef OAE_HARNESS_PROFILE_DRAFT_H
#define OAE_HARNESS_PROFILE_DRAFT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/status.h"
#include "schema/profile.h"
#include "schema/tables.h"
#include "workloads/prompts.h"

#define OAE_QUESTIONS_MAX 32u
#define OAE_PROFILE_ID_BYTES_MAX 64u

enum oae_question_kind {
	OAE_ASK_ID,
	OAE_ASK_TITLE,
	OAE_ASK_RANGE,	/* "mid", "low mid high", then perhaps "log: ..." */
	OAE_ASK_NUMBER, /* one number within bounds */
	OAE_ASK_TIER,
	OAE_ASK_GRID,
	OAE_ASK_PROMPTS,
	OAE_ASK_JUDGE,
	OAE_ASK_MAX_TOKENS,
	OAE_ASK_FLOOR,
	OAE_ASK_WORKLOADS,
	OAE_ASK_SHAPE,
	OAE_ASK_QUANT,
	OAE_ASK_TOKENS,
};

struct oae_question {
	const char *option; /* without its dashes */
	const char *ask;    /* "Requests a month" */
	const char *why;    /* one line */
	const char *unit;   /* or "" */
	enum oae_question_kind kind;
	const char *group, *key; /* where it stands in the profile */
	size_t at;		 /* offset in struct oae_profile */
	double scale;		 /* answer / scale is what is stored */
	double low, high;	 /* bounds of a number */
	bool above;		 /* it must be above `low` */
};

extern const struct oae_question oae_questions[];
extern const size_t oae_question_count;

struct oae_draft {
	char home[OAE_PATH_BYTES_MAX];
	char folder[OAE_PATH_BYTES_MAX]; /* of the file to be; "." */
	struct oae_tables tables;
	struct oae_profile base; /* where defaults come from */
	cJSON *tree;		 /* the new profile */
	char id[OAE_PROFILE_ID_BYTES_MAX + 1];
	bool has_prompts; /* own prompts, a workload of the profile's id */
	struct oae_prompts prompts;
	enum oae_judge judge;
	double max_tokens, floor;
	bool shape; /* the profile has a reference shape */
};

/*
 * from: a shipped profile's name or a file's path; id: the default name.
 * Release also after a failure.
 */
enum oae_status oae_draft_begin(struct oae_draft *d, const char *from,
				const char *folder, const char *id,
				struct oae_error *err);
void oae_draft_release(struct oae_draft *d);

/* Sets a member, in its place if it is there; false without memory, when the
 * value is still the caller's. */
bool oae_draft_put(cJSON *obj, const char *key, cJSON *value);

/* Whether the answers so far make the question one. */
bool oae_question_applies(const struct oae_question *q,
			  const struct oae_draft *d);
/* The default as somebody would type it. */
void oae_question_default(const struct oae_question *q,
			  const struct oae_draft *d, struct oae_buf *out);
/*
 * Takes an answer; "" is the default. OAE_ERR_USAGE with the reason when it
 * will not do; then nothing has changed.
 */
enum oae_status oae_question_take(const struct oae_question *q,
				  struct oae_draft *d, const char *text,
				  struct oae_error *err);

/* Appends the profile, which has been read back and found right. */
enum oae_status oae_draft_profile(const struct oae_draft *d,
				  struct oae_buf *out, struct oae_error *err);
/* Appends the workload of the profile's own prompts, if it has any. */
void oae_draft_workload(const struct oae_draft *d, struct oae_buf *out);

/*
 * A profile by its name (HOME/schema/profiles/NAME.json) or its path; when
 * it is neither, OAE_ERR_USAGE names the known ones. Release also after a
 * failure.
 */
enum oae_status oae_profile_find(const char *home, const char *name,
				 const struct oae_tables *t,
				 struct oae_profile *p, struct oae_error *err);

#endif
