/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Adoption, measured: an adapter's set-up steps are made again in a clean
 * place, a fresh copy of its sources with a fresh HOME, until its first
 * valid token; each step is recorded in a transcript (schema/transcript.h).
 *
 * The place is a new folder, or one in a root folder of its own (chroot). A
 * step sees a fixed environment, no network unless it says that it needs
 * one, and may write only below the place, where the kernel can keep it to
 * that; the transcript says which of these held. What a step leaves running
 * is ended with it.
 */
#ifndef OAE_HARNESS_SETUP_H
#define OAE_HARNESS_SETUP_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/confine.h"
#include "base/limits.h"
#include "schema/transcript.h"

#define OAE_SETUP_LIMIT_S 3600u /* of a step, where nobody says */
#define OAE_SETUP_LIMIT_S_MAX 86400u
#define OAE_SETUP_OUTPUT_BYTES_MAX (64u << 20) /* of a step */
#define OAE_SETUP_FIRST_LIMIT_S 600u

/* What is being done, for a progress line. step 0: not a step. */
typedef void oae_setup_progress_fn(void *ctx, size_t step, size_t of,
				   const char *what, double elapsed_s);

struct oae_setup_options {
	const char *spec;    /* "adapter[/system[:knob=value,...]]" */
	const char *adapter; /* its folder, where it is elsewhere; or NULL */
	const char *root;    /* run in this root folder; or NULL */
	const char *parent;  /* where the place is made; NULL: TMPDIR, /tmp */
	bool keep;	     /* leave the place there */
	uint32_t limit_s;    /* of a step; 0: OAE_SETUP_LIMIT_S */
	/* Make these steps again, if possible in the same place; or NULL */
	const struct oae_transcript *replay;
	const volatile sig_atomic_t *stop;
	oae_setup_progress_fn *progress; /* or NULL */
	void *ctx;
};

struct oae_setup {
	struct oae_setup_options options;
	char home[OAE_PATH_BYTES_MAX];	  /* the project's folder */
	char adapter[OAE_PATH_BYTES_MAX]; /* the adapter's folder */
	struct oae_manifest manifest;
	const struct oae_system_entry *entry;
	char system[2 * OAE_NAME_BYTES_MAX]; /* "adapter/system" */
	cJSON *knobs;
	size_t knobs_set;
	char *set[OAE_MANIFEST_LIST_MAX]; /* their names */
	const struct oae_setup_step *steps;
	size_t step_count;
	struct oae_setup_step *replayed; /* memory of steps, on replay */

	/* As the tool sees it, and as the steps do (the same without root). */
	char place[OAE_PATH_BYTES_MAX / 2], inside[OAE_PATH_BYTES_MAX / 2];
	char root[OAE_PATH_BYTES_MAX / 4]; /* options.root, absolute */
	bool made;			   /* the place */
	/* What can be had here, and why not if not ("" when it can). */
	bool can_confine, can_leave_network;
	char no_confine[160], no_leave_network[160];
	struct oae_transcript_writer out;
	bool interrupted, failed;
	char why[480]; /* of the failure */
};

/* Checks everything that can be wrong before anything is made. */
enum oae_status oae_setup_open(struct oae_setup *s,
			       const struct oae_setup_options *options,
			       struct oae_error *err);
/*
 * Makes the place, the steps and the first token. A step that fails is a
 * recorded fact (s->failed, s->why), not an error; s->out holds the sealed
 * transcript whenever this is OAE_OK.
 */
enum oae_status oae_setup_run(struct oae_setup *s, struct oae_error *err);
/* Removes the place, unless it is to be kept. */
void oae_setup_close(struct oae_setup *s);

/* The command of step i as a person would type it, into out. */
void oae_setup_step_text(const struct oae_setup_step *step, char *out,
			 size_t size);

/* ---- replay ----------------------------------------------------------- */

struct oae_setup_verdict {
	bool same, exit_same;
	uint64_t files_same, files_other, files_missing, files_new;
	bool listed;	/* both list their files */
	char text[200]; /* the first difference; "" */
	double wall_s, wall_was_s;
};

/* Step i of both; materials and the first token have functions below. */
void oae_setup_compare_step(const struct oae_transcript *was,
			    const struct oae_transcript *is, size_t i,
			    struct oae_setup_verdict *out);
void oae_setup_compare_materials(const struct oae_transcript *was,
				 const struct oae_transcript *is,
				 struct oae_setup_verdict *out);

#endif
