/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/energy.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static const char *const covers_names[OAE_COVERS_COUNT] = {
	[OAE_COVERS_NOTHING] = NULL,	  [OAE_COVERS_INSIDE] = "inside",
	[OAE_COVERS_PACKAGE] = "package", [OAE_COVERS_DRAM] = "dram",
	[OAE_COVERS_GPU] = "gpu",	  [OAE_COVERS_WALL] = "wall",
};

const char *oae_covers_name(enum oae_covers c)
{
	return covers_names[c];
}

enum oae_covers oae_covers_parse(const char *name)
{
	int c;

	for (c = 1; name && c < OAE_COVERS_COUNT; c++)
		if (strcmp(name, covers_names[c]) == 0)
			return (enum oae_covers)c;
	return OAE_COVERS_NOTHING;
}

/* Mean of both; either where the other is unknown. */
static double idle_power(const struct oae_energy_window *w)
{
	if (isnan(w->idle_before_w))
		return w->idle_after_w;
	if (isnan(w->idle_after_w))
		return w->idle_before_w;
	return (w->idle_before_w + w->idle_after_w) / 2;
}

/* By CPU time; the kernel's ticks may make the parts more than the whole. */
static void share_out(const struct oae_energy_window *w,
		      struct oae_energy_account *a)
{
	double boards = isnan(w->boards_j) ? 0 : w->boards_j;
	double cpu_j = a->dynamic_j - boards;
	double adapter = w->adapter_cpu_s;
	double harness = isnan(w->harness_cpu_s) ? 0 : w->harness_cpu_s;
	double busy = fmax(w->busy_cpu_s, adapter + harness);

	/* NaN compares false: what is not known attributes nothing. */
	if (!isnan(adapter) && w->busy_cpu_s > 0 && cpu_j > 0) {
		a->adapter_j = cpu_j * (adapter / busy);
		a->harness_j = cpu_j * (harness / busy);
		a->others_j =
			cpu_j * fmax(0, (busy - adapter - harness) / busy);
	}
	a->unattributed_j =
		a->dynamic_j - (a->adapter_j + a->harness_j + a->others_j);
}

struct oae_energy_account oae_energy_unknown(void)
{
	struct oae_energy_account a = {
		NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, false,
	};

	return a;
}

struct oae_energy_account oae_energy_account(const struct oae_energy_window *w)
{
	struct oae_energy_account a = {
		.seconds = w->seconds,
		.total_j = w->total_j,
		.idle_w = idle_power(w),
		.drift =
			(w->idle_after_w - w->idle_before_w) / w->idle_before_w,
	};

	a.drifted = fabs(a.drift) > OAE_IDLE_DRIFT_MAX;
	a.idle_j = a.idle_w * a.seconds;
	a.dynamic_j = a.total_j - a.idle_j;
	if (isnan(a.dynamic_j))
		a.adapter_j = a.harness_j = a.others_j = a.unattributed_j = NAN;
	else
		share_out(w, &a);
	return a;
}

void oae_energy_add(struct oae_energy_account *sum,
		    const struct oae_energy_account *a)
{
	double s = sum->seconds + a->seconds;

	sum->idle_w = (sum->idle_w * sum->seconds + a->idle_w * a->seconds) / s;
	sum->seconds = s;
	sum->total_j += a->total_j;
	sum->idle_j += a->idle_j;
	sum->dynamic_j += a->dynamic_j;
	sum->adapter_j += a->adapter_j;
	sum->harness_j += a->harness_j;
	sum->others_j += a->others_j;
	sum->unattributed_j += a->unattributed_j;
	sum->drifted = sum->drifted || a->drifted;
	if (!(fabs(sum->drift) >= fabs(a->drift)))
		sum->drift = a->drift;
}
