/* SPDX-License-Identifier: Apache-2.0 */
/* Linked before the library's: a program of a version after ours. */
#include "schema/version.h"

const char *oae_spec_version(void)
{
	return "1.7";
}
