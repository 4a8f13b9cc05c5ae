/* SPDX-License-Identifier: Apache-2.0 */
/* A tuning from an invented journal with the costs of the golden example. */
#include "tests/unit/run_folder.h"

#include "schema/tune.h"

#define UNIT_S 0.005 /* of a cost of 1 in the golden example */
#define ITEMS 12
#define SETTINGS_MAX 16
#define ROUNDS 4

/* One setting of the journal, as its "tune" member has them. */
struct setting {
	const char *role, *knobs; /* what follows "speculative:"; or NULL */
	int base, round;	  /* -1: in all rounds */
	double cost;		  /* in the golden example's units */
	const char *knob;
	bool crash, wrong, differs;
	double spread; /* of s between its repetitions */
};

struct tuning {
	char dir[300];
	struct setting settings[SETTINGS_MAX];
	size_t count;
	size_t choice;	    /* of the last setting but the expert */
	double drift;	    /* each round is so much slower than before */
	bool sealed, begun; /* begun: the held-out round was */
};

/* kappa trials {12, 9, 8, 8, 10}, baseline 10, expert 8, default 12. */
static struct tuning golden(const char *dir)
{
	struct tuning t = {
		.settings = {
			{ .role = "default", .base = 0, .round = -1,
			  .cost = 10 },
			{ .role = "default", .base = 1, .round = -1,
			  .cost = 12 },
			{ .role = "trial", .knobs = "gamma=1", .base = 1,
			  .cost = 12 },
			{ .role = "trial", .knobs = "gamma=2", .base = 1,
			  .cost = 9 },
			{ .role = "trial", .knobs = "gamma=3", .base = 1,
			  .cost = 8 },
			{ .role = "trial", .knobs = "gamma=5", .base = 1,
			  .cost = 8 },
			{ .role = "trial", .knobs = "gamma=6", .base = 1,
			  .round = 1, .cost = 10 },
			{ .role = "knob", .knobs = "gamma=16", .base = 1,
			  .round = 2, .cost = 15, .knob = "gamma" },
			{ .role = "knob", .knobs = "threads=1", .base = 1,
			  .round = 2, .cost = 12, .knob = "threads" },
			{ .role = "knob", .knobs = "threads=4", .base = 1,
			  .round = 2, .cost = 12.1, .knob = "threads" },
			{ .role = "best", .base = 1, .round = 3, .cost = 8 },
		},
		.count = 11,
		.choice = 4,
		.drift = 1.3,
		.sealed = true,
		.begun = true,
	};

	snprintf(t.dir, sizeof(t.dir), "%s", dir);
	return t;
}

static const char *const phases[ROUNDS] = { "trials", "trials", "knobs",
					    "held-out" };

static void id_of(const struct tuning *t, size_t i, char out[128])
{
	const struct setting *s = &t->settings[i];

	if (strcmp(s->role, "best") == 0)
		s = &t->settings[t->choice];
	snprintf(out, 128, "reference/%s%s%s",
		 s->base ? "speculative" : "dense", s->knobs ? ":" : "",
		 s->knobs ? s->knobs : "");
}

static bool is_in(const struct tuning *t, size_t i, int round)
{
	const struct setting *s = &t->settings[i];

	if (round == 2 && s->round < 0)
		return s->base == 1;
	return s->round < 0 || s->round == round;
}

static void put_knobs(const struct setting *s, struct oae_jw *w)
{
	const char *eq = s->knobs ? strchr(s->knobs, '=') : NULL;
	char name[32];

	oae_jw_obj(w, "knobs");
	if (eq) {
		snprintf(name, sizeof(name), "%.*s", (int)(eq - s->knobs),
			 s->knobs);
		oae_jw_num(w, name, strtod(eq + 1, NULL));
	}
	oae_jw_end_obj(w);
}

static void put_space(struct oae_jw *w)
{
	static const char *const names[] = { "gamma", "threads", "context" };

	oae_jw_arr(w, "space");
	oae_jw_arr(w, NULL);
	oae_jw_end_arr(w);
	oae_jw_arr(w, NULL);
	for (int i = 0; i < 3; i++) {
		oae_jw_obj(w, NULL);
		oae_jw_bool(w, "pinned", false);
		oae_jw_int(w, "now", 4);
		oae_jw_str(w, "name", names[i]);
		oae_jw_str(w, "fixed", i == 2 ? "not for tuning" : NULL);
		oae_jw_end_obj(w);
	}
	oae_jw_end_arr(w);
	oae_jw_end_arr(w);
}

