/* SPDX-License-Identifier: Apache-2.0 */
/* The adapter SDK, spoken to through pipes as the harness does it. */
#define _GNU_SOURCE

#include "tests/unit/sdk_probe.h"

#define TWO                                                           \
	"{\"type\":\"submit\",\"id\":\"1\",\"prompt\":\"a|b|c|d|e\"," \
	"\"max_tokens\":9}\n"                                         \
	"{\"type\":\"submit\",\"id\":\"2\",\"prompt\":\"x|y\","       \
	"\"max_tokens\":9}\n"

static void test_hello_and_answer(void **state)
{
	struct talk t;
	struct answer a;
	const cJSON *details;

	(void)state;
	talk_start(&t);
	say(&t,
	    "{\"type\":\"hello\",\"protocol\":1,\"system\":\"dense\","
	    "\"knobs\":{\"gamma\":6,\"kernels\":\"scalar\"},\"home\":\"/h\","
	    "\"seed\":\"18446744073709551615\",\"later\":[1],"
	    "\"synthetic\":{\"path\":\"s.gguf\"}}");
	hear_type(&t, OAE_MSG_READY);
	assert_int_equal(num(&t, "protocol"), OAE_PROTOCOL_VERSION);
	assert_string_equal(str(&t, "adapter"), "probe");
	assert_string_equal(str(&t, "system"), "dense");
	assert_int_equal(num(&t, "max_in_flight"), 2);
	details = cJSON_GetObjectItem(t.msg, "details");
	assert_string_equal(oae_json_str_or(details, "synthetic", ""),
			    "s.gguf");
	assert_string_equal(oae_json_str_or(details, "seed", ""),
			    "18446744073709551615");
	details = cJSON_GetObjectItem(details, "knobs");
	assert_int_equal(oae_json_u64_or(details, "gamma", 0), 6);
	assert_string_equal(oae_json_str_or(details, "kernels", ""), "scalar");

	say(&t,
	    "{\"type\":\"submit\",\"id\":\"18446744073709551610\","
	    "\"prompt\":\"The| clinic| \\\"opens\\\"|.\",\"max_tokens\":9}");
	a = hear_answer(&t);
	assert_string_equal(a.text, "The clinic \"opens\".");
	assert_int_equal(a.tokens, 4);
	assert_string_equal(str(&t, "id"), "18446744073709551610");
	assert_string_equal(str(&t, "finish"), OAE_DONE_LENGTH);
	assert_int_equal(num(&t, "tokens_in"), 3);
	assert_int_equal(num(&t, "drafted"), 8);
	assert_int_equal(num(&t, "accepted"), 5);
	assert_int_equal(num(&t, "reused"), 2);
	details = cJSON_GetObjectItem(t.msg, "drafting");
	assert_int_equal(oae_json_u64_or(details, "judged", 0), 6);
	assert_int_equal(oae_json_u64_or(details, "verify_us", 9), 0);
	say(&t, "{\"type\":\"close\"}");
	hear_type(&t, OAE_MSG_BYE);
	assert_false(hear(&t));
	assert_int_equal(talk_end(&t), 0);
}

static void test_learn_and_score(void **state)
{
	struct talk t;

	(void)state;
	talk_hello(&t);
	say(&t, "{\"type\":\"learn\",\"id\":\"1\",\"kind\":\"documents\","
		"\"items\":[{\"text\":\"a\"},{\"text\":\"b\"}]}");
	hear_type(&t, OAE_MSG_LEARNED);
	assert_int_equal(num(&t, "items"), 2);
	assert_string_equal(str(&t, "bytes"), "1152921504606846976");
	say(&t, "{\"type\":\"score\",\"id\":\"2\",\"prompt\":\"a\","
		"\"continuation\":\"bcd\"}");
	hear_type(&t, OAE_MSG_SCORED);
	assert_true(oae_json_num_or(t.msg, "logprob", 0) == -12.5);
	assert_int_equal(num(&t, "tokens"), 3);
	assert_int_equal(talk_end(&t), 0);

	talk_start(&t);
	say(&t, "{\"type\":\"hello\",\"protocol\":1,\"system\":\"mute\"}");
	hear_type(&t, OAE_MSG_READY);
	assert_int_equal(
		cJSON_GetArraySize(cJSON_GetObjectItem(t.msg, "verbs")), 2);
	say(&t, "{\"type\":\"learn\",\"id\":\"1\",\"kind\":\"documents\","
		"\"items\":[]}");
	hear_error(&t, "1", OAE_CODE_UNSUPPORTED);
	assert_int_equal(talk_end(&t), 0);
}

