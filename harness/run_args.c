/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/run_args.h"
#include "harness/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* "2%" is 0.02. */
static enum oae_status read_percent(const char *option, const char *text,
				    double *out, struct oae_error *err)
{
	char *end;
	double v = strtod(text, &end) / 100;

	if (end == text || strcmp(end, "%") != 0 ||
	    !(v >= OAE_PRECISION_MIN && v <= OAE_PRECISION_MAX))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%s '%.40s': must be from %g%% to %g%%, such"
				" as 2%%",
				option, text, 100 * OAE_PRECISION_MIN,
				100 * OAE_PRECISION_MAX);
	*out = v;
	return OAE_OK;
}

/* "90s", "10m", "2h" in seconds. */
static enum oae_status read_time(const char *option, const char *text,
				 uint32_t *out, struct oae_error *err)
{
	static const char units[] = "smh";
	static const uint32_t seconds[] = { 1, 60, 3600 };
	const char *unit;
	uint64_t n;
	char *end;

	errno = 0;
	n = strtoull(text, &end, 10);
	unit = *end ? strchr(units, *end) : NULL;
	if (errno || end == text || text[0] == '-' || !unit || end[1] || !n ||
	    n > OAE_BUDGET_S_MAX / seconds[unit - units])
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%s '%.40s': must be a time such as 90s, 10m"
				" or 2h, of at most %uh",
				option, text, OAE_BUDGET_S_MAX / 3600);
	*out = (uint32_t)n * seconds[unit - units];
	return OAE_OK;
}

enum oae_status oae_names_split(const char *option, const char *text,
				char **memory, struct oae_names *out,
				struct oae_error *err)
{
	size_t equal, comma;
	char *at;

	free(*memory);
	*memory = strdup(text);
	if (!*memory)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "options");
	out->count = 0;
	for (at = *memory; at;) {
		if (out->count == OAE_SYSTEMS_MAX)
			return oae_fail(err, OAE_ERR_LIMIT, 0,
					"%s: more than %u names", option,
					OAE_SYSTEMS_MAX);
		if (*at == '\0' || *at == ',')
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"%s '%.60s': an empty name", option,
					text);
		out->item[out->count++] = at;
		do {
			at = strchr(at, ',');
			if (!at)
				break;
			equal = strcspn(at + 1, "=");
			comma = strcspn(at + 1, ",/");
			if (at[1 + equal] == '=' && equal < comma) {
				at++;
				continue;
			}
			*at++ = '\0';
			break;
		} while (at);
	}
	return OAE_OK;
}

enum kind {
	FLAG,
	TEXT,
	NUMBER,
	REAL,
	LIST,
	PATH, /* may be repeated */
};

static const struct option {
	const char *name;
	enum kind kind;
	bool resume; /* goes with --resume */
} options[] = {
	{ "--suite", TEXT, false },
	{ "--systems", LIST, false },
	{ "--workloads", LIST, false },
	{ "--conditions", LIST, false },
	{ "--adapter", PATH, false },
	{ "--programs", PATH, false },
	{ "--profile", PATH, false },
	{ "--setup", PATH, false },
	{ "--tune", PATH, false },
	{ "--seed", NUMBER, false },
	{ "--scenario", TEXT, false },
	{ "--arrivals", TEXT, false },
	{ "--rate", REAL, false },
	{ "--think", REAL, false },
	{ "--concurrency", NUMBER, false },
	{ "--samples-per-query", NUMBER, false },
	{ "--goodput", TEXT, false },
	{ "--runs", NUMBER, false },
	{ "--precision", NUMBER, false },
	{ "--budget", NUMBER, false },
	{ "--items", NUMBER, false },
	{ "--out", TEXT, false },
	{ "--ready-limit", NUMBER, false },
	{ "--request-limit", NUMBER, false },
	{ "--close-limit", NUMBER, false },
	{ "--resume", TEXT, true },
	{ "--sysroot", TEXT, true },
	{ "--no-score", FLAG, true },
	{ "--no-report", FLAG, true },
	{ "--keep-going", FLAG, true },
	{ "--no-calibration", FLAG, false },
	{ "--dry-run", FLAG, false },
	{ "--json", FLAG, true },
	{ "--quiet", FLAG, true },
	{ "--help", FLAG, true },
	{ "-h", FLAG, true },
};

#define N_OPTIONS (sizeof(options) / sizeof(options[0]))

static void take_flag(struct oae_run_args *a, const char *name)
{
	if (!strcmp(name, "--no-score"))
		a->score = a->report = false;
	else if (!strcmp(name, "--no-report"))
		a->report = false;
	else if (!strcmp(name, "--no-calibration"))
		a->options.no_calibration = true;
	else if (!strcmp(name, "--dry-run"))
		a->dry_run = true;
	else if (!strcmp(name, "--json"))
		a->json = true;
	else if (!strcmp(name, "--quiet"))
		a->quiet = true;
	else if (strcmp(name, "--keep-going") != 0)
		a->help = true;
}

static void take_text(struct oae_run_args *a, const char *name,
		      const char *value)
{
	if (!strcmp(name, "--suite"))
		a->options.suite = value;
	else if (!strcmp(name, "--scenario"))
		a->options.load.scenario = value;
	else if (!strcmp(name, "--arrivals"))
		a->options.load.arrivals = value;
	else if (!strcmp(name, "--goodput"))
		a->options.load.goodput = value;
	else if (!strcmp(name, "--out"))
		a->out = value;
	else if (!strcmp(name, "--resume"))
		a->resume = value;
	else
		a->sysroot = value;
}

