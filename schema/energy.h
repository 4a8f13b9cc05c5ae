/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The account of a machine's energy: what meters cover, and how the joules
 * of a window are shared out. Pure arithmetic (spec §2.8 to §2.13).
 */
#ifndef OAE_SCHEMA_ENERGY_H
#define OAE_SCHEMA_ENERGY_H

#include <stdbool.h>

/*
 * What an energy channel meters. A machine's energy is package + dram + gpu
 * where the packages are metered, else wall, which holds them all. Two
 * sources that cover the same thing are compared and never summed.
 */
enum oae_covers {
	OAE_COVERS_NOTHING = 0, /* no energy channel */
	OAE_COVERS_INSIDE,	/* energy that another channel holds, or unknown
			    * what: reported, never summed */
	OAE_COVERS_PACKAGE,	/* processors: cores, caches, integrated GPU */
	OAE_COVERS_DRAM,	/* memory beside the packages */
	OAE_COVERS_GPU,		/* graphics boards, their memory included */
	OAE_COVERS_WALL,	/* the whole machine */
	OAE_COVERS_COUNT,
};

/* "package", ...; NULL for OAE_COVERS_NOTHING. */
const char *oae_covers_name(enum oae_covers c);
/* OAE_COVERS_NOTHING when the name is none of them; name may be NULL. */
enum oae_covers oae_covers_parse(const char *name);

/* Idle power that moved by more than this share flags the run. */
#define OAE_IDLE_DRIFT_MAX 0.05
/* Two sources of the same joules that differ by more disagree. */
#define OAE_SOURCES_RATIO_MAX 0.10

/* One window of load. NaN: not known. */
struct oae_energy_window {
	double seconds;
	double total_j;			    /* of the whole machine */
	double idle_before_w, idle_after_w; /* the same, nothing running */
	/* Of total_j above idle, what CPU time says nothing of: boards. */
	double boards_j;
	/* CPU time in the window, s: who was busy, and all cores together. */
	double adapter_cpu_s, harness_cpu_s, busy_cpu_s;
};

/*
 * total_j = idle_j + dynamic_j, and dynamic_j = adapter_j + harness_j +
 * others_j + unattributed_j, exactly. dynamic_j keeps its sign. What CPU
 * time cannot share out (boards, an unknown CPU time, less than idle) is
 * unattributed. NaN: not known.
 */
struct oae_energy_account {
	double seconds, total_j;
	double idle_w; /* mean of before and after; one where one is known */
	double idle_j, dynamic_j;
	double adapter_j, harness_j, others_j, unattributed_j;
	double drift; /* (after - before) / before */
	bool drifted; /* by more than OAE_IDLE_DRIFT_MAX either way */
};

struct oae_energy_account oae_energy_unknown(void);
struct oae_energy_account oae_energy_account(const struct oae_energy_window *w);

/* Adds a further window's account: joules and seconds; powers are weighted
 * by time, the larger drift stays. `sum` starts as the first account. */
void oae_energy_add(struct oae_energy_account *sum,
		    const struct oae_energy_account *a);

#endif
