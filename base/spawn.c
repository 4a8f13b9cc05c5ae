/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/* How long an exec may take to succeed or fail after its release. */
#define EXEC_TIMEOUT_MS 10000
/* How long a killed child may need to disappear. */
#define KILL_TIMEOUT_MS 10000
#define EXIT_NOT_STARTED 127
/* The wait status of a child that somebody else has reaped: "exit 255". */
#define STATUS_LOST 0xff00

/* What the child reports when it cannot exec. */
struct exec_failure {
	int sys;    /* errno */
	int in_dir; /* 1: the folder, 0: the program */
};

/* Read (0) and write (1) ends; all are closed at the child's exec. */
struct pipes {
	int in[2], out[2], err[2], hold[2], exec[2];
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void close_pair(int fd[2])
{
	close_fd(&fd[0]);
	close_fd(&fd[1]);
}

static void close_pipes(struct pipes *p)
{
	close_pair(p->in);
	close_pair(p->out);
	close_pair(p->err);
	close_pair(p->hold);
	close_pair(p->exec);
}

/*
 * Moves both ends above the standard three, so that dup2() onto those never
 * meets one of them.
 */
static int lift(int fd[2])
{
	for (int i = 0; i < 2; i++) {
		int old = fd[i];

		if (old > 2)
			continue;
		fd[i] = fcntl(old, F_DUPFD_CLOEXEC, 3);
		if (fd[i] < 0) {
			fd[i] = old;
			return errno;
		}
		close(old);
	}
	return 0;
}

static int open_pipe(int fd[2])
{
	return pipe2(fd, O_CLOEXEC) ? errno : lift(fd);
}

static int open_pipes(struct pipes *p, const struct oae_spawn *how)
{
	int sys;

	memset(p, 0xff, sizeof(*p)); /* every end -1 */
	sys = open_pipe(p->in);
	if (!sys)
		sys = open_pipe(p->out);
	if (!sys && !how->merge_err)
		sys = open_pipe(p->err);
	/* A socket, because sending on it can be kept from raising SIGPIPE. */
	if (!sys)
		sys = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
				 p->hold) ?
			      errno :
			      lift(p->hold);
	if (!sys)
		sys = open_pipe(p->exec);
	if (!sys && fcntl(p->out[0], F_SETFL, O_NONBLOCK))
		sys = errno;
	if (!sys && !how->merge_err && fcntl(p->err[0], F_SETFL, O_NONBLOCK))
		sys = errno;
	return sys;
}

