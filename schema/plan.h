/* SPDX-License-Identifier: Apache-2.0 */
/* Planning without measuring: what `oae cost` computes. */
#ifndef OAE_SCHEMA_PLAN_H
#define OAE_SCHEMA_PLAN_H

#include <stddef.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/status.h"
#include "schema/bounds.h"
#include "schema/cost.h"

#define OAE_PLAN_POINTS_MAX 1000u

struct oae_plan_system {
	const char *name;
	struct oae_own_values low, mid, high;
};

/* One N; its profile's name is NULL when N was given as such. */
struct oae_plan_point {
	const char *profile;
	double low, mid, high;
};

struct oae_plan {
	struct oae_terms low, mid, high; /* N not yet set */
	bool on_demand, owned;		 /* prices given */
	struct oae_plan_system systems[OAE_SYSTEMS_MAX];
	size_t system_count, baseline;
	struct oae_plan_point points[OAE_PLAN_POINTS_MAX];
	size_t point_count;
};

/*
 * Reads the "inputs" object of a plan (or the object that holds one under
 * that key). Strings point into the tree. Anything missing, unknown,
 * negative or out of order is OAE_ERR_FORMAT naming the key.
 */
enum oae_status oae_plan_read(const cJSON *tree, struct oae_plan *p,
			      struct oae_error *err);
/* Appends the computed document, pretty-printed with a last newline. */
enum oae_status oae_plan_write(const struct oae_plan *p, struct oae_buf *out,
			       struct oae_error *err);

#endif
