/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* memmem */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/reference/gguf/gguf.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/rng.h"

static char dir[] = "/tmp/oae-test-gguf-XXXXXX";
static char path[64];

static const char *const words[] = { "a", "", "caf\xc3\xa9" };
static const int32_t numbers[] = { 1, -2, 3 };
static float values[96];

static enum oae_status write_file(struct oae_error *err)
{
	const uint64_t vector[] = { 5 }, matrix[] = { 32, 3 };
	struct oae_gguf_writer *w;
	enum oae_status status = oae_gguf_create(path, &w, err);

	if (status)
		return status;
	oae_gguf_add_str(w, "name", "tiny");
	oae_gguf_add_u32(w, "count", 7);
	oae_gguf_add_f32(w, "real", 0.25f);
	oae_gguf_add_bool(w, "yes", true);
	oae_gguf_add_strs(w, "words", words, 3);
	oae_gguf_add_i32s(w, "numbers", numbers, 3);
	oae_gguf_add_tensor(w, "kept", OAE_TENSOR_F32, 1, vector, values);
	oae_gguf_add_tensor(w, "streamed", OAE_TENSOR_Q8_0, 2, matrix, NULL);
	oae_gguf_add_tensor(w, "last", OAE_TENSOR_F16, 2, matrix, values);
	if (!oae_gguf_put_f32(w, values, 32, err))
		oae_gguf_put_f32(w, values + 32, 64, err);
	return oae_gguf_finish(w, err);
}

/* The file in memory aligned as a mapping is; the caller frees it. */
static uint8_t *load(size_t *len)
{
	struct oae_buf b;
	uint8_t *data;

	oae_buf_init(&b, 1 << 20);
	assert_int_equal(oae_file_read(path, &b, NULL), OAE_OK);
	*len = b.len;
	data = aligned_alloc(64, (b.len + 127) / 64 * 64);
	assert_non_null(data);
	memcpy(data, b.data, b.len);
	oae_buf_release(&b);
	return data;
}

static int set_up(void **state)
{
	(void)state;
	for (int i = 0; i < 96; i++)
		values[i] = (float)(i - 48) / 16;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/t.gguf", dir);
	return write_file(NULL) ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir); /* fails if anything was left behind */
}

static void test_round_trip(void **state)
{
	const struct oae_gguf_tensor *t;
	const char *text, *const *list;
	const int32_t *ints;
	struct oae_gguf *g;
	float back[96];
	uint64_t u;
	double d;
	size_t n;
	bool b;

	(void)state;
	assert_int_equal(oae_gguf_open(path, &g, NULL), OAE_OK);
	assert_int_equal(oae_gguf_str(g, "name", &text, NULL), OAE_OK);
	assert_string_equal(text, "tiny");
	assert_int_equal(oae_gguf_u64(g, "count", &u, NULL), OAE_OK);
	assert_int_equal(u, 7);
	assert_int_equal(oae_gguf_f64(g, "real", &d, NULL), OAE_OK);
	assert_true(d == 0.25);
	assert_int_equal(oae_gguf_bool(g, "yes", &b, NULL), OAE_OK);
	assert_true(b);
	assert_int_equal(oae_gguf_strs(g, "words", &list, &n, NULL), OAE_OK);
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(list[i], words[i]);
	assert_int_equal(oae_gguf_i32s(g, "numbers", &ints, &n, NULL), OAE_OK);
	assert_int_equal(n, 3);
	assert_memory_equal(ints, numbers, sizeof(numbers));
	assert_int_equal(oae_gguf_tensor_count(g), 3);
	t = oae_gguf_tensor(g, "kept");
	assert_non_null(t);
	assert_memory_equal(t->data, values, 5 * sizeof(float));
	t = oae_gguf_tensor(g, "last");
	assert_non_null(t);
	assert_int_equal(t->dims[1], 3);
	oae_tensor_to_f32(t->type, t->data, 96, back);
	assert_memory_equal(back, values, sizeof(values));
	t = oae_gguf_tensor(g, "streamed");
	assert_non_null(t);
	assert_int_equal((uintptr_t)t->data % OAE_GGUF_ALIGNMENT, 0);
	oae_tensor_to_f32(t->type, t->data, 96, back);
	for (int i = 0; i < 96; i++)
		assert_true(back[i] - values[i] < 0.0131f &&
			    values[i] - back[i] < 0.0131f);
	assert_null(oae_gguf_tensor(g, "none"));
	oae_gguf_close(g);
}

