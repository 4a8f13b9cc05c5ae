/* SPDX-License-Identifier: Apache-2.0 */
/* `oae cost FILE`: planning without measuring. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "harness/commands.h"
#include "schema/plan.h"

static const char help[] =
	"usage: oae cost FILE        (- reads standard input)\n\n"
	"Computes costs, OAE, limits, break-even N, affordable hours and"
	" verdicts from\na file of numbers, and prints JSON. The first system"
	" is the baseline unless\n\"baseline\" names one. Any number may be"
	" [low, mid, high]; then these are printed\ntoo: bounds (the worst and"
	" the best of the ranges), the values at which the\nverdict flips, and"
	" \"uncertainty\": 5000 seeded draws of all ranges, the share of\nthem"
	" in which a system pays, the numbers that move its score most, and"
	" whether\nthe verdict is robust. With more than 256 comparisons"
	" nothing is drawn.\n\n"
	"A file (units are in the names; s is machine-seconds per request, a_h"
	" hours to\nadopt, mu_h_month hours of upkeep a month, g the share of"
	" requests that are\nright and in time):\n\n"
	"{\n"
	"  \"r_usd_h\": [41.65, 68.28, 99.36], \"H_months\": 24, \"g\": 1,\n"
	"  \"peak_over_mean\": 10, \"u\": 0.7, \"rho_usd\": 0.01,\n"
	"  \"systems\": {\n"
	"    \"dense\": {\"a_h\": 4, \"mu_h_month\": 1, \"s\": 10,"
	" \"e_kwh\": 0.0002},\n"
	"    \"moe\": {\"a_h\": [4, 8, 16], \"mu_h_month\": 1, \"s\": 5,"
	" \"watt_above_idle\": 72,\n"
	"            \"g\": 0.98}\n"
	"  },\n"
	"  \"on_demand\": {\"p_s_usd\": 0.0001},\n"
	"  \"owned\": {\"p_h_usd\": 0.05, \"p_idle_w\": 20,"
	" \"p_e_usd_kwh\": 0.20},\n"
	"  \"profiles_requests_a_month\": {\"clinic\": 3360,"
	" \"enterprise\": 210000}\n"
	"}\n\n"
	"Instead of profiles: \"N\": [80640, 5040000], requests over the"
	" whole H months.\n"
	"Optional per system: g, setup_s (machine-seconds of set-up). One of"
	" on_demand\nand owned may be missing.\n\n"
	"exit codes: 0 done, 1 bad file, 64 usage\n";

static enum oae_status read_stdin(cJSON **tree, struct oae_error *err)
{
	struct oae_buf text;
	char block[65536];
	enum oae_status status;
	size_t n;

	oae_buf_init(&text, OAE_JSON_FILE_BYTES_MAX);
	while ((n = fread(block, 1, sizeof(block), stdin)) > 0)
		oae_buf_add(&text, block, n);
	status = oae_buf_check(&text, "standard input", err);
	if (!status)
		status =
			oae_json_parse(oae_buf_str(&text), text.len, tree, err);
	oae_buf_release(&text);
	return status;
}

static enum oae_status cost(const char *path, struct oae_buf *out,
			    struct oae_error *err)
{
	static struct oae_plan plan;
	cJSON *tree = NULL;
	enum oae_status status;
	bool standard = strcmp(path, "-") == 0;

	status = standard ? read_stdin(&tree, err) :
			    oae_json_read(path, &tree, err);
	if (status)
		return status;
	status = oae_plan_read(tree, &plan, err);
	if (status)
		oae_error_prefix(err, "%s", standard ? "standard input" : path);
	if (!status)
		status = oae_plan_write(&plan, out, err);
	cJSON_Delete(tree);
	return status;
}

int oae_cmd_cost(int argc, char **argv)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_buf out;
	int code = OAE_EXIT_OK;

	if (argc == 2 &&
	    (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		fputs(help, stdout);
		return OAE_EXIT_OK;
	}
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] != '-' || argv[i][1] == '\0' ||
		    strcmp(argv[i], "--json") == 0)
			continue;
		fprintf(stderr,
			"oae cost: unknown option '%.60s'; try"
			" `oae cost --help`\n",
			argv[i]);
		return OAE_EXIT_USAGE;
	}
	/* It prints JSON anyway: --json is accepted, for habit. */
	if (argc == 3 && strcmp(argv[1], "--json") == 0)
		argv[1] = argv[2];
	else if (argc != 2 && !(argc == 3 && strcmp(argv[2], "--json") == 0)) {
		fputs("oae cost: give one file; try `oae cost --help`\n",
		      stderr);
		return OAE_EXIT_USAGE;
	}
	oae_buf_init(&out, OAE_JSON_FILE_BYTES_MAX);
	if (cost(argv[1], &out, &err))
		code = oae_die_code("oae cost", &err);
	else if (fwrite(out.data, 1, out.len, stdout) != out.len ||
		 fflush(stdout) != 0) {
		oae_fail(&err, OAE_ERR_IO, errno,
			 "standard output: cannot"
			 " write");
		code = oae_die_code("oae cost", &err);
	}
	oae_buf_release(&out);
	return code;
}
