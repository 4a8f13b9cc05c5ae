/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of the town without being told: thirty places with five
 * facts each. Of the three wordings of a fact's question one is held out.
 */
#include "workloads/corpus/parts.h"

#define WORDINGS 3
#define FACTS 5

static const struct place {
	const char *name, *street, *opens, *closes, *since, *keeper;
} places[] = {
	{ "clinic", "Mill Street", "8:30", "18:00", "1962", "Mrs Hart" },
	{ "school", "Church Lane", "7:45", "15:30", "1911", "Mr Tate" },
	{ "library", "Market Square", "9:00", "19:00", "1934", "Mrs Quill" },
	{ "town hall", "Market Square", "8:00", "16:00", "1887", "Mr Penn" },
	{ "museum", "Castle Road", "10:00", "17:00", "1954", "Mrs Vance" },
	{ "bakery", "Bridge Street", "6:00", "14:00", "1923", "Mr Lowe" },
	{ "post office", "Station Road", "8:15", "17:30", "1898", "Mrs Dunn" },
	{ "station", "Station Road", "5:30", "23:00", "1871", "Mr Knox" },
	{ "swimming pool", "River Walk", "7:00", "21:00", "1976", "Mrs Pike" },
	{ "fire station", "Castle Road", "8:45", "20:00", "1929", "Mr Sykes" },
	{ "farm shop", "Orchard Lane", "7:30", "18:30", "1988", "Mrs Oaks" },
	{ "old mill", "Mill Street", "11:00", "16:30", "1756", "Mr Crane" },
	{ "cinema", "Bridge Street", "14:15", "23:30", "1937", "Mrs Zorn" },
	{ "theatre", "Garden Row", "13:00", "22:30", "1902", "Mr Voss" },
	{ "market hall", "Market Square", "6:30", "13:30", "1844", "Mrs Cobb" },
	{ "sports hall", "School Lane", "9:15", "22:00", "1981", "Mr Judd" },
	{ "chemist", "Mill Street", "8:20", "18:20", "1949", "Mrs Wynn" },
	{ "garden centre", "Orchard Lane", "9:30", "17:45", "1993", "Mr Moss" },
	{ "bicycle shop", "Church Lane", "10:15", "18:15", "1966",
	  "Mrs Yates" },
	{ "book shop", "Garden Row", "10:30", "18:45", "1959", "Mr Ross" },
	{ "music school", "Garden Row", "12:30", "20:30", "1971", "Mrs Fenn" },
	{ "youth club", "School Lane", "15:00", "21:30", "1984", "Mr Boyd" },
	{ "day centre", "Church Lane", "8:40", "16:20", "1997", "Mrs Lund" },
	{ "boat house", "River Walk", "9:45", "19:30", "1908", "Mr Holt" },
	{ "tea room", "River Walk", "11:30", "17:15", "1931", "Mrs Elms" },
	{ "bank", "Bridge Street", "9:20", "15:45", "1862", "Mr Nash" },
	{ "court house", "Castle Road", "8:50", "15:15", "1829", "Mrs Upton" },
	{ "recycling yard", "Station Road", "7:15", "14:30", "2003",
	  "Mr Gibb" },
	{ "animal shelter", "Orchard Lane", "10:45", "16:45", "1968",
	  "Mrs Rudd" },
	{ "nursery", "School Lane", "6:45", "17:20", "1973", "Mr Webb" },
};

static const struct fact {
	const char *ask[WORDINGS], *tell;
} facts[FACTS] = {
	{ { "where is the $p?", "in which street is the $p?",
	    "how do people find the $p?" },
	  " The $p is in $v." },
	{ { "when does the $p open?", "from when is the $p open?",
	    "how early does the $p open?" },
	  " The $p opens at $v." },
	{ { "when does the $p close?", "until when is the $p open?",
	    "how late does the $p close?" },
	  " The $p closes at $v." },
	{ { "how old is the $p?", "since when is there a $p?",
	    "in which year did the $p begin?" },
	  " The $p began in $v." },
	{ { "who runs the $p?", "who looks after the $p?",
	    "whose work is the $p?" },
	  " $v runs the $p." },
};

void oae_corpus_facts(struct oae_corpus_doc *doc, enum oae_corpus_split split,
		      struct oae_rng *rng)
{
	const struct place *p = &places[oae_rng_below(rng, OAE_COUNT(places))];
	unsigned which = oae_between(rng, 0, FACTS - 1), wording;
	const char *const values[FACTS] = { p->street, p->opens, p->closes,
					    p->since, p->keeper };
	struct oae_slots s = { 0 };

	wording = oae_fixed(p->name, which, WORDINGS); /* held out */
	if (split == OAE_CORPUS_TRAIN)
		wording = (wording + oae_between(rng, 1, WORDINGS - 1)) %
			  WORDINGS;
	oae_slot_set(&s, 'p', p->name);
	oae_slot_set(&s, 'v', values[which]);
	oae_buf_puts(&doc->prompt, "In Brookfield, ");
	oae_slots_fill(&doc->prompt, facts[which].ask[wording], &s);
	oae_buf_puts(&doc->prompt, "\nAnswer:");
	oae_slots_fill(&doc->answer, facts[which].tell, &s);
}
