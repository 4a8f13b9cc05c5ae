/* SPDX-License-Identifier: Apache-2.0 */
/* board.json (schema/documents/board-1.schema.json) and board.csv. */
#include <math.h>
#include <string.h>

#include "base/limits.h"
#include "reports/board_internal.h"
#include "reports/text.h"
#include "schema/record.h" /* OAE_SPEC_VERSION */

static void put_text(struct oae_jw *w, const char *key, const char *text)
{
	oae_jw_str(w, key, text && *text ? text : NULL);
}

static void put_value(struct oae_jw *w, const char *key,
		      const struct oae_value *v, bool class)
{
	oae_jw_obj(w, key);
	oae_jw_num(w, "value", v->has ? v->value : NAN);
	oae_jw_num(w, "low", v->band ? v->low : NAN);
	oae_jw_num(w, "high", v->band ? v->high : NAN);
	if (class)
		put_text(w, "class", v->class);
	if (!v->has)
		oae_jw_str(w, "reason",
			   v->reason ? v->reason :
				       "not in the"
				       " result");
	oae_jw_end_obj(w);
}

static void put_review(struct oae_jw *w, const struct oae_board_review *r)
{
	if (!r->has) {
		oae_jw_null(w, "review");
		return;
	}
	oae_jw_obj(w, "review");
	oae_jw_bool(w, "counts", !r->bad);
	put_text(w, "reason", r->bad ? r->bad : r->reason);
	put_text(w, "by", r->by);
	put_text(w, "date", r->date);
	put_text(w, "superseded_by", r->superseded_by);
	oae_jw_num(w, "inside", r->inside);
	oae_jw_num(w, "outside", r->outside);
	oae_jw_num(w, "not_comparable", r->not_comparable);
	oae_jw_end_obj(w);
}

/* The page of a submission; NULL when it has none. */
static const char *page_of(const struct oae_board_submission *s,
			   struct oae_buf *text)
{
	oae_buf_clear(text);
	if (s->check == OAE_BOARD_REJECTED)
		return NULL;
	oae_buf_printf(text, "submissions/%s/%s.html", s->org, s->name);
	return oae_buf_str(text);
}

static void put_submission(struct oae_jw *w,
			   const struct oae_board_submission *s)
{
	struct oae_buf text;

	oae_buf_init(&text, (size_t)4 * OAE_NAME_BYTES_MAX);
	oae_jw_obj(w, NULL);
	oae_jw_str(w, "org", s->org);
	oae_jw_str(w, "submission", s->name);
	oae_jw_str(w, "page", page_of(s, &text));
	oae_jw_str(w, "check", oae_board_check_name[s->check]);
	oae_jw_arr(w, "reasons");
	for (size_t i = 0; i < s->n_reasons; i++)
		oae_jw_str(w, NULL, s->reasons[i]);
	oae_jw_end_arr(w);
	oae_jw_str(w, "status", oae_board_status_name[s->status]);
	put_review(w, &s->review);
	put_text(w, "division", s->division);
	put_text(w, "result_sha256", s->result_sha256);
	put_text(w, "adapter_sha256", s->adapter_sha256);
	put_text(w, "utc", s->date);
	put_text(w, "suite", s->suite);
	put_text(w, "scenario", s->scenario);
	put_text(w, "spec", s->spec);
	put_text(w, "baseline", s->baseline);
	put_text(w, "hardware", s->hardware);
	oae_jw_end_obj(w);
	oae_buf_release(&text);
}

static void put_workloads(struct oae_jw *w, const char *list)
{
	size_t n;

	oae_jw_arr(w, "workloads");
	for (; *list; list += n + (list[n] == ' ')) {
		n = strcspn(list, " ");
		oae_jw_strn(w, NULL, list, n);
	}
	oae_jw_end_arr(w);
}

static void put_row(struct oae_jw *w, const struct oae_board_row *r)
{
	oae_jw_obj(w, NULL);
	if (r->unranked) {
		oae_jw_null(w, "rank");
	} else {
		oae_jw_obj(w, "rank");
		oae_jw_int(w, "low", (int64_t)r->rank_low);
		oae_jw_int(w, "high", (int64_t)r->rank_high);
		oae_jw_int(w, "not_distinguishable_from", (int64_t)r->same);
		oae_jw_end_obj(w);
	}
	oae_jw_str(w, "not_ranked_because", r->unranked);
	oae_jw_str(w, "org", r->submission->org);
	oae_jw_str(w, "submission", r->submission->name);
	put_text(w, "division", r->submission->division);
	oae_jw_str(w, "system", r->system);
	oae_jw_str(w, "baseline", r->baseline);
	oae_jw_str(w, "baseline_sha256", r->league);
	put_value(w, "oae", &r->oae, true);
	oae_jw_str(w, "verdict", r->verdict);
	put_value(w, "kappa_ratio", &r->kappa, false);
	put_value(w, "s_ratio", &r->s, false);
	oae_jw_str(w, "gate", r->gate);
	oae_jw_num(w, "measured_share", r->measured_share);
	put_workloads(w, r->workloads);
	oae_jw_end_obj(w);
}

