/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/doctor.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/spawn.h"
#include "schema/record.h" /* OAE_VERSION */

#define ROWS_BYTES_MAX (1u << 20) /* what one source may print */

static const char *const states[] = {
	[OAE_SOURCE_WORKS] = "works",
	[OAE_SOURCE_REFUSED] = "refused",
	[OAE_SOURCE_ABSENT] = "absent",
	[OAE_SOURCE_PHANTOM] = "phantom",
};

const char *oae_source_state_name(enum oae_source_state s)
{
	return states[s];
}

static void text(struct oae_jw *w, const char *key, const char *s)
{
	oae_jw_str(w, key, s && *s ? s : NULL);
}

/* ---- rows from a child ------------------------------------------------ */

void oae_doctor_write_rows(const struct oae_source_row *rows, size_t count,
			   struct oae_jw *w)
{
	size_t i;

	for (i = 0; i < count; i++) {
		const struct oae_source_row *r = &rows[i];

		oae_jw_obj(w, NULL);
		oae_jw_str(w, "source", r->source);
		oae_jw_str(w, "sensor", r->sensor);
		text(w, "unit", r->unit);
		text(w, "class", r->evidence);
		oae_jw_str(w, "covers", oae_covers_name(r->covers));
		oae_jw_int(w, "state", r->state);
		oae_jw_int(w, "cause", r->cause);
		text(w, "reason", r->reason);
		oae_jw_end_obj(w);
	}
}

static void copy(char *out, size_t size, const cJSON *row, const char *key)
{
	(void)snprintf(out, size, "%s", oae_json_str_or(row, key, ""));
}

static void read_row(struct oae_source_row *r, const cJSON *row)
{
	uint64_t state = oae_json_u64_or(row, "state", OAE_SOURCE_ABSENT);
	uint64_t cause = oae_json_u64_or(row, "cause", OAE_CAUSE_FAILED);

	memset(r, 0, sizeof(*r));
	copy(r->source, sizeof(r->source), row, "source");
	copy(r->sensor, sizeof(r->sensor), row, "sensor");
	copy(r->unit, sizeof(r->unit), row, "unit");
	copy(r->evidence, sizeof(r->evidence), row, "class");
	copy(r->reason, sizeof(r->reason), row, "reason");
	r->covers = oae_covers_parse(oae_json_str_or(row, "covers", NULL));
	r->state = state <= OAE_SOURCE_PHANTOM ? (enum oae_source_state)state :
						 OAE_SOURCE_ABSENT;
	r->cause = cause <= OAE_CAUSE_FAILED ? (enum oae_cause)cause :
					       OAE_CAUSE_FAILED;
}

static void failed_row(struct oae_doctor *d, const char *source,
		       const char *why)
{
	struct oae_source_row *r;

	if (d->row_count == OAE_DOCTOR_ROWS_MAX)
		return;
	r = &d->rows[d->row_count++];
	memset(r, 0, sizeof(*r));
	(void)snprintf(r->source, sizeof(r->source), "%.63s", source);
	(void)snprintf(r->sensor, sizeof(r->sensor), "%.31s", source);
	(void)snprintf(r->reason, sizeof(r->reason), "asking it failed: %.200s",
		       why);
	r->state = OAE_SOURCE_ABSENT;
	r->cause = OAE_CAUSE_FAILED;
}

static void ask_child(struct oae_doctor *d, const char *program,
		      const char *source, int limit_ms)
{
	const char *const argv[] = { program,
				     "doctor",
				     "--ask",
				     source,
				     *d->sysroot ? "--sysroot" : NULL,
				     d->sysroot,
				     NULL };
	struct oae_error why = { 0 };
	struct oae_buf out;
	cJSON *tree = NULL;
	const cJSON *row;

	oae_buf_init(&out, ROWS_BYTES_MAX);
	if (oae_run_command(argv, NULL, limit_ms, &out, &why) ||
	    oae_json_parse(oae_buf_str(&out), out.len, &tree, &why))
		failed_row(d, source, why.text);
	cJSON_ArrayForEach(row, tree)
		if (d->row_count < OAE_DOCTOR_ROWS_MAX)
			read_row(&d->rows[d->row_count++], row);
	cJSON_Delete(tree);
	oae_buf_release(&out);
}

