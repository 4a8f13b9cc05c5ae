/* SPDX-License-Identifier: Apache-2.0 */
/* The adapter's program: descriptors, the loop, the way out. */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/sdk/internal.h"
#include "base/clock.h"

#define READ_BYTES 65536

/*
 * Takes the protocol's descriptors out of everybody's reach: stdin becomes
 * /dev/null and stdout becomes stderr.
 */
static int take_descriptors(struct oae_sdk *s)
{
	int null;

	s->in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	s->out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (s->in < 0 || s->out < 0)
		return -1;
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null < 0)
		return -1;
	if (dup2(null, STDIN_FILENO) < 0 ||
	    dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
		close(null);
		return -1;
	}
	if (null != STDIN_FILENO)
		close(null);
	return 0;
}

static void take_bytes(struct oae_sdk *s, const char *data, size_t n)
{
	while (n > 0 && !s->closing) {
		const char *newline = memchr(data, '\n', n);
		size_t part = newline ? (size_t)(newline - data) : n;

		if (!s->skipping && s->line.len + part > OAE_LINE_BYTES_MAX) {
			s->skipping = true;
			oae_buf_release(&s->line);
			oae_buf_init(&s->line, OAE_LINE_BYTES_MAX);
		}
		if (!s->skipping)
			oae_buf_add(&s->line, data, part);
		if (!newline)
			return;
		if (s->skipping)
			oae_sdk_error(s, NULL, OAE_CODE_LIMIT,
				      "line: longer than 4 MiB; ignored");
		else if (s->line.status != OAE_OK)
			oae_sdk_error(s, NULL, OAE_CODE_INTERNAL,
				      "line: out of memory; ignored");
		else
			oae_sdk_message(s, oae_buf_str(&s->line), s->line.len);
		s->skipping = false;
		oae_buf_clear(&s->line);
		data += part + 1;
		n -= part + 1;
	}
}

/* Reads what is there; waits for it when there is nothing else to do. */
static void read_input(struct oae_sdk *s)
{
	struct pollfd p = { .fd = s->in, .events = POLLIN };
	char data[READ_BYTES];
	ssize_t n;

	if (poll(&p, 1, s->in_flight > 0 ? 0 : -1) <= 0)
		return;
	n = read(s->in, data, sizeof data);
	if (n > 0)
		take_bytes(s, data, (size_t)n);
	else if (n == 0)
		s->closing = true; /* an unfinished line is dropped */
	else if (errno != EINTR && errno != EAGAIN)
		s->broken = true;
}

static void step(struct oae_sdk *s)
{
	struct oae_error err = { 0 };
	uint64_t before_ns = oae_clock_ns();
	enum oae_status st = s->adapter->poll(s->self, &err);

	s->step_ns = oae_clock_ns() - before_ns;
	if (st == OAE_OK)
		return;
	oae_sdk_error(s, NULL, oae_sdk_code(st), err.text);
	s->exit_code = 1;
	s->closing = true;
}

static void loop(struct oae_sdk *s)
{
	while (!s->closing && !s->broken) {
		read_input(s);
		if (!s->closing && s->in_flight > 0)
			step(s);
		oae_sdk_release_waiting(s);
		oae_sdk_flush(s);
	}
}

static int run(const struct oae_adapter *adapter)
{
	struct oae_sdk s = { .adapter = adapter, .in = -1, .out = -1 };
	uint32_t i;

	oae_buf_init(&s.line, OAE_LINE_BYTES_MAX);
	oae_buf_init(&s.send, 4 * (size_t)OAE_LINE_BYTES_MAX);
	signal(SIGPIPE, SIG_IGN);
	if (take_descriptors(&s)) {
		perror(adapter->name);
		s.exit_code = 1;
		goto out;
	}
	loop(&s);
	if (s.broken)
		s.exit_code = 1;
	if (s.opened)
		adapter->close(s.self);
	if (s.exit_code == 0)
		oae_sdk_bye(&s);
	oae_sdk_flush(&s);
out:
	for (i = 0; i < s.n_slots; i++)
		oae_sdk_slot_free(&s, &s.slots[i]);
	free(s.slots);
	oae_buf_release(&s.line);
	oae_buf_release(&s.send);
	if (s.in >= 0)
		close(s.in);
	if (s.out >= 0)
		close(s.out);
	return s.exit_code;
}

int oae_adapter_main(int argc, char **argv, const struct oae_adapter *adapter)
{
	if (argc == 2 && !strcmp(argv[1], "--version")) {
		printf("%s %s, oae protocol %d\n", adapter->name,
		       adapter->version, OAE_PROTOCOL_VERSION);
		return OAE_EXIT_OK;
	}
	if (argc == 2 && !strcmp(argv[1], "--help")) {
		printf("usage: %s [--help | --version]\n"
		       "An oae adapter: speaks the protocol of "
		       "adapters/PROTOCOL.md on stdin and stdout.\n"
		       "It is started by `oae run`.\n",
		       argv[0]);
		return OAE_EXIT_OK;
	}
	if (argc > 1) {
		fprintf(stderr, "%s: %s: unknown argument; try --help\n",
			adapter->name, argv[1]);
		return OAE_EXIT_USAGE;
	}
	return run(adapter);
}
