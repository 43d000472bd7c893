/* test_html.c: text of unknown origin stays text, and hashes are those of the standard. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"

static void expect_text(const char *from, const char *to)
{
  char *text = NULL;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  tmk_html_text(out, from);
  fclose(out);
  cr_expect_str_eq(text, to);
  free(text);
}

static void expect_json(const char *from, const char *to)
{
  char *text = NULL;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  tmk_html_json(out, from, strlen(from));
  fclose(out);
  cr_expect_str_eq(text, to);
  free(text);
}

#define BAD "\xef\xbf\xbd"

Test(html, markup_becomes_references)
{
  expect_text("", "");
  expect_text("a <b> & \"c\" 'd'", "a &lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;");
  expect_text("</script><!--", "&lt;/script&gt;&lt;!--");
  expect_text("&lt;", "&amp;lt;");
  expect_text("µs € 😀 \xc2\xa0", "µs € 😀 \xc2\xa0");
}

Test(html, what_could_deceive_is_replaced)
{
  expect_text("a\nb\tc\x7f\x1b[31m", "a" BAD "b" BAD "c" BAD BAD "[31m");
  expect_text("\xc2\x85", BAD);                     /* C1 */
  expect_text("\xe2\x80\xa8\xe2\x80\xa9", BAD BAD); /* U+2028, U+2029 */
  expect_text("\xe2\x80\xae"
              "gnp",
              BAD "gnp");                                              /* right to left */
  expect_text("\xe2\x81\xa6x\xe2\x81\xa9", BAD "x" BAD);               /* isolates */
  expect_text("\xe2\x80\x93\xe2\x81\xaa", "\xe2\x80\x93\xe2\x81\xaa"); /* their neighbours */
  expect_text("\xff<\xe2\x80", BAD "&lt;" BAD BAD);                    /* no UTF-8 */
  expect_text("\xed\xa0\x80", BAD BAD BAD);                            /* half a surrogate pair */
}

Test(html, json_cannot_leave_its_script)
{
  expect_json("{\"a\": \"</script><!--&\"}", "{\"a\": \"\\u003c/script\\u003e\\u003c!--\\u0026\"}");
  expect_json("\"\xe2\x80\xa8 \xe2\x80\xae µ\"", "\"\\ufffd \\ufffd µ\"");
}

/* FIPS 180-4 examples and lengths around a block. */
Test(html, sha256)
{
  static const struct {
    const char *text;
    int repeat;
    const char *base64;
  } rows[] = {
      {"", 1, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="},
      {"abc", 1, "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1, "JI1qYdIGOLjlwCaTDD5gOaM85Flk/yFn9uzt1BnbBsE="},
      {"a", 55, "n0OQ+NMMLdkuyfCVtl4rmumwqSWlJY4kHJ8ekQ9zQxg="},
      {"a", 56, "s1Q5pKxvCUi21vnjxq8PX1kM4g8b3nCQ73lwaG7Gc4o="},
      {"a", 64, "/+BU/nrgy23GXDr5th1SCfQ5hR20PQulmXM33xVGaOs="},
      {"a", 1000000, "zcduXJkU+5KBocfihNc+Z/GAmkiklyAOBG05zMcRLNA="},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    size_t length = strlen(rows[i].text);
    char *text = malloc(length * (size_t)rows[i].repeat + 1), base64[TMK_SHA256_BASE64_SIZE];
    for (int r = 0; r < rows[i].repeat; r++) memcpy(text + (size_t)r * length, rows[i].text, length);
    tmk_sha256_base64(text, length * (size_t)rows[i].repeat, base64);
    cr_expect_str_eq(base64, rows[i].base64, "%s x %d: %s", rows[i].text, rows[i].repeat, base64);
    free(text);
  }
}
