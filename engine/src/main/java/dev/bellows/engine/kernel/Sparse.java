package dev.bellows.engine.kernel;

/**
 * Products with a CSR matrix [rows, d]. {@code csr} is the address of three addresses: row pointers
 * int [rows + 1], columns int, values float; they are read at each run because the buffers behind
 * them may grow.
 */
public interface Sparse {
  /** y [rows, k] = CSR w [d, k], plus bias [k] in every row when {@code bias} is not 0. */
  KernelCall bindMatmul(int rows, int k, long csr, long w, long bias, long y);

  /** dw [d, k] = CSR transposed dy [rows, k]; rows are added in order. */
  KernelCall bindMatmulTransposed(int rows, int d, int k, long csr, long dy, long dw);
}
