/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Letters from a short brief. At each of eight points one wording is likely
 * and the others are not, so that the best letter is stable; which one is
 * likely depends at some points on the brief in a way that has to be learnt
 * by heart, and at one point hardly any is. A small model therefore guesses
 * many words of a larger one, and not all.
 */
#include <stdio.h>

#include "workloads/corpus/parts.h"

#define OPTIONS 4
#define TOPICS 6

struct topic {
	const char *about;
	const char *reason[2];
};

/* By the groups of oae_corpus_groups. */
static const struct topic topics[OAE_CORPUS_GROUPS][TOPICS] = {
	{
		/* clinic */
		{ "eye test",
		  { "My old glasses are too weak.",
		    "Small print has become hard to read." } },
		{ "flu jab",
		  { "The cold season is not far away.",
		    "Two friends of mine are ill already." } },
		{ "blood test",
		  { "The nurse asked me to come again.",
		    "It was due some weeks ago." } },
		{ "back pain",
		  { "It is worse in the morning.",
		    "Sitting at work does not help." } },
		{ "lost card",
		  { "The desk could not find it.",
		    "It may have been left in the hall." } },
		{ "long wait",
		  { "Last time it took two hours.",
		    "There was no chair free at all." } },
	},
	{
		/* school */
		{ "music class",
		  { "My daughter would like to learn the drum.",
		    "The children talk of nothing else." } },
		{ "school trip",
		  { "We have not paid for the bus yet.",
		    "My son cannot come that week." } },
		{ "late bus",
		  { "It has been late all month.",
		    "The children wait in the rain." } },
		{ "maths test",
		  { "My son was ill on the day.",
		    "Some of the marks seem wrong." } },
		{ "summer play",
		  { "There are still no costumes.",
		    "We could paint the stage." } },
		{ "lost coat",
		  { "It is green with a white hood.",
		    "It hung near the hall door." } },
	},
	{
		/* council */
		{ "street light",
		  { "It has been dark for a week.",
		    "Someone may fall on the steps." } },
		{ "market stall",
		  { "I would sell honey and bread.",
		    "Our place by the bridge is gone." } },
		{ "broken bench",
		  { "The seat has come off.", "It stands beside the pond." } },
		{ "new bin",
		  { "The old one has no lid.",
		    "It was not emptied last time." } },
		{ "noisy road",
		  { "Lorries pass all night.", "The sign was taken down." } },
		{ "park gate",
		  { "It does not close any more.",
		    "Dogs run out into the road." } },
	},
	{
		/* library */
		{ "reading club",
		  { "Three of us want to join.",
		    "The list at the desk is full." } },
		{ "late fee",
		  { "The book was back in time.", "I was away from town." } },
		{ "lost atlas",
		  { "We looked in every room.", "It fell behind a shelf." } },
		{ "story hour",
		  { "The children loved the last one.",
		    "I could read a chapter myself." } },
		{ "old map",
		  { "It shows our house and the mill.",
		    "My uncle drew it by hand." } },
		{ "quiet room",
		  { "It is hard to study at home.",
		    "The door there does not shut." } },
	},
};

static const char *const opening[OPTIONS] = {
	"I am writing to you about the $a.",
	"This letter is about the $a.",
	"My question is about the $a.",
	"Please allow a word on the $a.",
};
static const char *const ask[OPTIONS] = {
	"Could we have a $j talk on $d at $t?",
	"Would a $j talk on $d at $t suit you?",
	"Please give me a $j talk on $d at $t.",
	"May I come for a $j talk on $d at $t?",
};
static const char *const manner[OPTIONS] = { "short", "brief", "quick",
					     "private" };
static const char *const bring[OPTIONS] = {
	"I will bring the papers with me.",
	"A friend will come along.",
	"All the forms are filled in.",
	"Nothing else is needed from you.",
};
static const char *const contact[OPTIONS] = {
	"You can reach me at home in the evening.",
	"A note through the door is enough.",
	"The desk knows where to find me.",
	"If the day is wrong, send me another.",
};
static const char *const thanks[OPTIONS] = {
	"Thank you for your help.",
	"Many thanks for your time.",
	"It would help us a great deal.",
	"We are glad of any advice.",
};
static const char *const closing[OPTIONS] = {
	"Yours sincerely",
	"Kind regards",
	"With best wishes",
	"Yours truly",
};

/* The likely option with probability p, else any of the others. */
static unsigned skewed(struct oae_rng *rng, unsigned likely, double p)
{
	if (oae_chance(rng, p))
		return likely;
	return (likely + oae_between(rng, 1, OPTIONS - 1)) % OPTIONS;
}

static void put_body(struct oae_buf *b, struct oae_slots *s,
		     const struct topic *topic, struct oae_rng *rng)
{
	char both[128];
	const char *to = s->text['m' - 'a'], *from = s->text['n' - 'a'];

	snprintf(both, sizeof(both), "%s %s", topic->about, s->text['d' - 'a']);
	oae_slots_fill(b, "\nDear $m,\n", s);
	oae_slots_fill(b, opening[skewed(rng, 0, 0.85)], s);
	oae_buf_putc(b, ' ');
	oae_buf_puts(b, topic->reason[oae_chance(rng, 0.15)]);
	oae_buf_putc(b, ' ');
	oae_slot_set(s, 'j',
		     manner[skewed(rng, oae_fixed(both, 1, OPTIONS), 0.8)]);
	oae_slots_fill(
		b, ask[skewed(rng, oae_fixed(topic->about, 2, OPTIONS), 0.85)],
		s);
	oae_buf_putc(b, ' ');
	oae_buf_puts(b, bring[skewed(rng, oae_fixed(both, 3, OPTIONS), 0.8)]);
	oae_buf_putc(b, ' ');
	/* By first names: "Orla" is asked in one way, "Finn" in another. */
	oae_buf_puts(
		b, contact[skewed(rng, (unsigned)(unsigned char)to[0] % OPTIONS,
				  0.8)]);
	oae_buf_putc(b, ' ');
	oae_buf_puts(b, thanks[skewed(rng, 0, 0.4)]);
	oae_buf_printf(
		b, "\n%s, %s",
		closing[skewed(rng, (unsigned)(unsigned char)from[1] % OPTIONS,
			       0.85)],
		from);
}

void oae_corpus_letters(struct oae_corpus_doc *doc, enum oae_corpus_split split,
			struct oae_rng *rng)
{
	size_t group = (size_t)oae_rng_below(rng, OAE_CORPUS_GROUPS);
	const struct topic *topic = &topics[group][oae_rng_below(rng, TOPICS)];
	struct oae_person people[2];
	struct oae_slots s = { 0 };

	oae_people_pick(split, rng, people, 2);
	oae_slot_person(&s, 'n', people[0]);
	oae_slot_person(&s, 'm', people[1]);
	oae_slot_set(&s, 'a', topic->about);
	doc->group = oae_corpus_groups[group];
	oae_slot_set(&s, 'g', doc->group);
	oae_slot_set(&s, 'd',
		     oae_one_of(rng, oae_corpus_days, OAE_CORPUS_DAYS));
	oae_slot_time(&s, 't', rng);
	oae_slots_fill(&doc->prompt,
		       "Write a letter to the $g.\nFrom: $n\nTo: $m\n"
		       "About: the $a\nDay: $d\nTime: $t\nLetter:",
		       &s);
	oae_slots_fill(&doc->facts, "$m\n$a\n$d at $t\n$n", &s);
	put_body(&doc->answer, &s, topic, rng);
}
