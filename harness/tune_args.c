/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/tune_args.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/run_args.h"
#include "harness/words.h"

#define HOURS_MAX 100000.0

enum kind {
	FLAG,
	TEXT,
	NUMBER, /* whole, from least to most */
	HOURS,
	SEED,
	LIST,
	FOLDER
};

static const struct option {
	const char *name;
	enum kind kind;
	bool resume; /* goes with --resume */
	uint32_t least, most;
} options[] = {
	{ "--trials", NUMBER, false, 1, OAE_TUNE_TRIALS_MAX },
	{ "--seed", SEED, false, 0, 0 },
	{ "--baseline", TEXT, false, 0, 0 },
	{ "--profile", TEXT, false, 0, 0 },
	{ "--suite", TEXT, false, 0, 0 },
	{ "--workloads", LIST, false, 0, 0 },
	{ "--adapter", FOLDER, false, 0, 0 },
	{ "--items", NUMBER, false, 1, OAE_ITEMS_MAX },
	{ "--runs", NUMBER, false, 2, 100 },
	{ "--knob-runs", NUMBER, false, 0, 100 },
	{ "--held-out-runs", NUMBER, false, 2, 100 },
	{ "--expert", TEXT, false, 0, 0 },
	{ "--who", TEXT, false, 0, 0 },
	{ "--expert-trials", NUMBER, false, 1, 1000000 },
	{ "--expert-hours", HOURS, false, 0, 0 },
	{ "--hours-a-trial", HOURS, false, 0, 0 },
	{ "--ready-limit", NUMBER, false, 1, OAE_LIMIT_S_MAX },
	{ "--request-limit", NUMBER, false, 1, OAE_LIMIT_S_MAX },
	{ "--close-limit", NUMBER, false, 1, OAE_LIMIT_S_MAX },
	{ "--no-scale", FLAG, false, 0, 0 },
	{ "--dry-run", FLAG, false, 0, 0 },
	{ "--out", TEXT, false, 0, 0 },
	{ "--resume", TEXT, true, 0, 0 },
	{ "--sysroot", TEXT, true, 0, 0 },
	{ "--no-report", FLAG, true, 0, 0 },
	{ "--json", FLAG, true, 0, 0 },
	{ "--quiet", FLAG, true, 0, 0 },
	{ "--help", FLAG, true, 0, 0 },
	{ "-h", FLAG, true, 0, 0 },
};

#define N_OPTIONS (sizeof(options) / sizeof(options[0]))

static void take_flag(struct oae_tune_args *a, const char *name)
{
	if (!strcmp(name, "--no-scale"))
		a->tune.no_scale = true;
	else if (!strcmp(name, "--dry-run"))
		a->dry_run = true;
	else if (!strcmp(name, "--no-report"))
		a->report = false;
	else if (!strcmp(name, "--json"))
		a->json = true;
	else if (!strcmp(name, "--quiet"))
		a->quiet = true;
	else
		a->help = true;
}

static void take_text(struct oae_tune_args *a, const char *name,
		      const char *value)
{
	const struct {
		const char *name;
		const char **to;
	} texts[] = {
		{ "--baseline", &a->tune.baseline },
		{ "--profile", &a->options.profiles.item[0] },
		{ "--suite", &a->options.suite },
		{ "--expert", &a->tune.expert },
		{ "--who", &a->tune.who },
		{ "--out", &a->out },
		{ "--resume", &a->resume },
		{ "--sysroot", &a->sysroot },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!strcmp(texts[i].name, name))
			*texts[i].to = value;
}

static enum oae_status take_number(struct oae_tune_args *a,
				   const struct option *o, const char *value,
				   struct oae_error *err)
{
	const struct {
		const char *name;
		uint32_t *to;
	} numbers[] = {
		{ "--trials", &a->tune.trials },
		{ "--items", &a->options.items },
		{ "--runs", &a->tune.runs },
		{ "--knob-runs", &a->tune.knob_runs },
		{ "--held-out-runs", &a->tune.held_out_runs },
		{ "--expert-trials", &a->tune.expert_trials },
		{ "--ready-limit", &a->options.ready_s },
		{ "--request-limit", &a->options.request_s },
		{ "--close-limit", &a->options.close_s },
	};
	bool even = strstr(o->name, "runs") != NULL;
	uint64_t v;
	enum oae_status status =
		oae_word_number(o->name, value, o->least, o->most, &v, err);

	if (status)
		return status;
	if (even && v % 2)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%s %s: must be even: every order of settings"
				" is run forwards and backwards",
				o->name, value);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (!strcmp(numbers[i].name, o->name))
			*numbers[i].to = (uint32_t)v;
	return OAE_OK;
}

