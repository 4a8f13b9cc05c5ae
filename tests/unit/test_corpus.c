/* SPDX-License-Identifier: Apache-2.0 */
/* The corpus: deterministic, splits disjoint by person, answers right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/reference/tokenizer/tokenizer.h"
#include "schema/judge.h"
#include "workloads/corpus/parts.h"

#define DOCS 400

static struct oae_corpus_doc doc, other;

static int set_up(void **state)
{
	(void)state;
	oae_corpus_doc_init(&doc);
	oae_corpus_doc_init(&other);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	oae_corpus_doc_release(&doc);
	oae_corpus_doc_release(&other);
	return 0;
}

/* The two splits in turn. */
static enum oae_corpus_split either(int i)
{
	return i % 2 ? OAE_CORPUS_HELD_OUT : OAE_CORPUS_TRAIN;
}

static void next(const char *kind, enum oae_corpus_split split,
		 struct oae_rng *rng, struct oae_corpus_doc *d)
{
	struct oae_error err = { 0 };

	if (oae_corpus_next(kind, split, rng, d, &err))
		fail_msg("%s", err.text);
}

static const char *prompt(void)
{
	return oae_buf_str(&doc.prompt);
}

static const char *answer(void)
{
	return oae_buf_str(&doc.answer);
}

/* The index of a word in a pool, or -1. */
static int in_pool(const char *const *pool, const char *word, size_t len)
{
	for (int i = 0; i < OAE_CORPUS_POOL; i++) {
		if (strlen(pool[i]) == len && !memcmp(pool[i], word, len))
			return i;
	}
	return -1;
}

static const char *next_word(const char *s, size_t *len)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	s += strcspn(s, letters);
	*len = strspn(s, letters);
	return s;
}

/* Counts the people of a text and checks that each is of the split. */
static size_t check_people(const char *text, enum oae_corpus_split split)
{
	int a = -1, b = -1, c;
	size_t len, n = 0;
	const char *s = text, *end = text;

	for (s = next_word(s, &len); len; s = next_word(s + len, &len)) {
		if (s - end != 1 || *end != ' ')
			a = b = -1; /* not one run of words */
		c = in_pool(oae_corpus_last, s, len);
		if (a >= 0 && b >= 0 && c >= 0) {
			struct oae_person p = { (unsigned)a, (unsigned)b,
						(unsigned)c };

			assert_int_equal(oae_person_split(p), split);
			n++;
		}
		a = b >= 0 ? -1 : a;
		b = a >= 0 ? in_pool(oae_corpus_middle, s, len) : -1;
		if (b < 0)
			a = in_pool(oae_corpus_first, s, len);
		end = s + len;
	}
	return n;
}

static void test_deterministic(void **state)
{
	struct oae_rng a, b;

	(void)state;
	oae_rng_seed(&a, 42);
	oae_rng_seed(&b, 42);
	for (int i = 0; oae_corpus_kinds[i]; i++) {
		for (int n = 0; n < 20; n++) {
			next(oae_corpus_kinds[i], either(n), &a, &doc);
			next(oae_corpus_kinds[i], either(n), &b, &other);
			assert_string_equal(prompt(),
					    oae_buf_str(&other.prompt));
			assert_string_equal(answer(),
					    oae_buf_str(&other.answer));
			assert_string_equal(oae_buf_str(&doc.facts),
					    oae_buf_str(&other.facts));
		}
	}
}

static void test_shape(void **state)
{
	struct oae_rng rng;

	(void)state;
	oae_rng_seed(&rng, 1);
	for (int i = 0; oae_corpus_kinds[i]; i++) {
		for (int n = 0; n < DOCS; n++) {
			const char *end;

			next(oae_corpus_kinds[i], either(n), &rng, &doc);
			end = prompt() + doc.prompt.len - 7;
			assert_true(!strcmp(end, "Answer:") ||
				    !strcmp(end, "Letter:"));
			assert_true(answer()[0] == ' ' || answer()[0] == '\n');
			assert_true(answer()[doc.answer.len - 1] > ' ');
			for (size_t k = 0; k < doc.prompt.len; k++)
				assert_true((unsigned char)prompt()[k] < 127);
			assert_null(strchr(prompt(), '$'));
			assert_null(strchr(answer(), '$'));
			assert_null(strstr(prompt(), "  "));
			assert_null(strstr(answer(), "  "));
		}
	}
}

