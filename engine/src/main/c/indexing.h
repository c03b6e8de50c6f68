#ifndef BELLOWS_INDEXING_H
#define BELLOWS_INDEXING_H

#include <stdint.h>

/* shape: rank, dims[rank], strides of x [rank]; y is dense. */
void bl_permute(const int64_t *shape, const float *x, float *y);

/* shape: rank, then per axis its size in x, its size in y, and for each place of y the place of x or -1. */
void bl_pad(const int64_t *shape, float value, const float *x, float *y);
void bl_unpad(const int64_t *shape, const float *y, float *x);

void bl_gather(int64_t outer, int64_t size, int64_t inner, int64_t count, const float *x, const int32_t *indices,
               float *y);
void bl_scatter_add(int64_t outer, int64_t size, int64_t inner, int64_t count, const float *dy,
                    const int32_t *indices, float *x);
void bl_one_hot(int64_t count, int64_t depth, const int32_t *indices, float *y);
void bl_cumulative_sum(int64_t outer, int64_t n, int64_t inner, int exclusive, int reverse, const float *x, float *y);
void bl_select(int64_t n, const float *mask, const float *a, const float *b, float *y);
void bl_reverse_sequence(int64_t rows, int64_t steps, int64_t inner, const float *x, const int32_t *lengths, float *y);
void bl_sequence_mask(int64_t rows, int64_t steps, const int32_t *lengths, float *y);
void bl_window_places(int64_t rows, int64_t queries, int64_t size, int64_t reach, const float *centres, int32_t *y);

#endif