/* Each line gets its error, and the adapter goes on. */
static void test_wrong_lines(void **state)
{
	static const struct {
		const char *line, *id, *code;
	} wrong[] = {
		{ "garbage", NULL, OAE_CODE_BAD_REQUEST },
		{ "", NULL, OAE_CODE_BAD_REQUEST },
		{ "[1]", NULL, OAE_CODE_BAD_REQUEST },
		{ "{\"a\":1}", NULL, OAE_CODE_BAD_REQUEST },
		{ "{\"type\":7}", NULL, OAE_CODE_BAD_REQUEST },
		{ "{\"type\":\"frob\"}", NULL, OAE_CODE_BAD_REQUEST },
		{ "{\"type\":\"close\",\"type\":\"close\"}", NULL,
		  OAE_CODE_BAD_REQUEST },
		{ "{\"type\":\"close\"} {", NULL, OAE_CODE_BAD_REQUEST },
		{ "\xff\xfe{\"type\":\"close\"}", NULL, OAE_CODE_BAD_REQUEST },
		{ "{\"type\":\"cancel\"}", NULL, OAE_CODE_BAD_REQUEST },
		{ "{\"type\":\"submit\",\"prompt\":\"a\",\"max_tokens\":1}",
		  NULL, OAE_CODE_BAD_REQUEST },
		{ "{\"type\":\"submit\",\"id\":1,\"prompt\":\"a\"}", NULL,
		  OAE_CODE_BAD_REQUEST },
		{ "{\"type\":\"submit\",\"id\":\"-1\"}", NULL,
		  OAE_CODE_BAD_REQUEST },
		{ "{\"type\":\"submit\",\"id\":\"10\"}", "10",
		  OAE_CODE_BAD_REQUEST },
		{ "{\"type\":\"submit\",\"id\":\"11\",\"prompt\":\"a\"}", "11",
		  OAE_CODE_BAD_REQUEST },
		{ "{\"type\":\"submit\",\"id\":\"12\",\"prompt\":\"a\","
		  "\"max_tokens\":0}",
		  "12", OAE_CODE_LIMIT },
		{ "{\"type\":\"submit\",\"id\":\"13\",\"prompt\":\"a\","
		  "\"max_tokens\":65537}",
		  "13", OAE_CODE_LIMIT },
		{ "{\"type\":\"submit\",\"id\":\"14\",\"prompt\":\"a\","
		  "\"max_tokens\":1,\"temperature\":-1}",
		  "14", OAE_CODE_LIMIT },
		{ "{\"type\":\"submit\",\"id\":\"15\",\"prompt\":\"a\","
		  "\"max_tokens\":1,\"stop\":\"x\"}",
		  "15", OAE_CODE_BAD_REQUEST },
		{ "{\"type\":\"submit\",\"id\":\"16\",\"prompt\":\"a\","
		  "\"max_tokens\":1,\"stop\":[\"\"]}",
		  "16", OAE_CODE_BAD_REQUEST },
		{ "{\"type\":\"submit\",\"id\":\"17\",\"prompt\":\"a\","
		  "\"max_tokens\":1,\"seed\":7}",
		  "17", OAE_CODE_BAD_REQUEST },
		{ "{\"type\":\"submit\",\"id\":\"17\",\"prompt\":\"a\","
		  "\"max_tokens\":1}",
		  NULL, OAE_CODE_BAD_REQUEST },
		{ "{\"type\":\"submit\",\"id\":\"3\",\"prompt\":\"a\","
		  "\"max_tokens\":1}",
		  NULL, OAE_CODE_BAD_REQUEST },
		{ "{\"type\":\"submit\",\"id\":\"18\",\"prompt\":\"refuse\","
		  "\"max_tokens\":1}",
		  "18", OAE_CODE_LIMIT },
		{ "{\"type\":\"learn\",\"id\":\"19\",\"kind\":\"rumours\","
		  "\"items\":[]}",
		  "19", OAE_CODE_BAD_REQUEST },
		{ "{\"type\":\"learn\",\"id\":\"20\",\"kind\":\"examples\","
		  "\"items\":[1]}",
		  "20", OAE_CODE_BAD_REQUEST },
		{ "{\"type\":\"score\",\"id\":\"21\",\"prompt\":\"a\"}", "21",
		  OAE_CODE_BAD_REQUEST },
		{ "{\"type\":\"hello\",\"protocol\":1,\"system\":\"any\"}",
		  NULL, OAE_CODE_BAD_REQUEST },
	};
	struct talk t;
	size_t i;

	(void)state;
	talk_hello(&t);
	for (i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		say(&t, wrong[i].line);
		hear_error(&t, wrong[i].id, wrong[i].code);
	}
	say(&t, "{\"type\":\"submit\",\"id\":\"99\",\"prompt\":\"a|b\","
		"\"max_tokens\":2}");
	assert_string_equal(hear_answer(&t).text, "ab");
	assert_int_equal(talk_end(&t), 0);
}

