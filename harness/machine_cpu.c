/* SPDX-License-Identifier: Apache-2.0 */
/* The processor: who made it, how many, how fast it may go. */
#define _GNU_SOURCE
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/machine_internal.h"

#define CPU_DIR "/sys/devices/system/cpu"

/* Vector and matrix instructions, and whether the time stamp is steady. */
static const char *const flags_kept[] = {
	"sse4_2",      "avx",	      "fma",	     "f16c",
	"avx2",	       "avx_vnni",    "avx512f",     "avx512bw",
	"avx512dq",    "avx512vl",    "avx512_vnni", "avx512_bf16",
	"avx512_fp16", "amx_tile",    "amx_int8",    "amx_bf16",
	"asimd",       "asimddp",     "asimdhp",     "sve",
	"sve2",	       "i8mm",	      "bf16",	     "constant_tsc",
	"nonstop_tsc", "tsc_reliable"
};

static int64_t to_int(const char *text)
{
	char *end;
	long long v = strtoll(text, &end, 10);

	return end == text || *end ? OAE_UNKNOWN : (int64_t)v;
}

static void keep_flags(struct oae_machine_cpu *c, const char *all)
{
	size_t i, at = 0;

	for (i = 0; i < sizeof(flags_kept) / sizeof(flags_kept[0]); i++) {
		if (!oae_machine_has_word(all, flags_kept[i]))
			continue;
		at += (size_t)snprintf(c->flags + at, sizeof(c->flags) - at,
				       "%s%s", at ? " " : "", flags_kept[i]);
		if (at >= sizeof(c->flags))
			break;
	}
}

static void read_cpuinfo(struct oae_machine_cpu *c, const char *sysroot)
{
	char *info = malloc(OAE_MACHINE_FILE_BYTES_MAX), text[4096];

	c->family = c->model_number = c->stepping = OAE_UNKNOWN;
	c->mhz = NAN;
	if (!info)
		return;
	(void)oae_machine_text(sysroot, "/proc/cpuinfo", info,
			       OAE_MACHINE_FILE_BYTES_MAX);
	if (!oae_machine_value(info, "model name", c->model, sizeof(c->model)))
		(void)oae_machine_text(sysroot, "/proc/device-tree/model",
				       c->model, sizeof(c->model));
	if (!oae_machine_value(info, "vendor_id", c->vendor, sizeof(c->vendor)))
		(void)oae_machine_value(info, "CPU implementer", c->vendor,
					sizeof(c->vendor));
	(void)oae_machine_value(info, "microcode", c->microcode,
				sizeof(c->microcode));
	if (oae_machine_value(info, "cpu family", text, sizeof(text)))
		c->family = to_int(text);
	if (oae_machine_value(info, "model", text, sizeof(text)))
		c->model_number = to_int(text);
	if (oae_machine_value(info, "stepping", text, sizeof(text)))
		c->stepping = to_int(text);
	if (oae_machine_value(info, "cpu MHz", text, sizeof(text)))
		c->mhz = strtod(text, NULL);
	if (oae_machine_value(info, "flags", text, sizeof(text)) ||
	    oae_machine_value(info, "Features", text, sizeof(text)))
		keep_flags(c, text);
	free(info);
}

/* ---- how many --------------------------------------------------------- */

struct topology {
	const char *sysroot;
	int64_t cores, sockets, throttled;
};

/* Is this CPU the first of those that it shares a core or a socket with? */
static bool leads(const struct topology *t, int cpu, const char *file,
		  const char *older, bool *known)
{
	char path[128], text[256];

	(void)snprintf(path, sizeof(path), CPU_DIR "/cpu%d/topology/%s", cpu,
		       file);
	*known = oae_machine_text(t->sysroot, path, text, sizeof(text));
	if (!*known) {
		(void)snprintf(path, sizeof(path), CPU_DIR "/cpu%d/topology/%s",
			       cpu, older);
		*known = oae_machine_text(t->sysroot, path, text, sizeof(text));
	}
	return *known && strtol(text, NULL, 10) == cpu;
}

static void count_cpu(void *ctx, int cpu)
{
	struct topology *t = ctx;
	char path[128];
	int64_t times;
	bool known;

	if (leads(t, cpu, "core_cpus_list", "thread_siblings_list", &known))
		t->cores++;
	if (!leads(t, cpu, "package_cpus_list", "core_siblings_list", &known))
		return;
	t->sockets++;
	(void)snprintf(path, sizeof(path),
		       CPU_DIR "/cpu%d/thermal_throttle/package_throttle_count",
		       cpu);
	times = oae_machine_int(t->sysroot, path);
	if (times < 0)
		return;
	t->throttled = t->throttled < 0 ? times : t->throttled + times;
}

