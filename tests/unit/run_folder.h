/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run folder with an invented journal, written through the harness's own
 * journal writer: three systems on three workloads, and two scale runs.
 * Everything in it follows from the struct below.
 */
#ifndef OAE_TESTS_RUN_FOLDER_H
#define OAE_TESTS_RUN_FOLDER_H

#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/rng.h"
#include "base/sha256.h"
#include "harness/journal.h"
#include "schema/record.h"

#define FOLDER_SYSTEMS 3
#define FOLDER_WORKLOADS 3
#define FOLDER_ITEMS 64

/* What a condition does to each system. */
struct folder_condition {
	const char *name;
	double slower[FOLDER_SYSTEMS]; /* times s */
	double served[FOLDER_SYSTEMS]; /* share of a run, then it is killed */
	bool unavailable;
};

struct folder {
	char dir[300];
	unsigned reps, items; /* runs of a system on a workload; per run */
	bool sealed;
	bool meter;	     /* a powercap channel of 10 W idle */
	double idle_after_w; /* and so much after the load */
	double other_meter;  /* a second source: so many times this; 0: none */
	double noise;	     /* relative spread of run means */
	double speed[FOLDER_SYSTEMS]; /* s relative to dense */
	/* every k-th item is answered wrongly; 0: none */
	unsigned wrong_every[FOLDER_SYSTEMS];
	bool break_lossless; /* one answer of speculative differs */
	int late_run;	     /* requests of this run are sent 0.2 s late; -1 */
	const char *scenario;
	int fail_run; /* this run fails after half its items; -1 */
	bool scale;
	unsigned tokens_in, tokens_out; /* of the scale runs */
	const char *spec;		/* of the campaign line */
	bool sized;		/* requests of one to four times the size */
	unsigned warm_requests; /* the first of each run take */
	double warm_factor;	/* so much longer */
	double request_noise;	/* relative spread of requests */
	/* A plan with looks; the lines stand after the runs they look at. */
	double precision;
	unsigned every;
	struct folder_look {
		unsigned runs;
		double half_width;
		bool reached;
	} look[4];
	bool scale_once;  /* one scale run, not two */
	const char *stop; /* reason of a stop after all runs, or NULL */
	const struct folder_condition *conditions; /* beside nominal */
	size_t condition_count;
	const struct folder_condition *now; /* NULL: nominal */
};

static const char *const folder_system[FOLDER_SYSTEMS] = {
	"dense",
	"speculative",
	"moe",
};
static const char *const folder_workload[FOLDER_WORKLOADS] = {
	"letters",
	"notices",
	"sums",
};
static const char *const folder_judge[FOLDER_WORKLOADS] = {
	"contains_all",
	"exact",
	"final_number",
};
static const double folder_s[FOLDER_WORKLOADS] = { 0.05, 0.03, 0.08 };

static const char *const folder_input[] = {
	"schema/tables/defaults.csv",
	"tables/defaults.csv",
	"schema/tables/wages.csv",
	"tables/wages.csv",
	"schema/tables/grid.csv",
	"tables/grid.csv",
	"schema/tables/embodied.csv",
	"tables/embodied.csv",
	"schema/profiles/clinic.json",
	"profiles/clinic.json",
	"schema/profiles/hyperscale.json",
	"profiles/hyperscale.json",
	"workloads/letters.workload.json",
	"workloads/letters.workload.json",
	"workloads/notices.workload.json",
	"workloads/notices.workload.json",
	"workloads/sums.workload.json",
	"workloads/sums.workload.json",
	"adapters/reference/adapter.json",
	"adapters/reference/adapter.json",
	"adapters/reference/effort/dense.ledger.json",
	"adapters/reference/effort/dense.ledger.json",
	"adapters/reference/effort/speculative.ledger.json",
	"adapters/reference/effort/speculative.ledger.json",
	"adapters/reference/effort/moe.ledger.json",
	"adapters/reference/effort/moe.ledger.json",
	NULL,
};

static inline struct folder folder_default(const char *dir)
{
	struct folder f = {
		.reps = 6,
		.items = 12,
		.sealed = true,
		.noise = 0.02,
		.idle_after_w = 10,
		.speed = { 1, 0.8, 0.9 },
		.late_run = -1,
		.scenario = "SingleStream",
		.fail_run = -1,
		.scale = true,
		.tokens_in = 600,
		.tokens_out = 200,
		.spec = OAE_SPEC_VERSION,
	};

	snprintf(f.dir, sizeof(f.dir), "%s", dir);
	return f;
}

