/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/interrupt.h"

#include <stddef.h>

volatile sig_atomic_t oae_interrupted;

static void on_signal(int signal)
{
	oae_interrupted = signal;
}

void oae_interrupt_catch(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction a = { .sa_handler = on_signal };

	a.sa_flags = (int)SA_RESETHAND;
	sigemptyset(&a.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &a, NULL);
}
