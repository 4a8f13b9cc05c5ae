/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may be compared, and the rank of each: a range, because systems
 * whose intervals overlap are not distinguishable.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/board_internal.h"

#define SLUG_CHARS 32

/* Both NULL or both not: 0; ranked ones come first. */
static int by_ranked(const struct oae_board_row *x,
		     const struct oae_board_row *y)
{
	return (x->unranked != NULL) - (y->unranked != NULL);
}

static int by_league(const struct oae_board_row *x,
		     const struct oae_board_row *y)
{
	int d = strcmp(x->submission->division, y->submission->division);

	if (d == 0)
		d = strcmp(x->baseline, y->baseline);
	if (d == 0)
		d = strcmp(x->league, y->league);
	return d ? d : strcmp(x->class, y->class);
}

static int by_name(const struct oae_board_row *x, const struct oae_board_row *y)
{
	int d = strcmp(x->submission->org, y->submission->org);

	if (d == 0)
		d = strcmp(x->submission->name, y->submission->name);
	return d ? d : strcmp(x->system, y->system);
}

/* The larger first; a missing one last. */
static int by_value(const struct oae_value *x, const struct oae_value *y)
{
	if (!x->has || !y->has)
		return x->has == y->has ? 0 : x->has ? -1 : 1;
	return (x->value < y->value) - (x->value > y->value);
}

static int by_place(const void *a, const void *b)
{
	const struct oae_board_row *x = *(struct oae_board_row *const *)a;
	const struct oae_board_row *y = *(struct oae_board_row *const *)b;
	int d;

	if (x->table != y->table)
		return x->table < y->table ? -1 : 1;
	d = by_ranked(x, y);
	if (d == 0 && !x->unranked)
		d = by_league(x, y);
	if (d == 0)
		d = by_value(&x->oae, &y->oae);
	if (d == 0)
		d = by_name(x, y);
	return d ? d : (x > y) - (x < y);
}

size_t oae_board_league(const struct oae_board *b,
			const struct oae_board_table *t, size_t first)
{
	const struct oae_board_row *head = b->order[first], *row;
	size_t i, end = t->first + t->n_rows;

	for (i = first + 1; i < end; i++) {
		row = b->order[i];
		if (by_ranked(head, row) != 0 ||
		    (!head->unranked && by_league(head, row) != 0))
			break;
	}
	return i - first;
}

static int by_number(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* How many of the n sorted values are below v. */
static size_t count_below(const double *sorted, size_t n, double v)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (sorted[mid] < v)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* How many are above v: those that are below -v when turned round. */
static void rank_league(struct oae_board_row **row, size_t n, double *lows,
			double *highs)
{
	size_t i, above, below;

	for (i = 0; i < n; i++) {
		lows[i] = -row[i]->oae.low;
		highs[i] = row[i]->oae.high;
	}
	qsort(lows, n, sizeof(*lows), by_number);
	qsort(highs, n, sizeof(*highs), by_number);
	for (i = 0; i < n; i++) {
		above = count_below(lows, n, -row[i]->oae.high);
		below = count_below(highs, n, row[i]->oae.low);
		row[i]->rank_low = above + 1;
		row[i]->rank_high = n - below;
		row[i]->same = n - above - below - 1;
	}
}

static enum oae_status rank_all(struct oae_board *b, struct oae_error *err)
{
	double *numbers = calloc(2 * b->n_rows + 1, sizeof(*numbers));
	struct oae_board_table *t;
	size_t i, first, n;

	if (!numbers)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "board: no memory");
	for (i = 0; i < b->n_tables; i++) {
		t = &b->tables[i];
		for (first = t->first; first < t->first + t->n_rows;
		     first += n) {
			n = oae_board_league(b, t, first);
			if (b->order[first]->unranked)
				continue;
			rank_league(b->order + first, n, numbers, numbers + n);
			t->n_ranked += n;
		}
	}
	free(numbers);
	return OAE_OK;
}

/* ---- tables ------------------------------------------------------------ */

struct ordered_table {
	struct oae_board_table table;
	size_t was, group_rows;
};