static void test_wrong_questions(void **state)
{
	struct oae_error err = { 0 };
	struct oae_gguf *g;
	uint64_t u;
	double d;

	(void)state;
	assert_int_equal(oae_gguf_open(path, &g, NULL), OAE_OK);
	assert_int_equal(oae_gguf_u64(g, "missing.key", &u, &err),
			 OAE_ERR_UNSUPPORTED);
	assert_non_null(strstr(err.text, "missing.key"));
	memset(&err, 0, sizeof(err));
	assert_int_equal(oae_gguf_f64(g, "words", &d, &err), OAE_ERR_FORMAT);
	assert_non_null(strstr(err.text, "words"));
	oae_gguf_close(g);
}

/* Cut anywhere, the file is refused; the last tensor has no padding. */
static void test_truncated(void **state)
{
	struct oae_gguf *g;
	size_t len, end;
	uint8_t *data = load(&len), *part;

	(void)state;
	assert_int_equal(oae_gguf_open_bytes(data, len, &g, NULL), OAE_OK);
	end = (size_t)(oae_gguf_tensor(g, "last")->offset + 192);
	oae_gguf_close(g);
	for (size_t n = 0; n < end; n++) {
		/* its own allocation, so that a reader's overrun is seen */
		part = aligned_alloc(64, (n + 127) / 64 * 64);
		assert_non_null(part);
		memcpy(part, data, n);
		assert_int_not_equal(oae_gguf_open_bytes(part, n, &g, NULL),
				     OAE_OK);
		free(part);
	}
	free(data);
}

/* Written, so that no compiler leaves the reading out. */
static volatile uint8_t touched;

/* Everything that a file offers can be touched. */
static void touch(struct oae_gguf *g)
{
	const struct oae_gguf_tensor *t;
	const char *text, *const *list;
	const int32_t *ints;
	const void *raw;
	uint8_t sum = 0;
	uint64_t u;
	size_t n;
	double d;
	bool b;

	for (size_t i = 0; i < oae_gguf_key_count(g); i++) {
		const char *key = oae_gguf_key_at(g, i, &raw, &n);

		sum ^= ((const uint8_t *)raw)[n - 1];
		oae_gguf_u64(g, key, &u, NULL);
		oae_gguf_f64(g, key, &d, NULL);
		oae_gguf_bool(g, key, &b, NULL);
		oae_gguf_str(g, key, &text, NULL);
		oae_gguf_strs(g, key, &list, &n, NULL);
		oae_gguf_i32s(g, key, &ints, &n, NULL);
	}
	for (size_t i = 0; i < oae_gguf_tensor_count(g); i++) {
		t = oae_gguf_tensor_at(g, i);
		for (uint64_t k = 0; k < t->bytes; k++)
			sum ^= ((const uint8_t *)t->data)[k];
	}
	touched = sum;
}

static void test_mutations(void **state)
{
	size_t len, at, opened = 0;
	uint8_t *data = load(&len), *copy;
	struct oae_gguf *g;
	struct oae_rng rng;

	(void)state;
	oae_rng_seed(&rng, 3);
	copy = aligned_alloc(64, (len + 127) / 64 * 64);
	assert_non_null(copy);
	for (int round = 0; round < 6000; round++) {
		memcpy(copy, data, len);
		for (uint64_t k = 1 + oae_rng_below(&rng, 4); k; k--) {
			/* mostly the header */
			at = oae_rng_below(&rng,
					   oae_rng_below(&rng, 8) ? 480 : len);
			switch (oae_rng_below(&rng, 4)) {
			case 0:
				copy[at] = 0x80;
				break;
			case 1:
				copy[at] = 0xff;
				break;
			case 2:
				copy[at] = 0;
				break;
			default:
				copy[at] = (uint8_t)oae_rng_u64(&rng);
				break;
			}
		}
		if (!oae_gguf_open_bytes(copy, len, &g, NULL)) {
			touch(g);
			oae_gguf_close(g);
			opened++;
		}
	}
	/* values may change unseen, but structure may not */
	assert_true(opened > 100 && opened < 5000);
	free(copy);
	free(data);
}

