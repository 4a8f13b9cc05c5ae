/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "schema/pattern.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS_MAX 32
#define REPEAT_DIGITS_MAX 3
#define STEPS_MAX 1000000u

struct oae_pattern {
	pcre2_code *code;
	struct oae_pattern *next;
};

/* Walks through a pattern; `why` says what is not of the common subset. */
struct scan {
	const char *at, *why;
	unsigned open;
	bool atom; /* what was read last can be repeated */
};

static bool bad(struct scan *s, const char *why)
{
	s->why = why;
	return false;
}

/* After a backslash. "-" may be escaped within a class only. */
static bool scan_escape(struct scan *s, bool in_class)
{
	char c = *s->at;

	if (!c ||
	    (!strchr("()*+.?[\\]^$nrt{|}/", c) && !(in_class && c == '-')))
		return bad(s, "an escape that engines read differently");
	s->at++;
	return true;
}

static bool scan_class_char(struct scan *s)
{
	char c = *s->at++;

	if (c == '\\')
		return scan_escape(s, true);
	if (!c || c == '[' || c == '-')
		return bad(s, "'[', '-' or the end within a class; escape it");
	while ((*s->at & 0xc0) == 0x80)
		s->at++;
	return true;
}

/* After '['. A hyphen stands first, last or between two characters. */
static bool scan_class(struct scan *s)
{
	if (*s->at == '^')
		s->at++;
	if (*s->at == ']')
		return bad(s, "an empty class");
	if (*s->at == '-')
		s->at++;
	while (*s->at != ']') {
		if (*s->at == '-' && s->at[1] == ']') {
			s->at++;
			break;
		}
		if (!scan_class_char(s))
			return false;
		if (*s->at != '-' || s->at[1] == ']')
			continue;
		s->at++;
		if (!scan_class_char(s))
			return false;
	}
	s->at++;
	return true;
}

static bool scan_digits(struct scan *s)
{
	size_t n = strspn(s->at, "0123456789");

	if (n < 1 || n > REPEAT_DIGITS_MAX)
		return bad(s, "a repetition is {n}, {n,} or {n,m}, up to 999");
	s->at += n;
	return true;
}

/* After '{'. */
static bool scan_repeat(struct scan *s)
{
	if (!scan_digits(s))
		return false;
	if (*s->at == ',') {
		s->at++;
		if (*s->at != '}' && !scan_digits(s))
			return false;
	}
	if (*s->at != '}')
		return bad(s, "a repetition without its '}'");
	s->at++;
	return true;
}

static bool scan_group(struct scan *s, char c)
{
	if (c == '(' && s->open == GROUPS_MAX)
		return bad(s, "more than 32 groups within each other");
	if (c == ')' && s->open == 0)
		return bad(s, "a ')' without its '('");
	s->open = c == '(' ? s->open + 1 : s->open - 1;
	s->atom = c == ')';
	return true;
}

static bool scan_one(struct scan *s)
{
	char c = *s->at++;
	bool repeated = s->atom;

	s->atom = false;
	switch (c) {
	case '^':
	case '$':
	case '|':
		return true;
	case '(':
	case ')':
		return scan_group(s, c);
	case '*':
	case '+':
	case '?':
	case '{':
		if (!repeated)
			return bad(s, "nothing that can be repeated");
		return c != '{' || scan_repeat(s);
	case ']':
	case '}':
		return bad(s, "a bracket that closes nothing; escape it");
	case '[':
		s->atom = true;
		return scan_class(s);
	case '\\':
		s->atom = true;
		return scan_escape(s, false);
	default:
		s->atom = true;
		return true;
	}
}

static enum oae_status scan(const char *text, struct oae_error *err)
{
	struct scan s = { .at = text };

	while (*s.at && scan_one(&s))
		;
	if (!s.why && s.open)
		s.why = "a '(' without its ')'";
	if (!s.why)
		return OAE_OK;
	return oae_fail(err, OAE_ERR_FORMAT, 0,
			"pattern \"%.100s\" byte %zu: %s (patterns are those of"
			" RFC 9485, with ^ and $)",
			text, (size_t)(s.at - text), s.why);
}

enum oae_status oae_pattern_compile(const char *text, struct oae_pattern **out,
				    struct oae_error *err)
{
	enum oae_status status = scan(text, err);
	pcre2_compile_context *how;
	PCRE2_UCHAR why[120];
	PCRE2_SIZE at;
	int code = 0;

	*out = NULL;
	if (status)
		return status;
	how = pcre2_compile_context_create(NULL);
	*out = calloc(1, sizeof(**out));
	if (how && *out) {
		/* "." is all but \n and \r, "$" is the end and nothing else. */
		pcre2_set_newline(how, PCRE2_NEWLINE_ANYCRLF);
		(*out)->code = pcre2_compile((PCRE2_SPTR)text,
					     PCRE2_ZERO_TERMINATED,
					     PCRE2_UTF | PCRE2_DOLLAR_ENDONLY,
					     &code, &at, how);
	}
	pcre2_compile_context_free(how);
	if (*out && (*out)->code)
		return OAE_OK;
	free(*out);
	*out = NULL;
	if (!code)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	pcre2_get_error_message(code, why, sizeof(why));
	return oae_fail(err, OAE_ERR_FORMAT, 0,
			"pattern \"%.100s\" byte %zu: %s", text, (size_t)at,
			(const char *)why);
}

enum oae_status oae_pattern_match(const struct oae_pattern *p, const char *text,
				  bool *matches, struct oae_error *err)
{
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	pcre2_match_context *how = pcre2_match_context_create(NULL);
	int rc = PCRE2_ERROR_NOMEMORY;

	if (data && how) {
		pcre2_set_match_limit(how, STEPS_MAX);
		rc = pcre2_match(p->code, (PCRE2_SPTR)text, strlen(text), 0, 0,
				 data, how);
	}
	pcre2_match_context_free(how);
	pcre2_match_data_free(data);
	*matches = rc >= 0;
	if (rc >= 0 || rc == PCRE2_ERROR_NOMATCH)
		return OAE_OK;
	if (rc == PCRE2_ERROR_NOMEMORY)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	if (rc == PCRE2_ERROR_MATCHLIMIT || rc == PCRE2_ERROR_DEPTHLIMIT ||
	    rc == PCRE2_ERROR_HEAPLIMIT)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"a pattern takes more than %u steps on a text",
				STEPS_MAX);
	return oae_fail(err, OAE_ERR_FORMAT, 0, "a text is not UTF-8");
}

void oae_pattern_chain(struct oae_pattern *p, struct oae_pattern **chain)
{
	p->next = *chain;
	*chain = p;
}

void oae_pattern_free_chain(struct oae_pattern *chain)
{
	while (chain) {
		struct oae_pattern *next = chain->next;

		pcre2_code_free(chain->code);
		free(chain);
		chain = next;
	}
}
