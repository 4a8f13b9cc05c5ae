/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trend's document (schema/documents/trend-1.schema.json) for people: the
 * changes as a table, and the series drawn.
 */
#ifndef OAE_REPORTS_TREND_H
#define OAE_REPORTS_TREND_H

#include "base/buf.h"
#include "base/json.h"
#include "base/status.h"

#define OAE_TREND_PICTURE "trend" /* .svg, .png, .gp, .dat */
#define OAE_TREND_PANELS_MAX 12u

enum oae_status oae_trend_text(const cJSON *doc, struct oae_buf *out,
			       int columns, struct oae_error *err);
/*
 * The gnuplot script and its data for at most OAE_TREND_PANELS_MAX series,
 * those with changes first. OAE_ERR_UNSUPPORTED when there is nothing to
 * draw.
 */
enum oae_status oae_trend_plot(const cJSON *doc, struct oae_buf *gp,
			       struct oae_buf *dat, struct oae_error *err);

#endif
