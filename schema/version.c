/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/version.h"

const char *oae_spec_version(void)
{
	return "1.0";
}