static inline void folder_ok(enum oae_status status,
			     const struct oae_error *err)
{
	if (status)
		fail_msg("%s", err->text);
}

static inline void folder_inputs(const struct folder *f, struct oae_jw *w)
{
	char home[OAE_PATH_BYTES_MAX], from[2 * OAE_PATH_BYTES_MAX];
	char to[2 * OAE_PATH_BYTES_MAX], hex[OAE_SHA256_HEX], *slash;
	struct oae_error err = { OAE_OK, 0, "" };

	folder_ok(oae_home(home, sizeof(home), &err), &err);
	oae_jw_obj(w, "inputs");
	for (size_t i = 0; folder_input[i]; i += 2) {
		snprintf(from, sizeof(from), "%s/%s", home, folder_input[i]);
		snprintf(to, sizeof(to), "%s/inputs/%s", f->dir,
			 folder_input[i + 1]);
		slash = strrchr(to, '/');
		*slash = '\0';
		folder_ok(oae_dir_make(to, &err), &err);
		*slash = '/';
		folder_ok(oae_file_copy(from, to, &err), &err);
		folder_ok(oae_sha256_file(to, hex, &err), &err);
		oae_jw_str(w, folder_input[i + 1], hex);
	}
	oae_jw_end_obj(w);
}

static inline void folder_commit(struct oae_journal *j)
{
	struct oae_error err = { OAE_OK, 0, "" };

	folder_ok(oae_journal_commit(j, &err), &err);
}

static inline void folder_campaign(const struct folder *f,
				   struct oae_journal *j)
{
	struct oae_jw *w = oae_journal_begin(j, "campaign");
	char id[64];

	oae_jw_str(w, "oae", OAE_VERSION);
	oae_jw_str(w, "spec", f->spec);
	oae_jw_int(w, "journal", OAE_JOURNAL_VERSION);
	oae_jw_str(w, "utc", "2026-01-02T03:04:05Z");
	oae_jw_str(w, "seed", "42");
	oae_jw_str(w, "suite", "invented");
	if (f->condition_count) {
		oae_jw_obj(w, "options");
		oae_jw_arr(w, "conditions");
		oae_jw_str(w, NULL, "nominal");
		for (size_t i = 0; i < f->condition_count; i++)
			oae_jw_str(w, NULL, f->conditions[i].name);
		oae_jw_end_arr(w);
		oae_jw_end_obj(w);
	}
	folder_inputs(f, w);
	oae_jw_obj(w, "plan");
	oae_jw_int(w, "runs", f->reps * FOLDER_SYSTEMS * FOLDER_WORKLOADS);
	if (f->every) {
		oae_jw_num(w, "precision", f->precision);
		oae_jw_int(w, "every", f->every);
		oae_jw_int(w, "looks", f->precision > 0 ? 4 : 1);
		oae_jw_num(w, "level", f->precision > 0 ? 1 - .0182 : .95);
		if (f->stop && strcmp(f->stop, "budget") == 0)
			oae_jw_int(w, "budget_s", 60);
	}
	oae_jw_end_obj(w);
	oae_jw_arr(w, "systems");
	for (int i = 0; i < FOLDER_SYSTEMS; i++) {
		snprintf(id, sizeof(id), "reference/%s", folder_system[i]);
		oae_jw_obj(w, NULL);
		oae_jw_str(w, "id", id);
		oae_jw_str(w, "adapter", "reference");
		oae_jw_str(w, "system", folder_system[i]);
		oae_jw_str(w, "title", folder_system[i]);
		oae_jw_str(w, "kind", folder_system[i]);
		oae_jw_obj(w, "knobs");
		oae_jw_end_obj(w);
		oae_jw_str(w, "lossless_of", i == 1 ? "reference/dense" : NULL);
		oae_jw_arr(w, "models");
		oae_jw_end_arr(w);
		oae_jw_end_obj(w);
	}
	oae_jw_end_arr(w);
	oae_jw_str(w, "baseline", "reference/dense");
	oae_jw_arr(w, "workloads");
	for (int i = 0; i < FOLDER_WORKLOADS; i++)
		oae_jw_str(w, NULL, folder_workload[i]);
	oae_jw_end_arr(w);
	oae_jw_str(w, "scenario", f->scenario);
	folder_commit(j);
	w = oae_journal_begin(j, "environment");
	oae_jw_str(w, "when", "start");
	oae_jw_obj(w, "cpu");
	oae_jw_str(w, "model", "invented");
	oae_jw_int(w, "cores", 2);
	oae_jw_end_obj(w);
	folder_commit(j);
}

