package dev.bellows.engine.kernel.cpu;

import dev.bellows.engine.kernel.Convolution;
import dev.bellows.engine.kernel.FlatVectors;
import dev.bellows.engine.kernel.Gemm;
import dev.bellows.engine.kernel.Kernels;
import java.util.function.Supplier;

/** What of the native kernels is there, and sessions of them. */
public final class CpuKernels {
  private CpuKernels() {}

  /** Whether oneDNN loads; loads it. */
  public static boolean oneDnn() {
    return OneDnn.loaded();
  }

  /** Whether our C library loads; loads it. */
  public static boolean ownKernels() {
    return NativeLibrary.loaded();
  }

  /**
   * Names the library and what decides about its bits, for example {@code
   * onednn-3.11.0/avx512_core_bf16/AuthenticAMD-25-17}.
   */
  public static String oneDnnId() {
    return "onednn-" + OneDnn.version() + "/" + OneDnn.isa() + "/" + Processor.read().model();
  }

  /** For example {@code own/x86-64-v4}. */
  public static String ownId() {
    return "own/" + NativeLibrary.level();
  }

  /** Why something is missing; empty when all is there. */
  public static String problem() {
    String own = NativeLibrary.problem();
    String dnn = OneDnn.problem();
    return own.isEmpty() || dnn.isEmpty() ? own + dnn : own + "; " + dnn;
  }

  /** Arithmetic on flat vectors by our C library, which must be there. */
  public static FlatVectors flatVectors() {
    return new NativeFlatVectors();
  }

  /**
   * A session with oneDNN's matrix products and our C library for the rest; either is replaced by
   * the plain one when it is missing.
   *
   * @param plain makes a plain session for the missing parts
   */
  public static Kernels open(Supplier<Kernels> plain) {
    SessionMemory memory = new SessionMemory();
    Kernels fallback = plain.get();
    OneDnnPrimitives dnn = oneDnn() ? new OneDnnPrimitives(memory) : null;
    Gemm gemm = dnn != null ? new OneDnnGemm(dnn) : fallback.gemm();
    Convolution convolution =
        dnn != null ? new OneDnnConvolution(dnn, fallback.convolution()) : fallback.convolution();
    Runnable close =
        () -> {
          if (dnn != null) {
            dnn.close();
          }
          memory.close();
          fallback.close();
        };
    if (!ownKernels()) {
      return new Kernels(
          gemm,
          fallback.sparse(),
          fallback.elementwise(),
          fallback.reduce(),
          fallback.norm(),
          fallback.loss(),
          fallback.embedding(),
          fallback.layout(),
          fallback.random(),
          convolution,
          fallback.pooling(),
          fallback.normalisation(),
          fallback.indexing(),
          fallback.attention(),
          fallback.recurrence(),
          fallback.alignment(),
          close);
    }
    return new Kernels(
        new NativeGemm(gemm, memory),
        new NativeSparse(),
        new NativeElementwise(memory),
        new NativeReduce(memory),
        new NativeNorm(memory),
        new NativeLoss(),
        new NativeEmbedding(),
        new NativeLayout(),
        new NativeRandomNumbers(),
        convolution,
        new NativePooling(memory),
        new NativeNormalisation(),
        new NativeIndexing(memory),
        new NativeAttention(memory),
        new NativeRecurrence(memory),
        new NativeAlignment(memory),
        close);
  }
}