static void put_tune(const struct tuning *t, struct oae_jw *w)
{
	char id[128];
	size_t trials = 0;

	for (size_t i = 0; i < t->count; i++)
		trials += strcmp(t->settings[i].role, "trial") == 0;
	oae_jw_obj(w, "tune");
	oae_jw_int(w, "trials", (int64_t)trials);
	oae_jw_int(w, "runs", 2);
	oae_jw_num(w, "hours_a_trial", 0.5);
	put_space(w);
	oae_jw_arr(w, "rounds");
	for (int i = 0; i < ROUNDS; i++)
		oae_jw_str(w, NULL, phases[i]);
	oae_jw_end_arr(w);
	oae_jw_arr(w, "settings");
	for (size_t i = 0; i < t->count; i++) {
		const struct setting *s = &t->settings[i];
		bool best = strcmp(s->role, "best") == 0;

		id_of(t, i, id);
		oae_jw_obj(w, NULL);
		oae_jw_str(w, "role", s->role);
		oae_jw_int(w, "base", s->base);
		oae_jw_str(w, "id", best ? NULL : id);
		oae_jw_str(w, "knob", s->knob);
		if (best)
			oae_jw_null(w, "knobs");
		else
			put_knobs(s, w);
		oae_jw_end_obj(w);
	}
	oae_jw_end_arr(w);
	oae_jw_arr(w, "plan");
	for (int round = 0; round < ROUNDS; round++)
		for (int rep = 0; rep < 2; rep++)
			for (size_t i = 0; i < t->count; i++)
				if (is_in(t, i, round))
					oae_jw_int(w, NULL, (int64_t)i);
	oae_jw_end_arr(w);
	oae_jw_end_obj(w);
}

/* The inputs of one profile only. */
static void put_inputs(const struct tuning *t, struct oae_jw *w)
{
	char home[OAE_PATH_BYTES_MAX], from[2 * OAE_PATH_BYTES_MAX];
	char to[2 * OAE_PATH_BYTES_MAX], hex[OAE_SHA256_HEX], *slash;
	struct oae_error err = { OAE_OK, 0, "" };

	folder_ok(oae_home(home, sizeof(home), &err), &err);
	oae_jw_obj(w, "inputs");
	for (size_t i = 0; folder_input[i]; i += 2) {
		if (strstr(folder_input[i], "hyperscale"))
			continue;
		snprintf(from, sizeof(from), "%s/%s", home, folder_input[i]);
		snprintf(to, sizeof(to), "%s/inputs/%s", t->dir,
			 folder_input[i + 1]);
		slash = strrchr(to, '/');
		*slash = '\0';
		folder_ok(oae_dir_make(to, &err), &err);
		*slash = '/';
		folder_ok(oae_file_copy(from, to, &err), &err);
		folder_ok(oae_sha256_file(to, hex, &err), &err);
		oae_jw_str(w, folder_input[i + 1], hex);
	}
	oae_jw_end_obj(w);
}

static void put_campaign(const struct tuning *t, struct oae_journal *j)
{
	struct oae_jw *w = oae_journal_begin(j, "campaign");
	char id[64];

	oae_jw_str(w, "oae", OAE_VERSION);
	oae_jw_str(w, "spec", OAE_SPEC_VERSION);
	oae_jw_int(w, "journal", OAE_JOURNAL_VERSION);
	oae_jw_str(w, "utc", "2026-01-02T03:04:05Z");
	oae_jw_str(w, "seed", "42");
	oae_jw_str(w, "suite", "invented");
	put_inputs(t, w);
	oae_jw_obj(w, "plan");
	oae_jw_int(w, "every", 2);
	oae_jw_int(w, "looks", 1);
	oae_jw_num(w, "level", .95);
	oae_jw_end_obj(w);
	oae_jw_arr(w, "systems");
	for (int i = 0; i < 2; i++) {
		snprintf(id, sizeof(id), "reference/%s", folder_system[i]);
		oae_jw_obj(w, NULL);
		oae_jw_str(w, "id", id);
		oae_jw_str(w, "adapter", "reference");
		oae_jw_str(w, "system", folder_system[i]);
		oae_jw_str(w, "kind", folder_system[i]);
		oae_jw_str(w, "lossless_of", i == 1 ? "reference/dense" : NULL);
		oae_jw_end_obj(w);
	}
	oae_jw_end_arr(w);
	oae_jw_str(w, "baseline", "reference/dense");
	oae_jw_arr(w, "workloads");
	oae_jw_str(w, NULL, "notices");
	oae_jw_end_arr(w);
	oae_jw_str(w, "scenario", "SingleStream");
	put_tune(t, w);
	folder_commit(j);
	w = oae_journal_begin(j, "environment");
	oae_jw_str(w, "when", "start");
	folder_commit(j);
}