/* Finds bytes in the file and returns where. */
static size_t find(const uint8_t *data, size_t len, const char *what)
{
	uint8_t *at = memmem(data, len, what, strlen(what));

	assert_non_null(at);
	return (size_t)(at - data);
}

static void refuse(const uint8_t *data, size_t len, enum oae_status status,
		   const char *word)
{
	struct oae_error err = { 0 };
	struct oae_gguf *g;

	assert_int_equal(oae_gguf_open_bytes(data, len, &g, &err), status);
	if (!strstr(err.text, word))
		fail_msg("\"%s\" does not say \"%s\"", err.text, word);
}

static void put64(uint8_t *at, uint64_t v)
{
	memcpy(at, &v, 8);
}

/* C strings could not tell it from a shorter one. */
static void test_nul_in_string(void **state)
{
	struct oae_error err = { 0 };
	const char *const *strings;
	struct oae_gguf *g;
	const char *text;
	size_t len, n;
	uint8_t *data = load(&len);

	(void)state;
	data[find(data, len, "caf\xc3")] = '\0';
	data[find(data, len, "tiny") + 3] = '\0';
	assert_int_equal(oae_gguf_open_bytes(data, len, &g, &err), OAE_OK);
	assert_int_equal(oae_gguf_strs(g, "words", &strings, &n, &err),
			 OAE_ERR_FORMAT);
	assert_non_null(strstr(err.text, "\"words\" has a NUL"));
	assert_int_equal(oae_gguf_str(g, "name", &text, NULL), OAE_ERR_FORMAT);
	oae_gguf_close(g);
	free(data);
}

static void test_hostile_headers(void **state)
{
	size_t len, at;
	uint8_t *data = load(&len), *keep = load(&len);

	(void)state;
#define AGAIN() memcpy(data, keep, len)
	data[0] = 'X';
	refuse(data, len, OAE_ERR_FORMAT, "not a GGUF");
	AGAIN();
	data[4] = 1;
	refuse(data, len, OAE_ERR_UNSUPPORTED, "version 1");
	AGAIN();
	put64(data + 8, UINT64_MAX); /* tensors */
	refuse(data, len, OAE_ERR_LIMIT, "tensors");
	put64(data + 8, OAE_GGUF_TENSORS_MAX);
	refuse(data, len, OAE_ERR_FORMAT, "truncated");
	AGAIN();
	put64(data + 16, UINT64_MAX / 8); /* keys */
	refuse(data, len, OAE_ERR_LIMIT, "metadata");
	AGAIN();
	put64(data + 24, UINT64_MAX - 8); /* the first key's length */
	refuse(data, len, OAE_ERR_FORMAT, "truncated");
	AGAIN();
	at = find(data, len, "words") + 5; /* type, element, count */
	put64(data + at + 8, 1ull << 62);
	refuse(data, len, OAE_ERR_LIMIT, "words");
	put64(data + at + 8, OAE_GGUF_ARRAY_MAX);
	refuse(data, len, OAE_ERR_FORMAT, "truncated");
	AGAIN();
	data[at + 4] = OAE_GGUF_ARRAY;
	refuse(data, len, OAE_ERR_FORMAT, "nested");
	AGAIN();
	at = find(data, len, "count");
	memcpy(data + at, "words", 5);
	refuse(data, len, OAE_ERR_FORMAT, "twice");
	AGAIN();
	at = find(data, len, "streamed") + 8; /* dims, 32, 3, type, offset */
	put64(data + at + 4, 1ull << 40);
	put64(data + at + 12, 1ull << 40);
	refuse(data, len, OAE_ERR_FORMAT, "overflow");
	put64(data + at + 4, 32);
	put64(data + at + 12, 1ull << 30);
	refuse(data, len, OAE_ERR_FORMAT, "streamed");
	AGAIN();
	put64(data + at + 4, 31);
	refuse(data, len, OAE_ERR_FORMAT, "blocks");
	AGAIN();
	data[at + 20] = 10;
	refuse(data, len, OAE_ERR_UNSUPPORTED, "Q2_K");
	data[at + 20] = 99;
	refuse(data, len, OAE_ERR_UNSUPPORTED, "type 99");
	data[at + 20] = OAE_TENSOR_Q4_K; /* rows of 32 */
	refuse(data, len, OAE_ERR_FORMAT, "blocks of Q4_K");
	data[at + 20] = OAE_TENSOR_Q6_K;
	put64(data + at + 4, 384);
	refuse(data, len, OAE_ERR_FORMAT, "blocks of Q6_K");
	put64(data + at + 4, 512); /* 2 * 3 * 210 bytes */
	refuse(data, len, OAE_ERR_FORMAT, "beyond the end");
	put64(data + at + 4, 1ull << 47);
	put64(data + at + 12, 1);
	refuse(data, len, OAE_ERR_FORMAT, "beyond the end");
	AGAIN();
	put64(data + at + 24, 8);
	refuse(data, len, OAE_ERR_FORMAT, "aligned");
	put64(data + at + 24, 0);
	refuse(data, len, OAE_ERR_FORMAT, "overlap");
	put64(data + at + 24, UINT64_MAX - 31);
	refuse(data, len, OAE_ERR_FORMAT, "beyond");
	AGAIN();
	memcpy(data + at - 8, "kept\0\0\0", 8);
	refuse(data, len, OAE_ERR_FORMAT, "NUL");
	free(keep);
	free(data);
}

