/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/spawn.h"

#define POLL_MS 20
#define KILL_AFTER_MS 1000
#define TAIL_BYTES 400
#define BLOCK_BYTES 16384
#define ROUND_BLOCKS_MAX 64 /* 1 MiB, as large as a pipe gets */

/* A command's two streams as they come. */
struct drain {
	struct oae_buf *out; /* may be NULL */
	char tail[TAIL_BYTES + 1];
	size_t tail_len;
};

static void keep_tail(struct drain *d, const char *data, size_t len)
{
	size_t keep;

	if (len > TAIL_BYTES) {
		data += len - TAIL_BYTES;
		len = TAIL_BYTES;
	}
	keep = d->tail_len < TAIL_BYTES - len ? d->tail_len : TAIL_BYTES - len;
	memmove(d->tail, d->tail + d->tail_len - keep, keep);
	memcpy(d->tail + keep, data, len);
	d->tail_len = keep + len;
	d->tail[d->tail_len] = '\0';
}

/* Reads what is there, bounded. False at the end of the stream. */
static bool drain_fd(struct drain *d, int fd, bool is_err)
{
	char block[BLOCK_BYTES];
	ssize_t n;

	for (int i = 0; i < ROUND_BLOCKS_MAX; i++) {
		n = read(fd, block, sizeof(block));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 && errno == EAGAIN;
		if (is_err)
			keep_tail(d, block, (size_t)n);
		else if (d->out)
			oae_buf_add(d->out, block, (size_t)n);
	}
	return true;
}

/* One round over both streams; an ended one becomes -1 in fds. */
static void drain_round(struct drain *d, struct pollfd fds[2], int wait_ms)
{
	(void)poll(fds, 2, wait_ms);
	for (int i = 0; i < 2; i++)
		if (fds[i].fd >= 0 && !drain_fd(d, fds[i].fd, i == 1))
			fds[i].fd = -1;
}

static enum oae_status command_result(const struct oae_child *c,
				      struct drain *d, int timed_out_ms,
				      struct oae_error *err)
{
	char how[64];
	size_t len = d->tail_len;

	while (len && (d->tail[len - 1] == '\n' || d->tail[len - 1] == ' '))
		d->tail[--len] = '\0';
	if (timed_out_ms)
		(void)snprintf(how, sizeof(how), "not done after %d ms",
			       timed_out_ms);
	else if (c->wait_status == 0)
		return OAE_OK;
	else
		oae_child_describe(c, how, sizeof(how));
	return oae_fail(err, OAE_ERR_TARGET, 0, "%s: %s%s%s", c->program, how,
			len ? ": " : "", d->tail);
}

enum oae_status oae_run_command(const char *const *argv, const char *dir,
				int timeout_ms, struct oae_buf *out,
				struct oae_error *err)
{
	const struct oae_spawn how = { .argv = argv, .dir = dir };
	struct drain d = { .out = out };
	enum oae_status status;
	struct pollfd fds[2];
	struct oae_child c;
	uint64_t due_ns;
	bool late = false;

	status = oae_child_spawn(&c, &how, err);
	if (status)
		return status;
	close(c.in);
	c.in = -1;
	fds[0] = (struct pollfd){ .fd = c.out, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = c.err, .events = POLLIN };
	due_ns = oae_clock_ns() + (uint64_t)timeout_ms * 1000000u;
	/* While the streams are open poll() waits, then the reaping does. */
	while (!oae_child_wait(&c,
			       fds[0].fd < 0 && fds[1].fd < 0 ? POLL_MS : 0)) {
		drain_round(&d, fds, POLL_MS);
		late = oae_clock_ns() >= due_ns;
		if (late || (out && out->status != OAE_OK))
			break;
	}
	oae_child_kill(&c, KILL_AFTER_MS);
	drain_round(&d, fds, 0);
	if (out)
		status = oae_buf_check(out, argv[0], err);
	if (!status)
		status = command_result(&c, &d, late ? timeout_ms : 0, err);
	oae_child_release(&c);
	return status;
}