static void put_run(const struct tuning *t, struct oae_journal *j, int run,
		    size_t i, int round, int rep)
{
	const struct setting *s = &t->settings[i];
	struct folder f = folder_default(t->dir);
	double takes = s->cost * UNIT_S * pow(t->drift, round) *
		       (1 + (rep % 2 ? s->spread : -s->spread));
	unsigned n = s->crash ? 1 : ITEMS;
	struct oae_jw *w = oae_journal_begin(j, "run");
	char id[128];

	id_of(t, i, id);
	/* A system that fails its gate has wrong answers everywhere. */
	f.wrong_every[1] = s->wrong ? 1 : s->differs ? ITEMS - 1 : 0;
	oae_jw_int(w, "run", run);
	oae_jw_str(w, "system", id);
	oae_jw_str(w, "workload", "notices");
	oae_jw_str(w, "condition", "nominal");
	oae_jw_str(w, "scenario", "SingleStream");
	oae_jw_int(w, "block", round);
	oae_jw_int(w, "rep", rep);
	oae_jw_int(w, "segment", 0);
	oae_jw_str(w, "purpose", "tune");
	oae_jw_arr(w, "items");
	for (int k = 0; k < ITEMS; k++)
		oae_jw_str(w, NULL, "planned");
	oae_jw_end_arr(w);
	folder_commit(j);
	for (unsigned k = 0; k < n; k++)
		folder_sample(&f, j, run, s->base, 1, k, k + 1, 1 + k * takes,
			      takes);
	folder_run_end(&f, j, run, n * takes, !s->crash);
}

static void make(const struct tuning *t)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_journal j;
	struct oae_jw *w;
	char path[400];
	int run = 0;

	folder_ok(oae_dir_make(t->dir, &err), &err);
	snprintf(path, sizeof(path), "%s/journal.jsonl", t->dir);
	(void)remove(path);
	folder_ok(oae_journal_create(&j, path, &err), &err);
	put_campaign(t, &j);
	for (int round = 0; round < ROUNDS; round++) {
		if (round == 3) {
			if (!t->begun)
				break;
			w = oae_journal_begin(&j, "choice");
			oae_jw_int(w, "slot", 10);
			oae_jw_int(w, "as", (int64_t)t->choice);
			folder_commit(&j);
		}
		for (int rep = 0; rep < 2; rep++)
			for (size_t i = 0; i < t->count; i++)
				if (is_in(t, i, round))
					put_run(t, &j, run++, i, round, rep);
	}
	if (t->sealed)
		folder_ok(oae_journal_seal(&j, &err), &err);
	oae_journal_close(&j);
}

static cJSON *build(const struct tuning *t)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_buf b, again;
	cJSON *doc = NULL;

	make(t);
	oae_buf_init(&b, OAE_TUNE_BYTES_MAX);
	oae_buf_init(&again, OAE_TUNE_BYTES_MAX);
	folder_ok(oae_tune_build(t->dir, &b, &err), &err);
	folder_ok(oae_tune_build(t->dir, &again, &err), &err);
	assert_string_equal(oae_buf_str(&b), oae_buf_str(&again));
	folder_ok(oae_json_parse(b.data, b.len, &doc, &err), &err);
	oae_buf_release(&b);
	oae_buf_release(&again);
	return doc;
}

