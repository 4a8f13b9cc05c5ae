/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "adapters/reference/tokenizer_split.h"

#include <pcre2.h>
#include <string.h>

#define CONTRACTIONS "'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]|"
#define WORDS "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|"
#define REST " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

static const struct pattern {
	const char *pre;
	size_t digits;
	const char *text;
} patterns[] = {
	{ "qwen2", 1, CONTRACTIONS WORDS "\\p{N}|" REST },
	{ "llama-bpe", 3, CONTRACTIONS WORDS "\\p{N}{1,3}|" REST },
	{ "gpt-2", 0,
	  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+|"
	  " ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+" },
};

enum oae_status oae_split_init(struct oae_split *s, const char *pre,
			       struct oae_error *err)
{
	const struct pattern *p = NULL;
	uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF;
	int code;
	PCRE2_SIZE where;

	memset(s, 0, sizeof(*s));
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		if (pre && !strcmp(pre, patterns[i].pre))
			p = &patterns[i];
	}
	if (!p) {
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"tokenizer: pre-split \"%.60s\" is unknown; "
				"qwen2, llama-bpe and gpt-2 are supported",
				pre ? pre : "");
	}
	s->digits = p->digits;
	s->code = pcre2_compile((PCRE2_SPTR)p->text, PCRE2_ZERO_TERMINATED,
				options, &code, &where, NULL);
	if (!s->code) {
		return oae_fail(err, OAE_ERR_NOMEM, 0,
				"tokenizer: PCRE2 refused the pattern %s: "
				"error %d",
				p->pre, code);
	}
	return OAE_OK;
}

void oae_split_release(struct oae_split *s)
{
	pcre2_code_free(s->code);
	s->code = NULL;
}

static bool is_ascii(const char *text, size_t len)
{
	unsigned char all = 0;

	for (size_t i = 0; i < len; i++)
		all |= (unsigned char)text[i];
	return all < 0x80;
}

enum oae_status oae_split_begin(struct oae_split_pass *p,
				const struct oae_split *s, const char *text,
				size_t len, struct oae_error *err)
{
	memset(p, 0, sizeof(*p));
	p->split = s;
	p->text = text;
	p->len = len;
	p->ascii = s->digits && is_ascii(text, len);
	if (p->ascii)
		return OAE_OK;
	p->match = pcre2_match_data_create_from_pattern(s->code, NULL);
	if (!p->match)
		return oae_fail(err, OAE_ERR_NOMEM, 0,
				"tokenizer: no memory to split the text");
	return OAE_OK;
}

void oae_split_end(struct oae_split_pass *p)
{
	pcre2_match_data_free(p->match);
	p->match = NULL;
}

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool newline(char c)
{
	return c == '\n' || c == '\r';
}

static bool space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool other(char c)
{
	return !letter(c) && !digit(c) && !space(c);
}

/* The length of a contraction such as 's or 're at s, or 0. */
static size_t contraction(const char *s, size_t len)
{
	char a, b;

	if (len < 2 || s[0] != '\'')
		return 0;
	a = (char)(s[1] | 0x20);
	if (a == 's' || a == 't' || a == 'm' || a == 'd')
		return letter(s[1]) ? 2 : 0;
	b = len > 2 && letter(s[2]) ? (char)(s[2] | 0x20) : 0;
	if (!letter(s[1]))
		return 0;
	if ((a == 'r' && b == 'e') || (a == 'v' && b == 'e') ||
	    (a == 'l' && b == 'l'))
		return 3;
	return 0;
}

/* White space at s[0]: through its last newline, else all but its last. */
static size_t blank(const char *s, size_t len)
{
	size_t n = 0, through = 0;

	while (n < len && space(s[n])) {
		n++;
		if (newline(s[n - 1]))
			through = n;
	}
	if (through)
		return through;
	return n < len && n > 1 ? n - 1 : n;
}

