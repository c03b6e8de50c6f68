package dev.bellows.engine.kernel;

/**
 * One session of kernels: a family each for the kinds of arithmetic, and what they own together (a
 * stream, scratch memory). Used by one thread at a time; sessions of different threads run at once
 * without disturbing each other. Closing it frees what it owns; its calls are dead afterwards.
 *
 * <p>Binding decides everything once (which implementation, which argument lists), so that a run is
 * only the arithmetic. Addresses must stay valid for the shapes given for as long as calls run;
 * nothing checks that.
 *
 * @param onClose frees what the families own
 */
public record Kernels(
    Gemm gemm,
    Sparse sparse,
    Elementwise elementwise,
    Reduce reduce,
    Norm norm,
    Loss loss,
    Embedding embedding,
    Layout layout,
    RandomNumbers random,
    Convolution convolution,
    Pooling pooling,
    Normalisation normalisation,
    Indexing indexing,
    Attention attention,
    Recurrence recurrence,
    Alignment alignment,
    Runnable onClose)
    implements AutoCloseable {
  @Override
  public void close() {
    onClose.run();
  }
}
