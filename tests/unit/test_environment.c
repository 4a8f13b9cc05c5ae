/* SPDX-License-Identifier: Apache-2.0 */
/* What a result warns of when its two "environment" lines differ. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "schema/result_internal.h"

static const char quiet[] =
	"{\"when\":\"start\",\"seq\":1,\"cpu\":{\"model\":\"X\",\"cores\":4,"
	"\"turbo\":true,\"throttled\":2},\"governor\":\"performance\","
	"\"memory_bytes\":1000000000,\"memory_available_bytes\":900000000,"
	"\"swap_used_bytes\":0,\"load_1min\":0.1,\"uptime_s\":100,"
	"\"mitigations\":{\"meltdown\":\"Not affected\"},\"cpu_time\":"
	"{\"busy_s\":100,\"idle_s\":300,\"steal_s\":1,\"own_s\":1}}";

/* The same machine 100 s later: 400 s of CPU time, 200 s of them ours. */
static const char later[] =
	"{\"when\":\"end\",\"seq\":9,\"cpu\":{\"model\":\"X\",\"cores\":4,"
	"\"turbo\":true,\"throttled\":2},\"governor\":\"performance\","
	"\"memory_bytes\":1000000000,\"memory_available_bytes\":800000000,"
	"\"swap_used_bytes\":0,\"load_1min\":3,\"uptime_s\":200,"
	"\"mitigations\":{\"meltdown\":\"Not affected\"},\"cpu_time\":"
	"{\"busy_s\":310,\"idle_s\":487,\"steal_s\":4,\"own_s\":201}}";

static cJSON *parse(const char *text)
{
	struct oae_error err = { 0 };
	cJSON *tree = NULL;

	if (oae_json_parse(text, strlen(text), &tree, &err))
		fail_msg("%s", err.text);
	return tree;
}

static cJSON *environment(cJSON *start, cJSON *end, uint64_t resumes)
{
	struct oae_records r = { .environment_start = start,
				 .environment_end = end,
				 .resumes = resumes };
	struct oae_buf b;
	struct oae_jw w;
	cJSON *tree;

	oae_buf_init(&b, 1u << 20);
	oae_jw_init(&w, &b, 0);
	oae_jw_obj(&w, NULL);
	oae_result_environment(&w, &r);
	oae_jw_end_obj(&w);
	tree = parse(oae_buf_str(&b));
	oae_buf_release(&b);
	cJSON_Delete(start);
	cJSON_Delete(end);
	return tree;
}

/* The text of the warning about a topic, or NULL. */
static const char *warning(const cJSON *tree, const char *topic)
{
	const cJSON *env = cJSON_GetObjectItem(tree, "environment"), *w;

	cJSON_ArrayForEach(w, cJSON_GetObjectItem(env, "warnings"))
		if (!strcmp(oae_json_str_or(w, "topic", ""), topic))
			return oae_json_str_or(w, "text", NULL);
	return NULL;
}

static int warnings(const cJSON *tree)
{
	const cJSON *env = cJSON_GetObjectItem(tree, "environment");

	return cJSON_GetArraySize(cJSON_GetObjectItem(env, "warnings"));
}

static void a_quiet_machine_has_no_warning(void **state)
{
	cJSON *tree = environment(parse(quiet), parse(later), 0);
	const cJSON *env = cJSON_GetObjectItem(tree, "environment");

	(void)state;
	assert_int_equal(warnings(tree), 0);
	/* The lines are there, without the chain's members. */
	assert_false(
		cJSON_HasObjectItem(cJSON_GetObjectItem(env, "start"), "seq"));
	assert_true(cJSON_HasObjectItem(cJSON_GetObjectItem(env, "end"),
					"cpu_time"));
	cJSON_Delete(tree);
}

