/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our validator for many schemas and documents in one process. Reads lines:
 * "S" and a schema, "I" and an instance for the schema before. Writes a line
 * for each: "ok" or "bad WHY" for a schema, "1", "0" or "? WHY" for an
 * instance.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "schema/validate.h"

static void take_schema(const char *text, size_t len, struct oae_schema **s)
{
	struct oae_error err = { OAE_OK, 0, "" };

	oae_schema_free(*s);
	if (oae_schema_parse("S", text, len, s, &err))
		printf("bad %s\n", err.text);
	else
		puts("ok");
}

static void take_instance(const struct oae_schema *s, const char *text,
			  size_t len)
{
	struct oae_error err = { OAE_OK, 0, "" }, again = { OAE_OK, 0, "" };
	enum oae_status status = OAE_ERR_USAGE;
	struct oae_faults faults;
	cJSON *tree = NULL;

	if (oae_json_parse(text, len, &tree, &err)) {
		printf("? %s\n", err.text);
		return;
	}
	if (s)
		status = oae_schema_check(s, tree, &faults, &err);
	/* With and without the list of faults it is the same verdict. */
	if (s && oae_schema_check(s, tree, NULL, &again) != status)
		puts("? two verdicts");
	else if (!status)
		puts("1");
	else if (status == OAE_ERR_CHECK && faults.count)
		puts("0");
	else
		printf("? %s\n", err.text);
	cJSON_Delete(tree);
}

int main(void)
{
	struct oae_schema *s = NULL;
	char *line = NULL;
	size_t alloc = 0;
	ssize_t n;

	while ((n = getline(&line, &alloc, stdin)) > 0) {
		if (line[n - 1] == '\n')
			n--;
		if (n > 0 && line[0] == 'S')
			take_schema(line + 1, (size_t)n - 1, &s);
		else if (n > 0)
			take_instance(s, line + 1, (size_t)n - 1);
	}
	oae_schema_free(s);
	free(line);
	return 0;
}
