/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/compare_args.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/run_args.h"
#include "harness/words.h"

static const char *const policies[] = { "fail", "pass", "rerun" };

const char *oae_on_inconclusive_name(enum oae_on_inconclusive p)
{
	return policies[p];
}

static enum oae_status number32(const char *option, const char *text,
				uint32_t low, uint32_t high, uint32_t *out,
				struct oae_error *err)
{
	uint64_t n = 0;
	enum oae_status status =
		oae_word_number(option, text, low, high, &n, err);

	*out = (uint32_t)n;
	return status;
}

/* "3%" is 0.03. */
static enum oae_status percent(const char *option, const char *text, double low,
			       double high, double *out, struct oae_error *err)
{
	char *end;

	*out = strtod(text, &end) / 100;
	if (end == text || strcmp(end, "%") != 0 ||
	    !(*out >= low && *out <= high))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%s '%.40s': must be from %g%% to %g%%, such"
				" as 3%%",
				option, text, 100 * low, 100 * high);
	return OAE_OK;
}

static enum oae_status unknown_metric(const char *option, const char *name,
				      struct oae_error *err)
{
	char known[240] = "";
	size_t n = 0;

	for (int m = 0; m < OAE_COMPARE_COMPLETED && n < sizeof(known); m++)
		n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s",
				      m ? ", " : "",
				      oae_compare_metrics[m].name);
	return oae_fail(err, OAE_ERR_USAGE, 0,
			"%s: no metric '%.40s'; there are %s", option, name,
			known);
}

static enum oae_compare_metric metric_named(const char *name)
{
	enum oae_compare_metric m = oae_compare_metric_find(name);

	return m == OAE_COMPARE_COMPLETED ? OAE_COMPARE_METRICS : m;
}

/* "3%", "memory=10%", or several with commas. */
static enum oae_status threshold(struct oae_compare_args *a, const char *word,
				 struct oae_error *err)
{
	const char *equal = strchr(word, '=');
	enum oae_compare_metric m;
	enum oae_status status;
	char name[40];
	double v;

	status = percent("--threshold", equal ? equal + 1 : word, 0, 10, &v,
			 err);
	if (status)
		return status;
	if (!equal) {
		for (int i = 0; i < OAE_COMPARE_QUALITY; i++)
			a->rules.threshold[i] = v;
		return OAE_OK;
	}
	snprintf(name, sizeof(name), "%.*s", (int)(equal - word), word);
	m = metric_named(name);
	if (m == OAE_COMPARE_METRICS)
		return unknown_metric("--threshold", name, err);
	a->rules.threshold[m] = v;
	return OAE_OK;
}

static enum oae_status choose(struct oae_compare_args *a, const char *word,
			      struct oae_error *err)
{
	enum oae_compare_metric m = metric_named(word);

	if (m == OAE_COMPARE_METRICS)
		return unknown_metric("--metrics", word, err);
	if (!a->rules.by_name)
		memset(a->rules.chosen, 0, sizeof(a->rules.chosen));
	a->rules.by_name = a->rules.chosen[m] = true;
	return OAE_OK;
}

static enum oae_status
each_word(struct oae_compare_args *a, const char *text,
	  enum oae_status (*fn)(struct oae_compare_args *, const char *,
				struct oae_error *),
	  struct oae_error *err)
{
	char *copy = strdup(text), *rest = NULL, *word;
	enum oae_status status = OAE_OK;

	if (!copy)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "options");
	for (word = strtok_r(copy, ",", &rest); word && !status;
	     word = strtok_r(NULL, ",", &rest))
		status = fn(a, word, err);
	free(copy);
	return status;
}

static enum oae_status policy(struct oae_compare_args *a, const char *text,
			      struct oae_error *err)
{
	for (int i = 0; i < 3; i++)
		if (strcmp(policies[i], text) == 0) {
			a->policy = (enum oae_on_inconclusive)i;
			return OAE_OK;
		}
	return oae_fail(err, OAE_ERR_USAGE, 0,
			"--on-inconclusive '%.40s': must be pass, fail or"
			" rerun",
			text);
}

static enum oae_status even(const char *option, uint32_t n,
			    struct oae_error *err)
{
	return n % 2 ? oae_fail(err, OAE_ERR_USAGE, 0,
				"%s %u: must be even: every order of the sides"
				" is run forwards and backwards",
				option, n) :
		       OAE_OK;
}