static void test_line_limit(void **state)
{
	static const char head[] = "{\"type\":\"frob\",\"pad\":\"";
	size_t len = OAE_LINE_BYTES_MAX, i;
	char *line = malloc(len + 1);
	struct talk t;

	(void)state;
	memset(line, 'x', len + 1);
	memcpy(line, head, sizeof head - 1);
	talk_hello(&t);
	memcpy(line + len - 2, "\"}", 2);
	say_bytes(&t, line, len); /* just fits */
	say(&t, "");
	hear_error(&t, NULL, OAE_CODE_BAD_REQUEST);
	memcpy(line + len - 2, "x\"}", 3);
	say_bytes(&t, line, len + 1); /* does not */
	say(&t, "");
	hear_error(&t, NULL, OAE_CODE_LIMIT);
	memset(line, 'x', len);
	for (i = 0; i < 16; i++) /* far from it */
		say_bytes(&t, line, len);
	say(&t, "");
	hear_error(&t, NULL, OAE_CODE_LIMIT);
	say(&t, "{\"type\":\"submit\",\"id\":\"1\",\"prompt\":\"ok\","
		"\"max_tokens\":2}");
	assert_string_equal(hear_answer(&t).text, "ok");
	assert_int_equal(talk_end(&t), 0);
	free(line);
}

static void test_order(void **state)
{
	struct talk t;

	(void)state;
	talk_start(&t);
	say(&t, "{\"type\":\"submit\",\"id\":\"1\",\"prompt\":\"a\","
		"\"max_tokens\":1}");
	hear_error(&t, NULL, OAE_CODE_BAD_REQUEST);
	say(&t, "{\"type\":\"cancel\",\"id\":\"1\"}");
	hear_error(&t, NULL, OAE_CODE_BAD_REQUEST);
	say(&t, "{\"type\":\"hello\",\"protocol\":1,\"system\":\"any\"}");
	hear_type(&t, OAE_MSG_READY);
	say(&t, "{\"type\":\"submit\",\"id\":\"1\",\"prompt\":\"a\","
		"\"max_tokens\":1}");
	assert_string_equal(hear_answer(&t).text, "a");
	assert_int_equal(talk_end(&t), 0);
}

static void refused(const char *hello, const char *code)
{
	struct talk t;

	talk_start(&t);
	say(&t, hello);
	hear_error(&t, NULL, code);
	assert_false(hear(&t));
	assert_int_equal(talk_end(&t), 1);
}

static void test_hello_refused(void **state)
{
	(void)state;
	refused("{\"type\":\"hello\",\"protocol\":2,\"system\":\"any\"}",
		OAE_CODE_UNSUPPORTED);
	refused("{\"type\":\"hello\",\"system\":\"any\"}",
		OAE_CODE_BAD_REQUEST);
	refused("{\"type\":\"hello\",\"protocol\":1}", OAE_CODE_BAD_REQUEST);
	refused("{\"type\":\"hello\",\"protocol\":1,\"system\":\"broken\"}",
		OAE_CODE_MODEL);
	refused("{\"type\":\"hello\",\"protocol\":1,\"system\":\"any\","
		"\"knobs\":{\"beta\":1}}",
		OAE_CODE_BAD_REQUEST);
	refused("{\"type\":\"hello\",\"protocol\":1,\"system\":\"any\","
		"\"knobs\":{\"gamma\":17}}",
		OAE_CODE_BAD_REQUEST);
	refused("{\"type\":\"hello\",\"protocol\":1,\"system\":\"any\","
		"\"knobs\":{\"gamma\":2.5}}",
		OAE_CODE_BAD_REQUEST);
	refused("{\"type\":\"hello\",\"protocol\":1,\"system\":\"any\","
		"\"knobs\":{\"kernels\":\"fast\"}}",
		OAE_CODE_BAD_REQUEST);
}