static bool folder_holds_only(const char *name)
{
	struct dirent *e;
	bool only = true;
	DIR *d = opendir(dir);

	assert_non_null(d);
	while ((e = readdir(d)))
		only = only &&
		       (e->d_name[0] == '.' || !strcmp(e->d_name, name));
	closedir(d);
	return only;
}

/* A writer that is used wrongly leaves the old file and nothing else. */
static void test_writer_errors(void **state)
{
	const uint64_t dims[] = { 32 }, odd[] = { 31 }, super[] = { 256 };
	static const float zeros[256];
	struct oae_error err = { 0 };
	struct oae_gguf_writer *w;
	struct oae_gguf *g;

	(void)state;
	assert_int_equal(oae_gguf_create(path, &w, NULL), OAE_OK);
	oae_gguf_add_tensor(w, "half", OAE_TENSOR_F32, 1, dims, NULL);
	assert_int_equal(oae_gguf_put_f32(w, values, 16, NULL), OAE_OK);
	assert_int_equal(oae_gguf_finish(w, &err), OAE_ERR_USAGE);
	assert_non_null(strstr(err.text, "half"));
	assert_int_equal(oae_gguf_create(path, &w, NULL), OAE_OK);
	oae_gguf_add_tensor(w, "odd", OAE_TENSOR_Q8_0, 1, odd, values);
	assert_int_equal(oae_gguf_finish(w, NULL), OAE_ERR_USAGE);
	assert_int_equal(oae_gguf_create(path, &w, NULL), OAE_OK);
	oae_gguf_add_tensor(w, "only read", OAE_TENSOR_Q4_K, 1, super, zeros);
	assert_int_equal(oae_gguf_finish(w, NULL), OAE_ERR_UNSUPPORTED);
	assert_int_equal(oae_gguf_create(path, &w, NULL), OAE_OK);
	oae_gguf_add_u32(w, "same", 1);
	oae_gguf_add_u32(w, "same", 2);
	assert_int_equal(oae_gguf_finish(w, NULL), OAE_ERR_FORMAT);
	assert_int_equal(oae_gguf_create(path, &w, NULL), OAE_OK);
	oae_gguf_abandon(w);
	assert_int_equal(oae_gguf_create("/none/x.gguf", &w, NULL), OAE_ERR_IO);
	assert_true(folder_holds_only("t.gguf"));
	assert_int_equal(oae_gguf_open(path, &g, NULL), OAE_OK);
	assert_true(oae_gguf_has(g, "numbers"));
	oae_gguf_close(g);
}

static void test_not_a_file(void **state)
{
	struct oae_error err = { 0 };
	struct oae_gguf *g;

	(void)state;
	assert_int_equal(oae_gguf_open("/none", &g, &err), OAE_ERR_IO);
	assert_non_null(strstr(err.text, "/none"));
	assert_int_equal(oae_gguf_open("/", &g, NULL), OAE_ERR_FORMAT);
	assert_int_equal(oae_gguf_open("/dev/zero", &g, NULL), OAE_ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_wrong_questions),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_nul_in_string),
		cmocka_unit_test(test_hostile_headers),
		cmocka_unit_test(test_writer_errors),
		cmocka_unit_test(test_not_a_file),
	};

	return cmocka_run_group_tests_name("gguf", tests, set_up, tear_down);
}