enum word {
	METRICS,
	THRESHOLD,
	ALPHA,
	RESOLUTION,
	POLICY,
	PAIRS,
	PAIRS_MAX,
	SYSTEMS,
	WORKLOADS,
	SUITE,
	ADAPTER,
	BUILD,
	BUILD_LIMIT,
	OUT,
	ALLOW,
	ITEMS,
	SEED,
	JSON,
	JUNIT,
	MARKDOWN,
	ANNOTATIONS,
	VALUES,
	RUN = VALUES,
	AA,
	KEEP,
	QUIET,
	HELP,
	WORDS,
};

static const struct {
	const char *name;
	bool run; /* only with --run */
} options[WORDS] = {
	[METRICS] = { "--metrics", false },
	[THRESHOLD] = { "--threshold", false },
	[ALPHA] = { "--alpha", false },
	[RESOLUTION] = { "--resolution", false },
	[POLICY] = { "--on-inconclusive", false },
	[PAIRS] = { "--pairs", true },
	[PAIRS_MAX] = { "--pairs-max", true },
	[SYSTEMS] = { "--systems", false },
	[WORKLOADS] = { "--workloads", true },
	[SUITE] = { "--suite", true },
	[ADAPTER] = { "--adapter", true },
	[BUILD] = { "--build", true },
	[BUILD_LIMIT] = { "--build-limit", true },
	[OUT] = { "--out", true },
	[ALLOW] = { "--allow", false },
	[ITEMS] = { "--items", true },
	[SEED] = { "--seed", false },
	[JSON] = { "--json", false },
	[JUNIT] = { "--junit", false },
	[MARKDOWN] = { "--markdown", false },
	[ANNOTATIONS] = { "--annotations", false },
	[RUN] = { "--run", false },
	[AA] = { "--aa", false },
	[KEEP] = { "--keep", true },
	[QUIET] = { "--quiet", false },
	[HELP] = { "--help", false },
};

static void take_text(struct oae_compare_args *a, enum word w, const char *v)
{
	const char **slots[VALUES] = {
		[SUITE] = &a->suite, [ADAPTER] = &a->adapter,
		[BUILD] = &a->build, [OUT] = &a->out,
		[ALLOW] = &a->allow, [JSON] = &a->json,
		[JUNIT] = &a->junit, [MARKDOWN] = &a->markdown,
	};

	if (slots[w])
		*slots[w] = v;
}

static enum oae_status take_value(struct oae_compare_args *a, enum word w,
				  const char *v, struct oae_error *err)
{
	const char *name = options[w].name;
	enum oae_status status;

	switch (w) {
	case METRICS:
		return each_word(a, v, choose, err);
	case THRESHOLD:
		return each_word(a, v, threshold, err);
	case ALPHA:
		return percent(name, v, 1e-12, .2, &a->rules.alpha, err);
	case RESOLUTION:
		return percent(name, v, .0001, 10, &a->rules.resolution, err);
	case POLICY:
		return policy(a, v, err);
	case PAIRS:
		status = number32(name, v, 2, OAE_RUNS_MAX / 2, &a->pairs, err);
		return status ? status : even(name, a->pairs, err);
	case PAIRS_MAX:
		status = number32(name, v, 2, OAE_RUNS_MAX / 2, &a->pairs_max,
				  err);
		return status ? status : even(name, a->pairs_max, err);
	case SYSTEMS:
		return oae_names_split(name, v, &a->lists[0], &a->systems, err);
	case WORKLOADS:
		return oae_names_split(name, v, &a->lists[1], &a->workloads,
				       err);
	case BUILD_LIMIT:
		return number32(name, v, 1, OAE_LIMIT_S_MAX, &a->build_s, err);
	case ITEMS:
		return number32(name, v, 1, OAE_ITEMS_MAX, &a->items, err);
	case SEED:
		return oae_word_number(name, v, 0, UINT64_MAX, &a->seed, err);
	case ANNOTATIONS:
		a->github = true;
		return strcmp(v, "github") == 0 ?
			       OAE_OK :
			       oae_fail(err, OAE_ERR_USAGE, 0,
					"--annotations '%.40s': only github",
					v);
	default:
		take_text(a, w, v);
		return OAE_OK;
	}
}

