/* Weight gradients of small batches: C [m, n] = the sum over parts g of A_g^T B_g, A_g [k, m], B_g [k, n]. */
#ifndef BELLOWS_OUTER_SUM_H
#define BELLOWS_OUTER_SUM_H

#include <stdint.h>

#define OUTER_MAX_PARTS 16

/* parts is a power of two, at most OUTER_MAX_PARTS; a and b hold as many addresses. */
void bl_outer_sum(int64_t parts, const int64_t *a, const int64_t *b, int64_t m, int64_t n, int64_t k, float *c);

/* c = the sum of the parts x[g] [n], which may be the same memory as c. */
void bl_part_sum(int64_t parts, const int64_t *x, int64_t n, float *c);

#endif
