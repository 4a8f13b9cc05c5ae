/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions over notices in the context. Each notice names its person first;
 * the answer repeats the person and then the rest of the notice. Several
 * notices of a context are of the same kind, so only the name tells which.
 */
#include "workloads/corpus/parts.h"

#define NOTICES_MAX 16
#define KINDS_PER_GROUP 4

/* $n person, $d day, $t time, $r room, $m amount, $b book, $s subject ... */
static const struct kind {
	const char *notice;
	const char *ask[3];
} kinds[OAE_CORPUS_GROUPS][KINDS_PER_GROUP] = {
	{
		/* clinic */
		{ "$n sees the nurse on $d at $t.",
		  { "when does $n see the nurse?",
		    "when is the nurse free for $n?",
		    "on which day does $n see the nurse?" } },
		{ "$n has an eye test on $d in room $r.",
		  { "where is the eye test of $n?",
		    "when does $n have an eye test?",
		    "which room is for the eye test of $n?" } },
		{ "$n collects the tablets on $d at $t.",
		  { "when does $n collect the tablets?",
		    "when are the tablets ready for $n?",
		    "on which day does $n collect the tablets?" } },
		{ "$n has a flu jab at $t in room $r.",
		  { "when does $n have a flu jab?",
		    "where is the flu jab of $n?",
		    "which room is for the flu jab of $n?" } },
	},
	{
		/* school */
		{ "$n meets the teacher on $d at $t.",
		  { "when does $n meet the teacher?",
		    "when is the teacher free for $n?",
		    "on which day does $n meet the teacher?" } },
		{ "$n sings on $d in hall $r.",
		  { "where does $n sing?", "when does $n sing?",
		    "which hall is for the song of $n?" } },
		{ "$n has the $s test on $d in room $r.",
		  { "where does $n have a test?", "which test does $n have?",
		    "when is the test of $n?" } },
		{ "$n goes to the $p on $d at $t.",
		  { "where does $n go with the class?",
		    "when does $n go with the class?",
		    "on which day does $n go with the class?" } },
	},
	{
		/* council */
		{ "$n must pay $m pounds by $d.",
		  { "how much must $n pay?", "by when must $n pay?",
		    "what must $n pay?" } },
		{ "$n speaks at the meeting on $d at $t.",
		  { "when does $n speak at the meeting?",
		    "when is the meeting open for $n?",
		    "on which day does $n speak at the meeting?" } },
		{ "$n gets a new $w bin on $d.",
		  { "which bin does $n get?", "when does $n get a bin?",
		    "on which day is the bin of $n due?" } },
		{ "$n may park in bay $m until $d.",
		  { "where may $n park?", "until when may $n park?",
		    "which bay is for the car of $n?" } },
	},
	{
		/* library */
		{ "$n must bring back the $b by $d.",
		  { "what must $n bring back?",
		    "by when must $n bring back a book?",
		    "which book must $n bring back?" } },
		{ "$n can collect the $b on $d at $t.",
		  { "what can $n collect?", "when can $n collect a book?",
		    "which book is ready for $n?" } },
		{ "$n reads to the children on $d at $t.",
		  { "when does $n read to the children?",
		    "when do the children listen to $n?",
		    "on which day does $n read to the children?" } },
		{ "$n has desk $r on $d at $t.",
		  { "which desk does $n have?", "when does $n have a desk?",
		    "where does $n sit on that day?" } },
	},
};

static const char *const books[] = {
	"atlas", "novel", "poems", "comic", "diary", "guide", "story", "play",
};
static const char *const subjects[] = {
	"maths", "music", "history", "spelling", "science", "art",
};
static const char *const places[] = {
	"museum", "farm", "lake", "mill", "forest", "station",
};
static const char *const bins[] = {
	"glass", "paper", "garden", "metal", "food", "cloth",
};

static void random_slots(struct oae_slots *s, struct oae_rng *rng)
{
	oae_slot_set(s, 'd', oae_one_of(rng, oae_corpus_days, OAE_CORPUS_DAYS));
	oae_slot_time(s, 't', rng);
	oae_slot_number(s, 'r', oae_between(rng, 1, 40));
	oae_slot_number(s, 'm', oae_between(rng, 2, 99));
	oae_slot_set(s, 'b', oae_one_of(rng, books, OAE_COUNT(books)));
	oae_slot_set(s, 's', oae_one_of(rng, subjects, OAE_COUNT(subjects)));
	oae_slot_set(s, 'p', oae_one_of(rng, places, OAE_COUNT(places)));
	oae_slot_set(s, 'w', oae_one_of(rng, bins, OAE_COUNT(bins)));
}

void oae_corpus_notices(struct oae_corpus_doc *doc, enum oae_corpus_split split,
			struct oae_rng *rng, size_t n)
{
	struct oae_person people[NOTICES_MAX];
	size_t asked = (size_t)oae_rng_below(rng, n);
	size_t group = (size_t)oae_rng_below(rng, OAE_COUNT(kinds));
	const struct kind *kind;
	struct oae_slots s = { 0 };

	doc->group = oae_corpus_groups[group];
	kind = &kinds[group][oae_rng_below(rng, KINDS_PER_GROUP)];
	oae_people_pick(split, rng, people, n);
	oae_buf_puts(&doc->prompt, "Notices:\n");
	for (size_t i = 0; i < n; i++) {
		const struct kind *k = kind;

		if (i != asked && oae_chance(rng, 0.4))
			k = &kinds[group][oae_rng_below(rng, KINDS_PER_GROUP)];
		random_slots(&s, rng);
		oae_slot_person(&s, 'n', people[i]);
		oae_buf_puts(&doc->prompt, "- ");
		oae_slots_fill(&doc->prompt, k->notice, &s);
		oae_buf_putc(&doc->prompt, '\n');
		if (i != asked)
			continue;
		oae_buf_putc(&doc->answer, ' ');
		oae_slots_fill(&doc->answer, k->notice, &s);
	}
	oae_buf_puts(&doc->prompt, "Question: ");
	oae_slot_person(&s, 'n', people[asked]);
	oae_slots_fill(&doc->prompt,
		       oae_one_of(rng, kind->ask, OAE_COUNT(kind->ask)), &s);
	oae_buf_puts(&doc->prompt, "\nAnswer:");
}
