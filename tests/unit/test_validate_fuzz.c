/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The validator over bytes that nobody meant: damaged schemas, schemas put
 * together at random, damaged documents. It may refuse, with one line that
 * says why; it may never crash, hang or read what is not its own. Run under
 * the sanitizers this is a fuzz test with a seed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/rng.h"
#include "schema/documents.h"
#include "schema/validate.h"

#define TEXT_MAX ((size_t)1 << 16)

static const char *const words[] = {
	"\"$ref\":\"#\",",
	"\"$ref\":\"#/$defs/a\",",
	"\"$defs\":{\"a\":",
	"\"type\":\"object\",",
	"\"type\":[\"null\",\"number\"],",
	"\"items\":{",
	"\"prefixItems\":[true,",
	"\"not\":{",
	"\"if\":{",
	"\"then\":{",
	"\"allOf\":[{",
	"\"anyOf\":[{",
	"\"oneOf\":[{},{",
	"\"properties\":{\"a\":{",
	"\"additionalProperties\":false,",
	"\"propertyNames\":{",
	"\"required\":[\"a\"],",
	"\"dependentRequired\":{\"a\":[\"b\"]},",
	"\"pattern\":\"^(a|b)*$\",",
	"\"pattern\":\"[\",",
	"\"enum\":[1,\"a\",[{}]],",
	"\"const\":{\"a\":[1]},",
	"\"uniqueItems\":true,",
	"\"minLength\":1e300,",
	"\"multipleOf\":3,",
	"\"minimum\":-1e308,",
	"null",
	"false",
	"{}",
	"[]",
	"}",
	"]",
	"},",
	"],",
	"\"a\":1,",
	"\xff",
	"\\u0000",
	"1e999",
};

static const char *const instances[] = {
	"{\"a\":{\"a\":[1,2,{\"b\":null}]},\"b\":\"ab\"}",
	"[[[[1,1],[\"a\",\"b\"]]],null,true,1.5]",
	"\"aaaaaaaaaaaaaaaaaaaaaaaaaaac\"",
	"0",
};

struct fuzz {
	struct oae_rng rng;
	char *text;
	size_t len;
	unsigned loaded, refused, fits, fails, cannot_tell;
};

static size_t below(struct fuzz *f, size_t n)
{
	return (size_t)oae_rng_below(&f->rng, n);
}

/* Replaces [at, at + cut) by `with`. */
static void splice(struct fuzz *f, size_t at, size_t cut, const char *with,
		   size_t len)
{
	if (f->len - cut + len > TEXT_MAX)
		return;
	memmove(f->text + at + len, f->text + at + cut, f->len - at - cut);
	memcpy(f->text + at, with, len);
	f->len += len - cut;
}

static void damage(struct fuzz *f)
{
	char piece[64];
	size_t at, n;

	for (size_t times = 1 + below(f, 2); times && f->len; times--) {
		const char *word =
			words[below(f, sizeof(words) / sizeof(words[0]))];

		at = below(f, f->len);
		n = below(f, sizeof(piece));
		if (n > f->len - at)
			n = f->len - at;
		memcpy(piece, f->text + at, n);
		switch (below(f, 5)) {
		case 0:
			f->text[at] = (char)(f->text[at] ^ (1 << below(f, 7)));
			break;
		case 1:
			splice(f, at, n, "", 0);
			break;
		case 2:
			splice(f, below(f, f->len), 0, piece, n);
			break;
		default:
			splice(f, at, 0, word, strlen(word));
		}
	}
}

static void one_line(const struct oae_error *err)
{
	assert_true(err->text[0] != '\0');
	assert_null(strchr(err->text, '\n'));
}

static void check(struct fuzz *f, const struct oae_schema *s, const char *text,
		  size_t len)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_faults faults;
	enum oae_status status;
	cJSON *tree;

	if (oae_json_parse(text, len, &tree, &err))
		return;
	status = oae_schema_check(s, tree, &faults, &err);
	if (!status) {
		f->fits++;
		assert_int_equal(faults.count, 0);
	} else if (status == OAE_ERR_CHECK) {
		f->fails++;
		assert_in_range(faults.count, 1, OAE_FAULTS_MAX);
		one_line(&err);
	} else {
		f->cannot_tell++;
		one_line(&err);
	}
	cJSON_Delete(tree);
}

/* The text as a schema; what it takes of some documents. */
static void load(struct fuzz *f, const char *document, size_t document_len)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_schema *s;
	/* A copy without room, so that one byte too far is noticed. */
	char *exact = malloc(f->len + 1);

	assert_non_null(exact);
	memcpy(exact, f->text, f->len);
	exact[f->len] = '\0';
	if (oae_schema_parse("fuzz", exact, f->len, &s, &err)) {
		f->refused++;
		assert_null(s);
		one_line(&err);
		free(exact);
		return;
	}
	free(exact);
	f->loaded++;
	for (size_t i = 0; i < sizeof(instances) / sizeof(instances[0]); i++)
		check(f, s, instances[i], strlen(instances[i]));
	if (document)
		check(f, s, document, document_len);
	oae_schema_free(s);
}

