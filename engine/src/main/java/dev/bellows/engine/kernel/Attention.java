package dev.bellows.engine.kernel;

/**
 * Scaled dot-product attention (A. Vaswani et al., Attention is all you need, NeurIPS 2017). Per
 * sequence and head with P = softmax(Q transposed(K) scale), where a query sees no key from {@code
 * lengths[row]} on nor, in the causal form, one behind itself (those have P = 0; a query that sees
 * none has 0 everywhere): Y = P V.
 */
public interface Attention {
  /**
   * Queries, keys and values, or their gradients: feature f of head h of a position stands at h
   * width + f. Strides are elements from one position to the next, so that the three may lie side
   * by side.
   *
   * @param q address of float32
   */
  record Operands(long q, int qStride, long k, int kStride, long v, int vStride) {}

  /**
   * y [rows, queries, heads valueWidth] = Y.
   *
   * @param lengths address of int [rows], or 0 when every key is seen
   */
  KernelCall bind(AttentionShape shape, Operands operands, long lengths, long y);

  /**
   * With dP = dY transposed(V) and dS = P (dP - rowsum(P dP)) scale: dQ = dS K, dK = transposed(dS)
   * Q, dV = transposed(P) dY. P is computed again from the operands.
   *
   * @param gradients where the gradients go; an address of 0 is one that is not wanted
   */
  KernelCall bindGradients(
      AttentionShape shape, Operands operands, long lengths, long dy, Operands gradients);
}
