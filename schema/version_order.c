/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdlib.h>

#include "schema/version.h"

/* "MAJOR.MINOR" and nothing else. */
static bool parse(const char *text, unsigned long *major, unsigned long *minor)
{
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return false;
	*major = strtoul(text, &end, 10);
	if (*end != '.' || !isdigit((unsigned char)end[1]))
		return false;
	*minor = strtoul(end + 1, &end, 10);
	return *end == '\0';
}

bool oae_spec_readable(const char *version)
{
	unsigned long theirs[2], ours[2];

	return parse(version, &theirs[0], &theirs[1]) &&
	       parse(oae_spec_version(), &ours[0], &ours[1]) &&
	       theirs[0] == ours[0] && theirs[1] <= ours[1];
}