static void changes_are_named(void **state)
{
	cJSON *end = parse(later), *cpu = cJSON_GetObjectItem(end, "cpu");
	cJSON *tree;

	(void)state;
	cJSON_SetValuestring(cJSON_GetObjectItem(end, "governor"), "powersave");
	cJSON_ReplaceItemInObject(cpu, "turbo", cJSON_CreateFalse());
	cJSON_SetNumberValue(cJSON_GetObjectItem(cpu, "throttled"), 7);
	cJSON_SetValuestring(
		cJSON_GetObjectItem(cJSON_GetObjectItem(end, "mitigations"),
				    "meltdown"),
		"Mitigation");
	cJSON_DeleteItemFromObject(cpu, "model");
	tree = environment(parse(quiet), end, 0);
	assert_int_equal(warnings(tree), 5);
	assert_string_equal(
		warning(tree, "governor"),
		"the frequency governor changed: performance, then powersave");
	assert_string_equal(warning(tree, "cpu.turbo"),
			    "turbo changed: yes, then no");
	assert_string_equal(warning(tree, "cpu.throttled"),
			    "heat slowed the CPU 5 times");
	assert_string_equal(warning(tree, "cpu.model"),
			    "the CPU changed: X, then not known");
	assert_non_null(warning(tree, "mitigations.meltdown"));
	cJSON_Delete(tree);
}

static void set_time(cJSON *line, const char *key, double v)
{
	cJSON_SetNumberValue(
		cJSON_GetObjectItem(cJSON_GetObjectItem(line, "cpu_time"), key),
		v);
}

static void stolen_and_shared_time(void **state)
{
	cJSON *end = parse(later), *tree;

	(void)state;
	/* 280 busy, 100 idle, 20 stolen of 400 s; 200 s are our own. */
	set_time(end, "busy_s", 380);
	set_time(end, "idle_s", 400);
	set_time(end, "steal_s", 21);
	tree = environment(parse(quiet), cJSON_Duplicate(end, 1), 0);
	assert_int_equal(warnings(tree), 2);
	assert_non_null(strstr(warning(tree, "cpu_time.steal_s"),
			       "gave 5 % of this virtual machine's CPU time"));
	assert_non_null(strstr(warning(tree, "cpu_time.busy_s"),
			       "used 20 % of the machine's CPU time (80 s);"
			       " the campaign itself 50 %"));
	cJSON_Delete(tree);
	/* Of a resumed one the own time is not known. */
	tree = environment(parse(quiet), cJSON_Duplicate(end, 1), 1);
	assert_int_equal(warnings(tree), 1);
	cJSON_Delete(tree);
	/* After a new start all counters began at 0. */
	cJSON_SetNumberValue(cJSON_GetObjectItem(end, "uptime_s"), 50);
	tree = environment(parse(quiet), end, 1);
	assert_int_equal(warnings(tree), 1);
	assert_non_null(warning(tree, "uptime_s"));
	cJSON_Delete(tree);
}

static void busy_and_short_of_memory(void **state)
{
	cJSON *start = parse(quiet), *end = parse(later), *tree;

	(void)state;
	cJSON_SetNumberValue(cJSON_GetObjectItem(start, "load_1min"), 2);
	cJSON_SetNumberValue(cJSON_GetObjectItem(end, "memory_available_bytes"),
			     40e6);
	cJSON_SetNumberValue(cJSON_GetObjectItem(end, "swap_used_bytes"), 1e8);
	tree = environment(start, end, 0);
	assert_int_equal(warnings(tree), 3);
	assert_non_null(
		strstr(warning(tree, "load_1min"), "a load of 2 on 4 cores"));
	assert_string_equal(warning(tree, "memory_available_bytes"),
			    "only 4 % of the memory was left at the end");
	assert_string_equal(warning(tree, "swap_used_bytes"),
			    "100 MB went to swap");
	cJSON_Delete(tree);
}

/* Journals of before know less; one that was killed has no end. */
static void what_is_missing_is_no_warning(void **state)
{
	cJSON *tree = environment(parse("{\"cpu\":{\"cores\":2}}"),
				  parse("{\"cpu\":{\"cores\":2}}"), 0);

	(void)state;
	assert_int_equal(warnings(tree), 0);
	cJSON_Delete(tree);
	tree = environment(parse(quiet), NULL, 0);
	assert_int_equal(warnings(tree), 0);
	cJSON_Delete(tree);
	tree = environment(NULL, NULL, 0);
	assert_int_equal(warnings(tree), 0);
	cJSON_Delete(tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quiet_machine_has_no_warning),
		cmocka_unit_test(changes_are_named),
		cmocka_unit_test(stolen_and_shared_time),
		cmocka_unit_test(busy_and_short_of_memory),
		cmocka_unit_test(what_is_missing_is_no_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
