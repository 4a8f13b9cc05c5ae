/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/decode/speculation.h"

#include <math.h>
#include <string.h>

#define FADE 0.99	    /* of what was seen, by each new observation */
#define CREEP 1.001	    /* of a least time, by each new one */
#define PRIOR_WEIGHT 2.0    /* observations that the prior counts for */
#define SLOPE_UNKNOWN 0.5   /* v of one more token, before it is measured */
#define EXTRA_EVERY 32u	    /* rounds, for a look at v beyond */
#define SLACK 0.1	    /* tokens that a round may lose, at a stake */
#define STAKE 2.0	    /* plain steps that a trial may lose */
#define ACCOUNT_FIRST 5.0   /* plain steps for trials at the very first */
#define ACCOUNT_SHARE 0.015 /* and more of them for each plain step */
#define ACCOUNT_MOST 40.0
#define PLAIN_EVERY 64u /* rounds without a plain step, to keep its time */
#define OLD 64u		/* plain steps after which v is old */
#define MANY 4u		/* plain steps of a request that give its time */

/* Whatever else the machine does only lengthens a time. */
static void note(struct oae_least *t, uint64_t ns, double n)
{
	double x = (double)ns / n;

	t->ns = t->n++ ? fmin(x, t->ns * CREEP) : x;
}

/* v as it was measured; more hopeful while that was seldom. */
static double hoped(const struct oae_speculation *s, unsigned g)
{
	double x = s->verify[g].ns / s->plain.ns;
	double n = (double)s->verify[g].n, hope = 1 + SLOPE_UNKNOWN * g;

	return fmin(x, (n * x + PRIOR_WEIGHT * hope) / (n + PRIOR_WEIGHT));
}

/* v for every g, from what was measured: between, and hopefully beyond. */
static void fill_v(struct oae_speculation *s)
{
	unsigned from = 0, g, i;
	double slope;

	s->v[0] = 1;
	for (g = 1; g <= OAE_GAMMA_MAX; g++) {
		if (!s->verify[g].n)
			continue;
		/* one more token costs a plain step at most */
		s->v[g] = fmin(hoped(s, g), s->v[from] + g - from);
		for (i = from + 1; i < g; i++)
			s->v[i] = s->v[from] + (s->v[g] - s->v[from]) *
						       (i - from) / (g - from);
		from = g;
	}
	slope = from ? 0.5 * (s->v[from] - 1) / from : SLOPE_UNKNOWN;
	for (g = from + 1; g <= OAE_GAMMA_MAX; g++)
		s->v[g] = s->v[from] + fmax(slope, 0) * (g - from);
	s->most = from < OAE_GAMMA_MAX / 2 ? 2 * from + 1 : OAE_GAMMA_MAX;
}

void oae_speculation_init(struct oae_speculation *s, unsigned gamma,
			  const double *prior, double guess_c)
{
	*s = (struct oae_speculation){ .gamma = gamma, .guess_c = guess_c };
	for (unsigned k = 0; k < OAE_SPECULATION_CLASSES; k++) {
		s->tried[k] = PRIOR_WEIGHT;
		s->kept[k] = PRIOR_WEIGHT * prior[k];
	}
	s->account = ACCOUNT_FIRST;
	s->since_verified = OLD;
	fill_v(s);
}

/* Tokens of an answer before the next trial: 0, 16, 32, 48, 0, ... */
static unsigned place(const struct oae_speculation *s)
{
	return s->trials % 4 * OAE_GAMMA_MAX;
}

void oae_speculation_begin(struct oae_speculation *s)
{
	if (s->answer) {
		s->answers = s->answers * 0.9 + 1;
		s->answer_tokens = s->answer_tokens * 0.9 + (double)s->answer;
	}
	if (s->answer < place(s)) /* answers may be shorter than that */
		s->trials++;
	s->answer = 0;
	s->now = (struct oae_speculation_sums){ 0 };
}

static double cost_of_guess(const struct oae_speculation *s)
{
	return s->draft.n && s->plain.n ? s->draft.ns / s->plain.ns :
					  s->guess_c;
}

static double cost_of_catch_up(const struct oae_speculation *s, size_t lag)
{
	double each = s->catch_up.n && s->plain.n ?
			      s->catch_up.ns / s->plain.ns :
			      cost_of_guess(s) / 2;

	return lag > OAE_DRAFT_LAG ? each * (double)lag : 0;
}

/* Tokens for a plain step's time at the present speed. */
static double speed(const struct oae_speculation *s)
{
	return s->cost > 0 ? fmax(1, s->gave / s->cost) : 1;
}

