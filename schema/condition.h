/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conditions under which systems are measured (spec §6.2): one
 * ladder, three severities a kind; and smaller machines beside it (§9.3).
 * A name such as "cpu:50" stands for one.
 */
#ifndef OAE_SCHEMA_CONDITION_H
#define OAE_SCHEMA_CONDITION_H

#include <stddef.h>

#include "base/status.h"

#define OAE_CONDITIONS_MAX 32u
/* Requests of one cold run: a process started for a short session. */
#define OAE_COLD_REQUESTS 4u
#define OAE_SEVERITIES 3
#define OAE_SEVERITY_MODERATE 1
#define OAE_CONDITION_NOMINAL "nominal"
/* In a list of names: all of the ladder. */
#define OAE_CONDITIONS_STANDARD "standard"

enum oae_condition_kind {
	OAE_CONDITION_KIND_NOMINAL,
	OAE_CONDITION_BURST,	 /* Gamma arrivals; value: CV of the gaps */
	OAE_CONDITION_NOISE,	 /* value: edited letters, percent */
	OAE_CONDITION_CPU,	 /* value: share of the cores, percent */
	OAE_CONDITION_MEMORY,	 /* value: x the baseline's nominal peak */
	OAE_CONDITION_COLD,	 /* value: enum oae_cold */
	OAE_CONDITION_COLOCATED, /* value: busy threads; 0: one a core */
	/* Those before are the ladder: severities, and a minimum over them. */
	OAE_CONDITION_TIER, /* smaller; value: enum oae_hardware_tier */
	OAE_CONDITION_KINDS,
	OAE_CONDITION_LADDER = OAE_CONDITION_TIER
};

enum oae_cold {
	OAE_COLD_PROCESS, /* its files are in the page cache */
	OAE_COLD_CACHE,	  /* they are not */
	OAE_COLD_LOAD,	  /* they are not, and all requests wait already */
};

struct oae_condition {
	const char *name;
	enum oae_condition_kind kind;
	int severity; /* 0 mild, 1 moderate, 2 severe; nominal, tier: 0 */
	double value;
	const char *about;
};

/* Nominal first, then by kind and severity; ends with a NULL name. */
extern const struct oae_condition oae_conditions[];

const struct oae_condition *oae_condition_find(const char *name); /* or NULL */
const char *oae_condition_kind_name(enum oae_condition_kind k);	  /* "cpu" */

/*
 * A list as somebody wrote it, made whole: "standard" is the whole ladder,
 * nominal is always there and first, the rest in the given order. out holds
 * OAE_CONDITIONS_MAX. An unknown name, or one given twice, is OAE_ERR_USAGE;
 * the text lists the known ones.
 */
enum oae_status oae_conditions_expand(const char *const *names, size_t n,
				      const char **out, size_t *count,
				      struct oae_error *err);

#endif
