/* SPDX-License-Identifier: Apache-2.0 */
/* Drills in copying: words as said, and values by key. */
#include "workloads/corpus/parts.h"

#define PAIRS_MAX 16

static const char *const things[] = {
	"apple",  "ball",    "bell",   "boat",	  "book",    "bottle",
	"box",	  "bread",   "brush",  "cake",	  "card",    "chair",
	"clock",  "coat",    "cup",    "door",	  "drum",    "flag",
	"glass",  "hat",     "key",    "kite",	  "lamp",    "leaf",
	"map",	  "nail",    "paper",  "pear",	  "pen",     "plate",
	"rope",	  "shoe",    "spoon",  "stone",	  "table",   "tree",
	"wall",	  "wheel",   "window", "wood",	  "anchor",  "basket",
	"button", "candle",  "carpet", "cheese",  "copper",  "cushion",
	"dish",	  "feather", "fork",   "hammer",  "helmet",  "jacket",
	"kettle", "ladder",  "lemon",  "mirror",  "needle",  "onion",
	"parcel", "pillow",  "pocket", "ribbon",  "saddle",  "scarf",
	"shovel", "soap",    "sugar",  "ticket",  "towel",   "trumpet",
	"tulip",  "violin",  "wagon",  "whistle", "yoghurt", "zebra",
	"pebble", "jigsaw",
};
static const char *const colours[] = {
	"red",	"blue",	  "green", "white",  "black", "brown",
	"grey", "yellow", "pink",  "orange", "gold",  "silver",
};
static const char *const verbs[] = {
	"sees", "has",	"meets", "gets",    "reads",   "must",
	"may",	"goes", "on",	 "at",	    "in",      "by",
	"the",	"room", "nurse", "teacher", "meeting", "tablets",
};

static void random_word(struct oae_buf *b, enum oae_corpus_split split,
			struct oae_rng *rng)
{
	struct oae_slots s = { 0 };

	switch (oae_rng_below(rng, 8)) {
	case 0:
	case 1:
		oae_person_put(b, oae_person_pick(split, rng));
		return;
	/* Never a middle name alone: it could join two others to a person. */
	case 2:
		oae_buf_puts(b, oae_one_of(rng, oae_corpus_first,
					   OAE_CORPUS_POOL));
		return;
	case 3:
		oae_slot_time(&s, 't', rng);
		oae_slots_fill(b, "$t", &s);
		return;
	case 4:
		oae_buf_puts(b,
			     oae_one_of(rng, oae_corpus_days, OAE_CORPUS_DAYS));
		return;
	case 5:
		oae_buf_puts(b, oae_one_of(rng, verbs, OAE_COUNT(verbs)));
		return;
	case 6:
		oae_buf_puts(b, oae_one_of(rng, colours, OAE_COUNT(colours)));
		return;
	default:
		oae_buf_puts(b, oae_one_of(rng, things, OAE_COUNT(things)));
	}
}

void oae_corpus_echo(struct oae_corpus_doc *doc, enum oae_corpus_split split,
		     struct oae_rng *rng)
{
	unsigned n = oae_between(rng, 3, 12);

	for (unsigned i = 0; i < n; i++) {
		oae_buf_putc(&doc->answer, ' ');
		random_word(&doc->answer, split, rng);
	}
	oae_buf_printf(&doc->prompt,
		       "Say:%s\nAnswer:", oae_buf_str(&doc->answer));
}

/* A key of one name (first names, all different) or of three. */
static void put_key(struct oae_buf *b, bool whole, struct oae_person p)
{
	if (whole)
		oae_person_put(b, p);
	else
		oae_buf_puts(b, oae_corpus_first[p.first]);
}

static void random_value(struct oae_slots *s, struct oae_rng *rng)
{
	struct oae_buf value;

	oae_buf_init(&value, sizeof(s->text[0]));
	if (oae_chance(rng, 0.5))
		oae_buf_printf(&value, "%s %s",
			       oae_one_of(rng, colours, OAE_COUNT(colours)),
			       oae_one_of(rng, things, OAE_COUNT(things)));
	else
		oae_buf_printf(&value, "%s %u",
			       oae_one_of(rng, things, OAE_COUNT(things)),
			       oae_between(rng, 1, 9));
	oae_slot_set(s, 'v', oae_buf_str(&value));
	oae_buf_release(&value);
}

void oae_corpus_recall(struct oae_corpus_doc *doc, enum oae_corpus_split split,
		       struct oae_rng *rng)
{
	struct oae_person people[PAIRS_MAX];
	struct oae_slots values[PAIRS_MAX] = { 0 };
	uint32_t order[PAIRS_MAX];
	unsigned n = oae_between(rng, 4, PAIRS_MAX);
	unsigned asked = oae_between(rng, (n + 1) / 2, n);
	bool whole = oae_chance(rng, 0.75);

	oae_people_pick(split, rng, people, n);
	if (!whole) {
		for (unsigned i = 0; i < OAE_COUNT(order); i++)
			order[i] = i;
		oae_rng_shuffle(rng, order, OAE_COUNT(order));
		for (unsigned i = 0; i < n; i++) /* different names */
			people[i].first =
				order[i] + PAIRS_MAX * oae_between(rng, 0, 1);
	}
	oae_buf_puts(&doc->prompt, "Key list:");
	for (unsigned i = 0; i < n; i++) {
		order[i] = i;
		random_value(&values[i], rng);
		oae_buf_putc(&doc->prompt, ' ');
		put_key(&doc->prompt, whole, people[i]);
		oae_buf_printf(&doc->prompt, " = %s;",
			       values[i].text['v' - 'a']);
	}
	oae_rng_shuffle(rng, order, n);
	oae_buf_puts(&doc->prompt, "\nAsked:");
	for (unsigned i = 0; i < asked; i++) {
		const char *end = i + 1 < asked ? ";" : "";

		oae_buf_putc(&doc->prompt, ' ');
		put_key(&doc->prompt, whole, people[order[i]]);
		oae_buf_puts(&doc->prompt, end);
		oae_buf_putc(&doc->answer, ' ');
		put_key(&doc->answer, whole, people[order[i]]);
		oae_buf_printf(&doc->answer, " = %s%s",
			       values[order[i]].text['v' - 'a'], end);
	}
	oae_buf_puts(&doc->prompt, "\nAnswer:");
}
