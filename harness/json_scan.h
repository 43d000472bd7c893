/* json_scan.h: the strict half of reading JSON: is this text one RFC 8259 document, nothing before or behind it?
 *
 * cJSON takes more than the standard (01, raw control characters, "\u0000" that ends a C string early, trailing text)
 * and says only where it stopped. So the text is checked here first, in one pass with a fixed stack, and cJSON gets
 * what passed.
 */
#ifndef TMK_HARNESS_JSON_SCAN_H
#define TMK_HARNESS_JSON_SCAN_H

#include <stddef.h>
#include <stdint.h>

#include "tokmark/status.h"

/* cJSON keeps about 80 bytes a value: this bounds the memory that a small file of "[0,0,0,…" can take to some 700
 * MB. */
#define TMK_JSON_MAX_VALUES ((int64_t)8 << 20)
/* cJSON cuts a number at 63 characters without a word. */
#define TMK_JSON_MAX_NUMBER_CHARS 63

/* Checks text[0 … size − 1]; a UTF-8 byte order mark before it must have been taken off. USAGE error "NAME:LINE:COLUMN:
 * what", line and column from 1, columns in characters. Refuses also: strings that are not UTF-8, lone surrogates, NUL
 * in any spelling, more than TMK_JSON_MAX_DEPTH levels. */
enum tmk_status tmk_json_scan(const char *name, const char *text, size_t size, struct tmk_error *err);

/* Length in bytes of the UTF-8 character at text[0 … size − 1]: 1..4, or 0 if there is none (overlong forms, surrogates
 * and beyond U+10FFFF are none). */
size_t tmk_utf8_length(const unsigned char *text, size_t size);

#endif
