/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "adapters/sdk/protocol.h"
#include "base/clock.h"
#include "base/limits.h"
#include "harness/proto_fast.h"
#include "harness/session.h"

#define READ_BYTES 65536
/* The most stderr drained between two looks at stdout. */
#define STDERR_READS_MAX 16

const struct oae_session_limits oae_session_limits_default = {
	.ready_ms = OAE_PROTOCOL_READY_MS,
	.request_ms = 120000,
	.cancel_ms = OAE_PROTOCOL_CANCEL_MS,
	.close_ms = 10000,
};

static enum oae_status watch_outputs(struct oae_session *s,
				     struct oae_error *err)
{
	const int fds[] = { s->child.out, s->child.err };
	size_t i;

	s->watch = epoll_create1(EPOLL_CLOEXEC);
	s->watches = s->watch >= 0;
	for (i = 0; s->watches && i < 2; i++) {
		struct epoll_event e = {
			.events = EPOLLIN,
			.data.fd = fds[i],
		};

		if (epoll_ctl(s->watch, EPOLL_CTL_ADD, fds[i], &e) < 0)
			break;
	}
	if (!s->watches || i < 2)
		return oae_fail(err, OAE_ERR_IO, errno,
				"cannot watch the adapter's output");
	return OAE_OK;
}

enum oae_status oae_session_spawn(struct oae_session *s,
				  const char *const *argv, const char *dir,
				  struct oae_error *err)
{
	struct oae_spawn how = { .argv = argv, .dir = dir };

	return oae_session_spawn_how(s, &how, err);
}

enum oae_status oae_session_spawn_how(struct oae_session *s,
				      const struct oae_spawn *asked,
				      struct oae_error *err)
{
	struct oae_spawn how = *asked;
	enum oae_status status;

	how.hold = true;
	memset(s, 0, sizeof(*s));
	oae_lines_init(&s->lines);
	oae_buf_init(&s->queue, (size_t)2 * OAE_LINE_BYTES_MAX);
	status = oae_child_spawn(&s->child, &how, err);
	if (status)
		return status;
	if (fcntl(s->child.in, F_SETFL, O_NONBLOCK) < 0)
		return oae_fail(err, OAE_ERR_IO, errno,
				"cannot make the adapter's stdin non-blocking");
	return watch_outputs(s, err);
}

enum oae_status oae_session_start(struct oae_session *s,
				  const struct oae_hello *hello,
				  struct oae_error *err)
{
	enum oae_status status = oae_child_start(&s->child, err);

	if (status)
		return status;
	oae_proto_hello(&s->queue, hello);
	return oae_buf_check(&s->queue, "hello", err);
}

static void keep_tail(struct oae_session *s, const char *bytes, size_t len)
{
	size_t keep;

	s->err_bytes += len;
	if (len > OAE_ERR_TAIL_BYTES) {
		bytes += len - OAE_ERR_TAIL_BYTES;
		len = OAE_ERR_TAIL_BYTES;
	}
	keep = OAE_ERR_TAIL_BYTES - len;
	if (keep > s->err_tail_len)
		keep = s->err_tail_len;
	memmove(s->err_tail, s->err_tail + s->err_tail_len - keep, keep);
	memcpy(s->err_tail + keep, bytes, len);
	s->err_tail_len = keep + len;
	s->err_tail[s->err_tail_len] = '\0';
}

static enum oae_status drain_stderr(struct oae_session *s,
				    struct oae_error *err)
{
	char bytes[READ_BYTES];
	ssize_t n = 0;
	int i;

	for (i = 0; i < STDERR_READS_MAX; i++) {
		n = read(s->child.err, bytes, sizeof(bytes));
		if (n <= 0)
			break;
		keep_tail(s, bytes, (size_t)n);
	}
	if (n == 0) {
		(void)epoll_ctl(s->watch, EPOLL_CTL_DEL, s->child.err, NULL);
		close(s->child.err);
		s->child.err = -1;
	}
	if (s->err_bytes > OAE_ADAPTER_STDERR_BYTES_MAX)
		return oae_fail(err, OAE_ERR_TARGET, 0,
				"flooded its stderr with more than %u bytes",
				OAE_ADAPTER_STDERR_BYTES_MAX);
	return OAE_OK;
}