static enum oae_status take_hours(struct oae_tune_args *a, const char *name,
				  const char *value, struct oae_error *err)
{
	double *to = !strcmp(name, "--expert-hours") ? &a->tune.expert_hours :
						       &a->tune.hours_a_trial;
	char *end;

	*to = strtod(value, &end);
	if (end == value || *end || !(*to >= 0 && *to <= HOURS_MAX))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%s '%.40s': must be hours, from 0 to %g", name,
				value, HOURS_MAX);
	return OAE_OK;
}

static enum oae_status take(struct oae_tune_args *a, const struct option *o,
			    const char *value, struct oae_error *err)
{
	struct oae_names *folders = &a->options.adapters;

	switch (o->kind) {
	case FLAG:
		take_flag(a, o->name);
		return OAE_OK;
	case TEXT:
		take_text(a, o->name, value);
		return OAE_OK;
	case NUMBER:
		return take_number(a, o, value, err);
	case HOURS:
		return take_hours(a, o->name, value, err);
	case SEED:
		return oae_word_number(o->name, value, 0, UINT64_MAX,
				       &a->options.seed, err);
	case LIST:
		return oae_names_split(o->name, value, &a->workloads,
				       &a->options.workloads, err);
	case FOLDER:
		break;
	}
	if (folders->count == OAE_SYSTEMS_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0, "%s: more than %u",
				o->name, OAE_SYSTEMS_MAX);
	folders->item[folders->count++] = value;
	return OAE_OK;
}

/* The option of argv[i], its value (also "--name=value"), the next i. */
static enum oae_status next(int argc, char **argv, int *i, size_t *option,
			    const char **value, struct oae_error *err)
{
	const char *word = argv[*i];
	size_t len = strcspn(word, "="), k;

	for (k = 0; k < N_OPTIONS; k++)
		if (strlen(options[k].name) == len &&
		    !strncmp(options[k].name, word, len))
			break;
	*option = k;
	if (k == N_OPTIONS)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"unknown option '%.60s'; `oae tune --help`"
				" lists them",
				word);
	*value = word[len] == '=' ? word + len + 1 : NULL;
	(*i)++;
	if (options[k].kind == FLAG)
		return *value ? oae_fail(err, OAE_ERR_USAGE, 0,
					 "%s takes no value", options[k].name) :
				OAE_OK;
	if (!*value && *i < argc)
		*value = argv[(*i)++];
	if (!*value || !**value)
		return oae_fail(err, OAE_ERR_USAGE, 0, "%s needs a value",
				options[k].name);
	return OAE_OK;
}

static enum oae_status check_whole(const struct oae_tune_args *a,
				   const char *not_resumed,
				   struct oae_error *err)
{
	const struct oae_tune_options *t = &a->tune;

	if (a->help)
		return OAE_OK;
	if (a->resume && (not_resumed || t->system))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%s does not go with --resume: a resumed"
				" tuning is the one that was begun",
				not_resumed ? not_resumed : t->system);
	if (!a->resume && !t->system)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"give a system to tune, such as"
				" reference/speculative; `oae list systems`"
				" shows them");
	if (!t->expert &&
	    (t->who || t->expert_trials || !isnan(t->expert_hours)))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--who, --expert-trials and --expert-hours"
				" belong to --expert SETTING");
	return OAE_OK;
}

enum oae_status oae_tune_args_read(struct oae_tune_args *a, int argc,
				   char **argv, struct oae_error *err)
{
	const char *value = NULL, *not_resumed = NULL;
	bool seen[N_OPTIONS] = { false };
	enum oae_status status = OAE_OK;
	size_t k;
	int i = 1;

	memset(a, 0, sizeof(*a));
	a->report = true;
	a->sysroot = "";
	a->options.suite = "quick";
	a->options.seed = OAE_SEED_DEFAULT;
	a->options.items = 20;
	a->options.ready_s = 60;
	a->options.request_s = 30;
	a->tune.trials = 32;
	a->tune.runs = 2;
	a->tune.knob_runs = a->tune.held_out_runs = 6;
	a->tune.hours_a_trial = a->tune.expert_hours = NAN;
	while (!status && i < argc) {
		if (argv[i][0] != '-') {
			if (a->tune.system)
				return oae_fail(err, OAE_ERR_USAGE, 0,
						"unexpected '%.60s': one"
						" system at a time",
						argv[i]);
			a->tune.system = argv[i++];
			continue;
		}
		status = next(argc, argv, &i, &k, &value, err);
		if (status)
			break;
		if (seen[k] && options[k].kind != FOLDER)
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"%s is given twice", options[k].name);
		seen[k] = true;
		if (!options[k].resume)
			not_resumed = options[k].name;
		status = take(a, &options[k], value, err);
	}
	return status ? status : check_whole(a, not_resumed, err);
}

void oae_tune_args_release(struct oae_tune_args *a)
{
	free(a->workloads);
	memset(a, 0, sizeof(*a));
}
