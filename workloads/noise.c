/* SPDX-License-Identifier: Apache-2.0 */
#include "workloads/noise.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/rng.h"
#include "base/utf8.h"

/* One character of the prompt. */
struct letter {
	const char *at;
	uint8_t len;
	bool editable;
	bool edited;
};

enum edit {
	REPLACE,
	LEAVE_OUT,
	INSERT,
	SWAP,
	EDITS
};

static bool is_digit(const char *s)
{
	return *s >= '0' && *s <= '9';
}

/* A letter of ASCII or anything beyond it. */
static bool is_letter(const char *s)
{
	return (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
	       (unsigned char)*s >= 0x80;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_word(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

/* Whether text has this word, whatever the case of its letters. */
static bool has_word(const char *text, const char *word, size_t len)
{
	const char *at = text, *end;

	while (at && *at) {
		for (end = at; is_letter(end) || is_digit(end);)
			end++;
		if ((size_t)(end - at) == len && same_word(at, word, len))
			return true;
		at = *end ? end + 1 : end;
	}
	return false;
}

/* Marks the letters of the word that begins at l[from]; returns its end. */
static size_t mark_word(struct letter *l, size_t n, size_t from,
			const char *expected)
{
	size_t to = from, bytes = 0;
	bool plain = true;

	while (to < n && (is_letter(l[to].at) || is_digit(l[to].at))) {
		plain = plain && is_letter(l[to].at);
		bytes += l[to++].len;
	}
	if (plain && has_word(expected, l[from].at, bytes))
		plain = false;
	for (size_t i = from; i < to; i++)
		l[i].editable = plain;
	return to > from ? to : from + 1;
}

static size_t cut(const char *prompt, struct letter *l)
{
	size_t left = strlen(prompt), n = 0, len;

	while (left) {
		for (len = 1;
		     len < left && ((unsigned char)prompt[len] & 0xc0) == 0x80;)
			len++;
		l[n++] = (struct letter){ .at = prompt, .len = (uint8_t)len };
		prompt += len;
		left -= len;
	}
	return n;
}

static char random_letter(struct oae_rng *rng, char other)
{
	char c;

	do {
		c = (char)('a' + oae_rng_below(rng, 26));
	} while (c == lower(other));
	return c;
}

/* Appends one edited character; true when it used up its neighbour too. */
static bool put_edit(const struct letter *l, size_t n, size_t i,
		     struct oae_rng *rng, char **out)
{
	enum edit e = (enum edit)oae_rng_below(rng, EDITS);
	bool swap = e == SWAP && i + 1 < n && l[i + 1].editable &&
		    !l[i + 1].edited &&
		    (l[i].len != l[i + 1].len ||
		     memcmp(l[i].at, l[i + 1].at, l[i].len) != 0);

	if (swap) {
		memcpy(*out, l[i + 1].at, l[i + 1].len);
		*out += l[i + 1].len;
	}
	if (e == INSERT || swap) {
		memcpy(*out, l[i].at, l[i].len);
		*out += l[i].len;
	}
	/* What cannot be swapped is replaced. */
	if (e == REPLACE || e == INSERT || (e == SWAP && !swap))
		*(*out)++ = random_letter(rng, *l[i].at);
	return swap;
}

static void choose(struct letter *l, size_t n, const uint32_t *order,
		   size_t edits)
{
	size_t k = 0;

	for (size_t i = 0; i < n && k < edits; i++)
		if (l[order[i]].editable) {
			l[order[i]].edited = true;
			k++;
		}
}

static void write_out(const struct letter *l, size_t n, struct oae_rng *rng,
		      char *out)
{
	for (size_t i = 0; i < n; i++) {
		if (l[i].edited) {
			i += put_edit(l, n, i, rng, &out);
			continue;
		}
		memcpy(out, l[i].at, l[i].len);
		out += l[i].len;
	}
	*out = '\0';
}

enum oae_status oae_noise_text(const char *prompt, const char *expected,
			       double share, uint64_t seed, struct oae_arena *a,
			       const char **out, struct oae_noise *made,
			       struct oae_error *err)
{
	size_t len = strlen(prompt), n, i;
	struct letter *l = calloc(len + 1, sizeof(*l));
	uint32_t *order = calloc(len + 1, sizeof(*order));
	char *text = oae_arena_alloc(a, 2 * len + 1);
	enum oae_status status = OAE_OK;
	struct oae_rng rng;
	double want;

	memset(made, 0, sizeof(*made));
	if (!l || !order || !text) {
		status = oae_fail(err, OAE_ERR_NOMEM, 0, "noise");
		goto out;
	}
	n = cut(prompt, l);
	for (i = 0; i < n;)
		i = mark_word(l, n, i, expected);
	for (i = 0; i < n; i++) {
		order[i] = (uint32_t)i;
		made->editable += l[i].editable;
	}
	made->characters = n;
	oae_rng_derive(&rng, seed, "noise");
	want = share * (double)made->editable;
	made->edits = (size_t)want;
	made->edits += oae_rng_uniform(&rng) < want - (double)made->edits;
	oae_rng_shuffle(&rng, order, n);
	choose(l, n, order, made->edits);
	write_out(l, n, &rng, text);
	*out = text;
out:
	free(l);
	free(order);
	return status;
}
