/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tenth axiom of spec section 11, and the ninth once more, on whole
 * results: a failed gate is null, and changes no other score.
 */
#include "tests/unit/run_folder.h"

#include <unistd.h>

#include "base/buf.h"
#include "schema/result.h"

static cJSON *result_of(const char *base, const char *name, unsigned wrong)
{
	struct oae_error err = { OAE_OK, 0, "" };
	char dir[250];
	struct oae_buf out;
	struct folder f;
	cJSON *tree = NULL;

	snprintf(dir, sizeof(dir), "%s/%s", base, name);
	f = folder_default(dir);
	f.wrong_every[2] = wrong;
	folder_make(&f);
	oae_buf_init(&out, OAE_RESULT_BYTES_MAX);
	folder_ok(oae_result_build(dir, &out, &err), &err);
	folder_ok(oae_json_parse(out.data, out.len, &tree, &err), &err);
	oae_buf_release(&out);
	return tree;
}

/* The result's entry of a system (1: speculative, 2: moe) in a profile. */
static const cJSON *entry_of(const cJSON *result, int profile, int system)
{
	const cJSON *p = cJSON_GetArrayItem(
		cJSON_GetObjectItemCaseSensitive(result, "profiles"), profile);

	return cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(p, "scores"),
				  system - 1);
}

/* Null and why, but no number. */
static void no_numbers(const cJSON *v)
{
	const cJSON *child;

	if (cJSON_IsNumber(v))
		fail_msg("%s is %g", v->string ? v->string : "an item",
			 v->valuedouble);
	cJSON_ArrayForEach(child, v)
		no_numbers(child);
}

static void test_10_gate(void **state)
{
	char base[] = "/tmp/oae-axiom-XXXXXX", command[100];
	static const char *const modes[] = { "on_demand", "owned" };
	cJSON *good, *bad;

	(void)state;
	assert_non_null(mkdtemp(base));
	good = result_of(base, "good", 0);
	bad = result_of(base, "bad", 2);
	for (int p = 0; p < 2; p++) {
		const cJSON *s = entry_of(bad, p, 2), *m;

		/* What is said of the other system is the same. */
		assert_true(cJSON_Compare(entry_of(good, p, 1),
					  entry_of(bad, p, 1), true));
		s = cJSON_GetObjectItemCaseSensitive(s, "modes");
		for (int k = 0; k < 2; k++) {
			m = cJSON_GetObjectItemCaseSensitive(s, modes[k]);
			no_numbers(m);
			assert_string_equal(oae_json_str_or(m, "verdict", ""),
					    "NO-SCORE");
			m = cJSON_GetObjectItemCaseSensitive(m, "oae");
			assert_true(*oae_json_str_or(m, "reason", "") != 0);
			m = cJSON_GetObjectItemCaseSensitive(
				cJSON_GetArrayItem(
					cJSON_GetObjectItemCaseSensitive(
						bad, "profiles"),
					p),
				"curve");
			m = cJSON_GetObjectItemCaseSensitive(m, modes[k]);
			assert_non_null(cJSON_GetObjectItemCaseSensitive(
				m, "reference/speculative"));
			assert_null(cJSON_GetObjectItemCaseSensitive(
				m, "reference/moe"));
		}
	}
	cJSON_Delete(good);
	cJSON_Delete(bad);
	snprintf(command, sizeof(command), "rm -rf '%s'", base);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_10_gate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