static void read_topology(struct oae_machine_cpu *c, const char *sysroot)
{
	struct topology t = { .sysroot = sysroot, .throttled = OAE_UNKNOWN };
	char list[1024];
	cpu_set_t set;

	c->logical = c->allowed = OAE_UNKNOWN;
	if (oae_machine_text(sysroot, CPU_DIR "/online", list, sizeof(list)))
		c->logical = (int64_t)oae_machine_cpu_list(list, count_cpu, &t);
	c->cores = t.cores ? t.cores : OAE_UNKNOWN;
	c->sockets = t.sockets ? t.sockets : OAE_UNKNOWN;
	c->throttled = t.throttled;
	(void)oae_machine_text(sysroot, CPU_DIR "/smt/control", c->smt,
			       sizeof(c->smt));
	if (*sysroot)
		return;
	if (c->logical < 1)
		c->logical = sysconf(_SC_NPROCESSORS_ONLN);
	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		c->allowed = CPU_COUNT(&set);
}

static bool cache_text(const char *sysroot, int index, const char *file,
		       char *out, size_t size)
{
	char path[128];

	(void)snprintf(path, sizeof(path), CPU_DIR "/cpu0/cache/index%d/%s",
		       index, file);
	return oae_machine_text(sysroot, path, out, size);
}

static void read_caches(struct oae_machine_cpu *c, const char *sysroot)
{
	char text[32], *end;
	int i;

	for (i = 0; i < (int)OAE_MACHINE_CACHES_MAX; i++) {
		struct oae_machine_cache *k = &c->caches[i];

		if (!cache_text(sysroot, i, "level", text, sizeof(text)))
			break;
		k->level = to_int(text);
		(void)cache_text(sysroot, i, "type", k->type, sizeof(k->type));
		(void)cache_text(sysroot, i, "shared_cpu_list", k->shared,
				 sizeof(k->shared));
		k->bytes = OAE_UNKNOWN;
		if (cache_text(sysroot, i, "size", text, sizeof(text))) {
			k->bytes = strtoll(text, &end, 10);
			k->bytes *= *end == 'K' ? 1024 :
				    *end == 'M' ? 1048576 :
						  1;
		}
		c->cache_count++;
	}
}

/* ---- how fast --------------------------------------------------------- */

static void see_governor(void *ctx, int cpu)
{
	struct oae_machine_cpu *c = ((void **)ctx)[0];
	const char *sysroot = ((void **)ctx)[1];
	char path[128], text[32];

	(void)snprintf(path, sizeof(path),
		       CPU_DIR "/cpu%d/cpufreq/scaling_governor", cpu);
	if (!oae_machine_text(sysroot, path, text, sizeof(text)))
		return;
	if (!c->governor[0])
		(void)snprintf(c->governor, sizeof(c->governor), "%s", text);
	else if (strcmp(c->governor, text) != 0)
		(void)snprintf(c->governor, sizeof(c->governor), "mixed");
}

static void read_frequency(struct oae_machine_cpu *c, const char *sysroot)
{
	void *both[2] = { c, (void *)(uintptr_t)sysroot };
	char list[1024];
	int64_t v;

	if (oae_machine_text(sysroot, CPU_DIR "/online", list, sizeof(list)))
		(void)oae_machine_cpu_list(list, see_governor, both);
	(void)oae_machine_text(sysroot, CPU_DIR "/cpu0/cpufreq/scaling_driver",
			       c->driver, sizeof(c->driver));
	(void)oae_machine_text(sysroot,
			       CPU_DIR
			       "/cpu0/cpufreq/energy_performance_preference",
			       c->preference, sizeof(c->preference));
	v = oae_machine_int(sysroot, CPU_DIR "/cpu0/cpufreq/scaling_cur_freq");
	if (isnan(c->mhz) && v > 0)
		c->mhz = (double)v / 1000;
	v = oae_machine_int(sysroot, CPU_DIR "/cpu0/cpufreq/cpuinfo_max_freq");
	c->mhz_max = v > 0 ? (double)v / 1000 : NAN;
	c->turbo = OAE_UNKNOWN;
	v = oae_machine_int(sysroot, CPU_DIR "/intel_pstate/no_turbo");
	if (v == 0 || v == 1)
		c->turbo = v == 0;
	v = oae_machine_int(sysroot, CPU_DIR "/cpufreq/boost");
	if (c->turbo == OAE_UNKNOWN && (v == 0 || v == 1))
		c->turbo = v == 1;
}

void oae_machine_read_cpu(struct oae_machine_cpu *c, const char *sysroot)
{
	read_cpuinfo(c, sysroot);
	read_topology(c, sysroot);
	read_caches(c, sysroot);
	read_frequency(c, sysroot);
}
