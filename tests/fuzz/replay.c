/* replay.c: a main() for fuzz targets that needs no libFuzzer: each file of a folder, and a fixed number of its mutations,
 * each in a process of its own. Mutations are a pure function of file and number, so that a failure can be made again:
 *
 *   replay_fuzz_NAME FOLDER               runs all; "[FUZZ] N passed, N failed"
 *   replay_fuzz_NAME FILE NUMBER > input  writes that mutation; number 0 is the file itself */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tokmark/fill.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUTATIONS    400
#define MAX_BYTES    ((size_t)4 << 20)
#define FILE_SECONDS 120 /* under sanitizers and emulators too */

struct input {
  uint8_t *bytes; /* owned; room for grown mutations */
  size_t size;
};

static struct input input_read(const char *path)
{
  struct input input = {.bytes = malloc(MAX_BYTES * 2), .size = 0};
  FILE *file = fopen(path, "rb");
  if (file == NULL || input.bytes == NULL) {
    perror(path);
    exit(1);
  }
  input.size = fread(input.bytes, 1, MAX_BYTES, file);
  fclose(file);
  return input;
}

static uint64_t next_random(uint64_t *state)
{
  return tmk_fill_mix64(*state += 0x9e3779b97f4a7c15ull);
}

/* One small damage: what editors, transfers and attackers do to a text. */
static void damage(struct input *input, uint64_t *state)
{
  static const char *const pieces[] = {
      "{", "}",    "[",     "]",    ",",    ":",  "\"",  "\\u0000", "-", "1e999", "9223372036854775808",
      "0", "null", "false", "1e-9", "\xff", "\n", "NaN", "\\ud800", "."};
  uint64_t kind = next_random(state) % 6;
  size_t at = input->size > 0 ? next_random(state) % input->size : 0;
  size_t length = input->size > at ? 1 + next_random(state) % (input->size - at < 32 ? input->size - at : 32) : 0;
  if (kind == 0 && input->size > 0) { /* flip a bit */
    input->bytes[at] ^= (uint8_t)(1u << next_random(state) % 8);
  } else if (kind == 1) { /* cut the end */
    input->size = at;
  } else if (kind == 2) { /* take a piece out */
    memmove(input->bytes + at, input->bytes + at + length, input->size - at - length);
    input->size -= length;
  } else if (kind == 3 && input->size + length <= MAX_BYTES) { /* write a piece twice */
    memmove(input->bytes + at + length, input->bytes + at, input->size - at);
    input->size += length;
  } else { /* put a word in, over what is there or between */
    const char *piece = pieces[next_random(state) % (sizeof pieces / sizeof pieces[0])];
    size_t piece_length = strlen(piece);
    if (kind == 4 && input->size + piece_length <= MAX_BYTES) {
      memmove(input->bytes + at + piece_length, input->bytes + at, input->size - at);
      input->size += piece_length;
    }
    if (at + piece_length <= input->size) memcpy(input->bytes + at, piece, piece_length);
  }
}

static struct input input_mutated(const char *path, int number)
{
  struct input input = input_read(path);
  uint64_t state = (uint64_t)number;
  for (const char *c = strrchr(path, '/'); c != NULL && *c != '\0'; c++)
    state = state * 31 + (uint64_t)(unsigned char)*c;
  if (number == 0) return input;
  for (uint64_t left = 1 + next_random(&state) % 4; left > 0; left--) damage(&input, &state);
  return input;
}

/* Runs the file and its mutations in a child; *reached is shared with it. */
static int file_run(const char *path, volatile int *reached)
{
  pid_t child = fork();
  if (child == 0) {
    alarm(FILE_SECONDS);
    for (*reached = 0; *reached <= MUTATIONS; (*reached)++) {
      struct input input = input_mutated(path, *reached);
      /* Exactly as large as the input, so that a read past its end is seen. */
      uint8_t *exact = malloc(input.size > 0 ? input.size : 1);
      if (exact == NULL) _exit(1);
      memcpy(exact, input.bytes, input.size);
      LLVMFuzzerTestOneInput(exact, input.size);
      free(exact);
      free(input.bytes);
    }
    _exit(0);
  }
  int status = 1;
  if (child < 0 || waitpid(child, &status, 0) != child) return 1;
  return status;
}

int main(int argc, char **argv)
{
  if (argc == 3) {
    struct input input = input_mutated(argv[1], atoi(argv[2]));
    fwrite(input.bytes, 1, input.size, stdout);
    free(input.bytes);
    return 0;
  }
  struct dirent **entries = NULL;
  int count = argc == 2 ? scandir(argv[1], &entries, NULL, alphasort) : -1;
  volatile int *reached = mmap(NULL, sizeof *reached, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  int passed = 0, failed = 0;
  if (count < 0 || reached == MAP_FAILED) {
    fprintf(stderr, "usage: %s FOLDER | FILE NUMBER\n", argv[0]);
    return 1;
  }
  for (int i = 0; i < count; i++) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", argv[1], entries[i]->d_name);
    int status = entries[i]->d_name[0] == '.' ? -1 : file_run(path, reached);
    free(entries[i]);
    if (status == 0) {
      passed++;
    } else if (status > 0) {
      failed++;
      printf("FAILED: %s %s %d\n", argv[0], path, *reached);
    }
  }
  free(entries);
  printf("[FUZZ] %d passed, %d failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}
