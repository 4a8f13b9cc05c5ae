/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/sensors/likwid_rows.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_BYTES_MAX 65536u
#define HEADER_FIELDS 4 /* before the events, in header and row */
#define DRAM_LINE_BYTES 64
#define UJ_PER_J 1e6

bool oae_likwid_event(const char *event, enum oae_likwid_sum *sum,
		      double *factor)
{
	/* Names of likwid's groups MEM and ENERGY; a prefix ends with '*'. */
	static const struct {
		const char *event;
		enum oae_likwid_sum sum;
		double factor;
	} known[] = {
		{ "CPU_CLK_UNHALTED_CORE", OAE_LIKWID_CYCLES, 1 },
		{ "CPU_CLOCKS_UNHALTED", OAE_LIKWID_CYCLES, 1 },
		{ "INSTR_RETIRED_ANY", OAE_LIKWID_INSTRUCTIONS, 1 },
		{ "RETIRED_INSTRUCTIONS", OAE_LIKWID_INSTRUCTIONS, 1 },
		{ "CAS_COUNT_*", OAE_LIKWID_DRAM_BYTES, DRAM_LINE_BYTES },
		{ "DRAM_CHANNEL_*", OAE_LIKWID_DRAM_BYTES, DRAM_LINE_BYTES },
		{ "DRAM_READS", OAE_LIKWID_DRAM_BYTES, DRAM_LINE_BYTES },
		{ "DRAM_WRITES", OAE_LIKWID_DRAM_BYTES, DRAM_LINE_BYTES },
		{ "PWR_PKG_ENERGY", OAE_LIKWID_PACKAGE_UJ, UJ_PER_J },
		{ "RAPL_PKG_ENERGY", OAE_LIKWID_PACKAGE_UJ, UJ_PER_J },
		{ "PWR_DRAM_ENERGY", OAE_LIKWID_DRAM_UJ, UJ_PER_J },
	};
	size_t i, n;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		n = strlen(known[i].event);
		if (known[i].event[n - 1] == '*' ?
			    strncmp(event, known[i].event, n - 1) :
			    strcmp(event, known[i].event))
			continue;
		*sum = known[i].sum;
		*factor = known[i].factor;
		return true;
	}
	return false;
}

/* ":MBOX0C1," is in the list, or ends it. */
static bool has_counter(struct oae_buf *list, const char *counter)
{
	const char *at = oae_buf_str(list);
	size_t n = strlen(counter);

	while ((at = strchr(at, ':'))) {
		at++;
		if (!strncmp(at, counter, n) && (at[n] == ',' || !at[n]))
			return true;
	}
	return false;
}

void oae_likwid_event_set(const char *group_file, struct oae_buf *list)
{
	const char *at = strstr(group_file, "EVENTSET\n");
	char counter[64], event[128];
	enum oae_likwid_sum sum;
	double factor;
	int n;

	at = at ? strchr(at, '\n') + 1 : "";
	for (; *at && strncmp(at, "METRICS", 7) != 0; at = *at ? at + 1 : at) {
		n = sscanf(at, "%63[A-Z0-9_:=x]%*[ \t]%127[A-Z0-9_]", counter,
			   event);
		if (n == 2 && oae_likwid_event(event, &sum, &factor) &&
		    !has_counter(list, counter))
			oae_buf_printf(list, "%s%s:%s", list->len ? "," : "",
				       event, counter);
		at += strcspn(at, "\n");
	}
}

/* ---- rows ------------------------------------------------------------- */

static void on_field(void *text, size_t len, void *ctx)
{
	struct oae_likwid_rows *r = ctx;
	size_t k = r->field++, event;
	const char *s = text;
	double v = NAN;
	char *end = NULL;

	if (len > 0)
		v = strtod(s, &end);
	if (!end || *end != '\0' || !isfinite(v) || v < 0)
		v = len == 1 && s[0] == '-' && k >= HEADER_FIELDS ? 0 :
								    (double)NAN;
	if (isnan(v))
		r->broken = "a row of likwid's was not understood";
	else if (k == 1 && (size_t)v != r->events)
		r->broken = "likwid counts other events than were asked for";
	else if (k == 2 && (v < 1 || v > OAE_LIKWID_CPUS_MAX))
		r->broken = "likwid names too many CPUs";
	else if (k == 2)
		r->cpus = (size_t)v;
	if (r->broken || k < HEADER_FIELDS)
		return;
	event = (k - HEADER_FIELDS) / r->cpus;
	if (event < r->events)
		r->row[r->sum[event]] += v * r->factor[event];
}

