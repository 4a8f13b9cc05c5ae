/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "tests/bench/bench.h"

#ifndef OAE_BUILD_GIT
#define OAE_BUILD_GIT NULL
#endif

/* More than this for others, in cores, and figures are upper bounds. */
#define OTHERS_MAX 0.05
#define STEAL_MAX 0.01

struct row *report_add(struct report *r, const char *name, const char *unit,
		       double value, double target, const char *about)
{
	struct row *row = &r->rows[r->count];

	if (r->count == OAE_BENCH_ROWS_MAX)
		abort();
	r->count++;
	*row = (struct row){ .name = name,
			     .about = about,
			     .unit = unit,
			     .value = value,
			     .target = target };
	return row;
}

const char *row_verdict(const struct row *row)
{
	if (isnan(row->target))
		return "";
	return row->value <= row->target ? "met" : "missed";
}

/* ---- the machine -------------------------------------------------------- */

/* Ticks of all cores: spent on something, and stolen. */
static bool read_ticks(uint64_t *busy, uint64_t *steal)
{
	unsigned long long t[8];
	FILE *f = fopen("/proc/stat", "r");
	int n = f ? fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu",
			   &t[0], &t[1], &t[2], &t[3], &t[4], &t[5], &t[6],
			   &t[7]) :
		    0;

	if (f)
		fclose(f);
	if (n != 8)
		return false;
	*busy = t[0] + t[1] + t[2] + t[5] + t[6];
	*steal = t[7];
	return true;
}

static void read_model(char *out, size_t size)
{
	char line[256], *at;
	FILE *f = fopen("/proc/cpuinfo", "r");

	(void)snprintf(out, size, "unknown");
	while (f && fgets(line, sizeof(line), f)) {
		at = strchr(line, ':');
		if (!at || strncmp(line, "model name", 10) != 0)
			continue;
		at[strcspn(at, "\n")] = '\0';
		(void)snprintf(out, size, "%s", at + 2);
		break;
	}
	if (f)
		fclose(f);
}

/* CPU seconds of this process and of the children that it reaped. */
static double own_s(void)
{
	static const int who[] = { RUSAGE_SELF, RUSAGE_CHILDREN };
	double s = 0;

	for (size_t i = 0; i < 2; i++) {
		struct rusage u;

		if (getrusage(who[i], &u) < 0)
			return NAN;
		s += (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec);
		s += 1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
	}
	return s;
}

void machine_begin(struct machine *m)
{
	double load = NAN;

	memset(m, 0, sizeof(*m));
	m->cores = sysconf(_SC_NPROCESSORS_ONLN);
	read_model(m->model, sizeof(m->model));
	if (getloadavg(&load, 1) == 1)
		m->load = load;
	else
		m->load = NAN;
	m->others = m->steal = NAN;
	m->begin_ns = oae_clock_ns();
	if (!read_ticks(&m->busy_ticks, &m->steal_ticks))
		m->busy_ticks = UINT64_MAX;
}

void machine_end(struct machine *m)
{
	double wall_s, per_s = (double)sysconf(_SC_CLK_TCK);
	uint64_t busy, steal;

	m->end_ns = oae_clock_ns();
	wall_s = 1e-9 * (double)(m->end_ns - m->begin_ns);
	if (m->busy_ticks != UINT64_MAX && read_ticks(&busy, &steal)) {
		m->others = (double)(busy - m->busy_ticks) / per_s - own_s();
		m->others = fmax(0, m->others) / wall_s;
		m->steal = (double)(steal - m->steal_ticks) / per_s / wall_s;
	}
	m->busy = !(m->others <= OTHERS_MAX && m->steal <= STEAL_MAX);
}

/* ---- output ------------------------------------------------------------- */

static void json_machine(struct oae_jw *w, const struct machine *m)
{
	oae_jw_obj(w, "machine");
	oae_jw_str(w, "cpu", m->model);
	oae_jw_int(w, "cores", m->cores);
	oae_jw_num(w, "load", m->load);
	oae_jw_num(w, "others_cores", m->others);
	oae_jw_num(w, "steal_cores", m->steal);
	oae_jw_bool(w, "busy", m->busy);
	oae_jw_num(w, "seconds", 1e-9 * (double)(m->end_ns - m->begin_ns));
	oae_jw_end_obj(w);
}

void report_json(const struct report *r, struct oae_buf *out)
{
	char utc[OAE_UTC_TEXT];
	struct oae_jw w;

	oae_clock_utc(utc);
	oae_jw_init(&w, out, 1);
	oae_jw_obj(&w, NULL);
	oae_jw_int(&w, "oae_bench_harness", 1);
	oae_jw_str(&w, "git", OAE_BUILD_GIT);
	oae_jw_str(&w, "utc", utc);
	json_machine(&w, &r->machine);
	oae_jw_arr(&w, "rows");
	for (size_t i = 0; i < r->count; i++) {
		const struct row *row = &r->rows[i];

		oae_jw_obj(&w, NULL);
		oae_jw_str(&w, "name", row->name);
		oae_jw_num(&w, "value", row->value);
		oae_jw_str(&w, "unit", row->unit);
		oae_jw_num(&w, "target", row->target);
		if (isnan(row->target))
			oae_jw_null(&w, "met");
		else
			oae_jw_bool(&w, "met", row->value <= row->target);
		oae_jw_str(&w, "reason", row->reason[0] ? row->reason : NULL);
		oae_jw_str(&w, "about", row->about);
		oae_jw_end_obj(&w);
	}
	oae_jw_end_arr(&w);
	oae_jw_end_obj(&w);
	oae_buf_putc(out, '\n');
}

static void put_number(struct oae_buf *out, double v, const char *none)
{
	char text[32];

	if (isnan(v))
		(void)snprintf(text, sizeof(text), "%s", none);
	else if (fabs(v) >= 100)
		(void)snprintf(text, sizeof(text), "%.0f", v);
	else
		(void)snprintf(text, sizeof(text), "%.3g", v);
	oae_buf_printf(out, "  %10s", text);
}

void report_table(const struct report *r, struct oae_buf *out)
{
	const struct machine *m = &r->machine;

	oae_buf_printf(out, "%-22s  %10s  %10s  %-10s %-7s %s\n", "figure",
		       "value", "target", "unit", "", "what");
	for (size_t i = 0; i < r->count; i++) {
		const struct row *row = &r->rows[i];

		oae_buf_printf(out, "%-22s", row->name);
		put_number(out, row->value, "none");
		put_number(out, row->target, "");
		oae_buf_printf(out, "  %-10s %-7s %s%s%s\n", row->unit,
			       row_verdict(row), row->about,
			       row->reason[0] ? ": " : "", row->reason);
	}
	oae_buf_printf(out,
		       "\nmachine: %ld x %s, load %.2f; others used %.2f"
		       " cores, %.2f were stolen; %.0f s\n",
		       m->cores, m->model, m->load, m->others, m->steal,
		       1e-9 * (double)(m->end_ns - m->begin_ns));
	if (m->busy)
		oae_buf_puts(out, "The machine was busy: these are upper"
				  " bounds.\n");
}
