/* SPDX-License-Identifier: Apache-2.0 */
/* `oae doctor`: what this machine can measure, and how far to trust it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "harness/cmd_doctor_text.h"
#include "harness/commands.h"
#include "harness/doctor.h"
#include "harness/words.h"

#define OUTPUT_BYTES_MAX (4u << 20)

static const char help[] =
	"usage: oae doctor [--json] [--sysroot DIR]\n\n"
	"Says what can be measured on this machine, what stands in the way,"
	" the command\n"
	"that would change it, and how far results from here can be trusted."
	" It runs none\n"
	"of the commands that it prints. It takes about two seconds (in one of"
	" them it\n"
	"watches who else uses the CPUs), never more than five.\n\n"
	"Each source of numbers is in one of four states:\n"
	"  works     it is read in every run\n"
	"  refused   it is there, but not for this user\n"
	"  absent    this machine, or the software that reads it, is not"
	" there\n"
	"  phantom   it can be read and counts nothing; never taken for 0 J\n\n"
	"Then four grades, each with what led to it:\n"
	"  time      clock, frequency, host: are milliseconds steady?\n"
	"  isolation who else runs here, and can a run be limited?\n"
	"  counters  cycles, instructions, cache misses\n"
	"  energy    joules, or only an estimate\n"
	"good: publish it; fair: compare side by side in one campaign; poor:"
	" mend it\n"
	"first; none: cannot be had here. `oae run` goes on in any case and"
	" writes the\n"
	"same facts into its result; what is missing there is null with its"
	" reason.\n\n"
	"options:\n"
	"  --json          the same as one document, of schema/documents/\n"
	"                  doctor-1.schema.json\n"
	"  --sysroot DIR   read /proc and /sys below DIR instead: facts of"
	" another\n"
	"                  machine's copy; nothing is watched then\n"
	"  --ask SOURCE    only one source's rows, as JSON: what doctor runs"
	" for each\n"
	"                  of them, with a limit of two seconds\n\n"
	"examples:\n"
	"  oae doctor\n"
	"  oae doctor --json | jq -r '.sources[] | select(.remedy) | .remedy'"
	" | sort -u\n\n"
	"exit codes: 0 it has reported, whatever it found; 1 it could not; 64"
	" usage\n";

struct args {
	bool json;
	const char *sysroot, *ask;
};

static enum oae_status read_args(int argc, char **argv, struct args *a,
				 struct oae_error *err)
{
	const char **text;
	int i;

	a->sysroot = "";
	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json")) {
			a->json = true;
			continue;
		}
		text = !strcmp(argv[i], "--sysroot") ? &a->sysroot :
		       !strcmp(argv[i], "--ask")     ? &a->ask :
						       NULL;
		if (!text)
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"'%.60s': it takes --json and"
					" --sysroot DIR; try --help",
					argv[i]);
		if (++i == argc || !argv[i][0])
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"%s needs a word after it",
					argv[i - 1]);
		*text = argv[i];
	}
	if (*a->sysroot && !oae_dir_exists(a->sysroot))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--sysroot %.200s: no such folder; name one"
				" that holds proc/ and sys/",
				a->sysroot);
	return OAE_OK;
}

static int columns(void)
{
	int n = oae_terminal_columns(80);

	return n < 100 ? n : 100;
}

/* The rows of one source, asked in this process. */
static enum oae_status ask(const struct args *a, struct oae_buf *out,
			   struct oae_error *err)
{
	struct oae_source_row *rows =
		calloc(OAE_DOCTOR_ROWS_MAX, sizeof(*rows));
	struct oae_jw w;
	size_t count = 0;
	enum oae_status status = OAE_OK;

	if (!rows)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "sources");
	if (oae_doctor_ask(a->ask, a->sysroot, rows, &count)) {
		oae_jw_init(&w, out, 0);
		oae_jw_arr(&w, NULL);
		oae_doctor_write_rows(rows, count, &w);
		oae_jw_end_arr(&w);
		oae_buf_putc(out, '\n');
	} else {
		status = oae_fail(err, OAE_ERR_USAGE, 0,
				  "--ask %.60s: no such source; `oae list"
				  " sensors` names them",
				  a->ask);
	}
	free(rows);
	return status;
}

static enum oae_status examine(const struct args *a, struct oae_buf *out,
			       struct oae_error *err)
{
	struct oae_doctor *d = calloc(1, sizeof(*d));
	enum oae_status status;
	struct oae_jw w;

	if (!d)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "doctor");
	status = oae_doctor_examine(d, "/proc/self/exe", a->sysroot, err);
	if (!status && a->json) {
		oae_jw_init(&w, out, 1);
		oae_doctor_write(d, &w);
		oae_buf_putc(out, '\n');
	} else if (!status) {
		oae_doctor_print(d, out, columns());
	}
	free(d);
	return status;
}

int oae_cmd_doctor(int argc, char **argv)
{
	struct oae_error err = { 0 };
	enum oae_status status;
	struct args a = { 0 };
	struct oae_buf out;

	if (argc == 2 &&
	    (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs(help, stdout);
		return OAE_EXIT_OK;
	}
	oae_buf_init(&out, OUTPUT_BYTES_MAX);
	status = read_args(argc, argv, &a, &err);
	if (!status)
		status = a.ask ? ask(&a, &out, &err) : examine(&a, &out, &err);
	if (!status)
		status = oae_buf_check(&out, "doctor", &err);
	if (!status &&
	    (fputs(oae_buf_str(&out), stdout) < 0 || fflush(stdout) < 0))
		status = oae_fail(&err, OAE_ERR_IO, errno, "standard output");
	oae_buf_release(&out);
	return status ? oae_die_code("oae doctor", &err) : OAE_EXIT_OK;
}
