/* cpu_rows.h: a macro for each row of a register tile: X(row, base, strides from the base, …). The accumulators are named variables
 * made by macros, not an array: gcc keeps an array that a loop indexes in memory. */
#ifndef TMK_CPU_ROWS_H
#define TMK_CPU_ROWS_H

/* Row r of A is base a(r − r % 3) plus r % 3 strides: so few registers, with the scaled addressing of x86, reach them all. */
#define EACH_ROW_1(X, ...)  X(0, a0, 0, __VA_ARGS__)
#define EACH_ROW_2(X, ...)  EACH_ROW_1(X, __VA_ARGS__) X(1, a0, 1, __VA_ARGS__)
#define EACH_ROW_3(X, ...)  EACH_ROW_2(X, __VA_ARGS__) X(2, a0, 2, __VA_ARGS__)
#define EACH_ROW_4(X, ...)  EACH_ROW_3(X, __VA_ARGS__) X(3, a3, 0, __VA_ARGS__)
#define EACH_ROW_5(X, ...)  EACH_ROW_4(X, __VA_ARGS__) X(4, a3, 1, __VA_ARGS__)
#define EACH_ROW_6(X, ...)  EACH_ROW_5(X, __VA_ARGS__) X(5, a3, 2, __VA_ARGS__)
#define EACH_ROW_7(X, ...)  EACH_ROW_6(X, __VA_ARGS__) X(6, a6, 0, __VA_ARGS__)
#define EACH_ROW_8(X, ...)  EACH_ROW_7(X, __VA_ARGS__) X(7, a6, 1, __VA_ARGS__)
#define EACH_ROW_9(X, ...)  EACH_ROW_8(X, __VA_ARGS__) X(8, a6, 2, __VA_ARGS__)
#define EACH_ROW_10(X, ...) EACH_ROW_9(X, __VA_ARGS__) X(9, a9, 0, __VA_ARGS__)
#define EACH_ROW_11(X, ...) EACH_ROW_10(X, __VA_ARGS__) X(10, a9, 1, __VA_ARGS__)
#define EACH_ROW_12(X, ...) EACH_ROW_11(X, __VA_ARGS__) X(11, a9, 2, __VA_ARGS__)

#endif