static void end_stdout(struct oae_session *s)
{
	s->ended = true;
	(void)epoll_ctl(s->watch, EPOLL_CTL_DEL, s->child.out, NULL);
}

static enum oae_status read_stdout(struct oae_session *s, struct oae_error *err)
{
	char bytes[READ_BYTES];
	ssize_t n = read(s->child.out, bytes, sizeof(bytes));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return OAE_OK;
	if (n <= 0) {
		end_stdout(s);
		return OAE_OK;
	}
	s->received_ns = oae_clock_ns();
	return oae_lines_feed(&s->lines, bytes, (size_t)n, err);
}

static void write_queue(struct oae_session *s)
{
	ssize_t n = write(s->child.in, s->queue.data + s->queue_done,
			  s->queue.len - s->queue_done);

	if (n > 0)
		s->queue_done += (size_t)n;
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		s->queue_done = s->queue.len; /* gone; stdout will tell */
	if (s->queue_done == s->queue.len) {
		oae_buf_clear(&s->queue);
		s->queue_done = 0;
	}
}

/*
 * Up to `most` of the watched pipes that have something, after at most ns.
 * Like epoll_pwait2(2), which not every C library and sandbox has.
 */
static int wait_pipes(int watch, struct epoll_event *ready, int most,
		      uint64_t ns)
{
	struct timespec ts = {
		.tv_sec = (time_t)(ns / 1000000000u),
		.tv_nsec = (long)(ns % 1000000000u),
	};
	struct pollfd p = { .fd = watch, .events = POLLIN };
#ifdef SYS_epoll_pwait2
	struct {
		int64_t s, ns;
	} wait = { ts.tv_sec, ts.tv_nsec };
	int n = (int)syscall(SYS_epoll_pwait2, watch, ready, most, &wait, NULL,
			     (size_t)0);

	if (n >= 0 || (errno != ENOSYS && errno != EPERM))
		return n;
#endif
	if (ppoll(&p, 1, &ts, NULL) < 0)
		return -1;
	return epoll_wait(watch, ready, most, 0);
}

/* stdin is watched only while something waits to be written. */
static void watch_in(struct oae_session *s)
{
	struct epoll_event e = { .events = EPOLLOUT, .data.fd = s->child.in };
	bool want = s->queue.len > 0;

	if (want == s->watches_in)
		return;
	if (!epoll_ctl(s->watch, want ? EPOLL_CTL_ADD : EPOLL_CTL_DEL,
		       s->child.in, &e))
		s->watches_in = want;
}

/* Waits once for any of the pipes; *read_out: stdout has something. */
static enum oae_status poll_once(struct oae_session *s, uint64_t until_ns,
				 bool *read_out, struct oae_error *err)
{
	struct epoll_event ready[3];
	uint64_t now = oae_clock_ns();
	bool read_err = false, write_in = false;
	enum oae_status status = OAE_OK;
	int n, i;

	watch_in(s);
	n = wait_pipes(s->watch, ready, 3, until_ns > now ? until_ns - now : 0);
	if (n < 0)
		return errno == EINTR ?
			       OAE_OK :
			       oae_fail(err, OAE_ERR_IO, errno, "epoll");
	for (i = 0; i < n; i++) {
		int fd = ready[i].data.fd;

		*read_out = *read_out || fd == s->child.out;
		read_err = read_err || fd == s->child.err;
		write_in = write_in || fd == s->child.in;
	}
	if (*read_out)
		status = read_stdout(s, err);
	if (!status && read_err)
		status = drain_stderr(s, err);
	if (!status && write_in)
		write_queue(s);
	return status;
}

enum oae_status oae_session_wait(struct oae_session *s, uint64_t until_ns,
				 struct oae_error *err)
{
	enum oae_status status;
	bool read_out = false;

