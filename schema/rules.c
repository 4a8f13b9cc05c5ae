/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/rules.h"

/* One rule, one row. */
/* clang-format off */
static const struct oae_rule_text table[OAE_RULES] = {
	[OAE_RULE_LATE] = { "OAE-V001", "15.6",
		"the harness sent late" },
	[OAE_RULE_CPU] = { "OAE-V002", "15.7",
		"the harness was the bottleneck" },
	[OAE_RULE_NAMES] = { "OAE-V010", "17.6",
		"only plain files and folders, with plain names, no two "
		"differing in case only" },
	[OAE_RULE_SIZE] = { "OAE-V011", "17.6",
		"number, size and depth of files are within the caps" },
	[OAE_RULE_LAYOUT] = { "OAE-V012", "17.1",
		"what belongs to a submission is there, and nothing else" },
	[OAE_RULE_SUMS] = { "OAE-V013", "17.2",
		"SHA256SUMS is a sorted list of hashes and paths, each path "
		"once" },
	[OAE_RULE_HASHES] = { "OAE-V014", "17.2",
		"every file has the hash that SHA256SUMS names, and every "
		"file is named" },
	[OAE_RULE_SIGNATURE] = { "OAE-V015", "17.3",
		"the organisation signed SHA256SUMS, for this purpose" },
	[OAE_RULE_FRAME] = { "OAE-V016", "17.6",
		"the journal is one Zstandard frame and expands within the "
		"caps" },
	[OAE_RULE_JSON] = { "OAE-V017", "17.6",
		"JSON is strict: one value, no key twice, numbers and depth "
		"within the caps" },
	[OAE_RULE_SCHEMA] = { "OAE-V018", "17.4",
		"documents fit their schemas" },
	[OAE_RULE_AGREES] = { "OAE-V019", "17.11",
		"submission.json, system.json and README.md say what result "
		"and journal say" },
	[OAE_RULE_CHAIN] = { "OAE-V020", "16.1",
		"the journal's chain is unbroken and its seal fits" },
	[OAE_RULE_INPUTS] = { "OAE-V021", "12.3",
		"inputs are those whose hashes the journal names, and no "
		"others" },
	[OAE_RULE_RESULT] = { "OAE-V022", "17.5",
		"every number of the result follows from journal and inputs" },
	[OAE_RULE_TIMES] = { "OAE-V023", "17.12",
		"a request's times follow each other and lie within its run" },
	[OAE_RULE_RUNS] = { "OAE-V024", "17.12",
		"runs follow each other, and the two clocks agree" },
	[OAE_RULE_FLIGHT] = { "OAE-V025", "17.12",
		"no more requests are in flight than the scenario has" },
	[OAE_RULE_REPLAY] = { "OAE-V026", "17.12",
		"no two answers have the same times to the nanosecond" },
	[OAE_RULE_COUNTS] = { "OAE-V027", "17.12",
		"a run's requests are those that its end counts" },
	[OAE_RULE_ANSWERS] = { "OAE-V028", "17.13",
		"what was asked, expected and judged is what the workload "
		"says" },
	[OAE_RULE_TOKENS] = { "OAE-V029", "17.12",
		"an answer has at most one token for each byte, and one "
		"that ends it" },
	[OAE_RULE_PLAN] = { "OAE-V030", "17.13",
		"runs, their order and their items are those of the seed, "
		"all of them" },
	[OAE_RULE_PROFILES] = { "OAE-V031", "17.14",
		"all profiles of the standard, in both modes" },
	[OAE_RULE_DEFAULTS] = { "OAE-V032", "17.15",
		"a setting that is not the shipped default stands in the "
		"system's name" },
	[OAE_RULE_SHIPPED] = { "OAE-V033", "17.14",
		"tables and standard profiles, and in the closed division "
		"suite, workloads, adapters and models, are those that this "
		"version ships" },
	[OAE_RULE_BASELINE] = { "OAE-V034", "17.16",
		"in the closed division the baseline is one of the "
		"catalogue, as shipped" },
	[OAE_RULE_BILL] = { "OAE-V035", "17.17",
		"the bill of materials names every part: sources, ledgers, "
		"programs, models" },
	[OAE_RULE_EFFORT] = { "OAE-V036", "17.18",
		"the ledger accounts for every model, and a narrow range "
		"has its log" },
	[OAE_RULE_COLD] = { "OAE-V037", "17.19",
		"each run's start and its first request are in the journal" },
	[OAE_RULE_IDLE] = { "OAE-V038", "17.20",
		"metered runs have idle power before and after" },
	[OAE_RULE_METER] = { "OAE-V039", "17.20",
		"only a meter's readings are measured energy" },
};
/* clang-format on */

const struct oae_rule_text *oae_rule_text(enum oae_rule rule)
{
	return &table[rule];
}

const char *oae_rule_id(enum oae_rule rule)
{
	return table[rule].id;
}
