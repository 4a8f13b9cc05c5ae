/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* memmem */
#include "adapters/reference/answer.h"

#include <string.h>

#include "base/limits.h"

void oae_answer_init(struct oae_answer *a)
{
	*a = (struct oae_answer){ 0 };
	oae_buf_init(&a->text, OAE_ANSWER_BYTES_MAX);
}

void oae_answer_release(struct oae_answer *a)
{
	oae_buf_release(&a->text);
}

enum oae_status oae_answer_begin(struct oae_answer *a,
				 const struct oae_engine_request *r,
				 struct oae_error *err)
{
	size_t len;

	if (r->n_stops > OAE_ENGINE_STOPS_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"%zu stop strings; at most %u are taken",
				r->n_stops, OAE_ENGINE_STOPS_MAX);
	for (size_t i = 0; i < r->n_stops; i++) {
		len = strlen(r->stops[i]);
		if (!len || len > OAE_ENGINE_STOP_BYTES_MAX)
			return oae_fail(err, OAE_ERR_LIMIT, 0,
					"a stop string of %zu bytes, not 1..%u",
					len, OAE_ENGINE_STOP_BYTES_MAX);
		memcpy(a->stops[i], r->stops[i], len + 1);
	}
	a->n_stops = r->n_stops;
	oae_buf_clear(&a->text);
	a->given = 0;
	return OAE_OK;
}

/* Bytes at the end of s that begin, but don't end, a UTF-8 sequence. */
static size_t unfinished(const char *s, size_t len)
{
	unsigned char c;

	for (size_t back = 1; back <= 3 && back <= len; back++) {
		c = (unsigned char)s[len - back];
		if (c < 0x80)
			return 0;
		if (c >= 0xc0)
			return back < (c >= 0xf0 ? 4u :
				       c >= 0xe0 ? 3u :
						   2u) ?
				       back :
				       0;
	}
	return 0;
}

/* Bytes at the end of s that may become a stop string. */
static size_t maybe_stop(const struct oae_answer *a, const char *s, size_t len)
{
	size_t most = 0, n;

	for (size_t i = 0; i < a->n_stops; i++) {
		n = strlen(a->stops[i]) - 1;
		if (n > len)
			n = len;
		while (n > most && memcmp(s + len - n, a->stops[i], n))
			n--;
		most = n > most ? n : most;
	}
	return most;
}

/* Cuts the text before the first stop string; true if there was one. */
static bool cut_at_stop(struct oae_answer *a)
{
	size_t len = a->text.len - a->given, cut = len;
	const char *s = oae_buf_str(&a->text) + a->given, *at;

	for (size_t i = 0; i < a->n_stops; i++) {
		at = memmem(s, len, a->stops[i], strlen(a->stops[i]));
		if (at && (size_t)(at - s) < cut)
			cut = (size_t)(at - s);
	}
	if (cut == len)
		return false;
	a->text.len = a->given + cut;
	a->text.data[a->text.len] = 0;
	return true;
}

bool oae_answer_add(struct oae_answer *a, const struct oae_tokenizer *t,
		    int32_t token)
{
	if (t)
		oae_tokenizer_decode(t, token, &a->text);
	return a->n_stops && cut_at_stop(a);
}

void oae_answer_give(struct oae_answer *a, struct oae_engine_piece *piece)
{
	const char *s = oae_buf_str(&a->text) + a->given;
	size_t len = a->text.len - a->given;

	if (!piece->finish) {
		len -= maybe_stop(a, s, len);
		len -= unfinished(s, len);
	}
	piece->text = s;
	piece->len = len;
	a->given += len;
}