	if (s->queue.len)
		write_queue(s);
	status = poll_once(s, until_ns, &read_out, err);
	/* A queue that was held up goes on at once, not at the next call. */
	while (!status && !read_out && s->queue.len && !s->ended &&
	       oae_clock_ns() < until_ns)
		status = poll_once(s, until_ns, &read_out, err);
	/* Its own child may hold stdout open after it is gone itself. */
	if (!status && !read_out && !s->ended && oae_child_wait(&s->child, 0)) {
		status = read_stdout(s, err);
		end_stdout(s);
	}
	return status;
}

enum oae_status oae_session_fail_ended(struct oae_session *s,
				       struct oae_error *err)
{
	struct oae_error ignored = { 0 };
	char how[96], *at, *last;

	if (!oae_child_wait(&s->child, 1000))
		return oae_fail(err, OAE_ERR_TARGET, 0,
				"closed its stdout and goes on running");
	if (s->child.err >= 0)
		drain_stderr(s, &ignored);
	oae_child_describe(&s->child, how, sizeof(how));
	while (s->err_tail_len && s->err_tail[s->err_tail_len - 1] == '\n')
		s->err_tail[--s->err_tail_len] = '\0';
	last = strrchr(s->err_tail, '\n');
	last = last ? last + 1 : s->err_tail;
	for (at = last; *at; at++)
		if ((unsigned char)*at < 0x20 || (unsigned char)*at == 0x7f)
			*at = ' ';
	return oae_fail(err, OAE_ERR_TARGET, 0, "ended early: %s%s%.200s", how,
			*last ? "; it said: " : "", last);
}

enum oae_status oae_session_event(struct oae_session *s, struct oae_event *ev,
				  bool *got, struct oae_error *err)
{
	enum oae_status status;
	const char *line;
	size_t len;

	*got = oae_lines_next(&s->lines, &line, &len);
	if (!*got)
		return s->ended ? oae_session_fail_ended(s, err) : OAE_OK;
	status = oae_event_parse_fast(line, len, ev) ?
			 OAE_OK :
			 oae_event_parse(line, len, ev, err);
	if (status)
		*got = false;
	else
		ev->received_ns = s->received_ns;
	return status;
}

/* Reads until "bye"; *bye is false when stdout ended or time ran out. */
static enum oae_status await_bye(struct oae_session *s, uint64_t until_ns,
				 bool *bye, struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	struct oae_event ev;
	bool got = false;

	*bye = false;
	while (!status && !*bye && oae_clock_ns() < until_ns) {
		status = oae_session_event(s, &ev, &got, err);
		if (status)
			break;
		if (!got) {
			status = oae_session_wait(s, until_ns, err);
			continue;
		}
		*bye = ev.kind == OAE_EVENT_BYE;
		if (!*bye)
			status = oae_fail(err, OAE_ERR_TARGET, 0,
					  "wrote '%s' after close",
					  oae_event_name(ev.kind));
		oae_event_release(&ev);
	}
	return status;
}

enum oae_status oae_session_close(struct oae_session *s,
				  const struct oae_session_limits *limits,
				  struct oae_error *err)
{
	uint64_t until = oae_clock_ns() + limits->close_ms * 1000000ull;
	enum oae_status status;
	char how[96];
	bool bye;

	oae_proto_close(&s->queue);
	status = await_bye(s, until, &bye, err);
	if (status)
		return status;
	if (!bye)
		return oae_fail(err, OAE_ERR_TARGET, 0,
				"no 'bye' within %u ms of close",
				limits->close_ms);
	while (oae_clock_ns() < until && !s->ended && !status)
		status = oae_session_wait(s, until, err);
	if (status)
		return status;
	if (!oae_child_wait(&s->child, s->ended ? 1000 : 0))
		return oae_fail(err, OAE_ERR_TARGET, 0,
				"did not exit within %u ms of close",
				limits->close_ms);
	oae_child_describe(&s->child, how, sizeof(how));
	if (!WIFEXITED(s->child.wait_status) ||
	    WEXITSTATUS(s->child.wait_status) != 0)
		return oae_fail(err, OAE_ERR_TARGET, 0, "%s after 'bye'", how);
	return OAE_OK;
}

void oae_session_end(struct oae_session *s)
{
	if (s->watches)
		close(s->watch);
	s->watches = false;
	oae_child_release(&s->child);
	oae_lines_release(&s->lines);
	oae_buf_release(&s->queue);
}