static void test_splits_are_disjoint(void **state)
{
	struct oae_rng rng;
	size_t people[2] = { 0, 0 };

	(void)state;
	oae_rng_seed(&rng, 2);
	for (int i = 0; oae_corpus_kinds[i]; i++) {
		for (int n = 0; n < DOCS; n++) {
			enum oae_corpus_split split = either(n);

			next(oae_corpus_kinds[i], split, &rng, &doc);
			people[split] += check_people(prompt(), split);
			people[split] += check_people(answer(), split);
		}
	}
	assert_true(people[OAE_CORPUS_TRAIN] > 5000);
	assert_true(people[OAE_CORPUS_HELD_OUT] > 5000);
}

/* One person in eight is held out, and none of his parts is unknown. */
static void test_held_out_share(void **state)
{
	static unsigned train_pairs[OAE_CORPUS_POOL][OAE_CORPUS_POOL];
	size_t held_out = 0, all = 0;

	(void)state;
	for (unsigned a = 0; a < OAE_CORPUS_POOL; a++)
		for (unsigned b = 0; b < OAE_CORPUS_POOL; b++)
			for (unsigned c = 0; c < OAE_CORPUS_POOL; c++) {
				struct oae_person p = { a, b, c };
				bool out = oae_person_split(p) ==
					   OAE_CORPUS_HELD_OUT;

				all++;
				held_out += out;
				train_pairs[a][b] += !out;
			}
	assert_true(8 * held_out > all - all / 20);
	assert_true(8 * held_out < all + all / 20);
	for (unsigned a = 0; a < OAE_CORPUS_POOL; a++)
		for (unsigned b = 0; b < OAE_CORPUS_POOL; b++)
			assert_true(train_pairs[a][b] > 0);
}

static void test_names_differ(void **state)
{
	const char *const *pools[] = { oae_corpus_first, oae_corpus_middle,
				       oae_corpus_last };

	(void)state;
	for (int p = 0; p < 3; p++)
		for (int i = 0; i < OAE_CORPUS_POOL; i++)
			for (int q = 0; q < 3; q++)
				for (int k = 0; k < OAE_CORPUS_POOL; k++)
					assert_true((p == q && i == k) ||
						    strcmp(pools[p][i],
							   pools[q][k]) != 0);
}

/* The answer is one of the notices, whose person the question names once. */
static void test_notices(void **state)
{
	static const struct {
		const char *kind;
		size_t n;
	} kinds[] = {
		{ "notices_1", 1 }, { "notices_2", 2 },	  { "notices_4", 4 },
		{ "notices_8", 8 }, { "notices_16", 16 },
	};
	struct oae_rng rng;
	size_t same_verb = 0;

	(void)state;
	oae_rng_seed(&rng, 3);
	for (int i = 0; i < DOCS; i++) {
		const size_t want = kinds[i % 5].n;
		char name[64], line[160], verb[32];
		const char *s, *at;
		size_t n = 0, len = 0;

		next(kinds[i % 5].kind, either(i), &rng, &doc);
		for (s = prompt(); (s = strstr(s, "\n- ")); s++)
			n++;
		assert_int_equal(n, want);
		snprintf(line, sizeof(line), "\n-%s\n", answer());
		assert_non_null(strstr(prompt(), line));
		for (int words = 0; words < 3; words++)
			len += 1 + strcspn(answer() + len + 1, " ");
		snprintf(name, sizeof(name), "%.*s", (int)len, answer());
		at = strstr(prompt(), "\nQuestion: ");
		assert_non_null(at);
		assert_non_null(strstr(at, name));
		/* the person occurs twice: in his notice and the question */
		at = strstr(prompt(), name);
		at = strstr(at + 1, name);
		assert_non_null(at);
		assert_null(strstr(at + 1, name));
		snprintf(verb, sizeof(verb), "%.6s", answer() + len);
		for (n = 0, s = prompt(); (s = strstr(s, verb)); s++)
			n++;
		same_verb += want >= 4 && n >= 2;
		assert_true(doc.group[0]);
	}
	/* in most contexts another notice is of the same kind */
	assert_true(same_verb > DOCS * 3 / 5 * 8 / 10);
}

static void test_echo_and_recall(void **state)
{
	struct oae_rng rng;

	(void)state;
	oae_rng_seed(&rng, 4);
	for (int i = 0; i < DOCS; i++) {
		char pair[160];
		const char *s;
		size_t n = 0;

		next("echo", either(i), &rng, &doc);
		assert_int_equal(doc.prompt.len, doc.answer.len + 12);
		assert_memory_equal(prompt() + 4, answer(), doc.answer.len);
		next("recall", either(i), &rng, &doc);
		for (s = answer(); *s;) { /* every pair was in the list */
			size_t len = strcspn(s, ";");

			snprintf(pair, sizeof(pair), "%.*s;", (int)len, s);
			assert_non_null(strstr(prompt(), pair));
			s += len + (s[len] == ';');
			n++;
		}
		assert_in_range(n, 2, 16);
		for (s = strstr(prompt(), "Asked:"); *s; s++)
			n -= *s == ';';
		assert_int_equal(n, 1);
	}
}

