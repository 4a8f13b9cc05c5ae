/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Merging as one would explain it: look at every pair of neighbours, join
 * the best, begin again. Slow, and independent of the code under test.
 */
#ifndef OAE_TESTS_TOKENIZER_NAIVE_H
#define OAE_TESTS_TOKENIZER_NAIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define NAIVE_MAX 2048

struct naive {
	const char *const *tokens;
	const float *scores; /* NULL: by merges */
	size_t n_tokens;
	const char *const *merges;
	size_t n_merges;
	const char *text[NAIVE_MAX]; /* the symbols now */
	size_t len[NAIVE_MAX];
	size_t n;
};

/* The first token of that text, or -1. */
static int32_t naive_token(const struct naive *v, const char *s, size_t len)
{
	for (size_t i = 0; s && i < v->n_tokens; i++)
		if (strlen(v->tokens[i]) == len &&
		    !memcmp(v->tokens[i], s, len))
			return (int32_t)i;
	return -1;
}

/* How good joining symbol i and the next one is; false: impossible. */
static bool naive_value(const struct naive *v, size_t i, double *value)
{
	const char *gap;
	int32_t id;

	if (v->scores) {
		id = naive_token(v, v->text[i], v->len[i] + v->len[i + 1]);
		*value = id < 0 ? 0 : (double)v->scores[id];
		return id >= 0;
	}
	for (size_t m = 0; m < v->n_merges; m++) {
		gap = strchr(v->merges[m], ' ');
		if ((size_t)(gap - v->merges[m]) != v->len[i] ||
		    memcmp(v->merges[m], v->text[i], v->len[i]) ||
		    strlen(gap + 1) != v->len[i + 1] ||
		    memcmp(gap + 1, v->text[i + 1], v->len[i + 1]))
			continue;
		*value = -(double)m;
		return true;
	}
	return false;
}

static void naive_merge(struct naive *v)
{
	double value, best = 0;
	size_t at;

	do {
		at = v->n;
		for (size_t i = 0; i + 1 < v->n; i++)
			if (naive_value(v, i, &value) &&
			    (at == v->n || value > best)) {
				at = i;
				best = value;
			}
		if (at == v->n)
			break;
		v->len[at] += v->len[at + 1];
		v->n--;
		for (size_t i = at + 1; i < v->n; i++) {
			v->text[i] = v->text[i + 1];
			v->len[i] = v->len[i + 1];
		}
	} while (true);
}

#endif
