/* Moving elements: see Indexing in Java for the formulas. */
#include "indexing.h"
#include "bellows_math.h"
#include <string.h>

#define TILE 16

/* y[i * y_stride + j] = x[i + j * x_stride] for i below rows, j below cols: a transpose, tile by tile. */
static void transpose_tiles(int64_t rows, int64_t cols, const float *x, int64_t x_stride, float *y,
                            int64_t y_stride) {
  for (int64_t i0 = 0; i0 < rows; i0 += TILE) {
    const int64_t m = rows - i0 < TILE ? rows - i0 : TILE;
    for (int64_t j0 = 0; j0 < cols; j0 += TILE) {
      const int64_t n = cols - j0 < TILE ? cols - j0 : TILE;
      for (int64_t i = i0; i < i0 + m; i++) {
        for (int64_t j = j0; j < j0 + n; j++) {
          y[i * y_stride + j] = x[i + j * x_stride];
        }
      }
    }
  }
}

void bl_permute(const int64_t *shape, const float *x, float *y) {
  const int64_t rank = shape[0];
  const int64_t *dims = shape + 1, *strides = dims + rank;
  if (rank == 0) {
    *y = *x;
    return;
  }
  const int64_t last = rank - 1;
  int64_t along = last; /* the axis along which x is dense */
  for (int64_t i = 0; i < rank; i++) {
    if (strides[i] == 1) { along = i; }
  }
  int64_t to[rank], place[rank], stride = 1, steps = 1;
  for (int64_t i = last; i >= 0; i--) {
    to[i] = stride;
    stride *= dims[i];
    place[i] = 0;
    if (i != last && i != along) { steps *= dims[i]; }
  }
  int64_t from_at = 0, to_at = 0;
  for (int64_t step = 0; step < steps; step++) {
    if (along == last) {
      memcpy(y + to_at, x + from_at, sizeof(float) * dims[last]);
    } else {
      transpose_tiles(dims[along], dims[last], x + from_at, strides[last], y + to_at, to[along]);
    }
    for (int64_t i = last; i >= 0; i--) { /* the next place of the outer axes */
      if (i == last || i == along) { continue; }
      from_at += strides[i];
      to_at += to[i];
      if (++place[i] < dims[i]) { break; }
      from_at -= strides[i] * dims[i];
      to_at -= to[i] * dims[i];
      place[i] = 0;
    }
  }
}

/* Walks the places of y from one axis inwards. */
static const int64_t *next_axis(const int64_t *axis) { return axis + 2 + axis[1]; }

static int64_t inner_size(int64_t rank, const int64_t *axis, int which) {
  int64_t size = 1;
  for (; rank > 0; rank--, axis = next_axis(axis)) { size *= axis[which]; }
  return size;
}

static void pad_axis(int64_t rank, const int64_t *axis, float value, const float *x, float *y) {
  const int64_t *places = axis + 2;
  const int64_t x_inner = inner_size(rank - 1, next_axis(axis), 0), y_inner = inner_size(rank - 1, next_axis(axis), 1);
  for (int64_t i = 0; i < axis[1]; i++) {
    float *to = y + i * y_inner;
    if (places[i] < 0) {
      for (int64_t j = 0; j < y_inner; j++) { to[j] = value; }
    } else if (x_inner == y_inner) {
      memcpy(to, x + places[i] * x_inner, sizeof(float) * x_inner); /* no inner axis is padded: a pad of 0 shows all */
    } else {
      pad_axis(rank - 1, next_axis(axis), value, x + places[i] * x_inner, to);
    }
  }
}

void bl_pad(const int64_t *shape, float value, const float *x, float *y) {
  if (shape[0] == 0) {
    *y = *x;
  } else {
    pad_axis(shape[0], shape + 1, value, x, y);
  }
}

static void unpad_axis(int64_t rank, const int64_t *axis, const float *y, float *x) {
  const int64_t *places = axis + 2;
  const int64_t x_inner = inner_size(rank - 1, next_axis(axis), 0), y_inner = inner_size(rank - 1, next_axis(axis), 1);
  for (int64_t i = 0; i < axis[1]; i++) {
    if (places[i] < 0) { continue; }
    const float *from = y + i * y_inner;
    float *to = x + places[i] * x_inner;
    if (x_inner == y_inner) {
      INDEPENDENT for (int64_t j = 0; j < x_inner; j++) { to[j] = to[j] + from[j]; }
    } else {
      unpad_axis(rank - 1, next_axis(axis), from, to);
    }
  }
}