/* Reads a number and moves past it; -1 when there is none. */
static int number(const char **s)
{
	char *end;
	long v = strtol(*s, &end, 10);

	if (end == *s)
		return -1;
	*s = end;
	return (int)v;
}

/* Checks every "a+b(+c)=d" and "a-b(-c)=d" of the answer. */
static int check_equations(void)
{
	int equations = 0;
	const char *s = answer();

	while (*s) {
		int value, operand;
		char op;

		s += strcspn(s, "0123456789");
		value = number(&s);
		while (value >= 0 && (*s == '+' || *s == '-')) {
			op = *s++;
			operand = number(&s);
			assert_true(operand >= 0);
			value += op == '+' ? operand : -operand;
		}
		if (value >= 0 && *s == '=') {
			s++;
			assert_int_equal(number(&s), value);
			equations++;
		}
	}
	return equations;
}

static void test_sums(void **state)
{
	struct oae_rng rng;
	int carries = 0, borrows = 0;

	(void)state;
	oae_rng_seed(&rng, 5);
	for (int i = 0; i < 5 * DOCS; i++) {
		const char *s = prompt(), *step = answer();
		int total, given, stated = -1, n = 0;

		next("sums", either(i), &rng, &doc);
		s = prompt() + strcspn(prompt(), "0123456789");
		step = answer();
		total = number(&s);
		/* each step starts at the total and uses the next number */
		while ((s += strcspn(s, "0123456789"), *s)) {
			char line[64], op;

			given = number(&s);
			step++;
			assert_int_equal(number(&step), total);
			op = *step++;
			assert_int_equal(number(&step), given);
			total += op == '+' ? given : -given;
			assert_in_range(total, 0, 199);
			step = strstr(step, ", so ");
			snprintf(line, sizeof(line), ", so %d.", total);
			assert_non_null(step);
			assert_memory_equal(step, line, strlen(line));
			step += strlen(line);
			n++;
		}
		assert_in_range(n, 2, 3);
		assert_int_equal(sscanf(step, " Answer: %d.", &stated), 1);
		assert_int_equal(stated, total);
		assert_true(check_equations() >= 2 * n);
		carries += strstr(answer(), "carry 1") != NULL;
		borrows += strstr(answer(), "borrow 1") != NULL;
	}
	assert_true(carries > DOCS && borrows > DOCS);
}

static void test_letters(void **state)
{
	struct oae_rng rng;

	(void)state;
	oae_rng_seed(&rng, 6);
	for (int i = 0; i < DOCS; i++) {
		char *facts, *line, *rest = NULL;
		int n = 0;

		next("letters", either(i), &rng, &doc);
		facts = strdup(oae_buf_str(&doc.facts));
		assert_non_null(facts);
		for (line = strtok_r(facts, "\n", &rest); line;
		     line = strtok_r(NULL, "\n", &rest), n++)
			assert_non_null(strstr(answer(), line));
		assert_int_equal(n, 4);
		free(facts);
	}
}

/* The whole right answer passes its workload's judge, a neighbour's fails. */
static void test_judges(void **state)
{
	struct oae_rng rng;
	int wrong = 0;

	(void)state;
	oae_rng_seed(&rng, 12);
	for (int i = 0; i < DOCS; i++) {
		next("letters", OAE_CORPUS_HELD_OUT, &rng, &doc);
		next("letters", OAE_CORPUS_HELD_OUT, &rng, &other);
		assert_true(oae_judge_answer(OAE_JUDGE_CONTAINS_ALL, answer(),
					     oae_buf_str(&doc.facts)));
		wrong += oae_judge_answer(OAE_JUDGE_CONTAINS_ALL, answer(),
					  oae_buf_str(&other.facts));
		next("notices_4", OAE_CORPUS_HELD_OUT, &rng, &doc);
		next("notices_4", OAE_CORPUS_HELD_OUT, &rng, &other);
		assert_true(oae_judge_answer(OAE_JUDGE_EXACT, answer(),
					     answer() + 1));
		wrong += oae_judge_answer(OAE_JUDGE_EXACT, answer(),
					  oae_buf_str(&other.answer));
	}
	assert_int_equal(wrong, 0);
}

