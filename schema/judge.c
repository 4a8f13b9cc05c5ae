/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <string.h>

#include "schema/judge.h"

static const char *const names[] = {
	[OAE_JUDGE_EXACT] = "exact",
	[OAE_JUDGE_FINAL_NUMBER] = "final_number",
	[OAE_JUDGE_CONTAINS_ALL] = "contains_all",
	[OAE_JUDGE_NONE] = "none",
};

enum oae_status oae_judge_parse(const char *name, enum oae_judge *out,
				struct oae_error *err)
{
	for (int i = OAE_JUDGE_EXACT; i <= OAE_JUDGE_NONE; i++)
		if (strcmp(name, names[i]) == 0) {
			*out = (enum oae_judge)i;
			return OAE_OK;
		}
	return oae_fail(err, OAE_ERR_FORMAT, 0,
			"judge \"%.40s\" is unknown;"
			" there are exact, final_number, contains_all and none",
			name);
}

const char *oae_judge_name(enum oae_judge j)
{
	return names[j];
}

static bool space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *skip_space(const char *s)
{
	while (space(*s))
		s++;
	return s;
}

static bool exact(const char *a, const char *b)
{
	a = skip_space(a);
	b = skip_space(b);
	for (;;) {
		bool gap_a = space(*a), gap_b = space(*b);

		a = skip_space(a);
		b = skip_space(b);
		/* A gap counts only between two words. */
		if (*a && *b && gap_a != gap_b)
			return false;
		if (*a != *b)
			return false;
		if (!*a)
			return true;
		a++;
		b++;
	}
}

/*
 * A number's digits: leading zeros and, after a point, trailing ones do
 * not count; thousands may be separated by commas.
 */
struct number {
	const char *text; /* its first digit, or NULL */
	bool negative;
};

/* The number beginning at *s, which is a digit; *s moves behind it. */
static void pass_number(const char **s)
{
	bool point = false;

	for (;; (*s)++) {
		if (digit(**s))
			continue;
		if (!**s || !digit((*s)[1]) || point)
			return;
		if (**s == '.')
			point = true;
		else if (**s != ',' || !digit((*s)[2]) || !digit((*s)[3]) ||
			 digit((*s)[4]))
			return;
	}
}

static struct number last_number(const char *text)
{
	struct number n = { NULL, false };
	const char *s = text;

	while (*s) {
		if (!digit(*s)) {
			s++;
			continue;
		}
		n.text = s;
		n.negative = s > text && s[-1] == '-' &&
			     (s == text + 1 || !isalnum((unsigned char)s[-2]));
		pass_number(&s);
	}
	return n;
}

/* The next digit or point of a number, commas passed over; 0 at its end. */
static char next_mark(const char **s, const char *end)
{
	while (*s < end && **s == ',')
		(*s)++;
	return *s < end ? *(*s)++ : '\0';
}

/* Where a number's text ends, trailing zeros after a point left out. */
static const char *significant_end(const char *text)
{
	const char *end = text;
	bool point;

	pass_number(&end);
	point = memchr(text, '.', (size_t)(end - text)) != NULL;
	while (point && end[-1] == '0')
		end--;
	if (point && end[-1] == '.')
		end--;
	return end;
}

static bool same_number(const char *a, const char *b)
{
	const char *end_a = significant_end(a), *end_b = significant_end(b);
	char mark_a, mark_b;

	while (a + 1 < end_a && (*a == '0' || *a == ',') && a[1] != '.')
		a++;
	while (b + 1 < end_b && (*b == '0' || *b == ',') && b[1] != '.')
		b++;
	do {
		mark_a = next_mark(&a, end_a);
		mark_b = next_mark(&b, end_b);
	} while (mark_a && mark_a == mark_b);
	return mark_a == mark_b;
}

static bool zero(const char *text)
{
	return same_number(text, "0");
}

static bool final_number(const char *answer, const char *expected)
{
	struct number a = last_number(answer), e = last_number(expected);

	if (!a.text || !e.text || !same_number(a.text, e.text))
		return false;
	return a.negative == e.negative || zero(a.text);
}

static char fold(char c)
{
	return space(c) ? ' ' : c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* True when the phrase [p, end) stands at s, white space runs as one. */
static bool stands_at(const char *s, const char *p, const char *end)
{
	while (p < end) {
		if (fold(*s) != fold(*p))
			return false;
		if (space(*p)) {
			s = skip_space(s);
			while (p < end && space(*p))
				p++;
		} else {
			s++;
			p++;
		}
	}
	return true;
}

static bool contains(const char *text, const char *p, const char *end)
{
	for (; *text; text++)
		if (stands_at(text, p, end))
			return true;
	return false;
}

static bool contains_all(const char *answer, const char *expected)
{
	bool any = false;

	while (*expected) {
		const char *end = expected + strcspn(expected, "\n|");
		const char *next = *end ? end + 1 : end;
		const char *p = expected;

		while (p < end && space(*p))
			p++;
		while (end > p && space(end[-1]))
			end--;
		if (p < end) {
			any = true;
			if (!contains(answer, p, end))
				return false;
		}
		expected = next;
	}
	return any;
}

bool oae_judge_answer(enum oae_judge j, const char *answer,
		      const char *expected)
{
	switch (j) {
	case OAE_JUDGE_EXACT:
		return exact(answer, expected);
	case OAE_JUDGE_FINAL_NUMBER:
		return final_number(answer, expected);
	case OAE_JUDGE_CONTAINS_ALL:
		return contains_all(answer, expected);
	case OAE_JUDGE_NONE:
		return *answer != '\0';
	}
	return false;
}