static inline void folder_sensors(const struct folder *f, struct oae_journal *j,
				  int run, double t, const char *phase,
				  double joules)
{
	struct oae_jw *w = oae_journal_begin(j, "sensors");

	oae_jw_int(w, "run", run);
	oae_jw_int(w, "t_ns", (int64_t)(t * 1e9));
	oae_jw_str(w, "phase", phase);
	oae_jw_obj(w, "values");
	if (f->meter)
		oae_jw_int(w, "powercap.package-0_uj", (int64_t)(joules * 1e6));
	if (f->other_meter > 0)
		oae_jw_int(w, "perf-power.package-0",
			   (int64_t)(joules * f->other_meter * 1e6));
	oae_jw_end_obj(w);
	folder_commit(j);
}

/* 30 W from `start` on, then 10 W again. */
static inline void folder_load(const struct folder *f, struct oae_journal *j,
			       int run, double start, double busy)
{
	double end = start + busy, joules = 10 + 30 * busy;

	folder_sensors(f, j, run, start, "measure", 10);
	folder_sensors(f, j, run, end, "measure", joules);
	folder_sensors(f, j, run, end + 1, "idle_after", joules + 10);
	folder_sensors(f, j, run, end + 1.5, "idle_after",
		       joules + 10 + f->idle_after_w / 2);
}

/* The item's right answer, or a wrong one. */
static inline void folder_answer(const struct folder *f, struct oae_jw *w,
				 int system, int workload, unsigned item)
{
	unsigned every = f->wrong_every[system];
	bool wrong = every && item % every == 0;
	char right[64], text[128];

	snprintf(right, sizeof(right), workload == 2 ? "%u" : "word %u",
		 item + 100);
	snprintf(text, sizeof(text), workload == 2 ? "so it is %s%s" : "%s%s",
		 wrong ? "not " : "", right);
	if (workload == 2 && wrong)
		snprintf(text, sizeof(text), "so it is 7");
	if (workload == 0 && wrong)
		snprintf(text, sizeof(text), "something else");
	if (workload == 0 && f->break_lossless && system == 1 && item == 5)
		snprintf(text, sizeof(text), "%s indeed", right);
	oae_jw_str(w, "answer", text);
	oae_jw_str(w, "expected", right);
	oae_jw_str(w, "judge", folder_judge[workload]);
}

static inline void folder_sample(const struct folder *f, struct oae_journal *j,
				 int run, int system, int workload,
				 unsigned request, unsigned item, double start,
				 double s)
{
	struct oae_jw *w = oae_journal_begin(j, "sample");
	char id[32];

	oae_jw_int(w, "run", run);
	oae_jw_int(w, "segment", 0);
	oae_jw_u64s(w, "request", request + 1);
	snprintf(id, sizeof(id), "%s-%04u", folder_workload[workload], item);
	oae_jw_str(w, "item", id);
	oae_jw_int(w, "due_ns",
		   (int64_t)((run == f->late_run ? start - 0.2 : start) * 1e9));
	oae_jw_int(w, "sent_ns", (int64_t)(start * 1e9));
	oae_jw_int(w, "first_ns", (int64_t)((start + s / 10) * 1e9));
	oae_jw_int(w, "done_ns", (int64_t)((start + s) * 1e9));
	oae_jw_int(w, "tokens_in", 40);
	oae_jw_int(w, "tokens_out", f->sized ? 10 * (1 + item % 4) : 10);
	oae_jw_int(w, "drafted", system == 1 ? 8 : 0);
	oae_jw_int(w, "accepted", system == 1 ? 6 : 0);
	oae_jw_str(w, "outcome", "ok");
	oae_jw_null(w, "reason");
	oae_jw_str(w, "finish", "stop");
	folder_answer(f, w, system, workload, item);
	oae_jw_str(w, "group", "clinic");
	oae_jw_arr(w, "token_ns");
	oae_jw_int(w, NULL, (int64_t)(s * 1e8));
	for (int i = 0; i < 9; i++)
		oae_jw_int(w, NULL, (int64_t)(s * 1e8));
	oae_jw_end_arr(w);
	folder_commit(j);
}

static inline void folder_meter(struct oae_jw *w, const char *sensor,
				const char *name, bool there, bool chosen)
{
	if (!there)
		return;
	oae_jw_obj(w, NULL);
	oae_jw_str(w, "name", name);
	oae_jw_str(w, "sensor", sensor);
	oae_jw_str(w, "unit", "uJ");
	oae_jw_num(w, "scale", 1);
	oae_jw_str(w, "covers", "package");
	oae_jw_bool(w, "chosen", chosen);
	oae_jw_str(w, "evidence", "measured");
	oae_jw_end_obj(w);
}