void bl_unpad(const int64_t *shape, const float *y, float *x) {
  memset(x, 0, sizeof(float) * inner_size(shape[0], shape + 1, 0));
  if (shape[0] == 0) {
    *x = *y;
  } else {
    unpad_axis(shape[0], shape + 1, y, x);
  }
}

void bl_gather(int64_t outer, int64_t size, int64_t inner, int64_t count, const float *x, const int32_t *indices,
               float *y) {
  for (int64_t o = 0; o < outer; o++) {
    const float *from = x + o * size * inner;
    for (int64_t i = 0; i < count; i++, y += inner) {
      memcpy(y, from + indices[i] * inner, sizeof(float) * inner);
    }
  }
}

void bl_scatter_add(int64_t outer, int64_t size, int64_t inner, int64_t count, const float *dy,
                    const int32_t *indices, float *x) {
  memset(x, 0, sizeof(float) * outer * size * inner);
  for (int64_t o = 0; o < outer; o++) {
    float *base = x + o * size * inner;
    for (int64_t i = 0; i < count; i++, dy += inner) {
      float *to = base + indices[i] * inner;
      INDEPENDENT for (int64_t j = 0; j < inner; j++) { to[j] = to[j] + dy[j]; }
    }
  }
}

void bl_one_hot(int64_t count, int64_t depth, const int32_t *indices, float *y) {
  memset(y, 0, sizeof(float) * count * depth);
  for (int64_t i = 0; i < count; i++) {
    if (indices[i] >= 0 && indices[i] < depth) { y[i * depth + indices[i]] = 1.0f; }
  }
}

#define COLUMNS 64

void bl_cumulative_sum(int64_t outer, int64_t n, int64_t inner, int exclusive, int reverse, const float *x,
                       float *y) {
  for (int64_t o = 0; o < outer; o++) {
    for (int64_t j0 = 0; j0 < inner; j0 += COLUMNS) {
      const int64_t b = inner - j0 < COLUMNS ? inner - j0 : COLUMNS;
      double sum[COLUMNS] = {0};
      for (int64_t k = 0; k < n; k++) {
        const int64_t at = (o * n + (reverse ? n - 1 - k : k)) * inner + j0;
        for (int64_t j = 0; j < b; j++) {
          const double before = sum[j];
          sum[j] = before + x[at + j];
          y[at + j] = (float)(exclusive ? before : sum[j]);
        }
      }
    }
  }
}

void bl_select(int64_t n, const float *mask, const float *a, const float *b, float *y) {
  INDEPENDENT for (int64_t i = 0; i < n; i++) {
    const float u = a[i], v = b[i];
    y[i] = mask[i] != 0.0f ? u : v;
  }
}

void bl_reverse_sequence(int64_t rows, int64_t steps, int64_t inner, const float *x, const int32_t *lengths, float *y) {
  for (int64_t r = 0; r < rows; r++) {
    const int64_t length = lengths[r] < steps ? lengths[r] : steps;
    for (int64_t t = 0; t < steps; t++) {
      const int64_t from = t < length ? length - 1 - t : t;
      memcpy(y + (r * steps + t) * inner, x + (r * steps + from) * inner, sizeof(float) * inner);
    }
  }
}

void bl_sequence_mask(int64_t rows, int64_t steps, const int32_t *lengths, float *y) {
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t t = 0; t < steps; t++) { y[r * steps + t] = t < lengths[r] ? 1.0f : 0.0f; }
  }
}

void bl_window_places(int64_t rows, int64_t queries, int64_t size, int64_t reach, const float *centres, int32_t *y) {
  const int64_t width = 2 * reach + 1;
  const double most = (double)(size - width);
  for (int64_t i = 0; i < rows * queries; i++) {
    const double lowest = ceil((double)centres[i] - (double)reach);
    const double first = lowest > 0.0 ? (lowest < most ? lowest : most) : 0.0;
    for (int64_t k = 0; k < width; k++) { y[i * width + k] = (int32_t)(i / queries * size + (int64_t)first + k); }
  }
}
