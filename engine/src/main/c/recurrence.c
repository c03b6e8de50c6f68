/*
 * Recurrent layers over a whole sequence (formulas: dev.bellows.engine.graph.RecurrentCell).
 *
 * The recurrent weights are packed into panels of V vectors of columns, the gates of the
 * same units side by side, so that a tile of a product holds all gates of its units and the cell's
 * function follows while the tile is in the first-level cache. A panel's part of 128 rows stays there
 * while all rows of the batch pass. Sums run over k in order: a value does not depend on the tile.
 */
#include "recurrent_product.h"
#include "recurrence.h"

/* RecurrentCell.code */
enum { TANH, RELU, LSTM, GRU, GRU_RESET_BEFORE };

typedef struct {
  int64_t cell, rows, steps, units, reverse, final_state, unit, gates, states, columns, positions;
  const int32_t *lengths;
} layer;

static const int64_t TRACE_BLOCKS[] = {2, 2, 7, 5, 4};

static layer read_shape(const int64_t *shape, const int32_t *lengths) {
  static const int64_t gates[] = {1, 1, 4, 3, 3};
  layer l = {shape[0], shape[1], shape[2], shape[3], shape[4], shape[5], shape[6], 0, 0, 0, 0, lengths};
  l.gates = gates[l.cell];
  l.states = l.cell == LSTM ? 2 : 1;
  l.columns = l.gates * l.units;
  l.positions = l.rows * l.steps;
  return l;
}

static int alive(const layer *l, int64_t n, int64_t t) { return !l->lengths || t < l->lengths[n]; }

/* Row-wise cell functions over n units: b holds the product per gate (stride bs), x the input product. */

INLINE void rnn_row(int relu, int64_t n, const float *b, const float *x, float *h, float *kept) {
  if (relu) {
    INDEPENDENT for (int64_t u = 0; u < n; u++) {
      const float s = x[u] + b[u];
      h[u] = s > 0.0f || s != s ? s : 0.0f;
    }
  } else {
    INDEPENDENT for (int64_t u = 0; u < n; u++) { h[u] = bl_tanh(x[u] + b[u]); }
  }
  if (kept) { memcpy(kept, h, (size_t)n * sizeof(float)); }
}

/*
 * Gates, with fewer operations than bellows_math.h: arguments are cut at +-20 (the logistic function is then
 * within 2e-9 of its limit), so that no exponent leaves its range and four denominators share one division.
 * NaN stays NaN.
 */
INLINE float cut(float x, float bound) {
  x = x > bound ? bound : x;
  return x < -bound ? -bound : x;
}

/* e^x for |x| <= 40. */
INLINE float small_exp(float x) {
  const float t = __builtin_fmaf(x, 1.44269504088896341f, 12582912.0f), n = t - 12582912.0f;
  float r = __builtin_fmaf(n, -0.693359375f, x);
  r = __builtin_fmaf(n, 2.12194440e-4f, r);
  float p = __builtin_fmaf(r, 1.9875691500e-4f, 1.3981999507e-3f);
  p = __builtin_fmaf(p, r, 8.3334519073e-3f);
  p = __builtin_fmaf(p, r, 4.1665795894e-2f);
  p = __builtin_fmaf(p, r, 1.6666665459e-1f);
  p = __builtin_fmaf(p, r, 5.0000001201e-1f);
  p = __builtin_fmaf(p * r, r, r) + 1.0f;
  return p * bits_to_float((float_to_bits(t) << 23) + 0x3f800000u);
}

INLINE float small_tanh(float x) {
  const float e = small_exp(-2.0f * cut(x, 10.0f));
  return (1.0f - e) / (1.0f + e);
}

INLINE void lstm_row(int64_t n, int64_t bs, const float *b, int64_t units, const float *x, float *restrict c,
                     float *restrict h, float *restrict kept, int64_t block) {
  INDEPENDENT for (int64_t u = 0; u < n; u++) {
    const float ei = small_exp(-cut(x[u] + b[u], 20.0f));
    const float ef = small_exp(-cut(x[units + u] + b[bs + u], 20.0f));
    const float eg = small_exp(-2.0f * cut(x[2 * units + u] + b[2 * bs + u], 10.0f));
    const float eo = small_exp(-cut(x[3 * units + u] + b[3 * bs + u], 20.0f));
    const float di = 1.0f + ei, df = 1.0f + ef, dg = 1.0f + eg, dout = 1.0f + eo;
    const float left = di * df, right = dg * dout, inverse = 1.0f / (left * right);
    const float over_left = inverse * right, over_right = inverse * left;
    const float i = over_left * df, f = over_left * di, o = over_right * dg;
    const float g = (1.0f - eg) * (over_right * dout);
    const float old = c[u], next = f * old + i * g, squashed = small_tanh(next);
    c[u] = next;
    h[u] = o * squashed;
    if (kept) {
      kept[u] = i;
      kept[block + u] = f;
      kept[2 * block + u] = g;
      kept[3 * block + u] = o;
      kept[4 * block + u] = old;
      kept[5 * block + u] = squashed;
    }
  }
}

