/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/precise.h"

#include <sys/prctl.h>

void oae_precise_begin(void)
{
	(void)prctl(PR_SET_TIMERSLACK, 1);
}

void oae_precise_end(void)
{
	(void)prctl(PR_SET_TIMERSLACK, 0); /* the default again */
}