static enum oae_status take_number(struct oae_run_args *a, const char *name,
				   const char *value, struct oae_error *err)
{
	enum oae_status status;
	uint64_t n = 0;

	if (!strcmp(name, "--seed"))
		return oae_word_number(name, value, 0, UINT64_MAX,
				       &a->options.seed, err);
	if (!strcmp(name, "--precision"))
		return read_percent(name, value, &a->options.precision, err);
	if (!strcmp(name, "--budget"))
		return read_time(name, value, &a->options.budget_s, err);
	if (!strcmp(name, "--runs")) {
		status = oae_word_number(name, value, 2, OAE_RUNS_MAX, &n, err);
		a->options.runs = (uint32_t)n;
		if (!status && n % 2)
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"--runs %s: must be even: every order"
					" of systems is run forwards and"
					" backwards",
					value);
		return status;
	}
	status = oae_word_number(name, value, 1,
				 !strcmp(name, "--items") ? OAE_ITEMS_MAX :
							    OAE_LIMIT_S_MAX,
				 &n, err);
	if (!strcmp(name, "--items"))
		a->options.items = (uint32_t)n;
	else if (!strcmp(name, "--ready-limit"))
		a->options.ready_s = (uint32_t)n;
	else if (!strcmp(name, "--request-limit"))
		a->options.request_s = (uint32_t)n;
	else
		a->options.close_s = (uint32_t)n;
	return status;
}

static enum oae_status take_real(struct oae_run_args *a, const char *name,
				 const char *value, struct oae_error *err)
{
	bool rate = !strcmp(name, "--rate");
	double *out = rate ? &a->options.load.rate_per_s :
			     &a->options.load.think_s;
	double most = rate ? OAE_ARRIVAL_RATE_MAX : OAE_THINK_S_MAX;
	char *end;

	*out = strtod(value, &end);
	if (end == value || *end || !(*out > 0 && *out <= most))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%s '%.40s': must be a number above 0, at most"
				" %g",
				name, value, most);
	return OAE_OK;
}

/* A number of requests in flight. */
static enum oae_status take_width(struct oae_run_args *a, const char *name,
				  const char *value, struct oae_error *err)
{
	uint64_t n = 0;
	enum oae_status status =
		oae_word_number(name, value, 1, OAE_CONCURRENCY_MAX, &n, err);

	if (!strcmp(name, "--concurrency"))
		a->options.load.concurrency = (uint32_t)n;
	else
		a->options.load.samples_per_query = (uint32_t)n;
	return status;
}

static enum oae_status take(struct oae_run_args *a, const struct option *o,
			    const char *value, struct oae_error *err)
{
	struct oae_names *paths =
		!strcmp(o->name, "--adapter")  ? &a->options.adapters :
		!strcmp(o->name, "--programs") ? &a->options.builds :
		!strcmp(o->name, "--setup")    ? &a->options.setups :
		!strcmp(o->name, "--tune")     ? &a->options.tunes :
						 &a->options.profiles;

	switch (o->kind) {
	case FLAG:
		take_flag(a, o->name);
		return OAE_OK;
	case TEXT:
		take_text(a, o->name, value);
		return OAE_OK;
	case REAL:
		return take_real(a, o->name, value, err);
	case NUMBER:
		if (!strcmp(o->name, "--concurrency") ||
		    !strcmp(o->name, "--samples-per-query"))
			return take_width(a, o->name, value, err);
		return take_number(a, o->name, value, err);
	case LIST:
		if (!strcmp(o->name, "--systems"))
			return oae_names_split(o->name, value, &a->lists[0],
					       &a->options.systems, err);
		if (!strcmp(o->name, "--conditions"))
			return oae_names_split(o->name, value, &a->lists[2],
					       &a->options.conditions, err);
		return oae_names_split(o->name, value, &a->lists[1],
				       &a->options.workloads, err);
	case PATH:
		if (paths->count == OAE_PROFILES_MAX)
			return oae_fail(err, OAE_ERR_LIMIT, 0,
					"%s: more than %u", o->name,
					OAE_PROFILES_MAX);
		paths->item[paths->count++] = value;
		return OAE_OK;
	}
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
				"unknown option '%.60s'; `oae run --help` lists"
				" them",
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

enum oae_status oae_run_args_read(struct oae_run_args *a, int argc, char **argv,
				  struct oae_error *err)
{
	const char *value = NULL, *not_resumed = NULL;
	bool seen[N_OPTIONS] = { false };
	enum oae_status status = OAE_OK;
	size_t k;
	int i = 1;

	memset(a, 0, sizeof(*a));
	a->score = a->report = true;
	a->sysroot = "";
	a->options.suite = "quick";
	a->options.seed = OAE_SEED_DEFAULT;
	while (!status && i < argc) {
		status = next(argc, argv, &i, &k, &value, err);
		if (status)
			break;
		if (seen[k] && options[k].kind != PATH)
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"%s is given twice", options[k].name);
		seen[k] = true;
		if (!options[k].resume)
			not_resumed = options[k].name;
		status = take(a, &options[k], value, err);
	}
	if (!status && a->resume && not_resumed)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%s does not go with --resume: a resumed"
				" campaign is the one that was begun",
				not_resumed);
	return status;
}

void oae_run_args_release(struct oae_run_args *a)
{
	free(a->lists[0]);
	free(a->lists[1]);
	free(a->lists[2]);
	memset(a, 0, sizeof(*a));
}
