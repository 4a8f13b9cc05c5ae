/* SPDX-License-Identifier: Apache-2.0 */
/* oae-corpus: writes the items of a workload on stdout. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "workloads/corpus/items.h"

#define PROGRAM "oae-corpus"
#define SEED 1 /* of the items that are shipped */
#define COUNT 600

static const char help[] =
	"usage: oae-corpus items WORKLOAD [--seed N] [--count N]\n"
	"\n"
	"Writes the items of a workload of the Brookfield corpus (letters,\n"
	"notices, sums) on stdout, one JSON object a line. The same seed and\n"
	"count give the same bytes.\n"
	"\n"
	"  --seed N    default 1: the items that are shipped\n"
	"  --count N   default 600\n";

static bool number(const char *text, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno;
}

static int usage(const char *what, const char *word)
{
	struct oae_error err = { 0 };

	oae_fail(&err, OAE_ERR_USAGE, 0, "%s \"%.60s\"; see %s --help", what,
		 word, PROGRAM);
	return oae_die_code(PROGRAM, &err);
}

static int items(const char *workload, uint64_t seed, uint64_t count)
{
	struct oae_error err = { 0 };
	struct oae_buf out;
	int code = OAE_EXIT_OK;

	oae_buf_init(&out, OAE_TEXT_FILE_BYTES_MAX);
	if (oae_corpus_items(workload, seed, (size_t)count, &out, &err)) {
		code = oae_die_code(PROGRAM, &err);
	} else if (fwrite(oae_buf_str(&out), 1, out.len, stdout) != out.len ||
		   fflush(stdout)) {
		oae_fail(&err, OAE_ERR_IO, errno, "stdout");
		code = oae_die_code(PROGRAM, &err);
	}
	oae_buf_release(&out);
	return code;
}

int main(int argc, char **argv)
{
	uint64_t seed = SEED, count = COUNT;

	if (argc == 2 && !strcmp(argv[1], "--help")) {
		fputs(help, stdout);
		return OAE_EXIT_OK;
	}
	if (argc < 3 || strcmp(argv[1], "items") != 0)
		return usage("unknown command", argc > 1 ? argv[1] : "");
	for (int i = 3; i < argc; i += 2) {
		bool is_seed = !strcmp(argv[i], "--seed");

		if (!is_seed && strcmp(argv[i], "--count") != 0)
			return usage("unknown option", argv[i]);
		if (i + 1 == argc ||
		    !number(argv[i + 1], is_seed ? &seed : &count))
			return usage("no number follows", argv[i]);
	}
	return items(argv[2], seed, count);
}