INLINE void gru_row(int64_t n, int64_t bs, const float *b, int64_t units, const float *x, const float *bias,
                    const float *before, float *restrict h, float *restrict kept, int64_t block) {
  INDEPENDENT for (int64_t u = 0; u < n; u++) {
    const float r = bl_sigmoid(x[u] + b[u]);
    const float z = bl_sigmoid(x[units + u] + b[bs + u]);
    const float q = b[2 * bs + u] + bias[u];
    const float candidate = bl_tanh(x[2 * units + u] + r * q);
    h[u] = candidate + z * (before[u] - candidate);
    if (kept) {
      kept[u] = r;
      kept[block + u] = z;
      kept[2 * block + u] = candidate;
      kept[3 * block + u] = q;
    }
  }
}

/* r and z of one row, and r * h. */
INLINE void reset_row(int64_t n, int64_t bs, const float *b, int64_t units, const float *x, const float *before,
                      float *restrict update, float *restrict reset, float *restrict kept, int64_t block) {
  INDEPENDENT for (int64_t u = 0; u < n; u++) {
    const float r = bl_sigmoid(x[u] + b[u]);
    const float z = bl_sigmoid(x[units + u] + b[bs + u]);
    update[u] = z;
    reset[u] = r * before[u];
    if (kept) {
      kept[u] = r;
      kept[block + u] = z;
    }
  }
}

INLINE void candidate_row(int64_t n, const float *b, const float *x, const float *before, const float *update,
                          float *restrict h, float *restrict kept) {
  INDEPENDENT for (int64_t u = 0; u < n; u++) {
    const float candidate = bl_tanh(x[u] + b[u]);
    h[u] = candidate + update[u] * (before[u] - candidate);
    if (kept) { kept[u] = candidate; }
  }
}

/* Fetches what the next panel needs of this row: its lines lie far apart. */
INLINE void ahead(const layer *l, const float *x, const float *kept, int64_t block) {
  for (int64_t g = 0; g < l->gates; g++) { __builtin_prefetch(x + g * l->units, 0); }
  for (int64_t b = 0; kept && b + 1 < TRACE_BLOCKS[l->cell]; b++) { __builtin_prefetch(kept + b * block, 1); }
}

static float *take(float **space, int64_t n) {
  float *at = *space;
  *space += (n + 15) / 16 * 16;
  return at;
}

/* Copies what a step of a row leaves: the output and the state before it; or zeros and the old state. */
static void finish_row(const layer *l, int64_t n, int64_t t, const float *before, float *after, float *y, float *trace) {
  const int64_t at = (n * l->steps + t) * l->units, block = l->positions * l->units;
  const size_t bytes = (size_t)l->units * sizeof(float);
  if (alive(l, n, t)) {
    if (trace) { memcpy(trace + at, before + n * l->units, bytes); }
    if (y) { memcpy(y + at, after + n * l->units, bytes); }
    return;
  }
  memcpy(after + n * l->units, before + n * l->units, bytes);
  if (y) { memset(y + at, 0, bytes); }
  for (int64_t b = 0; trace && b < TRACE_BLOCKS[l->cell]; b++) { memset(trace + b * block + at, 0, bytes); }
}

/* Zeroed memory for left operands of products with p. */
static float *take_operand(float **space, int64_t rows, const packed *p) {
  const int64_t n = (rows + 15) / 16 * 16 * tile_depth(p->k);
  if (p->unit == SINGLE) { return 0; }
  float *at = take(space, n);
  memset(at, 0, (size_t)n * sizeof(float));
  return at;
}

static void begin(const layer *l) {
#ifdef __AVX512F__
  if (l->unit == TILES) { tiles_begin(); }
#else
  (void)l;
#endif
}

static void end(const layer *l) {
#ifdef __AVX512F__
  if (l->unit == TILES) { tiles_end(); }
#else
  (void)l;
#endif
}