static void test_cancel_and_in_flight(void **state)
{
	struct talk t;

	(void)state;
	talk_hello(&t);
	say(&t, "{\"type\":\"submit\",\"id\":\"1\",\"prompt\":\"hang\","
		"\"max_tokens\":8}");
	say(&t, "{\"type\":\"submit\",\"id\":\"2\",\"prompt\":\"hang\","
		"\"max_tokens\":8}");
	say(&t, "{\"type\":\"submit\",\"id\":\"3\",\"prompt\":\"a\","
		"\"max_tokens\":8}");
	hear_error(&t, "3", OAE_CODE_LIMIT);
	say(&t, "{\"type\":\"cancel\",\"id\":\"2\"}");
	hear_type(&t, OAE_MSG_DONE);
	assert_string_equal(str(&t, "id"), "2");
	assert_string_equal(str(&t, "finish"), OAE_DONE_CANCELLED);
	say(&t, "{\"type\":\"cancel\",\"id\":\"2\"}"); /* too late: silence */
	say(&t, "{\"type\":\"cancel\",\"id\":\"77\"}");
	say(&t, "{\"type\":\"submit\",\"id\":\"4\",\"prompt\":\"a\","
		"\"max_tokens\":8}");
	assert_string_equal(hear_answer(&t).text, "a");
	assert_string_equal(str(&t, "id"), "4");
	/* "close" drops what hangs. */
	say(&t, "{\"type\":\"close\"}");
	hear_type(&t, OAE_MSG_BYE);
	assert_false(hear(&t));
	assert_int_equal(talk_end(&t), 0);
}

/* Tokens of two answers come in turn; the later request ends first. */
static void test_two_at_once(void **state)
{
	char text[2][64] = { "", "" };
	unsigned at = 0, turns = 0, ended = 0, last = 2;
	struct talk t;

	(void)state;
	talk_hello(&t);
	say_bytes(&t, TWO, sizeof(TWO) - 1); /* before either is begun */
	while (ended < 2) {
		assert_true(hear(&t));
		at = str(&t, "id")[0] == '2';
		if (!strcmp(str(&t, "type"), OAE_MSG_TOKEN)) {
			strcat(text[at], str(&t, "text"));
			turns += last != at;
			last = at;
			continue;
		}
		assert_string_equal(str(&t, "type"), OAE_MSG_DONE);
		assert_int_equal(num(&t, "tokens_out"), at ? 2 : 5);
		assert_int_equal(at, ended == 0);
		ended++;
	}
	assert_string_equal(text[0], "abcde");
	assert_string_equal(text[1], "xy");
	assert_true(turns >= 3);
	assert_int_equal(talk_end(&t), 0);
}

static void test_end_of_input(void **state)
{
	struct talk t;

	(void)state;
	talk_hello(&t);
	say(&t, "{\"type\":\"submit\",\"id\":\"1\",\"prompt\":\"hang\","
		"\"max_tokens\":8}");
	say_bytes(&t, "{\"type\":\"can", 12);
	close(t.in);
	t.in = -1;
	hear_type(&t, OAE_MSG_BYE);
	assert_false(hear(&t));
	assert_int_equal(talk_end(&t), 0);
}