static void start(struct fuzz *f, uint64_t seed)
{
	memset(f, 0, sizeof(*f));
	oae_rng_seed(&f->rng, seed);
	f->text = malloc(TEXT_MAX + 1);
	assert_non_null(f->text);
}

static void finish(struct fuzz *f, const char *what)
{
	printf("# %s: %u schemas loaded, %u refused; documents: %u fit, %u do"
	       " not, %u cannot be told\n",
	       what, f->loaded, f->refused, f->fits, f->fails, f->cannot_tell);
	/* Both ways are gone often, or this tests less than it says. */
	assert_true(f->loaded >= 20 && f->refused >= 20);
	assert_true(f->fits >= 20 && f->fails >= 20);
	free(f->text);
}

static void read_into(struct oae_buf *b, const char *relative)
{
	struct oae_error err = { OAE_OK, 0, "" };
	char home[OAE_PATH_BYTES_MAX], path[OAE_PATH_BYTES_MAX];

	oae_buf_init(b, TEXT_MAX);
	if (oae_home(home, sizeof(home), &err) ||
	    oae_path_join(path, sizeof(path), home, relative, &err) ||
	    oae_file_read(path, b, &err))
		fail_msg("%s", err.text);
}

static void test_damaged_schemas(void **state)
{
	struct oae_buf schema, document;
	struct fuzz f;

	(void)state;
	start(&f, 20261125);
	read_into(&schema, "schema/documents/suite-1.schema.json");
	read_into(&document, "workloads/suites/quick.json");
	for (unsigned i = 0; i < 1500; i++) {
		memcpy(f.text, schema.data, schema.len);
		f.len = schema.len;
		damage(&f);
		load(&f, document.data, document.len);
	}
	finish(&f, "damaged schemas");
	oae_buf_release(&schema);
	oae_buf_release(&document);
}

/* Words one after the other; brackets that are open are closed mostly. */
static void invent(struct fuzz *f)
{
	size_t n = 1 + below(f, 12);
	char closing[64];
	size_t open = 0;

	f->len = 0;
	splice(f, 0, 0, "{", 1);
	closing[open++] = '}';
	while (n--) {
		const char *word = words[below(f, 28)];
		size_t len = strlen(word);

		for (size_t i = 0; i < len && open < sizeof(closing); i++) {
			if (word[i] == '{' || word[i] == '[')
				closing[open++] = word[i] == '{' ? '}' : ']';
			else if ((word[i] == '}' || word[i] == ']') && open)
				open--;
		}
		splice(f, f->len, 0, word, len);
	}
	/* What is left of a last comma. */
	if (f->text[f->len - 1] == ',')
		f->len--;
	while (open)
		splice(f, f->len, 0, &closing[--open], 1);
}

static void test_invented_schemas(void **state)
{
	struct fuzz f;

	(void)state;
	start(&f, 8);
	for (unsigned i = 0; i < 6000; i++) {
		invent(&f);
		load(&f, NULL, 0);
	}
	finish(&f, "invented schemas");
}

static void test_damaged_documents(void **state)
{
	static const char *const pairs[][2] = {
		{ "schema/documents/suite-1.schema.json",
		  "workloads/suites/server.json" },
		{ "schema/documents/ledger-1.schema.json",
		  "adapters/reference/effort/dense.ledger.json" },
		{ "schema/documents/adapter-1.schema.json",
		  "adapters/null/adapter.json" },
	};
	struct oae_error err = { OAE_OK, 0, "" };
	struct fuzz f;

	(void)state;
	start(&f, 3);
	for (size_t k = 0; k < sizeof(pairs) / sizeof(pairs[0]); k++) {
		struct oae_buf schema, document;
		struct oae_schema *s;

		read_into(&schema, pairs[k][0]);
		read_into(&document, pairs[k][1]);
		if (oae_schema_parse("s", schema.data, schema.len, &s, &err))
			fail_msg("%s", err.text);
		for (unsigned i = 0; i < 800; i++) {
			memcpy(f.text, document.data, document.len);
			f.len = document.len;
			damage(&f);
			check(&f, s, f.text, f.len);
		}
		oae_schema_free(s);
		oae_buf_release(&schema);
		oae_buf_release(&document);
	}
	f.loaded = f.refused = 50; /* none here */
	finish(&f, "damaged documents");
}

static void test_random_bytes(void **state)
{
	struct fuzz f;

	(void)state;
	start(&f, 99);
	for (unsigned i = 0; i < 2000; i++) {
		f.len = below(&f, 200);
		for (size_t k = 0; k < f.len; k++)
			f.text[k] = (char)oae_rng_u64(&f.rng);
		load(&f, NULL, 0);
	}
	assert_true(f.refused >= 1900);
	free(f.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_damaged_schemas),
		cmocka_unit_test(test_invented_schemas),
		cmocka_unit_test(test_damaged_documents),
		cmocka_unit_test(test_random_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
