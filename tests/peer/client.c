/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/peer/client.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"

/* build/bench-engine and build/tests/agreement both find build/tests. */
static enum oae_status program(char *out, size_t size, struct oae_error *err)
{
	static const char *const below[] = { "tests/llama-peer", "llama-peer" };
	char self[OAE_PATH_BYTES_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		return oae_fail(err, OAE_ERR_IO, errno, "/proc/self/exe");
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	for (size_t i = 0; i < 2; i++) {
		if (oae_path_join(out, size, self, below[i], err))
			return err->status;
		if (oae_file_exists(out))
			return OAE_OK;
	}
	return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
			"no llama-peer beside %s; `make test-peer` makes it",
			self);
}

enum oae_status peer_start(struct peer *p, struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	const char *argv[] = { path, NULL };
	const struct oae_spawn how = { .argv = argv, .merge_err = true };

	memset(p, 0, sizeof(*p));
	oae_buf_init(&p->in, OAE_LINE_BYTES_MAX);
	signal(SIGPIPE, SIG_IGN);
	if (program(path, sizeof(path), err))
		return err->status;
	return oae_child_spawn(&p->child, &how, err);
}

void peer_stop(struct peer *p)
{
	if (p->child.pid > 0) {
		close(p->child.in);
		p->child.in = -1;
		if (!oae_child_wait(&p->child, 5000))
			oae_child_kill(&p->child, 1000);
		oae_child_release(&p->child);
	}
	oae_buf_release(&p->in);
	memset(p, 0, sizeof(*p));
}

static enum oae_status send(struct peer *p, const char *line,
			    struct oae_error *err)
{
	size_t len = strlen(line), at = 0;
	ssize_t n;

	while (at <= len) {
		n = at < len ? write(p->child.in, line + at, len - at) :
			       write(p->child.in, "\n", 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return oae_fail(err, OAE_ERR_TARGET, errno,
					"llama-peer");
		at += (size_t)n;
	}
	return OAE_OK;
}

/* Its end, in words. */
static enum oae_status ended(struct peer *p, struct oae_error *err)
{
	char how[64] = "still running";

	if (oae_child_wait(&p->child, 2000))
		oae_child_describe(&p->child, how, sizeof(how));
	return oae_fail(err, OAE_ERR_TARGET, 0,
			"llama-peer ended without an answer: %s", how);
}

/* Until p->in has a line; its length without the newline. */
static enum oae_status receive(struct peer *p, int timeout_ms, size_t *len,
			       struct oae_error *err)
{
	uint64_t end = oae_clock_ns() + (uint64_t)timeout_ms * 1000000u;
	struct pollfd fd = { .fd = p->child.out, .events = POLLIN };
	char block[65536], *newline = NULL;
	ssize_t n;

	for (;;) {
		if (p->in.len)
			newline = memchr(p->in.data, '\n', p->in.len);
		if (newline) {
			*len = (size_t)(newline - p->in.data);
			return OAE_OK;
		}
		if (oae_clock_ns() > end)
			return oae_fail(err, OAE_ERR_TARGET, 0,
					"llama-peer: no answer in %d s",
					timeout_ms / 1000);
		(void)poll(&fd, 1, 50);
		n = read(p->child.out, block, sizeof(block));
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			return ended(p, err);
		oae_buf_add(&p->in, block, (size_t)n);
		if (oae_buf_check(&p->in, "llama-peer's answer", err))
			return err->status;
	}
}

cJSON *peer_ask(struct peer *p, const char *line, int timeout_ms,
		struct oae_error *err)
{
	cJSON *answer = NULL;
	size_t len;

	if (send(p, line, err) || receive(p, timeout_ms, &len, err))
		return NULL;
	oae_json_parse(p->in.data, len, &answer, err);
	memmove(p->in.data, p->in.data + len + 1, p->in.len - len - 1);
	p->in.len -= len + 1;
	if (err->status)
		return NULL;
	if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(answer, "ok")))
		return answer;
	oae_fail(err, OAE_ERR_TARGET, 0, "llama.cpp: %s",
		 oae_json_str_or(answer, "error", "no reason"));
	cJSON_Delete(answer);
	return NULL;
}

cJSON *peer_askf(struct peer *p, int timeout_ms, struct oae_error *err,
		 const char *fmt, ...)
{
	char line[OAE_PATH_BYTES_MAX + 512];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(line)) {
		oae_fail(err, OAE_ERR_LIMIT, 0, "a question is too long");
		return NULL;
	}
	return peer_ask(p, line, timeout_ms, err);
}
