/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A campaign: a suite, as somebody asked for it, made concrete. Loading
 * checks everything that can be wrong before anything is measured: names,
 * knobs, ledgers, profiles, tables, models, programs. The plan follows from
 * the options and the inputs alone, so that a resumed campaign has the same.
 */
#ifndef OAE_HARNESS_CAMPAIGN_H
#define OAE_HARNESS_CAMPAIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/status.h"
#include "harness/run.h"
#include "schema/manifest.h"
#include "schema/stopping.h"
#include "schema/tiers.h"
#include "workloads/blocks.h"
#include "workloads/suite.h"
#include "workloads/workload.h"

#define OAE_ADAPTERS_MAX 64u
#define OAE_SEED_DEFAULT 42u
#define OAE_INPUTS_MAX 1024u
#define OAE_LIMIT_S_MAX 86400u /* a limit on an adapter */

struct oae_names {
	const char *item[OAE_SYSTEMS_MAX];
	size_t count;
};

struct oae_tuning; /* harness/tune_plan.h */

/* What a user may say; zero is "as the suite has it". */
struct oae_options {
	const char *suite;	  /* id */
	struct oae_names systems; /* "adapter/system[:knob=value,...]" */
	struct oae_names workloads;
	struct oae_names conditions; /* resolved: nominal first */
	struct oae_names adapters;   /* "DIR", or "NAME=DIR": so called here */
	struct oae_names builds;     /* "NAME=DIR": {build} of that adapter */
	struct oae_names profiles;   /* files or names, not the suite's */
	struct oae_names tunes;	     /* folders of `oae tune` */
	struct oae_names setups;     /* transcripts; or "run": make them */
	uint32_t runs, items;
	double precision;  /* relative half-width to reach; 0: none */
	uint32_t budget_s; /* of measuring; 0: none */
	uint32_t ready_s, request_s, close_s; /* limits on an adapter */
	uint64_t seed;
	bool no_calibration; /* of the harness's own cost */
	struct oae_load_spec load;
};

struct oae_campaign_adapter {
	const char *id;	 /* the manifest's name, or the user's */
	const char *dir; /* absolute */
	const char *home,
		*build; /* {home} and {build}; models are below home */
	struct oae_manifest manifest;
};

struct oae_model_file {
	const char *path; /* as the manifest has it */
	char sha256[OAE_SHA256_HEX];
	uint64_t bytes;
};

struct oae_campaign_system {
	const char *id; /* what the user or the suite wrote */
	const struct oae_campaign_adapter *adapter;
	const struct oae_system_entry *entry;
	cJSON *knobs; /* all of them, defaults included */
	const char *argv[OAE_MANIFEST_LIST_MAX + 1];
	char binary_sha256[OAE_SHA256_HEX]; /* "" when not a file */
	struct oae_model_file models[OAE_MANIFEST_LIST_MAX];
};

/* A file that the result depends on; copied into DIR/inputs/NAME. */
struct oae_input {
	const char *name, *path;
	char sha256[OAE_SHA256_HEX];
};

#define OAE_NO_SCALE UINT32_MAX

struct oae_campaign_run {
	struct oae_planned_run at; /* of a scale run: system, block, rep */
	uint32_t scale;		   /* index, or OAE_NO_SCALE */
};

struct oae_campaign {
	struct oae_arena arena;
	char home[OAE_PATH_BYTES_MAX];
	char build[OAE_PATH_BYTES_MAX]; /* where the programs are */
	struct oae_options options;	/* resolved: names filled in */
	struct oae_suite suite;
	struct oae_load_plan load;
	struct oae_trace trace;		   /* of the load, where it has one */
	struct oae_workload *workloads;	   /* options.workloads.count */
	uint32_t items[OAE_WORKLOADS_MAX]; /* asked in one run */
	struct oae_campaign_adapter adapters[OAE_ADAPTERS_MAX];
	size_t adapter_count;
	/* Those of the options; those that a tuning adds come after them. */
	struct oae_campaign_system *systems;
	size_t system_count;
	size_t baseline;
	const struct oae_tuning *tuning; /* or NULL: the runs are scored */
	struct oae_input *inputs;
	size_t input_count;
	/* Filled where a condition is one. */
	struct oae_hardware tiers[OAE_HARDWARE_TIERS];
	struct oae_stopping stopping;
	struct oae_campaign_run *runs; /* the most that there will be */
	size_t run_count;
};

