package dev.bellows.engine.kernel;

/** Rows of a table chosen by codes. Strides are counted in elements; codes are not checked here. */
public interface Embedding {
  /** y[r yStride + j] = table[codes[r codeStride], j] for j below k. */
  KernelCall bindGather(
      int rows, int k, long table, long codes, int codeStride, long y, int yStride);

  /** table [v, k] = 0, then table[codes[r codeStride], j] += dy[r dyStride + j], rows in order. */
  KernelCall bindScatterAdd(
      int rows, int k, int v, long dy, int dyStride, long codes, int codeStride, long table);
}
