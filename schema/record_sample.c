/* SPDX-License-Identifier: Apache-2.0 */
/* Sample lines: one finished request each. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "schema/record_internal.h"

static enum oae_status take_times(struct oae_record_reader *r,
				  const cJSON *line, struct oae_sample *s)
{
	enum oae_status status;

	s->first_ns = oae_json_u64_or(line, "first_ns", UINT64_MAX);
	status = oae_json_u64(line, "due_ns", &s->due_ns, r->err);
	if (!status)
		status = oae_json_u64(line, "sent_ns", &s->sent_ns, r->err);
	if (!status)
		status = oae_json_u64(line, "done_ns", &s->done_ns, r->err);
	if (!status &&
	    (s->sent_ns > s->done_ns || s->due_ns > s->done_ns ||
	     (s->first_ns != UINT64_MAX &&
	      (s->first_ns < s->sent_ns || s->first_ns > s->done_ns))))
		status = oae_fail(r->err, OAE_ERR_FORMAT, 0,
				  "times run"
				  " backwards: due, sent, first, done must not"
				  " precede each other");
	return status;
}

static enum oae_status take_token_times(struct oae_record_reader *r,
					const cJSON *line, struct oae_sample *s)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(line, "token_ns");
	const cJSON *v;
	uint64_t *times;
	int n = cJSON_GetArraySize(list);

	if (n == 0)
		return OAE_OK;
	if (n > (int)OAE_TOKENS_PER_ANSWER_MAX)
		return oae_fail(r->err, OAE_ERR_LIMIT, 0,
				"more than %u token"
				" times",
				OAE_TOKENS_PER_ANSWER_MAX);
	times = oae_arena_array(&r->out->arena, (size_t)n, sizeof(*times));
	if (!times)
		return oae_record_no_memory(r);
	cJSON_ArrayForEach(v, list) {
		if (!cJSON_IsNumber(v) || !(v->valuedouble >= 0) ||
		    v->valuedouble > 9007199254740992.0)
			return oae_fail(r->err, OAE_ERR_FORMAT, 0,
					"\"token_ns"
					"\" holds something else than times");
		times[s->token_count++] = (uint64_t)v->valuedouble;
	}
	s->token_ns = times;
	return OAE_OK;
}

static enum oae_status take_outcome(struct oae_record_reader *r,
				    const cJSON *line, struct oae_sample *s)
{
	const char *name;
	enum oae_status status = oae_json_str(line, "outcome", &name, r->err);

	if (status)
		return status;
	for (int o = OAE_OUTCOME_OK; o <= OAE_OUTCOME_CANCELLED; o++)
		if (strcmp(name, oae_outcome_name((enum oae_outcome)o)) == 0) {
			s->outcome = (enum oae_outcome)o;
			return OAE_OK;
		}
	return oae_fail(r->err, OAE_ERR_FORMAT, 0,
			"outcome \"%.40s\" is"
			" unknown",
			name);
}

static enum oae_status take_texts(struct oae_record_reader *r,
				  const cJSON *line, struct oae_sample *s)
{
	const struct {
		const char *key;
		const char **out;
	} texts[] = {
		{ "item", &s->item },	      { "reason", &s->reason },
		{ "finish", &s->finish },     { "answer", &s->answer },
		{ "expected", &s->expected }, { "judge", &s->judge },
		{ "group", &s->group },
	};
	const cJSON *right = cJSON_GetObjectItemCaseSensitive(line, "right");
	enum oae_status status =
		oae_record_keep_needed(r, line, "request", &s->request);

	if (r->out->redacted && cJSON_IsBool(right))
		s->judged = cJSON_IsTrue(right) ? OAE_JUDGED_RIGHT :
						  OAE_JUDGED_WRONG;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && !status; i++)
		status = oae_record_keep_optional(r, line, texts[i].key,
						  texts[i].out);
	return status;
}

enum oae_status oae_record_sample(struct oae_record_reader *r, cJSON *line)
{
	struct oae_run_record *run;
	struct oae_sample *s;
	enum oae_status status = oae_record_find_run(r, line, &run);

	if (status)
		return status;
	if (run->ended)
		return oae_fail(r->err, OAE_ERR_FORMAT, 0,
				"a sample after the"
				" end of run %llu",
				(unsigned long long)run->id);
	s = oae_record_grow((void **)&r->out->samples, &r->out->sample_count,
			    &r->sample_alloc, sizeof(*s));
	if (!s)
		return oae_record_no_memory(r);
	s->run = (uint32_t)(run - r->out->runs);
	s->segment = run->segments - 1;
	s->tokens_in = oae_json_u64_or(line, "tokens_in", 0);
	s->tokens_out = oae_json_u64_or(line, "tokens_out", 0);
	s->drafted = oae_json_u64_or(line, "drafted", 0);
	s->accepted = oae_json_u64_or(line, "accepted", 0);
	s->reused = oae_json_u64_or(line, "reused", 0);
	oae_drafting_read(line, &s->drafting);
	run->sample_count++;
	r->segment_samples++;
	r->segment_tokens += s->tokens_out;
	status = take_times(r, line, s);
	if (!status)
		status = take_outcome(r, line, s);
	if (!status)
		status = take_texts(r, line, s);
	if (!status)
		status = take_token_times(r, line, s);
	return status;
}

static int by_request(const void *a, const void *b)
{
	const struct oae_sample *x = *(const struct oae_sample *const *)a;
	const struct oae_sample *y = *(const struct oae_sample *const *)b;

	if (x->run != y->run)
		return x->run < y->run ? -1 : 1;
	return strcmp(x->request, y->request);
}

enum oae_status oae_record_finish(struct oae_record_reader *r)
{
	const struct oae_records *out = r->out;
	const struct oae_sample **order;
	enum oae_status status = OAE_OK;

	order = calloc(out->sample_count + 1, sizeof(*order));
	if (!order)
		return oae_record_no_memory(r);
	for (size_t i = 0; i < out->sample_count; i++)
		order[i] = &out->samples[i];
	qsort(order, out->sample_count, sizeof(*order), by_request);
	for (size_t i = 1; i < out->sample_count && !status; i++)
		if (by_request(&order[i - 1], &order[i]) == 0)
			status = oae_fail(
				r->err, OAE_ERR_FORMAT, 0,
				"run %llu"
				" has request %.40s twice",
				(unsigned long long)out->runs[order[i]->run].id,
				order[i]->request);
	free(order);
	return status;
}
