/* html.h: text of unknown origin into HTML. Everything that a report prints from a file passes through here. */
#ifndef TMK_HARNESS_HTML_H
#define TMK_HARNESS_HTML_H

#include <stddef.h>
#include <stdio.h>

/* As text, or between double quotes as an attribute: & < > " ' become references. Control characters, what is not UTF-8, line and
 * paragraph separators, and characters that turn the direction of text become U+FFFD, so that a name can't pretend to be another. */
void tmk_html_text(FILE *out, const char *text);
/* JSON text into <script type="application/json">: < > &, which stand in strings only, become \u escapes, and so that it says what
 * tmk_html_text says, U+FFFD stands for the same characters. */
void tmk_html_json(FILE *out, const char *json, size_t size);

/* SHA-256 in base64, as a Content-Security-Policy names a script: 44 characters and a NUL. (FIPS 180-4) */
#define TMK_SHA256_BASE64_SIZE 45
void tmk_sha256_base64(const char *text, size_t size, char base64[TMK_SHA256_BASE64_SIZE]);

#endif