static void test_reader_gone(void **state)
{
	struct talk t;
	int status;

	(void)state;
	talk_hello(&t);
	close(t.out);
	t.out = -1;
	say(&t, "{\"type\":\"submit\",\"id\":\"1\",\"prompt\":\"a|b\","
		"\"max_tokens\":8}");
	/* stdin stays open: it must notice by itself */
	assert_int_equal(waitpid(t.pid, &status, 0), t.pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
	close(t.in);
	cJSON_Delete(t.msg);
}

static void test_stray_output(void **state)
{
	struct talk t;

	(void)state;
	talk_hello(&t);
	say(&t, "{\"type\":\"submit\",\"id\":\"1\",\"prompt\":\"print|b\","
		"\"max_tokens\":8}");
	assert_string_equal(hear_answer(&t).text, "eofb");
	assert_int_equal(talk_end(&t), 0);
}

static struct answer ask(const char *prompt, const char *stop, char *finish)
{
	struct oae_buf b;
	struct oae_jw w;
	struct talk t;
	struct answer a;

	oae_buf_init(&b, 1 << 16);
	oae_jw_init(&w, &b, 0);
	oae_jw_obj(&w, NULL);
	oae_jw_str(&w, "type", "submit");
	oae_jw_str(&w, "id", "1");
	oae_jw_str(&w, "prompt", prompt);
	oae_jw_int(&w, "max_tokens", 1000);
	oae_jw_arr(&w, "stop");
	if (stop)
		oae_jw_str(&w, NULL, stop);
	oae_jw_end_arr(&w);
	oae_jw_end_obj(&w);
	talk_hello(&t);
	say(&t, oae_buf_str(&b));
	a = hear_answer(&t);
	strcpy(finish, str(&t, "finish"));
	assert_int_equal(talk_end(&t), 0);
	oae_buf_release(&b);
	return a;
}

static void test_stop_strings(void **state)
{
	struct answer a;
	char finish[32];

	(void)state;
	a = ask("one| two\n|\nthree|four", "\n\n", finish);
	assert_string_equal(a.text, "one two");
	assert_string_equal(finish, OAE_DONE_STOP);
	assert_int_equal(a.tokens, 3);
	a = ask("one| two\n|three\n", "\n\n", finish);
	assert_string_equal(a.text, "one two\nthree\n");
	assert_string_equal(finish, OAE_DONE_LENGTH);
	assert_int_equal(a.tokens, 3);
	a = ask("aab|aab|aac|d", "aabaac", finish);
	assert_string_equal(a.text, "aab");
	a = ask("xstopy", "stop", finish);
	assert_string_equal(a.text, "x");
	assert_int_equal(a.events, 1);
	a = ask("stop", "stop", finish);
	assert_string_equal(a.text, "");
	assert_int_equal(a.tokens, 1);
}

/* Characters that come in parts are sent whole. */
static void test_utf8(void **state)
{
	struct answer a;
	char finish[32];

	(void)state;
	a = ask("a|^W\u00f6rld \u20ac|^\U0001f600", NULL, finish);
	assert_string_equal(a.text, "aW\u00f6rld \u20ac\U0001f600");
	assert_int_equal(a.tokens, 1 + 10 + 4);
	a = ask("^\u20ac|x", "\u20acx", finish);
	assert_string_equal(a.text, "");
	assert_string_equal(finish, OAE_DONE_STOP);
}

/* Many quick tokens: few messages, but the first and the last stand alone. */
static void test_coalescing(void **state)
{
	char prompt[2000], finish[32];
	struct answer a;
	size_t i;

	(void)state;
	for (i = 0; i < 999; i++)
		memcpy(prompt + 2 * i, "x|", 2);
	strcpy(prompt + 2 * i, "y");
	a = ask(prompt, NULL, finish);
	assert_int_equal(a.tokens, 1000);
	assert_int_equal(strlen(a.text), 1000);
	assert_int_equal(a.first_n, 1);
	assert_int_equal(a.last_n, 1);
	assert_in_range(a.events, 3, 500);
}

static void test_adapter_faults(void **state)
{
	struct talk t;

	(void)state;
	talk_hello(&t);
	say(&t, "{\"type\":\"submit\",\"id\":\"1\",\"prompt\":\"a|b|c\","
		"\"max_tokens\":2}");
	hear_type(&t, OAE_MSG_TOKEN);
	do
		assert_true(hear(&t));
	while (!strcmp(str(&t, "type"), OAE_MSG_TOKEN));
	assert_string_equal(str(&t, "type"), OAE_MSG_ERROR);
	assert_string_equal(str(&t, "id"), "1");
	assert_string_equal(str(&t, "code"), OAE_CODE_INTERNAL);
	talk_end(&t);

	talk_hello(&t);
	say(&t, "{\"type\":\"submit\",\"id\":\"1\",\"prompt\":\"fail\","
		"\"max_tokens\":2}");
	hear_error(&t, NULL, OAE_CODE_INTERNAL);
	assert_false(hear(&t));
	assert_int_equal(talk_end(&t), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hello_and_answer),
		cmocka_unit_test(test_learn_and_score),
		cmocka_unit_test(test_wrong_lines),
		cmocka_unit_test(test_line_limit),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_hello_refused),
		cmocka_unit_test(test_cancel_and_in_flight),
		cmocka_unit_test(test_two_at_once),
		cmocka_unit_test(test_end_of_input),
		cmocka_unit_test(test_reader_gone),
		cmocka_unit_test(test_stray_output),
		cmocka_unit_test(test_stop_strings),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_coalescing),
		cmocka_unit_test(test_adapter_faults),
	};

	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