static void on_row(int c, void *ctx)
{
	struct oae_likwid_rows *r = ctx;
	size_t i;

	(void)c;
	if (!r->broken && r->field != HEADER_FIELDS + r->events * r->cpus)
		r->broken = "a row of likwid's is not whole";
	for (i = 0; i < OAE_LIKWID_SUMS; i++) {
		if (!r->broken)
			r->total[i] += r->row[i];
		r->row[i] = 0;
	}
	r->rows += !r->broken;
	r->field = 0;
}

/* What event k of the header adds to. */
static void take_event(struct oae_likwid_rows *r, const char *event)
{
	enum oae_likwid_sum sum = OAE_LIKWID_CYCLES;
	double factor = 0;

	if (r->events == OAE_LIKWID_EVENTS_MAX) {
		r->broken = "likwid names too many events";
		return;
	}
	if (oae_likwid_event(event, &sum, &factor))
		r->has[sum] = true;
	r->sum[r->events] = sum;
	r->factor[r->events++] = factor;
}

static void take_header(struct oae_likwid_rows *r, char *line)
{
	static const char begin[] = "# GID|EventCount|CpuCount|Total runtime"
				    " [s]|";
	char *rest = NULL, *event;

	if (r->events || strncmp(line, begin, sizeof(begin) - 1) != 0)
		return;
	for (event = strtok_r(line + sizeof(begin) - 1, "|", &rest); event;
	     event = strtok_r(NULL, "|", &rest))
		take_event(r, event);
}

/* Rows begin with a number; everything else is what it has to say. */
static void take_row(struct oae_likwid_rows *r, char *line, size_t len)
{
	if (!isdigit((unsigned char)line[0])) {
		if (line[0])
			(void)snprintf(r->words, sizeof(r->words), "%.199s",
				       line);
		return;
	}
	if (r->broken)
		return;
	if (r->events == 0) {
		r->broken = "likwid's row came before its header";
		return;
	}
	line[len] = '\n';
	if (csv_parse(&r->csv, line, len + 1, on_field, on_row, r) != len + 1)
		r->broken = "a row of likwid's is no CSV";
	else if (r->field != 0) /* an open quote runs on */
		r->broken = "a row of likwid's does not end";
}

static void split(struct oae_likwid_rows *r, struct oae_buf *b,
		  const char *data, size_t len, bool is_err)
{
	const char *end = data + len, *stop;

	while (data < end &&
	       (stop = memchr(data, '\n', (size_t)(end - data)))) {
		oae_buf_add(b, data, (size_t)(stop - data));
		oae_buf_puts(b, " "); /* room for the row's newline */
		if (b->status == OAE_OK) {
			b->data[b->len - 1] = '\0';
			if (is_err)
				take_row(r, b->data, b->len - 1);
			else
				take_header(r, b->data);
		}
		oae_buf_clear(b);
		data = stop + 1;
	}
	oae_buf_add(b, data, (size_t)(end - data));
	if (b->status != OAE_OK)
		r->broken = "a line of likwid's is too long";
}

void oae_likwid_rows_out(struct oae_likwid_rows *r, const char *data,
			 size_t len)
{
	split(r, &r->header, data, len, false);
}

void oae_likwid_rows_err(struct oae_likwid_rows *r, const char *data,
			 size_t len)
{
	split(r, &r->line, data, len, true);
}

enum oae_status oae_likwid_rows_init(struct oae_likwid_rows *r,
				     struct oae_error *err)
{
	memset(r, 0, sizeof(*r));
	oae_buf_init(&r->header, HEADER_BYTES_MAX);
	oae_buf_init(&r->line, OAE_LIKWID_ROW_BYTES_MAX);
	if (csv_init(&r->csv, CSV_STRICT | CSV_APPEND_NULL))
		return oae_fail(err, OAE_ERR_NOMEM, 0, "likwid sensor");
	r->csv_open = true;
	return OAE_OK;
}

void oae_likwid_rows_release(struct oae_likwid_rows *r)
{
	if (r->csv_open)
		csv_free(&r->csv);
	r->csv_open = false;
	oae_buf_release(&r->header);
	oae_buf_release(&r->line);
}
