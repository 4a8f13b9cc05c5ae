/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/readme.h"

#include "base/limits.h"
#include "reports/report.h"

#define COLUMNS 100

/* Inside a fence only a fence means something. */
static void put_fenced(struct oae_buf *out, const char *text)
{
	oae_buf_puts(out, "```\n");
	for (; *text; text++)
		oae_buf_putc(out, *text == '`' ? '\'' : *text);
	oae_buf_puts(out, "```\n");
}

enum oae_status oae_report_readme(const cJSON *result, const char *org,
				  const char *name, bool open,
				  struct oae_buf *out, struct oae_error *err)
{
	enum oae_status status;
	struct oae_buf table;

	oae_buf_init(&table, OAE_TEXT_FILE_BYTES_MAX);
	status = oae_report_table(result, &table, COLUMNS, err);
	if (status)
		goto out;
	oae_buf_printf(out, "# %s: %s\n\n", org, name);
	oae_buf_printf(
		out,
		"A submission to Overhead-Aware Efficiency, %s division,"
		" self-reported: %s measured it, nobody else has run it"
		" again as far as this folder says. An operator's finding"
		" would stand beside it, in `%s.review.json`.\n\n",
		open ? "open" : "closed", org, name);
	put_fenced(out, oae_buf_str(&table));
	oae_buf_puts(
		out,
		"\nEvery number follows from `journal.jsonl.zst` and `inputs/`;"
		" nothing here need be believed but that the journal tells what"
		" happened:\n\n"
		"    oae verify FOLDER --allowed-signers FILE\n\n"
		"| file | what |\n|---|---|\n"
		"| `result.json` | the result |\n"
		"| `journal.jsonl.zst` | each request, sensor and machine,"
		" chained by hash and sealed |\n"
		"| `inputs/` | suite, workloads, profiles, tables,"
		" manifests and"
		" ledgers, as used |\n"
		"| `adapter/` | the adapters' own files;"
		" `bill-of-materials.json` names these, programs and models by"
		" hash |\n"
		"| `system.json` | the machine |\n"
		"| `submission.json` | whose it is, and the hashes that bind it"
		" |\n"
		"| `SHA256SUMS`, `SHA256SUMS.sig` | every file's hash, and the"
		" organisation's signature of them |\n");
	status = oae_buf_check(out, "README.md", err);
out:
	oae_buf_release(&table);
	return status;
}