/* $OAE_BUILD, else where this program is: what {build} stands for. */
enum oae_status oae_build_dir(char *out, size_t size, struct oae_error *err);

/* Release also after a failure. */
enum oae_status oae_campaign_load(struct oae_campaign *c,
				  const struct oae_options *options,
				  struct oae_error *err);
void oae_campaign_release(struct oae_campaign *c);

/* Resolves "adapter/system[:knobs]" (campaign_systems.c). */
enum oae_status oae_campaign_system_load(struct oae_campaign *c,
					 const char *spec,
					 struct oae_campaign_system *s,
					 struct oae_error *err);
/*
 * Adds an adapter by its folder, "DIR" or "NAME=DIR". One with a name of the
 * user's belongs to the source tree that its folder is in: {home} is the
 * nearest parent with schema/tables, and {build} is HOME/build unless
 * options.builds says otherwise. So two versions of an adapter can be
 * measured by one harness.
 */
enum oae_status oae_campaign_adapter_load(struct oae_campaign *c,
					  const char *spec,
					  struct oae_error *err);
/* A file that goes into DIR/inputs. */
enum oae_status oae_campaign_input(struct oae_campaign *c, const char *name,
				   const char *path, struct oae_error *err);

/*
 * Takes the transcripts of options.setups into the inputs, each as its
 * system's. OAE_ERR_CHECK for one that is void, OAE_ERR_USAGE for one whose
 * system, or version of the adapter, is not in the campaign
 * (campaign_setup.c).
 */
enum oae_status oae_campaign_setups(struct oae_campaign *c,
				    struct oae_error *err);
/*
 * Takes tune.json of options.tunes into the inputs as "tune/N.json"
 * (campaign_tune.c). OAE_ERR_USAGE when one is not whole, or of a system or
 * baseline that this campaign does not measure.
 */
enum oae_status oae_campaign_tunes(struct oae_campaign *c,
				   struct oae_error *err);
/* "--setup run": sets every system up, each transcript into DIR/inputs. */
enum oae_status oae_campaign_set_up(struct oae_campaign *c, const char *dir,
				    const volatile sig_atomic_t *stop,
				    struct oae_error *err);

/* The members of the "campaign" line (campaign_folder.c). */
void oae_campaign_write(const struct oae_campaign *c, struct oae_jw *w,
			int argc, char **argv);
/* The options that a "campaign" line holds; strings stay the tree's. */
enum oae_status oae_options_read(const cJSON *campaign,
				 struct oae_options *options,
				 struct oae_error *err);
/* OAE_ERR_CHECK naming the first input, model or program that has changed
 * since the "campaign" line was written. */
enum oae_status oae_campaign_same(const struct oae_campaign *c,
				  const cJSON *campaign, struct oae_error *err);
/* Copies what is missing of the inputs into DIR/inputs. */
enum oae_status oae_campaign_copy_inputs(const struct oae_campaign *c,
					 const char *dir,
					 struct oae_error *err);

/* Plans half of each scale step's runs (rounded up), or the other half. */
void oae_campaign_add_scales(struct oae_campaign *c, bool first,
			     uint32_t block);
/* Draws every schedule once: what cannot be drawn is said beforehand
 * (campaign_requests.c). */
enum oae_status oae_campaign_schedules(const struct oae_campaign *c,
				       struct oae_error *err);

/* How many requests run i of the plan has. */
size_t oae_campaign_requests(const struct oae_campaign *c, size_t i);
/*
 * Run i of the plan, ready to execute but for segment, finished and
 * hello.synthetic; memory from the given arena.
 */
enum oae_status oae_campaign_run_get(const struct oae_campaign *c, size_t i,
				     struct oae_arena *a, struct oae_run *r,
				     struct oae_error *err);

#endif
