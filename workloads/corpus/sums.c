/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Word problems of two or three steps, worked column by column so that each
 * step is a sum of digits: "47+38: 7+8=15 carry 1, 4+3+1=8, so 85." and
 * "85-29: 5-9 borrow 1 15-9=6, 8-2-1=5, so 56."
 */
#include "workloads/corpus/parts.h"

#define STEPS_MAX 3
#define TOTAL_MAX 199u
#define NUMBER_MAX 99u

static const struct setting {
	const char *group, *start; /* $a: the number */
	const char *plus[3], *minus[3];
	const char *ask[2];
} settings[] = {
	{ "school",
	  "$n has $a pens.",
	  { "A friend brings $a more.", "The teacher gives out $a more.",
	    "Then $a more turn up." },
	  { "Then $a are lost.", "The class uses up $a.",
	    "A friend takes $a away." },
	  { "How many pens are there now?", "How many pens are left?" } },
	{ "library",
	  "$n counts $a books on the shelf.",
	  { "The van brings $a more.", "Readers bring back $a.",
	    "The shop sends $a more." },
	  { "Readers borrow $a.", "The school takes $a away.",
	    "The desk gives out $a." },
	  { "How many books are there now?", "How many books are left?" } },
	{ "council",
	  "$n puts out $a chairs in the hall.",
	  { "The school lends $a more.", "The van brings $a more.",
	    "A friend finds $a more." },
	  { "The choir takes $a away.", "Then $a are broken.",
	    "The shop takes back $a." },
	  { "How many chairs are there now?", "How many chairs are left?" } },
	{ "clinic",
	  "$n has $a masks at the clinic.",
	  { "The van brings $a more.", "The shop sends $a more.",
	    "The nurse finds $a more." },
	  { "The nurse uses up $a.", "The school takes $a away.",
	    "The desk gives out $a." },
	  { "How many masks are there now?", "How many masks are left?" } },
	{ "council",
	  "$n pays in $a pounds at the council.",
	  { "A friend pays in $a more.", "The stall pays in $a more.",
	    "The shop pays in $a more." },
	  { "The mayor spends $a on trees.", "Then $a go back to the stall.",
	    "The council spends $a on paint." },
	  { "How many pounds are there now?", "How many pounds are left?" } },
};

static void plus(struct oae_buf *b, unsigned x, unsigned y)
{
	unsigned ones = x % 10 + y % 10, carry = ones / 10;

	oae_buf_printf(b, " %u+%u: %u+%u=%u carry %u, %u+%u+%u=%u, so %u.", x,
		       y, x % 10, y % 10, ones, carry, x / 10, y / 10, carry,
		       x / 10 + y / 10 + carry, x + y);
}

static void minus(struct oae_buf *b, unsigned x, unsigned y)
{
	unsigned borrow = x % 10 < y % 10, ones = x % 10 + 10 * borrow;

	oae_buf_printf(b,
		       " %u-%u: %u-%u borrow %u %u-%u=%u, %u-%u-%u=%u, so %u.",
		       x, y, x % 10, y % 10, borrow, ones, y % 10,
		       ones - y % 10, x / 10, y / 10, borrow,
		       x / 10 - y / 10 - borrow, x - y);
}

void oae_corpus_sums(struct oae_corpus_doc *doc, enum oae_corpus_split split,
		     struct oae_rng *rng)
{
	const struct setting *set;
	unsigned steps = oae_between(rng, 2, STEPS_MAX);
	unsigned total = oae_between(rng, 5, NUMBER_MAX);
	struct oae_slots s = { 0 };

	set = &settings[oae_rng_below(rng, OAE_COUNT(settings))];
	doc->group = set->group;
	oae_slot_person(&s, 'n', oae_person_pick(split, rng));
	oae_slot_number(&s, 'a', total);
	oae_buf_puts(&doc->prompt, "Sum: ");
	oae_slots_fill(&doc->prompt, set->start, &s);
	for (unsigned i = 0; i < steps; i++) {
		unsigned room = TOTAL_MAX - total, most, number;
		bool add = total < 5 || (room >= 2 && oae_chance(rng, 0.5));
		const char *form;

		most = add ? room : total;
		most = most < NUMBER_MAX ? most : NUMBER_MAX;
		number = oae_between(rng, 2, most);
		oae_slot_number(&s, 'a', number);
		form = oae_one_of(rng, add ? set->plus : set->minus, 3);
		oae_buf_putc(&doc->prompt, ' ');
		oae_slots_fill(&doc->prompt, form, &s);
		if (add)
			plus(&doc->answer, total, number);
		else
			minus(&doc->answer, total, number);
		total = add ? total + number : total - number;
	}
	oae_buf_printf(&doc->prompt, " %s\nAnswer:",
		       oae_one_of(rng, set->ask, OAE_COUNT(set->ask)));
	oae_buf_printf(&doc->answer, " Answer: %u.", total);
}
