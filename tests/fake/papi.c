/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A libpapi with the habits of the real one that bite: its look-up of a name
 * succeeds for events that cannot be counted (the cycles fail only when
 * added, with -25), one event reads 0, one more than two do not fit, and the
 * powercap component gives the absolute counter until a tick has passed.
 * FAKE_PAPI in the environment picks components: "rapl", "powercap",
 * "no-attach" (attaching fails as without a PMU).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NATIVE 0x40000000
#define ABSOLUTE_UJ 200000000000ll
#define SETS 8
#define EVENTS 8

enum {
	TOT_CYC = 1,
	TOT_INS,
	L3_TCM,
	TLB_DM,
	BR_MSP,
	BR_INS
};

static const char *const presets[] = {
	"",
	"PAPI_TOT_CYC",
	"PAPI_TOT_INS",
	"PAPI_L3_TCM",
	"PAPI_TLB_DM",
	"PAPI_BR_MSP",
	"PAPI_BR_INS",
};

static const char *const rapl[] = {
	"rapl:::PACKAGE_ENERGY:PACKAGE0", "rapl:::PACKAGE_ENERGY_CNT:PACKAGE0",
	"rapl:::DRAM_ENERGY:PACKAGE0",	  "rapl:::PP0_ENERGY:PACKAGE0",
	"rapl:::THERMAL_SPEC:PACKAGE0",
};

static const char *const powercap[] = {
	"powercap:::MAX_ENERGY_RANGE_UJ:ZONE0",
	"powercap:::ENERGY_UJ:ZONE0",
	"powercap:::ENERGY_UJ:ZONE0_SUBZONE1",
};

static struct set {
	int used, running, attached, inherits, count, event[EVENTS];
	double start_s, last_s;
} sets[SETS];
static int initialised;

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static int has(const char *component)
{
	const char *want = getenv("FAKE_PAPI");

	return want && strstr(want, component);
}

int PAPI_library_init(int version)
{
	initialised = 1;
	return version;
}

void PAPI_shutdown(void)
{
	initialised = 0;
	memset(sets, 0, sizeof(sets));
}

const char *PAPI_strerror(int code)
{
	return code == -25 ? "Unknown error of the processor" :
	       code == -8  ? "No counter is left" :
	       code == -7  ? "No such event" :
	       code == -17 ? "No such component" :
			     "Another error";
}

int PAPI_event_name_to_code(const char *name, int *code)
{
	for (int i = TOT_CYC; i <= BR_INS; i++)
		if (!strcmp(name, presets[i])) {
			*code = i;
			return initialised ? 0 : -16;
		}
	return -7;
}

static int list(const char *const **names)
{
	*names = has("rapl") ? rapl : powercap;
	return has("rapl") ? 5 : 3;
}

int PAPI_event_code_to_name(int code, char *name)
{
	const char *const *names;
	int n = list(&names);

	if ((code & ~NATIVE) >= n)
		return -7;
	strcpy(name, names[code & ~NATIVE]);
	return 0;
}

int PAPI_get_component_index(const char *name)
{
	return has(name) ? 1 : -17;
}

int PAPI_enum_cmp_event(int *code, int modifier, int component)
{
	const char *const *names;
	int n = list(&names);

	(void)component;
	*code = modifier == 1 ? NATIVE : *code + 1;
	return (*code & ~NATIVE) < n ? 0 : -7;
}

int PAPI_create_eventset(int *set)
{
	for (*set = 0; *set < SETS && sets[*set].used; ++*set)
		;
	if (*set == SETS)
		return -2;
	memset(&sets[*set], 0, sizeof(sets[*set]));
	sets[*set].used = 1;
	return 0;
}

int PAPI_assign_eventset_component(int set, int component)
{
	return set < 0 || component < 0 ? -1 : 0;
}

int PAPI_set_opt(int option, void *value)
{
	const int *v = value;

	if (option != 28 || v[1] != 1)
		return -1;
	sets[v[0]].inherits = 1;
	return 0;
}

int PAPI_attach(int set, unsigned long tid)
{
	if (has("no-attach"))
		return -7;
	sets[set].attached = tid > 1;
	return 0;
}

int PAPI_add_event(int set, int code)
{
	struct set *s = &sets[set];

	if (code == TOT_CYC)
		return -25;
	if (!(code & NATIVE) && s->count == 2)
		return -8;
	s->event[s->count++] = code;
	return 0;
}

int PAPI_start(int set)
{
	sets[set].running = 1;
	sets[set].start_s = sets[set].last_s = now_s();
	return 0;
}

/* Counts 1000 a second; an attached set that is not inherited, nothing. */
int PAPI_read(int set, long long *values)
{
	struct set *s = &sets[set];
	double s_now = now_s();

	if (!s->running)
		return -9;
	for (int i = 0; i < s->count; i++) {
		double t = s_now - s->start_s;

		if (s->event[i] == L3_TCM || (s->attached && !s->inherits))
			values[i] = 0;
		else if (!(s->event[i] & NATIVE))
			values[i] = 1 + (long long)(t * 1000);
		else if (has("rapl"))
			values[i] = (long long)(t * 50e9); /* 50 W in nJ */
		else if (s_now - s->start_s < 0.02)
			values[i] = ABSOLUTE_UJ;
		else
			values[i] = (long long)(t * 50e6);
	}
	return 0;
}

int PAPI_stop(int set, long long *values)
{
	(void)values;
	sets[set].running = 0;
	return 0;
}

int PAPI_cleanup_eventset(int set)
{
	sets[set].count = 0;
	return 0;
}

int PAPI_destroy_eventset(int *set)
{
	sets[*set].used = 0;
	*set = -1;
	return 0;
}