/* In the child: signals as a fresh program expects them. */
static void reset_signals(void)
{
	static const int ours[] = { SIGPIPE, SIGINT,  SIGTERM, SIGHUP, SIGQUIT,
				    SIGCHLD, SIGALRM, SIGUSR1, SIGUSR2 };
	sigset_t none;

	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		signal(ours[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child, after fork; returns errno. */
static int child_exec(struct pipes *p, const struct oae_spawn *how,
		      pid_t parent, int *in_dir)
{
	const char *what;
	ssize_t n;
	char go;

	reset_signals();
	if (setpgid(0, 0))
		return errno;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL))
		return errno;
	if (getppid() != parent)
		return ESRCH;
	close_fd(&p->hold[1]);
	do {
		n = read(p->hold[0], &go, 1);
	} while (n < 0 && errno == EINTR);
	if (n != 1)
		return ECANCELED;
	if (how->confine) {
		n = oae_confine_enter(how->confine, &what);
		if (n)
			return (int)n;
	}
	*in_dir = 1;
	if (how->dir && chdir(how->dir))
		return errno;
	*in_dir = 0;
	if (dup2(p->in[0], 0) < 0 || dup2(p->out[1], 1) < 0)
		return errno;
	if (!how->merge_err && dup2(p->err[1], 2) < 0)
		return errno;
	/* It takes non-const pointers but does not change them. */
	if (how->env)
		environ = (char **)how->env;
	execvp(how->argv[0], (char *const *)how->argv);
	return errno;
}

static void child_main(struct pipes *p, const struct oae_spawn *how,
		       pid_t parent)
{
	struct exec_failure f = { 0 };
	ssize_t n;

	f.sys = child_exec(p, how, parent, &f.in_dir);
	n = write(p->exec[1], &f, sizeof(f));
	(void)n;
	_exit(EXIT_NOT_STARTED);
}

static enum oae_status spawn_fail(struct oae_error *err, const char *program,
				  int sys)
{
	return oae_fail(err,
			sys == EACCES || sys == EPERM ? OAE_ERR_DENIED :
							OAE_ERR_IO,
			sys, "%s: cannot start", program);
}

enum oae_status oae_child_spawn(struct oae_child *c,
				const struct oae_spawn *how,
				struct oae_error *err)
{
	const char *program = how->argv[0];
	pid_t parent = getpid();
	struct pipes p;
	int sys;

	memset(c, 0, sizeof(*c));
	c->in = c->out = c->err = c->hold = c->exec = -1;
	c->reaped = true;
	(void)snprintf(c->program, sizeof(c->program), "%s", program);
	sys = open_pipes(&p, how);
	if (sys) {
		close_pipes(&p);
		return spawn_fail(err, program, sys);
	}
	c->pid = fork();
	if (c->pid < 0) {
		sys = errno;
		close_pipes(&p);
		return spawn_fail(err, program, sys);
	}
	if (c->pid == 0)
		child_main(&p, how, parent);
	/* On both sides, so that the group exists whoever runs first. */
	(void)setpgid(c->pid, c->pid);
	c->reaped = false;
	c->in = p.in[1];
	c->out = p.out[0];
	c->err = p.err[0];
	c->hold = p.hold[1];
	c->exec = p.exec[0];
	p.in[1] = p.out[0] = p.err[0] = p.hold[1] = p.exec[0] = -1;
	close_pipes(&p);
	return how->hold ? OAE_OK : oae_child_start(c, err);
}

/* sys is 0 once the exec succeeded, else what the child sent. */
static struct exec_failure read_exec_result(int fd)
{
	uint64_t due_ns = oae_clock_ns() + EXEC_TIMEOUT_MS * 1000000ull;
	struct exec_failure f;
	ssize_t n;

	for (;;) {
		struct pollfd poller = { .fd = fd, .events = POLLIN };
		uint64_t now_ns = oae_clock_ns();

		f = (struct exec_failure){ .sys = ETIMEDOUT };
		if (now_ns >= due_ns)
			return f;
		if (poll(&poller, 1, (int)((due_ns - now_ns) / 1000000u) + 1) <=
		    0)
			continue;
		n = read(fd, &f, sizeof(f));
		if (n < 0 && errno == EINTR)
			continue;
		/* End of file: the exec closed the other end. */
		if (n != (ssize_t)sizeof(f))
			f.sys = 0;
		return f;
	}
}

enum oae_status oae_child_start(struct oae_child *c, struct oae_error *err)
{
	struct exec_failure f = { 0 };
	char program[sizeof(c->program)];

	if (c->hold < 0)
		return oae_fail(err, OAE_ERR_USAGE, 0, "%s: started already",
				c->program);
	while (send(c->hold, "g", 1, MSG_NOSIGNAL) < 0) {
		if (errno == EINTR)
			continue;
		f.sys = errno;
		break;
	}
	close_fd(&c->hold);
	if (!f.sys)
		f = read_exec_result(c->exec);
	close_fd(&c->exec);
	if (!f.sys)
		return OAE_OK;
	memcpy(program, c->program, sizeof(program));
	oae_child_release(c);
	if (f.in_dir)
		return oae_fail(err, OAE_ERR_IO, f.sys,
				"%s: cannot enter its working folder", program);
	return spawn_fail(err, program, f.sys);
}

/*
 * Takes the child's end into c when it has come. The rest of its group is
 * killed while the zombie still keeps the group's number from being reused.
 */
static bool try_reap(struct oae_child *c)
{
	siginfo_t info = { 0 };
	struct rusage u;

	if (c->reaped)
		return true;
	if (!waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) &&
	    info.si_pid == 0)
		return false;
	c->reaped = true;
	c->wait_status = STATUS_LOST;
	if (info.si_pid != c->pid)
		return true;
	kill(-c->pid, SIGKILL);
	memset(&u, 0, sizeof(u));
	(void)wait4(c->pid, &c->wait_status, 0, &u);
	c->user_s =
		(double)u.ru_utime.tv_sec + (double)u.ru_utime.tv_usec * 1e-6;
	c->system_s =
		(double)u.ru_stime.tv_sec + (double)u.ru_stime.tv_usec * 1e-6;
	c->peak_rss_bytes = (uint64_t)u.ru_maxrss * 1024u;
	return true;
}

bool oae_child_wait(struct oae_child *c, int timeout_ms)
{
	uint64_t now_ns = oae_clock_ns(), step_ns = 100000;
	uint64_t due_ns;

	if (timeout_ms < 0)
		timeout_ms = 0;
	due_ns = now_ns + (uint64_t)timeout_ms * 1000000u;
	while (!try_reap(c)) {
		struct timespec nap = { 0 };

		now_ns = oae_clock_ns();
		if (now_ns >= due_ns)
			return false;
		if (step_ns > due_ns - now_ns)
			step_ns = due_ns - now_ns;
		nap.tv_nsec = (long)step_ns;
		(void)nanosleep(&nap, NULL);
		if (step_ns < 5000000)
			step_ns *= 2;
	}
	return true;
}

void oae_child_kill(struct oae_child *c, int timeout_ms)
{
	if (try_reap(c))
		return;
	kill(-c->pid, SIGTERM);
	if (oae_child_wait(c, timeout_ms))
		return;
	kill(-c->pid, SIGKILL);
	(void)oae_child_wait(c, KILL_TIMEOUT_MS);
}

void oae_child_release(struct oae_child *c)
{
	close_fd(&c->hold);
	close_fd(&c->exec);
	close_fd(&c->in);
	oae_child_kill(c, 0);
	close_fd(&c->out);
	close_fd(&c->err);
}

void oae_child_describe(const struct oae_child *c, char *out, size_t size)
{
	int status = c->wait_status;

	if (!c->reaped)
		(void)snprintf(out, size, "still running");
	else if (WIFSIGNALED(status))
		(void)snprintf(out, size, "signal %d (%s)", WTERMSIG(status),
			       strsignal(WTERMSIG(status)));
	else
		(void)snprintf(out, size, "exit %d", WEXITSTATUS(status));
}