/* The qwen2 and llama-bpe patterns over ASCII; the length of the piece. */
static size_t ascii_piece(const char *s, size_t len, size_t digits)
{
	size_t n = contraction(s, len);

	if (n)
		return n;
	if (letter(s[0]) ||
	    (len > 1 && !newline(s[0]) && !digit(s[0]) && letter(s[1]))) {
		n = 1;
		while (n < len && letter(s[n]))
			n++;
		return n;
	}
	if (digit(s[0])) {
		while (n < len && n < digits && digit(s[n]))
			n++;
		return n;
	}
	if (other(s[0]) || (len > 1 && s[0] == ' ' && other(s[1]))) {
		n = 1;
		while (n < len && other(s[n]))
			n++;
		while (n < len && newline(s[n]))
			n++;
		return n;
	}
	return blank(s, len);
}

static enum oae_status find(struct oae_split_pass *p, struct oae_error *err)
{
	const PCRE2_SIZE *range;
	int rc = pcre2_match(p->split->code, (PCRE2_SPTR)p->text, p->len, p->at,
			     0, p->match, NULL);

	if (rc == PCRE2_ERROR_NOMATCH) {
		p->found = p->found_end = p->len;
		return OAE_OK;
	}
	if (rc < 0)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"tokenizer: the text cannot be split: "
				"PCRE2 error %d",
				rc);
	range = pcre2_get_ovector_pointer(p->match);
	p->found = range[0];
	p->found_end = range[1];
	return OAE_OK;
}

enum oae_status oae_split_next(struct oae_split_pass *p, size_t *from,
			       size_t *to, struct oae_error *err)
{
	enum oae_status status;

	*from = *to = p->at;
	if (p->at >= p->len)
		return OAE_OK;
	if (p->ascii) {
		*to += ascii_piece(p->text + p->at, p->len - p->at,
				   p->split->digits);
	} else {
		if (p->found_end <= p->at) {
			status = find(p, err);
			if (status)
				return status;
		}
		/* Bytes before the match are no UTF-8: a piece of their own. */
		*to = p->at < p->found ? p->found : p->found_end;
	}
	p->at = *to;
	return OAE_OK;
}

static bool printable(unsigned c)
{
	return (c >= 0x21 && c <= 0x7e) || (c >= 0xa1 && c <= 0xac) ||
	       (c >= 0xae && c <= 0xff);
}

size_t oae_alphabet_write(uint8_t byte, char out[3])
{
	unsigned c = byte;

	if (c <= 0x20)
		c += 0x100;
	else if (c >= 0x7f && c <= 0xa0)
		c += 0x121 - 0x7f;
	else if (c == 0xad)
		c = 0x143;
	if (c < 0x80) {
		out[0] = (char)c;
		out[1] = '\0';
		return 1;
	}
	out[0] = (char)(0xc0 | (c >> 6));
	out[1] = (char)(0x80 | (c & 0x3f));
	out[2] = '\0';
	return 2;
}

/* The byte that a character of the alphabet stands for, or -1. */
static int alphabet_byte(unsigned c)
{
	if (c <= 0xff)
		return printable(c) ? (int)c : -1;
	if (c <= 0x120)
		return (int)(c - 0x100);
	if (c <= 0x142)
		return (int)(c - 0x121 + 0x7f);
	return c == 0x143 ? 0xad : -1;
}

bool oae_alphabet_read(const char *text, uint8_t *bytes, size_t *n)
{
	const unsigned char *s = (const unsigned char *)text;

	*n = 0;
	while (*s) {
		unsigned c = *s++;
		int byte;

		if (c >= 0xc2 && c <= 0xdf && (*s & 0xc0) == 0x80)
			c = (c & 0x1f) << 6 | (*s++ & 0x3fu);
		else if (c >= 0x80)
			return false;
		byte = alphabet_byte(c);
		if (byte < 0)
			return false;
		bytes[(*n)++] = (uint8_t)byte;
	}
	return true;
}
