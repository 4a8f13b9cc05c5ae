/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/peer/texts.h"

#include <string.h>

#include "base/utf8.h"

#define N(list) (sizeof(list) / sizeof((list)[0]))

static const char *const words[] = {
	"the",
	"quick",
	"Brown",
	"fox",
	"jumps",
	"over",
	"lazy",
	"dog",
	"international",
	"unbelievable",
	"tokenizer",
	"HTTP",
	"McDonald",
	"iPhone",
	"na\xc3\xafve",
	"caf\xc3\xa9",
	"r\xc3\xa9sum\xc3\xa9",
	"\xc3\x9c\x62\x65rma\xc3\x9f",
	"stra\xc3\x9f\x65",
	"se\xc3\xb1or",
	"\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82",
	"\xce\xba\xcf\x8c\xcf\x83\xce\xbc\xce\xbf\xcf\x82",
	"\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xb8\x96\xe7\x95\x8c",
	"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
	"\xe3\x81\x93\xe3\x82\x93",
	"\xed\x95\x9c\xea\xb5\xad\xec\x96\xb4",
	"e\xcc\x81le\xcc\x80ve",
	"\xd9\x85\xd8\xb1\xd8\xad\xd8\xa8\xd8\xa7",
	"\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d",
	"\xe0\xa4\xa8\xe0\xa4\xae",
	"\xe0\xb8\xaa\xe0\xb8\xa7\xe0\xb8\xb1\xe0\xb8\xaa",
	"\xc4\xb0stanbul",
};

static const char *const pieces[] = {
	"'s",
	"'S",
	"'t",
	"'re",
	"'RE",
	"'Ve",
	"'ll",
	"'lL",
	"'d",
	"'M",
	"'",
	"\xe2\x80\x99s",
	"\xe2\x80\x9cquoted\xe2\x80\x9d",
	"...",
	"?!",
	"--",
	"\xe2\x80\x94",
	"\xe2\x80\xa6",
	"$",
	"\xe2\x82\xac\x35",
	"#tag",
	"@me",
	"a.b.c",
	"http://x.y/?q=1&r=%20",
	"int main(void)\n{\n\treturn 0;\n}\n",
	"{\"k\": [1, 2.5e-3]}",
	"\\n",
	"a_b",
	"x+=1;",
	"===",
	"/* c */",
	"\xf0\x9f\x98\x80",
	"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb",
	"\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd",
	"\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa",
	"1\xef\xb8\x8f\xe2\x83\xa3",
	"\xe2\x9d\xa4\xef\xb8\x8f",
	"\xc2\xbd",
	"\xc2\xb2",
	"\xe2\x85\xa7",
	"\xd9\xa3\xd9\xa4",
	"\xef\xbc\x91",
	"<s>",
	"</s>",
	"<unk>",
	"<0x0A>",
	"<|im_start|>",
	"<|im_end|>",
	"<|endoftext|>",
	"<|eot_id|>",
	"<|begin_of_text|>",
	"<tool_call>",
	"<|end",
	"\xe2\x96\x81",
	"\xef\xbf\xbd",
	"\xc4\xa0",
	"\x01",
	"\x7f",
	"\xe2\x80\x8b",
	"\xef\xbb\xbf",
	"A",
	"I",
	"z",
	"\xcc\x81",
};

static const char *const blanks[] = {
	" ",
	" ",
	" ",
	" ",
	"  ",
	"   ",
	"    ",
	"        ",
	"\t",
	"\t\t",
	"\n",
	"\n\n",
	"\r\n",
	"\r",
	" \n",
	"\n ",
	" \n \n",
	"\v",
	"\f",
	"\xc2\xa0",
	"\xe3\x80\x80",
	"\xe2\x80\x83",
	"\xc2\x85",
	"\xe2\x80\xa8",
	"\xe1\xa0\x8e",
	"\xe2\x80\xaf",
	"\xe1\x9a\x80",
};

/* In front of, or at the end of, what cannot complete them. */
static const char *const broken_pieces[] = {
	"\xff",		"\xfe ",	 "a\x80",  " \xbf",    "\xc3\x61",
	"\xe2\x82\x62", "\xf0\x9f\x98 ", "\xf8\n", "\xe2\x82",
};

static const char *any(struct oae_rng *rng, const char *const *list, size_t n)
{
	return list[oae_rng_below(rng, n)];
}

/* Any scalar value, most of them not far away. */
static void any_code(struct oae_rng *rng, struct oae_buf *out)
{
	static const uint32_t limits[] = { 0x250,  0x250,   0x800,   0x3000,
					   0xd800, 0x10000, 0x1fb00, 0x110000 };
	char utf8[4];
	uint32_t code;

	do {
		code = (uint32_t)oae_rng_below(
			rng, limits[oae_rng_below(rng, N(limits))]);
	} while (!code || (code >= 0xd800 && code < 0xe000));
	oae_buf_add(out, utf8, oae_utf8_encode(utf8, code));
}

static void add_digits(struct oae_rng *rng, struct oae_buf *out)
{
	size_t n = 1 + (size_t)oae_rng_below(rng, 9);

	while (n--)
		oae_buf_putc(out, (char)('0' + oae_rng_below(rng, 10)));
}

static void add_letters(struct oae_rng *rng, struct oae_buf *out)
{
	size_t n = 1 + (size_t)oae_rng_below(rng, 12);

	while (n--)
		oae_buf_putc(out, (char)((oae_rng_below(rng, 4) ? 'a' : 'A') +
					 oae_rng_below(rng, 26)));
}

static void add_repeats(struct oae_rng *rng, struct oae_buf *out)
{
	static const char some[] = " \n\ta-=.*#!l0";
	char c = some[oae_rng_below(rng, sizeof(some) - 1)];
	size_t n = 2 + (size_t)oae_rng_below(rng, 40);

	while (n--)
		oae_buf_putc(out, c);
}

void texts_make(struct oae_rng *rng, size_t parts, bool broken,
		struct oae_buf *out)
{
	while (parts--) {
		switch (oae_rng_below(rng, broken ? 16 : 15)) {
		case 0:
		case 1:
		case 2:
		case 3:
			oae_buf_puts(out, any(rng, words, N(words)));
			break;
		case 4:
		case 5:
		case 6:
			oae_buf_puts(out, any(rng, pieces, N(pieces)));
			break;
		case 7:
			add_digits(rng, out);
			break;
		case 8:
			add_letters(rng, out);
			break;
		case 9:
			any_code(rng, out);
			break;
		case 10:
			add_repeats(rng, out);
			break;
		case 15:
			oae_buf_puts(out,
				     any(rng, broken_pieces, N(broken_pieces)));
			break;
		default:
			oae_buf_puts(out, any(rng, blanks, N(blanks)));
			break;
		}
	}
}
