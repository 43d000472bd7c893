/* html.c: see html.h. */
#include "html.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "json_scan.h"

#define REPLACEMENT "\xef\xbf\xbd"

/* U+2028, U+2029: ends of a line; U+200E, U+200F, U+202A..U+202E, U+2066..U+2069: direction; U+FEFF. */
static bool is_trick(const unsigned char *c, size_t length)
{
  if (length == 2) return c[0] == 0xc2 && c[1] < 0xa0; /* C1 controls */
  if (length != 3) return false;
  if (c[0] == 0xef) return c[1] == 0xbb && c[2] == 0xbf;
  if (c[0] != 0xe2) return false;
  if (c[1] == 0x80) return c[2] == 0x8e || c[2] == 0x8f || (c[2] >= 0xa8 && c[2] <= 0xae);
  return c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9;
}

void tmk_html_text(FILE *out, const char *text)
{
  const unsigned char *at = (const unsigned char *)text;
  size_t left = strlen(text);
  while (left > 0) {
    size_t length = tmk_utf8_length(at, left);
    bool bad = length == 0 || *at < 0x20 || *at == 0x7f || is_trick(at, length);
    if (length == 0) length = 1;
    if (bad) {
      fputs(REPLACEMENT, out);
    } else if (*at == '&') {
      fputs("&amp;", out);
    } else if (*at == '<') {
      fputs("&lt;", out);
    } else if (*at == '>') {
      fputs("&gt;", out);
    } else if (*at == '"') {
      fputs("&quot;", out);
    } else if (*at == '\'') {
      fputs("&#39;", out);
    } else {
      fwrite(at, 1, length, out);
    }
    at += length;
    left -= length;
  }
}

void tmk_html_json(FILE *out, const char *json, size_t size)
{
  for (size_t i = 0; i < size; i++) {
    const unsigned char *at = (const unsigned char *)json + i;
    size_t length = tmk_utf8_length(at, size - i);
    if (json[i] == '<' || json[i] == '>' || json[i] == '&') {
      fprintf(out, "\\u%04x", (unsigned)json[i]);
    } else if (length > 1 && is_trick(at, length)) {
      fputs("\\ufffd", out);
      i += length - 1;
    } else {
      putc(json[i], out);
    }
  }
}

/* --- SHA-256 --- */

static uint32_t rotate(uint32_t x, int n)
{
  return x >> n | x << (32 - n);
}

static void add_block(uint32_t h[8], const unsigned char block[64])
{
  static const uint32_t k[64] = {
      0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
      0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
      0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
      0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
      0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
      0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
      0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
      0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
  uint32_t w[64], s[8];
  for (int i = 0; i < 16; i++) {
    w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 |
           block[4 * i + 3];
  }
  for (int i = 16; i < 64; i++) {
    uint32_t a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + w[i - 7] + (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
  }
  memcpy(s, h, sizeof s);
  for (int i = 0; i < 64; i++) {
    uint32_t t1 =
        s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) + ((s[4] & s[5]) ^ (~s[4] & s[6])) + k[i] + w[i];
    uint32_t t2 =
        (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
    memmove(s + 1, s, 7 * sizeof s[0]);
    s[4] += t1;
    s[0] = t1 + t2;
  }
  for (int i = 0; i < 8; i++) h[i] += s[i];
}

void tmk_sha256_base64(const char *text, size_t size, char base64[TMK_SHA256_BASE64_SIZE])
{
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  uint32_t h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  unsigned char tail[128] = {0}, digest[33] = {0};
  size_t whole = size / 64 * 64, rest = size - whole, tail_size = rest < 56 ? 64 : 128;
  for (size_t i = 0; i < whole; i += 64) add_block(h, (const unsigned char *)text + i);
  memcpy(tail, text + whole, rest);
  tail[rest] = 0x80;
  for (size_t i = 0; i < 8; i++) tail[tail_size - 1 - i] = (unsigned char)((uint64_t)size * 8 >> 8 * i);
  for (size_t i = 0; i < tail_size; i += 64) add_block(h, tail + i);
  for (int i = 0; i < 32; i++) digest[i] = (unsigned char)(h[i / 4] >> (24 - 8 * (i % 4)));
  for (int i = 0; i < 11; i++) { /* 33 bytes, of which the last is no digest: a '=' stands for it */
    uint32_t three = (uint32_t)digest[3 * i] << 16 | (uint32_t)digest[3 * i + 1] << 8 | digest[3 * i + 2];
    for (int j = 0; j < 4; j++) base64[4 * i + j] = letters[three >> (18 - 6 * j) & 63];
  }
  base64[43] = '=';
  base64[44] = '\0';
}
