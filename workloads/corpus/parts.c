/* SPDX-License-Identifier: Apache-2.0 */
#include "workloads/corpus/parts.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Short, so that each becomes one BPE token; in no other pool or text. */
const char *const oae_corpus_first[OAE_CORPUS_POOL] = {
	"Orla",	 "Finn",  "Nora",  "Ivan", "Tess", "Owen", "Lena", "Hugo",
	"Zara",	 "Emil",  "Ruth",  "Omar", "Cleo", "Axel", "Dina", "Boris",
	"Freya", "Gwen",  "Igor",  "Jana", "Kurt", "Lars", "Mira", "Nils",
	"Olga",	 "Petra", "Quinn", "Rosa", "Sven", "Tara", "Ugo",  "Vera",
	"Wim",	 "Yara",  "Zeno",  "Abel", "Bea",  "Carl", "Dora", "Elsa",
	"Fritz", "Greta", "Hans",  "Inga",
};

const char *const oae_corpus_middle[OAE_CORPUS_POOL] = {
	"Jude",	 "Lyle",  "Maud", "Neil",  "Opal",  "Paul", "Rene", "Saul",
	"Theo",	 "Una",	  "Vito", "Walt",  "Xena",  "Yves", "Zoe",  "Alba",
	"Bram",	 "Cyril", "Dirk", "Edna",  "Floyd", "Glen", "Hedy", "Ines",
	"Joel",	 "Kira",  "Liam", "Moira", "Nell",  "Otto", "Pia",  "Ralf",
	"Sonia", "Toby",  "Ursa", "Viola", "Wanda", "Alma", "Bert", "Cora",
	"Dale",	 "Enid",  "Faye", "Gus",
};

const char *const oae_corpus_last[OAE_CORPUS_POOL] = {
	"Blom", "Crane", "Drew", "Eads",  "Fenn",  "Gale", "Hart",  "Ives",
	"Jett", "Kemp",	 "Lund", "Mott",  "Nash",  "Orr",  "Pike",  "Quill",
	"Ross", "Sykes", "Todd", "Upton", "Vance", "Webb", "Yates", "Zorn",
	"Ames", "Boyd",	 "Cobb", "Dunn",  "Elms",  "Frey", "Gibb",  "Holt",
	"Judd", "Knox",	 "Lowe", "Moss",  "Nunn",  "Oaks", "Penn",  "Rudd",
	"Shaw", "Tate",	 "Voss", "Wynn",
};

const char *const oae_corpus_days[OAE_CORPUS_DAYS] = {
	"Monday", "Tuesday",  "Wednesday", "Thursday",
	"Friday", "Saturday", "Sunday",
};

const char *const oae_corpus_groups[OAE_CORPUS_GROUPS] = {
	"clinic",
	"school",
	"council",
	"library",
};

static uint64_t hash_text(uint64_t h, const char *s)
{
	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3u;
	return h;
}

static uint64_t hash_finish(uint64_t h)
{
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdu;
	h ^= h >> 33;
	return h;
}

enum oae_corpus_split oae_person_split(struct oae_person p)
{
	uint64_t h = 0xcbf29ce484222325u; /* FNV-1a over the name */

	h = hash_text(h, oae_corpus_first[p.first]);
	h = hash_text(h, " ");
	h = hash_text(h, oae_corpus_middle[p.middle]);
	h = hash_text(h, " ");
	h = hash_text(h, oae_corpus_last[p.last]);
	return hash_finish(h) % 8 ? OAE_CORPUS_TRAIN : OAE_CORPUS_HELD_OUT;
}

unsigned oae_fixed(const char *text, unsigned salt, unsigned n)
{
	uint64_t h = 0xcbf29ce484222325u + salt;

	return (unsigned)(hash_finish(hash_text(h, text)) % n);
}

unsigned oae_between(struct oae_rng *rng, unsigned low, unsigned high)
{
	return low + (unsigned)oae_rng_below(rng, high - low + 1);
}

const char *oae_one_of(struct oae_rng *rng, const char *const *items, size_t n)
{
	return items[oae_rng_below(rng, n)];
}

bool oae_chance(struct oae_rng *rng, double p)
{
	return oae_rng_uniform(rng) < p;
}

struct oae_person oae_person_pick(enum oae_corpus_split split,
				  struct oae_rng *rng)
{
	struct oae_person p;

	do {
		p.first = oae_between(rng, 0, OAE_CORPUS_POOL - 1);
		p.middle = oae_between(rng, 0, OAE_CORPUS_POOL - 1);
		p.last = oae_between(rng, 0, OAE_CORPUS_POOL - 1);
	} while (oae_person_split(p) != split);
	return p;
}

static int shared_names(struct oae_person a, struct oae_person b)
{
	return (a.first == b.first) + (a.middle == b.middle) +
	       (a.last == b.last);
}

void oae_people_pick(enum oae_corpus_split split, struct oae_rng *rng,
		     struct oae_person *people, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int allowed = oae_chance(rng, 0.125) ? 1 : 0;
		size_t k;

		do {
			people[i] = oae_person_pick(split, rng);
			/* Towards a shared name, or it would hardly happen. */
			if (allowed && i)
				people[i].last = people[i - 1].last;
			for (k = 0; k < i; k++) {
				if (shared_names(people[i], people[k]) >
				    allowed)
					break;
			}
		} while (k < i || oae_person_split(people[i]) != split);
	}
}

void oae_person_put(struct oae_buf *b, struct oae_person p)
{
	oae_buf_printf(b, "%s %s %s", oae_corpus_first[p.first],
		       oae_corpus_middle[p.middle], oae_corpus_last[p.last]);
}

void oae_slot_set(struct oae_slots *s, char name, const char *text)
{
	snprintf(s->text[name - 'a'], sizeof(s->text[0]), "%s", text);
}

void oae_slot_number(struct oae_slots *s, char name, unsigned value)
{
	snprintf(s->text[name - 'a'], sizeof(s->text[0]), "%u", value);
}

void oae_slot_person(struct oae_slots *s, char name, struct oae_person p)
{
	snprintf(s->text[name - 'a'], sizeof(s->text[0]), "%s %s %s",
		 oae_corpus_first[p.first], oae_corpus_middle[p.middle],
		 oae_corpus_last[p.last]);
}

void oae_slot_time(struct oae_slots *s, char name, struct oae_rng *rng)
{
	unsigned hour = oae_between(rng, 8, 17);

	snprintf(s->text[name - 'a'], sizeof(s->text[0]), "%u:%02u", hour,
		 5 * oae_between(rng, 0, 11));
}

void oae_slots_fill(struct oae_buf *b, const char *form,
		    const struct oae_slots *s)
{
	for (; *form; form++) {
		if (form[0] == '$' && form[1] >= 'a' && form[1] <= 'z')
			oae_buf_puts(b, s->text[*++form - 'a']);
		else
			oae_buf_putc(b, *form);
	}
}