static void put_table(struct oae_jw *w, const struct oae_board *b,
		      const struct oae_board_table *t)
{
	oae_jw_obj(w, NULL);
	oae_jw_str(w, "page", t->file);
	oae_jw_str(w, "profile", t->profile);
	oae_jw_str(w, "title", t->title);
	oae_jw_str(w, "mode", oae_view_mode_key[t->mode]);
	oae_jw_str(w, "spec", t->spec);
	oae_jw_str(w, "profile_sha256", t->key);
	oae_jw_int(w, "ranked", (int64_t)t->n_ranked);
	oae_jw_arr(w, "rows");
	for (size_t i = t->first; i < t->first + t->n_rows; i++)
		put_row(w, b->order[i]);
	oae_jw_end_arr(w);
	oae_jw_end_obj(w);
}

void oae_board_feed_json(const struct oae_board *b, struct oae_buf *out)
{
	struct oae_jw w;
	size_t i;

	oae_jw_init(&w, out, 1);
	oae_jw_obj(&w, NULL);
	oae_jw_str(&w, "schema", "board-1");
	oae_jw_str(&w, "title", b->options.title);
	oae_jw_str(&w, "spec", OAE_SPEC_VERSION);
	oae_jw_arr(&w, "submissions");
	for (i = 0; i < b->n_submissions; i++)
		put_submission(&w, &b->submissions[i]);
	oae_jw_end_arr(&w);
	oae_jw_arr(&w, "tables");
	for (i = 0; i < b->n_tables; i++)
		put_table(&w, b, &b->tables[i]);
	oae_jw_end_arr(&w);
	oae_jw_end_obj(&w);
	oae_buf_putc(out, '\n');
}

/* ---- CSV --------------------------------------------------------------- */

static void csv_text(struct oae_buf *out, const char *text)
{
	oae_text_csv(out, text);
	oae_buf_putc(out, ',');
}

static void csv_number(struct oae_buf *out, double v)
{
	char text[32];

	if (isfinite(v) && oae_json_format_double(text, v) > 0)
		oae_buf_puts(out, text);
	oae_buf_putc(out, ',');
}

static void csv_value(struct oae_buf *out, const struct oae_value *v)
{
	csv_number(out, v->has ? v->value : NAN);
	csv_number(out, v->band ? v->low : NAN);
	csv_number(out, v->band ? v->high : NAN);
}

static void csv_row(struct oae_buf *out, const struct oae_board_table *t,
		    const struct oae_board_row *r)
{
	const struct oae_board_submission *s = r->submission;

	csv_text(out, t->profile);
	csv_text(out, oae_view_mode_key[t->mode]);
	csv_text(out, t->spec);
	csv_text(out, t->key);
	csv_number(out, r->unranked ? NAN : (double)r->rank_low);
	csv_number(out, r->unranked ? NAN : (double)r->rank_high);
	csv_text(out, r->unranked ? r->unranked : "");
	csv_text(out, s->org);
	csv_text(out, s->name);
	csv_text(out, s->division);
	csv_text(out, r->system);
	csv_text(out, r->baseline);
	csv_text(out, r->league);
	csv_value(out, &r->oae);
	csv_text(out, r->class);
	csv_text(out, r->verdict);
	csv_value(out, &r->kappa);
	csv_value(out, &r->s);
	csv_text(out, r->gate);
	csv_number(out, r->measured_share);
	csv_text(out, s->hardware);
	csv_text(out, s->date);
	csv_text(out, oae_board_status_name[s->status]);
	csv_text(out, oae_board_check_name[s->check]);
	oae_text_csv(out, r->workloads);
	oae_buf_puts(out, "\r\n");
}

void oae_board_feed_csv(const struct oae_board *b, struct oae_buf *out)
{
	oae_buf_puts(
		out,
		"profile,mode,spec,profile_sha256,rank_low,rank_high,"
		"not_ranked_because,org,submission,division,system,baseline,"
		"baseline_sha256,oae,oae_low,oae_high,evidence,verdict,"
		"kappa_ratio,kappa_ratio_low,kappa_ratio_high,s_ratio,"
		"s_ratio_low,s_ratio_high,gate,measured_share,hardware,"
		"utc,status,check,workloads\r\n");
	for (size_t k = 0; k < b->n_tables; k++)
		for (size_t i = 0; i < b->tables[k].n_rows; i++)
			csv_row(out, &b->tables[k],
				b->order[b->tables[k].first + i]);
}
