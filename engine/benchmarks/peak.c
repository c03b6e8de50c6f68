/* Peak of one core: fused multiply-adds on independent vector registers, and copies of 256 KiB and 64 MiB.
   gcc -O3 -march=native -o peak peak.c && ./peak */
#include <immintrin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

#if defined(__AVX512F__)
typedef __m512 vec;
#define FMA(a, b, c) _mm512_fmadd_ps(a, b, c)
#define SET(x) _mm512_set1_ps(x)
#define WIDTH 16
#else
typedef __m256 vec;
#define FMA(a, b, c) _mm256_fmadd_ps(a, b, c)
#define SET(x) _mm256_set1_ps(x)
#define WIDTH 8
#endif
#define CHAINS 12

static double gflops(void) {
  vec acc[CHAINS], b = SET(0.999999f), c = SET(1e-7f);
  for (int i = 0; i < CHAINS; i++) acc[i] = SET(1.0f + i);
  const long n = 20000000;
  double start = now();
  for (long r = 0; r < n; r++)
    for (int i = 0; i < CHAINS; i++) acc[i] = FMA(acc[i], b, c);
  double seconds = now() - start;
  float sum = 0, out[WIDTH];
  for (int i = 0; i < CHAINS; i++) {
    memcpy(out, &acc[i], sizeof out);
    sum += out[0];
  }
  if (sum == 42) printf("!");
  return 2.0 * n * CHAINS * WIDTH / seconds / 1e9;
}

static double copy(size_t bytes) {
  char *x = aligned_alloc(64, bytes), *y = aligned_alloc(64, bytes);
  memset(x, 1, bytes);
  memset(y, 2, bytes);
  long rounds = (long)(4e9 / bytes);
  double start = now();
  for (long r = 0; r < rounds; r++) {
    memcpy(y, x, bytes);
    __asm__ volatile("" ::: "memory");
  }
  double seconds = now() - start;
  free(x);
  free(y);
  return 2.0 * bytes * rounds / seconds / 1e9;
}

int main(void) {
  for (int i = 0; i < 3; i++)
    printf("%.1f GFLOP/s float32, copies of 256 KiB %.1f GB/s, of 64 MiB %.1f GB/s (bytes read and written)\n",
           gflops(), copy(256 << 10), copy(64 << 20));
  return 0;
}
