/* cpu_memory.h: the backend's big blocks of memory, and their division into guarded pieces. */
#ifndef TMK_CPU_MEMORY_H
#define TMK_CPU_MEMORY_H

#include <stdint.h>

#include "tokmark/status.h"

/* A block of zeroed pages, huge where the system has them, that no thread has touched yet. */
struct tmk_cpu_block {
  char *base; /* aligned to 2 MiB; NULL if there is none */
  int64_t bytes;
};

/* `what` names the purpose in the error. bytes 0 gives no block. */
enum tmk_status tmk_cpu_block_map(struct tmk_cpu_block *block, int64_t bytes, const char *what, struct tmk_error *err);
void tmk_cpu_block_unmap(struct tmk_cpu_block *block); /* a zeroed struct is fine */
/* Gives the whole pages within [from, from + bytes) back to the system; they read as zero if touched again. */
void tmk_cpu_block_discard(char *from, int64_t bytes);

/* Sizes that saturate at INT64_MAX: shapes are the user's. */
int64_t tmk_cpu_size_mul(int64_t a, int64_t b);
int64_t tmk_cpu_size_add(int64_t a, int64_t b);
/* The place behind a piece of `bytes` at `offset`: the next multiple of 64 with a guard between. */
int64_t tmk_cpu_piece_end(int64_t offset, int64_t bytes);
/* With AddressSanitizer: opens a piece for access, and closes what lies between it and the next. Else nothing. */
void tmk_cpu_pieces_close(char *base, int64_t bytes);
void tmk_cpu_piece_open(char *piece, int64_t bytes);

#endif
