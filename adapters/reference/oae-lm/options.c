/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* sched_getaffinity */
#include "adapters/reference/oae-lm/options.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/reference/model/threads.h"
#include "base/file.h"
#include "base/log.h"

static void print_help(const struct oae_lm_command *c)
{
	const struct oae_lm_option *o;
	char left[64];

	printf("usage: %s\n\n%s\n\noptions:\n", c->usage, c->about);
	for (size_t i = 0; i < c->n_options; i++) {
		o = &c->options[i];
		snprintf(left, sizeof(left), "%c%c%s--%s%s%s",
			 o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
			 o->letter ? ", " : "  ", o->name, o->value ? " " : "",
			 o->value ? o->value : "");
		printf("  %-24s %s\n", left, o->help);
	}
	printf("  %-24s %s\n", "    --help", "this text");
	if (c->more)
		printf("\n%s\n", c->more);
	printf("\nexit codes: 0 done, 1 error, 64 wrong usage\n");
}

static enum oae_status number(const struct oae_lm_option *o, const char *text,
			      struct oae_error *err)
{
	char *end;
	double v;

	errno = 0;
	if (o->whole) {
		*o->whole = strtoull(text, &end, 10);
		v = (double)*o->whole;
	} else {
		*o->real = v = strtod(text, &end);
	}
	if (errno || end == text || *end || *text == '-' || *text == '+' ||
	    *text == ' ' || !(v >= o->low && v <= o->high))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--%s %.40s: give a %snumber from %.15g to "
				"%.15g",
				o->name, text, o->whole ? "whole " : "", o->low,
				o->high);
	return OAE_OK;
}

static enum oae_status take_value(const struct oae_lm_option *o,
				  const char *text, struct oae_error *err)
{
	if (o->text) {
		*o->text = text;
		return OAE_OK;
	}
	if (!o->list)
		return number(o, text, err);
	if (o->list->n == OAE_LM_LIST_MAX)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--%s: given more than %u times", o->name,
				OAE_LM_LIST_MAX);
	o->list->items[o->list->n++] = text;
	return OAE_OK;
}

/* The option that word (-x, -xVALUE, --name, --name=VALUE) names, or NULL. */
static const struct oae_lm_option *find(const struct oae_lm_command *c,
					const char *word, const char **value)
{
	const struct oae_lm_option *o;
	size_t len;

	for (size_t i = 0; i < c->n_options; i++) {
		o = &c->options[i];
		if (word[1] != '-') {
			if (o->letter != word[1])
				continue;
			*value = word[2] ? word + 2 : NULL;
			return o;
		}
		len = strlen(o->name);
		if (strncmp(word + 2, o->name, len))
			continue;
		if (word[2 + len] && word[2 + len] != '=')
			continue;
		*value = word[2 + len] ? word + 3 + len : NULL;
		return o;
	}
	return NULL;
}

static enum oae_status take_option(const struct oae_lm_command *c, int argc,
				   char **argv, int *i, struct oae_error *err)
{
	const char *word = argv[*i], *value = NULL;
	const struct oae_lm_option *o = find(c, word, &value);

	if (!o)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"unknown option \"%.40s\"; see oae-lm %s "
				"--help",
				word, c->name);
	if (o->flag) {
		if (value)
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"--%s takes no value", o->name);
		*o->flag = true;
		return OAE_OK;
	}
	if (!value && *i + 1 < argc)
		value = argv[++*i];
	if (!value)
		return oae_fail(err, OAE_ERR_USAGE, 0, "--%s needs a value",
				o->name);
	return take_value(o, value, err);
}

bool oae_lm_parse(const struct oae_lm_command *c, int argc, char **argv,
		  const char **words, int *code)
{
	struct oae_error err = { 0 };
	char program[64];
	size_t n = 0;

	for (int i = 1; i < argc && !err.status; i++) {
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			print_help(c);
			*code = OAE_EXIT_OK;
			return false;
		}
		if (argv[i][0] == '-' && argv[i][1])
			take_option(c, argc, argv, &i, &err);
		else if (n < c->most)
			words[n++] = argv[i];
		else
			oae_fail(&err, OAE_ERR_USAGE, 0,
				 "\"%.60s\": one argument too many; usage: %s",
				 argv[i], c->usage);
	}
	if (!err.status && n < c->least)
		oae_fail(&err, OAE_ERR_USAGE, 0,
			 "an argument is missing; usage: %s", c->usage);
	if (!err.status)
		return true;
	snprintf(program, sizeof(program), "oae-lm %s", c->name);
	*code = oae_die_code(program, &err);
	return false;
}

enum oae_status oae_lm_prompt(const char *text, const char *file,
			      struct oae_buf *out, struct oae_error *err)
{
	char block[4096];
	size_t n;

	if (!text == !file)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"give the prompt by --prompt or --file");
	if (text)
		oae_buf_puts(out, text);
	else if (strcmp(file, "-") != 0)
		return oae_file_read(file, out, err);
	while (!text && !out->status &&
	       (n = fread(block, 1, sizeof(block), stdin)))
		oae_buf_add(out, block, n);
	if (!text && ferror(stdin))
		return oae_fail(err, OAE_ERR_IO, errno, "standard input");
	return oae_buf_check(out, "the prompt", err);
}

int oae_lm_end(const char *command, const struct oae_error *err)
{
	struct oae_error here = *err;
	char program[64];

	if (!here.status && (fflush(stdout) || ferror(stdout)))
		oae_fail(&here, OAE_ERR_IO, errno, "standard output");
	if (!here.status)
		return OAE_EXIT_OK;
	snprintf(program, sizeof(program), "oae-lm %s", command);
	return oae_die_code(program, &here);
}

void oae_lm_print(struct oae_buf *b, struct oae_error *err)
{
	if (!oae_buf_check(b, "the output", err))
		fwrite(oae_buf_str(b), 1, b->len, stdout);
	oae_buf_release(b);
}

uint64_t oae_lm_threads(void)
{
	cpu_set_t set;
	int n = 1;

	if (!sched_getaffinity(0, sizeof(set), &set))
		n = CPU_COUNT(&set);
	return n < 1			? 1 :
	       n > (int)OAE_THREADS_MAX ? OAE_THREADS_MAX :
					  (uint64_t)n;
}
