/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `oae stress`: threads that keep cores and memory busy, for the conditions
 * "colocated:...". Each adds to a buffer larger than most caches, over and
 * over, so that it takes a core and its part of the memory's bandwidth.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "harness/commands.h"

#define THREADS_MAX 1024u
#define BUFFER_WORDS ((size_t)32 << 17) /* 32 MiB of 8 bytes */

static const char help[] =
	"usage: oae stress THREADS\n\n"
	"Keeps that many threads busy, each streaming through 32 MiB of memory,"
	" until\nits standard input ends. The conditions colocated:1, :2 and"
	" :n run it\nbeside the system that is measured.\n\n"
	"example:\n"
	"  sleep 10 | oae stress 2\n\n"
	"exit codes: 0 done; 1 failed; 64 usage\n";

static void *stream(void *arg)
{
	volatile uint64_t *words = arg;

	for (;;)
		for (size_t i = 0; i < BUFFER_WORDS; i++)
			words[i] += i;
	return NULL;
}

static int start(unsigned long n, struct oae_error *err)
{
	pthread_t thread;
	uint64_t *words;
	int sys;

	for (unsigned long i = 0; i < n; i++) {
		words = calloc(BUFFER_WORDS, sizeof(*words));
		if (!words)
			return oae_fail(err, OAE_ERR_NOMEM, 0, "a buffer");
		sys = pthread_create(&thread, NULL, stream, words);
		if (sys) {
			free(words);
			return oae_fail(err, OAE_ERR_IO, sys, "a thread");
		}
		pthread_detach(thread);
	}
	return OAE_OK;
}

/* Until whoever started us closes the other end. */
static void await_end(void)
{
	char word[64];
	ssize_t n;

	do {
		n = read(STDIN_FILENO, word, sizeof(word));
	} while (n > 0 || (n < 0 && errno == EINTR));
}

int oae_cmd_stress(int argc, char **argv)
{
	struct oae_error err = { 0 };
	unsigned long n = 0;
	char *end = NULL;

	if (argc == 2 &&
	    (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs(help, stdout);
		return OAE_EXIT_OK;
	}
	if (argc == 2)
		n = strtoul(argv[1], &end, 10);
	if (argc != 2 || end == argv[1] || *end || !n || n > THREADS_MAX) {
		oae_fail(&err, OAE_ERR_USAGE, 0,
			 "give a number of threads, 1 to %u", THREADS_MAX);
		return oae_die_code("oae stress", &err);
	}
	if (start(n, &err))
		return oae_die_code("oae stress", &err);
	await_end();
	return OAE_EXIT_OK;
}
