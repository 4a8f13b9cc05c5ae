/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conducting a campaign: its runs one after the other, each written to the
 * journal as it goes, with progress for people and, at a resume, only what
 * is not finished.
 */
#ifndef OAE_HARNESS_CONDUCT_H
#define OAE_HARNESS_CONDUCT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/campaign.h"
#include "harness/conditions.h"
#include "harness/journal.h"
#include "harness/sensors/sensor.h"
#include "schema/look.h"
#include "schema/record.h"

/* What is known of one run of the plan. */
struct oae_conduct_run {
	bool over;
	bool broke;	   /* it failed */
	uint32_t segments; /* "run" lines in the journal */
	bool *finished;	   /* by request, when begun earlier; or NULL */
	size_t ok, failed; /* requests */
};

struct oae_conduct {
	const struct oae_campaign *campaign;
	struct oae_journal *journal;
	struct oae_sensors *sensors;
	const volatile sig_atomic_t *stop;
	struct oae_conduct_run *runs; /* campaign->run_count */
	size_t over;		      /* of them */
	size_t ok, failed;	      /* requests, scale steps aside */
	size_t failed_runs, unavailable_runs;
	const char *sysroot; /* of control groups; NULL is "" */
	struct oae_basis basis[OAE_WORKLOADS_MAX];
	/* conditions that were already said to be unavailable */
	bool told[OAE_CONDITIONS_MAX];
	/* seconds of finished runs by kind, for the time left */
	struct oae_conduct_kind {
		double seconds;
		size_t count;
	} * kinds; /* systems x (workloads + 1) */
	struct oae_error skip_scale[OAE_SCALES_MAX]; /* why one is skipped */
	/*
	 * Looks at what the journal holds after so many runs of each system;
	 * the caller's, needed where the campaign has a precision.
	 */
	enum oae_status (*look)(void *ctx, uint32_t runs, struct oae_look *out,
				struct oae_error *err);
	void *look_ctx;
	/*
	 * Called before a run that is not over, or NULL: it may settle what
	 * the run's system is, or set *skip: the run is then over, unrun.
	 */
	enum oae_status (*before)(void *ctx, size_t run, bool *skip,
				  struct oae_error *err);
	void *before_ctx;
	uint32_t looked_at;	     /* runs of the last look taken */
	bool reached;		     /* by that look */
	size_t skipped;		     /* runs, by the decision to stop */
	uint64_t begun_ns, spent_ns; /* now; measuring before a resume */
};

enum oae_status
oae_conduct_init(struct oae_conduct *d, const struct oae_campaign *c,
		 struct oae_journal *j, struct oae_sensors *sensors,
		 const volatile sig_atomic_t *stop, struct oae_error *err);
void oae_conduct_release(struct oae_conduct *d);

/*
 * Takes over what an interrupted journal holds. OAE_ERR_CHECK when its
 * runs are not this campaign's.
 */
enum oae_status oae_conduct_restore(struct oae_conduct *d,
				    const struct oae_records *r,
				    struct oae_error *err);

/*
 * Of stop.c: before the repetition `runs` begins (or after the last one),
 * decides whether the campaign goes on, and writes the decision down.
 * Nothing to decide in the middle of a pair of repetitions.
 */
enum oae_status oae_conduct_decide(struct oae_conduct *d, uint32_t runs,
				   struct oae_error *err);
/* Takes over looks and the decision to stop. */
void oae_conduct_restore_stop(struct oae_conduct *d,
			      const struct oae_records *r);
/* Expected seconds of run i, from finished ones of its kind; 0 unknown. */
double oae_conduct_expected_s(const struct oae_conduct *d, size_t i);

/* Runs what is left; returns early, with OAE_OK, when *stop is set. */
enum oae_status oae_conduct_all(struct oae_conduct *d, struct oae_error *err);

#endif
