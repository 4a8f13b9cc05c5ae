/* SPDX-License-Identifier: Apache-2.0 */
/* `oae redact DIR OUT`: a run folder without its texts. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "harness/commands.h"
#include "harness/redact.h"

static const char help[] =
	"usage: oae redact DIR OUT\n\n"
	"Makes OUT, a run folder that can be published although its prompts and"
	" answers\ncannot: every prompt, right answer and answer of DIR is"
	" replaced by a keyed hash\n(HMAC-SHA-256) and the verdict that the"
	" judge gave before. The journal is chained\nand sealed anew; the"
	" result"
	" says \"redacted\" and has the same scores to the last\ndigit; `oae"
	" verify OUT` checks it, `oae submit OUT` packs it.\n\n"
	"The key is random, of this folder alone, and thrown away: without it"
	" nobody can\ntry short answers such as \"yes\" until a hash fits, not"
	" even you. OUT holds no\nother hash of the original either, and nor"
	" should anything else that you publish:\nwith all the rest known, it"
	" would tell when a guess is right.\n\n"
	"What OUT still shows: which answers to one question are equal, whether"
	" they are\nright, how many tokens and how long they took; the names of"
	" questions, groups,\nfiles and options as you chose them. Others"
	" cannot judge the answers again, so\nkeep DIR.\n\n"
	"OUT is searched for every text before it is done; when one is found in"
	" another\nplace (a profile's title, say), OUT is removed and the place"
	" is named. Texts\nbelow 12 bytes cannot be searched for.\n\n"
	"example:\n"
	"  oae redact oae-runs/mine oae-runs/mine-public && oae verify"
	" oae-runs/mine-public\n\n"
	"exit codes: 0 done, 1 cannot, 2 DIR has no seal or was changed, or a"
	" text would\nremain, 4 of another version, 64 usage\n";

int oae_cmd_redact(int argc, char **argv)
{
	struct oae_error err = { OAE_OK, 0, "" };
	const char *words[2];
	enum oae_status status;
	size_t texts = 0;
	int n = 0;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			fputs(help, stdout);
			return OAE_EXIT_OK;
		}
		if (argv[i][0] == '-' || n == 2) {
			fprintf(stderr,
				"oae redact: unexpected '%.60s'; try"
				" `oae redact --help`\n",
				argv[i]);
			return OAE_EXIT_USAGE;
		}
		words[n++] = argv[i];
	}
	if (n < 2) {
		fputs("oae redact: give a run folder and a new one; try"
		      " `oae redact --help`\n",
		      stderr);
		return OAE_EXIT_USAGE;
	}
	if (!oae_dir_exists(words[0])) {
		fprintf(stderr, "oae redact: %.200s: no such folder\n",
			words[0]);
		return OAE_EXIT_ERROR;
	}
	status = oae_redact_run(words[0], words[1], &texts, &err);
	if (!status) {
		printf("wrote %s: %zu texts replaced, every score as before\n",
		       words[1], texts);
		return fflush(stdout) ? OAE_EXIT_ERROR : OAE_EXIT_OK;
	}
	oae_die_code("oae redact", &err);
	return status == OAE_ERR_UNSUPPORTED ? OAE_EXIT_NOT_COMPARABLE :
					       (int)oae_exit_code(status);
}