/* Is what the draft will save more than what it costs to bring it here? */
static bool pays(const struct oae_speculation *s, size_t lag, size_t room)
{
	double left = (double)room;

	if (lag <= OAE_DRAFT_LAG)
		return true;
	if (s->answers > 0)
		left = fmin(left, fmax(8, s->answer_tokens / s->answers -
						  (double)s->answer));
	return left * (1 - 1 / speed(s)) > cost_of_catch_up(s, lag);
}

static double rate_of(const struct oae_speculation *s, unsigned class)
{
	return s->kept[class] / s->tried[class];
}

/*
 * The value of verifying the first g guesses over a plain step, in tokens,
 * when the time of a plain step is worth so many.
 */
static double value(const struct oae_speculation *s, unsigned g, double worth,
		    double *chance)
{
	double tokens = 0;

	*chance = 1;
	for (unsigned i = 0; i < g; i++)
		tokens += *chance *= s->rate[i];
	return tokens - worth * (s->v[g] - 1);
}

static bool more(const struct oae_speculation *s, double worth)
{
	double c = worth * cost_of_guess(s), best = 0, here, chance, next;
	double mean = 0, seen = 0, chosen = 0, one;
	unsigned g = s->guesses;

	for (unsigned i = 0; i <= g; i++) {
		here = value(s, i, worth, &chance);
		best = fmax(best, here);
	}
	/* one more, if it turns out to be one that deserves trust */
	one = worth * (s->v[g + 1] - s->v[g]);
	for (unsigned k = 0; k < OAE_SPECULATION_CLASSES; k++) {
		seen += s->seen[k];
		mean += s->seen[k] * rate_of(s, k);
		chosen += s->seen[k] * fmax(0, chance * rate_of(s, k) - one);
	}
	if (!(seen > 0) || here + chosen / seen - c > best)
		return true;
	mean /= seen;
	/* or several, as they come on average */
	next = here;
	for (unsigned h = g + 1; h <= s->most; h++) {
		chance *= mean;
		next += chance - c - worth * (s->v[h] - s->v[h - 1]);
		if (next > best)
			return true;
	}
	return false;
}

bool oae_speculation_more(struct oae_speculation *s)
{
	if (s->gamma)
		return s->guesses < s->gamma;
	if (s->guesses == s->most)
		return false;
	if (s->guess_c <= 0 || (s->stake > 0 && !s->guesses) ||
	    more(s, speed(s)))
		return true;
	/* now and then one more, to see what it costs */
	if (s->extra || !s->guesses || ++s->rounds % EXTRA_EVERY)
		return false;
	return s->extra = true;
}

/* Begins a trial, if the account pays for it. What v was is forgotten. */
static bool try_again(struct oae_speculation *s, double price, size_t room)
{
	if (s->since_verified < OLD || s->account < price + STAKE ||
	    room < OAE_GAMMA_MAX || s->answer < place(s))
		return false;
	s->account -= price + STAKE;
	s->trials++;
	s->stake = STAKE;
	s->draft.n = 0;
	for (unsigned g = 1; g <= OAE_GAMMA_MAX; g++)
		s->verify[g].n = 0;
	fill_v(s);
	return true;
}

bool oae_speculation_wants(struct oae_speculation *s, size_t lag, size_t room)
{
	double price = cost_of_catch_up(s, lag);

	s->guesses = 0;
	/* the first plain steps give the measure of all costs */
	if (s->plain.n < 2 || s->since_plain >= PLAIN_EVERY ||
	    s->gamma == OAE_GAMMA_NONE)
		return false;
	if (s->gamma)
		return true;
	if (s->stake > 0 && lag > OAE_DRAFT_LAG)
		s->stake -= price;
	if (s->stake > 0 || (more(s, speed(s)) && pays(s, lag, room)))
		return true;
	return try_again(s, price, room) || s->guess_c <= 0;
}

void oae_speculation_guess(struct oae_speculation *s, unsigned class)
{
	/* with a fixed number nobody asks the draft how sure it is */
	if (!s->gamma) {
		for (unsigned k = 0; k < OAE_SPECULATION_CLASSES; k++)
			s->seen[k] *= FADE;
		s->seen[class]++;
	}
	s->class[s->guesses] = class;
	s->rate[s->guesses++] = rate_of(s, class);
}

unsigned oae_speculation_choose(struct oae_speculation *s)
{
	/* while there is a stake, what may be worth it is tried */
	double most = s->stake > 0 ? -SLACK : 0, here, chance;
	unsigned best = 0;

	if (s->gamma)
		return s->guesses;
	for (unsigned g = 1; g <= s->guesses; g++) {
		here = value(s, g, speed(s), &chance);
		if (here > most) {
			most = here;
			best = g;
		}
	}
	if (s->extra && best)
		best = s->guesses;
	s->extra = false;
	return best;
}