static void ask_all(struct oae_doctor *d, const char *program)
{
	uint64_t start = oae_clock_ns();
	int left_ms = OAE_DOCTOR_SOURCES_MS;
	const char *source;
	size_t i;

	for (i = 0; (source = oae_doctor_source(i)); i++) {
		if (left_ms > (int)OAE_DOCTOR_ASK_MS)
			ask_child(d, program, source, OAE_DOCTOR_ASK_MS);
		else if (left_ms > 0)
			ask_child(d, program, source, left_ms);
		else
			failed_row(d, source,
				   "those before it took all the time");
		left_ms = (int)OAE_DOCTOR_SOURCES_MS -
			  (int)((oae_clock_ns() - start) / 1000000u);
	}
}

enum oae_status oae_doctor_examine(struct oae_doctor *d, const char *program,
				   const char *sysroot, struct oae_error *err)
{
	uint64_t start = oae_clock_ns();
	enum oae_status status = OAE_OK;

	memset(d, 0, sizeof(*d));
	d->sysroot = sysroot;
	oae_clock_utc(d->utc);
	oae_machine_read(&d->machine, sysroot);
	/* First, while nothing of ours runs. */
	if (!*sysroot) {
		status = oae_watch(&d->watch, OAE_DOCTOR_WATCH_MS, err);
		d->watched = status == OAE_OK;
	}
	if (status)
		return status;
	ask_all(d, program);
	oae_doctor_remedies(d);
	oae_doctor_judge(d);
	d->seconds = (double)(oae_clock_ns() - start) / 1e9;
	return OAE_OK;
}

/* ---- the document ----------------------------------------------------- */

static void write_sources(const struct oae_doctor *d, struct oae_jw *w)
{
	size_t i;

	oae_jw_arr(w, "sources");
	for (i = 0; i < d->row_count; i++) {
		const struct oae_source_row *r = &d->rows[i];

		oae_jw_obj(w, NULL);
		oae_jw_str(w, "source", r->source);
		oae_jw_str(w, "sensor", r->sensor);
		oae_jw_str(w, "state", oae_source_state_name(r->state));
		text(w, "reason", r->reason);
		text(w, "remedy", r->remedy);
		text(w, "advice", r->advice);
		text(w, "unit", r->unit);
		text(w, "class", r->evidence);
		oae_jw_str(w, "covers", oae_covers_name(r->covers));
		oae_jw_end_obj(w);
	}
	oae_jw_end_arr(w);
}

static void write_verdicts(const struct oae_doctor *d, struct oae_jw *w)
{
	size_t i;
	int t;

	oae_jw_arr(w, "verdicts");
	for (t = 0; t < OAE_TOPICS; t++) {
		const struct oae_verdict *v = &d->verdicts[t];

		oae_jw_obj(w, NULL);
		oae_jw_str(w, "topic", oae_topic_name((enum oae_topic)t));
		oae_jw_str(w, "grade", oae_grade_name(v->grade));
		oae_jw_str(w, "text", v->text);
		oae_jw_arr(w, "because");
		for (i = 0; i < v->count; i++) {
			oae_jw_obj(w, NULL);
			oae_jw_str(w, "grade",
				   oae_grade_name(v->findings[i].grade));
			oae_jw_str(w, "text", v->findings[i].text);
			text(w, "remedy", v->findings[i].remedy);
			oae_jw_end_obj(w);
		}
		oae_jw_end_arr(w);
		oae_jw_end_obj(w);
	}
	oae_jw_end_arr(w);
}

void oae_doctor_write(const struct oae_doctor *d, struct oae_jw *w)
{
	oae_jw_obj(w, NULL);
	oae_jw_int(w, "oae_doctor", OAE_DOCTOR_VERSION);
	oae_jw_str(w, "oae", OAE_VERSION);
	oae_jw_str(w, "utc", d->utc);
	text(w, "sysroot", d->sysroot);
	oae_jw_num(w, "seconds", d->seconds);
	write_sources(d, w);
	oae_jw_obj(w, "machine");
	oae_machine_write(&d->machine, w);
	oae_jw_end_obj(w);
	if (d->watched) {
		oae_jw_obj(w, "watched");
		oae_watch_write(&d->watch, w);
		oae_jw_end_obj(w);
	} else {
		oae_jw_null(w, "watched");
	}
	write_verdicts(d, w);
	oae_jw_obj(w, "overall");
	oae_jw_str(w, "grade", oae_grade_name(d->grade));
	oae_jw_str(w, "text", d->overall);
	oae_jw_end_obj(w);
	oae_jw_end_obj(w);
}
