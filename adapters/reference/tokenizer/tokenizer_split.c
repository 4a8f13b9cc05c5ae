/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "adapters/reference/tokenizer/tokenizer_split.h"

#include <pcre2.h>
#include <string.h>

#include "base/utf8.h"

/* White space as Unicode has it; PCRE2's own \\s also takes U+180E. */
#define S                                                             \
	"\\t-\\r \\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}" \
	"\\x{2029}\\x{202f}\\x{205f}\\x{3000}"
#define BLANK "[" S "]+(?![^" S "])|[" S "]+"
#define CONTRACTIONS "'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]|"
#define WORDS "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|"
#define REST " ?[^" S "\\p{L}\\p{N}]+[\\r\\n]*|[" S "]*[\\r\\n]+|" BLANK
#define QWEN2 CONTRACTIONS WORDS "\\p{N}|" REST
#define LLAMA3 CONTRACTIONS WORDS "\\p{N}{1,3}|" REST
#define GPT2                                           \
	"'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+|" \
	" ?[^" S "\\p{L}\\p{N}]+|" BLANK
#define NAMES_MAX 10

/* The names are llama.cpp's; what they have in common is one row. */
static const struct pattern {
	const char *names[NAMES_MAX];
	size_t digits; /* for the splitter of ASCII; 0: it does not serve */
	bool whole_first, bos;
	const char *texts[OAE_SPLIT_LEVELS_MAX];
} patterns[] = {
	{ { "qwen2", "deepseek-r1-qwen", "megrez", "stablelm2", "hunyuan" },
	  1,
	  false,
	  false,
	  { QWEN2 } },
	{ { "llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1",
	    "pixtral", "midm-2.0", "lfm2" },
	  3,
	  true,
	  true,
	  { LLAMA3 } },
	{ { "smaug-bpe", "dbrx" }, 3, false, false, { LLAMA3 } },
	{ { "gpt-2", "phi-2", "mpt", "olmo", "jais", "gigachat", "a.x-4.0",
	    "mellum", "exaone4", "trillion" },
	  0,
	  false,
	  false,
	  { GPT2 } },
	{ { "smollm", "starcoder", "refact", "command-r", "codeshell", "exaone",
	    "minerva-7b" },
	  0,
	  false,
	  false,
	  { "\\p{N}", GPT2 } },
	/* what files without a name are read with */
	{ { "default" },
	  0,
	  false,
	  false,
	  { "[\\p{P}$+<=>^~|]+", GPT2, "\\p{N}+", "[0-9][0-9][0-9]" } },
};

static const struct pattern *pattern_find(const char *pre)
{
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		for (size_t k = 0; k < NAMES_MAX && patterns[i].names[k]; k++)
			if (pre && !strcmp(pre, patterns[i].names[k]))
				return &patterns[i];
	return NULL;
}

bool oae_split_wants_bos(const char *pre)
{
	const struct pattern *p = pattern_find(pre);

	return p && p->bos;
}

enum oae_status oae_split_init(struct oae_split *s, const char *pre,
			       struct oae_error *err)
{
	const struct pattern *p = pattern_find(pre);
	int code;
	PCRE2_SIZE where;

	memset(s, 0, sizeof(*s));
	if (!p)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"tokenizer: pre-split \"%.60s\" is unknown; "
				"known are qwen2, llama-bpe, gpt-2, smollm, "
				"default and what equals them",
				pre ? pre : "");
	s->digits = p->digits;
	s->whole_first = p->whole_first;
	for (size_t i = 0; i < OAE_SPLIT_LEVELS_MAX && p->texts[i]; i++) {
		s->codes[i] = pcre2_compile((PCRE2_SPTR)p->texts[i],
					    PCRE2_ZERO_TERMINATED,
					    PCRE2_UTF | PCRE2_UCP, &code,
					    &where, NULL);
		if (!s->codes[i]) {
			oae_split_release(s);
			return oae_fail(err, OAE_ERR_NOMEM, 0,
					"tokenizer: PCRE2 refused the pattern "
					"%s: error %d",
					pre, code);
		}
		s->n_levels++;
	}
	return OAE_OK;
}

void oae_split_release(struct oae_split *s)
{
	for (size_t i = 0; i < s->n_levels; i++)
		pcre2_code_free(s->codes[i]);
	memset(s, 0, sizeof(*s));
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
	p->ascii = s->digits && is_ascii(text, len);
	p->levels[0].end = len;
	if (p->ascii)
		return OAE_OK;
	/* checked once, so that PCRE2 does not for each piece */
	if (oae_utf8_valid(text, len) != len)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"tokenizer: the text is not UTF-8");
	p->match = pcre2_match_data_create(1, NULL);
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

/* Looks for the next match of a level's pattern from where it stands. */
static enum oae_status find(struct oae_split_pass *p, size_t level,
			    struct oae_error *err)
{
	struct oae_split_level *l = &p->levels[level];
	const PCRE2_SIZE *range;
	int rc;

	/* the pattern sees no further than the piece it cuts */
	rc = pcre2_match(p->split->codes[level], (PCRE2_SPTR)p->text, l->end,
			 l->at, PCRE2_NO_UTF_CHECK, p->match, NULL);
	if (rc == PCRE2_ERROR_NOMATCH) {
		l->found = l->found_end = l->end;
		return OAE_OK;
	}
	if (rc < 0)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"tokenizer: the text cannot be split: "
				"PCRE2 error %d",
				rc);
	range = pcre2_get_ovector_pointer(p->match);
	l->found = range[0];
	l->found_end = range[1];
	return OAE_OK;
}

/*
 * The next piece of a level, which cuts the pieces of the one before; what
 * lies between two matches is a piece too.
 */
static enum oae_status next(struct oae_split_pass *p, size_t level,
			    size_t *from, size_t *to, struct oae_error *err)
{
	struct oae_split_level *l = &p->levels[level];
	enum oae_status status = OAE_OK;

	if (l->at == l->end && level) {
		status = next(p, level - 1, &l->at, &l->end, err);
		l->found_end = l->at;
	}
	*from = *to = l->at;
	if (status || l->at == l->end)
		return status;
	if (l->found_end <= l->at)
		status = find(p, level, err);
	*to = l->at = l->at < l->found ? l->found : l->found_end;
	return status;
}

enum oae_status oae_split_next(struct oae_split_pass *p, size_t *from,
			       size_t *to, struct oae_error *err)
{
	struct oae_split_level *l = &p->levels[0];

	if (!p->ascii)
		return next(p, p->split->n_levels - 1, from, to, err);
	*from = *to = l->at;
	if (l->at < l->end)
		*to += ascii_piece(p->text + l->at, l->end - l->at,
				   p->split->digits);
	l->at = *to;
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
	if (c > 0x20 && c < 0x7f)
		return (int)c;
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
	uint8_t *to = bytes;

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
		*to++ = (uint8_t)byte;
	}
	*n = (size_t)(to - bytes);
	return true;
}