void oae_speculation_judge(struct oae_speculation *s, unsigned i, bool kept,
			   bool verified)
{
	unsigned k = s->class[i];

	if (!s->gamma) {
		s->tried[k] = s->tried[k] * FADE + 1;
		s->kept[k] = s->kept[k] * FADE + kept;
	}
	if (!verified)
		return;
	s->now.judged++;
	s->now.accepted += kept;
}

/* A round gave so much for so many plain steps' time. */
static void account(struct oae_speculation *s, double tokens, double cost)
{
	if (s->gamma)
		return;
	s->gave = s->gave * FADE + tokens;
	s->cost = s->cost * FADE + cost;
	s->answer += (uint64_t)tokens;
	if (s->guesses)
		s->stake = fmax(0, fmin(s->stake + tokens - cost, STAKE));
}

static void add_draft(struct oae_speculation *s, uint64_t ns)
{
	s->now.draft_ns += ns;
	if (s->guesses && ns)
		note(&s->draft, ns, s->guesses);
}

void oae_speculation_plain(struct oae_speculation *s, uint64_t draft_ns,
			   uint64_t plain_ns)
{
	add_draft(s, draft_ns);
	s->now.plain++;
	s->now.plain_ns += plain_ns;
	note(&s->plain, plain_ns, 1);
	fill_v(s);
	s->since_plain = 0;
	s->since_verified++;
	if (!s->gamma)
		s->account = fmin(s->account + ACCOUNT_SHARE, ACCOUNT_MOST);
	account(s, 1, 1 + s->guesses * cost_of_guess(s));
}

void oae_speculation_round(struct oae_speculation *s, unsigned g,
			   unsigned tokens, uint64_t draft_ns,
			   uint64_t verify_ns)
{
	add_draft(s, draft_ns);
	s->now.rounds++;
	s->now.drafted += g;
	s->now.tokens += tokens;
	s->now.verify_ns += verify_ns;
	note(&s->verify[g], verify_ns, 1);
	fill_v(s);
	s->since_plain++;
	if ((double)verify_ns < s->plain.ns)
		s->since_plain = PLAIN_EVERY; /* that was too long */
	s->since_verified = 0;
	account(s, tokens, s->v[g] + s->guesses * cost_of_guess(s));
}

void oae_speculation_catch_up(struct oae_speculation *s, size_t n, uint64_t ns)
{
	s->now.catch_up += n;
	s->now.catch_up_ns += ns;
	note(&s->catch_up, ns, (double)n);
}

void oae_speculation_add(struct oae_speculation_sums *to,
			 const struct oae_speculation_sums *from)
{
	to->rounds += from->rounds;
	to->drafted += from->drafted;
	to->judged += from->judged;
	to->accepted += from->accepted;
	to->tokens += from->tokens;
	to->plain += from->plain;
	to->draft_ns += from->draft_ns;
	to->verify_ns += from->verify_ns;
	to->plain_ns += from->plain_ns;
	to->catch_up += from->catch_up;
	to->catch_up_ns += from->catch_up_ns;
}

void oae_speculation_summarise_by(const struct oae_speculation_sums *sums,
				  double plain_ns,
				  struct oae_speculation_report *out)
{
	const struct oae_drafting_sums s = {
		.rounds = (double)sums->rounds,
		.drafted = (double)sums->drafted,
		.judged = (double)sums->judged,
		.accepted = (double)sums->accepted,
		.tokens = (double)sums->tokens,
		.plain_steps = (double)sums->plain,
		.draft = (double)sums->draft_ns,
		.catch_up = (double)sums->catch_up_ns,
		.verify = (double)sums->verify_ns,
		.plain = (double)sums->plain_ns,
	};

	/* out->sums may be *sums */
	out->sums = *sums;
	out->plain_ms = plain_ns / 1e6;
	oae_drafting_figures(&s, plain_ns, &out->is);
}

void oae_speculation_summarise(const struct oae_speculation_sums *sums,
			       double plain_ns,
			       struct oae_speculation_report *out)
{
	if (sums->plain >= MANY)
		plain_ns = (double)sums->plain_ns / (double)sums->plain;
	oae_speculation_summarise_by(sums, plain_ns, out);
}

void oae_speculation_report(const struct oae_speculation *s,
			    struct oae_speculation_report *out)
{
	oae_speculation_summarise(&s->now, s->plain.n ? s->plain.ns : NAN, out);
}