static inline void folder_sources(struct oae_jw *w, const struct folder *f)
{
	oae_jw_arr(w, "sources");
	if (f->meter) {
		oae_jw_obj(w, NULL);
		oae_jw_str(w, "sensor", "powercap");
		oae_jw_str(w, "covers", "package");
		oae_jw_str(w, "state", "counts");
		oae_jw_int(w, "terms", 1);
		oae_jw_int(w, "usable", 1);
		oae_jw_str(w, "class", "measured");
		oae_jw_num(w, "update_s", 0.001);
		oae_jw_null(w, "reason");
		oae_jw_end_obj(w);
	}
	oae_jw_end_arr(w);
}

static inline void folder_run_begin(const struct folder *f,
				    struct oae_journal *j, int run,
				    const char *system, const char *workload,
				    int rep, bool scale)
{
	struct oae_jw *w = oae_journal_begin(j, "run");
	char id[64];

	snprintf(id, sizeof(id), "reference/%s", system);
	oae_jw_int(w, "run", run);
	oae_jw_str(w, "system", id);
	oae_jw_str(w, "workload", workload);
	oae_jw_str(w, "condition", f->now ? f->now->name : "nominal");
	if (f->now) {
		oae_jw_obj(w, "condition_set");
		oae_jw_str(w, "what", f->now->name);
		oae_jw_end_obj(w);
	}
	oae_jw_str(w, "scenario", f->scenario);
	oae_jw_int(w, "block", rep / 2);
	oae_jw_int(w, "rep", rep);
	oae_jw_str(w, "seed", "7");
	oae_jw_int(w, "segment", 0);
	oae_jw_str(w, "purpose", scale ? "scale" : "score");
	if (scale) {
		oae_jw_str(w, "shape", "tinyllama-1.1b");
		oae_jw_str(w, "quant", "q8_0");
		oae_jw_int(w, "tokens_in", f->tokens_in);
		oae_jw_int(w, "tokens_out", f->tokens_out);
	}
	oae_jw_arr(w, "items");
	for (unsigned i = 0; i < (scale ? 1 : f->items); i++)
		oae_jw_str(w, NULL, "planned");
	oae_jw_end_arr(w);
	oae_jw_arr(w, "channels");
	folder_meter(w, "powercap", "powercap.package-0_uj", f->meter, true);
	folder_meter(w, "perf-power", "perf-power.package-0",
		     f->other_meter > 0, false);
	oae_jw_end_arr(w);
	folder_sources(w, f);
	oae_jw_str(w, "no_meter", f->meter ? NULL : "no meter: invented");
	folder_commit(j);
	w = oae_journal_begin(j, "ready");
	oae_jw_int(w, "run", run);
	oae_jw_int(w, "setup_ns", 50000000);
	oae_jw_obj(w, "adapter");
	oae_jw_str(w, "adapter", "reference");
	oae_jw_end_obj(w);
	folder_commit(j);
}

/* 20 W above idle on both cores while busy. */
static inline void folder_run_end(const struct folder *f, struct oae_journal *j,
				  int run, double busy, bool ok)
{
	const char *why = f->now ? "killed" : "exit 3";
	const char *status = ok ? "ok" : "failed";

	struct oae_jw *w = oae_journal_begin(j, "run_end");

	oae_jw_int(w, "run", run);
	oae_jw_int(w, "segment", 0);
	if (f->now && f->now->unavailable) {
		status = "unavailable";
		why = "not on this machine";
	}
	oae_jw_str(w, "status", status);
	oae_jw_str(w, "reason", strcmp(status, "ok") ? why : NULL);
	oae_jw_obj(w, "condition_seen");
	oae_jw_int(w, "oom_kills", f->now && !ok ? 1 : 0);
	oae_jw_end_obj(w);
	oae_jw_int(w, "wall_ns", (int64_t)((busy + 1) * 1e9));
	oae_jw_int(w, "peak_memory_bytes", 1000000);
	oae_jw_str(w, "peak_memory_method", "pss");
	oae_jw_obj(w, "measured");
	oae_jw_obj(w, "proc.cpu_ns");
	oae_jw_num(w, "value", busy * 2e9);
	oae_jw_null(w, "reason");
	oae_jw_end_obj(w);
	oae_jw_obj(w, "estimate.busy_ns");
	oae_jw_num(w, "value", busy * 2.5e9);
	oae_jw_null(w, "reason");
	oae_jw_end_obj(w);
	oae_jw_end_obj(w);
	folder_commit(j);
}