int bl_recurrent_unit(void) {
#ifdef __AVX512F__
  return bfloat16_unit();
#else
  return ROUNDED;
#endif
}

/* The packed weights of a pass: all gates, and the candidate's apart where it needs a product of its own. */
typedef struct {
  packed most, candidate;
} weights_of;

static weights_of read_forward(const layer *l, float *space) {
  const int before_reset = l->cell == GRU_RESET_BEFORE;
  const int64_t gates = before_reset ? 2 : l->gates, width = l->gates == 1 ? 4 : before_reset ? 2 : 1;
  weights_of w;
  w.most = describe(l->unit, gates, width, l->units, l->units, &space);
  w.candidate = before_reset ? describe(l->unit, 1, 4, l->units, l->units, &space) : w.most;
  return w;
}

static weights_of read_backward(const layer *l, float *space) {
  const int before_reset = l->cell == GRU_RESET_BEFORE;
  weights_of w;
  w.most = describe(l->unit, 1, 4, before_reset ? 2 * l->units : l->columns, l->units, &space);
  w.candidate = before_reset ? describe(l->unit, 1, 4, l->units, l->units, &space) : w.most;
  return w;
}

void bl_recurrent_pack(const int64_t *shape, int backward, const void *weights, float *to) {
  const layer l = read_shape(shape, 0);
  const strides own = {l.columns, l.units, 1}, transposed = {1, 0, l.columns};
  const weights_of w = backward ? read_backward(&l, to) : read_forward(&l, to);
  fill(w.most, weights, 0, backward ? transposed : own);
  if (l.cell == GRU_RESET_BEFORE) { fill(w.candidate, weights, 2 * l.units, backward ? transposed : own); }
}

void bl_recurrent_forward(const int64_t *shape, const float *x, float *weights, const float *state,
                          const float *bias, const int32_t *lengths, float *y, float *trace, float *space) {
  const layer l = read_shape(shape, lengths);
  const int64_t H = l.units, GH = l.columns, block = l.positions * H;
  const int before_reset = l.cell == GRU_RESET_BEFORE;
  const weights_of w = read_forward(&l, weights);
  const packed u = w.most, un = w.candidate;
  float *h = take(&space, l.rows * H), *next = take(&space, l.rows * H), *c = take(&space, l.rows * H);
  float *reset = take(&space, l.rows * H), *rounded = take_operand(&space, l.rows, &u);
  begin(&l);
  memcpy(h, state, (size_t)(l.rows * H) * sizeof(float));
  if (l.states == 2) { memcpy(c, state + l.rows * H, (size_t)(l.rows * H) * sizeof(float)); }
  float b[ROWS * 4 * VL] __attribute__((aligned(64)));
  const int64_t pu = panel_units(u.width), bs = pu;
  for (int64_t s = 0; s < l.steps; s++) {
    const int64_t t = l.reverse ? l.steps - 1 - s : s;
    operand left = left_operand(&u, l.rows, h, H, rounded);
    for (int64_t p = 0; p < panels(&u); p++) {
      const int64_t u0 = p * pu, n = H - u0 < pu ? H - u0 : pu;
      for (int64_t r0 = 0; r0 < l.rows; r0 += ROWS) {
        const int64_t rows = l.rows - r0 < ROWS ? l.rows - r0 : ROWS;
        product(&u, p, r0, rows, left, b);
        for (int64_t r = 0; r < rows; r++) {
          if (!alive(&l, r0 + r, t)) { continue; }
          const int64_t at = (r0 + r) * l.steps + t, own = (r0 + r) * H + u0;
          const float *xr = x + at * GH + u0, *br = b + r * 4 * VL;
          float *kept = trace ? trace + block + at * H + u0 : 0;
          ahead(&l, xr + pu, kept ? kept + pu : 0, block);
          switch (l.cell) {
            case TANH: rnn_row(0, n, br, xr, next + own, kept); break;
            case RELU: rnn_row(1, n, br, xr, next + own, kept); break;
            case LSTM:
              if (n == VL) { /* the usual case, straight-line */
                lstm_row(VL, VL, br, H, xr, c + own, next + own, kept, block);
              } else {
                lstm_row(n, bs, br, H, xr, c + own, next + own, kept, block);
              }
              break;
            case GRU:
              gru_row(n, bs, b + r * 3 * VL, H, xr, bias + u0, h + own, next + own, kept, block);
              break;
            default: reset_row(n, bs, br, H, xr, h + own, c + own, reset + own, kept, block);
          }
        }
      }
    }
    if (before_reset) { left = left_operand(&un, l.rows, reset, H, rounded); }
    for (int64_t p = 0; before_reset && p < panels(&un); p++) {
      const int64_t wide = panel_units(4), u0 = p * wide, n = H - u0 < wide ? H - u0 : wide;
      for (int64_t r0 = 0; r0 < l.rows; r0 += ROWS) {
        const int64_t rows = l.rows - r0 < ROWS ? l.rows - r0 : ROWS;
        product(&un, p, r0, rows, left, b);
        for (int64_t r = 0; r < rows; r++) {
          if (!alive(&l, r0 + r, t)) { continue; }
          const int64_t at = (r0 + r) * l.steps + t, own = (r0 + r) * H + u0;
          candidate_row(n, b + r * 4 * VL, x + at * GH + 2 * H + u0, h + own, c + own, next + own,
                        trace ? trace + 3 * block + at * H + u0 : 0);
        }
      }
    }
    for (int64_t n = 0; n < l.rows; n++) { finish_row(&l, n, t, h, next, y, trace); }
    float *swap = h;
    h = next;
    next = swap;
  }
  end(&l);
  if (y && l.final_state) {
    memcpy(y + block, h, (size_t)(l.rows * H) * sizeof(float));
    if (l.states == 2) { memcpy(y + block + l.rows * H, c, (size_t)(l.rows * H) * sizeof(float)); }
  }
}

