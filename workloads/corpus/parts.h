/* SPDX-License-Identifier: Apache-2.0 */
/* What the document kinds of the corpus share. */
#ifndef OAE_WORKLOADS_CORPUS_PARTS_H
#define OAE_WORKLOADS_CORPUS_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "workloads/corpus/corpus.h"

#define OAE_COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define OAE_CORPUS_POOL 44 /* names in each pool */
#define OAE_CORPUS_DAYS 7
#define OAE_CORPUS_GROUPS 4

/* A person: an index into each pool. */
struct oae_person {
	unsigned first, middle, last;
};

extern const char *const oae_corpus_first[OAE_CORPUS_POOL];
extern const char *const oae_corpus_middle[OAE_CORPUS_POOL];
extern const char *const oae_corpus_last[OAE_CORPUS_POOL];
extern const char *const oae_corpus_days[OAE_CORPUS_DAYS];
/* clinic, school, council, library */
extern const char *const oae_corpus_groups[OAE_CORPUS_GROUPS];

/* The split that a person belongs to: 1 in 8 are held out, by name. */
enum oae_corpus_split oae_person_split(struct oae_person p);
/* A random person of the split. */
struct oae_person oae_person_pick(enum oae_corpus_split split,
				  struct oae_rng *rng);
/*
 * Fills people[0..n) with different persons of the split. Most differ from
 * all others in all three names; about one in eight may share one.
 */
void oae_people_pick(enum oae_corpus_split split, struct oae_rng *rng,
		     struct oae_person *people, size_t n);
/* "First Middle Last" */
void oae_person_put(struct oae_buf *b, struct oae_person p);

/* Values of a template: slot['d' - 'a'] is what $d stands for. */
struct oae_slots {
	char text[26][64];
};

void oae_slot_set(struct oae_slots *s, char name, const char *text);
void oae_slot_number(struct oae_slots *s, char name, unsigned value);
void oae_slot_person(struct oae_slots *s, char name, struct oae_person p);
void oae_slot_time(struct oae_slots *s, char name, struct oae_rng *rng);
/* Appends the template with each $x replaced by its slot. */
void oae_slots_fill(struct oae_buf *b, const char *form,
		    const struct oae_slots *s);

/* [low, high] */
unsigned oae_between(struct oae_rng *rng, unsigned low, unsigned high);
const char *oae_one_of(struct oae_rng *rng, const char *const *items, size_t n);
bool oae_chance(struct oae_rng *rng, double p);
/* A number in [0, n) fixed by the text and a salt. */
unsigned oae_fixed(const char *text, unsigned salt, unsigned n);

/* One document each; the buffers are empty when they are called. */
void oae_corpus_echo(struct oae_corpus_doc *doc, enum oae_corpus_split split,
		     struct oae_rng *rng);
void oae_corpus_recall(struct oae_corpus_doc *doc, enum oae_corpus_split split,
		       struct oae_rng *rng);
void oae_corpus_facts(struct oae_corpus_doc *doc, enum oae_corpus_split split,
		      struct oae_rng *rng);
void oae_corpus_sums(struct oae_corpus_doc *doc, enum oae_corpus_split split,
		     struct oae_rng *rng);
void oae_corpus_letters(struct oae_corpus_doc *doc, enum oae_corpus_split split,
			struct oae_rng *rng);
void oae_corpus_refusals(struct oae_corpus_doc *doc,
			 enum oae_corpus_split split, struct oae_rng *rng);
void oae_corpus_codes(struct oae_corpus_doc *doc, enum oae_corpus_split split,
		      struct oae_rng *rng);
/* n notices, at most 16. */
void oae_corpus_notices(struct oae_corpus_doc *doc, enum oae_corpus_split split,
			struct oae_rng *rng, size_t n);

#endif
