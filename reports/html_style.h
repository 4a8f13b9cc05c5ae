/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OAE_REPORTS_HTML_STYLE_H
#define OAE_REPORTS_HTML_STYLE_H

extern const char oae_html_style[]; /* the text of a style element */

#endif