static inline void folder_run(const struct folder *f, struct oae_journal *j,
			      struct oae_rng *rng, int run, int system,
			      int workload, int rep)
{
	double s = folder_s[workload] * f->speed[system] *
		   (1 + f->noise * oae_rng_normal(rng));
	unsigned n = f->fail_run == run ? f->items / 2 : f->items;
	double busy = 0;

	if (f->now) {
		s *= f->now->slower[system];
		n = (unsigned)(f->now->served[system] * f->items);
	}
	folder_run_begin(f, j, run, folder_system[system],
			 folder_workload[workload], rep, false);
	folder_sensors(f, j, run, 0, "idle", 0);
	folder_sensors(f, j, run, 0.5, "idle", 5);
	for (unsigned i = 0; i < n; i++) {
		unsigned item = ((unsigned)rep * f->items + i) % FOLDER_ITEMS;
		double takes = f->sized ? s * (1 + item % 4) : s;

		takes *= i < f->warm_requests ? f->warm_factor : 1;
		if (f->request_noise > 0)
			takes *= exp(f->request_noise * oae_rng_normal(rng));
		folder_sample(f, j, run, system, workload, i, item, 1 + busy,
			      takes);
		busy += takes;
	}
	folder_load(f, j, run, 1, busy);
	folder_run_end(f, j, run, busy, n == f->items);
}

static inline void folder_scale_run(const struct folder *f,
				    struct oae_journal *j, int run, double s)
{
	folder_run_begin(f, j, run, "dense", "scale", run % 2, true);
	folder_sensors(f, j, run, 0, "idle", 0);
	folder_sensors(f, j, run, 0.5, "idle", 5);
	folder_sample(f, j, run, 0, 0, 0, 0, 1, s);
	folder_load(f, j, run, 1, s);
	folder_run_end(f, j, run, s, true);
}

static inline void folder_looks(const struct folder *f, struct oae_journal *j,
				unsigned runs)
{
	for (int i = 0; i < 4; i++) {
		struct oae_jw *w;

		if (f->look[i].runs != runs)
			continue;
		w = oae_journal_begin(j, "look");
		oae_jw_int(w, "runs", runs);
		oae_jw_num(w, "half_width", f->look[i].half_width);
		oae_jw_bool(w, "reached", f->look[i].reached);
		folder_commit(j);
	}
}

static inline void folder_stop(const struct folder *f, struct oae_journal *j)
{
	struct oae_jw *w = oae_journal_begin(j, "stop");

	oae_jw_str(w, "reason", f->stop);
	oae_jw_int(w, "runs", f->reps);
	oae_jw_int(w, "skipped", 9);
	oae_jw_str(w, "text", "stopped for a test");
	folder_commit(j);
}

/* Writes the folder: inputs and journal, no result. */
static inline void folder_make(const struct folder *f)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_journal j;
	struct oae_rng rng;
	char path[400];
	int run = 0;

	oae_rng_seed(&rng, 11);
	folder_ok(oae_dir_make(f->dir, &err), &err);
	snprintf(path, sizeof(path), "%s/journal.jsonl", f->dir);
	folder_ok(oae_journal_create(&j, path, &err), &err);
	folder_campaign(f, &j);
	for (int rep = 0; rep < (int)f->reps; rep++) {
		for (int w = 0; w < FOLDER_WORKLOADS; w++)
			for (int s = 0; s < FOLDER_SYSTEMS; s++)
				folder_run(f, &j, &rng, run++, s, w, rep);
		folder_looks(f, &j, (unsigned)rep + 1);
	}
	if (f->stop)
		folder_stop(f, &j);
	for (size_t q = 0; q < f->condition_count; q++) {
		struct folder at = *f;

		at.now = &f->conditions[q];
		for (int rep = 0; rep < (int)f->reps; rep++)
			for (int w = 0; w < FOLDER_WORKLOADS; w++)
				for (int s = 0; s < FOLDER_SYSTEMS; s++)
					folder_run(&at, &j, &rng, run++, s, w,
						   rep);
	}
	if (f->scale) {
		folder_scale_run(f, &j, run++, 50);
		if (!f->scale_once)
			folder_scale_run(f, &j, run++, 51);
	}
	if (f->sealed)
		folder_ok(oae_journal_seal(&j, &err), &err);
	oae_journal_close(&j);
}

#endif