static const cJSON *at(const cJSON *doc, const char *a, const char *b)
{
	const cJSON *x = cJSON_GetObjectItemCaseSensitive(doc, a);

	return b ? cJSON_GetObjectItemCaseSensitive(x, b) : x;
}

static double value(const cJSON *doc, const char *a, const char *b)
{
	return oae_json_num_or(at(doc, a, b), "value", NAN);
}

static const char *reason(const cJSON *doc, const char *a, const char *b)
{
	return oae_json_str_or(at(doc, a, b), "reason", "");
}

static const cJSON *search(const cJSON *doc)
{
	return cJSON_GetArrayItem(at(doc, "searches", NULL), 0);
}

static void near_(double a, double b, double by)
{
	if (!(fabs(a - b) <= by))
		fail_msg("%.9g is not %.9g", a, b);
}

/* The standard's own numbers, whatever the machine's drift. */
static void test_golden(void **state)
{
	static const double tau[] = { 0.277290, 0.781351, 0.944329 };
	const cJSON *curve;
	struct tuning t = golden(*state);
	cJSON *doc = build(&t);
	double unit;

	near_(value(doc, "tau", "default"), -0.817059, 1e-6);
	near_(value(doc, "least_n", NULL), 3, 0);
	curve = at(search(doc), "curve", NULL);
	assert_int_equal(cJSON_GetArraySize(curve), 5);
	unit = oae_json_num_or(doc, "kappa_baseline_usd", NAN) / 10;
	for (int n = 1; n <= 3; n++) {
		static const double best[] = { 9.4, 8.4, 8.1 };
		const cJSON *c = cJSON_GetArrayItem(curve, n - 1);

		near_(oae_json_num_or(c, "tau", NAN), tau[n - 1], 1e-6);
		near_(oae_json_num_or(c, "kappa_usd", NAN) / unit, best[n - 1],
		      1e-6);
		assert_int_equal(cJSON_IsTrue(at(c, "few", NULL)), n > 2);
	}
	/* Dodge et al.: n = 2 of five costs, from the definition. */
	near_(oae_json_num_or(cJSON_GetArrayItem(curve, 1), "kappa_dodge_usd",
			      NAN) /
		      unit,
	      (12 * 1 + 10 * 3 + 9 * 5 + 8 * 7 + 8 * 9) / 25.0, 1e-6);
	assert_non_null(strstr(reason(doc, "tau", "16"), "at least 16"));
	/* A baseline without a search has nothing to compare with. */
	assert_non_null(strstr(reason(at(doc, "expert", NULL),
				      "gain_over_tuned_baseline", NULL),
			       "no knob"));
	/* The expert is charged: 5 trials of half an hour at T1's wage. */
	near_(oae_json_num_or(at(doc, "expert", NULL), "hours", NAN), 2.5,
	      1e-9);
	cJSON_Delete(doc);
}

static const char *verdict(const cJSON *doc, int i)
{
	return oae_json_str_or(cJSON_GetArrayItem(at(doc, "knobs", NULL), i),
			       "verdict", "none");
}

static void test_knobs(void **state)
{
	struct tuning t = golden(*state);
	cJSON *doc = build(&t);

	assert_string_equal(verdict(doc, 0), "effective");     /* x 1.25 */
	assert_string_equal(verdict(doc, 1), "not effective"); /* x 1.008 */
	assert_string_equal(verdict(doc, 2), "none");
	assert_int_equal(oae_json_num_or(doc, "effective_knobs", NAN), 1);
	cJSON_Delete(doc);
	/* Twice the baseline on average, but nobody can be sure of it. */
	t.settings[7].spread = 0.4;
	t.settings[8].spread = 0.1;
	doc = build(&t);
	assert_string_equal(verdict(doc, 0), "undecided");
	assert_string_equal(verdict(doc, 1), "undecided");
	cJSON_Delete(doc);
	t.settings[7].crash = true;
	doc = build(&t);
	assert_string_equal(verdict(doc, 0), "effective");
	cJSON_Delete(doc);
}

static const cJSON *trial(const cJSON *doc, int i)
{
	return cJSON_GetArrayItem(at(search(doc), "settings", NULL), i);
}