static void take_flag(struct oae_compare_args *a, enum word w)
{
	a->run |= w == RUN;
	a->aa |= w == AA;
	a->keep |= w == KEEP;
	a->quiet |= w == QUIET;
	a->help |= w == HELP;
}

static enum oae_status take_side(struct oae_compare_args *a, const char *word,
				 struct oae_error *err)
{
	if (!*word)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"an empty word; is a variable not set?");
	if (a->head)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"unexpected '%.60s'; `oae compare --help` says"
				" what goes",
				word);
	if (a->base)
		a->head = word;
	else
		a->base = word;
	return OAE_OK;
}

static enum oae_status next(struct oae_compare_args *a, int argc, char **argv,
			    int *i, bool *run_only, struct oae_error *err)
{
	const char *word = argv[(*i)++], *value;
	size_t len = strcspn(word, "=");
	int w;

	if (word[0] != '-')
		return take_side(a, word, err);
	if (strcmp(word, "-h") == 0)
		word = "--help";
	for (w = 0; w < WORDS; w++)
		if (strlen(options[w].name) == len &&
		    strncmp(options[w].name, word, len) == 0)
			break;
	if (w == WORDS)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"unknown option '%.60s'; `oae compare --help`"
				" lists them",
				word);
	*run_only |= options[w].run;
	value = word[len] == '=' ? word + len + 1 : NULL;
	if (w >= VALUES) {
		if (value)
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"%s takes no value", options[w].name);
		take_flag(a, (enum word)w);
		return OAE_OK;
	}
	if (!value && *i < argc)
		value = argv[(*i)++];
	if (!value || !*value)
		return oae_fail(err, OAE_ERR_USAGE, 0, "%s needs a value",
				options[w].name);
	return take_value(a, (enum word)w, value, err);
}

/* What goes together. */
static enum oae_status check(struct oae_compare_args *a, bool run_only,
			     struct oae_error *err)
{
	if (run_only && !a->run)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--pairs, --pairs-max, --workloads, --suite,"
				" --adapter, --build, --build-limit, --items,"
				" --out and --keep say how to measure: they"
				" need --run");
	if (!a->base)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"name BASE and HEAD; `oae compare --help` says"
				" what they can be");
	if (a->aa && a->head)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--aa compares one build with itself; leave"
				" out '%.60s'",
				a->head);
	if (a->run && !a->aa && !a->head)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--run needs BASE and HEAD");
	if (a->run && !a->systems.count)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--run needs --systems ADAPTER/SYSTEM");
	if (!a->run && a->policy == OAE_INCONCLUSIVE_RERUN)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--on-inconclusive rerun needs --run: stored"
				" results cannot be measured again");
	if (a->pairs_max && a->pairs_max < a->pairs)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--pairs-max %u is less than --pairs %u",
				a->pairs_max, a->pairs);
	if (a->pairs_max > OAE_LOOKS_MAX * a->pairs)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--pairs-max %u: at most %u looks of --pairs %u"
				" each",
				a->pairs_max, OAE_LOOKS_MAX, a->pairs);
	return OAE_OK;
}

enum oae_status oae_compare_args_read(struct oae_compare_args *a, int argc,
				      char **argv, struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	bool run_only = false;
	uint32_t looks;

	memset(a, 0, sizeof(*a));
	oae_compare_rules_usual(&a->rules);
	a->pairs = OAE_COMPARE_PAIRS;
	a->build_s = OAE_COMPARE_BUILD_S;
	a->suite = "compare";
	a->seed = OAE_SEED_DEFAULT;
	for (int i = 1; i < argc && !status;)
		status = next(a, argc, argv, &i, &run_only, err);
	if (status || a->help)
		return status;
	status = check(a, run_only, err);
	if (!a->pairs_max)
		a->pairs_max = OAE_LOOKS_MAX * a->pairs;
	looks = a->pairs_max / a->pairs;
	if (a->policy == OAE_INCONCLUSIVE_RERUN)
		a->rules.looks = looks;
	return status;
}

void oae_compare_args_release(struct oae_compare_args *a)
{
	free(a->lists[0]);
	free(a->lists[1]);
	memset(a, 0, sizeof(*a));
}