/* The profile with most rows first, its modes beside each other. */
static int by_fullness(const void *a, const void *b)
{
	const struct ordered_table *x = a, *y = b;
	int d;

	if (x->group_rows != y->group_rows)
		return x->group_rows > y->group_rows ? -1 : 1;
	d = strcmp(x->table.profile, y->table.profile);
	if (d == 0)
		d = strcmp(x->table.key, y->table.key);
	return d ? d : (int)x->table.mode - (int)y->table.mode;
}

static void put_slug(char *out, const char *id)
{
	size_t n = 0;

	for (; *id && n < SLUG_CHARS; id++)
		if (isalnum((unsigned char)*id) && (unsigned char)*id < 0x80)
			out[n++] = (char)tolower((unsigned char)*id);
		else if (n && out[n - 1] != '-')
			out[n++] = '-';
	while (n && out[n - 1] == '-')
		n--;
	out[n] = '\0';
}

/* "clinic-1a2b3c4d-on-demand.html": the same wherever the profile is. */
static enum oae_status name_page(struct oae_board *b, size_t i,
				 struct oae_error *err)
{
	struct oae_board_table *t = &b->tables[i];
	char slug[SLUG_CHARS + 1];
	size_t k, twin = 1;

	put_slug(slug, t->profile);
	for (k = 0; k < i; k++)
		twin += b->tables[k].mode == t->mode &&
			strncmp(b->tables[k].key, t->key, 8) == 0;
	t->file = oae_arena_printf(
		&b->arena, "%s-%.8s%s-%s.html", *slug ? slug : "profile",
		t->key, twin > 1 ? "-other" : "",
		t->mode == OAE_VIEW_OWNED ? "owned" : "on-demand");
	if (!t->file)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "board: no memory");
	return OAE_OK;
}

/* Orders the tables and tells the rows their new numbers. */
static enum oae_status order_tables(struct oae_board *b, struct oae_error *err)
{
	struct ordered_table *list;
	size_t *now, i, k;
	enum oae_status status = OAE_OK;

	list = calloc(b->n_tables + 1, sizeof(*list));
	now = calloc(b->n_tables + 1, sizeof(*now));
	if (!list || !now) {
		status = oae_fail(err, OAE_ERR_NOMEM, 0, "board: no memory");
		goto out;
	}
	for (i = 0; i < b->n_rows; i++)
		b->tables[b->rows[i].table].n_rows++;
	for (i = 0; i < b->n_tables; i++) {
		list[i].table = b->tables[i];
		list[i].was = i;
		for (k = 0; k < b->n_tables; k++)
			if (strcmp(b->tables[k].key, b->tables[i].key) == 0)
				list[i].group_rows += b->tables[k].n_rows;
	}
	qsort(list, b->n_tables, sizeof(*list), by_fullness);
	for (i = 0; i < b->n_tables; i++) {
		b->tables[i] = list[i].table;
		now[list[i].was] = i;
	}
	for (i = 0; i < b->n_rows; i++)
		b->rows[i].table = now[b->rows[i].table];
	for (i = 0; i < b->n_tables && status == OAE_OK; i++) {
		if (i > 0)
			b->tables[i].first = b->tables[i - 1].first +
					     b->tables[i - 1].n_rows;
		status = name_page(b, i, err);
	}
out:
	free(list);
	free(now);
	return status;
}

enum oae_status oae_board_rank(struct oae_board *b, struct oae_error *err)
{
	enum oae_status status = order_tables(b, err);
	size_t i;

	if (status != OAE_OK)
		return status;
	/* Those of rejected submissions only: they have no rows and no page,
	 * and come last. */
	while (b->n_tables && b->tables[b->n_tables - 1].n_rows == 0)
		b->n_tables--;
	b->order = oae_arena_array(&b->arena, b->n_rows + 1, sizeof(*b->order));
	if (!b->order)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "board: no memory");
	for (i = 0; i < b->n_rows; i++)
		b->order[i] = &b->rows[i];
	qsort(b->order, b->n_rows, sizeof(*b->order), by_place);
	return rank_all(b, err);
}
