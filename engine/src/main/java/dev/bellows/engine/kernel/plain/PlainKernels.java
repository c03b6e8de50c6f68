package dev.bellows.engine.kernel.plain;

import dev.bellows.engine.kernel.Kernels;

/** Sessions of plain kernels. */
public final class PlainKernels {
  private PlainKernels() {}

  /** A session; it owns nothing. */
  public static Kernels open() {
    return new Kernels(
        new PlainGemm(),
        new PlainSparse(),
        new PlainElementwise(),
        new PlainReduce(),
        new PlainNorm(),
        new PlainLoss(),
        new PlainEmbedding(),
        new PlainLayout(),
        new PlainRandomNumbers(),
        new PlainConvolution(),
        new PlainPooling(),
        new PlainNormalisation(),
        new PlainIndexing(),
        new PlainAttention(),
        new PlainRecurrence(),
        new PlainAlignment(),
        () -> {});
  }
}