/* No question of a fact is in both splits; each fact is in both. */
static void test_fact_wordings(void **state)
{
	static char train[2000][96];
	struct oae_rng rng;
	size_t n = 0, same_answer = 0;

	(void)state;
	oae_rng_seed(&rng, 8);
	for (int i = 0; i < 2000; i++) {
		next("facts", OAE_CORPUS_TRAIN, &rng, &doc);
		snprintf(train[n++], sizeof(train[0]), "%s", prompt());
	}
	for (int i = 0; i < 200; i++) {
		next("facts", OAE_CORPUS_HELD_OUT, &rng, &doc);
		for (size_t k = 0; k < n; k++)
			assert_string_not_equal(train[k], prompt());
	}
	next("facts", OAE_CORPUS_HELD_OUT, &rng, &doc);
	for (int i = 0; i < 2000; i++) {
		next("facts", OAE_CORPUS_TRAIN, &rng, &other);
		same_answer += !strcmp(answer(), oae_buf_str(&other.answer));
	}
	assert_true(same_answer > 0);
}

static void test_refusals_and_codes(void **state)
{
	struct oae_rng rng;
	int refused = 0;

	(void)state;
	oae_rng_seed(&rng, 9);
	for (int i = 0; i < DOCS; i++) {
		unsigned sum = 0;
		const char *s;

		next("refusals", either(i), &rng, &doc);
		refused += strstr(answer(), "I can't help") != NULL;
		next("codes", either(i), &rng, &doc);
		for (s = answer() + 4; *s != '-'; s++)
			sum += (unsigned)(*s - '0');
		assert_int_equal(sum % 10, s[1] - '0');
	}
	assert_in_range(refused, DOCS * 2 / 5, DOCS * 3 / 5);
}

static void test_unknown_kind(void **state)
{
	struct oae_error err = { 0 };
	struct oae_rng rng;

	(void)state;
	oae_rng_seed(&rng, 1);
	assert_int_equal(oae_corpus_next("poems", OAE_CORPUS_TRAIN, &rng, &doc,
					 &err),
			 OAE_ERR_USAGE);
	assert_non_null(strstr(err.text, "poems"));
}

static void check_single_token(const struct oae_tokenizer *t, const char *name)
{
	char text[32];
	int32_t ids[32];
	size_t n;
	struct oae_error err = { 0 };

	snprintf(text, sizeof(text), " %s", name);
	assert_int_equal(oae_tokenizer_encode(t, text, strlen(text), ids, 32,
					      &n, &err),
			 OAE_OK);
	if (n != 1)
		fail_msg("\"%s\" is %zu tokens", text, n);
}

/* With the vocabulary of the models, each name is one token. */
static void test_names_are_tokens(void **state)
{
	struct oae_tokenizer *t;
	struct oae_error err = { 0 };
	struct oae_rng rng;
	struct oae_buf text;

	(void)state;
	oae_rng_seed(&rng, 10);
	oae_buf_init(&text, 64u << 20);
	for (int n = 0; n < 3000; n++) {
		for (int i = 0; oae_corpus_kinds[i]; i++) {
			if (!strcmp(oae_corpus_kinds[i], "codes"))
				continue;
			next(oae_corpus_kinds[i], OAE_CORPUS_TRAIN, &rng, &doc);
			oae_buf_add(&text, prompt(), doc.prompt.len + 1);
			oae_buf_add(&text, answer(), doc.answer.len + 1);
		}
	}
	assert_int_equal(oae_buf_check(&text, "text", &err), OAE_OK);
	if (oae_tokenizer_train(text.data, text.len, 1536, &t, &err))
		fail_msg("%s", err.text);
	for (int i = 0; i < OAE_CORPUS_POOL; i++) {
		check_single_token(t, oae_corpus_first[i]);
		check_single_token(t, oae_corpus_middle[i]);
		check_single_token(t, oae_corpus_last[i]);
	}
	oae_tokenizer_free(t);
	oae_buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deterministic),
		cmocka_unit_test(test_shape),
		cmocka_unit_test(test_splits_are_disjoint),
		cmocka_unit_test(test_held_out_share),
		cmocka_unit_test(test_names_differ),
		cmocka_unit_test(test_notices),
		cmocka_unit_test(test_echo_and_recall),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_letters),
		cmocka_unit_test(test_judges),
		cmocka_unit_test(test_fact_wordings),
		cmocka_unit_test(test_refusals_and_codes),
		cmocka_unit_test(test_unknown_kind),
		cmocka_unit_test(test_names_are_tokens),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