/* Crash, wrong answers, one other text: all cost rho, and count. */
static void test_failing(void **state)
{
	struct tuning t = golden(*state);
	double rho;
	cJSON *doc;

	t.settings[2].crash = true;
	t.settings[3].wrong = true;
	t.settings[6].differs = true; /* of a system that claims lossless */
	doc = build(&t);
	rho = oae_json_num_or(doc, "kappa_failed_usd", NAN);
	near_(rho, 0.1, 1e-12);
	near_(oae_json_num_or(trial(doc, 0), "kappa_usd", NAN), rho, 0);
	near_(oae_json_num_or(trial(doc, 1), "kappa_usd", NAN), rho, 0);
	near_(oae_json_num_or(trial(doc, 4), "kappa_usd", NAN), rho, 0);
	assert_string_equal(reason(trial(doc, 0), "reason", NULL), "");
	assert_non_null(
		strstr(oae_json_str_or(trial(doc, 0), "reason", ""), "exit 3"));
	assert_non_null(strstr(oae_json_str_or(trial(doc, 1), "reason", ""),
			       "differs"));
	assert_non_null(strstr(oae_json_str_or(trial(doc, 4), "reason", ""),
			       "differs"));
	assert_int_equal(oae_json_num_or(search(doc), "failed_trials", NAN), 3);
	/* Two of five serve: the best of one, in units of rho, is 0.6. */
	near_(oae_json_num_or(cJSON_GetArrayItem(at(search(doc), "curve", NULL),
						 0),
			      "kappa_usd", NAN) /
		      rho,
	      0.6, 1e-4);
	cJSON_Delete(doc);
}

static void test_no_gain(void **state)
{
	struct tuning t = golden(*state);
	cJSON *doc;

	/* Cheap when chosen, dear when measured again: luck. */
	t.settings[10].cost = 10.5;
	doc = build(&t);
	assert_true(isnan(value(doc, "tau", "default")));
	assert_non_null(strstr(reason(doc, "tau", "4"), "gains nothing"));
	assert_non_null(strstr(reason(doc, "least_n", NULL), "gains nothing"));
	cJSON_Delete(doc);
	/* The held-out failure of the best is one too. */
	t.settings[10].cost = 8;
	t.settings[10].wrong = true;
	doc = build(&t);
	assert_non_null(strstr(reason(doc, "tau", "4"), "gains nothing"));
	cJSON_Delete(doc);
	/* Better by noise: a remark. */
	t.settings[10].wrong = false;
	t.settings[10].cost = 9.9;
	t.settings[10].spread = 0.1;
	doc = build(&t);
	assert_true(isfinite(value(doc, "tau", "default")));
	assert_true(cJSON_IsFalse(
		at(at(doc, "expert", NULL), "gain_is_sure", NULL)));
	cJSON_Delete(doc);
}

/* The journal's choice must be what its trials say. */
static void test_choice(void **state)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct tuning t = golden(*state);
	struct oae_buf b;
	size_t setting = 0;
	double kappa;
	cJSON *doc;

	t.begun = t.sealed = false;
	doc = build(&t);
	assert_non_null(strstr(reason(doc, "tau", "4"), "--resume"));
	cJSON_Delete(doc);
	folder_ok(oae_tune_choose(t.dir, 1, &setting, &kappa, &err), &err);
	assert_int_equal(setting, 4);
	/* Where all trials are dearer, the defaults. */
	for (size_t i = 2; i < 7; i++)
		t.settings[i].cost = 13;
	make(&t);
	folder_ok(oae_tune_choose(t.dir, 1, &setting, &kappa, &err), &err);
	assert_int_equal(setting, 1);
	t = golden(*state);
	t.choice = 3;
	make(&t);
	oae_buf_init(&b, OAE_TUNE_BYTES_MAX);
	assert_int_equal(oae_tune_build(t.dir, &b, &err), OAE_ERR_CHECK);
	assert_non_null(strstr(err.text, "cheapest"));
	oae_buf_release(&b);
}

static int setup(void **state)
{
	static char dir[] = "/tmp/oae-tune-XXXXXX";

	*state = mkdtemp(dir);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	char command[400];

	snprintf(command, sizeof(command), "rm -rf '%s'", (char *)*state);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),	cmocka_unit_test(test_knobs),
		cmocka_unit_test(test_failing), cmocka_unit_test(test_no_gain),
		cmocka_unit_test(test_choice),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