/* Row-wise gradients over all units; k points at the trace of this position, block apart. */

INLINE void rnn_back(int relu, int64_t n, const float *dh, const float *h, float *restrict da) {
  INDEPENDENT for (int64_t u = 0; u < n; u++) {
    da[u] = relu ? (h[u] > 0.0f ? dh[u] : 0.0f) : dh[u] * (1.0f - h[u] * h[u]);
  }
}

INLINE void lstm_back(int64_t n, const float *dh, float *restrict dc, const float *k, int64_t block, float *restrict da) {
  const float *ki = k + block, *kf = k + 2 * block, *kg = k + 3 * block, *ko = k + 4 * block;
  const float *old = k + 5 * block, *squashed = k + 6 * block;
  float *di = da, *df = da + n, *dg = da + 2 * n, *dout = da + 3 * n;
  INDEPENDENT for (int64_t u = 0; u < n; u++) {
    const float i = ki[u], f = kf[u], g = kg[u], o = ko[u], q = squashed[u];
    const float d = dc[u] + dh[u] * o * (1.0f - q * q);
    di[u] = d * g * i * (1.0f - i);
    df[u] = d * old[u] * f * (1.0f - f);
    dg[u] = d * i * (1.0f - g * g);
    dout[u] = dh[u] * q * o * (1.0f - o);
    dc[u] = d * f;
  }
}

/* direct: what reaches the state before the step not through the weights. */
INLINE void gru_back(int after, int64_t n, const float *dh, const float *k, int64_t block, float *restrict da,
                     float *restrict direct, float *restrict through) {
  const float *before = k, *kr = k + block, *kz = k + 2 * block, *kn = k + 3 * block;
  const float *kq = after ? k + 4 * block : k;
  INDEPENDENT for (int64_t u = 0; u < n; u++) {
    const float r = kr[u], z = kz[u], candidate = kn[u];
    const float d = dh[u] * (1.0f - z) * (1.0f - candidate * candidate);
    const float update = dh[u] * (before[u] - candidate) * z * (1.0f - z);
    const float reset = d * kq[u] * r * (1.0f - r);
    direct[u] = dh[u] * z;
    da[n + u] = update;
    da[2 * n + u] = d;
    through[n + u] = update;
    if (after) {
      da[u] = reset;
      through[u] = reset;
      through[2 * n + u] = d * r;
    } else {
      through[2 * n + u] = d;
    }
  }
}

/* c [rows, H] = a times all panels. */
static void product_all(const packed *p, int64_t rows, operand a, float *c) {
  float b[ROWS * 4 * VL] __attribute__((aligned(64)));
  const int64_t wide = panel_units(4);
  for (int64_t panel = 0; panel < panels(p); panel++) {
    const int64_t u0 = panel * wide, n = p->units - u0 < wide ? p->units - u0 : wide;
    for (int64_t r0 = 0; r0 < rows; r0 += ROWS) {
      const int64_t m = rows - r0 < ROWS ? rows - r0 : ROWS;
      product(p, panel, r0, m, a, b);
      for (int64_t r = 0; r < m; r++) { memcpy(c + (r0 + r) * p->units + u0, b + r * wide, (size_t)n * sizeof(float)); }
    }
  }
}

