/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The effort ledger of one system: what it takes people and machines to
 * adopt it and to keep it running (spec sections 1 and 2).
 */
#ifndef OAE_SCHEMA_LEDGER_H
#define OAE_SCHEMA_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/status.h"
#include "schema/evidence.h"

#define OAE_TIERS 3 /* T1 general IT, T2 programmer, T3 specialist */
#define OAE_LEDGER_ENTRIES_MAX 1000u
#define OAE_LEDGER_COUNTS_MAX 100u

enum oae_ledger_kind {
	OAE_LEDGER_ADOPTION,	/* hours, once */
	OAE_LEDGER_MAINTENANCE, /* hours a month */
	OAE_LEDGER_MACHINE,	/* machine-seconds, once */
};

struct oae_ledger_entry {
	const char *id, *activity;
	enum oae_ledger_kind kind;
	int tier;		 /* 0..OAE_TIERS-1; -1 for machine time */
	struct oae_range amount; /* h, h/month or s */
};

/*
 * "counts" of a ledger are numbers of things that somebody must keep (knobs,
 * lines of configuration, models, processes): checked, shown, and no part of
 * a cost.
 */
struct oae_ledger {
	cJSON *tree;
	const char *system; /* "adapter/system" */
	struct oae_ledger_entry *entries;
	size_t count;
};

/* Sums of one ledger: adoption h, maintenance h/month, machine s. */
struct oae_ledger_sum {
	struct oae_range adoption_h[OAE_TIERS];
	struct oae_range maintenance_h_month[OAE_TIERS];
	struct oae_range machine_s;
	size_t adoption_count, maintenance_count, machine_count;
};

/*
 * Reads and checks a ledger. A negative number, NaN, an unknown key, tier,
 * kind or class, or a declared range that is too narrow is OAE_ERR_FORMAT
 * that names the file and the entry. Release also after a failure.
 */
enum oae_status oae_ledger_read(const char *path, struct oae_ledger *l,
				struct oae_error *err);
/* The same of a tree, which becomes the ledger's; `path` names it. */
enum oae_status oae_ledger_take(cJSON *tree, const char *path,
				struct oae_ledger *l, struct oae_error *err);
void oae_ledger_release(struct oae_ledger *l);
struct oae_ledger_sum oae_ledger_sum(const struct oae_ledger *l);
/*
 * The sum of the entries that both ledgers hold: the same id, kind, tier
 * and numbers are the same work, as uncertain for one as for the other, so
 * that it cancels in a difference.
 */
struct oae_ledger_sum oae_ledger_common(const struct oae_ledger *a,
					const struct oae_ledger *b);

/*
 * What the set-up steps took, measured, takes the place of what was said of
 * them: the machine entries OAE_LEDGER_STEPS, or that followed by "." and
 * more. Its class is given: what another
 * machine took is an estimate of what this one takes. Returns how many it
 * replaced; without any it is added. The tree stays
 * as it was read. OAE_LEDGER_NONE when there was no memory.
 */
#define OAE_LEDGER_STEPS "setup.build"
#define OAE_LEDGER_NONE SIZE_MAX
size_t oae_ledger_measure_steps(struct oae_ledger *l, double machine_s,
				enum oae_evidence evidence);
bool oae_ledger_is_steps(const struct oae_ledger_entry *e);

/* "adoption", "maintenance", "machine", and its unit. */
const char *oae_ledger_kind_name(enum oae_ledger_kind kind);
const char *oae_ledger_kind_unit(enum oae_ledger_kind kind);
int oae_ledger_kind_parse(const char *name); /* -1: none of them */

/* 0..2 for "T1".."T3", -1 otherwise. */
int oae_tier_parse(const char *name);

#endif
