/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run: a fresh adapter process serves one workload under one condition.
 * Idle, set-up (spawn to "ready"), warm-up (the first request once, behind
 * another beginning; not a sample), measure, teardown and, where there is a
 * meter, idle again; everything goes into the journal as it happens.
 */
#ifndef OAE_HARNESS_RUN_H
#define OAE_HARNESS_RUN_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/journal.h"
#include "harness/load.h"
#include "harness/sandbox.h"
#include "harness/sensors/sensor.h"
#include "harness/session.h"
#include "workloads/scenario.h"

/* What to do. Strings and arrays belong to the campaign. */
struct oae_run {
	uint64_t id;	  /* its place in the plan */
	uint32_t segment; /* 0; one more after each interruption */
	uint64_t block, rep, seed;
	const char *system, *workload, *condition, *scenario, *purpose;
	/* purpose "scale" only: a file of random weights of a real shape */
	const char *shape, *quant;
	uint32_t tokens_in, tokens_out;
	const char *const *argv;
	const char *dir; /* where it is started */
	struct oae_hello hello;
	const struct oae_request *requests; /* all that were planned */
	struct oae_request *own_requests;   /* the same, while it is made */
	size_t count;
	const bool *finished; /* of them, before this segment; or NULL */
	size_t max_in_flight; /* of the scenario; the adapter may allow less */
	struct oae_load_plan load;
	double offered_per_s;	       /* of the schedule as drawn; NaN: none */
	char schedule[OAE_SHA256_HEX]; /* its hash, or that of the pauses */
	size_t ok_before, failed_before; /* how those ended */
	struct oae_sandbox_plan sandbox; /* what its condition asks for */
};

/* What runs share. */
struct oae_bench {
	struct oae_journal *journal;
	struct oae_sensors *sensors;
	const char *sysroot; /* of control groups; NULL is "" */
	const struct oae_session_limits *limits;
	const volatile sig_atomic_t *stop;
	/* Called now and then while a run goes on; may be NULL. */
	void (*progress)(void *ctx, const struct oae_run *r, size_t finished);
	void *progress_ctx;
};

enum oae_run_status {
	OAE_RUN_OK,
	OAE_RUN_FAILED,
	OAE_RUN_INTERRUPTED,
	OAE_RUN_UNAVAILABLE /* its condition cannot be made here */
};

struct oae_run_result {
	enum oae_run_status status;
	char reason[480];  /* "" when ok */
	size_t ok, failed; /* requests of this segment */
	size_t in_flight_peak;
	uint64_t wall_ns;
	/* of the measure phase */
	uint64_t measure_ns, busy_ns;	 /* busy: something was in flight */
	uint64_t harness_ns, sensors_ns; /* our CPU time; sensors' part */
	uint64_t events;		 /* lines that the adapter wrote */
	uint64_t service_ns; /* of its ok requests, sent to done, summed */
	uint64_t peak_memory_bytes; /* of the whole run; 0 unknown */
	const char *peak_memory_method;
};

/*
 * Fails only when we cannot do our own part (the journal cannot be
 * written); an adapter's failure is a result.
 */
enum oae_status oae_run_execute(const struct oae_bench *b,
				const struct oae_run *r,
				struct oae_run_result *result,
				struct oae_error *err);

#endif
