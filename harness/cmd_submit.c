/* SPDX-License-Identifier: Apache-2.0 */
/* `oae submit DIR`: a run folder packed, checked and signed for others. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "harness/commands.h"
#include "harness/pack.h"
#include "harness/submission.h"
#include "harness/submission_text.h"
#include "harness/words.h"
#include "reports/readme.h"

static const char help[] =
	"usage: oae submit DIR --org NAME [--key KEY] [--name SUBMISSION]\n"
	"                  [--out FOLDER] [--open]\n\n"
	"Packs a finished run folder for others to check: OUT/ORG/SUBMISSION/"
	" with the\nresult, the journal, its inputs, the"
	" adapters' own files and"
	" a bill of\nmaterials, the machine, hashes and a signature. The same"
	" folder gives the same\nbytes. What is packed is checked as `oae"
	" verify` checks it; when a rule is\nbroken,"
	" nothing is left behind.\n\n"
	"  --org NAME         whose it is; must be the signer's name for"
	" `oae verify`\n"
	"  --key KEY          an SSH key without a passphrase, or the .pub of"
	" one that an\n                     agent holds; without it nobody can"
	" tell who made it\n"
	"  --name SUBMISSION  default: the campaign's day and suite\n"
	"  --out FOLDER       the repository of submissions (default"
	" submissions)\n"
	"  --open             the open division: own suites, workloads or"
	" baselines\n\n"
	"examples:\n"
	"  ssh-keygen -t ed25519 -N '' -f ~/.ssh/oae\n"
	"  oae submit oae-runs/20261125T183339Z-quick --org clinic-north"
	" --key ~/.ssh/oae\n"
	"  oae verify submissions/clinic-north/2026-11-25-quick"
	" --allowed-signers signers\n\n"
	"exit codes: 0 packed, 1 could not be packed, 2 a rule is broken, 64"
	" usage (also: no\nseal, a changed adapter, a key that needs a"
	" passphrase)\n";

struct words {
	struct oae_pack pack;
	bool help;
};

/* False with a line on stderr. */
static bool read_words(struct words *w, int argc, char **argv)
{
	struct oae_pack *p = &w->pack;
	struct {
		const char *name, **out;
	} options[] = {
		{ "--org", &p->about.org },
		{ "--key", &p->key },
		{ "--name", &p->about.name },
		{ "--out", &p->out },
	};
	const char *value;
	size_t k;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 ||
		    strcmp(argv[i], "-h") == 0) {
			w->help = true;
			return true;
		}
		value = NULL;
		for (k = 0; k < sizeof(options) / sizeof(options[0]); k++) {
			value = oae_word_value(options[k].name, argc, argv, &i);
			if (value)
				break;
		}
		if (value)
			*options[k].out = value;
		else if (strcmp(argv[i], "--open") == 0)
			p->about.open = true;
		else if (argv[i][0] == '-' || p->run_dir) {
			fprintf(stderr,
				"oae submit: unexpected '%.60s'; try `oae"
				" submit --help`\n",
				argv[i]);
			return false;
		} else {
			p->run_dir = argv[i];
		}
	}
	if (p->run_dir && p->about.org)
		return true;
	fprintf(stderr, "oae submit: give %s; try `oae submit --help`\n",
		p->run_dir ? "--org NAME" : "a run folder");
	return false;
}

/* What others will see, checked as they will. */
static enum oae_status check(struct oae_pack *p, bool *good,
			     struct oae_error *err)
{
	struct oae_submission s = { .readme = oae_report_readme };
	enum oae_status status = oae_submission_check(&s, p->stage, err);
	struct oae_buf text;

	oae_buf_init(&text, OAE_TEXT_FILE_BYTES_MAX);
	*good = !status && oae_findings_total(&s.found) == 0;
	if (!status && !*good) {
		oae_findings_text(&s.found, &text);
		fputs(oae_buf_str(&text), stdout);
		fprintf(stderr,
			"oae submit: %s: breaks %zu rule%s, see above; nothing"
			" was packed\n",
			p->run_dir, oae_findings_total(&s.found),
			oae_findings_total(&s.found) == 1 ? "" : "s");
	}
	oae_buf_release(&text);
	oae_submission_release(&s);
	return status;
}

static void tell(const struct oae_pack *p)
{
	printf("packed: %s\n", p->dir);
	if (p->other_program)
		oae_warn("an adapter's program was built again since it was"
			 " measured; the bill names the measured one's hash");
	if (!p->has_transcript)
		oae_info("no transcript of a set-up: effort is what the ledgers"
			 " say");
	if (!p->key)
		printf("not signed: nobody can tell who made it; --key KEY"
		       " signs\n");
	printf("next, in the repository of submissions:\n"
	       "  oae verify %s%s\n"
	       "  git add %s\n"
	       "  then commit on a branch and open a pull request. It stays as"
	       " it is: a later\n  result gets another --name.\n",
	       p->dir, p->key ? " --allowed-signers FILE" : "", p->dir);
}

int oae_cmd_submit(int argc, char **argv)
{
	struct words w = { .pack = { .out = "submissions",
				     .readme = oae_report_readme } };
	struct oae_error err = { OAE_OK, 0, "" };
	enum oae_status status;
	bool good = false;

	if (!read_words(&w, argc, argv))
		return OAE_EXIT_USAGE;
	if (w.help) {
		fputs(help, stdout);
		return OAE_EXIT_OK;
	}
	status = oae_pack_stage(&w.pack, &err);
	if (!status)
		status = check(&w.pack, &good, &err);
	if (!status && good)
		status = oae_pack_keep(&w.pack, &err);
	if (!status && good)
		tell(&w.pack);
	oae_pack_drop(&w.pack);
	if (status)
		return oae_die_code("oae submit", &err);
	if (fflush(stdout) != 0)
		return OAE_EXIT_ERROR;
	return good ? OAE_EXIT_OK : OAE_EXIT_CHECK;
}
