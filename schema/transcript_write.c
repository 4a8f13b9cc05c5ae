/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "schema/transcript.h"

void oae_transcript_writer_init(struct oae_transcript_writer *t)
{
	memset(t, 0, sizeof(*t));
	oae_buf_init(&t->out, OAE_TRANSCRIPT_BYTES_MAX);
	oae_buf_init(&t->line, OAE_TRANSCRIPT_LINE_BYTES_MAX);
	memset(t->prev, '0', OAE_SHA256_HEX - 1);
}

void oae_transcript_writer_release(struct oae_transcript_writer *t)
{
	oae_buf_release(&t->out);
	oae_buf_release(&t->line);
}

struct oae_jw *oae_transcript_begin(struct oae_transcript_writer *t,
				    const char *type)
{
	oae_buf_clear(&t->line);
	oae_jw_init(&t->jw, &t->line, 0);
	oae_jw_obj(&t->jw, NULL);
	oae_jw_int(&t->jw, "seq", (int64_t)t->seq);
	oae_jw_str(&t->jw, "prev", t->prev);
	oae_jw_str(&t->jw, "type", type);
	return &t->jw;
}

void oae_transcript_commit(struct oae_transcript_writer *t)
{
	oae_jw_end_obj(&t->jw);
	if (t->line.status != OAE_OK && t->out.status == OAE_OK)
		t->out.status = t->line.status;
	oae_sha256_bytes(oae_buf_str(&t->line), t->line.len, t->prev);
	oae_buf_add(&t->out, oae_buf_str(&t->line), t->line.len);
	oae_buf_putc(&t->out, '\n');
	t->seq++;
}

enum oae_status oae_transcript_seal(struct oae_transcript_writer *t,
				    struct oae_error *err)
{
	char whole[OAE_SHA256_HEX];
	struct oae_jw *w;

	oae_sha256_bytes(oae_buf_str(&t->out), t->out.len, whole);
	w = oae_transcript_begin(t, "seal");
	oae_jw_int(w, "lines", (int64_t)t->seq);
	oae_jw_str(w, "sha256", whole);
	oae_transcript_commit(t);
	return oae_buf_check(&t->out, "the transcript", err);
}

void oae_amount_write(struct oae_jw *w, const char *key,
		      const struct oae_amount *a, const char *unit)
{
	oae_jw_obj(w, key);
	oae_jw_num(w, "value", a->value);
	if (isnan(a->value)) {
		oae_jw_str(w, "reason", a->source);
	} else {
		oae_jw_str(w, "unit", unit);
		oae_jw_str(w, "class", oae_evidence_name(a->evidence));
		oae_jw_str(w, "source", a->source);
	}
	oae_jw_end_obj(w);
}

static void write_counts(struct oae_jw *w, const struct oae_transcript *t)
{
	const struct oae_transcript_sum *sum = &t->sum;
	const cJSON *processes =
		cJSON_GetObjectItemCaseSensitive(t->first_line, "processes");

	oae_jw_int(w, "steps", (int64_t)sum->steps);
	oae_jw_int(w, "failures", (int64_t)sum->failures);
	oae_jw_int(w, "files_made", (int64_t)sum->files_made);
	oae_jw_obj(w, "edits");
	oae_jw_int(w, "files", (int64_t)sum->edited_files);
	oae_jw_int(w, "lines", (int64_t)sum->edited_lines);
	oae_jw_end_obj(w);
	oae_jw_obj(w, "parameters");
	oae_jw_int(w, "exposed", (int64_t)sum->parameters);
	oae_jw_int(w, "set", (int64_t)sum->parameters_set);
	oae_jw_end_obj(w);
	if (cJSON_IsNumber(processes))
		oae_jw_int(w, "processes", (int64_t)processes->valuedouble);
	else
		oae_jw_null(w, "processes");
}

void oae_transcript_summary(struct oae_jw *w, const struct oae_transcript *t)
{
	const struct oae_transcript_sum *sum = &t->sum;
	struct oae_amount wall = { sum->wall_s, OAE_MEASURED,
				   "all steps, and from the adapter's start to"
				   " its first token" };

	oae_jw_str(w, "sha256", t->sha256);
	oae_jw_bool(w, "in_root", t->in_root);
	oae_jw_str(w, "cpu",
		   oae_json_str_or(cJSON_GetObjectItemCaseSensitive(t->head,
								    "machine"),
				   "cpu", NULL));
	oae_amount_write(w, "wall_s", &wall, "s");
	oae_amount_write(w, "cpu_s", &sum->cpu_s, "s");
	oae_amount_write(w, "network_bytes", &sum->network_bytes, "bytes");
	oae_amount_write(w, "disk_bytes", &sum->disk_bytes, "bytes");
	oae_jw_int(w, "materials_bytes", (int64_t)t->materials_bytes);
	oae_amount_write(w, "packages", &sum->packages, "packages");
	write_counts(w, t);
}
