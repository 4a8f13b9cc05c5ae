/* SPDX-License-Identifier: Apache-2.0 */
/* `oae`: one table of commands; each is a cmd_*.c beside this file. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "harness/commands.h"

static const struct command {
	const char *name;
	int (*main)(int argc, char **argv);
	const char *about;
} commands[] = {
	{ "run", oae_cmd_run, "measure systems side by side, score, report" },
	{ "score", oae_cmd_score, "compute a run folder's result.json" },
	{ "report", oae_cmd_report,
	  "draw tables, charts and pages of results" },
	{ "verify", oae_cmd_verify,
	  "recompute a result from its journal; check a submission" },
	{ "submit", oae_cmd_submit, "pack and sign a run folder for others" },
	{ "reproduce", oae_cmd_reproduce,
	  "run a published result again here, and compare each number" },
	{ "board", oae_cmd_board, "build a leaderboard from submissions" },
	{ "compare", oae_cmd_compare,
	  "is one build worse than another, for CI" },
	{ "trend", oae_cmd_trend, "where results changed over time" },
	{ "cost", oae_cmd_cost,
	  "compute costs and OAE from a file of numbers" },
	{ "tune", oae_cmd_tune,
	  "how far shipped defaults and a few trials of the knobs get" },
	{ "profile", oae_cmd_profile,
	  "make a profile of your own numbers, or show one" },
	{ "redact", oae_cmd_redact,
	  "a run folder without its prompts and answers" },
	{ "list", oae_cmd_list, "what there is to run" },
	{ "setup", oae_cmd_setup,
	  "set an adapter up in a clean place, and record what it takes" },
	{ "effort", oae_cmd_effort,
	  "what a system takes people: ask, count, show" },
	{ "validate", oae_cmd_validate,
	  "check files against the schemas of the standard" },
	{ "stress", oae_cmd_stress, "keep cores and memory busy" },
	{ "doctor", oae_cmd_doctor,
	  "what this machine can measure, and how far to trust it" },
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *to)
{
	size_t i;

	fputs("oae " OAE_VERSION ": Overhead-Aware Efficiency of language-model"
	      " systems\n"
	      "What a method saves, after adoption, upkeep, machines and energy"
	      " are paid.\n\n"
	      "usage: oae COMMAND [options]\n"
	      "       oae COMMAND --help\n\ncommands:\n",
	      to);
	for (i = 0; i < N_COMMANDS; i++)
		fprintf(to, "  %-11s%s\n", commands[i].name, commands[i].about);
	fputs("\nexamples:\n"
	      "  oae doctor                    what can be measured here\n"
	      "  oae run                       the quick suite, scored, with a"
	      " report\n"
	      "  oae run --systems reference/dense,reference/moe"
	      " --workloads sums\n"
	      "  oae run --resume DIR          go on after an interruption\n"
	      "  oae verify DIR                check somebody's result\n"
	      "  oae cost my-numbers.json      plan without measuring\n"
	      "\nexit codes:\n"
	      "  0   done\n"
	      "  1   the tool could not do its work (or every request"
	      " failed)\n"
	      "  2   a check failed (verification, regression)\n"
	      "  3   inconclusive\n"
	      "  4   not comparable\n"
	      "  64  usage: unknown command, option or name\n"
	      "  130 interrupted; `oae run --resume DIR` goes on\n",
	      to);
}

/* The command itself, or its help wherever among its words that is asked. */
static int run_command(const struct command *c, int argc, char **argv)
{
	char ask[] = "--help", *help[] = { argv[0], ask, NULL };

	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 ||
		    strcmp(argv[i], "-h") == 0)
			return c->main(2, help);
	return c->main(argc, argv);
}

int main(int argc, char **argv)
{
	size_t i;

	/* A reader that goes away is a failed write, never our death. */
	signal(SIGPIPE, SIG_IGN);
	/* A file that grows over its limit, too. */
	signal(SIGXFSZ, SIG_IGN);
	if (argc < 2) {
		print_help(stderr);
		return OAE_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		print_help(stdout);
		return OAE_EXIT_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("oae %s, spec %s\n", OAE_VERSION, OAE_SPEC_VERSION);
		return OAE_EXIT_OK;
	}
	for (i = 0; i < N_COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return run_command(&commands[i], argc - 1, argv + 1);
	fprintf(stderr, "oae: unknown command '%.60s': there are", argv[1]);
	for (i = 0; i < N_COMMANDS; i++)
		fprintf(stderr, "%s %s", i ? "," : "", commands[i].name);
	fputs("; try `oae --help`\n", stderr);
	return OAE_EXIT_USAGE;
}