void bl_recurrent_backward(const int64_t *shape, const float *dy, const float *trace, float *weights,
                           const int32_t *lengths, float *dx, float *dstate, float *space) {
  const layer l = read_shape(shape, lengths);
  const int64_t H = l.units, GH = l.columns, block = l.positions * H;
  const int gru = l.gates == 3, before_reset = l.cell == GRU_RESET_BEFORE;
  const size_t bytes = (size_t)H * sizeof(float);
  const weights_of w = read_backward(&l, weights);
  const packed ut = w.most, unt = w.candidate;
  float *dh = take(&space, l.rows * H), *dc = take(&space, l.rows * H), *direct = take(&space, l.rows * H);
  float *back = take(&space, l.rows * H), *da = take(&space, l.rows * GH), *through = take(&space, l.rows * GH);
  float *rounded = take_operand(&space, l.rows, &ut);
  float *candidates = before_reset ? take_operand(&space, l.rows, &unt) : 0;
  begin(&l);
  memset(dh, 0, (size_t)l.rows * bytes);
  memset(dc, 0, (size_t)l.rows * bytes);
  memset(through, 0, (size_t)(l.rows * GH) * sizeof(float));
  memset(da, 0, (size_t)(l.rows * GH) * sizeof(float));
  if (l.final_state) {
    memcpy(dh, dy + block, (size_t)l.rows * bytes);
    if (l.states == 2) { memcpy(dc, dy + block + l.rows * H, (size_t)l.rows * bytes); }
  }
  for (int64_t s = l.steps - 1; s >= 0; s--) {
    const int64_t t = l.reverse ? l.steps - 1 - s : s;
    for (int64_t n = 0; n < l.rows; n++) {
      const int64_t at = n * l.steps + t;
      float *dan = da + n * GH, *dhn = dh + n * H;
      if (!alive(&l, n, t)) {
        if (dx) { memset(dx + at * GH, 0, (size_t)GH * sizeof(float)); }
        continue;
      }
      const float *k = trace + at * H, *dyn = dy + at * H;
      INDEPENDENT for (int64_t u = 0; u < H; u++) { dhn[u] = dhn[u] + dyn[u]; }
      if (l.cell == LSTM) {
        lstm_back(H, dhn, dc + n * H, k, block, dan);
      } else if (gru) {
        gru_back(!before_reset, H, dhn, k, block, dan, direct + n * H, through + n * GH);
      } else {
        rnn_back(l.cell == RELU, H, dhn, k + block, dan);
      }
    }
    if (before_reset) {
      product_all(&unt, l.rows, left_operand(&unt, l.rows, through + 2 * H, GH, candidates), back);
      for (int64_t n = 0; n < l.rows; n++) {
        if (!alive(&l, n, t)) { continue; }
        const float *k = trace + (n * l.steps + t) * H, *kr = k + block, *bn = back + n * H;
        float *dan = da + n * GH, *tn = through + n * GH, *dn = direct + n * H;
        INDEPENDENT for (int64_t u = 0; u < H; u++) {
          const float reset = bn[u] * k[u] * kr[u] * (1.0f - kr[u]);
          dan[u] = reset;
          tn[u] = reset;
          dn[u] = dn[u] + bn[u] * kr[u];
        }
      }
    }
    product_all(&ut, l.rows, left_operand(&ut, l.rows, gru ? through : da, GH, rounded), back);
    for (int64_t n = 0; n < l.rows; n++) {
      if (!alive(&l, n, t)) { continue; }
      if (dx) { memcpy(dx + (n * l.steps + t) * GH, da + n * GH, (size_t)GH * sizeof(float)); }
      float *dhn = dh + n * H;
      const float *bn = back + n * H, *dn = direct + n * H;
      if (gru) {
        INDEPENDENT for (int64_t u = 0; u < H; u++) { dhn[u] = dn[u] + bn[u]; }
      } else {
        memcpy(dhn, bn, bytes);
      }
    }
  }
  end(&l);
  if (dstate) {
    memcpy(dstate, dh, (size_t)l.rows * bytes);
    if (l.states == 2) { memcpy(dstate + l.rows * H, dc, (size_t)l.rows * bytes); }
  }
}
